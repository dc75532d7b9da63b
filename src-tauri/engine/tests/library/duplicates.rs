//! Duplicates of each kind are found, on drives that are away, too; and what goes
//! to the trash is what was meant, can be brought back, and is itself then.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use afterimage_engine::{Cancel, Code, Control, DuplicateGroup, DuplicateKind, PhotoId};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

use crate::support::Fixture;

fn found(f: &Fixture, kind: DuplicateKind) -> Vec<DuplicateGroup> {
    f.engine.duplicates(kind, &Cancel::default(), &|_, _| {}).unwrap()
}

/// Names of the photos in each group, the one to keep first.
fn names(groups: &[DuplicateGroup]) -> Vec<Vec<String>> {
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    for group in groups {
        assert_eq!(group.keeper, group.photos[0].id);
        assert!(!group.reason.to_string().is_empty());
    }
    groups.iter().map(|group| group.photos.iter().map(|it| name(&it.path)).collect()).collect()
}

/// Soft blobs of light: a picture as photos are, not a pattern.
fn scene(seed: u32, width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
        let light: f32 = (0..9u32)
            .map(|n| {
                let at = |k: u32| (seed * 7919 + n * 104_729 + k * 1299) % 1000;
                let [left, top, size, light] = [1, 2, 3, 4].map(|k| at(k * k) as f32 / 1000.0);
                let size = 0.05 + 0.15 * size;
                (light - 0.5) * (-((x - left).powi(2) + (y - top).powi(2)) / (size * size)).exp()
            })
            .sum();
        let tone = (128.0 + 220.0 * light).clamp(0.0, 255.0) as u8;
        Rgb([tone, tone / 2 + 40, 255 - tone])
    })
}

/// What a camera would have written, beside the photo.
fn dated(f: &Fixture, sidecar: &str, second: u8, rating: u8) {
    let xmp = format!(
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'>\
         <rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
         <rdf:Description xmlns:xmp='http://ns.adobe.com/xap/1.0/' \
         xmlns:exif='http://ns.adobe.com/exif/1.0/' xmlns:tiff='http://ns.adobe.com/tiff/1.0/' \
         exif:DateTimeOriginal='2020-05-01T12:00:{second:02}' tiff:Make='Nikon' tiff:Model='D1' \
         xmp:Rating='{rating}'/></rdf:RDF></x:xmpmeta>"
    );
    fs::write(f.path(sidecar), xmp).unwrap();
}

#[test]
fn the_same_bytes_are_found_wherever_they_are_and_the_original_is_to_be_kept() {
    let f = Fixture::new();
    f.photo("trip/a.png", 1);
    f.photo("alone.png", 2);
    f.photo("b.png", 3);
    f.add();
    fs::create_dir(f.path("backup")).unwrap();
    fs::copy(f.path("trip/a.png"), f.path("backup/a.png")).unwrap();
    fs::copy(f.path("trip/a.png"), f.path("a (1).png")).unwrap();
    fs::copy(f.path("b.png"), f.path("a much longer name than b.png")).unwrap();
    // The same file at two places: to remove one would free nothing.
    #[cfg(unix)]
    fs::hard_link(f.path("b.png"), f.path("linked.png")).unwrap();
    #[cfg(unix)]
    fs::hard_link(f.path("alone.png"), f.path("alone too.png")).unwrap();
    f.index();
    let groups = found(&f, DuplicateKind::Exact);
    let mut expected = names(&groups);
    expected.sort();
    assert_eq!(expected.len(), 2, "{expected:?}");
    let of = |name: &str| {
        let id = f.id(name);
        groups.iter().find(|group| group.photos.iter().any(|photo| photo.id == id)).unwrap()
    };
    let three = of("trip/a.png");
    assert_eq!((three.keeper, three.photos.len()), (f.id("trip/a.png"), 3));
    assert_eq!(of("a much longer name than b.png").photos.len(), 2);
    let photo = &three.photos[0];
    assert_eq!((photo.width, photo.height, photo.aspect, photo.offline), (60, 40, 1.5, false));
    assert_eq!(photo.size, fs::metadata(f.path("trip/a.png")).unwrap().len());
    let frees = |group: &DuplicateGroup| group.photos[1..].iter().map(|it| it.size).sum::<u64>();
    assert!(frees(&groups[0]) >= frees(&groups[1]), "those that free most come first");
    assert!(found(&f, DuplicateKind::Edited).is_empty(), "each pair is of one kind");
}

