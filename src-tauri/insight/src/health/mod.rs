//! Whether vectors are sound: lengths, values, spread, hubs, and what compression
//! costs.
//!
//! ```text
//! all rows, as they come     not finite, zero, lengths, values, exact copies
//!   those that are sound     principal components, of vectors made length 1
//!     a sample of photos     cosines of random pairs, what compression keeps
//!       a smaller one        hubs and near copies: each against each
//! ```
//!
//! A photo that is in the library several times counts once from the sample on: its
//! vectors are the same for a good reason.

mod histogram;
mod neighbourhood;
#[cfg(test)]
mod tests;
mod warning;

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;

use crate::nearest::scan;
use crate::random::Random;
use crate::spectrum::{Covariance, Spectrum};

pub use histogram::{BINS, Histogram};
pub use neighbourhood::{Hub, Hubs, Kept, NEIGHBOURS};
pub use warning::Warning;

/// A length this far from 1 is off. Vectors kept as f16 are within a thousandth.
const NORM_TOLERANCE: f64 = 0.01;

/// A dimension that varies by less than this says nothing.
const CONSTANT: f32 = 1e-6;

/// How much is looked at where all would take too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Rows that are kept in memory, 4 bytes a value.
    pub sample: usize,
    /// Rows of these that are compared with each other: time grows with the square.
    pub hub_rows: usize,
    /// Random pairs whose cosines are counted.
    pub pairs: usize,
    /// Rows whose neighbours are looked for after compression.
    pub kept_queries: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { sample: 20_000, hub_rows: 4_000, pairs: 50_000, kept_queries: 500 }
    }
}

/// Rows with something in common.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Found {
    /// How many there are.
    pub count: usize,
    /// The ids of the first, at most 20.
    pub ids: Vec<i64>,
}

impl Found {
    const NAMED: usize = 20;

    fn add(&mut self, id: i64) {
        self.count += 1;
        if self.ids.len() < Self::NAMED {
            self.ids.push(id);
        }
    }
}

/// Lengths of the vectors that are finite and not zero. Zeros where there are none.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Norms {
    /// Mean length; 1 is right.
    pub mean: f64,
    /// Standard deviation of the lengths.
    pub deviation: f64,
    /// The smallest.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// Vectors whose length is more than 0.01 from 1.
    pub off: Found,
}

/// How many directions vectors vary in. They are made length 1 before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpectrumFigures {
    /// Share of the variance that the first n principal components explain, for n
    /// from 1 to all: 0 to 1.
    pub explained: Vec<f64>,
    /// Components that explain 90 % of it.
    pub components_90: usize,
    /// Components that explain 95 % of it.
    pub components_95: usize,
    /// Components that explain 99 % of it.
    pub components_99: usize,
    /// Participation ratio of the variances, 1 to the number of dimensions.
    pub effective_dimension: f64,
}

/// All figures of the vectors of a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HealthReport {
    /// How many vectors.
    pub rows: usize,
    /// How many of them are finite and not zero.
    pub usable: usize,
    /// Dimensions of a vector.
    pub dim: usize,
    /// Vectors with a value that is NaN or infinite.
    pub not_finite: Found,
    /// Values that are NaN.
    pub nan_values: usize,
    /// Values that are infinite.
    pub infinite_values: usize,
    /// Vectors of nothing but zeros.
    pub zero_vectors: Found,
    /// Lengths.
    pub norms: Norms,
    /// The smallest value of usable vectors, 0 where there are none.
    pub value_min: f32,
    /// The greatest.
    pub value_max: f32,
    /// Dimensions that are the same in all usable vectors, within a millionth.
    pub constant_dimensions: Vec<usize>,
    /// Those of them that are always 0.
    pub dead_dimensions: Vec<usize>,
    /// Length of the mean of the vectors made length 1, 0 to 1: near 0 they point
    /// everywhere, near 1 they are in a narrow cone.
    pub mean_vector_length: f64,
    /// Principal components.
    pub spectrum: SpectrumFigures,
    /// Different photos in the sample, which all below are about.
    pub sampled: usize,
    /// Cosines of random pairs of photos.
    pub unrelated: Histogram,
    /// Cosines of photos and the photo nearest to each.
    pub related: Histogram,
    /// Photos that are neighbours of many.
    pub hubs: Hubs,
    /// What compression keeps.
    pub kept: Kept,
    /// What is wrong, the worst first.
    pub warnings: Vec<Warning>,
}

/// Looks at vectors as they come, and reports at the end.
pub struct Examination {
    dim: usize,
    settings: Settings,
    rows: usize,
    usable: usize,
    not_finite: Found,
    nan_values: usize,
    infinite_values: usize,
    zero_vectors: Found,
    off: Found,
    /// Of lengths less 1, and their squares.
    norm_sums: [f64; 2],
    norm_range: [f64; 2],
    /// Smallest and greatest value of each dimension.
    ranges: Vec<[f32; 2]>,
    covariance: Covariance,
    contents: HashSet<u64>,
    /// Photos by a hash of their vector.
    by_vector: HashMap<u64, Found>,
    sample: Sample,
}

