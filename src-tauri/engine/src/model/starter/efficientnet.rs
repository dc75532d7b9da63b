//! EfficientNet-Lite2, the starter's image tower: an RGB image of 260 x 260
//! pixels to the probabilities of the 1000 ImageNet classes.
//!
//! Tan and Le, <https://arxiv.org/abs/1905.11946>; the Lite variants, without
//! squeeze-excitation and with ReLU6, are in
//! <https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite>.
//!
//! Activations are NHWC, so a pointwise convolution is one matrix product over
//! all pixels and a depthwise one runs along the channels. Batch norm is folded
//! into the convolution before it when the weights are imported: the tower has
//! weights and biases only, already in the layout it multiplies with.

use std::collections::HashMap;

use candle_core::{DType, Device, Result, Tensor, bail};
use candle_nn::VarBuilder;
use image::RgbImage;

use super::bands;
use super::depthwise::{Depthwise, padding_before};
use crate::error::{self, Context, Error};
use crate::model::cpu::Product;
use crate::model::device::{Backend, Precision};
use crate::model::pickle::StateDict;

/// Width and height of the input, in pixels.
pub const INPUT: u32 = 260;
/// Classes of ImageNet-1k.
pub const CLASSES: usize = 1000;

/// Added to the variance in every batch norm of this network; not PyTorch's
/// default of 1e-5.
const BATCH_NORM_EPSILON: f64 = 1e-3;
/// Channels after the stem and before the classifier: unlike those of the
/// stages, not scaled with the width.
const STEM: usize = 32;
const HEAD: usize = 1280;
pub const STEM_KERNEL: usize = 3;
pub const STEM_STRIDE: usize = 2;
/// The level that becomes 0. All others are brought to about -1 to 1.
pub const MEAN: f32 = 127.0;
const DEVIATION: f32 = 128.0;
const ALL_STAGES: [Stage; 7] = [
    Stage { blocks: 1, kernel: 3, stride: 1, expansion: 1, channels: 16 },
    Stage { blocks: 3, kernel: 3, stride: 2, expansion: 6, channels: 24 },
    Stage { blocks: 3, kernel: 5, stride: 2, expansion: 6, channels: 48 },
    Stage { blocks: 4, kernel: 3, stride: 2, expansion: 6, channels: 88 },
    Stage { blocks: 4, kernel: 5, stride: 1, expansion: 6, channels: 120 },
    Stage { blocks: 5, kernel: 5, stride: 2, expansion: 6, channels: 208 },
    Stage { blocks: 1, kernel: 3, stride: 1, expansion: 6, channels: 352 },
];

/// How many stages are computed in f32 whatever is asked for. In 8 bits they
/// would gain nothing, having few channels for their many pixels, and make
/// vectors worse: the least cosine to f32 over 350 photos is 0.94 with them,
/// 0.994 without; the time is 5.6 ms an image either way, 9 ms all in f32.
const EXACT_STAGES: usize = 3;

/// Inverted residual blocks of one output width. Lite0's channels times 1.1,
/// rounded to eights; its repeats times 1.2, rounded up, but for the first and
/// the last stage.
struct Stage {
    blocks: usize,
    kernel: usize,
    /// Of the first block; the others have stride 1.
    stride: usize,
    /// How many times wider a block is inside than at its input.
    expansion: usize,
    /// At the output.
    channels: usize,
}

/// Where one block differs from another.
struct Shape {
    input: usize,
    inner: usize,
    output: usize,
    kernel: usize,
    stride: usize,
}

/// The shapes of all blocks, in order.
fn blocks() -> impl Iterator<Item = Shape> {
    let mut input = STEM;
    ALL_STAGES.iter().flat_map(|stage| (0..stage.blocks).map(move |i| (stage, i))).map(
        move |(stage, i)| {
            let stride = if i == 0 { stage.stride } else { 1 };
            let (inner, output) = (input * stage.expansion, stage.channels);
            let shape = Shape { input, inner, output, kernel: stage.kernel, stride };
            input = output;
            shape
        },
    )
}

/// The tower.
pub enum EfficientNet {
    Candle(CandleNetwork),
    Cpu(bands::Network),
}

