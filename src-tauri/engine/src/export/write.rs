//! Writing a copy: first under a name that nobody takes for a photo, then, whole, under
//! its own, which no other file has.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use super::names::Name;
use crate::jobs::Cancel;

/// Bytes that are written between two looks at whether to go on.
const PIECE: usize = 1 << 20;

/// Why a file was not written.
#[derive(Debug)]
pub(super) enum Unwritten {
    /// The photo's file cannot be read.
    Reading(io::Error),
    /// The copy cannot be written.
    Writing(io::Error),
    /// It was not to go on.
    Cancelled,
}

/// Writes a file under the first name from `name` on that is free.
pub(super) fn write(
    folder: &Path,
    name: &Name,
    bytes: &[u8],
    cancel: &Cancel,
) -> Result<(), Unwritten> {
    let mut draft = draft(folder).map_err(Unwritten::Writing)?;
    for piece in bytes.chunks(PIECE) {
        draft.write_all(piece).map_err(Unwritten::Writing)?;
        if cancel.is_cancelled() {
            return Err(Unwritten::Cancelled);
        }
    }
    settle(draft, folder, name).map_err(Unwritten::Writing)
}

/// Copies a file byte by byte, with the time at which it was changed, under the first
/// name from `name` on that is free.
pub(super) fn copy(
    from: &Path,
    folder: &Path,
    name: &Name,
    cancel: &Cancel,
) -> Result<(), Unwritten> {
    let metadata = fs::metadata(from).map_err(Unwritten::Reading)?;
    if !metadata.is_file() {
        let error = io::Error::new(ErrorKind::InvalidInput, "it is no file");
        return Err(Unwritten::Reading(error));
    }
    let mut source = File::open(from).map_err(Unwritten::Reading)?;
    let mut draft = draft(folder).map_err(Unwritten::Writing)?;
    let mut piece = vec![0; PIECE];
    loop {
        if cancel.is_cancelled() {
            return Err(Unwritten::Cancelled);
        }
        // By hand: of `io::copy`'s errors nobody can tell whose file they are about.
        match source.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => draft.write_all(&piece[..length]).map_err(Unwritten::Writing)?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Unwritten::Reading(error)),
        }
    }
    // Some file systems do not let it be set; the copy is as good.
    let kept = metadata.modified().and_then(|time| draft.as_file().set_modified(time));
    if let Err(error) = kept {
        tracing::debug!("{} is newer than its original: {error}", draft.path().display());
    }
    settle(draft, folder, name).map_err(Unwritten::Writing)
}

/// A file that goes when it is dropped. Nobody takes it for a photo, nor does a
/// library that has the folder.
fn draft(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".afterimage-").suffix(".part");
    #[cfg(unix)]
    {
        // As any new file, not as one that is to be kept from others.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Gives a draft its name, never another file's.
fn settle(mut draft: NamedTempFile, folder: &Path, name: &Name) -> io::Result<()> {
    let mut name = name.clone();
    loop {
        let path = folder.join(name.to_string());
        let failed = match draft.persist_noclobber(&path) {
            Ok(_) => return Ok(()),
            Err(failed) => failed,
        };
        draft = failed.file;
        if failed.error.kind() == ErrorKind::AlreadyExists {
            name = name.next();
            continue;
        }
        // Some file systems cannot rename without replacing: there the name is taken
        // with an empty file first, which then is replaced.
        match File::create_new(&path) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                name = name.next();
                continue;
            }
            Err(_) => return Err(failed.error),
        }
        return draft.persist(&path).map(drop).map_err(|failed| {
            if let Err(error) = fs::remove_file(&path) {
                tracing::warn!("{} stays, and is empty: {error}", path.display());
            }
            failed.error
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(stem: &str) -> Name {
        Name::new(stem.into(), "jpg".into())
    }

    fn listed(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn no_file_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.jpg"), "mine").unwrap();
        for text in ["one", "two"] {
            write(dir.path(), &name("a"), text.as_bytes(), &Cancel::default()).unwrap();
        }
        assert_eq!(listed(dir.path()), ["a (2).jpg", "a (3).jpg", "a.jpg"]);
        let read = |name| fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!([read("a.jpg"), read("a (2).jpg"), read("a (3).jpg")], ["mine", "one", "two"]);
    }

    #[test]
    fn a_copy_is_the_same_bytes_of_the_same_time() {
        let dir = tempfile::tempdir().unwrap();
        let from = dir.path().join("from.raw");
        let bytes: Vec<u8> = (0..PIECE + 77).map(|at| (at % 251) as u8).collect();
        fs::write(&from, &bytes).unwrap();
        let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        File::options().write(true).open(&from).unwrap().set_modified(time).unwrap();
        copy(&from, dir.path(), &name("to"), &Cancel::default()).unwrap();
        let to = dir.path().join("to.jpg");
        assert!(fs::read(&to).unwrap() == bytes);
        assert_eq!(fs::metadata(&to).unwrap().modified().unwrap(), time);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&to), mode(&from), "as any new file");
        }
    }

    #[test]
    fn who_cancels_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let from = tempfile::NamedTempFile::new().unwrap();
        fs::write(&from, "bytes").unwrap();
        let cancel = Cancel::default();
        cancel.cancel();
        let written = write(dir.path(), &name("a"), b"bytes", &cancel);
        assert!(matches!(written, Err(Unwritten::Cancelled)));
        let copied = copy(from.path(), dir.path(), &name("b"), &cancel);
        assert!(matches!(copied, Err(Unwritten::Cancelled)));
        assert!(listed(dir.path()).is_empty());
    }

    #[test]
    fn what_fails_is_told_from_where_it_failed() {
        let dir = tempfile::tempdir().unwrap();
        let gone = dir.path().join("gone");
        let go = Cancel::default();
        assert!(matches!(copy(&gone, dir.path(), &name("a"), &go), Err(Unwritten::Reading(_))));
        assert!(matches!(
            copy(dir.path(), dir.path(), &name("a"), &go),
            Err(Unwritten::Reading(_))
        ));
        assert!(matches!(write(&gone, &name("a"), b"", &go), Err(Unwritten::Writing(_))));
        assert!(listed(dir.path()).is_empty());
    }
}
