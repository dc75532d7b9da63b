//! Roots: the folders that the person pointed at.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, Row, Transaction, named_params, params};

use super::{Catalog, paths, words};
use crate::error::{Error, Result};
use crate::message::Message;
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
    Migration {
        version: 7,
        sql: "-- The root's own folder: its inode, and when it was made.
          ALTER TABLE root ADD COLUMN inode INTEGER;
          ALTER TABLE root ADD COLUMN birth_ns INTEGER;",
    },
    Migration {
        version: 14,
        sql: "-- When the person removed it, in seconds since 1970; its photos are missing since
          -- then. NULL: it is one of the library's.
          ALTER TABLE root ADD COLUMN removed_at INTEGER;",
    },
];

/// How long what was said of the photos of a removed root is kept, in seconds.
const KEPT_REMOVED: i64 = 30 * 24 * 60 * 60;

/// The state that a word in the catalog stands for.
fn state(word: &str) -> RootState {
    match word {
        "online" => RootState::Online,
        "unreadable" => RootState::Unreadable,
        _ => RootState::Offline,
    }
}

/// What a root's folder was known by when it was last looked at as a whole; all
/// of it may be unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The number that its file system had then.
    pub device: Option<i64>,
    /// What its file system is called wherever it is mounted.
    pub volume: Option<String>,
    /// Where it is in the file system.
    pub within: Option<PathBuf>,
    /// Its inode, and when it was made, in nanoseconds since 1970.
    pub folder: Option<(i64, i64)>,
}

/// A root as the catalog has it.
#[derive(Debug, Clone)]
pub(crate) struct RootRow {
    pub id: i64,
    pub path: PathBuf,
    pub state: RootState,
    pub mark: Mark,
    /// Why it is looked at now and then instead of being watched.
    pub polled: Option<Message>,
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
    pub mark: Mark,
}

fn mark(row: &Row) -> rusqlite::Result<Mark> {
    Ok(Mark {
        device: row.get("device")?,
        volume: row.get("volume")?,
        within: row.get_ref("volume_path")?.as_blob_or_null()?.map(paths::from_bytes),
        folder: row.get::<_, Option<i64>>("inode")?.zip(row.get("birth_ns")?),
    })
}

/// The innermost other root that this one lies in, and what the paths of this one
/// begin with there.
fn covering(t: &Transaction, id: i64) -> rusqlite::Result<Option<(i64, Vec<u8>)>> {
    let places: Vec<(i64, PathBuf)> = t
        .prepare("SELECT id, path FROM root WHERE removed_at IS NULL")?
        .query_map([], |row| Ok((row.get(0)?, paths::from_bytes(row.get_ref(1)?.as_blob()?))))?
        .collect::<rusqlite::Result<_>>()?;
    let Some((_, path)) = places.iter().find(|(root, _)| *root == id) else { return Ok(None) };
    let outer = places
        .iter()
        .filter(|(root, _)| *root != id)
        .filter_map(|(root, outer)| Some((*root, path.strip_prefix(outer).ok()?)))
        .min_by_key(|(_, inside)| inside.components().count());
    // With a slash at its end.
    Ok(outer.map(|(root, inside)| (root, paths::to_bytes(&inside.join("")))))
}

/// Has a removed root be one again, with what of it a root around it has taken.
fn bring_back(t: &Transaction, id: i64, now: i64) -> rusqlite::Result<()> {
    t.execute("UPDATE root SET removed_at = NULL WHERE id = ?1", [id])?;
    let Some((outer, inside)) = covering(t, id)? else { return Ok(()) };
    // What the outer one knows of these places is newer.
    let moved = named_params! { ":id": id, ":outer": outer, ":inside": inside, ":now": now };
    t.prepare(
        "UPDATE photo SET state = 'missing', missing_since = :now
         WHERE root_id = :id AND state <> 'missing'
           AND EXISTS (SELECT 1 FROM photo AS other
                       WHERE other.root_id = :outer AND other.state <> 'missing'
                         AND other.rel_path = CAST(:inside || photo.rel_path AS BLOB))",
    )?
    .execute(moved)?;
    t.prepare(
        "UPDATE photo SET root_id = :id, rel_path = substr(rel_path, length(:inside) + 1)
         WHERE root_id = :outer AND substr(rel_path, 1, length(:inside)) = :inside",
    )?
    .execute(named_params! { ":id": id, ":outer": outer, ":inside": inside })
    .map(drop)
}

