//! The command line's contract: what commands print, and what they end with.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::{Value, json};

use crate::support::{Library, everyday, file_name, keys, photos, results, some_photos, text};

#[test]
fn indexing_counts_what_it_did() {
    let Some(everyday) = everyday() else { return };
    let contract = [
        "added", "embedded", "failed", "moved", "photos", "removed", "reused", "seconds", "skipped",
    ];
    assert_eq!(keys(&everyday.first), contract);
    for (key, expected) in [("added", 350), ("embedded", 350), ("photos", 350), ("failed", 0)] {
        assert_eq!(everyday.first[key], expected, "{key}");
    }
    for (key, expected) in [("added", 0), ("embedded", 0), ("photos", 350), ("removed", 0)] {
        assert_eq!(everyday.second[key], expected, "{key}");
    }
}

#[test]
fn status_tells_what_the_library_holds() {
    let Some(library) = Library::of_everyday() else { return };
    let status = library.json(&["status"]);
    let expected = [
        "device",
        "failed",
        "model",
        "model_problem",
        "models",
        "pending",
        "photos",
        "preparing",
        "read_only",
        "roots",
        "serving",
    ];
    assert_eq!(keys(&status), expected);
    assert!(status["read_only"].is_null());
    assert_eq!(status["photos"], 350);
    assert_eq!(status["pending"], 0);
    assert_eq!(status["failed"], 0);
    assert_eq!(status["model"], "starter");
    assert_eq!(status["models"], json!([{ "id": "starter", "embedded": 350 }]));
    let root = &status["roots"][0];
    assert_eq!(root["state"], "online");
    assert_eq!(root["photos"], 350);
    assert_eq!(Path::new(&text(&root["path"])), everyday().unwrap().photos);
    library.command(&["status"]).assert().code(0).stdout(contains("350 photos"));
}

#[test]
fn a_search_prints_the_contracts_document_best_first() {
    let Some(library) = Library::of_everyday() else { return };
    let document = library.json(&["search", "a dog"]);
    let contract = ["model", "problems", "query", "ranking_ms", "results", "took_ms", "total"];
    assert_eq!(keys(&document), contract);
    assert_eq!(document["query"], "a dog");
    assert_eq!(document["model"], "starter");
    assert_eq!(document["total"], 350);
    let results = results(&document);
    assert_eq!(results.len(), 20);
    for result in results {
        assert_eq!(keys(result), ["id", "path", "score", "strength", "strong", "why"]);
        assert!(result["strong"].is_boolean());
        assert!(Path::new(&text(&result["path"])).is_file());
    }
    let scores: Vec<f64> = results.iter().map(|r| r["score"].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    assert!(scores.iter().all(|score| (-1.0..=1.0).contains(score)), "{scores:?}");

    assert_eq!(library.found(&["search", "a dog", "--limit", "3"]).len(), 3);
    let mut all = library.found(&["search", "a dog", "--all"]);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 350);
}

#[test]
fn a_search_for_people_ranks_scores_and_names() {
    let Some(library) = Library::of_everyday() else { return };
    let first = &library.found(&["search", "a dog", "--limit", "1"])[0];
    library
        .command(&["search", "a dog", "--limit", "1"])
        .assert()
        .code(0)
        .stdout(contains(first.as_str()).and(contains("\u{1b}").not()))
        .stderr(contains("of 350 photos"));
}

