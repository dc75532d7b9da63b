//! Keeping a library up to date for as long as somebody listens.
//!
//! One loop: look where something may have changed, work on what is pending,
//! wait for the next hint. While the pipeline works, a hint interrupts it
//! between photos, so that a new photo is not queued behind a first index of
//! hours.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use super::{Control, Place, Progress, Reconciled, Step, Totals};
use crate::error::{Error, Result};
use crate::library::Library;
use crate::scan::{Change, Reach, Watched, Watcher, reach};
use crate::sqlite::is_full;
use crate::view::RootState;

/// How often roots are asked whether they are still there, or back again.
const ROOT_CHECK: Duration = Duration::from_secs(2);

/// How often a root that cannot be watched is looked at as a whole.
const POLL: Duration = Duration::from_secs(30);

/// How long a failed round waits before it is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// With this much room on a disk that was full it is tried again: some batches of
/// photos, and SQLite's log of them.
const ROOM: u64 = 16 << 20;

/// Why the loop is to look up.
pub(crate) enum Wake {
    /// Something changed on disk.
    Disk(Watched),
    /// Roots were added or removed, or a full look is asked for.
    Roots,
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
    let (sender, receiver) = unbounded();
    library.listen(sender.clone());
    let mut round = Round {
        library,
        control,
        follower,
        watcher: watcher(sender),
        receiver,
        unwatched: BTreeSet::new(),
        everything: true,
        places: BTreeMap::new(),
        unsettled: true,
        passed_over: HashSet::new(),
        polled: Instant::now(),
        foreign_version: library.catalog.foreign_version(),
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
            round.wait(RETRY);
        }
    }
    Ok(())
}

fn watcher(sender: Sender<Wake>) -> Option<Watcher> {
    // The receiver is gone only when the loop has ended.
    let notice = move |watched| drop(sender.send(Wake::Disk(watched)));
    Watcher::new(notice)
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
    /// Roots that the platform would not watch.
    unwatched: BTreeSet<i64>,
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
    polled: Instant,
    /// What another process has written to the catalog is not in here.
    foreign_version: Option<i64>,
}

impl Round<'_> {
    /// Looks, works, and waits if there was nothing to do.
    fn turn(&mut self) -> Result<()> {
        self.poll();
        if self.everything || !self.places.is_empty() {
            self.look()?;
        }
        if !self.unsettled {
            self.wait(ROOT_CHECK);
            return Ok(());
        }
        let in_use = self.library.in_use()?;
        let tasks = self.library.tasks(&in_use, &self.passed_over)?;
        if let Some(task) = tasks.first() {
            let checked = std::cell::Cell::new(Instant::now());
            let interrupted = || {
                let check = checked.get().elapsed() >= ROOT_CHECK;
                if check {
                    checked.set(Instant::now());
                }
                !self.receiver.is_empty() || check && self.roots_moved()
            };
            let totals = self.library.work(
                task,
                self.control,
                &interrupted,
                &|progress| self.follower.progress(progress),
                &|| self.follower.stored(),
            )?;
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
        let places: Vec<Place> = if self.everything {
            // A drive that is back, or a disk that recovered, can be read again.
            self.library.catalog.forget_passing_failures()?;
            roots.iter().map(|root| Place::Root(root.id)).collect()
        } else {
            std::mem::take(&mut self.places)
                .into_iter()
                .map(|(root, paths)| match paths.is_empty() {
                    true => Place::Root(root),
                    false => Place::Paths(root, paths.into_iter().collect()),
                })
                .collect()
        };
        let whole = self.everything || places.iter().any(|place| matches!(place, Place::Root(_)));
        if whole {
            // Watching begins before the look, so that no change falls between.
            self.watch(roots.iter().map(|root| (root.id, root.path.clone())).collect());
            self.follower.progress(Progress::at(Step::Scanning));
        }
        let done = self.library.reconcile(&places)?;
        self.unsettled |= whole || !done.changes.is_empty();
        self.everything = false;
        self.places.clear();
        self.passed_over.clear();
        self.follower.reconciled(&done);
        Ok(())
    }

    fn watch(&mut self, roots: Vec<(i64, PathBuf)>) {
        let here: Vec<_> = roots
            .into_iter()
            .filter(|(_, path)| matches!(reach(path), Reach::Online { .. }))
            .collect();
        self.unwatched = match &mut self.watcher {
            None => here.iter().map(|(id, _)| *id).collect(),
            Some(watcher) => {
                let failed = watcher.set_roots(&here);
                for (_, error) in &failed {
                    tracing::warn!("cannot watch a folder ({error}); it is polled");
                }
                failed.into_iter().map(|(id, _)| id).collect()
            }
        };
    }

    /// Asks for a look at what cannot be watched, now and then.
    fn poll(&mut self) {
        if !self.unwatched.is_empty() && self.polled.elapsed() >= POLL {
            self.polled = Instant::now();
            self.places.extend(self.unwatched.iter().map(|&root| (root, BTreeSet::new())));
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

    /// Whether a root went or came back since its state was recorded.
    fn roots_moved(&self) -> bool {
        self.library.catalog.root_states().is_ok_and(|roots| {
            roots.iter().any(|(path, state, known_device)| match (state, reach(path)) {
                // A folder that is there but recorded as offline is an empty
                // mount point until its device is the drive's again.
                (RootState::Offline, Reach::Online { device }) => {
                    known_device.is_none() || *known_device == device || has_entries(path)
                }
                (RootState::Online, Reach::Online { .. })
                | (RootState::Offline, Reach::Offline)
                | (RootState::Unreadable, Reach::Unreadable) => false,
                _ => true,
            })
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
            self.wait(RETRY);
            let room = fs4::available_space(&self.library.folder);
            if room.is_ok_and(|bytes| bytes >= ROOM) {
                return;
            }
        }
    }

    fn wait(&mut self, longest: Duration) {
        match self.receiver.recv_timeout(longest) {
            Ok(wake) => self.note(wake),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
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
            Wake::Work => self.unsettled = true,
            Wake::Control => {}
            Wake::Disk(Watched::Everything { root }) => {
                self.places.insert(root, BTreeSet::new());
            }
            Wake::Disk(Watched::Paths { root, paths }) => {
                let known = self.places.get(&root);
                // The whole root is to be looked at already.
                if known.is_none_or(|set| !set.is_empty()) {
                    self.places.entry(root).or_default().extend(paths);
                }
            }
        }
    }
}

fn has_entries(path: &std::path::Path) -> bool {
    std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some())
}

/// How a change reads to a person who watches.
impl Change {
    /// The path relative to its root after the change, and before it where
    /// the photo moved.
    pub(crate) fn places(&self) -> (i64, &PathBuf, Option<&PathBuf>) {
        match self {
            Self::Added(entry) => (entry.root, &entry.path, None),
            Self::Modified { entry, .. } => (entry.root, &entry.path, None),
            Self::Moved { from, entry, .. } => (entry.root, &entry.path, Some(from)),
            Self::Removed { root, path, .. } => (*root, path, None),
        }
    }
}
