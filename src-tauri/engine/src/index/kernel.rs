//! Dot products of many f16 rows with one f32 query.

use half::f16;
use half::slice::HalfFloatSliceExt;

/// Independent sums, so that the compiler may use vector registers: floating
/// addition is not associative, and it would have to keep one sum's order.
const LANES: usize = 16;

/// `scores[i]` becomes row `i` of `rows` times `query`; `rows` is
/// `(scores.len(), query.len())`, row-major.
pub(super) fn dots(rows: &[f16], query: &[f32], scores: &mut [f32]) {
    let mut row_f32 = vec![0.0; query.len()];
    for (row, score) in rows.chunks_exact(query.len()).zip(scores) {
        // Uses the processor's own conversion where it has one.
        row.convert_to_f32_slice(&mut row_f32);
        *score = dot(&row_f32, query);
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Small whole numbers add up exactly in any order, tails included.
        #[test]
        fn dots_are_exact_on_integers(
            dim in 1usize..70,
            seed in prop::collection::vec(-8i8..8, 70 * 3),
        ) {
            let rows: Vec<f16> = seed[..dim * 2].iter().map(|&v| f16::from_f32(v.into())).collect();
            let query: Vec<f32> = seed[dim * 2..dim * 3].iter().map(|&v| v.into()).collect();
            let mut scores = [0.0; 2];
            dots(&rows, &query, &mut scores);
            for (row, score) in seed[..dim * 2].chunks(dim).zip(scores) {
                let expected: i32 = row
                    .iter()
                    .zip(&seed[dim * 2..dim * 3])
                    .map(|(&a, &b)| i32::from(a) * i32::from(b))
                    .sum();
                prop_assert_eq!(score, expected as f32);
            }
        }
    }
}
