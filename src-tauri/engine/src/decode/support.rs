//! Which files are photos: by extension before a file is opened, by content
//! once it is.

use std::fmt;
use std::path::Path;

use image::ImageFormat;

use super::{DecodeError, raw};

/// A kind of picture that can be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG, baseline and progressive.
    Jpeg,
    /// PNG; of an animation the still picture.
    Png,
    /// WebP, lossy and lossless.
    WebP,
    /// GIF.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF, the first picture of the file.
    Tiff,
    /// RAW of the TIFF family, by its embedded preview.
    Raw,
}

impl Format {
    /// The format of a file's content, told by its first bytes.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        // BigTIFF, which the list of signatures lacks and the codec reads.
        if bytes.starts_with(b"II\x2b\0") || bytes.starts_with(b"MM\0\x2b") {
            return Some(Self::Tiff);
        }
        if raw::is_raw(bytes) {
            return Some(Self::Raw);
        }
        match image::guess_format(bytes).ok()? {
            ImageFormat::Jpeg => Some(Self::Jpeg),
            ImageFormat::Png => Some(Self::Png),
            ImageFormat::WebP => Some(Self::WebP),
            ImageFormat::Gif => Some(Self::Gif),
            ImageFormat::Bmp => Some(Self::Bmp),
            ImageFormat::Tiff => Some(Self::Tiff),
            _ => None,
        }
    }

    /// The name people know: "JPEG".
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Gif => "GIF",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
            Self::Raw => "RAW",
        }
    }

    /// The media type of a file that browsers show: "image/jpeg". Of them only
    /// Safari shows a TIFF.
    pub fn mime(self) -> Option<&'static str> {
        match self {
            Self::Tiff | Self::Raw => None,
            _ => Some(self.codec().to_mime_type()),
        }
    }

    pub(super) fn codec(self) -> ImageFormat {
        match self {
            // A RAW photo's preview is a JPEG.
            Self::Jpeg | Self::Raw => ImageFormat::Jpeg,
            Self::Png => ImageFormat::Png,
            Self::WebP => ImageFormat::WebP,
            Self::Gif => ImageFormat::Gif,
            Self::Bmp => ImageFormat::Bmp,
            Self::Tiff => ImageFormat::Tiff,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What can be done with a file of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// Expected to hold this format; the content decides in the end.
    Decodable(Format),
    /// A photo or video of a kind (here its name) that is counted as skipped.
    NotYet(&'static str),
    /// Not a picture at all.
    NotAPhoto,
}

/// Judges a file by its extension, upper or lower case. Opens nothing.
pub fn support(path: &Path) -> Support {
    let Some(extension) = path.extension().and_then(|e| e.to_str()) else {
        return Support::NotAPhoto;
    };
    match extension.to_ascii_lowercase().as_str() {
        // An MPO is a JPEG followed by further views.
        "jpg" | "jpeg" | "jpe" | "jfif" | "jif" | "mpo" => Support::Decodable(Format::Jpeg),
        "png" | "apng" => Support::Decodable(Format::Png),
        "webp" => Support::Decodable(Format::WebP),
        "gif" => Support::Decodable(Format::Gif),
        "bmp" | "dib" => Support::Decodable(Format::Bmp),
        "tif" | "tiff" => Support::Decodable(Format::Tiff),
        "arw" | "cr2" | "dng" | "nef" | "nrw" | "orf" | "pef" | "rw2" | "srw" => {
            Support::Decodable(Format::Raw)
        }

        "heic" | "heif" | "hif" | "heics" | "heifs" => Support::NotYet("HEIC"),
        "avif" | "avifs" => Support::NotYet("AVIF"),
        "jxl" => Support::NotYet("JPEG XL"),
        "jp2" | "j2k" | "jpf" | "jpx" => Support::NotYet("JPEG 2000"),
        "3fr" | "cr3" | "crw" | "dcr" | "erf" | "fff" | "iiq" | "k25" | "kdc" | "mef" | "mos"
        | "mrw" | "ori" | "raf" | "raw" | "rwl" | "sr2" | "srf" | "x3f" => Support::NotYet("RAW"),
        "psd" | "psb" => Support::NotYet("PSD"),
        "tga" => Support::NotYet("TGA"),
        "ico" => Support::NotYet("ICO"),
        "qoi" => Support::NotYet("QOI"),
        "pbm" | "pgm" | "ppm" | "pnm" | "pam" => Support::NotYet("PNM"),
        "exr" => Support::NotYet("OpenEXR"),
        "hdr" => Support::NotYet("Radiance HDR"),
        "3gp" | "avi" | "flv" | "insv" | "m2ts" | "m4v" | "mkv" | "mov" | "mp4" | "mpeg"
        | "mpg" | "mts" | "ogv" | "webm" | "wmv" => Support::NotYet("video"),
        _ => Support::NotAPhoto,
    }
}

/// Says what content is that no codec here reads, for the list of failures.
pub(super) fn describe_foreign(bytes: &[u8]) -> DecodeError {
    let reason = if bytes.is_empty() {
        "the file is empty".to_owned()
    } else if bytes.iter().all(|&b| b == 0) {
        "the file holds nothing but zeros, as after an interrupted copy".to_owned()
    } else if let Some(name) = foreign_picture(bytes) {
        format!("the content is {name}, which is not supported yet")
    } else if let Some(name) = foreign_file(bytes) {
        format!("not a picture: the content is {name}")
    } else {
        "not a picture: the content is of no known kind".to_owned()
    };
    DecodeError::permanent(reason)
}

/// Whether the file ends before the length its own header gives, where the
/// format has such a field.
pub(super) fn is_shorter_than_it_says(bytes: &[u8], format: Format) -> bool {
    let (at, without) = match format {
        Format::WebP => (4, 8),
        Format::Bmp => (2, 0),
        _ => return false,
    };
    let field: Option<[u8; 4]> = bytes.get(at..at + 4).and_then(|field| field.try_into().ok());
    field.is_some_and(|le| u64::from(u32::from_le_bytes(le)) + without > bytes.len() as u64)
}

fn foreign_picture(bytes: &[u8]) -> Option<&'static str> {
    // ISO base media files name their brand after the "ftyp" box's header.
    if let (Some(b"ftyp"), Some(brand)) = (bytes.get(4..8), bytes.get(8..12)) {
        return Some(match brand {
            b"avif" | b"avis" => "AVIF",
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" => "HEIC",
            b"crx " => "a RAW photo",
            _ => "a video",
        });
    }
    if let (Some(b"RIFF"), Some(b"AVI ")) = (bytes.get(..4), bytes.get(8..12)) {
        return Some("a video");
    }
    const KINDS: &[(&[u8], &str)] = &[
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\xff\x0a", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x4f\xff\x51", "JPEG 2000"),
        (b"8BPS", "a PSD file"),
        (b"qoif", "QOI"),
        (b"\x76\x2f\x31\x01", "OpenEXR"),
        (b"#?RADIANCE", "Radiance HDR"),
        (b"FUJIFILMCCD-RAW", "a RAW photo"),
        (b"\x1a\x45\xdf\xa3", "a video"),
        (b"\0\0\x01\0", "an icon"),
    ];
    named_by_start(bytes, KINDS)
}

