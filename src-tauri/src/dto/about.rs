//! The application and what it keeps, in the words of the front end.

use afterimage_engine as engine;
use serde::Serialize;

use super::text;

/// A part of what Afterimage keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct StoredAt {
    pub path: String,
    pub bytes: u64,
}

impl From<engine::StoredAt> for StoredAt {
    fn from(stored: engine::StoredAt) -> Self {
        let engine::StoredAt { path, bytes } = stored;
        Self { path: text(&path), bytes }
    }
}

/// What Afterimage keeps on this computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    /// The library: what the person said, where photos are.
    pub library: StoredAt,
    /// Vectors and thumbnails, which can be computed again.
    pub derived: StoredAt,
    pub models: StoredAt,
    pub backups: StoredAt,
}

impl From<engine::Storage> for Storage {
    fn from(storage: engine::Storage) -> Self {
        let engine::Storage { library, derived, models, backups } = storage;
        Self {
            library: library.into(),
            derived: derived.into(),
            models: models.into(),
            backups: backups.into(),
        }
    }
}

/// The application itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct About {
    pub version: String,
    pub system: String,
    pub license: String,
}
