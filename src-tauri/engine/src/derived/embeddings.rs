//! Vectors, by model and content hash.

use std::collections::HashSet;

use rusqlite::{OptionalExtension, Transaction, params};

use super::Derived;
use crate::error::Result;
use crate::sqlite::Migration;

pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: "CREATE TABLE model (
                id INTEGER PRIMARY KEY,
                name TEXT NOT NULL,
                -- Raised when a change of preprocessing makes old vectors incomparable.
                preprocessing INTEGER NOT NULL,
                -- Tells the weights from others that once had the same name.
                fingerprint TEXT NOT NULL,
                UNIQUE (name, preprocessing, fingerprint)
              ) STRICT;
              CREATE TABLE embedding (
                model_id INTEGER NOT NULL REFERENCES model (id) ON DELETE CASCADE,
                content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
                -- Little-endian f16, length 1.
                vector BLOB NOT NULL,
                PRIMARY KEY (model_id, content_hash)
              ) STRICT, WITHOUT ROWID;",
    },
    // What is kept in step with these rows elsewhere asks for those behind the last
    // it has. Rows are only ever added or deleted.
    Migration {
        version: 3,
        sql: "ALTER TABLE model ADD COLUMN stamp BLOB NOT NULL DEFAULT x'';
              ALTER TABLE model ADD COLUMN deletions INTEGER NOT NULL DEFAULT 0;
              UPDATE model SET stamp = randomblob(16);
              CREATE TABLE embedding_in_order (
                -- Grows with every row and is never given again.
                seq INTEGER PRIMARY KEY AUTOINCREMENT,
                model_id INTEGER NOT NULL REFERENCES model (id) ON DELETE CASCADE,
                content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
                -- Little-endian f16, length 1.
                vector BLOB NOT NULL,
                UNIQUE (model_id, content_hash)
              ) STRICT;
              INSERT INTO embedding_in_order (model_id, content_hash, vector)
                SELECT model_id, content_hash, vector FROM embedding;
              DROP TABLE embedding;
              ALTER TABLE embedding_in_order RENAME TO embedding;
              CREATE INDEX embedding_by_model ON embedding (model_id);
              CREATE TRIGGER embedding_deleted AFTER DELETE ON embedding BEGIN
                UPDATE model SET deletions = deletions + 1 WHERE id = old.model_id;
              END;",
    },
];

/// A model, by name, version of preprocessing and weights, as a small number in
/// this file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ModelKey(i64);

impl ModelKey {
    /// What tells it from others in the names of files.
    pub fn number(self) -> i64 {
        self.0
    }
}

