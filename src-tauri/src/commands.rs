//! What the page may ask: each command converts, makes one call to the engine on
//! a thread that may block, and converts back.

pub mod about;
pub mod explain;
pub mod export;
pub mod files;
pub mod folders;
pub mod insight;
pub mod opinions;
pub mod tags;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use afterimage_engine::{
    Cancel, Context, Engine, Error, PairCheck, PhotoId, Result, RootId, SavedSearchId, Sensor,
    message,
};
use tauri::ipc::{InvokeBody, Response};
use tauri::{AppHandle, State, WebviewWindow};
use tauri_plugin_dialog::DialogExt;

use crate::dto::{
    self, CommandError, Completion, Conditions, DuplicateGroup, DuplicateKind, Exclusions, Failure,
    Model, NewSavedSearch, Overview, Photo, Policy, Reading, Removed, Root, SavedSearch,
    SearchRequest, library_listing, page_listing,
};
use crate::presence::Presence;
use crate::{Shell, events};

/// Earlier questions that the page offers.
const OFFERED: usize = 50;

type Answer<T> = Result<T, CommandError>;

#[tauri::command]
pub async fn overview(shell: State<'_, Arc<Shell>>, glance: bool) -> Answer<Overview> {
    let shell = Arc::clone(&shell);
    blocking("overview", move || {
        let engine = shell.engine()?;
        let status = if glance { engine.glance()? } else { engine.status()? };
        Ok(Overview::new(status, shell.control()?.is_paused()))
    })
    .await
}

/// The system's dialog; `None` where it was dismissed.
#[tauri::command]
pub async fn choose_folder(window: WebviewWindow) -> Answer<Option<String>> {
    blocking("choose_folder", move || {
        let dialog = window.dialog().file().set_parent(&window).set_title("Choose a folder");
        let Some(chosen) = dialog.blocking_pick_folder() else { return Ok(None) };
        let folder = chosen.into_path().context(|| message!("cannot use what was chosen"))?;
        match folder.into_os_string().into_string() {
            Ok(folder) => Ok(Some(folder)),
            Err(folder) => Err(Error::usage(message!(
                "the name of {name} is no Unicode: add the folder with \
                 afterimage-desktop --add",
                name = folder.to_string_lossy()
            ))),
        }
    })
    .await
}

#[tauri::command]
pub async fn add_root(shell: State<'_, Arc<Shell>>, path: PathBuf) -> Answer<Root> {
    ask("add_root", &shell, move |engine| Ok(engine.add_root(&path)?.into())).await
}

#[tauri::command]
pub async fn set_exclusions(
    shell: State<'_, Arc<Shell>>,
    id: i64,
    exclusions: Exclusions,
) -> Answer<()> {
    ask("set_exclusions", &shell, move |engine| {
        engine.set_exclusions(RootId(id), &exclusions.into())
    })
    .await
}

/// Takes a removal back.
#[tauri::command]
pub async fn restore_root(shell: State<'_, Arc<Shell>>, id: i64) -> Answer<()> {
    ask("restore_root", &shell, move |engine| engine.restore_root(RootId(id))).await
}

#[tauri::command]
pub async fn remove_root(shell: State<'_, Arc<Shell>>, id: i64) -> Answer<()> {
    ask("remove_root", &shell, move |engine| engine.remove_root(RootId(id))).await
}

/// Every photo, or with `most` the newest, which are there sooner.
#[tauri::command]
pub async fn library(shell: State<'_, Arc<Shell>>, most: Option<usize>) -> Answer<Response> {
    ask("library", &shell, move |engine| {
        let began = Instant::now();
        let hits = match most {
            Some(most) => engine.newest(most)?,
            None => engine.library()?,
        };
        library_listing(&hits, began.elapsed()).map(Response::new)
    })
    .await
}

#[tauri::command]
pub async fn search(shell: State<'_, Arc<Shell>>, request: SearchRequest) -> Answer<Response> {
    let cancel = shell.searches().begin(request.ticket).ok_or_else(Error::cancelled)?;
    let request = request.read(&shell.pictures())?;
    ask("search", &shell, move |engine| {
        page_listing(engine.search(&request, &cancel)?).map(Response::new)
    })
    .await
}

/// How a query is read: for every key, so without the library.
#[tauri::command]
pub fn read_query(query: String) -> Reading {
    Reading::of(&query)
}

/// Keeps a picture that was pasted, given as the bytes of its file.
#[tauri::command]
pub async fn keep_picture(
    shell: State<'_, Arc<Shell>>,
    request: tauri::ipc::Request<'_>,
) -> Answer<u64> {
    let InvokeBody::Raw(bytes) = request.body() else {
        return Err(Error::usage(message!("a picture is handed over as its bytes")).into());
    };
    let bytes = bytes.clone();
    let shell = Arc::clone(&shell);
    blocking("keep_picture", move || {
        // What cannot be shown could not be searched with either.
        Engine::show_picture(&bytes)?;
        Ok(shell.pictures().keep(bytes))
    })
    .await
}

