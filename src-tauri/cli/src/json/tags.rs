//! The documents of `tag` and `rate`.

use std::collections::BTreeMap;
use std::path::Path;

use afterimage_engine::{
    Category, CategoryOrigin, Decided, Decision, Photo, PhotoTag, ReviewPhoto, SidecarReport,
    TagCount, TagRecord,
};
use serde::{Deserialize, Serialize};

use super::text;

/// A tag in `tag list`.
#[derive(Serialize)]
pub struct TagEntry<'a> {
    id: &'a str,
    name: &'a str,
    parent: Option<&'a str>,
    tagged: usize,
    suggested: usize,
    rejected: usize,
    learned: bool,
    hidden: bool,
}

impl<'a> From<&'a TagCount> for TagEntry<'a> {
    fn from(count: &'a TagCount) -> Self {
        Self {
            id: &count.category.id,
            name: &count.category.name,
            parent: count.category.parent.as_deref(),
            tagged: count.tagged,
            suggested: count.suggested,
            rejected: count.rejected,
            learned: count.learned,
            hidden: count.hidden,
        }
    }
}

/// A photo in `tag suggest`.
#[derive(Serialize)]
pub struct SuggestEntry {
    id: i64,
    path: String,
    /// The surest first.
    tags: Vec<SuggestedTag>,
}

#[derive(Serialize)]
struct SuggestedTag {
    id: String,
    name: String,
    confidence: f32,
}

impl SuggestEntry {
    /// What is suggested for a photo.
    pub fn of_photo(photo: &Photo, tags: &[PhotoTag]) -> Self {
        let tags = tags.iter().filter_map(|tag| {
            let confidence = tag.confidence?;
            Some(SuggestedTag { id: tag.category.clone(), name: tag.name.clone(), confidence })
        });
        Self { id: photo.id.0, path: text(&photo.path), tags: tags.collect() }
    }

    /// A photo for which a category is suggested.
    pub fn of_category(photo: &ReviewPhoto, category: &Category) -> Self {
        let tag = SuggestedTag {
            id: category.id.clone(),
            name: category.name.clone(),
            confidence: photo.confidence.unwrap_or_default(),
        };
        Self { id: photo.hit.photo.0, path: text(&photo.hit.path), tags: vec![tag] }
    }
}

/// What `tag confirm`, `reject`, `add` and `remove` did.
#[derive(Serialize)]
pub struct DecidedDocument {
    changed: u64,
    /// How many likely suggestions the category has, before and after.
    learned: Option<LearnedDocument>,
}

#[derive(Serialize)]
struct LearnedDocument {
    before: usize,
    after: usize,
}

impl From<&Decided> for DecidedDocument {
    fn from(decided: &Decided) -> Self {
        let learned = decided
            .learned
            .map(|learned| LearnedDocument { before: learned.before, after: learned.after });
        Self { changed: decided.changed, learned }
    }
}

/// What `tag undo` took back, in words; null where there was nothing.
#[derive(Serialize)]
pub struct UndoneDocument {
    /// In words.
    pub undone: Option<String>,
}

/// A category in `tag category`.
#[derive(Serialize)]
pub struct CategoryEntry<'a> {
    id: &'a str,
    name: &'a str,
    names: &'a BTreeMap<String, String>,
    parent: Option<&'a str>,
    prompts: &'a [String],
    synonyms: &'a [String],
    confused_with: &'a [String],
    exclusive: bool,
    heading: bool,
    hidden: bool,
    origin: &'static str,
}

impl<'a> From<&'a Category> for CategoryEntry<'a> {
    fn from(category: &'a Category) -> Self {
        Self {
            id: &category.id,
            name: &category.name,
            names: &category.names,
            parent: category.parent.as_deref(),
            prompts: &category.prompts,
            synonyms: &category.synonyms,
            confused_with: &category.confused_with,
            exclusive: category.exclusive,
            heading: category.heading,
            hidden: category.hidden,
            origin: match category.origin {
                CategoryOrigin::Bundled => "bundled",
                CategoryOrigin::Changed => "changed",
                CategoryOrigin::Own => "own",
            },
        }
    }
}

