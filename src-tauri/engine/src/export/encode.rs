//! Pixels of a photo to the file of its copy: size, colours, format, and what is said.

use image::RgbImage;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};

use super::container::{self, Extras};
use super::{exif, xmp};
use crate::decode::{self, Decoded, Format};
use crate::message::Message;
use crate::metadata::{self, Blocks};

/// What a copy is encoded as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Jpeg,
    Png,
    WebP,
}

/// How the copies of an export are made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Making {
    /// 1 to 100.
    pub quality: u8,
    /// Most pixels of the longer side.
    pub longest_edge: Option<u32>,
    /// Keep what is said of the photo.
    pub metadata: bool,
}

impl Target {
    /// The one that is a format's own.
    pub fn of(format: Format) -> Option<Self> {
        match format {
            Format::Jpeg => Some(Self::Jpeg),
            Format::Png => Some(Self::Png),
            Format::WebP => Some(Self::WebP),
            _ => None,
        }
    }

    /// Of its files.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
        }
    }

    /// Most pixels of a side that the format, or its encoder, takes.
    fn most(self) -> u32 {
        match self {
            Self::Jpeg => 65_500,
            Self::Png => u32::MAX,
            Self::WebP => 16_383,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
        }
    }

    /// The picture as a file without blocks.
    fn encode(self, rgb: &RgbImage, quality: u8) -> Result<Vec<u8>, Message> {
        let (width, height) = rgb.dimensions();
        if width.max(height) > self.most() {
            return Err(message!(
                "a {format} has at most {most} pixels a side, this one would have {side}: choose a \
                 size, or another format",
                format = self.name(),
                most = self.most(),
                side = width.max(height)
            ));
        }
        let failed = |error: &dyn std::fmt::Display| {
            message!("it cannot be encoded as {format}", format = self.name())
                .because(Message::verbatim(error))
        };
        match self {
            Self::Jpeg => decode::encode_jpeg(rgb, quality).map_err(|error| failed(&error)),
            Self::Png => {
                let mut file = Vec::new();
                let encoder = PngEncoder::new_with_quality(
                    &mut file,
                    CompressionType::Default,
                    FilterType::Adaptive,
                );
                rgb.write_with_encoder(encoder).map_err(|error| failed(&error))?;
                Ok(file)
            }
            Self::WebP => {
                let encoder = webp::Encoder::from_rgb(rgb, width, height);
                let file = encoder.encode_simple(false, f32::from(quality));
                let file = file.map_err(|error| failed(&format_args!("{error:?}")))?;
                Ok(file.to_vec())
            }
        }
    }
}

/// The file of a copy, of the photo's own bytes and the picture in them.
///
/// # Errors
/// In plain words, with what to do.
pub(super) fn encode(
    bytes: &[u8],
    picture: Decoded,
    target: Target,
    making: &Making,
) -> Result<Vec<u8>, Message> {
    let Decoded { mut rgb, profile, .. } = picture;
    if let Some(longest) = making.longest_edge {
        let (width, height) = decode::fit(rgb.dimensions(), longest);
        if (width, height) != rgb.dimensions() {
            let smaller = decode::resize(&rgb, width, height);
            rgb = smaller.map_err(|error| {
                message!("it cannot be made smaller").because(Message::verbatim(error))
            })?;
        }
    }
    // Of greys, for instance, which is not what these pixels are any more.
    let profile = match profile {
        Some(profile) if !is_of_rgb(&profile) => {
            decode::to_srgb(&mut rgb, &profile);
            None
        }
        profile => profile,
    };
    let file = target.encode(&rgb, making.quality)?;
    let extras = match making.metadata {
        true => Extras { profile, ..said(bytes, rgb.dimensions(), target) },
        false => Extras { profile, ..Extras::default() },
    };
    Ok(match target {
        Target::Jpeg => container::jpeg_with(&file, &extras),
        Target::Png => container::png_with(&file, &extras),
        Target::WebP => container::webp_with(&file, rgb.dimensions(), &extras),
    })
}

/// Whether an ICC profile is one, of red, green and blue.
fn is_of_rgb(profile: &[u8]) -> bool {
    profile.get(16..20) == Some(b"RGB ") && profile.get(36..40) == Some(b"acsp")
}

/// The photo's own file with nothing but its pixels; `None` where that cannot be done
/// without touching them.
pub(super) fn bare(bytes: &[u8], target: Target) -> Option<Vec<u8>> {
    if Format::of(bytes).and_then(Target::of) != Some(target) {
        return None;
    }
    let exif = metadata::blocks(bytes).exif;
    let orientation = exif.as_deref().and_then(exif::orientation).unwrap_or(1);
    match target {
        Target::Jpeg => container::bare_jpeg(bytes, orientation),
        Target::Png => container::bare_png(bytes, orientation),
        Target::WebP => container::bare_webp(bytes, orientation),
    }
}

/// What a photo's file says, for an upright copy of this size.
fn said(bytes: &[u8], size: (u32, u32), target: Target) -> Extras {
    let blocks = metadata::blocks(bytes);
    let in_jpeg = target == Target::Jpeg;
    let fits = |longest: usize| move |block: &Vec<u8>| !in_jpeg || block.len() <= longest;
    let whole = blocks.exif.as_deref().and_then(|exif| exif::adapted(exif, size));
    let exif = whole.filter(fits(container::LONGEST_JPEG_EXIF)).or_else(|| {
        let lean = exif::adapted(&blocks.lean_exif()?, size);
        lean.filter(fits(container::LONGEST_JPEG_EXIF))
    });
    let packet = blocks.xmp.as_deref().and_then(|packet| xmp::adapted(packet, size));
    let xmp = packet.filter(fits(container::LONGEST_JPEG_XMP)).or_else(|| {
        // Only JPEG has a place for IPTC, and for no long packet.
        let is_needed = blocks.xmp.is_some() || (blocks.iptc.is_some() && !in_jpeg);
        let packet = is_needed.then(|| xmp::packet(&metadata::read(bytes))).flatten();
        packet.filter(fits(container::LONGEST_JPEG_XMP))
    });
    let resources = in_jpeg.then(|| resources(&blocks)).flatten();
    Extras { profile: None, exif, xmp, resources }
}

/// IPTC's records, and the digest that tells whether XMP agrees with them, as
/// Photoshop keeps them.
fn resources(blocks: &Blocks<'_>) -> Option<Vec<u8>> {
    let mut resources = Vec::new();
    let mut add = |id: u16, data: &[u8]| {
        if let Ok(length) = u32::try_from(data.len()) {
            resources.extend(b"8BIM");
            resources.extend(id.to_be_bytes());
            // Without a name.
            resources.extend([0, 0]);
            resources.extend(length.to_be_bytes());
            resources.extend(data);
            resources.extend(&[0][..data.len() % 2]);
        }
    };
    add(1028, blocks.iptc.as_deref()?);
    if let Some(digest) = &blocks.iptc_digest {
        add(1061, digest);
    }
    Some(resources)
}
