//! Settings: a few words each, by name.

use std::collections::HashMap;

use super::Catalog;
use crate::error::Result;
use crate::sqlite::Migration;

pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    version: 4,
    sql: "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;",
}];

impl Catalog {
    /// All settings, as they were together at one moment.
    pub fn settings(&self) -> Result<HashMap<String, String>> {
        self.database.read(|c| {
            c.prepare_cached("SELECT name, value FROM setting")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }

    /// Sets settings, all of them or none.
    pub fn set_settings(&self, settings: &[(&str, &str)]) -> Result<()> {
        self.database.write(|t| {
            let mut set = t.prepare_cached(
                "INSERT INTO setting (name, value) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            )?;
            settings.iter().try_for_each(|(name, value)| set.execute([name, value]).map(drop))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_change_together_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(dir.path()).unwrap();
        catalog.set_settings(&[("model", "a"), ("serving_model", "a")]).unwrap();
        // Stands for a process that dies between the two.
        let trap = "CREATE TRIGGER trap BEFORE UPDATE ON setting WHEN new.name = 'serving_model'
                    BEGIN SELECT raise(ABORT, 'killed'); END";
        catalog.change(|t| t.execute_batch(trap)).unwrap();
        assert!(catalog.set_settings(&[("model", "b"), ("serving_model", "b")]).is_err());
        let settings = catalog.settings().unwrap();
        assert_eq!((settings["model"].as_str(), settings["serving_model"].as_str()), ("a", "a"));
        catalog.change(|t| t.execute_batch("DROP TRIGGER trap")).unwrap();
        catalog.set_settings(&[("model", "b"), ("serving_model", "b")]).unwrap();
        assert_eq!(catalog.settings().unwrap()["model"], "b");
    }
}
