//! Properties proved here:
//! 1. every kind of colours, depth and compression gives the pixels that went in;
//! 2. a profile comes along, and a file without a picture of all layers says so;
//! 3. no bytes make the parser panic, or take memory that the file does not back.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn header(
    version: u16,
    channels: u16,
    (width, height): (u32, u32),
    depth: u16,
    mode: u16,
) -> Vec<u8> {
    let mut bytes = b"8BPS".to_vec();
    bytes.extend(version.to_be_bytes());
    bytes.extend([0; 6]);
    bytes.extend(channels.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.extend(depth.to_be_bytes());
    bytes.extend(mode.to_be_bytes());
    bytes
}

fn sections(bytes: &mut Vec<u8>, palette: &[u8], resources: &[u8], large: bool) {
    for section in [palette, resources] {
        bytes.extend((section.len() as u32).to_be_bytes());
        bytes.extend(section);
    }
    bytes.extend(vec![0; if large { 8 } else { 4 }]);
}

fn resource(id: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"8BIM".to_vec();
    bytes.extend(id.to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend((data.len() as u32).to_be_bytes());
    bytes.extend(data);
    bytes.extend(vec![0; data.len() % 2]);
    bytes
}

/// Uncompressed, two pixels in a row.
fn raw(channels: u16, depth: u16, mode: u16, palette: &[u8], samples: &[u8]) -> Vec<u8> {
    let mut bytes = header(1, channels, (2, 1), depth, mode);
    sections(&mut bytes, palette, &[], false);
    bytes.extend([0, 0]);
    bytes.extend(samples);
    bytes
}

/// Two rows of three pixels in RLE, with an alpha channel that is not read.
fn packed(version: u16) -> Vec<u8> {
    let large = version == 2;
    let mut bytes = header(version, 4, (3, 2), 8, 3);
    let profile = resource(PROFILE, b"profile");
    sections(&mut bytes, &[], &[resource(VERSION, &[0, 0, 0, 1, 1]), profile].concat(), large);
    bytes.extend([0, 1]);
    let rows: [&[u8]; 8] = [
        &[2, 1, 2, 3],
        &[0xFE, 9],
        &[0x80, 0xFE, 7],
        &[0, 5, 0xFF, 6],
        &[0xFE, 0],
        &[0xFE, 255],
        &[0xFE, 1],
        &[0xFE, 1],
    ];
    for row in rows {
        let length = row.len() as u32;
        bytes.extend(if large {
            length.to_be_bytes().to_vec()
        } else {
            (length as u16).to_be_bytes().to_vec()
        });
    }
    bytes.extend(rows.concat());
    bytes
}

fn decoded(bytes: &[u8]) -> Result<Pixels, DecodeError> {
    decode(bytes, &Limits::default(), Instant::now() + Duration::from_secs(60))
}

fn check(bytes: &[u8], expected: &[u8]) {
    assert_eq!(decoded(bytes).unwrap().rgb.as_raw(), expected);
}

#[test]
fn inks_are_shown_as_their_profile_has_them_printed() {
    let mut bytes = header(1, 4, (4, 1), 8, 4);
    sections(&mut bytes, &[], &resource(PROFILE, &colour::tests::press()), false);
    bytes.extend([0, 0]);
    for channel in 0..4 {
        bytes.extend(colour::tests::INKS.map(|ink| 255 - ink[channel]));
    }
    let picture = decoded(&bytes).unwrap();
    assert_eq!(picture.profile, None);
    for (pixel, expected) in picture.rgb.pixels().zip(colour::tests::PRINTED) {
        let off = pixel.0.iter().zip(expected).map(|(a, b)| a.abs_diff(b)).max();
        assert!(off <= Some(2), "{pixel:?}, expected {expected:?}");
    }
}

#[test]
fn every_kind_of_colours_is_read() {
    check(&raw(1, 8, 1, &[], &[7, 200]), &[7, 7, 7, 200, 200, 200]);
    check(&raw(1, 8, 8, b"inks", &[7, 200]), &[7, 7, 7, 200, 200, 200]);
    check(&raw(1, 16, 1, &[], &[7, 7, 255, 255]), &[7, 7, 7, 255, 255, 255]);
    check(&raw(1, 1, 0, &[], &[0b0100_0000]), &[255, 255, 255, 0, 0, 0]);
    check(&raw(3, 8, 3, &[], &[1, 2, 3, 4, 5, 6]), &[1, 3, 5, 2, 4, 6]);
    // No ink is white; half of yellow and all of black.
    check(&raw(4, 8, 4, &[], &[255, 255, 255, 255, 255, 128, 255, 0]), &[255, 255, 255, 0, 0, 0]);
    check(
        &raw(5, 8, 4, &[], &[255, 255, 255, 255, 255, 128, 255, 255, 9, 9]),
        &[255, 255, 255, 255, 255, 128],
    );
    let mut palette = vec![0; 768];
    (palette[3], palette[256 + 3], palette[512 + 3]) = (10, 20, 30);
    check(&raw(1, 8, 2, &palette, &[3, 0]), &[10, 20, 30, 0, 0, 0]);
}

#[test]
fn packed_rows_and_a_profile_are_read() {
    for version in [1, 2] {
        let picture = decoded(&packed(version)).unwrap();
        assert_eq!(picture.profile.as_deref(), Some(b"profile".as_slice()));
        assert_eq!(picture.rgb.dimensions(), (3, 2));
        assert_eq!(
            picture.rgb.as_raw(),
            &[1, 7, 0, 2, 7, 0, 3, 7, 0, 9, 5, 255, 9, 6, 255, 9, 6, 255]
        );
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let refused = |bytes: &[u8], words: &str| {
        let error = decoded(bytes).unwrap_err();
        assert!(error.permanent && error.to_string().contains(words), "{error}");
    };
    refused(&raw(3, 8, 9, &[], &[0; 6]), "Lab");
    refused(&raw(3, 32, 3, &[], &[0; 24]), "32 bits");
    refused(&raw(2, 8, 3, &[], &[0; 6]), "contradicts");
    refused(&raw(3, 8, 3, &[], &[0; 5]), "cut off");
    refused(&raw(1, 8, 2, &[0; 767], &[0; 2]), "palette");
    let whole = packed(1);
    for end in 0..whole.len() - 4 {
        assert!(decoded(&whole[..end]).is_err(), "{end}");
    }
    let mut flat = header(1, 3, (2, 1), 8, 3);
    sections(&mut flat, &[], &resource(VERSION, &[0, 0, 0, 1, 0]), false);
    flat.extend([0; 8]);
    refused(&flat, "Maximize Compatibility");
    // Whatever it says of itself, this is a picture.
    *flat.last_mut().unwrap() = 1;
    check(&flat, &[0, 0, 0, 0, 0, 1]);
    // A row's length that its pixels do not have.
    let mut long = packed(1);
    let at = long.len() - 14;
    long[at] = 0x81;
    assert!(decoded(&long).is_err());
}

#[test]
fn time_is_looked_at() {
    let error = decode(&packed(1), &Limits::default(), Instant::now()).unwrap_err();
    assert!(!error.permanent);
}

proptest! {
    #[test]
    fn damaged_files_never_panic(
        version in 1u16..3,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..10),
        end: prop::sample::Index,
    ) {
        let mut bytes = packed(version);
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(end.index(bytes.len()) + 1);
        // As `open` does before it decodes.
        if let Ok(header) = Header::read(&bytes)
            && header.memory() < 10_000_000
            && header.width > 0
            && header.height > 0
            && let Ok(picture) = decoded(&bytes)
        {
            prop_assert_eq!(picture.size, (header.width, header.height));
        }
    }

    #[test]
    fn packed_bytes_fill_a_row_or_fail(packed: Vec<u8>, length in 0usize..300) {
        let mut row = vec![0; length];
        let _ = unpack(&packed, &mut row);
    }
}
