//! `export`: copies of photos in another folder.

use std::path;

use afterimage_engine::{
    Cancel, Context, Effort, Engine, ExportProgress, ExportRequest, Progress, Step, message,
};

use super::tags::known;
use crate::args::ExportArgs;
use crate::json::ExportDocument;
use crate::output::{self, photos, shown};
use crate::progress::Display;
use crate::{Outcome, interrupt};

/// `afterimage export`
pub fn export(engine: &Engine, args: &ExportArgs, json: bool) -> Outcome {
    let folder = path::absolute(&args.folder)
        .context(|| message!("cannot tell where {folder} is", folder = shown(&args.folder)))?;
    let request = ExportRequest {
        photos: known(engine, &args.photos)?,
        folder,
        format: args.format.into(),
        longest_edge: args.size,
        quality: args.quality,
        pattern: args.name.clone(),
        metadata: !args.no_metadata,
    };
    let cancel = Cancel::default();
    interrupt::cancels(&cancel)?;
    let display = Display::new();
    let exported = engine.export(&request, &cancel, &|progress| display.show(&shown_as(progress)));
    drop(display);
    let exported = exported?;
    output::answer(json, &ExportDocument::from(&exported), |out| {
        let count = photos(exported.written);
        writeln!(out, "{count} exported to {}", shown(&exported.folder))
    })?;
    if !json {
        for failed in &exported.failed {
            output::warn(format_args!("{}: {}", shown(&failed.path), failed.reason));
        }
    }
    Ok(())
}

fn shown_as(ExportProgress { done, total }: ExportProgress) -> Progress {
    let (step, effort) = (Step::Indexing, Effort::Full);
    Progress { step, done, total, failed: 0, rate: 0.0, seconds_left: None, effort }
}
