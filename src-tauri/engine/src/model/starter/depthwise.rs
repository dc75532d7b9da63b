//! Depthwise convolution, bias and ReLU6 in one pass over NHWC activations.
//!
//! candle runs a grouped convolution as one convolution per group, which for
//! hundreds of groups of one channel is slower than the rest of the network
//! together. Channels lie side by side here, so the inner loop is a plain
//! multiply-add over sixteen of them whatever the image's width.
//!
//! On the processor this is [`convolve_row`]; elsewhere [`shifted`] adds up
//! `kernel^2` shifted copies with candle's own operations. The tests hold both
//! against a specification of five nested loops.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

/// Channels a step of the inner loop: one AVX-512 register, two of AVX2, and a
/// divisor of every channel count in the network.
const LANES: usize = 16;

/// A depthwise convolution with `SAME` padding as TensorFlow understands it:
/// `ceil(size / stride)` outputs, and of an odd number of padding pixels the
/// extra one comes at the bottom and on the right.
#[derive(Debug)]
pub struct Depthwise {
    /// (kernel * kernel, C), rows first.
    weight: Tensor,
    /// (C)
    bias: Tensor,
    geometry: Geometry,
}

#[derive(Debug, Clone, Copy)]
struct Geometry {
    kernel: usize,
    stride: usize,
}

impl Depthwise {
    /// `weight` is (kernel * kernel, C), `bias` is (C), both f32.
    pub fn new(weight: Tensor, bias: Tensor, kernel: usize, stride: usize) -> Self {
        Self { weight, bias, geometry: Geometry { kernel, stride } }
    }

    /// (B, H, W, C) to (B, ceil(H / stride), ceil(W / stride), C), each value
    /// between 0 and 6.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if x.device().is_cpu() {
            x.contiguous()?.apply_op3_no_bwd(&self.weight, &self.bias, &self.geometry)
        } else {
            shifted(x, &self.weight, &self.bias, self.geometry)
        }
    }
}

/// The padding before the first pixel of a side of `size` pixels.
pub fn padding_before(size: usize, kernel: usize, stride: usize) -> usize {
    ((size.div_ceil(stride) - 1) * stride + kernel).saturating_sub(size) / 2
}

impl CustomOp3 for Geometry {
    fn name(&self) -> &'static str {
        "depthwise-relu6"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (b, h, w, c) = x_layout.shape().dims4()?;
        if weight_layout.dims() != [self.kernel * self.kernel, c] || bias_layout.dims() != [c] {
            bail!("depthwise weights {weight_layout:?} do not fit activations {x_layout:?}");
        }
        let x = contiguous(x, x_layout)?;
        let weight = contiguous(weight, weight_layout)?;
        let bias = contiguous(bias, bias_layout)?;
        let (out_h, out_w) = (h.div_ceil(self.stride), w.div_ceil(self.stride));
        let mut out = vec![0f32; b * out_h * out_w * c];
        if !out.is_empty() {
            let convolve_row = row_kernel();
            out.par_chunks_mut(out_w * c).enumerate().for_each(|(row, out)| {
                let image = &x[row / out_h * (h * w * c)..][..h * w * c];
                let plane = Plane { pixels: image, height: h, width: w, channels: c };
                convolve_row(*self, plane, weight, bias, row % out_h, out);
            });
        }
        Ok((CpuStorage::F32(out), Shape::from((b, out_h, out_w, c))))
    }
}

/// The elements of a contiguous f32 tensor.
fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (layout.contiguous_offsets(), storage) {
        (Some((start, end)), CpuStorage::F32(values)) => Ok(&values[start..end]),
        _ => bail!("a depthwise convolution takes contiguous f32 tensors"),
    }
}

/// One image, (height, width, channels).
#[derive(Clone, Copy)]
struct Plane<'a> {
    pixels: &'a [f32],
    height: usize,
    width: usize,
    channels: usize,
}

/// Computes output row `.4` into `.5`.
type RowKernel = fn(Geometry, Plane<'_>, &[f32], &[f32], usize, &mut [f32]);

/// The fastest kernel of this machine.
fn row_kernel() -> RowKernel {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        return |geometry, plane, weight, bias, row, out| {
            // SAFETY: both features were just found on this machine.
            unsafe { convolve_row_avx2(geometry, plane, weight, bias, row, out) }
        };
    }
    convolve_row::<{ cfg!(target_feature = "fma") || cfg!(target_arch = "aarch64") }>
}

