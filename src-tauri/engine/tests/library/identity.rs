//! A photo stays the photo that it was, whatever is done to its file, while the
//! folder is followed and while nobody looks; and no content is embedded twice.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use afterimage_engine::{Event, PhotoId};

use crate::support::{Fixture, Writes, eventually, pattern};

/// Something that is done to files, and what is to become of their photos.
struct Deed {
    what: &'static str,
    act: fn(&Fixture),
    /// Photos by their names before and after; all others stay where they are.
    moved: &'static [(&'static str, &'static str)],
    /// Photos that were not there before.
    added: &'static [&'static str],
    /// Contents that were never seen before.
    embedded: u64,
}

/// The names of all photos before anything is done. Two roots, `one` and `two`.
const PHOTOS: [&str; 11] = [
    "one/renamed.png",
    "one/case.png",
    "one/moved.png",
    "one/other root.png",
    "one/dragged.png",
    "one/replaced.png",
    "one/backed up.png",
    "one/left.png",
    "one/right.png",
    "one/trip/copied.png",
    "one/trip/edited.png",
];

const DEEDS: [Deed; 11] = [
    Deed {
        what: "a rename",
        act: |f| rename(f, "one/renamed.png", "one/another name.png"),
        moved: &[("one/renamed.png", "one/another name.png")],
        added: &[],
        embedded: 0,
    },
    Deed {
        what: "a rename by case alone",
        act: |f| rename(f, "one/case.png", "one/CASE.png"),
        moved: &[("one/case.png", "one/CASE.png")],
        added: &[],
        embedded: 0,
    },
    Deed {
        what: "a move into a new folder",
        act: |f| {
            fs::create_dir_all(f.path("one/new/folder")).unwrap();
            rename(f, "one/moved.png", "one/new/folder/moved.png");
        },
        moved: &[("one/moved.png", "one/new/folder/moved.png")],
        added: &[],
        embedded: 0,
    },
    Deed {
        what: "a move to the other root",
        act: |f| rename(f, "one/other root.png", "two/other root.png"),
        moved: &[("one/other root.png", "two/other root.png")],
        added: &[],
        embedded: 0,
    },
    Deed {
        what: "a move as between two disks: copied with its time, then deleted",
        act: |f| {
            let (from, to) = (f.path("one/dragged.png"), f.path("two/dragged.png"));
            let time = fs::metadata(&from).unwrap().modified().unwrap();
            fs::copy(&from, &to).unwrap();
            File::options().append(true).open(to).unwrap().set_modified(time).unwrap();
            fs::remove_file(from).unwrap();
        },
        moved: &[("one/dragged.png", "two/dragged.png")],
        added: &[],
        embedded: 0,
    },
    Deed {
        what: "a new version written beside it and renamed over it",
        act: |f| {
            pattern(101).save(f.path("one/.new version.png")).unwrap();
            rename(f, "one/.new version.png", "one/replaced.png");
        },
        moved: &[],
        added: &[],
        embedded: 1,
    },
    Deed {
        what: "a new version, with the old one kept as a backup that is no photo",
        act: |f| {
            rename(f, "one/backed up.png", "one/backed up.png~");
            pattern(102).save(f.path("one/backed up.png")).unwrap();
        },
        moved: &[],
        added: &[],
        embedded: 1,
    },
    Deed {
        what: "two photos that swap their names",
        act: |f| {
            rename(f, "one/left.png", "one/between.png");
            rename(f, "one/right.png", "one/left.png");
            rename(f, "one/between.png", "one/right.png");
        },
        moved: &[("one/left.png", "one/right.png"), ("one/right.png", "one/left.png")],
        added: &[],
        embedded: 0,
    },
    Deed {
        what: "a copy",
        act: |f| {
            fs::copy(f.path("one/trip/copied.png"), f.path("two/copy.png")).unwrap();
        },
        moved: &[],
        added: &["two/copy.png"],
        embedded: 0,
    },
    Deed {
        what: "an edit",
        act: |f| pattern(103).save(f.path("one/trip/edited.png")).unwrap(),
        moved: &[],
        added: &[],
        embedded: 1,
    },
    Deed {
        what: "a folder that is renamed",
        act: |f| rename(f, "one/trip", "one/Lisbon"),
        moved: &[
            ("one/trip/copied.png", "one/Lisbon/copied.png"),
            ("one/trip/edited.png", "one/Lisbon/edited.png"),
        ],
        added: &[],
        embedded: 0,
    },
];

fn rename(f: &Fixture, from: &str, to: &str) {
    fs::rename(f.path(from), f.path(to)).unwrap();
}

