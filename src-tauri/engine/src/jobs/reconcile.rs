//! Bringing the catalog up to date with the disk.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use rusqlite::Transaction;

use super::{Settling, now};
use crate::catalog::{Catalog, KnownPhoto, Mark, RootRow, Stat};
use crate::decode;
use crate::error::Result;
use crate::scan::{
    self, Change, Diff, FileEntry, Known, Questions, Reach, Rules, Seen, Stamp, Volume, Volumes,
    Walker,
};
use crate::view::{Exclusions, RootState};

/// A copy that is younger than this, in seconds, takes the place of an original
/// that goes: a move between two file systems first copies everything.
const MOVED_WITHIN: i64 = 24 * 60 * 60;

/// Where to look.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// A whole root.
    Root(i64),
    /// Paths of a root that something was heard of, relative to it, with all
    /// beneath them.
    Paths(i64, BTreeSet<PathBuf>),
}

impl Place {
    fn root(&self) -> i64 {
        match self {
            Self::Root(root) | Self::Paths(root, _) => *root,
        }
    }
}

/// How to look.
pub(crate) struct Sight<'a> {
    /// The file systems that are mounted.
    pub volumes: &'a Volumes,
    /// Told of a root's folders before they are listed.
    pub entering: &'a dyn Fn(i64, &Path),
    /// Where files that are being written are left for later.
    pub settling: Option<&'a mut Settling>,
}

/// What a reconciliation did.
#[derive(Debug, Default)]
pub(crate) struct Reconciled {
    /// The changes that were applied, each with its photo's id.
    pub changes: Vec<(i64, Change)>,
    /// Photos whose places others have taken, and that are forgotten.
    pub forgotten: Vec<i64>,
    /// Files of kinds that cannot be read yet, in the roots looked at whole.
    pub unsupported: u64,
    /// The state of a root is another than before.
    pub roots_changed: bool,
    /// A root is at another path than before.
    pub relocated: bool,
}

/// Compares the places with the catalog and applies what changed, in one
/// transaction. All places are compared together, so that a file that moved
/// from one to another is seen to have moved.
pub(crate) fn reconcile(
    catalog: &Catalog,
    places: &[Place],
    mut sight: Sight<'_>,
) -> Result<Reconciled> {
    let mut done = Reconciled::default();
    let removed = catalog.removed_roots()?;
    let mut roots = catalog.roots()?;
    follow_volumes(catalog, &mut roots, sight.volumes, &mut done)?;
    let mut looks: Vec<Look> = Vec::new();
    for place in places {
        let Some(root) = roots.iter().find(|root| root.id == place.root()) else { continue };
        let Some(device) = reach_root(catalog, root, &mut done)? else { continue };
        looks.extend(look(catalog, root, device, &roots, place, &sight, &mut done)?);
    }
    let mut on_disk: Vec<FileEntry> = Vec::new();
    let mut known: HashMap<i64, Known> = HashMap::new();
    for look in &mut looks {
        on_disk.append(&mut look.found);
        known.extend(look.known.drain(..).map(|photo| (photo.id, photo)));
    }
    on_disk.sort_by(|a, b| (a.root, &a.path).cmp(&(b.root, &b.path)));
    on_disk.dedup_by(|a, b| (a.root, &a.path) == (b.root, &b.path));

    add_lookalikes(catalog, &on_disk, &mut known)?;
    let known: Vec<Known> = known.into_values().collect();
    let waiting = match &mut sight.settling {
        Some(settling) => hold_back(&mut on_disk, &known, places, &looks, settling),
        None => HashSet::new(),
    };
    let ask = Questions {
        looked_at: &|photo| {
            looks.iter().any(|look| look.covers(photo))
                && !waiting.contains(&(photo.root, photo.path.clone()))
        },
        excluded: &|photo| {
            let of = looks.iter().find(|look| look.root.id == photo.root);
            of.is_some_and(|look| look.rules.exclude(&look.root.path, &photo.path))
        },
        gone: &|photo, entry| is_gone(photo, entry, &roots),
        left_alone: &|photo| {
            let root = removed.iter().find(|(id, _)| *id == photo.root);
            root.is_some_and(|(_, root)| root.join(&photo.path).exists())
        },
        renumbers: &|entry| {
            let root = roots.iter().find(|root| root.id == entry.root);
            let volume = root.and_then(|r| sight.volumes.holding(&r.path.join(&entry.path)));
            volume.is_some_and(Volume::renumbers)
        },
        now: now(),
    };
    let diff = scan::diff(on_disk, &known, &ask);
    apply(catalog, diff, &mut done)?;
    Ok(done)
}

