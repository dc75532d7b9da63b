//! An open library: both stores, the models, and the vectors in memory.
//!
//! This is where `jobs` and `search` meet. It decides which model is in use and
//! which one answers, and keeps the vectors in memory in step with the stores.

pub(crate) mod vectors;
pub(crate) mod writer;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use crossbeam_channel::Sender;
use parking_lot::Mutex;

use crate::catalog::Catalog;
use crate::derived::{Derived, ModelKey};
use crate::error::{Code, Context, Error, Result};
use crate::insight::Maps;
use crate::jobs::{
    self, Control, Pipeline, Place, Progress, Reconciled, Register, Searchable, Sight, Step, Task,
    Totals, Wake,
};
use crate::message::Message;
use crate::model::{Encoders, ModelInfo, ModelState, Models, PairCheck};
use crate::scan::Change;
use crate::search::Sentences;
use crate::sqlite::is_damaged;
use crate::tags::Tags;
use crate::view::{Holder, Preparing, Removed, WriterKind};
use vectors::{Loaded, Vectors};
use writer::Writer;

/// How often a process that waits for another one asks whether it has ended.
const WRITER_CHECK: Duration = Duration::from_millis(500);

// Settings. They change together: a process that dies leaves one choice or the
// other, nothing between.
/// The model to embed with.
const MODEL: &str = "model";
/// The model whose vectors answer, until the other's are complete.
const SERVING: &str = "serving_model";
/// The newest photo when another model was chosen than the one that answers.
const NEWEST_BEFORE: &str = "newest_photo_before_model";
/// The model of a library in which none was chosen.
const DEFAULT_MODEL: &str = "starter";

pub(crate) struct Library {
    /// What holds both databases.
    pub folder: PathBuf,
    pub catalog: Arc<Catalog>,
    pub derived: Derived,
    pub models: Models,
    pub encoders: Arc<Encoders>,
    /// Sentences that were asked for lately.
    pub sentences: Sentences,
    pub tags: Tags,
    /// The map that was made last.
    pub maps: Maps,
    loaded: Mutex<Loaded>,
    /// Held together by all of this process that index here.
    writer: Mutex<Weak<Writer>>,
    listeners: Mutex<Vec<Sender<Wake>>>,
    /// Opened by the first work, which only who indexes does.
    decoding: OnceLock<Register>,
    /// The person was told that the chosen model is gone.
    warned: AtomicBool,
}

/// The models that matter, as they were chosen at one moment.
pub(crate) struct InUse {
    /// Photos are embedded with it.
    pub current: ModelInfo,
    /// Its vectors answer: the current one or, while that one's are incomplete,
    /// the one before it.
    pub serving: ModelInfo,
    /// Photos with greater ids came after the current one was chosen.
    newest_before: i64,
}

impl InUse {
    /// Whether the current model is prepared while another one answers.
    pub fn is_preparing(&self) -> bool {
        self.current.id != self.serving.id
    }

    /// Why the current model cannot embed, if it cannot.
    pub fn problem(&self) -> Option<Message> {
        problem(&self.current)
    }
}

/// What to say of a model that was chosen and broke since.
fn problem(model: &ModelInfo) -> Option<Message> {
    match &model.state {
        ModelState::Ready => None,
        ModelState::Broken(reason) => Some(
            message!(
                "the model {id} cannot be used any more: put its files in order, or choose \
                 another model",
                id = model.id
            )
            .because(reason.clone()),
        ),
    }
}

impl Library {
    pub fn open(folder: PathBuf, models: Models, encoders: Arc<Encoders>) -> Result<Self> {
        std::fs::create_dir_all(&folder).context(|| {
            message!("cannot make the library's folder {folder}", folder = folder.display())
        })?;
        let catalog = match writer::holder(&folder) {
            Some(_) => Catalog::open_in_use(&folder)?,
            None => Catalog::open(&folder)?,
        };
        catalog.forget_removed_roots(jobs::now());
        Ok(Self {
            catalog: Arc::new(catalog),
            derived: open_derived(&folder)?,
            folder,
            models,
            encoders,
            sentences: Sentences::default(),
            tags: Tags::default(),
            maps: Maps::default(),
            loaded: Mutex::default(),
            writer: Mutex::default(),
            listeners: Mutex::default(),
            decoding: OnceLock::new(),
            warned: AtomicBool::new(false),
        })
    }

    /// Becomes the one process that indexes this library, or tells which one is.
    ///
    /// # Errors
    /// Where the library is open for reading only.
    pub fn try_writer(&self, kind: WriterKind) -> Result<Result<Arc<Writer>, Holder>> {
        if let Some(reason) = self.catalog.read_only() {
            return Err(Error::failed(reason));
        }
        let mut held = self.writer.lock();
        if let Some(writer) = held.upgrade() {
            return Ok(Ok(writer));
        }
        Ok(Writer::take(&self.folder, kind, &self.catalog)?.map(|writer| {
            let writer = Arc::new(writer);
            *held = Arc::downgrade(&writer);
            writer
        }))
    }

