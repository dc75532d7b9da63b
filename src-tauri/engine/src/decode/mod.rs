//! Bytes of a picture file to upright RGB, under limits; and thumbnails.
//!
//! Owns which files count as photos ([`support`]), the pixels every other
//! module works on ([`decode`]) and the picture the grid shows
//! ([`thumbnail`]). Knows no paths beyond an extension, no database and no
//! model. One convention: a [`Decoded`] picture is upright, opaque, 8-bit RGB in
//! the file's own colour space (embedded ICC profiles are not applied: the
//! models were trained without them).
//!
//! Most photos are far larger than anything that is made of them, so who asks
//! says how many pixels matter ([`Detail`]) and a codec that can leaves the
//! others out.
//!
//! A decoder sees whatever a person has on disk, so each call is bounded in
//! bytes, pixels, memory and time, and a panic inside a codec is an error of
//! that file alone.

mod deadline;
mod flatten;
#[cfg_attr(not(feature = "turbojpeg"), allow(dead_code, reason = "less is asked in Rust"))]
mod jpeg;
mod raw;
mod support;
mod thumbnail;
#[cfg(feature = "turbojpeg")]
mod turbo;

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
pub use thumbnail::{THUMBNAIL_SIDE, thumbnail};

/// What one file may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Longest file that is decoded, in bytes.
    pub max_file_bytes: u64,
    /// Most pixels (width times height) that are decoded of a picture.
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

/// How many of a picture's pixels are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// All of them.
    Full,
    /// Fewer where the codec can leave some out, but sides not below these,
    /// unless the picture's own are.
    AtLeast {
        /// Least pixels of the shorter side.
        shorter: u32,
        /// Least pixels of the longer side.
        longer: u32,
    },
}

impl Detail {
    /// What an index needs: enough for the stored thumbnail, and for a model
    /// that wants at least `shorter` pixels on the shorter side.
    pub fn indexed(shorter: u32) -> Self {
        Self::AtLeast { shorter, longer: THUMBNAIL_SIDE }
    }

    /// Whether a picture of these sides shows enough.
    fn allows(self, (width, height): (u32, u32)) -> bool {
        match self {
            Self::Full => false,
            Self::AtLeast { shorter, longer } => {
                width.min(height) >= shorter && width.max(height) >= longer
            }
        }
    }

    /// What the sides may be divided by: 1, 2, 4 or 8. Those between are slower
    /// in libjpeg-turbo than the next larger size.
    #[cfg(feature = "turbojpeg")]
    fn divisor(self, (width, height): (u32, u32)) -> u32 {
        let enough = |by: &u32| self.allows((width.div_ceil(*by), height.div_ceil(*by)));
        [8, 4, 2].into_iter().find(enough).unwrap_or(1)
    }
}

/// A picture ready to be looked at by people and models.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// Upright pixels: EXIF orientation applied, transparency laid on white,
    /// deeper samples rounded to 8 bits, the first frame of an animation.
    pub rgb: RgbImage,
    /// Width and height of the whole picture, upright, of which `rgb` may be a
    /// smaller version.
    pub size: (u32, u32),
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

/// Decodes a file by its content; the name plays no part.
///
/// Never panics: a panic in a codec is caught and reported as an error of this
/// file (the process's panic hook still prints it).
///
/// # Errors
/// A [`DecodeError`] that says in plain words what is wrong: not a picture, a kind
/// that is not supported yet, cut off, damaged, or beyond `limits`.
pub fn decode(bytes: &[u8], limits: &Limits, detail: Detail) -> Result<Decoded, DecodeError> {
    open(bytes, limits, detail)?.decode(&mut |_| {})
}

/// Reads a file's header, so that [`Picture::memory`] is known before it is
/// spent. [`decode`] in two steps.
///
/// # Errors
/// Those of [`decode`] that a header tells.
pub fn open<'a>(
    bytes: &'a [u8],
    limits: &'a Limits,
    detail: Detail,
) -> Result<Picture<'a>, DecodeError> {
    if bytes.len() as u64 > limits.max_file_bytes {
        return Err(DecodeError::permanent(format!(
            "the file is too large: {} MB, at most {} MB are read",
            bytes.len() / 1_000_000,
            limits.max_file_bytes / 1_000_000
        )));
    }
    let format = Format::of(bytes).ok_or_else(|| support::describe_foreign(bytes))?;
    let file = if format == Format::Raw {
        let raw::Preview { jpeg, orientation } = raw::preview(bytes, detail)?;
        File { bytes: jpeg, format: Format::Jpeg, held: orientation, limits }
    } else {
        File { bytes, format, held: None, limits }
    };
    let way = file.guarded(|deadline| file.way(detail, deadline))?;
    Ok(Picture { file, way, format })
}

