//! What is on disk: walking a root, watching it, and telling what changed.
//!
//! Paths here are relative to their root. This module reads names, sizes and
//! times; it opens no file, and knows neither the catalog nor pixels.

mod diff;
mod walk;
mod watch;

use std::path::PathBuf;

pub(crate) use diff::{Change, Known, diff};
pub(crate) use walk::{Reach, Seen, reach, stamp, walk, walk_paths};
pub(crate) use watch::{Watched, Watcher};

/// A file as the file system lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileEntry {
    /// The root it was found in.
    pub root: i64,
    /// Relative to the root.
    pub path: PathBuf,
    pub stamp: Stamp,
}

/// What tells, without reading, whether a file is the one that it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub size: u64,
    /// Nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Device and inode, where the platform has them.
    pub file_id: Option<(i64, i64)>,
}
