//! An open library: both stores, the models, and the vectors in memory.
//!
//! This is where `jobs` and `search` meet. It decides which model is in use and
//! which one answers, and keeps the vectors in memory in step with the stores.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::Sender;
use parking_lot::Mutex;

use crate::catalog::{Catalog, PendingPhoto};
use crate::derived::{Derived, ModelKey};
use crate::error::{Context, Error, Result};
use crate::index::Index;
use crate::jobs::{self, Control, Pipeline, Place, Progress, Reconciled, Searchable, Totals, Wake};
use crate::model::{self, DeviceChoice, Encoder, ModelInfo, ModelState, Models};
use crate::scan::Change;

/// The model to embed with.
const MODEL: &str = "model";
/// The model whose vectors answer, until the other's are complete.
const SERVING: &str = "serving_model";
/// The model of a library in which none was chosen.
const DEFAULT_MODEL: &str = "starter";

pub(crate) struct Library {
    pub catalog: Catalog,
    pub derived: Derived,
    pub models: Models,
    pub device: DeviceChoice,
    /// By id and fingerprint: another process may give an id to other weights.
    encoders: Mutex<HashMap<(String, String), Arc<dyn Encoder>>>,
    indexes: Mutex<Indexes>,
    listeners: Mutex<Vec<Sender<Wake>>>,
    /// The person was told that the chosen model is gone.
    warned: AtomicBool,
}

/// Loaded indexes, by model, and the state of the catalog they were loaded in.
#[derive(Default)]
struct Indexes {
    by_model: HashMap<ModelKey, Arc<Index>>,
    foreign_version: Option<i64>,
}

impl Library {
    pub fn open(folder: PathBuf, models: Models, device: DeviceChoice) -> Result<Self> {
        std::fs::create_dir_all(&folder)
            .context(|| format!("cannot make the library's folder {}", folder.display()))?;
        Ok(Self {
            catalog: Catalog::open(&folder)?,
            derived: Derived::open(&folder)?,
            models,
            device,
            encoders: Mutex::default(),
            indexes: Mutex::default(),
            listeners: Mutex::default(),
            warned: AtomicBool::new(false),
        })
    }

    /// Wakes those who follow the library.
    pub fn wake(&self, wake: impl Fn() -> Wake) {
        self.listeners.lock().retain(|listener| listener.send(wake()).is_ok());
    }

    /// Has `listener` woken until its receiver is gone.
    pub fn listen(&self, listener: Sender<Wake>) {
        self.listeners.lock().push(listener);
    }

    /// The model that photos are embedded with.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) where none is installed.
    pub fn current_model(&self) -> Result<ModelInfo> {
        let chosen = self.catalog.setting(MODEL)?;
        if let Some(id) = &chosen {
            if let Some(model) = self.ready_model(id)? {
                return Ok(model);
            }
            if !self.warned.swap(true, Ordering::Relaxed) {
                tracing::warn!("the model {id} is not installed any more; another one is used");
            }
        }
        if let Some(model) = self.ready_model(DEFAULT_MODEL)? {
            return Ok(model);
        }
        let installed = self.models.list()?;
        installed.into_iter().find(|model| model.state == ModelState::Ready).ok_or_else(|| {
            Error::not_found(
                "no model is installed: add one with `afterimage model add FOLDER`, or run \
                 `make build` in the source folder, which makes the starter model",
            )
        })
    }

    /// The model whose vectors answer a search: the current one, or the one
    /// before it for as long as the current one's vectors are incomplete.
    pub fn serving_model(&self) -> Result<ModelInfo> {
        let current = self.current_model()?;
        let Some(serving) = self.catalog.setting(SERVING)?.filter(|id| *id != current.id) else {
            return Ok(current);
        };
        let Some(model) = self.ready_model(&serving)? else { return Ok(current) };
        let answers =
            self.derived.embedded_counts()?.iter().any(|(name, n)| *name == model.id && *n > 0);
        Ok(if answers { model } else { current })
    }

