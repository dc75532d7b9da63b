//! Settings: a few words each, by name.

use rusqlite::OptionalExtension;

use super::Catalog;
use crate::error::Result;
use crate::sqlite::Migration;

pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    version: 4,
    sql: "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;",
}];

impl Catalog {
    /// The setting's value, or `None` where it was never set.
    pub fn setting(&self, name: &str) -> Result<Option<String>> {
        self.database.read(|c| {
            c.prepare_cached("SELECT value FROM setting WHERE name = ?1")?
                .query_row([name], |row| row.get(0))
                .optional()
        })
    }

    /// Sets a setting.
    pub fn set_setting(&self, name: &str, value: &str) -> Result<()> {
        self.database.write(|t| {
            t.execute(
                "INSERT INTO setting (name, value) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                [name, value],
            )
            .map(drop)
        })
    }
}
