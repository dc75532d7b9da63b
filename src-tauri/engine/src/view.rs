//! What the engine answers with: plain values without behaviour of their own.
//! The command line and the window turn them into their own words.

mod duplicates;
mod explain;
mod export;
mod folders;
mod opinions;
mod saved;
mod sidecars;
mod storage;
mod tags;

use std::ops::{BitOr, BitOrAssign, Range};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::jobs::Progress;
use crate::message::Message;
use crate::model::DeviceReport;
use crate::search::query;

pub use duplicates::{
    DuplicateGroup, DuplicateKind, DuplicatePhoto, NotTrashed, Restored, Trashed,
};
pub use explain::{ExplainedPart, Explanation, PartKind};
pub use export::{ExportFormat, ExportProgress, ExportRequest, Exported, NotExported};
pub use folders::Folder;
pub use opinions::Rated;
pub use saved::{NewSavedSearch, SavedSearch, SavedSearchId};
pub use sidecars::{SidecarChange, SidecarNaming, SidecarReport, SidecarSettings};
pub use storage::{Storage, StoredAt};
pub use tags::{
    Category, CategoryOrigin, Decided, Decision, LIKELY, Learned, NewCategory, PhotoTag, ReviewOf,
    ReviewPage, ReviewPhoto, TagCount, TagRecord, TagTree, Undone,
};

/// A photo, by the number that it keeps through renames, moves and edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhotoId(pub i64);

/// A folder that the person pointed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RootId(pub i64);

/// Whether a root can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootState {
    /// It is there and can be listed.
    Online,
    /// It is not there: unplugged, unmounted, renamed. Its photos stay.
    Offline,
    /// It is there, but may not be listed. Its photos stay.
    Unreadable,
    /// It is there, and looked at now and then: changes in it are not told.
    Polling,
}

impl RootState {
    /// The word that stands for the state in the catalog and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Unreadable => "unreadable",
            Self::Polling => "polling",
        }
    }
}

/// A root and its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Its number.
    pub id: RootId,
    /// Absolute.
    pub path: PathBuf,
    /// Whether it can be reached.
    pub state: RootState,
    /// Why it is polled, if it is.
    pub reason: Option<Message>,
    /// Photos in it, failed ones included.
    pub photos: u64,
    /// What is not wanted of it.
    pub exclusions: Exclusions,
}

/// What a person does not want to have in the library of a root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exclusions {
    /// Names of files and folders at any depth (`*.png`, `Cache`), and, with a
    /// slash, paths from the root (`Trips/raw`, `/export`, `2020/**/rejected`).
    /// Case makes no difference.
    pub patterns: Vec<String>,
    /// Files and folders whose names begin with a dot are left out.
    pub hidden: bool,
    /// Folders in which a file `.nomedia` stands are left out.
    pub no_media: bool,
    /// Files of fewer bytes are left out.
    pub min_bytes: u64,
}

impl Default for Exclusions {
    fn default() -> Self {
        Self { patterns: Vec::new(), hidden: true, no_media: true, min_bytes: 0 }
    }
}

/// What tells when a photo was taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TimeSource {
    /// The picture or its sidecar.
    Picture,
    /// The name of the file, as phones make them.
    Name,
    /// Nothing: it is the time at which the file was changed.
    #[default]
    File,
}

impl TimeSource {
    /// The word that stands for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Name => "name",
            Self::File => "file",
        }
    }
}

/// What one run of indexing did.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct IndexReport {
    /// Files seen for the first time.
    pub added: u64,
    /// Known photos found at another place.
    pub moved: u64,
    /// Photos whose file is gone.
    pub removed: u64,
    /// Known photos whose file changed.
    pub modified: u64,
    /// Vectors computed.
    pub embedded: u64,
    /// Photos read that had a vector already.
    pub reused: u64,
    /// Photos that failed in this run.
    pub failed: u64,
    /// Files of kinds that cannot be read yet.
    pub skipped: u64,
    /// Photos in the library after it.
    pub photos: u64,
    /// How long it took.
    pub seconds: f64,
    /// It was stopped before everything was done.
    pub stopped: bool,
}

/// A change that watching applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// Where the file is, or was.
    pub path: PathBuf,
    /// Where it was before it moved.
    pub from: Option<PathBuf>,
    /// The photo.
    pub photo: PhotoId,
}

