//! What the person thinks of photos.

use super::PhotoId;

/// Photos that were rated alike before they were rated anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rated {
    /// Stars that the person had given, -1 to 5; `None` where the file's own counted.
    pub stars: Option<i8>,
    /// The photos.
    pub photos: Vec<PhotoId>,
}
