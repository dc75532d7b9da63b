//! `bench`: measurements of this machine, through the same calls that people
//! wait for.

use std::time::{Duration, Instant};

use afterimage_engine::{Cancel, Engine, Error, SearchRequest};

use crate::Outcome;
use crate::args::{BenchCommand, Cli, DeviceArgs};
use crate::commands::{indexing, models};
use crate::json::{EmbedMeasurement, IndexMeasurement, ScanMeasurement};
use crate::output;

/// `afterimage bench`
pub fn run(cli: &Cli, command: &BenchCommand) -> Outcome {
    match command {
        BenchCommand::Index { folder } => {
            let scratch = tempfile::tempdir()
                .map_err(|error| Error::failed("cannot make a scratch library").with(error))?;
            let mut options = cli.open_options(&DeviceArgs::default())?;
            // The person's models, but a library of its own.
            options.models.get_or_insert_with(|| options.library.join("models"));
            options.library = scratch.path().to_owned();
            let engine = Engine::open(options)?;
            let root = engine.add_root(folder)?;
            let report = indexing::bring_up_to_date(&engine, &[root.id])?;
            let measurement = IndexMeasurement {
                bench: "index",
                model: engine.status()?.model,
                embedded: report.embedded,
                seconds: report.seconds,
                photos_per_second: report.embedded as f64 / report.seconds.max(1e-9),
            };
            print(&measurement)
        }
        BenchCommand::Embed(args) => {
            let engine = Engine::open(cli.open_options(&args.device)?)?;
            let began = Instant::now();
            let report = engine.embed(args.model.as_deref(), &models::inputs(args))?;
            print(&EmbedMeasurement {
                bench: "embed",
                model: report.model,
                dim: report.dim,
                inputs: report.embeddings.len(),
                seconds: began.elapsed().as_secs_f64(),
                peak_bytes: peak_bytes(),
            })
        }
        BenchCommand::Scan { runs } => {
            let engine = Engine::open(cli.open_options(&DeviceArgs::default())?)?;
            let request = SearchRequest {
                query: "a dog".into(),
                limit: Some(100),
                ..SearchRequest::default()
            };
            // The first search loads the vectors and the text tower.
            let first = engine.search(&request, &Cancel::default())?;
            if first.total == 0 {
                return Err(Error::usage("nothing to rank: run `afterimage index DIR`").into());
            }
            let mut times = Vec::with_capacity(*runs);
            for _ in 0..*runs {
                times.push(engine.search(&request, &Cancel::default())?.ranking);
            }
            times.sort();
            let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1e3);
            print(&ScanMeasurement {
                bench: "scan",
                model: first.model,
                photos: first.total,
                runs: times.len(),
                median_ms: ms(times.get(times.len() / 2)),
                slowest_ms: ms(times.last()),
            })
        }
    }
}

/// The most memory that this process had so far.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib << 10)
}

/// A measurement is a JSON line with and without `--json`.
fn print(measurement: &impl serde::Serialize) -> Outcome {
    output::answer(true, measurement, |_| Ok(()))
}
