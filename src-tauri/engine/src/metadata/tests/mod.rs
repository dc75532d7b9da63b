//! Properties proved here, on files made in the test and on real photos:
//! 1. every field is read from every container (`mod`, `said`);
//! 2. blank, impossible and half-given values are absent, not wrong (`mod`);
//! 3. of several answers the right one counts (`said`);
//! 4. what is hostile is refused in no time (`said`);
//! 5. no bytes whatever make anything here panic (`damage`).

mod build;
mod damage;
mod said;

use std::path::{Path, PathBuf};

use ::exif::{Context, Field, In, Rational, Tag, Value};

use super::*;
use build::{Said, block};

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

fn utf16(number: u16, text: &str) -> Field {
    let bytes = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    let tag = Tag(Context::Tiff, number);
    Field { tag, ifd_num: In::PRIMARY, value: Value::Byte(bytes) }
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
        ascii(Tag::OffsetTime, "+01:00"),
        ascii(Tag::OffsetTimeOriginal, "+11:00"),
        short(Tag::Orientation, 6),
        short(Tag(Context::Tiff, 0x4746), 4),
        ascii(Tag::ImageDescription, "Two dogs on a field"),
        utf16(0x9C9B, "Frost"),
        utf16(0x9C9E, "dog; field;dog"),
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
        utc_offset_min: Some(660),
        orientation: Some(6),
        title: Some("Frost".to_owned()),
        description: Some("Two dogs on a field".to_owned()),
        keywords: vec!["dog".to_owned(), "field".to_owned()],
        hierarchical_keywords: vec![],
        rating: Some(4),
        label: None,
        favourite: None,
    };
    (fields, expected)
}

