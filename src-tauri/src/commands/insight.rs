//! What the page asks of the vectors as a whole.

use std::sync::Arc;

use afterimage_engine::{Context, message};
use tauri::ipc::Response;
use tauri::{AppHandle, State};

use super::{Answer, ask};
use crate::dto::{Insight, map_bytes};
use crate::{Shell, events};

/// Takes seconds.
#[tauri::command]
pub async fn insight(shell: State<'_, Arc<Shell>>) -> Answer<Insight> {
    let cancel = shell.examination().begin();
    ask("insight", &shell, move |engine| Ok(engine.insight(&cancel)?.into())).await
}

#[tauri::command]
pub async fn cancel_insight(shell: State<'_, Arc<Shell>>) -> Answer<()> {
    shell.examination().cancel();
    Ok(())
}

/// Takes seconds for thousands of photos, and tells how far it is.
#[tauri::command]
pub async fn photo_map(app: AppHandle, shell: State<'_, Arc<Shell>>) -> Answer<Response> {
    let cancel = shell.mapping().begin();
    ask("photo_map", &shell, move |engine| {
        let map = engine.photo_map(&cancel, &events::mapping(app))?;
        Ok(Response::new(map_bytes(&map).context(|| message!("cannot send the map"))?))
    })
    .await
}

#[tauri::command]
pub async fn cancel_map(shell: State<'_, Arc<Shell>>) -> Answer<()> {
    shell.mapping().cancel();
    Ok(())
}
