//! The one process that may index or follow a library.
//!
//! Who does holds a lock of the operating system on `writer.lock`, which ends
//! with the process, however it ends. What stands in the file is for messages
//! alone. Settings, folders and forgotten failures are not guarded by it: SQLite
//! keeps such small writes apart.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

use crate::catalog::Catalog;
use crate::error::{Context, Result};
use crate::view::{Holder, WriterKind};

/// The file's name within a library's folder.
const FILE: &str = "writer.lock";

/// Within this time a process that has the lock has written who it is.
const WRITTEN_AFTER: Duration = Duration::from_millis(50);

/// How often a process that goes on for days asks whether another day has begun.
const DAY_CHECK: Duration = Duration::from_secs(10 * 60);

/// The right to index; it ends when this is dropped.
pub(crate) struct Writer {
    catalog: Arc<Catalog>,
    kind: WriterKind,
    lock: File,
    /// Dropped, it ends the thread that makes a backup each day.
    daily: Option<(Sender<()>, std::thread::JoinHandle<()>)>,
}

impl Writer {
    /// Takes the lock on a library's folder, or tells who has it. Before
    /// anything else is written the catalog is looked through, which is cheap
    /// beside what follows, and backed up where today's backup is absent.
    ///
    /// # Errors
    /// Where the lock cannot be asked for, or the catalog is damaged.
    pub fn take(
        folder: &Path,
        kind: WriterKind,
        catalog: &Arc<Catalog>,
    ) -> Result<Result<Self, Holder>> {
        let lock = match lock(folder, kind)? {
            Ok(lock) => lock,
            Err(holder) => return Ok(Err(holder)),
        };
        let mut writer = Self { catalog: catalog.clone(), kind, lock, daily: None };
        if kind != WriterKind::Upkeep {
            writer.back_up()?;
        }
        if matches!(kind, WriterKind::Watch | WriterKind::Window) {
            let (sender, ended) = bounded::<()>(0);
            let catalog = catalog.clone();
            let thread = std::thread::spawn(move || {
                while ended.recv_timeout(DAY_CHECK) == Err(RecvTimeoutError::Timeout) {
                    keep_daily(&catalog);
                }
            });
            writer.daily = Some((sender, thread));
        }
        Ok(Ok(writer))
    }

    fn back_up(&self) -> Result<()> {
        if let Err(error) = self.catalog.examine()
            && self.catalog.read_only().is_none()
        {
            return Err(error);
        }
        keep_daily(&self.catalog);
        match self.catalog.read_only() {
            Some(reason) => Err(crate::Error::failed(reason)),
            None => Ok(()),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.daily.take() {
            drop(sender);
            // A panic there has been printed; here is nobody to tell.
            let _ = thread.join();
        }
        if self.kind != WriterKind::Upkeep {
            // A library's first photos have come since this was taken.
            keep_daily(&self.catalog);
        }
        // So that nobody is told of a process that is gone. The lock goes with
        // the file.
        let _ = self.lock.set_len(0);
    }
}

/// A backup that cannot be made must not stop the work: there are older ones.
fn keep_daily(catalog: &Catalog) {
    match catalog.keep_daily(jiff::Zoned::now().date()) {
        Ok(true) => tracing::debug!("the library was backed up"),
        Ok(false) => {}
        Err(error) => tracing::warn!("no automatic backup was made: {error}"),
    }
}

/// Who else has the lock, if anybody; `None` where it is free.
pub(crate) fn holder(folder: &Path) -> Option<Holder> {
    let mut file = File::open(folder.join(FILE)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(read(&mut file)),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

/// Locks a library's folder, or tells who has.
pub(crate) fn lock(folder: &Path, kind: WriterKind) -> Result<Result<File, Holder>> {
    let path = folder.join(FILE);
    let cannot = || message!("cannot lock {path}", path = path.display());
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .context(cannot)?;
    let mut taken = file.try_lock();
    if matches!(taken, Err(TryLockError::WouldBlock)) {
        std::thread::sleep(WRITTEN_AFTER);
        taken = file.try_lock();
    }
    match taken {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Err(read(&mut file))),
        // Some network file systems know no locks. SQLite keeps the databases
        // whole there, too; that two index at once only wastes time.
        Err(TryLockError::Error(error)) => tracing::warn!("{}: {error}", cannot()),
    }
    // For messages alone: a full disk must not stand in the way.
    let words = format!("{} {}\n", kind.word(), std::process::id());
    let _ = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(words.as_bytes()));
    Ok(Ok(file))
}

/// What the file says of its holder. Some systems show no locked file to others.
fn read(file: &mut File) -> Holder {
    let mut words = String::new();
    let _ = file.rewind().and_then(|()| file.read_to_string(&mut words));
    let (kind, pid) = words.trim().split_once(' ').unwrap_or_default();
    Holder { kind: WriterKind::of(kind), pid: pid.parse().ok() }
}

impl WriterKind {
    fn word(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Watch => "watch",
            Self::Window => "window",
            Self::Upkeep => "upkeep",
            Self::Unknown => "unknown",
        }
    }

    fn of(word: &str) -> Self {
        let all = [Self::Index, Self::Watch, Self::Window, Self::Upkeep];
        all.into_iter().find(|kind| kind.word() == word).unwrap_or(Self::Unknown)
    }

    /// Whether it goes on until somebody ends it.
    pub fn is_endless(self) -> bool {
        matches!(self, Self::Watch | Self::Window)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            WriterKind::Index => "`afterimage index`",
            WriterKind::Watch => "`afterimage watch`",
            WriterKind::Window => "Afterimage's window",
            WriterKind::Upkeep => "`afterimage library`",
            WriterKind::Unknown => "another process",
        })?;
        match self.pid {
            Some(pid) => write!(f, " (process {pid})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_the_other_learns_who() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(holder(dir.path()), None);
        let first = lock(dir.path(), WriterKind::Watch).unwrap().unwrap();
        let expected = Holder { kind: WriterKind::Watch, pid: Some(std::process::id()) };
        assert_eq!(lock(dir.path(), WriterKind::Index).unwrap().err(), Some(expected));
        assert_eq!(holder(dir.path()), Some(expected));
        drop(first);
        assert_eq!(holder(dir.path()), None);
        assert!(lock(dir.path(), WriterKind::Index).unwrap().is_ok());
    }

    #[test]
    fn what_a_dead_process_left_in_the_file_locks_nobody_out() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), "window 1234567 and more\n").unwrap();
        assert_eq!(holder(dir.path()), None);
        let held = lock(dir.path(), WriterKind::Index).unwrap().unwrap();
        let expected = format!("`afterimage index` (process {})", std::process::id());
        assert_eq!(holder(dir.path()).unwrap().to_string(), expected);
        held.set_len(0).unwrap();
        assert_eq!(holder(dir.path()).unwrap().to_string(), "another process");
    }
}
