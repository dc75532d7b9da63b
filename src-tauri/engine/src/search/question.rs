//! From a request to what is to be ranked: alternatives, each with a vector and
//! a filter.

use std::collections::HashSet;
use std::sync::Arc;

use afterimage_index::Snapshot;

use super::query::{self, Alternative, Filter, Parsed, Sort, Term, What};
use super::{compose, examples, filter};
use crate::error::{Error, Result};
use crate::library::Library;
use crate::model::{Embedding, ModelInfo};
use crate::view::{Example, ExampleSource, PhotoId, Problem, Reading, SearchRequest};

/// What is asked.
pub(super) struct Question<'a> {
    request: &'a SearchRequest,
    pub alternatives: Vec<Alternative>,
    pub sort: Option<Sort>,
    pub problems: Vec<Problem>,
}

impl<'a> Question<'a> {
    /// Reads the words of a request; what else it names is part of every
    /// alternative.
    pub fn of(request: &'a SearchRequest) -> Result<Self> {
        let today = jiff::Zoned::now().date();
        let Parsed { query, problems, .. } = query::parse(request.query.trim(), today);
        let images = request.images.iter().cloned().map(What::Image);
        let photo = request.similar_to.map(|PhotoId(id)| What::Photo(id));
        let examples: Vec<Term> =
            images.chain(photo).map(|what| Term { weight: 1.0, what }).collect();
        if request.query.trim().is_empty()
            && examples.is_empty()
            && request.examples.is_empty()
            && request.like.is_empty()
        {
            return Err(Error::usage(
                "the query is empty: say what the photos should show, such as `afterimage search \
                 \"a dog\"`",
            ));
        }
        let mut alternatives = query.alternatives;
        if alternatives.is_empty() {
            // Without anything that is understood, every photo answers.
            let filter = Filter::All(Vec::new());
            alternatives.push(Alternative { terms: Vec::new(), filter });
        }
        for alternative in &mut alternatives {
            alternative.terms.extend(examples.iter().cloned());
        }
        let problems = told(problems, &alternatives);
        Ok(Self { request, alternatives, sort: query.sort, problems })
    }

    /// Whether photos are compared with the vector of an alternative.
    pub fn compares(&self, alternative: &Alternative) -> bool {
        !alternative.terms.is_empty()
            || !self.request.examples.is_empty()
            || !self.request.like.is_empty()
    }

    /// What is asked, as it was typed.
    pub fn text(&self) -> &str {
        self.request.query.trim()
    }

    /// How sure a match must be, 0 to 1.
    pub fn strictness(&self) -> f32 {
        self.request.strictness
    }

    /// The first photo that is asked for, from 0.
    pub fn offset(&self) -> usize {
        self.request.offset
    }

    /// How many are, at most.
    pub fn limit(&self) -> usize {
        self.request.limit.unwrap_or(usize::MAX)
    }

    /// Photos that are examples, and so no answers.
    pub fn example_photos(&self) -> HashSet<i64> {
        let terms = self.alternatives.iter().flat_map(|alternative| &alternative.terms);
        let named = terms.filter_map(|term| match term.what {
            What::Photo(id) => Some(id),
            _ => None,
        });
        let given = self.request.examples.iter().filter_map(|example| match example.source {
            // The rest of the photo may show the same as the part once more.
            ExampleSource::Photo(PhotoId(id)) if example.crop.is_none() => Some(id),
            _ => None,
        });
        named.chain(given).collect()
    }

    /// Sentences that the photos of an alternative should show.
    pub fn sentences(alternative: &Alternative) -> impl Iterator<Item = &str> {
        alternative.terms.iter().filter(|term| term.weight > 0.0).filter_map(|term| {
            match &term.what {
                What::Text(text) => Some(text.as_str()),
                _ => None,
            }
        })
    }