/// [`convolve_row`], compiled for AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn convolve_row_avx2(
    geometry: Geometry,
    plane: Plane<'_>,
    weight: &[f32],
    bias: &[f32],
    row: usize,
    out: &mut [f32],
) {
    convolve_row::<true>(geometry, plane, weight, bias, row, out);
}

/// `FUSED` multiply-adds round once; without hardware for it each would be a
/// call into the mathematics library.
#[inline(always)]
fn convolve_row<const FUSED: bool>(
    geometry: Geometry,
    plane: Plane<'_>,
    weight: &[f32],
    bias: &[f32],
    row: usize,
    out: &mut [f32],
) {
    // The loops over the kernel unroll when its size is a constant.
    match geometry.kernel {
        3 => convolve_row_sized::<FUSED, 3>(geometry.stride, plane, weight, bias, row, out),
        5 => convolve_row_sized::<FUSED, 5>(geometry.stride, plane, weight, bias, row, out),
        kernel => unreachable!("the network has no depthwise kernel of size {kernel}"),
    }
}

/// A strip of channels at a time: its part of the weights stays in registers
/// and the first-level cache along the whole row. Channels left over after the
/// wide strips make strips of one.
#[inline(always)]
fn convolve_row_sized<const FUSED: bool, const KERNEL: usize>(
    stride: usize,
    plane: Plane<'_>,
    weight: &[f32],
    bias: &[f32],
    row: usize,
    out: &mut [f32],
) {
    let wide = plane.channels / LANES * LANES;
    for first in (0..wide).step_by(LANES) {
        strip::<FUSED, KERNEL, LANES>(stride, plane, weight, bias, row, first, out);
    }
    for first in wide..plane.channels {
        strip::<FUSED, KERNEL, 1>(stride, plane, weight, bias, row, first, out);
    }
}

/// The channels `first..first + WIDTH` of one output row.
#[inline(always)]
fn strip<const FUSED: bool, const KERNEL: usize, const WIDTH: usize>(
    stride: usize,
    plane: Plane<'_>,
    weight: &[f32],
    bias: &[f32],
    row: usize,
    first: usize,
    out: &mut [f32],
) {
    let Plane { pixels, height, width, channels } = plane;
    let (top, left) =
        (padding_before(height, KERNEL, stride), padding_before(width, KERNEL, stride));
    let rows = inside::<KERNEL>(row * stride, top, height);
    let mut taps = [[[0f32; WIDTH]; KERNEL]; KERNEL];
    for (tap, weight) in taps.as_flattened_mut().iter_mut().zip(weight.chunks_exact(channels)) {
        tap.copy_from_slice(&weight[first..first + WIDTH]);
    }
    let mut start = [0f32; WIDTH];
    start.copy_from_slice(&bias[first..first + WIDTH]);

    for (column, out) in out.chunks_exact_mut(channels).enumerate() {
        let columns = inside::<KERNEL>(column * stride, left, width);
        let whole = columns.len() == KERNEL;
        let mut sum = start;
        for ky in rows.clone() {
            let y = row * stride + ky - top;
            let x = column * stride + columns.start - left;
            let line = &pixels[(y * width + x) * channels + first..];
            let taps = &taps[ky];
            // Away from the border the compiler knows how many taps there are.
            if whole {
                for (kx, tap) in taps.iter().enumerate() {
                    add::<FUSED, WIDTH>(&mut sum, &line[kx * channels..][..WIDTH], tap);
                }
            } else {
                for (i, tap) in taps[columns.clone()].iter().enumerate() {
                    add::<FUSED, WIDTH>(&mut sum, &line[i * channels..][..WIDTH], tap);
                }
            }
        }
        for (out, sum) in out[first..first + WIDTH].iter_mut().zip(sum) {
            *out = sum.clamp(0.0, 6.0);
        }
    }
}

