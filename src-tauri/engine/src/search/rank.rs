//! From a request to a page of hits.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use super::calibrate::{Background, Calibration, USUAL_STRICTNESS};
use super::compose::{self, Kind, Measure, Sample};
use super::filter;
use super::query::{self, Alternative, Filter, Parsed, Sort, Term, What};
use super::scales::Scales;
use super::templates::{self, Wording};
use crate::catalog::HitRow;
use crate::decode::{self, Detail, Limits};
use crate::error::{Context, Error, Result};
use crate::index::{self, Scored, Snapshot};
use crate::jobs::Cancel;
use crate::library::Library;
use crate::model::{Embedding, Encoder, ModelInfo};
use crate::view::{Hit, Page, PhotoId, Problem, SearchRequest, Strength};

/// Width by height of a photo whose size is not known yet.
const USUAL_ASPECT: f32 = 1.5;

/// Answers a request from what is there now.
///
/// # Errors
/// `Usage` for a request that asks nothing or names an image that cannot be
/// read, `NotFound` for an unknown photo or where no model is installed,
/// `Cancelled` once `cancel` is.
pub(crate) fn search(library: &Library, request: &SearchRequest, cancel: &Cancel) -> Result<Page> {
    let began = Instant::now();
    let question = Question::of(request)?;
    let mut answer = Answer::default();
    let going_on = || if cancel.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) };
    if question.alternatives.iter().any(|alternative| !alternative.terms.is_empty()) {
        let model = library.serving()?;
        let index = library.index(&model)?;
        going_on()?;
        let snapshot = index.snapshot();
        let vectors = question.vectors(library, &model, &snapshot, &going_on)?;
        answer.rank(library, &question, &vectors, &snapshot)?;
        answer.model = model.id;
    } else {
        // Filters alone need no model, but the page tells which one answers.
        answer.model = library.in_use().map(|in_use| in_use.serving.id).unwrap_or_default();
    }
    going_on()?;
    answer.list(library, &question)?;
    going_on()?;

    answer.order(question.sort, request.limit);
    let hits = answer.hits(library, question.sort, request.limit)?;
    let Answer { model, ranking, total, strong, likely, .. } = answer;
    let query = request.query.trim().to_owned();
    let problems = question.problems;
    let took = began.elapsed();
    Ok(Page { query, model, took, ranking, total, strong, likely, problems, hits })
}

/// What is asked.
struct Question {
    alternatives: Vec<Alternative>,
    sort: Option<Sort>,
    problems: Vec<Problem>,
}

