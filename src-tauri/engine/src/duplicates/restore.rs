//! Bringing photos' files back from the system's trash.
//!
//! What comes back is what went: the newest thing in the trash that lay at the
//! photo's place and has the size that the library knows, with the sidecars that
//! went with it. Nothing that stands at such a place now is touched.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::catalog::{Catalog, PhotoRow, Stat};
use crate::error::{Error, Result};
use crate::jobs::Wake;
use crate::library::Library;
use crate::message::Message;
use crate::scan;
use crate::view::{NotTrashed, PhotoId, Restored};

/// Something in the trash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// What the system calls it.
    pub id: OsString,
    /// Where it lay.
    pub path: PathBuf,
    /// When it went, in seconds since 1970.
    pub gone_at: i64,
}

/// A trash; its errors are words.
pub(super) trait Trash {
    /// All that is in it, in any order.
    fn items(&self) -> Result<Vec<Item>, Message>;
    /// Of a file, in bytes; `None` for a folder, and where it cannot be told.
    fn size(&self, item: &Item) -> Option<u64>;
    /// Puts something back to where it lay, where nothing may be.
    fn put_back(&self, item: &Item) -> Result<(), Message>;
}

/// Brings photos' files back to their places.
///
/// # Errors
/// Where the library cannot be read, or the trash.
pub(super) fn restore(
    library: &Library,
    photos: &[PhotoId],
    trash: &dyn Trash,
) -> Result<Restored> {
    let items = trash.items().map_err(Error::failed)?;
    let mut done = Restored::default();
    let mut seen = HashSet::new();
    for &photo in photos.iter().filter(|&&photo| seen.insert(photo)) {
        let row = library.catalog.photo(photo.0)?;
        let restored = match (&row, library.catalog.read_only()) {
            (None, _) => {
                Err(message!("there is no photo {photo} in this library", photo = photo.0))
            }
            (Some(_), Some(reason)) => Err(reason),
            (Some(row), None) => restore_one(library, photo, row, &items, trash),
        };
        match restored {
            Ok(()) => done.restored.push(photo),
            Err(reason) => {
                let path = row.map(|row| row.path).unwrap_or_default();
                done.failed.push(NotTrashed { photo, path, reason });
            }
        }
    }
    if !done.restored.is_empty() {
        let restored = done.restored.iter().map(|photo| photo.0).collect();
        if let Err(error) = library.recall_vectors(&restored) {
            tracing::warn!("vectors are read anew: {error}");
            library.drop_vectors();
        }
        library.wake(|| Wake::Work);
    }
    Ok(done)
}

fn restore_one(
    library: &Library,
    photo: PhotoId,
    row: &PhotoRow,
    items: &[Item],
    trash: &dyn Trash,
) -> Result<(), Message> {
    if row.offline {
        return Err(message!("its folder cannot be reached now: connect its drive first"));
    }
    if row.present {
        return Err(message!(
            "it is not in the trash: the library has it at {path}",
            path = row.path.display()
        ));
    }
    let known = row.stat;
    let of_photo = |item: &Item| trash.size(item) == Some(known.size);
    let place = place_in_trash(&row.path);
    let item = newest_at(items, &place, &of_photo).ok_or_else(|| {
        message!("it is not in the trash any more, or other than the library knows it")
    })?;
    if is_taken(&row.path) {
        return Err(message!("another file is at its place now: move that one first"));
    }
    trash.put_back(item)?;
    // Only now can be told whose they are: which other photos are there.
    put_back_sidecars(&row.path, item.gone_at, items, trash);
    note(library, photo, row).map_err(|reason| {
        tracing::warn!("that photo {} is back is not noted: {reason}", photo.0);
        message!("its file is back, but that is not noted yet: look at its folder again")
            .because(reason)
    })
}

/// Has the catalog know that the photo is there. What a look at the disk would find,
/// but at once and for sure as this photo.
fn note(library: &Library, photo: PhotoId, row: &PhotoRow) -> Result<(), Message> {
    let metadata = fs::metadata(&row.path).map_err(|error| Message::from(&error))?;
    let stamp = scan::stamp(&metadata);
    let (device, inode) = stamp.file_id.unzip();
    let stat = Stat {
        size: stamp.size,
        mtime_ns: stamp.mtime_ns,
        device,
        inode,
        birth_ns: stamp.birth_ns,
        sidecars: scan::sidecar_state(&row.path),
    };
    let content = |stat: &Stat| (stat.size, stat.mtime_ns, stat.sidecars);
    let changed = content(&stat) != content(&row.stat);
    library
        .catalog
        .change(|t| Catalog::place_photo(t, photo.0, row.root, &row.within, stat, changed))
        .map_err(|error| error.message())
}

