//! `afterimage export`: copies of photos, what is printed of them, and what is refused.

use std::fs;
use std::path::Path;

use predicates::str::contains;
use serde_json::{Value, json};

use crate::support::{Library, everyday, file_name, keys, results, some_photos};

fn listed(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Two photos of dogs, by their numbers.
fn two(library: &Library) -> [String; 2] {
    let page = library.json(&["search", "dog", "--limit", "2"]);
    [0, 1].map(|at| results(&page)[at]["id"].to_string())
}

#[test]
fn photos_are_copied_as_they_are_by_number_and_by_file() {
    let Some(library) = Library::of_everyday() else { return };
    let photos = &everyday().unwrap().photos;
    let file = photos.join("IMG_0001.jpg");
    let to = tempfile::tempdir().unwrap();
    let folder = to.path().join("new/folder");
    let [first, _] = two(&library);
    let args = ["export", file.to_str().unwrap(), &first, "--to", folder.to_str().unwrap()];
    let exported = library.json(&args);
    assert_eq!(keys(&exported), ["failed", "folder", "written"]);
    assert_eq!(exported, json!({"failed": [], "folder": folder.to_str(), "written": 2}));
    let copy = folder.join("IMG_0001.jpg");
    assert!(fs::read(&copy).unwrap() == fs::read(&file).unwrap());
    let time = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
    assert_eq!(time(&copy), time(&file));

    // Again: nothing is replaced.
    library.command(&args).assert().code(0).stdout(contains("2 photos exported to"));
    assert_eq!(listed(&folder).len(), 4);
    assert!(folder.join("IMG_0001 (2).jpg").is_file());
}

#[test]
fn copies_are_made_smaller_named_and_encoded_as_asked() {
    let Some(library) = Library::of_everyday() else { return };
    let to = tempfile::tempdir().unwrap();
    let [first, second] = two(&library);
    for (format, extension) in [("jpeg", "jpg"), ("png", "png"), ("webp", "webp")] {
        let folder = to.path().join(format);
        let exported = library.json(&[
            "export",
            &first,
            &second,
            "--to",
            folder.to_str().unwrap(),
            "--size",
            "100",
            "--format",
            format,
            "--quality",
            "60",
            "--name",
            "dog {number}",
            "--no-metadata",
        ]);
        assert_eq!(exported["written"], 2);
        let names = listed(&folder);
        assert_eq!(names, [1, 2].map(|number| format!("dog {number}.{extension}")));
        let bytes = fs::read(folder.join(&names[0])).unwrap();
        let mark: &[u8] = match format {
            "jpeg" => b"\xFF\xD8",
            "png" => b"\x89PNG",
            _ => b"RIFF",
        };
        assert!(bytes.starts_with(mark) && bytes.len() < 60_000, "{format}: {}", bytes.len());
        if format == "jpeg" {
            let picture = image::load_from_memory(&bytes).unwrap();
            assert_eq!(picture.width().max(picture.height()), 100);
        }
    }
}

#[test]
fn what_cannot_be_copied_is_told_and_the_others_are() {
    let Some(photos) = some_photos(2) else { return };
    let library = Library::new();
    library.json(&["index", photos.path().to_str().unwrap()]);
    let all = library.json(&["search", "a photo", "--all"]);
    let ids: Vec<String> = results(&all).iter().map(|photo| photo["id"].to_string()).collect();
    fs::remove_file(photos.path().join("IMG_0002.jpg")).unwrap();
    let to = tempfile::tempdir().unwrap();
    let args = ["export", &ids[0], &ids[1], "--to", to.path().to_str().unwrap()];
    let exported: Value = library.json(&args);
    assert_eq!(exported["written"], 1);
    let failed = &exported["failed"][0];
    assert_eq!(keys(failed), ["path", "reason"]);
    assert_eq!(file_name(failed["path"].as_str().unwrap()), "IMG_0002.jpg");
    library.command(&args).assert().code(0).stderr(contains("not there any more"));
    assert_eq!(listed(to.path()), ["IMG_0001 (2).jpg", "IMG_0001.jpg"]);
}

#[test]
fn wrong_requests_end_as_the_contract_says_and_write_nothing() {
    let Some(library) = Library::of_everyday() else { return };
    let to = tempfile::tempdir().unwrap();
    let folder = to.path().join("none");
    let [first, _] = two(&library);
    let ends = |more: &[&str], code: i32, says: &'static str| {
        let args = [&["export", "--to", folder.to_str().unwrap()], more].concat();
        library.command(&args).assert().code(code).stderr(contains(says));
    };
    ends(&[], 2, "PHOTO_OR_FILE");
    ends(&["no such file"], 1, "neither a photo's number");
    ends(&[&first, "--quality", "0"], 2, "from 1 to 100");
    ends(&[&first, "--size", "0"], 2, "above 0");
    ends(&[&first, "--format", "tiff"], 2, "webp");
    ends(&[&first, "--name", "{title}"], 2, "{camera}");
    library.command(&["export", &first]).assert().code(2).stderr(contains("--to"));
    assert!(!folder.exists());
}
