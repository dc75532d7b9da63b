//! How much the scores of one model vary, by what is asked with.
//!
//! The cosines of two photos are higher than those of a sentence and a photo, and
//! lie further apart. What terms are worth to each other is measured in the
//! library itself where it is large enough ([`Sample`](super::compose::Sample));
//! these constants stand in until then. They are measured on a background set,
//! [`CAPTIONS`] and some photos of the first library that has enough, and kept in
//! the model's folder for all others.
//!
//! The starter over those captions and 385 photos: cosines of captions have a mean
//! of 0.10 and, in the ninth decile, a spread of 0.096; those of photos a mean of
//! 0.31 and a spread of 0.152, or 0.176 once what all photos share is taken away
//! and the rest brought to length 1 again. Even 24 photos of the library itself
//! measure terms better than these constants do, so that they matter to the very
//! smallest only.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::templates::Wording;
use crate::error::{Context, Error, Result};
use crate::library::Library;
use crate::model::{Embedding, Encoder, ModelInfo};

/// The file's name in a model's folder.
pub(super) const SCALES: &str = "scales.json";

/// What people might ask for, from single words to sentences, one a line: the
/// texts of the background set.
pub(crate) const CAPTIONS: &str = include_str!("../../../../assets/captions.txt");

/// What [`Scales::measure`] gave for the starter.
const STARTER: &str = include_str!("../../../../assets/starter_scales.json");

/// With fewer texts or photos than this a spread says nothing.
const LEAST: usize = 24;

/// So many photos are of no special kind.
const ENOUGH: usize = 256;

/// The constants of a model, where any are kept.
pub(super) fn of(model: &ModelInfo) -> Option<Scales> {
    if Wording::of(&model.family) == Wording::Sentences {
        return Scales::of_the_starter().filter(|scales| scales.image_mean.len() == model.dim);
    }
    // Without them terms are mixed as they are, which is better than no answer.
    let read = Scales::read(&model.folder, model.dim);
    read.inspect_err(|error| tracing::warn!("{error}")).ok().flatten()
}

/// Measures a model by the photos of a library and keeps that in the model's folder,
/// where it was not done before and there are photos enough. What goes wrong is for
/// another time.
pub(crate) fn keep(library: &Library, model: &ModelInfo) -> Result<()> {
    if model.bundled || model.folder.join(SCALES).exists() {
        return Ok(());
    }
    let snapshot = library.vectors(model)?.snapshot();
    if snapshot.len() < ENOUGH {
        return Ok(());
    }
    let images: Vec<Embedding> =
        snapshot.evenly(ENOUGH).map(Embedding::from_raw).collect::<Result<_>>()?;
    let captions: Vec<&str> = CAPTIONS.lines().collect();
    let texts = library.encoders.get(model)?.encode_texts(&captions)?;
    match Scales::measure(&texts, &images) {
        Some(scales) => scales.write(&model.folder),
        None => Ok(()),
    }
}

/// A model's constants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Scales {
    /// Standard deviation of a text's cosines over the photos: the ninth decile
    /// over texts, for most captions are of nothing that the photos show, and
    /// people ask for what theirs do.
    pub text_spread: f32,
    /// The same of a photo without `image_mean`, brought to length 1 again, as a
    /// root mean square.
    pub image_spread: f32,
    /// The mean of the photos' vectors: what they have in common.
    pub image_mean: Vec<f32>,
}

impl Scales {
    /// Measures a model by the vectors of the background set; `None` where they
    /// are too few or do not vary.
    pub fn measure(texts: &[Embedding], images: &[Embedding]) -> Option<Self> {
        if texts.len() < LEAST || images.len() < LEAST {
            return None;
        }
        let image_mean = mean(images.iter().map(Embedding::as_slice))?;
        let mut spreads: Vec<f32> =
            texts.iter().map(|text| spread(text.as_slice(), images)).collect();
        spreads.sort_unstable_by(f32::total_cmp);
        let text_spread = spreads[spreads.len() * 9 / 10];
        let image_spread = root_mean_square(images.iter().enumerate().map(|(at, image)| {
            let own: Vec<f32> =
                image.as_slice().iter().zip(&image_mean).map(|(a, b)| a - b).collect();
            // Its cosine with itself is that of no unrelated photo.
            let others = images[..at].iter().chain(&images[at + 1..]);
            spread(&own, others) / dot(&own, &own).sqrt().max(1e-6)
        }));
        let scales = Self { text_spread, image_spread, image_mean };
        scales.is_sound().then_some(scales)
    }

    /// Those of the starter, measured when it was chosen: it comes with the
    /// application, and its folder is never written.
    pub fn of_the_starter() -> Option<Self> {
        serde_json::from_str(STARTER).ok().filter(Self::is_sound)
    }

