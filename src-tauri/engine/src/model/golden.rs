//! Every family against its reference implementation.
//!
//! 1. Both towers agree with it, alone and in batches.
//! 2. Each known mistake falls below the tolerance, so that agreeing means
//!    something.
//! 3. A text costs the text tower alone.
//! 4. What does not fit is refused by name: file, tensor, token, size.
//!
//! The models are small and their weights random; the scripts beside the
//! fixtures made them and their vectors.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::RgbImage;
use serde::Deserialize;
use serde_json::{Value, json};

use super::device::Backend;
use super::tests::{copy_of, edit, fixture};
use super::{DeviceChoice, Embedding, Encoder, Folder, Precision, load, read_json};

/// The tolerances, as cosines.
const TEXT: f32 = 0.9999;
const IMAGE: f32 = 0.999;
/// On the reference's own pixels only the order of additions differs.
const SAME_PIXELS: f32 = 0.99999;
/// In 8 bits. The models here are narrow and random, so that errors average out
/// less than in those that people use; a wrong scale leaves less than 0.5.
const ROUNDED: f32 = 0.95;

const MODELS: &[&str] = &[
    "clip-quickgelu",
    "clip-gelu",
    "tinyclip",
    "open-clip-gelu",
    "open-clip-quickgelu",
    "open-clip-rn50",
    "open-clip-xlm-roberta",
    "siglip",
    "siglip2",
];

#[derive(Deserialize)]
struct Expected {
    images: Vec<ExpectedImage>,
    texts: Vec<ExpectedText>,
}

#[derive(Deserialize)]
struct ExpectedImage {
    image: String,
    preprocessed: Option<String>,
    vector: Vec<f32>,
}

#[derive(Deserialize)]
struct ExpectedText {
    text: String,
    vector: Vec<f32>,
}

fn expected(name: &str) -> Expected {
    serde_json::from_value(read_json(&fixture(name).join("expected.json")).unwrap()).unwrap()
}

fn open(folder: &Path) -> Arc<dyn Encoder> {
    load(folder, DeviceChoice::Cpu, Precision::F32).unwrap()
}

fn picture(file: PathBuf) -> RgbImage {
    image::open(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())).to_rgb8()
}

fn cosine(vector: &Embedding, expected: &[f32]) -> f32 {
    assert_eq!(vector.dim(), expected.len());
    vector.as_slice().iter().zip(expected).map(|(a, b)| a * b).sum()
}

#[track_caller]
fn check(what: &str, vector: &Embedding, expected: &[f32], at_least: f32) {
    let cosine = cosine(vector, expected);
    assert!(cosine >= at_least, "{what}: cosine {cosine}, wanted {at_least}");
}

/// The images of a fixture, preprocessed by its encoder.
fn inputs(encoder: &dyn Encoder, expected: &Expected) -> Vec<RgbImage> {
    let inputs = expected.images.iter();
    let inputs = inputs.map(|image| picture(fixture("clip-images").join(&image.image)));
    inputs.map(|image| encoder.preprocess(&image).unwrap()).collect()
}

/// The worst cosines of images and of texts to the reference's.
fn worst(folder: &Path, name: &str) -> (f32, f32) {
    let (encoder, expected) = (open(folder), expected(name));
    let inputs = inputs(&*encoder, &expected);
    let images = encoder.encode_images(&inputs).unwrap();
    let images = images.iter().zip(&expected.images).map(|(a, b)| cosine(a, &b.vector));
    let texts: Vec<&str> = expected.texts.iter().map(|text| text.text.as_str()).collect();
    let texts = encoder.encode_texts(&texts).unwrap();
    let texts = texts.iter().zip(&expected.texts).map(|(a, b)| cosine(a, &b.vector));
    (images.fold(1.0, f32::min), texts.fold(1.0, f32::min))
}

#[test]
fn images_agree_with_the_reference() {
    for name in MODELS {
        let (encoder, expected) = (open(&fixture(name)), expected(name));
        let inputs = inputs(&*encoder, &expected);
        for (input, ExpectedImage { image, preprocessed, vector }) in
            inputs.iter().zip(&expected.images)
        {
            let what = format!("{name} {image}");
            // The whole way, where a level may be rounded the other way.
            let ours = encoder.encode_images(std::slice::from_ref(input)).unwrap();
            check(&what, &ours[0], vector, IMAGE);
            if let Some(preprocessed) = preprocessed {
                let input = picture(fixture(name).join(preprocessed));
                check(&what, &encoder.encode_images(&[input]).unwrap()[0], vector, SAME_PIXELS);
            }
        }
        // In a batch they do not touch each other.
        for (together, expected) in
            encoder.encode_images(&inputs).unwrap().iter().zip(&expected.images)
        {
            check(&format!("{name} {}", expected.image), together, &expected.vector, IMAGE);
        }
    }
}

