//! Models in the words of the front end: what the catalogue offers and what is
//! installed, joined by id into one list.

use afterimage_engine as engine;
use serde::Serialize;

use super::Message;

/// How far the model in use has come with the photos.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Preparing {
    pub model: String,
    pub done: u64,
    pub total: u64,
}

impl From<engine::Preparing> for Preparing {
    fn from(preparing: engine::Preparing) -> Self {
        let engine::Preparing { model, done, total } = preparing;
        Self { model, done, total }
    }
}

/// What a model is recommended for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Recommendation {
    Default,
    Better,
    Multilingual,
}

impl From<engine::Recommendation> for Recommendation {
    fn from(recommendation: engine::Recommendation) -> Self {
        match recommendation {
            engine::Recommendation::Default => Self::Default,
            engine::Recommendation::Better => Self::Better,
            engine::Recommendation::Multilingual => Self::Multilingual,
        }
    }
}

/// Whether a model can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum ModelState {
    Available,
    Partial,
    Installed,
    Broken,
}

/// A model that is installed, or that can be.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Model {
    pub id: String,
    pub title: String,
    /// What it is good for; null for one that the catalogue does not know.
    pub about: Option<String>,
    pub family: String,
    /// ISO 639 codes, `mul` for many.
    pub languages: Option<String>,
    /// Numbers in each of its vectors.
    pub dim: usize,
    pub license: String,
    /// Shown only; `open_license` opens it by the model's id.
    pub license_url: Option<String>,
    /// On disk, or to download.
    pub bytes: u64,
    /// In a word.
    pub quality: Option<String>,
    /// Percent of ImageNet's pictures that it names without training.
    pub imagenet: Option<f32>,
    /// Percent of COCO's sentences whose photo it ranks first.
    pub coco: Option<f32>,
    pub recommendation: Option<Recommendation>,
    pub state: ModelState,
    /// Why it is broken.
    pub reason: Option<Message>,
    /// Bytes that an interrupted download left.
    pub fetched: u64,
    /// It came with the application and cannot be removed.
    pub bundled: bool,
    /// It is the one in use.
    pub current: bool,
    /// Its index answers.
    pub serving: bool,
    /// Photos that its index holds.
    pub embedded: u64,
}

/// All models: first those that are installed, then the others of the catalogue.
/// `partial` tells what an interrupted download of one left.
pub fn models(
    installed: Vec<engine::ModelInfo>,
    catalogue: &[engine::KnownModel],
    status: &engine::Status,
    partial: impl Fn(&str) -> u64,
) -> Vec<Model> {
    let known = |id: &str| catalogue.iter().find(|known| known.id == id);
    let absent: Vec<&engine::KnownModel> = catalogue
        .iter()
        .filter(|known| !installed.iter().any(|model| model.id == known.id))
        .collect();
    let there = installed.into_iter().map(|model| {
        let offered = known(&model.id).map(|known| offered(known, 0));
        let (state, reason) = match model.state {
            engine::ModelState::Ready => (ModelState::Installed, None),
            engine::ModelState::Broken(reason) => (ModelState::Broken, Some(Message::from(reason))),
        };
        let engine::ModelInfo { id, family, title, dim, license, bundled, bytes, .. } = model;
        Model {
            id,
            title,
            family: family.to_string(),
            dim,
            license,
            bytes,
            state,
            reason,
            bundled,
            ..offered.unwrap_or_else(unknown)
        }
    });
    let others = absent.into_iter().map(|known| offered(known, partial(&known.id)));
    there.chain(others).map(|model| placed(model, status)).collect()
}

/// A model of the catalogue that is not installed.
fn offered(known: &engine::KnownModel, fetched: u64) -> Model {
    let state = if fetched > 0 { ModelState::Partial } else { ModelState::Available };
    Model {
        id: known.id.clone(),
        title: known.title.clone(),
        about: Some(known.about.clone()),
        family: known.family.clone(),
        languages: Some(known.languages.join(", ")),
        dim: known.dim,
        license: known.license.clone(),
        license_url: Some(known.license_url.clone()),
        bytes: known.bytes,
        quality: Some(known.quality.clone()),
        imagenet: known.imagenet,
        coco: known.coco,
        recommendation: known.recommended.map(Recommendation::from),
        state,
        fetched,
        ..unknown()
    }
}

/// What is known of a model that the catalogue does not have.
fn unknown() -> Model {
    Model {
        id: String::new(),
        title: String::new(),
        about: None,
        family: String::new(),
        languages: None,
        dim: 0,
        license: String::new(),
        license_url: None,
        bytes: 0,
        quality: None,
        imagenet: None,
        coco: None,
        recommendation: None,
        state: ModelState::Available,
        reason: None,
        fetched: 0,
        bundled: false,
        current: false,
        serving: false,
        embedded: 0,
    }
}

/// A model with its place in the library.
fn placed(model: Model, status: &engine::Status) -> Model {
    let is = |other: &Option<String>| other.as_deref() == Some(model.id.as_str());
    let embedded = status.models.iter().find(|(id, _)| *id == model.id).map_or(0, |(_, n)| *n);
    Model { current: is(&status.model), serving: is(&status.serving), embedded, ..model }
}

/// How far the download of a model is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Install {
    pub id: String,
    /// Bytes.
    pub done: u64,
    pub total: u64,
    /// Bytes a second over the last seconds.
    pub rate: f64,
    pub seconds_left: Option<f64>,
    /// Seconds until the next attempt, while the hub is busy or out of reach.
    pub waiting: Option<f64>,
    /// All is there, and the model is tried out.
    pub checking: bool,
}

impl Install {
    /// What the engine says of the download of a model.
    pub fn new(id: &str, download: &engine::Download) -> Self {
        let &engine::Download { done, total, rate, seconds_left, waiting } = download;
        let checking = total > 0 && done >= total;
        Self { id: id.to_owned(), done, total, rate, seconds_left, waiting, checking }
    }
}

/// What went with a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    pub id: String,
    /// Freed by its files.
    pub bytes: u64,
    /// Vectors of its index that were removed, and what they took.
    pub vectors: u64,
    pub vector_bytes: u64,
}

impl From<engine::Removed> for Removed {
    fn from(removed: engine::Removed) -> Self {
        let engine::Removed { id, bytes, vectors, vector_bytes } = removed;
        Self { id, bytes, vectors, vector_bytes }
    }
}
