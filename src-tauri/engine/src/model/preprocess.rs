//! From an upright photo to the image tower's input, as the reference
//! implementation does it: Pillow's resampling, then a centre crop, then mean
//! and deviation.
//!
//! What differs here from the reference by more than rounding makes vectors
//! that look right and rank worse.

use std::path::Path;

use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;
use serde::Deserialize;
use serde_json::Value;

use super::{PREPROCESSOR, PROCESSOR, read_json};
use crate::error::{Context, Error, Result};

/// How a model wants its images.
#[derive(Debug, Clone, PartialEq)]
pub struct Preprocess {
    /// Width and height of the result.
    size: (u32, u32),
    resize: Resize,
    rounding: Rounding,
    filter: FilterType,
    /// Per channel, what makes the tower's input of a level from 0 to 255:
    /// `level * scale + offset`.
    scale: [f64; 3],
    offset: [f64; 3],
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Resize {
    /// The shortest side gets this length, the aspect stays; the middle of it
    /// is the result.
    Shortest(u32),
    /// Both sides are forced.
    Squash,
}

/// Where the middle begins when what is cut off cannot be halved.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Rounding {
    /// `transformers`: one pixel less before it than behind.
    Down,
    /// `torchvision`, and so `open_clip`: to an even number.
    Even,
}

impl Rounding {
    fn half(self, rest: u32) -> u32 {
        match self {
            Self::Down => rest / 2,
            Self::Even => (f64::from(rest) / 2.0).round_ties_even() as u32,
        }
    }
}

#[derive(Deserialize)]
struct File {
    do_resize: Option<bool>,
    size: Size,
    resample: Option<u32>,
    do_center_crop: Option<bool>,
    crop_size: Option<Size>,
    do_rescale: Option<bool>,
    rescale_factor: Option<f64>,
    do_normalize: Option<bool>,
    image_mean: Option<[f64; 3]>,
    image_std: Option<[f64; 3]>,
}

/// `PreprocessCfg` of `open_clip`.
#[derive(Default, Deserialize)]
struct OpenClip {
    size: Option<Size>,
    mean: Option<[f64; 3]>,
    std: Option<[f64; 3]>,
    interpolation: Option<String>,
    resize_mode: Option<String>,
}

/// `OPENAI_DATASET_MEAN` and `OPENAI_DATASET_STD` of `open_clip`.
const OPENAI_MEAN: [f64; 3] = [0.48145466, 0.4578275, 0.40821073];
const OPENAI_STD: [f64; 3] = [0.26862954, 0.26130258, 0.27577711];

#[derive(Deserialize, Clone, Copy)]
#[serde(untagged)]
enum Size {
    Number(u32),
    // `longest_edge` beside it would mean another resize, so it is refused.
    Shortest(Shortest),
    Pair([u32; 2]),
    Both { height: u32, width: u32 },
}

#[derive(Deserialize, Clone, Copy)]
#[serde(deny_unknown_fields)]
struct Shortest {
    shortest_edge: u32,
}

impl Preprocess {
    /// Reads `preprocessor_config.json` of a folder or, as `transformers` writes
    /// since version 5, `image_processor` in its `processor_config.json`, for a
    /// tower of square images with `side` pixels.
    ///
    /// # Errors
    /// When it asks for something that is not implemented here, or makes other
    /// images. Guessing would spoil every vector silently.
    pub fn of_folder(folder: &Path, side: usize) -> Result<Self> {
        let file = folder.join(PREPROCESSOR);
        let (file, config) = if file.exists() {
            let config = read_json(&file)?;
            (file, config)
        } else {
            let file = folder.join(PROCESSOR);
            let config = read_json(&file)?["image_processor"].take();
            (file, config)
        };
        let config: File = serde_json::from_value(config)
            .context(|| message!("cannot understand {file}", file = file.display()))?;
        let new = Self::new(&config)
            .context(|| message!("cannot follow {file}", file = file.display()))?;
        let side = side as u32;
        if new.size != (side, side) {
            return Err(Error::failed(message!(
                "{file} makes images of {size} pixels, config.json wants ({side}, {side})",
                file = file.display(),
                size = format_args!("{:?}", new.size),
                side
            )));
        }
        Ok(new)
    }

