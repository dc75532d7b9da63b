//! Properties proved here on pictures made in the test, and in `photos_tests` on real
//! ones:
//! 1. every supported format decodes to the pixels that went in;
//! 2. orientation is applied exactly once, all eight alike;
//! 3. content decides, not the name; failures say why in plain words;
//! 4. limits hold; nothing panics, whatever the bytes;
//! 5. what is decoded smaller shows the same, and what libjpeg-turbo reads is
//!    what the codec in Rust reads, failures included.

use std::io::Cursor;
use std::time::Duration;

use image::codecs::jpeg::JpegEncoder;
use image::{ImageBuffer, ImageEncoder, ImageFormat, Luma, Rgb, Rgba};
use proptest::prelude::*;

use super::*;
use worker::tests::as_the_application;

/// Four quadrants, so that every turn and flip shows.
pub(super) fn quadrants(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
        (true, true) => Rgb([220, 40, 40]),
        (false, true) => Rgb([40, 200, 40]),
        (true, false) => Rgb([40, 40, 220]),
        (false, false) => Rgb([230, 230, 60]),
    })
}

pub(super) fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    image.into().write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

pub(super) fn decoded(bytes: &[u8]) -> Decoded {
    decode(bytes, &Limits::default(), Detail::Full).unwrap()
}

/// Whether the system's libheif, asked by other means than the application's, can
/// decode pictures of this format.
#[cfg(all(feature = "heif", target_os = "linux"))]
fn system_decodes(format: Format) -> bool {
    use std::ffi::{c_int, c_void};
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
            Ok(have) => have(if format == Format::Avif { 4 } else { 1 }) != 0,
            Err(_) => false,
        }
    }
}

#[cfg(not(all(feature = "heif", target_os = "linux")))]
fn system_decodes(_format: Format) -> bool {
    false
}

/// To be called with the error of a good picture: it is one only where the system
/// has no libheif, or one without the codec, which may be installed later.
pub(super) fn skipped_for_want_of_a_decoder(error: &DecodeError, format: Format) {
    eprintln!("skipped: {format}: {error}");
    assert!(matches!(format, Format::Heic | Format::Avif), "{format}: {error}");
    assert!(!error.permanent && error.to_string().contains("libheif"), "{format}: {error}");
    assert!(!system_decodes(format), "the system decodes {format}, but {error}");
}

fn reason(bytes: &[u8], limits: &Limits) -> String {
    decode(bytes, limits, Detail::Full).unwrap_err().to_string()
}

/// The mean difference of samples, 0 to 255.
pub(super) fn difference(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: u64 = a.iter().zip(b.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.len() as f64
}

/// A TIFF block with nothing but an orientation, as EXIF carries it.
pub(super) fn exif_orientation(orientation: u8) -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    exif
}

/// What a camera held that way stores: turned back, so that applying
/// `orientation` gives `upright`.
pub(super) fn stored(upright: &RgbImage, orientation: u8) -> RgbImage {
    use image::imageops::{flip_horizontal, flip_vertical, rotate90, rotate180, rotate270};
    match orientation {
        2 => flip_horizontal(upright),
        3 => rotate180(upright),
        4 => flip_vertical(upright),
        5 => flip_horizontal(&rotate90(upright)),
        6 => rotate270(upright),
        7 => flip_horizontal(&rotate270(upright)),
        8 => rotate90(upright),
        _ => upright.clone(),
    }
}

#[test]
fn lossless_formats_give_back_their_pixels() {
    let picture = quadrants(33, 17);
    for (codec, format) in [
        (ImageFormat::Png, Format::Png),
        (ImageFormat::WebP, Format::WebP),
        (ImageFormat::Bmp, Format::Bmp),
        (ImageFormat::Tiff, Format::Tiff),
        (ImageFormat::Gif, Format::Gif),
    ] {
        // A GIF is written from RGBA; four colours survive its palette.
        let source = DynamicImage::ImageRgb8(picture.clone()).into_rgba8();
        let source = match codec {
            ImageFormat::Gif => DynamicImage::ImageRgba8(source),
            _ => DynamicImage::ImageRgb8(picture.clone()),
        };
        let result = decoded(&encoded(source, codec));
        assert_eq!(result.format, format);
        assert_eq!(result.rgb, picture, "{format}");
    }
}