impl Catalog {
    /// All roots but those that were removed, oldest first.
    pub fn roots(&self) -> Result<Vec<RootRow>> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT *, (SELECT count(*) FROM photo
                            WHERE root_id = root.id AND state = 'present') AS photos
                 FROM root WHERE removed_at IS NULL ORDER BY id",
            )?
            .query_map([], |row| {
                let exclusions = row.get_ref("exclusions")?.as_str()?;
                Ok(RootRow {
                    id: row.get("id")?,
                    path: paths::from_bytes(row.get_ref("path")?.as_blob()?),
                    state: state(row.get_ref("state")?.as_str()?),
                    mark: mark(row)?,
                    skipped: row.get("skipped")?,
                    photos: row.get("photos")?,
                    polled: row.get_ref("polled")?.as_str_or_null()?.map(Message::from_stored),
                    // Written by this program alone; what a later version adds is
                    // passed over.
                    exclusions: serde_json::from_str(exclusions).unwrap_or_default(),
                })
            })?
            .collect()
        })
    }

    /// Where roots are that were removed and are not forgotten yet, by their ids.
    pub fn removed_roots(&self) -> Result<Vec<(i64, PathBuf)>> {
        self.database.read(|c| {
            c.prepare_cached("SELECT id, path FROM root WHERE removed_at IS NOT NULL")?
                .query_map([], |row| {
                    Ok((row.get(0)?, paths::from_bytes(row.get_ref(1)?.as_blob()?)))
                })?
                .collect()
        })
    }

    /// The ids of all roots but those that were removed.
    pub fn root_ids(t: &Transaction) -> rusqlite::Result<HashSet<i64>> {
        t.prepare_cached("SELECT id FROM root WHERE removed_at IS NULL")?
            .query_map([], |row| row.get(0))?
            .collect()
    }

    /// Where each root is, or was when it was seen last: asked every few seconds,
    /// so without counting photos.
    pub fn root_places(&self) -> Result<Vec<RootPlace>> {
        self.database.read(|c| {
            c.prepare_cached("SELECT * FROM root WHERE removed_at IS NULL")?
                .query_map([], |row| {
                    Ok(RootPlace {
                        id: row.get("id")?,
                        path: paths::from_bytes(row.get_ref("path")?.as_blob()?),
                        state: state(row.get_ref("state")?.as_str()?),
                        mark: mark(row)?,
                    })
                })?
                .collect()
        })
    }

    /// Adds a root, or finds the one with this path; returns its id. One that was removed
    /// is a root again: its photos stay missing until their files are found, for another
    /// folder may be there now.
    pub fn add_root(&self, path: &Path, now: i64) -> Result<i64> {
        self.database.write(|t| {
            t.query_row(
                "INSERT INTO root (path, added_at) VALUES (?1, ?2)
                 ON CONFLICT (path) DO UPDATE SET removed_at = NULL,
                   state = CASE WHEN removed_at IS NULL THEN state ELSE 'online' END
                 RETURNING id",
                params![paths::to_bytes(path), now],
                |row| row.get(0),
            )
        })
    }

    /// Takes the removal of a root back: its photos are where they were, as far as they
    /// were not found in another root since. `false` where it is forgotten by now.
    pub fn restore_root(&self, id: i64, now: i64) -> Result<bool> {
        self.change(|t| {
            let known: Option<bool> = t
                .query_row("SELECT removed_at IS NOT NULL FROM root WHERE id = ?1", [id], |row| {
                    row.get(0)
                })
                .optional()?;
            if known == Some(true) {
                // Of two that went from one place in the same second only one can be there.
                t.execute(
                    "UPDATE OR IGNORE photo SET state = 'present', missing_since = NULL
                     WHERE root_id = ?1 AND state = 'missing'
                       AND missing_since = (SELECT removed_at FROM root WHERE id = ?1)",
                    [id],
                )?;
                bring_back(t, id, now)?;
            }
            Ok(known.is_some())
        })
    }

    /// Takes a root and its photos from the library (never the files); `false` where there
    /// is none of this id. Where the root lies in another one, its photos are that one's
    /// from now on. Otherwise they are missing, and can be found again, until
    /// [`forget_removed_roots`](Self::forget_removed_roots).
    pub fn remove_root(&self, id: i64, now: i64) -> Result<bool> {
        self.change(|t| {
            if let Some((outer, inside)) = covering(t, id)? {
                // What the outer one knew of these places is older, or nothing.
                let moved = named_params! { ":id": id, ":outer": outer, ":inside": inside };
                t.prepare(
                    "DELETE FROM photo WHERE root_id = :outer AND state <> 'missing'
                       AND rel_path IN (SELECT CAST(:inside || rel_path AS BLOB) FROM photo
                                        WHERE root_id = :id AND state <> 'missing')",
                )?
                .execute(moved)?;
                t.prepare(
                    "UPDATE photo SET root_id = :outer, rel_path = CAST(:inside || rel_path AS BLOB)
                     WHERE root_id = :id",
                )?
                .execute(moved)?;
            }
            let removed = t.execute(
                "UPDATE root SET removed_at = ?2 WHERE id = ?1 AND removed_at IS NULL",
                [id, now],
            )?;
            if removed > 0 {
                // What was left out stays so: it is not shown either.
                t.execute(
                    "UPDATE photo SET state = 'missing', missing_since = ?2
                     WHERE root_id = ?1 AND state = 'present'",
                    [id, now],
                )?;
            }
            Ok(removed > 0)
        })
    }

    /// Forgets the roots that were removed 30 days ago, with what was said of the photos
    /// that were found nowhere else. What prevents it, such as another process that
    /// writes, is left for the next time.
    pub fn forget_removed_roots(&self, now: i64) {
        let before = now - KEPT_REMOVED;
        let old = self.database.read(|c| {
            let sql = "SELECT EXISTS (SELECT 1 FROM root WHERE removed_at <= ?1)";
            c.query_row(sql, [before], |row| row.get(0))
        });
        if matches!(old, Ok(true)) && self.read_only().is_none() {
            let forgotten =
                self.change(|t| t.execute("DELETE FROM root WHERE removed_at <= ?1", [before]));
            if let Err(error) = forgotten {
                tracing::warn!("folders that were removed long ago are not forgotten yet: {error}");
            }
        }
    }

    /// Records whether a root can be reached.
    pub fn set_root_state(&self, id: i64, state: RootState) -> Result<()> {
        self.database.write(|t| {
            t.execute("UPDATE root SET state = ?2 WHERE id = ?1", params![id, state.as_str()])
                .map(drop)
        })
    }

    /// Records what a full scan saw of a root that is online.
    pub fn set_root_seen(&self, id: i64, mark: &Mark, skipped: u64) -> Result<()> {
        let within = mark.within.as_deref().map(paths::to_bytes);
        let (inode, birth) = mark.folder.unzip();
        self.database.write(|t| {
            t.execute(
                // Nothing is written where nothing changed: another process that
                // follows this library would take it for news, and look again.
                "UPDATE root SET state = 'online', device = ?2, skipped = ?3, volume = ?4,
                   volume_path = ?5, inode = ?6, birth_ns = ?7
                 WHERE id = ?1 AND (state <> 'online' OR device IS NOT ?2 OR skipped <> ?3
                   OR volume IS NOT ?4 OR volume_path IS NOT ?5 OR inode IS NOT ?6
                   OR birth_ns IS NOT ?7)",
                params![id, mark.device, skipped, mark.volume, within, inode, birth],
            )
            .map(drop)
        })
    }

    /// Records that a root is at another path now, which no other root has.
    pub fn move_root(&self, id: i64, path: &Path) -> Result<()> {
        self.change(|t| {
            let before: Option<Vec<u8>> = t
                .query_row("SELECT path FROM root WHERE id = ?1", [id], |row| row.get(0))
                .optional()?;
            let before = before.as_deref().map(paths::from_bytes);
            // One that was removed gives its place, and what was said of its photos.
            let removed = params![id, paths::to_bytes(path)];
            t.execute(
                "UPDATE photo SET root_id = ?1, state = 'missing',
                   missing_since = coalesce(missing_since,
                     (SELECT removed_at FROM root WHERE id = photo.root_id))
                 WHERE root_id IN (SELECT id FROM root WHERE path = ?2 AND id <> ?1
                                     AND removed_at IS NOT NULL)",
                removed,
            )?;
            t.execute(
                "DELETE FROM root WHERE path = ?2 AND id <> ?1 AND removed_at IS NOT NULL",
                removed,
            )?;
            t.execute(
                "UPDATE root SET path = ?2 WHERE id = ?1",
                params![id, paths::to_bytes(path)],
            )?;
            // Its own name is among the words of its photos. A drive that is
            // mounted elsewhere mostly leaves it as it was.
            if before.is_some_and(|before| before.file_name() != path.file_name()) {
                words::requeue_root(t, id)?;
            }
            Ok(())
        })
    }

    /// Records why a root is polled, or that it is watched; whether that is news.
    pub fn set_root_polled(&self, id: i64, reason: Option<&Message>) -> Result<bool> {
        self.database.write(|t| {
            let changed = t.execute(
                "UPDATE root SET polled = ?2 WHERE id = ?1 AND polled IS NOT ?2",
                params![id, reason.map(Message::stored)],
            )?;
            Ok(changed > 0)
        })
    }

    /// Records what is not wanted of a root; `false` where there is none of this
    /// id.
    pub fn set_root_exclusions(&self, id: i64, exclusions: &Exclusions) -> Result<bool> {
        let json = serde_json::to_string(exclusions)
            .map_err(|error| Error::failed(message!("cannot note the exclusions")).with(error))?;
        self.database.write(|t| {
            let changed = t.execute(
                "UPDATE root SET exclusions = ?2 WHERE id = ?1 AND removed_at IS NULL",
                params![id, json],
            )?;
            Ok(changed > 0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Stat;
    use crate::scan::Presence;

    #[test]
    fn the_photos_of_a_removed_root_are_those_of_the_root_around_it() {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(dir.path()).unwrap();
        let root = |path: &str| catalog.add_root(Path::new(path), 0).unwrap();
        let (beside, inner) = (root("/photos/in"), root("/photos/inner/deep"));
        let (outer, top) = (root("/photos"), root("/"));
        let add = |root, path: &[u8]| {
            let (path, stat) = (paths::from_bytes(path), Stat::default());
            catalog.change(|t| Catalog::add_photo(t, root, &path, stat, 0)).unwrap()
        };
        let [a, gone] = [b"a", b"b"].map(|path| add(inner, path));
        #[cfg(unix)]
        let odd = add(inner, b"x/\xff.jpg");
        add(outer, b"inner/deep/a");
        catalog.change(|t| Catalog::miss_photo(t, gone, 9)).unwrap();

        assert!(catalog.remove_root(inner, 10).unwrap());
        assert!(!catalog.remove_root(inner, 11).unwrap());
        let known = catalog.known_photos(outer, None).unwrap();
        let at = |path: &[u8]| {
            let path = paths::from_bytes(path);
            known.iter().find(|photo| photo.path == path).map(|photo| photo.id)
        };
        assert_eq!([at(b"inner/deep/a"), at(b"inner/deep/b")], [Some(a), Some(gone)]);
        #[cfg(unix)]
        assert_eq!((at(b"inner/deep/x/\xff.jpg"), known.len()), (Some(odd), 3));
        let missing = known.iter().find(|photo| photo.id == gone).unwrap();
        assert_eq!(missing.presence, Presence::Missing { since: 9 });

        assert!(catalog.remove_root(outer, 20).unwrap());
        let up = catalog.photo_at(top, Path::new("photos/inner/deep/a")).unwrap();
        assert_eq!(up, Some(a));
        assert!(catalog.remove_root(top, 30).unwrap());
        assert_eq!(catalog.counts().unwrap().present, 0, "there is none around it");
        let left: Vec<i64> = catalog.roots().unwrap().iter().map(|root| root.id).collect();
        assert_eq!(left, [beside]);

        // In the order in which it is taken back, all is where it was.
        for root in [top, outer, inner] {
            assert!(catalog.restore_root(root, 40).unwrap());
            assert!(catalog.restore_root(root, 41).unwrap(), "it is there already");
        }
        let known = catalog.known_photos(inner, None).unwrap();
        let at = |path: &[u8]| {
            let path = paths::from_bytes(path);
            known.iter().find(|photo| photo.path == path).map(|photo| (photo.id, photo.presence))
        };
        assert_eq!(at(b"a"), Some((a, Presence::Present)));
        assert_eq!(at(b"b"), Some((gone, Presence::Missing { since: 9 })));
        #[cfg(unix)]
        assert_eq!(at(b"x/\xff.jpg"), Some((odd, Presence::Present)));
        assert_eq!(catalog.photo_at(top, Path::new("photos/inner/deep/a")).unwrap(), None);
    }

    #[test]
    fn a_removed_root_is_forgotten_after_thirty_days() {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(dir.path()).unwrap();
        let root = catalog.add_root(Path::new("/photos"), 0).unwrap();
        let path = Path::new("a");
        let add = |t: &Transaction<'_>| Catalog::add_photo(t, root, path, Stat::default(), 0);
        let photo = catalog.change(add).unwrap();
        assert!(catalog.remove_root(root, 1_000).unwrap());
        catalog.forget_removed_roots(1_000 + KEPT_REMOVED - 1);
        assert_eq!(catalog.newest_photo().unwrap(), photo);
        assert!(!catalog.set_root_exclusions(root, &Exclusions::default()).unwrap());
        catalog.forget_removed_roots(1_000 + KEPT_REMOVED);
        assert_eq!(catalog.newest_photo().unwrap(), 0);
        assert!(!catalog.restore_root(root, 1_000 + KEPT_REMOVED).unwrap());
        let again = catalog.add_root(Path::new("/photos"), 0).unwrap();
        catalog.forget_removed_roots(i64::MAX);
        assert_eq!(catalog.roots().unwrap()[0].id, again, "only removed ones are forgotten");
    }

    #[test]
    fn a_root_that_moves_to_the_place_of_a_removed_one_gets_what_was_said_there() {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(dir.path()).unwrap();
        let root = |path: &str| catalog.add_root(Path::new(path), 0).unwrap();
        let (old, new) = (root("/a"), root("/b"));
        let add = |root| {
            let (path, stat) = (Path::new("p"), Stat::default());
            catalog.change(|t| Catalog::add_photo(t, root, path, stat, 0)).unwrap()
        };
        let (of_old, of_new) = (add(old), add(new));
        catalog.change(|t| Catalog::exclude_photo(t, of_old)).unwrap();
        catalog.remove_root(old, 7).unwrap();
        catalog.move_root(new, Path::new("/a")).unwrap();
        let known = catalog.known_photos(new, None).unwrap();
        let mut known: Vec<_> = known.iter().map(|photo| (photo.id, photo.presence)).collect();
        known.sort_unstable_by_key(|(id, _)| *id);
        let missing = Presence::Missing { since: 7 };
        assert_eq!(known, [(of_old, missing), (of_new, Presence::Present)]);
        assert!(!catalog.restore_root(old, 8).unwrap());
    }
}