impl EfficientNet {
    /// Loads what [`convert`] made.
    pub fn load(vb: &VarBuilder, backend: &Backend) -> Result<Self> {
        let network = CandleNetwork::load(vb)?;
        Ok(match *backend {
            Backend::Candle(_) => Self::Candle(network),
            Backend::Cpu(precision) => Self::Cpu(network.pack(precision)?),
        })
    }

    /// The probabilities of all classes for each of some images of [`INPUT`]
    /// pixels a side.
    pub fn probabilities(&self, images: &[RgbImage]) -> Result<Vec<Vec<f32>>> {
        check(images)?;
        match self {
            Self::Candle(network) => {
                candle_nn::ops::softmax_last_dim(&network.logits(images)?)?.to_vec2()
            }
            Self::Cpu(network) => Ok(network.run(images, true)),
        }
    }

    /// The classifier's output for each of them.
    #[cfg(test)]
    pub fn logits(&self, images: &[RgbImage]) -> Result<Vec<Vec<f32>>> {
        check(images)?;
        match self {
            Self::Candle(network) => network.logits(images)?.to_vec2(),
            Self::Cpu(network) => Ok(network.run(images, false)),
        }
    }
}

fn check(images: &[RgbImage]) -> Result<()> {
    match images.iter().find(|image| image.dimensions() != (INPUT, INPUT)) {
        Some(image) => {
            bail!("expected an image of {INPUT} x {INPUT} pixels, got {:?}", image.dimensions())
        }
        None => Ok(()),
    }
}

/// The tower on one of candle's devices, in f32.
pub struct CandleNetwork {
    stem: Pointwise,
    blocks: Vec<Block>,
    head: Pointwise,
    classifier: Pointwise,
    device: Device,
}

impl CandleNetwork {
    fn load(vb: &VarBuilder) -> Result<Self> {
        let taps = STEM_KERNEL * STEM_KERNEL * 3;
        let last = ALL_STAGES[ALL_STAGES.len() - 1].channels;
        Ok(Self {
            stem: Pointwise::load(&vb.pp("stem"), taps, STEM, Activation::Relu6)?,
            blocks: blocks()
                .enumerate()
                .map(|(i, shape)| Block::load(&vb.pp(format!("blocks.{i}")), &shape))
                .collect::<Result<_>>()?,
            head: Pointwise::load(&vb.pp("head"), last, HEAD, Activation::Relu6)?,
            classifier: Pointwise::load(&vb.pp("classifier"), HEAD, CLASSES, Activation::None)?,
            device: vb.device().clone(),
        })
    }

    fn pack(self, precision: Precision) -> Result<bands::Network> {
        let exact: usize = ALL_STAGES[..EXACT_STAGES].iter().map(|stage| stage.blocks).sum();
        let mut stem = Some(self.stem.of_levels()?.pack(Precision::F32)?);
        let mut blocks = Vec::with_capacity(self.blocks.len());
        for (number, block) in self.blocks.iter().enumerate() {
            let precision = if number < exact { Precision::F32 } else { precision };
            let widen = match &block.expand {
                Some(expand) => Some(expand.pack(precision)?),
                None => stem.take(),
            };
            let Some(widen) = widen else { bail!("two blocks have nothing that widens") };
            blocks.push(bands::Block {
                widen,
                depthwise: block.depthwise.pack()?,
                narrow: block.project.pack(precision)?,
                residual: block.residual,
            });
        }
        Ok(bands::Network {
            blocks,
            head: self.head.pack(precision)?,
            classifier: self.classifier.pack(Precision::F32)?,
            scratch: bands::Scratches::default(),
        })
    }

    /// The classifier's output, (B, 1000).
    fn logits(&self, images: &[RgbImage]) -> Result<Tensor> {
        let side = (INPUT as usize).div_ceil(STEM_STRIDE);
        let x = self.stem.forward(&patches(images, &self.device)?)?;
        let mut x = x.reshape((images.len(), side, side, STEM))?;
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        let x = self.head.forward(&x)?.flatten(1, 2)?.mean(1)?;
        self.classifier.forward(&x)
    }
}

