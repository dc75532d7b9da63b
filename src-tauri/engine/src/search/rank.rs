//! From vectors to an order of photos.
//!
//! A ranking has two parts. *Firm* is what stands out of the noise, and what is
//! named as asked for; it is known as a whole, so it can be fused, counted and
//! sorted by date. Behind it is the *rest* of the library by its scores, of which
//! only as much is made as is asked for.

use std::cmp::{Ordering, Reverse};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use afterimage_index::{KeySet, Scores, Snapshot};

use super::calibrate::{Background, Calibration, REFERENCE};
use super::fuse;
use crate::catalog::{Catalog, HitRow, Time};
use crate::error::Result;
use crate::model::Embedding;
use crate::view::{Hit, Strength, Why};

/// So much of each alternative is firm at most. What is likely beyond that is
/// listed by its scores alone.
const MOST_FIRM: usize = 10_000;

/// Photos that are named as asked for, at most.
const MOST_NAMED: usize = 1000;

/// An alternative that photos are compared with.
pub(super) struct Compared<'a> {
    pub vector: &'a Embedding,
    /// The photos that may answer; `None` for all.
    pub allowed: Option<KeySet>,
    /// What the photos should show: looked for in what is written of them, too.
    pub sentences: Vec<&'a str>,
    /// Photos that the person gave the tag that each of them names.
    pub tagged: Vec<Vec<i64>>,
}

/// A photo with what it scored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ranked {
    pub photo: i64,
    /// Cosine similarity; 0 where the photo has no vector yet.
    pub score: f32,
    /// How far that stands above the noise: comparable between alternatives.
    standing: f32,
    pub strength: Strength,
    pub why: Why,
}

impl Ranked {
    /// A photo that answers without being compared.
    pub fn listed(photo: i64) -> Self {
        let (standing, strength, why) = (UNKNOWN, Strength::Unscored, Why::NOTHING);
        Self { photo, score: 0.0, standing, strength, why }
    }

    /// With what the catalog knows of the photo.
    pub fn hit(&self, row: HitRow) -> Hit {
        super::hit(row, self.score, self.strength, self.why)
    }
}

/// Photos that answer, best first.
pub(super) struct Ranking {
    scored: Vec<Scored>,
    firm: Vec<Ranked>,
    /// Photos in both parts.
    pub total: usize,
    pub strong: usize,
    pub likely: usize,
}

