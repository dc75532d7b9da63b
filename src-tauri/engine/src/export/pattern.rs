//! What exported files are called: a pattern with fields, filled for each photo.
//!
//! Owns that what comes out is a name on every file system: never a path, never
//! empty, nothing that Windows keeps for devices.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::error::{Error, Result};
use crate::message::Message;

/// A pattern that was understood.
#[derive(Debug)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Debug)]
enum Part {
    Text(String),
    Field(Field),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Name,
    Date,
    Time,
    Year,
    Month,
    Day,
    Number,
    Rating,
    Camera,
}

const FIELDS: [(&str, Field); 9] = [
    ("name", Field::Name),
    ("date", Field::Date),
    ("time", Field::Time),
    ("year", Field::Year),
    ("month", Field::Month),
    ("day", Field::Day),
    ("number", Field::Number),
    ("rating", Field::Rating),
    ("camera", Field::Camera),
];

/// What the fields stand for in one photo.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts<'a> {
    /// Of its file, without extension.
    pub name: &'a str,
    /// By the camera's clock, as if that were UTC; seconds since 1970.
    pub time: i64,
    /// From 1.
    pub number: usize,
    /// The last number there is.
    pub last: usize,
    /// -1 to 5.
    pub rating: i8,
    /// Empty where it is not known.
    pub camera: &'a str,
}

impl Pattern {
    /// # Errors
    /// `Usage` for an empty one, an unknown field, and a brace by itself.
    pub fn parse(pattern: &str) -> Result<Self> {
        let wrong = |what: Message| {
            let known: Vec<String> = FIELDS.iter().map(|(word, _)| format!("{{{word}}}")).collect();
            Err(Error::usage(
                message!(
                    "the file names cannot be \"{pattern}\"; use {fields}",
                    pattern,
                    fields = known.join(", ")
                )
                .because(what),
            ))
        };
        if pattern.trim().is_empty() {
            return wrong(message!("nothing would be left of them"));
        }
        let mut parts = Vec::new();
        let mut rest = pattern;
        while let Some(at) = rest.find(['{', '}']) {
            let (text, from) = rest.split_at(at);
            parts.push(Part::Text(text.to_owned()));
            let inside = from.strip_prefix('{').and_then(|from| from.split_once('}'));
            let Some((word, after)) = inside else {
                return wrong(message!("a brace stands by itself"));
            };
            let Some((_, field)) = FIELDS.iter().find(|(known, _)| *known == word) else {
                return wrong(message!("{field} is not known", field = format_args!("{{{word}}}")));
            };
            parts.push(Part::Field(*field));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// The name of a photo's copy, without extension: where the pattern gives none,
    /// that of the photo itself.
    pub fn fill(&self, facts: &Facts<'_>) -> String {
        let moment = moment(facts.time);
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => filled += text,
                Part::Field(field) => filled += &field.of(facts, moment),
            }
        }
        [filled.as_str(), facts.name]
            .into_iter()
            .find_map(safe)
            .unwrap_or_else(|| "photo".to_owned())
    }
}

impl Field {
    fn of(self, facts: &Facts<'_>, moment: Option<DateTime>) -> String {
        let told = |tell: &dyn Fn(DateTime) -> String| moment.map(tell).unwrap_or_default();
        match self {
            Self::Name => facts.name.to_owned(),
            Self::Date => told(&|at| at.strftime("%Y-%m-%d").to_string()),
            Self::Time => told(&|at| at.strftime("%H-%M-%S").to_string()),
            Self::Year => told(&|at| at.strftime("%Y").to_string()),
            Self::Month => told(&|at| at.strftime("%m").to_string()),
            Self::Day => told(&|at| at.strftime("%d").to_string()),
            Self::Number => {
                let digits = facts.last.max(1).ilog10() as usize + 1;
                format!("{:0digits$}", facts.number)
            }
            Self::Rating if facts.rating < 0 => "rejected".to_owned(),
            Self::Rating => facts.rating.to_string(),
            Self::Camera => facts.camera.to_owned(),
        }
    }
}

fn moment(second: i64) -> Option<DateTime> {
    Some(Timestamp::from_second(second).ok()?.to_zoned(TimeZone::UTC).datetime())
}

/// Bytes of a name without extension. File systems allow 255 with all that follows.
const LONGEST: usize = 200;

/// The text as a name that every file system takes; `None` where nothing is left.
fn safe(text: &str) -> Option<String> {
    let replaced: String = text.chars().map(|c| if is_refused(c) { '_' } else { c }).collect();
    let mut end = replaced.len().min(LONGEST);
    while !replaced.is_char_boundary(end) {
        end -= 1;
    }
    // Windows takes dots and spaces from the end of a name.
    let name = replaced[..end].trim().trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    let hidden = name.starts_with('.');
    let device = name.split('.').next().is_some_and(is_device);
    match name {
        "" => None,
        _ if hidden => Some(format!("_{}", &name[1..])),
        _ if device => Some(format!("_{name}")),
        _ => Some(name.to_owned()),
    }
}

