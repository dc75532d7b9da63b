//! Photos: one row a file, kept through renames, moves and edits.
//!
//! A row's identity is its id. `state` says whether the file was there at the
//! last look; a missing photo keeps its row so that it is the same photo when
//! it turns up again, there or elsewhere.

use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Row, Transaction, named_params, params};

use super::{Catalog, ContentHash, paths};
use crate::error::Result;
use crate::sqlite::Migration;

pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    version: 2,
    sql: "CREATE TABLE photo (
            -- AUTOINCREMENT: an id is never given to another photo, so that a
            -- picture cached by id cannot show the wrong one.
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            root_id INTEGER NOT NULL REFERENCES root (id) ON DELETE CASCADE,
            rel_path BLOB NOT NULL,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            device INTEGER,
            inode INTEGER,
            state TEXT NOT NULL DEFAULT 'present' CHECK (state IN ('present', 'missing')),
            -- Set when the file is new or changed, cleared once it was read.
            unread INTEGER NOT NULL DEFAULT 1,
            content_hash BLOB CHECK (length(content_hash) = 32),
            -- What the grid is ordered by: taken_at, or else the file's time.
            time INTEGER NOT NULL,
            taken_at INTEGER,
            width INTEGER,
            height INTEGER,
            color INTEGER,
            format TEXT,
            camera TEXT,
            lens TEXT,
            lat REAL,
            lon REAL,
            iso INTEGER,
            aperture REAL,
            focal_mm REAL,
            exposure_s REAL,
            added_at INTEGER NOT NULL,
            UNIQUE (root_id, rel_path)
          ) STRICT;
          CREATE INDEX photo_by_time ON photo (state, time DESC, id DESC);
          CREATE INDEX photo_by_hash ON photo (content_hash);",
}];

/// What the file system tells of a file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    pub size: u64,
    /// Nanoseconds since 1970.
    pub mtime_ns: i64,
    pub device: Option<i64>,
    pub inode: Option<i64>,
}

/// A photo as reconciliation compares it with the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownPhoto {
    pub id: i64,
    pub root: i64,
    /// Relative to the root.
    pub path: PathBuf,
    pub stat: Stat,
    pub present: bool,
}

/// A photo that may need work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PendingPhoto {
    pub id: i64,
    /// `None` where the file has never been read, or failed when it was.
    pub hash: Option<ContentHash>,
    /// The file is new or changed since it was last read.
    pub unread: bool,
}

/// What reading a file told of a photo.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadPhoto {
    pub hash: ContentHash,
    pub width: u32,
    pub height: u32,
    pub color: [u8; 3],
    pub format: String,
    pub taken_at: Option<i64>,
    pub camera: Option<String>,
    pub lens: Option<String>,
    pub lat: Option<f64>,
    pub lon: Option<f64>,
    pub iso: Option<u32>,
    pub aperture: Option<f64>,
    pub focal_mm: Option<f64>,
    pub exposure_s: Option<f64>,
}

/// What became of a photo that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// It is up to date now.
    Updated,
    /// It turned out to be a missing photo that moved: `kept` lives on at the
    /// new place, and the row that was read is gone.
    Moved { kept: i64 },
    /// The file changed or went while it was read; it will be read again.
    Stale,
}

/// What became of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failed {
    /// The photo cannot be shown any more: what was known was of other content.
    Hidden,
    /// The photo goes on being shown as it was last read.
    Shown,
    /// The file changed or went meanwhile: the failure says nothing of it.
    Stale,
}

/// A photo as the grid shows it.
#[derive(Debug, Clone)]
pub(crate) struct HitRow {
    pub id: i64,
    pub path: PathBuf,
    /// Upright, in pixels.
    pub dimensions: Option<(u32, u32)>,
    pub color: Option<[u8; 3]>,
    /// The beginning of the content hash; 0 until the photo is read.
    pub version: u32,
    pub time: i64,
    pub offline: bool,
}

