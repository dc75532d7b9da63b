//! Looking after a library: checking both stores, copying the catalog, putting a
//! copy back.
//!
//! None of it needs a library that can be opened. What can be computed again is
//! repaired by deleting it; the catalog is never altered.

use std::path::{Path, PathBuf};

use crate::catalog::{self, Catalog, Contents};
use crate::derived::{self, Derived, Unused};
use crate::error::{Error, Result};
use crate::library::writer;
use crate::message::Message;
use crate::view::{Holder, WriterKind};
use crate::{Engine, OpenOptions, sqlite};

/// What a check does about what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// It only looks.
    Nothing,
    /// Derived data that is damaged is deleted; indexing computes it again.
    Damage,
    /// And so is what no photo of the library needs.
    DamageAndUnused,
}

/// One of a library's two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// `library.sqlite`, which cannot be computed again.
    Catalog,
    /// `derived.sqlite`, which can.
    Derived,
}

/// Something that a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Where.
    pub store: Store,
    /// What, in plain words.
    pub what: String,
    /// How often.
    pub count: u64,
    /// It is gone.
    pub repaired: bool,
}

/// What a check saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// What is wrong, or was.
    pub troubles: Vec<Trouble>,
    /// Vectors looked at, of all models.
    pub vectors: u64,
    /// Thumbnails looked at.
    pub thumbnails: u64,
    /// Photos in the library.
    pub photos: u64,
    /// Photos that did not fail and lack a reading, a vector or a thumbnail:
    /// indexing makes them.
    pub pending: u64,
    /// Vectors of no photo.
    pub unused_vectors: u64,
    /// Thumbnails of no photo.
    pub unused_thumbnails: u64,
    /// What is unused was removed.
    pub unused_removed: bool,
    /// Who indexes or follows the library, so that nothing was repaired.
    pub held: Option<Holder>,
}

impl CheckReport {
    /// Whether nothing was wrong.
    pub fn is_clean(&self) -> bool {
        self.troubles.is_empty()
    }

    /// Whether nothing is wrong any more.
    pub fn is_sound(&self) -> bool {
        self.troubles.iter().all(|trouble| trouble.repaired)
    }

    fn add(&mut self, store: Store, what: impl Into<String>, count: u64, repaired: bool) {
        if count > 0 {
            self.troubles.push(Trouble { store, what: what.into(), count, repaired });
        }
    }
}

impl Engine {
    /// Looks for damage in both databases of a library, which need not be open,
    /// nor be fit to be opened.
    ///
    /// # Errors
    /// [`Code::Usage`](crate::Code::Usage) where there is no library;
    /// [`Code::NewerLibrary`](crate::Code::NewerLibrary) where a newer version
    /// wrote it. What is wrong with it is the answer.
    pub fn check(options: &OpenOptions, repair: Repair) -> Result<CheckReport> {
        let folder = &options.library;
        let catalog_file = folder.join(Catalog::FILE);
        if !catalog_file.is_file() {
            return Err(Error::usage(message!(
                "there is no library in {folder}",
                folder = folder.display()
            )));
        }
        let mut report = CheckReport::default();
        // Whoever indexes stores vectors before the catalog knows of them: they
        // would be taken for unused.
        let lock = match repair {
            Repair::Nothing => None,
            _ => match writer::lock(folder, WriterKind::Upkeep)? {
                Ok(lock) => Some(lock),
                Err(holder) => {
                    report.held = Some(holder);
                    None
                }
            },
        };
        let repair = if lock.is_some() { repair } else { Repair::Nothing };
        let contents = check_catalog(&catalog_file, repair, &mut report)?;
        check_derived(options, contents.as_ref(), repair, &mut report)?;
        if let Some(lock) = lock {
            let _ = lock.set_len(0);
        }
        Ok(report)
    }

    /// Copies the catalog of a library to `file`, whole even while another
    /// process writes to it. A file that is there is only replaced if `replace`.
    ///
    /// # Errors
    /// [`Code::Usage`](crate::Code::Usage) where `file` cannot be meant;
    /// [`Code::Failed`](crate::Code::Failed) where the catalog is damaged.
    pub fn back_up(library: &Path, file: &Path, replace: bool) -> Result<()> {
        catalog::backup::backup(library, file, replace)
    }

