//! Depthwise convolution, bias and ReLU6 with candle's operations, over NHWC
//! activations.
//!
//! candle runs a grouped convolution as one convolution per group, which for
//! hundreds of groups of one channel is slower than the rest of the network
//! together. Adding up `size^2` shifted copies is not. On the processor there is
//! a kernel, `cpu::Depthwise`.

use candle_core::{Result, Tensor};

use crate::model::cpu;

/// A depthwise convolution with `SAME` padding as TensorFlow understands it:
/// `ceil(size / stride)` outputs, and of an odd number of padding pixels the
/// extra one comes at the bottom and on the right.
#[derive(Debug)]
pub struct Depthwise {
    /// (kernel * kernel, C), rows first.
    weight: Tensor,
    /// (C)
    bias: Tensor,
    kernel: usize,
    stride: usize,
}

impl Depthwise {
    /// `weight` is (kernel * kernel, C), `bias` is (C), both f32.
    pub fn new(weight: Tensor, bias: Tensor, kernel: usize, stride: usize) -> Self {
        Self { weight, bias, kernel, stride }
    }

    /// (B, H, W, C) to (B, ceil(H / stride), ceil(W / stride), C), each value
    /// between 0 and 6.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let &Self { kernel, stride, .. } = self;
        let (b, h, w, c) = x.dims4()?;
        let (out_h, out_w) = (h.div_ceil(stride), w.div_ceil(stride));
        let (top, left) = (padding_before(h, kernel, stride), padding_before(w, kernel, stride));
        // Enough behind for every shift to be whole strides long.
        let x = x
            .pad_with_zeros(1, top, (out_h * stride + kernel).saturating_sub(h + top))?
            .pad_with_zeros(2, left, (out_w * stride + kernel).saturating_sub(w + left))?;
        let mut sum = self.bias.broadcast_as((b, out_h, out_w, c))?.contiguous()?;
        for ky in 0..kernel {
            let rows = x.narrow(1, ky, out_h * stride)?.contiguous()?;
            let width = rows.dim(2)?;
            let rows = rows.reshape((b, out_h, stride, width, c))?.narrow(2, 0, 1)?.squeeze(2)?;
            for kx in 0..kernel {
                let shift = rows.narrow(2, kx, out_w * stride)?.contiguous()?;
                let shift = shift.reshape((b, out_h, out_w, stride, c))?;
                let shift = shift.narrow(3, 0, 1)?.squeeze(3)?;
                sum = (sum + shift.broadcast_mul(&self.weight.get(ky * kernel + kx)?)?)?;
            }
        }
        sum.clamp(0f32, 6f32)
    }

    /// The same for the processor.
    pub fn pack(&self) -> Result<cpu::Depthwise> {
        let weight: Vec<f32> = self.weight.flatten_all()?.to_vec1()?;
        let bias: Vec<f32> = self.bias.to_vec1()?;
        Ok(cpu::Depthwise::pack(&weight, &bias, self.kernel, self.stride))
    }
}

/// The padding before the first pixel of a side of `size` pixels.
pub fn padding_before(size: usize, kernel: usize, stride: usize) -> usize {
    ((size.div_ceil(stride) - 1) * stride + kernel).saturating_sub(size) / 2
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Shape};
    use proptest::prelude::*;

    use super::*;

    /// The definition: every output is the sum over the kernel of what lies
    /// under it, nothing outside the image.
    fn specification(
        (kernel, stride): (usize, usize),
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
    ) -> Vec<f32> {
        let (b, h, w, c) = x.dims4().unwrap();
        let x = x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let weight = weight.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let bias = bias.to_vec1::<f32>().unwrap();
        let padding = |size: usize| {
            let outputs = size.div_ceil(stride) as isize;
            ((outputs - 1) * stride as isize + kernel as isize - size as isize).max(0) / 2
        };
        let mut out = Vec::new();
        for image in 0..b {
            for (row, column) in (0..h.div_ceil(stride))
                .flat_map(|row| (0..w.div_ceil(stride)).map(move |column| (row, column)))
            {
                for channel in 0..c {
                    let mut sum = bias[channel];
                    for (ky, kx) in (0..kernel).flat_map(|ky| (0..kernel).map(move |kx| (ky, kx))) {
                        let y = (row * stride + ky) as isize - padding(h);
                        let x_at = (column * stride + kx) as isize - padding(w);
                        if (0..h as isize).contains(&y) && (0..w as isize).contains(&x_at) {
                            let pixel = (image * h + y as usize) * w + x_at as usize;
                            sum +=
                                x[pixel * c + channel] * weight[(ky * kernel + kx) * c + channel];
                        }
                    }
                    out.push(sum.clamp(0.0, 6.0));
                }
            }
        }
        out
    }

    /// Small integers, which f32 adds up exactly in any order.
    fn integers(seed: u64, shape: impl Into<Shape>) -> Tensor {
        let shape = shape.into();
        let mut state = seed;
        let values: Vec<f32> = (0..shape.elem_count())
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 33) as f32 % 7.0 - 3.0
            })
            .collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    proptest! {
        #[test]
        fn every_kernel_equals_the_specification(
            (b, h, w, c) in (1usize..3, 1usize..13, 1usize..13, 1usize..50),
            kernel in prop::sample::select(vec![3usize, 5]),
            stride in 1usize..3,
            seed: u64,
        ) {
            let x = integers(seed, (b, h, w, c));
            let weight = integers(seed ^ 1, (kernel * kernel, c));
            let bias = integers(seed ^ 2, c);
            let expected = specification((kernel, stride), &x, &weight, &bias);
            let flat = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let layer = Depthwise::new(weight, bias, kernel, stride);
            prop_assert_eq!(&flat(&layer.forward(&x).unwrap()), &expected);

            // One image, in two bands, lines that are not needed left out.
            let (packed, pixels) = (layer.pack().unwrap(), flat(&x));
            let room = c.next_multiple_of(16);
            let mut rows = vec![f32::NAN; b * h * w * room];
            for (row, pixel) in rows.chunks_exact_mut(room).zip(pixels.chunks_exact(c)) {
                row[..c].copy_from_slice(pixel);
            }
            let (out_h, out_w) = (h.div_ceil(stride), w.div_ceil(stride));
            let cut = (seed % out_h as u64) as usize;
            for kernels in cpu::available() {
                for part in [0..cut, cut..out_h].into_iter().filter(|part| !part.is_empty()) {
                    let lines = packed.needs(&part, h);
                    let pixels = &rows[lines.start * w * room..lines.end * w * room];
                    let (first, stride) = (lines.start, room);
                    let lines = cpu::Lines { pixels, stride, first, height: h, width: w };
                    let mut out = vec![f32::NAN; part.len() * out_w * room];
                    kernels.depthwise(&packed, lines, part.clone(), &mut out, room);
                    let out = out.chunks_exact(room).flat_map(|pixel| &pixel[..c]);
                    let expected = &expected[part.start * out_w * c..part.end * out_w * c];
                    prop_assert!(out.eq(expected), "{}: {part:?}", kernels.name);
                }
            }
        }
    }
}
