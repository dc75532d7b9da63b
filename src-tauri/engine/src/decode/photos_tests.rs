//! What holds of real photos: those of the folder of test photos, where it is there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use image::codecs::jpeg::JpegEncoder;
use image::{ImageEncoder, Rgb};

use super::tests::*;
use super::worker::tests::as_the_application;
use super::*;

/// The folder of test photos, when there is one.
fn photos(folder: &str) -> Option<Vec<PathBuf>> {
    let shared = std::env::var_os("AFTERIMAGE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let Ok(entries) = std::fs::read_dir(shared.join("photos").join(folder)) else {
        eprintln!("skipped: ../shared/photos is absent");
        return None;
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    Some(paths)
}

#[test]
fn real_photos_of_all_eight_orientations_are_alike() {
    let Some(paths) = photos("orientation") else { return };
    as_the_application();
    let decoded: Vec<Decoded> = paths
        .iter()
        .map(|path| {
            let bytes = std::fs::read(path).unwrap();
            decode(&bytes, &Limits::default(), Detail::indexed(224)).unwrap()
        })
        .collect();
    assert_eq!(decoded.len(), 8);
    let shown = |picture: &Decoded| {
        let jpeg = thumbnail(picture, THUMBNAIL_SIDE).unwrap().jpeg;
        image::load_from_memory(&jpeg).unwrap().into_rgb8()
    };
    let smaller = |picture: &RgbImage| image::imageops::thumbnail(picture, 192, 144);
    // The first was saved another time: with no profile and finer colours, where
    // the others have a profile of a gamma of 1.8. Shown by their profiles all
    // are alike. But each was compressed by itself, and the scene bears its
    // number: in full, lcms and libjpeg-turbo too find 2.4 to 4.7 between two, and
    // thumbnails are compressed once more (3.4 to 5.7). So two are compared where
    // that has averaged out, and in full each with what they have in common. The
    // wrong way round the difference is ten times as large.
    let stored: Vec<RgbImage> = decoded.iter().map(shown).collect();
    let small: Vec<RgbImage> = stored.iter().map(smaller).collect();
    let mut most = 0.0f64;
    for (path, one) in paths.iter().zip(&small) {
        let mirrored = image::imageops::flip_horizontal(one);
        for other in &small {
            let (alike, wrong) = (difference(one, other), difference(&mirrored, other));
            most = most.max(alike);
            assert!(alike < 4.0 && wrong > 40.0, "{}: {alike:.2}, {wrong:.2}", path.display());
        }
    }
    eprintln!("two of them differ by {most:.2} at most");
    let mut median = stored[0].clone();
    for (at, value) in median.iter_mut().enumerate() {
        let mut values: Vec<u16> = stored.iter().map(|it| it.as_raw()[at].into()).collect();
        values.sort_unstable();
        *value = (values[3] + values[4]).div_ceil(2) as u8;
    }
    for (path, one) in paths.iter().zip(&stored) {
        let alike = difference(one, &median);
        eprintln!("{}: {alike:.2} from the median", path.display());
        assert!(alike < 4.0, "{}: {alike:.2}", path.display());
    }
    // It is the profile that makes the first like the others.
    let numbers = Decoded { profile: None, ..decoded[7].clone() };
    assert!(difference(&smaller(&shown(&numbers)), &small[0]) > 10.0);
}

// Without what an editor did to the files above: the same pixels, turned and
// compressed alike.
#[test]
fn thumbnails_of_one_photo_in_all_eight_orientations_are_alike() {
    let Some(paths) = photos("orientation") else { return };
    as_the_application();
    let upright = decoded(&std::fs::read(&paths[0]).unwrap()).rgb;
    // Of whole blocks, so that those of all lie alike.
    let (width, height) = (upright.width() / 16 * 16, upright.height() / 16 * 16);
    let upright = image::imageops::crop_imm(&upright, 0, 0, width, height).to_image();
    let thumbnails: Vec<RgbImage> = (1..=8)
        .map(|orientation| {
            let mut jpeg = Vec::new();
            let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, 90);
            encoder.set_exif_metadata(exif_orientation(orientation)).unwrap();
            encoder.encode_image(&stored(&upright, orientation)).unwrap();
            let picture = decode(&jpeg, &Limits::default(), Detail::indexed(224)).unwrap();
            let jpeg = thumbnail(&picture, THUMBNAIL_SIDE).unwrap().jpeg;
            image::load_from_memory(&jpeg).unwrap().into_rgb8()
        })
        .collect();
    let (mut pairs, mut most) = (0, 0.0f64);
    for (index, one) in thumbnails.iter().enumerate() {
        for other in &thumbnails[..index] {
            let alike = difference(one, other);
            most = most.max(alike);
            pairs += 1;
        }
    }
    assert!(pairs == 28 && most < 4.0, "{pairs} pairs, of which two differ by {most:.2}");
    eprintln!("two of them differ by {most:.2} at most");
}