    /// Reads `preprocess_cfg` of an `open_clip_config.json`, null where there
    /// is none, for a tower of square images with `side` pixels.
    pub fn of_open_clip(config: &Value, side: usize) -> Result<Self> {
        let config: OpenClip = match config {
            Value::Null => OpenClip::default(),
            config => serde_json::from_value(config.clone())
                .context(|| message!("cannot understand preprocess_cfg"))?,
        };
        let side = match config.size {
            None => side as u32,
            Some(Size::Number(size)) if size as usize == side => size,
            Some(Size::Pair([height, width])) if height == width && width as usize == side => width,
            Some(_) => {
                return Err(Error::failed(message!(
                    "preprocess_cfg makes images of another size than the {side} pixels of \
                     vision_cfg",
                    side
                )));
            }
        };
        let resize = match config.resize_mode.as_deref().unwrap_or("shortest") {
            "shortest" => Resize::Shortest(side),
            "squash" => Resize::Squash,
            other => {
                return Err(Error::failed(message!(
                    "resize_mode \"{mode}\" is not supported",
                    mode = other
                )));
            }
        };
        let filter = match config.interpolation.as_deref().unwrap_or("bicubic") {
            "bicubic" => FilterType::CatmullRom,
            "bilinear" => FilterType::Bilinear,
            other => {
                return Err(Error::failed(message!(
                    "interpolation \"{mode}\" is not supported",
                    mode = other
                )));
            }
        };
        let (mean, std) = (config.mean.unwrap_or(OPENAI_MEAN), config.std.unwrap_or(OPENAI_STD));
        let (scale, offset) = normalisation(1.0 / 255.0, mean, std)?;
        let size = checked((side, side))?;
        Ok(Self { size, resize, rounding: Rounding::Even, filter, scale, offset })
    }

    fn new(config: &File) -> Result<Self> {
        if config.do_resize == Some(false) {
            return Err(Error::failed(message!("it does not resize")));
        }
        // The numbers are Pillow's.
        let filter = match config.resample.unwrap_or(3) {
            1 => FilterType::Lanczos3,
            2 => FilterType::Bilinear,
            3 => FilterType::CatmullRom,
            4 => FilterType::Box,
            5 => FilterType::Hamming,
            other => {
                return Err(Error::failed(message!(
                    "resample {mode} is not supported",
                    mode = other
                )));
            }
        };
        let crop = match config.crop_size {
            _ if config.do_center_crop == Some(false) => None,
            None => None,
            Some(Size::Number(side)) => Some((side, side)),
            Some(Size::Both { height, width }) => Some((width, height)),
            Some(Size::Shortest(_) | Size::Pair(_)) => {
                return Err(Error::failed(message!("crop_size names no height")));
            }
        };
        let (resize, size) = match (config.size, crop) {
            (
                Size::Number(short) | Size::Shortest(Shortest { shortest_edge: short }),
                Some(crop),
            ) => {
                if crop.0.max(crop.1) > short {
                    return Err(Error::failed(message!("crop_size is larger than size")));
                }
                (Resize::Shortest(short), crop)
            }
            (Size::Both { height, width }, None) => (Resize::Squash, (width, height)),
            (Size::Both { height, width }, Some(crop)) if crop == (width, height) => {
                (Resize::Squash, crop)
            }
            _ => {
                return Err(Error::failed(message!(
                    "size and crop_size do not make images of one size"
                )));
            }
        };
        let factor = match config.do_rescale {
            Some(false) => 1.0,
            _ => config.rescale_factor.unwrap_or(1.0 / 255.0),
        };
        let (mean, std) = match (config.do_normalize, config.image_mean, config.image_std) {
            (Some(false), _, _) => ([0.0; 3], [1.0; 3]),
            (_, Some(mean), Some(std)) => (mean, std),
            _ => return Err(Error::failed(message!("it has no image_mean and image_std"))),
        };
        let (scale, offset) = normalisation(factor, mean, std)?;
        Ok(Self { size: checked(size)?, resize, rounding: Rounding::Down, filter, scale, offset })
    }

    /// The least shorter side of an image that [`apply`](Self::apply) still
    /// halves, if not more.
    pub fn least_side(&self) -> u32 {
        2 * match self.resize {
            Resize::Shortest(short) => short,
            Resize::Squash => self.size.0.max(self.size.1),
        }
    }

