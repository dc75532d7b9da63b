//! Listing a root's files.
//!
//! What a person's [`Rules`] leave out is not entered. A symbolic link is
//! followed only where it leads out of the root, so that no file is seen twice
//! and no loop is entered. What could not be listed or asked is told: of it
//! nothing is known, which is not the same as that there is nothing.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use walkdir::WalkDir;

use super::sidecars::{self, is_sidecar, photos_of};
use super::{FileEntry, Rules, Stamp};

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
    /// The folders that were listed, absolute.
    pub folders: HashSet<PathBuf>,
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
    // A drive that was pulled out opens its folders still, and gives no entry.
    let listed = fs::read_dir(root).and_then(|mut entries| entries.next().transpose());
    match listed.and_then(|_| fs::metadata(root)) {
        Ok(metadata) => Reach::Online { device: file_id(&metadata).map(|(device, _)| device) },
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Reach::Unreadable,
        Err(_) => Reach::Offline,
    }
}

/// What is listed of a root.
pub(crate) struct Walker<'a> {
    pub root: i64,
    pub root_path: &'a Path,
    /// Absolute paths of folders in it that are roots of their own.
    pub other_roots: &'a [PathBuf],
    pub rules: &'a Rules,
    /// Tells photos from other files by name.
    pub classify: &'a dyn Fn(&Path) -> Seen,
    /// Told of every folder before it is listed, so that nothing changes in it
    /// unseen, and of every file that keeps a folder from being listed. Absolute.
    pub entering: &'a dyn Fn(&Path),
}

impl Walker<'_> {
    /// Where to look when something was heard of these paths: what a sidecar is
    /// about, and the folder that a rule stands in.
    pub fn meant_by(&self, paths: &BTreeSet<PathBuf>) -> Vec<PathBuf> {
        let mut meant = BTreeSet::new();
        for path in paths {
            if is_sidecar(path) {
                let photos = photos_of(&self.root_path.join(path));
                let relative = photos.iter().filter_map(|p| p.strip_prefix(self.root_path).ok());
                meant.extend(relative.map(Path::to_owned));
            } else if Rules::stands_in(path) {
                meant.insert(path.parent().unwrap_or(Path::new("")).to_owned());
            } else {
                meant.insert(path.clone());
            }
        }
        // What lies beneath another one is looked at with it.
        let all = meant.clone();
        meant.retain(|path| !path.ancestors().skip(1).any(|above| all.contains(above)));
        meant.into_iter().collect()
    }

    /// Lists all photos of the root, or those at and beneath the given paths,
    /// relative to it. Paths that do not exist yield nothing.
    pub fn walk(&self, paths: Option<&[PathBuf]>) -> Walk {
        let real_root =
            fs::canonicalize(self.root_path).unwrap_or_else(|_| self.root_path.to_owned());
        let mut walking = Walking {
            of: self,
            real_root,
            linked: HashSet::new(),
            sidecars: HashMap::new(),
            found: Walk::default(),
        };
        match paths {
            None => walking.walk(self.root_path),
            Some(paths) => {
                for path in paths {
                    walking.walk_part(path);
                }
            }
        }
        walking.note_sidecars();
        walking.found
    }
}

/// A walk under way.
struct Walking<'a> {
    of: &'a Walker<'a>,
    real_root: PathBuf,
    /// Real paths of folders that were entered through a link.
    linked: HashSet<PathBuf>,
    /// Sizes and times of the sidecars that were seen, by absolute path.
    sidecars: HashMap<PathBuf, (u64, i64)>,
    found: Walk,
}

