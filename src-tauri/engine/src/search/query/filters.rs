//! Which filters there are, and what their values say.
//!
//! Owns the one table that parsing, completion, help and printing go by. A filter
//! is added by a row, a [`Key`], and a line in [`read`] and in `print`.

use jiff::civil::Date;

use super::{Condition, Filter, Kind, Place, Shape, Sort, Span, dates, numbers};

/// What comes before the colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the rows of FILTERS say it")]
pub enum Key {
    Date,
    Added,
    Camera,
    Lens,
    Iso,
    Aperture,
    Focal,
    Folder,
    Name,
    Type,
    Rating,
    Tag,
    Suggested,
    Is,
    Has,
    Near,
    Orientation,
    Megapixels,
    Size,
    Sort,
    Image,
    Similar,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct FilterKind {
    /// Which it is.
    pub key: Key,
    /// The word before the colon.
    pub name: &'static str,
    /// Other words for it.
    pub also: &'static [&'static str],
    /// What its values are.
    pub values: Values,
    /// What it does, for help.
    pub help: &'static str,
    /// Examples of it with values that it takes.
    pub accepts: &'static [&'static str],
}

/// What the values of a filter are.
#[derive(Debug, Clone, Copy)]
pub enum Values {
    /// Days; some that people often mean, and what they mean.
    Dates(&'static [(&'static str, &'static str)]),
    /// Numbers with comparison and ranges.
    Numbers,
    /// One of these, with what they mean.
    Closed(&'static [(&'static str, &'static str)]),
    /// Anything; the library knows which there are.
    Open,
    /// A place, and a radius after it.
    Place,
    /// The path of an image file.
    Path,
    /// The number of a photo.
    Photo,
}

impl Values {
    /// Whether a comma separates values; it may be part of a path or place.
    pub(super) fn are_several(self) -> bool {
        !matches!(self, Self::Place | Self::Path | Self::Photo)
    }
}

const STATES: &[(&str, &str)] = &[
    ("favourite", "you marked it"),
    ("untagged", "it has no tag"),
    ("offline", "its folder cannot be reached now"),
    ("rejected", "it is rated as rejected"),
];

const PARTS: &[(&str, &str)] = &[
    ("gps", "it is known where it was taken"),
    ("description", "somebody described it"),
    ("title", "it has a title"),
    ("tag", "it has a tag"),
    ("rating", "it has stars"),
];

const SHAPES: &[(&str, &str)] = &[
    ("portrait", "higher than wide"),
    ("landscape", "wider than high"),
    ("square", "as high as wide"),
];

const ORDERS: &[(&str, &str)] = &[
    ("date", "newest first"),
    ("oldest", "oldest first"),
    ("added", "latest in the library first"),
    ("relevance", "best match first"),
];

const KINDS: &[(&str, &str)] = &[
    ("jpeg", "JPEG"),
    ("heic", "HEIC, as phones make it"),
    ("raw", "RAW of any camera"),
    ("png", "PNG"),
    ("webp", "WebP"),
    ("gif", "GIF"),
    ("tiff", "TIFF"),
    ("avif", "AVIF"),
    ("jxl", "JPEG XL"),
    ("psd", "Photoshop"),
    ("bmp", "Windows bitmap"),
    ("tga", "Truevision TGA"),
    ("ico", "Windows icon"),
    ("qoi", "Quite OK Image"),
    ("pnm", "Netpbm"),
];

/// RAW of one maker, which is told by the file's name.
const RAW_EXTENSIONS: [&str; 11] =
    ["arw", "cr2", "cr3", "dng", "nef", "nrw", "orf", "pef", "raf", "rw2", "srw"];

/// All filters, in the order in which help shows them.
#[rustfmt::skip]
pub const FILTERS: &[FilterKind] = &[
    row(Key::Date, "date", &["taken", "when"], Values::Dates(&dates::OFFERED),
        "when it was taken", &["date:2021", "date:2019-06..2021-08", "date:>=2020", "date:\"last summer\""]),
    row(Key::Added, "added", &[], Values::Dates(&dates::OFFERED),
        "when it came to the library", &["added:today", "added:\"last 30 days\"", "added:>=2020"]),
    row(Key::Camera, "camera", &[], Values::Open,
        "make or model of the camera", &["camera:canon", "camera:\"EOS 5D\""]),
    row(Key::Lens, "lens", &[], Values::Open,
        "model of the lens", &["lens:sigma", "lens:\"50mm f/1.4\""]),
    row(Key::Iso, "iso", &[], Values::Numbers,
        "sensitivity", &["iso:400", "iso:100-800", "iso:>=1600"]),
    row(Key::Aperture, "f", &["aperture"], Values::Numbers,
        "f-number", &["f:2.8", "f:1.4-2.8", "f:<4"]),
    row(Key::Focal, "mm", &["focal"], Values::Numbers,
        "focal length in millimetres", &["mm:50", "mm:24-35", "mm:>=200"]),
    row(Key::Folder, "folder", &["in", "path"], Values::Open,
        "the folder, or one above it", &["folder:Trips", "folder:\"Trips/New York\""]),
    row(Key::Name, "name", &[], Values::Open,
        "the file's name, with * and ?", &["name:IMG_*", "name:beach"]),
    row(Key::Type, "type", &["format"], Values::Closed(KINDS),
        "the kind of file", &["type:jpeg", "type:heic", "type:raw", "type:png"]),
    row(Key::Rating, "rating", &["stars"], Values::Numbers,
        "stars, 0 to 5", &["rating:5", "rating:>=3", "rating:2-4", "rating:none"]),
    row(Key::Tag, "tag", &["tags", "keyword"], Values::Open,
        "a tag or keyword", &["tag:beach", "tag:\"New York\""]),
    row(Key::Suggested, "suggested", &[], Values::Open,
        "a tag that is suggested, and that you did not decide on", &["suggested:beach", "suggested:animal"]),
    row(Key::Is, "is", &[], Values::Closed(STATES),
        "what state it is in", &["is:favourite", "is:untagged", "is:offline", "is:rejected"]),
    row(Key::Has, "has", &[], Values::Closed(PARTS),
        "what is known of it", &["has:gps", "has:description", "has:title", "has:tag", "has:rating"]),
    row(Key::Near, "near", &[], Values::Place,
        "where it was taken", &["near:Lisbon", "near:\"New York\" 50km", "near:38.7,-9.1 10km"]),
    row(Key::Orientation, "orientation", &[], Values::Closed(SHAPES),
        "how its sides compare", &["orientation:portrait", "orientation:landscape", "orientation:square"]),
    row(Key::Megapixels, "mp", &["megapixels"], Values::Numbers,
        "millions of pixels", &["mp:12", "mp:>12", "mp:2-8"]),
    row(Key::Size, "size", &[], Values::Numbers,
        "the file's size", &["size:>10MB", "size:500kB-2MB", "size:<1GB"]),
    row(Key::Sort, "sort", &["order"], Values::Closed(ORDERS),
        "the order of the answer", &["sort:date", "sort:oldest", "sort:added", "sort:relevance"]),
    row(Key::Image, "image", &[], Values::Path,
        "looks like an image file", &["image:\"/home/me/dog.jpg\""]),
    row(Key::Similar, "similar", &[], Values::Photo,
        "looks like a photo of the library", &["similar:123"]),
];

const fn row(
    key: Key,
    name: &'static str,
    also: &'static [&'static str],
    values: Values,
    help: &'static str,
    accepts: &'static [&'static str],
) -> FilterKind {
    FilterKind { key, name, also, values, help, accepts }
}

