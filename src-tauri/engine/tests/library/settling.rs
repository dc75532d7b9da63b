//! A file that is being written is left alone until it is still; what stands
//! beside a photo is read again when it changes.

use std::fs::{self, File};
use std::io::Write;
use std::time::{Duration, Instant, SystemTime};

use crate::support::{Fixture, eventually, pattern, set, settles};

#[test]
fn a_file_that_is_being_written_is_read_once_it_has_been_still() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    let embedded = f.count_writes("derived.sqlite", "embedding");
    let background = f.engine.start(|_| {});
    eventually("the first index", || f.found() == set(&["a.png"]));
    let whole = {
        let kept = f.dir.path().join("whole.png");
        pattern(2).save(&kept).unwrap();
        fs::read(kept).unwrap()
    };
    let mut file = File::create(f.path("b.png")).unwrap();
    let mut last = Instant::now();
    let nothing_yet = |last: Instant| {
        // A machine that sleeps here for too long shows nothing, and fails nothing.
        let listed = f.engine.library().unwrap().len();
        assert!(listed == 1 || last.elapsed() >= Duration::from_secs(2), "it was read too soon");
    };
    // It grows; then only its time changes, as when a program writes in place.
    let parts = whole.chunks(whole.len().div_ceil(5)).map(Some);
    for part in parts.chain([None; 4]) {
        std::thread::sleep(Duration::from_millis(600));
        nothing_yet(last);
        match part {
            Some(part) => file.write_all(part).unwrap(),
            None => file.set_modified(SystemTime::now()).unwrap(),
        }
        last = Instant::now();
    }
    eventually("the file is listed", || f.engine.library().unwrap().len() == 2);
    let still = last.elapsed();
    assert!(still >= Duration::from_millis(1_900), "it was read after {still:?}");
    eventually("the file is found", || f.found() == set(&["a.png", "b.png"]));
    assert!(f.is_found_by_its_picture("b.png"));
    drop(background);
    assert_eq!(embedded.so_far(), 2, "no part of it was embedded");
    assert!(f.engine.failures().unwrap().is_empty());
}

fn xmp(title: &str, rating: u8) -> String {
    format!(
        r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
             xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
             xmlns:dc="http://purl.org/dc/elements/1.1/"
             xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="{rating}"><dc:title><rdf:Alt>
             <rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
           </rdf:Description></rdf:RDF></x:xmpmeta>"#
    )
}

type Said = (Option<String>, Option<i8>);

fn said(f: &Fixture, name: &str) -> Said {
    let photo = f.engine.photo(f.id(name)).unwrap();
    (photo.title, photo.rating)
}

/// What is done, and what is known of the photo then.
type SidecarDeed = (&'static str, fn(&Fixture), Said);

/// What happens to sidecars of `a.jpg`, one after another, and what is known of
/// it then.
fn sidecar_deeds() -> Vec<SidecarDeed> {
    let said = |title: &str, rating| (Some(title.to_owned()), Some(rating));
    fn write(f: &Fixture, name: &str, title: &str, rating: u8) {
        fs::write(f.path(name), xmp(title, rating)).unwrap();
    }
    vec![
        ("a.xmp is added", |f| write(f, "a.xmp", "Porto", 2), said("Porto", 2)),
        ("a.xmp is edited", |f| write(f, "a.xmp", "Lisbon", 3), said("Lisbon", 3)),
        ("a.jpg.xmp is added", |f| write(f, "a.jpg.xmp", "Faro", 5), said("Faro", 5)),
        ("a.jpg.xmp is edited", |f| write(f, "a.jpg.xmp", "Evora", 4), said("Evora", 4)),
        (
            "a.jpg.xmp is replaced by a rename",
            |f| {
                write(f, "a.jpg.new", "Braga", 1);
                fs::rename(f.path("a.jpg.new"), f.path("a.jpg.xmp")).unwrap();
            },
            said("Braga", 1),
        ),
        (
            "a.jpg.xmp is removed",
            |f| fs::remove_file(f.path("a.jpg.xmp")).unwrap(),
            said("Lisbon", 3),
        ),
        ("a.xmp is removed", |f| fs::remove_file(f.path("a.xmp")).unwrap(), (None, None)),
    ]
}

#[test]
fn a_sidecar_that_changes_is_read_again_while_it_is_followed() {
    let f = Fixture::new();
    f.photo("a.jpg", 1);
    f.photo("b.jpg", 2);
    f.add();
    let embedded = f.count_writes("derived.sqlite", "embedding");
    let background = f.engine.start(|_| {});
    eventually("the first index", || f.found().len() == 2);
    let id = f.id("a.jpg");
    assert_eq!(said(&f, "a.jpg"), (None, None));
    for (what, act, expected) in sidecar_deeds() {
        act(&f);
        settles(what, expected, || said(&f, "a.jpg"));
        assert_eq!(said(&f, "b.jpg"), (None, None), "{what}");
    }
    drop(background);
    assert_eq!((f.id("a.jpg"), embedded.so_far()), (id, 2), "nothing was embedded again");
}

#[test]
fn a_sidecar_that_changed_while_nobody_looked_is_read_again() {
    let mut f = Fixture::new();
    f.photo("a.jpg", 1);
    f.photo("b.jpg", 2);
    f.add();
    f.index();
    for (what, act, expected) in sidecar_deeds() {
        act(&f);
        f = f.reopen();
        let report = f.index();
        assert_eq!(said(&f, "a.jpg"), expected, "{what}");
        assert_eq!(said(&f, "b.jpg"), (None, None), "{what}");
        assert_eq!((report.modified, report.embedded), (1, 0), "{what}: {report:?}");
    }
    assert_eq!(f.index().modified, 0);
}

#[test]
fn a_photo_that_is_renamed_with_its_sidecar_keeps_what_it_says() {
    let f = Fixture::new();
    f.photo("a.jpg", 1);
    fs::write(f.path("a.jpg.xmp"), xmp("Porto", 4)).unwrap();
    f.add();
    let background = f.engine.start(|_| {});
    eventually("the first index", || f.found() == set(&["a.jpg"]));
    let (id, before) = (f.id("a.jpg"), said(&f, "a.jpg"));
    assert_eq!(before, (Some("Porto".to_owned()), Some(4)));
    fs::rename(f.path("a.jpg.xmp"), f.path("b.jpg.xmp")).unwrap();
    fs::rename(f.path("a.jpg"), f.path("b.jpg")).unwrap();
    eventually("the rename", || f.found() == set(&["b.jpg"]));
    drop(background);
    f.index();
    assert_eq!((f.id("b.jpg"), said(&f, "b.jpg")), (id, before));
}
