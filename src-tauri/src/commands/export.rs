//! Copies of photos for others.

use std::sync::Arc;

use afterimage_engine::PhotoId;
use tauri::{AppHandle, State};

use super::{Answer, ask};
use crate::dto::{ExportRequest, Exported};
use crate::{Shell, events};

/// The name that a photo's copy would get.
#[tauri::command]
pub async fn export_name(
    shell: State<'_, Arc<Shell>>,
    photo: i64,
    request: ExportRequest,
) -> Answer<String> {
    ask("export_name", &shell, move |engine| engine.export_name(PhotoId(photo), &request.into()))
        .await
}

/// Returns when all copies are written, or it was cancelled.
#[tauri::command]
pub async fn export_photos(
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
    request: ExportRequest,
) -> Answer<Exported> {
    let cancel = shell.export().begin();
    ask("export_photos", &shell, move |engine| {
        Ok(engine.export(&request.into(), &cancel, &events::exporting(app))?.into())
    })
    .await
}

#[tauri::command]
pub async fn cancel_export(shell: State<'_, Arc<Shell>>) -> Answer<()> {
    shell.export().cancel();
    Ok(())
}
