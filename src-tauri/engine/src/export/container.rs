//! JPEG, PNG and WebP as containers: blocks put into files that were just encoded,
//! and taken out of those that are not to say anything.
//!
//! Owns where each format keeps its blocks, and which of them belong to the pixels.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

use super::exif;

/// What a copy says beside its pixels.
#[derive(Debug, Default)]
pub(super) struct Extras {
    /// How the numbers of the pixels are meant, as an ICC profile.
    pub profile: Option<Vec<u8>>,
    /// A TIFF file without a picture.
    pub exif: Option<Vec<u8>>,
    /// A packet.
    pub xmp: Option<Vec<u8>>,
    /// Photoshop's image resources, which hold IPTC; only JPEG has a place for them.
    pub resources: Option<Vec<u8>>,
}

/// Bytes that a segment of JPEG holds beside its length.
const SEGMENT: usize = 65_533;
const EXIF_MARK: &[u8] = b"Exif\0\0";
const XMP_MARK: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const RESOURCES_MARK: &[u8] = b"Photoshop 3.0\0";
const PROFILE_MARK: &[u8] = b"ICC_PROFILE\0";

/// Longest blocks that a JPEG holds.
pub(super) const LONGEST_JPEG_EXIF: usize = SEGMENT - EXIF_MARK.len();
/// The same, of XMP.
pub(super) const LONGEST_JPEG_XMP: usize = SEGMENT - XMP_MARK.len();

/// Puts blocks into a JPEG that has none; those that are too long are left out.
pub(super) fn jpeg_with(file: &[u8], extras: &Extras) -> Vec<u8> {
    let mut blocks = Vec::new();
    let mut segment = |marker: u8, parts: &[&[u8]]| {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if let Ok(length) = u16::try_from(length + 2) {
            blocks.extend([0xFF, marker]);
            blocks.extend(length.to_be_bytes());
            parts.iter().for_each(|part| blocks.extend_from_slice(part));
        }
    };
    if let Some(exif) = &extras.exif {
        segment(0xE1, &[EXIF_MARK, exif]);
    }
    if let Some(xmp) = &extras.xmp {
        segment(0xE1, &[XMP_MARK, xmp]);
    }
    let resources = extras.resources.as_deref().unwrap_or_default();
    for part in resources.chunks(SEGMENT - RESOURCES_MARK.len()) {
        segment(0xED, &[RESOURCES_MARK, part]);
    }
    let profile = extras.profile.as_deref().unwrap_or_default();
    let parts = profile.chunks(SEGMENT - PROFILE_MARK.len() - 2);
    if let Ok(count) = u8::try_from(parts.len()) {
        for (number, part) in (1..=count).zip(parts) {
            segment(0xE2, &[PROFILE_MARK, &[number, count], part]);
        }
    }
    // JFIF's own segment comes first.
    let first = match file.get(2..6) {
        Some(&[0xFF, 0xE0, high, low]) => 4 + usize::from(u16::from_be_bytes([high, low])),
        _ => 2,
    };
    spliced(file, first, &blocks)
}

/// Puts blocks into a PNG that has none.
pub(super) fn png_with(file: &[u8], extras: &Extras) -> Vec<u8> {
    let mut blocks = Vec::new();
    if let Some(profile) = &extras.profile {
        let mut packed = ZlibEncoder::new(b"ICC profile\0\0".to_vec(), Compression::default());
        // Into memory, where writing does not fail.
        if packed.write_all(profile).is_ok()
            && let Ok(packed) = packed.finish()
        {
            blocks.extend(png_chunk(b"iCCP", &packed));
        }
    }
    if let Some(exif) = &extras.exif {
        blocks.extend(png_chunk(b"eXIf", exif));
    }
    if let Some(xmp) = &extras.xmp {
        let text = [b"XML:com.adobe.xmp\0\0\0\0\0", xmp.as_slice()].concat();
        blocks.extend(png_chunk(b"iTXt", &text));
    }
    spliced(file, PNG_HEADER_END, &blocks)
}

