//! XMP: packets of RDF in XML, within files and beside them.
//!
//! Owns which of the properties are understood. Of RDF it knows what XMP writes:
//! properties of `rdf:Description` as attributes or elements, with a text or a
//! list of texts. Names go by their namespace's address, whatever the prefix. It
//! meets files from anywhere: a document type, which could define entities, makes
//! a packet no XMP, and length, depth and number of parts are bounded.
//! Reference: ISO 16684-1.

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{NamespaceResolver, ResolveResult};
use quick_xml::reader::NsReader;

use super::text::{self, Words};
use super::{Metadata, Sidecar, camera, time};

/// Bytes of a packet. Programs that keep their whole history in it reach some
/// megabytes.
pub(super) const LONGEST: usize = 16 << 20;
/// Elements within elements; XMP's own need a dozen.
pub(super) const DEEPEST: usize = 64;
/// Elements, texts and so on of a packet.
pub(super) const MOST_EVENTS: usize = 1_000_000;
/// Bytes of one text.
const LONGEST_TEXT: usize = 64 << 10;
/// Texts of a list.
const MOST_ITEMS: usize = 4000;

pub(super) const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Of the properties that no other program knows.
pub(super) const AFTERIMAGE: &str = "http://afterimage.app/ns/1.0/";

/// The properties that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Property {
    Title,
    Description,
    Subject,
    HierarchicalSubject,
    TagsList,
    LastKeywords,
    Rating,
    RatingPercent,
    Label,
    Favourite,
    OriginalDate,
    DateCreated,
    CreateDate,
    OriginalOffset,
    Latitude,
    Longitude,
    Make,
    Model,
    Orientation,
    LensModel,
    Lens,
    Iso,
    Sensitivity,
    Aperture,
    FocalLength,
    Exposure,
}

impl Property {
    pub(super) fn of(namespace: &str, name: &str) -> Option<Self> {
        Some(match (namespace, name) {
            ("http://purl.org/dc/elements/1.1/", "title") => Self::Title,
            ("http://purl.org/dc/elements/1.1/", "description") => Self::Description,
            ("http://purl.org/dc/elements/1.1/", "subject") => Self::Subject,
            ("http://ns.adobe.com/lightroom/1.0/", "hierarchicalSubject") => {
                Self::HierarchicalSubject
            }
            ("http://www.digikam.org/ns/1.0/", "TagsList") => Self::TagsList,
            // With and without its last stroke, as Microsoft wrote both.
            (
                "http://ns.microsoft.com/photo/1.0/" | "http://ns.microsoft.com/photo/1.0",
                "LastKeywordXMP",
            ) => Self::LastKeywords,
            (
                "http://ns.microsoft.com/photo/1.0/" | "http://ns.microsoft.com/photo/1.0",
                "Rating",
            ) => Self::RatingPercent,
            ("http://ns.adobe.com/xap/1.0/", "Rating") => Self::Rating,
            ("http://ns.adobe.com/xap/1.0/", "Label") => Self::Label,
            (AFTERIMAGE, "Favourite") => Self::Favourite,
            ("http://ns.adobe.com/xap/1.0/", "CreateDate") => Self::CreateDate,
            ("http://ns.adobe.com/photoshop/1.0/", "DateCreated") => Self::DateCreated,
            ("http://ns.adobe.com/exif/1.0/", "DateTimeOriginal") => Self::OriginalDate,
            (
                "http://ns.adobe.com/exif/1.0/" | "http://cipa.jp/exif/1.0/",
                "OffsetTimeOriginal",
            ) => Self::OriginalOffset,
            ("http://ns.adobe.com/exif/1.0/", "GPSLatitude") => Self::Latitude,
            ("http://ns.adobe.com/exif/1.0/", "GPSLongitude") => Self::Longitude,
            ("http://ns.adobe.com/exif/1.0/", "ISOSpeedRatings") => Self::Iso,
            ("http://ns.adobe.com/exif/1.0/", "FNumber") => Self::Aperture,
            ("http://ns.adobe.com/exif/1.0/", "FocalLength") => Self::FocalLength,
            ("http://ns.adobe.com/exif/1.0/", "ExposureTime") => Self::Exposure,
            ("http://cipa.jp/exif/1.0/", "PhotographicSensitivity") => Self::Sensitivity,
            ("http://cipa.jp/exif/1.0/", "LensModel") => Self::LensModel,
            ("http://ns.adobe.com/exif/1.0/aux/", "Lens") => Self::Lens,
            ("http://ns.adobe.com/tiff/1.0/", "Make") => Self::Make,
            ("http://ns.adobe.com/tiff/1.0/", "Model") => Self::Model,
            ("http://ns.adobe.com/tiff/1.0/", "Orientation") => Self::Orientation,
            _ => return None,
        })
    }
}

