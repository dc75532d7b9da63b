//! A whole tower on the processor: images or texts to vectors.

use std::cell::Cell;
use std::sync::LazyLock;

use candle_core::Tensor;
use parking_lot::Mutex;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::attention::{Attend, Places, Sight};
use super::crew::{Crew, Member};
use super::kernels::{Finish, Kernels, ROWS, kernels};
use super::product::{Matrix, Product};
use super::transformer::{Norm, Perceptron, Scratch, Sequences, Transformer};
use crate::model::device::Precision;
use crate::priority;

/// Rows that a crew takes through a tower at once: few enough for its buffers
/// to stay near the processor, enough for a panel of weights to be used often.
/// Measured with ViT-B/32: 100 rows 3 % slower, 400 rows no faster.
const GROUP_ROWS: usize = 256;

/// Threads for images, apart from those that answer questions, which would
/// otherwise wait behind a batch.
static THREADS: LazyLock<Option<ThreadPool>> = LazyLock::new(|| {
    let threads = ThreadPoolBuilder::new().thread_name(|n| format!("embed-{n}"));
    let threads = threads.build();
    threads.inspect_err(|error| tracing::warn!("images are embedded slowly: {error}")).ok()
});

/// The one thread, of low priority, on which images are embedded politely.
static POLITE: LazyLock<Option<ThreadPool>> = LazyLock::new(|| {
    let threads = ThreadPoolBuilder::new().num_threads(1).thread_name(|_| "embed-politely".into());
    let threads = threads.start_handler(|_| {
        IS_POLITE.set(true);
        priority::lower();
    });
    let threads = threads.build();
    threads.inspect_err(|error| tracing::warn!("images are not embedded politely: {error}")).ok()
});

thread_local! {
    /// This is the thread of [`POLITE`].
    static IS_POLITE: Cell<bool> = const { Cell::new(false) };
}

/// Does work, and whatever is computed in it, on one thread of low priority.
/// Questions are answered on other threads, and need not wait for it.
pub fn politely<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match &*POLITE {
        Some(thread) => thread.install(work),
        None => work(),
    }
}

/// Does work on the threads for images, which may share it out among them; in
/// polite work, on the one thread that it has.
pub fn on_threads<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match &*THREADS {
        Some(threads) if !IS_POLITE.get() => threads.install(work),
        _ => work(),
    }
}

/// A tower.
pub struct Tower {
    pub embed: Embed,
    /// Over the embedded tokens, before the first layer.
    pub norm: Option<Norm>,
    pub transformer: Transformer,
    pub pool: Pool,
    kernels: &'static Kernels,
    crews: Mutex<Vec<Crew>>,
}

/// How rows of input become tokens.
pub enum Embed {
    /// Patches of an image, `3 * patch * patch` levels each.
    Patches {
        product: Product,
        /// A token before the patches.
        class: Option<Vec<f32>>,
        /// `(tokens, C)`
        positions: Vec<f32>,
    },
    /// They are tokens; what their places add is to be added.
    Tokens {
        /// `(most tokens, C)`
        positions: Vec<f32>,
    },
}

/// How the tokens of a sequence become one vector.
pub enum Pool {
    /// One of them, through a norm and a product.
    Token { norm: Norm, product: Product },
    /// What a learned query finds in them.
    Attention(Box<AttentionPool>),
    /// Their mean, through a perceptron where there is one.
    Mean(Option<Perceptron>),
}

/// The parts of [`Pool::Attention`].
pub struct AttentionPool {
    pub norm: Norm,
    /// The query, after its product, `(1, C)`.
    pub query: Matrix,
    pub heads: usize,
    pub keys_values: Product,
    pub output: Product,
    pub perceptron_norm: Norm,
    pub perceptron: Perceptron,
}

/// What goes into a tower.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    /// Rows of all sequences, one after the other.
    pub rows: Rows<'a>,
    /// How many rows each sequence has.
    pub lengths: &'a [usize],
    /// Which token stands for each sequence, where one does.
    pub ends: Option<&'a [usize]>,
}

