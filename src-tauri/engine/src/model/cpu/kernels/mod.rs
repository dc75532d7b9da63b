//! The inner loops, once for each kind of processor, chosen once at run time.
//!
//! [`portable`] is the specification: plain Rust that says what each kernel
//! computes, and what processors without one of their own run. [`avx2`],
//! [`avx512`] and `neon` hold what a compiler does not find by itself, the
//! products of matrices; everything that goes along a row, [`rows`], is one
//! source compiled for each of them.
//!
//! All `unsafe` of the engine is in this folder. The methods of [`Kernels`] are
//! safe: they check every length before they hand out a pointer, and a table
//! is only ever chosen where its instructions were found.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod depthwise;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
mod rows;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

pub use depthwise::{Depthwise, Lines};
pub use rows::{LANES, Spread};

use super::super::transformer::Activation;

/// Rows of a tile: with [`COLUMNS`], as many sums as AVX-512 keeps in
/// registers (28 of 32) beside two for the weights and one for the input.
pub const ROWS: usize = 14;

/// Columns of a tile, and of a panel of weights.
pub const COLUMNS: usize = 32;

/// Inputs that one step of an 8-bit product takes together.
pub const QUAD: usize = 4;

/// What starts on a cache line.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub struct Line<T>(pub T);

/// A panel of f32 weights: [`COLUMNS`] outputs, one line an input.
pub type Panel = [LineF32];

/// A panel of 8-bit weights: [`COLUMNS`] outputs, one line for [`QUAD`] inputs,
/// those of one output side by side.
pub type BytePanel = [LineInt8];

/// Sums of a product, before they are finished.
pub type Tile<T> = Line<[[T; COLUMNS]; ROWS]>;

/// A tile of zeros.
pub fn tile<T: Copy + Default>() -> Tile<T> {
    Line([[T::default(); COLUMNS]; ROWS])
}

/// What becomes of the sums of a product once they are complete.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Finish {
    /// They are the result.
    Store,
    /// They go through a function.
    Activate(Activation),
    /// They are kept between 0 and 6.
    Relu6,
    /// They are added to what is there.
    Add,
}

/// What 8-bit sums of one panel are turned back into numbers with.
#[derive(Clone, Copy)]
pub struct Scales<'a> {
    /// How each input row was spread, one for each row of the tile.
    pub spreads: &'a [Spread],
    /// What a weight of 1 stands for, for each output.
    pub weights: &'a [f32; COLUMNS],
    /// The sum of each output's weights, as they are stored.
    pub sums: &'a [f32; COLUMNS],
}

type LineF32 = Line<[f32; COLUMNS]>;
type LineInt8 = Line<[[i8; QUAD]; COLUMNS]>;
type TileF32 = unsafe fn(*const f32, usize, usize, &Panel, *const LineF32, &mut Tile<f32>);
type TileInt8 = unsafe fn(*const u8, usize, usize, &BytePanel, *const LineInt8, &mut Tile<i32>);
type FinishF32 = unsafe fn(&Tile<f32>, usize, &[f32; COLUMNS], Finish, &mut [f32], usize, usize);
type FinishInt8 =
    unsafe fn(&Tile<i32>, Scales<'_>, &[f32; COLUMNS], Finish, &mut [f32], usize, usize);
type LayerNorm = unsafe fn(&[f32], &[f32], &[f32], f32, &mut [f32]);
type Softmax = unsafe fn(&mut [f32]);
type Quantise = unsafe fn(&[f32], u8, &mut [u8]) -> Spread;

/// The kernels for one kind of processor.
pub struct Kernels {
    /// For people: "AVX-512 VNNI".
    pub name: &'static str,
    /// The greatest number that an 8-bit input may be spread to.
    pub greatest: u8,
    /// Whether 8-bit products are faster than those in f32.
    pub fast_int8: bool,
    tile_f32: TileF32,
    tile_int8: TileInt8,
    finish_f32: FinishF32,
    finish_int8: FinishInt8,
    depthwise: depthwise::Kernel,
    layer_norm: LayerNorm,
    softmax: Softmax,
    quantise: Quantise,
}

static CHOSEN: LazyLock<&'static Kernels> = LazyLock::new(|| {
    let chosen = *available().last().unwrap_or(&&PORTABLE);
    tracing::debug!("the processor computes with {}", chosen.name);
    chosen
});

