//! The directories of TIFF, in TIFF files, RAW photos and EXIF blocks.
//!
//! Owns how what is wanted of a large file gets out of it without a copy of the
//! whole: the entries of the main, the EXIF and the GPS directory are gathered in
//! a small block of their own, which the EXIF reader then takes for a TIFF file.
//! That is also how RAW photos are read whose makers changed TIFF's mark.

/// A file, or a part of one, whose offsets count from its beginning.
#[derive(Clone, Copy)]
pub(super) struct Tiff<'a> {
    bytes: &'a [u8],
    big_endian: bool,
    first: u32,
}

#[derive(Clone, Copy)]
struct Entry<'a> {
    tag: u16,
    kind: u16,
    count: u32,
    value: &'a [u8],
}

/// The entries whose values lie within the file.
#[derive(Default)]
pub(super) struct Directory<'a>(Vec<Entry<'a>>);

const XMP: u16 = 700;
const IPTC: u16 = 33723;
const PHOTOSHOP: u16 = 34377;
const EXIF: u16 = 0x8769;
const GPS: u16 = 0x8825;
const MAKER_NOTE: u16 = 0x927C;

/// Entries that are read of a directory; some have a hundred.
const MOST_ENTRIES: usize = 1024;
/// Bytes of a value that is worth a copy: all that is read is shorter.
const LONGEST_VALUE: usize = 64 << 10;
const LONGEST_BLOCK: usize = 1 << 20;

impl<'a> Tiff<'a> {
    /// By the mark of TIFF, or of Olympus and Panasonic.
    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        let big_endian = match bytes.get(..4)? {
            b"II*\0" | b"IIRO" | b"IIRS" | b"IIU\0" => false,
            b"MM\0*" | b"MMOR" => true,
            _ => return None,
        };
        let tiff = Self { bytes, big_endian, first: 0 };
        Some(Self { first: tiff.u32(bytes.get(4..8)?)?, ..tiff })
    }

    pub(super) fn main(&self) -> Directory<'a> {
        self.directory(self.first)
    }

    /// The main directory, and the EXIF and GPS directories that it names.
    pub(super) fn all(&self) -> [Directory<'a>; 3] {
        let main = self.main();
        let [exif, gps] = [EXIF, GPS].map(|tag| {
            let pointer = main.get(tag).and_then(|value| self.u32(value));
            pointer.map(|at| self.directory(at)).unwrap_or_default()
        });
        [main, exif, gps]
    }

    fn directory(&self, at: u32) -> Directory<'a> {
        self.entries(at).unwrap_or_default()
    }

    fn entries(&self, at: u32) -> Option<Directory<'a>> {
        let rest = self.bytes.get(usize::try_from(at).ok()?..)?;
        let (count, rest) = rest.split_at_checked(2)?;
        let count = usize::from(self.u16(count)?).min(MOST_ENTRIES);
        let raw = rest.as_chunks::<12>().0.iter().take(count);
        Some(Directory(raw.filter_map(|raw| self.entry(raw)).collect()))
    }

    fn entry(&self, raw: &'a [u8; 12]) -> Option<Entry<'a>> {
        let (tag, kind) = (self.u16(&raw[..2])?, self.u16(&raw[2..4])?);
        let count = self.u32(&raw[4..8])?;
        let size = match kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 => 8,
            _ => return None,
        };
        let length = usize::try_from(count).ok()?.checked_mul(size)?;
        let value = if length <= 4 {
            &raw[8..8 + length]
        } else {
            let at = usize::try_from(self.u32(&raw[8..])?).ok()?;
            self.bytes.get(at..at.checked_add(length)?)?
        };
        Some(Entry { tag, kind, count, value })
    }

    fn u16(&self, bytes: &[u8]) -> Option<u16> {
        let bytes = *bytes.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&self, bytes: &[u8]) -> Option<u32> {
        let bytes = *bytes.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// Whether both write numbers alike.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.big_endian == other.big_endian
    }

    /// A TIFF file of these directories alone: the main one, EXIF, GPS.
    pub(super) fn gather(&self, [main, exif, gps]: &[Directory<'a>; 3]) -> Option<Vec<u8>> {
        let mut block = Block { bytes: Vec::new(), big_endian: self.big_endian };
        block.bytes.extend_from_slice(if self.big_endian { b"MM\0*" } else { b"II*\0" });
        let first = block.bytes.len();
        block.u32(0);
        let mut pointers = Vec::new();
        for (tag, directory) in [(EXIF, exif), (GPS, gps)] {
            if !directory.0.is_empty() {
                pointers.push((tag, block.directory(directory, &[])?));
            }
        }
        let main = block.directory(main, &pointers)?;
        block.set(first, main);
        Some(block.bytes)
    }
}

impl<'a> Directory<'a> {
    fn get(&self, tag: u16) -> Option<&'a [u8]> {
        self.0.iter().find(|entry| entry.tag == tag).map(|entry| entry.value)
    }

    pub(super) fn xmp(&self) -> Option<&'a [u8]> {
        self.get(XMP)
    }

    pub(super) fn iptc(&self) -> Option<&'a [u8]> {
        self.get(IPTC)
    }

    /// Photoshop's image resources.
    pub(super) fn resources(&self) -> Option<&'a [u8]> {
        self.get(PHOTOSHOP)
    }
}

struct Block {
    bytes: Vec<u8>,
    big_endian: bool,
}

impl Block {
    /// Appends a directory and tells where it is.
    fn directory(&mut self, directory: &Directory, pointers: &[(u16, u32)]) -> Option<u32> {
        let taken: Vec<&Entry> = directory.0.iter().filter(|entry| is_wanted(entry)).collect();
        let at = u32::try_from(self.bytes.len()).ok()?;
        self.u16(u16::try_from(taken.len() + pointers.len()).ok()?);
        let mut outside = Vec::new();
        for entry in taken {
            self.u16(entry.tag);
            self.u16(entry.kind);
            self.u32(entry.count);
            if entry.value.len() <= 4 {
                let mut value = [0; 4];
                value[..entry.value.len()].copy_from_slice(entry.value);
                self.bytes.extend_from_slice(&value);
            } else {
                outside.push((self.bytes.len(), entry.value));
                self.u32(0);
            }
        }
        for &(tag, pointer) in pointers {
            self.u16(tag);
            self.u16(4);
            self.u32(1);
            self.u32(pointer);
        }
        self.u32(0);
        for (at, value) in outside {
            let here = u32::try_from(self.bytes.len()).ok()?;
            if self.bytes.len() + value.len() > LONGEST_BLOCK {
                return None;
            }
            self.set(at, here);
            self.bytes.extend_from_slice(value);
        }
        Some(at)
    }

    fn u16(&mut self, number: u16) {
        let bytes = if self.big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
        self.bytes.extend_from_slice(&bytes);
    }

    fn u32(&mut self, number: u32) {
        let at = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        self.set(at, number);
    }

    fn set(&mut self, at: usize, number: u32) {
        let bytes = if self.big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
        self.bytes[at..at + 4].copy_from_slice(&bytes);
    }
}

/// Not what is read by itself, nor what only the maker understands, nor what is
/// known for being long: where the pixels are.
fn is_wanted(entry: &Entry) -> bool {
    let apart = matches!(entry.tag, XMP | IPTC | PHOTOSHOP | EXIF | GPS | MAKER_NOTE);
    !apart
        && entry.value.len() <= LONGEST_VALUE
        && !matches!(entry.tag, 273 | 279 | 324 | 325 | 330)
}