/// All that the catalog knows of a photo.
#[derive(Debug, Clone)]
pub(crate) struct PhotoRow {
    pub path: PathBuf,
    pub stat: Stat,
    pub time: i64,
    pub offline: bool,
    pub present: bool,
    /// The file is new or changed since it was last read.
    pub unread: bool,
    /// What the last reading told, if there was one.
    pub read: Option<ReadPhoto>,
}

/// How many photos are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Present, failed ones included.
    pub present: u64,
    pub failed: u64,
}

const KNOWN_COLUMNS: &str = "id, root_id, rel_path, size, mtime_ns, device, inode, state";

fn known_photo(row: &Row) -> rusqlite::Result<KnownPhoto> {
    Ok(KnownPhoto {
        id: row.get(0)?,
        root: row.get(1)?,
        path: paths::from_bytes(row.get_ref(2)?.as_blob()?),
        stat: Stat {
            size: row.get(3)?,
            mtime_ns: row.get(4)?,
            device: row.get(5)?,
            inode: row.get(6)?,
        },
        present: row.get_ref(7)?.as_str()? == "present",
    })
}

fn hit(row: &Row) -> rusqlite::Result<HitRow> {
    let root = paths::from_bytes(row.get_ref("root_path")?.as_blob()?);
    let width: Option<u32> = row.get("width")?;
    let height: Option<u32> = row.get("height")?;
    Ok(HitRow {
        id: row.get("id")?,
        path: root.join(paths::from_bytes(row.get_ref("rel_path")?.as_blob()?)),
        dimensions: width.zip(height),
        color: row.get::<_, Option<u32>>("color")?.map(unpack_color),
        version: row
            .get::<_, Option<ContentHash>>("content_hash")?
            .map_or(0, |hash| u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])),
        time: row.get("time")?,
        offline: row.get("offline")?,
    })
}

const HIT_SELECT: &str = "SELECT photo.id, root.path AS root_path, rel_path, width, height, color,
    content_hash, time, root.state != 'online' AS offline FROM photo JOIN root ON root.id = root_id";

fn pack_color([r, g, b]: [u8; 3]) -> u32 {
    u32::from_be_bytes([0, r, g, b])
}

fn unpack_color(packed: u32) -> [u8; 3] {
    let [_, r, g, b] = packed.to_be_bytes();
    [r, g, b]
}

impl Catalog {
    /// All photos of the root, and every missing photo of the others: what the
    /// files found in the root are compared with.
    pub fn known_photos(&self, root: i64) -> Result<Vec<KnownPhoto>> {
        self.database.read(|c| {
            c.prepare_cached(&format!(
                "SELECT {KNOWN_COLUMNS} FROM photo WHERE root_id = ?1 OR state = 'missing'"
            ))?
            .query_map([root], known_photo)?
            .collect()
        })
    }

    /// A new photo at a path that was never seen; returns its id. A path that
    /// another process has added meanwhile is that photo.
    pub fn add_photo(
        t: &Transaction,
        root: i64,
        path: &Path,
        stat: Stat,
        now: i64,
    ) -> rusqlite::Result<i64> {
        t.prepare_cached(
            "INSERT INTO photo (root_id, rel_path, size, mtime_ns, device, inode, time, added_at)
             VALUES (:root, :path, :size, :mtime, :device, :inode, :time, :now)
             ON CONFLICT (root_id, rel_path) DO UPDATE SET state = 'present' RETURNING id",
        )?
        .query_row(
            named_params! {
                ":root": root, ":path": paths::to_bytes(path), ":size": stat.size,
                ":mtime": stat.mtime_ns, ":device": stat.device, ":inode": stat.inode,
                ":time": stat.mtime_ns.div_euclid(1_000_000_000), ":now": now,
            },
            |row| row.get(0),
        )
    }

