//! What a check needs to know of the catalog, read without opening it to write.

use std::collections::HashSet;
use std::path::Path;

use super::{Catalog, ContentHash, MIGRATIONS};
use crate::error::{Context, Result};
use crate::sqlite::{self, Migration};

/// What the catalog holds, as far as the derived store has to match it.
pub(crate) struct Contents {
    /// Photos that are present.
    pub photos: u64,
    /// Of all photos, missing ones included: they may come back.
    pub hashes: HashSet<ContentHash>,
    /// Present photos that did not fail: their hash, where they are read.
    wanted: Vec<Option<ContentHash>>,
}

impl Contents {
    /// Photos that have yet to be read, or whose hash is not `complete`.
    pub fn pending(&self, complete: impl Fn(&ContentHash) -> bool) -> u64 {
        let waits = |hash: &&Option<ContentHash>| !hash.as_ref().is_some_and(&complete);
        self.wanted.iter().filter(waits).count() as u64
    }
}

impl Catalog {
    /// The schema's steps.
    pub fn migrations() -> &'static [&'static [Migration]] {
        &MIGRATIONS
    }

    /// Reads them from a catalog's file, of this version or an older one.
    pub fn contents(file: &Path) -> Result<Contents> {
        let read = || -> rusqlite::Result<Contents> {
            let connection = sqlite::reader(file)?;
            let photos = connection.query_row(
                "SELECT count(*) FROM photo WHERE state = 'present'",
                [],
                |row| row.get(0),
            )?;
            let hashes = connection
                .prepare("SELECT content_hash FROM photo WHERE content_hash IS NOT NULL")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let wanted = connection
                .prepare(
                    "SELECT CASE WHEN unread THEN NULL ELSE content_hash END FROM photo
                     WHERE state = 'present' AND id NOT IN (SELECT photo_id FROM failure)",
                )?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            Ok(Contents { photos, hashes, wanted })
        };
        read().context(|| message!("cannot read {file}", file = file.display()))
    }
}
