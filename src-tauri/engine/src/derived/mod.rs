//! `derived.sqlite`: what can be computed again, by content hash.
//!
//! Vectors, thumbnails and fingerprints are keyed by the file's bytes, not by its place:
//! copies share them, and a moved file keeps them. The file may be deleted at
//! any time; the next run rebuilds it, and a damaged one is set aside.

mod check;
mod embeddings;
mod fingerprints;
mod texts;
mod thumbnails;

use std::path::Path;

use crate::error::{Context, Result};
use crate::message::Message;
use crate::sqlite::{self, Database, Migration, beside, forget_mark, is_damaged};

pub(crate) use check::{Rows, Unused};
pub(crate) use embeddings::ModelKey;
pub(crate) use fingerprints::Fingerprint;
pub(crate) use thumbnails::{Size, ThumbnailRow};

/// Everything in this file can be computed again.
fn remedy() -> Message {
    message!(
        "start Afterimage again: it sets this file aside and computes everything in it again; \
         nothing of yours is lost"
    )
}

/// The open store of derived data.
pub(crate) struct Derived {
    database: Database,
    /// What is said of a damaged file that was set aside at opening.
    set_aside: Option<Message>,
}

/// One photo's results, stored together.
pub(crate) struct Computed {
    pub hash: [u8; 32],
    /// Little-endian f16 of a vector of length 1, where one was computed.
    pub vector: Option<Vec<u8>>,
    pub thumbnail: Option<ThumbnailRow>,
}

impl Derived {
    /// The file's name within a library's folder.
    pub const FILE: &str = "derived.sqlite";

    /// Opens or makes the store of the library in `folder`.
    ///
    /// # Errors
    /// One for which [`is_damaged`] holds where its file is.
    pub fn open(folder: &Path) -> Result<Self> {
        let database = Self::open_file(&folder.join(Self::FILE))?;
        Ok(Self { database, set_aside: None })
    }

    /// The same; but a damaged file is renamed to `derived.sqlite.damaged` and
    /// begun anew. Nobody else may have it open for writing.
    pub fn open_or_begin_anew(folder: &Path) -> Result<Self> {
        let path = folder.join(Self::FILE);
        match Self::open_file(&path) {
            Err(error) if is_damaged(&error) => {
                let words = set_aside(&path, &sqlite::cause(&error))?;
                tracing::warn!("{words}");
                Ok(Self { database: Self::open_file(&path)?, set_aside: Some(words) })
            }
            database => Ok(Self { database: database?, set_aside: None }),
        }
    }

    fn open_file(path: &Path) -> Result<Database> {
        Database::open(path, Self::migrations(), remedy)
    }

    /// The schema's steps.
    pub fn migrations() -> &'static [&'static [Migration]] {
        static MIGRATIONS: [&[Migration]; 4] = [
            embeddings::MIGRATIONS,
            thumbnails::MIGRATIONS,
            fingerprints::MIGRATIONS,
            texts::MIGRATIONS,
        ];
        &MIGRATIONS
    }

    /// Why nothing is stored any more, where the file was found to be damaged.
    pub fn damage(&self) -> Option<Message> {
        self.database.sealed()
    }

    /// What is said of a damaged file that was set aside when this was opened.
    pub fn set_aside(&self) -> Option<&Message> {
        self.set_aside.as_ref()
    }

    /// Stores results in one transaction. What is already there stays.
    pub fn store(&self, model: ModelKey, batch: &[Computed]) -> Result<()> {
        self.database.write(|t| {
            for computed in batch {
                if let Some(vector) = &computed.vector {
                    embeddings::insert(t, model, &computed.hash, vector)?;
                }
                if let Some(thumbnail) = &computed.thumbnail {
                    thumbnails::insert(t, &computed.hash, thumbnail)?;
                }
            }
            Ok(())
        })
    }
}