#[inline(always)]
fn add<const FUSED: bool, const WIDTH: usize>(
    sum: &mut [f32; WIDTH],
    pixel: &[f32],
    tap: &[f32; WIDTH],
) {
    for lane in 0..WIDTH {
        sum[lane] = if FUSED {
            pixel[lane].mul_add(tap[lane], sum[lane])
        } else {
            pixel[lane] * tap[lane] + sum[lane]
        };
    }
}

/// The kernel's offsets that fall on the image when its first one lies
/// `padding` pixels before `start`.
#[inline(always)]
fn inside<const KERNEL: usize>(
    start: usize,
    padding: usize,
    size: usize,
) -> std::ops::Range<usize> {
    padding.saturating_sub(start)..KERNEL.min(size + padding - start)
}

/// The same with candle's operations, for devices without a kernel of ours.
fn shifted(x: &Tensor, weight: &Tensor, bias: &Tensor, geometry: Geometry) -> Result<Tensor> {
    let Geometry { kernel, stride } = geometry;
    let (b, h, w, c) = x.dims4()?;
    let (out_h, out_w) = (h.div_ceil(stride), w.div_ceil(stride));
    // Enough behind for every shift to be whole strides long.
    let (top, left) = (padding_before(h, kernel, stride), padding_before(w, kernel, stride));
    let x = x
        .pad_with_zeros(1, top, (out_h * stride + kernel).saturating_sub(h + top))?
        .pad_with_zeros(2, left, (out_w * stride + kernel).saturating_sub(w + left))?;
    let mut sum = bias.broadcast_as((b, out_h, out_w, c))?.contiguous()?;
    for ky in 0..kernel {
        let rows = x.narrow(1, ky, out_h * stride)?.contiguous()?;
        let width = rows.dim(2)?;
        let rows = rows.reshape((b, out_h, stride, width, c))?.narrow(2, 0, 1)?.squeeze(2)?;
        for kx in 0..kernel {
            let shift = rows.narrow(2, kx, out_w * stride)?.contiguous()?;
            let shift = shift.reshape((b, out_h, out_w, stride, c))?.narrow(3, 0, 1)?.squeeze(3)?;
            sum = (sum + shift.broadcast_mul(&weight.get(ky * kernel + kx)?)?)?;
        }
    }
    sum.clamp(0f32, 6f32)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use proptest::prelude::*;

    use super::*;

    /// The definition: every output is the sum over the kernel of what lies
    /// under it, nothing outside the image.
    fn specification(geometry: Geometry, x: &Tensor, weight: &Tensor, bias: &Tensor) -> Vec<f32> {
        let Geometry { kernel, stride } = geometry;
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
        fn every_path_equals_the_specification(
            (b, h, w, c) in (1usize..3, 1usize..13, 1usize..13, 1usize..50),
            kernel in prop::sample::select(vec![3usize, 5]),
            stride in 1usize..3,
            seed: u64,
        ) {
            let geometry = Geometry { kernel, stride };
            let x = integers(seed, (b, h, w, c));
            let weight = integers(seed ^ 1, (kernel * kernel, c));
            let bias = integers(seed ^ 2, c);
            let expected = specification(geometry, &x, &weight, &bias);
            let flat = |t: Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();

            let layer = Depthwise::new(weight.clone(), bias.clone(), kernel, stride);
            prop_assert_eq!(&flat(layer.forward(&x).unwrap()), &expected);
            prop_assert_eq!(&flat(shifted(&x, &weight, &bias, geometry).unwrap()), &expected);

            let (xs, ws, bs) = (flat(x), flat(weight), flat(bias));
            let (out_h, out_w) = (h.div_ceil(stride), w.div_ceil(stride));
            for portable in [convolve_row::<false>, convolve_row::<true>] {
                let mut out = vec![f32::NAN; out_w * c];
                for row in 0..out_h {
                    let plane =
                        Plane { pixels: &xs[..h * w * c], height: h, width: w, channels: c };
                    portable(geometry, plane, &ws, &bs, row, &mut out);
                    prop_assert_eq!(&out[..], &expected[row * out_w * c..][..out_w * c]);
                }
            }
        }
    }

    #[test]
    fn weights_of_another_width_are_refused() {
        let layer = Depthwise::new(integers(1, (9, 8)), integers(2, 8), 3, 1);
        assert!(layer.forward(&integers(3, (1, 4, 4, 16))).is_err());
    }
}
