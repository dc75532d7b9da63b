//! From the terms of a question to one vector.

use crate::error::Result;
use crate::model::Embedding;

/// The direction of everything that is wanted, each by its weight, turned away
/// from what is not. Terms are vectors with their weights; negative ones are not
/// wanted, and at least one is there.
///
/// Of what is not wanted only that is subtracted which the rest does not share:
/// all sentences have much in common, and taking that away would turn the
/// question into another one.
///
/// # Errors
/// Where the terms cancel each other out.
pub(super) fn direction(terms: &[(f32, Embedding)]) -> Result<Embedding> {
    let wanted = |(weight, _): &&(f32, Embedding)| *weight > 0.0;
    let mut sum = vec![0.0f32; terms.first().map_or(0, |(_, vector)| vector.dim())];
    let add = |sum: &mut [f32], weight: f32, vector: &[f32]| {
        sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += weight * value);
    };
    for (weight, vector) in terms.iter().filter(wanted) {
        add(&mut sum, *weight, vector.as_slice());
    }
    if !terms.iter().any(|term| wanted(&term)) {
        for (weight, vector) in terms {
            add(&mut sum, *weight, vector.as_slice());
        }
        return Embedding::from_raw(sum);
    }
    let wanted = Embedding::from_raw(sum)?;
    let mut turned = wanted.as_slice().to_vec();
    for (weight, vector) in terms.iter().filter(|(weight, _)| *weight < 0.0) {
        let shared: f32 = vector.as_slice().iter().zip(wanted.as_slice()).map(|(a, b)| a * b).sum();
        add(&mut turned, *weight, vector.as_slice());
        add(&mut turned, -*weight * shared, wanted.as_slice());
    }
    Embedding::from_raw(turned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(terms: &[(f32, [f32; 3])]) -> Vec<f32> {
        let terms: Vec<_> = terms
            .iter()
            .map(|(weight, v)| (*weight, Embedding::from_raw(v.to_vec()).unwrap()))
            .collect();
        direction(&terms).unwrap().as_slice().to_vec()
    }

    fn close(a: &[f32], b: [f32; 3]) {
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5), "{a:?} {b:?}");
    }

    #[test]
    fn weights_draw_the_sum_towards_them() {
        let half = 0.5f32.sqrt();
        close(&of(&[(1.0, [1.0, 0.0, 0.0]), (1.0, [0.0, 1.0, 0.0])]), [half, half, 0.0]);
        let heavy = of(&[(3.0, [1.0, 0.0, 0.0]), (1.0, [0.0, 1.0, 0.0])]);
        assert!((heavy[0] / heavy[1] - 3.0).abs() < 1e-4);
    }

    #[test]
    fn what_is_not_wanted_leaves_what_it_shares() {
        // Both have the first direction; only the second one's own part goes.
        let turned = of(&[(1.0, [1.0, 0.0, 0.0]), (-1.0, [0.6, 0.8, 0.0])]);
        close(&turned, [1.0 / 1.64f32.sqrt(), -0.8 / 1.64f32.sqrt(), 0.0]);
        // The same thing wanted and not wanted is wanted.
        close(&of(&[(1.0, [0.0, 1.0, 0.0]), (-1.0, [0.0, 1.0, 0.0])]), [0.0, 1.0, 0.0]);
    }

    #[test]
    fn what_is_only_unwanted_is_the_opposite() {
        close(&of(&[(-1.0, [0.0, 0.0, 1.0])]), [0.0, 0.0, -1.0]);
    }
}
