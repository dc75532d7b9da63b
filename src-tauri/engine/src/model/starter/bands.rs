//! EfficientNet-Lite2 on the processor, a band of lines at a time.
//!
//! ```text
//! x ──► widen ──► window ──► convolve each channel ──► mixed ──► narrow ──► y
//! all lines       some lines, 6 times as wide          a band         all lines
//! ```
//!
//! Inside a block an image is six times as wide as between blocks, too large
//! for the second-level cache. So a block takes some lines of its output from
//! one end to the other before the next ones, and what lies inside is never
//! there as a whole: a window over the widened lines moves down the image.
//!
//! Images that are computed together lie one below another, as if they were
//! one: the last blocks have many weights for few pixels, and so read them once
//! for several images.

use std::ops::Range;

use image::RgbImage;
use parking_lot::Mutex;
use rayon::prelude::*;

use super::efficientnet::{INPUT, MEAN, STEM_KERNEL, STEM_STRIDE};
use crate::model::cpu::{
    Bytes, Depthwise, Finish, Input, Kernels, Lines, Matrix, Product, kernels, on_threads,
};
use crate::model::device::Precision;

/// What a window may take: half of the second-level cache of many processors.
/// Measured on one with 1 MiB: 128 KiB 9 % slower, whole images, four together,
/// 12 % slower in f32 and 18 % in 8 bits.
const WINDOW_BYTES: usize = 512 << 10;

/// The network.
pub struct Network {
    pub blocks: Vec<Block>,
    pub head: Product,
    pub classifier: Product,
    pub scratch: Scratches,
}

/// Buffers that no thread uses just now.
pub type Scratches = Mutex<Vec<Scratch>>;

/// An inverted residual block.
pub struct Block {
    /// The first block's is the stem, which takes levels, in f32.
    pub widen: Product,
    pub depthwise: Depthwise,
    pub narrow: Product,
    /// Whether what came in is added to the result.
    pub residual: bool,
}

/// Buffers of one thread, kept from one use to the next.
#[derive(Default)]
pub struct Scratch {
    /// What goes into a block, `(images * side * side, C)`, and what comes out.
    x: Matrix,
    y: Matrix,
    /// What lies under the stem's kernel, and the levels it is cut from.
    patches: Matrix,
    levels: Matrix,
    window: Matrix,
    mixed: Matrix,
    /// `x` and `mixed` in 8 bits, where the products take them so.
    bytes: [Bytes; 2],
}

/// Rows as a product takes them.
fn ready<'a>(
    kernels: &Kernels,
    product: &Product,
    rows: &'a Matrix,
    bytes: &'a mut Bytes,
) -> Input<'a> {
    match product.precision() {
        Precision::F32 => Input::F32(rows),
        Precision::Int8 => {
            bytes.round(kernels, rows);
            Input::Int8(bytes)
        }
    }
}

impl Network {
    /// The classifier's output for each of the images of [`INPUT`] pixels a
    /// side, through the softmax where probabilities are asked for; on all cores,
    /// by image.
    pub fn run(&self, images: &[RgbImage], softmax: bool) -> Vec<Vec<f32>> {
        on_threads(|| {
            let threads = rayon::current_num_threads().min(images.len()).max(1);
            let groups = images.par_chunks(images.len().div_ceil(threads).max(1));
            groups.flat_map_iter(|images| self.group(images, softmax)).collect()
        })
    }

    /// The same for some images on this thread.
    fn group(&self, images: &[RgbImage], softmax: bool) -> Vec<Vec<f32>> {
        let kernels = kernels();
        let mut scratch = self.scratch.lock().pop().unwrap_or_default();
        let mut side = (INPUT as usize).div_ceil(STEM_STRIDE);
        for (number, block) in self.blocks.iter().enumerate() {
            let pixels = (number == 0).then_some(images);
            side = block.run(kernels, pixels, images.len(), side, &mut scratch);
        }
        let Scratch { x, y, mixed, bytes, .. } = &mut scratch;
        let area = side * side;
        mixed.shape(x.rows(), self.head.outputs());
        let input = ready(kernels, &self.head, x, &mut bytes[0]);
        self.head.apply(kernels, input, x.rows(), Finish::Relu6, mixed);
        y.shape(images.len(), mixed.columns());
        for image in 0..images.len() {
            let mean = y.row_mut(image);
            mean.fill(0.0);
            for pixel in image * area..(image + 1) * area {
                for (mean, value) in mean.iter_mut().zip(mixed.row(pixel)) {
                    *mean += value / area as f32;
                }
            }
        }
        x.shape(images.len(), self.classifier.outputs());
        self.classifier.apply(kernels, Input::F32(y), images.len(), Finish::Store, x);
        if softmax {
            (0..images.len()).for_each(|image| kernels.softmax(x.row_mut(image)));
        }
        let classes = (0..images.len()).map(|image| x.row(image).to_vec()).collect();
        self.scratch.lock().push(scratch);
        classes
    }
}

