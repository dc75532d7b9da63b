//! Photos: one row a file, kept through renames, moves and edits.
//!
//! A row's identity is its id. `state` says whether the file was there at the
//! last look; a missing photo keeps its row so that it is the same photo when
//! it turns up again, there or elsewhere. Where the files are is `places`, what
//! is in them `readings`; here is the table, and what is asked of it.

use std::collections::HashMap;
use std::path::PathBuf;

use rusqlite::types::FromSql;
use rusqlite::{OptionalExtension, Row, ToSql, params};

use super::readings::{reading, unpack_color};
use super::select::Time;
use super::{Catalog, ContentHash, ReadPhoto, Stat, paths, places};
use crate::error::Result;
use crate::sqlite::Migration;
use crate::view::TimeSource;

pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
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
    },
    Migration {
        version: 5,
        // The table is made anew: a missing photo's place may be taken by another
        // one, so places are unique only among photos that are there.
        sql: "CREATE TABLE new_photo (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            root_id INTEGER NOT NULL REFERENCES root (id) ON DELETE CASCADE,
            rel_path BLOB NOT NULL,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            device INTEGER,
            inode INTEGER,
            birth_ns INTEGER,
            -- Tells one state of the sidecars from another; 0: there are none.
            sidecars INTEGER NOT NULL DEFAULT 0,
            -- 'excluded': the file may be there, the person does not want it.
            state TEXT NOT NULL DEFAULT 'present'
              CHECK (state IN ('present', 'missing', 'excluded')),
            missing_since INTEGER,
            unread INTEGER NOT NULL DEFAULT 1,
            content_hash BLOB CHECK (length(content_hash) = 32),
            time INTEGER NOT NULL,
            -- What told the time: the picture, the file's name, or its date.
            time_source TEXT NOT NULL DEFAULT 'file'
              CHECK (time_source IN ('picture', 'name', 'file')),
            taken_at INTEGER,
            utc_offset_min INTEGER,
            width INTEGER,
            height INTEGER,
            color INTEGER,
            format TEXT,
            orientation INTEGER,
            camera TEXT,
            lens TEXT,
            lat REAL,
            lon REAL,
            iso INTEGER,
            aperture REAL,
            focal_mm REAL,
            exposure_s REAL,
            title TEXT,
            description TEXT,
            -- JSON arrays of texts.
            keywords TEXT NOT NULL DEFAULT '[]',
            hierarchical_keywords TEXT NOT NULL DEFAULT '[]',
            rating INTEGER,
            label TEXT,
            city TEXT,
            region TEXT,
            country TEXT,
            country_code TEXT,
            added_at INTEGER NOT NULL
          ) STRICT;
          INSERT INTO new_photo (id, root_id, rel_path, size, mtime_ns, device, inode, state,
              unread, content_hash, time, taken_at, width, height, color, format, camera, lens,
              lat, lon, iso, aperture, focal_mm, exposure_s, added_at)
            -- All are read again, for what was not asked of them before. Nothing
            -- is embedded again.
            SELECT id, root_id, rel_path, size, mtime_ns, device, inode, state,
              1, content_hash, time, taken_at, width, height, color, format, camera, lens,
              lat, lon, iso, aperture, focal_mm, exposure_s, added_at FROM photo;
          -- An id is never given twice, not even that of a photo long forgotten.
          DELETE FROM sqlite_sequence WHERE name = 'new_photo';
          INSERT INTO sqlite_sequence (name, seq)
            SELECT 'new_photo', seq FROM sqlite_sequence WHERE name = 'photo';
          DROP TABLE photo;
          ALTER TABLE new_photo RENAME TO photo;
          CREATE UNIQUE INDEX photo_by_place ON photo (root_id, rel_path) WHERE state <> 'missing';
          CREATE INDEX photo_missing ON photo (root_id, rel_path) WHERE state = 'missing';
          CREATE INDEX photo_by_time ON photo (state, time DESC, id DESC);
          CREATE INDEX photo_by_hash ON photo (content_hash);
          CREATE INDEX photo_by_inode ON photo (inode);
          CREATE INDEX photo_by_stamp ON photo (size, mtime_ns);",
    },
    Migration {
        version: 8,
        sql: "-- The person marked it. No file says so, so reading one leaves it.
          ALTER TABLE photo ADD COLUMN favourite INTEGER NOT NULL DEFAULT 0
            CHECK (favourite IN (0, 1));",
    },
    Migration {
        version: 13,
        sql: "-- Stars that the person gave here, -1 to 5; NULL: what the file says counts.
          ALTER TABLE photo ADD COLUMN stars INTEGER CHECK (stars BETWEEN -1 AND 5);",
    },
];

/// A photo that may need work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PendingPhoto {
    pub id: i64,
    /// `None` where the file has never been read, or failed when it was.
    pub hash: Option<ContentHash>,
    /// The file is new or changed since it was last read.
    pub unread: bool,
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
    /// Stars that the person gave here, else those of the file, -1 to 5; 0 for none.
    pub rating: i8,
    /// The person marked it.
    pub favourite: bool,
}

