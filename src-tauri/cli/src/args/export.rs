//! What may be typed after `export`.

use std::path::PathBuf;

use afterimage_engine::ExportFormat;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Photos: their numbers, as `search --json` prints them, or files
    #[arg(value_name = "PHOTO_OR_FILE", required = true)]
    pub photos: Vec<PathBuf>,

    /// The folder to copy them to; made where it is absent
    #[arg(long = "to", value_name = "DIR")]
    pub folder: PathBuf,

    /// Make pictures smaller whose longer side has more pixels
    #[arg(long, value_name = "PX")]
    pub size: Option<u32>,

    /// What the copies are; original is the photo's own file or, where that has to
    /// change, its own format or JPEG
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: ExportAs,

    /// The quality of JPEG and WebP, from 1 to 100
    #[arg(long, value_name = "N", default_value_t = 90)]
    pub quality: u8,

    /// The names of the copies, with {name}, {date}, {time}, {year}, {month}, {day},
    /// {number}, {rating} and {camera}
    #[arg(long, value_name = "PATTERN", default_value = "{name}")]
    pub name: String,

    /// Keep nothing but pixels and colours: no place, no date, no camera, no words
    #[arg(long)]
    pub no_metadata: bool,
}

/// What copies are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ExportAs {
    /// The photo's own file or format
    #[default]
    Original,
    /// JPEG
    Jpeg,
    /// PNG
    Png,
    /// WebP
    Webp,
}

impl From<ExportAs> for ExportFormat {
    fn from(format: ExportAs) -> Self {
        match format {
            ExportAs::Original => Self::Original,
            ExportAs::Jpeg => Self::Jpeg,
            ExportAs::Png => Self::Png,
            ExportAs::Webp => Self::WebP,
        }
    }
}
