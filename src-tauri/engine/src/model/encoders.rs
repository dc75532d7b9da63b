//! The encoders that are open, one a model. What nobody uses for a while gives
//! its memory back.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use super::receipt::Receipt;
use super::{DeviceChoice, DeviceReport, Encoder, Guarded, ModelInfo, Precision};
use crate::error::Result;

/// How often it is looked for towers to unload: a fraction of the time after
/// which they are, so that none stays much longer, and this at most.
const LOOK: Duration = Duration::from_secs(30);

/// The open encoders, all on one device.
pub struct Encoders {
    device: DeviceChoice,
    /// What the person said; `None` for what each model bears.
    precision: Option<Precision>,
    unload_after: Option<Duration>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    /// By id; with the fingerprint, since another process may give an id to
    /// other weights.
    by_model: HashMap<String, (String, Arc<Guarded>)>,
    /// A thread looks for what is idle.
    watched: bool,
}

impl Encoders {
    /// Encoders on this device, on the processor in this precision, whose towers are unloaded when they were not
    /// used for so long (`None`: never).
    pub fn new(
        device: DeviceChoice,
        precision: Option<Precision>,
        unload_after: Option<Duration>,
    ) -> Arc<Self> {
        Arc::new(Self { device, precision, unload_after, open: Mutex::default() })
    }

    /// The model's encoder; its towers load when they are first used. Whoever
    /// holds it keeps it from being forgotten, not from being unloaded.
    ///
    /// # Errors
    /// Where the model cannot be opened on the device.
    pub fn get(self: &Arc<Self>, model: &ModelInfo) -> Result<Arc<Guarded>> {
        let mut open = self.open.lock();
        let encoder = match open.by_model.get(&model.id) {
            Some((fingerprint, encoder)) if *fingerprint == model.fingerprint => encoder.clone(),
            _ => {
                let encoder = Arc::new(self.open(model)?);
                let entry = (model.fingerprint.clone(), encoder.clone());
                open.by_model.insert(model.id.clone(), entry);
                encoder
            }
        };
        if let Some(idle) = self.unload_after.filter(|_| !open.watched) {
            open.watched = watch(Arc::downgrade(self), idle);
        }
        Ok(encoder)
    }

    /// An encoder that is not kept for others. Unless the person said how exactly
    /// it is to compute, only a model that was seen to bear 8 bits, or came with
    /// the application, computes in them.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn open(&self, model: &ModelInfo) -> Result<Guarded> {
        self.open_in(model, None)
    }

    /// The same, computing in this precision.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn open_in(&self, model: &ModelInfo, precision: Option<Precision>) -> Result<Guarded> {
        let borne = || match Receipt::read(&model.folder).precision {
            _ if model.bundled => Precision::default(),
            tried => tried.unwrap_or(Precision::F32),
        };
        Guarded::open(
            &model.folder,
            self.device,
            precision.or(self.precision).unwrap_or_else(borne),
        )
    }

    /// Has the model's text tower loaded, for a question that is being typed.
    /// Returns at once where it is, or is loading already.
    ///
    /// # Errors
    /// As [`get`](Self::get), and where the tower cannot be loaded.
    pub fn warm_texts(self: &Arc<Self>, model: &ModelInfo) -> Result<()> {
        // Half the time: a tower that is used now stays that long at least.
        self.get(model)?.warm_texts(self.unload_after.map(|time| time / 2))
    }

    /// Forgets all models but these.
    pub fn keep(&self, ids: &[&str]) {
        self.open.lock().by_model.retain(|id, _| ids.contains(&id.as_str()));
    }

    /// Forgets a model, such as one that is about to be removed.
    pub fn forget(&self, id: &str) {
        self.open.lock().by_model.remove(id);
    }

    /// What a model is computed on, or will be.
    pub fn report(&self, id: Option<&str>) -> DeviceReport {
        let open = self.open.lock();
        let encoder = id.and_then(|id| open.by_model.get(id));
        encoder.map_or_else(|| DeviceReport::untried(self.device), |(_, open)| open.report())
    }

    /// Unloads what is idle. Returns whether there may be more to unload later.
    fn unload_idle(&self, idle: Duration) -> bool {
        let mut open = self.open.lock();
        let mut going_on = false;
        for (_, encoder) in open.by_model.values() {
            // Who holds an encoder may load it without asking here again.
            going_on |= encoder.unload_idle(idle) || Arc::strong_count(encoder) > 1;
        }
        open.watched = going_on;
        going_on
    }
}

