//! Changes to a text by place, and the blanks that make additions look as if they
//! had always been there.

use std::ops::Range;

/// Replacements that do not overlap.
#[derive(Debug, Default)]
pub(super) struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    pub(super) fn replace(&mut self, place: Range<usize>, with: impl Into<String>) {
        self.0.push((place, with.into()));
    }

    pub(super) fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at..at, text);
    }

    /// Takes an element or attribute out, with the blanks before it.
    pub(super) fn remove(&mut self, text: &str, place: Range<usize>) {
        self.replace(place.start - lead(text, place.start).len()..place.end, "");
    }

    /// The changed text; `None` if it is the same.
    pub(super) fn applied(mut self, text: &str) -> Option<String> {
        self.0.sort_by_key(|(place, _)| (place.start, place.end));
        let mut changed = String::with_capacity(text.len() + 1024);
        let mut done = 0;
        for (place, with) in &self.0 {
            debug_assert!(done <= place.start, "edits overlap at {place:?}");
            changed.push_str(&text[done..place.start]);
            changed.push_str(with);
            done = place.end;
        }
        changed.push_str(&text[done..]);
        (changed != text).then_some(changed)
    }
}

const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// The end of what is before this place, without blanks.
pub(super) fn end_before(text: &str, at: usize) -> usize {
    text[..at].trim_end_matches(BLANKS).len()
}

/// The blanks before this place, from the last line's end on.
pub(super) fn lead(text: &str, at: usize) -> &str {
    let blanks = &text[end_before(text, at)..at];
    match blanks.rfind('\n') {
        Some(line) if blanks[..line].ends_with('\r') => &blanks[line - 1..],
        Some(line) => &blanks[line..],
        None => blanks,
    }
}

/// The lead of something within what has this one; without lines none is made.
pub(super) fn deeper(lead: &str) -> String {
    match lead.contains('\n') {
        true if lead.ends_with('\t') => format!("{lead}\t"),
        true => format!("{lead} "),
        false => String::new(),
    }
}

/// The same without one that is not a line.
pub(super) fn line_or_nothing(lead: &str) -> &str {
    if lead.contains('\n') { lead } else { "" }
}

/// As the text of an element.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
