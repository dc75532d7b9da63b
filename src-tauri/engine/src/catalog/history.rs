//! What was asked, to be offered again.
//!
//! Questions tell much of a person. They are in this file and nowhere else on the
//! disk, and so in its backups. What is forgotten is overwritten, in the log beside
//! the file at the latest when the library is closed; the daily backups keep what
//! they have until they are a week old.

use rusqlite::{Transaction, params};

use super::Catalog;
use crate::error::Result;
use crate::sqlite::Migration;

pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    version: 11,
    sql: "CREATE TABLE query_history (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            -- As it was typed.
            query TEXT NOT NULL UNIQUE,
            -- Seconds since 1970.
            used_at INTEGER NOT NULL,
            times INTEGER NOT NULL DEFAULT 1
          ) STRICT;",
}];

/// Questions that are kept; the oldest ones go.
const KEPT: u32 = 200;

/// Of a question, in characters; a longer one was pasted, and nobody looks for it.
const LONGEST: usize = 1000;

impl Catalog {
    /// Remembers that this was asked. Nothing, and what is longer than anybody
    /// types, is not remembered.
    pub fn remember_query(&self, query: &str, now: i64) -> Result<()> {
        let query = query.trim();
        if query.is_empty() || query.chars().count() > LONGEST {
            return Ok(());
        }
        self.private(|t| {
            // With a new number, which orders what was asked within one second.
            let times: u32 = t.query_row(
                "SELECT coalesce(sum(times), 0) FROM query_history WHERE query = ?1",
                [query],
                |row| row.get(0),
            )?;
            t.execute("DELETE FROM query_history WHERE query = ?1", [query])?;
            t.execute(
                "INSERT INTO query_history (query, used_at, times) VALUES (?1, ?2, ?3)",
                params![query, now, times.saturating_add(1)],
            )?;
            t.execute(
                "DELETE FROM query_history WHERE id NOT IN
                   (SELECT id FROM query_history ORDER BY id DESC LIMIT ?1)",
                [KEPT],
            )
            .map(drop)
        })
    }

    /// What was asked, the latest first, at most `limit`.
    pub fn history(&self, limit: usize) -> Result<Vec<String>> {
        self.database.read(|c| {
            c.prepare_cached("SELECT query FROM query_history ORDER BY id DESC LIMIT ?1")?
                .query_map([limit.min(KEPT as usize)], |row| row.get(0))?
                .collect()
        })
    }

    /// Forgets all that was asked.
    pub fn forget_history(&self) -> Result<()> {
        self.private(|t| t.execute("DELETE FROM query_history", []).map(drop))
    }

    /// Writes, and overwrites with zeros what is deleted: else it would stay in
    /// parts of the file that are free.
    fn private(&self, write: impl FnOnce(&Transaction) -> rusqlite::Result<()>) -> Result<()> {
        self.database.write(|t| {
            t.pragma_update(None, "secure_delete", true)?;
            let written = write(t);
            t.pragma_update(None, "secure_delete", false)?;
            written
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog() -> (tempfile::TempDir, Catalog) {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(dir.path()).unwrap();
        (dir, catalog)
    }

    #[test]
    fn the_latest_question_comes_first_and_each_once() {
        let (_dir, catalog) = catalog();
        for query in ["a dog", "  a cat ", "a dog", "", "   ", &"x".repeat(1001)] {
            catalog.remember_query(query, 7).unwrap();
        }
        assert_eq!(catalog.history(10).unwrap(), ["a dog", "a cat"]);
        assert_eq!(catalog.history(1).unwrap(), ["a dog"]);
        let times = |c: &rusqlite::Connection| {
            c.query_row("SELECT times FROM query_history WHERE query = 'a dog'", [], |r| {
                r.get::<_, u32>(0)
            })
        };
        assert_eq!(catalog.database.read(times).unwrap(), 2);
        catalog.forget_history().unwrap();
        assert!(catalog.history(10).unwrap().is_empty());
    }

    #[test]
    fn the_oldest_questions_go() {
        let (_dir, catalog) = catalog();
        for n in 0..205 {
            catalog.remember_query(&format!("dog {n}"), n).unwrap();
        }
        let all = catalog.history(usize::MAX).unwrap();
        assert_eq!((all.len(), all[0].as_str()), (200, "dog 204"));
        assert_eq!(all.last().unwrap(), "dog 5");
    }

    #[test]
    fn a_question_that_is_forgotten_is_gone_from_the_file() {
        let (dir, catalog) = catalog();
        for n in 0..300 {
            catalog.remember_query(&format!("embarrassing zebras {n}"), n).unwrap();
        }
        catalog.forget_history().unwrap();
        drop(catalog);
        let bytes = std::fs::read(dir.path().join(Catalog::FILE)).unwrap();
        assert!(!bytes.windows(6).any(|part| part == b"zebras"));
    }
}
