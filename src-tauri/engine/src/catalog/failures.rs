//! Photos that could not be indexed, each with its reason.

use std::path::PathBuf;

use super::{Catalog, paths};
use crate::error::Result;
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

/// One failed photo.
pub(crate) struct FailureRow {
    pub photo: i64,
    pub path: PathBuf,
    pub reason: String,
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
                    reason: row.get(3)?,
                    permanent: row.get(4)?,
                    failed_at: row.get(5)?,
                })
            })?
            .collect()
        })
    }

    /// Forgets all failures, so that the photos are tried again; returns how many.
    pub fn forget_failures(&self) -> Result<usize> {
        self.database.write(|t| t.execute("DELETE FROM failure", []))
    }

    /// Forgets failures that may have passed, such as an unreadable network file,
    /// in one root or in all.
    pub fn forget_passing_failures(&self, root: Option<i64>) -> Result<usize> {
        self.database.write(|t| {
            t.execute(
                "DELETE FROM failure WHERE permanent = 0 AND (?1 IS NULL
                   OR photo_id IN (SELECT id FROM photo WHERE root_id = ?1))",
                [root],
            )
        })
    }
}
