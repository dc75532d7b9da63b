//! A library whose files are damaged: what is computed again, what is left as it
//! is, and what is said.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use afterimage_engine::{
    Cancel, CheckReport, Control, Engine, Event, Repair, SearchRequest, Store, WriterKind,
};
use rusqlite::Connection;

use crate::support::{Fixture, eventually, open, options, set};

fn indexed(photos: u8) -> Fixture {
    let f = Fixture::new();
    for seed in 1..=photos {
        f.photo(&format!("{seed:03}.png"), seed);
    }
    f.add();
    f.index();
    f
}

fn file(f: &Fixture, name: &str) -> PathBuf {
    f.dir.path().join("library").join(name)
}

fn check(dir: &Path, repair: Repair) -> CheckReport {
    Engine::check(&options(dir), repair).unwrap()
}

/// Runs statements on one of the databases, as nobody should.
fn tamper(file: &Path, sql: &str) {
    Connection::open(file).unwrap().execute_batch(sql).unwrap();
}

/// Spoils all of a file that nobody has open but its first page, which is what
/// opening it reads.
fn spoil(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    bytes[4096..].fill(0xa5);
    fs::write(file, bytes).unwrap();
}

fn troubles(report: &CheckReport) -> Vec<(Store, u64, bool)> {
    report.troubles.iter().map(|t| (t.store, t.count, t.repaired)).collect()
}

#[test]
fn a_library_that_is_just_being_made_is_clean_and_an_emptied_one_is_not() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    f.index();
    let Fixture { dir, engine } = f;
    drop(engine);
    let library = dir.path().join("library");
    let check = || Engine::check(&options(dir.path()), Repair::Nothing).unwrap();
    std::fs::write(library.join("derived.sqlite"), "").unwrap();
    assert!(check().is_clean(), "its maker ended");
    std::fs::write(library.join("library.sqlite"), "").unwrap();
    let report = check();
    assert_eq!(report.troubles.len(), 1, "{report:?}");
    assert!(report.troubles[0].what.contains("backups"), "{report:?}");
    // Without a backup it is one that is being made, too.
    std::fs::remove_dir_all(library.join("backups")).unwrap();
    assert!(check().is_clean());
}

#[test]
fn a_sound_library_is_clean() {
    let f = indexed(3);
    for repair in [Repair::Nothing, Repair::Damage, Repair::DamageAndUnused] {
        let report = check(f.dir.path(), repair);
        assert!(report.is_clean() && report.is_sound(), "{report:?}");
        assert_eq!((report.vectors, report.thumbnails, report.photos), (3, 3, 3));
        assert_eq!((report.pending, report.unused_vectors, report.unused_thumbnails), (0, 0, 0));
    }
    assert_eq!(f.index().embedded, 0, "nothing was taken away");
    assert!(Engine::check(&options(&f.dir.path().join("elsewhere")), Repair::Nothing).is_err());
}