/// A file that passed the checks a header allows, not decoded yet.
pub struct Picture<'a> {
    file: File<'a>,
    way: Way,
    format: Format,
}

impl Picture<'_> {
    /// Bytes that decoding takes at the worst moment, the file's own not
    /// counted. If a file turns out to need more, [`Self::decode`] asks for it.
    pub fn memory(&self) -> u64 {
        match self.way {
            Way::Whole { memory } => memory,
            #[cfg(feature = "turbojpeg")]
            Way::Scaled { memory, .. } => memory,
        }
    }

    /// Calls `more`, which may wait, with the bytes that are needed beyond
    /// [`Self::memory`], before they are: a JPEG that libjpeg-turbo complains
    /// about is decoded whole, and only decoding it tells.
    ///
    /// # Errors
    /// As [`decode`].
    #[cfg_attr(not(feature = "turbojpeg"), expect(unused_variables, reason = "all is known"))]
    pub fn decode(self, more: &mut dyn FnMut(u64)) -> Result<Decoded, DecodeError> {
        let Self { file, way, format } = self;
        #[cfg(feature = "turbojpeg")]
        if let Way::Scaled { frame, divisor, memory } = way {
            let scaled = file.guarded(|_| {
                let rgb = turbo::decode(file.bytes, &frame, divisor);
                Ok(rgb.map(|rgb| upright(rgb, frame.orientation)))
            })?;
            if let Some(rgb) = scaled {
                let (width, height) = (frame.width, frame.height);
                let turned = turns(frame.orientation);
                let size = if turned { (height, width) } else { (width, height) };
                return Ok(Decoded { rgb, size, format });
            }
            let whole = file.guarded(|deadline| Ok(file.whole_header(deadline)?.1.memory))?;
            // Outside `guarded`: waiting for memory is no decoding time.
            let missing = whole.saturating_sub(memory);
            if missing > 0 {
                more(missing);
            }
        }
        let (rgb, size) = file.guarded(|deadline| file.whole(deadline))?;
        Ok(Decoded { rgb, size, format })
    }
}

/// How a file is decoded, and the memory that takes.
enum Way {
    Whole {
        memory: u64,
    },
    /// By libjpeg-turbo, each side divided.
    #[cfg(feature = "turbojpeg")]
    Scaled {
        frame: jpeg::Frame,
        divisor: u32,
        memory: u64,
    },
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

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::Known(error)
    }
}

/// A file of a known format, and what it may cost.
#[derive(Clone, Copy)]
struct File<'a> {
    bytes: &'a [u8],
    format: Format,
    /// The orientation, where that in the file does not count.
    held: Option<Orientation>,
    limits: &'a Limits,
}

