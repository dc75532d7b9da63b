//! Photos that are the same, or nearly, in three kinds that are kept apart: the
//! same bytes; edited or resized versions of one picture; frames of a burst.
//!
//! What is asked of pictures comes from their thumbnails and from the vectors of
//! the model that answers, so nothing is read from the photos' files and photos
//! on drives that are away are found, too. Fingerprints are computed when they
//! are first needed and stored.

mod fingerprint;
mod group;
mod keeper;
mod near;
mod restore;
mod trash;

use std::collections::{HashMap, HashSet};

use half::f16;
use rayon::prelude::*;

use crate::Engine;
use crate::catalog::{ContentHash, CopyRow};
use crate::decode;
use crate::derived::Fingerprint;
use crate::error::{Code, Error, Result};
use crate::jobs::Cancel;
use crate::library::Library;
use crate::message::Message;
use crate::view::{DuplicateGroup, DuplicateKind, DuplicatePhoto, PhotoId, Restored, Trashed};
use group::{ALIKE, Asking, GAP, Vector};
use keeper::{Candidate, by_worth, judge, reason};
use near::Near;

/// Fingerprints that are computed between two looks at whether the answer is
/// still wanted, and stored at once.
const AT_ONCE: usize = 256;

impl Engine {
    /// Photos that are the same, or nearly, in groups of at least two; those first
    /// that would free most bytes. The first question after photos came takes a
    /// millisecond or two for each of them; `progress` is told how many of how many
    /// were looked at.
    ///
    /// Paths that lead to one file, such as hard links, count as one photo: to
    /// remove one would free nothing, or remove both.
    ///
    /// # Errors
    /// [`Code::Cancelled`] once `cancel` is; what was computed is kept.
    pub fn duplicates(
        &self,
        kind: DuplicateKind,
        cancel: &Cancel,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Vec<DuplicateGroup>> {
        let search = Search { library: &self.0, cancel, progress };
        let groups = match kind {
            DuplicateKind::Exact => search.exact()?,
            DuplicateKind::Edited => search.edited()?,
            DuplicateKind::Burst => search.bursts()?,
        };
        let mut groups: Vec<DuplicateGroup> =
            groups.iter().map(|group| shown(kind, group)).collect();
        groups.sort_by_cached_key(|group| {
            let others = group.photos.iter().filter(|photo| photo.id != group.keeper);
            let frees: u64 = others.map(|photo| photo.size).sum();
            (std::cmp::Reverse(frees), group.keeper)
        });
        Ok(groups)
    }

    /// Moves photos' files to the system's trash, one after the other, each with
    /// the sidecars that are about it alone. A file that is not the one that the
    /// library knows is refused, and one that the trash does not take stays where
    /// it is. What was said of the photos is kept, for when they are restored.
    ///
    /// # Errors
    /// Where the library cannot be read. A photo that is not moved is in the
    /// answer, with the reason.
    pub fn trash(&self, photos: &[PhotoId]) -> Result<Trashed> {
        trash::trash(&self.0, photos, &trash::put)
    }

    /// Brings photos' files back from the system's trash to the places at which the
    /// library knew them, with the sidecars that went along. They are themselves at
    /// once, with what was said of them, and are found without being embedded again.
    /// Where something else is at a place now, the photo stays in the trash.
    ///
    /// # Errors
    /// Where the library or the trash cannot be read; on macOS always, for there only
    /// the Finder brings things back. A photo that does not come back is in the answer,
    /// with the reason.
    pub fn restore_photos(&self, photos: &[PhotoId]) -> Result<Restored> {
        restore::restore(&self.0, photos, &restore::Systems)
    }

    /// Whether a photo's file is there now and, by its size and time, the one that
    /// the library knows.
    pub fn is_unchanged(&self, photo: PhotoId) -> Result<bool> {
        trash::is_unchanged(&self.0, photo)
    }
}

/// A group as it is shown; the photos are in order of worth.
fn shown(kind: DuplicateKind, group: &[Candidate]) -> DuplicateGroup {
    let photos = group.iter().map(|Candidate { row, .. }| DuplicatePhoto {
        id: PhotoId(row.id),
        path: row.path.clone(),
        size: row.stat.size,
        width: row.width,
        height: row.height,
        time: row.time,
        aspect: match (row.width, row.height) {
            (0, _) | (_, 0) => 1.5,
            (width, height) => width as f32 / height as f32,
        },
        version: u32::from_be_bytes([row.hash[0], row.hash[1], row.hash[2], row.hash[3]]),
        offline: row.offline,
        rating: row.rating,
    });
    DuplicateGroup {
        photos: photos.collect(),
        keeper: PhotoId(group[0].row.id),
        reason: Message::of(reason(kind, &group[0], &group[1])),
    }
}

/// One question.
struct Search<'a> {
    library: &'a Library,
    cancel: &'a Cancel,
    progress: &'a (dyn Fn(u64, u64) + Sync),
}

