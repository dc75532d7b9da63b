//! The folders of `open_clip`: its vision transformers, OpenAI's residual
//! networks, CLIP's text tower, and XLM-RoBERTa in its place.
//!
//! Reference:
//! <https://github.com/mlfoundations/open_clip/blob/v3.3.0/src/open_clip/model.py>

use serde::Deserialize;
use serde_json::Value;

use super::Folder;
use super::clip::{
    CausalTextTower, End, Projection, TextConfig, TextNames, VisionConfig, VisionNames, VisionTower,
};
use super::device::Backend;
use super::dual::{DualEncoder, Towers};
use super::preprocess::Preprocess;
use super::resnet::{self, ResNet};
use super::tokenizer::Tokenizer;
use super::transformer::{self, Activation, OPEN_CLIP};
use super::weights::Weights;
use super::xlm_roberta::XlmRoberta;
use crate::error::{Context, Error, Result};

/// Every norm's, where the configuration names none.
const EPS: f64 = 1e-5;

const VISION_NAMES: VisionNames = VisionNames {
    patches: "visual.conv1.weight",
    class: "visual.class_embedding",
    positions: "visual.positional_embedding",
    pre_norm: "visual.ln_pre",
    transformer: "visual.transformer",
    layers: &OPEN_CLIP,
    post_norm: "visual.ln_post",
    projection: Projection::Matrix("visual.proj"),
};

const TEXT_NAMES: TextNames = TextNames {
    tokens: "token_embedding.weight",
    positions: "positional_embedding",
    transformer: "transformer",
    layers: &OPEN_CLIP,
    final_norm: "ln_final",
    projection: Projection::Matrix("text_projection"),
};

/// The same tower in a model that was saved with `custom_text`.
const CUSTOM_TEXT_NAMES: TextNames = TextNames {
    tokens: "text.token_embedding.weight",
    positions: "text.positional_embedding",
    transformer: "text.transformer",
    layers: &OPEN_CLIP,
    final_norm: "text.ln_final",
    projection: Projection::Matrix("text.text_projection"),
};

/// `model_cfg` of `open_clip_config.json`. Defaults are those of `CLIP`,
/// `CLIPVisionCfg` and `CLIPTextCfg`.
#[derive(Debug, Deserialize)]
struct ModelConfig {
    embed_dim: usize,
    #[serde(default)]
    quick_gelu: bool,
    vision_cfg: VisionPart,
    text_cfg: TextPart,
}

#[derive(Debug, Deserialize)]
struct VisionPart {
    #[serde(default = "layers")]
    layers: Layers,
    #[serde(default = "vision_width")]
    width: usize,
    #[serde(default = "head_width")]
    head_width: usize,
    #[serde(default = "mlp_ratio")]
    mlp_ratio: f64,
    patch_size: Option<usize>,
    #[serde(default = "image_size")]
    image_size: usize,
    norm_kwargs: Option<NormPart>,
}

#[derive(Debug, Deserialize)]
struct NormPart {
    eps: Option<f64>,
}

/// A vision transformer has so many layers, a residual network so many blocks
/// in each of its four stages.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Layers {
    Transformer(usize),
    ResNet([usize; 4]),
}

#[derive(Debug, Deserialize)]
struct TextPart {
    #[serde(default = "context_length")]
    context_length: usize,
    #[serde(default = "vocab_size")]
    vocab_size: usize,
    #[serde(default = "text_width")]
    width: usize,
    #[serde(default = "heads")]
    heads: usize,
    #[serde(default = "text_layers")]
    layers: usize,
    #[serde(default = "mlp_ratio")]
    mlp_ratio: f64,
    #[serde(default)]
    no_causal_mask: bool,
    norm_kwargs: Option<NormPart>,
    hf_model_name: Option<String>,
    #[serde(alias = "pooler_type")]
    hf_pooler_type: Option<String>,
    #[serde(alias = "proj")]
    hf_proj_type: Option<String>,
}

fn layers() -> Layers {
    Layers::Transformer(12)
}
fn vision_width() -> usize {
    768
}
fn head_width() -> usize {
    64
}
fn mlp_ratio() -> f64 {
    4.0
}
fn image_size() -> usize {
    224
}
fn context_length() -> usize {
    77
}
fn vocab_size() -> usize {
    49408
}
fn text_width() -> usize {
    512
}
fn heads() -> usize {
    8
}
fn text_layers() -> usize {
    12
}

/// What changes the computation of both towers, and the only value that is
/// computed here. Anything else would make vectors that look right and are not.
const FIXED: &[(&str, &[&str])] = &[
    ("ls_init_value", &[]),
    ("final_ln_after_pool", &["false"]),
    ("act_kwargs", &[]),
    ("block_type", &["\"default\""]),
    ("qk_norm", &["false"]),
    ("scaled_cosine_attn", &["false"]),
    ("scale_heads", &["false"]),
    ("scale_attn_inner", &["false"]),
    ("scale_attn", &["false"]),
    ("scale_fc", &["false"]),
];

/// The same for the image tower alone.
const VISION_FIXED: &[(&str, &[&str])] = &[
    ("timm_model_name", &[]),
    ("attentional_pool", &["false"]),
    ("no_ln_pre", &["false"]),
    ("pos_embed_type", &["\"learnable\""]),
    ("pool_type", &["\"tok\""]),
];

/// The same for the text tower alone.
const TEXT_FIXED: &[(&str, &[&str])] = &[
    ("embed_cls", &["false"]),
    ("pool_type", &["\"argmax\""]),
    ("proj_bias", &["false"]),
    ("proj_type", &["\"linear\""]),
];

