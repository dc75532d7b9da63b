//! What a person does not want of a folder leaves at once and comes back at
//! once, while the folder is followed, and costs no watch meanwhile.

use std::collections::BTreeSet;
use std::fs;

use afterimage_engine::{Background, Exclusions};

use crate::support::{Fixture, eventually, set, settles};

/// A photo for each way of leaving something out, and one that always stays.
fn followed() -> (Fixture, Background) {
    let f = Fixture::new();
    let photos = ["a.png", "cache/b.png", "cache/deep/c.png", ".hidden/d.png", "private/e.png"];
    for (n, name) in (1..).zip(photos) {
        f.photo(name, n);
    }
    fs::write(f.path("private/.nomedia"), b"").unwrap();
    f.photo("private/deep/f.png", 6);
    // Larger than the others, whatever the compression makes of them.
    let large = image::RgbImage::from_fn(300, 300, |x, y| {
        image::Rgb([x * y, x + y, x ^ y].map(|value| value.to_le_bytes()[0]))
    });
    large.save(f.path("large.bmp")).unwrap();
    f.add();
    let background = f.engine.start(|_| {});
    settles("what is wanted by itself", set(&["a.png", "b.png", "c.png", "large.bmp"]), || {
        f.found()
    });
    (f, background)
}

fn exclude(f: &Fixture, change: impl FnOnce(&mut Exclusions)) {
    let mut exclusions = Exclusions::default();
    change(&mut exclusions);
    f.engine.set_exclusions(f.root().id, &exclusions).unwrap();
}

#[test]
fn what_is_left_out_applies_at_once_both_ways_while_followed() {
    let (f, background) = followed();
    let embedded = f.count_writes("derived.sqlite", "embedding");
    let before = f.found();
    let ids = || f.engine.library().unwrap().iter().map(|hit| hit.photo).collect::<BTreeSet<_>>();
    let known = ids();
    type Change = fn(&mut Exclusions);
    let fewer: [(&str, Change, &[&str]); 4] = [
        ("a folder by its name", |e| e.patterns = vec!["Cache".into()], &["a.png", "large.bmp"]),
        ("a path", |e| e.patterns = vec!["/cache/deep".into()], &["a.png", "b.png", "large.bmp"]),
        ("an ending", |e| e.patterns = vec!["*.bmp".into()], &["a.png", "b.png", "c.png"]),
        ("a size", |e| e.min_bytes = 100_000, &["large.bmp"]),
    ];
    for (what, change, left) in fewer {
        exclude(&f, change);
        settles(what, set(left), || f.found());
        exclude(&f, |_| {});
        settles(&format!("not {what}"), before.clone(), || f.found());
        assert_eq!(ids(), known, "{what}: they are the photos that they were");
    }
    assert_eq!(embedded.so_far(), 0, "what came back had its vector");
    let more: [(&str, Change, &[&str]); 2] = [
        ("hidden folders", |e| e.hidden = false, &["d.png"]),
        ("folders of .nomedia", |e| e.no_media = false, &["e.png", "f.png"]),
    ];
    for (what, change, new) in more {
        let all: BTreeSet<String> = before.union(&set(new)).cloned().collect();
        exclude(&f, change);
        settles(what, all, || f.found());
        exclude(&f, |_| {});
        settles(&format!("not {what}"), before.clone(), || f.found());
    }
    drop(background);
}

#[test]
fn a_nomedia_file_that_comes_or_goes_is_noticed() {
    let (f, background) = followed();
    let before = f.found();
    fs::write(f.path("cache/.nomedia"), b"").unwrap();
    settles("it came", set(&["a.png", "large.bmp"]), || f.found());
    fs::remove_file(f.path("cache/.nomedia")).unwrap();
    settles("it went", before.clone(), || f.found());
    // This one was there before anybody looked, so its folder is not watched.
    fs::remove_file(f.path("private/.nomedia")).unwrap();
    let all = before.union(&set(&["e.png", "f.png"])).cloned().collect();
    settles("the first one went", all, || f.found());
    drop(background);
}

#[test]
#[cfg(target_os = "linux")]
fn folders_that_are_left_out_are_not_watched() {
    let (f, background) = followed();
    let folders = ["", "cache", "cache/deep", ".hidden", "private", "private/deep"];
    let watched = || {
        let inodes = watched_inodes();
        let is_watched = |folder: &&str| {
            use std::os::unix::fs::MetadataExt;
            inodes.contains(&fs::metadata(f.path(folder)).unwrap().ino())
        };
        folders.into_iter().filter(is_watched).collect::<Vec<_>>()
    };
    settles("all but what is left out", vec!["", "cache", "cache/deep"], watched);
    exclude(&f, |exclusions| exclusions.patterns = vec!["deep".into()]);
    settles("a folder less", vec!["", "cache"], watched);
    exclude(&f, |exclusions| {
        exclusions.patterns = vec!["cache".into()];
        exclusions.hidden = false;
    });
    settles("others", vec!["", ".hidden"], watched);
    exclude(&f, |exclusions| exclusions.no_media = false);
    settles(
        "all but the hidden one",
        vec!["", "cache", "cache/deep", "private", "private/deep"],
        watched,
    );
    f.photo("new/g.png", 9);
    eventually("a new photo", || f.found().contains("g.png"));
    drop(background);
    assert_eq!(watched(), Vec::<&str>::new(), "nothing is watched for nobody");
}

/// The inodes that this process watches, as `proc(5)` lists them.
#[cfg(target_os = "linux")]
fn watched_inodes() -> BTreeSet<u64> {
    let descriptors = fs::read_dir("/proc/self/fdinfo").unwrap().flatten();
    // One that was just closed has no file any more.
    let told = descriptors.filter_map(|entry| fs::read_to_string(entry.path()).ok());
    let inode = |line: &str| {
        let fields = line.strip_prefix("inotify ")?;
        let inode = fields.split(' ').find_map(|field| field.strip_prefix("ino:"))?;
        u64::from_str_radix(inode, 16).ok()
    };
    told.flat_map(|told| told.lines().filter_map(inode).collect::<Vec<_>>()).collect()
}