    /// Has the current model answer from now on, if its vectors are complete:
    /// those of photos that cannot be reached now included.
    pub fn serve_current_model(&self) -> Result<()> {
        let current = self.current_model()?;
        let serving = self.catalog.setting(SERVING)?;
        if serving.as_deref() == Some(&current.id) {
            return Ok(());
        }
        let embedded = self.derived.embedded(self.key(&current)?)?;
        // What this model can never embed must not hold it back.
        let failures = self.catalog.failures()?;
        let failed: HashSet<i64> =
            failures.iter().filter(|failure| failure.permanent).map(|f| f.photo).collect();
        let complete = self
            .catalog
            .hashed_photos()?
            .iter()
            .all(|(id, hash)| embedded.contains(hash) || failed.contains(id));
        if complete || serving.is_none() {
            self.catalog.set_setting(SERVING, &current.id)?;
        }
        Ok(())
    }

    /// Embeds with this model from now on; the one before goes on answering
    /// until its vectors are complete.
    pub fn use_model(&self, id: &str) -> Result<ModelInfo> {
        let installed = self.models.list()?;
        let model = installed.into_iter().find(|model| model.id == id).ok_or_else(|| {
            Error::usage(format!(
                "no model {id:?} is installed: `afterimage model list` shows those that are, \
                 `afterimage model add FOLDER` installs one"
            ))
        })?;
        if let ModelState::Broken(reason) = &model.state {
            return Err(Error::usage(format!("the model {id} cannot be used: {reason}")));
        }
        if let Ok(serving) = self.serving_model() {
            self.catalog.set_setting(SERVING, &serving.id)?;
        }
        self.catalog.set_setting(MODEL, &model.id)?;
        self.wake(|| Wake::Work);
        Ok(model)
    }

    fn ready_model(&self, id: &str) -> Result<Option<ModelInfo>> {
        let installed = self.models.list()?;
        Ok(installed.into_iter().find(|m| m.id == id && m.state == ModelState::Ready))
    }

    /// The model's number in the derived store.
    pub fn key(&self, model: &ModelInfo) -> Result<ModelKey> {
        self.derived.model(&model.id, model.preprocessing, &model.fingerprint)
    }

    /// The model's encoder; its towers load when they are first used.
    pub fn encoder(&self, model: &ModelInfo) -> Result<Arc<dyn Encoder>> {
        let key = (model.id.clone(), model.fingerprint.clone());
        let mut encoders = self.encoders.lock();
        if let Some(encoder) = encoders.get(&key) {
            return Ok(encoder.clone());
        }
        let encoder = model::load(&model.folder, self.device)?;
        encoders.insert(key, encoder.clone());
        Ok(encoder)
    }

    /// Forgets a model that is about to be removed.
    pub fn drop_encoder(&self, id: &str) {
        self.encoders.lock().retain(|(loaded, _), _| loaded != id);
    }

    /// The vectors of a model in memory, read at their first use, and again
    /// after another process has changed the library.
    pub fn index(&self, model: &ModelInfo) -> Result<Arc<Index>> {
        let key = self.key(model)?;
        let mut indexes = self.indexes.lock();
        let version = self.catalog.foreign_version();
        if version.is_some() && version != indexes.foreign_version {
            indexes.by_model.clear();
            indexes.foreign_version = version;
        }
        if let Some(index) = indexes.by_model.get(&key) {
            return Ok(index.clone());
        }
        let index = Arc::new(Index::new(model.dim));
        self.load(key, &index)?;
        indexes.by_model.insert(key, index.clone());
        Ok(index)
    }

