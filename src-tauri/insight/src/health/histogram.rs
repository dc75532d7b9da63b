//! How cosines are spread.

use serde::Serialize;

/// Bins of a [`Histogram`].
pub const BINS: usize = 100;

/// Cosines in bins from -1 to 1, each 0.02 wide, so that histograms of different
/// models and libraries can be laid over each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Histogram {
    /// How many cosines are in each bin, [`BINS`] in number. A bin has its lower
    /// edge; the last has 1 too.
    pub bins: Vec<u64>,
    /// How many cosines in all.
    pub count: u64,
    /// Their mean, 0 where there are none, as those that follow.
    pub mean: f64,
    /// Their standard deviation.
    pub deviation: f64,
    /// The smallest.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

impl Histogram {
    /// Counts cosines; what is not a number is left out, and what rounding has put
    /// beyond 1 is 1.
    pub fn of(cosines: impl IntoIterator<Item = f32>) -> Self {
        let mut bins = vec![0; BINS];
        let (mut count, mut sum, mut squares) = (0_u64, 0.0, 0.0);
        let (mut min, mut max) = (1.0_f64, -1.0_f64);
        for cosine in cosines.into_iter().filter(|cosine| !cosine.is_nan()) {
            let cosine = f64::from(cosine).clamp(-1.0, 1.0);
            let bin = (cosine + 1.0) / 2.0 * BINS as f64;
            bins[(bin as usize).min(BINS - 1)] += 1;
            count += 1;
            sum += cosine;
            squares += cosine * cosine;
            (min, max) = (min.min(cosine), max.max(cosine));
        }
        if count == 0 {
            (min, max) = (0.0, 0.0);
        }
        let mean = sum / count.max(1) as f64;
        let deviation = (squares / count.max(1) as f64 - mean * mean).max(0.0).sqrt();
        Self { bins, count, mean, deviation, min, max }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cosine_is_in_the_bin_whose_lower_edge_it_reaches() {
        let histogram = Histogram::of([-1.0, -0.5, 0.0, 0.01, 0.5, 1.0, 1.000_001, f32::NAN]);
        let filled: Vec<_> = (0..BINS).filter(|&bin| histogram.bins[bin] > 0).collect();
        assert_eq!(filled, [0, 25, 50, 75, 99]);
        assert_eq!((histogram.bins[50], histogram.bins[99], histogram.count), (2, 2, 7));
        assert_eq!((histogram.min, histogram.max), (-1.0, 1.0));
    }

    #[test]
    fn mean_and_deviation_are_those_of_the_cosines() {
        let histogram = Histogram::of([0.25, 0.75]);
        assert_eq!((histogram.mean, histogram.deviation), (0.5, 0.25));
        let nothing = Histogram::of([]);
        assert_eq!((nothing.count, nothing.mean, nothing.min, nothing.max), (0, 0.0, 0.0, 0.0));
    }
}