/// What may be put in at a position of the text.
#[tauri::command]
pub async fn complete(
    shell: State<'_, Arc<Shell>>,
    query: String,
    cursor: usize,
) -> Answer<Vec<Completion>> {
    ask("complete", &shell, move |engine| {
        let completions = engine.complete(&query, dto::bytes(&query, cursor))?;
        Ok(completions.into_iter().map(|it| Completion::of(it, &query)).collect())
    })
    .await
}

/// What was asked before, the latest first.
#[tauri::command]
pub async fn history(shell: State<'_, Arc<Shell>>) -> Answer<Vec<String>> {
    ask("history", &shell, |engine| engine.history(OFFERED)).await
}

#[tauri::command]
pub async fn remember_query(shell: State<'_, Arc<Shell>>, query: String) -> Answer<()> {
    ask("remember_query", &shell, move |engine| engine.remember_query(&query)).await
}

#[tauri::command]
pub async fn forget_history(shell: State<'_, Arc<Shell>>) -> Answer<()> {
    ask("forget_history", &shell, |engine| engine.forget_history()).await
}

#[tauri::command]
pub async fn saved_searches(shell: State<'_, Arc<Shell>>) -> Answer<Vec<SavedSearch>> {
    ask("saved_searches", &shell, |engine| {
        Ok(engine.saved_searches()?.into_iter().map(SavedSearch::from).collect())
    })
    .await
}

#[tauri::command]
pub async fn save_search(
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
    search: NewSavedSearch,
) -> Answer<SavedSearch> {
    let search = search.read(&shell.pictures())?;
    let saved = ask("save_search", &shell, move |engine| engine.save_search(&search)).await?;
    events::saved_searches_changed(&app);
    Ok(saved.into())
}

#[tauri::command]
pub async fn update_search(
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
    search: SavedSearch,
) -> Answer<()> {
    let search = search.read(&shell.pictures())?;
    ask("update_search", &shell, move |engine| engine.update_saved_search(&search)).await?;
    events::saved_searches_changed(&app);
    Ok(())
}

#[tauri::command]
pub async fn remove_search(app: AppHandle, shell: State<'_, Arc<Shell>>, id: i64) -> Answer<()> {
    ask("remove_search", &shell, move |engine| engine.remove_saved_search(SavedSearchId(id)))
        .await?;
    events::saved_searches_changed(&app);
    Ok(())
}

/// How many photos a saved search finds now.
#[tauri::command]
pub async fn count_search(shell: State<'_, Arc<Shell>>, id: i64) -> Answer<usize> {
    ask("count_search", &shell, move |engine| {
        engine.count_saved_search(SavedSearchId(id), &Cancel::default())
    })
    .await
}

/// The first question after photos came takes a while.
#[tauri::command]
pub async fn duplicates(
    shell: State<'_, Arc<Shell>>,
    kind: DuplicateKind,
) -> Answer<Vec<DuplicateGroup>> {
    ask("duplicates", &shell, move |engine| {
        let groups = engine.duplicates(kind.into(), &Cancel::default(), &|_, _| ())?;
        Ok(groups.into_iter().map(DuplicateGroup::from).collect())
    })
    .await
}

#[tauri::command]
pub async fn photo(shell: State<'_, Arc<Shell>>, id: i64) -> Answer<Photo> {
    ask("photo", &shell, move |engine| Ok(engine.photo(PhotoId(id))?.into())).await
}

#[tauri::command]
pub async fn failures(shell: State<'_, Arc<Shell>>) -> Answer<Vec<Failure>> {
    ask("failures", &shell, |engine| {
        Ok(engine.failures()?.into_iter().map(Failure::from).collect())
    })
    .await
}

#[tauri::command]
pub async fn retry_failures(shell: State<'_, Arc<Shell>>) -> Answer<usize> {
    ask("retry_failures", &shell, |engine| engine.retry_failures()).await
}

#[tauri::command]
pub async fn pause(shell: State<'_, Arc<Shell>>) -> Answer<()> {
    let shell = Arc::clone(&shell);
    blocking("pause", move || shell.control().map(|control| control.pause())).await
}

#[tauri::command]
pub async fn resume(shell: State<'_, Arc<Shell>>) -> Answer<()> {
    let shell = Arc::clone(&shell);
    blocking("resume", move || shell.control().map(|control| control.resume())).await
}

/// How hard the work in the background may go.
#[tauri::command]
pub async fn policy(shell: State<'_, Arc<Shell>>) -> Answer<Policy> {
    ask("policy", &shell, |engine| Ok(engine.policy()?.into())).await
}

#[tauri::command]
pub async fn set_policy(shell: State<'_, Arc<Shell>>, policy: Policy) -> Answer<()> {
    ask("set_policy", &shell, move |engine| engine.set_policy(policy.into())).await
}

