//! Keeping a library up to date for as long as somebody listens.
//!
//! One loop: look where something may have changed, work on what is pending,
//! wait for the next hint. While the pipeline works, a hint interrupts it
//! between photos, so that a new photo is not queued behind a first index of
//! hours.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::reconcile::{self, doubt, mark, moved_to};
use super::{Control, Place, Poll, Progress, Reconciled, Settling, Sight, Step, Totals};
use crate::catalog::{RootPlace, RootRow};
use crate::error::{Error, Result};
use crate::library::Library;
use crate::memory;
use crate::message::Message;
use crate::scan::{Change, MOST_PATHS, Mounts, Reach, Volumes, Watcher, reach};
use crate::sqlite::is_full;
use crate::view::RootState;

/// How often roots are asked whether they are still there, or back again.
const ROOT_CHECK: Duration = Duration::from_secs(2);

/// How often, with nothing else to do, memory is given back that other parts of
/// the process have freed since: answers to the window, models.
const TRIM_EVERY: Duration = Duration::from_secs(15);

/// How long a failed round waits before it is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// With this much room on a disk that was full it is tried again: some batches of
/// photos, and SQLite's log of them.
const ROOM: u64 = 16 << 20;

/// Why the loop is to look up.
pub(crate) enum Wake {
    /// Something changed on disk; the watcher has hints where.
    Disk,
    /// Roots were added or removed, or a full look is asked for.
    Roots,
    /// What is wanted of this root is another thing than before.
    Rules(i64),
    /// There may be new work: failures forgotten, another model chosen.
    Work,
    /// The control was used.
    Control,
}

/// Who is told what the loop does.
pub(crate) trait Follower: Sync {
    /// Some step of the work.
    fn progress(&self, progress: Progress);
    /// Changes were applied to the catalog.
    fn reconciled(&self, done: &Reconciled);
    /// Photos became findable, or moved; `totals` so far of this stretch.
    fn worked(&self, totals: &Totals);
    /// Photos were stored and can be shown now.
    fn stored(&self);
    /// A round failed; it will be tried again.
    fn failed(&self, error: Error);
}

/// Follows the library's roots until the control is stopped.
pub(crate) fn follow(library: &Library, control: &Control, follower: &dyn Follower) -> Result<()> {
    memory::hold_little();
    let (sender, receiver) = unbounded();
    library.listen(sender.clone());
    let mut round = Round {
        library,
        control,
        follower,
        watcher: watcher(sender),
        receiver,
        starting: true,
        polled: BTreeMap::new(),
        settling: Settling::default(),
        everything: true,
        places: BTreeMap::new(),
        unsettled: true,
        passed_over: HashSet::new(),
        refused: HashMap::new(),
        mounts: RefCell::default(),
        foreign_version: library.catalog.foreign_version(),
        trimmed: Instant::now(),
    };
    // What goes on failing, such as a model that broke, is told once.
    let mut told = None;
    while !control.is_stopped() {
        let Err(error) = round.turn() else {
            told = None;
            continue;
        };
        if library.catalog.read_only().is_some() || library.derived.damage().is_some() {
            // Trying again would not help; another start does.
            follower.stored();
            return Err(error);
        }
        let words = Some(error.to_string());
        let full = is_full(&error);
        if told != words {
            told = words;
            follower.failed(error);
        }
        round.everything = true;
        if full {
            round.wait_for_room();
        } else if !control.is_stopped() {
            round.rest(RETRY);
        }
    }
    Ok(())
}

fn watcher(sender: Sender<Wake>) -> Option<Watcher> {
    // The receiver is gone only when the loop has ended.
    Watcher::new(move || drop(sender.send(Wake::Disk)))
        .inspect_err(|error| {
            tracing::warn!("this system cannot watch folders ({error}); they are polled");
        })
        .ok()
}

