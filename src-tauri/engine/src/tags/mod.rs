//! Tags: what photos show, suggested by a model and decided by the person.
//!
//! The vocabulary says what may be suggested; `texts` and the person's examples say
//! what each category is; `evidence` finds what stands out for it, with the odds of
//! `confidence` and `learning`; `suggestions` has the last word for each photo. What
//! is suggested is a function of the vectors, the vocabulary and the decisions, so
//! it is kept nowhere but in memory, and only what changed is computed again: for
//! another decision one category, for other photos all.

mod confidence;
mod evidence;
pub(crate) mod file;
mod learning;
mod suggestions;
mod texts;
pub(crate) mod vocabulary;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use afterimage_index::Snapshot;
use parking_lot::Mutex;

use crate::catalog::{CategoryRow, DecisionRow};
use crate::derived::ModelKey;
use crate::error::Result;
use crate::library::Library;
use crate::model::{Embedding, ModelInfo};
use crate::search::CAPTIONS;
use crate::view::{Decision, LIKELY, PhotoTag};
use evidence::{Matches, Subject};
use suggestions::Suggestions;
use vocabulary::Vocabulary;

/// Computing anew for other photos takes about as long at most.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is known of tags, in memory.
#[derive(Default)]
pub(crate) struct Tags {
    /// Held by who writes sidecars.
    pub writing: Mutex<()>,
    vocabulary: Mutex<Option<(Vec<CategoryRow>, Arc<Vocabulary>)>>,
    board: Mutex<Option<Board>>,
}

/// What stands out, of one model's vectors.
struct Board {
    model: ModelKey,
    snapshot: Weak<Snapshot>,
    vocabulary: Arc<Vocabulary>,
    /// By the vocabulary's order.
    matches: Vec<(Known, Arc<Matches>)>,
    suggestions: Arc<Suggestions>,
}

/// What a category is known by; the same gives the same matches.
#[derive(Debug, Clone, Default, PartialEq)]
struct Known {
    prompts: Vec<String>,
    confirmed: Vec<i64>,
    rejected: Vec<i64>,
}

impl Known {
    /// Whether anything can be found by it.
    fn is_enough(&self) -> bool {
        let examples = self.confirmed.len() + self.rejected.len();
        !self.prompts.is_empty() || self.confirmed.len() > 1 && examples >= learning::LEARNS_FROM
    }

    /// Examples that are too few to learn from change nothing.
    fn settled(mut self) -> Self {
        if self.confirmed.len() + self.rejected.len() < learning::LEARNS_FROM {
            self.confirmed.clear();
            self.rejected.clear();
        }
        self
    }
}

/// Everything of tags at one moment.
pub(crate) struct Tagging {
    pub vocabulary: Arc<Vocabulary>,
    /// By photo; categories by their place in the vocabulary.
    pub decisions: HashMap<i64, Vec<(usize, Decision)>>,
    suggestions: Arc<Suggestions>,
    /// Of each category, whether it can suggest itself, and whether it learned.
    states: Vec<(bool, bool)>,
}

impl Tags {
    /// The vocabulary as it is now.
    pub fn vocabulary(&self, library: &Library) -> Result<Arc<Vocabulary>> {
        let rows = library.catalog.categories()?;
        let mut kept = self.vocabulary.lock();
        match &*kept {
            Some((of, vocabulary)) if *of == rows => Ok(vocabulary.clone()),
            _ => {
                let vocabulary = Arc::new(Vocabulary::bundled().with(&rows));
                *kept = Some((rows, vocabulary.clone()));
                Ok(vocabulary)
            }
        }
    }

    /// Vocabulary and decisions, and no suggestions: at once, and without a model.
    pub fn decided(&self, library: &Library) -> Result<Tagging> {
        let vocabulary = self.vocabulary(library)?;
        let decisions = by_photo(&vocabulary, library.catalog.decisions()?);
        let suggestions = Arc::new(Suggestions::default());
        let states = vec![(false, false); vocabulary.len()];
        Ok(Tagging { vocabulary, decisions, suggestions, states })
    }

    /// Whether what this model suggests is known, or nearly: who asks then waits for no
    /// text tower.
    pub fn are_at_hand(&self, library: &Library, model: &ModelInfo) -> Result<bool> {
        let key = library.key(model)?;
        let board = self.board.try_lock_for(PATIENCE);
        Ok(board.is_some_and(|board| board.as_ref().is_some_and(|board| board.model == key)))
    }

