//! Following a root's changes by the platform's file events.
//!
//! Events are hints of where to look, never the truth: what happened is told by
//! listing the places they name and comparing. A lost event therefore costs
//! time, not correctness.
//!
//! On Linux every folder is watched by itself, so that one which the person
//! excluded costs no watch and makes no noise; the walk tells which they are.
//! (`notify-debouncer-full` is not used: it searches all watched folders for
//! each new one, which takes minutes at a hundred thousand, and hints need
//! neither its order nor its pairs of names.)

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use parking_lot::Mutex;

use crate::message::Message;

/// Places are looked at when nothing was heard of any for so long.
const QUIET: Duration = Duration::from_secs(1);

/// Or when the first hint is so old, however noisy it is.
const LATEST: Duration = Duration::from_secs(5);

/// A root of which more paths are to be looked at than this is looked at as a
/// whole, which is cheaper.
pub(crate) const MOST_PATHS: usize = 2_000;

/// Whether the platform watches folder by folder.
const EACH_FOLDER: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Where something may have changed.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    /// Paths relative to their root; none: the whole root.
    roots: BTreeMap<i64, BTreeSet<PathBuf>>,
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Hints {
    /// Notes paths of a root; whether these are the first hints.
    fn add(&mut self, root: i64, paths: impl IntoIterator<Item = PathBuf>) -> bool {
        let now = Instant::now();
        let known = self.roots.get(&root);
        // No paths: the whole root is to be looked at already.
        if known.is_none_or(|known| !known.is_empty()) {
            let set = self.roots.entry(root).or_default();
            set.extend(paths);
            // The root itself was touched: it was renamed, removed or replaced.
            if set.len() > MOST_PATHS || set.contains(Path::new("")) {
                set.clear();
            }
        }
        self.last = Some(now);
        self.first.replace(self.first.unwrap_or(now)).is_none()
    }

    /// Notes that a whole root is to be looked at.
    fn add_whole(&mut self, root: i64) -> bool {
        self.add(root, [PathBuf::new()])
    }

    /// When they are ripe; `None` where there are none.
    pub fn due(&self) -> Option<Instant> {
        let (first, last) = self.first.zip(self.last)?;
        Some((last + QUIET).min(first + LATEST))
    }

    /// Takes them, if they are ripe.
    pub fn take(&mut self, now: Instant) -> BTreeMap<i64, BTreeSet<PathBuf>> {
        if self.due().is_none_or(|due| now < due) {
            return BTreeMap::new();
        }
        std::mem::take(self).roots
    }
}

/// Watches roots until it is dropped.
pub(crate) struct Watcher {
    inner: Mutex<RecommendedWatcher>,
    state: Arc<Mutex<State>>,
    hints: Arc<Mutex<Hints>>,
}

#[derive(Default)]
struct State {
    roots: BTreeMap<i64, PathBuf>,
    /// The folders that are watched for each root.
    folders: BTreeMap<i64, HashSet<PathBuf>>,
    /// Roots that cannot be watched, and why.
    failed: BTreeMap<i64, Message>,
}

impl Watcher {
    /// A watcher of no roots yet. `notice` is called, on a thread of its own,
    /// when there are hints where there were none.
    ///
    /// # Errors
    /// Where the platform refuses to watch at all.
    pub fn new(notice: impl Fn() + Send + 'static) -> notify::Result<Self> {
        let state = Arc::new(Mutex::new(State::default()));
        let hints = Arc::new(Mutex::new(Hints::default()));
        let inner = {
            let (state, hints) = (state.clone(), hints.clone());
            notify::recommended_watcher(move |event: notify::Result<Event>| {
                let roots = state.lock().roots.clone();
                if interpret(event, &roots, &mut hints.lock()) {
                    notice();
                }
            })?
        };
        Ok(Self { inner: Mutex::new(inner), state, hints })
    }

    /// Watches exactly these roots from now on; where the platform watches
    /// folder by folder, as they are [entered](Self::enter).
    pub fn set_roots(&self, roots: &[(i64, PathBuf)]) {
        let wanted: BTreeMap<i64, PathBuf> = roots.iter().cloned().collect();
        let current = self.state.lock().roots.clone();
        for (id, _) in current.iter().filter(|(id, path)| wanted.get(id) != Some(path)) {
            self.forget(*id);
        }
        for (id, path) in wanted {
            let new = self.state.lock().roots.insert(id, path.clone()).is_none();
            if new && !EACH_FOLDER {
                self.watch(id, &path, RecursiveMode::Recursive);
            }
        }
    }

