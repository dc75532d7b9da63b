//! One SQLite file: opened, migrated, read by many threads, written by one.
//!
//! Both stores of a library are such files. This module knows how a file is
//! opened and versioned; what stands in it belongs to `catalog` and `derived`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior,
};

use crate::error::{Context, Error, Result};

/// How long a statement waits for another process that holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// One step of a schema. Steps run once, in the order of their versions.
pub(crate) struct Migration {
    /// Unique within the file and never reused.
    pub version: u32,
    /// What brings the schema from the version before to this one.
    pub sql: &'static str,
}

/// An open SQLite file.
///
/// Reads take a connection of their own and, by WAL, see the last committed
/// state without waiting for the writer.
pub(crate) struct Database {
    path: PathBuf,
    /// What a person can do when the file is damaged.
    remedy: &'static str,
    writer: Mutex<Connection>,
    idle_readers: Mutex<Vec<Connection>>,
}

impl Database {
    /// Opens or makes the file and runs the migrations that it lacks, all in
    /// one transaction.
    ///
    /// # Errors
    /// [`Code::NewerLibrary`](crate::Code::NewerLibrary) where the file's
    /// version is above the last migration; the file is left as it was.
    pub fn open(path: &Path, migrations: &[&[Migration]], remedy: &'static str) -> Result<Self> {
        Self::open_or_fail(path, migrations, remedy).map_err(|error| advise(error, path, remedy))
    }

    fn open_or_fail(
        path: &Path,
        migrations: &[&[Migration]],
        remedy: &'static str,
    ) -> Result<Self> {
        let mut steps: Vec<&Migration> = migrations.iter().copied().flatten().collect();
        steps.sort_by_key(|step| step.version);
        let newest = steps.last().map_or(0, |step| step.version);

        let mut writer = Connection::open(path).context(|| cannot_open(path))?;
        writer.busy_timeout(BUSY_TIMEOUT).context(|| cannot_open(path))?;
        // Before anything else: a newer file must not be touched.
        let version = user_version(&writer).context(|| cannot_open(path))?;
        if version > newest {
            return Err(Error::newer_library(format!(
                "{} was written by a newer version of Afterimage (its version is {version}, this one \
                 knows up to {newest}); nothing was changed. Update Afterimage, or name another \
                 library with --library",
                path.display()
            )));
        }
        configure(&writer).context(|| cannot_open(path))?;
        migrate(&mut writer, &steps).context(|| format!("cannot update {}", path.display()))?;
        writer.pragma_update(None, "foreign_keys", true).context(|| cannot_open(path))?;
        Ok(Self {
            path: path.to_owned(),
            remedy,
            writer: Mutex::new(writer),
            idle_readers: Mutex::default(),
        })
    }

    /// Reads with a connection that no other thread uses meanwhile.
    pub fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let idle = self.idle_readers.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open_reader().context(|| cannot_open(&self.path))?,
        };
        let answer = read(&connection)
            .context(|| format!("cannot read {}", self.path.display()))
            .map_err(|error| advise(error, &self.path, self.remedy));
        self.idle_readers.lock().push(connection);
        answer
    }

    /// Writes in one transaction: all of it is visible afterwards, or nothing.
    pub fn write<T>(&self, write: impl FnOnce(&Transaction) -> rusqlite::Result<T>) -> Result<T> {
        let mut writer = self.writer.lock();
        // Immediate: taking the lock at once makes the busy timeout apply.
        let written = writer.transaction_with_behavior(TransactionBehavior::Immediate).and_then(
            |transaction| {
                let answer = write(&transaction)?;
                transaction.commit()?;
                Ok(answer)
            },
        );
        written
            .context(|| format!("cannot write {}", self.path.display()))
            .map_err(|error| advise(error, &self.path, self.remedy))
    }

    /// A number that changes when another process commits to the file; `None`
    /// while this process is writing, so that asking never waits.
    pub fn foreign_version(&self) -> Option<i64> {
        let writer = self.writer.try_lock()?;
        writer.query_row("PRAGMA data_version", [], |row| row.get(0)).ok()
    }

    fn open_reader(&self) -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(
            &self.path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }
}

fn cannot_open(path: &Path) -> String {
    format!("cannot open {}", path.display())
}

fn user_version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    // The first switch to WAL does not wait for a process that does the same.
    let began = Instant::now();
    while let Err(error) = connection.pragma_update(None, "journal_mode", "wal") {
        let busy = error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
        if !busy || began.elapsed() > BUSY_TIMEOUT {
            return Err(error);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    // In WAL mode NORMAL survives a crash of the process with nothing lost and
    // a power cut with at most the last transactions undone, never half done.
    connection.pragma_update(None, "synchronous", "normal")
}

/// Runs the steps that the file lacks, with references between tables not
/// enforced: a table that is built anew would else take along what refers to it.
/// That all references hold in the end is looked at before anything is kept.
fn migrate(connection: &mut Connection, steps: &[&Migration]) -> rusqlite::Result<()> {
    let newest = steps.last().map_or(0, |step| step.version);
    if user_version(connection)? == newest {
        return Ok(());
    }
    // Within a transaction this would do nothing.
    connection.pragma_update(None, "foreign_keys", false)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Asked again under the lock: another process may have been faster.
    let version = user_version(&transaction)?;
    for step in steps.iter().filter(|step| step.version > version) {
        transaction.execute_batch(step.sql)?;
        transaction.pragma_update(None, "user_version", step.version)?;
    }
    let dangling: Option<String> = transaction
        .prepare("SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    if let Some(table) = dangling {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY);
        let message = format!("rows of the table {table} refer to rows that are not there");
        return Err(rusqlite::Error::SqliteFailure(code, Some(message)));
    }
    transaction.commit()
}

/// Says what to do, where SQLite's error tells that something can be done.
fn advise(error: Error, path: &Path, remedy: &str) -> Error {
    use rusqlite::ErrorCode::{CannotOpen, DiskFull, ReadOnly};
    let advice = match sqlite_code(&error) {
        _ if is_damaged(&error) => format!("{} is damaged. {remedy}", path.display()),
        Some(ReadOnly | CannotOpen) => format!(
            "the library's folder must be writable, but {} is not: change its permissions, or \
             choose another library with --library",
            path.display()
        ),
        Some(DiskFull) => format!("the disk with {} is full: make room", path.display()),
        _ => return error,
    };
    Error::failed(advice).with(error)
}

fn sqlite_code(error: &Error) -> Option<rusqlite::ErrorCode> {
    error.cause::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code)
}

