//! What photos show, as it is suggested and as the person says.

use std::collections::BTreeMap;

use super::{Hit, PhotoId};

use crate::message::Message;

/// What a suggestion needs to be counted and to be offered for review: that it is
/// rather right than wrong.
pub const LIKELY: f32 = 0.5;

/// What the person says of a photo and a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// It was suggested, and is right.
    Confirmed,
    /// The person said so without being asked.
    Tagged,
    /// It was suggested, and is wrong.
    Rejected,
}

impl Decision {
    /// Whether the photo has the tag.
    pub fn holds(self) -> bool {
        self != Self::Rejected
    }
}

/// Where a category comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CategoryOrigin {
    /// The application, as it came.
    Bundled,
    /// The application, and the person changed it.
    Changed,
    /// The person.
    Own,
}

/// Something that photos can show, or a name that the person gives to photos.
#[derive(Debug, Clone, PartialEq)]
pub struct Category {
    /// What it keeps through all changes of its name: `dog`.
    pub id: String,
    /// In English or, of an own one, as the person called it.
    pub name: String,
    /// In other languages, by their code: `de`.
    pub names: BTreeMap<String, String>,
    /// The wider one that it is a part of.
    pub parent: Option<String>,
    /// Captions of photos that show it. Without one it is known by examples alone,
    /// or a heading.
    pub prompts: Vec<String>,
    /// Other words for it.
    pub synonyms: Vec<String>,
    /// Ids of what it is often taken for.
    pub confused_with: Vec<String>,
    /// At most one of its children is true of a photo.
    pub exclusive: bool,
    /// It only holds others together.
    pub heading: bool,
    /// The person does not want it, nor those below it.
    pub hidden: bool,
    /// Where it comes from.
    pub origin: CategoryOrigin,
}

/// A category and what the library has of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TagCount {
    /// Which.
    pub category: Category,
    /// It, or one above it, is hidden.
    pub hidden: bool,
    /// It can suggest itself: it has prompts or examples enough, and is not hidden.
    pub suggests: bool,
    /// Photos that have the tag, or a narrower one.
    pub tagged: usize,
    /// Photos for which it is suggested with a confidence of [`LIKELY`] or more.
    pub suggested: usize,
    /// Photos for which it was rejected.
    pub rejected: usize,
    /// The person's examples have a say in what it suggests.
    pub learned: bool,
}

/// All categories.
#[derive(Debug, Clone, PartialEq)]
pub struct TagTree {
    /// Each behind the one that it is a part of, as they are to be shown.
    pub categories: Vec<TagCount>,
    /// What taking back the last decision would take back, in words.
    pub undo: Option<Message>,
}

/// A tag of a photo, or a suggestion of one.
#[derive(Debug, Clone, PartialEq)]
pub struct PhotoTag {
    /// Its category's id.
    pub category: String,
    /// Its category's name.
    pub name: String,
    /// What the person said; `None`: it is only suggested, or implied.
    pub decision: Option<Decision>,
    /// How sure the suggestion is, 0 to 1: of ten suggestions with 0.8 about eight
    /// are right. `None` where nothing suggests it.
    pub confidence: Option<f32>,
    /// A narrower tag of this photo says so.
    pub implied: bool,
}

/// Which photos of a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewOf {
    /// Those that it is suggested for, the surest first.
    Suggested,
    /// Those that have the tag.
    Tagged,
    /// Those for which it was rejected.
    Rejected,
}

/// Some photos of a category.
#[derive(Debug, Clone)]
pub struct ReviewPage {
    /// In the order that is asked for.
    pub photos: Vec<ReviewPhoto>,
    /// Photos on all pages.
    pub total: usize,
}

/// A photo of a category.
#[derive(Debug, Clone)]
pub struct ReviewPhoto {
    /// What shows it; its score is the confidence, or 0.
    pub hit: Hit,
    /// How sure the suggestion is; `None` where nothing suggests it.
    pub confidence: Option<f32>,
    /// What the person said.
    pub decision: Option<Decision>,
}

/// What deciding did.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// Decisions that are others now.
    pub changed: u64,
    /// The number by which this is taken back; `None` where nothing is another.
    pub batch: Option<i64>,
    /// What the category suggests now, where it learned from this.
    pub learned: Option<Learned>,
}

/// How many suggestions of [`LIKELY`] confidence a category has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learned {
    /// Before the decision.
    pub before: usize,
    /// After it.
    pub after: usize,
}

/// Decisions that were taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// What they were: "Dog confirmed for 2 photos".
    pub words: Message,
    /// Photos whose tags are others now.
    pub photos: Vec<PhotoId>,
}

/// A category to make, or what one is to become.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewCategory {
    /// Which to change; `None` for a new one.
    pub id: Option<String>,
    /// What to call it: 1 to 60 characters.
    pub name: String,
    /// In other languages.
    pub names: BTreeMap<String, String>,
    /// The wider one, by its id.
    pub parent: Option<String>,
    /// Captions of photos that show it: at most 10. Without one it is known by the
    /// person's examples alone.
    pub prompts: Vec<String>,
    /// Other words for it.
    pub synonyms: Vec<String>,
    /// At most one of its children is true of a photo.
    pub exclusive: bool,
    /// It is not wanted.
    pub hidden: bool,
}

/// A tag of a photo, as it is taken to another program.
#[derive(Debug, Clone, PartialEq)]
pub struct TagRecord {
    /// Of which photo.
    pub photo: PhotoId,
    /// Where its file is.
    pub path: std::path::PathBuf,
    /// Its category's id.
    pub category: String,
    /// Its category's name.
    pub name: String,
    /// What the person said.
    pub decision: Decision,
}
