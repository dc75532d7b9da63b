//! A library through its life, on real files and real SQLite.
//!
//! What is proved, test by test: indexing is idempotent; identity survives
//! renames, moves and edits; one bad file stops nothing; absence of a root is
//! not deletion; derived data is rebuilt; another model takes over only when
//! it is complete; following a folder shows what happens in it.
//!
//! The encoder is the small seeded CLIP of the fixtures: real code on real
//! weights, in milliseconds a photo.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use afterimage_engine::{
    Cancel, Code, Control, Engine, Event, IndexReport, OpenOptions, PairCheck, PhotoId, RootState,
    SearchRequest, Step,
};
use image::{Rgb, RgbImage};

const MODEL: &str = "clip-quickgelu";
const OTHER_MODEL: &str = "clip-gelu";

struct Fixture {
    dir: tempfile::TempDir,
    engine: Engine,
}

impl Fixture {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("photos")).unwrap();
        let engine = open(dir.path());
        engine.use_model(MODEL).unwrap();
        Self { dir, engine }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("photos").join(name)
    }

    /// Writes a photo that no other seed gives.
    fn photo(&self, name: &str, seed: u8) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        pattern(seed).save(path).unwrap();
    }

    fn add(&self) {
        self.engine.add_root(&self.dir.path().join("photos")).unwrap();
    }

    fn index(&self) -> IndexReport {
        self.engine.index(&[], &Control::default(), &|_| {}).unwrap()
    }

    fn id(&self, name: &str) -> PhotoId {
        self.engine.find_photo(&self.path(name)).unwrap().unwrap()
    }

    /// Names of the photos that a search finds.
    fn found(&self) -> BTreeSet<String> {
        names(&self.engine)
    }

    fn reopen(self) -> Self {
        let Self { dir, engine } = self;
        drop(engine);
        let engine = open(dir.path());
        Self { dir, engine }
    }
}

fn open(dir: &Path) -> Engine {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    Engine::open(OpenOptions {
        bundled_models: vec![models],
        ..OpenOptions::new(dir.join("library"))
    })
    .unwrap()
}

fn names(engine: &Engine) -> BTreeSet<String> {
    let request = SearchRequest { query: "a pattern".into(), ..Default::default() };
    let page = engine.search(&request, &Cancel::default()).unwrap();
    assert_eq!(page.total, page.hits.len());
    page.hits
        .iter()
        .map(|hit| hit.path.file_name().unwrap().to_string_lossy().into_owned())
        .collect()
}

fn pattern(seed: u8) -> RgbImage {
    RgbImage::from_fn(60, 40, |x, y| {
        let (x, y) = (x as u8, y as u8);
        Rgb([x.wrapping_mul(seed), y.wrapping_mul(seed.wrapping_add(3)), seed.wrapping_mul(17)])
    })
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Waits for what the background is to bring about.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "never happened: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_second_run_has_nothing_to_do() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.photo("deep/b.jpg", 2);
    f.photo("c.webp", 3);
    fs::write(f.path("d.heic"), b"later").unwrap();
    fs::write(f.path("notes.txt"), b"no photo").unwrap();
    f.add();
    let first = f.index();
    assert_eq!((first.added, first.embedded, first.skipped, first.photos), (3, 3, 1, 3));
    let f = f.reopen();
    let second = f.index();
    assert_eq!((second.added, second.embedded, second.reused, second.photos), (0, 0, 0, 3));
    assert_eq!(f.found(), set(&["a.png", "b.jpg", "c.webp"]));
    let status = f.engine.status().unwrap();
    assert_eq!((status.photos, status.pending, status.failed, status.skipped), (3, 0, 0, 1));
}

#[test]
fn the_library_lists_all_photos_with_size_colour_and_thumbnail() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    f.index();
    let library = f.engine.library().unwrap();
    assert_eq!(library.len(), 1);
    assert_eq!(library[0].aspect, 1.5);
    let thumbnail =
        image::load_from_memory(&f.engine.thumbnail(library[0].photo).unwrap()).unwrap();
    assert_eq!((thumbnail.width(), thumbnail.height()), (60, 40));
    let photo = f.engine.photo(library[0].photo).unwrap();
    assert_eq!((photo.width, photo.height, photo.format.as_str()), (Some(60), Some(40), "PNG"));
    assert!(photo.embedded);
    let file = f.engine.open_photo(library[0].photo).unwrap();
    assert_eq!((file.mime, file.bytes), ("image/png", fs::read(f.path("a.png")).unwrap()));
    let unknown = f.engine.open_photo(PhotoId(999)).unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

