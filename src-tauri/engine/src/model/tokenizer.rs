//! Text to tokens, by the tokenizer that a model's folder holds.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use tokenizers::{PostProcessor, Tokenizer as Inner, TruncationParams};

use crate::error::{Context, Error, Result};

/// CLIP's byte-pair vocabulary, which OpenAI published under the MIT licence;
/// token for token `open_clip.tokenize`.
pub const CLIP: &[u8] = include_bytes!("../../../../assets/clip-tokenizer.json");
/// Its size, start and end of text included.
const CLIP_VOCABULARY: usize = 49408;

/// A tokenizer that never makes more tokens than the model has places for.
pub struct Tokenizer {
    inner: Inner,
    file: PathBuf,
    vocabulary: usize,
    /// Whether texts are cleaned first, and written in small letters as Python
    /// writes them, which knows a sigma at a word's end.
    clip: bool,
}

impl Tokenizer {
    /// Reads `tokenizer.json`. What is longer than `context` tokens is cut so
    /// that the tokens around it, start and end, stay. `vocabulary` is the
    /// number of tokens that the model knows.
    pub fn open(file: &Path, context: usize, vocabulary: usize) -> Result<Self> {
        let inner = Inner::from_file(file)
            .context(|| message!("{file} is not a tokenizer", file = file.display()))?;
        Self::new(inner, file, context, vocabulary)
    }

    /// The tokenizer of a CLIP model's folder, which is CLIP's own where the
    /// folder has none: nearly all of them share it.
    pub fn of_clip(folder: &Path, context: usize, vocabulary: usize) -> Result<Self> {
        let file = folder.join("tokenizer.json");
        if file.exists() {
            return Ok(Self { clip: true, ..Self::open(&file, context, vocabulary)? });
        }
        if vocabulary != CLIP_VOCABULARY {
            return Err(Error::failed(message!(
                "{folder} has no tokenizer.json, and its {vocabulary} tokens are not CLIP's \
                 {clip}: get that file from where the model is published",
                folder = folder.display(),
                vocabulary,
                clip = CLIP_VOCABULARY
            )));
        }
        let inner =
            Inner::from_bytes(CLIP).context(|| message!("CLIP's own tokenizer is damaged"))?;
        let own = Self::new(inner, Path::new("CLIP's own tokenizer"), context, vocabulary)?;
        Ok(Self { clip: true, ..own })
    }

    fn new(mut inner: Inner, file: &Path, context: usize, vocabulary: usize) -> Result<Self> {
        let around = inner.get_post_processor().map_or(0, |around| around.added_tokens(false));
        if context <= around {
            return Err(Error::failed(message!(
                "{file} puts {around} tokens around a text, and the model takes {context}",
                file = file.display(),
                around,
                context
            )));
        }
        let truncation = TruncationParams { max_length: context, ..Default::default() };
        inner.with_truncation(Some(truncation)).context(|| {
            message!("{file} cannot be cut to {context} tokens", file = file.display(), context)
        })?;
        // The tower knows better how long a batch has to be.
        inner.with_padding(None);
        Ok(Self { inner, file: file.to_path_buf(), vocabulary, clip: false })
    }

    /// The tokens of each text, start and end included.
    pub fn encode(&self, texts: &[&str]) -> Result<Vec<Vec<u32>>> {
        let texts: Vec<Cow<str>> = texts
            .iter()
            .map(|&text| match self.clip {
                true => Cow::Owned(cleaned(text).to_lowercase()),
                false => Cow::Borrowed(text),
            })
            .collect();
        let encodings = self
            .inner
            .encode_batch(texts, true)
            .context(|| message!("{file} cannot read this text", file = self.file.display()))?;
        let tokens: Vec<Vec<u32>> =
            encodings.iter().map(|encoding| encoding.get_ids().to_vec()).collect();
        match tokens.iter().flatten().find(|&&id| id as usize >= self.vocabulary) {
            Some(id) => Err(Error::failed(message!(
                "{file} makes the token {id}, and the model knows only {vocabulary}",
                file = self.file.display(),
                id,
                vocabulary = self.vocabulary
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

/// A text as `open_clip` cleans it before it is cut into tokens (`basic_clean`
/// and `whitespace_clean` in its `tokenizer.py`): characters of HTML written
/// out, typographic quotes, ligatures and characters of full width replaced by
/// plain ones, single spaces. `ftfy`, which does that there, mends more, such as
/// text that was read in a wrong encoding; nobody types that.
pub fn cleaned(text: &str) -> String {
    // Twice, as there: `&amp;quot;` has been through it twice, too.
    let once = unescaped(text);
    let text = unescaped(&once);
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{2bc}' | '\u{2018}'..='\u{201b}' => plain.push('\''),
            '\u{201c}'..='\u{201f}' => plain.push('"'),
            'ﬀ' => plain.push_str("ff"),
            'ﬁ' => plain.push_str("fi"),
            'ﬂ' => plain.push_str("fl"),
            'ﬃ' => plain.push_str("ffi"),
            'ﬄ' => plain.push_str("ffl"),
            'ﬅ' | 'ﬆ' => plain.push_str("st"),
            '\u{3000}' => plain.push(' '),
            // The ASCII characters in the width of Chinese ones.
            '\u{ff01}'..='\u{ff5e}' => {
                plain.extend(char::from_u32(u32::from(c) - 0xff01 + u32::from('!')));
            }
            c => plain.push(c),
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Characters that HTML writes as `&name;` or by number.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let entity = rest.find(';').filter(|&end| end <= 9);
        match entity.and_then(|end| Some((character(&rest[1..end])?, end))) {
            Some((c, end)) => {
                plain.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

fn character(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = entity.strip_prefix('#')?;
            let number = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(number.ok()?)
        }
    }
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

    /// The right side is what `ftfy.fix_text`, twice `html.unescape`, and
    /// collapsing white space make of the left one in Python.
    #[test]
    fn texts_are_cleaned_as_the_reference_cleans_them() {
        for (text, expected) in [
            ("the dog\u{2019}s \u{201c}ball\u{201d}", "the dog's \"ball\""),
            ("tom &amp; jerry", "tom & jerry"),
            ("tom &amp;amp; jerry", "tom & jerry"),
            ("a &lt;b&gt; &#39;c&#x27;", "a <b> 'c'"),
            ("fish & chips; AT&T", "fish & chips; AT&T"),
            ("一只猫，在沙发上", "一只猫,在沙发上"),
            ("ﬁsh ｆｕｌｌ", "fish full"),
            ("  two \t\n spaces ", "two spaces"),
        ] {
            assert_eq!(cleaned(text), expected, "{text:?}");
        }
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
