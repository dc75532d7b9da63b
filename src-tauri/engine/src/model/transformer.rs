//! The transformer that CLIP's towers, and those of its relatives, are made
//! of: layers of attention and a perceptron, each behind a layer norm and
//! added to what came in.

use candle_core::{Device, Tensor};
use candle_nn::{LayerNorm, Linear, Module, ops};
use serde::Deserialize;

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
            return Err(Error::failed(format!(
                "config.json divides a width of {} among {} heads",
                self.width, self.heads
            )));
        }
        Ok(())
    }
}

/// The layers, loaded.
pub struct Transformer {
    layers: Vec<Layer>,
}

struct Layer {
    before_attention: LayerNorm,
    attention: Attention,
    before_perceptron: LayerNorm,
    widen: Linear,
    activation: Activation,
    narrow: Linear,
}

struct Attention {
    /// Queries, keys and values in one product; queries are already divided
    /// by the square root of a head's width.
    projections: Linear,
    output: Linear,
    heads: usize,
}

impl Transformer {
    /// Loads `PREFIX.layers.0`, `PREFIX.layers.1`, ….
    pub fn load(weights: &Weights, prefix: &str, config: &Config) -> Result<Self> {
        config.check()?;
        let layer = |n| Layer::load(weights, &format!("{prefix}.layers.{n}"), config);
        Ok(Self { layers: (0..config.layers).map(layer).collect::<Result<_>>()? })
    }

    /// `(B, N, C)` to `(B, N, C)`. `mask`, `(N, N)`, is added to the attention
    /// of each query (row) to each key (column).
    pub fn forward(&self, x: Tensor, mask: Option<&Tensor>) -> candle_core::Result<Tensor> {
        self.layers.iter().try_fold(x, |x, layer| layer.forward(&x, mask))
    }
}

impl Layer {
    fn load(weights: &Weights, prefix: &str, config: &Config) -> Result<Self> {
        let &Config { width, intermediate, eps, activation, .. } = config;
        let norm = |name: &str| weights.layer_norm(&format!("{prefix}.{name}"), width, eps);
        Ok(Self {
            before_attention: norm("layer_norm1")?,
            attention: Attention::load(weights, &format!("{prefix}.self_attn"), config)?,
            before_perceptron: norm("layer_norm2")?,
            widen: weights.linear(&format!("{prefix}.mlp.fc1"), width, intermediate)?,
            activation,
            narrow: weights.linear(&format!("{prefix}.mlp.fc2"), intermediate, width)?,
        })
    }

    fn forward(&self, x: &Tensor, mask: Option<&Tensor>) -> candle_core::Result<Tensor> {
        let x = (x + self.attention.forward(&self.before_attention.forward(x)?, mask)?)?;
        let wide = self.widen.forward(&self.before_perceptron.forward(&x)?)?;
        &x + self.narrow.forward(&self.activation.apply(&wide)?)?
    }
}

impl Attention {
    fn load(weights: &Weights, prefix: &str, config: &Config) -> Result<Self> {
        let &Config { width, heads, .. } = config;
        let linear = |name: &str| weights.linear(&format!("{prefix}.{name}"), width, width);
        let (q, k, v) = (linear("q_proj")?, linear("k_proj")?, linear("v_proj")?);
        let scale = ((width / heads) as f64).powf(-0.5);
        let join = |q: &Tensor, k: &Tensor, v: &Tensor| {
            (q * scale)
                .and_then(|q| Tensor::cat(&[&q, k, v], 0))
                .context(|| format!("cannot lay out {prefix}"))
        };
        let bias = match (q.bias(), k.bias(), v.bias()) {
            (Some(q), Some(k), Some(v)) => Some(join(q, k, v)?),
            _ => None,
        };
        Ok(Self {
            projections: Linear::new(join(q.weight(), k.weight(), v.weight())?, bias),
            output: linear("out_proj")?,
            heads,
        })
    }

    fn forward(&self, x: &Tensor, mask: Option<&Tensor>) -> candle_core::Result<Tensor> {
        let (b, n, c) = x.dims3()?;
        let qkv = self.projections.forward(x)?.reshape((b, n, 3, self.heads, c / self.heads))?;
        // (3, B, H, N, C/H)
        let qkv = qkv.permute((2, 0, 3, 1, 4))?.contiguous()?;
        let (q, k, v) = (qkv.get(0)?, qkv.get(1)?, qkv.get(2)?);
        let mut scores = q.matmul(&k.t()?)?;
        if let Some(mask) = mask {
            scores = scores.broadcast_add(mask)?;
        }
        let mixed = ops::softmax_last_dim(&scores)?.matmul(&v)?;
        self.output.forward(&mixed.transpose(1, 2)?.reshape((b, n, c))?)
    }
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