/// A library of two roots with everything indexed, and what counts its vectors.
fn library() -> (Fixture, Writes) {
    let f = Fixture::new();
    for (n, name) in (1..).zip(PHOTOS) {
        f.photo(name, n);
    }
    for root in ["one", "two"] {
        fs::create_dir_all(f.path(root)).unwrap();
        f.engine.add_root(&f.path(root)).unwrap();
    }
    let embedded = f.count_writes("derived.sqlite", "embedding");
    assert_eq!(f.index().photos, PHOTOS.len() as u64);
    (f, embedded)
}

/// All photos by name, within the folder that holds the roots, with their ids.
fn listed(f: &Fixture) -> BTreeMap<String, PhotoId> {
    let top = f.path("").canonicalize().unwrap();
    let name = |path: &Path| path.strip_prefix(&top).unwrap().to_str().unwrap().to_owned();
    f.engine.library().unwrap().iter().map(|hit| (name(&hit.path), hit.photo)).collect()
}

/// What is to be listed after a deed; what it added has whatever id it has.
fn after(
    deed: &Deed,
    before: &BTreeMap<String, PhotoId>,
    now: &BTreeMap<String, PhotoId>,
) -> BTreeMap<String, PhotoId> {
    let mut expected = before.clone();
    let ids: Vec<PhotoId> =
        deed.moved.iter().map(|(from, _)| expected.remove(*from).unwrap()).collect();
    expected.extend(deed.moved.iter().map(|(_, to)| (*to).to_owned()).zip(ids));
    for &name in deed.added {
        let id = now.get(name).copied().unwrap_or(PhotoId(0));
        assert!(!before.values().any(|known| *known == id), "{name} is a photo of its own");
        expected.insert(name.to_owned(), id);
    }
    expected
}

fn check_vectors(f: &Fixture, what: &str) {
    for name in listed(f).keys() {
        assert!(f.is_found_by_its_picture(name), "{name} after {what}");
    }
    let report = f.engine.failures().unwrap();
    assert!(report.is_empty(), "{report:?} after {what}");
}

#[test]
fn a_photo_stays_itself_whatever_happens_while_it_is_followed() {
    let (f, embedded) = library();
    let background = f.engine.start(|_| {});
    eventually("the library is followed", || f.engine.holder().is_some());
    let mut vectors = embedded.so_far();
    // Some at a time: each time it takes a second or two until they are seen.
    for deeds in DEEDS.chunks(4) {
        let what: Vec<&str> = deeds.iter().map(|deed| deed.what).collect();
        let what = what.join("; ");
        let before = listed(&f);
        for deed in deeds {
            (deed.act)(&f);
            vectors += deed.embedded;
        }
        let expected = || {
            let now = listed(&f);
            deeds.iter().fold(before.clone(), |expected, deed| after(deed, &expected, &now))
        };
        let seen = || (listed(&f), f.engine.status().unwrap().pending, embedded.so_far());
        // What is expected of a copy's id is known when it is there.
        eventually(&what, || seen() == (expected(), 0, vectors));
        check_vectors(&f, &what);
    }
    drop(background);
    assert_eq!(embedded.so_far(), vectors);
    let report = f.index();
    assert_eq!((report.added, report.moved, report.modified, report.removed), (0, 0, 0, 0));
}

#[test]
fn a_photo_stays_itself_whatever_happens_while_nobody_looks() {
    let (mut f, embedded) = library();
    let mut vectors = embedded.so_far();
    for deed in &DEEDS {
        let before = listed(&f);
        (deed.act)(&f);
        vectors += deed.embedded;
        f = f.reopen();
        let report = f.index();
        let now = listed(&f);
        assert_eq!(now, after(deed, &before, &now), "{}", deed.what);
        assert_eq!(report.embedded, deed.embedded, "{}: {report:?}", deed.what);
        assert_eq!(report.added, deed.added.len() as u64, "{}: {report:?}", deed.what);
        assert_eq!(report.removed, 0, "{}: {report:?}", deed.what);
        assert_eq!(embedded.so_far(), vectors, "{}", deed.what);
        check_vectors(&f, deed.what);
    }
}

#[test]
fn all_of_that_at_once_is_understood_too() {
    let (f, embedded) = library();
    let mut expected = listed(&f);
    let vectors = embedded.so_far();
    for deed in &DEEDS {
        (deed.act)(&f);
    }
    let report = f.reopen();
    let (f, report) = (&report, report.index());
    let now = listed(f);
    for deed in &DEEDS {
        expected = after(deed, &expected, &now);
    }
    assert_eq!(now, expected);
    assert_eq!((report.added, report.removed), (1, 0), "{report:?}");
    let new: u64 = DEEDS.iter().map(|deed| deed.embedded).sum();
    assert_eq!((report.embedded, embedded.so_far()), (new, vectors + new));
    check_vectors(f, "all of it");
}

