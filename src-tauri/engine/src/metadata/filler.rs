//! What devices and programs write where people would describe a photo.

use super::text;

/// Whole descriptions, in lower case.
#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "<digimax", "ascii", "binary comment", "charset=\"ascii\"", "created by dcraw",
    "created with gimp", "default", "description", "digital image", "dsc", "edited with gimp",
    "exif jpeg", "exif_jpeg", "exif_jpeg_picture", "image", "image description", "jpeg",
    "jpeg example jpg decompressed", "lead technologies inc.", "minolta dsc",
    "my beautiful picture", "non-photographic", "oppo", "photo", "picture", "samsung",
    "screenshot", "sony dsc", "untitled", "user comment", "vivo",
    // Huawei's modes.
    "btf", "cof", "dav", "edf", "fbt", "fhdr", "hdr", "hdrpl", "jpg", "mde", "nfr", "nor",
    "oznor", "oznorhdr", "ptr", "rbt", "rhdr", "sdr", "vhdr",
];

/// Whether a description says nothing of the photo: one that stands below every
/// photo of a device, or that is one of the device's own names.
pub(super) fn is(description: &str, names: [Option<&str>; 2]) -> bool {
    // Padded within as well as at the end.
    let Some(text) = text::line(description).map(|line| line.to_lowercase()) else { return true };
    let is_name = |name: &&str| text::line(name).is_some_and(|name| name.to_lowercase() == text);
    FILLERS.contains(&text.as_str())
        || names.iter().flatten().any(is_name)
        // "OLYMPUS DIGITAL CAMERA", "KODAK Digital Still Camera".
        || (text.contains("digital") && text.ends_with("camera") && text.len() < 48)
        // DJI names the file.
        || text.starts_with("dcim\\")
        || text.starts_with("dcim/")
        // Settings of a camera app, not a text.
        || text.starts_with('{')
        || !text.chars().any(char::is_alphanumeric)
}
