//! Up to [`CHUNK_ROWS`] rows that never change: their keys, their codes, and
//! where their exact vectors are.
//!
//! Beyond the codes a row takes eight bytes, a key and a scale, and its sign bits
//! once the index is large.

use std::io;
use std::ops::{Range, RangeInclusive};
use std::sync::{Arc, OnceLock};

use half::f16;
use half::slice::HalfFloatSliceExt;
use rayon::prelude::*;

use super::buffer::Buffer;
use super::codes::Codec;
use super::file::Source;

/// Rows in a full chunk. One of 512-dimensional vectors is then 2 MiB: little to
/// copy when a row is added, and plenty for one thread to scan.
pub const CHUNK_ROWS: usize = 4096;

/// The offset of a row that has no key: one that was removed, or a row of the
/// vector file that no photo has.
const DEAD: u32 = u32::MAX;

#[derive(Clone)]
pub struct Chunk {
    keys: Keys,
    pub codes: Arc<Codes>,
    exact: Exact,
}

/// The keys of a chunk's rows, as offsets from one of them.
#[derive(Clone, Default)]
pub struct Keys {
    base: i64,
    offsets: Vec<u32>,
    /// How many rows have a key.
    live: usize,
    /// No key is outside; some inside may be gone.
    least: i64,
    most: i64,
}

/// The rounded rows of a chunk.
pub struct Codes {
    /// What a code of 1 stands for in each row.
    pub scales: Vec<f32>,
    /// The high plane, then the low one, each of [`CHUNK_ROWS`] rows.
    planes: Buffer,
    /// The greatest scale.
    pub largest: f32,
    /// `(rows, sign bytes)`, made when they are first asked for.
    signs: OnceLock<Buffer>,
}

/// Where the exact vectors of a chunk are.
#[derive(Clone)]
enum Exact {
    /// Here: `(rows, dim)`.
    Memory(Arc<Vec<f16>>),
    /// A block of a vector file, row by row.
    Block(Arc<Source>, usize),
    /// Rows of a vector file, each by its number.
    Scattered(Arc<Source>, Arc<[u64]>),
}

impl Keys {
    /// Adds a row. `false` where its key is too far from the others: then it has
    /// none yet.
    pub fn push(&mut self, key: Option<i64>) -> bool {
        let Some(key) = key else {
            self.offsets.push(DEAD);
            return true;
        };
        if self.live == 0 {
            // The middle of what fits, as it is not known where the others are.
            self.base = key.saturating_sub(1 << 31);
            (self.least, self.most) = (key, key);
        }
        let offset = key.checked_sub(self.base).and_then(|offset| u32::try_from(offset).ok());
        let Some(offset) = offset.filter(|&offset| offset != DEAD) else { return false };
        self.offsets.push(offset);
        self.live += 1;
        (self.least, self.most) = (self.least.min(key), self.most.max(key));
        true
    }

    /// How many rows there are, with a key and without.
    pub fn rows(&self) -> usize {
        self.offsets.len()
    }

    pub fn live(&self) -> usize {
        self.live
    }

    /// The key of a row.
    pub fn get(&self, row: usize) -> Option<i64> {
        let offset = self.offsets[row];
        (offset != DEAD).then(|| self.base + i64::from(offset))
    }

    pub fn iter(&self) -> impl Iterator<Item = Option<i64>> + '_ {
        (0..self.rows()).map(|row| self.get(row))
    }

    /// Between which all keys are.
    pub fn range(&self) -> RangeInclusive<i64> {
        self.least..=self.most
    }

    /// The row of a key.
    pub fn find(&self, key: i64) -> Option<usize> {
        if self.live == 0 || !self.range().contains(&key) {
            return None;
        }
        let offset = u32::try_from(key.checked_sub(self.base)?).ok()?;
        self.offsets.iter().position(|&o| o == offset && o != DEAD)
    }

    fn remove(&mut self, row: usize) {
        self.offsets[row] = DEAD;
        self.live -= 1;
    }
}

impl Codes {
    /// Room for the rows of a chunk.
    pub fn new(codec: &Codec) -> Self {
        Self {
            scales: Vec::new(),
            planes: Buffer::new(2 * CHUNK_ROWS * codec.plane_bytes()),
            largest: 0.0,
            signs: OnceLock::new(),
        }
    }

    /// Of scales and the planes of as many rows as a chunk has, both as they are
    /// in memory.
    pub fn of(scales: Vec<f32>, planes: Buffer) -> Self {
        let largest = scales.iter().copied().fold(0.0, f32::max);
        Self { scales, planes, largest, signs: OnceLock::new() }
    }

