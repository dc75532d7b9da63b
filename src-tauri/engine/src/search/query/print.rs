//! How a query is written in one way only.
//!
//! Owns the canonical text: terms, then filters, then the order. Everything that
//! [`super::parse`] gives comes back equal from its text, on any day. Of what it
//! never gives (a span without ends, empty words) the text means about the same.

use std::fmt::{self, Display, Formatter, Write};

use super::numbers::{print_measured, print_size, print_stars, print_whole};
use super::{
    Alternative, Condition, Filter, Key, Kind, Place, Query, Shape, Sort, Term, What, filters,
};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (n, alternative) in self.alternatives.iter().enumerate() {
            if n > 0 {
                f.write_str(" OR ")?;
            }
            write!(f, "{alternative}")?;
        }
        match self.sort {
            Some(sort) if self.alternatives.is_empty() => write!(f, "{sort}"),
            Some(sort) => write!(f, " {sort}"),
            None => Ok(()),
        }
    }
}

impl Display for Alternative {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (n, term) in self.terms.iter().enumerate() {
            // Without a plus two sentences would be one.
            f.write_str(match (n, term.weight < 0.0) {
                (0, _) => "",
                (_, true) => " ",
                (_, false) => " + ",
            })?;
            write!(f, "{term}")?;
        }
        match &self.filter {
            Filter::All(none) if none.is_empty() => Ok(()),
            filter if self.terms.is_empty() => write!(f, "{filter}"),
            filter => write!(f, " {filter}"),
        }
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (is_negative, weight) = (self.weight < 0.0, self.weight.abs());
        if is_negative {
            f.write_char('-')?;
        }
        if weight != 1.0 {
            write!(f, "{weight}:")?;
        }
        match &self.what {
            What::Text(text) => {
                // An attached minus holds for one word, and 2:3 is no weight.
                let is_longer = is_negative && text.contains(' ');
                let is_number = weight != 1.0 && text.starts_with(|c: char| c.is_ascii_digit());
                if is_plain(text) && !is_longer && !is_number {
                    f.write_str(text)
                } else {
                    f.write_str(&quote(text))
                }
            }
            What::Image(path) => write!(f, "image:{}", quote(&path.to_string_lossy())),
            What::Photo(id) => write!(f, "similar:{id}"),
        }
    }
}

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(condition) => write!(f, "{condition}"),
            Self::Not(inner) if matches!(**inner, Self::All(_)) => write!(f, "-({inner})"),
            Self::Not(inner) => write!(f, "-{inner}"),
            Self::All(filters) => join(f, filters, " "),
            Self::Any(filters) => {
                if let Some(key) = common_key(filters) {
                    write!(f, "{key}:")?;
                    for (n, filter) in filters.iter().enumerate() {
                        if let Self::Is(condition) = filter {
                            f.write_str(if n > 0 { "," } else { "" })?;
                            value(f, condition)?;
                        }
                    }
                    return Ok(());
                }
                f.write_char('(')?;
                join(f, filters, " OR ")?;
                f.write_char(')')
            }
        }
    }
}

fn join(f: &mut Formatter<'_>, filters: &[Filter], between: &str) -> fmt::Result {
    for (n, filter) in filters.iter().enumerate() {
        write!(f, "{}{filter}", if n > 0 { between } else { "" })?;
    }
    Ok(())
}

/// The name of the one filter whose values these conditions are.
fn common_key(filters: &[Filter]) -> Option<&'static str> {
    let of = |filter: &Filter| match filter {
        Filter::Is(condition) => Some(key(condition)),
        _ => None,
    };
    let first = of(filters.first()?)?;
    let row = filters::FILTERS.iter().find(|row| row.key == first)?;
    let is_one = filters.iter().all(|filter| of(filter) == Some(first));
    (is_one && row.values.are_several()).then_some(row.name)
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let key = key(self);
        if let Some(row) = filters::FILTERS.iter().find(|row| row.key == key) {
            write!(f, "{}:", row.name)?;
        }
        value(f, self)
    }
}