/// What happened to a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// Its file has other content.
    Modified,
    /// Its file is at another place.
    Moved,
    /// Its file is gone.
    Removed,
}

/// What happens in the background.
#[derive(Debug)]
pub enum Event {
    /// How far the work is; several times a second while it works.
    Progress(Progress),
    /// Photos were added, changed, removed or became findable.
    LibraryChanged,
    /// A root was added or removed, went or came back.
    RootsChanged,
    /// A round of work failed; it is tried again by itself.
    Failed(Error),
}

/// What a process does that indexes or follows a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriterKind {
    /// Indexes once and ends.
    Index,
    /// Follows changes until somebody ends it.
    Watch,
    /// Follows changes behind the window.
    Window,
    /// Checks or restores the library and ends.
    Upkeep,
    /// Something that another version does, or that it could not tell.
    Unknown,
}

/// The process that indexes or follows a library: one at a time may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// What it does.
    pub kind: WriterKind,
    /// Its number in the system.
    pub pid: Option<u32>,
}

/// A part of an upright picture, in fractions of its width and height.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Crop {
    /// Of its left edge, 0 to 1.
    pub left: f32,
    /// Of its upper edge, 0 to 1.
    pub top: f32,
    /// Above 0.
    pub width: f32,
    /// Above 0.
    pub height: f32,
}

/// A picture that photos should resemble.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Where it is.
    pub source: ExampleSource,
    /// What of it counts; `None` for all.
    pub crop: Option<Crop>,
}

/// Where the picture of an example is.
#[derive(Debug, Clone, PartialEq)]
pub enum ExampleSource {
    /// A photo of the library.
    Photo(PhotoId),
    /// An image file.
    File(PathBuf),
    /// The bytes of an image file, such as one that was pasted.
    Picture(Arc<[u8]>),
}

/// A question.
#[derive(Debug, Clone)]
pub struct SearchRequest {
    /// What the photos should show and be, in the language of the search box:
    /// `a dog -leash date:2021`. May be empty where images or `similar_to` say it.
    pub query: String,
    /// Image files that the photos should resemble.
    pub images: Vec<PathBuf>,
    /// A photo of the library that they should resemble; it is left out of the
    /// answer.
    pub similar_to: Option<PhotoId>,
    /// Further pictures that the photos should resemble. Whole photos of the
    /// library are left out of the answer.
    pub examples: Vec<Example>,
    /// Photos that the answer should be more like.
    pub like: Vec<PhotoId>,
    /// Photos that it should be less like.
    pub unlike: Vec<PhotoId>,
    /// Photos beside which none answers; empty for the whole library.
    pub only: Vec<PhotoId>,
    /// How sure a match must be, from 0 (whatever may be one) to 1 (only what
    /// certainly is); 0.5 is usual.
    pub strictness: f32,
    /// How many hits come before the first that is wanted.
    pub offset: usize,
    /// At most so many hits; `None` for all.
    pub limit: Option<usize>,
}

impl Default for SearchRequest {
    /// Asks nothing, as strictly as usual, and wants all hits.
    fn default() -> Self {
        Self {
            query: String::new(),
            images: Vec::new(),
            similar_to: None,
            examples: Vec::new(),
            like: Vec::new(),
            unlike: Vec::new(),
            only: Vec::new(),
            strictness: 0.5,
            offset: 0,
            limit: None,
        }
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Page {
    /// The question as it was understood.
    pub query: String,
    /// The model that answered.
    pub model: String,
    /// From the question to this page.
    pub took: Duration,
    /// The part of it that scored and sorted the photos.
    pub ranking: Duration,
    /// Photos in the whole answer.
    pub total: usize,
    /// How many of them are strong hits.
    pub strong: usize,
    /// How many are likely ones.
    pub likely: usize,
    /// How many hits come before the first of this page.
    pub offset: usize,
    /// Whether hits are in the order of their dates, or of when they were added.
    pub by_date: bool,
    /// What of the question could not be taken as it stands.
    pub problems: Vec<Problem>,
    /// The hits of this page, in order: strong and likely ones come first, or all in
    /// the order of their dates.
    pub hits: Vec<Hit>,
}

/// A part of a question that is not understood, or cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands, in bytes of the question; `None` for all of it.
    pub at: Option<Range<usize>>,
    /// What is wrong and what to do.
    pub message: Message,
}

/// How a question is read while it is typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The parts of the text, in order.
    pub pieces: Vec<query::Piece>,
    /// What of it cannot be taken as it stands.
    pub problems: Vec<Problem>,
}

