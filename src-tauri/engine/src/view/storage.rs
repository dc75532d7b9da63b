//! What is kept on this computer, and where.

use std::path::PathBuf;

/// What Afterimage keeps on this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// Where photos are and what the person said of them.
    pub library: StoredAt,
    /// Vectors and thumbnails, which can be computed again.
    pub derived: StoredAt,
    /// The person's models; those that came with the application are not among them.
    pub models: StoredAt,
    /// The daily copies of the library.
    pub backups: StoredAt,
}

/// A part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAt {
    /// The file or folder.
    pub path: PathBuf,
    /// What its files take, by their lengths; 0 where there are none yet.
    pub bytes: u64,
}
