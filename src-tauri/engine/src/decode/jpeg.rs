//! What a JPEG is and what decoding it will cost, told by its markers.
//!
//! JPEG codecs work from memory and cannot be stopped once they run. A
//! progressive file may ask for many passes over all pixels (a few kilobytes
//! are enough to ask for hundreds), so the passes are counted beforehand.

use std::time::Duration;

use image::metadata::Orientation;

use super::colour;

/// The cost of one file apart from its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Work {
    /// All coefficients are kept in memory until the last pass: the file is
    /// progressive, or brings its components one after the other.
    buffered: bool,
    /// Passes over the picture; counted only where they are buffered.
    scans: u32,
}

/// Pixels a second in one pass over a progressive picture. Measured on one
/// Zen 5 core: 170 million on noise, 430 million on a flat picture. With the
/// default time a 150-megapixel picture may have ten passes, as encoders make.
const PIXELS_PER_SECOND: u64 = 150_000_000;

/// Pixels that one byte can stand for in a complete file. A flat greyscale
/// picture codes an 8 x 8 block in two bits, or one in a progressive file's
/// first pass, which makes 512 pixels a byte; a file with less than a quarter
/// of that has lost nearly everything but its header.
const PIXELS_PER_BYTE: u64 = 4 * 512;

impl Work {
    /// The longest the passes may take; zero for a picture of one pass, whose
    /// time is bounded by its pixels.
    pub(super) fn time(self, pixels: u64) -> Duration {
        if !self.buffered {
            return Duration::ZERO;
        }
        let pixel_passes = pixels.saturating_mul(u64::from(self.scans));
        Duration::from_secs(pixel_passes / PIXELS_PER_SECOND)
    }

    /// Memory for coefficients in bytes: 16 bits for each of three components,
    /// none of them subsampled, at the worst.
    pub(super) fn coefficient_bytes(self, pixels: u64) -> u64 {
        if self.buffered { pixels.saturating_mul(6) } else { 0 }
    }
}

/// Whether so short a file cannot hold even a quarter of so many pixels. The
/// codec would fill them with grey, at the cost of a large picture.
pub(super) fn is_hardly_there(bytes: &[u8], pixels: u64) -> bool {
    pixels / PIXELS_PER_BYTE > bytes.len() as u64
}

/// The frame of a Huffman-coded JPEG of 8 bits, grey, in three components, as
/// nearly all are, or in four inks (CMYK).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    /// Of the stored picture, before it is turned.
    pub width: u32,
    pub height: u32,
    pub orientation: Orientation,
    pub work: Work,
    /// Whether it is in inks.
    pub print: bool,
    /// Samples of all components together.
    samples: u64,
}

impl Frame {
    /// Reads the segments before the first scan. `None` for other kinds, and
    /// where the file is damaged or cut off as far as markers can tell.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut segments = Segments::of(bytes);
        let mut frame = None;
        let mut orientation = Orientation::NoTransforms;
        for (marker, payload) in segments.by_ref() {
            match (marker, payload) {
                (SOF0..=SOF2, &[8, h1, h0, w1, w0, count @ (1 | 3 | 4), ref components @ ..]) => {
                    let height = u32::from(u16::from_be_bytes([h1, h0]));
                    let width = u32::from(u16::from_be_bytes([w1, w0]));
                    let samples = samples(width, height, components)?;
                    if frame.replace((width, height, samples, count == 4)).is_some() {
                        return None;
                    }
                }
                (SOF0..=SOF15, _) if ![DHT, JPG, DAC].contains(&marker) => return None,
                // Of several the last counts, as for the codec in Rust.
                (APP1, payload) => {
                    if let Some(exif) = payload.strip_prefix(b"Exif\0\0") {
                        orientation =
                            Orientation::from_exif_chunk(exif).unwrap_or(Orientation::NoTransforms);
                    }
                }
                _ => {}
            }
        }
        let (width, height, samples, print) = frame.filter(|&(w, h, ..)| w > 0 && h > 0)?;
        // Behind the first scan's header two such bytes are always a marker.
        let ends = segments.rest.windows(2).rev().any(|pair| pair == [0xFF, EOI]);
        ends.then(|| Self { width, height, orientation, work: work(bytes), print, samples })
    }

    /// Memory for what is kept between the passes, in bytes.
    pub fn coefficient_bytes(&self) -> u64 {
        if self.work.buffered { self.samples.saturating_mul(2) } else { 0 }
    }
}

