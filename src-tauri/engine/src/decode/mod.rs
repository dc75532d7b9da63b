//! Bytes of a picture file to upright RGB, under limits; and thumbnails.
//!
//! Owns which files count as photos ([`support`]), the pixels every other
//! module works on ([`decode`]) and the picture the grid shows
//! ([`thumbnail`]). Knows no paths beyond an extension, no database and no
//! model. One convention: a [`Decoded`] picture is upright, opaque, 8-bit RGB in
//! the file's own colour space (embedded ICC profiles are not applied: the
//! models were trained without them).
//!
//! A decoder sees whatever a person has on disk, so each call is bounded in
//! bytes, pixels, memory and time, and a panic inside a codec is an error of
//! that file alone.

mod deadline;
mod flatten;
mod jpeg;
mod support;
mod thumbnail;

#[cfg(test)]
mod tests;

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

use image::error::ImageError;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, RgbImage};

use deadline::DeadlineReader;
pub use support::{Format, Support, support};
pub use thumbnail::thumbnail;

/// What one file may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Longest file that is decoded, in bytes.
    pub max_file_bytes: u64,
    /// Most pixels (width times height) a picture may have.
    pub max_pixels: u64,
    /// Most memory the pixels may take at the worst moment, in bytes; the
    /// file itself is not counted.
    pub max_alloc_bytes: u64,
    /// Longest decoding time. Looked at whenever a codec reads on, so one
    /// overruns it by what a piece of the file takes; JPEG, which is decoded from
    /// memory, is refused beforehand when its passes would take longer.
    pub max_time: Duration,
}

impl Default for Limits {
    /// Room for the largest pictures people own (a 200-megapixel phone photo
    /// held upright needs 2 x 3 bytes a pixel while it is turned), and little more.
    fn default() -> Self {
        Self {
            max_file_bytes: 1 << 30,
            max_pixels: 250_000_000,
            max_alloc_bytes: 5 << 28,
            max_time: Duration::from_secs(15),
        }
    }
}

/// A picture ready to be looked at by people and models.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// Upright pixels: EXIF orientation applied, transparency laid on white,
    /// deeper samples rounded to 8 bits, the first frame of an animation.
    pub rgb: RgbImage,
    /// What the content is, whatever the file is called.
    pub format: Format,
}

/// Why a file gave no picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// One sentence for people, without the path, ending without a full stop.
    pub reason: String,
    /// Whether trying the same bytes again is pointless.
    pub permanent: bool,
}

impl DecodeError {
    fn permanent(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), permanent: true }
    }

    fn transient(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), permanent: false }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for DecodeError {}

/// Decodes a whole file by its content; the name plays no part.
///
/// Never panics: a panic in a codec is caught and reported as an error of this
/// file (the process's panic hook still prints it).
///
/// # Errors
/// A [`DecodeError`] that says in plain words what is wrong: not a picture, a kind
/// that is not supported yet, cut off, damaged, or beyond `limits`.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, DecodeError> {
    if bytes.len() as u64 > limits.max_file_bytes {
        return Err(DecodeError::permanent(format!(
            "the file is too large: {} MB, at most {} MB are read",
            bytes.len() / 1_000_000,
            limits.max_file_bytes / 1_000_000
        )));
    }
    let format = Format::of(bytes).ok_or_else(|| support::describe_foreign(bytes))?;
    let deadline = Instant::now() + limits.max_time;
    let result =
        panic::catch_unwind(AssertUnwindSafe(|| decode_upright(bytes, format, limits, deadline)));
    match result {
        Ok(Ok(rgb)) => Ok(Decoded { rgb, format }),
        // Whatever the codec made of the failing read, time was the cause.
        Ok(Err(Failure::Codec(_))) if Instant::now() >= deadline => Err(too_slow(limits)),
        Ok(Err(Failure::Codec(error))) => Err(explain(error, format, bytes)),
        Ok(Err(Failure::Known(error))) => Err(error),
        Err(panic) => Err(DecodeError::permanent(format!(
            "the {format} data are damaged (the decoder broke down: {})",
            panic_message(panic.as_ref())
        ))),
    }
}

/// A codec's error, still to be put into words, or one that already is.
enum Failure {
    Codec(ImageError),
    Known(DecodeError),
}

