//! What photos look like that nobody took.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

use crate::decode::THUMBNAIL_SIDE;
use crate::derived::{Size, ThumbnailRow};
use crate::error::{Context, Result};

/// Shapes of photos, in pixels: what cameras and telephones take.
const SHAPES: [(u32, u32); 6] =
    [(6000, 4000), (4000, 3000), (3000, 4000), (4032, 2268), (6000, 4000), (3456, 5184)];

/// Drawings that are told apart by their colours.
const MANY: u32 = 48;

/// A picture, as it is kept of a photo.
pub(super) struct Drawing {
    /// Of the photo.
    pub size: Size,
    average: [u8; 3],
    jpeg: Vec<u8>,
}

impl Drawing {
    /// One grey, which takes little room.
    pub fn grey() -> Result<Self> {
        Self::of(4000, 3000, |_, _| [127; 3])
    }

    /// Hills under a sky, with the grain of a sensor, so that a thumbnail takes as many
    /// bytes, and as long to show, as that of a photo does.
    pub fn many() -> Result<Vec<Self>> {
        (0..MANY).map(Self::hills).collect()
    }

    fn hills(number: u32) -> Result<Self> {
        let (width, height) = SHAPES[number as usize % SHAPES.len()];
        let hue = number as f32 / MANY as f32 * std::f32::consts::TAU;
        Self::of(width, height, |x, y| {
            let ridge = 0.55 + 0.12 * (x * 7.0 + hue).sin() + 0.05 * (x * 23.0 - hue).sin();
            let light = if y < ridge { 0.75 - 0.3 * y } else { 0.2 + 0.4 * (1.0 - y) };
            let grain = grain(x, y, number) * 0.06;
            [0.0, 2.1, 4.2].map(|turn: f32| {
                let tint = 0.15 * (hue + turn + if y < ridge { 0.0 } else { 2.0 }).cos();
                ((light + tint + grain).clamp(0.0, 1.0) * 255.0) as u8
            })
        })
    }

    /// A thumbnail of a photo of this size; places run from 0 to 1.
    fn of(width: u32, height: u32, colour: impl Fn(f32, f32) -> [u8; 3]) -> Result<Self> {
        let longest = width.max(height) as f32;
        let side = |edge: u32| (edge as f32 / longest * THUMBNAIL_SIDE as f32).round() as u32;
        let (wide, high) = (side(width), side(height));
        let picture = RgbImage::from_fn(wide, high, |x, y| {
            Rgb(colour(x as f32 / wide as f32, y as f32 / high as f32))
        });
        let pixels = u64::from(wide) * u64::from(high);
        let average = [0, 1, 2].map(|channel: usize| {
            let sum: u64 = picture.pixels().map(|pixel| u64::from(pixel.0[channel])).sum();
            (sum / pixels.max(1)) as u8
        });
        let mut jpeg = Cursor::new(Vec::new());
        picture
            .write_to(&mut jpeg, ImageFormat::Jpeg)
            .context(|| message!("cannot make a thumbnail up"))?;
        Ok(Self { size: Size { width, height }, average, jpeg: jpeg.into_inner() })
    }

    /// What is stored of it.
    pub fn thumbnail(&self) -> ThumbnailRow {
        ThumbnailRow { size: self.size, average: self.average, jpeg: self.jpeg.clone() }
    }
}

/// -1 to 1, another one at each place, the same every time.
fn grain(x: f32, y: f32, number: u32) -> f32 {
    let place = (x * 4096.0) as u32 ^ ((y * 4096.0) as u32).rotate_left(12) ^ number;
    let mixed = place.wrapping_mul(0x9e37_79b1);
    let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x85eb_ca6b);
    (mixed >> 8) as f32 / (1 << 23) as f32 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawings_have_the_shapes_of_photos_and_thumbnails_of_their_size() {
        for drawing in Drawing::many().unwrap() {
            let shown = image::load_from_memory(&drawing.jpeg).unwrap();
            assert_eq!(shown.width().max(shown.height()), THUMBNAIL_SIDE);
            let shape = f64::from(drawing.size.width) / f64::from(drawing.size.height);
            let shown = f64::from(shown.width()) / f64::from(shown.height());
            assert!((shape - shown).abs() < 0.01, "{shape} {shown}");
            assert!((5_000..100_000).contains(&drawing.jpeg.len()), "{}", drawing.jpeg.len());
        }
    }
}
