//! A photo that failed is left alone until its file changes or somebody asks;
//! what may have passed is tried once a start.

use std::fs;

use crate::support::{Fixture, OTHER_MODEL, eventually, pattern, set, settles};

#[test]
fn a_broken_photo_is_tried_again_on_request_and_when_its_file_changes_only() {
    let mut f = Fixture::new();
    f.photo("a.png", 1);
    fs::write(f.path("broken.png"), b"\x89PNG\r\n\x1a\n and no more").unwrap();
    f.add();
    let failed = f.count_writes("library.sqlite", "failure");
    let report = f.index();
    assert_eq!((report.embedded, report.failed, failed.so_far()), (1, 1, 1));
    assert!(f.engine.failures().unwrap()[0].permanent);

    // Neither another run tries it nor another start …
    assert_eq!((f.index().failed, failed.so_far()), (0, 1));
    f = f.reopen();
    assert_eq!((f.index().failed, failed.so_far()), (0, 1));
    f = f.reopen();
    let background = f.engine.start(|_| {});
    // … nor a rename, which leaves it what it is.
    fs::rename(f.path("broken.png"), f.path("renamed.png")).unwrap();
    settles("the rename", vec![f.path("renamed.png").canonicalize().unwrap()], || {
        f.engine.failures().unwrap().into_iter().map(|failure| failure.path).collect()
    });
    assert_eq!(failed.so_far(), 1);

    assert_eq!(f.engine.retry_failures().unwrap(), 1);
    settles("it was asked for", 2, || failed.so_far());
    assert_eq!(f.engine.failures().unwrap().len(), 1);
    fs::write(f.path("renamed.png"), b"\x89PNG\r\n\x1a\n and no more than before").unwrap();
    settles("it changed", 3, || failed.so_far());
    pattern(7).save(f.path("renamed.png")).unwrap();
    eventually("it was mended", || f.found() == set(&["a.png", "renamed.png"]));
    assert!(f.engine.failures().unwrap().is_empty());
    drop(background);
    assert_eq!(failed.so_far(), 3);
}