    fn load(&self, key: ModelKey, index: &Index) -> Result<()> {
        let mut photos: HashMap<[u8; 32], Vec<i64>> = HashMap::new();
        for (id, hash) in self.catalog.hashed_photos()? {
            photos.entry(hash).or_default().push(id);
        }
        // Photos of the same bytes share one stored vector, but each is a row.
        let mut rows: Vec<(i64, Vec<u8>)> = Vec::with_capacity(photos.len());
        self.derived.each_vector(key, |hash, vector| {
            let owners = photos.get(hash).into_iter().flatten();
            rows.extend(owners.map(|&id| (id, vector.to_vec())));
        })?;
        index.put(&rows.iter().map(|(id, v)| (*id, v.as_slice())).collect::<Vec<_>>());
        Ok(())
    }

    /// Forgets the vectors in memory; the next search reads them again.
    pub fn drop_indexes(&self) {
        self.indexes.lock().by_model.clear();
    }

    /// Brings the catalog, and the vectors in memory, in step with the disk.
    pub fn reconcile(&self, places: &[Place]) -> Result<Reconciled> {
        let done = jobs::reconcile(&self.catalog, places)?;
        let removed: HashSet<i64> = done
            .changes
            .iter()
            .filter(|(_, change)| matches!(change, Change::Removed { .. }))
            .map(|(id, _)| *id)
            .collect();
        // Taken out of the lock: a search must not wait for the reads below.
        let indexes: Vec<(ModelKey, Arc<Index>)> =
            self.indexes.lock().by_model.iter().map(|(key, index)| (*key, index.clone())).collect();
        for (key, index) in indexes {
            if !removed.is_empty() {
                index.remove(&removed);
            }
            self.restore(key, &index, &done)?;
        }
        Ok(done)
    }

    /// Puts the vectors of photos that are back into the index. One that only
    /// moved is there already, under the same id.
    fn restore(&self, key: ModelKey, index: &Index, done: &Reconciled) -> Result<()> {
        let moved =
            done.changes.iter().filter(|(_, change)| matches!(change, Change::Moved { .. }));
        let moved: HashSet<i64> = moved.map(|(id, _)| *id).collect();
        if moved.is_empty() {
            return Ok(());
        }
        let there = index.snapshot().keys();
        let mut rows = Vec::new();
        for id in moved.difference(&there) {
            let Some(read) = self.catalog.photo(*id)?.and_then(|row| row.read) else { continue };
            rows.extend(self.derived.vector(key, &read.hash)?.map(|vector| (*id, vector)));
        }
        index.put(&rows.iter().map(|(id, v)| (*id, v.as_slice())).collect::<Vec<_>>());
        Ok(())
    }

    /// Photos that can be reached and are not done, newest first.
    pub fn pending(&self) -> Result<Vec<PendingPhoto>> {
        let key = self.key(&self.current_model()?)?;
        jobs::pending(self.catalog.reachable_photos()?, &self.derived, key)
    }

    /// Works through `pending` until it is done, stopped or interrupted.
    /// `stored` is told whenever photos became findable.
    pub fn work(
        &self,
        pending: &[PendingPhoto],
        control: &Control,
        interrupted: &dyn Fn() -> bool,
        progress: &(dyn Fn(Progress) + Sync),
        stored: &(dyn Fn() + Sync),
    ) -> Result<Totals> {
        let model = self.current_model()?;
        let key = self.key(&model)?;
        let pipeline = Pipeline {
            catalog: &self.catalog,
            derived: &self.derived,
            encoder: self.encoder(&model)?,
            model: key,
            control,
            progress,
            stored: &|rows: &[Searchable], failed: &[i64]| {
                let index = self.indexes.lock().by_model.get(&key).cloned();
                if let Some(index) = index {
                    index.put(&rows.iter().map(|(id, v)| (*id, v.as_slice())).collect::<Vec<_>>());
                }
                if !failed.is_empty() {
                    let failed = failed.iter().copied().collect();
                    for index in self.indexes.lock().by_model.values() {
                        index.remove(&failed);
                    }
                }
                stored();
            },
        };
        pipeline.run(pending, interrupted)
    }
}
