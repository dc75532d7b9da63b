//! Which drive it is that is mounted where a folder of the library was: by the
//! name of its file system where it has one, else by the photos in it; on real
//! mounts that only the test sees.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use afterimage_engine::{IndexReport, PhotoId, RootState};
use image::{Rgb, RgbImage};

use crate::mounts::{drive, mount, plug, run};
use crate::support::{Fixture, apart, eventually, settles};

/// Drives whose file systems have names, as `/dev/disk/by-uuid` tells. Each is
/// mounted where nobody looks for photos, and plugged elsewhere.
struct Named<'a>(&'a Fixture);

impl<'a> Named<'a> {
    fn new(f: &'a Fixture) -> Self {
        // Only this test sees its devices in the place of the machine's.
        mount(&["-t", "tmpfs"], Path::new("devices"), Path::new("/dev"));
        fs::create_dir_all("/dev/disk/by-uuid").unwrap();
        Self(f)
    }

    /// A file system of this name, of which there may be copies.
    fn drive(&self, folder: &str, name: &str) -> PathBuf {
        let device = Path::new("/dev").join(name);
        if !device.exists() {
            fs::write(&device, b"").unwrap();
            Self::tell(name, true);
        }
        let at = place(self.0, folder);
        mount(&["-t", "tmpfs"], &device, &at);
        at
    }

    /// Has the system tell a name or not. It does not where the drive is meant to
    /// be away, which is mounted still where nobody looks.
    fn tell(name: &str, there: bool) {
        let link = Path::new("/dev/disk/by-uuid").join(name);
        match there {
            true => std::os::unix::fs::symlink(Path::new("/dev").join(name), link).unwrap(),
            false => fs::remove_file(link).unwrap(),
        }
    }
}

fn place(f: &Fixture, name: &str) -> PathBuf {
    let place = f.dir.path().join(name);
    fs::create_dir_all(&place).unwrap();
    place.canonicalize().unwrap()
}

/// Unmounts what is listed now and then, when nobody does.
fn unplug(at: &Path) {
    let unmounted = || Command::new("umount").arg(at).stdin(Stdio::inherit()).output().unwrap();
    eventually("it is unmounted", || unmounted().status.success());
}

/// A picture whose file is of another size than that of another number.
fn picture(at: &Path, number: u32) {
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    let byte = number.to_le_bytes()[0];
    let color = Rgb([byte, byte.wrapping_mul(3), byte.wrapping_mul(7)]);
    RgbImage::from_pixel(20 + number, 20, color).save(at).unwrap();
}

/// What a camera calls its photos: on every card the same.
fn card(at: &Path, numbers: std::ops::Range<u32>) {
    for (n, number) in (1..).zip(numbers) {
        picture(&at.join(format!("DCIM/100CANON/IMG_{n:04}.bmp")), number);
    }
}

/// All photos by where they are in the library's one folder.
fn listed(f: &Fixture) -> BTreeMap<PathBuf, PhotoId> {
    let root = f.root().path;
    let inside = |path: &Path| path.strip_prefix(&root).unwrap().to_owned();
    f.engine.library().unwrap().iter().map(|hit| (inside(&hit.path), hit.photo)).collect()
}

fn changes(report: &IndexReport) -> [u64; 4] {
    [report.added, report.modified, report.moved, report.removed]
}

fn is(f: &Fixture, state: RootState) {
    assert_eq!(f.root().state, state);
}