#[test]
fn a_renamed_photo_is_the_same_photo_and_is_not_embedded_again() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    f.index();
    let id = f.id("a.png");
    fs::rename(f.path("a.png"), f.path("renamed.png")).unwrap();
    let report = f.index();
    assert_eq!((report.moved, report.added, report.removed, report.embedded), (1, 0, 0, 0));
    assert_eq!(f.id("renamed.png"), id);
    assert_eq!(f.found(), set(&["renamed.png"]));
}

#[test]
fn a_photo_copied_elsewhere_and_deleted_is_known_by_its_bytes() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    f.index();
    let id = f.id("a.png");
    fs::create_dir(f.path("other")).unwrap();
    fs::write(f.path("other/b.png"), fs::read(f.path("a.png")).unwrap()).unwrap();
    fs::remove_file(f.path("a.png")).unwrap();
    let report = f.index();
    assert_eq!((report.moved, report.added, report.removed, report.embedded), (1, 0, 0, 0));
    assert_eq!(f.id("other/b.png"), id);
    assert_eq!(report.photos, 1);
}

#[test]
fn a_copy_is_a_photo_of_its_own_that_shares_the_vector() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    f.index();
    fs::copy(f.path("a.png"), f.path("copy.png")).unwrap();
    let report = f.index();
    assert_eq!((report.added, report.embedded, report.reused, report.photos), (1, 0, 1, 2));
    assert_ne!(f.id("a.png"), f.id("copy.png"));
    assert_eq!(f.found(), set(&["a.png", "copy.png"]));
    assert_eq!(f.engine.status().unwrap().models, [(MODEL.to_owned(), 1)]);
}

#[test]
fn an_edited_photo_keeps_its_id_and_is_embedded_again() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.photo("b.png", 2);
    f.add();
    f.index();
    let id = f.id("a.png");
    let request = SearchRequest { images: vec![f.path("a.png")], ..Default::default() };
    let before = f.engine.search(&request, &Cancel::default()).unwrap();
    assert_eq!(before.hits[0].photo, id);
    assert!(before.hits[0].score > 0.999, "{:?}", before.hits[0]);
    // Asked for by the picture that it was: it must have gone by then.
    let was = f.dir.path().join("was.png");
    fs::copy(f.path("a.png"), &was).unwrap();
    pattern(9).save(f.path("a.png")).unwrap();
    let report = f.index();
    assert_eq!((report.modified, report.embedded, report.added, report.removed), (1, 1, 0, 0));
    assert_eq!(f.id("a.png"), id);
    let request = SearchRequest { images: vec![was], ..Default::default() };
    let after = f.engine.search(&request, &Cancel::default()).unwrap();
    assert!(after.hits.iter().all(|hit| hit.score < 0.9999), "{:?}", after.hits);
}

#[test]
fn a_broken_photo_is_listed_with_its_reason_and_stops_nothing() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    fs::write(f.path("broken.jpg"), b"\xff\xd8\xff nonsense").unwrap();
    fs::write(f.path("empty.png"), b"").unwrap();
    f.add();
    let report = f.index();
    assert_eq!((report.embedded, report.failed, report.photos), (1, 2, 3));
    let failures = f.engine.failures().unwrap();
    assert_eq!(failures.len(), 2);
    assert!(failures.iter().all(|failure| !failure.reason.is_empty() && failure.permanent));
    assert_eq!(f.found(), set(&["a.png"]));
    // Not read again as it is, but when it is asked for or has changed.
    assert_eq!(f.index().failed, 0);
    assert_eq!(f.engine.retry_failures().unwrap(), 2);
    assert_eq!(f.index().failed, 2);
    f.photo("broken.jpg", 5);
    let report = f.index();
    assert_eq!((report.modified, report.embedded), (1, 1));
    assert_eq!(f.engine.failures().unwrap().len(), 1);
}

#[test]
fn a_root_that_is_gone_is_offline_and_its_photos_stay() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    f.index();
    let (here, away) = (f.dir.path().join("photos"), f.dir.path().join("unplugged"));
    fs::rename(&here, &away).unwrap();
    let report = f.index();
    assert_eq!((report.removed, report.photos), (0, 1));
    let roots = f.engine.roots().unwrap();
    assert_eq!((roots[0].state, roots[0].photos), (RootState::Offline, 1));
    assert_eq!(f.found(), set(&["a.png"]));
    let library = f.engine.library().unwrap();
    assert!(library[0].offline);
    assert!(f.engine.thumbnail(library[0].photo).is_ok());
    assert!(f.engine.open_photo(library[0].photo).unwrap_err().to_string().contains("a.png"));
    fs::rename(&away, &here).unwrap();
    let report = f.index();
    assert_eq!((report.added, report.embedded), (0, 0));
    assert_eq!(f.engine.roots().unwrap()[0].state, RootState::Online);
}

