//! From a thumbnail's brightness to what tells pictures apart: the DCT hash of
//! Zauner ("Implementation and Benchmarking of Perceptual Image Hash Functions",
//! 2010, section 3.2.1), how sharp the picture is, and how much of it is lost in
//! black and white.
//!
//! The hash knows the picture as it stands upright. One that was turned without a
//! note of it, or mirrored, is another picture here: who does that means it, and
//! looking for all eight ways would bring eight times the chance hits.

use std::f32::consts::PI;
use std::sync::LazyLock;

use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::GrayImage;

use crate::derived::Fingerprint;

/// The picture is scaled to so many pixels each way, whatever its proportions.
const SIDE: usize = 32;

/// So many frequencies each way make the hash.
const FREQUENCIES: usize = 8;

/// Standard deviation of the scaled picture's brightness, of 255, below which it
/// is all but one tone: a black frame, fog, an empty page. The plainest of 350
/// everyday photos has 13.
const FLAT: f32 = 3.0;

/// Tones that count as lost: all but black, all but white.
const LOST: (u8, u8) = (3, 252);

/// What a thumbnail's brightness tells; `None` for a picture without pixels.
pub(super) fn fingerprint(picture: &GrayImage) -> Option<Fingerprint> {
    let small = shrunk(picture)?;
    let clipped = picture.as_raw().iter().filter(|&&tone| tone <= LOST.0 || tone >= LOST.1);
    let clipped = clipped.count() as f32 / picture.as_raw().len() as f32;
    let look = (deviation(&small) >= FLAT).then(|| hash(&small));
    Some(Fingerprint { look, sharpness: sharpness(picture), clipped })
}

/// The picture in 32 x 32 means. The means are the paper's 7 x 7 mean filter, too.
pub(super) fn shrunk(picture: &GrayImage) -> Option<[f32; SIDE * SIDE]> {
    if picture.is_empty() {
        return None;
    }
    let mut small = GrayImage::new(SIDE as u32, SIDE as u32);
    let means = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Box));
    Resizer::new().resize(picture, &mut small, &means).ok()?;
    let mut tones = [0.0; SIDE * SIDE];
    tones.iter_mut().zip(small.as_raw()).for_each(|(tone, &byte)| *tone = f32::from(byte));
    Some(tones)
}

pub(super) fn deviation(tones: &[f32]) -> f32 {
    let mean = tones.iter().sum::<f32>() / tones.len() as f32;
    let squares = tones.iter().map(|tone| (tone - mean).powi(2)).sum::<f32>();
    (squares / tones.len() as f32).sqrt()
}

/// A bit for each of the 8 x 8 lowest frequencies but the flat ones: whether it is
/// above their median. So half of the bits are set, and neither more light nor
/// more contrast changes any.
fn hash(tones: &[f32; SIDE * SIDE]) -> u64 {
    /// Cosines of the frequencies 1 to 8 at each pixel.
    static WAVES: LazyLock<[[f32; SIDE]; FREQUENCIES]> = LazyLock::new(|| {
        std::array::from_fn(|f| {
            std::array::from_fn(|x| (PI * (f + 1) as f32 * (x as f32 + 0.5) / SIDE as f32).cos())
        })
    });
    let dot = |a: &[f32; SIDE], b: &[f32; SIDE]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let (rows, _) = tones.as_chunks::<SIDE>();
    let mut strengths = [0.0f32; FREQUENCIES * FREQUENCIES];
    for (x, across) in WAVES.iter().enumerate() {
        let mut column = [0.0; SIDE];
        column.iter_mut().zip(rows).for_each(|(sum, row)| *sum = dot(row, across));
        for (y, down) in WAVES.iter().enumerate() {
            strengths[y * FREQUENCIES + x] = dot(&column, down);
        }
    }
    let mut sorted = strengths;
    sorted.sort_unstable_by(f32::total_cmp);
    let median = sorted[sorted.len() / 2];
    strengths.iter().fold(0, |bits, &strength| bits << 1 | u64::from(strength >= median))
}

/// The variance of the Laplacian, as Pech-Pacheco et al. (2000) tell sharp
/// pictures from blurred ones of the same scene.
fn sharpness(picture: &GrayImage) -> f32 {
    let width = picture.width() as usize;
    if width < 3 || picture.height() < 3 {
        return 0.0;
    }
    let rows: Vec<&[u8]> = picture.as_raw().chunks_exact(width).collect();
    let (mut sum, mut squares, mut count) = (0i64, 0i64, 0i64);
    for three in rows.windows(3) {
        let [above, row, below] = [three[0], three[1], three[2]];
        for x in 1..width - 1 {
            let around = [above[x], below[x], row[x - 1], row[x + 1]].map(i64::from);
            let edge = around.iter().sum::<i64>() - 4 * i64::from(row[x]);
            sum += edge;
            squares += edge * edge;
        }
        count += width as i64 - 2;
    }
    let mean = sum as f64 / count as f64;
    (squares as f64 / count as f64 - mean * mean) as f32
}

