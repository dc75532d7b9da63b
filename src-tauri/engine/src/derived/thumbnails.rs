//! Thumbnails, with the size and average colour of the photo they show.

use std::collections::HashSet;

use rusqlite::{OptionalExtension, Transaction, params};

use super::Derived;
use crate::error::Result;
use crate::sqlite::Migration;

pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    version: 2,
    sql: "CREATE TABLE thumbnail (
            content_hash BLOB PRIMARY KEY CHECK (length(content_hash) = 32),
            -- Of the photo, upright; before the pixels, so that reading them
            -- does not touch the pixels' pages.
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            average BLOB NOT NULL CHECK (length(average) = 3),
            jpeg BLOB NOT NULL
          ) STRICT;",
}];

/// Of a photo, upright, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub width: u32,
    pub height: u32,
}

/// A thumbnail as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct ThumbnailRow {
    /// Of the photo, not of the thumbnail.
    pub size: Size,
    /// Average colour, sRGB.
    pub average: [u8; 3],
    pub jpeg: Vec<u8>,
}

pub(super) fn insert(t: &Transaction, hash: &[u8; 32], row: &ThumbnailRow) -> rusqlite::Result<()> {
    t.prepare_cached(
        "INSERT OR IGNORE INTO thumbnail (content_hash, width, height, average, jpeg)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![hash, row.size.width, row.size.height, row.average, row.jpeg])
    .map(drop)
}

impl Derived {
    /// The thumbnail's JPEG.
    pub fn thumbnail(&self, hash: &[u8; 32]) -> Result<Option<Vec<u8>>> {
        self.database.read(|c| {
            c.prepare_cached("SELECT jpeg FROM thumbnail WHERE content_hash = ?1")?
                .query_row([hash], |row| row.get(0))
                .optional()
        })
    }

    /// The photo's size and average colour, where its thumbnail is stored.
    pub fn picture(&self, hash: &[u8; 32]) -> Result<Option<(Size, [u8; 3])>> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT width, height, average FROM thumbnail WHERE content_hash = ?1",
            )?
            .query_row([hash], |row| {
                Ok((Size { width: row.get(0)?, height: row.get(1)? }, row.get(2)?))
            })
            .optional()
        })
    }

    /// Hashes that have a thumbnail.
    pub fn thumbnailed(&self) -> Result<HashSet<[u8; 32]>> {
        self.database.read(|c| {
            c.prepare_cached("SELECT content_hash FROM thumbnail")?
                .query_map([], |row| row.get(0))?
                .collect()
        })
    }
}
