//! Where the blocks of metadata are in a file.
//!
//! Owns the ways through the formats: from one segment, chunk or box to the next,
//! never through the pixels, and without copies but of blocks that the format
//! keeps in parts. A damaged file gives what lies before the damage.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::ZlibDecoder;

use super::boxes;
use super::tiff::Tiff;

/// What a file has; each as its own reader wants it.
#[derive(Default)]
pub(crate) struct Blocks<'a> {
    /// A TIFF file.
    pub exif: Option<Cow<'a, [u8]>>,
    /// A packet of XML.
    pub xmp: Option<Cow<'a, [u8]>>,
    /// Records.
    pub iptc: Option<Cow<'a, [u8]>>,
    /// MD5 of the records when XMP was last written from them.
    pub iptc_digest: Option<[u8; 16]>,
}

/// Bytes of an EXIF block that is taken as it is: many times what cameras write.
const LONGEST_EXIF: usize = 1 << 20;
/// Bytes of a packed block, unpacked.
const LONGEST_UNPACKED: u64 = 16 << 20;
/// Bytes of image resources that are put together from several segments.
const LONGEST_RESOURCES: usize = 16 << 20;

impl<'a> Blocks<'a> {
    /// EXIF without what only the maker of the camera understands, and without long
    /// values.
    pub(crate) fn lean_exif(&self) -> Option<Vec<u8>> {
        let tiff = Tiff::of(self.exif.as_deref()?)?;
        tiff.gather(&tiff.all())
    }

    /// The first counts.
    pub(super) fn add_exif(&mut self, block: Option<Cow<'a, [u8]>>) {
        let Some(block) = block.filter(|it| it.len() <= LONGEST_EXIF) else { return };
        // JPEG's mark; some programs put it before the block elsewhere too.
        let block = match block {
            Cow::Borrowed(bytes) => Cow::Borrowed(bytes.strip_prefix(b"Exif\0\0").unwrap_or(bytes)),
            Cow::Owned(bytes) => match bytes.strip_prefix(b"Exif\0\0") {
                Some(bytes) => Cow::Owned(bytes.to_vec()),
                None => Cow::Owned(bytes),
            },
        };
        self.exif.get_or_insert(block);
    }

    pub(super) fn add_xmp(&mut self, packet: Option<&'a [u8]>) {
        if let Some(packet) = packet {
            self.xmp.get_or_insert(packet.into());
        }
    }
}

/// Of any file that is known; of others, nothing.
pub(crate) fn blocks(bytes: &[u8]) -> Blocks<'_> {
    if bytes.starts_with(b"\xFF\xD8") {
        jpeg(bytes)
    } else if let Some(rest) = bytes.strip_prefix(b"\x89PNG\r\n\x1A\n") {
        png(rest)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        webp(&bytes[12..])
    } else if let Some(tiff) = Tiff::of(bytes) {
        from_tiff(&tiff)
    } else if boxes::is(bytes) {
        boxes::blocks(bytes)
    } else if bytes.starts_with(b"8BPS") {
        psd(bytes)
    } else if bytes.starts_with(b"FUJIFILMCCD-RAW") {
        raf(bytes)
    } else {
        Blocks::default()
    }
}

fn from_tiff<'a>(tiff: &Tiff<'a>) -> Blocks<'a> {
    let directories = tiff.all();
    let mut blocks = Blocks::default();
    if let Some(resources) = directories[0].resources() {
        add_resources(resources.into(), &mut blocks);
    }
    if let Some(iptc) = directories[0].iptc() {
        blocks.iptc = Some(iptc.into());
    }
    blocks.add_xmp(directories[0].xmp());
    if blocks.exif.is_none() {
        blocks.exif = tiff.gather(&directories).map(Cow::Owned);
    }
    blocks
}

fn jpeg(bytes: &[u8]) -> Blocks<'_> {
    let mut blocks = Blocks::default();
    let mut resources: Cow<'_, [u8]> = Cow::Borrowed(&[]);
    for (marker, body) in segments(bytes.get(2..).unwrap_or_default()) {
        match marker {
            0xE1 => {
                if body.starts_with(b"Exif\0") {
                    blocks.add_exif(body.get(6..).map(Cow::Borrowed));
                }
                blocks.add_xmp(body.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0"));
            }
            0xED => {
                let part = body.strip_prefix(b"Photoshop 3.0\0").unwrap_or_default();
                if resources.is_empty() {
                    resources = part.into();
                } else if resources.len() + part.len() <= LONGEST_RESOURCES {
                    resources.to_mut().extend_from_slice(part);
                }
            }
            _ => {}
        }
    }
    add_resources(resources, &mut blocks);
    blocks
}

/// JPEG's segments up to the pixels: the marker's number and what follows.
fn segments(mut rest: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    /// Bytes that may lie between two segments; some cameras pad with zeros.
    const MOST_PADDING: usize = 64 << 10;
    std::iter::from_fn(move || {
        loop {
            let at = rest.iter().take(MOST_PADDING).position(|&byte| byte == 0xFF)?;
            let after = rest.get(at..)?;
            let fill = after.iter().take_while(|&&byte| byte == 0xFF).count();
            let (&marker, after) = after.get(fill..)?.split_first()?;
            match marker {
                // Pixels, and the end.
                0xDA | 0xD9 => return None,
                // Without a length.
                0x00 | 0x01 | 0xD0..=0xD8 => rest = after,
                _ => {
                    let length = usize::from(u16::from_be_bytes(*after.first_chunk()?));
                    let body = after.get(2..length)?;
                    rest = after.get(length..)?;
                    return Some((marker, body));
                }
            }
        }
    })
}

