//! The models on this machine: listed, found, tried, installed, removed.
//!
//! A person's models live in one folder, `own`; what the application brings
//! along lives in others and is never changed. An installed model is a
//! subfolder, its name is the model's id. A copy in progress has a name that
//! begins with a dot, so a half-installed model is never seen.

mod install;

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use parking_lot::Mutex;
use serde_json::Value;

use self::install::try_out;
use super::device::Backend;
use super::receipt::{Pairs, Receipt};
use super::{Affinity, Folder, PREPROCESSOR, PROCESSOR, Precision};
use crate::error::{Context, Error, Result};
use crate::message::Message;

/// What a person chooses a model by.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInfo {
    /// The folder's name; vectors are keyed by it.
    pub id: String,
    /// The family, such as `clip`; empty when that cannot be read.
    pub family: String,
    /// A name for people.
    pub title: String,
    /// Components of a vector; 0 when that cannot be read.
    pub dim: usize,
    /// The licence of the weights, or `unknown`.
    pub license: String,
    /// Where it is.
    pub folder: PathBuf,
    /// The version of the preprocessing, a part of a stored vector's key.
    pub preprocessing: u32,
    /// Tells these weights from others, a part of a stored vector's key: an id
    /// may be given again to another model. Empty where the model is broken.
    pub fingerprint: String,
    /// Whether it can be used.
    pub state: ModelState,
    /// Whether it came with the application, and so cannot be removed.
    pub bundled: bool,
    /// What its folder takes on the disk, in bytes.
    pub bytes: u64,
}

/// Whether a model has to show that its towers belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PairCheck {
    /// The built-in captions must find the built-in pictures.
    #[default]
    Required,
    /// The person vouches for it; remembered for these weights.
    Skipped,
}

/// What checking a model found; each with its reason where it is not right.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelCheck {
    /// The model.
    pub model: ModelInfo,
    /// Files compared with the hashes remembered from their installation;
    /// `None` where none are remembered.
    pub files: Option<Result<usize, String>>,
    /// Whether both towers work, and belong together.
    pub pairs: Result<(), String>,
    /// How it turns a cosine into a probability, where it was trained to.
    pub affinity: Option<Affinity>,
}

/// Whether a model can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelState {
    /// It can.
    Ready,
    /// It cannot, for this reason.
    Broken(Message),
}

/// The installed models.
#[derive(Debug)]
pub struct Models {
    own: PathBuf,
    bundled: Vec<PathBuf>,
    /// What is known of each folder, for as long as its files do not change:
    /// every search asks, and reading hundreds of samples of large files each
    /// time would cost more than the search.
    known: Mutex<HashMap<PathBuf, (Stamp, ModelInfo)>>,
    /// Digests of models that were found to be right.
    approved: Mutex<HashSet<String>>,
}

impl Models {
    /// `own` holds the person's models and need not exist yet; each of
    /// `bundled` holds models of the application.
    pub fn new(own: PathBuf, bundled: Vec<PathBuf>) -> Self {
        Self { own, bundled, known: Mutex::default(), approved: Mutex::default() }
    }

    /// The folder of the person's models, which need not be there.
    pub fn folder(&self) -> &Path {
        &self.own
    }

    /// Every model, broken ones too, sorted by id. A person's model hides one
    /// of the application's of the same id.
    ///
    /// # Errors
    /// When the person's folder of models is there and cannot be read.
    pub fn list(&self) -> Result<Vec<ModelInfo>> {
        let mut models: Vec<ModelInfo> = Vec::new();
        let own = std::iter::once((&self.own, false));
        for (place, bundled) in own.chain(self.bundled.iter().map(|place| (place, true))) {
            for folder in subfolders(place)? {
                let model = self.describe(&folder, bundled);
                if models.iter().all(|other| other.id != model.id) {
                    models.push(model);
                }
            }
        }
        models.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(models)
    }

    /// The model of this id or, when there is none, the one in this folder.
    ///
    /// # Errors
    /// When there is neither.
    pub fn find(&self, id_or_folder: &str) -> Result<ModelInfo> {
        if let Some(model) = self.list()?.into_iter().find(|model| model.id == id_or_folder) {
            return Ok(model);
        }
        let folder = Path::new(id_or_folder);
        if folder.is_dir() {
            return Ok(describe(folder, false));
        }
        Err(Error::not_found(message!(
            "no model \"{name}\": `afterimage model list` shows those that are installed, \
             `afterimage model add FOLDER` installs one",
            name = id_or_folder
        )))
    }

