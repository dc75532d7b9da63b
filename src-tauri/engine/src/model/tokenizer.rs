//! Text to tokens, by the tokenizer that a model's folder holds.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use tokenizers::{PostProcessor, Tokenizer as Inner, TruncationParams};

use crate::error::{Context, Error, Result};

/// CLIP's byte-pair vocabulary, which OpenAI published under the MIT licence;
/// token for token `open_clip.tokenize`.
const CLIP: &[u8] = include_bytes!("../../../../assets/clip-tokenizer.json");
/// Its size, start and end of text included.
const CLIP_VOCABULARY: usize = 49408;

/// A tokenizer that never makes more tokens than the model has places for.
pub struct Tokenizer {
    inner: Inner,
    file: PathBuf,
    vocabulary: usize,
    /// Whether typographic quotes become those of a typewriter first.
    straight: bool,
}

impl Tokenizer {
    /// Reads `tokenizer.json`. What is longer than `context` tokens is cut so
    /// that the tokens around it, start and end, stay. `vocabulary` is the
    /// number of tokens that the model knows.
    pub fn open(file: &Path, context: usize, vocabulary: usize) -> Result<Self> {
        let inner =
            Inner::from_file(file).context(|| format!("{} is not a tokenizer", file.display()))?;
        Self::new(inner, file, context, vocabulary)
    }

    /// The tokenizer of a CLIP model's folder, which is CLIP's own where the
    /// folder has none: nearly all of them share it.
    pub fn of_clip(folder: &Path, context: usize, vocabulary: usize) -> Result<Self> {
        let file = folder.join("tokenizer.json");
        if file.exists() {
            return Ok(Self { straight: true, ..Self::open(&file, context, vocabulary)? });
        }
        if vocabulary != CLIP_VOCABULARY {
            return Err(Error::failed(format!(
                "{} has no tokenizer.json, and its {vocabulary} tokens are not CLIP's \
                 {CLIP_VOCABULARY}: get that file from where the model is published",
                folder.display()
            )));
        }
        let inner = Inner::from_bytes(CLIP).context(|| "CLIP's own tokenizer is damaged")?;
        let own = Self::new(inner, Path::new("CLIP's own tokenizer"), context, vocabulary)?;
        Ok(Self { straight: true, ..own })
    }

    fn new(mut inner: Inner, file: &Path, context: usize, vocabulary: usize) -> Result<Self> {
        let around = inner.get_post_processor().map_or(0, |around| around.added_tokens(false));
        if context <= around {
            return Err(Error::failed(format!(
                "{} puts {around} tokens around a text, and the model takes {context}",
                file.display()
            )));
        }
        let truncation = TruncationParams { max_length: context, ..Default::default() };
        inner
            .with_truncation(Some(truncation))
            .context(|| format!("{} cannot be cut to {context} tokens", file.display()))?;
        // The tower knows better how long a batch has to be.
        inner.with_padding(None);
        Ok(Self { inner, file: file.to_path_buf(), vocabulary, straight: false })
    }

    /// The tokens of each text, start and end included.
    pub fn encode(&self, texts: &[&str]) -> Result<Vec<Vec<u32>>> {
        let texts: Vec<Cow<str>> = texts
            .iter()
            .map(|&text| if self.straight { straight(text) } else { Cow::Borrowed(text) })
            .collect();
        let encodings = self
            .inner
            .encode_batch(texts, true)
            .context(|| format!("{} cannot read this text", self.file.display()))?;
        let tokens: Vec<Vec<u32>> =
            encodings.iter().map(|encoding| encoding.get_ids().to_vec()).collect();
        match tokens.iter().flatten().find(|&&id| id as usize >= self.vocabulary) {
            Some(id) => Err(Error::failed(format!(
                "{} makes the token {id}, and the model knows only {}",
                self.file.display(),
                self.vocabulary
            ))),
            None => Ok(tokens),
        }
    }

