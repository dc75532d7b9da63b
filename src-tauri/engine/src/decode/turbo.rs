//! JPEG by libjpeg-turbo: faster, and at half, a quarter or an eighth of its
//! size for little more than reading its bits.
//!
//! It reads on over damage with a warning and leaves grey behind. Whatever it
//! says anything about is therefore refused here, as are inks (CMYK) without a
//! profile of theirs, and left to the codec in Rust, whose judgement on damage
//! then holds, as it does where this one is not built in.

use image::{GrayImage, RgbImage};
use turbojpeg::{Colorspace, Compressor, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp};

use super::{Detail, Limits, colour, jpeg};

/// The picture as it is stored, and its whole width and height: each side divided
/// by the largest of 1, 2, 4 and 8 that leaves enough detail, and rounded up.
///
/// Runs in a decoding process: whoever asks has seen to the passes and the memory
/// that the file needs.
pub(super) fn decode(
    bytes: &[u8],
    detail: Detail,
    limits: &Limits,
) -> Option<(RgbImage, (u32, u32))> {
    let refused = |error: turbojpeg::Error| tracing::debug!("libjpeg-turbo: {error}");
    let mut codec = Decompressor::new().map_err(refused).ok()?;
    let header = codec.read_header(bytes).map_err(refused).ok()?;
    let print = match header.colorspace {
        Colorspace::CMYK | Colorspace::YCCK => Some(colour::Print::of(&jpeg::profile(bytes)?)?),
        _ => None,
    };
    let size = (u32::try_from(header.width).ok()?, u32::try_from(header.height).ok()?);
    let scale = ScalingFactor::new(1, detail.divisor(size) as usize);
    codec.set_scaling_factor(scale).map_err(refused).ok()?;
    let (width, height) = (scale.scale(header.width), scale.scale(header.height));
    if width as u64 * height as u64 > limits.max_pixels {
        return None;
    }
    let (format, samples) = match print {
        Some(_) => (PixelFormat::CMYK, 4),
        None => (PixelFormat::RGB, 3),
    };
    let mut pixels = vec![0; samples * width * height];
    let pitch = samples * width;
    let into = Image { pixels: pixels.as_mut_slice(), width, pitch, height, format };
    codec.decompress(bytes, into).map_err(refused).ok()?;
    let decoded = (width as u32, height as u32);
    let rgb = match print {
        Some(print) => {
            if jpeg::is_by_adobe(bytes) {
                // Whose programs store what is left of the paper.
                pixels.iter_mut().for_each(|ink| *ink = 255 - *ink);
            }
            print.rgb(&pixels, decoded)?
        }
        None => RgbImage::from_raw(decoded.0, decoded.1, pixels)?,
    };
    Some((rgb, size))
}

/// The brightness of a small picture that this program made, its sides no longer
/// than `longest`.
pub(super) fn brightness(bytes: &[u8], longest: u32) -> Option<GrayImage> {
    let refused = |error: turbojpeg::Error| tracing::debug!("libjpeg-turbo: {error}");
    let mut codec = Decompressor::new().map_err(refused).ok()?;
    let header = codec.read_header(bytes).map_err(refused).ok()?;
    let (width, height) = (header.width, header.height);
    if width.max(height) > longest as usize {
        return None;
    }
    let mut pixels = vec![0; width * height];
    let format = PixelFormat::GRAY;
    let into = Image { pixels: pixels.as_mut_slice(), width, pitch: width, height, format };
    codec.decompress(bytes, into).map_err(refused).ok()?;
    GrayImage::from_raw(width as u32, height as u32, pixels)
}

/// The picture as a JPEG file of a quality from 1 to 100, its colours as
/// finely sampled as its brightness.
pub(super) fn encode(rgb: &RgbImage, quality: u8) -> turbojpeg::Result<Vec<u8>> {
    let (width, height) = (rgb.width() as usize, rgb.height() as usize);
    let mut codec = Compressor::new()?;
    codec.set_quality(quality.into())?;
    codec.set_subsamp(Subsamp::None)?;
    let pixels = rgb.as_raw().as_slice();
    codec.compress_to_vec(Image {
        pixels,
        width,
        pitch: 3 * width,
        height,
        format: PixelFormat::RGB,
    })
}
