//! `afterimage tag` and `rate`: what photos show, suggested and said.

use std::fs;

use predicates::str::contains;
use serde_json::{Value, json};

use crate::support::{Library, keys};

/// The number of a photo that is surely one of a dog.
fn a_dog(library: &Library) -> String {
    let suggested = library.json(&["tag", "suggest", "--tag", "dog"]);
    suggested[0]["id"].to_string()
}

fn entry(library: &Library, id: &str) -> Value {
    let list = library.json(&["tag", "list", "--all"]);
    let found = list.as_array().unwrap().iter().find(|entry| entry["id"] == id);
    found.unwrap_or_else(|| panic!("{id} is not listed")).clone()
}

#[test]
fn suggestions_are_told_by_tag_and_by_photo() {
    let Some(library) = Library::of_everyday() else { return };
    let of_tag = library.json(&["tag", "suggest", "--tag", "DOG", "--least", "0.6"]);
    let of_tag = of_tag.as_array().unwrap();
    assert!(of_tag.len() > 5, "{}", of_tag.len());
    assert_eq!(keys(&of_tag[0]), ["id", "path", "tags"]);
    let confidence = |photo: &Value| photo["tags"][0]["confidence"].as_f64().unwrap();
    assert!(of_tag.windows(2).all(|two| confidence(&two[0]) >= confidence(&two[1])));
    assert!(of_tag.iter().all(|photo| confidence(photo) >= 0.6));

    let id = of_tag[0]["id"].to_string();
    let of_photo = library.json(&["tag", "suggest", "--photo", &id]);
    let tags = of_photo[0]["tags"].as_array().unwrap();
    assert!(tags.iter().any(|tag| tag["id"] == "dog"), "{of_photo}");
    let all = library.json(&["tag", "suggest"]);
    assert!(all.as_array().unwrap().len() > 100);
    let listed = entry(&library, "dog");
    assert_eq!(
        keys(&listed),
        ["hidden", "id", "learned", "name", "parent", "rejected", "suggested", "tagged"]
    );
    assert!(listed["suggested"].as_u64().unwrap() > 10);
}

#[test]
fn decisions_are_made_listed_exported_and_taken_back() {
    let Some(library) = Library::of_everyday() else { return };
    let dog = a_dog(&library);
    let decided = library.json(&["tag", "confirm", "dog", &dog]);
    assert_eq!(decided, json!({"changed": 1, "learned": null}));
    library.json(&["tag", "add", "Summer, home", &dog]);
    assert_eq!(entry(&library, "dog")["tagged"], 1);
    assert_eq!(library.found(&["search", "tag:\"summer, home\""]).len(), 1);
    assert_eq!(library.found(&["search", "tag:mammal"]).len(), 1, "a narrower tag");
    library.command(&["tag", "list"]).assert().code(0).stdout(contains("Summer"));

    let csv = library.command(&["tag", "export"]).assert().code(0).get_output().stdout.clone();
    let csv = String::from_utf8(csv).unwrap();
    assert!(csv.starts_with("path,tag,decision\n"), "{csv}");
    assert_eq!(csv.lines().count(), 3);
    let records = library.json(&["tag", "export", "--format", "json"]);
    assert_eq!(keys(&records[0]), ["decision", "path", "tag"]);

    assert_eq!(library.json(&["tag", "undo"])["undone"], "Summer, home added to 1 photo");
    assert_eq!(library.json(&["tag", "undo"])["undone"], "Dog confirmed for 1 photo");
    assert_eq!(library.json(&["tag", "undo"])["undone"], Value::Null);
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("tags.csv", csv), ("tags.json", records.to_string())] {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        let imported = library.json(&["tag", "import", file.to_str().unwrap()]);
        assert_eq!(imported, json!({"changed": 2, "unknown": []}), "{name}");
        assert_eq!(entry(&library, "dog")["tagged"], 1);
        library.json(&["tag", "undo"]);
    }
    library.json(&["tag", "reject", "dog", &dog]);
    assert_eq!(entry(&library, "dog")["rejected"], 1);
    library.json(&["tag", "remove", "dog", &dog]);
    assert_eq!(entry(&library, "dog")["rejected"], 0);
}

