//! CLIP as `transformers` lays it out: OpenAI's models, and those that others
//! trained and converted.
//!
//! Reference:
//! <https://github.com/huggingface/transformers/blob/v4.57.1/src/transformers/models/clip/modeling_clip.py>

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use candle_core::{Device, IndexOp, Tensor};
use candle_nn::{Embedding as Lookup, LayerNorm, Linear, Module};
use image::RgbImage;
use serde::Deserialize;
use serde_json::Value;

use super::preprocess::Preprocess;
use super::slot::Slot;
use super::tokenizer::Tokenizer;
use super::transformer::{self, Activation, Transformer, causal_mask};
use super::weights::Weights;
use super::{Embedding, Encoder, read_json};
use crate::error::{Context, Error, Result};

/// The files of a folder.
pub const FILES: &[&str] =
    &["config.json", "model.safetensors", "tokenizer.json", "preprocessor_config.json"];

/// Texts that go through the tower together. Tags come in thousands, and the
/// attention of all of them at once would not fit.
const TEXT_BATCH: usize = 64;

/// A CLIP model. Neither tower is loaded before it is used.
pub struct Clip {
    folder: PathBuf,
    config: Config,
    preprocess: Preprocess,
    weights: Weights,
    vision: Slot<VisionTower>,
    text: Slot<TextTower>,
}

#[derive(Debug, Clone, PartialEq)]
struct Config {
    vision: VisionConfig,
    text: TextConfig,
    projection_dim: usize,
}

/// Defaults are those of `CLIPVisionConfig`: published files leave out what
/// equals them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
struct VisionConfig {
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_channels: usize,
    image_size: usize,
    patch_size: usize,
    hidden_act: Activation,
    layer_norm_eps: f64,
}

impl Default for VisionConfig {
    fn default() -> Self {
        Self {
            hidden_size: 768,
            intermediate_size: 3072,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            num_channels: 3,
            image_size: 224,
            patch_size: 32,
            hidden_act: Activation::QuickGelu,
            layer_norm_eps: 1e-5,
        }
    }
}

/// Defaults are those of `CLIPTextConfig`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
struct TextConfig {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    max_position_embeddings: usize,
    hidden_act: Activation,
    layer_norm_eps: f64,
    eos_token_id: u32,
}

impl Default for TextConfig {
    fn default() -> Self {
        Self {
            vocab_size: 49408,
            hidden_size: 512,
            intermediate_size: 2048,
            num_hidden_layers: 12,
            num_attention_heads: 8,
            max_position_embeddings: 77,
            hidden_act: Activation::QuickGelu,
            layer_norm_eps: 1e-5,
            eos_token_id: 49407,
        }
    }
}

impl Config {
    fn new(config: &Value) -> Result<Self> {
        // Old files say it twice, and then the reference believes this one.
        let part = |name: &str| {
            let older = &config[format!("{name}_dict")];
            let part = if older.is_object() { older } else { &config[name] };
            if part.is_null() { Value::Object(Default::default()) } else { part.clone() }
        };
        let config = Self {
            vision: serde_json::from_value(part("vision_config"))
                .context(|| "cannot understand vision_config")?,
            text: serde_json::from_value(part("text_config"))
                .context(|| "cannot understand text_config")?,
            projection_dim: match &config["projection_dim"] {
                Value::Null => 512,
                dim => serde_json::from_value(dim.clone())
                    .context(|| "projection_dim is not a size")?,
            },
        };
        config.vision.transformer().check()?;
        config.text.transformer().check()?;
        let VisionConfig { image_size, patch_size, num_channels, .. } = config.vision;
        if num_channels != 3 {
            return Err(Error::failed(format!("images of {num_channels} channels")));
        }
        if patch_size == 0 || patch_size > image_size {
            return Err(Error::failed(format!(
                "patches of {patch_size} pixels in an image of {image_size}"
            )));
        }
        Ok(config)
    }
}

impl VisionConfig {
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

    /// Patches in an image. What does not fill one is left out, as the
    /// reference's convolution does.
    fn patches(&self) -> usize {
        (self.image_size / self.patch_size).pow(2)
    }
}

