//! Copies of photos: the same bytes where nothing changes, true metadata where
//! something does, and nothing where nothing was to be told.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use afterimage_engine::{
    Cancel, Code, ExportFormat, ExportProgress, ExportRequest, Exported, PhotoId,
};
use image::codecs::jpeg::JpegEncoder;
use image::{
    DynamicImage, GenericImageView, ImageDecoder, ImageEncoder, ImageReader, Rgb, RgbImage,
};

use crate::support::{Fixture, pattern};

/// An EXIF block: orientation 6, a camera, a place north of the equator, and the
/// width and height of the stored picture.
fn exif(width: u32, height: u32) -> Vec<u8> {
    use exif::experimental::Writer;
    use exif::{Field, In, Rational, Tag, Value};
    let degrees = |n| {
        Value::Rational(vec![
            Rational { num: n, denom: 1 },
            Rational { num: 30, denom: 1 },
            Rational { num: 0, denom: 1 },
        ])
    };
    let text = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
    let values = [
        (Tag::Orientation, Value::Short(vec![6])),
        (Tag::Model, text("Box Brownie")),
        (Tag::DateTimeOriginal, text("2021:05:06 07:08:09")),
        (Tag::PixelXDimension, Value::Long(vec![width])),
        (Tag::PixelYDimension, Value::Long(vec![height])),
        (Tag::GPSLatitude, degrees(48)),
        (Tag::GPSLatitudeRef, text("N")),
        (Tag::GPSLongitude, degrees(11)),
        (Tag::GPSLongitudeRef, text("E")),
    ];
    let fields = values.map(|(tag, value)| Field { tag, ifd_num: In::PRIMARY, value });
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut bytes = std::io::Cursor::new(Vec::new());
    writer.write(&mut bytes, true).unwrap();
    bytes.into_inner()
}

const XMP: &str = "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF \
    xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" \
    xmlns:tiff=\"http://ns.adobe.com/tiff/1.0/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" \
    xmlns:dc=\"http://purl.org/dc/elements/1.1/\" tiff:Orientation=\"6\" xmp:Rating=\"4\">\
    <dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">A garden</rdf:li></rdf:Alt></dc:title>\
    </rdf:Description></rdf:RDF></x:xmpmeta>";

/// IPTC's record of one keyword.
fn iptc(keyword: &str) -> Vec<u8> {
    let length = u16::try_from(keyword.len()).unwrap().to_be_bytes();
    [b"\x1C\x02\x19", length.as_slice(), keyword.as_bytes()].concat()
}

fn segment(marker: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, marker], length.as_slice(), &body].concat()
}

/// A picture whose stored left half is red and right half blue.
fn halves(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| {
        if x < width / 2 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) }
    })
}

fn jpeg(picture: &RgbImage, profile: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 90);
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile.to_vec()).unwrap();
    }
    picture.write_with_encoder(encoder).unwrap();
    bytes
}

/// A JPEG that says much: EXIF, XMP, IPTC, a comment, and a film after its end.
fn talkative(width: u32, height: u32) -> Vec<u8> {
    let plain = jpeg(&halves(width, height), None);
    let records = iptc("tulips");
    let length = u32::try_from(records.len()).unwrap().to_be_bytes();
    let resource = [b"8BIM\x04\x04\0\0", length.as_slice(), &records, &[0][..records.len() % 2]];
    [
        b"\xFF\xD8".to_vec(),
        segment(0xE1, &[b"Exif\0\0", &exif(width, height)]),
        segment(0xE1, &[b"http://ns.adobe.com/xap/1.0/\0", XMP.as_bytes()]),
        segment(0xED, &[b"Photoshop 3.0\0", &resource.concat()]),
        segment(0xFE, &[b"secret comment"]),
        plain[2..].to_vec(),
        b"a secret film".to_vec(),
    ]
    .concat()
}

/// Where exports go: beside the photos.
struct Desk {
    f: Fixture,
    to: PathBuf,
}

