//! `folder`: the folders of the library, and what is left out of them.

use std::io::{self, Write};

use afterimage_engine::{Control, Engine, Error, Exclusions, Root, RootId, message};

use crate::args::{ExcludeArgs, FolderCommand, Treatment};
use crate::commands::indexing::known_roots;
use crate::json::{FolderEntry, ScanDocument};
use crate::output::{self, photos, shown, size};
use crate::progress::Display;
use crate::{Outcome, interrupt};

/// `afterimage folder …`
pub fn folder(engine: &Engine, command: &FolderCommand, json: bool) -> Outcome {
    match command {
        FolderCommand::List => list(engine, json),
        FolderCommand::Add { folder } => {
            let root = engine.add_root(folder)?;
            tell(&root, json)?;
            output::note("`afterimage index` reads its photos");
            Ok(())
        }
        FolderCommand::Scan { folders } => {
            let roots = match folders.as_slice() {
                [] => known_roots(engine)?,
                named => named.iter().map(|dir| engine.find_root(dir)).collect::<Result<_, _>>()?,
            };
            scan(engine, &roots, json)
        }
        FolderCommand::Exclude(args) => exclude(engine, args, json),
        FolderCommand::Remove { folder } => {
            let root = engine.find_root(folder)?;
            engine.remove_root(root.id)?;
            tell(&root, json)?;
            output::note(format_args!(
                "{} left the library; the files stay where they are, and what you said of them is \
                 kept for 30 days, should you add the folder again",
                photos(root.photos)
            ));
            Ok(())
        }
    }
}

fn list(engine: &Engine, json: bool) -> Outcome {
    let roots = engine.roots()?;
    let entries: Vec<FolderEntry> = roots.iter().map(FolderEntry::from).collect();
    output::answer(json, &entries, |out| roots.iter().try_for_each(|root| describe(out, root)))?;
    if roots.is_empty() && !json {
        output::note("no folder yet: `afterimage index DIR` adds one");
    }
    Ok(())
}

fn tell(root: &Root, json: bool) -> Outcome {
    output::answer(json, &FolderEntry::from(root), |out| describe(out, root))
}

fn describe(out: &mut dyn Write, root: &Root) -> io::Result<()> {
    let Root { path, state, reason, exclusions, .. } = root;
    write!(out, "{}: {}, {}", shown(path), photos(root.photos), state.as_str())?;
    match reason {
        Some(reason) => writeln!(out, " ({reason})")?,
        None => writeln!(out)?,
    }
    for pattern in &exclusions.patterns {
        writeln!(out, "  without {pattern}")?;
    }
    if exclusions.min_bytes > 0 {
        writeln!(out, "  without files smaller than {}", size(exclusions.min_bytes))?;
    }
    if !exclusions.hidden {
        writeln!(out, "  with hidden files")?;
    }
    if !exclusions.no_media {
        writeln!(out, "  with folders that hold .nomedia")?;
    }
    Ok(())
}

fn scan(engine: &Engine, roots: &[Root], json: bool) -> Outcome {
    let ids: Vec<RootId> = roots.iter().map(|root| root.id).collect();
    let control = Control::default();
    interrupt::stops(&control)?;
    let display = Display::new();
    let report = engine.scan(&ids, &control, &|progress| display.show(&progress))?;
    drop(display);
    if report.stopped {
        return Err(Error::failed(message!("stopped before it began")).into());
    }
    output::answer(json, &ScanDocument::from(&report), |out| {
        writeln!(
            out,
            "{} in {:.1} s: {} added, {} changed, {} moved, {} removed",
            photos(report.photos),
            report.seconds,
            report.added,
            report.modified,
            report.moved,
            report.removed,
        )
    })
}

fn exclude(engine: &Engine, args: &ExcludeArgs, json: bool) -> Outcome {
    let mut root = engine.find_root(&args.folder)?;
    let before = root.exclusions.clone();
    root.exclusions = with(before.clone(), args)?;
    if root.exclusions != before {
        engine.set_exclusions(root.id, &root.exclusions)?;
    }
    tell(&root, json)?;
    match engine.holder() {
        _ if root.exclusions == before => {}
        Some(holder) if holder.kind.is_endless() => {}
        _ => output::note("the next `afterimage index` applies it"),
    }
    Ok(())
}

/// What is left out once this is said, too.
fn with(mut exclusions: Exclusions, args: &ExcludeArgs) -> Outcome<Exclusions> {
    for pattern in &args.allowed {
        let patterns = &mut exclusions.patterns;
        let at = patterns.iter().position(|known| known == pattern).ok_or_else(|| {
            Error::usage(message!(
                "nothing is left out by \"{pattern}\": `afterimage folder list` shows the patterns",
                pattern
            ))
        })?;
        patterns.remove(at);
    }
    for pattern in &args.patterns {
        if !exclusions.patterns.contains(pattern) {
            exclusions.patterns.push(pattern.clone());
        }
    }
    let skips = |treatment| treatment == Treatment::Skip;
    exclusions.hidden = args.hidden.map_or(exclusions.hidden, skips);
    exclusions.no_media = args.nomedia.map_or(exclusions.no_media, skips);
    exclusions.min_bytes = args.min_size.unwrap_or(exclusions.min_bytes);
    Ok(exclusions)
}
