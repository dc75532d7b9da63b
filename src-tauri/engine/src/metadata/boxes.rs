//! Files of boxes: HEIF and AVIF, Canon's CR3, JPEG XL, JPEG 2000.
//!
//! Owns where such files keep EXIF and XMP: as items of the `meta` box, in boxes
//! of their own, or in boxes that are told apart by a UUID. References: ISO/IEC
//! 14496-12 (boxes, items), 18181-2 (JPEG XL), and for CR3 the description by
//! Laurent Clévy.

use std::borrow::Cow;

use super::container::Blocks;
use super::tiff::Tiff;

/// Adobe's, for XMP.
const XMP: &[u8] = b"\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71\x99\x94\x91\xE3\xAF\xAC";
/// Canon's, in `moov`.
const CANON: &[u8] = b"\x85\xC0\xB6\x87\x82\x0F\x11\xE0\x81\x11\xF4\xCE\x46\x2B\x6A\x48";

/// Boxes that are looked at in one place; films have thousands of fragments.
const MOST_BOXES: usize = 4096;
/// Bytes of a block in several parts; one part is not copied.
const LONGEST: usize = 16 << 20;

/// Whether the file begins with a box that such files begin with.
pub(super) fn is(bytes: &[u8]) -> bool {
    matches!(bytes.get(4..8), Some(b"ftyp" | b"JXL " | b"jP  "))
}

pub(super) fn blocks(bytes: &[u8]) -> Blocks<'_> {
    let mut blocks = Blocks::default();
    for (kind, body) in boxes(bytes) {
        match &kind {
            b"meta" => items(bytes, body, &mut blocks),
            b"moov" => canon(body, &mut blocks),
            b"uuid" => blocks.add_xmp(body.strip_prefix(XMP)),
            b"xml " => blocks.add_xmp(Some(body)),
            b"Exif" => blocks.add_exif(after_offset(body.into())),
            _ => {}
        }
    }
    blocks
}

fn boxes(mut rest: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let next = move || {
        let (length, kind) = (u32_at(rest, 0)?, *rest.get(4..)?.first_chunk()?);
        let (header, length) = match length {
            0 => (8, rest.len()),
            1 => (16, usize::try_from(u64_at(rest, 8)?).ok()?),
            length => (8, usize::try_from(length).ok()?),
        };
        // Of a file that was cut off, what is there.
        let body = rest.get(header..length.min(rest.len()))?;
        rest = rest.get(length..).unwrap_or_default();
        Some((kind, body))
    };
    std::iter::from_fn(next).take(MOST_BOXES)
}

/// EXIF begins with the number of bytes to skip.
fn after_offset(block: Cow<'_, [u8]>) -> Option<Cow<'_, [u8]>> {
    let at = usize::try_from(u32_at(&block, 0)?).ok()?.checked_add(4)?;
    match block {
        Cow::Borrowed(bytes) => bytes.get(at..).map(Cow::Borrowed),
        Cow::Owned(bytes) => bytes.get(at..).map(|bytes| Cow::Owned(bytes.to_vec())),
    }
}

/// Three TIFF blocks: the main directory of each is one of the usual three.
fn canon(moov: &[u8], blocks: &mut Blocks<'_>) {
    let own = boxes(moov)
        .find_map(|(kind, body)| (&kind == b"uuid").then(|| body.strip_prefix(CANON)).flatten());
    let Some(own) = own else { return };
    let part = |wanted: &[u8; 4]| {
        boxes(own).find_map(|(kind, body)| (&kind == wanted).then(|| Tiff::of(body)).flatten())
    };
    let Some(main) = part(b"CMT1") else { return };
    let beside = |wanted| {
        let part = part(wanted).filter(|part| part.is_like(&main));
        part.map(|part| part.main()).unwrap_or_default()
    };
    let directories = [main.main(), beside(b"CMT2"), beside(b"CMT4")];
    blocks.add_exif(main.gather(&directories).map(Cow::Owned));
}

fn items<'a>(file: &'a [u8], meta: &'a [u8], blocks: &mut Blocks<'a>) {
    let Some(children) = meta.get(4..) else { return };
    let child = |wanted: &[u8; 4]| {
        boxes(children).find_map(|(kind, body)| (&kind == wanted).then_some(body))
    };
    let (Some(infos), Some(places)) = (child(b"iinf"), child(b"iloc")) else { return };
    let data = child(b"idat").unwrap_or_default();
    let wanted = |is: fn(&[u8]) -> bool| {
        let id = item(infos, is)?;
        let extents = location(places, id)?;
        let from = match extents.method {
            0 => file,
            1 => data,
            _ => return None,
        };
        extents.read(from)
    };
    blocks.add_exif(wanted(|kind| kind.starts_with(b"Exif")).and_then(after_offset));
    let xmp = wanted(|kind| {
        let Some(rest) = kind.strip_prefix(b"mime") else { return false };
        // The item's name, then its content type.
        let mut texts = rest.split(|&byte| byte == 0);
        texts.nth(1) == Some(b"application/rdf+xml")
    });
    if let Some(xmp) = xmp {
        blocks.xmp.get_or_insert(xmp);
    }
}

