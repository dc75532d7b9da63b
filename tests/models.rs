//! Models on the command line: vectors that match the references, and models
//! that come and go.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::PathBuf;

use predicates::prelude::PredicateBooleanExt;
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

/// `transformers` and `open_clip` computed the expected vectors; the scripts in
/// `tests/fixtures` are how.
#[test]
fn every_family_matches_its_reference() {
    let library = Library::new();
    let mut compared = 0;
    for name in [
        "clip-quickgelu",
        "clip-gelu",
        "tinyclip",
        "open-clip-gelu",
        "open-clip-quickgelu",
        "open-clip-rn50",
        "open-clip-xlm-roberta",
        "siglip",
        "siglip2",
    ] {
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
    assert!(compared >= 72, "only {compared} vectors were compared");
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
    let add = [OsStr::new("model"), OsStr::new("add"), clip.as_os_str()];
    // Its weights are random: no caption finds its picture.
    library.command(&add).assert().code(2).stderr(contains("do not find its images"));
    assert_eq!(ids(&library), ["starter"]);
    let added = library.json(&[add[0], add[1], add[2], OsStr::new("--no-check")]);
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

#[test]
fn switching_there_and_back_embeds_nothing_again() {
    let Some(library) = Library::of_everyday() else { return };
    let with_starter = library.found(&["search", "a dog"]);
    let paired = fixture("paired");
    library.json(&[OsStr::new("model"), OsStr::new("add"), paired.as_os_str()]);

    library.command(&["model", "use", "paired"]).assert().code(0).stderr(contains("350 photos"));
    // Until all photos have a vector of it, the one before answers.
    let status = library.json(&["status"]);
    assert_eq!((&status["model"], &status["serving"]), (&json!("paired"), &json!("starter")));
    assert_eq!(library.found(&["search", "a dog"]), with_starter);

    assert_eq!(library.json(&["index"])["embedded"], 350);
    assert_eq!(library.json(&["search", "a dog"])["model"], "paired");
    let with_paired = library.found(&["search", "a dog"]);

    // Back, there again and back, each time at once.
    for (model, found) in
        [("starter", &with_starter), ("paired", &with_paired), ("starter", &with_starter)]
    {
        library.command(&["model", "use", model]).assert().code(0);
        assert_eq!(library.json(&["search", "a dog"])["model"], model);
        assert_eq!(&library.found(&["search", "a dog"]), found);
        assert_eq!(library.json(&["index"])["embedded"], 0);
    }
}

#[test]
fn a_damaged_model_is_refused_by_name_and_the_one_in_use_stays() {
    let safetensors = "model.safetensors";
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage, &[&str]); 7] = [
        // The header's length.
        (safetensors, |file| file[..8].fill(0xff), &[safetensors]),
        (safetensors, |file| file.truncate(file.len() / 2), &[safetensors]),
        (
            safetensors,
            |file| replace(file, "[20,24]", "[24,20]"),
            &[safetensors, "text_projection.weight", "[24, 20]"],
        ),
        // The last number of the file becomes a NaN.
        (
            safetensors,
            |file| {
                let end = file.len();
                file[end - 2..].copy_from_slice(&0x7e00u16.to_le_bytes());
            },
            &[safetensors, "the tensor visual_projection.weight", "NaN"],
        ),
        ("tokenizer.json", |file| *file = b"{\"model\": \"none\"}".to_vec(), &["tokenizer.json"]),
        ("preprocessor_config.json", |file| file.truncate(9), &["preprocessor_config.json"]),
        ("config.json", |file| replace(file, "\"clip\"", "\"clap\""), &["config.json", "clap"]),
    ];
    let library = Library::new();
    for (file, damage, named) in damages {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("damaged");
        copy_folder(&fixture("clip-quickgelu"), &model);
        let mut content = fs::read(model.join(file)).unwrap();
        damage(&mut content);
        fs::write(model.join(file), &content).unwrap();

        let args = [OsStr::new("model"), OsStr::new("add"), model.as_os_str()];
        let refused = library.command(&args).arg("--no-check").assert().code(2).stdout("");
        for part in named {
            let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
            assert!(said.contains(part), "{file}: {part} in {said}");
        }
        // The same folder put among the models by hand.
        let installed = library.path().join("models/damaged");
        copy_folder(&model, &installed);
        for args in [vec!["model", "use", "damaged"], vec!["index", "--model", "damaged"]] {
            library.command(&args).arg("--json").assert().code(2).stdout("");
            assert_eq!(library.json(&["status"])["model"], "starter", "{file} {args:?}");
        }
        library.command(&["model", "check", "damaged"]).assert().code(1);
        fs::remove_dir_all(installed).unwrap();
    }
    assert_eq!(ids(&library), ["starter"]);
}

