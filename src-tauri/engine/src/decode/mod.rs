//! Bytes of a picture file to upright RGB, under limits; and thumbnails.
//!
//! Owns which files count as photos ([`support`]), the pixels every other
//! module works on ([`decode`]) and the picture the grid shows
//! ([`thumbnail`]). Knows no paths beyond an extension, no database and no
//! model. One convention: a [`Decoded`] picture is upright, opaque, 8-bit RGB in
//! the file's own colour space. The embedded profile comes along and is applied
//! to what people see, not to what models see: they were trained without. Inks
//! (CMYK) alone become sRGB by their profile at once, as they are no RGB before.
//!
//! Most photos are far larger than anything that is made of them, so who asks
//! says how many pixels matter ([`Detail`]) and a codec that can leaves the
//! others out.
//!
//! A decoder sees whatever a person has on disk, so each call is bounded in
//! bytes, pixels, memory and time, and a panic inside a codec is an error of
//! that file alone. Codecs written in C run in processes of their own
//! ([`worker`]), where even a crash is no more than that.

mod colour;
mod deadline;
mod flatten;
mod gif;
#[cfg(feature = "heif")]
mod heif;
mod iso;
#[cfg_attr(not(feature = "turbojpeg"), allow(dead_code, reason = "less is asked in Rust"))]
mod jpeg;
mod jxl;
mod limits;
mod png;
mod psd;
mod raw;
mod support;
mod tga;
mod thumbnail;
mod tiff;
#[cfg(feature = "turbojpeg")]
mod turbo;
mod words;
mod worker;

#[cfg(test)]
mod kinds_tests;
#[cfg(test)]
mod photos_tests;
#[cfg(test)]
mod tests;

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::time::Instant;

use image::error::ImageError;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, RgbImage};

use crate::message::Message;
pub use colour::to_srgb;
use deadline::DeadlineReader;
pub use limits::Limits;
pub use support::{Format, Support, support};
pub use thumbnail::{THUMBNAIL_SIDE, brightness, encode_jpeg, fit, resize, thumbnail};
use words::{explain, panic_message};
pub use worker::serve_if_asked;
#[cfg(test)]
pub(crate) use worker::tests::as_the_application;
use worker::{Answer, Job, Request, Trouble};

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
    #[cfg_attr(
        not(any(feature = "turbojpeg", feature = "heif")),
        allow(dead_code, reason = "codecs in Rust decode all")
    )]
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
    /// The embedded ICC profile that says how the pixels' numbers are meant;
    /// `None` stands for sRGB. It may be nonsense.
    pub profile: Option<Vec<u8>>,
}

/// What a codec makes of a file: as in [`Decoded`].
#[derive(Debug)]
struct Pixels {
    rgb: RgbImage,
    size: (u32, u32),
    profile: Option<Vec<u8>>,
}

/// Why a file gave no picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// One sentence for people, without the path, ending without a full stop.
    pub reason: Message,
    /// Whether trying the same bytes again is pointless.
    pub permanent: bool,
}

impl DecodeError {
    fn permanent(reason: Message) -> Self {
        Self { reason, permanent: true }
    }

    fn transient(reason: Message) -> Self {
        Self { reason, permanent: false }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
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
        return Err(DecodeError::permanent(message!(
            "the file is too large: {size} MB, at most {most} MB are read",
            size = bytes.len() / 1_000_000,
            most = limits.max_file_bytes / 1_000_000
        )));
    }
    let format = Format::of(bytes).ok_or_else(|| support::describe_foreign(bytes))?;
    let whole = File { bytes, format, held: None, limits };
    let file = match format {
        Format::Raw => {
            let preview = whole.guarded(|_| Ok(raw::preview(bytes, detail)?))?;
            let raw::Preview { jpeg, orientation } = preview;
            File { bytes: jpeg, format: Format::Jpeg, held: orientation, limits }
        }
        Format::Ico => match png::of_icon(bytes) {
            Some(png) => File { bytes: png, format: Format::Png, ..whole },
            None => whole,
        },
        _ => whole,
    };
    let (way, memory) = file.guarded(|deadline| file.way(detail, deadline))?;
    Ok(Picture { file, way, memory, detail, format })
}

