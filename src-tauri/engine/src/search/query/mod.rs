//! The language in which photos are asked for.
//!
//! Owns what a person may type, what it means, how it is written in one way
//! only, and what the search box offers to complete. Knows no catalog and no
//! model: names of cameras, tags, folders and places stay as they were typed.
//!
//! Parsing is total: every text gives a [`Query`], and what could not be taken
//! as it stands is a [`Problem`] with its place. A filter that is not understood
//! is left out; it never makes the answer empty. All positions are byte ranges
//! of the text.
//!
//! ```text
//! query      = any ;
//! any        = all { "OR" all } ;                   binds weakest
//! all        = { joint | { prefix } item } ;
//! joint      = "+" | "AND" ;                        begins another sentence
//! prefix     = "-" | "NOT" | weight ;
//! weight     = number ":" ;                         attached: 2:dog, 0.5:"red car"
//! item       = word | phrase | filter | example | sort | "(" any ")" ;
//! phrase     = '"' { character | '""' } '"' ;       also with typographic quotes
//! example    = "image:" value | "similar:" number ;
//! sort       = "sort:" ( "date" | "oldest" | "added" | "relevance" ) ;
//! filter     = key ":" value { "," value } | "near:" value [ radius ] ;
//! value      = { character | phrase } ;             no blank outside quotes
//! radius     = number ( "km" | "mi" | "m" ) ;       25 km where it is missing
//! span       = number | range | compare number ;    value of iso f mm mp size rating
//! range      = [ [ ">" ] number ] ( ".." | "-" ) [ [ "<" ] number ] ;
//! compare    = ">=" | ">" | "<=" | "<" | "=" ;
//! dates      = date | [ date ] ".." [ date ] | compare date ;       see `dates`
//! ```
//!
//! What the grammar does not say:
//!
//! - **Sentences.** Bare words of one `all` are one sentence, whatever filters,
//!   phrases, groups or excluded words stand among them: `sunset date:2021 at
//!   sea` asks for "sunset at sea". A joint, a weight or a lone ` - ` begins
//!   another one; `OR` and parentheses keep theirs apart. A phrase is always a
//!   sentence of its own.
//! - **Prefixes.** Before what has its own borders (phrase, filter, example,
//!   group) a prefix holds for that alone. Before a word, an attached `-` and
//!   `NOT` hold for the one word; a weight and a ` - ` between blanks hold for
//!   the sentence, up to the next joint, weight, ` - `, `OR` or `)`.
//! - **Words or syntax.** `OR`, `AND` and `NOT` count in upper case only; keys in
//!   any case. A hyphen, quote or plus inside a word is part of it, and so is a
//!   pair of parentheses: `black-and-white`, `24"`, `c++`, `IMG_1(2).jpg`. Words
//!   are also `10:30`, `16:9`, `https://…`, `C:\…`, and what ends in a colon.
//! - **Several values** of one filter are alternatives: `type:heic,jpg`. Filters
//!   beside each other must all hold.
//! - **Values of two words** need quotes, but not in dates: `date:last summer`
//!   takes as many of the following words (at most three) as make a date.
//! - **Not.** A group of words is excluded as the sum that it is: `-(dog + cat)`
//!   and `-(dog OR cat)` are `-dog -cat`. A group of filters follows De Morgan. A
//!   group that needs both words and a filter cannot be excluded: no score says
//!   where its words end.
//! - **Normal form.** `OR` between sentences gives alternatives, at most
//!   [`MAX_ALTERNATIVES`]; `OR` between filters alone stays a [`Filter::Any`].
//!   `Not` stands before single conditions only. Printing gives this form, and
//!   parsing the print gives the same query.

use std::ops::{Bound, Range};
use std::path::PathBuf;

use jiff::civil::Date;

use crate::message::Message;

mod complete;
mod dates;
mod filters;
mod grammar;
mod lexer;
mod meaning;
mod numbers;
mod print;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod strategies;
#[cfg(test)]
mod tests;

pub use complete::{Completion, complete, value_text};
pub use filters::{FILTERS, FilterKind, Key, Values, kind_named};

/// Alternatives of one query, at most: each is a ranking of its own, and nobody
/// reads a longer list of `OR`.
pub const MAX_ALTERNATIVES: usize = 16;

/// The photos that `near:` means where no radius is given.
pub const DEFAULT_RADIUS_KM: f64 = 25.0;

/// Reads a text. `today` is the day from which "last summer" counts, so a query
/// holds plain dates only; whoever saves a search saves its text.
pub fn parse(text: &str, today: Date) -> Parsed {
    grammar::parse(text, today)
}

/// A text that asks for what both of these do: the words of the second follow those
/// of the first. Where one has alternatives, each has to show what the other says.
pub fn both(one: &str, other: &str) -> String {
    let (one, other) = (one.trim(), other.trim());
    if one.is_empty() || other.is_empty() {
        return format!("{one}{other}");
    }
    let grouped = |text: &str| {
        // Whatever day it is. Between filters alone OR makes no alternatives.
        let pieces = parse(text, Date::default()).pieces;
        match pieces.into_iter().any(|piece| text.get(piece.at) == Some("OR")) {
            true => format!("({text})"),
            false => text.to_owned(),
        }
    };
    format!("{} {}", grouped(one), grouped(other))
}

/// What was understood of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The question.
    pub query: Query,
    /// What could not be taken as it stands, in order of the text.
    pub problems: Vec<Problem>,
    /// The parts of the text for the search box to show; in order of the text,
    /// not overlapping, with nothing but blanks between them.
    pub pieces: Vec<Piece>,
}

