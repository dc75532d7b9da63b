//! The small picture the grid shows.

use fast_image_resize::{FilterType, ResizeAlg, ResizeError, ResizeOptions, Resizer};
use image::{GrayImage, RgbImage};

use super::{DecodeError, Decoded, colour};

/// A thumbnail and the colour that stands in for it until it is loaded.
#[derive(Debug, Clone)]
pub struct Thumbnail {
    /// The picture as a JPEG file.
    pub jpeg: Vec<u8>,
    /// Mean red, green and blue of the picture.
    pub average: [u8; 3],
}

/// Longest side of a stored thumbnail: sharp at the grid's largest size on a
/// screen of twice the density.
pub const THUMBNAIL_SIDE: u32 = 512;

/// Above this, files grow faster than anybody sees at thumbnail size.
const QUALITY: u8 = 82;

/// Scales an upright picture so that its longest side is at most `longest`
/// pixels (never enlarged, no side below 1), converts its colours to sRGB by its
/// profile, and encodes it.
///
/// # Errors
/// When the picture has no pixels.
pub fn thumbnail(picture: &Decoded, longest: u32) -> Result<Thumbnail, DecodeError> {
    let rgb = &picture.rgb;
    let failed = |e: &dyn std::fmt::Display| {
        DecodeError::permanent(message!("no thumbnail can be made ({detail})", detail = e))
    };
    let (width, height) = fit(rgb.dimensions(), longest.max(1));
    let mut changed = None;
    if (width, height) != rgb.dimensions() {
        changed = Some(resize(rgb, width, height).map_err(|e| failed(&e))?);
    }
    if let Some(profile) = &picture.profile {
        // After it was made small: what is left is a hundredth of the work.
        colour::to_srgb(changed.get_or_insert_with(|| rgb.clone()), profile);
    }
    let small = changed.as_ref().unwrap_or(rgb);
    let jpeg = encode_jpeg(small, QUALITY).map_err(|e| failed(&e))?;
    Ok(Thumbnail { jpeg, average: average(small) })
}

/// The brightness of a stored thumbnail's pixels; `None` where it is damaged, or
/// larger than any that is made here.
pub fn brightness(jpeg: &[u8]) -> Option<GrayImage> {
    #[cfg(feature = "turbojpeg")]
    {
        super::turbo::brightness(jpeg, THUMBNAIL_SIDE)
    }
    #[cfg(not(feature = "turbojpeg"))]
    {
        let size = |reader: image::ImageReader<_>| reader.into_dimensions().ok();
        let read = || {
            image::ImageReader::with_format(std::io::Cursor::new(jpeg), image::ImageFormat::Jpeg)
        };
        let (width, height) = size(read())?;
        let small = width.max(height) <= THUMBNAIL_SIDE;
        small.then(|| read().decode().ok()).flatten().map(|picture| picture.into_luma8())
    }
}

/// The size with the same proportions whose longer side is at most `longest`.
pub fn fit((width, height): (u32, u32), longest: u32) -> (u32, u32) {
    let side = width.max(height);
    if side <= longest {
        return (width, height);
    }
    let scaled = |n: u32| {
        let rounded = (u64::from(n) * u64::from(longest) + u64::from(side) / 2) / u64::from(side);
        (rounded as u32).max(1)
    };
    (scaled(width), scaled(height))
}

/// The picture in another size, by Lanczos.
///
/// # Errors
/// When it has no pixels.
pub fn resize(rgb: &RgbImage, width: u32, height: u32) -> Result<RgbImage, ResizeError> {
    let mut small = RgbImage::new(width, height);
    let sharp = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    Resizer::new().resize(rgb, &mut small, &sharp)?;
    Ok(small)
}

/// The picture as a JPEG file of a quality from 1 to 100, without its profile.
///
/// # Errors
/// When it has no pixels, or more on a side than JPEG can say.
#[cfg(feature = "turbojpeg")]
pub fn encode_jpeg(rgb: &RgbImage, quality: u8) -> turbojpeg::Result<Vec<u8>> {
    super::turbo::encode(rgb, quality)
}

/// The picture as a JPEG file of a quality from 1 to 100, without its profile.
///
/// # Errors
/// When it has no pixels, or more on a side than JPEG can say.
#[cfg(not(feature = "turbojpeg"))]
pub fn encode_jpeg(rgb: &RgbImage, quality: u8) -> image::ImageResult<Vec<u8>> {
    let mut jpeg = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, quality);
    rgb.write_with_encoder(encoder)?;
    Ok(jpeg)
}

/// The mean of all pixels, rounded; white for a picture without any.
fn average(rgb: &RgbImage) -> [u8; 3] {
    let count = u64::from(rgb.width()) * u64::from(rgb.height());
    if count == 0 {
        return [255; 3];
    }
    let mut sums = [0u64; 3];
    for pixel in rgb.pixels() {
        for (sum, &sample) in sums.iter_mut().zip(&pixel.0) {
            *sum += u64::from(sample);
        }
    }
    sums.map(|sum| ((sum + count / 2) / count) as u8)
}

