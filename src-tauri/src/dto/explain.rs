//! Why a photo answers, in the words of the front end.

use afterimage_engine as engine;
use serde::Serialize;

/// What a part of a question is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum PartKind {
    Words,
    Excluded,
    Example,
    Like,
    Unlike,
    Filter,
    Text,
}

impl From<engine::PartKind> for PartKind {
    fn from(kind: engine::PartKind) -> Self {
        match kind {
            engine::PartKind::Words => Self::Words,
            engine::PartKind::Excluded => Self::Excluded,
            engine::PartKind::Example => Self::Example,
            engine::PartKind::Like => Self::Like,
            engine::PartKind::Unlike => Self::Unlike,
            engine::PartKind::Filter => Self::Filter,
            engine::PartKind::Text => Self::Text,
        }
    }
}

/// What one part of a question has to do with the photo.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ExplainedPart {
    pub kind: PartKind,
    /// As it stands in the question; for `example`, `like`, `unlike` the picture's file
    /// name; for `text` the words found.
    pub words: String,
    /// Cosine similarity; null for filters and text.
    pub score: Option<f32>,
    /// Robust standard deviations above the library's median for this part alone; null
    /// as above.
    pub spreads: Option<f32>,
    /// Photo fulfils it (filter, text), or is pulled up by it (positive parts) or not
    /// pushed down (negative ones).
    pub holds: bool,
    /// For `text`: where it was found: "title" | "description" | "keywords" | "name" |
    /// "folder" | "tags"; else null.
    pub field: Option<String>,
}

impl From<engine::ExplainedPart> for ExplainedPart {
    fn from(part: engine::ExplainedPart) -> Self {
        let engine::ExplainedPart { kind, words, score, spreads, holds, field } = part;
        let field = field.map(str::to_owned);
        Self { kind: kind.into(), words, score, spreads, holds, field }
    }
}

/// What a score means among the scores of the same question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Strength {
    Unscored,
    Strong,
    Likely,
    Weak,
}

impl From<engine::Strength> for Strength {
    fn from(strength: engine::Strength) -> Self {
        match strength {
            engine::Strength::Unscored => Self::Unscored,
            engine::Strength::Strong => Self::Strong,
            engine::Strength::Likely => Self::Likely,
            engine::Strength::Weak => Self::Weak,
        }
    }
}

/// Why a photo answers a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// Cosine similarity of the whole question; null where nothing is scored.
    pub score: Option<f32>,
    pub strength: Strength,
    /// Place among all photos that were ranked, from 1; null where nothing is scored.
    pub rank: Option<usize>,
    pub ranked: usize,
    pub parts: Vec<ExplainedPart>,
}

impl From<engine::Explanation> for Explanation {
    fn from(explanation: engine::Explanation) -> Self {
        let engine::Explanation { score, strength, rank, ranked, parts } = explanation;
        Self {
            score,
            strength: strength.into(),
            rank,
            ranked,
            parts: parts.into_iter().map(ExplainedPart::from).collect(),
        }
    }
}
