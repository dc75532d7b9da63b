//! Where a photo was taken.

use ::exif::{Exif, Tag};

use super::exif::{number, text, value};

/// Latitude and longitude in degrees, north and east positive.
///
/// Without its hemisphere a coordinate could be on the wrong side of the world,
/// so it is refused, as are values out of range and the exact origin, which is
/// what devices write that have no fix.
pub(super) fn position(exif: &Exif) -> Option<(f64, f64)> {
    let lat = coordinate(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, ["N", "S"], 90.0)?;
    let lon = coordinate(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, ["E", "W"], 180.0)?;
    ((lat, lon) != (0.0, 0.0)).then_some((lat, lon))
}

fn coordinate(
    exif: &Exif,
    tag: Tag,
    reference: Tag,
    [plus, minus]: [&str; 2],
    most: f64,
) -> Option<f64> {
    let sign = match text(exif, reference)? {
        letter if letter.eq_ignore_ascii_case(plus) => 1.0,
        letter if letter.eq_ignore_ascii_case(minus) => -1.0,
        _ => return None,
    };
    let parts = value(exif, tag)?;
    // Some writers give decimal degrees, or degrees and decimal minutes, and
    // leave the rest out or as 0/0.
    let degrees = number(parts, 0)?;
    let minutes = number(parts, 1).unwrap_or(0.0);
    let seconds = number(parts, 2).unwrap_or(0.0);
    if degrees < 0.0 || minutes < 0.0 || seconds < 0.0 {
        return None;
    }
    let angle = degrees + minutes / 60.0 + seconds / 3600.0;
    (angle <= most).then_some(sign * angle)
}