impl TextConfig {
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

    /// The place of the token that stands for the whole text.
    fn end_of(&self, tokens: &[u32]) -> Option<usize> {
        // Files of before 2023 say 2 whatever the tokenizer says; the end is
        // then the token of the highest number, the first of them.
        let end = if self.eos_token_id == 2 { *tokens.iter().max()? } else { self.eos_token_id };
        tokens.iter().position(|&token| token == end)
    }
}

impl Clip {
    /// Reads the configuration and the weights' header.
    pub fn open(folder: &Path, device: &Device) -> Result<Self> {
        let file = folder.join("config.json");
        let config =
            Config::new(&read_json(&file)?).context(|| format!("cannot use {}", file.display()))?;
        let preprocess = Preprocess::open(&folder.join("preprocessor_config.json"))?;
        let side = config.vision.image_size;
        if preprocess.size() != (side as u32, side as u32) {
            return Err(Error::failed(format!(
                "in {}, preprocessor_config.json makes images of {:?} pixels, \
                 config.json wants ({side}, {side})",
                folder.display(),
                preprocess.size()
            )));
        }
        Ok(Self {
            weights: Weights::open(&folder.join("model.safetensors"), device)?,
            folder: folder.to_path_buf(),
            config,
            preprocess,
            vision: Slot::default(),
            text: Slot::default(),
        })
    }

    fn vision(&self) -> Result<Arc<VisionTower>> {
        self.vision.get(|| VisionTower::load(&self.weights, &self.config))
    }

    fn text(&self) -> Result<Arc<TextTower>> {
        self.text.get(|| {
            let TextConfig { max_position_embeddings, vocab_size, .. } = self.config.text;
            let file = self.folder.join("tokenizer.json");
            let tokenizer = Tokenizer::open(&file, max_position_embeddings, vocab_size)?;
            TextTower::load(&self.weights, &self.config, tokenizer)
        })
    }
}

impl Encoder for Clip {
    fn dim(&self) -> usize {
        self.config.projection_dim
    }

    fn preprocess(&self, rgb: &RgbImage) -> Result<RgbImage> {
        self.preprocess.apply(rgb)
    }

    fn encode_images(&self, batch: &[RgbImage]) -> Result<Vec<Embedding>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let patches = self.preprocess.patches(batch, self.config.vision.patch_size)?;
        let tower = self.vision()?;
        let vectors = tower.forward(patches, batch.len()).context(|| "the image tower failed")?;
        vectors.into_iter().map(Embedding::from_raw).collect()
    }

    fn encode_texts(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        let tower = self.text()?;
        let mut embeddings = Vec::with_capacity(texts.len());
        for texts in texts.chunks(TEXT_BATCH) {
            for vector in tower.encode(texts)? {
                embeddings.push(Embedding::from_raw(vector)?);
            }
        }
        Ok(embeddings)
    }

    fn batch_size(&self) -> usize {
        8
    }

    fn unload_idle(&self, idle: Duration) -> bool {
        let vision = self.vision.unload_idle(idle);
        self.text.unload_idle(idle) || vision
    }
}

struct VisionTower {
    /// The convolution over patches, as a product.
    patch_embedding: Linear,
    class_embedding: Tensor,
    position_embedding: Tensor,
    pre_norm: LayerNorm,
    transformer: Transformer,
    post_norm: LayerNorm,
    projection: Linear,
    device: Device,
}

impl VisionTower {
    fn load(weights: &Weights, config: &Config) -> Result<Self> {
        let vision = &config.vision;
        let &VisionConfig { hidden_size: width, patch_size: patch, layer_norm_eps: eps, .. } =
            vision;
        let embeddings = "vision_model.embeddings";
        let kernel = weights
            .get(&format!("{embeddings}.patch_embedding.weight"), &[width, 3, patch, patch])?;
        Ok(Self {
            patch_embedding: Linear::new(
                kernel.flatten_from(1).context(|| "cannot lay out the patch embedding")?,
                None,
            ),
            class_embedding: weights.get(&format!("{embeddings}.class_embedding"), &[width])?,
            position_embedding: weights.get(
                &format!("{embeddings}.position_embedding.weight"),
                &[1 + vision.patches(), width],
            )?,
            // The reference's own spelling.
            pre_norm: weights.layer_norm("vision_model.pre_layrnorm", width, eps)?,
            transformer: Transformer::load(weights, "vision_model.encoder", &vision.transformer())?,
            post_norm: weights.layer_norm("vision_model.post_layernorm", width, eps)?,
            projection: Linear::new(
                weights.get("visual_projection.weight", &[config.projection_dim, width])?,
                None,
            ),
            device: weights.device().clone(),
        })
    }

