//! Comparing what is on disk with what is known.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{FileEntry, Stamp};

/// A photo that is known already.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub id: i64,
    pub root: i64,
    pub path: PathBuf,
    pub stamp: Stamp,
    /// It was there at the last look.
    pub present: bool,
}

/// One difference between disk and knowledge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// A file that no known photo explains.
    Added(FileEntry),
    /// A known photo whose file has other content, as its size or time tells.
    Modified { id: i64, entry: FileEntry },
    /// A known photo whose file is at another place, or is back at its own.
    Moved { id: i64, from: PathBuf, entry: FileEntry },
    /// A photo whose file is gone.
    Removed { id: i64, root: i64, path: PathBuf },
}

/// Tells what changed.
///
/// `on_disk` is all that was found in the places that were looked at, `known`
/// the photos of those places and the missing ones of any place.
/// `looked_at(root, path)` says whether a known photo would have been found had
/// it been there: only then does absence mean removal.
///
/// A new path is matched with a photo that is gone, first by device and inode,
/// then by size, time and name. An inode alone proves nothing, for file systems
/// give a deleted file's number to the next file, so size and time must agree
/// too. Equal bytes, the last evidence, are found when the file is read.
pub(crate) fn diff(
    on_disk: Vec<FileEntry>,
    known: &[Known],
    looked_at: impl Fn(i64, &Path) -> bool,
) -> Vec<Change> {
    let by_place: HashMap<(i64, &Path), &Known> =
        known.iter().map(|photo| ((photo.root, photo.path.as_path()), photo)).collect();

    let mut changes = Vec::new();
    let mut found = std::collections::HashSet::new();
    let mut unexplained = Vec::new();
    for entry in on_disk {
        let Some(photo) = by_place.get(&(entry.root, entry.path.as_path())) else {
            unexplained.push(entry);
            continue;
        };
        found.insert(photo.id);
        let same =
            photo.stamp.size == entry.stamp.size && photo.stamp.mtime_ns == entry.stamp.mtime_ns;
        match (same, photo.present) {
            (true, true) => {}
            (true, false) => {
                changes.push(Change::Moved { id: photo.id, from: photo.path.clone(), entry });
            }
            (false, _) => changes.push(Change::Modified { id: photo.id, entry }),
        }
    }

    let mut gone: HashMap<i64, &Known> = known
        .iter()
        .filter(|photo| !found.contains(&photo.id))
        .filter(|photo| !photo.present || looked_at(photo.root, &photo.path))
        .map(|photo| (photo.id, photo))
        .collect();
    let added = match_moves(unexplained, &mut gone, &mut changes, |stamp, _| {
        stamp.file_id.map(|id| (id, stamp.size, stamp.mtime_ns))
    });
    let added = match_moves(added, &mut gone, &mut changes, |stamp, path| {
        path.file_name().map(|name| (stamp.size, stamp.mtime_ns, name.to_owned()))
    });

    changes.extend(added.into_iter().map(Change::Added));
    let mut removed: Vec<&Known> = gone.into_values().filter(|photo| photo.present).collect();
    removed.sort_by_key(|photo| photo.id);
    changes.extend(removed.into_iter().map(|photo| Change::Removed {
        id: photo.id,
        root: photo.root,
        path: photo.path.clone(),
    }));
    changes
}

