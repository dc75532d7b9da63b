//! XMP files beside a photo, which carry what other programs know of it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::walk::mtime_ns;

/// The endings that programs write.
const ENDINGS: [&str; 2] = ["xmp", "XMP"];

/// A photo's sidecars that are there, as both customs name them: `a.xmp` first,
/// then `a.jpg.xmp`, which is about this file alone.
///
/// # Errors
/// Where it cannot be told whether one is there; with the one.
pub(crate) fn sidecars(photo: &Path) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let mut found = Vec::new();
    for path in sidecar_places(photo) {
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => found.push(path),
            Ok(_) => {}
            Err(error) if is_absence(&error) => {}
            Err(error) => return Err((path, error)),
        }
    }
    Ok(found)
}

/// Whether the error says that there is no such file; a name that is too long for
/// the system is none's.
fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | InvalidFilename)
}

/// Tells one state of the sidecars that a photo has now from another; 0 for none.
pub(crate) fn sidecar_state(photo: &Path) -> i64 {
    state(photo, stamp)
}

/// Where sidecars of a photo may be, there or not.
pub(crate) fn sidecar_places(photo: &Path) -> impl Iterator<Item = PathBuf> {
    let beside = ENDINGS.map(|ending| photo.with_extension(ending));
    let of_file = ENDINGS.map(|ending| {
        let mut name = OsString::from(photo);
        name.push(".");
        name.push(ending);
        PathBuf::from(name)
    });
    beside.into_iter().chain(of_file)
}

/// A number that is another one when a sidecar comes, goes or changes; 0 for
/// none.
pub(super) fn state(photo: &Path, stamp: impl Fn(&Path) -> Option<(u64, i64)>) -> i64 {
    let mut hash = blake3::Hasher::new();
    let mut found = false;
    for path in sidecar_places(photo) {
        if let Some((size, mtime_ns)) = stamp(&path) {
            found = true;
            // Only the ending: a photo that is renamed along with its sidecar
            // need not be read again.
            hash.update(path.extension().unwrap_or_default().as_encoded_bytes());
            let of_file = path.file_stem() == photo.file_name();
            hash.update(&[u8::from(of_file)]);
            hash.update(&size.to_le_bytes()).update(&mtime_ns.to_le_bytes());
        }
    }
    if !found {
        return 0;
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize().as_bytes()[..8]);
    match i64::from_le_bytes(first) {
        0 => 1,
        state => state,
    }
}

/// A sidecar's size and time, if there is one at this path.
pub(super) fn stamp(path: &Path) -> Option<(u64, i64)> {
    let metadata = fs::metadata(path).ok()?;
    metadata.is_file().then(|| (metadata.len(), mtime_ns(&metadata)))
}

/// Whether this is the name of a sidecar.
pub(super) fn is_sidecar(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == OsStr::new(known)))
}

/// Files that a sidecar of this name may be about, in its folder.
pub(crate) fn photos_of(sidecar: &Path) -> Vec<PathBuf> {
    let Some(stem) = sidecar.file_stem() else { return Vec::new() };
    let folder = sidecar.parent().unwrap_or(Path::new(""));
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| name == stem || Path::new(name).file_stem() == Some(stem))
        .map(|name| folder.join(name))
        .filter(|path| !is_sidecar(path))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn both_names_are_found_and_the_files_own_comes_last() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["a.jpg", "a.nef", "a.xmp", "a.jpg.xmp", "b.jpg", "b.XMP", "ab.xmp"] {
            fs::write(at(name), name).unwrap();
        }
        let sidecars = |name: &str| sidecars(&at(name)).unwrap();
        assert_eq!(sidecars("a.jpg"), [at("a.xmp"), at("a.jpg.xmp")]);
        assert_eq!(sidecars("a.nef"), [at("a.xmp")]);
        assert_eq!(sidecars("b.jpg"), [at("b.XMP")]);
        let mut both = photos_of(&at("a.xmp"));
        both.sort();
        assert_eq!(both, [at("a.jpg"), at("a.nef")]);
        assert_eq!(photos_of(&at("a.jpg.xmp")), [at("a.jpg")]);
    }

    #[test]
    fn another_sidecar_is_another_state_and_another_name_is_not() {
        let state_of = |photo: &str, there: &[(&str, (u64, i64))]| {
            state(Path::new(photo), |path| {
                there.iter().find(|(name, _)| Path::new(name) == path).map(|(_, stamp)| *stamp)
            })
        };
        let none = state_of("a.jpg", &[]);
        let one = state_of("a.jpg", &[("a.xmp", (1, 1))]);
        assert_eq!(none, 0);
        assert_ne!(one, 0);
        assert_ne!(one, state_of("a.jpg", &[("a.xmp", (2, 1))]));
        assert_ne!(one, state_of("a.jpg", &[("a.xmp", (1, 2))]));
        assert_ne!(one, state_of("a.jpg", &[("a.jpg.xmp", (1, 1))]));
        assert_eq!(one, state_of("x/b.jpg", &[("x/b.xmp", (1, 1))]));
        let states: HashSet<i64> =
            (0..1000).map(|n| state_of("a.jpg", &[("a.xmp", (1, n))])).collect();
        assert_eq!(states.len(), 1000);
    }
}
