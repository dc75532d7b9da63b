//! `afterimage eval`, `insight` and `map`.

use std::fs;

use half::f16;
use predicates::str::contains;
use rusqlite::Connection;
use serde_json::Value;

use crate::support::{Library, photos};

/// A file of the shared photos' folder, such as `queries.tsv`.
fn truth(name: &str) -> Option<String> {
    let everyday = photos("everyday")?;
    Some(everyday.with_file_name(name).to_str().unwrap().to_owned())
}

#[test]
fn retrieval_is_judged_by_query() {
    let (Some(library), Some(queries)) = (Library::of_everyday(), truth("queries.tsv")) else {
        return;
    };
    let report = library.json(&["eval", "--queries", &queries]);
    assert_eq!((&report["input"], &report["photos"]), (&"queries".into(), &350.into()));
    assert_eq!(report["missing"], serde_json::json!([]));
    let run = &report["runs"][0]["text_to_image"];
    assert_eq!(run["queries"], 26);
    assert_eq!(run["per_query"].as_array().unwrap().len(), 26);
    let mean = |run: &Value, name: &str| run["mean"][name]["value"].as_f64().unwrap();
    println!("R-precision {:.3}", mean(run, "r_precision"));
    assert!(mean(run, "r_precision") > 0.85);
    let estimate = &run["mean"]["recall_at_10"];
    let number = |name: &str| estimate[name].as_f64().unwrap();
    assert!(number("low") <= number("value") && number("value") <= number("high"));

    let compared =
        library.json(&["eval", "--queries", &queries, "--precision", "f32", "--precision", "int8"]);
    assert_eq!(compared["runs"][1]["precision"], "int8");
    let comparison = &compared["comparison"]["text_to_image"]["metrics"]["r_precision"];
    let counts = ["wins", "ties", "losses"].map(|name| comparison[name].as_u64().unwrap());
    assert_eq!(counts.iter().sum::<u64>(), 26, "pair by pair: {comparison}");
    assert!(comparison["value"].as_f64().unwrap().abs() < 0.1, "{comparison}");
}

#[test]
fn labels_are_judged_with_single_prompts_and_with_templates() {
    let (Some(library), Some(labels)) = (Library::of_everyday(), truth("labels.tsv")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let plots = folder.path().join("plots");
    let report = library.json(&["eval", "--labels", &labels, "--plot", plots.to_str().unwrap()]);
    let runs = report["runs"].as_array().unwrap();
    assert_eq!(
        (runs.len(), &runs[0]["templates"], &runs[1]["templates"]),
        (2, &false.into(), &true.into())
    );
    let figures = &runs[0]["classification"];
    assert_eq!(
        (&figures["photos"], figures["per_class"].as_array().unwrap().len()),
        (&350.into(), 350)
    );
    let top = |name: &str| figures[name]["value"].as_f64().unwrap();
    println!("top 1 {:.3}, top 5 {:.3}", top("top_1"), top("top_5"));
    // The starter has learnt these very classes.
    assert!(top("top_1") > 0.5 && top("top_5") > top("top_1"));
    assert!(report["comparison"]["classification"]["p_value"].is_f64());
    assert!(fs::read_to_string(plots.join("classes-1.svg")).unwrap().starts_with("<svg"));
}

#[test]
fn captions_are_judged_both_ways_on_a_folder_of_their_own() {
    let Some(everyday) = photos("everyday") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut captions = String::from("file\tcaption\n");
    for (name, caption) in
        [("IMG_0001", "a plate rack"), ("IMG_0003", "a small dog"), ("IMG_0007", "a volcano")]
    {
        let name = format!("{name}.jpg");
        fs::copy(everyday.join(&name), folder.path().join(&name)).unwrap();
        captions.push_str(&format!("{name}\t{caption}\n"));
    }
    captions.push_str("gone.jpg\tnothing\n");
    fs::write(folder.path().join("notes.txt"), "no picture").unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), captions).unwrap();
    let library = Library::new();
    let (file, photos) = (file.path().to_str().unwrap(), folder.path().to_str().unwrap());
    let report = library.json(&["eval", "--captions", file, "--photos", photos]);
    assert_eq!(report["photos"], 3);
    assert_eq!(report["missing"][0], "gone.jpg");
    assert!(report["failed"][0][0].as_str().unwrap().ends_with("notes.txt"));
    for way in ["text_to_image", "image_to_text"] {
        assert_eq!(report["runs"][0][way]["mean"]["recall_at_1"]["value"], 1.0, "{way}: {report}");
    }
}