    /// A vector for each alternative that photos are compared with.
    pub fn vectors(
        &self,
        library: &Library,
        model: &ModelInfo,
        snapshot: &Arc<Snapshot>,
        going_on: &dyn Fn() -> Result<()>,
    ) -> Result<Vec<Option<Embedding>>> {
        let terms = || self.alternatives.iter().flat_map(|alternative| &alternative.terms);
        let sentences: Vec<&str> = terms()
            .filter_map(|term| match &term.what {
                What::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        let mut sentences = library.sentences.vectors(library, model, &sentences)?.into_iter();
        let looked_at = |source: ExampleSource, crop| {
            going_on()?;
            examples::vector(&Example { source, crop }, library, model, snapshot)
        };
        let mut vector = |what: &What| match what {
            What::Text(_) => {
                sentences.next().ok_or_else(|| Error::failed("the model gave too few vectors"))
            }
            What::Image(path) => looked_at(ExampleSource::File(path.clone()), None),
            What::Photo(id) => looked_at(ExampleSource::Photo(PhotoId(*id)), None),
        };
        let mut named: Vec<Vec<(f32, Embedding)>> = Vec::with_capacity(self.alternatives.len());
        for Alternative { terms, .. } in &self.alternatives {
            let vectors = terms.iter().map(|term| Ok((term.weight, vector(&term.what)?)));
            named.push(vectors.collect::<Result<_>>()?);
        }
        // What is shown beside the words is part of every alternative.
        let shown = self.request.examples.iter();
        let shown: Vec<(f32, Embedding)> = shown
            .map(|example| Ok((1.0, looked_at(example.source.clone(), example.crop)?)))
            .collect::<Result<_>>()?;
        let vectors_of = |photos: &[PhotoId]| -> Vec<Embedding> {
            // One that is gone or not indexed yet says nothing.
            let known = photos.iter().filter_map(|photo| snapshot.vector(photo.0));
            known.filter_map(|vector| Embedding::from_raw(vector).ok()).collect()
        };
        let (like, unlike) = (vectors_of(&self.request.like), vectors_of(&self.request.unlike));
        named
            .into_iter()
            .map(|mut terms| {
                going_on()?;
                terms.extend(shown.iter().cloned());
                let mut refined = Vec::new();
                if !terms.is_empty() {
                    refined.push((1.0, compose::direction(&scaled(terms, snapshot))?));
                }
                let share = |weight: f32, of: &[Embedding]| weight / of.len() as f32;
                let add = |weight, of: &[Embedding]| {
                    of.iter().map(|v| (share(weight, of), v.clone())).collect::<Vec<_>>()
                };
                refined.extend(add(LIKE, &like));
                refined.extend(add(UNLIKE, &unlike));
                if refined.is_empty() {
                    return Ok(None);
                }
                compose::direction(&scaled(refined, snapshot)).map(Some)
            })
            .collect()
    }
}

/// How a text is read.
pub(crate) fn reading(text: &str) -> Reading {
    let Parsed { query, problems, pieces } = query::parse(text, jiff::Zoned::now().date());
    Reading { pieces, problems: told(problems, &query.alternatives) }
}

/// What is said of a question: what is not understood, and what this library
/// cannot tell.
fn told(problems: Vec<query::Problem>, alternatives: &[Alternative]) -> Vec<Problem> {
    let told = problems.into_iter().map(|query::Problem { at, message }| {
        let at = Some(at);
        Problem { at, message }
    });
    let unknown = alternatives.iter().flat_map(|alternative| filter::unknown(&alternative.filter));
    told.chain(unknown.map(|message| Problem { at: None, message })).collect()
}

const LIKE: f32 = 0.75;
const UNLIKE: f32 = -0.25;

/// Weights that bring the scores of all terms to one spread.
fn scaled(mut terms: Vec<(f32, Embedding)>, snapshot: &Arc<Snapshot>) -> Vec<(f32, Embedding)> {
    if terms.len() > 1 {
        for (weight, vector) in &mut terms {
            let scores = snapshot.scan(vector.as_slice(), None);
            if let (Some(a), Some(b)) = (scores.quantile(0.5), scores.quantile(0.25)) {
                *weight /= (a - b).max(1e-3);
            }
        }
    }
    terms
}
