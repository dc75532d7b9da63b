//! OpenAI's residual network, whose last pooling is an attention.
//!
//! Reference:
//! <https://github.com/mlfoundations/open_clip/blob/v3.3.0/src/open_clip/modified_resnet.py>

use candle_core::{Device, Tensor};
use candle_nn::{Conv2d, Conv2dConfig, Module};
use image::RgbImage;

use super::dual::ImageTower;
use super::preprocess::Preprocess;
use super::transformer::{self, Activation, AttentionNames, AttentionPool};
use super::weights::Weights;
use crate::error::{Context, Error, Result};

/// `BatchNorm2d`'s default, which the reference leaves as it is.
const EPS: f64 = 1e-5;

/// The last product of a block makes so many times its planes.
const EXPANSION: usize = 4;

/// Sizes of the tower.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Blocks in each stage.
    pub layers: [usize; 4],
    /// Channels of the first stage's inner convolutions.
    pub width: usize,
    /// Heads of the attention that pools.
    pub heads: usize,
    /// Side of the input, in pixels.
    pub image_size: usize,
    /// Components of the result.
    pub dim: usize,
}

impl Config {
    /// Refuses sizes that fit no weights.
    pub fn check(&self) -> Result<()> {
        if self.width < 2 || self.layers.contains(&0) || self.image_size < 32 {
            return Err(Error::failed(message!(
                "a residual network of {layers} blocks, {width} wide, for images of {image_size} \
                 pixels",
                layers = format_args!("{:?}", self.layers),
                width = self.width,
                image_size = self.image_size
            )));
        }
        self.pool().check()
    }

    fn pool(&self) -> transformer::Config {
        transformer::Config {
            width: self.width * 32,
            intermediate: 0,
            layers: 0,
            heads: self.heads,
            activation: Activation::QuickGelu,
            eps: EPS,
        }
    }
}

/// The tower.
pub struct ResNet {
    stem: [Conv2d; 3],
    blocks: Vec<Block>,
    /// `(1 + places, C)`
    positions: Tensor,
    pool: AttentionPool,
    image_size: usize,
    device: Device,
}

struct Block {
    convolutions: [Conv2d; 3],
    /// Averages over squares of this side before the last convolution.
    stride: usize,
    /// On the way around the convolutions, where the shape changes.
    shortcut: Option<Conv2d>,
}

impl ResNet {
    /// Loads the tower at `prefix`.
    pub fn load(weights: &Weights, prefix: &str, config: &Config) -> Result<Self> {
        let &Config { layers, width, image_size, dim, .. } = config;
        let half = width / 2;
        let stem = |n: usize, inputs, outputs, stride| {
            let name = |part: &str| format!("{prefix}.{part}{n}");
            convolution(weights, &name("conv"), &name("bn"), [outputs, inputs, 3], stride)
        };
        let stem = [stem(1, 3, half, 2)?, stem(2, half, half, 1)?, stem(3, half, width, 1)?];

        let mut blocks = Vec::new();
        let mut inputs = width;
        for (stage, &count) in layers.iter().enumerate() {
            let planes = width << stage;
            for number in 0..count {
                let stride = if stage > 0 && number == 0 { 2 } else { 1 };
                let prefix = format!("{prefix}.layer{}.{number}", stage + 1);
                blocks.push(Block::load(weights, &prefix, inputs, planes, stride)?);
                inputs = planes * EXPANSION;
            }
        }
        let places = (image_size / 32).pow(2);
        let prefix = format!("{prefix}.attnpool");
        let names = AttentionNames::Split(["q_proj", "k_proj", "v_proj", "c_proj"]);
        Ok(Self {
            stem,
            blocks,
            positions: weights
                .get(&format!("{prefix}.positional_embedding"), &[1 + places, width * 32])?,
            pool: AttentionPool::load(weights, &prefix, &names, "c_proj", &config.pool(), dim)?,
            image_size,
            device: weights.device().clone(),
        })
    }