impl Search<'_> {
    fn check(&self) -> Result<()> {
        if self.cancel.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) }
    }

    fn exact(&self) -> Result<Vec<Vec<Candidate>>> {
        let catalog = &self.library.catalog;
        let mut groups = by_content(catalog.copy_rows(&catalog.copies()?)?);
        groups.retain(|group| group.len() > 1);
        Ok(groups)
    }

    fn edited(&self) -> Result<Vec<Vec<Candidate>>> {
        let mut photos = self.library.catalog.read_photos()?;
        photos.sort_unstable_by_key(|(id, hash)| (*hash, *id));
        let contents: Vec<&[(i64, ContentHash)]> = photos.chunk_by(|a, b| a.1 == b.1).collect();
        let hashes: Vec<ContentHash> = contents.iter().map(|content| content[0].1).collect();
        let prints = self.prints(&hashes)?;
        // What the catalog tells is asked only of those that have a neighbour.
        let mut ids = Vec::new();
        for n in self.neighbours(&prints)? {
            ids.extend(contents[n].iter().map(|(id, _)| *id));
        }
        let known: HashMap<ContentHash, Option<Fingerprint>> =
            hashes.into_iter().zip(prints).collect();
        let all = by_content(self.library.catalog.copy_rows(&ids)?).into_iter().map(|copies| {
            let first = copies[0].clone();
            let print = known.get(&first.row.hash).copied().flatten();
            Candidate { print, ..first }
        });
        self.asking(|ask| group::edited(all.collect(), ask))
    }

    /// Positions of fingerprints that have another one near them.
    fn neighbours(&self, prints: &[Option<Fingerprint>]) -> Result<Vec<usize>> {
        let mut sharing: HashMap<u64, usize> = HashMap::new();
        let look = |print: &Option<Fingerprint>| print.and_then(|print| print.look);
        for look in prints.iter().filter_map(look) {
            *sharing.entry(look).or_default() += 1;
        }
        let near = Near::of(sharing.keys().copied().collect());
        let has_one = |look: u64| {
            let mut found = sharing[&look] > 1;
            near.visit(look, ALIKE, |_, distance| {
                found |= distance > 0;
                !found
            });
            found
        };
        let found = prints.par_iter().enumerate().filter_map(|(n, print)| {
            let look = look(print)?;
            match self.check() {
                Ok(()) => has_one(look).then_some(Ok(n)),
                Err(error) => Some(Err(error)),
            }
        });
        found.collect()
    }

    fn bursts(&self) -> Result<Vec<Vec<Candidate>>> {
        let catalog = &self.library.catalog;
        let rows = catalog.copy_rows(&catalog.taken_within(GAP)?)?;
        let mut frames: Vec<Candidate> =
            by_content(rows).into_iter().map(|mut copies| copies.swap_remove(0)).collect();
        let hashes: Vec<ContentHash> = frames.iter().map(|frame| frame.row.hash).collect();
        for (frame, print) in frames.iter_mut().zip(self.prints(&hashes)?) {
            frame.print = print;
        }
        self.asking(|ask| {
            // Versions of one frame are no further frames.
            let versions = group::edited(frames.clone(), ask)?;
            let others = versions.iter().flat_map(|group| &group[1..]);
            let versions: HashSet<i64> = others.map(|version| version.row.id).collect();
            frames.retain(|frame| !versions.contains(&frame.row.id));
            let mut groups = group::bursts(frames, ask)?;
            for burst in &mut groups {
                judge(burst);
                burst.sort_by(|a, b| by_worth(DuplicateKind::Burst, a, b));
            }
            Ok(groups)
        })
    }

    /// Hands over what grouping asks for: vectors of the model that answers, each
    /// read at its first use.
    fn asking<T>(&self, group: impl FnOnce(&mut Asking<'_>) -> Result<T>) -> Result<T> {
        let key = match self.library.in_use() {
            Ok(models) => Some(self.library.key(&models.serving)?),
            Err(error) if error.code() == Code::NotFound => None,
            Err(error) => return Err(error),
        };
        let mut known: HashMap<ContentHash, Vector> = HashMap::new();
        let mut vector = |hash: &ContentHash| {
            if let Some(known) = known.get(hash) {
                return Ok(known.clone());
            }
            let stored = key.map(|key| self.library.derived.vector(key, hash)).transpose()?;
            let vector = stored.flatten().map(|bytes| {
                let (pairs, _) = bytes.as_chunks::<2>();
                pairs.iter().map(|&pair| f16::from_le_bytes(pair).to_f32()).collect()
            });
            known.insert(*hash, vector.clone());
            Ok(vector)
        };
        group(&mut Asking { vector: &mut vector, check: &|| self.check() })
    }

    /// The fingerprints of contents, those that are lacking computed and stored;
    /// `None` where a content has no thumbnail, or a damaged one.
    fn prints(&self, hashes: &[ContentHash]) -> Result<Vec<Option<Fingerprint>>> {
        let derived = &self.library.derived;
        let mut prints = derived.fingerprints(hashes)?;
        let lacking: Vec<usize> = (0..hashes.len()).filter(|&n| prints[n].is_none()).collect();
        let mut done = 0;
        for some in lacking.chunks(AT_ONCE) {
            self.check()?;
            (self.progress)(done, lacking.len() as u64);
            let compute = |&n: &usize| -> Result<Option<(usize, Fingerprint)>> {
                let picture = derived.thumbnail(&hashes[n])?.and_then(|it| decode::brightness(&it));
                Ok(picture.and_then(|it| fingerprint::fingerprint(&it)).map(|print| (n, print)))
            };
            let computed: Vec<_> = some.par_iter().map(compute).collect::<Result<_>>()?;
            let computed: Vec<(usize, Fingerprint)> = computed.into_iter().flatten().collect();
            computed.iter().for_each(|(n, print)| prints[*n] = Some(*print));
            let rows: Vec<_> = computed.into_iter().map(|(n, print)| (hashes[n], print)).collect();
            // Who looks for duplicates may do so because the disk is full.
            if let Err(error) = derived.store_fingerprints(&rows) {
                tracing::warn!("fingerprints are not kept: {error}");
            }
            done += some.len() as u64;
        }
        if done > 0 {
            (self.progress)(done, done);
        }
        Ok(prints)
    }
}

/// Photos by their content, the original of each first; of paths that lead to one
/// file only the best.
fn by_content(mut rows: Vec<CopyRow>) -> Vec<Vec<Candidate>> {
    rows.sort_unstable_by_key(|row| (row.hash, row.id));
    let groups = rows.chunk_by(|a, b| a.hash == b.hash);
    let group = |rows: &[CopyRow]| {
        let mut group: Vec<Candidate> = rows
            .iter()
            .map(|row| Candidate { row: row.clone(), print: None, quality: 0 })
            .collect();
        group.sort_by(|a, b| by_worth(DuplicateKind::Exact, a, b));
        let mut files = HashSet::new();
        group.retain(|Candidate { row, .. }| {
            // The numbers of a drive that is away may be another one's now.
            let file = row.stat.device.zip(row.stat.inode).filter(|_| !row.offline);
            file.is_none_or(|file| files.insert(file))
        });
        group
    };
    groups.map(group).collect()
}

#[cfg(test)]
mod tests;
