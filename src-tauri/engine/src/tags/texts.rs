//! Vectors of what categories are asked with, and of the neutral captions.
//!
//! A category's vector is the mean of its prompts', each the mean of the templates
//! that suit the model; all of length 1, before and after (Radford et al.,
//! arXiv 2103.00020, section 3.1.4). The first prompt, the barest one, counts as much
//! as all of them together: with the starter, the 25 bundled categories that are one
//! of the queries of `queries.tsv` reach a precision of 0.82 and a recall of 0.83 by
//! their first prompt alone, 0.84 and 0.80 by the mean of all, 0.81 and 0.84 so; by
//! name and synonyms 0.66 and 0.90.
//!
//! Some thousand texts take a text tower seconds to minutes, so vectors are kept
//! beside those of the photos, by what they were made of.

use crate::error::Result;
use crate::library::Library;
use crate::model::{Embedding, ModelInfo};
use crate::search;

/// Texts that a text tower gets in one call: what one waits for before it can be
/// stopped.
const BATCH: usize = 32;

/// Counts up when vectors are made otherwise of the same texts.
const VERSION: u32 = 1;

/// The vector of each group of texts: the mean of theirs.
///
/// # Errors
/// Where the model fails, the store does, or `stopped` says so.
pub(super) fn vectors(
    library: &Library,
    model: &ModelInfo,
    groups: &[&[String]],
    stopped: &dyn Fn() -> Result<()>,
) -> Result<Vec<Embedding>> {
    let key = library.key(model)?;
    let digests: Vec<[u8; 32]> = groups.iter().map(|group| digest(group)).collect();
    let mut known = library.derived.text_vectors(key, &digests)?;
    let unknown: Vec<usize> =
        (0..groups.len()).filter(|at| !known.contains_key(&digests[*at])).collect();
    if !unknown.is_empty() {
        let encoder = library.encoders.get(model)?;
        for some in unknown.chunks(BATCH) {
            stopped()?;
            let mut made = Vec::with_capacity(some.len());
            for at in some {
                let texts: Vec<&str> = groups[*at].iter().map(String::as_str).collect();
                let vector = search::text_vector(&*encoder, model, &texts)?;
                made.push((digests[*at], vector.to_f16_le_bytes()));
            }
            library.derived.store_text_vectors(key, &made)?;
            known.extend(made);
        }
    }
    let vector = |digest: &[u8; 32]| {
        let bytes = known.get(digest).map(Vec::as_slice).unwrap_or_default();
        Embedding::from_f16_le_bytes(bytes, model.dim)
    };
    digests.iter().map(vector).collect()
}

/// Tells one group of texts from others.
fn digest(texts: &[String]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&VERSION.to_le_bytes());
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    *hasher.finalize().as_bytes()
}
