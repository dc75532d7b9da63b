//! Properties proved here:
//! 1. strips and tiles of JPEG become the picture they were cut from;
//! 2. listed colours and greys of few bits show as they are meant, in both
//!    byte orders, both directions of grey, and both orders of bits;
//! 3. what would be shown wrongly is refused with its kind named;
//! 4. no bytes make it panic or believe a size.

use image::codecs::jpeg::JpegEncoder;
use image::imageops;
use proptest::prelude::*;

use super::*;
use crate::decode::tests::difference;
use crate::decode::{Detail, Format, decode};

/// Tags with their numbers; those of more than 16 bits are given as [`Long`].
#[derive(Clone)]
pub(in crate::decode) enum Value {
    Short(Vec<u16>),
    Long(Vec<u32>),
    Bytes(Vec<u8>),
}
use Value::{Bytes, Long, Short};

/// A file of one directory; its strips or tiles are the pieces.
pub(in crate::decode) fn tiff(
    big_endian: bool,
    pieces: &[Vec<u8>],
    tags: &[(u16, Value)],
) -> Vec<u8> {
    let two = |value: u16| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let four = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let mut file = if big_endian { b"MM\0*\0\0\0\0".to_vec() } else { b"II*\0\0\0\0\0".to_vec() };
    let mut offsets = Vec::new();
    for piece in pieces {
        offsets.push(file.len() as u32);
        file.extend(piece);
        file.resize(file.len().next_multiple_of(2), 0);
    }
    let lengths = pieces.iter().map(|piece| piece.len() as u32).collect();
    let mut tags = tags.to_vec();
    let tiled = tags.iter().any(|(tag, _)| *tag == TILE_WIDTH);
    let [at, long] =
        if tiled { [TILE_OFFSETS, TILE_LENGTHS] } else { [STRIP_OFFSETS, STRIP_LENGTHS] };
    tags.extend([(at, Long(offsets)), (long, Long(lengths))]);
    tags.sort_by_key(|(tag, _)| *tag);
    let mut directory = two(tags.len() as u16).to_vec();
    for (tag, value) in tags {
        let (kind, count, mut bytes) = match value {
            Short(values) => (3, values.len(), values.into_iter().flat_map(two).collect()),
            Long(values) => (4, values.len(), values.into_iter().flat_map(four).collect()),
            Bytes(bytes) => (7, bytes.len(), bytes),
        };
        directory.extend([two(tag), two(kind)].concat());
        directory.extend(four(count as u32));
        if bytes.len() > 4 {
            directory.extend(four(file.len() as u32));
            file.extend(bytes);
            file.resize(file.len().next_multiple_of(2), 0);
        } else {
            bytes.resize(4, 0);
            directory.extend(bytes);
        }
    }
    let at = four(file.len() as u32);
    file[4..8].copy_from_slice(&at);
    file.extend(directory);
    file.extend([0; 4]);
    file
}

fn described(
    (width, height): (u32, u32),
    bits: &[u16],
    compression: u32,
    photometric: u32,
) -> Vec<(u16, Value)> {
    vec![
        (WIDTH, Short(vec![width as u16])),
        (HEIGHT, Long(vec![height])),
        (BITS, Short(bits.to_vec())),
        (COMPRESSION, Short(vec![compression as u16])),
        (PHOTOMETRIC, Short(vec![photometric as u16])),
        (SAMPLES, Short(vec![bits.len() as u16])),
    ]
}

fn shown(file: &[u8]) -> RgbImage {
    let picture = decode(file, &Limits::default(), Detail::Full).unwrap();
    assert_eq!((picture.format, picture.size), (Format::Tiff, picture.rgb.dimensions()));
    picture.rgb
}

fn refused(file: &[u8]) -> String {
    let error = decode(file, &Limits::default(), Detail::Full).unwrap_err();
    assert!(error.permanent);
    error.to_string()
}

/// Colours that differ from place to place, softly.
fn scene(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(3 * x) as u8, (4 * y) as u8, 200 - x as u8]))
}

fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 95).encode_image(picture).unwrap();
    jpeg
}

/// Takes the tables out, as TIFF has them; what is left lacks them.
fn split(jpeg: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut tables, mut own) = (b"\xFF\xD8".to_vec(), b"\xFF\xD8".to_vec());
    let mut at = 2;
    while jpeg[at + 1] != 0xDA {
        let length = 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        let to = if matches!(jpeg[at + 1], 0xDB | 0xC4) { &mut tables } else { &mut own };
        to.extend(&jpeg[at..at + length]);
        at += length;
    }
    own.extend(&jpeg[at..]);
    tables.extend(b"\xFF\xD9");
    (tables, own)
}