/// Each photo is in it equally likely (Waterman's reservoir, algorithm R).
struct Sample {
    ids: Vec<i64>,
    hashes: Vec<u64>,
    /// Vectors of length 1.
    rows: Vec<f32>,
    seen: usize,
    random: Random,
}

impl Examination {
    /// Of vectors of `dim` values.
    ///
    /// # Panics
    /// Where `dim` is 0.
    pub fn new(dim: usize, settings: Settings) -> Self {
        assert!(dim > 0, "vectors have a dimension");
        let random = Random::new(0xe8a3);
        Self {
            dim,
            settings,
            rows: 0,
            usable: 0,
            not_finite: Found::default(),
            nan_values: 0,
            infinite_values: 0,
            zero_vectors: Found::default(),
            off: Found::default(),
            norm_sums: [0.0; 2],
            norm_range: [f64::INFINITY, 0.0],
            ranges: vec![[f32::INFINITY, f32::NEG_INFINITY]; dim],
            covariance: Covariance::new(dim),
            contents: HashSet::new(),
            by_vector: HashMap::new(),
            sample: Sample { ids: vec![], hashes: vec![], rows: vec![], seen: 0, random },
        }
    }

    /// Adds vectors, `(ids, dim)` row by row. `contents` says which rows are of the
    /// same photo: those with the same number; where it is empty, all differ.
    ///
    /// # Panics
    /// Where the three are not about the same number of rows.
    pub fn add(&mut self, ids: &[i64], contents: &[u64], rows: &[f32]) {
        assert_eq!(rows.len(), ids.len() * self.dim, "a vector for each id");
        assert!(contents.is_empty() || contents.len() == ids.len(), "a content for each id");
        for (at, (&id, row)) in ids.iter().zip(rows.chunks(self.dim)).enumerate() {
            self.rows += 1;
            if let Some(norm) = self.check(id, row) {
                let again = contents.get(at).is_some_and(|content| !self.contents.insert(*content));
                self.count(id, row, norm, again);
            }
        }
    }

    /// The length of a row that is finite and not zero.
    fn check(&mut self, id: i64, row: &[f32]) -> Option<f64> {
        let nan = row.iter().filter(|value| value.is_nan()).count();
        let infinite = row.iter().filter(|value| value.is_infinite()).count();
        if nan + infinite > 0 {
            self.nan_values += nan;
            self.infinite_values += infinite;
            self.not_finite.add(id);
            return None;
        }
        let norm = row.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
        if norm == 0.0 {
            self.zero_vectors.add(id);
            return None;
        }
        Some(norm)
    }

    fn count(&mut self, id: i64, row: &[f32], norm: f64, again: bool) {
        self.usable += 1;
        if (norm - 1.0).abs() > NORM_TOLERANCE {
            self.off.add(id);
        }
        self.norm_sums[0] += norm - 1.0;
        self.norm_sums[1] += (norm - 1.0).powi(2);
        self.norm_range = [self.norm_range[0].min(norm), self.norm_range[1].max(norm)];
        for (range, &value) in self.ranges.iter_mut().zip(row) {
            *range = [range[0].min(value), range[1].max(value)];
        }
        let unit: Vec<f32> = row.iter().map(|value| (f64::from(*value) / norm) as f32).collect();
        self.covariance.add(&unit);
        if !again {
            let mut hasher = DefaultHasher::new();
            row.iter().for_each(|value| value.to_bits().hash(&mut hasher));
            let hash = hasher.finish();
            self.by_vector.entry(hash).or_default().add(id);
            self.sample.offer(self.settings.sample, id, hash, &unit);
        }
    }

