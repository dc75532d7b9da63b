//! One SQLite file: opened, migrated, read by many threads, written by one.
//!
//! Both stores of a library are such files. This module knows how a file is
//! opened and versioned; what stands in it belongs to `catalog` and `derived`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior,
};
use tempfile::TempPath;

use crate::error::{Context, Error, Result};
use crate::message::Message;

/// How long a statement waits for another process that holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// One step of a schema. Steps run once, in the order of their versions.
pub(crate) struct Migration {
    /// Unique within the file and never reused.
    pub version: u32,
    /// What brings the schema from the version before to this one.
    pub sql: &'static str,
}

/// Says what to do about a damaged file.
pub(crate) type Remedy = fn() -> Message;

/// An open SQLite file.
///
/// Reads take a connection of their own and, by WAL, see the last committed
/// state without waiting for the writer. Once the file is found to be damaged,
/// nothing is written to it any more, and a mark beside it has the next start
/// look closer.
pub(crate) struct Database {
    path: PathBuf,
    /// What a person can do when the file is damaged.
    remedy: Remedy,
    access: Access,
    writer: Mutex<Connection>,
    idle_readers: Mutex<Vec<Connection>>,
    /// Why nothing is written, once that is so.
    sealed: OnceLock<Message>,
    /// The file, where it is a copy made for reading; deleted with this.
    _copy: Option<TempPath>,
    /// After the connections, which it speaks of.
    _held: Held,
}

/// A file that this process has open as long as this lives.
///
/// A lock of POSIX belongs to the process: whoever opens and closes such a file
/// beside SQLite, be it to read a byte, takes SQLite's locks away, and another
/// process may delete the log that this one goes on writing to.
struct Held(PathBuf);

/// As often as they are.
static HELD: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

impl Held {
    fn new(path: &Path) -> Self {
        let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        HELD.lock().push(real.clone());
        Self(real)
    }

    fn is(path: &Path) -> bool {
        std::fs::canonicalize(path).is_ok_and(|real| HELD.lock().contains(&real))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = HELD.lock();
        if let Some(at) = held.iter().position(|path| *path == self.0) {
            held.swap_remove(at);
        }
    }
}

/// How connections to the file are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    ReadWrite,
    /// Nothing is written by this process, and perhaps by another one.
    ReadOnly,
    /// Nobody writes: no lock is taken, and no file made beside it.
    Immutable,
}

impl Database {
    /// Opens or makes the file and runs the migrations that it lacks, all in
    /// one transaction.
    ///
    /// # Errors
    /// [`Code::NewerLibrary`](crate::Code::NewerLibrary) where the file's
    /// version is above the last migration; one for which [`is_damaged`] holds
    /// where its content is. The file is left as it was.
    pub fn open(path: &Path, migrations: &[&[Migration]], remedy: Remedy) -> Result<Self> {
        Self::open_or_fail(path, migrations, remedy).map_err(|error| advise(error, path, remedy))
    }

    fn open_or_fail(path: &Path, migrations: &[&[Migration]], remedy: Remedy) -> Result<Self> {
        let steps = Steps::of(migrations);
        // Damage that showed while somebody worked with the file may be beyond
        // what opening it reads.
        let suspect = mark(path).exists();
        // A file that was deleted took its damage along.
        if suspect && path.exists() {
            let reader = connect(path, Access::ReadOnly).context(|| cannot_open(path))?;
            examine(&reader, Depth::Full).context(|| cannot_open(path))?;
        }
        let mut writer = connect(path, Access::ReadWrite).context(|| cannot_open(path))?;
        // Before anything else: a newer file must not be touched.
        let version = steps.check(&writer, path)?;
        if 0 < version && version < steps.newest() {
            // A damaged one neither: its content must not pass through a migration.
            examine(&writer, Depth::Quick).context(|| cannot_open(path))?;
        }
        configure(&writer).context(|| cannot_open(path))?;
        migrate(&mut writer, &steps)
            .context(|| message!("cannot update {path}", path = path.display()))?;
        writer.pragma_update(None, "foreign_keys", true).context(|| cannot_open(path))?;
        if suspect {
            // It was restored, or the disk has recovered.
            forget_mark(path);
        }
        Ok(Self::new(path, remedy, Access::ReadWrite, writer))
    }