#[cfg(test)]
impl Thumbnail {
    /// Width and height in pixels, read back from the file.
    pub(super) fn dimensions(&self) -> (u32, u32) {
        use image::GenericImageView;
        image::load_from_memory(&self.jpeg).expect("a thumbnail is a JPEG").dimensions()
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;
    use proptest::prelude::*;

    use super::*;
    use crate::decode::Format;

    /// Without a profile.
    fn thumbnail(rgb: &RgbImage, longest: u32) -> Result<Thumbnail, DecodeError> {
        with_profile(rgb, longest, None)
    }

    fn with_profile(
        rgb: &RgbImage,
        longest: u32,
        profile: Option<Vec<u8>>,
    ) -> Result<Thumbnail, DecodeError> {
        let size = rgb.dimensions();
        let picture = Decoded { rgb: rgb.clone(), size, format: Format::Png, profile };
        super::thumbnail(&picture, longest)
    }

    #[test]
    fn colours_are_shown_as_the_profile_says() {
        let picture = RgbImage::from_pixel(40, 20, Rgb([200, 100, 50]));
        let average =
            |longest, profile| with_profile(&picture, longest, Some(profile)).unwrap().average;
        for longest in [40, 10] {
            let wide = average(longest, colour::tests::adobe_rgb());
            assert!(wide[0] > 225 && wide[2] < 50, "{wide:?}");
            assert_eq!(average(longest, b"nonsense".to_vec()), [200, 100, 50]);
        }
    }

    #[test]
    fn a_large_picture_is_scaled_and_keeps_its_colours() {
        // Left half red, right half blue, well away from the edges.
        let picture = RgbImage::from_fn(1500, 1000, |x, _| {
            if x < 750 { Rgb([200, 30, 30]) } else { Rgb([30, 30, 200]) }
        });
        let thumbnail = thumbnail(&picture, 512).unwrap();
        assert_eq!(thumbnail.dimensions(), (512, 341));
        assert_eq!(thumbnail.average, [115, 30, 115]);
        let decoded = image::load_from_memory(&thumbnail.jpeg).unwrap().into_rgb8();
        assert_eq!(decoded.dimensions(), (512, 341));
        let near = |a: Rgb<u8>, b: [u8; 3]| a.0.iter().zip(b).all(|(a, b)| a.abs_diff(b) < 6);
        assert!(near(*decoded.get_pixel(100, 170), [200, 30, 30]));
        assert!(near(*decoded.get_pixel(400, 170), [30, 30, 200]));
    }

    #[test]
    fn a_small_picture_is_not_enlarged() {
        let picture = RgbImage::from_pixel(40, 512, Rgb([1, 2, 3]));
        let thumbnail = thumbnail(&picture, 512).unwrap();
        assert_eq!(thumbnail.dimensions(), (40, 512));
        assert_eq!(thumbnail.average, [1, 2, 3]);
    }

    #[test]
    fn a_thumbnails_brightness_is_read_back() {
        let picture =
            RgbImage::from_fn(700, 350, |x, _| if x < 350 { Rgb([0; 3]) } else { Rgb([200; 3]) });
        let jpeg = thumbnail(&picture, THUMBNAIL_SIDE).unwrap().jpeg;
        let bright = brightness(&jpeg).unwrap();
        assert_eq!(bright.dimensions(), (512, 256));
        assert!(
            bright.get_pixel(100, 100).0[0] < 4 && bright.get_pixel(400, 9).0[0].abs_diff(200) < 4
        );
        assert!(brightness(&jpeg[..60]).is_none());
        assert!(brightness(&thumbnail(&picture, 700).unwrap().jpeg).is_none(), "it is too large");
    }

    #[test]
    fn a_line_keeps_one_pixel() {
        let picture = RgbImage::from_pixel(20_000, 1, Rgb([9, 9, 9]));
        let thumbnail = thumbnail(&picture, 512).unwrap();
        assert_eq!(thumbnail.dimensions(), (512, 1));
    }

    #[test]
    fn no_pixels_is_an_error() {
        assert!(thumbnail(&RgbImage::new(0, 0), 512).is_err());
    }

    proptest! {
        #[test]
        fn fitting_keeps_proportions_and_never_enlarges(
            width in 1u32..=u32::MAX, height in 1u32..=u32::MAX, longest in 1u32..5000,
        ) {
            let (w, h) = fit((width, height), longest);
            prop_assert!(w >= 1 && h >= 1 && w <= width && h <= height);
            prop_assert_eq!(w.max(h), width.max(height).min(longest));
            let error = f64::from(w) - f64::from(width) * f64::from(w.max(h)) / f64::from(width.max(height));
            prop_assert!(error.abs() <= 1.0);
        }
    }
}
