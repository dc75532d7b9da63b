//! The letters of a packet: UTF-8 or UTF-16, taken apart strictly, so that they
//! come together again as they were.

use super::{Place, Unwritable};

/// How the text is kept; a mark at its start is a part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16(ByteOrder),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

impl Encoding {
    /// By the mark or by the zeros beside the first character, as the reader does.
    fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0xFF, 0xFE, ..] | [b'<', 0, ..] => Self::Utf16(ByteOrder::Little),
            [0xFE, 0xFF, ..] | [0, b'<', ..] => Self::Utf16(ByteOrder::Big),
            _ => Self::Utf8,
        }
    }

    /// The text and how it was kept.
    ///
    /// # Errors
    /// Where the bytes are no such text; with the place.
    pub(super) fn decode(bytes: &[u8]) -> Result<(String, Self), Unwritable> {
        let encoding = Self::of(bytes);
        let unit: fn([u8; 2]) -> u16 = match encoding {
            Self::Utf8 => {
                return match std::str::from_utf8(bytes) {
                    Ok(text) => Ok((text.to_owned(), encoding)),
                    Err(error) => {
                        let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
                        let good = String::from_utf8_lossy(good);
                        Err(no_text(&good, "the bytes here are not UTF-8"))
                    }
                };
            }
            Self::Utf16(ByteOrder::Little) => u16::from_le_bytes,
            Self::Utf16(ByteOrder::Big) => u16::from_be_bytes,
        };
        let (pairs, rest) = bytes.as_chunks();
        let mut text = String::with_capacity(bytes.len());
        for character in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
            match character {
                Ok(character) => text.push(character),
                Err(_) => return Err(no_text(&text, "half a character of UTF-16 is missing here")),
            }
        }
        match rest {
            [] => Ok((text, encoding)),
            _ => Err(no_text(&text, "the UTF-16 ends within a character")),
        }
    }

    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        let bytes: fn(u16) -> [u8; 2] = match self {
            Self::Utf8 => return text.as_bytes().to_vec(),
            Self::Utf16(ByteOrder::Little) => u16::to_le_bytes,
            Self::Utf16(ByteOrder::Big) => u16::to_be_bytes,
        };
        text.encode_utf16().flat_map(bytes).collect()
    }
}

fn no_text(before: &str, what: &str) -> Unwritable {
    Unwritable::NotXml { at: Place::of(before, before.len()), what: what.to_owned() }
}