    /// Refuses a model that cannot be used, or whose towers do not belong
    /// together, unless the person vouched for it or does so now. What was
    /// found is remembered for these weights.
    ///
    /// # Errors
    /// A usage error with the reason.
    pub fn approve(&self, model: &ModelInfo, check: PairCheck) -> Result<()> {
        let refuse = |reason: &Message| {
            let message = message!("the model {id} cannot be used", id = model.id);
            Error::usage(message.because(reason.clone()))
        };
        if let ModelState::Broken(reason) = &model.state {
            return Err(refuse(reason));
        }
        if model.bundled {
            return Ok(());
        }
        let folder = Folder::open(&model.folder)?;
        let tried = digest(&folder).context(|| {
            message!("cannot read the model in {folder}", folder = model.folder.display())
        })?;
        let receipt = Receipt::read(&model.folder);
        let known = receipt.pairs != Pairs::Unknown
            && receipt.precision.is_some()
            && receipt.tried == tried;
        if known || self.approved.lock().contains(&tried) {
            return Ok(());
        }
        let (pairs, precision) = try_out(&folder, check)?;
        self.approved.lock().insert(tried.clone());
        if let Err(error) =
            (Receipt { tried, pairs, precision: Some(precision), ..receipt }).write(&model.folder)
        {
            // It is only looked at once more by the next process.
            tracing::warn!("{error}");
        }
        Ok(())
    }

    /// Compares a model's files with what was installed, reads every number of
    /// them, and has its captions find its pictures.
    ///
    /// # Errors
    /// When there is no such model. What is wrong with it is the answer.
    pub fn check(&self, id_or_folder: &str) -> Result<ModelCheck> {
        let model = self.find(id_or_folder)?;
        let files = Receipt::read(&model.folder).compare(&model.folder).transpose();
        let folder = Folder::open(&model.folder);
        let pairs = folder
            .as_ref()
            .map_err(Error::to_string)
            .and_then(|folder| try_out(folder, PairCheck::Required).map_err(|e| e.to_string()));
        let affinity =
            folder.and_then(|folder| Ok(folder.load(&Backend::Cpu(Precision::F32))?.affinity()));
        Ok(ModelCheck { model, files, pairs: pairs.map(drop), affinity: affinity.ok().flatten() })
    }

    /// Removes one of the person's models, or what a download that broke off has
    /// brought of it, and returns the bytes that frees.
    /// Where the installed folder is a link, the link goes and what it points
    /// at stays.
    ///
    /// # Errors
    /// When there is none of this id, or it belongs to the application.
    pub fn remove(&self, id: &str) -> Result<u64> {
        let Some(model) = self.list()?.into_iter().find(|model| model.id == id) else {
            return self.discard(id);
        };
        if model.bundled {
            return Err(Error::usage(message!(
                "{id} came with the application and cannot be removed",
                id
            )));
        }
        // The rename takes it away at once; deleting may be interrupted.
        let failed = || message!("cannot remove {folder}", folder = model.folder.display());
        let doomed = self.own.join(format!(".removing-{id}"));
        remove_if_there(&doomed).context(failed)?;
        let linked = model.folder.is_symlink();
        fs::rename(&model.folder, &doomed).context(failed)?;
        remove_if_there(&doomed).context(failed)?;
        Ok(if linked { 0 } else { model.bytes })
    }

    /// What is known of a folder, read anew where a file of it changed.
    fn describe(&self, folder: &Path, bundled: bool) -> ModelInfo {
        let stamp = stamp(folder);
        if let Some((known, model)) = self.known.lock().get(folder)
            && *known == stamp
        {
            return model.clone();
        }
        let model = describe(folder, bundled);
        self.known.lock().insert(folder.to_path_buf(), (stamp, model.clone()));
        model
    }
}