    /// The number of a token by its text.
    pub fn token(&self, text: &str) -> Option<u32> {
        self.inner.token_to_id(text)
    }

    /// For messages.
    pub fn file(&self) -> &Path {
        &self.file
    }
}

/// Quotes and apostrophes as typewriters have them. CLIP was trained on texts
/// that `ftfy` had so mended (`uncurl_quotes`), and today's keyboards write
/// curly ones by themselves.
fn straight(text: &str) -> Cow<'_, str> {
    let single = ['\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}', '\u{2bc}'];
    let double = ['\u{201c}', '\u{201d}', '\u{201e}', '\u{201f}'];
    if !text.contains(single) && !text.contains(double) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(single, "'").replace(double, "\""))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde::Deserialize;

    use super::*;
    use crate::model::read_json;
    use crate::model::tests::fixture;

    fn tokenizer(context: usize) -> Tokenizer {
        Tokenizer::open(&fixture("clip-gelu/tokenizer.json"), context, 591).unwrap()
    }

    #[test]
    fn tokens_are_those_of_open_clip() {
        #[derive(Deserialize)]
        struct Example {
            text: String,
            ids: Vec<u32>,
        }
        let folder = tempfile::tempdir().unwrap();
        let tokens = read_json(&fixture("clip-reference.json")).unwrap()["tokens"].take();
        let examples: Vec<Example> = serde_json::from_value(tokens).unwrap();
        let tokenizer = Tokenizer::of_clip(folder.path(), 77, CLIP_VOCABULARY).unwrap();
        for Example { text, ids } in &examples {
            assert_eq!(&tokenizer.encode(&[text]).unwrap()[0], ids, "{text:?}");
        }
        assert!(examples.iter().any(|example| example.ids.len() == 77), "none is cut");
    }

    #[test]
    fn curly_quotes_are_read_as_straight_ones() {
        let folder = tempfile::tempdir().unwrap();
        let tokenizer = Tokenizer::of_clip(folder.path(), 77, CLIP_VOCABULARY).unwrap();
        let texts = ["the dog\u{2019}s \u{201c}ball\u{201d}", "the dog's \"ball\""];
        let tokens = tokenizer.encode(&texts).unwrap();
        assert_eq!(tokens[0], tokens[1]);
    }

    #[test]
    fn a_long_text_keeps_its_end() {
        let tokens = tokenizer(12).encode(&["a dog ".repeat(40).as_str(), ""]).unwrap();
        assert_eq!(
            (tokens[0].len(), tokens[0].first(), tokens[0].last()),
            (12, Some(&0), Some(&1))
        );
        assert_eq!(tokens[1], [0, 1]);
    }

    #[test]
    fn ten_thousand_characters_are_quick() {
        let tokenizer = tokenizer(24);
        // With and without spaces: one word of that length is the hard case.
        for text in ["dog in a field, ".repeat(625), "dogs".repeat(2500), "犬".repeat(10_000)] {
            let begin = Instant::now();
            assert_eq!(tokenizer.encode(&[&text]).unwrap()[0].len(), 24);
            assert!(begin.elapsed() < Duration::from_millis(500), "{:?}", begin.elapsed());
        }
    }

    #[test]
    fn a_token_the_model_does_not_know_is_named() {
        let file = fixture("clip-gelu/tokenizer.json");
        let error = Tokenizer::open(&file, 24, 100).unwrap().encode(&["winter"]).unwrap_err();
        assert!(error.to_string().contains("knows only 100"), "{error}");
    }

    #[test]
    fn a_context_with_no_room_for_text_is_refused() {
        let file = fixture("clip-gelu/tokenizer.json");
        let error = Tokenizer::open(&file, 2, 591).err().expect("opened");
        assert!(error.to_string().contains("the model takes 2"), "{error}");
        assert!(Tokenizer::open(&file, 3, 591).is_ok());
    }
}
