//! The documents of `--json`: a contract with scripts. The engine's types may
//! change; these fields stay. Paths are strings, lossy where a path is not
//! UTF-8.

mod bench;
mod duplicates;
mod explain;
mod export;
mod insight;
mod saved;
mod tags;

use std::path::Path;

use afterimage_engine::{
    Change, ChangeKind, CheckReport, EmbedInput, EmbedReport, Exclusions, Failure, Hit,
    IndexReport, KnownModel, ModelCheck, ModelInfo, ModelState, Page, Problem, Recommendation,
    Removed, Root, Status, Store, Strength,
};
use serde::Serialize;

pub use bench::{MachineLine, MeasuredBy, Measurement};
pub use duplicates::{DuplicateEntry, TrashDocument};
pub use explain::ExplanationDocument;
pub use export::ExportDocument;
pub use insight::{EvalDocument, InsightDocument, MapDocument};
pub use saved::{FavouriteEntry, SavedEntry};
pub use tags::{
    CategoryEntry, CategoryImportDocument, DecidedDocument, DecisionRecord, RatingEntry,
    SidecarSettingsDocument, SidecarsDocument, SuggestEntry, TagEntry, TagImportDocument,
    UndoneDocument,
};

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// `index`
#[derive(Serialize)]
pub struct IndexDocument {
    added: u64,
    moved: u64,
    removed: u64,
    embedded: u64,
    reused: u64,
    failed: u64,
    skipped: u64,
    photos: u64,
    seconds: f64,
}

impl From<&IndexReport> for IndexDocument {
    fn from(report: &IndexReport) -> Self {
        Self {
            added: report.added,
            moved: report.moved,
            removed: report.removed,
            embedded: report.embedded,
            reused: report.reused,
            failed: report.failed,
            skipped: report.skipped,
            photos: report.photos,
            seconds: report.seconds,
        }
    }
}

/// `folder scan`. `photos` is what the library holds now.
#[derive(Serialize)]
pub struct ScanDocument {
    added: u64,
    modified: u64,
    moved: u64,
    removed: u64,
    skipped: u64,
    photos: u64,
    seconds: f64,
}

impl From<&IndexReport> for ScanDocument {
    fn from(report: &IndexReport) -> Self {
        Self {
            added: report.added,
            modified: report.modified,
            moved: report.moved,
            removed: report.removed,
            skipped: report.skipped,
            photos: report.photos,
            seconds: report.seconds,
        }
    }
}

/// A folder in `folder`. `exclude` is what is left out of it.
#[derive(Serialize)]
pub struct FolderEntry {
    #[serde(flatten)]
    root: RootEntry,
    exclude: ExcludeEntry,
}

#[derive(Serialize)]
struct ExcludeEntry {
    patterns: Vec<String>,
    hidden: bool,
    nomedia: bool,
    min_bytes: u64,
}

impl From<&Root> for FolderEntry {
    fn from(root: &Root) -> Self {
        let Exclusions { patterns, hidden, no_media, min_bytes } = &root.exclusions;
        Self {
            root: RootEntry::from(root),
            exclude: ExcludeEntry {
                patterns: patterns.clone(),
                hidden: *hidden,
                nomedia: *no_media,
                min_bytes: *min_bytes,
            },
        }
    }
}

/// A line of `watch`. `from` is where a moved photo was before.
#[derive(Serialize)]
pub struct ChangeLine {
    kind: &'static str,
    path: String,
    from: Option<String>,
    id: i64,
}

impl From<&Change> for ChangeLine {
    fn from(change: &Change) -> Self {
        Self {
            kind: kind(change.kind),
            path: text(&change.path),
            from: change.from.as_deref().map(text),
            id: change.photo.0,
        }
    }
}

/// The word for a change.
pub fn kind(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Modified => "modified",
        ChangeKind::Moved => "moved",
        ChangeKind::Removed => "removed",
    }
}

