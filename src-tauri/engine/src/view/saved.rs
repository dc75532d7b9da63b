//! Questions that the person keeps.

use super::{Example, PhotoId};

/// A saved search, by the number that it keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SavedSearchId(pub i64);

/// A question that the person kept.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedSearch {
    /// Its number.
    pub id: SavedSearchId,
    /// What the person called it; no other one is called so, in any case.
    pub name: String,
    /// As it was typed: "last summer" is always the last one.
    pub query: String,
    /// Pictures that the photos should resemble: photos of the library alone.
    pub examples: Vec<Example>,
    /// Photos that are what is meant, as far as they are there now.
    pub like: Vec<PhotoId>,
    /// Photos that are not what is meant, as far as they are there now.
    pub unlike: Vec<PhotoId>,
}

/// A question to keep.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewSavedSearch {
    /// What to call it: 1 to 100 characters.
    pub name: String,
    /// As it was typed.
    pub query: String,
    /// Photos of the library, or parts of them.
    pub examples: Vec<Example>,
    /// Photos that are what is meant.
    pub like: Vec<PhotoId>,
    /// Photos that are not what is meant.
    pub unlike: Vec<PhotoId>,
}