/// The number of the first item whose type, and what follows it, are wanted.
fn item(infos: &[u8], is: fn(&[u8]) -> bool) -> Option<u32> {
    let entries = if infos.first()? == &0 { infos.get(6..)? } else { infos.get(8..)? };
    boxes(entries).filter(|(kind, _)| kind == b"infe").find_map(|(_, body)| {
        let (id, rest) = match body.first()? {
            2 => (u32::from(u16_at(body, 4)?), body.get(8..)?),
            3 => (u32_at(body, 4)?, body.get(10..)?),
            _ => return None,
        };
        is(rest).then_some(id)
    })
}

struct Extents {
    method: u16,
    /// Beginning and length.
    parts: Vec<(u64, u64)>,
}

impl Extents {
    fn read<'a>(&self, from: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let part = |&(at, length): &(u64, u64)| {
            let at = usize::try_from(at).ok()?;
            match usize::try_from(length).ok()? {
                // To the end.
                0 => from.get(at..),
                length => from.get(at..at.checked_add(length)?),
            }
        };
        if let [one] = self.parts.as_slice() {
            return part(one).map(Cow::Borrowed);
        }
        let mut whole = Vec::new();
        for one in &self.parts {
            let bytes = part(one)?;
            if whole.len() + bytes.len() > LONGEST {
                return None;
            }
            whole.extend_from_slice(bytes);
        }
        Some(Cow::Owned(whole))
    }
}

/// Where an item is, by `iloc`.
fn location(places: &[u8], wanted: u32) -> Option<Extents> {
    /// Of one item; encoders write one or two.
    const MOST_PARTS: u16 = 1024;
    let version = *places.first()?;
    let sizes = u16_at(places, 4)?;
    let [offset, length, base] = [12, 8, 4].map(|shift| sizes >> shift & 0xF);
    let index = if version == 0 { 0 } else { sizes & 0xF };
    let mut rest = Numbers(places.get(6..)?);
    let count = rest.number(if version < 2 { 2 } else { 4 })?;
    for _ in 0..count {
        let id = rest.number(if version < 2 { 2 } else { 4 })?;
        let method = if version == 0 { 0 } else { rest.number(2)? & 0xF };
        let other_file = rest.number(2)? != 0;
        let base = rest.number(base)?;
        let parts = rest.number(2)?;
        if id != u64::from(wanted) {
            let each = usize::from(index + offset + length);
            rest.skip(each.checked_mul(usize::try_from(parts).ok()?)?)?;
            continue;
        }
        if parts > u64::from(MOST_PARTS) || (other_file && method == 0) {
            return None;
        }
        let parts = (0..parts).map(|_| {
            rest.number(index)?;
            let at = rest.number(offset)?.checked_add(base)?;
            Some((at, rest.number(length)?))
        });
        let parts = parts.collect::<Option<_>>()?;
        return Some(Extents { method: u16::try_from(method).ok()?, parts });
    }
    None
}

struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    /// Of 0, 2, 4 or 8 bytes.
    fn number(&mut self, size: u16) -> Option<u64> {
        let number = match size {
            0 => 0,
            2 => u16_at(self.0, 0)?.into(),
            4 => u32_at(self.0, 0)?.into(),
            8 => u64_at(self.0, 0)?,
            _ => return None,
        };
        self.skip(size.into())?;
        Some(number)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.0 = self.0.get(count..)?;
        Some(())
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}
