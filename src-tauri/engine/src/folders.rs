//! The folders that the photos lie in, and leaving one of them out.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use crate::Engine;
use crate::error::{Error, Result};
use crate::scan::Rules;
use crate::view::{Exclusions, Folder, RootId};

impl Engine {
    /// The folders of the library: each root, in the order in which they were added,
    /// with all below it that have photos, depth first and by name. Those of roots that
    /// cannot be reached now are among them, and so are roots without photos.
    pub fn folders(&self) -> Result<Vec<Folder>> {
        let mut trees: HashMap<i64, Branch> = HashMap::new();
        for ((root, folder), photos) in self.0.catalog.photos_by_folder()? {
            trees.entry(root).or_default().add(&folder, photos);
        }
        let mut folders = Vec::new();
        for root in self.roots()? {
            let tree = trees.remove(&root.id.0).unwrap_or_default();
            tree.list(root.id, root.path, 0, &mut folders);
        }
        Ok(folders)
    }

    /// Has a folder below a root, and all below it, left out from now on, as
    /// [`set_exclusions`](Self::set_exclusions) does. The folder need not be there now.
    /// One that is left out already is not named twice. Returns what was left out
    /// before: to set that takes it back.
    ///
    /// # Errors
    /// [`Code::Usage`](crate::Code::Usage) where the folder does not lie below the root,
    /// or its name is no Unicode; [`Code::NotFound`](crate::Code::NotFound) for an
    /// unknown root.
    pub fn exclude_folder(&self, root: RootId, folder: &Path) -> Result<Exclusions> {
        let roots = self.roots()?;
        let found = roots.into_iter().find(|it| it.id == root).ok_or_else(|| {
            Error::not_found(message!("there is no folder {id} in this library", id = root.0))
        })?;
        let pattern = pattern_of(&found.path, folder)?;
        let before = found.exclusions;
        // By patterns alone: that its name begins with a dot may be forgiven later.
        let said = Exclusions { hidden: false, no_media: false, min_bytes: 0, ..before.clone() };
        let said = Rules::new(&said).map_err(Error::usage)?;
        let within = folder.strip_prefix(&found.path).unwrap_or(folder);
        if !said.skip_within(&found.path, within) {
            let mut exclusions = before.clone();
            exclusions.patterns.push(pattern);
            self.set_exclusions(root, &exclusions)?;
        }
        Ok(before)
    }
}

/// The pattern that means this folder of the root and no other.
fn pattern_of(root: &Path, folder: &Path) -> Result<String> {
    let shown = folder.display();
    let outside = || {
        Error::usage(message!(
            "{path} is no folder below {root}: only what lies in a folder of the library can be \
             left out of it",
            path = shown,
            root = root.display()
        ))
    };
    let within = folder.strip_prefix(root).map_err(|_| outside())?;
    let mut pattern = String::new();
    for part in within.components() {
        let Component::Normal(name) = part else { return Err(outside()) };
        // What came through a text has the replacement character in the place of bytes
        // that are no Unicode.
        let name = name.to_str().filter(|name| !name.contains(char::REPLACEMENT_CHARACTER));
        let name = name.ok_or_else(|| {
            Error::usage(message!(
                "the name of {path} is no Unicode: leave it out by a pattern, such as the \
                 beginning of its name and a *",
                path = shown
            ))
        })?;
        pattern.push('/');
        pattern.push_str(&literal(name));
    }
    if pattern.is_empty() { Err(outside()) } else { Ok(pattern) }
}

/// A name as a pattern that means it alone.
fn literal(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '*' | '?' | '[' | ']' | '{' | '}' | '\\' => pattern.extend(['[', c, ']']),
            c => pattern.push(c),
        }
    }
    pattern
}

/// A folder and those in it.
#[derive(Default)]
struct Branch {
    /// In it and below it.
    photos: u64,
    /// In the order in which they are shown: by name in any case, else by bytes.
    folders: BTreeMap<(String, OsString), Branch>,
}

impl Branch {
    /// Adds the photos of a folder below this one.
    fn add(&mut self, folder: &Path, photos: u64) {
        self.photos += photos;
        let mut branch = self;
        for name in folder.components().map(|part| part.as_os_str()) {
            let key = (name.to_string_lossy().to_lowercase(), name.to_owned());
            branch = branch.folders.entry(key).or_default();
            branch.photos += photos;
        }
    }

    fn list(self, root: RootId, path: PathBuf, depth: u32, into: &mut Vec<Folder>) {
        // The topmost folder of a system has no name.
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let here = path.clone();
        into.push(Folder { root, path, name, depth, photos: self.photos });
        for ((_, name), branch) in self.folders {
            branch.list(root, here.join(name), depth + 1, into);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excludes(root: &str, folder: &str, path: &str) -> bool {
        let pattern = pattern_of(Path::new(root), Path::new(folder)).unwrap();
        let exclusions = Exclusions { patterns: vec![pattern], ..Exclusions::default() };
        Rules::new(&exclusions).unwrap().skip_within(Path::new("/nowhere"), Path::new(path))
    }

    #[test]
    fn a_pattern_means_its_folder_and_no_other() {
        for name in ["raw", "a*b", "what?", "[1]", "{x,y}", "a]b[", "!no", "ä ö", "-", "100% {"] {
            let folder = format!("/photos/{name}/deep");
            assert!(excludes("/photos", &folder, &format!("{name}/deep/a.jpg")), "{name}");
            assert!(!excludes("/photos", &folder, &format!("x/{name}/deep/a.jpg")), "{name}");
            assert!(!excludes("/photos", &folder, &format!("{name}/a.jpg")), "{name}");
        }
        assert!(!excludes("/photos", "/photos/a*b", "axb/a.jpg"));
        assert!(!excludes("/photos", "/photos/[12]", "1/a.jpg"));
        assert!(!excludes("/photos", "/photos/{x,y}", "x/a.jpg"));
        #[cfg(unix)]
        assert!(excludes("/photos", r"/photos/back\slash", r"back\slash/a.jpg"));
    }

    #[test]
    fn what_lies_elsewhere_is_refused() {
        for folder in ["/photos", "/photos/", "/", "/photosx/a", "raw", "/photos/../etc", ""] {
            let refused = pattern_of(Path::new("/photos"), Path::new(folder)).unwrap_err();
            assert_eq!(refused.code(), crate::Code::Usage, "{folder}");
        }
        let lossy = pattern_of(Path::new("/photos"), Path::new("/photos/\u{fffd}")).unwrap_err();
        assert!(lossy.to_string().contains("Unicode"), "{lossy}");
    }
}