#[test]
fn real_photos_of_every_supported_format_decode() {
    /// What is refused, each looked at, and words of the reason.
    const REFUSED: &[(&str, &str)] = &[
        ("0113d5e4bd.png", "damaged (CRC"),
        ("0495c22e4d.ico", "an icon of OS/2"),
        ("04d5874e67.bmp", "damaged (Corrupt RLE"),
        ("068c632bad.png", "damaged (CRC"),
        ("06e5daaafd.tif", "damaged"),
        ("06fc5959c5.tif", "damaged"),
        // It says 26 bits a sample.
        ("0795174d16.tif", "not supported yet"),
        ("098d6dae1a.tif", "damaged"),
        ("09acb652e5.png", "damaged (Unknown filter"),
        ("0c8f8c7b5e.png", "damaged (Chunk length"),
        ("104dfda03b.ico", "an icon of OS/2"),
        // It does not say what its four samples a pixel are.
        ("113349aecd.tif", "not supported yet"),
        ("11556bdc4d.gif", "damaged"),
        // It lacks the height of its strips; libtiff shows nothing but black.
        ("120342f890.tif", "damaged (its strips do not add up"),
        ("13c12a3153.tif", "damaged"),
        // Its layers are there, but the picture of all is blank.
        ("8x4x8bit-Grayscale.psd", "Maximize Compatibility"),
    ];
    let Some(paths) = photos("formats") else { return };
    as_the_application();
    let mut decodable = 0;
    for path in paths {
        let Support::Decodable(_) = support(&path) else { continue };
        decodable += 1;
        let name = path.file_name().unwrap().to_str().unwrap();
        match decode(&std::fs::read(&path).unwrap(), &Limits::default(), Detail::Full) {
            Ok(picture) => {
                let expected = REFUSED.iter().all(|(refused, _)| *refused != name);
                assert!(expected, "{name} decodes now");
                assert!(thumbnail(&picture, 512).is_ok(), "{name}");
            }
            Err(error) if error.to_string().contains("libheif") => {
                let format = Format::of(&std::fs::read(&path).unwrap()).unwrap();
                skipped_for_want_of_a_decoder(&error, format);
            }
            Err(error) => {
                eprintln!("{name}: {error}");
                let known = REFUSED
                    .iter()
                    .any(|(refused, words)| *refused == name && error.to_string().contains(words));
                assert!(known && error.permanent, "{name}: {error}");
            }
        }
    }
    assert!(decodable > 2 * REFUSED.len());
}

#[test]
fn a_real_tiff_of_jpeg_strips_shows_what_libtiff_shows() {
    let Some(paths) = photos("formats") else { return };
    let path = paths.iter().find(|path| path.ends_with("01b4e06e3f.tif")).unwrap();
    let rgb = decoded(&std::fs::read(path).unwrap()).rgb;
    assert_eq!(rgb.dimensions(), (347, 80));
    // Means of bands of 16 rows, as libtiff with libjpeg-turbo has them.
    for (band, expected) in [251.8, 231.0, 204.5, 223.3, 255.0].into_iter().enumerate() {
        let rows: Vec<&Rgb<u8>> = rgb.rows().skip(16 * band).take(16).flatten().collect();
        let sum: f64 = rows.iter().flat_map(|pixel| pixel.0).map(f64::from).sum();
        let mean = sum / (3 * rows.len()) as f64;
        assert!((mean - expected).abs() < 0.2, "band {band}: {mean}");
    }
}

