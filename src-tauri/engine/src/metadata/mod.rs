//! What a photo says about itself: EXIF in JPEG, TIFF, PNG and WebP.
//!
//! Owns the reading of tags and the judgement of which values are believable;
//! knows no pixels (orientation belongs to decoding) and no database. One
//! convention: a value is there only if it is plausible, so nothing downstream
//! has to ask whether a camera really stood at 91° north in the year 0.

mod camera;
mod gps;
mod places;
mod time;

#[cfg(test)]
mod tests;

use std::io::Cursor;
use std::panic::{self, AssertUnwindSafe};

pub use places::{Place, nearest_place};
use exif::{Exif, In, Reader, Tag, Value};

/// What was read; anything absent, blank or implausible is `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    /// When the photo was taken, in seconds since 1970: the camera's wall clock
    /// read as UTC, so that photos sort and display as their owner remembers
    /// the hour, wherever that was.
    pub taken_at: Option<i64>,
    /// Make and model: "Canon EOS 5D".
    pub camera: Option<String>,
    /// The lens as the camera names it.
    pub lens: Option<String>,
    /// Degrees north, -90 to 90. There if and only if `lon` is.
    pub lat: Option<f64>,
    /// Degrees east, -180 to 180.
    pub lon: Option<f64>,
    /// Sensitivity.
    pub iso: Option<u32>,
    /// The f-number: 2.8.
    pub aperture: Option<f64>,
    /// Focal length of the lens, not of its 35 mm equivalent, in millimetres.
    pub focal_mm: Option<f64>,
    /// Exposure time in seconds.
    pub exposure_s: Option<f64>,
}

/// Reads what a file's bytes say. Total: of damaged blocks it takes what can be
/// read, of anything else the default; it never fails and never panics.
pub fn read(bytes: &[u8]) -> Metadata {
    // The parser is well tested, but it meets every file on the disk.
    panic::catch_unwind(AssertUnwindSafe(|| exif_of(bytes).map(|exif| from_exif(&exif))))
        .ok()
        .flatten()
        .unwrap_or_default()
}

fn exif_of(bytes: &[u8]) -> Option<Exif> {
    Reader::new()
        .continue_on_error(true)
        .read_from_container(&mut Cursor::new(bytes))
        .or_else(|error| error.distill_partial_result(|_| ()))
        .ok()
}

fn from_exif(exif: &Exif) -> Metadata {
    let position = gps::position(exif);
    Metadata {
        taken_at: [Tag::DateTimeOriginal, Tag::DateTimeDigitized, Tag::DateTime]
            .into_iter()
            .find_map(|tag| time::seconds(&text(exif, tag)?)),
        camera: camera::name(text(exif, Tag::Make), text(exif, Tag::Model)),
        lens: text(exif, Tag::LensModel),
        lat: position.map(|(lat, _)| lat),
        lon: position.map(|(_, lon)| lon),
        iso: value(exif, Tag::PhotographicSensitivity)
            .and_then(|value| value.get_uint(0))
            // 65,535 says "too large for this tag".
            .filter(|iso| (1..65_535).contains(iso)),
        aperture: positive(exif, Tag::FNumber)
            .or_else(|| apex(exif, Tag::ApertureValue).map(|av| (av / 2.0).exp2())),
        focal_mm: positive(exif, Tag::FocalLength),
        exposure_s: positive(exif, Tag::ExposureTime)
            .or_else(|| apex(exif, Tag::ShutterSpeedValue).map(|tv| (-tv).exp2())),
    }
}

/// The tag's value in the main picture's directories, not the thumbnail's.
fn value(exif: &Exif, tag: Tag) -> Option<&Value> {
    exif.get_field(tag, In::PRIMARY).map(|field| &field.value)
}

/// The number at `index`, whichever numeric type the writer chose; finite.
fn number(value: &Value, index: usize) -> Option<f64> {
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
fn text(exif: &Exif, tag: Tag) -> Option<String> {
    /// No camera or lens is called anything longer; files exist that claim so.
    const LONGEST: usize = 128;
    let Value::Ascii(parts) = value(exif, tag)? else { return None };
    let raw = String::from_utf8_lossy(parts.first()?);
    let printable = raw.replace(|c: char| c.is_control(), " ");
    let words: Vec<&str> = printable.split_whitespace().collect();
    let text: String = words.join(" ").chars().take(LONGEST).collect();
    (!text.is_empty()).then_some(text)
}