/// What a score means among the scores of the same question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// There was no question.
    Unscored,
    /// Far above what unrelated photos score.
    Strong,
    /// Above what unrelated photos score.
    Likely,
    /// No better than unrelated photos.
    Weak,
}

/// Why a photo answers: a set of reasons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Why(u8);

impl Why {
    /// No reason: nothing was asked, or nothing speaks for the photo.
    pub const NOTHING: Self = Self(0);
    /// What it shows.
    pub const PICTURE: Self = Self(1);
    /// Its title has the words.
    pub const TITLE: Self = Self(2);
    /// Its description has.
    pub const DESCRIPTION: Self = Self(4);
    /// Its keywords have.
    pub const KEYWORDS: Self = Self(8);
    /// Its file's name has.
    pub const NAME: Self = Self(16);
    /// Its folder has.
    pub const FOLDER: Self = Self(32);

    /// The reasons as bits, for those who pass them on.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether all of these reasons are among them.
    pub fn contains(self, reasons: Self) -> bool {
        self.0 & reasons.0 == reasons.0
    }

    /// The words that stand for them in JSON.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        const WORDS: [(Why, &str); 6] = [
            (Why::PICTURE, "picture"),
            (Why::TITLE, "title"),
            (Why::DESCRIPTION, "description"),
            (Why::KEYWORDS, "keywords"),
            (Why::NAME, "name"),
            (Why::FOLDER, "folder"),
        ];
        WORDS.into_iter().filter(move |(reason, _)| self.contains(*reason)).map(|(_, word)| word)
    }
}

impl BitOr for Why {
    type Output = Self;

    fn bitor(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }
}

impl BitOrAssign for Why {
    fn bitor_assign(&mut self, more: Self) {
        *self = *self | more;
    }
}

/// A photo in a list.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The photo.
    pub photo: PhotoId,
    /// Cosine similarity, -1 to 1; greater is closer. 0 where nothing was asked.
    pub score: f32,
    /// What the score means.
    pub strength: Strength,
    /// Why the photo answers.
    pub why: Why,
    /// Where the file is.
    pub path: PathBuf,
    /// Width by height, upright; 1.5 while unknown.
    pub aspect: f32,
    /// Average colour, sRGB; `None` until the photo is read.
    pub color: Option<[u8; 3]>,
    /// First four bytes of the content hash; changes when the file's content
    /// does; 0 until the photo is read.
    pub version: u32,
    /// When it was taken, else when the file was changed; seconds since 1970.
    pub time: i64,
    /// Its root cannot be reached now.
    pub offline: bool,
    /// 1 to 5, as the person said here or else the file; 0 for none, -1 for rejected.
    pub rating: i8,
    /// The person marked it.
    pub favourite: bool,
}

