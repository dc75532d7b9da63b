//! What every kernel computes, in plain Rust.

use std::ops::Range;

use super::{BytePanel, Depthwise, LineF32, LineInt8, Lines, Panel, compiled, depthwise};

// Without hardware for it a fused multiply-add is a call into a library.
compiled! { { cfg!(target_arch = "aarch64") } }

/// See [`Kernels::tile_f32`](super::Kernels::tile_f32).
///
/// # Safety
/// `rows` rows of as many inputs as the panel has lines can be read, `stride`
/// apart.
pub unsafe fn tile_f32(
    inputs: *const f32,
    stride: usize,
    rows: usize,
    panel: &Panel,
    _next: *const LineF32,
    sums: &mut Tile<f32>,
) {
    for (row, sums) in sums.0.iter_mut().enumerate().take(rows) {
        // SAFETY: the caller's promise.
        let inputs = unsafe { std::slice::from_raw_parts(inputs.add(row * stride), panel.len()) };
        *sums = [0.0; COLUMNS];
        for (input, weights) in inputs.iter().zip(panel) {
            for (sum, weight) in sums.iter_mut().zip(weights.0) {
                *sum = rows::add_product::<{ cfg!(target_arch = "aarch64") }>(*input, weight, *sum);
            }
        }
    }
}

/// See [`Kernels::tile_int8`](super::Kernels::tile_int8).
///
/// # Safety
/// As [`tile_f32`], four inputs a line.
pub unsafe fn tile_int8(
    inputs: *const u8,
    stride: usize,
    rows: usize,
    panel: &BytePanel,
    _next: *const LineInt8,
    sums: &mut Tile<i32>,
) {
    for (row, sums) in sums.0.iter_mut().enumerate().take(rows) {
        // SAFETY: the caller's promise.
        let inputs =
            unsafe { std::slice::from_raw_parts(inputs.add(row * stride), 4 * panel.len()) };
        *sums = [0; COLUMNS];
        for (quad, weights) in inputs.chunks_exact(4).zip(panel) {
            for (sum, weights) in sums.iter_mut().zip(weights.0) {
                for (&input, weight) in quad.iter().zip(weights) {
                    *sum += i32::from(input) * i32::from(weight);
                }
            }
        }
    }
}

/// # Safety
/// What [`Kernels::depthwise`](super::Kernels::depthwise)
/// checks.
pub unsafe fn depthwise(
    layer: &Depthwise,
    lines: Lines<'_>,
    outputs: Range<usize>,
    out: &mut [f32],
    stride: usize,
) {
    // SAFETY: the caller's promise, handed on.
    unsafe {
        depthwise::depthwise::<depthwise::Plain<{ cfg!(target_arch = "aarch64") }>>(
            layer, lines, outputs, out, stride,
        )
    }
}
