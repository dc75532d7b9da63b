//! Which files are photos: by extension before a file is opened, by content
//! once it is.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use image::ImageFormat;

use super::{DecodeError, iso, raw, tga};

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
    /// RAW, by its embedded preview.
    Raw,
    /// Truevision TGA.
    Tga,
    /// Windows icon; the largest picture of the file.
    Ico,
    /// Quite OK Image.
    Qoi,
    /// Netpbm: PBM, PGM, PPM and PAM.
    Pnm,
    /// HEIF with pictures coded as HEVC, as phones make them.
    Heic,
    /// HEIF with pictures coded as AV1.
    Avif,
    /// JPEG XL.
    Jxl,
    /// Photoshop, by the stored picture of all layers.
    Psd,
}

impl Format {
    /// The format of a file's content, told by its first bytes, and where those
    /// leave doubt by whether all fits together.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        // BigTIFF, which the list of signatures lacks and the codec reads.
        if bytes.starts_with(b"II\x2b\0") || bytes.starts_with(b"MM\0\x2b") {
            return Some(Self::Tiff);
        }
        if raw::is_raw(bytes) {
            return Some(Self::Raw);
        }
        match image::guess_format(bytes) {
            Ok(ImageFormat::Jpeg) => return Some(Self::Jpeg),
            Ok(ImageFormat::Png) => return Some(Self::Png),
            Ok(ImageFormat::WebP) => return Some(Self::WebP),
            Ok(ImageFormat::Gif) => return Some(Self::Gif),
            Ok(ImageFormat::Bmp) => return Some(Self::Bmp),
            Ok(ImageFormat::Tiff) => return Some(Self::Tiff),
            _ => {}
        }
        // An icon's mark is too short to trust, and so are Netpbm's two letters.
        match bytes {
            [b'q', b'o', b'i', b'f', ..] => Some(Self::Qoi),
            [b'8', b'B', b'P', b'S', 0, 1 | 2, 0, 0, 0, 0, 0, 0, ..] => Some(Self::Psd),
            [b'P', b'1'..=b'6', b' ' | b'\t' | b'\r' | b'\n', next, ..]
                if next.is_ascii_digit() || next.is_ascii_whitespace() || *next == b'#' =>
            {
                Some(Self::Pnm)
            }
            [b'P', b'7', b'\n', ..] => Some(Self::Pnm),
            [0xFF, 0x0A, ..] => Some(Self::Jxl),
            _ if bytes.starts_with(JXL_CONTAINER) => Some(Self::Jxl),
            _ if is_icon(bytes) => Some(Self::Ico),
            _ if tga::is_tga(bytes) => Some(Self::Tga),
            _ => Self::of_brands(bytes),
        }
    }

    /// Of HEIF's two kinds: a brand of all HEIF files may come first, so every
    /// one counts.
    fn of_brands(bytes: &[u8]) -> Option<Self> {
        let mut heif = false;
        for brand in iso::brands(bytes) {
            match &brand {
                b"avif" | b"avis" => return Some(Self::Avif),
                b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"hevm" | b"hevs"
                | b"mif1" | b"mif2" | b"msf1" => heif = true,
                _ => {}
            }
        }
        heif.then_some(Self::Heic)
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
            Self::Tga => "TGA",
            Self::Ico => "ICO",
            Self::Qoi => "QOI",
            Self::Pnm => "PNM",
            Self::Heic => "HEIC",
            Self::Avif => "AVIF",
            Self::Jxl => "JPEG XL",
            Self::Psd => "PSD",
        }
    }

    /// The media type of a file that every window shows: "image/jpeg". Of the
    /// others some show AVIF, Safari's shows TIFF, HEIC and JPEG XL.
    pub fn mime(self) -> Option<&'static str> {
        match self {
            Self::Jpeg | Self::Png | Self::WebP | Self::Gif | Self::Bmp => {
                Some(self.codec()?.to_mime_type())
            }
            _ => None,
        }
    }

    /// The codec of the `image` crate, for what it reads.
    pub(super) fn codec(self) -> Option<ImageFormat> {
        Some(match self {
            // A RAW photo's preview is a JPEG.
            Self::Jpeg | Self::Raw => ImageFormat::Jpeg,
            Self::Png => ImageFormat::Png,
            Self::WebP => ImageFormat::WebP,
            Self::Gif => ImageFormat::Gif,
            Self::Bmp => ImageFormat::Bmp,
            Self::Tiff => ImageFormat::Tiff,
            Self::Tga => ImageFormat::Tga,
            Self::Ico => ImageFormat::Ico,
            Self::Qoi => ImageFormat::Qoi,
            Self::Pnm => ImageFormat::Pnm,
            Self::Heic | Self::Avif | Self::Jxl | Self::Psd => return None,
        })
    }
}

const JXL_CONTAINER: &[u8] = b"\0\0\0\x0cJXL \r\n\x87\n";

