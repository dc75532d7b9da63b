//! Following a folder shows what happens in it, can be paused, and rests.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use afterimage_engine::{
    Cancel, Control, Event, Holder, Progress, RootState, SearchRequest, Step, WriterKind,
};

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
fn of_two_that_follow_one_library_one_works_and_the_other_takes_over() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    let scans = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    let waits = Arc::new(Mutex::new(None));
    let changes = Arc::new(AtomicUsize::new(0));
    let start = |at: usize| {
        let (scans, waits, changes) = (scans[at].clone(), waits.clone(), changes.clone());
        open(f.dir.path()).start(move |event| match event {
            Event::Progress(Progress { step: Step::Scanning, .. }) => {
                scans.fetch_add(1, Ordering::Relaxed);
            }
            Event::Progress(Progress { step: Step::Waiting(holder), .. }) => {
                assert_eq!(at, 1);
                *waits.lock().unwrap() = Some(holder);
            }
            Event::LibraryChanged if at == 1 => {
                changes.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        })
    };
    let first = start(0);
    eventually("the first index", || f.found() == set(&["a.png"]));
    let second = start(1);
    eventually("the second says that it waits", || waits.lock().unwrap().is_some());
    let expected = Holder { kind: WriterKind::Window, pid: Some(std::process::id()) };
    assert_eq!(*waits.lock().unwrap(), Some(expected));

    // What the one indexes, the other shows.
    let before = changes.load(Ordering::Relaxed);
    f.photo("b.png", 2);
    eventually("a new photo", || f.found() == set(&["a.png", "b.png"]));
    eventually("the second hears of it", || changes.load(Ordering::Relaxed) > before);

    // Whoever writes a little is not kept from it; whoever would index is.
    let more = f.dir.path().join("more");
    fs::create_dir(&more).unwrap();
    f.engine.add_root(&more).unwrap();
    f.engine.retry_failures().unwrap();
    let refused = f.engine.index(&[], &Control::default(), &|_| {}).unwrap_err().to_string();
    assert!(refused.contains("Afterimage's window (process "), "{refused}");
    assert!(refused.contains("close the window first"), "{refused}");
    assert_eq!(f.engine.holder(), Some(expected));

    // At rest, neither keeps the other awake.
    std::thread::sleep(Duration::from_secs(3));
    let rest = scans[0].load(Ordering::Relaxed);
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(scans[0].load(Ordering::Relaxed), rest);
    assert_eq!(scans[1].load(Ordering::Relaxed), 0);

    drop(first);
    eventually("the second takes over", || scans[1].load(Ordering::Relaxed) > 0);
    f.photo("c.png", 3);
    eventually("and indexes", || f.found() == set(&["a.png", "b.png", "c.png"]));
    drop(second);
    assert_eq!(f.engine.holder(), None);
}
