//! Photos that could not be indexed, each with its reason.

use std::path::PathBuf;

use rusqlite::params;

use super::{Catalog, paths};
use crate::error::Result;
use crate::message::Message;
use crate::sqlite::Migration;

pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    version: 3,
    sql: "CREATE TABLE failure (
            photo_id INTEGER PRIMARY KEY REFERENCES photo (id) ON DELETE CASCADE,
            reason TEXT NOT NULL,
            permanent INTEGER NOT NULL,
            failed_at INTEGER NOT NULL
          ) STRICT;",
}];

/// Why a photo is not decoded any more over which the application ended again and
/// again. It is no fault that must last, but nobody wants to see it again unasked.
pub(crate) fn given_up() -> Message {
    message!(
        "the application ended while decoding it, again and again; it is tried again on request"
    )
}

/// One failed photo.
pub(crate) struct FailureRow {
    pub photo: i64,
    pub path: PathBuf,
    pub reason: Message,
    /// Trying again without a change of the file cannot help.
    pub permanent: bool,
    /// Seconds since 1970.
    pub failed_at: i64,
}

impl Catalog {
    /// Failures of photos that are still there, newest first.
    pub fn failures(&self) -> Result<Vec<FailureRow>> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT photo.id, root.path, photo.rel_path, reason, permanent, failed_at
                 FROM failure JOIN photo ON photo.id = photo_id JOIN root ON root.id = root_id
                 WHERE photo.state = 'present' ORDER BY failed_at DESC, photo.id",
            )?
            .query_map([], |row| {
                let root = paths::from_bytes(row.get_ref(1)?.as_blob()?);
                Ok(FailureRow {
                    photo: row.get(0)?,
                    path: root.join(paths::from_bytes(row.get_ref(2)?.as_blob()?)),
                    reason: Message::from_stored(row.get_ref(3)?.as_str()?),
                    permanent: row.get(4)?,
                    failed_at: row.get(5)?,
                })
            })?
            .collect()
        })
    }

    /// Forgets all failures, so that the photos are tried again; returns how many.
    pub fn forget_failures(&self) -> Result<usize> {
        self.retried.lock().clear();
        self.database.write(|t| t.execute("DELETE FROM failure", []))
    }

    /// Forgets failures that may have passed, such as an unreadable network file:
    /// at a start those of all roots, and later of one that is back. No photo is
    /// tried more than once between two starts, however often its root comes back.
    pub fn forget_passing_failures(&self, root: Option<i64>) -> Result<usize> {
        let mut retried = self.retried.lock();
        if root.is_none() {
            retried.clear();
        }
        let forgotten = self.database.write(|t| {
            let mut passing = t.prepare_cached(
                "SELECT photo_id FROM failure JOIN photo ON photo.id = photo_id
                 WHERE permanent = 0 AND reason NOT IN (?2, ?3) AND (?1 IS NULL OR root_id = ?1)",
            )?;
            let ids = passing
                .query_map(params![root, given_up().stored(), given_up().to_string()], |row| {
                    row.get(0)
                })?;
            let mut ids: Vec<i64> = ids.collect::<rusqlite::Result<_>>()?;
            ids.retain(|id| !retried.contains(id));
            let mut forget = t.prepare_cached("DELETE FROM failure WHERE photo_id = ?1")?;
            for id in &ids {
                forget.execute([id])?;
            }
            Ok(ids)
        })?;
        retried.extend(&forgotten);
        Ok(forgotten.len())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::catalog::Stat;

    #[test]
    fn what_may_pass_is_tried_once_a_start_and_what_was_given_up_on_request() {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(dir.path()).unwrap();
        let root = catalog.add_root(Path::new("/photos"), 0).unwrap();
        let stat =
            Stat { size: 1, mtime_ns: 1, device: None, inode: None, birth_ns: None, sidecars: 0 };
        let add = |name: &str| {
            catalog.change(|t| Catalog::add_photo(t, root, Path::new(name), stat, 0)).unwrap()
        };
        let (passing, later, left, lasting) = (add("a"), add("b"), add("c"), add("d"));
        let fail = |id, reason: &Message, lasts| {
            catalog.store_failure(id, stat, reason, lasts, 1).unwrap();
        };
        let (denied, gone, cut_off) = (message!("denied"), message!("gone"), message!("cut off"));
        fail(passing, &denied, false);
        fail(left, &given_up(), false);
        fail(lasting, &cut_off, true);
        assert_eq!(catalog.forget_passing_failures(None).unwrap(), 1);
        fail(passing, &denied, false);
        // What failed since the start has one more chance when its root is back.
        fail(later, &gone, false);
        assert_eq!(catalog.forget_passing_failures(Some(root)).unwrap(), 1);
        fail(later, &gone, false);
        for _ in 0..3 {
            assert_eq!(catalog.forget_passing_failures(Some(root)).unwrap(), 0);
        }
        assert_eq!(catalog.failures().unwrap().len(), 4);
        assert_eq!(catalog.forget_passing_failures(None).unwrap(), 2, "another start");
        assert_eq!(catalog.forget_failures().unwrap(), 2);
    }
}
