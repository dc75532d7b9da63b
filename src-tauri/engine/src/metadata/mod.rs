//! What a photo says about itself and what was said of it: EXIF, IPTC and XMP, in
//! the file and in a sidecar beside it; the date in its name; the town where it is.
//!
//! Owns the ways to the blocks in every container, their reading, which of several
//! answers counts, and the judgement of which values are believable; knows no
//! pixels (turning them belongs to decoding), no paths and no database. One
//! convention: a value is there only if it is plausible, so nothing downstream has
//! to ask whether a camera really stood at 91° north in the year 0.

mod boxes;
mod camera;
mod container;
mod exif;
mod filler;
mod gps;
mod iptc;
mod name;
mod places;
pub mod sidecar;
mod text;
mod tiff;
mod time;
mod xmp;

#[cfg(test)]
mod tests;

use std::panic::{self, AssertUnwindSafe};

use md5::{Digest, Md5};

pub(crate) use container::{Blocks, blocks};
pub use name::date_from_name;
pub use places::{distance_between, nearest_place, places_named};

/// What was read; anything absent, blank or implausible is `None` or empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    /// When the photo was taken, in seconds since 1970: the camera's wall clock
    /// read as UTC, so that photos sort and display as their owner remembers
    /// the hour, wherever that was.
    pub taken_at: Option<i64>,
    /// How far ahead of UTC that clock was, in minutes, where it is known.
    pub utc_offset_min: Option<i16>,
    /// Make and model: "Canon EOS 5D".
    pub camera: Option<String>,
    /// The lens as the camera names it.
    pub lens: Option<String>,
    /// Degrees north, -90 to 90. There if and only if `lon` is.
    pub lat: Option<f64>,
    /// Degrees east, -180 to 180.
    pub lon: Option<f64>,
    /// Sensitivity.
    pub iso: Option<u32>,
    /// The f-number: 2.8.
    pub aperture: Option<f64>,
    /// Focal length of the lens, not of its 35 mm equivalent, in millimetres.
    pub focal_mm: Option<f64>,
    /// Exposure time in seconds.
    pub exposure_s: Option<f64>,
    /// How the pixels are to be turned, 1 to 8 as EXIF counts. For the record:
    /// decoding asks for itself.
    pub orientation: Option<u8>,
    /// In one line, at most 8 KiB.
    pub title: Option<String>,
    /// With its line breaks, at most 8 KiB.
    pub description: Option<String>,
    /// Single words and names, each once, in the writer's order: those that were
    /// given alone, then the last steps of the hierarchical ones.
    pub keywords: Vec<String>,
    /// From the widest to the narrowest: "Places|Europe|Portugal".
    pub hierarchical_keywords: Vec<String>,
    /// Stars, 0 where somebody took them away, -1 for rejected.
    pub rating: Option<i8>,
    /// The name of a colour, in the language of the program that gave it: "Red".
    pub label: Option<String>,
    /// Whether the person marked it as a favourite, which only this program's own
    /// property says.
    pub favourite: Option<bool>,
}

/// What a sidecar says.
#[derive(Debug, Clone, PartialEq)]
pub struct Sidecar {
    said: Metadata,
    /// Its date is when a file was made, of the photo as well as of a scan or of a
    /// version that some program wrote, and no other is there.
    dates_a_file: bool,
}

/// Reads what a file's bytes say. Total: of damaged blocks it takes what can be
/// read, of anything else the default; it never fails and never panics.
///
/// The camera's facts are EXIF's, and XMP's or IPTC's only where EXIF has none.
/// What people say of a photo is XMP's, then IPTC's, then EXIF's, whose texts are
/// short and often filled in by the camera. But where the IPTC records changed
/// after XMP was made to agree with them, a program that knew only IPTC was the
/// last to write, and IPTC comes first (Metadata Working Group, Guidelines 2.0).
pub fn read(bytes: &[u8]) -> Metadata {
    // The parsers are well tested, but they meet every file on the disk.
    panic::catch_unwind(AssertUnwindSafe(|| embedded(bytes))).unwrap_or_default()
}

/// Reads a sidecar, which is an XMP packet in a file of its own; `None` where it
/// is none.
pub fn read_sidecar(bytes: &[u8]) -> Option<Sidecar> {
    panic::catch_unwind(AssertUnwindSafe(|| xmp::read_sidecar(bytes))).ok().flatten()
}