/// All that the catalog knows of a photo.
#[derive(Debug, Clone)]
pub(crate) struct PhotoRow {
    pub root: i64,
    /// Absolute.
    pub path: PathBuf,
    /// The same, relative to the root.
    pub within: PathBuf,
    pub stat: Stat,
    pub time: i64,
    pub time_source: TimeSource,
    pub offline: bool,
    pub present: bool,
    /// The file is new or changed since it was last read.
    pub unread: bool,
    /// The person marked it.
    pub favourite: bool,
    /// Stars that the person gave here, -1 to 5.
    pub stars: Option<i8>,
    /// What the last reading told, if there was one.
    pub read: Option<ReadPhoto>,
}

/// What each photo had before it was changed; or the one that is not in the catalog.
pub(crate) type Before<T> = std::result::Result<Vec<(i64, T)>, i64>;

/// How many photos are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Present, failed ones included.
    pub present: u64,
    pub failed: u64,
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
        rating: row.get("counted")?,
        favourite: row.get("favourite")?,
    })
}

const HIT_SELECT: &str = "SELECT photo.id, root.path AS root_path, rel_path, width, height, color,
    content_hash, time, coalesce(stars, rating, 0) AS counted, favourite,
    root.state != 'online' AS offline FROM photo JOIN root ON root.id = root_id";

impl Catalog {
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

    /// Every present photo but those that failed and were never read, newest
    /// first; at most `most` of them.
    pub fn library(&self, most: Option<usize>) -> Result<Vec<HitRow>> {
        // SQLite takes a negative limit for none.
        let most = most.map_or(-1, |most| i64::try_from(most).unwrap_or(i64::MAX));
        self.database.read(|c| {
            c.prepare_cached(&format!(
                "{HIT_SELECT} WHERE photo.state = 'present'
                   AND (content_hash IS NOT NULL
                        OR photo.id NOT IN (SELECT photo_id FROM failure))
                 ORDER BY time DESC, photo.id DESC LIMIT ?1"
            ))?
            .query_map([most], hit)?
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

    /// A time of photos, as far as they are there; seconds since 1970.
    pub fn times(&self, photos: &[i64], of: Time) -> Result<HashMap<i64, i64>> {
        self.database.read(|c| {
            let sql = format!("SELECT {} FROM photo WHERE id = ?1", of.column());
            let mut statement = c.prepare_cached(&sql)?;
            let mut times = HashMap::with_capacity(photos.len());
            for photo in photos {
                let time = statement.query_row([photo], |row| row.get(0)).optional()?;
                times.extend(time.map(|time| (*photo, time)));
            }
            Ok(times)
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

    /// Marks photos, or takes the mark away, from all of them or, where one is not
    /// in the catalog, from none; that one is the error then. Returns whether each was
    /// marked before.
    pub fn set_favourite(&self, ids: &[i64], favourite: bool) -> Result<Before<bool>> {
        self.set_on_all(ids, "favourite", favourite)
    }

    /// Gives photos stars, -1 to 5, or has their files' count again; all of them or, as
    /// above, none. Returns the stars that each had before.
    pub fn set_stars(&self, ids: &[i64], stars: Option<i8>) -> Result<Before<Option<i8>>> {
        self.set_on_all(ids, "stars", stars)
    }

    fn set_on_all<T: ToSql + FromSql>(
        &self,
        ids: &[i64],
        column: &str,
        value: T,
    ) -> Result<Before<T>> {
        self.change(|t| {
            let mut known =
                t.prepare_cached(&format!("SELECT {column} FROM photo WHERE id = ?1"))?;
            let mut before = Vec::with_capacity(ids.len());
            for id in ids {
                match known.query_row([id], |row| row.get(0)).optional()? {
                    Some(was) => before.push((*id, was)),
                    None => return Ok(Err(*id)),
                }
            }
            let mut set = t.prepare_cached(&format!(
                "UPDATE photo SET {column} = ?2 WHERE id = ?1 AND {column} IS NOT ?2"
            ))?;
            for id in ids {
                set.execute(params![id, value])?;
            }
            Ok(Ok(before))
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
    let within = paths::from_bytes(row.get_ref("rel_path")?.as_blob()?);
    Ok(PhotoRow {
        root: row.get("root_id")?,
        path: root.join(&within),
        within,
        stat: places::stat(row)?,
        time: row.get("time")?,
        time_source: match row.get_ref("time_source")?.as_str()? {
            "picture" => TimeSource::Picture,
            "name" => TimeSource::Name,
            _ => TimeSource::File,
        },
        offline: row.get("offline")?,
        present: row.get_ref("state")?.as_str()? == "present",
        unread: row.get("unread")?,
        favourite: row.get("favourite")?,
        stars: row.get("stars")?,
        read: hash.map(|hash| reading(row, hash)).transpose()?,
    })
}