    /// Resizes and crops.
    pub fn apply(&self, rgb: &RgbImage) -> Result<RgbImage> {
        let (width, height) = rgb.dimensions();
        if width == 0 || height == 0 {
            return Err(Error::failed(message!("an image without pixels")));
        }
        let (across, down) = match self.resize {
            Resize::Squash => (self.size.0, self.size.1),
            Resize::Shortest(short) => {
                // The reference truncates, here and in the crop.
                let long = |long: u32, edge: u32| {
                    (u64::from(short) * u64::from(long) / u64::from(edge)).try_into()
                };
                let both = if width <= height {
                    long(height, width).map(|down| (short, down))
                } else {
                    long(width, height).map(|across| (across, short))
                };
                both.context(|| message!("an image that is too narrow"))?
            }
        };
        // Only what the crop keeps is computed. Like Pillow, first along the
        // rows, then along the columns, rounded to 8 bits between: the other
        // order clips overshoots elsewhere.
        let rows = self.resample(rgb, Axis::Horizontal, across, self.size.0)?;
        self.resample(&rows, Axis::Vertical, down, self.size.1)
    }

    /// Resamples one axis to `full` pixels and keeps the middle `kept` of them.
    fn resample(&self, image: &RgbImage, axis: Axis, full: u32, kept: u32) -> Result<RgbImage> {
        let (width, height) = image.dimensions();
        let length = match axis {
            Axis::Horizontal => width,
            Axis::Vertical => height,
        };
        // Where a pixel of the result begins in the image.
        let begins = |pixel: u32| f64::from(pixel) * f64::from(length) / f64::from(full);
        let first = self.rounding.half(full - kept);
        let start = begins(first);
        let span = begins(kept).min(f64::from(length) - start);
        let options =
            ResizeOptions::new().resize_alg(ResizeAlg::Convolution(self.filter)).use_alpha(false);
        let (mut to, options) = match axis {
            Axis::Horizontal => {
                (RgbImage::new(kept, height), options.crop(start, 0.0, span, f64::from(height)))
            }
            Axis::Vertical => {
                (RgbImage::new(width, kept), options.crop(0.0, start, f64::from(width), span))
            }
        };
        let failed =
            || message!("cannot resize an image of {width}x{height} pixels", width, height);
        Resizer::new().resize(image, &mut to, &options).context(failed)?;
        Ok(to)
    }

    /// Cuts images of the tower's size into squares and normalises them:
    /// `(images * grid height * grid width, 3 * patch * patch)`, each row
    /// channel by channel. A convolution whose stride is its width is a product
    /// with these. What is over at the right and the bottom is left out.
    pub fn patches(&self, batch: &[RgbImage], patch: usize) -> Result<Vec<f32>> {
        let (width, height) = (self.size.0 as usize, self.size.1 as usize);
        let levels = self.levels();
        let mut values = Vec::with_capacity(batch.len() * 3 * width * height);
        for image in batch {
            self.check(image)?;
            let pixels = image.as_raw();
            for top in (0..height / patch).map(|row| row * patch) {
                for left in (0..width / patch).map(|column| column * patch) {
                    for (channel, levels) in levels.iter().enumerate() {
                        for y in top..top + patch {
                            let row = &pixels[3 * (y * width + left)..][..3 * patch];
                            let row = row.iter().skip(channel).step_by(3);
                            values.extend(row.map(|&level| levels[usize::from(level)]));
                        }
                    }
                }
            }
        }
        Ok(values)
    }

    /// The same patches as 8-bit levels, pixel by pixel, red, green and blue in
    /// turn; see [`normalisation`](Self::normalisation).
    pub fn cut(&self, batch: &[RgbImage], patch: usize) -> Result<Vec<u8>> {
        let (width, height) = (self.size.0 as usize, self.size.1 as usize);
        let mut levels = Vec::with_capacity(batch.len() * 3 * width * height);
        for image in batch {
            self.check(image)?;
            let pixels = image.as_raw();
            for top in (0..height / patch).map(|row| row * patch) {
                for left in (0..width / patch).map(|column| column * patch) {
                    for y in top..top + patch {
                        levels.extend_from_slice(&pixels[3 * (y * width + left)..][..3 * patch]);
                    }
                }
            }
        }
        Ok(levels)
    }