impl File<'_> {
    /// Lets a codec work until a deadline, and puts into words what goes wrong.
    fn guarded<T>(
        &self,
        work: impl FnOnce(Instant) -> Result<T, Failure>,
    ) -> Result<T, DecodeError> {
        let deadline = Instant::now() + self.limits.max_time;
        match panic::catch_unwind(AssertUnwindSafe(|| work(deadline))) {
            Ok(Ok(done)) => Ok(done),
            // Whatever the codec made of the failing read, time was the cause.
            Ok(Err(Failure::Codec(_))) if Instant::now() >= deadline => Err(too_slow(self.limits)),
            Ok(Err(Failure::Codec(error))) => Err(explain(error, self.format, self.bytes)),
            Ok(Err(Failure::Known(error))) => Err(error),
            Err(panic) => Err(DecodeError::permanent(format!(
                "the {} data are damaged (the decoder broke down: {})",
                self.format,
                panic_message(panic.as_ref())
            ))),
        }
    }

    #[cfg_attr(not(feature = "turbojpeg"), expect(unused_variables, reason = "all is decoded"))]
    fn way(&self, detail: Detail, deadline: Instant) -> Result<Way, Failure> {
        #[cfg(feature = "turbojpeg")]
        if self.format == Format::Jpeg
            && let Some(mut frame) = jpeg::Frame::read(self.bytes)
        {
            frame.orientation = self.held.unwrap_or(frame.orientation);
            let divisor = detail.divisor((frame.width, frame.height));
            let (width, height) = (frame.width.div_ceil(divisor), frame.height.div_ceil(divisor));
            let pixels = self.check_pixels(width, height)?;
            self.check_jpeg(frame.width, frame.height, frame.work)?;
            let turned = if turns(frame.orientation) { 2 } else { 1 };
            let memory = (pixels * 3 * turned).max(pixels * 3 + frame.coefficient_bytes());
            return Ok(Way::Scaled { frame, divisor, memory: self.check_memory(memory)? });
        }
        let (_, header) = self.whole_header(deadline)?;
        Ok(Way::Whole { memory: header.memory })
    }

    /// All pixels, by the codecs in Rust, and their number across and down.
    fn whole(&self, deadline: Instant) -> Result<(RgbImage, (u32, u32)), Failure> {
        let (decoder, header) = self.whole_header(deadline)?;
        let rgb = flatten::to_rgb8(DynamicImage::from_decoder(decoder)?);
        let rgb = upright(rgb, header.orientation);
        let size = rgb.dimensions();
        Ok((rgb, size))
    }

    fn whole_header(&self, deadline: Instant) -> Result<(impl ImageDecoder, Header), Failure> {
        let bytes = DeadlineReader::new(self.bytes, deadline);
        let mut reader = ImageReader::with_format(bytes, self.format.codec());
        // Dimensions are checked below, by area; a long panorama is fine.
        let mut codec_limits = image::Limits::no_limits();
        codec_limits.max_alloc = Some(self.limits.max_alloc_bytes);
        reader.limits(codec_limits);
        let mut decoder = reader.into_decoder()?;

        let (width, height) = decoder.dimensions();
        let pixels = self.check_pixels(width, height)?;
        // A damaged EXIF block must not cost the picture.
        let own = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let orientation = self.held.unwrap_or(own);

        let mut memory = decoder.total_bytes();
        if decoder.color_type() != image::ColorType::Rgb8 || turns(orientation) {
            memory = memory.saturating_add(pixels * 3);
        }
        if self.format == Format::Jpeg {
            let work = jpeg::work(self.bytes);
            self.check_jpeg(width, height, work)?;
            let coefficients = work.coefficient_bytes(pixels);
            memory = memory.max(decoder.total_bytes().saturating_add(coefficients));
        }
        let memory = self.check_memory(memory)?;
        Ok((decoder, Header { orientation, memory }))
    }

    /// The number of pixels that are to be decoded.
    fn check_pixels(&self, width: u32, height: u32) -> Result<u64, DecodeError> {
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 {
            return Err(DecodeError::permanent("the picture has no pixels"));
        }
        if pixels > self.limits.max_pixels {
            return Err(DecodeError::permanent(format!(
                "the picture is too large: {width} x {height} pixels, at most {} megapixels are \
                 decoded",
                self.limits.max_pixels / 1_000_000
            )));
        }
        Ok(pixels)
    }

    /// Refuses a JPEG of so many stored pixels that lacks nearly everything, or
    /// asks for too many passes over them.
    fn check_jpeg(&self, width: u32, height: u32, work: jpeg::Work) -> Result<(), DecodeError> {
        let pixels = u64::from(width) * u64::from(height);
        if jpeg::is_hardly_there(self.bytes, pixels) {
            return Err(DecodeError::permanent(format!(
                "the file is cut off ({} bytes for {width} x {height} pixels)",
                self.bytes.len()
            )));
        }
        if work.time(pixels) > self.limits.max_time {
            return Err(too_slow(self.limits));
        }
        Ok(())
    }

    fn check_memory(&self, memory: u64) -> Result<u64, DecodeError> {
        if memory > self.limits.max_alloc_bytes {
            return Err(DecodeError::permanent(format!(
                "decoding takes more than {} MB of memory",
                self.limits.max_alloc_bytes / 1_000_000
            )));
        }
        Ok(memory)
    }
}

/// What a codec in Rust says before it decodes.
struct Header {
    orientation: Orientation,
    memory: u64,
}

fn upright(rgb: RgbImage, orientation: Orientation) -> RgbImage {
    let mut picture = DynamicImage::ImageRgb8(rgb);
    picture.apply_orientation(orientation);
    picture.into_rgb8()
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
