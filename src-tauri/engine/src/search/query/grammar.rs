//! From tokens to a query.
//!
//! Owns how tokens bind. Open parentheses lie on a stack of our own, so no depth
//! of nesting can exhaust the thread's; whatever is missing at the end is taken
//! as if it were there.

use std::ops::Range;
use std::path::PathBuf;

use jiff::civil::Date;

use super::filters::{self, FilterKind, Key, Values};
use super::lexer::{Lexeme, Lexer, Quoted, Value, collapse};
use super::meaning::{self, Combined, Meaning, WEIGHTS};
use super::{
    Alternative, Condition, DEFAULT_RADIUS_KM, Filter, MAX_ALTERNATIVES, Parsed, Piece, PieceKind,
    Problem, Query, Sort, Term, What,
};

use crate::message::Message;

/// Parentheses within each other, at most. Nobody means more, and all that walks
/// over a filter may be recursive.
const MAX_DEPTH: usize = 32;

/// Problems that are told. More help nobody.
const MAX_PROBLEMS: usize = 50;

/// Words after a date that may belong to it: "date:3 weeks ago" needs two, "june
/// 2020..june 2021" too.
const MAX_WORDS_OF_VALUE: usize = 3;

/// See [`super::parse`].
pub(super) fn parse(text: &str, today: Date) -> Parsed {
    let mut parser = Parser {
        today,
        text,
        lexer: Lexer::new(text),
        groups: vec![Group::default()],
        ignored: 0,
        sort: None,
        attached: None,
        is_in_words: false,
        problems: Vec::new(),
        pieces: Vec::new(),
    };
    while let Some(token) = parser.lexer.next() {
        parser.token(token.at, token.what);
    }
    parser.finish()
}

struct Parser<'a> {
    today: Date,
    text: &'a str,
    lexer: Lexer<'a>,
    /// The text as a whole, and in it the open parentheses; never empty.
    groups: Vec<Group<'a>>,
    /// Open parentheses that are too deep to count.
    ignored: usize,
    sort: Option<Sort>,
    /// A `-` that becomes part of the piece it is attached to.
    attached: Option<Range<usize>>,
    /// The latest piece is of bare words, and the next one is part of it.
    is_in_words: bool,
    problems: Vec<Problem>,
    pieces: Vec<Piece>,
}

/// What stands between parentheses, or all.
#[derive(Default)]
struct Group<'a> {
    /// Its parenthesis.
    opened: Option<Range<usize>>,
    /// What stands before the parenthesis.
    outer: Prefix,
    /// Words in it are excluded by what stands outside.
    inverted: bool,
    /// Alternatives before the latest `OR`.
    branches: Vec<Meaning>,
    /// The latest `OR`.
    or: Option<Range<usize>>,
    /// What stands side by side since.
    parts: Vec<Option<Meaning>>,
    /// Where that begins and ends; `None` where nothing stands.
    extent: Option<Range<usize>>,
    /// The sentence that further words belong to.
    sentence: Option<Sentence<'a>>,
    /// What the next item is preceded by.
    prefix: Prefix,
}

/// Bare words, as far as they are read.
struct Sentence<'a> {
    words: Vec<&'a str>,
    weight: f32,
    /// Its place among the parts: that of its first word.
    part: usize,
}

/// Signs and weight before an item.
#[derive(Default, Clone)]
struct Prefix {
    negative: bool,
    /// It holds for one word, not for a sentence.
    single: bool,
    weight: Option<f32>,
    /// From the first to the last of its signs.
    at: Option<Range<usize>>,
}

impl Prefix {
    fn factor(&self) -> f32 {
        let weight = self.weight.unwrap_or(1.0);
        if self.negative { -weight } else { weight }
    }

    fn extend(&mut self, at: Range<usize>) {
        self.at = Some(self.at.take().map_or(at.clone(), |before| before.start..at.end));
    }
}

impl<'a> Group<'a> {
    fn stands(&mut self, at: &Range<usize>) {
        let before = self.extent.take();
        self.extent = Some(before.map_or(at.start, |it| it.start)..at.end);
    }

    fn end_sentence(&mut self) {
        if let Some(Sentence { words, weight, part }) = self.sentence.take() {
            self.parts[part] = Some(term(weight, What::Text(words.join(" "))));
        }
    }
}