    /// Becomes that process, as soon as one that ends by itself has. `None` where
    /// `control` was stopped first.
    ///
    /// # Errors
    /// Where the other one does not end by itself; where the library is open for
    /// reading only.
    pub fn writer(
        &self,
        kind: WriterKind,
        control: &Control,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Option<Arc<Writer>>> {
        while !control.is_stopped() {
            match self.try_writer(kind)? {
                Ok(writer) => return Ok(Some(writer)),
                Err(holder) if holder.kind.is_endless() => {
                    let end = match holder.kind {
                        WriterKind::Window => phrase!("close the window"),
                        _ => phrase!("end it, with Ctrl-C,"),
                    };
                    return Err(Error::failed(message!(
                        "{holder} follows this library and indexes what is new by itself: leave it \
                         to that, or {end} first",
                        holder,
                        end
                    )));
                }
                Err(holder) => progress(Progress::at(Step::Waiting(holder))),
            }
            control.rest(WRITER_CHECK);
        }
        Ok(None)
    }

    /// Wakes those who follow the library.
    pub fn wake(&self, wake: impl Fn() -> Wake) {
        self.listeners.lock().retain(|listener| listener.send(wake()).is_ok());
    }

    /// Has `listener` woken until its receiver is gone.
    pub fn listen(&self, listener: Sender<Wake>) {
        self.listeners.lock().push(listener);
    }

    /// The model that photos are embedded with, and the one that answers.
    ///
    /// # Errors
    /// [`Code::NotFound`] where no model is installed.
    pub fn in_use(&self) -> Result<InUse> {
        let settings = self.catalog.settings()?;
        let installed = self.models.list()?;
        let ready =
            |id: &str| installed.iter().find(|m| m.id == id && m.state == ModelState::Ready);
        let chosen = settings.get(MODEL);
        // One that broke stays the chosen one: who put another in its place would
        // embed the whole library with a model that nobody chose.
        let there = chosen.and_then(|id| installed.iter().find(|model| model.id == *id));
        if let (Some(id), None) = (chosen, there)
            && !self.warned.swap(true, Ordering::Relaxed)
        {
            tracing::warn!("the model {id} is not installed any more; another one is used");
        }
        let current = there
            .or_else(|| ready(DEFAULT_MODEL))
            .or_else(|| installed.iter().find(|model| model.state == ModelState::Ready))
            .ok_or_else(|| {
                Error::not_found(message!(
                    "no model is installed: add one with `afterimage model add FOLDER`, or run \
                     `make build` in the source folder, which makes the starter model"
                ))
            })?;
        let before = settings.get(SERVING).and_then(|id| ready(id));
        let serving = match before.filter(|model| model.id != current.id) {
            Some(model) if self.derived.has_vectors(self.key(model)?)? => model,
            _ => current,
        };
        // A library of before this was written counts all photos as newer: the
        // model that answers then misses none.
        let newest_before = settings.get(NEWEST_BEFORE).and_then(|id| id.parse().ok()).unwrap_or(0);
        Ok(InUse { current: current.clone(), serving: serving.clone(), newest_before })
    }

    /// The model whose vectors answer.
    ///
    /// # Errors
    /// [`Code::NotFound`] where none is installed; [`Code::Failed`] where it
    /// broke.
    pub fn serving(&self) -> Result<ModelInfo> {
        let serving = self.in_use()?.serving;
        match problem(&serving) {
            Some(problem) => Err(Error::failed(problem)),
            None => Ok(serving),
        }
    }

    /// Embeds with this model from now on. It answers at once where its vectors
    /// are complete, else the one that answers now goes on until they are. On an
    /// error everything stays as it was.
    pub fn use_model(&self, id: &str, check: PairCheck) -> Result<ModelInfo> {
        let installed = self.models.list()?;
        let model = installed.into_iter().find(|model| model.id == id).ok_or_else(|| {
            Error::usage(message!(
                "no model \"{id}\" is installed: `afterimage model list` shows those that are, \
                 `afterimage model add FOLDER` installs one",
                id
            ))
        })?;
        self.models.approve(&model, check)?;
        let before = self.in_use()?;
        let complete = self.coverage(&model)?.is_complete();
        let answers = problem(&before.serving).is_none();
        let serving = if complete || !answers { &model } else { &before.serving };
        let newest_before = match before.is_preparing() && serving.id == before.serving.id {
            // Photos that the answering model was to keep up with stay so.
            true => before.newest_before,
            false => self.catalog.newest_photo()?,
        };
        self.catalog.set_settings(&[
            (MODEL, &model.id),
            (SERVING, &serving.id),
            (NEWEST_BEFORE, &newest_before.to_string()),
        ])?;
        self.turn_to(&model, serving, serving.id != before.serving.id);
        self.wake(|| Wake::Work);
        Ok(model)
    }

    /// Has the current model answer from now on, if its vectors are complete:
    /// those of photos that cannot be reached now included. Returns whether
    /// another one answered before.
    pub fn serve_current_model(&self) -> Result<bool> {
        let in_use = self.in_use()?;
        let current = &in_use.current;
        let settings = self.catalog.settings()?;
        // What stands in for a model that is away, or broken, is not a choice.
        let chosen = settings.get(MODEL).is_none_or(|id| *id == current.id);
        if !chosen || in_use.problem().is_some() {
            return Ok(false);
        }
        let serving = settings.get(SERVING);
        let set = serving.is_none()
            || serving != Some(&current.id) && self.coverage(current)?.is_complete();
        if set {
            self.catalog.set_settings(&[(SERVING, &current.id)])?;
            self.turn_to(current, current, in_use.is_preparing());
        }
        Ok(set && in_use.is_preparing())
    }

    /// Forgets what only other models needed.
    fn turn_to(&self, current: &ModelInfo, serving: &ModelInfo, switched: bool) {
        self.encoders.keep(&[&current.id, &serving.id]);
        if switched {
            // The vectors in memory are kept up only while their model is in use.
            self.drop_vectors();
        }
    }

    /// How far the current model is while another one answers.
    pub fn preparing(&self, in_use: &InUse) -> Result<Option<Preparing>> {
        if !in_use.is_preparing() || in_use.problem().is_some() {
            return Ok(None);
        }
        let Coverage { done, total } = self.coverage(&in_use.current)?;
        Ok(Some(Preparing { model: in_use.current.id.clone(), done, total }))
    }

    fn coverage(&self, model: &ModelInfo) -> Result<Coverage> {
        let embedded = self.derived.embedded(self.key(model)?)?;
        // What no model gets to see must not hold one back, not even what may pass:
        // nobody knows when. It is seen to as soon as it has.
        let failures = self.catalog.failures()?;
        let failed: HashSet<i64> = failures.iter().map(|failure| failure.photo).collect();
        let mut coverage = Coverage { done: 0, total: 0 };
        for (id, hash) in self.catalog.hashed_photos()? {
            let done = embedded.contains(&hash);
            coverage.done += u64::from(done);
            coverage.total += u64::from(done || !failed.contains(&id));
        }
        Ok(coverage)
    }

    /// Removes an installed model, and its vectors if asked.
    ///
    /// # Errors
    /// [`Code::Usage`] for a model in use, or one that cannot be removed;
    /// [`Code::NotFound`] for an unknown one.
    pub fn remove_model(&self, id: &str, vectors: bool) -> Result<Removed> {
        match self.in_use() {
            Ok(in_use) if in_use.current.id == id => {
                return Err(Error::usage(message!(
                    "the model {id} is in use: choose another one first, with \
                     `afterimage model use ID`",
                    id
                )));
            }
            Ok(in_use) if in_use.serving.id == id => {
                return Err(Error::usage(message!(
                    "the model {id} answers searches until {current} has seen all photos: run \
                     `afterimage index` first",
                    id,
                    current = in_use.current.id
                )));
            }
            Err(error) if error.code() != Code::NotFound => return Err(error),
            _ => {}
        }
        let (count, vector_bytes) = self.derived.vectors_of(id)?;
        // Before the files: some systems remove none that is open.
        self.encoders.forget(id);
        let bytes = match self.models.remove(id) {
            // Removed before, when its vectors were kept.
            Err(error) if error.code() == Code::NotFound && vectors && count > 0 => 0,
            removed => removed?,
        };
        if vectors {
            self.drop_vectors();
            self.derived.remove_vectors(id)?;
            self.remove_vector_files(id)?;
        }
        Ok(Removed { id: id.to_owned(), bytes, vectors: count, vector_bytes })
    }

    /// The model's number in the derived store.
    pub fn key(&self, model: &ModelInfo) -> Result<ModelKey> {
        self.derived.model(&model.id, model.preprocessing, &model.fingerprint)
    }

    /// Brings the catalog, and the vectors in memory, in step with the disk.
    pub fn reconcile(&self, places: &[Place], sight: Sight<'_>) -> Result<Reconciled> {
        let done = jobs::reconcile(&self.catalog, places, sight)?;
        let left =
            |change: &Change| matches!(change, Change::Removed { .. } | Change::Excluded { .. });
        let gone = done.changes.iter().filter(|(_, change)| left(change)).map(|(id, _)| *id);
        let removed: HashSet<i64> = gone.chain(done.forgotten.iter().copied()).collect();
        for vectors in self.loaded() {
            vectors.remove(&removed);
        }
        let moved =
            done.changes.iter().filter(|(_, change)| matches!(change, Change::Moved { .. }));
        self.recall_vectors(&moved.map(|(id, _)| *id).collect())?;
        Ok(done)
    }

    /// Puts the vectors of photos that are back into memory. One that only moved is
    /// there already, under the same id.
    pub fn recall_vectors(&self, photos: &HashSet<i64>) -> Result<()> {
        if photos.is_empty() {
            return Ok(());
        }
        for vectors in self.loaded() {
            let there: HashSet<i64> = vectors.snapshot().keys().collect();
            let mut rows = Vec::new();
            for id in photos.difference(&there) {
                let Some(read) = self.catalog.photo(*id)?.and_then(|row| row.read) else {
                    continue;
                };
                rows.extend(self.derived.vector(vectors.key(), &read.hash)?.map(|v| (*id, v)));
            }
            vectors.put(&rows);
        }
        Ok(())
    }

    /// What is to be done for which model, the first task first, newest photos
    /// first. While a model is prepared, the one that answers comes before it:
    /// its few photos are findable at once, not after hours.
    ///
    /// # Errors
    /// Where the current model cannot be used.
    pub fn tasks(&self, in_use: &InUse, passed_over: &HashSet<i64>) -> Result<Vec<Task>> {
        if let Some(problem) = in_use.problem() {
            return Err(Error::failed(problem));
        }
        let mut reachable = self.catalog.reachable_photos()?;
        reachable.retain(|photo| !passed_over.contains(&photo.id));
        let mut tasks = Vec::new();
        if in_use.is_preparing() {
            let model = in_use.serving.clone();
            let embedded = self.derived.embedded(self.key(&model)?)?;
            let photos = jobs::slipping(&reachable, &embedded, in_use.newest_before);
            tasks.push(Task { model, photos });
        }
        let model = in_use.current.clone();
        let embedded = self.derived.embedded(self.key(&model)?)?;
        let photos = jobs::lacking(&reachable, &embedded, &self.derived.thumbnailed()?);
        tasks.push(Task { model, photos });
        tasks.retain(|task| !task.photos.is_empty());
        Ok(tasks)
    }

    /// Works on a task until it is done, stopped or interrupted. `stored` is
    /// told whenever photos became findable.
    pub fn work(
        &self,
        task: &Task,
        control: &Control,
        interrupted: &dyn Fn() -> bool,
        progress: &(dyn Fn(Progress) + Sync),
        stored: &(dyn Fn() + Sync),
    ) -> Result<Totals> {
        // Its files may have changed since it was chosen.
        self.models.approve(&task.model, PairCheck::Required)?;
        let key = self.key(&task.model)?;
        let pipeline = Pipeline {
            catalog: &self.catalog,
            derived: &self.derived,
            encoder: self.encoders.get(&task.model)?,
            model: key,
            register: self.decoding.get_or_init(|| Register::open(&self.folder)),
            control,
            progress,
            stored: &|rows: &[Searchable], failed: &[i64]| {
                if let Some(vectors) = self.loaded_of(key) {
                    vectors.put(rows);
                    self.tidy(&vectors, false);
                }
                self.forget_vectors(&failed.iter().copied().collect());
                stored();
            },
        };
        let totals = pipeline.run(&task.photos, interrupted);
        if let Some(vectors) = self.loaded_of(key) {
            self.tidy(&vectors, true);
        }
        totals
    }

    /// Makes room in memory. What goes wrong costs memory, nothing else.
    fn tidy(&self, vectors: &Vectors, done: bool) {
        if let Err(error) = vectors.tidy(&self.catalog, &self.derived, done) {
            tracing::warn!("{error}");
        }
    }
}

/// Opens what can be computed again, and begins it anew where it is damaged and
/// nobody works with it.
fn open_derived(folder: &Path) -> Result<Derived> {
    let error = match Derived::open(folder) {
        Err(error) if is_damaged(&error) => error,
        opened => return opened,
    };
    match writer::lock(folder, WriterKind::Upkeep)? {
        Ok(lock) => {
            let opened = Derived::open_or_begin_anew(folder);
            let _ = lock.set_len(0);
            opened
        }
        Err(holder) => {
            Err(error).context(|| message!("end {holder} first, then start again", holder))
        }
    }
}

/// Photos that a model has to know before it may answer.
struct Coverage {
    done: u64,
    total: u64,
}

impl Coverage {
    fn is_complete(&self) -> bool {
        self.done == self.total
    }
}
