//! Following a folder shows what happens in it, can be paused, and rests.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use afterimage_engine::{
    Cancel, Control, Event, Holder, Progress, RootState, SearchRequest, Step, WriterKind,
};

use crate::support::{Fixture, eventually, open, pattern, set, settles};

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
    // What was in flight is stored, in whatever time; then nothing more comes.
    let pending = || f.engine.status().unwrap().pending;
    eventually("nothing more is stored", || {
        let before = pending();
        std::thread::sleep(Duration::from_secs(2));
        pending() == before
    });
    assert!(pending() > 0, "the pause came too late to show anything");
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
    let idle = Arc::new(AtomicBool::new(false));
    let waits = Arc::new(Mutex::new(None));
    let changes = Arc::new(AtomicUsize::new(0));
    let start = |at: usize| {
        let (scans, waits, changes) = (scans[at].clone(), waits.clone(), changes.clone());
        let idle = idle.clone();
        open(f.dir.path()).start(move |event| match event {
            Event::Progress(Progress { step: Step::Scanning, .. }) => {
                scans.fetch_add(1, Ordering::Relaxed);
                idle.store(false, Ordering::Relaxed);
            }
            Event::Progress(Progress { step: Step::Idle, .. }) => {
                idle.store(true, Ordering::Relaxed);
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
    eventually("both are at rest", || {
        let before = scans[0].load(Ordering::Relaxed);
        let was_idle = idle.load(Ordering::Relaxed);
        std::thread::sleep(Duration::from_secs(4));
        was_idle && scans[0].load(Ordering::Relaxed) == before
    });
    assert_eq!(scans[1].load(Ordering::Relaxed), 0);

    drop(first);
    eventually("the second takes over", || scans[1].load(Ordering::Relaxed) > 0);
    f.photo("c.png", 3);
    eventually("and indexes", || f.found() == set(&["a.png", "b.png", "c.png"]));
    drop(second);
    assert_eq!(f.engine.holder(), None);
}

#[test]
fn folders_within_folders_come_and_go_without_doubling_a_photo() {
    let f = Fixture::new();
    let names = ["top.png", "inner/a.png", "inner/deep/b.png", "inner beside/c.png"];
    for (n, name) in (1..).zip(names) {
        f.photo(name, n);
    }
    let embedded = f.count_writes("derived.sqlite", "embedding");
    let background = f.engine.start(|_| {});
    let listed = || f.engine.library().unwrap().len();
    let photos = || f.engine.roots().unwrap().iter().map(|root| root.photos).collect::<Vec<_>>();

    // First a folder in the middle, then its parent, then a folder in it.
    let inner = f.engine.add_root(&f.path("inner")).unwrap();
    settles("the inner folder", (2, vec![2]), || (listed(), photos()));
    let ids = [f.id("inner/a.png"), f.id("inner/deep/b.png")];
    f.add();
    settles("its parent", (4, vec![2, 2]), || (listed(), photos()));
    assert_eq!(f.engine.add_root(&f.path("inner/deep")).unwrap().id, inner.id);
    assert_eq!([f.id("inner/a.png"), f.id("inner/deep/b.png")], ids);

    // What happens in both is seen once.
    f.photo("inner/new.png", 10);
    settles("a new photo", (5, vec![3, 2]), || (listed(), photos()));
    let new = f.id("inner/new.png");
    fs::rename(f.path("inner/new.png"), f.path("new.png")).unwrap();
    settles("a move outward", (5, vec![2, 3]), || (listed(), photos()));
    assert_eq!(f.id("new.png"), new);

    // Without the inner one its files are the outer one's.
    f.engine.remove_root(inner.id).unwrap();
    settles("the inner one is removed", (5, vec![5]), || (listed(), photos()));
    let b = f.id("inner/deep/b.png");
    fs::rename(f.path("inner/deep/b.png"), f.path("inner/b.png")).unwrap();
    let moved = || f.engine.find_photo(&f.path("inner/b.png")).unwrap();
    settles("it is still followed", (5, Some(b)), || (listed(), moved()));
    let covered = f.engine.add_root(&f.path("inner")).unwrap();
    assert_eq!(covered.photos, 5, "it belongs to its parent");
    f.engine.remove_root(f.root().id).unwrap();
    settles("nothing is left", (0, vec![]), || (listed(), photos()));
    drop(background);
    assert_eq!(embedded.so_far(), 5, "each photo once");
    assert!(f.path("inner/b.png").is_file());
}

#[test]
fn an_empty_folder_in_the_place_of_one_that_went_takes_nothing_away() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.photo("trip/b.png", 2);
    f.add();
    let background = f.engine.start(|_| {});
    settles("the first index", set(&["a.png", "b.png"]), || f.found());
    let id = f.id("a.png");
    let away = f.dir.path().join("away");
    fs::rename(f.path(""), &away).unwrap();
    fs::create_dir(f.path("")).unwrap();
    settles("it is offline", RootState::Offline, || f.root().state);
    assert_eq!((f.root().photos, f.found()), (2, set(&["a.png", "b.png"])));
    fs::remove_dir(f.path("")).unwrap();
    fs::rename(&away, f.path("")).unwrap();
    settles("it is back", RootState::Online, || f.root().state);
    assert_eq!((f.id("a.png"), f.found()), (id, set(&["a.png", "b.png"])));
    drop(background);
}

#[test]
fn a_folder_that_goes_in_the_middle_of_the_work_comes_back_with_what_changed() {
    const PHOTOS: u8 = 200;
    let f = Fixture::new();
    for seed in 0..PHOTOS {
        f.photo(&format!("trip/{seed:03}.png"), seed);
    }
    f.add();
    let embedded = f.count_writes("derived.sqlite", "embedding");
    let background = f.engine.start(|_| {});
    eventually("some are stored", || embedded.so_far() > 0);
    let (here, away) = (f.path(""), f.dir.path().join("unplugged"));
    fs::rename(&here, &away).unwrap();
    let took = eventually("it is offline", || f.root().state == RootState::Offline);
    assert!(took < Duration::from_secs(20), "offline after {took:?}");
    assert_eq!((f.root().photos, f.engine.status().unwrap().failed), (PHOTOS.into(), 0));
    // What it was caught at is stored still; how much was read by then is chance.
    let read = || f.engine.library().unwrap().into_iter().filter(|hit| hit.version != 0);
    eventually("what was stored is listed", || read().next().is_some());
    for hit in read() {
        assert!(f.engine.thumbnail(hit.photo).is_ok(), "{hit:?}");
    }
    assert!(f.engine.library().unwrap().iter().all(|hit| hit.offline));
    assert_eq!(f.engine.status().unwrap().pending, 0, "what is away is not waited for");

    fs::rename(away.join("trip/000.png"), away.join("trip/first.png")).unwrap();
    fs::remove_file(away.join("trip/001.png")).unwrap();
    pattern(250).save(away.join("trip/new.png")).unwrap();
    fs::rename(&away, &here).unwrap();
    eventually("it is back", || f.root().state == RootState::Online);
    let there = || {
        let found = f.found();
        let named = |name: &str| found.contains(name);
        (found.len(), ["000.png", "001.png", "first.png", "new.png"].map(named))
    };
    settles("all of it", (PHOTOS.into(), [false, false, true, true]), there);
    drop(background);
    assert!(f.engine.failures().unwrap().is_empty());
    // The photo that was deleted may have been embedded before.
    let most = u64::from(PHOTOS) + 1;
    assert!((most - 1..=most).contains(&embedded.so_far()), "{}", embedded.so_far());
}