    /// Reads those of the model in `folder`, whose vectors have `dim` components;
    /// `None` where none are kept.
    ///
    /// # Errors
    /// Where the file cannot be read or holds something else.
    pub fn read(folder: &Path, dim: usize) -> Result<Option<Self>> {
        let path = folder.join(SCALES);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.context(|| message!("cannot read {path}", path = path.display()))?,
        };
        let unusable = || {
            message!(
                "cannot use {path}: remove it, and it will be measured again",
                path = path.display()
            )
        };
        let scales: Self = serde_json::from_slice(&bytes).context(unusable)?;
        if scales.image_mean.len() != dim || !scales.is_sound() {
            return Err(Error::failed(unusable()));
        }
        Ok(Some(scales))
    }

    /// Keeps them in the model's folder; a reader sees either all or nothing.
    ///
    /// # Errors
    /// Where the folder cannot be written, as that of a model that came with the
    /// application.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join(SCALES);
        let cannot = || message!("cannot write {path}", path = path.display());
        let json = serde_json::to_vec(self).context(cannot)?;
        let new = tempfile::NamedTempFile::new_in(folder).context(cannot)?;
        fs::write(new.path(), json).context(cannot)?;
        new.persist(&path).context(cannot)?;
        Ok(())
    }

    fn is_sound(&self) -> bool {
        let is_spread = |value: f32| value.is_finite() && value > 0.0;
        is_spread(self.text_spread)
            && is_spread(self.image_spread)
            && self.image_mean.iter().all(|value| value.is_finite())
    }
}

/// The mean of vectors; `None` of none.
pub(super) fn mean<'a>(vectors: impl Iterator<Item = &'a [f32]>) -> Option<Vec<f32>> {
    let mut sum: Vec<f32> = Vec::new();
    let mut count = 0.0;
    for vector in vectors {
        sum.resize(vector.len(), 0.0);
        sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value);
        count += 1.0;
    }
    sum.iter_mut().for_each(|value| *value /= count);
    (count > 0.0).then_some(sum)
}

/// The sum of products.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Standard deviation of values; 0 of none.
pub(super) fn deviation(values: impl Iterator<Item = f32>) -> f32 {
    let (mut count, mut sum, mut squares) = (0.0_f64, 0.0_f64, 0.0_f64);
    for value in values.map(f64::from) {
        count += 1.0;
        sum += value;
        squares += value * value;
    }
    if count == 0.0 {
        0.0
    } else {
        (squares / count - (sum / count).powi(2)).max(0.0).sqrt() as f32
    }
}

fn spread<'a>(direction: &[f32], images: impl IntoIterator<Item = &'a Embedding>) -> f32 {
    deviation(images.into_iter().map(|image| dot(direction, image.as_slice())))
}

fn root_mean_square(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    let count = values.len() as f32;
    (values.map(|value| value * value).sum::<f32>() / count).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors that share a direction and differ in two others.
    fn fan(shared: f32, count: usize) -> Vec<Embedding> {
        let angle = |n: usize| n as f32 / count as f32 * std::f32::consts::TAU;
        let vector = |n| vec![shared, angle(n).cos(), angle(n).sin()];
        (0..count).map(|n| Embedding::from_raw(vector(n)).unwrap()).collect()
    }

    #[test]
    fn what_all_photos_share_is_their_mean_and_no_part_of_their_spread() {
        let scales = Scales::measure(&fan(0.0, 40), &fan(1.0, 40)).unwrap();
        let common = 0.5_f32.sqrt();
        assert!((scales.image_mean[0] - common).abs() < 1e-4, "{scales:?}");
        assert!(scales.image_mean[1].abs() < 1e-4 && scales.image_mean[2].abs() < 1e-4);
        // Their own part is a circle of this radius, and so is a text's.
        assert!((scales.text_spread - common * common).abs() < 1e-3, "{scales:?}");
        assert!((scales.image_spread - common * common).abs() < 2e-2, "{scales:?}");
    }

    #[test]
    fn few_vectors_or_equal_ones_say_nothing() {
        assert_eq!(Scales::measure(&fan(0.0, 40), &fan(1.0, LEAST - 1)), None);
        assert_eq!(Scales::measure(&fan(0.0, LEAST - 1), &fan(1.0, 40)), None);
        let equal = vec![fan(1.0, 1).remove(0); 40];
        assert_eq!(Scales::measure(&fan(0.0, 40), &equal), None);
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Scales::read(folder.path(), 3).unwrap(), None);
        let scales = Scales::measure(&fan(0.0, 40), &fan(1.0, 40)).unwrap();
        scales.write(folder.path()).unwrap();
        assert_eq!(Scales::read(folder.path(), 3).unwrap(), Some(scales));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn those_of_another_model_and_damaged_ones_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let scales = Scales::measure(&fan(0.0, 40), &fan(1.0, 40)).unwrap();
        scales.write(folder.path()).unwrap();
        let error = Scales::read(folder.path(), 4).unwrap_err().to_string();
        assert!(error.contains("scales.json") && error.contains("remove it"), "{error}");
        let bad = Scales { text_spread: 0.0, ..scales };
        bad.write(folder.path()).unwrap();
        assert!(Scales::read(folder.path(), 3).is_err());
        fs::write(folder.path().join(SCALES), "{").unwrap();
        assert!(Scales::read(folder.path(), 3).is_err());
    }

    #[test]
    fn those_of_the_starter_are_at_hand() {
        let scales = Scales::of_the_starter().unwrap();
        assert_eq!(scales.image_mean.len(), 384);
        assert!(scales.image_spread > scales.text_spread);
    }

    #[test]
    fn captions_are_enough_and_each_is_there_once() {
        let mut captions: Vec<&str> = CAPTIONS.lines().collect();
        assert!(captions.iter().all(|caption| !caption.trim().is_empty()));
        let count = captions.len();
        captions.sort_unstable();
        captions.dedup();
        assert!((60..=100).contains(&count) && captions.len() == count, "{count}");
    }
}
