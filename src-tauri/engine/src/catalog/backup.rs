//! Copies of the catalog: made when asked and once a day, and put back.
//!
//! A copy is one file without a log, the same pages as the catalog at one moment,
//! whoever writes to it meanwhile. It gets its name only once it, or the catalog
//! before it, was examined.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::Date;
use rusqlite::Connection;
use rusqlite::backup::{Backup as Copying, StepResult};
use tempfile::TempPath;

use super::{Catalog, MIGRATIONS};
use crate::error::{Context, Error, Result};
use crate::sqlite::{self, Depth, beside, examine, forget_mark};

/// Where the automatic backups are, within a library's folder.
pub(crate) const FOLDER: &str = "backups";

/// Automatic backups that are kept: a week of them.
const KEPT: usize = 7;

/// What a copy is called until it is whole. A process that dies leaves it.
const UNFINISHED: &str = ".unfinished-";

/// An automatic backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Backup {
    pub path: PathBuf,
    /// When it was made.
    pub date: Date,
}

/// The automatic backups of a library, newest first.
pub(crate) fn automatic(library: &Path) -> Vec<Backup> {
    let entries = fs::read_dir(library.join(FOLDER)).into_iter().flatten().flatten();
    let mut found: Vec<Backup> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let date = name.to_str()?.strip_prefix("library-")?.strip_suffix(".sqlite")?;
            Some(Backup { path: entry.path(), date: date.parse().ok()? })
        })
        .collect();
    found.sort_by_key(|backup| std::cmp::Reverse(backup.date));
    found
}

impl Catalog {
    /// Makes the automatic backup of `today`, where it is absent and there are
    /// photos, and removes those that are too old. Only a catalog without damage
    /// is backed up.
    ///
    /// Returns whether a backup was made.
    ///
    /// # Errors
    /// Where the catalog is damaged, which seals it; where the copy cannot be
    /// written.
    pub fn keep_daily(&self, today: Date) -> Result<bool> {
        let folder = self.folder.join(FOLDER);
        let path = folder.join(format!("library-{today}.sqlite"));
        // One of a library without photos would stand in the way of a better one.
        if self.read_only().is_some() || path.exists() || self.counts()?.present == 0 {
            return Ok(false);
        }
        let catalog = self.folder.join(Self::FILE);
        fs::create_dir_all(&folder)
            .context(|| message!("cannot make {folder}", folder = folder.display()))?;
        remove_unfinished(&folder);
        self.examine()
            .context(|| message!("{catalog} cannot be backed up", catalog = catalog.display()))?;
        let copy = copy_into(&catalog, &folder)?;
        persist(copy, &path, true)?;
        for old in automatic(&self.folder).iter().skip(KEPT) {
            if let Err(error) = fs::remove_file(&old.path) {
                tracing::warn!("cannot remove the old backup {}: {error}", old.path.display());
            }
        }
        Ok(true)
    }
}

/// Copies the catalog of a library to `file`; another process may be writing to
/// it.
///
/// # Errors
/// [`Code::Usage`](crate::Code::Usage) where `file` is there and `replace` does
/// not hold, or its folder is not; where the catalog is damaged.
pub(crate) fn backup(library: &Path, file: &Path, replace: bool) -> Result<()> {
    let catalog = library.join(Catalog::FILE);
    if !catalog.is_file() {
        return Err(Error::usage(message!(
            "there is no library in {library}",
            library = library.display()
        )));
    }
    let file = std::path::absolute(file).context(|| message!("cannot tell the current folder"))?;
    let folder = file.parent().filter(|folder| folder.is_dir()).ok_or_else(|| {
        Error::usage(message!(
            "cannot write {file}: its folder is not there",
            file = file.display()
        ))
    })?;
    if file.is_dir() {
        return Err(Error::usage(message!(
            "{file} is a folder: name a file",
            file = file.display()
        )));
    }
    if is_same(&file, &catalog) {
        return Err(Error::usage(message!("{file} is the library itself", file = file.display())));
    }
    if !replace && file.exists() {
        return Err(exists(&file));
    }
    let copy = copy_into(&catalog, folder)?;
    examine_file(&copy).and_then(|()| check_kind(&copy, &catalog)).context(|| {
        message!("{catalog} is damaged, so no backup was made", catalog = catalog.display())
    })?;
    persist(copy, &file, replace)
}

