//! What the thresholds rest on: made edits of the shared everyday photos against
//! all other pairs of these, and against other crops of the same photos, as the
//! frames of a burst are.
//!
//! 1. Edits are told from other photos by hash and cosine.
//! 2. A fingerprint is made soon enough.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

use super::fingerprint::{self, fingerprint};
use super::group::{ALIKE, SAME_SCENE, are_versions};
use super::*;
use crate::decode::{Decoded, Detail, Format, Limits, THUMBNAIL_SIDE};
use crate::model::Encoder as _;
use crate::{Engine, OpenOptions};

/// The shared photos, where this machine has them.
fn everyday() -> Option<Vec<RgbImage>> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var_os("AFTERIMAGE_SHARED")
        .map_or_else(|| project.join("../shared"), PathBuf::from);
    let Ok(entries) = fs::read_dir(shared.join("photos/everyday")) else {
        eprintln!("skipped: ../shared/photos is absent");
        return None;
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let open = |file: &PathBuf| {
        decode::decode(&fs::read(file).unwrap(), &Limits::default(), Detail::Full).ok()
    };
    Some(files.par_iter().filter_map(open).map(|decoded| decoded.rgb).collect())
}

fn print(rgb: &RgbImage) -> Fingerprint {
    fingerprint(&decode::brightness(&thumbnail(rgb)).unwrap()).unwrap()
}

fn thumbnail(rgb: &RgbImage) -> Vec<u8> {
    let picture =
        Decoded { rgb: rgb.clone(), size: rgb.dimensions(), format: Format::Png, profile: None };
    decode::thumbnail(&picture, THUMBNAIL_SIDE).unwrap().jpeg
}

fn crop(rgb: &RgbImage, left: f32, top: f32, share: f32) -> RgbImage {
    let (width, height) = (rgb.width() as f32, rgb.height() as f32);
    let at = |whole: f32, share: f32| (whole * share) as u32;
    imageops::crop_imm(rgb, at(width, left), at(height, top), at(width, share), at(height, share))
        .to_image()
}

fn recompressed(rgb: &RgbImage, quality: u8) -> RgbImage {
    let mut jpeg = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, quality);
    rgb.write_with_encoder(encoder).unwrap();
    image::load_from_memory(&jpeg).unwrap().into_rgb8()
}

fn resized(rgb: &RgbImage, share: f32) -> RgbImage {
    let side = |side: u32| ((side as f32 * share) as u32).max(1);
    imageops::resize(rgb, side(rgb.width()), side(rgb.height()), FilterType::Triangle)
}

fn marked(rgb: &RgbImage) -> RgbImage {
    let mut marked = rgb.clone();
    let (width, height) = rgb.dimensions();
    for y in height * 90 / 100..height * 97 / 100 {
        for x in width * 65 / 100..width * 97 / 100 {
            // Half clear stripes, as letters are.
            if x / 6 % 2 == 0 {
                marked[(x, y)] = Rgb(marked[(x, y)].0.map(|tone| tone / 2 + 127));
            }
        }
    }
    marked
}

fn toned(rgb: &RgbImage, tones: [f32; 3]) -> RgbImage {
    let mut toned = rgb.clone();
    toned.pixels_mut().for_each(|pixel| {
        pixel.0.iter_mut().zip(tones).for_each(|(tone, by)| *tone = (f32::from(*tone) * by) as u8);
    });
    toned
}

