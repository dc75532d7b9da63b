//! Moving photos' files to the system's trash.
//!
//! The one place where a photo's file is touched, and only on a person's word.
//! Nothing here deletes: a file that the trash does not take stays where it is.
//! What goes must be the file that the library knows, for it is that one of which
//! the person was told that another is as good.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::catalog::{Catalog, PhotoRow};
use crate::error::Result;
use crate::jobs::{Wake, now};
use crate::library::Library;
use crate::message::Message;
use crate::scan::{self, Volume, Volumes};
use crate::view::{NotTrashed, PhotoId, Trashed};

/// Moves photos' files, each by `put`, which says why it did not.
pub(super) fn trash(
    library: &Library,
    photos: &[PhotoId],
    put: &dyn Fn(&Path) -> Result<(), Message>,
) -> Result<Trashed> {
    let volumes = Volumes::now();
    let mut done = Trashed::default();
    let mut seen = HashSet::new();
    for &photo in photos.iter().filter(|&&photo| seen.insert(photo)) {
        let row = library.catalog.photo(photo.0)?;
        let moved = match (&row, library.catalog.read_only()) {
            (None, _) => {
                Err(message!("there is no photo {photo} in this library", photo = photo.0))
            }
            (Some(_), Some(reason)) => Err(reason),
            (Some(row), None) => refusal(row, &volumes).map_or_else(|| move_one(row, put), Err),
        };
        match moved {
            Ok(()) => {
                // At once and one by one: whoever dies here has told of each. What a
                // look at the disk would find, but for sure no move to a copy.
                let noted = library.catalog.change(|t| Catalog::miss_photo(t, photo.0, now()));
                if let Err(error) = noted {
                    tracing::warn!("that photo {} is gone is not noted: {error}", photo.0);
                }
                done.moved.push(photo);
            }
            Err(reason) => {
                let path = row.map(|row| row.path).unwrap_or_default();
                done.failed.push(NotTrashed { photo, path, reason });
            }
        }
    }
    if !done.moved.is_empty() {
        library.forget_vectors(&done.moved.iter().map(|photo| photo.0).collect());
        library.wake(|| Wake::Work);
    }
    Ok(done)
}

/// Whether a photo's file is there now and the one that the library knows.
pub(super) fn is_unchanged(library: &Library, photo: PhotoId) -> Result<bool> {
    let row = library.catalog.photo(photo.0)?;
    Ok(row.is_some_and(|row| other_than_known(&row, &Volumes::now()).is_none()))
}

/// Why a photo's file is not moved, if it is not.
fn refusal(row: &PhotoRow, volumes: &Volumes) -> Option<Message> {
    if let Some(reason) = other_than_known(row, volumes) {
        return Some(reason);
    }
    let is_link = fs::symlink_metadata(&row.path).is_ok_and(|it| it.file_type().is_symlink());
    is_link
        .then(|| message!("it is a link to a file elsewhere, which would stay: remove it by hand"))
}

/// What tells that a photo's file is not the one that was indexed.
fn other_than_known(row: &PhotoRow, volumes: &Volumes) -> Option<Message> {
    if row.offline {
        return Some(message!("its folder cannot be reached now: connect its drive first"));
    }
    if !row.present {
        return Some(message!("it is not there any more"));
    }
    let metadata = match fs::metadata(&row.path) {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Some(message!("what is at its place is no file")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Some(message!("it is not there any more"));
        }
        Err(error) => return Some(message!("it cannot be looked at").because(&error)),
    };
    let (now, known) = (scan::stamp(&metadata), row.stat);
    // A drive's number may be another one each time; the file's is not, but for
    // some file systems, which give it anew.
    let renumbers = volumes.holding(&row.path).is_some_and(Volume::renumbers);
    let inode = now.file_id.map(|(_, inode)| inode);
    let same_inode = renumbers || known.inode.is_none() || inode.is_none() || inode == known.inode;
    let same = (now.size, now.mtime_ns) == (known.size, known.mtime_ns) && same_inode;
    (!same || row.unread).then(|| {
        message!("the file changed since it was indexed: index its folder first, then look again")
    })
}

/// Moves a photo's file and the sidecars that are about it alone.
fn move_one(row: &PhotoRow, put: &dyn Fn(&Path) -> Result<(), Message>) -> Result<(), Message> {
    let sidecars = own_sidecars(&row.path);
    put(&row.path)?;
    if fs::symlink_metadata(&row.path).is_ok() {
        return Err(message!("the trash took it, but a file is still at its place"));
    }
    for sidecar in sidecars {
        if let Err(reason) = put(&sidecar) {
            tracing::warn!("{} stays where it is: {reason}", sidecar.display());
        }
    }
    Ok(())
}

/// The sidecars that are about this file and no other: those that carry its whole
/// name, and `a.xmp` where there is no other `a.*` that it may be about.
fn own_sidecars(photo: &Path) -> Vec<PathBuf> {
    let mut sidecars = scan::sidecars(photo).unwrap_or_default();
    sidecars.retain(|sidecar| {
        let about = scan::photos_of(sidecar);
        about.len() == 1 && about[0].file_name() == photo.file_name()
    });
    sidecars
}

/// Moves a file to the system's trash. On Linux that is the one on its own drive,
/// or, where that may not be made, the one in the person's home, to which it is
/// copied whole before it leaves its place.
pub(super) fn put(path: &Path) -> Result<(), Message> {
    // It gives up on mount points whose names are no Unicode.
    let moved = std::panic::catch_unwind(|| ::trash::delete(path));
    let cause = match moved {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => words(&error),
        Err(_) => message!("this system's mount points cannot be read"),
    };
    Err(message!("the system's trash does not take it, so it stays where it is").because(cause))
}

/// The library prints its errors as Rust values.
pub(super) fn words(error: &::trash::Error) -> Message {
    use ::trash::Error;
    match error {
        Error::Unknown { description } | Error::Os { description, .. } => {
            Message::verbatim(description)
        }
        Error::CouldNotAccess { target } => message!("{path} cannot be reached", path = target),
        Error::CanonicalizePath { original } => {
            message!("{original} cannot be reached", original = original.display())
        }
        #[cfg(all(
            unix,
            not(target_os = "macos"),
            not(target_os = "ios"),
            not(target_os = "android")
        ))]
        Error::FileSystem { path, source } => {
            message!("cannot change {path}", path = path.display()).because(source)
        }
        other => Message::verbatim(format_args!("{other:?}")),
    }
}