/// What a packet says; `None` where it is no XMP. Of a packet that breaks off,
/// what comes before.
pub(super) fn read(packet: &[u8]) -> Option<Metadata> {
    found(packet).map(|found| found.told())
}

/// The same of a packet in a file of its own.
pub(super) fn read_sidecar(packet: &[u8]) -> Option<Sidecar> {
    let found = found(packet)?;
    let (_, property) = found.date().unzip();
    Some(Sidecar { said: found.told(), dates_a_file: property == Some(Property::CreateDate) })
}

fn found(packet: &[u8]) -> Option<Found> {
    if packet.len() > LONGEST {
        return None;
    }
    let text = decode(packet);
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{FEFF}');
    // A file that is no XML at all is not read to its end.
    text.starts_with('<').then(|| Walk::default().through(text))?
}

/// UTF-16 by its mark or by the zeros beside the first character, else UTF-8.
fn decode(packet: &[u8]) -> String {
    let units = |from: usize, unit: fn([u8; 2]) -> u16| {
        let units = packet.get(from..).unwrap_or_default().as_chunks().0;
        let units: Vec<u16> = units.iter().map(|&pair| unit(pair)).collect();
        String::from_utf16_lossy(&units)
    };
    match packet {
        [0xFF, 0xFE, ..] => units(2, u16::from_le_bytes),
        [0xFE, 0xFF, ..] => units(2, u16::from_be_bytes),
        [b'<', 0, ..] => units(0, u16::from_le_bytes),
        [0, b'<', ..] => units(0, u16::from_be_bytes),
        _ => text::decode(packet),
    }
}

/// What an open element is.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    /// Around or beside what is of interest.
    Other,
    Rdf,
    Description,
    Property(Property),
    /// `rdf:Alt`, `rdf:Bag` or `rdf:Seq`.
    List(Property),
    Item(Property),
}

#[derive(Default)]
struct Walk {
    open: Vec<Level>,
    text: String,
    language: Option<String>,
    is_rdf: bool,
    found: Found,
}

impl Walk {
    fn through(mut self, packet: &str) -> Option<Found> {
        let mut reader = NsReader::from_str(packet);
        reader.config_mut().expand_empty_elements = true;
        for _ in 0..MOST_EVENTS {
            // An error ends the packet: what was found before it is kept.
            let Ok(event) = reader.read_event() else { break };
            match event {
                Event::DocType(_) => return None,
                Event::Eof => break,
                Event::Start(start) => {
                    if self.open.len() >= DEEPEST {
                        break;
                    }
                    self.start(&start, reader.resolver());
                }
                Event::End(_) => self.end(),
                Event::Text(text) => self.append(&text.xml10_content()),
                Event::CData(text) => self.append(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    if let Some(character) = character(&reference) {
                        self.append(character.encode_utf8(&mut [0; 4]));
                    }
                }
                _ => {}
            }
        }
        self.is_rdf.then_some(self.found)
    }

