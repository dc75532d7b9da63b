//! What a PNG says before its codec is asked: its sides, and how it was held; and
//! the PNG that an icon may be.
//!
//! The codec inflates what comes before the pixels as soon as it is made, up to
//! the bytes it is allowed, and it reads nothing behind them. So its allowance is
//! made from the header, and EXIF is looked for here. Total: a walk from chunk to
//! chunk, and nothing is inflated.

use image::metadata::Orientation;

const MARK: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Bytes that a file of no great size may take besides its pixels: profiles are
/// kept up to a quarter of it.
const ASIDE: u64 = 16 << 20;

/// Width and height, where the file begins as it must.
pub(super) fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let (kind, content) = chunks(bytes).next()?;
    let (words, _) = content.as_chunks::<4>();
    match (kind, words) {
        (b"IHDR", [width, height, ..]) => {
            Some((u32::from_be_bytes(*width), u32::from_be_bytes(*height)))
        }
        _ => None,
    }
}

/// Bytes that the codec may take beside the pixels: rows of them (up to 8 bytes a
/// pixel, and the row before), a chunk as it is read and as it is kept, and what
/// is inflated.
pub(super) fn aside(bytes: &[u8], width: u32) -> u64 {
    ASIDE + 16 * u64::from(width) + 3 * bytes.len() as u64
}

/// How the picture was held, by the first EXIF in it, which may come before or
/// behind the pixels.
pub(super) fn orientation(bytes: &[u8]) -> Option<Orientation> {
    let (_, exif) = chunks(bytes).find(|(kind, _)| *kind == b"eXIf")?;
    // Some programs put a mark before it that only JPEG has.
    Orientation::from_exif_chunk(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif))
}

/// Names and contents of the chunks, as far as they are whole.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = bytes.strip_prefix(MARK).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk()?;
        let (kind, after) = after.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (content, after) = after.split_at_checked(length)?;
        // Behind the checksum.
        rest = after.get(4..).unwrap_or_default();
        Some((kind, content))
    })
}

/// The PNG that the largest picture of an icon is, where it is one. The codec for
/// icons would read it without any limit.
pub(super) fn of_icon(icon: &[u8]) -> Option<&[u8]> {
    let count = usize::from(u16::from_le_bytes(*icon.get(4..)?.first_chunk()?));
    let (entries, _) = icon.get(6..)?.as_chunks::<16>();
    let side = |byte: u8| if byte == 0 { 256 } else { u32::from(byte) };
    // As that codec judges: by the depth, then by the pixels; of equals the last
    // one in the list, or else the first.
    let of = |entry: &[u8; 16]| {
        (u16::from_le_bytes([entry[6], entry[7]]), side(entry[0]) * side(entry[1]))
    };
    let (last, others) = entries.get(..count)?.split_last()?;
    let best =
        others.iter().fold(last, |best, entry| if of(entry) > of(best) { entry } else { best });
    let at = u32::from_le_bytes(*best.last_chunk()?);
    icon.get(usize::try_from(at).ok()?..).filter(|picture| picture.starts_with(MARK))
}