/// Pieces of `side`, those at the edges filled up where they are tiles.
fn cut(picture: &RgbImage, side: (u32, u32), fill: bool) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (width, height) = picture.dimensions();
    let mut tables = Vec::new();
    let mut pieces = Vec::new();
    for top in (0..height).step_by(side.1 as usize) {
        for left in (0..width).step_by(side.0 as usize) {
            let size = if fill { side } else { (side.0, side.1.min(height - top)) };
            let piece = RgbImage::from_fn(size.0, size.1, |x, y| {
                *picture.get_pixel((left + x).min(width - 1), (top + y).min(height - 1))
            });
            let (common, own) = split(&jpeg(&piece));
            tables = common;
            pieces.push(own);
        }
    }
    (tables, pieces)
}

#[test]
fn strips_and_tiles_of_jpeg_are_put_together() {
    let picture = scene(70, 50);
    for big_endian in [false, true] {
        let tags = || described((70, 50), &[8; 3], JPEG, YCBCR);
        let (tables, strips) = cut(&picture, (70, 16), false);
        let common = [(ROWS_PER_STRIP, Short(vec![16])), (JPEG_TABLES, Bytes(tables.clone()))];
        let file = tiff(big_endian, &strips, &[tags(), common.to_vec()].concat());
        assert!(difference(&shown(&file), &picture) < 3.0);

        // Filled up to whole strips, each complete in itself.
        let (_, strips) = cut(&picture, (70, 16), true);
        let whole: Vec<_> =
            strips.iter().map(|own| [&tables[..tables.len() - 2], &own[2..]].concat()).collect();
        let rows = [(ROWS_PER_STRIP, Short(vec![16]))];
        let file = tiff(big_endian, &whole, &[tags(), rows.to_vec()].concat());
        assert!(difference(&shown(&file), &picture) < 3.0);

        let (tables, tiles) = cut(&picture, (32, 16), true);
        let more = [
            (TILE_WIDTH, Short(vec![32])),
            (TILE_HEIGHT, Short(vec![16])),
            (JPEG_TABLES, Bytes(tables)),
            (ORIENTATION, Short(vec![6])),
            (PROFILE, Bytes(colour::tests::adobe_rgb())),
        ];
        let file = tiff(big_endian, &tiles, &[tags(), more.to_vec()].concat());
        let turned = imageops::rotate90(&picture);
        assert!(difference(&shown(&file), &turned) < 3.0);
        let picture = decode(&file, &Limits::default(), Detail::Full).unwrap();
        assert_eq!(picture.profile, Some(colour::tests::adobe_rgb()));
    }
}

#[test]
fn jpegs_of_one_component_each_are_left_to_the_codec() {
    let grey = |value: u8| {
        let mut jpeg = Vec::new();
        let picture = image::GrayImage::from_pixel(64, 16, image::Luma([value]));
        JpegEncoder::new_with_quality(&mut jpeg, 95).encode_image(&picture).unwrap();
        jpeg
    };
    let mut tags = described((64, 16), &[8; 3], JPEG, RGB);
    tags.push((PLANES, Short(vec![2])));
    let picture = shown(&tiff(false, &[grey(200), grey(100), grey(50)], &tags));
    let [red, green, blue] = picture.get_pixel(5, 5).0;
    assert!(red.abs_diff(200) < 3 && green.abs_diff(100) < 3 && blue.abs_diff(50) < 3);
}