fn foreign_file(bytes: &[u8]) -> Option<&'static str> {
    const KINDS: &[(&[u8], &str)] = &[
        (b"%PDF", "a PDF document"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1f\x8b", "a gzip archive"),
        (b"Rar!", "a RAR archive"),
        // macOS writes these beside files it copies to other file systems.
        (b"\0\x05\x16\x07", "macOS metadata (AppleDouble)"),
    ];
    let start = bytes.get(..512).unwrap_or(bytes);
    named_by_start(bytes, KINDS).or_else(|| {
        // A download that answered with an error page, a Git LFS pointer, ...
        let text = start.trim_ascii_start();
        let plain = start.iter().all(|b| matches!(b, b'\t' | b'\n' | b'\r' | b' '..));
        match text.first() {
            Some(b'<') if plain => Some("a web page or XML text"),
            Some(_) if plain && std::str::from_utf8(start).is_ok() => Some("text"),
            _ => None,
        }
    })
}

fn named_by_start(bytes: &[u8], kinds: &[(&[u8], &'static str)]) -> Option<&'static str> {
    kinds.iter().find(|(start, _)| bytes.starts_with(start)).map(|&(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: Support) {
        assert_eq!(support(Path::new(name)), expected, "{name}");
    }

    #[test]
    fn the_extension_decides_in_any_case() {
        check("a.jpg", Support::Decodable(Format::Jpeg));
        check("a.b.JPEG", Support::Decodable(Format::Jpeg));
        check("dir.png/a.TiFF", Support::Decodable(Format::Tiff));
        check("IMG_5195.HEIC", Support::NotYet("HEIC"));
        check("a.nef", Support::Decodable(Format::Raw));
        check("a.cr3", Support::NotYet("RAW"));
        check("a.MOV", Support::NotYet("video"));
        check("a.txt", Support::NotAPhoto);
        check("jpg", Support::NotAPhoto);
        check(".jpg", Support::NotAPhoto);
        check("", Support::NotAPhoto);
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_not_utf8_is_judged_by_its_extension() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(OsStr::from_bytes(b"urlaub-\xe4.jpg"));
        assert_eq!(support(path), Support::Decodable(Format::Jpeg));
    }

    #[test]
    fn media_types_are_the_registered_ones() {
        assert_eq!(Format::Jpeg.mime(), Some("image/jpeg"));
        assert_eq!(Format::WebP.mime(), Some("image/webp"));
        assert_eq!(Format::Raw.mime(), None);
    }

    fn check_foreign(bytes: &[u8], words: &str) {
        let error = describe_foreign(bytes);
        assert!(error.reason.contains(words), "{:?} for {bytes:?}", error.reason);
        assert!(error.permanent);
    }

    #[test]
    fn foreign_content_is_named() {
        check_foreign(b"", "empty");
        check_foreign(&[0; 100], "zeros");
        check_foreign(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC");
        check_foreign(b"\0\0\0\x1cftypavif\0\0\0\0mif1avif", "AVIF");
        check_foreign(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "a video");
        check_foreign(b"RIFF\xff\0\0\0AVI LIST", "a video");
        check_foreign(b"<!DOCTYPE html><html>", "web page");
        check_foreign(b"version https://git-lfs", "text");
        check_foreign(b"%PDF-1.7", "PDF");
        check_foreign(b"\x01\x02\x03\x04", "no known kind");
    }
}
