//! Comparing what is on disk with what is known.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::path::{Path, PathBuf};

use super::{FileEntry, Stamp};

/// Seconds within which a file that takes another one's place is taken for its
/// new version: programs save by writing a file of some other name first, or by
/// deleting the old one.
const REPLACED_WITHIN: i64 = 10 * 60;

/// Whether a known photo's file is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It was there at the last look.
    Present,
    /// It was not.
    Missing {
        /// Seconds since 1970.
        since: i64,
    },
    /// The person's exclusions leave it out.
    Excluded,
}

/// A photo that is known already.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub id: i64,
    pub root: i64,
    pub path: PathBuf,
    pub stamp: Stamp,
    /// Tells one state of its sidecars from another.
    pub sidecars: i64,
    pub presence: Presence,
    /// Seconds since 1970.
    pub added_at: i64,
}

impl Known {
    /// Size and time are what they were: so is the content.
    fn same_content(&self, entry: &FileEntry) -> bool {
        self.stamp.size == entry.stamp.size && self.stamp.mtime_ns == entry.stamp.mtime_ns
    }

    /// It is this very file, and what is in it is what was.
    pub fn is_very(&self, entry: &FileEntry) -> bool {
        self.stamp.birth_ns.is_some()
            && self.stamp.birth_ns == entry.stamp.birth_ns
            && self.same_file(entry)
            && self.same_content(entry)
    }

    /// It is this very file, whatever is in it now.
    ///
    /// An inode alone proves nothing, for file systems give a deleted file's
    /// number to the next one. With the moment at which the file was made it
    /// does; where the file system does not tell, size and time must agree.
    fn same_file(&self, entry: &FileEntry) -> bool {
        let same_inode = self.stamp.file_id.is_some() && self.stamp.file_id == entry.stamp.file_id;
        same_inode
            && match (self.stamp.birth_ns, entry.stamp.birth_ns) {
                (Some(known), Some(found)) => known == found,
                _ => self.same_content(entry),
            }
    }
}

/// One difference between disk and knowledge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// A file that no known photo explains.
    Added(FileEntry),
    /// A known photo whose file has other content, as its size or time tells, or
    /// other sidecars.
    Modified { id: i64, entry: FileEntry },
    /// A known photo whose file is at another place, or is back at its own.
    Moved { id: i64, from_root: i64, from: PathBuf, entry: FileEntry, edited: bool },
    /// A photo whose file is gone.
    Removed { id: i64, root: i64, path: PathBuf },
    /// A photo whose file is there, and not wanted any more.
    Excluded { id: i64, root: i64, path: PathBuf },
}

/// What [`diff`] tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Diff {
    pub changes: Vec<Change>,
    /// Photos of which only what the file system calls the file is another, as
    /// when a drive came back: nothing for a person to know.
    pub restamped: Vec<(i64, FileEntry)>,
}

/// What is to be asked about known photos that were not found.
pub(crate) struct Questions<'a> {
    /// Had it been there, would it have been found?
    pub looked_at: &'a dyn Fn(&Known) -> bool,
    /// Do the exclusions leave it out?
    pub excluded: &'a dyn Fn(&Known) -> bool,
    /// Of one that was not looked at: is its file gone from its place, and may it
    /// be what was found?
    pub gone: &'a dyn Fn(&Known, &FileEntry) -> bool,
    /// Of a missing one: may its file lie where it was all the same, because only its
    /// root was taken from the library?
    pub left_alone: &'a dyn Fn(&Known) -> bool,
    /// Does the file system number its files anew whenever it is mounted?
    pub renumbers: &'a dyn Fn(&FileEntry) -> bool,
    /// Seconds since 1970.
    pub now: i64,
}

/// Tells what changed.
///
/// `on_disk` is all that was found in the places that were looked at; `known`
/// are the photos of those places, and those of any other place that may have
/// moved to them.
///
/// A file is a known photo's, in the order of the evidence:
/// 1. it is the very file, by device, inode and the moment it was made, at its
///    place or another, unless size and time tell that both are where they were;
/// 2. it is at the photo's place, with its size and time;
/// 3. it has its size, time and name, and the photo's own place holds it no more;
/// 4. it is at the photo's place: it was edited.
///
/// Equal bytes, the last evidence, are found when the file is read.
pub(crate) fn diff(on_disk: Vec<FileEntry>, known: &[Known], ask: &Questions<'_>) -> Diff {
    let mut matching = Matching::new(known, ask);
    let rest = matching.each(on_disk, |m, entry| {
        let holder = m.holder(entry).filter(|&n| known[n].same_file(entry));
        holder.map(|n| m.stays(n, entry))
    });
    let at_home = matching.at_home(&rest);
    let very_file = |photo: &Known, entry: &FileEntry| {
        let alike = photo.same_content(entry);
        photo.same_file(entry)
            && !at_home.photos.contains(&photo.id)
            && match at_home.holds(entry) {
                true => alike && !(ask.renumbers)(entry),
                false => alike || !(ask.renumbers)(entry),
            }
    };
    let rest = matching.elsewhere(rest, |stamp, _| stamp.file_id, very_file);
    let rest = matching.each(rest, |m, entry| {
        let holder = m.holder(entry).filter(|&n| known[n].same_content(entry));
        let back = || m.left_here(entry).into_iter().find(|&n| known[n].same_content(entry));
        holder.or_else(back).map(|n| m.stays(n, entry))
    });
    let named = |stamp: &Stamp, path: &'_ Path| {
        path.file_name().map(|name| (stamp.size, stamp.mtime_ns, name.to_owned()))
    };
    let rest = matching.elsewhere(rest, named, Known::same_content);
    let rest = matching.each(rest, |m, entry| {
        let replaced = || {
            m.left_here(entry).into_iter().filter(|&n| match known[n].presence {
                Presence::Missing { since } => ask.now - since <= REPLACED_WITHIN,
                _ => false,
            })
        };
        m.holder(entry).or_else(|| replaced().max()).map(|n| m.stays(n, entry))
    });
    matching.end(rest)
}

