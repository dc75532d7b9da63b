//! What is on disk: walking a root, watching it, and telling what changed.
//!
//! Paths here are relative to their root. This module reads names, sizes and
//! times; it opens no file, and knows neither the catalog nor pixels.

mod diff;
mod exclusions;
mod mounts;
mod sidecars;
mod volume;
mod walk;
mod watch;

use std::path::PathBuf;

pub(crate) use diff::{Change, Diff, Known, Presence, Questions, diff};
pub(crate) use exclusions::Rules;
pub(crate) use mounts::Mounts;
pub(crate) use sidecars::{photos_of, sidecar_places, sidecar_state, sidecars};
pub(crate) use volume::{Volume, Volumes};
pub(crate) use walk::{Reach, Seen, Walk, Walker, reach, stamp};
pub(crate) use watch::{MOST_PATHS, Watcher};

/// A file as the file system lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileEntry {
    /// The root it was found in.
    pub root: i64,
    /// Relative to the root.
    pub path: PathBuf,
    pub stamp: Stamp,
    /// Tells one state of its sidecars from another; 0: it has none.
    pub sidecars: i64,
}

/// What tells, without reading, whether a file is the one that it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub size: u64,
    /// Nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Device and inode, where the platform has them.
    pub file_id: Option<(i64, i64)>,
    /// When the file was made, where the file system tells; nanoseconds since
    /// 1970.
    pub birth_ns: Option<i64>,
    /// When the file was last written, renamed or given another time, which no
    /// program can set back; nanoseconds since 1970.
    pub changed_ns: Option<i64>,
}
