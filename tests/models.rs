//! Models on the command line: vectors that match the references, and models
//! that come and go.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::PathBuf;

use predicates::str::contains;
use serde_json::{Value, json};

use crate::support::{Library, keys, numbers, photos, repository, some_photos, text};

fn fixture(name: &str) -> PathBuf {
    repository().join("tests/fixtures").join(name)
}

fn length(vector: &[f64]) -> f64 {
    vector.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / (length(a) * length(b))
}

#[test]
fn the_starter_embeds_texts_and_images_to_unit_vectors() {
    let Some(everyday) = photos("everyday") else { return };
    let image = everyday.join("IMG_0003.jpg");
    let image = image.to_str().unwrap();
    let document =
        Library::new().json(&["embed", "--text", "a dog", "--text", "a cat", "--image", image]);
    assert_eq!(keys(&document), ["dim", "embeddings", "model"]);
    assert_eq!(document["model"], "starter");
    assert_eq!(document["dim"], 384);
    let embeddings = document["embeddings"].as_array().unwrap();
    assert_eq!(embeddings.len(), 3);
    assert_eq!(embeddings[0]["text"], "a dog");
    assert_eq!(embeddings[1]["text"], "a cat");
    assert_eq!(embeddings[2]["image"], image);
    let vectors: Vec<Vec<f64>> = embeddings.iter().map(|e| numbers(&e["vector"])).collect();
    for vector in &vectors {
        assert_eq!(vector.len(), 384);
        assert!((length(vector) - 1.0).abs() < 1e-3);
    }
    // It is a photo of a miniature pinscher.
    assert!(cosine(&vectors[0], &vectors[2]) > cosine(&vectors[1], &vectors[2]));
}

/// `transformers` computed the expected vectors; `tests/fixtures/clip_golden.py`
/// is how.
#[test]
fn clip_models_match_the_reference() {
    let library = Library::new();
    let mut compared = 0;
    for name in ["clip-quickgelu", "clip-gelu"] {
        let model = fixture(name);
        let expected = fs::read(model.join("expected.json")).unwrap();
        let expected: Value = serde_json::from_slice(&expected).unwrap();
        let mut args: Vec<OsString> = vec!["embed".into(), "--model".into(), model.into()];
        for entry in expected["texts"].as_array().unwrap() {
            args.push(format!("--text={}", text(&entry["text"])).into());
        }
        for entry in expected["images"].as_array().unwrap() {
            args.push("--image".into());
            args.push(fixture("clip-images").join(text(&entry["image"])).into());
        }
        let document = library.json(&args);
        let embeddings = document["embeddings"].as_array().unwrap();
        let references =
            [("texts", 0.9999), ("images", 0.999)].into_iter().flat_map(|(kind, least)| {
                expected[kind].as_array().unwrap().iter().map(move |entry| (entry, least))
            });
        for (embedding, (reference, least)) in embeddings.iter().zip(references) {
            let vector = numbers(&embedding["vector"]);
            assert!((length(&vector) - 1.0).abs() < 1e-3, "{name} {reference}");
            let similarity = cosine(&vector, &numbers(&reference["vector"]));
            assert!(similarity >= least, "{name}: {similarity} for {reference}");
            compared += 1;
        }
    }
    assert!(compared >= 16, "only {compared} vectors were compared");
}

#[test]
fn a_broken_image_is_an_error_of_its_own() {
    let library = Library::new();
    let file = library.path().join("broken.jpg");
    fs::write(&file, b"\xff\xd8\xff\xe0 not much of a photo").unwrap();
    library
        .command(&[OsStr::new("embed"), OsStr::new("--image"), file.as_os_str()])
        .assert()
        .code(1)
        .stdout("")
        .stderr(contains("broken.jpg"));
}

#[test]
fn a_folder_without_weights_is_no_model() {
    let library = Library::new();
    let folder = library.path().join("hollow");
    fs::create_dir(&folder).unwrap();
    for name in ["config.json", "tokenizer.json", "preprocessor_config.json"] {
        fs::copy(fixture("clip-gelu").join(name), folder.join(name)).unwrap();
    }
    let add = [OsStr::new("model"), OsStr::new("add"), folder.as_os_str()];
    library.command(&add).assert().code(2).stdout("").stderr(contains("weights"));
    let ids: Vec<String> = ids(&library);
    assert_eq!(ids, ["starter"]);
}

#[test]
fn a_model_comes_and_goes_and_the_others_vectors_stay() {
    let Some(folder) = some_photos(4) else { return };
    let library = Library::new();
    let index = [OsStr::new("index"), folder.path().as_os_str()];
    assert_eq!(library.json(&index)["embedded"], 4);
    let with_starter = library.found(&["search", "a dog"]);

    let clip = fixture("clip-gelu");
    let added = library.json(&[OsStr::new("model"), OsStr::new("add"), clip.as_os_str()]);
    assert_eq!(keys(&added[0]), ["dim", "family", "id", "license", "state"]);
    assert_eq!(added[0]["id"], "clip-gelu");
    assert_eq!(added[0]["family"], "clip");
    assert_eq!(added[0]["state"], "ready");
    assert_eq!(ids(&library), ["clip-gelu", "starter"]);

    assert_eq!(library.json(&["index", "--model", "clip-gelu"])["embedded"], 4);
    let status = library.json(&["status"]);
    assert_eq!(status["model"], "clip-gelu");
    assert_eq!(
        status["models"],
        json!([{ "id": "clip-gelu", "embedded": 4 }, { "id": "starter", "embedded": 4 }])
    );
    assert_eq!(library.json(&["search", "a dog"])["model"], "clip-gelu");

    library.command(&["model", "use", "starter"]).assert().code(0);
    assert_eq!(library.json(&["index"])["embedded"], 0);
    assert_eq!(library.found(&["search", "a dog"]), with_starter);

    library.command(&["model", "remove", "clip-gelu"]).assert().code(0);
    assert_eq!(ids(&library), ["starter"]);
    library.command(&["model", "use", "clip-gelu"]).assert().code(2).stderr(contains("clip-gelu"));
    library.command(&["model", "remove", "starter"]).assert().code(2).stderr(contains("starter"));
}

fn ids(library: &Library) -> Vec<String> {
    let list = library.json(&["model", "list"]);
    list.as_array().unwrap().iter().map(|model| text(&model["id"])).collect()
}
