//! What goes along a row, written so that the compiler turns each loop into
//! the instructions it is compiled for: no branch, sums in [`LANES`] parts.
//!
//! `FUSED` multiply-adds round once, where the processor has them.

use super::{COLUMNS, Finish, Scales, Tile};
use crate::model::transformer::Activation;

/// Parts of a sum that are added up side by side.
pub const LANES: usize = 16;

/// How a row was spread over 8 bits: a number `q` stands for `least + step * q`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spread {
    /// The least number of the row.
    pub least: f32,
    /// What neighbouring numbers differ by; 0 where all of the row are equal.
    pub step: f32,
}

/// `a * b + c`.
#[inline(always)]
pub fn add_product<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// Added to a number below 2^22, it leaves the nearest integer in the low bits.
const ROUND: f32 = 12_582_912.0;

/// The exponential, to some units in the last place, of numbers between -87 and
/// 88, beyond which it stays what it is there: `2^n * 2^f`, `n` the nearest
/// integer. The polynomial for `2^f` was fitted for the least relative error
/// on `-0.5..0.5`: 7.5e-8.
#[inline(always)]
fn exp<const FUSED: bool>(x: f32) -> f32 {
    const POWERS: [f32; 5] = [0.009_675_541, 0.055_507_13, 0.240_221_2, 0.693_146_94, 1.000_000_1];
    // Not `clamp`, which would lose the speed to its treatment of NaN.
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 88.0 { 88.0 } else { x };
    let shifted = add_product::<FUSED>(x, std::f32::consts::LOG2_E, ROUND);
    let f = add_product::<FUSED>(x, std::f32::consts::LOG2_E, ROUND - shifted);
    let mut sum = 0.001_327_647_1;
    for power in POWERS {
        sum = add_product::<FUSED>(sum, f, power);
    }
    f32::from_bits(sum.to_bits().wrapping_add(shifted.to_bits() << 23))
}

#[inline(always)]
fn times_sigmoid<const FUSED: bool>(x: f32, of: f32) -> f32 {
    x / (1.0 + exp::<FUSED>(-of))
}

#[inline(always)]
fn quick_gelu<const FUSED: bool>(x: f32) -> f32 {
    times_sigmoid::<FUSED>(x, 1.702 * x)
}

/// `0.5 x (1 + tanh(u))` with `u = sqrt(2 / pi) (x + 0.044715 x^3)` is
/// `x sigmoid(2 u)`.
#[inline(always)]
fn tanh_gelu<const FUSED: bool>(x: f32) -> f32 {
    let slope = add_product::<FUSED>(0.071_354_814 * x, x, 1.595_769);
    times_sigmoid::<FUSED>(x, x * slope)
}

/// The error function by Abramowitz and Stegun 7.1.26, off by 1.5e-7 at most.
#[inline(always)]
fn gelu<const FUSED: bool>(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / add_product::<FUSED>(0.327_591_1, z, 1.0);
    let mut sum = 1.061_405_4;
    for coefficient in [-1.453_152, 1.421_413_7, -0.284_496_72, 0.254_829_6] {
        sum = add_product::<FUSED>(sum, t, coefficient);
    }
    let erf = 1.0 - sum * t * exp::<FUSED>(-z * z);
    0.5 * x * (1.0 + erf.copysign(x))
}

/// What is no number stays so.
#[inline(always)]
pub fn relu6(x: f32) -> f32 {
    let x = if x < 0.0 { 0.0 } else { x };
    if x > 6.0 { 6.0 } else { x }
}

/// Makes the call once for every function that makes a result of a sum and of
/// what is there already, so that none is looked up row by row.
macro_rules! by_finish {
    ($finish:expr, |$result:ident| $call:expr) => {
        match $finish {
            Finish::Store => {
                let $result = |sum: f32, _: f32| sum;
                $call
            }
            Finish::Add => {
                let $result = |sum: f32, there: f32| sum + there;
                $call
            }
            Finish::Relu6 => {
                let $result = |sum: f32, _: f32| relu6(sum);
                $call
            }
            Finish::Activate(Activation::QuickGelu) => {
                let $result = |sum: f32, _: f32| quick_gelu::<FUSED>(sum);
                $call
            }
            Finish::Activate(Activation::Gelu) => {
                let $result = |sum: f32, _: f32| gelu::<FUSED>(sum);
                $call
            }
            Finish::Activate(Activation::GeluPytorchTanh) => {
                let $result = |sum: f32, _: f32| tanh_gelu::<FUSED>(sum);
                $call
            }
        }
    };
}

#[inline(always)]
pub fn finish_f32<const FUSED: bool>(
    sums: &Tile<f32>,
    rows: usize,
    bias: &[f32; COLUMNS],
    finish: Finish,
    out: &mut [f32],
    stride: usize,
    columns: usize,
) {
    by_finish!(finish, |result| each_f32(sums, rows, bias, out, stride, columns, result));
}