/// The embedded colour profile, joined from its pieces.
///
/// `None` where there is none, where pieces are missing or contradict each
/// other, and where it is longer than any that is used.
pub(super) fn profile(bytes: &[u8]) -> Option<Vec<u8>> {
    let pieces = Segments::of(bytes).filter_map(|(marker, payload)| {
        let piece = payload.strip_prefix(b"ICC_PROFILE\0").filter(|_| marker == APP2)?;
        let [number, count, piece @ ..] = piece else { return None };
        Some((*number, *count, piece))
    });
    let mut pieces: Vec<(u8, u8, &[u8])> = pieces.collect();
    pieces.sort_by_key(|&(number, ..)| number);
    let count = pieces.len();
    let whole = pieces.iter().enumerate().all(|(index, &(number, of, _))| {
        usize::from(number) == index + 1 && usize::from(of) == count
    });
    let length: usize = pieces.iter().map(|(.., piece)| piece.len()).sum();
    let fits = whole && (1..=colour::MOST_PROFILE_BYTES).contains(&length);
    fits.then(|| pieces.iter().flat_map(|(.., piece)| piece.iter().copied()).collect())
}

/// Whether one of Adobe's programs, or one that says so, wrote the file.
pub(super) fn is_by_adobe(bytes: &[u8]) -> bool {
    Segments::of(bytes).any(|(marker, payload)| marker == APP14 && payload.starts_with(b"Adobe"))
}

/// Why a JPEG of a kind that no camera makes is not decoded: `None` for all
/// others.
pub(super) fn unusual(bytes: &[u8]) -> Option<&'static str> {
    let mut frames = Segments::of(bytes)
        .filter(|(marker, _)| (SOF0..=SOF15).contains(marker))
        .filter(|(marker, _)| ![DHT, JPG, DAC].contains(marker));
    let (marker, payload) = frames.next()?;
    match (marker, payload.first()?) {
        (SOF3 | 0xC7 | 0xCB | 0xCF, _) => Some(phrase!("a lossless JPEG")),
        (0xC5..=0xC6 | 0xCD..=0xCE, _) => Some(phrase!("a hierarchical JPEG")),
        (0xC9..=0xCA, _) => Some(phrase!("an arithmetic-coded JPEG")),
        (_, 12) => Some(phrase!("a JPEG of 12 bits")),
        _ => None,
    }
}

/// Samples of all components: each has its share, by its sampling factors, of
/// the component that has most.
fn samples(width: u32, height: u32, components: &[u8]) -> Option<u64> {
    let factors =
        || components.chunks_exact(3).map(|c| (u64::from(c[1] >> 4), u64::from(c[1] & 15)));
    let most = factors().map(|(h, _)| h).max()? * factors().map(|(_, v)| v).max()?;
    let all: u64 = factors().map(|(h, v)| h * v).sum();
    let pixels = u64::from(width) * u64::from(height);
    (most > 0).then(|| (pixels * all).div_ceil(most))
}