/// What was looked at in a root.
struct Look<'a> {
    root: &'a RootRow,
    rules: Rules,
    /// `None`: all of it.
    paths: Option<HashSet<PathBuf>>,
    device: Option<i64>,
    volumes: &'a Volumes,
    unreadable: HashSet<PathBuf>,
    found: Vec<FileEntry>,
    known: Vec<Known>,
}

impl Look<'_> {
    /// Whether this photo would have been seen, had it been there.
    fn covers(&self, photo: &Known) -> bool {
        photo.root == self.root.id
            && self.holds(&photo.path)
            && !lies_in(&photo.path, &self.unreadable)
            && !self.lost_its_mount(photo)
    }

    /// Whether a path of the root is among what was to be looked at.
    fn holds(&self, path: &Path) -> bool {
        self.paths.as_ref().is_none_or(|paths| lies_in(path, paths))
    }

    /// Whether the photo was on a drive that is mounted within the root, or that
    /// a link leads to, and is not there now.
    ///
    /// Its mount point, the nearest folder that is there, lies on another device
    /// then. So does the folder that held a link which was deleted. What tells
    /// them apart: a mount point is empty, and a link led to a file system that is
    /// mounted out of the root, for links within it are not followed.
    fn lost_its_mount(&self, photo: &Known) -> bool {
        let Some((device, _)) = photo.stamp.file_id else { return false };
        if Some(device) == self.device {
            return false;
        }
        let mut folders = photo.path.ancestors().skip(1).map(|folder| self.root.path.join(folder));
        let nearest = folders.find_map(|folder| Some((std::fs::metadata(&folder).ok()?, folder)));
        let Some((metadata, folder)) = nearest else { return false };
        let now = scan::stamp(&metadata).file_id.map(|(device, _)| device);
        now != Some(device)
            && (is_empty(&folder)
                || now == self.device && !self.volumes.have_outside(device, &self.root.path))
    }
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// Whether a path is one of these, or beneath one.
fn lies_in(path: &Path, places: &HashSet<PathBuf>) -> bool {
    // However many there are, a path has few folders above it.
    !places.is_empty() && path.ancestors().any(|place| places.contains(place))
}

