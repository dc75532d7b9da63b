//! Vectors of texts, by model and what they were made of.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, params};

use super::{Derived, ModelKey};
use crate::error::Result;
use crate::sqlite::Migration;

pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    version: 5,
    sql: "CREATE TABLE text_vector (
            model_id INTEGER NOT NULL REFERENCES model (id) ON DELETE CASCADE,
            -- Of the texts and of how they became a vector.
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            -- Little-endian f16, length 1.
            vector BLOB NOT NULL,
            PRIMARY KEY (model_id, digest)
          ) STRICT, WITHOUT ROWID;",
}];

impl Derived {
    /// Those of these digests that are there.
    pub fn text_vectors(
        &self,
        model: ModelKey,
        digests: &[[u8; 32]],
    ) -> Result<HashMap<[u8; 32], Vec<u8>>> {
        self.database.read(|c| {
            let mut find = c.prepare_cached(
                "SELECT vector FROM text_vector WHERE model_id = ?1 AND digest = ?2",
            )?;
            let mut found = HashMap::new();
            for digest in digests {
                let key = params![model.number(), digest];
                let vector = find.query_row(key, |row| row.get(0)).optional()?;
                found.extend(vector.map(|vector| (*digest, vector)));
            }
            Ok(found)
        })
    }

    /// Keeps vectors, little-endian f16 of length 1.
    pub fn store_text_vectors(
        &self,
        model: ModelKey,
        vectors: &[([u8; 32], Vec<u8>)],
    ) -> Result<()> {
        self.database.write(|t| {
            let mut insert = t.prepare_cached(
                "INSERT OR REPLACE INTO text_vector (model_id, digest, vector) VALUES (?1, ?2, ?3)",
            )?;
            vectors.iter().try_for_each(|(digest, vector)| {
                insert.execute(params![model.number(), digest, vector]).map(drop)
            })
        })
    }
}
