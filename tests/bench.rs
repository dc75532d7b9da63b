//! What `bench` prints, and what it refuses. How fast anything is, no test asks:
//! the machine may be busy.

use std::fs;
#[cfg(unix)]
use std::io::{BufRead, BufReader};
use std::path::Path;
#[cfg(unix)]
use std::process::Stdio;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;
use tempfile::TempDir;

#[cfg(unix)]
use crate::support::interrupt;
use crate::support::{Library, keys, lines, repository};

/// Pictures in two classes of size, and a file that is none.
fn photos() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (number, side) in [(1, 40), (2, 64), (3, 1100)] {
        write_bmp(&folder.path().join(format!("{number}.bmp")), side);
    }
    fs::write(folder.path().join("broken.jpg"), "no picture").unwrap();
    folder
}

/// A square of one colour, as the simplest of formats has it.
fn write_bmp(path: &Path, side: u32) {
    let pixels = 3 * side * side;
    let mut bytes = b"BM".to_vec();
    for field in [54 + pixels, 0, 54, 40, side, side, 1 | 24 << 16, 0, pixels, 2835, 2835, 0, 0] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend((0..pixels).map(|n| (n % 251) as u8));
    fs::write(path, bytes).unwrap();
}

/// A small model.
fn model() -> String {
    repository().join("tests/fixtures/clip-quickgelu").to_str().unwrap().to_owned()
}

/// Runs `bench`; what it measured, once the first line said on what.
fn measured(args: &[&str]) -> Vec<Value> {
    let library = Library::new();
    let mut lines = lines(&mut library.command(&[&["bench"], args].concat()));
    let machine = lines.remove(0);
    assert_eq!(keys(&machine), ["cores", "features", "processor", "version", "what"]);
    assert_eq!(machine["what"], "machine");
    assert!(machine["cores"].as_u64().unwrap() > 0);
    lines
}

/// A line has these keys and these figures, which are positive.
fn check(line: &Value, contract: &[&str], positive: &[&str]) {
    assert_eq!(keys(line), contract);
    for key in positive {
        assert!(line[key].as_f64().unwrap() > 0.0, "{key} in {line}");
    }
}

#[test]
fn images_are_measured_in_both_precisions_and_texts_once() {
    let args = ["embed", "--model", &model(), "--seconds", "0", "--batch", "1,3", "--tokens", "5"];
    let lines = measured(&args);
    let kinds: Vec<_> = lines.iter().map(|line| line["what"].as_str().unwrap()).collect();
    let images = ["first-use", "image-tower", "image-tower"];
    assert_eq!(kinds, [&images[..], &["text-tower"], &images].concat());
    for line in &lines {
        assert_eq!((&line["model"], &line["device"]), (&"clip-quickgelu".into(), &"cpu".into()));
    }
    let precisions: Vec<_> = lines.iter().map(|line| &line["precision"]).collect();
    assert_eq!(precisions[..4], ["f32"; 4]);
    assert_eq!(precisions[4..], ["int8"; 3]);

    let first = ["device", "dim", "inputs", "model", "peak_bytes", "precision", "seconds", "what"];
    check(&lines[0], &first, &["dim", "inputs", "seconds"]);
    let images = ["batch", "device", "images_per_s", "model", "precision", "rounds", "what"];
    check(&lines[1], &images, &["images_per_s", "rounds"]);
    assert_eq!((&lines[1]["batch"], &lines[2]["batch"]), (&1.into(), &3.into()));
    let texts = ["device", "model", "ms", "precision", "rounds", "tokens", "what"];
    check(&lines[3], &texts, &["ms", "rounds"]);
    assert_eq!(lines[3]["tokens"], 5);
}

#[test]
fn a_text_measures_the_first_use_alone() {
    let args = ["embed", "--model", &model(), "--precision", "f32", "--text", "a", "--text", "b"];
    let lines = measured(&args);
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["what"], &lines[0]["inputs"]), (&"first-use".into(), &2.into()));
}

#[test]
fn decoding_is_measured_by_size_on_one_thread_and_on_all() {
    let photos = photos();
    let folder = photos.path().to_str().unwrap();
    let args = ["decode", "--folder", folder, "--model", &model(), "--seconds", "0"];
    let lines = measured(&args);
    for line in &lines {
        let contract =
            ["megapixels", "model", "photos", "photos_per_s", "rounds", "threads", "what"];
        check(line, &contract, &["photos", "photos_per_s", "rounds", "threads"]);
        assert_eq!(line["what"], "decode");
    }
    let single: Vec<_> = lines.iter().filter(|line| line["threads"] == 1).collect();
    let counts = |key: &str| single.iter().map(|line| &line[key]).collect::<Vec<_>>();
    assert_eq!(counts("megapixels"), ["<1", "1-6"]);
    assert_eq!(counts("photos"), [2, 1]);
}

#[test]
fn the_pipeline_is_measured_on_a_folder() {
    let photos = photos();
    let folder = photos.path().to_str().unwrap();
    // The folder with and without its option.
    for args in [
        &["index", folder, "--model", &model(), "--precision", "f32"][..],
        &["index", "--folder", folder, "--model", "starter"],
    ] {
        let lines = measured(args);
        assert_eq!(lines.len(), 1);
        let contract = [
            "device",
            "failed",
            "loading_s",
            "model",
            "peak_bytes",
            "photos",
            "photos_per_s",
            "precision",
            "seconds",
            "what",
        ];
        check(&lines[0], &contract, &["seconds", "photos_per_s"]);
        assert_eq!((&lines[0]["photos"], &lines[0]["failed"]), (&3.into(), &1.into()));
        assert_eq!(lines[0]["what"], "pipeline");
    }
}

