//! How good labels without training are: which class scores best for each photo.
//!
//! A photo has one right class. Classes of the same score share their places as in
//! [`retrieval`](crate::retrieval), so a class is never right by chance: where the
//! right one and others score best together, one of the others counts as found.

use std::collections::HashMap;

use rayon::prelude::*;
use serde::Serialize;

use crate::bootstrap::{self, Estimate};
use crate::retrieval::Ranks;

/// What was found for one photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// The right class.
    pub class: usize,
    /// The class found: the right one where its rank is 1, or else the best of the
    /// others, the first of them where several are.
    pub found: usize,
    /// Rank of the right class, from 1.
    pub rank: usize,
}

impl Judged {
    /// By the scores of all classes; greater is better.
    ///
    /// # Panics
    /// Where `class` is not below `scores.len()`.
    pub fn of(scores: &[f32], class: usize) -> Self {
        let rank = Ranks::of(scores, &[class]).relevant[0];
        let ordered = |class: usize| {
            if scores[class].is_nan() { f32::NEG_INFINITY } else { scores[class] }
        };
        let others = (0..scores.len()).filter(|&other| other != class);
        let best =
            others.reduce(|best, other| if ordered(other) > ordered(best) { other } else { best });
        let found = if rank == 1 { class } else { best.unwrap_or(class) };
        Self { class, found, rank }
    }

    /// Whether the right class was found.
    pub fn right(&self) -> bool {
        self.rank == 1
    }
}

/// Judges many photos on all cores. `score` writes the scores of a photo into the
/// slice of `classes` that it is given; `labels` has the right class of each photo.
///
/// # Panics
/// As [`Judged::of`].
pub fn judge(
    classes: usize,
    labels: &[usize],
    score: impl Fn(usize, &mut [f32]) + Sync,
) -> Vec<Judged> {
    let photos = labels.par_iter().enumerate();
    let judged = photos.map_init(
        || vec![0.0; classes],
        |scores, (photo, &label)| {
            score(photo, scores);
            Judged::of(scores, label)
        },
    );
    judged.collect()
}

/// Figures of one class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClassFigures {
    /// The class, from 0.
    pub class: usize,
    /// Photos of this class.
    pub photos: usize,
    /// Photos for which this class was found.
    pub found: usize,
    /// Photos of this class for which it was found.
    pub right: usize,
    /// `right / photos`, which others call the accuracy of the class; `None` where
    /// it has no photos.
    pub recall: Option<f64>,
    /// `right / found`; `None` where it was found for no photo.
    pub precision: Option<f64>,
}

/// One class taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// The right class.
    pub class: usize,
    /// The class found instead.
    pub found: usize,
    /// For how many photos.
    pub photos: usize,
}

/// Figures of all photos.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassificationReport {
    /// How many photos have a label.
    pub photos: usize,
    /// How many classes there were to choose from.
    pub classes: usize,
    /// Share of photos whose right class is the first, 0 to 1.
    pub top_1: Estimate,
    /// Share of photos whose right class is among the first 5, 0 to 1.
    pub top_5: Estimate,
    /// Mean of the recall of the classes that have photos, 0 to 1: a large class
    /// counts no more than a small one.
    pub mean_class_accuracy: Estimate,
    /// Each class, in order.
    pub per_class: Vec<ClassFigures>,
    /// Classes taken for others, the most frequent first; pairs that never happened
    /// are left out.
    pub confusions: Vec<Confusion>,
}