impl Question {
    /// Reads the words of a request; what else it names is part of every
    /// alternative.
    fn of(request: &SearchRequest) -> Result<Self> {
        let today = jiff::Zoned::now().date();
        let Parsed { query, problems, .. } = query::parse(request.query.trim(), today);
        let images = request.images.iter().cloned().map(What::Image);
        let photo = request.similar_to.map(|PhotoId(id)| What::Photo(id));
        let examples: Vec<Term> =
            images.chain(photo).map(|what| Term { weight: 1.0, what }).collect();
        if request.query.trim().is_empty() && examples.is_empty() {
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
        let told = problems.into_iter().map(|query::Problem { at, message }| {
            let at = Some(at);
            Problem { at, message }
        });
        let unknown =
            alternatives.iter().flat_map(|alternative| filter::unknown(&alternative.filter));
        let problems = told.chain(unknown.map(|message| Problem { at: None, message })).collect();
        Ok(Self { alternatives, sort: query.sort, problems })
    }

    /// A vector for each alternative that has terms.
    fn vectors(
        &self,
        library: &Library,
        model: &ModelInfo,
        snapshot: &Snapshot,
        going_on: &dyn Fn() -> Result<()>,
    ) -> Result<Vec<Option<Embedding>>> {
        let terms = || self.alternatives.iter().flat_map(|alternative| &alternative.terms);
        let wording = Wording::of(&model.family);
        let wordings: Vec<Vec<String>> = terms()
            .filter_map(|term| match &term.what {
                What::Text(text) => Some(templates::texts(text, wording)),
                _ => None,
            })
            .collect();
        let texts: Vec<&str> = wordings.iter().flatten().map(String::as_str).collect();
        let mut counts = wordings.iter().map(Vec::len);
        let needs_model = terms().any(|term| !matches!(term.what, What::Photo(_)));
        let encoder = if needs_model { Some(library.encoders.get(model)?) } else { None };
        let mut texts = match &encoder {
            Some(encoder) if !texts.is_empty() => encoder.encode_texts(&texts)?,
            _ => Vec::new(),
        }
        .into_iter();
        let mut vector = |what: &What| -> Result<Embedding> {
            going_on()?;
            let lost = || Error::failed("the model gave too few vectors");
            match what {
                What::Text(_) => {
                    let count = counts.next().ok_or_else(lost)?;
                    let wordings: Vec<Embedding> = texts.by_ref().take(count).collect();
                    if wordings.len() < count { Err(lost()) } else { compose::average(&wordings) }
                }
                What::Image(path) => embed_file(&**encoder.as_ref().ok_or_else(lost)?, path),
                What::Photo(id) => {
                    let vector =
                        snapshot.vector(*id).ok_or_else(|| not_searchable(library, *id))?;
                    Embedding::from_raw(vector)
                }
            }
        };
        // A term alone is its own vector, and needs no measure.
        let is_mixed = self.alternatives.iter().any(|alternative| alternative.terms.len() > 1);
        let sample = is_mixed.then(|| Sample::of(snapshot.evenly(Sample::ROWS))).flatten();
        let scales = if is_mixed && sample.is_none() { scales(model) } else { None };
        let measure = match (&sample, &scales) {
            (Some(sample), _) => Measure::Photos(sample),
            (None, Some(scales)) => Measure::Model(scales),
            (None, None) => Measure::Nothing,
        };
        let mut of = |alternative: &Alternative| -> Result<Option<Embedding>> {
            let mut terms = Vec::new();
            for Term { weight, what } in &alternative.terms {
                let kind = if matches!(what, What::Text(_)) { Kind::Text } else { Kind::Image };
                terms.push(compose::Term { weight: *weight, kind, vector: vector(what)? });
            }
            if terms.is_empty() {
                return Ok(None);
            }
            compose::direction(&terms, &[], &[], measure).map(Some)
        };
        self.alternatives.iter().map(&mut of).collect()
    }

    /// Photos that it names as examples: they are no answer.
    fn examples(&self) -> HashSet<i64> {
        let terms = self.alternatives.iter().flat_map(|alternative| &alternative.terms);
        terms
            .filter_map(|term| match term.what {
                What::Photo(id) => Some(id),
                _ => None,
            })
            .collect()
    }
}

/// What is found.
#[derive(Default)]
struct Answer {
    model: String,
    ranking: Duration,
    total: usize,
    strong: usize,
    likely: usize,
    ranked: Vec<Ranked>,
    /// Photos that answer by their filters alone, newest first.
    listed: Vec<i64>,
}

/// A photo that a vector was compared with.
#[derive(Debug, Clone, Copy)]
struct Ranked {
    key: i64,
    /// Cosine similarity.
    score: f32,
    /// How far that stands above the noise; what ranks.
    standing: f32,
    strength: Strength,
}

impl Answer {
    /// Scores all photos by each alternative's vector. A photo counts by the one
    /// that it answers best.
    fn rank(
        &mut self,
        library: &Library,
        question: &Question,
        vectors: &[Option<Embedding>],
        snapshot: &Snapshot,
    ) -> Result<()> {
        let examples = question.examples();
        let mut best: HashMap<i64, Ranked> = HashMap::new();
        let several = vectors.iter().flatten().count() > 1;
        for (alternative, vector) in question.alternatives.iter().zip(vectors) {
            let Some(vector) = vector else { continue };
            let allowed = match filter::is_everything(&alternative.filter) {
                true => None,
                false => Some(matching(library, alternative)?.into_iter().collect::<HashSet<_>>()),
            };
            let began = Instant::now();
            let mut scored = snapshot.score(vector.as_slice());
            scored.retain(|row| !examples.contains(&row.key));
            // The noise is that of the whole library, whatever is asked for.
            let calibration = Calibration::of(&background(&scored), USUAL_STRICTNESS);
            let rows = scored
                .into_iter()
                .filter(|row| allowed.as_ref().is_none_or(|allowed| allowed.contains(&row.key)))
                .map(|Scored { key, score }| {
                    let standing = calibration.standing(score);
                    Ranked { key, score, standing, strength: calibration.strength(score) }
                });
            if several {
                for row in rows {
                    let known = best.entry(row.key).or_insert(row);
                    if row.standing > known.standing {
                        *known = row;
                    }
                }
            } else {
                self.ranked = rows.collect();
            }
            self.ranking += began.elapsed();
        }
        self.ranked.extend(best.into_values());
        let count = |strength| self.ranked.iter().filter(|row| row.strength == strength).count();
        (self.strong, self.likely) = (count(Strength::Strong), count(Strength::Likely));
        self.total = self.ranked.len();
        Ok(())
    }

    /// Adds the photos that alternatives without terms let in.
    fn list(&mut self, library: &Library, question: &Question) -> Result<()> {
        let ranked: HashSet<i64> = self.ranked.iter().map(|row| row.key).collect();
        for alternative in question.alternatives.iter().filter(|a| a.terms.is_empty()) {
            let found = matching(library, alternative)?;
            self.listed.extend(found.into_iter().filter(|id| !ranked.contains(id)));
        }
        self.total += self.listed.len();
        Ok(())
    }