/// Walks the segments to the first scan, then counts scans. Total: of damaged
/// files it tells what it saw before the damage.
pub(super) fn work(bytes: &[u8]) -> Work {
    let mut work = Work { buffered: false, scans: 0 };
    let mut segments = Segments::of(bytes);
    let mut components = None;
    for (marker, payload) in segments.by_ref() {
        if let SOF0..=SOF2 = marker {
            work.buffered |= marker == SOF2;
            components = payload.get(5);
        }
    }
    // A scan of fewer components than the frame has leaves the others to later
    // ones. Behind its marker and length it gives their number.
    work.buffered |= segments.rest.get(4) < components;
    if work.buffered {
        // From here on a marker's bytes cannot be data: 0xFF is always followed
        // by a zero there. Tables between scans may add a false count, which is
        // harmless.
        let scans = segments.rest.windows(2).filter(|pair| *pair == [0xFF, SOS]);
        work.scans = scans.count() as u32;
    }
    work
}

const SOF0: u8 = 0xC0;
const SOF2: u8 = 0xC2;
const SOF3: u8 = 0xC3;
const SOF15: u8 = 0xCF;
const DHT: u8 = 0xC4;
const JPG: u8 = 0xC8;
const DAC: u8 = 0xCC;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const APP1: u8 = 0xE1;
const APP2: u8 = 0xE2;
const APP14: u8 = 0xEE;

/// Marker and payload of each segment up to the first scan, or to damage.
struct Segments<'a> {
    /// What was not walked yet; in the end it begins with the scan's marker.
    rest: &'a [u8],
}

