//! 1. The model in use answers until the chosen one knows every photo; then, and
//!    on the way back, the switch is at once.
//! 2. New and edited photos are found meanwhile; what is in neither role waits
//!    until it comes back, and then lacks only what it missed.
//! 3. A choice that fails, and a process that ends, change nothing.
//! 4. Only a model that nobody needs is removed, with its vectors or without.
//! 5. What is unloaded loads again.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use afterimage_engine::{
    Cancel, Code, Control, DeviceChoice, Engine, ModelInfo, OpenOptions, PairCheck, Preparing,
    SearchRequest,
};

use crate::support::{
    Fixture, MODEL, OTHER_MODEL, eventually, fixtures, names, open, options, pattern, set,
};

/// The model that answers, the one in preparation with its share of the photos,
/// and how many photos a search ranks.
fn state(engine: &Engine) -> (String, Option<(String, u64, u64)>, usize) {
    let request = SearchRequest { query: "a pattern".into(), ..Default::default() };
    let ask = || {
        let page = engine.search(&request, &Cancel::default()).unwrap();
        (page, engine.status().unwrap())
    };
    let (mut page, mut status) = ask();
    if status.serving.as_ref() != Some(&page.model) {
        // The switch came between the two questions; it does not come twice.
        (page, status) = ask();
    }
    assert_eq!(status.serving, Some(page.model.clone()));
    let preparing = status.preparing.map(|Preparing { model, done, total }| (model, done, total));
    (page.model, preparing, page.total)
}

fn serves(model: &str, photos: usize) -> (String, Option<(String, u64, u64)>, usize) {
    (model.to_owned(), None, photos)
}

fn prepares(done: u64, total: u64, photos: usize) -> (String, Option<(String, u64, u64)>, usize) {
    (MODEL.to_owned(), Some((OTHER_MODEL.to_owned(), done, total)), photos)
}

/// A library of `a.png` and, on a drive that is unplugged now, `b.png`: as long
/// as it is, another model cannot become complete.
struct Drive {
    f: Fixture,
    plugged: PathBuf,
    unplugged: PathBuf,
}

impl Drive {
    fn unplugged() -> Self {
        let f = Fixture::new();
        f.photo("a.png", 1);
        f.add();
        let (plugged, unplugged) = (f.dir.path().join("drive"), f.dir.path().join("unplugged"));
        fs::create_dir(&plugged).unwrap();
        pattern(2).save(plugged.join("b.png")).unwrap();
        f.engine.add_root(&plugged).unwrap();
        assert_eq!(f.index().embedded, 2);
        fs::rename(&plugged, &unplugged).unwrap();
        Self { f, plugged, unplugged }
    }

    fn plug_in(&self) {
        fs::rename(&self.unplugged, &self.plugged).unwrap();
    }
}

/// Adds a copy of a model of the fixtures to the person's models, as `mine`.
fn add_mine(f: &Fixture, fixture: &str) -> ModelInfo {
    let folder = f.dir.path().join("mine");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    for file in fs::read_dir(fixtures().join(fixture)).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let added = f.engine.add_model(&folder, PairCheck::Skipped).unwrap();
    assert_eq!(added.id, "mine");
    added
}

#[test]
fn the_old_model_answers_until_the_new_one_is_complete() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.photo("b.png", 2);
    f.add();
    f.index();
    f.choose(OTHER_MODEL);
    assert_eq!(state(&f.engine), prepares(0, 2, 2));
    assert_eq!(f.engine.status().unwrap().pending, 2);
    assert_eq!(f.index().embedded, 2);
    assert_eq!(state(&f.engine), serves(OTHER_MODEL, 2));
    // The way back, and forth again: nothing is to be done, so nothing is waited for.
    for model in [MODEL, OTHER_MODEL] {
        f.choose(model);
        assert_eq!(state(&f.engine), serves(model, 2));
        assert_eq!(f.index().embedded, 0);
    }
}

