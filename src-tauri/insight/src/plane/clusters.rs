//! Clusters of a map: hills of its density.
//!
//! Points are counted on a grid and blurred. Each cell belongs to the peak that
//! going uphill leads to; a peak that rises little above the saddle to a higher one
//! is part of it (ToMATo, Chazal et al. 2013). So clusters have any shape, and
//! nobody has to say how many there are.

use serde::Serialize;

use super::Point;

/// Cells of the grid in each direction. A cell is 1/100 of the plane's half.
const GRID: usize = 200;

/// What makes a cluster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusterSettings {
    /// How far a point spreads (the deviation of a Gaussian), where the plane is 2
    /// wide. Smaller gives more clusters.
    pub bandwidth: f32,
    /// By which share of its height a peak must rise above the saddle to a higher
    /// one, 0 to 1. Smaller gives more clusters.
    pub prominence: f32,
    /// Smaller clusters are none.
    pub least: usize,
}

impl ClusterSettings {
    /// For so many points: a cluster has at least 10, and 2 in a thousand. Few
    /// points are blurred more, as Scott's rule has it, or chance would make hills.
    pub fn of(points: usize) -> Self {
        let fewer = (10_000.0 / points.max(1) as f32).powf(1.0 / 6.0);
        let bandwidth = (0.03 * fewer).clamp(0.03, 0.1);
        Self { bandwidth, prominence: 0.3, least: (points / 500).max(10) }
    }
}

/// A cluster. Its name is its caller's business.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cluster {
    /// Its number, from 0; the largest comes first.
    pub id: usize,
    /// Its densest place, which is within it whatever its shape.
    pub centre: Point,
    /// How many points it has.
    pub size: usize,
}

/// The clusters of a map.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Clusters {
    /// The clusters, the largest first.
    pub clusters: Vec<Cluster>,
    /// The cluster of each point, or `None` for one in between.
    pub of_point: Vec<Option<usize>>,
}

/// Finds the clusters of points.
pub fn clusters(points: &[Point], settings: &ClusterSettings) -> Clusters {
    let cell_of = |point: &Point| {
        let cell = |value: f32| (((value + 1.0) / 2.0 * GRID as f32) as usize).min(GRID - 1);
        cell(point[1]) * GRID + cell(point[0])
    };
    let mut counts = vec![0.0_f32; GRID * GRID];
    points.iter().for_each(|point| counts[cell_of(point)] += 1.0);
    let density = blur(&counts, settings.bandwidth * GRID as f32 / 2.0);
    let peaks = climb(&density, settings.prominence);

    let mut sizes = vec![0; GRID * GRID];
    points.iter().for_each(|point| sizes[peaks[cell_of(point)]] += 1);
    let mut found: Vec<usize> =
        (0..sizes.len()).filter(|&peak| sizes[peak] >= settings.least.max(1)).collect();
    found.sort_by_key(|&peak| (usize::MAX - sizes[peak], peak));
    let mut id_of = vec![None; GRID * GRID];
    let centre = |peak: usize| {
        [peak % GRID, peak / GRID].map(|cell| (cell as f32 + 0.5) / GRID as f32 * 2.0 - 1.0)
    };
    let clusters = found.iter().enumerate().map(|(id, &peak)| {
        id_of[peak] = Some(id);
        Cluster { id, centre: centre(peak), size: sizes[peak] }
    });
    let clusters = clusters.collect();
    let of_point = points.iter().map(|point| id_of[peaks[cell_of(point)]]).collect();
    Clusters { clusters, of_point }
}

/// With a Gaussian of so many cells, one direction after the other.
fn blur(counts: &[f32], deviation: f32) -> Vec<f32> {
    let reach = (3.0 * deviation).ceil() as isize;
    let weight = |at: isize| (-0.5 * (at as f32 / deviation.max(1e-3)).powi(2)).exp();
    let weights: Vec<f32> = (-reach..=reach).map(weight).collect();
    let along = |from: &[f32], step: usize, place: fn(usize) -> usize| {
        let mut out = vec![0.0; from.len()];
        for (cell, out) in out.iter_mut().enumerate() {
            let here = place(cell) as isize;
            for (at, weight) in (-reach..=reach).zip(&weights) {
                if (0..GRID as isize).contains(&(here + at)) {
                    *out += weight * from[cell.wrapping_add_signed(at * step as isize)];
                }
            }
        }
        out
    };
    let rows = along(counts, 1, |cell| cell % GRID);
    along(&rows, GRID, |cell| cell / GRID)
}

