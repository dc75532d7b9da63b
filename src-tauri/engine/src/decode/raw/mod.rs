//! RAW photos, by the JPEG preview that cameras put in.
//!
//! Owns how such a file is told from others, and which of its previews is used;
//! sensor data are not read. Most are of the TIFF family: cameras agree on TIFF's
//! directories and on little else, so every directory is looked at and whatever
//! is a JPEG counts, wherever it was found. Those of other families say in
//! [`cr3`] and [`raf`] where theirs are. Total: each walk is bounded and reads
//! nothing outside the file.

mod cr3;
mod raf;

use image::metadata::Orientation;

use super::jpeg::Frame;
use super::{DecodeError, Detail};

/// The JPEG file in a RAW photo.
#[derive(Debug, PartialEq)]
pub(super) struct Preview<'a> {
    pub jpeg: &'a [u8],
    /// How the camera was held, where the RAW photo says so.
    pub orientation: Option<Orientation>,
}

/// Whether this is a RAW photo: by the mark of its maker, or as a TIFF that
/// holds a sensor's data or calls itself a DNG.
pub(super) fn is_raw(bytes: &[u8]) -> bool {
    if cr3::is_cr3(bytes) || raf::is_raf(bytes) {
        return true;
    }
    let Some(tiff) = Tiff::of(bytes) else { return false };
    if tiff.kind != Kind::Tiff {
        return true;
    }
    let directories = tiff.directories();
    let sensor = directories.iter().any(|directory| {
        directory.get(DNG_VERSION).is_some() || directory.number(PHOTOMETRIC).is_some_and(is_sensor)
    });
    // Canon's mark, with its version, is where other files may have pixels.
    let canon = || bytes.get(8..12) == Some(b"CR\x02\0");
    sensor || (canon() && directories.iter().any(|it| it.previews().next().is_some()))
}

/// The smallest preview that shows enough; where all pixels are wanted, or none
/// shows that much, the largest, however small: it is all there is to be seen.
///
/// # Errors
/// Where there is none.
pub(super) fn preview(bytes: &[u8], detail: Detail) -> Result<Preview<'_>, DecodeError> {
    let (pictures, orientation) = if cr3::is_cr3(bytes) {
        (cr3::pictures(bytes), cr3::directory(bytes).and_then(Tiff::of).and_then(held))
    } else if raf::is_raf(bytes) {
        (raf::picture(bytes).into_iter().collect(), None)
    } else {
        let Some(tiff) = Tiff::of(bytes) else { return Err(without(phrase!("it has no preview"))) };
        let directories = tiff.directories();
        (directories.iter().flat_map(Directory::previews).collect(), held(tiff))
    };
    let frames = apart(pictures, bytes.len()).into_iter().filter_map(|jpeg: &[u8]| {
        let Frame { width, height, .. } = Frame::read(jpeg)?;
        Some((u64::from(width) * u64::from(height), (width, height), jpeg))
    });
    let mut previews: Vec<(u64, (u32, u32), &[u8])> = frames.collect();
    previews.sort_by_key(|&(pixels, ..)| pixels);
    let enough = previews.iter().find(|(_, size, _)| detail.allows(*size));
    let Some(&(.., jpeg)) = enough.or(previews.last()) else {
        return Err(without(phrase!("it has no preview that can be read")));
    };
    Ok(Preview { jpeg, orientation })
}

/// The pictures that are looked at, each once. Looking is reading them to their
/// end, so all together are to be no longer than twice the file: cameras keep
/// them side by side, but a damaged file may list its whole length many times.
fn apart(mut pictures: Vec<&[u8]>, file: usize) -> Vec<&[u8]> {
    let place = |picture: &&[u8]| (picture.len(), picture.as_ptr());
    pictures.sort_unstable_by_key(place);
    pictures.dedup_by_key(|picture| place(picture));
    let mut left = file.saturating_mul(2);
    pictures.retain(|picture| {
        let fits = picture.len() <= left;
        left -= if fits { picture.len() } else { 0 };
        fits
    });
    pictures
}

