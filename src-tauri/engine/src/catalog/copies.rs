//! What is asked of photos that may be copies of each other.
//!
//! Only photos that are there and were read since they changed are asked: of
//! others it is not known what they hold.

use std::path::PathBuf;

use rusqlite::{OptionalExtension, Row};

use super::{Catalog, ContentHash, Stat, paths, places};
use crate::error::Result;

/// A photo that may be a copy of another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CopyRow {
    pub id: i64,
    pub path: PathBuf,
    pub stat: Stat,
    pub hash: ContentHash,
    /// Upright, in pixels.
    pub width: u32,
    pub height: u32,
    /// Seconds since 1970.
    pub time: i64,
    /// The picture, or its sidecar, tells the time.
    pub is_dated: bool,
    pub camera: Option<String>,
    pub format: String,
    pub rating: Option<i8>,
    /// Somebody gave it a title, a description, a label, keywords or a tag, or marked it.
    pub is_described: bool,
    pub offline: bool,
}

fn copy(row: &Row) -> rusqlite::Result<CopyRow> {
    let root = paths::from_bytes(row.get_ref("root_path")?.as_blob()?);
    Ok(CopyRow {
        id: row.get("id")?,
        path: root.join(paths::from_bytes(row.get_ref("rel_path")?.as_blob()?)),
        stat: places::stat(row)?,
        hash: row.get("content_hash")?,
        width: row.get::<_, Option<u32>>("width")?.unwrap_or(0),
        height: row.get::<_, Option<u32>>("height")?.unwrap_or(0),
        time: row.get("time")?,
        is_dated: row.get("is_dated")?,
        camera: row.get("camera")?,
        format: row.get::<_, Option<String>>("format")?.unwrap_or_default(),
        rating: row.get::<_, Option<i8>>("stars")?.or(row.get("rating")?),
        is_described: row.get("is_described")?,
        offline: row.get("offline")?,
    })
}

/// What a photo of which it is known what it holds is told by.
const READ: &str = "state = 'present' AND unread = 0 AND content_hash IS NOT NULL";

impl Catalog {
    /// Photos that share their content with another one.
    pub fn copies(&self) -> Result<Vec<i64>> {
        self.ids(&format!(
            "SELECT id FROM photo WHERE {READ} AND content_hash IN (
               SELECT content_hash FROM photo WHERE {READ}
               GROUP BY content_hash HAVING count(*) > 1) ORDER BY id"
        ))
    }

    /// Photos whose pictures say that another one was taken with the same camera
    /// at most so many seconds before or after.
    pub fn taken_within(&self, seconds: i64) -> Result<Vec<i64>> {
        self.ids(&format!(
            "SELECT id FROM (
               SELECT id, time - lag(time) OVER taken AS after, lead(time) OVER taken - time AS before
               FROM photo WHERE {READ} AND time_source = 'picture' AND camera IS NOT NULL
               WINDOW taken AS (PARTITION BY camera ORDER BY time))
             WHERE after <= {seconds} OR before <= {seconds} ORDER BY id"
        ))
    }

    fn ids(&self, question: &str) -> Result<Vec<i64>> {
        self.database.read(|c| c.prepare(question)?.query_map([], |row| row.get(0))?.collect())
    }

    /// Id and content hash of every photo of which it is known what it holds.
    pub fn read_photos(&self) -> Result<Vec<(i64, ContentHash)>> {
        self.database.read(|c| {
            c.prepare(&format!("SELECT id, content_hash FROM photo WHERE {READ} ORDER BY id"))?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }

    /// Those of these photos of which it is known what they hold, in their order.
    pub fn copy_rows(&self, ids: &[i64]) -> Result<Vec<CopyRow>> {
        self.database.read(|c| {
            let mut statement = c.prepare_cached(&format!(
                "SELECT photo.*, root.path AS root_path, time_source = 'picture' AS is_dated,
                   coalesce(title, description, label) IS NOT NULL OR keywords <> '[]'
                     OR hierarchical_keywords <> '[]' OR favourite
                     OR EXISTS (SELECT 1 FROM decision
                                WHERE photo_id = photo.id AND kind <> 'rejected') AS is_described,
                   root.state <> 'online' AS offline
                 FROM (SELECT * FROM photo WHERE id = ?1 AND {READ}) AS photo
                 JOIN root ON root.id = root_id"
            ))?;
            let mut rows = Vec::with_capacity(ids.len());
            for id in ids {
                rows.extend(statement.query_row([id], copy).optional()?);
            }
            Ok(rows)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::catalog::ReadPhoto;
    use crate::metadata::Metadata;

    fn catalog() -> (tempfile::TempDir, Catalog, i64) {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(dir.path()).unwrap();
        let root = catalog.add_root(Path::new("/photos"), 0).unwrap();
        (dir, catalog, root)
    }

    fn add(catalog: &Catalog, root: i64, name: &str, hash: u8, metadata: Metadata) -> i64 {
        let stat = Stat { size: 10, ..Stat::default() };
        let id = catalog.change(|t| Catalog::add_photo(t, root, Path::new(name), stat, 0)).unwrap();
        let read =
            ReadPhoto { hash: [hash; 32], width: 3, height: 2, metadata, ..Default::default() };
        catalog.store_read(&[(id, stat, read)]).unwrap();
        id
    }

    #[test]
    fn copies_are_present_photos_of_the_same_content() {
        let (_dir, catalog, root) = catalog();
        let add = |name, hash| add(&catalog, root, name, hash, Metadata::default());
        let [a, _, copy, gone, _, changed] =
            [("a", 1), ("b", 2), ("c", 1), ("d", 1), ("e", 3), ("f", 3)].map(|(n, h)| add(n, h));
        catalog
            .change(|t| {
                Catalog::miss_photo(t, gone, 9)?;
                let stat = Stat { size: 11, ..Stat::default() };
                Catalog::place_photo(t, changed, root, Path::new("f"), stat, true)
            })
            .unwrap();
        assert_eq!(catalog.copies().unwrap(), [a, copy], "f holds something else by now");
        assert_eq!(catalog.read_photos().unwrap().len(), 4);
        let rows = catalog.copy_rows(&[copy, gone, a, changed, 99]).unwrap();
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [copy, a]);
        assert_eq!(rows[1].path, Path::new("/photos/a"));
        assert_eq!((rows[1].width, rows[1].height, rows[1].stat.size), (3, 2, 10));
        assert!(!rows[1].offline);
    }

    #[test]
    fn photos_of_one_moment_are_of_the_same_camera_and_say_when() {
        let (_dir, catalog, root) = catalog();
        let taken = |name, hash, camera: &str, at| {
            let camera = Some(camera.to_owned()).filter(|camera| !camera.is_empty());
            add(&catalog, root, name, hash, Metadata { taken_at: at, camera, ..Default::default() })
        };
        let a = taken("a", 1, "x", Some(100));
        taken("b", 2, "y", Some(101));
        let c = taken("c", 3, "x", Some(103));
        taken("d", 4, "x", Some(107));
        taken("e", 5, "x", None);
        taken("f", 6, "", Some(100));
        assert_eq!(catalog.taken_within(3).unwrap(), [a, c]);
        let row = catalog.copy_rows(&[c]).unwrap().remove(0);
        assert!(row.is_dated && !row.is_described && row.time == 103);
        let keywords = vec!["sea".to_owned()];
        let said = Metadata { keywords, rating: Some(4), ..Default::default() };
        let row = add(&catalog, root, "g", 7, said);
        let row = catalog.copy_rows(&[row]).unwrap().remove(0);
        assert!(row.is_described && !row.is_dated && row.rating == Some(4));
    }
}
