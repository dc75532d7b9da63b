//! Spans of numbers, as they are typed and as they are printed.
//!
//! A number of something that is measured means what would be written so:
//! `mp:12` is from 11.5 to below 12.5, `f:2.8` from 2.75 to below 2.85. Ends of
//! ranges and what is compared with count as they stand. A range that runs
//! backwards is turned round; one that holds nothing is no span.

use std::fmt::{self, Display, Formatter};
use std::ops::Bound;

use super::Span;

/// Digits of a number, at most: all of these come back from a printed `f64`.
const MOST_DIGITS: usize = 15;

/// Digits behind the point, at most: no camera measures finer.
const MOST_PLACES: usize = 6;

/// Sizes below this are read: in bytes it has [`MOST_DIGITS`].
const SIZE_LIMIT: u64 = 1_000_000_000_000_000;

/// Units of size, the larger ones first.
const UNITS: [(&str, u64); 9] = [
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

/// A number as it was typed.
struct Number<T> {
    value: T,
    /// What it means where it stands alone; `None` for itself only.
    around: Option<(T, T)>,
}

/// A whole number, such as a sensitivity.
pub(super) fn whole(text: &str) -> Option<Span<u32>> {
    read(text, |number, _| {
        let value = Some(number).filter(|it| it.bytes().all(|b| b.is_ascii_digit()))?;
        Some(Number { value: value.parse().ok()?, around: None })
    })
}

/// A number of stars, or `none`.
pub(super) fn stars(text: &str) -> Option<Span<u8>> {
    if text.eq_ignore_ascii_case("none") {
        return Some(Span { from: Bound::Included(0), to: Bound::Included(0) });
    }
    read(text, |number, _| match number.as_bytes() {
        &[digit @ b'0'..=b'5'] => Some(Number { value: digit - b'0', around: None }),
        _ => None,
    })
}

/// Something measured, with what may be written before and after the number.
pub(super) fn measured(text: &str, before: &str, after: &str) -> Option<Span<f64>> {
    read(text, |number, _| {
        let number = number.to_ascii_lowercase();
        let number = number.strip_prefix(before).unwrap_or(&number);
        let number = number.strip_suffix(after).unwrap_or(number);
        let (digits, places) = decimal(number.trim())?;
        let around = (10 * digits - 5, 10 * digits + 5);
        let shift = |digits: i64, places: usize| format!("{digits}e-{places}").parse::<f64>().ok();
        Some(Number {
            value: shift(digits, places)?,
            around: Some((shift(around.0, places + 1)?, shift(around.1, places + 1)?)),
        })
    })
}

/// A size with its unit; of a range one unit is enough.
pub(super) fn size(text: &str) -> Option<Span<u64>> {
    read(text, |number, other| {
        let (digits, unit) = split_unit(number);
        let unit = unit_of(if unit.is_empty() { split_unit(other).1 } else { unit })?;
        let (digits, places) = decimal(digits)?;
        let bytes = |digits: i64, places: usize| {
            let bytes = i128::from(digits.max(0)) * i128::from(unit);
            // The first whole byte from there on.
            let bytes = bytes + 10i128.pow(places as u32) - 1;
            u64::try_from(bytes / 10i128.pow(places as u32)).ok().filter(|it| *it < SIZE_LIMIT)
        };
        Some(Number {
            value: bytes(digits, places)?,
            around: Some((
                bytes(10 * digits - 5, places + 1)?,
                bytes(10 * digits + 5, places + 1)?,
            )),
        })
    })
}

/// Digits without their point, and how many of them stood behind it.
fn decimal(text: &str) -> Option<(i64, usize)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction}");
    let is_number = !digits.is_empty()
        && digits.len() <= MOST_DIGITS
        && fraction.len() <= MOST_PLACES
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !text.ends_with('.');
    is_number.then(|| digits.parse().ok()).flatten().map(|it| (it, fraction.len()))
}

fn split_unit(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
    (text[..end].trim_end(), &text[end..])
}

fn unit_of(text: &str) -> Option<u64> {
    let is_it = |unit: &str| {
        // "10 M" and "10 Mi" are meant as they are read.
        unit.eq_ignore_ascii_case(text)
            || (unit.len() > 1 && unit[..unit.len() - 1].eq_ignore_ascii_case(text))
    };
    UNITS.iter().find(|(unit, _)| is_it(unit)).map(|&(_, bytes)| bytes)
}

/// The sign of comparison at the beginning, empty where there is none, and what
/// follows it.
pub(super) fn comparison(text: &str) -> (&'static str, &str) {
    const SIGNS: [(&str, &str); 7] =
        [(">=", ">="), ("≥", ">="), ("<=", "<="), ("≤", "<="), (">", ">"), ("<", "<"), ("=", "=")];
    let found = SIGNS.iter().find_map(|(typed, sign)| Some((*sign, text.strip_prefix(typed)?)));
    found.unwrap_or(("", text))
}

