//! XLM-RoBERTa as the text tower of a CLIP model: the mean of its tokens, made
//! smaller by a perceptron of two layers.
//!
//! Reference:
//! <https://github.com/huggingface/transformers/blob/v4.57.1/src/transformers/models/xlm_roberta/modeling_xlm_roberta.py>
//! and `HFTextEncoder` in
//! <https://github.com/mlfoundations/open_clip/blob/v3.3.0/src/open_clip/hf_model.py>

use std::path::Path;

use candle_core::{Device, Tensor};
use candle_nn::{LayerNorm, Linear, Module};

use super::cpu;
use super::device::{Backend, Precision};
use super::dual::TextTower;
use super::tokenizer::{Tokenizer, cleaned};
use super::transformer::{self, Activation, Attention, AttentionNames, Perceptron};
use super::weights::{Table, Weights};
use crate::error::{Context, Error, Result};

/// `layer_norm_eps` of the published configurations.
const EPS: f64 = 1e-5;

/// Components of an attention head, in the base model as in the large one.
const HEAD_WIDTH: usize = 64;

/// The token that fills texts up. Positions count from the number behind it.
const PAD: u32 = 1;

const ATTENTION: AttentionNames = AttentionNames::Split([
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
]);

/// The tower.
pub struct XlmRoberta {
    tokenizer: Tokenizer,
    tokens: Table,
    network: Network,
}

/// What follows the table of tokens.
enum Network {
    Candle(Box<CandleNetwork>),
    Cpu(Box<cpu::Tower>),
}

struct CandleNetwork {
    /// Of the places of a text in turn, the token's type added: there is one.
    positions: Tensor,
    norm: LayerNorm,
    layers: Vec<Layer>,
    /// Two products, with a GELU between them.
    projection: [Linear; 2],
    device: Device,
}

/// Unlike in CLIP, the norms stand behind the sums.
struct Layer {
    attention: Attention,
    after_attention: LayerNorm,
    perceptron: Perceptron,
    after_perceptron: LayerNorm,
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
                    Error::failed(format!(
                        "{} has no tensor {body}.{name}",
                        weights.file().display()
                    ))
                },
            )
        };
        let words = shape("embeddings.word_embeddings.weight")?;
        let (vocabulary, width) = (words[0], words.get(1).copied().unwrap_or(0));
        let config = transformer::Config {
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
        config.check()?;
        let places = shape("embeddings.position_embeddings.weight")?[0];
        let first = PAD as usize + 1;
        if first + context > places {
            return Err(Error::failed(format!(
                "the text tower has {places} positions and texts of {context} tokens"
            )));
        }
        let embedding = |name: &str, rows| {
            weights.get(&format!("{body}.embeddings.{name}.weight"), &[rows, width])
        };
        let kind = embedding("token_type_embeddings", 1)?;
        let positions = embedding("position_embeddings", places)?
            .narrow(0, first, context)
            .and_then(|positions| positions.broadcast_add(&kind))
            .context(|| "cannot lay out the positions")?;
        let layer = |n| {
            let prefix = format!("{body}.encoder.layer.{n}");
            let names = ["intermediate.dense", "output.dense"];
            let norm =
                |name: &str| weights.layer_norm(&format!("{prefix}.{name}.LayerNorm"), width, EPS);
            Ok(Layer {
                attention: Attention::load(weights, &prefix, &ATTENTION, &config)?,
                after_attention: norm("attention.output")?,
                perceptron: Perceptron::load(weights, &prefix, names, &config)?,
                after_perceptron: norm("output")?,
            })
        };
        let between = (width + dim) / 2;
        let product = |n: usize, inputs, outputs| {
            let weight = weights.get(&format!("{prefix}.proj.{n}.weight"), &[outputs, inputs])?;
            Ok::<_, Error>(Linear::new(weight, None))
        };
        let words = format!("{body}.embeddings.word_embeddings.weight");
        let network = CandleNetwork {
            positions,
            norm: weights.layer_norm(&format!("{body}.embeddings.LayerNorm"), width, EPS)?,
            layers: (0..config.layers).map(layer).collect::<Result<_>>()?,
            projection: [product(0, width, between)?, product(2, between, dim)?],
            device: weights.device().clone(),
        };
        Ok(Self {
            tokenizer: Tokenizer::open(tokenizer, context, vocabulary)?,
            tokens: weights.table(&words, vocabulary, width)?,
            network: match *backend {
                Backend::Candle(_) => Network::Candle(Box::new(network)),
                Backend::Cpu(_) => {
                    Network::Cpu(Box::new(network.pack().context(|| "cannot pack the text tower")?))
                }
            },
        })
    }
}

