//! `tag` and `rate`: what photos show, as it is suggested and as the person says.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use afterimage_engine::{
    Cancel, Category, Context, Decided, Decision, Engine, Error, NewCategory, PhotoId, ReviewOf,
    SidecarNaming, SidecarSettings, message,
};

use crate::Outcome;
use crate::args::{
    CategoryCommand, CategoryFields, DecideArgs, NamedPhotos, RateArgs, SidecarNames, SuggestArgs,
    Switch, TagCommand, TagFormat, WriteSidecarsArgs,
};
use crate::json::{
    CategoryEntry, CategoryImportDocument, DecidedDocument, DecisionRecord, RatingEntry,
    SidecarSettingsDocument, SidecarsDocument, SuggestEntry, TagEntry, TagImportDocument,
    UndoneDocument,
};
use crate::output::{self, faint, photos, shown};

/// Of a file that is imported.
const LARGEST_IMPORT: u64 = 256 << 20;

/// `afterimage tag …`
pub fn tag(engine: &Engine, command: &TagCommand, json: bool) -> Outcome {
    match command {
        TagCommand::List { all } => list(engine, *all, json),
        TagCommand::Suggest(args) => suggest(engine, args, json),
        TagCommand::Confirm(args) => decide(engine, args, Decision::Confirmed, json),
        TagCommand::Reject(args) => decide(engine, args, Decision::Rejected, json),
        TagCommand::Add(args) => {
            let photos = known(engine, &args.photos)?;
            tell(&engine.add_tag(&photos, &args.name, &Cancel::default())?, json)
        }
        TagCommand::Remove(NamedPhotos { name, photos }) => {
            let photos = known(engine, photos)?;
            tell(&engine.decide(&photos, name, None, &Cancel::default())?, json)
        }
        TagCommand::Undo => {
            let undone = engine.undo_tags(None)?.map(|undone| undone.words.to_string());
            output::answer(json, &UndoneDocument { undone: undone.clone() }, |out| match &undone {
                Some(undone) => writeln!(out, "taken back: {undone}"),
                None => writeln!(out, "there is nothing to take back"),
            })
        }
        TagCommand::Category(command) => category(engine, command, json),
        // The records are JSON or CSV by their own format.
        TagCommand::Export { format } => export(engine, *format, json),
        TagCommand::Import { file, format } => import(engine, file, *format, json),
        TagCommand::WriteSidecars(args) => write_sidecars(engine, args, json),
        TagCommand::Sidecars { switch, naming } => sidecars(engine, *switch, *naming, json),
    }
}

/// `afterimage rate`
pub fn rate(engine: &Engine, args: &RateArgs, json: bool) -> Outcome {
    let ids = known(engine, &args.photos)?;
    engine.set_rating(&ids, args.stars.0)?;
    let rated = ids.iter().map(|id| engine.photo(*id)).collect::<Result<Vec<_>, _>>()?;
    let entries: Vec<RatingEntry> = rated.iter().map(RatingEntry::from).collect();
    output::answer(json, &entries, |out| {
        rated.iter().try_for_each(|photo| match photo.rating {
            Some(-1) => writeln!(out, "rejected {}", shown(&photo.path)),
            stars => writeln!(out, "{} {}", stars.unwrap_or(0), shown(&photo.path)),
        })
    })
}

fn list(engine: &Engine, all: bool, json: bool) -> Outcome {
    let tree = engine.tag_tree(&Cancel::default())?;
    let has_any = |count: &&afterimage_engine::TagCount| {
        all || !count.hidden && (count.tagged > 0 || count.suggested > 0)
    };
    let counts: Vec<_> = tree.categories.iter().filter(has_any).collect();
    let entries: Vec<TagEntry> = counts.iter().map(|count| TagEntry::from(*count)).collect();
    output::answer(json, &entries, |out| {
        let width = counts.iter().map(|count| count.category.name.chars().count()).max();
        let width = width.unwrap_or_default();
        counts.iter().try_for_each(|count| {
            let name = &count.category.name;
            write!(
                out,
                "{name:width$}  {:>7} tagged  {:>7} suggested",
                count.tagged, count.suggested
            )?;
            let learned = if count.learned { "learned from your examples" } else { "" };
            writeln!(out, "  {}", faint(learned))
        })
    })?;
    if counts.is_empty() && !json {
        output::note(
            "no photo has a tag, and none is suggested: `afterimage index DIR` reads photos",
        );
    }
    Ok(())
}

