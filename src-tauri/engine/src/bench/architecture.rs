//! Well-known models by name, with random weights: speed does not depend on
//! what a model has learnt, so measuring one takes no download.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::error::{Context, Result};
use crate::model::CLIP_TOKENIZER;

/// Tokens that CLIP's tokenizer knows.
const VOCABULARY: usize = 49_408;

/// How far random weights lie from 0 at most: a standard deviation of 0.02, as
/// before training, with which no layer overflows.
const SPREAD: f32 = 0.035;

/// Random numbers that are repeated through the weights. A prime number of
/// them, so that no two rows of a matrix begin with the same.
const NUMBERS: usize = 262_139;

/// A model that weights can be made up for.
#[derive(Debug, Clone, PartialEq)]
pub struct Architecture {
    /// What people call it.
    pub name: &'static str,
    kind: Kind,
    /// Side of an input image, and of its patches, in pixels.
    side: usize,
    patch: usize,
    images: Layers,
    texts: Layers,
    /// Tokens of the longest text.
    context: usize,
    /// Components of a vector.
    dim: usize,
}

/// Layers of a tower. A head is always 64 wide, and a layer's perceptron four
/// times as wide as the layer.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Layers {
    width: usize,
    count: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// With this activation.
    Clip(&'static str),
    /// With CLIP's tokenizer instead of its own of 256,000 tokens, which makes
    /// a table smaller that is only looked up.
    Siglip,
}

const BASE: Layers = Layers { width: 768, count: 12 };
const LARGE: Layers = Layers { width: 1024, count: 24 };
const TEXTS: Layers = Layers { width: 512, count: 12 };

const CLIP: Architecture = Architecture {
    name: "vit-b-32",
    kind: Kind::Clip("quick_gelu"),
    side: 224,
    patch: 32,
    images: BASE,
    texts: TEXTS,
    context: 77,
    dim: 512,
};

/// The models that are known by name.
pub(super) const ARCHITECTURES: &[Architecture] = &[
    CLIP,
    Architecture { name: "vit-b-32-256", kind: Kind::Clip("gelu"), side: 256, ..CLIP },
    Architecture { name: "vit-b-16", patch: 16, ..CLIP },
    Architecture {
        name: "vit-l-14",
        patch: 14,
        images: LARGE,
        texts: Layers { width: 768, ..TEXTS },
        dim: 768,
        ..CLIP
    },
    Architecture {
        name: "siglip2-b-16",
        kind: Kind::Siglip,
        patch: 16,
        texts: BASE,
        context: 64,
        dim: 768,
        ..CLIP
    },
];

