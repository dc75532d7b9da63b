//! Folders that are removed, and come back.

use std::fs;

use afterimage_engine::{
    Cancel, Code, Decision, Exclusions, PhotoId, Repair, ReviewOf, RootId, SearchRequest,
};
use rusqlite::Connection;

use crate::support::{Fixture, options, set};

/// Two photos of which everything is said that can be, in a folder with exclusions.
fn described() -> (Fixture, RootId, [PhotoId; 2]) {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.photo("trip/b.png", 2);
    f.photo("left out/c.png", 3);
    f.add();
    let root = f.root().id;
    let patterns = vec!["left out".to_owned()];
    f.engine.set_exclusions(root, &Exclusions { patterns, ..Exclusions::default() }).unwrap();
    f.index();
    let ids = [f.id("a.png"), f.id("trip/b.png")];
    f.engine.set_favourite(&ids[..1], true).unwrap();
    f.engine.set_rating(&ids[1..], Some(4)).unwrap();
    f.engine.add_tag(&ids, "Kite", &Cancel::default()).unwrap();
    f.engine.decide(&ids[..1], "dog", Some(Decision::Rejected), &Cancel::default()).unwrap();
    (f, root, ids)
}

fn is_as_it_was(f: &Fixture, root: RootId, ids: [PhotoId; 2]) {
    assert_eq!(f.root().id, root);
    assert_eq!(f.root().exclusions.patterns, ["left out"]);
    assert_eq!([f.id("a.png"), f.id("trip/b.png")], ids);
    assert!(f.engine.photo(ids[0]).unwrap().favourite);
    assert_eq!(f.engine.photo(ids[1]).unwrap().rating, Some(4));
    let decided = |photo| {
        let tags = f.engine.decided_photo_tags(photo).unwrap();
        let said = tags.into_iter().filter_map(|tag| Some((tag.name, tag.decision?)));
        let mut said: Vec<(String, Decision)> = said.collect();
        said.sort_by(|a, b| a.0.cmp(&b.0));
        said
    };
    let (dog, kite) = (("Dog".into(), Decision::Rejected), ("Kite".into(), Decision::Tagged));
    assert_eq!(decided(ids[0]), [dog, kite.clone()]);
    assert_eq!(decided(ids[1]), [kite]);
    assert_eq!(f.found(), set(&["a.png", "b.png"]));
}

fn total(f: &Fixture, query: &str) -> usize {
    let request = SearchRequest { query: query.into(), ..Default::default() };
    f.engine.search(&request, &Cancel::default()).unwrap().total
}

/// Has all that was removed be removed long ago.
fn age(f: &Fixture) {
    let catalog = Connection::open(f.dir.path().join("library/library.sqlite")).unwrap();
    let aged = "UPDATE root SET removed_at = 1 WHERE removed_at IS NOT NULL";
    assert!(catalog.execute(aged, []).unwrap() > 0);
}

#[test]
fn a_folder_that_is_added_again_has_all_that_was_said_of_its_photos() {
    let (f, root, ids) = described();
    let embedded = f.count_writes("derived.sqlite", "embedding");
    for _ in 0..2 {
        f.engine.remove_root(root).unwrap();
        let f_root = f.engine.add_root(&f.path("")).unwrap();
        assert_eq!((f_root.id, f_root.photos), (root, 0), "they are to be found again");
        let report = f.index();
        assert_eq!((report.photos, report.embedded, report.failed), (2, 0, 0));
        is_as_it_was(&f, root, ids);
    }
    // Also when it was removed in another session, and a photo was moved meanwhile.
    f.engine.remove_root(root).unwrap();
    fs::rename(f.path("a.png"), f.path("trip/a.png")).unwrap();
    let f = f.reopen();
    f.choose(crate::support::MODEL);
    f.add();
    assert_eq!(f.index().photos, 2);
    fs::rename(f.path("trip/a.png"), f.path("a.png")).unwrap();
    f.index();
    is_as_it_was(&f, root, ids);
    assert_eq!(embedded.so_far(), 0);
}

#[test]
fn the_removal_of_a_folder_is_taken_back_at_once_also_where_it_cannot_be_reached() {
    let (f, root, ids) = described();
    f.engine.remove_root(root).unwrap();
    f.engine.restore_root(root).unwrap();
    is_as_it_was(&f, root, ids);
    let report = f.index();
    assert_eq!((report.added, report.moved, report.removed, report.embedded), (0, 0, 0, 0));

    let away = f.dir.path().join("away");
    fs::rename(f.path(""), &away).unwrap();
    f.engine.remove_root(root).unwrap();
    assert_eq!(f.engine.library().unwrap().len(), 0);
    f.engine.restore_root(root).unwrap();
    f.index();
    let hits = f.engine.library().unwrap();
    assert_eq!(hits.iter().filter(|hit| hit.offline).count(), 2, "they are shown without it");
    fs::rename(&away, f.path("")).unwrap();
    f.index();
    is_as_it_was(&f, root, ids);
}