    /// Opens a file that nobody writes, such as a backup, for reading only. It
    /// is examined first. One of an older version is brought up to date in a
    /// copy. `reason` is told to those who want to write.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_for_reading(
        path: &Path,
        migrations: &[&[Migration]],
        remedy: Remedy,
        reason: Message,
    ) -> Result<Self> {
        let steps = Steps::of(migrations);
        let connection = connect(path, Access::Immutable).context(|| cannot_open(path))?;
        let version = steps.check(&connection, path)?;
        examine(&connection, Depth::Quick).context(|| cannot_open(path))?;
        if version == steps.newest() {
            let mut database = Self::new(path, remedy, Access::Immutable, connection);
            database.sealed = reason.into();
            return Ok(database);
        }
        let copy = tempfile::Builder::new()
            .prefix("afterimage-")
            .suffix(".sqlite")
            .tempfile()
            .and_then(|mut copy| {
                std::io::copy(&mut std::fs::File::open(path)?, copy.as_file_mut())?;
                Ok(copy.into_temp_path())
            })
            .context(|| message!("cannot copy {path}", path = path.display()))?;
        let mut writer = Connection::open(&copy).context(|| cannot_open(path))?;
        migrate(&mut writer, &steps)
            .context(|| message!("cannot update {path}", path = path.display()))?;
        drop(writer);
        let connection = connect(&copy, Access::Immutable).context(|| cannot_open(path))?;
        let mut database = Self::new(&copy, remedy, Access::Immutable, connection);
        database.sealed = reason.into();
        database._copy = Some(copy);
        Ok(database)
    }

    /// Opens a damaged file for reading what can still be read.
    ///
    /// # Errors
    /// Where not even its first page can, or its version is another one.
    pub fn open_damaged(
        path: &Path,
        migrations: &[&[Migration]],
        remedy: Remedy,
        reason: Message,
    ) -> Result<Self> {
        let steps = Steps::of(migrations);
        let connection = connect(path, Access::ReadOnly).context(|| cannot_open(path))?;
        let version = steps.check(&connection, path)?;
        if version != steps.newest() {
            return Err(Error::failed(message!(
                "{path} is of an older version, {version}, and damage cannot be brought up to date",
                path = path.display(),
                version
            )));
        }
        let mut database = Self::new(path, remedy, Access::ReadOnly, connection);
        database.sealed = reason.into();
        Ok(database)
    }

    fn new(path: &Path, remedy: Remedy, access: Access, writer: Connection) -> Self {
        Self {
            path: path.to_owned(),
            remedy,
            access,
            writer: Mutex::new(writer),
            idle_readers: Mutex::default(),
            sealed: OnceLock::new(),
            _copy: None,
            _held: Held::new(path),
        }
    }

    /// Reads with a connection that no other thread uses meanwhile.
    pub fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let idle = self.idle_readers.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open_reader().context(|| cannot_open(&self.path))?,
        };
        let answer = read(&connection)
            .context(|| message!("cannot read {path}", path = self.path.display()))
            .map_err(|error| self.told(error));
        self.idle_readers.lock().push(connection);
        answer
    }

    /// Writes in one transaction: all of it is visible afterwards, or nothing.
    ///
    /// # Errors
    /// Where the file is open for reading only, or is found to be damaged.
    pub fn write<T>(&self, write: impl FnOnce(&Transaction) -> rusqlite::Result<T>) -> Result<T> {
        if let Some(reason) = self.sealed() {
            return Err(Error::failed(reason));
        }
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
            .context(|| message!("cannot write {path}", path = self.path.display()))
            .map_err(|error| self.told(error))
    }

    /// A number that changes when another process commits to the file; `None`
    /// while this process is writing, so that asking never waits.
    pub fn foreign_version(&self) -> Option<i64> {
        let writer = self.writer.try_lock()?;
        writer.query_row("PRAGMA data_version", [], |row| row.get(0)).ok()
    }

    /// Why nothing is written to the file; `None` while that is not so.
    pub fn sealed(&self) -> Option<Message> {
        self.sealed.get().cloned()
    }

    /// Has nothing written to the file any more, and the next start look at it
    /// closely, since it is damaged.
    pub fn seal(&self) {
        if self.access == Access::ReadWrite {
            set_mark(&self.path);
        }
        let words = damaged(&self.path, self.remedy);
        // Whoever found it first has said it.
        let _ = self.sealed.set(words);
    }

    /// What is told of an error, which may say that the file is damaged.
    fn told(&self, error: Error) -> Error {
        if is_damaged(&error) {
            self.seal();
        }
        advise(error, &self.path, self.remedy)
    }

    fn open_reader(&self) -> rusqlite::Result<Connection> {
        let connection = connect(&self.path, self.access)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }
}

