//! Answering a question: words and examples to one vector, all photos scored
//! by it, each score given a meaning, and what is written of photos beside it.

mod calibrate;
mod compose;
mod examples;
mod explain;
mod filter;
mod fuse;
pub mod query;
mod question;
mod rank;
mod scales;
mod sentences;
mod templates;

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use afterimage_index::{KeySet, Snapshot};

use crate::catalog::{Condition, HitRow, Time};
use crate::error::{Error, Result};
use crate::jobs::Cancel;
use crate::library::Library;
use crate::model::Embedding;
use crate::tags;
use crate::view::{Hit, Page, PhotoId, SearchRequest, Strength, Why};
use query::{Alternative, Sort};
use question::Question;
use rank::{Compared, Ranked, Ranking};

pub(crate) use compose::Sample;
pub(crate) use examples::embed_file;
pub(crate) use filter::format;
pub(crate) use question::reading;
pub(crate) use scales::CAPTIONS;
pub(crate) use scales::keep as keep_scales;
pub(crate) use sentences::{Sentences, templated_vector, text_vector};

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
    let going_on = || if cancel.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) };
    let mut answer = Answer::default();
    answer.list(library, &question)?;
    going_on()?;
    if question.alternatives.iter().any(|alternative| question.compares(alternative)) {
        answer.compare(library, &question, &going_on)?;
    } else {
        // Filters alone need no model, but the page tells which one answers.
        answer.model = library.in_use().map(|in_use| in_use.serving.id).unwrap_or_default();
        answer.by_date = true;
        if question.sort == Some(Sort::Oldest) {
            answer.listed.reverse();
        }
    }
    going_on()?;
    answer.page(library, &question, began)
}

/// What is found.
#[derive(Default)]
struct Answer {
    model: String,
    ranking: Option<Ranking>,
    /// Photos that answer by their filters alone, in order.
    listed: Vec<i64>,
    by_date: bool,
    ranked_in: std::time::Duration,
}

impl Answer {
    /// Ranks photos by the alternatives that say what they should show.
    fn compare(
        &mut self,
        library: &Library,
        question: &Question<'_>,
        going_on: &dyn Fn() -> Result<()>,
    ) -> Result<()> {
        let model = library.serving()?;
        let vectors = library.vectors(&model)?;
        let snapshot = vectors.snapshot();
        going_on()?;
        let sample = if question.is_mixed() { vectors.sample(&snapshot) } else { None };
        let parts = question.parts(library, &model, &snapshot, going_on)?;
        let vectors = question.vectors(&parts, &model, sample.as_deref(), going_on)?;
        let compared = compared(library, question, &vectors, &snapshot)?;
        going_on()?;
        let began = Instant::now();
        let strictness = question.strictness();
        let mut ranking = Ranking::new(
            &library.catalog,
            &snapshot,
            &compared,
            &question.example_photos(),
            strictness,
            &self.listed,
        )?;
        let order = match question.sort {
            Some(Sort::Newest) => Some((Time::Taken, true)),
            Some(Sort::Oldest) => Some((Time::Taken, false)),
            Some(Sort::Added) => Some((Time::Added, true)),
            Some(Sort::Relevance) | None => None,
        };
        if let Some((time, latest_first)) = order {
            self.by_date = ranking.by_date(&library.catalog, time, latest_first)?;
        }
        self.ranked_in = began.elapsed();
        self.ranking = Some(ranking);
        self.model = model.id;
        Ok(())
    }

    /// Finds the photos that alternatives let in without saying what they show.
    fn list(&mut self, library: &Library, question: &Question<'_>) -> Result<()> {
        let by = if question.sort == Some(Sort::Added) { Time::Added } else { Time::Taken };
        let mut listed = HashSet::new();
        for alternative in &question.alternatives {
            if !question.compares(alternative) {
                let photos = matching(library, alternative, question.only(), by)?;
                self.listed.extend(photos.into_iter().filter(|photo| listed.insert(*photo)));
            }
        }
        Ok(())
    }

    /// The part of the answer that is asked for.
    fn page(self, library: &Library, question: &Question<'_>, began: Instant) -> Result<Page> {
        let (offset, limit) = (question.offset(), question.limit());
        let mut rows = Vec::new();
        let (mut total, mut strong, mut likely) = (0, 0, 0);
        if let Some(ranking) = &self.ranking {
            (total, strong, likely) = (ranking.total, ranking.strong, ranking.likely);
            rows = ranking.page(offset, limit);
        }
        if self.ranking.is_none() {
            let listed = self.listed.iter().skip(offset).take(limit);
            rows.extend(listed.map(|photo| Ranked::listed(*photo)));
            total = self.listed.len();
        }

        let photos: Vec<i64> = rows.iter().map(|row| row.photo).collect();
        let mut found: HashMap<i64, HitRow> =
            library.catalog.hits(&photos)?.into_iter().map(|row| (row.id, row)).collect();
        // A photo may have gone since the snapshot: then it has no row.
        let hits = rows.iter().filter_map(|row| Some(row.hit(found.remove(&row.photo)?)));
        Ok(Page {
            query: question.text().to_owned(),
            model: self.model,
            took: began.elapsed(),
            ranking: self.ranked_in,
            total,
            strong,
            likely,
            offset,
            by_date: self.by_date,
            problems: question.problems.clone(),
            hits: hits.collect(),
        })
    }
}

/// The alternatives that photos are compared with, each by its vector.
fn compared<'a>(
    library: &Library,
    question: &'a Question<'_>,
    vectors: &'a [Option<Embedding>],
    snapshot: &Snapshot,
) -> Result<Vec<Compared<'a>>> {
    let examples = question.example_photos();
    let mut compared = Vec::with_capacity(vectors.len());
    for (alternative, vector) in question.alternatives.iter().zip(vectors) {
        let Some(vector) = vector else { continue };
        let is_open = filter::is_everything(&alternative.filter) && question.only().is_empty();
        let let_in = match is_open {
            true => None,
            false => Some(matching(library, alternative, question.only(), Time::Taken)?),
        };
        let allowed = match let_in {
            Some(photos) => Some(without(photos, &examples)),
            None if !examples.is_empty() => Some(without(snapshot.keys(), &examples)),
            None => None,
        };
        let sentences: Vec<&str> = Question::sentences(alternative).collect();
        let tagged = tags::tagged(library, &sentences)?;
        compared.push(Compared { vector, allowed, sentences, tagged });
    }
    Ok(compared)
}

/// The photos that an alternative's filter lets in, those of the latest time first; of
/// these only, unless there are none.
fn matching(
    library: &Library,
    alternative: &Alternative,
    only: &[PhotoId],
    by: Time,
) -> Result<Vec<i64>> {
    let mut condition = filter::condition(library, &alternative.filter)?;
    if !only.is_empty() {
        condition = Condition::all(vec![condition, filter::photos(only)]);
    }
    library.catalog.photos_where(&condition, by)
}

fn without(photos: impl IntoIterator<Item = i64>, examples: &HashSet<i64>) -> KeySet {
    photos.into_iter().filter(|photo| !examples.contains(photo)).collect()
}

/// A catalog row as a hit.
pub(crate) fn hit(row: HitRow, score: f32, strength: Strength, why: Why) -> Hit {
    Hit {
        photo: PhotoId(row.id),
        score,
        strength,
        why,
        path: row.path,
        aspect: row.dimensions.map_or(USUAL_ASPECT, |(w, h)| w as f32 / h.max(1) as f32),
        color: row.color,
        version: row.version,
        time: row.time,
        offline: row.offline,
        rating: row.rating,
        favourite: row.favourite,
    }
}
