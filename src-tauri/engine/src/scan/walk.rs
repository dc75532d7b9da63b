//! Listing a root's files.
//!
//! Hidden files and folders, and the folders of [`SKIPPED_FOLDERS`], are passed
//! over. A symbolic link is followed only where it leads out of the root, so
//! that no file is seen twice and no loop is entered.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use walkdir::WalkDir;

use super::{FileEntry, Stamp};

/// Folders that programs fill and people do not look into.
const SKIPPED_FOLDERS: [&str; 4] = ["node_modules", ".git", "@eaDir", ".thumbnails"];

/// What a file's name says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A photo that can be read.
    Photo,
    /// A photo or film of a kind that cannot be read yet.
    Unsupported,
    /// Anything else.
    Other,
}

/// What a walk found.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// The photos, in no particular order.
    pub photos: Vec<FileEntry>,
    /// Files of kinds that cannot be read yet.
    pub unsupported: u64,
    /// Files and folders of any kind seen beside the root itself.
    pub entries: u64,
    /// Places that could not be listed, relative to the root: nothing may be
    /// concluded from what was not seen beneath them.
    pub unreadable: Vec<PathBuf>,
}

/// Whether a root's folder can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It can; the device number tells one mounted volume from another.
    Online { device: Option<i64> },
    /// It is not there, or is no folder.
    Offline,
    /// It is there, and may not be listed.
    Unreadable,
}

/// Looks whether a root can be listed.
pub(crate) fn reach(root: &Path) -> Reach {
    match fs::read_dir(root).and_then(|_| fs::metadata(root)) {
        Ok(metadata) => Reach::Online { device: file_id(&metadata).map(|(device, _)| device) },
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Reach::Unreadable,
        Err(_) => Reach::Offline,
    }
}

/// Lists all photos of a root. `excluded` are absolute paths of folders that
/// belong to other roots; `classify` tells photos from other files by name.
pub(crate) fn walk(
    root: i64,
    root_path: &Path,
    excluded: &[PathBuf],
    classify: &dyn Fn(&Path) -> Seen,
) -> Walk {
    walk_paths(root, root_path, &[PathBuf::new()], excluded, classify)
}

/// Lists the photos at and beneath the given paths of a root, relative to it.
/// Paths that do not exist yield nothing.
pub(crate) fn walk_paths(
    root: i64,
    root_path: &Path,
    paths: &[PathBuf],
    excluded: &[PathBuf],
    classify: &dyn Fn(&Path) -> Seen,
) -> Walk {
    let real_root = fs::canonicalize(root_path).unwrap_or_else(|_| root_path.to_owned());
    let mut walker = Walker {
        root,
        root_path,
        real_root,
        excluded,
        classify,
        linked: HashSet::new(),
        found: Walk::default(),
    };
    for path in paths {
        if !path.components().any(|c| matches!(c, Component::Normal(name) if skipped(name))) {
            walker.walk(&root_path.join(path));
        }
    }
    walker.found
}

fn skipped(name: &OsStr) -> bool {
    name.as_encoded_bytes().first() == Some(&b'.')
        || SKIPPED_FOLDERS.iter().any(|folder| name == OsStr::new(folder))
}

struct Walker<'a> {
    root: i64,
    root_path: &'a Path,
    real_root: PathBuf,
    excluded: &'a [PathBuf],
    classify: &'a dyn Fn(&Path) -> Seen,
    /// Real paths of folders that were entered through a link.
    linked: HashSet<PathBuf>,
    found: Walk,
}