fn suggest(engine: &Engine, args: &SuggestArgs, json: bool) -> Outcome {
    let go = Cancel::default();
    let asked = args.tag.as_deref().map(|name| engine.category(name)).transpose()?;
    if let (Some(category), true) = (&asked, args.photos.is_empty()) {
        let page = engine.review(&category.id, ReviewOf::Suggested, 0, usize::MAX, &go)?;
        let sure = page.photos.iter().filter(|photo| photo.confidence >= Some(args.least));
        let sure: Vec<_> = sure.collect();
        let entries: Vec<SuggestEntry> =
            sure.iter().map(|photo| SuggestEntry::of_category(photo, category)).collect();
        return output::answer(json, &entries, |out| {
            sure.iter().try_for_each(|photo| {
                let confidence = photo.confidence.unwrap_or_default();
                writeln!(out, "{confidence:.2}  {}", shown(&photo.hit.path))
            })
        });
    }
    let all = match args.photos.is_empty() {
        true => engine.all_photo_tags(&go)?,
        false => {
            let tags = |id| Ok((id, engine.photo_tags(id, &go)?));
            known(engine, &args.photos)?.into_iter().map(tags).collect::<Result<_, Error>>()?
        }
    };
    let mut found = Vec::new();
    for (id, mut tags) in all {
        tags.retain(|tag| {
            tag.decision.is_none()
                && !tag.implied
                && tag.confidence >= Some(args.least)
                && asked.as_ref().is_none_or(|asked| asked.id == tag.category)
        });
        // Who asks for a photo is told that there is nothing, too.
        if !tags.is_empty() || !args.photos.is_empty() {
            found.push((engine.photo(id)?, tags));
        }
    }
    let entries: Vec<SuggestEntry> =
        found.iter().map(|(photo, tags)| SuggestEntry::of_photo(photo, tags)).collect();
    output::answer(json, &entries, |out| {
        found.iter().try_for_each(|(photo, tags)| {
            let tags: Vec<String> = tags
                .iter()
                .map(|tag| format!("{} {:.2}", tag.name, tag.confidence.unwrap_or_default()))
                .collect();
            writeln!(out, "{}  {}", shown(&photo.path), tags.join(", "))
        })
    })
}

fn decide(engine: &Engine, args: &DecideArgs, decision: Decision, json: bool) -> Outcome {
    let go = Cancel::default();
    let photos = match args.least {
        None => known(engine, &args.photos)?,
        Some(least) => {
            let page = engine.review(&args.name, ReviewOf::Suggested, 0, usize::MAX, &go)?;
            let sure = page.photos.iter().filter(|photo| photo.confidence >= Some(least));
            sure.map(|photo| photo.hit.photo).collect()
        }
    };
    tell(&engine.decide(&photos, &args.name, Some(decision), &go)?, json)
}

fn tell(decided: &Decided, json: bool) -> Outcome {
    output::answer(json, &DecidedDocument::from(decided), |out| {
        writeln!(out, "{} changed", photos(decided.changed))?;
        match decided.learned {
            Some(learned) => writeln!(
                out,
                "learned: {} likely suggestions now, {} before",
                learned.after, learned.before
            ),
            None => Ok(()),
        }
    })
}

fn category(engine: &Engine, command: &CategoryCommand, json: bool) -> Outcome {
    let hide = |name: &str, hidden: bool| -> Outcome {
        let category = engine.category(name)?;
        describe(&engine.save_category(&NewCategory { hidden, ..as_it_is(&category) })?, json)
    };
    match command {
        CategoryCommand::List { all } => list_categories(engine, *all, json),
        CategoryCommand::Show { name } => describe(&engine.category(name)?, json),
        CategoryCommand::Add { name, fields } => {
            let new = NewCategory { name: name.clone(), ..NewCategory::default() };
            describe(&engine.save_category(&with(new, fields))?, json)
        }
        CategoryCommand::Edit { name, rename, fields } => {
            let mut new = as_it_is(&engine.category(name)?);
            new.name = rename.clone().unwrap_or(new.name);
            describe(&engine.save_category(&with(new, fields))?, json)
        }
        CategoryCommand::Hide { name } => hide(name, true),
        CategoryCommand::Unhide { name } => hide(name, false),
        CategoryCommand::Remove { name } => {
            let category = engine.category(name)?;
            engine.remove_category(&category.id)?;
            describe(&category, json)
        }
        CategoryCommand::Reset { name } => describe(&engine.reset_category(name)?, json),
        CategoryCommand::Export { all } => {
            // A file by itself, with and without --json.
            let file = engine.export_categories(*all)?;
            write_out(file.as_bytes())
        }
        CategoryCommand::Import { file } => {
            let changed = engine.import_categories(file)?;
            output::answer(json, &CategoryImportDocument { changed }, |out| {
                writeln!(out, "{changed} categories changed")
            })
        }
    }
}

