//! The merging of what is said into a packet.

use std::collections::HashSet;

use super::super::text;
use super::super::xmp::{AFTERIMAGE, Property, RDF, truth};
use super::edit::{self, Edits, deeper, escaped, lead, line_or_nothing};
use super::lists::Wanted;
use super::packet::{Form, Item, List, Packet, Parent, Said, Scope, Tags};
use super::{Before, Place, Saying, Unwritable};

/// The new text, what it has more and what it has less; `None` if it is the same.
type Changed = Option<(String, Vec<String>, Vec<String>)>;

/// How a property is written that is not there yet.
struct Name {
    namespace: &'static str,
    prefix: &'static str,
    local: &'static str,
    usual: &'static str,
}

const SUBJECT: Name = Name {
    namespace: "http://purl.org/dc/elements/1.1/",
    prefix: "dc",
    local: "subject",
    usual: "dc:subject",
};
const HIERARCHICAL: Name = Name {
    namespace: "http://ns.adobe.com/lightroom/1.0/",
    prefix: "lr",
    local: "hierarchicalSubject",
    usual: "lr:hierarchicalSubject",
};
const RATING: Name = Name {
    namespace: "http://ns.adobe.com/xap/1.0/",
    prefix: "xmp",
    local: "Rating",
    usual: "xmp:Rating",
};
const FAVOURITE: Name = Name {
    namespace: AFTERIMAGE,
    prefix: "afterimage",
    local: "Favourite",
    usual: "afterimage:Favourite",
};

pub(super) fn merged(text: &str, before: &Before, now: &Saying) -> Result<Changed, Unwritable> {
    let packet = Packet::of(text)?;
    let Some(rdf) = &packet.rdf else { return Err(Unwritable::NotXmp) };
    if packet.descriptions.is_empty() {
        // Nothing is said in it, so what is new is all that matters.
        let described = described(text, rdf);
        return Merge::of(&described, &Packet::of(&described)?).through(before, now);
    }
    Merge::of(text, &packet).through(before, now)
}

/// With a place to write properties to.
fn described(text: &str, rdf: &Parent) -> String {
    let mut additions = Additions::default();
    let element = rdf.tags.prefix();
    let attribute = additions.prefix(&rdf.scope, RDF, "rdf");
    let declared = additions.declarations(" ");
    let lead = line_or_nothing(lead(text, rdf.tags.start.start));
    let inner = deeper(lead);
    let new = format!(
        "{inner}<{element}Description{declared} {attribute}:about=\"\">{inner}\
         </{element}Description>"
    );
    let mut edits = Edits::default();
    match &rdf.tags.end {
        Some(end) => {
            let at = edit::end_before(text, end.start).max(rdf.tags.start.end);
            let closing = if at == end.start { lead } else { "" };
            edits.insert(at, format!("{new}{closing}"));
        }
        None => edits.replace(rdf.tags.inside(), rdf.tags.holding(&format!("{new}{lead}"))),
    }
    edits.applied(text).unwrap_or_default()
}

/// What a description is to have more.
#[derive(Default)]
struct Additions {
    declared: Scope,
    attributes: Vec<String>,
    children: String,
}

impl Additions {
    /// One that names may have here; it is declared if it was not.
    fn prefix(&mut self, scope: &Scope, namespace: &str, usual: &str) -> String {
        let named = |scope: &Scope| {
            let mut named = scope.iter().filter(|(prefix, _)| !prefix.is_empty());
            named.find(|(_, address)| address == namespace).map(|(prefix, _)| prefix.clone())
        };
        if let Some(prefix) = named(scope).or_else(|| named(&self.declared)) {
            return prefix;
        }
        let is_taken = |name: &str| {
            scope.iter().chain(&self.declared).any(|(prefix, _)| prefix.as_str() == name)
        };
        let mut prefix = usual.to_owned();
        let mut number = 1;
        while is_taken(&prefix) {
            number += 1;
            prefix = format!("{usual}{number}");
        }
        self.declared.push((prefix.clone(), namespace.to_owned()));
        prefix
    }

    fn declarations(&self, lead: &str) -> String {
        let declared = self.declared.iter();
        declared.map(|(prefix, address)| format!("{lead}xmlns:{prefix}=\"{address}\"")).collect()
    }
}

struct Merge<'a> {
    text: &'a str,
    packet: &'a Packet,
    edits: Edits,
    /// Of each description.
    additions: Vec<Additions>,
    added: Vec<String>,
    removed: Vec<String>,
}

