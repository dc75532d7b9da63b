//! The commands: each resolves its arguments, makes its engine calls and
//! hands the answer to [`crate::output`].

mod bench;
mod duplicates;
mod export;
mod folders;
mod indexing;
mod insight;
mod library;
mod models;
mod saved;
mod searching;
mod tags;
mod upkeep;

use afterimage_engine::{Engine, Precision};

use crate::args::{Cli, Command, DeviceArgs};
use crate::{Outcome, output};

/// Runs what was typed.
pub fn run(cli: &Cli) -> Outcome {
    let json = cli.json;
    let open_with = |device: DeviceArgs, precision: Option<Precision>| -> Outcome<Engine> {
        Ok(Engine::open(cli.open_options(device, precision)?)?)
    };
    let open = || -> Outcome<Engine> {
        let engine = open_with(DeviceArgs::default(), None)?;
        if let Some(reason) = engine.read_only() {
            output::warn(reason);
        }
        Ok(engine)
    };
    match &cli.command {
        Command::Index(args) => {
            indexing::index(&open_with(args.device, args.precision)?, args, json)
        }
        Command::Watch(args) => indexing::watch(&open_with(args.device, args.precision)?, json),
        Command::Search(args) => searching::search(&open()?, args, json),
        Command::Similar(args) => searching::similar(&open()?, args, json),
        Command::Duplicates(args) => duplicates::duplicates(&open()?, args, json),
        Command::Saved(command) => saved::saved(&open()?, command, json),
        Command::Favourite(args) => saved::favourite(&open()?, args, json),
        Command::Rate(args) => tags::rate(&open()?, args, json),
        Command::Tag(command) => tags::tag(&open()?, command, json),
        Command::Export(args) => export::export(&open()?, args, json),
        Command::Eval(args) => insight::eval(&open()?, args, json),
        Command::Insight(args) => insight::insight(&open()?, args, json),
        Command::Map(args) => insight::map(&open()?, args, json),
        Command::Embed(args) => {
            models::embed(&open_with(args.device, Some(args.precision))?, args, json)
        }
        Command::Status => library::status(&open()?, json),
        Command::Failures(args) => library::failures(&open()?, args, json),
        Command::Library(command) => {
            upkeep::library(&cli.open_options(DeviceArgs::default(), None)?, command, json)
        }
        Command::Folder(command) => folders::folder(&open()?, command, json),
        Command::Model(command) => models::model(open, command, json),
        Command::Bench(command) => bench::run(cli, command),
    }
}
