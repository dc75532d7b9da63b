//! From a request to what is to be ranked: alternatives, each with a vector and
//! a filter.

use std::collections::HashSet;

use afterimage_index::Snapshot;

use super::compose::{self, Kind, Measure, Sample};
use super::query::{self, Alternative, Filter, Parsed, Piece, Sort, Term, What};
use super::{examples, filter, scales};
use crate::error::{Error, Result};
use crate::library::Library;
use crate::model::{Embedding, ModelInfo};
use crate::view::{Example, ExampleSource, PhotoId, Problem, Reading, SearchRequest};

/// The vectors of the parts of a question.
pub(super) struct Parts {
    /// Those of the terms of each alternative, in their order.
    pub named: Vec<Vec<compose::Term>>,
    /// Those of the examples beside the words, which belong to every alternative.
    pub shown: Vec<compose::Term>,
    /// Those of the photos liked; `None` of one that is gone, or not indexed yet, and
    /// so says nothing.
    pub like: Vec<Option<Embedding>>,
    /// Those of the photos not liked, likewise.
    pub unlike: Vec<Option<Embedding>>,
}

/// What is asked.
pub(super) struct Question<'a> {
    request: &'a SearchRequest,
    pub alternatives: Vec<Alternative>,
    pub sort: Option<Sort>,
    pub problems: Vec<Problem>,
    /// The parts of its text.
    pub pieces: Vec<Piece>,
}

impl<'a> Question<'a> {
    /// Reads the words of a request; what else it names is part of every
    /// alternative.
    pub fn of(request: &'a SearchRequest) -> Result<Self> {
        let Parsed { query, problems, pieces } = read(request.query.trim());
        let images = request.images.iter().cloned().map(What::Image);
        let photo = request.similar_to.map(|PhotoId(id)| What::Photo(id));
        let examples: Vec<Term> =
            images.chain(photo).map(|what| Term { weight: 1.0, what }).collect();
        if request.query.trim().is_empty()
            && examples.is_empty()
            && request.examples.is_empty()
            && request.like.is_empty()
            && request.only.is_empty()
        {
            return Err(Error::usage(message!(
                "the query is empty: say what the photos should show, such as `afterimage search \
                 \"a dog\"`"
            )));
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
        Ok(Self { request, alternatives, sort: query.sort, problems, pieces })
    }

    /// Whether photos are compared with the vector of an alternative.
    pub fn compares(&self, alternative: &Alternative) -> bool {
        !alternative.terms.is_empty()
            || !self.request.examples.is_empty()
            || !self.request.like.is_empty()
    }

    /// What is shown beside the words.
    pub fn examples(&self) -> &'a [Example] {
        &self.request.examples
    }

    /// Photos that the answer should be more like.
    pub fn like(&self) -> &'a [PhotoId] {
        &self.request.like
    }

    /// Photos that it should be less like.
    pub fn unlike(&self) -> &'a [PhotoId] {
        &self.request.unlike
    }

    /// What is asked, as it was typed.
    pub fn text(&self) -> &'a str {
        self.request.query.trim()
    }

    /// Photos beside which none answers, if there are any.
    pub fn only(&self) -> &[PhotoId] {
        &self.request.only
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

    /// Whether vectors have to be mixed, so that it matters how much each varies.
    pub fn is_mixed(&self) -> bool {
        let request = self.request;
        let shown = request.examples.len() + request.like.len() + request.unlike.len();
        self.alternatives.iter().any(|alternative| alternative.terms.len() + shown > 1)
    }

    /// The vectors of all parts of the question.
    pub fn parts(
        &self,
        library: &Library,
        model: &ModelInfo,
        snapshot: &Snapshot,
        going_on: &dyn Fn() -> Result<()>,
    ) -> Result<Parts> {
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
            What::Text(_) => sentences
                .next()
                .ok_or_else(|| Error::failed(message!("the model gave too few vectors"))),
            What::Image(path) => looked_at(ExampleSource::File(path.clone()), None),
            What::Photo(id) => looked_at(ExampleSource::Photo(PhotoId(*id)), None),
        };
        let mut named = Vec::with_capacity(self.alternatives.len());
        for Alternative { terms, .. } in &self.alternatives {
            let mut composed = Vec::with_capacity(terms.len());
            for Term { weight, what } in terms {
                let kind = if matches!(what, What::Text(_)) { Kind::Text } else { Kind::Image };
                composed.push(compose::Term { weight: *weight, kind, vector: vector(what)? });
            }
            named.push(composed);
        }
        let mut shown = Vec::with_capacity(self.request.examples.len());
        for Example { source, crop } in &self.request.examples {
            let vector = looked_at(source.clone(), *crop)?;
            shown.push(compose::Term { weight: 1.0, kind: Kind::Image, vector });
        }
        let photos = |photos: &[PhotoId]| -> Vec<Option<Embedding>> {
            let vector = |photo: &PhotoId| Embedding::from_raw(snapshot.vector(photo.0)?).ok();
            photos.iter().map(vector).collect()
        };
        let (like, unlike) = (photos(&self.request.like), photos(&self.request.unlike));
        Ok(Parts { named, shown, like, unlike })
    }

    /// A vector for each alternative that photos are compared with. `sample` are
    /// vectors of the library where it is large enough and they are to be
    /// [mixed](Self::is_mixed).
    pub fn vectors(
        &self,
        parts: &Parts,
        model: &ModelInfo,
        sample: Option<&Sample>,
        going_on: &dyn Fn() -> Result<()>,
    ) -> Result<Vec<Option<Embedding>>> {
        let known = |photos: &[Option<Embedding>]| -> Vec<Embedding> {
            photos.iter().flatten().cloned().collect()
        };
        let (like, unlike) = (known(&parts.like), known(&parts.unlike));
        let scales = match sample {
            None if self.is_mixed() => scales::of(model),
            _ => None,
        };
        let measure = match (sample, &scales) {
            (Some(sample), _) => Measure::Photos(sample),
            (None, Some(scales)) => Measure::Model(scales),
            (None, None) => Measure::Nothing,
        };
        parts
            .named
            .iter()
            .map(|named| {
                going_on()?;
                let terms = [named.as_slice(), &parts.shown].concat();
                match terms.is_empty() && like.is_empty() {
                    true => Ok(None),
                    false => compose::direction(&terms, &like, &unlike, measure).map(Some),
                }
            })
            .collect()
    }
}

/// What is understood of a text today.
pub(super) fn read(text: &str) -> Parsed {
    query::parse(text, jiff::Zoned::now().date())
}

/// How a text is read.
pub(crate) fn reading(text: &str) -> Reading {
    let Parsed { query, problems, pieces } = read(text);
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
