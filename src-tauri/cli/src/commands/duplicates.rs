//! `duplicates`: photos that are the same, or nearly, and moving all but one of
//! each to the trash.

use std::io::{self, IsTerminal, Write};

use afterimage_engine::{
    Cancel, DuplicateGroup, DuplicateKind, DuplicatePhoto, Effort, Engine, Error, Progress, Step,
    Trashed, message,
};

use crate::args::DuplicatesArgs;
use crate::json::{DuplicateEntry, TrashDocument};
use crate::output::{self, faint, photos, shown, size};
use crate::progress::Display;
use crate::{Outcome, interrupt};

/// `afterimage duplicates`
pub fn duplicates(engine: &Engine, args: &DuplicatesArgs, json: bool) -> Outcome {
    let kinds = match args.kind {
        Some(kind) => vec![kind.into()],
        None => DuplicateKind::ALL.to_vec(),
    };
    let asks = !json && io::stdin().is_terminal() && io::stderr().is_terminal();
    if args.trash && !args.yes && !asks {
        return Err(Error::usage(message!(
            "nothing was moved: nobody can be asked here. Look at what would go with \
             `afterimage duplicates --kind KIND`, then add --yes"
        ))
        .into());
    }
    let cancel = Cancel::default();
    interrupt::cancels(&cancel)?;
    let mut found = Vec::new();
    for kind in kinds {
        let display = Display::new();
        let progress = |done, total| display.show(&looked_at(done, total));
        let groups = engine.duplicates(kind, &cancel, &progress)?;
        drop(display);
        if args.trash {
            return trash(engine, kind, &groups, args.yes, &cancel, json);
        }
        found.push((kind, groups));
    }
    let entries: Vec<DuplicateEntry> = found
        .iter()
        .flat_map(|(kind, groups)| groups.iter().map(|group| DuplicateEntry::new(*kind, group)))
        .collect();
    output::answer(json, &entries, |out| {
        found.iter().try_for_each(|(kind, groups)| print(out, *kind, groups))
    })?;
    if entries.is_empty() && !json {
        output::note("no duplicates");
    }
    Ok(())
}

fn looked_at(done: u64, total: u64) -> Progress {
    let (step, effort) = (Step::Indexing, Effort::Full);
    Progress { step, done, total, failed: 0, rate: 0.0, seconds_left: None, effort }
}

/// How a kind is called where people read it.
fn title(kind: DuplicateKind) -> &'static str {
    match kind {
        DuplicateKind::Exact => "the same files",
        DuplicateKind::Edited => "edited or resized",
        DuplicateKind::Burst => "bursts",
    }
}

/// The photos that would go.
fn others(group: &DuplicateGroup) -> impl Iterator<Item = &DuplicatePhoto> {
    group.photos.iter().filter(|photo| photo.id != group.keeper)
}

fn print(out: &mut dyn Write, kind: DuplicateKind, groups: &[DuplicateGroup]) -> io::Result<()> {
    if groups.is_empty() {
        return Ok(());
    }
    let bytes = groups.iter().flat_map(others).map(|photo| photo.size).sum();
    let count = groups.len();
    let count = if count == 1 { "1 group".to_owned() } else { format!("{count} groups") };
    writeln!(out, "{}: {count}, {} in all but the kept ones", title(kind), size(bytes))?;
    for group in groups {
        writeln!(out)?;
        for photo in &group.photos {
            let kept = photo.id == group.keeper;
            let mark = if kept { "keep" } else { "    " };
            let offline = if photo.offline { ", offline" } else { "" };
            let facts =
                format!("{} x {}, {}{offline}", photo.width, photo.height, size(photo.size));
            writeln!(out, "  {mark}  {}  {}", shown(&photo.path), faint(facts))?;
        }
        writeln!(out, "        {}", faint(format_args!("kept because {}", group.reason)))?;
    }
    writeln!(out)
}

/// Moves all but the kept ones, once the person has said so.
fn trash(
    engine: &Engine,
    kind: DuplicateKind,
    groups: &[DuplicateGroup],
    sure: bool,
    cancel: &Cancel,
    json: bool,
) -> Outcome {
    let here = |group: &&DuplicateGroup| others(group).any(|photo| !photo.offline);
    let groups: Vec<&DuplicateGroup> = groups.iter().filter(here).collect();
    if !sure {
        let shown: Vec<DuplicateGroup> = groups.iter().map(|&group| group.clone()).collect();
        print(&mut anstream::stdout().lock(), kind, &shown)?;
        if !groups.is_empty() && !confirmed(&groups)? {
            output::note("nothing was moved");
            return Ok(());
        }
    }
    let mut done = Trashed::default();
    let mut bytes = 0;
    for group in groups {
        if cancel.is_cancelled() {
            break;
        }
        // What the others are given up for must be there.
        if !engine.is_unchanged(group.keeper)? {
            let keeper = group.photos.iter().find(|photo| photo.id == group.keeper);
            let path = keeper.map(|photo| shown(&photo.path)).unwrap_or_default();
            output::warn(format_args!("{path} is gone, or has changed: its copies stay"));
            continue;
        }
        let gone: Vec<&DuplicatePhoto> = others(group).filter(|photo| !photo.offline).collect();
        let ids: Vec<_> = gone.iter().map(|photo| photo.id).collect();
        let moved = engine.trash(&ids)?;
        let of_moved = gone.iter().filter(|photo| moved.moved.contains(&photo.id));
        bytes += of_moved.map(|photo| photo.size).sum::<u64>();
        done.moved.extend(moved.moved);
        done.failed.extend(moved.failed);
    }
    output::answer(json, &TrashDocument::new(kind, &done, bytes), |out| {
        let moved = done.moved.len() as u64;
        writeln!(out, "{} of {} moved to the trash", photos(moved), size(bytes))
    })?;
    for failed in &done.failed {
        output::warn(format_args!("{} stays: {}", shown(&failed.path), failed.reason));
    }
    if cancel.is_cancelled() {
        return Err(Error::failed(message!(
            "stopped: what was moved is in the trash, the rest stays"
        ))
        .into());
    }
    Ok(())
}

fn confirmed(groups: &[&DuplicateGroup]) -> io::Result<bool> {
    let gone = || groups.iter().flat_map(|group| others(group)).filter(|photo| !photo.offline);
    let (count, bytes) = (gone().count() as u64, gone().map(|photo| photo.size).sum());
    let mut terminal = anstream::stderr();
    write!(terminal, "move {} of {} to the trash? [y/N] ", photos(count), size(bytes))?;
    terminal.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