#[test]
fn wrong_input_is_told_by_its_line() {
    let library = Library::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "query\tfiles\na dog a.jpg\n").unwrap();
    let path = file.path().to_str().unwrap();
    let told = |args: &[&str], says: &'static str| {
        library.command(args).assert().code(2).stderr(contains(says));
    };
    told(&["eval", "--queries", path], "line 2");
    told(&["eval"], "--queries");
    told(&["eval", "--queries", path, "--labels", path], "cannot be used");
    let twice = ["--model", "a", "--model", "b", "--templates", "true", "--templates", "false"];
    told(&[&["eval", "--queries", path], &twice[..]].concat(), "twice");
    fs::write(file.path(), "a dog\ta.jpg\n").unwrap();
    told(&["eval", "--queries", path], "--photos");
    told(&["insight"], "no photo is embedded");
    told(&["map"], "at least 24 photos");
}

#[test]
fn the_vectors_of_real_photos_are_healthy_and_drawn() {
    let Some(library) = Library::of_everyday() else { return };
    let folder = tempfile::tempdir().unwrap();
    let plots = folder.path().to_str().unwrap();
    let insight = library.json(&["insight", "--plot", plots]);
    let report = &insight["report"];
    assert_eq!((&report["rows"], &report["dim"]), (&350.into(), &384.into()));
    assert_eq!(report["norms"]["off"]["count"], 0);
    assert_eq!(report["not_finite"]["count"], 0);
    assert_eq!(insight["warnings"], serde_json::json!([]), "{insight}");
    for name in ["cosines", "queries", "variance", "hubs", "kept"] {
        let svg = fs::read_to_string(folder.path().join(name).with_extension("svg")).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("<title"), "{name}");
    }
    library.command(&["insight"]).assert().code(0).stdout(contains("nothing is wrong"));

    let map = library.json(&["map", "--plot", plots]);
    let photos = map["photos"].as_array().unwrap();
    assert_eq!(photos.len(), 350);
    let inside = |value: &Value| (0.0..=1.0).contains(&value.as_f64().unwrap());
    assert!(photos.iter().all(|photo| inside(&photo["x"]) && inside(&photo["y"])));
    let clusters: Vec<&str> = map["clusters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    println!("{clusters:?}");
    assert!(clusters.len() >= 3 && clusters.iter().any(|name| !name.starts_with("Group")));
    assert_eq!(library.json(&["map"]), map, "the map is the same every time");
}

/// A zero vector, a NaN, vectors of another length and copies of one vector, put where
/// vectors are kept.
#[test]
fn planted_faults_are_found() {
    let Some(library) = Library::of_everyday() else { return };
    let database = Connection::open(library.path().join("derived.sqlite")).unwrap();
    let rows: Vec<(i64, Vec<u8>)> = database
        .prepare("SELECT seq, vector FROM embedding ORDER BY seq")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let set = |at: usize, vector: &[u8]| {
        let (seq, vector) = (rows[at].0, vector.to_vec());
        database.execute("UPDATE embedding SET vector = ?2 WHERE seq = ?1", (seq, vector)).unwrap();
    };
    let scaled = |vector: &[u8], by: f32| -> Vec<u8> {
        let values = vector.chunks(2).map(|pair| f16::from_le_bytes([pair[0], pair[1]]));
        values.flat_map(|value| f16::from_f32(value.to_f32() * by).to_le_bytes()).collect()
    };
    set(0, &scaled(&rows[0].1, 0.0));
    let mut broken = rows[1].1.clone();
    broken[..2].copy_from_slice(&f16::NAN.to_le_bytes());
    set(1, &broken);
    // One in a hundred is longer.
    (2..6).for_each(|at| set(at, &scaled(&rows[at].1, 1.2)));
    (10..30).for_each(|at| set(at, &rows[10].1));
    set(7, &rows[7].1[..100]);
    drop(database);

    let insight = library.json(&["insight"]);
    let warnings: Vec<&str> = insight["report"]["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["kind"].as_str().unwrap())
        .collect();
    for kind in ["not_finite", "zero_vectors", "norms_off", "duplicated_hub"] {
        assert!(warnings.contains(&kind), "{kind} is missing in {warnings:?}");
    }
    assert_eq!(insight["report"]["norms"]["off"]["count"], 4);
    assert_eq!(insight["report"]["not_finite"]["count"], 2, "one of them is cut off");
    let remedies = insight["warnings"].as_array().unwrap();
    assert!(remedies.iter().all(|one| !one["remedy"].as_str().unwrap().is_empty()));
    let named = insight["photos"].as_array().unwrap();
    assert!(named.iter().any(|photo| photo["path"].as_str().unwrap().ends_with(".jpg")));
}
