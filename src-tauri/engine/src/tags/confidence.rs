//! From how far a photo stands out for a category to how sure it is.
//!
//! Cosines of one category are not those of another: "a photo of something" lies
//! near everything. So a photo has to stand out among the photos, and the category
//! among all that could be said of the photo:
//!
//! - `z`: how many spreads its score is above the median of the category's scores
//!   over the library. Most photos show something else, so that the lower half of
//!   them is noise alone;
//! - `share`: at which share of the height of the best two it stands. Where
//!   something fits well, what fits half as well is only its neighbour;
//! - `apart`: how many standard deviations the score is above the photo's scores of
//!   a set of neutral captions.
//!
//! A logistic regression makes a confidence of the three, the same for every
//! category. It was fitted with the starter over 350 photos to the 26 queries of
//! `queries.tsv` and 40 things that no photo shows. With a sixth of both left out in
//! turn, suggestions of a confidence of a half and more have a precision of 0.84 and
//! a recall of 0.78 in the mean of the queries (an empty set counts as precision 0),
//! and 0.2 wrong ones for a thing that no photo shows. Without the third: 0.72, 0.57
//! and 0.5. Of those queries, 25 are a bundled category: with its prompts 0.83 and
//! 0.80, though it was not fitted to them.
//!
//! The numbers are standardised, so other models get the same; with none of the
//! CLIP family could that be measured.

/// With fewer photos than this their scores say nothing of each other.
pub(super) const LEAST_PHOTOS: usize = 24;

/// Less is no suggestion: of ten such, nine are wrong.
pub(super) const LEAST: f32 = 0.1;

/// What counts how much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Weights {
    pub z: f32,
    pub share: f32,
    pub apart: f32,
    pub none: f32,
}

/// Of a text among photos.
pub(super) const TEXT: Weights = Weights { z: 0.826, share: 2.142, apart: 1.248, none: -10.803 };

/// Of a text where there are too few photos: precision 0.85 and recall 0.67 then.
pub(super) const TEXT_ALONE: Weights = Weights { z: 0.0, share: 0.0, apart: 2.143, none: -9.594 };

/// Of the mean of examples, without a text. Fitted to the photos of WordNet's classes
/// that are none of the 26; these, by five examples each, then have 0.86 and 0.73.
pub(super) const EXAMPLES: Weights = Weights { z: 0.27, share: 8.61, apart: 0.0, none: -7.26 };

/// A confidence, 0 to 1, of its logarithm of odds.
pub(super) fn of_logit(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// The logarithm of odds of a confidence between 0 and 1.
pub(super) fn logit(confidence: f32) -> f32 {
    (confidence / (1.0 - confidence)).ln()
}

/// How the scores of one category lie over the library.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Background {
    pub median: f32,
    /// Standard deviation of the noise.
    pub sigma: f32,
    /// Of the best two above the median.
    pub height: f32,
}

/// Lower quartile of a normal distribution, in standard deviations below its median.
const QUARTILE_SIGMAS: f32 = 0.6745;

/// A spread below that, as of a library of copies, is none that is known.
const LEAST_SIGMA: f32 = 5e-3;

impl Background {
    /// Of some scores, which are put into another order, and the best two of all;
    /// `None` where there are none.
    pub fn of(scores: &mut [f32], best: [f32; 2]) -> Option<Self> {
        let quarter = scores.len() / 4;
        let half = scores.len() / 2;
        let (below, median, _) =
            (half < scores.len()).then(|| scores.select_nth_unstable_by(half, f32::total_cmp))?;
        let median = *median;
        let lower = match below.is_empty() {
            true => median,
            false => *below.select_nth_unstable_by(quarter, f32::total_cmp).1,
        };
        let sigma = ((median - lower) / QUARTILE_SIGMAS).max(LEAST_SIGMA);
        let best: Vec<f32> = best.into_iter().filter(|score| score.is_finite()).collect();
        let height = best.iter().sum::<f32>() / best.len().max(1) as f32 - median;
        Some(Self { median, sigma, height: height.max(LEAST_SIGMA) })
    }
}

