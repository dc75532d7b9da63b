//! The transformer that CLIP's towers, and those of its relatives, are made
//! of: layers of attention and a perceptron, each behind a layer norm and
//! added to what came in.

use candle_core::{Device, Tensor};
use candle_nn::{LayerNorm, Linear, Module, ops};
use serde::Deserialize;

use super::cpu;
use super::device::Precision;
use super::weights::Weights;
use crate::error::{Context, Error, Result};

/// The function between the two products of the perceptron. Weights trained
/// with one give other vectors with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `x * sigmoid(1.702 x)`: OpenAI's models and those of some others.
    QuickGelu,
    /// Exact, by the error function.
    Gelu,
    /// Approximated by the hyperbolic tangent.
    #[serde(alias = "gelu_new")]
    GeluPytorchTanh,
}

impl Activation {
    fn apply(self, x: &Tensor) -> candle_core::Result<Tensor> {
        match self {
            Self::QuickGelu => x * ops::sigmoid(&(x * 1.702)?)?,
            Self::Gelu => x.gelu_erf(),
            Self::GeluPytorchTanh => x.gelu(),
        }
    }
}

/// The sizes of a transformer.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Components of a token.
    pub width: usize,
    /// Components between the products of the perceptron.
    pub intermediate: usize,
    /// Layers.
    pub layers: usize,
    /// Attention heads; they divide the width.
    pub heads: usize,
    /// See [`Activation`].
    pub activation: Activation,
    /// Added to the variance in layer norms.
    pub eps: f64,
}

impl Config {
    /// Refuses sizes that fit no weights.
    pub fn check(&self) -> Result<()> {
        if self.heads == 0 || !self.width.is_multiple_of(self.heads) || self.width == 0 {
            return Err(Error::failed(message!(
                "config.json divides a width of {width} among {heads} heads",
                width = self.width,
                heads = self.heads
            )));
        }
        Ok(())
    }
}