/// Whether the error says that the file's content is damaged or no database.
pub(crate) fn is_damaged(error: &Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(sqlite_code(error), Some(DatabaseCorrupt | NotADatabase))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    const ONE: &[Migration] = &[Migration { version: 1, sql: "CREATE TABLE a (x)" }];
    const TWO: &[Migration] = &[Migration { version: 2, sql: "CREATE TABLE b (y)" }];
    const BAD: &[Migration] = &[Migration { version: 3, sql: "CREATE TABLE c (z); nonsense" }];

    fn tables(database: &Database) -> Vec<String> {
        database
            .read(|c| {
                c.prepare("SELECT name FROM sqlite_schema ORDER BY name")?
                    .query_map([], |row| row.get(0))?
                    .collect()
            })
            .unwrap()
    }

    #[test]
    fn later_migrations_run_on_an_older_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.sqlite");
        drop(Database::open(&path, &[ONE], "Delete it.").unwrap());
        let database = Database::open(&path, &[TWO, ONE], "Delete it.").unwrap();
        assert_eq!(tables(&database), ["a", "b"]);
    }

    #[test]
    fn a_newer_file_is_refused_and_left_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.sqlite");
        drop(Database::open(&path, &[ONE, TWO], "Delete it.").unwrap());
        let before = std::fs::read(&path).unwrap();
        let error = Database::open(&path, &[ONE], "Delete it.").err().unwrap();
        assert_eq!(error.code(), Code::NewerLibrary);
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_failing_migration_leaves_nothing_half_done() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.sqlite");
        drop(Database::open(&path, &[ONE], "Delete it.").unwrap());
        assert!(Database::open(&path, &[ONE, TWO, BAD], "Delete it.").is_err());
        assert_eq!(tables(&Database::open(&path, &[ONE], "Delete it.").unwrap()), ["a"]);
    }

    const PARENT: &[Migration] = &[Migration {
        version: 1,
        sql: "CREATE TABLE parent (id INTEGER PRIMARY KEY);
              CREATE TABLE child (parent INTEGER REFERENCES parent (id) ON DELETE CASCADE);
              INSERT INTO parent VALUES (1);
              INSERT INTO child VALUES (1);",
    }];

    #[test]
    fn a_migration_may_build_a_table_anew_that_others_refer_to() {
        const ANEW: &[Migration] = &[Migration {
            version: 2,
            sql: "CREATE TABLE new_parent (id INTEGER PRIMARY KEY, name TEXT);
                  INSERT INTO new_parent (id) SELECT id FROM parent;
                  DROP TABLE parent;
                  ALTER TABLE new_parent RENAME TO parent;",
        }];
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.sqlite");
        drop(Database::open(&path, &[PARENT], "Delete it.").unwrap());
        let database = Database::open(&path, &[PARENT, ANEW], "Delete it.").unwrap();
        let children = |c: &Connection| {
            c.query_row("SELECT count(*) FROM child", [], |row| row.get::<_, i64>(0))
        };
        assert_eq!(database.read(children).unwrap(), 1);
        // And from then on references are enforced again.
        database.write(|t| t.execute("DELETE FROM parent", [])).unwrap();
        assert_eq!(database.read(children).unwrap(), 0);
    }

    #[test]
    fn a_migration_that_breaks_a_reference_is_undone() {
        const BREAKS: &[Migration] = &[Migration { version: 2, sql: "DELETE FROM parent" }];
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.sqlite");
        drop(Database::open(&path, &[PARENT], "Delete it.").unwrap());
        let error = Database::open(&path, &[PARENT, BREAKS], "Delete it.").err().unwrap();
        assert!(error.to_string().contains("child"), "{error}");
        let database = Database::open(&path, &[PARENT], "Delete it.").unwrap();
        let parents = |c: &Connection| {
            c.query_row("SELECT count(*) FROM parent", [], |row| row.get::<_, i64>(0))
        };
        assert_eq!(database.read(parents).unwrap(), 1);
    }

    #[test]
    fn a_file_that_is_no_database_is_called_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.sqlite");
        std::fs::write(&path, [7u8; 5000]).unwrap();
        assert!(is_damaged(&Database::open(&path, &[ONE], "Delete it.").err().unwrap()));
    }

    #[test]
    fn readers_see_the_last_commit_while_a_write_is_under_way() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::open(&dir.path().join("x.sqlite"), &[ONE], "Delete it.").unwrap();
        let count = |database: &Database| {
            database.read(|c| c.query_row("SELECT count(*) FROM a", [], |r| r.get::<_, i64>(0)))
        };
        database
            .write(|t| {
                t.execute("INSERT INTO a VALUES (1)", [])?;
                assert_eq!(count(&database).unwrap(), 0);
                Ok(())
            })
            .unwrap();
        assert_eq!(count(&database).unwrap(), 1);
    }
}
