//! Copies of photos, for other places and other people.

use std::path::PathBuf;

use super::PhotoId;

use crate::message::Message;

/// What an exported file is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ExportFormat {
    /// The photo's own file where nothing of it is to change; else its own format, or
    /// JPEG for those that are not written: only JPEG, PNG and WebP are.
    #[default]
    Original,
    /// JPEG.
    Jpeg,
    /// PNG, eight bits a colour.
    Png,
    /// WebP, with losses as JPEG has them.
    WebP,
}

/// Which photos to copy where, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRequest {
    /// In the order in which they are numbered; each counts once.
    pub photos: Vec<PhotoId>,
    /// An absolute folder; made where it is absent. It may lie in a folder of the
    /// library, which then has the copies as photos of their own.
    pub folder: PathBuf,
    /// What the files are.
    pub format: ExportFormat,
    /// Most pixels of the longer side; smaller pictures are never enlarged. `None`
    /// leaves the size.
    pub longest_edge: Option<u32>,
    /// 1 to 100, for JPEG and WebP.
    pub quality: u8,
    /// The files' names without extension, with `{name}`, `{date}` (2026-11-28),
    /// `{time}` (14-03-59), `{year}`, `{month}`, `{day}`, `{number}` (place in
    /// `photos`, with zeros before it), `{rating}` (0 to 5, or `rejected`) and
    /// `{camera}`.
    pub pattern: String,
    /// Keep EXIF, XMP and IPTC, the place included. Without, nothing is kept but the
    /// pixels, how they are to be turned, and the colour profile.
    pub metadata: bool,
}

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportProgress {
    /// Photos that were written, or could not be.
    pub done: u64,
    /// Photos of the export.
    pub total: u64,
}

/// A photo that was not exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotExported {
    /// Where its file is, or was; empty for a photo that the library does not know.
    pub path: PathBuf,
    /// Why, in plain words, and what to do.
    pub reason: Message,
}

/// What an export did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Files that were written.
    pub written: u64,
    /// The others, in the order of the request.
    pub failed: Vec<NotExported>,
    /// Where the files are.
    pub folder: PathBuf,
}