    /// What makes the tower's input of a level: `level * scale + offset`, for
    /// each channel.
    pub fn normalisation(&self) -> ([f64; 3], [f64; 3]) {
        (self.scale, self.offset)
    }

    /// Per channel, the tower's input for each level.
    fn levels(&self) -> [[f32; 256]; 3] {
        std::array::from_fn(|c| {
            std::array::from_fn(|level| (level as f64 * self.scale[c] + self.offset[c]) as f32)
        })
    }

    fn check(&self, image: &RgbImage) -> Result<()> {
        if image.dimensions() == self.size {
            return Ok(());
        }
        Err(Error::failed(message!(
            "an image of {dimensions} pixels where the model takes {size}",
            dimensions = format_args!("{:?}", image.dimensions()),
            size = format_args!("{:?}", self.size)
        )))
    }
}

/// Refuses sizes that cannot be meant: above, a byte a channel would be
/// hundreds of megabytes a batch.
fn checked(size: (u32, u32)) -> Result<(u32, u32)> {
    if size.0.min(size.1) == 0 || size.0.max(size.1) > 4096 {
        return Err(Error::failed(message!(
            "images of {width}x{height} pixels",
            width = size.0,
            height = size.1
        )));
    }
    Ok(size)
}

fn normalisation(factor: f64, mean: [f64; 3], std: [f64; 3]) -> Result<([f64; 3], [f64; 3])> {
    let scale = std.map(|std| factor / std);
    let offset = std::array::from_fn(|c| -mean[c] / std[c]);
    if scale.iter().chain(&offset).any(|value: &f64| !(*value as f32).is_finite()) {
        return Err(Error::failed(message!("the deviation of a channel is 0")));
    }
    Ok((scale, offset))
}

#[derive(Clone, Copy)]
enum Axis {
    Horizontal,
    Vertical,
}

#[cfg(test)]
mod tests {
    //! The expected pixels are Pillow's: see `tests/fixtures/clip_golden.py`.

    use serde_json::json;

    use super::*;
    use crate::model::tests::{fixture, shared};

    fn config() -> Value {
        json!({
            "size": { "shortest_edge": 224 }, "crop_size": 224, "resample": 3,
            "image_mean": [0.5, 0.25, 0.0], "image_std": [0.5, 0.5, 2.0],
        })
    }

    fn preprocess(changes: Value) -> Result<Preprocess> {
        let mut config = config();
        for (key, value) in changes.as_object().unwrap() {
            config[key] = value.clone();
        }
        Preprocess::new(&serde_json::from_value(config).context(|| message!("no configuration"))?)
    }

    #[test]
    fn patterns_are_resized_as_pillow_does() {
        for (model, side) in [("clip-quickgelu", 64), ("clip-gelu", 84), ("siglip", 60)] {
            let folder = fixture(model);
            let preprocess = Preprocess::of_folder(&folder, side).unwrap();
            let mut worst = Vec::new();
            for name in ["wide.png", "tall.png", "tiny.png", "strip.png"] {
                let image = image::open(fixture("clip-images").join(name)).unwrap().to_rgb8();
                let ours = preprocess.apply(&image).unwrap();
                let pillow = image::open(folder.join(format!("preprocessed-{name}"))).unwrap();
                let pillow = pillow.to_rgb8();
                assert_eq!(ours.dimensions(), pillow.dimensions());
                let levels = ours.as_raw().iter().zip(pillow.as_raw());
                worst.push(levels.map(|(a, b)| a.abs_diff(*b)).max().unwrap());
            }
            assert!(worst.iter().all(|&levels| levels <= 1), "{model}: {worst:?} levels");
        }
    }

    #[test]
    fn photos_are_resized_as_pillow_does() {
        let Some(photos) = shared("photos") else { return };
        let golden = read_json(&fixture("clip-reference.json")).unwrap();
        for expected in golden["photos"].as_array().unwrap() {
            let photo = photos.join(expected["photo"].as_str().unwrap());
            let ours = preprocess(json!({})).unwrap();
            let ours = ours.apply(&image::open(&photo).unwrap().to_rgb8()).unwrap();
            let pixels: Vec<[u32; 5]> = serde_json::from_value(expected["pixels"].clone()).unwrap();
            for [x, y, rgb @ ..] in pixels {
                let pixel = ours.get_pixel(x, y).0.map(u32::from);
                let worst = pixel.iter().zip(rgb).map(|(a, b)| a.abs_diff(b)).max().unwrap();
                assert!(worst <= 1, "{} at {x}, {y}: {pixel:?} {rgb:?}", photo.display());
            }
        }
    }

