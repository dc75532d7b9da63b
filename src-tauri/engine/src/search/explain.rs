//! Why a photo answers a question: what each part of it has to do with the photo.
//!
//! Nothing is judged otherwise than by [`search`](super::search): the parts have the
//! vectors that the question is made of, and what their scores mean is told from
//! their scores over the whole library, as that of the question is.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use afterimage_index::Snapshot;

use super::filter;
use super::query::{Alternative, Filter, PieceKind, Term, What};
use super::question::{Parts, Question, read};
use super::rank::{Compared, Ranked, Ranking, calibrated, order, score_of};
use super::{Answer, compared, search};
use crate::catalog::PhotoRow;
use crate::error::{Error, Result};
use crate::jobs::Cancel;
use crate::library::Library;
use crate::model::Embedding;
use crate::view::{
    Example, ExampleSource, ExplainedPart, Explanation, Page, PartKind, PhotoId, SearchRequest,
    Strength, Why,
};
use crate::{Engine, no_photo};

impl Engine {
    /// Why a photo answers a question, part by part. It may be one that does not
    /// answer: then what it lacks is told. `offset` and `limit` of the question do not
    /// matter, nor does its order: places are by the best match.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) for an unknown photo; else as
    /// [`search`](Self::search).
    pub fn explain(
        &self,
        photo: PhotoId,
        request: &SearchRequest,
        cancel: &Cancel,
    ) -> Result<Explanation> {
        if self.0.catalog.photo(photo.0)?.is_none() {
            return Err(no_photo(photo));
        }
        explain(&self.0, photo.0, request, cancel)
    }

    /// The photos that look most like one photo, which is left out: at most `limit`.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) for a photo that is not known or not
    /// indexed, or where no model is installed;
    /// [`Code::Cancelled`](crate::Code::Cancelled) once `cancel` is.
    pub fn similar(&self, photo: PhotoId, limit: usize, cancel: &Cancel) -> Result<Page> {
        let (similar_to, limit) = (Some(photo), Some(limit));
        search(&self.0, &SearchRequest { similar_to, limit, ..Default::default() }, cancel)
    }
}

fn explain(
    library: &Library,
    photo: i64,
    request: &SearchRequest,
    cancel: &Cancel,
) -> Result<Explanation> {
    let question = Question::of(request)?;
    let going_on = || if cancel.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) };
    if !question.alternatives.iter().any(|alternative| question.compares(alternative)) {
        let mut parts = Vec::new();
        for alternative in &question.alternatives {
            parts.extend(filters(library, &question, alternative, photo)?);
        }
        let (score, strength, rank, ranked) = (None, Strength::Unscored, None, 0);
        return Ok(Explanation { score, strength, rank, ranked, parts });
    }

    let model = library.serving()?;
    let vectors = library.vectors(&model)?;
    let snapshot = vectors.snapshot();
    going_on()?;
    let sample = if question.is_mixed() { vectors.sample(&snapshot) } else { None };
    let parts = question.parts(library, &model, &snapshot, &going_on)?;
    let vectors = question.vectors(&parts, &model, sample.as_deref(), &going_on)?;
    let compared = compared(library, &question, &vectors, &snapshot)?;
    going_on()?;
    let (examples, strictness) = (question.example_photos(), question.strictness());
    let mut answer = Answer::default();
    answer.list(library, &question)?;
    let ranking = Ranking::new(
        &library.catalog,
        &snapshot,
        &compared,
        &examples,
        strictness,
        &answer.listed,
    )?;
    going_on()?;

    let standing = Standing::of(&ranking, &compared, &snapshot, photo);
    let numbers = (0..vectors.len()).filter(|at| vectors[*at].is_some());
    let number = match standing.by {
        Some(by) => numbers.clone().nth(by),
        None => (0..vectors.len()).find(|at| vectors[*at].is_none()),
    };
    let Some(number) = number else {
        return Err(Error::failed(message!(
            "the question has no alternative that a photo could answer"
        )));
    };
    let asked = Asked { library, question: &question, snapshot: &snapshot, examples, photo };
    let alternative = &question.alternatives[number];
    let mut explained = match standing.by {
        Some(_) => asked.shown(alternative, &parts.named[number], &parts, &going_on)?,
        None => Vec::new(),
    };
    explained.extend(filters(library, &question, alternative, photo)?);
    if let Some(by) = standing.by {
        explained.extend(written(library, &compared[by], photo)?);
    }
    let Standing { score, strength, rank, .. } = standing;
    Ok(Explanation { score, strength, rank, ranked: ranking.total, parts: explained })
}

