//! A map of the library: photos in two dimensions, similar ones together.
//!
//! ```text
//! principal components    all dimensions -> 50, the mean subtracted, length 1
//!   landmarks             t-SNE of at most some thousand rows, begun with the first
//!                         two components
//!     all others          between the landmarks that are nearest to them
//!       clusters          hills of the density in the plane
//! ```
//!
//! The same rows give the same map on the same machine, on any number of cores. A
//! release must not abort on a panic: it is how a layout is left that was cancelled.

mod clusters;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use bhtsne::{Neighbor, tSNE};
use rayon::prelude::*;

use crate::nearest::nearest;
use crate::random::Random;
use crate::spectrum::{Covariance, Spectrum};

pub use clusters::{Cluster, ClusterSettings, Clusters, clusters};

/// What photos show is in the first components; the rest is noise that makes all
/// distances alike.
pub const COMPONENTS: usize = 50;

/// Landmarks that place a row.
const ANCHORS: usize = 8;

/// Of landmarks that place a row, those farther than this in the plane from the
/// nearest one do not count: a row is not to lie in the void between two clusters.
const REACH: f32 = 0.1;

/// By how much of its cosine a landmark must be less similar to count for 1/e.
const SHARPNESS: f32 = 0.05;

/// By how much rows are shaken between the steps of t-SNE, of the map's half.
const LOOSEN: f32 = 0.01;

/// With fewer neighbours t-SNE only makes rows flee from each other.
const LEAST_PERPLEXITY: f32 = 5.0;

/// Rows placed by the same landmarks are not to cover each other.
const JITTER: f32 = 0.004;

/// Rows that are placed before progress is told again.
const PLACED_AT_ONCE: usize = 8192;

/// A place in the plane; both coordinates are between -1 and 1.
pub type Point = [f32; 2];

/// How a map is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MapSettings {
    /// Rows that t-SNE lays out; time grows with them. More rows are placed between
    /// them.
    pub landmarks: usize,
    /// How many neighbours a landmark has about: 5 to 50.
    pub perplexity: f32,
    /// Steps of t-SNE.
    pub epochs: usize,
}

impl Default for MapSettings {
    fn default() -> Self {
        Self { landmarks: 10_000, perplexity: 30.0, epochs: 500 }
    }
}

/// Somebody asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancelled;

impl std::fmt::Display for Cancelled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the map was cancelled")
    }
}

impl std::error::Error for Cancelled {}

/// The step from all dimensions to [`COMPONENTS`]. Learn it from all rows or a
/// sample, and reduce rows in parts: a map of 100,000 then takes 20 MB, not 200.
pub struct Reduction {
    dim: usize,
    spectrum: Spectrum,
    /// The mean of the rows along the components.
    mean: Vec<f32>,
}

impl Reduction {
    /// Learns from rows, `(n, dim)`; those that are not finite are left out. Some
    /// ten thousand are enough.
    ///
    /// # Panics
    /// Where `dim` is 0.
    pub fn learn(rows: &[f32], dim: usize) -> Self {
        assert!(dim > 0, "rows have a dimension");
        let mut covariance = Covariance::new(dim);
        let finite = rows.chunks_exact(dim).filter(|row| row.iter().all(|value| value.is_finite()));
        finite.for_each(|row| covariance.add(row));
        let spectrum = covariance.finish();
        let mean = spectrum.project(&spectrum.mean, COMPONENTS);
        Self { dim, spectrum, mean }
    }

    /// Values of a reduced row: [`COMPONENTS`], or all where there are fewer.
    pub fn width(&self) -> usize {
        self.mean.len()
    }

    /// Rows, `(n, dim)`, reduced to `(n, width)` and to length 1. A row that is not
    /// finite is zeros.
    pub fn reduce(&self, rows: &[f32]) -> Vec<f32> {
        let mut reduced = self.spectrum.project(rows, COMPONENTS);
        debug_assert_eq!(rows.len() / self.dim * self.width(), reduced.len());
        for row in reduced.chunks_mut(self.width()) {
            row.iter_mut().zip(&self.mean).for_each(|(value, mean)| *value -= mean);
            let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
            let scale = if length.is_finite() && length > 0.0 { 1.0 / length } else { 0.0 };
            for value in row {
                *value = if scale > 0.0 { *value * scale } else { 0.0 };
            }
        }
        reduced
    }
}