    #[test]
    fn extreme_shapes_cost_no_more_than_they_keep() {
        // Whole, the resized image would be 224 x 4,480,000 pixels.
        for (width, height) in [(20_000, 1), (1, 20_000)] {
            let image = RgbImage::from_pixel(width, height, image::Rgb([9, 99, 199]));
            let ours = preprocess(json!({})).unwrap().apply(&image).unwrap();
            assert_eq!(ours.dimensions(), (224, 224));
            assert!(ours.pixels().all(|pixel| pixel.0 == [9, 99, 199]));
        }
    }

    #[test]
    fn sizes_are_read_in_every_way_they_are_written() {
        for changes in [
            json!({ "size": 224 }),
            json!({ "crop_size": { "height": 224, "width": 224 } }),
            json!({ "size": { "height": 224, "width": 224 } }),
            json!({ "size": { "height": 224, "width": 224 }, "do_center_crop": false }),
        ] {
            assert_eq!(preprocess(changes.clone()).unwrap().size, (224, 224), "{changes}");
        }
        let squash = preprocess(json!({ "size": { "height": 8, "width": 8 }, "crop_size": 8 }));
        let halves = RgbImage::from_fn(64, 8, |x, _| image::Rgb([if x < 32 { 0 } else { 255 }; 3]));
        let squashed = squash.unwrap().apply(&halves).unwrap();
        assert_eq!((squashed.get_pixel(0, 0).0[0], squashed.get_pixel(7, 7).0[0]), (0, 255));
    }

    #[test]
    fn what_is_not_implemented_is_refused() {
        for changes in [
            json!({ "resample": 0 }),
            json!({ "do_resize": false }),
            json!({ "do_center_crop": false }),
            json!({ "crop_size": 256 }),
            json!({ "crop_size": 0 }),
            json!({ "size": 5000, "crop_size": 5000 }),
            json!({ "size": { "shortest_edge": 224, "longest_edge": 300 } }),
            json!({ "image_mean": null }),
            json!({ "image_std": [1, 1, 0] }),
        ] {
            assert!(preprocess(changes.clone()).is_err(), "{changes}");
        }
    }

    #[test]
    fn both_files_of_transformers_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let nested = json!({ "image_processor": config(), "processor_class": "CLIPProcessor" });
        std::fs::write(folder.path().join(PROCESSOR), nested.to_string()).unwrap();
        let read = Preprocess::of_folder(folder.path(), 224).unwrap();
        assert_eq!(read, preprocess(json!({})).unwrap());
        let error = Preprocess::of_folder(folder.path(), 256).unwrap_err().to_string();
        assert!(error.contains(PROCESSOR) && error.contains("(256, 256)"), "{error}");
    }

    #[test]
    fn an_image_without_pixels_is_an_error() {
        assert!(preprocess(json!({})).unwrap().apply(&RgbImage::new(0, 5)).is_err());
    }

    #[test]
    fn patches_hold_one_channel_after_the_other() {
        let square = preprocess(json!({ "size": 5, "crop_size": 5 })).unwrap();
        // Red counts the columns, green the rows, blue is full.
        let image = RgbImage::from_fn(5, 5, |x, y| image::Rgb([x as u8, y as u8, 255]));
        let patches = square.patches(&[image], 2).unwrap();
        let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
        assert_eq!(patches.len(), 4 * 3 * 2 * 2);
        // The last patch: columns 2 and 3, rows 2 and 3.
        let red = |x: f32| (x / 255.0 - 0.5) / 0.5;
        let green = |y: f32| (y / 255.0 - 0.25) / 0.5;
        let last = &patches[3 * 12..];
        assert!(close(&last[..4], &[red(2.0), red(3.0), red(2.0), red(3.0)]), "{last:?}");
        assert!(close(&last[4..8], &[green(2.0), green(2.0), green(3.0), green(3.0)]), "{last:?}");
        assert!(close(&last[8..], &[0.5; 4]), "{last:?}");
    }
}