    /// Everything, with what the model suggests, which is computed as far as it is
    /// not known.
    ///
    /// # Errors
    /// Where the model fails, and where `stopped` says so.
    pub fn suggested(
        &self,
        library: &Library,
        model: &ModelInfo,
        stopped: &dyn Fn() -> Result<()>,
    ) -> Result<Tagging> {
        let decided = self.decided(library)?;
        let Tagging { vocabulary, decisions, .. } = decided;
        let mut known = vec![Known::default(); vocabulary.len()];
        for (at, category) in vocabulary.iter().enumerate() {
            if !vocabulary.is_hidden(at) && !category.heading {
                known[at].prompts.clone_from(&category.prompts);
            }
        }
        let mut photos: Vec<&i64> = decisions.keys().collect();
        photos.sort_unstable();
        for photo in photos {
            for (at, decision) in &decisions[photo] {
                if !vocabulary.is_hidden(*at) && !vocabulary.at(*at).heading {
                    let examples = match decision.holds() {
                        true => &mut known[*at].confirmed,
                        false => &mut known[*at].rejected,
                    };
                    examples.push(*photo);
                }
            }
        }
        let known: Vec<Known> = known.into_iter().map(Known::settled).collect();
        let enough: Vec<bool> = known.iter().map(Known::is_enough).collect();

        let key = library.key(model)?;
        let snapshot = library.vectors(model)?.snapshot();
        let mut board = self.board.lock();
        let old = board.take().filter(|old| {
            old.model == key && old.snapshot.upgrade().is_some_and(|of| Arc::ptr_eq(&of, &snapshot))
        });
        let is_same = old.as_ref().is_some_and(|old| {
            old.vocabulary == vocabulary && old.matches.iter().map(|(of, _)| of).eq(&known)
        });
        let new = match old {
            Some(old) if is_same => old,
            old => {
                let made = compute(library, model, &snapshot, &vocabulary, known, &old, stopped);
                if made.is_err() {
                    *board = old;
                }
                let (matches, suggestions) = made?;
                let (model, snapshot) = (key, Arc::downgrade(&snapshot));
                Board { model, snapshot, vocabulary: vocabulary.clone(), matches, suggestions }
            }
        };
        let learned = new.matches.iter().map(|(_, matches)| matches.learned);
        let states = enough.into_iter().zip(learned).collect();
        let suggestions = new.suggestions.clone();
        *board = Some(new);
        Ok(Tagging { vocabulary, decisions, suggestions, states })
    }
}

type Computed = (Vec<(Known, Arc<Matches>)>, Arc<Suggestions>);

/// Finds what stands out, but for what the old board knows.
fn compute(
    library: &Library,
    model: &ModelInfo,
    snapshot: &Snapshot,
    vocabulary: &Vocabulary,
    known: Vec<Known>,
    old: &Option<Board>,
    stopped: &dyn Fn() -> Result<()>,
) -> Result<Computed> {
    let reused: HashMap<&str, &(Known, Arc<Matches>)> = old
        .iter()
        .flat_map(|old| old.vocabulary.iter().map(|one| one.id.as_str()).zip(&old.matches))
        .collect();
    let mut found: Vec<Option<Arc<Matches>>> = vocabulary
        .iter()
        .zip(&known)
        .map(|(category, known)| {
            let (of, matches) = reused.get(category.id.as_str())?;
            (of == known).then(|| matches.clone())
        })
        .collect();
    let missing: Vec<usize> =
        (0..known.len()).filter(|at| found[*at].is_none() && known[*at].is_enough()).collect();
    if !missing.is_empty() {
        let captions: Vec<Vec<String>> =
            CAPTIONS.lines().map(|caption| vec![caption.to_owned()]).collect();
        let asked = |at: &&usize| !known[**at].prompts.is_empty();
        let mut groups: Vec<&[String]> = captions.iter().map(Vec::as_slice).collect();
        groups.extend(missing.iter().filter(asked).map(|at| known[*at].prompts.as_slice()));
        let mut vectors = texts::vectors(library, model, &groups, stopped)?;
        let mut prompted = vectors.split_off(captions.len()).into_iter();
        let neutral: Vec<Embedding> = vectors;
        let subjects: Vec<Subject> = missing
            .iter()
            .map(|at| {
                let Known { prompts, confirmed, rejected } = &known[*at];
                let text = if prompts.is_empty() { None } else { prompted.next() };
                Subject { text, confirmed: confirmed.clone(), rejected: rejected.clone() }
            })
            .collect();
        let made = evidence::matches(snapshot, &neutral, &subjects, stopped)?;
        missing.iter().zip(made).for_each(|(at, made)| found[*at] = Some(Arc::new(made)));
    }
    let matches: Vec<(Known, Arc<Matches>)> = known
        .into_iter()
        .zip(found)
        .map(|(known, found)| (known, found.unwrap_or_default()))
        .collect();
    let borrowed: Vec<&Matches> = matches.iter().map(|(_, matches)| matches.as_ref()).collect();
    let suggestions = Arc::new(Suggestions::of(vocabulary, &borrowed));
    Ok((matches, suggestions))
}

