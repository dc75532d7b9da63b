//! Properties proved here, on EXIF blocks made in the test and on real photos:
//! 1. every field is read from every container;
//! 2. blank, impossible and half-given values are absent, not wrong;
//! 3. no bytes whatever make `read` panic.

use std::path::{Path, PathBuf};

use ::exif::experimental::Writer;
use ::exif::{Field, Rational};
use image::ImageEncoder;
use image::codecs::{jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder};
use proptest::prelude::*;

use super::*;
use ::exif::{In, Tag, Value};

fn ascii(tag: Tag, text: &str) -> Field {
    Field { tag, ifd_num: In::PRIMARY, value: Value::Ascii(vec![text.as_bytes().to_vec()]) }
}

fn rational(tag: Tag, numbers: &[(u32, u32)]) -> Field {
    let numbers = numbers.iter().map(|&pair| Rational::from(pair)).collect();
    Field { tag, ifd_num: In::PRIMARY, value: Value::Rational(numbers) }
}

fn short(tag: Tag, number: u16) -> Field {
    Field { tag, ifd_num: In::PRIMARY, value: Value::Short(vec![number]) }
}

/// An EXIF block, which is also a TIFF file without a picture.
fn block(fields: &[Field]) -> Vec<u8> {
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut bytes = std::io::Cursor::new(Vec::new());
    writer.write(&mut bytes, true).unwrap();
    bytes.into_inner()
}

fn full() -> (Vec<Field>, Metadata) {
    let fields = vec![
        ascii(Tag::Make, "Canon"),
        ascii(Tag::Model, "Canon EOS 5D  \t"),
        ascii(Tag::LensModel, "EF24-105mm f/4L IS USM"),
        ascii(Tag::DateTime, "2020:01:01 00:00:00"),
        ascii(Tag::DateTimeOriginal, "2008:10:22 16:28:39"),
        ascii(Tag::DateTimeDigitized, "2010:01:01 00:00:00"),
        ascii(Tag::GPSLatitudeRef, "S"),
        rational(Tag::GPSLatitude, &[(33, 1), (51, 1), (3540, 100)]),
        ascii(Tag::GPSLongitudeRef, "E"),
        rational(Tag::GPSLongitude, &[(151, 1), (12, 1), (36, 1)]),
        short(Tag::PhotographicSensitivity, 400),
        rational(Tag::FNumber, &[(28, 10)]),
        rational(Tag::FocalLength, &[(105, 1)]),
        rational(Tag::ExposureTime, &[(1, 250)]),
    ];
    let expected = Metadata {
        taken_at: Some(1_224_692_919),
        camera: Some("Canon EOS 5D".to_owned()),
        lens: Some("EF24-105mm f/4L IS USM".to_owned()),
        lat: Some(-(33.0 + 51.0 / 60.0 + 35.4 / 3600.0)),
        lon: Some(151.0 + 12.0 / 60.0 + 36.0 / 3600.0),
        iso: Some(400),
        aperture: Some(2.8),
        focal_mm: Some(105.0),
        exposure_s: Some(0.004),
        ..Metadata::default()
    };
    (fields, expected)
}

