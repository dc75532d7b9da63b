//! Properties proved here, of the kinds there are of a format:
//! 1. colours of every container are shown as its profile means them;
//! 2. HEIF is turned and mirrored once, as it says;
//! 3. palettes, depths and opacity of PNG become opaque RGB;
//! 4. of several pictures the first frame, or the largest, is shown;
//! 5. kinds of JPEG, and videos, that are not shown are named.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{ImageEncoder, ImageFormat, Rgb};

use super::tests::{decoded, difference, encoded, quadrants, skipped_for_want_of_a_decoder};
use super::worker::tests::as_the_application;
use super::*;

#[test]
fn wide_colours_of_every_container_are_shown_as_they_are_meant() {
    as_the_application();
    let plain = RgbImage::from_pixel(24, 16, Rgb([200, 100, 50]));
    let shown = |bytes: &[u8], expected: [u8; 3]| {
        let picture = match decode(bytes, &Limits::default(), Detail::Full) {
            Ok(picture) => picture,
            Err(error) => {
                skipped_for_want_of_a_decoder(&error, Format::of(bytes).unwrap());
                return;
            }
        };
        let near = |found: [u8; 3], expected: [u8; 3]| {
            found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) < 6)
        };
        let (format, average) = (picture.format, thumbnail(&picture, 512).unwrap().average);
        assert!(near(average, expected), "{format}: {average:?}, expected {expected:?}");
        // What models see has the file's own numbers.
        let own = picture.rgb.get_pixel(5, 5).0;
        assert!(near(own, [200, 100, 50]), "{format}: {own:?}");
    };
    // By the definitions of these spaces, as in `colour`.
    let (adobe, p3) = ([227, 100, 42], [215, 93, 31]);
    for (profile, expected) in
        [(colour::tests::adobe_rgb(), adobe), (colour::display_p3().unwrap(), p3)]
    {
        let with = |encode: &dyn Fn(&mut Vec<u8>, Vec<u8>)| {
            let mut bytes = Vec::new();
            encode(&mut bytes, profile.clone());
            shown(&bytes, expected);
        };
        with(&|bytes, profile| {
            let mut encoder = JpegEncoder::new_with_quality(bytes, 95);
            encoder.set_icc_profile(profile).unwrap();
            encoder.encode_image(&plain).unwrap();
        });
        with(&|bytes, profile| {
            let mut encoder = image::codecs::png::PngEncoder::new(bytes);
            encoder.set_icc_profile(profile).unwrap();
            plain.write_with_encoder(encoder).unwrap();
        });
        with(&|bytes, profile| {
            let mut encoder = image::codecs::webp::WebPEncoder::new_lossless(bytes);
            encoder.set_icc_profile(profile).unwrap();
            plain.write_with_encoder(encoder).unwrap();
        });
        with(&|bytes, profile| {
            let mut encoder = image::codecs::tiff::TiffEncoder::new(Cursor::new(bytes));
            encoder.set_icc_profile(profile).unwrap();
            plain.write_with_encoder(encoder).unwrap();
        });
    }
    // Written by libjxl, its header changed to name Display P3, and by libavif with
    // a profile of Adobe RGB.
    shown(include_bytes!("fixtures/wide.jxl"), p3);
    shown(include_bytes!("fixtures/wide.avif"), adobe);
}