struct Round<'a> {
    library: &'a Library,
    control: &'a Control,
    follower: &'a dyn Follower,
    watcher: Option<Watcher>,
    receiver: Receiver<Wake>,
    /// What failed for a reason that may have passed is to be tried again, which
    /// is done once a start.
    starting: bool,
    /// Roots of whose changes nothing is told.
    polled: BTreeMap<i64, Poll>,
    settling: Settling,
    /// All roots are to be looked at.
    everything: bool,
    /// What else is to be looked at; an empty set is the whole root.
    places: BTreeMap<i64, BTreeSet<PathBuf>>,
    /// There may be photos to work on. Asking costs a look at every photo, so an
    /// idle library is not asked.
    unsettled: bool,
    /// Photos that could not be read as listed, not tried again until
    /// something changes on disk.
    passed_over: HashSet<i64>,
    /// Folders that are there and were seen not to be the root that was: what
    /// they looked like then.
    refused: HashMap<PathBuf, Appearance>,
    /// What is mounted around the roots.
    mounts: RefCell<Mounts>,
    /// What another process has written to the catalog is not in here.
    foreign_version: Option<i64>,
    /// When memory was given back.
    trimmed: Instant,
}

/// What tells one folder at a root's path from another, at a glance.
#[derive(PartialEq, Eq)]
struct Appearance {
    device: Option<i64>,
    volume: Option<String>,
    empty: bool,
}

impl Appearance {
    fn of(path: &Path, device: Option<i64>, volumes: &Volumes) -> Self {
        let volume = volumes.holding(path).and_then(|volume| volume.id.clone());
        Self { device, volume, empty: !has_entries(path) }
    }
}