#[test]
fn a_changed_file_is_no_copy_any_more_even_before_it_is_read_again() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    fs::copy(f.path("a.png"), f.path("b.png")).unwrap();
    f.add();
    f.index();
    assert_eq!(found(&f, DuplicateKind::Exact).len(), 1);
    f.photo("b.png", 9);
    f.engine.scan(&[], &Control::default(), &|_| {}).unwrap();
    assert!(found(&f, DuplicateKind::Exact).is_empty());
}

#[test]
fn copies_on_a_drive_that_is_away_are_listed_and_never_the_ones_to_keep() {
    let f = Fixture::new();
    let drive = f.dir.path().join("drive");
    fs::create_dir_all(f.path("downloads")).unwrap();
    fs::create_dir(&drive).unwrap();
    f.photo("downloads/a copy.png", 1);
    fs::copy(f.path("downloads/a copy.png"), drive.join("a.png")).unwrap();
    f.add();
    f.engine.add_root(&drive).unwrap();
    f.index();
    assert_eq!(names(&found(&f, DuplicateKind::Exact)), [["a.png", "a copy.png"]]);
    let away = f.engine.find_photo(&drive.join("a.png")).unwrap().unwrap();
    fs::rename(&drive, f.dir.path().join("unplugged")).unwrap();
    f.index();
    let groups = found(&f, DuplicateKind::Exact);
    assert_eq!(names(&groups), [["a copy.png", "a.png"]]);
    assert_eq!(groups[0].photos.iter().map(|it| it.offline).collect::<Vec<_>>(), [false, true]);
    let trashed = f.engine.trash(&[away]).unwrap();
    assert!(
        trashed.moved.is_empty()
            && trashed.failed[0].reason.to_string().contains("cannot be reached")
    );
}

#[test]
fn versions_of_a_picture_are_found_and_looked_at_once() {
    let f = Fixture::new();
    let picture = scene(1, 600, 400);
    picture.save(f.path("large.png")).unwrap();
    imageops::resize(&picture, 200, 133, FilterType::Triangle).save(f.path("small.jpg")).unwrap();
    imageops::brighten(&picture, 20).save(f.path("edited.jpg")).unwrap();
    fs::copy(f.path("small.jpg"), f.path("small again.jpg")).unwrap();
    scene(2, 600, 400).save(f.path("other.png")).unwrap();
    imageops::flip_horizontal(&picture).save(f.path("mirrored.png")).unwrap();
    for tone in [0, 1] {
        RgbImage::from_pixel(30, 20, Rgb([tone; 3]))
            .save(f.path(&format!("black{tone}.png")))
            .unwrap();
    }
    f.add();
    f.index();
    let looked = AtomicU64::new(0);
    let ask = || {
        looked.store(0, Ordering::Relaxed);
        let progress = |done, total| {
            assert!(done <= total);
            looked.store(done, Ordering::Relaxed);
        };
        f.engine.duplicates(DuplicateKind::Edited, &Cancel::default(), &progress).unwrap()
    };
    let groups = ask();
    assert_eq!(looked.load(Ordering::Relaxed), 7, "copies share what is known of them");
    let names_of = names(&groups);
    assert_eq!(names_of.len(), 1, "{names_of:?}");
    assert_eq!(names_of[0], ["large.png", "edited.jpg", "small.jpg"]);
    assert!(
        groups[0].reason.to_string().contains("largest")
            || groups[0].reason.to_string().contains("pixels")
    );
    assert_eq!(ask(), groups);
    assert_eq!(looked.load(Ordering::Relaxed), 0, "it is all known");
    scene(5, 300, 200).save(f.path("new.png")).unwrap();
    f.index();
    ask();
    assert_eq!(looked.load(Ordering::Relaxed), 1);

    let cancel = Cancel::default();
    cancel.cancel();
    let stopped = f.engine.duplicates(DuplicateKind::Edited, &cancel, &|_, _| {}).unwrap_err();
    assert_eq!(stopped.code(), Code::Cancelled);
}