    /// The file changed: it is to be read again, and an old failure is void.
    pub fn modify_photo(t: &Transaction, id: i64, stat: Stat) -> rusqlite::Result<()> {
        t.prepare_cached(
            "UPDATE photo SET size = ?2, mtime_ns = ?3, device = ?4, inode = ?5, unread = 1,
               state = 'present' WHERE id = ?1",
        )?
        .execute(params![id, stat.size, stat.mtime_ns, stat.device, stat.inode])?;
        t.prepare_cached("DELETE FROM failure WHERE photo_id = ?1")?.execute([id]).map(drop)
    }

    /// The same file at another place; it need not be read again.
    pub fn move_photo(
        t: &Transaction,
        id: i64,
        root: i64,
        path: &Path,
        stat: Stat,
    ) -> rusqlite::Result<()> {
        t.prepare_cached(
            "UPDATE photo SET root_id = ?2, rel_path = ?3, size = ?4, mtime_ns = ?5, device = ?6,
               inode = ?7, state = 'present' WHERE id = ?1",
        )?
        .execute(params![
            id,
            root,
            paths::to_bytes(path),
            stat.size,
            stat.mtime_ns,
            stat.device,
            stat.inode
        ])
        .map(drop)
    }

    /// The file is gone from a root that is there.
    pub fn miss_photo(t: &Transaction, id: i64) -> rusqlite::Result<()> {
        t.prepare_cached("UPDATE photo SET state = 'missing' WHERE id = ?1")?
            .execute([id])
            .map(drop)
    }

    /// Runs several of the statements above as one change.
    pub fn change<T>(&self, change: impl FnOnce(&Transaction) -> rusqlite::Result<T>) -> Result<T> {
        self.database.write(change)
    }

