//! The document of `export`.

use afterimage_engine::Exported;
use serde::Serialize;

use super::text;

/// `export`. `written` files are in `folder`.
#[derive(Serialize)]
pub struct ExportDocument {
    written: u64,
    failed: Vec<NotExportedEntry>,
    folder: String,
}

#[derive(Serialize)]
struct NotExportedEntry {
    path: String,
    reason: String,
}

impl From<&Exported> for ExportDocument {
    fn from(exported: &Exported) -> Self {
        let failed = exported.failed.iter().map(|failed| NotExportedEntry {
            path: text(&failed.path),
            reason: failed.reason.to_string(),
        });
        Self { written: exported.written, failed: failed.collect(), folder: text(&exported.folder) }
    }
}
