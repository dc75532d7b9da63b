//! Indexing is idempotent; identity survives renames, moves and edits; one bad
//! file stops nothing; absence of a root is not deletion; derived data is rebuilt.

use std::fs;

use afterimage_engine::{Cancel, Code, Control, PhotoId, RootState, SearchRequest, Step};

use crate::support::{Fixture, MODEL, open, pattern, set};

#[test]
fn a_second_run_has_nothing_to_do() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.photo("deep/b.jpg", 2);
    f.photo("c.webp", 3);
    fs::write(f.path("d.mp4"), b"a film").unwrap();
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
    assert!(
        failures.iter().all(|failure| !failure.reason.to_string().is_empty() && failure.permanent)
    );
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
    let id = f.id("inner/b.png");
    f.engine.remove_root(inner.id).unwrap();
    assert_eq!(f.id("inner/b.png"), id, "it is the outer one's now");
    let report = f.index();
    assert_eq!((report.photos, report.embedded, report.reused), (2, 0, 0));
    assert_eq!((report.added, f.id("inner/b.png")), (0, id));
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
fn a_picture_that_windows_would_not_turn_is_shown_turned() {
    use image::ImageEncoder;
    let f = Fixture::new();
    let exif = |orientation: u8| {
        let head = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".as_slice();
        [head, &[orientation, 0, 0, 0, 0, 0, 0, 0]].concat()
    };
    let mut files = Vec::new();
    for orientation in [1, 6] {
        for kind in ["png", "webp"] {
            let mut bytes = Vec::new();
            if kind == "png" {
                let mut encoder = image::codecs::png::PngEncoder::new(&mut bytes);
                encoder.set_exif_metadata(exif(orientation)).unwrap();
                pattern(5).write_with_encoder(encoder).unwrap();
            } else {
                let mut encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut bytes);
                encoder.set_exif_metadata(exif(orientation)).unwrap();
                pattern(5).write_with_encoder(encoder).unwrap();
            }
            let name = format!("{orientation}.{kind}");
            fs::write(f.path(&name), &bytes).unwrap();
            files.push((orientation, name, bytes));
        }
    }
    f.add();
    f.index();
    for (orientation, name, bytes) in files {
        let shown = f.engine.open_photo(f.id(&name)).unwrap();
        if orientation == 1 {
            assert!(shown.bytes == bytes && shown.mime == image_type(&name), "{name}");
        } else {
            let picture = image::load_from_memory(&shown.bytes).unwrap();
            assert_eq!((shown.mime, picture.width(), picture.height()), ("image/jpeg", 40, 60));
        }
    }
}

fn image_type(name: &str) -> &'static str {
    if name.ends_with("png") { "image/png" } else { "image/webp" }
}