#[test]
fn photos_that_cannot_be_reached_keep_the_old_model_answering() {
    let drive = Drive::unplugged();
    let f = &drive.f;
    f.choose(OTHER_MODEL);
    assert_eq!(f.index().embedded, 1);
    assert_eq!(state(&f.engine), prepares(1, 2, 2));
    drive.plug_in();
    assert_eq!(f.index().embedded, 1);
    assert_eq!(state(&f.engine), serves(OTHER_MODEL, 2));
}

#[test]
fn photos_that_come_or_change_meanwhile_are_found_by_both() {
    let drive = Drive::unplugged();
    let f = &drive.f;
    f.choose(OTHER_MODEL);
    f.photo("c.png", 3);
    f.photo("a.png", 9);
    // Each of both by each model.
    let report = f.index();
    assert_eq!((report.added, report.modified, report.embedded), (1, 1, 4));
    assert_eq!(state(&f.engine), prepares(2, 3, 3));
    let edited = SearchRequest { images: vec![f.path("a.png")], ..Default::default() };
    let best = |model: &str| {
        let page = f.engine.search(&edited, &Cancel::default()).unwrap();
        assert_eq!(page.model, model);
        assert!(page.hits[0].score > 0.999, "{:?}", page.hits[0]);
        page.hits[0].photo
    };
    assert_eq!(best(MODEL), f.id("a.png"));
    assert_eq!(f.index().embedded, 0);
    drive.plug_in();
    assert_eq!(f.index().embedded, 1);
    assert_eq!(state(&f.engine), serves(OTHER_MODEL, 3));
    assert_eq!(best(OTHER_MODEL), f.id("a.png"));
}

#[test]
fn a_photo_dropped_in_while_a_model_is_prepared_is_found_at_once() {
    let drive = Drive::unplugged();
    let f = &drive.f;
    let _background = f.engine.start(|_| {});
    f.choose(OTHER_MODEL);
    f.photo("c.png", 3);
    eventually("the answering model sees it", || {
        names(&f.engine) == set(&["a.png", "b.png", "c.png"])
    });
    assert_eq!(f.engine.status().unwrap().serving.as_deref(), Some(MODEL));
    eventually("the other one as well", || state(&f.engine) == prepares(2, 3, 3));
    drive.plug_in();
    eventually("the switch", || state(&f.engine) == serves(OTHER_MODEL, 3));
}

#[test]
fn what_the_old_model_lacked_does_not_delay_the_new_one() {
    let f = Fixture::new();
    for seed in 0..200 {
        f.photo(&format!("{seed:03}.png"), seed);
    }
    f.add();
    let control = Control::default();
    let stop = |progress: afterimage_engine::Progress| {
        if progress.done > 0 {
            control.stop();
        }
    };
    let begun = f.engine.index(&[], &control, &stop).unwrap().embedded;
    assert!((1..200).contains(&begun), "{begun}");
    f.choose(OTHER_MODEL);
    assert_eq!(state(&f.engine), prepares(0, begun, begun as usize));
    assert_eq!(f.index().embedded, 200);
    assert_eq!(state(&f.engine), serves(OTHER_MODEL, 200));
}

#[test]
fn a_model_out_of_use_rests_and_fills_only_its_gap() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.photo("b.png", 2);
    f.add();
    f.index();
    f.choose(OTHER_MODEL);
    f.index();
    f.photo("a.png", 8);
    f.photo("c.png", 3);
    assert_eq!(f.index().embedded, 2);
    f.choose(MODEL);
    let (serving, preparing, found) = state(&f.engine);
    assert_eq!(
        (serving.as_str(), preparing, found),
        (OTHER_MODEL, Some((MODEL.to_owned(), 1, 3)), 3)
    );
    assert_eq!(f.index().embedded, 2);
    assert_eq!(state(&f.engine), serves(MODEL, 3));
}

