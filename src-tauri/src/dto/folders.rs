//! The tree of folders, in the words of the front end.

use afterimage_engine as engine;
use serde::Serialize;

use super::text;

/// A folder with photos, or with folders that have some.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Folder {
    pub root: i64,
    /// Absolute; `folder:"…"` with it finds its photos.
    pub path: String,
    /// The last part of it.
    pub name: String,
    /// 0 for a root itself.
    pub depth: u32,
    /// Photos in it and below it.
    pub photos: u64,
}

impl From<engine::Folder> for Folder {
    fn from(folder: engine::Folder) -> Self {
        let engine::Folder { root, path, name, depth, photos } = folder;
        Self { root: root.0, path: text(&path), name, depth, photos }
    }
}
