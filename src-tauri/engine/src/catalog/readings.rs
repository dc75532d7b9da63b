//! What reading the files told of the photos.

use rusqlite::types::{FromSqlError, Type, Value};
use rusqlite::{OptionalExtension, Row, Transaction, named_params, params};

use super::{Catalog, ContentHash, Stat, paths};
use crate::error::Result;
use crate::message::Message;
use crate::metadata::Metadata;

/// What reading a file told of a photo.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ReadPhoto {
    pub hash: ContentHash,
    pub width: u32,
    pub height: u32,
    pub color: [u8; 3],
    pub format: String,
    /// What the file and its sidecars say.
    pub metadata: Metadata,
    /// The date in the file's name, for where they say none.
    pub named_at: Option<i64>,
    /// Where the picture was taken, if that is near a known place.
    pub near: Option<Near>,
}

/// The place nearest to a position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Near {
    pub city: String,
    pub region: String,
    pub country: String,
    /// ISO 3166-1 alpha-2.
    pub country_code: String,
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

pub(super) fn pack_color([r, g, b]: [u8; 3]) -> u32 {
    u32::from_be_bytes([0, r, g, b])
}

pub(super) fn unpack_color(packed: u32) -> [u8; 3] {
    let [_, r, g, b] = packed.to_be_bytes();
    [r, g, b]
}

impl Catalog {
    /// Stores what reading the files told. Each file's size and time, and its
    /// sidecars, must be what they were when it was read, else it is
    /// [`Stored::Stale`].
    pub fn store_read(&self, batch: &[(i64, Stat, ReadPhoto)]) -> Result<Vec<Stored>> {
        self.change(|t| {
            batch.iter().map(|(id, stat, read)| store_one(t, *id, *stat, read)).collect()
        })
    }

    /// Records that a photo cannot be indexed.
    pub fn store_failure(
        &self,
        id: i64,
        stat: Stat,
        reason: &Message,
        permanent: bool,
        now: i64,
    ) -> Result<Failed> {
        self.change(|t| {
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
                params![id, reason.stored(), permanent, now],
            )?;
            Ok(if hidden { Failed::Hidden } else { Failed::Shown })
        })
    }
}

/// What the row of a photo with this hash says of its last reading.
pub(super) fn reading(row: &Row, hash: ContentHash) -> rusqlite::Result<ReadPhoto> {
    let near = row.get::<_, Option<String>>("city")?.map(|city| -> rusqlite::Result<Near> {
        Ok(Near {
            city,
            region: row.get::<_, Option<String>>("region")?.unwrap_or_default(),
            country: row.get::<_, Option<String>>("country")?.unwrap_or_default(),
            country_code: row.get::<_, Option<String>>("country_code")?.unwrap_or_default(),
        })
    });
    let time_is_of_name = row.get_ref("time_source")?.as_str()? == "name";
    Ok(ReadPhoto {
        hash,
        width: row.get("width")?,
        height: row.get("height")?,
        color: unpack_color(row.get("color")?),
        format: row.get("format")?,
        metadata: Metadata {
            taken_at: row.get("taken_at")?,
            utc_offset_min: row.get("utc_offset_min")?,
            camera: row.get("camera")?,
            lens: row.get("lens")?,
            lat: row.get("lat")?,
            lon: row.get("lon")?,
            iso: row.get("iso")?,
            aperture: row.get("aperture")?,
            focal_mm: row.get("focal_mm")?,
            exposure_s: row.get("exposure_s")?,
            orientation: row.get("orientation")?,
            title: row.get("title")?,
            description: row.get("description")?,
            keywords: texts(row, "keywords")?,
            hierarchical_keywords: texts(row, "hierarchical_keywords")?,
            rating: row.get("rating")?,
            label: row.get("label")?,
            // The mark itself is the photo's, whoever made it.
            favourite: None,
        },
        named_at: if time_is_of_name { Some(row.get("time")?) } else { None },
        near: near.transpose()?,
    })
}

fn texts(row: &Row, column: &str) -> rusqlite::Result<Vec<String>> {
    let json = row.get_ref(column)?.as_str()?;
    serde_json::from_str(json).map_err(|error| {
        let error = FromSqlError::Other(Box::new(error));
        rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
    })
}

