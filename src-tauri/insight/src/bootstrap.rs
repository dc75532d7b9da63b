//! How sure a mean over few queries is: percentile bootstrap.
//!
//! Queries are drawn again with replacement [`RESAMPLES`] times, as many as there
//! are; the interval holds the middle 95 % of what came out. The draws are the
//! same every time.

use rayon::prelude::*;
use serde::Serialize;

use crate::random::Random;

/// How often queries are drawn again.
pub const RESAMPLES: usize = 2000;

/// Any number does; it stays, so that figures can be compared from day to day.
const SEED: u64 = 0x0af7_e213_a6e5_0001;

/// A figure and its 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Estimate {
    /// The figure itself, over all observations.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// The means of several figures over the same observations. All are drawn
/// together, so that differences between them are as sure as they look. Zeros
/// where there are no observations.
pub fn means<const N: usize>(observations: &[[f64; N]]) -> [Estimate; N] {
    let mean = |sum: [f64; N]| sum.map(|sum| sum / observations.len().max(1) as f64);
    let values = mean(observations.iter().fold([0.0; N], add));
    let drawn: Vec<[f64; N]> = resamples(observations.len(), |random| {
        let mut sum = [0.0; N];
        for _ in 0..observations.len() {
            sum = add(sum, &observations[random.below(observations.len())]);
        }
        mean(sum)
    });
    std::array::from_fn(|figure| {
        interval(values[figure], drawn.iter().map(|means| means[figure]).collect())
    })
}

/// A figure of all `observations`, numbered from 0, that is no mean of them. It is
/// given the numbers that were drawn.
pub fn figure(
    observations: usize,
    figure: impl Fn(&mut dyn Iterator<Item = usize>) -> f64 + Sync,
) -> Estimate {
    let drawn = resamples(observations, |random| {
        figure(&mut (0..observations).map(|_| random.below(observations)))
    });
    interval(figure(&mut (0..observations)), drawn)
}

/// The median of the observations, 0 where there are none.
pub fn median(observations: &[f64]) -> Estimate {
    let drawn = resamples(observations.len(), |random| {
        let again = observations.iter().map(|_| observations[random.below(observations.len())]);
        middle(again.collect())
    });
    interval(middle(observations.to_vec()), drawn)
}

/// Half way between the two in the middle, where their number is even.
fn middle(mut values: Vec<f64>) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let half = values.len() / 2;
    let even = values.len().is_multiple_of(2);
    let (below, &mut upper, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    let lower = below.iter().copied().max_by(f64::total_cmp);
    lower.filter(|_| even).map_or(upper, |lower| f64::midpoint(lower, upper))
}

/// Each resample has a seed of its own: what comes out does not depend on how
/// many cores there are.
fn resamples<T: Send>(observations: usize, draw: impl Fn(&mut Random) -> T + Sync) -> Vec<T> {
    let count = if observations == 0 { 0 } else { RESAMPLES };
    let seeds: Vec<u64> = {
        let mut random = Random::new(SEED);
        (0..count).map(|_| random.next()).collect()
    };
    seeds.into_par_iter().map(|seed| draw(&mut Random::new(seed))).collect()
}

fn interval(value: f64, mut drawn: Vec<f64>) -> Estimate {
    drawn.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| {
        let place = (share * (drawn.len() as f64 - 1.0)).round();
        drawn.get(place as usize).copied().unwrap_or(value)
    };
    Estimate { value, low: at(0.025), high: at(0.975) }
}

fn add<const N: usize>(mut sum: [f64; N], more: &[f64; N]) -> [f64; N] {
    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_mean_is_as_wide_as_theory_says() {
        // 400 throws of a coin: deviation of the mean 0.5 / 20 = 0.025.
        let throws: Vec<[f64; 1]> = (0..400).map(|n| [f64::from(n % 2)]).collect();
        let [estimate] = means(&throws);
        assert_eq!(estimate.value, 0.5);
        assert!((estimate.low - (0.5 - 1.96 * 0.025)).abs() < 0.006, "{estimate:?}");
        assert!((estimate.high - (0.5 + 1.96 * 0.025)).abs() < 0.006, "{estimate:?}");
    }

    #[test]
    fn the_same_observations_give_the_same_interval() {
        let observations: Vec<[f64; 2]> =
            (0..50).map(|n| [f64::from(n), f64::from(n * n)]).collect();
        assert_eq!(means(&observations), means(&observations));
        let few = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(few.install(|| means(&observations)), means(&observations));
    }

    #[test]
    fn what_never_varies_is_sure_and_nothing_gives_zeros() {
        let same = [[0.25]; 9];
        assert_eq!(means(&same), [Estimate { value: 0.25, low: 0.25, high: 0.25 }]);
        assert_eq!(means::<1>(&[]), [Estimate::default()]);
        assert_eq!(median(&[]), Estimate::default());
    }

    #[test]
    fn the_median_of_an_even_number_is_half_way() {
        assert_eq!(median(&[4.0, 1.0, 3.0, 10.0]).value, 3.5);
        assert_eq!(median(&[4.0, 1.0, 3.0]).value, 3.0);
    }
}