/// The block inside every container, with a picture of one pixel.
fn containers(exif: &[u8]) -> [(&'static str, Vec<u8>); 4] {
    let mut jpeg = Vec::new();
    let mut png = Vec::new();
    let mut webp = Vec::new();
    fn write(mut encoder: impl ImageEncoder, exif: &[u8]) {
        encoder.set_exif_metadata(exif.to_vec()).unwrap();
        encoder.write_image(&[9, 9, 9], 1, 1, image::ExtendedColorType::Rgb8).unwrap();
    }
    write(JpegEncoder::new(&mut jpeg), exif);
    write(PngEncoder::new(&mut png), exif);
    write(WebPEncoder::new_lossless(&mut webp), exif);
    [("JPEG", jpeg), ("PNG", png), ("WebP", webp), ("TIFF", exif.to_vec())]
}

#[test]
fn every_field_is_read_from_every_container() {
    let (fields, expected) = full();
    for (container, bytes) in containers(&block(&fields)) {
        assert_eq!(read(&bytes), expected, "{container}");
    }
}

#[test]
fn the_date_falls_back_past_impossible_ones() {
    let original = |text| ascii(Tag::DateTimeOriginal, text);
    let check = |fields: &[Field], expected| assert_eq!(read(&block(fields)).taken_at, expected);
    let digitized = ascii(Tag::DateTimeDigitized, "2010:01:01 00:00:00");
    let changed = ascii(Tag::DateTime, "2020:01:01 00:00:00");
    check(
        &[changed.clone(), digitized.clone(), original("0000:00:00 00:00:00")],
        Some(1_262_304_000),
    );
    check(&[changed, original("2019:02:30 10:00:00")], Some(1_577_836_800));
    check(&[original("    :  :     :  :  ")], None);
}

#[test]
fn a_position_needs_hemispheres_and_a_place_on_earth() {
    let check = |lat: &[(u32, u32)], lat_ref: Option<&str>, lon: &[(u32, u32)], expected| {
        let mut fields = vec![
            rational(Tag::GPSLatitude, lat),
            rational(Tag::GPSLongitude, lon),
            ascii(Tag::GPSLongitudeRef, "W"),
        ];
        fields.extend(lat_ref.map(|letter| ascii(Tag::GPSLatitudeRef, letter)));
        let metadata = read(&block(&fields));
        assert_eq!(metadata.lat.zip(metadata.lon), expected, "{lat:?} {lat_ref:?} {lon:?}");
    };
    check(&[(455, 10)], Some("N"), &[(10, 1)], Some((45.5, -10.0)));
    check(&[(45, 1), (30, 1), (0, 0)], Some("s"), &[(10, 1), (0, 1), (0, 1)], Some((-45.5, -10.0)));
    check(&[(45, 1)], None, &[(10, 1)], None);
    check(&[(45, 1)], Some("X"), &[(10, 1)], None);
    check(&[(91, 1)], Some("N"), &[(10, 1)], None);
    check(&[(90, 1), (0, 1), (1, 1)], Some("N"), &[(10, 1)], None);
    check(&[(45, 1)], Some("N"), &[(181, 1)], None);
    check(&[(0, 0), (0, 0), (0, 0)], Some("N"), &[(0, 0), (0, 0), (0, 0)], None);
    check(&[(0, 1)], Some("N"), &[(0, 1)], None);
    check(&[(0, 1)], Some("N"), &[(10, 1)], Some((0.0, -10.0)));
}

#[test]
fn apex_values_stand_in_and_zeros_do_not() {
    let tv = Value::SRational(vec![::exif::SRational::from((66, 10))]);
    let metadata = read(&block(&[
        Field { tag: Tag::ShutterSpeedValue, ifd_num: In::PRIMARY, value: tv },
        rational(Tag::ApertureValue, &[(4, 1)]),
        rational(Tag::FocalLength, &[(0, 1)]),
        short(Tag::PhotographicSensitivity, 0),
    ]));
    assert!((metadata.exposure_s.unwrap() - 1.0 / 97.0).abs() < 1e-4);
    assert_eq!(metadata.aperture, Some(4.0));
    assert_eq!((metadata.focal_mm, metadata.iso), (None, None));
}

#[test]
fn files_without_exif_say_nothing() {
    for bytes in [&b""[..], b"no picture", b"\xFF\xD8\xFF\xD9", b"II*\0", b"RIFF\x04\0\0\0WEBP"] {
        assert_eq!(read(bytes), Metadata::default());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn damaged_bytes_never_panic(
        container in 0usize..4,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..10),
        end in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = containers(&block(&full().0))[container].1.clone();
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if cut {
            bytes.truncate(end.index(bytes.len() + 1));
        }
        // `read` catches panics, so the part within is called.
        let metadata = embedded(&bytes);
        prop_assert_eq!(metadata.lat.is_some(), metadata.lon.is_some());
        prop_assert!(metadata.lat.is_none_or(|lat| lat.abs() <= 90.0));
        prop_assert!(metadata.lon.is_none_or(|lon| lon.abs() <= 180.0));
        prop_assert!(metadata.exposure_s.is_none_or(|s| s.is_finite() && s > 0.0));
    }
}

/// A test photo's bytes, when the test photos are there.
fn photo(name: &str) -> Option<Vec<u8>> {
    let shared = std::env::var_os("AFTERIMAGE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let photos = shared.join("photos");
    if !photos.is_dir() {
        eprintln!("skipped: ../shared/photos is absent");
        return None;
    }
    Some(std::fs::read(photos.join(name)).unwrap())
}

#[test]
fn real_cameras_are_understood() {
    let check = |name: &str,
                 taken_at: Option<i64>,
                 camera: Option<&str>,
                 position: Option<(f64, f64)>| {
        let Some(bytes) = photo(name) else { return };
        let metadata = read(&bytes);
        eprintln!("{name}: {metadata:?}");
        assert_eq!(metadata.taken_at, taken_at, "{name}");
        assert_eq!(metadata.camera.as_deref(), camera, "{name}");
        let read = metadata.lat.zip(metadata.lon);
        assert_eq!(read.is_some(), position.is_some(), "{name}");
        if let (Some(read), Some(known)) = (read, position) {
            assert!((read.0 - known.0).abs() < 1e-5 && (read.1 - known.1).abs() < 1e-5, "{read:?}");
        }
    };
    let at = |text| Some(time::seconds(text).unwrap());
    check(
        "gps/DSCN0010.jpg",
        at("2008:10:22 16:28:39"),
        Some("NIKON COOLPIX P6000"),
        Some((43.467_448, 11.885_127)),
    );
    check(
        "camera/iphone_hdr_NO.jpg",
        at("2015:04:10 20:12:23"),
        Some("Apple iPhone 6"),
        Some((40.446_972, -3.724_753)),
    );
    check("camera/large_2a57a8da64.jpg", at("2005:09:25 00:31:00"), Some("Canon EOS 5D"), None);
    // The clock was set after the photo was taken: the original date counts.
    check(
        "camera/olympus-c960.jpg",
        at("2000:11:07 10:41:43"),
        Some("OLYMPUS OPTICAL C960Z,D460Z"),
        None,
    );
    // A film scanner that leaves the date blank.
    check("camera/large_306594bed2.jpg", None, Some("Noritsu Koki QSS"), None);
    check("camera/BlueSquare.jpg", at("2005:09:07 15:09:51"), None, None);
    check("camera/sony-powershota5.jpg", None, None, None);
}
