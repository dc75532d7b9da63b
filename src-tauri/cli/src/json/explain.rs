//! The document of `search --explain`.

use afterimage_engine::{ExplainedPart, Explanation};
use serde::Serialize;

use super::strength;

/// `search --explain`
#[derive(Serialize)]
pub struct ExplanationDocument {
    /// Of the whole question; null where nothing is scored.
    score: Option<f32>,
    /// As in the results of `search`.
    strength: &'static str,
    /// From 1, best match first; null where the photo is not ranked.
    rank: Option<usize>,
    ranked: usize,
    parts: Vec<PartEntry>,
}

#[derive(Serialize)]
struct PartEntry {
    /// `words`, `excluded`, `example`, `like`, `unlike`, `filter` or `text`.
    kind: &'static str,
    words: String,
    score: Option<f32>,
    /// Robust standard deviations above the median of all photos.
    spreads: Option<f32>,
    holds: bool,
    /// Where text was found: `title`, `description`, `keywords`, `name`, `folder`,
    /// `tags`; null for other kinds.
    field: Option<&'static str>,
}

impl From<&Explanation> for ExplanationDocument {
    fn from(explanation: &Explanation) -> Self {
        Self {
            score: explanation.score,
            strength: strength(explanation.strength),
            rank: explanation.rank,
            ranked: explanation.ranked,
            parts: explanation.parts.iter().map(PartEntry::from).collect(),
        }
    }
}

impl From<&ExplainedPart> for PartEntry {
    fn from(part: &ExplainedPart) -> Self {
        Self {
            kind: part.kind.as_str(),
            words: part.words.clone(),
            score: part.score,
            spreads: part.spreads,
            holds: part.holds,
            field: part.field,
        }
    }
}
