//! How good a ranking is: where the relevant items of each query stand.
//!
//! Text to image and image to text are the same: queries score items. Figures of
//! one query come from the ranks of its relevant items ([`Ranks`]), so that no
//! scores need to be kept.
//!
//! # Items that score the same
//! The order among equal scores is chance, so a relevant item among them takes its
//! expected place, rounded up to a whole one: alone among four equals that share
//! the places 1 to 4 it has rank 3 (2.5, rounded up). Several relevant items are
//! spread over the places evenly in the same way. So a model that gives all photos
//! the same score looks no better than guessing. A score that is not a number is
//! below all others.

use rayon::prelude::*;
use serde::Serialize;

use crate::bootstrap::{self, Estimate};

/// Where the relevant items of one query stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ranks {
    /// Ranks of the relevant items from 1, ascending, none twice. Empty where the
    /// query has no relevant item.
    pub relevant: Vec<usize>,
    /// How many items were ranked.
    pub items: usize,
}

impl Ranks {
    /// Ranks items by their scores; greater is better. `relevant` are places in
    /// `scores`; one that comes twice counts once.
    ///
    /// # Panics
    /// Where a relevant place is not below `scores.len()`.
    pub fn of(scores: &[f32], relevant: &[usize]) -> Self {
        let ordered = |score: f32| if score.is_nan() { f32::NEG_INFINITY } else { score };
        let mut places = relevant.to_vec();
        places.sort_unstable();
        places.dedup();
        let mut steps: Vec<Step> = Vec::new();
        let mut wanted: Vec<f32> = places.iter().map(|&place| ordered(scores[place])).collect();
        wanted.sort_unstable_by(|a, b| b.total_cmp(a));
        for score in wanted {
            match steps.last_mut() {
                // `==`, since 0 and -0 are the same score.
                Some(step) if step.score == score => step.relevant += 1,
                _ => steps.push(Step { score, relevant: 1, equal: 0, above: 0 }),
            }
        }
        // An item is above all steps whose score is below its own. It is counted
        // at the first of them, and the sum is made afterwards.
        for &score in scores {
            let score = ordered(score);
            let first = steps.partition_point(|step| step.score > score);
            if let Some(step) = steps.get_mut(first) {
                if step.score == score { step.equal += 1 } else { step.above += 1 }
            }
        }
        let mut above = 0;
        let mut ranks = Vec::with_capacity(places.len());
        for step in &steps {
            above += step.above;
            ranks.extend(
                (1..=step.relevant)
                    .map(|nth| above + (nth * (step.equal + 1)).div_ceil(step.relevant + 1)),
            );
            above += step.equal;
        }
        Self { relevant: ranks, items: scores.len() }
    }

    /// The figures of this query, or `None` where it has no relevant item.
    pub fn figures(&self) -> Option<QueryFigures> {
        let first_rank = *self.relevant.first()?;
        let relevant = self.relevant.len();
        let found = |k: usize| self.relevant.partition_point(|&rank| rank <= k);
        let recall = |k: usize| found(k) as f64 / relevant as f64;
        let hit = |k: usize| if first_rank <= k { 1.0 } else { 0.0 };
        let precisions =
            self.relevant.iter().enumerate().map(|(n, &rank)| (n + 1) as f64 / rank as f64);
        let metrics = Metrics {
            recall_at_1: recall(1),
            recall_at_5: recall(5),
            recall_at_10: recall(10),
            hit_at_1: hit(1),
            hit_at_5: hit(5),
            hit_at_10: hit(10),
            r_precision: recall(relevant),
            reciprocal_rank: 1.0 / first_rank as f64,
            average_precision: precisions.sum::<f64>() / relevant as f64,
        };
        Some(QueryFigures { relevant, first_rank, metrics })
    }
}

/// Relevant items of the same score.
struct Step {
    score: f32,
    relevant: usize,
    /// Items of this score, relevant or not.
    equal: usize,
    /// Items between this score and that of the step before.
    above: usize,
}

/// Ranks the items of many queries on all cores. `score` writes the scores of a
/// query into the slice of `items` that it is given; a core holds one such slice.
/// `relevant` has the relevant items of each query.
///
/// # Panics
/// As [`Ranks::of`].
pub fn rank(
    items: usize,
    relevant: &[Vec<usize>],
    score: impl Fn(usize, &mut [f32]) + Sync,
) -> Vec<Ranks> {
    let queries = relevant.par_iter().enumerate();
    let ranked = queries.map_init(
        || vec![0.0; items],
        |scores, (query, relevant)| {
            score(query, scores);
            Ranks::of(scores, relevant)
        },
    );
    ranked.collect()
}

/// Ranks by a matrix of scores, `(queries, items)` row by row.
///
/// # Panics
/// Where the matrix has another size, and as [`Ranks::of`].
pub fn rank_matrix(items: usize, scores: &[f32], relevant: &[Vec<usize>]) -> Vec<Ranks> {
    assert_eq!(scores.len(), items * relevant.len(), "a score for each query and item");
    let row = |query: usize| &scores[query * items..(query + 1) * items];
    relevant.par_iter().enumerate().map(|(query, places)| Ranks::of(row(query), places)).collect()
}