/// Brings back the sidecars that are about this photo alone and did not go before it.
fn put_back_sidecars(photo: &Path, gone_at: i64, items: &[Item], trash: &dyn Trash) {
    for sidecar in scan::sidecar_places(photo) {
        let with_photo = |item: &Item| item.gone_at >= gone_at && trash.size(item).is_some();
        let item = newest_at(items, &place_in_trash(&sidecar), &with_photo);
        let Some(item) = item.filter(|_| !is_taken(&sidecar)) else { continue };
        let about = scan::photos_of(&sidecar);
        if about.len() == 1
            && about[0].file_name() == photo.file_name()
            && let Err(reason) = trash.put_back(item)
        {
            tracing::warn!("{} stays in the trash: {reason}", sidecar.display());
        }
    }
}

fn newest_at<'a>(
    items: &'a [Item],
    place: &Path,
    fits: &dyn Fn(&Item) -> bool,
) -> Option<&'a Item> {
    let there = items.iter().filter(|item| item.path == place && fits(item));
    there.max_by_key(|item| item.gone_at)
}

/// Whether anything is at this path, were it a link that leads nowhere.
fn is_taken(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// How the trash writes a place: without links among the folders, and on Windows
/// without the prefix of long paths.
fn place_in_trash(path: &Path) -> PathBuf {
    let real = path.parent().and_then(|folder| fs::canonicalize(folder).ok());
    let place = match real.zip(path.file_name()) {
        Some((folder, name)) => folder.join(name),
        // Its folder went, too.
        None => path.to_owned(),
    };
    match place.to_str().and_then(|place| place.strip_prefix(r"\\?\")) {
        Some(plain) if cfg!(windows) && !plain.starts_with("UNC") => PathBuf::from(plain),
        _ => place,
    }
}

/// The system's trash.
pub(super) struct Systems;

#[cfg(any(windows, all(unix, not(target_os = "macos"))))]
impl Trash for Systems {
    fn items(&self) -> Result<Vec<Item>, Message> {
        let cannot = |cause| message!("the system's trash cannot be looked into").because(cause);
        // As with putting something there, odd mount points make it give up.
        let listed = std::panic::catch_unwind(::trash::os_limited::list)
            .map_err(|_| cannot(message!("this system's mount points cannot be read")))?
            .map_err(|error| cannot(super::trash::words(&error)))?;
        let item = |item: ::trash::TrashItem| Item {
            path: item.original_path(),
            gone_at: item.time_deleted,
            id: item.id,
        };
        Ok(listed.into_iter().map(item).collect())
    }

    fn size(&self, item: &Item) -> Option<u64> {
        ::trash::os_limited::metadata(&systems_item(item)?).ok()?.size.size()
    }

    fn put_back(&self, item: &Item) -> Result<(), Message> {
        let known = systems_item(item).ok_or_else(|| message!("it has no name"))?;
        ::trash::os_limited::restore_all([known]).map_err(|error| match error {
            ::trash::Error::RestoreCollision { .. } | ::trash::Error::RestoreTwins { .. } => {
                message!("another file is at its place now: move that one first")
            }
            error => {
                let cause = super::trash::words(&error);
                message!("the system's trash does not give it back").because(cause)
            }
        })
    }
}

#[cfg(any(windows, all(unix, not(target_os = "macos"))))]
fn systems_item(item: &Item) -> Option<::trash::TrashItem> {
    Some(::trash::TrashItem {
        id: item.id.clone(),
        name: item.path.file_name()?.to_owned(),
        original_parent: item.path.parent()?.to_owned(),
        time_deleted: item.gone_at,
    })
}

/// The Finder lets no other program look into its trash.
#[cfg(target_os = "macos")]
impl Trash for Systems {
    fn items(&self) -> Result<Vec<Item>, Message> {
        Err(message!(
            "only the Finder brings things back from the trash: open the trash, select the photo \
             and choose Put Back"
        ))
    }

    fn size(&self, _: &Item) -> Option<u64> {
        None
    }

    fn put_back(&self, _: &Item) -> Result<(), Message> {
        self.items().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::model::{DeviceChoice, Encoders, Models};

    /// A trash of files in a folder.
    struct Fake {
        folder: tempfile::TempDir,
        items: RefCell<Vec<Item>>,
        gives: bool,
    }

    impl Fake {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            Self { folder, items: RefCell::default(), gives: true }
        }

        /// Something with this text lay at `path` and went.
        fn has(&self, path: &Path, text: &str, gone_at: i64) {
            let id = OsString::from(self.items.borrow().len().to_string());
            fs::write(self.folder.path().join(&id), text).unwrap();
            self.items.borrow_mut().push(Item { id, path: path.to_owned(), gone_at });
        }
    }

    impl Trash for Fake {
        fn items(&self) -> Result<Vec<Item>, Message> {
            Ok(self.items.borrow().clone())
        }

        fn size(&self, item: &Item) -> Option<u64> {
            Some(fs::metadata(self.folder.path().join(&item.id)).ok()?.len())
        }

        fn put_back(&self, item: &Item) -> Result<(), Message> {
            if !self.gives {
                return Err(message!("it is stuck"));
            }
            fs::rename(self.folder.path().join(&item.id), &item.path).unwrap();
            Ok(())
        }
    }

    struct Fixture {
        dir: tempfile::TempDir,
        library: Library,
    }

    impl Fixture {
        /// A library with these photos, which are gone. Each is its name in bytes.
        fn without(names: &[&str]) -> (Self, Vec<PhotoId>) {
            let dir = tempfile::tempdir().unwrap();
            let photos = fs::canonicalize(dir.path()).unwrap().join("photos");
            fs::create_dir(&photos).unwrap();
            let models = Models::new(dir.path().join("models"), Vec::new());
            let encoders = Encoders::new(DeviceChoice::Cpu, None, None);
            let library = Library::open(dir.path().join("library"), models, encoders).unwrap();
            let root = library.catalog.add_root(&photos, 0).unwrap();
            let add = |name: &&str| {
                let stat = Stat { size: name.len() as u64, ..Stat::default() };
                let add = |t: &rusqlite::Transaction| {
                    let id = Catalog::add_photo(t, root, Path::new(name), stat, 0)?;
                    Catalog::miss_photo(t, id, 9)?;
                    Ok(PhotoId(id))
                };
                library.catalog.change(add).unwrap()
            };
            let ids = names.iter().map(add).collect();
            (Self { dir, library }, ids)
        }

        fn path(&self, name: &str) -> PathBuf {
            fs::canonicalize(self.dir.path()).unwrap().join("photos").join(name)
        }

        fn is_present(&self, photo: PhotoId) -> bool {
            self.library.catalog.photo(photo.0).unwrap().unwrap().present
        }
    }

    #[test]
    fn the_newest_of_the_known_size_comes_back_with_its_own_sidecars() {
        let (f, ids) = Fixture::without(&["a.jpg", "b.jpg"]);
        fs::write(f.path("b.nef"), "another b").unwrap();
        let trash = Fake::new();
        trash.has(&f.path("a.jpg"), "older", 10);
        trash.has(&f.path("a.jpg"), "newer", 20);
        trash.has(&f.path("a.jpg"), "of another size", 30);
        trash.has(&f.path("a.xmp"), "of a", 21);
        trash.has(&f.path("a.jpg.xmp"), "went long before", 5);
        trash.has(&f.path("b.jpg"), "photo", 40);
        trash.has(&f.path("b.xmp"), "about two", 40);
        let restored = restore(&f.library, &[ids[0], ids[1], ids[0]], &trash).unwrap();
        assert_eq!((restored.restored, restored.failed), (ids.clone(), vec![]));
        assert_eq!(fs::read_to_string(f.path("a.jpg")).unwrap(), "newer");
        assert_eq!(fs::read_to_string(f.path("a.xmp")).unwrap(), "of a");
        assert!(!f.path("a.jpg.xmp").exists() && !f.path("b.xmp").exists());
        assert!(ids.iter().all(|&id| f.is_present(id)));
        let row = f.library.catalog.photo(ids[0].0).unwrap().unwrap();
        assert_eq!(row.stat.sidecars, scan::sidecar_state(&f.path("a.jpg")));
        assert!(row.unread, "it has another time than the library knew");
    }

    #[test]
    fn what_cannot_come_back_is_told_and_changes_nothing() {
        let (f, ids) = Fixture::without(&["taken", "other", "stuck"]);
        let mut trash = Fake::new();
        trash.has(&f.path("taken"), "12345", 1);
        trash.has(&f.path("other"), "of another size", 1);
        fs::write(f.path("taken"), "in the way").unwrap();
        trash.has(&f.path("stuck"), "12345", 1);
        trash.gives = false;
        let all = [ids[0], ids[1], ids[2], PhotoId(99)];
        let restored = restore(&f.library, &all, &trash).unwrap();
        assert_eq!(restored.restored, []);
        let reasons: Vec<String> = restored.failed.iter().map(|it| it.reason.to_string()).collect();
        assert!(reasons[0].contains("another file is at its place"), "{reasons:?}");
        assert!(reasons[1].contains("not in the trash any more"), "{reasons:?}");
        assert_eq!(reasons[2], "it is stuck");
        assert!(reasons[3].contains("no photo 99"), "{reasons:?}");
        assert_eq!(fs::read_to_string(f.path("taken")).unwrap(), "in the way");
        assert!(ids.iter().all(|&id| !f.is_present(id)));
        trash.gives = true;
        assert_eq!(restore(&f.library, &ids[2..], &trash).unwrap().restored, ids[2..]);
        let again = restore(&f.library, &ids[2..], &trash).unwrap();
        assert!(
            again.failed[0].reason.to_string().contains("not in the trash: the library has it")
        );
    }
}
