//! Scores of all photos for all categories: one product of matrices, block by block.
//!
//! The first pass over the photos finds the best two scores of each category, the
//! second what is worth suggesting. Medians and spreads are those of a sample, which
//! tells them to a hundredth of a spread.

use std::collections::HashSet;

use afterimage_index::Snapshot;
use candle_core::{Device, Tensor};
use rayon::prelude::*;

use super::confidence::{
    Apart, Background, EXAMPLES, LEAST, LEAST_PHOTOS, Line, TEXT, TEXT_ALONE, logit,
};
use super::learning::{Examples, Lesson, Observation, dot, unit};
use crate::error::{Error, Result};
use crate::model::Embedding;

/// Photos by which scores are measured.
const SAMPLE: usize = 8192;

/// Rows that one thread looks through at a time.
const ROWS: usize = 256;

/// What one category is known by.
#[derive(Debug, Clone, Default)]
pub(super) struct Subject {
    /// The vector of its prompts.
    pub text: Option<Embedding>,
    /// Photos that the person confirmed, and rejected.
    pub confirmed: Vec<i64>,
    pub rejected: Vec<i64>,
}

/// A photo that stands out for a category.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Match {
    pub photo: i64,
    pub logit: f32,
}

/// What stands out for one category.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Matches {
    /// In no order.
    pub photos: Vec<Match>,
    /// The examples had a say.
    pub learned: bool,
}

/// What stands out for each subject, of a confidence of [`LEAST`] and more.
/// `neutral` are the vectors of the neutral captions.
///
/// # Errors
/// Where `stopped` says so.
pub(super) fn matches(
    snapshot: &Snapshot,
    neutral: &[Embedding],
    subjects: &[Subject],
    stopped: &dyn Fn() -> Result<()>,
) -> Result<Vec<Matches>> {
    if snapshot.is_empty() || subjects.is_empty() {
        return Ok(vec![Matches::default(); subjects.len()]);
    }
    let measured = Measured::of(snapshot, neutral, subjects)?;
    let mut best = vec![[f32::NEG_INFINITY; 2]; subjects.len()];
    if snapshot.len() >= LEAST_PHOTOS {
        for block in 0..snapshot.blocks() {
            stopped()?;
            let scores = measured.scores(snapshot, block)?;
            let found = scores.best(&measured);
            best.iter_mut().zip(found).for_each(|(best, found)| merge(best, found));
        }
    }
    let judges = measured.judges(snapshot.len() < LEAST_PHOTOS, neutral, subjects, &best);
    let mut found: Vec<Matches> = judges
        .iter()
        .map(|judge| Matches {
            photos: Vec::new(),
            learned: judge.as_ref().is_some_and(|judge| {
                judge.lesson.is_some() || matches!(judge.base, Base::Prototype(_))
            }),
        })
        .collect();
    for block in 0..snapshot.blocks() {
        stopped()?;
        let scores = measured.scores(snapshot, block)?;
        for (subject, one) in scores.matches(&judges) {
            found[subject].photos.push(one);
        }
    }
    Ok(found)
}

/// The subjects as columns of a matrix, and how their scores lie in a sample.
struct Measured {
    /// `(columns, dim)`: the neutral captions, the mean of the photos, then those of
    /// the subjects.
    columns: Tensor,
    neutral: usize,
    /// Product of the mean with itself.
    mean_square: f32,
    subjects: Vec<Option<Columns>>,
    /// Scores of the sample.
    sample: Scores,
}

/// The columns of one subject.
struct Columns {
    base: Base,
    /// Its direction learned from examples.
    learned: Option<Column>,
    examples: Examples,
    /// Their vectors as they are, confirmed ones first.
    whole: Vec<Vec<f32>>,
    /// The photos that the prototype is made of.
    own: HashSet<i64>,
}

#[derive(Clone, Copy)]
enum Base {
    Text(usize),
    Prototype(Column),
}

/// A direction among photos without their mean.
#[derive(Clone, Copy)]
struct Column {
    at: usize,
    /// The direction's product with the mean.
    of_mean: f32,
}

impl Measured {
    fn of(snapshot: &Snapshot, neutral: &[Embedding], subjects: &[Subject]) -> Result<Self> {
        let dim = snapshot.dim();
        let sample: Vec<Vec<f32>> = snapshot.evenly(SAMPLE).collect();
        let mut mean = vec![0.0; dim];
        for vector in &sample {
            mean.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value);
        }
        mean.iter_mut().for_each(|sum| *sum /= sample.len() as f32);

