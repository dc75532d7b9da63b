//! Models: the folders that are installed, and the encoders inside them.
//!
//! A model is a folder: `config.json`, whose `model_type` names the family,
//! weights as safetensors, a tokenizer. Each family is one module that turns
//! such a folder into an [`Encoder`]; nothing outside this module knows
//! families, tensors or tokens. SQLite, photo paths and decoding are not known
//! here.

mod clip;
mod device;
mod embedding;
mod encoders;
mod guarded;
mod installed;
mod preprocess;
mod slot;
pub mod starter;
mod tokenizer;
mod transformer;
mod weights;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use candle_core::Device;
use image::RgbImage;
use serde_json::Value;

use crate::error::{Context, Error, Result};

pub use device::{DeviceChoice, DeviceReport};
pub use embedding::Embedding;
pub use encoders::Encoders;
pub use guarded::Guarded;
pub use installed::{ModelCheck, ModelInfo, ModelState, Models, PairCheck};

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

/// One family of models.
struct Family {
    /// The `model_type` of its `config.json`.
    model_type: &'static str,
    /// The files a folder must hold.
    files: &'static [&'static str],
    /// Counts up when a change here makes other vectors out of the same
    /// photo, so that stored vectors of both kinds are never compared.
    preprocessing: u32,
    load: fn(&Path, &Device) -> Result<Arc<dyn Encoder>>,
}

const FAMILIES: &[Family] = &[
    Family {
        model_type: "clip",
        files: clip::FILES,
        preprocessing: 1,
        load: |folder, device| Ok(Arc::new(clip::Clip::open(folder, device)?)),
    },
    Family {
        model_type: starter::MODEL_TYPE,
        files: starter::FILES,
        preprocessing: 1,
        load: |folder, device| Ok(Arc::new(starter::load(folder, device)?)),
    },
];

/// Opens the model in a folder.
///
/// Reads the configuration and the weights' headers, not the weights.
///
/// # Errors
/// When a file is missing or malformed, the family is unknown, or this build
/// cannot use the device.
pub fn load(folder: &Path, device: DeviceChoice) -> Result<Arc<dyn Encoder>> {
    let (family, _) = family(folder)?;
    (family.load)(folder, &device.device()?)
}

/// The family of the model in a folder, and its configuration.
fn family(folder: &Path) -> Result<(&'static Family, Value)> {
    let config = read_json(&folder.join("config.json"))?;
    let model_type = config["model_type"].as_str().unwrap_or_default();
    let known = FAMILIES.iter().find(|family| family.model_type == model_type);
    match known {
        Some(family) => Ok((family, config)),
        None => Err(Error::usage(format!(
            "{} is a model of an unknown kind, model_type {model_type:?}; known are {}",
            folder.display(),
            FAMILIES.iter().map(|family| family.model_type).collect::<Vec<_>>().join(", ")
        ))),
    }
}

fn read_json(file: &Path) -> Result<Value> {
    let text = fs::read(file).context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_slice(&text).context(|| format!("{} is not valid JSON", file.display()))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

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
        let encoder = load(&fixture("clip-gelu"), DeviceChoice::Cpu).unwrap();
        assert_eq!(encoder.dim(), 28);
    }
}
