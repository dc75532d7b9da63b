//! `library.sqlite`: where the photos are and what the person said of them.
//!
//! Small and precious. It knows paths, sizes, dates and content hashes; pixels,
//! vectors and thumbnails are in `derived`, which can be computed again.
//! Each table's file holds its migrations and every statement on it.

mod failures;
mod paths;
mod photos;
mod places;
mod readings;
mod roots;
mod settings;

use std::path::Path;

pub(crate) use photos::{HitRow, PendingPhoto};
pub(crate) use places::{KnownPhoto, Stat};
pub(crate) use readings::{Failed, Near, ReadPhoto, Stored};
pub(crate) use roots::RootRow;

use crate::error::Result;
use crate::sqlite::Database;

/// The catalog cannot be computed again, so nothing is done to it unasked.
const REMEDY: &str = "Restore it from a backup, or rename it away to begin a new library; your \
                      photos are not affected";

/// The open catalog.
pub(crate) struct Catalog {
    database: Database,
}

impl Catalog {
    /// The file's name within a library's folder.
    pub const FILE: &str = "library.sqlite";

    /// Opens or makes the catalog of the library in `folder`.
    pub fn open(folder: &Path) -> Result<Self> {
        let migrations =
            [roots::MIGRATIONS, photos::MIGRATIONS, failures::MIGRATIONS, settings::MIGRATIONS];
        let database = Database::open(&folder.join(Self::FILE), &migrations, REMEDY)?;
        Ok(Self { database })
    }

    /// Changes when another process wrote to the catalog; `None` while unknown.
    pub fn foreign_version(&self) -> Option<i64> {
        self.database.foreign_version()
    }
}

/// A content hash: BLAKE3 of the file's bytes.
pub(crate) type ContentHash = [u8; 32];