type Edit = (&'static str, fn(&RgbImage) -> RgbImage);

const EDITS: [Edit; 12] = [
    ("JPEG of quality 40", |rgb| recompressed(rgb, 40)),
    ("half the size", |rgb| resized(rgb, 0.5)),
    ("a quarter of the size, quality 60", |rgb| recompressed(&resized(rgb, 0.25), 60)),
    ("brighter", |rgb| imageops::brighten(rgb, 30)),
    ("darker", |rgb| imageops::brighten(rgb, -30)),
    ("more contrast", |rgb| imageops::contrast(rgb, 25.0)),
    ("warmer", |rgb| toned(rgb, [1.0, 0.93, 0.8])),
    ("sharpened", |rgb| imageops::unsharpen(rgb, 1.5, 2)),
    ("black and white", |rgb| {
        image::DynamicImage::ImageLuma8(imageops::grayscale(rgb)).into_rgb8()
    }),
    ("a mark in the corner", marked),
    ("2 % cropped", |rgb| crop(rgb, 0.01, 0.01, 0.98)),
    ("5 % cropped", |rgb| crop(rgb, 0.02, 0.03, 0.95)),
];

/// What the next frame of a burst shows, after nine tenths of the picture.
const FRAMES: [Edit; 2] = [
    ("moved by 3 %", |rgb| crop(rgb, 0.03, 0.02, 0.9)),
    ("moved by 8 %", |rgb| crop(rgb, 0.08, 0.05, 0.9)),
];

fn distance(a: &Fingerprint, b: &Fingerprint) -> Option<u32> {
    Some((a.look? ^ b.look?).count_ones())
}

fn quantile(sorted: &[f32], share: f32) -> f32 {
    sorted[((sorted.len() - 1) as f32 * share) as usize]
}

fn share(all: usize, holds: usize) -> f32 {
    holds as f32 / all as f32
}

#[test]
fn made_edits_are_told_from_other_photos() {
    let Some(photos) = everyday() else { return };
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(OpenOptions::new(dir.path().to_owned())).unwrap();
    let model = engine.current_model().unwrap();
    assert_eq!(model.id, "starter", "the figures are this one's");
    let encoder = engine.0.encoders.get(&model).unwrap();
    let vector = |rgb: &RgbImage| {
        let input = encoder.preprocess(rgb).unwrap();
        encoder.encode_images(&[input]).unwrap().remove(0).as_slice().to_vec()
    };
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let compare = |a: &RgbImage, b: &RgbImage| {
        (distance(&print(a), &print(b)).unwrap(), dot(&vector(a), &vector(b)))
    };

    let prints: Vec<Fingerprint> = photos.par_iter().map(print).collect();
    let vectors: Vec<Vec<f32>> = photos.iter().map(vector).collect();
    let pairs = (0..photos.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
    let others: Vec<(u32, f32)> = pairs
        .map(|(a, b)| (distance(&prints[a], &prints[b]).unwrap(), dot(&vectors[a], &vectors[b])))
        .collect();
    tell("other photos", &others);
    assert!(others.iter().all(|&(distance, cosine)| !are_versions(distance, Some(cosine))));
    assert!(others.iter().all(|&(distance, _)| distance > ALIKE));
    let alike = others.iter().filter(|(_, cosine)| *cosine >= SAME_SCENE).count();
    assert!(share(others.len(), alike) < 0.01, "{alike}");

    for (what, edit) in EDITS {
        let measured: Vec<(u32, f32)> =
            photos.iter().step_by(7).map(|photo| compare(photo, &edit(photo))).collect();
        tell(what, &measured);
        let found = measured.iter().filter(|(d, c)| are_versions(*d, Some(*c))).count();
        // The starter sees little in a picture of 125 pixels.
        let least = if what.starts_with("a quarter") { 0.85 } else { 0.9 };
        assert!(share(measured.len(), found) >= least, "{what}: {found} of {}", measured.len());
    }
    for (what, next) in FRAMES {
        let measured: Vec<(u32, f32)> = photos
            .iter()
            .step_by(7)
            .map(|photo| compare(&crop(photo, 0.0, 0.0, 0.9), &next(photo)))
            .collect();
        tell(what, &measured);
        let same = measured.iter().filter(|(_, cosine)| *cosine >= SAME_SCENE).count();
        assert!(share(measured.len(), same) >= 0.97, "{what}: {same}");
    }
}

/// Prints a distribution, for whoever chooses thresholds anew.
fn tell(what: &str, measured: &[(u32, f32)]) {
    let mut cosines: Vec<f32> = measured.iter().map(|(_, cosine)| *cosine).collect();
    cosines.sort_by(f32::total_cmp);
    let within = |most| share(measured.len(), measured.iter().filter(|it| it.0 <= most).count());
    let shares = [0.0, 0.01, 0.05, 0.1, 0.5, 0.99, 0.999, 1.0];
    let cosines = shares.map(|share| (share, quantile(&cosines, share)));
    let distances = [2, 4, 6, 8, 10, 12, 16].map(|most| (most, within(most)));
    println!("{what}: distances within {distances:?}; cosines at {cosines:?}");
}

#[test]
fn a_fingerprint_is_a_matter_of_milliseconds() {
    let Some(photos) = everyday() else { return };
    let thumbnails: Vec<Vec<u8>> = photos.par_iter().map(thumbnail).collect();
    let began = Instant::now();
    let pictures: Vec<_> = thumbnails.iter().map(|it| decode::brightness(it).unwrap()).collect();
    let decoded = began.elapsed();
    assert!(pictures.iter().all(|it| fingerprint(it).unwrap().look.is_some()));
    let each = |all: std::time::Duration| all / photos.len() as u32;
    let (decoding, whole) = (each(decoded), each(began.elapsed()));
    let plainness =
        pictures.iter().map(|it| fingerprint::deviation(&fingerprint::shrunk(it).unwrap()));
    let plainest = plainness.fold(f32::MAX, f32::min);
    println!("{whole:?} a thumbnail, {decoding:?} of it decoding; the plainest has {plainest}");
    // Where other tests run on the same cores, and nothing is optimised.
    assert!(whole.as_millis() < 50, "{whole:?}");
}
