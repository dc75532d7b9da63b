//! Every kernel that this processor can run against the portable ones, and
//! those against the definition in f64.

use proptest::prelude::*;

use super::*;

/// Small integers, which f32 adds up exactly in any order.
fn integers(seed: u64, count: usize, least: i64, most: i64) -> Vec<i64> {
    let mut state = seed;
    let next = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        least + (state >> 33) as i64 % (most - least + 1)
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// Numbers between -3 and 3.
fn numbers(seed: u64, count: usize) -> Vec<f32> {
    integers(seed, count, -30_000, 30_000).into_iter().map(|n| n as f32 / 10_000.0).collect()
}

fn row_of<T: Copy + Default>(values: &[T]) -> [T; COLUMNS] {
    let mut row = [T::default(); COLUMNS];
    row.copy_from_slice(&values[..COLUMNS]);
    row
}

/// Finishing, as it is defined.
fn finished(finish: Finish, sum: f64, there: f64) -> f64 {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    match finish {
        Finish::Store => sum,
        Finish::Add => sum + there,
        Finish::Relu6 => sum.clamp(0.0, 6.0),
        Finish::Activate(Activation::QuickGelu) => sum * sigmoid(1.702 * sum),
        Finish::Activate(Activation::Gelu) => 0.5 * sum * (1.0 + erf(sum / 2f64.sqrt())),
        Finish::Activate(Activation::GeluPytorchTanh) => {
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (sum + 0.044_715 * sum.powi(3));
            0.5 * sum * (1.0 + inner.tanh())
        }
    }
}

/// The error function by its Taylor series, and 1 where that is near enough.
fn erf(x: f64) -> f64 {
    if x.abs() > 5.0 {
        return x.signum();
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

const FINISHES: [Finish; 6] = [
    Finish::Store,
    Finish::Add,
    Finish::Relu6,
    Finish::Activate(Activation::QuickGelu),
    Finish::Activate(Activation::Gelu),
    Finish::Activate(Activation::GeluPytorchTanh),
];

fn close(found: f32, expected: f64, tolerance: f64) -> bool {
    (f64::from(found) - expected).abs() <= tolerance * (1.0 + expected.abs())
}

proptest! {
    #[test]
    fn tiles_equal_the_definition(
        rows in 1..=ROWS, depth in 0usize..70, gap in 0usize..20, seed: u64,
    ) {
        let stride = depth + gap;
        let inputs = integers(seed, rows * stride, -9, 9);
        let weights = integers(!seed, depth * COLUMNS, -9, 9);
        let expected = |row: usize, column: usize| -> i64 {
            (0..depth).map(|k| inputs[row * stride + k] * weights[k * COLUMNS + column]).sum()
        };
        let inputs: Vec<f32> = inputs.iter().map(|&n| n as f32).collect();
        let weights: Vec<f32> = weights.iter().map(|&n| n as f32).collect();
        let panel: Vec<LineF32> = weights.chunks(COLUMNS).map(|line| Line(row_of(line))).collect();
        for kernels in available() {
            // What an earlier product left must not count.
            let mut sums = Line([[7.0; COLUMNS]; ROWS]);
            kernels.tile_f32(&inputs, stride, rows, &panel, &panel, &mut sums);
            for row in 0..rows {
                for column in 0..COLUMNS {
                    let sum = sums.0[row][column];
                    prop_assert_eq!(sum, expected(row, column) as f32, "{}", kernels.name);
                }
            }
        }
    }

    #[test]
    fn tiles_of_bytes_equal_the_definition(
        rows in 1..=ROWS, depth in 0usize..40, gap in 0usize..20, seed: u64,
    ) {
        let stride = QUAD * depth + gap;
        let weights = integers(!seed, depth * COLUMNS * QUAD, -127, 127);
        let panel: Vec<LineInt8> = weights
            .chunks(COLUMNS * QUAD)
            .map(|line| {
                Line(std::array::from_fn(|column| {
                    std::array::from_fn(|part| line[column * QUAD + part] as i8)
                }))
            })
            .collect();
        for kernels in available() {
            let inputs = integers(seed, rows * stride, 0, i64::from(kernels.greatest));
            let bytes: Vec<u8> = inputs.iter().map(|&n| n as u8).collect();
            let mut sums = Line([[7; COLUMNS]; ROWS]);
            kernels.tile_int8(&bytes, stride, rows, &panel, &panel, &mut sums);
            for row in 0..rows {
                for column in 0..COLUMNS {
                    let expected: i64 = (0..QUAD * depth)
                        .map(|k| {
                            let weight = (k / QUAD * COLUMNS + column) * QUAD + k % QUAD;
                            inputs[row * stride + k] * weights[weight]
                        })
                        .sum();
                    let sum = i64::from(sums.0[row][column]);
                    prop_assert_eq!(sum, expected, "{}", kernels.name);
                }
            }
        }
    }

    #[test]
    fn finishing_equals_the_definition(
        rows in 1..=ROWS, columns in 1..=COLUMNS, gap in 0usize..9,
        finish in prop::sample::select(&FINISHES[..]), seed: u64,
    ) {
        let stride = columns + gap;
        let values = numbers(seed, ROWS * COLUMNS);
        let bias = row_of(&numbers(seed ^ 1, COLUMNS));
        let before = numbers(seed ^ 2, rows * stride);
        let sums = Line(std::array::from_fn(|row| row_of(&values[row * COLUMNS..])));
        for kernels in available() {
            let mut out = before.clone();
            kernels.finish_f32(&sums, rows, &bias, finish, &mut out, stride, columns);
            for (at, (&found, &there)) in out.iter().zip(&before).enumerate() {
                let (row, column) = (at / stride, at % stride);
                if column < columns {
                    let sum = f64::from(sums.0[row][column]) + f64::from(bias[column]);
                    let expected = finished(finish, sum, f64::from(there));
                    prop_assert!(
                        close(found, expected, 1e-6),
                        "{} {finish:?} of {sum}: {found}, not {expected}", kernels.name
                    );
                } else {
                    prop_assert_eq!(found, there, "beyond the columns");
                }
            }
        }
    }

    #[test]
    fn finishing_bytes_undoes_their_rounding(
        rows in 1..=ROWS, columns in 1..=COLUMNS,
        finish in prop::sample::select(&FINISHES[..]), seed: u64,
    ) {
        let values = integers(seed, ROWS * COLUMNS, -100_000, 100_000);
        let sums = Line(std::array::from_fn(|row| {
            std::array::from_fn(|column| values[row * COLUMNS + column] as i32)
        }));
        let bias = row_of(&numbers(seed ^ 1, COLUMNS));
        let weights = row_of(&numbers(seed ^ 2, COLUMNS)).map(|weight| weight * 1e-3);
        let weight_sums = row_of(&numbers(seed ^ 3, COLUMNS)).map(|sum| (sum * 1000.0).round());
        let steps = numbers(seed ^ 4, 2 * rows);
        let spreads: Vec<Spread> = steps
            .chunks(2)
            .map(|pair| Spread { least: pair[0], step: 0.01 * pair[1].abs() })
            .collect();
        let before = numbers(seed ^ 5, rows * columns);
        for kernels in available() {
            let mut out = before.clone();
            let scales = Scales { spreads: &spreads, weights: &weights, sums: &weight_sums };
            kernels.finish_int8(&sums, scales, &bias, finish, &mut out, columns, columns);
            for (at, (&found, &there)) in out.iter().zip(&before).enumerate() {
                let (row, column) = (at / columns, at % columns);
                let Spread { least, step } = spreads[row];
                let sum = f64::from(step) * f64::from(sums.0[row][column])
                    + f64::from(least) * f64::from(weight_sums[column]);
                let sum = sum * f64::from(weights[column]) + f64::from(bias[column]);
                let expected = finished(finish, sum, f64::from(there));
                prop_assert!(
                    close(found, expected, 1e-5),
                    "{} {finish:?} of {sum}: {found}, not {expected}", kernels.name
                );
            }
        }
    }

    #[test]
    fn norms_equal_the_definition(width in 1usize..200, seed: u64, offset in -50f32..50.0) {
        let row: Vec<f32> = numbers(seed, width).iter().map(|value| value + offset).collect();
        let (weight, bias) = (numbers(seed ^ 1, width), numbers(seed ^ 2, width));
        let count = width as f64;
        let mean = row.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
        let variance =
            row.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
        for kernels in available() {
            let mut out = vec![0.0; width];
            kernels.layer_norm(&row, &weight, &bias, 1e-5, &mut out);
            for at in 0..width {
                let value = (f64::from(row[at]) - mean) / (variance + 1e-5).sqrt();
                let expected = value * f64::from(weight[at]) + f64::from(bias[at]);
                // The mean of large numbers is known to their last place only.
                prop_assert!(close(out[at], expected, 3e-4), "{} {}", kernels.name, out[at]);
            }
        }
    }

    #[test]
    fn shares_are_those_of_the_exponentials(width in 1usize..200, seed: u64, scale in 0.1f32..20.0) {
        let row: Vec<f32> = numbers(seed, width).iter().map(|value| value * scale).collect();
        let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let power = |value: f32| f64::from(value - most).exp();
        let sum: f64 = row.iter().map(|&value| power(value)).sum();
        for kernels in available() {
            // Filled up, as attention does it: what is infinitely small takes nothing.
            let mut out = row.clone();
            out.resize(width.next_multiple_of(LANES), f32::NEG_INFINITY);
            kernels.softmax(&mut out);
            for (&found, &value) in out.iter().zip(&row) {
                prop_assert!(close(found, power(value) / sum, 1e-6), "{}", kernels.name);
            }
            prop_assert!(out[width..].iter().all(|&rest| rest < 1e-30));
        }
    }

    #[test]
    fn rounding_to_bytes_is_off_by_half_a_step(width in 1usize..200, seed: u64, offset in -9f32..9.0) {
        let row: Vec<f32> = numbers(seed, width).iter().map(|value| value + offset).collect();
        for kernels in available() {
            let mut out = vec![0; width];
            let Spread { least, step } = kernels.quantise(&row, &mut out);
            prop_assert!(out.iter().all(|&byte| byte <= kernels.greatest));
            for (&byte, &value) in out.iter().zip(&row) {
                let back = least + step * f32::from(byte);
                prop_assert!((back - value).abs() <= 0.501 * step + 1e-5, "{}", kernels.name);
            }
        }
    }
}

#[test]
fn equal_numbers_are_kept_exactly() {
    for kernels in available() {
        let mut out = [1; 20];
        let spread = kernels.quantise(&[-2.5; 20], &mut out);
        assert_eq!((spread, out), (Spread { least: -2.5, step: 0.0 }, [0; 20]));
    }
}

#[test]
fn exponentials_beyond_their_range_do_not_wrap_around() {
    let mut bias = [0.0; COLUMNS];
    bias[..6].copy_from_slice(&[-1e4, 1e4, -100.0, 100.0, f32::NAN, f32::INFINITY]);
    for kernels in available() {
        for finish in &FINISHES[3..] {
            let mut out = [0.0; COLUMNS];
            kernels.finish_f32(&tile(), 1, &bias, *finish, &mut out, COLUMNS, COLUMNS);
            assert!(out[0].abs() < 1e-6 && out[2].abs() < 1e-6, "{finish:?} {out:?}");
            assert_eq!((out[1], out[3]), (1e4, 100.0), "{finish:?}");
            assert!(out[4].is_nan() && out[5].is_infinite(), "{finish:?} {out:?}");
        }
    }
}

#[test]
fn a_tile_never_reaches_beyond_its_matrix() {
    let panel = [Line([0.0; COLUMNS]); 8];
    let read = |rows: usize| {
        let inputs = [0.0; 3 * 10 + 8];
        kernels().tile_f32(&inputs, 10, rows, &panel, &panel, &mut tile());
    };
    read(4);
    for rows in [0, 5, ROWS + 1] {
        assert!(std::panic::catch_unwind(|| read(rows)).is_err(), "{rows} rows");
    }
}
