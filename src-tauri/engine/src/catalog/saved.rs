//! Questions that the person kept.

use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Catalog;
use crate::error::{Error, Result};
use crate::sqlite::Migration;

pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    version: 10,
    sql: "CREATE TABLE saved_search (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            -- The name in lower case: SQLite knows no case but that of ASCII.
            name_key TEXT NOT NULL UNIQUE,
            -- As it was typed, so that \"last summer\" is always the last one.
            query TEXT NOT NULL,
            -- JSON: photos, each with its crop as left, top, width, height or null.
            examples TEXT NOT NULL DEFAULT '[]',
            -- JSON arrays of photos.
            likes TEXT NOT NULL DEFAULT '[]',
            unlikes TEXT NOT NULL DEFAULT '[]',
            position INTEGER NOT NULL,
            -- Seconds since 1970.
            created INTEGER NOT NULL
          ) STRICT;",
}];

/// A saved search as the catalog has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SavedRow {
    /// 0 for one that is not kept yet.
    pub id: i64,
    pub name: String,
    pub query: String,
    pub examples: Vec<SavedExample>,
    /// Photos that are present, when read.
    pub likes: Vec<i64>,
    /// The same.
    pub unlikes: Vec<i64>,
}

/// A photo that an answer should resemble.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedExample {
    pub photo: i64,
    /// Left, top, width, height.
    pub crop: Option<[f32; 4]>,
}

impl Catalog {
    /// All saved searches, in the order in which they were kept.
    pub fn saved_searches(&self) -> Result<Vec<SavedRow>> {
        self.database.read(|c| {
            let rows: Vec<SavedRow> = c
                .prepare_cached("SELECT * FROM saved_search ORDER BY position, id")?
                .query_map([], saved)?
                .collect::<rusqlite::Result<_>>()?;
            rows.into_iter().map(|row| without_what_is_gone(c, row)).collect()
        })
    }

    /// The saved search of this name, of any case.
    pub fn saved_search(&self, name: &str) -> Result<Option<SavedRow>> {
        self.database.read(|c| {
            let row = c
                .prepare_cached("SELECT * FROM saved_search WHERE name_key = ?1")?
                .query_row([key(name)], saved)
                .optional()?;
            row.map(|row| without_what_is_gone(c, row)).transpose()
        })
    }

    /// Keeps a search, after those that are kept; its id, or `None` where the name
    /// is taken.
    pub fn add_saved_search(&self, new: &SavedRow, now: i64) -> Result<Option<i64>> {
        let [examples, likes, unlikes] = lists(new)?;
        self.database.write(|t| {
            t.query_row(
                "INSERT INTO saved_search
                   (name, name_key, query, examples, likes, unlikes, position, created)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6,
                   (SELECT coalesce(max(position), 0) + 1 FROM saved_search), ?7)
                 ON CONFLICT (name_key) DO NOTHING RETURNING id",
                params![new.name, key(&new.name), new.query, examples, likes, unlikes, now],
                |row| row.get(0),
            )
            .optional()
        })
    }

    /// Changes all of the search of this id but its place. Photos that it has and
    /// that are not there now stay its, for who changes it was not told of them.
    pub fn update_saved_search(&self, changed: &SavedRow) -> Result<SavedUpdate> {
        let mut changed = changed.clone();
        let kept = self.database.read(|c| {
            c.prepare_cached("SELECT * FROM saved_search WHERE id = ?1")?
                .query_row([changed.id], saved)
                .optional()?
                .map(|kept| Ok((without_what_is_gone(c, kept.clone())?, kept)))
                .transpose()
        })?;
        if let Some((there, kept)) = kept {
            let gone = |all: Vec<i64>, there: &[i64]| {
                all.into_iter().filter(|photo| !there.contains(photo)).collect::<Vec<i64>>()
            };
            changed.likes.extend(gone(kept.likes, &there.likes));
            changed.unlikes.extend(gone(kept.unlikes, &there.unlikes));
        }
        let [examples, likes, unlikes] = lists(&changed)?;
        let key = key(&changed.name);
        self.database.write(|t| {
            let taken = t
                .prepare("SELECT 1 FROM saved_search WHERE name_key = ?1 AND id <> ?2")?
                .exists(params![key, changed.id])?;
            if taken {
                return Ok(SavedUpdate::NameTaken);
            }
            let rows = t.execute(
                "UPDATE saved_search SET name = ?2, name_key = ?3, query = ?4, examples = ?5,
                   likes = ?6, unlikes = ?7
                 WHERE id = ?1",
                params![changed.id, changed.name, key, changed.query, examples, likes, unlikes],
            )?;
            Ok(if rows == 0 { SavedUpdate::NoSuchSearch } else { SavedUpdate::Done })
        })
    }

    /// Forgets a saved search; `false` where there is none of this id.
    pub fn remove_saved_search(&self, id: i64) -> Result<bool> {
        self.database.write(|t| Ok(t.execute("DELETE FROM saved_search WHERE id = ?1", [id])? > 0))
    }
}

/// What became of a change to a saved search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SavedUpdate {
    /// It is as it was said.
    Done,
    /// Another one has the name; nothing was changed.
    NameTaken,
    /// It was removed meanwhile.
    NoSuchSearch,
}

