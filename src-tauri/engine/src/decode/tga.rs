//! Whether a file is a TGA, which has no mark at its beginning.
//!
//! Bytes of any other kind must not pass, so every field of the header has to
//! make sense, and the pixels to fill the file: wholly where the file lacks the
//! footer that newer ones have.

/// What a file of version 2 ends with.
const FOOTER: &[u8] = b"TRUEVISION-XFILE.\0";
const HEADER: usize = 18;

/// Bytes that may follow the pixels where there is no footer.
const MOST_BEHIND: usize = 512;

pub(super) fn is_tga(bytes: &[u8]) -> bool {
    let Some(header) = Header::read(bytes) else { return false };
    if bytes.len() > HEADER + FOOTER.len() && bytes.ends_with(FOOTER) {
        return true;
    }
    let Some(end) = header.end(bytes) else { return false };
    bytes.len() - end <= MOST_BEHIND
}

struct Header {
    /// Where the pixels begin.
    start: usize,
    pixels: usize,
    bytes_per_pixel: usize,
    packed: bool,
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        let header = bytes.first_chunk::<HEADER>()?;
        let [name, map, kind, ..] = *header;
        let word = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let (map_length, map_bits) = (word(5), header[7]);
        let (width, height) = (word(12), word(14));
        let (depth, flags) = (header[16], header[17]);

        let colours = match (kind, map) {
            (1 | 9, 1) => depth == 8 && (1..=256).contains(&map_length),
            (2 | 10, 0) => matches!(depth, 15 | 16 | 24 | 32),
            (3 | 11, 0) => depth == 8,
            _ => return None,
        };
        let map_is_sound = if map == 1 {
            matches!(map_bits, 15 | 16 | 24 | 32) && word(3) == 0
        } else {
            word(3) == 0 && map_length == 0 && matches!(map_bits, 0 | 24 | 32)
        };
        let alpha = flags & 0x0F;
        let flags_are_sound = flags & 0xC0 == 0
            && match depth {
                32 => matches!(alpha, 0 | 8),
                15 | 16 => alpha <= 1,
                _ => alpha == 0,
            };
        if !(colours && map_is_sound && flags_are_sound && width > 0 && height > 0) {
            return None;
        }
        let map_bytes = if map == 1 { map_length * usize::from(map_bits).div_ceil(8) } else { 0 };
        Some(Self {
            start: HEADER + usize::from(name) + map_bytes,
            pixels: width * height,
            bytes_per_pixel: usize::from(depth).div_ceil(8),
            packed: kind >= 9,
        })
    }

    /// Where the pixels end; `None` where they do not all fit into the file.
    fn end(&self, bytes: &[u8]) -> Option<usize> {
        let end = if self.packed {
            self.packed_end(bytes)?
        } else {
            self.start + self.pixels * self.bytes_per_pixel
        };
        (end <= bytes.len()).then_some(end)
    }

    /// Walks packets of repeated and of single pixels.
    fn packed_end(&self, bytes: &[u8]) -> Option<usize> {
        let (mut at, mut left) = (self.start, self.pixels);
        while left > 0 {
            let packet = usize::from(*bytes.get(at)?);
            let count = (packet & 0x7F) + 1;
            let stored = if packet & 0x80 != 0 { 1 } else { count };
            at += 1 + stored * self.bytes_per_pixel;
            // Some writers let the last packet reach beyond the picture.
            left = left.saturating_sub(count);
        }
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use image::codecs::tga::TgaEncoder;
    use image::{ImageEncoder, RgbaImage};
    use proptest::prelude::*;

    use super::*;

    fn tga(packed: bool) -> Vec<u8> {
        let picture = RgbaImage::from_fn(20, 10, |x, y| image::Rgba([x as u8, y as u8, 3, 255]));
        let mut bytes = Vec::new();
        let encoder = TgaEncoder::new(&mut bytes);
        let encoder = if packed { encoder } else { encoder.disable_rle() };
        encoder.write_image(&picture, 20, 10, image::ExtendedColorType::Rgba8).unwrap();
        bytes
    }

    #[test]
    fn a_tga_is_known_with_and_without_its_footer() {
        for packed in [true, false] {
            let whole = tga(packed);
            assert!(is_tga(&whole));
            let bare =
                whole.strip_suffix(FOOTER).map_or(whole.as_slice(), |it| &it[..it.len() - 8]);
            assert!(is_tga(bare));
            assert!(!is_tga(&bare[..bare.len() - 30]), "cut off");
            assert!(!is_tga(&[bare, &[0; 2000]].concat()), "too long");
        }
    }

    #[test]
    fn other_files_are_none() {
        for other in [&b""[..], &[0; 100], b"\0\0\x02", b"GIF89a", b"\0\0\x01\0\x01\0\x20\x20"] {
            assert!(!is_tga(other));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_at(
            damage in prop::collection::vec((0usize..40, any::<u8>()), 0..6),
            packed: bool,
            other in prop::collection::vec(prop_oneof![0u8..12, any::<u8>()], 0..200),
        ) {
            let _ = is_tga(&other);
            let mut bytes = tga(packed);
            for (at, value) in damage {
                bytes[at] = value;
            }
            let _ = is_tga(&bytes);
        }
    }
}
