//! Bringing the catalog up to date with the disk.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::now;
use crate::catalog::{Catalog, RootRow, Stat};
use crate::decode;
use crate::error::Result;
use crate::scan::{self, Change, FileEntry, Known, Reach, Seen, Stamp};
use crate::view::RootState;

/// Where to look.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// A whole root.
    Root(i64),
    /// Paths of a root, relative to it, with all beneath them.
    Paths(i64, Vec<PathBuf>),
}

impl Place {
    fn root(&self) -> i64 {
        match self {
            Self::Root(root) | Self::Paths(root, _) => *root,
        }
    }
}

/// What a reconciliation did.
#[derive(Debug, Default)]
pub(crate) struct Reconciled {
    /// The changes that were applied, each with its photo's id.
    pub changes: Vec<(i64, Change)>,
    /// Files of kinds that cannot be read yet, in the roots looked at whole.
    pub unsupported: u64,
    /// The state of a root is another than before.
    pub roots_changed: bool,
}

/// Compares the places with the catalog and applies what changed, in one
/// transaction. All places are compared together, so that a file that moved
/// from one to another is seen to have moved.
pub(crate) fn reconcile(catalog: &Catalog, places: &[Place]) -> Result<Reconciled> {
    let roots = catalog.roots()?;
    let mut done = Reconciled::default();
    let mut looks: Vec<Look> = Vec::new();
    let mut on_disk = Vec::new();
    for place in places {
        let Some(root) = roots.iter().find(|root| root.id == place.root()) else { continue };
        let Some(device) = reach_root(catalog, root, &mut done)? else { continue };
        // A folder that is a root of its own is that root's business.
        let excluded: Vec<PathBuf> = roots
            .iter()
            .filter(|other| other.id != root.id && other.path.starts_with(&root.path))
            .map(|other| other.path.clone())
            .collect();
        let (walk, paths) = match place {
            Place::Root(_) => (scan::walk(root.id, &root.path, &excluded, &classify), None),
            Place::Paths(_, paths) => (
                scan::walk_paths(root.id, &root.path, paths, &excluded, &classify),
                Some(paths.as_slice()),
            ),
        };
        if paths.is_none() {
            // Nothing at all, on another device than before: the mount point of
            // a drive that is not there, not a folder that was emptied.
            let swapped = root.device.is_some() && root.device != device;
            if walk.entries == 0 && swapped && root.photos > 0 {
                set_state(catalog, root, RootState::Offline, &mut done)?;
                continue;
            }
            catalog.set_root_seen(root.id, device, walk.unsupported)?;
            done.unsupported += walk.unsupported;
        }
        looks.push(Look { root: root.id, paths, unreadable: walk.unreadable });
        on_disk.extend(walk.photos);
    }

    let mut known: HashMap<i64, Known> = HashMap::new();
    for look in &looks {
        known.extend(catalog.known_photos(look.root)?.into_iter().map(|photo| {
            let stat = photo.stat;
            let stamp = Stamp {
                size: stat.size,
                mtime_ns: stat.mtime_ns,
                file_id: stat.device.zip(stat.inode),
            };
            let known = Known {
                id: photo.id,
                root: photo.root,
                path: photo.path,
                stamp,
                present: photo.present,
            };
            (known.id, known)
        }));
    }
    on_disk.sort_by(|a, b| (a.root, &a.path).cmp(&(b.root, &b.path)));
    on_disk.dedup_by(|a, b| (a.root, &a.path) == (b.root, &b.path));
    let known: Vec<Known> = known.into_values().collect();
    let changes = scan::diff(on_disk, &known, |root, path| {
        looks.iter().any(|look| look.root == root && look.covers(path))
    });
    done.changes = apply(catalog, changes)?;
    Ok(done)
}

/// What was looked at in a root.
struct Look<'a> {
    root: i64,
    /// `None`: all of it.
    paths: Option<&'a [PathBuf]>,
    unreadable: Vec<PathBuf>,
}

impl Look<'_> {
    /// Whether a photo at this path would have been seen.
    fn covers(&self, path: &Path) -> bool {
        self.paths.is_none_or(|paths| paths.iter().any(|looked| path.starts_with(looked)))
            && !self.unreadable.iter().any(|hidden| path.starts_with(hidden))
    }
}

/// Notes whether the root can be reached; its device number where it can.
fn reach_root(
    catalog: &Catalog,
    root: &RootRow,
    done: &mut Reconciled,
) -> Result<Option<Option<i64>>> {
    match scan::reach(&root.path) {
        Reach::Online { device } => {
            // A drive mounted at its empty mount point comes online only when a
            // walk has seen that it is that drive; see `reconcile`.
            if root.state != RootState::Online {
                done.roots_changed = true;
            }
            Ok(Some(device))
        }
        Reach::Offline => set_state(catalog, root, RootState::Offline, done).map(|()| None),
        Reach::Unreadable => set_state(catalog, root, RootState::Unreadable, done).map(|()| None),
    }
}

fn set_state(
    catalog: &Catalog,
    root: &RootRow,
    state: RootState,
    done: &mut Reconciled,
) -> Result<()> {
    if root.state != state {
        tracing::warn!("{} is {}; its photos are kept", root.path.display(), state.as_str());
        catalog.set_root_state(root.id, state)?;
        done.roots_changed = true;
    }
    Ok(())
}

fn classify(path: &Path) -> Seen {
    match decode::support(path) {
        decode::Support::Decodable(_) => Seen::Photo,
        decode::Support::NotYet(_) => Seen::Unsupported,
        decode::Support::NotAPhoto => Seen::Other,
    }
}

fn apply(catalog: &Catalog, changes: Vec<Change>) -> Result<Vec<(i64, Change)>> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let now = now();
    catalog.change(|t| {
        changes
            .into_iter()
            .map(|change| {
                let id = match &change {
                    Change::Added(FileEntry { root, path, stamp }) => {
                        Catalog::add_photo(t, *root, path, stat(*stamp), now)?
                    }
                    Change::Modified { id, entry } => {
                        Catalog::modify_photo(t, *id, stat(entry.stamp))?;
                        *id
                    }
                    Change::Moved { id, entry, .. } => {
                        Catalog::move_photo(t, *id, entry.root, &entry.path, stat(entry.stamp))?;
                        *id
                    }
                    Change::Removed { id, .. } => {
                        Catalog::miss_photo(t, *id)?;
                        *id
                    }
                };
                Ok((id, change))
            })
            .collect()
    })
}

fn stat(stamp: Stamp) -> Stat {
    let (device, inode) = stamp.file_id.unzip();
    Stat { size: stamp.size, mtime_ns: stamp.mtime_ns, device, inode }
}
