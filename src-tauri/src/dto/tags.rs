//! Tags, categories and sidecars in the words of the front end.

use std::collections::BTreeMap;
use std::path::PathBuf;

use afterimage_engine as engine;
use serde::{Deserialize, Serialize};

use super::{Message, text};

/// Where a category comes from: the application, the application with the person's
/// changes, or the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum CategoryOrigin {
    Bundled,
    Changed,
    Own,
}

/// A thing that photos can show, or a name that the person gives to photos.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Category {
    pub id: String,
    pub name: String,
    /// In other languages, by their codes.
    #[cfg_attr(test, ts(type = "Record<string, string>"))]
    pub names: BTreeMap<String, String>,
    /// Its parent's id.
    pub parent: Option<String>,
    /// What is asked; empty for one that knows only examples, and for a heading.
    pub prompts: Vec<String>,
    pub synonyms: Vec<String>,
    /// Its children exclude each other.
    pub exclusive: bool,
    /// It cannot be seen itself and only holds others.
    pub heading: bool,
    /// It suggests nothing and is not shown in the tree.
    pub hidden: bool,
    pub origin: CategoryOrigin,
    /// It has prompts, or examples enough, and is not hidden.
    pub suggests: bool,
    /// Photos that the person confirmed or tagged, with those of its descendants.
    pub tagged: usize,
    /// Photos suggested with a confidence of at least 0.5 and not decided, itself alone.
    pub suggested: usize,
    pub rejected: usize,
    /// Its suggestions come from the person's examples, too.
    pub learned: bool,
}

impl From<engine::TagCount> for Category {
    fn from(count: engine::TagCount) -> Self {
        let of = count.category;
        Self {
            id: of.id,
            name: of.name,
            names: of.names,
            parent: of.parent,
            prompts: of.prompts,
            synonyms: of.synonyms,
            exclusive: of.exclusive,
            heading: of.heading,
            hidden: count.hidden,
            origin: match of.origin {
                engine::CategoryOrigin::Bundled => CategoryOrigin::Bundled,
                engine::CategoryOrigin::Changed => CategoryOrigin::Changed,
                engine::CategoryOrigin::Own => CategoryOrigin::Own,
            },
            suggests: count.suggests,
            tagged: count.tagged,
            suggested: count.suggested,
            rejected: count.rejected,
            learned: count.learned,
        }
    }
}

/// All categories.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct TagTree {
    /// Depth first, parents before children, in the order to show.
    pub categories: Vec<Category>,
    /// What undo would take back, in words.
    pub undo: Option<Message>,
    /// False while suggestions are computed: their counts are 0 then.
    pub ready: bool,
}

impl TagTree {
    /// With suggestions, or without while they are computed.
    pub fn new(tree: engine::TagTree, ready: bool) -> Self {
        let categories = tree.categories.into_iter().map(Category::from).collect();
        Self { categories, undo: tree.undo.map(Message::from), ready }
    }
}

/// What the person said of a photo and a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Decision {
    Confirmed,
    Tagged,
    Rejected,
}

impl From<engine::Decision> for Decision {
    fn from(decision: engine::Decision) -> Self {
        match decision {
            engine::Decision::Confirmed => Self::Confirmed,
            engine::Decision::Tagged => Self::Tagged,
            engine::Decision::Rejected => Self::Rejected,
        }
    }
}

impl From<Decision> for engine::Decision {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Confirmed => Self::Confirmed,
            Decision::Tagged => Self::Tagged,
            Decision::Rejected => Self::Rejected,
        }
    }
}

/// A tag of one photo.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct PhotoTag {
    pub category: String,
    pub name: String,
    /// Null for one that is suggested.
    pub decision: Option<Decision>,
    /// 0 to 1; null where nothing suggests it.
    pub confidence: Option<f32>,
    /// It follows from a narrower tag of this photo.
    pub implied: bool,
}

impl From<engine::PhotoTag> for PhotoTag {
    fn from(tag: engine::PhotoTag) -> Self {
        let engine::PhotoTag { category, name, decision, confidence, implied } = tag;
        Self { category, name, decision: decision.map(Decision::from), confidence, implied }
    }
}

/// Which photos of a category are looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum ReviewOf {
    Suggested,
    Tagged,
    Rejected,
}

impl From<ReviewOf> for engine::ReviewOf {
    fn from(of: ReviewOf) -> Self {
        match of {
            ReviewOf::Suggested => Self::Suggested,
            ReviewOf::Tagged => Self::Tagged,
            ReviewOf::Rejected => Self::Rejected,
        }
    }
}

/// A photo of a category.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ReviewPhoto {
    pub id: i64,
    pub path: String,
    /// Width divided by height.
    pub aspect: f32,
    pub version: u32,
    /// The average colour as 0xRRGGBB.
    pub color: u32,
    pub confidence: Option<f32>,
    pub decision: Option<Decision>,
    pub offline: bool,
}

