//! Photos that are the same, or nearly, and what became of those moved away and
//! brought back.

use std::path::PathBuf;

use super::PhotoId;

use crate::message::Message;

/// In which way photos are the same, or nearly. A pair is of one kind only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DuplicateKind {
    /// Byte for byte.
    Exact,
    /// Versions of one picture: edited, resized, saved anew. Neither turned nor
    /// mirrored ones.
    Edited,
    /// Taken within seconds, and similar.
    Burst,
}

impl DuplicateKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Exact, Self::Edited, Self::Burst];

    /// The word that stands for the kind in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Edited => "edited",
            Self::Burst => "burst",
        }
    }
}

/// Photos that are the same, or nearly.
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicateGroup {
    /// At least two, the best first.
    pub photos: Vec<DuplicatePhoto>,
    /// The one to keep, as suggested.
    pub keeper: PhotoId,
    /// Why that one, in words that follow "kept because".
    pub reason: Message,
}

/// A photo among its duplicates.
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicatePhoto {
    /// The photo.
    pub id: PhotoId,
    /// Where the file is.
    pub path: PathBuf,
    /// In bytes.
    pub size: u64,
    /// Upright, in pixels; 0 while unknown.
    pub width: u32,
    /// Upright, in pixels; 0 while unknown.
    pub height: u32,
    /// When it was taken, else when the file was changed; seconds since 1970.
    pub time: i64,
    /// Width by height; 1.5 while unknown.
    pub aspect: f32,
    /// First four bytes of the content hash.
    pub version: u32,
    /// Its root cannot be reached now.
    pub offline: bool,
    /// 1 to 5; 0 for none, -1 for rejected.
    pub rating: Option<i8>,
}

/// What became of photos that were to go to the trash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trashed {
    /// Those that are there now.
    pub moved: Vec<PhotoId>,
    /// Those that stay where they are.
    pub failed: Vec<NotTrashed>,
}

/// What became of photos that were to come back from the trash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// Those that are at their places again.
    pub restored: Vec<PhotoId>,
    /// Those that are not.
    pub failed: Vec<NotTrashed>,
}

/// A photo that was not moved to the trash, or out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotTrashed {
    /// The photo.
    pub photo: PhotoId,
    /// Where the file is, or was; empty for an unknown photo.
    pub path: PathBuf,
    /// In plain words.
    pub reason: Message,
}
