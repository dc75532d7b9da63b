//! Sidecars, written: what a person says of a photo, put into an XMP file beside
//! it that other programs may have written and will read.
//!
//! Owns which properties are written and how they are merged into what is there.
//! It changes places in the text and rebuilds nothing, so what is foreign stays to
//! the letter. It knows no library and no database: bytes in, bytes out, but for
//! [`replace`], which puts them on the disk, and [`Choice`], which is about names.
//!
//! Written are `dc:subject`, `lr:hierarchicalSubject`, `xmp:Rating` and this
//! program's own `afterimage:Favourite`. digiKam asks its own `digiKam:TagsList`
//! first, then `MicrosoftPhoto:LastKeywordXMP`, and where it finds tags there it
//! does not look further; so these are kept in step where they are, and never
//! added. All other copies of keywords and stars stay as they are.
//! References: ISO 16684-1; Metadata Working Group, Guidelines 2.0.

mod edit;
mod encoding;
mod file;
mod lists;
mod merge;
mod names;
mod packet;

#[cfg(test)]
mod tests;

use std::fmt;

pub use file::replace;
pub use names::{Choice, Naming, paths};

use super::xmp;

use crate::message::Message;

/// What the person says of a photo, as far as a sidecar keeps it.
///
/// Names are written in one line with single spaces, as the reader reads them. It
/// reads none of more than 256 bytes, and no more than 1000.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saying {
    /// Names without a place in a tree: "Dog".
    pub keywords: Vec<String>,
    /// From the widest to the narrowest: "Animals|Dog".
    pub hierarchical: Vec<String>,
    /// Stars, -1 for rejected to 5; `None` leaves what is there.
    pub rating: Option<i8>,
    /// `Some(false)` takes the mark away, `None` leaves what is there.
    pub favourite: Option<bool>,
}

/// What is to be taken back where it is not said any more: what this program
/// wrote before, and what the person removed. Spelt otherwise it is foreign and
/// stays, as all other keywords do.
#[derive(Debug, Clone, Copy, Default)]
pub struct Before<'a> {
    /// As [`Saying::keywords`].
    pub keywords: &'a [String],
    /// As [`Saying::hierarchical`].
    pub hierarchical: &'a [String],
}

/// A sidecar as it is to be, and what is new in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// Keywords and paths that no list had. Others that are said were there, and
    /// taking them back later would take what another program wrote.
    pub added: Vec<String>,
    /// Keywords and paths that are gone.
    pub removed: Vec<String>,
}

/// A place in a text: both count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Lines end with a line feed.
    pub line: usize,
    /// Characters of the line up to here, and one.
    pub column: usize,
}

