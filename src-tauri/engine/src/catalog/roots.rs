//! Roots: the folders that the person pointed at.

use std::path::{Path, PathBuf};

use rusqlite::params;

use super::{Catalog, paths};
use crate::error::Result;
use crate::sqlite::Migration;
use crate::view::RootState;

pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE root (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            path BLOB NOT NULL UNIQUE,
            state TEXT NOT NULL DEFAULT 'online'
              CHECK (state IN ('online', 'offline', 'unreadable')),
            -- The file system's device number when the root was last seen, which
            -- tells an emptied folder from an empty mount point.
            device INTEGER,
            -- Files of kinds that cannot be shown yet, at the last scan.
            skipped INTEGER NOT NULL DEFAULT 0,
            added_at INTEGER NOT NULL
          ) STRICT;",
}];

/// The state that a word in the catalog stands for.
fn state(word: &str) -> RootState {
    match word {
        "online" => RootState::Online,
        "unreadable" => RootState::Unreadable,
        _ => RootState::Offline,
    }
}

/// A root as the catalog has it.
#[derive(Debug, Clone)]
pub(crate) struct RootRow {
    pub id: i64,
    pub path: PathBuf,
    pub state: RootState,
    pub device: Option<i64>,
    pub skipped: u64,
    /// Photos present in it.
    pub photos: u64,
}

impl Catalog {
    /// All roots, oldest first.
    pub fn roots(&self) -> Result<Vec<RootRow>> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT id, path, state, device, skipped,
                        (SELECT count(*) FROM photo WHERE root_id = root.id AND state = 'present')
                 FROM root ORDER BY id",
            )?
            .query_map([], |row| {
                Ok(RootRow {
                    id: row.get(0)?,
                    path: paths::from_bytes(row.get_ref(1)?.as_blob()?),
                    state: state(row.get_ref(2)?.as_str()?),
                    device: row.get(3)?,
                    skipped: row.get(4)?,
                    photos: row.get(5)?,
                })
            })?
            .collect()
        })
    }

    /// Where each root is, its recorded state and device: asked every few
    /// seconds, so without counting photos.
    pub fn root_states(&self) -> Result<Vec<(PathBuf, RootState, Option<i64>)>> {
        self.database.read(|c| {
            c.prepare_cached("SELECT path, state, device FROM root")?
                .query_map([], |row| {
                    let path = paths::from_bytes(row.get_ref(0)?.as_blob()?);
                    Ok((path, state(row.get_ref(1)?.as_str()?), row.get(2)?))
                })?
                .collect()
        })
    }

    /// Adds a root, or finds the one with this path; returns its id.
    pub fn add_root(&self, path: &Path, now: i64) -> Result<i64> {
        self.database.write(|t| {
            t.query_row(
                "INSERT INTO root (path, added_at) VALUES (?1, ?2)
                 ON CONFLICT (path) DO UPDATE SET path = excluded.path RETURNING id",
                params![paths::to_bytes(path), now],
                |row| row.get(0),
            )
        })
    }

    /// Forgets a root and its photos (never the files); `false` where there is
    /// none of this id.
    pub fn remove_root(&self, id: i64) -> Result<bool> {
        self.database.write(|t| Ok(t.execute("DELETE FROM root WHERE id = ?1", [id])? > 0))
    }

    /// Records whether a root can be reached.
    pub fn set_root_state(&self, id: i64, state: RootState) -> Result<()> {
        self.database.write(|t| {
            t.execute("UPDATE root SET state = ?2 WHERE id = ?1", params![id, state.as_str()])
                .map(drop)
        })
    }

    /// Records what a full scan saw of a root that is online.
    pub fn set_root_seen(&self, id: i64, device: Option<i64>, skipped: u64) -> Result<()> {
        self.database.write(|t| {
            t.execute(
                // Nothing is written where nothing changed: another process that
                // follows this library would take it for news, and look again.
                "UPDATE root SET state = 'online', device = ?2, skipped = ?3 WHERE id = ?1
                   AND (state <> 'online' OR device IS NOT ?2 OR skipped <> ?3)",
                params![id, device, skipped],
            )
            .map(drop)
        })
    }
}
