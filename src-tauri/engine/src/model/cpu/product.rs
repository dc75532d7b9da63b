//! A linear layer laid out for the kernels: packed once, applied to many rows.

use std::ops::Range;

use candle_core::Tensor;
use candle_nn::Linear;

use super::kernels::{COLUMNS, Finish, Kernels, LANES, Line, QUAD, ROWS, Scales, Spread, tile};
use crate::model::device::Precision;

/// `(rows, columns)` of f32, each row `stride` behind the one before.
///
/// It only ever grows, so that one that is used again allocates nothing.
#[derive(Default)]
pub struct Matrix {
    values: Vec<f32>,
    /// The first element that starts a cache line.
    start: usize,
    rows: usize,
    columns: usize,
    stride: usize,
}

impl Matrix {
    /// Becomes a matrix of this shape; what it holds is left over from before.
    pub fn shape(&mut self, rows: usize, columns: usize) {
        (self.rows, self.columns, self.stride) = (rows, columns, stride_of(columns));
        if self.values.len() < self.start + rows * self.stride {
            self.values.resize(rows * self.stride + LANES, 0.0);
            self.start = self.values.as_ptr().align_offset(64) % LANES;
        }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn columns(&self) -> usize {
        self.columns
    }

    pub fn stride(&self) -> usize {
        self.stride
    }

    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[self.start + row * self.stride..][..self.columns]
    }

    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.values[self.start + row * self.stride..][..self.columns]
    }

    /// All from an element on, rows [`stride`](Self::stride) apart.
    pub fn rest(&self, row: usize, column: usize) -> &[f32] {
        &self.values[self.start..][row * self.stride + column..self.rows * self.stride]
    }

    pub fn rest_mut(&mut self, row: usize, column: usize) -> &mut [f32] {
        &mut self.values[self.start..][row * self.stride + column..self.rows * self.stride]
    }

    /// Keeps some rows, given in order, and drops the others.
    pub fn keep(&mut self, rows: &[usize]) {
        for (to, &from) in rows.iter().enumerate() {
            let from = self.start + from * self.stride;
            self.values.copy_within(from..from + self.columns, self.start + to * self.stride);
        }
        self.rows = rows.len();
    }

    /// Moves so many rows, from the row `from` on, to the front.
    pub fn advance(&mut self, from: usize, rows: usize) {
        let moved = &mut self.values[self.start..];
        moved.copy_within(from * self.stride..(from + rows) * self.stride, 0);
    }
}

/// Rows that begin a multiple of 4 KiB apart would all share the few places of
/// the first-level cache that such addresses map to.
fn stride_of(columns: usize) -> usize {
    let stride = columns.next_multiple_of(16);
    if stride.is_multiple_of(1024) { stride + 16 } else { stride }
}

/// Rows rounded to 8 bits, `stride` apart, filled up with zeros to whole quads.
#[derive(Default)]
pub struct Bytes {
    values: Vec<u8>,
    columns: usize,
    stride: usize,
    spreads: Vec<Spread>,
}

impl Bytes {
    /// Becomes a matrix of this shape.
    pub fn shape(&mut self, rows: usize, columns: usize) {
        (self.columns, self.stride) = (columns, columns.next_multiple_of(QUAD));
        if self.values.len() < rows * self.stride {
            self.values.resize(rows * self.stride, 0);
        }
        self.spreads.resize(rows, Spread::default());
    }

    /// Becomes this matrix, rounded.
    pub fn round(&mut self, kernels: &Kernels, rows: &Matrix) {
        self.shape(rows.rows(), rows.columns());
        for row in 0..rows.rows() {
            self.fill(kernels, row, rows.row(row));
        }
    }

    /// Rounds a row.
    pub fn fill(&mut self, kernels: &Kernels, row: usize, values: &[f32]) {
        let out = &mut self.values[row * self.stride..][..self.stride];
        // What an earlier, longer row left there.
        out[values.len()..].fill(0);
        self.spreads[row] = kernels.quantise(values, &mut out[..values.len()]);
    }

