//! Afterimage's engine: everything but windows and terminals.
//!
//! An [`Engine`] is an open library: folders are added, indexed and watched,
//! and questions answered.
//!
//! ```no_run
//! use afterimage_engine::{Cancel, Control, Engine, OpenOptions, SearchRequest};
//! # fn main() -> afterimage_engine::Result<()> {
//! let engine = Engine::open(OpenOptions::new(Engine::default_library()?))?;
//! engine.add_root("/home/me/Pictures".as_ref())?;
//! engine.index(&[], &Control::default(), &|_| {})?;
//! let request = SearchRequest { query: "a dog".into(), limit: Some(10), ..Default::default() };
//! for hit in engine.search(&request, &Cancel::default())?.hits {
//!     println!("{:.3} {}", hit.score, hit.path.display());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Only this file is public, and [`bench`], what measurements go through.
//! `scan`, `decode`, `metadata`, `model` and the crate `afterimage-index` know
//! neither SQLite nor each other; `catalog` and `derived` know no pixels and no
//! tensors; `jobs`, `search`, `duplicates` and `export` put them together on a
//! [`library`].

#[macro_use]
mod message;

mod background;
pub mod bench;
mod catalog;
mod completion;
mod decode;
mod derived;
mod duplicates;
mod error;
mod export;
mod folders;
mod indexing;
mod insight;
mod jobs;
mod library;
mod memory;
mod metadata;
mod model;
mod photos;
mod priority;
mod regular;
mod saved;
mod scan;
mod search;
mod sidecars;
mod sqlite;
mod storage;
mod tagging;
mod tags;
mod upkeep;
mod view;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jobs::Wake;
use library::{InUse, Library};
use model::Encoder;
use scan::Rules;

pub use afterimage_insight as figures;
pub use background::Background;
pub use decode::serve_if_asked as serve_decoder_if_asked;
pub use error::{Code, Context, Error, Result};
pub use insight::{
    Concern, EvalComparison, EvalInput, EvalReport, EvalRequest, EvalRun, EvalSetting, Figure,
    Insight, MapCluster, NamedPlot, PhotoMap,
};
pub use jobs::{Cancel, Conditions, Control, Effort, Pace, Policy, Progress, Sensor, Step};
pub use message::{Message, Part};
pub use model::starter::import as import_starter;
pub use model::{
    Affinity, DeviceChoice, DeviceReport, Download, KnownModel, ModelCheck, ModelInfo, ModelState,
    PairCheck, Precision, Recommendation,
};
pub use search::query;
pub use upkeep::{CheckReport, Repair, Store, Trouble};
pub use view::{
    Category, CategoryOrigin, Change, ChangeKind, Completion, Crop, Decided, Decision,
    DuplicateGroup, DuplicateKind, DuplicatePhoto, EmbedInput, EmbedReport, Event, Example,
    ExampleSource, Exclusions, ExplainedPart, Explanation, ExportFormat, ExportProgress,
    ExportRequest, Exported, Failure, Folder, Hit, Holder, IndexReport, LIKELY, Learned,
    NewCategory, NewSavedSearch, NotExported, NotTrashed, Page, PartKind, Photo, PhotoFile,
    PhotoId, PhotoTag, Preparing, Problem, Rated, Reading, Removed, Restored, ReviewOf, ReviewPage,
    ReviewPhoto, Root, RootId, RootState, SavedSearch, SavedSearchId, SearchRequest, SidecarChange,
    SidecarNaming, SidecarReport, SidecarSettings, Status, Storage, StoredAt, Strength, TagCount,
    TagRecord, TagTree, TimeSource, Trashed, Undone, Why, WriterKind,
};

/// How long a model that nobody uses usually stays in memory.
pub const UNLOAD_AFTER: Duration = Duration::from_secs(5 * 60);

