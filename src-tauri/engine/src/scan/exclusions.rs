//! What a person does not want to have in the library, root by root.

use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::message::Message;
use crate::view::Exclusions;

/// Folders that programs fill and people do not look into.
const SKIPPED_FOLDERS: [&str; 4] = ["node_modules", ".git", "@eaDir", ".thumbnails"];

/// The file by which Android's programs are told to leave a folder alone.
const NO_MEDIA: &str = ".nomedia";

/// [`Exclusions`], ready to be asked.
#[derive(Debug)]
pub(crate) struct Rules {
    patterns: GlobSet,
    hidden: bool,
    no_media: bool,
    min_bytes: u64,
}

impl Rules {
    /// # Errors
    /// What is wrong with a pattern, for a person.
    pub fn new(exclusions: &Exclusions) -> Result<Self, Message> {
        let mut patterns = GlobSetBuilder::new();
        for pattern in &exclusions.patterns {
            let anchored = pattern.trim_end_matches('/');
            let glob = match anchored.strip_prefix('/') {
                Some(path) => path.to_owned(),
                None if anchored.contains('/') => anchored.to_owned(),
                None => format!("**/{anchored}"),
            };
            if glob.is_empty() || glob == "**/" {
                return Err(message!("an empty pattern excludes nothing"));
            }
            let glob = GlobBuilder::new(&glob)
                .literal_separator(true)
                .case_insensitive(true)
                .build()
                .map_err(|error| {
                    let why = error.kind();
                    message!(
                        "\"{pattern}\" is no pattern ({why}): write one like *.png or Trips/raw",
                        pattern,
                        why
                    )
                })?;
            patterns.add(glob);
        }
        Ok(Self {
            patterns: patterns.build().map_err(Message::verbatim)?,
            hidden: exclusions.hidden,
            no_media: exclusions.no_media,
            min_bytes: exclusions.min_bytes,
        })
    }

    /// Those of a root of which everything is wanted but what is hidden.
    pub fn none() -> Self {
        let Exclusions { hidden, no_media, min_bytes, .. } = Exclusions::default();
        Self { patterns: GlobSet::empty(), hidden, no_media, min_bytes }
    }

    /// Whether a file or folder is left out by its own name or place, relative
    /// to the root.
    pub(super) fn skip(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or(OsStr::new(""));
        (self.hidden && name.as_encoded_bytes().first() == Some(&b'.'))
            || SKIPPED_FOLDERS.iter().any(|folder| name == OsStr::new(folder))
            || self.patterns.is_match(path)
    }

    /// The file in a folder by which the folder is left out, if it is.
    pub(super) fn skip_folder(&self, folder: &Path) -> Option<PathBuf> {
        Some(folder.join(NO_MEDIA)).filter(|file| self.no_media && file.exists())
    }

    /// Whether a file of this size is left out.
    pub(super) fn skip_size(&self, bytes: u64) -> bool {
        bytes < self.min_bytes
    }

    /// Whether a folder above this path, which is relative to the root, is left
    /// out, or the path itself.
    pub fn skip_within(&self, root: &Path, path: &Path) -> bool {
        self.skip_above(root, path) || self.skip(path)
    }

    /// Whether a folder above this path is left out.
    pub(super) fn skip_above(&self, root: &Path, path: &Path) -> bool {
        let mut above: Vec<&Path> = path.ancestors().skip(1).collect();
        above.retain(|folder| folder.components().any(|c| matches!(c, Component::Normal(_))));
        above
            .iter()
            .any(|folder| self.skip(folder) || self.skip_folder(&root.join(folder)).is_some())
    }

    /// Whether a photo that was once listed at this path is not listed any more
    /// because it is not wanted.
    pub fn exclude(&self, root: &Path, path: &Path) -> bool {
        self.skip_within(root, path)
            || fs::metadata(root.join(path)).is_ok_and(|file| self.skip_size(file.len()))
    }

    /// Whether this file rules what is listed of its folder.
    pub(super) fn stands_in(path: &Path) -> bool {
        path.file_name() == Some(OsStr::new(NO_MEDIA))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(patterns: &[&str]) -> Rules {
        let patterns = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        Rules::new(&Exclusions { patterns, ..Exclusions::default() }).unwrap()
    }

    fn skips(rules: &Rules, path: &str) -> bool {
        rules.skip_within(Path::new("/nowhere"), Path::new(path))
    }

    #[test]
    fn a_name_matches_at_any_depth_and_a_path_from_the_root() {
        let by_name = rules(&["*.png", "Cache"]);
        for path in ["a.png", "x/y/A.PNG", "cache/a.jpg", "x/Cache/y/a.jpg"] {
            assert!(skips(&by_name, path), "{path}");
        }
        for path in ["a.jpg", "caches/a.jpg", "png/a.jpg"] {
            assert!(!skips(&by_name, path), "{path}");
        }
        let by_place = rules(&["Trips/raw/", "/export", "2020/**/rejected"]);
        for path in ["Trips/raw/a.jpg", "export/x/a.jpg", "2020/may/rejected/a.jpg"] {
            assert!(skips(&by_place, path), "{path}");
        }
        for path in ["x/Trips/raw/a.jpg", "x/export/a.jpg", "Trips/a.jpg", "2021/rejected/a.jpg"] {
            assert!(!skips(&by_place, path), "{path}");
        }
    }

    #[test]
    fn hidden_files_are_left_out_unless_they_are_wanted() {
        assert!(skips(&rules(&[]), ".hidden/a.jpg"));
        assert!(skips(&rules(&[]), "x/.a.jpg"));
        let wanted = Rules::new(&Exclusions { hidden: false, ..Exclusions::default() }).unwrap();
        assert!(!skips(&wanted, ".hidden/a.jpg"));
        assert!(skips(&wanted, "x/@eaDir/a.jpg"), "programs fill it");
    }

    #[test]
    fn a_pattern_that_is_none_is_told() {
        for bad in ["[", "", "/", "{a"] {
            let exclusions = Exclusions { patterns: vec![bad.to_owned()], ..Exclusions::default() };
            assert!(Rules::new(&exclusions).is_err(), "{bad:?}");
        }
    }
}