/// What stands before the colon.
fn key(condition: &Condition) -> Key {
    match condition {
        Condition::Date(_) => Key::Date,
        Condition::Added(_) => Key::Added,
        Condition::Camera(_) => Key::Camera,
        Condition::Lens(_) => Key::Lens,
        Condition::Iso(_) => Key::Iso,
        Condition::Aperture(_) => Key::Aperture,
        Condition::Focal(_) => Key::Focal,
        Condition::Folder(_) => Key::Folder,
        Condition::Name(_) => Key::Name,
        Condition::Type(_) => Key::Type,
        Condition::Rating(_) => Key::Rating,
        Condition::Tag(_) => Key::Tag,
        Condition::Suggested(_) => Key::Suggested,
        Condition::Favourite | Condition::Untagged | Condition::Offline | Condition::Rejected => {
            Key::Is
        }
        Condition::HasGps | Condition::HasDescription | Condition::HasTitle => Key::Has,
        Condition::Near { .. } => Key::Near,
        Condition::Orientation(_) => Key::Orientation,
        Condition::Megapixels(_) => Key::Megapixels,
        Condition::Size(_) => Key::Size,
    }
}

/// What stands behind the colon.
fn value(f: &mut Formatter<'_>, condition: &Condition) -> fmt::Result {
    match condition {
        Condition::Date(dates) | Condition::Added(dates) => write!(f, "{dates}"),
        Condition::Camera(text)
        | Condition::Lens(text)
        | Condition::Folder(text)
        | Condition::Name(text)
        | Condition::Tag(text)
        | Condition::Suggested(text) => f.write_str(&quote_value(text)),
        Condition::Iso(span) => print_whole(f, span),
        Condition::Aperture(span) | Condition::Focal(span) | Condition::Megapixels(span) => {
            print_measured(f, span)
        }
        Condition::Rating(span) => print_stars(f, span),
        Condition::Size(span) => print_size(f, span),
        Condition::Type(kind) => write!(f, "{kind}"),
        Condition::Favourite => f.write_str("favourite"),
        Condition::Untagged => f.write_str("untagged"),
        Condition::Offline => f.write_str("offline"),
        Condition::Rejected => f.write_str("rejected"),
        Condition::HasGps => f.write_str("gps"),
        Condition::HasDescription => f.write_str("description"),
        Condition::HasTitle => f.write_str("title"),
        Condition::Near { place: Place::Name(name), km } => {
            write!(f, "{} {km}km", quote_value(name))
        }
        Condition::Near { place: Place::At { lat, lon }, km } => write!(f, "{lat},{lon} {km}km"),
        Condition::Orientation(shape) => f.write_str(match shape {
            Shape::Portrait => "portrait",
            Shape::Landscape => "landscape",
            Shape::Square => "square",
        }),
    }
}

impl Display for Kind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "jpeg",
            Self::Heic => "heic",
            Self::Raw => "raw",
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Gif => "gif",
            Self::Tiff => "tiff",
            Self::Avif => "avif",
            Self::Jxl => "jxl",
            Self::Psd => "psd",
            Self::Bmp => "bmp",
            Self::Tga => "tga",
            Self::Ico => "ico",
            Self::Qoi => "qoi",
            Self::Pnm => "pnm",
        })
    }
}

impl Display for Sort {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Newest => "sort:date",
            Self::Oldest => "sort:oldest",
            Self::Added => "sort:added",
            Self::Relevance => "sort:relevance",
        })
    }
}

/// Whether a sentence comes back without quotes: not all that would, but what
/// people write.
fn is_plain(text: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(char::is_alphanumeric)
            && word.chars().all(|c| c.is_alphanumeric() || "-'’.,!?&_+".contains(c))
            && !matches!(word, "OR" | "AND" | "NOT")
    };
    text.split(' ').all(is_word)
}

/// In quotes, those inside doubled.
fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A filter's value, in quotes where it needs them.
pub(super) fn quote_value(text: &str) -> String {
    let is_plain = !text.is_empty()
        && text.chars().all(|c| c.is_alphanumeric() || "_-./*?+&'#@%~".contains(c));
    if is_plain { text.to_owned() } else { quote(text) }
}
