//! Passes over all rows of a snapshot that leave a coarse score for each.
//!
//! As a rule it is one, over the high planes. In a large library one over sign
//! bits comes before it and leaves a sixteenth of the rows to it; some chunks are
//! scored whole nevertheless, so that it is known how all scores are spread.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use rayon::prelude::*;

use super::Snapshot;
use super::chunk::Chunk;
use super::codes::{Codec, Query};
use super::kernels::{ask_for_huge_pages, kernels};
use super::keyset::KeySet;
use super::spread::Spread;

/// Rows from which on sign bits are looked at first. At 10,000,000 of 512
/// components a search then takes 48 to 53 ms, otherwise 54 to 70: not much less,
/// as what the bits leave lies scattered; with fewer rows it is nothing.
pub const PREFILTER_ROWS: usize = 8_000_000;

/// One row in so many is left by the sign bits. At 10,000,000 rows the recall at 100
/// is then what it is without them (0.9995, the rest being f16); with 32 it is
/// 0.9975, with 64 it is 0.986. By the signs of the query alone (Hamming) it would
/// be 0.959, and 0.989 with 8.
const LEFT: usize = 16;

/// One row in so many may be asked for when only those are scored that the sign
/// bits left: the worse a row is, the more often they miss it.
const DEEPEST: usize = 20_000;

/// One chunk in so many is scored whole.
const SAMPLED: usize = 16;

/// Rows that one call of a kernel scores: their sums stay in the first cache.
pub const GROUP: usize = 64;

/// The value of a row that was not allowed or has no key.
const OUT: f32 = f32::NEG_INFINITY;

/// The value of a row that the sign bits did not leave.
const SKIPPED: f32 = f32::MIN;

/// Less than any score, and more than what is none.
pub const LOWEST: f32 = -1e30;

/// Coarse scores.
pub struct Pass {
    /// One a row, chunk after chunk.
    pub values: Vec<f32>,
    /// How many rows were allowed.
    pub rows: usize,
    /// How those that were scored are spread, or a sample of all where some were
    /// skipped.
    pub spread: Spread,
    /// How those are spread that were scored, where some were skipped.
    scored: Option<Spread>,
    /// As many of the best rows are among those that were scored.
    pub deepest: usize,
}

impl Pass {
    /// Scores the rows that are allowed; through sign bits where there are at least
    /// `prefilter` of them.
    pub fn new(
        snapshot: &Snapshot,
        query: &Query,
        allowed: Option<&KeySet>,
        prefilter: usize,
    ) -> Self {
        let rows = snapshot.chunks.iter().map(|chunk| chunk.keys().rows()).sum();
        let mut values = vec![0.0; rows];
        ask_for_huge_pages(&mut values);
        if rows >= prefilter && allowed.is_none_or(|allowed| allowed.len() >= prefilter) {
            return Self::prefiltered(snapshot, query, allowed, values);
        }
        let parts = parts(&snapshot.chunks, &mut values);
        let spread = spread(parts, |(chunk, values)| {
            let count = mark(chunk, allowed, values);
            coarse(chunk, query, count == values.len(), values);
        });
        Self { values, rows: spread.count(), spread, scored: None, deepest: usize::MAX }
    }

    fn prefiltered(
        snapshot: &Snapshot,
        query: &Query,
        allowed: Option<&KeySet>,
        mut values: Vec<f32>,
    ) -> Self {
        let rows = AtomicUsize::new(0);
        let by_signs = |(chunk, values): (&Chunk, &mut [f32])| {
            let count = mark(chunk, allowed, values);
            rows.fetch_add(count, Relaxed);
            by_signs(chunk, &snapshot.codec, query, count == values.len(), values);
        };
        let parts = parts(&snapshot.chunks, &mut values).into_iter().enumerate();
        let (whole, others): (Vec<_>, Vec<_>) = parts.partition(|(at, _)| at % SAMPLED == 0);
        let parts =
            |numbered: Vec<(usize, _)>| numbered.into_iter().map(|(_, part)| part).collect();
        let mut whole: Vec<Part<'_>> = parts(whole);
        let again = whole.iter_mut().map(|(chunk, values)| (*chunk, &mut **values)).collect();
        let signs = spread(again, by_signs);
        let edge = signs.edge(signs.count() / LEFT);
        let sample = spread(whole, |(chunk, values)| coarse(chunk, query, false, values));
        let scored = spread(parts(others), |(chunk, values)| {
            by_signs((chunk, values));
            left(chunk, query, edge, values);
        });
        let scored = Some(scored.merge(sample.clone()));
        let rows = rows.into_inner();
        Self { values, rows, spread: sample, scored, deepest: rows / DEEPEST }
    }

    /// The same with the rows that were skipped.
    pub fn completed(&self, snapshot: &Snapshot, query: &Query) -> Self {
        let mut values = self.values.clone();
        let spread = spread(parts(&snapshot.chunks, &mut values), |(chunk, values)| {
            coarse(chunk, query, false, values);
        });
        Self { values, rows: self.rows, spread, scored: None, deepest: usize::MAX }
    }