impl Drop for Database {
    /// Closes the file so that all of it is in one, unless it is damaged: then it
    /// and its log stay as they are.
    fn drop(&mut self) {
        if self.access != Access::ReadWrite || self.sealed().is_some() {
            return;
        }
        self.idle_readers.get_mut().clear();
        let writer = self.writer.get_mut();
        let closing = writer.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
        if let Err(error) = closing {
            tracing::debug!("the log of {} stays: {error}", self.path.display());
        }
    }
}

/// The steps of a schema, in order.
struct Steps<'a>(Vec<&'a Migration>);

impl<'a> Steps<'a> {
    fn of(migrations: &[&'a [Migration]]) -> Self {
        let mut steps: Vec<&Migration> = migrations.iter().copied().flatten().collect();
        steps.sort_by_key(|step| step.version);
        Self(steps)
    }

    fn newest(&self) -> u32 {
        self.0.last().map_or(0, |step| step.version)
    }

    /// The file's version, where it is not beyond these steps.
    fn check(&self, connection: &Connection, path: &Path) -> Result<u32> {
        let version = user_version(connection).context(|| cannot_open(path))?;
        let newest = self.newest();
        if version > newest {
            return Err(Error::newer_library(message!(
                "{path} was written by a newer version of Afterimage (its version is {version}, \
                 this one knows up to {newest}); nothing was changed. Update Afterimage, or name \
                 another library with --library",
                path = path.display(),
                version,
                newest
            )));
        }
        Ok(version)
    }
}

/// How closely a file is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Every page and row.
    Quick,
    /// And that indexes agree with their tables.
    Full,
}

/// Looks for damage in a file.
///
/// # Errors
/// The first thing found, as SQLite's own error of damage.
pub(crate) fn examine(connection: &Connection, depth: Depth) -> rusqlite::Result<()> {
    let question = match depth {
        Depth::Quick => "PRAGMA quick_check(1)",
        Depth::Full => "PRAGMA integrity_check(1)",
    };
    let verdict: String = connection.query_row(question, [], |row| row.get(0))?;
    if verdict == "ok" {
        return Ok(());
    }
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    Err(rusqlite::Error::SqliteFailure(code, Some(verdict)))
}

/// How references to rows that are not there are told of.
pub(crate) const DANGLING: &str = "references to rows that are not there";

/// Everything that SQLite finds wrong with a file, and how often, without
/// changing it. A file that cannot be read at all is one finding.
///
/// # Errors
/// [`Code::NewerLibrary`](crate::Code::NewerLibrary) where its version is above
/// the last migration; where reading it fails for another reason than damage.
pub(crate) fn look_for_damage(
    path: &Path,
    migrations: &[&[Migration]],
) -> Result<Vec<(String, u64)>> {
    let steps = Steps::of(migrations);
    let look = || -> Result<Vec<(String, u64)>> {
        let connection = connect(path, Access::ReadOnly).context(|| cannot_open(path))?;
        if steps.check(&connection, path)? == 0 {
            // Whoever was making it ended before anything stood in it.
            return Ok(Vec::new());
        }
        let integrity = || -> rusqlite::Result<Vec<String>> {
            let mut statement = connection.prepare("PRAGMA integrity_check")?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        let cannot = || message!("cannot read {path}", path = path.display());
        let said = integrity().context(cannot)?;
        if said != ["ok"] {
            let first = said.first().map_or("", |line| line.lines().next().unwrap_or(line));
            return Ok(vec![(format!("damaged pages or rows ({first})"), said.len() as u64)]);
        }
        let dangling: u64 = connection
            .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
            .context(cannot)?;
        Ok(vec![(DANGLING.to_owned(), dangling)])
    };
    match look() {
        Err(error) if is_damaged(&error) => {
            Ok(vec![(format!("the file cannot be read ({})", cause(&error)), 1)])
        }
        found => Ok(found?.into_iter().filter(|(_, count)| *count > 0).collect()),
    }
}

/// Opens a file for reading, whether somebody writes to it or not.
pub(crate) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    connect(path, Access::ReadOnly)
}

