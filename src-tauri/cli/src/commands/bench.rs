//! `bench`: measurements of this machine, a line each as soon as it is known.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use afterimage_engine::bench::{
    self, Idle, Machine, Pipeline, Questions, SizeClass, Subject, Tags, Towers, Vectors, peak_bytes,
};
use afterimage_engine::{
    Cancel, Control, DeviceChoice, EmbedInput, Engine, Error, Precision, SearchRequest, message,
};

use crate::args::{BenchCommand, BenchDecodeArgs, BenchEmbedArgs, BenchIndexArgs, Cli, DeviceArgs};
use crate::json::{MachineLine, MeasuredBy, Measurement};
use crate::output::{self, size};
use crate::progress::Display;
use crate::{Outcome, interrupt};

/// `afterimage bench`
pub fn run(cli: &Cli, command: &BenchCommand) -> Outcome {
    match command {
        BenchCommand::Embed(args) => embed(cli, args),
        BenchCommand::Decode(args) => decode(cli, args),
        BenchCommand::Index(args) => index(cli, args),
        BenchCommand::Scan { vectors: Some(vectors), dims, .. } => vectors_of(cli, *vectors, *dims),
        BenchCommand::Scan { runs, .. } => scan(cli, *runs),
        BenchCommand::Query { photos, subject } => query(cli, *photos, &subject.model),
        BenchCommand::Tags { photos, subject } => tags(cli, *photos, &subject.model),
        BenchCommand::Library { dir, photos } => library(cli, dir, *photos),
        BenchCommand::Idle { photos } => idle(cli, *photos),
    }
}

fn embed(cli: &Cli, args: &BenchEmbedArgs) -> Outcome {
    let options = cli.open_options(args.device, args.precision)?;
    // Before weights are made up for nothing.
    if let Some(image) = args.images.iter().find(|image| !image.is_file()) {
        return Err(
            Error::usage(message!("there is no file {image}", image = image.display())).into()
        );
    }
    let control = listening()?;
    let subject = Subject::find(&args.subject.model, &options, &control)?;
    let device = options.device.unwrap_or_default();
    let precisions = options.precision.map_or(vec![Precision::F32, Precision::Int8], |p| vec![p]);
    // All are opened first: a machine is introduced once it can measure.
    let opened: Vec<Towers> =
        precisions.into_iter().map(|p| subject.open(device, p)).collect::<Result<_, _>>()?;
    introduce(cli.json)?;

    let mut inputs: Vec<EmbedInput> = args.texts.iter().cloned().map(EmbedInput::Text).collect();
    inputs.extend(args.images.iter().cloned().map(EmbedInput::Image));
    let first_use_alone = !inputs.is_empty();
    if !first_use_alone {
        inputs.push(EmbedInput::Text("a dog".to_owned()));
    }
    let time = args.time.seconds;
    let mut measured = None;
    for towers in opened {
        // A GPU has one precision, whatever was asked of the processor.
        if measured == Some((towers.device(), towers.precision())) {
            break;
        }
        let seconds = towers.embed(&inputs, &control)?;
        let by = || measured_by(&subject, &towers);
        say(
            cli.json,
            Measurement::FirstUse {
                by: by(),
                dim: towers.dim(),
                inputs: inputs.len(),
                seconds: rounded(seconds),
                peak_bytes: peak_bytes(),
            },
        )?;
        if !first_use_alone {
            for &batch in &args.batches {
                let speed = towers.images(batch, time, &control)?;
                let (images_per_s, rounds) = (rounded(speed.per_second), speed.rounds);
                say(cli.json, Measurement::ImageTower { by: by(), batch, images_per_s, rounds })?;
            }
            for &tokens in args.tokens.iter().filter(|_| measured.is_none()) {
                let speed = towers.texts(tokens, time, &control)?;
                let (ms, rounds) = (rounded(speed.ms()), speed.rounds);
                // Whatever images are computed in.
                let by = MeasuredBy { precision: Precision::F32.to_string(), ..by() };
                say(cli.json, Measurement::TextTower { by, tokens, ms, rounds })?;
            }
        }
        measured = Some((towers.device(), towers.precision()));
    }
    Ok(())
}

fn decode(cli: &Cli, args: &BenchDecodeArgs) -> Outcome {
    let folder = args.folder.path();
    let classes = SizeClass::of_folder(folder)?;
    let options = cli.open_options(DeviceArgs::default(), None)?;
    let control = listening()?;
    let subject = Subject::find(&args.subject.model, &options, &control)?;
    let towers = subject.open(DeviceChoice::Cpu, Precision::default())?;
    let cores = introduce(cli.json)?;
    let mut measured = false;
    for all in &classes {
        let class = towers.readable(all, &control)?;
        let SizeClass { megapixels, .. } = class;
        if class.photos() == 0 {
            let count = number(all.photos(), "photo");
            output::note(format_args!("none of {count} of {megapixels} megapixels can be decoded"));
            continue;
        }
        measured = true;
        let numbers = [1, cores];
        for &threads in if cores > 1 { &numbers[..] } else { &numbers[..1] } {
            let speed = towers.decode(&class, threads, args.time.seconds, &control)?;
            say(
                cli.json,
                Measurement::Decode {
                    megapixels,
                    model: subject.name.clone(),
                    photos: class.photos(),
                    threads,
                    photos_per_s: rounded(speed.per_second),
                    rounds: speed.rounds,
                },
            )?;
        }
    }
    if !measured {
        return Err(Error::failed(message!(
            "no photo in {folder} can be decoded",
            folder = folder.display()
        ))
        .into());
    }
    Ok(())
}