/// The subfolders of `place` that may be models, sorted; none if it is absent.
fn subfolders(place: &Path) -> Result<Vec<PathBuf>> {
    let cannot = || message!("cannot read the models in {place}", place = place.display());
    let entries = match fs::read_dir(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.context(cannot)?,
    };
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry.context(cannot)?.path();
        let hidden = path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
        // A dangling link is an installed model whose folder has gone.
        if !hidden && (path.is_dir() || path.is_symlink()) {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

fn describe(folder: &Path, bundled: bool) -> ModelInfo {
    let name = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let name = folder.file_name().or(name.file_name()).unwrap_or_default();
    let id = name.to_string_lossy().into_owned();
    let mut model = ModelInfo {
        title: id.clone(),
        id,
        family: String::new(),
        dim: 0,
        license: "unknown".to_owned(),
        folder: folder.to_path_buf(),
        preprocessing: 0,
        fingerprint: String::new(),
        state: ModelState::Ready,
        bundled,
        bytes: stamp(folder).iter().map(|(_, bytes, _)| bytes).sum(),
    };
    // The processor is always there: a missing GPU breaks no model.
    let read = Folder::open(folder).and_then(|found| {
        let receipt = Receipt::read(folder);
        model.family = found.name().to_owned();
        model.preprocessing = found.family.preprocessing;
        model.license = receipt.license.unwrap_or_else(|| license(folder, &found.config));
        let title = receipt.title.as_deref().or(found.config["title"].as_str());
        if let Some(title) = title.or(hub_name(&found.config)) {
            model.title = title.to_owned();
        }
        model.fingerprint = fingerprint(&found).context(|| {
            message!("cannot read the weights in {folder}", folder = folder.display())
        })?;
        found.load(&Backend::Cpu(Precision::F32))
    });
    match read {
        Ok(encoder) => model.dim = encoder.dim(),
        Err(error) => model.state = ModelState::Broken(error.message()),
    }
    model
}

/// Name, length and time of each file in a folder, sorted.
type Stamp = Vec<(OsString, u64, Option<SystemTime>)>;

fn stamp(folder: &Path) -> Stamp {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Stamp = entries
        .filter_map(|entry| {
            // Through links, as in the hub's cache.
            let metadata = fs::metadata(entry.path()).ok().filter(fs::Metadata::is_file)?;
            Some((entry.file_name(), metadata.len(), metadata.modified().ok()))
        })
        .collect();
    files.sort();
    files
}

/// A hash over what decides a vector: the settings, whatever order they are
/// written in, and samples of the weights. Weights of hundreds of megabytes are
/// not read whole each time models are listed; two trainings differ in almost
/// every number, so any sample tells them apart.
fn fingerprint(folder: &Folder) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    for name in folder.files() {
        let path = folder.path.join(name);
        if is_weights(name) {
            hash_samples(&path, &mut hasher)?;
        } else if name == folder.family.manifest || [PREPROCESSOR, PROCESSOR].contains(&name) {
            // One that is no JSON is refused elsewhere.
            let settings: Value = serde_json::from_slice(&fs::read(path)?).unwrap_or_default();
            hasher.update(settings.to_string().as_bytes());
        }
    }
    Ok(hasher.finalize().to_hex()[..32].to_owned())
}

/// A hash that changes whenever the model would answer something else: the
/// fingerprint, and the tokenizer, which no stored vector depends on.
fn digest(folder: &Folder) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(fingerprint(folder)?.as_bytes());
    for name in folder.files().into_iter().filter(|name| !is_weights(name)) {
        hasher.update(&fs::read(folder.path.join(name))?);
    }
    Ok(hasher.finalize().to_hex()[..32].to_owned())
}

fn is_weights(name: &str) -> bool {
    name.ends_with(".safetensors") || name.ends_with(".bin")
}

/// Hashes a file's length, and parts of it from its beginning to its end.
fn hash_samples(path: &Path, hasher: &mut blake3::Hasher) -> io::Result<()> {
    const SAMPLES: u64 = 64;
    const SAMPLE_BYTES: u64 = 4096;
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    hasher.update(&length.to_le_bytes());
    let mut samples = vec![0];
    if length > SAMPLES * SAMPLE_BYTES {
        samples = (0..SAMPLES).map(|n| n * (length - SAMPLE_BYTES) / (SAMPLES - 1)).collect();
    }
    let each = if samples.len() == 1 { length } else { SAMPLE_BYTES };
    for start in samples {
        file.seek(io::SeekFrom::Start(start))?;
        let mut sample = Vec::new();
        file.by_ref().take(each).read_to_end(&mut sample)?;
        hasher.update(&sample);
    }
    Ok(())
}

/// The licence its configuration names or, failing that, its model card.
fn license(folder: &Path, config: &Value) -> String {
    let from_card = || {
        let card = fs::read_to_string(folder.join("README.md")).ok()?;
        let (front_matter, _) = card.strip_prefix("---")?.split_once("\n---")?;
        let value = |key| front_matter.lines().find_map(|line| line.strip_prefix(key));
        // "other" says nothing; the name beside it does.
        let license = match value("license:")?.trim() {
            "other" => value("license_name:").unwrap_or("other").trim(),
            license => license,
        };
        Some(license.trim_matches(['"', '\'']).to_owned())
    };
    let from_config = config["license"].as_str().map(str::to_owned);
    from_config
        .or_else(from_card)
        .filter(|license| !license.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

/// The name on the hub that a configuration was saved under, such as
/// `openai/clip-vit-base-patch32`.
fn hub_name(config: &Value) -> Option<&str> {
    let name = config["_name_or_path"].as_str()?;
    let mut parts = name.split('/');
    let plain = |part: Option<&str>| part.is_some_and(|p| !p.is_empty() && !p.starts_with('.'));
    (plain(parts.next()) && plain(parts.next()) && parts.next().is_none()).then_some(name)
}

/// Makes a folder's entries durable where the system can.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Removes a folder, or a link without what it points at.
fn remove_if_there(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        // On Windows a link to a folder is removed as a folder.
        Ok(_) => fs::remove_file(path).or_else(|error| fs::remove_dir(path).map_err(|_| error)),
    }
}

#[cfg(test)]
mod tests;