fn replace(file: &mut [u8], from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let at = file.windows(from.len()).position(|part| part == from.as_bytes());
    let at = at.unwrap_or_else(|| panic!("no {from}"));
    file[at..at + to.len()].copy_from_slice(to.as_bytes());
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_model_put_in_place_by_hand_is_checked_when_it_is_to_be_used() {
    let library = Library::new();
    let random = library.path().join("models/random");
    copy_folder(&fixture("clip-quickgelu"), &random);
    let refused = contains("do not find its images");
    library.command(&["model", "use", "random"]).assert().code(2).stderr(refused);
    assert_eq!(library.json(&["status"])["model"], "starter");
    // The person may know better, and is believed from then on.
    library.command(&["model", "use", "random", "--no-check"]).assert().code(0);
    library.command(&["model", "use", "starter"]).assert().code(0);
    library.command(&["model", "use", "random"]).assert().code(0);
    // A trained one needs no such word.
    copy_folder(&fixture("paired"), &library.path().join("models/trained"));
    library.command(&["model", "use", "trained"]).assert().code(0);
    library.command(&["model", "check"]).assert().code(0).stdout(contains("belong together"));
}

#[test]
fn removing_a_model_says_what_it_frees() {
    let Some(folder) = some_photos(3) else { return };
    let library = Library::new();
    let paired = fixture("paired");
    library.json(&[OsStr::new("model"), OsStr::new("add"), paired.as_os_str()]);
    let index = [OsStr::new("index"), folder.path().as_os_str()];
    library.json(&index);
    library.json(&["index", "--model", "paired"]);
    // In use, it is not removed by accident.
    library.command(&["model", "remove", "paired"]).assert().code(2).stderr(contains("model use"));
    library.json(&["model", "use", "starter"]);
    let removed = library.json(&["model", "remove", "paired"]);
    assert!(removed["bytes"].as_u64().unwrap() > 170_000, "{removed}");
    assert_eq!(removed["vectors"], 3);

    // Its vectors were kept for when it comes back.
    library.json(&[OsStr::new("model"), OsStr::new("add"), paired.as_os_str()]);
    assert_eq!(library.json(&["index", "--model", "paired"])["embedded"], 0);
    library.json(&["model", "use", "starter"]);
    let removed = library.json(&["model", "remove", "paired", "--vectors"]);
    assert_eq!(removed["vectors"], 3);
    library.json(&[OsStr::new("model"), OsStr::new("add"), paired.as_os_str()]);
    assert_eq!(library.json(&["index", "--model", "paired"])["embedded"], 3);
}

fn add(folder: &std::path::Path) -> [&OsStr; 3] {
    [OsStr::new("model"), OsStr::new("add"), folder.as_os_str()]
}

#[test]
fn a_model_that_broke_stays_the_chosen_one() {
    let Some(folder) = some_photos(3) else { return };
    let library = Library::new();
    library.json(&add(&fixture("paired")));
    library.json(&[OsStr::new("index"), folder.path().as_os_str()]);
    library.json(&["index", "--model", "paired"]);
    let found = library.found(&["search", "a dog"]);

    let weights = library.path().join("models/paired/model.safetensors");
    let whole = fs::read(&weights).unwrap();
    fs::write(&weights, &whole[..whole.len() / 2]).unwrap();
    for args in [vec!["search", "a dog"], vec!["index"]] {
        let says = contains("model.safetensors").and(contains("choose another model"));
        library.command(&args).assert().code(1).stderr(says);
    }
    let status = library.json(&["status"]);
    assert_eq!((&status["model"], &status["serving"]), (&json!("paired"), &json!("paired")));
    assert!(text(&status["model_problem"]).contains("model.safetensors"), "{status}");

    // Repaired, it is as before: nothing was put in its place.
    fs::write(&weights, &whole).unwrap();
    assert_eq!(library.found(&["search", "a dog"]), found);
    assert_eq!(library.json(&["index"])["embedded"], 0);
    // Or the person chooses another.
    fs::write(&weights, "").unwrap();
    library.command(&["model", "use", "starter"]).assert().code(0);
    assert_eq!(library.json(&["search", "a dog"])["model"], "starter");
}

#[test]
fn what_changes_under_a_model_is_seen() {
    let Some(folder) = some_photos(2) else { return };
    let library = Library::new();
    library.json(&add(&fixture("paired")));
    library.json(&[OsStr::new("index"), folder.path().as_os_str()]);
    assert_eq!(library.json(&["index", "--model", "paired"])["embedded"], 2);
    let model = library.path().join("models/paired");

    // Written in another order, the settings are the same ones.
    let config = fs::read(model.join("config.json")).unwrap();
    let settings: Value = serde_json::from_slice(&config).unwrap();
    fs::write(model.join("config.json"), settings.to_string()).unwrap();
    assert_eq!(library.json(&["index"])["embedded"], 0);
    // Others make other vectors, which are not mixed with those.
    let mut gelu = settings.clone();
    gelu["vision_config"]["hidden_act"] = json!("gelu");
    fs::write(model.join("config.json"), gelu.to_string()).unwrap();
    assert_eq!(library.json(&["index"])["embedded"], 2);
    fs::write(model.join("config.json"), &config).unwrap();
    assert_eq!(library.json(&["index"])["embedded"], 0);

    // Another model's weights or tokenizer in its place find nothing, and are
    // tried before a photo is embedded or the model used.
    let weights = fs::read(model.join("model.safetensors")).unwrap();
    let header = 8 + u64::from_le_bytes(*weights.first_chunk().unwrap()) as usize;
    let mut turned = weights[..header].to_vec();
    turned.extend(weights[header..].as_chunks::<2>().0.iter().rev().flatten());
    fs::write(model.join("model.safetensors"), &turned).unwrap();
    library.command(&["index"]).assert().code(2).stderr(contains("not a working model"));
    fs::write(model.join("model.safetensors"), &weights).unwrap();
    assert_eq!(library.json(&["index"])["embedded"], 0);
    library.json(&["model", "use", "starter"]);
    let tokenizer = fixture("clip-quickgelu").join("tokenizer.json");
    fs::copy(tokenizer, model.join("tokenizer.json")).unwrap();
    library.command(&["model", "use", "paired"]).assert().code(2);
    assert_eq!(library.json(&["status"])["model"], "starter");
}

#[test]
fn two_that_are_added_at_once_do_not_disturb_each_other() {
    let library = Library::new();
    let big = tempfile::tempdir().unwrap();
    let model = big.path().join("twin");
    copy_folder(&fixture("paired"), &model);
    // Long enough in the copying to meet.
    let mut readme = vec![b'a'; 64 << 20];
    readme[0] = b'#';
    fs::write(model.join("README.md"), readme).unwrap();
    let adding = |_| {
        let mut command = library.process(&add(&model));
        std::thread::spawn(move || command.output().unwrap())
    };
    let children: Vec<_> = (0..3).map(adding).collect();
    for child in children {
        let output = child.join().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(ids(&library), ["starter", "twin", "twin-2", "twin-3"]);
    let list = library.json(&["model", "list"]);
    assert!(list.as_array().unwrap().iter().all(|model| model["state"] == "ready"), "{list}");
}
