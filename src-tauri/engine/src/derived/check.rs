//! Looking at every stored vector and thumbnail, and deleting those that are
//! damaged or of no use.

use std::collections::HashSet;
use std::path::Path;

use half::f16;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::{Context, Result};
use crate::sqlite;

type Hash = [u8; 32];

/// How far from 1 the length of a stored vector may be. Rounding to f16 changes
/// each component by up to 1/2048 of it, and the length by no more.
const TOLERANCE: f64 = 2e-3;

/// Rows deleted in one transaction: who stores meanwhile must not wait for all.
const AT_ONCE: usize = 2000;

/// What a look at all rows found.
#[derive(Default)]
pub(crate) struct Rows {
    pub vectors: u64,
    pub thumbnails: u64,
    /// Hashes with a sound vector, of whatever model, and a sound thumbnail.
    pub complete: HashSet<Hash>,
    /// What no photo needs; empty where that could not be told.
    pub unused: Unused,
    bad_length: Vec<(i64, Hash)>,
    not_finite: Vec<(i64, Hash)>,
    not_unit: Vec<(i64, Hash)>,
    no_model: Vec<(i64, Hash)>,
    bad_thumbnails: Vec<Hash>,
}

/// Rows of hashes that no photo has.
#[derive(Default)]
pub(crate) struct Unused {
    pub vectors: Vec<(i64, Hash)>,
    pub thumbnails: Vec<Hash>,
}

impl Rows {
    /// Looks at every row. `models` are name, version of preprocessing,
    /// fingerprint and length of vectors of those that are known; vectors of
    /// others must be as long as most of the same model. `used` are the hashes of
    /// all photos.
    pub fn look(
        file: &Path,
        models: &[(String, u32, String, usize)],
        used: Option<&HashSet<Hash>>,
    ) -> Result<Self> {
        let cannot = || message!("cannot read {file}", file = file.display());
        let connection = sqlite::reader(file).context(cannot)?;
        let mut rows = Self::default();
        let tables: u32 = connection
            .query_row(
                "SELECT count(*) FROM sqlite_schema WHERE name IN ('model', 'embedding', 'thumbnail')",
                [],
                |row| row.get(0),
            )
            .context(cannot)?;
        if tables == 3 {
            let embedded = rows.look_at_vectors(&connection, models, used).context(cannot)?;
            let thumbnailed = rows.look_at_thumbnails(&connection, used).context(cannot)?;
            rows.complete = embedded.intersection(&thumbnailed).copied().collect();
        }
        Ok(rows)
    }

    fn look_at_vectors(
        &mut self,
        connection: &Connection,
        models: &[(String, u32, String, usize)],
        used: Option<&HashSet<Hash>>,
    ) -> rusqlite::Result<HashSet<Hash>> {
        let mut sound = HashSet::new();
        let keys: Vec<i64> = connection
            .prepare("SELECT DISTINCT model_id FROM embedding")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for key in keys {
            let length = expected_length(connection, key, models)?;
            let mut statement = connection
                .prepare("SELECT content_hash, vector FROM embedding WHERE model_id = ?1")?;
            let mut found = statement.query([key])?;
            while let Some(row) = found.next()? {
                let hash: Hash = row.get(0)?;
                let vector = row.get_ref(1)?.as_blob()?;
                self.vectors += 1;
                let list = match length {
                    None => &mut self.no_model,
                    Some(length) if vector.len() != length => &mut self.bad_length,
                    Some(_) => match norm(vector) {
                        norm if !norm.is_finite() => &mut self.not_finite,
                        norm if (norm - 1.0).abs() > TOLERANCE => &mut self.not_unit,
                        _ if used.is_some_and(|used| !used.contains(&hash)) => {
                            &mut self.unused.vectors
                        }
                        _ => {
                            sound.insert(hash);
                            continue;
                        }
                    },
                };
                list.push((key, hash));
            }
        }
        Ok(sound)
    }