        let mut rows: Vec<f32> = Vec::new();
        neutral.iter().for_each(|text| rows.extend(text.as_slice()));
        rows.extend(&mean);
        let mut push = |vector: &[f32]| {
            rows.extend(vector);
            rows.len() / dim - 1
        };
        let few = snapshot.len() < LEAST_PHOTOS;
        let columns = subjects.iter().map(|subject| {
            let (examples, whole) = match few {
                true => Default::default(),
                false => examples(snapshot, &mean, subject),
            };
            let learns = examples.are_enough();
            let mut column =
                |vector: Vec<f32>| Column { at: push(&vector), of_mean: dot(&vector, &mean) };
            let direction = || examples.direction(subject.text.is_some());
            let learned = learns.then(direction).flatten().map(&mut column);
            let prototype = || learns.then(|| examples.prototype()).flatten();
            let base = match &subject.text {
                Some(text) => Base::Text(column(text.as_slice().to_vec()).at),
                None => Base::Prototype(column(prototype()?)),
            };
            let own = match base {
                Base::Text(_) => HashSet::new(),
                Base::Prototype(_) => subject.confirmed.iter().copied().collect(),
            };
            Some(Columns { base, learned, examples, whole, own })
        });
        let subjects: Vec<Option<Columns>> = columns.collect();
        let count = rows.len() / dim;
        let columns = Tensor::from_vec(rows, (count, dim), &Device::Cpu).map_err(failed)?;
        let mut measured = Self {
            columns,
            neutral: neutral.len(),
            mean_square: dot(&mean, &mean),
            subjects,
            sample: Scores::default(),
        };
        measured.sample = measured.product(vec![0; sample.len()], sample.concat())?;
        Ok(measured)
    }

    fn scores(&self, snapshot: &Snapshot, block: usize) -> Result<Scores> {
        let (photos, vectors) = snapshot.block(block);
        self.product(photos, vectors)
    }

    fn product(&self, photos: Vec<i64>, vectors: Vec<f32>) -> Result<Scores> {
        let width = self.columns.dims().first().copied().unwrap_or_default();
        let values = if photos.is_empty() {
            Vec::new()
        } else {
            let dim = vectors.len() / photos.len();
            Tensor::from_vec(vectors, (photos.len(), dim), &Device::Cpu)
                .and_then(|vectors| vectors.matmul(&self.columns.t()?))
                .and_then(|scores| scores.flatten_all()?.to_vec1())
                .map_err(failed)?
        };
        Ok(Scores { photos, values, width, neutral: self.neutral, mean_square: self.mean_square })
    }

    /// How each subject tells what stands out.
    fn judges(
        &self,
        few: bool,
        neutral: &[Embedding],
        subjects: &[Subject],
        best: &[[f32; 2]],
    ) -> Vec<Option<Judge>> {
        let judge = |at: usize| {
            let columns = self.subjects[at].as_ref()?;
            let base = |row: Row<'_>| row.base(&columns.base);
            let background = (!few)
                .then(|| {
                    let mut scores: Vec<f32> = self.sample.rows().map(base).collect();
                    Background::of(&mut scores, best[at])
                })
                .flatten();
            let weights = match (&columns.base, background) {
                (Base::Text(_), Some(_)) => TEXT,
                (Base::Text(_), None) => TEXT_ALONE,
                (Base::Prototype(_), _) => EXAMPLES,
            };
            let line = Line::of(weights, background);
            let lesson = columns.learned.and_then(|column| {
                let d: Vec<f32> = self.sample.rows().map(|row| row.without_mean(column)).collect();
                let scale = Scale::of(d)?;
                let observations = observations(neutral, &subjects[at], columns, line, scale);
                (!observations.is_empty()).then(|| Learned {
                    column,
                    scale,
                    lesson: Lesson::of(&observations),
                })
            });
            Some(Judge { subject: at, base: columns.base, line, lesson })
        };
        (0..subjects.len()).into_par_iter().map(judge).collect()
    }
}

/// The examples of a subject as they are learned from.
fn observations(
    neutral: &[Embedding],
    subject: &Subject,
    columns: &Columns,
    line: Line,
    scale: Scale,
) -> Vec<Observation> {
    let Columns { examples, whole, .. } = columns;
    let (products, closeness) = (examples.products(subject.text.is_some()), examples.closeness());
    let prototype = examples.prototype();
    let mut observed = Vec::with_capacity(products.len());
    let rows = examples.confirmed.iter().chain(&examples.rejected);
    for (at, ((vector, whole), product)) in rows.zip(whole).zip(products).enumerate() {
        let logit = match &subject.text {
            Some(text) => {
                let scores: Vec<f32> =
                    neutral.iter().map(|text| dot(text.as_slice(), whole)).collect();
                line.logit(dot(text.as_slice(), whole), Apart::of(&scores))
            }
            None => {
                let others = || prototype.as_ref().map_or(0.0, |all| dot(vector, all));
                line.logit(closeness.get(at).copied().unwrap_or_else(others), Apart::default())
            }
        };
        let confirmed = at < examples.confirmed.len();
        observed.push(Observation { logit, d: scale.of_value(product), confirmed });
    }
    observed
}

/// Some of many, evenly.
fn some(photos: &[i64]) -> impl Iterator<Item = &i64> {
    let step = photos.len().div_ceil(super::learning::MOST_OF_A_KIND).max(1);
    photos.iter().step_by(step)
}

