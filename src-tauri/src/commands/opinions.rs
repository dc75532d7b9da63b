//! What the person thinks of photos: favourites and stars.

use std::sync::Arc;

use afterimage_engine::PhotoId;
use tauri::{AppHandle, State};

use super::tags::keep_sidecars;
use super::{Answer, ask};
use crate::dto::Rated;
use crate::{Shell, events};

#[tauri::command]
pub async fn set_favourite(
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
    photos: Vec<i64>,
    favourite: bool,
) -> Answer<Vec<i64>> {
    let photos: Vec<PhotoId> = photos.into_iter().map(PhotoId).collect();
    let changed = ask("set_favourite", &shell, move |engine| {
        let changed = engine.set_favourite(&photos, favourite)?;
        keep_sidecars(engine, changed.clone());
        Ok(changed)
    })
    .await?;
    if !changed.is_empty() {
        events::opinions_changed(&app);
    }
    Ok(changed.into_iter().map(|photo| photo.0).collect())
}

#[tauri::command]
pub async fn set_rating(
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
    photos: Vec<i64>,
    stars: Option<i8>,
) -> Answer<Vec<Rated>> {
    let photos: Vec<PhotoId> = photos.into_iter().map(PhotoId).collect();
    let before = ask("set_rating", &shell, move |engine| {
        let before = engine.set_rating(&photos, stars)?;
        let changed = before.iter().filter(|group| group.stars != stars);
        keep_sidecars(engine, changed.flat_map(|group| group.photos.clone()).collect());
        Ok(before)
    })
    .await?;
    if before.iter().any(|group| group.stars != stars) {
        events::opinions_changed(&app);
    }
    Ok(before.into_iter().map(Rated::from).collect())
}
