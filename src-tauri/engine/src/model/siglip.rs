//! SigLIP, and SigLIP 2 of a fixed resolution.
//!
//! Reference:
//! <https://github.com/huggingface/transformers/blob/v4.57.1/src/transformers/models/siglip/modeling_siglip.py>;
//! arXiv 2303.15343 and 2502.14786.

use std::path::Path;

use candle_core::{Device, IndexOp, Tensor};
use candle_nn::{LayerNorm, Linear, Module};
use image::RgbImage;
use serde::Deserialize;
use serde_json::Value;

use super::cpu;
use super::device::{Backend, Precision};
use super::dual::{CpuImages, DualEncoder, ImageTower, TextTower, Towers};
use super::preprocess::Preprocess;
use super::tokenizer::Tokenizer;
use super::transformer::{
    self, Activation, AttentionNames, AttentionPool, HUGGING_FACE, Perceptron, Transformer,
};
use super::weights::{Table, Weights};
use super::{Affinity, Folder, read_json};
use crate::error::{Context, Error, Result};

/// A part of `config.json`. Published files leave out what equals the defaults
/// of `SiglipVisionConfig` and `SiglipTextConfig`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
struct Part {
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    hidden_act: Activation,
    layer_norm_eps: f64,
    num_channels: usize,
    image_size: usize,
    patch_size: usize,
    vocab_size: usize,
    max_position_embeddings: usize,
    /// Components of a text's vector; those of an image where it is absent.
    projection_size: Option<usize>,
    vision_use_head: bool,
}

impl Default for Part {
    fn default() -> Self {
        Self {
            hidden_size: 768,
            intermediate_size: 3072,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            hidden_act: Activation::GeluPytorchTanh,
            layer_norm_eps: 1e-6,
            num_channels: 3,
            image_size: 224,
            patch_size: 16,
            vocab_size: 32000,
            max_position_embeddings: 64,
            projection_size: None,
            vision_use_head: true,
        }
    }
}

impl Part {
    fn new(config: &Value, name: &str) -> Result<Self> {
        let part = match &config[name] {
            Value::Null => Self::default(),
            part => serde_json::from_value(part.clone())
                .context(|| message!("cannot understand {name}", name))?,
        };
        part.transformer().check()?;
        Ok(part)
    }

    fn transformer(&self) -> transformer::Config {
        transformer::Config {
            width: self.hidden_size,
            intermediate: self.intermediate_size,
            layers: self.num_hidden_layers,
            heads: self.num_attention_heads,
            activation: self.hidden_act,
            eps: self.layer_norm_eps,
        }
    }
}

/// Opens a folder in the layout of `transformers`. Reads the configuration and
/// the weights' header.
pub fn open(folder: &Folder, backend: &Backend) -> Result<DualEncoder> {
    let cannot = || message!("cannot use {file}", file = folder.path.join("config.json").display());
    let vision = Part::new(&folder.config, "vision_config").context(cannot)?;
    let text = Part::new(&folder.config, "text_config").context(cannot)?;
    check(&vision, &text).context(cannot)?;
    let preprocess = Preprocess::of_folder(&folder.path, vision.image_size)?;
    let weights = Weights::open(&folder.weights, &backend.device())?;
    let affinity = match (weights.scalar("logit_scale")?, weights.scalar("logit_bias")?) {
        (Some(scale), Some(bias)) => Some(Affinity { scale: scale.exp(), bias }),
        _ => None,
    };
    let (dim, path) = (vision.hidden_size, folder.path.clone());
    let (images, backend) = (weights.clone(), backend.clone());
    let (on, normal) = (backend.clone(), preprocess.clone());
    Ok(DualEncoder {
        dim,
        preprocess,
        affinity,
        backend: backend.clone(),
        load_images: Box::new(move || VisionTower::load(&images, &vision)?.on(&on, &normal)),
        load_texts: Box::new(move || {
            Ok(Box::new(TokenTower::load(&weights, &text, dim, &path, &backend)?))
        }),
        towers: Towers::default(),
    })
}

fn check(vision: &Part, text: &Part) -> Result<()> {
    let &Part { image_size, patch_size, num_channels, .. } = vision;
    if num_channels != 3 {
        return Err(Error::failed(message!(
            "images of {channels} channels",
            channels = num_channels
        )));
    }
    if patch_size == 0 || patch_size > image_size {
        return Err(Error::failed(message!(
            "patches of {patch_size} pixels in an image of {image_size}",
            patch_size,
            image_size
        )));
    }
    if !vision.vision_use_head {
        return Err(Error::failed(message!(
            "its image tower has no head, and so makes no single vector"
        )));
    }
    let outputs = text.projection_size.unwrap_or(text.hidden_size);
    if outputs != vision.hidden_size {
        return Err(Error::failed(message!(
            "images get {hidden_size} components and texts {outputs}",
            hidden_size = vision.hidden_size,
            outputs
        )));
    }
    Ok(())
}

