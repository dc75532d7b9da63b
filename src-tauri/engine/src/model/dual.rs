//! Two towers that load on their own, which is what most models are.

use std::num::NonZero;
use std::time::Duration;

use image::RgbImage;

use super::cpu;
use super::device::Backend;
use super::preprocess::Preprocess;
use super::slot::Slot;
use super::{Affinity, Embedding, Encoder};
use crate::error::Result;

/// Texts that go through a tower together. Tags come in thousands, and the
/// attention of all of them at once would not fit.
pub const TEXT_BATCH: usize = 64;

/// Images that go through a tower together on a GPU, which is halved where its
/// memory ends.
const GPU_BATCH: usize = 64;

/// The same on a processor, for each core: with ViT-B/32 on two cores, 16 for
/// each were no faster.
const CORE_BATCH: usize = 4;

/// Images to vectors.
pub trait ImageTower: Send + Sync {
    /// One vector for each image that `preprocess` made, not normalised.
    fn forward(&self, images: &[RgbImage], preprocess: &Preprocess) -> Result<Vec<Vec<f32>>>;
}

/// Texts to vectors.
pub trait TextTower: Send + Sync {
    /// One vector for each text, not normalised.
    fn encode(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>>;
}

/// An image tower on the processor.
pub struct CpuImages {
    pub tower: cpu::Tower,
    pub patch: usize,
}

impl ImageTower for CpuImages {
    fn forward(&self, images: &[RgbImage], preprocess: &Preprocess) -> Result<Vec<Vec<f32>>> {
        let levels = preprocess.cut(images, self.patch)?;
        let patches = levels.len() / (3 * self.patch * self.patch * images.len());
        let lengths = vec![patches; images.len()];
        // Where a token stands for the image, it is the first.
        let ends = self.tower.pools_one().then(|| vec![0; images.len()]);
        let rows = cpu::Rows::Patches(&levels);
        Ok(self.tower.images(cpu::Batch { rows, lengths: &lengths, ends: ends.as_deref() }))
    }
}

type Load<T> = Box<dyn Fn() -> Result<Box<T>> + Send + Sync>;

/// A model of two towers. Neither is loaded before it is used.
pub struct DualEncoder {
    pub dim: usize,
    pub preprocess: Preprocess,
    pub affinity: Option<Affinity>,
    pub backend: Backend,
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
        tower.forward(batch, &self.preprocess)?.into_iter().map(Embedding::from_raw).collect()
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
        match self.backend {
            Backend::Candle(_) => GPU_BATCH,
            Backend::Cpu(_) => {
                CORE_BATCH * std::thread::available_parallelism().map_or(1, NonZero::get)
            }
        }
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
