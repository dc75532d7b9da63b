//! Retrieval figures:
//!
//! 1. They are those computed by hand on ten items.
//! 2. They keep their bounds, and the order of items and queries does not matter.
//! 3. Equal scores are neither luck nor misfortune.

use proptest::prelude::*;

use super::*;

/// Ten photos, three queries. By hand:
///
/// ```text
/// a  scores fall from photo 0 to 9, relevant 0, 2, 6     ranks 1, 3, 7
///    recall at 1, 5, 10: 1/3, 2/3, 3/3; hits 1, 1, 1
///    first three: two relevant, R-precision 2/3; reciprocal rank 1
///    average precision (1/1 + 2/3 + 3/7) / 3
/// b  scores rise, relevant 3                             rank 7
///    recall 0, 0, 1; hits 0, 0, 1; R-precision 0; reciprocal rank 1/7
///    average precision 1/7
/// c  scores fall, relevant 1, 3                          ranks 2, 4
///    recall 0, 1, 1; hits 0, 1, 1; first two: one, R-precision 1/2
///    reciprocal rank 1/2; average precision (1/2 + 2/4) / 2 = 1/2
/// ```
fn ten_photos() -> Vec<Ranks> {
    let falling: Vec<f32> = (0..10).map(|n| 1.0 - n as f32 / 10.0).collect();
    let rising: Vec<f32> = (0..10).map(|n| n as f32 / 10.0).collect();
    let scores = [falling.clone(), rising, falling].concat();
    rank_matrix(10, &scores, &[vec![0, 2, 6], vec![3], vec![1, 3]])
}

#[test]
fn ten_photos_give_what_was_computed_by_hand() {
    let ranks = ten_photos();
    let places: Vec<_> = ranks.iter().map(|ranks| ranks.relevant.clone()).collect();
    assert_eq!(places, [vec![1, 3, 7], vec![7], vec![2, 4]]);

    let report = RetrievalReport::new(&ranks);
    let first = report.per_query[0].unwrap();
    assert_eq!((first.relevant, first.first_rank), (3, 1));
    let a = [1.0 / 3.0, 2.0 / 3.0, 1.0, 1.0, 1.0, 1.0, 2.0 / 3.0, 1.0];
    assert_eq!(first.metrics.values()[..8], a);
    assert_eq!(first.metrics.average_precision, (1.0 + 2.0 / 3.0 + 3.0 / 7.0) / 3.0);
    let b = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0 / 7.0, 1.0 / 7.0];
    assert_eq!(report.per_query[1].unwrap().metrics.values(), b);
    let c = [0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.5, 0.5, 0.5];
    assert_eq!(report.per_query[2].unwrap().metrics.values(), c);

    assert_eq!((report.queries, report.items), (3, 10));
    assert_eq!(report.mean.recall_at_1.value, (1.0 / 3.0) / 3.0);
    assert_eq!(report.mean.recall_at_5.value, (2.0 / 3.0 + 1.0) / 3.0);
    assert_eq!(report.mean.recall_at_10.value, 1.0);
    assert_eq!(report.mean.hit_at_1.value, 1.0 / 3.0);
    assert_eq!(report.mean.r_precision.value, (2.0 / 3.0 + 0.5) / 3.0);
    assert_eq!(report.mean.reciprocal_rank.value, (1.0 + 1.0 / 7.0 + 0.5) / 3.0);
    // First ranks 1, 7, 2.
    assert_eq!(report.median_rank.value, 2.0);
}

#[test]
fn a_query_without_relevant_photos_is_in_no_mean() {
    let mut ranks = ten_photos();
    ranks.push(Ranks::of(&[0.5; 10], &[]));
    let report = RetrievalReport::new(&ranks);
    assert_eq!((report.queries, report.queries_without_relevant), (3, 1));
    assert_eq!(report.per_query[3], None);
    assert_eq!(report.mean, RetrievalReport::new(&ten_photos()).mean);
}

#[test]
fn equal_scores_take_the_expected_place_rounded_up() {
    let ranks = |scores: &[f32], relevant: &[usize]| Ranks::of(scores, relevant).relevant;
    // One of four: 2.5. One of three: 2.
    assert_eq!(ranks(&[0.5; 4], &[2]), [3]);
    assert_eq!(ranks(&[0.5; 3], &[0]), [2]);
    // Two of five: 2 and 4. All of three, in any order: 1, 2, 3.
    assert_eq!(ranks(&[0.5; 5], &[4, 0]), [2, 4]);
    assert_eq!(ranks(&[0.5; 3], &[0, 1, 2]), [1, 2, 3]);
    // Behind a better one, and both before a worse one.
    assert_eq!(ranks(&[0.5, 0.9, 0.5, 0.1], &[0, 3]), [3, 4]);
    assert_eq!(ranks(&[0.0, -0.0], &[0]), [2]);
}

#[test]
fn a_score_that_is_not_a_number_is_last() {
    assert_eq!(Ranks::of(&[f32::NAN, -1.0, 0.0], &[0]).relevant, [3]);
    assert_eq!(Ranks::of(&[f32::NAN, -1.0, 0.0], &[1]).relevant, [2]);
}

