//! What a photo's sidecar is called.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// How a sidecar that is not there yet is named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Naming {
    /// `IMG.xmp`, as Lightroom does: one for all photos of that name.
    #[default]
    Stem,
    /// `IMG.jpg.xmp`, as darktable and digiKam do: one for each file.
    Full,
}

/// Both names of a photo's sidecar: `IMG.xmp` and `IMG.jpg.xmp`. They are the same
/// for a photo without an ending.
pub fn paths(photo: &Path) -> [PathBuf; 2] {
    let mut full = OsString::from(photo);
    full.push(".xmp");
    [photo.with_extension("xmp"), PathBuf::from(full)]
}

/// The sidecar to write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Where it is or is to be.
    pub path: PathBuf,
    /// Whether it is there.
    pub exists: bool,
    /// The other photos that it is about, too: all that is written would be said
    /// of them as well.
    pub shared_with: Vec<PathBuf>,
}

impl Choice {
    /// The sidecar of `photo`: of those that are `there` the file's own, else the
    /// one of its name, else a new one as `naming` says. `siblings` are the other
    /// photos of the folder that are named like it but for the ending. Where
    /// there are some, and each file is to have its own, theirs is not written to.
    pub fn of(photo: &Path, there: &[PathBuf], siblings: &[PathBuf], naming: Naming) -> Self {
        let [stem, full] = paths(photo);
        let is_own = |path: &&PathBuf| path.file_stem() == photo.file_name();
        let own = there.iter().find(is_own);
        let of_name = there.iter().find(|path| !is_own(path));
        let is_new = |path: PathBuf| (path, false);
        let (path, exists) = match (own, of_name, naming) {
            (Some(own), ..) => (own.clone(), true),
            (None, _, Naming::Full) if !siblings.is_empty() => is_new(full),
            (None, Some(of_name), _) => (of_name.clone(), true),
            (None, None, Naming::Stem) => is_new(stem),
            (None, None, Naming::Full) => is_new(full),
        };
        let is_shared = path.file_stem() != photo.file_name();
        let shared_with = if is_shared { siblings.to_vec() } else { Vec::new() };
        Self { path, exists, shared_with }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(there: &[&str], siblings: &[&str], naming: Naming) -> (String, bool, usize) {
        let all = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        let choice = Choice::of(Path::new("x/a.jpg"), &all(there), &all(siblings), naming);
        (choice.path.to_str().unwrap().to_owned(), choice.exists, choice.shared_with.len())
    }

    fn new(path: &str) -> (String, bool, usize) {
        (path.to_owned(), false, 0)
    }

    fn old(path: &str) -> (String, bool, usize) {
        (path.to_owned(), true, 0)
    }

    #[test]
    fn both_names_are_made_of_the_photos() {
        assert_eq!(
            paths(Path::new("x/a.b.jpg")),
            ["x/a.b.xmp", "x/a.b.jpg.xmp"].map(PathBuf::from)
        );
        assert_eq!(paths(Path::new("a")), ["a.xmp", "a.xmp"].map(PathBuf::from));
    }

    #[test]
    fn what_is_there_is_written_to_and_else_the_setting_counts() {
        use Naming::{Full, Stem};
        assert_eq!(choice(&[], &[], Stem), new("x/a.xmp"));
        assert_eq!(choice(&[], &[], Full), new("x/a.jpg.xmp"));
        for naming in [Stem, Full] {
            assert_eq!(choice(&["x/a.XMP"], &[], naming), old("x/a.XMP"));
            assert_eq!(choice(&["x/a.jpg.xmp"], &[], naming), old("x/a.jpg.xmp"));
            let both = ["x/a.xmp", "x/a.jpg.xmp"];
            assert_eq!(choice(&both, &["x/a.nef"], naming), old("x/a.jpg.xmp"));
        }
    }

    #[test]
    fn a_shared_name_is_told_and_not_used_where_each_file_has_its_own() {
        use Naming::{Full, Stem};
        let nef = ["x/a.nef"];
        assert_eq!(choice(&[], &nef, Stem), ("x/a.xmp".to_owned(), false, 1));
        assert_eq!(choice(&["x/a.xmp"], &nef, Stem), ("x/a.xmp".to_owned(), true, 1));
        assert_eq!(choice(&[], &nef, Full), new("x/a.jpg.xmp"));
        assert_eq!(choice(&["x/a.xmp"], &nef, Full), new("x/a.jpg.xmp"));
    }
}
