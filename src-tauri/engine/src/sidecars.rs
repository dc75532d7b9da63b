//! Tags, stars and favourites in XMP files beside the photos, where the person
//! switched that on.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::catalog::{DecisionRow, SidecarRow, WrittenRow};
use crate::error::{Error, Result};
use crate::jobs::Cancel;
use crate::message::Message;
use crate::metadata::sidecar::{self, Before, Choice, Merged, Naming, Saying};
use crate::metadata::{self, Metadata};
use crate::tags::vocabulary::Vocabulary;
use crate::view::{PhotoId, SidecarChange, SidecarNaming, SidecarReport, SidecarSettings};
use crate::{Engine, no_photo, regular, scan};

/// Of a sidecar; longer ones are not read by the reader of metadata either.
const LARGEST: u64 = 16 << 20;

const WRITE: &str = "write_sidecars";
const NAMING: &str = "sidecar_naming";
const ON: &str = "on";
const OFF: &str = "off";
const STEM: &str = "stem";
const FULL: &str = "full";

impl Engine {
    /// Whether and how sidecars are written: not, unless the person said so.
    pub fn sidecar_settings(&self) -> Result<SidecarSettings> {
        let settings = self.0.catalog.settings()?;
        let is = |name: &str, word: &str| settings.get(name).is_some_and(|value| value == word);
        let naming = if is(NAMING, FULL) { SidecarNaming::Full } else { SidecarNaming::Stem };
        Ok(SidecarSettings { write: is(WRITE, ON), naming })
    }

    /// Says whether and how sidecars are written.
    pub fn set_sidecar_settings(&self, settings: SidecarSettings) -> Result<()> {
        let write = if settings.write { ON } else { OFF };
        let naming = match settings.naming {
            SidecarNaming::Stem => STEM,
            SidecarNaming::Full => FULL,
        };
        self.0.catalog.set_settings(&[(WRITE, write), (NAMING, naming)])
    }

    /// Writes the tags that the person gave and confirmed, the stars given here and
    /// the marks of favourites into the sidecars of photos, or of all that have any.
    /// What other programs wrote there stays. A `dry_run` writes nothing and reports
    /// the same. One that cannot be written stops no other.
    ///
    /// # Errors
    /// [`Code::Usage`](crate::Code::Usage) where writing is not switched on, unless
    /// it is a dry run; [`Code::NotFound`](crate::Code::NotFound) for an unknown
    /// photo; [`Code::Cancelled`](crate::Code::Cancelled) where `cancel` says so: what
    /// was written before stays.
    pub fn write_sidecars(
        &self,
        photos: Option<&[PhotoId]>,
        dry_run: bool,
        cancel: &Cancel,
    ) -> Result<SidecarReport> {
        let settings = self.sidecar_settings()?;
        if !dry_run && !settings.write {
            return Err(Error::usage(message!(
                "writing sidecars is switched off: switch it on first"
            )));
        }
        // One after the other: what is said of a photo now is written last.
        let _writing = self.0.tags.writing.lock();
        let ids: Vec<i64> = match photos {
            Some(photos) => photos.iter().map(|photo| photo.0).collect(),
            None => self.0.catalog.photos_to_describe()?,
        };
        let vocabulary = self.0.tags.vocabulary(&self.0)?;
        let mut report = SidecarReport::default();
        for id in ids {
            if cancel.is_cancelled() {
                return Err(Error::cancelled());
            }
            let row = match self.0.catalog.sidecar_row(id)? {
                Some(row) => row,
                // It went while the others were written.
                None if photos.is_none() => continue,
                None => return Err(no_photo(PhotoId(id))),
            };
            if row.offline {
                let reason = message!("its folder cannot be reached now: write again when it can");
                report.failed.push((row.path, reason));
                continue;
            }
            match self.write_one(&vocabulary, id, &row, settings.naming, dry_run) {
                Ok(Some(change)) => report.written.push(change),
                Ok(None) => report.same += 1,
                Err((path, reason)) => report.failed.push((path, reason)),
            }
        }
        Ok(report)
    }