/// Characters that some file system refuses, those that nobody sees, and those that
/// turn what follows around, so that it reads as another name.
fn is_refused(c: char) -> bool {
    matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
        || c.is_control()
        || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Names that Windows keeps for devices, with whatever extension.
fn is_device(name: &str) -> bool {
    const NAMES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
    let name = name.trim_end().to_uppercase();
    let port = name.strip_prefix("COM").or_else(|| name.strip_prefix("LPT"));
    let mut number = port.unwrap_or_default().chars();
    let is_port = matches!(number.next(), Some('0'..='9' | '¹' | '²' | '³'));
    NAMES.contains(&name.as_str()) || is_port && number.next().is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::Code;

    fn facts() -> Facts<'static> {
        // 2026-11-28 14:03:59
        let time = 1_795_874_639;
        Facts { name: "IMG_1", time, number: 7, last: 120, rating: 4, camera: "Canon EOS 5D" }
    }

    fn filled(pattern: &str, facts: &Facts<'_>) -> String {
        Pattern::parse(pattern).unwrap().fill(facts)
    }

    #[test]
    fn every_field_says_what_it_stands_for() {
        for (pattern, expected) in [
            ("{name}", "IMG_1"),
            ("{date}", "2026-11-28"),
            ("{time}", "14-03-59"),
            ("{year}{month}{day}", "20261128"),
            ("trip {number}", "trip 007"),
            ("{rating} stars", "4 stars"),
            ("{camera}_{name}", "Canon EOS 5D_IMG_1"),
        ] {
            assert_eq!(filled(pattern, &facts()), expected);
        }
        let bare = Facts { rating: -1, camera: "", last: 9, ..facts() };
        assert_eq!(filled("{number} {rating} {camera}", &bare), "7 rejected");
    }

    #[test]
    fn a_pattern_that_is_none_is_refused_with_the_fields_there_are() {
        for pattern in ["", "  ", "{nme}", "{name", "name}", "{{name}}", "{}", "{Name}"] {
            let error = Pattern::parse(pattern).unwrap_err();
            assert_eq!(error.code(), Code::Usage);
            assert!(error.to_string().contains("{camera}"), "{error}");
        }
    }

    #[test]
    fn what_file_systems_refuse_is_replaced() {
        for (pattern, expected) in [
            ("../../etc/{name}", "_._.._etc_IMG_1"),
            ("a/b\\c:d*e?f\"g<h>i|j\n", "a_b_c_d_e_f_g_h_i_j_"),
            (".{name}", "_IMG_1"),
            ("{name}. .", "IMG_1"),
            ("con", "_con"),
            ("Nul.txt", "_Nul.txt"),
            ("lpt¹", "_lpt¹"),
            ("com10", "com10"),
            ("...", "IMG_1"),
            ("\u{202E}gpj", "_gpj"),
        ] {
            assert_eq!(filled(pattern, &facts()), expected, "{pattern:?}");
        }
        let nameless = Facts { name: "..", ..Facts::default() };
        assert_eq!(filled("{camera}", &nameless), "photo");
    }

    #[test]
    fn a_time_that_no_calendar_has_leaves_its_fields_out() {
        assert_eq!(filled("{date}x", &Facts { time: i64::MAX, ..facts() }), "x");
    }

    proptest! {
        #[test]
        fn whatever_is_filled_in_is_one_name_that_every_file_system_takes(
            before in "[^{}]{0,20}",
            after in "[^{}]{0,300}",
            field in prop::sample::select(FIELDS.map(|(word, _)| word).to_vec()),
            name in any::<String>(),
            camera in any::<String>(),
            time: i64,
            rating in -1i8..=5,
        ) {
            let facts = Facts { name: &name, time, number: 3, last: 1000, rating, camera: &camera };
            let name = filled(&format!("{before}{{{field}}}{after}"), &facts);
            prop_assert!(!name.is_empty() && name.len() <= LONGEST + 1);
            prop_assert!(!name.chars().any(is_refused));
            prop_assert!(!name.starts_with(['.', ' ']) && !name.ends_with(['.', ' ']));
            prop_assert!(!name.split('.').next().is_some_and(is_device));
            let path = std::path::Path::new(&name);
            prop_assert_eq!(path.file_name(), Some(path.as_os_str()));
        }

        #[test]
        fn devices_are_never_named(
            device in prop::sample::select(vec!["con", "PRN", "Aux", "nul", "com1", "LPT9", "CONIN$"]),
            end in "[. ]{0,3}(\\.[a-z]{1,3})?",
        ) {
            let name = filled(&format!("{device}{end}"), &facts());
            prop_assert!(name.starts_with('_'), "{}", name);
        }
    }
}
