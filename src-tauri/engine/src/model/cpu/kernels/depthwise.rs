//! The convolution of each channel for itself, with bias and ReLU6: one source
//! compiled for each kind of processor.
//!
//! The channels of a pixel lie side by side, so the inner loop is a plain
//! multiply-add over [`LANES`] of them, whatever the image's width. Several
//! neighbouring pixels are computed together, for whose sums there are
//! registers, so that a sum need not wait for the one before.

use std::ops::Range;

use super::rows::{LANES, add_product, relu6};
use super::{Kernels, Line};

/// A depthwise convolution with `SAME` padding as TensorFlow understands it:
/// `ceil(side / step)` outputs, and of an odd number of padding pixels the extra
/// one comes at the bottom and on the right.
pub struct Depthwise {
    /// Width and height of the kernel, 3 or 5.
    size: usize,
    /// Pixels from one output to the next, 1 or 2.
    step: usize,
    /// Of each strip of [`LANES`] channels: the taps, line by line, and the bias.
    strips: Vec<Line<[f32; LANES]>>,
}

impl Depthwise {
    /// `weight` is `(size * size, C)`, `bias` is `(C)`.
    ///
    /// # Panics
    /// Where there is no kernel of that size and step.
    pub fn pack(weight: &[f32], bias: &[f32], size: usize, step: usize) -> Self {
        assert!(matches!((size, step), (3 | 5, 1 | 2)), "no kernel of size {size}, step {step}");
        let taps = weight.chunks_exact(bias.len()).chain([bias]);
        let mut strips = Vec::new();
        for first in (0..bias.len()).step_by(LANES) {
            let count = LANES.min(bias.len() - first);
            for tap in taps.clone() {
                let mut line = Line([0.0; LANES]);
                line.0[..count].copy_from_slice(&tap[first..first + count]);
                strips.push(line);
            }
        }
        Self { size, step, strips }
    }

    /// The size of a side of the output.
    pub fn outputs(&self, side: usize) -> usize {
        side.div_ceil(self.step)
    }

    /// The lines of an image of this height that some lines of output are made
    /// of.
    pub fn needs(&self, outputs: &Range<usize>, height: usize) -> Range<usize> {
        let padding = padding(height, self.size, self.step);
        let end = (outputs.end - 1) * self.step + self.size;
        (outputs.start * self.step).saturating_sub(padding)..(end - padding).min(height)
    }

    /// How many lines of output can be made of so many lines.
    pub fn lines_from(&self, lines: usize) -> usize {
        (lines + self.step).saturating_sub(self.size) / self.step
    }

    /// Of how many lines so many lines of output are made, at most.
    pub fn lines_for(&self, outputs: usize) -> usize {
        (outputs - 1) * self.step + self.size
    }

    fn taps(&self) -> usize {
        self.size * self.size + 1
    }
}

/// Lines of an image, whole ones, pixel after pixel.
#[derive(Clone, Copy)]
pub struct Lines<'a> {
    pub pixels: &'a [f32],
    /// From one pixel to the next; room for whole strips of channels.
    pub stride: usize,
    /// The number of the first of them.
    pub first: usize,
    /// Of the image.
    pub height: usize,
    pub width: usize,
}

/// What is missing before the first pixel of a side.
fn padding(side: usize, size: usize, step: usize) -> usize {
    ((side.div_ceil(step) - 1) * step + size).saturating_sub(side) / 2
}