/// The kernels for this processor.
pub fn kernels() -> &'static Kernels {
    &CHOSEN
}

static PORTABLE: Kernels = Kernels {
    name: "portable",
    greatest: u8::MAX,
    fast_int8: false,
    tile_f32: portable::tile_f32,
    tile_int8: portable::tile_int8,
    finish_f32: portable::finish_f32,
    finish_int8: portable::finish_int8,
    depthwise: portable::depthwise,
    layer_norm: portable::layer_norm,
    softmax: portable::softmax,
    quantise: portable::quantise,
};

/// All that this processor can run, the fastest last.
pub fn available() -> Vec<&'static Kernels> {
    #[allow(unused_mut)]
    let mut available = vec![&PORTABLE];
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx2") && has!("fma") {
            available.push(&avx2::KERNELS);
            if has!("avxvnni") {
                available.push(&avx2::VNNI_KERNELS);
            }
            let wide = has!("avx512f") && has!("avx512bw") && has!("avx512dq");
            if wide && has!("avx512vl") {
                // One with AVX-VNNI as well is no slower with it than with this.
                available.push(&avx512::PLAIN_KERNELS);
                if has!("avx512vnni") {
                    available.push(&avx512::KERNELS);
                }
            }
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        available.push(&neon::KERNELS);
        if std::arch::is_aarch64_feature_detected!("dotprod") {
            available.push(&neon::DOT_KERNELS);
        }
    }
    available
}

impl Kernels {
    /// `rows` rows of inputs, each `stride` behind the one before, by a panel of
    /// f32 weights. Meanwhile those of the `next` one are fetched, which the
    /// processor by itself would begin anew on every page.
    ///
    /// # Panics
    /// Where the rows reach beyond `inputs`, or are more than [`ROWS`].
    pub fn tile_f32(
        &self,
        inputs: &[f32],
        stride: usize,
        rows: usize,
        panel: &Panel,
        next: &Panel,
        sums: &mut Tile<f32>,
    ) {
        check(inputs.len(), stride, rows, panel.len());
        // SAFETY: the rows were just checked to lie inside, and a table is used
        // only where its instructions were found.
        unsafe { (self.tile_f32)(inputs.as_ptr(), stride, rows, panel, next.as_ptr(), sums) }
    }

    /// The same for inputs of 8 bits, none greater than
    /// [`greatest`](Self::greatest).
    ///
    /// # Panics
    /// As [`tile_f32`](Self::tile_f32).
    pub fn tile_int8(
        &self,
        inputs: &[u8],
        stride: usize,
        rows: usize,
        panel: &BytePanel,
        next: &BytePanel,
        sums: &mut Tile<i32>,
    ) {
        check(inputs.len(), stride, rows, panel.len() * QUAD);
        // SAFETY: as above.
        unsafe { (self.tile_int8)(inputs.as_ptr(), stride, rows, panel, next.as_ptr(), sums) }
    }

    /// Adds the bias to `rows` rows of sums and hands their first `columns`
    /// columns on to `out`, whose rows are `stride` apart.
    #[expect(clippy::too_many_arguments, reason = "what is finished, how, and where to")]
    pub fn finish_f32(
        &self,
        sums: &Tile<f32>,
        rows: usize,
        bias: &[f32; COLUMNS],
        finish: Finish,
        out: &mut [f32],
        stride: usize,
        columns: usize,
    ) {
        check(out.len(), stride, rows, columns);
        assert!(columns <= COLUMNS, "a tile has {COLUMNS} columns");
        // SAFETY: the instructions were found.
        unsafe { (self.finish_f32)(sums, rows, bias, finish, out, stride, columns) }
    }