#[test]
fn a_file_that_is_as_it_was_is_found_as_it_is() {
    let f = Fixture::new();
    let similarity = |seed: u8| {
        let example = f.dir.path().join("example.png");
        pattern(seed).save(&example).unwrap();
        let request = SearchRequest { images: vec![example], ..Default::default() };
        f.engine.search(&request, &Cancel::default()).unwrap().hits[0].score
    };
    f.photo("a.png", 1);
    f.add();
    f.index();
    f.photo("a.png", 9);
    f.index();
    assert!(similarity(9) > 0.999);
    f.choose(OTHER_MODEL);
    f.index();
    // Both models know this content already, but the first one knew it last as
    // another: its vectors in memory must not be those of then.
    f.photo("a.png", 1);
    f.index();
    f.choose(MODEL);
    assert_eq!(f.index().embedded, 0);
    assert_eq!(state(&f.engine), serves(MODEL, 1));
    assert!(similarity(1) > 0.999);
}

#[test]
fn a_third_choice_leaves_the_first_model_answering() {
    let drive = Drive::unplugged();
    let f = &drive.f;
    f.choose(OTHER_MODEL);
    f.photo("c.png", 3);
    f.index();
    f.photo("d.png", 4);
    // Reconciled, not embedded: the process ends here.
    let control = Control::default();
    control.stop();
    f.engine.index(&[], &control, &|_| {}).unwrap();
    add_mine(f, OTHER_MODEL);
    f.choose("mine");
    assert_eq!(f.engine.status().unwrap().serving.as_deref(), Some(MODEL));
    // `d` by the answering model, as it came after the first choice.
    assert_eq!(f.index().embedded, 1 + 3);
    assert_eq!(f.found(), set(&["a.png", "b.png", "c.png", "d.png"]));
}

#[test]
fn a_choice_outlives_the_process() {
    let drive = Drive::unplugged();
    drive.f.choose(OTHER_MODEL);
    drive.f.index();
    let f = drive.f.reopen();
    assert_eq!(state(&f.engine), prepares(1, 2, 2));
    f.photo("c.png", 3);
    assert_eq!(f.index().embedded, 2);
    assert_eq!(f.found(), set(&["a.png", "b.png", "c.png"]));
}

#[test]
fn another_process_may_choose() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    f.index();
    assert_eq!(state(&f.engine), serves(MODEL, 1));
    let other = open(f.dir.path());
    other.use_model(OTHER_MODEL, PairCheck::Skipped).unwrap();
    assert_eq!(state(&f.engine), prepares(0, 1, 1));
    other.index(&[], &Control::default(), &|_| {}).unwrap();
    assert_eq!(state(&f.engine), serves(OTHER_MODEL, 1));
}

#[test]
fn a_choice_that_fails_changes_nothing() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    f.index();
    let broken = f.dir.path().join("library/models/broken");
    fs::create_dir_all(&broken).unwrap();
    fs::write(broken.join("config.json"), "{").unwrap();
    // A folder is no installed model, even where it holds one.
    let folder = fixtures().join(OTHER_MODEL);
    for name in [folder.to_str().unwrap(), "no-such-model", "broken", ""] {
        let error = f.engine.use_model(name, PairCheck::Skipped).unwrap_err();
        assert_eq!(error.code(), Code::Usage, "{name}: {error}");
    }
    assert_eq!(f.engine.current_model().unwrap().id, MODEL);
    assert_eq!(state(&f.engine), serves(MODEL, 1));
    assert_eq!(f.index().embedded, 0);
}

#[test]
fn another_model_of_the_same_name_shares_no_vectors() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    f.index();
    for fixture in [MODEL, OTHER_MODEL] {
        add_mine(&f, fixture);
        f.choose("mine");
        assert_eq!(f.index().embedded, 1, "{fixture}");
        assert_eq!(state(&f.engine), serves("mine", 1));
        f.choose(MODEL);
        f.engine.remove_model("mine", false).unwrap();
    }
}