impl Architecture {
    /// The one of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        ARCHITECTURES.iter().find(|known| known.name == name)
    }

    /// Writes a model's folder as it would be published, with random weights,
    /// the same ones every time. The folder must be there.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        self.write_files(folder).context(|| {
            message!(
                "cannot write a model of random weights into {folder}",
                folder = folder.display()
            )
        })
    }

    fn write_files(&self, folder: &Path) -> io::Result<()> {
        fs::write(folder.join("config.json"), self.config().to_string())?;
        fs::write(folder.join("preprocessor_config.json"), self.preprocessor().to_string())?;
        if self.kind == Kind::Siglip {
            fs::write(folder.join("tokenizer.json"), CLIP_TOKENIZER)?;
            let conventions =
                json!({ "tokenizer_class": "SiglipTokenizer", "pad_token": "<|endoftext|>" });
            fs::write(folder.join("tokenizer_config.json"), conventions.to_string())?;
        }
        write_weights(&folder.join("model.safetensors"), &self.tensors())
    }

    fn config(&self) -> Value {
        let &Self { kind, side, patch, images, texts, context, dim, .. } = self;
        let tower = |Layers { width, count }: Layers| {
            json!({
                "hidden_size": width,
                "intermediate_size": 4 * width,
                "num_hidden_layers": count,
                "num_attention_heads": width / 64,
                "hidden_act": match kind {
                    Kind::Clip(activation) => activation,
                    Kind::Siglip => "gelu_pytorch_tanh",
                },
            })
        };
        let (mut vision, mut text) = (tower(images), tower(texts));
        vision["image_size"] = side.into();
        vision["patch_size"] = patch.into();
        text["vocab_size"] = VOCABULARY.into();
        text["max_position_embeddings"] = context.into();
        let model_type = match kind {
            Kind::Clip(_) => "clip",
            Kind::Siglip => "siglip",
        };
        json!({
            "model_type": model_type,
            "title": format!("{} (random weights)", self.name),
            "projection_dim": dim,
            "vision_config": vision,
            "text_config": text,
        })
    }

    fn preprocessor(&self) -> Value {
        match self.kind {
            Kind::Clip(_) => json!({
                "size": self.side, "crop_size": self.side, "resample": 3,
                "image_mean": [0.48145466, 0.4578275, 0.40821073],
                "image_std": [0.26862954, 0.26130258, 0.27577711],
            }),
            Kind::Siglip => json!({
                "size": { "height": self.side, "width": self.side }, "resample": 2,
                "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
            }),
        }
    }

    /// Names and shapes of all tensors, as `transformers` lays them out.
    fn tensors(&self) -> Tensors {
        let &Self { side, patch, images, texts, context, dim, .. } = self;
        let patches = (side / patch).pow(2);
        let mut all = Tensors::default();

        let width = images.width;
        let embeddings = "vision_model.embeddings";
        all.add(format!("{embeddings}.patch_embedding.weight"), &[width, 3, patch, patch]);
        match self.kind {
            Kind::Clip(_) => {
                all.add(format!("{embeddings}.class_embedding"), &[width]);
                all.add(format!("{embeddings}.position_embedding.weight"), &[1 + patches, width]);
                all.norm("vision_model.pre_layrnorm", width);
                all.add("visual_projection.weight", &[dim, width]);
            }
            Kind::Siglip => {
                all.add(format!("{embeddings}.patch_embedding.bias"), &[width]);
                all.add(format!("{embeddings}.position_embedding.weight"), &[patches, width]);
                let head = "vision_model.head";
                all.add(format!("{head}.probe"), &[1, 1, width]);
                all.add(format!("{head}.attention.in_proj_weight"), &[3 * width, width]);
                all.add(format!("{head}.attention.in_proj_bias"), &[3 * width]);
                all.linear(&format!("{head}.attention.out_proj"), width, width);
                all.norm(&format!("{head}.layernorm"), width);
                all.linear(&format!("{head}.mlp.fc1"), 4 * width, width);
                all.linear(&format!("{head}.mlp.fc2"), width, 4 * width);
            }
        }
        all.layers("vision_model", images);
        all.norm("vision_model.post_layernorm", width);

        let width = texts.width;
        let embeddings = "text_model.embeddings";
        all.add(format!("{embeddings}.token_embedding.weight"), &[VOCABULARY, width]);
        all.add(format!("{embeddings}.position_embedding.weight"), &[context, width]);
        all.layers("text_model", texts);
        all.norm("text_model.final_layer_norm", width);
        match self.kind {
            Kind::Clip(_) => all.add("text_projection.weight", &[dim, width]),
            Kind::Siglip => all.linear("text_model.head", dim, width),
        }
        all
    }
}

/// Names and shapes in the order in which they are written.
#[derive(Default)]
struct Tensors(Vec<(String, Vec<usize>)>);

impl Tensors {
    fn add(&mut self, name: impl Into<String>, shape: &[usize]) {
        self.0.push((name.into(), shape.to_vec()));
    }

    fn linear(&mut self, name: &str, outputs: usize, inputs: usize) {
        self.add(format!("{name}.weight"), &[outputs, inputs]);
        self.add(format!("{name}.bias"), &[outputs]);
    }

    fn norm(&mut self, name: &str, width: usize) {
        self.add(format!("{name}.weight"), &[width]);
        self.add(format!("{name}.bias"), &[width]);
    }

