//! What is asked and said of tags.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;

use unicode_normalization::UnicodeNormalization;

use crate::catalog::CategoryRow;
use crate::error::{Context, Error, Result};
use crate::jobs::Cancel;
use crate::library::Library;
use crate::message::Message;
use crate::search;
use crate::tags::file;
use crate::tags::vocabulary::{self, Vocabulary, trimmed};
use crate::tags::{Counts, Tagging};
use crate::view::{
    Category, CategoryOrigin, Decided, Decision, Learned, NewCategory, PhotoId, PhotoTag, ReviewOf,
    ReviewPage, ReviewPhoto, Strength, TagCount, TagRecord, TagTree, Undone, Why,
};
use crate::{Engine, no_photo, regular};

/// Of a categories file.
const LARGEST_FILE: u64 = 16 << 20;

impl Engine {
    /// All categories, with what the library has of each. The first time after photos
    /// came, and with another model, it takes seconds for 100,000 photos, and longer
    /// where the model reads the prompts for the first time.
    ///
    /// # Errors
    /// [`Code::Cancelled`](crate::Code::Cancelled) where `cancel` says so.
    pub fn tag_tree(&self, cancel: &Cancel) -> Result<TagTree> {
        self.tree(&tagging(&self.0, cancel)?)
    }

    /// The same without suggestions, at once.
    pub fn decided_tags(&self) -> Result<TagTree> {
        self.tree(&self.0.tags.decided(&self.0)?)
    }

    /// Whether suggestions are known, so that asking for them takes no time to speak of.
    pub fn tags_are_at_hand(&self) -> bool {
        let model = self.0.serving();
        // Without a model there are none to wait for.
        model.is_err()
            || model.and_then(|model| self.0.tags.are_at_hand(&self.0, &model)).unwrap_or(true)
    }

    fn tree(&self, tagging: &Tagging) -> Result<TagTree> {
        let counts = tagging.counts();
        let categories = tagging.vocabulary.iter().zip(counts).enumerate();
        let shown = |(at, (category, counts)): (usize, (&Category, Counts))| TagCount {
            category: category.clone(),
            hidden: tagging.vocabulary.is_hidden(at),
            suggests: tagging.suggests(at),
            tagged: counts.tagged,
            suggested: counts.suggested,
            rejected: counts.rejected,
            learned: tagging.learned(at),
        };
        Ok(TagTree { categories: categories.map(shown).collect(), undo: self.undoable_tags()? })
    }

    /// The category of this id or name, of any case and in any language.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) where there is none.
    pub fn category(&self, name: &str) -> Result<Category> {
        let vocabulary = self.0.tags.vocabulary(&self.0)?;
        Ok(vocabulary.at(named(&vocabulary, name)?).clone())
    }

    /// All categories without what the library has of them: at once.
    pub fn categories(&self) -> Result<Vec<Category>> {
        Ok(self.0.tags.vocabulary(&self.0)?.iter().cloned().collect())
    }

    /// The tags of a photo, what is suggested for it, the surest first, and what was
    /// rejected.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) for an unknown photo.
    pub fn photo_tags(&self, photo: PhotoId, cancel: &Cancel) -> Result<Vec<PhotoTag>> {
        self.0.catalog.photo(photo.0)?.ok_or_else(|| no_photo(photo))?;
        Ok(tagging(&self.0, cancel)?.of_photo(photo.0))
    }

    /// The same without suggestions, at once.
    ///
    /// # Errors
    /// As [`photo_tags`](Self::photo_tags).
    pub fn decided_photo_tags(&self, photo: PhotoId) -> Result<Vec<PhotoTag>> {
        self.0.catalog.photo(photo.0)?.ok_or_else(|| no_photo(photo))?;
        Ok(self.0.tags.decided(&self.0)?.of_photo(photo.0))
    }

    /// The same of all photos of the library that have any, newest first.
    ///
    /// # Errors
    /// As [`tag_tree`](Self::tag_tree).
    pub fn all_photo_tags(&self, cancel: &Cancel) -> Result<Vec<(PhotoId, Vec<PhotoTag>)>> {
        let tagging = tagging(&self.0, cancel)?;
        let photos = self.0.catalog.library(None)?.into_iter().map(|row| row.id);
        let tags = photos.map(|photo| (PhotoId(photo), tagging.of_photo(photo)));
        Ok(tags.filter(|(_, tags)| !tags.is_empty()).collect())
    }