    /// Takes a row that is in 8 bits already.
    pub fn copy(&mut self, row: usize, values: &[u8]) {
        let out = &mut self.values[row * self.stride..][..self.stride];
        out[..values.len()].copy_from_slice(values);
        out[values.len()..].fill(0);
        self.spreads[row] = Spread { least: 0.0, step: 1.0 };
    }
}

/// What a product takes.
#[derive(Clone, Copy)]
pub enum Input<'a> {
    F32(&'a Matrix),
    Int8(&'a Bytes),
}

impl Input<'_> {
    fn columns(&self) -> usize {
        match self {
            Self::F32(rows) => rows.columns,
            Self::Int8(rows) => rows.columns,
        }
    }
}

/// A linear layer: `(rows, inputs)` to `(rows, outputs)`.
pub struct Product {
    inputs: usize,
    outputs: usize,
    /// Of each panel.
    bias: Vec<[f32; COLUMNS]>,
    weights: Weights,
}

enum Weights {
    /// Lines of all panels, `inputs` each.
    F32(Vec<Line<[f32; COLUMNS]>>),
    Int8 {
        /// Lines of all panels, one for every four inputs.
        lines: Vec<Line<[[i8; QUAD]; COLUMNS]>>,
        /// What a weight of 1 stands for, and the sum of an output's weights.
        scales: Vec<[f32; COLUMNS]>,
        sums: Vec<[f32; COLUMNS]>,
    },
}

impl Product {
    /// Packs a layer.
    pub fn new(linear: &Linear, precision: Precision) -> candle_core::Result<Self> {
        Self::of_rows(linear.weight(), linear.bias(), precision)
    }

    /// Packs a layer of `weight`, `(outputs, inputs)`, and `bias`, `(outputs)`.
    pub fn of_rows(
        weight: &Tensor,
        bias: Option<&Tensor>,
        precision: Precision,
    ) -> candle_core::Result<Self> {
        let (outputs, inputs) = weight.dims2()?;
        let weight: Vec<f32> = weight.flatten_all()?.to_vec1()?;
        let bias = match bias {
            Some(bias) => bias.to_vec1()?,
            None => vec![0.0; outputs],
        };
        Ok(Self::pack(&weight, &bias, inputs, precision))
    }

    /// `weight` holds the inputs of one output after the other.
    pub fn pack(weight: &[f32], bias: &[f32], inputs: usize, precision: Precision) -> Self {
        let outputs = bias.len();
        let rows: Vec<&[f32]> = weight.chunks_exact(inputs).collect();
        let panels = rows.chunks(COLUMNS);
        let weights = match precision {
            Precision::F32 => {
                let mut lines = vec![Line([0.0; COLUMNS]); panels.len() * inputs];
                for (lines, rows) in lines.chunks_exact_mut(inputs).zip(panels) {
                    for (column, row) in rows.iter().enumerate() {
                        for (line, weight) in lines.iter_mut().zip(*row) {
                            line.0[column] = *weight;
                        }
                    }
                }
                Weights::F32(lines)
            }
            Precision::Int8 => {
                let depth = inputs.div_ceil(QUAD);
                let mut lines = vec![Line([[0; QUAD]; COLUMNS]); panels.len() * depth];
                let mut scales = vec![[0.0; COLUMNS]; panels.len()];
                let mut sums = scales.clone();
                for (panel, rows) in panels.enumerate() {
                    let lines = &mut lines[panel * depth..][..depth];
                    for (column, row) in rows.iter().enumerate() {
                        let most = row.iter().fold(0f32, |most, weight| most.max(weight.abs()));
                        let scale = most / 127.0;
                        let inverse = if most > 0.0 { 127.0 / most } else { 0.0 };
                        let mut sum = 0;
                        for (quad, line) in row.chunks(QUAD).zip(&mut *lines) {
                            for (weight, byte) in quad.iter().zip(&mut line.0[column]) {
                                *byte = (weight * inverse).round() as i8;
                                sum += i32::from(*byte);
                            }
                        }
                        scales[panel][column] = scale;
                        sums[panel][column] = sum as f32;
                    }
                }
                Weights::Int8 { lines, scales, sums }
            }
        };
        let bias = bias.chunks(COLUMNS).map(|part| {
            let mut panel = [0.0; COLUMNS];
            panel[..part.len()].copy_from_slice(part);
            panel
        });
        Self { inputs, outputs, bias: bias.collect(), weights }
    }

