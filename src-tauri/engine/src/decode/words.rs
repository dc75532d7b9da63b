//! What codecs say, in plain words.

use image::error::ImageError;

use super::{DecodeError, Format, support};

/// Plain words first, then the codec's own message for whoever wants to repair
/// the file.
pub(super) fn explain(error: ImageError, format: Format, bytes: &[u8]) -> DecodeError {
    let damaged = format!("the {format} data are damaged");
    let (words, detail) = match error {
        ImageError::Limits(e) => ("the picture is too large".to_owned(), e.to_string()),
        ImageError::Unsupported(e) => {
            (format!("this kind of {format} is not supported yet"), e.to_string())
        }
        ImageError::Decoding(e) => {
            // Its own text only repeats the format before the source's.
            let source = std::error::Error::source(&e).map(ToString::to_string);
            (damaged, source.unwrap_or_else(|| e.to_string()))
        }
        other => (damaged, other.to_string()),
    };
    let words = if says_cut_off(&detail) || support::is_shorter_than_it_says(bytes, format) {
        "the file is cut off".to_owned()
    } else {
        words
    };
    DecodeError::permanent(format!("{words} ({})", one_line(&detail)))
}

/// Codecs have no common code for "the input ended"; these are their words.
pub(super) fn says_cut_off(detail: &str) -> bool {
    const WORDS: &[&str] = &[
        "unexpected end",
        "unexpected eof",
        "end of file",
        "exhausted data",
        "not enough bytes",
        "fill whole buffer",
    ];
    let detail = detail.to_ascii_lowercase();
    WORDS.iter().any(|words| detail.contains(words))
}

/// A codec's message without line breaks, quotes around it or endless length.
pub(super) fn one_line(text: &str) -> String {
    /// Enough for every message seen; a longer one quotes file content.
    const LONGEST: usize = 160;
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    let line = line.trim_matches(|c| c == '"' || c == '.' || c == ' ');
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

pub(super) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    one_line(text.unwrap_or("no message"))
}
