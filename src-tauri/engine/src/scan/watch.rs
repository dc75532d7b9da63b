//! Following a root's changes by the platform's file events.
//!
//! Events are hints of where to look, never the truth: what happened is told by
//! listing the places they name and comparing. A lost event therefore costs
//! time, not correctness.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{EventKind, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, Debouncer, RecommendedCache, new_debouncer};

/// Events of one file within this time are taken as one, so that a file is
/// looked at when the program that writes it is done with it.
const DEBOUNCE: Duration = Duration::from_secs(1);

/// What a watcher asks to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Watched {
    /// These paths of a root, relative to it.
    Paths { root: i64, paths: BTreeSet<PathBuf> },
    /// The whole root: events were lost, or it could not be watched.
    Everything { root: i64 },
}

/// Watches roots until it is dropped.
pub(crate) struct Watcher {
    debouncer: Debouncer<notify::RecommendedWatcher, RecommendedCache>,
    roots: std::sync::Arc<parking_lot::Mutex<BTreeMap<i64, PathBuf>>>,
}

impl Watcher {
    /// A watcher of no roots yet, which calls `notice` on a thread of its own.
    ///
    /// # Errors
    /// Where the platform refuses to watch at all.
    pub fn new(notice: impl Fn(Watched) + Send + 'static) -> notify::Result<Self> {
        let roots = std::sync::Arc::new(parking_lot::Mutex::new(BTreeMap::new()));
        let known = roots.clone();
        let debouncer = new_debouncer(DEBOUNCE, None, move |result: DebounceEventResult| {
            let roots = known.lock().clone();
            for watched in interpret(result, &roots) {
                notice(watched);
            }
        })?;
        Ok(Self { debouncer, roots })
    }

    /// Watches exactly these roots from now on; returns those that could not be
    /// watched, with the reason.
    pub fn set_roots(&mut self, roots: &[(i64, PathBuf)]) -> Vec<(i64, notify::Error)> {
        let wanted: BTreeMap<i64, PathBuf> = roots.iter().cloned().collect();
        let current = self.roots.lock().clone();
        for (id, path) in current.iter().filter(|(id, path)| wanted.get(id) != Some(path)) {
            // Fails where the root is gone, and its watch with it.
            let _ = self.debouncer.unwatch(path);
            self.roots.lock().remove(id);
        }
        let mut failed = Vec::new();
        for (id, path) in wanted.iter().filter(|(id, _)| !self.roots.lock().contains_key(id)) {
            match self.debouncer.watch(path, RecursiveMode::Recursive) {
                Ok(()) => {
                    self.roots.lock().insert(*id, path.clone());
                }
                Err(error) => failed.push((*id, error)),
            }
        }
        failed
    }
}

fn interpret(result: DebounceEventResult, roots: &BTreeMap<i64, PathBuf>) -> Vec<Watched> {
    let everything = || roots.keys().map(|&root| Watched::Everything { root }).collect();
    let events = match result {
        Ok(events) => events,
        Err(errors) => {
            for error in errors {
                tracing::warn!("watching: {error}; everything is looked at again");
            }
            return everything();
        }
    };
    if events.iter().any(|event| event.need_rescan()) {
        return everything();
    }
    let mut touched: BTreeMap<i64, BTreeSet<PathBuf>> = BTreeMap::new();
    for event in events.iter().filter(|event| !matches!(event.kind, EventKind::Access(_))) {
        for path in &event.paths {
            if let Some((root, relative)) = locate(path, roots) {
                touched.entry(root).or_default().insert(relative.to_owned());
            }
        }
    }
    touched
        .into_iter()
        .map(|(root, paths)| {
            // The root itself was touched: it was renamed, removed or replaced.
            if paths.contains(Path::new("")) {
                Watched::Everything { root }
            } else {
                Watched::Paths { root, paths }
            }
        })
        .collect()
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
    use std::time::Instant;

    use notify_debouncer_full::DebouncedEvent;

    use super::*;

    fn event(kind: EventKind, path: &str) -> DebouncedEvent {
        let event = notify::Event::new(kind).add_path(path.into());
        DebouncedEvent { event, time: Instant::now() }
    }

    #[test]
    fn events_become_the_places_to_look_at_in_their_innermost_root() {
        let roots = BTreeMap::from([(1, "/p".into()), (2, "/p/inner".into())]);
        let create = EventKind::Create(notify::event::CreateKind::File);
        let access = EventKind::Access(notify::event::AccessKind::Read);
        let watched = interpret(
            Ok(vec![
                event(create, "/p/a.jpg"),
                event(create, "/p/inner/b.jpg"),
                event(access, "/p/c.jpg"),
                event(create, "/elsewhere/d.jpg"),
            ]),
            &roots,
        );
        assert_eq!(
            watched,
            [
                Watched::Paths { root: 1, paths: BTreeSet::from(["a.jpg".into()]) },
                Watched::Paths { root: 2, paths: BTreeSet::from(["b.jpg".into()]) },
            ]
        );
    }

    #[test]
    fn lost_events_and_a_touched_root_mean_everything() {
        let roots = BTreeMap::from([(1, "/p".into())]);
        let mut lost = event(EventKind::Other, "/p/a");
        lost.event = lost.event.set_flag(notify::event::Flag::Rescan);
        assert_eq!(interpret(Ok(vec![lost]), &roots), [Watched::Everything { root: 1 }]);
        let remove = EventKind::Remove(notify::event::RemoveKind::Folder);
        assert_eq!(
            interpret(Ok(vec![event(remove, "/p")]), &roots),
            [Watched::Everything { root: 1 }]
        );
        let failed = interpret(Err(vec![notify::Error::generic("overflow")]), &roots);
        assert_eq!(failed, [Watched::Everything { root: 1 }]);
    }

    #[test]
    fn a_written_file_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, receiver) = crossbeam_channel::unbounded();
        let mut watcher = Watcher::new(move |watched| drop(sender.send(watched))).unwrap();
        assert!(watcher.set_roots(&[(1, dir.path().to_owned())]).is_empty());
        std::fs::write(dir.path().join("a.jpg"), b"x").unwrap();
        let watched = receiver.recv_timeout(Duration::from_secs(30)).unwrap();
        assert_eq!(watched, Watched::Paths { root: 1, paths: BTreeSet::from(["a.jpg".into()]) });
    }
}