#[test]
fn jpeg_gives_back_nearly_its_pixels() {
    let picture = quadrants(64, 48);
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 95).encode_image(&picture).unwrap();
    let result = decoded(&bytes);
    assert_eq!(result.format, Format::Jpeg);
    assert!(difference(&result.rgb, &picture) < 3.0);
}

#[test]
fn grey_deep_and_transparent_pictures_become_opaque_rgb() {
    let grey = ImageBuffer::from_pixel(5, 3, Luma([99u8]));
    let deep = ImageBuffer::from_pixel(5, 3, Rgb([65_535u16, 257 * 100, 0]));
    let clear = ImageBuffer::from_pixel(5, 3, Rgba([255u8, 0, 0, 51]));
    for codec in [ImageFormat::Png, ImageFormat::Tiff] {
        assert_eq!(decoded(&encoded(grey.clone(), codec)).rgb.get_pixel(4, 2).0, [99; 3]);
        assert_eq!(decoded(&encoded(deep.clone(), codec)).rgb.get_pixel(4, 2).0, [255, 100, 0]);
        assert_eq!(decoded(&encoded(clear.clone(), codec)).rgb.get_pixel(4, 2).0, [255, 204, 204]);
    }
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 95).encode_image(&grey).unwrap();
    assert!(decoded(&jpeg).rgb.get_pixel(4, 2).0.iter().all(|v| v.abs_diff(99) < 3));
}

/// Uncompressed, with the tag that says how the camera was held.
fn turned_tiff(picture: &RgbImage, orientation: u8) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let length = picture.as_raw().len() as u32;
    let entries: [(u16, u16, u32, u32); 10] = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 3, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, 14),
        (274, 3, 1, orientation.into()),
        (277, 3, 1, 3),
        (278, 4, 1, height),
        (279, 4, 1, length),
    ];
    // The header, three times the depth, the pixels, the directory.
    let mut tiff = b"II*\0".to_vec();
    tiff.extend((14 + length).to_le_bytes());
    tiff.extend([8, 0, 8, 0, 8, 0]);
    tiff.extend(picture.as_raw());
    tiff.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        tiff.extend([tag, kind].map(u16::to_le_bytes).concat());
        tiff.extend([count, value].map(u32::to_le_bytes).concat());
    }
    tiff.extend([0; 4]);
    tiff
}

#[test]
fn orientation_is_applied_once_in_every_container_that_has_it() {
    let upright = quadrants(48, 32);
    for orientation in 1..=8 {
        let stored = stored(&upright, orientation);
        let mut jpeg = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, 95);
        encoder.set_exif_metadata(exif_orientation(orientation)).unwrap();
        encoder.encode_image(&stored).unwrap();
        let result = decoded(&jpeg).rgb;
        assert!(difference(&result, &upright) < 4.0, "JPEG, orientation {orientation}");

        let mut png = Vec::new();
        let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
        encoder.set_exif_metadata(exif_orientation(orientation)).unwrap();
        stored.write_with_encoder(encoder).unwrap();
        assert_eq!(decoded(&png).rgb, upright, "PNG, orientation {orientation}");
        assert_eq!(is_turned(&png, Format::Png, &Limits::default()), orientation != 1);
        // The same behind the pixels, where it may be as well.
        let at = png.windows(4).position(|it| it == b"eXIf").unwrap() - 4;
        let end = at + 12 + exif_orientation(orientation).len();
        let chunk: Vec<u8> = png.drain(at..end).collect();
        let end = png.len() - 12;
        png.splice(end..end, chunk);
        assert_eq!(decoded(&png).rgb, upright, "PNG, orientation {orientation} at its end");

        let mut webp = Vec::new();
        let mut encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut webp);
        encoder.set_exif_metadata(exif_orientation(orientation)).unwrap();
        stored.write_with_encoder(encoder).unwrap();
        assert_eq!(decoded(&webp).rgb, upright, "WebP, orientation {orientation}");
        assert_eq!(is_turned(&webp, Format::WebP, &Limits::default()), orientation != 1);

        let tiff = turned_tiff(&stored, orientation);
        assert_eq!(decoded(&tiff).rgb, upright, "TIFF, orientation {orientation}");
    }
}

