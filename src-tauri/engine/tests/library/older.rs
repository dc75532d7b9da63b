//! A library that an earlier version made is opened with all that was in it.

use std::fs;
use std::path::PathBuf;

use afterimage_engine::{Code, Engine, Pace, Policy, RootState};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::support::{Fixture, MODEL, options, set};

/// The catalog as it was up to version 4, to be filled from the one of today
/// that is attached as `now`. It must never change: such files are out there.
const VERSION_4: &str = "
    CREATE TABLE root (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      path BLOB NOT NULL UNIQUE,
      state TEXT NOT NULL DEFAULT 'online' CHECK (state IN ('online', 'offline', 'unreadable')),
      device INTEGER,
      skipped INTEGER NOT NULL DEFAULT 0,
      added_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE photo (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      root_id INTEGER NOT NULL REFERENCES root (id) ON DELETE CASCADE,
      rel_path BLOB NOT NULL,
      size INTEGER NOT NULL,
      mtime_ns INTEGER NOT NULL,
      device INTEGER,
      inode INTEGER,
      state TEXT NOT NULL DEFAULT 'present' CHECK (state IN ('present', 'missing')),
      unread INTEGER NOT NULL DEFAULT 1,
      content_hash BLOB CHECK (length(content_hash) = 32),
      time INTEGER NOT NULL,
      taken_at INTEGER,
      width INTEGER, height INTEGER, color INTEGER, format TEXT, camera TEXT, lens TEXT,
      lat REAL, lon REAL, iso INTEGER, aperture REAL, focal_mm REAL, exposure_s REAL,
      added_at INTEGER NOT NULL,
      UNIQUE (root_id, rel_path)
    ) STRICT;
    CREATE INDEX photo_by_time ON photo (state, time DESC, id DESC);
    CREATE INDEX photo_by_hash ON photo (content_hash);
    CREATE TABLE failure (
      photo_id INTEGER PRIMARY KEY REFERENCES photo (id) ON DELETE CASCADE,
      reason TEXT NOT NULL,
      permanent INTEGER NOT NULL,
      failed_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO root SELECT id, path, state, device, skipped, added_at FROM now.root;
    INSERT INTO photo SELECT id, root_id, rel_path, size, mtime_ns, device, inode, state, unread,
      content_hash, time, taken_at, width, height, color, format, camera, lens, lat, lon, iso,
      aperture, focal_mm, exposure_s, added_at FROM now.photo;
    INSERT INTO failure SELECT photo_id, reason, permanent, failed_at FROM now.failure;
    INSERT INTO setting SELECT name, value FROM now.setting;
    -- Ids that were given once are remembered, as they were then.
    UPDATE sqlite_sequence SET seq =
      (SELECT seq FROM now.sqlite_sequence AS now WHERE now.name = sqlite_sequence.name);
    PRAGMA user_version = 4;";

/// Replaces a library's catalog by one of version 4 that holds the same, after
/// `change`; its file.
fn make_older(dir: &TempDir, change: impl FnOnce(&Connection)) -> PathBuf {
    let file = dir.path().join("library/library.sqlite");
    let newer = dir.path().join("newer.sqlite");
    fs::rename(&file, &newer).unwrap();
    change(&Connection::open(&newer).unwrap());
    let older = Connection::open(&file).unwrap();
    older.execute("ATTACH ?1 AS now", [newer.to_str().unwrap()]).unwrap();
    older.execute_batch(VERSION_4).unwrap();
    file
}

#[test]
fn a_library_of_an_earlier_version_keeps_what_the_person_said_and_what_was_computed() {
    let f = Fixture::new();
    for (n, name) in (1..).zip(["a.png", "deep/b.png", "gone.png", "forgotten.png"]) {
        f.photo(name, n);
    }
    fs::write(f.path("broken.png"), b"\x89PNG\r\n\x1a\n and no more").unwrap();
    let more = f.dir.path().join("more");
    fs::create_dir(&more).unwrap();
    f.add();
    f.engine.add_root(&more).unwrap();
    f.engine.set_policy(Policy { pace: Pace::WhenAway, mains_only: true }).unwrap();
    f.index();
    let gone = (f.id("gone.png"), fs::read(f.path("gone.png")).unwrap());
    fs::remove_file(f.path("gone.png")).unwrap();
    fs::rename(&more, f.dir.path().join("unplugged")).unwrap();
    f.index();
    let ids = [f.id("a.png"), f.id("deep/b.png"), f.id("broken.png")];
    let forgotten = f.id("forgotten.png");
    let failures = f.engine.failures().unwrap();
    let roots = |f: &Fixture| {
        let roots = f.engine.roots().unwrap();
        roots.into_iter().map(|root| (root.id, root.path, root.state)).collect::<Vec<_>>()
    };
    let before = roots(&f);
    assert_eq!(before[1].2, RootState::Offline);

    let Fixture { dir, engine } = f;
    drop(engine);
    fs::remove_file(dir.path().join("photos/forgotten.png")).unwrap();
    make_older(&dir, |today| {
        // Photos whose rows are no more had the greatest ids.
        today.execute("DELETE FROM photo WHERE id = ?1", [forgotten.0]).unwrap();
        today.execute("UPDATE sqlite_sequence SET seq = 1000 WHERE name = 'photo'", []).unwrap();
    });

    let engine = Engine::open(options(dir.path())).unwrap();
    let f = Fixture { dir, engine };
    assert!(f.engine.read_only().is_none());
    assert_eq!([f.id("a.png"), f.id("deep/b.png"), f.id("broken.png")], ids);
    assert_eq!(roots(&f), before);
    assert_eq!(f.engine.failures().unwrap(), failures);
    assert_eq!(f.engine.policy().unwrap(), Policy { pace: Pace::WhenAway, mains_only: true });
    assert_eq!(f.engine.current_model().unwrap().id, MODEL);
    assert_eq!(f.found(), set(&["a.png", "b.png"]), "before anything is read again");

    // What that version did not ask of the files is asked now; nothing is
    // embedded again, and what is broken is not tried.
    let embedded = f.count_writes("derived.sqlite", "embedding");
    let report = f.index();
    assert_eq!((report.added, report.moved, report.removed), (0, 0, 0), "{report:?}");
    assert_eq!((report.embedded, report.reused, report.failed), (0, 2, 0), "{report:?}");
    assert_eq!(embedded.so_far(), 0);
    assert_eq!([f.id("a.png"), f.id("deep/b.png"), f.id("broken.png")], ids);

    // A photo that was missing comes back as itself, and a new one has a new id.
    fs::write(f.path("back.png"), gone.1).unwrap();
    f.photo("new.png", 9);
    let report = f.index();
    assert_eq!((f.id("back.png"), report.embedded), (gone.0, 1), "{report:?}");
    assert!(f.id("new.png").0 > 1000, "no id is given twice: {:?}", f.id("new.png"));
}

#[test]
fn an_older_catalog_that_cannot_be_brought_up_to_date_is_left_as_it_was() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    f.index();
    let id = f.id("a.png");
    let Fixture { dir, engine } = f;
    drop(engine);
    let file = make_older(&dir, |_| {});
    let older = Connection::open(&file).unwrap();
    // In the way of a later version's table.
    older.execute_batch("CREATE TABLE new_photo (x)").unwrap();
    drop(older);
    let error = Engine::open(options(dir.path())).map(drop).unwrap_err();
    assert_eq!(error.code(), Code::Failed, "{error}");
    let catalog = Connection::open(&file).unwrap();
    let one = |sql: &str| -> i64 { catalog.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!((one("PRAGMA user_version"), one("SELECT count(*) FROM photo")), (4, 1));
    // With what is in the way out of it, nothing is lost.
    catalog.execute_batch("DROP TABLE new_photo").unwrap();
    drop(catalog);
    let f = Fixture { engine: Engine::open(options(dir.path())).unwrap(), dir };
    assert_eq!((f.id("a.png"), f.index().embedded), (id, 0));
}
