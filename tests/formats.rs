//! A folder of many formats: every file is shown, or failed with a reason, or
//! counted as skipped.

use std::ffi::OsStr;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;

use crate::support::{Library, photos, results, text};

#[test]
fn every_file_of_many_formats_is_accounted_for() {
    let Some(folder) = photos("formats") else { return };
    let library = Library::new();
    let report = library.json(&[OsStr::new("index"), folder.as_os_str()]);
    let status = library.json(&["status"]);
    let failures = library.json(&["failures"]);
    let failures = failures.as_array().expect("a list");

    let count = |key: &str| report[key].as_u64().expect("a number") as usize;
    let files = std::fs::read_dir(&folder).expect("the folder is there").count();
    assert_eq!(count("added") + count("skipped"), files, "{report}");
    assert_eq!(count("skipped"), 0, "every format there can be decoded: {report}");
    assert_eq!(status["pending"], 0, "{status}");
    assert_eq!(status["failed"], failures.len(), "{status}");
    assert_eq!(count("failed"), failures.len(), "{report}");
    // Some are damaged on purpose; most are not.
    assert!(failures.len() * 2 < files, "{failures:?}");
    for failure in failures {
        let reason = text(&failure["reason"]);
        assert!(!reason.is_empty() && !reason.contains("broke down"), "{failure}");
        if ["heic", "heif", "avif"]
            .iter()
            .any(|it| text(&failure["path"]).to_lowercase().ends_with(it))
        {
            // Where the system has no libheif, which may be installed later.
            assert!(reason.contains("libheif"), "{failure}");
            assert_eq!(failure["permanent"], false, "{failure}");
        }
    }
}

/// The photo with its middle, where a number is printed, painted over; turned as
/// before, since its EXIF data is kept.
fn without_its_number(photo: &Path) -> Vec<u8> {
    let bytes = std::fs::read(photo).expect("a photo");
    let mut picture = image::load_from_memory(&bytes).expect("a JPEG").into_rgb8();
    let (x, y) = (picture.width() / 2, picture.height() / 2);
    for (dx, dy) in (0..120).flat_map(|dx| (0..120).map(move |dy| (dx, dy))) {
        picture.put_pixel(x - 60 + dx, y - 60 + dy, image::Rgb([128; 3]));
    }
    let mut painted = Vec::new();
    JpegEncoder::new_with_quality(&mut painted, 95).encode_image(&picture).expect("a JPEG");
    // The segment of the EXIF data: its mark, its length, and what follows.
    let at = bytes.windows(4).position(|it| it == b"Exif").expect("EXIF data") - 4;
    let length = usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
    let exif = &bytes[at..at + 2 + length];
    [&painted[..2], exif, &painted[2..]].concat()
}

// Each of the eight bears another number in its middle, from 1 to 8, which a model
// that tells a thousand kinds of things apart takes for one or another of them: the
// vectors of the files as they are have cosines from 0.40 to 0.93, and those of
// pictures that another decoder turned upright have the same. Without the numbers
// they are alike, if each is turned as it says. The first is less so: the others'
// colours are meant for another gamma, as their profiles say, and models get the
// numbers as they stand in the file, as they did when they were trained.
#[test]
fn the_eight_orientations_of_a_photo_are_one_to_the_model() {
    let Some(folder) = photos("orientation") else { return };
    let painted = tempfile::tempdir().expect("a temporary folder");
    for photo in std::fs::read_dir(&folder).expect("the folder is there") {
        let photo = photo.expect("a file").path();
        let name = photo.file_name().expect("a name");
        std::fs::write(painted.path().join(name), without_its_number(&photo)).expect("written");
    }
    let library = Library::new();
    let report = library.json(&[OsStr::new("index"), painted.path().as_os_str()]);
    assert_eq!((&report["embedded"], &report["failed"]), (&8.into(), &0.into()), "{report}");
    let mut pairs = 0;
    for photo in std::fs::read_dir(painted.path()).expect("the folder is there") {
        let photo = photo.expect("a file").path();
        let similar = library.json(&[OsStr::new("similar"), photo.as_os_str()]);
        for other in results(&similar) {
            let first = |path: &str| path.ends_with("landscape_1.jpg");
            let pair = [photo.to_string_lossy().into_owned(), text(&other["path"])];
            let least = if pair.iter().any(|path| first(path)) { 0.95 } else { 0.98 };
            let cosine = other["score"].as_f64().expect("a score");
            println!("{cosine:.4} {pair:?}");
            assert!(cosine >= least, "{cosine} {pair:?}");
            pairs += 1;
        }
    }
    assert_eq!(pairs, 8 * 7);
}