/// Whether a file of this format has to be turned to be upright. `false`, too,
/// where it cannot be decoded.
pub fn is_turned(bytes: &[u8], format: Format, limits: &Limits) -> bool {
    let file = File { bytes, format, held: None, limits };
    let header = file.guarded(|deadline| Ok(file.whole_header(deadline)?.1));
    header.is_ok_and(|header| header.orientation != Orientation::NoTransforms)
}

/// A file that passed the checks a header allows, not decoded yet.
pub struct Picture<'a> {
    file: File<'a>,
    way: Way<'a>,
    memory: u64,
    detail: Detail,
    format: Format,
}

impl Picture<'_> {
    /// Bytes that decoding takes at the worst moment, here and in a decoding
    /// process, the file's own not counted. If a file turns out to need more,
    /// [`Self::decode`] asks for it.
    pub fn memory(&self) -> u64 {
        self.memory
    }

    /// Calls `more`, which may wait, with the bytes that are needed beyond
    /// [`Self::memory`], before they are: a JPEG that libjpeg-turbo complains
    /// about is decoded whole, and only decoding it tells.
    ///
    /// # Errors
    /// As [`decode`].
    #[cfg_attr(not(feature = "turbojpeg"), expect(unused_variables, reason = "all is known"))]
    pub fn decode(self, more: &mut dyn FnMut(u64)) -> Result<Decoded, DecodeError> {
        let Self { file, way, memory, detail, format } = self;
        let limits = file.limits;
        let pixels = match way {
            #[cfg(feature = "turbojpeg")]
            Way::Turbo(frame) => match file.turbo(&frame, detail)? {
                Some(pixels) => pixels,
                None => {
                    let whole =
                        file.guarded(|deadline| Ok(file.whole_header(deadline)?.1.memory))?;
                    // Outside `guarded`: waiting for memory is no decoding time.
                    let missing = whole.saturating_sub(memory);
                    if missing > 0 {
                        more(missing);
                    }
                    file.guarded(|deadline| file.whole(deadline))?
                }
            },
            Way::Heif => match file.ask(Job::Heif, detail)? {
                Some(pixels) => pixels,
                None => {
                    return Err(DecodeError::transient(message!(
                        "{format} is decoded by a process of the application, which cannot be \
                         started here",
                        format
                    )));
                }
            },
            Way::Jxl => match file.ask(Job::Jxl, detail)? {
                Some(pixels) => pixels,
                None => guarded_jxl(file.bytes, limits)?,
            },
            Way::Psd => file.guarded(|until| Ok(psd::decode(file.bytes, limits, until)?))?,
            Way::Tiff(special) => file.guarded(|deadline| file.tiff(special, deadline))?,
            Way::Whole => file.guarded(|deadline| file.whole(deadline))?,
        };
        let Pixels { rgb, size, profile } = pixels;
        Ok(Decoded { rgb, size, format, profile })
    }
}

/// How a file is decoded.
enum Way<'a> {
    /// By a codec in Rust, all pixels.
    Whole,
    /// By libjpeg-turbo, in a process, each side divided.
    #[cfg(feature = "turbojpeg")]
    Turbo(jpeg::Frame),
    /// By libheif, in a process, each side divided.
    Heif,
    /// In a process where there is one.
    Jxl,
    Psd,
    /// A kind that the codec leaves out.
    Tiff(tiff::Special<'a>),
}

/// By libheif, in this process.
#[cfg(feature = "heif")]
fn heif(bytes: &[u8], detail: Detail, limits: &Limits) -> Result<Pixels, DecodeError> {
    heif::decode(bytes, detail, limits)
}

/// Refuses: so the application was built.
#[cfg(not(feature = "heif"))]
fn heif(_bytes: &[u8], _detail: Detail, _limits: &Limits) -> Result<Pixels, DecodeError> {
    Err(DecodeError::transient(message!("the application was built without HEIC and AVIF")))
}

