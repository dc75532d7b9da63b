//! Vectors, by model and content hash.

use std::collections::HashSet;

use rusqlite::{OptionalExtension, Transaction, params};

use super::Derived;
use crate::error::Result;
use crate::sqlite::Migration;

pub(super) const MIGRATIONS: &[Migration] = &[Migration {
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
}];

/// A model, by name, version of preprocessing and weights, as a small number in
/// this file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ModelKey(i64);

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
                "INSERT OR IGNORE INTO model (name, preprocessing, fingerprint) VALUES (?1, ?2, ?3)",
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
        let remove = "DELETE FROM embedding WHERE (model_id, content_hash) IN (
                        SELECT model_id, content_hash FROM embedding
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

    /// Hands over every vector of a model, as little-endian f16.
    pub fn each_vector(
        &self,
        model: ModelKey,
        mut visit: impl FnMut(&[u8; 32], &[u8]),
    ) -> Result<()> {
        self.database.read(|c| {
            let mut statement =
                c.prepare_cached("SELECT content_hash, vector FROM embedding WHERE model_id = ?1")?;
            let mut rows = statement.query([model.0])?;
            while let Some(row) = rows.next()? {
                visit(&row.get(0)?, row.get_ref(1)?.as_blob()?);
            }
            Ok(())
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
