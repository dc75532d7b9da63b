//! `status` and `failures`: what the library holds and what it could not read.

use afterimage_engine::{Engine, Failure, Preparing};

use crate::Outcome;
use crate::args::FailuresArgs;
use crate::commands::indexing;
use crate::json::{FailureEntry, StatusDocument};
use crate::output::{self, faint, photos, shown};

/// `afterimage status`
pub fn status(engine: &Engine, json: bool) -> Outcome {
    let status = engine.status()?;
    output::answer(json, &StatusDocument::from(&status), |out| {
        writeln!(
            out,
            "{}: {} waiting, {} failed, {} skipped",
            photos(status.photos),
            status.pending,
            status.failed,
            status.skipped
        )?;
        match &status.model {
            Some(model) => match &status.model_problem {
                Some(problem) => writeln!(out, "model: {model}; {problem}")?,
                None => writeln!(out, "model: {model}")?,
            },
            None => writeln!(out, "model: none installed")?,
        }
        if let (Some(preparing), Some(serving)) = (&status.preparing, &status.serving) {
            let Preparing { model, done, total } = preparing;
            writeln!(out, "  {model} has {done} of {total}; until it has all, {serving} answers")?;
        }
        for (model, embedded) in &status.models {
            writeln!(out, "  {model}: {} embedded", photos(*embedded))?;
        }
        match &status.device.reason {
            Some(reason) => writeln!(out, "device: {}, since {reason}", status.device.used)?,
            None => writeln!(out, "device: {}", status.device.used)?,
        }
        writeln!(out, "folders:")?;
        for root in &status.roots {
            let state = root.state.as_str();
            write!(out, "  {}: {}, {state}", shown(&root.path), photos(root.photos))?;
            match &root.reason {
                Some(reason) => writeln!(out, " ({reason})")?,
                None => writeln!(out)?,
            }
        }
        if status.read_only.is_some() {
            writeln!(out, "for reading only, since it is damaged")?;
        }
        Ok(())
    })?;
    if status.roots.is_empty() {
        output::note("no folder is indexed yet: run `afterimage index DIR`");
    }
    Ok(())
}

/// `afterimage failures`
pub fn failures(engine: &Engine, args: &FailuresArgs, json: bool) -> Outcome {
    if args.retry && engine.retry_failures()? > 0 {
        match engine.holder().filter(|holder| holder.kind.is_endless()) {
            Some(holder) => output::note(format_args!("{holder} tries them again")),
            None => drop(indexing::bring_up_to_date(engine, &[])?),
        }
    }
    let failures = engine.failures()?;
    let entries: Vec<FailureEntry> = failures.iter().map(FailureEntry::from).collect();
    output::answer(json, &entries, |out| {
        for Failure { path, reason, .. } in &failures {
            writeln!(out, "{}  {}", shown(path), faint(reason))?;
        }
        Ok(())
    })?;
    if failures.is_empty() && !json {
        output::note("no failures");
    }
    Ok(())
}
