//! CLIP's two transformer towers, and the folders of `transformers` that hold
//! them: OpenAI's models, and those that others trained and converted.
//!
//! Reference:
//! <https://github.com/huggingface/transformers/blob/v4.57.1/src/transformers/models/clip/modeling_clip.py>

use candle_core::{Device, IndexOp, Tensor};
use candle_nn::{LayerNorm, Linear, Module};
use image::RgbImage;
use serde::Deserialize;
use serde_json::Value;

use super::Folder;
use super::cpu;
use super::device::{Backend, Precision};
use super::dual::{CpuImages, DualEncoder, ImageTower, TextTower, Towers};
use super::preprocess::Preprocess;
use super::tokenizer::Tokenizer;
use super::transformer::{self, Activation, HUGGING_FACE, Names, Transformer, causal_mask};
use super::weights::{Table, Weights};
use crate::error::{Context, Error, Result};

/// Sizes of the image tower.
#[derive(Debug, Clone, PartialEq)]
pub struct VisionConfig {
    /// Side of the input, in pixels.
    pub image_size: usize,
    /// Side of a patch, in pixels.
    pub patch_size: usize,
    /// The layers.
    pub transformer: transformer::Config,
    /// Components of the result.
    pub dim: usize,
}

/// What the image tower's tensors are called.
pub struct VisionNames {
    pub patches: &'static str,
    pub class: &'static str,
    pub positions: &'static str,
    pub pre_norm: &'static str,
    pub transformer: &'static str,
    pub layers: &'static Names,
    pub post_norm: &'static str,
    pub projection: Projection,
}

/// The product that makes a vector of the space that both towers share.
pub enum Projection {
    /// `(outputs, inputs)`, as a linear layer keeps it.
    Linear(&'static str),
    /// `(inputs, outputs)`, as OpenAI keeps it.
    Matrix(&'static str),
}

impl Projection {
    fn load(&self, weights: &Weights, inputs: usize, outputs: usize) -> Result<Linear> {
        let weight = match self {
            Self::Linear(name) => weights.get(name, &[outputs, inputs])?,
            Self::Matrix(name) => weights
                .get(name, &[inputs, outputs])?
                .t()
                .and_then(|matrix| matrix.contiguous())
                .context(|| message!("cannot lay out {name}", name))?,
        };
        Ok(Linear::new(weight, None))
    }
}

impl VisionConfig {
    /// Refuses sizes that fit no weights.
    pub fn check(&self) -> Result<()> {
        let Self { image_size, patch_size, .. } = *self;
        if patch_size == 0 || patch_size > image_size {
            return Err(Error::failed(message!(
                "patches of {patch_size} pixels in an image of {image_size}",
                patch_size,
                image_size
            )));
        }
        self.transformer.check()
    }

    /// Patches in an image. What does not fill one is left out, as the
    /// reference's convolution does.
    fn patches(&self) -> usize {
        (self.image_size / self.patch_size).pow(2)
    }
}

/// A vision transformer whose class token stands for the image.
pub struct VisionTower {
    /// The convolution over patches, as a product.
    patches: Linear,
    patch: usize,
    class: Tensor,
    positions: Tensor,
    pre_norm: LayerNorm,
    transformer: Transformer,
    post_norm: LayerNorm,
    projection: Linear,
    device: Device,
}

impl VisionTower {
    /// Loads the tower.
    pub fn load(weights: &Weights, names: &VisionNames, config: &VisionConfig) -> Result<Self> {
        let transformer::Config { width, eps, .. } = config.transformer;
        let patch = config.patch_size;
        let kernel = weights.get(names.patches, &[width, 3, patch, patch])?;
        let kernel =
            kernel.flatten_from(1).context(|| message!("cannot lay out the patch embedding"))?;
        let positions = weights.get(names.positions, &[1 + config.patches(), width])?;
        Ok(Self {
            patches: Linear::new(kernel, None),
            patch,
            class: weights.get(names.class, &[width])?,
            positions,
            pre_norm: weights.layer_norm(names.pre_norm, width, eps)?,
            transformer: Transformer::load(
                weights,
                names.transformer,
                names.layers,
                &config.transformer,
            )?,
            post_norm: weights.layer_norm(names.post_norm, width, eps)?,
            projection: names.projection.load(weights, width, config.dim)?,
            device: weights.device().clone(),
        })
    }

    /// The tower on what computes it, for images of this preprocessing.
    pub fn on(self, backend: &Backend, preprocess: &Preprocess) -> Result<Box<dyn ImageTower>> {
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
                class: Some(self.class.to_vec1()?),
                positions: self.positions.flatten_all()?.to_vec1()?,
            },
            Some(cpu::Norm::new(&self.pre_norm)?),
            self.transformer.pack(precision, cpu::Sight::All)?,
            cpu::Pool::Token {
                norm: cpu::Norm::new(&self.post_norm)?,
                product: cpu::Product::new(&self.projection, Precision::F32)?,
            },
        ))
    }

    fn run(&self, pixels: Vec<f32>, b: usize) -> candle_core::Result<Vec<Vec<f32>>> {
        let (positions, width) = self.positions.dims2()?;
        let (_, patch) = self.patches.weight().dims2()?;
        let patches = Tensor::from_vec(pixels, (b, positions - 1, patch), &self.device)?;
        let patches = self.patches.forward(&patches)?;
        let class = self.class.expand((b, 1, width))?;
        let x = Tensor::cat(&[&class, &patches], 1)?.broadcast_add(&self.positions)?;
        let x = self.transformer.forward(self.pre_norm.forward(&x)?, None)?;
        let class = x.i((.., 0))?.contiguous()?;
        self.projection.forward(&self.post_norm.forward(&class)?)?.to_vec2()
    }
}