#[test]
fn jpegs_that_do_not_fit_are_refused() {
    let picture = scene(64, 48);
    let rows = (ROWS_PER_STRIP, Short(vec![16]));
    for photometric in [YCBCR, 2] {
        let tags = [described((64, 48), &[8; 3], JPEG, photometric), vec![rows.clone()]].concat();
        let mut strips = vec![jpeg(&imageops::crop_imm(&picture, 0, 0, 64, 16).to_image()); 3];
        assert_eq!(shown(&tiff(false, &strips, &tags)).dimensions(), (64, 48));
        // Larger than the picture, and not too large for the codec.
        let frame = strips[1].windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
        strips[1][frame + 5..frame + 9].fill(0x0F);
        assert!(refused(&tiff(false, &strips, &tags)).starts_with("the TIFF data are damaged"));
    }
    let tags = [described((64, 48), &[8; 3], JPEG, YCBCR), vec![rows]].concat();
    let strip = jpeg(&imageops::crop_imm(&picture, 0, 0, 64, 16).to_image());
    for (strips, words) in [
        (vec![strip.clone(); 2], "add up"),
        (vec![strip.clone(), jpeg(&scene(64, 8)), strip.clone()], "too short"),
        (vec![strip.clone(), strip[..200].to_vec(), strip.clone()], "no whole one"),
        (vec![strip.clone(), jpeg(&scene(60, 16)), strip.clone()], "another size"),
    ] {
        let reason = refused(&tiff(false, &strips, &tags));
        assert!(reason.contains(words), "{reason}");
    }
    let whole = tiff(false, &vec![strip.clone(); 3], &tags);
    // Each strip is the whole file; tables that are a picture, or endless.
    let mut bomb = whole.clone();
    let longest = (whole.len() as u32 - 8).to_le_bytes();
    for index in 0..3 {
        let length = (strip.len() as u32).to_le_bytes();
        let at = bomb.windows(4).rposition(|it| it == length).unwrap();
        bomb[at..at + 4].copy_from_slice(&longest);
        let offset = ((8 + index * strip.len().next_multiple_of(2)) as u32).to_le_bytes();
        let at = bomb.windows(4).rposition(|it| it == offset).unwrap();
        bomb[at..at + 4].copy_from_slice(&8u32.to_le_bytes());
    }
    assert!(refused(&bomb).contains("longer than the file"));
    for tables in [strip.clone(), vec![0; MOST_TABLES + 1]] {
        let tags = [tags.clone(), vec![(JPEG_TABLES, Bytes(tables))]].concat();
        let reason = refused(&tiff(false, &vec![strip.clone(); 3], &tags));
        assert!(reason.contains("tables are none"), "{reason}");
    }
    let tight = Limits { max_alloc_bytes: 64 * 48 * 3, ..Limits::default() };
    assert!(decode(&whole, &tight, Detail::Full).unwrap_err().to_string().contains("memory"));
    let tight = Limits { max_pixels: 64 * 47, ..Limits::default() };
    assert!(decode(&whole, &tight, Detail::Full).unwrap_err().to_string().contains("too large"));
}

/// Pixels of so many bits, each row beginning with a byte of its own.
fn packed(width: u32, height: u32, bits: u32, number: impl Fn(u32, u32) -> u8) -> Vec<u8> {
    let row = (width * bits).div_ceil(8);
    let mut bytes = vec![0u8; (row * height) as usize];
    for y in 0..height {
        for x in 0..width {
            let bit = x * bits;
            bytes[(y * row + bit / 8) as usize] |= number(x, y) << (8 - bits - bit % 8);
        }
    }
    bytes
}

#[test]
fn listed_colours_show_as_listed() {
    for big_endian in [false, true] {
        for bits in [1u32, 2, 4, 8] {
            let count = 1u32 << bits;
            let number = |x: u32, y: u32| ((x + 5 * y) % count) as u8;
            let list = |scale: u32| {
                let value = |colour: u32, at: u32| (scale * ((at * 37 + colour * 90) % 256)) as u16;
                (0..3).flat_map(|colour| (0..count).map(move |at| value(colour, at))).collect()
            };
            let expected = RgbImage::from_fn(21, 9, |x, y| {
                let number = u32::from(number(x, y));
                Rgb([0, 1, 2].map(|colour| ((number * 37 + colour * 90) % 256) as u8))
            });
            for scale in [1, 256, 257] {
                let mut tags = described((21, 9), &[bits as u16], 1, LISTED);
                tags.push((COLOURS, Short(list(scale))));
                let file = tiff(big_endian, &[packed(21, 9, bits, number)], &tags);
                assert_eq!(shown(&file), expected, "{bits} bits, {scale}");
                tags.push((ORIENTATION, Short(vec![3])));
                let file = tiff(big_endian, &[packed(21, 9, bits, number)], &tags);
                assert_eq!(shown(&file), imageops::rotate180(&expected));
            }
        }
    }
    let tags = described((21, 9), &[8], 1, LISTED);
    let reason = refused(&tiff(false, &[packed(21, 9, 8, |_, _| 0)], &tags));
    assert!(reason.contains("list of colours is not whole"), "{reason}");
    let reason = refused(&tiff(false, &[vec![0; 500]], &described((21, 9), &[16], 1, LISTED)));
    assert!(reason.contains("not supported yet: a list of colours"), "{reason}");
}

