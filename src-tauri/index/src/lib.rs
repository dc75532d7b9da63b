//! Vectors in memory and exact search over them.
//!
//! An [`Index`] hands out immutable [`Snapshot`]s: a search reads the one it
//! took, whatever is added meanwhile. The index knows keys and vectors; what a
//! key stands for is its caller's business, and so is the database that vectors
//! come from: a [`VectorFile`] is only a cache of it. A score is the cosine
//! similarity: greater is closer.
//!
//! A search narrows down ([`Scores`]):
//!
//! ```text
//! sign bits, 1 bit a component     all rows, in large libraries only
//!   high planes, 4 bits            all rows, or those that are left
//!     both planes, 8 bits          rows that may be among the best
//!       exact vectors, 16 bits     at least four times as many as are asked for
//! ```
//!
//! Only what the second and third step read is in memory for good: 512 + 8 bytes
//! a row of 512 components, and 64 more where there are sign bits.

mod buffer;
mod chunk;
mod codes;
mod file;
mod kernels;
mod keyset;
mod pass;
mod scan;
mod spread;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rayon::prelude::*;

use chunk::{Chunk, Gathering, Growing, Keys};
use codes::Codec;

pub use chunk::CHUNK_ROWS;
pub use file::{FileError, Tag, VectorFile};
pub use keyset::KeySet;
pub use pass::PREFILTER_ROWS;
pub use scan::{Scored, Scores};

/// Rows of one model's vectors, which grow while they are searched.
pub struct Index {
    current: ArcSwap<Snapshot>,
    /// Held while a new snapshot is made from the current one.
    writing: Mutex<()>,
}

/// The rows at one moment.
pub struct Snapshot {
    codec: Arc<Codec>,
    /// In the order of the rows. Each has a row with a key.
    chunks: Vec<Arc<Chunk>>,
}

impl Index {
    /// Without rows.
    pub fn new(dim: usize) -> Self {
        let empty = Snapshot { codec: Arc::new(Codec::new(dim)), chunks: Vec::new() };
        Self { current: ArcSwap::from_pointee(empty), writing: Mutex::new(()) }
    }

    /// The rows as they are now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Adds rows, replacing those of the same keys; of several with the same key
    /// the last counts. A vector is `dim` values as little-endian f16, of length
    /// 1; one of another dimension is left out.
    pub fn put(&self, rows: &[(i64, &[u8])]) {
        let _writing = self.writing.lock();
        let current = self.snapshot();
        let bytes = 2 * current.dim();
        let rows = rows.iter().filter(|(_, vector)| vector.len() == bytes);
        let last: HashMap<i64, usize> =
            rows.clone().enumerate().map(|(at, (key, _))| (*key, at)).collect();
        let chunks = current.without(&last.keys().copied().collect());
        let mut rest = Rest::new(current.codec.clone(), chunks);
        for (at, (key, vector)) in rows.enumerate() {
            if last[key] == at {
                rest.push(*key, vector);
            }
        }
        self.current.store(Arc::new(rest.finish()));
    }

    /// Removes rows; keys that are not there are fine.
    pub fn remove(&self, keys: &HashSet<i64>) {
        let _writing = self.writing.lock();
        let current = self.snapshot();
        let chunks = current.without(&keys.iter().copied().collect());
        self.current.store(Arc::new(Snapshot { codec: current.codec.clone(), chunks }));
    }

    /// Makes all rows anew: those of a vector file, whose exact vectors stay on
    /// the disk, and `more`, which are kept in memory as [`put`](Self::put) does.
    /// Blocks of the same open file that are here already are not read again.
    ///
    /// `keys_of` adds the keys of a tag to the list it is given: none where no
    /// photo has these bytes, several where more than one has. No key may come
    /// twice. Meanwhile rows can be searched, but not put or removed.
    ///
    /// # Errors
    /// Where the file cannot be read or is damaged, it has another dimension
    /// ([`FileError::Shape`]), or `more` fails. Rows then stay as they were.
    pub fn rebuild<E: From<FileError>>(
        &self,
        file: Option<&VectorFile>,
        keys_of: impl Fn(&Tag, &mut Vec<i64>) + Sync,
        more: impl FnOnce(&mut dyn FnMut(i64, &[u8])) -> Result<(), E>,
    ) -> Result<(), E> {
        let _writing = self.writing.lock();
        let current = self.snapshot();
        let chunks = match file {
            Some(file) => current.load(file, keys_of)?,
            None => Vec::new(),
        };
        let bytes = 2 * current.dim();
        let mut rest = Rest::new(current.codec.clone(), chunks);
        more(&mut |key, vector| {
            if vector.len() == bytes {
                rest.push(key, vector);
            }
        })?;
        self.current.store(Arc::new(rest.finish()));
        Ok(())
    }
}