/// `search` and `similar`. `took_ms` is the whole search, with the query's
/// embedding; `ranking_ms` is the part that ranks the photos.
#[derive(Serialize)]
pub struct SearchDocument {
    query: String,
    model: String,
    took_ms: f64,
    ranking_ms: f64,
    total: usize,
    /// What of the query could not be taken as it stands.
    problems: Vec<NotUnderstood>,
    results: Vec<ResultEntry>,
}

#[derive(Serialize)]
struct NotUnderstood {
    /// Where it begins and ends in the query, in bytes; null for all of it.
    at: Option<[usize; 2]>,
    message: String,
}

#[derive(Serialize)]
struct ResultEntry {
    id: i64,
    path: String,
    score: f32,
    strong: bool,
    /// `strong`, `likely`, `weak`, or `unscored` where only filters were asked for.
    strength: &'static str,
    /// What speaks for the photo: `picture` (what it shows), and the words in its
    /// `title`, `description`, `keywords`, `name` or `folder`.
    why: Vec<&'static str>,
}

impl From<&Page> for SearchDocument {
    fn from(page: &Page) -> Self {
        Self {
            query: page.query.clone(),
            model: page.model.clone(),
            took_ms: page.took.as_secs_f64() * 1e3,
            ranking_ms: page.ranking.as_secs_f64() * 1e3,
            total: page.total,
            problems: page
                .problems
                .iter()
                .map(|Problem { at, message }| NotUnderstood {
                    at: at.as_ref().map(|at| [at.start, at.end]),
                    message: message.to_string(),
                })
                .collect(),
            results: page.hits.iter().map(ResultEntry::from).collect(),
        }
    }
}

impl From<&Hit> for ResultEntry {
    fn from(hit: &Hit) -> Self {
        Self {
            id: hit.photo.0,
            path: text(&hit.path),
            score: hit.score,
            strong: hit.strength == Strength::Strong,
            strength: strength(hit.strength),
            why: hit.why.words().collect(),
        }
    }
}

/// The word for what a score means.
pub fn strength(strength: Strength) -> &'static str {
    match strength {
        Strength::Strong => "strong",
        Strength::Likely => "likely",
        Strength::Weak => "weak",
        Strength::Unscored => "unscored",
    }
}