    /// Patches of `b` images, as [`Preprocess::patches`] makes them, to `b`
    /// vectors, not normalised.
    fn forward(&self, patches: Vec<f32>, b: usize) -> candle_core::Result<Vec<Vec<f32>>> {
        let (positions, width) = self.position_embedding.dims2()?;
        let (_, patch) = self.patch_embedding.weight().dims2()?;
        let patches = Tensor::from_vec(patches, (b, positions - 1, patch), &self.device)?;
        let patches = self.patch_embedding.forward(&patches)?;
        let class = self.class_embedding.expand((b, 1, width))?;
        let x = Tensor::cat(&[&class, &patches], 1)?.broadcast_add(&self.position_embedding)?;
        let x = self.transformer.forward(self.pre_norm.forward(&x)?, None)?;
        let class = x.i((.., 0))?.contiguous()?;
        self.projection.forward(&self.post_norm.forward(&class)?)?.to_vec2()
    }
}

struct TextTower {
    tokenizer: Tokenizer,
    config: TextConfig,
    token_embedding: Lookup,
    position_embedding: Tensor,
    transformer: Transformer,
    final_norm: LayerNorm,
    projection: Linear,
    device: Device,
}

impl TextTower {
    fn load(weights: &Weights, config: &Config, tokenizer: Tokenizer) -> Result<Self> {
        let text = &config.text;
        let &TextConfig { hidden_size: width, layer_norm_eps: eps, .. } = text;
        let embeddings = "text_model.embeddings";
        let tokens = weights
            .get(&format!("{embeddings}.token_embedding.weight"), &[text.vocab_size, width])?;
        Ok(Self {
            tokenizer,
            config: text.clone(),
            token_embedding: Lookup::new(tokens, width),
            position_embedding: weights.get(
                &format!("{embeddings}.position_embedding.weight"),
                &[text.max_position_embeddings, width],
            )?,
            transformer: Transformer::load(weights, "text_model.encoder", &text.transformer())?,
            final_norm: weights.layer_norm("text_model.final_layer_norm", width, eps)?,
            projection: Linear::new(
                weights.get("text_projection.weight", &[config.projection_dim, width])?,
                None,
            ),
            device: weights.device().clone(),
        })
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let tokens = self.tokenizer.encode(texts)?;
        let ends = tokens.iter().map(|tokens| self.config.end_of(tokens)).collect::<Option<_>>();
        let ends: Vec<usize> = ends.ok_or_else(|| {
            Error::failed(format!(
                "{} ends texts without the token {} that config.json names as the end",
                self.tokenizer.file().display(),
                self.config.eos_token_id
            ))
        })?;
        self.forward(&tokens, &ends).context(|| "the text tower failed")
    }

    /// Tokens, and the place of the one that stands for the text, to vectors,
    /// not normalised.
    fn forward(&self, tokens: &[Vec<u32>], ends: &[usize]) -> candle_core::Result<Vec<Vec<f32>>> {
        // As long as the longest: no token sees what comes after it, so what
        // fills the others up, here token 0, changes nothing.
        let n = ends.iter().map(|end| end + 1).max().unwrap_or(0);
        let padded = tokens
            .iter()
            .flat_map(|tokens| (0..n).map(|place| tokens.get(place).copied().unwrap_or(0)));
        let ids = Tensor::from_vec(padded.collect(), (tokens.len(), n), &self.device)?;
        let x = self.token_embedding.forward(&ids)?;
        let x = x.broadcast_add(&self.position_embedding.narrow(0, 0, n)?)?;
        let x = self.transformer.forward(x, Some(&causal_mask(n, &self.device)?))?;
        let ends = ends.iter().enumerate().map(|(text, &end)| x.i((text, end)));
        let ends = Tensor::stack(&ends.collect::<candle_core::Result<Vec<_>>>()?, 0)?;
        self.projection.forward(&self.final_norm.forward(&ends)?)?.to_vec2()
    }
}

