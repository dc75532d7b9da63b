//! `afterimage duplicates`: what is printed, and that nothing goes to the trash
//! but what was meant.

use std::fs;
use std::path::Path;

use image::imageops::{self, FilterType};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Library, file_name, keys, some_photos, text};

/// Twelve photos, of which the first has a copy, the second a smaller version
/// and the third one with more contrast.
fn photos() -> Option<TempDir> {
    let folder = some_photos(12)?;
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("Backup")).unwrap();
    fs::copy(at("IMG_0001.jpg"), at("Backup/IMG_0001.jpg")).unwrap();
    let second = image::open(at("IMG_0002.jpg")).unwrap();
    let (width, height) = (second.width() / 2, second.height() / 2);
    second.resize_exact(width, height, FilterType::Triangle).save(at("small.jpg")).unwrap();
    let third = image::open(at("IMG_0003.jpg")).unwrap().into_rgb8();
    imageops::contrast(&third, 15.0).save(at("contrast.jpg")).unwrap();
    Some(folder)
}

fn indexed(folder: &Path) -> Library {
    let library = Library::new();
    library.json(&["index", folder.to_str().unwrap()]);
    library
}

/// Names of the photos of each group, sorted.
fn names(groups: &Value) -> Vec<Vec<String>> {
    let names = |group: &Value| {
        let photos = group["photos"].as_array().unwrap();
        let mut names: Vec<String> =
            photos.iter().map(|it| file_name(&text(&it["path"])).to_owned()).collect();
        names.sort();
        names
    };
    let mut groups: Vec<_> = groups.as_array().unwrap().iter().map(names).collect();
    groups.sort();
    groups
}

#[test]
fn the_three_kinds_are_printed_one_after_the_other() {
    let Some(folder) = photos() else { return };
    let library = indexed(folder.path());
    let all = library.json(&["duplicates"]);
    let kinds: Vec<String> = all.as_array().unwrap().iter().map(|it| text(&it["kind"])).collect();
    assert_eq!(kinds, ["exact", "edited", "edited"]);
    let group = &all[0];
    assert_eq!(keys(group), ["keeper", "kind", "photos", "reason"]);
    let photo = &group["photos"][0];
    assert_eq!(keys(photo), ["height", "id", "offline", "path", "size", "time", "width"]);
    assert_eq!(group["keeper"], photo["id"], "the one to keep comes first");
    assert_eq!(Path::new(&text(&photo["path"])), real(folder.path()).join("IMG_0001.jpg"));
    assert!(text(&group["reason"]).contains("backup"));

    assert_eq!(names(&library.json(&["duplicates", "--kind", "exact"])), [["IMG_0001.jpg"; 2]]);
    let edited = library.json(&["duplicates", "--kind", "edited"]);
    assert_eq!(names(&edited), [["IMG_0002.jpg", "small.jpg"], ["IMG_0003.jpg", "contrast.jpg"]]);
    assert_eq!(library.json(&["duplicates", "--kind", "burst"]), Value::Array(Vec::new()));
    let assert = library.command(&["duplicates"]).assert().code(0).stdout(contains("keep"));
    assert.stdout(contains("kept because")).stdout(contains("small.jpg"));
}

#[test]
fn nothing_goes_to_the_trash_without_a_kind_and_a_yes() {
    let Some(folder) = photos() else { return };
    let library = indexed(folder.path());
    let trash = tempfile::tempdir().unwrap();
    let files = || fs::read_dir(folder.path()).unwrap().count();
    let before = files();
    for args in [
        &["duplicates", "--trash"][..],
        &["duplicates", "--trash", "--yes"],
        &["duplicates", "--yes", "--kind", "exact"],
        &["duplicates", "--kind", "exact", "--trash"],
        &["duplicates", "--kind", "exact", "--trash", "--json"],
        &["duplicates", "--kind", "everything", "--trash", "--yes"],
    ] {
        library.command(args).env("XDG_DATA_HOME", trash.path()).assert().code(2);
    }
    let half = ["duplicates", "--kind", "exact", "--trash"];
    library
        .command(&half)
        .env("XDG_DATA_HOME", trash.path())
        .write_stdin("y\n")
        .assert()
        .code(2)
        .stderr(contains("nothing was moved").and(contains("--yes")));
    assert_eq!(files(), before);
    assert!(folder.path().join("Backup/IMG_0001.jpg").is_file());
    assert!(fs::read_dir(trash.path()).unwrap().next().is_none());
}

// Elsewhere the trash is that of whoever runs the tests.
#[cfg(target_os = "linux")]
#[test]
fn all_but_the_kept_one_go_to_the_trash() {
    let Some(folder) = photos() else { return };
    let library = indexed(folder.path());
    let trash = tempfile::tempdir().unwrap();
    let copy = folder.path().join("Backup/IMG_0001.jpg");
    let run = |kind: &str| -> Value {
        let args = ["duplicates", "--kind", kind, "--trash", "--yes", "--json"];
        let assert = library.command(&args).env("XDG_DATA_HOME", trash.path()).assert().code(0);
        serde_json::from_slice(&assert.get_output().stdout).unwrap()
    };
    let bytes = fs::metadata(&copy).unwrap().len();
    let done = run("exact");
    assert_eq!(keys(&done), ["bytes", "failed", "kind", "moved"]);
    assert_eq!((done["bytes"].as_u64(), done["moved"].as_array().unwrap().len()), (Some(bytes), 1));
    assert!(!copy.exists() && folder.path().join("IMG_0001.jpg").is_file());
    assert!(trash.path().join("Trash/files/IMG_0001.jpg").is_file());
    assert_eq!(names(&library.json(&["duplicates", "--kind", "exact"])).len(), 0);
    assert!(run("exact")["moved"].as_array().unwrap().is_empty());

    // One that is not the file that was indexed, and one whose keeper is gone.
    let edited = library.json(&["duplicates", "--kind", "edited"]);
    let [one, other] = &edited.as_array().unwrap()[..] else { panic!("{edited}") };
    let path = |group: &Value, n: usize| text(&group["photos"][n]["path"]);
    fs::write(path(one, 1), "something else").unwrap();
    fs::remove_file(path(other, 0)).unwrap();
    let done = run("edited");
    assert!(done["moved"].as_array().unwrap().is_empty());
    assert!(text(&done["failed"][0]["reason"]).contains("changed since"));
    assert_eq!(done["failed"].as_array().unwrap().len(), 1);
    assert_eq!(fs::read(path(one, 1)).unwrap(), b"something else");
    assert!(Path::new(&path(other, 1)).is_file());
}

fn real(path: &Path) -> std::path::PathBuf {
    path.canonicalize().unwrap()
}