/// `embed`
#[derive(Serialize)]
pub struct EmbedDocument {
    model: String,
    dim: usize,
    embeddings: Vec<EmbeddingEntry>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum EmbeddingEntry {
    Text { text: String, vector: Vec<f32> },
    Image { image: String, vector: Vec<f32> },
}

impl From<&EmbedReport> for EmbedDocument {
    fn from(report: &EmbedReport) -> Self {
        let embeddings = report.embeddings.iter().map(|(input, vector)| match input {
            EmbedInput::Text(text) => {
                EmbeddingEntry::Text { text: text.clone(), vector: vector.clone() }
            }
            EmbedInput::Image(path) => {
                EmbeddingEntry::Image { image: text(path), vector: vector.clone() }
            }
        });
        Self { model: report.model.clone(), dim: report.dim, embeddings: embeddings.collect() }
    }
}

/// `status`
#[derive(Serialize)]
pub struct StatusDocument {
    photos: u64,
    pending: u64,
    failed: u64,
    model: Option<String>,
    /// Why it cannot be used, where it broke.
    model_problem: Option<String>,
    /// Whose vectors answer: another one's while `model` is prepared.
    serving: Option<String>,
    /// How far that is.
    preparing: Option<PreparingEntry>,
    models: Vec<EmbeddedEntry>,
    device: DeviceEntry,
    roots: Vec<RootEntry>,
    /// Why nothing can be changed, where the library is damaged.
    read_only: Option<String>,
}

#[derive(Serialize)]
struct PreparingEntry {
    model: String,
    done: u64,
    total: u64,
}

/// What computes, and why it is not what was asked for or could be had.
#[derive(Serialize)]
struct DeviceEntry {
    asked: String,
    used: String,
    reason: Option<String>,
}

#[derive(Serialize)]
struct EmbeddedEntry {
    id: String,
    embedded: u64,
}

#[derive(Serialize)]
struct RootEntry {
    path: String,
    state: &'static str,
    /// Why a folder is looked at now and then instead of being watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    photos: u64,
}

impl From<&Root> for RootEntry {
    fn from(root: &Root) -> Self {
        Self {
            path: text(&root.path),
            state: root.state.as_str(),
            reason: root.reason.as_ref().map(ToString::to_string),
            photos: root.photos,
        }
    }
}

impl From<&Status> for StatusDocument {
    fn from(status: &Status) -> Self {
        Self {
            photos: status.photos,
            pending: status.pending,
            failed: status.failed,
            model: status.model.clone(),
            model_problem: status.model_problem.as_ref().map(ToString::to_string),
            serving: status.serving.clone(),
            preparing: status.preparing.as_ref().map(|preparing| PreparingEntry {
                model: preparing.model.clone(),
                done: preparing.done,
                total: preparing.total,
            }),
            device: DeviceEntry {
                asked: status.device.asked.to_string(),
                used: status.device.used.to_string(),
                reason: status.device.reason.as_ref().map(ToString::to_string),
            },
            models: status
                .models
                .iter()
                .map(|(id, embedded)| EmbeddedEntry { id: id.clone(), embedded: *embedded })
                .collect(),
            roots: status.roots.iter().map(RootEntry::from).collect(),
            read_only: status.read_only.as_ref().map(ToString::to_string),
        }
    }
}

/// `library check`. `clean`: nothing was wrong. `pending` photos wait to be
/// indexed; what is `unused` belongs to no photo, and is no damage.
#[derive(Serialize)]
pub struct LibraryCheckDocument {
    clean: bool,
    problems: Vec<ProblemEntry>,
    vectors: u64,
    thumbnails: u64,
    photos: u64,
    pending: u64,
    unused: UnusedEntry,
}

#[derive(Serialize)]
struct ProblemEntry {
    store: &'static str,
    what: String,
    count: u64,
    repaired: bool,
}

#[derive(Serialize)]
struct UnusedEntry {
    vectors: u64,
    thumbnails: u64,
    removed: bool,
}

impl From<&CheckReport> for LibraryCheckDocument {
    fn from(report: &CheckReport) -> Self {
        let problems = report.troubles.iter().map(|trouble| ProblemEntry {
            store: store(trouble.store),
            what: trouble.what.clone(),
            count: trouble.count,
            repaired: trouble.repaired,
        });
        Self {
            clean: report.is_clean(),
            problems: problems.collect(),
            vectors: report.vectors,
            thumbnails: report.thumbnails,
            photos: report.photos,
            pending: report.pending,
            unused: UnusedEntry {
                vectors: report.unused_vectors,
                thumbnails: report.unused_thumbnails,
                removed: report.unused_removed,
            },
        }
    }
}

/// The word for a database.
pub fn store(store: Store) -> &'static str {
    match store {
        Store::Catalog => "library",
        Store::Derived => "derived",
    }
}

/// `library backup`
#[derive(Serialize)]
pub struct BackupDocument {
    file: String,
}

impl BackupDocument {
    /// Of the file that was written.
    pub fn new(file: &Path) -> Self {
        Self { file: text(file) }
    }
}

/// `library restore`. `kept` is what was there before.
#[derive(Serialize)]
pub struct RestoreDocument {
    file: String,
    kept: Option<String>,
}

impl RestoreDocument {
    /// Of the file that was restored.
    pub fn new(file: &Path, kept: Option<&Path>) -> Self {
        Self { file: text(file), kept: kept.map(text) }
    }
}

