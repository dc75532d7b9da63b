//! The layers of a transformer, one row of numbers a token.

use std::ops::Range;

use candle_nn::LayerNorm;

use super::attention::{self, Attend, Places, Sight};
use super::crew::Member;
use super::kernels::{Finish, Kernels};
use super::product::{Bytes, Input, Matrix, Product};
use crate::model::device::Precision;
use crate::model::transformer::Activation;

/// Layers, and what is common to them.
pub struct Transformer {
    pub layers: Vec<Layer>,
    pub heads: usize,
    /// Whether norms stand before what they belong to, or behind the sums.
    pub order: Order,
    pub sight: Sight,
}

/// Where the norms stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Before attention and perceptron, as in CLIP.
    Before,
    /// After their sums with what came in, as in BERT.
    After,
}

/// One layer.
pub struct Layer {
    /// The attention's and the perceptron's.
    pub norms: [Norm; 2],
    pub attention: Attention,
    pub perceptron: Perceptron,
}

/// The products of an attention.
pub struct Attention {
    /// Divided by the square root of a head's width.
    pub queries: Product,
    /// Keys, then values.
    pub keys_values: Product,
    pub output: Product,
}

/// A product that widens, the activation, and a product that narrows again.
pub struct Perceptron {
    pub widen: Product,
    pub activation: Activation,
    pub narrow: Product,
}

/// A layer norm.
pub struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
    eps: f32,
}

impl Norm {
    pub fn new(norm: &LayerNorm) -> candle_core::Result<Self> {
        let weight: Vec<f32> = norm.weight().to_vec1()?;
        let bias = match norm.bias() {
            Some(bias) => bias.to_vec1()?,
            None => vec![0.0; weight.len()],
        };
        Ok(Self::of(weight, bias, norm.eps() as f32))
    }

    /// Of so many components, `eps` added to the variance.
    pub fn of(weight: Vec<f32>, bias: Vec<f32>, eps: f32) -> Self {
        Self { weight, bias, eps }
    }

    pub fn apply(&self, kernels: &Kernels, row: &[f32], out: &mut [f32]) {
        kernels.layer_norm(row, &self.weight, &self.bias, self.eps, out);
    }

    /// Every row in place; `spare` is a buffer of one row.
    pub fn replace(&self, kernels: &Kernels, x: &mut Matrix, spare: &mut Vec<f32>) {
        for row in 0..x.rows() {
            spare.clear();
            spare.extend_from_slice(x.row(row));
            self.apply(kernels, spare, x.row_mut(row));
        }
    }
}

/// Buffers of one thread, kept from one use to the next.
#[derive(Default)]
pub struct Scratch {
    /// The tokens, `(rows, C)`.
    pub x: Matrix,
    pub operand: Operand,
    pub queries: Matrix,
    pub mixed: Matrix,
    pub hidden: Matrix,
    pub attention: attention::Scratch,
    pub spare: Vec<f32>,
    pub places: Vec<usize>,
    pub kept: Vec<usize>,
}

/// The input of a product, made ready for its precision.
#[derive(Default)]
pub struct Operand {
    rows: Matrix,
    bytes: Bytes,
}

impl Operand {
    /// Rows as a product takes them, through a norm where there is one. Rows
    /// that need no change are not copied.
    pub fn prepare<'a>(
        &'a mut self,
        kernels: &Kernels,
        rows: &'a Matrix,
        norm: Option<&Norm>,
        precision: Precision,
    ) -> Input<'a> {
        let (count, columns) = (rows.rows(), rows.columns());
        match (norm, precision) {
            (None, Precision::F32) => return Input::F32(rows),
            (Some(norm), Precision::F32) => {
                self.rows.shape(count, columns);
                for row in 0..count {
                    norm.apply(kernels, rows.row(row), self.rows.row_mut(row));
                }
                return Input::F32(&self.rows);
            }
            (None, Precision::Int8) => {
                self.bytes.shape(count, columns);
                for row in 0..count {
                    self.bytes.fill(kernels, row, rows.row(row));
                }
            }
            (Some(norm), Precision::Int8) => {
                self.bytes.shape(count, columns);
                self.rows.shape(1, columns);
                for row in 0..count {
                    norm.apply(kernels, rows.row(row), self.rows.row_mut(0));
                    self.bytes.fill(kernels, row, self.rows.row(0));
                }
            }
        }
        Input::Int8(&self.bytes)
    }

    /// Rows of pixels as a product takes them: as they are, or as f32.
    pub fn pixels<'a>(
        &mut self,
        rows: impl ExactSizeIterator<Item = &'a [u8]>,
        columns: usize,
        precision: Precision,
    ) -> Input<'_> {
        match precision {
            Precision::F32 => {
                self.rows.shape(rows.len(), columns);
                for (number, row) in rows.enumerate() {
                    for (value, &level) in self.rows.row_mut(number).iter_mut().zip(row) {
                        *value = f32::from(level);
                    }
                }
                Input::F32(&self.rows)
            }
            Precision::Int8 => {
                self.bytes.shape(rows.len(), columns);
                for (number, row) in rows.enumerate() {
                    self.bytes.copy(number, row);
                }
                Input::Int8(&self.bytes)
            }
        }
    }
}