#[test]
#[cfg(target_os = "linux")]
fn a_failure_that_may_pass_is_tried_once_a_start() {
    use std::os::unix::fs::PermissionsExt;
    crate::support::apart("failures::a_failure_that_may_pass_is_tried_once_a_start", || {
        let mut f = Fixture::new();
        for (n, name) in (1..).zip(["a.png", "locked.png"]) {
            f.photo(name, n);
        }
        f.add();
        let failed = f.count_writes("library.sqlite", "failure");
        let lock = |f: &Fixture, mode| {
            fs::set_permissions(f.path("locked.png"), fs::Permissions::from_mode(mode)).unwrap();
        };
        lock(&f, 0);
        let report = f.index();
        assert_eq!((report.embedded, report.failed, failed.so_far()), (1, 1, 1));
        let failure = f.engine.failures().unwrap().remove(0);
        assert!(
            !failure.permanent && failure.reason.to_string().contains("cannot be read"),
            "{failure:?}"
        );

        f = f.reopen();
        let background = f.engine.start(|_| {});
        settles("the start tries it", 2, || failed.so_far());
        fs::rename(f.path("a.png"), f.path("b.png")).unwrap();
        eventually("something happens", || f.found() == set(&["b.png"]));
        background.rescan();
        f.photo("c.png", 4);
        eventually("all is looked at again", || f.found() == set(&["b.png", "c.png"]));
        drop(background);
        assert_eq!(failed.so_far(), 2, "once only");

        lock(&f, 0o600);
        f = f.reopen();
        let background = f.engine.start(|_| {});
        eventually("the next start", || f.found().contains("locked.png"));
        drop(background);
        assert!(f.engine.failures().unwrap().is_empty());
        assert_eq!(failed.so_far(), 2);
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_root_that_comes_back_has_a_failure_tried_once_however_often_it_does() {
    use afterimage_engine::RootState;
    use std::os::unix::fs::PermissionsExt;
    let test = "failures::a_root_that_comes_back_has_a_failure_tried_once_however_often_it_does";
    crate::support::apart(test, || {
        let f = Fixture::new();
        for (n, name) in (1..).zip(["a.png", "locked.png"]) {
            f.photo(name, n);
        }
        f.add();
        let locked = fs::Permissions::from_mode(0o000);
        fs::set_permissions(f.path("locked.png"), locked).unwrap();
        let failed = f.count_writes("library.sqlite", "failure");
        let background = f.engine.start(|_| {});
        settles("the start tries it", 1, || failed.so_far());
        let (here, away) = (f.path(""), f.dir.path().join("away"));
        for (turn, name) in (7..).zip(["b.png", "c.png", "d.png"]) {
            fs::rename(&here, &away).unwrap();
            eventually("it is away", || f.root().state == RootState::Offline);
            fs::rename(&away, &here).unwrap();
            eventually("it is back", || f.root().state == RootState::Online);
            // Newer than what failed, and so seen before it is tried again.
            f.photo(name, turn);
            eventually("all is looked at", || f.found().contains(name));
            settles("it was tried", 2, || failed.so_far());
        }
        drop(background);
        assert_eq!(failed.so_far(), 2);
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_failure_that_may_pass_holds_no_model_back() {
    use std::os::unix::fs::PermissionsExt;
    let test = "failures::a_failure_that_may_pass_holds_no_model_back";
    crate::support::apart(test, || {
        let f = Fixture::new();
        for (n, name) in (1..).zip(["a.png", "locked.png"]) {
            f.photo(name, n);
        }
        f.add();
        assert_eq!(f.index().embedded, 2);
        let lock = |mode| {
            let mode = fs::Permissions::from_mode(mode);
            fs::set_permissions(f.path("locked.png"), mode).unwrap();
        };
        lock(0o000);
        f.choose(OTHER_MODEL);
        let report = f.index();
        assert_eq!((report.embedded, report.failed), (1, 1));
        let status = f.engine.status().unwrap();
        assert_eq!(status.serving.as_deref(), Some(OTHER_MODEL));
        assert_eq!((status.preparing.is_some(), f.found()), (false, set(&["a.png"])));
        lock(0o600);
        assert_eq!(f.index().embedded, 1);
        assert_eq!(f.found(), set(&["a.png", "locked.png"]));
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_sidecar_that_cannot_be_read_loses_nothing_that_it_said() {
    use std::os::unix::fs::PermissionsExt;
    let test = "failures::a_sidecar_that_cannot_be_read_loses_nothing_that_it_said";
    crate::support::apart(test, || {
        let f = Fixture::new();
        f.photo("a.png", 1);
        let write = |rating: u8| {
            let xmp = format!(
                "<x:xmpmeta xmlns:x='adobe:ns:meta/'>\
                 <rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
                 <rdf:Description xmlns:xmp='http://ns.adobe.com/xap/1.0/' \
                 xmp:Rating='{rating}' xmp:Label='{}'/></rdf:RDF></x:xmpmeta>",
                "x".repeat(rating.into())
            );
            fs::write(f.path("a.xmp"), xmp).unwrap();
        };
        let lock = |mode| {
            let mode = fs::Permissions::from_mode(mode);
            fs::set_permissions(f.path("a.xmp"), mode).unwrap();
        };
        let rating = || f.engine.photo(f.id("a.png")).unwrap().rating;
        write(4);
        f.add();
        f.index();
        assert_eq!(rating(), Some(4));
        write(5);
        lock(0o000);
        assert_eq!(f.index().failed, 1);
        let failure = f.engine.failures().unwrap().remove(0);
        assert!(!failure.permanent && failure.reason.to_string().contains("a.xmp cannot be read"));
        assert_eq!((rating(), f.found()), (Some(4), set(&["a.png"])));
        lock(0o600);
        assert_eq!(f.index().failed, 0);
        assert_eq!(rating(), Some(5));
        fs::remove_file(f.path("a.xmp")).unwrap();
        f.index();
        assert_eq!(rating(), None);
    });
}
