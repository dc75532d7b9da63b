//! Vectors in memory and exact search over them.
//!
//! An [`Index`] hands out immutable [`Snapshot`]s: a search reads the one it
//! took, whatever is added meanwhile. The index knows keys and vectors; what a
//! key stands for is its caller's business. A score is the cosine similarity:
//! greater is closer.

mod kernel;

use std::collections::HashSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use half::f16;
use half::slice::HalfFloatSliceExt;
use parking_lot::Mutex;
use rayon::prelude::*;

/// Rows in a full chunk. A chunk of 512-dimensional vectors is then 4 MiB:
/// little to copy when a row is added, and plenty for one thread to scan.
const CHUNK_ROWS: usize = 4096;

/// Rows of one model's vectors, which grow while they are searched.
pub(crate) struct Index {
    current: ArcSwap<Snapshot>,
    /// Held while a new snapshot is made from the current one.
    writing: Mutex<()>,
}

/// The rows at one moment.
pub(crate) struct Snapshot {
    dim: usize,
    /// All but the last are full when rows were only ever added.
    chunks: Vec<Arc<Chunk>>,
}

#[derive(Clone, Default)]
struct Chunk {
    keys: Vec<i64>,
    /// `(keys.len(), dim)`, row-major; each row of length 1.
    vectors: Vec<f16>,
}

/// A key with its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scored {
    pub key: i64,
    pub score: f32,
}

impl Index {
    /// The rows as they are now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// An index of these rows; `each` hands them to the function it is given, keys
    /// only once, vectors as in [`put`](Self::put). They are not copied twice: a
    /// million of them take a gigabyte.
    pub fn of<E>(
        dim: usize,
        each: impl FnOnce(&mut dyn FnMut(i64, &[u8])) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut rows = Rows { dim, chunks: Vec::new(), last: Chunk::default() };
        each(&mut |key, vector| rows.push(key, vector))?;
        Ok(Self { current: ArcSwap::from_pointee(rows.finish()), writing: Mutex::new(()) })
    }

    /// Adds rows, replacing those of the same keys. A vector is `dim` values as
    /// little-endian f16; one of another length is left out.
    pub fn put(&self, rows: &[(i64, &[u8])]) {
        let _writing = self.writing.lock();
        let current = self.snapshot();
        let keys: HashSet<i64> = rows.iter().map(|(key, _)| *key).collect();
        let mut chunks = without(&current, &keys);
        let last = chunks
            .pop_if(|chunk| chunk.keys.len() < CHUNK_ROWS)
            .map_or_else(Chunk::default, Arc::unwrap_or_clone);
        let mut grown = Rows { dim: current.dim, chunks, last };
        for (key, vector) in rows {
            grown.push(*key, vector);
        }
        self.current.store(Arc::new(grown.finish()));
    }

    /// Removes rows; keys that are not there are fine.
    pub fn remove(&self, keys: &HashSet<i64>) {
        let _writing = self.writing.lock();
        let current = self.snapshot();
        let chunks = without(&current, keys);
        self.current.store(Arc::new(Snapshot { dim: current.dim, chunks }));
    }
}

/// Rows that a snapshot is made of.
struct Rows {
    dim: usize,
    chunks: Vec<Arc<Chunk>>,
    /// Not full yet.
    last: Chunk,
}

impl Rows {
    /// Adds a row, or nothing where the vector is not `dim` values of two bytes.
    fn push(&mut self, key: i64, vector: &[u8]) {
        if vector.len() != 2 * self.dim {
            return;
        }
        let last = &mut self.last;
        if last.vectors.capacity() == last.vectors.len() {
            // A whole chunk at once: memory that is not written to costs nothing,
            // and doubling would leave holes of every size behind.
            let missing = CHUNK_ROWS - last.keys.len();
            last.keys.reserve_exact(missing);
            last.vectors.reserve_exact(missing * self.dim);
        }
        last.keys.push(key);
        last.vectors.extend(vector.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]])));
        if last.keys.len() == CHUNK_ROWS {
            self.chunks.push(Arc::new(std::mem::take(last)));
        }
    }

    fn finish(mut self) -> Snapshot {
        if !self.last.keys.is_empty() {
            self.chunks.push(Arc::new(self.last));
        }
        Snapshot { dim: self.dim, chunks: self.chunks }
    }
}

