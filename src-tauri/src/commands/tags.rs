//! What the page asks and says of tags.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use afterimage_engine::{Cancel, Engine, PhotoId, Result, TagTree as Tree, message};
use tauri::{AppHandle, State};

use super::{Answer, ask};
use crate::dto::{
    Category, Decided, Decision, Message, NewCategory, PhotoTag, ReviewOf, ReviewPage,
    SidecarReport, SidecarSettings, TagTree,
};
use crate::{Shell, events};

/// At once: where suggestions are not known yet they are computed, and the page is told
/// when they are.
#[tauri::command]
pub async fn tag_tree(app: AppHandle, shell: State<'_, Arc<Shell>>) -> Answer<TagTree> {
    let computing = shell.suggesting().clone();
    ask("tag_tree", &shell, move |engine| {
        if engine.tags_are_at_hand() {
            return Ok(TagTree::new(engine.tag_tree(&Cancel::default())?, true));
        }
        if !computing.swap(true, Ordering::AcqRel) {
            let engine = engine.clone();
            std::thread::spawn(move || {
                let computed = engine.tag_tree(&Cancel::default());
                computing.store(false, Ordering::Release);
                match computed {
                    Ok(_) => events::tags_changed(&app),
                    Err(error) => events::failed(&app, error),
                }
            });
        }
        Ok(TagTree::new(engine.decided_tags()?, false))
    })
    .await
}

#[tauri::command]
pub async fn photo_tags(shell: State<'_, Arc<Shell>>, photo: i64) -> Answer<Vec<PhotoTag>> {
    ask("photo_tags", &shell, move |engine| {
        let tags = engine.photo_tags(PhotoId(photo), &Cancel::default())?;
        Ok(tags.into_iter().map(PhotoTag::from).collect())
    })
    .await
}

#[tauri::command]
pub async fn review(
    shell: State<'_, Arc<Shell>>,
    category: String,
    of: ReviewOf,
    offset: usize,
    limit: usize,
) -> Answer<ReviewPage> {
    ask("review", &shell, move |engine| {
        Ok(engine.review(&category, of.into(), offset, limit, &Cancel::default())?.into())
    })
    .await
}

#[tauri::command]
pub async fn decide(
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
    photos: Vec<i64>,
    category: String,
    decision: Option<Decision>,
) -> Answer<Decided> {
    let photos: Vec<PhotoId> = photos.into_iter().map(PhotoId).collect();
    changing("decide", &app, &shell, move |engine| {
        let decision = decision.map(afterimage_engine::Decision::from);
        let decided = match engine.tags_are_at_hand() {
            true => engine.decide(&photos, &category, decision, &Cancel::default())?,
            // Nobody waits for what it changes.
            false => engine.note_decision(&photos, &category, decision)?,
        };
        keep_sidecars(engine, photos);
        Ok(Decided::new(decided, engine.undoable_tags()?))
    })
    .await
}

#[tauri::command]
pub async fn add_tag(
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
    photos: Vec<i64>,
    name: String,
) -> Answer<Decided> {
    let photos: Vec<PhotoId> = photos.into_iter().map(PhotoId).collect();
    changing("add_tag", &app, &shell, move |engine| {
        let decided = engine.add_tag(&photos, &name, &Cancel::default())?;
        keep_sidecars(engine, photos);
        Ok(Decided::new(decided, engine.undoable_tags()?))
    })
    .await
}

/// By the decision's number; without one the last.
#[tauri::command]
pub async fn undo_tags(
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
    batch: Option<i64>,
) -> Answer<Option<Message>> {
    changing("undo_tags", &app, &shell, move |engine| {
        let Some(undone) = engine.undo_tags(batch)? else { return Ok(None) };
        keep_sidecars(engine, undone.photos);
        Ok(Some(undone.words.into()))
    })
    .await
}

#[tauri::command]
pub async fn save_category(
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
    category: NewCategory,
) -> Answer<Category> {
    changing("save_category", &app, &shell, move |engine| {
        let saved = engine.save_category(&category.into())?;
        shown(engine, &saved.id)
    })
    .await
}

/// Returns the number by which an own one is brought back with its tags, if it had any.
#[tauri::command]
pub async fn remove_category(
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
    id: String,
) -> Answer<Option<i64>> {
    changing("remove_category", &app, &shell, move |engine| engine.remove_category(&id)).await
}

#[tauri::command]
pub async fn reset_category(
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
    id: String,
) -> Answer<Category> {
    changing("reset_category", &app, &shell, move |engine| {
        let reset = engine.reset_category(&id)?;
        shown(engine, &reset.id)
    })
    .await
}

#[tauri::command]
pub async fn sidecar_settings(shell: State<'_, Arc<Shell>>) -> Answer<SidecarSettings> {
    ask("sidecar_settings", &shell, |engine| Ok(engine.sidecar_settings()?.into())).await
}

#[tauri::command]
pub async fn set_sidecar_settings(
    shell: State<'_, Arc<Shell>>,
    settings: SidecarSettings,
) -> Answer<()> {
    ask("set_sidecar_settings", &shell, move |engine| engine.set_sidecar_settings(settings.into()))
        .await
}

#[tauri::command]
pub async fn write_sidecars(shell: State<'_, Arc<Shell>>, dry_run: bool) -> Answer<SidecarReport> {
    ask("write_sidecars", &shell, move |engine| {
        let report = engine.write_sidecars(None, dry_run, &Cancel::default())?;
        Ok(SidecarReport::new(&report, dry_run))
    })
    .await
}

/// A category with what the library has of it.
fn shown(engine: &Engine, id: &str) -> Result<Category> {
    let Tree { categories, .. } = engine.tag_tree(&Cancel::default())?;
    let found = categories.into_iter().find(|count| count.category.id == id);
    let lost = || afterimage_engine::Error::not_found(message!("the category {id} is gone", id));
    found.map(Category::from).ok_or_else(lost)
}

/// Asks for something that changes tags, and tells the page that it did.
async fn changing<T: Send + 'static>(
    command: &'static str,
    app: &AppHandle,
    shell: &Arc<Shell>,
    question: impl FnOnce(&Engine) -> Result<T> + Send + 'static,
) -> Answer<T> {
    let answer = ask(command, shell, question).await?;
    events::tags_changed(app);
    Ok(answer)
}

/// Has sidecars follow, where they are written, while the page goes on. What cannot be
/// written is told when the person has all of them written.
pub(super) fn keep_sidecars(engine: &Engine, photos: Vec<PhotoId>) {
    if photos.is_empty() || !engine.sidecar_settings().is_ok_and(|settings| settings.write) {
        return;
    }
    let engine = engine.clone();
    std::thread::spawn(move || {
        match engine.write_sidecars(Some(&photos), false, &Cancel::default()) {
            Ok(report) => {
                for (path, reason) in report.failed {
                    tracing::warn!("{}: {reason}", path.display());
                }
            }
            Err(error) => tracing::warn!("sidecars are not written: {error}"),
        }
    });
}
