//! Roots: the folders that the person pointed at.

use std::path::{Path, PathBuf};

use rusqlite::params;

use super::{Catalog, paths};
use crate::error::{Error, Result};
use crate::sqlite::Migration;
use crate::view::{Exclusions, RootState};

pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
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
    },
    Migration {
        version: 6,
        sql: "-- The file system that the root is on, and where in it.
          ALTER TABLE root ADD COLUMN volume TEXT;
          ALTER TABLE root ADD COLUMN volume_path BLOB;
          -- Why the root is looked at now and then instead of being watched.
          ALTER TABLE root ADD COLUMN polled TEXT;
          -- What is not wanted of it, as JSON.
          ALTER TABLE root ADD COLUMN exclusions TEXT NOT NULL DEFAULT '{}';",
    },
];

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
    /// The file system it is on, and where in it.
    pub volume: Option<(String, PathBuf)>,
    /// Why it is looked at now and then instead of being watched.
    pub polled: Option<String>,
    pub exclusions: Exclusions,
    pub skipped: u64,
    /// Photos present in it.
    pub photos: u64,
}

/// What is asked of a root every few seconds.
#[derive(Debug, Clone)]
pub(crate) struct RootPlace {
    pub id: i64,
    pub path: PathBuf,
    pub state: RootState,
    pub device: Option<i64>,
    pub volume: Option<(String, PathBuf)>,
}

fn volume(id: Option<String>, path: Option<&[u8]>) -> Option<(String, PathBuf)> {
    id.zip(path.map(paths::from_bytes))
}

impl Catalog {
    /// All roots, oldest first.
    pub fn roots(&self) -> Result<Vec<RootRow>> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT id, path, state, device, skipped,
                        (SELECT count(*) FROM photo WHERE root_id = root.id AND state = 'present'),
                        volume, volume_path, polled, exclusions
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
                    volume: volume(row.get(6)?, row.get_ref(7)?.as_blob_or_null()?),
                    polled: row.get(8)?,
                    // Written by this program alone; what a later version adds is
                    // passed over.
                    exclusions: serde_json::from_str(row.get_ref(9)?.as_str()?).unwrap_or_default(),
                })
            })?
            .collect()
        })
    }

    /// Where each root is, or was when it was seen last: asked every few seconds,
    /// so without counting photos.
    pub fn root_places(&self) -> Result<Vec<RootPlace>> {
        self.database.read(|c| {
            c.prepare_cached("SELECT path, state, device, volume, volume_path, id FROM root")?
                .query_map([], |row| {
                    Ok(RootPlace {
                        id: row.get(5)?,
                        path: paths::from_bytes(row.get_ref(0)?.as_blob()?),
                        state: state(row.get_ref(1)?.as_str()?),
                        device: row.get(2)?,
                        volume: volume(row.get(3)?, row.get_ref(4)?.as_blob_or_null()?),
                    })
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
    pub fn set_root_seen(
        &self,
        id: i64,
        device: Option<i64>,
        volume: Option<&(String, PathBuf)>,
        skipped: u64,
    ) -> Result<()> {
        let (volume, within) = volume.map(|(id, path)| (id, paths::to_bytes(path))).unzip();
        self.database.write(|t| {
            t.execute(
                // Nothing is written where nothing changed: another process that
                // follows this library would take it for news, and look again.
                "UPDATE root SET state = 'online', device = ?2, skipped = ?3, volume = ?4,
                   volume_path = ?5
                 WHERE id = ?1 AND (state <> 'online' OR device IS NOT ?2 OR skipped <> ?3
                   OR volume IS NOT ?4 OR volume_path IS NOT ?5)",
                params![id, device, skipped, volume, within],
            )
            .map(drop)
        })
    }

    /// Records that a root is at another path now, which no other root has.
    pub fn move_root(&self, id: i64, path: &Path) -> Result<()> {
        self.database.write(|t| {
            t.execute("UPDATE root SET path = ?2 WHERE id = ?1", params![id, paths::to_bytes(path)])
                .map(drop)
        })
    }

    /// Records why a root is polled, or that it is watched; whether that is news.
    pub fn set_root_polled(&self, id: i64, reason: Option<&str>) -> Result<bool> {
        self.database.write(|t| {
            let changed = t.execute(
                "UPDATE root SET polled = ?2 WHERE id = ?1 AND polled IS NOT ?2",
                params![id, reason],
            )?;
            Ok(changed > 0)
        })
    }

    /// Records what is not wanted of a root; `false` where there is none of this
    /// id.
    pub fn set_root_exclusions(&self, id: i64, exclusions: &Exclusions) -> Result<bool> {
        let json = serde_json::to_string(exclusions)
            .map_err(|error| Error::failed("cannot note the exclusions").with(error))?;
        self.database.write(|t| {
            let changed =
                t.execute("UPDATE root SET exclusions = ?2 WHERE id = ?1", params![id, json])?;
            Ok(changed > 0)
        })
    }
}