impl ClassificationReport {
    /// Sums up the photos. Shares are 0 where there are none.
    ///
    /// # Panics
    /// Where a class of a photo is not below `classes`.
    pub fn new(classes: usize, judged: &[Judged]) -> Self {
        let mut counts = vec![[0; 3]; classes];
        let mut pairs: HashMap<(usize, usize), usize> = HashMap::new();
        for photo in judged {
            counts[photo.class][0] += 1;
            counts[photo.found][1] += 1;
            if photo.right() {
                counts[photo.class][2] += 1;
            } else {
                *pairs.entry((photo.class, photo.found)).or_default() += 1;
            }
        }
        let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
        let per_class = counts.iter().enumerate().map(|(class, &[photos, found, right])| {
            let (recall, precision) = (share(right, photos), share(right, found));
            ClassFigures { class, photos, found, right, recall, precision }
        });
        let mut confusions: Vec<Confusion> = pairs
            .into_iter()
            .map(|((class, found), photos)| Confusion { class, found, photos })
            .collect();
        confusions.sort_unstable_by_key(|pair| (usize::MAX - pair.photos, pair.class, pair.found));

        let among = |first: usize| move |photo: &Judged| f64::from(u8::from(photo.rank <= first));
        let tops: Vec<[f64; 2]> =
            judged.iter().map(|photo| [among(1)(photo), among(5)(photo)]).collect();
        let [top_1, top_5] = bootstrap::means(&tops);
        let mean_class_accuracy = bootstrap::figure(judged.len(), |drawn| {
            let mut counts = vec![(0_u32, 0_u32); classes];
            for photo in drawn.map(|photo| &judged[photo]) {
                counts[photo.class].0 += 1;
                counts[photo.class].1 += u32::from(photo.right());
            }
            let recalls = counts.iter().filter(|count| count.0 > 0);
            let (sum, number) = recalls.fold((0.0, 0_u32), |(sum, number), (photos, right)| {
                (sum + f64::from(*right) / f64::from(*photos), number + 1)
            });
            sum / f64::from(number.max(1))
        });
        Self {
            photos: judged.len(),
            classes,
            top_1,
            top_5,
            mean_class_accuracy,
            per_class: per_class.collect(),
            confusions,
        }
    }

    /// How many photos of the class of the row had that of the column found:
    /// `(classes, classes)`, row by row. Large where there are many classes; the
    /// [`confusions`](Self::confusions) say the same in less room.
    pub fn confusion_matrix(&self) -> Vec<usize> {
        let mut matrix = vec![0; self.classes * self.classes];
        for class in &self.per_class {
            matrix[class.class * (self.classes + 1)] = class.right;
        }
        for pair in &self.confusions {
            matrix[pair.class * self.classes + pair.found] = pair.photos;
        }
        matrix
    }
}

/// Two runs over the same photos, pair by pair (McNemar's test).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClassificationComparison {
    /// How many photos.
    pub photos: usize,
    /// Photos that both got right.
    pub both_right: usize,
    /// Photos that only the first got right.
    pub only_first_right: usize,
    /// Photos that only the second got right.
    pub only_second_right: usize,
    /// Photos that neither got right.
    pub both_wrong: usize,
    /// Share right of the second less that of the first, -1 to 1.
    pub difference: Estimate,
    /// How likely a difference at least as large is where both are equally good, 0
    /// to 1: exact, two-sided. Below 0.05 it is hardly chance.
    pub p_value: f64,
}

/// Compares two runs; the same place is the same photo.
///
/// # Panics
/// Where the runs have different numbers of photos.
pub fn compare(first: &[Judged], second: &[Judged]) -> ClassificationComparison {
    assert_eq!(first.len(), second.len(), "two runs over the same photos");
    let pairs: Vec<(bool, bool)> =
        first.iter().zip(second).map(|(first, second)| (first.right(), second.right())).collect();
    let count = |pair: (bool, bool)| pairs.iter().filter(|other| **other == pair).count();
    let differences: Vec<[f64; 1]> = pairs
        .iter()
        .map(|&(first, second)| [f64::from(u8::from(second)) - f64::from(u8::from(first))])
        .collect();
    let [difference] = bootstrap::means(&differences);
    let (only_first, only_second) = (count((true, false)), count((false, true)));
    ClassificationComparison {
        photos: pairs.len(),
        both_right: count((true, true)),
        only_first_right: only_first,
        only_second_right: only_second,
        both_wrong: count((false, false)),
        difference,
        p_value: sign_test(only_first, only_second),
    }
}

