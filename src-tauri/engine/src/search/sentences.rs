//! Vectors of sentences, those that were asked for lately at once.
//!
//! A question is asked many times: for its next page, with another strictness,
//! when the library has grown, and for the count of a saved search.

use std::collections::VecDeque;

use parking_lot::Mutex;

use super::compose;
use super::templates::{self, Wording};
use crate::error::{Error, Result};
use crate::library::Library;
use crate::model::{Embedding, Encoder, ModelInfo};

/// Sentences that are remembered. Each takes two to five kilobytes.
const REMEMBERED: usize = 256;

/// Sentences with their vectors, the one asked for last in front.
#[derive(Default)]
pub(crate) struct Sentences(Mutex<VecDeque<Sentence>>);

struct Sentence {
    /// Of the model's weights.
    fingerprint: String,
    text: String,
    vector: Embedding,
}

impl Sentences {
    /// The vector of each sentence, in order.
    pub fn vectors(
        &self,
        library: &Library,
        model: &ModelInfo,
        sentences: &[&str],
    ) -> Result<Vec<Embedding>> {
        let known: Vec<_> = sentences.iter().map(|text| self.recall(model, text)).collect();
        let unknown: Vec<&str> = known
            .iter()
            .zip(sentences)
            .filter_map(|(known, text)| known.is_none().then_some(*text))
            .collect();
        let mut made = match unknown.is_empty() {
            true => Vec::new(),
            false => encode(&*library.encoders.get(model)?, Wording::of(&model.family), &unknown)?,
        }
        .into_iter();
        for (text, vector) in unknown.iter().zip(made.as_slice()) {
            self.remember(model, text, vector);
        }
        let lost = || Error::failed(message!("the model gave too few vectors"));
        known.into_iter().map(|known| known.or_else(|| made.next()).ok_or_else(lost)).collect()
    }

    fn recall(&self, model: &ModelInfo, text: &str) -> Option<Embedding> {
        let mut recent = self.0.lock();
        let is_it = |s: &Sentence| s.text == text && s.fingerprint == model.fingerprint;
        let at = recent.iter().position(is_it)?;
        let sentence = recent.remove(at)?;
        let vector = sentence.vector.clone();
        recent.push_front(sentence);
        Some(vector)
    }

    fn remember(&self, model: &ModelInfo, text: &str, vector: &Embedding) {
        let fingerprint = model.fingerprint.clone();
        let mut recent = self.0.lock();
        recent.push_front(Sentence { fingerprint, text: text.to_owned(), vector: vector.clone() });
        recent.truncate(REMEMBERED);
    }
}

/// The vector of several texts that say one thing: the mean of theirs, of which the
/// first counts as much as all together.
///
/// # Errors
/// Where the model fails, and of no text.
pub(crate) fn text_vector(
    encoder: &dyn Encoder,
    model: &ModelInfo,
    texts: &[&str],
) -> Result<Embedding> {
    let vectors = encode(encoder, Wording::of(&model.family), texts)?;
    let mean = compose::average(&vectors)?;
    match vectors.into_iter().next() {
        Some(first) => compose::average(&[first, mean]),
        None => Ok(mean),
    }
}

/// The vector of a text that is put into templates, whatever the model learnt from.
///
/// # Errors
/// Where the model fails.
pub(crate) fn templated_vector(encoder: &dyn Encoder, text: &str) -> Result<Embedding> {
    let texts = templates::all(text);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    compose::average(&encoder.encode_texts(&texts)?)
}

/// Each sentence's vector: the mean of its texts'.
fn encode(encoder: &dyn Encoder, wording: Wording, sentences: &[&str]) -> Result<Vec<Embedding>> {
    let texts: Vec<Vec<String>> =
        sentences.iter().map(|text| templates::texts(text, wording)).collect();
    let all: Vec<&str> = texts.iter().flatten().map(String::as_str).collect();
    let vectors = encoder.encode_texts(&all)?;
    let mut rest = vectors.as_slice();
    let mean = |texts: &Vec<String>| {
        let vectors = rest.split_off(..texts.len());
        compose::average(
            vectors.ok_or_else(|| Error::failed(message!("the model gave too few vectors")))?,
        )
    };
    texts.iter().map(mean).collect()
}