    fn rows(&self) -> usize {
        self.scales.len()
    }

    /// The planes of a whole chunk, as they are in a vector file.
    pub fn bytes(&self) -> &[u8] {
        self.planes.bytes()
    }

    /// The high plane and the low one.
    pub fn planes(&self) -> (&[u8], &[u8]) {
        let bytes = self.planes.bytes();
        bytes.split_at(bytes.len() / 2)
    }

    /// The sign bits of all rows.
    pub fn signs(&self, codec: &Codec) -> &[u8] {
        let make = || {
            let (width, (high, low)) = (codec.plane_bytes(), self.planes());
            let mut signs = Buffer::new(self.rows() * codec.sign_bytes());
            let rows = high.chunks_exact(width).zip(low.chunks_exact(width));
            let signs_of = signs.bytes_mut().chunks_exact_mut(codec.sign_bytes());
            for (signs, (high, low)) in signs_of.zip(rows) {
                codec.signs(high, low, signs);
            }
            signs
        };
        self.signs.get_or_init(make).bytes()
    }

    /// Adds rows, given as `(rows, dim)`.
    pub fn extend(&mut self, codec: &Codec, vectors: &[f16]) {
        let (width, from) = (codec.plane_bytes(), self.rows());
        let (high, low) = self.planes.bytes_mut().split_at_mut(CHUNK_ROWS * width);
        let planes = (high.par_chunks_exact_mut(width), low.par_chunks_exact_mut(width));
        let added: Vec<f32> = planes
            .into_par_iter()
            .skip(from)
            .zip(vectors.par_chunks_exact(codec.dim()))
            .map(|((high, low), vector)| codec.encode(&mut vector.to_f32_vec(), high, low))
            .collect();
        self.largest = added.iter().copied().fold(self.largest, f32::max);
        self.scales.extend(added);
        self.signs = OnceLock::new();
    }

    /// Adds a row of others as it is.
    fn push(&mut self, codec: &Codec, from: &Self, row: usize) {
        let (width, to) = (codec.plane_bytes(), self.rows());
        let (high, low) = self.planes.bytes_mut().split_at_mut(CHUNK_ROWS * width);
        let (from_high, from_low) = from.planes();
        let part = row * width..(row + 1) * width;
        high[to * width..(to + 1) * width].copy_from_slice(&from_high[part.clone()]);
        low[to * width..(to + 1) * width].copy_from_slice(&from_low[part]);
        self.scales.push(from.scales[row]);
        self.largest = self.largest.max(from.scales[row]);
    }
}

impl Chunk {
    /// The rows of a block of a vector file.
    pub fn of_block(keys: Keys, codes: Arc<Codes>, source: Arc<Source>, block: usize) -> Self {
        Self { keys, codes, exact: Exact::Block(source, block) }
    }

    /// The block of this file that these rows are.
    pub fn block_of(&self, file: &Arc<Source>) -> Option<usize> {
        match &self.exact {
            Exact::Block(source, block) if Arc::ptr_eq(source, file) => Some(*block),
            _ => None,
        }
    }

    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Without the keys for which `gone` says so; `None` where none is left.
    pub fn without(&self, codec: &Codec, mut gone: impl FnMut(i64) -> bool) -> Option<Self> {
        let mut rest = self.clone();
        for row in 0..self.keys.rows() {
            if self.keys.get(row).is_some_and(&mut gone) {
                rest.keys.remove(row);
            }
        }
        let Exact::Memory(vectors) = &self.exact else {
            return (rest.keys.live > 0).then_some(rest);
        };
        if 2 * rest.keys.live > rest.keys.rows() {
            return Some(rest);
        }
        // Rows that came and went are not kept for good.
        let mut compact = Growing::default();
        let mut codes = Codes::new(codec);
        for row in 0..rest.keys.rows() {
            if let Some(key) = rest.keys.get(row) {
                compact.keys.push(Some(key));
                codes.push(codec, &self.codes, row);
                let dim = codec.dim();
                compact.vectors.extend_from_slice(&vectors[row * dim..(row + 1) * dim]);
            }
        }
        compact.codes = Some(codes);
        compact.finish(codec)
    }