impl Place {
    /// Of the character that begins at or around this byte.
    fn of(text: &str, offset: usize) -> Self {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line = before.rsplit('\n').next().unwrap_or(before);
        Self {
            line: before.matches('\n').count() + 1,
            column: line.chars().filter(|&c| c != '\u{FEFF}').count() + 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a sidecar is left as it is: writing into it could lose what it holds. The
/// message tells the place in the file and what to do, but not the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unwritable {
    /// It is no XML, or broken.
    NotXml {
        /// Where.
        at: Place,
        /// What is wrong there.
        what: String,
    },
    /// It is XML of something else.
    NotXmp,
    /// It has a document type, which could define anything.
    Doctype {
        /// Where.
        at: Place,
    },
    /// It says that its letters are of a kind that XMP does not have.
    Encoding {
        /// As the file names it.
        name: String,
    },
    /// It is, or would become, longer than is read.
    TooLong {
        /// How long it is or would be.
        bytes: usize,
    },
    /// It has more elements, or more of them within each other, than are read.
    TooIntricate {
        /// Where it became too much.
        at: Place,
    },
    /// A property that has to change is written as XMP has no such property.
    Form {
        /// Where it begins.
        at: Place,
        /// Its usual name: "dc:subject".
        property: &'static str,
    },
}

impl Unwritable {
    /// What is said of it.
    pub fn message(&self) -> Message {
        match self {
            Self::NotXml { at, what } => message!(
                "it is not XML ({at}: {what}): repair it, or move it away to have a new one \
                 written",
                at,
                what
            ),
            Self::NotXmp => message!(
                "it is XML, but not XMP, for it has no rdf:RDF: move it away to have a new one \
                 written"
            ),
            Self::Doctype { at } => message!(
                "it has a DOCTYPE ({at}), which XMP has not: remove the DOCTYPE, or move the file \
                 away to have a new one written",
                at
            ),
            Self::Encoding { name } => message!(
                "it is written in {encoding}, and XMP is UTF-8 or UTF-16: save it as UTF-8 in the \
                 program that wrote it",
                encoding = name
            ),
            Self::TooLong { bytes } => message!(
                "it has {bytes} bytes, and no more than {most} are read: remove what is not \
                 needed, such as an editing history, in the program that wrote it",
                bytes,
                most = xmp::LONGEST
            ),
            Self::TooIntricate { at } => message!(
                "it has more than {deepest} elements within each other, {most} parts in all or 128 \
                 namespaces ({at}): move it away to have a new one written",
                deepest = xmp::DEEPEST,
                most = xmp::MOST_EVENTS,
                at
            ),
            Self::Form { at, property } => message!(
                "{property} is written in a way that is not known ({at}): remove it there, or move \
                 the file away to have a new one written",
                property,
                at
            ),
        }
    }
}

/// A packet that says nothing yet.
const EMPTY: &str = concat!(
    "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n",
    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\" x:xmptk=\"Afterimage\">\n",
    " <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n",
    "  <rdf:Description rdf:about=\"\">\n",
    "  </rdf:Description>\n",
    " </rdf:RDF>\n",
    "</x:xmpmeta>\n",
    "<?xpacket end=\"w\"?>\n",
);

/// The sidecar that says what is said `now`, all else in `existing` being as it
/// was; `None` if it says so already, or there is none and nothing to say. A file
/// that holds nothing but blanks counts as none.
///
/// # Errors
/// [`Unwritable`] where the file is to be left alone.
pub fn merged(
    existing: Option<&[u8]>,
    before: &Before,
    now: &Saying,
) -> Result<Option<Merged>, Unwritable> {
    let bytes = existing.unwrap_or_default();
    if bytes.len() > xmp::LONGEST {
        return Err(Unwritable::TooLong { bytes: bytes.len() });
    }
    let (text, encoding) = encoding::Encoding::decode(bytes)?;
    // What the reader leaves out as well.
    let is_beside = |c: char| c.is_whitespace() || c == '\0' || c == '\u{FEFF}';
    let packet = text.trim_matches(is_beside);
    let merged = match packet {
        "" => merge::merged(EMPTY, before, now)?,
        _ => match merge::merged(packet, before, now) {
            // Places are of the file, not of the packet.
            Err(error) => {
                let start = text.len() - text.trim_start_matches(is_beside).len();
                return Err(error.moved(&text[..start]));
            }
            Ok(merged) => merged.map(|(new, added, removed)| {
                let start = text.len() - text.trim_start_matches(is_beside).len();
                let (before, after) = (&text[..start], &text[start + packet.len()..]);
                ([before, &new, after].concat(), added, removed)
            }),
        },
    };
    let Some((text, added, removed)) = merged else { return Ok(None) };
    let bytes = encoding.encode(&text);
    if bytes.len() > xmp::LONGEST {
        return Err(Unwritable::TooLong { bytes: bytes.len() });
    }
    Ok(Some(Merged { bytes, added, removed }))
}

impl Unwritable {
    /// The same behind some text.
    fn moved(mut self, before: &str) -> Self {
        let end = Place::of(before, before.len());
        match &mut self {
            Self::NotXml { at, .. }
            | Self::Doctype { at }
            | Self::TooIntricate { at }
            | Self::Form { at, .. } => {
                if at.line == 1 {
                    at.column += end.column - 1;
                }
                at.line += end.line - 1;
            }
            Self::NotXmp | Self::Encoding { .. } | Self::TooLong { .. } => {}
        }
        self
    }
}
