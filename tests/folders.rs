//! `afterimage folder`: what belongs to the library, and what is left out.

use std::fs;
use std::path::Path;

use predicates::str::contains;
use serde_json::json;

use crate::support::{Library, keys, some_photos, text};

fn path(folder: &Path) -> &str {
    folder.to_str().expect("a path of this test")
}

#[test]
fn a_folder_is_added_scanned_and_removed_without_reading_a_photo() {
    let Some(photos) = some_photos(3) else { return };
    let library = Library::new();
    let folder = path(photos.path());

    let added = library.json(&["folder", "add", folder]);
    assert_eq!(keys(&added), ["exclude", "path", "photos", "state"]);
    assert_eq!(Path::new(&text(&added["path"])), photos.path().canonicalize().unwrap());
    let scan = library.json(&["folder", "scan"]);
    let contract = ["added", "modified", "moved", "photos", "removed", "seconds", "skipped"];
    assert_eq!(keys(&scan), contract);
    assert_eq!((&scan["added"], &scan["photos"]), (&json!(3), &json!(3)));
    assert_eq!(library.json(&["status"])["pending"], 3, "none is read");

    fs::rename(photos.path().join("IMG_0001.jpg"), photos.path().join("first.jpg")).unwrap();
    fs::remove_file(photos.path().join("IMG_0002.jpg")).unwrap();
    let scan = library.json(&["folder", "scan", folder]);
    let counts = ["added", "modified", "moved", "removed"].map(|key| scan[key].as_u64().unwrap());
    assert_eq!(counts, [0, 0, 1, 1]);

    let removed = library.json(&["folder", "remove", folder]);
    assert_eq!(removed["photos"], 2);
    assert_eq!(library.json(&["folder", "list"]), json!([]));
    assert!(photos.path().join("first.jpg").is_file());
}

#[test]
fn what_is_left_out_of_a_folder_is_said_and_taken_back() {
    let Some(photos) = some_photos(4) else { return };
    let library = Library::new();
    let folder = path(photos.path());
    fs::create_dir(photos.path().join("Export")).unwrap();
    for (from, to) in [("IMG_0002.jpg", "Export/a.jpg"), ("IMG_0003.jpg", ".hidden.jpg")] {
        fs::rename(photos.path().join(from), photos.path().join(to)).unwrap();
    }
    fs::write(photos.path().join("tiny.png"), b"not much").unwrap();
    library.json(&["folder", "add", folder]);
    let scanned = || library.json(&["folder", "scan"])["photos"].as_u64().unwrap();
    assert_eq!(scanned(), 4, "all but the hidden one");

    let exclude = ["folder", "exclude", folder, "export", "--min-size", "1kB", "--hidden", "keep"];
    let said = library.json(&exclude);
    let expected =
        json!({ "patterns": ["export"], "hidden": false, "nomedia": true, "min_bytes": 1000 });
    assert_eq!(said["exclude"], expected);
    assert_eq!(scanned(), 3, "neither the folder nor the tiny one, but the hidden one");
    assert_eq!(library.json(&["folder", "list"])[0]["exclude"], expected);
    library
        .command(&["folder", "list"])
        .assert()
        .code(0)
        .stdout(contains("without export"))
        .stdout(contains("without files smaller than 1 kB"))
        .stdout(contains("with hidden files"));

    let undo = ["folder", "exclude", folder, "--allow", "export", "--min-size", "0"];
    assert_eq!(library.json(&undo)["exclude"]["patterns"], json!([]));
    assert_eq!(scanned(), 5);
}

#[test]
fn wrong_folders_and_patterns_are_wrong_usage() {
    let Some(photos) = some_photos(1) else { return };
    let library = Library::new();
    let folder = path(photos.path());
    library.json(&["folder", "add", folder]);
    for (args, words) in [
        (vec!["folder", "remove", "/nowhere"], "is no folder of this library"),
        (vec!["folder", "scan", "/nowhere"], "is no folder of this library"),
        (vec!["folder", "add", "/nowhere"], "cannot add the folder /nowhere"),
        (vec!["folder", "exclude", folder, "a[b"], "a[b"),
        (vec!["folder", "exclude", folder, "--allow", "x"], "nothing is left out by"),
        (vec!["folder", "exclude", folder, "--min-size", "big"], "use a size"),
        (vec!["folder", "exclude", folder, "--hidden", "maybe"], "keep"),
    ] {
        library.command(&args).assert().code(2).stderr(contains(words));
    }
    let exclude = &library.json(&["folder", "list"])[0]["exclude"];
    assert_eq!(exclude["patterns"], json!([]), "what was wrong changed nothing");
}