/// Lays out rows that a [`Reduction`] made, `(n, width)`. `progress` is told the
/// share that is done, 0 to 1, and says whether to go on.
///
/// # Errors
/// [`Cancelled`] where `progress` said no.
///
/// # Panics
/// Where `width` is 0.
pub fn layout(
    reduced: &[f32],
    width: usize,
    settings: &MapSettings,
    progress: &mut (dyn FnMut(f64) -> bool + Send),
) -> Result<Vec<Point>, Cancelled> {
    assert!(width > 0, "rows have a width");
    let number = reduced.len() / width;
    let chosen = Random::new(0x3a9).sample(number, settings.landmarks.max(1));
    let row = |at: usize| &reduced[at * width..(at + 1) * width];
    let landmarks: Vec<f32> = chosen.iter().flat_map(|&at| row(at)).copied().collect();
    // Most of the time is for t-SNE; placing 100,000 takes about a quarter of it.
    let others = number - chosen.len();
    let share = if others == 0 { 1.0 } else { 0.8 };
    let mut places =
        lay_landmarks(&landmarks, width, settings, &mut |done| progress(share * done))?;
    fill_square(&mut places);
    if others == 0 {
        return Ok(places);
    }
    let mut points = Vec::with_capacity(number);
    for rows in reduced.chunks(PLACED_AT_ONCE * width) {
        if !progress(share + (1.0 - share) * points.len() as f64 / number as f64) {
            return Err(Cancelled);
        }
        points.extend(place(&landmarks, &places, rows, width, points.len()));
    }
    for (&at, place) in chosen.iter().zip(&places) {
        points[at] = *place;
    }
    progress(1.0);
    Ok(points)
}

/// What the panic carries by which a fit is left: its callback cannot say no.
struct Leave;

/// t-SNE by FFT interpolation, with exact neighbours.
fn lay_landmarks(
    rows: &[f32],
    width: usize,
    settings: &MapSettings,
    progress: &mut (dyn FnMut(f64) -> bool + Send),
) -> Result<Vec<Point>, Cancelled> {
    let number = rows.len() / width;
    let begin = first_components(rows, width);
    let perplexity = settings.perplexity.min(number.saturating_sub(1) as f32 / 3.0);
    if perplexity < LEAST_PERPLEXITY || settings.epochs == 0 {
        return Ok(begin);
    }
    if !progress(0.0) {
        return Err(Cancelled);
    }
    let neighbours: Vec<Vec<Neighbor<f32>>> =
        nearest(rows, rows, width, (3.0 * perplexity) as usize, Some)
            .into_par_iter()
            .map(|row| {
                let distance = |cosine: f32| (2.0 - 2.0 * cosine).max(0.0).sqrt();
                let row = row.into_iter();
                row.map(|n| Neighbor { index: n.row, distance: distance(n.score) }).collect()
            })
            .collect();
    // The usual start: so small that the first steps decide what goes where.
    let spread = begin.iter().flatten().map(|v| v * v).sum::<f32>() / number as f32;
    let scale = if spread > 0.0 { 1e-4 / spread.sqrt() } else { 0.0 };
    let mut random = Random::new(0x70e);
    let begin: Vec<f32> = begin
        .iter()
        .flatten()
        // Rows that are the same would never part.
        .map(|value| value * scale + 1e-6 * random.normal() as f32)
        .collect();
    let fitted = fit(number, &neighbours, begin, perplexity, settings.epochs, progress)?;
    // Never seen; a map of the first two components is better than none.
    if fitted.iter().any(|value| !value.is_finite()) {
        return Ok(first_components(rows, width));
    }
    let (points, _) = fitted.as_chunks::<2>();
    Ok(points.to_vec())
}