fn look<'a>(
    catalog: &Catalog,
    root: &'a RootRow,
    device: Option<i64>,
    roots: &[RootRow],
    place: &Place,
    sight: &Sight<'a>,
    done: &mut Reconciled,
) -> Result<Option<Look<'a>>> {
    // A folder that is a root of its own is that root's business, wherever a link
    // to it is.
    let other_roots: Vec<PathBuf> =
        roots.iter().filter(|other| other.id != root.id).map(|other| other.path.clone()).collect();
    let rules = rules(&root.exclusions);
    let walker = Walker {
        root: root.id,
        root_path: &root.path,
        other_roots: &other_roots,
        rules: &rules,
        classify: &classify,
        entering: &|folder| (sight.entering)(root.id, folder),
    };
    let paths = match place {
        Place::Root(_) => None,
        Place::Paths(_, heard) => Some(walker.meant_by(heard)),
    };
    let mark = mark(&root.path, device, sight.volumes);
    let doubt = doubt(&root.mark, &mark);
    // A drive that comes back may have another number than before.
    let renumbered = root.mark.device.filter(|_| device != root.mark.device).zip(device);
    if (renumbered.is_some() || doubt.is_some()) && paths.is_some() {
        // Only a look at the whole tells whether it is that drive.
        return Ok(None);
    }
    let walk = walker.walk(paths.as_deref());
    // What was listed while a drive came or went proves nothing.
    if reach_root(catalog, root, done)? != Some(device) || folder(&root.path) != mark.folder {
        return Ok(None);
    }
    let known: Vec<Known> = catalog
        .known_photos(root.id, paths.as_deref())?
        .into_iter()
        .map(|photo| known(photo, renumbered))
        .collect();
    if paths.is_none() {
        let share = recognised(&known, &walk, device, doubt);
        if doubt.is_some_and(|doubt| !share.dispels(doubt)) {
            set_state(catalog, root, RootState::Offline, done)?;
            return Ok(None);
        }
        // An empty folder that was put in its place, where nothing was mounted
        // meanwhile, is not the root that was there.
        let other = root.mark.folder.zip(mark.folder).is_some_and(|(was, now)| was != now);
        if other && device == root.mark.device && share.is_nothing() && walk.photos.is_empty() {
            set_state(catalog, root, RootState::Offline, done)?;
            return Ok(None);
        }
        // Nothing of it is there: before that is believed, what is mounted is
        // asked again, for it may have changed since.
        if share.is_nothing() && self::mark(&root.path, device, &Volumes::now()) != mark {
            return Ok(None);
        }
        let mut mark = mark;
        if doubt.is_none() {
            // That the system does not tell its id now is nothing new of the drive.
            mark.volume = mark.volume.or_else(|| root.mark.volume.clone());
        }
        catalog.set_root_seen(root.id, &mark, walk.unsupported)?;
        done.unsupported += walk.unsupported;
        if root.state != RootState::Online {
            // What the drive did not give while it went can be read again.
            catalog.forget_passing_failures(Some(root.id))?;
        }
    }
    let scan::Walk { photos: found, unreadable, .. } = walk;
    let (paths, unreadable) = (paths.map(HashSet::from_iter), unreadable.into_iter().collect());
    let volumes = sight.volumes;
    Ok(Some(Look { root, rules, paths, device, volumes, unreadable, found, known }))
}

/// What a root's folder can be known by, at its path, where it is listed.
pub(super) fn mark(path: &Path, device: Option<i64>, volumes: &Volumes) -> Mark {
    let volume = volumes.holding(path);
    Mark {
        device,
        volume: volume.and_then(|volume| volume.id.clone()),
        within: volume.and_then(|volume| volume.within(path)),
        folder: folder(path),
    }
}

/// The inode of a folder, and when it was made; `None` where that is not told.
fn folder(path: &Path) -> Option<(i64, i64)> {
    let stamp = scan::stamp(&std::fs::metadata(path).ok()?);
    let (_, inode) = stamp.file_id?;
    // FAT's topmost folder says 1970 on every drive.
    Some((inode, stamp.birth_ns.filter(|&birth| birth > 0)?))
}

/// Why the folder at a root's path may not be the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It is on a file system of another name: another drive, or a copy of it.
    Drive,
    /// It is another folder of the same file system, as where something else, or
    /// nothing any more, is bound to the root's path.
    Folder,
    /// It is on a file system of another number, which has no name: another
    /// drive, an empty mount point, or the same drive, numbered anew.
    Number,
}

/// Whether what is at a root's path may be another folder than the one that was
/// last seen there. Where it is not, all that is not in it was deleted.
pub(super) fn doubt(before: &Mark, now: &Mark) -> Option<Doubt> {
    // A root that was never looked at has nothing to lose.
    before.device?;
    let elsewhere = before.within.is_some() && now.within.is_some() && before.within != now.within;
    match (&before.volume, &now.volume) {
        (Some(before), Some(now)) if before != now => Some(Doubt::Drive),
        (Some(_), Some(_)) => elsewhere.then_some(Doubt::Folder),
        _ if before.device != now.device => Some(Doubt::Number),
        _ => elsewhere.then_some(Doubt::Folder),
    }
}

/// How many of a root's photos are in a folder.
#[derive(Debug, Clone, Copy)]
struct Share {
    seen: usize,
    /// Those that would have been seen if the folder is the root.
    all: usize,
}

impl Share {
    /// Whether so many prove that the folder is the root, however different it
    /// looks. One that is not has hardly any: cameras give their files the same
    /// names, but not the same sizes.
    fn dispels(self, doubt: Doubt) -> bool {
        match doubt {
            _ if self.all == 0 => true,
            // There is reason to think that it is another one.
            Doubt::Drive | Doubt::Folder => self.seen * 2 > self.all,
            // Much may have been moved and edited meanwhile.
            Doubt::Number => self.seen * 4 >= self.all,
        }
    }