    fn start(&mut self, start: &BytesStart, names: &NamespaceResolver) {
        let (namespace, local) = names.resolve_element(start.name());
        let (namespace, local) = (address(&namespace), local.into_inner());
        let level = match (self.open.last().copied().unwrap_or(Level::Other), namespace, local) {
            // Within another it is part of what some property says.
            (Level::Other, RDF, "RDF") if !self.open.contains(&Level::Rdf) => Level::Rdf,
            (Level::Rdf, RDF, "Description") => Level::Description,
            (Level::Description, ..) => {
                Property::of(namespace, local).map_or(Level::Other, Level::Property)
            }
            (Level::Property(property), RDF, "Alt" | "Bag" | "Seq") => Level::List(property),
            (Level::List(property), RDF, "li") => Level::Item(property),
            _ => Level::Other,
        };
        self.open.push(level);
        match level {
            Level::Rdf => self.is_rdf = true,
            Level::Description => self.attributes(start, names),
            Level::Property(_) => self.text.clear(),
            Level::Item(_) => {
                self.text.clear();
                self.language = language(start, names);
            }
            Level::Other | Level::List(_) => {}
        }
    }

    fn attributes(&mut self, start: &BytesStart, names: &NamespaceResolver) {
        for attribute in start.attributes().with_checks(false).flatten() {
            let (namespace, local) = names.resolve_attribute(attribute.key);
            let Some(property) = Property::of(address(&namespace), local.into_inner()) else {
                continue;
            };
            if let Ok(value) = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0) {
                self.found.add(property, None, &value);
            }
        }
    }

    fn end(&mut self) {
        match self.open.pop() {
            // Of a list nothing but white space is left here.
            Some(Level::Property(property)) => self.found.add(property, None, &self.text),
            Some(Level::Item(property)) => {
                self.found.add(property, self.language.take(), &self.text);
                self.text.clear();
            }
            _ => {}
        }
    }

    fn append(&mut self, text: &str) {
        let inside = matches!(self.open.last(), Some(Level::Property(_) | Level::Item(_)));
        if inside && self.text.len() + text.len() <= LONGEST_TEXT {
            self.text.push_str(text);
        }
    }
}

pub(super) fn address<'a>(namespace: &ResolveResult<'a>) -> &'a str {
    match namespace {
        ResolveResult::Bound(namespace) => namespace.into_inner(),
        _ => "",
    }
}

fn language(start: &BytesStart, names: &NamespaceResolver) -> Option<String> {
    start.attributes().with_checks(false).flatten().find_map(|attribute| {
        let (namespace, local) = names.resolve_attribute(attribute.key);
        let is = address(&namespace) == XML && local.into_inner() == "lang";
        is.then(|| attribute.value.to_string())
    })
}

/// What `&amp;`, `&#228;` and the like stand for; others would need a document
/// type and stand for nothing.
pub(super) fn character(reference: &BytesRef) -> Option<char> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Some(character),
        Ok(None) => match reference.xml10_content().as_ref() {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => None,
        },
        Err(_) => None,
    }
}

/// Texts with their properties, in the order of the packet.
#[derive(Default)]
struct Found(Vec<(Property, Option<String>, String)>);

impl Found {
    fn add(&mut self, property: Property, language: Option<String>, text: &str) {
        if self.0.len() < MOST_ITEMS && !text.trim().is_empty() {
            self.0.push((property, language, text.to_owned()));
        }
    }

    fn all(&self, wanted: Property) -> impl Iterator<Item = &str> {
        let texts = self.0.iter().filter(move |(property, ..)| *property == wanted);
        texts.map(|(.., text)| text.as_str())
    }

    fn first(&self, wanted: Property) -> Option<&str> {
        self.all(wanted).next()
    }

    /// In the language that the writer made the default, or the first.
    fn default(&self, wanted: Property) -> Option<&str> {
        let default = self.0.iter().find(|(property, language, _)| {
            *property == wanted && language.as_deref() == Some("x-default")
        });
        default.map(|(.., text)| text.as_str()).or_else(|| self.first(wanted))
    }

