//! The models that the application knows by name, and where to get them.
//! What is known of them is written in `assets/models.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

/// A model that can be installed by its name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownModel {
    /// A file name, unique; the id of the installed model.
    pub id: String,
    /// The family that loads it, such as `clip`.
    pub family: String,
    /// A name for people.
    pub title: String,
    /// Whom it suits, in one sentence without a full stop.
    pub about: String,
    /// ISO 639 codes of the languages that a search may be in; `mul` stands
    /// for many.
    pub languages: Vec<String>,
    /// Components of a vector.
    pub dim: usize,
    /// What a download fetches, roughly.
    pub bytes: u64,
    /// The SPDX identifier of the weights' licence.
    pub license: String,
    /// Where the licence can be read.
    pub license_url: String,
    /// Where the hub has it: `OWNER/NAME`.
    pub repository: String,
    /// The branch, tag or commit to fetch.
    #[serde(default = "main")]
    pub revision: String,
    /// The files it needs: of each list, the first that the hub has. A name
    /// alone is of `repository`, `OWNER/NAME:FILE` of another.
    pub files: Vec<Vec<String>>,
    /// Files that are fetched where the repository has them.
    #[serde(default = "along")]
    pub optional: Vec<String>,
    /// Why it stands out, if it does.
    pub recommended: Option<Recommendation>,
    /// Zero-shot classification of ImageNet-1k, top 1, in percent.
    pub imagenet: Option<f32>,
    /// Retrieval of COCO photos by their captions, recall at 1, in percent.
    pub coco: Option<f32>,
    /// The quality of a search in a word or two.
    pub quality: String,
}

/// What a model is recommended for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recommendation {
    /// Whoever does not want to choose.
    Default,
    /// Better results, for those who can wait.
    Better,
    /// Questions in other languages than English.
    Multilingual,
}

/// Every known model; the recommended ones come first.
pub fn known() -> &'static [KnownModel] {
    #[derive(Deserialize)]
    struct Catalogue {
        model: Vec<KnownModel>,
    }
    static KNOWN: LazyLock<Vec<KnownModel>> = LazyLock::new(|| {
        let text = include_str!("../../../../assets/models.toml");
        let catalogue: Catalogue = toml::from_str(text).expect("a test reads assets/models.toml");
        catalogue.model
    });
    &KNOWN
}

impl KnownModel {
    /// The repository and the name that an entry of `files` or `optional`
    /// stands for.
    pub(super) fn place<'a>(&'a self, file: &'a str) -> (&'a str, &'a str) {
        file.split_once(':').unwrap_or((&self.repository, file))
    }

    /// The revision to fetch of a repository.
    pub(super) fn revision_of(&self, repository: &str) -> &str {
        if repository == self.repository { &self.revision } else { "main" }
    }
}

fn main() -> String {
    "main".to_owned()
}

/// What the tokenizer may need, and under which terms the model may be used.
fn along() -> Vec<String> {
    ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "README.md", "LICENSE"]
        .map(str::to_owned)
        .into()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// A file name that means the same on every system.
    fn is_plain(name: &str) -> bool {
        !name.is_empty()
            && !name.starts_with('.')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    }

    fn is_repository(name: &str) -> bool {
        name.split_once('/').is_some_and(|(owner, name)| is_plain(owner) && is_plain(name))
    }

    #[test]
    fn what_is_offered_may_be_used_for_anything() {
        for model in known() {
            assert!(["MIT", "Apache-2.0"].contains(&model.license.as_str()), "{}", model.id);
            assert!(model.license_url.starts_with("https://"), "{}", model.id);
        }
    }

    #[test]
    fn ids_are_unique_file_names() {
        let mut seen = HashSet::new();
        for model in known() {
            assert!(is_plain(&model.id) && model.id == model.id.to_lowercase(), "{}", model.id);
            assert!(seen.insert(&model.id), "{} twice", model.id);
        }
    }

    #[test]
    fn each_recommendation_is_given_once_and_first() {
        use Recommendation::{Better, Default, Multilingual};
        let recommended: Vec<_> = known().iter().map_while(|model| model.recommended).collect();
        assert_eq!(recommended, [Default, Better, Multilingual]);
        let rest = &known()[recommended.len()..];
        assert!(rest.iter().all(|model| model.recommended.is_none()));
    }

    #[test]
    fn files_are_plain_names_fetched_once_from_a_repository() {
        for model in known() {
            let mut seen = HashSet::new();
            for file in &model.optional {
                let (repository, name) = model.place(file);
                assert!(is_repository(repository) && is_plain(name), "{file}");
            }
            for alternatives in &model.files {
                assert!(!alternatives.is_empty(), "{}", model.id);
                let names: HashSet<_> = alternatives
                    .iter()
                    .map(|file| {
                        let (repository, name) = model.place(file);
                        assert!(is_repository(repository) && is_plain(name), "{file}");
                        name
                    })
                    .collect();
                for name in names {
                    assert!(seen.insert(name), "{}: {name} twice", model.id);
                }
            }
            assert!(is_plain(&model.revision), "{}", model.id);
        }
    }

    #[test]
    fn figures_are_plausible() {
        for model in known() {
            assert!([512, 768, 1024].contains(&model.dim), "{}", model.id);
            assert!((100_000_000..5_000_000_000).contains(&model.bytes), "{}", model.id);
            let percent = |value: f32| (20.0..95.0).contains(&value);
            assert!(model.imagenet.is_none_or(percent), "{}", model.id);
            assert!(model.coco.is_none_or(percent), "{}", model.id);
            let sentences = [&model.title, &model.about, &model.quality];
            assert!(sentences.into_iter().all(|s| !s.is_empty() && !s.ends_with('.')));
            assert!(!model.languages.is_empty(), "{}", model.id);
        }
    }

    #[test]
    fn a_file_may_be_of_another_repository() {
        let model = known().iter().find(|m| m.id == "vit-b-32-openai").expect("it is listed");
        assert_eq!(model.place("a.json"), ("openai/clip-vit-base-patch32", "a.json"));
        assert_eq!(model.place("b/c:a.json"), ("b/c", "a.json"));
        assert_eq!(model.revision_of("b/c"), "main");
        assert_eq!(model.revision_of(&model.repository), model.revision);
    }
}
