//! The documents of `saved` and `favourite`.

use afterimage_engine::{Crop, Example, ExampleSource, Photo, PhotoId, SavedSearch};
use serde::Serialize;

use super::text;

/// A search in `saved`.
#[derive(Serialize)]
pub struct SavedEntry {
    id: i64,
    name: String,
    query: String,
    /// Photos that the answer should resemble, or parts of them.
    examples: Vec<ExampleEntry>,
    like: Vec<i64>,
    unlike: Vec<i64>,
}

#[derive(Serialize)]
struct ExampleEntry {
    id: i64,
    /// Fractions of the picture's width and height; null for all of it.
    crop: Option<CropEntry>,
}

#[derive(Serialize)]
struct CropEntry {
    left: f32,
    top: f32,
    width: f32,
    height: f32,
}

impl From<&SavedSearch> for SavedEntry {
    fn from(saved: &SavedSearch) -> Self {
        let ids = |photos: &[PhotoId]| photos.iter().map(|photo| photo.0).collect();
        let example = |example: &Example| match example.source {
            ExampleSource::Photo(photo) => Some(ExampleEntry {
                id: photo.0,
                crop: example.crop.map(|Crop { left, top, width, height }| CropEntry {
                    left,
                    top,
                    width,
                    height,
                }),
            }),
            // None of these is ever kept.
            ExampleSource::File(_) | ExampleSource::Picture(_) => None,
        };
        Self {
            id: saved.id.0,
            name: saved.name.clone(),
            query: saved.query.clone(),
            examples: saved.examples.iter().filter_map(example).collect(),
            like: ids(&saved.like),
            unlike: ids(&saved.unlike),
        }
    }
}

/// A photo in `favourite`.
#[derive(Serialize)]
pub struct FavouriteEntry {
    id: i64,
    path: String,
    favourite: bool,
}

impl From<&Photo> for FavouriteEntry {
    fn from(photo: &Photo) -> Self {
        Self { id: photo.id.0, path: text(&photo.path), favourite: photo.favourite }
    }
}