/// Where a photo stands in a ranking.
struct Standing {
    /// Which of the alternatives that photos are compared with it answers best; `None`
    /// where it answers by filters alone.
    by: Option<usize>,
    score: Option<f32>,
    strength: Strength,
    rank: Option<usize>,
}

impl Standing {
    fn of(
        ranking: &Ranking,
        compared: &[Compared<'_>],
        snapshot: &Arc<Snapshot>,
        photo: i64,
    ) -> Self {
        let firm = ranking.firm_place(photo);
        if let Some((place, row)) = firm
            && row.strength == Strength::Unscored
        {
            let rank = Some(place + 1);
            return Self { by: None, score: None, strength: row.strength, rank };
        }
        let lets_in =
            |by: usize| compared[by].allowed.as_ref().is_none_or(|allowed| allowed.contains(photo));
        let judged: Vec<(usize, Ranked)> = compared
            .iter()
            .enumerate()
            .filter_map(|(by, one)| {
                let score = score_of(snapshot, one.vector, photo)?;
                Some((by, ranking.judge(by, photo, score)))
            })
            .collect();
        // One that lets it in before one that does not, however well it fits that.
        let best = judged.into_iter().min_by(|(a, one), (b, other)| {
            (!lets_in(*a)).cmp(&!lets_in(*b)).then(order(one, other))
        });
        let Some((by, own)) = best else {
            // Not embedded yet: it can be named all the same.
            let by = (0..compared.len()).find(|by| lets_in(*by)).or(Some(0));
            let strength = firm.map_or(Strength::Unscored, |(_, row)| row.strength);
            return Self { by, score: None, strength, rank: firm.map(|(place, _)| place + 1) };
        };
        let (strength, rank) = match firm {
            Some((place, row)) => (row.strength, Some(place + 1)),
            None if lets_in(by) => (own.strength, Some(ranking.rest_place(&own) + 1)),
            None => (own.strength, None),
        };
        Self { by: Some(by), score: Some(own.score), strength, rank }
    }
}

/// A question, and the photo that it is about.
struct Asked<'a> {
    library: &'a Library,
    question: &'a Question<'a>,
    snapshot: &'a Arc<Snapshot>,
    /// Photos that the question names as examples.
    examples: HashSet<i64>,
    photo: i64,
}