/// Lines of output: the layer, what lies under it, which lines, and where they
/// go, pixels so far apart.
pub type Kernel = unsafe fn(&Depthwise, Lines<'_>, Range<usize>, &mut [f32], usize);

impl Kernels {
    /// Computes some lines of output, whole strips of channels. They go to `out`,
    /// whose pixels are `stride` apart.
    ///
    /// # Panics
    /// Where lines are missing or `out` is too small.
    pub fn depthwise(
        &self,
        layer: &Depthwise,
        lines: Lines<'_>,
        outputs: Range<usize>,
        out: &mut [f32],
        stride: usize,
    ) {
        let width = layer.strips.len() / layer.taps() * LANES;
        let holds = |len: usize, stride: usize, pixels: usize| {
            pixels > 0 && stride >= width && (pixels - 1) * stride + width <= len
        };
        assert!(outputs.end <= layer.outputs(lines.height), "the image has fewer lines");
        let needed = layer.needs(&outputs, lines.height);
        assert!(lines.first <= needed.start, "the first lines are missing");
        let pixels = (needed.end - lines.first) * lines.width;
        assert!(holds(lines.pixels.len(), lines.stride, pixels), "the last lines are missing");
        let pixels = outputs.len() * layer.outputs(lines.width);
        assert!(holds(out.len(), stride, pixels), "there is too little room for the lines");
        // SAFETY: all that lies under the kernel, and the room for what it makes,
        // was just checked to be there, and so were the instructions.
        unsafe { (self.depthwise)(layer, lines, outputs, out, stride) }
    }
}

/// # Safety
/// What [`Kernels::depthwise`] checks.
#[inline(always)]
pub unsafe fn depthwise<const FUSED: bool>(
    layer: &Depthwise,
    lines: Lines<'_>,
    outputs: Range<usize>,
    out: &mut [f32],
    stride: usize,
) {
    // SAFETY: the caller's promise, handed on.
    unsafe {
        match (layer.size, layer.step) {
            (3, 1) => sized::<FUSED, 3, 1>(layer, lines, outputs, out, stride),
            (3, _) => sized::<FUSED, 3, 2>(layer, lines, outputs, out, stride),
            (_, 1) => sized::<FUSED, 5, 1>(layer, lines, outputs, out, stride),
            (_, _) => sized::<FUSED, 5, 2>(layer, lines, outputs, out, stride),
        }
    }
}

/// Pixels that are computed together.
const BLOCK: usize = 4;

/// All lines of a strip of channels before the next strip: what they share, taps
/// and pixels, stays in the first-level cache.
///
/// # Safety
/// As [`depthwise`].
#[inline(always)]
unsafe fn sized<const FUSED: bool, const SIZE: usize, const STEP: usize>(
    layer: &Depthwise,
    lines: Lines<'_>,
    outputs: Range<usize>,
    out: &mut [f32],
    stride: usize,
) {
    let Lines { pixels, stride: from_stride, first, height, width } = lines;
    let (top, left) = (padding(height, SIZE, STEP), padding(width, SIZE, STEP));
    let columns = width.div_ceil(STEP);
    // The outputs whose kernels lie inside the image from left to right.
    let whole_start = left.div_ceil(STEP).min(columns);
    let whole_end = ((width + left + STEP).saturating_sub(SIZE) / STEP).clamp(whole_start, columns);
    for (number, taps) in layer.strips.chunks_exact(SIZE * SIZE + 1).enumerate() {
        let pixels = pixels[number * LANES..].as_ptr();
        let mut out = out[number * LANES..].as_mut_ptr();
        for row in outputs.clone() {
            let down = inside(row * STEP, top, height, SIZE);
            let under = Under {
                taps,
                // SAFETY: a line that is needed is there.
                line: unsafe {
                    pixels.add((row * STEP + down.start - top - first) * width * from_stride)
                },
                lines: width * from_stride,
                stride: from_stride,
                down,
            };
            let mut column = 0;
            while column < columns {
                // SAFETY: the kernels of these pixels lie inside the image as far
                // as `across` says, and there is room for every output.
                unsafe {
                    let whole = column >= whole_start && column < whole_end;
                    let count = if whole && column + BLOCK <= whole_end { BLOCK } else { 1 };
                    if count == BLOCK {
                        let x = column * STEP - left;
                        under.whole::<FUSED, SIZE, STEP, BLOCK>(x, out, stride);
                    } else if whole {
                        let x = column * STEP - left;
                        under.whole::<FUSED, SIZE, STEP, 1>(x, out, stride);
                    } else {
                        let across = inside(column * STEP, left, width, SIZE);
                        let x = column * STEP + across.start - left;
                        let down = under.down.clone();
                        under.sums::<FUSED, SIZE, STEP, 1>(down, across, x, out, stride);
                    }
                    column += count;
                    out = out.add(count * stride);
                }
            }
        }
    }
}

/// The kernel's offsets that fall on the image when its first one lies
/// `padding` pixels before `start`.
#[inline(always)]
fn inside(start: usize, padding: usize, side: usize, size: usize) -> Range<usize> {
    padding.saturating_sub(start)..size.min(side + padding - start)
}

/// The lines of a strip that lie under one line of output.
struct Under<'a> {
    taps: &'a [Line<[f32; LANES]>],
    /// The first pixel of the first line.
    line: *const f32,
    /// From one line to the next.
    lines: usize,
    /// From one pixel to the next.
    stride: usize,
    /// The lines of the kernel that they lie under.
    down: Range<usize>,
}

impl Under<'_> {
    /// Pixels whose kernels lie inside from left to right: nearly all, and mostly
    /// the compiler knows how many taps there are.
    ///
    /// # Safety
    /// As [`sums`](Self::sums).
    #[inline(always)]
    unsafe fn whole<const FUSED: bool, const SIZE: usize, const STEP: usize, const COUNT: usize>(
        &self,
        x: usize,
        out: *mut f32,
        stride: usize,
    ) {
        // SAFETY: the caller's promise, handed on.
        unsafe {
            if self.down.start == 0 && self.down.end == SIZE {
                self.sums::<FUSED, SIZE, STEP, COUNT>(0..SIZE, 0..SIZE, x, out, stride);
            } else {
                let down = self.down.clone();
                self.sums::<FUSED, SIZE, STEP, COUNT>(down, 0..SIZE, x, out, stride);
            }
        }
    }

    /// `COUNT` pixels, of which the first is made of what lies under the taps
    /// `down` and `across`, from the pixel `x` of each line on.
    ///
    /// # Safety
    /// All of these pixels are there, and so is room for the outputs.
    #[inline(always)]
    unsafe fn sums<const FUSED: bool, const SIZE: usize, const STEP: usize, const COUNT: usize>(
        &self,
        down: Range<usize>,
        across: Range<usize>,
        x: usize,
        out: *mut f32,
        stride: usize,
    ) {
        let mut sums = [self.taps[SIZE * SIZE].0; COUNT];
        for ky in down.start..down.end {
            for kx in across.start..across.end {
                let tap = &self.taps[ky * SIZE + kx].0;
                for (n, sums) in sums.iter_mut().enumerate() {
                    let x = x + n * STEP + kx - across.start;
                    // SAFETY: the caller's promise.
                    let pixel = unsafe {
                        let pixel = self.line.add((ky - down.start) * self.lines + x * self.stride);
                        &*pixel.cast::<[f32; LANES]>()
                    };
                    for lane in 0..LANES {
                        sums[lane] = add_product::<FUSED>(pixel[lane], tap[lane], sums[lane]);
                    }
                }
            }
        }
        for (n, sums) in sums.iter().enumerate() {
            // SAFETY: the caller's promise.
            let out = unsafe { &mut *out.add(n * stride).cast::<[f32; LANES]>() };
            for lane in 0..LANES {
                out[lane] = relu6(sums[lane]);
            }
        }
    }
}