    fn is_nothing(self) -> bool {
        self.seen == 0 && self.all > 0
    }
}

/// How many of a root's photos a walk has seen at their places, with their sizes,
/// or as the very files that they were.
fn recognised(
    known: &[Known],
    walk: &scan::Walk,
    device: Option<i64>,
    doubt: Option<Doubt>,
) -> Share {
    let sizes: HashMap<&Path, u64> =
        walk.photos.iter().map(|entry| (entry.path.as_path(), entry.stamp.size)).collect();
    let files: HashMap<(i64, i64), &FileEntry> = match doubt {
        // Another file system's inodes are other files.
        Some(Doubt::Drive) => HashMap::new(),
        _ => walk.photos.iter().filter_map(|e| Some((e.stamp.file_id?, e))).collect(),
    };
    let expected = |photo: &&Known| {
        // What is on a drive that is mounted within the root proves nothing.
        let on_root = photo.stamp.file_id.is_none_or(|(on, _)| Some(on) == device);
        let hidden = walk.unreadable.iter().any(|hidden| photo.path.starts_with(hidden));
        photo.presence == scan::Presence::Present && on_root && !hidden
    };
    let mut share = Share { seen: 0, all: 0 };
    for photo in known.iter().filter(expected) {
        let here = sizes.get(photo.path.as_path()) == Some(&photo.stamp.size);
        let very = || photo.stamp.file_id.and_then(|id| files.get(&id));
        share.all += 1;
        share.seen += usize::from(here || very().is_some_and(|entry| photo.is_very(entry)));
    }
    share
}

pub(super) fn rules(exclusions: &Exclusions) -> Rules {
    Rules::new(exclusions).unwrap_or_else(|error| {
        tracing::warn!("the exclusions of a folder are passed over: {error}");
        Rules::none()
    })
}

/// Finds roots again whose drives are mounted elsewhere now.
fn follow_volumes(
    catalog: &Catalog,
    roots: &mut [RootRow],
    volumes: &Volumes,
    done: &mut Reconciled,
) -> Result<()> {
    for n in 0..roots.len() {
        let Some(path) = moved_to(&roots[n].path, &roots[n].mark, volumes) else { continue };
        // One within another goes where it is, as that one does.
        if roots.iter().any(|other| other.path == path) {
            continue;
        }
        tracing::info!("{} is at {} now", roots[n].path.display(), path.display());
        catalog.move_root(roots[n].id, &path)?;
        roots[n].path = path;
        done.roots_changed = true;
        done.relocated = true;
    }
    Ok(())
}

/// Where a root is that is not at its path, if its volume is mounted elsewhere.
/// What is at its path now does not matter: it is another drive, or a copy.
pub(super) fn moved_to(path: &Path, before: &Mark, volumes: &Volumes) -> Option<PathBuf> {
    let (id, within) = (before.volume.as_deref()?, before.within.as_deref()?);
    let here = volumes.holding(path).filter(|volume| volume.id.as_deref() == Some(id));
    if here.is_some_and(|volume| volume.within(path).as_deref() == Some(within)) && path.is_dir() {
        return None;
    }
    volumes.find(id, within).filter(|found| found != path)
}

/// The root that this folder is, if it is one: at its path, or at another since
/// its drive was mounted elsewhere, or the folder renamed. Then it is here from
/// now on.
pub(crate) fn find_again(catalog: &Catalog, at: &Path) -> Result<Option<i64>> {
    let mut roots = catalog.roots()?;
    let volumes = Volumes::now();
    follow_volumes(catalog, &mut roots, &volumes, &mut Reconciled::default())?;
    if let Some(root) = roots.iter().find(|root| root.path == at) {
        return Ok(Some(root.id));
    }
    let now = |path: &Path| match scan::reach(path) {
        Reach::Online { device } => mark(path, device, &volumes),
        Reach::Offline | Reach::Unreadable => Mark::default(),
    };
    let here = now(at);
    let renamed = roots
        .iter()
        .find(|root| is_same(&root.mark, &here) && !is_same(&root.mark, &now(&root.path)));
    let Some(root) = renamed else { return Ok(None) };
    tracing::info!("{} is {} now", root.path.display(), at.display());
    catalog.move_root(root.id, at)?;
    Ok(Some(root.id))
}

