//! Search over random unit vectors: how long it takes, and how much it finds of
//! what an exact one finds.
//!
//! The vectors are those that the peers are measured with, normal numbers brought
//! to length 1: nothing in them is near anything else, which is the hardest case
//! for rounded numbers.

use std::f32::consts::TAU;
use std::time::Instant;

use afterimage_index::{CHUNK_ROWS, Index, Scored};
use half::f16;
use rayon::prelude::*;

use super::go_on;
use crate::error::Result;
use crate::jobs::Control;

/// Questions that recall is the mean over.
const QUERIES: usize = 20;

/// Searches that the time is the median of.
const RUNS: usize = 15;

/// How many are asked for.
const TOP: usize = 100;

/// What a search over made-up vectors took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vectors {
    /// How many there were.
    pub vectors: usize,
    /// Components of each.
    pub dims: usize,
    /// From the question to its hundred best, in milliseconds: the median.
    pub ms: f64,
    /// The share of the hundred best by f32 that are found, in the mean.
    pub recall_at_100: f64,
}

impl Vectors {
    /// Makes so many vectors, and searches them one question after the other, on
    /// all cores. They are in memory: 1,550 bytes each at 512 components.
    ///
    /// # Errors
    /// When it was stopped.
    pub fn measure(vectors: usize, dims: usize, control: &Control) -> Result<Self> {
        let queries: Vec<_> = (0..QUERIES as u64).map(|n| unit(u64::MAX - n, dims)).collect();
        let index = Index::new(dims);
        let mut exact = vec![Vec::new(); QUERIES];
        for first in (0..vectors).step_by(CHUNK_ROWS) {
            go_on(control)?;
            let rows: Vec<(i64, Vec<f32>)> = (first..vectors.min(first + CHUNK_ROWS))
                .into_par_iter()
                .map(|row| (row as i64, unit(row as u64, dims)))
                .collect();
            exact.par_iter_mut().zip(&queries).for_each(|(best, query)| {
                best.extend(
                    rows.iter().map(|(key, row)| Scored { key: *key, score: dot(row, query) }),
                );
                keep_best(best);
            });
            let halves: Vec<(i64, Vec<u8>)> = rows
                .par_iter()
                .map(|(key, row)| {
                    (*key, row.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect())
                })
                .collect();
            index.put(&halves.iter().map(|(key, row)| (*key, row.as_slice())).collect::<Vec<_>>());
        }
        let snapshot = index.snapshot();
        let mut shares = Vec::with_capacity(QUERIES);
        for (query, exact) in queries.iter().zip(&exact) {
            go_on(control)?;
            let found = snapshot.scan(query, None).best(TOP);
            let is_found = |best: &&Scored| found.iter().any(|found| found.key == best.key);
            shares.push(exact.iter().filter(is_found).count() as f64 / exact.len().max(1) as f64);
        }
        let mut times = Vec::with_capacity(RUNS);
        for query in queries.iter().cycle().take(RUNS) {
            let began = Instant::now();
            let found = snapshot.scan(query, None).best(TOP);
            times.push(began.elapsed().as_secs_f64() * 1e3);
            std::hint::black_box(found);
        }
        times.sort_by(f64::total_cmp);
        let recall_at_100 = shares.iter().sum::<f64>() / shares.len() as f64;
        Ok(Self { vectors, dims, ms: times[RUNS / 2], recall_at_100 })
    }
}

fn keep_best(rows: &mut Vec<Scored>) {
    if rows.len() > TOP {
        rows.select_nth_unstable_by(TOP, |a, b| b.score.total_cmp(&a.score));
        rows.truncate(TOP);
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 16];
    for (a, b) in a.chunks(16).zip(b.chunks(16)) {
        sums.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum += a * b);
    }
    sums.iter().sum()
}

/// A vector of length 1 in a random direction, the same for the same seed:
/// normal numbers by Box and Muller, from those of splitmix64.
fn unit(seed: u64, dims: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0xd134_2543_de82_ef95) ^ 0x5851_f42d_4c95_7f2d;
    let mut uniform = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 24) as f32
    };
    let mut vector: Vec<f32> = Vec::with_capacity(dims + 1);
    while vector.len() < dims {
        let size = (-2.0 * (1.0 - uniform()).ln()).sqrt();
        let (sin, cos) = (TAU * uniform()).sin_cos();
        vector.extend([size * sin, size * cos]);
    }
    vector.truncate(dims);
    let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|v| *v /= length);
    vector
}
