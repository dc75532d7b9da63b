//! What the person says and keeps: favourites, stars, saved searches, and what was asked.

use std::collections::{BTreeMap, HashSet};

use crate::catalog::{SavedExample, SavedRow, SavedUpdate};
use crate::error::{Error, Result};
use crate::jobs::{self, Cancel};
use crate::view::{
    Crop, Example, ExampleSource, NewSavedSearch, PhotoId, Rated, SavedSearch, SavedSearchId,
    SearchRequest,
};
use crate::{Engine, no_photo};

/// Of a saved search's name, in characters.
const LONGEST_NAME: usize = 100;

impl Engine {
    /// Marks photos as favourites, or takes the mark away. It stays with a photo
    /// wherever its file goes and however it is edited. Returns those that changed.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) for an unknown id; none is marked
    /// then.
    pub fn set_favourite(&self, photos: &[PhotoId], favourite: bool) -> Result<Vec<PhotoId>> {
        let before = self.0.catalog.set_favourite(&each_once(photos), favourite)?;
        let before = before.map_err(|unknown| no_photo(PhotoId(unknown)))?;
        let changed = before.into_iter().filter(|(_, was)| *was != favourite);
        Ok(changed.map(|(photo, _)| PhotoId(photo)).collect())
    }

    /// Gives photos stars, 0 to 5, or rejects them, -1; `None` has what their files say
    /// count again. They stay with a photo as the mark of a favourite does. Returns what
    /// all of them had before: to rate each group so again takes it back.
    ///
    /// # Errors
    /// [`Code::Usage`](crate::Code::Usage) for other numbers;
    /// [`Code::NotFound`](crate::Code::NotFound) for an unknown id; none is rated
    /// then.
    pub fn set_rating(&self, photos: &[PhotoId], stars: Option<i8>) -> Result<Vec<Rated>> {
        if stars.is_some_and(|stars| !(-1..=5).contains(&stars)) {
            return Err(Error::usage(message!(
                "a rating is 0 to 5 stars, or -1 for a rejected photo"
            )));
        }
        let before = self.0.catalog.set_stars(&each_once(photos), stars)?;
        let mut groups: BTreeMap<Option<i8>, Vec<PhotoId>> = BTreeMap::new();
        for (photo, stars) in before.map_err(|unknown| no_photo(PhotoId(unknown)))? {
            groups.entry(stars).or_default().push(PhotoId(photo));
        }
        Ok(groups.into_iter().map(|(stars, photos)| Rated { stars, photos }).collect())
    }

    /// All saved searches, in the order in which they were kept.
    pub fn saved_searches(&self) -> Result<Vec<SavedSearch>> {
        Ok(self.0.catalog.saved_searches()?.into_iter().map(shown).collect())
    }

    /// The saved search of this name, of any case.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) where there is none.
    pub fn saved_search(&self, name: &str) -> Result<SavedSearch> {
        let row = self.0.catalog.saved_search(name.trim())?.ok_or_else(|| {
            Error::not_found(message!(
                "there is no saved search \"{name}\": `afterimage saved list` shows those that are",
                name
            ))
        })?;
        Ok(shown(row))
    }

    /// Keeps a question under a name.
    ///
    /// # Errors
    /// [`Code::Usage`](crate::Code::Usage) where the name is taken, empty or longer
    /// than 100 characters, where nothing is asked, and where an example is no
    /// photo of the library.
    pub fn save_search(&self, search: &NewSavedSearch) -> Result<SavedSearch> {
        let NewSavedSearch { name, query, examples, like, unlike } = search;
        let mut row = row(0, name, query, examples, like, unlike)?;
        row.id = self
            .0
            .catalog
            .add_saved_search(&row, jobs::now())?
            .ok_or_else(|| name_taken(&row.name))?;
        Ok(shown(row))
    }

    /// Gives a saved search another name or question; its place in the list stays.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) where it was removed;
    /// [`Code::Usage`](crate::Code::Usage) as for
    /// [`save_search`](Self::save_search).
    pub fn update_saved_search(&self, search: &SavedSearch) -> Result<()> {
        let SavedSearch { id, name, query, examples, like, unlike } = search;
        let row = row(id.0, name, query, examples, like, unlike)?;
        match self.0.catalog.update_saved_search(&row)? {
            SavedUpdate::Done => Ok(()),
            SavedUpdate::NameTaken => Err(name_taken(&row.name)),
            SavedUpdate::NoSuchSearch => Err(no_saved_search(*id)),
        }
    }