#[test]
fn every_field_is_read_from_every_container() {
    let (fields, expected) = full();
    for (container, bytes) in (Said { exif: fields, ..Said::default() }).containers() {
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
fn an_offset_belongs_to_its_date() {
    let check = |fields: &[Field], expected| {
        assert_eq!(read(&block(fields)).utc_offset_min, expected);
    };
    let changed = ascii(Tag::DateTime, "2020:01:01 00:00:00");
    let offset = ascii(Tag::OffsetTime, "-03:30");
    let original = ascii(Tag::DateTimeOriginal, "2008:10:22 16:28:39");
    check(&[changed.clone(), offset.clone()], Some(-210));
    check(&[changed.clone(), offset.clone(), original.clone()], None);
    check(&[changed, offset, original, ascii(Tag::OffsetTimeOriginal, "   :  ")], None);
}

#[test]
fn what_cameras_fill_in_is_no_description() {
    let check = |text: &str, expected: Option<&str>| {
        let fields = [ascii(Tag::ImageDescription, text), ascii(Tag::Make, "ACME Corporation")];
        assert_eq!(read(&block(&fields)).description.as_deref(), expected, "{text:?}");
    };
    for filler in [
        "OLYMPUS DIGITAL CAMERA         ",
        "KODAK Digital Still Camera",
        "SONY DSC",
        "DCIM\\100MEDIA\\DJI_0042.JPG",
        "Acme Corporation",
        "          ",
        "----",
        "cof",
        "{\"filter\":0}",
    ] {
        check(filler, None);
    }
    check("A digital camera on a table", Some("A digital camera on a table"));
    let sold = "The summer in which everybody sold a digital for a film camera";
    check(sold, Some(sold));
    check("Oma\r\nund Opa", Some("Oma\nund Opa"));
}

#[test]
fn comments_are_read_as_they_say_they_are_written() {
    let check = |bytes: &[u8], expected: Option<&str>| {
        let value = Value::Undefined(bytes.to_vec(), 0);
        let field = Field { tag: Tag::UserComment, ifd_num: In::PRIMARY, value };
        assert_eq!(read(&block(&[field])).description.as_deref(), expected, "{bytes:?}");
    };
    check(b"ASCII\0\0\0At the lake\0\0\0", Some("At the lake"));
    check(b"\0\0\0\0\0\0\0\0At the lake", Some("At the lake"));
    check(b"UNICODE\0A\0t\0\xE4\0", Some("Atä"));
    check(b"UNICODE\0\0A\0t\0\xE4", Some("Atä"));
    check(b"UNICODE\0\xFE\xFF\0A", Some("A"));
    check(b"ASCII\0\0\0\x01\x02\x03binary", None);
    check(b"JIS\0\0\0\0\0\x30\x42", None);
    check(b"ASCII", None);
}

#[test]
fn stars_come_as_numbers_or_as_percentages() {
    let check = |number: u16, value: u16, expected| {
        let rating = read(&block(&[short(Tag(Context::Tiff, number), value)])).rating;
        assert_eq!(rating, expected, "{number:x} {value}");
    };
    for (percent, stars) in [(0, 0), (1, 1), (25, 2), (50, 3), (75, 4), (99, 5), (100, 5)] {
        check(0x4749, percent, Some(stars));
    }
    check(0x4749, 101, None);
    check(0x4746, 5, Some(5));
    check(0x4746, 6, None);
}

#[test]
fn files_without_exif_say_nothing() {
    for bytes in [&b""[..], b"no picture", b"\xFF\xD8\xFF\xD9", b"II*\0", b"RIFF\x04\0\0\0WEBP"] {
        assert_eq!(read(bytes), Metadata::default());
    }
}

/// The test photos, when they are there.
fn photos() -> Option<PathBuf> {
    let shared = std::env::var_os("AFTERIMAGE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let photos = shared.join("photos");
    if !photos.is_dir() {
        eprintln!("skipped: ../shared/photos is absent");
        return None;
    }
    Some(photos)
}

fn photo(name: &str) -> Option<Vec<u8>> {
    photos().map(|photos| std::fs::read(photos.join(name)).unwrap())
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

#[test]
fn real_files_of_every_format_are_understood() {
    let Some(bytes) = photo("formats/IMG_5195.HEIC") else { return };
    let phone = read(&bytes);
    assert_eq!(phone.taken_at, time::seconds("2021:04:11 15:47:53"));
    assert_eq!(phone.utc_offset_min, Some(-300));
    assert_eq!(phone.camera.as_deref(), Some("Apple iPhone 11 Pro Max"));
    let place = phone.lat.zip(phone.lon).and_then(|(lat, lon)| nearest_place(lat, lon)).unwrap();
    assert_eq!((place.city, place.region, place.country_code), ("Blue Springs", "Missouri", "US"));

    let of = |name: &str| read(&photo(name).unwrap());
    let camera = |name| of(name).camera;
    assert_eq!(camera("formats/issue_649.avif").as_deref(), Some("Canon EOS 70D"));
    assert_eq!(camera("formats/issue_247-1.nef").as_deref(), Some("NIKON D70s"));
    assert_eq!(camera("formats/HTC_Desire.webp").as_deref(), Some("HTC Desire"));
    assert_eq!(of("formats/8x4x8bit-Grayscale.psd").utc_offset_min, Some(60));
    assert_eq!(of("formats/nokia_hdr.heif").iso, Some(100));

    // Written by people: with Photoshop, and by a program that knew no EXIF.
    let square = of("camera/BlueSquare.jpg");
    assert_eq!(square.title.as_deref(), Some("Blue Square Test File - .jpg"));
    assert_eq!(square.keywords, ["XMP", "Blue Square", "test file", "Photoshop", ".jpg"]);
    assert_eq!(of("camera/no_exif.jpg").keywords, ["tag"]);
    // A filler that a program copied from EXIF to XMP.
    assert_eq!(of("camera/large_09b01244e1.jpg").description, None);
    // The name of the camera in the place of a description.
    assert_eq!(of("camera/large_1cc0788af2.jpg").description, None);
    assert_eq!(of("camera/large_2a4e3467b6.jpg").description.as_deref(), Some("æøå"));

    for number in [10, 12, 21, 25, 27, 29, 38, 40, 42] {
        let walk = of(&format!("gps/DSCN00{number}.jpg"));
        let place = nearest_place(walk.lat.unwrap(), walk.lon.unwrap()).unwrap();
        assert_eq!((place.city, place.country), ("Arezzo", "Italy"));
    }
}
