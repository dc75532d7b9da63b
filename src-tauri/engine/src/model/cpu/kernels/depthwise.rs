//! The convolution of each channel for itself, with bias and ReLU6: one source
//! for all kinds of processors, over their [`Strip`]s.
//!
//! The channels of a pixel lie side by side, so the inner loop is a plain
//! multiply-add over a strip of them, whatever the image's width. Several
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

/// [`LANES`] channels of a pixel, in registers.
pub trait Strip: Copy {
    /// # Safety
    /// So many numbers can be read; the instructions are there.
    unsafe fn load(from: *const f32) -> Self;

    /// `self + a * b`
    ///
    /// # Safety
    /// The instructions are there.
    unsafe fn add_product(self, a: Self, b: Self) -> Self;

    /// Writes the numbers, kept between 0 and 6.
    ///
    /// # Safety
    /// There is room for them; the instructions are there.
    unsafe fn store(self, to: *mut f32);
}

/// `FUSED` as in [`rows`](super::rows).
#[derive(Clone, Copy)]
pub struct Plain<const FUSED: bool>([f32; LANES]);

impl<const FUSED: bool> Strip for Plain<FUSED> {
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { from.cast::<[f32; LANES]>().read() })
    }

    #[inline(always)]
    unsafe fn add_product(mut self, a: Self, b: Self) -> Self {
        for lane in 0..LANES {
            self.0[lane] = add_product::<FUSED>(a.0[lane], b.0[lane], self.0[lane]);
        }
        self
    }

    #[inline(always)]
    unsafe fn store(mut self, to: *mut f32) {
        for lane in &mut self.0 {
            *lane = relu6(*lane);
        }
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[f32; LANES]>().write(self.0) }
    }
}

/// # Safety
/// What [`Kernels::depthwise`] checks; the instructions of these strips are
/// there.
#[inline(always)]
pub unsafe fn depthwise<S: Strip>(
    layer: &Depthwise,
    lines: Lines<'_>,
    outputs: Range<usize>,
    out: &mut [f32],
    stride: usize,
) {
    // SAFETY: the caller's promise, handed on.
    unsafe {
        match (layer.size, layer.step) {
            (3, 1) => sized::<S, 3, 1>(layer, lines, outputs, out, stride),
            (3, _) => sized::<S, 3, 2>(layer, lines, outputs, out, stride),
            (_, 1) => sized::<S, 5, 1>(layer, lines, outputs, out, stride),
            (_, _) => sized::<S, 5, 2>(layer, lines, outputs, out, stride),
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
unsafe fn sized<S: Strip, const SIZE: usize, const STEP: usize>(
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
    let start = left.div_ceil(STEP).min(columns);
    let end = ((width + left + STEP).saturating_sub(SIZE) / STEP).clamp(start, columns);
    for (number, taps) in layer.strips.chunks_exact(SIZE * SIZE + 1).enumerate() {
        let pixels = pixels[number * LANES..].as_ptr();
        let out = out[number * LANES..].as_mut_ptr();
        for (place, row) in outputs.clone().enumerate() {
            let down = inside(row * STEP, top, height, SIZE);
            let y = row * STEP + down.start - top - first;
            // SAFETY: the lines that are needed are there; the kernels of these
            // pixels lie inside the image as far as their taps say, and there is
            // room for every output.
            unsafe {
                let line = pixels.add(y * width * from_stride);
                let lines = Under { taps, line, lines: width * from_stride, stride: from_stride };
                let out = out.add(place * columns * stride);
                let mut column = 0;
                while column < columns {
                    let down = down.clone();
                    if column < start || column >= end || end - start < BLOCK {
                        let across = inside(column * STEP, left, width, SIZE);
                        let x = column * STEP + across.start - left;
                        let out = out.add(column * stride);
                        lines.sums::<S, SIZE, STEP, 1>(down, across, x, out, stride);
                        column += 1;
                        continue;
                    }
                    // The last block begins where it fits, and so computes some
                    // pixels again.
                    let first = column.min(end - BLOCK);
                    let (x, out) = (first * STEP - left, out.add(first * stride));
                    if down.len() == SIZE {
                        // Nearly all, and the compiler knows how many taps there are.
                        lines.sums::<S, SIZE, STEP, BLOCK>(0..SIZE, 0..SIZE, x, out, stride);
                    } else {
                        lines.sums::<S, SIZE, STEP, BLOCK>(down, 0..SIZE, x, out, stride);
                    }
                    column = first + BLOCK;
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
}

impl Under<'_> {
    /// `COUNT` pixels, of which the first is made of what lies under the taps
    /// `down` and `across`, from the pixel `x` of each line on.
    ///
    /// # Safety
    /// All of these pixels are there, and so are room for the outputs and the
    /// instructions.
    #[inline(always)]
    unsafe fn sums<S: Strip, const SIZE: usize, const STEP: usize, const COUNT: usize>(
        &self,
        down: Range<usize>,
        across: Range<usize>,
        x: usize,
        out: *mut f32,
        stride: usize,
    ) {
        // SAFETY: a line of taps is a strip; the rest is the caller's promise.
        unsafe {
            let mut sums = [S::load(self.taps[SIZE * SIZE].0.as_ptr()); COUNT];
            for ky in down.clone() {
                let line = self.line.add((ky - down.start) * self.lines + x * self.stride);
                for kx in across.clone() {
                    let tap = S::load(self.taps[ky * SIZE + kx].0.as_ptr());
                    for (n, sum) in sums.iter_mut().enumerate() {
                        let pixel = line.add((n * STEP + kx - across.start) * self.stride);
                        *sum = sum.add_product(S::load(pixel), tap);
                    }
                }
            }
            for (n, sum) in sums.iter().enumerate() {
                sum.store(out.add(n * stride));
            }
        }
    }
}
