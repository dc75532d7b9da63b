//! What the search box offers while a question is typed: what the language knows,
//! and the values that the photos of the library have.

use std::sync::Arc;

use crate::Engine;
use crate::catalog::{Known, KnownValue};
use crate::error::Result;
use crate::search;
use crate::search::query::{self, Completion as Asked, Key};
use crate::view::Completion;

/// As many as are read before one types on.
const OFFERED: usize = 12;

impl Engine {
    /// What may stand at the cursor, a byte position in the text: names of filters,
    /// their values, and of cameras, lenses, folders, tags and towns those that
    /// photos of the library have, the most frequent first. At most 12; nothing
    /// where there is nothing to complete. Counts are those of the
    /// last look, mostly some seconds old.
    pub fn complete(&self, text: &str, cursor: usize) -> Result<Vec<Completion>> {
        let mut found = Vec::new();
        let mut counted_kinds = false;
        for asked in query::complete(text, cursor) {
            match asked {
                Asked::Offer { at, text, help, of } => {
                    let count = match of {
                        Some(Key::Type) => {
                            counted_kinds = true;
                            self.photos_of_kind(&text)?
                        }
                        _ => None,
                    };
                    let detail = Some(help.to_owned());
                    found.push(Completion { at, text, detail, count });
                }
                Asked::Wanted { key, prefix, at } => {
                    let values = self.values(key, &prefix)?;
                    found.extend(values.into_iter().map(|value| Completion {
                        at: at.clone(),
                        text: query::value_text(&value.text),
                        detail: value.detail,
                        count: Some(value.photos),
                    }));
                }
            }
        }
        if counted_kinds {
            found.sort_by_key(|completion| std::cmp::Reverse(completion.count));
        }
        found.truncate(OFFERED);
        Ok(found)
    }

    /// How many photos are of a kind that the language has a name for.
    fn photos_of_kind(&self, name: &str) -> Result<Option<u64>> {
        let Some(kind) = query::kind_named(name) else { return Ok(None) };
        let format = search::format(kind);
        let formats = self.known(Known::Formats)?;
        Ok(Some(formats.iter().find(|value| value.text == format).map_or(0, |value| value.photos)))
    }

    fn values(&self, key: Key, prefix: &str) -> Result<Vec<KnownValue>> {
        let of = match key {
            Key::Camera => Known::Cameras,
            Key::Lens => Known::Lenses,
            Key::Tag => return self.tag_values(prefix),
            Key::Suggested => return self.suggested_values(prefix),
            Key::Near => Known::Towns,
            Key::Folder => {
                let folders = self.known(Known::Folders)?;
                return Ok(fitting(&folders_at(&folders, prefix), prefix));
            }
            // Nobody looks for one of a hundred thousand names in a list of twelve.
            _ => return Ok(Vec::new()),
        };
        Ok(fitting(&self.known(of)?, prefix))
    }

    /// Keywords of files, and tags that the person gave.
    fn tag_values(&self, prefix: &str) -> Result<Vec<KnownValue>> {
        let decided = self.0.tags.decided(&self.0)?;
        let counts = decided.counts();
        let given = decided.vocabulary.iter().zip(&counts).map(|(one, counts)| KnownValue {
            text: one.name.clone(),
            detail: None,
            photos: counts.tagged as u64,
        });
        let mut values: Vec<KnownValue> = given.filter(|value| value.photos > 0).collect();
        for keyword in self.known(Known::Tags)?.iter() {
            let text = keyword.text.to_lowercase();
            match values.iter_mut().find(|value| value.text.to_lowercase() == text) {
                // Photos may have both; how many is not worth counting.
                Some(value) => value.photos = value.photos.max(keyword.photos),
                None => values.push(keyword.clone()),
            }
        }
        values.sort_by_key(|value| std::cmp::Reverse(value.photos));
        Ok(fitting(&values, prefix))
    }

    /// Categories that are suggested for photos.
    fn suggested_values(&self, prefix: &str) -> Result<Vec<KnownValue>> {
        let model = self.0.serving()?;
        let tagging = self.0.tags.suggested(&self.0, &model, &|| Ok(()))?;
        let names = tagging.vocabulary.iter().enumerate().map(|(at, one)| KnownValue {
            text: one.name.clone(),
            detail: None,
            photos: tagging.likely(at) as u64,
        });
        let mut values: Vec<KnownValue> = names.filter(|value| value.photos > 0).collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.photos));
        Ok(fitting(&values, prefix))
    }

    /// The values as they were last counted; where that is long ago they are counted
    /// again meanwhile.
    fn known(&self, of: Known) -> Result<Arc<[KnownValue]>> {
        let (values, is_old) = self.0.catalog.known_values(of)?;
        if is_old {
            let engine = self.clone();
            std::thread::spawn(move || engine.count_again(of));
        }
        Ok(values)
    }

    /// Counts what the first completion of a value would wait for.
    pub(crate) fn warm_values(&self) {
        Known::ALL.into_iter().for_each(|of| self.count_again(of));
    }

    fn count_again(&self, of: Known) {
        if let Err(error) = self.0.catalog.count_values(of) {
            tracing::debug!("values are not counted: {error}");
        }
    }
}

