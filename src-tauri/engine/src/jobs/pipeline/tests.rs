//! What a run does while it is to be polite, or to wait:
//!
//! 1. Polite work decodes one photo at a time and embeds on one thread, both of
//!    low priority, and few photos together.
//! 2. Full speed uses threads of the usual priority again.
//! 3. Work that waits begins nothing, and goes on when it may.
//! 4. A run that ends while it waits leaves its photos to the next one.
//!
//! And of photos over which an earlier process ended: they come last, each alone,
//! until they are given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use image::{Rgb, RgbImage};
use parking_lot::Mutex;

use super::*;
use crate::jobs::{Effort, Task};
use crate::model::Embedding;
use crate::scan;
use crate::{Engine, OpenOptions, PairCheck};

/// Takes its time, and remembers what was asked of it and where.
#[derive(Default)]
struct Watched {
    decoding: AtomicUsize,
    decoding_at_once: AtomicUsize,
    embedded: AtomicUsize,
    /// Which photos, by the red of their corner, and how many at that time.
    order: Mutex<Vec<(u8, usize)>>,
    /// How many images, and on how many threads.
    batches: Mutex<Vec<(usize, usize)>>,
    /// Whether each thread that decoded or embedded lets others go first.
    lowered: Mutex<Vec<bool>>,
}

impl Watched {
    fn note_priority(&self) {
        #[cfg(target_os = "linux")]
        self.lowered.lock().push(priority::is_lowered());
    }

    fn forget(&self) {
        self.decoding_at_once.store(0, Ordering::Relaxed);
        self.batches.lock().clear();
        self.lowered.lock().clear();
    }
}

impl Encoder for Watched {
    fn dim(&self) -> usize {
        4
    }

    fn preprocess(&self, rgb: &RgbImage) -> Result<RgbImage> {
        // The picture that tries the model is prepared by the run itself.
        if rgb.width() != 64 {
            let now = self.decoding.fetch_add(1, Ordering::SeqCst) + 1;
            self.decoding_at_once.fetch_max(now, Ordering::SeqCst);
            self.order.lock().push((rgb.get_pixel(0, 0).0[0], now));
            std::thread::sleep(Duration::from_millis(15));
            self.note_priority();
            self.decoding.fetch_sub(1, Ordering::SeqCst);
        }
        Ok(rgb.clone())
    }

    fn least_side(&self) -> u32 {
        32
    }

    fn encode_images(&self, batch: &[RgbImage]) -> Result<Vec<Embedding>> {
        self.note_priority();
        self.batches.lock().push((batch.len(), rayon::current_num_threads()));
        if batch.iter().any(|image| image.width() != 64) {
            self.embedded.fetch_add(batch.len(), Ordering::SeqCst);
        }
        batch.iter().map(|_| Embedding::from_raw(vec![1.0, 0.0, 0.0, 0.0])).collect()
    }

    fn encode_texts(&self, _: &[&str]) -> Result<Vec<Embedding>> {
        Ok(Vec::new())
    }

    fn batch_size(&self) -> usize {
        16
    }

    fn unload_idle(&self, _: Duration) -> bool {
        false
    }
}

struct Fixture {
    dir: tempfile::TempDir,
    engine: Engine,
    encoder: Arc<Watched>,
    control: Control,
    steps: Mutex<Vec<(Step, Effort)>>,
}

impl Fixture {
    fn new(photos: u8) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("photos");
        std::fs::create_dir(&folder).unwrap();
        for seed in 0..photos {
            let photo = RgbImage::from_fn(40, 30, |x, _| Rgb([seed, x as u8, 9]));
            photo.save(folder.join(format!("{seed}.png"))).unwrap();
        }
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
        let engine = Engine::open(OpenOptions {
            bundled_models: vec![fixtures],
            ..OpenOptions::new(dir.path().join("library"))
        })
        .unwrap();
        engine.use_model("clip-gelu", PairCheck::Skipped).unwrap();
        let root = engine.add_root(&folder).unwrap();
        let sight = crate::jobs::Sight {
            volumes: &scan::Volumes::now(),
            entering: &|_, _| {},
            settling: None,
        };
        engine.0.reconcile(&[crate::jobs::Place::Root(root.id.0)], sight).unwrap();
        let (encoder, control) = (Arc::default(), Control::default());
        Self { dir, engine, encoder, control, steps: Mutex::default() }
    }

    fn task(&self) -> Option<Task> {
        let library = &self.engine.0;
        library.tasks(&library.in_use().unwrap(), &Default::default()).unwrap().pop()
    }

    /// Works on what is pending, with what earlier processes left.
    fn run(&self, interrupted: &dyn Fn() -> bool) -> Totals {
        let register = Register::open(&self.engine.0.folder);
        assert!(self.dir.path().exists());
        let library = &self.engine.0;
        let task = self.task().unwrap();
        let pipeline = Pipeline {
            catalog: &library.catalog,
            derived: &library.derived,
            encoder: self.encoder.clone(),
            model: library.key(&task.model).unwrap(),
            register: &register,
            control: &self.control,
            progress: &|progress| self.steps.lock().push((progress.step, progress.effort)),
            stored: &|_, _| {},
        };
        pipeline.run(&task.photos, interrupted).unwrap()
    }
}

