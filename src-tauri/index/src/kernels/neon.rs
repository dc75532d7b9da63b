//! NEON, which every 64-bit ARM processor has; and its dot products of bytes,
//! which most have since 2018.
//!
//! Four bits are the same with a sign and without, so products of signed bytes
//! do. Without dot products sixteen are added up in 16 bits before they are
//! widened: at most 16 * 15 * 127 = 30,480.

use std::arch::aarch64::*;
use std::arch::asm;

use super::{Kernels, LINE, LINE_COMPONENTS};

pub static KERNELS: Kernels = Kernels { name: "NEON", nibbles, picked, bits };

pub static DOT_KERNELS: Kernels =
    Kernels { name: "NEON dot product", nibbles: nibbles_dot, picked: picked_dot, bits };

/// Bytes of a register.
const BYTES: usize = 16;

/// Four bits of each of 16 components and the query's, for all of a line, by the
/// function that is given.
macro_rules! each_product {
    ($line:expr, $query:expr, |$row:ident, $by:ident| $add:expr) => {
        for at in (0..LINE).step_by(BYTES) {
            // SAFETY: a line is four registers, and the query's part eight.
            let (bytes, low, high) = unsafe {
                (
                    vld1q_u8($line.as_ptr().add(at)),
                    vld1q_s8($query.as_ptr().add(at)),
                    vld1q_s8($query.as_ptr().add(LINE + at)),
                )
            };
            let low_bytes = vreinterpretq_s8_u8(vandq_u8(bytes, vdupq_n_u8(0x0f)));
            let high_bytes = vreinterpretq_s8_u8(vshrq_n_u8::<4>(bytes));
            for ($row, $by) in [(low_bytes, low), (high_bytes, high)] {
                $add;
            }
        }
    };
}

#[target_feature(enable = "neon")]
fn nibbles(plane: &[u8], query: &[i8], sums: &mut [i32]) {
    for (row, sum) in plane.chunks_exact(query.len() / 2).zip(sums) {
        let mut lanes = vdupq_n_s32(0);
        for (line, query) in row.chunks_exact(LINE).zip(query.chunks_exact(LINE_COMPONENTS)) {
            let mut products = vdupq_n_s16(0);
            each_product!(line, query, |row, by| {
                products = vmlal_s8(products, vget_low_s8(row), vget_low_s8(by));
                products = vmlal_high_s8(products, row, by);
            });
            lanes = vpadalq_s16(lanes, products);
        }
        *sum = vaddvq_s32(lanes);
    }
}

#[target_feature(enable = "neon,dotprod")]
fn nibbles_dot(plane: &[u8], query: &[i8], sums: &mut [i32]) {
    for (row, sum) in plane.chunks_exact(query.len() / 2).zip(sums) {
        // Two sums: one would wait for itself.
        let mut lanes = [vdupq_n_s32(0); 2];
        for (line, query) in row.chunks_exact(LINE).zip(query.chunks_exact(LINE_COMPONENTS)) {
            each_product!(line, query, |row, by| {
                lanes = [lanes[1], dot(lanes[0], row, by)];
            });
        }
        *sum = vaddvq_s32(vaddq_s32(lanes[0], lanes[1]));
    }
}

/// What `vdotq_s32` does, which is not stable yet.
#[target_feature(enable = "neon,dotprod")]
fn dot(mut sums: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
    // SAFETY: it touches nothing but its registers.
    unsafe {
        asm!(
            "sdot {sums:v}.4s, {a:v}.16b, {b:v}.16b",
            sums = inout(vreg) sums,
            a = in(vreg) a,
            b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sums
}

#[target_feature(enable = "neon")]
fn bits(rows: &[u8], signs: &[u8], sizes: &[u8], sums: &mut [i32]) {
    super::scalar::bits(rows, signs, sizes, sums);
}

#[target_feature(enable = "neon")]
fn picked(plane: &[u8], rows: &[u32], query: &[i8], sums: &mut [i32]) {
    let width = query.len() / 2;
    for (row, sum) in rows.iter().zip(sums.chunks_exact_mut(1)) {
        nibbles(&plane[*row as usize * width..][..width], query, sum);
    }
}

#[target_feature(enable = "neon,dotprod")]
fn picked_dot(plane: &[u8], rows: &[u32], query: &[i8], sums: &mut [i32]) {
    let width = query.len() / 2;
    for (row, sum) in rows.iter().zip(sums.chunks_exact_mut(1)) {
        nibbles_dot(&plane[*row as usize * width..][..width], query, sum);
    }
}
