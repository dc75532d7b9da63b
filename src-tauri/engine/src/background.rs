//! Following a library: on the caller's thread, and on one of its own.

use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use crate::error::{Code, Error, Result};
use crate::jobs::{
    self, Conditions, Control, Follower, Policy, Progress, Reconciled, Sensor, Step, Totals, Wake,
};
use crate::library::Library;
use crate::view::{Change, ChangeKind, Event, PhotoId, WriterKind};
use crate::{Engine, scan};

/// How often the window asks whether a process that indexes has ended.
const WRITER_CHECK: Duration = Duration::from_secs(2);

/// How often it is looked whether the work may go otherwise than before.
const SENSE_EVERY: Duration = Duration::from_secs(1);

/// Follows the library on this thread until `control` is stopped, and tells what
/// changed.
pub(crate) fn watch(
    engine: &Engine,
    control: &Control,
    on_change: &(dyn Fn(Change) + Sync),
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<()> {
    let failure = Mutex::new(None);
    let follower = Watching { engine, on_change, progress, failure: &failure, control };
    jobs::follow(&engine.0, control, &follower)?;
    failure.into_inner().map_or(Ok(()), Err)
}

/// Work in the background; dropping it stops the work and waits until what was
/// in flight is stored.
pub struct Background {
    engine: Engine,
    control: Control,
    thread: Option<thread::JoinHandle<()>>,
}

impl Background {
    /// Follows the library on a thread of its own, as the policy has it, and
    /// tells `observer`.
    pub(crate) fn start(
        engine: &Engine,
        mut sensor: Box<dyn Sensor>,
        observer: impl Fn(Event) + Send + Sync + 'static,
    ) -> Self {
        let control = Control::default();
        // Until something is told.
        control.allow(engine.policy().unwrap_or_default().effort(Conditions::default()));
        control.govern();
        {
            // It ends by itself and is not waited for: a sensor that hangs must
            // not keep a window from closing.
            let (library, control) = (Arc::downgrade(&engine.0), control.clone());
            thread::spawn(move || govern(&library, &control, &mut *sensor));
        }
        let thread = {
            let (engine, control) = (engine.clone(), control.clone());
            thread::spawn(move || {
                let follower = Observing { observer };
                let followed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    follow(&engine, &control, &follower)
                }));
                let broken = || {
                    Err(Error::failed(message!(
                        "indexing broke off; start Afterimage again to go on"
                    )))
                };
                if let Err(error) = followed.unwrap_or_else(|_| broken()) {
                    follower.failed(error);
                }
            })
        };
        Self { engine: engine.clone(), control, thread: Some(thread) }
    }

    /// Pauses, resumes and stops the work.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Has all folders looked at again.
    pub fn rescan(&self) {
        self.engine.0.wake(|| Wake::Roots);
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.control.stop();
        self.engine.0.wake(|| Wake::Control);
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed; here is nobody to tell.
            let _ = thread.join();
        }
    }
}

/// Follows the library as soon as no other process does.
fn follow(engine: &Engine, control: &Control, follower: &dyn Follower) -> Result<()> {
    let library = &engine.0;
    if let Some(words) = library.derived.set_aside() {
        follower.failed(Error::failed(words.clone()));
    }
    let mut version = library.catalog.foreign_version();
    let mut told = None;
    while !control.is_stopped() {
        match library.try_writer(WriterKind::Window) {
            Ok(Ok(_writer)) => return jobs::follow(library, control, follower),
            Ok(Err(holder)) => follower.progress(Progress::at(Step::Waiting(holder))),
            // Nothing but a restored library would help, and that is not this one.
            Err(error) if library.catalog.read_only().is_some() => {
                follower.stored();
                return Err(error);
            }
            Err(error) => {
                let words = Some(error.to_string());
                if told != words {
                    told = words;
                    follower.failed(error);
                }
            }
        }
        control.rest(WRITER_CHECK);
        // What the other one adds is shown as it comes.
        let now = library.catalog.foreign_version().or(version);
        if now != version {
            version = now;
            follower.stored();
        }
    }
    Ok(())
}

/// Has the work go as the policy says, until it is stopped. While there is none,
/// nothing is asked.
fn govern(library: &Weak<Library>, control: &Control, sensor: &mut dyn Sensor) {
    while control.wait_for_run() {
        let conditions = sensor.conditions();
        let Some(library) = library.upgrade() else { return };
        match library.catalog.settings() {
            Ok(settings) => control.allow(Policy::of(&settings).effort(conditions)),
            Err(error) => {
                tracing::debug!("the policy cannot be read: {error}");
                control.allow(control.effort());
            }
        }
        drop(library);
        control.rest(SENSE_EVERY);
    }
}

/// Tells the caller of [`Engine::watch`].
struct Watching<'a> {
    engine: &'a Engine,
    on_change: &'a (dyn Fn(Change) + Sync),
    progress: &'a (dyn Fn(Progress) + Sync),
    /// What ended the watch.
    failure: &'a Mutex<Option<Error>>,
    control: &'a Control,
}

impl Follower for Watching<'_> {
    fn progress(&self, progress: Progress) {
        (self.progress)(progress);
    }

    fn reconciled(&self, done: &Reconciled) {
        let roots = self.engine.roots().unwrap_or_default();
        for (id, change) in &done.changes {
            let (root, path, from) = change.places();
            let path_of =
                |root: i64| roots.iter().find(|known| known.id.0 == root).map(|r| &r.path);
            let Some(root) = path_of(root) else { continue };
            let kind = match change {
                scan::Change::Added(_) => ChangeKind::Added,
                scan::Change::Modified { .. } => ChangeKind::Modified,
                scan::Change::Moved { .. } => ChangeKind::Moved,
                scan::Change::Removed { .. } | scan::Change::Excluded { .. } => ChangeKind::Removed,
            };
            let from = from.and_then(|(root, from)| Some(path_of(root)?.join(from)));
            (self.on_change)(Change { kind, path: root.join(path), from, photo: PhotoId(*id) });
        }
    }

    fn worked(&self, _: &Totals) {}

    fn stored(&self) {}

    fn failed(&self, error: Error) {
        if matches!(error.code(), Code::Usage | Code::NotFound) {
            *self.failure.lock() = Some(error);
            self.control.stop();
        } else {
            tracing::warn!("{error}; trying again");
        }
    }
}

/// Tells the observer of [`Engine::start`].
struct Observing<F> {
    observer: F,
}

impl<F: Fn(Event) + Send + Sync> Follower for Observing<F> {
    fn progress(&self, progress: Progress) {
        (self.observer)(Event::Progress(progress));
    }

    fn reconciled(&self, done: &Reconciled) {
        if done.roots_changed {
            (self.observer)(Event::RootsChanged);
        }
        if !done.changes.is_empty() {
            (self.observer)(Event::LibraryChanged);
        }
    }

    fn worked(&self, totals: &Totals) {
        if totals.moved + totals.failed > 0 {
            (self.observer)(Event::LibraryChanged);
        }
    }

    fn stored(&self) {
        (self.observer)(Event::LibraryChanged);
    }

    fn failed(&self, error: Error) {
        (self.observer)(Event::Failed(error));
    }
}
