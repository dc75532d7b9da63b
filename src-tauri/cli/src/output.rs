//! Writing answers: the same answer as one JSON document for scripts or as
//! plain lines for people. Colours only where the stream is a terminal that
//! wants them.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use afterimage_engine::Strength;
use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::Outcome;
use crate::exit_codes::Failure;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const FAINT: Style = Style::new().dimmed();

/// Prints `document` as JSON, or what `human` writes.
pub fn answer(
    json: bool,
    document: &impl Serialize,
    human: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Outcome {
    let mut out = BufWriter::new(anstream::stdout().lock());
    if json {
        // serde_json's own error hides the kind, and with it a broken pipe.
        serde_json::to_writer(&mut out, document).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        human(&mut out)?;
    }
    Ok(out.flush()?)
}

/// Prints one line of a stream and flushes it, so that a reader sees it now.
pub fn stream_line(json: bool, document: &impl Serialize, human: impl Display) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    if json {
        serde_json::to_writer(&mut out, document)?;
        writeln!(out)?;
    } else {
        writeln!(out, "{human}")?;
    }
    out.flush()
}

/// A remark on standard error: what follows from an answer, what to do next.
pub fn note(text: impl Display) {
    // Remarks are a courtesy: when nobody can read them, the answer stands.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Something that is wrong, on standard error; the answer stands nevertheless.
pub fn warn(text: impl Display) {
    note(format_args!("{WARNING}warning:{WARNING:#} {text}"));
}

/// Tells why a command stopped short.
pub fn complain(failure: &Failure) {
    match failure {
        Failure::Output(_) if failure.is_broken_pipe() => {}
        Failure::Output(error) => {
            note(format_args!("{ERROR}error:{ERROR:#} cannot write to standard output: {error}"))
        }
        Failure::Engine(error) => note(format_args!("{ERROR}error:{ERROR:#} {error}")),
    }
}

/// The mark of a match: a full dot for a strong one, a ring for a likely one.
pub fn mark(strength: Strength) -> String {
    match strength {
        Strength::Strong => format!("{GOOD}●{GOOD:#}"),
        Strength::Likely => "○".into(),
        Strength::Weak | Strength::Unscored => " ".into(),
    }
}

/// Text that matters less.
pub fn faint(text: impl Display) -> String {
    format!("{FAINT}{text}{FAINT:#}")
}

/// A path for people's eyes. Control characters in a file's name must not
/// reach the terminal as commands.
pub fn shown(path: &Path) -> String {
    path.to_string_lossy()
        .chars()
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect()
}

/// `1 photo`, `2 photos`.
pub fn photos(count: u64) -> String {
    if count == 1 { "1 photo".into() } else { format!("{count} photos") }
}

/// A number of bytes, in the units that drives and downloads are sold in.
pub fn size(bytes: u64) -> String {
    match bytes as f64 {
        b if b >= 9.995e8 => format!("{:.2} GB", b / 1e9),
        b if b >= 9.95e6 => format!("{:.0} MB", b / 1e6),
        b if b >= 9.95e5 => format!("{:.1} MB", b / 1e6),
        b if b >= 1e3 => format!("{:.0} kB", b / 1e3),
        b => format!("{b} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        for (bytes, expected) in [
            (0, "0 bytes"),
            (1_500, "2 kB"),
            (1_500_000, "1.5 MB"),
            (605_157_884, "605 MB"),
            (999_600_000, "1.00 GB"),
            (1_500_000_000, "1.50 GB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn a_file_name_cannot_command_the_terminal() {
        assert_eq!(shown(Path::new("a\u{1b}[2Jb\nc.jpg")), "a\u{fffd}[2Jb\u{fffd}c.jpg");
        assert_eq!(shown(Path::new("München/Äpfel.jpg")), "München/Äpfel.jpg");
    }
}
