//! The words that tags are: a tree of categories, as it comes with the application
//! and as the person changed it.
//!
//! The bundled tree is `assets/categories.toml`. What the person changes stands
//! apart, field by field, so that an update of the file brings what the person did
//! not touch and overwrites nothing else.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::file;
use crate::catalog::CategoryRow;
use crate::message::Message;
use crate::view::{Category, CategoryOrigin};

/// Of a name, in characters.
pub(super) const LONGEST_NAME: usize = 60;
/// Of a prompt, in characters: text towers read 64 or 77 tokens.
const LONGEST_PROMPT: usize = 200;
/// Each prompt costs a run of the text tower.
const MOST_PROMPTS: usize = 10;
const MOST_SYNONYMS: usize = 50;

/// What the person said of a category: the fields that were set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Said {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<BTreeMap<String, String>>,
    /// `Some(None)`: it was taken out of its parent.
    #[serde(skip_serializing_if = "Option::is_none", with = "double")]
    pub parent: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompts: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synonyms: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confused_with: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclusive: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
    /// An own one that was deleted, and may come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<bool>,
}

/// An option within an option: `null` is a value, absence is none.
mod double {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(
        value: &Option<Option<String>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        value.clone().flatten().serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Option<String>>, D::Error> {
        Option::deserialize(from).map(Some)
    }
}

/// A tree of categories, depth first: each behind the one that it is a part of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Vocabulary {
    categories: Vec<Category>,
    by_id: HashMap<String, usize>,
    /// Where the subtree of each ends.
    ends: Vec<usize>,
    parents: Vec<Option<usize>>,
    hidden: Vec<bool>,
}