/// Looks for idle towers on a thread of its own until none is loaded or the
/// encoders are gone. Returns whether it does.
fn watch(encoders: Weak<Encoders>, idle: Duration) -> bool {
    let pause = (idle / 4).clamp(Duration::from_millis(10), LOOK);
    let look = move || {
        loop {
            thread::sleep(pause);
            let Some(encoders) = encoders.upgrade() else { return };
            if !encoders.unload_idle(idle) {
                return;
            }
        }
    };
    let started = thread::Builder::new().name("unload".to_owned()).spawn(look);
    // Without the thread everything works but takes more memory.
    started.inspect_err(|error| tracing::warn!("cannot unload idle models: {error}")).is_ok()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::model::Models;
    use crate::model::tests::fixture;

    fn model(id: &str) -> ModelInfo {
        let folder = fixture(id);
        let models = Models::new("nowhere".into(), vec![folder.parent().unwrap().to_owned()]);
        models.find(id).unwrap()
    }

    fn is_loaded(encoder: &Guarded) -> bool {
        encoder.unload_idle(Duration::MAX)
    }

    fn eventually(what: &str, holds: impl Fn() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(began.elapsed() < Duration::from_secs(20), "never happened: {what}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn what_is_idle_is_unloaded_and_loads_again() {
        let encoders =
            Encoders::new(DeviceChoice::Cpu, Some(Precision::F32), Some(Duration::from_millis(40)));
        let model = model("clip-gelu");
        for _ in 0..2 {
            let held = encoders.get(&model).unwrap();
            for _ in 0..2 {
                held.encode_texts(&["a dog"]).unwrap();
                // The thread goes on as long as somebody may load it again.
                eventually("unloading", || !is_loaded(&held));
            }
            drop(held);
            eventually("the end of the thread", || !encoders.open.lock().watched);
        }
    }

    #[test]
    fn without_a_time_nothing_is_unloaded() {
        let encoders = Encoders::new(DeviceChoice::Cpu, Some(Precision::F32), None);
        encoders.warm_texts(&model("clip-gelu")).unwrap();
        assert!(!encoders.open.lock().watched);
        assert!(is_loaded(&encoders.get(&model("clip-gelu")).unwrap()));
    }

    #[test]
    fn the_thread_holds_nothing() {
        let encoders =
            Encoders::new(DeviceChoice::Cpu, Some(Precision::F32), Some(Duration::from_secs(3600)));
        encoders.warm_texts(&model("clip-gelu")).unwrap();
        assert!(encoders.open.lock().watched);
        assert_eq!(Arc::strong_count(&encoders), 1);
    }

    #[test]
    fn what_is_replaced_removed_or_left_is_forgotten() {
        let encoders = Encoders::new(DeviceChoice::Cpu, Some(Precision::F32), None);
        let (one, other) = (model("clip-gelu"), model("clip-quickgelu"));
        let first = encoders.get(&one).unwrap();
        assert!(Arc::ptr_eq(&first, &encoders.get(&one).unwrap()));
        let replaced = ModelInfo { fingerprint: "other weights".to_owned(), ..one.clone() };
        encoders.get(&replaced).unwrap();
        assert_eq!(Arc::strong_count(&first), 1);

        let second = encoders.get(&other).unwrap();
        encoders.keep(&[&one.id, "a third"]);
        assert_eq!(Arc::strong_count(&second), 1);
        encoders.forget(&one.id);
        assert!(encoders.open.lock().by_model.is_empty());
    }
}