/// Figures between 0 and 1; greater is better. `T` is a number for one query, an
/// [`Estimate`] for many, a [`Difference`] for two runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Metrics<T> {
    /// Share of the relevant items that are among the first 1. With several
    /// relevant items it cannot reach 1.
    pub recall_at_1: T,
    /// Share of the relevant items that are among the first 5.
    pub recall_at_5: T,
    /// Share of the relevant items that are among the first 10.
    pub recall_at_10: T,
    /// 1 where the first item is relevant, or else 0. Papers that have one
    /// relevant item a query, or several captions a photo, call this recall at 1.
    pub hit_at_1: T,
    /// 1 where one of the first 5 is relevant, or else 0.
    pub hit_at_5: T,
    /// 1 where one of the first 10 is relevant, or else 0.
    pub hit_at_10: T,
    /// Share of relevant ones among the first R, where R items are relevant.
    pub r_precision: T,
    /// 1 divided by the rank of the first relevant item.
    pub reciprocal_rank: T,
    /// Mean over the relevant items of the share of relevant ones down to them.
    pub average_precision: T,
}

/// How many figures [`Metrics`] has.
const METRICS: usize = 9;

impl<T: Copy> Metrics<T> {
    /// The names of the figures, in the order of [`values`](Self::values).
    pub const NAMES: [&'static str; METRICS] = [
        "recall_at_1",
        "recall_at_5",
        "recall_at_10",
        "hit_at_1",
        "hit_at_5",
        "hit_at_10",
        "r_precision",
        "reciprocal_rank",
        "average_precision",
    ];

    /// All figures.
    pub fn values(&self) -> [T; METRICS] {
        [
            self.recall_at_1,
            self.recall_at_5,
            self.recall_at_10,
            self.hit_at_1,
            self.hit_at_5,
            self.hit_at_10,
            self.r_precision,
            self.reciprocal_rank,
            self.average_precision,
        ]
    }

    fn from_values(values: [T; METRICS]) -> Self {
        let [
            recall_at_1,
            recall_at_5,
            recall_at_10,
            hit_at_1,
            hit_at_5,
            hit_at_10,
            r_precision,
            reciprocal_rank,
            average_precision,
        ] = values;
        Self {
            recall_at_1,
            recall_at_5,
            recall_at_10,
            hit_at_1,
            hit_at_5,
            hit_at_10,
            r_precision,
            reciprocal_rank,
            average_precision,
        }
    }
}

/// Figures of one query.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct QueryFigures {
    /// How many items are relevant.
    pub relevant: usize,
    /// Rank of the first relevant item, from 1.
    pub first_rank: usize,
    /// The figures between 0 and 1.
    #[serde(flatten)]
    pub metrics: Metrics<f64>,
}

/// Figures of all queries of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RetrievalReport {
    /// Queries that count: those with relevant items.
    pub queries: usize,
    /// Queries without relevant items. They are in no figure.
    pub queries_without_relevant: usize,
    /// How many items were ranked; where it differs from query to query, the most.
    pub items: usize,
    /// Means over the queries.
    pub mean: Metrics<Estimate>,
    /// Median over the queries of the rank of the first relevant item; smaller is
    /// better.
    pub median_rank: Estimate,
    /// Figures of each query in the order given; `None` where it does not count.
    pub per_query: Vec<Option<QueryFigures>>,
}

impl RetrievalReport {
    /// Sums up the ranks of all queries. Means are 0 where no query counts.
    pub fn new(ranks: &[Ranks]) -> Self {
        let per_query: Vec<_> = ranks.iter().map(Ranks::figures).collect();
        let counted: Vec<&QueryFigures> = per_query.iter().flatten().collect();
        let values: Vec<_> = counted.iter().map(|query| query.metrics.values()).collect();
        let first: Vec<f64> = counted.iter().map(|query| query.first_rank as f64).collect();
        Self {
            queries: counted.len(),
            queries_without_relevant: per_query.len() - counted.len(),
            items: ranks.iter().map(|ranks| ranks.items).max().unwrap_or(0),
            mean: Metrics::from_values(bootstrap::means(&values)),
            median_rank: bootstrap::median(&first),
            per_query,
        }
    }
}

/// A figure of a second run against that of a first, over the same queries.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// Mean over the queries of the second less the first, and its interval. Where
    /// the interval has 0 in it, the two may be equally good.
    #[serde(flatten)]
    pub difference: Estimate,
    /// Queries in which the second is better.
    pub wins: usize,
    /// Queries in which they are the same.
    pub ties: usize,
    /// Queries in which the first is better.
    pub losses: usize,
}

/// Two runs over the same queries, pair by pair.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RetrievalComparison {
    /// Queries with relevant items in both.
    pub queries: usize,
    /// The second less the first.
    pub metrics: Metrics<Difference>,
}

/// Compares the ranks of two runs; the same place is the same query.
///
/// # Panics
/// Where the runs have different numbers of queries.
pub fn compare(first: &[Ranks], second: &[Ranks]) -> RetrievalComparison {
    assert_eq!(first.len(), second.len(), "two runs over the same queries");
    let pairs = first.iter().zip(second);
    let pairs = pairs.filter_map(|(first, second)| Some((first.figures()?, second.figures()?)));
    let differences: Vec<[f64; METRICS]> = pairs
        .map(|(first, second)| {
            let (first, second) = (first.metrics.values(), second.metrics.values());
            std::array::from_fn(|figure| second[figure] - first[figure])
        })
        .collect();
    let estimates = bootstrap::means(&differences);
    let count = |figure: usize, is: fn(f64) -> bool| {
        differences.iter().filter(|difference| is(difference[figure])).count()
    };
    let metrics = std::array::from_fn(|figure| Difference {
        difference: estimates[figure],
        wins: count(figure, |difference| difference > 0.0),
        ties: count(figure, |difference| difference == 0.0),
        losses: count(figure, |difference| difference < 0.0),
    });
    RetrievalComparison { queries: differences.len(), metrics: Metrics::from_values(metrics) }
}

#[cfg(test)]
#[path = "retrieval_tests.rs"]
mod tests;