    /// Present photos in roots that can be reached and that did not fail,
    /// newest first.
    pub fn reachable_photos(&self) -> Result<Vec<PendingPhoto>> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT photo.id, content_hash, unread FROM photo JOIN root ON root.id = root_id
                 WHERE photo.state = 'present' AND root.state = 'online'
                   AND photo.id NOT IN (SELECT photo_id FROM failure)
                 ORDER BY time DESC, photo.id DESC",
            )?
            .query_map([], |row| {
                Ok(PendingPhoto { id: row.get(0)?, hash: row.get(1)?, unread: row.get(2)? })
            })?
            .collect()
        })
    }

    /// The greatest id of a photo, 0 where there is none: later ones get greater ids.
    pub fn newest_photo(&self) -> Result<i64> {
        self.database
            .read(|c| c.query_row("SELECT coalesce(max(id), 0) FROM photo", [], |row| row.get(0)))
    }

    /// Id and content hash of every present photo that has been read.
    pub fn hashed_photos(&self) -> Result<Vec<(i64, ContentHash)>> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT id, content_hash FROM photo
                 WHERE state = 'present' AND content_hash IS NOT NULL",
            )?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
        })
    }

    /// Stores what reading the files told. Each file's size and time must be
    /// what they were when it was read, else it is [`Stored::Stale`].
    pub fn store_read(&self, batch: &[(i64, Stat, ReadPhoto)]) -> Result<Vec<Stored>> {
        self.database.write(|t| {
            batch.iter().map(|(id, stat, read)| store_one(t, *id, *stat, read)).collect()
        })
    }

    /// Records that a photo cannot be indexed.
    pub fn store_failure(
        &self,
        id: i64,
        stat: Stat,
        reason: &str,
        permanent: bool,
        now: i64,
    ) -> Result<Failed> {
        self.database.write(|t| {
            let unread: Option<bool> = t
                .query_row(
                    "SELECT unread FROM photo
                     WHERE id = ?1 AND size = ?2 AND mtime_ns = ?3 AND state = 'present'",
                    params![id, stat.size, stat.mtime_ns],
                    |row| row.get(0),
                )
                .optional()?;
            let Some(unread) = unread else { return Ok(Failed::Stale) };
            // What an earlier content looked like must not answer for this one.
            // But what may pass, such as a file that may not be read for now,
            // takes nothing away.
            let hidden = unread && permanent;
            if hidden {
                t.execute("UPDATE photo SET content_hash = NULL WHERE id = ?1", [id])?;
            }
            t.execute(
                "INSERT INTO failure (photo_id, reason, permanent, failed_at)
                 VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (photo_id) DO UPDATE SET reason = excluded.reason,
                   permanent = excluded.permanent, failed_at = excluded.failed_at",
                params![id, reason, permanent, now],
            )?;
            Ok(if hidden { Failed::Hidden } else { Failed::Shown })
        })
    }

    /// Every present photo but those that failed and were never read, newest
    /// first.
    pub fn library(&self) -> Result<Vec<HitRow>> {
        self.database.read(|c| {
            c.prepare_cached(&format!(
                "{HIT_SELECT} WHERE photo.state = 'present'
                   AND (content_hash IS NOT NULL
                        OR photo.id NOT IN (SELECT photo_id FROM failure))
                 ORDER BY time DESC, photo.id DESC"
            ))?
            .query_map([], hit)?
            .collect()
        })
    }

    /// The present photos among `ids`, in their order.
    pub fn hits(&self, ids: &[i64]) -> Result<Vec<HitRow>> {
        self.database.read(|c| {
            let mut statement = c.prepare_cached(&format!(
                "{HIT_SELECT} WHERE photo.id = ?1 AND photo.state = 'present'"
            ))?;
            let mut rows = Vec::with_capacity(ids.len());
            for id in ids {
                rows.extend(statement.query_row([id], hit).optional()?);
            }
            Ok(rows)
        })
    }

    /// All of one photo, or `None` where there is none of this id.
    pub fn photo(&self, id: i64) -> Result<Option<PhotoRow>> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT photo.*, root.path AS root_path, root.state != 'online' AS offline
                 FROM photo JOIN root ON root.id = root_id WHERE photo.id = ?1",
            )?
            .query_row([id], photo_row)
            .optional()
        })
    }

    /// The present photo at this place.
    pub fn photo_at(&self, root: i64, path: &Path) -> Result<Option<i64>> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT id FROM photo WHERE root_id = ?1 AND rel_path = ?2 AND state = 'present'",
            )?
            .query_row(params![root, paths::to_bytes(path)], |row| row.get(0))
            .optional()
        })
    }

    /// How many photos are present, and how many of them failed.
    pub fn counts(&self) -> Result<Counts> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT (SELECT count(*) FROM photo WHERE state = 'present'),
                        (SELECT count(*) FROM failure JOIN photo ON photo.id = photo_id
                         WHERE photo.state = 'present')",
            )?
            .query_row([], |row| Ok(Counts { present: row.get(0)?, failed: row.get(1)? }))
        })
    }
}

fn photo_row(row: &Row) -> rusqlite::Result<PhotoRow> {
    let root = paths::from_bytes(row.get_ref("root_path")?.as_blob()?);
    let hash: Option<ContentHash> = row.get("content_hash")?;
    let read = hash
        .map(|hash| -> rusqlite::Result<ReadPhoto> {
            Ok(ReadPhoto {
                hash,
                width: row.get("width")?,
                height: row.get("height")?,
                color: unpack_color(row.get("color")?),
                format: row.get("format")?,
                taken_at: row.get("taken_at")?,
                camera: row.get("camera")?,
                lens: row.get("lens")?,
                lat: row.get("lat")?,
                lon: row.get("lon")?,
                iso: row.get("iso")?,
                aperture: row.get("aperture")?,
                focal_mm: row.get("focal_mm")?,
                exposure_s: row.get("exposure_s")?,
            })
        })
        .transpose()?;
    Ok(PhotoRow {
        path: root.join(paths::from_bytes(row.get_ref("rel_path")?.as_blob()?)),
        stat: Stat {
            size: row.get("size")?,
            mtime_ns: row.get("mtime_ns")?,
            device: row.get("device")?,
            inode: row.get("inode")?,
        },
        time: row.get("time")?,
        offline: row.get("offline")?,
        present: row.get_ref("state")?.as_str()? == "present",
        unread: row.get("unread")?,
        read,
    })
}

