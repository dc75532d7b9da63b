//! A folder of many formats: every file is shown, or failed with a reason, or
//! counted as skipped.

use std::ffi::OsStr;
use std::path::Path;
#[cfg(target_os = "linux")]
use std::{
    collections::HashMap,
    io::Read,
    process::{Command, ExitStatus, Stdio},
    time::Duration,
};

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageEncoder, RgbImage};

#[cfg(target_os = "linux")]
use crate::support::some_photos;
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
            let avif = text(&failure["path"]).to_lowercase().ends_with("avif");
            assert!(!system_decodes(avif), "the system has the decoder: {failure}");
        }
    }
}

/// Whether the system's libheif, asked by other means than the application's, can
/// decode AVIF, or HEIC.
fn system_decodes(avif: bool) -> bool {
    use std::ffi::{c_int, c_void};
    if !cfg!(all(feature = "heif", target_os = "linux")) {
        return false;
    }
    // SAFETY: these are the types of these functions; the library stays loaded,
    // as it has what lasts for as long as the process.
    unsafe {
        let Ok(library) = libloading::Library::new("libheif.so.1") else { return false };
        let library = std::mem::ManuallyDrop::new(library);
        if let Ok(init) = library.get::<unsafe extern "C" fn(*const c_void)>("heif_init") {
            init(std::ptr::null());
        }
        let name = "heif_have_decoder_for_format";
        match library.get::<unsafe extern "C" fn(c_int) -> c_int>(name) {
            Ok(have) => have(if avif { 4 } else { 1 }) != 0,
            Err(_) => false,
        }
    }
}

/// Runs the program until it ends; how it ended, what it printed, and the sum of
/// what it and each of its children took at most, in megabytes.
#[cfg(target_os = "linux")]
fn measured(mut command: Command) -> (ExitStatus, String, u64) {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let own = child.id().to_string();
    let mut most: HashMap<String, u64> = HashMap::new();
    let mut stdout = child.stdout.take().expect("its output");
    let output = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text).expect("text")
    });
    let status = loop {
        for process in std::fs::read_dir("/proc").expect("processes").flatten() {
            let Ok(status) = std::fs::read_to_string(process.path().join("status")) else {
                continue;
            };
            let field = |name: &str| {
                let line = status.lines().find_map(|line| line.strip_prefix(name))?;
                line.split_whitespace().next()
            };
            let id = process.file_name().to_string_lossy().into_owned();
            if let Some(peak) = field("VmHWM:").and_then(|it| it.parse::<u64>().ok())
                && (id == own || field("PPid:") == Some(&own))
            {
                let known = most.entry(id).or_default();
                *known = peak.max(*known);
            }
        }
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(!most.is_empty());
    (status, output.join().expect("its output"), most.values().sum::<u64>() / 1024)
}

// That each takes less than a second is a test of decoding.
#[test]
#[cfg(target_os = "linux")]
fn broken_files_take_little_memory_the_decoding_processes_included() {
    let Some(folder) = photos("broken") else { return };
    let library = Library::new();
    let mut command = library.process(&[OsStr::new("index"), folder.as_os_str()]);
    command.arg("--json").stderr(Stdio::null());
    let (status, report, memory) = measured(command);
    assert!(status.success(), "{report}");
    println!("{memory} MB for all together: {report}");
    assert!(memory < 512, "{memory} MB");
    let files = std::fs::read_dir(&folder).expect("the folder is there").count();
    let report: serde_json::Value = serde_json::from_str(&report).expect("a document");
    let done = ["embedded", "reused", "failed", "skipped"].map(|it| report[it].as_u64());
    assert_eq!(done.into_iter().flatten().sum::<u64>(), files as u64, "{report}");
}

/// A picture of black and white, far smaller than its pixels are in memory.
#[cfg(target_os = "linux")]
fn vast_bitmap(side: u32) -> Vec<u8> {
    let row = side.div_ceil(32) * 4;
    let length = 62 + row * side;
    let mut bytes = b"BM".to_vec();
    bytes.extend([length, 0, 62, 40, side, side].map(u32::to_le_bytes).concat());
    bytes.extend([1u16, 1].map(u16::to_le_bytes).concat());
    bytes.extend([0, row * side, 0, 0, 2, 2, 0, 0xFF_FF_FF].map(u32::to_le_bytes).concat());
    bytes.resize(length as usize, 0x55);
    bytes
}

