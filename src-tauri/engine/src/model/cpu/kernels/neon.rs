//! NEON, which every 64-bit ARM processor has; and its dot products of bytes,
//! which most have since 2018: Apple's from the M1 on, Snapdragon X, Raspberry
//! Pi 5.
//!
//! Of 32 registers twenty hold the sums of five rows by sixteen columns, so a
//! tile is made of several such blocks; one holds inputs of each row. An input
//! is multiplied out of one of its register's four lanes: it is loaded for four
//! steps at a time, and need not be repeated over all lanes first, which takes
//! many processors as long as a multiplication.
//!
//! What goes along a row is compiled for NEON in [`portable`](super::portable)
//! already. Weights are not fetched ahead: how far ahead it would have to be
//! differs much between ARM processors, and nobody has measured it on any.

use std::arch::aarch64::*;
use std::arch::asm;

use super::{BytePanel, COLUMNS, Kernels, LineF32, LineInt8, PORTABLE, Panel, QUAD, Tile};

pub static KERNELS: Kernels = Kernels { name: "NEON", tile_f32, ..PORTABLE };

/// Dot products are of signed bytes: inputs of 7 bits are the same with a sign
/// and without.
pub static DOT_KERNELS: Kernels = Kernels {
    name: "NEON dot product",
    greatest: 127,
    fast_int8: true,
    tile_int8: tile_int8_dot,
    ..KERNELS
};

/// The most rows of a block.
const BLOCK_ROWS: usize = 5;
/// Columns of a block.
const BLOCK_COLUMNS: usize = 16;
/// Numbers of 32 bits in a register.
const LANES: usize = 4;
/// Registers that a row of a block takes.
const PARTS: usize = BLOCK_COLUMNS / LANES;

/// Calls `$block::<N>` for every block of a tile. Blocks are of nearly the same
/// height: one of a single row has too few sums to keep the processor busy.
macro_rules! by_blocks {
    ($rows:expr, |$row:ident, $column:ident| $block:ident($($argument:expr),*)) => {
        let blocks = $rows.div_ceil(BLOCK_ROWS);
        for block in 0..blocks {
            let $row = block * $rows / blocks;
            let count = (block + 1) * $rows / blocks - $row;
            for $column in (0..COLUMNS).step_by(BLOCK_COLUMNS) {
                match count {
                    1 => $block::<1>($($argument),*),
                    2 => $block::<2>($($argument),*),
                    3 => $block::<3>($($argument),*),
                    4 => $block::<4>($($argument),*),
                    _ => $block::<BLOCK_ROWS>($($argument),*),
                }
            }
        }
    };
}

/// # Safety
/// As [`portable::tile_f32`](super::portable::tile_f32).
#[target_feature(enable = "neon")]
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

#[target_feature(enable = "neon")]
unsafe fn block_f32<const ROWS: usize>(
    inputs: *const f32,
    stride: usize,
    panel: &Panel,
    column: usize,
    out: &mut [[f32; COLUMNS]],
) {
    let mut sums = [[vdupq_n_f32(0.0); PARTS]; ROWS];
    let mut taken = [vdupq_n_f32(0.0); ROWS];
    let (fours, rest) = panel.as_chunks::<LANES>();
    for (step, lines) in fours.iter().enumerate() {
        for (row, taken) in taken.iter_mut().enumerate() {
            // SAFETY: the caller's promise: each row has as many inputs as the
            // panel has lines, so four for these.
            *taken = unsafe { vld1q_f32(inputs.add(row * stride + LANES * step)) };
        }
        add_f32::<0, ROWS>(&mut sums, &taken, &lines[0], column);
        add_f32::<1, ROWS>(&mut sums, &taken, &lines[1], column);
        add_f32::<2, ROWS>(&mut sums, &taken, &lines[2], column);
        add_f32::<3, ROWS>(&mut sums, &taken, &lines[3], column);
    }
    for (step, line) in rest.iter().enumerate() {
        let step = LANES * fours.len() + step;
        for (row, taken) in taken.iter_mut().enumerate() {
            // SAFETY: as above, one for this line.
            *taken = unsafe { vld1q_dup_f32(inputs.add(row * stride + step)) };
        }
        add_f32::<0, ROWS>(&mut sums, &taken, line, column);
    }
    for (out, sums) in out.iter_mut().zip(sums) {
        let (out, _) = out[column..column + BLOCK_COLUMNS].as_chunks_mut::<LANES>();
        for (out, sums) in out.iter_mut().zip(sums) {
            // SAFETY: four numbers.
            unsafe { vst1q_f32(out.as_mut_ptr(), sums) };
        }
    }
}