    fn look_at_thumbnails(
        &mut self,
        connection: &Connection,
        used: Option<&HashSet<Hash>>,
    ) -> rusqlite::Result<HashSet<Hash>> {
        let mut sound = HashSet::new();
        // A JPEG begins with these three bytes and ends with these two.
        let mut statement = connection.prepare(
            "SELECT content_hash, substr(jpeg, 1, 3) = x'ffd8ff' AND substr(jpeg, -2) = x'ffd9'
             FROM thumbnail",
        )?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            let hash: Hash = row.get(0)?;
            self.thumbnails += 1;
            if !row.get::<_, bool>(1)? {
                self.bad_thumbnails.push(hash);
            } else if used.is_some_and(|used| !used.contains(&hash)) {
                self.unused.thumbnails.push(hash);
            } else {
                sound.insert(hash);
            }
        }
        Ok(sound)
    }

    /// What is wrong, and how often.
    pub fn troubles(&self) -> [(&'static str, u64); 5] {
        [
            ("vectors that are too short or too long for their model", self.bad_length.len()),
            ("vectors with a number that is infinite or none", self.not_finite.len()),
            ("vectors that are not of length 1", self.not_unit.len()),
            ("vectors of no model", self.no_model.len()),
            ("thumbnails that are no JPEG, or a part of one", self.bad_thumbnails.len()),
        ]
        .map(|(what, count)| (what, count as u64))
    }

    /// Deletes damaged rows, so that they are computed again.
    pub fn remove_damaged(&self, file: &Path) -> Result<()> {
        for list in [&self.bad_length, &self.not_finite, &self.not_unit, &self.no_model] {
            remove_vectors(file, list)?;
        }
        remove_thumbnails(file, &self.bad_thumbnails)
    }

    /// Deletes what no photo needs.
    pub fn remove_unused(&self, file: &Path) -> Result<()> {
        remove_vectors(file, &self.unused.vectors)?;
        remove_thumbnails(file, &self.unused.thumbnails)
    }
}

/// Bytes of each vector of a model; `None` where there is no such model.
fn expected_length(
    connection: &Connection,
    key: i64,
    models: &[(String, u32, String, usize)],
) -> rusqlite::Result<Option<usize>> {
    let stored: Option<(String, u32, String)> = connection
        .query_row(
            "SELECT name, preprocessing, fingerprint FROM model WHERE id = ?1",
            [key],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let Some((name, preprocessing, fingerprint)) = stored else { return Ok(None) };
    let known = models
        .iter()
        .find(|known| known.0 == name && known.1 == preprocessing && known.2 == fingerprint);
    if let Some((.., dim)) = known {
        return Ok(Some(2 * dim));
    }
    let most = "SELECT length(vector) FROM embedding WHERE model_id = ?1
                GROUP BY 1 ORDER BY count(*) DESC LIMIT 1";
    connection.query_row(most, [key], |row| row.get(0)).optional()
}

/// The length of a vector; not finite where a component is not.
fn norm(vector: &[u8]) -> f64 {
    let (pairs, _) = vector.as_chunks::<2>();
    let components = pairs.iter().map(|&pair| f16::from_le_bytes(pair).to_f64());
    components.map(|v| v * v).sum::<f64>().sqrt()
}

fn remove_vectors(file: &Path, rows: &[(i64, Hash)]) -> Result<()> {
    let delete = "DELETE FROM embedding WHERE model_id = ?1 AND content_hash = ?2";
    remove(file, rows, delete, |statement, (model, hash)| statement.execute(params![model, hash]))
}

fn remove_thumbnails(file: &Path, rows: &[Hash]) -> Result<()> {
    let delete = "DELETE FROM thumbnail WHERE content_hash = ?1";
    remove(file, rows, delete, |statement, hash| statement.execute([hash]))
}

fn remove<R>(
    file: &Path,
    rows: &[R],
    delete: &str,
    run: impl Fn(&mut rusqlite::CachedStatement, &R) -> rusqlite::Result<usize>,
) -> Result<()> {
    let all = || -> rusqlite::Result<()> {
        let mut connection = sqlite::writer(file)?;
        for rows in rows.chunks(AT_ONCE) {
            let transaction = connection.transaction()?;
            {
                let mut statement = transaction.prepare_cached(delete)?;
                rows.iter().try_for_each(|row| run(&mut statement, row).map(drop))?;
            }
            transaction.commit()?;
        }
        Ok(())
    };
    if rows.is_empty() {
        return Ok(());
    }
    all().context(|| message!("cannot repair {file}", file = file.display()))
}