/// JPEG XL in this process.
fn guarded_jxl(bytes: &[u8], limits: &Limits) -> Result<Pixels, DecodeError> {
    let file = File { bytes, format: Format::Jxl, held: None, limits };
    file.guarded(|deadline| Ok(jxl::decode(bytes, limits, deadline)?))
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

impl<'a> File<'a> {
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
            Err(panic) => Err(DecodeError::permanent(message!(
                "the {format} data are damaged (the decoder broke down: {detail})",
                format = self.format,
                detail = panic_message(panic.as_ref())
            ))),
        }
    }

    /// How it is decoded, and the memory that takes.
    fn way(&self, detail: Detail, deadline: Instant) -> Result<(Way<'a>, u64), Failure> {
        let (way, (width, height)) = match self.format {
            Format::Jpeg => return self.way_of_jpeg(detail, deadline),
            Format::Heic | Format::Avif => {
                // A file that does not say is measured by the library.
                (Way::Heif, iso::largest_picture(self.bytes).unwrap_or((4000, 3000)))
            }
            Format::Jxl => (Way::Jxl, jxl::size(self.bytes)?),
            Format::Psd => {
                let header = psd::Header::read(self.bytes)?;
                check_pixels(self.limits, header.width, header.height)?;
                return Ok((Way::Psd, self.check_memory(header.memory())?));
            }
            Format::Tiff => match tiff::special(self.bytes)? {
                Some(special) => return self.way_of_tiff(special, deadline),
                None => return Ok((Way::Whole, self.whole_header(deadline)?.1.memory)),
            },
            _ => return Ok((Way::Whole, self.whole_header(deadline)?.1.memory)),
        };
        let pixels = check_pixels(self.limits, width, height)?;
        let memory = match way {
            Way::Jxl => jxl::memory(pixels),
            // Brightness and colours, of up to 16 bits; RGBA; and the answer.
            _ => pixels * (3 + 4) + 2 * 3 * pixels / u64::from(detail.divisor((width, height))),
        };
        Ok((way, self.check_memory(memory)?))
    }

    #[cfg_attr(not(feature = "turbojpeg"), expect(unused_variables, reason = "all is decoded"))]
    fn way_of_jpeg(&self, detail: Detail, deadline: Instant) -> Result<(Way<'a>, u64), Failure> {
        if let Some(kind) = jpeg::unusual(self.bytes) {
            let why = message!("the content is {kind}, which is not supported", kind);
            return Err(DecodeError::permanent(why).into());
        }
        #[cfg(feature = "turbojpeg")]
        if worker::is_there()
            && let Some(mut frame) = jpeg::Frame::read(self.bytes)
            && (!frame.print || jpeg::profile(self.bytes).is_some())
        {
            frame.orientation = self.held.unwrap_or(frame.orientation);
            let divisor = detail.divisor((frame.width, frame.height));
            let (width, height) = (frame.width.div_ceil(divisor), frame.height.div_ceil(divisor));
            let pixels = check_pixels(self.limits, width, height)?;
            self.check_jpeg(frame.width, frame.height, frame.work)?;
            // In the process and here; turned here once it has its answer.
            let inks = if frame.print { pixels * 4 } else { 0 };
            let memory = pixels * 3 * 2 + inks + frame.coefficient_bytes();
            return Ok((Way::Turbo(frame), self.check_memory(memory)?));
        }
        let (_, header) = self.whole_header(deadline)?;
        Ok((Way::Whole, header.memory))
    }

    /// By libjpeg-turbo; `None` where it cannot or would not.
    #[cfg(feature = "turbojpeg")]
    fn turbo(&self, frame: &jpeg::Frame, detail: Detail) -> Result<Option<Pixels>, DecodeError> {
        let Some(mut pixels) = self.ask(Job::Jpeg, detail)? else { return Ok(None) };
        let size = (frame.width, frame.height);
        let divisor = detail.divisor(size);
        let expected = (size.0.div_ceil(divisor), size.1.div_ceil(divisor));
        if pixels.size != size || pixels.rgb.dimensions() != expected {
            return Ok(None);
        }
        pixels.rgb = upright(pixels.rgb, frame.orientation);
        pixels.size = if turns(frame.orientation) { (size.1, size.0) } else { size };
        if !frame.print {
            pixels.profile = jpeg::profile(self.bytes);
        }
        Ok(Some(pixels))
    }

    fn way_of_tiff(
        &self,
        special: tiff::Special<'a>,
        deadline: Instant,
    ) -> Result<(Way<'a>, u64), Failure> {
        let memory = match &special {
            tiff::Special::Jpeg(pieces) => {
                check_pixels(self.limits, pieces.size.0, pieces.size.1)?;
                pieces.memory()
            }
            tiff::Special::Retold(told) => {
                check_pixels(self.limits, told.size.0, told.size.1)?;
                let own = self.check_memory(told.memory(self.bytes))?;
                let copy = told.file(self.bytes);
                let copy = File { bytes: &copy, ..*self };
                own.saturating_add(copy.whole_header(deadline)?.1.memory)
            }
        };
        Ok((Way::Tiff(special), self.check_memory(memory)?))
    }

    /// A TIFF of a kind that the codec leaves out.
    fn tiff(&self, special: tiff::Special<'_>, deadline: Instant) -> Result<Pixels, Failure> {
        match special {
            tiff::Special::Jpeg(pieces) => Ok(pieces.decode(self.limits, deadline)?),
            tiff::Special::Retold(told) => {
                let copy = told.file(self.bytes);
                let copy = File { bytes: &copy, ..*self };
                let pixels = copy.whole_as(deadline, |image| told.meant(image))?;
                let profile = pixels.profile.filter(|_| !told.is_print());
                Ok(Pixels { profile, ..pixels })
            }
        }
    }

    /// Has a decoding process do it. `None` where there is none, or it leaves the
    /// file to the codec in Rust.
    fn ask(&self, job: Job, detail: Detail) -> Result<Option<Pixels>, DecodeError> {
        let request = Request { job, detail, limits: self.limits, bytes: self.bytes };
        match worker::run(&request) {
            Ok(Answer::Picture { rgb, size, profile }) => Ok(Some(Pixels { rgb, size, profile })),
            Ok(Answer::Unwilling) => Ok(None),
            Ok(Answer::Failed(error)) => Err(error),
            Err(Trouble::NotStarted(error)) => {
                tracing::warn!("no decoding process: {error}");
                Ok(None)
            }
            Err(Trouble::Broke(error)) => {
                tracing::debug!("a decoding process broke down: {error}");
                let why = message!(
                    "the {format} data are damaged (the decoder broke down over it)",
                    format = self.format
                );
                Err(DecodeError::permanent(why))
            }
            Err(Trouble::Ended(error)) => {
                tracing::debug!("a decoding process was ended: {error}");
                Err(DecodeError::transient(message!(
                    "there was too little memory, or the decoder was ended from outside"
                )))
            }
            Err(Trouble::TooSlow) => Err(too_slow(self.limits)),
        }
    }

    /// All pixels, by the codecs in Rust.
    fn whole(&self, deadline: Instant) -> Result<Pixels, Failure> {
        self.whole_as(deadline, |image| image)
    }

    /// The same, where the codec's picture stands for another.
    fn whole_as(
        &self,
        deadline: Instant,
        meant: impl FnOnce(DynamicImage) -> DynamicImage,
    ) -> Result<Pixels, Failure> {
        let (mut decoder, header) = self.whole_header(deadline)?;
        let profile = match self.format {
            Format::Jpeg => jpeg::profile(self.bytes),
            Format::Tiff => {
                tiff::profile(self.bytes).or_else(|| decoder.icc_profile().ok().flatten())
            }
            // A damaged profile must not cost the picture.
            _ => decoder.icc_profile().ok().flatten(),
        };
        let profile = profile.and_then(colour::kept);
        let mut image = meant(DynamicImage::from_decoder(decoder)?);
        if self.format == Format::Tiff && tiff::is_premultiplied(self.bytes) {
            flatten::mixed_to_opaque(&mut image);
        }
        let rgb = flatten::to_rgb8(image);
        let rgb = upright(rgb, header.orientation);
        Ok(Pixels { size: rgb.dimensions(), rgb, profile })
    }

    fn whole_header(&self, deadline: Instant) -> Result<(impl ImageDecoder, Header), Failure> {
        let bytes = DeadlineReader::new(self.bytes, deadline);
        let unknown =
            || DecodeError::permanent(message!("{format} is not supported", format = self.format));
        let mut reader = ImageReader::with_format(bytes, self.format.codec().ok_or_else(unknown)?);
        let allowed = |bytes: u64| {
            // Dimensions are checked by area; a long panorama is fine.
            let mut limits = image::Limits::no_limits();
            limits.max_alloc = Some(bytes.min(self.limits.max_alloc_bytes));
            limits
        };
        let png = png::size(self.bytes).filter(|_| self.format == Format::Png);
        if let Some((width, height)) = png {
            // Before the codec is made, which inflates what comes before the pixels.
            check_pixels(self.limits, width, height)?;
        }
        let aside = match png {
            Some((width, _)) => png::aside(self.bytes, width),
            None => ASIDE,
        };
        reader.limits(allowed(match self.format {
            Format::Png => aside,
            // Of these, what is taken is known below.
            _ => self.limits.max_alloc_bytes,
        }));
        let mut decoder = reader.into_decoder()?;

        let (width, height) = decoder.dimensions();
        let pixels = check_pixels(self.limits, width, height)?;
        let own = match self.format {
            Format::Png => png::orientation(self.bytes),
            // A damaged EXIF block must not cost the picture.
            _ => decoder.orientation().ok(),
        };
        let orientation = self.held.or(own).unwrap_or(Orientation::NoTransforms);

        let mut memory = decoder.total_bytes();
        decoder.set_limits(allowed(match self.format {
            // A strip or tile as it is packed, and unpacked, may be all of them.
            Format::Tiff => 3 * memory + self.bytes.len() as u64 + aside,
            _ => memory.saturating_add(aside),
        }))?;
        if self.format == Format::Gif
            && let Some((width, height)) = gif::first_frame(self.bytes)
            && (width, height) != decoder.dimensions()
        {
            // The frame is unpacked by itself, then laid on the picture.
            let frame = u64::from(width) * u64::from(height);
            if frame > self.limits.max_pixels {
                check_pixels(self.limits, width, height)?;
            }
            memory = memory.saturating_add(4 * frame);
        }
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

    /// Refuses a JPEG of so many stored pixels that lacks nearly everything, or
    /// asks for too many passes over them.
    fn check_jpeg(&self, width: u32, height: u32, work: jpeg::Work) -> Result<(), DecodeError> {
        let pixels = u64::from(width) * u64::from(height);
        if jpeg::is_hardly_there(self.bytes, pixels) {
            return Err(DecodeError::permanent(message!(
                "the file is cut off ({bytes} bytes for {width} x {height} pixels)",
                bytes = self.bytes.len(),
                width,
                height
            )));
        }
        if work.time(pixels) > self.limits.max_time {
            return Err(too_slow(self.limits));
        }
        Ok(())
    }

    fn check_memory(&self, memory: u64) -> Result<u64, DecodeError> {
        if memory > self.limits.max_alloc_bytes {
            return Err(DecodeError::permanent(message!(
                "decoding takes more than {most} MB of memory",
                most = self.limits.max_alloc_bytes / 1_000_000
            )));
        }
        Ok(memory)
    }
}

/// Bytes that a codec in Rust may take beside the pixels.
const ASIDE: u64 = 64 << 20;

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
    DecodeError::transient(message!(
        "decoding takes longer than {seconds} seconds",
        seconds = limits.max_time.as_secs_f32()
    ))
}

/// The number of pixels that are to be decoded.
fn check_pixels(limits: &Limits, width: u32, height: u32) -> Result<u64, DecodeError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(DecodeError::permanent(message!("the picture has no pixels")));
    }
    if pixels > limits.max_pixels {
        return Err(DecodeError::permanent(message!(
            "the picture is too large: {width} x {height} pixels, at most {most} megapixels are \
             decoded",
            width,
            height,
            most = limits.max_pixels / 1_000_000
        )));
    }
    Ok(pixels)
}
