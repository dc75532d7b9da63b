//! Where in the text of a packet the properties stand that are kept in sidecars.
//!
//! Nothing is rebuilt: what is found are places in the text, so that all that is
//! not changed stays as it was, to the letter. Unlike the reader, which takes what
//! it can get, this wants the whole packet to be in order, for what is broken
//! would be broken once more by writing into it.

use std::collections::HashSet;
use std::ops::Range;

use quick_xml::Error;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{NamespaceError, NamespaceResolver, PrefixDeclaration, ResolveResult};
use quick_xml::reader::NsReader;

use super::super::xmp::{DEEPEST, MOST_EVENTS, Property, RDF, XML, address, character};
use super::{Place, Unwritable};

/// Prefixes with what they stand for.
pub(super) type Scope = Vec<(String, String)>;

/// Bytes of all scopes, which repeat within each other. Those of real packets are
/// some kilobytes each.
const MOST_SCOPE: usize = 16 << 20;

/// An element's tags.
#[derive(Debug, Clone)]
pub(super) struct Tags {
    /// As it is written, with its prefix.
    pub name: String,
    pub start: Range<usize>,
    /// `None` of one that closes itself.
    pub end: Option<Range<usize>>,
}

impl Tags {
    /// From the first to behind the last character.
    pub(super) fn whole(&self) -> Range<usize> {
        self.start.start..self.end.as_ref().unwrap_or(&self.start).end
    }

    /// Between the tags; of an element that closes itself, the end of its tag,
    /// which has to make room.
    pub(super) fn inside(&self) -> Range<usize> {
        match &self.end {
            Some(end) => self.start.end..end.start,
            None => self.start.end - 2..self.start.end,
        }
    }

    /// The name's prefix with its colon, or nothing.
    pub(super) fn prefix(&self) -> &str {
        self.name.rfind(':').map_or("", |colon| &self.name[..=colon])
    }

    /// What is to stand inside, with the tags where they are missing.
    pub(super) fn holding(&self, content: &str) -> String {
        match self.end {
            Some(_) => content.to_owned(),
            None => format!(">{content}</{}>", self.name),
        }
    }
}

/// A place for further properties: `rdf:RDF` or an `rdf:Description`.
#[derive(Debug)]
pub(super) struct Parent {
    pub tags: Tags,
    pub scope: Scope,
    /// Where its attributes begin.
    pub attributes: Vec<usize>,
    /// Where its last element begins.
    pub last_child: Option<usize>,
}

impl Parent {
    fn new(tags: Tags, scope: Scope, attributes: &[Attribute]) -> Self {
        let attributes = attributes.iter().map(|attribute| attribute.whole.start).collect();
        Self { tags, scope, attributes, last_child: None }
    }
}

/// `rdf:li`.
#[derive(Debug)]
pub(super) struct Item {
    pub tags: Tags,
    pub text: String,
    /// It holds a text and nothing else.
    pub is_plain: bool,
}

/// `rdf:Bag`, `rdf:Seq` or `rdf:Alt`.
#[derive(Debug)]
pub(super) struct List {
    pub tags: Tags,
    pub items: Vec<Item>,
}

/// What one writing of a property consists of.
#[derive(Debug)]
pub(super) enum Form {
    Attribute {
        /// With its name and its quotes.
        whole: Range<usize>,
        value: Range<usize>,
    },
    Element {
        tags: Tags,
        list: Option<List>,
        /// The prefix of RDF in it, with its colon.
        rdf: String,
        /// Nothing but the text, or the list and its items.
        is_plain: bool,
        /// Made in a way that XMP does not have for such a property.
        is_odd: bool,
    },
}

/// One writing of a property; there should be one of each, and there may be more.
#[derive(Debug)]
pub(super) struct Said {
    pub property: Property,
    /// Which description it belongs to.
    pub description: usize,
    /// Of an attribute or of an element without a list.
    pub text: String,
    pub form: Form,
}