fn store_one(t: &Transaction, id: i64, stat: Stat, read: &ReadPhoto) -> rusqlite::Result<Stored> {
    let place: Option<(i64, Vec<u8>, bool, Value, Value, Value)> = t
        .prepare_cached(
            "SELECT root_id, rel_path, content_hash IS NULL, device, inode, birth_ns FROM photo
             WHERE id = ?1 AND size = ?2 AND mtime_ns = ?3 AND sidecars = ?4
               AND state = 'present'",
        )?
        .query_row(params![id, stat.size, stat.mtime_ns, stat.sidecars], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        })
        .optional()?;
    let Some((root, path, never_read, device, inode, birth)) = place else {
        return Ok(Stored::Stale);
    };
    // The last evidence of a move: bytes that only a missing photo had.
    let missing = if never_read { missing_with(t, read.hash, id)? } else { None };
    let kept = missing.unwrap_or(id);
    if kept != id {
        // The place is unique, so the new row must leave before the old one comes.
        Catalog::forget_photo(t, id, kept)?;
    }
    let Metadata { taken_at, .. } = read.metadata;
    let (time, source) = match (taken_at, read.named_at) {
        (Some(taken), _) => (taken, "picture"),
        (None, Some(named)) => (named, "name"),
        (None, None) => (stat.mtime_ns.div_euclid(1_000_000_000), "file"),
    };
    let near = read.near.as_ref();
    t.prepare_cached(
        "UPDATE photo SET root_id = :root, rel_path = :path, size = :size, mtime_ns = :mtime,
           device = :device, inode = :inode, birth_ns = :birth, sidecars = :sidecars,
           state = 'present', missing_since = NULL, unread = 0, content_hash = :hash, time = :time,
           time_source = :time_source, taken_at = :taken_at, utc_offset_min = :utc_offset_min,
           width = :width, height = :height, color = :color, format = :format,
           orientation = :orientation, camera = :camera, lens = :lens, lat = :lat, lon = :lon,
           iso = :iso, aperture = :aperture, focal_mm = :focal_mm, exposure_s = :exposure_s,
           title = :title, description = :description, keywords = :keywords,
           hierarchical_keywords = :hierarchical_keywords, rating = :rating, label = :label,
           city = :city, region = :region, country = :country, country_code = :country_code,
           -- What another program wrote since is the last word.
           favourite = coalesce(:favourite, favourite),
           stars = CASE WHEN rating IS :rating THEN stars END
         WHERE id = :id",
    )?
    .execute(named_params! {
        ":id": kept, ":root": root, ":path": path, ":size": stat.size, ":mtime": stat.mtime_ns,
        ":device": device, ":inode": inode, ":birth": birth, ":sidecars": stat.sidecars,
        ":hash": read.hash, ":time": time, ":time_source": source, ":taken_at": taken_at,
        ":utc_offset_min": read.metadata.utc_offset_min, ":width": read.width,
        ":height": read.height, ":color": pack_color(read.color), ":format": read.format,
        ":orientation": read.metadata.orientation, ":camera": read.metadata.camera,
        ":lens": read.metadata.lens, ":lat": read.metadata.lat, ":lon": read.metadata.lon,
        ":iso": read.metadata.iso, ":aperture": read.metadata.aperture,
        ":focal_mm": read.metadata.focal_mm, ":exposure_s": read.metadata.exposure_s,
        ":title": read.metadata.title, ":description": read.metadata.description,
        ":keywords": json(&read.metadata.keywords)?,
        ":hierarchical_keywords": json(&read.metadata.hierarchical_keywords)?,
        ":rating": read.metadata.rating, ":label": read.metadata.label,
        ":city": near.map(|near| &near.city), ":region": near.map(|near| &near.region),
        ":country": near.map(|near| &near.country),
        ":country_code": near.map(|near| &near.country_code),
        ":favourite": read.metadata.favourite,
    })?;
    t.prepare_cached("DELETE FROM failure WHERE photo_id = ?1")?.execute([kept])?;
    Ok(if kept == id { Stored::Updated } else { Stored::Moved { kept } })
}

/// The oldest missing photo with these bytes that is older than `id`. One whose root was
/// removed, and whose file is where it was, did not move: this is a copy of it.
fn missing_with(t: &Transaction, hash: ContentHash, id: i64) -> rusqlite::Result<Option<i64>> {
    let mut missing = t.prepare_cached(
        "SELECT photo.id, root.path, rel_path, removed_at IS NOT NULL
         FROM photo JOIN root ON root.id = root_id
         WHERE content_hash = ?1 AND photo.state = 'missing' AND photo.id < ?2
         ORDER BY photo.id",
    )?;
    let mut rows = missing.query(params![hash, id])?;
    while let Some(row) = rows.next()? {
        let root = paths::from_bytes(row.get_ref(1)?.as_blob()?);
        let place = root.join(paths::from_bytes(row.get_ref(2)?.as_blob()?));
        if !row.get::<_, bool>(3)? || !place.exists() {
            return row.get(0).map(Some);
        }
    }
    Ok(None)
}