/// Adds the products of a line of weights with one of the inputs that were
/// taken of each row.
#[inline]
#[target_feature(enable = "neon")]
fn add_f32<const LANE: i32, const ROWS: usize>(
    sums: &mut [[float32x4_t; PARTS]; ROWS],
    taken: &[float32x4_t; ROWS],
    line: &LineF32,
    column: usize,
) {
    let (line, _) = line.0[column..column + BLOCK_COLUMNS].as_chunks::<LANES>();
    for (part, weights) in line.iter().enumerate() {
        // SAFETY: four numbers.
        let weights = unsafe { vld1q_f32(weights.as_ptr()) };
        for (sums, taken) in sums.iter_mut().zip(taken) {
            sums[part] = vfmaq_laneq_f32::<LANE>(sums[part], weights, *taken);
        }
    }
}

/// # Safety
/// As [`portable::tile_int8`](super::portable::tile_int8), with inputs of 7
/// bits; the dot products are there.
#[target_feature(enable = "neon,dotprod")]
unsafe fn tile_int8_dot(
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
            inputs.add(row * stride).cast(),
            stride,
            panel,
            column,
            &mut sums.0[row..]
        ));
    }
}

#[target_feature(enable = "neon,dotprod")]
unsafe fn block_int8<const ROWS: usize>(
    inputs: *const i8,
    stride: usize,
    panel: &BytePanel,
    column: usize,
    out: &mut [[i32; COLUMNS]],
) {
    let mut sums = [[vdupq_n_s32(0); PARTS]; ROWS];
    let mut taken = [vdupq_n_s8(0); ROWS];
    let (fours, rest) = panel.as_chunks::<LANES>();
    for (step, lines) in fours.iter().enumerate() {
        for (row, taken) in taken.iter_mut().enumerate() {
            // SAFETY: the caller's promise: four inputs for each line, so
            // sixteen for these.
            *taken = unsafe { vld1q_s8(inputs.add(row * stride + QUAD * LANES * step)) };
        }
        add_int8::<0, ROWS>(&mut sums, &taken, &lines[0], column);
        add_int8::<1, ROWS>(&mut sums, &taken, &lines[1], column);
        add_int8::<2, ROWS>(&mut sums, &taken, &lines[2], column);
        add_int8::<3, ROWS>(&mut sums, &taken, &lines[3], column);
    }
    for (step, line) in rest.iter().enumerate() {
        let step = LANES * fours.len() + step;
        for (row, taken) in taken.iter_mut().enumerate() {
            // SAFETY: as above, four for this line.
            let quad = unsafe { inputs.add(row * stride + QUAD * step).cast::<i32>() };
            // SAFETY: as above; they need not be aligned.
            *taken = vreinterpretq_s8_s32(vdupq_n_s32(unsafe { quad.read_unaligned() }));
        }
        add_int8::<0, ROWS>(&mut sums, &taken, line, column);
    }
    for (out, sums) in out.iter_mut().zip(sums) {
        let (out, _) = out[column..column + BLOCK_COLUMNS].as_chunks_mut::<LANES>();
        for (out, sums) in out.iter_mut().zip(sums) {
            // SAFETY: four numbers.
            unsafe { vst1q_s32(out.as_mut_ptr(), sums) };
        }
    }
}

/// Adds the products of a line of weights with one of the quads of inputs that
/// were taken of each row.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn add_int8<const LANE: i32, const ROWS: usize>(
    sums: &mut [[int32x4_t; PARTS]; ROWS],
    taken: &[int8x16_t; ROWS],
    line: &LineInt8,
    column: usize,
) {
    let (line, _) = line.0[column..column + BLOCK_COLUMNS].as_chunks::<LANES>();
    for (part, weights) in line.iter().enumerate() {
        // SAFETY: four times four bytes.
        let weights = unsafe { vld1q_s8(weights.as_ptr().cast()) };
        for (sums, taken) in sums.iter_mut().zip(taken) {
            sums[part] = dot::<LANE>(sums[part], weights, *taken);
        }
    }
}

/// Adds to each sum the products of four weights with the four inputs of a
/// lane: `vdotq_laneq_s32`, which Rust has since 1.98 only.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn dot<const LANE: i32>(sums: int32x4_t, weights: int8x16_t, inputs: int8x16_t) -> int32x4_t {
    let mut sums = sums;
    // SAFETY: the instruction is there, as this function asks of its callers,
    // and changes nothing but the register of the sums. A lane that does not
    // exist would not be assembled.
    unsafe {
        asm!(
            "sdot {sums:v}.4s, {weights:v}.16b, {inputs:v}.4b[{lane}]",
            sums = inout(vreg) sums,
            weights = in(vreg) weights,
            inputs = in(vreg) inputs,
            lane = const LANE,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sums
}