/// Photos for which what is called so, or a narrower one, is a likely suggestion that
/// the person did not settle.
///
/// # Errors
/// Where there is no model, or it fails.
pub(crate) fn suggested(library: &Library, name: &str) -> Result<Vec<i64>> {
    let tagging = library.tags.suggested(library, &library.serving()?, &|| Ok(()))?;
    let meant = tagging.vocabulary.meant_by(name);
    let places = meant.iter().filter_map(|id| tagging.vocabulary.find(id));
    let mut photos: Vec<i64> = places
        .flat_map(|at| tagging.open(at).take_while(|(_, sure)| *sure >= LIKELY))
        .map(|(photo, _)| photo)
        .collect();
    photos.sort_unstable();
    photos.dedup();
    Ok(photos)
}

/// For each sentence, the photos that the person gave the tag of this name or synonym,
/// or a narrower one, the latest added first. An article before it is none of the name.
///
/// # Errors
/// Where the catalog cannot be read.
pub(crate) fn tagged(library: &Library, sentences: &[&str]) -> Result<Vec<Vec<i64>>> {
    let vocabulary = library.tags.vocabulary(library)?;
    let of = |sentence: &&str| {
        let sentence = sentence.trim();
        let bare = sentence.split_once(' ').filter(|(first, _)| {
            ["a", "an", "the"].iter().any(|article| first.eq_ignore_ascii_case(article))
        });
        let mut meant = vocabulary.meant_by(sentence);
        if let Some((_, bare)) = bare.filter(|_| meant.is_empty()) {
            meant = vocabulary.meant_by(bare);
        }
        match meant.is_empty() {
            true => Ok(Vec::new()),
            false => library.catalog.photos_tagged(&meant),
        }
    };
    sentences.iter().map(of).collect()
}

fn by_photo(
    vocabulary: &Vocabulary,
    rows: Vec<DecisionRow>,
) -> HashMap<i64, Vec<(usize, Decision)>> {
    let mut decisions: HashMap<i64, Vec<(usize, Decision)>> = HashMap::new();
    for row in rows {
        // One that an update dropped waits until it comes back.
        if let Some(at) = vocabulary.find(&row.category) {
            decisions.entry(row.photo).or_default().push((at, row.decision));
        }
    }
    decisions
}

/// How many photos a category has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// That have it, or a narrower one.
    pub tagged: usize,
    /// Likely suggestions that are open.
    pub suggested: usize,
    pub rejected: usize,
}

impl Tagging {
    /// Whether a category can suggest itself.
    pub fn suggests(&self, at: usize) -> bool {
        self.states[at].0
    }

    /// Whether the person's examples have a say in what it suggests.
    pub fn learned(&self, at: usize) -> bool {
        self.states[at].1
    }

    /// What each category has, in the vocabulary's order.
    pub fn counts(&self) -> Vec<Counts> {
        let mut counts = vec![Counts::default(); self.vocabulary.len()];
        for decided in self.decisions.values() {
            for at in self.held(decided) {
                counts[at].tagged += 1;
            }
            for (at, _) in decided.iter().filter(|(_, decision)| !decision.holds()) {
                counts[*at].rejected += 1;
            }
        }
        for (at, counts) in counts.iter_mut().enumerate() {
            counts.suggested = self.likely(at);
        }
        counts
    }

    /// How many open suggestions of a category are likely.
    pub fn likely(&self, at: usize) -> usize {
        self.open(at).take_while(|(_, confidence)| *confidence >= LIKELY).count()
    }