/// Cuts the input into what lies under the stem's kernel at each of its
/// positions, (B, 130, 130, 27), normalised to about -1 to 1: the stem's
/// convolution is then a matrix product, too. Outside the image is 0.
fn patches(images: &[RgbImage], device: &Device) -> Result<Tensor> {
    let side = INPUT as usize;
    let outputs = side.div_ceil(STEM_STRIDE);
    // Nothing comes before the first pixel, so nothing below subtracts.
    debug_assert_eq!(padding_before(side, STEM_KERNEL, STEM_STRIDE), 0);
    let run = STEM_KERNEL * 3;
    let patch = STEM_KERNEL * run;
    let mut out = vec![0f32; images.len() * outputs * outputs * patch];
    for (row, out) in out.chunks_exact_mut(outputs * patch).enumerate() {
        let pixels = images[row / outputs].as_raw();
        let y = row % outputs * STEM_STRIDE;
        for (column, patch) in out.chunks_exact_mut(patch).enumerate() {
            let x = column * STEM_STRIDE;
            let width = run.min((side - x) * 3);
            for (ky, run) in patch.chunks_exact_mut(run).enumerate().take(side - y) {
                let source = &pixels[((y + ky) * side + x) * 3..][..width];
                for (to, &from) in run.iter_mut().zip(source) {
                    *to = (f32::from(from) - MEAN) / DEVIATION;
                }
            }
        }
    }
    Tensor::from_vec(out, (images.len(), outputs, outputs, patch), device)
}

/// An inverted residual block: widen, convolve each channel, narrow.
struct Block {
    /// The first block is as wide inside as at its input and has none.
    expand: Option<Pointwise>,
    depthwise: Depthwise,
    project: Pointwise,
    residual: bool,
}

impl Block {
    fn load(vb: &VarBuilder, shape: &Shape) -> Result<Self> {
        let &Shape { input, inner, output, kernel, stride } = shape;
        let expand = (inner != input)
            .then(|| Pointwise::load(&vb.pp("expand"), input, inner, Activation::Relu6))
            .transpose()?;
        let depthwise = vb.pp("depthwise");
        Ok(Self {
            expand,
            depthwise: Depthwise::new(
                depthwise.get((kernel * kernel, inner), "weight")?,
                depthwise.get(inner, "bias")?,
                kernel,
                stride,
            ),
            project: Pointwise::load(&vb.pp("project"), inner, output, Activation::None)?,
            residual: stride == 1 && input == output,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let inner = match &self.expand {
            Some(expand) => self.depthwise.forward(&expand.forward(x)?)?,
            None => self.depthwise.forward(x)?,
        };
        let y = self.project.forward(&inner)?;
        if self.residual { y + x } else { Ok(y) }
    }
}

/// A convolution of kernel 1: the same linear map at every pixel.
struct Pointwise {
    /// (Cin, Cout)
    weight: Tensor,
    /// (Cout)
    bias: Tensor,
    activation: Activation,
}

#[derive(Clone, Copy, PartialEq)]
enum Activation {
    None,
    Relu6,
}

impl Pointwise {
    fn load(vb: &VarBuilder, input: usize, output: usize, activation: Activation) -> Result<Self> {
        let weight = vb.get((input, output), "weight")?;
        Ok(Self { weight, bias: vb.get(output, "bias")?, activation })
    }

    /// (…, Cin) to (…, Cout)
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (input, output) = self.weight.dims2()?;
        let mut shape = x.dims().to_vec();
        let y = x.reshape(((), input))?.matmul(&self.weight)?.broadcast_add(&self.bias)?;
        let y = if self.activation == Activation::Relu6 { y.clamp(0f32, 6f32)? } else { y };
        if let Some(last) = shape.last_mut() {
            *last = output;
        }
        y.reshape(shape)
    }

    fn pack(&self, precision: Precision) -> Result<Product> {
        Product::of_rows(&self.weight.t()?.contiguous()?, Some(&self.bias), precision)
    }

    /// The same for levels as they are, 0 to 255: what normalisation would make of
    /// them is part of the weights.
    fn of_levels(&self) -> Result<Self> {
        let weight = (&self.weight / f64::from(DEVIATION))?;
        let bias = (&self.bias - (weight.sum(0)? * f64::from(MEAN))?)?;
        Ok(Self { weight, bias, activation: self.activation })
    }
}

/// Makes the tower's weights, f16, out of the state dict of the PyTorch port:
/// batch norms folded in, every matrix transposed to where the tower wants it.
///
/// # Errors
/// When a tensor is missing or has another shape, or a folded value is beyond
/// f16.
pub fn convert(state: &StateDict) -> error::Result<HashMap<String, Tensor>> {
    let mut converter = Converter { state, tensors: HashMap::new() };
    converter.convolution("stem", "_conv_stem", "_bn0", [STEM, 3, STEM_KERNEL])?;
    for (i, shape) in blocks().enumerate() {
        let Shape { input, inner, output, kernel, .. } = shape;
        let (to, from) = (format!("blocks.{i}"), format!("_blocks.{i}"));
        let mut part = |name: &str, norm: &str, shape| {
            let (conv, norm) = (format!("{from}._{name}_conv"), format!("{from}.{norm}"));
            converter.convolution(&format!("{to}.{name}"), &conv, &norm, shape)
        };
        if inner != input {
            part("expand", "_bn0", [inner, input, 1])?;
        }
        part("depthwise", "_bn1", [inner, 1, kernel])?;
        part("project", "_bn2", [output, inner, 1])?;
    }
    let last = ALL_STAGES[ALL_STAGES.len() - 1].channels;
    converter.convolution("head", "_conv_head", "_bn1", [HEAD, last, 1])?;
    let weight = converter.floats("_fc.weight", &[CLASSES, HEAD])?;
    let bias = converter.floats("_fc.bias", &[CLASSES])?;
    converter.add("classifier", [CLASSES, HEAD, 1], &weight, bias)?;
    Ok(converter.tensors)
}

struct Converter<'a> {
    state: &'a StateDict<'a>,
    tensors: HashMap<String, Tensor>,
}