#[cfg(test)]
mod tests {
    //! 1. Both towers agree with the reference on models of both kinds.
    //! 2. A text costs the text tower alone.
    //! 3. What does not fit is refused by name: tensor, token, size.

    use std::fs;

    use super::*;
    use crate::model::tests::{copy_of, edit, fixture};

    const MODELS: [&str; 2] = ["clip-quickgelu", "clip-gelu"];

    #[derive(Deserialize)]
    struct Expected {
        images: Vec<ExpectedImage>,
        texts: Vec<ExpectedText>,
    }

    #[derive(Deserialize)]
    struct ExpectedImage {
        image: String,
        preprocessed: String,
        vector: Vec<f32>,
    }

    #[derive(Deserialize)]
    struct ExpectedText {
        text: String,
        vector: Vec<f32>,
    }

    fn open(name: &str) -> (Clip, Expected) {
        let expected = read_json(&fixture(name).join("expected.json")).unwrap();
        let clip = Clip::open(&fixture(name), &Device::Cpu).unwrap();
        (clip, serde_json::from_value(expected).unwrap())
    }

    fn picture(file: &Path) -> RgbImage {
        image::open(file).unwrap().to_rgb8()
    }

    #[track_caller]
    fn check(what: &str, vector: &Embedding, expected: &[f32], at_least: f32) {
        assert_eq!(vector.dim(), expected.len(), "{what}");
        let cosine: f32 = vector.as_slice().iter().zip(expected).map(|(a, b)| a * b).sum();
        assert!(cosine >= at_least, "{what}: cosine {cosine}, wanted {at_least}");
    }

    #[test]
    fn images_agree_with_the_reference() {
        for name in MODELS {
            let (clip, expected) = open(name);
            for ExpectedImage { image, preprocessed, vector } in &expected.images {
                let what = format!("{name} {image}");
                // The same input: only the order of additions differs.
                let input = picture(&fixture(name).join(preprocessed));
                check(&what, &clip.encode_images(&[input]).unwrap()[0], vector, 0.99999);
                // The whole way, where a level may be rounded the other way.
                let input = clip.preprocess(&picture(&fixture("clip-images").join(image))).unwrap();
                check(&what, &clip.encode_images(&[input]).unwrap()[0], vector, 0.999);
            }
        }
    }

    #[test]
    fn texts_agree_with_the_reference_alone_and_together() {
        for name in MODELS {
            let (clip, expected) = open(name);
            let texts: Vec<&str> = expected.texts.iter().map(|text| text.text.as_str()).collect();
            let together = clip.encode_texts(&texts).unwrap();
            for (ExpectedText { text, vector }, together) in expected.texts.iter().zip(&together) {
                let what = format!("{name} {text:?}");
                check(&what, together, vector, 0.9999);
                check(&what, &clip.encode_texts(&[text]).unwrap()[0], vector, 0.9999);
            }
        }
    }

    #[test]
    fn images_in_a_batch_do_not_touch_each_other() {
        let (clip, expected) = open("clip-gelu");
        let inputs = expected.images.iter();
        let inputs = inputs.map(|image| picture(&fixture("clip-gelu").join(&image.preprocessed)));
        let together = clip.encode_images(&inputs.collect::<Vec<_>>()).unwrap();
        for (vector, expected) in together.iter().zip(&expected.images) {
            check(&expected.image, vector, &expected.vector, 0.99999);
        }
    }

    #[test]
    fn nothing_in_nothing_out() {
        let (clip, _) = open("clip-gelu");
        assert!(clip.encode_images(&[]).unwrap().is_empty());
        assert!(clip.encode_texts(&[]).unwrap().is_empty());
    }

    #[test]
    fn a_text_loads_no_image_tower() {
        let (clip, _) = open("clip-gelu");
        clip.encode_texts(&["a dog"]).unwrap();
        assert!(clip.text.is_loaded() && !clip.vision.is_loaded());
    }

