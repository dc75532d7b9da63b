//! What may be typed after `eval`, `insight` and `map`.

use std::path::PathBuf;

use afterimage_engine::Precision;
use clap::Args;

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("input").required(true))]
pub struct EvalArgs {
    /// Lines of a query and the files that answer it, with commas between them, and a
    /// tab before the first
    #[arg(long, value_name = "FILE.tsv", group = "input")]
    pub queries: Option<PathBuf>,

    /// Lines of a file and its caption, with a tab between them
    #[arg(long, value_name = "FILE.tsv", group = "input")]
    pub captions: Option<PathBuf>,

    /// Lines of a file and its class, with a tab between them
    #[arg(long, value_name = "FILE.tsv", group = "input")]
    pub labels: Option<PathBuf>,

    /// The folder of the photos, which are embedded for this alone [default: the photos
    /// of the library]
    #[arg(long, value_name = "DIR")]
    pub photos: Option<PathBuf>,

    /// A model's id, or a folder that holds one; given twice, the two are compared
    /// [default: the model in use]
    #[arg(long = "model", value_name = "ID_OR_FOLDER")]
    pub models: Vec<String>,

    /// Embed the photos anew in this precision, f32 or int8; given twice, the two are
    /// compared
    #[arg(long = "precision", value_name = "PRECISION")]
    pub precisions: Vec<Precision>,

    /// Put texts into templates, as search does, or ask with them alone; given twice,
    /// the two are compared [default: true; of labels both]
    #[arg(long = "templates", value_name = "BOOL")]
    pub templates: Vec<bool>,

    /// Write drawings to this folder
    #[arg(long, value_name = "DIR")]
    pub plot: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct InsightArgs {
    /// Write drawings to this folder
    #[arg(long, value_name = "DIR")]
    pub plot: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct MapArgs {
    /// Write the map as a drawing to this folder
    #[arg(long, value_name = "DIR")]
    pub plot: Option<PathBuf>,
}