#[test]
#[cfg(target_os = "linux")]
fn a_photo_over_which_the_application_ends_holds_up_nothing_and_is_given_up() {
    let Some(folder) = some_photos(12) else { return };
    if Command::new("prlimit").arg("--version").output().is_err() {
        eprintln!("skipped: there is no prlimit");
        return;
    }
    let vast = folder.path().join("vast.bmp");
    std::fs::write(&vast, vast_bitmap(15_000)).expect("written");
    let library = Library::new();
    let index = [OsStr::new("index"), folder.path().as_os_str()];
    // Its pixels take 675 MB.
    let ends = || {
        let program = library.process(&index);
        let mut limited = Command::new("prlimit");
        limited.arg("--data=600000000").arg(program.get_program()).args(program.get_args());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => limited.env(name, value),
                None => limited.env_remove(name),
            };
        }
        let output = limited.output().expect("it starts");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), told)
    };
    let pending = || library.json(&["status"])["pending"].as_u64();
    let (code, told) = ends();
    assert!(code.is_none() && told.contains("memory allocation"), "{code:?}: {told}");
    for _ in 0..2 {
        let (code, told) = ends();
        assert!(code.is_none() && told.contains("memory allocation"), "{code:?}: {told}");
        assert_eq!(pending(), Some(1), "only that one");
    }
    for _ in 0..2 {
        let (code, told) = ends();
        assert_eq!(code, Some(0), "{told}");
        assert_eq!(pending(), Some(0));
        let failures = library.json(&["failures"]);
        assert_eq!(failures.as_array().map(Vec::len), Some(1), "{failures}");
        assert!(text(&failures[0]["reason"]).contains("ended while decoding it"), "{failures}");
        assert_eq!(failures[0]["permanent"], false);
    }
    // Where there is memory it is well.
    let failures = library.json(&["failures", "--retry"]);
    assert_eq!(failures, serde_json::json!([]));
    let status = library.json(&["status"]);
    assert_eq!((&status["pending"], &status["failed"]), (&0.into(), &0.into()), "{status}");
    assert_eq!(status["models"][0]["embedded"], 13, "{status}");
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
// they are alike, if each is turned as it says. The first is a little less so: the
// others' colours are meant for another gamma, as their profiles say, and models get
// the numbers as they stand in the file, as they did when they were trained.
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
            let pair = [photo.to_string_lossy().into_owned(), text(&other["path"])];
            let cosine = other["score"].as_f64().expect("a score");
            println!("{cosine:.4} {pair:?}");
            assert!(cosine >= 0.98, "{cosine} {pair:?}");
            pairs += 1;
        }
    }
    assert_eq!(pairs, 8 * 7);
}

/// What a camera held that way stores: turned back, so that applying
/// `orientation` gives `upright`.
fn stored(upright: &RgbImage, orientation: u8) -> RgbImage {
    let picture = DynamicImage::ImageRgb8(upright.clone());
    let stored = match orientation {
        2 => picture.fliph(),
        3 => picture.rotate180(),
        4 => picture.flipv(),
        5 => picture.rotate90().fliph(),
        6 => picture.rotate270(),
        7 => picture.rotate270().fliph(),
        8 => picture.rotate90(),
        _ => picture,
    };
    stored.into_rgb8()
}

// Those files without what an editor did to them: the same pixels, turned and
// compressed alike.
#[test]
fn one_photo_stored_in_all_eight_orientations_is_one_to_the_model() {
    let Some(folder) = photos("orientation") else { return };
    let bytes = std::fs::read(folder.join("landscape_1.jpg")).expect("a photo");
    let upright = image::load_from_memory(&bytes).expect("a JPEG").into_rgb8();
    let turned = tempfile::tempdir().expect("a temporary folder");
    for orientation in 1..=8 {
        let head = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".as_slice();
        let exif = [head, &[orientation, 0, 0, 0, 0, 0, 0, 0]].concat();
        let mut jpeg = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, 90);
        encoder.set_exif_metadata(exif).expect("EXIF is written");
        encoder.encode_image(&stored(&upright, orientation)).expect("a JPEG");
        std::fs::write(turned.path().join(format!("{orientation}.jpg")), jpeg).expect("written");
    }
    let library = Library::new();
    let report = library.json(&[OsStr::new("index"), turned.path().as_os_str()]);
    assert_eq!((&report["embedded"], &report["failed"]), (&8.into(), &0.into()), "{report}");
    let mut pairs = 0;
    for photo in std::fs::read_dir(turned.path()).expect("the folder is there") {
        let photo = photo.expect("a file").path();
        for other in results(&library.json(&[OsStr::new("similar"), photo.as_os_str()])) {
            let cosine = other["score"].as_f64().expect("a score");
            assert!(cosine >= 0.98, "{cosine} {} {}", photo.display(), other["path"]);
            pairs += 1;
        }
    }
    assert_eq!(pairs, 2 * 28);
}