struct VisionTower {
    /// The convolution over patches, as a product.
    patches: Linear,
    patch: usize,
    positions: Tensor,
    transformer: Transformer,
    post_norm: LayerNorm,
    /// The question that the image's vector answers, `(1, 1, C)`.
    probe: Tensor,
    pool: AttentionPool,
    pool_norm: LayerNorm,
    perceptron: Perceptron,
    device: Device,
}

impl VisionTower {
    fn load(weights: &Weights, part: &Part) -> Result<Self> {
        let config = part.transformer();
        let &Part { hidden_size: width, patch_size: patch, layer_norm_eps: eps, .. } = part;
        let patches = (part.image_size / patch).pow(2);
        let embeddings = "vision_model.embeddings";
        let kernel = weights
            .get(&format!("{embeddings}.patch_embedding.weight"), &[width, 3, patch, patch])?;
        let bias = weights.get(&format!("{embeddings}.patch_embedding.bias"), &[width])?;
        let kernel =
            kernel.flatten_from(1).context(|| message!("cannot lay out the patch embedding"))?;
        let head = "vision_model.head";
        let attention = format!("{head}.attention");
        let fused = AttentionNames::Fused("");
        Ok(Self {
            patches: Linear::new(kernel, Some(bias)),
            patch,
            positions: weights
                .get(&format!("{embeddings}.position_embedding.weight"), &[patches, width])?,
            transformer: Transformer::load(
                weights,
                "vision_model.encoder",
                &HUGGING_FACE,
                &config,
            )?,
            post_norm: weights.layer_norm("vision_model.post_layernorm", width, eps)?,
            probe: weights.get(&format!("{head}.probe"), &[1, 1, width])?,
            pool: AttentionPool::load(weights, &attention, &fused, "out_proj", &config, width)?,
            pool_norm: weights.layer_norm(&format!("{head}.layernorm"), width, eps)?,
            perceptron: Perceptron::load(weights, head, ["mlp.fc1", "mlp.fc2"], &config)?,
            device: weights.device().clone(),
        })
    }

    /// The tower on what computes it, for images of this preprocessing.
    fn on(self, backend: &Backend, preprocess: &Preprocess) -> Result<Box<dyn ImageTower>> {
        match *backend {
            Backend::Candle(_) => Ok(Box::new(self)),
            Backend::Cpu(precision) => {
                let patch = self.patch;
                let tower = self
                    .pack(precision, preprocess)
                    .context(|| message!("cannot pack the image tower"))?;
                Ok(Box::new(CpuImages { tower, patch }))
            }
        }
    }

    fn pack(
        self,
        precision: Precision,
        preprocess: &Preprocess,
    ) -> candle_core::Result<cpu::Tower> {
        let (scale, offset) = preprocess.normalisation();
        let (kernel, bias) = (self.patches.weight(), self.patches.bias());
        Ok(cpu::Tower::new(
            cpu::Embed::Patches {
                product: cpu::patches(kernel, bias, scale, offset, precision)?,
                class: None,
                positions: self.positions.flatten_all()?.to_vec1()?,
            },
            None,
            self.transformer.pack(precision, cpu::Sight::All)?,
            self.pool.pack(
                &self.probe.squeeze(0)?,
                [&self.post_norm, &self.pool_norm],
                self.perceptron,
            )?,
        ))
    }

    fn run(&self, pixels: Vec<f32>, b: usize) -> candle_core::Result<Vec<Vec<f32>>> {
        let (patches, width) = self.positions.dims2()?;
        let (_, patch) = self.patches.weight().dims2()?;
        let x = Tensor::from_vec(pixels, (b, patches, patch), &self.device)?;
        let x = self.patches.forward(&x)?.broadcast_add(&self.positions)?;
        let x = self.post_norm.forward(&self.transformer.forward(x, None)?)?;
        let probe = self.probe.expand((b, 1, width))?.contiguous()?;
        let pooled = self.pool.forward(&probe, &x)?;
        let mixed = self.perceptron.forward(&self.pool_norm.forward(&pooled)?)?;
        (pooled + mixed)?.to_vec2()
    }
}