/// Puts blocks into a WebP of this width and height that has none and is opaque.
pub(super) fn webp_with(file: &[u8], (width, height): (u32, u32), extras: &Extras) -> Vec<u8> {
    let Extras { profile, exif, xmp, .. } = extras;
    let marks = [(PROFILE, profile), (EXIF, exif), (XMP, xmp)];
    let flags = marks.iter().filter(|(_, block)| block.is_some()).map(|(flag, _)| flag).sum();
    if flags == 0 {
        return file.to_vec();
    }
    let mut chunks = Vec::new();
    let mut head = vec![flags, 0, 0, 0];
    for side in [width, height] {
        head.extend(&side.saturating_sub(1).to_le_bytes()[..3]);
    }
    add_webp_chunk(&mut chunks, b"VP8X", &head);
    if let Some(profile) = profile {
        add_webp_chunk(&mut chunks, b"ICCP", profile);
    }
    chunks.extend_from_slice(file.get(RIFF_HEADER..).unwrap_or_default());
    if let Some(exif) = exif {
        add_webp_chunk(&mut chunks, b"EXIF", exif);
    }
    if let Some(xmp) = xmp {
        add_webp_chunk(&mut chunks, b"XMP ", xmp);
    }
    riff(&chunks)
}

fn spliced(file: &[u8], at: usize, blocks: &[u8]) -> Vec<u8> {
    let (before, after) = file.split_at(at.min(file.len()));
    [before, blocks, after].concat()
}

/// The file without anything but pixels, how they are to be turned, and the colour
/// profile; the pixels as they are, bit by bit. `None` where its parts cannot be told.
pub(super) fn bare_jpeg(file: &[u8], orientation: u8) -> Option<Vec<u8>> {
    let mut rest = file.strip_prefix(b"\xFF\xD8")?;
    let mut bare = b"\xFF\xD8".to_vec();
    let turned = (orientation != 1).then(|| exif::only_orientation(orientation));
    let mut turned =
        turned.map(|exif| jpeg_with(&[], &Extras { exif: Some(exif), ..Extras::default() }));
    loop {
        let after = rest.strip_prefix(b"\xFF")?;
        let fill = after.iter().take_while(|&&byte| byte == 0xFF).count();
        let (&marker, after) = after[fill..].split_first()?;
        if marker == 0xD9 {
            // What follows is no part of the picture: other views, a film.
            bare.extend([0xFF, marker]);
            return Some(bare);
        }
        let length = usize::from(u16::from_be_bytes(*after.first_chunk()?));
        let (segment, after) = after.split_at_checked(length)?;
        let body = segment.get(2..)?;
        rest = after;
        if let Some(body) = kept_of_jpeg(marker, body) {
            // JFIF's segment alone comes before EXIF's.
            if marker != 0xE0 {
                bare.extend(turned.take().unwrap_or_default());
            }
            bare.extend([0xFF, marker]);
            bare.extend(u16::try_from(body.len() + 2).ok()?.to_be_bytes());
            bare.extend(body.iter());
        }
        if marker == 0xDA {
            let pixels = scan_length(rest)?;
            bare.extend_from_slice(&rest[..pixels]);
            rest = &rest[pixels..];
        }
    }
}

/// What is kept of a segment, if it is; of JFIF's all but its small picture.
fn kept_of_jpeg(marker: u8, body: &[u8]) -> Option<Vec<u8>> {
    match marker {
        0xE0 if body.starts_with(b"JFIF\0") => {
            let mut jfif = body.get(..14)?.to_vec();
            jfif[12..].fill(0);
            Some(jfif)
        }
        0xE2 if body.starts_with(PROFILE_MARK) => Some(body.to_vec()),
        // How inks and colours are stored.
        0xEE if body.starts_with(b"Adobe") => Some(body.to_vec()),
        0xE0..=0xEF | 0xFE => None,
        _ => Some(body.to_vec()),
    }
}

/// Bytes up to the marker that ends a scan.
fn scan_length(rest: &[u8]) -> Option<usize> {
    let ends = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xD0..=0xD7 | 0xFF);
    rest.windows(2).position(ends)
}

/// Where a PNG's first chunk ends.
const PNG_HEADER_END: usize = 33;

