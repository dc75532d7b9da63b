//! 1. What is added answers, alone, without its source.
//! 2. What cannot work is refused and leaves nothing behind.
//! 3. A broken model is listed and hides no other.
//! 4. Removing touches nothing but the person's copy.

use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::install::id_for;
use super::*;
use crate::error::Code;
use crate::model::tests::{copy_of, edit, fixture};
use crate::model::{DeviceChoice, Precision, load};

/// The person's models, not there yet, and those of the application:
/// clip-gelu alone.
fn models() -> (TempDir, Models) {
    let place = tempfile::tempdir().unwrap();
    let bundled = place.path().join("bundled");
    fs::create_dir(&bundled).unwrap();
    copy_folder(&fixture("clip-gelu"), &bundled.join("clip-gelu"));
    let models = Models::new(place.path().join("own"), vec![bundled]);
    (place, models)
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn ids(models: &Models) -> Vec<String> {
    models.list().unwrap().into_iter().map(|model| model.id).collect()
}

/// Every name in the person's folder, those in progress too.
fn left(models: &Models) -> usize {
    fs::read_dir(&models.own).map_or(0, Iterator::count)
}

#[test]
fn an_added_model_stands_alone() {
    let (_place, models) = models();
    let source = copy_of("clip-quickgelu");
    let added = models.add(source.path(), PairCheck::Skipped).unwrap();
    source.close().unwrap();
    assert_eq!((added.family.as_str(), added.dim, added.preprocessing), ("clip", 20, 1));
    assert_eq!((added.state.clone(), added.bundled), (ModelState::Ready, false));
    assert_eq!(models.find(&added.id).unwrap(), added);
    let encoder = load(&added.folder, DeviceChoice::Cpu, Precision::F32).unwrap();
    assert_eq!(encoder.encode_texts(&["a dog"]).unwrap()[0].dim(), 20);
    // What the family does not need stays behind.
    assert!(!added.folder.join("expected.json").exists());
    assert_eq!(left(&models), 1);
}

#[test]
fn the_same_name_gets_a_number() {
    let (_place, models) = models();
    let source = fixture("clip-quickgelu");
    assert_eq!(models.add(&source, PairCheck::Skipped).unwrap().id, "clip-quickgelu");
    assert_eq!(models.add(&source, PairCheck::Skipped).unwrap().id, "clip-quickgelu-2");
    assert_eq!(models.add(&fixture("clip-gelu"), PairCheck::Skipped).unwrap().id, "clip-gelu-2");
    let again = models.add(&models.own.join("clip-quickgelu"), PairCheck::Skipped).unwrap_err();
    assert_eq!(again.code(), Code::Usage);
    assert!(again.to_string().contains("already installed"), "{again}");
}

#[test]
#[cfg(unix)]
fn a_killed_copy_is_invisible_and_does_not_stand_in_the_way() {
    let (_place, models) = models();
    let killed = models.own.join(".adding-killed");
    fs::create_dir_all(killed.join("model")).unwrap();
    assert_eq!(ids(&models), ["clip-gelu"]);
    models.add(&fixture("clip-quickgelu"), PairCheck::Skipped).unwrap();
    // It may be another process that is still copying; after a day it is not.
    assert!(killed.exists());
    let long_ago = SystemTime::now() - Duration::from_secs(2 * 24 * 60 * 60);
    File::open(&killed).unwrap().set_modified(long_ago).unwrap();
    models.add(&fixture("clip-quickgelu"), PairCheck::Skipped).unwrap();
    assert!(!killed.exists());
    assert_eq!(left(&models), 2);
}

#[test]
fn what_cannot_work_is_refused() {
    type Damage = fn(&Path);
    let damages: [(Damage, &str); 8] = [
        (|folder| fs::remove_file(folder.join("config.json")).unwrap(), "no config.json"),
        (|folder| fs::remove_file(folder.join("model.safetensors")).unwrap(), "no weights"),
        (
            |folder| {
                let safe = folder.join("model.safetensors");
                fs::rename(safe, folder.join("pytorch_model.bin")).unwrap();
            },
            "pytorch_model.bin holds no readable weights",
        ),
        (
            |folder| {
                let index = folder.join("model.safetensors.index.json");
                fs::rename(folder.join("model.safetensors"), index).unwrap();
            },
            "join them",
        ),
        (|folder| fs::remove_file(folder.join("tokenizer.json")).unwrap(), "no tokenizer.json"),
        (|folder| edit(&folder.join("config.json"), "\"clip\"", "\"clap\""), "\"clap\""),
        (|folder| fs::write(folder.join("config.json"), "{").unwrap(), "not valid JSON"),
        (
            |folder| {
                edit(&folder.join("model.safetensors"), "text_projection", "text_projectiom");
            },
            "text_projection.weight",
        ),
    ];
    for (damage, says) in damages {
        let (_place, models) = models();
        let source = copy_of("clip-quickgelu");
        damage(source.path());
        let error = models.add(source.path(), PairCheck::Skipped).unwrap_err();
        assert_eq!(error.code(), Code::Usage, "{error}");
        assert!(error.to_string().contains(says), "{says}: {error}");
        assert_eq!(left(&models), 0, "{says}");
    }
    let (place, models) = models();
    assert_eq!(
        models.add(&place.path().join("nowhere"), PairCheck::Skipped).unwrap_err().code(),
        Code::Usage
    );
}

#[test]
fn weights_that_are_not_numbers_are_refused() {
    let (_place, models) = models();
    let source = copy_of("clip-quickgelu");
    let file = source.path().join("model.safetensors");
    let mut bytes = fs::read(&file).unwrap();
    let header = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize + 8;
    // 0x7e7e is a NaN in f16.
    bytes[header..].fill(0x7e);
    fs::write(&file, bytes).unwrap();
    let error = models.add(source.path(), PairCheck::Skipped).unwrap_err();
    assert!(error.to_string().contains("NaN"), "{error}");
}

#[test]
fn a_broken_model_is_listed_with_the_reason() {
    let (_place, models) = models();
    let added = models.add(&fixture("clip-quickgelu"), PairCheck::Skipped).unwrap();
    fs::write(added.folder.join("model.safetensors"), "short").unwrap();
    fs::create_dir(models.own.join("empty")).unwrap();
    let listed = models.list().unwrap();
    assert_eq!(ids(&models), ["clip-gelu", "clip-quickgelu", "empty"]);
    assert_eq!(listed[0].state, ModelState::Ready);
    for (model, says) in [(&listed[1], "model.safetensors"), (&listed[2], "config.json")] {
        assert!(matches!(&model.state, ModelState::Broken(why) if why.to_string().contains(says)));
    }
    // What can be read of it is still told.
    assert_eq!(listed[1].family, "clip");
    models.remove("empty").unwrap();
    assert_eq!(ids(&models), ["clip-gelu", "clip-quickgelu"]);
}

#[test]
fn one_of_the_persons_hides_one_of_the_applications() {
    let (_place, models) = models();
    fs::create_dir(&models.own).unwrap();
    copy_folder(&fixture("clip-gelu"), &models.own.join("clip-gelu"));
    assert_eq!(ids(&models), ["clip-gelu"]);
    assert!(!models.find("clip-gelu").unwrap().bundled);
    models.remove("clip-gelu").unwrap();
    assert!(models.find("clip-gelu").unwrap().bundled);
}

#[test]
fn only_the_persons_models_are_removed() {
    let (place, models) = models();
    assert_eq!(models.remove("clip-gelu").unwrap_err().code(), Code::Usage);
    for id in ["nothing", "", "..", "../bundled", "."] {
        assert_eq!(models.remove(id).unwrap_err().code(), Code::NotFound, "{id:?}");
    }
    assert!(place.path().join("bundled/clip-gelu/config.json").exists());
    let added = models.add(&fixture("clip-quickgelu"), PairCheck::Skipped).unwrap();
    models.remove(&added.id).unwrap();
    assert_eq!(left(&models), 0);
    assert!(fixture("clip-quickgelu").join("model.safetensors").exists());
}

#[test]
#[cfg(unix)]
fn links_are_copied_through_and_removed_alone() {
    use std::os::unix::fs::symlink;
    let (place, models) = models();
    // The hub's cache: a folder named after a commit, full of links.
    let snapshot = place.path().join("0123456789abcdef0123456789abcdef01234567");
    fs::create_dir(&snapshot).unwrap();
    for name in ["model.safetensors", "tokenizer.json", "preprocessor_config.json"] {
        symlink(fixture("clip-gelu").join(name), snapshot.join(name)).unwrap();
    }
    let config = fs::read_to_string(fixture("clip-gelu/config.json")).unwrap();
    let config = config.replacen('{', r#"{"_name_or_path": "someone/Tiny CLIP","#, 1);
    fs::write(snapshot.join("config.json"), config).unwrap();
    let added = models.add(&snapshot, PairCheck::Skipped).unwrap();
    assert_eq!((added.id.as_str(), added.title.as_str()), ("tiny-clip", "someone/Tiny CLIP"));
    let copied = added.folder.join("model.safetensors");
    assert!(copied.symlink_metadata().unwrap().is_file());

    // A model that the person linked in by hand.
    let elsewhere = copy_of("clip-gelu");
    symlink(elsewhere.path(), models.own.join("linked")).unwrap();
    assert_eq!(models.find("linked").unwrap().state, ModelState::Ready);
    models.remove("linked").unwrap();
    assert!(elsewhere.path().join("model.safetensors").exists());
    assert_eq!(ids(&models), ["clip-gelu", "tiny-clip"]);
}

#[test]
fn a_folder_is_found_where_no_id_is() {
    let (_place, models) = models();
    let folder = fixture("clip-quickgelu");
    let found = models.find(folder.to_str().unwrap()).unwrap();
    assert_eq!((found.id.as_str(), found.dim), ("clip-quickgelu", 20));
    let error = models.find("no-such-model").unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    assert!(error.to_string().contains("afterimage model list"), "{error}");
}

#[test]
fn ids_are_file_names_that_nothing_stumbles_over() {
    for (folder, id) in [
        ("/m/ViT-B-32", "vit-b-32"),
        ("/m/My model (2)", "my-model--2"),
        ("/m/..", "model"),
        ("/m/.hidden", "hidden"),
        ("/m/Größe", "gr--e"),
        ("/m/犬", "model"),
        ("/", "model"),
    ] {
        assert_eq!(id_for(Path::new(folder), &Value::Null), id, "{folder}");
    }
    let config = json!({ "_name_or_path": "/home/someone/model" });
    assert_eq!(id_for(Path::new(&format!("/m/{}", "a".repeat(40))), &config), "a".repeat(40));
}

#[test]
fn the_licence_comes_from_the_configuration_or_the_card() {
    let folder = tempfile::tempdir().unwrap();
    let check = |card: &str, config: Value, expected: &str| {
        fs::write(folder.path().join("README.md"), card).unwrap();
        assert_eq!(license(folder.path(), &config), expected, "{card:?}");
    };
    check("---\nlicense: apache-2.0\ntags:\n- clip\n---\n# Model", json!({}), "apache-2.0");
    check("---\nlicense: mit\n---\n", json!({ "license": "MIT" }), "MIT");
    check("---\nlicense: other\nlicense_name: apple-ascl\n---\n", json!({}), "apple-ascl");
    check("# Model\nlicense: mit\n", json!({}), "unknown");
    check("---\nlicense:\n---\n", json!({}), "unknown");
    check("---\nnever closed", json!({}), "unknown");
}