/// All that is known of a photo.
#[derive(Debug, Clone)]
pub struct Photo {
    /// Its number.
    pub id: PhotoId,
    /// The root that it lies in.
    pub root: RootId,
    /// Where the file is.
    pub path: PathBuf,
    /// The file's name, for showing; what is no Unicode is replaced.
    pub name: String,
    /// The folder that holds it.
    pub folder: PathBuf,
    /// In bytes.
    pub size: u64,
    /// When it was taken, else when the file was changed; seconds since 1970.
    pub time: i64,
    /// What tells `time`.
    pub time_source: TimeSource,
    /// When it was taken, by the camera's clock, as if that were UTC.
    pub taken_at: Option<i64>,
    /// How far that clock was ahead of UTC, in minutes.
    pub utc_offset_min: Option<i16>,
    /// Upright, in pixels.
    pub width: Option<u32>,
    /// Upright, in pixels.
    pub height: Option<u32>,
    /// Make and model.
    pub camera: Option<String>,
    /// Lens model.
    pub lens: Option<String>,
    /// Degrees, north positive.
    pub lat: Option<f64>,
    /// Degrees, east positive.
    pub lon: Option<f64>,
    /// Sensitivity.
    pub iso: Option<u32>,
    /// The f-number.
    pub aperture: Option<f64>,
    /// Of the lens, in millimetres.
    pub focal_mm: Option<f64>,
    /// In seconds.
    pub exposure_s: Option<f64>,
    /// What somebody called it.
    pub title: Option<String>,
    /// What somebody wrote of it.
    pub description: Option<String>,
    /// Words that somebody gave it.
    pub keywords: Vec<String>,
    /// Words with those above them: `Places|Portugal|Lisbon`.
    pub hierarchical_keywords: Vec<String>,
    /// 1 to 5; 0 for none, -1 for rejected.
    pub rating: Option<i8>,
    /// A colour or another word of the program that gave it.
    pub label: Option<String>,
    /// The person marked it.
    pub favourite: bool,
    /// The nearest town: its name, region and country.
    pub near: Option<(String, String, String)>,
    /// Such as "JPEG"; empty while unknown.
    pub format: String,
    /// Its root cannot be reached now.
    pub offline: bool,
    /// It can be found by what it shows.
    pub embedded: bool,
}

/// A photo that could not be indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The photo.
    pub photo: PhotoId,
    /// Where the file is.
    pub path: PathBuf,
    /// In plain words.
    pub reason: Message,
    /// Only a change of the file can help.
    pub permanent: bool,
    /// Seconds since 1970.
    pub when: i64,
}

/// The library at a glance.
#[derive(Debug, Clone)]
pub struct Status {
    /// Photos, failed ones included.
    pub photos: u64,
    /// Photos that wait to be indexed.
    pub pending: u64,
    /// Photos that could not be.
    pub failed: u64,
    /// Files of kinds that cannot be read yet.
    pub skipped: u64,
    /// The model that photos are embedded with; `None` where none is installed.
    pub model: Option<String>,
    /// Why that model cannot be used, and what to do, where it broke.
    pub model_problem: Option<Message>,
    /// The model whose vectors answer; another one while `model` is prepared.
    pub serving: Option<String>,
    /// How far `model` is while another one answers.
    pub preparing: Option<Preparing>,
    /// What computes.
    pub device: DeviceReport,
    /// Models that have vectors in this library, and how many.
    pub models: Vec<(String, u64)>,
    /// The folders.
    pub roots: Vec<Root>,
    /// Why nothing can be changed and what to do, where the library is damaged;
    /// `None` where it is not.
    pub read_only: Option<Message>,
}

/// A model that takes over when it knows every photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preparing {
    /// Its id.
    pub model: String,
    /// Photos that it knows, of those that were read.
    pub done: u64,
    /// Photos that it has to know, those that cannot be reached now included.
    pub total: u64,
}

/// What removing a model freed, and what it left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The model's id.
    pub id: String,
    /// What its folder took, in bytes.
    pub bytes: u64,
    /// Its vectors, which stay for when it comes back or were removed, too.
    pub vectors: u64,
    /// What they take, or took, in bytes. The library's file does not shrink by
    /// that; it has room for so much more.
    pub vector_bytes: u64,
}

/// Something to embed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmbedInput {
    /// A text, as it is.
    Text(String),
    /// An image file.
    Image(PathBuf),
}

/// Vectors of length 1, in the order of the inputs.
#[derive(Debug, Clone)]
pub struct EmbedReport {
    /// The model's id.
    pub model: String,
    /// Components of each vector.
    pub dim: usize,
    /// Each input with its vector.
    pub embeddings: Vec<(EmbedInput, Vec<f32>)>,
}

/// A photo's file, for showing it.
#[derive(Debug, Clone)]
pub struct PhotoFile {
    /// The file, or a JPEG of it where browsers cannot show its format.
    pub bytes: Vec<u8>,
    /// Its media type.
    pub mime: &'static str,
}

/// Something to put into a question that is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What it replaces, in bytes of the question.
    pub at: Range<usize>,
    /// What to put there. One that ends in `:` wants a value next.
    pub text: String,
    /// What it means, or where it is.
    pub detail: Option<String>,
    /// Photos that have this value, where that was counted.
    pub count: Option<u64>,
}
