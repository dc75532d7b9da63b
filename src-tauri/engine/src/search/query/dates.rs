//! Days, as people name them.
//!
//! Everything is a half-open range of civil days, counted from `today`:
//!
//! | written | means |
//! | --- | --- |
//! | `2021`, `2019-06`, `2019-06-12` | that year, month or day; `/` for `-` too |
//! | `2019-06..2021-08`, `2019..`, `..2020` | both ends with all their days |
//! | `2019-2021` | the same for years |
//! | `>=2020`, `>2020`, `<=2020`, `<2020` | from its first day, after its last … |
//! | `june`, `summer`, `monday`, `weekend` | the latest that has begun, the running one included |
//! | `this june`, `this week`, `this year` … | the same |
//! | `last june`, `last summer`, `last week` … | the latest that is over |
//! | `june 2021`, `summer 2020` | of that year |
//! | `12 june 2021`, `june 12 2021` | that day |
//! | `today`, `yesterday` | that day |
//! | `3 days ago`, `2 months ago` | that day; the whole week, month or year, so many before the running one |
//! | `last 30 days`, `past 2 weeks` | from after the day that long ago to today |
//!
//! Weeks begin on Monday; a weekend is Saturday and Sunday. Seasons are those of
//! meteorologists in the northern hemisphere, whole months: spring is March to
//! May, summer June to August, autumn or fall September to November. Winter is
//! December to February, and belongs to the year in which it begins: most people
//! who say "winter 2020" remember its Christmas. Names may be shortened to three
//! letters or more; case makes no difference.

use std::fmt::{self, Display, Formatter};

use jiff::civil::Date;

use super::Dates;
use super::numbers::comparison;

/// Years of which there are photos, or will be.
const YEARS: std::ops::RangeInclusive<i16> = 1800..=2999;

/// What `date:` and `added:` offer to complete, besides what the person types.
pub(super) const OFFERED: [(&str, &str); 14] = [
    ("today", "this day"),
    ("yesterday", "the day before"),
    ("this week", "since Monday"),
    ("last week", "Monday to Sunday before this week"),
    ("last weekend", "the latest Saturday and Sunday that are over"),
    ("last 30 days", "today and the 29 days before"),
    ("this month", "since the first"),
    ("last month", "the month before this one"),
    ("this year", "since January"),
    ("last year", "the year before this one"),
    ("last spring", "the latest March to May that is over"),
    ("last summer", "the latest June to August that is over"),
    ("last autumn", "the latest September to November that is over"),
    ("last winter", "the latest December to February that is over"),
];

/// From a day to before another.
#[derive(Debug, Clone, Copy)]
struct Days {
    from: Date,
    to: Date,
}

/// Reads what the table above says.
pub(super) fn read(text: &str, today: Date) -> Option<Dates> {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let text = words.join(" ");
    let (compare, rest) = comparison(&text);
    let dates = if let Some((from, to)) = text.split_once("..") {
        range(from.trim(), to.trim(), today)?
    } else if let Some((from, to)) = years(&text) {
        range(from, to, today)?
    } else {
        let Days { from, to } = days(rest.trim(), today)?;
        match compare {
            ">=" => Dates { from: Some(from), to: None },
            ">" => Dates { from: Some(to), to: None },
            "<=" => Dates { from: None, to: Some(to) },
            "<" => Dates { from: None, to: Some(from) },
            _ => Dates { from: Some(from), to: Some(to) },
        }
    };
    // Others could not be printed so that they are read again.
    let is_known = |day: Option<Date>| day.is_none_or(|day| YEARS.contains(&day.year()));
    let last = match dates.to {
        Some(to) => Some(to.yesterday().ok()?),
        None => None,
    };
    (is_known(dates.from) && is_known(last)).then_some(dates)
}

fn range(from: &str, to: &str, today: Date) -> Option<Dates> {
    let end = |text: &str| match text {
        "" => Some(None),
        _ => days(text, today).map(Some),
    };
    match (end(from)?, end(to)?) {
        (None, None) => None,
        // One that runs backwards is turned round.
        (Some(a), Some(b)) => {
            Some(Dates { from: Some(a.from.min(b.from)), to: Some(a.to.max(b.to)) })
        }
        (from, to) => Some(Dates { from: from.map(|it| it.from), to: to.map(|it| it.to) }),
    }
}