fn json(texts: &[String]) -> rusqlite::Result<String> {
    serde_json::to_string(texts)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::catalog::photos::Counts;
    use crate::view::TimeSource;

    const STAT: Stat = Stat {
        size: 10,
        mtime_ns: 5_000_000_000,
        device: Some(1),
        inode: Some(2),
        birth_ns: None,
        sidecars: 0,
    };

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
        catalog.change(|t| Catalog::miss_photo(t, old, 9)).unwrap();
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
        assert_eq!(
            catalog.store_failure(id, before, &message!("cut off"), true, 0).unwrap(),
            Failed::Stale
        );
        assert_eq!(catalog.counts().unwrap().failed, 0);
    }

    #[test]
    fn a_failure_hides_the_photo_until_the_file_changes() {
        let (_dir, catalog, root) = catalog();
        let id = add(&catalog, root, "a.jpg");
        assert_eq!(
            catalog.store_failure(id, STAT, &message!("cut off"), true, 9).unwrap(),
            Failed::Hidden
        );
        assert_eq!(catalog.counts().unwrap(), Counts { present: 1, failed: 1 });
        assert!(catalog.library(None).unwrap().is_empty());
        assert!(catalog.reachable_photos().unwrap().is_empty());
        assert_eq!(catalog.failures().unwrap()[0].reason, "cut off");
        let edited = Stat { size: 11, ..STAT };
        let place = Path::new("a.jpg");
        catalog.change(|t| Catalog::place_photo(t, id, root, place, edited, true)).unwrap();
        assert_eq!(catalog.reachable_photos().unwrap().len(), 1);
        assert!(catalog.failures().unwrap().is_empty());
    }

    #[test]
    fn a_failure_that_may_pass_takes_nothing_away() {
        let (_dir, catalog, root) = catalog();
        let id = add(&catalog, root, "a.jpg");
        catalog.store_read(&[(id, STAT, read(7))]).unwrap();
        assert_eq!(
            catalog.store_failure(id, STAT, &message!("denied"), false, 9).unwrap(),
            Failed::Shown
        );
        assert_eq!(catalog.library(None).unwrap().len(), 1);
        assert_eq!(catalog.hashed_photos().unwrap(), [(id, [7; 32])]);
    }

    #[test]
    fn removing_a_root_hides_its_photos_and_failures() {
        let (_dir, catalog, root) = catalog();
        let id = add(&catalog, root, "a.jpg");
        catalog.store_failure(id, STAT, &message!("cut off"), true, 9).unwrap();
        assert!(catalog.remove_root(root, 9).unwrap());
        assert!(!catalog.remove_root(root, 9).unwrap());
        assert_eq!(catalog.counts().unwrap(), Counts::default());
    }

    #[test]
    fn what_a_file_says_of_itself_comes_back_as_it_was() {
        let (_dir, catalog, root) = catalog();
        let id = add(&catalog, root, "a.jpg");
        let metadata = Metadata {
            taken_at: Some(1_000),
            utc_offset_min: Some(-330),
            camera: Some("Leica M3".into()),
            lat: Some(38.7),
            lon: Some(-9.1),
            orientation: Some(6),
            title: Some("Tram \u{1F68B}".into()),
            description: Some("uphill".into()),
            keywords: vec!["tram".into(), "with \"quotes\"".into()],
            hierarchical_keywords: vec!["Places|Lisbon".into()],
            rating: Some(-1),
            label: Some("Red".into()),
            ..Default::default()
        };
        let near = Near {
            city: "Lisbon".into(),
            region: "Lisbon District".into(),
            country: "Portugal".into(),
            country_code: "PT".into(),
        };
        let whole = ReadPhoto { metadata, near: Some(near), ..read(7) };
        catalog.store_read(&[(id, STAT, whole.clone())]).unwrap();
        let photo = catalog.photo(id).unwrap().unwrap();
        assert_eq!((photo.time, photo.read), (1_000, Some(whole)));

        // Without a date of its own, the name's; without that, the file's.
        let named = ReadPhoto { named_at: Some(77), ..read(7) };
        catalog.store_read(&[(id, STAT, named.clone())]).unwrap();
        let photo = catalog.photo(id).unwrap().unwrap();
        assert_eq!((photo.time, photo.time_source), (77, TimeSource::Name));
        assert_eq!(photo.read, Some(named));
        catalog.store_read(&[(id, STAT, read(7))]).unwrap();
        let photo = catalog.photo(id).unwrap().unwrap();
        assert_eq!((photo.time, photo.time_source), (5, TimeSource::File));
    }

    #[test]
    fn sidecars_that_changed_meanwhile_have_the_photo_read_again() {
        let (_dir, catalog, root) = catalog();
        let id = add(&catalog, root, "a.jpg");
        let before = Stat { sidecars: 3, ..STAT };
        assert_eq!(catalog.store_read(&[(id, before, read(1))]).unwrap(), [Stored::Stale]);
    }
}