/// The sequences that a crew takes through the layers.
#[derive(Clone, Copy)]
pub struct Sequences<'a> {
    /// The first row of each, and the number of all rows.
    pub starts: &'a [usize],
    /// The only place of each sequence that is asked for after the last layer.
    pub ends: Option<&'a [usize]>,
}

impl Sequences<'_> {
    /// The rows of all sequences.
    pub fn rows(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Each sequence's number and rows, and which of them are `own`.
    pub fn of<'a>(
        &'a self,
        own: &'a Range<usize>,
    ) -> impl Iterator<Item = (usize, Range<usize>, Range<usize>)> + 'a {
        let all = self.starts.windows(2).enumerate();
        let all = all.map(|(number, rows)| (number, rows[0]..rows[1]));
        all.filter_map(|(number, rows)| {
            let own = rows.start.max(own.start)..rows.end.min(own.end);
            (!own.is_empty()).then_some((number, rows, own))
        })
    }
}

impl Transformer {
    /// Components of a token.
    pub fn width(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.perceptron.widen.inputs())
    }

    /// Takes a member's rows, `scratch.x`, through all layers. Where only the
    /// ends of sequences are asked for, those of the member's rows are left:
    /// the last layer computes nothing else for the others than what the ends
    /// look at.
    pub fn run(
        &self,
        kernels: &Kernels,
        member: &Member<'_>,
        sequences: Sequences<'_>,
        scratch: &mut Scratch,
    ) {
        let own = member.part(sequences.rows());
        for (number, layer) in self.layers.iter().enumerate() {
            let ends = sequences.ends.filter(|_| number + 1 == self.layers.len());
            layer.run(self, kernels, member, sequences, ends, number, &own, scratch);
        }
    }
}

impl Layer {
    #[allow(clippy::too_many_arguments)]
    fn run(
        &self,
        all: &Transformer,
        kernels: &Kernels,
        member: &Member<'_>,
        sequences: Sequences<'_>,
        ends: Option<&[usize]>,
        round: usize,
        own: &Range<usize>,
        scratch: &mut Scratch,
    ) {
        let Scratch { x, operand, queries, mixed, hidden, attention, spare, places, kept } =
            scratch;
        let Attention { queries: query, keys_values, output } = &self.attention;
        let before = |norm| (all.order == Order::Before).then_some(norm);
        let width = x.columns();

        let input = operand.prepare(kernels, x, before(&self.norms[0]), keys_values.precision());
        member.share(round, |own| {
            own.shape(x.rows(), 2 * width);
            keys_values.apply(kernels, input, x.rows(), Finish::Store, own);
        });
        let input = match ends {
            None => input,
            Some(ends) => {
                places.clear();
                kept.clear();
                for (number, rows, mine) in sequences.of(own) {
                    let end = rows.start + ends[number];
                    if mine.contains(&end) {
                        places.push(ends[number]);
                        kept.push(end - own.start);
                    }
                }
                x.keep(kept);
                operand.prepare(kernels, x, before(&self.norms[0]), query.precision())
            }
        };
        queries.shape(x.rows(), width);
        query.apply(kernels, input, x.rows(), Finish::Store, queries);

        mixed.shape(x.rows(), width);
        let shared = member.gather(round);
        let mut next = 0;
        for (number, rows, mine) in sequences.of(own) {
            let (count, place) = match ends {
                None => (mine.len(), Places::From(mine.start - rows.start)),
                Some(ends) if mine.contains(&(rows.start + ends[number])) => {
                    (1, Places::These(&places[next..=next]))
                }
                Some(_) => continue,
            };
            let attend = Attend {
                heads: all.heads,
                sight: all.sight,
                queries,
                rows: next..next + count,
                places: place,
                keys_values: &shared,
                sequence: rows,
            };
            attend.run(kernels, attention, mixed);
            next += count;
        }
        drop(shared);

        let input = operand.prepare(kernels, mixed, None, output.precision());
        output.apply(kernels, input, x.rows(), Finish::Add, x);
        if all.order == Order::After {
            self.norms[0].replace(kernels, x, spare);
        }
        self.perceptron.run(kernels, x, before(&self.norms[1]), operand, hidden);
        if all.order == Order::After {
            self.norms[1].replace(kernels, x, spare);
        }
    }
}

impl Perceptron {
    /// Adds what it makes of the rows, through the norm, to them.
    pub fn run(
        &self,
        kernels: &Kernels,
        x: &mut Matrix,
        norm: Option<&Norm>,
        operand: &mut Operand,
        hidden: &mut Matrix,
    ) {
        let rows = x.rows();
        let input = operand.prepare(kernels, x, norm, self.widen.precision());
        hidden.shape(rows, self.widen.outputs());
        self.widen.apply(kernels, input, rows, Finish::Activate(self.activation), hidden);
        let input = operand.prepare(kernels, hidden, None, self.narrow.precision());
        self.narrow.apply(kernels, input, rows, Finish::Add, x);
    }
}
