//! The index as its callers see it:
//!
//! 1. It is a map of rows, and a snapshot stays as it was taken.
//! 2. The best are those that exact search over all finds, whatever is allowed.
//! 3. What is read from a vector file is what was put there.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use half::f16;
use proptest::prelude::*;
use tempfile::tempdir;

use super::*;

/// Numbers between -1 and 1, the same for the same seed.
fn numbers(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed;
    let next = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn unit(seed: u64, dim: usize) -> Vec<f32> {
    let mut vector = numbers(seed, dim);
    let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-6);
    vector.iter_mut().for_each(|v| *v /= length);
    vector
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect()
}

fn rounded(values: &[f32]) -> Vec<f32> {
    values.iter().map(|&v| f16::from_f32(v).to_f32()).collect()
}

fn put(index: &Index, rows: &[(i64, Vec<f32>)]) {
    let rows: Vec<_> = rows.iter().map(|(key, vector)| (*key, bytes(vector))).collect();
    index.put(&rows.iter().map(|(key, v)| (*key, v.as_slice())).collect::<Vec<_>>());
}

fn keys(index: &Index, query: &[f32]) -> Vec<i64> {
    index.snapshot().scan(query, None).best(usize::MAX).iter().map(|s| s.key).collect()
}

/// What exact search over all finds.
fn exact(rows: &BTreeMap<i64, Vec<f32>>, query: &[f32], allowed: Option<&KeySet>) -> Vec<Scored> {
    let mut scored: Vec<_> = rows
        .iter()
        .filter(|(key, _)| allowed.is_none_or(|allowed| allowed.contains(**key)))
        .map(|(&key, row)| Scored { key, score: scan::dot(&rounded(row), query) })
        .collect();
    scored.sort_by(scan::order);
    scored
}