fn check_fixed(part: &Value, name: &str, fixed: &[(&str, &[&str])]) -> Result<()> {
    for (key, values) in FIXED.iter().chain(fixed) {
        let value = &part[*key];
        if !value.is_null() && !values.contains(&value.to_string().as_str()) {
            return Err(Error::failed(message!(
                "its {name} has {key} = {value}, a kind of tower that is not supported",
                name,
                key,
                value
            )));
        }
    }
    Ok(())
}

/// The two kinds of each tower.
#[derive(Clone)]
enum Vision {
    Transformer(VisionConfig),
    ResNet(resnet::Config),
}

#[derive(Clone)]
enum Text {
    Causal(TextConfig),
    XlmRoberta { context: usize, dim: usize },
}

/// The family that an `open_clip_config.json` describes.
pub fn family(config: &Value) -> &'static str {
    let model = &config["model_cfg"];
    if model["text_cfg"]["hf_model_name"].is_string() {
        "clip-xlm-roberta"
    } else if model["vision_cfg"]["layers"].is_array() {
        "clip-resnet"
    } else {
        "clip"
    }
}

/// Opens a folder in the layout of `open_clip`. Reads the configuration and the
/// weights' header.
pub fn open(folder: &Folder, backend: &Backend) -> Result<DualEncoder> {
    let file = folder.path.join("open_clip_config.json");
    let (vision, text, preprocess, dim) =
        configs(&folder.config).context(|| message!("cannot use {file}", file = file.display()))?;
    let weights = Weights::open(&folder.weights, &backend.device())?;
    let path = folder.path.clone();
    let (images, backend) = (weights.clone(), backend.clone());
    let (on, normal) = (backend.clone(), preprocess.clone());
    Ok(DualEncoder {
        dim,
        preprocess,
        affinity: None,
        backend: backend.clone(),
        load_images: Box::new(move || match &vision {
            Vision::Transformer(config) => {
                VisionTower::load(&images, &VISION_NAMES, config)?.on(&on, &normal)
            }
            Vision::ResNet(config) => Ok(Box::new(ResNet::load(&images, "visual", config)?)),
        }),
        load_texts: Box::new(move || match &text {
            Text::Causal(config) => {
                let custom = weights.shape(TEXT_NAMES.tokens).is_none();
                let names = if custom { &CUSTOM_TEXT_NAMES } else { &TEXT_NAMES };
                let tokenizer = Tokenizer::of_clip(&path, config.context, config.vocabulary)?;
                Ok(Box::new(CausalTextTower::load(&weights, names, config, tokenizer, &backend)?))
            }
            &Text::XlmRoberta { context, dim } => {
                let tokenizer = path.join("tokenizer.json");
                Ok(Box::new(XlmRoberta::load(
                    &weights, "text", &tokenizer, context, dim, &backend,
                )?))
            }
        }),
        towers: Towers::default(),
    })
}

fn configs(config: &Value) -> Result<(Vision, Text, Preprocess, usize)> {
    let parts = &config["model_cfg"];
    let model: ModelConfig = serde_json::from_value(parts.clone())
        .context(|| message!("cannot understand model_cfg"))?;
    check_fixed(&parts["vision_cfg"], "vision_cfg", VISION_FIXED)?;
    let activation = if model.quick_gelu { Activation::QuickGelu } else { Activation::Gelu };
    let dim = model.embed_dim;
    let part = &model.vision_cfg;
    if part.head_width == 0 {
        return Err(Error::failed(message!("its vision_cfg has a head_width of 0")));
    }
    let norm_eps = |norm: &Option<NormPart>| norm.as_ref().and_then(|n| n.eps).unwrap_or(EPS);
    let vision = match part.layers {
        Layers::Transformer(layers) => {
            let config = VisionConfig {
                image_size: part.image_size,
                patch_size: part.patch_size.unwrap_or(16),
                transformer: transformer::Config {
                    width: part.width,
                    intermediate: (part.width as f64 * part.mlp_ratio) as usize,
                    layers,
                    heads: part.width / part.head_width,
                    activation,
                    eps: norm_eps(&part.norm_kwargs),
                },
                dim,
            };
            config.check()?;
            Vision::Transformer(config)
        }
        Layers::ResNet(layers) => {
            let &VisionPart { width, head_width, image_size, .. } = part;
            let heads = width * 32 / head_width;
            let config = resnet::Config { layers, width, heads, image_size, dim };
            config.check()?;
            Vision::ResNet(config)
        }
    };

    let part = &model.text_cfg;
    let text = if let Some(name) = &part.hf_model_name {
        let pooler = part.hf_pooler_type.as_deref().unwrap_or("mean_pooler");
        let projection = part.hf_proj_type.as_deref().unwrap_or("mlp");
        if !name.contains("xlm-roberta") || pooler != "mean_pooler" || projection != "mlp" {
            return Err(Error::failed(message!(
                "its text tower is {name} with {pooler} and the projection {projection}; \
                 XLM-RoBERTa with mean_pooler and mlp is supported",
                name,
                pooler,
                projection
            )));
        }
        Text::XlmRoberta { context: part.context_length, dim }
    } else {
        check_fixed(&parts["text_cfg"], "text_cfg", TEXT_FIXED)?;
        let config = TextConfig {
            vocabulary: part.vocab_size,
            context: part.context_length,
            transformer: transformer::Config {
                width: part.width,
                intermediate: (part.width as f64 * part.mlp_ratio) as usize,
                layers: part.layers,
                heads: part.heads,
                activation,
                eps: norm_eps(&part.norm_kwargs),
            },
            causal: !part.no_causal_mask,
            end: End::Highest,
            dim,
        };
        config.transformer.check()?;
        Text::Causal(config)
    };
    let preprocess =
        Preprocess::of_open_clip(&config["preprocess_cfg"], model.vision_cfg.image_size)?;
    Ok((vision, text, preprocess, dim))
}
