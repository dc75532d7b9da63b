//! BERT as a text tower: the mean of its tokens, through a perceptron where there
//! is one.
//!
//! Devlin et al., <https://arxiv.org/abs/1810.04805>. Reference:
//! <https://github.com/huggingface/transformers/blob/v4.57.1/src/transformers/models/bert/modeling_bert.py>

use candle_core::{Device, Tensor};
use candle_nn::{LayerNorm, Linear, Module};

use super::cpu;
use super::device::{Backend, Precision};
use super::transformer::{self, Activation, Attention, AttentionNames, Perceptron};
use super::weights::{Table, Weights};
use crate::error::{Context, Error, Result};

const ATTENTION: AttentionNames = AttentionNames::Split([
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
]);

/// What the weights alone do not tell.
pub struct Config {
    pub layers: transformer::Config,
    /// How many tokens the table knows.
    pub vocabulary: usize,
    /// The most tokens of a text.
    pub context: usize,
    /// The row of the table of places that belongs to a text's first token.
    pub first_place: usize,
}

/// The tower, behind its tokenizer.
pub struct Bert {
    tokens: Table,
    network: Network,
}

/// What follows the table of tokens.
enum Network {
    Candle(Box<CandleNetwork>),
    Cpu(Box<cpu::Tower>),
}

struct CandleNetwork {
    /// Of the places of a text in turn, the token's type added: all are of the
    /// first.
    positions: Tensor,
    norm: LayerNorm,
    layers: Vec<Layer>,
    /// Two products, with a GELU between them.
    projection: Option<[Linear; 2]>,
    device: Device,
}

/// Unlike in CLIP, the norms stand behind the sums.
struct Layer {
    attention: Attention,
    after_attention: LayerNorm,
    perceptron: Perceptron,
    after_perceptron: LayerNorm,
}

impl Bert {
    /// Loads the tensors whose names begin with `prefix`. The mean goes through
    /// the `projection`, where there is one, with a GELU between its products.
    pub fn load(
        weights: &Weights,
        prefix: &str,
        config: &Config,
        projection: Option<[Linear; 2]>,
        backend: &Backend,
    ) -> Result<Self> {
        config.layers.check()?;
        let &Config { ref layers, vocabulary, context, first_place } = config;
        let width = layers.width;
        // The first rows of a table of embeddings.
        let embedding = |name: &str, first: usize, rows: usize| {
            let name = format!("{prefix}embeddings.{name}.weight");
            let all = weights.shape(&name).and_then(|shape| shape.first().copied()).unwrap_or(0);
            if first + rows > all {
                return Err(Error::failed(message!(
                    "{file} has {all} rows in {name}, and {rows} are needed",
                    file = weights.file().display(),
                    all,
                    name,
                    rows = first + rows
                )));
            }
            let table = weights.get(&name, &[all, width])?;
            table.narrow(0, first, rows).context(|| message!("cannot load the tensor {name}", name))
        };
        let kind = embedding("token_type_embeddings", 0, 1)?;
        let positions = embedding("position_embeddings", first_place, context)?
            .broadcast_add(&kind)
            .context(|| message!("cannot lay out the positions"))?;
        let norm = |name: &str| weights.layer_norm(&format!("{prefix}{name}"), width, layers.eps);
        let layer = |n| {
            let name = format!("encoder.layer.{n}");
            let place = format!("{prefix}{name}");
            let names = ["intermediate.dense", "output.dense"];
            Ok(Layer {
                attention: Attention::load(weights, &place, &ATTENTION, layers)?,
                after_attention: norm(&format!("{name}.attention.output.LayerNorm"))?,
                perceptron: Perceptron::load(weights, &place, names, layers)?,
                after_perceptron: norm(&format!("{name}.output.LayerNorm"))?,
            })
        };
        let network = CandleNetwork {
            positions,
            norm: norm("embeddings.LayerNorm")?,
            layers: (0..layers.layers).map(layer).collect::<Result<_>>()?,
            projection,
            device: weights.device().clone(),
        };
        let words = format!("{prefix}embeddings.word_embeddings.weight");
        Ok(Self {
            tokens: weights.table(&words, vocabulary, width)?,
            network: match *backend {
                Backend::Candle(_) => Network::Candle(Box::new(network)),
                Backend::Cpu(_) => Network::Cpu(Box::new(
                    network.pack().context(|| message!("cannot pack the text tower"))?,
                )),
            },
        })
    }

    /// One vector for each text's tokens, not normalised.
    pub fn encode(&self, tokens: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
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
                // Which token fills up does not matter: none looks at it.
                let padded = tokens
                    .iter()
                    .flat_map(|tokens| (0..n).map(|place| tokens.get(place).copied().unwrap_or(0)));
                let rows = self.tokens.rows(&padded.collect::<Vec<_>>(), tokens.len(), n)?;
                network.run(&rows, &lengths).context(|| message!("the text tower failed"))
            }
        }
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
        let perceptron = match &self.projection {
            Some([widen, narrow]) => Some(cpu::Perceptron {
                widen: cpu::Product::new(widen, Precision::F32)?,
                activation: Activation::Gelu,
                narrow: cpu::Product::new(narrow, Precision::F32)?,
            }),
            None => None,
        };
        Ok(cpu::Tower::new(
            cpu::Embed::Tokens { positions: self.positions.flatten_all()?.to_vec1()? },
            Some(cpu::Norm::new(&self.norm)?),
            cpu::Transformer { layers, heads, order, sight },
            cpu::Pool::Mean(perceptron),
        ))
    }

    /// The vectors of tokens, `(B, N, C)`, of which so many of each text count.
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
        match &self.projection {
            Some([first, second]) => second.forward(&first.forward(&mean)?.gelu_erf()?)?.to_vec2(),
            None => mean.to_vec2(),
        }
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
