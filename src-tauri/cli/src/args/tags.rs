//! What may be typed after `tag`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub enum TagCommand {
    /// List tags, with how many photos have each and for how many it is suggested
    List {
        /// Those that no photo has as well
        #[arg(long)]
        all: bool,
    },
    /// Say which tags are suggested, for which photos
    Suggest(SuggestArgs),
    /// Say that suggestions are right
    Confirm(DecideArgs),
    /// Say that suggestions are wrong
    Reject(DecideArgs),
    /// Give photos a tag of any name
    Add(NamedPhotos),
    /// Take a tag from photos, or take back that it was rejected
    Remove(NamedPhotos),
    /// Take back the last decision on tags
    Undo,
    /// The categories that tags are of
    #[command(subcommand)]
    Category(CategoryCommand),
    /// Write all decisions to standard output
    Export {
        /// As what
        #[arg(long, value_enum, default_value_t)]
        format: TagFormat,
    },
    /// Take decisions from a file that `tag export` wrote: columns path, tag and
    /// decision
    Import {
        /// The file
        file: PathBuf,

        /// What it is [default: told by the file's name]
        #[arg(long, value_enum)]
        format: Option<TagFormat>,
    },
    /// Write tags, stars and favourites to XMP sidecars beside the photos
    WriteSidecars(WriteSidecarsArgs),
    /// Switch writing sidecars on or off, and say how they are named
    Sidecars {
        /// `on` or `off`; without it, how it is now
        #[arg(value_enum)]
        switch: Option<Switch>,

        /// What new ones are called: IMG.xmp or IMG.jpg.xmp
        #[arg(long, value_enum)]
        naming: Option<SidecarNames>,
    },
}

#[derive(Debug, Args)]
pub struct SuggestArgs {
    /// For this photo, by its number or file; may be given several times [default: all]
    #[arg(long = "photo", value_name = "FILE_OR_ID")]
    pub photos: Vec<PathBuf>,

    /// Only this tag
    #[arg(long, value_name = "NAME")]
    pub tag: Option<String>,

    /// How sure a suggestion must be, from 0.1 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = confidence)]
    pub least: f32,
}

#[derive(Debug, Args)]
pub struct DecideArgs {
    /// The tag: its name or id
    #[arg(value_name = "TAG")]
    pub name: String,

    /// Photos: their numbers, as `search --json` prints them, or files
    #[arg(value_name = "FILE_OR_ID", required_unless_present = "least")]
    pub photos: Vec<PathBuf>,

    /// All photos for which it is suggested at least so surely, from 0.1 to 1
    #[arg(long, value_name = "SHARE", conflicts_with = "photos", value_parser = confidence)]
    pub least: Option<f32>,
}

#[derive(Debug, Args)]
pub struct NamedPhotos {
    /// The tag: a name or id
    #[arg(value_name = "TAG")]
    pub name: String,

    /// Photos: their numbers, as `search --json` prints them, or files
    #[arg(value_name = "FILE_OR_ID", required = true)]
    pub photos: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum CategoryCommand {
    /// List the categories as a tree
    List {
        /// Hidden ones as well
        #[arg(long)]
        all: bool,
    },
    /// Say everything of one category
    Show {
        /// Its name or id
        name: String,
    },
    /// Make a category
    Add {
        /// What to call it
        name: String,

        #[command(flatten)]
        fields: CategoryFields,
    },
    /// Change a category; what is not given stays
    Edit {
        /// Its name or id
        name: String,

        /// What to call it
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,

        #[command(flatten)]
        fields: CategoryFields,
    },
    /// Suggest and show a category no more, nor those below it
    Hide {
        /// Its name or id
        name: String,
    },
    /// Suggest and show a hidden category again
    Unhide {
        /// Its name or id
        name: String,
    },
    /// Delete an own category with its tags; hide one that came with the application
    Remove {
        /// Its name or id
        name: String,
    },
    /// Forget what was changed of a category that came with the application
    Reset {
        /// Its name or id
        name: String,
    },
    /// Write the categories that you made or changed to standard output, as a file for
    /// `tag category import`
    Export {
        /// All of them
        #[arg(long)]
        all: bool,
    },
    /// Take categories from a file of [[category]] tables
    Import {
        /// The file
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct CategoryFields {
    /// A caption of a photo that shows it, such as "a dog running on grass"; may be
    /// given several times, two to five are best
    #[arg(long = "prompt", value_name = "TEXT")]
    pub prompts: Vec<String>,

    /// Another word for it; may be given several times
    #[arg(long = "synonym", value_name = "WORD")]
    pub synonyms: Vec<String>,

    /// The wider category that it is a part of; `-` for none
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub parent: Option<String>,

    /// Its name in another language, such as `de=Hund`; may be given several times
    #[arg(long = "translate", value_name = "LANGUAGE=NAME", value_parser = translation)]
    pub names: Vec<(String, String)>,

    /// Of its children at most one is true of a photo
    #[arg(long, value_name = "BOOL")]
    pub exclusive: Option<bool>,
}

/// How sure a suggestion is: less than a tenth is none.
fn confidence(word: &str) -> Result<f32, String> {
    let number = word.parse().ok().filter(|number| (0.1..=1.0).contains(number));
    number.ok_or_else(|| "give a number from 0.1 to 1".to_owned())
}

/// A language and a name.
fn translation(word: &str) -> Result<(String, String), String> {
    let parts = word.split_once('=').filter(|(language, name)| {
        (2..=8).contains(&language.len())
            && language.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
            && !name.trim().is_empty()
    });
    let (language, name) = parts.ok_or("write a language and a name, such as de=Hund")?;
    Ok((language.to_lowercase(), name.trim().to_owned()))
}

#[derive(Debug, Args)]
pub struct WriteSidecarsArgs {
    /// Photos: their numbers or files [default: all that have something to write]
    #[arg(value_name = "FILE_OR_ID")]
    pub photos: Vec<PathBuf>,

    /// Say what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What decisions are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum TagFormat {
    /// Comma-separated values, with a header
    #[default]
    Csv,
    /// One JSON array
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// Sidecars are written
    On,
    /// They are not
    Off,
}

/// What a new sidecar is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SidecarNames {
    /// IMG.xmp
    Stem,
    /// IMG.jpg.xmp
    Full,
}

#[derive(Debug, Args)]
pub struct RateArgs {
    /// 0 to 5 stars, `rejected`, or `file` for what the file itself says
    #[arg(value_name = "STARS", value_parser = stars)]
    pub stars: Stars,

    /// Photos: their numbers, as `search --json` prints them, or files
    #[arg(value_name = "FILE_OR_ID", required = true)]
    pub photos: Vec<PathBuf>,
}

/// Stars, -1 for rejected; `None` for those of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stars(pub Option<i8>);

fn stars(word: &str) -> Result<Stars, String> {
    match word {
        "rejected" => Ok(Stars(Some(-1))),
        "file" => Ok(Stars(None)),
        _ => {
            let stars = word.parse().ok().filter(|stars| (0..=5).contains(stars));
            stars.map(|stars| Stars(Some(stars))).ok_or_else(|| {
                "give 0 to 5 stars, `rejected`, or `file` for what the file says".to_owned()
            })
        }
    }
}