#[test]
fn the_closest_comes_first() {
    let index = Index::new(2);
    put(&index, &[(1, vec![1.0, 0.0]), (2, vec![0.0, 1.0]), (3, vec![0.6, 0.8])]);
    assert_eq!(keys(&index, &[0.0, 1.0]), [2, 3, 1]);
    let scores = index.snapshot().scan(&[0.0, 1.0], None);
    assert_eq!(scores.best(1), [Scored { key: 2, score: 1.0 }]);
    assert_eq!(scores.best(0), []);
    assert_eq!(scores.len(), 3);
    assert_eq!(scores.at_least(0.7).iter().map(|s| s.key).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(scores.count_at_least(0.7), 2);
}

#[test]
fn equal_scores_come_by_the_greater_key() {
    let index = Index::new(3);
    let rows: Vec<_> = (0..2000).map(|key| (key, vec![0.6, 0.8, 0.0])).collect();
    put(&index, &rows);
    let best = index.snapshot().scan(&[0.0, 1.0, 0.0], None).best(10);
    assert_eq!(
        best.iter().map(|s| s.key).collect::<Vec<_>>(),
        (1990..2000).rev().collect::<Vec<_>>()
    );
}

#[test]
fn an_empty_index_finds_nothing() {
    let scores = Index::new(5).snapshot().scan(&[0.0; 5], None);
    assert_eq!((scores.len(), scores.best(3), scores.quantile(0.5)), (0, Vec::new(), None));
    assert_eq!((scores.at_least(-1.0), scores.count_at_least(-1.0)), (Vec::new(), 0));
}

#[test]
fn a_snapshot_stays_as_it_was_taken() {
    let index = Index::new(2);
    put(&index, &[(1, vec![1.0, 0.0])]);
    let before = index.snapshot();
    put(&index, &[(1, vec![0.0, 1.0]), (2, vec![1.0, 0.0])]);
    index.remove(&HashSet::from([2]));
    assert_eq!(before.vector(1), Some(vec![1.0, 0.0]));
    assert_eq!(before.scan(&[1.0, 0.0], None).best(9), [Scored { key: 1, score: 1.0 }]);
    assert_eq!(index.snapshot().vector(1), Some(vec![0.0, 1.0]));
    assert_eq!(index.snapshot().len(), 1);
    assert_eq!(index.snapshot().vector(2), None);
}

#[test]
fn a_sample_is_taken_evenly_and_never_too_large() {
    let index = Index::new(2);
    let rows: Vec<_> = (0..10).map(|n| (n, vec![n as f32, 1.0])).collect();
    put(&index, &rows);
    index.remove(&HashSet::from([0]));
    let first =
        |count| -> Vec<f32> { index.snapshot().evenly(count).map(|vector| vector[0]).collect() };
    assert_eq!(first(3), [1.0, 4.0, 7.0]);
    assert_eq!(first(9).len(), 9);
    assert_eq!(first(100).len(), 9);
    assert_eq!(Index::new(2).snapshot().evenly(5).count(), 0);
}

#[test]
fn a_vector_of_another_dimension_is_left_out() {
    let index = Index::new(2);
    index.put(&[(1, &[0; 6])]);
    assert!(index.snapshot().is_empty());
}

#[test]
fn of_rows_with_the_same_key_the_last_counts() {
    let index = Index::new(2);
    put(&index, &[(1, vec![1.0, 0.0]), (1, vec![0.0, 1.0])]);
    assert_eq!(index.snapshot().len(), 1);
    assert_eq!(index.snapshot().vector(1), Some(vec![0.0, 1.0]));
}

#[test]
fn rows_beyond_one_chunk_are_kept_and_found() {
    let index = Index::new(2);
    let rows: Vec<_> =
        (0..3 * CHUNK_ROWS as i64 + 7).map(|key| (key, vec![1.0, key as f32 / 1e5])).collect();
    for part in rows.chunks(1000) {
        put(&index, part);
    }
    let snapshot = index.snapshot();
    assert_eq!(snapshot.len(), rows.len());
    assert_eq!(snapshot.chunks.len(), 4);
    assert_eq!(keys(&index, &[0.0, 1.0]).len(), rows.len());
}

#[test]
fn keys_may_be_as_far_apart_as_they_like() {
    let index = Index::new(2);
    let far = [0, i64::MIN, i64::MAX, 1 << 40, -(1 << 40), 5, u32::MAX.into()];
    put(&index, &far.map(|key| (key, vec![1.0, 0.0])));
    let mut found: Vec<_> = index.snapshot().keys().collect();
    found.sort_unstable();
    let mut expected = far;
    expected.sort_unstable();
    assert_eq!(found, expected);
    for key in far {
        assert_eq!(index.snapshot().vector(key), Some(vec![1.0, 0.0]));
        let only = KeySet::from_iter([key]);
        let best = index.snapshot().scan(&[1.0, 0.0], Some(&only)).best(3);
        assert_eq!(best, [Scored { key, score: 1.0 }]);
    }
}

#[test]
fn rows_that_came_and_went_leave_no_chunks() {
    let index = Index::new(2);
    for round in 0..20 {
        let rows: Vec<_> = (0..1000).map(|key| (key, vec![1.0, round as f32])).collect();
        put(&index, &rows);
    }
    assert_eq!(index.snapshot().len(), 1000);
    assert!(index.snapshot().chunks.len() <= 2);
    index.remove(&(0..1000).collect());
    assert!(index.snapshot().is_empty());
}

#[test]
fn order_statistics_are_near_the_exact_ones() {
    let (dim, count) = (64, 20_000);
    let index = Index::new(dim);
    let rows: Vec<_> = (0..count).map(|key| (key, unit(key as u64, dim))).collect();
    put(&index, &rows);
    let query = unit(u64::MAX, dim);
    let all = exact(&rows.into_iter().collect(), &query, None);
    let scores = index.snapshot().scan(&query, None);
    for share in [0.01, 0.5, 0.9, 0.999] {
        let expected = all[((1.0 - share) * count as f64) as usize].score;
        let quantile = scores.quantile(share).unwrap();
        assert!((quantile - expected).abs() < 0.01, "{share}: {quantile}, not {expected}");
        let exactly = all.iter().filter(|s| s.score >= expected).count();
        let counted = scores.count_at_least(expected);
        assert!(counted.abs_diff(exactly) <= 3 + exactly / 50, "{counted}, not {exactly}");
    }
    let least = all[300].score;
    assert_eq!(scores.at_least(least), all[..301]);
}

/// A file of rows with random tags, and what is in it.
fn file(path: &Path, dim: usize, blocks: usize) -> (VectorFile, Vec<(Tag, Vec<f32>)>) {
    let rows: Vec<_> = (0..blocks * CHUNK_ROWS)
        .map(|row| (*blake3::hash(&row.to_le_bytes()).as_bytes(), unit(row as u64, dim)))
        .collect();
    let file = VectorFile::create(path, dim, &[7; 32], 0, |file| {
        for (number, rows) in rows.chunks(CHUNK_ROWS).enumerate() {
            append(file, rows, 10 * (number as u64 + 1))?;
        }
        Ok::<_, FileError>(())
    });
    (file.unwrap(), rows)
}

fn append(file: &mut VectorFile, rows: &[(Tag, Vec<f32>)], position: u64) -> Result<(), FileError> {
    let rows: Vec<_> = rows.iter().map(|(tag, vector)| (*tag, bytes(vector))).collect();
    file.append(&rows.iter().map(|(t, v)| (*t, v.as_slice())).collect::<Vec<_>>(), position)
}

fn load(index: &Index, file: &VectorFile, keys: &HashMap<Tag, Vec<i64>>) {
    let keys_of = |tag: &Tag, found: &mut Vec<i64>| {
        found.extend(keys.get(tag).into_iter().flatten());
    };
    index.rebuild(Some(file), keys_of, |_| Ok::<_, FileError>(())).unwrap();
}

#[test]
fn an_index_made_of_a_file_has_the_rows_of_its_tags() {
    let folder = tempdir().unwrap();
    let (dim, path) = (24, folder.path().join("vectors"));
    let (_, rows) = file(&path, dim, 2);
    let file = VectorFile::open(&path, dim, &[7; 32]).unwrap();
    assert_eq!((file.blocks(), file.position()), (2, 20));

    // Every fifth tag has no key, every seventh three, one of them far away.
    let mut keys = HashMap::new();
    let mut expected = BTreeMap::new();
    for (row, (tag, vector)) in rows.iter().enumerate() {
        let key = row as i64;
        let of_tag = match row {
            _ if row % 5 == 0 => vec![],
            _ if row % 7 == 0 => vec![key, key + 100_000, key + (1 << 40)],
            _ => vec![key],
        };
        expected.extend(of_tag.iter().map(|key| (*key, vector.clone())));
        keys.insert(*tag, of_tag);
    }
    let index = Index::new(dim);
    load(&index, &file, &keys);
    let more = unit(999_999, dim);
    put(&index, &[(-5, more.clone()), (1, more.clone())]);
    expected.extend([(-5, more.clone()), (1, more)]);
    let snapshot = index.snapshot();
    assert_eq!(snapshot.len(), expected.len());
    assert_eq!(snapshot.keys().collect::<HashSet<_>>(), expected.keys().copied().collect());
    for (key, vector) in expected.iter().step_by(97) {
        assert_eq!(snapshot.vector(*key), Some(rounded(vector)), "{key}");
    }
    let query = unit(5_555_555, dim);
    let all = exact(&expected, &query, None);
    assert_eq!(snapshot.scan(&query, None).best(50), all[..50]);
    assert_eq!(snapshot.scan(&query, None).best(usize::MAX), all);

    // Once more: blocks that are here are not read again.
    let before = index.snapshot();
    load(&index, &file, &keys);
    assert!(Arc::ptr_eq(&before.chunks[0].codes, &index.snapshot().chunks[0].codes));
    assert_eq!(index.snapshot().len(), expected.len() - 1);
}

#[test]
fn a_file_that_can_no_longer_be_read_leaves_rounded_scores() {
    let folder = tempdir().unwrap();
    let (dim, path) = (64, folder.path().join("vectors"));
    let (file, rows) = file(&path, dim, 1);
    let index = Index::new(dim);
    let keys = rows.iter().enumerate().map(|(row, (tag, _))| (*tag, vec![row as i64])).collect();
    load(&index, &file, &keys);
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(4096).unwrap();
    let best = index.snapshot().scan(&rows[17].1, None).best(3);
    assert_eq!(best[0].key, 17);
    assert!((best[0].score - 1.0).abs() < 0.01, "{best:?}");
    let about = index.snapshot().vector(17).unwrap();
    assert!(scan::dot(&about, &rows[17].1) > 0.999);
}

#[test]
fn an_index_keeps_its_rows_where_it_cannot_be_rebuilt() {
    let folder = tempdir().unwrap();
    let (file, _) = file(&folder.path().join("vectors"), 3, 1);
    let index = Index::new(2);
    put(&index, &[(1, vec![1.0, 0.0])]);
    let more = |_: &mut dyn FnMut(i64, &[u8])| Ok::<_, FileError>(());
    let failed = index.rebuild(Some(&file), |_, _| {}, more);
    assert!(matches!(failed, Err(FileError::Shape)));
    assert!(index.rebuild(None, |_, _| {}, |_| Err(FileError::Shape)).is_err());
    assert_eq!(index.snapshot().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is put and removed, the index holds what a map would.
    #[test]
    fn an_index_is_a_map_of_rows(
        steps in prop::collection::vec((0i64..20, any::<bool>(), -1f32..1.0), 0..60),
    ) {
        let index = Index::new(2);
        let mut model = BTreeMap::new();
        for (key, keep, value) in steps {
            let value = f16::from_f32(value).to_f32();
            if keep {
                put(&index, &[(key, vec![value, 0.0])]);
                model.insert(key, value);
            } else {
                index.remove(&HashSet::from([key]));
                model.remove(&key);
            }
        }
        let best = index.snapshot().scan(&[1.0, 0.0], None).best(usize::MAX);
        let mut rows: Vec<_> = best.iter().map(|s| (s.key, s.score)).collect();
        rows.sort_by_key(|row| row.0);
        prop_assert_eq!(rows, model.into_iter().collect::<Vec<_>>());
    }

    /// The best are the exactly best, in every dimension and with every filter.
    #[test]
    fn the_best_are_those_of_exact_search(
        dim in prop_oneof![1usize..20, 60usize..70, Just(128), Just(200), Just(384)],
        count in 0usize..6000,
        share in prop_oneof![Just(0u64), Just(1), Just(50), Just(100)],
        k in prop_oneof![0usize..30, 0usize..8000],
        clusters in prop_oneof![Just(1u64), Just(40), Just(u64::MAX)],
        seed in any::<u64>(),
    ) {
        let index = Index::new(dim);
        let rows: Vec<_> = (0..count as u64)
            .map(|row| (row as i64 * 3 - 500, unit(seed ^ (row % clusters), dim)))
            .collect();
        put(&index, &rows);
        let rows: BTreeMap<_, _> = rows.into_iter().collect();
        let allowed: KeySet =
            rows.keys().copied().filter(|key| key.unsigned_abs() * 7919 % 100 < share).collect();
        let allowed = (share < 100).then_some(&allowed);
        let query = unit(!seed, dim);
        let scores = index.snapshot().scan(&query, allowed);
        let expected = exact(&rows, &query, allowed);
        prop_assert_eq!(scores.len(), expected.len());
        let k = k.min(expected.len());
        prop_assert_eq!(&scores.best(k), &expected[..k]);
    }

    /// A set of keys is a set.
    #[test]
    fn a_key_set_is_a_set(
        keys in prop::collection::hash_set(prop_oneof![any::<i64>(), -70_000i64..70_000], 0..50),
        others in prop::collection::vec(prop_oneof![any::<i64>(), -70_000i64..70_000], 0..50),
    ) {
        let set: KeySet = keys.iter().copied().collect();
        let mut lookup = set.lookup();
        for key in others.iter().chain(&keys) {
            prop_assert_eq!(lookup(*key), keys.contains(key));
            prop_assert!(!keys.contains(key) || set.meets(*key..=*key));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    /// Through sign bits the best few are the same, and all when all are asked for.
    #[test]
    fn sign_bits_leave_the_best(
        count in 60_000usize..70_000,
        share in prop_oneof![Just(50u64), Just(100)],
        seed in any::<u64>(),
    ) {
        let (dim, index) = (65, Index::new(65));
        let rows: Vec<_> =
            (0..count as u64).map(|row| (row as i64, unit(seed ^ row, dim))).collect();
        put(&index, &rows);
        let allowed: KeySet =
            (0..count as i64).filter(|key| key.unsigned_abs() * 7919 % 100 < share).collect();
        let rows: BTreeMap<_, _> = rows.into_iter().collect();
        // Near one of the rows, as a query is that finds something.
        let mut query = rows[&(count as i64 / 7)].clone();
        query.iter_mut().zip(unit(!seed, dim)).for_each(|(v, more)| *v = 0.9 * *v + 0.43 * more);
        let snapshot = index.snapshot();
        let scores = snapshot.scan_from(&query, Some(&allowed), 1000);
        let expected = exact(&rows, &query, Some(&allowed));
        prop_assert_eq!(scores.len(), expected.len());
        prop_assert_eq!(scores.best(1)[0], expected[0]);
        let (found, all) = (scores.quantile(0.5).unwrap(), expected[expected.len() / 2].score);
        prop_assert!((found - all).abs() < 0.02, "{found} {all}");
        prop_assert_eq!(&scores.best(1000), &expected[..1000]);
        let least = expected[200].score;
        prop_assert_eq!(&scores.at_least(least), &expected[..201]);
        prop_assert!(scores.count_at_least(least).abs_diff(201) < 150);
    }
}
