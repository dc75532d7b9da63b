//! all-MiniLM-L6-v2, the starter's text tower: a sentence to a vector of 384
//! components.
//!
//! Wang et al., <https://arxiv.org/abs/2002.10957>, as fine-tuned by the
//! sentence-transformers project: BERT, then the mean over the tokens.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Context, Result};
use crate::model::bert::{self, Bert};
use crate::model::device::Backend;
use crate::model::tokenizer::Tokenizer;
use crate::model::transformer::{self, Activation};
use crate::model::weights::Weights;

/// Tokens of a text that count, start and end included. BERT has places for
/// 512; the fine-tuning saw no more than these.
const CONTEXT: usize = 256;

/// Texts that go through the tower together: thousands of class captions at
/// once would need gigabytes of attention weights.
const BATCH: usize = 32;

/// The tower.
pub struct MiniLm {
    tokenizer: Tokenizer,
    bert: Bert,
}

/// BERT's `config.json`, as far as it matters.
#[derive(Deserialize)]
struct Published {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    hidden_act: Activation,
    layer_norm_eps: f64,
}

impl MiniLm {
    /// Loads what [`convert`] made. `config` is BERT's `config.json` as it was
    /// published.
    pub fn load(
        weights: &Weights,
        config: &Value,
        tokenizer: &Path,
        backend: &Backend,
    ) -> Result<Self> {
        let published: Published = serde_json::from_value(config.clone())
            .context(|| message!("cannot load the text tower"))?;
        let config = bert::Config {
            layers: transformer::Config {
                width: published.hidden_size,
                intermediate: published.intermediate_size,
                layers: published.num_hidden_layers,
                heads: published.num_attention_heads,
                activation: published.hidden_act,
                eps: published.layer_norm_eps,
            },
            vocabulary: published.vocab_size,
            context: CONTEXT,
            first_place: 0,
        };
        Ok(Self {
            tokenizer: Tokenizer::open(tokenizer, CONTEXT, config.vocabulary)?,
            bert: Bert::load(weights, "", &config, None, backend)?,
        })
    }

    /// One vector a text, in order, not normalised.
    pub fn encode(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let mut vectors = Vec::with_capacity(texts.len());
        for texts in texts.chunks(BATCH) {
            vectors.extend(self.bert.encode(&self.tokenizer.encode(texts)?)?);
        }
        Ok(vectors)
    }
}

/// Makes the tower's weights, f16, out of the published ones: without the
/// pooler, which no sentence vector goes through, and without counters.
///
/// # Errors
/// When `file` is no safetensors file.
pub fn convert(file: &[u8]) -> Result<HashMap<String, Tensor>> {
    let failed = || message!("cannot read the text tower's weights");
    let mut tensors = candle_core::safetensors::load_buffer(file, &Device::Cpu).context(failed)?;
    tensors.retain(|name, tensor| !name.starts_with("pooler.") && tensor.dtype().is_float());
    for tensor in tensors.values_mut() {
        *tensor = tensor.to_dtype(DType::F16).context(failed)?;
    }
    Ok(tensors)
}