impl<'a> Segments<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes.get(2..).unwrap_or_default() }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while let [0xFF, marker, tail @ ..] = self.rest {
            match marker {
                // A fill byte.
                0xFF => self.rest = &self.rest[1..],
                &SOS => return None,
                // Markers that stand alone.
                0x01 | 0xD0..=0xD9 => self.rest = tail,
                _ => {
                    let [high, low, ..] = tail else { return None };
                    let length = usize::from(u16::from_be_bytes([*high, *low])).max(2);
                    self.rest = tail.get(length..).unwrap_or_default();
                    return Some((*marker, tail.get(2..length).unwrap_or_default()));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn segments(sof: u8, scans: usize) -> Vec<u8> {
        let mut bytes = vec![0xFF, 0xD8];
        // A thumbnail's markers inside an EXIF segment must not count.
        bytes.extend([0xFF, 0xE1, 0x00, 0x08, 0xFF, 0xC2, 0xFF, 0xDA, 0xFF, 0xDA]);
        // 32 x 16 pixels; one component of full size, two of a quarter of it.
        bytes.extend([0xFF, sof, 0x00, 0x11, 8, 0, 16, 0, 32, 3]);
        bytes.extend([1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0]);
        for _ in 0..scans {
            bytes.extend([0xFF, 0xDA, 0x00, 0x03, 3, 0x55, 0xFF, 0x00, 0x55]);
        }
        bytes.extend([0xFF, 0xD9]);
        bytes
    }

    #[test]
    fn scans_are_counted_and_embedded_thumbnails_are_not() {
        assert_eq!(work(&segments(0xC2, 7)), Work { buffered: true, scans: 7 });
        assert_eq!(work(&segments(0xC0, 1)), Work { buffered: false, scans: 0 });
    }

    #[test]
    fn components_that_come_one_after_the_other_are_passes_too() {
        let mut bytes = segments(0xC0, 3);
        let scan = bytes.windows(3).rposition(|pair| pair == [0xFF, 0xDA, 0x00]).unwrap();
        for scan in [scan - 18, scan - 9, scan] {
            bytes[scan + 4] = 1;
        }
        assert_eq!(work(&bytes), Work { buffered: true, scans: 3 });
    }

    #[test]
    fn a_frame_tells_its_size_and_memory() {
        let frame = Frame::read(&segments(0xC2, 2)).unwrap();
        assert_eq!((frame.width, frame.height), (32, 16));
        assert_eq!(frame.coefficient_bytes(), 32 * 16 * 3 / 2 * 2);
        assert_eq!(Frame::read(&segments(0xC1, 1)).unwrap().coefficient_bytes(), 0);
        // Arithmetic coding, and a frame without pixels.
        assert_eq!(Frame::read(&segments(0xC9, 1)), None);
        let mut empty = segments(0xC0, 1);
        empty[18] = 0;
        assert_eq!(Frame::read(&empty), None);
    }

    #[test]
    fn a_frame_without_an_end_is_none() {
        let whole = segments(0xC0, 1);
        assert!(Frame::read(&[whole.as_slice(), b"what cameras append"].concat()).is_some());
        for end in 0..whole.len() {
            assert_eq!(Frame::read(&whole[..end]), None, "{end}");
        }
    }

    #[test]
    fn damage_ends_the_walk() {
        let whole = segments(0xC2, 2);
        for end in 0..whole.len() {
            assert!(work(&whole[..end]).scans <= 2);
        }
        assert_eq!(work(b"\xFF\xD8\xFF\xE1\xFF\xFF"), Work { buffered: false, scans: 0 });
    }

    #[test]
    fn many_passes_take_long_and_few_do_not() {
        let twelve_megapixels = 12_000_000;
        let usual = Work { buffered: true, scans: 10 };
        assert!(usual.time(twelve_megapixels) < Duration::from_secs(15));
        let bomb = Work { buffered: true, scans: 1000 };
        assert!(bomb.time(twelve_megapixels) > Duration::from_secs(15));
        assert_eq!(Work { buffered: false, scans: 3 }.coefficient_bytes(100), 0);
    }

    /// A file with pieces of a profile: number, count, bytes.
    fn with_profile(pieces: &[(u8, u8, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0xFF, 0xD8];
        for (number, count, piece) in pieces {
            bytes.extend([0xFF, APP2, 0, 16 + piece.len() as u8]);
            bytes.extend(b"ICC_PROFILE\0");
            bytes.extend([*number, *count]);
            bytes.extend(*piece);
        }
        bytes.extend(&segments(0xC0, 1)[2..]);
        bytes
    }

    #[test]
    fn a_profile_is_joined_in_the_order_of_its_numbers() {
        let joined = |pieces: &[(u8, u8, &[u8])]| profile(&with_profile(pieces));
        assert_eq!(joined(&[(1, 1, b"all")]).unwrap(), b"all");
        assert_eq!(joined(&[(2, 3, b"b"), (3, 3, b"c"), (1, 3, b"a")]).unwrap(), b"abc");
        for wrong in [
            &[][..],
            &[(1, 2, b"a".as_slice())],
            &[(2, 1, b"a")],
            &[(0, 1, b"a")],
            &[(1, 2, b"a"), (1, 2, b"b")],
            &[(1, 2, b"a"), (2, 3, b"b")],
            &[(1, 1, b"")],
        ] {
            assert_eq!(joined(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn kinds_that_no_camera_makes_are_named() {
        assert_eq!(unusual(&segments(0xC2, 1)), None);
        let mut deep = segments(0xC1, 1);
        deep[16] = 12;
        assert_eq!(unusual(&deep), Some("a JPEG of 12 bits"));
        assert_eq!(unusual(&segments(0xC3, 1)), Some("a lossless JPEG"));
        assert_eq!(unusual(&segments(0xC9, 1)), Some("an arithmetic-coded JPEG"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked(mut bytes: Vec<u8>, at: prop::sample::Index, value: u8) {
            let walk = |bytes: &[u8]| {
                let _ = (Frame::read(bytes), work(bytes), profile(bytes), unusual(bytes));
            };
            walk(&bytes);
            bytes = segments(0xC2, 2);
            let at = at.index(bytes.len());
            bytes[at] = value;
            walk(&bytes);
            bytes = with_profile(&[(1, 2, b"one"), (2, 2, b"two")]);
            let at = at % bytes.len();
            bytes[at] = value;
            let joined = profile(&bytes);
            prop_assert!(joined.is_none_or(|joined| joined.len() <= bytes.len()));
        }
    }
}