#[test]
fn a_drive_with_a_name_is_believed_whatever_number_it_has() {
    apart("drives::a_drive_with_a_name_is_believed_whatever_number_it_has", || {
        let f = Fixture::new();
        let named = Named::new(&f);
        let (first, second) = (named.drive("first", "one"), named.drive("second", "one"));
        card(&first, 1..5);
        plug(&first, &f.path(""));
        f.add();
        f.index();
        let before = listed(&f);

        // Its only folder was renamed on another computer.
        unplug(&f.path(""));
        run("cp", &[Path::new("-a"), &first.join("DCIM"), &second.join("Trip")]);
        plug(&second, &f.path(""));
        let report = f.index();
        assert_eq!(changes(&report), [0, 0, 4, 0], "{report:?}");
        is(&f, RootState::Online);
        let renamed = |path: &Path| Path::new("Trip").join(path.strip_prefix("DCIM").unwrap());
        let expected: BTreeMap<_, _> = before.iter().map(|(p, id)| (renamed(p), *id)).collect();
        assert_eq!(listed(&f), expected);

        // And then it was emptied.
        unplug(&f.path(""));
        let third = named.drive("third", "one");
        plug(&third, &f.path(""));
        let report = f.index();
        assert_eq!((changes(&report), report.photos), ([0, 0, 0, 4], 0), "{report:?}");
        is(&f, RootState::Online);
        // Here, too, and then its mount point is no drive.
        card(&third, 1..3);
        assert_eq!(f.index().photos, 2);
        unplug(&f.path(""));
        Named::tell("one", false);
        let report = f.index();
        assert_eq!((changes(&report), report.photos), ([0; 4], 2), "{report:?}");
        is(&f, RootState::Offline);
        Named::tell("one", true);
        plug(&third, &f.path(""));
        fs::remove_dir_all(f.path("DCIM")).unwrap();
        let report = f.index();
        assert_eq!((changes(&report), report.photos), ([0, 0, 0, 2], 0), "{report:?}");
    });
}

#[test]
fn another_card_of_the_same_camera_is_another_drive() {
    apart("drives::another_card_of_the_same_camera_is_another_drive", || {
        for with_names in [true, false] {
            let f = Fixture::new();
            let named = with_names.then(|| Named::new(&f));
            let make = |name: &str| match &named {
                Some(named) => named.drive(name, name),
                None => drive(&f, name),
            };
            let (one, two) = (make("one"), make("two"));
            card(&one, 1..9);
            card(&two, 11..19);
            // One photo was copied to both.
            picture(&two.join("DCIM/100CANON/IMG_0001.bmp"), 1);
            plug(&one, &f.path(""));
            f.add();
            f.index();
            let before = listed(&f);
            let swap = |there: &str, away: &str| {
                // A drive stays mounted where it was made, to which a root of its name
                // would follow it: so it has a name only while it is plugged.
                if with_names {
                    Named::tell(away, false);
                }
                unplug(&f.path(""));
                plug(&f.dir.path().join(there), &f.path(""));
                if with_names {
                    Named::tell(there, true);
                }
            };
            if with_names {
                Named::tell("two", false);
            }
            swap("two", "one");
            let report = f.index();
            assert_eq!((changes(&report), listed(&f)), ([0; 4], before.clone()), "{report:?}");
            is(&f, RootState::Offline);

            // They change places while that is followed.
            let background = f.engine.start(|_| {});
            for (there, away, state) in
                [("one", "two", RootState::Online), ("two", "one", RootState::Offline)]
            {
                swap(there, away);
                eventually(&format!("it is {state:?}"), || f.root().state == state);
                assert_eq!(listed(&f), before);
            }
            drop(background);
            unplug(&f.path(""));
        }
    });
}

#[test]
fn a_card_is_found_beside_another_one_that_has_its_place() {
    apart("drives::a_card_is_found_beside_another_one_that_has_its_place", || {
        let f = Fixture::new();
        let named = Named::new(&f);
        let (one, two) = (named.drive("one", "one"), named.drive("two", "two"));
        card(&one, 1..5);
        card(&two, 11..15);
        let (disk, beside) = (place(&f, "media/DISK"), place(&f, "media/DISK1"));
        mount(&["--move"], &one, &disk);
        f.engine.add_root(&disk).unwrap();
        f.index();
        let (before, root) = (listed(&f), f.root().id);
        mount(&["--move"], &disk, &beside);
        mount(&["--move"], &two, &disk);
        let report = f.index();
        assert_eq!((changes(&report), listed(&f)), ([0; 4], before), "{report:?}");
        assert_eq!((f.root().path, f.root().state), (beside.clone(), RootState::Online));
        // The other one is a folder of its own, and the first one where it is.
        let other = f.engine.add_root(&disk).unwrap();
        assert_ne!(other.id, root);
        assert_eq!(f.engine.add_root(&beside).unwrap().id, root);
        assert_eq!(changes(&f.index()), [4, 0, 0, 0]);
    });
}

