//! Questions in the words of the front end. Its positions in a text are those of
//! JavaScript: UTF-16 code units.

use std::collections::VecDeque;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use afterimage_engine as engine;
use engine::{ExampleSource, PhotoId, SavedSearchId, message};
use serde::{Deserialize, Serialize};

use super::Message;

/// Something in a query that is not understood, or cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Where it begins; null for the whole query.
    pub from: Option<usize>,
    /// Where it ends.
    pub to: Option<usize>,
    pub message: Message,
}

impl Problem {
    /// A problem of this query.
    pub fn of(problem: &engine::Problem, query: &str) -> Self {
        let at = problem.at.as_ref().map(|at| units(query, at));
        let (from, to) = at.map(|at| (at.start, at.end)).unzip();
        Self { from, to, message: problem.message.clone().into() }
    }
}

/// What a part of a query is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum PieceKind {
    Words,
    Excluded,
    Example,
    Filter,
    ExcludedFilter,
    Sort,
    Weight,
    Operator,
    Parenthesis,
}

impl From<engine::query::PieceKind> for PieceKind {
    fn from(kind: engine::query::PieceKind) -> Self {
        use engine::query::PieceKind as Kind;
        match kind {
            Kind::Words => Self::Words,
            Kind::Excluded => Self::Excluded,
            Kind::Example => Self::Example,
            Kind::Filter => Self::Filter,
            Kind::ExcludedFilter => Self::ExcludedFilter,
            Kind::Sort => Self::Sort,
            Kind::Weight => Self::Weight,
            Kind::Operator => Self::Operator,
            Kind::Parenthesis => Self::Parenthesis,
        }
    }
}

/// A part of a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Piece {
    pub from: usize,
    pub to: usize,
    pub kind: PieceKind,
}

/// How a query is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    pub pieces: Vec<Piece>,
    pub problems: Vec<Problem>,
}

impl Reading {
    /// Of this query.
    pub fn of(query: &str) -> Self {
        let engine::Reading { pieces, problems } = engine::Engine::read_query(query);
        let piece = |piece: engine::query::Piece| {
            let Range { start: from, end: to } = units(query, &piece.at);
            Piece { from, to, kind: piece.kind.into() }
        };
        Self {
            pieces: pieces.into_iter().map(piece).collect(),
            problems: problems.iter().map(|problem| Problem::of(problem, query)).collect(),
        }
    }
}

/// Something to put in while a query is typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Completion {
    /// Where what it replaces begins.
    pub from: usize,
    /// Where that ends.
    pub to: usize,
    /// What to put there. One that ends in `:` wants a value next.
    pub text: String,
    /// What it means, or the value as the library has it.
    pub detail: Option<String>,
    /// Photos that have this value, where that was counted.
    pub count: Option<u64>,
}

impl Completion {
    /// A completion of this query.
    pub fn of(completion: engine::Completion, query: &str) -> Self {
        let engine::Completion { at, text, detail, count } = completion;
        let Range { start: from, end: to } = units(query, &at);
        Self { from, to, text, detail, count }
    }
}

/// A part of an upright picture, in fractions of its width and height.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Crop {
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
}

impl From<Crop> for engine::Crop {
    fn from(Crop { left, top, width, height }: Crop) -> Self {
        Self { left, top, width, height }
    }
}

impl From<engine::Crop> for Crop {
    fn from(engine::Crop { left, top, width, height }: engine::Crop) -> Self {
        Self { left, top, width, height }
    }
}

/// A picture that photos should resemble.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Example {
    Photo { photo: i64, crop: Option<Crop> },
    File { path: PathBuf, crop: Option<Crop> },
    Pasted { picture: u64, crop: Option<Crop> },
}

/// A question; the page has its own declaration of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchRequest {
    pub query: String,
    pub examples: Vec<Example>,
    /// Photos that answers should be more like.
    pub like: Vec<i64>,
    /// Photos that they should be less like.
    pub unlike: Vec<i64>,
    /// Photos beside which none answers; empty for the whole library.
    pub only: Vec<i64>,
    /// How sure a match must be: 0 whatever may be one, 0.5 as usual, 1 only what certainly is.
    pub strictness: f32,
    /// Photos before the first that is wanted.
    pub offset: usize,
    pub limit: usize,
    /// Grows with each search; the engine gives up a search when a newer ticket comes.
    pub ticket: u64,
}

