//! Models: the folders that are installed, and the encoders inside them.
//!
//! A model is a folder: a manifest that names the family, weights, a tokenizer.
//! Each family is one module that turns such a folder into an [`Encoder`];
//! nothing outside this module knows families, tensors or tokens. SQLite, photo
//! paths and decoding are not known here.
//!
//! ```text
//! clip  open_clip  siglip  starter      kinds of folders
//!   │    │  │  │      │
//!   │    │  │  └ resnet, xlm_roberta    towers that only open_clip has
//!   └────┴──┴─────────┴─ transformer,   layers, on a GPU
//!                        bert
//!                        cpu            the same on a processor, whole towers
//! dual, slot                            two towers, loaded on demand
//! preprocess  tokenizer  weights        photo, text, file ─► numbers
//! installed  receipt  pairs             what is on this machine, and is it right
//! ```

mod bert;
mod catalogue;
mod clip;
mod cpu;
mod device;
mod download;
mod dual;
mod embedding;
mod encoders;
#[cfg(test)]
mod golden;
mod guarded;
mod hub;
mod installed;
mod open_clip;
mod pairs;
mod pickle;
mod preprocess;
mod receipt;
mod resnet;
mod siglip;
mod slot;
pub mod starter;
mod tokenizer;
mod transformer;
mod weights;
mod xlm_roberta;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use image::RgbImage;
use serde_json::Value;

use crate::error::{Context, Error, Result};

pub use catalogue::{KnownModel, Recommendation, known};
pub use cpu::politely;
use device::Backend;
pub use device::{DeviceChoice, DeviceReport, Precision};
pub use download::Download;
pub use embedding::Embedding;
pub use encoders::Encoders;
pub use guarded::Guarded;
pub use hub::Hub;
pub use installed::{ModelCheck, ModelInfo, ModelState, Models, PairCheck};
pub use tokenizer::CLIP as CLIP_TOKENIZER;

/// Two towers over one space: images and texts to vectors of length 1.
///
/// Opening one is cheap. Each tower loads when it is first used, so a search
/// never pays for the image tower.
pub trait Encoder: Send + Sync {
    /// The number of components of every vector.
    fn dim(&self) -> usize;

    /// Makes the image tower's input out of an upright photo: resized and
    /// cropped as the model was trained, still 8 bits a channel. Mean and
    /// deviation are applied by [`encode_images`](Self::encode_images).
    fn preprocess(&self, rgb: &RgbImage) -> Result<RgbImage>;

    /// The least that the shorter side of a photo may be scaled to, in pixels,
    /// before it is handed to [`preprocess`](Self::preprocess): twice as many
    /// as it resamples to, so that the scaling leaves no trace in the vector.
    fn least_side(&self) -> u32;

    /// Encodes images that [`preprocess`](Self::preprocess) made; one vector
    /// each, in order.
    fn encode_images(&self, batch: &[RgbImage]) -> Result<Vec<Embedding>>;

    /// Encodes texts; one vector each, in order. What is longer than the
    /// model's context is cut.
    fn encode_texts(&self, texts: &[&str]) -> Result<Vec<Embedding>>;

    /// How many images a call of [`encode_images`](Self::encode_images)
    /// should get: more cost memory and gain nothing.
    fn batch_size(&self) -> usize;

    /// Gives back the memory of each tower that nobody used for so long; it
    /// loads again on demand. Returns whether a tower is still loaded.
    fn unload_idle(&self, idle: Duration) -> bool;

    /// How the model turns a cosine into a probability, where it was trained
    /// to: for display, never for ranking.
    fn affinity(&self) -> Option<Affinity> {
        None
    }
}

/// The probability that a text describes an image is
/// `1 / (1 + exp(-(scale * cosine + bias)))` (SigLIP, arXiv 2303.15343).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Affinity {
    /// The exponential of the stored `logit_scale`.
    pub scale: f32,
    /// The stored `logit_bias`.
    pub bias: f32,
}

