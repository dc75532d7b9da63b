//! The open library behind the window. It is opened away from the main thread, so
//! that the window is there at once; whoever asks before waits. Where it cannot
//! be opened the next question tries again.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use afterimage_engine::{Background, Cancel, Control, Engine, Error, OpenOptions, Result, message};
use tauri::AppHandle;

use crate::dto::Pictures;
use crate::events;
use crate::presence::Presence;

/// How long a window that opens has the computer for itself.
const WARM_AFTER: Duration = Duration::from_millis(800);

/// The library of the window, the searches on it, and what is being installed.
pub struct Shell {
    app: AppHandle,
    options: Box<dyn Fn() -> Result<OpenOptions> + Send + Sync>,
    library: Mutex<Library>,
    searches: Searches,
    installs: Installs,
    examination: LongTask,
    mapping: LongTask,
    export: LongTask,
    /// Suggestions are being computed for the first time.
    suggesting: Arc<AtomicBool>,
    pictures: Mutex<Pictures>,
}

enum Library {
    Unopened,
    Open {
        engine: Engine,
        background: Background,
    },
    /// The application ends.
    Closed,
}

impl Shell {
    /// A library that is opened with these options by the first who asks.
    pub fn new(
        app: AppHandle,
        options: impl Fn() -> Result<OpenOptions> + Send + Sync + 'static,
    ) -> Self {
        Self {
            app,
            options: Box::new(options),
            library: Mutex::new(Library::Unopened),
            searches: Searches::default(),
            installs: Installs::default(),
            examination: LongTask::default(),
            mapping: LongTask::default(),
            export: LongTask::default(),
            suggesting: Arc::default(),
            pictures: Mutex::default(),
        }
    }

    /// The engine; may take as long as opening a library takes.
    ///
    /// # Errors
    /// Where the library cannot be opened.
    pub fn engine(&self) -> Result<Engine> {
        self.opened(|engine, _| engine.clone())
    }

    /// What pauses and resumes the work.
    ///
    /// # Errors
    /// As [`engine`](Self::engine).
    pub fn control(&self) -> Result<Control> {
        self.opened(|_, background| background.control().clone())
    }

    /// Has all folders looked at again.
    ///
    /// # Errors
    /// As [`engine`](Self::engine).
    pub fn rescan(&self) -> Result<()> {
        self.opened(|_, background| background.rescan())
    }

    /// Opens the library and adds folders to it, in the background.
    pub fn add_folders(self: &Arc<Self>, folders: Vec<PathBuf>) {
        let shell = Arc::clone(self);
        thread::spawn(move || {
            // Where there is no library the page learns it when it asks.
            let Ok(engine) = shell.engine() else { return };
            for folder in folders {
                if let Err(error) = engine.add_root(&folder) {
                    events::failed(&shell.app, error);
                }
            }
        });
    }

    /// The searches, of which the newest counts.
    pub fn searches(&self) -> &Searches {
        &self.searches
    }

    /// Pictures that were pasted.
    pub fn pictures(&self) -> MutexGuard<'_, Pictures> {
        self.pictures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The model that is being installed.
    pub fn installs(&self) -> &Installs {
        &self.installs
    }

    /// Looking at the vectors as a whole.
    pub fn examination(&self) -> &LongTask {
        &self.examination
    }

    /// Whether suggestions are being computed for the first time.
    pub fn suggesting(&self) -> &Arc<AtomicBool> {
        &self.suggesting
    }

    /// Laying the library out.
    pub fn mapping(&self) -> &LongTask {
        &self.mapping
    }

    /// Writing copies of photos.
    pub fn export(&self) -> &LongTask {
        &self.export
    }

    /// Stops the work; returns when what was in flight is stored.
    pub fn close(&self) {
        self.installs.cancel_any();
        self.examination.cancel();
        self.mapping.cancel();
        self.export.cancel();
        *self.lock() = Library::Closed;
    }