#[test]
fn a_search_says_why_a_photo_answers_and_what_it_lacks() {
    let Some(library) = Library::of_everyday() else { return };
    let dog = results(&library.json(&["search", "a dog", "--limit", "1"]))[0].clone();
    let id = dog["id"].to_string();
    let why = library.json(&["search", "a dog type:png,jpeg", "--explain", &id]);
    assert_eq!(keys(&why), ["parts", "rank", "ranked", "score", "strength"]);
    assert_eq!((&why["rank"], &why["ranked"]), (&json!(1), &json!(350)));
    assert_eq!((&why["score"], &why["strength"]), (&dog["score"], &json!("strong")));
    let parts = why["parts"].as_array().unwrap();
    assert_eq!(keys(&parts[0]), ["field", "holds", "kind", "score", "spreads", "words"]);
    assert_eq!((&parts[0]["kind"], &parts[0]["words"]), (&json!("words"), &json!("a dog")));
    assert!(parts[0]["spreads"].as_f64().unwrap() > 4.0, "{}", parts[0]);
    assert_eq!(parts[1]["words"], "type:png,jpeg");
    assert_eq!((&parts[1]["holds"], &parts[1]["score"]), (&json!(true), &json!(null)));

    let path = text(&dog["path"]);
    library
        .command(&["search", "a dog type:png date:someday", "--explain", &path])
        .assert()
        .code(0)
        .stdout(contains(" no  filter: type:png").and(contains("yes  words: a dog")))
        .stderr(contains("someday: date: takes no such value"));
    library
        .command(&["search", "a dog", "--explain", "999999"])
        .assert()
        .code(1)
        .stderr(contains("neither a photo's number"));
    library.command(&["search", "a dog", "--explain", &id, "--all"]).assert().code(2);
}

#[test]
fn a_search_by_an_example_finds_the_example_and_its_like() {
    let Some(library) = Library::of_everyday() else { return };
    let elsewhere = tempfile::tempdir().unwrap();
    let example = elsewhere.path().join("example.jpg");
    let dog = library.found(&["search", "a dog", "--limit", "1"]).remove(0);
    fs::copy(&dog, &example).unwrap();
    let example = example.to_str().unwrap();

    let by_image = library.json(&["search", "--image", example]);
    assert_eq!(results(&by_image)[0]["path"], dog.as_str());
    assert!(results(&by_image)[0]["score"].as_f64().unwrap() > 0.99);
    // A file outside the library is as good an example.
    let similar = library.json(&["similar", example]);
    assert_eq!(results(&similar), results(&by_image));
}