/// How the camera was held, by the first directory.
fn held(tiff: Tiff<'_>) -> Option<Orientation> {
    let number = tiff.directories().first()?.number(ORIENTATION)?;
    Orientation::from_exif(u8::try_from(number).ok()?)
}

fn without(why: &str) -> DecodeError {
    DecodeError::permanent(message!("RAW photos are only shown by their previews, and {why}", why))
}

/// Directories that are looked at: three times what cameras write.
const MOST_DIRECTORIES: usize = 32;
/// Entries that are read of each; a maker's notes may have some hundreds.
const MOST_ENTRIES: usize = 1024;

const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const STRIP_OFFSETS: u16 = 273;
const ORIENTATION: u16 = 274;
const STRIP_LENGTHS: u16 = 279;
const SUB_DIRECTORIES: u16 = 330;
const JPEG_OFFSET: u16 = 513;
const JPEG_LENGTH: u16 = 514;
const EXIF: u16 = 34665;
const MAKER_NOTE: u16 = 37500;
const DNG_VERSION: u16 = 50706;
/// Panasonic's whole preview, in the first directory.
const PANASONIC_JPEG: u16 = 0x2E;
/// Olympus' directory of settings, in its maker note, and the preview there.
const OLYMPUS_SETTINGS: u16 = 0x2020;
const OLYMPUS_JPEG_OFFSET: u16 = 0x101;
const OLYMPUS_JPEG_LENGTH: u16 = 0x102;

/// Photometric interpretations: a colour filter array, and one taken apart.
fn is_sensor(photometric: u32) -> bool {
    matches!(photometric, 32803 | 34892)
}

/// What the first bytes say.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Tiff,
    Olympus,
    Panasonic,
}

/// A file of the TIFF family.
#[derive(Clone, Copy)]
pub(super) struct Tiff<'a> {
    bytes: &'a [u8],
    big_endian: bool,
    kind: Kind,
}

impl<'a> Tiff<'a> {
    pub fn of(bytes: &'a [u8]) -> Option<Self> {
        let (big_endian, kind) = match bytes.first_chunk()? {
            b"II*\0" => (false, Kind::Tiff),
            b"MM\0*" => (true, Kind::Tiff),
            b"IIRO" | b"IIRS" => (false, Kind::Olympus),
            b"MMOR" => (true, Kind::Olympus),
            b"IIU\0" => (false, Kind::Panasonic),
            _ => return None,
        };
        Some(Self { bytes, big_endian, kind })
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// Every directory that can be reached, the first one first, each once.
    pub fn directories(self) -> Vec<Directory<'a>> {
        let mut found: Vec<Directory> = Vec::new();
        // Where they are, and what their offsets count from.
        let mut ahead = vec![(self.u32(4).map_or(0, |at| at as usize), 0)];
        while let Some((at, base)) = ahead.pop() {
            let seen = found.iter().any(|directory| directory.at == at);
            if at == 0 || seen || found.len() == MOST_DIRECTORIES {
                continue;
            }
            let Some(entries) = self.u16(at) else { continue };
            let directory = Directory { tiff: self, at, base, entries: usize::from(entries) };
            if let Some(next @ 1..) = self.u32(at + 2 + 12 * directory.entries) {
                ahead.push((base + next as usize, base));
            }
            for offset in directory.numbers(SUB_DIRECTORIES).chain(directory.numbers(EXIF)) {
                ahead.push((offset as usize, 0));
            }
            for offset in directory.numbers(OLYMPUS_SETTINGS) {
                ahead.push((base + offset as usize, base));
            }
            ahead.extend(directory.olympus_note());
            found.push(directory);
        }
        found
    }
}

/// Tags and their values.
pub(super) struct Directory<'a> {
    tiff: Tiff<'a>,
    at: usize,
    base: usize,
    entries: usize,
}