impl Vocabulary {
    /// Those that come with the application.
    pub fn bundled() -> &'static Self {
        static BUNDLED_ONES: LazyLock<Vocabulary> = LazyLock::new(|| {
            let categories =
                file::read(file::BUNDLED).expect("a test reads assets/categories.toml");
            Vocabulary::of_categories(categories)
        });
        &BUNDLED_ONES
    }

    /// With what the person said. A row that cannot be read says nothing.
    pub fn with(&self, rows: &[CategoryRow]) -> Self {
        let mut categories = self.categories.clone();
        for row in rows {
            let said: Said = match serde_json::from_str(&row.said) {
                Ok(said) => said,
                Err(error) => {
                    tracing::warn!("what was said of the category {:?} is lost: {error}", row.id);
                    continue;
                }
            };
            match (self.by_id.get(&row.id), row.own) {
                (Some(at), _) => {
                    let category = &mut categories[*at];
                    said.change(category);
                    if *category != self.categories[*at] {
                        category.origin = CategoryOrigin::Changed;
                    }
                }
                (None, true) if said.removed == Some(true) => {}
                (None, true) => {
                    let mut category = empty(row.id.clone(), CategoryOrigin::Own);
                    said.change(&mut category);
                    categories.push(category);
                }
                // An update dropped what the person had changed.
                (None, false) => {}
            }
        }
        Self::of_categories(categories)
    }

    /// In the order of a tree. What names no parent that is there, or one that it is
    /// itself above, is at the top.
    pub fn of_categories(categories: Vec<Category>) -> Self {
        let index: HashMap<&str, usize> =
            categories.iter().enumerate().map(|(at, one)| (one.id.as_str(), at)).collect();
        let parent_of =
            |at: usize| -> Option<usize> { index.get(categories[at].parent.as_deref()?).copied() };
        let rooted = |at: usize| {
            let mut above = at;
            for _ in 0..categories.len() {
                match parent_of(above) {
                    Some(next) if next != at => above = next,
                    Some(_) => return false,
                    None => return true,
                }
            }
            false
        };
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); categories.len()];
        let mut tops = Vec::new();
        for at in 0..categories.len() {
            match parent_of(at).filter(|_| rooted(at)) {
                Some(parent) => children[parent].push(at),
                None => tops.push(at),
            }
        }
        // Own ones stand behind the bundled ones, by their names.
        let own_last = |list: &mut Vec<usize>| {
            list.sort_by_key(|at| {
                let own = categories[*at].origin == CategoryOrigin::Own;
                (own, own.then(|| fold(&categories[*at].name)))
            });
        };
        own_last(&mut tops);
        children.iter_mut().for_each(own_last);

        let mut tree = Self {
            categories: Vec::with_capacity(categories.len()),
            by_id: HashMap::new(),
            ends: vec![0; categories.len()],
            parents: Vec::with_capacity(categories.len()),
            hidden: Vec::with_capacity(categories.len()),
        };
        let mut stack: Vec<(usize, Option<usize>, bool)> =
            tops.iter().rev().map(|top| (*top, None, false)).collect();
        while let Some((at, parent, hidden)) = stack.pop() {
            let category = categories[at].clone();
            let here = tree.categories.len();
            let hidden = hidden || category.hidden;
            tree.by_id.insert(category.id.clone(), here);
            tree.categories.push(category);
            tree.parents.push(parent);
            tree.hidden.push(hidden);
            stack.extend(children[at].iter().rev().map(|child| (*child, Some(here), hidden)));
        }
        for at in (0..tree.len()).rev() {
            tree.ends[at] = tree.ends[at].max(at + 1);
            if let Some(parent) = tree.parents[at] {
                tree.ends[parent] = tree.ends[parent].max(tree.ends[at]);
            }
        }
        tree
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.categories.len()
    }

    /// All of them, each behind its parent.
    pub fn iter(&self) -> impl Iterator<Item = &Category> {
        self.categories.iter()
    }

    /// The one at a place of that order.
    pub fn at(&self, at: usize) -> &Category {
        &self.categories[at]
    }

    /// Where the category of this id is.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Where the category of this id or name is, of any case and in any language: a
    /// visible one before a hidden one.
    pub fn named(&self, name: &str) -> Option<usize> {
        let wanted = fold(name);
        let is_it = |at: &usize| {
            let one = &self.categories[*at];
            fold(&one.name) == wanted || one.names.values().any(|name| fold(name) == wanted)
        };
        self.find(name.trim()).or_else(|| {
            let mut named: Vec<usize> = (0..self.len()).filter(is_it).collect();
            named.sort_by_key(|at| self.hidden[*at]);
            named.first().copied()
        })
    }

    /// Another category that has one of the names of this one; any that is hidden may.
    pub fn clash(&self, category: &Category) -> Option<&Category> {
        let names: HashSet<String> =
            category.names.values().chain([&category.name]).map(|name| fold(name)).collect();
        let others = (0..self.len()).filter(|at| !self.is_hidden(*at)).map(|at| self.at(at));
        others.filter(|other| other.id != category.id).find(|other| {
            other.names.values().chain([&other.name]).any(|name| names.contains(&fold(name)))
        })
    }

    /// The ids of categories of this name or synonym, and of those below them.
    pub fn meant_by(&self, name: &str) -> Vec<&str> {
        let wanted = fold(name);
        let mut meant = HashSet::new();
        for at in 0..self.len() {
            let one = &self.categories[at];
            let mut words =
                one.synonyms.iter().chain(one.names.values()).chain([&one.name, &one.id]);
            if words.any(|word| fold(word) == wanted) {
                meant.extend(at..self.ends[at]);
            }
        }
        let mut meant: Vec<usize> = meant.into_iter().collect();
        meant.sort_unstable();
        meant.into_iter().map(|at| self.categories[at].id.as_str()).collect()
    }

    /// Those below one, and itself first.
    pub fn subtree(&self, at: usize) -> Range<usize> {
        at..self.ends[at]
    }

    /// The one above.
    pub fn parent(&self, at: usize) -> Option<usize> {
        self.parents[at]
    }

    /// Those above one, the nearest first.
    pub fn above(&self, at: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.parents[at], |above| self.parents[*above])
    }

    /// The names from the widest to itself.
    pub fn path(&self, at: usize) -> Vec<&str> {
        let mut path: Vec<&str> =
            self.above(at).map(|above| self.at(above).name.as_str()).collect();
        path.reverse();
        path.push(&self.at(at).name);
        path
    }

    /// Whether it, or one above it, is not wanted.
    pub fn is_hidden(&self, at: usize) -> bool {
        self.hidden[at]
    }

    /// What must be said of a category for it to become this; of an own one
    /// everything. `None` where it is what it is without being said.
    pub fn said_of(&self, wanted: &Category) -> Option<Said> {
        let bundled = Self::bundled().find(&wanted.id).map(|at| Self::bundled().at(at));
        let differs = |differs: bool| bundled.is_none() || differs;
        let base = bundled.cloned().unwrap_or_else(|| empty(String::new(), CategoryOrigin::Own));
        let said = Said {
            name: differs(wanted.name != base.name).then(|| wanted.name.clone()),
            names: differs(wanted.names != base.names).then(|| wanted.names.clone()),
            parent: differs(wanted.parent != base.parent).then(|| wanted.parent.clone()),
            prompts: differs(wanted.prompts != base.prompts).then(|| wanted.prompts.clone()),
            synonyms: differs(wanted.synonyms != base.synonyms).then(|| wanted.synonyms.clone()),
            confused_with: differs(wanted.confused_with != base.confused_with)
                .then(|| wanted.confused_with.clone()),
            exclusive: differs(wanted.exclusive != base.exclusive).then_some(wanted.exclusive),
            heading: differs(wanted.heading != base.heading).then_some(wanted.heading),
            hidden: differs(wanted.hidden != base.hidden).then_some(wanted.hidden),
            removed: None,
        };
        (said != Said::default()).then_some(said)
    }
}

