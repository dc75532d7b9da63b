//! Embedded colour profiles, and the way from them to sRGB.
//!
//! Only what people see is converted, after it was made small, or exported. A profile says
//! how the picture's numbers are meant; where it makes no sense the numbers are
//! taken as sRGB, as they are where there is none.

use std::cell::RefCell;
use std::sync::Arc;

use image::{Rgb, RgbImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformExecutor, TransformOptions};

/// Longest profile that is looked at. Those of cameras and screens have some
/// kilobytes, those of printers a megabyte or two.
pub(super) const MOST_PROFILE_BYTES: usize = 4 << 20;

/// The profile, unless it is too long or empty.
pub(super) fn kept(profile: Vec<u8>) -> Option<Vec<u8>> {
    (1..=MOST_PROFILE_BYTES).contains(&profile.len()).then_some(profile)
}

/// Display P3, as HEIF may name it without a profile.
#[cfg_attr(not(feature = "heif"), allow(dead_code, reason = "only HEIF names it"))]
pub(super) fn display_p3() -> Option<Vec<u8>> {
    ColorProfile::new_display_p3().encode().ok()
}

/// Converts a picture from what `profile` says to sRGB, in place; a second buffer is
/// needed meanwhile.
pub fn to_srgb(rgb: &mut RgbImage, profile: &[u8]) {
    if let Some(way) = way(profile) {
        // A codec's fault must cost no more than the colours.
        let converted = std::panic::catch_unwind(|| way.convert(rgb));
        if let Ok(Some(pixels)) = converted {
            rgb.copy_from_slice(&pixels);
        }
    }
}

type Transform = Arc<dyn TransformExecutor<u8> + Send + Sync>;

#[derive(Clone)]
enum Way {
    Rgb(Transform),
    /// The profile is one of greys, so each pixel is taken as one number.
    Grey(Transform),
}

impl std::panic::RefUnwindSafe for Way {}

impl Way {
    fn convert(&self, rgb: &RgbImage) -> Option<Vec<u8>> {
        let mut converted = vec![0; rgb.len()];
        match self {
            Self::Rgb(transform) => transform.transform(rgb, &mut converted).ok()?,
            Self::Grey(transform) => {
                if rgb.pixels().any(|Rgb([red, green, blue])| red != green || green != blue) {
                    return None;
                }
                let greys: Vec<u8> = rgb.pixels().map(|pixel| pixel.0[1]).collect();
                transform.transform(&greys, &mut converted).ok()?;
            }
        }
        Some(converted)
    }
}

/// How to convert; `None` where there is nothing to be done or no way to do it.
/// The last one is kept: most photos of a folder come from one camera.
fn way(profile: &[u8]) -> Option<Way> {
    thread_local! {
        static LAST: RefCell<Option<(Vec<u8>, Option<Way>)>> = const { RefCell::new(None) };
    }
    LAST.with_borrow_mut(|last| match last {
        Some((known, way)) if known == profile => way.clone(),
        _ => {
            let way = std::panic::catch_unwind(|| prepared(profile)).ok().flatten();
            *last = Some((profile.to_vec(), way.clone()));
            way
        }
    })
}

fn prepared(profile: &[u8]) -> Option<Way> {
    if profile.len() > MOST_PROFILE_BYTES {
        return None;
    }
    let from = ColorProfile::new_from_slice(profile).ok()?;
    let to = ColorProfile::new_srgb();
    let options = TransformOptions::default();
    let transform = |layout| from.create_transform_8bit(layout, &to, Layout::Rgb, options).ok();
    match from.color_space {
        DataColorSpace::Rgb => {
            let transform = transform(Layout::Rgb)?;
            (!changes_nothing(transform.as_ref())).then_some(Way::Rgb(transform))
        }
        DataColorSpace::Gray => Some(Way::Grey(transform(Layout::Gray)?)),
        // Inks became RGB when the picture was decoded.
        _ => None,
    }
}

/// The way from four inks (CMYK) to sRGB, as a profile of a printing press says.
///
/// Unlike other colours, inks are converted before anybody looks, models
/// included: they are no colours until it is known on what they are printed.
pub(super) struct Print(Transform);

