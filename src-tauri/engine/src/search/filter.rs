//! From the filters of the query language to conditions of the catalog.

use std::ops::Bound;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::types::Value;

use super::query::{self, Dates, Filter, Kind, Place, Shape, Span};
use crate::catalog::Condition;
use crate::error::Result;
use crate::library::Library;
use crate::message::Message;
use crate::metadata;
use crate::tags;
use crate::view::PhotoId;

/// What a filter asks of the catalog.
///
/// # Errors
/// Where it asks for what a model suggests, and there is none.
pub(super) fn condition(library: &Library, filter: &Filter) -> Result<Condition> {
    let all = |parts: &[Filter]| -> Result<Vec<Condition>> {
        parts.iter().map(|part| condition(library, part)).collect()
    };
    Ok(match filter {
        Filter::All(parts) => Condition::all(all(parts)?),
        Filter::Any(parts) => Condition::any(all(parts)?),
        Filter::Not(part) => condition(library, part)?.not(),
        Filter::Is(query::Condition::Tag(tag)) => tagged(library, tag)?,
        Filter::Is(query::Condition::Suggested(tag)) => {
            let photos = tags::suggested(library, tag)?;
            among("photo.id", serde_json::json!(photos))
        }
        Filter::Is(one) => single(one),
    })
}

/// The person gave it the tag, or a narrower one, or the file has it as a keyword.
fn tagged(library: &Library, tag: &str) -> Result<Condition> {
    let vocabulary = library.tags.vocabulary(library)?;
    let keyword =
        Condition::new("tagged(keywords, hierarchical_keywords, ?)", [Value::from(tag.to_owned())]);
    let meant = vocabulary.meant_by(tag);
    if meant.is_empty() {
        return Ok(keyword);
    }
    let among = among("category", serde_json::json!(meant));
    let decided = Condition::any(vec![
        keyword,
        among.within("photo.id IN (SELECT photo_id FROM decision WHERE kind <> 'rejected' AND {})"),
    ]);
    Ok(decided)
}

/// These photos.
pub(super) fn photos(photos: &[PhotoId]) -> Condition {
    let ids: Vec<i64> = photos.iter().map(|photo| photo.0).collect();
    among("photo.id", serde_json::json!(ids))
}

/// A column has one of the values of a JSON array.
fn among(column: &str, values: serde_json::Value) -> Condition {
    let sql = format!("{column} IN (SELECT value FROM json_each(?))");
    Condition::new(&sql, [Value::from(values.to_string())])
}

/// Whether it leaves no photo out.
pub(super) fn is_everything(filter: &Filter) -> bool {
    matches!(filter, Filter::All(parts) if parts.is_empty())
}

/// What a question filters by that this library cannot tell yet, in words.
pub(super) fn unknown(filter: &Filter) -> Vec<Message> {
    match filter {
        Filter::All(parts) | Filter::Any(parts) => parts.iter().flat_map(unknown).collect(),
        Filter::Not(part) => unknown(part),
        Filter::Is(query::Condition::Near { place: Place::Name(name), .. })
            if metadata::places_named(name).is_empty() =>
        {
            vec![message!(
                "no town called \"{name}\" is known: use its own language's name, or degrees such \
                 as near:38.7,-9.1",
                name
            )]
        }
        Filter::Is(_) => Vec::new(),
    }
}