fn as_it_is(category: &Category) -> NewCategory {
    let Category { id, name, names, parent, prompts, synonyms, exclusive, hidden, .. } =
        category.clone();
    NewCategory { id: Some(id), name, names, parent, prompts, synonyms, exclusive, hidden }
}

fn with(mut new: NewCategory, fields: &CategoryFields) -> NewCategory {
    if !fields.prompts.is_empty() {
        new.prompts.clone_from(&fields.prompts);
    }
    if !fields.synonyms.is_empty() {
        new.synonyms.clone_from(&fields.synonyms);
    }
    match fields.parent.as_deref() {
        Some("-") => new.parent = None,
        Some(parent) => new.parent = Some(parent.to_owned()),
        None => {}
    }
    new.names.extend(fields.names.iter().cloned());
    new.exclusive = fields.exclusive.unwrap_or(new.exclusive);
    new
}

fn list_categories(engine: &Engine, all: bool, json: bool) -> Outcome {
    let categories = engine.categories()?;
    // A branch is hidden as a whole.
    let mut hidden: Vec<&str> = Vec::new();
    let mut depths: Vec<(&str, usize)> = Vec::new();
    let mut listed = Vec::new();
    for one in &categories {
        let parent = one.parent.as_deref().unwrap_or_default();
        let depth = depths.iter().rev().find(|(id, _)| *id == parent).map_or(0, |(_, at)| at + 1);
        depths.push((&one.id, depth));
        if one.hidden || hidden.contains(&parent) {
            hidden.push(&one.id);
            if !all {
                continue;
            }
        }
        listed.push((one, depth));
    }
    let entries: Vec<CategoryEntry> =
        listed.iter().map(|(one, _)| CategoryEntry::from(*one)).collect();
    output::answer(json, &entries, |out| {
        listed.iter().try_for_each(|(one, depth)| {
            let id = faint(&one.id);
            writeln!(out, "{:indent$}{} {id}", "", one.name, indent = 2 * depth)
        })
    })
}

fn describe(category: &Category, json: bool) -> Outcome {
    output::answer(json, &CategoryEntry::from(category), |out| {
        writeln!(out, "{} {}", category.name, faint(&category.id))?;
        for (language, name) in &category.names {
            writeln!(out, "  {language}: {name}")?;
        }
        let mut line = |what: &str, texts: &[String]| match texts.is_empty() {
            true => Ok(()),
            false => writeln!(out, "  {what}: {}", texts.join(", ")),
        };
        line("part of", category.parent.as_slice())?;
        line("prompts", &category.prompts)?;
        line("also called", &category.synonyms)?;
        line("taken for", &category.confused_with)?;
        if category.hidden { writeln!(out, "  hidden") } else { Ok(()) }
    })
}