/// Reads a span; `number` reads one of its numbers, and is told the other one.
fn read<T: Copy + PartialOrd>(
    text: &str,
    number: impl Fn(&str, &str) -> Option<Number<T>>,
) -> Option<Span<T>> {
    use Bound::{Excluded, Included, Unbounded};
    let text = text.trim();
    let (compare, rest) = comparison(text);
    let range = text.split_once("..").or_else(|| text.split_once(['-', '–']));
    let Some((from, to)) = range else {
        let Number { value, around } = number(rest.trim(), "")?;
        return Some(match compare {
            ">=" => Span { from: Included(value), to: Unbounded },
            ">" => Span { from: Excluded(value), to: Unbounded },
            "<=" => Span { from: Unbounded, to: Included(value) },
            "<" => Span { from: Unbounded, to: Excluded(value) },
            _ => {
                around.map_or(Span { from: Included(value), to: Included(value) }, |(from, to)| {
                    Span { from: Included(from), to: Excluded(to) }
                })
            }
        });
    };
    let (from_excluded, from) = strip(from.trim(), '>');
    let (to_excluded, to) = strip(to.trim(), '<');
    let end = |text: &str, other: &str, excluded: bool| match text {
        "" if excluded => None,
        "" => Some(Unbounded),
        _ if excluded => Some(Excluded(number(text, other)?.value)),
        _ => Some(Included(number(text, other)?.value)),
    };
    let span = Span { from: end(from, to, from_excluded)?, to: end(to, from, to_excluded)? };
    match (span.from, span.to) {
        (Unbounded, Unbounded) => None,
        (Included(from) | Excluded(from), Included(to) | Excluded(to)) if from > to => {
            Some(Span { from: span.to, to: span.from })
        }
        (Excluded(from), Included(to) | Excluded(to)) | (Included(from), Excluded(to))
            if from == to =>
        {
            None
        }
        _ => Some(span),
    }
}

fn strip(text: &str, mark: char) -> (bool, &str) {
    match text.strip_prefix(mark) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    }
}

/// Prints a span of whole numbers.
pub(super) fn print_whole<T: Copy + PartialOrd + Display>(
    f: &mut Formatter<'_>,
    span: &Span<T>,
) -> fmt::Result {
    match (span.from, span.to) {
        (Bound::Included(from), Bound::Included(to)) if from == to => write!(f, "{from}"),
        _ => print(f, span, |number| number.to_string()),
    }
}

/// Prints stars.
pub(super) fn print_stars(f: &mut Formatter<'_>, span: &Span<u8>) -> fmt::Result {
    match (span.from, span.to) {
        (Bound::Included(0), Bound::Included(0)) => f.write_str("none"),
        _ => print_whole(f, span),
    }
}

/// Prints something measured, as the one number that it is around if there is
/// one.
pub(super) fn print_measured(f: &mut Formatter<'_>, span: &Span<f64>) -> fmt::Result {
    if let (Bound::Included(from), Bound::Excluded(to)) = (span.from, span.to) {
        let middle = (from + to) / 2.0;
        let candidates = (0..=MOST_PLACES).map(|places| format!("{middle:.places$}"));
        if let Some(text) = candidates.into_iter().find(|it| measured(it, "", "") == Some(*span)) {
            return f.write_str(&text);
        }
    }
    print(f, span, |number| number.to_string())
}

/// Prints a size in the largest unit that needs no fraction, or as the one
/// number that it is around if there is one.
pub(super) fn print_size(f: &mut Formatter<'_>, span: &Span<u64>) -> fmt::Result {
    if let (Bound::Included(from), Bound::Excluded(to)) = (span.from, span.to) {
        let middle = (u128::from(from) + u128::from(to)) / 2;
        for places in 0..=3 {
            let scale = 10u128.pow(places as u32);
            for (name, bytes) in UNITS {
                let number = (middle * scale + u128::from(bytes) / 2) / u128::from(bytes);
                let (whole, fraction) = (number / scale, number % scale);
                let text = match places {
                    0 => format!("{whole}{name}"),
                    _ => format!("{whole}.{fraction:0places$}{name}"),
                };
                if size(&text) == Some(*span) {
                    return f.write_str(&text);
                }
            }
        }
    }
    print(f, span, |number| {
        let unit = UNITS.iter().find(|(_, bytes)| number > 0 && number.is_multiple_of(*bytes));
        unit.map_or_else(
            || format!("{number}B"),
            |(name, bytes)| format!("{}{name}", number / bytes),
        )
    })
}

fn print<T: Copy>(
    f: &mut Formatter<'_>,
    span: &Span<T>,
    number: impl Fn(T) -> String,
) -> fmt::Result {
    use Bound::{Excluded, Included, Unbounded};
    match (span.from, span.to) {
        (Unbounded, Unbounded) => f.write_str(".."),
        (Included(from), Unbounded) => write!(f, ">={}", number(from)),
        (Excluded(from), Unbounded) => write!(f, ">{}", number(from)),
        (Unbounded, Included(to)) => write!(f, "<={}", number(to)),
        (Unbounded, Excluded(to)) => write!(f, "<{}", number(to)),
        (Included(from), Included(to)) => write!(f, "{}-{}", number(from), number(to)),
        (Included(from), Excluded(to)) => write!(f, "{}..<{}", number(from), number(to)),
        (Excluded(from), Included(to)) => write!(f, ">{}..{}", number(from), number(to)),
        (Excluded(from), Excluded(to)) => write!(f, ">{}..<{}", number(from), number(to)),
    }
}