#[cfg(feature = "turbojpeg")]
#[test]
fn real_jpegs_are_read_as_the_codec_in_rust_reads_them() {
    as_the_application();
    let limits = Limits::default();
    for folder in ["camera", "orientation", "gps", "broken"] {
        let Some(paths) = photos(folder) else { return };
        for path in paths {
            let bytes = std::fs::read(&path).unwrap();
            if Format::of(&bytes) != Some(Format::Jpeg) {
                continue;
            }
            let file = File { bytes: &bytes, format: Format::Jpeg, held: None, limits: &limits };
            let known = file.guarded(|deadline| file.whole(deadline));
            let known = known.map(|known| (known.rgb, known.size));
            for detail in [Detail::Full, Detail::AtLeast { shorter: 448, longer: 512 }] {
                match (decode(&bytes, &limits, detail), &known) {
                    (Ok(picture), Ok((rgb, size))) => {
                        assert_eq!(picture.size, *size, "{}", path.display());
                        let (width, height) = picture.rgb.dimensions();
                        let rgb = image::imageops::thumbnail(rgb, width, height);
                        let differs = difference(&picture.rgb, &rgb);
                        assert!(differs < 3.0, "{} differs by {differs}", path.display());
                    }
                    (Err(error), Err(known)) => assert_eq!(&error, known, "{}", path.display()),
                    (new, _) => panic!("{}: {:?}", path.display(), new.map(|p| p.size)),
                }
            }
        }
    }
}

/// Not a test of speed alone: what it prints is the price of the processes. Run
/// alone, it measures; among others it only sees that all is decoded.
#[cfg(feature = "turbojpeg")]
#[test]
fn a_process_costs_little_against_decoding_here() {
    let Some(paths) = photos("camera") else { return };
    as_the_application();
    let limits = Limits::default();
    let detail = Detail::indexed(224);
    let files: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    let large = |bytes: &&Vec<u8>| {
        jpeg::Frame::read(bytes).is_some_and(|frame| frame.width * frame.height > 2_000_000)
    };
    let files: Vec<&Vec<u8>> = files.iter().filter(large).collect();
    let least = |work: &dyn Fn(&[u8])| {
        let turns = (0..5).map(|_| {
            let start = Instant::now();
            files.iter().for_each(|bytes| work(bytes));
            start.elapsed()
        });
        turns.min().unwrap_or_default() / files.len().max(1) as u32
    };
    let here = least(&|bytes| assert!(turbo::decode(bytes, detail, &limits).is_some()));
    let there = least(&|bytes| {
        let file = File { bytes, format: Format::Jpeg, held: None, limits: &limits };
        assert!(file.ask(Job::Jpeg, detail).unwrap().is_some());
    });
    eprintln!("{} photos: {here:.2?} each here, {there:.2?} in a process", files.len());
}

#[test]
fn an_animation_shows_its_first_frame_and_transparency_is_white() {
    let Some(paths) = photos("formats") else { return };
    let picture = |name: &str| {
        let path = paths.iter().find(|path| path.ends_with(name)).unwrap();
        decoded(&std::fs::read(path).unwrap()).rgb
    };
    assert_eq!(picture("Animation_Lossy.webp").dimensions(), (320, 240));
    for rose in ["Alpha_Lossless__1_.webp", "Alpha_Lossy__1_.webp"] {
        let rose = picture(rose);
        assert_eq!(rose.get_pixel(0, 0).0, [255; 3]);
        assert!(rose.get_pixel(100, 180).0[2] < 120);
    }
}

#[test]
fn broken_files_cost_little_and_say_why() {
    let Some(paths) = photos("broken") else { return };
    as_the_application();
    let mut slowest = Duration::ZERO;
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        let (took, result) = best_of_two(|| decode(&bytes, &Limits::default(), Detail::Full));
        slowest = slowest.max(took);
        let name = path.file_name().unwrap().display();
        match result {
            Ok(picture) => eprintln!("{name}: {took:.0?}, decoded {:?}", picture.rgb.dimensions()),
            Err(error) => {
                eprintln!("{name}: {took:.0?}, {error}");
                assert!(!error.to_string().is_empty() && !error.to_string().contains('\n'));
            }
        }
        assert!(took < Duration::from_secs(1), "{name} took {took:?}");
    }
    eprintln!("slowest: {slowest:.0?}");
}