#[test]
fn orientation_of_heif_and_jpeg_xl_is_applied_once() {
    // `quadrants(48, 32)`, the turned ones stored as a camera held that way does,
    // with both a transformation and EXIF that say so. libheif, libaom and
    // libjxl wrote them.
    as_the_application();
    let upright = quadrants(48, 32);
    let limits = Limits::default();
    for (bytes, format) in [
        (include_bytes!("fixtures/turned.avif").as_slice(), Format::Avif),
        (include_bytes!("fixtures/turned.heic"), Format::Heic),
        (include_bytes!("fixtures/upright.jxl"), Format::Jxl),
    ] {
        match decode(bytes, &limits, Detail::Full) {
            Ok(picture) => {
                assert_eq!((picture.format, picture.size), (format, (48, 32)));
                assert!(difference(&picture.rgb, &upright) < 5.0, "{format}");
            }
            Err(error) => skipped_for_want_of_a_decoder(&error, format),
        }
    }
    // Here EXIF says so alone, and does not count.
    let exif = decoded(include_bytes!("fixtures/exif.jxl"));
    assert_eq!(exif.rgb, stored(&upright, 6));
}

#[test]
fn formats_of_few_bytes_give_back_their_pixels() {
    let picture = quadrants(33, 17);
    for (codec, format) in [
        (ImageFormat::Tga, Format::Tga),
        (ImageFormat::Ico, Format::Ico),
        (ImageFormat::Qoi, Format::Qoi),
        (ImageFormat::Pnm, Format::Pnm),
    ] {
        // The pictures in an icon are RGBA.
        let source = DynamicImage::ImageRgb8(picture.clone());
        let source = if codec == ImageFormat::Ico { source.into_rgba8().into() } else { source };
        let result = decoded(&encoded(source, codec));
        assert_eq!((result.format, &result.rgb), (format, &picture), "{format}");
    }
}

#[test]
fn profiles_come_along_from_every_container_that_has_them() {
    let picture = quadrants(24, 16);
    let profile = colour::tests::adobe_rgb();
    let with = |encoder: &mut dyn FnMut(&mut Vec<u8>)| {
        let mut bytes = Vec::new();
        encoder(&mut bytes);
        decoded(&bytes).profile
    };
    let jpeg = with(&mut |bytes| {
        let mut encoder = JpegEncoder::new(bytes);
        encoder.set_icc_profile(profile.clone()).unwrap();
        encoder.encode_image(&picture).unwrap();
    });
    let png = with(&mut |bytes| {
        let mut encoder = image::codecs::png::PngEncoder::new(bytes);
        encoder.set_icc_profile(profile.clone()).unwrap();
        picture.write_with_encoder(encoder).unwrap();
    });
    let webp = with(&mut |bytes| {
        let mut encoder = image::codecs::webp::WebPEncoder::new_lossless(bytes);
        encoder.set_icc_profile(profile.clone()).unwrap();
        picture.write_with_encoder(encoder).unwrap();
    });
    for found in [jpeg, png, webp] {
        assert_eq!(found.as_ref(), Some(&profile));
    }
}

#[test]
fn a_nonsense_orientation_is_ignored() {
    let picture = quadrants(48, 32);
    let mut png = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
    encoder.set_exif_metadata(exif_orientation(99)).unwrap();
    picture.write_with_encoder(encoder).unwrap();
    assert_eq!(decoded(&png).rgb, picture);
}

#[test]
fn limits_refuse_in_plain_words() {
    let png = encoded(quadrants(100, 100), ImageFormat::Png);
    let usual = Limits::default();
    let refused = |limits: Limits| reason(&png, &limits);
    assert!(refused(Limits { max_file_bytes: 50, ..usual.clone() }).contains("file is too large"));
    assert_eq!(
        refused(Limits { max_pixels: 9_999, ..usual.clone() }),
        "the picture is too large: 100 x 100 pixels, at most 0 megapixels are decoded"
    );
    assert!(refused(Limits { max_alloc_bytes: 29_999, ..usual.clone() }).contains("memory"));
    assert!(
        decode(
            &png,
            &Limits { max_pixels: 10_000, max_alloc_bytes: 1 << 20, ..usual },
            Detail::Full
        )
        .is_ok()
    );
}

