//! Any colour layout a codec hands out, to opaque 8-bit RGB.

use image::{DynamicImage, ImageBuffer, Pixel, Primitive, Rgb, RgbImage};

/// Lays transparency on white and rounds deeper samples to 8 bits.
///
/// Transparency is mixed in the samples' own depth and, as browsers and the
/// models' reference preprocessing do, in the encoded (gamma) values.
pub(super) fn to_rgb8(image: DynamicImage) -> RgbImage {
    match image {
        DynamicImage::ImageLumaA8(image) => over_white(&image, |p| {
            let [luma, alpha] = p.0;
            let value = mix8(luma, alpha);
            Rgb([value; 3])
        }),
        DynamicImage::ImageRgba8(image) => over_white(&image, |p| {
            let [r, g, b, alpha] = p.0;
            Rgb([mix8(r, alpha), mix8(g, alpha), mix8(b, alpha)])
        }),
        DynamicImage::ImageLumaA16(image) => over_white(&image, |p| {
            let [luma, alpha] = p.0;
            let value = mix16(luma, alpha);
            Rgb([value; 3])
        }),
        DynamicImage::ImageRgba16(image) => over_white(&image, |p| {
            let [r, g, b, alpha] = p.0;
            Rgb([mix16(r, alpha), mix16(g, alpha), mix16(b, alpha)])
        }),
        DynamicImage::ImageRgba32F(image) => over_white(&image, |p| {
            let [r, g, b, alpha] = p.0;
            Rgb([mix_float(r, alpha), mix_float(g, alpha), mix_float(b, alpha)])
        }),
        // Opaque: already RGB8 (moved, not copied), grey, or deeper.
        opaque => opaque.into_rgb8(),
    }
}

/// Lays colours on white that are already mixed with their opacity, and so makes
/// the picture opaque.
pub(super) fn mixed_to_opaque(image: &mut DynamicImage) {
    match image {
        DynamicImage::ImageRgba8(image) => {
            for pixel in image.pixels_mut() {
                let [r, g, b, alpha] = pixel.0;
                pixel.0 = [r, g, b, 255].map(|value| value.saturating_add(255 - alpha));
            }
        }
        DynamicImage::ImageRgba16(image) => {
            for pixel in image.pixels_mut() {
                let [r, g, b, alpha] = pixel.0;
                pixel.0 = [r, g, b, 65_535].map(|value| value.saturating_add(65_535 - alpha));
            }
        }
        _ => {}
    }
}

fn over_white<P, S>(image: &ImageBuffer<P, Vec<S>>, mix: impl Fn(&P) -> Rgb<u8>) -> RgbImage
where
    P: Pixel<Subpixel = S>,
    S: Primitive,
{
    let mut rgb = RgbImage::new(image.width(), image.height());
    for (to, from) in rgb.pixels_mut().zip(image.pixels()) {
        *to = mix(from);
    }
    rgb
}

/// `value` at opacity `alpha` over white, rounded to nearest.
fn mix8(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

/// The same from 16 bits to 8, rounded once to 16 and once to 8 bits. The sum
/// stays below 65,535 x 65,535 + 32,767, which fits.
fn mix16(value: u16, alpha: u16) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    let mixed = (value * alpha + 65_535 * (65_535 - alpha) + 32_767) / 65_535;
    ((mixed + 128) / 257) as u8
}

/// The same for floats, where 1 is white and opaque; others are clamped.
fn mix_float(value: f32, alpha: f32) -> u8 {
    let alpha = alpha.clamp(0.0, 1.0);
    // The conversion saturates, and turns NaN into 0.
    ((value.clamp(0.0, 1.0) * alpha + (1.0 - alpha)) * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use image::{Luma, LumaA, Rgba};
    use proptest::prelude::*;

    use super::*;

    fn check(image: impl Into<DynamicImage>, expected: [u8; 3]) {
        let rgb = to_rgb8(image.into());
        assert_eq!(rgb.get_pixel(0, 0).0, expected);
    }

    #[test]
    fn every_layout_becomes_opaque_rgb() {
        check(ImageBuffer::from_pixel(2, 1, Luma([7u8])), [7, 7, 7]);
        check(ImageBuffer::from_pixel(2, 1, Luma([0x80_80u16])), [0x80; 3]);
        check(ImageBuffer::from_pixel(2, 1, Rgb([65_535u16, 0, 257 * 9])), [255, 0, 9]);
        check(ImageBuffer::from_pixel(2, 1, Rgb([1.5f32, -1.0, 0.5])), [255, 0, 128]);
        check(ImageBuffer::from_pixel(2, 1, LumaA([0u8, 0])), [255; 3]);
        check(ImageBuffer::from_pixel(2, 1, LumaA([0u16, 65_535])), [0; 3]);
        check(ImageBuffer::from_pixel(2, 1, Rgba([200u8, 100, 0, 255])), [200, 100, 0]);
        check(ImageBuffer::from_pixel(2, 1, Rgba([255u8, 0, 0, 51])), [255, 204, 204]);
        check(ImageBuffer::from_pixel(2, 1, Rgba([65_535u16, 0, 0, 13_107])), [255, 204, 204]);
        check(ImageBuffer::from_pixel(2, 1, Rgba([1.0f32, 0.0, f32::NAN, 0.2])), [255, 204, 0]);
    }

    proptest! {
        #[test]
        fn mixing_equals_exact_arithmetic(value: u16, alpha: u16) {
            let exact = |v: f64, a: f64| v * a + (1.0 - a);
            let of8 = exact(f64::from(value >> 8) / 255.0, f64::from(alpha >> 8) / 255.0) * 255.0;
            prop_assert_eq!(mix8((value >> 8) as u8, (alpha >> 8) as u8), of8.round() as u8);
            let of16 = exact(f64::from(value) / 65_535.0, f64::from(alpha) / 65_535.0) * 255.0;
            // Rounded twice, so just beside a half the result may differ by one.
            prop_assert!((f64::from(mix16(value, alpha)) - of16).abs() < 0.51);
        }
    }
}