#[test]
fn ranking_is_measured_on_the_library() {
    let Some(library) = Library::of_everyday() else { return };
    let lines = lines(&mut library.command(&["bench", "scan", "--runs", "3"]));
    assert_eq!(lines[0]["what"], "machine");
    let contract = ["median_ms", "model", "photos", "runs", "slowest_ms", "what"];
    check(&lines[1], &contract, &["median_ms", "slowest_ms"]);
    assert_eq!((&lines[1]["photos"], &lines[1]["runs"]), (&350.into(), &3.into()));
}

#[test]
fn random_vectors_are_searched_and_found() {
    let args = ["scan", "--vectors", "20000", "--dims", "64"];
    let lines = measured(&args);
    assert_eq!(lines.len(), 1);
    check(&lines[0], &["dims", "ms", "recall_at_100", "vectors", "what"], &["ms"]);
    assert_eq!(lines[0]["what"], "scan");
    assert_eq!((&lines[0]["vectors"], &lines[0]["dims"]), (&20_000.into(), &64.into()));
    assert!(lines[0]["recall_at_100"].as_f64().unwrap() >= 0.999, "{}", lines[0]);
}

#[test]
fn a_made_up_library_is_asked_with_filters_and_without() {
    let lines = measured(&["query", "--photos", "500", "--model", &model()]);
    assert_eq!(lines.len(), 1);
    let contract = [
        "dim",
        "filtered_ms",
        "model",
        "ms",
        "opened_ms",
        "photos",
        "slowest_ms",
        "vector_bytes",
        "what",
    ];
    check(&lines[0], &contract, &["ms", "filtered_ms", "slowest_ms", "opened_ms"]);
    assert_eq!((&lines[0]["what"], &lines[0]["photos"]), (&"query".into(), &500.into()));
}

#[test]
fn people_read_rows_with_units() {
    let library = Library::new();
    let args = ["bench", "embed", "--model", &model(), "--seconds", "0", "--precision", "f32"];
    let rows = contains("images/s").and(contains("12 tokens")).and(contains("{").not());
    library.command(&args).assert().code(0).stdout(rows);
}

#[test]
fn what_cannot_be_measured_ends_with_2_and_says_what_can() {
    let library = Library::new();
    let check = |args: &[&str], message: &str| {
        let args = [&["bench"], args].concat();
        library.command(&args).assert().code(2).stdout("").stderr(contains(message));
    };
    let known = "vit-b-32, vit-b-32-256, vit-b-16, vit-l-14, siglip2-b-16";
    check(&["embed", "--model", "vit-b-31"], known);
    check(&["embed", "--seconds", "soon"], "seconds");
    check(&["embed", "--model", &model(), "--batch", "none"], "none");
    check(&["decode", "--folder", "no-such-folder"], "no-such-folder");
    check(&["index", "no-such-folder"], "no-such-folder");
    check(&["index"], "bench index --library <DIR> <FOLDER>");
    let empty = tempfile::tempdir().unwrap();
    let empty = empty.path().to_str().unwrap();
    check(&["decode", "--folder", empty], "no photos");
    check(&["scan"], "nothing to rank");
    check(&["index", empty], "no photos");
    check(&["embed", "--batch", "0"], "0 is not in 1..");
    check(&["embed", "--tokens", "2"], "2 is not in 3..=77");
    check(&["embed", "--tokens", "500"], "500 is not in 3..=77");
    check(&["embed", "--image", "/nope.jpg"], "no file /nope.jpg");
    check(&["embed", "--seconds", "-1"], "a number of seconds");
    check(&["scan", "--runs", "0"], "0 is not in 1..");
    if cfg!(not(feature = "cuda")) {
        check(&["embed", "--device", "cuda"], "cuda");
        check(&["index", photos().path().to_str().unwrap(), "--device", "cuda"], "cuda");
    }
}

#[test]
fn where_no_photo_can_be_read_nothing_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let library = Library::new();
    let fails = |command: &str, message: &str| {
        let args = ["bench", command, path, "--model", &model(), "--json"];
        let nothing = contains("photos").not();
        library.command(&args).assert().code(1).stdout(nothing).stderr(contains(message));
    };
    fs::write(folder.path().join("a.jpg"), "no picture").unwrap();
    fails("index", "cannot read the only photo");
    fails("decode", "cannot read the only photo");
    // One whose size can be told, but nothing more.
    write_bmp(&folder.path().join("b.bmp"), 1100);
    let cut = fs::read(folder.path().join("b.bmp")).unwrap();
    fs::write(folder.path().join("b.bmp"), &cut[..60]).unwrap();
    fails("decode", "none of 1 photo of 1-6 megapixels can be decoded");
    fails("index", "cannot read any of 2 photos");

    // Other sizes are measured all the same.
    write_bmp(&folder.path().join("c.bmp"), 40);
    let args = ["decode", path, "--model", &model(), "--seconds", "0"];
    assert!(measured(&args).iter().all(|line| line["megapixels"] == "<1"));
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_a_measurement_and_leaves_no_weights_behind() {
    let (library, temporary) = (Library::new(), tempfile::tempdir().unwrap());
    let mut child = library
        .process(&["bench", "embed", "--batch", "1", "--seconds", "600"])
        .env("TMPDIR", temporary.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The machine, and then the first use.
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(output.by_ref().take(2).all(|line| line.is_ok()));
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 1);
    interrupt(&child);
    let ended = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains("stopped: nothing more was measured"), "{complaint}");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}
