//! EXIF: what the camera says.
//!
//! Owns which tags are asked, and which of their values are believed.

use ::exif::{Context, Exif, In, Reader, Tag, Value};

use super::text::{self, Words};
use super::{Metadata, camera, filler, gps, time};

/// Microsoft's, for what Windows' Explorer lets people say of a photo.
const RATING: Tag = Tag(Context::Tiff, 0x4746);
const RATING_PERCENT: Tag = Tag(Context::Tiff, 0x4749);
const XP_TITLE: Tag = Tag(Context::Tiff, 0x9C9B);
const XP_COMMENT: Tag = Tag(Context::Tiff, 0x9C9C);
const XP_KEYWORDS: Tag = Tag(Context::Tiff, 0x9C9E);

/// What a block says, which is a TIFF file without a picture. Of a damaged one,
/// what can be read.
pub(super) fn read(block: &[u8]) -> Option<Metadata> {
    let exif = Reader::new()
        .continue_on_error(true)
        .read_raw(block.to_vec())
        .or_else(|error| error.distill_partial_result(|_| ()));
    Some(told(&exif.ok()?))
}

fn told(exif: &Exif) -> Metadata {
    let position = gps::position(exif);
    let (taken_at, utc_offset_min) = moment(exif);
    let (make, model) = (text(exif, Tag::Make), text(exif, Tag::Model));
    let described = |raw: Option<String>| {
        let names = [make.as_deref(), model.as_deref()];
        text::lines(&raw?).filter(|text| !filler::is(text, names))
    };
    let description = described(bytes(exif, Tag::ImageDescription).map(text::decode))
        .or_else(|| described(utf16(exif, XP_COMMENT)))
        .or_else(|| described(comment(exif)));
    let mut keywords = Words::default();
    if let Some(text) = utf16(exif, XP_KEYWORDS) {
        text.split(';').for_each(|word| keywords.push(word));
    }
    Metadata {
        taken_at,
        utc_offset_min,
        lens: text(exif, Tag::LensModel),
        lat: position.map(|(lat, _)| lat),
        lon: position.map(|(_, lon)| lon),
        iso: integer(exif, Tag::PhotographicSensitivity)
            // 65,535 says "too large for this tag".
            .filter(|iso| (1..65_535).contains(iso)),
        aperture: positive(exif, Tag::FNumber)
            .or_else(|| apex(exif, Tag::ApertureValue).map(|av| (av / 2.0).exp2())),
        focal_mm: positive(exif, Tag::FocalLength),
        exposure_s: positive(exif, Tag::ExposureTime)
            .or_else(|| apex(exif, Tag::ShutterSpeedValue).map(|tv| (-tv).exp2())),
        orientation: integer(exif, Tag::Orientation)
            .and_then(|number| u8::try_from(number).ok())
            .filter(|orientation| (1..=8).contains(orientation)),
        title: utf16(exif, XP_TITLE).and_then(|title| text::line(&title)),
        description,
        keywords: keywords.into_vec(),
        hierarchical_keywords: Vec::new(),
        rating: integer(exif, RATING)
            .filter(|&stars| stars <= 5)
            .and_then(|stars| i8::try_from(stars).ok())
            .or_else(|| super::stars(f64::from(integer(exif, RATING_PERCENT)?))),
        label: None,
        favourite: None,
        camera: camera::name(make, model),
    }
}

/// The first believable date, with the offset that belongs to it.
fn moment(exif: &Exif) -> (Option<i64>, Option<i16>) {
    let dates = [
        (Tag::DateTimeOriginal, Tag::OffsetTimeOriginal),
        (Tag::DateTimeDigitized, Tag::OffsetTimeDigitized),
        (Tag::DateTime, Tag::OffsetTime),
    ];
    for (date, offset) in dates {
        if let Some(second) = text(exif, date).and_then(|date| time::seconds(&date)) {
            return (Some(second), text(exif, offset).and_then(|offset| time::offset(&offset)));
        }
    }
    (None, None)
}

/// The user's comment, whose first eight bytes say how it is written.
fn comment(exif: &Exif) -> Option<String> {
    let (kind, rest) = bytes(exif, Tag::UserComment)?.split_first_chunk::<8>()?;
    match kind {
        b"ASCII\0\0\0" | b"\0\0\0\0\0\0\0\0" => {
            // Some keep settings here, after a zero or instead of a text.
            let text = text::decode(rest.split(|&byte| byte == 0).next()?);
            let readable = text.chars().all(|c| !c.is_control() || c.is_whitespace());
            readable.then_some(text)
        }
        b"UNICODE\0" => {
            let unit = match rest {
                [0xFE, 0xFF, ..] => u16::from_be_bytes,
                [0xFF, 0xFE, ..] => u16::from_le_bytes,
                // Without a mark the block's own order counts, but for those who
                // do not keep to it and show it by the zeros of plain letters.
                [0, low, ..] if *low != 0 => u16::from_be_bytes,
                [low, 0, ..] if *low != 0 => u16::from_le_bytes,
                _ if exif.little_endian() => u16::from_le_bytes,
                _ => u16::from_be_bytes,
            };
            Some(text::decode_utf16(rest, unit))
        }
        _ => None,
    }
}

/// The tag's value in the main picture's directories, not the thumbnail's.
pub(super) fn value(exif: &Exif, tag: Tag) -> Option<&Value> {
    exif.get_field(tag, In::PRIMARY).map(|field| &field.value)
}

fn integer(exif: &Exif, tag: Tag) -> Option<u32> {
    value(exif, tag)?.get_uint(0)
}

/// The bytes of a text, up to the first zero, or of anything undefined.
fn bytes(exif: &Exif, tag: Tag) -> Option<&[u8]> {
    match value(exif, tag)? {
        Value::Ascii(parts) => parts.first().map(Vec::as_slice),
        Value::Undefined(bytes, _) | Value::Byte(bytes) => Some(bytes),
        _ => None,
    }
}

fn utf16(exif: &Exif, tag: Tag) -> Option<String> {
    Some(text::decode_utf16(bytes(exif, tag)?, u16::from_le_bytes))
}

/// The number at `index`, whichever numeric type the writer chose; finite.
pub(super) fn number(value: &Value, index: usize) -> Option<f64> {
    let number = match value {
        Value::Rational(numbers) => numbers.get(index)?.to_f64(),
        Value::SRational(numbers) => numbers.get(index)?.to_f64(),
        Value::Float(numbers) => f64::from(*numbers.get(index)?),
        Value::Double(numbers) => *numbers.get(index)?,
        integers => f64::from(integers.get_uint(index)?),
    };
    number.is_finite().then_some(number)
}

fn positive(exif: &Exif, tag: Tag) -> Option<f64> {
    number(value(exif, tag)?, 0).filter(|&number| number > 0.0)
}

/// A value on the logarithmic APEX scale, which some cameras give alone. Real
/// apertures and times lie between -20 and 20; 0 with a blank value is common.
fn apex(exif: &Exif, tag: Tag) -> Option<f64> {
    number(value(exif, tag)?, 0).filter(|number| *number != 0.0 && number.abs() <= 20.0)
}

/// The tag's text with single spaces, without padding and control characters.
pub(super) fn text(exif: &Exif, tag: Tag) -> Option<String> {
    /// No camera or lens is called anything longer; files exist that claim so.
    const LONGEST: usize = 128;
    let Value::Ascii(parts) = value(exif, tag)? else { return None };
    let line = text::line(&text::decode(parts.first()?))?;
    Some(line.chars().take(LONGEST).collect())
}