#[test]
fn damaged_vectors_and_thumbnails_are_deleted_and_computed_again() {
    let f = indexed(7);
    let derived = file(&f, "derived.sqlite");
    let damage = "
        CREATE TEMP TABLE h AS SELECT row_number() OVER () AS n, content_hash AS hash FROM thumbnail;
        -- Cut off, infinite, none, of another length.
        UPDATE embedding SET vector = substr(vector, 3) WHERE content_hash = (SELECT hash FROM h WHERE n = 1);
        UPDATE embedding SET vector = CAST(x'007c' || substr(vector, 3) AS BLOB) WHERE content_hash = (SELECT hash FROM h WHERE n = 2);
        UPDATE embedding SET vector = CAST(x'007e' || substr(vector, 3) AS BLOB) WHERE content_hash = (SELECT hash FROM h WHERE n = 3);
        UPDATE embedding SET vector = zeroblob(length(vector)) WHERE content_hash = (SELECT hash FROM h WHERE n = 4);
        -- Without its end, without its beginning.
        UPDATE thumbnail SET jpeg = substr(jpeg, 1, length(jpeg) - 1) WHERE content_hash = (SELECT hash FROM h WHERE n = 5);
        UPDATE thumbnail SET jpeg = substr(jpeg, 2) WHERE content_hash = (SELECT hash FROM h WHERE n = 6);";
    tamper(&derived, damage);
    let expected = |repaired| [1, 2, 1, 2].map(|count| (Store::Derived, count, repaired)).to_vec();
    let looked = check(f.dir.path(), Repair::Nothing);
    assert_eq!(troubles(&looked), expected(false));
    assert!(!looked.is_clean() && !looked.is_sound());
    let repaired = check(f.dir.path(), Repair::Damage);
    assert_eq!(troubles(&repaired), expected(true));
    assert!(!repaired.is_clean() && repaired.is_sound());
    let after = check(f.dir.path(), Repair::Nothing);
    assert!(after.is_clean(), "{after:?}");
    assert_eq!((after.vectors, after.thumbnails, after.pending), (3, 5, 6));

    let report = f.index();
    assert_eq!((report.embedded, report.reused, report.failed), (4, 2, 0));
    let whole = check(f.dir.path(), Repair::Nothing);
    assert_eq!((whole.vectors, whole.thumbnails, whole.pending), (7, 7, 0));
}

#[test]
fn what_no_photo_needs_is_counted_and_removed_on_request_only() {
    let f = indexed(3);
    tamper(&file(&f, "library.sqlite"), "PRAGMA foreign_keys = 1; DELETE FROM root");
    for repair in [Repair::Nothing, Repair::Damage] {
        let report = check(f.dir.path(), repair);
        assert!(report.is_clean() && !report.unused_removed);
        assert_eq!((report.unused_vectors, report.unused_thumbnails), (3, 3));
    }
    assert!(check(f.dir.path(), Repair::DamageAndUnused).unused_removed);
    let after = check(f.dir.path(), Repair::Nothing);
    assert_eq!((after.vectors, after.thumbnails, after.unused_vectors), (0, 0, 0));
}

#[test]
fn nothing_is_repaired_under_the_hands_of_one_who_indexes() {
    let f = indexed(2);
    tamper(&file(&f, "derived.sqlite"), "UPDATE embedding SET vector = zeroblob(2)");
    let background = f.engine.start(|_| {});
    eventually("the library is followed", || f.engine.holder().is_some());
    let report = check(f.dir.path(), Repair::DamageAndUnused);
    assert_eq!(report.held.unwrap().kind, WriterKind::Window);
    assert_eq!(troubles(&report), [(Store::Derived, 2, false)]);
    let refused = Engine::restore(&f.dir.path().join("library"), &f.path("001.png")).unwrap_err();
    assert!(refused.to_string().contains("Afterimage's window"), "{refused}");
    drop(background);
    assert!(check(f.dir.path(), Repair::Damage).is_sound());
}

#[test]
fn a_damaged_derived_file_is_set_aside_and_rebuilt_with_a_message() {
    let f = indexed(40);
    let derived = file(&f, "derived.sqlite");
    let dir = f.dir;
    drop(f.engine);
    // Once beyond what opening reads, once at its very beginning.
    for beginning in [false, true] {
        match beginning {
            false => spoil(&derived),
            true => fs::write(&derived, [7; 5000]).unwrap(),
        }
        let damaged = fs::read(&derived).unwrap();
        if !beginning {
            // It is found while somebody works with it, who is told what to do …
            let engine = open(dir.path());
            let request = SearchRequest { query: "a pattern".into(), ..Default::default() };
            let error = engine.search(&request, &Cancel::default()).unwrap_err().to_string();
            assert!(error.contains("derived.sqlite is damaged"), "{error}");
            assert!(error.contains("start Afterimage again"), "{error}");
            assert!(engine.index(&[], &Control::default(), &|_| {}).is_err());
        }
        // … and the next start does it, and says so.
        let engine = open(dir.path());
        let told = Arc::new(Mutex::new(Vec::new()));
        let observer = told.clone();
        let background = engine.start(move |event| {
            if let Event::Failed(error) = event {
                observer.lock().unwrap().push(error.to_string());
            }
        });
        eventually("everything is computed again", || {
            engine.status().unwrap().pending == 0 && crate::support::names(&engine).len() == 40
        });
        drop(background);
        let told = told.lock().unwrap();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("set aside") && told[0].contains("computed again"), "{told:?}");
        assert_eq!(fs::read(derived.with_extension("sqlite.damaged")).unwrap(), damaged);
        let report = check(dir.path(), Repair::Nothing);
        assert!(report.is_clean() && report.vectors == 40, "{report:?}");
    }
}

