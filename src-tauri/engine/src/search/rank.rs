//! From a request to a page of hits.

use std::time::Instant;

use super::calibrate::Calibration;
use crate::catalog::HitRow;
use crate::decode::{self, Detail, Limits};
use crate::error::{Context, Error, Result};
use crate::index;
use crate::jobs::Cancel;
use crate::library::Library;
use crate::model::{Embedding, Encoder};
use crate::view::{Hit, Page, PhotoId, SearchRequest, Strength};

/// Width by height of a photo whose size is not known yet.
const USUAL_ASPECT: f32 = 1.5;

/// Answers a request from the vectors that are there now.
///
/// # Errors
/// `Usage` for a request that asks nothing or names an image that cannot be
/// read, `NotFound` for an unknown photo or where no model is installed,
/// `Cancelled` once `cancel` is.
pub(crate) fn search(library: &Library, request: &SearchRequest, cancel: &Cancel) -> Result<Page> {
    let began = Instant::now();
    let query = request.query.trim();
    if query.is_empty() && request.images.is_empty() && request.similar_to.is_none() {
        return Err(Error::usage(
            "the query is empty: say what the photos should show, such as `afterimage search \"a dog\"`",
        ));
    }
    let model = library.serving()?;
    let index = library.index(&model)?;
    let going_on = || if cancel.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) };
    going_on()?;

    let mut parts: Vec<Embedding> = Vec::new();
    if !query.is_empty() {
        parts.extend(library.encoders.get(&model)?.encode_texts(&[query])?);
    }
    if !request.images.is_empty() {
        let encoder = library.encoders.get(&model)?;
        for image in &request.images {
            going_on()?;
            parts.push(embed_file(&*encoder, image)?);
        }
    }
    let snapshot = index.snapshot();
    if let Some(PhotoId(id)) = request.similar_to {
        let vector = snapshot.vector(id).ok_or_else(|| not_searchable(library, id))?;
        parts.push(Embedding::from_raw(vector)?);
    }
    let vector = mean(&parts)?;
    going_on()?;

    let ranking = Instant::now();
    let mut scored = snapshot.score(vector.as_slice());
    if let Some(PhotoId(id)) = request.similar_to {
        scored.retain(|row| row.key != id);
    }
    let calibration = Calibration::of(scored.iter().map(|row| row.score));
    let total = scored.len();
    let strong = scored.iter().filter(|row| row.score >= calibration.strong).count();
    let likely = scored.iter().filter(|row| row.score >= calibration.likely).count() - strong;
    let best = index::best(scored, request.limit);
    let ranking = ranking.elapsed();
    going_on()?;

    let ids: Vec<i64> = best.iter().map(|row| row.key).collect();
    let rows = library.catalog.hits(&ids)?;
    // A photo may have gone since the snapshot: then it has no row.
    let mut scores = best.into_iter();
    let hits = rows
        .into_iter()
        .filter_map(|row| {
            let score = scores.find(|scored| scored.key == row.id)?.score;
            Some(hit(row, score, calibration.strength(score)))
        })
        .collect();
    Ok(Page {
        query: query.to_owned(),
        model: model.id,
        took: began.elapsed(),
        ranking,
        total,
        strong,
        likely,
        hits,
    })
}

impl Calibration {
    fn strength(&self, score: f32) -> Strength {
        if score >= self.strong {
            Strength::Strong
        } else if score >= self.likely {
            Strength::Likely
        } else {
            Strength::Weak
        }
    }
}

/// A catalog row as a hit.
pub(crate) fn hit(row: HitRow, score: f32, strength: Strength) -> Hit {
    Hit {
        photo: PhotoId(row.id),
        score,
        strength,
        path: row.path,
        aspect: row.dimensions.map_or(USUAL_ASPECT, |(w, h)| w as f32 / h.max(1) as f32),
        color: row.color,
        version: row.version,
        time: row.time,
        offline: row.offline,
    }
}

/// The vector of an image file, decoded and oriented as an indexed photo is, so
/// that the same photo has the same vector.
pub(crate) fn embed_file(encoder: &dyn Encoder, path: &std::path::Path) -> Result<Embedding> {
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Error::usage(format!("there is no file {}", path.display()))
        }
        std::io::ErrorKind::IsADirectory => {
            Error::usage(format!("{} is a folder; name an image file", path.display()))
        }
        _ => Error::failed(format!("cannot read {}", path.display())).with(error),
    })?;
    let decoded = decode::decode(&bytes, &Limits::default(), Detail::indexed(encoder.least_side()))
        .context(|| format!("cannot decode {}", path.display()))?;
    let input = encoder.preprocess(&decoded.rgb)?;
    encoder
        .encode_images(&[input])?
        .pop()
        .ok_or_else(|| Error::failed(format!("the model gave no vector for {}", path.display())))
}

/// The direction between all parts, each of the same weight.
fn mean(parts: &[Embedding]) -> Result<Embedding> {
    let dim = parts.first().map_or(0, Embedding::dim);
    let mut sum = vec![0.0; dim];
    for part in parts {
        for (sum, value) in sum.iter_mut().zip(part.as_slice()) {
            *sum += value;
        }
    }
    Embedding::from_raw(sum)
}

fn not_searchable(library: &Library, id: i64) -> Error {
    let failures = library.catalog.failures().unwrap_or_default();
    if let Some(failure) = failures.iter().find(|failure| failure.photo == id) {
        let path = failure.path.display();
        return Error::not_found(format!("{path} could not be read: {}", failure.reason));
    }
    match library.catalog.photo(id) {
        Ok(Some(row)) => Error::not_found(format!(
            "{} is not indexed yet; try again when indexing is done",
            row.path.display()
        )),
        _ => Error::not_found(format!("there is no photo {id} in this library")),
    }
}
