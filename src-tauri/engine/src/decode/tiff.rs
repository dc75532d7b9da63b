//! What the codec for TIFF leaves out: colours stored as JPEG stores them,
//! listed colours, samples of two and four bits, bits in the other order, inks
//! with a profile, and colours that were already mixed with their opacity.
//!
//! Owns these kinds alone, as the first directory tells them. Strips of JPEG are
//! decoded one by one; the other kinds are told to the codec as one that it
//! knows, in a copy of the file with some numbers of the directory changed. Total:
//! nothing outside the file is read, and a BigTIFF is left to the codec.

use std::time::Instant;

use image::metadata::Orientation;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, RgbaImage};

use super::raw::{Directory, Tiff};
use super::{DecodeError, Limits, Pixels, colour, jpeg, too_slow, turns, upright};

const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const BITS: u16 = 258;
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const FILL_ORDER: u16 = 266;
const STRIP_OFFSETS: u16 = 273;
const ORIENTATION: u16 = 274;
const SAMPLES: u16 = 277;
const ROWS_PER_STRIP: u16 = 278;
const STRIP_LENGTHS: u16 = 279;
const PLANES: u16 = 284;
const PREDICTOR: u16 = 317;
const COLOURS: u16 = 320;
const TILE_WIDTH: u16 = 322;
const TILE_HEIGHT: u16 = 323;
const TILE_OFFSETS: u16 = 324;
const TILE_LENGTHS: u16 = 325;
const EXTRA_SAMPLES: u16 = 338;
const JPEG_TABLES: u16 = 347;
const PROFILE: u16 = 34675;

/// Photometric interpretations.
const WHITE_IS_ZERO: u32 = 0;
const BLACK_IS_ZERO: u32 = 1;
const RGB: u32 = 2;
const LISTED: u32 = 3;
const INKS: u32 = 5;
const YCBCR: u32 = 6;

/// Compressions.
const OLD_JPEG: u32 = 6;
const JPEG: u32 = 7;
const FAX: [u32; 3] = [2, 3, 4];

/// Longest tables that JPEGs have in common: ten times what four of each kind
/// take.
const MOST_TABLES: usize = 16 * 1024;

/// A kind that the codec leaves out.
#[derive(Debug)]
pub(super) enum Special<'a> {
    /// Brightness and colour differences, in strips or tiles that are JPEGs.
    Jpeg(Pieces<'a>),
    /// What the codec reads once it is told another way.
    Retold(Retold),
}

/// Tells a file's kind; `None` is the codec's own.
///
/// # Errors
/// Where neither the codec nor anything here can show it.
pub(super) fn special(bytes: &[u8]) -> Result<Option<Special<'_>>, DecodeError> {
    let Some(first) = first(bytes) else { return Ok(None) };
    let compression = first.number(COMPRESSION).unwrap_or(1);
    let photometric = first.number(PHOTOMETRIC);
    if compression == OLD_JPEG {
        return Err(unsupported(phrase!("JPEG as TIFF had it until 1995")));
    }
    if photometric == Some(YCBCR) {
        if compression != JPEG {
            return Err(unsupported(phrase!("YCbCr without JPEG")));
        }
        if first.number(PLANES).is_some_and(|planes| planes != 1) {
            return Err(unsupported(phrase!("JPEG, each component for itself")));
        }
        return Pieces::read(bytes, &first).map(|pieces| Some(Special::Jpeg(pieces)));
    }
    if compression == JPEG {
        // The codec believes what each JPEG says of its size.
        Pieces::read(bytes, &first)?.check_frames()?;
        return Ok(None);
    }
    Ok(Retold::read(bytes, &first)?.map(Special::Retold))
}

/// Whether the colours are already mixed with their opacity.
pub(super) fn is_premultiplied(bytes: &[u8]) -> bool {
    first(bytes).is_some_and(|first| first.number(EXTRA_SAMPLES) == Some(1))
}

/// The embedded colour profile; the codec withholds it from small pictures.
pub(super) fn profile(bytes: &[u8]) -> Option<Vec<u8>> {
    Some(first(bytes)?.bytes(PROFILE)?.to_vec())
}