/// The filter of this name, upper or lower case.
pub(super) fn find(name: &str) -> Option<&'static FilterKind> {
    let is_it = |it: &&str| it.eq_ignore_ascii_case(name);
    FILTERS.iter().find(|row| is_it(&row.name) || row.also.iter().any(is_it))
}

/// The name that was meant by one that there is not: one that it begins or that
/// begins it, else the one with the fewest letters to change. `None` where that is
/// more than a third of them: another word was meant, such as `note:`.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    const LONGEST: usize = 16;
    let typed: Vec<char> = name.to_lowercase().chars().take(LONGEST).collect();
    let lower: String = typed.iter().collect();
    let distance = |known: &str| {
        // Of `in`, `is` and `mm` too many words are the beginning.
        let is_telling = |short: &str| short.len() > 2;
        let begins = (known.starts_with(&lower) && lower.len() > 1)
            || (lower.starts_with(known) && is_telling(known));
        let changes = changes(&typed, &known.chars().collect::<Vec<_>>());
        match begins {
            true => Some(1),
            false => (3 * changes <= typed.len().max(known.len())).then_some(2 * changes),
        }
    };
    let of_row = |row: &'static FilterKind| {
        let names = row.also.iter().chain(std::iter::once(&row.name));
        Some((names.filter_map(|name| distance(name)).min()?, row.name))
    };
    FILTERS.iter().filter_map(of_row).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// The names of all filters, for whoever used one that there is not.
pub(super) fn all_names() -> String {
    FILTERS.iter().map(|row| format!("{}:", row.name)).collect::<Vec<_>>().join(" ")
}