impl Block {
    /// Takes so many images through the block, `x` to `x`; through the first one
    /// from `pixels` on. Widened, an image has `side * side` pixels; returns the
    /// size of a side of the result.
    fn run(
        &self,
        kernels: &Kernels,
        pixels: Option<&[RgbImage]>,
        images: usize,
        side: usize,
        scratch: &mut Scratch,
    ) -> usize {
        let Scratch { x, y, patches, levels, window, mixed, bytes: [wide, narrow] } = scratch;
        let outputs = self.depthwise.outputs(side);
        let total = images * outputs;
        window.shape(0, self.widen.outputs());
        let line_bytes = side * window.stride() * size_of::<f32>();
        let band = self.depthwise.lines_from(WINDOW_BYTES / line_bytes).clamp(1, total);
        let bands = total.div_ceil(band);
        window.shape(self.depthwise.lines_for(band) * side, self.widen.outputs());
        if !self.residual {
            y.shape(total * outputs, self.narrow.outputs());
        }
        if self.widen.precision() == Precision::Int8 {
            wide.round(kernels, x);
        }

        // The lines of all images that the window holds.
        let mut held = 0..0;
        for band in (0..bands).map(|band| band * total / bands..(band + 1) * total / bands) {
            let parts = parts(&band, outputs);
            let needed = self.needs(&band, outputs, side);
            window.advance((needed.start - held.start) * side, (held.end - needed.start) * side);
            let place = (held.end - needed.start) * side;
            let rows = held.end * side..needed.end * side;
            let (input, rows) = match (pixels, self.widen.precision()) {
                (Some(pixels), _) => {
                    cut(pixels, held.end..needed.end, side, levels, patches);
                    (Input::F32(patches), 0..rows.len())
                }
                (None, Precision::F32) => (Input::F32(x), rows),
                (None, Precision::Int8) => (Input::Int8(wide), rows),
            };
            self.widen.apply_part(kernels, input, rows, Finish::Relu6, window, place);
            held = needed;

            mixed.shape(band.len() * outputs, self.widen.outputs());
            for (image, part) in parts {
                let first = self.depthwise.needs(&part, side).start;
                let lines = Lines {
                    pixels: window.rest((image * side + first - held.start) * side, 0),
                    stride: window.stride(),
                    first,
                    height: side,
                    width: side,
                };
                let stride = mixed.stride();
                let place = (image * outputs + part.start - band.start) * outputs;
                kernels.depthwise(&self.depthwise, lines, part, mixed.rest_mut(place, 0), stride);
            }

            let (input, rows) = (ready(kernels, &self.narrow, mixed, narrow), 0..mixed.rows());
            let place = band.start * outputs;
            if self.residual {
                // The window is past these lines: nothing will read them again.
                self.narrow.apply_part(kernels, input, rows, Finish::Add, x, place);
            } else {
                self.narrow.apply_part(kernels, input, rows, Finish::Store, y, place);
            }
        }
        if !self.residual {
            std::mem::swap(x, y);
        }
        outputs
    }

    /// The lines of all images that some lines of all outputs are made of.
    fn needs(&self, band: &Range<usize>, outputs: usize, side: usize) -> Range<usize> {
        let under = |line: usize| {
            let (image, line) = (line / outputs, line % outputs);
            let lines = self.depthwise.needs(&(line..line + 1), side);
            image * side + lines.start..image * side + lines.end
        };
        under(band.start).start..under(band.end - 1).end
    }
}

/// Lines of all images, each of `side` lines, cut into those of each image.
fn parts(lines: &Range<usize>, side: usize) -> impl Iterator<Item = (usize, Range<usize>)> {
    let lines = lines.clone();
    (lines.start / side..lines.end.div_ceil(side)).map(move |image| {
        let first = image * side;
        (image, lines.start.max(first) - first..lines.end.min(first + side) - first)
    })
}

/// Cuts what lies under the stem's kernel, for some lines of its output of all
/// images: a row a pixel, `3 * 3 * 3` levels.
fn cut(
    images: &[RgbImage],
    lines: Range<usize>,
    side: usize,
    levels: &mut Matrix,
    patches: &mut Matrix,
) {
    const RUN: usize = 3 * STEM_KERNEL;
    let width = 3 * INPUT as usize;
    // One pixel more, which the last patch of a line reaches.
    levels.shape(STEM_KERNEL, width + 3);
    patches.shape(lines.len() * side, STEM_KERNEL * RUN);
    for (place, line) in lines.enumerate() {
        let (image, y) = (&images[line / side], line % side * STEM_STRIDE);
        for ky in 0..STEM_KERNEL {
            let row = levels.row_mut(ky);
            // Outside the image is 0.
            row.fill(MEAN);
            let source = image.as_raw().chunks_exact(width).nth(y + ky).unwrap_or_default();
            for (level, &byte) in row.iter_mut().zip(source) {
                *level = f32::from(byte);
            }
        }
        for column in 0..side {
            let patch = patches.row_mut(place * side + column).as_chunks_mut::<RUN>().0;
            for (ky, run) in patch.iter_mut().enumerate() {
                run.copy_from_slice(&levels.row(ky)[3 * STEM_STRIDE * column..][..RUN]);
            }
        }
    }
}