fn first(bytes: &[u8]) -> Option<Directory<'_>> {
    Tiff::of(bytes)?.directories().into_iter().next()
}

fn unsupported(kind: &str) -> DecodeError {
    DecodeError::permanent(message!("this kind of TIFF is not supported yet: {kind}", kind))
}

fn damaged(why: &str) -> DecodeError {
    DecodeError::permanent(message!("the TIFF data are damaged ({why})", why))
}

/// The strips or tiles of a picture.
#[derive(Debug)]
pub(super) struct Pieces<'a> {
    /// As stored.
    pub size: (u32, u32),
    /// Of each; those at the right and lower edge may reach beyond the picture.
    piece: (u32, u32),
    /// What is in them, from left to right and from top to bottom.
    contents: Vec<&'a [u8]>,
    /// What all their JPEGs have in common, itself written as one.
    tables: &'a [u8],
    orientation: Orientation,
    profile: Option<Vec<u8>>,
}

impl<'a> Pieces<'a> {
    fn read(bytes: &'a [u8], first: &Directory<'a>) -> Result<Self, DecodeError> {
        let side = |tag| first.number(tag).filter(|&side| side > 0);
        let (Some(width), Some(height)) = (side(WIDTH), side(HEIGHT)) else {
            return Err(damaged(phrase!("it does not say how large it is")));
        };
        let (piece, offsets, lengths) = match (side(TILE_WIDTH), side(TILE_HEIGHT)) {
            (Some(width), Some(height)) => ((width, height), TILE_OFFSETS, TILE_LENGTHS),
            _ => {
                let rows = side(ROWS_PER_STRIP).unwrap_or(height).min(height);
                ((width, rows), STRIP_OFFSETS, STRIP_LENGTHS)
            }
        };
        let across = u64::from(width.div_ceil(piece.0));
        let planes = match first.number(PLANES) {
            Some(2) => u64::from(first.number(SAMPLES).unwrap_or(1)),
            _ => 1,
        };
        let expected = across * u64::from(height.div_ceil(piece.1)) * planes;
        let contents = || {
            let content = |(at, length)| {
                bytes.get(at as usize..)?.get(..length as usize).filter(|it| it.len() > 2)
            };
            let all = first.all_numbers(offsets).zip(first.all_numbers(lengths));
            all.map(content).collect::<Option<Vec<_>>>()
        };
        let count = |tag| first.all_numbers(tag).count() as u64;
        if count(offsets) != expected || count(lengths) != expected {
            return Err(damaged(phrase!("its strips do not add up to its size")));
        }
        let contents = contents().ok_or_else(|| {
            DecodeError::permanent(message!("the file is cut off (strips are missing)"))
        })?;
        // Blank tiles may be the same one; all of them are no bomb.
        let total: u64 = contents.iter().map(|content| content.len() as u64).sum();
        if total > 2 * bytes.len() as u64 {
            return Err(damaged(phrase!("its strips are longer than the file")));
        }
        let tables = first.bytes(JPEG_TABLES).unwrap_or_default();
        if tables.len() > MOST_TABLES || jpeg::Frame::read(tables).is_some() {
            return Err(damaged(phrase!("its JPEG tables are none")));
        }
        let orientation = first.number(ORIENTATION).and_then(|it| u8::try_from(it).ok());
        Ok(Self {
            size: (width, height),
            piece,
            contents,
            tables,
            orientation: orientation
                .and_then(Orientation::from_exif)
                .unwrap_or(Orientation::NoTransforms),
            profile: first.bytes(PROFILE).and_then(|it| colour::kept(it.to_vec())),
        })
    }

    /// Bytes that decoding takes: the picture, and one piece with its
    /// coefficients, or the picture once more while it is turned.
    pub(super) fn memory(&self) -> u64 {
        let area = |(width, height)| u64::from(width) * u64::from(height);
        let rgb = area(self.size).saturating_mul(3);
        let piece = area(self.piece).saturating_mul(3 + 6);
        let turned = if turns(self.orientation) { rgb } else { 0 };
        rgb.saturating_add(piece.max(turned))
    }