    pub fn inputs(&self) -> usize {
        self.inputs
    }

    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// What its inputs are to be.
    pub fn precision(&self) -> Precision {
        match self.weights {
            Weights::F32(_) => Precision::F32,
            Weights::Int8 { .. } => Precision::Int8,
        }
    }

    /// Applies the layer to the first `rows` rows of `input`. `out` must have the
    /// shape of the result already.
    ///
    /// # Panics
    /// As [`apply_part`](Self::apply_part).
    pub fn apply(
        &self,
        kernels: &Kernels,
        input: Input<'_>,
        rows: usize,
        finish: Finish,
        out: &mut Matrix,
    ) {
        self.apply_part(kernels, input, 0..rows, finish, out, 0);
    }

    /// Applies the layer to some rows of `input`; the results are those of `out`
    /// from the row `first` on.
    ///
    /// Panel by panel, so that a panel stays in the second-level cache while
    /// all rows go by.
    ///
    /// # Panics
    /// Where the input is not of this precision or width, or `out` too small.
    pub fn apply_part(
        &self,
        kernels: &Kernels,
        input: Input<'_>,
        rows: Range<usize>,
        finish: Finish,
        out: &mut Matrix,
        first: usize,
    ) {
        assert_eq!(input.columns(), self.inputs, "the input of a product has another width");
        let stride = out.stride();
        for (panel, bias) in self.bias.iter().enumerate() {
            let column = panel * COLUMNS;
            let columns = (self.outputs - column).min(COLUMNS);
            match (&self.weights, input) {
                (Weights::F32(lines), Input::F32(input)) => {
                    let (lines, next) = this_and_next(lines, panel, self.inputs);
                    let mut sums = tile();
                    for (row, count) in tiles(rows.len()) {
                        kernels.tile_f32(
                            input.rest(rows.start + row, 0),
                            input.stride,
                            count,
                            lines,
                            next,
                            &mut sums,
                        );
                        let out = out.rest_mut(first + row, column);
                        kernels.finish_f32(&sums, count, bias, finish, out, stride, columns);
                    }
                }
                (Weights::Int8 { lines, scales, sums: weight_sums }, Input::Int8(input)) => {
                    let depth = self.inputs.div_ceil(QUAD);
                    let (lines, next) = this_and_next(lines, panel, depth);
                    let mut sums = tile();
                    for (row, count) in tiles(rows.len()) {
                        let from = rows.start + row;
                        let values = &input.values[from * input.stride..];
                        kernels.tile_int8(values, input.stride, count, lines, next, &mut sums);
                        let scales = Scales {
                            spreads: &input.spreads[from..from + count],
                            weights: &scales[panel],
                            sums: &weight_sums[panel],
                        };
                        let out = out.rest_mut(first + row, column);
                        kernels.finish_int8(&sums, scales, bias, finish, out, stride, columns);
                    }
                }
                _ => panic!("the input of a product is in another precision"),
            }
        }
    }
}

/// A panel of so many lines, and the one behind it, or itself where it is the
/// last.
fn this_and_next<T>(lines: &[T], panel: usize, depth: usize) -> (&[T], &[T]) {
    let this = &lines[panel * depth..][..depth];
    let next = lines[(panel + 1) * depth..].get(..depth);
    (this, next.unwrap_or(this))
}

/// Rows cut into tiles of nearly the same height: first row and count.
pub fn tiles(rows: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = rows.div_ceil(ROWS);
    (0..count).map(move |tile| {
        let start = tile * rows / count;
        (start, (tile + 1) * rows / count - start)
    })
}
