//! Canon's CR3: an ISO base media file with JPEG pictures beside the sensor's
//! data.
//!
//! A thumbnail is in `moov`, a preview in a box of its own, and a picture of full
//! size among the tracks. Whatever of them begins as a JPEG counts.

use crate::decode::iso::{boxes, brands, full, inside};

/// The box in `moov` that holds Canon's notes and the thumbnail.
const NOTES: [u8; 16] = 0x85c0_b687_820f_11e0_8111_f4ce_462b_6a48_u128.to_be_bytes();
/// The box at the top that holds the preview.
const PREVIEW: [u8; 16] = 0xeaf4_2b5e_1c98_4b88_b9fb_b7dc_406e_4d16_u128.to_be_bytes();

/// Fields that may come before a thumbnail's or preview's JPEG.
const MOST_FIELDS: usize = 32;
/// Tracks that are looked at: a camera writes four.
const MOST_TRACKS: usize = 16;

pub(super) fn is_cr3(bytes: &[u8]) -> bool {
    brands(bytes).next() == Some(*b"crx ")
}

/// What may be a JPEG.
pub(super) fn pictures(bytes: &[u8]) -> Vec<&[u8]> {
    let moov = inside(bytes, b"moov").unwrap_or_default();
    let thumbnail = of_owner(moov, &NOTES).and_then(|notes| inside(notes, b"THMB"));
    let preview = of_owner(bytes, &PREVIEW).and_then(|content| {
        // Behind two numbers whose meaning nobody knows.
        inside(content.get(8..)?, b"PRVW")
    });
    let tracks = boxes(moov).filter(|(kind, _)| kind == b"trak").take(MOST_TRACKS);
    let tracks = tracks.filter_map(|(_, track)| sample(bytes, track));
    [thumbnail, preview].into_iter().flatten().filter_map(jpeg_within).chain(tracks).collect()
}

/// The first of Canon's notes: a TIFF directory that tells, among others, how
/// the camera was held.
pub(super) fn directory(bytes: &[u8]) -> Option<&[u8]> {
    inside(of_owner(inside(bytes, b"moov")?, &NOTES)?, b"CMT1")
}

/// The content of the box that bears this id.
fn of_owner<'a>(bytes: &'a [u8], id: &[u8; 16]) -> Option<&'a [u8]> {
    boxes(bytes)
        .filter(|(kind, _)| kind == b"uuid")
        .find_map(|(_, content)| content.strip_prefix(id))
}

fn jpeg_within(content: &[u8]) -> Option<&[u8]> {
    let start = content.get(..MOST_FIELDS + 3).unwrap_or(content);
    let at = start.windows(3).position(|three| three == [0xFF, 0xD8, 0xFF])?;
    content.get(at..)
}

/// The only sample of a track, if it begins as a JPEG.
fn sample<'a>(bytes: &'a [u8], track: &'a [u8]) -> Option<&'a [u8]> {
    let path = [b"mdia", b"minf", b"stbl"];
    let table = path.into_iter().try_fold(track, inside)?;
    let sizes = full(inside(table, b"stsz")?)?;
    // One for all, or else the first of a list.
    let length = match u32_at(sizes, 0)? {
        0 => u32_at(sizes, 8)?,
        length => length,
    };
    let offset = match inside(table, b"co64") {
        Some(content) => u64::from_be_bytes(*full(content)?.get(4..)?.first_chunk()?),
        None => u32_at(full(inside(table, b"stco")?)?, 4)?.into(),
    };
    let rest = bytes.get(usize::try_from(offset).ok()?..)?;
    let sample = &rest[..(length as usize).min(rest.len())];
    sample.starts_with(&[0xFF, 0xD8, 0xFF]).then_some(sample)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{ENOUGH, check, jpeg};
    use super::super::{is_raw, preview};
    use super::*;
    use crate::decode::iso::tests::boxed;
    use crate::decode::{Detail, Limits, decode};

    /// As a camera writes it, its tracks' offsets in 32 or 64 bits.
    fn cr3(orientation: u8, long: bool) -> Vec<u8> {
        let tiff = [
            b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".as_slice(),
            &[orientation, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        let thumbnail = boxed(b"THMB", &[&[0; 16], jpeg(16, 8).as_slice()].concat());
        let notes = [NOTES.as_slice(), &boxed(b"CMT1", &tiff), &thumbnail].concat();
        let whole = jpeg(96, 64);
        // The file's length up to the samples does not depend on their place.
        let file = |at: u64| {
            let length = (whole.len() as u32).to_be_bytes();
            let sizes = boxed(b"stsz", &[&[0; 4], length.as_slice(), &[0, 0, 0, 1]].concat());
            let places = if long {
                boxed(b"co64", &[&[0, 0, 0, 0, 0, 0, 0, 1], at.to_be_bytes().as_slice()].concat())
            } else {
                let at = (at as u32).to_be_bytes();
                boxed(b"stco", &[&[0, 0, 0, 0, 0, 0, 0, 1], at.as_slice()].concat())
            };
            let table = boxed(b"stbl", &[sizes, places].concat());
            let track = boxed(b"trak", &boxed(b"mdia", &boxed(b"minf", &table)));
            let moov = boxed(b"moov", &[boxed(b"uuid", &notes), track].concat());
            let preview = boxed(b"PRVW", &[&[0; 16], jpeg(48, 32).as_slice()].concat());
            let preview = [PREVIEW.as_slice(), &[0; 8], &preview].concat();
            let kind = boxed(b"ftyp", b"crx \0\0\0\x01crx isom");
            [kind, moov, boxed(b"uuid", &preview)].concat()
        };
        let at = file(0).len() as u64 + 8;
        [file(at), boxed(b"mdat", &whole)].concat()
    }

    #[test]
    fn all_three_pictures_are_found() {
        for long in [false, true] {
            let file = cr3(1, long);
            assert_eq!(pictures(&file).len(), 3);
            check(&file, ENOUGH, &jpeg(48, 32));
            check(&file, Detail::Full, &jpeg(96, 64));
        }
    }

    #[test]
    fn the_cameras_orientation_is_applied() {
        let picture = decode(&cr3(6, true), &Limits::default(), Detail::Full).unwrap();
        assert_eq!(picture.size, (64, 96));
    }

    proptest! {
        #[test]
        fn damaged_files_are_walked_to_an_end(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..40),
            end: prop::sample::Index,
            long: bool,
        ) {
            let mut bytes = cr3(1, long);
            for (at, value) in damage {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            bytes.truncate(end.index(bytes.len()) + 1);
            let _ = is_raw(&bytes);
            let _ = preview(&bytes, ENOUGH);
            prop_assert!(pictures(&bytes).len() <= MOST_TRACKS + 2);
        }
    }
}
