//! `model` and `embed`: the models there are, and their vectors.

use std::io::{self, Write};

use afterimage_engine::{
    Affinity, Cancel, Code, EmbedInput, Engine, Error, KnownModel, ModelCheck, ModelInfo,
    ModelState, PairCheck, Removed, import_starter, message,
};

use crate::args::{EmbedArgs, ModelCommand};
use crate::json::{CheckDocument, EmbedDocument, KnownEntry, ModelEntry, RemovedDocument};
use crate::output::{self, faint, photos, shown, size};
use crate::progress::Download;
use crate::{Outcome, interrupt};

/// People see so many numbers of a vector; `--json` has them all.
const SHOWN_NUMBERS: usize = 6;

/// `afterimage model`. Building the starter needs no library, so the engine
/// is opened only where it is asked for.
pub fn model(
    open: impl FnOnce() -> Outcome<Engine>,
    command: &ModelCommand,
    json: bool,
) -> Outcome {
    match command {
        ModelCommand::List { available: true } => available(&open()?, json),
        ModelCommand::List { available: false } => {
            let engine = open()?;
            let models = engine.models()?;
            if models.is_empty() {
                output::note("no model is installed: run `afterimage model install ID`");
            }
            // Without a usable model there is none in use; the list says why.
            let current = engine.current_model().ok().map(|model| model.id);
            print(&models, current.as_deref(), json)?;
            if !json {
                output::note("`afterimage model list --available` lists those to install");
            }
            Ok(())
        }
        ModelCommand::Install { id } => {
            let engine = open()?;
            if let Some(known) = engine.catalogue().iter().find(|known| known.id == *id) {
                let KnownModel { title, license, license_url, bytes, .. } = known;
                output::note(format_args!(
                    "{title}, about {}, licence {license}: {license_url}",
                    size(*bytes)
                ));
            }
            let cancel = Cancel::default();
            interrupt::cancels(&cancel)?;
            let display = Download::new();
            let installed = engine.install_model(id, &cancel, &|progress| display.show(&progress));
            drop(display);
            let installed = installed.inspect_err(|error| {
                if error.code() == Code::Cancelled {
                    output::note("what is there is kept: the same command goes on with it");
                }
            })?;
            announce(&[installed], json)
        }
        ModelCommand::Add { folder, no_check } => {
            announce(&[open()?.add_model(folder, pair_check(*no_check))?], json)
        }
        ModelCommand::Remove { id, vectors } => {
            let removed = open()?.remove_model(id, *vectors)?;
            output::answer(json, &RemovedDocument::from(&removed), |out| {
                let Removed { id, bytes, vectors: count, vector_bytes } = &removed;
                writeln!(out, "{id} is removed: {} are free", size(*bytes))?;
                match (count, vectors) {
                    (0, _) => Ok(()),
                    (count, true) => writeln!(
                        out,
                        "its index of {} is removed, too: {} more",
                        photos(*count),
                        size(*vector_bytes)
                    ),
                    (count, false) => writeln!(
                        out,
                        "its index of {} stays ({}), for when it comes back; --vectors removes it",
                        photos(*count),
                        size(*vector_bytes)
                    ),
                }
            })
        }
        ModelCommand::Use { id, no_check } => {
            let engine = open()?;
            let model = engine.use_model(id, pair_check(*no_check))?;
            let id = model.id.clone();
            print(&[model], Some(&id), json)?;
            let status = engine.status()?;
            match status.serving {
                Some(serving) if serving != id => output::note(format_args!(
                    "{serving} goes on answering until `afterimage index` has embedded the photos \
                     that {id} does not know yet: {}",
                    photos(status.pending)
                )),
                _ => output::note(format_args!("{id} answers from now on")),
            }
            Ok(())
        }
        ModelCommand::Check { model } => {
            let engine = open()?;
            let id = match model {
                Some(id) => id.clone(),
                None => engine.current_model()?.id,
            };
            check(&engine.check_model(&id)?, json)
        }
        ModelCommand::ImportStarter { efficientnet, minilm, classes, out } => {
            Ok(import_starter(efficientnet, minilm, classes, out)?)
        }
    }
}

fn pair_check(no_check: bool) -> PairCheck {
    if no_check { PairCheck::Skipped } else { PairCheck::Required }
}

/// Prints what was installed, and what to do with it.
fn announce(models: &[ModelInfo], json: bool) -> Outcome {
    print(models, None, json)?;
    for model in models {
        output::note(format_args!("to search with it: `afterimage index --model {}`", model.id));
    }
    Ok(())
}