#[test]
fn a_model_that_is_needed_is_not_removed() {
    let drive = Drive::unplugged();
    let f = &drive.f;
    add_mine(f, OTHER_MODEL);
    let refused = |id: &str, says: &str| {
        let error = f.engine.remove_model(id, true).unwrap_err();
        assert_eq!(error.code(), Code::Usage);
        assert!(error.to_string().contains(says), "{error}");
    };
    f.choose("mine");
    refused("mine", "model use");
    drive.plug_in();
    f.index();
    assert_eq!(state(&f.engine), serves("mine", 2));
    f.choose(OTHER_MODEL);
    refused("mine", "afterimage index");
    refused(OTHER_MODEL, "model use");
    // It came with the application.
    refused(MODEL, "came with the application");
    let unknown = f.engine.remove_model("no-such-model", true).unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    assert_eq!(f.found(), set(&["a.png", "b.png"]));
    f.index();
    assert_eq!(f.engine.remove_model("mine", true).unwrap().vectors, 2);
    assert_eq!(state(&f.engine), serves(OTHER_MODEL, 2));
}

#[test]
fn vectors_stay_for_a_model_that_comes_back_unless_they_are_removed() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.photo("b.png", 2);
    f.add();
    f.index();
    let mut expected = 2;
    for vectors in [false, true, false] {
        let added = add_mine(&f, OTHER_MODEL);
        f.choose("mine");
        assert_eq!(f.index().embedded, expected);
        assert_eq!(state(&f.engine), serves("mine", 2));
        f.choose(MODEL);
        let removed = f.engine.remove_model("mine", vectors).unwrap();
        let bytes = 2 * 2 * added.dim as u64;
        assert_eq!((removed.id.as_str(), removed.bytes), ("mine", added.bytes));
        assert_eq!((removed.vectors, removed.vector_bytes), (2, bytes));
        assert_eq!(f.engine.models().unwrap().iter().filter(|m| m.id == "mine").count(), 0);
        expected = if vectors { 2 } else { 0 };
    }
    // The folder is gone, the vectors may go later.
    assert_eq!(f.engine.remove_model("mine", false).unwrap_err().code(), Code::NotFound);
    let removed = f.engine.remove_model("mine", true).unwrap();
    assert_eq!((removed.bytes, removed.vectors), (0, 2));
    assert_eq!(f.engine.remove_model("mine", true).unwrap_err().code(), Code::NotFound);
    assert_eq!(f.engine.status().unwrap().models, [(MODEL.to_owned(), 2)]);
    assert_eq!(state(&f.engine), serves(MODEL, 2));
}

#[test]
fn what_was_unloaded_loads_again() {
    let Fixture { dir, engine } = Fixture::new();
    drop(engine);
    let unload_after = Some(Duration::from_millis(20));
    let engine = Engine::open(OpenOptions { unload_after, ..options(dir.path()) }).unwrap();
    let f = Fixture { dir, engine };
    f.photo("a.png", 1);
    f.add();
    for seed in 2..5 {
        f.photo(&format!("{seed}.png"), seed);
        f.index();
        f.engine.warm_text();
        assert_eq!(f.found().len(), usize::from(seed));
        // Several times longer than it takes to unload.
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
#[cfg(not(any(feature = "cuda", feature = "metal")))]
fn a_build_without_a_gpu_says_so() {
    let f = Fixture::new();
    let report = f.engine.device();
    assert_eq!((report.asked, report.used), (DeviceChoice::Auto, DeviceChoice::Cpu));
    assert!(report.reason.as_ref().unwrap().to_string().contains("no GPU backend"), "{report:?}");
    assert_eq!(f.engine.status().unwrap().device, report);

    let cpu = OpenOptions { device: Some(DeviceChoice::Cpu), ..options(f.dir.path()) };
    assert_eq!(Engine::open(cpu).unwrap().device().reason, None);
    // Who names a GPU is told that it cannot be used.
    f.photo("a.png", 1);
    f.add();
    let cuda = OpenOptions { device: Some(DeviceChoice::Cuda), ..options(f.dir.path()) };
    let cuda = Engine::open(cuda).unwrap();
    let error = cuda.index(&[], &Control::default(), &|_| {}).unwrap_err();
    assert!(error.to_string().contains("--features cuda"), "{error}");
    assert_eq!(cuda.failures().unwrap(), []);
}