fn fit(
    number: usize,
    neighbours: &[Vec<Neighbor<f32>>],
    begin: Vec<f32>,
    perplexity: f32,
    epochs: usize,
    progress: &mut (dyn FnMut(f64) -> bool + Send),
) -> Result<Vec<f32>, Cancelled> {
    // Neighbours are given; of the rows it wants to know the number only.
    let rows = vec![(); number];
    let run = || {
        let mut fit: tSNE<f32, ()> = tSNE::new(&rows);
        let mut done = 0_u32;
        fit.epoch_callback(move |_, _| {
            done += 1;
            if !progress(f64::from(done) / epochs as f64) {
                // Not `panic!`: nothing has failed, and nothing is to be reported.
                resume_unwind(Box::new(Leave));
            }
        });
        // The more rows, the less each weighs. Few rows would fly apart in large steps.
        let rate = |part: f32| (number as f32 / part).max(10.0);
        // A fifth of the steps, exaggerated, to part the clusters.
        let parting = epochs / 5;
        fit.perplexity(perplexity).learning_rate(rate(48.0)).initial_embedding(begin);
        fit.epochs(parting).stop_lying_epoch(parting).fit_sne_with_neighbors(neighbours);
        // Exaggeration draws clusters that have nothing to do with each other into
        // points, in which rows push each other nowhere.
        let mut parted = fit.embedding();
        let reach = parted.iter().fold(0.0_f32, |reach, value| reach.max(value.abs()));
        let mut random = Random::new(0x5a7);
        parted.iter_mut().for_each(|value| *value += LOOSEN * reach * random.normal() as f32);
        // The rest to spread each.
        fit.momentum(0.8).learning_rate(rate(4.0));
        fit.epochs(epochs - parting).stop_lying_epoch(0).initial_embedding(parted);
        fit.fit_sne_with_neighbors(neighbours);
        fit.embedding()
    };
    // On one core, since sums of several come out differently every time, and a map
    // where clusters have moved overnight is one to learn anew.
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let run = AssertUnwindSafe(|| match one {
        Ok(one) => one.install(run),
        // No thread to be had: a map that differs in its last digits is a map.
        Err(_) => run(),
    });
    catch_unwind(run).map_err(|payload| {
        if !payload.is::<Leave>() {
            resume_unwind(payload);
        }
        Cancelled
    })
}

/// The first two values of each row, which are its first two components.
fn first_components(rows: &[f32], width: usize) -> Vec<Point> {
    rows.chunks(width).map(|row| [row[0], row.get(1).copied().unwrap_or(0.0)]).collect()
}

/// Moves and scales places so that they reach from -1 to 1 in the longer direction.
fn fill_square(places: &mut [Point]) {
    let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
    for place in places.iter() {
        for axis in 0..2 {
            low[axis] = low[axis].min(place[axis]);
            high[axis] = high[axis].max(place[axis]);
        }
    }
    let half = (high[0] - low[0]).max(high[1] - low[1]) / 2.0;
    let scale = if half > 0.0 { 1.0 / half } else { 0.0 };
    for place in places {
        for axis in 0..2 {
            let centred = place[axis] - f32::midpoint(low[axis], high[axis]);
            place[axis] = (centred * scale).clamp(-1.0, 1.0);
        }
    }
}

/// Places rows between the landmarks nearest to them. `first` is the number of the
/// first row: a row's jitter is always the same.
fn place(
    landmarks: &[f32],
    places: &[Point],
    rows: &[f32],
    width: usize,
    first: usize,
) -> Vec<Point> {
    let found = nearest(landmarks, rows, width, ANCHORS, |_| None);
    let placed = found.iter().enumerate().map(|(at, anchors)| {
        let nearest = anchors[0];
        let home = places[nearest.row];
        let (mut sum, mut weights) = ([0.0; 2], 0.0);
        for anchor in anchors {
            let place = places[anchor.row];
            if (place[0] - home[0]).hypot(place[1] - home[1]) <= REACH {
                let weight = ((anchor.score - nearest.score) / SHARPNESS).exp();
                sum = [sum[0] + weight * place[0], sum[1] + weight * place[1]];
                weights += weight;
            }
        }
        let mut random = Random::new((first + at) as u64);
        sum.map(|sum| {
            let jitter = JITTER * (2.0 * random.unit() as f32 - 1.0);
            (sum / weights + jitter).clamp(-1.0, 1.0)
        })
    });
    placed.collect()
}