#[test]
fn photos_left_behind_come_last_and_alone_until_they_are_given_up() {
    let f = Fixture::new(12);
    let library = &f.engine.0;
    let id = |seed: u8| {
        let photo = f.dir.path().join("photos").join(format!("{seed}.png"));
        f.engine.find_photo(&photo).unwrap().unwrap().0
    };
    let dies_over = |seeds: &[u8]| {
        let register = Register::open(&library.folder);
        seeds.iter().for_each(|seed| std::mem::forget(register.enter(id(*seed))));
    };
    // The third time was enough for the last one.
    dies_over(&[3, 5, 11]);
    dies_over(&[11]);
    dies_over(&[11]);
    let totals = f.run(&|| false);
    assert_eq!((totals.embedded, totals.failed), (11, 1), "{totals:?}");
    let order = std::mem::take(&mut *f.encoder.order.lock());
    assert_eq!(order.len(), 11);
    let mut last = order[9..].to_vec();
    last.sort_unstable();
    assert_eq!(last, [(3, 1), (5, 1)], "{order:?}");
    let failure = library.catalog.failures().unwrap().remove(0);
    assert_eq!((failure.photo, failure.permanent), (id(11), false));
    assert_eq!(failure.reason, given_up());
    assert!(Register::open(&library.folder).left_behind().is_empty());

    // No start tries it, but a person may.
    library.catalog.forget_passing_failures(None).unwrap();
    assert!(f.task().is_none());
    library.catalog.forget_failures().unwrap();
    assert_eq!(f.run(&|| false).embedded, 1);
}

fn eventually(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "never happened: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn polite_work_has_one_thread_of_low_priority_for_each_stage() {
    let f = Fixture::new(40);
    f.control.allow(Effort::PoliteInUse);
    let totals = f.run(&|| false);
    assert_eq!(totals.embedded, 40);
    assert_eq!(f.encoder.decoding_at_once.load(Ordering::Relaxed), 1);
    let batches = f.encoder.batches.lock();
    assert!(batches.iter().all(|(images, threads)| *images <= POLITE_BATCH && *threads == 1));
    assert!(f.encoder.lowered.lock().iter().all(|lowered| *lowered));
    assert!(f.steps.lock().contains(&(Step::Indexing, Effort::PoliteInUse)));
    assert!(f.task().is_none());
}

#[test]
fn a_run_takes_up_speed_and_gives_it_up_again() {
    let f = Fixture::new(120);
    f.control.allow(Effort::Polite);
    std::thread::scope(|scope| {
        let run = scope.spawn(|| f.run(&|| false));
        let embedded = || f.encoder.embedded.load(Ordering::Relaxed);
        eventually("polite work", || embedded() >= 8);
        f.control.allow(Effort::Full);
        // What the polite thread holds at this moment it still brings.
        let before = embedded();
        eventually("a first batch at full speed", || embedded() >= before + 16);
        f.encoder.forget();
        let before = embedded();
        eventually("more at full speed", || embedded() >= before + 16);
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        if cores > 1 {
            assert!(f.encoder.decoding_at_once.load(Ordering::Relaxed) > 1);
        }
        assert!(!f.encoder.lowered.lock().iter().any(|lowered| *lowered));
        f.control.allow(Effort::PoliteInUse);
        std::thread::sleep(Duration::from_millis(60));
        f.encoder.forget();
        assert_eq!(run.join().unwrap().embedded, 120);
        assert!(f.encoder.decoding_at_once.load(Ordering::Relaxed) <= 1);
        assert!(f.encoder.batches.lock().iter().all(|(images, _)| *images <= POLITE_BATCH));
    });
}

#[test]
fn work_that_waits_begins_nothing_and_goes_on_where_it_was() {
    let f = Fixture::new(60);
    f.control.allow(Effort::WaitingForMains);
    std::thread::scope(|scope| {
        let run = scope.spawn(|| f.run(&|| false));
        let waiting = (Step::Deferred, Effort::WaitingForMains);
        eventually("waiting is told", || f.steps.lock().contains(&waiting));
        assert!(f.encoder.batches.lock().is_empty(), "not even the model is tried");
        assert!(!f.steps.lock().iter().any(|(step, _)| *step == Step::LoadingModel));

        f.control.allow(Effort::Polite);
        eventually("work", || f.encoder.embedded.load(Ordering::Relaxed) > 0);
        f.control.allow(Effort::WaitingForAbsence);
        // What is being computed ends; nothing else begins.
        std::thread::sleep(Duration::from_millis(200));
        let before = f.encoder.embedded.load(Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(f.encoder.embedded.load(Ordering::Relaxed), before);
        assert!(before < 60);

        f.control.allow(Effort::Full);
        assert_eq!(run.join().unwrap().embedded, 60);
    });
}

#[test]
fn a_run_that_ends_while_it_waits_leaves_its_photos_to_the_next() {
    let f = Fixture::new(40);
    f.control.allow(Effort::WaitingForMains);
    assert_eq!(f.run(&|| true), Totals::default());

    f.control.allow(Effort::Full);
    let ended = AtomicBool::new(false);
    let first = std::thread::scope(|scope| {
        let run = scope.spawn(|| f.run(&|| ended.load(Ordering::Relaxed)));
        eventually("work", || f.encoder.decoding.load(Ordering::Relaxed) > 0);
        f.control.allow(Effort::WaitingForAbsence);
        std::thread::sleep(Duration::from_millis(100));
        ended.store(true, Ordering::Relaxed);
        run.join().unwrap()
    });
    assert!(first.embedded < 40 && first.failed == 0 && first.passed_over.is_empty());
    assert_eq!(f.task().unwrap().photos.len() as u64, 40 - first.embedded);
    f.control.allow(Effort::Full);
    assert_eq!(f.run(&|| false).embedded, 40 - first.embedded);
}
