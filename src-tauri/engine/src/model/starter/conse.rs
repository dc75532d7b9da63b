//! Two towers that never saw each other, joined without training.
//!
//! Convex combination of semantic embeddings, Norouzi et al.,
//! <https://arxiv.org/abs/1312.5650>: an image's vector is the sum over the
//! likeliest classes of the class's probability times the text vector of the
//! class's caption, brought to length 1. So images lie where their classes'
//! descriptions lie, and a query only has to be a text.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use candle_core::DType;
use candle_nn::VarBuilder;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::efficientnet::{CLASSES, EfficientNet, INPUT};
use super::minilm::MiniLm;
use crate::error::{Context, Error, Result};
use crate::model::device::Backend;
use crate::model::slot::Slot;
use crate::model::weights::Weights;
use crate::model::{Embedding, Encoder, read_json};

/// The files that an imported starter cannot do without.
pub const FILES: &[&str] = &[CONFIG, TOKENIZER, IMAGE, TEXT, CLASS_VECTORS];

pub(super) const CONFIG: &str = "config.json";
pub(super) const TOKENIZER: &str = "tokenizer.json";
pub(super) const IMAGE: &str = "image.safetensors";
pub(super) const TEXT: &str = "text.safetensors";
pub(super) const CLASS_VECTORS: &str = "classes.safetensors";
/// The tensor in [`CLASS_VECTORS`]: (classes, dim), rows of length 1.
pub(super) const CAPTIONS: &str = "captions";

/// What the centre crop leaves out of the shorter side, in pixels of the
/// input: that of the evaluation the weights were published with,
/// <https://github.com/tensorflow/tpu/blob/master/models/official/efficientnet/preprocessing.py>.
const CROP_PADDING: u32 = 32;

/// Images that go through the image tower together, at least: some for each of
/// the two cores that every machine has.
const BATCH: usize = 8;

/// `config.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Config {
    pub model_type: String,
    pub title: String,
    pub license: String,
    /// Width and height of the image tower's input, in pixels.
    pub image_size: u32,
    /// Components of a vector.
    pub dim: usize,
    /// How many of the likeliest classes make an image's vector.
    pub top_k: usize,
    /// How many hypernyms follow the name in a class's caption.
    pub hypernyms: usize,
    /// The text tower's own configuration, as it was published.
    pub text: Value,
    /// BLAKE3 of each weights file, in hexadecimal.
    pub blake3: BTreeMap<String, String>,
}

/// An imported starter. A search loads the text tower alone; an index, the
/// image tower and the class vectors.
pub struct Conse {
    folder: PathBuf,
    backend: Backend,
    config: Config,
    images: Slot<ImageTower>,
    texts: Slot<MiniLm>,
}

struct ImageTower {
    network: EfficientNet,
    /// (classes, dim)
    captions: Vec<Vec<f32>>,
}

/// Opens an imported starter; reads its configuration only.
///
/// # Errors
/// When the configuration is missing or malformed.
pub fn load(folder: &Path, backend: &Backend) -> Result<Conse> {
    let file = folder.join(CONFIG);
    let config: Config = serde_json::from_value(read_json(&file)?)
        .context(|| message!("{file} does not describe a starter", file = file.display()))?;
    if config.image_size != INPUT || config.top_k == 0 || config.top_k > CLASSES {
        return Err(Error::failed(message!(
            "{file} describes another network",
            file = file.display()
        )));
    }
    Ok(Conse {
        folder: folder.to_path_buf(),
        backend: backend.clone(),
        config,
        images: Slot::default(),
        texts: Slot::default(),
    })
}

impl Conse {
    fn images(&self) -> Result<Arc<ImageTower>> {
        self.images.get(|| {
            let network =
                EfficientNet::load(&self.weights(IMAGE)?, &self.backend).context(|| {
                    message!(
                        "cannot load the image tower in {folder}",
                        folder = self.folder.display()
                    )
                })?;
            let captions = self
                .weights(CLASS_VECTORS)?
                .get((CLASSES, self.config.dim), CAPTIONS)
                .and_then(|captions| captions.to_vec2())
                .context(|| {
                    message!("cannot load the captions in {folder}", folder = self.folder.display())
                })?;
            Ok(ImageTower { network, captions })
        })
    }

    fn texts(&self) -> Result<Arc<MiniLm>> {
        self.texts.get(|| {
            self.read(TEXT)?;
            let weights = Weights::open(&self.folder.join(TEXT), &self.backend.device())?;
            let tokenizer = self.folder.join(TOKENIZER);
            MiniLm::load(&weights, &self.config.text, &tokenizer, &self.backend)
        })
    }

