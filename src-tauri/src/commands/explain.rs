//! Why a photo answers, and what resembles it.

use std::sync::Arc;

use afterimage_engine::{Cancel, PhotoId};
use tauri::State;
use tauri::ipc::Response;

use super::{Answer, ask};
use crate::Shell;
use crate::dto::{Explanation, SearchRequest, page_listing};

/// No search is given up for it.
#[tauri::command]
pub async fn explain(
    shell: State<'_, Arc<Shell>>,
    photo: i64,
    request: SearchRequest,
) -> Answer<Explanation> {
    let request = request.read(&shell.pictures())?;
    ask("explain", &shell, move |engine| {
        Ok(engine.explain(PhotoId(photo), &request, &Cancel::default())?.into())
    })
    .await
}

/// No search is given up for it.
#[tauri::command]
pub async fn similar(shell: State<'_, Arc<Shell>>, photo: i64, limit: usize) -> Answer<Response> {
    ask("similar", &shell, move |engine| {
        let page = engine.similar(PhotoId(photo), limit, &Cancel::default())?;
        page_listing(page).map(Response::new)
    })
    .await
}