#[test]
fn a_check_sets_a_damaged_derived_file_aside() {
    let f = indexed(40);
    let derived = file(&f, "derived.sqlite");
    let dir = f.dir;
    drop(f.engine);
    spoil(&derived);
    let looked = check(dir.path(), Repair::Nothing);
    assert!(!looked.is_sound() && derived.exists());
    let report = check(dir.path(), Repair::Damage);
    assert!(report.is_sound() && !report.is_clean(), "{report:?}");
    assert_eq!(report.pending, 40);
    assert!(!derived.exists() && derived.with_extension("sqlite.damaged").exists());
    let engine = open(dir.path());
    let index = engine.index(&[], &Control::default(), &|_| {}).unwrap();
    assert_eq!((index.embedded, index.reused), (40, 0), "{index:?}");
}

#[test]
fn a_damaged_library_is_open_for_reading_only_until_it_is_restored() {
    let f = indexed(4);
    let catalog = file(&f, "library.sqlite");
    let dir = f.dir;
    drop(f.engine);
    fs::write(&catalog, [7; 9000]).unwrap();
    // The first index made a backup when it ended.
    let engine = open(dir.path());
    let reason = engine.read_only().unwrap().to_owned();
    assert!(reason.to_string().contains("library restore"), "{reason}");
    assert_eq!(engine.status().unwrap().read_only.as_ref(), Some(&reason));
    assert_eq!(crate::support::names(&engine), set(&["001.png", "002.png", "003.png", "004.png"]));
    let photo = engine.library().unwrap()[0].photo;
    assert!(engine.thumbnail(photo).is_ok() && engine.photo(photo).is_ok());

    let refusals = [
        engine.add_root(&dir.path().join("library")).map(drop),
        engine.index(&[], &Control::default(), &|_| {}).map(drop),
        engine.watch(&Control::default(), &|_| {}, &|_| {}),
        engine.retry_failures().map(drop),
    ];
    for refusal in refusals {
        assert_eq!(refusal.unwrap_err().message(), reason);
    }
    let told = Arc::new(Mutex::new(Vec::new()));
    let observer = told.clone();
    let background = engine.start(move |event| {
        if let Event::Failed(error) = event {
            observer.lock().unwrap().push(error.to_string());
        }
    });
    eventually("the window is told", || *told.lock().unwrap() == [reason.to_string()]);
    drop(background);
    drop(engine);
    assert_eq!(fs::read(&catalog).unwrap(), [7; 9000]);
    let report = check(dir.path(), Repair::DamageAndUnused);
    assert_eq!(troubles(&report), [(Store::Catalog, 1, false)]);
    assert_eq!(fs::read(&catalog).unwrap(), [7; 9000]);

    let library = dir.path().join("library");
    let backup = fs::read_dir(library.join("backups")).unwrap().next().unwrap().unwrap().path();
    let kept = Engine::restore(&library, &backup).unwrap().unwrap();
    assert_eq!(fs::read(kept).unwrap(), [7; 9000]);
    let engine = open(dir.path());
    assert!(engine.read_only().is_none());
    let report = engine.index(&[], &Control::default(), &|_| {}).unwrap();
    assert_eq!((report.photos, report.embedded), (4, 0));
}