    /// The suggestions of a category that the person did not settle: photos and
    /// confidences, the surest first.
    pub fn open(&self, at: usize) -> impl Iterator<Item = (i64, f32)> {
        let is_open = move |(photo, _): &&(i64, f32)| match self.decisions.get(photo) {
            Some(decided) => !self.settles(decided, at),
            None => true,
        };
        self.suggestions.of_category(at).iter().filter(is_open).copied()
    }

    /// The categories that a photo shows, or likely does, with the wider ones.
    pub fn likely_of(&self, photo: i64, least: f32) -> BTreeSet<usize> {
        let decided = self.decisions.get(&photo).map_or(&[][..], Vec::as_slice);
        let mut shown = self.held(decided);
        for one in self.suggestions.of_photo(photo) {
            let at = usize::from(one.category);
            if one.confidence >= least && !self.settles(decided, at) {
                shown.extend(self.vocabulary.above(at).chain([at]));
            }
        }
        shown.retain(|at| !self.vocabulary.at(*at).heading);
        shown
    }

    /// Photos with a decision of this kind on the category, the latest added first.
    pub fn decided(&self, at: usize, holds: bool) -> Vec<(i64, Decision)> {
        let of = |(photo, decided): (&i64, &Vec<(usize, Decision)>)| {
            let found = decided.iter().find(|(of, is)| *of == at && is.holds() == holds)?;
            Some((*photo, found.1))
        };
        let mut photos: Vec<(i64, Decision)> = self.decisions.iter().filter_map(of).collect();
        photos.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
        photos
    }

    /// The tags of a photo, then what is suggested for it, then what was rejected.
    pub fn of_photo(&self, photo: i64) -> Vec<PhotoTag> {
        let decided = self.decisions.get(&photo).map_or(&[][..], Vec::as_slice);
        let suggested = self.suggestions.of_photo(photo);
        let confidence = |at: usize| {
            let found = suggested.iter().find(|one| usize::from(one.category) == at);
            found.map(|one| one.confidence)
        };
        let tag = |at: usize, decision: Option<Decision>, implied: bool| PhotoTag {
            category: self.vocabulary.at(at).id.clone(),
            name: self.vocabulary.at(at).name.clone(),
            decision,
            confidence: confidence(at),
            implied,
        };
        let said = |at: usize| decided.iter().find(|(of, _)| *of == at).map(|(_, is)| *is);
        let mut tags: Vec<PhotoTag> = Vec::new();
        for at in self.held(decided) {
            let decision = said(at).filter(|decision| decision.holds());
            tags.push(tag(at, decision, decision.is_none()));
        }
        for one in suggested {
            let at = usize::from(one.category);
            if !self.settles(decided, at) {
                tags.push(tag(at, None, false));
            }
        }
        for (at, decision) in decided.iter().filter(|(_, decision)| !decision.holds()) {
            tags.push(tag(*at, Some(*decision), false));
        }
        tags
    }

    /// The tags that a photo has by decisions, with the wider ones that follow.
    fn held(&self, decided: &[(usize, Decision)]) -> BTreeSet<usize> {
        let held = decided.iter().filter(|(_, decision)| decision.holds());
        held.flat_map(|(at, _)| self.vocabulary.above(*at).chain([*at])).collect()
    }

    /// Whether decisions on a photo answer whether it shows a category: one on itself,
    /// a narrower one that holds, a wider one that does not, or one that excludes it.
    fn settles(&self, decided: &[(usize, Decision)], at: usize) -> bool {
        let vocabulary = &self.vocabulary;
        let excludes = |of: usize| {
            // The branches of both under a parent whose children exclude each other.
            let branch = |of: usize, parent: usize| {
                vocabulary.above(of).take_while(|above| *above != parent).last().unwrap_or(of)
            };
            vocabulary.above(at).filter(|parent| vocabulary.at(*parent).exclusive).any(|parent| {
                vocabulary.subtree(parent).contains(&of)
                    && of != parent
                    && branch(of, parent) != branch(at, parent)
            })
        };
        decided.iter().any(|(of, decision)| {
            *of == at
                || if decision.holds() {
                    vocabulary.subtree(at).contains(of) || excludes(*of)
                } else {
                    vocabulary.subtree(*of).contains(&at)
                }
        })
    }
}