/// Chunks of a snapshot to be, to which rows are added.
struct Rest {
    codec: Arc<Codec>,
    chunks: Vec<Arc<Chunk>>,
    /// Not full yet.
    last: Growing,
}

impl Rest {
    fn new(codec: Arc<Codec>, mut chunks: Vec<Arc<Chunk>>) -> Self {
        let last = chunks.last().and_then(|chunk| chunk.grow(&codec));
        if last.is_some() {
            chunks.pop();
        }
        Self { codec, chunks, last: last.unwrap_or_default() }
    }

    fn push(&mut self, key: i64, vector: &[u8]) {
        if !self.last.push(key, vector) {
            self.close();
            // An empty chunk takes any key.
            self.last.push(key, vector);
        }
    }

    fn close(&mut self) {
        let last = std::mem::take(&mut self.last);
        self.chunks.extend(last.finish(&self.codec).map(Arc::new));
    }

    fn finish(mut self) -> Snapshot {
        self.close();
        Snapshot { codec: self.codec, chunks: self.chunks }
    }
}

/// What came of a block: its chunk, and rows of it that further keys have.
type Loaded = (Option<Arc<Chunk>>, Option<(Arc<chunk::Codes>, Vec<(i64, usize)>)>);

impl Snapshot {
    /// Components of a vector.
    pub fn dim(&self) -> usize {
        self.codec.dim()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.keys().live()).sum()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The keys of all rows, in the order of the rows.
    pub fn keys(&self) -> impl Iterator<Item = i64> + '_ {
        self.chunks.iter().flat_map(|chunk| chunk.keys().iter().flatten())
    }

    /// The vector of a key, f32, or `None` where there is no such row. Where its
    /// file cannot be read it is what the codes say, within a hundredth or so.
    pub fn vector(&self, key: i64) -> Option<Vec<f32>> {
        self.chunks.iter().find_map(|chunk| {
            let row = chunk.keys().find(key)?;
            Some(chunk.vector(&self.codec, row))
        })
    }

    /// At most `count` vectors, f32, taken at even distances; all where there are no
    /// more. Exact as [`vector`](Self::vector) is.
    pub fn evenly(&self, count: usize) -> impl Iterator<Item = Vec<f32>> + '_ {
        let step = self.len().div_ceil(count.max(1)).max(1);
        let rows = self.chunks.iter().flat_map(|chunk| {
            let live = (0..chunk.keys().rows()).filter(|row| chunk.keys().get(*row).is_some());
            live.map(move |row| (chunk, row))
        });
        rows.step_by(step).map(|(chunk, row)| chunk.vector(&self.codec, row))
    }

    /// How many blocks [`block`](Self::block) knows.
    pub fn blocks(&self) -> usize {
        self.chunks.len()
    }

    /// Keys and vectors of a part of the rows, at most [`CHUNK_ROWS`] of them: for who
    /// goes through all of them. Vectors are f32, `(keys, dim)`, and exact as
    /// [`vector`](Self::vector) is.
    ///
    /// # Panics
    /// Where there is no block of this number.
    pub fn block(&self, number: usize) -> (Vec<i64>, Vec<f32>) {
        let chunk = &self.chunks[number];
        let (dim, rows) = (self.dim(), chunk.keys().rows());
        let mut vectors = vec![0.0; rows * dim];
        let read = chunk.read(0..rows, &mut vectors).is_ok();
        let mut keys = Vec::with_capacity(chunk.keys().live());
        for row in 0..rows {
            let Some(key) = chunk.keys().get(row) else { continue };
            let to = keys.len() * dim;
            if read {
                vectors.copy_within(row * dim..(row + 1) * dim, to);
            } else {
                vectors[to..to + dim].copy_from_slice(&chunk.vector(&self.codec, row));
            }
            keys.push(key);
        }
        vectors.truncate(keys.len() * dim);
        (keys, vectors)
    }

    /// Scores all rows, or those whose key is `allowed`, on all cores. `query` has
    /// `dim` values and length 1.
    ///
    /// # Panics
    /// Where the query has another dimension than the index.
    pub fn scan(self: &Arc<Self>, query: &[f32], allowed: Option<&KeySet>) -> Scores {
        self.scan_from(query, allowed, PREFILTER_ROWS)
    }

    /// The same, through sign bits where there are at least `prefilter` rows: to
    /// measure them.
    ///
    /// # Panics
    /// As [`scan`](Self::scan).
    pub fn scan_from(
        self: &Arc<Self>,
        query: &[f32],
        allowed: Option<&KeySet>,
        prefilter: usize,
    ) -> Scores {
        Scores::new(self.clone(), query, allowed, prefilter)
    }

    /// The greatest scale of a row.
    fn largest(&self) -> f32 {
        self.chunks.iter().map(|chunk| chunk.codes.largest).fold(0.0, f32::max)
    }

    /// The chunks without some rows; those that have none of them are shared, not
    /// copied.
    fn without(&self, keys: &KeySet) -> Vec<Arc<Chunk>> {
        let rest = self.chunks.iter().filter_map(|chunk| {
            let mut gone = keys.lookup();
            let some =
                keys.meets(chunk.keys().range()) && chunk.keys().iter().flatten().any(&mut gone);
            if some { chunk.without(&self.codec, gone).map(Arc::new) } else { Some(chunk.clone()) }
        });
        rest.collect()
    }

    /// The rows of a vector file. Chunks of it that are here are used again.
    fn load(
        &self,
        file: &VectorFile,
        keys_of: impl Fn(&Tag, &mut Vec<i64>) + Sync,
    ) -> Result<Vec<Arc<Chunk>>, FileError> {
        if file.dim() != self.dim() {
            return Err(FileError::Shape);
        }
        let source = file.source();
        let here: HashMap<usize, &Arc<Chunk>> =
            self.chunks.iter().filter_map(|chunk| Some((chunk.block_of(source)?, chunk))).collect();
        let load = |number: usize| -> Result<Loaded, FileError> {
            let (tags, codes) = if let Some(chunk) = here.get(&number) {
                (file.tags(number)?, chunk.codes.clone())
            } else {
                let block = file.block(number)?;
                (block.tags, Arc::new(block.codes))
            };
            let (mut keys, mut further, mut found) = (Keys::default(), Vec::new(), Vec::new());
            for (row, tag) in tags.iter().enumerate() {
                found.clear();
                keys_of(tag, &mut found);
                let first = found.first().copied();
                let fits = keys.push(first);
                if !fits {
                    keys.push(None);
                }
                let taken = usize::from(fits && first.is_some());
                further.extend(found[taken..].iter().map(|key| (*key, row)));
            }
            let further = (!further.is_empty()).then(|| (codes.clone(), further));
            let chunk = (keys.live() > 0)
                .then(|| Arc::new(Chunk::of_block(keys, codes, source.clone(), number)));
            Ok((chunk, further))
        };
        let loaded: Vec<_> =
            (0..file.blocks()).into_par_iter().map(load).collect::<Result<_, _>>()?;

        let mut chunks = Vec::new();
        let mut gathered = Gathering::new(&self.codec);
        for (number, (chunk, further)) in loaded.into_iter().enumerate() {
            chunks.extend(chunk);
            let Some((codes, further)) = further else { continue };
            for (key, row) in further {
                if !gathered.push(&self.codec, key, &codes, number, row) {
                    let full = std::mem::replace(&mut gathered, Gathering::new(&self.codec));
                    chunks.extend(full.finish(source).map(Arc::new));
                    gathered.push(&self.codec, key, &codes, number, row);
                }
            }
        }
        chunks.extend(gathered.finish(source).map(Arc::new));
        Ok(chunks)
    }
}