#[test]
fn texts_agree_with_the_reference_alone_and_together() {
    for name in MODELS {
        let (encoder, expected) = (open(&fixture(name)), expected(name));
        let texts: Vec<&str> = expected.texts.iter().map(|text| text.text.as_str()).collect();
        let together = encoder.encode_texts(&texts).unwrap();
        for (ExpectedText { text, vector }, together) in expected.texts.iter().zip(&together) {
            let what = format!("{name} {text:?}");
            check(&what, together, vector, TEXT);
            check(&what, &encoder.encode_texts(&[text]).unwrap()[0], vector, TEXT);
        }
    }
}

/// The engine for processors and candle, which remains for GPUs, have nothing in
/// common but the weights.
#[test]
fn both_backends_agree() {
    for name in MODELS {
        let folder = Folder::open(&fixture(name)).unwrap();
        let open = |backend| folder.load(&backend).unwrap();
        let ours = open(Backend::Cpu(Precision::F32));
        let candle = open(Backend::Candle(candle_core::Device::Cpu));
        let rounded = open(Backend::Cpu(Precision::Int8));
        let expected = expected(name);
        let inputs = inputs(&*ours, &expected);
        // One image alone is computed in another way than many.
        let many: Vec<RgbImage> = inputs.iter().cycle().take(11).cloned().collect();
        for images in [&many[..1], &many[..2], &many] {
            let one = candle.encode_images(images).unwrap();
            let exact = ours.encode_images(images).unwrap();
            let near = rounded.encode_images(images).unwrap();
            for ((one, exact), near) in one.iter().zip(&exact).zip(&near) {
                check(name, exact, one.as_slice(), SAME_PIXELS);
                check(name, near, one.as_slice(), ROUNDED);
            }
        }
        let texts: Vec<&str> = expected.texts.iter().map(|text| text.text.as_str()).collect();
        let one = candle.encode_texts(&texts).unwrap();
        for (one, other) in one.iter().zip(ours.encode_texts(&texts).unwrap()) {
            check(name, &other, one.as_slice(), SAME_PIXELS);
        }
    }
}

/// A way to be wrong, as a folder that asks for it.
struct Mistake {
    what: &'static str,
    model: &'static str,
    file: &'static str,
    make: fn(&mut Value),
    moved: Moved,
}

/// What a mistake changes.
enum Moved {
    Images,
    Texts,
}

const MISTAKES: &[Mistake] = &[
    Mistake {
        what: "squashed where the middle is to be cut out",
        model: "open-clip-gelu",
        file: "open_clip_config.json",
        make: |config| config["preprocess_cfg"]["resize_mode"] = json!("squash"),
        moved: Moved::Images,
    },
    Mistake {
        what: "squashed where the middle is to be cut out",
        model: "clip-gelu",
        file: "preprocessor_config.json",
        make: |config| config["size"] = json!({ "height": 84, "width": 84 }),
        moved: Moved::Images,
    },
    Mistake {
        what: "the middle cut out where the image is to be squashed",
        model: "open-clip-quickgelu",
        file: "open_clip_config.json",
        make: |config| config["preprocess_cfg"]["resize_mode"] = json!("shortest"),
        moved: Moved::Images,
    },
    Mistake {
        what: "the middle cut out where the image is to be squashed",
        model: "siglip",
        file: "preprocessor_config.json",
        make: |config| {
            config["size"] = json!({ "shortest_edge": 60 });
            config["crop_size"] = json!(60);
        },
        moved: Moved::Images,
    },
    Mistake {
        what: "OpenAI's mean and deviation in place of 0.5",
        model: "open-clip-gelu",
        file: "open_clip_config.json",
        make: |config| {
            config["preprocess_cfg"]["mean"] = json!([0.48145466, 0.4578275, 0.40821073]);
            config["preprocess_cfg"]["std"] = json!([0.26862954, 0.26130258, 0.27577711]);
        },
        moved: Moved::Images,
    },
    Mistake {
        what: "0.5 in place of OpenAI's mean and deviation",
        model: "tinyclip",
        file: "preprocessor_config.json",
        make: |config| {
            config["image_mean"] = json!([0.5, 0.5, 0.5]);
            config["image_std"] = json!([0.5, 0.5, 0.5]);
        },
        moved: Moved::Images,
    },
    Mistake {
        what: "bicubic where bilinear is asked for",
        model: "siglip2",
        file: "preprocessor_config.json",
        make: |config| config["resample"] = json!(3),
        moved: Moved::Images,
    },
    Mistake {
        what: "no causal mask",
        model: "open-clip-gelu",
        file: "open_clip_config.json",
        make: |config| config["model_cfg"]["text_cfg"]["no_causal_mask"] = json!(true),
        moved: Moved::Texts,
    },
    Mistake {
        what: "QuickGELU for GELU",
        model: "open-clip-gelu",
        file: "open_clip_config.json",
        make: |config| config["model_cfg"]["quick_gelu"] = json!(true),
        moved: Moved::Images,
    },
    Mistake {
        what: "QuickGELU for GELU",
        model: "open-clip-gelu",
        file: "open_clip_config.json",
        make: |config| config["model_cfg"]["quick_gelu"] = json!(true),
        moved: Moved::Texts,
    },
    Mistake {
        what: "GELU for QuickGELU",
        model: "open-clip-quickgelu",
        file: "open_clip_config.json",
        make: |config| config["model_cfg"]["quick_gelu"] = json!(false),
        moved: Moved::Texts,
    },
    Mistake {
        what: "QuickGELU for the tanh formula",
        model: "siglip",
        file: "config.json",
        make: |config| config["vision_config"]["hidden_act"] = json!("quick_gelu"),
        moved: Moved::Images,
    },
    Mistake {
        what: "texts filled up with another token",
        model: "siglip2",
        file: "tokenizer_config.json",
        make: |config| config["pad_token"] = json!("<eos>"),
        moved: Moved::Texts,
    },
    Mistake {
        what: "texts filled up on the other side",
        model: "siglip",
        file: "tokenizer_config.json",
        make: |config| config["padding_side"] = json!("left"),
        moved: Moved::Texts,
    },
    Mistake {
        what: "punctuation removed where only capitals are to go",
        model: "siglip2",
        file: "tokenizer_config.json",
        make: |config| config["tokenizer_class"] = json!("SiglipTokenizer"),
        moved: Moved::Texts,
    },
    Mistake {
        what: "punctuation kept where it is to go",
        model: "siglip",
        file: "tokenizer_config.json",
        make: |config| config["tokenizer_class"] = json!("GemmaTokenizer"),
        moved: Moved::Texts,
    },
];