    /// The same for sums of 8-bit products, as many rows as there are spreads.
    #[expect(clippy::too_many_arguments, reason = "what is finished, how, and where to")]
    pub fn finish_int8(
        &self,
        sums: &Tile<i32>,
        scales: Scales<'_>,
        bias: &[f32; COLUMNS],
        finish: Finish,
        out: &mut [f32],
        stride: usize,
        columns: usize,
    ) {
        check(out.len(), stride, scales.spreads.len(), columns);
        assert!(columns <= COLUMNS, "a tile has {COLUMNS} columns");
        // SAFETY: the instructions were found.
        unsafe { (self.finish_int8)(sums, scales, bias, finish, out, stride, columns) }
    }

    /// A row less its mean, divided by its deviation (`eps` added to the
    /// variance), times `weight`, plus `bias`.
    pub fn layer_norm(&self, row: &[f32], weight: &[f32], bias: &[f32], eps: f32, out: &mut [f32]) {
        // SAFETY: the instructions were found.
        unsafe { (self.layer_norm)(row, weight, bias, eps, out) }
    }

    /// Exponentials of a row, divided by their sum.
    pub fn softmax(&self, row: &mut [f32]) {
        // SAFETY: the instructions were found.
        unsafe { (self.softmax)(row) }
    }

    /// Rounds a row to 8 bits, spread over all that [`greatest`](Self::greatest)
    /// allows.
    pub fn quantise(&self, row: &[f32], out: &mut [u8]) -> Spread {
        // SAFETY: the instructions were found.
        unsafe { (self.quantise)(row, self.greatest, out) }
    }
}

fn check(len: usize, stride: usize, rows: usize, columns: usize) {
    assert!((1..=ROWS).contains(&rows), "a tile has {ROWS} rows, not {rows}");
    assert!((rows - 1) * stride + columns <= len, "a tile reaches beyond its matrix");
}

/// Calls `$tile::<N>` for the number of rows, so that the compiler keeps all
/// their sums in registers.
#[cfg(target_arch = "x86_64")]
macro_rules! by_rows {
    ($rows:expr, $tile:ident($($argument:expr),*)) => {
        match $rows {
            1 => $tile::<1>($($argument),*),
            2 => $tile::<2>($($argument),*),
            3 => $tile::<3>($($argument),*),
            4 => $tile::<4>($($argument),*),
            5 => $tile::<5>($($argument),*),
            6 => $tile::<6>($($argument),*),
            7 => $tile::<7>($($argument),*),
            8 => $tile::<8>($($argument),*),
            9 => $tile::<9>($($argument),*),
            10 => $tile::<10>($($argument),*),
            11 => $tile::<11>($($argument),*),
            12 => $tile::<12>($($argument),*),
            13 => $tile::<13>($($argument),*),
            _ => $tile::<14>($($argument),*),
        }
    };
}

/// The functions of [`rows`] compiled with these instructions.
macro_rules! compiled {
    ($fused:tt $(#[$features:meta])?) => {
        use super::rows;
        use super::{Finish, Scales, Spread, Tile, COLUMNS};

        $(#[$features])?
        pub fn finish_f32(
            sums: &Tile<f32>,
            rows: usize,
            bias: &[f32; COLUMNS],
            finish: Finish,
            out: &mut [f32],
            stride: usize,
            columns: usize,
        ) {
            rows::finish_f32::<$fused>(sums, rows, bias, finish, out, stride, columns);
        }

        $(#[$features])?
        pub fn finish_int8(
            sums: &Tile<i32>,
            scales: Scales<'_>,
            bias: &[f32; COLUMNS],
            finish: Finish,
            out: &mut [f32],
            stride: usize,
            columns: usize,
        ) {
            rows::finish_int8::<$fused>(sums, scales, bias, finish, out, stride, columns);
        }

        $(#[$features])?
        pub fn layer_norm(row: &[f32], weight: &[f32], bias: &[f32], eps: f32, out: &mut [f32]) {
            rows::layer_norm::<$fused>(row, weight, bias, eps, out);
        }

        $(#[$features])?
        pub fn softmax(row: &mut [f32]) {
            rows::softmax::<$fused>(row);
        }

        $(#[$features])?
        pub fn quantise(row: &[f32], greatest: u8, out: &mut [u8]) -> Spread {
            rows::quantise::<$fused>(row, greatest, out)
        }
    };
}

#[cfg(target_arch = "x86_64")]
use by_rows;
use compiled;
