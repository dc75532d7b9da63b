//! Finding hashes that differ in few bits without comparing all with all.
//!
//! Multi-index hashing (Norouzi, Punjani and Fleet, "Fast Search in Hamming Space
//! with Multi-Index Hashing", CVPR 2012): 64 bits in four bands of 16. Two hashes
//! that differ in at most 11 bits differ in at most 2 in one of the bands, or all
//! four would make 12. So each band is looked up as it is and with every one or
//! two of its bits turned, 137 lookups, and what is found is compared whole:
//! nothing is missed. Of `n` evenly spread hashes that compares each with n / 120.
//! The worst case, all in one bucket, is comparing all with all by one
//! instruction each.

use std::sync::LazyLock;

const BANDS: usize = 4;
const BAND_BITS: u32 = 16;

/// Bits that are turned in a band.
const TURNED: u32 = 2;

/// The farthest that is found.
pub(super) const FARTHEST: u32 = BANDS as u32 * (TURNED + 1) - 1;

/// Hashes by their bands.
pub(super) struct Near {
    hashes: Vec<u64>,
    bands: [Band; BANDS],
}

/// The positions of the hashes, by what one band of theirs says.
struct Band {
    /// Where each value's positions begin, and, at the end, where the last end.
    begins: Vec<u32>,
    positions: Vec<u32>,
}

fn band(hash: u64, number: usize) -> u16 {
    (hash >> (BAND_BITS * number as u32)) as u16
}

impl Near {
    /// Sorts hashes into their buckets.
    pub fn of(hashes: Vec<u64>) -> Self {
        let bands = std::array::from_fn(|number| {
            let mut begins = vec![0u32; (1 << BAND_BITS) + 1];
            for &hash in &hashes {
                begins[usize::from(band(hash, number)) + 1] += 1;
            }
            for value in 1..begins.len() {
                begins[value] += begins[value - 1];
            }
            let mut free = begins.clone();
            let mut positions = vec![0; hashes.len()];
            for (position, &hash) in hashes.iter().enumerate() {
                let next = &mut free[usize::from(band(hash, number))];
                positions[*next as usize] = position as u32;
                *next += 1;
            }
            Band { begins, positions }
        });
        Self { hashes, bands }
    }

    /// Hands over the positions of all hashes within `farthest` bits of `hash`,
    /// each once, with their distances, until `visit` says no.
    pub fn visit(&self, hash: u64, farthest: u32, mut visit: impl FnMut(usize, u32) -> bool) {
        static MASKS: LazyLock<Vec<u16>> =
            LazyLock::new(|| (0..=u16::MAX).filter(|mask| mask.count_ones() <= TURNED).collect());
        debug_assert!(farthest <= FARTHEST);
        for (number, index) in self.bands.iter().enumerate() {
            for mask in MASKS.iter() {
                let value = usize::from(band(hash, number) ^ mask);
                let (from, to) = (index.begins[value] as usize, index.begins[value + 1] as usize);
                for &position in &index.positions[from..to] {
                    let position = position as usize;
                    let different = hash ^ self.hashes[position];
                    let distance = different.count_ones();
                    // It was found by an earlier band, if that is near as well.
                    let seen = || (0..number).any(|n| band(different, n).count_ones() <= TURNED);
                    if distance <= farthest && !seen() && !visit(position, distance) {
                        return;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;

    fn found(near: &Near, hash: u64, farthest: u32) -> Vec<(usize, u32)> {
        let mut found = Vec::new();
        near.visit(hash, farthest, |position, distance| {
            found.push((position, distance));
            true
        });
        found.sort_unstable();
        found
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_comparing_all_finds(
            base: u64,
            turned in prop::collection::vec(prop::collection::vec(0u32..64, 0..16), 1..60),
            farthest in 0..=FARTHEST,
        ) {
            let turn = |bits: &Vec<u32>| bits.iter().fold(base, |hash, bit| hash ^ 1 << bit);
            let hashes: Vec<u64> = turned.iter().map(turn).collect();
            let near = Near::of(hashes.clone());
            for &hash in &hashes {
                let all: Vec<(usize, u32)> = hashes
                    .iter()
                    .enumerate()
                    .map(|(position, other)| (position, (hash ^ other).count_ones()))
                    .filter(|(_, distance)| *distance <= farthest)
                    .collect();
                prop_assert_eq!(found(&near, hash, farthest), all);
            }
        }
    }

    #[test]
    fn a_visit_ends_when_it_is_told_to() {
        let near = Near::of(vec![7; 100]);
        let mut seen = 0;
        near.visit(7, 3, |_, _| {
            seen += 1;
            seen < 5
        });
        assert_eq!(seen, 5);
        assert!(found(&Near::of(Vec::new()), 7, 11).is_empty());
    }

    /// A hundred thousand photos, a tenth of which look nearly the same, as
    /// screenshots do.
    #[test]
    fn a_hundred_thousand_are_compared_in_seconds() {
        let mut state = 88_172_645_463_325_252u64;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let crowd = next();
        let hashes: Vec<u64> = (0..100_000)
            .map(|n| {
                let random = next();
                if n % 10 == 0 {
                    crowd ^ (random & next() & next() & next() & next())
                } else {
                    random
                }
            })
            .collect();
        let began = Instant::now();
        let near = Near::of(hashes.clone());
        let mut pairs = 0u64;
        for &hash in &hashes {
            near.visit(hash, FARTHEST, |_, _| {
                pairs += 1;
                true
            });
        }
        let took = began.elapsed();
        println!("{pairs} pairs of 100,000 hashes in {took:?}");
        assert!(pairs > 10_000 * 1000 && took.as_secs() < 120, "{pairs} in {took:?}");
    }
}