fn png_chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let Ok(length) = u32::try_from(body.len()) else { return Vec::new() };
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(body);
    [&length.to_be_bytes()[..], kind, body, &crc.sum().to_be_bytes()].concat()
}

/// As [`bare_jpeg`].
pub(super) fn bare_png(file: &[u8], orientation: u8) -> Option<Vec<u8>> {
    const KEPT: [&[u8; 4]; 15] = [
        b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"hIST",
        b"tRNS", b"pHYs", b"acTL", b"fcTL", b"fdAT",
    ];
    let mut rest = file.get(8..)?;
    let mut bare = file[..8].to_vec();
    loop {
        let length = usize::try_from(u32::from_be_bytes(*rest.first_chunk()?)).ok()?;
        let (chunk, after) = rest.split_at_checked(length.checked_add(12)?)?;
        let kind: &[u8; 4] = chunk[4..].first_chunk()?;
        // Those whose names begin with a capital are the picture.
        if kind[0].is_ascii_uppercase() || KEPT.contains(&kind) {
            bare.extend_from_slice(chunk);
        }
        if kind == b"IHDR" && orientation != 1 {
            bare.extend(png_chunk(b"eXIf", &exif::only_orientation(orientation)));
        }
        if kind == b"IEND" {
            return Some(bare);
        }
        rest = after;
    }
}

/// Bytes before a WebP's first chunk.
const RIFF_HEADER: usize = 12;

/// What a WebP's header says that there is.
const PROFILE: u8 = 0x20;
const EXIF: u8 = 0x08;
const XMP: u8 = 0x04;

fn add_webp_chunk(to: &mut Vec<u8>, kind: &[u8; 4], body: &[u8]) {
    let Ok(length) = u32::try_from(body.len()) else { return };
    to.extend_from_slice(kind);
    to.extend(length.to_le_bytes());
    to.extend_from_slice(body);
    if body.len() % 2 == 1 {
        to.push(0);
    }
}

fn riff(chunks: &[u8]) -> Vec<u8> {
    let length = u32::try_from(chunks.len() + 4).unwrap_or(u32::MAX);
    [b"RIFF", &length.to_le_bytes()[..], b"WEBP", chunks].concat()
}

/// As [`bare_jpeg`].
pub(super) fn bare_webp(file: &[u8], orientation: u8) -> Option<Vec<u8>> {
    let length = usize::try_from(u32::from_le_bytes(*file.get(4..)?.first_chunk()?)).ok()?;
    // What follows is no part of the picture.
    let mut rest = file.get(RIFF_HEADER..length.saturating_add(8).min(file.len()))?;
    let mut chunks = Vec::new();
    let mut extended = false;
    while let Some((kind, after)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_le_bytes(*after.first_chunk()?)).ok()?;
        let (body, after) = after.get(4..)?.split_at_checked(length)?;
        rest = after.get(length % 2..).unwrap_or_default();
        match kind {
            b"VP8X" => {
                extended = true;
                let mut head = body.to_vec();
                *head.first_mut()? &= !(EXIF | XMP);
                if orientation != 1 {
                    head[0] |= EXIF;
                }
                add_webp_chunk(&mut chunks, kind, &head);
            }
            b"VP8 " | b"VP8L" | b"ALPH" | b"ICCP" | b"ANIM" | b"ANMF" => {
                add_webp_chunk(&mut chunks, kind, body);
            }
            _ => {}
        }
    }
    if orientation != 1 {
        add_webp_chunk(&mut chunks, b"EXIF", &exif::only_orientation(orientation));
    }
    // Only an extended file has a place for EXIF.
    (!chunks.is_empty() && (extended || orientation == 1)).then(|| riff(&chunks))
}

#[cfg(test)]
mod tests {
    use image::codecs::jpeg::JpegEncoder;
    use image::codecs::png::PngEncoder;
    use image::codecs::webp::WebPEncoder;
    use image::{ImageEncoder, Rgb, RgbImage};
    use proptest::prelude::*;

    use super::*;
    use crate::metadata;

    const SIZE: (u32, u32) = (33, 17);