/// Renames a damaged file, so that a new one is begun. What was set aside before
/// makes room: nothing in it is needed.
///
/// Returns what is said of it.
pub(crate) fn set_aside(path: &Path, cause: &str) -> Result<Message> {
    let aside = beside(path, ".damaged");
    std::fs::rename(path, &aside)
        .context(|| message!("cannot rename {path}", path = path.display()))?;
    for more in ["-wal", "-shm"] {
        // Absent unless the damage came with an unfinished write.
        let _ = std::fs::remove_file(beside(path, more));
    }
    forget_mark(path);
    Ok(message!(
        "{path} is damaged ({cause}). It is set aside as {aside}, which may be deleted, and \
         everything in it is computed again",
        path = path.display(),
        cause,
        aside = aside.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_found_by_their_hash_and_model() {
        let dir = tempfile::tempdir().unwrap();
        let derived = Derived::open(dir.path()).unwrap();
        let one = derived.model("one", 1, "w").unwrap();
        let two = derived.model("one", 2, "w").unwrap();
        assert_ne!(one, two);
        assert_ne!(one, derived.model("one", 1, "other weights").unwrap());
        assert_eq!(derived.model("one", 1, "w").unwrap(), one);
        let thumbnail = ThumbnailRow {
            size: Size { width: 30, height: 20 },
            average: [9, 8, 7],
            jpeg: vec![1, 2],
        };
        derived
            .store(
                one,
                &[Computed {
                    hash: [1; 32],
                    vector: Some(vec![0, 60]),
                    thumbnail: Some(thumbnail),
                }],
            )
            .unwrap();
        assert_eq!(derived.embedded(one).unwrap(), [[1; 32]].into());
        assert!(derived.embedded(two).unwrap().is_empty());
        assert_eq!(derived.vector(one, &[1; 32]).unwrap(), Some(vec![0, 60]));
        assert_eq!(derived.thumbnail(&[1; 32]).unwrap(), Some(vec![1, 2]));
        let (size, average) = derived.picture(&[1; 32]).unwrap().unwrap();
        assert_eq!((size.width, size.height, average), (30, 20, [9, 8, 7]));
        let mut seen = Vec::new();
        let visit = |seq, hash: &[u8; 32], vector: &[u8]| {
            seen.push((seq, *hash, vector.to_vec()));
            Ok::<_, crate::Error>(())
        };
        derived.vectors_after(one, 0, visit).unwrap();
        assert_eq!(seen, [(1, [1; 32], vec![0, 60])]);
    }

    #[test]
    fn rows_behind_a_known_one_are_those_that_came_since() {
        let dir = tempfile::tempdir().unwrap();
        let derived = Derived::open(dir.path()).unwrap();
        let [one, two] = ["one", "two"].map(|name| derived.model(name, 1, "w").unwrap());
        let store = |key, hash: u8| {
            let vector = Some(vec![hash, 60]);
            derived.store(key, &[Computed { hash: [hash; 32], vector, thumbnail: None }]).unwrap();
        };
        let after = |key, seq| {
            let mut seen = Vec::new();
            let visit = |seq, hash: &[u8; 32], _: &[u8]| {
                seen.push((seq, hash[0]));
                Ok::<_, crate::Error>(())
            };
            derived.vectors_after(key, seq, visit).unwrap();
            seen
        };
        // In the order in which they came, not in that of their hashes.
        for (key, hash) in [(one, 9), (two, 1), (one, 3)] {
            store(key, hash);
        }
        assert_eq!(after(one, 0), [(1, 9), (3, 3)]);
        assert_eq!(after(one, 1), [(3, 3)]);
        let before = derived.stamp(one).unwrap();
        assert_ne!(before, derived.stamp(two).unwrap());
        store(one, 3);
        store(one, 5);
        assert_eq!(after(one, 3).iter().map(|row| row.1).collect::<Vec<_>>(), [5]);
        assert_eq!(derived.stamp(one).unwrap(), before);
        // A deletion is told, and no number is given again.
        let last = after(one, 0).last().unwrap().0;
        derived.remove_vectors("one").unwrap();
        assert_ne!(derived.stamp(one).unwrap(), before);
        store(one, 5);
        assert!(after(one, 0)[0].0 > last);
    }

    #[test]
    fn vectors_of_an_older_library_come_along() {
        let dir = tempfile::tempdir().unwrap();
        let old = rusqlite::Connection::open(dir.path().join(Derived::FILE)).unwrap();
        for migration in [&embeddings::MIGRATIONS[0], &thumbnails::MIGRATIONS[0]] {
            old.execute_batch(migration.sql).unwrap();
        }
        old.execute_batch(
            "INSERT INTO model VALUES (4, 'one', 1, 'w');
             INSERT INTO embedding VALUES (4, zeroblob(32), x'003c');
             PRAGMA user_version = 2;",
        )
        .unwrap();
        drop(old);
        let derived = Derived::open(dir.path()).unwrap();
        let key = derived.model("one", 1, "w").unwrap();
        assert_eq!(derived.vector(key, &[0; 32]).unwrap(), Some(vec![0, 60]));
        assert_ne!(derived.stamp(key).unwrap(), *blake3::hash(&0i64.to_le_bytes()).as_bytes());
    }

    #[test]
    fn vectors_are_removed_by_name_whatever_the_weights() {
        let dir = tempfile::tempdir().unwrap();
        let derived = Derived::open(dir.path()).unwrap();
        let keys = [("one", 1, "w"), ("one", 2, "w"), ("one", 1, "x"), ("two", 1, "w")].map(
            |(name, preprocessing, weights)| derived.model(name, preprocessing, weights).unwrap(),
        );
        // More than go in one transaction.
        let hash = |n: u32| std::array::from_fn(|at| n.to_le_bytes()[at % 4]);
        let computed: Vec<Computed> = (0..2500)
            .map(|n| Computed { hash: hash(n), vector: Some(vec![0, 60]), thumbnail: None })
            .collect();
        for key in keys {
            assert!(!derived.has_vectors(key).unwrap());
            derived.store(key, &computed).unwrap();
        }
        assert_eq!(derived.vectors_of("one").unwrap(), (7500, 15000));
        derived.remove_vectors("one").unwrap();
        assert_eq!(keys.map(|key| derived.has_vectors(key).unwrap()), [false, false, false, true]);
        assert_eq!(derived.vectors_of("two").unwrap(), (2500, 5000));
        assert_eq!(derived.vectors_of("one").unwrap(), (0, 0));
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(Derived::FILE), [3u8; 9000]).unwrap();
        assert!(is_damaged(&Derived::open(dir.path()).err().unwrap()));
        let derived = Derived::open_or_begin_anew(dir.path()).unwrap();
        assert!(derived.thumbnail(&[0; 32]).unwrap().is_none());
        assert_eq!(std::fs::read(dir.path().join("derived.sqlite.damaged")).unwrap(), [3u8; 9000]);
    }
}
