//! EXIF blocks of copies: what is said of a photo, made true of its new pixels.
//!
//! Owns which entries are about how the old file held its pixels. A block is changed
//! in place, so that what makers of cameras keep in their own notes, whose offsets
//! nobody else knows, stays where they look for it.

const ORIENTATION: u16 = 0x0112;
const EXIF: u16 = 0x8769;
const WIDTH: u16 = 0xA002;
const HEIGHT: u16 = 0xA003;
const THUMBNAIL: u16 = 0x0201;
const THUMBNAIL_LENGTH: u16 = 0x0202;

const SHORT: u16 = 3;
const LONG: u16 = 4;

/// Bytes of an entry of a directory.
const ENTRY: usize = 12;

/// The block, for an upright picture of this width and height; `None` where it is
/// too damaged to say so. The small picture in it, which shows the old one, goes.
pub(super) fn adapted(block: &[u8], (width, height): (u32, u32)) -> Option<Vec<u8>> {
    let mut block = Block::of(block.to_vec())?;
    let main = block.offset(4)?;
    block.drop_thumbnail(main);
    block.drop_entries(main)?;
    if let Some(at) = block.find(main, ORIENTATION) {
        block.set_entry(at, SHORT, 1)?;
    }
    let exif = block.find(main, EXIF).and_then(|at| block.offset(at + 8));
    for (tag, pixels) in [(WIDTH, width), (HEIGHT, height)] {
        if let Some(at) = exif.and_then(|exif| block.find(exif, tag)) {
            block.set_entry(at, LONG, pixels)?;
        }
    }
    Some(block.bytes)
}

/// How the pixels are to be turned, 1 to 8.
pub(super) fn orientation(block: &[u8]) -> Option<u8> {
    let block = Block::of(block.to_vec())?;
    let at = block.find(block.offset(4)?, ORIENTATION)?;
    u8::try_from(block.u16(at + 8)?).ok().filter(|orientation| (1..=8).contains(orientation))
}

/// A block that says nothing but how the pixels are to be turned.
pub(super) fn only_orientation(orientation: u8) -> Vec<u8> {
    // One directory with one entry, a number of 16 bits, and none after it.
    let head = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0";
    [head.as_slice(), &[orientation, 0, 0, 0, 0, 0, 0, 0]].concat()
}

/// Whether an entry is about the old file: its size, where and how the pixels were,
/// other pictures in it, and what is kept in blocks of its own.
fn is_about_the_file(tag: u16) -> bool {
    matches!(
        tag,
        254..=259 | 262 | 266 | 273 | 277..=279 | 284 | 317 | 320 | 322..=325 | 330 | 332..=334
            | 338 | 339 | 347 | 512..=521 | 700 | 33421 | 33422 | 33723 | 34377 | 34675
            // DNG's.
            | 50706..=52551
    )
}

struct Block {
    bytes: Vec<u8>,
    big_endian: bool,
}