/// Models that can be installed.
fn available(engine: &Engine, json: bool) -> Outcome {
    let models: Vec<&KnownModel> = engine.catalogue().iter().collect();
    let entries: Vec<KnownEntry> = models.iter().copied().map(KnownEntry::from).collect();
    output::answer(json, &entries, |out| {
        for model in &models {
            let mark = if model.recommended.is_some() { "+" } else { " " };
            writeln!(
                out,
                "{mark} {}  {}, {} quality, {}",
                model.id,
                size(model.bytes),
                model.quality.to_lowercase(),
                languages(&model.languages)
            )?;
            writeln!(out, "    {}", faint(format_args!("{}. {}", model.title, model.about)))?;
            let license = format_args!("{}: {}", model.license, model.license_url);
            writeln!(out, "    {}", faint(license))?;
        }
        Ok(())
    })?;
    if !json {
        output::note("+ recommended; `afterimage model install ID` installs one");
    }
    Ok(())
}

/// ISO codes for people; `mul` stands for many.
fn languages(codes: &[String]) -> String {
    let words = codes.iter().map(|code| match code.as_str() {
        "en" => "English",
        "mul" => "many languages",
        other => other,
    });
    words.collect::<Vec<_>>().join(" and ")
}

/// Prints what a check found; something wrong is a failure of the command.
fn check(found: &ModelCheck, json: bool) -> Outcome {
    output::answer(json, &CheckDocument::from(found), |out| {
        let ModelCheck { model, files, pairs, affinity } = found;
        writeln!(out, "{}", model.id)?;
        match files {
            None => writeln!(out, "  files: nothing is remembered of them")?,
            Some(Ok(count)) => writeln!(out, "  files: {count}, as they were installed")?,
            Some(Err(what)) => writeln!(out, "  files: {what}")?,
        }
        match pairs {
            Ok(()) => writeln!(out, "  towers: they work and belong together")?,
            Err(what) => writeln!(out, "  towers: {what}")?,
        }
        if let Some(affinity) = affinity {
            let Affinity { scale, bias } = affinity;
            writeln!(out, "  probability of a match: sigmoid({scale:.2} * cosine {bias:+.2})")?;
        }
        Ok(())
    })?;
    match (&found.files, &found.pairs) {
        (Some(Err(_)), _) | (_, Err(_)) => Err(Error::failed(message!(
            "the model {id} is not as it should be",
            id = found.model.id
        ))
        .into()),
        _ => Ok(()),
    }
}

fn print(models: &[ModelInfo], current: Option<&str>, json: bool) -> Outcome {
    let entries: Vec<ModelEntry> = models.iter().map(ModelEntry::from).collect();
    output::answer(json, &entries, |out| {
        for model in models {
            let mark = if current == Some(model.id.as_str()) { "*" } else { " " };
            let ModelInfo { id, family, dim, license, .. } = model;
            write!(out, "{mark} {id}  {family}, {dim} numbers, {license}")?;
            match &model.state {
                ModelState::Ready => writeln!(out)?,
                ModelState::Broken(reason) => writeln!(out, "; broken: {reason}")?,
            }
        }
        Ok(())
    })
}

/// What is to be embedded, texts first.
pub fn inputs(args: &EmbedArgs) -> Vec<EmbedInput> {
    let texts = args.texts.iter().cloned().map(EmbedInput::Text);
    texts.chain(args.images.iter().cloned().map(EmbedInput::Image)).collect()
}

/// `afterimage embed`
pub fn embed(engine: &Engine, args: &EmbedArgs, json: bool) -> Outcome {
    let report = engine.embed(args.model.as_deref(), &inputs(args))?;
    output::answer(json, &EmbedDocument::from(&report), |out| {
        for (input, vector) in &report.embeddings {
            match input {
                EmbedInput::Text(text) => writeln!(out, "{text:?}")?,
                EmbedInput::Image(path) => writeln!(out, "{}", shown(path))?,
            }
            numbers(out, vector)?;
        }
        Ok(())
    })
}

fn numbers(out: &mut dyn Write, vector: &[f32]) -> io::Result<()> {
    for number in vector.iter().take(SHOWN_NUMBERS) {
        write!(out, "  {number:.4}")?;
    }
    writeln!(out, "  {}", faint(format_args!("… {} numbers, all with --json", vector.len())))
}