/// The peak that each cell belongs to.
fn climb(density: &[f32], prominence: f32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..density.len()).collect();
    order.sort_by(|&a, &b| density[b].total_cmp(&density[a]).then(a.cmp(&b)));
    // Where a cell leads to; a peak leads to itself.
    let mut up: Vec<Option<usize>> = vec![None; density.len()];
    for &cell in &order {
        // The cells around it that are higher, the highest first.
        let mut higher: Vec<usize> = around(cell).filter(|&other| up[other].is_some()).collect();
        higher.sort_by(|&a, &b| density[b].total_cmp(&density[a]).then(a.cmp(&b)));
        let Some(&steepest) = higher.first() else {
            up[cell] = Some(cell);
            continue;
        };
        let mut peak = top(&up, steepest);
        up[cell] = Some(peak);
        // This cell is the saddle to the other peaks around it.
        for other in higher {
            let other = top(&up, other);
            let (high, low) =
                if density[other] > density[peak] { (other, peak) } else { (peak, other) };
            if low != high && density[low] - density[cell] < prominence * density[low] {
                up[low] = Some(high);
                peak = high;
            }
        }
    }
    (0..density.len()).map(|cell| top(&up, cell)).collect()
}

fn top(up: &[Option<usize>], mut cell: usize) -> usize {
    while let Some(next) = up[cell].filter(|&next| next != cell) {
        cell = next;
    }
    cell
}

fn around(cell: usize) -> impl Iterator<Item = usize> {
    let (x, y) = (cell % GRID, cell / GRID);
    let near = |at: usize| at.saturating_sub(1)..=(at + 1).min(GRID - 1);
    near(y).flat_map(move |y| near(x).map(move |x| y * GRID + x)).filter(move |&at| at != cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn cloud(random: &mut Random, centre: Point, deviation: f64, number: usize) -> Vec<Point> {
        let mut around = |at: f32| at + (deviation * random.normal()) as f32;
        (0..number).map(|_| [around(centre[0]), around(centre[1])]).collect()
    }

    #[test]
    fn three_clouds_are_three_clusters_the_largest_first() {
        let mut random = Random::new(2);
        let mut points = cloud(&mut random, [-0.5, -0.5], 0.06, 300);
        points.extend(cloud(&mut random, [0.5, 0.4], 0.06, 500));
        points.extend(cloud(&mut random, [0.5, -0.5], 0.06, 200));
        let found = clusters(&points, &ClusterSettings::of(points.len()));
        assert_eq!(found.clusters.iter().map(|c| c.size).collect::<Vec<_>>(), [500, 300, 200]);
        assert_eq!(found.of_point[..300], [Some(1); 300]);
        assert_eq!(found.of_point[300..800], [Some(0); 500]);
        let centre = found.clusters[0].centre;
        assert!((centre[0] - 0.5).hypot(centre[1] - 0.4) < 0.06, "{centre:?}");
    }

    #[test]
    fn a_crescent_is_one_cluster() {
        let mut random = Random::new(3);
        let points: Vec<Point> = (0..3000)
            .map(|_| {
                let (angle, radius) = (3.0 * random.unit(), 0.6 + 0.02 * random.normal());
                [(radius * angle.cos()) as f32, (radius * angle.sin()) as f32]
            })
            .collect();
        let settings = ClusterSettings { bandwidth: 0.06, ..ClusterSettings::of(3000) };
        let found = clusters(&points, &settings);
        assert_eq!(found.clusters.len(), 1, "{:?}", found.clusters);
        let centre = found.clusters[0].centre;
        assert!((centre[0].hypot(centre[1]) - 0.6).abs() < 0.05, "{centre:?}");
    }

    #[test]
    fn a_few_points_apart_are_in_no_cluster() {
        let mut random = Random::new(4);
        let mut points = cloud(&mut random, [0.0, 0.0], 0.05, 500);
        points.extend([[0.9, 0.9], [-0.9, 0.9], [1.0, -1.0]]);
        let found = clusters(&points, &ClusterSettings::of(points.len()));
        assert_eq!(found.clusters.len(), 1);
        assert_eq!(found.of_point[500..], [None; 3]);
    }

    #[test]
    fn no_points_have_no_clusters() {
        let found = clusters(&[], &ClusterSettings::of(0));
        assert!(found.clusters.is_empty() && found.of_point.is_empty());
    }
}
