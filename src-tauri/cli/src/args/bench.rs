//! What may be typed after `bench`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use afterimage_engine::Precision;
use clap::builder::RangedU64ValueParser;
use clap::{Args, Subcommand};

use super::DeviceArgs;

#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// How fast a model's towers are; with a text or an image, how long its
    /// first use takes
    Embed(BenchEmbedArgs),
    /// How fast photos are decoded and prepared, by their size
    Decode(BenchDecodeArgs),
    /// Index a folder into a library of its own, which is deleted afterwards
    Index(BenchIndexArgs),
    /// Ask a made-up library of so many photos, which is deleted afterwards
    Query {
        /// Photos in it
        #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = at_least_one())]
        photos: usize,

        #[command(flatten)]
        subject: SubjectArgs,
    },
    /// Have tags suggested for a made-up library of so many photos, which is deleted
    /// afterwards
    Tags {
        /// Photos in it
        #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = at_least_one())]
        photos: usize,

        #[command(flatten)]
        subject: SubjectArgs,
    },
    /// Rank the whole library, again and again; or search made-up vectors
    Scan {
        /// How many times
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = at_least_one())]
        runs: usize,

        /// Search so many random vectors instead, all in memory
        #[arg(long, value_name = "N", value_parser = at_least_one(), conflicts_with = "runs")]
        vectors: Option<usize>,

        /// Components of each of them
        #[arg(long, value_name = "N", default_value_t = 512, value_parser = at_least_one(), requires = "vectors")]
        dims: usize,
    },
    /// Make a library up and leave it, to measure the window on: a folder with
    /// `library` and `photos`
    Library {
        /// Where; must not be there yet
        dir: PathBuf,

        /// How many photos it has
        #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = at_least_one())]
        photos: usize,
    },
    /// What a window takes that is open on a made-up library, and rests
    Idle {
        /// How many photos it has
        #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = at_least_one())]
        photos: usize,
    },
}

#[derive(Debug, Args)]
pub struct BenchEmbedArgs {
    #[command(flatten)]
    pub subject: SubjectArgs,

    /// Images a call of the image tower
    #[arg(
        long = "batch",
        value_name = "N,…",
        value_delimiter = ',',
        default_values_t = [1, 8, 32],
        value_parser = at_least_one(),
    )]
    pub batches: Vec<usize>,

    /// Tokens of a text, start and end included: 3 to 77, which is CLIP's
    /// context; SigLIP always computes its whole context
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_values_t = [5, 12, 77],
        value_parser = RangedU64ValueParser::<usize>::new().range(3..=77),
    )]
    pub tokens: Vec<usize>,

    /// Embed this text once instead, with a model that is not loaded yet; may
    /// be given several times
    #[arg(long = "text", value_name = "TEXT")]
    pub texts: Vec<String>,

    /// Embed this image file once instead; may be given several times
    #[arg(long = "image", value_name = "FILE")]
    pub images: Vec<PathBuf>,

    #[command(flatten)]
    pub time: TimeArgs,

    #[command(flatten)]
    pub device: DeviceArgs,

    /// How exactly the processor computes images: f32 or int8 [default: both,
    /// one after the other]
    #[arg(long, value_name = "PRECISION")]
    pub precision: Option<Precision>,
}

#[derive(Debug, Args)]
pub struct BenchDecodeArgs {
    #[command(flatten)]
    pub folder: FolderArgs,

    #[command(flatten)]
    pub subject: SubjectArgs,

    #[command(flatten)]
    pub time: TimeArgs,
}

#[derive(Debug, Args)]
pub struct BenchIndexArgs {
    #[command(flatten)]
    pub folder: FolderArgs,

    #[command(flatten)]
    pub subject: SubjectArgs,

    #[command(flatten)]
    pub device: DeviceArgs,

    /// How exactly the processor computes images: f32, or int8, which is several
    /// times as fast [default: int8]
    #[arg(long, value_name = "PRECISION")]
    pub precision: Option<Precision>,
}

#[derive(Debug, Args)]
pub struct SubjectArgs {
    /// The model: vit-b-32, vit-b-32-256, vit-b-16, vit-l-14 or siglip2-b-16,
    /// with random weights; an installed model's id; or a folder that holds one
    #[arg(long, value_name = "MODEL", default_value = "vit-b-32")]
    pub model: String,
}

#[derive(Debug, Args)]
pub struct TimeArgs {
    /// About how many seconds each measurement takes
    #[arg(
        long,
        default_value = "4",
        value_name = "SECONDS",
        value_parser = seconds,
        // So that `-1` is refused with the reason, and not as an unknown option.
        allow_negative_numbers = true,
    )]
    pub seconds: Duration,
}

pub(super) fn at_least_one() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

pub(super) fn seconds(word: &str) -> Result<Duration, String> {
    let seconds = word.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "use a number of seconds, such as 4 or 0.5".to_owned())
}

#[derive(Debug, Args)]
pub struct FolderArgs {
    /// The folder of photos
    #[arg(value_name = "FOLDER", required_unless_present = "folder", conflicts_with = "folder")]
    dir: Option<PathBuf>,

    /// The same
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

impl FolderArgs {
    /// The folder of photos.
    pub fn path(&self) -> &Path {
        self.dir.as_deref().or(self.folder.as_deref()).unwrap_or(Path::new(""))
    }
}