impl Round<'_> {
    /// Looks, works, and waits if there was nothing to do.
    fn turn(&mut self) -> Result<()> {
        if self.starting {
            self.library.catalog.forget_passing_failures(None)?;
            self.starting = false;
        }
        self.check();
        if self.everything || !self.places.is_empty() {
            self.look()?;
        }
        if !self.unsettled {
            if self.trimmed.elapsed() >= TRIM_EVERY {
                memory::trim();
                self.trimmed = Instant::now();
            }
            self.wait(ROOT_CHECK);
            return Ok(());
        }
        let in_use = self.library.in_use()?;
        let tasks = self.library.tasks(&in_use, &self.passed_over)?;
        if let Some(task) = tasks.first() {
            let checked = Cell::new(Instant::now());
            let heard = RefCell::new(Vec::new());
            let interrupted = || {
                heard.borrow_mut().extend(self.receiver.try_iter());
                let check = checked.get().elapsed() >= ROOT_CHECK;
                if check {
                    checked.set(Instant::now());
                }
                // Hints wake the loop before they are ripe.
                heard.borrow().iter().any(|wake| !matches!(wake, Wake::Disk))
                    || self.due().is_some_and(|due| due <= Instant::now())
                    || check && (self.mounts_changed() || self.roots_moved())
            };
            let totals = self.library.work(
                task,
                self.control,
                &interrupted,
                &|progress| self.follower.progress(progress),
                &|| self.follower.stored(),
            );
            // Before an error ends the turn: what was heard is not told twice.
            heard.into_inner().into_iter().for_each(|wake| self.note(wake));
            let totals = totals?;
            self.passed_over.extend(&totals.passed_over);
            self.follower.worked(&totals);
        } else {
            if self.library.serve_current_model()? {
                self.follower.stored();
            }
            self.unsettled = false;
            self.follower.progress(Progress::at(Step::Idle));
        }
        self.collect();
        Ok(())
    }

    /// Reconciles what is to be looked at, and watches the roots that are there.
    fn look(&mut self) -> Result<()> {
        let roots = self.library.catalog.roots()?;
        let places: Vec<Place> = match self.everything {
            true => roots.iter().map(|root| Place::Root(root.id)).collect(),
            false => std::mem::take(&mut self.places)
                .into_iter()
                .map(|(root, paths)| match paths.is_empty() {
                    true => Place::Root(root),
                    false => Place::Paths(root, paths),
                })
                .collect(),
        };
        let whole: BTreeSet<i64> = places
            .iter()
            .filter_map(|place| match place {
                Place::Root(root) => Some(*root),
                Place::Paths(..) => None,
            })
            .collect();
        let volumes = Volumes::now();
        if !whole.is_empty() {
            self.watch(&roots, &volumes);
            self.follower.progress(Progress::at(Step::Scanning));
        }
        let began = Instant::now();
        let mut done = self.library.reconcile(
            &places,
            Sight {
                volumes: &volumes,
                // Watching begins before the look, so that no change falls between.
                entering: &|root, folder| {
                    if let Some(watcher) = &self.watcher {
                        watcher.enter(root, folder);
                    }
                },
                settling: Some(&mut self.settling),
            },
        )?;
        if !whole.is_empty() {
            self.note_polled(&volumes, &whole, began.elapsed(), &mut done)?;
        }
        self.unsettled |= !whole.is_empty() || !done.changes.is_empty();
        // A root that is elsewhere now was looked at before it was watched there.
        self.everything = done.relocated;
        self.places.clear();
        self.passed_over.clear();
        if let Some(watcher) = &self.watcher {
            let unnoticed = |root: &&RootRow| {
                !whole.contains(&root.id)
                    && !self.polled.contains_key(&root.id)
                    && watcher.problem(root.id).is_some()
            };
            // What broke in a part, such as watches that ran out, is a matter of the
            // whole root.
            for root in roots.iter().filter(unnoticed) {
                self.places.insert(root.id, BTreeSet::new());
            }
        }
        self.follower.reconciled(&done);
        Ok(())
    }

    /// Watches those roots that are there and whose changes this machine is told.
    fn watch(&self, roots: &[RootRow], volumes: &Volumes) {
        let Some(watcher) = &self.watcher else { return };
        let here: Vec<_> = roots
            .iter()
            .filter(|root| matches!(reach(&root.path), Reach::Online { .. }))
            .filter(|root| volumes.holding(&root.path).is_none_or(|volume| !volume.is_remote()))
            .map(|root| (root.id, root.path.clone()))
            .collect();
        if self.everything {
            // What could not be watched before may be now.
            for (root, _) in &here {
                if watcher.problem(*root).is_some() {
                    watcher.forget(*root);
                }
            }
        }
        watcher.set_roots(&here);
    }

    /// Records which roots are polled, why, and how soon to look again at those
    /// that were looked at as a whole.
    fn note_polled(
        &mut self,
        volumes: &Volumes,
        whole: &BTreeSet<i64>,
        took: Duration,
        done: &mut Reconciled,
    ) -> Result<()> {
        let roots = self.library.catalog.roots()?;
        self.refused.clear();
        self.polled.retain(|id, _| roots.iter().any(|root| root.id == *id));
        let places: Vec<PathBuf> = roots.iter().map(|root| root.path.clone()).collect();
        for root in roots {
            if root.state != RootState::Online {
                if let Reach::Online { device } = reach(&root.path) {
                    let appearance = Appearance::of(&root.path, device, volumes);
                    self.refused.insert(root.path, appearance);
                }
                self.polled.remove(&root.id);
                continue;
            }
            let reason = match (&self.watcher, volumes.holding(&root.path)) {
                (_, Some(volume)) if volume.is_remote() => Some(volume.silence()),
                (None, _) => Some(message!("this system cannot watch folders")),
                (Some(watcher), _) => {
                    watcher.problem(root.id).or_else(|| silent_within(&root, &places, volumes))
                }
            };
            done.roots_changed |= self.library.catalog.set_root_polled(root.id, reason.as_ref())?;
            if reason.is_none() {
                self.polled.remove(&root.id);
            } else if whole.contains(&root.id) {
                let news = done.changes.iter().any(|(_, change)| change.places().0 == root.id);
                self.polled.entry(root.id).or_default().looked(took, news);
            }
        }
        Ok(())
    }

    /// When the next look is due, as far as is known.
    fn due(&self) -> Option<Instant> {
        let hints = self.watcher.as_ref().and_then(|watcher| watcher.hints().lock().due());
        let polls = self.polled.values().map(Poll::due);
        hints.into_iter().chain(self.settling.due()).chain(polls).min()
    }

    /// Asks for a look where one is due.
    fn check(&mut self) {
        let now = Instant::now();
        let hinted = self.watcher.as_ref().map(|watcher| watcher.hints().lock().take(now));
        for (root, paths) in hinted.into_iter().flatten().chain(self.settling.take(now)) {
            ask(&mut self.places, root, paths);
        }
        let polls: Vec<i64> =
            self.polled.iter().filter(|(_, poll)| poll.due() <= now).map(|(id, _)| *id).collect();
        for root in polls {
            ask(&mut self.places, root, BTreeSet::new());
        }
        if self.mounts_changed() {
            for root in self.mounts.borrow_mut().take() {
                // Its watches may be those of what was there before.
                if let Some(watcher) = &self.watcher {
                    watcher.forget(root);
                }
                ask(&mut self.places, root, BTreeSet::new());
            }
        }
        if self.roots_moved() {
            self.everything = true;
        }
        if let Some(version) = self.library.catalog.foreign_version()
            && self.foreign_version.replace(version) != Some(version)
        {
            // Another process may have added roots, or indexed photos.
            self.everything = true;
            self.unsettled = true;
            self.follower.stored();
        }
    }

    /// Whether file systems came or went in or around roots.
    fn mounts_changed(&self) -> bool {
        let Ok(roots) = self.library.catalog.root_places() else { return false };
        let roots = roots.iter().map(|root| (root.id, root.path.as_path()));
        self.mounts.borrow_mut().look(roots)
    }

    /// Whether a root went or came back since its state was recorded.
    fn roots_moved(&self) -> bool {
        let Ok(roots) = self.library.catalog.root_places() else { return false };
        let volumes = OnceCell::new();
        let volumes = || volumes.get_or_init(Volumes::now);
        let is_elsewhere = |root: &RootPlace| {
            let found =
                root.mark.volume.is_some().then(|| moved_to(&root.path, &root.mark, volumes()));
            found.flatten().is_some_and(|found| roots.iter().all(|other| other.path != found))
        };
        roots.iter().any(|root| match (root.state, reach(&root.path)) {
            (RootState::Online, Reach::Online { device }) => {
                // Another file system is mounted there, or none any more.
                root.mark.device.is_some() && device != root.mark.device
                    || doubt(&root.mark, &mark(&root.path, device, volumes())).is_some()
            }
            (RootState::Offline, Reach::Online { device }) => {
                // A folder that is there but recorded as offline is an empty
                // mount point, or another drive, until it looks different.
                let appearance = Appearance::of(&root.path, device, volumes());
                self.refused.get(&root.path) != Some(&appearance) || is_elsewhere(root)
            }
            (RootState::Unreadable, Reach::Unreadable) => false,
            (RootState::Offline, Reach::Offline) => is_elsewhere(root),
            _ => true,
        })
    }

    /// Waits until the disk has room again. Trying without would embed a batch of
    /// photos again and again and throw it away.
    fn wait_for_room(&mut self) {
        self.follower.progress(Progress::at(Step::DiskFull));
        loop {
            if self.control.is_stopped() {
                return;
            }
            self.rest(RETRY);
            let room = fs4::available_space(&self.library.folder);
            if room.is_ok_and(|bytes| bytes >= ROOM) {
                return;
            }
        }
    }

    /// Waits until a look is due, or longest so long.
    fn wait(&mut self, longest: Duration) {
        let due = self.due().map(|due| due.saturating_duration_since(Instant::now()));
        let deadline = Instant::now() + due.map_or(longest, |due| due.min(longest));
        // Hints wake the loop before they are ripe: then it waits anew.
        if let Ok(wake) = self.receiver.recv_deadline(deadline) {
            self.note(wake);
        }
        self.collect();
    }

    /// Waits so long, whatever is due meanwhile: nothing can be done now. What a
    /// person does ends it.
    fn rest(&mut self, time: Duration) {
        let deadline = Instant::now() + time;
        while let Ok(wake) = self.receiver.recv_deadline(deadline) {
            if !matches!(wake, Wake::Disk) {
                self.note(wake);
                break;
            }
        }
        self.collect();
    }

    fn collect(&mut self) {
        while let Ok(wake) = self.receiver.try_recv() {
            self.note(wake);
        }
    }

    fn note(&mut self, wake: Wake) {
        match wake {
            Wake::Roots => self.everything = true,
            Wake::Rules(root) => {
                // What is excluded need not be watched any more.
                if let Some(watcher) = &self.watcher {
                    watcher.forget(root);
                }
                self.everything = true;
            }
            Wake::Work => self.unsettled = true,
            Wake::Control | Wake::Disk => {}
        }
    }
}