impl Asked<'_> {
    /// What the photo should show and resemble, and should not.
    fn shown(
        &self,
        alternative: &Alternative,
        named: &[super::compose::Term],
        parts: &Parts,
        going_on: &dyn Fn() -> Result<()>,
    ) -> Result<Vec<ExplainedPart>> {
        let mut shown = Vec::new();
        let mut add = |kind, words, vector: Option<&Embedding>, of| -> Result<()> {
            going_on()?;
            shown.push(self.part(kind, words, vector, of));
            Ok(())
        };
        for (Term { weight, what }, term) in alternative.terms.iter().zip(named) {
            let (kind, words) = match what {
                What::Text(text) => (PartKind::Words, text.clone()),
                What::Image(path) => (PartKind::Example, name(path)),
                What::Photo(id) => (PartKind::Example, self.name_of(*id)?.unwrap_or_default()),
            };
            let kind = if *weight < 0.0 { PartKind::Excluded } else { kind };
            add(kind, words, Some(&term.vector), None)?;
        }
        for (Example { source, .. }, term) in self.question.examples().iter().zip(&parts.shown) {
            let words = match source {
                ExampleSource::Photo(PhotoId(id)) => self.name_of(*id)?.unwrap_or_default(),
                ExampleSource::File(path) => name(path),
                ExampleSource::Picture(_) => String::new(),
            };
            add(PartKind::Example, words, Some(&term.vector), None)?;
        }
        let liked = self.question.like().iter().zip(&parts.like);
        let unliked = self.question.unlike().iter().zip(&parts.unlike);
        let liked = liked.map(|liked| (PartKind::Like, liked));
        for (kind, (id, vector)) in liked.chain(unliked.map(|other| (PartKind::Unlike, other))) {
            // One that was forgotten has no name, and says nothing.
            if let Some(words) = self.name_of(id.0)? {
                add(kind, words, vector.as_ref(), Some(id.0))?;
            }
        }
        Ok(shown)
    }

    /// A part with this vector, `None` where it is not known yet; `of` is the photo
    /// whose vector it is.
    fn part(
        &self,
        kind: PartKind,
        words: String,
        vector: Option<&Embedding>,
        of: Option<i64>,
    ) -> ExplainedPart {
        let is_wanted = !matches!(kind, PartKind::Excluded | PartKind::Unlike);
        let judged = vector.and_then(|vector| {
            let score = score_of(self.snapshot, vector, self.photo)?;
            // The photo itself is no measure of others.
            let examples = self.examples.iter().copied().chain(of).collect();
            let strictness = self.question.strictness();
            let calibration = calibrated(self.snapshot, vector, &examples, strictness);
            Some((score, calibration.spreads(score), calibration.strength(score)))
        });
        let (score, spreads, stands_out) = match judged {
            Some((score, spreads, strength)) => (Some(score), spreads, strength != Strength::Weak),
            None => (None, None, false),
        };
        // In a small library all are likely, which must not speak against any.
        let holds = if is_wanted { stands_out } else { !stands_out || spreads.is_none() };
        ExplainedPart { kind, words, score, spreads, holds, field: None }
    }

    /// The name of a photo's file; `None` of one that is not in the catalog.
    fn name_of(&self, photo: i64) -> Result<Option<String>> {
        let row = self.library.catalog.photo(photo)?;
        Ok(row.map(|PhotoRow { path, .. }| name(&path)))
    }
}

/// The name of a file, for showing.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What an alternative asks a photo to be, one by one.
fn filters(
    library: &Library,
    question: &Question<'_>,
    alternative: &Alternative,
    photo: i64,
) -> Result<Vec<ExplainedPart>> {
    let filters = match &alternative.filter {
        Filter::All(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let part = |filter: &Filter| {
        let holds = library.catalog.holds(photo, &filter::condition(library, filter)?)?;
        let words = as_typed(question, filter);
        let (kind, score, spreads, field) = (PartKind::Filter, None, None, None);
        Ok(ExplainedPart { kind, words, score, spreads, holds, field })
    };
    filters.iter().map(part).collect()
}

/// A filter as it stands in the question, such as `date:last summer`; one that does not
/// stand there in one piece is written anew.
fn as_typed(question: &Question<'_>, filter: &Filter) -> String {
    let text = question.text();
    let kinds = [PieceKind::Filter, PieceKind::ExcludedFilter];
    let pieces = question.pieces.iter().filter(|piece| kinds.contains(&piece.kind));
    let mut typed = pieces.filter_map(|piece| text.get(piece.at.clone()));
    let means_it = |text: &&str| match &read(text).query.alternatives[..] {
        [alternative] => alternative.terms.is_empty() && alternative.filter == *filter,
        _ => false,
    };
    typed.find(means_it).map_or_else(|| filter.to_string(), str::to_owned)
}

/// Where the sentences of an alternative are written of a photo.
fn written(library: &Library, compared: &Compared<'_>, photo: i64) -> Result<Vec<ExplainedPart>> {
    let mut parts = Vec::new();
    let mut all_are = true;
    for (sentence, tagged) in compared.sentences.iter().zip(&compared.tagged) {
        let before = parts.len();
        let mut add = |words, field| {
            let (kind, score, spreads, field) = (PartKind::Text, None, None, Some(field));
            parts.push(ExplainedPart { kind, words, score, spreads, holds: true, field });
        };
        if tagged.contains(&photo) {
            add((*sentence).to_owned(), "tags");
        }
        for (field, words) in library.catalog.words_of(photo, sentence)? {
            add(words.join(" "), word_for(field));
        }
        all_are &= parts.len() > before;
    }
    // Every sentence counts: a dog in snow is not any dog.
    parts.iter_mut().for_each(|part| part.holds = all_are);
    Ok(parts)
}

/// The word for the one field that these reasons are.
fn word_for(field: Why) -> &'static str {
    field.words().next().unwrap_or_default()
}