#[test]
fn greys_of_few_bits_show_in_both_directions() {
    for bits in [1u32, 2, 4, 8, 16] {
        let most = (1u32 << bits) - 1;
        let level = |x: u32, y: u32| (x + 5 * y) % 16 * most / 15;
        let pixels = |big_endian: bool| match bits {
            16 => (0..21 * 9)
                .map(|at| level(at % 21, at / 21) as u16)
                .flat_map(|it| if big_endian { it.to_be_bytes() } else { it.to_le_bytes() })
                .collect(),
            _ => packed(21, 9, bits, |x, y| level(x, y) as u8),
        };
        let expected = |white_is_zero: bool| {
            RgbImage::from_fn(21, 9, |x, y| {
                let level = level(x, y);
                let level = if white_is_zero { most - level } else { level };
                Rgb([(f64::from(level) / f64::from(most) * 255.0).round() as u8; 3])
            })
        };
        for big_endian in [false, true] {
            for photometric in [WHITE_IS_ZERO, BLACK_IS_ZERO] {
                let tags = described((21, 9), &[bits as u16], 1, photometric);
                let file = tiff(big_endian, &[pixels(big_endian)], &tags);
                let expected = expected(photometric == WHITE_IS_ZERO);
                assert_eq!(shown(&file), expected, "{bits} bits, {photometric}");
            }
        }
    }
}

#[test]
fn bits_in_the_other_order_are_turned_around() {
    let number = |x: u32, y: u32| u8::from((x * x + y).is_multiple_of(3));
    let tags = described((21, 9), &[1], 1, BLACK_IS_ZERO);
    let usual = packed(21, 9, 1, number);
    let turned = usual.iter().map(|byte| byte.reverse_bits()).collect();
    let expected = shown(&tiff(false, &[usual], &tags));
    let tags = [tags, vec![(FILL_ORDER, Short(vec![2]))]].concat();
    assert_eq!(shown(&tiff(false, &[turned], &tags)), expected);
    assert_eq!(expected.get_pixel(0, 0).0, [255; 3]);
}

#[test]
fn tiles_of_few_bits_are_put_together() {
    let number = |x: u32, y: u32| ((x + 3 * y) % 16) as u8;
    let tile = |left: u32| packed(16, 16, 4, move |x, y| number(left + x, y));
    let mut tags = described((24, 16), &[4], 1, BLACK_IS_ZERO);
    tags.extend([(TILE_WIDTH, Short(vec![16])), (TILE_HEIGHT, Short(vec![16]))]);
    let picture = shown(&tiff(false, &[tile(0), tile(16)], &tags));
    let expected = RgbImage::from_fn(24, 16, |x, y| Rgb([17 * number(x, y); 3]));
    assert_eq!(picture, expected);
}

#[test]
fn colours_of_print_are_shown_as_ink_on_white() {
    for (bits, scale) in [(8u16, 1u16), (16, 257)] {
        let pixels: Vec<u8> = [[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 255, 51], [9, 8, 7, 255]]
            .concat()
            .iter()
            .flat_map(|&ink: &u16| {
                if bits == 8 { vec![ink as u8] } else { (ink * scale).to_le_bytes().to_vec() }
            })
            .collect();
        let tags = described((4, 1), &[bits; 4], 1, 5);
        let picture = shown(&tiff(false, &[pixels], &tags));
        let expected = [[255, 255, 255], [0, 255, 255], [204, 204, 0], [0, 0, 0]];
        for (pixel, expected) in picture.pixels().zip(expected) {
            let off = pixel.0.iter().zip(expected).map(|(a, b)| a.abs_diff(b)).max();
            assert!(off <= Some(1), "{pixel:?}, expected {expected:?}, {bits} bits");
        }
    }
}

#[test]
fn inks_are_shown_as_their_profile_has_them_printed() {
    for bits in [8u16, 16] {
        let inks = colour::tests::INKS.concat();
        let pixels = match bits {
            8 => inks,
            _ => inks.iter().flat_map(|&ink| (257 * u16::from(ink)).to_be_bytes()).collect(),
        };
        let mut tags = described((4, 1), &[bits; 4], 1, INKS);
        tags.push((PROFILE, Bytes(colour::tests::press())));
        let file = tiff(true, &[pixels], &tags);
        let picture = decode(&file, &Limits::default(), Detail::Full).unwrap();
        assert_eq!(picture.profile, None);
        for (pixel, expected) in picture.rgb.pixels().zip(colour::tests::PRINTED) {
            let off = pixel.0.iter().zip(expected).map(|(a, b)| a.abs_diff(b)).max();
            assert!(off <= Some(2), "{pixel:?}, expected {expected:?}, {bits} bits");
        }
    }
}