impl Desk {
    /// With these files, indexed.
    fn with(files: &[(&str, &[u8])]) -> Self {
        let f = Fixture::new();
        for (name, bytes) in files {
            fs::write(f.path(name), bytes).unwrap();
        }
        f.add();
        f.index();
        let to = f.dir.path().join("copies");
        Self { f, to }
    }

    fn request(&self, names: &[&str]) -> ExportRequest {
        ExportRequest {
            photos: names.iter().map(|name| self.f.id(name)).collect(),
            folder: self.to.clone(),
            format: ExportFormat::Original,
            longest_edge: None,
            quality: 90,
            pattern: "{name}".into(),
            metadata: true,
        }
    }

    fn export(&self, request: &ExportRequest) -> Exported {
        self.f.engine.export(request, &Cancel::default(), &|_| {}).unwrap()
    }

    /// The names of the copies.
    fn copies(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.to).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn copy(&self, name: &str) -> Vec<u8> {
        fs::read(self.to.join(name)).unwrap()
    }
}

fn decoded(bytes: &[u8]) -> DynamicImage {
    image::load_from_memory(bytes).unwrap()
}

/// What a copy says, read by the engine itself: of a library that has it alone.
fn read_back(name: &str, bytes: &[u8]) -> afterimage_engine::Photo {
    let desk = Desk::with(&[(name, bytes)]);
    desk.f.engine.photo(desk.f.id(name)).unwrap()
}

#[test]
fn what_is_not_to_change_is_copied_byte_by_byte() {
    let bytes = talkative(60, 40);
    let desk = Desk::with(&[("Garden.JPG", &bytes)]);
    let original = desk.f.path("Garden.JPG");
    let time = fs::metadata(&original).unwrap().modified().unwrap();
    let request = desk.request(&["Garden.JPG"]);
    let exported = desk.export(&request);
    assert_eq!((exported.written, exported.failed.as_slice()), (1, &[][..]));
    assert!(desk.copy("Garden.JPG") == bytes);
    assert_eq!(fs::metadata(desk.to.join("Garden.JPG")).unwrap().modified().unwrap(), time);

    // Nor is one encoded again that is small enough already.
    desk.export(&ExportRequest { longest_edge: Some(60), ..request });
    assert!(desk.copy("Garden (2).JPG") == bytes);
    assert!(fs::read(&original).unwrap() == bytes, "the original is only read");
}

#[test]
fn smaller_copies_are_upright_exact_in_size_and_say_the_same() {
    let bytes = talkative(600, 400);
    let desk = Desk::with(&[("garden.jpg", &bytes)]);
    for (format, name) in [
        (ExportFormat::Original, "garden.jpg"),
        (ExportFormat::Png, "garden.png"),
        (ExportFormat::WebP, "garden.webp"),
    ] {
        let request = desk.request(&["garden.jpg"]);
        desk.export(&ExportRequest { format, longest_edge: Some(150), ..request });
        let copy = desk.copy(name);
        let picture = decoded(&copy);
        assert_eq!(picture.dimensions(), (100, 150), "{name}");
        // Turned by a quarter, what was left is above.
        let [above, below] = [30, 120].map(|y| picture.to_rgb8().get_pixel(50, y).0);
        assert!(above[0] > 180 && below[2] > 180, "{name}: {above:?} {below:?}");

        let photo = read_back(name, &copy);
        assert_eq!((photo.width, photo.height), (Some(100), Some(150)), "not turned again: {name}");
        assert_eq!(photo.camera.as_deref(), Some("Box Brownie"));
        assert_eq!(photo.taken_at, Some(1_620_284_889));
        assert_eq!((photo.lat, photo.lon), (Some(48.5), Some(11.5)));
        assert_eq!((photo.title.as_deref(), photo.rating), (Some("A garden"), Some(4)));
        let text = String::from_utf8_lossy(&copy);
        assert!(text.contains("tiff:Orientation=\"1\""), "{name}");
        if name == "garden.jpg" {
            assert_eq!(photo.keywords, ["tulips"], "IPTC's");
            let fields =
                exif::Reader::new().read_from_container(&mut std::io::Cursor::new(&copy)).unwrap();
            let number = |tag| fields.get_field(tag, exif::In::PRIMARY)?.value.get_uint(0);
            assert_eq!(number(exif::Tag::Orientation), Some(1));
            assert_eq!(number(exif::Tag::PixelXDimension), Some(100));
            assert_eq!(number(exif::Tag::PixelYDimension), Some(150));
        }
    }
}