impl Said {
    fn change(self, category: &mut Category) {
        let Self {
            name,
            names,
            parent,
            prompts,
            synonyms,
            confused_with,
            exclusive,
            heading,
            hidden,
            removed: _,
        } = self;
        let set = |field: &mut String, value: Option<String>| {
            if let Some(value) = value {
                *field = value;
            }
        };
        set(&mut category.name, name);
        category.names = names.unwrap_or_else(|| std::mem::take(&mut category.names));
        category.parent = parent.unwrap_or_else(|| category.parent.take());
        category.prompts = prompts.unwrap_or_else(|| std::mem::take(&mut category.prompts));
        category.synonyms = synonyms.unwrap_or_else(|| std::mem::take(&mut category.synonyms));
        category.confused_with =
            confused_with.unwrap_or_else(|| std::mem::take(&mut category.confused_with));
        category.exclusive = exclusive.unwrap_or(category.exclusive);
        category.heading = heading.unwrap_or(category.heading);
        category.hidden = hidden.unwrap_or(category.hidden);
    }
}

pub(super) fn empty(id: String, origin: CategoryOrigin) -> Category {
    Category {
        id,
        name: String::new(),
        names: BTreeMap::new(),
        parent: None,
        prompts: Vec::new(),
        synonyms: Vec::new(),
        confused_with: Vec::new(),
        exclusive: false,
        heading: false,
        hidden: false,
        origin,
    }
}

/// Names are compared without regard to case, blanks around them, and the two ways in
/// which letters with accents are written.
pub(crate) fn fold(name: &str) -> String {
    name.trim().nfc().flat_map(char::to_lowercase).collect()
}

/// Without blanks around them, and without those that are nothing else.
pub(crate) fn trimmed(texts: Vec<String>) -> Vec<String> {
    let texts = texts.into_iter().map(|text| text.trim().to_owned());
    texts.filter(|text| !text.is_empty()).collect()
}

