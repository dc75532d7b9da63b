//! Copies of photos for others, in the words of the front end.

use std::path::PathBuf;

use afterimage_engine as engine;
use serde::{Deserialize, Serialize};

use super::{Message, text};

/// In which format copies are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum ExportFormat {
    Original,
    Jpeg,
    Png,
    Webp,
}

impl From<ExportFormat> for engine::ExportFormat {
    fn from(format: ExportFormat) -> Self {
        match format {
            ExportFormat::Original => Self::Original,
            ExportFormat::Jpeg => Self::Jpeg,
            ExportFormat::Png => Self::Png,
            ExportFormat::Webp => Self::WebP,
        }
    }
}

/// Copies to write.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ExportRequest {
    pub photos: Vec<i64>,
    /// An absolute folder, as the folder dialog gave it.
    pub folder: PathBuf,
    pub format: ExportFormat,
    /// Longest edge in pixels, never enlarged; null leaves the size.
    pub longest_edge: Option<u32>,
    /// 1 to 100, for JPEG and WebP.
    pub quality: u8,
    /// `{name}`, `{date}` (2026-11-28), `{time}` (14-03-59), `{year}`, `{month}`, `{day}`,
    /// `{number}` (place in the export, zero-padded), `{rating}`, `{camera}`; no extension.
    pub pattern: String,
    /// Keep EXIF, XMP and IPTC (place included); without it nothing but pixels and colour
    /// profile.
    pub metadata: bool,
}

impl From<ExportRequest> for engine::ExportRequest {
    fn from(request: ExportRequest) -> Self {
        let ExportRequest { photos, folder, format, longest_edge, quality, pattern, metadata } =
            request;
        Self {
            photos: photos.into_iter().map(engine::PhotoId).collect(),
            folder,
            format: format.into(),
            longest_edge,
            quality,
            pattern,
            metadata,
        }
    }
}

/// How far an export is, in photos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ExportProgress {
    pub done: u64,
    pub total: u64,
}

impl From<engine::ExportProgress> for ExportProgress {
    fn from(progress: engine::ExportProgress) -> Self {
        let engine::ExportProgress { done, total } = progress;
        Self { done, total }
    }
}

/// A photo of which no copy was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct NotExported {
    pub path: String,
    pub reason: Message,
}

/// What became of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Exported {
    pub written: u64,
    pub failed: Vec<NotExported>,
    pub folder: String,
}

impl From<engine::Exported> for Exported {
    fn from(exported: engine::Exported) -> Self {
        let engine::Exported { written, failed, folder } = exported;
        let failed = failed
            .into_iter()
            .map(|it: engine::NotExported| NotExported {
                path: text(&it.path),
                reason: it.reason.into(),
            })
            .collect();
        Self { written, failed, folder: text(&folder) }
    }
}