/// A part of what a category suggests, most confident first, or of what was decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ReviewPage {
    pub photos: Vec<ReviewPhoto>,
    pub total: usize,
}

impl From<engine::ReviewPage> for ReviewPage {
    fn from(page: engine::ReviewPage) -> Self {
        let photo = |photo: engine::ReviewPhoto| {
            let [r, g, b] = photo.hit.color.unwrap_or_default();
            ReviewPhoto {
                id: photo.hit.photo.0,
                path: text(&photo.hit.path),
                aspect: photo.hit.aspect,
                version: photo.hit.version,
                color: u32::from_be_bytes([0, r, g, b]),
                confidence: photo.confidence,
                decision: photo.decision.map(Decision::from),
                offline: photo.hit.offline,
            }
        };
        Self { photos: page.photos.into_iter().map(photo).collect(), total: page.total }
    }
}

/// Suggestions with a confidence of at least 0.5 before a category learned, and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Learned {
    pub before: usize,
    pub after: usize,
}

/// What deciding did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Decided {
    pub changed: u64,
    /// The number by which it is taken back; null where nothing is another.
    pub batch: Option<i64>,
    /// Null where the category did not learn from it.
    pub learned: Option<Learned>,
    /// What undo would take back, in words.
    pub undo: Option<Message>,
}

impl Decided {
    /// With what undo would take back.
    pub fn new(decided: engine::Decided, undo: Option<engine::Message>) -> Self {
        let learned =
            decided.learned.map(|engine::Learned { before, after }| Learned { before, after });
        let undo = undo.map(Message::from);
        Self { changed: decided.changed, batch: decided.batch, learned, undo }
    }
}

/// A category as the person wants it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct NewCategory {
    /// Null for a new one.
    pub id: Option<String>,
    pub name: String,
    #[cfg_attr(test, ts(type = "Record<string, string>"))]
    pub names: BTreeMap<String, String>,
    pub parent: Option<String>,
    pub prompts: Vec<String>,
    pub synonyms: Vec<String>,
    pub exclusive: bool,
    pub hidden: bool,
}

impl From<NewCategory> for engine::NewCategory {
    fn from(new: NewCategory) -> Self {
        let NewCategory { id, name, names, parent, prompts, synonyms, exclusive, hidden } = new;
        Self { id, name, names, parent, prompts, synonyms, exclusive, hidden }
    }
}

/// How sidecars are named: `IMG.xmp` or `IMG.jpg.xmp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum SidecarNaming {
    Stem,
    Full,
}

/// Whether and how sidecars are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SidecarSettings {
    /// Sidecars follow what the person decides.
    pub write: bool,
    pub naming: SidecarNaming,
}

impl From<engine::SidecarSettings> for SidecarSettings {
    fn from(settings: engine::SidecarSettings) -> Self {
        let naming = match settings.naming {
            engine::SidecarNaming::Stem => SidecarNaming::Stem,
            engine::SidecarNaming::Full => SidecarNaming::Full,
        };
        Self { write: settings.write, naming }
    }
}

impl From<SidecarSettings> for engine::SidecarSettings {
    fn from(settings: SidecarSettings) -> Self {
        let naming = match settings.naming {
            SidecarNaming::Stem => engine::SidecarNaming::Stem,
            SidecarNaming::Full => engine::SidecarNaming::Full,
        };
        Self { write: settings.write, naming }
    }
}

/// A sidecar that could not be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SidecarFailure {
    pub path: String,
    pub reason: Message,
}

/// What a sidecar gets and loses, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SidecarExample {
    pub path: String,
    pub adds: Vec<Message>,
    pub removes: Vec<Message>,
}

/// What was written, or in a dry run would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SidecarReport {
    pub planned: usize,
    pub written: usize,
    /// Sidecars that say it all already.
    pub same: u64,
    pub failed: Vec<SidecarFailure>,
    /// The first hundred.
    pub examples: Vec<SidecarExample>,
}

/// So many sidecars are shown.
const EXAMPLES: usize = 100;

impl SidecarReport {
    /// Of what was done or, in a dry run, would be.
    pub fn new(report: &engine::SidecarReport, dry_run: bool) -> Self {
        let failure = |(path, reason): &(PathBuf, engine::Message)| SidecarFailure {
            path: text(path),
            reason: reason.clone().into(),
        };
        let example = |change: &engine::SidecarChange| SidecarExample {
            path: text(&change.path),
            adds: change.adds.iter().cloned().map(Message::from).collect(),
            removes: change.removes.iter().cloned().map(Message::from).collect(),
        };
        Self {
            planned: report.written.len() + report.failed.len(),
            written: if dry_run { 0 } else { report.written.len() },
            same: report.same,
            failed: report.failed.iter().map(failure).collect(),
            examples: report.written.iter().take(EXAMPLES).map(example).collect(),
        }
    }
}