impl From<ImageError> for Failure {
    fn from(error: ImageError) -> Self {
        Self::Codec(error)
    }
}

fn decode_upright(
    bytes: &[u8],
    format: Format,
    limits: &Limits,
    deadline: Instant,
) -> Result<RgbImage, Failure> {
    let mut reader = ImageReader::with_format(DeadlineReader::new(bytes, deadline), format.codec());
    // Dimensions are checked below, by area; a long panorama is fine.
    let mut codec_limits = image::Limits::no_limits();
    codec_limits.max_alloc = Some(limits.max_alloc_bytes);
    reader.limits(codec_limits);
    let mut decoder = reader.into_decoder()?;

    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(Failure::Known(DecodeError::permanent("the picture has no pixels")));
    }
    if pixels > limits.max_pixels {
        return Err(Failure::Known(DecodeError::permanent(format!(
            "the picture is too large: {width} x {height} pixels, at most {} megapixels are decoded",
            limits.max_pixels / 1_000_000
        ))));
    }
    // A damaged EXIF block must not cost the picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);

    let mut memory = decoder.total_bytes();
    if decoder.color_type() != image::ColorType::Rgb8 || turns(orientation) {
        memory = memory.saturating_add(pixels * 3);
    }
    if format == Format::Jpeg {
        if jpeg::is_hardly_there(bytes, pixels) {
            return Err(Failure::Known(DecodeError::permanent(format!(
                "the file is cut off ({} bytes for {width} x {height} pixels)",
                bytes.len()
            ))));
        }
        let work = jpeg::work(bytes);
        if work.time(pixels) > limits.max_time {
            return Err(Failure::Known(too_slow(limits)));
        }
        memory = memory.max(decoder.total_bytes().saturating_add(work.coefficient_bytes(pixels)));
    }
    if memory > limits.max_alloc_bytes {
        return Err(Failure::Known(too_much_memory(limits)));
    }

    let mut rgb = DynamicImage::ImageRgb8(flatten::to_rgb8(DynamicImage::from_decoder(decoder)?));
    rgb.apply_orientation(orientation);
    Ok(rgb.into_rgb8())
}

/// Whether width and height change places, which takes a second buffer.
fn turns(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

fn too_slow(limits: &Limits) -> DecodeError {
    DecodeError::transient(format!(
        "decoding takes longer than {} seconds",
        limits.max_time.as_secs_f32()
    ))
}

fn too_much_memory(limits: &Limits) -> DecodeError {
    DecodeError::permanent(format!(
        "decoding takes more than {} MB of memory",
        limits.max_alloc_bytes / 1_000_000
    ))
}

/// Plain words first, then the codec's own message for whoever wants to repair
/// the file.
fn explain(error: ImageError, format: Format, bytes: &[u8]) -> DecodeError {
    let damaged = format!("the {format} data are damaged");
    let (words, detail) = match error {
        ImageError::Limits(e) => ("the picture is too large".to_owned(), e.to_string()),
        ImageError::Unsupported(e) => {
            (format!("this kind of {format} is not supported yet"), e.to_string())
        }
        ImageError::Decoding(e) => {
            // Its own text only repeats the format before the source's.
            let source = std::error::Error::source(&e).map(ToString::to_string);
            (damaged, source.unwrap_or_else(|| e.to_string()))
        }
        other => (damaged, other.to_string()),
    };
    let words = if says_cut_off(&detail) || support::is_shorter_than_it_says(bytes, format) {
        "the file is cut off".to_owned()
    } else {
        words
    };
    DecodeError::permanent(format!("{words} ({})", one_line(&detail)))
}

/// Codecs have no common code for "the input ended"; these are their words.
fn says_cut_off(detail: &str) -> bool {
    const WORDS: &[&str] = &[
        "unexpected end",
        "unexpected eof",
        "exhausted data",
        "not enough bytes",
        "fill whole buffer",
    ];
    let detail = detail.to_ascii_lowercase();
    WORDS.iter().any(|words| detail.contains(words))
}

/// A codec's message without line breaks, quotes around it or endless length.
fn one_line(text: &str) -> String {
    /// Enough for every message seen; a longer one quotes file content.
    const LONGEST: usize = 160;
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    let line = line.trim_matches(|c| c == '"' || c == '.' || c == ' ');
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    one_line(text.unwrap_or("no message"))
}