#[test]
fn heif_of_named_wide_colours_is_shown_as_it_is_meant() {
    as_the_application();
    for file in
        [include_bytes!("fixtures/turned.avif").as_slice(), include_bytes!("fixtures/turned.heic")]
    {
        // Its primaries, 1 for those of sRGB, become 12 for those of Display P3.
        let mut wide = file.to_vec();
        let at = wide.windows(8).position(|it| it == b"colrnclx").unwrap() + 8;
        assert_eq!(wide[at..at + 4], [0, 1, 0, 13]);
        wide[at + 1] = 12;
        let average = |bytes: &[u8]| match decode(bytes, &Limits::default(), Detail::Full) {
            Ok(picture) => {
                let plain = Decoded { profile: None, ..picture.clone() };
                let shown = |it: &Decoded| thumbnail(it, 512).unwrap().average;
                Some((shown(&picture), shown(&plain), picture.profile))
            }
            Err(error) => {
                skipped_for_want_of_a_decoder(&error, Format::of(bytes).unwrap());
                None
            }
        };
        let (Some(usual), Some(wide)) = (average(file), average(&wide)) else { continue };
        assert_eq!((usual.0, usual.2), (usual.1, None));
        assert_eq!((wide.1, &wide.2), (usual.1, &colour::display_p3()));
        assert_ne!(wide.0, usual.0);
    }
}

#[test]
fn heif_is_turned_and_mirrored_once_as_it_says() {
    use image::imageops::{flip_horizontal, flip_vertical, rotate90, rotate180, rotate270};
    as_the_application();
    let upright = quadrants(48, 32);
    for file in
        [include_bytes!("fixtures/turned.avif").as_slice(), include_bytes!("fixtures/turned.heic")]
    {
        let at = file.windows(4).position(|it| it == b"irot").unwrap();
        assert_eq!(file[at + 4], 3, "a quarter turn clockwise, which makes it upright");
        let stored = rotate270(&upright);
        // Quarter turns against the clock; a mirror that changes top and bottom,
        // and one that changes left and right.
        for (kind, value, expected) in [
            (b"irot", 0, stored.clone()),
            (b"irot", 1, rotate270(&stored)),
            (b"irot", 2, rotate180(&stored)),
            (b"irot", 3, rotate90(&stored)),
            (b"imir", 0, flip_vertical(&stored)),
            (b"imir", 1, flip_horizontal(&stored)),
        ] {
            let mut file = file.to_vec();
            file[at..at + 4].copy_from_slice(kind);
            file[at + 4] = value;
            match decode(&file, &Limits::default(), Detail::Full) {
                Ok(picture) => {
                    let kind = kind.escape_ascii();
                    assert_eq!(picture.rgb.dimensions(), expected.dimensions(), "{kind} {value}");
                    let differs = difference(&picture.rgb, &expected);
                    assert!(differs < 5.0, "{}, {kind} {value}: {differs}", picture.format);
                }
                Err(error) => {
                    skipped_for_want_of_a_decoder(&error, Format::of(&file).unwrap());
                }
            }
        }
    }
}

/// A PNG, its pixels not compressed.
fn png(header: (u32, u32, u8, u8), more: &[(&[u8; 4], Vec<u8>)], rows: &[u8]) -> Vec<u8> {
    let (width, height, depth, colours) = header;
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let start = [width.to_be_bytes(), height.to_be_bytes()].concat();
    png_chunk(&mut file, b"IHDR", &[&start, [depth, colours, 0, 0, 0].as_slice()].concat());
    for (kind, content) in more {
        png_chunk(&mut file, kind, content);
    }
    png_chunk(&mut file, b"IDAT", &png_pixels(rows));
    png_chunk(&mut file, b"IEND", &[]);
    file
}

pub(super) fn png_chunk(file: &mut Vec<u8>, kind: &[u8; 4], content: &[u8]) {
    let body = [kind.as_slice(), content].concat();
    let crc = body.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 }
        })
    });
    file.extend((content.len() as u32).to_be_bytes());
    file.extend(body);
    file.extend((!crc).to_be_bytes());
}