/// Something in the text that is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where; never empty.
    pub at: Range<usize>,
    /// What is wrong and what to do.
    pub message: Message,
}

/// A part of the text. A `-` attached to a word, phrase, filter or example is
/// part of its piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Where.
    pub at: Range<usize>,
    /// What it is.
    pub kind: PieceKind,
}

/// What a part of the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    /// Words or a phrase that photos should show.
    Words,
    /// Words, a phrase or an example that photos should not show.
    Excluded,
    /// An image or photo that photos should resemble.
    Example,
    /// A filter, whether or not its value is understood.
    Filter,
    /// A filter that must not hold.
    ExcludedFilter,
    /// The order of the answer.
    Sort,
    /// `2:`.
    Weight,
    /// `OR`, `AND`, `NOT`, `+`, and a `-` that stands alone or before a group.
    Operator,
    /// `(` or `)`.
    Parenthesis,
}

/// A question. Without alternatives nothing is asked, and every photo answers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// A photo that answers one of them answers the query.
    pub alternatives: Vec<Alternative>,
    /// The order that was asked for.
    pub sort: Option<Sort>,
}

/// Terms that are scored together, among the photos of a filter. It has a term
/// or a filter; at most one alternative of a query has no term.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// What the photos should and should not show. Without terms all photos of
    /// the filter answer alike.
    pub terms: Vec<Term>,
    /// What must hold.
    pub filter: Filter,
}

/// One sentence or example.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// From 0.01 to 100, 1 where none is given; negative where photos should not
    /// show it.
    pub weight: f32,
    /// What it asks for.
    pub what: What,
}

/// What a term asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A sentence: words with one blank between them, never empty.
    Text(String),
    /// An image file, its path as it was typed.
    Image(PathBuf),
    /// A photo of the library, by its number.
    Photo(i64),
}

/// What must hold for a photo.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of them; without any it is always true.
    All(Vec<Filter>),
    /// At least one of them.
    Any(Vec<Filter>),
    /// The opposite. It also holds where a photo's value is not known, so a filter
    /// and its opposite share out the whole library: `-camera:canon` finds scans.
    Not(Box<Filter>),
    /// This condition.
    Is(Condition),
}

/// Something that a photo is asked for. Text is compared without regard to case.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Taken on one of these days, by the camera's clock.
    Date(Dates),
    /// Seen by the library for the first time on one of these days, by this computer's
    /// clock.
    Added(Dates),
    /// Make and model of the camera hold this text.
    Camera(String),
    /// The lens's model holds this text.
    Lens(String),
    /// Sensitivity.
    Iso(Span<u32>),
    /// The f-number.
    Aperture(Span<f64>),
    /// Of the lens, in millimetres.
    Focal(Span<f64>),
    /// In a folder of this name at any depth, or below it; with a slash the last
    /// parts of a folder's path, or all of it.
    Folder(String),
    /// The file's name fits this pattern of `*` and `?`; without them the name
    /// holds this text.
    Name(String),
    /// The file's content is of this kind.
    Type(Kind),
    /// Stars, 0 to 5, where 0 is a photo without. Rejected photos have no number
    /// of stars.
    Rating(Span<u8>),
    /// It carries this tag or keyword.
    Tag(String),
    /// This tag, or a narrower one, is suggested for it, and the person said nothing.
    Suggested(String),
    /// The person marked it.
    Favourite,
    /// It carries no tag.
    Untagged,
    /// Its folder cannot be reached now.
    Offline,
    /// It is rated as rejected.
    Rejected,
    /// It is known where it was taken.
    HasGps,
    /// It has a description.
    HasDescription,
    /// It has a title.
    HasTitle,
    /// Taken not further than this from the place.
    Near {
        /// The middle.
        place: Place,
        /// In kilometres, to the metre; above 0.
        km: f64,
    },
    /// Upright, how its sides compare.
    Orientation(Shape),
    /// Millions of pixels.
    Megapixels(Span<f64>),
    /// Of the file, in bytes.
    Size(Span<u64>),
}

/// Days from one on to before another. At least one end is there, and `from` is
/// before `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dates {
    /// The first day.
    pub from: Option<Date>,
    /// The day after the last.
    pub to: Option<Date>,
}

impl Dates {
    /// Whether the day is one of them.
    pub fn contains(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }
}

/// Numbers between two bounds, of which at least one is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span<T> {
    /// The lower end.
    pub from: Bound<T>,
    /// The upper end.
    pub to: Bound<T>,
}

impl<T: PartialOrd> Span<T> {
    /// Whether the number lies between the bounds.
    pub fn contains(&self, number: T) -> bool {
        std::ops::RangeBounds::contains(&(self.from.as_ref(), self.to.as_ref()), &number)
    }
}

/// Where something is.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// A town or another place with a name.
    Name(String),
    /// A point.
    At {
        /// Degrees, north positive.
        lat: f64,
        /// Degrees, east positive.
        lon: f64,
    },
}

/// Kinds of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are called what they are")]
pub enum Kind {
    Jpeg,
    Heic,
    Raw,
    Png,
    WebP,
    Gif,
    Tiff,
    Avif,
    Jxl,
    Psd,
    Bmp,
    Tga,
    Ico,
    Qoi,
    Pnm,
}

/// How the sides of an upright photo compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Higher than wide.
    Portrait,
    /// Wider than high.
    Landscape,
    /// As high as wide.
    Square,
}

/// The order of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sort {
    /// By date, the newest first.
    Newest,
    /// By date, the oldest first.
    Oldest,
    /// By when the library saw it first, the latest first.
    Added,
    /// The best match first.
    Relevance,
}
