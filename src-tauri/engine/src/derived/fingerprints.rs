//! Fingerprints: what photos look like in a few numbers, taken from their
//! thumbnails when they are first compared.

use rusqlite::{OptionalExtension, params};

use super::Derived;
use crate::error::Result;
use crate::sqlite::Migration;

pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    version: 4,
    sql: "CREATE TABLE fingerprint (
            content_hash BLOB PRIMARY KEY CHECK (length(content_hash) = 32),
            -- 64 bits; NULL for a picture without anything to tell it by.
            look INTEGER,
            sharpness REAL NOT NULL,
            clipped REAL NOT NULL
          ) STRICT, WITHOUT ROWID;
          -- Whoever deletes a thumbnail, because it is damaged or of no use, has
          -- what was computed from it go along.
          CREATE TRIGGER fingerprint_of_thumbnail AFTER DELETE ON thumbnail
            BEGIN DELETE FROM fingerprint WHERE content_hash = old.content_hash; END;",
}];

/// What a photo looks like, in a few numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fingerprint {
    /// A perceptual hash: pictures that look alike differ in few of its bits.
    /// `None` for a picture that is all but one tone, whose bits would be noise.
    pub look: Option<u64>,
    /// Variance of the thumbnail's Laplacian, 0 or more; comparable between
    /// pictures of the same scene.
    pub sharpness: f32,
    /// Share of the thumbnail that is all but black or white, 0 to 1.
    pub clipped: f32,
}

impl Derived {
    /// The fingerprints of these hashes, in their order, as far as they were
    /// computed.
    pub fn fingerprints(&self, hashes: &[[u8; 32]]) -> Result<Vec<Option<Fingerprint>>> {
        self.database.read(|c| {
            let mut statement = c.prepare_cached(
                "SELECT look, sharpness, clipped FROM fingerprint WHERE content_hash = ?1",
            )?;
            let mut one = |hash| {
                let row = |row: &rusqlite::Row| {
                    Ok(Fingerprint {
                        // SQLite's integers have a sign; the bits are the same.
                        look: row.get::<_, Option<i64>>(0)?.map(i64::cast_unsigned),
                        sharpness: row.get(1)?,
                        clipped: row.get(2)?,
                    })
                };
                statement.query_row([hash], row).optional()
            };
            hashes.iter().map(&mut one).collect()
        })
    }

    /// Stores fingerprints in one transaction. One whose thumbnail is gone is
    /// passed over.
    pub fn store_fingerprints(&self, batch: &[([u8; 32], Fingerprint)]) -> Result<()> {
        self.database.write(|t| {
            let mut statement = t.prepare_cached(
                "INSERT OR REPLACE INTO fingerprint (content_hash, look, sharpness, clipped)
                 SELECT ?1, ?2, ?3, ?4
                 WHERE EXISTS (SELECT 1 FROM thumbnail WHERE content_hash = ?1)",
            )?;
            for (hash, print) in batch {
                let look = print.look.map(u64::cast_signed);
                statement.execute(params![hash, look, print.sharpness, print.clipped])?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::derived::{Computed, Derived, Size, ThumbnailRow};

    use super::*;

    #[test]
    fn a_fingerprint_lives_as_long_as_its_thumbnail() {
        let dir = tempfile::tempdir().unwrap();
        let derived = Derived::open(dir.path()).unwrap();
        let model = derived.model("one", 1, "w").unwrap();
        let size = Size { width: 3, height: 2 };
        let thumbnail = ThumbnailRow { size, average: [1, 2, 3], jpeg: vec![1] };
        let computed = Computed { hash: [1; 32], vector: None, thumbnail: Some(thumbnail) };
        derived.store(model, &[computed]).unwrap();
        let print = Fingerprint { look: Some(u64::MAX - 4), sharpness: 12.5, clipped: 0.25 };
        let flat = Fingerprint { look: None, sharpness: 0.0, clipped: 1.0 };
        derived.store_fingerprints(&[([1; 32], flat), ([2; 32], print)]).unwrap();
        let both = [[2; 32], [1; 32]];
        assert_eq!(derived.fingerprints(&both).unwrap(), [None, Some(flat)], "no thumbnail");
        derived.store_fingerprints(&[([1; 32], print)]).unwrap();
        assert_eq!(derived.fingerprints(&both).unwrap(), [None, Some(print)]);
        derived.database.write(|t| t.execute("DELETE FROM thumbnail", [])).unwrap();
        assert_eq!(derived.fingerprints(&both).unwrap(), [None, None]);
    }
}