impl std::panic::RefUnwindSafe for Print {}

impl Print {
    /// `None` where the profile is not one of four inks, or makes no sense.
    pub fn of(profile: &[u8]) -> Option<Self> {
        const INKS: std::ops::Range<usize> = 16..20;
        if profile.len() > MOST_PROFILE_BYTES || profile.get(INKS) != Some(b"CMYK") {
            return None;
        }
        let prepare = || {
            let from = ColorProfile::new_from_slice(profile).ok()?;
            let to = ColorProfile::new_srgb();
            // Four inks have the layout of three colours and an opacity.
            from.create_transform_8bit(Layout::Rgba, &to, Layout::Rgb, TransformOptions::default())
                .ok()
        };
        std::panic::catch_unwind(prepare).ok().flatten().map(Self)
    }

    /// The picture of pixels of cyan, magenta, yellow and black, 255 being all of
    /// it; `None` where they are not as many as the sides say, or the codec fails.
    pub fn rgb(&self, inks: &[u8], (width, height): (u32, u32)) -> Option<RgbImage> {
        let mut rgb = RgbImage::new(width, height);
        if inks.len() / 4 != rgb.len() / 3 {
            return None;
        }
        let mut converted = std::panic::AssertUnwindSafe(&mut rgb);
        let convert = move || self.0.transform(inks, &mut converted).ok();
        std::panic::catch_unwind(convert).ok().flatten()?;
        Some(rgb)
    }
}

impl std::fmt::Debug for Print {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Print")
    }
}