/// Asks for a look at paths of a root, none of them: at all of it.
fn ask(places: &mut BTreeMap<i64, BTreeSet<PathBuf>>, root: i64, paths: BTreeSet<PathBuf>) {
    if paths.is_empty() {
        places.insert(root, paths);
    } else if places.get(&root).is_none_or(|asked| !asked.is_empty()) {
        let asked = places.entry(root).or_default();
        asked.extend(paths);
        if asked.len() > MOST_PATHS {
            asked.clear();
        }
    }
}

/// Why the changes in a part of a root, which is watched, are not waited for: a
/// share that is mounted in it. `roots` are the places of all roots.
fn silent_within(root: &RootRow, roots: &[PathBuf], volumes: &Volumes) -> Option<Message> {
    // A folder that is a root of its own is that root's business.
    let is_other = |place: &Path| {
        roots.iter().any(|other| {
            other.starts_with(&root.path) && *other != root.path && place.starts_with(other)
        })
    };
    let mut silent = volumes.beneath(&root.path).filter(|v| v.is_remote() && !is_other(&v.mount));
    let rules = OnceCell::new();
    let (place, volume) = silent.find_map(|volume| {
        let place = volume.mount.strip_prefix(&root.path).ok()?;
        let rules = rules.get_or_init(|| reconcile::rules(&root.exclusions));
        (!rules.skip_within(&root.path, place)).then_some((place, volume))
    })?;
    Some(message!("in {folder}", folder = place.display()).because(volume.silence()))
}

