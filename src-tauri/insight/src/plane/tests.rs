//! Maps:
//!
//! 1. What is together in all dimensions is together in the plane.
//! 2. Rows beyond the landmarks come to their like.
//! 3. A map is the same every time, and can be stopped.

use super::*;

/// Rows of `groups` kinds, one after the other, with some noise.
fn groups(rows: usize, dim: usize, groups: usize) -> Vec<f32> {
    let mut random = Random::new(21);
    let mut direction = |_| (0..dim).map(|_| random.normal() as f32).collect::<Vec<f32>>();
    let centres: Vec<Vec<f32>> = (0..groups).map(&mut direction).collect();
    let rows = (0..rows).flat_map(|row| {
        let noise = direction(row);
        let values = centres[row % groups].iter().zip(noise).map(|(c, n)| c + 0.6 * n);
        let values: Vec<f32> = values.collect();
        let length = values.iter().map(|v| v * v).sum::<f32>().sqrt();
        values.into_iter().map(move |v| v / length)
    });
    rows.collect()
}

fn map(rows: &[f32], dim: usize, settings: &MapSettings) -> Vec<Point> {
    let reduction = Reduction::learn(rows, dim);
    layout(&reduction.reduce(rows), reduction.width(), settings, &mut |_| true).unwrap()
}

/// Share of points whose nearest other point is of the same kind.
fn pure(points: &[Point], kinds: usize) -> f64 {
    let right = points.iter().enumerate().filter(|(at, point)| {
        let distance = |other: &Point| (other[0] - point[0]).hypot(other[1] - point[1]);
        let others = points.iter().enumerate().filter(|(other, _)| other != at);
        let near = others.min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)));
        near.is_some_and(|(other, _)| other % kinds == at % kinds)
    });
    right.count() as f64 / points.len() as f64
}

fn quick(landmarks: usize) -> MapSettings {
    MapSettings { landmarks, epochs: 300, ..MapSettings::default() }
}

#[test]
fn kinds_are_apart_in_the_plane_and_found_as_clusters() {
    let rows = groups(1200, 64, 6);
    let points = map(&rows, 64, &quick(10_000));
    assert!(pure(&points, 6) > 0.99);
    assert!(points.iter().flatten().all(|value| (-1.0..=1.0).contains(value)));
    for kind in 0..6 {
        let across: Vec<f32> = points.iter().skip(kind).step_by(6).map(|point| point[0]).collect();
        let mean = across.iter().sum::<f32>() / 200.0;
        let spread = across.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / 200.0;
        assert!(spread.sqrt() > 0.02, "{kind} is a point");
    }
    let found = clusters(&points, &ClusterSettings::of(points.len()));
    assert_eq!(found.clusters.len(), 6, "{:?}", found.clusters);
    let counted = (0..1200).filter(|&at| found.of_point[at] == found.of_point[at % 6]).count();
    assert!(counted > 1180, "{counted}");
}

#[test]
fn rows_beyond_the_landmarks_come_to_their_like() {
    let rows = groups(3000, 64, 6);
    let points = map(&rows, 64, &quick(600));
    assert_eq!(points.len(), 3000);
    assert!(pure(&points, 6) > 0.99);
    assert!(points.iter().flatten().all(|value| (-1.0..=1.0).contains(value)));
}

#[test]
fn a_map_is_the_same_every_time_on_any_number_of_cores() {
    let rows = groups(900, 32, 4);
    let first = map(&rows, 32, &quick(700));
    assert!(first == map(&rows, 32, &quick(700)));
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert!(first == one.install(|| map(&rows, 32, &quick(700))));
}

#[test]
fn progress_grows_to_one_and_a_no_ends_it() {
    let rows = groups(900, 32, 4);
    let mut told = Vec::new();
    layout(&rows, 32, &quick(600), &mut |done| {
        told.push(done);
        true
    })
    .unwrap();
    assert!(told.is_sorted() && told.len() > 300);
    assert_eq!((told[0], told[told.len() - 1]), (0.0, 1.0));

    for stop in [0.0, 0.4, 0.8] {
        let mut asked = 0;
        let stopped = layout(&rows, 32, &quick(600), &mut |done| {
            asked += usize::from(done >= stop);
            done < stop
        });
        assert_eq!((stopped, asked), (Err(Cancelled), 1), "{stop}");
    }
}

#[test]
fn few_equal_or_damaged_rows_are_no_trouble() {
    for number in [0, 1, 2, 3, 7, 8, 20] {
        let points = map(&groups(number, 16, 2), 16, &quick(100));
        assert_eq!(points.len(), number);
        assert!(points.iter().flatten().all(|value| (-1.0..=1.0).contains(value)));
    }
    let equal = map(&[0.5; 4 * 100], 4, &quick(100));
    assert!(equal.iter().flatten().all(|value| value.is_finite()));
    let mut rows = groups(300, 16, 2);
    rows[5] = f32::NAN;
    rows[100] = f32::INFINITY;
    rows[160..176].fill(0.0);
    let points = map(&rows, 16, &quick(100));
    assert!(points.iter().flatten().all(|value| value.is_finite()));
}

#[test]
fn one_dimension_is_a_line() {
    let rows: Vec<f32> = (0..100).map(|n| n as f32).collect();
    assert_eq!(map(&rows, 1, &quick(50)).len(), 100);
}