    /// A piece as a JPEG file: what all have in common goes before its own.
    fn jpeg(&self, content: &[u8]) -> Vec<u8> {
        let tables = self.tables.strip_suffix(b"\xFF\xD9").unwrap_or(self.tables);
        match content.strip_prefix(b"\xFF\xD8") {
            Some(own) if tables.starts_with(b"\xFF\xD8") => [tables, own].concat(),
            _ => content.to_vec(),
        }
    }

    /// The frame of a piece, unless it is of another size than it should be.
    fn frame(&self, jpeg: &[u8]) -> Result<jpeg::Frame, DecodeError> {
        if let Some(kind) = jpeg::unusual(jpeg) {
            return Err(unsupported(kind));
        }
        let frame = jpeg::Frame::read(jpeg)
            .ok_or_else(|| damaged(phrase!("a JPEG in it is no whole one")))?;
        // Some writers fill up the last rows and some do not.
        let fits = frame.width == self.piece.0 && frame.height <= self.piece.1;
        if fits {
            Ok(frame)
        } else {
            Err(damaged(phrase!("a JPEG in it is of another size than its strip")))
        }
    }

    /// Refuses pieces that are larger than they should be.
    fn check_frames(&self) -> Result<(), DecodeError> {
        for content in &self.contents {
            if let Some(frame) = jpeg::Frame::read(content)
                && (frame.width > self.piece.0 || frame.height > self.piece.1)
            {
                return Err(damaged(phrase!("a JPEG in it is larger than its strip")));
            }
        }
        Ok(())
    }

    /// The picture, upright.
    pub(super) fn decode(self, limits: &Limits, deadline: Instant) -> Result<Pixels, DecodeError> {
        let mut rgb = RgbImage::new(self.size.0, self.size.1);
        let across = self.size.0.div_ceil(self.piece.0) as usize;
        for (index, content) in self.contents.iter().enumerate() {
            if Instant::now() >= deadline {
                return Err(too_slow(limits));
            }
            let (left, top) =
                ((index % across) as u32 * self.piece.0, (index / across) as u32 * self.piece.1);
            let jpeg = self.jpeg(content);
            let frame = self.frame(&jpeg)?;
            let needed = self.piece.1.min(self.size.1 - top);
            let pixels = u64::from(frame.width) * u64::from(frame.height);
            if frame.height < needed || jpeg::is_hardly_there(&jpeg, pixels) {
                return Err(damaged(phrase!("a JPEG in it is too short for its strip")));
            }
            if frame.work.time(pixels) > limits.max_time {
                return Err(too_slow(limits));
            }
            let piece = image::load_from_memory_with_format(&jpeg, ImageFormat::Jpeg)
                .map_err(|error| damaged(&super::words::one_line(&error.to_string())))?
                .into_rgb8();
            let width = self.piece.0.min(self.size.0 - left) as usize * 3;
            let into = rgb.rows_mut().skip(top as usize).take(needed as usize);
            for (into, from) in into.zip(piece.rows()) {
                for (into, from) in into.skip(left as usize).zip(from).take(width / 3) {
                    *into = *from;
                }
            }
        }
        let rgb = upright(rgb, self.orientation);
        Ok(Pixels { size: rgb.dimensions(), rgb, profile: self.profile })
    }
}

/// A picture that is told to the codec as one of greys in whole bytes.
#[derive(Debug)]
pub(super) struct Retold {
    /// Width and height as stored.
    pub size: (u32, u32),
    /// Where numbers of the directory are, and what is written there.
    changes: Vec<(usize, [u8; 2])>,
    /// Parts of the file in which each byte is turned around.
    reversed: Vec<std::ops::Range<usize>>,
    /// How bytes become colours; `None` where the codec does it.
    meaning: Option<Meaning>,
}

/// What the codec's picture means.
#[derive(Debug)]
enum Meaning {
    /// Its greys are numbers of 1, 2, 4 or 8 bits, and stand for these colours.
    Numbers { bits: u32, colours: Vec<[u8; 3]> },
    /// Its colours and opacity are inks.
    Inks(colour::Print),
}

