//! Who is near whom: hubs, copies, and what compression does to neighbours.

use serde::Serialize;

use super::Found;
use crate::nearest::{Neighbour, nearest, scan};
use crate::random::Random;
use crate::spectrum::Spectrum;

/// Neighbours of a row that count: a page of results has more, but the first ten
/// are what people look at.
pub const NEIGHBOURS: usize = 10;

/// How many hubs a report names.
const NAMED_HUBS: usize = 20;

/// Rows this near are copies. Rounding to f16 moves a cosine by less than a
/// millionth; two shots of one scene differ by more than this.
const COPY: f32 = 0.999_99;

/// A row among the neighbours of many.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Hub {
    /// Id of the row.
    pub id: i64,
    /// Of how many rows it is one of the ten nearest.
    pub times: usize,
    /// The same as a share of the rows looked at, 0 to 1.
    pub share: f64,
}

/// How evenly rows are each other's neighbours.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hubs {
    /// Rows looked at, each with its ten nearest among the others.
    pub rows: usize,
    /// Skewness of how often a row is a neighbour (its N_10): near 0 where all are
    /// equally often, above 2 where few are always and most never.
    pub skewness: f64,
    /// Share of rows that are no other's neighbour, 0 to 1: similar photos never
    /// lead to them.
    pub never: f64,
    /// The rows that are neighbours most often, at most 20.
    pub top: Vec<Hub>,
}

/// Share of the exact ten nearest that are still found, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Kept {
    /// Rows whose neighbours were looked for.
    pub queries: usize,
    /// Rows among which they were looked for.
    pub rows: usize,
    /// After projection on the first 256 principal components; `None` where there
    /// are no more dimensions than that.
    pub pca_256: Option<f64>,
    /// On the first 128.
    pub pca_128: Option<f64>,
    /// With rows rounded to 8 bits, with a scale for each row; the query is exact.
    pub int8: f64,
}

/// What is found by comparing rows with each other.
pub(super) struct Neighbourhood {
    pub hubs: Hubs,
    /// Cosine of each row and the one nearest to it.
    pub nearest: Vec<f32>,
    /// Rows with copies: how many there are, and the places of the first.
    pub copies: Vec<(usize, Vec<usize>)>,
}

/// Compares all rows, of length 1, with each other.
pub(super) fn compare(rows: &[f32], ids: &[i64], dim: usize) -> Neighbourhood {
    let found = nearest(rows, rows, dim, NEIGHBOURS, Some);
    let mut times = vec![0_usize; ids.len()];
    for neighbour in found.iter().flatten() {
        times[neighbour.row] += 1;
    }
    let mut places: Vec<usize> = (0..ids.len()).collect();
    places.sort_by_key(|&place| (usize::MAX - times[place], place));
    let number = ids.len().max(1) as f64;
    let hub = |&place: &usize| Hub {
        id: ids[place],
        times: times[place],
        share: times[place] as f64 / number,
    };
    let never = times.iter().filter(|times| **times == 0).count();
    let hubs = Hubs {
        rows: ids.len(),
        skewness: skewness(&times),
        never: never as f64 / number,
        top: places.iter().take(NAMED_HUBS).map(hub).collect(),
    };
    let nearest = found.iter().filter_map(|found| Some(found.first()?.score)).collect();
    Neighbourhood { hubs, nearest, copies: copies(rows, dim) }
}

fn skewness(times: &[usize]) -> f64 {
    let number = times.len().max(1) as f64;
    let mean = times.iter().sum::<usize>() as f64 / number;
    let moment =
        |power| times.iter().map(|times| (*times as f64 - mean).powi(power)).sum::<f64>() / number;
    let variance = moment(2);
    if variance > 0.0 { moment(3) / variance.powf(1.5) } else { 0.0 }
}

/// Groups of rows that are copies of one, the largest first; a row is in one only.
fn copies(rows: &[f32], dim: usize) -> Vec<(usize, Vec<usize>)> {
    let near: Vec<Vec<usize>> = scan(rows, rows, dim, |_, near: &mut Vec<usize>, first, scores| {
        near.extend((first..).zip(scores).filter(|(_, score)| **score >= COPY).map(|(row, _)| row));
    });
    let mut places: Vec<usize> = (0..near.len()).filter(|&place| near[place].len() > 1).collect();
    places.sort_by_key(|&place| (usize::MAX - near[place].len(), place));
    let mut taken = vec![false; near.len()];
    let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
    for place in places {
        let group: Vec<usize> = near[place].iter().copied().filter(|row| !taken[*row]).collect();
        if !taken[place] && group.len() > 1 {
            group.iter().for_each(|row| taken[*row] = true);
            groups.push((group.len(), group.into_iter().take(Found::NAMED).collect()));
        }
    }
    groups.sort_by_key(|(count, rows)| (usize::MAX - count, rows[0]));
    groups
}

