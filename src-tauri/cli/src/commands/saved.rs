//! `saved` and `favourite`: what the person keeps and marks.

use std::io::{self, Write};

use afterimage_engine::{Engine, Error, NewSavedSearch, PhotoId, SavedSearch, message};

use crate::Outcome;
use crate::args::{FavouriteArgs, SavedCommand};
use crate::json::{FavouriteEntry, SavedEntry};
use crate::output::{self, faint, photos, shown};

/// `afterimage saved …`
pub fn saved(engine: &Engine, command: &SavedCommand, json: bool) -> Outcome {
    match command {
        SavedCommand::List => list(engine, json),
        SavedCommand::Add { name, query, like, unlike } => {
            let [like, unlike] = [like, unlike].map(|ids| known(engine, ids));
            let new = NewSavedSearch {
                name: name.clone(),
                query: query.clone().unwrap_or_default(),
                examples: Vec::new(),
                like: like?,
                unlike: unlike?,
            };
            tell(&engine.save_search(&new)?, json)
        }
        SavedCommand::Rename { old, new } => {
            let mut search = engine.saved_search(old)?;
            search.name = new.trim().to_owned();
            engine.update_saved_search(&search)?;
            tell(&search, json)
        }
        SavedCommand::Remove { name } => {
            let search = engine.saved_search(name)?;
            engine.remove_saved_search(search.id)?;
            tell(&search, json)
        }
    }
}

/// `afterimage favourite`
pub fn favourite(engine: &Engine, args: &FavouriteArgs, json: bool) -> Outcome {
    let mut ids = Vec::new();
    for photo in &args.photos {
        let id = engine.find_photo(photo)?.ok_or_else(|| {
            Error::not_found(message!(
                "{photo} is neither a photo's number in this library nor the file of one",
                photo = shown(photo)
            ))
        })?;
        ids.push(id);
    }
    engine.set_favourite(&ids, !args.remove)?;
    let marked = ids.iter().map(|id| engine.photo(*id)).collect::<Result<Vec<_>, _>>()?;
    let entries: Vec<FavouriteEntry> = marked.iter().map(FavouriteEntry::from).collect();
    output::answer(json, &entries, |out| {
        marked.iter().try_for_each(|photo| writeln!(out, "{}", shown(&photo.path)))
    })
}

fn list(engine: &Engine, json: bool) -> Outcome {
    let searches = engine.saved_searches()?;
    let entries: Vec<SavedEntry> = searches.iter().map(SavedEntry::from).collect();
    output::answer(json, &entries, |out| {
        searches.iter().try_for_each(|search| describe(out, search))
    })?;
    if searches.is_empty() && !json {
        output::note("no saved search yet: `afterimage saved add NAME QUERY` keeps one");
    }
    Ok(())
}

fn tell(search: &SavedSearch, json: bool) -> Outcome {
    output::answer(json, &SavedEntry::from(search), |out| describe(out, search))
}

fn describe(out: &mut dyn Write, search: &SavedSearch) -> io::Result<()> {
    write!(out, "{}: {}", search.name, search.query)?;
    for (what, how_many) in
        [("like", search.like.len() + search.examples.len()), ("unlike", search.unlike.len())]
    {
        if how_many > 0 {
            let photos = photos(how_many as u64);
            write!(out, "{}", faint(format_args!(" {what} {photos}")))?;
        }
    }
    writeln!(out)
}

/// Photos that are in the library: a number typed wrong would be dropped silently.
fn known(engine: &Engine, ids: &[i64]) -> Outcome<Vec<PhotoId>> {
    for id in ids {
        engine.photo(PhotoId(*id))?;
    }
    Ok(ids.iter().copied().map(PhotoId).collect())
}