#[test]
fn iptc_is_told_by_xmp_where_it_has_no_place() {
    let plain = jpeg(&halves(60, 40), None);
    let records = iptc("tulips");
    let length = u32::try_from(records.len()).unwrap().to_be_bytes();
    let resource = [b"8BIM\x04\x04\0\0", length.as_slice(), &records, &[0][..records.len() % 2]];
    let said = segment(0xED, &[b"Photoshop 3.0\0", &resource.concat()]);
    let bytes = [&plain[..2], &said, &plain[2..]].concat();
    let desk = Desk::with(&[("a.jpg", &bytes)]);
    for (format, name) in [(ExportFormat::Png, "a.png"), (ExportFormat::WebP, "a.webp")] {
        desk.export(&ExportRequest { format, ..desk.request(&["a.jpg"]) });
        assert_eq!(read_back(name, &desk.copy(name)).keywords, ["tulips"], "{name}");
    }
}

#[test]
fn copies_without_metadata_say_nothing() {
    let bytes = talkative(600, 400);
    let desk = Desk::with(&[("garden.jpg", &bytes)]);
    for (format, longest_edge, name) in [
        (ExportFormat::Original, None, "garden.jpg"),
        (ExportFormat::Original, Some(300), "garden (2).jpg"),
        (ExportFormat::Jpeg, None, "garden (3).jpg"),
        (ExportFormat::Png, Some(300), "garden.png"),
        (ExportFormat::WebP, Some(300), "garden.webp"),
    ] {
        let request = desk.request(&["garden.jpg"]);
        desk.export(&ExportRequest { format, longest_edge, metadata: false, ..request });
        let copy = desk.copy(name);
        for secret in ["secret", "Brownie", "garden", "tulips", "2021", "xmp"] {
            let found = copy.windows(secret.len()).any(|it| it == secret.as_bytes());
            assert!(!found, "{name} says {secret}");
        }
        let photo = read_back(name, &copy);
        assert_eq!((&photo.camera, photo.lat, photo.taken_at), (&None, None, None), "{name}");
        assert_eq!((photo.rating, photo.keywords.len()), (None, 0), "{name}");
        let longest = longest_edge.unwrap_or(600);
        assert_eq!((photo.width, photo.height), (Some(longest * 2 / 3), Some(longest)), "{name}");
    }
    // The pixels of the first are the same, and still to be turned.
    let copy = desk.copy("garden.jpg");
    assert_eq!(decoded(&copy).into_rgb8(), decoded(&bytes).into_rgb8());
    assert!(copy.len() < bytes.len());
}

#[test]
fn png_and_webp_lose_what_they_say_but_no_pixel() {
    let picture = DynamicImage::ImageRgb8(pattern(5));
    let mut files = Vec::new();
    for name in ["a.png", "a.webp"] {
        let mut bytes = Vec::new();
        if name == "a.png" {
            let mut encoder = image::codecs::png::PngEncoder::new(&mut bytes);
            encoder.set_exif_metadata(exif(60, 40)).unwrap();
            picture.write_with_encoder(encoder).unwrap();
        } else {
            let mut encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut bytes);
            encoder.set_exif_metadata(exif(60, 40)).unwrap();
            picture.write_with_encoder(encoder).unwrap();
        }
        files.push((name, bytes));
    }
    let desk =
        Desk::with(&files.iter().map(|(name, it)| (*name, it.as_slice())).collect::<Vec<_>>());
    desk.export(&ExportRequest { metadata: false, ..desk.request(&["a.png", "a.webp"]) });
    for (name, bytes) in files {
        let copy = desk.copy(name);
        assert_eq!(decoded(&copy), decoded(&bytes), "{name}");
        assert!(!copy.windows(7).any(|it| it == b"Brownie"), "{name}");
        let photo = read_back(name, &copy);
        assert_eq!((photo.width, photo.height, photo.camera), (Some(40), Some(60), None), "{name}");
    }
}

