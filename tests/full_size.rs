//! A model as large as those that people install: 600 MB of weights.

use afterimage_engine::bench::Architecture;

use crate::support::{Library, lines, numbers};

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
