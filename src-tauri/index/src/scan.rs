//! The score of every row, and from it the best rows, exactly.
//!
//! A scan reads the high planes of all rows once. That it leaves a coarse score
//! for each, and how they are spread, is all that calibration needs; and as it is
//! known how far a score may still move, only the few rows that may matter are
//! looked at more closely.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use super::Snapshot;
use super::chunk::Chunk;
use super::codes::Query;
use super::kernels::kernels;
use super::keyset::KeySet;
use super::pass::{GROUP, LOWEST, Pass};

/// As many times the rows that are asked for are rescored from exact vectors.
const RESCORED: usize = 4;

/// At least so many are: reading them takes less than half a millisecond.
const LEAST_RESCORED: usize = 256;

/// Rows that are looked at together for one whose score is enough: few, so that
/// most have none.
const NEAR: usize = 16;

/// A key with its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// What the caller knows the row by.
    pub key: i64,
    /// Cosine similarity; greater is closer.
    pub score: f32,
}

/// Coarse scores of all rows of a snapshot for one query; in large libraries
/// ([`PREFILTER_ROWS`](super::PREFILTER_ROWS)) at first only of those that may be
/// among the best few.
pub struct Scores {
    snapshot: Arc<Snapshot>,
    query: Query,
    pass: Pass,
    /// Coarse scores of all rows, where they were needed after all.
    complete: OnceLock<Pass>,
}

/// A row that was looked at more closely.
#[derive(Clone, Copy)]
struct Found {
    chunk: u32,
    row: u32,
    score: f32,
}

impl Scores {
    /// Scores the rows that are allowed, through sign bits where there are at least
    /// `prefilter` of them.
    pub(super) fn new(
        snapshot: Arc<Snapshot>,
        query: &[f32],
        allowed: Option<&KeySet>,
        prefilter: usize,
    ) -> Self {
        let query = snapshot.codec.query(query);
        let pass = Pass::new(&snapshot, &query, allowed, prefilter);
        Self { snapshot, query, pass, complete: OnceLock::new() }
    }

    /// How many rows were allowed.
    pub fn len(&self) -> usize {
        self.pass.rows
    }

    /// Whether no row was allowed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The score that this share of all rows does not exceed: 0.5 gives the
    /// median. Within 0.005 or so; `None` where no row was scored.
    pub fn quantile(&self, share: f64) -> Option<f32> {
        self.pass.spread.quantile(share)
    }

    /// How many rows have at least this score: exact to a few rows where they are
    /// few, to some hundredths where they are many.
    pub fn count_at_least(&self, least: f32) -> usize {
        let query = &self.query;
        let near = query.coarse_error(self.snapshot.largest());
        let doubtful = self.pass.about(least - near).saturating_sub(self.pass.about(least + near));
        let about = self.pass.about(least);
        if doubtful > self.len() / 16 || about > self.pass.deepest {
            return about;
        }
        self.refined(&self.pass, |scale| least - query.coarse_error(scale), |_| f32::INFINITY)
            .into_iter()
            .filter(|found| found.score >= least)
            .count()
    }

    /// All rows of at least this score, best first.
    pub fn at_least(&self, least: f32) -> Vec<Scored> {
        let pass = self.pass_for(self.pass.about(least));
        let mut found = self.refined(pass, |scale| least - self.error(scale), |_| f32::INFINITY);
        found.retain(|row| row.score + self.query.fine_error(self.scale(row)) >= least);
        let mut scored = self.exact(&mut found);
        scored.retain(|scored| scored.score >= least);
        scored.par_sort_unstable_by(order);
        scored
    }

    /// The `k` best rows, best first, equal scores by the greater key, so that an
    /// answer is the same every time. The first `n` of more are the `n` best: a
    /// caller that shows pages asks for some pages at once, and for twice as many
    /// when it needs more.
    pub fn best(&self, k: usize) -> Vec<Scored> {
        let k = k.min(self.len());
        if k == 0 {
            return Vec::new();
        }
        let pass = self.pass_for(k);
        let wanted = k.saturating_mul(RESCORED).max(LEAST_RESCORED);
        let (edge, edge_of_k) = (pass.edge(wanted), pass.edge(k));
        // A little more than is needed as a rule, as going through all once more
        // costs as much.
        let slack = 0.1 * self.error(self.snapshot.largest());
        let first = |scale| edge.min(edge_of_k - slack - self.error(scale));
        let mut found = self.refined(pass, first, |_| f32::INFINITY);
        // A row that is among the k best is not worse than the k-th of these.
        let least = kth(found.iter().map(|found| found.score), k);
        if least < edge_of_k - slack {
            found.extend(self.refined(pass, |scale| least - self.error(scale), first));
        }

        if wanted < found.len() {
            found.select_nth_unstable_by(wanted, |a, b| b.score.total_cmp(&a.score));
        }
        let at = wanted.min(found.len());
        let (first, rest) = found.split_at_mut(at);
        let mut scored = self.exact(first);
        let least = kth(scored.iter().map(|scored| scored.score), k);
        let near = |row: &&Found| row.score + self.query.fine_error(self.scale(row)) >= least;
        let mut rest: Vec<_> = rest.iter().filter(near).copied().collect();
        scored.extend(self.exact(&mut rest));

        if k < scored.len() {
            scored.select_nth_unstable_by(k - 1, order);
            scored.truncate(k);
        }
        scored.par_sort_unstable_by(order);
        scored
    }