#[test]
fn frames_of_a_burst_are_no_versions_and_versions_are_no_frames() {
    let f = Fixture::new();
    let mut whole = scene(1, 660, 440);
    // Something that blur takes away.
    for (x, y, pixel) in whole.enumerate_pixels_mut() {
        pixel.0 = pixel.0.map(|tone| (tone / 8 * 7).saturating_add(((x * 7 + y * 13) % 24) as u8));
    }
    for n in 0..4u8 {
        let frame = imageops::crop_imm(&whole, 4 * u32::from(n), 0, 600, 400).to_image();
        let frame = if n == 2 { frame } else { imageops::blur(&frame, 2.0) };
        frame.save(f.path(&format!("IMG_000{n}.png"))).unwrap();
        dated(&f, &format!("IMG_000{n}.xmp"), n / 2, 0);
    }
    let shown = image::open(f.path("IMG_0001.png")).unwrap();
    shown.resize(150, 100, FilterType::Triangle).save(f.path("sent.png")).unwrap();
    // Much later, and without a date.
    scene(1, 640, 430).save(f.path("IMG_0009.png")).unwrap();
    dated(&f, "IMG_0009.xmp", 50, 0);
    f.add();
    f.index();
    let bursts = names(&found(&f, DuplicateKind::Burst));
    assert_eq!(bursts.len(), 1, "{bursts:?}");
    assert_eq!(bursts[0][0], "IMG_0002.png", "the sharp one");
    assert_eq!(bursts[0].len(), 4);
    let versions = names(&found(&f, DuplicateKind::Edited));
    assert!(versions.iter().all(|group| group.iter().filter(|n| n.starts_with("IMG")).count() < 2));
    assert_eq!(versions.len(), 1, "{versions:?}");
    assert!(versions[0].contains(&"sent.png".to_owned()));

    dated(&f, "IMG_0003.xmp", 1, 4);
    f.index();
    let bursts = found(&f, DuplicateKind::Burst);
    assert_eq!(names(&bursts)[0][0], "IMG_0003.png", "the rated one");
    assert_eq!(bursts[0].photos[0].rating, Some(4));
}

/// Trashing needs a trash that is nobody's: a process of its own has one.
#[cfg(target_os = "linux")]
mod trash {
    use std::path::PathBuf;

    use super::*;
    use crate::support::{eventually, set};

    const TRASH: &str = "AFTERIMAGE_TEST_TRASH";

