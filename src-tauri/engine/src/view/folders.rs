//! The folders of the library, as a tree.

use std::path::PathBuf;

use super::RootId;

/// A folder with photos, or with folders that have some; or a root, whatever it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The root that it lies in, or is.
    pub root: RootId,
    /// Absolute.
    pub path: PathBuf,
    /// The last part of it, for showing; what is no Unicode is replaced.
    pub name: String,
    /// How many folders it lies below its root; 0 for a root itself.
    pub depth: u32,
    /// Photos in it and below it, failed ones included.
    pub photos: u64,
}