    fn opened<T>(&self, use_it: impl FnOnce(&Engine, &Background) -> T) -> Result<T> {
        let mut library = self.lock();
        if let Library::Unopened = *library {
            let engine = (self.options)().and_then(Engine::open).inspect_err(|error| {
                tracing::error!("cannot open the library: {error}");
            })?;
            let observer = events::relay(self.app.clone());
            let background = engine.start_sensing(Presence::default(), observer);
            let warming = engine.clone();
            thread::spawn(move || {
                // The first photos come to view before what the first question needs.
                thread::sleep(WARM_AFTER);
                warming.warm();
            });
            *library = Library::Open { engine, background };
        }
        match &*library {
            Library::Open { engine, background } => Ok(use_it(engine, background)),
            Library::Unopened | Library::Closed => Err(Error::cancelled()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Library> {
        self.library.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the newest search go on and cancels all others.
#[derive(Default)]
pub struct Searches(Mutex<Latest>);

#[derive(Default)]
struct Latest {
    ticket: u64,
    cancel: Cancel,
}

impl Searches {
    /// Begins a search, which cancels the one before. `None` where a newer one,
    /// with a greater ticket, has begun already: requests may overtake each other.
    pub fn begin(&self, ticket: u64) -> Option<Cancel> {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ticket < latest.ticket {
            return None;
        }
        latest.cancel.cancel();
        *latest = Latest { ticket, cancel: Cancel::default() };
        Some(latest.cancel.clone())
    }

    /// The page was loaded anew: it counts its tickets from the start.
    pub fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Latest::default();
    }
}

/// Something that takes seconds and that only the one who asked last waits for.
#[derive(Default)]
pub struct LongTask(Mutex<Cancel>);

impl LongTask {
    /// Begins it, and gives up the one before.
    pub fn begin(&self) -> Cancel {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.cancel();
        *under_way = Cancel::default();
        under_way.clone()
    }

    /// Gives it up.
    pub fn cancel(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).cancel();
    }
}

/// Lets one model be installed at a time: two would share one line and one disk,
/// and both be later.
#[derive(Clone, Default)]
pub struct Installs(Arc<Mutex<Option<(String, Cancel)>>>);

impl Installs {
    /// Begins to install a model; it is under way until what this returns is dropped.
    ///
    /// # Errors
    /// [`Code::Usage`](afterimage_engine::Code::Usage) while one is under way.
    pub fn begin(&self, id: &str) -> Result<Installing> {
        let mut under_way = self.lock();
        if let Some((other, _)) = &*under_way {
            return Err(Error::usage(message!(
                "{id} is being installed: wait until it is there, or cancel it first",
                id = other
            )));
        }
        let cancel = Cancel::default();
        *under_way = Some((id.to_owned(), cancel.clone()));
        Ok(Installing { installs: self.clone(), cancel })
    }

    /// Cancels installing this model; nothing where it is not under way any more.
    pub fn cancel(&self, id: &str) {
        if let Some((_, cancel)) = self.lock().as_ref().filter(|(other, _)| other == id) {
            cancel.cancel();
        }
    }

    fn cancel_any(&self) {
        if let Some((_, cancel)) = &*self.lock() {
            cancel.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<(String, Cancel)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An installation under way; dropping it makes room for the next.
pub struct Installing {
    installs: Installs,
    cancel: Cancel,
}

impl Installing {
    /// What ends it before it is done.
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }
}

impl Drop for Installing {
    fn drop(&mut self) {
        *self.installs.lock() = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_search_cancels_the_older_one() {
        let searches = Searches::default();
        let first = searches.begin(1).unwrap();
        assert!(!first.is_cancelled());
        let third = searches.begin(3).unwrap();
        assert!(first.is_cancelled());
        assert!(searches.begin(2).is_none(), "it was overtaken");
        assert!(!third.is_cancelled());
    }

    #[test]
    fn a_long_task_is_given_up_when_it_begins_again() {
        let task = LongTask::default();
        let first = task.begin();
        let second = task.begin();
        assert!(first.is_cancelled() && !second.is_cancelled());
        task.cancel();
        assert!(second.is_cancelled() && !task.begin().is_cancelled());
    }

    #[test]
    fn a_reloaded_page_may_count_from_the_start() {
        let searches = Searches::default();
        searches.begin(40).unwrap();
        searches.forget();
        assert!(searches.begin(1).is_some());
    }

    #[test]
    fn one_model_is_installed_at_a_time() {
        let installs = Installs::default();
        let first = installs.begin("a").unwrap();
        let refused = installs.begin("b").err().unwrap();
        assert!(refused.to_string().starts_with("a is being installed"), "{refused}");
        installs.cancel("b");
        assert!(!first.cancel().is_cancelled(), "another one was meant");
        installs.cancel("a");
        assert!(first.cancel().is_cancelled());
        drop(first);
        installs.cancel("a");
        assert!(!installs.begin("b").unwrap().cancel().is_cancelled());
    }
}
