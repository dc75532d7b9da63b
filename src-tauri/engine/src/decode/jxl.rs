//! JPEG XL, in Rust.
//!
//! The codec cannot be stopped while it renders, so it runs in a decoding
//! process where there is one. It turns the picture upright by itself: EXIF that
//! is in the file does not count, as the format demands.

use std::time::Instant;

use image::{DynamicImage, ImageBuffer, RgbImage};
use jxl_oxide::{
    AllocTracker, EnumColourEncoding, JxlImage, JxlThreadPool, PixelFormat, Render, RenderingIntent,
};

use super::{DecodeError, Limits, Pixels, colour, flatten, too_slow};

/// Memory for each pixel while rendering: four channels of 32 bits, and most of
/// them once more while filters are applied, then 8 bits.
const BYTES_PER_PIXEL: u64 = 4 * 4 + 3 * 4 + 4 + 3;

/// Bytes given to the codec between two looks at the clock.
const PIECE: usize = 1 << 20;

/// Bytes that a header may have: a colour profile can be in it.
const MOST_HEADER: usize = colour::MOST_PROFILE_BYTES + (1 << 20);

/// Upright width and height.
pub(super) fn size(bytes: &[u8]) -> Result<(u32, u32), DecodeError> {
    let start = &bytes[..bytes.len().min(MOST_HEADER)];
    let image = read(start, 64 << 20, None)?;
    Ok((image.width(), image.height()))
}

/// Bytes that decoding takes.
pub(super) fn memory(pixels: u64) -> u64 {
    pixels.saturating_mul(BYTES_PER_PIXEL)
}

/// The first frame, upright.
pub(super) fn decode(
    bytes: &[u8],
    limits: &Limits,
    deadline: Instant,
) -> Result<Pixels, DecodeError> {
    let most = usize::try_from(limits.max_alloc_bytes).unwrap_or(usize::MAX);
    let mut image = read(bytes, most, Some((deadline, limits)))?;
    if image.hdr_type().is_some() {
        // Its numbers mean light, not colours of a screen; the codec converts.
        image.request_color_encoding(EnumColourEncoding::srgb(RenderingIntent::Perceptual));
    }
    let format = image.pixel_format();
    if format.has_black() {
        return Err(DecodeError::permanent(message!(
            "this JPEG XL is in the colours of print (CMYK), which is not supported"
        )));
    }
    let profile = colour::kept(image.rendered_icc());
    let render = if image.num_loaded_keyframes() > 0 {
        image.render_frame(0)
    } else {
        return Err(DecodeError::permanent(message!(
            "the file is cut off (no JPEG XL frame is complete)"
        )));
    };
    let rgb = pixels(&render.map_err(|error| explain(error.as_ref()))?, format)?;
    let size = rgb.dimensions();
    Ok(Pixels { rgb, size, profile })
}

fn pixels(render: &Render, format: PixelFormat) -> Result<RgbImage, DecodeError> {
    let mut stream = render.stream();
    let (width, height, channels) = (stream.width(), stream.height(), stream.channels());
    let samples = u64::from(width) * u64::from(height) * u64::from(channels);
    let samples = usize::try_from(samples).unwrap_or(usize::MAX);
    let mut buffer = Vec::new();
    buffer
        .try_reserve_exact(samples)
        .map_err(|_| DecodeError::transient(message!("too little memory")))?;
    buffer.resize(samples, 0u8);
    stream.write_to_buffer(&mut buffer);
    let image = match (channels, format.is_grayscale()) {
        (1, _) => ImageBuffer::from_raw(width, height, buffer).map(DynamicImage::ImageLuma8),
        (2, _) => ImageBuffer::from_raw(width, height, buffer).map(DynamicImage::ImageLumaA8),
        (3, false) => ImageBuffer::from_raw(width, height, buffer).map(DynamicImage::ImageRgb8),
        (4, false) => ImageBuffer::from_raw(width, height, buffer).map(DynamicImage::ImageRgba8),
        _ => None,
    };
    let image = image.ok_or_else(|| {
        DecodeError::permanent(message!("this JPEG XL has channels that are not supported"))
    })?;
    Ok(flatten::to_rgb8(image))
}

fn read(
    bytes: &[u8],
    memory: usize,
    until: Option<(Instant, &Limits)>,
) -> Result<JxlImage, DecodeError> {
    let mut reader = JxlImage::builder()
        .pool(JxlThreadPool::none())
        .alloc_tracker(AllocTracker::with_limit(memory))
        .build_uninit();
    let mut pieces = bytes.chunks(PIECE);
    let mut image = loop {
        let Some(piece) = pieces.next() else {
            return Err(DecodeError::permanent(message!(
                "the file is cut off (its header is not complete)"
            )));
        };
        reader.feed_bytes(piece).map_err(|error| explain(error.as_ref()))?;
        match reader.try_init().map_err(|error| explain(error.as_ref()))? {
            jxl_oxide::InitializeResult::NeedMoreData(more) => reader = more,
            jxl_oxide::InitializeResult::Initialized(image) => break image,
        }
    };
    if let Some((deadline, limits)) = until {
        for piece in pieces {
            if Instant::now() >= deadline {
                return Err(too_slow(limits));
            }
            // Damage behind the first frame does not matter; before it, there
            // will be none to render.
            if image.feed_bytes(piece).is_err() {
                break;
            }
        }
    }
    Ok(image)
}

fn explain(error: &(dyn std::error::Error + Send + Sync)) -> DecodeError {
    let words = super::words::one_line(&error.to_string());
    if words.contains("memory") || words.contains("alloc") {
        return DecodeError::permanent(message!("decoding takes too much memory ({words})", words));
    }
    if super::words::says_cut_off(&words) {
        return DecodeError::permanent(message!("the file is cut off ({words})", words));
    }
    DecodeError::permanent(message!("the JPEG XL data are damaged ({words})", words))
}