impl SearchRequest {
    /// For the engine, with the pictures that were pasted.
    ///
    /// # Errors
    /// `NotFound` for a picture that is not kept any more.
    pub fn read(self, pictures: &Pictures) -> engine::Result<engine::SearchRequest> {
        Ok(engine::SearchRequest {
            query: self.query,
            examples: read_all(self.examples, pictures)?,
            like: ids(self.like),
            unlike: ids(self.unlike),
            only: ids(self.only),
            strictness: self.strictness,
            offset: self.offset,
            limit: Some(self.limit),
            ..Default::default()
        })
    }
}

impl Example {
    fn read(self, pictures: &Pictures) -> engine::Result<engine::Example> {
        let (source, crop) = match self {
            Self::Photo { photo, crop } => (ExampleSource::Photo(PhotoId(photo)), crop),
            Self::File { path, crop } => (ExampleSource::File(path), crop),
            Self::Pasted { picture, crop } => {
                (ExampleSource::Picture(pictures.get(picture)?), crop)
            }
        };
        Ok(engine::Example { source, crop: crop.map(engine::Crop::from) })
    }
}

/// A question that was kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SavedSearch {
    pub id: i64,
    pub name: String,
    pub query: String,
    /// Photos only; files and pasted pictures are not kept.
    pub examples: Vec<Example>,
    /// More like these photos.
    pub like: Vec<i64>,
    /// Less like these.
    pub unlike: Vec<i64>,
}

/// A question to keep.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewSavedSearch {
    name: String,
    query: String,
    examples: Vec<Example>,
    like: Vec<i64>,
    unlike: Vec<i64>,
}

impl From<engine::SavedSearch> for SavedSearch {
    fn from(search: engine::SavedSearch) -> Self {
        let engine::SavedSearch { id, name, query, examples, like, unlike } = search;
        let kept = |engine::Example { source, crop }: engine::Example| match source {
            ExampleSource::Photo(PhotoId(photo)) => {
                Some(Example::Photo { photo, crop: crop.map(Crop::from) })
            }
            // Others are not kept.
            ExampleSource::File(_) | ExampleSource::Picture(_) => None,
        };
        let ids = |photos: Vec<PhotoId>| photos.into_iter().map(|photo| photo.0).collect();
        Self {
            id: id.0,
            name,
            query,
            examples: examples.into_iter().filter_map(kept).collect(),
            like: ids(like),
            unlike: ids(unlike),
        }
    }
}

impl NewSavedSearch {
    /// For the engine, which says what cannot be kept.
    ///
    /// # Errors
    /// `NotFound` for a picture that is not kept any more.
    pub fn read(self, pictures: &Pictures) -> engine::Result<engine::NewSavedSearch> {
        let Self { name, query, examples, like, unlike } = self;
        Ok(engine::NewSavedSearch {
            name,
            query,
            examples: read_all(examples, pictures)?,
            like: ids(like),
            unlike: ids(unlike),
        })
    }
}

impl SavedSearch {
    /// For the engine, which says what cannot be kept.
    ///
    /// # Errors
    /// `NotFound` for a picture that is not kept any more.
    pub fn read(self, pictures: &Pictures) -> engine::Result<engine::SavedSearch> {
        let Self { id, name, query, examples, like, unlike } = self;
        Ok(engine::SavedSearch {
            id: SavedSearchId(id),
            name,
            query,
            examples: read_all(examples, pictures)?,
            like: ids(like),
            unlike: ids(unlike),
        })
    }
}

fn ids(ids: Vec<i64>) -> Vec<PhotoId> {
    ids.into_iter().map(PhotoId).collect()
}

fn read_all(examples: Vec<Example>, pictures: &Pictures) -> engine::Result<Vec<engine::Example>> {
    examples.into_iter().map(|example| example.read(pictures)).collect()
}