/// One kind of folder.
struct Family {
    /// The file that describes a model.
    manifest: &'static str,
    /// The `model_type` in it; `None` where the file alone tells the kind.
    model_type: Option<&'static str>,
    /// The weights: the first of these that is there is read.
    weights: &'static [&'static str],
    /// What a folder must hold beside manifest and weights.
    required: &'static [&'static str],
    /// What is read where it is there.
    optional: &'static [&'static str],
    /// What its encoders are called, which the manifest may decide.
    name: fn(&Value) -> &'static str,
    /// Counts up when a change here makes other vectors out of the same
    /// photo, so that stored vectors of both kinds are never compared.
    preprocessing: u32,
    /// Whether the towers were trained together, which a check can show.
    paired: bool,
    load: fn(&Folder, &Backend) -> Result<Arc<dyn Encoder>>,
}

const CONFIG: &str = "config.json";
const OPEN_CLIP_CONFIG: &str = "open_clip_config.json";
const PREPROCESSOR: &str = "preprocessor_config.json";
/// Where `transformers` writes the same since version 5.
const PROCESSOR: &str = "processor_config.json";

const FAMILIES: &[Family] = &[
    Family {
        manifest: CONFIG,
        model_type: Some("clip"),
        weights: &["model.safetensors", "pytorch_model.bin"],
        required: &[PREPROCESSOR],
        optional: &["tokenizer.json"],
        name: |_| "clip",
        preprocessing: 1,
        paired: true,
        load: |folder, backend| Ok(Arc::new(clip::open(folder, backend)?)),
    },
    Family {
        manifest: CONFIG,
        model_type: Some("siglip"),
        weights: &["model.safetensors", "pytorch_model.bin"],
        required: &[PREPROCESSOR, "tokenizer.json"],
        optional: &["tokenizer_config.json"],
        name: |_| "siglip",
        preprocessing: 1,
        paired: true,
        load: |folder, backend| Ok(Arc::new(siglip::open(folder, backend)?)),
    },
    Family {
        manifest: OPEN_CLIP_CONFIG,
        model_type: None,
        weights: &["open_clip_model.safetensors", "open_clip_pytorch_model.bin"],
        required: &[],
        optional: &["tokenizer.json"],
        name: open_clip::family,
        preprocessing: 1,
        paired: true,
        load: |folder, backend| Ok(Arc::new(open_clip::open(folder, backend)?)),
    },
    Family {
        manifest: CONFIG,
        model_type: Some(starter::MODEL_TYPE),
        weights: &[],
        required: starter::FILES,
        optional: &[],
        name: |_| starter::MODEL_TYPE,
        preprocessing: 1,
        // Its towers were joined without training, and its files are checked
        // whenever they are read.
        paired: false,
        load: |folder, backend| Ok(Arc::new(starter::load(&folder.path, backend)?)),
    },
];

impl Family {
    /// Whether this is a manifest of this family.
    fn describes(&self, manifest: &Value) -> bool {
        self.model_type.is_none_or(|kind| manifest["model_type"] == kind)
    }
}

/// A model's folder, and what was recognised in it.
pub struct Folder {
    path: PathBuf,
    /// The manifest.
    config: Value,
    /// The file of weights; empty where the family has several.
    weights: PathBuf,
    family: &'static Family,
}

impl Folder {
    /// Looks at a folder; the weights are not opened.
    ///
    /// # Errors
    /// A usage error that says what is missing or not understood.
    fn open(path: &Path) -> Result<Self> {
        let mut refusal = None;
        for manifest in [CONFIG, OPEN_CLIP_CONFIG] {
            let file = path.join(manifest);
            if !file.is_file() {
                continue;
            }
            // Some repositories hold a model twice, in both layouts, and a
            // person may have only one of them complete.
            match read_json(&file).and_then(|config| Self::complete(path, manifest, config)) {
                Ok(folder) => return Ok(folder),
                Err(error) => drop(refusal.get_or_insert(error)),
            }
        }
        Err(match refusal {
            Some(error) => Error::usage(message!("this folder cannot be used")).with(error),
            None => Error::usage(message!(
                "{path} has no config.json and no open_clip_config.json, so it is not a model \
                 folder",
                path = path.display()
            )),
        })
    }