impl ImageTower for VisionTower {
    fn forward(&self, images: &[RgbImage], preprocess: &Preprocess) -> Result<Vec<Vec<f32>>> {
        let pixels = preprocess.patches(images, self.patch)?;
        self.run(pixels, images.len()).context(|| message!("the image tower failed"))
    }
}

/// A transformer without a mask over texts of one length: the model was trained
/// with what fills them up, and reads the last place.
struct TokenTower {
    tokenizer: Tokenizer,
    wording: Wording,
    fill: Fill,
    context: usize,
    tokens: Table,
    network: TextNetwork,
}

/// What follows the table of tokens.
enum TextNetwork {
    Candle(Box<CandleText>),
    Cpu(Box<cpu::Tower>),
}

struct CandleText {
    positions: Tensor,
    transformer: Transformer,
    final_norm: LayerNorm,
    head: Linear,
}

/// The token that fills texts up, and on which side.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Fill {
    token: u32,
    left: bool,
}

/// How a text is written before it is cut into tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wording {
    /// SigLIP: small letters, no ASCII punctuation, single spaces
    /// (`canonicalize_text` of `SiglipTokenizer`).
    Canonical,
    /// SigLIP 2: small letters.
    Lower,
}

impl Wording {
    fn apply(self, text: &str) -> String {
        let text = text.to_lowercase();
        match self {
            Self::Lower => text,
            Self::Canonical => {
                let bare: String = text.chars().filter(|c| !c.is_ascii_punctuation()).collect();
                bare.split_whitespace().collect::<Vec<_>>().join(" ")
            }
        }
    }
}

impl TokenTower {
    fn load(
        weights: &Weights,
        part: &Part,
        dim: usize,
        folder: &Path,
        backend: &Backend,
    ) -> Result<Self> {
        let &Part { hidden_size: width, layer_norm_eps: eps, .. } = part;
        let &Part { vocab_size, max_position_embeddings: context, .. } = part;
        let tokenizer = Tokenizer::open(&folder.join("tokenizer.json"), context, vocab_size)?;
        let (wording, fill) = conventions(folder, &tokenizer)?;
        let embeddings = "text_model.embeddings";
        let tokens = format!("{embeddings}.token_embedding.weight");
        let tokens = weights.table(&tokens, vocab_size, width)?;
        let network = CandleText {
            positions: weights
                .get(&format!("{embeddings}.position_embedding.weight"), &[context, width])?,
            transformer: Transformer::load(
                weights,
                "text_model.encoder",
                &HUGGING_FACE,
                &part.transformer(),
            )?,
            final_norm: weights.layer_norm("text_model.final_layer_norm", width, eps)?,
            head: weights.linear("text_model.head", width, dim)?,
        };
        let network = match *backend {
            Backend::Candle(_) => TextNetwork::Candle(Box::new(network)),
            Backend::Cpu(_) => TextNetwork::Cpu(Box::new(
                network.pack().context(|| message!("cannot pack the text tower"))?,
            )),
        };
        Ok(Self { tokenizer, wording, fill, context, tokens, network })
    }

    /// Texts of `n` tokens, one after the other, to vectors.
    fn run(&self, tokens: &[u32], n: usize) -> Result<Vec<Vec<f32>>> {
        let texts = tokens.len() / n;
        match &self.network {
            TextNetwork::Candle(network) => {
                let rows = self.tokens.rows(tokens, texts, n)?;
                network.run(&rows).context(|| message!("the text tower failed"))
            }
            TextNetwork::Cpu(tower) => {
                let rows = self.tokens.values(tokens)?;
                let (lengths, ends) = (vec![n; texts], vec![n - 1; texts]);
                let batch = cpu::Batch {
                    rows: cpu::Rows::Tokens(&rows),
                    lengths: &lengths,
                    ends: Some(&ends),
                };
                Ok(tower.texts(batch))
            }
        }
    }
}

impl CandleText {
    /// In f32 always: a question is short, and all answers depend on it.
    fn pack(self) -> candle_core::Result<cpu::Tower> {
        Ok(cpu::Tower::new(
            cpu::Embed::Tokens { positions: self.positions.flatten_all()?.to_vec1()? },
            None,
            self.transformer.pack(Precision::F32, cpu::Sight::All)?,
            cpu::Pool::Token {
                norm: cpu::Norm::new(&self.final_norm)?,
                product: cpu::Product::new(&self.head, Precision::F32)?,
            },
        ))
    }