    /// Puts a backup in the place of a library's catalog, damaged or not, which
    /// is kept under the name that is returned.
    ///
    /// # Errors
    /// [`Code::Usage`](crate::Code::Usage) where `file` is no backup;
    /// [`Code::Failed`](crate::Code::Failed) where it is damaged, or another
    /// process indexes or follows the library. Everything is as it was then.
    pub fn restore(library: &Path, file: &Path) -> Result<Option<PathBuf>> {
        let today = jiff::Zoned::now().date();
        if !library.is_dir() {
            return catalog::backup::restore(library, file, today);
        }
        match writer::lock(library, WriterKind::Upkeep)? {
            Ok(lock) => {
                let kept = catalog::backup::restore(library, file, today);
                let _ = lock.set_len(0);
                kept
            }
            Err(holder) => Err(Error::failed(message!(
                "{holder} works on this library: end it first, then restore",
                holder
            ))),
        }
    }

    /// Why nothing in this library can be changed, and what to do: it is damaged,
    /// and its newest backup, or what is left of it, is open for reading only.
    /// `None` where that is not so.
    pub fn read_only(&self) -> Option<Message> {
        self.0.catalog.read_only()
    }

    /// The process that indexes or follows this library now, which may be this
    /// one.
    pub fn holder(&self) -> Option<Holder> {
        writer::holder(&self.0.folder)
    }
}

/// Adds what is wrong with the catalog, and returns what it holds where nothing is
/// and it is not just being made.
fn check_catalog(
    file: &Path,
    repair: Repair,
    report: &mut CheckReport,
) -> Result<Option<Contents>> {
    let before = report.troubles.len();
    let folder = file.parent().unwrap_or(Path::new(""));
    if Catalog::is_emptied(folder) {
        report.add(Store::Catalog, "the file is empty, and its backups are not", 1, false);
    }
    let examined = sqlite::look_for_damage(file, Catalog::migrations())?;
    for (what, count) in examined {
        report.add(Store::Catalog, what, count, false);
    }
    if report.troubles.len() == before && sqlite::version(file, Catalog::migrations())? == 0 {
        // It holds nothing yet, which says nothing of what is computed.
        return Ok(None);
    }
    if report.troubles.len() == before {
        let contents = Catalog::contents(file)?;
        report.photos = contents.photos;
        return Ok(Some(contents));
    }
    let damaged = report.troubles[before..].iter().any(|t| !t.what.starts_with(sqlite::DANGLING));
    if damaged && (repair != Repair::Nothing || report.held.is_some()) {
        // From now on it is opened for reading only.
        sqlite::set_mark(file);
    }
    Ok(None)
}

/// Adds what is wrong with the derived store, and repairs it as asked.
fn check_derived(
    options: &OpenOptions,
    contents: Option<&Contents>,
    repair: Repair,
    report: &mut CheckReport,
) -> Result<()> {
    let file = options.library.join(Derived::FILE);
    if !file.is_file() {
        report.pending = contents.map_or(0, |contents| contents.pending(|_| false));
        return Ok(());
    }
    let repairs = repair != Repair::Nothing;
    let damage = sqlite::look_for_damage(&file, Derived::migrations())?;
    let dangling = |what: &str| what.starts_with(sqlite::DANGLING);
    if damage.iter().any(|(what, _)| !dangling(what)) {
        if repairs {
            let cause = damage.first().map_or("", |(what, _)| what.as_str());
            let words = derived::set_aside(&file, cause)?;
            tracing::warn!("{words}");
        }
        for (what, count) in damage {
            report.add(Store::Derived, what, count, repairs);
        }
        report.pending = contents.map_or(0, |contents| contents.pending(|_| false));
        return Ok(());
    }
    let installed = options.models().list()?;
    let dims: Vec<(String, u32, String, usize)> = installed
        .into_iter()
        .map(|model| (model.id, model.preprocessing, model.fingerprint, model.dim))
        .collect();
    let rows = derived::Rows::look(&file, &dims, contents.map(|contents| &contents.hashes))?;
    report.vectors = rows.vectors;
    report.thumbnails = rows.thumbnails;
    let Unused { vectors, thumbnails } = &rows.unused;
    report.unused_vectors = vectors.len() as u64;
    report.unused_thumbnails = thumbnails.len() as u64;
    report.pending =
        contents.map_or(0, |contents| contents.pending(|hash| rows.complete.contains(hash)));
    if repairs {
        rows.remove_damaged(&file)?;
        if repair == Repair::DamageAndUnused {
            rows.remove_unused(&file)?;
            report.unused_removed = true;
        }
    }
    for (what, count) in rows.troubles() {
        report.add(Store::Derived, what, count, repairs);
    }
    Ok(())
}