/// A stream of zlib that inflates to so many zeros, or a few more, and lacks its
/// checksum.
fn zeros(count: usize) -> Vec<u8> {
    // The only block, of the usual codes. A zero; then copies of what comes just
    // before, 258 bytes at a time.
    let start = [1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0];
    let copies = [1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0].into_iter().cycle();
    let bits: Vec<u8> =
        start.into_iter().chain(copies.take(13 * count.div_ceil(258))).chain([0; 7]).collect();
    let bytes = bits.chunks(8).map(|bits| bits.iter().rev().fold(0, |byte, bit| byte << 1 | bit));
    [0x78, 0x01].into_iter().chain(bytes).collect()
}

/// Small files that ask for much memory: a PNG by its profile, an icon by a PNG,
/// a GIF by its first frame, which is cut off.
fn bombs() -> [(&'static str, Vec<u8>); 3] {
    let png = encoded(quadrants(8, 8), ImageFormat::Png);
    let profile = [b"x\0\0".as_slice(), &zeros(1_500_000_000)].concat();
    let mut bomb = png[..33].to_vec();
    kinds_tests::png_chunk(&mut bomb, b"iCCP", &profile);
    bomb.extend(&png[33..]);
    let mut icon = b"\0\0\x01\0\x01\0\x08\x08\0\0\x01\0\x20\0".to_vec();
    icon.extend([bomb.len() as u32, 22].map(u32::to_le_bytes).concat());
    icon.extend(&bomb);
    let side = 16_000u16.to_le_bytes();
    let gif = [
        b"GIF89a\x01\0\x01\0\x80\0\0\xFF\0\0\0\xFF\0,\0\0\0\0".as_slice(),
        &[side, side].concat(),
        b"\0\x02\x02\x44\x01\0;",
    ]
    .concat();
    [("profile.png", bomb), ("profile.ico", icon), ("frame.gif", gif)]
}

/// Runs a test in a process of its own, so that what it takes is its own.
fn apart(test: &str, run: impl FnOnce()) {
    const APART: &str = "AFTERIMAGE_TEST_APART";
    if std::env::var_os(APART).is_some() {
        return run();
    }
    let mut program = std::process::Command::new(std::env::current_exe().unwrap());
    let output = program.args([test, "--exact", "--nocapture"]).env(APART, "").output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

/// The shorter of two times, and what came of it.
pub(super) fn best_of_two<T>(work: impl Fn() -> T) -> (Duration, T) {
    let timed = || {
        let start = Instant::now();
        let result = work();
        (start.elapsed(), result)
    };
    let (first, second) = (timed(), timed());
    (first.0.min(second.0), second.1)
}

#[test]
#[cfg(target_os = "linux")]
fn small_files_take_little_memory_whatever_they_ask_for() {
    apart("decode::tests::small_files_take_little_memory_whatever_they_ask_for", || {
        let most = || -> u64 {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
            line.trim().trim_end_matches("kB").trim().parse().unwrap()
        };
        let bombs = bombs();
        let limits = Limits::default();
        for (name, bytes) in &bombs {
            let (took, result) = best_of_two(|| decode(bytes, &limits, Detail::Full));
            let memory = most() / 1024;
            eprintln!("{name}: {memory} MB at most, {took:.0?}, {:?}", result.as_ref().err());
            assert!(memory < 512, "{name}: {memory} MB");
            assert!(took < Duration::from_secs(1), "{name}: {took:?}");
            match result {
                Ok(picture) => assert_eq!((picture.size, picture.profile), ((8, 8), None)),
                Err(error) => assert!(name.ends_with("gif"), "{name}: {error}"),
            }
        }
        // What the frame of a GIF takes is known before it is taken.
        let gif = |(width, height): (u16, u16)| {
            let mut gif = bombs[2].1.clone();
            gif[24..28].copy_from_slice(&[width, height].map(u16::to_le_bytes).concat());
            open(&gif, &limits, Detail::Full).map(|picture| picture.memory())
        };
        assert_eq!(gif((1, 1)).unwrap(), 4 + 3);
        assert_eq!(gif((100, 50)).unwrap(), 4 + 3 + 4 * 100 * 50);
        assert!(gif((20_000, 20_000)).unwrap_err().to_string().contains("too large"));
    });
}

#[test]
fn running_out_of_time_may_be_tried_again() {
    let limits = Limits { max_time: Duration::ZERO, ..Limits::default() };
    let error =
        decode(&encoded(quadrants(100, 100), ImageFormat::Png), &limits, Detail::Full).unwrap_err();
    assert!(error.to_string().contains("longer than"), "{error}");
    assert!(!error.permanent);
}

#[test]
fn cut_off_and_foreign_content_is_named() {
    let limits = Limits::default();
    let picture = DynamicImage::ImageRgb8(quadrants(100, 100));
    for codec in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Tiff] {
        let whole = encoded(picture.clone(), codec);
        let error = reason(&whole[..whole.len() * 2 / 3], &limits);
        assert!(error.starts_with("the file is cut off"), "{codec:?}: {error}");
    }
    let jpeg = encoded(picture, ImageFormat::Jpeg);
    assert!(reason(&jpeg[..20], &limits).starts_with("the file is cut off"));
    let mut vast = jpeg.clone();
    let frame = vast.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    vast[frame + 5..frame + 9].copy_from_slice(&[0x27, 0x10, 0x27, 0x10]);
    let error = reason(&vast, &limits);
    assert!(error.starts_with("the file is cut off") && error.contains("10000 x 10000"), "{error}");
    assert_eq!(reason(b"", &limits), "the file is empty");
    assert!(reason(b"<html><body>404</body></html>", &limits).contains("web page"));
}

#[test]
fn a_jpeg_that_lacks_its_end_still_shows_its_beginning() {
    let picture = quadrants(256, 256);
    let jpeg = encoded(picture.clone(), ImageFormat::Jpeg);
    let rgb = decoded(&jpeg[..jpeg.len() - jpeg.len() / 4]).rgb;
    assert_eq!(rgb.dimensions(), (256, 256));
    let upper = |image: &RgbImage| image::imageops::crop_imm(image, 0, 0, 256, 96).to_image();
    assert!(difference(&upper(&rgb), &upper(&picture)) < 4.0);
}

#[cfg(feature = "turbojpeg")]
#[test]
fn a_picture_is_halved_as_long_as_both_sides_allow_it() {
    let detail = Detail::AtLeast { shorter: 300, longer: 512 };
    for (size, by) in [
        ((4000, 3000), 4),
        ((3000, 4000), 4),
        ((4800, 2400), 8),
        ((4800, 2392), 4),
        ((1024, 600), 2),
        ((1023, 599), 2),
        ((1022, 599), 1),
        ((1023, 598), 1),
        ((9000, 200), 1),
        ((40, 30), 1),
    ] {
        assert_eq!(detail.divisor(size), by, "{size:?}");
        assert_eq!(Detail::Full.divisor(size), 1);
    }
}

#[cfg(feature = "turbojpeg")]
#[test]
fn a_smaller_picture_is_upright_and_knows_its_whole_size() {
    as_the_application();
    let upright = quadrants(90, 60);
    let detail = Detail::AtLeast { shorter: 15, longer: 20 };
    for orientation in 1..=8 {
        let mut jpeg = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, 95);
        encoder.set_exif_metadata(exif_orientation(orientation)).unwrap();
        encoder.encode_image(&stored(&upright, orientation)).unwrap();
        let picture = decode(&jpeg, &Limits::default(), detail).unwrap();
        assert_eq!(picture.size, (90, 60));
        assert_eq!(picture.rgb.dimensions(), (23, 15));
        let small = image::imageops::thumbnail(&upright, 23, 15);
        assert!(difference(&picture.rgb, &small) < 8.0, "orientation {orientation}");
    }
}

