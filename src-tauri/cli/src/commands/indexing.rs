//! `index` and `watch`: what brings the library up to date.

use std::io;
use std::sync::{Mutex, PoisonError};

use afterimage_engine::{
    Change, Control, Engine, Error, IndexReport, PairCheck, Root, RootId, message,
};

use crate::args::IndexArgs;
use crate::exit_codes::Failure;
use crate::json::{self, ChangeLine, IndexDocument};
use crate::output::{self, photos, shown};
use crate::progress::Display;
use crate::{Outcome, interrupt};

/// `afterimage index`
pub fn index(engine: &Engine, args: &IndexArgs, json: bool) -> Outcome {
    // First, so that nothing is added where the model is misspelt.
    if let Some(model) = &args.model {
        engine.use_model(model, PairCheck::Required)?;
    }
    let roots = if args.folders.is_empty() {
        known_roots(engine)?
    } else {
        args.folders.iter().map(|folder| engine.add_root(folder)).collect::<Result<_, _>>()?
    };
    let ids: Vec<RootId> = roots.iter().map(|root| root.id).collect();
    let report = bring_up_to_date(engine, &ids)?;

    output::answer(json, &IndexDocument::from(&report), |out| {
        writeln!(
            out,
            "{} in {:.1} s: {} embedded, {} reused, {} moved, {} removed, {} failed",
            photos(report.photos),
            report.seconds,
            report.embedded,
            report.reused,
            report.moved,
            report.removed,
            report.failed,
        )
    })?;
    remark(engine, &report, &ids)
}

/// Indexes with progress shown and Ctrl-C listened for. Being stopped is an
/// error here: the library is sound, but not what was asked for.
pub fn bring_up_to_date(engine: &Engine, roots: &[RootId]) -> Outcome<IndexReport> {
    let control = Control::default();
    interrupt::stops(&control)?;
    let display = Display::new();
    let report = engine.index(roots, &control, &|progress| display.show(&progress))?;
    drop(display);
    if report.stopped {
        return Err(Error::failed(message!("stopped: run the same command again to go on")).into());
    }
    Ok(report)
}

fn remark(engine: &Engine, report: &IndexReport, asked: &[RootId]) -> Outcome {
    for root in engine.roots()? {
        if root.photos == 0 && asked.contains(&root.id) {
            output::note(format_args!("no photos found in {}", shown(&root.path)));
        }
    }
    if report.skipped > 0 {
        output::note(format_args!(
            "{} in formats not read yet were skipped",
            photos(report.skipped)
        ));
    }
    if report.failed > 0 {
        output::note(format_args!(
            "{} could not be read: `afterimage failures` says why",
            photos(report.failed)
        ));
    }
    Ok(())
}

/// All roots, of which there is at least one.
pub fn known_roots(engine: &Engine) -> Outcome<Vec<Root>> {
    let roots = engine.roots()?;
    if roots.is_empty() {
        return Err(
            Error::usage(message!("no folder is indexed yet: run `afterimage index DIR`")).into()
        );
    }
    Ok(roots)
}

/// `afterimage watch`
pub fn watch(engine: &Engine, json: bool) -> Outcome {
    known_roots(engine)?;
    let control = Control::default();
    interrupt::stops(&control)?;
    let display = Display::new();
    output::note("following changes, Ctrl-C to stop");

    // The first failed write, most likely a reader that went away.
    let broken: Mutex<Option<io::Error>> = Mutex::new(None);
    let result = engine.watch(
        &control,
        &|change| {
            let line = ChangeLine::from(&change);
            let written = display.suspend(|| output::stream_line(json, &line, sentence(&change)));
            if let Err(error) = written {
                broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                control.stop();
            }
        },
        &|progress| display.show(&progress),
    );
    drop(display);
    if let Some(error) = broken.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(Failure::Output(error));
    }
    // Ctrl-C is how watching ends, and no error.
    Ok(result?)
}

fn sentence(change: &Change) -> String {
    let kind = json::kind(change.kind);
    match &change.from {
        Some(from) => format!("{kind} {} from {}", shown(&change.path), shown(from)),
        None => format!("{kind} {}", shown(&change.path)),
    }
}