#[test]
fn many_suggestions_are_confirmed_at_once_and_taught_from() {
    let Some(library) = Library::of_everyday() else { return };
    let before = entry(&library, "dog")["suggested"].as_u64().unwrap();
    let decided = library.json(&["tag", "confirm", "dog", "--least", "0.6"]);
    let changed = decided["changed"].as_u64().unwrap();
    assert!(changed >= 5 && changed <= before, "{decided}");
    assert_eq!(decided["learned"]["before"], before);
    assert_eq!(entry(&library, "dog")["learned"], true);
    library.json(&["tag", "undo"]);
    let after = entry(&library, "dog");
    assert_eq!((&after["suggested"], &after["learned"]), (&json!(before), &json!(false)));
}

#[test]
fn categories_are_made_changed_and_taken_to_another_library() {
    let Some(library) = Library::of_everyday() else { return };
    let add = [
        "tag",
        "category",
        "add",
        "Shiba",
        "--prompt",
        "a shiba inu dog",
        "--parent",
        "dog",
        "--synonym",
        "doge",
        "--translate",
        "de=Schiba",
    ];
    let made = library.json(&add);
    assert_eq!(
        keys(&made),
        [
            "confused_with",
            "exclusive",
            "heading",
            "hidden",
            "id",
            "name",
            "names",
            "origin",
            "parent",
            "prompts",
            "synonyms"
        ]
    );
    assert_eq!((&made["origin"], &made["parent"]), (&json!("own"), &json!("dog")));
    assert!(entry(&library, made["id"].as_str().unwrap())["suggested"].is_u64());
    let edited = library.json(&["tag", "category", "edit", "schiba", "--parent", "-"]);
    assert_eq!(edited["parent"], Value::Null);
    assert_eq!(edited["prompts"], json!(["a shiba inu dog"]), "what is not given stays");
    assert_eq!(library.json(&["tag", "category", "hide", "cat"])["hidden"], true);

    let file = tempfile::NamedTempFile::new().unwrap();
    let exported = library.command(&["tag", "category", "export"]).assert().code(0);
    fs::write(file.path(), &exported.get_output().stdout).unwrap();
    let other = Library::new();
    let path = file.path().to_str().unwrap();
    assert_eq!(other.json(&["tag", "category", "import", path])["changed"], 2);
    assert_eq!(other.json(&["tag", "category", "show", "cat"])["hidden"], true);
    assert_eq!(other.json(&["tag", "category", "unhide", "cat"])["origin"], "bundled");
    other.json(&["tag", "category", "remove", "shiba"]);
    other.command(&["tag", "category", "show", "shiba"]).assert().code(1);
    let listed = other.json(&["tag", "category", "list"]);
    assert!(listed.as_array().unwrap().len() >= 400);
}

#[test]
fn wrong_usage_is_told_with_what_to_do() {
    let library = Library::new();
    let ends = |args: &[&str], code: i32, says: &'static str| {
        library.command(args).assert().code(code).stderr(contains(says));
    };
    ends(&["tag", "confirm", "dog"], 2, "FILE_OR_ID");
    ends(&["tag", "add", "dog", "no such photo"], 1, "neither a photo's number");
    ends(&["tag", "category", "show", "nonsense"], 1, "tag category list");
    ends(&["tag", "category", "add", "Dog", "--prompt", "a dog"], 2, "already");
    ends(&["tag", "category", "add", "A|B"], 2, "leave it out");
    ends(&["tag", "category", "edit", "mammal", "--parent", "dog"], 2, "cannot be a part of");
    ends(&["tag", "write-sidecars"], 2, "afterimage tag sidecars on");
    ends(&["rate", "7", "1"], 2, "0 to 5 stars");
    ends(&["rate", "5", "999"], 1, "no");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.toml");
    fs::write(&file, "[[category]]\nid = \"x\"\nname = \"X\"\nprompts = []\n").unwrap();
    let import = ["tag", "category", "import", file.to_str().unwrap()];
    library
        .command(&import)
        .assert()
        .code(2)
        .stderr(contains("line 1"))
        .stderr(contains("prompts"));
    let file = folder.path().join("broken.csv");
    fs::write(&file, "path,tag,decision\n/a.jpg,Dog,perhaps\n").unwrap();
    let import = ["tag", "import", file.to_str().unwrap()];
    library.command(&import).assert().code(2).stderr(contains("confirmed, tagged or"));
    assert_eq!(library.json(&["tag", "export", "--format", "json"]), json!([]));
}