/// Letters to insert, remove, replace or swap with the next to make one word of
/// another.
fn changes(a: &[char], b: &[char]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

/// One value of a filter that is a condition without anything after it; `None`
/// where it does not take such a value.
pub(super) fn read(key: Key, value: &str, today: Date) -> Option<Filter> {
    let value = value.trim();
    let text = || (!value.is_empty()).then(|| value.to_owned());
    let condition = match key {
        Key::Date => Condition::Date(dates::read(value, today)?),
        Key::Added => Condition::Added(dates::read(value, today)?),
        Key::Camera => Condition::Camera(text()?),
        Key::Lens => Condition::Lens(text()?),
        Key::Iso => Condition::Iso(numbers::whole(value)?),
        Key::Aperture => Condition::Aperture(numbers::measured(value, "f/", "")?),
        Key::Focal => Condition::Focal(numbers::measured(value, "", "mm")?),
        Key::Folder => Condition::Folder(folder(value)?),
        Key::Name => Condition::Name(text()?),
        Key::Type => kind(value)?,
        Key::Rating => Condition::Rating(numbers::stars(value)?),
        Key::Tag => Condition::Tag(text()?),
        Key::Suggested => Condition::Suggested(text()?),
        Key::Is => match value.to_lowercase().as_str() {
            "favourite" | "favorite" => Condition::Favourite,
            "untagged" => Condition::Untagged,
            "offline" => Condition::Offline,
            "rejected" => Condition::Rejected,
            _ => return None,
        },
        Key::Has => match value.to_lowercase().as_str() {
            "gps" => Condition::HasGps,
            "description" => Condition::HasDescription,
            "title" => Condition::HasTitle,
            "tag" | "tags" => return Some(Filter::Not(Box::new(Filter::Is(Condition::Untagged)))),
            "rating" => Condition::Rating(Span {
                from: std::ops::Bound::Included(1),
                to: std::ops::Bound::Unbounded,
            }),
            _ => return None,
        },
        Key::Orientation => Condition::Orientation(match value.to_lowercase().as_str() {
            "portrait" => Shape::Portrait,
            "landscape" => Shape::Landscape,
            "square" => Shape::Square,
            _ => return None,
        }),
        Key::Megapixels => Condition::Megapixels(numbers::measured(value, "", "mp")?),
        Key::Size => Condition::Size(numbers::size(value)?),
        Key::Near | Key::Sort | Key::Image | Key::Similar => return None,
    };
    Some(Filter::Is(condition))
}

/// A folder without the slash that completion of shells puts after it.
fn folder(value: &str) -> Option<String> {
    let folder = value.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '/' | '\\'));
    let folder = if folder.is_empty() { value } else { folder };
    (!folder.is_empty()).then(|| folder.to_owned())
}

fn kind(value: &str) -> Option<Condition> {
    let value = value.trim_start_matches(['.', '*']).to_lowercase();
    if RAW_EXTENSIONS.contains(&value.as_str()) {
        return Some(Condition::Name(format!("*.{value}")));
    }
    kind_named(&value).map(Condition::Type)
}

/// The kind of file that a word stands for: one that completion offers, or a usual
/// extension; in lower case.
pub fn kind_named(name: &str) -> Option<Kind> {
    Some(match name {
        "jpeg" | "jpg" | "jpe" | "jfif" => Kind::Jpeg,
        "heic" | "heif" | "hif" => Kind::Heic,
        "raw" => Kind::Raw,
        "png" => Kind::Png,
        "webp" => Kind::WebP,
        "gif" => Kind::Gif,
        "tiff" | "tif" => Kind::Tiff,
        "avif" => Kind::Avif,
        "jxl" => Kind::Jxl,
        "psd" => Kind::Psd,
        "bmp" => Kind::Bmp,
        "tga" => Kind::Tga,
        "ico" => Kind::Ico,
        "qoi" => Kind::Qoi,
        "pnm" | "pbm" | "pgm" | "ppm" => Kind::Pnm,
        _ => return None,
    })
}

/// A place by its name or by degrees; `None` for degrees that are not on earth.
pub(super) fn place(value: &str) -> Option<Place> {
    let value = value.trim();
    let Some((lat, lon)) =
        value.split_once(',').and_then(|(a, b)| Some((degrees(a)?, degrees(b)?)))
    else {
        return (!value.is_empty()).then(|| Place::Name(value.to_owned()));
    };
    (lat.abs() <= 90.0 && lon.abs() <= 180.0).then_some(Place::At { lat, lon })
}

fn degrees(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_number =
        text.len() <= 24 && text.chars().all(|c| c.is_ascii_digit() || "+-.".contains(c));
    is_number.then(|| text.parse().ok()).flatten()
}

/// A radius in kilometres: `50km`, `500m`, `30mi`.
pub(super) fn radius(text: &str) -> Option<f64> {
    /// Half way round the earth.
    const FARTHEST: f64 = 20_040.0;
    let end = text.find(char::is_alphabetic)?;
    let scale = match text[end..].to_lowercase().as_str() {
        "km" => 1.0,
        "m" => 0.001,
        "mi" | "mile" | "miles" => 1.609_344,
        _ => return None,
    };
    let number = text[..end].trim_end();
    if !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    // To the metre, so that what is printed is short.
    let km = (number.parse::<f64>().ok()? * scale * 1000.0).round() / 1000.0;
    (km > 0.0 && km <= FARTHEST).then_some(km)
}

/// An order by its name, and by its opposite where that is one.
pub(super) fn sort(value: &str, negative: bool) -> Option<Sort> {
    match (value.trim().to_lowercase().as_str(), negative) {
        ("date" | "newest", false) | ("oldest", true) => Some(Sort::Newest),
        ("oldest", false) | ("date" | "newest", true) => Some(Sort::Oldest),
        ("added", false) => Some(Sort::Added),
        ("relevance", false) => Some(Sort::Relevance),
        _ => None,
    }
}