impl Said {
    /// From its first to behind its last character.
    pub(super) fn whole(&self) -> Range<usize> {
        match &self.form {
            Form::Attribute { whole, .. } => whole.clone(),
            Form::Element { tags, .. } => tags.whole(),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Packet {
    /// The first, if there is one.
    pub rdf: Option<Parent>,
    pub descriptions: Vec<Parent>,
    /// In the order of the text.
    pub said: Vec<Said>,
}

impl Packet {
    /// # Errors
    /// Where the text is not XML in order, or more of it than is reasonable.
    pub(super) fn of(text: &str) -> Result<Self, Unwritable> {
        Walk { text, open: Vec::new(), roots: 0, scopes: 0, packet: Self::default() }.through()
    }

    pub(super) fn all(&self, property: Property) -> impl Iterator<Item = &Said> {
        self.said.iter().filter(move |said| said.property == property)
    }
}

/// What an open element is.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    Other,
    Rdf { is_first: bool },
    Description,
    Property,
    List,
    Item,
}

struct Walk<'a> {
    text: &'a str,
    open: Vec<(Level, Range<usize>, String)>,
    roots: usize,
    /// Bytes of all scopes up to here.
    scopes: usize,
    packet: Packet,
}

impl Walk<'_> {
    fn through(mut self) -> Result<Packet, Unwritable> {
        if let Some(zero) = self.text.find('\0') {
            return Err(self.not_xml(zero, "a character of number 0, which no XML has".to_owned()));
        }
        let mut reader = NsReader::from_str(self.text);
        for _ in 0..MOST_EVENTS {
            let from = offset(reader.buffer_position());
            let event = match reader.read_event() {
                Ok(event) => event,
                Err(Error::Namespace(NamespaceError::TooManyBindings(_))) => {
                    return Err(self.too_intricate(from));
                }
                Err(error) => {
                    // It is 0 where the parser tells none.
                    let at = offset(reader.error_position()).max(from);
                    return Err(self.not_xml(at, error.to_string()));
                }
            };
            let place = from..offset(reader.buffer_position());
            match event {
                Event::DocType(_) => {
                    return Err(Unwritable::Doctype { at: Place::of(self.text, from) });
                }
                Event::Decl(declaration) => {
                    if let Some(Ok(name)) = declaration.encoding() {
                        known_encoding(&name)?;
                    }
                }
                Event::Start(start) => {
                    if self.open.len() >= DEEPEST {
                        return Err(self.too_intricate(from));
                    }
                    self.start(&start, place, reader.resolver())?;
                }
                Event::Empty(start) => {
                    self.start(&start, place, reader.resolver())?;
                    self.end(None);
                }
                Event::End(_) => self.end(Some(place)),
                Event::Text(text) => self.append(&text.xml10_content(), from)?,
                Event::CData(text) => self.append(&text.xml10_content(), from)?,
                Event::GeneralRef(reference) => {
                    let character = character(&reference).unwrap_or(char::REPLACEMENT_CHARACTER);
                    self.append(character.encode_utf8(&mut [0; 4]), from)?;
                }
                Event::Comment(_) | Event::PI(_) => self.remark(),
                Event::Eof => return self.whole(),
            }
        }
        Err(self.too_intricate(offset(reader.buffer_position())))
    }

    fn whole(self) -> Result<Packet, Unwritable> {
        if let Some((_, start, name)) = self.open.last() {
            return Err(self.not_xml(start.start, format!("<{name}> is opened and never closed")));
        }
        if self.roots == 0 {
            return Err(self.not_xml(0, "there is no element".to_owned()));
        }
        Ok(self.packet)
    }

    fn not_xml(&self, offset: usize, what: String) -> Unwritable {
        Unwritable::NotXml { at: Place::of(self.text, offset), what }
    }

    /// The parser takes anything that has no blanks.
    fn check_name(&self, name: &str, place: &Range<usize>) -> Result<(), Unwritable> {
        let mut parts = name.split(':');
        let is_part = |part: &str| {
            !part.is_empty() && !part.contains(|c: char| c.is_control() || "<>&\"'/=".contains(c))
        };
        match parts.clone().count() <= 2 && parts.all(is_part) {
            true => Ok(()),
            false => Err(self.not_xml(place.start, format!("\u{201c}{name}\u{201d} is no name"))),
        }
    }

    fn too_intricate(&self, offset: usize) -> Unwritable {
        Unwritable::TooIntricate { at: Place::of(self.text, offset) }
    }