    fn extras() -> Extras {
        Extras {
            profile: Some(vec![3; 501]),
            exif: Some(exif::only_orientation(3)),
            xmp: Some(b"<x:xmpmeta/>".to_vec()),
            resources: Some(b"8BIM\x04\x04\0\0\0\0\0\x03abc\0".to_vec()),
        }
    }

    /// A file of each format, without and with blocks.
    fn files() -> [(Vec<u8>, Vec<u8>); 3] {
        fn write(encoder: impl ImageEncoder) {
            let picture = RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| Rgb([x as u8 * 7, y as u8, 9]));
            picture.write_with_encoder(encoder).unwrap();
        }
        let [mut jpeg, mut png, mut webp] = [const { Vec::new() }; 3];
        write(JpegEncoder::new(&mut jpeg));
        write(PngEncoder::new(&mut png));
        write(WebPEncoder::new_lossless(&mut webp));
        let extras = extras();
        let said =
            [jpeg_with(&jpeg, &extras), png_with(&png, &extras), webp_with(&webp, SIZE, &extras)];
        let [a, b, c] = said;
        [(jpeg, a), (png, b), (webp, c)]
    }

    #[test]
    fn blocks_are_found_where_they_were_put() {
        for (plain, said) in files() {
            let blocks = metadata::blocks(&said);
            assert_eq!(blocks.exif.as_deref(), extras().exif.as_deref());
            assert_eq!(blocks.xmp.as_deref(), extras().xmp.as_deref());
            if plain.starts_with(b"\xFF\xD8") {
                assert_eq!(blocks.iptc.as_deref(), Some(&b"abc"[..]));
            }
            let [before, after] = [&plain, &said].map(|it| image::load_from_memory(it).unwrap());
            assert_eq!(before.into_rgb8(), after.into_rgb8());
        }
    }

    #[test]
    fn what_is_made_bare_turns_as_before_and_says_nothing_else() {
        let [jpeg, png, webp] = files().map(|(_, said)| said);
        type Strip = fn(&[u8], u8) -> Option<Vec<u8>>;
        let bare: [(&[u8], Strip); 3] = [(&jpeg, bare_jpeg), (&png, bare_png), (&webp, bare_webp)];
        for (said, make) in bare {
            for orientation in [1, 3] {
                // A trailer, as films and second views are.
                let bare = make(&[said, b"trailer!"].concat(), orientation).unwrap();
                let blocks = metadata::blocks(&bare);
                let found = blocks.exif.as_deref().and_then(exif::orientation);
                assert_eq!(found, (orientation != 1).then_some(orientation));
                assert!(blocks.xmp.is_none() && blocks.iptc.is_none());
                assert!(!bare.windows(8).any(|it| it == b"trailer!"));
                let pictures = [said, &bare].map(|it| image::load_from_memory(it).unwrap());
                assert_eq!(pictures[0], pictures[1]);
            }
        }
    }

    #[test]
    fn long_profiles_and_resources_are_cut_and_longer_blocks_left_out() {
        let [(jpeg, _), ..] = files();
        let records = vec![b'r'; 100_000];
        let length = u32::try_from(records.len()).unwrap().to_be_bytes();
        let said = jpeg_with(
            &jpeg,
            &Extras {
                exif: Some(vec![0; LONGEST_JPEG_EXIF + 1]),
                resources: Some([b"8BIM\x04\x04\0\0", &length[..], &records].concat()),
                ..Extras::default()
            },
        );
        let blocks = metadata::blocks(&said);
        assert!(blocks.exif.is_none());
        assert!(blocks.iptc.as_deref() == Some(records.as_slice()));
        image::load_from_memory(&said).unwrap();
    }

    proptest! {
        #[test]
        fn damaged_files_never_panic(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            end: prop::sample::Index,
        ) {
            for (_, mut file) in files() {
                for (at, value) in &damage {
                    let at = at.index(file.len());
                    file[at] = *value;
                }
                file.truncate(end.index(file.len()) + 1);
                for make in [bare_jpeg, bare_png, bare_webp] {
                    make(&file, 6);
                }
            }
        }
    }
}