fn embedded(bytes: &[u8]) -> Metadata {
    let blocks = container::blocks(bytes);
    let camera = blocks.exif.as_deref().and_then(exif::read).unwrap_or_default();
    // Programs copy what the camera filled in.
    let by_people = |mut said: Metadata| {
        let names = [camera.camera.as_deref(), said.camera.as_deref()];
        if said.description.as_deref().is_some_and(|text| filler::is(text, names)) {
            said.description = None;
        }
        said
    };
    let xmp = blocks.xmp.as_deref().and_then(xmp::read).map(by_people);
    let iptc = blocks.iptc.as_deref().map(iptc::read).map(by_people).unwrap_or_default();
    let said = match xmp {
        Some(xmp) if iptc_is_newer(&blocks) => iptc.or(xmp),
        Some(xmp) => xmp.or(iptc),
        None => iptc,
    };
    let facts = camera.clone().or(said.clone());
    Metadata {
        title: said.title.or(camera.title),
        description: said.description.or(camera.description),
        rating: said.rating.or(camera.rating),
        keywords: first_of(said.keywords, camera.keywords),
        ..facts
    }
}

/// Whether the records are others than those that XMP was last made to agree with.
fn iptc_is_newer(blocks: &container::Blocks<'_>) -> bool {
    // Photoshop writes zeros where it has no digest.
    let digest = blocks.iptc_digest.filter(|digest| *digest != [0; 16]);
    match (digest, blocks.iptc.as_deref()) {
        (Some(digest), Some(iptc)) => Md5::digest(iptc).as_slice() != digest,
        _ => false,
    }
}

/// Stars of Microsoft's percentages: 1, 25, 50, 75 and 99 are one to five.
fn stars(percent: f64) -> Option<i8> {
    // Neither is what is not a number.
    (0.0..=100.0).contains(&percent).then_some(match percent {
        0.0 => 0,
        _ if percent < 13.0 => 1,
        _ if percent < 38.0 => 2,
        _ if percent < 63.0 => 3,
        _ if percent < 88.0 => 4,
        _ => 5,
    })
}

fn first_of(first: Vec<String>, second: Vec<String>) -> Vec<String> {
    if first.is_empty() { second } else { first }
}

/// Seconds.
const DAY: i64 = 86_400;

impl Metadata {
    /// With what a sidecar says, which wins field by field, because it is what
    /// somebody wrote who would not touch the photo; keywords are united.
    pub fn with_sidecar(self, sidecar: Sidecar) -> Self {
        let Sidecar { said: mut sidecar, dates_a_file } = sidecar;
        if dates_a_file && self.taken_at.is_some() {
            // The photo's own date is at least as good.
            (sidecar.taken_at, sidecar.utc_offset_min) = (None, None);
        }
        // A bare day, which reads as its noon, takes nothing from a moment of that
        // day.
        let day = |second: i64| second.div_euclid(DAY);
        if let (Some(here), Some(there)) = (self.taken_at, sidecar.taken_at)
            && day(here) == day(there)
            && there.rem_euclid(DAY) == DAY / 2
        {
            (sidecar.taken_at, sidecar.utc_offset_min) = (None, None);
        }
        let keywords = text::united(self.keywords.clone(), &sidecar.keywords);
        let hierarchical_keywords =
            text::united(self.hierarchical_keywords.clone(), &sidecar.hierarchical_keywords);
        Self { keywords, hierarchical_keywords, ..sidecar.or(self) }
    }

    /// What is here, and for what is not, what `other` says. A position is one
    /// thing, and an offset belongs to its date.
    fn or(self, other: Self) -> Self {
        let (taken_at, utc_offset_min) = match (self.taken_at, other.taken_at) {
            (Some(here), there) if there == Some(here) => {
                (Some(here), self.utc_offset_min.or(other.utc_offset_min))
            }
            (Some(here), _) => (Some(here), self.utc_offset_min),
            (None, there) => (there, other.utc_offset_min),
        };
        let position = self.lat.zip(self.lon).or(other.lat.zip(other.lon));
        Self {
            taken_at,
            utc_offset_min,
            camera: self.camera.or(other.camera),
            lens: self.lens.or(other.lens),
            lat: position.map(|(lat, _)| lat),
            lon: position.map(|(_, lon)| lon),
            iso: self.iso.or(other.iso),
            aperture: self.aperture.or(other.aperture),
            focal_mm: self.focal_mm.or(other.focal_mm),
            exposure_s: self.exposure_s.or(other.exposure_s),
            orientation: self.orientation.or(other.orientation),
            title: self.title.or(other.title),
            description: self.description.or(other.description),
            keywords: first_of(self.keywords, other.keywords),
            hierarchical_keywords: first_of(
                self.hierarchical_keywords,
                other.hierarchical_keywords,
            ),
            rating: self.rating.or(other.rating),
            label: self.label.or(other.label),
            favourite: self.favourite.or(other.favourite),
        }
    }
}
