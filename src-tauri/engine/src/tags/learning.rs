//! How a category learns from the photos that the person confirmed and rejected.
//!
//! What they have in common makes two prototypes: the mean of the confirmed ones and
//! that of the rejected ones, each photo taken without what all photos of the library
//! share and brought to length 1 (the mean of a class as in Snell et al.,
//! arXiv 1703.05175). `d` is how much closer a photo is to the first than to the
//! second, in standard deviations over the library. The logarithm of odds that the
//! text gave moves by `a + b d`. The two are the most probable values given the
//! examples, with normal distributions around 0 and [`USUAL_STEEPNESS`] before them:
//! few examples move little, many as much as they say. An example is measured by
//! prototypes without it.
//!
//! Where nothing was rejected, `a` cannot be learned and is [`UNOPPOSED`]. Where there
//! is no text the confirmed ones are what the category is, so only the rejected ones
//! teach it anything more.
//!
//! Over the queries of `queries.tsv` with eight photos and more, five confirmed and
//! five rejected at random, the rest of the photos before and after: precision 0.75
//! and 0.97, recall 0.65 and 0.84; over those of WordNet's classes that have as many,
//! 0.65 and 0.90, 0.54 and 0.76. With five confirmed ones alone 0.62 and 0.70, 0.64 and
//! 0.89.

use super::confidence::of_logit;

/// So many photos are examples enough.
pub(super) const LEARNS_FROM: usize = 5;

/// A prototype of fewer is of one photo rather than of what it shows.
const LEAST_OF_A_KIND: usize = 2;

/// More say nothing new.
pub(super) const MOST_OF_A_KIND: usize = 200;

const USUAL_STEEPNESS: f64 = 1.0;
const STEEPNESS_VARIANCE: f64 = 0.25;
const SHIFT_VARIANCE: f64 = 2.0;
/// With a shift of 0 the confirmed ones would only ever add suggestions.
const UNOPPOSED: f64 = -1.0;

/// Examples of a category: vectors of photos, without the mean of the library and of
/// length 1 again.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Examples {
    pub confirmed: Vec<Vec<f32>>,
    pub rejected: Vec<Vec<f32>>,
}

impl Examples {
    /// Whether they are enough to learn from.
    pub fn are_enough(&self) -> bool {
        self.confirmed.len() + self.rejected.len() >= LEARNS_FROM
            && self.confirmed.len().max(self.rejected.len()) >= LEAST_OF_A_KIND
    }

    /// What the confirmed ones have in common, of length 1.
    pub fn prototype(&self) -> Option<Vec<f32>> {
        prototype(&self.confirmed, None)
    }

    /// What speaks for the confirmed ones, if they have a say, and against the rejected
    /// ones: its product with a photo's vector, as the examples are given, is `d` before
    /// it is standardised.
    pub fn direction(&self, confirmed: bool) -> Option<Vec<f32>> {
        let confirmed = confirmed.then(|| prototype(&self.confirmed, None)).flatten();
        difference(confirmed, prototype(&self.rejected, None))
    }

    /// That product of each example, confirmed ones first, each measured without
    /// itself.
    pub fn products(&self, confirmed: bool) -> Vec<f32> {
        let of_confirmed =
            |without| confirmed.then(|| prototype(&self.confirmed, without)).flatten();
        let (all_confirmed, all_rejected) = (of_confirmed(None), prototype(&self.rejected, None));
        let product = |vector: &[f32], direction: Option<Vec<f32>>| {
            direction.map_or(0.0, |direction| dot(vector, &direction))
        };
        let own = self.confirmed.iter().enumerate().map(|(at, vector)| {
            product(vector, difference(of_confirmed(Some(at)), all_rejected.clone()))
        });
        let others = self.rejected.iter().enumerate().map(|(at, vector)| {
            let without = prototype(&self.rejected, Some(at));
            product(vector, difference(all_confirmed.clone(), without))
        });
        own.chain(others).collect()
    }

    /// The closeness of each confirmed one to the prototype of the others.
    pub fn closeness(&self) -> Vec<f32> {
        let own = self.confirmed.iter().enumerate();
        own.map(|(at, vector)| {
            prototype(&self.confirmed, Some(at)).map_or(0.0, |others| dot(vector, &others))
        })
        .collect()
    }
}

/// The mean of vectors, brought to length 1, without one of them.
fn prototype(vectors: &[Vec<f32>], without: Option<usize>) -> Option<Vec<f32>> {
    if vectors.len() < LEAST_OF_A_KIND {
        return None;
    }
    let mut sum = vec![0.0; vectors.first()?.len()];
    let others = vectors.iter().enumerate().filter(|(at, _)| Some(*at) != without);
    for (_, vector) in others {
        sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value);
    }
    unit(sum)
}

fn difference(a: Option<Vec<f32>>, b: Option<Vec<f32>>) -> Option<Vec<f32>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.iter().zip(&b).map(|(a, b)| a - b).collect()),
        (Some(a), None) => Some(a),
        (None, Some(b)) => Some(b.iter().map(|b| -b).collect()),
        (None, None) => None,
    }
}

/// Of length 1; `None` for a vector without a direction.
pub(super) fn unit(mut vector: Vec<f32>) -> Option<Vec<f32>> {
    let length = dot(&vector, &vector).sqrt();
    (length > 1e-6).then(|| {
        vector.iter_mut().for_each(|value| *value /= length);
        vector
    })
}

pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// What a category learned: the logarithm of odds moves by `shift + steepness d`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lesson {
    pub shift: f32,
    pub steepness: f32,
}

/// An example as it is learned from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Observation {
    /// The logarithm of odds without it.
    pub logit: f32,
    /// How much closer it is to the confirmed ones, in standard deviations.
    pub d: f32,
    pub confirmed: bool,
}

impl Lesson {
    /// The most probable one, by Newton's method.
    pub fn of(observations: &[Observation]) -> Self {
        // All of one kind say nothing of how often a category is suggested.
        let any = |confirmed| observations.iter().any(|one| one.confirmed == confirmed);
        let (usual_shift, shift_variance) = match (any(true), any(false)) {
            (true, true) => (0.0, SHIFT_VARIANCE),
            (true, false) => (UNOPPOSED, 1e-6),
            (false, _) => (0.0, 1e-6),
        };
        let (mut a, mut b) = (usual_shift, USUAL_STEEPNESS);
        for _ in 0..50 {
            let mut gradient =
                [(a - usual_shift) / shift_variance, (b - USUAL_STEEPNESS) / STEEPNESS_VARIANCE];
            let mut hessian = [1.0 / shift_variance, 0.0, 1.0 / STEEPNESS_VARIANCE];
            for one in observations {
                let d = f64::from(one.d);
                let p = f64::from(of_logit((f64::from(one.logit) + a + b * d) as f32));
                let error = p - f64::from(u8::from(one.confirmed));
                let weight = p * (1.0 - p);
                gradient[0] += error;
                gradient[1] += error * d;
                hessian[0] += weight;
                hessian[1] += weight * d;
                hessian[2] += weight * d * d;
            }
            let [aa, ab, bb] = hessian;
            let determinant = aa * bb - ab * ab;
            let step = [
                (bb * gradient[0] - ab * gradient[1]) / determinant,
                (aa * gradient[1] - ab * gradient[0]) / determinant,
            ];
            // Newton's method overshoots where all probabilities are near 0 or 1.
            let most = step[0].abs().max(step[1].abs()).max(1.0);
            a -= step[0] / most;
            b -= step[1] / most;
            if step[0].abs().max(step[1].abs()) < 1e-9 {
                break;
            }
        }
        // Farther from the confirmed ones never speaks for a photo.
        Self { shift: a as f32, steepness: b.max(0.0) as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(confirmed: &[[f32; 2]], rejected: &[[f32; 2]]) -> Examples {
        let vectors = |list: &[[f32; 2]]| list.iter().map(|v| unit(v.to_vec()).unwrap()).collect();
        Examples { confirmed: vectors(confirmed), rejected: vectors(rejected) }
    }

    #[test]
    fn confirmed_ones_attract_and_rejected_ones_repel() {
        let both = examples(&[[1.0, 0.1], [1.0, -0.1]], &[[0.1, 1.0], [-0.1, 1.0]]);
        let direction = both.direction(true).unwrap();
        assert!((direction[0] - 1.0).abs() < 1e-6 && (direction[1] + 1.0).abs() < 1e-6);
        let products = both.products(true);
        assert!(products[..2].iter().all(|p| *p > 0.5) && products[2..].iter().all(|p| *p < -0.5));
        let against = both.direction(false).unwrap();
        assert!(against[0].abs() < 1e-6 && (against[1] + 1.0).abs() < 1e-6);
        let few = examples(&[[1.0, 0.0]], &[]);
        assert_eq!(few.direction(true), None);
        assert!(!few.are_enough());
    }

    #[test]
    fn an_example_is_measured_without_itself() {
        let odd = examples(&[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], &[]);
        let closeness = odd.closeness();
        assert!(closeness[2].abs() < 1e-6, "the others say nothing of it: {closeness:?}");
        assert!(closeness[0] > 0.7);
    }

    #[test]
    fn examples_say_what_was_right() {
        let observe = |logit, d, confirmed| Observation { logit, d, confirmed };
        let shy: Vec<_> = (0..5)
            .map(|_| observe(-2.0, 2.0, true))
            .chain((0..5).map(|_| observe(-2.0, -1.0, false)))
            .collect();
        let lesson = Lesson::of(&shy);
        assert!(lesson.steepness > USUAL_STEEPNESS as f32, "{lesson:?}");
        assert!(-2.0 + lesson.shift + 2.0 * lesson.steepness > 0.5, "{lesson:?}");
        let wrong: Vec<_> = (0..5).map(|_| observe(3.0, 0.0, false)).collect();
        let lesson = Lesson::of(&wrong);
        assert!(lesson.shift.abs() < 0.01, "without a right one: {lesson:?}");
        let misled: Vec<_> = (0..20)
            .map(|_| observe(0.0, -3.0, true))
            .chain((0..20).map(|_| observe(0.0, 3.0, false)))
            .collect();
        assert!(Lesson::of(&misled).steepness >= 0.0);
    }

    #[test]
    fn far_odds_do_not_upset_it() {
        for logit in [-500.0, 500.0] {
            for confirmed in [true, false] {
                let one = Observation { logit, d: 50.0, confirmed };
                let other = Observation { logit, d: -50.0, confirmed: !confirmed };
                let lesson = Lesson::of(&[one, other, one]);
                assert!(lesson.shift.is_finite() && lesson.steepness.is_finite(), "{lesson:?}");
            }
        }
    }
}