impl ImageTower for VisionTower {
    fn forward(&self, images: &[RgbImage], preprocess: &Preprocess) -> Result<Vec<Vec<f32>>> {
        let pixels = preprocess.patches(images, self.patch)?;
        self.run(pixels, images.len()).context(|| message!("the image tower failed"))
    }
}

/// Sizes of the text tower.
#[derive(Debug, Clone, PartialEq)]
pub struct TextConfig {
    /// Tokens it knows.
    pub vocabulary: usize,
    /// Tokens of the longest text, start and end included.
    pub context: usize,
    /// The layers.
    pub transformer: transformer::Config,
    /// Whether a token sees only itself and what stands before it.
    pub causal: bool,
    /// Which token stands for the text.
    pub end: End,
    /// Components of the result.
    pub dim: usize,
}

/// The token that stands for a whole text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The first of this number.
    Token(u32),
    /// The first of the highest number, which the end of text has in CLIP's
    /// vocabulary.
    Highest,
}

impl End {
    /// Its place among a text's tokens.
    fn of(self, tokens: &[u32]) -> Option<usize> {
        let end = match self {
            Self::Token(end) => end,
            Self::Highest => *tokens.iter().max()?,
        };
        tokens.iter().position(|&token| token == end)
    }
}

/// What the text tower's tensors are called.
pub struct TextNames {
    pub tokens: &'static str,
    pub positions: &'static str,
    pub transformer: &'static str,
    pub layers: &'static Names,
    pub final_norm: &'static str,
    pub projection: Projection,
}

/// A transformer over tokens, one of which stands for the text.
pub struct CausalTextTower {
    tokenizer: Tokenizer,
    tokens: Table,
    context: usize,
    causal: bool,
    end: End,
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
    causal: bool,
    final_norm: LayerNorm,
    projection: Linear,
    device: Device,
}

impl CausalTextTower {
    /// Loads the tower.
    pub fn load(
        weights: &Weights,
        names: &TextNames,
        config: &TextConfig,
        tokenizer: Tokenizer,
        backend: &Backend,
    ) -> Result<Self> {
        let transformer::Config { width, eps, .. } = config.transformer;
        let tokens = weights.table(names.tokens, config.vocabulary, width)?;
        let network = CandleText {
            positions: weights.get(names.positions, &[config.context, width])?,
            transformer: Transformer::load(
                weights,
                names.transformer,
                names.layers,
                &config.transformer,
            )?,
            causal: config.causal,
            final_norm: weights.layer_norm(names.final_norm, width, eps)?,
            projection: names.projection.load(weights, width, config.dim)?,
            device: weights.device().clone(),
        };
        let network = match *backend {
            Backend::Candle(_) => TextNetwork::Candle(Box::new(network)),
            Backend::Cpu(_) => TextNetwork::Cpu(Box::new(
                network.pack().context(|| message!("cannot pack the text tower"))?,
            )),
        };
        let &TextConfig { context, causal, end, .. } = config;
        Ok(Self { tokenizer, tokens, context, causal, end, network })
    }
}

impl CandleText {
    /// In f32 always: a question is short, and all answers depend on it.
    fn pack(self) -> candle_core::Result<cpu::Tower> {
        let sight = if self.causal { cpu::Sight::Back } else { cpu::Sight::All };
        Ok(cpu::Tower::new(
            cpu::Embed::Tokens { positions: self.positions.flatten_all()?.to_vec1()? },
            None,
            self.transformer.pack(Precision::F32, sight)?,
            cpu::Pool::Token {
                norm: cpu::Norm::new(&self.final_norm)?,
                product: cpu::Product::new(&self.projection, Precision::F32)?,
            },
        ))
    }