    fn start(
        &mut self,
        start: &BytesStart,
        place: Range<usize>,
        names: &NamespaceResolver,
    ) -> Result<(), Unwritable> {
        let name = start.name().into_inner().to_owned();
        if self.open.is_empty() {
            self.roots += 1;
            if self.roots > 1 {
                let what = format!("<{name}> follows the end of the outermost element");
                return Err(self.not_xml(place.start, what));
            }
        }
        self.check_name(&name, &place)?;
        let attributes = self.attributes(start, &place, names)?;
        let (namespace, local) = names.resolve_element(start.name());
        if let ResolveResult::Unknown(prefix) = &namespace {
            return Err(self.not_xml(place.start, undeclared(prefix)));
        }
        let (namespace, local) = (address(&namespace), local.into_inner());
        let tags = Tags { name: name.clone(), start: place.clone(), end: None };
        let above = self.open.last().map_or(Level::Other, |(level, ..)| *level);
        let within = self.open.iter().any(|(level, ..)| matches!(level, Level::Rdf { .. }));
        let property = kept(namespace, local);
        let level = match (above, namespace, local) {
            (Level::Other, RDF, "RDF") if !within => {
                Level::Rdf { is_first: self.packet.rdf.is_none() }
            }
            (Level::Rdf { .. }, RDF, "Description") => Level::Description,
            (Level::Description, ..) if property.is_some() => Level::Property,
            (Level::Property, RDF, "Alt" | "Bag" | "Seq") => Level::List,
            (Level::List, RDF, "li") => Level::Item,
            _ => Level::Other,
        };
        let child = Some(place.start);
        match above {
            Level::Rdf { is_first: true } => {
                self.packet.rdf.iter_mut().for_each(|rdf| rdf.last_child = child);
            }
            Level::Description => {
                self.packet.descriptions.last_mut().into_iter().for_each(|d| d.last_child = child);
            }
            _ => {}
        }
        match level {
            Level::Rdf { is_first: true } => {
                let scope = self.scope(names, &place)?;
                self.packet.rdf = Some(Parent::new(tags, scope, &attributes));
            }
            Level::Description => {
                let scope = self.scope(names, &place)?;
                self.packet.descriptions.push(Parent::new(tags, scope, &attributes));
                let description = self.packet.descriptions.len() - 1;
                for attribute in attributes {
                    if let Some(property) = kept(&attribute.namespace, &attribute.local) {
                        self.packet.said.push(Said {
                            property,
                            description,
                            text: attribute.text,
                            form: Form::Attribute {
                                whole: attribute.whole,
                                value: attribute.value,
                            },
                        });
                    }
                }
            }
            Level::Property => {
                let rdf = names.bindings().find(|(_, address)| address.into_inner() == RDF);
                let rdf = rdf.map(|(prefix, _)| match prefix {
                    PrefixDeclaration::Named(prefix) => format!("{prefix}:"),
                    PrefixDeclaration::Default => String::new(),
                });
                // `rdf:resource`, `rdf:parseType` and the like.
                let is_odd = rdf.is_none() || attributes.iter().any(|a| !a.is_of_xml());
                self.packet.said.extend(property.map(|property| Said {
                    property,
                    description: self.packet.descriptions.len().saturating_sub(1),
                    text: String::new(),
                    form: Form::Element {
                        tags,
                        list: None,
                        rdf: rdf.unwrap_or_default(),
                        is_plain: true,
                        is_odd,
                    },
                }));
            }
            Level::List => {
                if let Some(Form::Element { list, is_odd, .. }) = self.form() {
                    *is_odd |= list.is_some();
                    *list = Some(List { tags, items: Vec::new() });
                }
            }
            Level::Item => {
                let is_plain = attributes.iter().all(Attribute::is_of_xml);
                if let Some(Form::Element { list: Some(list), .. }) = self.form() {
                    list.items.push(Item { tags, text: String::new(), is_plain });
                }
            }
            Level::Rdf { is_first: false } | Level::Other => match above {
                Level::Property | Level::List => self.mark_odd(),
                Level::Item => self.remark(),
                _ => {}
            },
        }
        self.open.push((level, place, name));
        Ok(())
    }

    fn scope(
        &mut self,
        names: &NamespaceResolver,
        place: &Range<usize>,
    ) -> Result<Scope, Unwritable> {
        let mut scope = Scope::new();
        for (prefix, namespace) in names.bindings() {
            let prefix = match prefix {
                PrefixDeclaration::Named(prefix) => prefix,
                PrefixDeclaration::Default => "",
            };
            let namespace = namespace.into_inner();
            self.scopes += prefix.len() + namespace.len() + size_of::<(String, String)>();
            if self.scopes > MOST_SCOPE {
                return Err(self.too_intricate(place.start));
            }
            scope.push((prefix.to_owned(), namespace.to_owned()));
        }
        Ok(scope)
    }

    fn attributes(
        &self,
        start: &BytesStart,
        place: &Range<usize>,
        names: &NamespaceResolver,
    ) -> Result<Vec<Attribute>, Unwritable> {
        let mut found = Vec::new();
        let mut keys = HashSet::new();
        // The parser's own check compares each with each.
        for attribute in start.attributes().with_checks(false) {
            let attribute =
                attribute.map_err(|error| self.not_xml(place.start, error.to_string()))?;
            let key = attribute.key.into_inner();
            self.check_name(key, place)?;
            if !keys.insert(key) {
                return Err(self.not_xml(place.start, format!("it has {key} twice")));
            }
            let (namespace, local) = names.resolve_attribute(attribute.key);
            if let ResolveResult::Unknown(prefix) = &namespace {
                // `xmlns` itself has no address here.
                if prefix != "xmlns" {
                    return Err(self.not_xml(place.start, undeclared(prefix)));
                }
            }
            // Both are parts of the tag, whose text begins behind the stroke.
            let tag = start.as_ref().as_ptr().addr();
            let at = |part: &str| place.start + 1 + (part.as_ptr().addr() - tag);
            let value = at(&attribute.value)..at(&attribute.value) + attribute.value.len();
            found.push(Attribute {
                is_declaration: attribute.key.as_namespace_binding().is_some(),
                namespace: address(&namespace).to_owned(),
                local: local.into_inner().to_owned(),
                whole: at(key)..value.end + 1,
                text: attribute
                    .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                    .map_or_else(|_| attribute.value.to_string(), |text| text.to_string()),
                value,
            });
        }
        Ok(found)
    }