fn index(cli: &Cli, args: &BenchIndexArgs) -> Outcome {
    let options = cli.open_options(args.device, args.precision)?;
    let folder = args.folder.path();
    // Before weights are made up for nothing.
    bench::photos(folder)?;
    let control = listening()?;
    let subject = Subject::find(&args.subject.model, &options, &control)?;
    introduce(cli.json)?;
    let bar = Display::new();
    let show = |progress| bar.show(&progress);
    let measured = Pipeline::measure(folder, &subject, options, &control, &show)?;
    drop(bar);
    if measured.stopped {
        return Err(Error::failed(message!("stopped: nothing was measured")).into());
    }
    let by = MeasuredBy {
        model: subject.name.clone(),
        precision: measured.precision.to_string(),
        device: measured.device.to_string(),
    };
    say(
        cli.json,
        Measurement::Pipeline {
            by,
            photos: measured.photos,
            failed: measured.failed,
            seconds: rounded(measured.seconds),
            loading_s: rounded(measured.loading),
            photos_per_s: rounded(measured.per_second()),
            peak_bytes: peak_bytes(),
        },
    )
}

fn scan(cli: &Cli, runs: usize) -> Outcome {
    let engine = Engine::open(cli.open_options(DeviceArgs::default(), None)?)?;
    let request =
        SearchRequest { query: "a dog".into(), limit: Some(100), ..SearchRequest::default() };
    // The first search loads the vectors and the text tower.
    let first = engine.search(&request, &Cancel::default())?;
    if first.total == 0 {
        return Err(Error::usage(message!("nothing to rank: run `afterimage index DIR`")).into());
    }
    introduce(cli.json)?;
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        times.push(engine.search(&request, &Cancel::default())?.ranking);
    }
    times.sort();
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| rounded(time.as_secs_f64() * 1e3));
    say(
        cli.json,
        Measurement::Scan {
            model: first.model,
            photos: first.total,
            runs: times.len(),
            median_ms: ms(times.get(times.len() / 2)),
            slowest_ms: ms(times.last()),
        },
    )
}

fn vectors_of(cli: &Cli, vectors: usize, dims: usize) -> Outcome {
    let control = listening()?;
    introduce(cli.json)?;
    let Vectors { vectors, dims, ms, recall_at_100 } = Vectors::measure(vectors, dims, &control)?;
    say(cli.json, Measurement::Vectors { vectors, dims, ms: rounded(ms), recall_at_100 })
}

fn query(cli: &Cli, photos: usize, model: &str) -> Outcome {
    let options = cli.open_options(DeviceArgs::default(), None)?;
    let control = listening()?;
    let subject = Subject::find(model, &options, &control)?;
    introduce(cli.json)?;
    let measured = Questions::measure(photos, &subject, options, &control)?;
    say(
        cli.json,
        Measurement::Query {
            model: subject.name.clone(),
            dim: measured.dim,
            photos: measured.photos,
            ms: rounded(measured.ms),
            filtered_ms: rounded(measured.filtered_ms),
            slowest_ms: rounded(measured.slowest_ms),
            opened_ms: rounded(measured.opened_ms),
            vector_bytes: measured.vector_bytes,
        },
    )
}

fn tags(cli: &Cli, photos: usize, model: &str) -> Outcome {
    let options = cli.open_options(DeviceArgs::default(), None)?;
    let control = listening()?;
    let subject = Subject::find(model, &options, &control)?;
    introduce(cli.json)?;
    let measured = Tags::measure(photos, &subject, options, &control)?;
    say(
        cli.json,
        Measurement::Tags {
            model: subject.name.clone(),
            dim: measured.dim,
            photos: measured.photos,
            categories: measured.categories,
            prompts_ms: rounded(measured.prompts_ms),
            all_ms: rounded(measured.all_ms),
            changed_ms: rounded(measured.changed_ms),
            decided_ms: rounded(measured.decided_ms),
        },
    )
}

fn library(cli: &Cli, dir: &Path, photos: usize) -> Outcome {
    let options = cli.open_options(DeviceArgs::default(), None)?;
    bench::make_library(dir, photos, options, &listening()?)?;
    say(cli.json, Measurement::Library { path: dir.display().to_string(), photos })
}

fn idle(cli: &Cli, photos: usize) -> Outcome {
    let options = cli.open_options(DeviceArgs::default(), None)?;
    let control = listening()?;
    introduce(cli.json)?;
    let Idle { photos, model, dim, resident_bytes } = Idle::measure(photos, options, &control)?;
    say(cli.json, Measurement::Idle { model, dim, photos, resident_bytes })
}