    fn told(&self) -> Metadata {
        use Property as P;
        let name = |property| text::line(self.first(property)?);
        let number = |property| positive(self.first(property)?);

        let mut paths = Words::default();
        self.all(P::HierarchicalSubject).for_each(|path| paths.push_path(path, '|'));
        for path in self.all(P::TagsList).chain(self.all(P::LastKeywords)) {
            // A tag of digiKam's may have Lightroom's separator already.
            paths.push_path(path, if path.contains('|') { '|' } else { '/' });
        }
        let paths = paths.into_vec();
        let mut keywords = Words::default();
        self.all(P::Subject).for_each(|word| keywords.push(word));
        for path in &paths {
            keywords.push(path.rsplit('|').next().unwrap_or(path));
        }

        let (taken_at, offset) = self.moment();
        let position = self.position();
        Metadata {
            taken_at,
            utc_offset_min: offset,
            camera: camera::name(name(P::Make), name(P::Model)),
            lens: name(P::LensModel).or_else(|| name(P::Lens)),
            lat: position.map(|(lat, _)| lat),
            lon: position.map(|(_, lon)| lon),
            iso: number(P::Sensitivity)
                .or_else(|| number(P::Iso))
                .filter(|iso| (1.0..65_535.0).contains(iso))
                .map(|iso| iso as u32),
            aperture: number(P::Aperture),
            focal_mm: number(P::FocalLength),
            exposure_s: number(P::Exposure),
            orientation: self
                .first(P::Orientation)
                .and_then(|text| text.trim().parse().ok())
                .filter(|orientation| (1..=8).contains(orientation)),
            title: self.default(P::Title).and_then(text::line),
            description: self.default(P::Description).and_then(text::lines),
            keywords: keywords.into_vec(),
            // A keyword without a parent says nothing more than itself.
            hierarchical_keywords: paths.into_iter().filter(|path| path.contains('|')).collect(),
            rating: self.rating(),
            label: name(P::Label),
            favourite: self.first(P::Favourite).and_then(truth),
        }
    }

    fn moment(&self) -> (Option<i64>, Option<i16>) {
        let Some(((second, text), _)) = self.date() else { return (None, None) };
        let apart = || time::offset(self.first(Property::OriginalOffset)?);
        (Some(second), time::offset(text).or_else(apart))
    }

    /// The date that counts, as a number and as it is written, and what it is of.
    fn date(&self) -> Option<((i64, &str), Property)> {
        let dates = [Property::OriginalDate, Property::DateCreated, Property::CreateDate];
        let all = || dates.iter().filter_map(|&property| Some((self.first(property)?, property)));
        // A bare day is worth less than a moment of another property.
        [time::seconds, time::noon].into_iter().find_map(|read| {
            all().find_map(|(text, property)| Some(((read(text.trim())?, text), property)))
        })
    }

    fn position(&self) -> Option<(f64, f64)> {
        let lat = coordinate(self.first(Property::Latitude)?, ['N', 'S'], 90.0)?;
        let lon = coordinate(self.first(Property::Longitude)?, ['E', 'W'], 180.0)?;
        ((lat, lon) != (0.0, 0.0)).then_some((lat, lon))
    }

    fn rating(&self) -> Option<i8> {
        let number = |property| self.first(property)?.trim().parse::<f64>().ok();
        let stars = number(Property::Rating).map(f64::round);
        match stars.filter(|stars| (-1.0..=5.0).contains(stars)) {
            Some(stars) => Some(stars as i8),
            None => super::stars(number(Property::RatingPercent)?),
        }
    }
}

/// "True" or "False", as XMP writes them and as others do.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// "28/10" or "2.8"; finite and greater than 0.
fn positive(text: &str) -> Option<f64> {
    let number = match text.trim().split_once('/') {
        Some((above, below)) => above.parse::<f64>().ok()? / below.parse::<f64>().ok()?,
        None => text.trim().parse().ok()?,
    };
    (number.is_finite() && number > 0.0).then_some(number)
}

/// "43,28.0467N", "43,28,2.8N" or "43.46745N".
fn coordinate(text: &str, [plus, minus]: [char; 2], most: f64) -> Option<f64> {
    let text = text.trim().to_uppercase();
    let (sign, numbers) = match (text.strip_suffix(plus), text.strip_suffix(minus)) {
        (Some(numbers), _) => (1.0, numbers),
        (_, Some(numbers)) => (-1.0, numbers),
        _ => return None,
    };
    let mut angle = 0.0;
    for (part, share) in numbers.split(',').zip([1.0, 60.0, 3600.0]) {
        let number: f64 = part.trim().parse().ok()?;
        if !number.is_finite() || number < 0.0 {
            return None;
        }
        angle += number / share;
    }
    (angle <= most).then_some(sign * angle)
}