    /// The class logits of one image of [`INPUT`] pixels a side.
    #[cfg(test)]
    pub(super) fn logits(&self, image: &RgbImage) -> Result<Vec<f32>> {
        let logits = self.images()?.network.logits(std::slice::from_ref(image));
        Ok(logits.context(|| message!("the image tower failed"))?.remove(0))
    }

    /// The vector of an image of these class probabilities.
    pub(super) fn combine(&self, probabilities: &[f32]) -> Result<Embedding> {
        combine(probabilities, &self.images()?.captions, self.config.top_k)
    }

    /// The weights of a file that [`read`](Self::read) reads.
    fn weights(&self, name: &str) -> Result<VarBuilder<'static>> {
        let bytes = self.read(name)?;
        VarBuilder::from_buffered_safetensors(bytes, DType::F32, &self.backend.device()).context(
            || {
                message!(
                    "{file} holds no readable weights",
                    file = self.folder.join(name).display()
                )
            },
        )
    }

    /// Reads a weights file and checks that it is the one that was imported: a
    /// flipped bit in it would make vectors that look right and are wrong.
    fn read(&self, name: &str) -> Result<Vec<u8>> {
        let file = self.folder.join(name);
        let bytes =
            fs::read(&file).context(|| message!("cannot read {file}", file = file.display()))?;
        let hash = blake3::hash(&bytes).to_hex();
        if self.config.blake3.get(name).map(String::as_str) != Some(hash.as_str()) {
            return Err(Error::failed(message!(
                "{file} is damaged: it is not the file that was installed. Install the model again",
                file = file.display()
            )));
        }
        Ok(bytes)
    }
}

impl Encoder for Conse {
    fn dim(&self) -> usize {
        self.config.dim
    }

    /// The middle square of the image, [`INPUT`] pixels a side.
    fn preprocess(&self, rgb: &RgbImage) -> Result<RgbImage> {
        let (width, height) = rgb.dimensions();
        let side =
            u64::from(width.min(height)) * u64::from(INPUT) / u64::from(INPUT + CROP_PADDING);
        // Of an image of one pixel, that pixel.
        let side = (side as u32).max(1);
        let start = |size: u32| f64::from(size.saturating_sub(side).div_ceil(2));
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom))
            .use_alpha(false)
            .crop(start(width), start(height), side.into(), side.into());
        let mut input = RgbImage::new(INPUT, INPUT);
        Resizer::new().resize(rgb, &mut input, &options).context(|| {
            message!("cannot resize an image of {width}x{height} pixels", width, height)
        })?;
        Ok(input)
    }

    /// Three times the input, and what the crop leaves out in proportion.
    fn least_side(&self) -> u32 {
        // With twice the input one camera photo in 35 was at a cosine of 0.9952
        // from what its whole makes; with three times all are above 0.999.
        3 * (INPUT + CROP_PADDING)
    }

    fn encode_images(&self, batch: &[RgbImage]) -> Result<Vec<Embedding>> {
        let tower = self.images()?;
        let mut embeddings = Vec::with_capacity(batch.len());
        for images in batch.chunks(self.batch_size()) {
            let probabilities = tower.network.probabilities(images);
            for probabilities in probabilities.context(|| message!("the image tower failed"))? {
                embeddings.push(self.combine(&probabilities)?);
            }
        }
        Ok(embeddings)
    }

    fn encode_texts(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        self.texts()?.encode(texts)?.into_iter().map(Embedding::from_raw).collect()
    }

    fn batch_size(&self) -> usize {
        // No core is to be without one.
        BATCH.max(rayon::current_num_threads())
    }

    fn unload_idle(&self, idle: Duration) -> bool {
        let images = self.images.unload_idle(idle);
        self.texts.unload_idle(idle) || images
    }
}

/// The sum of the captions of the `top_k` likeliest classes, each weighed with
/// its probability.
fn combine(probabilities: &[f32], captions: &[Vec<f32>], top_k: usize) -> Result<Embedding> {
    let mut classes: Vec<(f32, &Vec<f32>)> = probabilities.iter().copied().zip(captions).collect();
    // Stable: of equally likely classes the one of the lower index.
    classes.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let mut sum = vec![0f32; captions.first().map_or(0, Vec::len)];
    for (probability, caption) in classes.into_iter().take(top_k) {
        for (sum, component) in sum.iter_mut().zip(caption) {
            *sum += probability * component;
        }
    }
    Embedding::from_raw(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_classes_weigh_as_much_as_they_are_likely() {
        let captions = [vec![1.0, 0.0], vec![0.0, 1.0], vec![0.6, 0.8]];
        let vector = combine(&[0.4, 0.3, 0.1], &captions, 2).unwrap();
        assert_eq!(vector.as_slice(), [0.8, 0.6]);
        let equal = combine(&[0.2, 0.2, 0.2], &captions, 1).unwrap();
        assert_eq!(equal.as_slice(), [1.0, 0.0]);
    }
}
