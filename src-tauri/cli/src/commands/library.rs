//! `status` and `failures`: what the library holds and what it could not read.

use afterimage_engine::{Engine, Failure};

use crate::Outcome;
use crate::args::FailuresArgs;
use crate::commands::indexing;
use crate::json::{self, FailureEntry, StatusDocument};
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
            Some(model) => writeln!(out, "model: {model}")?,
            None => writeln!(out, "model: none installed")?,
        }
        for (model, embedded) in &status.models {
            writeln!(out, "  {model}: {} embedded", photos(*embedded))?;
        }
        writeln!(out, "folders:")?;
        for root in &status.roots {
            let state = json::root_state(root.state);
            writeln!(out, "  {}: {}, {state}", shown(&root.path), photos(root.photos))?;
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
        indexing::bring_up_to_date(engine, &[])?;
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