impl CandleNetwork {
    /// In f32 always: a question is short, and all answers depend on it.
    fn pack(self) -> candle_core::Result<cpu::Tower> {
        let heads = self.layers.first().map_or(1, |layer| layer.attention.heads());
        let pack = |layer: Layer| {
            Ok(cpu::Layer {
                norms: [
                    cpu::Norm::new(&layer.after_attention)?,
                    cpu::Norm::new(&layer.after_perceptron)?,
                ],
                attention: layer.attention.pack(Precision::F32)?,
                perceptron: layer.perceptron.pack(Precision::F32)?,
            })
        };
        let layers = self.layers.into_iter().map(pack).collect::<candle_core::Result<_>>()?;
        let (order, sight) = (cpu::Order::After, cpu::Sight::All);
        let [first, second] = &self.projection;
        let product = |linear| cpu::Product::new(linear, Precision::F32);
        Ok(cpu::Tower::new(
            cpu::Embed::Tokens { positions: self.positions.flatten_all()?.to_vec1()? },
            Some(cpu::Norm::new(&self.norm)?),
            cpu::Transformer { layers, heads, order, sight },
            cpu::Pool::Mean {
                products: [product(first)?, product(second)?],
                activation: Activation::Gelu,
            },
        ))
    }

    /// Token vectors, `(B, N, C)`, and the tokens of each text that count.
    fn run(&self, tokens: &Tensor, lengths: &[usize]) -> candle_core::Result<Vec<Vec<f32>>> {
        let (b, n, _) = tokens.dims3()?;
        let x = tokens.broadcast_add(&self.positions.narrow(0, 0, n)?)?;
        let mut x = self.norm.forward(&x)?;
        let (hide, weigh) = self.masks(lengths, b, n)?;
        for layer in &self.layers {
            let y = layer.attention.forward(&x, Some(&hide))?;
            x = layer.after_attention.forward(&(x + y)?)?;
            let y = layer.perceptron.forward(&x)?;
            x = layer.after_perceptron.forward(&(x + y)?)?;
        }
        // (B, 1, N) by (B, N, C): the mean of the tokens that count.
        let mean = weigh.matmul(&x)?.squeeze(1)?;
        let [first, second] = &self.projection;
        second.forward(&first.forward(&mean)?.gelu_erf()?)?.to_vec2()
    }

    /// What hides the tokens that fill up, `(B, 1, 1, N)`, and what weighs the
    /// others alike, `(B, 1, N)`.
    fn masks(
        &self,
        lengths: &[usize],
        b: usize,
        n: usize,
    ) -> candle_core::Result<(Tensor, Tensor)> {
        let places = || lengths.iter().flat_map(|&length| (0..n).map(move |n| (n, length)));
        let hide = places().map(|(n, length)| if n < length { 0.0 } else { f32::NEG_INFINITY });
        let weigh = places().map(|(n, length)| if n < length { 1.0 / length as f32 } else { 0.0 });
        Ok((
            Tensor::from_vec(hide.collect(), (b, 1, 1, n), &self.device)?,
            Tensor::from_vec(weigh.collect(), (b, 1, n), &self.device)?,
        ))
    }
}

impl TextTower for XlmRoberta {
    fn encode(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let texts: Vec<String> = texts.iter().map(|text| cleaned(text)).collect();
        let tokens =
            self.tokenizer.encode(&texts.iter().map(String::as_str).collect::<Vec<_>>())?;
        let lengths: Vec<usize> = tokens.iter().map(Vec::len).collect();
        match &self.network {
            Network::Cpu(tower) => {
                let rows = self.tokens.values(&tokens.concat())?;
                let batch =
                    cpu::Batch { rows: cpu::Rows::Tokens(&rows), lengths: &lengths, ends: None };
                Ok(tower.texts(batch))
            }
            Network::Candle(network) => {
                let n = lengths.iter().copied().max().unwrap_or(0);
                let padded = tokens.iter().flat_map(|tokens| {
                    (0..n).map(|place| tokens.get(place).copied().unwrap_or(PAD))
                });
                let rows = self.tokens.rows(&padded.collect::<Vec<_>>(), tokens.len(), n)?;
                network.run(&rows, &lengths).context(|| "the text tower failed")
            }
        }
    }
}