#[test]
fn a_deleted_photo_leaves_the_answers_and_comes_back_as_itself() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.photo("b.png", 2);
    f.add();
    f.index();
    assert_eq!(f.found().len(), 2);
    let id = f.id("a.png");
    let kept = fs::read(f.path("a.png")).unwrap();
    fs::remove_file(f.path("a.png")).unwrap();
    assert_eq!(f.index().removed, 1);
    assert_eq!(f.found(), set(&["b.png"]));
    fs::write(f.path("a.png"), kept).unwrap();
    let report = f.index();
    assert_eq!((report.embedded, report.photos), (0, 2));
    assert_eq!(f.id("a.png"), id);
    assert_eq!(f.found(), set(&["a.png", "b.png"]));
}

#[test]
fn roots_within_roots_do_not_double_photos() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.photo("inner/b.png", 2);
    let inner = f.engine.add_root(&f.path("inner")).unwrap();
    f.add();
    assert_eq!(f.engine.add_root(&f.path("inner")).unwrap().id, inner.id);
    let report = f.index();
    assert_eq!((report.photos, report.embedded), (2, 2));
    f.engine.remove_root(inner.id).unwrap();
    let report = f.index();
    assert_eq!((report.photos, report.embedded, report.reused), (2, 0, 1));
    let file = f.engine.add_root(&f.path("a.png")).unwrap_err();
    assert_eq!(file.code(), Code::Usage);
    let gone = f.engine.add_root(&f.path("gone")).unwrap_err();
    assert_eq!(gone.code(), Code::Usage);
}

#[test]
fn derived_data_is_rebuilt_when_its_file_is_deleted() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    f.index();
    let id = f.id("a.png");
    let Fixture { dir, engine } = f;
    drop(engine);
    for file in ["derived.sqlite", "derived.sqlite-wal", "derived.sqlite-shm"] {
        let _ = fs::remove_file(dir.path().join("library").join(file));
    }
    let engine = open(dir.path());
    let f = Fixture { dir, engine };
    let report = f.index();
    assert_eq!((report.embedded, report.photos), (1, 1));
    assert_eq!(f.id("a.png"), id);
    assert_eq!(f.found(), set(&["a.png"]));
}

#[test]
fn the_old_model_answers_until_the_new_one_is_complete() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.photo("b.png", 2);
    f.add();
    f.index();
    let ask = |f: &Fixture| {
        let request = SearchRequest { query: "a pattern".into(), ..Default::default() };
        let page = f.engine.search(&request, &Cancel::default()).unwrap();
        (page.model, page.total)
    };
    f.engine.use_model(OTHER_MODEL).unwrap();
    assert_eq!(ask(&f), (MODEL.to_owned(), 2));
    assert_eq!(f.engine.status().unwrap().pending, 2);
    assert_eq!(f.index().embedded, 2);
    assert_eq!(ask(&f), (OTHER_MODEL.to_owned(), 2));
    f.engine.use_model(MODEL).unwrap();
    assert_eq!(f.index().embedded, 0);
    assert_eq!(ask(&f), (MODEL.to_owned(), 2));
}

#[test]
fn a_stopped_run_keeps_what_it_did_and_the_next_one_ends_it() {
    let f = Fixture::new();
    for seed in 0..200 {
        f.photo(&format!("{seed:03}.png"), seed);
    }
    f.add();
    let control = Control::default();
    let stopped = f
        .engine
        .index(&[], &control, &|progress| {
            if progress.step == Step::Indexing {
                control.stop();
            }
        })
        .unwrap();
    assert!(stopped.stopped);
    assert!(stopped.embedded < 200, "{stopped:?}");
    let rest = f.index();
    assert_eq!(stopped.embedded + rest.embedded, 200);
    assert_eq!((rest.added, rest.photos), (0, 200));
    assert_eq!(f.found().len(), 200);
}