    /// Stops watching a root.
    pub fn forget(&self, root: i64) {
        let folders = {
            let mut state = self.state.lock();
            state.roots.remove(&root);
            state.failed.remove(&root);
            state.folders.remove(&root)
        };
        self.unwatch(folders.into_iter().flatten());
    }

    /// Watches a folder of a root, which is about to be listed, or a file in one
    /// that is not. Nothing is done for roots that are not to be watched.
    pub fn enter(&self, root: i64, place: &Path) {
        let wanted = {
            let state = self.state.lock();
            state.roots.contains_key(&root) && !state.failed.contains_key(&root)
        };
        if EACH_FOLDER && wanted {
            // Also if it is watched already: it may be another folder by now.
            self.watch(root, place, RecursiveMode::NonRecursive);
        }
    }

    /// Why a root cannot be watched, if it cannot.
    pub fn problem(&self, root: i64) -> Option<Message> {
        self.state.lock().failed.get(&root).cloned()
    }

    /// Where something may have changed.
    pub fn hints(&self) -> &Mutex<Hints> {
        &self.hints
    }

    /// How many folders of a root are watched.
    #[cfg(test)]
    pub fn folders(&self, root: i64) -> BTreeSet<PathBuf> {
        self.state.lock().folders.get(&root).into_iter().flatten().cloned().collect()
    }

    fn watch(&self, root: i64, folder: &Path, mode: RecursiveMode) {
        // Not under the state's lock, which the thread of the events takes.
        let watched = self.inner.lock().watch(folder, mode);
        let mut state = self.state.lock();
        match watched {
            Ok(()) => {
                state.folders.entry(root).or_default().insert(folder.to_owned());
            }
            Err(error) if is_no_loss(&error) => {}
            Err(error) => {
                let reason = explain(&error);
                tracing::warn!("cannot watch {}: {error}", folder.display());
                state.failed.insert(root, reason);
                // Half of a root that is watched would only look like all of it.
                let folders = state.folders.remove(&root);
                drop(state);
                self.unwatch(folders.into_iter().flatten());
            }
        }
    }

    fn unwatch(&self, folders: impl Iterator<Item = PathBuf>) {
        let mut inner = self.inner.lock();
        for folder in folders {
            // Fails where the folder is gone, and its watch with it.
            let _ = inner.unwatch(&folder);
        }
    }
}

/// Whether a folder need not be watched: it went while it was entered, or may not
/// be listed. When it may, the folder that holds it tells.
fn is_no_loss(error: &notify::Error) -> bool {
    use std::io::ErrorKind::{NotFound, PermissionDenied};
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => matches!(error.kind(), NotFound | PermissionDenied),
        _ => false,
    }
}

fn explain(error: &notify::Error) -> Message {
    match &error.kind {
        ErrorKind::MaxFilesWatch => message!(
            "this system lets a program watch too few folders; raise fs.inotify.max_user_watches \
             to have changes noticed at once"
        ),
        ErrorKind::Io(error) => message!("it cannot be watched").because(error),
        _ => message!("it cannot be watched").because(Message::verbatim(error)),
    }
}

/// Notes what an event hints at; whether these are the first hints.
fn interpret(
    event: notify::Result<Event>,
    roots: &BTreeMap<i64, PathBuf>,
    hints: &mut Hints,
) -> bool {
    let everything =
        |hints: &mut Hints| roots.keys().fold(false, |first, &root| hints.add_whole(root) | first);
    let event = match event {
        Ok(event) => event,
        Err(error) => {
            tracing::warn!("watching: {error}; everything is looked at again");
            return everything(hints);
        }
    };
    if event.need_rescan() {
        tracing::info!("events were lost; everything is looked at again");
        return everything(hints);
    }
    let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
    if matches!(event.kind, EventKind::Access(_)) && event.kind != written {
        return false;
    }
    let mut first = false;
    for path in &event.paths {
        if let Some((root, relative)) = locate(path, roots) {
            first |= hints.add(root, [relative.to_owned()]);
        }
    }
    first
}