#[test]
fn the_colour_profile_stays_whatever_is_left_out() {
    // Long enough for two segments, and RGB by its head.
    let mut profile = vec![7; 70_000];
    profile[16..20].copy_from_slice(b"RGB ");
    profile[36..40].copy_from_slice(b"acsp");
    let desk = Desk::with(&[("a.jpg", &jpeg(&halves(60, 40), Some(&profile)))]);
    for (format, longest_edge, name) in [
        (ExportFormat::Original, None, "a.jpg"),
        (ExportFormat::Jpeg, Some(30), "a (2).jpg"),
        (ExportFormat::Png, Some(30), "a.png"),
        (ExportFormat::WebP, Some(30), "a.webp"),
    ] {
        let request = desk.request(&["a.jpg"]);
        desk.export(&ExportRequest { format, longest_edge, metadata: false, ..request });
        let copy = std::io::Cursor::new(desk.copy(name));
        let reader = ImageReader::new(copy).with_guessed_format().unwrap();
        let found = reader.into_decoder().unwrap().icc_profile().unwrap();
        assert!(found.as_deref() == Some(profile.as_slice()), "{name}");
    }
}

#[test]
fn a_format_that_is_not_written_becomes_jpeg_where_it_has_to_change() {
    let f = Fixture::new();
    pattern(3).save(f.path("a.bmp")).unwrap();
    let bytes = fs::read(f.path("a.bmp")).unwrap();
    let desk = Desk::with(&[("a.bmp", &bytes)]);
    let request = desk.request(&["a.bmp"]);
    desk.export(&request);
    desk.export(&ExportRequest { longest_edge: Some(30), ..request.clone() });
    desk.export(&ExportRequest { metadata: false, ..request });
    assert_eq!(desk.copies(), ["a (2).jpg", "a.bmp", "a.jpg"]);
    assert!(desk.copy("a.bmp") == bytes);
    assert_eq!(decoded(&desk.copy("a.jpg")).dimensions(), (30, 20));
}

#[test]
fn quality_is_what_was_asked_for() {
    let noise = pattern(7);
    let noise = image::imageops::resize(&noise, 600, 400, image::imageops::FilterType::Nearest);
    let desk = Desk::with(&[("a.jpg", &jpeg(&noise, None))]);
    for format in [ExportFormat::Jpeg, ExportFormat::WebP] {
        let sizes = [20, 95].map(|quality| {
            let pattern = format!("{quality}");
            desk.export(&ExportRequest { format, quality, pattern, ..desk.request(&["a.jpg"]) });
            let extension = if format == ExportFormat::Jpeg { "jpg" } else { "webp" };
            desk.copy(&format!("{quality}.{extension}")).len()
        });
        assert!(sizes[0] * 3 < sizes[1] * 2, "{format:?}: {sizes:?}");
    }
}

