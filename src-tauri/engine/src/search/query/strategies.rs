//! Texts and queries for the property tests.
//!
//! Queries are made in normal form, without the parser, so that what it reads can
//! be compared with them.

use std::ops::Bound::{self, Excluded, Included, Unbounded};
use std::path::PathBuf;

use jiff::civil::date;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Bits of which texts are made that look like queries.
pub(super) fn bits() -> impl Strategy<Value = String> {
    let bit = select(
        &[
            "dog",
            "the sea",
            "-",
            "- ",
            " + ",
            "+",
            "NOT",
            "NOT ",
            "OR",
            " OR ",
            "AND",
            "(",
            ")",
            "\"",
            "\"\"",
            "“",
            "”",
            " ",
            "\t",
            "\u{0}",
            "\u{200b}",
            "2:",
            "0.5:",
            "0:",
            ".:",
            "10:30",
            ",",
            ":",
            "date:",
            "date:2021",
            "date:june",
            "added:",
            "added:last",
            "last",
            "ago",
            "3",
            "weeks",
            "..",
            "2019..2020",
            "camera:",
            "iso:",
            ">=",
            "<",
            "1600",
            "f:1.4-2.8",
            "mm:24",
            "folder:a/b",
            "name:*?",
            "type:",
            "heic,jpg",
            "rating:none",
            "tag:",
            "suggested:",
            "is:favourite",
            "has:tag",
            "near:",
            "Lisbon",
            "38.7,-9.1",
            "50km",
            "mp:12",
            "size:>10MB",
            "size:1.25MiB",
            "sort:date",
            "sort:added",
            "image:",
            "similar:",
            "12",
            "foo:",
            "https://",
            "C:\\",
            "é",
            "日本",
            "🐕",
            "e\u{301}",
            "🏳\u{fe0f}\u{200d}🌈",
            "\\",
        ][..],
    );
    vec(bit, 0..24).prop_map(|bits| bits.concat())
}

pub(super) fn date_text() -> impl Strategy<Value = String> {
    let word = select(
        &[
            "today",
            "yesterday",
            "this",
            "last",
            "past",
            "week",
            "month",
            "year",
            "weekend",
            "summer",
            "winter",
            "june",
            "feb",
            "monday",
            "sun",
            "ago",
            "days",
            "months",
            "years",
            "a",
            "three",
            "2",
            "30",
            "9999",
            "2020",
            "2019-06",
            "2020-02-29",
            "1800",
            "2999",
            "0001",
            "..",
            ">=",
            "<",
        ][..],
    );
    vec(word, 1..5).prop_map(|words| words.join(" "))
}

/// Words without meaning of their own, and such as have one.
fn sentence() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,6}( [a-z]{1,6}){0,3}",
        "[A-Z:\"()+,0-9é-]{1,5}( [A-Z:\"()+,0-9é-]{1,5}){0,2}",
        "[^\\pC\\pZ]{1,8}",
    ]
    .prop_map(|text| lexer::collapse(&text))
    .prop_filter("words", |text| !text.is_empty())
}

fn weight() -> impl Strategy<Value = f32> {
    let size = prop_oneof![Just(1.0f32), (1u16..=10_000).prop_map(|n| f32::from(n) / 100.0)];
    (size, any::<bool>()).prop_map(|(size, negative)| if negative { -size } else { size })
}

fn term() -> impl Strategy<Value = Term> {
    let what = prop_oneof![
        4 => sentence().prop_map(What::Text),
        1 => "[^\\pC\\pZ][ -~]{0,8}".prop_map(|path| What::Image(PathBuf::from(path))),
        1 => (0..=i64::MAX).prop_map(What::Photo),
    ];
    (weight(), what).prop_map(|(weight, what)| Term { weight, what })
}

/// Bounds in thousandths of which at least one is there and that hold something.
fn bounds(most: u32) -> impl Strategy<Value = (Bound<u32>, Bound<u32>)> {
    let bound = move || {
        prop_oneof![Just(Unbounded), (0..=most).prop_map(Included), (0..=most).prop_map(Excluded),]
    };
    (bound(), bound()).prop_filter("a span", |bounds| match bounds {
        (Unbounded, Unbounded) => false,
        (Included(a), Included(b)) => a <= b,
        (Included(a) | Excluded(a), Included(b) | Excluded(b)) => a < b,
        _ => true,
    })
}

fn span<T: std::fmt::Debug>(
    most: u32,
    number: impl Fn(u32) -> T + Clone,
) -> impl Strategy<Value = Span<T>> {
    bounds(most).prop_map(move |(from, to)| Span {
        from: from.map(number.clone()),
        to: to.map(number.clone()),
    })
}

fn dates() -> impl Strategy<Value = Dates> {
    let day = || {
        (1800i16..3000, 1i8..=12, prop_oneof![Just(1i8), 1i8..=28])
            .prop_map(|(year, month, day)| date(year, month, day))
    };
    let end =
        || proptest::option::of(prop_oneof![day(), (1801i16..3000).prop_map(|y| date(y, 1, 1))]);
    (end(), end())
        .prop_filter("days", |ends| match ends {
            (None, None) => false,
            (Some(from), Some(to)) => from < to,
            (None, Some(to)) => *to > date(1800, 1, 1),
            _ => true,
        })
        .prop_map(|(from, to)| Dates { from, to })
}

