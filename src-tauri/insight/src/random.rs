//! Numbers that look random and are the same every time.

/// SplitMix64 of Steele, Lea and Flood (2014): small, quick, and good enough to
/// draw samples with. Not for secrets.
pub struct Random {
    state: u64,
}

impl Random {
    /// Numbers of one seed are the same for ever: reports depend on it.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0. By multiplication: its bias is
    /// below one in 2^32 for all that is counted here.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// At least 0 and below 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Of the normal distribution with mean 0 and deviation 1 (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// `count` different numbers below `bound` in ascending order, all of them
    /// where there are no more (Floyd's algorithm).
    pub fn sample(&mut self, bound: usize, count: usize) -> Vec<usize> {
        if count >= bound {
            return (0..bound).collect();
        }
        let mut chosen = std::collections::BTreeSet::new();
        for last in bound - count..bound {
            let drawn = self.below(last + 1);
            if !chosen.insert(drawn) {
                chosen.insert(last);
            }
        }
        chosen.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_paper() {
        // The first three of seed 1234567, as Vigna's reference program prints them.
        let mut random = Random::new(1_234_567);
        let three = [random.next(), random.next(), random.next()];
        assert_eq!(three, [6457827717110365317, 3203168211198807973, 9817491932198370423]);
    }

    #[test]
    fn a_sample_has_no_number_twice() {
        let mut random = Random::new(1);
        for (bound, count) in [(10, 3), (10, 9), (10, 10), (10, 20), (1, 1), (0, 5)] {
            let sample = random.sample(bound, count);
            assert_eq!(sample.len(), count.min(bound));
            assert!(sample.is_sorted_by(|a, b| a < b) && sample.iter().all(|&v| v < bound));
        }
    }

    #[test]
    fn normal_numbers_have_mean_0_and_deviation_1() {
        let mut random = Random::new(7);
        let drawn: Vec<f64> = (0..20_000).map(|_| random.normal()).collect();
        let mean = drawn.iter().sum::<f64>() / 20_000.0;
        let variance = drawn.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }
}