/// Whether it begins as an icon does, and every picture it lists is in the file.
fn is_icon(bytes: &[u8]) -> bool {
    let [0, 0, 1, 0, low, high, rest @ ..] = bytes else { return false };
    let count = usize::from(u16::from_le_bytes([*low, *high]));
    let (entries, _) = rest.as_chunks::<16>();
    let behind_list = 6 + 16 * count as u64;
    let is_inside = |entry: &[u8; 16]| {
        let number = |at: usize| {
            u64::from(u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]))
        };
        let (length, offset) = (number(8), number(12));
        entry[3] == 0 && offset >= behind_list && offset + length <= bytes.len() as u64
    };
    count > 0 && entries.get(..count).is_some_and(|entries| entries.iter().all(is_inside))
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

/// Judges a file by its extension, upper or lower case. Opens a file only where
/// two kinds share one.
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
        "arw" | "cr2" | "cr3" | "dng" | "nef" | "nrw" | "orf" | "pef" | "raf" | "rw2" | "srw" => {
            Support::Decodable(Format::Raw)
        }
        // Far more often than a picture it is a template of Visio's.
        "vst" if is_compound(path) => Support::NotAPhoto,
        "tga" | "icb" | "vda" | "vst" => Support::Decodable(Format::Tga),
        "ico" => Support::Decodable(Format::Ico),
        "qoi" => Support::Decodable(Format::Qoi),
        "pbm" | "pgm" | "ppm" | "pnm" | "pam" => Support::Decodable(Format::Pnm),
        "heic" | "heif" | "hif" | "heics" | "heifs" => Support::Decodable(Format::Heic),
        "avif" | "avifs" => Support::Decodable(Format::Avif),
        "jxl" => Support::Decodable(Format::Jxl),
        "psd" | "psb" => Support::Decodable(Format::Psd),

        "jp2" | "j2k" | "jpf" | "jpx" => Support::NotYet("JPEG 2000"),
        "3fr" | "crw" | "dcr" | "erf" | "fff" | "iiq" | "k25" | "kdc" | "mef" | "mos" | "mrw"
        | "ori" | "raw" | "rwl" | "sr2" | "srf" | "x3f" => Support::NotYet("RAW"),
        "exr" => Support::NotYet("OpenEXR"),
        "hdr" => Support::NotYet("Radiance HDR"),
        "3g2" | "3gp" | "asf" | "avi" | "dv" | "f4v" | "flv" | "insv" | "lrv" | "m2t" | "m2ts"
        | "m2v" | "m4v" | "mkv" | "mod" | "mov" | "mp4" | "mpe" | "mpeg" | "mpg" | "mts"
        | "mxf" | "ogv" | "qt" | "tod" | "vob" | "webm" | "wmv" => Support::NotYet("video"),
        _ => Support::NotAPhoto,
    }
}

