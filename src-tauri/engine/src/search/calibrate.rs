//! What a score means, told from the scores of all photos for one question.
//!
//! A cosine of 0.25 may be the best hit of one question and noise of another,
//! so a fixed threshold cannot work (Immich's issues 5996 and 4437 tell of it).
//! But most photos of a library have nothing to do with a question: their
//! scores are its noise. The lower half of all scores is taken as noise alone,
//! and mirrored at the median to give the noise's spread; a hit is as strong as
//! it stands above that.

use crate::view::Strength;

/// With fewer scores than this their distribution says nothing.
const LEAST_SCORES: usize = 24;

/// Standard deviations above the noise from which a hit is likely, and strong.
/// Measured with the starter over the 26 queries and 350 photos of the test set:
/// strong hits are right in 79 %, strong and likely ones hold 95 % of the right.
const LIKELY: f32 = 3.0;
const STRONG: f32 = 4.5;

/// Lower quartile of a normal distribution, in standard deviations below its
/// median.
const QUARTILE_SIGMAS: f32 = 0.6745;

/// What the scores of one question mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Calibration {
    /// Of all scores.
    median: f32,
    /// The spread of the noise, one standard deviation; `None` in a library too
    /// small to tell noise from hits.
    sigma: Option<f32>,
}

impl Calibration {
    /// Learns the noise from all scores of a question. In a library too small
    /// to tell noise from hits everything is likely.
    pub fn of(scores: impl Iterator<Item = f32>) -> Self {
        let mut scores: Vec<f32> = scores.collect();
        if scores.len() < LEAST_SCORES {
            return Self { median: 0.0, sigma: None };
        }
        let quarter = scores.len() / 4;
        let (_, median, _) = scores.select_nth_unstable_by(2 * quarter, f32::total_cmp);
        let median = *median;
        let (_, lower, _) = scores[..2 * quarter].select_nth_unstable_by(quarter, f32::total_cmp);
        // Half the library may be copies of one photo: a spread of nothing
        // must not make everything else a hit.
        let sigma = ((median - *lower) / QUARTILE_SIGMAS).max(1e-4);
        Self { median, sigma: Some(sigma) }
    }

    /// How far a score stands above the noise, in its standard deviations, so
    /// that hits of several questions can be put in one order.
    pub fn standing(&self, score: f32) -> f32 {
        (score - self.median) / self.sigma.unwrap_or(1.0)
    }

    /// What a score means.
    pub fn strength(&self, score: f32) -> Strength {
        if self.sigma.is_none() {
            return Strength::Likely;
        }
        match self.standing(score) {
            standing if standing >= STRONG => Strength::Strong,
            standing if standing >= LIKELY => Strength::Likely,
            _ => Strength::Weak,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Evenly spread quantiles of noise between -0.1 and 0.1, and some hits.
    fn scores(hits: &[f32]) -> Vec<f32> {
        let mut scores: Vec<f32> = (0..200).map(|n| (n as f32 - 99.5) / 1000.0).collect();
        scores.extend(hits);
        scores
    }

    #[test]
    fn hits_stand_out_of_the_noise_whatever_its_level() {
        for shift in [0.0, 0.2, -0.3] {
            let scores = scores(&[0.9, 0.8]);
            let calibration = Calibration::of(scores.iter().map(|score| score + shift));
            let of = |strength| {
                let told = scores.iter().map(|score| calibration.strength(score + shift));
                told.filter(|&told| told == strength).count()
            };
            assert_eq!((of(Strength::Strong), of(Strength::Likely)), (2, 0), "{calibration:?}");
        }
    }

    #[test]
    fn noise_alone_has_no_hits() {
        let scores = scores(&[]);
        let calibration = Calibration::of(scores.iter().copied());
        assert!(scores.iter().all(|&score| calibration.strength(score) == Strength::Weak));
    }

    #[test]
    fn a_small_library_is_likely_as_a_whole() {
        let calibration = Calibration::of([0.1, 0.2].into_iter());
        assert_eq!([0.1, 0.2].map(|score| calibration.strength(score)), [Strength::Likely; 2]);
        assert!(calibration.standing(0.2) > calibration.standing(0.1));
    }

    #[test]
    fn the_same_distance_from_the_noise_stands_alike() {
        let one = Calibration::of(scores(&[]).into_iter());
        let other = Calibration::of(scores(&[]).into_iter().map(|score| 0.25 + 3.0 * score));
        assert!((one.standing(0.5) - other.standing(0.25 + 1.5)).abs() < 1e-3);
    }
}
