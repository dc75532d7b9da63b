//! Embedded colour profiles, and the way from them to sRGB.
//!
//! Only what people see is converted, after it was made small. A profile says
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

/// Converts a small picture from what `profile` says to sRGB, in place.
pub(super) fn to_srgb(rgb: &mut RgbImage, profile: &[u8]) {
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
        // The colours of print became RGB without their profile.
        _ => None,
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
            let mut profile = adobe_rgb();
            for (at, value) in damage {
                let at = at.index(profile.len());
                profile[at] = value;
            }
            profile.truncate(end.index(profile.len()) + 1);
            converted([1, 2, 3], &profile);
        }
    }
}
