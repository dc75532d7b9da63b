//! Short questions as captions.
//!
//! Models of the CLIP family learnt from captions, in which a thing is seldom
//! named alone. A word or two are therefore put into a few templates and the
//! vectors averaged, as Radford et al. do (arXiv 2103.00020, section 3.1.4,
//! where "A photo of a {label}." alone gains 1.3 points on ImageNet). Their lists
//! also hold video games, origami and drawings; ours is of photos, with the words
//! as they stand among them, and short, for each text costs a run of the tower.
//!
//! It depends on the model. The starter's text tower learnt to compare sentences
//! and never saw a caption: to it "photo" is one more word of the subject. Over
//! the questions of `queries.tsv`, stripped to one or two words, and 350 photos:
//!
//! | texts of "dog" | R-precision | strong precision, recall |
//! | --- | --- | --- |
//! | dog | 0.92 | 0.90, 0.79 |
//! | a dog | 0.93 | 0.85, 0.79 |
//! | a photo of a dog. | 0.86 | 0.86, 0.75 |
//! | the seven best of Radford et al. | 0.89 | 0.86, 0.75 |
//! | dog; a photo of dog; a photo of a dog; a photo of the dog | 0.89 | 0.85, 0.76 |
//!
//! So the starter gets the words alone.

/// A question of more words than this is a sentence already. An article before
/// them is none of them.
const SHORT: usize = 2;

/// What the words are put into, beside standing alone. One template without an
/// article is for what cannot be counted, such as snow.
const TEMPLATES: [&str; 3] = ["a photo of {}.", "a photo of a {}.", "a photo of the {}."];

const ARTICLES: [&str; 3] = ["a", "an", "the"];

/// Words that say already that it is a picture.
const PICTURES: [&str; 6] = ["photo", "photos", "photograph", "picture", "pictures", "image"];

/// What a model's text tower learnt from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wording {
    /// Captions of images: templates help.
    Captions,
    /// Other texts: words stand for themselves.
    Sentences,
}

impl Wording {
    /// That of a family of models, as `ModelInfo::family` names it.
    pub fn of(family: &str) -> Self {
        if family == crate::model::starter::MODEL_TYPE { Self::Sentences } else { Self::Captions }
    }
}

/// The texts whose vectors are averaged to be the vector of `sentence`: itself
/// first, and templates where it is short. Quotes have no say in it, for in the
/// language of the search box they only keep its signs from being read. Nor do
/// English templates go around words in another script, or around numbers; a
/// word of another language in Latin letters cannot be told from an English one,
/// and keeps a part of its direction by the text that is it alone.
pub(super) fn texts(sentence: &str, wording: Wording) -> Vec<String> {
    let mut texts = vec![sentence.to_owned()];
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let is = |word: &str, list: &[&str]| list.iter().any(|other| word.eq_ignore_ascii_case(other));
    let named = match words.split_first() {
        Some((first, rest)) if is(first, &ARTICLES) => rest,
        _ => &words[..],
    };
    let is_short = (1..=SHORT).contains(&named.len());
    let fits = named.iter().all(|word| word.chars().all(is_latin) && !is(word, &PICTURES))
        && named.iter().any(|word| word.chars().any(char::is_alphabetic));
    if wording == Wording::Captions && is_short && fits {
        let named = named.join(" ");
        texts.extend(TEMPLATES.iter().map(|template| template.replace("{}", &named)));
    }
    texts
}

/// A text alone and in each template, however long it is.
pub(super) fn all(text: &str) -> Vec<String> {
    let templates = TEMPLATES.iter().map(|template| template.replace("{}", text));
    std::iter::once(text.to_owned()).chain(templates).collect()
}

/// Whether a character may stand in a word of Latin script.
fn is_latin(c: char) -> bool {
    !c.is_alphabetic() || matches!(c, '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sentence: &str) -> Vec<String> {
        texts(sentence, Wording::Captions)
    }

    #[test]
    fn a_word_or_two_become_captions() {
        assert_eq!(
            of("pizza"),
            ["pizza", "a photo of pizza.", "a photo of a pizza.", "a photo of the pizza."]
        );
        assert_eq!(of("red car")[1..3], ["a photo of red car.", "a photo of a red car."]);
    }

    #[test]
    fn an_article_is_not_said_twice() {
        assert_eq!(
            of("a dog"),
            ["a dog", "a photo of dog.", "a photo of a dog.", "a photo of the dog."]
        );
        assert_eq!(of("The red car")[3], "a photo of the red car.");
        assert_eq!(of("a"), ["a"]);
    }

    #[test]
    fn what_is_a_sentence_or_a_caption_stays() {
        for sentence in ["a dog in snow", "two dogs playing", "photo album", "a Picture", ""] {
            assert_eq!(of(sentence), [sentence]);
        }
    }

    #[test]
    fn english_goes_around_no_other_script_and_no_number() {
        for sentence in ["собака", "犬", "café 犬", "2019", "24-35"] {
            assert_eq!(of(sentence), [sentence]);
        }
        assert_eq!(of("Straße").len(), 4, "it cannot be told from an English word");
        assert_eq!(of("route 66").len(), 4);
    }

    #[test]
    fn a_tower_of_sentences_gets_the_words_alone() {
        assert_eq!(texts("dog", Wording::of("conse")), ["dog"]);
        for family in ["clip", "siglip", "clip-xlm-roberta"] {
            assert_eq!(Wording::of(family), Wording::Captions);
        }
    }
}
