//! `model` and `embed`: the models there are, and their vectors.

use std::io::{self, Write};

use afterimage_engine::{EmbedInput, Engine, ModelInfo, ModelState, import_starter};

use crate::Outcome;
use crate::args::{EmbedArgs, ModelCommand};
use crate::json::{EmbedDocument, ModelEntry};
use crate::output::{self, faint, shown};

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
        ModelCommand::List => {
            let engine = open()?;
            let models = engine.models()?;
            if models.is_empty() {
                output::note("no model is installed: run `afterimage model add FOLDER`");
            }
            // Without a usable model there is none in use; the list says why.
            let current = engine.current_model().ok().map(|model| model.id);
            print(&models, current.as_deref(), json)
        }
        ModelCommand::Add { folder } => {
            let added = open()?.add_model(folder, afterimage_engine::PairCheck::Skipped)?;
            let hint = format!("to search with it: `afterimage index --model {}`", added.id);
            print(&[added], None, json)?;
            output::note(hint);
            Ok(())
        }
        ModelCommand::Remove { id } => {
            let engine = open()?;
            let removed = engine.models()?.into_iter().find(|model| &model.id == id);
            engine.remove_model(id, false)?;
            print(removed.as_slice(), None, json)
        }
        ModelCommand::Use { id } => {
            let model = open()?.use_model(id, afterimage_engine::PairCheck::Required)?;
            let id = model.id.clone();
            print(&[model], Some(&id), json)?;
            output::note("`afterimage index` embeds the photos that it does not know yet");
            Ok(())
        }
        ModelCommand::ImportStarter { efficientnet, minilm, classes, out } => {
            Ok(import_starter(efficientnet, minilm, classes, out)?)
        }
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

/// `afterimage embed`
pub fn embed(engine: &Engine, args: &EmbedArgs, json: bool) -> Outcome {
    let texts = args.texts.iter().cloned().map(EmbedInput::Text);
    let images = args.images.iter().cloned().map(EmbedInput::Image);
    let inputs: Vec<EmbedInput> = texts.chain(images).collect();
    let report = engine.embed(args.model.as_deref(), &inputs)?;
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