    fn run(&self, pixels: Vec<f32>, b: usize) -> candle_core::Result<Vec<Vec<f32>>> {
        let side = self.image_size;
        let mut x = Tensor::from_vec(pixels, (b, 3, side, side), &self.device)?;
        for convolution in &self.stem {
            x = convolution.forward(&x)?.relu()?;
        }
        x = x.avg_pool2d(2)?;
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        // (B, places, C), and their mean before them.
        let places = x.flatten_from(2)?.transpose(1, 2)?;
        let mean = places.mean_keepdim(1)?;
        let tokens = Tensor::cat(&[&mean, &places], 1)?.broadcast_add(&self.positions)?;
        self.pool.forward(&tokens.narrow(1, 0, 1)?.contiguous()?, &tokens)?.to_vec2()
    }
}

impl ImageTower for ResNet {
    fn forward(&self, images: &[RgbImage], preprocess: &Preprocess) -> Result<Vec<Vec<f32>>> {
        // The whole image: one row of pixels, channel by channel.
        let pixels = preprocess.patches(images, self.image_size)?;
        self.run(pixels, images.len()).context(|| message!("the image tower failed"))
    }
}

impl Block {
    fn load(
        weights: &Weights,
        prefix: &str,
        inputs: usize,
        planes: usize,
        stride: usize,
    ) -> Result<Self> {
        let outputs = planes * EXPANSION;
        let load = |n: usize, shape| {
            let name = |part: &str| format!("{prefix}.{part}{n}");
            convolution(weights, &name("conv"), &name("bn"), shape, 1)
        };
        let shortcut = if stride > 1 || inputs != outputs {
            let name = |n: usize| format!("{prefix}.downsample.{n}");
            Some(convolution(weights, &name(0), &name(1), [outputs, inputs, 1], 1)?)
        } else {
            None
        };
        Ok(Self {
            convolutions: [
                load(1, [planes, inputs, 1])?,
                load(2, [planes, planes, 3])?,
                load(3, [outputs, planes, 1])?,
            ],
            stride,
            shortcut,
        })
    }

    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let average = |x: Tensor| if self.stride > 1 { x.avg_pool2d(self.stride) } else { Ok(x) };
        let [first, second, third] = &self.convolutions;
        let y = second.forward(&first.forward(x)?.relu()?)?.relu()?;
        let y = third.forward(&average(y)?)?;
        let around = match &self.shortcut {
            Some(shortcut) => shortcut.forward(&average(x.clone())?)?,
            None => x.clone(),
        };
        (y + around)?.relu()
    }
}

/// A convolution with the batch norm behind it folded in; `shape` is outputs,
/// inputs and the side of the kernel.
fn convolution(
    weights: &Weights,
    name: &str,
    norm: &str,
    [outputs, inputs, side]: [usize; 3],
    stride: usize,
) -> Result<Conv2d> {
    let kernel = weights.get(&format!("{name}.weight"), &[outputs, inputs, side, side])?;
    let of_norm = |part: &str| weights.get(&format!("{norm}.{part}"), &[outputs]);
    let (weight, bias) = (of_norm("weight")?, of_norm("bias")?);
    let (mean, variance) = (of_norm("running_mean")?, of_norm("running_var")?);
    let fold = || {
        let scale = (weight / (variance + EPS)?.sqrt()?)?;
        let bias = (bias - (mean * &scale)?)?;
        let kernel = kernel.broadcast_mul(&scale.reshape((outputs, 1, 1, 1))?)?;
        Ok::<_, candle_core::Error>((kernel, bias))
    };
    let (kernel, bias) = fold().context(|| message!("cannot lay out {name}", name))?;
    let config = Conv2dConfig { padding: side / 2, stride, ..Conv2dConfig::default() };
    Ok(Conv2d::new(kernel, Some(bias), config))
}