    /// Token vectors, `(B, N, C)`, and the place of the one that stands for
    /// each text, to vectors.
    fn run(&self, tokens: &Tensor, ends: &[usize]) -> candle_core::Result<Vec<Vec<f32>>> {
        let n = tokens.dim(1)?;
        let x = tokens.broadcast_add(&self.positions.narrow(0, 0, n)?)?;
        let mask = if self.causal { Some(causal_mask(n, &self.device)?) } else { None };
        let x = self.transformer.forward(x, mask.as_ref())?;
        let ends = ends.iter().enumerate().map(|(text, &end)| x.i((text, end)));
        let ends = Tensor::stack(&ends.collect::<candle_core::Result<Vec<_>>>()?, 0)?;
        self.projection.forward(&self.final_norm.forward(&ends)?)?.to_vec2()
    }
}

impl TextTower for CausalTextTower {
    fn encode(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let tokens = self.tokenizer.encode(texts)?;
        let ends = tokens.iter().map(|tokens| self.end.of(tokens)).collect::<Option<_>>();
        let ends: Vec<usize> = ends.ok_or_else(|| {
            Error::failed(message!(
                "{file} ends texts without the token that the configuration names as the end \
                 ({end})",
                file = self.tokenizer.file().display(),
                end = format_args!("{:?}", self.end)
            ))
        })?;
        // What comes after the end changes nothing where no token sees it.
        // Where tokens do see it, they were trained with all of it.
        let needed = |end: &usize| if self.causal { end + 1 } else { self.context };
        let lengths: Vec<usize> = ends.iter().map(needed).collect();
        match &self.network {
            TextNetwork::Cpu(tower) => {
                let numbers = tokens.iter().zip(&lengths).flat_map(|(text, &n)| filled(text, n));
                let rows = self.tokens.values(&numbers.collect::<Vec<_>>())?;
                let batch = cpu::Batch {
                    rows: cpu::Rows::Tokens(&rows),
                    lengths: &lengths,
                    ends: Some(&ends),
                };
                Ok(tower.texts(batch))
            }
            TextNetwork::Candle(network) => {
                let n = lengths.iter().copied().max().unwrap_or(0);
                let numbers = tokens.iter().flat_map(|text| filled(text, n));
                let rows = self.tokens.rows(&numbers.collect::<Vec<_>>(), tokens.len(), n)?;
                network.run(&rows, &ends).context(|| message!("the text tower failed"))
            }
        }
    }
}

/// A text of so many tokens, filled up with token 0 or cut.
fn filled(text: &[u32], n: usize) -> impl Iterator<Item = u32> {
    (0..n).map(|place| text.get(place).copied().unwrap_or(0))
}

const VISION_NAMES: VisionNames = VisionNames {
    patches: "vision_model.embeddings.patch_embedding.weight",
    class: "vision_model.embeddings.class_embedding",
    positions: "vision_model.embeddings.position_embedding.weight",
    // The reference's own spelling.
    pre_norm: "vision_model.pre_layrnorm",
    transformer: "vision_model.encoder",
    layers: &HUGGING_FACE,
    post_norm: "vision_model.post_layernorm",
    projection: Projection::Linear("visual_projection.weight"),
};

const TEXT_NAMES: TextNames = TextNames {
    tokens: "text_model.embeddings.token_embedding.weight",
    positions: "text_model.embeddings.position_embedding.weight",
    transformer: "text_model.encoder",
    layers: &HUGGING_FACE,
    final_norm: "text_model.final_layer_norm",
    projection: Projection::Linear("text_projection.weight"),
};

/// Opens a folder in the layout of `transformers`. Reads the configuration and
/// the weights' header.
pub fn open(folder: &Folder, backend: &Backend) -> Result<DualEncoder> {
    let (vision, text) = configs(&folder.config).context(|| {
        message!("cannot use {file}", file = folder.path.join("config.json").display())
    })?;
    let preprocess = Preprocess::of_folder(&folder.path, vision.image_size)?;
    let weights = Weights::open(&folder.weights, &backend.device())?;
    let (path, dim, backend) = (folder.path.clone(), vision.dim, backend.clone());
    let normal = preprocess.clone();
    Ok(DualEncoder {
        dim,
        preprocess,
        affinity: None,
        backend: backend.clone(),
        load_images: {
            let (weights, backend) = (weights.clone(), backend.clone());
            Box::new(move || {
                VisionTower::load(&weights, &VISION_NAMES, &vision)?.on(&backend, &normal)
            })
        },
        load_texts: Box::new(move || {
            let tokenizer = Tokenizer::of_clip(&path, text.context, text.vocabulary)?;
            let tower = CausalTextTower::load(&weights, &TEXT_NAMES, &text, tokenizer, &backend)?;
            Ok(Box::new(tower))
        }),
        towers: Towers::default(),
    })
}