/// Whether the file is a compound document of Microsoft's.
fn is_compound(path: &Path) -> bool {
    const MARK: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    let mut start = [0; MARK.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == MARK
}

/// Says what content is that no codec here reads, for the list of failures.
pub(super) fn describe_foreign(bytes: &[u8]) -> DecodeError {
    let reason = if bytes.is_empty() {
        message!("the file is empty")
    } else if bytes.iter().all(|&b| b == 0) {
        message!("the file holds nothing but zeros, as after an interrupted copy")
    } else if let Some(kind) = foreign_picture(bytes) {
        message!("the content is {kind}, which is not supported yet", kind)
    } else if let Some(kind) = foreign_file(bytes) {
        message!("not a picture: the content is {kind}", kind)
    } else {
        message!("the file is damaged, or of no known kind")
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
    if iso::brands(bytes).any(|brand| is_video(&brand)) {
        return Some(phrase!("a video"));
    }
    // QuickTime's oldest files name no brand.
    if let Some(b"moov" | b"wide") = bytes.get(4..8) {
        return Some(phrase!("a video"));
    }
    if let (Some(b"RIFF"), Some(b"AVI ")) = (bytes.get(..4), bytes.get(8..12)) {
        return Some(phrase!("a video"));
    }
    const KINDS: &[(&[u8], &str)] = &[
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x4f\xff\x51", "JPEG 2000"),
        (b"\x76\x2f\x31\x01", "OpenEXR"),
        (b"#?RADIANCE", "Radiance HDR"),
        // Matroska and WebM, Ogg, Flash, MPEG, Windows Media.
        (b"\x1a\x45\xdf\xa3", phrase!("a video")),
        (b"OggS", phrase!("a video or sound")),
        (b"FLV\x01", phrase!("a video")),
        (b"\0\0\x01\xba", phrase!("a video")),
        (b"\0\0\x01\xb3", phrase!("a video")),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", phrase!("a video")),
        (b"BA\x28\0\0\0", phrase!("an icon of OS/2")),
    ];
    named_by_start(bytes, KINDS)
}

/// Brands of files that hold moving pictures, by the registration authority's
/// list and what cameras write.
fn is_video(brand: &[u8; 4]) -> bool {
    const WHOLE: &[&[u8; 4]] = &[
        b"isom", b"avc1", b"qt  ", b"mmp4", b"MSNV", b"XAVC", b"dash", b"f4v ", b"M4V ", b"M4VH",
        b"M4VP", b"NDSC", b"NDSH", b"NDSM", b"NDSP", b"NDSS", b"NDXC", b"NDXH", b"NDXM", b"NDXP",
        b"CAEP", b"caqv", b"niko", b"pana", b"mqt ", b"av01",
    ];
    // Families that are numbered: iso2 to iso9, mp41, mp42, mp71, 3gp4, 3g2a.
    let numbered = match brand {
        [b'i', b's', b'o', last] | [b'm', b'p', b'4' | b'7', last] => last.is_ascii_alphanumeric(),
        [b'3', b'g', b'e' | b'g' | b'h' | b'm' | b'p' | b'r' | b's' | b't' | b'2', _] => true,
        _ => false,
    };
    numbered || WHOLE.contains(&brand)
}

fn foreign_file(bytes: &[u8]) -> Option<&'static str> {
    const KINDS: &[(&[u8], &str)] = &[
        (b"%PDF", phrase!("a PDF document")),
        (b"PK\x03\x04", phrase!("a ZIP archive")),
        (b"\x1f\x8b", phrase!("a gzip archive")),
        (b"Rar!", phrase!("a RAR archive")),
        // macOS writes these beside files it copies to other file systems.
        (b"\0\x05\x16\x07", phrase!("macOS metadata (AppleDouble)")),
    ];
    let start = bytes.get(..512).unwrap_or(bytes);
    named_by_start(bytes, KINDS).or_else(|| {
        // A download that answered with an error page, a Git LFS pointer, ...
        let text = start.trim_ascii_start();
        let plain = start.iter().all(|b| matches!(b, b'\t' | b'\n' | b'\r' | b' '..));
        match text.first() {
            Some(b'<') if plain => Some(phrase!("a web page or XML text")),
            Some(_) if plain && std::str::from_utf8(start).is_ok() => Some(phrase!("plain text")),
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
        check("IMG_5195.HEIC", Support::Decodable(Format::Heic));
        check("a.nef", Support::Decodable(Format::Raw));
        check("a.cr3", Support::Decodable(Format::Raw));
        check("a.x3f", Support::NotYet("RAW"));
        for video in ["MOV", "mp4", "avi", "mkv", "3gp", "mts", "webm"] {
            check(&format!("a.{video}"), Support::NotYet("video"));
        }
        check("a.txt", Support::NotAPhoto);
        check("jpg", Support::NotAPhoto);
        check(".jpg", Support::NotAPhoto);
        check("", Support::NotAPhoto);
    }

    #[test]
    fn a_template_of_visio_is_no_picture() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.VST");
        for (content, expected) in [
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and more".as_slice(), Support::NotAPhoto),
            (b"\0\0\x02\0\0\0\0\0\0\0\0\0", Support::Decodable(Format::Tga)),
        ] {
            std::fs::write(&file, content).unwrap();
            assert_eq!(support(&file), expected);
        }
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

    #[test]
    fn content_is_told_by_more_than_a_mark() {
        let check = |bytes: &[u8], format| assert_eq!(Format::of(bytes), format, "{bytes:?}");
        check(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Some(Format::Heic));
        check(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", Some(Format::Avif));
        check(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", None);
        check(b"\xff\x0a\x30", Some(Format::Jxl));
        check(b"P6\n# made\n1 1\n255\n123", Some(Format::Pnm));
        check(b"P7\nWIDTH 1\n", Some(Format::Pnm));
        check(b"P1", None);
        check(b"P4RT of a text", None);
        let mut icon = b"\0\0\x01\0\x01\0\x10\x10\0\0\x01\0\x20\0".to_vec();
        icon.extend([4u32, 22].map(u32::to_le_bytes).concat());
        check(&icon, None);
        icon.extend([0; 4]);
        check(&icon, Some(Format::Ico));
        check(b"\0\0\x01\xba\x44\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", None);
    }

    fn check_foreign(bytes: &[u8], words: &str) {
        let error = describe_foreign(bytes);
        assert!(error.to_string().contains(words), "{:?} for {bytes:?}", error.reason);
        assert!(error.permanent);
    }

    #[test]
    fn foreign_content_is_named() {
        check_foreign(b"", "empty");
        check_foreign(&[0; 100], "zeros");
        check_foreign(b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "a video");
        check_foreign(b"\0\0\0\x18ftyp3gp5\0\0\0\0xxxxxxxx", "a video");
        check_foreign(b"\0\0\0\x18ftypxxxx\0\0\0\0yyyyzzzz", "no known kind");
        check_foreign(b"RIFF\xff\0\0\0WAVEfmt ", "no known kind");
        check_foreign(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "a video");
        check_foreign(b"RIFF\xff\0\0\0AVI LIST", "a video");
        check_foreign(b"<!DOCTYPE html><html>", "web page");
        check_foreign(b"version https://git-lfs", "text");
        check_foreign(b"%PDF-1.7", "PDF");
        check_foreign(b"\x01\x02\x03\x04", "no known kind");
    }
}