#[cfg(feature = "turbojpeg")]
#[test]
fn memory_is_that_of_the_pixels_that_are_decoded() {
    as_the_application();
    let jpeg = encoded(quadrants(800, 400), ImageFormat::Jpeg);
    let limits = Limits::default();
    let memory = |detail| open(&jpeg, &limits, detail).unwrap().memory();
    // Twice: in the process that decodes, and here.
    assert_eq!(memory(Detail::Full), 2 * 800 * 400 * 3);
    assert_eq!(memory(Detail::AtLeast { shorter: 100, longer: 200 }), 2 * 200 * 100 * 3);
    let png = encoded(quadrants(800, 400), ImageFormat::Png);
    let picture = open(&png, &limits, Detail::AtLeast { shorter: 100, longer: 200 }).unwrap();
    assert_eq!(picture.memory(), 800 * 400 * 3);

    // So one that is too large to be decoded whole can still be seen small.
    let few = Limits { max_pixels: 100_000, ..limits.clone() };
    assert!(decode(&jpeg, &few, Detail::Full).unwrap_err().to_string().contains("too large"));
    let small = decode(&jpeg, &few, Detail::AtLeast { shorter: 100, longer: 200 }).unwrap();
    assert_eq!(small.size, (800, 400));
}

/// The memory that is asked for in all, and what is decoded for it.
#[cfg(feature = "turbojpeg")]
fn asked(bytes: &[u8], detail: Detail) -> (u64, Decoded) {
    let limits = Limits::default();
    let picture = open(bytes, &limits, detail).unwrap();
    let mut memory = picture.memory();
    let decoded = picture.decode(&mut |more| memory += more).unwrap();
    (memory, decoded)
}