/// Opens a file to write to it.
pub(crate) fn writer(path: &Path) -> rusqlite::Result<Connection> {
    connect(path, Access::ReadWrite)
}

/// The version of a file, where it is not beyond these migrations.
///
/// # Errors
/// [`Code::NewerLibrary`](crate::Code::NewerLibrary) where it is.
pub(crate) fn version(path: &Path, migrations: &[&[Migration]]) -> Result<u32> {
    let connection = connect(path, Access::ReadOnly).context(|| cannot_open(path))?;
    Steps::of(migrations).check(&connection, path)
}

fn connect(path: &Path, access: Access) -> rusqlite::Result<Connection> {
    use OpenFlags as Flags;
    refuse_what_is_no_database(path)?;
    let connection = match access {
        Access::ReadWrite => Connection::open(path)?,
        // Whoever reads first takes back what was cut off in the middle, such as the
        // making of the file; a connection that cannot write fails there.
        Access::ReadOnly if is_cut_off(path) => {
            let connection = Connection::open(path)?;
            connection.pragma_update(None, "query_only", true)?;
            connection
        }
        Access::ReadOnly => Connection::open_with_flags(
            path,
            Flags::SQLITE_OPEN_READ_ONLY | Flags::SQLITE_OPEN_NO_MUTEX,
        )?,
        Access::Immutable => Connection::open_with_flags(
            uri(path, "immutable=1"),
            Flags::SQLITE_OPEN_READ_ONLY | Flags::SQLITE_OPEN_NO_MUTEX | Flags::SQLITE_OPEN_URI,
        )?,
    };
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // The last one to close a file would write its log into it, damaged or not.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

/// What every database begins with, by SQLite's description of its file format.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Tells of a file that was cut off or overwritten before SQLite sees it, which
/// would believe the log beside it instead, write that into it, or delete it.
fn refuse_what_is_no_database(path: &Path) -> rusqlite::Result<()> {
    if Held::is(path) {
        // It was looked at when it was opened, and must not be now.
        return Ok(());
    }
    let mut head = Vec::new();
    let read = |head| std::fs::File::open(path)?.take(MAGIC.len() as u64).read_to_end(head);
    let cause = match read(&mut head) {
        // A new one, or one that may not be read: SQLite's to tell.
        Err(_) => return Ok(()),
        Ok(0) if is_logged(path) => "it is empty, and its log is not",
        Ok(0) => return Ok(()),
        Ok(_) if head != MAGIC => "it does not begin as a database",
        Ok(_) => return Ok(()),
    };
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOTADB);
    Err(rusqlite::Error::SqliteFailure(code, Some(cause.to_owned())))
}

/// Whether something is written beside the file that is not in it yet: somebody
/// has it open, or ended without closing it.
pub(crate) fn is_logged(path: &Path) -> bool {
    beside(path, "-wal").metadata().is_ok_and(|log| log.len() > 0)
}

/// A path as SQLite wants it where it is given parameters.
/// Whether a change without a log was begun and not ended. Files are made in that
/// way, before they are told to keep a log.
fn is_cut_off(path: &Path) -> bool {
    beside(path, "-journal").metadata().is_ok_and(|journal| journal.len() > 0)
}

fn uri(path: &Path, parameters: &str) -> String {
    let mut uri = String::from("file:");
    if cfg!(windows) {
        uri.push('/');
    }
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'/' | b':' | b'.' | b'-' | b'_' => uri.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "?" + parameters
}

/// The file whose presence says that damage was seen in a database.
fn mark(path: &Path) -> PathBuf {
    beside(path, ".suspect")
}