fn has_entries(path: &Path) -> bool {
    std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some())
}

/// How a change reads to a person who watches.
impl Change {
    /// The root and the path in it after the change, and where the photo was
    /// before, if it moved.
    pub(crate) fn places(&self) -> (i64, &PathBuf, Option<(i64, &PathBuf)>) {
        match self {
            Self::Added(entry) | Self::Modified { entry, .. } => (entry.root, &entry.path, None),
            Self::Moved { from_root, from, entry, .. } => {
                (entry.root, &entry.path, Some((*from_root, from)))
            }
            Self::Removed { root, path, .. } | Self::Excluded { root, path, .. } => {
                (*root, path, None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_of_which_many_paths_are_asked_is_looked_at_as_a_whole() {
        let mut places = BTreeMap::new();
        let paths = |range: std::ops::Range<usize>| {
            range.map(|n| PathBuf::from(n.to_string())).collect::<BTreeSet<_>>()
        };
        ask(&mut places, 1, paths(0..MOST_PATHS));
        ask(&mut places, 1, paths(0..1));
        ask(&mut places, 2, BTreeSet::new());
        ask(&mut places, 2, paths(0..1));
        assert_eq!((places[&1].len(), places[&2].len()), (MOST_PATHS, 0));
        ask(&mut places, 1, paths(MOST_PATHS..MOST_PATHS + 1));
        assert!(places[&1].is_empty());
    }
}