    /// Whether rows may be added: if so, a copy to add them to.
    pub fn grow(&self, codec: &Codec) -> Option<Growing> {
        let Exact::Memory(vectors) = &self.exact else { return None };
        if self.keys.rows() >= CHUNK_ROWS {
            return None;
        }
        let (width, rows) = (codec.plane_bytes(), self.keys.rows());
        let mut planes = Buffer::new(2 * CHUNK_ROWS * width);
        let (high, low) = self.codes.planes();
        let (to_high, to_low) = planes.bytes_mut().split_at_mut(CHUNK_ROWS * width);
        to_high[..rows * width].copy_from_slice(&high[..rows * width]);
        to_low[..rows * width].copy_from_slice(&low[..rows * width]);
        let codes = Codes::of(self.codes.scales.clone(), planes);
        let vectors = vectors.as_ref().clone();
        Some(Growing { keys: self.keys.clone(), vectors, codes: Some(codes) })
    }

    /// A row's vector, `dim` values, as it was put; about that where its file
    /// cannot be read.
    pub fn vector(&self, codec: &Codec, row: usize) -> Vec<f32> {
        let mut vector = vec![0.0; codec.dim()];
        let Err(error) = self.read(row..row + 1, &mut vector) else { return vector };
        tracing::warn!(%error, "a row of the vector file cannot be read: it is about right");
        let (width, (high, low)) = (codec.plane_bytes(), self.codes.planes());
        let part = row * width..(row + 1) * width;
        codec.decode(&high[part.clone()], &low[part], self.codes.scales[row])
    }

    /// Reads the exact vectors of rows one behind the other, `(rows.len(), dim)`.
    ///
    /// # Errors
    /// Where they are in a file and the disk says no.
    pub fn read(&self, rows: Range<usize>, vectors: &mut [f32]) -> io::Result<()> {
        let dim = vectors.len() / rows.len();
        match &self.exact {
            Exact::Memory(all) => {
                all[rows.start * dim..rows.end * dim].convert_to_f32_slice(vectors);
                Ok(())
            }
            Exact::Block(source, block) => source.vectors(*block, rows.start, vectors),
            Exact::Scattered(source, numbers) => {
                let numbers = numbers[rows].iter().map(|&number| number as usize);
                numbers.zip(vectors.chunks_exact_mut(dim)).try_for_each(|(number, vector)| {
                    source.vectors(number / CHUNK_ROWS, number % CHUNK_ROWS, vector)
                })
            }
        }
    }
}

/// A chunk that rows are added to.
#[derive(Default)]
pub struct Growing {
    keys: Keys,
    vectors: Vec<f16>,
    /// Of the first rows, or of none; the others' are made all at once.
    codes: Option<Codes>,
}

impl Growing {
    /// Adds a row, `2 * dim` bytes. `false` where there is no room for it.
    pub fn push(&mut self, key: i64, vector: &[u8]) -> bool {
        if self.keys.rows() == CHUNK_ROWS || !self.keys.push(Some(key)) {
            return false;
        }
        if self.vectors.capacity() == self.vectors.len() {
            // A whole chunk at once: memory that is not written to costs nothing,
            // and doubling would leave holes of every size behind.
            let missing = CHUNK_ROWS + 1 - self.keys.rows();
            self.vectors.reserve_exact(missing * vector.len() / 2);
        }
        let (pairs, _) = vector.as_chunks::<2>();
        self.vectors.extend(pairs.iter().map(|pair| f16::from_le_bytes(*pair)));
        true
    }

    pub fn finish(self, codec: &Codec) -> Option<Chunk> {
        let mut codes = self.codes.unwrap_or_else(|| Codes::new(codec));
        codes.extend(codec, &self.vectors[codes.rows() * codec.dim()..]);
        let exact = Exact::Memory(Arc::new(self.vectors));
        (self.keys.live > 0).then(|| Chunk { keys: self.keys, codes: Arc::new(codes), exact })
    }
}

/// A chunk of rows that lie anywhere in a vector file.
pub struct Gathering {
    keys: Keys,
    codes: Codes,
    rows: Vec<u64>,
}

impl Gathering {
    pub fn new(codec: &Codec) -> Self {
        Self { keys: Keys::default(), codes: Codes::new(codec), rows: Vec::new() }
    }

    /// Adds row `row` of a block, whose codes are given. `false` where there is
    /// no room for it.
    pub fn push(
        &mut self,
        codec: &Codec,
        key: i64,
        codes: &Codes,
        block: usize,
        row: usize,
    ) -> bool {
        if self.keys.rows() == CHUNK_ROWS || !self.keys.push(Some(key)) {
            return false;
        }
        self.codes.push(codec, codes, row);
        self.rows.push((block * CHUNK_ROWS + row) as u64);
        true
    }

    pub fn finish(self, source: &Arc<Source>) -> Option<Chunk> {
        let exact = Exact::Scattered(source.clone(), self.rows.into());
        (self.keys.live > 0).then(|| Chunk { keys: self.keys, codes: Arc::new(self.codes), exact })
    }
}
