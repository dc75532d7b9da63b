//! Photos that are the same, or nearly, in the words of the front end.

use afterimage_engine as engine;
use serde::{Deserialize, Serialize};

use super::{Message, text};

/// How photos are the same: in every byte, in what they show, or taken in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum DuplicateKind {
    Exact,
    Edited,
    Burst,
}

impl From<DuplicateKind> for engine::DuplicateKind {
    fn from(kind: DuplicateKind) -> Self {
        match kind {
            DuplicateKind::Exact => Self::Exact,
            DuplicateKind::Edited => Self::Edited,
            DuplicateKind::Burst => Self::Burst,
        }
    }
}

/// One of several photos that are the same, or nearly.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct DuplicatePhoto {
    pub id: i64,
    pub path: String,
    /// Bytes.
    pub size: u64,
    pub width: u32,
    pub height: u32,
    /// Seconds since 1970: taken, or else modified.
    pub time: i64,
    /// Width divided by height.
    pub aspect: f32,
    pub version: u32,
    pub offline: bool,
    pub rating: Option<i8>,
}

/// Photos that are the same, or nearly.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct DuplicateGroup {
    pub photos: Vec<DuplicatePhoto>,
    /// The one to keep, as suggested.
    pub keeper: i64,
    /// Why that one, in words.
    pub reason: Message,
}

impl From<engine::DuplicateGroup> for DuplicateGroup {
    fn from(group: engine::DuplicateGroup) -> Self {
        let photo = |photo: engine::DuplicatePhoto| DuplicatePhoto {
            id: photo.id.0,
            path: text(&photo.path),
            size: photo.size,
            width: photo.width,
            height: photo.height,
            time: photo.time,
            aspect: photo.aspect,
            version: photo.version,
            offline: photo.offline,
            rating: photo.rating,
        };
        Self {
            photos: group.photos.into_iter().map(photo).collect(),
            keeper: group.keeper.0,
            reason: group.reason.into(),
        }
    }
}

/// A file that could not be moved to the trash, or out of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct NotTrashed {
    pub photo: i64,
    pub path: String,
    pub reason: Message,
}

/// What became of photos that were to go to the trash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Trashed {
    pub moved: Vec<i64>,
    pub failed: Vec<NotTrashed>,
}

impl From<engine::NotTrashed> for NotTrashed {
    fn from(not: engine::NotTrashed) -> Self {
        let engine::NotTrashed { photo, path, reason } = not;
        Self { photo: photo.0, path: text(&path), reason: reason.into() }
    }
}

impl From<engine::Trashed> for Trashed {
    fn from(trashed: engine::Trashed) -> Self {
        Self {
            moved: trashed.moved.into_iter().map(|photo| photo.0).collect(),
            failed: trashed.failed.into_iter().map(NotTrashed::from).collect(),
        }
    }
}

/// What became of photos that were to come back from the trash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Restored {
    pub restored: Vec<i64>,
    pub failed: Vec<NotTrashed>,
}

impl From<engine::Restored> for Restored {
    fn from(restored: engine::Restored) -> Self {
        Self {
            restored: restored.restored.into_iter().map(|photo| photo.0).collect(),
            failed: restored.failed.into_iter().map(NotTrashed::from).collect(),
        }
    }
}