#[test]
fn names_follow_the_pattern_in_the_order_of_the_photos() {
    let files: Vec<(String, Vec<u8>)> =
        (1..=12).map(|seed| (format!("{seed}.jpg"), jpeg(&pattern(seed), None))).collect();
    let named: Vec<(&str, &[u8])> =
        files.iter().map(|(name, it)| (name.as_str(), it.as_slice())).collect();
    let desk = Desk::with(&named);
    let names: Vec<&str> = named.iter().map(|(name, _)| *name).collect();
    let mut request = desk.request(&names);
    // Twice the same photo is one copy.
    request.photos.push(request.photos[0]);
    request.pattern = "trip/{number} {rating}".into();
    desk.f.engine.set_rating(&request.photos[..1], Some(3)).unwrap();
    assert_eq!(desk.f.engine.export_name(request.photos[0], &request).unwrap(), "trip_01 3.jpg");
    assert_eq!(desk.f.engine.export_name(request.photos[11], &request).unwrap(), "trip_12 0.jpg");
    assert_eq!(desk.export(&request).written, 12);
    assert_eq!(desk.copies()[0], "trip_01 3.jpg");
    assert!(desk.copy("trip_12 0.jpg") == files[11].1);

    // All are called the same: numbered in their order, whoever is done first.
    let same = ExportRequest { pattern: "same".into(), ..request };
    desk.export(&same);
    assert!(desk.copy("same.jpg") == files[0].1);
    for (number, (_, bytes)) in (2..).zip(&files[1..]) {
        assert!(desk.copy(&format!("same ({number}).jpg")) == *bytes, "{number}");
    }
}

#[test]
fn requests_that_cannot_be_right_are_refused_before_anything_is_written() {
    let desk = Desk::with(&[("a.jpg", &jpeg(&pattern(1), None))]);
    let right = desk.request(&["a.jpg"]);
    let wrong = [
        ExportRequest { pattern: "{nmae}".into(), ..right.clone() },
        ExportRequest { pattern: " ".into(), ..right.clone() },
        ExportRequest { quality: 0, ..right.clone() },
        ExportRequest { quality: 101, ..right.clone() },
        ExportRequest { longest_edge: Some(0), ..right.clone() },
    ];
    for request in wrong {
        let error = desk.f.engine.export_name(right.photos[0], &request).unwrap_err();
        assert_eq!(error.code(), Code::Usage, "{request:?}");
        let error = desk.f.engine.export(&request, &Cancel::default(), &|_| {}).unwrap_err();
        assert_eq!(error.code(), Code::Usage, "{request:?}");
    }
    let relative = ExportRequest { folder: "copies".into(), ..right.clone() };
    let error = desk.f.engine.export(&relative, &Cancel::default(), &|_| {}).unwrap_err();
    assert_eq!(error.code(), Code::Usage);
    assert!(!desk.to.exists() && !Path::new("copies").exists());
    let unknown = desk.f.engine.export_name(PhotoId(99), &right).unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);

    // A file is in the place of the folder.
    fs::write(&desk.to, "").unwrap();
    let error = desk.f.engine.export(&right, &Cancel::default(), &|_| {}).unwrap_err();
    assert_eq!(error.code(), Code::Failed);
    assert!(error.to_string().contains("choose another"), "{error}");
}

#[test]
fn one_photo_that_cannot_be_copied_costs_no_other() {
    let files = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"];
    let bytes: Vec<Vec<u8>> = (1..=4).map(|seed| jpeg(&pattern(seed), None)).collect();
    let desk =
        Desk::with(&files.into_iter().zip(bytes.iter().map(Vec::as_slice)).collect::<Vec<_>>());
    let mut request = desk.request(&files);
    request.photos.push(PhotoId(99));
    request.format = ExportFormat::Png;
    fs::remove_file(desk.f.path("b.jpg")).unwrap();
    fs::write(desk.f.path("c.jpg"), &bytes[2][..40]).unwrap();
    let told = RefCell::new(Vec::new());
    let exported = desk
        .f
        .engine
        .export(&request, &Cancel::default(), &|progress| told.borrow_mut().push(progress))
        .unwrap();
    assert_eq!(exported.written, 2);
    let told = told.into_inner();
    let expected: Vec<ExportProgress> =
        (1..=5).map(|done| ExportProgress { done, total: 5 }).collect();
    assert_eq!(told, expected, "after each photo");
    let reasons: Vec<(&Path, String)> =
        exported.failed.iter().map(|it| (it.path.as_path(), it.reason.to_string())).collect();
    let [(gone, vanished), (cut, damaged), (nowhere, unknown)] = &reasons[..] else {
        panic!("{reasons:?}");
    };
    assert_eq!(gone.file_name().unwrap(), "b.jpg");
    assert!(vanished.contains("not there any more"), "{vanished}");
    assert_eq!(cut.file_name().unwrap(), "c.jpg");
    assert!(damaged.contains("cannot be decoded"), "{damaged}");
    assert!(nowhere.as_os_str().is_empty() && unknown.contains("no photo 99"));
    assert_eq!(desk.copies(), ["a.png", "d.png"]);
}