    /// Runs a test in a process of its own, whose trash is in a temporary folder.
    fn apart(test: &str, run: impl FnOnce(&Path)) {
        if let Some(home) = std::env::var_os(TRASH) {
            return run(&Path::new(&home).join("Trash/files"));
        }
        let home = tempfile::tempdir().unwrap();
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture"])
            .env(TRASH, home.path())
            .env("XDG_DATA_HOME", home.path())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}{complaint}");
        assert!(told.contains("1 passed"), "{test} is no test's name: {told}");
    }

    fn listed(folder: &Path) -> Vec<String> {
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_trashed_leaves_at_once_and_comes_back_as_itself() {
        apart(
            "duplicates::trash::what_is_trashed_leaves_at_once_and_comes_back_as_itself",
            |trash| {
                let f = Fixture::new();
                f.photo("a.png", 1);
                f.photo("b.png", 2);
                fs::create_dir(f.path("x")).unwrap();
                fs::copy(f.path("a.png"), f.path("x/a.png")).unwrap();
                f.add();
                f.index();
                let (a, copy) = (f.id("a.png"), f.id("x/a.png"));
                assert_eq!(f.found().len(), 2, "names of three");
                let trashed = f.engine.trash(&[a, a]).unwrap();
                assert_eq!((trashed.moved, trashed.failed), (vec![a], vec![]));
                assert!(!f.path("a.png").exists());
                assert_eq!(listed(trash), ["a.png"]);
                assert_eq!(f.engine.find_photo(&f.path("a.png")).unwrap(), None, "at once");
                assert_eq!(f.engine.library().unwrap().len(), 2);
                assert!(found(&f, DuplicateKind::Exact).is_empty());
                // The copy of the same name did not take its place.
                assert_eq!(f.index().moved, 0);
                assert_eq!(f.id("x/a.png"), copy);
                let again = f.engine.trash(&[a]).unwrap();
                assert!(
                    again.moved.is_empty()
                        && again.failed[0].reason.to_string().contains("not there")
                );

                fs::rename(trash.join("a.png"), f.path("a.png")).unwrap();
                let report = f.index();
                assert_eq!((report.added, report.embedded), (0, 0));
                assert_eq!(f.id("a.png"), a);
                assert_eq!(f.found(), set(&["a.png", "b.png"]));
                assert_eq!(found(&f, DuplicateKind::Exact).len(), 1);
            },
        );
    }

    #[test]
    fn what_is_brought_back_is_itself_at_once() {
        apart("duplicates::trash::what_is_brought_back_is_itself_at_once", |trash| {
            let f = Fixture::new();
            for (name, seed) in [("100% a=b ä.png", 1), ("b.png", 2), ("x/c.png", 3)] {
                f.photo(name, seed);
            }
            dated(&f, "b.xmp", 1, 3);
            f.add();
            f.index();
            let names = ["100% a=b ä.png", "b.png", "x/c.png"];
            let ids = names.map(|name| f.id(name));
            f.engine.set_favourite(&ids[..1], true).unwrap();
            let all = f.found();
            let embedded = f.count_writes("derived.sqlite", "embedding");
            let bytes = fs::read(f.path("b.png")).unwrap();
            assert_eq!(f.engine.trash(&ids).unwrap().moved, ids);
            assert_eq!(f.found(), set(&[]));
            fs::remove_dir(f.path("x")).unwrap();

            let back = f.engine.restore_photos(&ids).unwrap();
            assert_eq!((back.restored, back.failed), (ids.to_vec(), vec![]));
            assert!(listed(trash).is_empty());
            assert_eq!(f.found(), all, "without a look at the disk");
            assert!(ids.iter().all(|&id| f.engine.is_unchanged(id).unwrap()));
            assert!(f.engine.photo(ids[0]).unwrap().favourite);
            assert_eq!(f.engine.photo(ids[1]).unwrap().rating, Some(3));
            assert!(f.path("b.xmp").is_file());
            assert_eq!(fs::read(f.path("b.png")).unwrap(), bytes);
            let report = f.index();
            assert_eq!((report.added, report.moved, report.modified), (0, 0, 0));
            assert_eq!((report.embedded, embedded.so_far()), (0, 0));
            assert_eq!(names.map(|name| f.id(name)), ids);

            // Now another file takes the place.
            assert_eq!(f.engine.trash(&ids[1..2]).unwrap().moved, ids[1..2]);
            f.photo("b.png", 77);
            let taken = f.engine.restore_photos(&ids[1..2]).unwrap();
            assert!(taken.restored.is_empty());
            assert!(taken.failed[0].reason.to_string().contains("at its place"), "{taken:?}");
            assert_ne!(fs::read(f.path("b.png")).unwrap(), bytes);
            assert_eq!(listed(trash), ["b.png", "b.xmp"]);
            fs::remove_file(f.path("b.png")).unwrap();
            assert_eq!(f.engine.restore_photos(&ids[1..2]).unwrap().restored, ids[1..2]);
            assert_eq!(f.found(), all);
        });
    }

    #[test]
    fn who_follows_the_library_takes_what_is_brought_back_for_what_it_was() {
        apart(
            "duplicates::trash::who_follows_the_library_takes_what_is_brought_back_for_what_it_was",
            |_| {
                let f = Fixture::new();
                f.photo("a.png", 1);
                f.photo("b.png", 2);
                f.add();
                f.index();
                let (a, all) = (f.id("a.png"), f.found());
                let background = f.engine.start(|_| {});
                for _ in 0..3 {
                    assert_eq!(f.engine.trash(&[a]).unwrap().moved, [a]);
                    assert_eq!(f.found(), set(&["b.png"]));
                    assert_eq!(f.engine.restore_photos(&[a]).unwrap().restored, [a]);
                    assert_eq!(f.found(), all);
                }
                std::thread::sleep(std::time::Duration::from_secs(2));
                assert_eq!((f.id("a.png"), f.found()), (a, all));
                assert_eq!(f.engine.library().unwrap().len(), 2);
                drop(background);
            },
        );
    }

    #[test]
    fn what_is_not_what_the_library_knows_stays() {
        apart("duplicates::trash::what_is_not_what_the_library_knows_stays", |trash| {
            let f = Fixture::new();
            let names = ["unread.png", "changed.png", "gone.png", "good.png"];
            for (name, seed) in names.iter().zip(1..) {
                f.photo(name, seed);
            }
            f.add();
            f.index();
            let ids = names.map(|name| f.id(name));
            f.photo("unread.png", 77);
            f.engine.scan(&[], &Control::default(), &|_| {}).unwrap();
            f.photo("changed.png", 78);
            fs::remove_file(f.path("gone.png")).unwrap();
            let trashed = f.engine.trash(&ids).unwrap();
            assert_eq!(trashed.moved, [ids[3]]);
            let reasons: Vec<String> =
                trashed.failed.iter().map(|it| it.reason.to_string()).collect();
            assert!(reasons[0].contains("changed since") && reasons[1].contains("changed since"));
            assert!(reasons[2].contains("not there"), "{reasons:?}");
            assert_eq!(listed(trash), ["good.png"]);
            assert!(f.path("unread.png").is_file() && f.path("changed.png").is_file());
            let unknown = f.engine.trash(&[PhotoId(999)]).unwrap();
            assert!(unknown.failed[0].reason.to_string().contains("no photo 999"));
        });
    }

    #[test]
    fn a_file_that_took_the_place_of_another_stays() {
        apart("duplicates::trash::a_file_that_took_the_place_of_another_stays", |trash| {
            let f = Fixture::new();
            f.photo("a.png", 1);
            f.photo("b.png", 2);
            f.add();
            f.index();
            let (a, b) = (f.id("a.png"), f.id("b.png"));
            // Of the same size and time, but another file.
            let modified = fs::metadata(f.path("a.png")).unwrap().modified().unwrap();
            let twin = f.dir.path().join("twin");
            fs::copy(f.path("a.png"), &twin).unwrap();
            fs::File::options().write(true).open(&twin).unwrap().set_modified(modified).unwrap();
            fs::rename(&twin, f.path("a.png")).unwrap();
            // The same bytes, but written anew.
            let bytes = fs::read(f.path("b.png")).unwrap();
            fs::write(f.path("b.png"), bytes).unwrap();
            assert!(!f.engine.is_unchanged(a).unwrap() && !f.engine.is_unchanged(b).unwrap());
            let trashed = f.engine.trash(&[a, b]).unwrap();
            assert!(trashed.moved.is_empty());
            assert!(
                trashed.failed.iter().all(|it| it.reason.to_string().contains("changed since"))
            );
            assert!(f.path("a.png").is_file() && f.path("b.png").is_file());
            assert!(listed(trash).is_empty());
            f.index();
            assert!(f.engine.is_unchanged(a).unwrap());
        });
    }

    #[test]
    fn only_what_is_about_the_photo_alone_goes_along_and_links_stay() {
        apart(
            "duplicates::trash::only_what_is_about_the_photo_alone_goes_along_and_links_stay",
            |trash| {
                let f = Fixture::new();
                for (name, seed) in [
                    ("own.png", 1),
                    ("shared.png", 2),
                    ("shared.jpg", 3),
                    ("whole.png", 4),
                    ("whole.jpg", 5),
                ] {
                    f.photo(name, seed);
                }
                for sidecar in ["own.xmp", "shared.xmp", "whole.png.xmp", "whole.jpg.xmp"] {
                    dated(&f, sidecar, 1, 0);
                }
                let outside = f.dir.path().join("outside.png");
                crate::support::pattern(9).save(&outside).unwrap();
                std::os::unix::fs::symlink(&outside, f.path("link.png")).unwrap();
                f.add();
                f.index();
                let link = f.engine.library().unwrap();
                let link = link.iter().find(|hit| hit.path.ends_with("link.png")).unwrap().photo;
                let ids = ["own.png", "shared.png", "whole.png"].map(|name| f.id(name));
                assert_eq!(f.engine.trash(&ids).unwrap().moved, ids);
                assert_eq!(
                    listed(trash),
                    ["own.png", "own.xmp", "shared.png", "whole.png", "whole.png.xmp"]
                );
                let stays = f.engine.trash(&[link]).unwrap();
                assert!(stays.failed[0].reason.to_string().contains("link"));
                assert!(outside.is_file() && f.path("link.png").is_symlink());
                assert!(f.path("shared.xmp").is_file());
            },
        );
    }

    #[test]
    fn where_there_is_no_trash_the_file_stays() {
        apart("duplicates::trash::where_there_is_no_trash_the_file_stays", |trash| {
            // A file where the trash should be.
            fs::write(trash.parent().unwrap(), "in the way").unwrap();
            let f = Fixture::new();
            f.photo("a.png", 1);
            f.add();
            f.index();
            let before = fs::read(f.path("a.png")).unwrap();
            let trashed = f.engine.trash(&[f.id("a.png")]).unwrap();
            assert!(trashed.moved.is_empty());
            let reason = &trashed.failed[0].reason;
            assert!(
                reason.to_string().contains("stays where it is")
                    && !reason.to_string().contains("Error"),
                "{reason}"
            );
            assert_eq!(fs::read(f.path("a.png")).unwrap(), before);
            assert_eq!(f.engine.library().unwrap().len(), 1);
        });
    }

    #[test]
    fn who_follows_the_library_goes_on_and_sees_what_comes_back() {
        apart(
            "duplicates::trash::who_follows_the_library_goes_on_and_sees_what_comes_back",
            |trash| {
                let f = Fixture::new();
                f.photo("a.png", 1);
                f.photo("b.png", 2);
                f.add();
                f.index();
                let a = f.id("a.png");
                let background = f.engine.start(|_| {});
                assert_eq!(f.engine.trash(&[a]).unwrap().moved, [a]);
                assert_eq!(f.found(), set(&["b.png"]));
                let back: PathBuf = f.path("back.png");
                fs::rename(trash.join("a.png"), &back).unwrap();
                eventually("it is found again", || f.found() == set(&["back.png", "b.png"]));
                assert_eq!(f.id("back.png"), a);
                drop(background);
            },
        );
    }
}