/// How many of the ten nearest remain with smaller vectors.
pub(super) fn kept(rows: &[f32], dim: usize, queries: usize, spectrum: &Spectrum) -> Kept {
    let number = rows.len() / dim;
    let places = Random::new(0x5eed).sample(number, queries);
    let look = |rows: &[f32], queries: &[f32], dim: usize| {
        nearest(rows, queries, dim, NEIGHBOURS, |query| Some(places[query]))
    };
    let taken = |rows: &[f32], dim: usize| -> Vec<f32> {
        places.iter().flat_map(|&at| &rows[at * dim..(at + 1) * dim]).copied().collect()
    };
    let asked = taken(rows, dim);
    let exact = look(rows, &asked, dim);
    let by_components = |count: usize| {
        (count < dim).then(|| {
            let small = spectrum.project(rows, count);
            share_kept(&exact, &look(&small, &taken(&small, count), count))
        })
    };
    let rounded: Vec<f32> = rows.chunks(dim).flat_map(round_to_8_bits).collect();
    Kept {
        queries: places.len(),
        rows: number,
        pca_256: by_components(256),
        pca_128: by_components(128),
        int8: share_kept(&exact, &look(&rounded, &asked, dim)),
    }
}

/// 1 where there was nothing to lose.
fn share_kept(exact: &[Vec<Neighbour>], found: &[Vec<Neighbour>]) -> f64 {
    let all: usize = exact.iter().map(Vec::len).sum();
    let pairs = exact.iter().zip(found);
    let kept = pairs.map(|(exact, found)| {
        exact.iter().filter(|one| found.iter().any(|other| other.row == one.row)).count()
    });
    if all == 0 { 1.0 } else { kept.sum::<usize>() as f64 / all as f64 }
}

/// The values that remain when the greatest is 127 and all are whole.
fn round_to_8_bits(row: &[f32]) -> Vec<f32> {
    let greatest = row.iter().fold(0.0_f32, |greatest, value| greatest.max(value.abs()));
    let scale = if greatest > 0.0 { greatest / 127.0 } else { 1.0 };
    row.iter().map(|value| (value / scale).round() * scale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spectrum::Covariance;

    fn unit_rows(seed: u64, number: usize, dim: usize) -> Vec<f32> {
        let mut random = Random::new(seed);
        let rows = (0..number).flat_map(|_| {
            let row: Vec<f32> = (0..dim).map(|_| random.normal() as f32).collect();
            let length = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            row.into_iter().map(move |v| v / length)
        });
        rows.collect()
    }

    #[test]
    fn skewness_is_that_of_the_definition() {
        // Mean 1, deviations -1, -1, -1, 3: moments 3 and 6.
        assert!((skewness(&[0, 0, 0, 4]) - 6.0 / 3.0_f64.powf(1.5)).abs() < 1e-12);
        assert_eq!(skewness(&[2, 2]), 0.0);
        assert_eq!(skewness(&[]), 0.0);
    }

    #[test]
    fn the_centre_of_a_cloud_is_a_hub() {
        // Rows around one direction; that direction is nearer to each than they
        // are to each other.
        let (dim, ids): (_, Vec<i64>) = (200, (100..400).collect());
        let mut rows = unit_rows(5, 300, dim);
        for row in rows.chunks_mut(dim) {
            row[0] += 2.0;
            let length = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            row.iter_mut().for_each(|v| *v /= length);
        }
        rows[7 * dim..8 * dim].fill(0.0);
        rows[7 * dim] = 1.0;
        let hubs = compare(&rows, &ids, dim).hubs;
        assert_eq!((hubs.top[0].id, hubs.top[0].times), (107, 299));
        assert!(hubs.skewness > 2.0 && hubs.never > 0.0, "{hubs:?}");
        assert_eq!(hubs.top.len(), 20);
    }

    #[test]
    fn copies_form_one_group() {
        let dim = 32;
        let mut rows = unit_rows(6, 100, dim);
        for copy in [20, 40, 60] {
            rows.copy_within(0..dim, copy * dim);
        }
        rows[20 * dim] += 1e-5;
        assert_eq!(copies(&rows, dim), [(4, vec![0, 20, 40, 60])]);
    }

    #[test]
    fn components_without_variance_are_not_missed() {
        // 300 dimensions, of which 100 vary: nothing is lost with 128 of them.
        let (dim, rows) = (300, unit_rows(8, 400, 100));
        let rows: Vec<f32> = rows
            .chunks(100)
            .flat_map(|row| row.iter().copied().chain(std::iter::repeat_n(0.0, 200)))
            .collect();
        let mut covariance = Covariance::new(dim);
        rows.chunks(dim).for_each(|row| covariance.add(row));
        let kept = kept(&rows, dim, 50, &covariance.finish());
        assert_eq!((kept.queries, kept.rows), (50, 400));
        assert!(kept.pca_128.unwrap() > 0.99 && kept.pca_256.unwrap() > 0.99, "{kept:?}");
        assert!(kept.int8 > 0.9, "{kept:?}");
    }

    #[test]
    fn one_large_value_costs_8_bits_their_digits() {
        // All rows share a value 100 times as large as what tells them apart.
        let (dim, mut rows) = (64, unit_rows(9, 500, 64));
        for row in rows.chunks_mut(dim) {
            row.iter_mut().for_each(|value| *value *= 0.01);
            row[0] = 1.0;
        }
        let mut covariance = Covariance::new(dim);
        rows.chunks(dim).for_each(|row| covariance.add(row));
        let kept = kept(&rows, dim, 100, &covariance.finish());
        assert!(kept.int8 < 0.8, "{kept:?}");
        assert_eq!((kept.pca_256, kept.pca_128), (None, None));
    }
}