    /// Some photos of a category, from `offset`, at most `limit`.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) for an unknown category.
    pub fn review(
        &self,
        category: &str,
        of: ReviewOf,
        offset: usize,
        limit: usize,
        cancel: &Cancel,
    ) -> Result<ReviewPage> {
        let tagging = tagging(&self.0, cancel)?;
        let at = named(&tagging.vocabulary, category)?;
        let decided = |holds| {
            let photos = tagging.decided(at, holds).into_iter();
            photos.map(|(photo, decision)| (photo, None, Some(decision))).collect()
        };
        let all: Vec<(i64, Option<f32>, Option<Decision>)> = match of {
            ReviewOf::Suggested => {
                tagging.open(at).map(|(photo, sure)| (photo, Some(sure), None)).collect()
            }
            ReviewOf::Tagged => decided(true),
            ReviewOf::Rejected => decided(false),
        };
        let some = all.iter().skip(offset).take(limit);
        let ids: Vec<i64> = some.clone().map(|(photo, ..)| *photo).collect();
        let mut rows = self.0.catalog.hits(&ids)?.into_iter().peekable();
        let photos = some.filter_map(|(photo, confidence, decision)| {
            // One that went meanwhile has no row.
            let row = rows.next_if(|row| row.id == *photo)?;
            let score = confidence.unwrap_or_default();
            let hit = search::hit(row, score, Strength::Unscored, Why::NOTHING);
            Some(ReviewPhoto { hit, confidence: *confidence, decision: *decision })
        });
        Ok(ReviewPage { photos: photos.collect(), total: all.len() })
    }

    /// Says of photos that they show a category or do not, or takes back what was
    /// said. All at once or, on an error, nothing. With examples enough the category
    /// learns from them.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) for an unknown photo or category;
    /// [`Code::Usage`](crate::Code::Usage) for a heading, which nothing shows.
    pub fn decide(
        &self,
        photos: &[PhotoId],
        category: &str,
        decision: Option<Decision>,
        cancel: &Cancel,
    ) -> Result<Decided> {
        let id = self.category(category)?.id;
        let before = likely(&self.0, &id, cancel);
        let noted = self.note_decision(photos, category, decision)?;
        // What was said is kept; what it changes is told where a model can tell.
        let after = likely(&self.0, &id, cancel);
        let learned = before.zip(after).and_then(|((before, _), (after, learned))| {
            learned.then_some(Learned { before, after })
        });
        Ok(Decided { learned, ..noted })
    }

    /// The same at once, without what the category learned from it.
    ///
    /// # Errors
    /// As [`decide`](Self::decide).
    pub fn note_decision(
        &self,
        photos: &[PhotoId],
        category: &str,
        decision: Option<Decision>,
    ) -> Result<Decided> {
        let vocabulary = self.0.tags.vocabulary(&self.0)?;
        let Category { id, name, heading, .. } = vocabulary.at(named(&vocabulary, category)?);
        if *heading && decision.is_some_and(Decision::holds) {
            return Err(only_holds_others(name));
        }
        let decisions: Vec<_> =
            photos.iter().map(|photo| (photo.0, id.as_str(), decision)).collect();
        let decided = self.0.catalog.decide(&decisions)?;
        decided.map_err(|unknown| no_photo(PhotoId(unknown)))
    }

    /// Gives photos a tag of any name; where no category is called so, one is made,
    /// which is known by these photos alone and goes when this is taken back.
    ///
    /// # Errors
    /// As [`decide`](Self::decide), and [`Code::Usage`](crate::Code::Usage) for a
    /// name that cannot be one.
    pub fn add_tag(&self, photos: &[PhotoId], name: &str, cancel: &Cancel) -> Result<Decided> {
        let vocabulary = self.0.tags.vocabulary(&self.0)?;
        match vocabulary.named(name) {
            Some(at) => self.decide(photos, &vocabulary.at(at).id, Some(Decision::Tagged), cancel),
            None => {
                // Nothing is made for a photo that is not there.
                for photo in photos {
                    self.0.catalog.photo(photo.0)?.ok_or_else(|| no_photo(*photo))?;
                }
                let new = NewCategory { name: name.to_owned(), ..NewCategory::default() };
                let id = self.save_category(&new)?.id;
                let decided = self.decide(photos, &id, Some(Decision::Tagged), cancel)?;
                if let Some(batch) = decided.batch {
                    self.0.catalog.note_made_for(&[&id], batch)?;
                }
                Ok(decided)
            }
        }
    }

    /// What taking back the last decision would take back, in words.
    pub fn undoable_tags(&self) -> Result<Option<Message>> {
        let batch = self.0.catalog.last_decisions()?;
        batch.map(|batch| self.in_words(&batch.category, batch.photos, batch.decision)).transpose()
    }