#[test]
fn every_known_mistake_falls_below_the_tolerance() {
    for Mistake { what, model, file, make, moved } in MISTAKES {
        let (image, text) = worst(&fixture(model), model);
        assert!(image >= IMAGE && text >= TEXT, "{model}: {image} {text}");
        let copy = copy_of(model);
        let file = copy.path().join(file);
        let mut config = read_json(&file).unwrap();
        make(&mut config);
        fs::write(&file, config.to_string()).unwrap();
        let (image, text) = worst(copy.path(), model);
        let (moved, tolerance) = match moved {
            Moved::Images => (image, IMAGE),
            Moved::Texts => (text, TEXT),
        };
        assert!(moved < tolerance, "{what}: {model} still agrees, {moved}");
    }
}

/// Bicubic without a wider filter for a smaller image: each pixel of the result
/// is made of the 16 nearest ones of the image, whatever lies between.
fn without_antialias(image: &RgbImage, short: u32, side: u32) -> RgbImage {
    let scale = f64::from(image.width().min(image.height())) / f64::from(short);
    let (width, height) = image.dimensions();
    let left = (f64::from(width) / scale - f64::from(side)) / 2.0;
    let top = (f64::from(height) / scale - f64::from(side)) / 2.0;
    let weight = |x: f64| match x.abs() {
        x if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
        x if x < 2.0 => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
        _ => 0.0,
    };
    RgbImage::from_fn(side, side, |x, y| {
        let (x, y) =
            ((f64::from(x) + left + 0.5) * scale - 0.5, (f64::from(y) + top + 0.5) * scale - 0.5);
        let mut sum = [0.0; 3];
        for row in y.floor() as i64 - 1..y.floor() as i64 + 3 {
            for column in x.floor() as i64 - 1..x.floor() as i64 + 3 {
                let weight = weight(y - row as f64) * weight(x - column as f64);
                let pixel = image.get_pixel(
                    column.clamp(0, i64::from(width) - 1) as u32,
                    row.clamp(0, i64::from(height) - 1) as u32,
                );
                for (sum, &level) in sum.iter_mut().zip(&pixel.0) {
                    *sum += weight * f64::from(level);
                }
            }
        }
        image::Rgb(sum.map(|level| level.round().clamp(0.0, 255.0) as u8))
    })
}

#[test]
fn resizing_without_antialias_falls_below_the_tolerance() {
    for (name, side) in [("clip-gelu", 84), ("clip-quickgelu", 64)] {
        let (encoder, expected) = (open(&fixture(name)), expected(name));
        let moved = expected.images.iter().map(|image| {
            let original = picture(fixture("clip-images").join(&image.image));
            let input = without_antialias(&original, side, side);
            cosine(&encoder.encode_images(&[input]).unwrap()[0], &image.vector)
        });
        let worst = moved.fold(1.0, f32::min);
        assert!(worst < IMAGE, "{name}: {worst}");
    }
}