/// The snapshot's chunks without some rows; chunks that have none of them are
/// shared, not copied.
fn without(snapshot: &Snapshot, keys: &HashSet<i64>) -> Vec<Arc<Chunk>> {
    let dim = snapshot.dim;
    snapshot
        .chunks
        .iter()
        .filter_map(|chunk| {
            if !chunk.keys.iter().any(|key| keys.contains(key)) {
                return Some(chunk.clone());
            }
            let mut rest = Chunk::default();
            for (row, key) in chunk.keys.iter().enumerate().filter(|(_, k)| !keys.contains(k)) {
                rest.keys.push(*key);
                rest.vectors.extend_from_slice(&chunk.vectors[row * dim..(row + 1) * dim]);
            }
            (!rest.keys.is_empty()).then(|| Arc::new(rest))
        })
        .collect()
}

impl Snapshot {
    /// How many rows there are.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.keys.len()).sum()
    }

    /// The keys of all rows.
    pub fn keys(&self) -> HashSet<i64> {
        self.chunks.iter().flat_map(|chunk| chunk.keys.iter().copied()).collect()
    }

    /// The vector of a key, f32, or `None` where there is no such row.
    pub fn vector(&self, key: i64) -> Option<Vec<f32>> {
        self.chunks.iter().find_map(|chunk| {
            let row = chunk.keys.iter().position(|&k| k == key)?;
            Some(chunk.vectors[row * self.dim..(row + 1) * self.dim].to_f32_vec())
        })
    }

    /// About `count` vectors, f32, taken at even distances; all where there are
    /// fewer.
    pub fn evenly(&self, count: usize) -> impl Iterator<Item = Vec<f32>> + '_ {
        let rows: usize = self.chunks.iter().map(|chunk| chunk.keys.len()).sum();
        let step = rows.div_ceil(count.max(1)).max(1);
        let all = self.chunks.iter().flat_map(|chunk| chunk.vectors.chunks_exact(self.dim));
        all.step_by(step).map(|vector| vector.to_f32_vec())
    }

    /// The score of every row, in the order of the rows. `query` has `dim`
    /// values and length 1.
    ///
    /// # Panics
    /// Where the query has another dimension than the index.
    pub fn score(&self, query: &[f32]) -> Vec<Scored> {
        assert_eq!(query.len(), self.dim, "a query must have the index's dimension");
        self.chunks
            .par_iter()
            .flat_map_iter(|chunk| {
                let mut scores = vec![0.0; chunk.keys.len()];
                kernel::dots(&chunk.vectors, query, &mut scores);
                std::iter::zip(&chunk.keys, scores).map(|(&key, score)| Scored { key, score })
            })
            .collect()
    }
}

