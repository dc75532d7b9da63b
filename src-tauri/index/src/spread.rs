//! How scores are spread: a histogram that a scan fills on its way.

/// Bins between -1 and 1. Their width, a two-thousandth, is a tenth of what a
/// coarse score may be wrong by; their counts fit the first cache.
const BINS: usize = 4096;

/// Scores whose bins are found together.
const GROUP: usize = 64;

/// Scores by size. Those outside -1 to 1 count as the nearest inside.
#[derive(Debug, Clone)]
pub struct Spread {
    counts: Box<[u32; BINS]>,
}

impl Default for Spread {
    fn default() -> Self {
        Self { counts: Box::new([0; BINS]) }
    }
}

impl Spread {
    /// Adds scores, but not those of rows that have none: the least of all numbers.
    pub fn add(&mut self, scores: &[f32]) {
        for scores in scores.chunks(GROUP) {
            // Apart from the counting, so that the compiler may use vectors.
            let mut bins = [0; GROUP];
            bins.iter_mut().zip(scores).for_each(|(to, score)| *to = bin(*score));
            for (&bin, &score) in bins.iter().zip(scores) {
                self.counts[bin as usize % BINS] += u32::from(score > f32::MIN);
            }
        }
    }

    pub fn merge(mut self, other: Self) -> Self {
        for (count, more) in self.counts.iter_mut().zip(other.counts.iter()) {
            *count += more;
        }
        self
    }

    pub fn count(&self) -> usize {
        self.counts.iter().map(|&count| count as usize).sum()
    }

    /// A score that at least `count` scores reach, and few more; less than all
    /// where there are not so many.
    pub fn edge(&self, count: usize) -> f32 {
        let mut above = 0;
        for bin in (1..BINS).rev() {
            above += self.counts[bin] as usize;
            if above >= count {
                return start(bin as f32);
            }
        }
        f32::MIN
    }

    /// How many scores are at least this one, counting a part of its bin.
    pub fn at_least(&self, score: f32) -> usize {
        let bin = bin(score) as usize;
        let above: usize = self.counts[bin + 1..].iter().map(|&count| count as usize).sum();
        let part = (start(bin as f32 + 1.0) - score) * (BINS / 2) as f32;
        above + (self.counts[bin] as f32 * part.clamp(0.0, 1.0)).round() as usize
    }

    /// The score that a share of all does not exceed, evenly within its bin;
    /// `None` where there are none.
    pub fn quantile(&self, share: f64) -> Option<f32> {
        let total = self.count();
        let mut rest = share.clamp(0.0, 1.0) * total as f64;
        let mut last = None;
        for (bin, &count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let count = f64::from(count);
            last = Some(start(bin as f32 + (rest / count).min(1.0) as f32));
            if rest <= count {
                break;
            }
            rest -= count;
        }
        last
    }
}

fn bin(score: f32) -> u32 {
    // Between 2 and 4 the first twelve bits behind the point tell the bin: no
    // number has to be converted.
    let score = if score > -1.0 { score } else { -1.0 };
    let score = if score < 1.0 { score } else { 1.0 - f32::EPSILON };
    ((score + 3.0).min(4.0 - 2.0 * f32::EPSILON).to_bits() >> 11) & (BINS as u32 - 1)
}

/// The least score of a bin.
fn start(bin: f32) -> f32 {
    bin / (BINS / 2) as f32 - 1.0
}
