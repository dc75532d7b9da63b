//! Why a photo answers a question.

use super::Strength;

/// Why a photo answers a question, or does not.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Cosine similarity of the whole question, -1 to 1; `None` where nothing is
    /// scored: filters alone, or a photo that is not embedded yet.
    pub score: Option<f32>,
    /// What that means among the scores of all photos.
    pub strength: Strength,
    /// Place among all photos that were ranked, best match first, from 1; `None` where
    /// it is not ranked.
    pub rank: Option<usize>,
    /// Photos that were ranked; 0 where filters alone were asked for.
    pub ranked: usize,
    /// The parts of the question: what the photo should show and resemble, what it
    /// should be, and where the words are written. Of several alternatives those of the
    /// one that it answers best.
    pub parts: Vec<ExplainedPart>,
}

/// What a part of a question is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    /// A sentence that photos should show.
    Words,
    /// A sentence or picture that they should not show.
    Excluded,
    /// A picture that they should resemble.
    Example,
    /// A photo that they should be more like.
    Like,
    /// A photo that they should be less like.
    Unlike,
    /// What they have to be.
    Filter,
    /// Words of a sentence that are written of the photo.
    Text,
}

impl PartKind {
    /// The word that stands for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Excluded => "excluded",
            Self::Example => "example",
            Self::Like => "like",
            Self::Unlike => "unlike",
            Self::Filter => "filter",
            Self::Text => "text",
        }
    }
}

/// What one part of a question has to do with a photo.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedPart {
    /// What it is.
    pub kind: PartKind,
    /// As it stands in the question; of a picture the name of its file, empty where it
    /// has none; of text the words that were found.
    pub words: String,
    /// Cosine similarity of this part alone, -1 to 1; `None` for filters and text, and
    /// where the photo, or the one that it should be like, is not embedded yet.
    pub score: Option<f32>,
    /// Robust standard deviations of that above the library's median for this part
    /// alone; `None` as above, and in a library too small to tell.
    pub spreads: Option<f32>,
    /// The photo fulfils it (filter), stands out by it (what it should show or be like),
    /// does not stand out by it (what it should not), or is found by it (text: not where
    /// other sentences are written nowhere).
    pub holds: bool,
    /// Where text was found: `title`, `description`, `keywords`, `name`, `folder` or
    /// `tags`, those that the person gave.
    pub field: Option<&'static str>,
}