    fn layers(&mut self, tower: &str, Layers { width, count }: Layers) {
        for layer in 0..count {
            let layer = format!("{tower}.encoder.layers.{layer}");
            for name in ["q_proj", "k_proj", "v_proj", "out_proj"] {
                self.linear(&format!("{layer}.self_attn.{name}"), width, width);
            }
            self.linear(&format!("{layer}.mlp.fc1"), 4 * width, width);
            self.linear(&format!("{layer}.mlp.fc2"), width, 4 * width);
            self.norm(&format!("{layer}.layer_norm1"), width);
            self.norm(&format!("{layer}.layer_norm2"), width);
        }
    }
}

/// What a tensor holds before training.
fn initial(name: &str) -> Option<f32> {
    match name.rsplit_once('.') {
        Some((_, "bias" | "in_proj_bias")) => Some(0.0),
        Some((layer, "weight")) if layer.contains("norm") || layer.ends_with("layrnorm") => {
            Some(1.0)
        }
        _ => None,
    }
}

fn write_weights(path: &Path, Tensors(tensors): &Tensors) -> io::Result<()> {
    let mut header = Map::new();
    let mut end = 0;
    for (name, shape) in tensors {
        let start = end;
        end += 4 * shape.iter().product::<usize>();
        let entry = json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, end] });
        header.insert(name.clone(), entry);
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');

    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(&header)?;
    let random = random();
    let mut place = 0;
    for (name, shape) in tensors {
        let count = shape.iter().product::<usize>();
        if let Some(value) = initial(name) {
            file.write_all(&value.to_le_bytes().repeat(count))?;
            continue;
        }
        let mut left = 4 * count;
        while left > 0 {
            let part = &random[place..];
            let part = &part[..part.len().min(left)];
            file.write_all(part)?;
            left -= part.len();
            place = (place + part.len()) % random.len();
        }
    }
    file.flush()
}

/// Evenly spread numbers, little endian. A generator of our own, so that no run
/// differs from another.
fn random() -> Vec<u8> {
    let mut state = 1u32;
    let mut bytes = Vec::with_capacity(4 * NUMBERS);
    for _ in 0..NUMBERS {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let uniform = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
        bytes.extend((SPREAD * uniform).to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{self, DeviceChoice, Precision};

    /// An architecture of the same layout and a size that tests can wait for.
    fn small(of: &Architecture) -> Architecture {
        let layers = Layers { width: 64, count: 2 };
        let dim = if of.kind == Kind::Siglip { 64 } else { 32 };
        let side = 2 * of.patch;
        Architecture { images: layers, texts: layers, side, dim, ..of.clone() }
    }

    #[test]
    fn both_towers_of_each_layout_compute() {
        for architecture in ARCHITECTURES {
            let folder = tempfile::tempdir().unwrap();
            let architecture = small(architecture);
            architecture.write(folder.path()).unwrap();
            let encoder = model::load(folder.path(), DeviceChoice::Cpu, Precision::F32).unwrap();
            let grey = image::RgbImage::from_pixel(50, 40, [90; 3].into());
            let input = encoder.preprocess(&grey).unwrap();
            let image = encoder.encode_images(&[input]).unwrap();
            let text = encoder.encode_texts(&["a dog"]).unwrap();
            assert_eq!(
                (image[0].dim(), text[0].dim()),
                (architecture.dim, architecture.dim),
                "{}",
                architecture.name
            );
        }
    }

    #[test]
    fn names_are_unique_and_found() {
        for architecture in ARCHITECTURES {
            assert_eq!(Architecture::find(architecture.name), Some(architecture));
        }
        assert_eq!(Architecture::find("vit"), None);
    }

    #[test]
    fn a_vit_b_32_has_as_many_weights_as_the_published_one() {
        let count: usize =
            CLIP.tensors().0.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum();
        // 151,277,313 with the scale of its logits, which is not computed with.
        assert_eq!(count, 151_277_312);
    }
}