fn export(engine: &Engine, format: TagFormat, json: bool) -> Outcome {
    let records = engine.tag_records()?;
    let records: Vec<DecisionRecord> = records.iter().map(DecisionRecord::from).collect();
    if json || format == TagFormat::Json {
        return output::answer(true, &records, |_| Ok(()));
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    if records.is_empty() {
        writer
            .write_record(["path", "tag", "decision"])
            .context(|| message!("cannot write CSV"))?;
    }
    for record in &records {
        writer.serialize(record).context(|| message!("cannot write CSV"))?;
    }
    let written = writer.into_inner().map_err(|error| error.into_error());
    write_out(&written.context(|| message!("cannot write CSV"))?)
}

fn import(engine: &Engine, file: &Path, format: Option<TagFormat>, json: bool) -> Outcome {
    let is_json = file.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("json"));
    let format = format.unwrap_or(if is_json { TagFormat::Json } else { TagFormat::Csv });
    let named = fs::metadata(file);
    if !named.is_ok_and(|named| named.is_file() && named.len() <= LARGEST_IMPORT) {
        let most = LARGEST_IMPORT / 1_000_000;
        return Err(Error::usage(message!(
            "{file} is not there, no file, or larger than {most} MB: name what `afterimage tag \
             export` wrote",
            file = shown(file),
            most
        ))
        .into());
    }
    let bytes = fs::read(file).context(|| message!("cannot read {file}", file = shown(file)))?;
    let wrong = |what: &dyn std::fmt::Display| {
        Error::usage(message!(
            "{file}: {what}: it should have a path, a tag, and as decision confirmed, tagged or \
             rejected, as `afterimage tag export` writes them",
            file = shown(file),
            what
        ))
    };
    let records: Vec<DecisionRecord> = match format {
        TagFormat::Json => serde_json::from_slice(&bytes).map_err(|error| wrong(&error))?,
        TagFormat::Csv => csv::Reader::from_reader(bytes.as_slice())
            .deserialize()
            .collect::<Result<_, _>>()
            .map_err(|error| wrong(&error))?,
    };
    let records: Vec<(PathBuf, String, Decision)> = records
        .into_iter()
        .map(|record| (PathBuf::from(record.path), record.tag, record.decision.into()))
        .collect();
    let (changed, unknown) = engine.import_tags(&records)?;
    output::answer(json, &TagImportDocument::new(changed, &unknown), |out| {
        writeln!(out, "{changed} decisions changed")
    })?;
    if !unknown.is_empty() {
        output::note(format_args!(
            "no photo of this library is at {} and {} other places",
            shown(&unknown[0]),
            unknown.len() - 1
        ));
    }
    Ok(())
}

fn write_sidecars(engine: &Engine, args: &WriteSidecarsArgs, json: bool) -> Outcome {
    if !args.dry_run && !engine.sidecar_settings()?.write {
        return Err(Error::usage(message!(
            "writing sidecars is switched off: `afterimage tag sidecars on` switches it on, and \
             --dry-run says what would be written"
        ))
        .into());
    }
    let photos = match args.photos.is_empty() {
        true => None,
        false => Some(known(engine, &args.photos)?),
    };
    let report = engine.write_sidecars(photos.as_deref(), args.dry_run, &Cancel::default())?;
    output::answer(json, &SidecarsDocument::new(&report, args.dry_run), |out| {
        let verb = if args.dry_run { "would be written" } else { "written" };
        for one in &report.written {
            write!(out, "{}", shown(&one.path))?;
            one.adds.iter().try_for_each(|word| write!(out, " +{word}"))?;
            one.removes.iter().try_for_each(|word| write!(out, " -{word}"))?;
            writeln!(out)?;
        }
        writeln!(out, "{} {verb}, {} say it already", report.written.len(), report.same)
    })?;
    for (path, reason) in &report.failed {
        output::warn(format_args!("{}: {reason}", shown(path)));
    }
    Ok(())
}

fn sidecars(
    engine: &Engine,
    switch: Option<Switch>,
    naming: Option<SidecarNames>,
    json: bool,
) -> Outcome {
    let mut settings = engine.sidecar_settings()?;
    settings.write = switch.map_or(settings.write, |switch| switch == Switch::On);
    settings.naming = naming.map_or(settings.naming, |naming| match naming {
        SidecarNames::Stem => SidecarNaming::Stem,
        SidecarNames::Full => SidecarNaming::Full,
    });
    engine.set_sidecar_settings(settings)?;
    let SidecarSettings { write, naming } = settings;
    let naming = match naming {
        SidecarNaming::Stem => "stem",
        SidecarNaming::Full => "full",
    };
    output::answer(json, &SidecarSettingsDocument { write, naming }, |out| {
        let state = if write { "on" } else { "off" };
        let name = if naming == "stem" { "IMG.xmp" } else { "IMG.jpg.xmp" };
        writeln!(out, "writing sidecars is {state}; new ones are called {name}")
    })
}

/// Photos that are in the library, by their numbers or files.
pub(super) fn known(engine: &Engine, photos: &[PathBuf]) -> Outcome<Vec<PhotoId>> {
    let find = |photo: &PathBuf| {
        engine.find_photo(photo)?.ok_or_else(|| {
            Error::not_found(message!(
                "{photo} is neither a photo's number in this library nor the file of one",
                photo = shown(photo)
            ))
        })
    };
    Ok(photos.iter().map(find).collect::<Result<_, Error>>()?)
}

fn write_out(bytes: &[u8]) -> Outcome {
    let written = io::stdout().lock().write_all(bytes).and_then(|()| io::stdout().flush());
    Ok(written.context(|| message!("cannot write to standard output"))?)
}