/// Whether these are of one folder, wherever it is.
fn is_same(one: &Mark, other: &Mark) -> bool {
    let same_drive = match (&one.volume, &other.volume) {
        (Some(one), Some(other)) => one == other,
        _ => one.device.is_some() && one.device == other.device,
    };
    same_drive && one.folder.is_some() && one.folder == other.folder
}

/// Photos of other places that may be what was found at these.
fn add_lookalikes(
    catalog: &Catalog,
    on_disk: &[FileEntry],
    known: &mut HashMap<i64, Known>,
) -> Result<()> {
    if catalog.newest_photo()? == 0 {
        return Ok(());
    }
    let unexplained: Vec<Stat> = {
        let here: HashMap<(i64, &Path), &Known> = known
            .values()
            .filter(|photo| !matches!(photo.presence, scan::Presence::Missing { .. }))
            .map(|photo| ((photo.root, photo.path.as_path()), photo))
            .collect();
        let explained = |entry: &&FileEntry| {
            let photo = here.get(&(entry.root, entry.path.as_path()));
            photo.is_some_and(|photo| photo.stamp.file_id == entry.stamp.file_id)
        };
        on_disk.iter().filter(|entry| !explained(entry)).map(stat).collect()
    };
    for photo in catalog.lookalikes(&unexplained)? {
        known.entry(photo.id).or_insert_with(|| self::known(photo, None));
    }
    Ok(())
}

