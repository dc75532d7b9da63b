//! What may be typed at the cursor.
//!
//! Owns completion of filters and of values that are a closed list. Of values
//! that the library knows (cameras, tags, folders) it says only what is wanted.

use std::ops::Range;

use super::filters::{FILTERS, FilterKind, Key, Values};
use super::lexer::{Lexeme, Lexer, Value};
use super::print::quote_value;

/// Something to offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completion {
    /// A text to put in.
    Offer {
        /// What it replaces.
        at: Range<usize>,
        /// The text, in quotes where it needs them.
        text: String,
        /// What it means.
        help: &'static str,
        /// The filter whose value it is; `None` for the name of one.
        of: Option<Key>,
    },
    /// Values that the library knows; the caller looks them up and offers them in
    /// quotes where they need them, see [`value_text`].
    Wanted {
        /// Of which filter.
        key: Key,
        /// How they begin, without quotes.
        prefix: String,
        /// What they replace.
        at: Range<usize>,
    },
}

/// A value as it has to be typed: in quotes where it needs them.
pub fn value_text(value: &str) -> String {
    quote_value(value)
}

/// What may stand at the cursor, a byte position, in the order of help. Nothing
/// where nothing of a word is typed yet.
pub fn complete(text: &str, cursor: usize) -> Vec<Completion> {
    let mut cursor = cursor.min(text.len());
    while !text.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let token = Lexer::new(text).find(|token| token.at.end >= cursor);
    let Some(token) = token.filter(|token| token.at.start < cursor) else { return Vec::new() };
    match token.what {
        Lexeme::Word(word) | Lexeme::Unknown(word, _) => {
            names(&word[..cursor - token.at.start], token.at)
        }
        Lexeme::Filter(filter, values) => value_at(filter, values, text, cursor),
        _ => Vec::new(),
    }
}

/// Filters whose names begin so.
fn names(prefix: &str, at: Range<usize>) -> Vec<Completion> {
    let prefix = prefix.to_ascii_lowercase();
    let begins = |name: &str| name.starts_with(&prefix);
    FILTERS
        .iter()
        .filter(|row| begins(row.name) || row.also.iter().any(|also| begins(also)))
        .map(|row| Completion::Offer {
            at: at.clone(),
            text: format!("{}:", row.name),
            help: row.help,
            of: None,
        })
        .collect()
}

fn value_at(
    filter: &'static FilterKind,
    values: Vec<Value>,
    text: &str,
    cursor: usize,
) -> Vec<Completion> {
    let is_there = |value: &Value| value.at.start <= cursor && cursor <= value.at.end;
    let Some(value) = values.into_iter().find(is_there) else { return Vec::new() };
    // Of a value that goes on behind the cursor only what is before it counts.
    let typed = &text[value.at.start..cursor];
    let prefix = match value.quote {
        Some(_) if cursor == value.at.end => value.text,
        Some(_) => typed.replace(['"', '“', '”', '„'], ""),
        None => typed.to_owned(),
    };
    match filter.values {
        Values::Closed(list) | Values::Dates(list) => {
            let prefix = prefix.to_lowercase();
            list.iter()
                .filter(|(name, _)| name.starts_with(&prefix))
                .map(|(name, help)| Completion::Offer {
                    at: value.at.clone(),
                    text: quote_value(name),
                    help,
                    of: Some(filter.key),
                })
                .collect()
        }
        Values::Open | Values::Place => {
            vec![Completion::Wanted { key: filter.key, prefix, at: value.at }]
        }
        Values::Numbers | Values::Path | Values::Photo => Vec::new(),
    }
}