    /// The property that is open.
    fn form(&mut self) -> Option<&mut Form> {
        self.packet.said.last_mut().map(|said| &mut said.form)
    }

    fn mark_odd(&mut self) {
        if let Some(Form::Element { is_odd, .. }) = self.form() {
            *is_odd = true;
        }
    }

    /// Something is here that a text alone does not have.
    fn remark(&mut self) {
        let level = self.open.last().map(|(level, ..)| *level);
        match (level, self.form()) {
            (Some(Level::Property | Level::List), Some(Form::Element { is_plain, .. })) => {
                *is_plain = false;
            }
            (Some(Level::Item), Some(Form::Element { list: Some(list), is_plain, .. })) => {
                *is_plain = false;
                list.items.last_mut().into_iter().for_each(|item| item.is_plain = false);
            }
            _ => {}
        }
    }

    fn append(&mut self, text: &str, from: usize) -> Result<(), Unwritable> {
        let is_blank = text.trim().is_empty();
        match self.open.last().map(|(level, ..)| *level) {
            None if !is_blank => {
                let what = "there is text outside of the outermost element".to_owned();
                return Err(self.not_xml(from, what));
            }
            Some(Level::Property) => {
                if let Some(said) = self.packet.said.last_mut() {
                    said.text.push_str(text);
                }
            }
            Some(Level::List) if !is_blank => self.mark_odd(),
            Some(Level::Item) => {
                if let Some(Form::Element { list: Some(list), .. }) = self.form() {
                    list.items.last_mut().into_iter().for_each(|item| item.text.push_str(text));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// `None` of an element that closes itself.
    fn end(&mut self, place: Option<Range<usize>>) {
        let Some((level, ..)) = self.open.pop() else { return };
        match level {
            Level::Rdf { is_first: true } => {
                self.packet.rdf.iter_mut().for_each(|rdf| rdf.tags.end = place.clone());
            }
            Level::Description => {
                let last = self.packet.descriptions.last_mut();
                last.into_iter().for_each(|description| description.tags.end = place.clone());
            }
            Level::Property => {
                if let Some(Said { text, form: Form::Element { tags, list, is_odd, .. }, .. }) =
                    self.packet.said.last_mut()
                {
                    tags.end = place;
                    *is_odd |= list.is_some() && !text.trim().is_empty();
                }
            }
            Level::List | Level::Item => {
                if let Some(Form::Element { list: Some(list), .. }) = self.form() {
                    match (level, list.items.last_mut()) {
                        (Level::Item, Some(item)) => item.tags.end = place,
                        _ => list.tags.end = place,
                    }
                }
            }
            Level::Rdf { is_first: false } | Level::Other => {}
        }
    }
}

struct Attribute {
    is_declaration: bool,
    namespace: String,
    local: String,
    whole: Range<usize>,
    value: Range<usize>,
    text: String,
}

impl Attribute {
    /// `xml:lang` or a namespace, which change nothing about what a property is.
    fn is_of_xml(&self) -> bool {
        self.is_declaration || self.namespace == XML
    }
}

/// The properties that sidecars are written for.
fn kept(namespace: &str, local: &str) -> Option<Property> {
    use Property as P;
    Property::of(namespace, local).filter(|property| {
        let lists = [P::Subject, P::HierarchicalSubject, P::TagsList, P::LastKeywords];
        lists.contains(property) || [P::Rating, P::Favourite].contains(property)
    })
}

fn known_encoding(name: &str) -> Result<(), Unwritable> {
    let known = ["utf-8", "utf8", "utf-16", "utf-16le", "utf-16be"];
    match known.contains(&name.to_ascii_lowercase().as_str()) {
        true => Ok(()),
        false => Err(Unwritable::Encoding { name: name.to_owned() }),
    }
}

fn undeclared(prefix: &str) -> String {
    format!("the prefix \u{201c}{prefix}:\u{201d} is not declared")
}

/// A packet is bounded far below what does not fit.
fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}