/// Where a library is and what it works with.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The folder of both databases; made where it is absent.
    pub library: PathBuf,
    /// The folder of installed models; `None` for `models` in the library.
    pub models: Option<PathBuf>,
    /// Folders of models that came with the application; never written.
    pub bundled_models: Vec<PathBuf>,
    /// What computes; `None` for [`DeviceChoice::Auto`].
    pub device: Option<DeviceChoice>,
    /// How exactly the processor computes images; `None` for the fastest that
    /// each model bears.
    pub precision: Option<Precision>,
    /// How long a part of a model stays in memory when nobody uses it; `None`
    /// for ever. It loads again on demand.
    pub unload_after: Option<Duration>,
}

impl OpenOptions {
    /// The library in a folder, with the usual models, on the best device, with
    /// idle models unloaded after [`UNLOAD_AFTER`].
    pub fn new(library: PathBuf) -> Self {
        let bundled_models = Engine::default_bundled_models();
        let unload_after = Some(UNLOAD_AFTER);
        Self { library, models: None, bundled_models, device: None, precision: None, unload_after }
    }

    fn models(&self) -> model::Models {
        let own = self.models.clone().unwrap_or_else(|| self.library.join("models"));
        model::Models::new(own, self.bundled_models.clone())
    }
}

/// An open library. Clones are the same one; all methods may be called from
/// any thread, and none but those that say so takes longer than its answer.
#[derive(Clone)]
pub struct Engine(Arc<Library>);

impl Engine {
    /// Opens a library, making it where there is none.
    ///
    /// # Errors
    /// [`Code::NewerLibrary`] where a newer version wrote it; [`Code::Failed`]
    /// where its folder cannot be written.
    pub fn open(options: OpenOptions) -> Result<Self> {
        let models = options.models();
        let device = options.device.unwrap_or_default();
        let encoders = model::Encoders::new(device, options.precision, options.unload_after);
        Ok(Self(Arc::new(Library::open(options.library, models, encoders)?)))
    }

    /// The library's folder where none is named: in the platform's folder for
    /// application data.
    ///
    /// # Errors
    /// Where the platform tells no such folder.
    pub fn default_library() -> Result<PathBuf> {
        directories::ProjectDirs::from("app", "afterimage", "Afterimage")
            .map(|dirs| dirs.data_dir().to_owned())
            .ok_or_else(|| {
                Error::usage(message!(
                    "this system tells no folder for application data: name one with --library"
                ))
            })
    }