/// How likely it is that of so many throws of a coin as few or fewer fall on the
/// rarer side, on either side.
fn sign_test(one: usize, other: usize) -> f64 {
    let throws = one + other;
    // Logarithms, since 2^-throws is soon below the smallest number.
    let mut ln_ways = -(throws as f64) * std::f64::consts::LN_2;
    let mut sum = 0.0;
    for seen in 0..=one.min(other) {
        if seen > 0 {
            ln_ways += ((throws - seen + 1) as f64 / seen as f64).ln();
        }
        sum += ln_ways.exp();
    }
    (2.0 * sum).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten photos of three classes. By hand:
    ///
    /// ```text
    /// right class  0 0 0 0  1 1 1  2 2 2
    /// found        0 0 0 1  1 1 2  2 0 0
    /// right        3 of 4   2 of 3   1 of 3, in all 6 of 10
    /// found        0: 5 times, 3 right; 1: 3 times, 2 right; 2: 2 times, 1 right
    /// ```
    fn ten_photos() -> Vec<Judged> {
        let labels = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2];
        let found = [0, 0, 0, 1, 1, 1, 2, 2, 0, 0];
        judge(3, &labels, |photo, scores| {
            scores.fill(0.1);
            scores[labels[photo]] = 0.5;
            scores[found[photo]] = 0.9;
        })
    }

    #[test]
    fn ten_photos_give_what_was_computed_by_hand() {
        let report = ClassificationReport::new(3, &ten_photos());
        assert_eq!((report.photos, report.classes), (10, 3));
        assert_eq!(report.top_1.value, 0.6);
        assert_eq!(report.top_5.value, 1.0);
        assert_eq!(report.mean_class_accuracy.value, (0.75 + 2.0 / 3.0 + 1.0 / 3.0) / 3.0);
        let recalls: Vec<_> = report.per_class.iter().map(|class| class.recall.unwrap()).collect();
        assert_eq!(recalls, [0.75, 2.0 / 3.0, 1.0 / 3.0]);
        let precisions: Vec<_> =
            report.per_class.iter().map(|class| class.precision.unwrap()).collect();
        assert_eq!(precisions, [0.6, 2.0 / 3.0, 0.5]);
        let confused = |class, found, photos| Confusion { class, found, photos };
        assert_eq!(report.confusions, [confused(2, 0, 2), confused(0, 1, 1), confused(1, 2, 1)]);
        assert_eq!(report.confusion_matrix(), [3, 1, 0, 0, 2, 1, 2, 0, 1]);
        assert!(report.top_1.low < 0.6 && 0.6 < report.top_1.high);
    }

    #[test]
    fn the_right_class_is_not_found_by_chance() {
        let judged = Judged::of(&[0.5, 0.5, 0.5], 0);
        assert_eq!((judged.found, judged.rank), (1, 2));
        assert_eq!(Judged::of(&[0.2, 0.9, 0.5], 1), Judged { class: 1, found: 1, rank: 1 });
        assert_eq!(Judged::of(&[f32::NAN, f32::NAN], 1), Judged { class: 1, found: 0, rank: 2 });
        assert_eq!(Judged::of(&[0.3], 0), Judged { class: 0, found: 0, rank: 1 });
    }

    #[test]
    fn only_the_first_five_classes_count_for_top_5() {
        let scores = [0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1];
        let judged: Vec<_> = (0..7).map(|class| Judged::of(&scores, class)).collect();
        let report = ClassificationReport::new(7, &judged);
        assert_eq!(report.top_1.value, 1.0 / 7.0);
        assert_eq!(report.top_5.value, 5.0 / 7.0);
    }

    #[test]
    fn a_class_without_photos_has_no_recall_and_is_in_no_mean() {
        let report = ClassificationReport::new(2, &[Judged { class: 0, found: 0, rank: 1 }]);
        assert_eq!((report.per_class[1].recall, report.per_class[1].precision), (None, None));
        assert_eq!(report.mean_class_accuracy.value, 1.0);
        let nothing = ClassificationReport::new(2, &[]);
        assert_eq!((nothing.top_1, nothing.mean_class_accuracy), Default::default());
    }

    #[test]
    fn two_runs_are_compared_photo_by_photo() {
        let first = ten_photos();
        let mut second = first.clone();
        // The second gets two more right (3 and 8), and one wrong (0).
        for (photo, rank) in [(3, 1), (8, 1), (0, 2)] {
            second[photo].rank = rank;
        }
        let comparison = compare(&first, &second);
        assert_eq!((comparison.both_right, comparison.both_wrong), (5, 2));
        assert_eq!((comparison.only_first_right, comparison.only_second_right), (1, 2));
        assert_eq!(comparison.difference.value, 0.1);
        // 1 or fewer of 3 throws on one side, on either side: everything.
        assert_eq!(comparison.p_value, 1.0);
    }

    #[test]
    fn the_sign_test_is_exact() {
        // (1 + 10) / 2^10 on one side.
        assert!((sign_test(1, 9) - 22.0 / 1024.0).abs() < 1e-12);
        assert_eq!(sign_test(0, 0), 1.0);
        let many = sign_test(10_000, 10_400);
        assert!((0.004..0.006).contains(&many), "{many}");
    }
}
