//! Afterimage on the command line: the engine's functions for scripts and for
//! machines without a window.
//!
//! Two stages: [`args`] turns what was typed into types, [`commands`] makes
//! one engine call of each and hands the answer to [`output`]. Results go to
//! standard output, everything else to standard error.

mod args;
mod commands;
mod exit_codes;
mod interrupt;
mod json;
mod output;
mod progress;

use std::io::IsTerminal;
use std::process;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::args::Cli;
use crate::exit_codes::{ExitCode, Failure};

fn main() -> process::ExitCode {
    afterimage_engine::serve_decoder_if_asked();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too. When even the message cannot
            // be written there is nobody left to tell.
            let _ = error.print();
            return ExitCode::of_usage(&error).into();
        }
    };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(
            EnvFilter::try_from_env("AFTERIMAGE_LOG").unwrap_or_else(|_| EnvFilter::new("warn")),
        )
        .without_time()
        .init();

    let result = commands::run(&cli);
    if let Err(failure) = &result {
        output::complain(failure);
    }
    result.as_ref().map_or_else(ExitCode::from, |()| ExitCode::Done).into()
}

/// What a command ends with.
type Outcome<T = ()> = Result<T, Failure>;