    /// A score that at least `count` of those that were scored reach, and few more.
    pub fn edge(&self, count: usize) -> f32 {
        self.scored.as_ref().unwrap_or(&self.spread).edge(count)
    }

    /// About how many of all rows have at least this score.
    pub fn about(&self, least: f32) -> usize {
        let (found, of) = (self.spread.at_least(least), self.spread.count());
        if of == self.rows { found } else { (found as f64 * self.rows as f64 / of as f64) as usize }
    }
}

type Part<'a> = (&'a Chunk, &'a mut [f32]);

/// Each chunk with its part of one value a row.
fn parts<'a>(chunks: &'a [Arc<Chunk>], mut values: &'a mut [f32]) -> Vec<Part<'a>> {
    let part = |chunk: &'a Arc<Chunk>| {
        let part = values.split_off_mut(..chunk.keys().rows()).unwrap_or_default();
        (chunk.as_ref(), part)
    };
    chunks.iter().map(part).collect()
}

/// Gives all parts values, on all cores, and says how these are spread.
fn spread(parts: Vec<Part<'_>>, score: impl Fn((&Chunk, &mut [f32])) + Sync) -> Spread {
    parts
        .into_par_iter()
        .fold(Spread::default, |mut spread, (chunk, values)| {
            score((chunk, values));
            spread.add(values);
            spread
        })
        .reduce(Spread::default, Spread::merge)
}

/// Makes `OUT` the value of rows that are not allowed or have no key, 0 that of
/// the others, and counts these.
fn mark(chunk: &Chunk, allowed: Option<&KeySet>, values: &mut [f32]) -> usize {
    let keys = chunk.keys();
    match allowed {
        None if keys.live() == keys.rows() => keys.rows(),
        Some(allowed) if !allowed.meets(keys.range()) => {
            values.fill(OUT);
            0
        }
        _ => {
            let mut allowed = allowed.map(KeySet::lookup);
            let mut count = 0;
            for (value, key) in values.iter_mut().zip(keys.iter()) {
                let is_in = key.is_some_and(|key| allowed.as_mut().is_none_or(|is_in| is_in(key)));
                *value = if is_in { 0.0 } else { OUT };
                count += usize::from(is_in);
            }
            count
        }
    }
}

/// Scores the rows of a chunk from their high plane; but for those that are `OUT`,
/// unless it is known that `all` are in.
fn coarse(chunk: &Chunk, query: &Query, all: bool, values: &mut [f32]) {
    let width = query.codes.len() / 2;
    let (high, _) = chunk.codes.planes();
    let rows = high.chunks(GROUP * width).zip(chunk.codes.scales.chunks(GROUP));
    for (values, (high, scales)) in values.chunks_mut(GROUP).zip(rows) {
        if !all && values.iter().all(|value| *value == OUT) {
            continue;
        }
        let mut sums = [0; GROUP];
        let sums = &mut sums[..values.len()];
        kernels().nibbles(&high[..values.len() * width], &query.codes, sums);
        for ((value, scale), sum) in values.iter_mut().zip(scales).zip(sums) {
            let score = query.coarse(*sum, *scale);
            *value = if *value == OUT { OUT } else { score };
        }
    }
}

/// Scores the rows of a chunk from their sign bits, from -1 to 1; but for those
/// that are `OUT`.
fn by_signs(chunk: &Chunk, codec: &Codec, query: &Query, all: bool, values: &mut [f32]) {
    let sliced = &query.sliced;
    let signs = chunk.codes.signs(codec).chunks(GROUP * sliced.signs.len());
    for (values, signs) in values.chunks_mut(GROUP).zip(signs) {
        if !all && values.iter().all(|value| *value == OUT) {
            continue;
        }
        let mut sums = [0; GROUP];
        let sums = &mut sums[..values.len()];
        kernels().bits(signs, &sliced.signs, &sliced.sizes, sums);
        for (value, sum) in values.iter_mut().zip(sums) {
            *value = if *value == OUT { OUT } else { sliced.score(*sum) };
        }
    }
}

/// Scores the rows of a chunk from their high plane whose value is at least
/// `edge`, and skips the others.
fn left(chunk: &Chunk, query: &Query, edge: f32, values: &mut [f32]) {
    let mut rows = Vec::with_capacity(values.len() / LEFT);
    for (row, value) in values.iter_mut().enumerate() {
        if *value >= edge {
            rows.push(row as u32);
        } else if *value != OUT {
            *value = SKIPPED;
        }
    }
    let (high, _) = chunk.codes.planes();
    let mut sums = vec![0; rows.len()];
    kernels().picked(high, &rows, &query.codes, &mut sums);
    for (&row, sum) in rows.iter().zip(sums) {
        values[row as usize] = query.coarse(sum, chunk.codes.scales[row as usize]);
    }
}