impl<'a> Merge<'a> {
    fn of(text: &'a str, packet: &'a Packet) -> Self {
        let additions = packet.descriptions.iter().map(|_| Additions::default()).collect();
        let (added, removed) = (Vec::new(), Vec::new());
        Self { text, packet, edits: Edits::default(), additions, added, removed }
    }

    fn through(mut self, before: &Before, now: &Saying) -> Result<Changed, Unwritable> {
        self.list(Property::Subject, Some(&SUBJECT), before, now)?;
        self.list(Property::HierarchicalSubject, Some(&HIERARCHICAL), before, now)?;
        self.list(Property::TagsList, None, before, now)?;
        self.list(Property::LastKeywords, None, before, now)?;
        if let Some(stars) = now.rating.map(|stars| stars.clamp(-1, 5)) {
            let is_same = |text: &str| {
                text.trim().parse::<f64>().is_ok_and(|there| there == f64::from(stars))
            };
            self.value(Property::Rating, &RATING, &stars.to_string(), is_same)?;
        }
        match now.favourite {
            Some(true) => {
                let is_same = |text: &str| truth(text) == Some(true);
                self.value(Property::Favourite, &FAVOURITE, "True", is_same)?;
            }
            Some(false) => {
                for said in self.packet.all(Property::Favourite) {
                    self.edits.remove(self.text, said.whole());
                }
            }
            None => {}
        }
        self.describe();
        let Self { text, edits, added, removed, .. } = self;
        Ok(edits.applied(text).map(|new| (new, added, removed)))
    }

    /// Sets a property of one value, wherever it is, or adds it.
    fn value(
        &mut self,
        property: Property,
        name: &Name,
        value: &str,
        is_same: impl Fn(&str) -> bool,
    ) -> Result<(), Unwritable> {
        let mut is_there = false;
        for said in self.packet.all(property) {
            is_there = true;
            match &said.form {
                Form::Element { list, is_plain, is_odd, .. }
                    if list.is_some() || *is_odd || !is_plain =>
                {
                    return Err(self.odd(said, name));
                }
                _ if is_same(&said.text) => {}
                Form::Attribute { value: place, .. } => self.edits.replace(place.clone(), value),
                Form::Element { tags, .. } => {
                    self.edits.replace(tags.inside(), tags.holding(value));
                }
            }
        }
        if !is_there {
            let (description, qualified) = self.home_of(name);
            self.additions[description].attributes.push(format!("{qualified}=\"{value}\""));
        }
        Ok(())
    }

    /// Merges keywords into all writings of a property; what has a name is added
    /// where it is not there.
    fn list(
        &mut self,
        property: Property,
        name: Option<&Name>,
        before: &Before,
        now: &Saying,
    ) -> Result<(), Unwritable> {
        let wanted = Wanted::of(property, before, now);
        let missing = wanted.missing(self.staying(property, &wanted).into_iter());
        let goal = if missing.is_empty() { None } else { self.place_for(property) };
        if let (Some(name), false, None) = (name, missing.is_empty(), goal) {
            if let Some(odd) = self.packet.all(property).next() {
                return Err(self.odd(odd, name));
            }
            let (description, qualified) = self.home_of(name);
            let lead = self.child_lead(description);
            let rdf = self.packet.descriptions[description].tags.prefix();
            let list = new_list(property, rdf, &lead, "", &missing);
            let element = format!("{lead}<{qualified}>{list}{lead}</{qualified}>");
            self.additions[description].children.push_str(&element);
        }
        let mut removed = Vec::new();
        for (number, said) in self.packet.said.iter().enumerate() {
            if said.property == property {
                let new = if goal == Some(number) { missing.as_slice() } else { &[] };
                self.rewrite(said, &wanted, new, &mut removed);
            }
        }
        if name.is_some() {
            // What digiKam or Windows listed is theirs, though it was not here.
            let theirs = self.listed_as_tags();
            self.added.extend(missing.into_iter().filter(|name| !theirs.contains(&tag_of(name))));
            self.removed.extend(removed);
        }
        Ok(())
    }

    /// What is in the lists of tags that are only kept in step.
    fn listed_as_tags(&self) -> HashSet<String> {
        let mut tags = HashSet::new();
        for said in [Property::TagsList, Property::LastKeywords]
            .into_iter()
            .flat_map(|property| self.packet.all(property))
        {
            match &said.form {
                Form::Element { list: Some(list), .. } => {
                    tags.extend(list.items.iter().map(|item| tag_of(&item.text)));
                }
                _ => {
                    tags.insert(tag_of(&said.text));
                }
            }
        }
        tags
    }