#[cfg(test)]
mod tests {
    use image::Luma;
    use proptest::prelude::*;

    use super::*;

    /// A scene of a few soft blobs, as `seed` has it.
    fn scene(seed: u64, width: u32, height: u32) -> GrayImage {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 24) as f32
        };
        let blobs: Vec<[f32; 4]> =
            (0..8).map(|_| [next(), next(), 0.05 + 0.2 * next(), next() - 0.5]).collect();
        GrayImage::from_fn(width, height, |x, y| {
            let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
            let light = blobs.iter().map(|[at, down, size, light]| {
                light * (-((x - at).powi(2) + (y - down).powi(2)) / (size * size)).exp()
            });
            Luma([(128.0 + 180.0 * light.sum::<f32>()).clamp(0.0, 255.0) as u8])
        })
    }

    fn look(picture: &GrayImage) -> u64 {
        fingerprint(picture).unwrap().look.unwrap()
    }

    fn distance(a: &GrayImage, b: &GrayImage) -> u32 {
        (look(a) ^ look(b)).count_ones()
    }

    proptest! {
        #[test]
        fn half_of_the_bits_are_set_and_pictures_of_any_size_have_a_print(
            seed: u64, width in 1u32..600, height in 1u32..600,
        ) {
            let print = fingerprint(&scene(seed, width, height)).unwrap();
            if let Some(look) = print.look {
                prop_assert!(look.count_ones() >= 32);
            }
            prop_assert!(print.sharpness >= 0.0 && (0.0..=1.0).contains(&print.clipped));
        }

        #[test]
        fn light_contrast_size_and_recompression_change_few_bits(
            seed: u64, light in -25i32..25, contrast in 0.7f32..1.2, quality in 40u8..95,
            side in 128u32..500,
        ) {
            let picture = scene(seed, 512, 341);
            let mut edited = image::imageops::resize(
                &picture, side, side * 341 / 512, image::imageops::FilterType::Triangle,
            );
            for tone in edited.pixels_mut() {
                let changed = 128.0 + contrast * (f32::from(tone.0[0]) - 128.0) + light as f32;
                tone.0[0] = changed.clamp(0.0, 255.0) as u8;
            }
            let mut jpeg = Vec::new();
            let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, quality);
            edited.write_with_encoder(encoder).unwrap();
            let edited = image::load_from_memory(&jpeg).unwrap().into_luma8();
            // Photos have more to tell them by than these, and stay within 10. Of these,
            // one in some thousands goes beyond 20; two that are not the same differ by
            // 32 or so.
            prop_assert!(distance(&picture, &edited) <= 26, "{}", distance(&picture, &edited));
        }
    }

    #[test]
    fn other_scenes_differ_in_about_half_of_the_bits() {
        let scenes: Vec<GrayImage> = (0..40).map(|seed| scene(seed, 400, 300)).collect();
        let mut sum = 0;
        for (n, a) in scenes.iter().enumerate() {
            for b in &scenes[..n] {
                assert!(distance(a, b) > 10);
                sum += distance(a, b);
            }
        }
        let mean = f64::from(sum) / (40.0 * 39.0 / 2.0);
        assert!((26.0..36.0).contains(&mean), "{mean}");
    }

    #[test]
    fn a_mirrored_picture_is_another_one() {
        let picture = scene(3, 400, 300);
        assert!(distance(&picture, &image::imageops::flip_horizontal(&picture)) > 16);
    }

    #[test]
    fn a_picture_of_one_tone_has_no_look() {
        for tone in [0, 128, 255] {
            let mut picture = GrayImage::from_pixel(512, 341, Luma([tone]));
            assert_eq!(fingerprint(&picture).unwrap().look, None);
            // A few specks are not much to tell it by.
            for n in 0..9 {
                picture.put_pixel(40 * n, 30 * n, Luma([255 - tone]));
            }
            assert_eq!(fingerprint(&picture).unwrap().look, None);
        }
        assert!(fingerprint(&GrayImage::new(0, 0)).is_none());
    }

    #[test]
    fn blur_and_lost_tones_are_told() {
        let noise =
            GrayImage::from_fn(300, 200, |x, y| Luma([((x * 7919 + y * 104_729) % 251) as u8]));
        let blurred = image::imageops::blur(&noise, 2.0);
        let [sharp, soft] = [&noise, &blurred].map(|picture| fingerprint(picture).unwrap());
        assert!(sharp.sharpness > 10.0 * soft.sharpness);
        let half = GrayImage::from_fn(300, 200, |x, _| Luma([if x < 150 { 255 } else { 100 }]));
        assert_eq!(fingerprint(&half).unwrap().clipped, 0.5);
        assert_eq!(fingerprint(&GrayImage::new(2, 2)).unwrap().sharpness, 0.0);
    }
}
