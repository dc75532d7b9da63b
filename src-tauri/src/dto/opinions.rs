//! What the person thinks of photos, in the words of the front end.

use afterimage_engine as engine;
use serde::Serialize;

/// What photos were rated before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Rated {
    /// As the person gave them; null where the file's own counted.
    pub stars: Option<i8>,
    pub photos: Vec<i64>,
}

impl From<engine::Rated> for Rated {
    fn from(rated: engine::Rated) -> Self {
        let engine::Rated { stars, photos } = rated;
        Self { stars, photos: photos.into_iter().map(|photo| photo.0).collect() }
    }
}