    /// Takes back a decision on tags by its [number](Decided::batch), or the last one,
    /// and says what that was; `None` where there is none. Of the last hundred each can
    /// be taken back, also after a restart.
    ///
    /// Where a later decision is on the same photo and category, that one stays, for it
    /// is what the person says now; what no other one touched is taken back. When the
    /// later one is taken back, too, all is as it was before both.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) where there is no decision of this
    /// number any more.
    pub fn undo_tags(&self, batch: Option<i64>) -> Result<Option<Undone>> {
        let Some(undone) = self.0.catalog.undo_decisions(batch)? else {
            return match batch {
                None => Ok(None),
                Some(_) => Err(Error::not_found(message!(
                    "this cannot be taken back any more: it was taken back already, or a \
                     hundred others came after it"
                ))),
            };
        };
        let batch = undone.batch;
        let words = self.in_words(&batch.category, batch.photos, batch.decision)?;
        self.0.catalog.remove_made_for(batch.number)?;
        Ok(Some(Undone { words, photos: undone.photos.into_iter().map(PhotoId).collect() }))
    }

    fn in_words(&self, category: &str, photos: u64, decision: Option<Decision>) -> Result<Message> {
        use Decision::{Confirmed, Rejected, Tagged};
        let vocabulary = self.0.tags.vocabulary(&self.0)?;
        let name = match vocabulary.find(category) {
            Some(at) => vocabulary.at(at).name.as_str(),
            None => category,
        };
        Ok(match (decision, photos) {
            (Some(Confirmed), 1) => message!("{name} confirmed for 1 photo", name),
            (Some(Confirmed), _) => message!("{name} confirmed for {photos} photos", name, photos),
            (Some(Tagged), 1) => message!("{name} added to 1 photo", name),
            (Some(Tagged), _) => message!("{name} added to {photos} photos", name, photos),
            (Some(Rejected), 1) => message!("{name} rejected for 1 photo", name),
            (Some(Rejected), _) => message!("{name} rejected for {photos} photos", name, photos),
            (None, 1) => message!("{name} taken from 1 photo", name),
            (None, _) => message!("{name} taken from {photos} photos", name, photos),
        })
    }

    /// Makes a category, or changes one. An own one that was removed is made again under
    /// its id.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) for an unknown id;
    /// [`Code::Usage`](crate::Code::Usage) for a name that is taken or cannot be one,
    /// a parent that is not there or below it, and for more prompts than 10.
    pub fn save_category(&self, new: &NewCategory) -> Result<Category> {
        let vocabulary = self.0.tags.vocabulary(&self.0)?;
        let mut category = match &new.id {
            Some(id) if self.0.catalog.is_removed_category(id)? => {
                Category { id: id.clone(), ..own(new) }
            }
            Some(id) => vocabulary.at(named(&vocabulary, id)?).clone(),
            None => own(new),
        };
        category.name = named_so(&new.name);
        category.names = new.names.clone();
        category.prompts = trimmed(new.prompts.clone());
        category.synonyms = trimmed(new.synonyms.clone());
        (category.exclusive, category.hidden) = (new.exclusive, new.hidden);
        category.parent = match &new.parent {
            None => None,
            Some(parent) => {
                let parent = named(&vocabulary, parent)?;
                let own = vocabulary.find(&category.id);
                if own.is_some_and(|own| vocabulary.subtree(own).contains(&parent)) {
                    return Err(Error::usage(message!(
                        "{name} cannot be a part of {parent}, which is a part of it",
                        name = category.name,
                        parent = vocabulary.at(parent).name
                    )));
                }
                Some(vocabulary.at(parent).id.clone())
            }
        };
        vocabulary::check(&category).map_err(Error::usage)?;
        no_clash(&vocabulary, &category)?;
        self.keep(&vocabulary, &[&category])?;
        self.category(&category.id)
    }

    /// Takes a category away: an own one with what was decided by it; one that came
    /// with the application is hidden. Returns the number by which
    /// [`undo_tags`](Self::undo_tags) brings an own one back; `None` where nothing was
    /// decided by it.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) for an unknown one.
    pub fn remove_category(&self, id: &str) -> Result<Option<i64>> {
        let vocabulary = self.0.tags.vocabulary(&self.0)?;
        let at = named(&vocabulary, id)?;
        let category = vocabulary.at(at);
        if category.origin == CategoryOrigin::Own {
            return self.0.catalog.remove_category(&category.id);
        }
        self.keep(&vocabulary, &[&Category { hidden: true, ..category.clone() }])?;
        Ok(None)
    }