#[test]
fn nothing_in_nothing_out() {
    for name in MODELS {
        let encoder = open(&fixture(name));
        assert!(encoder.encode_images(&[]).unwrap().is_empty(), "{name}");
        assert!(encoder.encode_texts(&[]).unwrap().is_empty(), "{name}");
    }
}

#[test]
fn more_texts_than_a_batch_keep_their_order() {
    let encoder = open(&fixture("clip-quickgelu"));
    let texts: Vec<String> = (0..=super::dual::TEXT_BATCH).map(|n| format!("photo {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let last = encoder.encode_texts(&texts).unwrap().pop().unwrap();
    let alone = encoder.encode_texts(&texts[super::dual::TEXT_BATCH..]).unwrap();
    check("the last", &last, alone[0].as_slice(), SAME_PIXELS);
}

#[test]
fn a_text_loads_no_image_tower() {
    let folder = super::Folder::open(&fixture("clip-gelu")).unwrap();
    let clip = super::clip::open(&folder, &Backend::Cpu(Precision::F32)).unwrap();
    clip.encode_texts(&["a dog"]).unwrap();
    assert_eq!(clip.loaded(), (false, true));
    assert!(!clip.unload_idle(std::time::Duration::ZERO));
    assert_eq!(clip.loaded(), (false, false));
    clip.encode_texts(&["a dog"]).unwrap();
}

#[test]
fn siglip_keeps_its_scale_and_bias() {
    for name in ["siglip", "siglip2"] {
        let affinity = open(&fixture(name)).affinity().unwrap();
        assert!(affinity.scale > 0.0 && affinity.bias.is_finite(), "{affinity:?}");
    }
    assert!(open(&fixture("clip-gelu")).affinity().is_none());
}

/// What a copy of `model` with `from` replaced by `to` in `file` says when it is
/// opened and used.
fn complaint(model: &str, file: &str, from: &str, to: &str) -> String {
    let copy = copy_of(model);
    edit(&copy.path().join(file), from, to);
    let used = load(copy.path(), DeviceChoice::Cpu, Precision::F32).and_then(|encoder| {
        encoder.encode_texts(&["a dog"])?;
        encoder.encode_images(&[encoder.preprocess(&RgbImage::new(90, 90))?])
    });
    used.expect_err(to).to_string()
}

#[test]
fn what_does_not_fit_is_named() {
    for (model, file, from, to, named) in [
        // Of the same length, so that the header stays whole.
        (
            "clip-gelu",
            "model.safetensors",
            "visual_projection.weight",
            "visual_projection.weighs",
            ["visual_projection.weight", "model.safetensors"],
        ),
        (
            "clip-gelu",
            "config.json",
            "\"projection_dim\": 28",
            "\"projection_dim\": 29",
            ["text_projection.weight", "[28, 32]"],
        ),
        (
            "clip-gelu",
            "config.json",
            "\"image_size\": 84",
            "\"image_size\": 96",
            ["(84, 84)", "(96, 96)"],
        ),
        (
            "clip-gelu",
            "config.json",
            "\"patch_size\": 16",
            "\"patch_size\": 0",
            ["patches of 0 pixels", "config.json"],
        ),
        (
            "clip-gelu",
            "config.json",
            "\"num_attention_heads\": 5",
            "\"num_attention_heads\": 3",
            ["40 among 3", "config.json"],
        ),
        (
            "clip-gelu",
            "config.json",
            "\"hidden_act\": \"gelu\"",
            "\"hidden_act\": \"relu\"",
            ["relu", "config.json"],
        ),
        (
            "clip-gelu",
            "config.json",
            "\"eos_token_id\": 1",
            "\"eos_token_id\": 500",
            ["Token(500)", "tokenizer.json"],
        ),
        (
            "clip-gelu",
            "tokenizer.json",
            "\"BPE\"",
            "\"BPX\"",
            ["not a tokenizer", "tokenizer.json"],
        ),
    ] {
        let complaint = complaint(model, file, from, to);
        for part in named {
            assert!(complaint.contains(part), "{model} {file} {to}: {complaint}");
        }
    }
}

#[test]
fn a_truncated_file_is_seen_at_once() {
    for (model, weights) in [
        ("clip-gelu", "model.safetensors"),
        ("open-clip-gelu", "open_clip_model.safetensors"),
        ("open-clip-quickgelu", "open_clip_pytorch_model.bin"),
        ("siglip", "model.safetensors"),
    ] {
        let copy = copy_of(model);
        let file = copy.path().join(weights);
        let bytes = fs::read(&file).unwrap();
        for length in [0, 7, 1000, bytes.len() - 1] {
            fs::write(&file, &bytes[..length]).unwrap();
            let error = load(copy.path(), DeviceChoice::Cpu, Precision::F32)
                .err()
                .expect("opened")
                .to_string();
            assert!(error.contains(weights), "{error}");
        }
    }
}