/// What a category may not be, in words.
pub(crate) fn check(category: &Category) -> std::result::Result<(), Message> {
    let Category { name, names, prompts, synonyms, .. } = category;
    for name in names.values().chain([name]) {
        let length = name.chars().count();
        if name.trim().is_empty() {
            return Err(message!("a name is empty: write what you call it"));
        }
        if length > LONGEST_NAME {
            return Err(message!(
                "a name has {length} characters: {most} are the most",
                length,
                most = LONGEST_NAME
            ));
        }
        // A stroke would be two steps in the keywords of other programs.
        if name.contains('|') || name.chars().any(char::is_control) {
            return Err(message!(
                "the name \"{name}\" has a | or a character that cannot be seen: leave it out",
                name
            ));
        }
    }
    if prompts.len() > MOST_PROMPTS {
        return Err(message!(
            "it has {prompts} prompts: {most} are the most",
            prompts = prompts.len(),
            most = MOST_PROMPTS
        ));
    }
    if let Some(long) = prompts.iter().find(|text| text.chars().count() > LONGEST_PROMPT) {
        let length = long.chars().count();
        return Err(message!(
            "a prompt has {length} characters: {most} are the most",
            length,
            most = LONGEST_PROMPT
        ));
    }
    if let Some(long) = synonyms.iter().find(|word| word.chars().count() > LONGEST_NAME) {
        let length = long.chars().count();
        return Err(message!(
            "a synonym has {length} characters: {most} are the most",
            length,
            most = LONGEST_NAME
        ));
    }
    let is_language = |code: &String| {
        (2..=8).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
    };
    if let Some(code) = names.keys().find(|code| !is_language(code)) {
        return Err(message!("\"{code}\" is no language: write its code, such as de", code));
    }
    if synonyms.len() > MOST_SYNONYMS {
        return Err(message!(
            "it has {synonyms} synonyms: {most} are the most",
            synonyms = synonyms.len(),
            most = MOST_SYNONYMS
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::file::SMALL;
    use super::*;

    fn small() -> Vocabulary {
        Vocabulary::of_categories(file::read(SMALL).unwrap())
    }

    fn ids(vocabulary: &Vocabulary) -> Vec<&str> {
        vocabulary.iter().map(|one| one.id.as_str()).collect()
    }

    fn own(id: &str, said: &str) -> CategoryRow {
        CategoryRow { id: id.into(), own: true, said: said.into() }
    }

    #[test]
    fn the_bundled_file_is_whole() {
        let bundled = Vocabulary::bundled();
        assert!(bundled.len() >= 400, "{}", bundled.len());
        for one in bundled.iter() {
            let prompts = one.prompts.len();
            assert!(one.heading || (2..=5).contains(&prompts), "{}: {prompts} prompts", one.id);
            assert!(one.names.contains_key("de"), "{} has no German name", one.id);
            assert!(!one.hidden, "{} is hidden", one.id);
            for other in &one.confused_with {
                assert!(bundled.find(other).is_some(), "{} is confused with {other}", one.id);
            }
        }
        let mut seen = HashMap::new();
        for one in bundled.iter() {
            if let Some(other) = seen.insert(fold(&one.name), &one.id) {
                panic!("{} and {other} are both called {}", one.id, one.name);
            }
        }
        assert!(bundled.iter().filter(|one| one.exclusive).count() >= 2);
    }

    #[test]
    fn a_tree_stands_depth_first() {
        let file = SMALL.replace("parent = \"animal\"", "parent = \"place\"");
        let moved = Vocabulary::of_categories(file::read(&file).unwrap());
        assert_eq!(ids(&moved), ["animal", "place", "dog"]);
        let tree = small();
        assert_eq!(ids(&tree), ["animal", "dog", "place"]);
        assert_eq!(tree.subtree(0), 0..2);
        assert_eq!(tree.path(1), ["Animal", "Dog"]);
        assert_eq!(tree.meant_by("TIER"), ["animal", "dog"]);
        assert_eq!(tree.meant_by("hound"), ["dog"]);
        assert_eq!(tree.named("tier"), Some(0));
        assert_eq!(tree.named("hound"), None, "a synonym is no name");
    }

    #[test]
    fn what_the_person_said_stands_above_the_file() {
        let rows = [
            own("own-1", r#"{"name":"Rex","parent":"dog","prompts":[]}"#),
            CategoryRow { id: "dog".into(), own: false, said: r#"{"name":"Hund"}"#.into() },
            CategoryRow { id: "gone".into(), own: false, said: r#"{"hidden":true}"#.into() },
            own("own-2", "no JSON"),
        ];
        let tree = small().with(&rows);
        assert_eq!(ids(&tree), ["animal", "dog", "own-1", "place"]);
        assert_eq!(
            (tree.at(1).name.as_str(), tree.at(1).origin),
            ("Hund", CategoryOrigin::Changed)
        );
        assert_eq!(tree.at(1).prompts.len(), 2, "what was not said is the file's");
        assert_eq!(tree.at(2).origin, CategoryOrigin::Own);
        let hidden =
            CategoryRow { id: "animal".into(), own: false, said: r#"{"hidden":true}"#.into() };
        let tree = small().with(&[hidden]);
        assert!(tree.is_hidden(1) && !tree.is_hidden(2), "a branch is hidden as a whole");
    }

    #[test]
    fn a_loop_of_parents_is_cut() {
        let rows = [
            CategoryRow { id: "animal".into(), own: false, said: r#"{"parent":"dog"}"#.into() },
            own("own-1", r#"{"name":"Lost","parent":"nowhere"}"#),
        ];
        let tree = small().with(&rows);
        assert_eq!(tree.len(), 4);
        assert!(tree.parent(tree.find("own-1").unwrap()).is_none());
        assert!(tree.above(tree.find("dog").unwrap()).count() <= 1);
        let top = CategoryRow { id: "dog".into(), own: false, said: r#"{"parent":null}"#.into() };
        assert!(small().with(&[top]).parents.iter().all(Option::is_none));
    }

    #[test]
    fn only_what_differs_is_said() {
        let dog = Vocabulary::bundled().at(Vocabulary::bundled().find("dog").unwrap()).clone();
        assert_eq!(Vocabulary::bundled().said_of(&dog), None);
        let renamed = Category { name: "Doggo".into(), ..dog };
        let said = Vocabulary::bundled().said_of(&renamed).unwrap();
        assert_eq!(said, Said { name: Some("Doggo".to_owned()), ..Said::default() });
        assert_eq!(serde_json::to_string(&said).unwrap(), r#"{"name":"Doggo"}"#);
    }
}