    /// The items of a property that are not to go.
    fn staying(&self, property: Property, wanted: &Wanted) -> Vec<&'a str> {
        let mut staying = Vec::new();
        for said in self.packet.all(property) {
            match &said.form {
                Form::Element { list: Some(list), is_odd, .. } => {
                    let stays = |item: &&Item| *is_odd || !goes(item, wanted);
                    staying.extend(list.items.iter().filter(stays).map(|i| i.text.as_str()));
                }
                _ if !said.goes(wanted) => staying.push(&said.text),
                _ => {}
            }
        }
        staying
    }

    /// The writing that takes what is new: one with a list, else one that can be
    /// made to have it.
    fn place_for(&self, property: Property) -> Option<usize> {
        let find = |fits: fn(&Form) -> bool| {
            let mut all = self.packet.said.iter();
            all.position(|said| said.property == property && fits(&said.form))
        };
        find(|form| matches!(form, Form::Element { list: Some(_), is_odd: false, .. }))
            .or_else(|| find(|form| matches!(form, Form::Element { is_odd: false, .. })))
            .or_else(|| find(|form| matches!(form, Form::Attribute { .. })))
    }

    /// One writing of a list without what is to go and with what is new.
    fn rewrite(&mut self, said: &Said, wanted: &Wanted, new: &[String], removed: &mut Vec<String>) {
        let goes = said.goes(wanted);
        match &said.form {
            Form::Element { is_odd: true, .. } => {}
            Form::Element { list: Some(list), tags, is_plain, .. } => {
                let gone = || list.items.iter().filter(|item| self::goes(item, wanted));
                removed.extend(gone().map(|item| item.text.clone()));
                let is_emptied = !list.items.is_empty() && gone().count() == list.items.len();
                if is_emptied && new.is_empty() && *is_plain {
                    self.edits.remove(self.text, tags.whole());
                } else {
                    gone().for_each(|item| self.edits.remove(self.text, item.tags.whole()));
                    self.append(list, new);
                }
            }
            Form::Element { tags, rdf, .. } if goes || !new.is_empty() => {
                if goes {
                    removed.push(said.text.clone());
                }
                if new.is_empty() {
                    self.edits.remove(self.text, tags.whole());
                    return;
                }
                let raw = if tags.end.is_some() { &self.text[tags.inside()] } else { "" };
                let (beside, old) = match said.text.trim() {
                    _ if goes => ("", ""),
                    "" => (raw.trim_end(), ""),
                    _ => ("", raw.trim()),
                };
                let lead = line_or_nothing(lead(self.text, tags.start.start));
                let list = new_list(said.property, rdf, lead, old, new);
                self.edits.replace(tags.inside(), tags.holding(&format!("{beside}{list}{lead}")));
            }
            Form::Attribute { whole, value } if goes || !new.is_empty() => {
                self.edits.remove(self.text, whole.clone());
                if goes {
                    removed.push(said.text.clone());
                }
                if !new.is_empty() {
                    // The name is what is before the sign and the quote.
                    let name = &self.text[whole.start..value.start - 1];
                    let name = name.trim_end().trim_end_matches('=').trim_end();
                    let old = if goes { "" } else { &self.text[value.clone()] };
                    let lead = self.child_lead(said.description);
                    let rdf = self.packet.descriptions[said.description].tags.prefix();
                    let list = new_list(said.property, rdf, &lead, old, new);
                    let element = format!("{lead}<{name}>{list}{lead}</{name}>");
                    self.additions[said.description].children.push_str(&element);
                }
            }
            _ => {}
        }
    }

    /// Adds items to a list behind those that are there.
    fn append(&mut self, list: &List, new: &[String]) {
        if new.is_empty() {
            return;
        }
        let outer = line_or_nothing(lead(self.text, list.tags.start.start));
        let inner = match list.items.last() {
            Some(last) => lead(self.text, last.tags.start.start).to_owned(),
            None => deeper(outer),
        };
        let items = items(list.tags.prefix(), &inner, "", new);
        match (&list.tags.end, list.items.last()) {
            (None, _) => {
                let items = list.tags.holding(&(items + outer));
                self.edits.replace(list.tags.inside(), items);
            }
            (Some(_), Some(last)) => self.edits.insert(last.tags.whole().end, items),
            (Some(end), None) => {
                let at = edit::end_before(self.text, end.start).max(list.tags.start.end);
                let closing = if at == end.start { outer } else { "" };
                self.edits.insert(at, items + closing);
            }
        }
    }

    /// Where a property is to be added, and its name there.
    fn home_of(&mut self, name: &Name) -> (usize, String) {
        let knows = |parent: &Parent| {
            let mut scope = parent.scope.iter();
            scope.any(|(prefix, address)| !prefix.is_empty() && address == name.namespace)
        };
        let description = self.packet.descriptions.iter().position(knows).unwrap_or(0);
        let scope = &self.packet.descriptions[description].scope;
        let prefix = self.additions[description].prefix(scope, name.namespace, name.prefix);
        (description, format!("{prefix}:{}", name.local))
    }

    /// The blanks before a new element of a description.
    fn child_lead(&self, description: usize) -> String {
        let parent = &self.packet.descriptions[description];
        match parent.last_child {
            Some(last) => line_or_nothing(lead(self.text, last)).to_owned(),
            None => deeper(line_or_nothing(lead(self.text, parent.tags.start.start))),
        }
    }

    /// Puts into the descriptions what they are to have more.
    fn describe(&mut self) {
        for (parent, additions) in self.packet.descriptions.iter().zip(&self.additions) {
            let outer = line_or_nothing(lead(self.text, parent.tags.start.start));
            let Tags { start, end, .. } = &parent.tags;
            let sign = if end.is_some() { 1 } else { 2 };
            let at = edit::end_before(self.text, start.end - sign);
            let between = match parent.attributes.as_slice() {
                [.., last] if lead(self.text, *last).contains('\n') => lead(self.text, *last),
                [_, .., _] | [] => " ",
                [_] => &format!("{outer}{}", if outer.is_empty() { " " } else { "  " }),
            };
            let mut attributes = additions.declarations(between);
            for attribute in &additions.attributes {
                attributes.push_str(between);
                attributes.push_str(attribute);
            }
            if !attributes.is_empty() {
                self.edits.insert(at, attributes);
            }
            if additions.children.is_empty() {
                continue;
            }
            let children = additions.children.as_str();
            match end {
                None => {
                    let children = parent.tags.holding(&format!("{children}{outer}"));
                    self.edits.replace(parent.tags.inside(), children);
                }
                Some(end) => {
                    let at = edit::end_before(self.text, end.start).max(start.end);
                    let is_tight = at == end.start && parent.last_child.is_none();
                    let closing = if is_tight { outer } else { "" };
                    self.edits.insert(at, format!("{children}{closing}"));
                }
            }
        }
    }

    fn odd(&self, said: &Said, name: &Name) -> Unwritable {
        let at = Place::of(self.text, said.whole().start);
        Unwritable::Form { at, property: name.usual }
    }
}