#[test]
fn a_question_that_asks_nothing_is_refused() {
    let f = Fixture::new();
    for query in ["", "   \n"] {
        let request = SearchRequest { query: query.into(), ..Default::default() };
        let error = f.engine.search(&request, &Cancel::default()).unwrap_err();
        assert_eq!(error.code(), Code::Usage);
    }
    let request = SearchRequest { similar_to: Some(PhotoId(5)), ..Default::default() };
    assert_eq!(f.engine.search(&request, &Cancel::default()).unwrap_err().code(), Code::NotFound);
    let cancel = Cancel::default();
    cancel.cancel();
    let request = SearchRequest { query: "a dog".into(), ..Default::default() };
    assert_eq!(f.engine.search(&request, &cancel).unwrap_err().code(), Code::Cancelled);
}

#[test]
fn similar_photos_are_found_without_the_photo_itself() {
    let f = Fixture::new();
    for seed in 1..5 {
        f.photo(&format!("{seed}.png"), seed);
    }
    f.add();
    f.index();
    let id = f.id("1.png");
    let request = SearchRequest { similar_to: Some(id), limit: Some(2), ..Default::default() };
    let page = f.engine.search(&request, &Cancel::default()).unwrap();
    assert_eq!((page.hits.len(), page.total), (2, 3));
    assert!(page.hits.iter().all(|hit| hit.photo != id));
    assert!(page.hits[0].score >= page.hits[1].score);
}

#[test]
fn what_another_process_indexed_is_found() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    f.index();
    assert_eq!(f.found().len(), 1);
    let other = open(f.dir.path());
    f.photo("b.png", 2);
    other.index(&[], &Control::default(), &|_| {}).unwrap();
    assert_eq!(f.found(), set(&["a.png", "b.png"]));
}

#[test]
fn following_a_folder_shows_what_happens_in_it() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    let events = Arc::new(Mutex::new(Vec::new()));
    let background = {
        let events = events.clone();
        f.engine.start(move |event| events.lock().unwrap().push(event))
    };
    eventually("the first index", || f.found() == set(&["a.png"]));
    let id = f.id("a.png");

    f.photo("new/b.png", 2);
    eventually("a new file in a new folder", || f.found() == set(&["a.png", "b.png"]));
    fs::rename(f.path("a.png"), f.path("c.png")).unwrap();
    eventually("a rename", || f.found() == set(&["b.png", "c.png"]));
    assert_eq!(f.id("c.png"), id);
    pattern(9).save(f.path("c.png")).unwrap();
    let edited = SearchRequest { images: vec![f.path("c.png")], ..Default::default() };
    eventually("an edit", || {
        let page = f.engine.search(&edited, &Cancel::default()).unwrap();
        page.hits[0].photo == id && page.hits[0].score > 0.999
    });
    fs::remove_dir_all(f.path("new")).unwrap();
    eventually("a removed folder", || f.found() == set(&["c.png"]));

    let more = f.dir.path().join("more");
    fs::create_dir(&more).unwrap();
    pattern(7).save(more.join("d.png")).unwrap();
    let root = f.engine.add_root(&more).unwrap();
    eventually("a second folder", || f.found() == set(&["c.png", "d.png"]));
    fs::rename(&more, f.dir.path().join("unplugged")).unwrap();
    eventually("an offline folder", || {
        f.engine.roots().unwrap().iter().any(|r| r.id == root.id && r.state == RootState::Offline)
    });
    assert_eq!(f.found(), set(&["c.png", "d.png"]));

    let began = Instant::now();
    drop(background);
    assert!(began.elapsed() < Duration::from_secs(10), "stopping took {:?}", began.elapsed());
    let events = events.lock().unwrap();
    assert!(!events.iter().any(|event| matches!(event, Event::Failed(_))), "{events:?}");
    assert!(events.iter().any(|event| matches!(event, Event::RootsChanged)));
    assert!(events.iter().any(|event| matches!(event, Event::LibraryChanged)));
}