/// Puts a backup in the place of a library's catalog, which is kept under the
/// name that is returned. Nobody may be writing to it.
///
/// # Errors
/// [`Code::Usage`](crate::Code::Usage) where `file` is no backup of a library.
/// The catalog is as it was then.
pub(crate) fn restore(library: &Path, file: &Path, today: Date) -> Result<Option<PathBuf>> {
    let catalog = library.join(Catalog::FILE);
    let shown = file.display();
    if !file.is_file() {
        return Err(Error::usage(message!("there is no file {path}", path = shown)));
    }
    if is_same(file, &catalog) {
        return Err(Error::usage(message!(
            "{path} is the library's own file: name a backup of it",
            path = shown
        )));
    }
    fs::create_dir_all(library)
        .context(|| message!("cannot make {library}", library = library.display()))?;
    let copy = copy_into(file, library)?;
    examine_file(&copy)
        .context(|| message!("{path} is damaged, so nothing was restored", path = shown))?;
    check_kind(&copy, file)?;
    // What is there is kept first. Its log belongs to it alone: beside another
    // file it would be taken for that one's.
    let mut kept = None;
    if catalog.exists() {
        let aside = free_name(library, today);
        for more in ["", "-wal"] {
            let from = beside(&catalog, more);
            if from.exists() {
                keep(&from, &beside(&aside, more))?;
            }
        }
        for more in ["-wal", "-shm"] {
            let log = beside(&catalog, more);
            if log.exists() {
                fs::remove_file(&log)
                    .context(|| message!("cannot remove {file}", file = log.display()))?;
            }
        }
        kept = Some(aside);
    }
    persist(copy, &catalog, true)?;
    forget_mark(&catalog);
    Ok(kept)
}

/// A second name for the file's content, or a copy where the file system knows
/// no second names.
fn keep(from: &Path, to: &Path) -> Result<()> {
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop)).context(|| {
        message!("cannot keep {from} as {to}", from = from.display(), to = to.display())
    })
}

fn free_name(library: &Path, today: Date) -> PathBuf {
    let name = library.join(format!("{}.damaged-{today}", Catalog::FILE));
    let numbered = (2..).map(|number| beside(&name, &format!("-{number}")));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| !name.exists()).unwrap_or(name)
}

/// Whether the file is a catalog that this version can read.
fn check_kind(copy: &Path, file: &Path) -> Result<()> {
    let no_library =
        || Error::usage(message!("{file} is no backup of a library", file = file.display()));
    let version = sqlite::version(copy, &MIGRATIONS)?;
    if version == 0 {
        return Err(no_library());
    }
    let connection = Connection::open(copy).context(|| message!("cannot open the copy"))?;
    let tables: u32 = connection
        .query_row(
            "SELECT count(*) FROM sqlite_schema
             WHERE type = 'table' AND name IN ('root', 'photo', 'setting')",
            [],
            |row| row.get(0),
        )
        .context(|| message!("cannot read the copy"))?;
    if tables == 3 { Ok(()) } else { Err(no_library()) }
}

/// Copies all pages of a database, as they are at one moment, into a file that
/// has no name yet.
fn copy_into(from: &Path, folder: &Path) -> Result<TempPath> {
    let copy = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempfile_in(folder)
        .context(|| message!("cannot write into {folder}", folder = folder.display()))?
        .into_temp_path();
    copy_pages(from, &copy).context(|| {
        message!(
            "cannot copy {from} into {folder}",
            from = from.display(),
            folder = folder.display()
        )
    })?;
    Ok(copy)
}

fn copy_pages(from: &Path, to: &Path) -> rusqlite::Result<()> {
    let source = sqlite::reader(from)?;
    let mut target = Connection::open(to)?;
    // Until it is whole, nobody needs it back after a crash.
    target.pragma_update(None, "synchronous", "off")?;
    let copying = Copying::new(&source, &mut target)?;
    // All in one step, which is one moment: between steps others could write,
    // and the copy would begin anew.
    while copying.step(-1)? != StepResult::Done {
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(copying);
    // One file, with nothing beside it that could be forgotten.
    target.pragma_update(None, "journal_mode", "delete")
}

fn examine_file(file: &Path) -> Result<()> {
    Connection::open(file)
        .and_then(|connection| examine(&connection, Depth::Full))
        .context(|| message!("the check found damage"))
}

/// Gives a finished copy its name, once it is on the disk.
fn persist(copy: TempPath, to: &Path, replace: bool) -> Result<()> {
    let cannot = || message!("cannot write {to}", to = to.display());
    File::options().write(true).open(&copy).and_then(|file| file.sync_all()).context(cannot)?;
    if replace {
        copy.persist(to).map_err(|error| error.error).context(cannot)?;
    } else {
        copy.persist_noclobber(to).map_err(|error| match error.error.kind() {
            std::io::ErrorKind::AlreadyExists => exists(to),
            _ => Error::failed(cannot()).with(error.error),
        })?;
    }
    #[cfg(unix)]
    if let Some(folder) = to.parent() {
        // The name must survive a power cut, too; where it cannot, the file does.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(())
}

fn exists(file: &Path) -> Error {
    Error::usage(message!(
        "{file} is there already: name another file, or replace it with --force",
        file = file.display()
    ))
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Removes copies that a process which died left. Only the library's one writer
/// makes any here.
fn remove_unfinished(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            // The next backup tries again.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests;
