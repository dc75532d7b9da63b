//! What codecs say, in plain words.

use image::error::ImageError;

use super::{DecodeError, Format, support};

/// Plain words first, then the codec's own message for whoever wants to repair
/// the file.
pub(super) fn explain(error: ImageError, format: Format, bytes: &[u8]) -> DecodeError {
    let damaged =
        |detail: &str| message!("the {format} data are damaged ({detail})", format, detail);
    let (reason, detail) = match &error {
        ImageError::Limits(e) => {
            let detail = one_line(&e.to_string());
            (message!("the picture is too large ({detail})", detail), detail)
        }
        ImageError::Unsupported(e) => {
            let detail = one_line(&e.to_string());
            let reason =
                message!("this kind of {format} is not supported yet ({detail})", format, detail);
            (reason, detail)
        }
        ImageError::Decoding(e) => {
            // Its own text only repeats the format before the source's.
            let source = std::error::Error::source(e).map(ToString::to_string);
            let detail = one_line(&source.unwrap_or_else(|| e.to_string()));
            (damaged(&detail), detail)
        }
        other => {
            let detail = one_line(&other.to_string());
            (damaged(&detail), detail)
        }
    };
    if says_cut_off(&detail) || support::is_shorter_than_it_says(bytes, format) {
        return DecodeError::permanent(message!("the file is cut off ({detail})", detail));
    }
    DecodeError::permanent(reason)
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