#[inline(always)]
fn each_f32(
    sums: &Tile<f32>,
    rows: usize,
    bias: &[f32; COLUMNS],
    out: &mut [f32],
    stride: usize,
    columns: usize,
    result: impl Fn(f32, f32) -> f32,
) {
    for (row, sums) in sums.0.iter().enumerate().take(rows) {
        let out = &mut out[row * stride..][..columns];
        hand_on(out, |column| sums[column] + bias[column], &result);
    }
}

#[inline(always)]
pub fn finish_int8<const FUSED: bool>(
    sums: &Tile<i32>,
    scales: Scales<'_>,
    bias: &[f32; COLUMNS],
    finish: Finish,
    out: &mut [f32],
    stride: usize,
    columns: usize,
) {
    by_finish!(finish, |result| {
        each_int8::<FUSED>(sums, scales, bias, out, stride, columns, result)
    });
}

#[inline(always)]
fn each_int8<const FUSED: bool>(
    sums: &Tile<i32>,
    scales: Scales<'_>,
    bias: &[f32; COLUMNS],
    out: &mut [f32],
    stride: usize,
    columns: usize,
    result: impl Fn(f32, f32) -> f32,
) {
    for ((row, sums), spread) in sums.0.iter().enumerate().zip(scales.spreads) {
        let out = &mut out[row * stride..][..columns];
        let number = |column: usize| {
            let base = spread.least * scales.sums[column];
            let sum = add_product::<FUSED>(spread.step, sums[column] as f32, base);
            add_product::<FUSED>(sum, scales.weights[column], bias[column])
        };
        hand_on(out, number, &result);
    }
}

/// Whole rows have a loop of a fixed length.
#[inline(always)]
fn hand_on(out: &mut [f32], sum: impl Fn(usize) -> f32, result: &impl Fn(f32, f32) -> f32) {
    if let Ok(out) = <&mut [f32; COLUMNS]>::try_from(&mut *out) {
        for (column, out) in out.iter_mut().enumerate() {
            *out = result(sum(column), *out);
        }
    } else {
        for (column, out) in out.iter_mut().enumerate() {
            *out = result(sum(column), *out);
        }
    }
}

/// The sum of `term` over a row.
#[inline(always)]
fn sum(row: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let (chunks, rest) = row.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = term(value, *lane);
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane = term(value, *lane);
    }
    lanes.iter().sum()
}

/// The one of all numbers of a row that `choose` prefers to `start` and every
/// other.
#[inline(always)]
fn best(row: &[f32], start: f32, choose: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [start; LANES];
    let (chunks, rest) = row.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = choose(value, *lane);
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane = choose(value, *lane);
    }
    lanes.into_iter().fold(start, choose)
}

#[inline(always)]
fn greatest(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline(always)]
fn least(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

#[inline(always)]
pub fn layer_norm<const FUSED: bool>(
    row: &[f32],
    weight: &[f32],
    bias: &[f32],
    eps: f32,
    out: &mut [f32],
) {
    let count = row.len() as f32;
    let mean = sum(row, |value, sum| sum + value) / count;
    let square = |value: f32, sum| {
        let difference = value - mean;
        add_product::<FUSED>(difference, difference, sum)
    };
    let variance = sum(row, square) / count;
    let scale = 1.0 / (variance + eps).sqrt();
    for (((out, value), weight), bias) in out.iter_mut().zip(row).zip(weight).zip(bias) {
        *out = add_product::<FUSED>((value - mean) * scale, *weight, *bias);
    }
}

/// Where the row is filled up to whole lanes with minus infinity, no number has
/// to be treated alone.
#[inline(always)]
pub fn softmax<const FUSED: bool>(row: &mut [f32]) {
    let most = best(row, f32::NEG_INFINITY, greatest);
    for value in &mut *row {
        *value = exp::<FUSED>(*value - most);
    }
    let scale = 1.0 / sum(row, |value, sum| sum + value);
    for value in row {
        *value *= scale;
    }
}

#[inline(always)]
pub fn quantise<const FUSED: bool>(row: &[f32], most: u8, out: &mut [u8]) -> Spread {
    let low = best(row, f32::INFINITY, least);
    let high = best(row, f32::NEG_INFINITY, greatest);
    let most = f32::from(most);
    let scale = if high > low { most / (high - low) } else { 0.0 };
    for (out, value) in out.iter_mut().zip(row) {
        let shifted = add_product::<FUSED>(*value - low, scale, ROUND);
        *out = shifted.to_bits() as u8;
    }
    Spread { least: low, step: (high - low) / most }
}