impl Walking<'_> {
    /// Walks what is at and beneath a path relative to the root.
    fn walk_part(&mut self, path: &Path) {
        let absolute = self.of.root_path.join(path);
        if !self.of.rules.skip_above(self.of.root_path, path) && has_name(&absolute) {
            self.walk(&absolute);
        }
    }

    fn walk(&mut self, start: &Path) {
        // A link that something was heard of is followed as any other is.
        let follow = start == self.of.root_path;
        let mut entries = WalkDir::new(start).follow_root_links(follow).into_iter();
        // The folders that are being listed, one in another.
        let mut open: Vec<PathBuf> = Vec::new();
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    // A listing that breaks off does not say whose it is.
                    let folder = error.depth().checked_sub(1).and_then(|depth| open.get(depth));
                    self.note_unreadable(&error, folder.map_or(start, PathBuf::as_path));
                    continue;
                }
            };
            let path = entry.path();
            let is_folder = entry.file_type().is_dir();
            if is_folder {
                open.resize(entry.depth(), start.to_owned());
                open.push(path.to_owned());
            }
            if path != self.of.root_path {
                let relative = path.strip_prefix(self.of.root_path).unwrap_or(path);
                let mut skip = self.of.rules.skip(relative)
                    || self.of.other_roots.iter().any(|other| other == path);
                if !skip
                    && is_folder
                    && let Some(file) = self.of.rules.skip_folder(path)
                {
                    // When it goes the folder is wanted, of which nothing is heard.
                    (self.of.entering)(&file);
                    skip = true;
                }
                if skip {
                    if is_folder {
                        entries.skip_current_dir();
                    }
                    continue;
                }
                self.found.entries += 1;
            }
            if is_folder {
                let folder: PathBuf = path.components().collect();
                (self.of.entering)(&folder);
                self.found.folders.insert(folder);
            } else if entry.path_is_symlink() {
                self.follow(path);
            } else if entry.file_type().is_file() {
                match entry.metadata() {
                    Ok(metadata) => self.file(path, &metadata),
                    Err(error) => self.note_unreadable(&error, path),
                }
            }
        }
    }

    fn file(&mut self, path: &Path, metadata: &Metadata) {
        if is_sidecar(path) {
            self.sidecars.insert(path.to_owned(), (metadata.len(), mtime_ns(metadata)));
            return;
        }
        match (self.of.classify)(path) {
            Seen::Photo if self.of.rules.skip_size(metadata.len()) => {}
            Seen::Photo => {
                if let Ok(relative) = path.strip_prefix(self.of.root_path) {
                    self.found.photos.push(FileEntry {
                        root: self.of.root,
                        path: relative.to_owned(),
                        stamp: stamp(metadata),
                        sidecars: 0,
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
            return self.nothing_is_known_of(link);
        };
        let elsewhere = !target.starts_with(&self.real_root)
            && !self.of.other_roots.iter().any(|other| target.starts_with(other));
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
            Ok(_) => {}
            Err(_) => self.nothing_is_known_of(link),
        }
    }

    /// Notes with each photo which sidecars it has.
    fn note_sidecars(&mut self) {
        let Self { of, sidecars, found, .. } = self;
        for photo in &mut found.photos {
            let path = of.root_path.join(&photo.path);
            // Of a folder that was listed all sidecars were seen.
            photo.sidecars = match found.folders.contains(path.parent().unwrap_or(of.root_path)) {
                true => sidecars::state(&path, |path| sidecars.get(path).copied()),
                false => sidecars::state(&path, sidecars::stamp),
            };
        }
    }

    /// `place`: what was asked for, where the error does not tell.
    fn note_unreadable(&mut self, error: &walkdir::Error, place: &Path) {
        // What vanished between listing and looking is simply not there.
        if error.path().is_some()
            && error.io_error().is_some_and(|e| e.kind() == io::ErrorKind::NotFound)
        {
            return;
        }
        let place = error.path().unwrap_or(place);
        tracing::warn!("cannot list {}: {error}", place.display());
        self.nothing_is_known_of(place);
    }

    fn nothing_is_known_of(&mut self, place: &Path) {
        if let Ok(path) = place.strip_prefix(self.of.root_path) {
            self.found.unreadable.push(path.to_owned());
        }
    }
}

/// What tells this file from another without reading it.
pub(crate) fn stamp(metadata: &Metadata) -> Stamp {
    // A time before 1970 or past 2262 is odd, but no reason to refuse a photo.
    Stamp {
        size: metadata.len(),
        mtime_ns: mtime_ns(metadata),
        file_id: file_id(metadata),
        birth_ns: metadata.created().ok().map(nanoseconds),
        changed_ns: changed_ns(metadata),
    }
}

pub(super) fn mtime_ns(metadata: &Metadata) -> i64 {
    metadata.modified().map_or(0, nanoseconds)
}

fn nanoseconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |ns| -ns),
    }
}