fn single(condition: &query::Condition) -> Condition {
    use query::Condition as Is;
    let holds = |column: &str, part: &str| {
        Condition::new(&format!("holds({column}, ?)"), [Value::from(part.to_owned())])
    };
    match condition {
        Is::Date(dates) => days("time", dates, &TimeZone::UTC),
        Is::Added(dates) => days("photo.added_at", dates, &TimeZone::system()),
        Is::Camera(part) => holds("camera", part),
        Is::Lens(part) => holds("lens", part),
        Is::Iso(span) => numbers("iso", span, |n| Value::from(i64::from(n))),
        Is::Aperture(span) => numbers("aperture", span, Value::from),
        Is::Focal(span) => numbers("focal_mm", span, Value::from),
        Is::Folder(folder) => {
            Condition::new("within(root.path, rel_path, ?)", [Value::from(folder.to_owned())])
        }
        Is::Name(pattern) => {
            Condition::new("named(rel_path, ?)", [Value::from(pattern.to_owned())])
        }
        Is::Type(kind) => Condition::new("format = ?", [Value::from(format(*kind).to_owned())]),
        Is::Rating(span) => Condition::all(vec![
            Condition::new("coalesce(stars, rating, 0) >= 0", []),
            numbers("coalesce(stars, rating, 0)", span, |n| Value::from(i64::from(n))),
        ]),
        // The library has to be asked.
        Is::Tag(_) | Is::Suggested(_) => Condition::any(Vec::new()),
        Is::Favourite => Condition::new("favourite", []),
        Is::Untagged => Condition::new(
            "keywords = '[]' AND hierarchical_keywords = '[]'
             AND photo.id NOT IN (SELECT photo_id FROM decision WHERE kind <> 'rejected')",
            [],
        ),
        Is::Offline => Condition::new("root.state <> 'online'", []),
        Is::Rejected => Condition::new("coalesce(stars, rating) = -1", []),
        Is::HasGps => Condition::new("lat IS NOT NULL AND lon IS NOT NULL", []),
        Is::HasDescription => Condition::new("description <> ''", []),
        Is::HasTitle => Condition::new("title <> ''", []),
        Is::Near { place, km } => near(place, *km),
        Is::Orientation(shape) => {
            let sign = match shape {
                Shape::Portrait => "<",
                Shape::Landscape => ">",
                Shape::Square => "=",
            };
            Condition::new(&format!("width {sign} height"), [])
        }
        Is::Megapixels(span) => numbers("width * height / 1e6", span, Value::from),
        Is::Size(span) => {
            numbers("size", span, |n| Value::from(i64::try_from(n).unwrap_or(i64::MAX)))
        }
    }
}

/// By a clock of this zone. Of the clock of a camera the catalog keeps what it
/// would be in seconds if it showed UTC.
fn days(column: &str, dates: &Dates, zone: &TimeZone) -> Condition {
    let ends = [(">=", dates.from), ("<", dates.to)];
    let parts = ends.into_iter().filter_map(|(sign, day)| {
        let start = seconds(day?, zone);
        Some(Condition::new(&format!("{column} {sign} ?"), [Value::from(start)]))
    });
    Condition::all(parts.collect())
}

/// When a day begins.
fn seconds(day: Date, zone: &TimeZone) -> i64 {
    // A day that no clock can show is beyond all photos.
    day.to_zoned(zone.clone()).map_or(i64::MAX, |start| start.timestamp().as_second())
}

fn numbers<T: Copy>(column: &str, span: &Span<T>, value: impl Fn(T) -> Value) -> Condition {
    let end = |inclusive: &str, exclusive: &str, bound: Bound<T>| {
        let (sign, number) = match bound {
            Bound::Included(number) => (inclusive, number),
            Bound::Excluded(number) => (exclusive, number),
            Bound::Unbounded => return None,
        };
        Some(Condition::new(&format!("{column} {sign} ?"), [value(number)]))
    };
    let ends = [end(">=", ">", span.from), end("<=", "<", span.to)];
    Condition::all(ends.into_iter().flatten().collect())
}

/// Of several towns of one name all are meant.
fn near(place: &Place, km: f64) -> Condition {
    let points = match place {
        Place::At { lat, lon } => vec![(*lat, *lon)],
        Place::Name(name) => metadata::places_named(name),
    };
    let around = |(there_lat, there_lon): (f64, f64)| {
        let values = [there_lat, there_lon, km].map(Value::from);
        Condition::new("km(lat, lon, ?, ?) <= ?", values)
    };
    Condition::any(points.into_iter().map(around).collect())
}

/// What the catalog calls a kind: [`Format::name`](crate::decode::Format::name).
pub(crate) fn format(kind: Kind) -> &'static str {
    use crate::decode::Format;
    let format = match kind {
        Kind::Jpeg => Format::Jpeg,
        Kind::Heic => Format::Heic,
        Kind::Raw => Format::Raw,
        Kind::Png => Format::Png,
        Kind::WebP => Format::WebP,
        Kind::Gif => Format::Gif,
        Kind::Tiff => Format::Tiff,
        Kind::Avif => Format::Avif,
        Kind::Jxl => Format::Jxl,
        Kind::Psd => Format::Psd,
        Kind::Bmp => Format::Bmp,
        Kind::Tga => Format::Tga,
        Kind::Ico => Format::Ico,
        Kind::Qoi => Format::Qoi,
        Kind::Pnm => Format::Pnm,
    };
    format.name()
}
