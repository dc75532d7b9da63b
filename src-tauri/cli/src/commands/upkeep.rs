//! `library check`, `library backup` and `library restore`. They work on the
//! library's files, since one that is damaged may not open.

use std::path::Path;

use afterimage_engine::{Engine, Error, OpenOptions, Repair, Store, message};

use crate::Outcome;
use crate::args::LibraryCommand;
use crate::json::{BackupDocument, LibraryCheckDocument, RestoreDocument, store};
use crate::output::{self, photos, shown};

/// `afterimage library …`
pub fn library(options: &OpenOptions, command: &LibraryCommand, json: bool) -> Outcome {
    match command {
        LibraryCommand::Check { dry_run, repair } => {
            let repair = match (dry_run, repair) {
                (true, _) => Repair::Nothing,
                (false, false) => Repair::Damage,
                (false, true) => Repair::DamageAndUnused,
            };
            check(options, repair, json)
        }
        LibraryCommand::Backup { file, force } => {
            Engine::back_up(&options.library, file, *force)?;
            output::answer(json, &BackupDocument::new(file), |out| {
                writeln!(out, "the library is backed up as {}", shown(file))
            })
        }
        LibraryCommand::Restore { file } => restore(&options.library, file, json),
    }
}

fn check(options: &OpenOptions, repair: Repair, json: bool) -> Outcome {
    let report = Engine::check(options, repair)?;
    output::answer(json, &LibraryCheckDocument::from(&report), |out| {
        for trouble in &report.troubles {
            let (store, count, what) = (store(trouble.store), trouble.count, &trouble.what);
            let repaired = if trouble.repaired { "; repaired" } else { "" };
            writeln!(out, "{store}: {count} {what}{repaired}")?;
        }
        writeln!(
            out,
            "{}, {} vectors, {} thumbnails: {}",
            photos(report.photos),
            report.vectors,
            report.thumbnails,
            match (report.is_clean(), report.is_sound()) {
                (true, _) => "no damage",
                (false, true) => "repaired; `afterimage index` computes again what was damaged",
                (false, false) => "damaged",
            }
        )?;
        if report.pending > 0 {
            writeln!(out, "{} wait to be indexed", photos(report.pending))?;
        }
        let (vectors, thumbnails) = (report.unused_vectors, report.unused_thumbnails);
        if vectors + thumbnails > 0 {
            let removed = if report.unused_removed { "; removed" } else { "" };
            writeln!(out, "{vectors} vectors and {thumbnails} thumbnails of no photo{removed}")?;
        }
        Ok(())
    })?;
    if let Some(holder) = report.held {
        output::note(format_args!(
            "nothing was repaired, since {holder} works on this library: end it to have that done"
        ));
    }
    if report.is_sound() {
        return Ok(());
    }
    if report.troubles.iter().any(|trouble| trouble.store == Store::Catalog) {
        return Err(Error::failed(message!(
            "the library is damaged, and was left as it is: `afterimage status` says how to go \
             back to its last backup"
        ))
        .into());
    }
    Err(Error::failed(message!("there is damage that was not repaired")).into())
}

fn restore(library: &Path, file: &Path, json: bool) -> Outcome {
    let kept = Engine::restore(library, file)?;
    output::answer(json, &RestoreDocument::new(file, kept.as_deref()), |out| {
        writeln!(out, "the library is as {} has it", shown(file))?;
        match &kept {
            Some(kept) => writeln!(out, "what it was before is kept as {}", shown(kept)),
            None => Ok(()),
        }
    })?;
    output::note("a window that is open has to be opened again");
    Ok(())
}
