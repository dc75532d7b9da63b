//! Two towers that load on their own, which is what most models are.

use std::time::Duration;

use image::RgbImage;

use super::preprocess::Preprocess;
use super::slot::Slot;
use super::{Affinity, Embedding, Encoder};
use crate::error::Result;

/// Texts that go through a tower together. Tags come in thousands, and the
/// attention of all of them at once would not fit.
pub const TEXT_BATCH: usize = 64;

/// Images that go through a tower together.
const IMAGE_BATCH: usize = 8;

/// Images to vectors.
pub trait ImageTower: Send + Sync {
    /// One vector for each of `b` images, not normalised. `pixels` are those of
    /// [`Preprocess::patches`], cut as [`patch`](Self::patch) says.
    fn forward(&self, pixels: Vec<f32>, b: usize) -> Result<Vec<Vec<f32>>>;

    /// The side, in pixels, of the squares that images are cut into.
    fn patch(&self) -> usize;
}

/// Texts to vectors.
pub trait TextTower: Send + Sync {
    /// One vector for each text, not normalised.
    fn encode(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>>;
}

type Load<T> = Box<dyn Fn() -> Result<Box<T>> + Send + Sync>;

/// A model of two towers. Neither is loaded before it is used.
pub struct DualEncoder {
    pub dim: usize,
    pub preprocess: Preprocess,
    pub affinity: Option<Affinity>,
    pub load_images: Load<dyn ImageTower>,
    pub load_texts: Load<dyn TextTower>,
    pub towers: Towers,
}

/// The towers in memory.
#[derive(Default)]
pub struct Towers {
    images: Slot<Box<dyn ImageTower>>,
    texts: Slot<Box<dyn TextTower>>,
}

impl Encoder for DualEncoder {
    fn dim(&self) -> usize {
        self.dim
    }

    fn preprocess(&self, rgb: &RgbImage) -> Result<RgbImage> {
        self.preprocess.apply(rgb)
    }

    fn least_side(&self) -> u32 {
        self.preprocess.least_side()
    }

    fn encode_images(&self, batch: &[RgbImage]) -> Result<Vec<Embedding>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let tower = self.towers.images.get(&self.load_images)?;
        let pixels = self.preprocess.patches(batch, tower.patch())?;
        tower.forward(pixels, batch.len())?.into_iter().map(Embedding::from_raw).collect()
    }

    fn encode_texts(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        let tower = self.towers.texts.get(&self.load_texts)?;
        let mut embeddings = Vec::with_capacity(texts.len());
        for texts in texts.chunks(TEXT_BATCH) {
            for vector in tower.encode(texts)? {
                embeddings.push(Embedding::from_raw(vector)?);
            }
        }
        Ok(embeddings)
    }

    fn batch_size(&self) -> usize {
        IMAGE_BATCH
    }

    fn unload_idle(&self, idle: Duration) -> bool {
        let images = self.towers.images.unload_idle(idle);
        self.towers.texts.unload_idle(idle) || images
    }

    fn affinity(&self) -> Option<Affinity> {
        self.affinity
    }
}

#[cfg(test)]
impl DualEncoder {
    /// Whether the image tower and the text tower are in memory.
    pub fn loaded(&self) -> (bool, bool) {
        (self.towers.images.is_loaded(), self.towers.texts.is_loaded())
    }
}
