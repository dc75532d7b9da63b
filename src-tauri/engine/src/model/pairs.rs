//! Whether two towers belong together: do captions find their pictures?
//!
//! A text tower of one training beside the image tower of another has the right
//! shapes, gives vectors of the right length, and finds nothing. So may a file
//! that was damaged on the way, if enough of it was: this is no substitute for
//! its hash.

use image::RgbImage;

use super::{Embedding, Encoder};
use crate::error::{Context, Error, Result};

/// Drawn by `assets/pairs/draw.py`: things that every CLIP knows, as plain as
/// icons.
const PICTURES: [&[u8]; COUNT] = [
    include_bytes!("../../../../assets/pairs/chessboard.png"),
    include_bytes!("../../../../assets/pairs/flag.png"),
    include_bytes!("../../../../assets/pairs/heart.png"),
    include_bytes!("../../../../assets/pairs/night.png"),
    include_bytes!("../../../../assets/pairs/rainbow.png"),
    include_bytes!("../../../../assets/pairs/smiley.png"),
    include_bytes!("../../../../assets/pairs/tree.png"),
];
/// A line for each picture.
const CAPTIONS: &str = include_str!("../../../../assets/pairs/captions.txt");

const COUNT: usize = 7;

/// Ways to pair the captions with the pictures that may score higher than the
/// right one, of 5,040. Towers that do not belong together pass with a
/// probability of 1 in 194. A model that takes two pictures for each other
/// passes: that costs it a few of these, seldom more than one.
const TOLERATED: usize = 25;

/// Has the captions find the pictures.
///
/// The right pairing is compared with every other one by the sum of its
/// cosines. The sum of a pairing holds each picture and each caption once, so a
/// picture that is close to all captions, as happens in every such model, and
/// the scale of the cosines, which differs from family to family, make no
/// difference.
///
/// # Errors
/// When a tower fails, or the right pairing does not stand out.
pub fn check(encoder: &dyn Encoder) -> Result<()> {
    let captions: Vec<&str> = CAPTIONS.lines().collect();
    let texts = encoder.encode_texts(&captions)?;
    let images = images(encoder)?;
    let cosine = |image: usize, text: usize| -> f64 {
        let (image, text) = (images[image].as_slice(), texts[text].as_slice());
        image.iter().zip(text).map(|(a, b)| f64::from(a * b)).sum()
    };
    let cosines = std::array::from_fn(|image| std::array::from_fn(|text| cosine(image, text)));
    let better = better_pairings(&cosines);
    if better > TOLERATED {
        let all: usize = (1..=COUNT).product();
        return Err(Error::failed(message!(
            "its texts do not find its images: of {all} ways to pair {count} captions with their \
             pictures, {better} score higher than the right one. The text and the image part are \
             of different models, or a file is damaged; get the model again from where it is \
             published",
            all,
            count = COUNT,
            better
        )));
    }
    Ok(())
}

/// What an encoder makes of the pictures.
///
/// # Errors
/// When its image tower fails.
pub fn images(encoder: &dyn Encoder) -> Result<Vec<Embedding>> {
    let mut images = Vec::with_capacity(COUNT);
    for picture in PICTURES {
        // One at a time: this also runs where memory is short.
        let input = encoder.preprocess(&decoded(picture)?)?;
        images.extend(encoder.encode_images(&[input])?);
    }
    Ok(images)
}

fn decoded(png: &[u8]) -> Result<RgbImage> {
    let picture =
        image::load_from_memory(png).context(|| message!("a built-in picture is damaged"))?;
    Ok(picture.to_rgb8())
}

/// How many pairings of pictures (rows) with captions (columns) have a greater
/// sum than that of the diagonal.
fn better_pairings(cosines: &[[f64; COUNT]; COUNT]) -> usize {
    fn visit(
        cosines: &[[f64; COUNT]; COUNT],
        row: usize,
        taken: &mut [bool; COUNT],
        sum: f64,
        right: f64,
    ) -> usize {
        if row == COUNT {
            return usize::from(sum > right);
        }
        let mut better = 0;
        for column in 0..COUNT {
            if !taken[column] {
                taken[column] = true;
                better += visit(cosines, row + 1, taken, sum + cosines[row][column], right);
                taken[column] = false;
            }
        }
        better
    }
    // Added up in the order of the visit, so that the right pairing itself
    // is never a rounding above itself.
    let right = (0..COUNT).fold(0.0, |sum, n| sum + cosines[n][n]);
    visit(cosines, 0, &mut [false; COUNT], 0.0, right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::fixture;
    use crate::model::{DeviceChoice, Precision, load};

    /// Cosines as a trained model has them: 0.3 for a pair, 0.15 elsewhere, and
    /// a bias for each picture and each caption that is as large.
    fn trained() -> [[f64; COUNT]; COUNT] {
        std::array::from_fn(|image| {
            std::array::from_fn(|text| {
                let bias = 0.02 * image as f64 - 0.03 * text as f64;
                bias + if image == text { 0.3 } else { 0.15 }
            })
        })
    }

    #[test]
    fn the_right_pairing_stands_out_whatever_the_biases() {
        assert_eq!(better_pairings(&trained()), 0);
    }

    #[test]
    fn a_model_may_take_two_pictures_for_each_other() {
        let mut cosines = trained();
        cosines[2].swap(2, 5);
        cosines[5].swap(2, 5);
        let better = better_pairings(&cosines);
        assert!((1..=TOLERATED).contains(&better), "{better}");
    }

    #[test]
    fn towers_of_different_models_rarely_pass() {
        // A generator of our own keeps the test the same on every machine.
        let mut state = 7u64;
        let mut random = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as f64 / f64::from(1u32 << 31)
        };
        let runs = 2000;
        let passed = (0..runs)
            .filter(|_| {
                let cosines = std::array::from_fn(|_| std::array::from_fn(|_| random()));
                better_pairings(&cosines) <= TOLERATED
            })
            .count();
        // 10 are expected; 30 would be more than six deviations away.
        assert!(passed < 30, "{passed} of {runs}");
    }

    #[test]
    fn every_picture_has_a_caption() {
        assert_eq!(CAPTIONS.lines().count(), COUNT);
        for picture in PICTURES {
            assert_eq!(decoded(picture).unwrap().dimensions(), (256, 256));
        }
    }

    #[test]
    fn a_trained_model_passes_and_a_random_one_does_not() {
        let passes =
            |name: &str| check(&*load(&fixture(name), DeviceChoice::Cpu, Precision::F32).unwrap());
        passes("paired").unwrap();
        let refusal = passes("clip-gelu").unwrap_err().to_string();
        assert!(refusal.contains("do not find its images"), "{refusal}");
    }
}