#[cfg(feature = "turbojpeg")]
#[test]
fn memory_is_asked_for_before_a_picture_is_decoded_whole_after_all() {
    const WHOLE: u64 = 800 * 400 * 3;
    as_the_application();
    let detail = Detail::AtLeast { shorter: 100, longer: 200 };
    let mut jpeg = encoded(quadrants(800, 400), ImageFormat::Jpeg);
    assert_eq!(asked(&jpeg, detail).0, 2 * 200 * 100 * 3);

    // What libjpeg warns of and the codec in Rust does not mind.
    let end = jpeg.len() - 2;
    jpeg.splice(end..end, [0x55; 12]);
    let (memory, picture) = asked(&jpeg, detail);
    assert_eq!((memory, picture.rgb.dimensions()), (WHOLE, (800, 400)));

    // The colours of print, which are never decoded small.
    let mut codec = turbojpeg::Compressor::new().unwrap();
    let pixels = vec![200; 800 * 400 * 4];
    let format = turbojpeg::PixelFormat::CMYK;
    let pixels = pixels.as_slice();
    let image = turbojpeg::Image { pixels, width: 800, pitch: 800 * 4, height: 400, format };
    let print = codec.compress_to_vec(image).unwrap();
    let before = open(&print, &Limits::default(), detail).unwrap().memory();
    assert!(before >= WHOLE, "{before}");
    let (memory, picture) = asked(&print, detail);
    assert_eq!((memory, picture.rgb.dimensions()), (before, (800, 400)));
}

/// A JPEG of inks, [`colour::tests::INKS`] in squares of 32, stored inverted as
/// Adobe's programs do; a profile in it, if any.
#[cfg(feature = "turbojpeg")]
fn ink_jpeg(subsampling: turbojpeg::Subsamp, profile: &[u8]) -> Vec<u8> {
    let row: Vec<u8> = colour::tests::INKS.iter().flat_map(|ink| ink.repeat(32)).collect();
    let pixels: Vec<u8> = row.repeat(32).iter().map(|ink| 255 - ink).collect();
    let pixels = pixels.as_slice();
    let format = turbojpeg::PixelFormat::CMYK;
    let mut codec = turbojpeg::Compressor::new().unwrap();
    codec.set_quality(95).unwrap();
    codec.set_subsamp(subsampling).unwrap();
    let image = turbojpeg::Image { pixels, width: 128, pitch: 512, height: 32, format };
    let mut jpeg = codec.compress_to_vec(image).unwrap();
    if !profile.is_empty() {
        let mut segment = vec![0xFF, 0xE2];
        segment.extend((16 + profile.len() as u16).to_be_bytes());
        segment.extend(b"ICC_PROFILE\0\x01\x01");
        segment.extend(profile);
        jpeg.splice(2..2, segment);
    }
    jpeg
}

