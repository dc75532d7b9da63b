//! What the engine tells the page while it works: `progress`, `library-changed`,
//! `roots-changed`, `install`, `models-changed`, `saved-searches-changed`, `tags`,
//! `opinions`, `map`, `export` and `engine-failed`.
//!
//! The engine may report thousands of times a second; the page hears at most ten
//! times, always the newest, and always the last one.

use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use afterimage_engine::{self as engine, Download, Event};
use tauri::{AppHandle, Emitter};

use crate::dto::{CommandError, ExportProgress, Install, Progress};

/// Time between two batches of events.
const INTERVAL: Duration = Duration::from_millis(100);

/// An observer for the engine that passes its events on to the page. It returns
/// at once, so that the page never slows the engine down.
pub fn relay(app: AppHandle) -> impl Fn(Event) + Send + Sync + 'static {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // Ends when the engine drops its observer.
        while let Ok(first) = receiver.recv() {
            let batch = Batch::of([first].into_iter().chain(receiver.try_iter()));
            batch.emit(&app);
            thread::sleep(INTERVAL);
        }
    });
    move |event| {
        // The other side is gone only while the application ends.
        let _ = sender.send(event);
    }
}

/// Tells the page that something went wrong behind its back.
pub fn failed(app: &AppHandle, error: engine::Error) {
    tracing::warn!("{error}");
    emit(app, "engine-failed", CommandError::from(error));
}

/// Tells the page how far the download of a model is.
pub fn installing(app: AppHandle, id: String) -> impl Fn(Download) + Send + Sync + 'static {
    let pace = Pace::default();
    move |download| {
        let install = Install::new(&id, &download);
        // The page shows the last of them until the model is installed.
        if pace.due(Instant::now()) || install.checking {
            emit(&app, "install", install);
        }
    }
}

/// Tells the page how far the map is, 0 to 1.
pub fn mapping(app: AppHandle) -> impl Fn(f64) + Sync {
    let pace = Pace::default();
    move |done| {
        if pace.due(Instant::now()) {
            emit(&app, "map", done);
        }
    }
}

/// Tells the page how far an export is, always when it is done.
pub fn exporting(app: AppHandle) -> impl Fn(engine::ExportProgress) {
    let pace = Pace::default();
    move |progress| {
        if pace.due(Instant::now()) || progress.done == progress.total {
            emit(&app, "export", ExportProgress::from(progress));
        }
    }
}

/// Tells the page that models came, went or changed places.
pub fn models_changed(app: &AppHandle) {
    emit(app, "models-changed", ());
}

/// Tells the page that photos came or went by what it asked for.
pub fn library_changed(app: &AppHandle) {
    emit(app, "library-changed", ());
}

/// Tells the page that tags or categories are others now.
pub fn tags_changed(app: &AppHandle) {
    emit(app, "tags", ());
}

/// Tells the page that favourites or ratings are others now.
pub fn opinions_changed(app: &AppHandle) {
    emit(app, "opinions", ());
}

/// Tells the page that questions were kept, changed or forgotten.
pub fn saved_searches_changed(app: &AppHandle) {
    emit(app, "saved-searches-changed", ());
}

/// Lets one thing through in an interval.
#[derive(Default)]
struct Pace(Mutex<Option<Instant>>);

impl Pace {
    fn due(&self, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| now.duration_since(last) >= INTERVAL);
        if due {
            *last = Some(now);
        }
        due
    }
}

/// What happened in one interval.
#[derive(Default)]
struct Batch {
    progress: Option<Progress>,
    library: bool,
    roots: bool,
    failed: Option<engine::Error>,
}

impl Batch {
    fn of(events: impl Iterator<Item = Event>) -> Self {
        let mut batch = Self::default();
        for event in events {
            match event {
                Event::Progress(progress) => batch.progress = Some(progress.into()),
                Event::LibraryChanged => batch.library = true,
                Event::RootsChanged => batch.roots = true,
                Event::Failed(error) => batch.failed = Some(error),
            }
        }
        batch
    }

    fn emit(self, app: &AppHandle) {
        if self.roots {
            emit(app, "roots-changed", ());
        }
        if self.library {
            emit(app, "library-changed", ());
        }
        if let Some(progress) = self.progress {
            emit(app, "progress", progress);
        }
        if let Some(error) = self.failed {
            failed(app, error);
        }
    }
}

fn emit(app: &AppHandle, name: &str, payload: impl serde::Serialize + Clone) {
    if let Err(error) = app.emit_to(crate::window::LABEL, name, payload) {
        tracing::warn!("cannot tell the page of {name}: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::Step;

    fn indexing(done: u64) -> Event {
        Event::Progress(engine::Progress {
            step: engine::Step::Indexing,
            done,
            total: 10,
            failed: 0,
            rate: 5.0,
            seconds_left: None,
            effort: engine::Effort::Full,
        })
    }

    #[test]
    fn a_batch_keeps_the_newest_progress_and_forgets_nothing_else() {
        let batch = Batch::of(
            [
                indexing(1),
                Event::LibraryChanged,
                Event::Failed(engine::Error::failed(engine::message!("disk full"))),
                indexing(2),
                Event::LibraryChanged,
                indexing(3),
            ]
            .into_iter(),
        );
        let progress = batch.progress.unwrap();
        assert_eq!((progress.step, progress.done), (Step::Indexing, 3));
        assert!(batch.library);
        assert!(!batch.roots);
        let failed = batch.failed.unwrap();
        assert_eq!((failed.code(), failed.to_string()), (engine::Code::Failed, "disk full".into()));
    }

    #[test]
    fn one_thing_comes_through_in_an_interval() {
        let pace = Pace::default();
        let began = Instant::now();
        let through: Vec<u32> =
            (0..10).filter(|tick| pace.due(began + *tick * INTERVAL / 4)).collect();
        assert_eq!(through, [0, 4, 8]);
    }
}