    /// Forgets what the person changed of a category that came with the application.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) for an unknown one;
    /// [`Code::Usage`](crate::Code::Usage) for an own one.
    pub fn reset_category(&self, id: &str) -> Result<Category> {
        let vocabulary = self.0.tags.vocabulary(&self.0)?;
        let category = vocabulary.at(named(&vocabulary, id)?);
        if category.origin == CategoryOrigin::Own {
            return Err(Error::usage(message!(
                "{name} is your own category: there is nothing to go back to",
                name = category.name
            )));
        }
        self.0.catalog.set_categories(&[], &[&category.id])?;
        self.category(&category.id)
    }

    /// Takes categories from a file of `[[category]]` tables: those of a known id are
    /// changed, others made. Nothing is taken from a file with an error. Returns how
    /// many are others now.
    ///
    /// # Errors
    /// [`Code::Usage`](crate::Code::Usage) with the file, the line and what to do.
    pub fn import_categories(&self, file: &Path) -> Result<usize> {
        let text = regular::read_text(file, LARGEST_FILE)?;
        let categories = file::read(&text).map_err(|error| {
            Error::usage(
                message!("cannot use {file}", file = file.display()).because(error.message()),
            )
        })?;
        let vocabulary = self.0.tags.vocabulary(&self.0)?;
        let is_other = |category: &&Category| {
            let known = vocabulary.find(&category.id).map(|at| vocabulary.at(at));
            known.is_none_or(|known| {
                let origin = known.origin;
                *known != Category { origin, ..(*category).clone() }
            })
        };
        let changed: Vec<&Category> = categories.iter().filter(is_other).collect();
        for category in &changed {
            no_clash(&vocabulary, category).map_err(|error| {
                Error::usage(
                    message!("cannot use {file}", file = file.display()).because(error.message()),
                )
            })?;
        }
        self.keep(&vocabulary, &changed)?;
        Ok(changed.len())
    }

    /// The categories as a file that [`import_categories`](Self::import_categories)
    /// reads: all, or those that the person made and changed.
    pub fn export_categories(&self, all: bool) -> Result<String> {
        let vocabulary = self.0.tags.vocabulary(&self.0)?;
        let wanted = vocabulary.iter().filter(|one| all || one.origin != CategoryOrigin::Bundled);
        Ok(file::write(wanted))
    }

    /// All decisions, by path.
    pub fn tag_records(&self) -> Result<Vec<TagRecord>> {
        let vocabulary = self.0.tags.vocabulary(&self.0)?;
        let decisions = self.0.catalog.decisions()?;
        let mut photos: Vec<i64> = decisions.iter().map(|row| row.photo).collect();
        photos.dedup();
        let paths: std::collections::HashMap<i64, std::path::PathBuf> =
            self.0.catalog.hits(&photos)?.into_iter().map(|row| (row.id, row.path)).collect();
        let record = |row: crate::catalog::DecisionRow| {
            let name = match vocabulary.find(&row.category) {
                Some(at) => vocabulary.at(at).name.clone(),
                None => row.category.clone(),
            };
            let path = paths.get(&row.photo)?.clone();
            let (photo, category, decision) = (PhotoId(row.photo), row.category, row.decision);
            Some(TagRecord { photo, path, category, name, decision })
        };
        let mut records: Vec<TagRecord> = decisions.into_iter().filter_map(record).collect();
        records.sort_by(|a, b| a.path.cmp(&b.path).then_with(|| a.name.cmp(&b.name)));
        Ok(records)
    }

