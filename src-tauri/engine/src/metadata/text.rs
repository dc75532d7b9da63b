//! Text as others wrote it, made fit to show.

/// What people write below a photo; whole articles have been seen there.
const LONGEST: usize = 8 << 10;

/// UTF-8, and where it is not, what was usual before it.
pub(super) fn decode(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

/// UTF-16, which ends at the first zero.
pub(super) fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.as_chunks().0.iter().map(|&pair| unit(pair));
    let text: Vec<u16> = units.take_while(|&unit| unit != 0).collect();
    String::from_utf16_lossy(&text)
}

/// In one line, with single spaces; `None` where nothing is left.
pub(super) fn line(raw: &str) -> Option<String> {
    let printable = raw.replace(|c: char| c.is_control() || c == '\u{FEFF}', " ");
    let words: Vec<&str> = printable.split_whitespace().collect();
    shown(&words.join(" "))
}

/// In lines, as it was written.
pub(super) fn lines(raw: &str) -> Option<String> {
    let raw = raw.replace("\r\n", "\n").replace('\r', "\n");
    shown(&raw.replace(|c: char| (c.is_control() && c != '\n' && c != '\t') || c == '\u{FEFF}', ""))
}

fn shown(text: &str) -> Option<String> {
    let text = text.trim();
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text[..end].trim_end();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Keywords in the order in which they came, each once.
#[derive(Default)]
pub(super) struct Words(Vec<String>);

impl Words {
    /// More than anybody gave a photo, so that a table that went astray into the
    /// keywords does not fill the catalog.
    const MOST: usize = 1000;
    /// Bytes; longer ones are texts.
    const LONGEST: usize = 256;

    pub(super) fn push(&mut self, raw: &str) {
        let Some(word) = line(raw).filter(|word| word.len() <= Self::LONGEST) else { return };
        if self.0.len() < Self::MOST && !self.0.contains(&word) {
            self.0.push(word);
        }
    }

    /// A path to a keyword; its steps may not be empty.
    pub(super) fn push_path(&mut self, raw: &str, separator: char) {
        let steps: Vec<&str> = raw.split(separator).map(str::trim).collect();
        let steps: Vec<&str> = steps.into_iter().filter(|step| !step.is_empty()).collect();
        self.push(&steps.join("|"));
    }

    pub(super) fn into_vec(self) -> Vec<String> {
        self.0
    }
}

/// Those of `first`, then what `second` has besides.
pub(super) fn united(first: Vec<String>, second: &[String]) -> Vec<String> {
    let mut words = Words(first);
    second.iter().for_each(|word| words.push(word));
    words.into_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_cut_between_characters() {
        assert_eq!(line(" a\tb\r\n c\0 "), Some("a b c".to_owned()));
        assert_eq!(lines(" a\r\nb\rc\0 "), Some("a\nb\nc".to_owned()));
        assert_eq!((line(" \0\u{FEFF} "), lines("\n")), (None, None));
        let long = lines(&"ä".repeat(10_000)).unwrap();
        assert_eq!(long, "ä".repeat(LONGEST / 2));
        let odd = lines(&format!("x{}", "ä".repeat(10_000))).unwrap();
        assert_eq!(odd.len(), LONGEST - 1);
    }

    #[test]
    fn bytes_are_utf8_or_latin1() {
        assert_eq!(decode("Ä".as_bytes()), "Ä");
        assert_eq!(decode(b"\xC4"), "Ä");
        assert_eq!(decode_utf16(b"\xC4\0x\0\0\0y\0z", u16::from_le_bytes), "Äx");
    }

    #[test]
    fn keywords_are_unique_and_of_a_size() {
        let mut words = Words::default();
        ["b", "a ", " b", "", &"x".repeat(300)].into_iter().for_each(|word| words.push(word));
        words.push_path("/Places//Europe/ ", '/');
        assert_eq!(words.into_vec(), ["b", "a", "Places|Europe"]);
        let mut many = Words::default();
        (0..5000).for_each(|number| many.push(&number.to_string()));
        assert_eq!(many.into_vec().len(), Words::MOST);
        let united = united(vec!["a".to_owned()], &["b".to_owned(), "a".to_owned()]);
        assert_eq!(united, ["a", "b"]);
    }
}