/// A tag's values: their type, their number, and where they or the offset to
/// them are.
struct Entry {
    kind: u16,
    count: usize,
    value: usize,
}

impl<'a> Directory<'a> {
    fn get(&self, tag: u16) -> Option<Entry> {
        let all = (0..self.entries.min(MOST_ENTRIES)).map(|index| self.at + 2 + 12 * index);
        let at = all.into_iter().find(|&at| self.tiff.u16(at) == Some(tag))?;
        let kind = self.tiff.u16(at + 2)?;
        let count = self.tiff.u32(at + 4)? as usize;
        Some(Entry { kind, count, value: at + 8 })
    }

    /// The values of a tag that holds whole numbers or offsets, as many of them
    /// as there can be directories.
    fn numbers(&self, tag: u16) -> impl Iterator<Item = u32> {
        self.all_numbers(tag).take(MOST_DIRECTORIES)
    }

    /// The values of a tag that holds whole numbers or offsets, as far as they
    /// are in the file.
    pub fn all_numbers(&self, tag: u16) -> impl Iterator<Item = u32> {
        const SHORT: u16 = 3;
        const LONG: u16 = 4;
        const IFD: u16 = 13;
        let (entry, size) = match self.get(tag) {
            Some(entry) if entry.kind == SHORT => (entry, 2),
            Some(entry) if entry.kind == LONG || entry.kind == IFD => (entry, 4),
            _ => (Entry { kind: 0, count: 0, value: 0 }, 4),
        };
        let inside = entry.count.saturating_mul(size) <= 4;
        let far = || self.tiff.u32(entry.value).map(|offset| self.base + offset as usize);
        let start = if inside { Some(entry.value) } else { far() };
        let tiff = self.tiff;
        (0..entry.count).map_while(move |index| {
            let at = start? + size * index;
            if size == 2 { tiff.u16(at).map(u32::from) } else { tiff.u32(at) }
        })
    }

    /// The value of a tag that has one.
    pub fn number(&self, tag: u16) -> Option<u32> {
        self.all_numbers(tag).next()
    }

    /// The value of a tag that holds bytes; `None` where it is not all in the
    /// file.
    pub fn bytes(&self, tag: u16) -> Option<&'a [u8]> {
        const BYTES: [u16; 2] = [1, 7];
        let entry = self.get(tag).filter(|it| BYTES.contains(&it.kind) && it.count > 4)?;
        let at = self.base + self.tiff.u32(entry.value)? as usize;
        self.tiff.bytes.get(at..)?.get(..entry.count)
    }

    /// Where in the file a single number of a tag is: its lower 16 bits, and the
    /// upper ones if it has them.
    pub fn place(&self, tag: u16) -> Option<(usize, Option<usize>)> {
        let entry = self.get(tag).filter(|it| it.count == 1)?;
        match (entry.kind, self.tiff.big_endian) {
            (3, _) => Some((entry.value, None)),
            (4, false) => Some((entry.value, Some(entry.value + 2))),
            (4, true) => Some((entry.value + 2, Some(entry.value))),
            _ => None,
        }
    }

    /// A number as the file writes it.
    pub fn written(&self, value: u16) -> [u8; 2] {
        if self.tiff.big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    /// The directory in an Olympus maker's note, whose offsets count from the
    /// note's beginning.
    fn olympus_note(&self) -> Option<(usize, usize)> {
        let note = self.get(MAKER_NOTE)?;
        let at = self.base + self.tiff.u32(note.value)? as usize;
        let bytes = self.tiff.bytes.get(at..)?;
        let header = match bytes {
            [b'O', b'L', b'Y', b'M', b'P', b'U', b'S', 0, ..] => 12,
            [b'O', b'M', b' ', b'S', b'Y', b'S', b'T', b'E', b'M', ..] => 16,
            _ => return None,
        };
        Some((at + header, at))
    }

    /// What may be a JPEG, by any of the ways in which cameras say so.
    fn previews(&self) -> impl Iterator<Item = &'a [u8]> {
        let of = |offset, length| self.slice(self.number(offset)?, self.number(length)?);
        let strip = || {
            let jpeg = matches!(self.number(COMPRESSION)?, 6 | 7);
            let sensor = self.number(PHOTOMETRIC).is_some_and(is_sensor);
            let single = self.get(STRIP_OFFSETS)?.count == 1;
            if jpeg && !sensor && single { of(STRIP_OFFSETS, STRIP_LENGTHS) } else { None }
        };
        let panasonic = || {
            let entry = self.get(PANASONIC_JPEG).filter(|_| self.tiff.kind == Kind::Panasonic)?;
            self.slice(self.tiff.u32(entry.value)?, u32::try_from(entry.count).ok()?)
        };
        let olympus = || of(OLYMPUS_JPEG_OFFSET, OLYMPUS_JPEG_LENGTH).filter(|_| self.base > 0);
        [of(JPEG_OFFSET, JPEG_LENGTH), strip(), panasonic(), olympus()].into_iter().flatten()
    }

    /// Bytes of the file, fewer where it ends earlier.
    fn slice(&self, offset: u32, length: u32) -> Option<&'a [u8]> {
        let rest = self.tiff.bytes.get(self.base + offset as usize..)?;
        rest.get(..(length as usize).min(rest.len())).filter(|bytes| bytes.starts_with(b"\xFF\xD8"))
    }
}