impl Converter<'_> {
    fn floats(&self, name: &str, shape: &[usize]) -> error::Result<Vec<f32>> {
        let (found, values) = self.state.floats(name)?;
        if found != shape {
            return Err(Error::usage(message!(
                "the tensor {name} has the shape {found} where {shape} was expected",
                name,
                found = format_args!("{found:?}"),
                shape = format_args!("{shape:?}")
            )));
        }
        Ok(values)
    }

    /// Folds `(W x - mean) / sqrt(variance + epsilon) * gamma + beta` into one
    /// weight and one bias. `shape` is output channels, input channels of a
    /// group, kernel.
    fn convolution(
        &mut self,
        to: &str,
        conv: &str,
        norm: &str,
        shape: [usize; 3],
    ) -> error::Result<()> {
        let [output, input, kernel] = shape;
        let mut weight =
            self.floats(&format!("{conv}.weight"), &[output, input, kernel, kernel])?;
        let part = |name: &str| self.floats(&format!("{norm}.{name}"), &[output]);
        let (gamma, beta) = (part("weight")?, part("bias")?);
        let (mean, variance) = (part("running_mean")?, part("running_var")?);
        let mut bias = Vec::with_capacity(output);
        for (channel, weight) in weight.chunks_exact_mut(input * kernel * kernel).enumerate() {
            let deviation = (f64::from(variance[channel]) + BATCH_NORM_EPSILON).sqrt();
            let scale = f64::from(gamma[channel]) / deviation;
            for weight in weight {
                *weight = (f64::from(*weight) * scale) as f32;
            }
            bias.push((f64::from(beta[channel]) - f64::from(mean[channel]) * scale) as f32);
        }
        self.add(to, shape, &weight, bias)
    }

    /// Adds (output, input, kernel, kernel) as (kernel * kernel * input,
    /// output), the order of a patch of NHWC pixels.
    fn add(
        &mut self,
        to: &str,
        [output, input, kernel]: [usize; 3],
        weight: &[f32],
        bias: Vec<f32>,
    ) -> error::Result<()> {
        let too_large = |value: &f32| !half::f16::from_f32(*value).is_finite();
        if weight.iter().chain(&bias).any(too_large) {
            return Err(Error::usage(message!("weights of {to} are beyond the range of f16", to)));
        }
        let area = kernel * kernel;
        let shape = (output, input, area);
        let weight = Tensor::from_slice(weight, shape, &Device::Cpu)
            .and_then(|w| w.permute((2, 1, 0))?.reshape((area * input, output)))
            .and_then(|w| w.contiguous()?.to_dtype(DType::F16));
        let bias =
            Tensor::from_vec(bias, output, &Device::Cpu).and_then(|b| b.to_dtype(DType::F16));
        let failed = || message!("cannot convert {to}", to);
        self.tensors.insert(format!("{to}.weight"), weight.context(failed)?);
        self.tensors.insert(format!("{to}.bias"), bias.context(failed)?);
        Ok(())
    }
}
