//! AVX2 with FMA: nearly every x86 processor since 2013; and AVX-VNNI, which
//! those without AVX-512 have since 2021.
//!
//! Sixteen registers hold the sums of six rows by sixteen columns, so a tile is
//! made of several such blocks.

use std::arch::x86_64::*;
use std::ops::Range;

use super::{BytePanel, Depthwise, Kernels, LineF32, LineInt8, Lines, Panel, compiled, depthwise};

compiled! { true #[target_feature(enable = "avx2,fma")] }

/// AVX2 adds neighbouring products in 16 bits: with inputs of 7 bits,
/// 2 x 127 x 127 still fits.
pub const SEVEN_BITS: u8 = 127;

pub static KERNELS: Kernels = Kernels {
    name: "AVX2",
    greatest: SEVEN_BITS,
    fast_int8: true,
    tile_f32,
    tile_int8,
    finish_f32,
    finish_int8,
    depthwise,
    layer_norm,
    softmax,
    quantise,
};

pub static VNNI_KERNELS: Kernels =
    Kernels { name: "AVX-VNNI", greatest: u8::MAX, tile_int8: tile_int8_vnni, ..KERNELS };

/// Rows of a block.
const BLOCK_ROWS: usize = 6;
/// Columns of a block: two registers.
const BLOCK_COLUMNS: usize = 16;

/// Calls `$block::<N>` for every block of a tile.
macro_rules! by_blocks {
    ($rows:expr, |$row:ident, $column:ident| $block:ident($($argument:expr),*)) => {
        for $row in (0..$rows).step_by(BLOCK_ROWS) {
            for $column in (0..COLUMNS).step_by(BLOCK_COLUMNS) {
                match $rows - $row {
                    1 => $block::<1>($($argument),*),
                    2 => $block::<2>($($argument),*),
                    3 => $block::<3>($($argument),*),
                    4 => $block::<4>($($argument),*),
                    5 => $block::<5>($($argument),*),
                    _ => $block::<BLOCK_ROWS>($($argument),*),
                }
            }
        }
    };
}

/// # Safety
/// As [`portable::tile_f32`](super::portable::tile_f32); AVX2 and FMA are there.
#[target_feature(enable = "avx2,fma")]
unsafe fn tile_f32(
    inputs: *const f32,
    stride: usize,
    rows: usize,
    panel: &Panel,
    _next: *const LineF32,
    sums: &mut Tile<f32>,
) {
    // SAFETY: the caller's promise, handed on.
    unsafe {
        by_blocks!(rows, |row, column| block_f32(
            inputs.add(row * stride),
            stride,
            panel,
            column,
            &mut sums.0[row..]
        ));
    }
}

#[target_feature(enable = "avx2,fma")]
unsafe fn block_f32<const ROWS: usize>(
    inputs: *const f32,
    stride: usize,
    panel: &Panel,
    column: usize,
    out: &mut [[f32; COLUMNS]],
) {
    let mut sums = [[_mm256_setzero_ps(); 2]; ROWS];
    for (step, weights) in panel.iter().enumerate() {
        let weights = weights.0[column..column + BLOCK_COLUMNS].as_ptr();
        // SAFETY: sixteen numbers, as just cut out.
        let (left, right) = unsafe { (_mm256_loadu_ps(weights), _mm256_loadu_ps(weights.add(8))) };
        for (row, sums) in sums.iter_mut().enumerate() {
            // SAFETY: the caller's promise: each row has as many inputs as the
            // panel has lines.
            let input = _mm256_set1_ps(unsafe { *inputs.add(row * stride + step) });
            sums[0] = _mm256_fmadd_ps(input, left, sums[0]);
            sums[1] = _mm256_fmadd_ps(input, right, sums[1]);
        }
    }
    for (out, [left, right]) in out.iter_mut().zip(sums) {
        let out = out[column..column + BLOCK_COLUMNS].as_mut_ptr();
        // SAFETY: sixteen numbers, as just cut out.
        unsafe {
            _mm256_storeu_ps(out, left);
            _mm256_storeu_ps(out.add(8), right);
        }
    }
}

/// # Safety
/// As [`portable::tile_int8`](super::portable::tile_int8), with inputs of 7
/// bits; AVX2 is there.
#[target_feature(enable = "avx2")]
pub unsafe fn tile_int8(
    inputs: *const u8,
    stride: usize,
    rows: usize,
    panel: &BytePanel,
    _next: *const LineInt8,
    sums: &mut Tile<i32>,
) {
    // SAFETY: the caller's promise, handed on.
    unsafe {
        by_blocks!(rows, |row, column| block_int8(
            inputs.add(row * stride),
            stride,
            panel,
            column,
            &mut sums.0[row..]
        ));
    }
}

/// # Safety
/// As [`tile_int8`], with inputs of 8 bits; AVX-VNNI is there.
#[target_feature(enable = "avx2,avxvnni")]
unsafe fn tile_int8_vnni(
    inputs: *const u8,
    stride: usize,
    rows: usize,
    panel: &BytePanel,
    _next: *const LineInt8,
    sums: &mut Tile<i32>,
) {
    // SAFETY: the caller's promise, handed on.
    unsafe {
        by_blocks!(rows, |row, column| block_int8_vnni(
            inputs.add(row * stride),
            stride,
            panel,
            column,
            &mut sums.0[row..]
        ));
    }
}

/// A block of an 8-bit product, whose `$add` adds the products of four
/// neighbouring bytes to each sum.
macro_rules! block_int8 {
    ($name:ident, $features:literal, $add:expr) => {
        #[target_feature(enable = $features)]
        unsafe fn $name<const ROWS: usize>(
            inputs: *const u8,
            stride: usize,
            panel: &BytePanel,
            column: usize,
            out: &mut [[i32; COLUMNS]],
        ) {
            let mut sums = [[_mm256_setzero_si256(); 2]; ROWS];
            for (step, weights) in panel.iter().enumerate() {
                let weights = &weights.0[column..column + BLOCK_COLUMNS];
                let weights: *const __m256i = weights.as_ptr().cast();
                // SAFETY: sixteen times four bytes, as just cut out.
                let left = unsafe { _mm256_loadu_si256(weights) };
                // SAFETY: as above.
                let right = unsafe { _mm256_loadu_si256(weights.add(1)) };
                for (row, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: the caller's promise: four inputs for each line.
                    let quad = unsafe { inputs.add(row * stride + 4 * step).cast::<i32>() };
                    // SAFETY: as above; they need not be aligned.
                    let quad = _mm256_set1_epi32(unsafe { quad.read_unaligned() });
                    sums[0] = $add(sums[0], quad, left);
                    sums[1] = $add(sums[1], quad, right);
                }
            }
            for (out, [left, right]) in out.iter_mut().zip(sums) {
                let out: *mut __m256i = out[column..column + BLOCK_COLUMNS].as_mut_ptr().cast();
                // SAFETY: sixteen numbers of 32 bits, as just cut out.
                unsafe {
                    _mm256_storeu_si256(out, left);
                    _mm256_storeu_si256(out.add(1), right);
                }
            }
        }
    };
}

block_int8!(block_int8, "avx2", add_in_sixteen_bits);
block_int8!(block_int8_vnni, "avx2,avxvnni", _mm256_dpbusd_avx_epi32);

#[inline]
#[target_feature(enable = "avx2")]
fn add_in_sixteen_bits(sums: __m256i, inputs: __m256i, weights: __m256i) -> __m256i {
    let pairs = _mm256_maddubs_epi16(inputs, weights);
    _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
}

/// # Safety
/// What [`Kernels::depthwise`](super::Kernels::depthwise) checks; AVX2 and FMA are
/// there.
#[target_feature(enable = "avx2,fma")]
unsafe fn depthwise(
    layer: &Depthwise,
    lines: Lines<'_>,
    outputs: Range<usize>,
    out: &mut [f32],
    stride: usize,
) {
    // SAFETY: the caller's promise, handed on.
    unsafe { depthwise::depthwise::<[__m256; 2]>(layer, lines, outputs, out, stride) }
}

impl depthwise::Strip for [__m256; 2] {
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        unsafe { [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))] }
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        // SAFETY: the caller's promise.
        unsafe { [_mm256_fmadd_ps(a[0], b[0], self[0]), _mm256_fmadd_ps(a[1], b[1], self[1])] }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe {
            let (least, most) = (_mm256_setzero_ps(), _mm256_set1_ps(6.0));
            _mm256_storeu_ps(to, _mm256_min_ps(most, _mm256_max_ps(least, self[0])));
            _mm256_storeu_ps(to.add(8), _mm256_min_ps(most, _mm256_max_ps(least, self[1])));
        }
    }
}
