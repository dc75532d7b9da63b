//! The documents of `duplicates`.

use afterimage_engine::{DuplicateGroup, DuplicateKind, DuplicatePhoto, NotTrashed, Trashed};
use serde::Serialize;

use super::text;

/// One of `duplicates`. `keeper` is the id of the photo to keep, as suggested,
/// which comes first.
#[derive(Serialize)]
pub struct DuplicateEntry {
    kind: &'static str,
    keeper: i64,
    reason: String,
    photos: Vec<DuplicatePhotoEntry>,
}

/// `time` is when it was taken, else when the file was changed; seconds since
/// 1970.
#[derive(Serialize)]
struct DuplicatePhotoEntry {
    id: i64,
    path: String,
    size: u64,
    width: u32,
    height: u32,
    time: i64,
    offline: bool,
}

impl DuplicateEntry {
    /// A group of this kind.
    pub fn new(kind: DuplicateKind, group: &DuplicateGroup) -> Self {
        Self {
            kind: kind.as_str(),
            keeper: group.keeper.0,
            reason: group.reason.to_string(),
            photos: group.photos.iter().map(DuplicatePhotoEntry::from).collect(),
        }
    }
}

impl From<&DuplicatePhoto> for DuplicatePhotoEntry {
    fn from(photo: &DuplicatePhoto) -> Self {
        Self {
            id: photo.id.0,
            path: text(&photo.path),
            size: photo.size,
            width: photo.width,
            height: photo.height,
            time: photo.time,
            offline: photo.offline,
        }
    }
}

/// `duplicates --trash`. `moved` are ids, `bytes` what their files took.
#[derive(Serialize)]
pub struct TrashDocument {
    kind: &'static str,
    moved: Vec<i64>,
    bytes: u64,
    failed: Vec<NotTrashedEntry>,
}

#[derive(Serialize)]
struct NotTrashedEntry {
    id: i64,
    path: String,
    reason: String,
}

impl TrashDocument {
    /// What became of duplicates of this kind.
    pub fn new(kind: DuplicateKind, trashed: &Trashed, bytes: u64) -> Self {
        Self {
            kind: kind.as_str(),
            moved: trashed.moved.iter().map(|photo| photo.0).collect(),
            bytes,
            failed: trashed.failed.iter().map(NotTrashedEntry::from).collect(),
        }
    }
}

impl From<&NotTrashed> for NotTrashedEntry {
    fn from(failed: &NotTrashed) -> Self {
        Self { id: failed.photo.0, path: text(&failed.path), reason: failed.reason.to_string() }
    }
}