/// Whether it is sRGB to sRGB, but for rounding.
fn changes_nothing(transform: &(dyn TransformExecutor<u8> + Send + Sync)) -> bool {
    const LEVELS: [u8; 5] = [0, 40, 100, 180, 255];
    let mut probes = Vec::with_capacity(3 * LEVELS.len().pow(3));
    for red in LEVELS {
        for green in LEVELS {
            for blue in LEVELS {
                probes.extend([red, green, blue]);
            }
        }
    }
    let mut results = vec![0; probes.len()];
    let done = transform.transform(&probes, &mut results).is_ok();
    done && probes.iter().zip(&results).all(|(probe, result)| probe.abs_diff(*result) <= 1)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(in crate::decode) fn adobe_rgb() -> Vec<u8> {
        ColorProfile::new_adobe_rgb().encode().unwrap()
    }

    /// A printing press, by a table of what each mixture of whole inks looks like
    /// (L*, a* and b* in a byte each).
    pub(in crate::decode) fn press() -> Vec<u8> {
        const LOOKS: [[u8; 3]; 4] =
            [[153, 88, 88], [128, 198, 128], [230, 123, 218], [0, 128, 128]];
        let mut table = b"mft1\0\0\0\0\x04\x03\x02\0".to_vec();
        for row in 0..3 {
            table.extend((0..3).flat_map(|at| u32::to_be_bytes(65_536 * u32::from(at == row))));
        }
        let straight: Vec<u8> = (0..=255).collect();
        (0..4).for_each(|_| table.extend(&straight));
        for inks in 0..16u8 {
            // Black covers the others; of those the last.
            let last = (0..4).rfind(|ink| inks >> (3 - ink) & 1 == 1);
            table.extend(last.map_or([255, 128, 128], |ink: usize| LOOKS[ink]));
        }
        (0..3).for_each(|_| table.extend(&straight));
        let mut tags: Vec<(&[u8; 4], Vec<u8>)> = vec![(b"A2B0", table)];
        let white = [63_190u32, 65_536, 54_061].map(u32::to_be_bytes).concat();
        tags.push((b"wtpt", [b"XYZ \0\0\0\0".as_slice(), &white].concat()));
        let mut profile = vec![0; 128];
        profile[8] = 2;
        profile[12..24].copy_from_slice(b"prtrCMYKLab ");
        profile[36..40].copy_from_slice(b"acsp");
        profile[68..80]
            .copy_from_slice(&[0xF6D6u32, 0x1_0000, 0xD32D].map(u32::to_be_bytes).concat());
        profile.extend((tags.len() as u32).to_be_bytes());
        let mut at = 132 + 12 * tags.len();
        for (name, content) in &tags {
            profile.extend(*name);
            profile.extend([at, content.len()].map(|it| (it as u32).to_be_bytes()).concat());
            at += content.len().next_multiple_of(4);
        }
        for (_, mut content) in tags {
            content.resize(content.len().next_multiple_of(4), 0);
            profile.extend(content);
        }
        let length = (profile.len() as u32).to_be_bytes();
        profile[..4].copy_from_slice(&length);
        profile
    }

    /// Four pixels: paper, cyan, magenta, and black; and how [`press`] prints
    /// them, by another library (Little CMS).
    pub(in crate::decode) const INKS: [[u8; 4]; 4] =
        [[0; 4], [255, 0, 0, 0], [0, 255, 0, 0], [0, 0, 0, 255]];
    pub(in crate::decode) const PRINTED: [[u8; 3]; 4] =
        [[255; 3], [0, 165, 214], [219, 41, 123], [0; 3]];

    #[test]
    fn inks_look_as_their_press_prints_them() {
        let print = Print::of(&press()).unwrap();
        let rgb = print.rgb(&INKS.concat(), (4, 1)).unwrap();
        for (pixel, expected) in rgb.pixels().zip(PRINTED) {
            near(pixel.0, expected);
        }
        assert!(print.rgb(&INKS.concat(), (3, 1)).is_none());
        // Of inks it knows nothing, and what is made of them is not RGB to it.
        assert!(Print::of(&adobe_rgb()).is_none());
        assert!(Print::of(&press()[..200]).is_none());
        assert_eq!(converted([9, 8, 7], &press()), [9, 8, 7]);
    }

    fn converted(colour: [u8; 3], profile: &[u8]) -> [u8; 3] {
        let mut rgb = RgbImage::from_pixel(2, 2, Rgb(colour));
        to_srgb(&mut rgb, profile);
        rgb.get_pixel(1, 1).0
    }

    fn near(colour: [u8; 3], expected: [u8; 3]) {
        let off = colour.iter().zip(expected).map(|(a, b)| a.abs_diff(b)).max().unwrap();
        assert!(off <= 2, "{colour:?}, expected {expected:?}");
    }

    #[test]
    fn wide_colours_become_what_a_screen_shows() {
        // By the definitions of these spaces, with their matrices and curves.
        near(converted([200, 100, 50], &adobe_rgb()), [227, 100, 42]);
        near(converted([200, 100, 50], &display_p3().unwrap()), [215, 93, 31]);
        near(converted([128; 3], &display_p3().unwrap()), [128; 3]);
    }

    #[test]
    fn srgb_is_left_alone() {
        let srgb = ColorProfile::new_srgb().encode().unwrap();
        assert!(way(&srgb).is_none());
        assert_eq!(converted([201, 99, 51], &srgb), [201, 99, 51]);
    }

    #[test]
    fn a_profile_of_greys_converts_greys() {
        let linear = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
        near(converted([55; 3], &linear), [128; 3]);
        assert_eq!(converted([55, 54, 55], &linear), [55, 54, 55], "which it cannot mean");
    }

    #[test]
    fn nonsense_costs_no_picture() {
        for nonsense in [&b""[..], b"acsp", &[0; 300]] {
            assert_eq!(converted([9, 8, 7], nonsense), [9, 8, 7]);
        }
        assert_eq!(kept(Vec::new()), None);
        assert_eq!(kept(vec![0; MOST_PROFILE_BYTES + 1]), None);
    }

    proptest! {
        #[test]
        fn damaged_profiles_never_panic(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
            end: prop::sample::Index,
        ) {
            for mut profile in [adobe_rgb(), press()] {
                for (at, value) in &damage {
                    let at = at.index(profile.len());
                    profile[at] = *value;
                }
                profile.truncate(end.index(profile.len()) + 1);
                converted([1, 2, 3], &profile);
                let _ = Print::of(&profile).and_then(|print| print.rgb(&INKS.concat(), (4, 1)));
            }
        }
    }
}