/// The innermost root that holds the path.
fn locate<'p>(path: &'p Path, roots: &BTreeMap<i64, PathBuf>) -> Option<(i64, &'p Path)> {
    roots
        .iter()
        .filter_map(|(&id, root)| Some((id, path.strip_prefix(root).ok()?)))
        .min_by_key(|(_, relative)| relative.components().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventKind, path: &str) -> notify::Result<Event> {
        Ok(Event::new(kind).add_path(path.into()))
    }

    fn create() -> EventKind {
        EventKind::Create(notify::event::CreateKind::File)
    }

    /// What these events hint at, once they are ripe.
    fn hinted(
        events: Vec<notify::Result<Event>>,
        roots: &BTreeMap<i64, PathBuf>,
    ) -> BTreeMap<i64, BTreeSet<PathBuf>> {
        let mut hints = Hints::default();
        for event in events {
            interpret(event, roots, &mut hints);
        }
        hints.take(Instant::now() + LATEST)
    }

    fn set(paths: &[&str]) -> BTreeSet<PathBuf> {
        paths.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn events_become_the_places_to_look_at_in_their_innermost_root() {
        let roots = BTreeMap::from([(1, "/p".into()), (2, "/p/inner".into())]);
        let access = EventKind::Access(AccessKind::Read);
        let found = hinted(
            vec![
                event(create(), "/p/a.jpg"),
                event(create(), "/p/inner/b.jpg"),
                event(access, "/p/c.jpg"),
                event(create(), "/elsewhere/d.jpg"),
            ],
            &roots,
        );
        assert_eq!(found, BTreeMap::from([(1, set(&["a.jpg"])), (2, set(&["b.jpg"]))]));
    }

    #[test]
    fn lost_events_and_a_touched_root_mean_everything() {
        let roots = BTreeMap::from([(1, "/p".into())]);
        let whole = BTreeMap::from([(1, set(&[]))]);
        let lost = Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan);
        assert_eq!(hinted(vec![event(create(), "/p/a"), Ok(lost)], &roots), whole);
        let remove = EventKind::Remove(notify::event::RemoveKind::Folder);
        // What comes after does not narrow it.
        assert_eq!(hinted(vec![event(remove, "/p"), event(create(), "/p/a")], &roots), whole);
        assert_eq!(hinted(vec![Err(notify::Error::generic("overflow"))], &roots), whole);
    }

    #[test]
    fn a_flood_of_events_is_one_look() {
        let roots = BTreeMap::from([(1, "/p".into())]);
        let flood = (0..100_000).map(|n| event(create(), &format!("/p/{n}.jpg"))).collect();
        assert_eq!(hinted(flood, &roots), BTreeMap::from([(1, set(&[]))]));
    }

    #[test]
    fn hints_ripen_in_quiet_and_wait_no_longer_than_so_long() {
        let mut hints = Hints::default();
        assert!(hints.due().is_none());
        assert!(hints.add(1, ["a".into()]));
        assert!(!hints.add(1, ["b".into()]));
        let (first, last) = (hints.first.unwrap(), hints.last.unwrap());
        assert!(hints.take(last + QUIET / 2).is_empty());
        assert_eq!(hints.due(), Some(last + QUIET));
        hints.last = Some(first + LATEST * 2);
        assert_eq!(hints.due(), Some(first + LATEST));
        assert_eq!(hints.take(first + LATEST), BTreeMap::from([(1, set(&["a", "b"]))]));
        assert!(hints.due().is_none());
    }

    #[test]
    fn a_written_file_is_noticed_in_the_folders_that_were_entered() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, receiver) = crossbeam_channel::unbounded();
        let watcher = Watcher::new(move || assert!(sender.send(()).is_ok())).unwrap();
        for folder in ["in", "out"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        watcher.set_roots(&[(1, dir.path().to_owned())]);
        watcher.enter(1, dir.path());
        watcher.enter(1, &dir.path().join("in"));
        for name in ["out/b.jpg", "in/a.jpg"] {
            std::fs::write(dir.path().join(name), b"x").unwrap();
        }
        receiver.recv_timeout(Duration::from_secs(30)).unwrap();
        let began = Instant::now();
        while !watcher.hints().lock().roots[&1].contains(Path::new("in/a.jpg")) {
            assert!(began.elapsed() < Duration::from_secs(30));
            std::thread::sleep(Duration::from_millis(20));
        }
        let hinted = watcher.hints().lock().take(Instant::now() + LATEST);
        if EACH_FOLDER {
            assert!(!hinted[&1].contains(Path::new("out/b.jpg")), "{hinted:?}");
        }
        assert_eq!(watcher.problem(1), None);
        watcher.forget(1);
        assert!(watcher.folders(1).is_empty());
    }

    #[test]
    fn a_folder_that_is_gone_is_no_reason_to_poll() {
        let watcher = Watcher::new(|| {}).unwrap();
        watcher.set_roots(&[(1, "/nowhere".into())]);
        watcher.enter(1, Path::new("/nowhere/at/all"));
        assert_eq!(watcher.problem(1), None);
    }
}
