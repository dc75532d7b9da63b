//! Categories files: read with the place of what is wrong in them, and written.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use toml::Spanned;

use super::vocabulary::{LONGEST_NAME, Vocabulary, check, fold, trimmed};
use crate::error::{Error, Result};
use crate::message::Message;
use crate::view::{Category, CategoryOrigin};

/// Those that come with the application.
pub(super) const BUNDLED: &str = include_str!("../../../../assets/categories.toml");

/// Of a file that is imported.
const MOST_CATEGORIES: usize = 5000;

/// A categories file: `[[category]]` tables.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    category: Vec<Spanned<Entry>>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    name: String,
    /// The name in German.
    de: Option<String>,
    /// The name in other languages.
    #[serde(default)]
    names: BTreeMap<String, String>,
    parent: Option<String>,
    #[serde(default)]
    prompts: Vec<String>,
    #[serde(default)]
    synonyms: Vec<String>,
    #[serde(default)]
    confused_with: Vec<String>,
    #[serde(default)]
    exclusive: bool,
    #[serde(default)]
    heading: bool,
    #[serde(default)]
    hidden: bool,
    /// It is known by examples: it has no prompts, and is no heading.
    #[serde(default)]
    by_examples: bool,
}

/// Reads a categories file.
///
/// # Errors
/// One that names the line, what is wrong there and what to do. Nothing of a file
/// with an error is taken.
pub(crate) fn read(text: &str) -> Result<Vec<Category>> {
    let line = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    let file: File = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        Error::usage(
            message!("line {line}", line = line(at))
                .because(Message::verbatim(error.message().trim())),
        )
    })?;
    let wrong = |at: usize, what: Message| {
        Err(Error::usage(message!("line {line}", line = line(at)).because(what)))
    };
    if file.category.is_empty() {
        return wrong(0, message!("there is no [[category]]: write at least one"));
    }
    if file.category.len() > MOST_CATEGORIES {
        return wrong(0, message!("there are more than {most} categories", most = MOST_CATEGORIES));
    }
    let mut lines: HashMap<String, usize> = HashMap::new();
    let mut names: HashMap<String, usize> = HashMap::new();
    let mut parents: HashMap<String, Option<String>> = HashMap::new();
    for entry in &file.category {
        let (at, entry) = (entry.span().start, entry.get_ref());
        if !is_id(&entry.id) {
            return wrong(
                at,
                message!(
                    "\"{id}\" cannot be an id: use 1 to 60 letters a-z, digits and hyphens",
                    id = entry.id
                ),
            );
        }
        if let Some(first) = lines.insert(entry.id.clone(), line(at)) {
            return wrong(
                at,
                message!(
                    "the id \"{id}\" stands in line {first} already: give one of them another",
                    id = entry.id,
                    first
                ),
            );
        }
        let prompts = trimmed(entry.prompts.clone());
        if let Some(first) = names.insert(fold(&entry.name), line(at)) {
            return wrong(
                at,
                message!(
                    "\"{name}\" is what the category in line {first} is called: give one of them \
                     another name",
                    name = entry.name,
                    first
                ),
            );
        }
        if prompts.is_empty() && !entry.heading && !entry.by_examples {
            return wrong(
                at,
                message!(
                    "the category \"{id}\" has no prompts: write captions of photos that show it, \
                     such as prompts = [\"a dog\"], or heading = true where it only holds others",
                    id = entry.id
                ),
            );
        }
        if entry.heading && !prompts.is_empty() {
            return wrong(
                at,
                message!(
                    "the category \"{id}\" is a heading and has prompts: leave one of them out",
                    id = entry.id
                ),
            );
        }
        if let Err(what) = check(&category(entry.clone())) {
            return wrong(at, message!("the category \"{id}\"", id = entry.id).because(what));
        }
        parents.insert(entry.id.clone(), entry.parent.clone());
    }
    for entry in &file.category {
        let (at, id) = (entry.span().start, &entry.get_ref().id);
        let bundled =
            |parent: &str| text != BUNDLED && Vocabulary::bundled().find(parent).is_some();
        let mut above = entry.get_ref().parent.clone();
        let mut steps = 0;
        while let Some(parent) = above {
            steps += 1;
            if parent == *id || steps > parents.len() {
                return wrong(
                    at,
                    message!("the category \"{id}\" is above itself: give it another parent", id),
                );
            }
            above = match parents.get(&parent) {
                Some(above) => above.clone(),
                None if bundled(&parent) => None,
                None => {
                    return wrong(
                        at,
                        message!(
                            "the parent \"{parent}\" of \"{id}\" is no category: correct the id, \
                             or leave the parent out",
                            parent,
                            id
                        ),
                    );
                }
            };
        }
    }
    Ok(file.category.into_iter().map(|entry| category(entry.into_inner())).collect())
}