/// A part of `config.json`. Published files leave out what equals the defaults
/// of `CLIPVisionConfig` and `CLIPTextConfig`.
#[derive(Deserialize)]
struct Part {
    hidden_size: Option<usize>,
    intermediate_size: Option<usize>,
    num_hidden_layers: Option<usize>,
    num_attention_heads: Option<usize>,
    hidden_act: Option<Activation>,
    layer_norm_eps: Option<f64>,
    num_channels: Option<usize>,
    image_size: Option<usize>,
    patch_size: Option<usize>,
    vocab_size: Option<usize>,
    max_position_embeddings: Option<usize>,
    eos_token_id: Option<u32>,
}

impl Part {
    fn transformer(&self, width: usize, intermediate: usize, heads: usize) -> transformer::Config {
        transformer::Config {
            width: self.hidden_size.unwrap_or(width),
            intermediate: self.intermediate_size.unwrap_or(intermediate),
            layers: self.num_hidden_layers.unwrap_or(12),
            heads: self.num_attention_heads.unwrap_or(heads),
            activation: self.hidden_act.unwrap_or(Activation::QuickGelu),
            eps: self.layer_norm_eps.unwrap_or(1e-5),
        }
    }
}

fn configs(config: &Value) -> Result<(VisionConfig, TextConfig)> {
    // Old files say it twice, and then the reference believes this one.
    let part = |name: &str| -> Result<Part> {
        let older = &config[format!("{name}_dict")];
        let part = if older.is_object() { older } else { &config[name] };
        let part = if part.is_null() { Value::Object(Default::default()) } else { part.clone() };
        serde_json::from_value(part).context(|| message!("cannot understand {name}", name))
    };
    let dim = match &config["projection_dim"] {
        Value::Null => 512,
        dim => serde_json::from_value(dim.clone())
            .context(|| message!("projection_dim is not a size"))?,
    };
    let part_of_vision = part("vision_config")?;
    let channels = part_of_vision.num_channels.unwrap_or(3);
    if channels != 3 {
        return Err(Error::failed(message!("images of {channels} channels", channels)));
    }
    let vision = VisionConfig {
        image_size: part_of_vision.image_size.unwrap_or(224),
        patch_size: part_of_vision.patch_size.unwrap_or(32),
        transformer: part_of_vision.transformer(768, 3072, 12),
        dim,
    };
    let part = part("text_config")?;
    let text = TextConfig {
        vocabulary: part.vocab_size.unwrap_or(49408),
        context: part.max_position_embeddings.unwrap_or(77),
        transformer: part.transformer(512, 2048, 8),
        causal: true,
        // Files of before 2023 say 2 whatever the tokenizer says.
        end: match part.eos_token_id.unwrap_or(49407) {
            2 => End::Highest,
            token => End::Token(token),
        },
        dim,
    };
    vision.check()?;
    text.transformer.check()?;
    Ok((vision, text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_old_end_rule_takes_the_first_of_the_highest_tokens() {
        assert_eq!(End::Highest.of(&[7, 3, 9, 9]), Some(2));
        assert_eq!(End::Token(3).of(&[7, 3, 9, 3]), Some(1));
        assert_eq!(End::Token(3).of(&[7, 9]), None);
        let end = |id: u32| configs(&json!({ "text_config": { "eos_token_id": id } })).unwrap();
        assert_eq!((end(2).1.end, end(5).1.end), (End::Highest, End::Token(5)));
    }

    #[test]
    fn the_older_way_to_write_a_configuration_wins() {
        let (vision, text) = configs(&json!({
            "text_config": { "hidden_size": 8 },
            "text_config_dict": { "hidden_size": 768, "num_attention_heads": 12 },
            "vision_config_dict": null,
        }))
        .unwrap();
        assert_eq!((text.transformer.width, text.transformer.layers), (768, 12));
        assert_eq!((vision.image_size, vision.patch_size, vision.dim), (224, 32, 512));
        assert_eq!((vision.transformer.width, vision.transformer.heads), (768, 12));
        assert_eq!(vision.transformer.activation, Activation::QuickGelu);
    }
}
