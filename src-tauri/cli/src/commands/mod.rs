//! The commands: each resolves its arguments, makes its engine calls and
//! hands the answer to [`crate::output`].

mod bench;
mod indexing;
mod library;
mod models;
mod searching;

use afterimage_engine::{DeviceChoice, Engine};

use crate::Outcome;
use crate::args::{Cli, Command};

/// Runs what was typed.
pub fn run(cli: &Cli) -> Outcome {
    let json = cli.json;
    let open = |device: Option<DeviceChoice>| -> Outcome<Engine> {
        Ok(Engine::open(cli.open_options(device)?)?)
    };
    match &cli.command {
        Command::Index(args) => indexing::index(&open(args.device.choice)?, args, json),
        Command::Watch(args) => indexing::watch(&open(args.device.choice)?, json),
        Command::Search(args) => searching::search(&open(None)?, args, json),
        Command::Similar(args) => searching::similar(&open(None)?, args, json),
        Command::Embed(args) => models::embed(&open(args.device.choice)?, args, json),
        Command::Status => library::status(&open(None)?, json),
        Command::Failures(args) => library::failures(&open(None)?, args, json),
        Command::Model(command) => models::model(|| open(None), command, json),
        Command::Bench(command) => bench::run(cli, command),
    }
}