/// A decision in `tag export` and `tag import`.
#[derive(Serialize, Deserialize)]
pub struct DecisionRecord {
    /// Where the photo's file is.
    pub path: String,
    /// The tag's name.
    pub tag: String,
    /// What was said.
    pub decision: DecisionWord,
}

/// What was said of a photo and a tag.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecisionWord {
    /// A suggestion was right.
    Confirmed,
    /// The person gave the tag.
    Tagged,
    /// A suggestion was wrong.
    Rejected,
}

impl From<Decision> for DecisionWord {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Confirmed => Self::Confirmed,
            Decision::Tagged => Self::Tagged,
            Decision::Rejected => Self::Rejected,
        }
    }
}

impl From<DecisionWord> for Decision {
    fn from(word: DecisionWord) -> Self {
        match word {
            DecisionWord::Confirmed => Self::Confirmed,
            DecisionWord::Tagged => Self::Tagged,
            DecisionWord::Rejected => Self::Rejected,
        }
    }
}

impl From<&TagRecord> for DecisionRecord {
    fn from(record: &TagRecord) -> Self {
        let decision = record.decision.into();
        Self { path: text(&record.path), tag: record.name.clone(), decision }
    }
}

/// What `tag import` did.
#[derive(Serialize)]
pub struct TagImportDocument {
    changed: u64,
    /// Paths of which the library has no photo.
    unknown: Vec<String>,
}

impl TagImportDocument {
    /// So many decisions are others now, and these photos are not here.
    pub fn new(changed: u64, unknown: &[impl AsRef<Path>]) -> Self {
        let unknown = unknown.iter().map(|path| text(path.as_ref())).collect();
        Self { changed, unknown }
    }
}

/// What `tag category import` did.
#[derive(Serialize)]
pub struct CategoryImportDocument {
    /// Categories that are others now.
    pub changed: usize,
}

/// `tag write-sidecars`
#[derive(Serialize)]
pub struct SidecarsDocument {
    dry_run: bool,
    /// Sidecars that were written or, in a dry run, would be.
    written: Vec<SidecarEntry>,
    /// Those that say it already.
    same: u64,
    failed: Vec<SidecarFailure>,
}

#[derive(Serialize)]
struct SidecarEntry {
    path: String,
    adds: Vec<String>,
    removes: Vec<String>,
}

#[derive(Serialize)]
struct SidecarFailure {
    path: String,
    reason: String,
}

impl SidecarsDocument {
    /// Of what was done or, in a dry run, would be.
    pub fn new(report: &SidecarReport, dry_run: bool) -> Self {
        let written = report.written.iter().map(|one| SidecarEntry {
            path: text(&one.path),
            adds: one.adds.iter().map(ToString::to_string).collect(),
            removes: one.removes.iter().map(ToString::to_string).collect(),
        });
        let failed = report
            .failed
            .iter()
            .map(|(path, reason)| SidecarFailure { path: text(path), reason: reason.to_string() });
        Self { dry_run, written: written.collect(), same: report.same, failed: failed.collect() }
    }
}

/// `tag sidecars`
#[derive(Serialize)]
pub struct SidecarSettingsDocument {
    /// Whether they are written.
    pub write: bool,
    /// `stem` or `full`.
    pub naming: &'static str,
}

/// A photo in `rate`.
#[derive(Serialize)]
pub struct RatingEntry {
    id: i64,
    path: String,
    rating: Option<i8>,
}

impl From<&Photo> for RatingEntry {
    fn from(photo: &Photo) -> Self {
        Self { id: photo.id.0, path: text(&photo.path), rating: photo.rating }
    }
}
