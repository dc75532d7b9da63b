//! What is written beside photos, for other programs.

use std::path::PathBuf;

use super::PhotoId;

use crate::message::Message;

/// What a new sidecar is called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SidecarNaming {
    /// `IMG.xmp`, as Lightroom does; where several photos are called so, the file's
    /// full name all the same.
    #[default]
    Stem,
    /// `IMG.jpg.xmp`, as darktable and digiKam do.
    Full,
}

/// Whether and how sidecars are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SidecarSettings {
    /// The person switched it on.
    pub write: bool,
    /// Those that are there keep their names.
    pub naming: SidecarNaming,
}

/// A sidecar that was written or, in a dry run, would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SidecarChange {
    /// Of which photo.
    pub photo: PhotoId,
    /// Where.
    pub path: PathBuf,
    /// What is said in it that was not: keywords, paths of keywords, stars, the mark.
    pub adds: Vec<Message>,
    /// What was said in it and is not any more.
    pub removes: Vec<Message>,
}

/// What writing sidecars did or, in a dry run, would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SidecarReport {
    /// In the order of the photos.
    pub written: Vec<SidecarChange>,
    /// Photos whose sidecar says all of it already, or that need none.
    pub same: u64,
    /// Photos and sidecars that were left as they are, and why.
    pub failed: Vec<(PathBuf, Message)>,
}
