//! Health:
//!
//! 1. Sound vectors give no warning, and each planted fault gives its own.
//! 2. Figures are those that can be computed otherwise.
//! 3. They do not depend on how rows come, and are the same every time.

use super::*;

/// Vectors of length 1 in random directions.
fn sound(rows: usize, dim: usize) -> Vec<f32> {
    let mut random = Random::new(11);
    let rows = (0..rows).flat_map(|_| {
        let row: Vec<f32> = (0..dim).map(|_| random.normal() as f32).collect();
        let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
        row.into_iter().map(move |v| v / norm)
    });
    rows.collect()
}

fn examine(rows: &[f32], dim: usize) -> HealthReport {
    let mut examination = Examination::new(dim, Settings::default());
    for (chunk, rows) in rows.chunks(700 * dim).enumerate() {
        let ids: Vec<i64> = (0..rows.len() / dim).map(|at| (700 * chunk + at) as i64).collect();
        examination.add(&ids, &[], rows);
    }
    examination.finish()
}

fn kinds(report: &HealthReport) -> Vec<String> {
    let kind = |warning| serde_json::to_value(warning).unwrap()["kind"].as_str().unwrap().into();
    report.warnings.iter().map(kind).collect()
}

#[test]
fn sound_vectors_give_no_warning() {
    for dim in [64, 512] {
        let report = examine(&sound(2000, dim), dim);
        assert_eq!(report.warnings, [], "{dim}");
        assert_eq!((report.rows, report.usable, report.dim), (2000, 2000, dim));
        assert!((report.norms.mean - 1.0).abs() < 1e-6 && report.norms.deviation < 1e-6);
        assert!(report.mean_vector_length < 0.1);
        assert!(report.unrelated.mean.abs() < 0.01);
        // Cosines of random directions deviate by one over the root of d.
        assert!((report.unrelated.deviation * (dim as f64).sqrt() - 1.0).abs() < 0.05);
        assert!(report.related.min > report.unrelated.mean);
        // Of n random rows the ratio is n d / (n + d).
        let expected = 2000.0 * dim as f64 / (2000.0 + dim as f64);
        assert!((report.spectrum.effective_dimension / expected - 1.0).abs() < 0.05);
    }
}

#[test]
fn a_vector_with_nan_or_infinity_is_found() {
    let (dim, mut rows) = (64, sound(1000, 64));
    rows[17 * dim + 3] = f32::NAN;
    rows[17 * dim + 4] = f32::NAN;
    rows[800 * dim] = f32::NEG_INFINITY;
    let report = examine(&rows, dim);
    assert_eq!(kinds(&report), ["not_finite"]);
    assert_eq!(report.not_finite, Found { count: 2, ids: vec![17, 800] });
    assert_eq!((report.nan_values, report.infinite_values), (2, 1));
    assert_eq!((report.rows, report.usable), (1000, 998));
    assert!(report.spectrum.explained.iter().all(|share| share.is_finite()));
}

#[test]
fn a_zero_vector_is_found() {
    let (dim, mut rows) = (64, sound(1000, 64));
    rows[5 * dim..6 * dim].fill(0.0);
    let report = examine(&rows, dim);
    assert_eq!(kinds(&report), ["zero_vectors"]);
    assert_eq!(report.zero_vectors, Found { count: 1, ids: vec![5] });
    assert!((report.norms.min - 1.0).abs() < 1e-6);
}

#[test]
fn one_percent_of_vectors_of_norm_1_2_are_found() {
    let (dim, mut rows) = (64, sound(3000, 64));
    let long: Vec<usize> = (0..30).map(|nth| 100 * nth + 7).collect();
    for at in &long {
        rows[at * dim..(at + 1) * dim].iter_mut().for_each(|value| *value *= 1.2);
    }
    let report = examine(&rows, dim);
    assert_eq!(kinds(&report), ["norms_off"]);
    assert_eq!(report.norms.off.count, 30);
    let first: Vec<i64> = long.iter().take(20).map(|at| *at as i64).collect();
    assert_eq!(report.norms.off.ids, first);
    assert!((report.norms.mean - 1.002).abs() < 1e-5);
    // 0.2 in one of a hundred: the root of 0.01 * 0.99 is 0.0995.
    assert!((report.norms.deviation - 0.2 * 0.099_498_7).abs() < 1e-5);
    assert!((report.norms.max - 1.2).abs() < 1e-5);
}

#[test]
fn a_duplicated_hub_is_found_exact_or_nearly() {
    let (dim, places) = (64, [3_usize, 50, 700, 701, 999, 1500]);
    for noise in [0.0, 1e-5] {
        let mut rows = sound(2000, dim);
        for (nth, &place) in places.iter().enumerate() {
            rows.copy_within(0..dim, place * dim);
            rows[place * dim] += noise * nth as f32;
        }
        let report = examine(&rows, dim);
        assert_eq!(kinds(&report), ["duplicated_hub"], "{noise}");
        let ids = vec![0, 3, 50, 700, 701, 999, 1500];
        assert_eq!(report.warnings[0], Warning::DuplicatedHub { rows: Found { count: 7, ids } });
    }
}

