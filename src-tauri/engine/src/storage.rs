//! What is kept on this computer, and how much of it.

use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::Engine;
use crate::catalog::{Catalog, backup};
use crate::derived::Derived;
use crate::error::Result;
use crate::library::vectors;
use crate::sqlite::beside;
use crate::view::{Storage, StoredAt};

impl Engine {
    /// What is kept of this library on this computer, by the lengths of files as they
    /// are now. What goes while it is looked at counts nothing.
    pub fn storage(&self) -> Result<Storage> {
        let folder = &self.0.folder;
        let library = folder.join(Catalog::FILE);
        let derived = folder.join(Derived::FILE);
        let vectors = bytes_below(&folder.join(vectors::FOLDER));
        let whole = |path: PathBuf| StoredAt { bytes: bytes_below(&path), path };
        Ok(Storage {
            library: StoredAt { bytes: bytes_of_database(&library), path: library },
            derived: StoredAt { bytes: bytes_of_database(&derived) + vectors, path: derived },
            models: whole(self.0.models.folder().to_owned()),
            backups: whole(folder.join(backup::FOLDER)),
        })
    }
}

/// Of a database with what SQLite keeps beside it.
fn bytes_of_database(file: &Path) -> u64 {
    let files = [file.to_owned(), beside(file, "-wal"), beside(file, "-shm")];
    files.iter().filter_map(|file| fs::metadata(file).ok()).map(|file| file.len()).sum()
}

/// Of all files in a folder and below it; 0 where it is not there.
fn bytes_below(folder: &Path) -> u64 {
    let entries = WalkDir::new(folder).into_iter().flatten();
    let files = entries.filter(|entry| entry.file_type().is_file());
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}