#[test]
fn photos_of_a_removed_folder_are_nowhere_to_be_seen() {
    let (f, root, ids) = described();
    f.photo("../beside/other.png", 9);
    let other = f.engine.add_root(&f.dir.path().join("beside")).unwrap();
    f.index();
    let asked = ["is:favourite", "tag:Kite", "rating:4", "folder:trip"];
    assert_eq!(asked.map(|query| total(&f, query)), [1, 2, 1, 1]);
    assert!(!f.engine.complete("folder:tr", 9).unwrap().is_empty());
    f.engine.remove_root(root).unwrap();
    // Values are counted now and then; a library that is opened counts them at once.
    let f = f.reopen();
    f.choose(crate::support::MODEL);

    let shown: Vec<RootId> = f.engine.roots().unwrap().iter().map(|root| root.id).collect();
    assert_eq!(shown, [other.id]);
    let folders = f.engine.folders().unwrap();
    assert_eq!(folders.iter().map(|folder| &*folder.name).collect::<Vec<_>>(), ["beside"]);
    assert_eq!(f.engine.find_root(&f.path("")).unwrap_err().code(), Code::Usage);
    let status = f.engine.status().unwrap();
    assert_eq!((status.photos, status.pending, status.roots.len()), (1, 0, 1));
    assert_eq!(f.found(), set(&["other.png"]));
    assert_eq!(asked.map(|query| total(&f, query)), [0; 4]);
    let trip = f.engine.complete("folder:tr", 9).unwrap();
    assert!(trip.is_empty(), "{trip:?}");
    assert_eq!(f.engine.find_photo(&f.path("a.png")).unwrap(), None);
    assert!(f.engine.tag_records().unwrap().is_empty());
    let kite = f.engine.decided_tags().unwrap();
    assert!(kite.categories.iter().all(|count| count.tagged == 0 && count.rejected == 0));
    let page = f.engine.review("Kite", ReviewOf::Tagged, 0, 9, &Cancel::default()).unwrap();
    assert_eq!((page.total, page.photos.len()), (0, 0));
    assert_eq!(f.index().photos, 1, "nobody looks for them");
    assert!(f.engine.set_exclusions(root, &Exclusions::default()).is_err());
    assert_eq!(f.engine.remove_root(root).unwrap_err().code(), Code::NotFound);
    f.engine.restore_root(root).unwrap();
    assert_eq!(f.engine.photo(ids[0]).unwrap().path, f.path("a.png").canonicalize().unwrap());
}

#[test]
fn photos_of_a_removed_folder_are_found_in_another_one() {
    let (f, root, ids) = described();
    f.engine.remove_root(root).unwrap();
    let outer = f.engine.add_root(f.dir.path()).unwrap();
    let report = f.index();
    // What was left out of the one that was removed is not left out of this one.
    assert_eq!((report.photos, report.embedded), (3, 1));
    assert_eq!([f.id("a.png"), f.id("trip/b.png")], ids);
    f.engine.restore_root(root).unwrap();
    f.index();
    assert_eq!((f.engine.roots().unwrap().len(), f.engine.roots().unwrap()[1].id), (2, outer.id));
    assert_eq!(f.root().photos, 2);
    is_as_it_was(&f, root, ids);
}

#[test]
fn a_copy_of_a_removed_folder_is_another_one_and_where_its_files_went_they_are_themselves() {
    let (f, root, ids) = described();
    let beside = f.dir.path().join("beside");
    fs::create_dir(&beside).unwrap();
    f.engine.remove_root(root).unwrap();
    // One as `cp` makes it, and one that has the time of the original, too.
    fs::copy(f.path("a.png"), beside.join("a.png")).unwrap();
    let copy = beside.join("b.png");
    fs::copy(f.path("trip/b.png"), &copy).unwrap();
    let time = fs::metadata(f.path("trip/b.png")).unwrap().modified().unwrap();
    fs::File::options().write(true).open(&copy).unwrap().set_modified(time).unwrap();
    let other = f.engine.add_root(&beside).unwrap();
    assert_eq!(f.index().photos, 2);
    let at = |name: &str| f.engine.find_photo(&beside.join(name)).unwrap().unwrap();
    assert!(!ids.contains(&at("a.png")) && !ids.contains(&at("b.png")));
    f.add();
    f.index();
    assert_eq!([f.id("a.png"), f.id("trip/b.png")], ids);
    assert_eq!(f.engine.photo(ids[1]).unwrap().rating, Some(4));

    f.engine.remove_root(other.id).unwrap();
    f.engine.remove_root(root).unwrap();
    fs::remove_dir_all(&beside).unwrap();
    fs::create_dir(&beside).unwrap();
    fs::copy(f.path("a.png"), beside.join("moved.png")).unwrap();
    fs::remove_file(f.path("a.png")).unwrap();
    f.engine.add_root(&beside).unwrap();
    f.index();
    assert_eq!(at("moved.png"), ids[0], "it is nowhere else any more");
}

#[test]
fn what_was_said_of_a_removed_folder_is_forgotten_after_thirty_days() {
    let (f, root, ids) = described();
    f.engine.remove_root(root).unwrap();
    let f = f.reopen();
    f.choose(crate::support::MODEL);
    let unused = |f: &Fixture| {
        let report = afterimage_engine::Engine::check(&options(f.dir.path()), Repair::Nothing);
        let report = report.unwrap();
        assert!(report.is_clean(), "{report:?}");
        report.unused_vectors
    };
    assert_eq!(unused(&f), 0, "they may come back");
    age(&f);
    let f = f.reopen();
    f.choose(crate::support::MODEL);
    assert_eq!(unused(&f), 2);
    assert_eq!(f.engine.restore_root(root).unwrap_err().code(), Code::NotFound);
    f.add();
    assert_eq!((f.index().photos, f.root().exclusions), (3, Exclusions::default()));
    assert!(f.id("a.png") > ids[1] && !f.engine.photo(f.id("a.png")).unwrap().favourite);
    assert!(f.engine.decided_photo_tags(f.id("a.png")).unwrap().is_empty());
}