#[test]
fn similar_takes_an_id_or_a_photos_path() {
    let Some(library) = Library::of_everyday() else { return };
    let Some(table) = photos("queries.tsv") else { return };
    let table = fs::read_to_string(table).unwrap();
    let dogs = table.lines().find(|line| line.starts_with("a dog\t")).unwrap();

    let dog = results(&library.json(&["search", "a dog", "--limit", "1"]))[0].clone();
    let by_id = library.found(&["similar", &dog["id"].to_string(), "--limit", "5"]);
    let alike = by_id.iter().filter(|path| dogs.contains(file_name(path))).count();
    assert!(alike >= 4, "of {by_id:?} only {alike} are dogs");
    assert_eq!(library.found(&["similar", &text(&dog["path"]), "--limit", "5"]), by_id);

    library.command(&["similar", "999999"]).assert().code(2).stderr(contains("999999"));
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_to_do() {
    let library = Library::new();
    let check = |args: &[&str], message: &str| {
        library.command(args).assert().code(2).stdout("").stderr(contains(message));
    };
    check(&["frobnicate"], "frobnicate");
    check(&[], "Usage");
    check(&["search"], "QUERY");
    check(&["search", ""], "empty");
    check(&["search", " \t\n "], "empty");
    check(&["search", "a dog", "--limit", "many"], "many");
    check(&["index", "/there/is/no/such/folder"], "/there/is/no/such/folder");
    check(&["index"], "afterimage index DIR");
    check(&["watch"], "afterimage index DIR");
    check(&["index", ".", "--device", "abacus"], "abacus");
    check(&["embed"], "--text");
}

#[test]
fn a_file_is_no_folder() {
    let library = Library::new();
    let file = library.path().join("photo.jpg");
    fs::write(&file, b"not a folder").unwrap();
    library
        .command(&[OsStr::new("index"), file.as_os_str()])
        .assert()
        .code(2)
        .stderr(contains("photo.jpg"));
    assert_eq!(library.json(&["status"])["roots"], json!([]));
}

#[test]
fn help_and_version_are_answers() {
    let library = Library::new();
    let help = library.command(&["--help"]).assert().code(0).stderr("");
    let help = String::from_utf8_lossy(&help.get_output().stdout).into_owned();
    for word in ["index", "watch", "search", "similar", "embed", "status", "failures", "model"] {
        assert!(help.contains(word), "{word} is missing from\n{help}");
    }
    assert!(help.contains("AFTERIMAGE_LIBRARY"));
    let version = env!("CARGO_PKG_VERSION");
    library.command(&["--version"]).assert().code(0).stdout(contains(version));
}

#[test]
fn an_empty_folder_is_said_to_be_empty() {
    let library = Library::new();
    let folder = tempfile::tempdir().unwrap();
    let index = [OsStr::new("index"), folder.path().as_os_str()];
    library.command(&index).assert().code(0).stderr(contains("no photos"));
    assert_eq!(library.json(&index)["photos"], 0);
}

#[test]
fn an_empty_library_says_how_to_fill_it() {
    let library = Library::new();
    library
        .command(&["search", "a dog"])
        .assert()
        .code(0)
        .stdout("")
        .stderr(contains("afterimage index DIR"));
    assert_eq!(library.json(&["search", "a dog"])["results"], json!([]));
    library.command(&["status"]).assert().code(0).stderr(contains("afterimage index DIR"));
}

#[test]
fn a_query_of_10_000_characters_is_answered() {
    let Some(library) = Library::of_everyday() else { return };
    let query = "a dog on a frosty field ".repeat(417);
    assert!(query.len() > 10_000);
    let found = library.found(&["search", &query, "--limit", "5"]);
    assert_eq!(found.len(), 5);
}

#[test]
fn a_newer_library_is_refused_and_left_alone() {
    let Some(library) = Library::of_everyday() else { return };
    let file = library.path().join("library.sqlite");
    let database = rusqlite::Connection::open(&file).unwrap();
    database.pragma_update(None, "user_version", 999_999).unwrap();
    database.close().unwrap();
    let before = fs::read(&file).unwrap();

    library.command(&["status"]).assert().code(2).stderr(contains("newer"));
    let photos = everyday().unwrap().photos.as_os_str();
    library.command(&[OsStr::new("index"), photos]).assert().code(2).stderr(contains("newer"));
    assert!(before == fs::read(&file).unwrap(), "the newer library was changed");
}

#[test]
fn broken_files_are_listed_and_stop_nothing() {
    let Some(all) = photos(".") else { return };
    let library = Library::new();
    let report = library.json(&[OsStr::new("index"), all.as_os_str()]);
    let failures = library.json(&["failures"]);
    let failures = failures.as_array().unwrap();
    assert!(!failures.is_empty());
    assert_eq!(report["failed"], failures.len());
    for failure in failures {
        assert_eq!(keys(failure), ["path", "permanent", "reason", "when"]);
        assert!(!text(&failure["reason"]).is_empty());
        assert!(Path::new(&text(&failure["path"])).is_file());
    }
    // Whole pictures must not be among them.
    let is_whole = |failure: &&Value| {
        ["everyday", "camera", "gps", "orientation"]
            .iter()
            .any(|folder| text(&failure["path"]).contains(&format!("/photos/{folder}/")))
    };
    assert_eq!(failures.iter().filter(is_whole).collect::<Vec<_>>(), Vec::<&Value>::new());
    // There is no file of a kind that is only counted.
    assert_eq!(report["skipped"], 0, "{report}");
    let status = library.json(&["status"]);
    assert_eq!(status["failed"], failures.len());
    assert_eq!(status["pending"], 0);

    let again = library.json(&["index"]);
    assert_eq!(again["embedded"], 0, "{again}");
    let retried = library.json(&["failures", "--retry"]);
    assert_eq!(retried.as_array().unwrap().len(), failures.len());
}

#[test]
fn renamed_copied_and_removed_photos_are_not_embedded_again() {
    let Some(folder) = some_photos(8) else { return };
    let library = Library::new();
    let index = [OsStr::new("index"), folder.path().as_os_str()];
    assert_eq!(library.json(&index)["embedded"], 8);
    let id_of = |name: &str| {
        let document = library.json(&["search", "a photo", "--all"]);
        let found =
            results(&document).iter().find(|r| file_name(r["path"].as_str().unwrap()) == name);
        found.map(|result| result["id"].clone())
    };
    let before = id_of("IMG_0001.jpg").unwrap();

    fs::create_dir(folder.path().join("deeper")).unwrap();
    let file = |name: &str| folder.path().join(name);
    fs::rename(file("IMG_0001.jpg"), file("deeper/renamed.jpg")).unwrap();
    fs::copy(file("IMG_0002.jpg"), file("deeper/copied.jpg")).unwrap();
    fs::remove_file(file("IMG_0003.jpg")).unwrap();
    let report = library.json(&index);
    for (key, expected) in
        [("moved", 1), ("added", 1), ("reused", 1), ("removed", 1), ("embedded", 0), ("photos", 8)]
    {
        assert_eq!(report[key], expected, "{key} in {report}");
    }
    assert_eq!(id_of("renamed.jpg"), Some(before));
    assert_eq!(id_of("IMG_0003.jpg"), None);
}

#[test]
fn photos_are_never_changed() {
    let Some(folder) = some_photos(6) else { return };
    let Some(orientation) = photos("orientation") else { return };
    for entry in fs::read_dir(orientation).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    fs::write(folder.path().join("broken.jpg"), b"\xff\xd8\xff\xe0 not much of a photo").unwrap();
    let before = everything_about(folder.path());
    set_read_only(folder.path(), true);

    let library = Library::new();
    let report = library.json(&[OsStr::new("index"), folder.path().as_os_str()]);
    assert_eq!(report["failed"], 1, "{report}");
    library.found(&["search", "a dog"]);
    library.json(&["failures", "--retry"]);

    assert_eq!(before, everything_about(folder.path()));
    set_read_only(folder.path(), false);
}

/// Name, time of change and content of every file in a folder.
fn everything_about(folder: &Path) -> Vec<(OsString, std::time::SystemTime, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let changed = entry.metadata().unwrap().modified().unwrap();
            (entry.file_name(), changed, fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn set_read_only(folder: &Path, read_only: bool) {
    let mut permissions = fs::metadata(folder).unwrap().permissions();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        permissions.set_mode(if read_only { 0o555 } else { 0o755 });
    }
    #[cfg(not(unix))]
    permissions.set_readonly(read_only);
    fs::set_permissions(folder, permissions).unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn a_path_that_is_not_utf_8_works() {
    use std::os::unix::ffi::OsStrExt;
    let Some(source) = some_photos(2) else { return };
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join(OsStr::from_bytes(b"caf\xe9"));
    fs::create_dir(&folder).unwrap();
    let photo = folder.join(OsStr::from_bytes(b"\xff.jpg"));
    fs::copy(source.path().join("IMG_0001.jpg"), &photo).unwrap();
    fs::copy(source.path().join("IMG_0002.jpg"), folder.join("plain.jpg")).unwrap();

    let library = Library::new();
    assert_eq!(library.json(&[OsStr::new("index"), folder.as_os_str()])["embedded"], 2);
    let found = library.found(&["search", "a photo"]);
    assert!(found.iter().any(|path| path.ends_with("caf\u{fffd}/\u{fffd}.jpg")), "{found:?}");
    let similar = library.json(&[OsStr::new("similar"), photo.as_os_str()]);
    assert!(!results(&similar).is_empty());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let Some(library) = Library::of_everyday() else { return };
    let mut child = library
        .process(&["search", "a dog", "--all", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut complaint = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{complaint}");
    assert_eq!(complaint, "");
}

#[test]
#[cfg(target_os = "linux")]
fn an_answer_that_cannot_be_written_is_an_error() {
    let Some(library) = Library::of_everyday() else { return };
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = library
        .process(&["status", "--json"])
        .stdout(Stdio::from(full))
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard output"));
}