    /// How far the exact score of a row may be from its coarse one.
    fn error(&self, scale: f32) -> f32 {
        self.query.coarse_error(scale) + self.query.fine_error(scale)
    }

    /// Scores of all rows that may be among the `k` best.
    fn pass_for(&self, k: usize) -> &Pass {
        if k <= self.pass.deepest {
            return &self.pass;
        }
        self.complete.get_or_init(|| self.pass.completed(&self.snapshot, &self.query))
    }

    fn chunk(&self, found: &Found) -> &Chunk {
        &self.snapshot.chunks[found.chunk as usize]
    }

    fn scale(&self, found: &Found) -> f32 {
        self.chunk(found).codes.scales[found.row as usize]
    }

    /// The fine scores of the rows whose coarse score is at least the first number
    /// and below the second. Both depend on a row's scale and fall as it grows.
    fn refined(
        &self,
        pass: &Pass,
        from: impl Fn(f32) -> f32 + Sync,
        below: impl Fn(f32) -> f32 + Sync,
    ) -> Vec<Found> {
        let mut values = pass.values.as_slice();
        let parts: Vec<_> = self
            .snapshot
            .chunks
            .iter()
            .map(|chunk| (chunk, values.split_off(..chunk.keys().rows()).unwrap_or_default()))
            .collect();
        let search = |(number, (chunk, values)): (usize, &(&Arc<Chunk>, &[f32]))| {
            // Above what is out, whatever the caller subtracted.
            let least = from(chunk.codes.largest).max(LOWEST);
            let (mut rows, mut near) = (Vec::new(), Vec::new());
            for (group, values) in values.chunks(NEAR).enumerate() {
                // Without a branch: most groups have none.
                if !values.iter().fold(false, |any, &value| any | (value >= least)) {
                    continue;
                }
                for (at, &value) in values.iter().enumerate().filter(|(_, v)| **v >= least) {
                    let row = group * NEAR + at;
                    let scale = chunk.codes.scales[row];
                    if value >= from(scale) && value < below(scale) {
                        rows.push(row as u32);
                        near.push((value, scale));
                    }
                }
            }
            let (_, low) = chunk.codes.planes();
            let mut sums = vec![0; rows.len()];
            kernels().picked(low, &rows, &self.query.codes, &mut sums);
            let rows = rows.into_iter().zip(near.into_iter().zip(sums));
            rows.map(move |(row, ((value, scale), sum))| {
                let score = value + self.query.finer(sum, scale);
                Found { chunk: number as u32, row, score }
            })
        };
        parts.par_iter().enumerate().flat_map_iter(search).collect()
    }

    /// The exact scores of rows, in any order; where an exact vector cannot be
    /// read, or is not what was rounded, the fine one.
    fn exact(&self, found: &mut [Found]) -> Vec<Scored> {
        // Neighbours are read together.
        found.par_sort_unstable_by_key(|found| (found.chunk, found.row));
        let unread = AtomicUsize::new(0);
        let scored = found
            .par_chunks(GROUP)
            .flat_map_iter(|found| {
                let mut scored = Vec::with_capacity(found.len());
                let next_to = |a: &Found, b: &Found| a.chunk == b.chunk && a.row + 1 == b.row;
                for run in found.chunk_by(next_to) {
                    unread.fetch_add(self.exact_run(run, &mut scored), Relaxed);
                }
                scored
            })
            .collect();
        let unread = unread.into_inner();
        if unread > 0 {
            tracing::warn!(
                "{unread} rows of the vector file are damaged: their scores are rounded"
            );
        }
        scored
    }

    /// The same for rows one behind the other; how many were not read.
    fn exact_run(&self, run: &[Found], scored: &mut Vec<Scored>) -> usize {
        let dim = self.query.exact.len();
        let (first, chunk) = (run[0].row as usize, self.chunk(&run[0]));
        let mut vectors = vec![0.0; run.len() * dim];
        let read = chunk.read(first..first + run.len(), &mut vectors).is_ok();
        let mut unread = 0;
        for (found, vector) in run.iter().zip(vectors.chunks_exact(dim)) {
            let Some(key) = chunk.keys().get(found.row as usize) else { continue };
            let exact = dot(vector, &self.query.exact);
            // Rounding cannot have moved it farther, so then it is another vector.
            let most = 4.0 * self.query.fine_error(self.scale(found)) + 0.01;
            let right = read && (exact - found.score).abs() <= most;
            unread += usize::from(!right);
            scored.push(Scored { key, score: if right { exact } else { found.score } });
        }
        unread
    }
}

/// Best first.
pub(super) fn order(a: &Scored, b: &Scored) -> Ordering {
    b.score.total_cmp(&a.score).then_with(|| b.key.cmp(&a.key))
}

/// The `k`-th greatest of the scores, or the least.
fn kth(scores: impl Iterator<Item = f32>, k: usize) -> f32 {
    let mut scores: Vec<_> = scores.collect();
    let at = k.min(scores.len()) - 1;
    *scores.select_nth_unstable_by(at, |a, b| b.total_cmp(a)).1
}

/// Independent sums, so that the compiler may use vector registers: floating
/// addition is not associative, and it would have to keep one sum's order.
const LANES: usize = 16;

pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}
