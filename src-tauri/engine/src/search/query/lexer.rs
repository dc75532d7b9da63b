//! From text to tokens.
//!
//! Owns where words, quotes, values and operators begin and end, not what they
//! mean together. Nothing but blanks is between two tokens, and each character
//! is looked at a bounded number of times.

use std::ops::Range;

use super::filters::{self, FilterKind};

/// A token and its place.
#[derive(Debug)]
pub(super) struct Token<'a> {
    pub at: Range<usize>,
    pub what: Lexeme<'a>,
}

/// What a token is.
#[derive(Debug)]
pub(super) enum Lexeme<'a> {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `OR`
    Or,
    /// `NOT`
    Not,
    /// `AND` or `+`
    Plus,
    /// `-`; whether something follows it at once.
    Minus { attached: bool },
    /// `2:`, of which this is the number.
    Weight(f32),
    /// Text in quotes.
    Phrase(Quoted),
    /// A bare word.
    Word(&'a str),
    /// A bare word that begins like a filter which there is not; the length of
    /// its key.
    Unknown(&'a str, usize),
    /// A filter with its values, at least one, which may be empty.
    Filter(&'static FilterKind, Vec<Value>),
}

/// Text in quotes.
#[derive(Debug)]
pub(super) struct Quoted {
    pub text: String,
    pub closed: bool,
}

/// One value of a filter.
#[derive(Debug)]
pub(super) struct Value {
    pub text: String,
    /// Quotes included.
    pub at: Range<usize>,
    /// Where its quotes open, if it has any.
    pub quote: Option<usize>,
    /// Its quotes are closed, or it has none.
    pub closed: bool,
}

/// Whether words end here. Control characters and invisible blanks come along
/// when text is pasted.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{200B}' | '\u{FEFF}')
}

/// Words with one blank between them.
pub(super) fn collapse(text: &str) -> String {
    let words: Vec<&str> = text.split(is_blank).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// Whether a phrase begins here. Keyboards and word processors put typographic
/// quotes where people type plain ones.
fn opens_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„')
}

/// Reads token by token.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Where the last token ends.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Goes on from here, a place behind the last token.
    pub fn skip_to(&mut self, at: usize) {
        self.at = at;
    }

    /// The next words up to `count`, each with the place where it ends, as long as
    /// they are plain: short, and of letters and digits with no more than points,
    /// hyphens and slashes. Nothing is consumed.
    pub fn peek_plain_words(&self, count: usize) -> Vec<(&'a str, usize)> {
        const LONGEST: usize = 20;
        let mut words = Vec::new();
        let mut at = self.at;
        while words.len() < count {
            let rest = &self.text[at..];
            let begin = at + rest.find(|c| !is_blank(c)).unwrap_or(rest.len());
            let rest = &self.text[begin..];
            let end = rest.char_indices().find(|&(n, c)| n > LONGEST || is_blank(c) || c == ')');
            let word = &rest[..end.map_or(rest.len(), |(n, _)| n)];
            let is_plain = begin > at
                && word.len() <= LONGEST
                && word.starts_with(char::is_alphanumeric)
                && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '/'))
                && !matches!(word, "OR" | "AND" | "NOT");
            if !is_plain {
                break;
            }
            at = begin + word.len();
            words.push((word, at));
        }
        words
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn token(&mut self, begin: usize) -> Lexeme<'a> {
        let rest = &self.text[begin..];
        let Some(first) = rest.chars().next() else { return Lexeme::Word("") };
        match first {
            '(' => self.take(1, Lexeme::Open),
            ')' => self.take(1, Lexeme::Close),
            '+' => self.take(count(rest, |c| c == '+'), Lexeme::Plus),
            '-' => {
                let hyphens = count(rest, |c| c == '-');
                let next = rest[hyphens..].chars().next();
                let attached = next.is_some_and(|c| !is_blank(c) && c != ')');
                self.take(hyphens, Lexeme::Minus { attached })
            }
            c if opens_quote(c) => {
                let (text, end, closed) = self.quoted(begin);
                self.at = end;
                Lexeme::Phrase(Quoted { text, closed })
            }
            _ => {
                self.weight(rest).or_else(|| self.keyed(begin)).unwrap_or_else(|| self.word(begin))
            }
        }
    }

    fn take(&mut self, length: usize, what: Lexeme<'a>) -> Lexeme<'a> {
        self.at += length;
        what
    }

    /// `2:dog`, but neither `10:30` nor `chapter 2: the sea`.
    fn weight(&mut self, rest: &'a str) -> Option<Lexeme<'a>> {
        let digits = count(rest, |c| c.is_ascii_digit() || c == '.');
        let after = rest[digits..].strip_prefix(':')?;
        if after.starts_with(|c: char| is_blank(c) || c.is_ascii_digit()) || after.is_empty() {
            return None;
        }
        if after.starts_with("//") {
            return None;
        }
        let number = rest[..digits].parse().ok()?;
        Some(self.take(digits + 1, Lexeme::Weight(number)))
    }

    /// A filter, or a word that looks like one.
    fn keyed(&mut self, begin: usize) -> Option<Lexeme<'a>> {
        let rest = &self.text[begin..];
        let length = count(rest, char::is_alphabetic);
        let (key, after) = (&rest[..length], rest[length..].strip_prefix(':')?);
        let is_drive = key.len() == 1 && after.starts_with(['/', '\\']);
        if key.is_empty() || is_drive {
            return None;
        }
        if let Some(kind) = filters::find(key) {
            self.at = begin + length + 1;
            return Some(Lexeme::Filter(kind, self.values(kind)));
        }
        // An address, a letter alone and a colon at the end are how people write, too.
        let is_address = after.starts_with("//");
        let is_letter = key.chars().nth(1).is_none();
        if is_address || is_letter || after.is_empty() || after.starts_with(is_blank) {
            return None;
        }
        if after.starts_with(opens_quote) {
            self.at = begin + length + 1;
            return Some(Lexeme::Unknown(&rest[..=length], length));
        }
        match self.word(begin) {
            Lexeme::Word(word) => Some(Lexeme::Unknown(word, length)),
            other => Some(other),
        }
    }

    /// Up to a blank or a parenthesis that does not belong to the word.
    fn word(&mut self, begin: usize) -> Lexeme<'a> {
        let mut open = false;
        let mut end = self.text.len();
        for (n, c) in self.text[begin..].char_indices() {
            let at = begin + n;
            match c {
                '(' if !open && self.is_pair(at) => open = true,
                ')' if open => open = false,
                '(' | ')' => {
                    end = at;
                    break;
                }
                c if is_blank(c) => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        self.at = end;
        match &self.text[begin..end] {
            "OR" => Lexeme::Or,
            "AND" => Lexeme::Plus,
            "NOT" => Lexeme::Not,
            word => Lexeme::Word(word),
        }
    }

    /// Whether this parenthesis is closed before the word ends and before the
    /// next one opens.
    fn is_pair(&self, open: usize) -> bool {
        let inside = &self.text[open + 1..];
        inside.chars().find(|&c| matches!(c, '(' | ')') || is_blank(c)) == Some(')')
    }

    /// The values behind the colon of a filter.
    fn values(&mut self, kind: &FilterKind) -> Vec<Value> {
        let mut values = Vec::new();
        let mut value = empty_value(self.at);
        let mut open = false;
        while let Some(c) = self.rest().chars().next() {
            match c {
                c if is_blank(c) => break,
                c if opens_quote(c) => {
                    let (text, end, closed) = self.quoted(self.at);
                    value.text.push_str(&text);
                    value.quote.get_or_insert(self.at);
                    value.closed &= closed;
                    self.at = end;
                    continue;
                }
                ',' if kind.values.are_several() => {
                    value.at.end = self.at;
                    values.push(value);
                    value = empty_value(self.at + 1);
                }
                '(' if !open && self.is_pair(self.at) => {
                    open = true;
                    value.text.push(c);
                }
                ')' if open => {
                    open = false;
                    value.text.push(c);
                }
                ')' => break,
                _ => value.text.push(c),
            }
            self.at += c.len_utf8();
        }
        value.at.end = self.at;
        values.push(value);
        values
    }

    /// The text in the quotes that open here, where they end, and whether they
    /// are closed. Two plain quotes stand for one: a backslash would not do,
    /// paths of Windows are full of them.
    fn quoted(&self, open: usize) -> (String, usize, bool) {
        let mut text = String::new();
        let mut characters = self.text[open..].char_indices().peekable();
        let plain = characters.next().is_some_and(|(_, c)| c == '"');
        while let Some((n, c)) = characters.next() {
            let closes = if plain { c == '"' } else { matches!(c, '"' | '“' | '”') };
            if !closes {
                text.push(c);
            } else if plain && characters.next_if(|&(_, next)| next == '"').is_some() {
                text.push('"');
            } else {
                return (text, open + n + c.len_utf8(), true);
            }
        }
        (text, self.text.len(), false)
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.at += self.rest().find(|c| !is_blank(c))?;
        let begin = self.at;
        let what = self.token(begin);
        Some(Token { at: begin..self.at, what })
    }
}

fn empty_value(at: usize) -> Value {
    Value { text: String::new(), at: at..at, quote: None, closed: true }
}

/// Bytes of the beginning whose characters are all of a kind.
fn count(text: &str, is_kind: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_kind(c)).unwrap_or(text.len())
}