#[test]
fn scores_may_come_query_by_query() {
    let scores = |query: usize, scores: &mut [f32]| {
        for (item, score) in scores.iter_mut().enumerate() {
            *score = ((item * 7 + query * 3) % 11) as f32;
        }
    };
    let relevant = vec![vec![0], vec![5, 9], vec![]];
    let mut matrix = vec![0.0; 30];
    matrix.chunks_mut(10).enumerate().for_each(|(query, row)| scores(query, row));
    assert_eq!(rank(10, &relevant, scores), rank_matrix(10, &matrix, &relevant));
}

#[test]
fn a_run_against_itself_is_a_tie_and_a_better_one_wins() {
    let first = ten_photos();
    let same = compare(&first, &first).metrics.average_precision;
    assert_eq!(same.difference, Estimate::default());
    assert_eq!((same.wins, same.ties, same.losses), (0, 3, 0));

    let mut second = first.clone();
    second[1].relevant = vec![1];
    let better = compare(&first, &second).metrics;
    assert_eq!(better.reciprocal_rank.difference.value, (1.0 - 1.0 / 7.0) / 3.0);
    assert_eq!((better.hit_at_1.wins, better.hit_at_1.ties, better.hit_at_1.losses), (1, 2, 0));
    let worse = compare(&second, &first).metrics.reciprocal_rank;
    assert_eq!((worse.wins, worse.losses), (0, 1));
    assert_eq!(worse.difference.value, -better.reciprocal_rank.difference.value);
}

#[test]
fn figures_are_written_flat_in_snake_case() {
    let json = serde_json::to_value(RetrievalReport::new(&ten_photos())).unwrap();
    assert_eq!(json["per_query"][1]["first_rank"], 7);
    assert_eq!(json["per_query"][2]["r_precision"], 0.5);
    assert_eq!(json["mean"]["recall_at_10"]["low"], 1.0);
}

/// What the definition says, step by step: sort all, relevant ones last among
/// equals or first.
fn sorted(scores: &[f32], relevant: &[usize], relevant_first: bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| {
        let (in_a, in_b) = (relevant.contains(a), relevant.contains(b));
        let equal = if relevant_first { in_b.cmp(&in_a) } else { in_a.cmp(&in_b) };
        scores[*b].total_cmp(&scores[*a]).then(equal)
    });
    (1..).zip(&order).filter(|(_, item)| relevant.contains(item)).map(|(rank, _)| rank).collect()
}

/// Scores of a few values, so that many are equal, and some relevant items.
fn query() -> impl Strategy<Value = (Vec<f32>, Vec<usize>)> {
    prop::collection::vec((0_u8..8, prop::bool::weighted(0.3)), 1..60).prop_map(|items| {
        let scores = items.iter().map(|item| f32::from(item.0)).collect();
        let relevant = (0..items.len()).filter(|&item| items[item].1).collect();
        (scores, relevant)
    })
}

proptest! {
    #[test]
    fn ranks_lie_between_those_of_luck_and_misfortune((scores, relevant) in query()) {
        let ranks = Ranks::of(&scores, &relevant).relevant;
        let (best, worst) = (sorted(&scores, &relevant, true), sorted(&scores, &relevant, false));
        prop_assert_eq!(ranks.len(), relevant.len());
        prop_assert!(ranks.is_sorted_by(|a, b| a < b));
        for (nth, rank) in ranks.iter().enumerate() {
            prop_assert!(best[nth] <= *rank && *rank <= worst[nth]);
        }
    }

    #[test]
    fn figures_keep_their_bounds((scores, relevant) in query()) {
        let Some(figures) = Ranks::of(&scores, &relevant).figures() else {
            prop_assert!(relevant.is_empty());
            return Ok(());
        };
        let m = figures.metrics;
        prop_assert!(m.values().iter().all(|value| (0.0..=1.0).contains(value)));
        prop_assert!(m.recall_at_1 <= m.recall_at_5 && m.recall_at_5 <= m.recall_at_10);
        prop_assert!(m.hit_at_1 <= m.hit_at_5 && m.hit_at_5 <= m.hit_at_10);
        prop_assert!(m.recall_at_10 <= m.hit_at_10);
        prop_assert!(m.hit_at_1 <= m.reciprocal_rank);
        prop_assert!(figures.first_rank <= scores.len());
    }

    #[test]
    fn the_order_of_items_does_not_matter((scores, relevant) in query(), by in 0_usize..60) {
        let n = scores.len();
        let turned: Vec<f32> = (0..n).map(|item| scores[(item + by) % n]).collect();
        let moved: Vec<usize> = relevant.iter().map(|item| (item + n - by % n) % n).collect();
        prop_assert_eq!(Ranks::of(&scores, &relevant), Ranks::of(&turned, &moved));
    }

    #[test]
    fn the_interval_is_around_the_mean(queries in prop::collection::vec(query(), 1..8)) {
        let ranks: Vec<_> = queries.iter().map(|(s, r)| Ranks::of(s, r)).collect();
        for estimate in RetrievalReport::new(&ranks).mean.values() {
            prop_assert!(estimate.low <= estimate.high);
            prop_assert!(0.0 <= estimate.low && estimate.high <= 1.0 + 1e-9);
        }
    }
}