/// What the tensors of a layer are called.
pub struct Names {
    /// Layers are numbered behind this.
    pub layers: &'static str,
    /// The norms before the attention and before the perceptron.
    pub norms: [&'static str; 2],
    /// The attention.
    pub attention: AttentionNames,
    /// The products of the perceptron.
    pub perceptron: [&'static str; 2],
}

/// What the tensors of an attention are called.
pub enum AttentionNames {
    /// Queries, keys, values and output have each their own product.
    Split([&'static str; 4]),
    /// `NAME.in_proj_weight` makes queries, keys and values in one product,
    /// as `torch.nn.MultiheadAttention` does; `NAME.out_proj` the output.
    Fused(&'static str),
}

/// As `transformers` calls them in CLIP and SigLIP.
pub const HUGGING_FACE: Names = Names {
    layers: "layers",
    norms: ["layer_norm1", "layer_norm2"],
    attention: AttentionNames::Split([
        "self_attn.q_proj",
        "self_attn.k_proj",
        "self_attn.v_proj",
        "self_attn.out_proj",
    ]),
    perceptron: ["mlp.fc1", "mlp.fc2"],
};

/// As OpenAI and `open_clip` call them.
pub const OPEN_CLIP: Names = Names {
    layers: "resblocks",
    norms: ["ln_1", "ln_2"],
    attention: AttentionNames::Fused("attn"),
    perceptron: ["mlp.c_fc", "mlp.c_proj"],
};

/// The layers, loaded.
pub struct Transformer {
    layers: Vec<Layer>,
}

struct Layer {
    before_attention: LayerNorm,
    attention: Attention,
    before_perceptron: LayerNorm,
    perceptron: Perceptron,
}

impl Transformer {
    /// Loads `PREFIX.layers.0`, `PREFIX.layers.1`, … or what `names` has in
    /// place of `layers`.
    pub fn load(weights: &Weights, prefix: &str, names: &Names, config: &Config) -> Result<Self> {
        config.check()?;
        let layer = |n| {
            let prefix = format!("{prefix}.{}.{n}", names.layers);
            let norm =
                |name| weights.layer_norm(&format!("{prefix}.{name}"), config.width, config.eps);
            Ok(Layer {
                before_attention: norm(names.norms[0])?,
                attention: Attention::load(weights, &prefix, &names.attention, config)?,
                before_perceptron: norm(names.norms[1])?,
                perceptron: Perceptron::load(weights, &prefix, names.perceptron, config)?,
            })
        };
        Ok(Self { layers: (0..config.layers).map(layer).collect::<Result<_>>()? })
    }

    /// Packed for a processor; the layers themselves are dropped one by one.
    pub fn pack(
        self,
        precision: Precision,
        sight: cpu::Sight,
    ) -> candle_core::Result<cpu::Transformer> {
        let heads = self.layers.first().map_or(1, |layer| layer.attention.heads);
        let pack = |layer: Layer| {
            Ok(cpu::Layer {
                norms: [
                    cpu::Norm::new(&layer.before_attention)?,
                    cpu::Norm::new(&layer.before_perceptron)?,
                ],
                attention: layer.attention.pack(precision)?,
                perceptron: layer.perceptron.pack(precision)?,
            })
        };
        let layers = self.layers.into_iter().map(pack).collect::<candle_core::Result<_>>()?;
        Ok(cpu::Transformer { layers, heads, order: cpu::Order::Before, sight })
    }

    /// `(B, N, C)` to `(B, N, C)`. `mask`, `(N, N)`, is added to the attention
    /// of each query (row) to each key (column).
    pub fn forward(&self, x: Tensor, mask: Option<&Tensor>) -> candle_core::Result<Tensor> {
        self.layers.iter().try_fold(x, |x, layer| layer.forward(&x, mask))
    }
}

impl Layer {
    fn forward(&self, x: &Tensor, mask: Option<&Tensor>) -> candle_core::Result<Tensor> {
        let x = (x + self.attention.forward(&self.before_attention.forward(x)?, mask)?)?;
        &x + self.perceptron.forward(&self.before_perceptron.forward(&x)?)?
    }
}

/// A product that widens, the activation, and a product that narrows again.
pub struct Perceptron {
    widen: Linear,
    activation: Activation,
    narrow: Linear,
}

impl Perceptron {
    /// Loads `PREFIX.NAME` for both names.
    pub fn load(
        weights: &Weights,
        prefix: &str,
        names: [&str; 2],
        config: &Config,
    ) -> Result<Self> {
        let &Config { width, intermediate, activation, .. } = config;
        let [widen, narrow] = names;
        Ok(Self {
            widen: weights.linear(&format!("{prefix}.{widen}"), width, intermediate)?,
            activation,
            narrow: weights.linear(&format!("{prefix}.{narrow}"), intermediate, width)?,
        })
    }

    /// Packed for a processor.
    pub fn pack(self, precision: Precision) -> candle_core::Result<cpu::Perceptron> {
        Ok(cpu::Perceptron {
            widen: cpu::Product::new(&self.widen, precision)?,
            activation: self.activation,
            narrow: cpu::Product::new(&self.narrow, precision)?,
        })
    }

    /// `(…, C)` to `(…, C)`.
    pub fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        self.narrow.forward(&self.activation.apply(&self.widen.forward(x)?)?)
    }
}

/// Attention of every token to every token.
pub struct Attention {
    /// Queries, keys and values in one product; queries are already divided
    /// by the square root of a head's width.
    projections: Linear,
    output: Linear,
    heads: usize,
}

impl Attention {
    /// Loads the attention of the layer at `prefix`.
    pub fn load(
        weights: &Weights,
        prefix: &str,
        names: &AttentionNames,
        config: &Config,
    ) -> Result<Self> {
        let &Config { width, heads, .. } = config;
        let [q, k, v] = projections(weights, prefix, names, width)?;
        let output = match names {
            AttentionNames::Split([_, _, _, out]) => format!("{prefix}.{out}"),
            AttentionNames::Fused(name) => format!("{prefix}.{name}.out_proj"),
        };
        let q = scaled(q, heads).context(|| message!("cannot lay out {prefix}", prefix))?;
        Ok(Self {
            projections: join(&[q, k, v])
                .context(|| message!("cannot lay out {prefix}", prefix))?,
            output: weights.linear(&output, width, width)?,
            heads,
        })
    }

    /// Packed for a processor.
    pub fn pack(self, precision: Precision) -> candle_core::Result<cpu::Attention> {
        let width = self.output.weight().dim(0)?;
        let part = |start, rows| {
            let weight = self.projections.weight().narrow(0, start, rows)?;
            let bias = self.projections.bias().map(|bias| bias.narrow(0, start, rows));
            cpu::Product::new(&Linear::new(weight, bias.transpose()?), precision)
        };
        Ok(cpu::Attention {
            queries: part(0, width)?,
            keys_values: part(width, 2 * width)?,
            output: cpu::Product::new(&self.output, precision)?,
        })
    }

    /// How many heads there are.
    pub fn heads(&self) -> usize {
        self.heads
    }

    /// `(B, N, C)` to `(B, N, C)`; `mask` is added to the scores, `(B, H, N, N)`
    /// or of a shape that is repeated to that.
    pub fn forward(&self, x: &Tensor, mask: Option<&Tensor>) -> candle_core::Result<Tensor> {
        let (b, n, c) = x.dims3()?;
        let qkv = self.projections.forward(x)?.reshape((b, n, 3, self.heads, c / self.heads))?;
        // (3, B, H, N, C/H)
        let qkv = qkv.permute((2, 0, 3, 1, 4))?.contiguous()?;
        let mixed = attend(&qkv.get(0)?, &qkv.get(1)?, &qkv.get(2)?, mask)?;
        self.output.forward(&mixed.transpose(1, 2)?.reshape((b, n, c))?)
    }
}

/// Attention of one query to many tokens, which makes one vector of them.
pub struct AttentionPool {
    /// Already divided by the square root of a head's width.
    query: Linear,
    /// Keys and values in one product.
    keys_values: Linear,
    output: Linear,
    heads: usize,
}

impl AttentionPool {
    /// Loads the attention at `prefix`, whose output has `outputs` components
    /// and is made by `PREFIX.OUTPUT`.
    pub fn load(
        weights: &Weights,
        prefix: &str,
        names: &AttentionNames,
        output: &str,
        config: &Config,
        outputs: usize,
    ) -> Result<Self> {
        config.check()?;
        let &Config { width, heads, .. } = config;
        let [q, k, v] = projections(weights, prefix, names, width)?;
        Ok(Self {
            query: scaled(q, heads).context(|| message!("cannot lay out {prefix}", prefix))?,
            keys_values: join(&[k, v]).context(|| message!("cannot lay out {prefix}", prefix))?,
            output: weights.linear(&format!("{prefix}.{output}"), width, outputs)?,
            heads,
        })
    }

    /// Packed for a processor, for one query, `(1, C)`, asked of every sequence,
    /// whose answers go through norm and perceptron.
    pub fn pack(
        self,
        query: &Tensor,
        norms: [&LayerNorm; 2],
        perceptron: Perceptron,
    ) -> candle_core::Result<cpu::Pool> {
        let asked = self.query.forward(query)?.flatten_all()?.to_vec1()?;
        let mut query = cpu::Matrix::default();
        query.shape(1, asked.len());
        query.row_mut(0).copy_from_slice(&asked);
        Ok(cpu::Pool::Attention(Box::new(cpu::AttentionPool {
            norm: cpu::Norm::new(norms[0])?,
            query,
            heads: self.heads,
            keys_values: cpu::Product::new(&self.keys_values, Precision::F32)?,
            output: cpu::Product::new(&self.output, Precision::F32)?,
            perceptron_norm: cpu::Norm::new(norms[1])?,
            perceptron: perceptron.pack(Precision::F32)?,
        })))
    }

    /// A query, `(B, 1, C)`, over tokens, `(B, N, C)`, to `(B, outputs)`.
    pub fn forward(&self, query: &Tensor, tokens: &Tensor) -> candle_core::Result<Tensor> {
        let (b, n, c) = tokens.dims3()?;
        let (h, d) = (self.heads, c / self.heads);
        let q = self.query.forward(query)?.reshape((b, h, 1, d))?;
        // (2, B, H, N, C/H)
        let kv = self.keys_values.forward(tokens)?.reshape((b, n, 2, h, d))?;
        let kv = kv.permute((2, 0, 3, 1, 4))?.contiguous()?;
        let mixed = attend(&q, &kv.get(0)?, &kv.get(1)?, None)?;
        self.output.forward(&mixed.reshape((b, c))?)
    }
}

/// `(B, H, M, D)` queries over `(B, H, N, D)` keys and values to `(B, H, M, D)`.
fn attend(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    mask: Option<&Tensor>,
) -> candle_core::Result<Tensor> {
    let mut scores = q.matmul(&k.t()?)?;
    if let Some(mask) = mask {
        scores = scores.broadcast_add(mask)?;
    }
    ops::softmax_last_dim(&scores)?.matmul(v)
}

/// The products that make queries, keys and values.
fn projections(
    weights: &Weights,
    prefix: &str,
    names: &AttentionNames,
    width: usize,
) -> Result<[Linear; 3]> {
    match names {
        AttentionNames::Split([q, k, v, _]) => {
            let linear = |name| weights.linear(&format!("{prefix}.{name}"), width, width);
            Ok([linear(q)?, linear(k)?, linear(v)?])
        }
        AttentionNames::Fused(name) => {
            let prefix =
                if name.is_empty() { prefix.to_owned() } else { format!("{prefix}.{name}") };
            let weight = weights.get(&format!("{prefix}.in_proj_weight"), &[3 * width, width])?;
            let bias = weights.get(&format!("{prefix}.in_proj_bias"), &[3 * width])?;
            let part = |n: usize| {
                let weight = weight.narrow(0, n * width, width);
                let bias = bias.narrow(0, n * width, width);
                weight
                    .and_then(|weight| Ok(Linear::new(weight, Some(bias?))))
                    .context(|| message!("cannot lay out {prefix}", prefix))
            };
            Ok([part(0)?, part(1)?, part(2)?])
        }
    }
}

/// Queries divided by the square root of a head's width.
fn scaled(query: Linear, heads: usize) -> candle_core::Result<Linear> {
    let scale = ((query.weight().dim(0)? / heads) as f64).powf(-0.5);
    let bias = query.bias().map(|bias| bias * scale).transpose()?;
    Ok(Linear::new((query.weight() * scale)?, bias))
}

/// Products of the same input as one.
fn join(parts: &[Linear]) -> candle_core::Result<Linear> {
    let weights: Vec<&Tensor> = parts.iter().map(Linear::weight).collect();
    let biases: Vec<&Tensor> = parts.iter().filter_map(Linear::bias).collect();
    let bias = if biases.is_empty() { None } else { Some(Tensor::cat(&biases, 0)?) };
    Ok(Linear::new(Tensor::cat(&weights, 0)?, bias))
}

/// `(N, N)`: 0 where a token may look, at itself and what stands before it,
/// minus infinity elsewhere.
pub fn causal_mask(n: usize, device: &Device) -> candle_core::Result<Tensor> {
    let value = |i| if i % n <= i / n { 0.0 } else { f32::NEG_INFINITY };
    Tensor::from_vec((0..n * n).map(value).collect(), (n, n), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activations_have_their_own_values() {
        // x * sigmoid(1.702 x), x * Phi(x), and the tanh formula, at -2, 0.5, 1.
        for (activation, expected) in [
            (Activation::QuickGelu, [-0.064_341, 0.350_388, 0.845_796]),
            (Activation::Gelu, [-0.045_500, 0.345_731, 0.841_345]),
            (Activation::GeluPytorchTanh, [-0.045_402, 0.345_714, 0.841_192]),
        ] {
            let x = Tensor::new(&[-2f32, 0.5, 1.0], &Device::Cpu).unwrap();
            let values = activation.apply(&x).unwrap().to_vec1::<f32>().unwrap();
            for (value, expected) in values.iter().zip(expected) {
                assert!((value - expected).abs() < 2e-6, "{activation:?} {values:?}");
            }
        }
    }

    #[test]
    fn a_token_sees_itself_and_what_stands_before_it() {
        let no = f32::NEG_INFINITY;
        let mask = causal_mask(3, &Device::Cpu).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(mask, [[0.0, no, no], [0.0, 0.0, no], [0.0, 0.0, 0.0]]);
    }
}