fn store_one(t: &Transaction, id: i64, stat: Stat, read: &ReadPhoto) -> rusqlite::Result<Stored> {
    let place: Option<(i64, Vec<u8>, bool, Value, Value)> = t
        .prepare_cached(
            "SELECT root_id, rel_path, content_hash IS NULL, device, inode FROM photo
             WHERE id = ?1 AND size = ?2 AND mtime_ns = ?3 AND state = 'present'",
        )?
        .query_row(params![id, stat.size, stat.mtime_ns], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .optional()?;
    let Some((root, path, never_read, device, inode)) = place else {
        return Ok(Stored::Stale);
    };
    // The last evidence of a move: bytes that only a missing photo had.
    let missing: Option<i64> = if never_read {
        t.prepare_cached(
            "SELECT id FROM photo WHERE content_hash = ?1 AND state = 'missing' ORDER BY id LIMIT 1",
        )?
        .query_row([read.hash], |row| row.get(0))
        .optional()?
    } else {
        None
    };
    let kept = missing.unwrap_or(id);
    if kept != id {
        // The place is unique, so the new row must leave before the old one comes.
        t.prepare_cached("DELETE FROM photo WHERE id = ?1")?.execute([id])?;
    }
    t.prepare_cached(
        "UPDATE photo SET root_id = :root, rel_path = :path, size = :size, mtime_ns = :mtime,
           device = :device, inode = :inode, state = 'present', unread = 0, content_hash = :hash,
           time = coalesce(:taken_at, :modified_at), taken_at = :taken_at, width = :width,
           height = :height, color = :color, format = :format, camera = :camera, lens = :lens,
           lat = :lat, lon = :lon, iso = :iso, aperture = :aperture, focal_mm = :focal_mm,
           exposure_s = :exposure_s
         WHERE id = :id",
    )?
    .execute(named_params! {
        ":id": kept, ":root": root, ":path": path, ":size": stat.size, ":mtime": stat.mtime_ns,
        ":device": device, ":inode": inode, ":hash": read.hash, ":taken_at": read.taken_at,
        ":modified_at": stat.mtime_ns.div_euclid(1_000_000_000), ":width": read.width,
        ":height": read.height, ":color": pack_color(read.color), ":format": read.format,
        ":camera": read.camera, ":lens": read.lens, ":lat": read.lat, ":lon": read.lon,
        ":iso": read.iso, ":aperture": read.aperture, ":focal_mm": read.focal_mm,
        ":exposure_s": read.exposure_s,
    })?;
    t.prepare_cached("DELETE FROM failure WHERE photo_id = ?1")?.execute([kept])?;
    Ok(if kept == id { Stored::Updated } else { Stored::Moved { kept } })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: Stat = Stat { size: 10, mtime_ns: 5_000_000_000, device: Some(1), inode: Some(2) };

    fn catalog() -> (tempfile::TempDir, Catalog, i64) {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(dir.path()).unwrap();
        let root = catalog.add_root(Path::new("/photos"), 0).unwrap();
        (dir, catalog, root)
    }

    fn add(catalog: &Catalog, root: i64, path: &str) -> i64 {
        catalog.change(|t| Catalog::add_photo(t, root, Path::new(path), STAT, 0)).unwrap()
    }

    fn read(hash: u8) -> ReadPhoto {
        ReadPhoto { hash: [hash; 32], width: 3, height: 2, color: [1, 2, 3], ..Default::default() }
    }

    #[test]
    fn a_photo_goes_from_unread_to_read_and_is_shown_whole() {
        let (_dir, catalog, root) = catalog();
        let id = add(&catalog, root, "a/b.jpg");
        assert!(catalog.photo(id).unwrap().unwrap().read.is_none());
        let stored = catalog.store_read(&[(id, STAT, read(7))]).unwrap();
        assert_eq!(stored, [Stored::Updated]);
        let photo = catalog.photo(id).unwrap().unwrap();
        assert_eq!(photo.path, Path::new("/photos/a/b.jpg"));
        assert_eq!(photo.time, 5);
        assert!(!catalog.reachable_photos().unwrap()[0].unread);
        assert_eq!(photo.read.unwrap().color, [1, 2, 3]);
        assert_eq!(catalog.photo_at(root, Path::new("a/b.jpg")).unwrap(), Some(id));
    }

    #[test]
    fn bytes_of_a_missing_photo_bring_it_back_under_its_old_id() {
        let (_dir, catalog, root) = catalog();
        let old = add(&catalog, root, "old.jpg");
        catalog.store_read(&[(old, STAT, read(7))]).unwrap();
        catalog.change(|t| Catalog::miss_photo(t, old)).unwrap();
        let new = add(&catalog, root, "new.jpg");
        let stored = catalog.store_read(&[(new, STAT, read(7))]).unwrap();
        assert_eq!(stored, [Stored::Moved { kept: old }]);
        assert!(catalog.photo(new).unwrap().is_none());
        assert_eq!(catalog.photo(old).unwrap().unwrap().path, Path::new("/photos/new.jpg"));
        assert_eq!(catalog.counts().unwrap().present, 1);
    }

    #[test]
    fn a_copy_of_a_present_photo_is_a_photo_of_its_own() {
        let (_dir, catalog, root) = catalog();
        let old = add(&catalog, root, "old.jpg");
        let copy = add(&catalog, root, "copy.jpg");
        let stored = catalog.store_read(&[(old, STAT, read(7)), (copy, STAT, read(7))]).unwrap();
        assert_eq!(stored, [Stored::Updated, Stored::Updated]);
    }

    #[test]
    fn what_changed_while_it_was_read_is_stale() {
        let (_dir, catalog, root) = catalog();
        let id = add(&catalog, root, "a.jpg");
        let before = Stat { size: 9, ..STAT };
        assert_eq!(catalog.store_read(&[(id, before, read(1))]).unwrap(), [Stored::Stale]);
        assert_eq!(catalog.store_failure(id, before, "cut off", true, 0).unwrap(), Failed::Stale);
        assert_eq!(catalog.counts().unwrap().failed, 0);
    }

    #[test]
    fn a_failure_hides_the_photo_until_the_file_changes() {
        let (_dir, catalog, root) = catalog();
        let id = add(&catalog, root, "a.jpg");
        assert_eq!(catalog.store_failure(id, STAT, "cut off", true, 9).unwrap(), Failed::Hidden);
        assert_eq!(catalog.counts().unwrap(), Counts { present: 1, failed: 1 });
        assert!(catalog.library().unwrap().is_empty());
        assert!(catalog.reachable_photos().unwrap().is_empty());
        assert_eq!(catalog.failures().unwrap()[0].reason, "cut off");
        catalog.change(|t| Catalog::modify_photo(t, id, Stat { size: 11, ..STAT })).unwrap();
        assert_eq!(catalog.reachable_photos().unwrap().len(), 1);
        assert!(catalog.failures().unwrap().is_empty());
    }

    #[test]
    fn a_failure_that_may_pass_takes_nothing_away() {
        let (_dir, catalog, root) = catalog();
        let id = add(&catalog, root, "a.jpg");
        catalog.store_read(&[(id, STAT, read(7))]).unwrap();
        assert_eq!(catalog.store_failure(id, STAT, "denied", false, 9).unwrap(), Failed::Shown);
        assert_eq!(catalog.library().unwrap().len(), 1);
        assert_eq!(catalog.hashed_photos().unwrap(), [(id, [7; 32])]);
    }

    #[test]
    fn removing_a_root_forgets_its_photos_and_failures() {
        let (_dir, catalog, root) = catalog();
        let id = add(&catalog, root, "a.jpg");
        catalog.store_failure(id, STAT, "cut off", true, 9).unwrap();
        assert!(catalog.remove_root(root).unwrap());
        assert!(!catalog.remove_root(root).unwrap());
        assert_eq!(catalog.counts().unwrap(), Counts::default());
    }
}