#[test]
fn two_thousand_photos_that_move_are_one_change() {
    const PHOTOS: usize = 2_000;
    let f = Fixture::new();
    for folder in ["inbox", "two"] {
        fs::create_dir(f.path(folder)).unwrap();
    }
    for n in 0..PHOTOS {
        fs::write(f.path(&format!("inbox/{n:04}.bmp")), dot(n)).unwrap();
    }
    f.add();
    let embedded = f.count_writes("derived.sqlite", "embedding");
    assert_eq!(f.index().embedded, PHOTOS as u64);
    let ids = || {
        let listed = listed(&f).into_iter();
        listed.map(|(name, id)| (name.rsplit_once('/').unwrap().1.to_owned(), id)).collect()
    };
    let before: BTreeMap<String, PhotoId> = ids();
    let all_in = |folder: &str| {
        let photos = listed(&f);
        photos.len() == PHOTOS && photos.keys().all(|name| name.starts_with(folder))
    };
    let changes = Arc::new(AtomicUsize::new(0));
    let looks = Arc::new(AtomicUsize::new(0));
    let background = {
        let (changes, looks) = (changes.clone(), looks.clone());
        f.engine.start(move |event| match event {
            Event::LibraryChanged => drop(changes.fetch_add(1, Ordering::Relaxed)),
            Event::Progress(progress) if progress.step == afterimage_engine::Step::Idle => {
                looks.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        })
    };
    let rest = |before: usize| {
        eventually("it rests", || looks.load(Ordering::Relaxed) > before);
    };
    rest(0);

    // As one folder, and file by file, which is more events than are kept apart.
    type Move = fn(&Fixture);
    let moves: [(&str, Move); 2] = [
        ("trip/", |f| fs::rename(f.path("inbox"), f.path("trip")).unwrap()),
        ("two/", |f| {
            for n in 0..PHOTOS {
                rename(f, &format!("trip/{n:04}.bmp"), &format!("two/{n:04}.bmp"));
            }
        }),
    ];
    for (place, act) in moves {
        let (told, rested) = (changes.load(Ordering::Relaxed), looks.load(Ordering::Relaxed));
        let began = Instant::now();
        act(&f);
        eventually(place, || all_in(place));
        rest(rested);
        // On a machine that halts in the middle of it, for a second or more, what
        // came before is a change of its own.
        let halts = usize::try_from(began.elapsed().as_secs()).unwrap();
        let changes = changes.load(Ordering::Relaxed) - told;
        assert!((1..=1 + halts).contains(&changes), "{changes} changes to {place}");
        assert_eq!(ids(), before, "{place}");
    }
    drop(background);
    assert_eq!(embedded.so_far(), PHOTOS as u64);
}

/// A picture of one colour that no other number gives; reading it costs next to
/// nothing.
fn dot(n: usize) -> Vec<u8> {
    let color = [n, n >> 8, 0].map(|byte| byte.to_le_bytes()[0]);
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(8, 8, image::Rgb(color));
    picture.write_to(&mut bytes, image::ImageFormat::Bmp).unwrap();
    bytes.into_inner()
}

/// Copies a file with its time, which this much is taken off.
fn copy(f: &Fixture, from: &str, to: &str, earlier: std::time::Duration) {
    let time = fs::metadata(f.path(from)).unwrap().modified().unwrap() - earlier;
    fs::create_dir_all(f.path(to).parent().unwrap()).unwrap();
    fs::copy(f.path(from), f.path(to)).unwrap();
    File::options().append(true).open(f.path(to)).unwrap().set_modified(time).unwrap();
}

#[test]
fn a_copy_takes_no_id_while_the_file_is_at_its_place() {
    let (f, embedded) = library();
    let (before, vectors) = (listed(&f), embedded.so_far());
    // The file got another inode, as all do where they are given anew at each mount.
    copy(&f, "one/moved.png", "one/between", Default::default());
    rename(&f, "one/between", "one/moved.png");
    copy(&f, "one/moved.png", "two/moved.png", Default::default());
    let two = f.engine.find_root(&f.path("two")).unwrap().id;
    f.engine.index(&[two], &afterimage_engine::Control::default(), &|_| {}).unwrap();
    let mut now = listed(&f);
    assert!(now.remove("two/moved.png").is_some());
    assert_eq!((now, embedded.so_far()), (before, vectors));
}

#[test]
fn a_move_to_a_disk_that_rounds_times_is_one_though_the_copy_was_seen_first() {
    let (f, embedded) = library();
    let (mut expected, vectors) = (listed(&f), embedded.so_far());
    copy(&f, "one/dragged.png", "two/dragged.png", std::time::Duration::from_millis(700));
    assert_eq!(f.index().added, 1);
    fs::remove_file(f.path("one/dragged.png")).unwrap();
    let report = f.index();
    assert_eq!((report.moved, report.removed), (1, 0), "{report:?}");
    let id = expected.remove("one/dragged.png").unwrap();
    expected.insert("two/dragged.png".to_owned(), id);
    assert_eq!((listed(&f), embedded.so_far()), (expected, vectors));
}

#[test]
fn a_folder_renamed_and_added_again_is_the_same_folder() {
    let (f, embedded) = library();
    let (before, vectors) = (listed(&f), embedded.so_far());
    let root = f.engine.find_root(&f.path("one")).unwrap();
    let exclusions = afterimage_engine::Exclusions { min_bytes: 1, ..Default::default() };
    f.engine.set_exclusions(root.id, &exclusions).unwrap();
    let renamed = |name: &str| {
        let expected = before.iter().map(|(path, id)| (path.replacen("one/", name, 1), *id));
        expected.collect::<BTreeMap<_, _>>()
    };
    // Before anything was seen, and after the old place was seen to be empty.
    for (from, to, seen) in [("one", "uno", false), ("uno", "eins", true)] {
        rename(&f, from, to);
        if seen {
            f.index();
        }
        assert_eq!(f.engine.add_root(&f.path(to)).unwrap().id, root.id, "{to}");
        let report = f.index();
        assert_eq!((report.added, report.moved, report.removed), (0, 0, 0), "{to}: {report:?}");
        assert_eq!(listed(&f), renamed(&format!("{to}/")));
    }
    let root = f.engine.find_root(&f.path("eins")).unwrap();
    assert_eq!((root.exclusions, f.engine.roots().unwrap().len()), (exclusions, 2));
    assert_eq!(embedded.so_far(), vectors);

    // A copy of it is another one, and so is a new folder of its old name.
    rename(&f, "eins", "away");
    fs::create_dir(f.path("eins")).unwrap();
    copy(&f, "away/left.png", "copy/left.png", Default::default());
    assert_ne!(f.engine.add_root(&f.path("copy")).unwrap().id, root.id);
    assert_eq!(f.engine.add_root(&f.path("away")).unwrap().id, root.id);
    assert_eq!(f.engine.add_root(&f.path("eins")).unwrap().photos, 0);
    let report = f.index();
    assert_eq!((report.added, report.moved, report.removed), (1, 0, 0), "{report:?}");
}

#[test]
fn a_folder_renamed_within_another_one_keeps_its_photos() {
    for followed in [true, false] {
        let f = Fixture::new();
        f.photo("a.png", 1);
        f.photo("inner/b.png", 2);
        f.photo("inner/deep/c.png", 3);
        f.engine.add_root(&f.path("inner")).unwrap();
        f.add();
        let embedded = f.count_writes("derived.sqlite", "embedding");
        f.index();
        let ids = ["inner/b.png", "inner/deep/c.png"].map(|name| f.id(name));
        let background = followed.then(|| f.engine.start(|_| {}));
        eventually("it is followed", || !followed || f.engine.holder().is_some());
        rename(&f, "inner", "renamed");
        if !followed {
            f.index();
        }
        let now = || {
            ["renamed/b.png", "renamed/deep/c.png"]
                .map(|name| f.engine.find_photo(&f.path(name)).unwrap())
        };
        crate::support::settles("they are there", ids.map(Some), now);
        drop(background);
        assert_eq!((listed(&f).len(), embedded.so_far()), (3, 3));
    }
}

#[test]
#[cfg(unix)]
fn a_link_to_another_folder_of_the_library_doubles_nothing() {
    let (f, embedded) = library();
    let (before, vectors) = (listed(&f), embedded.so_far());
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(f.path(to), f.path(name)).unwrap();
    link("one/trip", "two/link");
    link("one/left.png", "two/left.png");
    let report = f.index();
    assert_eq!((report.added, listed(&f)), (0, before.clone()), "{report:?}");
    // Nor does it where the link was before the folder.
    fs::create_dir(f.path("outside")).unwrap();
    f.photo("outside/new.png", 50);
    link("outside", "two/outside");
    assert_eq!(f.index().added, 1);
    f.engine.add_root(&f.path("outside")).unwrap();
    f.index();
    let mut now = listed(&f);
    assert!(now.remove("outside/new.png").is_some());
    assert_eq!((now, embedded.so_far()), (before, vectors + 1));
}