fn term(weight: f32, what: What) -> Meaning {
    Meaning::Ranked(vec![meaning::alternative(vec![Term { weight, what }], Vec::new())])
}

impl<'a> Parser<'a> {
    fn group(&mut self) -> &mut Group<'a> {
        if self.groups.is_empty() {
            self.groups.push(Group::default());
        }
        let last = self.groups.len() - 1;
        &mut self.groups[last]
    }

    fn problem(&mut self, at: Range<usize>, message: Message) {
        self.problems.push(Problem { at, message });
    }

    fn piece(&mut self, at: Range<usize>, kind: PieceKind) {
        self.is_in_words = false;
        self.pieces.push(Piece { at, kind });
    }

    /// Where the piece begins that this token makes: at the `-` attached to it, if
    /// its kind takes that in.
    fn begin(&mut self, at: &Range<usize>, takes_sign: bool) -> Range<usize> {
        match self.attached.take() {
            Some(sign) if takes_sign && sign.end == at.start => sign.start..at.end,
            Some(sign) => {
                self.piece(sign, PieceKind::Operator);
                at.clone()
            }
            None => at.clone(),
        }
    }

    fn token(&mut self, at: Range<usize>, what: Lexeme<'a>) {
        match what {
            Lexeme::Word(word) => return self.word(at, word),
            Lexeme::Unknown(word, key) => {
                let name = &word[..key];
                let advice = match filters::nearest(name) {
                    Some(meant) => message!(
                        "did you mean {meant}:? Put it in quotes if you mean the words",
                        meant
                    ),
                    None => message!(
                        "put words with a colon in quotes; there are {filters}",
                        filters = filters::all_names()
                    ),
                };
                let message = message!("there is no filter {name}, it is taken as words", name);
                self.problem(at.start..at.start + key, message.because(advice));
                return self.word(at, word);
            }
            Lexeme::Phrase(quoted) => return self.phrase(at, quoted),
            Lexeme::Filter(kind, values) => return self.filter(at, kind, values),
            _ => {}
        }
        let piece = self.begin(&at, false);
        match what {
            Lexeme::Open => {
                self.piece(piece, PieceKind::Parenthesis);
                self.open(at);
            }
            Lexeme::Close => {
                self.piece(piece, PieceKind::Parenthesis);
                self.close(at);
            }
            Lexeme::Or => {
                self.piece(piece, PieceKind::Operator);
                self.or(at);
            }
            Lexeme::Plus => {
                self.piece(piece, PieceKind::Operator);
                self.dangling();
                self.group().end_sentence();
            }
            Lexeme::Not => {
                self.piece(piece, PieceKind::Operator);
                let prefix = &mut self.group().prefix;
                prefix.negative = !prefix.negative;
                prefix.single = true;
                prefix.extend(at);
            }
            Lexeme::Minus { attached } => {
                if attached {
                    self.attached = Some(at.clone());
                } else {
                    self.piece(piece, PieceKind::Operator);
                    self.group().end_sentence();
                }
                let prefix = &mut self.group().prefix;
                prefix.negative = !prefix.negative;
                prefix.single |= attached;
                prefix.extend(at);
            }
            Lexeme::Weight(number) => {
                self.piece(piece, PieceKind::Weight);
                self.weight(at, number);
            }
            Lexeme::Word(_) | Lexeme::Unknown(..) | Lexeme::Phrase(_) | Lexeme::Filter(..) => {}
        }
    }

    fn weight(&mut self, at: Range<usize>, number: f32) {
        let prefix = &mut self.group().prefix;
        prefix.extend(at.clone());
        if WEIGHTS.contains(&number) {
            let before = prefix.weight.unwrap_or(1.0);
            prefix.weight = Some((before * number).clamp(*WEIGHTS.start(), *WEIGHTS.end()));
        } else {
            self.problem(
                at,
                message!(
                    "a weight is from {least} to {most}: write 0.5: for less, 2: for more, - to \
                     exclude",
                    least = WEIGHTS.start(),
                    most = WEIGHTS.end()
                ),
            );
        }
    }

    fn word(&mut self, at: Range<usize>, word: &'a str) {
        let inverted = self.group().inverted;
        let kind = |negative: bool| match negative != inverted {
            true => PieceKind::Excluded,
            false => PieceKind::Words,
        };
        let prefix = std::mem::take(&mut self.group().prefix);
        let group = self.group();
        group.stands(&at);
        if prefix.single {
            group.parts.push(Some(term(prefix.factor(), What::Text(word.to_owned()))));
            let piece = self.begin(&at, true);
            return self.piece(piece, kind(prefix.negative));
        }
        if prefix.at.is_some() {
            group.end_sentence();
        }
        let part = group.parts.len();
        let begins = group.sentence.is_none();
        let sentence = group.sentence.get_or_insert_with(|| Sentence {
            words: Vec::new(),
            weight: prefix.factor(),
            part,
        });
        sentence.words.push(word);
        let kind = kind(sentence.weight < 0.0);
        if begins {
            group.parts.push(None);
        }
        match self.pieces.last_mut().filter(|_| self.is_in_words && !begins) {
            Some(piece) => piece.at.end = at.end,
            None => self.piece(at, kind),
        }
        self.is_in_words = true;
    }

    fn phrase(&mut self, at: Range<usize>, quoted: Quoted) {
        let negative = self.group().prefix.negative != self.group().inverted;
        let piece = self.begin(&at, true);
        self.piece(piece, if negative { PieceKind::Excluded } else { PieceKind::Words });
        let text = collapse(&quoted.text);
        if !quoted.closed {
            self.unclosed(at.start);
        } else if text.is_empty() {
            self.problem(
                at.clone(),
                message!("nothing stands in these quotes: write words or remove them"),
            );
        }
        let term = (!text.is_empty()).then(|| term(1.0, What::Text(text)));
        self.item(at, term);
    }

    /// Quotes that open here and are never closed.
    fn unclosed(&mut self, open: usize) {
        let length = self.text[open..].chars().next().map_or(1, char::len_utf8);
        self.problem(
            open..open + length,
            message!("these quotes are never closed: write another \" where they end"),
        );
    }

    /// Something that has its own borders.
    fn item(&mut self, at: Range<usize>, meaning: Option<Meaning>) {
        let prefix = std::mem::take(&mut self.group().prefix);
        self.group().stands(&at);
        let meaning = meaning.and_then(|meaning| self.prefixed(&at, prefix, meaning));
        self.group().parts.push(meaning);
    }

    fn prefixed(
        &mut self,
        at: &Range<usize>,
        prefix: Prefix,
        mut meaning: Meaning,
    ) -> Option<Meaning> {
        if let Some(weight) = prefix.weight {
            if let (Meaning::Filter(_), Some(signs)) = (&meaning, prefix.at) {
                self.problem(
                    signs,
                    message!(
                        "filters have no weight, they hold or not: remove it or put words after it"
                    ),
                );
            }
            meaning::weigh(&mut meaning, weight);
        }
        if !prefix.negative {
            return Some(meaning);
        }
        let opposite = meaning::not(meaning);
        if opposite.is_none() {
            self.problem(
                at.clone(),
                message!(
                    "words and filters cannot be excluded together: left out; exclude them one by \
                     one, as in -dog -date:2021"
                ),
            );
        }
        opposite
    }

    /// A prefix that nothing follows.
    fn dangling(&mut self) {
        if let Some(at) = std::mem::take(&mut self.group().prefix).at {
            self.problem(
                at,
                message!("nothing follows this: write after it what it is for, or quote it"),
            );
        }
    }

    fn open(&mut self, at: Range<usize>) {
        if self.groups.len() > MAX_DEPTH {
            if self.ignored == 0 {
                self.problem(
                    at,
                    message!(
                        "more than {most} parentheses within each other: the further ones are \
                         ignored",
                        most = MAX_DEPTH
                    ),
                );
            }
            self.ignored += 1;
            return;
        }
        let outer = std::mem::take(&mut self.group().prefix);
        let inverted = self.group().inverted != outer.negative;
        self.groups.push(Group { opened: Some(at), outer, inverted, ..Group::default() });
    }

    fn close(&mut self, at: Range<usize>) {
        if self.ignored > 0 {
            self.ignored -= 1;
        } else if let Some(opened) = self.group().opened.clone() {
            if self.group().extent.is_none() && self.group().or.is_none() {
                self.problem(
                    opened.start..at.end,
                    message!("nothing stands in these parentheses: fill or remove them"),
                );
            }
            self.close_group(at.end);
        } else {
            self.problem(at, message!("no parenthesis is open here: remove this one or quote it"));
        }
    }

    fn close_group(&mut self, end: usize) {
        let meaning = self.end_group();
        let Some(Group { opened: Some(opened), outer, .. }) = self.groups.pop() else { return };
        self.group().prefix = outer;
        self.item(opened.start..end, meaning);
    }

    fn or(&mut self, at: Range<usize>) {
        self.dangling();
        if self.group().extent.is_none() {
            self.problem(
                at.clone(),
                message!(
                    "nothing stands before this OR: write what it may be instead, or quote it"
                ),
            );
        }
        self.end_branch();
        self.group().or = Some(at);
    }

    /// Takes together what stands side by side.
    fn end_branch(&mut self) {
        let group = self.group();
        group.end_sentence();
        let extent = group.extent.take();
        let parts = std::mem::take(&mut group.parts);
        let Combined { meaning, left_out } =
            meaning::together(parts.into_iter().flatten().collect());
        group.branches.extend(meaning);
        if let Some(extent) = extent.filter(|_| left_out) {
            self.too_many(extent);
        }
    }

    /// What the innermost group means.
    fn end_group(&mut self) -> Option<Meaning> {
        self.dangling();
        let group = self.group();
        let (or, begin) = (group.or.clone(), group.opened.as_ref().map_or(0, |it| it.start));
        let end = group.extent.as_ref().or(or.as_ref()).map_or(begin, |it| it.end);
        if let Some(or) = or.filter(|_| group.extent.is_none()) {
            self.problem(
                or,
                message!("nothing stands after this OR: write what else it may be, or quote it"),
            );
        }
        self.end_branch();
        let branches = std::mem::take(&mut self.group().branches);
        let Combined { meaning, left_out } = meaning::either(branches);
        if left_out {
            self.too_many(begin..end);
        }
        meaning
    }

    fn too_many(&mut self, at: Range<usize>) {
        self.problem(
            at,
            message!(
                "more than {most} alternatives: the rest is left out; use fewer OR",
                most = MAX_ALTERNATIVES
            ),
        );
    }

    fn finish(mut self) -> Parsed {
        while self.groups.len() > 1 {
            if let Some(opened) = self.group().opened.clone() {
                self.problem(
                    opened,
                    message!("this parenthesis is never closed: write a ) where it ends"),
                );
            }
            let end = self.pieces.last().map_or(0, |piece| piece.at.end);
            self.close_group(end);
        }
        let alternatives = match self.end_group() {
            None => Vec::new(),
            Some(Meaning::Filter(filter)) => vec![Alternative { terms: Vec::new(), filter }],
            Some(Meaning::Ranked(alternatives)) => alternatives,
        };
        self.problems.sort_by_key(|problem| (problem.at.start, problem.at.end));
        self.problems.truncate(MAX_PROBLEMS);
        Parsed {
            query: Query { alternatives, sort: self.sort },
            problems: self.problems,
            pieces: self.pieces,
        }
    }
}

