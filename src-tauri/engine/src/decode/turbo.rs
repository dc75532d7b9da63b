//! JPEG by libjpeg-turbo: faster, and at half, a quarter or an eighth of its
//! size for little more than reading its bits.
//!
//! It reads on over damage with a warning and leaves grey behind. Whatever it
//! says anything about is therefore refused here, as are the colours of print,
//! and left to the codec in Rust, whose judgement on damage then holds, as it does
//! where this one is not built in.

use image::RgbImage;
use turbojpeg::{Colorspace, Compressor, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp};

use super::jpeg::Frame;

/// The picture as it is stored, each side divided by `divisor` (1, 2, 4 or 8)
/// and rounded up.
pub(super) fn decode(bytes: &[u8], frame: &Frame, divisor: u32) -> Option<RgbImage> {
    let refused = |error: turbojpeg::Error| tracing::debug!("libjpeg-turbo: {error}");
    let mut codec = Decompressor::new().map_err(refused).ok()?;
    let header = codec.read_header(bytes).map_err(refused).ok()?;
    let stored = (frame.width as usize, frame.height as usize);
    if (header.width, header.height) != stored
        || matches!(header.colorspace, Colorspace::CMYK | Colorspace::YCCK)
    {
        return None;
    }
    let scale = ScalingFactor::new(1, divisor as usize);
    codec.set_scaling_factor(scale).map_err(refused).ok()?;
    let (width, height) = (scale.scale(header.width), scale.scale(header.height));
    let mut pixels = vec![0; 3 * width * height];
    let format = PixelFormat::RGB;
    let into = Image { pixels: pixels.as_mut_slice(), width, pitch: 3 * width, height, format };
    codec.decompress(bytes, into).map_err(refused).ok()?;
    RgbImage::from_raw(width as u32, height as u32, pixels)
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
