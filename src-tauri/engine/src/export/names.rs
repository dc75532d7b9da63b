//! Names that are given out in one folder, each once.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A file's name: what it is called, which of those that are called so, extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    stem: String,
    number: u32,
    extension: String,
}

impl Name {
    /// The first of its name.
    pub fn new(stem: String, extension: String) -> Self {
        Self { stem, number: 1, extension }
    }

    /// The next one that is called so.
    pub fn next(&self) -> Self {
        Self { number: self.number.saturating_add(1), ..self.clone() }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { stem, number, extension } = self;
        match number {
            1 => write!(f, "{stem}.{extension}"),
            number => write!(f, "{stem} ({number}).{extension}"),
        }
    }
}

/// The names of a folder, so that copies which are called the same are numbered in
/// their order, whichever of them is written first.
pub(super) struct Names<'a> {
    folder: &'a Path,
    /// In lower case: some file systems take `a.jpg` and `A.jpg` for one.
    given: HashSet<String>,
    /// The last number that was given to those who are called so.
    last: HashMap<String, u32>,
}

impl<'a> Names<'a> {
    pub fn of(folder: &'a Path) -> Self {
        Self { folder, given: HashSet::new(), last: HashMap::new() }
    }

    /// The first name from this one on that no file has, nor was given before.
    pub fn give(&mut self, mut name: Name) -> Name {
        let key = name.to_string().to_lowercase();
        name.number = self.last.get(&key).map_or(1, |last| last.saturating_add(1));
        while self.given.contains(&name.to_string().to_lowercase()) || is_there(&self.at(&name)) {
            name = name.next();
        }
        self.last.insert(key, name.number);
        self.given.insert(name.to_string().to_lowercase());
        name
    }

    fn at(&self, name: &Name) -> PathBuf {
        self.folder.join(name.to_string())
    }
}

/// Also a link that leads nowhere.
fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.jpg"), "").unwrap();
        let mut names = Names::of(dir.path());
        let mut give = |stem: &str, extension: &str| {
            names.give(Name::new(stem.into(), extension.into())).to_string()
        };
        assert_eq!(give("a", "jpg"), "a (2).jpg");
        assert_eq!(give("A", "JPG"), "A (3).JPG", "the same for some file systems");
        assert_eq!(give("a", "png"), "a.png");
        assert_eq!(give("b (2)", "jpg"), "b (2).jpg");
        assert_eq!([give("b", "jpg"), give("b", "jpg")], ["b.jpg", "b (3).jpg"]);
    }
}
