//! Attention: every token takes from the others what it looks for.

use std::ops::Range;

use parking_lot::RwLockReadGuard;

use super::kernels::{COLUMNS, Finish, Kernels, LANES, Line, ROWS, tile};
use super::product::{Matrix, tiles};

/// Buffers of one thread.
#[derive(Default)]
pub struct Scratch {
    /// Of one head: panels of 32 keys, one line a component.
    keys: Vec<Line<[f32; COLUMNS]>>,
    /// Of one head: panels of 32 components, one line a token.
    values: Vec<Line<[f32; COLUMNS]>>,
    /// How much each query of a tile takes from each token.
    shares: Matrix,
}

/// Keys and values of a sequence, `(tokens, 2 C)`, which several threads may
/// have computed: each part has the next rows.
pub type Parts<'a> = &'a [RwLockReadGuard<'a, Matrix>];

/// Who looks at whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Every token sees all of its sequence.
    All,
    /// A token sees itself and what stands before it.
    Back,
}

/// The attention of some tokens of one sequence.
pub struct Attend<'a> {
    pub heads: usize,
    pub sight: Sight,
    /// `(…, C)`, divided by the square root of a head's width already.
    pub queries: &'a Matrix,
    /// Their rows.
    pub rows: Range<usize>,
    /// The places in the sequence of those tokens: they count up from the
    /// first, or are these.
    pub places: Places<'a>,
    pub keys_values: Parts<'a>,
    /// The rows of the sequence in the parts, one after the other.
    pub sequence: Range<usize>,
}

/// Where in their sequence the queries stand.
#[derive(Clone, Copy)]
pub enum Places<'a> {
    From(usize),
    These(&'a [usize]),
}

impl Places<'_> {
    fn of(self, query: usize) -> usize {
        match self {
            Self::From(first) => first + query,
            Self::These(places) => places[query],
        }
    }
}

impl Attend<'_> {
    /// Writes the mixed values, `(rows, C)`, to the same rows of `out`.
    pub fn run(&self, kernels: &Kernels, scratch: &mut Scratch, out: &mut Matrix) {
        let width = self.queries.columns();
        let size = width / self.heads;
        let n = self.sequence.len();
        let (panels, slices) = (n.div_ceil(COLUMNS), size.div_ceil(COLUMNS));
        let zero = Line([0.0; COLUMNS]);
        scratch.keys.resize(panels * size, zero);
        scratch.values.resize(slices * n, zero);
        scratch.shares.shape(ROWS, panels * COLUMNS);
        let zeros = [0.0; COLUMNS];
        for head in (0..self.heads).map(|head| head * size) {
            self.pack(head, size, width, scratch);
            let Scratch { keys, values, shares } = &mut *scratch;
            for (tile_start, count) in tiles(self.rows.len()) {
                let row = self.rows.start + tile_start;
                let mut sums = tile();
                for (panel, keys) in keys.chunks_exact(size).enumerate() {
                    let queries = self.queries.rest(row, head);
                    kernels.tile_f32(queries, self.queries.stride(), count, keys, keys, &mut sums);
                    for (share, sums) in sums.0.iter().enumerate().take(count) {
                        let columns = panel * COLUMNS..(panel + 1) * COLUMNS;
                        shares.row_mut(share)[columns].copy_from_slice(sums);
                    }
                }
                for query in 0..count {
                    let seen = match self.sight {
                        Sight::All => n,
                        Sight::Back => self.places.of(tile_start + query) + 1,
                    };
                    let row = shares.row_mut(query);
                    let padded = seen.next_multiple_of(LANES);
                    row[seen..padded].fill(f32::NEG_INFINITY);
                    kernels.softmax(&mut row[..padded]);
                    row[seen..].fill(0.0);
                }
                for (slice, values) in values.chunks_exact(n).enumerate() {
                    let (from, column) = (shares.rest(0, 0), slice * COLUMNS);
                    kernels.tile_f32(from, shares.stride(), count, values, values, &mut sums);
                    let columns = (size - column).min(COLUMNS);
                    let (stride, store) = (out.stride(), Finish::Store);
                    let out = out.rest_mut(row, head + column);
                    kernels.finish_f32(&sums, count, &zeros, store, out, stride, columns);
                }
            }
        }
    }

    /// Lays out the keys and values of the head that starts at this component.
    fn pack(&self, head: usize, size: usize, width: usize, scratch: &mut Scratch) {
        let n = self.sequence.len();
        let rows =
            self.keys_values.iter().flat_map(|part| (0..part.rows()).map(|row| part.row(row)));
        let rows = rows.skip(self.sequence.start).take(n);
        for (token, row) in rows.enumerate() {
            let keys = &mut scratch.keys[token / COLUMNS * size..][..size];
            for (line, key) in keys.iter_mut().zip(&row[head..head + size]) {
                line.0[token % COLUMNS] = *key;
            }
            let values = &row[width + head..][..size];
            let (whole, rest) = values.as_chunks::<COLUMNS>();
            for (slice, values) in whole.iter().enumerate() {
                scratch.values[slice * n + token].0 = *values;
            }
            if !rest.is_empty() {
                scratch.values[whole.len() * n + token].0[..rest.len()].copy_from_slice(rest);
            }
        }
    }
}
