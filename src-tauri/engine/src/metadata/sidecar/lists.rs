//! Which keywords a list is to lose and to gain.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

use super::super::text;
use super::super::xmp::Property;
use super::{Before, Saying};

/// What a list is about: what was and what is to be in it, spelt as it spells.
pub(super) struct Wanted {
    /// Not said any more.
    gone: HashSet<String>,
    said: Vec<String>,
    /// Words that are there as well if they are a step of some path.
    words: Vec<String>,
    separator: Option<char>,
}

impl Wanted {
    /// Of a property that lists keywords.
    pub(super) fn of(property: Property, before: &Before, now: &Saying) -> Self {
        let (mut gone, mut said, mut words) = (HashSet::new(), Vec::new(), Vec::new());
        let mut separator = None;
        match property {
            Property::HierarchicalSubject => {
                gone.extend(before.hierarchical.iter().filter_map(|path| path_of(path)));
                said.extend(now.hierarchical.iter().filter_map(|path| path_of(path)));
            }
            Property::TagsList | Property::LastKeywords => {
                separator = Some('/');
                // These have no way to write a stroke in a name.
                let path = |path: &String| {
                    path_of(path).filter(|path| !path.contains('/')).map(|p| p.replace('|', "/"))
                };
                let word = |word: &String| word_of(word).filter(|word| !word.contains(['/', '|']));
                gone.extend(before.hierarchical.iter().filter_map(path));
                gone.extend(before.keywords.iter().filter_map(word));
                said.extend(now.hierarchical.iter().filter_map(path));
                words.extend(now.keywords.iter().filter_map(word));
            }
            _ => {
                gone.extend(before.keywords.iter().filter_map(|word| word_of(word)));
                said.extend(now.keywords.iter().filter_map(|word| word_of(word)));
            }
        }
        gone.retain(|name| !said.contains(name) && !words.contains(name));
        Self { gone, said, words, separator }
    }

    /// Whether this item is to go.
    pub(super) fn is_gone(&self, item: &str) -> bool {
        self.spelt(item).is_some_and(|item| self.gone.contains(&item))
    }

    /// What is to be added to what stays. A name that is there with other capitals
    /// is there.
    pub(super) fn missing<'a>(&self, stays: impl Iterator<Item = &'a str>) -> Vec<String> {
        let mut there: HashSet<String> =
            stays.filter_map(|item| self.spelt(item)).map(|item| folded(&item)).collect();
        let new = |name: &&String| there.insert(folded(name));
        let mut missing: Vec<String> = self.said.iter().filter(new).cloned().collect();
        let mut steps: HashSet<String> = there
            .iter()
            .flat_map(|path| path.split('/'))
            .map(|step| step.trim().to_owned())
            .collect();
        missing.extend(self.words.iter().filter(|word| steps.insert(folded(word))).cloned());
        missing
    }

    fn spelt(&self, item: &str) -> Option<String> {
        let item = text::line(item)?;
        Some(match self.separator {
            Some(separator) => item.replace('|', &separator.to_string()),
            None => item,
        })
    }
}

fn word_of(name: &str) -> Option<String> {
    // No XML has these two.
    text::line(&name.replace(['\u{FFFE}', '\u{FFFF}'], " "))
}

fn path_of(path: &str) -> Option<String> {
    let steps: Vec<String> = path.split('|').filter_map(word_of).collect();
    (!steps.is_empty()).then(|| steps.join("|"))
}

/// What names have in common that are the same to people.
fn folded(name: &str) -> String {
    name.nfc().collect::<String>().to_lowercase().nfc().collect()
}