    /// Takes decisions from another library or program, as one change: a category that
    /// is not known by its id or name is made. Returns how many are others now, and
    /// the paths of which no photo is here.
    ///
    /// # Errors
    /// [`Code::Usage`](crate::Code::Usage) for a name that cannot be one; nothing is
    /// taken then.
    pub fn import_tags(
        &self,
        records: &[(std::path::PathBuf, String, Decision)],
    ) -> Result<(u64, Vec<std::path::PathBuf>)> {
        let mut unknown = Vec::new();
        let mut known = Vec::new();
        for (path, name, decision) in records {
            // A number, or a path from somewhere, would be another photo here.
            let photo = if path.is_absolute() { self.find_photo(path)? } else { None };
            match photo {
                Some(photo) => known.push((photo.0, name.as_str(), *decision)),
                None => unknown.push(path.clone()),
            }
        }
        unknown.dedup();
        let vocabulary = self.0.tags.vocabulary(&self.0)?;
        let mut seen = HashSet::new();
        let mut new = Vec::new();
        for (_, name, decision) in &known {
            match vocabulary.named(name).map(|at| vocabulary.at(at)) {
                Some(category) if category.heading && decision.holds() => {
                    return Err(only_holds_others(&category.name));
                }
                Some(_) => {}
                None if seen.insert(vocabulary::fold(name)) => {
                    let named = NewCategory { name: (*name).to_owned(), ..NewCategory::default() };
                    new.push(own(&named));
                }
                None => {}
            }
        }
        // All are looked at before any is made.
        for category in &new {
            vocabulary::check(category).map_err(Error::usage)?;
        }
        self.keep(&vocabulary, &new.iter().collect::<Vec<_>>())?;
        let vocabulary = self.0.tags.vocabulary(&self.0)?;
        let decisions = known
            .into_iter()
            .map(|(photo, name, decision)| {
                let at = named(&vocabulary, name)?;
                Ok((photo, vocabulary.at(at).id.as_str(), Some(decision)))
            })
            .collect::<Result<Vec<_>>>()?;
        let decided = self.0.catalog.decide(&decisions)?;
        let decided = decided.map_err(|unknown| no_photo(PhotoId(unknown)))?;
        if let Some(batch) = decided.batch {
            let made: Vec<&str> = new.iter().map(|category| category.id.as_str()).collect();
            self.0.catalog.note_made_for(&made, batch)?;
        }
        Ok((decided.changed, unknown))
    }

    /// Keeps what is said of these categories, or forgets it where there is nothing
    /// to say.
    fn keep(&self, vocabulary: &Vocabulary, categories: &[&Category]) -> Result<()> {
        let (mut rows, mut forgotten) = (Vec::new(), Vec::new());
        for category in categories {
            let bundled = Vocabulary::bundled().find(&category.id).is_some();
            match vocabulary.said_of(category) {
                Some(said) => {
                    let said = serde_json::to_string(&said).context(|| {
                        message!("cannot keep the category {name}", name = category.name)
                    })?;
                    rows.push(CategoryRow { id: category.id.clone(), own: !bundled, said });
                }
                None => forgotten.push(category.id.as_str()),
            }
        }
        self.0.catalog.set_categories(&rows, &forgotten)
    }
}

/// Everything of tags; without a model, and before there are vectors, what was decided.
fn tagging(library: &Library, cancel: &Cancel) -> Result<Tagging> {
    let stopped = || match cancel.is_cancelled() {
        true => Err(Error::cancelled()),
        false => Ok(()),
    };
    match library.serving() {
        Ok(model) => library.tags.suggested(library, &model, &stopped),
        Err(error) if error.code() == crate::Code::NotFound => library.tags.decided(library),
        Err(error) => Err(error),
    }
}

/// How many likely suggestions a category has, and whether it learned; `None` where
/// that cannot be told.
fn likely(library: &Library, id: &str, cancel: &Cancel) -> Option<(usize, bool)> {
    let told = tagging(library, cancel).inspect_err(|error| tracing::debug!("{error}")).ok()?;
    let at = told.vocabulary.find(id)?;
    Some((told.likely(at), told.learned(at)))
}

fn named(vocabulary: &Vocabulary, name: &str) -> Result<usize> {
    vocabulary.named(name).ok_or_else(|| {
        Error::not_found(message!(
            "there is no category \"{name}\": `afterimage tag category list` shows those that are",
            name
        ))
    })
}

/// A category of the person's, of this name alone.
fn own(new: &NewCategory) -> Category {
    Category {
        id: free_id(),
        name: named_so(&new.name),
        names: Default::default(),
        parent: None,
        prompts: Vec::new(),
        synonyms: Vec::new(),
        confused_with: Vec::new(),
        exclusive: false,
        heading: false,
        hidden: false,
        origin: CategoryOrigin::Own,
    }
}

/// A name in the one of the two ways to write accents that most programs write.
fn named_so(name: &str) -> String {
    name.trim().nfc().collect()
}

fn only_holds_others(name: &str) -> Error {
    Error::usage(message!(
        "{name} only holds other tags together: choose one of those below it",
        name
    ))
}

fn no_clash(vocabulary: &Vocabulary, category: &Category) -> Result<()> {
    match vocabulary.clash(category) {
        Some(other) => Err(Error::usage(message!(
            "there is a category \"{other}\" already ({id}): choose another name than \"{name}\"",
            other = other.name,
            id = other.id,
            name = category.name
        ))),
        None => Ok(()),
    }
}

/// An id that no category has, or ever had in another library: tags are taken from one
/// to the other by it.
fn free_id() -> String {
    // The standard library's hashers are seeded at random.
    format!("own-{:016x}", RandomState::new().build_hasher().finish())
}