    /// The report. Takes seconds, most of them for the principal components of many
    /// dimensions.
    pub fn finish(self) -> HealthReport {
        let (dim, usable) = (self.dim, self.usable.max(1) as f64);
        let spectrum = self.covariance.finish();
        let mean = self.norm_sums[0] / usable;
        let norms = Norms {
            mean: if self.usable > 0 { 1.0 + mean } else { 0.0 },
            deviation: (self.norm_sums[1] / usable - mean * mean).max(0.0).sqrt(),
            min: if self.usable > 0 { self.norm_range[0] } else { 0.0 },
            max: self.norm_range[1],
            off: self.off,
        };
        let constant = |&at: &usize| self.ranges[at][1] - self.ranges[at][0] <= CONSTANT;
        let constant: Vec<usize> = (0..dim).filter(|_| self.usable > 0).filter(constant).collect();
        let value = |end: usize, pick: fn(f32, f32) -> f32| {
            let ends = self.ranges.iter().map(|range| range[end]).filter(|end| end.is_finite());
            ends.reduce(pick).unwrap_or(0.0)
        };
        let mean_length = spectrum.mean.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();

        let sample = &self.sample;
        let places = Random::new(0xb0b).sample(sample.ids.len(), self.settings.hub_rows);
        let rows: Vec<f32> = places.iter().flat_map(|&at| sample.row(at, dim)).copied().collect();
        let ids: Vec<i64> = places.iter().map(|&at| sample.ids[at]).collect();
        let near = neighbourhood::compare(&rows, &ids, dim);

        let mut exact: HashMap<u64, Found> =
            self.by_vector.into_iter().filter(|(_, found)| found.count > 1).collect();
        let mut copies: Vec<Found> = Vec::new();
        for (count, group) in near.copies {
            let mut hashes: Vec<u64> = group.iter().map(|&at| sample.hashes[places[at]]).collect();
            hashes.dedup();
            // Exact copies were counted in all rows, near ones in the sample only.
            let known = hashes.iter().filter_map(|hash| exact.get(hash)).map(|found| found.count);
            if known.max().is_none_or(|known| known < count) {
                hashes.iter().for_each(|hash| drop(exact.remove(hash)));
                copies.push(Found { count, ids: group.iter().map(|&at| ids[at]).collect() });
            }
        }
        copies.extend(exact.into_values());
        copies.sort_by_key(|found| (usize::MAX - found.count, found.ids.first().copied()));

        let mut report = HealthReport {
            rows: self.rows,
            usable: self.usable,
            dim,
            not_finite: self.not_finite,
            nan_values: self.nan_values,
            infinite_values: self.infinite_values,
            zero_vectors: self.zero_vectors,
            norms,
            value_min: value(0, f32::min),
            value_max: value(1, f32::max),
            dead_dimensions: constant
                .iter()
                .copied()
                .filter(|&at| self.ranges[at].iter().all(|end| end.abs() <= CONSTANT))
                .collect(),
            constant_dimensions: constant,
            mean_vector_length: mean_length,
            spectrum: SpectrumFigures::new(&spectrum),
            sampled: sample.ids.len(),
            unrelated: Histogram::of(sample.random_cosines(dim, self.settings.pairs)),
            related: Histogram::of(near.nearest),
            hubs: near.hubs,
            kept: neighbourhood::kept(&sample.rows, dim, self.settings.kept_queries, &spectrum),
            warnings: Vec::new(),
        };
        report.warnings = Warning::all(&report, copies);
        report
    }
}

impl Sample {
    fn offer(&mut self, size: usize, id: i64, hash: u64, unit: &[f32]) {
        self.seen += 1;
        if self.ids.len() < size {
            self.ids.push(id);
            self.hashes.push(hash);
            self.rows.extend_from_slice(unit);
            return;
        }
        let place = self.random.below(self.seen);
        if place < size {
            (self.ids[place], self.hashes[place]) = (id, hash);
            self.rows[place * unit.len()..(place + 1) * unit.len()].copy_from_slice(unit);
        }
    }

    fn row(&self, at: usize, dim: usize) -> &[f32] {
        &self.rows[at * dim..(at + 1) * dim]
    }

    /// Of pairs of different photos.
    fn random_cosines(&self, dim: usize, pairs: usize) -> Vec<f32> {
        let (number, mut random) = (self.ids.len(), Random::new(0x9a17));
        let pairs = if number > 1 { pairs } else { 0 };
        let cosines = (0..pairs).map(|_| {
            let one = random.below(number);
            let other = (one + 1 + random.below(number - 1)) % number;
            self.row(one, dim).iter().zip(self.row(other, dim)).map(|(a, b)| a * b).sum()
        });
        cosines.collect()
    }
}

impl SpectrumFigures {
    fn new(spectrum: &Spectrum) -> Self {
        let explained = spectrum.explained();
        let varies = explained.last().is_some_and(|last| *last > 0.0);
        // Rounding may leave the sum a hair below what it is.
        let components = |share: f64| {
            let fewer = explained.partition_point(|explained| *explained < share - 1e-12);
            if varies { fewer + 1 } else { 0 }
        };
        Self {
            components_90: components(0.90),
            components_95: components(0.95),
            components_99: components(0.99),
            effective_dimension: spectrum.effective_dimension(),
            explained,
        }
    }
}

/// How near queries come to the photos of a library.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuerySimilarity {
    /// Cosines of all queries with all photos.
    pub all: Histogram,
    /// Cosines of each query with the photo nearest to it.
    pub best: Histogram,
}

impl QuerySimilarity {
    /// Of queries and photos, each `(n, dim)` row by row, of length 1.
    ///
    /// # Panics
    /// Where `dim` is 0.
    pub fn of(queries: &[f32], photos: &[f32], dim: usize) -> Self {
        assert!(dim > 0, "vectors have a dimension");
        let scores: Vec<Vec<f32>> =
            scan(photos, queries, dim, |_, seen: &mut Vec<f32>, _, scores| {
                seen.extend_from_slice(scores);
            });
        let best = scores.iter().filter_map(|scores| scores.iter().copied().reduce(f32::max));
        let best = Histogram::of(best);
        Self { all: Histogram::of(scores.into_iter().flatten()), best }
    }
}