/// Takes entries and gone photos of equal evidence for each other; returns the
/// entries that found none.
fn match_moves<E: std::hash::Hash + Eq>(
    entries: Vec<FileEntry>,
    gone: &mut HashMap<i64, &Known>,
    changes: &mut Vec<Change>,
    evidence: impl Fn(&Stamp, &Path) -> Option<E>,
) -> Vec<FileEntry> {
    if entries.is_empty() || gone.is_empty() {
        return entries;
    }
    let mut by_evidence: HashMap<E, i64> = HashMap::new();
    for photo in gone.values() {
        if let Some(evidence) = evidence(&photo.stamp, &photo.path) {
            // Of equals the oldest photo wins, whatever the map's order.
            let id = by_evidence.entry(evidence).or_insert(photo.id);
            *id = photo.id.min(*id);
        }
    }
    let mut rest = Vec::new();
    for entry in entries {
        let photo = evidence(&entry.stamp, &entry.path)
            .and_then(|evidence| by_evidence.remove(&evidence))
            .and_then(|id| gone.remove(&id));
        match photo {
            Some(photo) => {
                changes.push(Change::Moved { id: photo.id, from: photo.path.clone(), entry });
            }
            None => rest.push(entry),
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(n: i64) -> Stamp {
        Stamp { size: 100 + n.unsigned_abs(), mtime_ns: 1_000 + n, file_id: Some((1, n)) }
    }

    fn entry(path: &str, stamp: Stamp) -> FileEntry {
        FileEntry { root: 1, path: path.into(), stamp }
    }

    fn known(id: i64, path: &str, stamp: Stamp) -> Known {
        Known { id, root: 1, path: path.into(), stamp, present: true }
    }

    fn everywhere(_: i64, _: &Path) -> bool {
        true
    }

    #[test]
    fn nothing_changed_is_no_change() {
        let changes = diff(vec![entry("a", stamp(1))], &[known(1, "a", stamp(1))], everywhere);
        assert_eq!(changes, []);
    }

    #[test]
    fn new_edited_and_deleted_files_are_told_apart() {
        let edited = Stamp { size: 5, ..stamp(2) };
        let changes = diff(
            vec![entry("new", stamp(9)), entry("edited", edited)],
            &[known(2, "edited", stamp(2)), known(3, "deleted", stamp(3))],
            everywhere,
        );
        assert_eq!(
            changes,
            [
                Change::Modified { id: 2, entry: entry("edited", edited) },
                Change::Added(entry("new", stamp(9))),
                Change::Removed { id: 3, root: 1, path: "deleted".into() },
            ]
        );
    }

    #[test]
    fn a_renamed_file_is_known_by_its_inode() {
        let changes = diff(vec![entry("b", stamp(1))], &[known(1, "a", stamp(1))], everywhere);
        assert_eq!(
            changes,
            [Change::Moved { id: 1, from: "a".into(), entry: entry("b", stamp(1)) }]
        );
    }

    #[test]
    fn a_file_moved_to_another_disk_is_known_by_size_time_and_name() {
        let there = Stamp { file_id: Some((2, 77)), ..stamp(1) };
        let moved = diff(vec![entry("x/a", there)], &[known(1, "a", stamp(1))], everywhere);
        assert!(matches!(moved[..], [Change::Moved { id: 1, .. }]));
        let renamed = diff(vec![entry("x/b", there)], &[known(1, "a", stamp(1))], everywhere);
        assert!(matches!(renamed[..], [Change::Added(_), Change::Removed { .. }]));
    }

    #[test]
    fn an_inode_used_again_is_not_a_move() {
        let reused = Stamp { size: 1, mtime_ns: 2, file_id: stamp(1).file_id };
        let changes = diff(vec![entry("b", reused)], &[known(1, "a", stamp(1))], everywhere);
        assert!(matches!(changes[..], [Change::Added(_), Change::Removed { id: 1, .. }]));
    }

    #[test]
    fn what_was_not_looked_at_is_not_removed() {
        let known = [known(1, "x/a", stamp(1)), known(2, "y/b", stamp(2))];
        let changes = diff(vec![], &known, |_, path| path.starts_with("x"));
        assert_eq!(changes, [Change::Removed { id: 1, root: 1, path: "x/a".into() }]);
    }

    #[test]
    fn a_missing_photo_comes_back_and_is_not_removed_twice() {
        let missing = Known { present: false, ..known(1, "a", stamp(1)) };
        assert_eq!(diff(vec![], std::slice::from_ref(&missing), everywhere), []);
        let changes = diff(vec![entry("a", stamp(1))], &[missing], everywhere);
        assert!(matches!(changes[..], [Change::Moved { id: 1, .. }]));
    }

    #[test]
    fn two_files_that_swap_names_are_both_read_again() {
        let changes = diff(
            vec![entry("a", stamp(2)), entry("b", stamp(1))],
            &[known(1, "a", stamp(1)), known(2, "b", stamp(2))],
            everywhere,
        );
        assert!(matches!(
            changes[..],
            [Change::Modified { id: 1, .. }, Change::Modified { id: 2, .. }]
        ));
    }
}