#[test]
fn colours_mixed_with_their_opacity_are_not_mixed_again() {
    for (extra, pixel) in [(1u16, [200u8, 0, 0, 200]), (2, [255, 0, 0, 200])] {
        let mut tags = described((1, 1), &[8; 4], 1, 2);
        tags.push((EXTRA_SAMPLES, Short(vec![extra])));
        let picture = shown(&tiff(false, &[pixel.to_vec()], &tags));
        assert_eq!(picture.get_pixel(0, 0).0, [255, 55, 55], "{extra}");
        let deep = pixel.iter().flat_map(|&it| (257 * u16::from(it)).to_le_bytes()).collect();
        tags[2] = (BITS, Short(vec![16; 4]));
        let picture = shown(&tiff(false, &[deep], &tags));
        assert_eq!(picture.get_pixel(0, 0).0, [255, 55, 55], "{extra}");
    }
}

#[test]
fn kinds_that_are_not_shown_are_named() {
    let with = |tags: Vec<(u16, Value)>| refused(&tiff(false, &[vec![0; 900]], &tags));
    for (compression, photometric, words) in [
        (1, YCBCR, "not supported yet: YCbCr without JPEG"),
        (OLD_JPEG, YCBCR, "not supported yet: JPEG as TIFF had it"),
        (1, 8, "not supported yet"),
        (34712, 2, "not supported yet"),
    ] {
        let reason = with(described((20, 10), &[8; 3], compression, photometric));
        assert!(reason.contains(words), "{reason}");
    }
    let predicted = vec![(PREDICTOR, Short(vec![2]))];
    let tags = [described((20, 10), &[4], 5, BLACK_IS_ZERO), predicted].concat();
    assert!(with(tags).contains("not supported yet: pixels of 4 bits"));
    let planes = vec![(PLANES, Short(vec![2]))];
    let tags = [described((20, 10), &[8; 3], JPEG, YCBCR), planes].concat();
    assert!(with(tags).contains("each component for itself"));
}

fn seeds() -> Vec<Vec<u8>> {
    let (tables, strips) = cut(&scene(40, 24), (40, 16), false);
    let rows = (ROWS_PER_STRIP, Short(vec![16]));
    let jpeg =
        [described((40, 24), &[8; 3], JPEG, YCBCR), vec![rows, (JPEG_TABLES, Bytes(tables))]];
    let list = (COLOURS, Short((0..48).map(|it| it * 1300).collect()));
    let listed = [described((21, 9), &[4], 1, LISTED), vec![list]];
    let mut turned = described((21, 9), &[1], 1, WHITE_IS_ZERO);
    turned.push((FILL_ORDER, Short(vec![2])));
    vec![
        tiff(false, &strips, &jpeg.concat()),
        tiff(true, &[packed(21, 9, 4, |x, _| (x % 16) as u8)], &listed.concat()),
        tiff(false, &[packed(21, 9, 1, |x, _| (x % 2) as u8)], &turned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn damaged_files_never_panic(
        seed in prop::sample::select(seeds()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        end in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = seed;
        // The directory is at the end; most damage is done there.
        let directory = bytes.len().min(260);
        for (index, (at, value)) in damage.into_iter().enumerate() {
            let at = if index % 2 == 0 { at.index(bytes.len()) } else {
                bytes.len() - 1 - at.index(directory)
            };
            bytes[at] = value;
        }
        if cut {
            bytes.truncate(end.index(bytes.len() + 1));
        }
        let limits = Limits { max_pixels: 4_000_000, ..Limits::default() };
        // Asked directly too, so that no panic is caught.
        if let Ok(Some(Special::Retold(told))) = special(&bytes) {
            prop_assert_eq!(told.file(&bytes).len(), bytes.len());
        }
        match decode(&bytes, &limits, Detail::Full) {
            Ok(picture) => prop_assert!(picture.rgb.width() > 0 && picture.rgb.height() > 0),
            Err(error) => prop_assert!(!error.to_string().contains("broke down"), "{error}"),
        }
    }
}