#[test]
fn exact_copies_are_found_beyond_the_sample() {
    let (dim, mut rows) = (16, sound(3000, 16));
    for place in [100, 900, 1700, 2500] {
        rows.copy_within(0..dim, place * dim);
    }
    let settings = Settings { sample: 300, hub_rows: 200, ..Settings::default() };
    let mut examination = Examination::new(dim, settings);
    examination.add(&(0..3000).collect::<Vec<_>>(), &[], &rows);
    let report = examination.finish();
    assert_eq!((report.sampled, report.hubs.rows, report.kept.rows), (300, 200, 300));
    let ids = vec![0, 100, 900, 1700, 2500];
    assert!(report.warnings.contains(&Warning::DuplicatedHub { rows: Found { count: 5, ids } }));
}

#[test]
fn copies_of_one_photo_are_no_fault() {
    let (dim, mut rows) = (64, sound(2000, 64));
    let mut contents: Vec<u64> = (0..2000).collect();
    for place in (1..2000).step_by(20) {
        rows.copy_within(0..dim, place * dim);
        contents[place] = 0;
    }
    let mut examination = Examination::new(dim, Settings::default());
    examination.add(&(0..2000).collect::<Vec<_>>(), &contents, &rows);
    let report = examination.finish();
    assert_eq!(report.warnings, []);
    assert_eq!((report.usable, report.sampled), (2000, 1900));
}

#[test]
fn a_photo_that_is_near_to_everything_is_found() {
    let (dim, mut rows) = (256, sound(2000, 256));
    for row in rows.chunks_mut(dim) {
        row[0] += 1.0;
        let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
        row.iter_mut().for_each(|value| *value /= norm);
    }
    rows[9 * dim..10 * dim].fill(0.0);
    rows[9 * dim] = 1.0;
    let report = examine(&rows, dim);
    let hubs = report.warnings.iter().filter_map(|warning| match warning {
        Warning::Hub { hub } => Some(hub.id),
        _ => None,
    });
    assert_eq!(hubs.collect::<Vec<_>>(), [9]);
    assert!((report.mean_vector_length - 0.5_f64.sqrt()).abs() < 0.03, "{report:?}");
}

#[test]
fn a_collapsed_model_and_dead_dimensions_are_found() {
    let (dim, few) = (64, sound(1000, 3));
    let rows: Vec<f32> = few
        .chunks(3)
        .flat_map(|row| row.iter().copied().chain(std::iter::repeat_n(0.0, dim - 3)))
        .collect();
    let report = examine(&rows, dim);
    assert_eq!(kinds(&report)[..2], ["low_effective_dimension", "dead_dimensions"]);
    assert!((report.spectrum.effective_dimension - 3.0).abs() < 0.1);
    assert_eq!((report.spectrum.components_90, report.spectrum.components_99), (3, 3));
    assert_eq!(report.dead_dimensions, (3..64).collect::<Vec<_>>());
    assert_eq!(report.constant_dimensions, report.dead_dimensions);
}

#[test]
fn one_dominant_value_makes_8_bits_lose_neighbours() {
    let (dim, mut rows) = (64, sound(1000, 64));
    for row in rows.chunks_mut(dim) {
        row.iter_mut().for_each(|value| *value *= 0.02);
        row[63] = 1.0;
        let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
        row.iter_mut().for_each(|value| *value /= norm);
    }
    let report = examine(&rows, dim);
    assert!(kinds(&report).contains(&"int8_loses_neighbours".into()), "{:?}", kinds(&report));
}

#[test]
fn all_faults_together_are_all_found() {
    let (dim, mut rows) = (64, sound(3000, 64));
    rows[dim] = f32::NAN;
    rows[2 * dim..3 * dim].fill(0.0);
    for place in (100..3000).step_by(100) {
        rows[place * dim..(place + 1) * dim].iter_mut().for_each(|value| *value *= 1.2);
    }
    for place in [11, 13, 17, 19] {
        rows.copy_within(10 * dim..11 * dim, place * dim);
    }
    let report = examine(&rows, dim);
    assert_eq!(kinds(&report), ["not_finite", "zero_vectors", "norms_off", "duplicated_hub"]);
}

#[test]
fn figures_are_the_same_every_time_and_however_rows_come() {
    let (dim, rows) = (16, sound(2500, 16));
    let whole = {
        let mut examination = Examination::new(dim, Settings::default());
        examination.add(&(0..2500).collect::<Vec<_>>(), &[], &rows);
        examination.finish()
    };
    assert_eq!(whole, examine(&rows, dim));
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(whole, one.install(|| examine(&rows, dim)));
}

#[test]
fn nothing_and_one_vector_are_no_trouble() {
    let nothing = Examination::new(4, Settings::default()).finish();
    assert_eq!((nothing.rows, nothing.warnings.len()), (0, 0));
    assert_eq!((nothing.norms, nothing.value_min), (Norms::default(), 0.0));
    let one = examine(&[0.0, 1.0, 0.0, 0.0], 4);
    assert_eq!((one.rows, one.warnings.len()), (1, 0));
    assert_eq!((one.value_min, one.value_max, one.related.count), (0.0, 1.0, 0));
    assert!((one.mean_vector_length - 1.0).abs() < 1e-9);
}

#[test]
fn queries_are_compared_with_all_photos() {
    let photos = [1.0, 0.0, 0.0, 1.0, -1.0, 0.0];
    let similarity = QuerySimilarity::of(&[1.0, 0.0], &photos, 2);
    assert_eq!((similarity.all.count, similarity.all.mean), (3, 0.0));
    assert_eq!((similarity.best.count, similarity.best.max), (1, 1.0));
}