impl Ranking {
    /// Compares the photos of a snapshot with vectors. A photo counts by the
    /// alternative that it answers best. `examples` are photos that the vectors are
    /// made of; see [`Background`]. `listed` are photos that answer without being compared.
    pub fn new(
        catalog: &Catalog,
        snapshot: &Arc<Snapshot>,
        compared: &[Compared<'_>],
        examples: &HashSet<i64>,
        strictness: f32,
        listed: &[i64],
    ) -> Result<Self> {
        let scored: Vec<Scored> =
            compared.iter().map(|one| Scored::new(snapshot, one, examples, strictness)).collect();
        let mut firm = HashMap::new();
        for row in scored.iter().flat_map(Scored::firm) {
            keep(&mut firm, row);
        }
        let mut places = HashMap::new();
        let mut total = rows(snapshot, compared, &scored);
        for (one, scored) in compared.iter().zip(&scored) {
            let named = named(catalog, one)?;
            for (place, (photo, _)) in named.iter().enumerate() {
                let least: &mut usize = places.entry(*photo).or_insert(place);
                *least = place.min(*least);
            }
            for row in scored.named(snapshot, one.vector, &named) {
                // One that is not compared yet is found all the same.
                let known = keep(&mut firm, row);
                total += usize::from(!known && row.standing == UNKNOWN);
            }
        }
        let mut firm: Vec<Ranked> = firm.into_values().collect();
        firm.sort_unstable_by(order);
        if !places.is_empty() {
            let shown = firm.iter().filter(|row| row.why.contains(Why::PICTURE));
            let worth = fuse::worth(shown.map(|row| row.photo), places.into_iter());
            let worth = |row: &Ranked| worth.get(&row.photo).copied().unwrap_or_default();
            firm.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
        }
        let count = |strength| firm.iter().filter(|row| row.strength == strength).count();
        let strong = count(Strength::Strong) + scored.iter().map(|s| s.beyond.0).sum::<usize>();
        let likely = count(Strength::Likely) + scored.iter().map(|s| s.beyond.1).sum::<usize>();
        let mut ranking = Self { scored, firm, total, strong, likely };
        ranking.admit(listed, snapshot, compared);
        Ok(ranking)
    }

    /// Adds photos that answer by an alternative without vector, behind the firm
    /// ones: who asks for one or the other means them as much.
    fn admit(&mut self, listed: &[i64], snapshot: &Snapshot, compared: &[Compared<'_>]) {
        let firm: KeySet = self.firm.iter().map(|row| row.photo).collect();
        let admitted: Vec<i64> =
            listed.iter().copied().filter(|photo| !firm.contains(*photo)).collect();
        if admitted.is_empty() {
            return;
        }
        let photos: KeySet = admitted.iter().copied().collect();
        let is_ranked = |photo: &i64| {
            let mut allowed = compared.iter().map(|one| one.allowed.as_ref());
            photos.contains(*photo)
                && allowed.any(|allowed| allowed.is_none_or(|all| all.contains(*photo)))
        };
        self.total += admitted.len() - snapshot.keys().filter(is_ranked).count();
        self.likely += admitted.len();
        self.firm.extend(admitted.into_iter().map(Ranked::listed));
    }

    /// Puts the firm part in the order of a time and leaves the rest out: by
    /// date nobody would find the answers among all that is unlike. Where nothing
    /// is firm the best matches stay what they are; returns whether it is so.
    pub fn by_date(&mut self, catalog: &Catalog, time: Time, latest_first: bool) -> Result<bool> {
        if self.firm.is_empty() {
            return Ok(false);
        }
        // By date those count, too, that were too many to be firm.
        let mut known: KeySet = self.firm.iter().map(|row| row.photo).collect();
        for scored in self.scored.iter().filter(|scored| scored.beyond != (0, 0)) {
            for row in scored.scores.at_least(scored.calibration.likely_from()) {
                if !known.contains(row.key) {
                    known.insert(row.key);
                    self.firm.push(scored.ranked(row.key, row.score));
                }
            }
        }
        let photos: Vec<i64> = self.firm.iter().map(|row| row.photo).collect();
        let times = catalog.times(&photos, time)?;
        let time = |row: &Ranked| (times.get(&row.photo).copied(), row.photo);
        match latest_first {
            true => self.firm.sort_by_key(|row| Reverse(time(row))),
            false => self.firm.sort_by_key(time),
        }
        self.scored.clear();
        self.total = self.firm.len();
        (self.strong, self.likely) = (0, 0);
        for row in &self.firm {
            match row.strength {
                Strength::Strong => self.strong += 1,
                _ => self.likely += 1,
            }
        }
        Ok(true)
    }

    /// The place, from 0, and the row of a photo that is firm.
    pub fn firm_place(&self, photo: i64) -> Option<(usize, Ranked)> {
        let place = self.firm.iter().position(|row| row.photo == photo)?;
        Some((place, self.firm[place]))
    }

    /// What a score means to an alternative, by its number, whether or not the photo
    /// is ranked by it.
    pub fn judge(&self, alternative: usize, photo: i64, score: f32) -> Ranked {
        self.scored[alternative].ranked(photo, score)
    }

    /// The place, from 0, of a photo that is not firm, by the best of its rows.
    pub fn rest_place(&self, own: &Ranked) -> usize {
        let firm: KeySet = self.firm.iter().map(|row| row.photo).collect();
        let mut before = HashSet::new();
        for scored in &self.scored {
            // Rounding must not hide those beside it.
            let least = scored.calibration.score_at(own.standing) - 1e-4;
            let rows = scored.scores.at_least(least).into_iter();
            let rows = rows.map(|row| scored.ranked(row.key, row.score));
            let rows = rows.filter(|row| order(row, own).is_lt() && !firm.contains(row.photo));
            before.extend(rows.map(|row| row.photo));
        }
        self.firm.len() + before.len()
    }

    /// Photos from `offset` on, at most `limit`.
    pub fn page(&self, offset: usize, limit: usize) -> Vec<Ranked> {
        let mut page: Vec<Ranked> = self.firm.iter().skip(offset).take(limit).copied().collect();
        let missing = limit - page.len();
        if missing > 0 {
            let skipped = offset.saturating_sub(self.firm.len());
            page.extend(self.rest(skipped.saturating_add(missing)).into_iter().skip(skipped));
        }
        page
    }

    /// The first photos behind the firm ones.
    fn rest(&self, most: usize) -> Vec<Ranked> {
        let mut rest = HashMap::new();
        let firm: KeySet = self.firm.iter().map(|row| row.photo).collect();
        let best = most.saturating_add(self.firm.len());
        for row in self.scored.iter().flat_map(|scored| scored.best(best)) {
            if !firm.contains(row.photo) {
                keep(&mut rest, row);
            }
        }
        let mut rest: Vec<Ranked> = rest.into_values().collect();
        rest.sort_unstable_by(order);
        rest.truncate(most);
        rest
    }
}

/// Best first, equal ones by the greater number, so that an answer is the same
/// every time.
pub(super) fn order(a: &Ranked, b: &Ranked) -> Ordering {
    b.standing.total_cmp(&a.standing).then_with(|| b.photo.cmp(&a.photo))
}

/// Where a photo without a vector stands.
const UNKNOWN: f32 = f32::NEG_INFINITY;

/// Keeps the better of two rows of a photo, and all that speaks for it. Returns
/// whether it was known.
fn keep(rows: &mut HashMap<i64, Ranked>, row: Ranked) -> bool {
    let Some(known) = rows.get_mut(&row.photo) else {
        rows.insert(row.photo, row);
        return false;
    };
    let (why, strength) = (known.why | row.why, stronger(known.strength, row.strength));
    if row.standing > known.standing {
        *known = row;
    }
    (known.why, known.strength) = (why, strength);
    true
}

fn stronger(a: Strength, b: Strength) -> Strength {
    let rank = |strength| match strength {
        Strength::Strong => 3,
        Strength::Likely => 2,
        Strength::Weak => 1,
        Strength::Unscored => 0,
    };
    if rank(b) > rank(a) { b } else { a }
}

/// Rows that are ranked, each once.
fn rows(snapshot: &Snapshot, compared: &[Compared<'_>], scored: &[Scored]) -> usize {
    if let [one] = scored {
        return one.scores.len();
    }
    let allowed: Option<Vec<&KeySet>> = compared.iter().map(|one| one.allowed.as_ref()).collect();
    match allowed {
        None => snapshot.len(),
        Some(allowed) => {
            let is_in = |key: &i64| allowed.iter().any(|set| set.contains(*key));
            snapshot.keys().filter(is_in).count()
        }
    }
}

/// Photos of which is written what they should show, those that say it best
/// first.
fn named(catalog: &Catalog, compared: &Compared<'_>) -> Result<Vec<(i64, Why)>> {
    let mut found: Vec<(i64, Why)> = Vec::new();
    for (number, sentence) in compared.sentences.iter().enumerate() {
        let tagged = compared.tagged.get(number).map_or(&[][..], Vec::as_slice);
        let is_tagged: HashSet<i64> = tagged.iter().copied().collect();
        let written = catalog.photos_with_words(sentence, MOST_NAMED)?;
        let written = written.into_iter().map(|one| (one.photo, one.fields));
        // A tag is the surest word; who has it and is described as well is there once.
        let written = written.filter(|(photo, _)| !is_tagged.contains(photo));
        let matches = tagged.iter().map(|photo| (*photo, Why::KEYWORDS)).chain(written);
        if number == 0 {
            found.extend(matches);
        } else {
            // Every sentence counts: a dog in snow is not any dog.
            let more: HashMap<i64, Why> = matches.collect();
            found.retain_mut(|(photo, why)| match more.get(photo) {
                Some(also) => {
                    *why |= *also;
                    true
                }
                None => false,
            });
        }
    }
    found.retain(|(photo, _)| compared.allowed.as_ref().is_none_or(|set| set.contains(*photo)));
    Ok(found)
}

/// The scores of the whole library for one question.
fn background(all: &Scores, examples: &HashSet<i64>) -> Background {
    let best = all.best(REFERENCE + examples.len()).into_iter();
    let best = best.filter(|row| !examples.contains(&row.key)).map(|row| row.score);
    Background {
        rows: all.len(),
        median: all.quantile(0.5).unwrap_or_default(),
        lower_quartile: all.quantile(0.25).unwrap_or_default(),
        best: best.take(REFERENCE).collect(),
    }
}

/// What the scores of one vector over the whole library mean. `examples` are photos
/// that it is made of; see [`Background`].
pub(super) fn calibrated(
    snapshot: &Arc<Snapshot>,
    vector: &Embedding,
    examples: &HashSet<i64>,
    strictness: f32,
) -> Calibration {
    Calibration::of(&background(&snapshot.scan(vector.as_slice(), None), examples), strictness)
}

/// What one photo scores, as in a scan of all; `None` where it has no vector yet.
pub(super) fn score_of(snapshot: &Arc<Snapshot>, vector: &Embedding, photo: i64) -> Option<f32> {
    let alone: KeySet = [photo].into_iter().collect();
    let best = snapshot.scan(vector.as_slice(), Some(&alone)).best(1);
    best.first().map(|row| row.score)
}

/// An alternative with the scores of the photos that may answer.
struct Scored {
    scores: Scores,
    calibration: Calibration,
    /// Strong and likely ones that are too many to be firm.
    beyond: (usize, usize),
}

impl Scored {
    fn new(
        snapshot: &Arc<Snapshot>,
        compared: &Compared<'_>,
        examples: &HashSet<i64>,
        strictness: f32,
    ) -> Self {
        // The noise is that of the whole library, whatever may answer.
        let all = snapshot.scan(compared.vector.as_slice(), None);
        let calibration = Calibration::of(&background(&all, examples), strictness);
        let scores = match &compared.allowed {
            Some(allowed) => snapshot.scan(compared.vector.as_slice(), Some(allowed)),
            None => all,
        };
        let mut beyond = (0, 0);
        let likely = scores.count_at_least(calibration.likely_from());
        if likely > MOST_FIRM {
            let strong = scores.count_at_least(calibration.strong_from());
            beyond.0 = strong.saturating_sub(MOST_FIRM);
            beyond.1 = likely - MOST_FIRM - beyond.0;
        }
        Self { scores, calibration, beyond }
    }

    fn ranked(&self, photo: i64, score: f32) -> Ranked {
        let strength = self.calibration.strength(score);
        let why = if strength == Strength::Weak { Why::NOTHING } else { Why::PICTURE };
        Ranked { photo, score, standing: self.calibration.standing(score), strength, why }
    }

    /// The rows that stand out of the noise; all of a library that is too small
    /// to tell.
    fn firm(&self) -> Vec<Ranked> {
        let rows = match self.beyond {
            (0, 0) => self.scores.at_least(self.calibration.likely_from()),
            _ => self.scores.best(MOST_FIRM),
        };
        rows.into_iter().map(|row| self.ranked(row.key, row.score)).collect()
    }

    /// Its best rows, best first.
    fn best(&self, most: usize) -> Vec<Ranked> {
        let rows = self.scores.best(most);
        rows.into_iter().map(|row| self.ranked(row.key, row.score)).collect()
    }

    /// Rows of photos that are named as asked for.
    fn named(
        &self,
        snapshot: &Arc<Snapshot>,
        vector: &Embedding,
        named: &[(i64, Why)],
    ) -> Vec<Ranked> {
        if named.is_empty() {
            return Vec::new();
        }
        let photos: KeySet = named.iter().map(|(photo, _)| *photo).collect();
        let scores = snapshot.scan(vector.as_slice(), Some(&photos)).best(named.len());
        let scores: HashMap<i64, f32> =
            scores.into_iter().map(|row| (row.key, row.score)).collect();
        let row = |(photo, why): &(i64, Why)| {
            let mut row = match scores.get(photo) {
                Some(score) => self.ranked(*photo, *score),
                None => Ranked { standing: UNKNOWN, ..self.ranked(*photo, 0.0) },
            };
            if !scores.contains_key(photo) {
                row.why = Why::NOTHING;
            }
            // What a person wrote of a photo is sure. A folder holds this and that,
            // and a name may only begin like the word.
            let written = [Why::TITLE, Why::DESCRIPTION, Why::KEYWORDS];
            let sure = written.into_iter().any(|field| why.contains(field));
            let said = if sure { Strength::Strong } else { Strength::Likely };
            row.strength =
                if row.why == Why::NOTHING { said } else { stronger(row.strength, said) };
            row.why |= *why;
            row
        };
        named.iter().map(row).collect()
    }
}
