//! The words of a text, as they are stored and compared.
//!
//! A word is a run of letters, digits and their marks in any script, in lower
//! case and without the accents that people leave away when they type. Names are
//! often several words written as one, so a word also ends where digits meet
//! letters and at the humps of CamelCase: `IMG_2044`, `IMG2044` and `img 2044`
//! are the same two words. Scripts that put no blanks between words have longer
//! ones: a whole run of them.

use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// English words that say nothing of what a photo shows.
const STOP_WORDS: [&str; 29] = [
    "a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "in", "into", "is", "it",
    "its", "of", "on", "or", "s", "that", "the", "their", "this", "to", "was", "were", "while",
    "with", "within",
];

/// Accents and the like: what European alphabets put on their letters. The marks
/// of other scripts are vowels, and stay.
const ACCENTS: [RangeInclusive<char>; 4] = [
    '\u{300}'..='\u{36F}',
    '\u{1AB0}'..='\u{1AFF}',
    '\u{1DC0}'..='\u{1DFF}',
    '\u{20D0}'..='\u{20FF}',
];

/// In letters; what is longer is compared by its beginning.
const LONGEST: usize = 64;

/// The words that somebody looks for, each once, in the order of the text, without
/// those that say nothing.
pub(super) fn asked(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    each(text, false, |word| {
        if !words.contains(&word) {
            words.push(word);
        }
    });
    words
}

/// The words under which a text is to be found, with blanks between them. What is
/// written in humps is found as one word, too: `NewYork` by `newyork`.
pub(super) fn stored(text: &str) -> String {
    let mut words = String::new();
    each(text, true, |word| {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(&word);
    });
    words
}

/// What a character is within a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Upper,
    /// Also letters of scripts without cases.
    Lower,
    Digit,
    Mark,
    Blank,
}

fn kind(c: char) -> Kind {
    match c {
        _ if is_combining_mark(c) => Kind::Mark,
        _ if c.is_numeric() => Kind::Digit,
        _ if c.is_uppercase() => Kind::Upper,
        _ if c.is_alphabetic() => Kind::Lower,
        _ => Kind::Blank,
    }
}

fn each(text: &str, whole: bool, mut take: impl FnMut(String)) {
    let letters: Vec<(char, Kind)> = plain(text).into_iter().map(|c| (c, kind(c))).collect();
    let mut say = |part: &[(char, Kind)]| {
        let lower = part.iter().flat_map(|(c, _)| c.to_lowercase());
        // Lower case may bring an accent of its own: that of the Turkish I.
        let word: String = lower.filter(|c| !is_accent(*c)).take(LONGEST).collect();
        if !word.is_empty() && !STOP_WORDS.contains(&word.as_str()) {
            take(word);
        }
    };
    for run in letters.split(|(_, kind)| *kind == Kind::Blank) {
        // Where digits and letters meet.
        let of_one_sort = |(_, a): &(char, Kind), (_, b): &(char, Kind)| {
            *b == Kind::Mark || *a == Kind::Mark || (*a == Kind::Digit) == (*b == Kind::Digit)
        };
        for part in run.chunk_by(of_one_sort) {
            let humps = humps(part);
            if whole && humps.len() > 1 {
                say(part);
            }
            humps.into_iter().for_each(&mut say);
        }
    }
}

/// The parts of `NewYork`, `HDRTest` or `iPhone`.
fn humps(word: &[(char, Kind)]) -> Vec<&[(char, Kind)]> {
    let mut parts = Vec::new();
    let mut begin = 0;
    for at in 1..word.len() {
        let (before, here) = (word[at - 1].1, word[at].1);
        let next = word.get(at + 1).map(|(_, kind)| *kind);
        let rises = here == Kind::Upper && before != Kind::Upper;
        let falls = here == Kind::Upper && before == Kind::Upper && next == Some(Kind::Lower);
        if rises || falls {
            parts.push(&word[begin..at]);
            begin = at;
        }
    }
    parts.push(&word[begin..]);
    parts
}

/// The characters without accents, ligatures and other ways to write the same.
fn plain(text: &str) -> Vec<char> {
    if text.is_ascii() {
        return text.chars().collect();
    }
    text.nfkd().filter(|c| !is_accent(*c)).nfc().collect()
}

fn is_accent(c: char) -> bool {
    ACCENTS.iter().any(|range| range.contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fall_into_words() {
        for (text, words) in [
            ("IMG_2044", "img 2044"),
            ("IMG2044", "img 2044"),
            ("PXL_20210101_101112", "pxl 20210101 101112"),
            ("2019-06 Lisbon", "2019 06 lisbon"),
            ("a dog at the beach, with a ball", "dog beach ball"),
            ("Ünïcödé Straße", "unicode straße"),
            // As macOS writes names.
            ("Cafe\u{301} Mu\u{308}nchen", "cafe munchen"),
            ("İSTANBUL", "istanbul"),
            ("ﬁsh Ｆｕｌｌ", "fish full"),
            ("Йод", "иод"),
            ("東京タワー 2019", "東京タワー 2019"),
            ("हिन्दी शब्द", "हिन्दी शब्द"),
            ("한국어", "한국어"),
            ("the of AT", ""),
            ("🎉 - …", ""),
            ("don't", "don t"),
        ] {
            assert_eq!(stored(text), words, "{text}");
            assert_eq!(asked(text).join(" "), words, "{text}");
        }
    }

    #[test]
    fn humps_are_words_and_are_found_as_one() {
        for (text, wanted, found) in [
            ("NewYorkTrip", "new york trip", "newyorktrip new york trip"),
            ("HDRTest", "hdr test", "hdrtest hdr test"),
            ("iPhone", "i phone", "iphone i phone"),
            ("ParisJune2019", "paris june 2019", "parisjune paris june 2019"),
            ("NASA", "nasa", "nasa"),
            ("Lisbon", "lisbon", "lisbon"),
        ] {
            assert_eq!(asked(text).join(" "), wanted, "{text}");
            assert_eq!(stored(text), found, "{text}");
        }
    }

    #[test]
    fn a_word_is_asked_once_and_cut_where_it_is_too_long() {
        assert_eq!(asked("dog Dog DOG cat"), ["dog", "cat"]);
        assert_eq!(asked(&"x".repeat(1000)), ["x".repeat(LONGEST)]);
    }
}
