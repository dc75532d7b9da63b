//! all-MiniLM-L6-v2, the starter's text tower: a sentence to a vector of 384
//! components.
//!
//! Wang et al., <https://arxiv.org/abs/2002.10957>, as fine-tuned by the
//! sentence-transformers project: BERT, then the mean over the tokens.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use serde_json::Value;

use crate::error::{Context, Result};
use crate::model::tokenizer::Tokenizer;

/// Tokens of a text that count, start and end included. BERT has places for
/// 512; the fine-tuning saw no more than these.
const CONTEXT: usize = 256;

/// Texts that go through the tower together: thousands of class captions at
/// once would need gigabytes of attention weights.
const BATCH: usize = 32;

/// The tower, on one device, in f32.
pub struct MiniLm {
    bert: BertModel,
    tokenizer: Tokenizer,
    device: Device,
}

impl MiniLm {
    /// Loads what [`convert`] made. `config` is BERT's `config.json` as it was
    /// published.
    pub fn load(vb: VarBuilder, config: &Value, tokenizer: &Path) -> Result<Self> {
        let failed = || "cannot load the text tower";
        let config: Config = serde_json::from_value(config.clone()).context(failed)?;
        let tokenizer = Tokenizer::open(tokenizer, CONTEXT, config.vocab_size)?;
        let device = vb.device().clone();
        Ok(Self { bert: BertModel::load(vb, &config).context(failed)?, tokenizer, device })
    }

    /// One vector a text, in order, not normalised.
    pub fn encode(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let mut vectors = Vec::with_capacity(texts.len());
        for texts in texts.chunks(BATCH) {
            let tokens = self.tokenizer.encode(texts)?;
            let batch = self.forward(&tokens).and_then(|means| means.to_vec2());
            vectors.extend(batch.context(|| "the text tower failed")?);
        }
        Ok(vectors)
    }

    /// (B, 384): the mean over each text's own tokens, padding left out.
    fn forward(&self, tokens: &[Vec<u32>]) -> candle_core::Result<Tensor> {
        let longest = tokens.iter().map(Vec::len).max().unwrap_or(0);
        let shape = (tokens.len(), longest);
        let padded = |value: fn(u32) -> u32| {
            let rows = tokens.iter().flat_map(|text| {
                let padding = std::iter::repeat_n(0, longest - text.len());
                text.iter().map(move |&id| value(id)).chain(padding)
            });
            Tensor::from_vec(rows.collect(), shape, &self.device)
        };
        let (ids, mask) = (padded(|id| id)?, padded(|_| 1)?);
        let hidden = self.bert.forward(&ids, &ids.zeros_like()?, Some(&mask))?;
        let mask = mask.to_dtype(DType::F32)?.unsqueeze(2)?;
        hidden.broadcast_mul(&mask)?.sum(1)?.broadcast_div(&mask.sum(1)?)
    }
}

/// Makes the tower's weights, f16, out of the published ones: without the
/// pooler, which no sentence vector goes through, and without counters.
///
/// # Errors
/// When `file` is no safetensors file.
pub fn convert(file: &[u8]) -> Result<HashMap<String, Tensor>> {
    let failed = || "cannot read the text tower's weights";
    let mut tensors = candle_core::safetensors::load_buffer(file, &Device::Cpu).context(failed)?;
    tensors.retain(|name, tensor| !name.starts_with("pooler.") && tensor.dtype().is_float());
    for tensor in tensors.values_mut() {
        *tensor = tensor.to_dtype(DType::F16).context(failed)?;
    }
    Ok(tensors)
}