#[test]
fn paused_work_waits_and_goes_on() {
    let f = Fixture::new();
    for seed in 0..100 {
        f.photo(&format!("{seed:03}.png"), seed);
    }
    f.add();
    let paused = Arc::new(AtomicUsize::new(0));
    let background = {
        let paused = paused.clone();
        f.engine.start(move |event| {
            if let Event::Progress(progress) = event
                && progress.step == Step::Paused
            {
                paused.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    background.control().pause();
    eventually("a pause is told", || paused.load(Ordering::Relaxed) > 0);
    // What was in flight is stored within a moment; then nothing more comes.
    std::thread::sleep(Duration::from_secs(2));
    let before = f.engine.status().unwrap().pending;
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(f.engine.status().unwrap().pending, before);
    background.control().resume();
    eventually("the rest is indexed", || f.engine.status().unwrap().pending == 0);
    assert_eq!(f.found().len(), 100);
}

#[test]
fn photos_that_cannot_be_reached_keep_the_old_model_answering() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    let drive = f.dir.path().join("drive");
    fs::create_dir(&drive).unwrap();
    pattern(2).save(drive.join("b.png")).unwrap();
    f.engine.add_root(&drive).unwrap();
    f.index();
    let unplugged = f.dir.path().join("unplugged");
    fs::rename(&drive, &unplugged).unwrap();
    f.engine.use_model(OTHER_MODEL).unwrap();
    assert_eq!(f.index().embedded, 1);
    assert_eq!(f.found(), set(&["a.png", "b.png"]));
    fs::rename(&unplugged, &drive).unwrap();
    assert_eq!(f.index().embedded, 1);
    let request = SearchRequest { query: "a pattern".into(), ..Default::default() };
    let page = f.engine.search(&request, &Cancel::default()).unwrap();
    assert_eq!((page.model.as_str(), page.total), (OTHER_MODEL, 2));
}

#[test]
fn another_model_of_the_same_name_shares_no_vectors() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    for fixture in [MODEL, OTHER_MODEL] {
        let folder = f.dir.path().join("mine");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        for file in fs::read_dir(fixtures.join(fixture)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), folder.join(file.file_name())).unwrap();
        }
        assert_eq!(f.engine.add_model(&folder, PairCheck::Skipped).unwrap().id, "mine");
        f.engine.use_model("mine").unwrap();
        assert_eq!(f.index().embedded, 1, "{fixture}");
        assert_eq!(f.found(), set(&["a.png"]));
        f.engine.remove_model("mine").unwrap();
    }
}

#[test]
fn only_an_installed_model_can_be_used() {
    let f = Fixture::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/clip-gelu");
    for name in [folder.to_str().unwrap(), "no-such-model"] {
        assert_eq!(f.engine.use_model(name).unwrap_err().code(), Code::Usage);
    }
    assert_eq!(f.engine.current_model().unwrap().id, MODEL);
}

#[test]
fn a_root_within_one_that_is_indexed_is_indexed_too() {
    let f = Fixture::new();
    f.photo("inner/a.png", 1);
    f.engine.add_root(&f.path("inner")).unwrap();
    f.add();
    let outer = f.engine.roots().unwrap()[1].id;
    f.photo("inner/b.png", 2);
    let report = f.engine.index(&[outer], &Control::default(), &|_| {}).unwrap();
    assert_eq!((report.added, report.photos), (2, 2));
}

#[test]
#[cfg(unix)]
fn a_link_to_a_drive_that_is_away_takes_nothing_away() {
    let f = Fixture::new();
    let drive = f.dir.path().join("drive");
    fs::create_dir(&drive).unwrap();
    pattern(2).save(drive.join("b.png")).unwrap();
    std::os::unix::fs::symlink(&drive, f.path("link")).unwrap();
    f.add();
    assert_eq!(f.index().embedded, 1);
    fs::rename(&drive, f.dir.path().join("unplugged")).unwrap();
    let report = f.index();
    assert_eq!((report.removed, report.photos), (0, 1));
    assert_eq!(f.found(), set(&["b.png"]));
    fs::remove_file(f.path("link")).unwrap();
    assert_eq!(f.index().removed, 1);
}

#[test]
fn a_photo_edited_in_place_has_another_version() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    f.index();
    let before = f.engine.library().unwrap()[0].version;
    f.photo("a.png", 9);
    f.index();
    let after = f.engine.library().unwrap()[0].version;
    assert!(before != after && before != 0 && after != 0);
}

#[test]
fn two_that_follow_one_library_come_to_rest() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    f.index();
    let scans = Arc::new(AtomicUsize::new(0));
    let engines = [open(f.dir.path()), open(f.dir.path())];
    let following = engines.each_ref().map(|engine| {
        let scans = scans.clone();
        engine.start(move |event| {
            if let Event::Progress(progress) = event
                && progress.step == Step::Scanning
            {
                scans.fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    eventually("both have looked", || scans.load(Ordering::Relaxed) >= 2);
    // Each may still hear of what the other wrote at its start.
    std::thread::sleep(Duration::from_secs(5));
    let before = scans.load(Ordering::Relaxed);
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(scans.load(Ordering::Relaxed), before);
    drop(following);
}