/// Filters, and what is written like one.
impl Parser<'_> {
    fn filter(&mut self, at: Range<usize>, kind: &'static FilterKind, mut values: Vec<Value>) {
        let open = values.iter().filter(|value| !value.closed).find_map(|value| value.quote);
        if let Some(open) = open {
            self.unclosed(open);
        }
        values.retain(|value| !value.text.trim().is_empty());
        let excluded = self.group().prefix.negative != self.group().inverted;
        let (piece, excluded_piece) = match kind.key {
            Key::Sort => (PieceKind::Sort, PieceKind::Sort),
            Key::Image | Key::Similar => (PieceKind::Example, PieceKind::Excluded),
            _ => (PieceKind::Filter, PieceKind::ExcludedFilter),
        };
        let meaning = match (kind.key, values.first()) {
            (_, None) => {
                if open.is_none() {
                    let message = message!(
                        "{filter}: needs a value right after the colon: write it like {examples}",
                        filter = kind.name,
                        examples = kind.accepts.join(", ")
                    );
                    self.problem(at.clone(), message);
                }
                None
            }
            (Key::Sort, _) => self.order(kind, &values),
            (Key::Image, Some(value)) => {
                Some(term(1.0, What::Image(PathBuf::from(value.text.as_str()))))
            }
            (Key::Similar, Some(value)) => self.similar(kind, value),
            (Key::Near, Some(value)) => self.near(kind, value),
            _ => self.conditions(kind, &values),
        };
        // What is read may take in words after the value.
        let at = at.start..self.lexer.at().max(at.end);
        let shown = self.begin(&at, true);
        self.piece(shown, if excluded { excluded_piece } else { piece });
        if kind.key == Key::Sort {
            self.group().prefix = Prefix::default();
        }
        self.item(at, meaning);
    }

    fn bad_value(&mut self, kind: &FilterKind, at: Range<usize>) {
        let message = message!(
            "{filter}: takes no such value and is left out: write it like {examples}",
            filter = kind.name,
            examples = kind.accepts.join(", ")
        );
        self.problem(at, message);
    }

    /// Any of the values that are understood.
    fn conditions(&mut self, kind: &'static FilterKind, values: &[Value]) -> Option<Meaning> {
        if let Some((filter, end)) = self.longer_value(kind, values) {
            self.lexer.skip_to(end);
            return Some(Meaning::Filter(filter));
        }
        let mut filters = Vec::new();
        for value in values {
            match filters::read(kind.key, &value.text, self.today) {
                Some(filter) => filters.push(filter),
                None => self.bad_value(kind, value.at.clone()),
            }
        }
        (!filters.is_empty()).then(|| Meaning::Filter(meaning::any(filters)))
    }

    /// A value without quotes and as many words after it as make one value with
    /// it: "last" and "summer", ">" and "1600".
    fn longer_value(&self, kind: &FilterKind, values: &[Value]) -> Option<(Filter, usize)> {
        /// What is longer is no part of a date or number.
        const LONGEST: usize = 40;
        let most = match kind.values {
            Values::Dates(_) => MAX_WORDS_OF_VALUE,
            Values::Numbers => 1,
            _ => return None,
        };
        let [value] = values else { return None };
        // "2019.." is a date by itself; a word after it is something else.
        if value.quote.is_some() || value.text.len() > LONGEST || value.text.ends_with("..") {
            return None;
        }
        let words = self.lexer.peek_plain_words(most);
        (1..=words.len()).rev().find_map(|count| {
            let mut text = value.text.clone();
            for (word, _) in &words[..count] {
                text.push(' ');
                text.push_str(word);
            }
            Some((filters::read(kind.key, &text, self.today)?, words[count - 1].1))
        })
    }

    fn near(&mut self, kind: &FilterKind, value: &Value) -> Option<Meaning> {
        let words = self.lexer.peek_plain_words(2);
        let radius = match words[..] {
            [(number, _), (unit, end)] if filters::radius(number).is_none() => {
                filters::radius(&format!("{number} {unit}")).map(|km| (km, end))
            }
            [(word, end), ..] => filters::radius(word).map(|km| (km, end)),
            [] => None,
        };
        if let Some((_, end)) = radius {
            self.lexer.skip_to(end);
        }
        let Some(place) = filters::place(&value.text) else {
            self.bad_value(kind, value.at.clone());
            return None;
        };
        let km = radius.map_or(DEFAULT_RADIUS_KM, |(km, _)| km);
        Some(Meaning::Filter(Filter::Is(Condition::Near { place, km })))
    }

    fn similar(&mut self, kind: &FilterKind, value: &Value) -> Option<Meaning> {
        let digits = value.text.trim();
        let is_number = digits.bytes().all(|b| b.is_ascii_digit());
        match digits.parse().ok().filter(|_| is_number) {
            Some(photo) => Some(term(1.0, What::Photo(photo))),
            None => {
                self.bad_value(kind, value.at.clone());
                None
            }
        }
    }

    /// Takes the order of the answer. It is for the query as a whole, wherever it
    /// stands, so it means nothing at its place.
    fn order(&mut self, kind: &FilterKind, values: &[Value]) -> Option<Meaning> {
        let negative = self.group().prefix.negative;
        for value in values {
            match filters::sort(&value.text, negative) {
                None => self.bad_value(kind, value.at.clone()),
                Some(_) if self.sort.is_some() => self.problem(
                    value.at.clone(),
                    message!("there is an order already: this is left out, remove one of them"),
                ),
                Some(sort) => self.sort = Some(sort),
            }
        }
        None
    }
}