/// One of `failures`. `permanent`: trying again will not help while the file
/// stays as it is. `when` is in seconds since 1970.
#[derive(Serialize)]
pub struct FailureEntry {
    path: String,
    reason: String,
    permanent: bool,
    when: i64,
}

impl From<&Failure> for FailureEntry {
    fn from(failure: &Failure) -> Self {
        Self {
            path: text(&failure.path),
            reason: failure.reason.to_string(),
            permanent: failure.permanent,
            when: failure.when,
        }
    }
}

/// One of `model list`. `reason` says what is wrong with a broken one.
#[derive(Serialize)]
pub struct ModelEntry {
    id: String,
    family: String,
    dim: usize,
    license: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<&ModelInfo> for ModelEntry {
    fn from(model: &ModelInfo) -> Self {
        let (state, reason) = match &model.state {
            ModelState::Ready => ("ready", None),
            ModelState::Broken(reason) => ("broken", Some(reason.to_string())),
        };
        Self {
            id: model.id.clone(),
            family: model.family.clone(),
            dim: model.dim,
            license: model.license.clone(),
            state,
            reason,
        }
    }
}

/// One of `model list --available`. `bytes` is about what is downloaded; the
/// two figures are percentages: zero-shot top-1 on ImageNet-1k, and recall at 1
/// of photos by their captions on COCO.
#[derive(Serialize)]
pub struct KnownEntry {
    id: &'static str,
    family: &'static str,
    dim: usize,
    license: &'static str,
    state: &'static str,
    title: &'static str,
    about: &'static str,
    languages: &'static [String],
    bytes: u64,
    license_url: &'static str,
    quality: &'static str,
    imagenet: Option<f32>,
    coco: Option<f32>,
    recommended: Option<&'static str>,
}

impl From<&'static KnownModel> for KnownEntry {
    fn from(model: &'static KnownModel) -> Self {
        Self {
            id: &model.id,
            family: &model.family,
            dim: model.dim,
            license: &model.license,
            state: "available",
            title: &model.title,
            about: &model.about,
            languages: &model.languages,
            bytes: model.bytes,
            license_url: &model.license_url,
            quality: &model.quality,
            imagenet: model.imagenet,
            coco: model.coco,
            recommended: model.recommended.map(|recommended| match recommended {
                Recommendation::Default => "default",
                Recommendation::Better => "better",
                Recommendation::Multilingual => "multilingual",
            }),
        }
    }
}

/// `model remove`. `bytes` were freed with the model's folder; `vectors` photos
/// have a vector of it, which take `vector_bytes`.
#[derive(Serialize)]
pub struct RemovedDocument {
    id: String,
    bytes: u64,
    vectors: u64,
    vector_bytes: u64,
}

impl From<&Removed> for RemovedDocument {
    fn from(removed: &Removed) -> Self {
        let Removed { id, bytes, vectors, vector_bytes } = removed.clone();
        Self { id, bytes, vectors, vector_bytes }
    }
}

/// `model check`. What is null is as it should be, but for `files`, which is
/// null also where nothing is remembered of them.
#[derive(Serialize)]
pub struct CheckDocument {
    id: String,
    files: Option<usize>,
    files_problem: Option<String>,
    towers_problem: Option<String>,
    logit_scale: Option<f32>,
    logit_bias: Option<f32>,
}

impl From<&ModelCheck> for CheckDocument {
    fn from(found: &ModelCheck) -> Self {
        let ModelCheck { model, files, pairs, affinity } = found;
        Self {
            id: model.id.clone(),
            files: files.as_ref().and_then(|files| files.as_ref().ok().copied()),
            files_problem: files.as_ref().and_then(|files| files.as_ref().err().cloned()),
            towers_problem: pairs.as_ref().err().cloned(),
            logit_scale: affinity.map(|affinity| affinity.scale),
            logit_bias: affinity.map(|affinity| affinity.bias),
        }
    }
}
