//! Killing the program in the middle of its work loses at most the batch in
//! flight: the next run goes on, and nothing is lost or doubled.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use rusqlite::{Connection, OpenFlags};

#[cfg(unix)]
use crate::support::interrupt;
use crate::support::{Library, eventually, some_photos};

const PHOTOS: usize = 150;

#[test]
fn indexing_goes_on_after_kill_9() {
    let Some(folder) = some_photos(PHOTOS) else { return };
    let library = Library::new();
    let index = [OsStr::new("index"), folder.path().as_os_str()];

    // Once as soon as anything is stored, once a little later.
    let mut stored = 0;
    for _ in 0..2 {
        let mut child =
            library.process(&index).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        eventually("photos are stored", || {
            embedded(library.path()) > stored || child.try_wait().unwrap().is_some()
        });
        child.kill().unwrap();
        child.wait().unwrap();
        stored = embedded(library.path());
    }
    assert!(stored > 0, "nothing was stored before the kill");
    assert!(stored < PHOTOS, "the kill came too late to show anything");
    // Whatever was cut off, what is visible is whole.
    check(library.path());

    let report = library.json(&index);
    assert_eq!(report["photos"], PHOTOS, "{report}");
    assert_eq!(report["embedded"], PHOTOS - stored, "{report}");
    assert_eq!(report["failed"], 0, "{report}");
    assert_eq!(embedded(library.path()), PHOTOS);
    check(library.path());

    let mut paths = library.found(&["search", "a photo", "--all"]);
    assert_eq!(paths.len(), PHOTOS);
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), PHOTOS, "a photo is listed twice");
    assert_eq!(library.json(&index)["embedded"], 0);
}

#[test]
#[cfg(unix)]
fn ctrl_c_stores_what_is_in_flight_and_says_how_to_go_on() {
    let Some(folder) = some_photos(PHOTOS) else { return };
    let library = Library::new();
    let index = [OsStr::new("index"), folder.path().as_os_str()];
    let mut child =
        library.process(&index).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    eventually("photos are stored", || {
        embedded(library.path()) > 0 || child.try_wait().unwrap().is_some()
    });
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains("run the same command again"), "{complaint}");
    assert!(output.stdout.is_empty());

    let stored = embedded(library.path());
    assert!(stored < PHOTOS, "the interrupt came too late to show anything");
    check(library.path());
    let report = library.json(&index);
    assert_eq!(report["embedded"], PHOTOS - stored, "{report}");
}

/// Vectors that are stored; 0 while there is no store yet.
fn embedded(library: &Path) -> usize {
    count(&library.join("derived.sqlite"), "SELECT count(*) FROM embedding").unwrap_or(0)
}

/// Both databases are sound, and no vector or thumbnail is half there.
fn check(library: &Path) {
    for name in ["library.sqlite", "derived.sqlite"] {
        let database = open(&library.join(name)).unwrap();
        let verdict: String =
            database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok", "{name}");
        let dangling = count(&library.join(name), "SELECT count(*) FROM pragma_foreign_key_check");
        assert_eq!(dangling.unwrap(), 0, "{name}");
    }
    let derived = library.join("derived.sqlite");
    let lengths = "SELECT count(DISTINCT length(vector)) FROM embedding";
    assert_eq!(count(&derived, lengths).unwrap(), 1);
    let bare = "SELECT count(*) FROM embedding
                WHERE content_hash NOT IN (SELECT content_hash FROM thumbnail)";
    assert_eq!(count(&derived, bare).unwrap(), 0, "vectors without thumbnails");
}

fn count(file: &Path, sql: &str) -> rusqlite::Result<usize> {
    open(file)?.query_row(sql, [], |row| row.get(0))
}

fn open(file: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
}