impl Walker<'_> {
    fn walk(&mut self, start: &Path) {
        let mut entries = WalkDir::new(start).into_iter();
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.note_unreadable(&error);
                    continue;
                }
            };
            let path = entry.path();
            if path != self.root_path {
                if skipped(entry.file_name()) || self.excluded.iter().any(|other| other == path) {
                    if entry.file_type().is_dir() {
                        entries.skip_current_dir();
                    }
                    continue;
                }
                self.found.entries += 1;
            }
            if entry.path_is_symlink() {
                self.follow(path);
            } else if entry.file_type().is_file() {
                match entry.metadata() {
                    Ok(metadata) => self.file(path, &metadata),
                    Err(error) => self.note_unreadable(&error),
                }
            }
        }
    }

    fn file(&mut self, path: &Path, metadata: &Metadata) {
        match (self.classify)(path) {
            Seen::Photo => {
                if let Ok(relative) = path.strip_prefix(self.root_path) {
                    self.found.photos.push(FileEntry {
                        root: self.root,
                        path: relative.to_owned(),
                        stamp: stamp(metadata),
                    });
                }
            }
            Seen::Unsupported => self.found.unsupported += 1,
            Seen::Other => {}
        }
    }

    fn follow(&mut self, link: &Path) {
        let Ok(target) = fs::canonicalize(link) else {
            // It leads nowhere: perhaps to a drive that is not there now.
            if let Ok(path) = link.strip_prefix(self.root_path) {
                self.found.unreadable.push(path.to_owned());
            }
            return;
        };
        let elsewhere = !target.starts_with(&self.real_root)
            && !self.excluded.iter().any(|other| target.starts_with(other));
        if !elsewhere {
            return;
        }
        match fs::metadata(link) {
            Ok(metadata) if metadata.is_file() => self.file(link, &metadata),
            // A folder that holds this root would lead back here.
            Ok(metadata)
                if metadata.is_dir()
                    && !self.real_root.starts_with(&target)
                    && self.linked.insert(target) =>
            {
                self.walk(&link.join(""));
            }
            _ => {}
        }
    }

    fn note_unreadable(&mut self, error: &walkdir::Error) {
        // What vanished between listing and looking is simply not there.
        if error.io_error().is_some_and(|e| e.kind() == io::ErrorKind::NotFound) {
            return;
        }
        if let Some(path) = error.path().and_then(|p| p.strip_prefix(self.root_path).ok()) {
            tracing::warn!("cannot list {}: {error}", self.root_path.join(path).display());
            self.found.unreadable.push(path.to_owned());
        }
    }
}

/// What tells this file from another without reading it.
pub(crate) fn stamp(metadata: &Metadata) -> Stamp {
    // A time before 1970 or past 2262 is odd, but no reason to refuse a photo.
    let mtime_ns = metadata.modified().map_or(0, |time| match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |ns| -ns),
    });
    Stamp { size: metadata.len(), mtime_ns, file_id: file_id(metadata) }
}

#[cfg(unix)]
fn file_id(metadata: &Metadata) -> Option<(i64, i64)> {
    use std::os::unix::fs::MetadataExt;
    // SQLite's integers are signed; only equality matters.
    Some((metadata.dev().cast_signed(), metadata.ino().cast_signed()))
}

#[cfg(not(unix))]
fn file_id(_: &Metadata) -> Option<(i64, i64)> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classify(path: &Path) -> Seen {
        match path.extension().and_then(OsStr::to_str) {
            Some("jpg") => Seen::Photo,
            Some("heic") => Seen::Unsupported,
            _ => Seen::Other,
        }
    }

    fn touch(root: &Path, path: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"x").unwrap();
    }

    fn names(walk: &Walk) -> Vec<String> {
        let mut names: Vec<_> =
            walk.photos.iter().map(|p| p.path.to_string_lossy().replace('\\', "/")).collect();
        names.sort();
        names
    }

    #[test]
    fn photos_are_found_in_all_folders_but_the_skipped_ones() {
        let dir = tempfile::tempdir().unwrap();
        for path in [
            "a.jpg",
            "deep/er/b.jpg",
            "notes.txt",
            "c.heic",
            ".hidden.jpg",
            ".git/d.jpg",
            "x/node_modules/e.jpg",
            "x/@eaDir/f.jpg",
            "other root/g.jpg",
        ] {
            touch(dir.path(), path);
        }
        let found = walk(1, dir.path(), &[dir.path().join("other root")], &classify);
        assert_eq!(names(&found), ["a.jpg", "deep/er/b.jpg"]);
        assert_eq!(found.unsupported, 1);
        let part = walk_paths(
            1,
            dir.path(),
            &["deep".into(), "gone".into(), ".git/d.jpg".into()],
            &[],
            &classify,
        );
        assert_eq!(names(&part), ["deep/er/b.jpg"]);
    }

    #[test]
    #[cfg(unix)]
    fn links_are_followed_outward_once_and_never_around() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        touch(&root, "a.jpg");
        touch(outside.path(), "b.jpg");
        symlink(&root, root.join("self")).unwrap();
        symlink(dir.path(), root.join("parent")).unwrap();
        symlink(root.join("a.jpg"), root.join("again.jpg")).unwrap();
        symlink(outside.path(), root.join("out")).unwrap();
        symlink(outside.path(), root.join("out2")).unwrap();
        symlink(&root, outside.path().join("back")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        let found = walk(1, &root, &[], &classify);
        let names = names(&found);
        assert_eq!(names.len(), 2, "{names:?}");
        assert_eq!(names[0], "a.jpg");
        assert!(names[1].ends_with("b.jpg"));
    }

    #[test]
    fn a_root_that_is_not_there_is_offline() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(reach(dir.path()), Reach::Online { .. }));
        assert_eq!(reach(&dir.path().join("gone")), Reach::Offline);
    }
}