impl Retold {
    fn read(bytes: &[u8], first: &Directory<'_>) -> Result<Option<Self>, DecodeError> {
        let photometric = first.number(PHOTOMETRIC);
        let bits = first.number(BITS).unwrap_or(1);
        let compression = first.number(COMPRESSION).unwrap_or(1);
        let single = first.number(SAMPLES).unwrap_or(1) == 1;
        let listed = photometric == Some(LISTED);
        let grey = matches!(photometric, Some(WHITE_IS_ZERO | BLACK_IS_ZERO));
        let (Some(width), Some(height)) = (first.number(WIDTH), first.number(HEIGHT)) else {
            return Ok(None);
        };
        let mut told =
            Self { size: (width, height), changes: vec![], reversed: vec![], meaning: None };
        if first.number(FILL_ORDER) == Some(2) {
            told.reversed = pieces(bytes, first);
        }
        if single && (listed && matches!(bits, 1 | 2 | 4 | 8) || grey && matches!(bits, 2 | 4)) {
            let predicted = first.number(PREDICTOR).is_some_and(|it| it != 1);
            if bits < 8 && (predicted || FAX.contains(&compression)) {
                return Err(unsupported(&format!("pixels of {bits} bits, compressed that way")));
            }
            let colours = if listed { colours(first, bits)? } else { greys(bits) };
            told.meaning = Some(Meaning::Numbers { bits, colours });
            // Of the two greys the codec still turns one into the other.
            if listed {
                told.change(first, PHOTOMETRIC, BLACK_IS_ZERO)?;
            }
            if bits < 8 {
                told.change(first, WIDTH, width.saturating_mul(bits).div_ceil(8))?;
                told.change(first, BITS, 8)?;
                if let Some(tile) = first.number(TILE_WIDTH) {
                    if tile % 8 != 0 {
                        return Err(damaged(phrase!("its tiles are of an odd width")));
                    }
                    told.change(first, TILE_WIDTH, tile * bits / 8)?;
                }
            }
        } else if photometric == Some(INKS)
            && let Some(print) = print(first, bits)
        {
            told.meaning = Some(Meaning::Inks(print));
            told.change(first, PHOTOMETRIC, RGB)?;
        } else if listed {
            return Err(unsupported(&format!("a list of colours for {bits} bits")));
        }
        let usual = told.meaning.is_none() && told.reversed.is_empty();
        Ok((!usual).then_some(told))
    }

    /// Notes a change of a number that is in the directory itself.
    fn change(&mut self, first: &Directory<'_>, tag: u16, value: u32) -> Result<(), DecodeError> {
        let (at, low) =
            first.place(tag).ok_or_else(|| damaged(phrase!("its directory is not whole")))?;
        let value =
            u16::try_from(value).map_err(|_| unsupported(phrase!("a picture that wide")))?;
        self.changes.push((at, first.written(value)));
        if let Some(high) = low {
            self.changes.push((high, [0; 2]));
        }
        Ok(())
    }

    /// The file as the codec is to see it.
    pub(super) fn file(&self, bytes: &[u8]) -> Vec<u8> {
        let mut copy = bytes.to_vec();
        for range in &self.reversed {
            for byte in &mut copy[range.clone()] {
                *byte = byte.reverse_bits();
            }
        }
        for (at, value) in &self.changes {
            copy[*at..at + 2].copy_from_slice(value);
        }
        copy
    }

    /// Bytes that are needed beside what the codec needs: the copy, and the
    /// pixels before and after they are turned.
    pub(super) fn memory(&self, bytes: &[u8]) -> u64 {
        let pixels = u64::from(self.size.0) * u64::from(self.size.1);
        let own = if self.meaning.is_some() { pixels.saturating_mul(6) } else { 0 };
        own.saturating_add(bytes.len() as u64)
    }

    /// Whether it becomes RGB by its profile.
    pub(super) fn is_print(&self) -> bool {
        matches!(self.meaning, Some(Meaning::Inks(_)))
    }

