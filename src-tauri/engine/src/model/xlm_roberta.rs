//! XLM-RoBERTa as the text tower of a CLIP model: a BERT, whose mean of tokens is
//! made smaller by a perceptron of two layers.
//!
//! Reference:
//! <https://github.com/huggingface/transformers/blob/v4.57.1/src/transformers/models/xlm_roberta/modeling_xlm_roberta.py>
//! and `HFTextEncoder` in
//! <https://github.com/mlfoundations/open_clip/blob/v3.3.0/src/open_clip/hf_model.py>

use std::path::Path;

use candle_nn::Linear;

use super::bert::{self, Bert};
use super::device::Backend;
use super::dual::TextTower;
use super::tokenizer::{Tokenizer, cleaned};
use super::transformer::{self, Activation};
use super::weights::Weights;
use crate::error::{Error, Result};

/// `layer_norm_eps` of the published configurations.
const EPS: f64 = 1e-5;

/// Components of an attention head, in the base model as in the large one.
const HEAD_WIDTH: usize = 64;

/// Places count from the number behind the token that fills texts up, 1.
const FIRST_PLACE: usize = 2;

/// The tower.
pub struct XlmRoberta {
    tokenizer: Tokenizer,
    bert: Bert,
}

impl XlmRoberta {
    /// Loads the tower at `prefix`. Its sizes, which such a folder does not
    /// name, follow from the weights.
    pub fn load(
        weights: &Weights,
        prefix: &str,
        tokenizer: &Path,
        context: usize,
        dim: usize,
        backend: &Backend,
    ) -> Result<Self> {
        let body = format!("{prefix}.transformer");
        let shape = |name: &str| {
            weights.shape(&format!("{body}.{name}")).filter(|shape| !shape.is_empty()).ok_or_else(
                || {
                    Error::failed(message!(
                        "{file} has no tensor {body}.{name}",
                        file = weights.file().display(),
                        body,
                        name
                    ))
                },
            )
        };
        let words = shape("embeddings.word_embeddings.weight")?;
        let (vocabulary, width) = (words[0], words.get(1).copied().unwrap_or(0));
        let layers = transformer::Config {
            width,
            intermediate: shape("encoder.layer.0.intermediate.dense.weight")?[0],
            layers: (0..)
                .take_while(|n| {
                    let name = format!("{body}.encoder.layer.{n}.output.dense.weight");
                    weights.shape(&name).is_some()
                })
                .count(),
            heads: width / HEAD_WIDTH,
            activation: Activation::Gelu,
            eps: EPS,
        };
        let between = (width + dim) / 2;
        let product = |n: usize, inputs, outputs| {
            let weight = weights.get(&format!("{prefix}.proj.{n}.weight"), &[outputs, inputs])?;
            Ok::<_, Error>(Linear::new(weight, None))
        };
        let projection = [product(0, width, between)?, product(2, between, dim)?];
        let config = bert::Config { layers, vocabulary, context, first_place: FIRST_PLACE };
        Ok(Self {
            tokenizer: Tokenizer::open(tokenizer, context, vocabulary)?,
            bert: Bert::load(weights, &format!("{body}."), &config, Some(projection), backend)?,
        })
    }
}

impl TextTower for XlmRoberta {
    fn encode(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let texts: Vec<String> = texts.iter().map(|text| cleaned(text)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        self.bert.encode(&self.tokenizer.encode(&texts)?)
    }
}