pub(super) fn insert(
    t: &Transaction,
    model: ModelKey,
    hash: &[u8; 32],
    vector: &[u8],
) -> rusqlite::Result<()> {
    t.prepare_cached(
        "INSERT OR IGNORE INTO embedding (model_id, content_hash, vector) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![model.0, hash, vector])
    .map(drop)
}

impl Derived {
    /// The key of a model, made at its first use.
    pub fn model(&self, name: &str, preprocessing: u32, fingerprint: &str) -> Result<ModelKey> {
        let find =
            "SELECT id FROM model WHERE name = ?1 AND preprocessing = ?2 AND fingerprint = ?3";
        let key = params![name, preprocessing, fingerprint];
        let known = self
            .database
            .read(|c| c.prepare_cached(find)?.query_row(key, |row| row.get(0)).optional())?;
        if let Some(id) = known {
            return Ok(ModelKey(id));
        }
        self.database.write(|t| {
            t.execute(
                "INSERT OR IGNORE INTO model (name, preprocessing, fingerprint, stamp)
                 VALUES (?1, ?2, ?3, randomblob(16))",
                key,
            )?;
            t.query_row(find, key, |row| row.get(0).map(ModelKey))
        })
    }

    /// Names of the models that have vectors here, each with how many.
    pub fn embedded_counts(&self) -> Result<Vec<(String, u64)>> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT name, count(DISTINCT content_hash) FROM embedding JOIN model ON model.id = model_id
                 GROUP BY name ORDER BY name",
            )?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
        })
    }

    /// Whether there is any vector of this model.
    pub fn has_vectors(&self, model: ModelKey) -> Result<bool> {
        self.database.read(|c| {
            c.prepare_cached("SELECT EXISTS (SELECT 1 FROM embedding WHERE model_id = ?1)")?
                .query_row([model.0], |row| row.get(0))
        })
    }

    /// How many vectors models of this name have here, whatever their weights,
    /// and the bytes of all of them.
    pub fn vectors_of(&self, name: &str) -> Result<(u64, u64)> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT count(*), coalesce(sum(length(vector)), 0)
                 FROM embedding JOIN model ON model.id = model_id WHERE name = ?1",
            )?
            .query_row([name], |row| Ok((row.get(0)?, row.get(1)?)))
        })
    }

    /// Removes the vectors of all models of this name; the file keeps the room
    /// for later ones.
    pub fn remove_vectors(&self, name: &str) -> Result<()> {
        // In many transactions: whoever stores meanwhile must not wait for all.
        const AT_ONCE: u32 = 2000;
        let remove = "DELETE FROM embedding WHERE seq IN (
                        SELECT seq FROM embedding
                        WHERE model_id IN (SELECT id FROM model WHERE name = ?1) LIMIT ?2)";
        while self.database.write(|t| t.execute(remove, params![name, AT_ONCE]))? > 0 {}
        Ok(())
    }

    /// Hashes that have a vector of this model.
    pub fn embedded(&self, model: ModelKey) -> Result<HashSet<[u8; 32]>> {
        self.database.read(|c| {
            c.prepare_cached("SELECT content_hash FROM embedding WHERE model_id = ?1")?
                .query_map([model.0], |row| row.get(0))?
                .collect()
        })
    }

    /// What changes when rows of a model were deleted, or the whole store was:
    /// rows behind a known one tell all that is new only while this is the same.
    pub fn stamp(&self, model: ModelKey) -> Result<[u8; 32]> {
        let (stamp, deletions): (Vec<u8>, i64) = self.database.read(|c| {
            c.prepare_cached("SELECT stamp, deletions FROM model WHERE id = ?1")?
                .query_row([model.0], |row| Ok((row.get(0)?, row.get(1)?)))
        })?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&stamp).update(&deletions.to_le_bytes());
        Ok(*hasher.finalize().as_bytes())
    }

    /// Hands over the vectors of a model that were stored after the row `after`
    /// (0 for all), in the order in which they were: the row's number, the hash,
    /// the vector as little-endian f16.
    ///
    /// # Errors
    /// Also the first that `visit` gives.
    pub fn vectors_after<E: From<crate::Error>>(
        &self,
        model: ModelKey,
        after: u64,
        mut visit: impl FnMut(u64, &[u8; 32], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let visited = self.database.read(|c| {
            let mut statement = c.prepare_cached(
                "SELECT seq, content_hash, vector FROM embedding
                 WHERE model_id = ?1 AND seq > ?2 ORDER BY seq",
            )?;
            // No row has a greater number.
            let after = i64::try_from(after).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![model.0, after])?;
            while let Some(row) = rows.next()? {
                let seq: i64 = row.get(0)?;
                let visited = visit(seq.unsigned_abs(), &row.get(1)?, row.get_ref(2)?.as_blob()?);
                if visited.is_err() {
                    return Ok(visited);
                }
            }
            Ok(Ok(()))
        });
        visited?
    }

    /// Whether there are at least so many vectors of a model.
    pub fn has_as_many(&self, model: ModelKey, rows: usize) -> Result<bool> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT count(*) = ?2 FROM (SELECT 1 FROM embedding WHERE model_id = ?1 LIMIT ?2)",
            )?
            .query_row(params![model.0, rows], |row| row.get(0))
        })
    }

    /// The hash of a row by its number; `None` where it is no row of the model.
    pub fn hash_at(&self, model: ModelKey, seq: u64) -> Result<Option<[u8; 32]>> {
        self.database.read(|c| {
            c.prepare_cached("SELECT content_hash FROM embedding WHERE model_id = ?1 AND seq = ?2")?
                .query_row(params![model.0, seq], |row| row.get(0))
                .optional()
        })
    }

    /// The keys of all models of this name, whatever their weights.
    pub fn models_named(&self, name: &str) -> Result<Vec<ModelKey>> {
        self.database.read(|c| {
            c.prepare_cached("SELECT id FROM model WHERE name = ?1")?
                .query_map([name], |row| row.get(0).map(ModelKey))?
                .collect()
        })
    }

    /// One vector, as little-endian f16.
    pub fn vector(&self, model: ModelKey, hash: &[u8; 32]) -> Result<Option<Vec<u8>>> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT vector FROM embedding WHERE model_id = ?1 AND content_hash = ?2",
            )?
            .query_row(params![model.0, hash], |row| row.get(0))
            .optional()
        })
    }
}
