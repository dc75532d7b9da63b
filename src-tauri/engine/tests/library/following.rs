//! Following a folder shows what happens in it, can be paused, and rests.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use afterimage_engine::{Cancel, Event, RootState, SearchRequest, Step};

use crate::support::{Fixture, eventually, open, pattern, set};

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
