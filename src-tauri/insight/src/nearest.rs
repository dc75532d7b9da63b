//! Exact neighbours by matrix products: no index, no approximation.

use std::cmp::Ordering;

use rayon::prelude::*;

/// Queries that share a product. Few, so that all cores have some.
const QUERIES: usize = 64;

/// Rows of a product: its 64 x 2048 scores stay in the cache of a core.
const ROWS: usize = 2048;

/// A row and its score: the dot product, that is the cosine for rows of length 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// The row, from 0.
    pub row: usize,
    pub score: f32,
}

/// Best first; among equals the row that comes first.
fn order(a: &Neighbour, b: &Neighbour) -> Ordering {
    b.score.total_cmp(&a.score).then(a.row.cmp(&b.row))
}

/// The best `count` rows for each query, best first. `itself` is the row that a
/// query is and that it is not to find.
pub fn nearest(
    rows: &[f32],
    queries: &[f32],
    dim: usize,
    count: usize,
    itself: impl Fn(usize) -> Option<usize> + Sync,
) -> Vec<Vec<Neighbour>> {
    scan(rows, queries, dim, |query, best: &mut Best, first, scores| {
        best.add(count, itself(query), first, scores);
    })
    .into_iter()
    .map(|best| best.found)
    .collect()
}

/// Shows each query the scores of all rows, a part after the other: the row that
/// the part begins with, and its scores. Gives what each query has made of them.
/// The same on any number of cores.
pub fn scan<T: Default + Send>(
    rows: &[f32],
    queries: &[f32],
    dim: usize,
    visit: impl Fn(usize, &mut T, usize, &[f32]) + Sync,
) -> Vec<T> {
    let blocks = queries.par_chunks(QUERIES * dim).enumerate();
    let seen = blocks.map_init(Vec::new, |scores: &mut Vec<f32>, (block, queries)| {
        let number = queries.len() / dim;
        let mut seen: Vec<T> = std::iter::repeat_with(T::default).take(number).collect();
        for (part, rows) in rows.chunks(ROWS * dim).enumerate() {
            let width = rows.len() / dim;
            scores.resize(number * width, 0.0);
            products(queries, rows, dim, scores);
            for (nth, (seen, scores)) in seen.iter_mut().zip(scores.chunks(width)).enumerate() {
                visit(block * QUERIES + nth, seen, part * ROWS, scores);
            }
        }
        seen
    });
    seen.flatten_iter().collect()
}

/// The best of the rows seen so far, in order.
#[derive(Default)]
struct Best {
    found: Vec<Neighbour>,
}

impl Best {
    fn add(&mut self, count: usize, itself: Option<usize>, first: usize, scores: &[f32]) {
        for (row, &score) in (first..).zip(scores) {
            let full = self.found.len() == count;
            // Rows come in order: an equal one that comes later is not better.
            let better = !full || self.found.last().is_some_and(|last| score > last.score);
            if better && Some(row) != itself {
                let neighbour = Neighbour { row, score };
                let place = self.found.partition_point(|other| order(other, &neighbour).is_lt());
                if full {
                    self.found.pop();
                }
                self.found.insert(place, neighbour);
            }
        }
    }
}

/// Dot products of all rows of `a` with all rows of `b`, `(a, b)` row by row, on
/// one core.
pub fn products(a: &[f32], b: &[f32], dim: usize, out: &mut [f32]) {
    let (left, right) = (a.len() / dim, b.len() / dim);
    assert_eq!((a.len(), b.len(), out.len()), (left * dim, right * dim, left * right));
    let step = dim as isize;
    // SAFETY: `a` is (left, dim), `b` read by columns is (dim, right) and `out` is
    // (left, right), all of the lengths asserted above; `out` is borrowed alone, and
    // is not read.
    unsafe {
        gemm::gemm(
            left,
            right,
            dim,
            out.as_mut_ptr(),
            1,
            right as isize,
            false,
            a.as_ptr(),
            1,
            step,
            b.as_ptr(),
            step,
            1,
            0.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn numbers(seed: u64, count: usize) -> Vec<f32> {
        let mut random = Random::new(seed);
        (0..count).map(|_| random.normal() as f32).collect()
    }

    #[test]
    fn the_nearest_are_those_that_sorting_finds() {
        let dim = 7;
        let (rows, queries) = (numbers(1, 2500 * dim), numbers(2, 70 * dim));
        let found = nearest(&rows, &queries, dim, 10, |query| Some(3 * query));
        assert_eq!(found.len(), 70);
        for (number, (query, found)) in queries.chunks(dim).zip(&found).enumerate() {
            let mut all: Vec<(usize, f32)> = rows
                .chunks(dim)
                .map(|row| row.iter().zip(query).map(|(a, b)| a * b).sum::<f32>())
                .enumerate()
                .filter(|(row, _)| *row != 3 * number)
                .collect();
            all.sort_by(|a, b| b.1.total_cmp(&a.1));
            assert!(
                found.iter().zip(&all).all(|(a, b)| a.row == b.0 && (a.score - b.1).abs() < 1e-4)
            );
        }
    }

    #[test]
    fn of_equal_rows_the_first_are_found() {
        let rows = vec![1.0; 5000];
        let found = nearest(&rows, &[1.0], 1, 3, |_| Some(1));
        assert_eq!(found[0].iter().map(|n| n.row).collect::<Vec<_>>(), [0, 2, 3]);
    }

    #[test]
    fn fewer_rows_than_are_asked_for_are_all_found() {
        let found = nearest(&[1.0, 2.0], &[1.0], 1, 10, |_| None);
        assert_eq!(found, [[Neighbour { row: 1, score: 2.0 }, Neighbour { row: 0, score: 1.0 }]]);
        assert!(nearest(&[], &[1.0], 1, 10, |_| None)[0].is_empty());
    }
}