/// One stored block, as zlib has it.
fn png_pixels(rows: &[u8]) -> Vec<u8> {
    let length = rows.len() as u16;
    let (low, high) = rows.iter().fold((1u32, 0u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    let mut bytes = vec![0x78, 1, 1];
    bytes.extend([length.to_le_bytes(), (!length).to_le_bytes()].concat());
    bytes.extend(rows);
    bytes.extend((high << 16 | low).to_be_bytes());
    bytes
}

#[test]
fn every_kind_of_png_becomes_opaque_rgb() {
    let pixels = |bytes: &[u8]| decoded(bytes).rgb.into_raw();
    let list = || vec![10, 20, 30, 255, 0, 0, 0, 0, 255];
    // Rows begin with their filter. Listed: opaque, a fifth, and clear.
    let clear = (b"tRNS", vec![255, 51, 0]);
    let file = png((3, 1, 8, 3), &[(b"PLTE", list()), clear], &[0, 0, 1, 2]);
    assert_eq!(pixels(&file), [10, 20, 30, 255, 204, 204, 255, 255, 255]);
    let file = png((3, 1, 4, 3), &[(b"PLTE", list())], &[0, 0x01, 0x20]);
    assert_eq!(pixels(&file), [10, 20, 30, 255, 0, 0, 0, 0, 255]);
    // A grey and a colour that stand for clear.
    let file = png((2, 1, 8, 0), &[(b"tRNS", vec![0, 9])], &[0, 9, 10]);
    assert_eq!(pixels(&file), [255, 255, 255, 10, 10, 10]);
    let file = png((2, 1, 8, 2), &[(b"tRNS", vec![0, 1, 0, 2, 0, 3])], &[0, 1, 2, 3, 1, 2, 4]);
    assert_eq!(pixels(&file), [255, 255, 255, 1, 2, 4]);
    let file = png((2, 1, 16, 0), &[], &[0, 0x80, 0x80, 0xFF, 0xFF]);
    assert_eq!(pixels(&file), [0x80, 0x80, 0x80, 255, 255, 255]);
    let file = png((1, 1, 16, 6), &[], &[0, 255, 255, 0, 0, 0, 0, 51, 51]);
    assert_eq!(pixels(&file), [255, 204, 204]);
    let file = png((4, 1, 2, 0), &[], &[0, 0b00_01_10_11]);
    assert_eq!(pixels(&file), [0, 0, 0, 85, 85, 85, 170, 170, 170, 255, 255, 255]);
}

#[test]
fn an_animation_of_any_format_shows_its_first_frame() {
    let (first, second) = (quadrants(8, 6), RgbImage::from_pixel(8, 6, Rgb([9, 9, 9])));
    let mut gif = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut gif);
    for frame in [&first, &second] {
        let frame = DynamicImage::ImageRgb8(frame.clone()).into_rgba8();
        encoder.encode_frame(image::Frame::new(frame)).unwrap();
    }
    drop(encoder);
    assert_eq!(decoded(&gif).rgb, first);

    let rows = |picture: &RgbImage| -> Vec<u8> {
        picture.chunks_exact(8 * 3).flat_map(|row| [&[0], row].concat()).collect()
    };
    let control = |number: u32| {
        let words = [number, 8, 6, 0, 0].map(u32::to_be_bytes).concat();
        [words, vec![0, 1, 0, 10, 0, 0]].concat()
    };
    let count = [2u32, 0].map(u32::to_be_bytes).concat();
    let mut apng = png((8, 6, 8, 2), &[(b"acTL", count), (b"fcTL", control(0))], &rows(&first));
    apng.truncate(apng.len() - 12);
    png_chunk(&mut apng, b"fcTL", &control(1));
    let next = [2u32.to_be_bytes().to_vec(), png_pixels(&rows(&second))].concat();
    png_chunk(&mut apng, b"fdAT", &next);
    png_chunk(&mut apng, b"IEND", &[]);
    assert_eq!(decoded(&apng).rgb, first);

    let chunk = |kind: &[u8; 4], content: &[u8]| {
        [kind.as_slice(), &(content.len() as u32).to_le_bytes(), content].concat()
    };
    // Behind place, size less one, and duration, in three bytes each, and flags
    // is what a still picture has behind its header.
    let frame = |picture: &RgbImage| {
        let still = encoded(picture.clone(), ImageFormat::WebP);
        let head = [0, 0, 0, 0, 0, 0, 7, 0, 0, 5, 0, 0, 100, 0, 0, 0];
        chunk(b"ANMF", &[&head, &still[12..]].concat())
    };
    let webp = [
        b"WEBP".to_vec(),
        chunk(b"VP8X", &[2, 0, 0, 0, 7, 0, 0, 5, 0, 0]),
        chunk(b"ANIM", &[0; 6]),
        frame(&first),
        frame(&second),
    ];
    // Frames are laid on each other, which rounds.
    assert!(difference(&decoded(&chunk(b"RIFF", &webp.concat())).rgb, &first) < 2.0);

    as_the_application();
    match decode(include_bytes!("fixtures/animated.avif"), &Limits::default(), Detail::Full) {
        Ok(picture) => assert!(difference(&picture.rgb, &quadrants(48, 32)) < 5.0),
        Err(error) => {
            skipped_for_want_of_a_decoder(&error, Format::Avif);
        }
    }
}

#[test]
fn of_an_icon_the_largest_picture_is_shown() {
    use image::codecs::ico::{IcoEncoder, IcoFrame};
    let large = quadrants(48, 48);
    let frames: Vec<IcoFrame> = [16, 48, 32]
        .map(|side| {
            let picture = match side {
                48 => large.clone(),
                _ => RgbImage::from_pixel(side, side, Rgb([9, 9, 9])),
            };
            let picture = DynamicImage::ImageRgb8(picture).into_rgba8();
            IcoFrame::as_png(&picture, side, side, image::ExtendedColorType::Rgba8).unwrap()
        })
        .into();
    let mut icon = Vec::new();
    IcoEncoder::new(&mut icon).encode_images(&frames).unwrap();
    assert_eq!(decoded(&icon).rgb, large);
}

#[test]
fn jpegs_of_other_kinds_are_shown_or_named() {
    let check = |bytes: &[u8]| {
        let picture = quadrants(48, 32);
        assert!(difference(&decoded(bytes).rgb, &picture) < 3.0);
        // What cameras and programs append is no part of it.
        let more = [bytes, b"\0\0appended \xFF\xD8\xFF".as_slice(), &[0x55; 5000]].concat();
        assert_eq!(decoded(&more).rgb, decoded(bytes).rgb);
        // Named by its first marker; the rest does not count any more.
        let at = bytes.windows(2).position(|it| matches!(it, [0xFF, 0xC0 | 0xC2])).unwrap();
        for (marker, depth, kind) in [
            (0xC1, 12, "a JPEG of 12 bits"),
            (0xC3, 8, "a lossless JPEG"),
            (0xC9, 8, "an arithmetic-coded JPEG"),
            (0xCA, 8, "an arithmetic-coded JPEG"),
            (0xC5, 8, "a hierarchical JPEG"),
        ] {
            let mut other = bytes.to_vec();
            (other[at + 1], other[at + 4]) = (marker, depth);
            let error = decode(&other, &Limits::default(), Detail::Full).unwrap_err();
            assert_eq!(error.to_string(), format!("the content is {kind}, which is not supported"));
            assert!(error.permanent);
        }
    };
    as_the_application();
    check(&encoded(quadrants(48, 32), ImageFormat::Jpeg));
    // Its passes were ordered by libjpeg-turbo.
    let progressive = include_bytes!("fixtures/progressive.jpg");
    check(progressive);
}

#[test]
fn a_video_under_the_name_of_a_photo_is_called_one() {
    for start in [
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".as_slice(),
        b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
        b"\0\0\0\x08wide\0\0\0\x10mdat",
        b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1fB\x86webm",
        b"RIFF\xff\xff\0\0AVI LIST",
    ] {
        let bytes = [start, &[7; 4000]].concat();
        let error = decode(&bytes, &Limits::default(), Detail::Full).unwrap_err();
        assert_eq!(error.reason, "the content is a video, which is not supported yet");
        assert!(error.permanent);
    }
}