    /// Where models that come with the application are looked for: beside the
    /// executable, and in the source tree that it was built in.
    pub fn default_bundled_models() -> Vec<PathBuf> {
        let executable = std::env::current_exe().ok();
        let beside = executable.as_deref().and_then(Path::parent).map(|dir| dir.join("models"));
        let installed = executable
            .as_deref()
            .and_then(Path::parent)
            .map(|dir| dir.join("../lib/Afterimage/models"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/models");
        beside.into_iter().chain(installed).chain([source]).collect()
    }

    /// Adds a folder. One that lies in a root, or is one, gives that root, also one
    /// that was at another path before: renamed, or on a drive that is mounted
    /// elsewhere now. One that was removed less than 30 days ago is a root as it was, and
    /// its photos are found again with what was said of them.
    ///
    /// # Errors
    /// [`Code::Usage`] where it does not exist, is no folder, or may not be
    /// listed.
    pub fn add_root(&self, dir: &Path) -> Result<Root> {
        let shown = dir.display();
        let real = std::fs::canonicalize(dir).map_err(|error| {
            Error::usage(message!("cannot add the folder {path}", path = shown)).with(error)
        })?;
        if !real.is_dir() {
            return Err(Error::usage(message!(
                "cannot add {path}: it is a file; name the folder that holds it",
                path = shown
            )));
        }
        std::fs::read_dir(&real).map_err(|error| {
            Error::usage(message!("cannot list the folder {path}", path = shown)).with(error)
        })?;
        let known = self.roots()?.iter().any(|root| root.path == real);
        let found = jobs::find_again(&self.0.catalog, &real)?;
        let roots = self.roots()?;
        let covering = roots.iter().find(|root| real.starts_with(&root.path));
        let covering = covering.map(|root| root.id.0);
        let id = match found.or(covering) {
            Some(id) => id,
            None => self.0.catalog.add_root(&real, jobs::now())?,
        };
        if !known && (found.is_some() || covering.is_none()) {
            self.0.wake(|| Wake::Roots);
        }
        self.roots()?.into_iter().find(|root| root.id.0 == id).ok_or_else(|| {
            Error::failed(message!("{path} was removed while it was added", path = shown))
        })
    }

    /// The root at this place, which need not be there now.
    ///
    /// # Errors
    /// [`Code::Usage`] where none is.
    pub fn find_root(&self, dir: &Path) -> Result<Root> {
        let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        let real = std::fs::canonicalize(dir).ok();
        let roots = self.roots()?;
        let at = |place: &Path| roots.iter().find(|root| root.path == place).cloned();
        real.as_deref().and_then(at).or_else(|| at(&absolute)).ok_or_else(|| {
            Error::usage(message!(
                "{dir} is no folder of this library: `afterimage folder list` shows those that are",
                dir = dir.display()
            ))
        })
    }

    /// Takes a folder and its photos from the library; the files stay as they are.
    /// Where the folder lies in another one of the library, the photos are that one's
    /// from now on. Otherwise what was said of them is kept for 30 days, as long as it
    /// can be [taken back](Self::restore_root), and forgotten when the library is opened
    /// after that.
    ///
    /// # Errors
    /// [`Code::NotFound`] for an unknown id.
    pub fn remove_root(&self, id: RootId) -> Result<()> {
        if !self.0.catalog.remove_root(id.0, jobs::now())? {
            return Err(Error::not_found(message!(
                "there is no folder {id} in this library",
                id = id.0
            )));
        }
        self.0.drop_vectors();
        self.0.wake(|| Wake::Roots);
        Ok(())
    }

    /// Takes the removal of a folder back, whether or not it can be reached now: its
    /// photos are there at once, as they were, but for those that were found in another
    /// folder of the library since.
    ///
    /// # Errors
    /// [`Code::NotFound`] for one that was not removed, or is forgotten.
    pub fn restore_root(&self, id: RootId) -> Result<()> {
        if !self.0.catalog.restore_root(id.0, jobs::now())? {
            return Err(Error::not_found(message!(
                "the folder {id} was removed too long ago to be taken back: add it again",
                id = id.0
            )));
        }
        self.0.drop_vectors();
        self.0.wake(|| Wake::Roots);
        Ok(())
    }

    /// Has a folder's files left out from now on, or no longer; what that changes
    /// is seen at the next run, or at once where the library is followed. What a
    /// person said of photos that are left out is kept.
    ///
    /// # Errors
    /// [`Code::Usage`] for a pattern that is none, [`Code::NotFound`] for an
    /// unknown id.
    pub fn set_exclusions(&self, id: RootId, exclusions: &Exclusions) -> Result<()> {
        Rules::new(exclusions).map_err(Error::usage)?;
        if !self.0.catalog.set_root_exclusions(id.0, exclusions)? {
            return Err(Error::not_found(message!(
                "there is no folder {id} in this library",
                id = id.0
            )));
        }
        self.0.wake(|| Wake::Rules(id.0));
        Ok(())
    }

    /// All folders, in the order in which they were added.
    pub fn roots(&self) -> Result<Vec<Root>> {
        let rows = self.0.catalog.roots()?;
        Ok(rows
            .into_iter()
            .map(|row| Root {
                id: RootId(row.id),
                path: row.path,
                state: match (row.state, &row.polled) {
                    (RootState::Online, Some(_)) => RootState::Polling,
                    (state, _) => state,
                },
                reason: row.polled.filter(|_| row.state == RootState::Online),
                photos: row.photos,
                exclusions: row.exclusions,
            })
            .collect())
    }

    /// Looks at all folders and follows their changes until `control` is
    /// stopped, embedding photos as they come. What may pass, such as another
    /// process that holds the library, is tried again.
    ///
    /// # Errors
    /// [`Code::NotFound`] where no model is installed; [`Code::Failed`] where
    /// another process follows the library.
    pub fn watch(
        &self,
        control: &Control,
        on_change: &(dyn Fn(Change) + Sync),
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<()> {
        self.current_model()?;
        let Some(_writer) = self.0.writer(WriterKind::Watch, control, progress)? else {
            return Ok(());
        };
        background::watch(self, control, on_change, progress)
    }

    /// Does what [`watch`](Self::watch) does on a thread of its own, until the
    /// handle is dropped, as the [`policy`](Self::policy) has it, and tells
    /// `observer`. While another process indexes it waits, and passes on what
    /// that one adds. Nothing tells here whether somebody uses the computer.
    pub fn start(&self, observer: impl Fn(Event) + Send + Sync + 'static) -> Background {
        self.start_sensing(jobs::Absent, observer)
    }

    /// The same, with a sensor that tells what the policy depends on.
    pub fn start_sensing(
        &self,
        sensor: impl Sensor + 'static,
        observer: impl Fn(Event) + Send + Sync + 'static,
    ) -> Background {
        Background::start(self, Box::new(sensor), observer)
    }

    /// What is wanted of the work in the background. [`index`](Self::index) and
    /// [`watch`](Self::watch) go at full speed whatever it is.
    pub fn policy(&self) -> Result<Policy> {
        Ok(Policy::of(&self.0.catalog.settings()?))
    }

    /// Has the work in the background go so, within a second or two.
    pub fn set_policy(&self, policy: Policy) -> Result<()> {
        self.0.catalog.set_settings(&policy.settings())
    }

    /// Photos that could not be indexed, newest failure first.
    pub fn failures(&self) -> Result<Vec<Failure>> {
        let rows = self.0.catalog.failures()?;
        Ok(rows
            .into_iter()
            .map(|row| Failure {
                photo: PhotoId(row.photo),
                path: row.path,
                reason: row.reason,
                permanent: row.permanent,
                when: row.failed_at,
            })
            .collect())
    }

    /// Has all failed photos tried again at the next run, or at once where the
    /// library is followed; returns how many.
    pub fn retry_failures(&self) -> Result<usize> {
        let count = self.0.catalog.forget_failures()?;
        self.0.wake(|| Wake::Work);
        Ok(count)
    }

    /// The library at a glance.
    pub fn status(&self) -> Result<Status> {
        let mut status = self.glance()?;
        if let Some(in_use) = self.in_use()?.filter(|it| it.problem().is_none()) {
            let tasks = self.0.tasks(&in_use, &HashSet::new())?;
            // A photo may wait for two models.
            let waiting = tasks.iter().flat_map(|task| &task.photos).map(|photo| photo.id);
            let waiting: HashSet<i64> = waiting.collect();
            status.pending = waiting.len() as u64;
            status.preparing = self.0.preparing(&in_use)?;
        }
        status.models = self.0.derived.embedded_counts()?;
        Ok(status)
    }

    /// What of the status is known without looking at each photo, for a window that
    /// opens: nothing waits, no index is being prepared, and none is counted.
    pub fn glance(&self) -> Result<Status> {
        let counts = self.0.catalog.counts()?;
        let in_use = self.in_use()?;
        let usable = in_use.as_ref().is_some_and(|it| it.problem().is_none());
        let device = self.device_of(in_use.as_ref());
        let model_problem = in_use.as_ref().and_then(library::InUse::problem);
        let (model, serving) = in_use.map(|m| (m.current.id, m.serving.id)).unzip();
        let skipped = self.0.catalog.roots()?.iter().map(|root| root.skipped).sum();
        Ok(Status {
            photos: counts.present,
            pending: if usable { 0 } else { counts.present - counts.failed },
            failed: counts.failed,
            skipped,
            model,
            model_problem,
            serving,
            preparing: None,
            device,
            models: Vec::new(),
            roots: self.roots()?,
            read_only: self.0.catalog.read_only(),
        })
    }

    /// The model in use; `None` where none is installed.
    fn in_use(&self) -> Result<Option<library::InUse>> {
        match self.0.in_use() {
            Ok(in_use) => Ok(Some(in_use)),
            Err(error) if error.code() == Code::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Answers a question from what is indexed now; indexing does not delay it.
    ///
    /// # Errors
    /// [`Code::Usage`] where it asks nothing or names a file that is not there,
    /// [`Code::NotFound`] where it names an unknown photo or no model is
    /// installed, [`Code::Cancelled`] once `cancel` is.
    pub fn search(&self, request: &SearchRequest, cancel: &Cancel) -> Result<Page> {
        search::search(&self.0, request, cancel)
    }

    /// How a question is read, for who shows it while it is typed: at once, whatever
    /// the library holds.
    pub fn read_query(text: &str) -> Reading {
        search::reading(text)
    }

    /// Loads what the first search would wait for: the text tower, the vectors and
    /// what completion offers. A failure is left for the search to tell.
    pub fn warm(&self) {
        if let Err(error) = self.0.serving().and_then(|model| self.0.vectors(&model)) {
            tracing::debug!("not warmed: {error}");
        }
        self.warm_text();
        self.warm_values();
        // Not before: it is of use to later questions only.
        let kept = self.0.serving().and_then(|model| search::keep_scales(&self.0, &model));
        if let Err(error) = kept {
            tracing::debug!("not measured: {error}");
        }
    }

    /// Loads the text tower alone, for a question that is being typed, and keeps
    /// it loaded. Cheap enough for every keystroke: it returns at once where the
    /// tower is loaded, or is loading. A failure is left for the search to tell.
    pub fn warm_text(&self) {
        let model = self.0.serving();
        if let Err(error) = model.and_then(|model| self.0.encoders.warm_texts(&model)) {
            tracing::debug!("not warmed: {error}");
        }
    }

    /// Installed models, broken ones with their reason.
    pub fn models(&self) -> Result<Vec<ModelInfo>> {
        self.0.models.list()
    }

    /// Models that can be installed by name; the recommended ones come first.
    pub fn catalogue(&self) -> &'static [KnownModel] {
        model::known()
    }

    /// Downloads a model of the catalogue and installs it, after it was tried.
    /// What an earlier attempt has brought is not fetched again. The hub is that
    /// of `HF_ENDPOINT`, reached with `HF_TOKEN` and the usual proxy variables.
    ///
    /// # Errors
    /// [`Code::Usage`] for an unknown id, one that is installed already, and a
    /// model that does not work; [`Code::Cancelled`] once `cancel` is;
    /// [`Code::Failed`] where the download did not succeed. Nothing is installed
    /// then.
    pub fn install_model(
        &self,
        id: &str,
        cancel: &Cancel,
        progress: &(dyn Fn(Download) + Sync),
    ) -> Result<ModelInfo> {
        let known = model::known().iter().find(|known| known.id == id).ok_or_else(|| {
            Error::usage(message!(
                "no model \"{id}\" is known: `afterimage model list --available` shows those that \
                 are, `afterimage model add FOLDER` installs one from a folder",
                id
            ))
        })?;
        let cancelled = || cancel.is_cancelled();
        self.0.models.install(known, &model::Hub::from_env(), &cancelled, progress)
    }

    /// Bytes that a download of this model, which broke off, has brought.
    pub fn partial_download(&self, id: &str) -> u64 {
        self.0.models.partial(id)
    }

    /// Looks for damage in a model, named by id or folder: compares its files
    /// with what was installed, reads every number, and has captions find their
    /// pictures.
    ///
    /// # Errors
    /// [`Code::NotFound`] where there is no such model. What is wrong with it is
    /// the answer.
    pub fn check_model(&self, id_or_folder: &str) -> Result<ModelCheck> {
        self.0.models.check(id_or_folder)
    }

    /// Installs a model from a folder, by copying it, after it was tried.
    ///
    /// # Errors
    /// [`Code::Usage`] where the folder holds no model that can be used.
    pub fn add_model(&self, folder: &Path, check: PairCheck) -> Result<ModelInfo> {
        self.0.models.add(folder, check)
    }

    /// Removes an installed model and, with `vectors`, what it computed; without,
    /// that stays for when the model comes back. Vectors can also be removed
    /// later, when the model is gone already.
    ///
    /// # Errors
    /// [`Code::Usage`] for the model in use, for one that still answers while
    /// another is prepared, and for one that came with the application;
    /// [`Code::NotFound`] where none of this id was installed.
    pub fn remove_model(&self, id: &str, vectors: bool) -> Result<Removed> {
        self.0.remove_model(id, vectors)
    }

    /// Embeds with this model from now on. Where it knows every photo already it
    /// answers at once; else the one before goes on answering, and sees new
    /// photos, until it does. On an error everything stays as it was.
    ///
    /// # Errors
    /// [`Code::Usage`] for an unknown model, a broken one, and one that does not
    /// pass `check`.
    pub fn use_model(&self, id: &str, check: PairCheck) -> Result<ModelInfo> {
        self.0.use_model(id, check)
    }

    /// The model that photos are embedded with.
    ///
    /// # Errors
    /// [`Code::NotFound`] where none is installed.
    pub fn current_model(&self) -> Result<ModelInfo> {
        Ok(self.0.in_use()?.current)
    }

    /// What computes, and why it is not what was asked for.
    pub fn device(&self) -> DeviceReport {
        self.device_of(self.0.in_use().ok().as_ref())
    }

    fn device_of(&self, models: Option<&InUse>) -> DeviceReport {
        self.0.encoders.report(models.map(|models| models.current.id.as_str()))
    }

    /// Embeds texts and image files with a model, named by id or folder (`None`
    /// for the current one), without storing anything.
    ///
    /// # Errors
    /// [`Code::Usage`] where the folder holds no usable model or a file is not
    /// there; [`Code::Failed`] where one cannot be decoded.
    pub fn embed(&self, model: Option<&str>, inputs: &[EmbedInput]) -> Result<EmbedReport> {
        let model = match model {
            Some(id_or_folder) => self.0.models.find(id_or_folder)?,
            None => self.current_model()?,
        };
        let encoder = self.0.encoders.open(&model)?;
        let embeddings = embed(&encoder, inputs)?;
        Ok(EmbedReport { model: model.id, dim: encoder.dim(), embeddings })
    }
}

/// Embeds texts and image files one after the other.
fn embed(encoder: &dyn Encoder, inputs: &[EmbedInput]) -> Result<Vec<(EmbedInput, Vec<f32>)>> {
    let embed_one = |input: &EmbedInput| {
        let vector = match input {
            EmbedInput::Text(text) => encoder
                .encode_texts(&[text])?
                .pop()
                .ok_or_else(|| Error::failed(message!("the model gave no vector for a text")))?,
            EmbedInput::Image(path) => search::embed_file(encoder, path)?,
        };
        Ok((input.clone(), vector.as_slice().to_vec()))
    };
    inputs.iter().map(embed_one).collect()
}

fn no_photo(id: PhotoId) -> Error {
    Error::not_found(message!("there is no photo {photo} in this library", photo = id.0))
}