/// Pictures that were pasted, by number: the last few.
#[derive(Debug, Default)]
pub struct Pictures {
    kept: VecDeque<(u64, Arc<[u8]>)>,
    last: u64,
}

impl Pictures {
    /// More than anybody has in one question.
    const MOST: usize = 16;

    /// Keeps a picture and gives its number.
    pub fn keep(&mut self, bytes: Vec<u8>) -> u64 {
        self.last += 1;
        self.kept.push_back((self.last, bytes.into()));
        if self.kept.len() > Self::MOST {
            self.kept.pop_front();
        }
        self.last
    }

    /// The bytes of a picture.
    ///
    /// # Errors
    /// `NotFound` for one that is not kept any more.
    pub fn get(&self, number: u64) -> engine::Result<Arc<[u8]>> {
        let kept = self.kept.iter().find(|(it, _)| *it == number);
        kept.map(|(_, bytes)| Arc::clone(bytes)).ok_or_else(|| {
            engine::Error::not_found(message!(
                "this picture is not kept any more: paste it once more"
            ))
        })
    }
}

/// A range of bytes of a text as one of UTF-16 code units.
fn units(text: &str, bytes: &Range<usize>) -> Range<usize> {
    let upto = |end: usize| text.get(..end).unwrap_or(text).encode_utf16().count();
    upto(bytes.start)..upto(bytes.end)
}

/// A position of UTF-16 code units in a text as one of bytes; one within a
/// character is that before it.
pub fn bytes(text: &str, unit: usize) -> usize {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        units += c.len_utf16();
        if units > unit {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_those_of_javascript() {
        // Two code units and four bytes, one and two, one and one.
        let text = "\u{1f436}ö date:never";
        let problem = engine::Problem { at: Some(12..17), message: message!("no") };
        let told = Problem::of(&problem, text);
        assert_eq!((told.from, told.to), (Some(9), Some(14)));
        let all = Problem::of(&engine::Problem { at: None, message: message!("no") }, text);
        assert_eq!((all.from, all.to), (None, None));
        for (unit, byte) in [(0, 0), (1, 0), (2, 4), (3, 6), (4, 7), (99, text.len())] {
            assert_eq!(bytes(text, unit), byte, "{unit}");
        }
    }

    #[test]
    fn only_the_last_pictures_are_kept() {
        let mut pictures = Pictures::default();
        let numbers: Vec<u64> = (0..20).map(|n| pictures.keep(vec![n])).collect();
        assert!(pictures.get(numbers[3]).is_err());
        assert_eq!(*pictures.get(numbers[4]).unwrap(), [4]);
        assert_eq!(*pictures.get(numbers[19]).unwrap(), [19]);
    }

    #[test]
    fn a_question_of_the_page_is_the_engines() {
        let mut pictures = Pictures::default();
        let picture = pictures.keep(vec![7]);
        let request: SearchRequest = serde_json::from_value(serde_json::json!({
            "query": "a dog", "like": [3], "unlike": [], "only": [9], "strictness": 0.25,
            "offset": 500, "limit": 100, "ticket": 8,
            "examples": [
                { "kind": "photo", "photo": 5,
                  "crop": { "left": 0.0, "top": 0.25, "width": 0.5, "height": 0.5 } },
                { "kind": "file", "path": "/a b.jpg", "crop": null },
                { "kind": "pasted", "picture": picture, "crop": null },
            ],
        }))
        .unwrap();
        let read = request.clone().read(&pictures).unwrap();
        assert_eq!((read.offset, read.limit, read.strictness), (500, Some(100), 0.25));
        assert_eq!((read.like, read.only), (vec![PhotoId(3)], vec![PhotoId(9)]));
        let sources: Vec<_> = read.examples.iter().map(|example| &example.source).collect();
        assert_eq!(*sources[0], ExampleSource::Photo(PhotoId(5)));
        assert_eq!(*sources[1], ExampleSource::File("/a b.jpg".into()));
        assert_eq!(*sources[2], ExampleSource::Picture([7].into()));
        assert_eq!(read.examples[0].crop.unwrap().top, 0.25);
        assert!(request.read(&Pictures::default()).is_err());
    }
}