fn key(name: &str) -> String {
    name.to_lowercase()
}

fn lists(search: &SavedRow) -> Result<[String; 3]> {
    let json = |list: serde_json::Result<String>| {
        list.map_err(|error| {
            Error::failed(message!("cannot note the photos of a search")).with(error)
        })
    };
    Ok([
        json(serde_json::to_string(&search.examples))?,
        json(serde_json::to_string(&search.likes))?,
        json(serde_json::to_string(&search.unlikes))?,
    ])
}

fn saved(row: &Row) -> rusqlite::Result<SavedRow> {
    Ok(SavedRow {
        id: row.get("id")?,
        name: row.get("name")?,
        query: row.get("query")?,
        examples: list(row, "examples")?,
        likes: list(row, "likes")?,
        unlikes: list(row, "unlikes")?,
    })
}

fn list<T: DeserializeOwned>(row: &Row, column: &str) -> rusqlite::Result<Vec<T>> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|error| {
        let error = FromSqlError::Other(Box::new(error));
        rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
    })
}

/// Photos that are not there say nothing for now. They stay in the table: one may
/// come back. An example stays, since without it another question would be asked.
fn without_what_is_gone(c: &Connection, mut search: SavedRow) -> rusqlite::Result<SavedRow> {
    let mut present =
        c.prepare_cached("SELECT 1 FROM photo WHERE id = ?1 AND state = 'present'")?;
    for list in [&mut search.likes, &mut search.unlikes] {
        let all = std::mem::take(list);
        for photo in all {
            if present.exists([photo])? {
                list.push(photo);
            }
        }
    }
    Ok(search)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::catalog::Stat;

    fn search(name: &str, query: &str) -> SavedRow {
        let (name, query) = (name.to_owned(), query.to_owned());
        SavedRow { id: 0, name, query, examples: vec![], likes: vec![], unlikes: vec![] }
    }

    #[test]
    fn a_search_is_kept_whole_changed_and_removed() {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(dir.path()).unwrap();
        let root = catalog.add_root(Path::new("/photos"), 0).unwrap();
        let photo = |name: &str| {
            let add = |t: &rusqlite::Transaction<'_>| {
                Catalog::add_photo(t, root, Path::new(name), Stat::default(), 0)
            };
            catalog.change(add).unwrap()
        };
        let (a, b) = (photo("a.jpg"), photo("b.jpg"));
        let examples = vec![
            SavedExample { photo: a, crop: Some([0.25, 0.0, 0.5, 1.0]) },
            SavedExample { photo: b, crop: None },
        ];
        let mut whole =
            SavedRow { examples, likes: vec![b, a], unlikes: vec![b], ..search("Übersee", "x") };
        whole.id = catalog.add_saved_search(&whole, 5).unwrap().unwrap();
        assert_eq!(catalog.saved_search("ÜBERSEE").unwrap(), Some(whole.clone()));
        assert_eq!(catalog.add_saved_search(&search("übersee", "y"), 6).unwrap(), None);

        let other = catalog.add_saved_search(&search("other", "date:\"last summer\""), 6).unwrap();
        let names = || -> Vec<String> {
            catalog.saved_searches().unwrap().into_iter().map(|search| search.name).collect()
        };
        assert_eq!(names(), ["Übersee", "other"]);
        let taken = SavedRow { name: "OTHER".into(), ..whole.clone() };
        assert_eq!(catalog.update_saved_search(&taken).unwrap(), SavedUpdate::NameTaken);
        let recased = SavedRow { name: "ÜberSee".into(), ..whole.clone() };
        assert_eq!(catalog.update_saved_search(&recased).unwrap(), SavedUpdate::Done);
        assert_eq!(names(), ["ÜberSee", "other"]);

        assert!(catalog.remove_saved_search(other.unwrap()).unwrap());
        assert!(!catalog.remove_saved_search(other.unwrap()).unwrap());
        let removed = SavedRow { id: other.unwrap(), ..search("again", "x") };
        assert_eq!(catalog.update_saved_search(&removed).unwrap(), SavedUpdate::NoSuchSearch);

        // A photo that is gone is not named until it is back; an example is.
        catalog.change(|t| Catalog::miss_photo(t, b, 9)).unwrap();
        let now = catalog.saved_search("übersee").unwrap().unwrap();
        assert_eq!((&now.likes, &now.unlikes, now.examples.len()), (&vec![a], &vec![], 2));
        // Who changes the search meanwhile does not know of it and takes it not away.
        let changed = SavedRow { query: "z".into(), ..now };
        assert_eq!(catalog.update_saved_search(&changed).unwrap(), SavedUpdate::Done);
        let place = |t: &rusqlite::Transaction<'_>| {
            Catalog::place_photo(t, b, root, Path::new("c.jpg"), Stat::default(), false)
        };
        catalog.change(place).unwrap();
        let back = catalog.saved_search("übersee").unwrap().unwrap();
        assert_eq!((back.likes, back.unlikes, back.query.as_str()), (vec![a, b], vec![b], "z"));
        let without = SavedRow { likes: vec![a], ..changed };
        catalog.update_saved_search(&without).unwrap();
        assert_eq!(catalog.saved_search("übersee").unwrap().unwrap().likes, [a]);
    }
}