    fn complete(path: &Path, manifest: &str, config: Value) -> Result<Self> {
        let family = FAMILIES
            .iter()
            .find(|family| family.manifest == manifest && family.describes(&config))
            .ok_or_else(|| unknown(path, &config))?;
        let lacks = |what: &str| {
            Error::usage(message!("{path} has no {what}", path = path.display(), what))
        };
        let there = |name: &str| path.join(name).is_file();
        let found = |name| there(name) || name == PREPROCESSOR && there(PROCESSOR);
        if let Some(missing) = family.required.iter().find(|name| !found(name)) {
            return Err(lacks(missing));
        }
        let weights = family.weights.iter().find(|name| there(name));
        let weights = match (weights, family.weights.first()) {
            (Some(name), _) => path.join(name),
            (None, None) => PathBuf::new(),
            (None, Some(name)) if there(&format!("{name}.index.json")) => {
                return Err(lacks(&format!("{name}, only its parts: join them into one file")));
            }
            (None, Some(name)) => return Err(lacks(&format!("weights ({name})"))),
        };
        Ok(Self { path: path.to_path_buf(), config, weights, family })
    }

    /// Every file of the model by its name, those that decide its vectors
    /// first.
    fn files(&self) -> Vec<&str> {
        let weights = self.weights.file_name().and_then(|name| name.to_str());
        let manifest = Some(self.family.manifest);
        let optional = self.family.optional.iter().filter(|name| self.path.join(name).is_file());
        let mut files: Vec<&str> = Vec::new();
        let all = weights.into_iter().chain(self.family.required.iter().copied());
        for name in all.chain(manifest).chain(optional.copied()) {
            let newer = name == PREPROCESSOR && !self.path.join(name).is_file();
            let name = if newer { PROCESSOR } else { name };
            if !files.contains(&name) {
                files.push(name);
            }
        }
        files
    }

    fn load(&self, backend: &Backend) -> Result<Arc<dyn Encoder>> {
        (self.family.load)(self, backend)
    }

    /// What its encoder is called.
    fn name(&self) -> &'static str {
        (self.family.name)(&self.config)
    }
}

fn unknown(path: &Path, config: &Value) -> Error {
    let known: Vec<&str> = FAMILIES.iter().filter_map(|family| family.model_type).collect();
    let kind = config["model_type"].as_str().unwrap_or_default();
    Error::usage(message!(
        "{file} describes a model of an unknown kind, model_type \"{kind}\"; known are {known}, \
         and the folders of open_clip",
        file = path.join(CONFIG).display(),
        kind,
        known = known.join(", ")
    ))
}

/// Opens the model in a folder.
///
/// Reads the configuration and the weights' headers, not the weights.
///
/// # Errors
/// When a file is missing or malformed, the family is unknown, or this build
/// cannot use the device.
pub fn load(folder: &Path, device: DeviceChoice, precision: Precision) -> Result<Arc<dyn Encoder>> {
    Folder::open(folder)?.load(&Backend::open(device, precision)?)
}

fn read_json(file: &Path) -> Result<Value> {
    let text = fs::read(file).context(|| message!("cannot read {file}", file = file.display()))?;
    serde_json::from_slice(&text)
        .context(|| message!("{file} is not valid JSON", file = file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder in `tests/fixtures`.
    pub fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(name)
    }

    /// What lies beside the project for testing, unless it is absent.
    pub fn shared(name: &str) -> Option<PathBuf> {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
        let place = std::env::var_os("AFTERIMAGE_SHARED").map_or(beside, PathBuf::from).join(name);
        if !place.exists() {
            eprintln!("skipped: ../shared/{name} is absent");
            return None;
        }
        Some(place)
    }

    /// A copy of a fixture to be damaged.
    pub fn copy_of(name: &str) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(fixture(name)).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
        copy
    }

    /// Replaces the first `from` in a file, which need not be text.
    pub fn edit(file: &Path, from: &str, to: &str) {
        let bytes = fs::read(file).unwrap();
        let at = bytes.windows(from.len()).position(|part| part == from.as_bytes());
        let at = at.unwrap_or_else(|| panic!("{} has no {from}", file.display()));
        let edited = [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat();
        fs::write(file, edited).unwrap();
    }

    #[test]
    fn the_family_is_read_from_the_folder() {
        let encoder = load(&fixture("clip-gelu"), DeviceChoice::Cpu, Precision::F32).unwrap();
        assert_eq!(encoder.dim(), 28);
    }
}