fn tag_of(name: &str) -> String {
    text::line(name).unwrap_or_default().replace('|', "/")
}

/// Whether an item is to go: one that holds more than a text never is.
fn goes(item: &Item, wanted: &Wanted) -> bool {
    item.is_plain && wanted.is_gone(&item.text)
}

impl Said {
    /// Whether it is to go, where it is no list.
    fn goes(&self, wanted: &Wanted) -> bool {
        let is_text = match &self.form {
            Form::Element { list, is_plain, is_odd, .. } => list.is_none() && *is_plain && !is_odd,
            Form::Attribute { .. } => true,
        };
        is_text && wanted.is_gone(&self.text)
    }
}

/// A list with its blanks, for an element with this lead. `old` is an item in XML.
fn new_list(property: Property, rdf: &str, lead: &str, old: &str, new: &[String]) -> String {
    // digiKam's own is in the order in which tags were given.
    let kind = if property == Property::TagsList { "Seq" } else { "Bag" };
    let outer = deeper(lead);
    let items = items(rdf, &deeper(&outer), old, new);
    format!("{outer}<{rdf}{kind}>{items}{outer}</{rdf}{kind}>")
}

fn items(rdf: &str, lead: &str, old: &str, new: &[String]) -> String {
    let old = (!old.is_empty()).then(|| old.to_owned());
    let items = old.into_iter().chain(new.iter().map(|name| escaped(name)));
    items.map(|item| format!("{lead}<{rdf}li>{item}</{rdf}li>")).collect()
}