    /// Token vectors, `(B, N, C)`, to vectors.
    fn run(&self, tokens: &Tensor) -> candle_core::Result<Vec<Vec<f32>>> {
        let n = tokens.dim(1)?;
        let x = tokens.broadcast_add(&self.positions.narrow(0, 0, n)?)?;
        let x = self.transformer.forward(x, None)?;
        let last = x.i((.., n - 1))?.contiguous()?;
        self.head.forward(&self.final_norm.forward(&last)?)?.to_vec2()
    }
}

impl TextTower for TokenTower {
    fn encode(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let texts: Vec<String> = texts.iter().map(|text| self.wording.apply(text)).collect();
        let tokens =
            self.tokenizer.encode(&texts.iter().map(String::as_str).collect::<Vec<_>>())?;
        let mut filled = Vec::with_capacity(tokens.len() * self.context);
        for tokens in &tokens {
            let fill = std::iter::repeat_n(self.fill.token, self.context - tokens.len());
            if self.fill.left {
                filled.extend(fill);
                filled.extend(tokens);
            } else {
                filled.extend(tokens);
                filled.extend(fill);
            }
        }
        self.run(&filled, self.context)
    }
}

/// What the folder says about its tokenizer. `config.json` is not asked for the
/// token that fills up: where it is silent its default is that of SigLIP, which
/// is wrong for SigLIP 2.
fn conventions(folder: &Path, tokenizer: &Tokenizer) -> Result<(Wording, Fill)> {
    let file = folder.join("tokenizer_config.json");
    let config = if file.exists() { read_json(&file)? } else { Value::Null };
    let first = match config["tokenizer_class"].as_str() {
        // `SiglipTokenizerFast`, too, but not `Siglip2Tokenizer`.
        Some(class) => class.starts_with("SiglipTokenizer"),
        // SigLIP 2 has Gemma's vocabulary, which has a token for the beginning.
        None => tokenizer.token("<bos>").is_none(),
    };
    // Either the text, or an object that holds it.
    let fill = config["pad_token"].as_str().or(config["pad_token"]["content"].as_str());
    let fill = fill.unwrap_or(if first { "</s>" } else { "<pad>" });
    let token = tokenizer.token(fill).ok_or_else(|| {
        Error::failed(message!(
            "{file} fills texts up with \"{fill}\", which {tokenizer} does not know",
            file = file.display(),
            fill,
            tokenizer = tokenizer.file().display()
        ))
    })?;
    let left = config["padding_side"].as_str() == Some("left");
    let wording = if first { Wording::Canonical } else { Wording::Lower };
    Ok((wording, Fill { token, left }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Embedding;
    use crate::model::tests::fixture;

    /// Where most implementations go wrong: a text as long as it is, not filled
    /// up, in place of one of the trained length.
    #[test]
    fn a_text_that_is_not_filled_up_gets_another_vector() {
        for name in ["siglip", "siglip2"] {
            let folder = Folder::open(&fixture(name)).unwrap();
            let weights = Weights::open(&folder.weights, &Device::Cpu).unwrap();
            let text = Part::new(&folder.config, "text_config").unwrap();
            let vision = Part::new(&folder.config, "vision_config").unwrap();
            let backend = Backend::Cpu(Precision::F32);
            let tower =
                TokenTower::load(&weights, &text, vision.hidden_size, &folder.path, &backend)
                    .unwrap();
            let expected = read_json(&folder.path.join("expected.json")).unwrap();
            let expected = &expected["texts"][0];
            let reference: Vec<f32> = serde_json::from_value(expected["vector"].clone()).unwrap();
            let words = tower.wording.apply(expected["text"].as_str().unwrap());
            let cosine = |vector: Vec<f32>| -> f32 {
                let vector = Embedding::from_raw(vector).unwrap();
                vector.as_slice().iter().zip(&reference).map(|(a, b)| a * b).sum()
            };
            let filled = tower.encode(&[&words]).unwrap().remove(0);
            assert!(cosine(filled) >= 0.9999, "{name}");
            let tokens = tower.tokenizer.encode(&[&words]).unwrap().remove(0);
            assert!(tokens.len() < tower.context);
            let short = cosine(tower.run(&tokens, tokens.len()).unwrap().remove(0));
            assert!(short < 0.9999, "{name}: {short}");
        }
    }

    #[test]
    fn texts_are_written_as_each_version_was_trained() {
        let text = "  It's a Dog,\tTWO  cats!";
        assert_eq!(Wording::Canonical.apply(text), "its a dog two cats");
        assert_eq!(Wording::Lower.apply(text), "  it's a dog,\ttwo  cats!");
    }
}