#[test]
fn photos_on_a_drive_that_is_away_say_so() {
    let desk = Desk::with(&[("a.jpg", &jpeg(&pattern(1), None))]);
    let request = desk.request(&["a.jpg"]);
    fs::rename(desk.f.dir.path().join("photos"), desk.f.dir.path().join("away")).unwrap();
    desk.f.index();
    let exported = desk.export(&request);
    assert_eq!(exported.written, 0);
    assert!(exported.failed[0].reason.to_string().contains("connect its drive"), "{exported:?}");
}

#[test]
fn who_cancels_keeps_whole_copies_and_no_halves() {
    let files: Vec<(String, Vec<u8>)> =
        (0..40).map(|seed| (format!("{seed:02}.jpg"), jpeg(&pattern(seed), None))).collect();
    let named: Vec<(&str, &[u8])> =
        files.iter().map(|(name, it)| (name.as_str(), it.as_slice())).collect();
    let desk = Desk::with(&named);
    let names: Vec<&str> = named.iter().map(|(name, _)| *name).collect();
    let request = ExportRequest { format: ExportFormat::Png, ..desk.request(&names) };
    let cancel = Cancel::default();
    let stopped = desk.f.engine.export(&request, &cancel, &|progress| {
        if progress.done == 3 {
            cancel.cancel();
        }
    });
    assert_eq!(stopped.unwrap_err().code(), Code::Cancelled);
    let copies = desk.copies();
    assert!((3..40).contains(&copies.len()), "{}", copies.len());
    for name in copies {
        assert_eq!(decoded(&desk.copy(&name)).dimensions(), (60, 40), "{name}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_folder_that_takes_nothing_is_told_with_what_to_do() {
    let desk = Desk::with(&[("a.jpg", &jpeg(&pattern(1), None))]);
    // Nobody may make files there, not even root.
    let request = ExportRequest { folder: "/proc/self".into(), ..desk.request(&["a.jpg"]) };
    for format in [ExportFormat::Original, ExportFormat::Jpeg] {
        let exported = desk.export(&ExportRequest { format, ..request.clone() });
        assert_eq!(exported.written, 0);
        let reason = &exported.failed[0].reason;
        assert!(reason.to_string().contains("choose another folder"), "{reason}");
    }
}

#[test]
#[cfg(unix)]
fn a_read_only_folder_is_told_with_what_to_do() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::with(&[("a.jpg", &jpeg(&pattern(1), None))]);
    fs::create_dir(&desk.to).unwrap();
    fs::set_permissions(&desk.to, fs::Permissions::from_mode(0o555)).unwrap();
    // Root may write everywhere.
    if fs::write(desk.to.join("probe"), "").is_ok() {
        return;
    }
    let exported = desk.export(&desk.request(&["a.jpg"]));
    fs::set_permissions(&desk.to, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(
        exported.failed[0].reason.to_string().contains("nothing may be written"),
        "{exported:?}"
    );
}

#[test]
fn copies_within_the_library_become_photos_of_it_and_drafts_do_not() {
    let desk = Desk::with(&[("a.jpg", &jpeg(&pattern(1), None))]);
    let folder = desk.f.path("copies");
    let request = ExportRequest { folder, longest_edge: Some(30), ..desk.request(&["a.jpg"]) };
    desk.export(&request);
    let report = desk.f.index();
    assert_eq!((report.photos, report.added), (2, 1));
}