    #[test]
    fn more_texts_than_a_batch_keep_their_order() {
        let (clip, _) = open("clip-quickgelu");
        let texts: Vec<String> = (0..=TEXT_BATCH).map(|n| format!("photo {n}")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let last = clip.encode_texts(&texts).unwrap().pop().unwrap();
        let alone = clip.encode_texts(&texts[TEXT_BATCH..]).unwrap();
        check("the last", &last, alone[0].as_slice(), 0.99999);
    }

    #[test]
    fn an_old_end_rule_takes_the_first_of_the_highest_tokens() {
        let old = TextConfig { eos_token_id: 2, ..TextConfig::default() };
        assert_eq!(old.end_of(&[7, 3, 9, 9]), Some(2));
        let new = TextConfig { eos_token_id: 3, ..TextConfig::default() };
        assert_eq!(new.end_of(&[7, 3, 9, 3]), Some(1));
        assert_eq!(new.end_of(&[7, 9]), None);
    }

    #[test]
    fn the_older_way_to_write_a_configuration_wins() {
        let config = Config::new(&serde_json::json!({
            "text_config": { "hidden_size": 8 },
            "text_config_dict": { "hidden_size": 768, "num_attention_heads": 12 },
            "vision_config_dict": null,
        }));
        let config = config.unwrap();
        assert_eq!((config.text.hidden_size, config.text.num_hidden_layers), (768, 12));
        assert_eq!(config.vision, VisionConfig::default());
        assert_eq!(config.projection_dim, 512);
    }

    /// What a copy of clip-gelu with `from` replaced by `to` in `file` says
    /// when it is opened and used.
    fn complaint(file: &str, from: &str, to: &str) -> String {
        let copy = copy_of("clip-gelu");
        edit(&copy.path().join(file), from, to);
        let used = Clip::open(copy.path(), &Device::Cpu).and_then(|clip| {
            clip.encode_texts(&["a dog"])?;
            clip.encode_images(&[clip.preprocess(&RgbImage::new(90, 90))?])
        });
        used.expect_err(to).to_string()
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (file, from, to, named) in [
            // Of the same length, so that the header stays whole.
            (
                "model.safetensors",
                "visual_projection.weight",
                "visual_projection.weighs",
                ["visual_projection.weight", "model.safetensors"],
            ),
            (
                "config.json",
                "\"projection_dim\": 28",
                "\"projection_dim\": 29",
                ["text_projection.weight", "[28, 32]"],
            ),
            ("config.json", "\"image_size\": 84", "\"image_size\": 96", ["(84, 84)", "(96, 96)"]),
            (
                "config.json",
                "\"patch_size\": 16",
                "\"patch_size\": 0",
                ["patches of 0 pixels", "config.json"],
            ),
            (
                "config.json",
                "\"num_attention_heads\": 5",
                "\"num_attention_heads\": 3",
                ["40 among 3", "config.json"],
            ),
            (
                "config.json",
                "\"hidden_act\": \"gelu\"",
                "\"hidden_act\": \"relu\"",
                ["relu", "config.json"],
            ),
            (
                "config.json",
                "\"eos_token_id\": 1",
                "\"eos_token_id\": 500",
                ["token 500", "tokenizer.json"],
            ),
            ("tokenizer.json", "\"BPE\"", "\"BPX\"", ["not a tokenizer", "tokenizer.json"]),
        ] {
            let complaint = complaint(file, from, to);
            for part in named {
                assert!(complaint.contains(part), "{file} {to}: {complaint}");
            }
        }
    }

    #[test]
    fn a_truncated_file_is_seen_at_once() {
        let copy = copy_of("clip-gelu");
        let file = copy.path().join("model.safetensors");
        let bytes = fs::read(&file).unwrap();
        for length in [0, 7, 1000, bytes.len() - 1] {
            fs::write(&file, &bytes[..length]).unwrap();
            let error = Clip::open(copy.path(), &Device::Cpu).err().expect("opened").to_string();
            assert!(error.contains("model.safetensors"), "{error}");
        }
    }
}
