//! What the engine says, for the front end to say in the person's language.

use std::collections::BTreeMap;

use afterimage_engine as engine;
use serde::Serialize;

/// What is said to a person: what happened, and the causes of that in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub parts: Vec<MessagePart>,
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct MessagePart {
    /// English with the names of values in braces; empty for the words of somebody
    /// else, which are the value "words".
    pub template: String,
    /// What to put in, by name.
    pub values: BTreeMap<String, String>,
}

impl From<engine::Message> for Message {
    fn from(message: engine::Message) -> Self {
        let part = |engine::Part { template, values }| MessagePart {
            template,
            values: values.into_iter().collect(),
        };
        Self { parts: message.into_parts().into_iter().map(part).collect() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use proc_macro2::{TokenStream, TokenTree};

    use super::*;

    /// Where sentences are that the window may show: of the engine, and of this crate.
    const SOURCES: [&str; 2] = ["engine/src", "src"];
    /// What only the command line shows.
    const NOT_SHOWN: [&str; 1] = ["engine/src/bench"];

    #[test]
    fn every_part_keeps_its_template_and_its_values() {
        let cause = engine::Message::verbatim("no such device");
        let message = engine::message!("cannot read {path}", path = "a.jpg").because(cause);
        let json = serde_json::to_value(Message::from(message)).unwrap();
        let parts = serde_json::json!([
            {"template": "cannot read {path}", "values": {"path": "a.jpg"}},
            {"template": "", "values": {"words": "no such device"}},
        ]);
        assert_eq!(json, serde_json::json!({ "parts": parts }));
    }

    /// The front end's tests ask for a translation of each of these.
    #[test]
    fn the_sentences_to_translate_are_those_of_the_sources() {
        let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = BTreeSet::new();
        for folder in SOURCES {
            read_folder(crate_root, Path::new(folder), &mut found);
        }
        assert!(found.contains("the disk is full") && found.len() > 300, "{}", found.len());
        let list = serde_json::to_string_pretty(&found).unwrap() + "\n";
        crate::dto::tests::keep("ui/src/messages/engine.json", &list);
    }

    fn read_folder(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let path = folder.join(&name);
            let is_test = name.ends_with("tests.rs") || name == "tests";
            if is_test || NOT_SHOWN.iter().any(|not| path == Path::new(not)) {
                continue;
            }
            if root.join(&path).is_dir() {
                read_folder(root, &path, found);
            } else if name.ends_with(".rs") {
                let source = fs::read_to_string(root.join(&path)).unwrap();
                read_tokens(source.parse().unwrap(), &path, found);
            }
        }
    }

    /// Takes in the first argument of each `message!` and `phrase!`, but not of tests.
    fn read_tokens(tokens: TokenStream, path: &Path, found: &mut BTreeSet<String>) {
        let mut before = [String::new(), String::new()];
        let mut of_tests = false;
        for token in tokens {
            let words = token.to_string();
            if let TokenTree::Group(group) = &token {
                let is_ours = before[1] == "!" && ["message", "phrase"].contains(&&*before[0]);
                let inside = group.stream();
                match inside.clone().into_iter().next() {
                    Some(TokenTree::Literal(first)) if is_ours => {
                        let template: syn::LitStr = syn::parse_str(&first.to_string()).unwrap();
                        check(&template.value(), inside, &before[0], path);
                        found.insert(template.value());
                    }
                    _ if of_tests && words.starts_with('{') => of_tests = false,
                    _ => read_tokens(inside, path, found),
                }
                of_tests |= before[1] == "#" && words.replace(' ', "") == "[cfg(test)]";
            }
            of_tests &= words != ";";
            before = [std::mem::take(&mut before[1]), words];
        }
    }

    /// What a template names is what is put in.
    fn check(template: &str, arguments: TokenStream, macro_name: &str, path: &Path) {
        let mut named: Vec<&str> =
            template.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect();
        let mut given = Vec::new();
        let mut after_comma = false;
        for token in arguments {
            let words = token.to_string();
            if after_comma && let TokenTree::Ident(_) = token {
                given.push(words.clone());
            }
            after_comma = words == ",";
        }
        named.sort_unstable();
        named.dedup();
        given.sort_unstable();
        if macro_name == "message" {
            assert_eq!(given, named, "{}: {template:?}", path.display());
        }
    }
}