/// What a tower's rows consist of.
#[derive(Clone, Copy)]
pub enum Rows<'a> {
    /// Levels of a patch, pixel by pixel, red, green and blue in turn.
    Patches(&'a [u8]),
    /// Vectors of tokens.
    Tokens(&'a [f32]),
}

impl<'a> Rows<'a> {
    fn split_at(self, at: usize) -> (Self, Self) {
        match self {
            Self::Patches(rows) => {
                let (first, rest) = rows.split_at(at);
                (Self::Patches(first), Self::Patches(rest))
            }
            Self::Tokens(rows) => {
                let (first, rest) = rows.split_at(at);
                (Self::Tokens(first), Self::Tokens(rest))
            }
        }
    }
}

/// The product that makes tokens of patches, `kernel` being `(C, 3, P, P)`
/// flattened from the second dimension on. It takes levels as they are, 0 to
/// 255: what normalisation would make of them, `level * scale + offset` for
/// each channel, is part of the weights.
///
/// # Errors
/// Where the kernel has another shape.
pub fn patches(
    kernel: &Tensor,
    bias: Option<&Tensor>,
    scale: [f64; 3],
    offset: [f64; 3],
    precision: Precision,
) -> candle_core::Result<Product> {
    let (width, columns) = kernel.dims2()?;
    let area = columns / 3;
    let kernel: Vec<f32> = kernel.flatten_all()?.to_vec1()?;
    let mut bias: Vec<f32> = match bias {
        Some(bias) => bias.to_vec1()?,
        None => vec![0.0; width],
    };
    let mut weights = vec![0.0; kernel.len()];
    let rows = weights.chunks_exact_mut(columns).zip(kernel.chunks_exact(columns));
    for ((weights, kernel), bias) in rows.zip(&mut bias) {
        let mut shift = f64::from(*bias);
        for (channel, plane) in kernel.chunks_exact(area).enumerate() {
            for (pixel, &weight) in plane.iter().enumerate() {
                weights[3 * pixel + channel] = (f64::from(weight) * scale[channel]) as f32;
                shift += f64::from(weight) * offset[channel];
            }
        }
        *bias = shift as f32;
    }
    // Levels fill all 8 bits, which not every processor can multiply.
    let exact = kernels().greatest == u8::MAX;
    let precision = if exact { precision } else { Precision::F32 };
    Ok(Product::pack(&weights, &bias, columns, precision))
}

impl Tower {
    pub fn new(embed: Embed, norm: Option<Norm>, transformer: Transformer, pool: Pool) -> Self {
        Self { embed, norm, transformer, pool, kernels: kernels(), crews: Mutex::default() }
    }

    /// The same with other kernels than the fastest.
    #[cfg(test)]
    pub fn with(self, kernels: &'static Kernels) -> Self {
        Self { kernels, ..self }
    }

    /// Whether one token of each sequence is asked for.
    pub fn pools_one(&self) -> bool {
        matches!(self.pool, Pool::Token { .. })
    }

    /// One vector for each sequence, not normalised, on all cores; in polite
    /// work, on one.
    pub fn images(&self, batch: Batch<'_>) -> Vec<Vec<f32>> {
        match &*THREADS {
            Some(threads) if !IS_POLITE.get() => self.images_on(threads, batch),
            _ => self.texts(batch),
        }
    }

    /// The same on the threads of a pool.
    pub fn images_on(&self, threads: &ThreadPool, batch: Batch<'_>) -> Vec<Vec<f32>> {
        let cores = threads.current_num_threads();
        let sequences = batch.lengths.len();
        let rows: usize = batch.lengths.iter().sum();
        if sequences < cores {
            // Members with less than a tile of rows would only wait for memory.
            let most = (rows / sequences.max(1)).div_ceil(ROWS).max(1);
            let members = (cores / sequences.max(1)).clamp(1, most);
            let groups: Vec<_> = self.groups(batch, sequences).collect();
            let crews: Vec<_> = groups.iter().map(|_| self.crew(members)).collect();
            // Every thread of the pool runs this once, and all of them in the same
            // order as others who do so, so that no two crews wait for each other.
            let vectors = threads.broadcast(|thread| {
                let (group, member) = (thread.index() / members, thread.index() % members);
                let (batch, crew) = (groups.get(group)?, crews.get(group)?);
                Some(self.run(*batch, crew, member))
            });
            crews.into_iter().for_each(|crew| self.dismiss(crew));
            return vectors.into_iter().flatten().flatten().collect();
        }
        let groups = rows.div_ceil(GROUP_ROWS).next_multiple_of(cores).min(sequences);
        let groups: Vec<Batch<'_>> = self.groups(batch, groups).collect();
        threads.install(|| groups.par_iter().map(|group| self.group(*group)).flatten().collect())
    }

    /// The same on this thread alone: a question is answered sooner by one
    /// thread than by two that wait for each other behind others' work.
    pub fn texts(&self, batch: Batch<'_>) -> Vec<Vec<f32>> {
        let rows: usize = batch.lengths.iter().sum();
        let groups = rows.div_ceil(GROUP_ROWS).min(batch.lengths.len());
        self.groups(batch, groups).flat_map(|group| self.group(group)).collect()
    }

    /// Cuts a batch into groups of nearly as many sequences.
    fn groups<'a>(
        &self,
        batch: Batch<'a>,
        groups: usize,
    ) -> impl Iterator<Item = Batch<'a>> + use<'a> {
        let (count, columns) = (batch.lengths.len(), self.columns());
        let mut rest = batch.rows;
        (0..groups).map(move |group| {
            let part = group * count / groups..(group + 1) * count / groups;
            let lengths = &batch.lengths[part.clone()];
            let (rows, others) = rest.split_at(lengths.iter().sum::<usize>() * columns);
            rest = others;
            Batch { rows, lengths, ends: batch.ends.map(|ends| &ends[part]) }
        })
    }

    /// Numbers in a row of input.
    fn columns(&self) -> usize {
        match &self.embed {
            Embed::Patches { product, .. } => product.inputs(),
            Embed::Tokens { .. } => self.width(),
        }
    }

    /// Components of a token.
    fn width(&self) -> usize {
        match &self.embed {
            Embed::Patches { product, .. } => product.outputs(),
            Embed::Tokens { .. } => self.transformer.width(),
        }
    }

    /// Takes a group through the tower on this thread.
    fn group(&self, batch: Batch<'_>) -> Vec<Vec<f32>> {
        let crew = self.crew(1);
        let vectors = self.run(batch, &crew, 0);
        self.dismiss(crew);
        vectors
    }

    /// A crew of so many, one that was used before if there is one.
    fn crew(&self, members: usize) -> Crew {
        let mut crews = self.crews.lock();
        let fitting = crews.iter().position(|crew| crew.members() == members);
        fitting.map_or_else(|| Crew::new(members), |index| crews.swap_remove(index))
    }

    /// Keeps a crew for the next time, unless there are as many as are ever at
    /// work together.
    fn dismiss(&self, crew: Crew) {
        let most = THREADS.as_ref().map_or(1, ThreadPool::current_num_threads);
        let mut crews = self.crews.lock();
        if crews.len() >= most {
            crews.remove(0);
        }
        crews.push(crew);
    }

    /// Takes a group through the tower as a member of a crew; the vectors of
    /// those sequences that are the member's to make.
    fn run(&self, batch: Batch<'_>, crew: &Crew, member: usize) -> Vec<Vec<f32>> {
        let before = usize::from(matches!(&self.embed, Embed::Patches { class: Some(_), .. }));
        let mut starts = vec![0];
        for length in batch.lengths {
            starts.push(starts[starts.len() - 1] + length + before);
        }
        let sequences = Sequences { starts: &starts, ends: batch.ends };
        let kernels = self.kernels;
        crew.run(member, |member, scratch| {
            self.embed(kernels, member, batch, sequences, before, scratch);
            self.transformer.run(kernels, member, sequences, scratch);
            self.pool(kernels, member, sequences, scratch)
        })
    }

    /// Makes a member's tokens in `scratch.x`.
    fn embed(
        &self,
        kernels: &Kernels,
        member: &Member<'_>,
        batch: Batch<'_>,
        sequences: Sequences<'_>,
        before: usize,
        scratch: &mut Scratch,
    ) {
        let own = member.part(sequences.rows());
        let (width, columns) = (self.width(), self.columns());
        let Scratch { x, operand, mixed, spare, .. } = scratch;
        x.shape(own.len(), width);
        // Each of the member's tokens: its row here, its place in its
        // sequence, and its row of input, where it has one.
        let tokens = || {
            sequences.of(&own).flat_map(|(number, rows, mine)| {
                let own = own.start;
                mine.map(move |row| {
                    let place = row - rows.start;
                    let input = (place >= before).then(|| row - (number + 1) * before);
                    (row - own, place, input)
                })
            })
        };
        match &self.embed {
            Embed::Patches { product, class, positions } => {
                let Rows::Patches(rows) = batch.rows else { panic!("the tower takes patches") };
                // The member's patches lie side by side.
                let mut inputs = tokens().filter_map(|(_, _, input)| input);
                let first = inputs.next();
                let count = first.map_or(0, |_| 1 + inputs.count());
                let rows = &rows[first.unwrap_or(0) * columns..][..count * columns];
                mixed.shape(count, width);
                if count > 0 {
                    let rows = rows.chunks_exact(columns);
                    let input = operand.pixels(rows, columns, product.precision());
                    product.apply(kernels, input, count, Finish::Store, mixed);
                }
                let mut patch = 0;
                for (row, place, input) in tokens() {
                    let token = match (input, class) {
                        (None, Some(class)) => class.as_slice(),
                        _ => {
                            patch += 1;
                            mixed.row(patch - 1)
                        }
                    };
                    let position = &positions[place * width..][..width];
                    for ((x, token), position) in x.row_mut(row).iter_mut().zip(token).zip(position)
                    {
                        *x = token + position;
                    }
                }
            }
            Embed::Tokens { positions } => {
                let Rows::Tokens(rows) = batch.rows else { panic!("the tower takes tokens") };
                for (row, place, input) in tokens() {
                    let token = &rows[input.unwrap_or(0) * width..][..width];
                    let position = &positions[place * width..][..width];
                    for ((x, token), position) in x.row_mut(row).iter_mut().zip(token).zip(position)
                    {
                        *x = token + position;
                    }
                }
            }
        }
        if let Some(norm) = &self.norm {
            norm.replace(kernels, x, spare);
        }
    }

    /// The vectors of those sequences that are the member's to make.
    fn pool(
        &self,
        kernels: &Kernels,
        member: &Member<'_>,
        sequences: Sequences<'_>,
        scratch: &mut Scratch,
    ) -> Vec<Vec<f32>> {
        let Scratch { x, operand, queries, mixed, hidden, attention, spare, .. } = scratch;
        // Of rounds only the parity counts: this is the next one.
        let round = self.transformer.layers.len();
        let whole = || sequences.starts.windows(2).map(|rows| rows[0]..rows[1]);
        match &self.pool {
            Pool::Token { norm, product } => {
                if x.rows() == 0 {
                    return Vec::new();
                }
                let input = operand.prepare(kernels, x, Some(norm), product.precision());
                mixed.shape(x.rows(), product.outputs());
                product.apply(kernels, input, x.rows(), Finish::Store, mixed);
            }
            Pool::Attention(pool) => {
                let AttentionPool { norm, query, heads, keys_values, output, .. } = &**pool;
                let AttentionPool { perceptron_norm, perceptron, .. } = &**pool;
                norm.replace(kernels, x, spare);
                let input = operand.prepare(kernels, x, None, keys_values.precision());
                member.share(round, |own| {
                    own.shape(x.rows(), keys_values.outputs());
                    keys_values.apply(kernels, input, x.rows(), Finish::Store, own);
                });
                let shared = member.gather(round);
                if !member.is_first() {
                    return Vec::new();
                }
                let count = whole().count();
                queries.shape(count, query.columns());
                mixed.shape(count, query.columns());
                for (number, sequence) in whole().enumerate() {
                    queries.row_mut(number).copy_from_slice(query.row(0));
                    let attend = Attend {
                        heads: *heads,
                        sight: Sight::All,
                        queries,
                        rows: number..number + 1,
                        places: Places::From(0),
                        keys_values: &shared,
                        sequence,
                    };
                    attend.run(kernels, attention, mixed);
                }
                let input = operand.prepare(kernels, mixed, None, output.precision());
                x.shape(count, output.outputs());
                output.apply(kernels, input, count, Finish::Store, x);
                perceptron.run(kernels, x, Some(perceptron_norm), operand, hidden);
                std::mem::swap(x, mixed);
            }
            Pool::Mean(perceptron) => {
                member.share(round, |own| std::mem::swap(own, x));
                let shared = member.gather(round);
                if !member.is_first() {
                    return Vec::new();
                }
                let mut rows = shared.iter().flat_map(|part| (0..part.rows()).map(|n| part.row(n)));
                let count = whole().count();
                mixed.shape(count, self.width());
                for (number, sequence) in whole().enumerate() {
                    let mean = mixed.row_mut(number);
                    mean.fill(0.0);
                    for row in rows.by_ref().take(sequence.len()) {
                        for (mean, value) in mean.iter_mut().zip(row) {
                            *mean += value;
                        }
                    }
                    for mean in mean {
                        *mean /= sequence.len() as f32;
                    }
                }
                if let Some(Perceptron { widen, activation, narrow }) = perceptron {
                    let input = operand.prepare(kernels, mixed, None, widen.precision());
                    hidden.shape(count, widen.outputs());
                    widen.apply(kernels, input, count, Finish::Activate(*activation), hidden);
                    let input = operand.prepare(kernels, hidden, None, narrow.precision());
                    mixed.shape(count, narrow.outputs());
                    narrow.apply(kernels, input, count, Finish::Store, mixed);
                }
            }
        }
        (0..mixed.rows()).map(|row| mixed.row(row).to_vec()).collect()
    }
}