    /// What the codec's picture means.
    pub(super) fn meant(&self, image: DynamicImage) -> DynamicImage {
        let (bits, colours) = match &self.meaning {
            None => return image,
            Some(Meaning::Numbers { bits, colours }) => (bits, colours),
            Some(Meaning::Inks(print)) => {
                let inks = image.into_rgba8();
                let printed = print.rgb(&inks, inks.dimensions());
                return printed.unwrap_or_else(|| mixed(&inks)).into();
            }
        };
        let bytes = image.into_luma8();
        let mut rgb = RgbImage::new(self.size.0, self.size.1);
        let (each, mask) = (8 / bits, (1u32 << bits) - 1);
        for (into, from) in rgb.rows_mut().zip(bytes.rows()) {
            let numbers = from.flat_map(|byte| {
                let shifts = (0..each).rev().map(|index| index * bits);
                shifts.map(|shift| (u32::from(byte.0[0]) >> shift) & mask)
            });
            for (pixel, number) in into.zip(numbers) {
                pixel.0 = colours.get(number as usize).copied().unwrap_or_default();
            }
        }
        rgb.into()
    }
}

/// Where strips or tiles are, as far as the file has them.
fn pieces(bytes: &[u8], first: &Directory<'_>) -> Vec<std::ops::Range<usize>> {
    let of = |offsets, lengths| first.all_numbers(offsets).zip(first.all_numbers(lengths));
    let all = of(STRIP_OFFSETS, STRIP_LENGTHS).chain(of(TILE_OFFSETS, TILE_LENGTHS));
    let mut ranges: Vec<_> = all
        .map(|(at, length)| {
            let end = (at as usize).saturating_add(length as usize).min(bytes.len());
            (at as usize).min(end)..end
        })
        .collect();
    // Turned around once each, however often a damaged file lists them.
    ranges.sort_by_key(|range| range.start);
    let mut behind = 0;
    for range in &mut ranges {
        *range = range.start.max(behind).min(range.end)..range.end;
        behind = behind.max(range.end);
    }
    ranges
}

/// How four inks are printed; `None` where no profile tells, and for what is
/// left to the codec.
fn print(first: &Directory<'_>, bits: u32) -> Option<colour::Print> {
    let plain = matches!(bits, 8 | 16)
        && first.number(PLANES).unwrap_or(1) == 1
        && first.number(SAMPLES) == Some(4);
    let plain = plain && first.number(EXTRA_SAMPLES).is_none();
    if plain { colour::Print::of(first.bytes(PROFILE)?) } else { None }
}

/// Inks on paper, where nobody says how they are printed.
fn mixed(inks: &RgbaImage) -> RgbImage {
    RgbImage::from_fn(inks.width(), inks.height(), |x, y| {
        let [cyan, magenta, yellow, black] = inks.get_pixel(x, y).0.map(|it| 255 - u32::from(it));
        Rgb([cyan, magenta, yellow].map(|ink| ((ink * black + 127) / 255) as u8))
    })
}

/// The list of colours: all reds, all greens, all blues, of 16 bits each.
fn colours(first: &Directory<'_>, bits: u32) -> Result<Vec<[u8; 3]>, DecodeError> {
    let count = 1usize << bits;
    let values: Vec<u32> = first.all_numbers(COLOURS).take(3 * count).collect();
    if values.len() < 3 * count {
        return Err(damaged(phrase!("its list of colours is not whole")));
    }
    // Some writers give 8 bits. Of 16 the upper ones count: some fill the lower
    // ones with zeros, some repeat the upper.
    let short = values.iter().all(|&value| value < 256);
    let sample = |at: usize| (if short { values[at] } else { values[at] >> 8 }) as u8;
    Ok((0..count).map(|at| [sample(at), sample(at + count), sample(at + 2 * count)]).collect())
}

fn greys(bits: u32) -> Vec<[u8; 3]> {
    let most = (1u32 << bits) - 1;
    (0..=most).map(|value| [(value * 255 / most) as u8; 3]).collect()
}

#[cfg(test)]
#[path = "tiff_tests.rs"]
pub(super) mod tests;