fn png(mut rest: &[u8]) -> Blocks<'_> {
    let mut blocks = Blocks::default();
    let mut next = || {
        let (length, after) = rest.split_first_chunk()?;
        let (kind, after) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (body, after) = after.split_at_checked(length)?;
        // The checksum is not asked: what can be read is read.
        rest = after.get(4..)?;
        Some((kind, body))
    };
    while let Some((kind, body)) = next() {
        match kind {
            b"eXIf" => blocks.add_exif(Some(body.into())),
            b"iTXt" if blocks.xmp.is_none() => blocks.xmp = international_text(body),
            _ => {}
        }
    }
    blocks
}

/// Keyword, two bytes of compression, language, translated keyword, text.
fn international_text(body: &[u8]) -> Option<Cow<'_, [u8]>> {
    let rest = body.strip_prefix(b"XML:com.adobe.xmp\0")?;
    let (&[compressed, method], rest) = rest.split_first_chunk()?;
    let text = rest.splitn(3, |&byte| byte == 0).nth(2)?;
    match (compressed, method) {
        (0, _) => Some(text.into()),
        (1, 0) => {
            let mut unpacked = Vec::new();
            // What was unpacked before the damage.
            let _ = ZlibDecoder::new(text).take(LONGEST_UNPACKED).read_to_end(&mut unpacked);
            Some(unpacked.into())
        }
        _ => None,
    }
}

fn webp(mut rest: &[u8]) -> Blocks<'_> {
    let mut blocks = Blocks::default();
    let mut next = || {
        let (kind, after) = rest.split_first_chunk::<4>()?;
        let (length, after) = after.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (body, after) = after.split_at_checked(length)?;
        rest = after.get(length % 2..).unwrap_or_default();
        Some((kind, body))
    };
    while let Some((kind, body)) = next() {
        match kind {
            b"EXIF" => blocks.add_exif(Some(body.into())),
            b"XMP " => blocks.add_xmp(Some(body)),
            _ => {}
        }
    }
    blocks
}

/// Header, colours, image resources.
fn psd(bytes: &[u8]) -> Blocks<'_> {
    let mut blocks = Blocks::default();
    let section = |at: usize| {
        let rest = bytes.get(at..)?;
        let length = usize::try_from(u32::from_be_bytes(*rest.first_chunk()?)).ok()?;
        Some((rest.get(4..4usize.checked_add(length)?)?, at.checked_add(length)?.checked_add(4)?))
    };
    let resources = section(26).and_then(|(_, next)| section(next));
    if let Some((resources, _)) = resources {
        add_resources(resources.into(), &mut blocks);
    }
    blocks
}

/// Fujifilm: a whole JPEG file carries what is said of the photo.
fn raf(bytes: &[u8]) -> Blocks<'_> {
    let number = |at: usize| {
        let number = u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?);
        usize::try_from(number).ok()
    };
    let file = || bytes.get(number(84)?..number(84)?.checked_add(number(88)?)?);
    let jpeg_file = file().filter(|file| file.starts_with(b"\xFF\xD8"));
    jpeg_file.map(jpeg).unwrap_or_default()
}

/// Photoshop's image resources: a mark, a number, a name, and data.
fn add_resources<'a>(resources: Cow<'a, [u8]>, blocks: &mut Blocks<'a>) {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((id, data, next)) = resource(&resources, at) {
        if matches!(id, 1028 | 1058 | 1060 | 1061) {
            found.push((id, data));
        }
        at = next;
    }
    for (id, data) in found {
        let data: Cow<'a, [u8]> = match &resources {
            Cow::Borrowed(bytes) => bytes.get(data).unwrap_or_default().into(),
            Cow::Owned(bytes) => bytes.get(data).unwrap_or_default().to_vec().into(),
        };
        match id {
            1028 => drop(blocks.iptc.get_or_insert(data)),
            1058 => blocks.add_exif(Some(data)),
            1060 => drop(blocks.xmp.get_or_insert(data)),
            _ => blocks.iptc_digest = data.first_chunk().copied(),
        }
    }
}

/// The resource at an offset: number, where its data are, where the next one is.
fn resource(all: &[u8], at: usize) -> Option<(u16, std::ops::Range<usize>, usize)> {
    let rest = all.get(at..)?;
    if !matches!(rest.get(..4)?, b"8BIM" | b"AgHg" | b"DCSR" | b"MeSa" | b"PHUT") {
        return None;
    }
    let id = u16::from_be_bytes(*rest.get(4..)?.first_chunk()?);
    // The name with its length, and the data, each fill up to an even number.
    let name = usize::from(*rest.get(6)?) + 1;
    let size_at = 6 + name.next_multiple_of(2);
    let size = usize::try_from(u32::from_be_bytes(*rest.get(size_at..)?.first_chunk()?)).ok()?;
    let start = at + size_at + 4;
    let end = start.checked_add(size).filter(|&end| end <= all.len())?;
    Some((id, start..end, end + size % 2))
}