#[test]
fn a_copy_of_a_drive_takes_its_place_where_the_drive_is_not() {
    apart("drives::a_copy_of_a_drive_takes_its_place_where_the_drive_is_not", || {
        let f = Fixture::new();
        let named = Named::new(&f);
        let (first, second) = (named.drive("first", "one"), named.drive("second", "two"));
        card(&first, 1..5);
        let root = place(&f, "disk");
        mount(&["--move"], &first, &root);
        f.engine.add_root(&root).unwrap();
        f.index();
        let before = listed(&f);
        // Restored from a backup that keeps no times, without one photo.
        run("cp", &[Path::new("-r"), &root.join("DCIM"), &second]);
        fs::remove_file(second.join("DCIM/100CANON/IMG_0004.bmp")).unwrap();
        unplug(&root);
        mount(&["--move"], &second, &root);
        let report = f.index();
        assert_eq!((report.removed, report.added, report.embedded), (1, 0, 0), "{report:?}");
        is(&f, RootState::Online);
        let now = listed(&f);
        assert!(now.len() == 3 && now.iter().all(|(path, id)| before[path] == *id), "{now:?}");
    });
}

#[test]
fn what_is_bound_to_a_place_is_not_the_place() {
    apart("drives::what_is_bound_to_a_place_is_not_the_place", || {
        // With a name the folder is found at its own place; without one it is away.
        for with_name in [true, false] {
            let f = Fixture::new();
            let base = match with_name {
                true => Named::new(&f).drive("base", "one"),
                false => drive(&f, "base").canonicalize().unwrap(),
            };
            let (source, bound) = (base.join("source"), base.join("bound"));
            fs::create_dir(&bound).unwrap();
            card(&source, 1..5);
            plug(&source, &bound);
            f.engine.add_root(&bound).unwrap();
            f.index();
            let before = listed(&f);
            unplug(&bound);
            let report = f.index();
            assert_eq!((changes(&report), listed(&f)), ([0; 4], before.clone()), "{report:?}");
            let (path, state) = match with_name {
                true => (&source, RootState::Online),
                false => (&bound, RootState::Offline),
            };
            assert_eq!((&f.root().path, f.root().state), (path, state));
            if with_name {
                continue;
            }

            let background = f.engine.start(|_| {});
            eventually("it is followed", || f.engine.holder().is_some());
            plug(&source, &bound);
            eventually("it is back", || f.root().state == RootState::Online);
            unplug(&bound);
            // The watches are on the folders that were bound, which are still there.
            picture(&source.join("DCIM/100CANON/IMG_0005.bmp"), 5);
            fs::remove_file(source.join("DCIM/100CANON/IMG_0001.bmp")).unwrap();
            eventually("it is away", || f.root().state == RootState::Offline);
            assert_eq!(listed(&f), before);
            plug(&source, &bound);
            let there = |number| {
                let path = format!("DCIM/100CANON/IMG_{number:04}.bmp");
                listed(&f).contains_key(Path::new(&path))
            };
            settles("it is back with what changed", [false, true], || [there(1), there(5)]);
            drop(background);
        }
    });
}

#[test]
fn folders_of_a_drive_are_added_at_its_new_place_as_what_they_are() {
    apart("drives::folders_of_a_drive_are_added_at_its_new_place_as_what_they_are", || {
        let f = Fixture::new();
        let named = Named::new(&f);
        let (old, new) = (named.drive("old", "one"), place(&f, "new"));
        card(&old.join("Trips"), 1..4);
        card(&old.join("Trips/2020"), 4..7);
        // The inner one first: then both are folders of the library.
        let roots =
            ["Trips/2020", "Trips"].map(|name| f.engine.add_root(&old.join(name)).unwrap().id);
        f.index();
        let ids = || {
            let hits = f.engine.library().unwrap();
            hits.iter().map(|hit| hit.photo).collect::<std::collections::BTreeSet<_>>()
        };
        let before = ids();
        assert_eq!(before.len(), 6);
        mount(&["--move"], &old, &new);
        assert_eq!(f.engine.add_root(&new.join("Trips")).unwrap().id, roots[1]);
        assert_eq!(f.engine.add_root(&new.join("Trips/2020")).unwrap().id, roots[0]);
        let report = f.index();
        assert_eq!((changes(&report), report.embedded, ids()), ([0; 4], 0, before), "{report:?}");
        let roots = f.engine.roots().unwrap();
        assert_eq!(roots.len(), 2);
        assert!(roots.iter().all(|root| root.state == RootState::Online && root.photos == 3));
    });
}