/// Known photos and files, while they are taken for each other.
struct Matching<'a> {
    known: &'a [Known],
    ask: &'a Questions<'a>,
    claimed: Vec<bool>,
    /// Photos that have a place for themselves.
    holders: HashMap<(i64, &'a Path), usize>,
    /// Missing photos by where they were last seen.
    left: HashMap<(i64, &'a Path), Vec<usize>>,
    /// Photos at whose place another one's file was found.
    displaced: Vec<usize>,
    diff: Diff,
}

/// Photos and files at their old places with their old sizes and times, whatever
/// their inodes say: FAT gives these anew at each mount, and tells the moment at
/// which a file was made so roughly that a burst of shots shares it.
#[derive(Default)]
struct AtHome {
    /// Photos whose places hold what they held, and no other photo's file.
    photos: HashSet<i64>,
    /// The places, by root, where that is so, or where files of equal size and
    /// time may have changed places.
    places: HashMap<i64, HashSet<PathBuf>>,
}

impl AtHome {
    fn holds(&self, entry: &FileEntry) -> bool {
        self.places.get(&entry.root).is_some_and(|places| places.contains(&entry.path))
    }
}

/// A photo taken for a file, and what that means.
struct Claim {
    known: usize,
    change: Option<Change>,
    restamped: bool,
}

impl<'a> Matching<'a> {
    fn new(known: &'a [Known], ask: &'a Questions<'a>) -> Self {
        let mut holders = HashMap::new();
        let mut left: HashMap<_, Vec<usize>> = HashMap::new();
        for (n, photo) in known.iter().enumerate() {
            let place = (photo.root, photo.path.as_path());
            if matches!(photo.presence, Presence::Missing { .. }) {
                left.entry(place).or_default().push(n);
            } else {
                holders.insert(place, n);
            }
        }
        let claimed = vec![false; known.len()];
        Self { known, ask, claimed, holders, left, displaced: Vec::new(), diff: Diff::default() }
    }

    /// The unclaimed photo that has this place for itself.
    fn holder(&self, entry: &FileEntry) -> Option<usize> {
        let place = (entry.root, entry.path.as_path());
        self.holders.get(&place).copied().filter(|&n| !self.claimed[n])
    }

    /// The unclaimed photos that went missing from this place.
    fn left_here(&self, entry: &FileEntry) -> Vec<usize> {
        let place = (entry.root, entry.path.as_path());
        let left = self.left.get(&place).into_iter().flatten();
        left.copied().filter(|&n| !self.claimed[n]).collect()
    }

    /// What of these entries is where it was by size and time.
    fn at_home(&self, entries: &[FileEntry]) -> AtHome {
        let mut at_home = AtHome::default();
        let mut by_file: HashMap<(i64, i64), Vec<usize>> = HashMap::new();
        if !entries.is_empty() {
            for (n, photo) in self.known.iter().enumerate().filter(|(n, _)| !self.claimed[*n]) {
                if let Some(file) = photo.stamp.file_id {
                    by_file.entry(file).or_default().push(n);
                }
            }
        }
        for entry in entries {
            let here = self.holder(entry).into_iter().chain(self.left_here(entry));
            for n in here.filter(|&n| self.known[n].same_content(entry)) {
                let same_inode = entry.stamp.file_id.and_then(|file| by_file.get(&file));
                let is_anothers = same_inode.into_iter().flatten().any(|&other| {
                    let photo = &self.known[other];
                    other != n && photo.same_file(entry) && photo.same_content(entry)
                });
                if !is_anothers {
                    at_home.photos.insert(self.known[n].id);
                }
                at_home.places.entry(entry.root).or_default().insert(entry.path.clone());
            }
        }
        at_home
    }

    /// What it means that this photo's file is found at its own place.
    fn stays(&self, n: usize, entry: &FileEntry) -> Claim {
        let photo = &self.known[n];
        let described = photo.sidecars != entry.sidecars;
        let edited = !photo.same_content(entry) || described;
        let change = match photo.presence {
            Presence::Present if edited => {
                Some(Change::Modified { id: photo.id, entry: entry.clone() })
            }
            Presence::Present => None,
            _ => Some(Change::Moved {
                id: photo.id,
                from_root: photo.root,
                from: photo.path.clone(),
                entry: entry.clone(),
                edited,
            }),
        };
        let restamped = change.is_none()
            && (photo.stamp.file_id, photo.stamp.birth_ns)
                != (entry.stamp.file_id, entry.stamp.birth_ns);
        Claim { known: n, change, restamped }
    }

    /// Lets `find` claim a photo for each entry; returns those it found none for.
    fn each(
        &mut self,
        entries: Vec<FileEntry>,
        find: impl Fn(&Self, &FileEntry) -> Option<Claim>,
    ) -> Vec<FileEntry> {
        let mut rest = Vec::new();
        for entry in entries {
            match find(self, &entry) {
                Some(claim) => self.claim(claim, entry),
                None => rest.push(entry),
            }
        }
        rest
    }

    /// Takes entries for photos that left their place and show the same
    /// evidence; returns those that found none.
    fn elsewhere<E: Hash + Eq>(
        &mut self,
        entries: Vec<FileEntry>,
        evidence: impl Fn(&Stamp, &Path) -> Option<E>,
        same: impl Fn(&Known, &FileEntry) -> bool,
    ) -> Vec<FileEntry> {
        if entries.is_empty() {
            return entries;
        }
        let mut by_evidence: HashMap<E, Vec<usize>> = HashMap::new();
        for (n, photo) in self.known.iter().enumerate().filter(|(n, _)| !self.claimed[*n]) {
            if let Some(evidence) = evidence(&photo.stamp, &photo.path) {
                by_evidence.entry(evidence).or_default().push(n);
            }
        }
        let mut rest = Vec::new();
        for entry in entries {
            let candidates = evidence(&entry.stamp, &entry.path)
                .and_then(|evidence| by_evidence.get(&evidence))
                .into_iter()
                .flatten();
            let found = candidates
                .copied()
                .filter(|&n| !self.claimed[n] && same(&self.known[n], &entry))
                .filter(|&n| self.may_leave_for(n, &entry) && self.is_gone(n, &entry))
                // Of equals the oldest photo wins, whatever the order.
                .min_by_key(|&n| self.known[n].id);
            let Some(n) = found else {
                rest.push(entry);
                continue;
            };
            let photo = &self.known[n];
            let edited = !photo.same_content(&entry) || photo.sidecars != entry.sidecars;
            let change = Change::Moved {
                id: photo.id,
                from_root: photo.root,
                from: photo.path.clone(),
                entry: entry.clone(),
                edited,
            };
            self.displaced.extend(self.holder(&entry));
            self.claim(Claim { known: n, change: Some(change), restamped: false }, entry);
        }
        rest
    }

    /// Whether the photo's file is not at its place any more, and may be here.
    fn is_gone(&self, n: usize, entry: &FileEntry) -> bool {
        let photo = &self.known[n];
        match photo.presence {
            Presence::Missing { .. } => photo.is_very(entry) || !(self.ask.left_alone)(photo),
            Presence::Present if (self.ask.looked_at)(photo) => true,
            _ => (self.ask.gone)(photo, entry),
        }
    }

    /// Whether the photo's file may be what is found at this place. A file that
    /// has just come, and is then put in the place of an older photo, is that
    /// photo's new version.
    fn may_leave_for(&self, n: usize, entry: &FileEntry) -> bool {
        let age = |n: usize| self.ask.now - self.known[n].added_at;
        let holder = self.holder(entry).filter(|&holder| holder != n);
        holder.is_none_or(|holder| age(n) > REPLACED_WITHIN || age(holder) <= REPLACED_WITHIN)
    }

    fn claim(&mut self, claim: Claim, entry: FileEntry) {
        self.claimed[claim.known] = true;
        self.diff.changes.extend(claim.change);
        if claim.restamped {
            self.diff.restamped.push((self.known[claim.known].id, entry));
        }
    }

    fn end(mut self, unexplained: Vec<FileEntry>) -> Diff {
        self.diff.changes.extend(unexplained.into_iter().map(Change::Added));
        let displaced: HashSet<usize> = self.displaced.iter().copied().collect();
        for (n, photo) in self.known.iter().enumerate().filter(|(n, _)| !self.claimed[*n]) {
            let (id, root, path) = (photo.id, photo.root, photo.path.clone());
            if displaced.contains(&n) {
                self.diff.changes.push(Change::Removed { id, root, path });
            } else if photo.presence == Presence::Present && (self.ask.looked_at)(photo) {
                self.diff.changes.push(match (self.ask.excluded)(photo) {
                    true => Change::Excluded { id, root, path },
                    false => Change::Removed { id, root, path },
                });
            }
        }
        self.diff
    }
}

#[cfg(test)]
#[path = "diff/tests.rs"]
mod tests;