/// The logarithm of odds of a score is `slope * score + offset`, of which `apart`
/// has the part that depends on the photo.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Line {
    pub slope: f32,
    pub offset: f32,
    /// Times [`Apart::slope`] and [`Apart::offset`].
    pub apart: f32,
}

impl Line {
    /// By the background; `None` for one stands for a library too small to have one.
    pub fn of(weights: Weights, background: Option<Background>) -> Self {
        let Weights { z, share, apart, none } = weights;
        let Some(Background { median, sigma, height }) = background else {
            return Self { slope: 0.0, offset: none, apart };
        };
        let slope = z / sigma + share / height;
        Self { slope, offset: none - slope * median, apart }
    }

    /// The logarithm of odds of a score of a photo.
    pub fn logit(&self, score: f32, photo: Apart) -> f32 {
        (self.slope + self.apart * photo.slope) * score + self.offset + self.apart * photo.offset
    }
}

/// How far a photo's score is apart from those of the neutral captions, as
/// `slope * score + offset`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Apart {
    pub slope: f32,
    pub offset: f32,
}

impl Apart {
    /// Of the photo's scores of the neutral captions; of none it is always 0.
    pub fn of(neutral: &[f32]) -> Self {
        if neutral.is_empty() {
            return Self::default();
        }
        let count = neutral.len() as f32;
        let mean = neutral.iter().sum::<f32>() / count;
        let square = neutral.iter().map(|score| (score - mean) * (score - mean)).sum::<f32>();
        let slope = 1.0 / (square / count).sqrt().max(LEAST_SIGMA);
        Self { slope, offset: -slope * mean }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logits_and_confidences_are_each_others_inverse() {
        for confidence in [0.01, 0.2, 0.5, 0.93] {
            assert!((of_logit(logit(confidence)) - confidence).abs() < 1e-6);
        }
        assert_eq!((of_logit(-200.0), of_logit(200.0)), (0.0, 1.0));
    }

    #[test]
    fn a_line_says_what_its_weights_say() {
        let background = Background { median: 0.1, sigma: 0.05, height: 0.4 };
        let neutral = [0.0, 0.1, 0.2, 0.1];
        let photo = Apart::of(&neutral);
        let (score, deviation) = (0.35, 0.005_f32.sqrt());
        let expected = TEXT.z * (0.25 / 0.05)
            + TEXT.share * (0.25 / 0.4)
            + TEXT.apart * (0.25 / deviation)
            + TEXT.none;
        let logit = Line::of(TEXT, Some(background)).logit(score, photo);
        assert!((logit - expected).abs() < 1e-3, "{logit} {expected}");
        let alone = Line::of(TEXT_ALONE, None).logit(score, photo);
        let expected = TEXT_ALONE.apart * (0.25 / deviation) + TEXT_ALONE.none;
        assert!((alone - expected).abs() < 1e-3, "{alone} {expected}");
    }

    #[test]
    fn a_background_is_told_from_the_lower_half() {
        // 0 to 99, and what stands out says nothing of the noise.
        let mut scores: Vec<f32> = (0..100).map(|at| at as f32 / 100.0).collect();
        scores[99] = 50.0;
        let background = Background::of(&mut scores, [50.0, 2.0]).unwrap();
        assert_eq!(background.median, 0.5);
        assert!((background.sigma - 0.25 / QUARTILE_SIGMAS).abs() < 1e-6);
        assert_eq!(background.height, 25.5);
        assert_eq!(Background::of(&mut [], [f32::NEG_INFINITY; 2]), None);
        let of_copies = Background::of(&mut [0.3; 40], [0.3, 0.3]).unwrap();
        assert_eq!((of_copies.sigma, of_copies.height), (LEAST_SIGMA, LEAST_SIGMA));
        let one = Background::of(&mut [0.3], [0.3, f32::NEG_INFINITY]).unwrap();
        assert_eq!(one.median, 0.3);
    }
}