fn category(entry: Entry) -> Category {
    let Entry { id, name, de, mut names, parent, prompts, synonyms, confused_with, .. } = entry;
    names.extend(de.map(|name| ("de".to_owned(), name)));
    let (exclusive, heading, hidden) = (entry.exclusive, entry.heading, entry.hidden);
    let origin = CategoryOrigin::Bundled;
    let prompts = trimmed(prompts);
    let synonyms = trimmed(synonyms);
    let name = name.trim().to_owned();
    Category {
        id,
        name,
        names,
        parent,
        prompts,
        synonyms,
        confused_with,
        exclusive,
        heading,
        hidden,
        origin,
    }
}

fn is_id(id: &str) -> bool {
    (1..=LONGEST_NAME).contains(&id.len())
        && id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// A categories file of these, which [`read`] reads.
pub(crate) fn write<'a>(categories: impl Iterator<Item = &'a Category>) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let list = |texts: &[String]| {
        let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
        format!("[{}]", texts.join(", "))
    };
    let mut file = String::new();
    for one in categories {
        let mut line = |key: &str, value: String| file.push_str(&format!("{key} = {value}\n"));
        line("[[category]]\nid", quoted(&one.id));
        line("name", quoted(&one.name));
        if !one.names.is_empty() {
            let names: Vec<String> = one
                .names
                .iter()
                .map(|(language, name)| format!("{} = {}", quoted(language), quoted(name)))
                .collect();
            line("names", format!("{{ {} }}", names.join(", ")));
        }
        if let Some(parent) = &one.parent {
            line("parent", quoted(parent));
        }
        if !one.prompts.is_empty() {
            line("prompts", list(&one.prompts));
        } else if !one.heading {
            line("by_examples", true.to_string());
        }
        if !one.synonyms.is_empty() {
            line("synonyms", list(&one.synonyms));
        }
        if !one.confused_with.is_empty() {
            line("confused_with", list(&one.confused_with));
        }
        let flags =
            [("exclusive", one.exclusive), ("heading", one.heading), ("hidden", one.hidden)];
        for (flag, _) in flags.into_iter().filter(|(_, set)| *set) {
            line(flag, true.to_string());
        }
        file.push('\n');
    }
    file
}

/// A tree for tests.
#[cfg(test)]
pub(super) const SMALL: &str = r#"
    [[category]]
    id = "animal"
    name = "Animal"
    de = "Tier"
    prompts = ["an animal"]
    [[category]]
    id = "dog"
    name = "Dog"
    parent = "animal"
    prompts = ["a dog", "a puppy"]
    synonyms = ["hound"]
    [[category]]
    id = "place"
    name = "Place"
    heading = true
    "#;

#[cfg(test)]
mod tests {
    use super::super::vocabulary::empty;
    use super::*;

    #[test]
    fn a_broken_file_is_told_by_its_line() {
        let cases = [
            ("[[category]\nid = 1", "line 1"),
            ("", "at least one"),
            ("[[category]]\nid = \"a\"\nname = \"A\"\n", "has no prompts"),
            ("\n\n[[category]]\nid = \"a\"\nname = \"A\"\nprompts = []\n", "line 3"),
            ("[[category]]\nid = \"A b\"\nname = \"A\"\nprompts = [\"a\"]", "cannot be an id"),
            ("[[category]]\nid = \"a\"\nname = \" \"\nprompts = [\"a\"]", "name is empty"),
            ("[[category]]\nid = \"a\"\nname = \"A|B\"\nprompts = [\"a\"]", "|"),
            (
                "[[category]]\nid = \"a\"\nname = \"A\"\nprompts = [\"a\"]\nparent = \"b\"",
                "no category",
            ),
            (
                "[[category]]\nid = \"a\"\nname = \"A\"\nprompts = [\"a\"]\nparent = \"a\"",
                "above itself",
            ),
            ("[[category]]\nid = \"a\"\nname = \"A\"\npromts = [\"a\"]", "promts"),
            (
                "[[category]]\nid = \"a\"\nname = \"A\"\nheading = true\nprompts = [\"a\"]",
                "heading",
            ),
        ];
        for (file, expected) in cases {
            let error = read(file).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("line"), "{file:?}: {error}");
        }
        let twice =
            format!("{SMALL}\n[[category]]\nid = \"dog\"\nname = \"D\"\nprompts = [\"d\"]\n");
        assert!(read(&twice).unwrap_err().to_string().contains("already"));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let bundled = Vocabulary::bundled();
        let text = write(bundled.iter());
        assert_eq!(Vocabulary::of_categories(read(&text).unwrap()), *bundled);
        let mut odd = empty("own-3".into(), CategoryOrigin::Bundled);
        odd.name = "Qu\"ote \\ and 'more'".into();
        odd.names.insert("de".into(), "Anführung".into());
        let again = read(&write([&odd].into_iter())).unwrap();
        assert_eq!(again, [odd]);
    }
}
