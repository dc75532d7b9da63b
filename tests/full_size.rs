//! A model as large as those that people install: 600 MB of weights.

use std::fs;

use afterimage_engine::bench::Architecture;

use crate::support::{Library, lines, numbers, photos};

/// What a text alone may take at most.
const MOST_BYTES: u64 = 700_000_000;

#[test]
#[cfg(target_os = "linux")]
fn a_text_costs_the_text_tower_alone() {
    let folder = tempfile::tempdir().unwrap();
    Architecture::find("vit-b-32").unwrap().write(folder.path()).unwrap();
    let bytes = folder.path().join("model.safetensors").metadata().unwrap().len();
    assert!(bytes > 600_000_000, "{bytes}");
    let library = Library::new();
    let model = folder.path().to_str().unwrap();
    for precision in ["f32", "int8"] {
        let subject = ["--model", model, "--precision", precision];
        let bench = [&["bench", "embed"], &subject[..], &["--text", "a dog"]].concat();
        let measured = lines(&mut library.command(&bench)).remove(1);
        assert_eq!(measured["dim"], 512);
        let peak = measured["peak_bytes"].as_u64().unwrap();
        eprintln!("a text of a model of {bytes} bytes: {measured}");
        assert!(peak < MOST_BYTES, "{precision}: {peak}");
    }
    let document = library.json(&["embed", "--model", model, "--text", "a dog"]);
    let vector = numbers(&document["embeddings"][0]["vector"]);
    assert!((vector.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-3);
}

/// A window that is open on many photos and rests; see `bench idle`.
const MOST_IDLE_BYTES: u64 = 250_000_000;

#[test]
#[cfg(target_os = "linux")]
fn a_window_at_rest_takes_little_of_the_memory_with_100_000_photos() {
    let library = Library::new();
    let arguments = ["bench", "idle", "--photos", "100000"];
    let measured = lines(&mut library.command(&arguments)).remove(1);
    eprintln!("at rest: {measured}");
    assert_eq!((&measured["photos"], &measured["dim"]), (&100_000.into(), &384.into()));
    assert!(measured["resident_bytes"].as_u64().unwrap() < MOST_IDLE_BYTES, "{measured}");
}

/// With random weights all photos lie close together, the farthest at a cosine
/// of 0.99, so the order of neighbours says nothing here; it is compared where
/// weights were trained, in the engine's tests.
#[test]
fn eight_bits_move_no_photo_far() {
    let Some(photos) = photos("everyday") else { return };
    let mut photos: Vec<_> =
        fs::read_dir(photos).unwrap().map(|photo| photo.unwrap().path()).collect();
    photos.sort();
    let folder = tempfile::tempdir().unwrap();
    Architecture::find("vit-b-32").unwrap().write(folder.path()).unwrap();
    let library = Library::new();
    let embed = |precision: &str| -> Vec<Vec<f64>> {
        let model = folder.path().to_str().unwrap();
        let mut arguments = vec!["embed", "--model", model, "--precision", precision];
        arguments.extend(photos.iter().flat_map(|photo| ["--image", photo.to_str().unwrap()]));
        let document = library.json(&arguments);
        let embeddings = document["embeddings"].as_array().unwrap();
        embeddings.iter().map(|embedding| numbers(&embedding["vector"])).collect()
    };
    let (exact, rounded) = (embed("f32"), embed("int8"));
    assert_ne!(exact, rounded, "nothing was rounded");
    let cosines = exact.iter().zip(&rounded);
    let cosines: Vec<f64> =
        cosines.map(|(a, b)| a.iter().zip(b).map(|(a, b)| a * b).sum()).collect();
    let mean = cosines.iter().sum::<f64>() / cosines.len() as f64;
    let worst = cosines.iter().copied().fold(1.0, f64::min);
    println!("{} photos in 8 bits: mean cosine {mean:.5}, worst {worst:.5}", cosines.len());
    assert!(cosines.len() > 300 && mean >= 0.99 && worst >= 0.98, "{mean} {worst}");
}

#[test]
#[cfg(target_os = "linux")]
fn indexing_takes_no_more_memory_than_a_laptop_has_to_spare() {
    let Some(photos) = photos("camera") else { return };
    for (model, most) in [("vit-b-32", 900_000_000), ("starter", 450_000_000)] {
        let bench = ["bench", "index", "--model", model, "--folder", photos.to_str().unwrap()];
        let measured = lines(&mut Library::new().command(&bench)).remove(1);
        println!("{measured}");
        assert!(measured["photos"].as_u64().unwrap() > 30);
        let peak = measured["peak_bytes"].as_u64().unwrap();
        assert!(peak < most, "{model}: {peak}");
    }
}