/// The `k` best of `scored` (or all), best first; equal scores by key, so that
/// an answer is the same every time.
pub(crate) fn best(mut scored: Vec<Scored>, k: Option<usize>) -> Vec<Scored> {
    let order =
        |a: &Scored, b: &Scored| b.score.total_cmp(&a.score).then_with(|| b.key.cmp(&a.key));
    let k = k.unwrap_or(usize::MAX);
    if k == 0 {
        return Vec::new();
    }
    if k < scored.len() {
        scored.select_nth_unstable_by(k - 1, order);
        scored.truncate(k);
    }
    scored.par_sort_unstable_by(order);
    scored
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn empty() -> Index {
        Index::of(2, |_| Ok::<_, ()>(())).unwrap()
    }

    fn bytes(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect()
    }

    fn put(index: &Index, rows: &[(i64, [f32; 2])]) {
        let rows: Vec<_> = rows.iter().map(|(key, vector)| (*key, bytes(vector))).collect();
        index.put(&rows.iter().map(|(key, v)| (*key, v.as_slice())).collect::<Vec<_>>());
    }

    fn keys(index: &Index, query: [f32; 2]) -> Vec<i64> {
        best(index.snapshot().score(&query), None).iter().map(|s| s.key).collect()
    }

    #[test]
    fn the_closest_comes_first() {
        let index = empty();
        put(&index, &[(1, [1.0, 0.0]), (2, [0.0, 1.0]), (3, [0.6, 0.8])]);
        assert_eq!(keys(&index, [0.0, 1.0]), [2, 3, 1]);
        let first = best(index.snapshot().score(&[0.0, 1.0]), Some(1));
        assert_eq!(first, [Scored { key: 2, score: 1.0 }]);
        assert_eq!(best(index.snapshot().score(&[0.0, 1.0]), Some(0)), []);
    }

    #[test]
    fn a_snapshot_stays_as_it_was_taken() {
        let index = empty();
        put(&index, &[(1, [1.0, 0.0])]);
        let before = index.snapshot();
        put(&index, &[(1, [0.0, 1.0]), (2, [1.0, 0.0])]);
        index.remove(&HashSet::from([2]));
        assert_eq!(before.vector(1), Some(vec![1.0, 0.0]));
        assert_eq!(index.snapshot().vector(1), Some(vec![0.0, 1.0]));
        assert_eq!(index.snapshot().len(), 1);
        assert_eq!(index.snapshot().vector(2), None);
    }

    #[test]
    fn a_sample_is_taken_evenly_and_never_too_large() {
        let index = empty();
        let rows: Vec<_> = (0..10).map(|n| (n, [n as f32, 1.0])).collect();
        put(&index, &rows);
        let first = |count| -> Vec<f32> {
            index.snapshot().evenly(count).map(|vector| vector[0]).collect()
        };
        assert_eq!(first(3), [0.0, 4.0, 8.0]);
        assert_eq!(first(10).len(), 10);
        assert_eq!(first(100).len(), 10);
        assert_eq!(empty().snapshot().evenly(5).count(), 0);
    }

    #[test]
    fn a_vector_of_another_dimension_is_left_out() {
        let index = empty();
        index.put(&[(1, &[0; 6])]);
        assert_eq!(index.snapshot().len(), 0);
    }

    #[test]
    fn an_index_made_of_rows_is_one_they_were_put_into() {
        let rows: Vec<_> = (0..2 * CHUNK_ROWS as i64 + 3)
            .map(|key| (key, bytes(&[1.0, key as f32 / 1e5])))
            .collect();
        let made = Index::of(2, |add| {
            rows.iter().for_each(|(key, vector)| add(*key, vector));
            add(-1, &[0; 6]);
            Ok::<_, ()>(())
        });
        let made = made.unwrap();
        assert_eq!(made.snapshot().len(), rows.len());
        assert_eq!(made.snapshot().chunks.len(), 3);
        made.put(&[(7, &bytes(&[0.0, 1.0])), (-2, &bytes(&[0.0, 0.5]))]);
        assert_eq!(made.snapshot().len(), rows.len() + 1);
        assert_eq!(made.snapshot().vector(7), Some(vec![0.0, 1.0]));
        assert_eq!(keys(&made, [0.0, 1.0])[..2], [7, -2]);
        assert_eq!(Index::of(2, |_| Err("unreadable")).err(), Some("unreadable"));
    }

    #[test]
    fn rows_beyond_one_chunk_are_kept_and_found() {
        let index = empty();
        let rows: Vec<_> =
            (0..3 * CHUNK_ROWS as i64 + 7).map(|key| (key, [1.0, key as f32 / 1e5])).collect();
        for part in rows.chunks(1000) {
            put(&index, part);
        }
        let snapshot = index.snapshot();
        assert_eq!(snapshot.len(), rows.len());
        assert!(snapshot.chunks.len() <= 4);
        assert_eq!(keys(&index, [0.0, 1.0]).len(), rows.len());
    }

    proptest! {
        /// Whatever is put and removed, the index holds what a map would.
        #[test]
        fn an_index_is_a_map_of_rows(
            steps in prop::collection::vec((0i64..20, any::<bool>(), -1f32..1.0), 0..60),
        ) {
            let index = empty();
            let mut model = std::collections::BTreeMap::new();
            for (key, keep, value) in steps {
                let value = f16::from_f32(value).to_f32();
                if keep {
                    put(&index, &[(key, [value, 0.0])]);
                    model.insert(key, value);
                } else {
                    index.remove(&HashSet::from([key]));
                    model.remove(&key);
                }
            }
            let mut rows: Vec<_> =
                index.snapshot().score(&[1.0, 0.0]).iter().map(|s| (s.key, s.score)).collect();
            rows.sort_by_key(|row| row.0);
            prop_assert_eq!(rows, model.into_iter().collect::<Vec<_>>());
        }
    }
}