/// The two years of `2019-2021`.
fn years(text: &str) -> Option<(&str, &str)> {
    let (from, to) = text.split_once(['-', '–'])?;
    (number(from, 4..=4).is_some() && number(to, 4..=4).is_some()).then_some((from, to))
}

fn days(text: &str, today: Date) -> Option<Days> {
    numeric(text).or_else(|| named(text, today))
}

/// `2021`, `2019-06`, `2019-06-12`.
fn numeric(text: &str) -> Option<Days> {
    let parts: Vec<&str> = text.split(if text.contains('/') { '/' } else { '-' }).collect();
    let year = number(parts[0], 4..=4)?;
    match parts[1..] {
        [] => year_of(year),
        [month] => month_of(year, number(month, 1..=2)?),
        [month, day] => day_of(year, number(month, 1..=2)?, number(day, 1..=2)?),
        _ => None,
    }
}

/// A number of so many digits.
fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<i16> {
    let is_number = digits.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn day_of(year: i16, month: i16, day: i16) -> Option<Days> {
    let from = date(year, month, day)?;
    Some(Days { from, to: from.tomorrow().ok()? })
}

fn month_of(year: i16, month: i16) -> Option<Days> {
    months_of(year, month, 1)
}

fn months_of(year: i16, month: i16, count: i16) -> Option<Days> {
    let next = month + count;
    let to = if next > 12 { date(year + 1, next - 12, 1)? } else { date(year, next, 1)? };
    Some(Days { from: date(year, month, 1)?, to })
}

fn year_of(year: i16) -> Option<Days> {
    months_of(year, 1, 12)
}

/// What comes again and again.
#[derive(Debug, Clone, Copy)]
enum Recurring {
    Day,
    Week,
    Weekend,
    Month,
    Year,
    /// By days after Monday.
    Weekday(i8),
    /// By its number.
    MonthOf(i16),
    /// By the number of its first month.
    Season(i16),
}

impl Recurring {
    /// By its name.
    fn of(word: &str) -> Option<Self> {
        const WEEKDAYS: [&str; 7] =
            ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        const MONTHS: [&str; 12] = [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ];
        // "mar" is March, and all the others begin differently.
        let among = |names: &[&str]| {
            let is_it = |name: &&str| word.len() >= 3 && name.starts_with(word);
            names.iter().position(is_it).and_then(|n| i16::try_from(n).ok())
        };
        match word {
            "weekend" => return Some(Self::Weekend),
            "spring" => return Some(Self::Season(3)),
            "summer" => return Some(Self::Season(6)),
            "autumn" | "fall" => return Some(Self::Season(9)),
            "winter" => return Some(Self::Season(12)),
            _ => {}
        }
        if let Some(month) = among(&MONTHS) {
            return Some(Self::MonthOf(month + 1));
        }
        among(&WEEKDAYS).and_then(|day| i8::try_from(day).ok()).map(Self::Weekday)
    }

    /// By the name of a unit of time, in singular or plural.
    fn unit(word: &str) -> Option<Self> {
        match word.strip_suffix('s').unwrap_or(word) {
            "day" => Some(Self::Day),
            "week" => Some(Self::Week),
            "month" => Some(Self::Month),
            "year" => Some(Self::Year),
            _ => None,
        }
    }

    /// The one in which `today` is or that began last before it, or another one
    /// so many earlier.
    fn before(self, today: Date, count: i32) -> Option<Days> {
        let back = |days: i32| today.checked_sub(jiff::Span::new().try_days(days).ok()?).ok();
        let long = |first: Date, days: i32| {
            let to = first.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
            Some(Days { from: first, to })
        };
        // Days since the latest weekday of this kind.
        let since = |weekday: i8| {
            i32::from((today.weekday().to_monday_zero_offset() - weekday).rem_euclid(7))
        };
        // The year of the latest one that begins with this month.
        let year = |month: i16| {
            let year = today.year() - i16::from(i16::from(today.month()) < month);
            year.checked_sub(i16::try_from(count).ok()?)
        };
        match self {
            Self::Day => long(back(count)?, 1),
            Self::Week => long(back(since(0) + 7 * count)?, 7),
            Self::Weekend => long(back(since(5) + 7 * count)?, 2),
            Self::Weekday(weekday) => long(back(since(weekday) + 7 * count)?, 1),
            Self::Month => {
                let month = today.checked_sub(jiff::Span::new().try_months(count).ok()?).ok()?;
                month_of(month.year(), i16::from(month.month()))
            }
            Self::Year => year_of(year(1)?),
            Self::MonthOf(month) => month_of(year(month)?, month),
            Self::Season(month) => months_of(year(month)?, month, 3),
        }
    }

    /// The latest that is over.
    fn over(self, today: Date) -> Option<Days> {
        let latest = self.before(today, 0)?;
        if latest.to <= today { Some(latest) } else { self.before(today, 1) }
    }
}

/// What is named by words.
fn named(text: &str, today: Date) -> Option<Days> {
    let words: Vec<&str> = text.split(' ').collect();
    match words[..] {
        ["today"] => Recurring::Day.before(today, 0),
        ["yesterday"] => Recurring::Day.before(today, 1),
        [name] => Recurring::of(name)?.before(today, 0),
        ["this", name] => Recurring::of(name).or_else(|| Recurring::unit(name))?.before(today, 0),
        ["last" | "past", name] => {
            Recurring::of(name).or_else(|| Recurring::unit(name))?.over(today)
        }
        ["last" | "past", count, unit] => last(how_many(count)?, Recurring::unit(unit)?, today),
        [count, unit, "ago"] => Recurring::unit(unit)?.before(today, how_many(count)?),
        [name, year] => {
            let year = number(year, 4..=4)?;
            match Recurring::of(name)? {
                Recurring::MonthOf(month) => month_of(year, month),
                Recurring::Season(month) => months_of(year, month, 3),
                _ => None,
            }
        }
        [day, month, year] if number(day, 1..=2).is_some() => in_month(day, month, year),
        [month, day, year] => in_month(day, month, year),
        _ => None,
    }
}

fn in_month(day: &str, month: &str, year: &str) -> Option<Days> {
    match Recurring::of(month)? {
        Recurring::MonthOf(month) => day_of(number(year, 4..=4)?, month, number(day, 1..=2)?),
        _ => None,
    }
}

/// From after the day so long ago to today.
fn last(count: i32, unit: Recurring, today: Date) -> Option<Days> {
    let span = jiff::Span::new();
    let span = match unit {
        Recurring::Day => span.try_days(count),
        Recurring::Week => span.try_weeks(count),
        Recurring::Month => span.try_months(count),
        Recurring::Year => span.try_years(count),
        _ => return None,
    };
    let before = today.checked_sub(span.ok()?).ok()?;
    Some(Days { from: before.tomorrow().ok()?, to: today.tomorrow().ok()? })
}

/// A number above 0, in digits or as a word.
fn how_many(word: &str) -> Option<i32> {
    const WORDS: [&str; 12] = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve",
    ];
    if matches!(word, "a" | "an") {
        return Some(1);
    }
    match WORDS.iter().position(|it| *it == word) {
        Some(n) => i32::try_from(n + 1).ok(),
        None => number(word, 1..=4).map(i32::from).filter(|it| *it > 0),
    }
}

/// How much of a date has to be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    Year,
    Month,
    Day,
}

impl Precision {
    /// Of the beginning of something.
    fn of(date: Date) -> Self {
        match (date.month(), date.day()) {
            (1, 1) => Self::Year,
            (_, 1) => Self::Month,
            _ => Self::Day,
        }
    }

    fn print(self, date: Date) -> String {
        let (year, month, day) = (date.year(), date.month(), date.day());
        match self {
            Self::Year => format!("{year:04}"),
            Self::Month => format!("{year:04}-{month:02}"),
            Self::Day => format!("{year:04}-{month:02}-{day:02}"),
        }
    }
}

impl Display for Dates {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let last = |to: Date| to.yesterday().unwrap_or(to);
        match (self.from, self.to) {
            (None, None) => f.write_str(".."),
            (Some(from), None) => write!(f, "{}..", Precision::of(from).print(from)),
            (None, Some(to)) => write!(f, "..{}", Precision::of(to).print(last(to))),
            (Some(from), Some(to)) => {
                let precision = Precision::of(from).max(Precision::of(to));
                let (from, last) = (precision.print(from), precision.print(last(to)));
                if from == last { f.write_str(&from) } else { write!(f, "{from}..{last}") }
            }
        }
    }
}
