//! AVX-512 with VNNI: Intel from Ice Lake on, AMD from Zen 4 on.
//!
//! A tile's sums stay in registers, two of 16 columns a row. Each step loads a
//! line of weights once for all rows and multiplies it with one input of every
//! row, repeated over all lanes: as many multiplications as the ports take, and
//! about half as many loads as they would.

use std::arch::x86_64::*;
use std::ops::Range;

use super::{
    BytePanel, Depthwise, Kernels, LineF32, LineInt8, Lines, Panel, by_rows, compiled, depthwise,
};

compiled! { true #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")] }

/// Without VNNI, which the first processors with AVX-512 lack, bytes are
/// multiplied as AVX2 does it.
pub static PLAIN_KERNELS: Kernels = Kernels {
    name: "AVX-512",
    tile_int8: super::avx2::tile_int8,
    greatest: super::avx2::SEVEN_BITS,
    ..KERNELS
};

pub static KERNELS: Kernels = Kernels {
    name: "AVX-512 VNNI",
    greatest: u8::MAX,
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

/// # Safety
/// As [`portable::tile_f32`](super::portable::tile_f32); AVX-512F is there.
#[target_feature(enable = "avx512f")]
unsafe fn tile_f32(
    inputs: *const f32,
    stride: usize,
    rows: usize,
    panel: &Panel,
    next: *const LineF32,
    sums: &mut Tile<f32>,
) {
    // SAFETY: the caller's promise, handed on.
    unsafe { by_rows!(rows, rows_f32(inputs, stride, panel, next, sums)) }
}

#[target_feature(enable = "avx512f")]
unsafe fn rows_f32<const ROWS: usize>(
    inputs: *const f32,
    stride: usize,
    panel: &Panel,
    next: *const LineF32,
    out: &mut Tile<f32>,
) {
    let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
    for (step, weights) in panel.iter().enumerate() {
        fetch(next.wrapping_add(step));
        let weights = weights.0.as_ptr();
        // SAFETY: a line is 32 numbers.
        let (left, right) = unsafe { (_mm512_loadu_ps(weights), _mm512_loadu_ps(weights.add(16))) };
        for (row, sums) in sums.iter_mut().enumerate() {
            // SAFETY: the caller's promise: each row has as many inputs as the
            // panel has lines.
            let input = _mm512_set1_ps(unsafe { *inputs.add(row * stride + step) });
            sums[0] = _mm512_fmadd_ps(input, left, sums[0]);
            sums[1] = _mm512_fmadd_ps(input, right, sums[1]);
        }
    }
    for (out, [left, right]) in out.0.iter_mut().zip(sums) {
        // SAFETY: a row of a tile is 32 numbers.
        unsafe {
            _mm512_storeu_ps(out.as_mut_ptr(), left);
            _mm512_storeu_ps(out.as_mut_ptr().add(16), right);
        }
    }
}

/// Has both cache lines of a line of weights brought near. Any address is fine:
/// what cannot be fetched is not.
#[inline]
#[target_feature(enable = "avx512f")]
fn fetch<T>(line: *const T) {
    let line = line.cast::<i8>();
    _mm_prefetch::<_MM_HINT_T1>(line);
    _mm_prefetch::<_MM_HINT_T1>(line.wrapping_add(64));
}

/// # Safety
/// As [`portable::tile_int8`](super::portable::tile_int8); AVX-512F and VNNI
/// are there.
#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn tile_int8(
    inputs: *const u8,
    stride: usize,
    rows: usize,
    panel: &BytePanel,
    next: *const LineInt8,
    sums: &mut Tile<i32>,
) {
    // SAFETY: the caller's promise, handed on.
    unsafe { by_rows!(rows, rows_int8(inputs, stride, panel, next, sums)) }
}

#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn rows_int8<const ROWS: usize>(
    inputs: *const u8,
    stride: usize,
    panel: &BytePanel,
    next: *const LineInt8,
    out: &mut Tile<i32>,
) {
    let mut sums = [[_mm512_setzero_si512(); 2]; ROWS];
    for (step, weights) in panel.iter().enumerate() {
        fetch(next.wrapping_add(step));
        let weights: *const __m512i = weights.0.as_ptr().cast();
        // SAFETY: a line is 128 bytes.
        let (left, right) =
            unsafe { (_mm512_loadu_si512(weights), _mm512_loadu_si512(weights.add(1))) };
        for (row, sums) in sums.iter_mut().enumerate() {
            // SAFETY: the caller's promise: four inputs for each line.
            let quad = unsafe { inputs.add(row * stride + 4 * step).cast::<i32>() };
            // SAFETY: as above; they need not be aligned.
            let quad = _mm512_set1_epi32(unsafe { quad.read_unaligned() });
            sums[0] = _mm512_dpbusd_epi32(sums[0], quad, left);
            sums[1] = _mm512_dpbusd_epi32(sums[1], quad, right);
        }
    }
    for (out, [left, right]) in out.0.iter_mut().zip(sums) {
        let out: *mut __m512i = out.as_mut_ptr().cast();
        // SAFETY: a row of a tile is 32 numbers of 32 bits.
        unsafe {
            _mm512_storeu_si512(out, left);
            _mm512_storeu_si512(out.add(1), right);
        }
    }
}

/// # Safety
/// What [`Kernels::depthwise`](super::Kernels::depthwise) checks; AVX-512F is
/// there.
#[target_feature(enable = "avx512f")]
unsafe fn depthwise(
    layer: &Depthwise,
    lines: Lines<'_>,
    outputs: Range<usize>,
    out: &mut [f32],
    stride: usize,
) {
    // SAFETY: the caller's promise, handed on.
    unsafe { depthwise::depthwise::<__m512>(layer, lines, outputs, out, stride) }
}

impl depthwise::Strip for __m512 {
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        // SAFETY: the caller's promise.
        unsafe { _mm512_fmadd_ps(a, b, self) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise. In this order what is no number stays so.
        unsafe {
            let kept = _mm512_max_ps(_mm512_setzero_ps(), self);
            _mm512_storeu_ps(to, _mm512_min_ps(_mm512_set1_ps(6.0), kept));
        }
    }
}