/// The examples of a subject that have vectors, and these as they are.
fn examples(snapshot: &Snapshot, mean: &[f32], subject: &Subject) -> (Examples, Vec<Vec<f32>>) {
    let mut whole = Vec::new();
    let mut read = |photos: &[i64]| {
        let without_mean = |photo: &i64| {
            let vector = snapshot.vector(*photo)?;
            let own = unit(vector.iter().zip(mean).map(|(value, mean)| value - mean).collect())?;
            whole.push(vector);
            Some(own)
        };
        some(photos).filter_map(without_mean).collect()
    };
    let confirmed = read(&subject.confirmed);
    let rejected = read(&subject.rejected);
    (Examples { confirmed, rejected }, whole)
}

/// Brings numbers to a mean of 0, or about, and a spread of 1.
#[derive(Debug, Clone, Copy)]
struct Scale {
    middle: f32,
    spread: f32,
}

impl Scale {
    fn of(mut values: Vec<f32>) -> Option<Self> {
        let count = values.len() as f32;
        let mean = values.iter().sum::<f32>() / count;
        let square = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f32>();
        let half = values.len() / 2;
        let middle = match values.is_empty() {
            true => return None,
            false => *values.select_nth_unstable_by(half, f32::total_cmp).1,
        };
        Some(Self { middle, spread: (square / count).sqrt().max(1e-3) })
    }

    fn of_value(self, value: f32) -> f32 {
        (value - self.middle) / self.spread
    }
}

/// How one subject tells what stands out.
struct Judge {
    subject: usize,
    base: Base,
    line: Line,
    lesson: Option<Learned>,
}

struct Learned {
    column: Column,
    scale: Scale,
    lesson: Lesson,
}

/// Scores of some photos, `(photos, width)`.
#[derive(Default)]
struct Scores {
    photos: Vec<i64>,
    values: Vec<f32>,
    width: usize,
    neutral: usize,
    mean_square: f32,
}

/// Scores of one photo.
#[derive(Clone, Copy)]
struct Row<'a> {
    values: &'a [f32],
    neutral: usize,
    mean_square: f32,
}

impl Row<'_> {
    fn base(&self, base: &Base) -> f32 {
        match base {
            Base::Text(at) => self.values[*at],
            Base::Prototype(column) => self.without_mean(*column),
        }
    }

    /// The product of the direction and the photo without the mean, brought to
    /// length 1.
    fn without_mean(&self, column: Column) -> f32 {
        // |x - m|^2 of an x of length 1.
        let square = 1.0 - 2.0 * self.values[self.neutral] + self.mean_square;
        (self.values[column.at] - column.of_mean) / square.max(1e-6).sqrt()
    }
}

impl Scores {
    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let (neutral, mean_square) = (self.neutral, self.mean_square);
        let rows = self.values.chunks_exact(self.width.max(1));
        rows.map(move |values| Row { values, neutral, mean_square })
    }

    /// The best two scores of each subject.
    fn best(&self, measured: &Measured) -> Vec<[f32; 2]> {
        let find = |subject: &Option<Columns>| {
            let mut best = [f32::NEG_INFINITY; 2];
            let Some(columns) = subject else { return best };
            for (photo, row) in self.photos.iter().zip(self.rows()) {
                if columns.own.is_empty() || !columns.own.contains(photo) {
                    merge(&mut best, [row.base(&columns.base), f32::NEG_INFINITY]);
                }
            }
            best
        };
        measured.subjects.par_iter().map(find).collect()
    }

    /// What stands out, with its subject.
    fn matches(&self, judges: &[Option<Judge>]) -> Vec<(usize, Match)> {
        let least = logit(LEAST);
        let rows: Vec<(i64, Row<'_>)> = self.photos.iter().copied().zip(self.rows()).collect();
        let look = |rows: &[(i64, Row<'_>)]| {
            let mut found = Vec::new();
            for (photo, row) in rows {
                let apart = Apart::of(&row.values[..self.neutral]);
                for judge in judges.iter().flatten() {
                    let mut logit = judge.line.logit(row.base(&judge.base), apart);
                    if let Some(Learned { column, scale, lesson }) = &judge.lesson {
                        let d = scale.of_value(row.without_mean(*column));
                        logit += lesson.shift + lesson.steepness * d;
                    }
                    if logit >= least {
                        found.push((judge.subject, Match { photo: *photo, logit }));
                    }
                }
            }
            found
        };
        rows.par_chunks(ROWS).flat_map_iter(look).collect()
    }
}

/// Keeps the greatest two of both.
fn merge(best: &mut [f32; 2], found: [f32; 2]) {
    for score in found {
        if score > best[0] {
            *best = [score, best[0]];
        } else if score > best[1] {
            best[1] = score;
        }
    }
}

fn failed(error: candle_core::Error) -> Error {
    Error::failed(message!("cannot compare the photos with the categories")).with(error)
}