/// What is written is read by exiftool, and what exiftool writes is read here.
#[test]
fn sidecars_go_to_exiftool_and_back() {
    let Some(photos) = crate::support::some_photos(3) else { return };
    let exiftool = |args: &[&str]| {
        let run = std::process::Command::new("exiftool").args(args).output();
        run.ok().filter(|run| run.status.success()).map(|run| run.stdout)
    };
    if exiftool(&["-ver"]).is_none() {
        eprintln!("skipped: exiftool is not installed");
        return;
    }
    let library = Library::new();
    library.json(&["index", photos.path().to_str().unwrap()]);
    let found = library.json(&["search", "a photo", "--all"]);
    let mut files: Vec<String> = crate::support::results(&found)
        .iter()
        .map(|photo| photo["path"].as_str().unwrap().to_owned())
        .collect();
    files.sort();
    library.json(&["tag", "add", "Café & friends", &files[0]]);
    library.json(&["tag", "add", "dog", &files[0]]);
    library.json(&["rate", "4", &files[0]]);
    library.json(&["favourite", &files[1]]);
    library.json(&["tag", "sidecars", "on", "--naming", "full"]);
    let dry = library.json(&["tag", "write-sidecars", "--dry-run"]);
    assert_eq!(keys(&dry), ["dry_run", "failed", "same", "written"]);
    assert_eq!(dry["written"].as_array().unwrap().len(), 2);
    let sidecar = format!("{}.xmp", files[0]);
    assert!(!std::path::Path::new(&sidecar).exists(), "a dry run writes nothing");
    let before = fs::read(&files[0]).unwrap();
    let written = library.json(&["tag", "write-sidecars"]);
    assert_eq!(written["written"], dry["written"]);
    assert_eq!(fs::read(&files[0]).unwrap(), before, "the photo is as it was");

    let read = exiftool(&["-j", "-Subject", "-HierarchicalSubject", "-Rating", &sidecar]).unwrap();
    let read: Value = serde_json::from_slice(&read).unwrap();
    let mut subject: Vec<&str> =
        read[0]["Subject"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    subject.sort_unstable();
    assert_eq!(subject, ["Café & friends", "Dog"]);
    assert_eq!(read[0]["Rating"], 4);
    let tree = read[0]["HierarchicalSubject"].to_string();
    assert!(tree.contains("|Dog"), "{tree}");

    let tag = "-XMP-dc:Subject+=By exiftool";
    let title = "-XMP-dc:Title=A title";
    exiftool(&["-overwrite_original", tag, title, "-XMP:Rating=2", &sidecar]).unwrap();
    library.json(&["index"]);
    assert_eq!(library.found(&["search", "tag:\"by exiftool\""]).len(), 1);
    assert_eq!(library.found(&["search", "rating:2"]).len(), 1);
    library.json(&["tag", "remove", "dog", &files[0]]);
    library.json(&["tag", "write-sidecars"]);
    let read = exiftool(&["-j", "-Subject", "-Title", "-HierarchicalSubject", &sidecar]).unwrap();
    let read: Value = serde_json::from_slice(&read).unwrap();
    let left = read[0]["Subject"].to_string();
    assert!(
        left.contains("By exiftool") && left.contains("Café") && !left.contains("Dog"),
        "{left}"
    );
    assert_eq!(read[0]["Title"], "A title");
    assert_eq!(read[0].get("HierarchicalSubject"), None);
}