impl Block {
    fn of(bytes: Vec<u8>) -> Option<Self> {
        let big_endian = match bytes.get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        Some(Self { bytes, big_endian })
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn offset(&self, at: usize) -> Option<usize> {
        usize::try_from(self.u32(at)?).ok()
    }

    /// Where the entries of a directory are, and its end.
    fn entries(&self, directory: usize) -> Option<(usize, usize)> {
        let start = directory.checked_add(2)?;
        let end = start.checked_add(usize::from(self.u16(directory)?) * ENTRY)?;
        (end <= self.bytes.len()).then_some((start, end))
    }

    fn find(&self, directory: usize, tag: u16) -> Option<usize> {
        let (start, end) = self.entries(directory)?;
        (start..end).step_by(ENTRY).find(|&at| self.u16(at) == Some(tag))
    }

    /// Makes an entry hold one number.
    fn set_entry(&mut self, at: usize, kind: u16, number: u32) -> Option<()> {
        self.set_u16(at + 2, kind)?;
        self.set_u32(at + 4, 1)?;
        self.set_u32(at + 8, 0)?;
        match kind {
            SHORT => self.set_u16(at + 8, u16::try_from(number).ok()?),
            _ => self.set_u32(at + 8, number),
        }
    }

    fn set_u16(&mut self, at: usize, number: u16) -> Option<()> {
        let bytes = if self.big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
        self.bytes.get_mut(at..at + 2)?.copy_from_slice(&bytes);
        Some(())
    }

    fn set_u32(&mut self, at: usize, number: u32) -> Option<()> {
        let bytes = if self.big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
        self.bytes.get_mut(at..at + 4)?.copy_from_slice(&bytes);
        Some(())
    }

    /// Blanks the small picture, or cuts it off where it comes last, as it mostly
    /// does. That nobody is led to it any more is [`Self::drop_entries`]'s part.
    fn drop_thumbnail(&mut self, main: usize) -> Option<()> {
        let (_, end) = self.entries(main)?;
        let directory = self.offset(end).filter(|&at| at != 0)?;
        let at = self.find(directory, THUMBNAIL).and_then(|at| self.offset(at + 8))?;
        let length = self.find(directory, THUMBNAIL_LENGTH).and_then(|at| self.offset(at + 8))?;
        let after = at.checked_add(length)?;
        // It never lies before the directory that names it, but in damaged blocks.
        if at < self.entries(directory)?.1 || at < end {
            return None;
        }
        self.bytes.get_mut(at..after)?.fill(0);
        if after == self.bytes.len() {
            self.bytes.truncate(at);
        }
        Some(())
    }

    /// Takes what is about the old file out of the main directory, and makes that one
    /// the last.
    fn drop_entries(&mut self, main: usize) -> Option<()> {
        let (start, end) = self.entries(main)?;
        let mut to = start;
        for at in (start..end).step_by(ENTRY) {
            if !is_about_the_file(self.u16(at)?) {
                self.bytes.copy_within(at..at + ENTRY, to);
                to += ENTRY;
            }
        }
        self.set_u16(main, u16::try_from((to - start) / ENTRY).ok()?)?;
        // Some leave out the pointer to the next directory where there is none.
        let past = (end + 4).max(to + 4);
        if self.bytes.len() < past {
            self.bytes.resize(past, 0);
        }
        self.bytes[to..past].fill(0);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use ::exif::experimental::Writer;
    use ::exif::{Field, In, Reader, Tag, Value};
    use proptest::prelude::*;

    use super::*;

    fn block(little_endian: bool, thumbnail: Option<&[u8]>) -> Vec<u8> {
        let field = |tag, value| Field { tag, ifd_num: In::PRIMARY, value };
        let fields = [
            field(Tag::Orientation, Value::Short(vec![6])),
            field(Tag::Model, Value::Ascii(vec![b"Box Brownie".to_vec()])),
            field(Tag::ImageWidth, Value::Long(vec![6000])),
            field(Tag::BitsPerSample, Value::Short(vec![8, 8, 8])),
            field(Tag::PixelXDimension, Value::Short(vec![6000])),
            field(Tag::PixelYDimension, Value::Long(vec![4000])),
            field(Tag::MakerNote, Value::Undefined(b"only the maker knows".to_vec(), 0)),
        ];
        let mut writer = Writer::new();
        fields.iter().for_each(|field| writer.push_field(field));
        if let Some(thumbnail) = thumbnail {
            writer.set_jpeg(thumbnail, In::THUMBNAIL);
        }
        let mut bytes = std::io::Cursor::new(Vec::new());
        writer.write(&mut bytes, little_endian).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_block_is_true_of_the_new_pixels_and_keeps_the_rest() {
        for little_endian in [true, false] {
            let old = block(little_endian, None);
            let place = |bytes: &[u8]| bytes.windows(4).position(|it| it == b"only");
            let new = adapted(&old, (800, 1200)).unwrap();
            assert_eq!(place(&new), place(&old), "where the maker looks for it");
            assert_eq!((orientation(&old), orientation(&new)), (Some(6), Some(1)));
            let exif = Reader::new().read_raw(new).unwrap();
            let number = |tag| exif.get_field(tag, In::PRIMARY)?.value.get_uint(0);
            assert_eq!(number(Tag::PixelXDimension), Some(800));
            assert_eq!(number(Tag::PixelYDimension), Some(1200));
            assert_eq!(number(Tag::ImageWidth), None);
            assert_eq!(number(Tag::BitsPerSample), None);
            let model = exif.get_field(Tag::Model, In::PRIMARY).unwrap();
            assert_eq!(model.display_value().to_string(), "\"Box Brownie\"");
        }
    }

    #[test]
    fn the_small_picture_of_the_old_one_goes() {
        let picture = [0xAB; 500];
        let old = block(true, Some(&picture));
        assert!(old.windows(500).any(|it| it == picture));
        let new = adapted(&old, (10, 10)).unwrap();
        assert!(!new.contains(&0xAB));
        let exif = Reader::new().read_raw(new).unwrap();
        assert!(exif.fields().all(|field| field.ifd_num == In::PRIMARY));
    }

    #[test]
    fn a_block_that_only_turns_says_nothing_else() {
        let bytes = only_orientation(6);
        assert_eq!(orientation(&bytes), Some(6));
        assert_eq!(Reader::new().read_raw(bytes).unwrap().fields().count(), 1);
        assert_eq!(orientation(&only_orientation(9)), None);
    }

    #[test]
    fn what_is_no_block_is_left_out() {
        for nonsense in [&b""[..], b"II*\0", b"II*\0\xFF\xFF\xFF\xFF", b"MM\0*\0\0\0\x08\x01\0"] {
            assert_eq!(adapted(nonsense, (1, 1)), None);
        }
    }

    proptest! {
        #[test]
        fn damage_never_panics_and_is_never_turned_twice(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
            end: prop::sample::Index,
        ) {
            let mut bytes = block(true, Some(&[1; 20]));
            for (at, value) in damage {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            bytes.truncate(end.index(bytes.len()) + 1);
            if let Some(adapted) = adapted(&bytes, (3, 2)) {
                prop_assert!(matches!(orientation(&adapted), None | Some(1)));
            }
        }
    }
}