    /// Puts first what is to be listed, and takes away the rest; `None` for all.
    fn order(&mut self, sort: Option<Sort>, limit: Option<usize>) {
        let began = Instant::now();
        let by_date = is_by_date(sort);
        if by_date && self.strong + self.likely > 0 {
            // By date nobody would find them among all that is unlike.
            self.ranked.retain(|row| row.strength != Strength::Weak);
        }
        let rows = self.ranked.iter().map(|row| Scored { key: row.key, score: row.standing });
        // Which are the newest only their rows tell.
        let best = index::best(rows.collect(), limit.filter(|_| !by_date));
        let places: HashMap<i64, usize> =
            best.iter().enumerate().map(|(place, row)| (row.key, place)).collect();
        self.ranked.retain(|row| places.contains_key(&row.key));
        self.ranked.sort_unstable_by_key(|row| places.get(&row.key).copied());
        self.ranking += began.elapsed();
    }

    /// The first of them in the order that was asked for.
    fn hits(
        &self,
        library: &Library,
        sort: Option<Sort>,
        limit: Option<usize>,
    ) -> Result<Vec<Hit>> {
        let mut ids: Vec<i64> = self.ranked.iter().map(|row| row.key).collect();
        ids.extend(&self.listed);
        if !is_by_date(sort) {
            ids.truncate(limit.unwrap_or(usize::MAX));
        }
        let ranked: HashMap<i64, &Ranked> =
            self.ranked.iter().map(|ranked| (ranked.key, ranked)).collect();
        // A photo may have gone since the snapshot: then it has no row.
        let mut hits: Vec<Hit> = library
            .catalog
            .hits(&ids)?
            .into_iter()
            .map(|row| match ranked.get(&row.id) {
                Some(ranked) => hit(row, ranked.score, ranked.strength),
                None => hit(row, 0.0, Strength::Unscored),
            })
            .collect();
        match sort {
            Some(Sort::Newest) => hits.sort_by_key(|hit| Reverse((hit.time, hit.photo))),
            Some(Sort::Oldest) => hits.sort_by_key(|hit| (hit.time, hit.photo)),
            Some(Sort::Relevance) | None => {}
        }
        hits.truncate(limit.unwrap_or(usize::MAX));
        Ok(hits)
    }
}

fn is_by_date(sort: Option<Sort>) -> bool {
    matches!(sort, Some(Sort::Newest | Sort::Oldest))
}

/// The model's constants, where any are kept.
fn scales(model: &ModelInfo) -> Option<Scales> {
    if Wording::of(&model.family) == Wording::Sentences {
        return Scales::of_the_starter().filter(|scales| scales.image_mean.len() == model.dim);
    }
    // Without them terms are mixed as they are, which is better than no answer.
    let read = Scales::read(&model.folder, model.dim);
    read.inspect_err(|error| tracing::warn!("{error}")).ok().flatten()
}

/// What the scores of a question look like.
fn background(scored: &[Scored]) -> Background {
    let mut scores: Vec<f32> = scored.iter().map(|row| row.score).collect();
    scores.sort_unstable_by(f32::total_cmp);
    let at = |place: usize| scores.get(place).copied().unwrap_or_default();
    Background {
        rows: scores.len(),
        median: at(scores.len() / 2),
        lower_quartile: at(scores.len() / 4),
        best: scores.iter().rev().take(2).copied().collect(),
    }
}

/// The photos that an alternative's filter lets in, newest first.
fn matching(library: &Library, alternative: &Alternative) -> Result<Vec<i64>> {
    library.catalog.photos_where(&filter::condition(&alternative.filter))
}

/// A catalog row as a hit.
pub(crate) fn hit(row: HitRow, score: f32, strength: Strength) -> Hit {
    Hit {
        photo: PhotoId(row.id),
        score,
        strength,
        path: row.path,
        aspect: row.dimensions.map_or(USUAL_ASPECT, |(w, h)| w as f32 / h.max(1) as f32),
        color: row.color,
        version: row.version,
        time: row.time,
        offline: row.offline,
    }
}

/// The vector of an image file, decoded and oriented as an indexed photo is, so
/// that the same photo has the same vector.
pub(crate) fn embed_file(encoder: &dyn Encoder, path: &std::path::Path) -> Result<Embedding> {
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Error::usage(format!("there is no file {}", path.display()))
        }
        std::io::ErrorKind::IsADirectory => {
            Error::usage(format!("{} is a folder; name an image file", path.display()))
        }
        _ => Error::failed(format!("cannot read {}", path.display())).with(error),
    })?;
    let decoded = decode::decode(&bytes, &Limits::default(), Detail::indexed(encoder.least_side()))
        .context(|| format!("cannot decode {}", path.display()))?;
    let input = encoder.preprocess(&decoded.rgb)?;
    encoder
        .encode_images(&[input])?
        .pop()
        .ok_or_else(|| Error::failed(format!("the model gave no vector for {}", path.display())))
}

fn not_searchable(library: &Library, id: i64) -> Error {
    let failures = library.catalog.failures().unwrap_or_default();
    if let Some(failure) = failures.iter().find(|failure| failure.photo == id) {
        let path = failure.path.display();
        return Error::not_found(format!("{path} could not be read: {}", failure.reason));
    }
    match library.catalog.photo(id) {
        Ok(Some(row)) => Error::not_found(format!(
            "{} is not indexed yet; try again when indexing is done",
            row.path.display()
        )),
        _ => Error::not_found(format!("there is no photo {id} in this library")),
    }
}