    /// Forgets a saved search; the photos stay.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) where there is none of this id.
    pub fn remove_saved_search(&self, id: SavedSearchId) -> Result<()> {
        match self.0.catalog.remove_saved_search(id.0)? {
            true => Ok(()),
            false => Err(no_saved_search(id)),
        }
    }

    /// How many photos a saved search finds now: strong and likely ones, or all where
    /// it only filters.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) where there is none of this id; else
    /// as [`search`](Self::search).
    pub fn count_saved_search(&self, id: SavedSearchId, cancel: &Cancel) -> Result<usize> {
        let saved = self.saved_searches()?.into_iter().find(|saved| saved.id == id);
        let saved = saved.ok_or_else(|| no_saved_search(id))?;
        let page = self.search(&SearchRequest { limit: Some(0), ..saved.into() }, cancel)?;
        Ok(if page.by_date { page.total } else { page.strong + page.likely })
    }

    /// Remembers that this was asked, to offer it again: the last 200 questions of
    /// at most 1000 characters. They are kept in `library.sqlite` and its backups,
    /// and nowhere else.
    pub fn remember_query(&self, query: &str) -> Result<()> {
        self.0.catalog.remember_query(query, jobs::now())
    }

    /// What was asked, as it was typed, the latest first, at most `limit`.
    pub fn history(&self, limit: usize) -> Result<Vec<String>> {
        self.0.catalog.history(limit)
    }

    /// Forgets all that was asked. The daily backups have it for a week more.
    pub fn forget_history(&self) -> Result<()> {
        self.0.catalog.forget_history()
    }
}

impl From<SavedSearch> for SearchRequest {
    fn from(saved: SavedSearch) -> Self {
        let SavedSearch { query, examples, like, unlike, .. } = saved;
        Self { query, examples, like, unlike, ..Self::default() }
    }
}

fn row(
    id: i64,
    name: &str,
    query: &str,
    examples: &[Example],
    like: &[PhotoId],
    unlike: &[PhotoId],
) -> Result<SavedRow> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Error::usage(message!("a saved search needs a name: say what to call it")));
    }
    if name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
        return Err(Error::usage(message!(
            "the name of a saved search is one line of at most {most} characters: choose a \
             shorter one",
            most = LONGEST_NAME
        )));
    }
    let query = query.trim();
    if query.is_empty() && examples.is_empty() && like.is_empty() && unlike.is_empty() {
        return Err(Error::usage(message!(
            "there is nothing to save: say what the photos should show"
        )));
    }
    let photos = |ids: &[PhotoId]| ids.iter().map(|photo| photo.0).collect();
    Ok(SavedRow {
        id,
        name: name.to_owned(),
        query: query.to_owned(),
        examples: examples.iter().map(to_keep).collect::<Result<_>>()?,
        likes: photos(like),
        unlikes: photos(unlike),
    })
}

/// The numbers of photos, without those that were named before.
fn each_once(photos: &[PhotoId]) -> Vec<i64> {
    let mut seen = HashSet::new();
    photos.iter().map(|photo| photo.0).filter(|&photo| seen.insert(photo)).collect()
}

fn to_keep(example: &Example) -> Result<SavedExample> {
    let ExampleSource::Photo(PhotoId(photo)) = example.source else {
        return Err(Error::usage(message!(
            "only photos of the library can be examples of a saved search: a file may change or \
             go, and a pasted picture is not kept. Add the picture to a folder of the library, or \
             save the search without it"
        )));
    };
    let crop = example.crop.map(|Crop { left, top, width, height }| [left, top, width, height]);
    Ok(SavedExample { photo, crop })
}

fn shown(row: SavedRow) -> SavedSearch {
    let example = |SavedExample { photo, crop }| Example {
        source: ExampleSource::Photo(PhotoId(photo)),
        crop: crop.map(|[left, top, width, height]| Crop { left, top, width, height }),
    };
    let photos = |ids: Vec<i64>| ids.into_iter().map(PhotoId).collect();
    SavedSearch {
        id: SavedSearchId(row.id),
        name: row.name,
        query: row.query,
        examples: row.examples.into_iter().map(example).collect(),
        like: photos(row.likes),
        unlike: photos(row.unlikes),
    }
}

fn name_taken(name: &str) -> Error {
    Error::usage(message!(
        "there is a saved search \"{name}\" already: choose another name, or remove that one first",
        name
    ))
}

fn no_saved_search(id: SavedSearchId) -> Error {
    Error::not_found(message!("there is no saved search {id} in this library any more", id = id.0))
}