fn condition() -> impl Strategy<Value = Condition> {
    let text = || {
        prop_oneof!["[a-z]{1,8}", "[^\\pC\\pZ]( ?[^\\pC\\pZ/\\\\]){0,8}"].prop_filter(
            "a value",
            |text| {
                let is_folder = !text.ends_with(['/', '\\']);
                is_folder && text.trim() == text && !text.trim().is_empty()
            },
        )
    };
    let thousandths = |n: u32| f64::from(n) / 1000.0;
    prop_oneof![
        dates().prop_map(Condition::Date),
        dates().prop_map(Condition::Added),
        text().prop_map(Condition::Camera),
        text().prop_map(Condition::Lens),
        span(500_000, |n| n).prop_map(Condition::Iso),
        span(90_000, thousandths).prop_map(Condition::Aperture),
        span(900_000, thousandths).prop_map(Condition::Focal),
        text().prop_map(Condition::Folder),
        text().prop_map(Condition::Name),
        select(&[Kind::Jpeg, Kind::Heic, Kind::Raw, Kind::Jxl][..]).prop_map(Condition::Type),
        span(5, |n| n as u8).prop_map(Condition::Rating),
        text().prop_map(Condition::Tag),
        text().prop_map(Condition::Suggested),
        select(
            &[
                Condition::Favourite,
                Condition::Untagged,
                Condition::Offline,
                Condition::Rejected,
                Condition::HasGps,
                Condition::HasDescription,
                Condition::HasTitle,
            ][..]
        ),
        (text().prop_filter("no degrees", |text| !text.contains(',')), 1u32..20_000_000).prop_map(
            move |(name, km)| Condition::Near { place: Place::Name(name), km: thousandths(km) }
        ),
        (-90.0f64..=90.0, -180.0f64..=180.0, 1u32..99).prop_map(|(lat, lon, km)| {
            let round = |degrees: f64| (degrees * 1e6).round() / 1e6;
            let place = Place::At { lat: round(lat), lon: round(lon) };
            Condition::Near { place, km: f64::from(km) }
        }),
        select(&[Shape::Portrait, Shape::Landscape, Shape::Square][..])
            .prop_map(Condition::Orientation),
        span(90_000, thousandths).prop_map(Condition::Megapixels),
        span(u32::MAX, |n| u64::from(n) * 512).prop_map(Condition::Size),
    ]
}

/// Filters in normal form.
fn filter() -> impl Strategy<Value = Filter> {
    let leaf = (condition(), any::<bool>()).prop_map(|(condition, negative)| {
        let is = Filter::Is(condition);
        if negative { Filter::Not(Box::new(is)) } else { is }
    });
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(meaning::all),
            vec(inner, 2..4).prop_map(meaning::any),
        ]
    })
}

pub(super) fn query() -> impl Strategy<Value = Query> {
    let nothing = || Just(Filter::All(Vec::new()));
    let with_terms = (vec(term(), 1..5), prop_oneof![nothing(), filter()])
        .prop_map(|(terms, filter)| Alternative { terms, filter });
    let without = filter().prop_map(|filter| Alternative { terms: Vec::new(), filter });
    let sort = select(&[Sort::Newest, Sort::Oldest, Sort::Added, Sort::Relevance][..]);
    (vec(with_terms, 0..4), proptest::option::of((without, 0usize..4)), proptest::option::of(sort))
        .prop_map(|(mut alternatives, without, sort)| {
            if let Some((without, at)) = without {
                alternatives.insert(at.min(alternatives.len()), without);
            }
            Query { alternatives, sort }
        })
}

/// A sentence of logic about three tags.
#[derive(Debug, Clone)]
pub(super) enum Formula {
    Tag(u8),
    Not(Box<Formula>),
    All(Vec<Formula>),
    Any(Vec<Formula>),
}

pub(super) fn formula() -> impl Strategy<Value = Formula> {
    (0u8..3).prop_map(Formula::Tag).prop_recursive(6, 32, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|it| Formula::Not(Box::new(it))),
            vec(inner.clone(), 1..4).prop_map(Formula::All),
            vec(inner, 1..4).prop_map(Formula::Any),
        ]
    })
}

impl Formula {
    pub fn text(&self) -> String {
        let joined = |formulas: &[Self], between: &str| {
            let texts: Vec<String> = formulas.iter().map(Self::text).collect();
            format!("({})", texts.join(between))
        };
        match self {
            Self::Tag(tag) => format!("tag:{tag}"),
            Self::Not(inner) => format!("NOT {}", inner.text()),
            Self::All(formulas) => joined(formulas, " "),
            Self::Any(formulas) => joined(formulas, " OR "),
        }
    }

    pub fn holds(&self, tags: u8) -> bool {
        match self {
            Self::Tag(tag) => tags >> tag & 1 == 1,
            Self::Not(inner) => !inner.holds(tags),
            Self::All(formulas) => formulas.iter().all(|it| it.holds(tags)),
            Self::Any(formulas) => formulas.iter().any(|it| it.holds(tags)),
        }
    }
}

pub(super) fn holds(filter: &Filter, tags: u8) -> bool {
    match filter {
        Filter::All(filters) => filters.iter().all(|it| holds(it, tags)),
        Filter::Any(filters) => filters.iter().any(|it| holds(it, tags)),
        Filter::Not(inner) => !holds(inner, tags),
        Filter::Is(Condition::Tag(tag)) => tags >> tag.parse::<u8>().unwrap() & 1 == 1,
        Filter::Is(other) => panic!("{other}"),
    }
}
