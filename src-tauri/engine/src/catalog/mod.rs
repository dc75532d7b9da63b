//! `library.sqlite`: where the photos are and what the person said of them.
//!
//! Small and precious. It knows paths, sizes, dates and content hashes; pixels,
//! vectors and thumbnails are in `derived`, which can be computed again.
//! Each table's file holds its migrations and every statement on it.

pub(crate) mod backup;
mod contents;
mod copies;
mod damage;
mod failures;
mod history;
mod paths;
mod photos;
mod places;
mod readings;
mod roots;
mod saved;
mod select;
mod settings;
mod tags;
mod tokens;
mod values;
mod words;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

pub(crate) use contents::Contents;
pub(crate) use copies::CopyRow;
pub(crate) use failures::given_up;
pub(crate) use photos::{HitRow, PendingPhoto, PhotoRow};
pub(crate) use places::{KnownPhoto, Stat};
pub(crate) use readings::{Failed, Near, ReadPhoto, Stored};
pub(crate) use roots::{Mark, RootPlace, RootRow};
pub(crate) use saved::{SavedExample, SavedRow, SavedUpdate};
pub(crate) use select::{Condition, Time};
pub(crate) use tags::{CategoryRow, DecisionRow, SidecarRow, WrittenRow};
pub(crate) use values::{Known, KnownValue};

use crate::error::{Context, Error, Result};
use crate::message::Message;
use crate::sqlite::{self, Database, Depth, Migration, cause, examine, is_damaged};

/// The catalog cannot be computed again, so nothing is done to it unasked.
fn remedy() -> Message {
    message!(
        "nothing is written to it any more. Start Afterimage again: it opens the newest backup \
         for reading, and says how to go back to it; your photos are not affected"
    )
}

static MIGRATIONS: [&[Migration]; 8] = [
    roots::MIGRATIONS,
    photos::MIGRATIONS,
    failures::MIGRATIONS,
    settings::MIGRATIONS,
    words::MIGRATIONS,
    saved::MIGRATIONS,
    history::MIGRATIONS,
    tags::MIGRATIONS,
];

/// The open catalog.
pub(crate) struct Catalog {
    /// The library's.
    folder: PathBuf,
    database: Database,
    /// Photos whose failures this process has forgotten by itself.
    retried: Mutex<HashSet<i64>>,
    values: values::Cache,
}

impl Catalog {
    /// The file's name within a library's folder.
    pub const FILE: &str = "library.sqlite";

    /// Opens or makes the catalog of the library in `folder`, which is looked
    /// through first where the last process to write it did not close it. In the
    /// place of a damaged one its newest backup is opened, for reading only, and
    /// the damaged one is left as it is.
    pub fn open(folder: &Path) -> Result<Self> {
        match damage::look_behind_a_crash(&folder.join(Self::FILE)) {
            Err(error) if is_lost(&error) => damage::open_instead(folder, &cause(&error)),
            looked => looked.and_then(|()| Self::open_in_use(folder)),
        }
    }

    /// The same where another process works with it, which has looked.
    pub fn open_in_use(folder: &Path) -> Result<Self> {
        let path = folder.join(Self::FILE);
        if damage::is_emptied(folder) {
            return damage::open_instead(folder, "it is empty");
        }
        match Database::open(&path, &MIGRATIONS, remedy) {
            Err(error) if is_lost(&error) => damage::open_instead(folder, &cause(&error)),
            database => {
                let catalog = Self::of(folder, database?);
                catalog.settle_words();
                Ok(catalog)
            }
        }
    }

    fn of(folder: &Path, database: Database) -> Self {
        let (retried, values) = Default::default();
        Self { folder: folder.to_owned(), database, retried, values }
    }

    /// Whether the catalog in this folder lost all its content, of which there are
    /// backups.
    pub fn is_emptied(folder: &Path) -> bool {
        damage::is_emptied(folder)
    }

    /// Looks at every page and row; from then on nothing is written to a catalog
    /// that is damaged.
    ///
    /// # Errors
    /// Where it is damaged, or cannot be read.
    pub fn examine(&self) -> Result<()> {
        let file = self.folder.join(Self::FILE);
        let looked = sqlite::reader(&file).and_then(|reader| examine(&reader, Depth::Quick));
        let looked = looked.context(|| message!("cannot read {file}", file = file.display()));
        if looked.as_ref().is_err_and(is_damaged) {
            self.database.seal();
        }
        looked
    }

    /// Why nothing can be written to it, and what to do; `None` while that is not
    /// so.
    pub fn read_only(&self) -> Option<Message> {
        self.database.sealed()
    }

    /// Changes when another process wrote to the catalog; `None` while unknown.
    pub fn foreign_version(&self) -> Option<i64> {
        self.database.foreign_version()
    }
}

/// Whether only a backup helps.
fn is_lost(error: &Error) -> bool {
    is_damaged(error) || sqlite::is_unreadable(error)
}

/// A content hash: BLAKE3 of the file's bytes.
pub(crate) type ContentHash = [u8; 32];