#[cfg(test)]
pub(super) mod tests {
    //! Properties proved here:
    //! 1. previews are found where each maker puts them, and the smallest that
    //!    is enough is taken;
    //! 2. the RAW photo's orientation comes with it;
    //! 3. a TIFF is no RAW photo;
    //! 4. no bytes make it panic or walk for long.

    use image::codecs::jpeg::JpegEncoder;
    use image::{Rgb, RgbImage};
    use proptest::prelude::*;

    use super::*;
    use crate::decode::{Format, Limits, decode};

    pub(super) const ENOUGH: Detail = Detail::AtLeast { shorter: 32, longer: 40 };

    pub(super) fn jpeg(width: u32, height: u32) -> Vec<u8> {
        let picture = RgbImage::from_fn(width, height, |x, _| {
            if x < width / 2 { Rgb([220, 40, 40]) } else { Rgb([40, 40, 220]) }
        });
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, 95).encode_image(&picture).unwrap();
        jpeg
    }

    /// A little-endian file that grows at its end.
    struct Writer(Vec<u8>);

    impl Writer {
        fn new(mark: &[u8; 4]) -> Self {
            Self([mark.as_slice(), &[0; 4]].concat())
        }

        fn append(&mut self, bytes: &[u8]) -> u32 {
            let at = self.0.len() as u32;
            self.0.extend(bytes);
            at
        }

        /// Writes entries of (tag, type, count, value) and the next directory.
        fn directory(&mut self, entries: &[(u16, u16, u32, u32)], next: u32) -> u32 {
            let mut bytes = (entries.len() as u16).to_le_bytes().to_vec();
            for (tag, kind, count, value) in entries {
                bytes.extend(tag.to_le_bytes());
                bytes.extend(kind.to_le_bytes());
                bytes.extend(count.to_le_bytes());
                bytes.extend(value.to_le_bytes());
            }
            bytes.extend(next.to_le_bytes());
            self.append(&bytes)
        }

        fn first(mut self, at: u32) -> Vec<u8> {
            self.0[4..8].copy_from_slice(&at.to_le_bytes());
            self.0
        }
    }

    /// As Nikon and Adobe do: a small preview first, a larger one and the
    /// sensor's data in directories below.
    fn nikon(orientation: u32) -> Vec<u8> {
        let mut file = Writer::new(b"II*\0");
        let sensor = file.directory(&[(PHOTOMETRIC, 3, 1, 32803), (COMPRESSION, 3, 1, 7)], 0);
        let large = jpeg(96, 64);
        let at = file.append(&large);
        let length = large.len() as u32;
        let large = file.directory(&[(JPEG_OFFSET, 4, 1, at), (JPEG_LENGTH, 4, 1, length)], 0);
        let middle = jpeg(48, 32);
        let at = file.append(&middle);
        let strip = [
            (COMPRESSION, 3, 1, 7),
            (PHOTOMETRIC, 3, 1, 6),
            (STRIP_OFFSETS, 4, 1, at),
            (STRIP_LENGTHS, 4, 1, middle.len() as u32),
        ];
        let middle = file.directory(&strip, 0);
        let below: Vec<u8> =
            [sensor, large, middle].into_iter().flat_map(u32::to_le_bytes).collect();
        let below = file.append(&below);
        let small = jpeg(16, 8);
        let at = file.append(&small);
        let first = file.directory(
            &[
                (ORIENTATION, 3, 1, orientation),
                (SUB_DIRECTORIES, 4, 3, below),
                (JPEG_OFFSET, 4, 1, at),
                (JPEG_LENGTH, 4, 1, small.len() as u32),
            ],
            0,
        );
        file.first(first)
    }

    pub(super) fn check(bytes: &[u8], detail: Detail, expected: &[u8]) {
        assert!(is_raw(bytes));
        assert_eq!(Format::of(bytes), Some(Format::Raw));
        assert!(preview(bytes, detail).unwrap().jpeg == expected);
    }

    #[test]
    fn the_smallest_preview_that_is_enough_is_taken() {
        let file = nikon(1);
        check(&file, ENOUGH, &jpeg(48, 32));
        check(&file, Detail::AtLeast { shorter: 33, longer: 40 }, &jpeg(96, 64));
        check(&file, Detail::Full, &jpeg(96, 64));
        // None is enough; then the largest.
        check(&file, Detail::AtLeast { shorter: 32, longer: 97 }, &jpeg(96, 64));
        check(&file, Detail::AtLeast { shorter: 900, longer: 900 }, &jpeg(96, 64));
    }

    #[test]
    fn what_is_listed_many_times_is_read_few_times() {
        let file = vec![0u8; 1000];
        let same = vec![&file[10..]; 100];
        assert_eq!(apart(same, file.len()), [&file[10..]]);
        let many: Vec<&[u8]> = (0..100).map(|at| &file[at..]).collect();
        let kept: usize = apart(many, file.len()).iter().map(|picture| picture.len()).sum();
        assert!((1000..=2000).contains(&kept), "{kept}");
        // Those of a camera lie side by side.
        let usual = vec![&file[..10], &file[10..400], &file[400..]];
        assert_eq!(apart(usual.clone(), file.len()), usual);
    }

    #[test]
    fn panasonic_olympus_and_canon_put_it_elsewhere() {
        let picture = jpeg(48, 32);
        let length = picture.len() as u32;

        let mut file = Writer::new(b"IIU\0");
        let at = file.append(&picture);
        let first = file.directory(&[(PANASONIC_JPEG, 7, length, at)], 0);
        check(&file.first(first), ENOUGH, &picture);

        let mut file = Writer::new(b"IIRO");
        // The note: a name, a directory, that of the settings, the picture.
        let note = file.append(b"OLYMPUS\0II\x03\0");
        let settings = 12 + 2 + 12 + 4;
        file.directory(&[(OLYMPUS_SETTINGS, 13, 1, settings)], 0);
        let behind = settings + 2 + 24 + 4;
        let entries = [(OLYMPUS_JPEG_OFFSET, 4, 1, behind), (OLYMPUS_JPEG_LENGTH, 4, 1, length)];
        file.directory(&entries, 0);
        file.append(&picture);
        let exif = file.directory(&[(MAKER_NOTE, 7, 5000, note)], 0);
        let first = file.directory(&[(EXIF, 4, 1, exif)], 0);
        check(&file.first(first), ENOUGH, &picture);

        let mut file = Writer::new(b"II*\0");
        file.append(b"CR\x02\0\0\0\0\0");
        let at = file.append(&picture);
        let entries =
            [(COMPRESSION, 3, 1, 6), (STRIP_OFFSETS, 4, 1, at), (STRIP_LENGTHS, 4, 1, length)];
        let second = file.directory(&[], 0);
        let first = file.directory(&entries, second);
        check(&file.first(first), ENOUGH, &picture);
    }

    #[test]
    fn the_raw_photos_own_orientation_is_applied_once() {
        let picture = decode(&nikon(6), &Limits::default(), ENOUGH).unwrap();
        assert_eq!(picture.format, Format::Raw);
        assert_eq!((picture.size, picture.rgb.dimensions()), ((32, 48), (32, 48)));
        // Turned clockwise: what was left is above.
        let red = |pixel: &Rgb<u8>| pixel.0[0] > 150 && pixel.0[2] < 100;
        assert!(red(picture.rgb.get_pixel(16, 4)) && !red(picture.rgb.get_pixel(16, 44)));
    }

    #[test]
    fn a_tiff_is_no_raw_photo() {
        let mut tiff = std::io::Cursor::new(Vec::new());
        RgbImage::new(8, 8).write_to(&mut tiff, image::ImageFormat::Tiff).unwrap();
        assert!(!is_raw(tiff.get_ref()));
        // Pixels that look like Canon's mark, in part and wholly.
        for pixels in [[67, 82, 90, 67, 82, 90], [67, 82, 2, 0, 0, 0]] {
            let picture = RgbImage::from_raw(2, 1, pixels.to_vec()).unwrap();
            // libtiff writes the pixels first.
            let mut file = Writer::new(b"II*\0");
            let at = file.append(&pixels);
            let bits = file.append(&[8, 0, 8, 0, 8, 0]);
            let first = file.directory(
                &[
                    (256, 3, 1, 2),
                    (257, 3, 1, 1),
                    (258, 3, 3, bits),
                    (COMPRESSION, 3, 1, 1),
                    (PHOTOMETRIC, 3, 1, 2),
                    (STRIP_OFFSETS, 4, 1, at),
                    (277, 3, 1, 3),
                    (278, 3, 1, 1),
                    (STRIP_LENGTHS, 4, 1, 6),
                ],
                0,
            );
            let bytes = file.first(first);
            assert_eq!(bytes[8..14], pixels);
            let decoded = decode(&bytes, &Limits::default(), ENOUGH).unwrap();
            assert_eq!((decoded.format, decoded.rgb), (Format::Tiff, picture));
        }
        assert!(!is_raw(b"II*\0"));
        assert!(!is_raw(&jpeg(8, 8)));
    }

    #[test]
    fn directories_in_a_circle_are_seen_once() {
        let mut file = Writer::new(b"IIU\0");
        let first = file.directory(&[(SUB_DIRECTORIES, 4, 1, 8)], 8);
        let bytes = file.first(first);
        assert_eq!(Tiff::of(&bytes).unwrap().directories().len(), 1);
    }

    proptest! {
        #[test]
        fn damaged_files_are_walked_to_an_end(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..40),
            end in any::<prop::sample::Index>(),
        ) {
            let mut bytes = nikon(1);
            for (at, value) in damage {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            bytes.truncate(end.index(bytes.len()) + 1);
            let _ = is_raw(&bytes);
            let _ = preview(&bytes, ENOUGH);
            if let Some(tiff) = Tiff::of(&bytes) {
                prop_assert!(tiff.directories().len() <= MOST_DIRECTORIES);
            }
        }

        #[test]
        fn any_bytes_behind_a_mark_are_walked(
            mark in prop::sample::select(vec![b"II*\0", b"MM\0*", b"IIRO", b"IIU\0"]),
            rest in prop::collection::vec(prop_oneof![0u8..24, any::<u8>()], 4..400),
        ) {
            let bytes = [mark.as_slice(), &rest].concat();
            let _ = is_raw(&bytes);
            let _ = preview(&bytes, Detail::Full);
        }
    }
}