/// What this system tells of the person and of the power.
#[tauri::command]
pub async fn conditions() -> Answer<Conditions> {
    blocking("conditions", || Ok(Presence::default().conditions().into())).await
}

#[tauri::command]
pub async fn rescan(shell: State<'_, Arc<Shell>>) -> Answer<()> {
    let shell = Arc::clone(&shell);
    blocking("rescan", move || shell.rescan()).await
}

/// What is installed and what can be.
#[tauri::command]
pub async fn models(shell: State<'_, Arc<Shell>>) -> Answer<Vec<Model>> {
    ask("models", &shell, all_models).await
}

/// Returns when the model is installed, or why it is not.
#[tauri::command]
pub async fn install_model(app: AppHandle, shell: State<'_, Arc<Shell>>, id: String) -> Answer<()> {
    let installing = shell.installs().begin(&id)?;
    let progress = events::installing(app.clone(), id.clone());
    change("install_model", &app, &shell, move |engine| {
        engine.install_model(&id, installing.cancel(), &progress).map(drop)
    })
    .await
}

#[tauri::command]
pub async fn cancel_install(shell: State<'_, Arc<Shell>>, id: String) -> Answer<()> {
    shell.installs().cancel(&id);
    Ok(())
}

/// Copies a model from a folder.
#[tauri::command]
pub async fn add_model(
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
    path: PathBuf,
) -> Answer<Model> {
    change("add_model", &app, &shell, move |engine| {
        let id = engine.add_model(&path, PairCheck::Required)?.id;
        let added = all_models(engine)?.into_iter().find(|model| model.id == id);
        added.ok_or_else(|| Error::failed(message!("{id} was removed while it was added", id)))
    })
    .await
}

#[tauri::command]
pub async fn use_model(app: AppHandle, shell: State<'_, Arc<Shell>>, id: String) -> Answer<()> {
    change("use_model", &app, &shell, move |engine| {
        engine.use_model(&id, PairCheck::Required).map(drop)
    })
    .await
}

/// Removes a model, with `vectors` its index as well.
#[tauri::command]
pub async fn remove_model(
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
    id: String,
    vectors: bool,
) -> Answer<Removed> {
    change("remove_model", &app, &shell, move |engine| {
        engine.remove_model(&id, vectors).map(Removed::from)
    })
    .await
}

/// Loads what turns words into vectors, before the first search waits for it.
#[tauri::command]
pub async fn warm_text(shell: State<'_, Arc<Shell>>) -> Answer<()> {
    ask("warm_text", &shell, |engine| {
        engine.warm_text();
        Ok(())
    })
    .await
}

/// Shows a model's licence in the system's browser: the page names the model, and
/// what is opened is the catalogue's own address and no other.
#[tauri::command]
pub async fn open_license(shell: State<'_, Arc<Shell>>, id: String) -> Answer<()> {
    ask("open_license", &shell, move |engine| {
        let known = engine.catalogue().iter().find(|known| known.id == id);
        let url = known
            .map(|known| known.license_url.to_string())
            .filter(|url| url.starts_with("https://"))
            .ok_or_else(|| Error::not_found(message!("no licence is known of {id}", id)))?;
        tauri_plugin_opener::open_url(&url, None::<&str>)
            .context(|| message!("cannot open {url} in your browser", url))
    })
    .await
}

fn all_models(engine: &Engine) -> Result<Vec<Model>> {
    let partial = |id: &str| engine.partial_download(id);
    Ok(dto::models(engine.models()?, engine.catalogue(), &engine.status()?, partial))
}

/// Asks for something that changes the models, and tells the page that it did.
async fn change<T: Send + 'static>(
    command: &'static str,
    app: &AppHandle,
    shell: &Arc<Shell>,
    question: impl FnOnce(&Engine) -> Result<T> + Send + 'static,
) -> Answer<T> {
    let answer = ask(command, shell, question).await;
    // An installation that failed has left something, too.
    events::models_changed(app);
    answer
}

/// Asks the open library, once it is open.
async fn ask<T: Send + 'static>(
    command: &'static str,
    shell: &Arc<Shell>,
    question: impl FnOnce(&Engine) -> Result<T> + Send + 'static,
) -> Answer<T> {
    let shell = Arc::clone(shell);
    blocking(command, move || question(&shell.engine()?)).await
}

/// Runs a command's work on a thread that may block.
async fn blocking<T: Send + 'static>(
    command: &'static str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Answer<T> {
    let work = move || {
        let _span = tracing::debug_span!("command", name = command).entered();
        work().inspect_err(|error| tracing::debug!("{error}"))
    };
    let panicked = |error| Error::failed(message!("{command} broke off", command)).with(error);
    Ok(tauri::async_runtime::spawn_blocking(work).await.map_err(panicked)??)
}