/// The values that begin with what was typed, then those of which another word
/// does, then those that hold it anywhere; each in their order.
fn fitting(values: &[KnownValue], typed: &str) -> Vec<KnownValue> {
    let typed = typed.to_lowercase();
    let typed = typed.trim_start();
    let fits = |value: &&KnownValue| {
        let text = value.text.to_lowercase();
        let starts_word = |at: usize| !text[..at].ends_with(char::is_alphanumeric);
        let mut places = text.match_indices(typed).map(|(at, _)| at);
        match places.next()? {
            0 => Some(0),
            at if starts_word(at) || places.any(starts_word) => Some(1),
            _ => Some(2),
        }
    };
    let mut found: Vec<(u8, &KnownValue)> =
        values.iter().filter_map(|value| Some((fits(&value)?, value))).collect();
    found.sort_by_key(|(how, _)| *how);
    found.into_iter().take(OFFERED).map(|(_, value)| value.clone()).collect()
}

/// Folders as the filter takes them: by their names alone, wherever they are, or,
/// once a slash was typed, by the last parts of their paths.
fn folders_at(paths: &[KnownValue], typed: &str) -> Vec<KnownValue> {
    let typed = typed.replace('\\', "/").to_lowercase();
    let mut folders: Vec<KnownValue> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for KnownValue { text, photos, .. } in paths {
        let parts: Vec<&str> = text.split('/').collect();
        let Some((name, above)) = parts.split_last() else { continue };
        let shown = if typed.contains('/') {
            // From the part on at which what was typed begins.
            let from = (0..parts.len()).map(|at| parts[at..].join("/"));
            match from.into_iter().find(|end| end.to_lowercase().starts_with(&typed)) {
                Some(end) => end,
                None => continue,
            }
        } else if above.iter().any(|part| part.to_lowercase() == name.to_lowercase()) {
            // Its photos are counted by the folder above it.
            continue;
        } else {
            (*name).to_owned()
        };
        let at = *places.entry(shown.to_lowercase()).or_insert_with(|| {
            folders.push(KnownValue { text: shown, detail: None, photos: 0 });
            folders.len() - 1
        });
        folders[at].photos += photos;
    }
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.photos));
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(list: &[(&str, u64)]) -> Vec<KnownValue> {
        list.iter()
            .map(|(text, photos)| KnownValue {
                text: (*text).to_owned(),
                detail: None,
                photos: *photos,
            })
            .collect()
    }

    #[test]
    fn values_that_begin_so_come_first_then_those_of_which_a_word_does() {
        let cameras = values(&[("Toycan", 90), ("Nikon Cana", 80), ("Canon EOS", 5), ("CAN", 4)]);
        let found: Vec<String> =
            fitting(&cameras, "can").into_iter().map(|value| value.text).collect();
        assert_eq!(found, ["Canon EOS", "CAN", "Nikon Cana", "Toycan"]);
        assert_eq!(fitting(&cameras, "").len(), 4);
        assert_eq!(fitting(&cameras, "x"), []);
    }

    #[test]
    fn folders_are_offered_by_name_and_by_path_once_there_is_a_slash() {
        let paths = values(&[
            ("Pictures", 100),
            ("Pictures/Trips", 60),
            ("Pictures/Trips/Lisbon", 30),
            ("Pictures/Trips/Lisbon/lisbon", 10),
            ("Pictures/Old/Lisbon", 5),
        ]);
        let found = |typed: &str| -> Vec<(String, u64)> {
            let folders = fitting(&folders_at(&paths, typed), typed);
            folders.into_iter().map(|folder| (folder.text, folder.photos)).collect()
        };
        let expected = |list: &[(&str, u64)]| -> Vec<(String, u64)> {
            list.iter().map(|(text, photos)| ((*text).to_owned(), *photos)).collect()
        };
        assert_eq!(found("lis"), expected(&[("Lisbon", 35)]));
        let below = [("Trips/Lisbon", 30), ("Trips/Lisbon/lisbon", 10)];
        assert_eq!(found("trips/"), expected(&below));
        assert_eq!(found("pictures/o"), expected(&[("Pictures/Old/Lisbon", 5)]));
    }
}