    fn write_one(
        &self,
        vocabulary: &Vocabulary,
        id: i64,
        row: &SidecarRow,
        naming: SidecarNaming,
        dry_run: bool,
    ) -> std::result::Result<Option<SidecarChange>, (PathBuf, Message)> {
        let photo = &row.path;
        let there = scan::sidecars(photo)
            .map_err(|(path, error)| (path, message!("it cannot be looked at").because(&error)))?;
        let [stem, _] = sidecar::paths(photo);
        let mut siblings = scan::photos_of(&stem);
        siblings.retain(|other| other != photo);
        // What is said of one photo is never said of another.
        let naming = match naming {
            SidecarNaming::Stem if siblings.is_empty() => Naming::Stem,
            SidecarNaming::Stem | SidecarNaming::Full => Naming::Full,
        };
        let choice = Choice::of(photo, &there, &siblings, naming);
        let path = choice.path;
        let failed = |reason: Message| (path.clone(), reason);
        let existing = match regular::read(&path, LARGEST) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(failed(message!("it cannot be read").because(&error))),
        };
        // As it is at this moment: going through all photos may take minutes.
        let decisions = self.0.catalog.decisions_on(id).map_err(|error| failed(error.message()))?;
        let now = saying(vocabulary, &decisions, row);
        let before =
            Before { keywords: &row.written.keywords, hierarchical: &row.written.hierarchical };
        let merged = sidecar::merged(existing.as_deref(), &before, &now)
            .map_err(|error| failed(error.message()))?;
        let note = |written: &WrittenRow| {
            self.0.catalog.note_written(id, written).map_err(|error| failed(error.message()))
        };
        let Some(Merged { bytes, added, removed }) = merged else {
            let written = next(&row.written, &now, &[]);
            if !dry_run && written != row.written {
                note(&written)?;
            }
            return Ok(None);
        };
        let mut change = SidecarChange {
            photo: PhotoId(id),
            path: path.clone(),
            adds: added.iter().map(Message::verbatim).collect(),
            removes: removed.into_iter().map(Message::verbatim).collect(),
        };
        tell_of_marks(existing.as_deref(), &now, &mut change);
        if dry_run {
            return Ok(Some(change));
        }
        // First, for what is in a file and was not noted could never be taken back; and
        // what is to be taken back stays noted until that is done.
        let written = next(&row.written, &now, &added);
        note(&row.written.and(&written))?;
        sidecar::replace(&path, &bytes, existing.as_deref())
            .map_err(|error| failed(error.message()))?;
        note(&written)?;
        Ok(Some(change))
    }
}

/// What the person says of a photo.
fn saying(vocabulary: &Vocabulary, decisions: &[DecisionRow], row: &SidecarRow) -> Saying {
    let mut saying =
        Saying { rating: row.stars, favourite: Some(row.favourite), ..Saying::default() };
    let held = decisions.iter().filter(|row| row.decision.holds());
    for at in held.filter_map(|row| vocabulary.find(&row.category)) {
        let path = vocabulary.path(at);
        saying.keywords.extend(path.last().map(|name| (*name).to_owned()));
        if path.len() > 1 {
            saying.hierarchical.push(path.join("|"));
        }
    }
    saying
}

/// What this program said in a sidecar, once it is written.
fn next(before: &WrittenRow, now: &Saying, added: &[String]) -> WrittenRow {
    let of = |before: &[String], now: &[String]| {
        let is_ours = |word: &&String| before.contains(word) || added.contains(word);
        now.iter().filter(is_ours).cloned().collect()
    };
    WrittenRow {
        keywords: of(&before.keywords, &now.keywords),
        hierarchical: of(&before.hierarchical, &now.hierarchical),
    }
}

impl WrittenRow {
    /// What either of them has.
    fn and(&self, other: &Self) -> Self {
        let all = |a: &[String], b: &[String]| {
            let more = b.iter().filter(|word| !a.contains(word));
            a.iter().chain(more).cloned().collect()
        };
        Self {
            keywords: all(&self.keywords, &other.keywords),
            hierarchical: all(&self.hierarchical, &other.hierarchical),
        }
    }
}

/// Stars and mark, where the file says otherwise.
fn tell_of_marks(existing: Option<&[u8]>, now: &Saying, change: &mut SidecarChange) {
    let said = existing
        .and_then(metadata::read_sidecar)
        .map(|sidecar| Metadata::default().with_sidecar(sidecar))
        .unwrap_or_default();
    if let Some(stars) = now.rating.filter(|stars| said.rating != Some(*stars)) {
        change.adds.push(message!("rating {stars}", stars));
    }
    match (said.favourite.unwrap_or(false), now.favourite.unwrap_or(false)) {
        (false, true) => change.adds.push(message!("favourite")),
        (true, false) => change.removes.push(message!("favourite")),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_this_program_wrote_is_taken_back_later() {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let before = WrittenRow { keywords: words(&["a", "b"]), hierarchical: Vec::new() };
        let now = Saying { keywords: words(&["b", "c", "d"]), ..Saying::default() };
        // "c" stood there already, by another program.
        assert_eq!(next(&before, &now, &words(&["d"])).keywords, ["b", "d"]);
    }
}