/// Remembers that damage was seen in a database, for whoever opens it next.
pub(crate) fn set_mark(path: &Path) {
    if let Err(error) = std::fs::write(mark(path), "") {
        tracing::warn!("cannot mark {} as damaged: {error}", path.display());
    }
}

/// Forgets that damage was seen in a database, since it is another one now.
pub(crate) fn forget_mark(path: &Path) {
    if let Err(error) = std::fs::remove_file(mark(path))
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!("cannot remove {}: {error}", mark(path).display());
    }
}

/// The file of this name with more at its end.
pub(crate) fn beside(path: &Path, more: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(more);
    PathBuf::from(name)
}

fn damaged(path: &Path, remedy: Remedy) -> Message {
    message!("{path} is damaged", path = path.display()).because(remedy())
}

fn cannot_open(path: &Path) -> Message {
    message!("cannot open {path}", path = path.display())
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
    // A statement that fires a trigger notes what it changes until it ends; in a
    // file that would take several times as long as the change itself.
    connection.pragma_update(None, "temp_store", "memory")?;
    // In WAL mode NORMAL survives a crash of the process with nothing lost and
    // a power cut with at most the last transactions undone, never half done.
    connection.pragma_update(None, "synchronous", "normal")
}

/// Runs the steps that the file lacks, with references between tables not
/// enforced: a table that is built anew would else take along what refers to it.
/// That all references hold in the end is looked at before anything is kept.
fn migrate(connection: &mut Connection, steps: &Steps) -> rusqlite::Result<()> {
    if user_version(connection)? == steps.newest() {
        return Ok(());
    }
    // Within a transaction this would do nothing.
    connection.pragma_update(None, "foreign_keys", false)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Asked again under the lock: another process may have been faster.
    let version = user_version(&transaction)?;
    for step in steps.0.iter().filter(|step| step.version > version) {
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
fn advise(error: Error, path: &Path, remedy: Remedy) -> Error {
    use rusqlite::ErrorCode::{CannotOpen, ReadOnly};
    let advice = match sqlite_code(&error) {
        _ if is_damaged(&error) => damaged(path, remedy),
        Some(ReadOnly | CannotOpen) => message!(
            "the library's folder must be writable, but {path} is not: change its permissions, or \
             choose another library with --library",
            path = path.display()
        ),
        _ if is_full(&error) => message!(
            "the disk with {path} is full: make room; what was stored is kept, and work goes on \
             from there",
            path = path.display()
        ),
        _ => return error,
    };
    Error::failed(advice).with(error)
}

fn sqlite_code(error: &Error) -> Option<rusqlite::ErrorCode> {
    error.cause::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code)
}

/// SQLite's own words in an error, or all of it.
pub(crate) fn cause(error: &Error) -> String {
    error.cause::<rusqlite::Error>().map_or_else(|| error.to_string(), ToString::to_string)
}

/// Whether the error says that the disk has no room left.
pub(crate) fn is_full(error: &Error) -> bool {
    let sqlite = match error.cause::<rusqlite::Error>() {
        // The second is what growing the file of shared memory ends with.
        Some(rusqlite::Error::SqliteFailure(failure, _)) => {
            failure.code == ErrorCode::DiskFull
                || failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE
        }
        _ => false,
    };
    let file = error.cause::<std::io::Error>();
    sqlite || file.is_some_and(|error| error.kind() == std::io::ErrorKind::StorageFull)
}

/// Whether the error says that the disk did not give what stands in the file.
pub(crate) fn is_unreadable(error: &Error) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_CORRUPTFS, SQLITE_IOERR_READ, SQLITE_IOERR_SHORT_READ};
    let codes = [SQLITE_IOERR_READ, SQLITE_IOERR_SHORT_READ, SQLITE_IOERR_CORRUPTFS];
    match error.cause::<rusqlite::Error>() {
        Some(rusqlite::Error::SqliteFailure(failure, _)) => codes.contains(&failure.extended_code),
        _ => false,
    }
}

/// Whether the error says that the file's content is damaged or no database.
pub(crate) fn is_damaged(error: &Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(sqlite_code(error), Some(DatabaseCorrupt | NotADatabase))
}

#[cfg(test)]
mod tests;