/// Takes out files that may still be being written, and remembers them. A file
/// that is known, and was only renamed, is none.
fn hold_back(
    on_disk: &mut Vec<FileEntry>,
    known: &[Known],
    places: &[Place],
    looks: &[Look<'_>],
    settling: &mut Settling,
) -> HashSet<(i64, PathBuf)> {
    let content = |stamp: &Stamp| (stamp.size, stamp.mtime_ns, stamp.file_id);
    let contents: HashSet<_> = known.iter().map(|photo| content(&photo.stamp)).collect();
    let mut waiting = HashSet::new();
    on_disk.retain(|entry| {
        let ready = contents.contains(&content(&entry.stamp)) || settling.is_still(entry);
        if !ready {
            waiting.insert((entry.root, entry.path.clone()));
        }
        ready
    });
    // What was waited for, and is not there, need not be waited for. Nor are the
    // files of a root that cannot be looked at: when it can, all of it is.
    settling.keep(|root, path| {
        let look = looks.iter().find(|look| look.root.id == root);
        match look {
            Some(look) => !look.holds(path) || waiting.contains(&(root, path.to_owned())),
            None => !places.iter().any(|place| place.root() == root),
        }
    });
    waiting
}

/// Whether a photo's file is not at its place any more, in a root that is there.
/// Of the very file that was found it does not matter where its root is: it may
/// have been renamed, or be back and not yet looked at.
fn is_gone(photo: &Known, entry: &FileEntry, roots: &[RootRow]) -> bool {
    let Some(root) = roots.iter().find(|root| root.id == photo.root) else {
        // What was left out of a root that was removed is nobody's.
        return photo.presence == scan::Presence::Excluded;
    };
    let left = match std::fs::metadata(root.path.join(&photo.path)) {
        Ok(file) => {
            // Where inodes are given anew, size and time tell that it is there.
            let there = scan::stamp(&file);
            let content = |stamp: &Stamp| (stamp.size, stamp.mtime_ns);
            there.file_id != photo.stamp.file_id && content(&there) != content(&photo.stamp)
        }
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    left && (photo.is_very(entry) || is_as_seen(root))
}

/// Whether a root is there, as it was when it was last looked at as a whole.
fn is_as_seen(root: &RootRow) -> bool {
    let Reach::Online { device } = scan::reach(&root.path) else { return false };
    root.state == RootState::Online
        && device == root.mark.device
        && (root.mark.folder.is_none() || root.mark.folder == folder(&root.path))
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
            // walk has seen that it is that drive; see `look`.
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

fn apply(catalog: &Catalog, diff: Diff, done: &mut Reconciled) -> Result<()> {
    let Diff { changes, restamped } = diff;
    if changes.is_empty() && restamped.is_empty() {
        return Ok(());
    }
    let now = now();
    catalog.change(|t| {
        // One that was removed while it was looked at gets no photos.
        let roots = Catalog::root_ids(t)?;
        let of_root = |change: &Change| roots.contains(&change.places().0);
        let changes: Vec<Change> = changes.into_iter().filter(of_root).collect();
        // All leave before the first one comes: places are changed in circles.
        for change in &changes {
            match change {
                Change::Moved { id, .. } | Change::Removed { id, .. } => {
                    Catalog::miss_photo(t, *id, now)?;
                }
                Change::Excluded { id, .. } => Catalog::exclude_photo(t, *id)?,
                Change::Added(_) | Change::Modified { .. } => {}
            }
        }
        for (id, entry) in restamped.iter().filter(|(_, entry)| roots.contains(&entry.root)) {
            Catalog::place_photo(t, *id, entry.root, &entry.path, stat(entry), false)?;
        }
        for change in changes {
            let applied = apply_one(t, change, now, &mut done.forgotten)?;
            done.changes.push(applied);
        }
        Ok(())
    })
}

fn apply_one(
    t: &Transaction,
    change: Change,
    now: i64,
    forgotten: &mut Vec<i64>,
) -> rusqlite::Result<(i64, Change)> {
    let id = match &change {
        Change::Added(entry) => Catalog::add_photo(t, entry.root, &entry.path, stat(entry), now)?,
        Change::Modified { id, entry } => {
            Catalog::place_photo(t, *id, entry.root, &entry.path, stat(entry), true)?;
            *id
        }
        Change::Moved { id, entry, edited, .. } => {
            Catalog::place_photo(t, *id, entry.root, &entry.path, stat(entry), *edited)?;
            *id
        }
        Change::Removed { id, root, path } => {
            if let Some(twin) = Catalog::twin(t, *id, now - MOVED_WITHIN)? {
                Catalog::forget_photo(t, twin.id, *id)?;
                let described = twin.described_otherwise;
                Catalog::place_photo(t, *id, twin.root, &twin.path, twin.stat, described)?;
                forgotten.push(twin.id);
                let entry = FileEntry {
                    root: twin.root,
                    path: twin.path,
                    stamp: stamp(twin.stat),
                    sidecars: twin.stat.sidecars,
                };
                let (from_root, from) = (*root, path.clone());
                let edited = described;
                return Ok((*id, Change::Moved { id: *id, from_root, from, entry, edited }));
            }
            *id
        }
        Change::Excluded { id, .. } => *id,
    };
    Ok((id, change))
}

/// `renumbered`: the device number that the root had, and the one it has now.
fn known(photo: KnownPhoto, renumbered: Option<(i64, i64)>) -> Known {
    let mut stamp = stamp(photo.stat);
    if let (Some((device, inode)), Some((before, now))) = (stamp.file_id, renumbered)
        && device == before
    {
        stamp.file_id = Some((now, inode));
    }
    Known {
        id: photo.id,
        root: photo.root,
        path: photo.path,
        stamp,
        sidecars: photo.stat.sidecars,
        presence: photo.presence,
        added_at: photo.added_at,
    }
}

fn stamp(stat: Stat) -> Stamp {
    Stamp {
        size: stat.size,
        mtime_ns: stat.mtime_ns,
        file_id: stat.device.zip(stat.inode),
        birth_ns: stat.birth_ns,
        changed_ns: None,
    }
}

fn stat(entry: &FileEntry) -> Stat {
    let (device, inode) = entry.stamp.file_id.unzip();
    Stat {
        size: entry.stamp.size,
        mtime_ns: entry.stamp.mtime_ns,
        device,
        inode,
        birth_ns: entry.stamp.birth_ns,
        sidecars: entry.sidecars,
    }
}

#[cfg(test)]
#[path = "reconcile/tests.rs"]
mod tests;