/// What Ctrl-C stops: dying on the spot would leave made-up weights behind.
fn listening() -> Outcome<Control> {
    let control = Control::default();
    interrupt::stops(&control)?;
    Ok(control)
}

/// Says what machine this is; returns how many threads it runs at once.
fn introduce(json: bool) -> Outcome<usize> {
    let machine = Machine::this();
    let Machine { processor, cores, features } = &machine;
    let human = format!("{processor}, {}, {}", number(*cores, "core"), features.join(" "));
    let cores = *cores;
    output::stream_line(json, &MachineLine::from(machine), human)?;
    Ok(cores)
}

fn measured_by(subject: &Subject, towers: &Towers) -> MeasuredBy {
    MeasuredBy {
        model: subject.name.clone(),
        precision: towers.precision().to_string(),
        device: towers.device().to_string(),
    }
}

/// To four digits: no measurement here is more exact.
fn rounded(value: f64) -> f64 {
    if value == 0.0 {
        return value;
    }
    let scale = 10f64.powf(3.0 - value.abs().log10().floor());
    (value * scale).round() / scale
}

fn say(json: bool, measurement: Measurement) -> Outcome {
    Ok(output::stream_line(json, &measurement, Row(&measurement))?)
}

/// `1 thread`, `2 threads`.
fn number(count: usize, of: &str) -> String {
    if count == 1 { format!("1 {of}") } else { format!("{count} {of}s") }
}

/// A measurement as a row whose columns stand below those of the others.
struct Row<'a>(&'a Measurement);

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = |by: &MeasuredBy| format!("{} {} {}", by.model, by.precision, by.device);
        let memory = |bytes: &Option<u64>| {
            bytes.map_or_else(String::new, |bytes| format!(", peak memory {}", size(bytes)))
        };
        let (what, subject, how, value, unit) = match self.0 {
            Measurement::ImageTower { by: b, batch, images_per_s, .. } => {
                ("image tower", by(b), format!("batch {batch}"), *images_per_s, "images/s".into())
            }
            Measurement::TextTower { by: b, tokens, ms, .. } => {
                ("text tower", by(b), format!("{tokens} tokens"), *ms, "ms".into())
            }
            Measurement::FirstUse { by: b, inputs, seconds, peak_bytes, .. } => {
                let unit = format!("ms{}", memory(peak_bytes));
                ("first use", by(b), number(*inputs, "input"), seconds * 1e3, unit)
            }
            Measurement::Decode { megapixels, model, threads, photos_per_s, .. } => {
                let how = format!("{megapixels} MP, {}", number(*threads, "thread"));
                ("decode", model.clone(), how, *photos_per_s, "photos/s".into())
            }
            Measurement::Pipeline { by: b, photos, seconds, photos_per_s, peak_bytes, .. } => {
                let how = format!("{photos} photos in {seconds:.1} s");
                let unit = format!("photos/s{}", memory(peak_bytes));
                ("pipeline", by(b), how, *photos_per_s, unit)
            }
            Measurement::Scan { model, photos, median_ms, slowest_ms, .. } => {
                let unit = format!("ms, slowest {slowest_ms:.2}");
                ("scan", model.clone(), format!("{photos} photos"), *median_ms, unit)
            }
            Measurement::Vectors { vectors, dims, ms, recall_at_100 } => {
                let unit = format!("ms, recall at 100 {recall_at_100}");
                ("scan", format!("{dims} components"), format!("{vectors} vectors"), *ms, unit)
            }
            Measurement::Query {
                model, photos, ms, filtered_ms, opened_ms, vector_bytes, ..
            } => {
                let vectors = vector_bytes
                    .map_or_else(String::new, |bytes| format!(", vectors {}", size(bytes)));
                let unit =
                    format!("ms, filtered {filtered_ms:.1}, opened in {opened_ms:.0}{vectors}");
                ("query", model.clone(), format!("{photos} photos"), *ms, unit)
            }
            Measurement::Tags {
                model,
                photos,
                categories,
                prompts_ms,
                all_ms,
                changed_ms,
                decided_ms,
                ..
            } => {
                let unit = format!(
                    "ms for {categories} categories, one {changed_ms:.0}, a decision \
                     {decided_ms:.0}, prompts {prompts_ms:.0}"
                );
                ("tags", model.clone(), format!("{photos} photos"), *all_ms, unit)
            }
            Measurement::Library { path, photos } => {
                ("library", path.clone(), "made up".into(), *photos as f64, "photos".into())
            }
            Measurement::Idle { model, photos, resident_bytes, .. } => {
                let megabytes = resident_bytes.map_or(f64::NAN, |bytes| bytes as f64 / 1e6);
                ("idle", model.clone(), format!("{photos} photos"), megabytes, "MB".into())
            }
        };
        let digits = if value < 10.0 { 2 } else { 1 };
        write!(f, "{what:<11}  {subject:<24}  {how:<26}  {value:>9.digits$} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_four_digits() {
        for (value, expected) in
            [(0.0, 0.0), (123_456.0, 123_500.0), (98.7654, 98.77), (0.001_234_56, 0.001_235)]
        {
            assert_eq!(rounded(value), expected);
        }
    }
}
