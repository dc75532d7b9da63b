//! Two orders of photos to one: by what they show and by what is written of them.
//!
//! Their scores have nothing in common, so only places count: reciprocal rank
//! fusion (Cormack, Clarke and Büttcher, SIGIR 2009).

use std::collections::HashMap;

/// How little the first places stand out, as in the paper.
const K: f32 = 60.0;

/// What a photo's places are worth together: greater is better. `shown` are
/// photos by what they show, best first; `named` tells a photo's place, from 0,
/// by what is written of it.
pub(super) fn worth(
    shown: impl Iterator<Item = i64>,
    named: impl Iterator<Item = (i64, usize)>,
) -> HashMap<i64, f32> {
    let mut worth = HashMap::new();
    for (photo, place) in (shown.enumerate().map(|(place, photo)| (photo, place))).chain(named) {
        *worth.entry(photo).or_insert(0.0) += 1.0 / (K + 1.0 + place as f32);
    }
    worth
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(shown: &[i64], named: &[(i64, usize)]) -> Vec<i64> {
        let worth = worth(shown.iter().copied(), named.iter().copied());
        let mut photos: Vec<_> = worth.into_iter().collect();
        photos.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        photos.into_iter().map(|(photo, _)| photo).collect()
    }

    #[test]
    fn one_order_alone_stays_as_it_is() {
        assert_eq!(order(&[3, 1, 2], &[]), [3, 1, 2]);
        assert_eq!(order(&[], &[(7, 0), (5, 1)]), [7, 5]);
    }

    #[test]
    fn what_both_orders_know_comes_before_what_one_does() {
        // 4 is third and second; nothing else is in both.
        assert_eq!(order(&[1, 2, 4], &[(5, 0), (4, 1)])[0], 4);
    }

    #[test]
    fn the_first_of_each_stand_alike_and_photos_of_one_place_too() {
        let worth = worth([1, 2].into_iter(), [(3, 0), (4, 0)].into_iter());
        assert_eq!(worth[&1], worth[&3]);
        assert_eq!(worth[&3], worth[&4]);
        assert!((worth[&2] - 1.0 / 62.0).abs() < 1e-7);
    }
}
