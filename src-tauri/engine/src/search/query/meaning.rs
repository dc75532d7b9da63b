//! What parts of a query mean together, in normal form.
//!
//! Owns conjunction, disjunction and negation of filters and terms. Filters are a
//! Boolean algebra; terms are a sum, in which `not` is a minus sign. So filters
//! alone stay a tree, and as soon as words come in, everything is a list of
//! alternatives, one of them at most without terms.

use super::{Alternative, Filter, MAX_ALTERNATIVES, Term};

/// Weights of terms; parentheses multiply them, so they need an end.
pub(super) const WEIGHTS: std::ops::RangeInclusive<f32> = 0.01..=100.0;

/// What a part of a query means.
#[derive(Debug, Clone)]
pub(super) enum Meaning {
    /// A condition on photos.
    Filter(Filter),
    /// Rankings, of which at least one has a term.
    Ranked(Vec<Alternative>),
}

/// A meaning, and whether alternatives were left out of it.
pub(super) struct Combined {
    pub meaning: Option<Meaning>,
    pub left_out: bool,
}

/// A sum of terms and filters.
pub(super) fn alternative(terms: Vec<Term>, filters: Vec<Filter>) -> Alternative {
    Alternative { terms, filter: all(filters) }
}

/// A conjunction in normal form of filters in normal form.
pub(super) fn all(filters: Vec<Filter>) -> Filter {
    let mut flat = Vec::new();
    for filter in filters {
        match filter {
            Filter::All(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    if flat.len() == 1 { flat.remove(0) } else { Filter::All(flat) }
}

/// A disjunction in normal form of filters in normal form, of which there is at
/// least one.
pub(super) fn any(filters: Vec<Filter>) -> Filter {
    let mut flat = Vec::new();
    for filter in filters {
        match filter {
            Filter::Any(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    if flat.len() == 1 { flat.remove(0) } else { Filter::Any(flat) }
}

/// The opposite in normal form of a filter in normal form, by De Morgan.
pub(super) fn opposite(filter: Filter) -> Filter {
    match filter {
        Filter::All(inner) => any(inner.into_iter().map(opposite).collect()),
        Filter::Any(inner) => all(inner.into_iter().map(opposite).collect()),
        Filter::Not(inner) => *inner,
        Filter::Is(condition) => Filter::Not(Box::new(Filter::Is(condition))),
    }
}

/// Everything together: each choice of one alternative of each part. Of too many
/// choices the first are kept, where the last part varies fastest.
pub(super) fn together(parts: Vec<Meaning>) -> Combined {
    if parts.is_empty() {
        return Combined { meaning: None, left_out: false };
    }
    let choices = |part: &Meaning| match part {
        Meaning::Filter(_) => 1,
        Meaning::Ranked(alternatives) => alternatives.len(),
    };
    if parts.iter().all(|part| matches!(part, Meaning::Filter(_))) {
        let filters = parts.into_iter().filter_map(|part| match part {
            Meaning::Filter(filter) => Some(filter),
            Meaning::Ranked(_) => None,
        });
        return Combined {
            meaning: Some(Meaning::Filter(all(filters.collect()))),
            left_out: false,
        };
    }
    // Each combination is made once, from the last part to the first: adding part
    // by part would copy what is there for every part of a long text.
    let combinations = parts.iter().fold(1usize, |n, part| n.saturating_mul(choices(part)));
    let mut alternatives = Vec::new();
    for combination in 0..combinations.min(MAX_ALTERNATIVES) {
        let mut rest = combination;
        let mut chosen = Vec::with_capacity(parts.len());
        for part in parts.iter().rev() {
            chosen.push(rest % choices(part));
            rest /= choices(part);
        }
        let (mut terms, mut filters) = (Vec::new(), Vec::new());
        for (part, choice) in parts.iter().zip(chosen.into_iter().rev()) {
            match part {
                Meaning::Filter(filter) => filters.push(filter.clone()),
                Meaning::Ranked(alternatives) => {
                    terms.extend(alternatives[choice].terms.iter().cloned());
                    filters.push(alternatives[choice].filter.clone());
                }
            }
        }
        alternatives.push(alternative(terms, filters));
    }
    Combined {
        meaning: Some(Meaning::Ranked(alternatives)),
        left_out: combinations > MAX_ALTERNATIVES,
    }
}

/// At least one of them.
pub(super) fn either(branches: Vec<Meaning>) -> Combined {
    if branches.is_empty() {
        return Combined { meaning: None, left_out: false };
    }
    let has_terms = branches.iter().any(|branch| matches!(branch, Meaning::Ranked(_)));
    let mut alternatives: Vec<Alternative> = Vec::new();
    let mut filters = Vec::new();
    let mut filters_at = None;
    for branch in branches {
        let branch = match branch {
            Meaning::Filter(filter) => vec![Alternative { terms: Vec::new(), filter }],
            Meaning::Ranked(alternatives) => alternatives,
        };
        for alternative in branch {
            if alternative.terms.is_empty() {
                // All that is asked for without words is one list.
                if filters.is_empty() {
                    filters_at = Some(alternatives.len());
                    alternatives.push(alternative.clone());
                }
                filters.push(alternative.filter);
            } else {
                alternatives.push(alternative);
            }
        }
    }
    let filter = (!filters.is_empty()).then(|| any(filters));
    match (filter, filters_at) {
        (Some(filter), _) if !has_terms => {
            return Combined { meaning: Some(Meaning::Filter(filter)), left_out: false };
        }
        (Some(filter), Some(at)) => alternatives[at].filter = filter,
        _ => {}
    }
    let left_out = alternatives.len() > MAX_ALTERNATIVES;
    alternatives.truncate(MAX_ALTERNATIVES);
    Combined { meaning: Some(Meaning::Ranked(alternatives)), left_out }
}

/// The opposite; `None` where a part of it needs both words and a filter.
pub(super) fn not(meaning: Meaning) -> Option<Meaning> {
    let alternatives = match meaning {
        Meaning::Filter(filter) => return Some(Meaning::Filter(opposite(filter))),
        Meaning::Ranked(alternatives) => alternatives,
    };
    let (mut terms, mut filters) = (Vec::new(), Vec::new());
    for alternative in alternatives {
        match (alternative.terms.is_empty(), alternative.filter) {
            (true, filter) => filters.push(opposite(filter)),
            (false, Filter::All(none)) if none.is_empty() => {
                let turned = |term: Term| Term { weight: -term.weight, ..term };
                terms.extend(alternative.terms.into_iter().map(turned));
            }
            _ => return None,
        }
    }
    Some(Meaning::Ranked(vec![alternative(terms, filters)]))
}

/// Lets all terms weigh so many times as much.
pub(super) fn weigh(meaning: &mut Meaning, factor: f32) {
    if let Meaning::Ranked(alternatives) = meaning {
        for term in alternatives.iter_mut().flat_map(|it| &mut it.terms) {
            let weight = (term.weight.abs() * factor).clamp(*WEIGHTS.start(), *WEIGHTS.end());
            term.weight = weight.copysign(term.weight);
        }
    }
}
