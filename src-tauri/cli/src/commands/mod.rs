//! The commands: each resolves its arguments, makes its engine calls and
//! hands the answer to [`crate::output`].

mod bench;
mod indexing;
mod library;
mod models;
mod searching;

use afterimage_engine::{Engine, Precision};

use crate::Outcome;
use crate::args::{Cli, Command, DeviceArgs};

/// Runs what was typed.
pub fn run(cli: &Cli) -> Outcome {
    let json = cli.json;
    let open =
        |device: &DeviceArgs| -> Outcome<Engine> { Ok(Engine::open(cli.open_options(device)?)?) };
    let usual = DeviceArgs::default();
    match &cli.command {
        Command::Index(args) => indexing::index(&open(&args.device)?, args, json),
        Command::Watch(args) => indexing::watch(&open(&args.device)?, json),
        Command::Search(args) => searching::search(&open(&usual)?, args, json),
        Command::Similar(args) => searching::similar(&open(&usual)?, args, json),
        Command::Embed(args) => {
            // Who asks for a vector by itself wants it exact.
            let precision = args.device.precision.or(Some(Precision::F32));
            let device = DeviceArgs { precision, ..args.device };
            models::embed(&open(&device)?, args, json)
        }
        Command::Status => library::status(&open(&usual)?, json),
        Command::Failures(args) => library::failures(&open(&usual)?, args, json),
        Command::Model(command) => models::model(|| open(&usual), command, json),
        Command::Bench(command) => bench::run(cli, command),
    }
}
