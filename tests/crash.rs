//! Killing the program in the middle of its work loses at most the batch in
//! flight: the next run goes on, and nothing is lost or doubled.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

#[cfg(unix)]
use crate::support::interrupt;
use crate::support::{Library, eventually, everyday, some_photos};

const PHOTOS: usize = 150;

/// Kills of the long test.
const KILLS: usize = 50;

/// Photos that are stored together, which is the most that a kill loses of what
/// was embedded, beside as many that wait to be stored, and those being embedded.
const BATCH: usize = 64;

#[test]
fn indexing_goes_on_after_kill_9() {
    let Some(folder) = some_photos(PHOTOS) else { return };
    let index = [OsStr::new("index"), folder.path().as_os_str()];

    // Once as soon as anything is stored, once a little later.
    let (library, stored) = cut_short(|library| {
        for _ in 0..2 {
            let mut child = until_more_is_stored(library, &index);
            child.kill().unwrap();
            child.wait().unwrap();
        }
    });
    assert!(stored > 0, "nothing was stored before the kill");
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

/// Whenever the program is killed, its library is whole, what was stored is
/// neither lost nor computed again, and in the end everything is as if it had
/// never been killed.
///
/// How many photos it embedded cannot be asked of a process that was killed. What
/// it decoded stands in its log, and whatever it embedded it decoded before: that
/// is counted, and is at most a batch a kill above the photos. That each is stored
/// once is shown by what the last run reports, which must be exactly the rest.
#[test]
fn fifty_kills_at_random_moments_leave_what_one_quiet_run_makes() {
    let Some(everyday) = everyday() else { return };
    let index = [OsStr::new("index"), everyday.photos.as_os_str()];
    let quiet = results(everyday.library.path());
    let photos = quiet.len();

    let began = Instant::now();
    let mut random = Random(0x5eed);
    let (mut kills, mut libraries, mut runs, mut decoded) = (0, 0, 0, 0);
    let mut lengths = Vec::new();
    while kills < KILLS {
        let library = Library::new();
        let log = tempfile::NamedTempFile::new().unwrap();
        libraries += 1;
        let (mut stored, mut reported) = (0, 0);
        loop {
            let mut child = library
                .process(&index)
                .arg("--json")
                .env("AFTERIMAGE_LOG", "afterimage_engine::jobs=debug")
                .stdout(Stdio::piped())
                .stderr(log.reopen().unwrap())
                .spawn()
                .unwrap();
            runs += 1;
            // By turns at any moment from before the databases are made, and at
            // one after this run has stored something: the machine's speed, and
            // what else it does, must not decide where the kills fall.
            if runs % 2 == 0 {
                eventually("something is stored", || {
                    embedded(library.path()) > stored || child.try_wait().unwrap().is_some()
                });
            }
            let moment =
                Duration::from_millis(random.below(if runs % 2 == 0 { 400 } else { 1500 }));
            std::thread::sleep(moment);
            let killed = kills < KILLS && child.try_wait().unwrap().is_none();
            if killed {
                child.kill().unwrap();
            }
            let output = child.wait_with_output().unwrap();
            let said = std::fs::read_to_string(log.path()).unwrap();
            decoded += said.lines().filter(|line| line.contains(": decoded ")).count();
            log.as_file().set_len(0).unwrap();
            let now = embedded(library.path());
            assert!(now >= stored, "{} vectors were lost", stored - now);
            if library.path().join("library.sqlite").metadata().is_ok_and(|f| f.len() > 0) {
                let report = library.json(&["library", "check", "--dry-run"]);
                assert_eq!(report["clean"], true, "run {runs}, {moment:?}: {report}");
            }
            if killed {
                lengths.push(now - stored);
                kills += 1;
                stored = now;
                continue;
            }
            assert!(output.status.success(), "it ended by itself, and not well");
            let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            let embedded = report["embedded"].as_u64().unwrap() as usize;
            let reused = report["reused"].as_u64().unwrap() as usize;
            assert_eq!(report["failed"], 0, "{report}");
            // What the runs before stored and could not tell the catalog of.
            assert!(reused <= 2 * BATCH, "{report}");
            reported += embedded;
            assert_eq!(stored + reported, photos, "stored before, and then: {report}");
            break;
        }
        assert_eq!(results(library.path()), quiet);
        check(library.path());
        assert_eq!(library.json(&index)["embedded"], 0);
    }
    let stored: usize = lengths.iter().sum();
    eprintln!(
        "{kills} kills, {runs} runs, {libraries} libraries, {:.0} s; the runs that were killed \
         stored {stored} photos, {} of them none; {decoded} photos were decoded for {}",
        began.elapsed().as_secs_f64(),
        lengths.iter().filter(|&&stored| stored == 0).count(),
        libraries * photos,
    );
    assert!((libraries * photos..=libraries * photos + kills * BATCH).contains(&decoded));
}

/// What a library has of each photo: its name, what was read of it, a digest of
/// its vector and its thumbnail. Numbers and places differ from run to run.
fn results(library: &Path) -> BTreeMap<Vec<u8>, Vec<rusqlite::types::Value>> {
    let database = open(&library.join("library.sqlite")).unwrap();
    let derived = library.join("derived.sqlite");
    let attached = database.execute("ATTACH ?1 AS derived", [derived.to_str().unwrap()]);
    attached.unwrap();
    let mut statement = database
        .prepare(
            "SELECT rel_path, photo.content_hash, photo.width, photo.height, color, format, time,
                    unread, state, vector, jpeg
             FROM photo LEFT JOIN derived.embedding USING (content_hash)
             LEFT JOIN derived.thumbnail USING (content_hash)",
        )
        .unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let values = (1..columns).map(|column| row.get(column)).collect::<Result<_, _>>()?;
        Ok((row.get(0)?, values))
    });
    let rows: Vec<_> = rows.unwrap().collect::<Result<_, _>>().unwrap();
    let count = rows.len();
    let results: BTreeMap<_, _> = rows.into_iter().collect();
    assert_eq!(results.len(), count, "a photo is there twice");
    results
}

/// Numbers that are the same in each run of the test (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

#[test]
#[cfg(unix)]
fn ctrl_c_stores_what_is_in_flight_and_says_how_to_go_on() {
    let Some(folder) = some_photos(PHOTOS) else { return };
    let index = [OsStr::new("index"), folder.path().as_os_str()];
    let mut output = None;
    let (library, stored) = cut_short(|library| {
        let child = until_more_is_stored(library, &index);
        interrupt(&child);
        output = Some(child.wait_with_output().unwrap());
    });
    let output = output.unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains("run the same command again"), "{complaint}");
    assert!(output.stdout.is_empty());
    check(library.path());
    let report = library.json(&index);
    assert_eq!(report["embedded"], PHOTOS - stored, "{report}");
}

/// A library whose index of [`PHOTOS`] was cut short, and what it stored. A machine
/// that is busy with other things may find all of it done: that shows nothing, and
/// is done again.
fn cut_short(mut cut: impl FnMut(&Library)) -> (Library, usize) {
    for _ in 0..10 {
        let library = Library::new();
        cut(&library);
        let stored = embedded(library.path());
        if stored < PHOTOS {
            return (library, stored);
        }
    }
    panic!("it came too late to show anything, ten times");
}

/// Starts to index, and waits until more is stored than was, or it has ended.
fn until_more_is_stored(library: &Library, index: &[&OsStr]) -> Child {
    let stored = embedded(library.path());
    let mut command = library.process(index);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    eventually("photos are stored", || {
        embedded(library.path()) > stored || child.try_wait().unwrap().is_some()
    });
    child
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
