//! What `bench --json` prints.

use afterimage_engine::bench::Machine;
use serde::Serialize;

/// The first line of `bench`: what its other lines have to be read with.
#[derive(Serialize)]
pub struct MachineLine {
    what: &'static str,
    processor: String,
    cores: usize,
    features: Vec<&'static str>,
    version: &'static str,
}

impl From<Machine> for MachineLine {
    fn from(machine: Machine) -> Self {
        let Machine { processor, cores, features } = machine;
        let version = env!("CARGO_PKG_VERSION");
        Self { what: "machine", processor, cores, features, version }
    }
}

/// A line of `bench`. Figures are rounded to what can be told apart.
#[derive(Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Measurement {
    /// The image tower of a model, `batch` prepared images a call.
    ImageTower {
        #[serde(flatten)]
        by: MeasuredBy,
        batch: usize,
        images_per_s: f64,
        /// The speed is the median of so many.
        rounds: usize,
    },
    /// The text tower, one text of so many tokens a call.
    TextTower {
        #[serde(flatten)]
        by: MeasuredBy,
        tokens: usize,
        ms: f64,
        rounds: usize,
    },
    /// Texts and images, embedded once by a model that was not loaded yet.
    FirstUse {
        #[serde(flatten)]
        by: MeasuredBy,
        dim: usize,
        inputs: usize,
        /// From the opening of the model to the last vector.
        seconds: f64,
        /// The most memory that this process had so far, file pages included;
        /// null where the system does not tell.
        peak_bytes: Option<u64>,
    },
    /// Photos read, decoded, and made into thumbnail and model input.
    Decode {
        /// `<1`, `1-6`, `6-12` or `>12`
        megapixels: &'static str,
        /// The model whose input is made.
        model: String,
        photos: usize,
        threads: usize,
        photos_per_s: f64,
        rounds: usize,
    },
    /// A folder indexed into an empty library.
    Pipeline {
        #[serde(flatten)]
        by: MeasuredBy,
        photos: u64,
        failed: u64,
        /// From the first look at the folder to the last commit.
        seconds: f64,
        /// The part of it in which the model was loaded.
        loading_s: f64,
        /// `photos / (seconds - loading_s)`
        photos_per_s: f64,
        /// As in `first-use`.
        peak_bytes: Option<u64>,
    },
    /// The whole library, ranked again and again.
    Scan {
        model: String,
        photos: usize,
        runs: usize,
        /// Half of the runs ranked faster.
        median_ms: f64,
        slowest_ms: f64,
    },
    /// The hundred best of random vectors.
    #[serde(rename = "scan")]
    Vectors {
        vectors: usize,
        dims: usize,
        ms: f64,
        /// The share of the hundred best by f32 that are found.
        recall_at_100: f64,
    },
    /// A library of made-up photos, asked one question after the other.
    Query {
        model: String,
        dim: usize,
        photos: usize,
        /// From a question to the rows of its first page, the text tower included:
        /// the median.
        ms: f64,
        /// The same with three filters.
        filtered_ms: f64,
        slowest_ms: f64,
        /// From opening the library to its first answer.
        opened_ms: f64,
        /// What vectors and photo numbers take in memory; null where the system does
        /// not tell.
        vector_bytes: Option<u64>,
    },
    /// A library of made-up photos, for which tags are suggested.
    Tags {
        model: String,
        dim: usize,
        photos: usize,
        categories: usize,
        /// Reading the prompts, once for ever.
        prompts_ms: f64,
        /// All photos and all categories.
        all_ms: f64,
        /// The same after one category changed.
        changed_ms: f64,
        /// Deciding on ten photos, and learning from them.
        decided_ms: f64,
    },
    /// A library that was made up and stays.
    Library { path: String, photos: usize },
    /// A library that is followed, was searched once, and rests.
    Idle {
        model: String,
        dim: usize,
        photos: usize,
        /// Of the whole process; null where the system does not tell.
        resident_bytes: Option<u64>,
    },
}

/// What computed a measurement.
#[derive(Serialize)]
pub struct MeasuredBy {
    /// An id, or an architecture's name where the weights were random.
    pub model: String,
    /// `f32` or `int8`
    pub precision: String,
    /// `cpu`, `cuda` or `metal`
    pub device: String,
}
