//! A model as large as those that people install: 600 MB of weights.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::support::{Library, numbers};

/// What a text alone may take at most.
const MOST_BYTES: u64 = 700_000_000;

/// The tensors of a ViT-B/32 as `transformers` lays it out.
fn tensors() -> Vec<(String, Vec<usize>)> {
    let mut all = vec![
        ("logit_scale".to_owned(), vec![]),
        ("text_projection.weight".to_owned(), vec![512, 512]),
        ("visual_projection.weight".to_owned(), vec![512, 768]),
    ];
    for (tower, width, inner) in [("text_model", 512, 2048), ("vision_model", 768, 3072)] {
        let mut add = |name: &str, shape: &[usize]| {
            all.push((format!("{tower}.{name}"), shape.to_vec()));
        };
        if tower == "text_model" {
            add("embeddings.token_embedding.weight", &[49408, width]);
            add("embeddings.position_embedding.weight", &[77, width]);
        } else {
            add("embeddings.class_embedding", &[width]);
            add("embeddings.patch_embedding.weight", &[width, 3, 32, 32]);
            add("embeddings.position_embedding.weight", &[50, width]);
        }
        let norms: &[&str] = match tower {
            "text_model" => &["final_layer_norm"],
            _ => &["pre_layrnorm", "post_layernorm"],
        };
        for norm in norms {
            add(&format!("{norm}.weight"), &[width]);
            add(&format!("{norm}.bias"), &[width]);
        }
        for layer in 0..12 {
            let linears = [
                ("self_attn.q_proj", width, width),
                ("self_attn.k_proj", width, width),
                ("self_attn.v_proj", width, width),
                ("self_attn.out_proj", width, width),
                ("mlp.fc1", inner, width),
                ("mlp.fc2", width, inner),
            ];
            for (name, outputs, inputs) in linears {
                add(&format!("encoder.layers.{layer}.{name}.weight"), &[outputs, inputs]);
                add(&format!("encoder.layers.{layer}.{name}.bias"), &[outputs]);
            }
            for norm in ["layer_norm1", "layer_norm2"] {
                add(&format!("encoder.layers.{layer}.{norm}.weight"), &[width]);
                add(&format!("encoder.layers.{layer}.{norm}.bias"), &[width]);
            }
        }
    }
    all
}

/// Writes the folder of a ViT-B/32 with random weights. It has no tokenizer:
/// CLIP's own is used.
pub fn make(folder: &Path) {
    let tensors = tensors();
    let mut header = Map::new();
    let mut end = 0;
    for (name, shape) in &tensors {
        let start = end;
        end += 4 * shape.iter().product::<usize>();
        let entry = json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, end] });
        header.insert(name.clone(), entry);
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut file = BufWriter::new(File::create(folder.join("model.safetensors")).unwrap());
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(&header).unwrap();
    // A generator of our own, so that no run differs from another.
    let mut state = 1u32;
    let mut values = vec![0u8; 4 << 18];
    let mut left = end;
    while left > 0 {
        for value in values.as_chunks_mut::<4>().0 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let uniform = (state >> 8) as f32 / (1 << 24) as f32 - 0.5;
            *value = (0.07 * uniform).to_le_bytes();
        }
        let part = left.min(values.len());
        file.write_all(&values[..part]).unwrap();
        left -= part;
    }
    file.flush().unwrap();
    let config = json!({ "model_type": "clip", "projection_dim": 512 });
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    let preprocessor = json!({
        "size": 224, "crop_size": 224, "resample": 3,
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
    });
    std::fs::write(folder.join("preprocessor_config.json"), preprocessor.to_string()).unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn a_text_costs_the_text_tower_alone() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let bytes = folder.path().join("model.safetensors").metadata().unwrap().len();
    assert!(bytes > 600_000_000, "{bytes}");
    let library = Library::new();
    let model = folder.path().to_str().unwrap();
    let measured = library.json(&["bench", "embed", "--model", model, "--text", "a dog"]);
    assert_eq!(measured["dim"], 512);
    let peak = measured["peak_bytes"].as_u64().unwrap();
    eprintln!("a text of a model of {bytes} bytes: {measured}");
    assert!(peak < MOST_BYTES, "{peak}");
    let document = library.json(&["embed", "--model", model, "--text", "a dog"]);
    let vector = numbers(&document["embeddings"][0]["vector"]);
    assert!((vector.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-3);
}