#[cfg(unix)]
fn changed_ns(metadata: &Metadata) -> Option<i64> {
    use std::os::unix::fs::MetadataExt;
    metadata.ctime().checked_mul(1_000_000_000)?.checked_add(metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn changed_ns(_: &Metadata) -> Option<i64> {
    None
}

/// Whether the path is there under exactly this name. Where names differ by more
/// than their case that is so if it is there at all.
fn has_name(path: &Path) -> bool {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return true };
    let other = swap_case(name);
    if other == name || !path.exists() {
        return true;
    }
    let same = |a: Metadata, b: Metadata| file_id(&a).is_some() && file_id(&a) == file_id(&b);
    let both = fs::metadata(path).ok().zip(fs::metadata(folder.join(&other)).ok());
    if !both.is_some_and(|(a, b)| same(a, b)) {
        return true;
    }
    // A file system that takes both names for one: how is it called really? Where
    // that cannot be told, it is believed.
    fs::read_dir(folder).map_or(true, |mut entries| {
        entries.any(|entry| entry.map_or(true, |entry| entry.file_name() == name))
    })
}

fn swap_case(name: &OsStr) -> OsString {
    let swap = |c: char| match c.is_ascii_lowercase() {
        true => c.to_ascii_uppercase(),
        false => c.to_ascii_lowercase(),
    };
    name.to_str()
        .map_or_else(|| name.to_owned(), |name| name.chars().map(swap).collect::<String>().into())
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
    use crate::view::Exclusions;

    fn classify(path: &Path) -> Seen {
        match path.extension().and_then(OsStr::to_str) {
            Some("jpg") => Seen::Photo,
            Some("heic") => Seen::Unsupported,
            _ => Seen::Other,
        }
    }

    fn list(
        root: &Path,
        other_roots: &[PathBuf],
        exclusions: &Exclusions,
        paths: Option<&[PathBuf]>,
    ) -> Walk {
        let rules = Rules::new(exclusions).unwrap();
        let walker = Walker {
            root: 1,
            root_path: root,
            other_roots,
            rules: &rules,
            classify: &classify,
            entering: &|_| {},
        };
        walker.walk(paths)
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
        let others = [dir.path().join("other root")];
        let found = list(dir.path(), &others, &Exclusions::default(), None);
        assert_eq!(names(&found), ["a.jpg", "deep/er/b.jpg"]);
        assert_eq!(found.unsupported, 1);
        let parts: [PathBuf; 3] = ["deep".into(), "gone".into(), ".git/d.jpg".into()];
        let part = list(dir.path(), &[], &Exclusions::default(), Some(&parts));
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
        let found = list(&root, &[], &Exclusions::default(), None);
        let names = names(&found);
        assert_eq!(names.len(), 2, "{names:?}");
        assert_eq!(names[0], "a.jpg");
        assert!(names[1].ends_with("b.jpg"));
        // Nor when something was heard of the links.
        let heard = ["self", "parent", "again.jpg", "loop"].map(PathBuf::from);
        assert_eq!(self::names(&list(&root, &[], &Exclusions::default(), Some(&heard))), [""; 0]);
        let out = list(&root, &[], &Exclusions::default(), Some(&["out".into()]));
        assert_eq!(self::names(&out), ["out/b.jpg"]);
    }

    #[test]
    fn a_root_that_is_not_there_is_offline() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(reach(dir.path()), Reach::Online { .. }));
        assert_eq!(reach(&dir.path().join("gone")), Reach::Offline);
    }

    #[test]
    fn what_is_excluded_is_not_even_entered() {
        let dir = tempfile::tempdir().unwrap();
        for path in ["a.jpg", "raw/b.jpg", "quiet/in/c.jpg", "quiet/.nomedia", ".h/d.jpg", "e.jpg"]
        {
            touch(dir.path(), path);
        }
        fs::write(dir.path().join("e.jpg"), [0; 2000]).unwrap();
        let entered = parking_lot::Mutex::new(Vec::new());
        let listed = |exclusions: &Exclusions, paths: Option<&[PathBuf]>| {
            let rules = Rules::new(exclusions).unwrap();
            let walker = Walker {
                root: 1,
                root_path: dir.path(),
                other_roots: &[],
                rules: &rules,
                classify: &classify,
                entering: &|path| entered.lock().push(path.to_owned()),
            };
            names(&walker.walk(paths))
        };
        let patterns = vec!["raw".to_owned()];
        let strict = Exclusions { patterns, min_bytes: 1000, ..Exclusions::default() };
        assert_eq!(listed(&strict, None), ["e.jpg"]);
        let file = dir.path().join("quiet/.nomedia");
        assert_eq!(*entered.lock(), [dir.path().to_owned(), file], "its going is to be noticed");
        let parts = ["raw/b.jpg".into(), "quiet/in/c.jpg".into(), ".h".into(), "a.jpg".into()];
        assert_eq!(listed(&strict, Some(&parts)), [""; 0]);
        let open = Exclusions { hidden: false, no_media: false, ..Exclusions::default() };
        let all = [".h/d.jpg", "a.jpg", "e.jpg", "quiet/in/c.jpg", "raw/b.jpg"];
        assert_eq!(listed(&open, None), all);
    }

    #[test]
    fn a_sidecar_shows_in_its_photo_however_it_is_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let look = |paths: Option<&[PathBuf]>| {
            let walk = list(dir.path(), &[], &Exclusions::default(), paths);
            assert_eq!(names(&walk), ["x/a.jpg"]);
            walk.photos[0].sidecars
        };
        touch(dir.path(), "x/a.jpg");
        assert_eq!(look(None), 0);
        touch(dir.path(), "x/a.xmp");
        let with = look(None);
        assert_ne!(with, 0);
        for looked_at in ["x/a.jpg", "x", ""] {
            assert_eq!(look(Some(&[looked_at.into()])), with, "{looked_at}");
        }
    }

    #[test]
    fn what_is_heard_of_tells_where_to_look() {
        let dir = tempfile::tempdir().unwrap();
        for path in ["x/a.jpg", "x/b.jpg", "y/c.jpg"] {
            touch(dir.path(), path);
        }
        let rules = Rules::new(&Exclusions::default()).unwrap();
        let walker = Walker {
            root: 1,
            root_path: dir.path(),
            other_roots: &[],
            rules: &rules,
            classify: &classify,
            entering: &|_| {},
        };
        let meant = |heard: &[&str]| walker.meant_by(&heard.iter().map(PathBuf::from).collect());
        assert_eq!(meant(&["x/a.xmp", "x/b.jpg"]), ["x/a.jpg", "x/b.jpg"].map(PathBuf::from));
        assert_eq!(
            meant(&["x/.nomedia", "x/b.jpg", "y/c.jpg"]),
            ["x", "y/c.jpg"].map(PathBuf::from)
        );
    }
}