#[cfg(feature = "turbojpeg")]
#[test]
fn a_jpeg_of_inks_is_shown_as_its_profile_has_them_printed() {
    as_the_application();
    let press = colour::tests::press();
    let shown = |jpeg: &[u8], detail, expected: [[u8; 3]; 4]| {
        let picture = decode(jpeg, &Limits::default(), detail).unwrap();
        assert_eq!(picture.size, (128, 32));
        assert_eq!(thumbnail(&picture, 512).unwrap().dimensions(), picture.rgb.dimensions());
        let (width, height) = picture.rgb.dimensions();
        for (index, expected) in expected.into_iter().enumerate() {
            let at = (width / 8 + index as u32 * width / 4, height / 2);
            let found = picture.rgb.get_pixel(at.0, at.1).0;
            let off = found.iter().zip(expected).map(|(a, b)| a.abs_diff(b)).max();
            assert!(off <= Some(8), "{found:?}, expected {expected:?}");
        }
        // It is in the colours of a screen now.
        assert!(picture.profile.is_none_or(|profile| profile == b"nonsense"));
    };
    let small = Detail::AtLeast { shorter: 8, longer: 32 };
    for subsampling in [turbojpeg::Subsamp::None, turbojpeg::Subsamp::Sub2x2] {
        for detail in [Detail::Full, small] {
            let jpeg = ink_jpeg(subsampling, &press);
            shown(&jpeg, detail, colour::tests::PRINTED);
            // Plain inks where no profile tells, or it makes no sense.
            let plain = [[255; 3], [0, 255, 255], [255, 0, 255], [0; 3]];
            shown(&ink_jpeg(subsampling, b""), detail, plain);
            shown(&ink_jpeg(subsampling, b"nonsense"), detail, plain);
        }
    }
    // Without Adobe's mark it is stored as it is: what was no ink is all of it.
    let mut jpeg = ink_jpeg(turbojpeg::Subsamp::None, &press);
    let mark = jpeg.windows(7).position(|it| it == b"\x00\x0eAdobe").unwrap();
    jpeg.drain(mark - 2..mark + 14);
    let picture = decoded(&jpeg).rgb;
    assert!(picture.get_pixel(16, 16).0.iter().all(|&it| it < 10), "all inks are black");
    assert_eq!(asked(&ink_jpeg(turbojpeg::Subsamp::None, &press), small).0, 32 * 8 * (3 * 2 + 4));
}

/// Small files of every format, to be damaged.
fn seeds() -> Vec<Vec<u8>> {
    let picture = DynamicImage::ImageRgb8(quadrants(24, 16));
    let icon = DynamicImage::ImageRgba8(picture.to_rgba8());
    let mut seeds: Vec<Vec<u8>> = [
        ImageFormat::Png,
        ImageFormat::WebP,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
        ImageFormat::Gif,
        ImageFormat::Tga,
        ImageFormat::Qoi,
        ImageFormat::Pnm,
    ]
    .map(|codec| encoded(picture.clone(), codec))
    .into();
    seeds.push(encoded(icon, ImageFormat::Ico));
    seeds.push(include_bytes!("fixtures/upright.jxl").to_vec());
    seeds.push(include_bytes!("fixtures/exif.jxl").to_vec());
    let mut jpeg = Vec::new();
    let mut encoder = JpegEncoder::new(&mut jpeg);
    encoder.set_exif_metadata(exif_orientation(6)).unwrap();
    encoder.encode_image(&picture).unwrap();
    seeds.push(jpeg);
    seeds
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn damaged_bytes_never_panic(
        seed in proptest::sample::select(seeds()),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        end in any::<prop::sample::Index>(),
        cut in any::<bool>(),
        small in any::<bool>(),
    ) {
        let detail = if small { Detail::AtLeast { shorter: 2, longer: 3 } } else { Detail::Full };
        let mut bytes = seed;
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if cut {
            bytes.truncate(end.index(bytes.len() + 1));
        }
        // Tight limits: a damaged header may claim any size.
        let limits = Limits { max_pixels: 4_000_000, ..Limits::default() };
        if let Ok(picture) = decode(&bytes, &limits, detail) {
            prop_assert!(picture.rgb.width() > 0 && picture.rgb.height() > 0);
            let thumbnail = thumbnail(&picture, 64).unwrap();
            let (width, height) = thumbnail.dimensions();
            prop_assert!(width.max(height) <= 64);
        }
    }
}
