//! Drives and shares that come and go while they are followed, on real mounts
//! that only the test sees.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use afterimage_engine::{Background, Event, Exclusions, PhotoId, Progress, RootState, Step};

use crate::support::{Fixture, MODEL, apart, eventually, open, pattern, set, settles};

/// A root is asked every two seconds whether it is there; more is left to slow
/// machines.
const SECONDS: Duration = Duration::from_secs(20);

pub fn run(program: &str, args: &[&Path]) {
    // Not even `/dev/null` may be there.
    let output = Command::new(program).args(args).stdin(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{program} {args:?}: {output:?}");
}

pub fn mount(options: &[&str], source: &Path, at: &Path) {
    let options = options.iter().map(Path::new);
    run("mount", &options.chain([source, at]).collect::<Vec<_>>());
}

fn unmount(at: &Path) {
    run("umount", &[at]);
}

/// A drive of its own, mounted where nobody looks for photos.
pub fn drive(f: &Fixture, name: &str) -> PathBuf {
    let at = f.dir.path().join(name);
    fs::create_dir(&at).unwrap();
    mount(&["-t", "tmpfs"], Path::new("drive"), &at);
    at
}

pub fn plug(drive: &Path, at: &Path) {
    mount(&["--bind"], drive, at);
}

fn photo(at: PathBuf, seed: u8) {
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    pattern(seed).save(at).unwrap();
}

fn follow(f: &Fixture, found: &[&str]) -> Background {
    let background = f.engine.start(|_| {});
    settles("what is there", set(found), || f.found());
    background
}

/// Waits until the first root is in this state, which must not take long.
fn becomes(f: &Fixture, state: RootState) {
    let took = eventually(&format!("it is {state:?}"), || f.root().state == state);
    assert!(took < SECONDS, "{state:?} after {took:?}");
}

/// All photos are there for searches and for the eye, and said to be away.
fn check_away(f: &Fixture, found: &BTreeSet<String>) {
    assert_eq!(&f.found(), found);
    for hit in f.engine.library().unwrap() {
        assert!(hit.offline, "{hit:?}");
        assert!(f.engine.thumbnail(hit.photo).is_ok(), "{hit:?}");
    }
}

#[test]
fn a_drive_that_is_unmounted_is_offline_and_comes_back_with_what_changed() {
    apart("mounts::a_drive_that_is_unmounted_is_offline_and_comes_back_with_what_changed", || {
        let f = Fixture::new();
        let first = drive(&f, "first");
        let names: Vec<String> = (1..=30).map(|n| format!("{n:02}.png")).collect();
        for (n, name) in (1..).zip(&names) {
            photo(first.join("trip").join(name), n);
        }
        let root = f.path("");
        plug(&first, &root);
        f.add();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let background = follow(&f, &names);
        let embedded = f.count_writes("derived.sqlite", "embedding");
        let id = f.id("trip/01.png");

        // Its mount point is an empty folder now, where many photos were.
        unmount(&root);
        fs::rename(first.join("trip/01.png"), first.join("trip/first.png")).unwrap();
        fs::remove_file(first.join("trip/02.png")).unwrap();
        photo(first.join("trip/new.png"), 100);
        becomes(&f, RootState::Offline);
        let mut found = set(&names);
        check_away(&f, &found);
        plug(&first, &root);
        becomes(&f, RootState::Online);
        for gone in ["01.png", "02.png"] {
            found.remove(gone);
        }
        found.extend(set(&["first.png", "new.png"]));
        settles("what changed meanwhile", found.clone(), || f.found());
        assert_eq!((f.id("trip/first.png"), embedded.so_far()), (id, 1));

        // The next time it has another number, and its files have others too.
        unmount(&root);
        let second = drive(&f, "second");
        run("cp", &[Path::new("-a"), &first.join("trip"), &second]);
        photo(second.join("trip/newer.png"), 101);
        becomes(&f, RootState::Offline);
        check_away(&f, &found);
        plug(&second, &root);
        becomes(&f, RootState::Online);
        found.insert("newer.png".to_owned());
        settles("what came meanwhile", found.clone(), || f.found());
        assert_eq!((f.id("trip/first.png"), embedded.so_far()), (id, 2));
        fs::rename(f.path("trip/newer.png"), f.path("trip/newest.png")).unwrap();
        found.remove("newer.png");
        found.insert("newest.png".to_owned());
        settles("it is watched again", found.clone(), || f.found());

        // Nor does it matter who finds the mount point empty.
        drop(background);
        unmount(&root);
        let report = f.index();
        assert_eq!((report.removed, report.photos), (0, found.len() as u64));
        check_away(&f, &found);
    });
}

#[test]
fn a_drive_mounted_within_a_folder_takes_nothing_away_when_it_goes() {
    apart("mounts::a_drive_mounted_within_a_folder_takes_nothing_away_when_it_goes", || {
        let f = Fixture::new();
        let away = drive(&f, "away");
        photo(away.join("deep/b.png"), 2);
        f.photo("a.png", 1);
        fs::create_dir(f.path("drive")).unwrap();
        plug(&away, &f.path("drive"));
        f.add();
        let background = follow(&f, &["a.png", "b.png"]);
        let id = f.id("drive/deep/b.png");
        unmount(&f.path("drive"));
        photo(away.join("deep/d.png"), 4);
        fs::rename(f.path("a.png"), f.path("c.png")).unwrap();
        settles("the rest is followed", set(&["b.png", "c.png"]), || f.found());
        assert_eq!(f.root().state, RootState::Online);
        plug(&away, &f.path("drive"));
        settles("it is back", set(&["b.png", "c.png", "d.png"]), || f.found());
        assert_eq!(f.id("drive/deep/b.png"), id);
        fs::rename(f.path("drive/deep/d.png"), f.path("drive/deep/e.png")).unwrap();
        settles("it is followed again", set(&["b.png", "c.png", "e.png"]), || f.found());
        drop(background);
    });
}

#[test]
fn a_drive_that_is_back_within_a_moment_is_followed_again() {
    apart("mounts::a_drive_that_is_back_within_a_moment_is_followed_again", || {
        // As the root, and in a folder of it.
        for place in ["", "drive"] {
            let f = Fixture::new();
            let at = f.path(place);
            fs::create_dir_all(&at).unwrap();
            mount(&["-t", "tmpfs"], Path::new("drive"), &at);
            photo(at.join("a.png"), 1);
            let kept = f.dir.path().join("kept");
            run("cp", &[Path::new("-a"), &at, &kept]);
            f.add();
            let background = follow(&f, &["a.png"]);
            let found = || f.engine.find_photo(&at.join("a.png")).unwrap();
            let id = found();

            // It gets the numbers back that it had: the same line in the table of
            // mounts, and the same device of its files.
            let device = fs::metadata(&at).unwrap().dev();
            unmount(&at);
            let second = drive(&f, "second");
            run("cp", &[Path::new("-a"), &kept.join("a.png"), &second]);
            mount(&["--move"], &second, &at);
            assert_eq!(fs::metadata(&at).unwrap().dev(), device);
            photo(at.join("b.png"), 2);
            settles("what came meanwhile", set(&["a.png", "b.png"]), || f.found());
            assert_eq!(found(), id);
            fs::rename(at.join("b.png"), at.join("c.png")).unwrap();
            settles("what happens now", set(&["a.png", "c.png"]), || f.found());
            drop(background);
            unmount(&at);
        }
    });
}

#[test]
fn a_folder_whose_listing_breaks_off_takes_nothing_away() {
    apart("mounts::a_folder_whose_listing_breaks_off_takes_nothing_away", || {
        let f = Fixture::new();
        f.photo("a.png", 1);
        f.photo("trip/deep/b.png", 2);
        f.photo("trip/deeper/still/c.png", 3);
        f.add();
        f.index();
        // A folder that opens, and then gives an error in the place of an entry, as
        // those of a drive do that was pulled out: one of another process, of which
        // this one has the user but not the rights.
        let broken = format!("/proc/{}/map_files", std::os::unix::process::parent_id());
        let breaks = |at: &Path| {
            plug(Path::new(&broken), at);
            let error = fs::read_dir(at).unwrap().next().unwrap().unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
        };
        let all = |name: &str| set(&[name, "b.png", "c.png"]);
        let mut before = "a.png";
        for (place, after) in [("trip/deep", "d.png"), ("trip/deeper/still", "e.png")] {
            breaks(&f.path(place));
            fs::rename(f.path(before), f.path(after)).unwrap();
            let report = f.index();
            assert_eq!((report.removed, report.moved), (0, 1), "{place}");
            assert_eq!(f.found(), all(after), "{place}");
            unmount(&f.path(place));
            before = after;
        }
        // What does go beside it is missed.
        breaks(&f.path("trip/deep"));
        fs::remove_dir_all(f.path("trip/deeper")).unwrap();
        assert_eq!(f.index().removed, 1);
        assert_eq!(f.found(), set(&["e.png", "b.png"]));
        unmount(&f.path("trip/deep"));

        breaks(&f.path(""));
        assert_eq!(f.index().removed, 0);
        assert_eq!(f.root().state, RootState::Unreadable);
        check_away(&f, &set(&["e.png", "b.png"]));
        unmount(&f.path(""));
        assert_eq!((f.index().removed, f.root().state), (0, RootState::Online));
    });
}

#[test]
fn what_links_lead_to_stays_while_its_drive_is_away_and_goes_with_its_link() {
    apart(
        "mounts::what_links_lead_to_stays_while_its_drive_is_away_and_goes_with_its_link",
        || {
            use std::os::unix::fs::symlink;
            let f = Fixture::new();
            f.photo("a.png", 1);
            let (drive, whole) = (drive(&f, "drive"), drive(&f, "whole"));
            photo(drive.join("in/b.png"), 2);
            photo(drive.join("single/c.png"), 3);
            photo(whole.join("d.png"), 4);
            symlink(drive.join("in"), f.path("linked")).unwrap();
            symlink(drive.join("single/c.png"), f.path("c.png")).unwrap();
            symlink(&whole, f.path("whole")).unwrap();
            // And one whose mount point goes with it, as desktops have it.
            let own = f.path("mounted");
            fs::create_dir(&own).unwrap();
            mount(&["-t", "tmpfs"], Path::new("own"), &own);
            photo(own.join("e.png"), 5);
            f.add();
            f.index();
            let all = set(&["a.png", "b.png", "c.png", "d.png", "e.png"]);
            assert_eq!(f.found(), all);

            let moved = [&drive, &whole].map(|drive| (drive, drive.with_extension("elsewhere")));
            for (drive, elsewhere) in &moved {
                fs::create_dir(elsewhere).unwrap();
                mount(&["--move"], drive, elsewhere);
            }
            unmount(&own);
            fs::remove_dir(&own).unwrap();
            assert_eq!((f.index().removed, f.found()), (0, all.clone()));
            // Another one gets its number.
            let next = f.path("next");
            fs::create_dir(&next).unwrap();
            mount(&["-t", "tmpfs"], Path::new("next"), &next);
            assert_eq!((f.index().removed, f.found()), (0, all.clone()));
            for (drive, elsewhere) in &moved {
                mount(&["--move"], elsewhere, drive);
            }
            assert_eq!((f.index().removed, f.found()), (0, all));

            for link in ["linked", "c.png", "whole"] {
                fs::remove_file(f.path(link)).unwrap();
                assert_eq!(f.index().removed, 1, "{link}");
            }
            assert_eq!(f.found(), set(&["a.png", "e.png"]));
        },
    );
}

/// Waits until none of this process's threads is busy, as when there is nothing to
/// be done. One that would be, if others let it, is: so a loaded machine hides none.
fn rests() {
    // For each thread how long it has run and how long it has waited to run, in
    // nanoseconds.
    let busy = || -> BTreeMap<OsString, u64> {
        let threads = fs::read_dir("/proc/self/task").unwrap().flatten();
        let busy = threads.filter_map(|thread| {
            let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            let times = text.split(' ').take(2).map(|time| time.parse::<u64>().unwrap());
            Some((thread.file_name(), times.sum()))
        });
        busy.collect()
    };
    eventually("it rests", || {
        let (began, before) = (Instant::now(), busy());
        std::thread::sleep(Duration::from_secs(2));
        let (time, after) = (began.elapsed().as_nanos(), busy());
        after.iter().all(|(thread, busy)| {
            let more = busy - before.get(thread).unwrap_or(&0);
            u128::from(more) * 2 < time
        })
    });
}

#[test]
fn a_file_that_is_being_written_on_a_drive_that_goes_keeps_nobody_busy() {
    apart("mounts::a_file_that_is_being_written_on_a_drive_that_goes_keeps_nobody_busy", || {
        let f = Fixture::new();
        let away = drive(&f, "away");
        photo(away.join("a.png"), 1);
        plug(&away, &f.path(""));
        f.add();
        let more = f.dir.path().join("more");
        fs::create_dir(&more).unwrap();
        f.engine.add_root(&more).unwrap();
        let background = follow(&f, &["a.png"]);
        // It is seen after a second of quiet, and waited for two more.
        photo(f.path("b.png"), 2);
        std::thread::sleep(Duration::from_millis(1500));
        unmount(&f.path(""));
        becomes(&f, RootState::Offline);
        std::thread::sleep(Duration::from_secs(3));
        rests();
        photo(more.join("c.png"), 3);
        settles("the rest is followed", set(&["a.png", "c.png"]), || {
            let mut found = f.found();
            found.remove("b.png");
            found
        });
        plug(&away, &f.path(""));
        settles("it is back", set(&["a.png", "b.png", "c.png"]), || f.found());
        drop(background);
    });
}

#[test]
fn a_full_disk_is_waited_for_in_rest() {
    apart("mounts::a_full_disk_is_waited_for_in_rest", || {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["photos", "library"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let disk = dir.path().join("library");
        mount(&["-t", "tmpfs", "-o", "size=40m"], Path::new("disk"), &disk);
        let f = Fixture { engine: open(dir.path()), dir };
        f.choose(MODEL);
        f.photo("a.png", 1);
        f.add();
        let full = Arc::new(AtomicBool::new(false));
        let background = {
            let full = full.clone();
            f.engine.start(move |event| {
                if let Event::Progress(Progress { step: Step::DiskFull, .. }) = event {
                    full.store(true, Ordering::Relaxed);
                }
            })
        };
        settles("what is there", set(&["a.png"]), || f.found());
        let mut filler = fs::File::create(disk.join("filler")).unwrap();
        while std::io::Write::write_all(&mut filler, &[1; 4096]).is_ok() {}
        for seed in 2..60 {
            f.photo(&format!("{seed}.png"), seed);
        }
        eventually("it is said to be full", || full.load(Ordering::Relaxed));
        // What comes is due in a second, and cannot be looked at.
        f.photo("new.png", 100);
        std::thread::sleep(Duration::from_secs(2));
        rests();
        drop(filler);
        fs::remove_file(disk.join("filler")).unwrap();
        settles("it goes on", 60, || f.found().len());
        drop(background);
    });
}

#[test]
fn a_folder_that_may_not_be_listed_is_unreadable_until_it_may() {
    apart("mounts::a_folder_that_may_not_be_listed_is_unreadable_until_it_may", || {
        let f = Fixture::new();
        f.photo("a.png", 1);
        f.photo("deep/b.png", 2);
        f.add();
        let background = follow(&f, &["a.png", "b.png"]);
        let allow = |name: &str, mode| {
            fs::set_permissions(f.path(name), fs::Permissions::from_mode(mode)).unwrap();
        };
        allow("", 0);
        assert!(fs::read_dir(f.path("")).is_err(), "nothing forbids anything here");
        becomes(&f, RootState::Unreadable);
        check_away(&f, &set(&["a.png", "b.png"]));
        allow("", 0o700);
        becomes(&f, RootState::Online);
        fs::rename(f.path("a.png"), f.path("c.png")).unwrap();
        settles("it is followed again", set(&["b.png", "c.png"]), || f.found());

        // A folder in it, of which nothing is told while it is so.
        allow("deep", 0);
        fs::rename(f.path("c.png"), f.path("d.png")).unwrap();
        settles("the rest is followed", set(&["b.png", "d.png"]), || f.found());
        assert_eq!(f.root().state, RootState::Online);
        allow("deep", 0o700);
        fs::rename(f.path("deep/b.png"), f.path("deep/e.png")).unwrap();
        settles("the folder, too", set(&["d.png", "e.png"]), || f.found());
        drop(background);
    });
}

/// A drive whose file system has an id, as `/dev/disk/by-uuid` tells.
struct Identified {
    device: PathBuf,
    link: PathBuf,
}

impl Identified {
    fn new() -> Self {
        // Only this test sees its device in the place of the machine's.
        mount(&["-t", "tmpfs"], Path::new("devices"), Path::new("/dev"));
        fs::create_dir_all("/dev/disk/by-uuid").unwrap();
        let device = PathBuf::from("/dev/drive");
        fs::write(&device, b"").unwrap();
        Self { device, link: PathBuf::from("/dev/disk/by-uuid/0A1B-2C3D") }
    }

    fn appear(&self) {
        std::os::unix::fs::symlink(&self.device, &self.link).unwrap();
    }

    fn disappear(&self) {
        fs::remove_file(&self.link).unwrap();
    }
}

#[test]
fn a_drive_that_is_mounted_elsewhere_keeps_its_photos() {
    apart("mounts::a_drive_that_is_mounted_elsewhere_keeps_its_photos", || {
        let f = Fixture::new();
        let place = |name: &str| {
            let place = f.dir.path().join(name);
            fs::create_dir(&place).unwrap();
            place.canonicalize().unwrap()
        };
        let drive = Identified::new();
        drive.appear();
        let mut at = place("first");
        mount(&["-t", "tmpfs"], &drive.device, &at);
        for (n, name) in (1..).zip(["a.png", "b.png"]) {
            photo(at.join("Trips/2020").join(name), n);
        }
        f.engine.add_root(&at.join("Trips")).unwrap();
        let exclusions = Exclusions { patterns: vec!["raw".into()], ..Exclusions::default() };
        f.engine.set_exclusions(f.root().id, &exclusions).unwrap();
        let embedded = f.count_writes("derived.sqlite", "embedding");
        let mut background = Some(follow(&f, &["a.png", "b.png"]));
        let root = f.root();
        let ids = || -> BTreeSet<PhotoId> {
            f.engine.library().unwrap().iter().map(|hit| hit.photo).collect()
        };
        let known = ids();

        // At once, after a while of being away, and while nobody looks. Where it
        // was there is an empty folder each time.
        for (n, case) in ["at once", "later", "unseen"].into_iter().enumerate() {
            let to = place(case);
            match case {
                "at once" => mount(&["--move"], &at, &to),
                "later" => {
                    fs::create_dir(at.with_extension("parked")).unwrap();
                    let parked = at.with_extension("parked");
                    drive.disappear();
                    mount(&["--move"], &at, &parked);
                    becomes(&f, RootState::Offline);
                    check_away(&f, &set(&["a.png", "b.png"]));
                    mount(&["--move"], &parked, &to);
                    drive.appear();
                }
                _ => {
                    background = None;
                    mount(&["--move"], &at, &to);
                    f.index();
                }
            }
            at = to;
            let expected = (at.join("Trips"), RootState::Online);
            settles(case, expected, || (f.root().path, f.root().state));
            assert_eq!((f.root().id, f.root().exclusions), (root.id, exclusions.clone()), "{case}");
            assert_eq!((ids(), f.engine.roots().unwrap().len()), (known.clone(), 1), "{case}");
            assert!(f.engine.library().unwrap().iter().all(|hit| hit.path.starts_with(&at)));
            if background.is_some() {
                let new = at.join("Trips").join(format!("{case}.png"));
                photo(new.clone(), 50 + u8::try_from(n).unwrap());
                settles(&format!("what comes {case}"), 3, || f.found().len());
                fs::remove_file(new).unwrap();
                settles(&format!("what goes {case}"), 2, || f.found().len());
            }
        }
        assert_eq!(embedded.so_far(), 4, "two photos, and two that came and went");
    });
}

/// Puts a line into the table of mounts that this process reads: this folder is
/// a share of another machine.
fn say_it_is_a_share(folder: &Path, table: &Path) {
    let mut text = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let folder = folder.canonicalize().unwrap();
    let line = format!("999 1 0:99 / {} rw - nfs4 nas:/photos rw\n", folder.display());
    text.push_str(&line);
    fs::write(table, text).unwrap();
    let read = format!("/proc/{}/mountinfo", std::process::id());
    mount(&["--bind"], table, Path::new(&read));
    assert!(fs::read_to_string("/proc/self/mountinfo").unwrap().ends_with(&line));
}

/// Whether this process is told of what happens in a folder, and not only of its
/// end, as the system has it.
fn is_watched(folder: &Path) -> bool {
    const CREATED: u32 = 0x100;
    let folder = fs::metadata(folder).unwrap();
    let number = |line: &str, name: &str| {
        let value = line.split(' ').find_map(|field| field.strip_prefix(name))?;
        u64::from_str_radix(value, 16).ok()
    };
    // Each watcher has a line for each folder, with its inode and what is told.
    let watchers = fs::read_dir("/proc/self/fdinfo").unwrap().flatten();
    let lines = watchers.filter_map(|fd| fs::read_to_string(fd.path()).ok());
    lines.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).any(|line| {
        line.starts_with("inotify ")
            && number(&line, "ino:") == Some(folder.ino())
            && number(&line, "mask:").is_some_and(|mask| mask & u64::from(CREATED) != 0)
    })
}

/// How many folders, or watchers, this test's process may have.
fn allow_watches(what: &str, count: u32) {
    fs::write(format!("/proc/sys/user/max_inotify_{what}"), count.to_string()).unwrap();
}

#[test]
fn a_share_within_a_folder_has_the_folder_polled() {
    apart("mounts::a_share_within_a_folder_has_the_folder_polled", || {
        let f = Fixture::new();
        f.photo("a.png", 1);
        f.photo("nas/b.png", 2);
        f.add();
        let background = follow(&f, &["a.png", "b.png"]);
        assert_eq!(f.root().state, RootState::Online);
        say_it_is_a_share(&f.path("nas"), &f.dir.path().join("table"));
        becomes(&f, RootState::Polling);
        let reason = "in nas: a network folder (nfs4) tells nothing of its changes";
        assert_eq!(f.root().reason.unwrap(), reason);
        // What is no share is watched still, and what is not wanted does not matter.
        fs::rename(f.path("a.png"), f.path("c.png")).unwrap();
        settles("it is told of", set(&["b.png", "c.png"]), || f.found());
        let without = Exclusions { patterns: vec!["nas".into()], ..Exclusions::default() };
        f.engine.set_exclusions(f.root().id, &without).unwrap();
        becomes(&f, RootState::Online);
        assert_eq!(f.root().reason, None);
        drop(background);
    });
}

#[test]
fn what_cannot_be_watched_is_polled_and_says_why() {
    apart("mounts::what_cannot_be_watched_is_polled_and_says_why", || {
        // All at once, for polling takes its time: a share of another machine, …
        let share = Fixture::new();
        share.photo("a.png", 1);
        say_it_is_a_share(&share.path(""), &share.dir.path().join("table"));
        // … a folder of more folders than may be watched, which come later, …
        let large = Fixture::new();
        large.photo("1/a.png", 1);
        // … and a system that has no watcher left.
        let strict = Fixture::new();
        strict.photo("a.png", 1);

        let all = [&share, &large, &strict];
        all.iter().for_each(|f| f.add());
        allow_watches("watches", 4);
        let _share = follow(&share, &["a.png"]);
        let background = follow(&large, &["a.png"]);
        assert_eq!((large.root().state, large.root().reason), (RootState::Online, None));
        allow_watches("instances", 0);
        let _strict = follow(&strict, &["a.png"]);
        large.photo("1/2/3/4/5/b.png", 2);
        all.iter().for_each(|f| becomes(f, RootState::Polling));
        for (f, words) in all.into_iter().zip([
            "a network folder (nfs4) tells nothing of its changes",
            "raise fs.inotify.max_user_watches",
            "this system cannot watch folders",
        ]) {
            let reason = f.root().reason.unwrap();
            assert!(reason.to_string().contains(words), "{reason}");
        }

        let change = |f: &Fixture, from: &str| {
            fs::rename(f.path(from), f.path(from).with_file_name("c.png")).unwrap();
        };
        assert!(!is_watched(&share.path("")), "it was told of, not looked for");
        change(&share, "a.png");
        change(&large, "1/a.png");
        change(&strict, "a.png");
        settles("in the share", set(&["c.png"]), || share.found());
        settles("in the large folder", set(&["b.png", "c.png"]), || large.found());
        settles("in the last one", set(&["c.png"]), || strict.found());
        assert!(all.iter().all(|f| f.root().state == RootState::Polling));

        // A look at everything tries again what failed.
        allow_watches("watches", 1000);
        background.rescan();
        becomes(&large, RootState::Online);
        assert_eq!(large.root().reason, None);
        fs::rename(large.path("1/c.png"), large.path("1/2/3/d.png")).unwrap();
        settles("a change is told", set(&["b.png", "d.png"]), || large.found());
        assert!(is_watched(&large.path("1/2/3")) && !is_watched(&share.path("")));
    });
}
