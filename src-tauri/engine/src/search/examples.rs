//! Pictures that photos should resemble: files, pictures at hand, photos of the
//! library, and parts of them.

use std::path::Path;

use afterimage_index::Snapshot;
use image::{RgbImage, imageops};

use crate::decode::{self, Detail, Limits};
use crate::error::{Context, Error, Result};
use crate::library::Library;
use crate::model::{Embedding, Encoder, ModelInfo};
use crate::view::{Crop, Example, ExampleSource, PhotoId};

/// The vector of an example.
///
/// # Errors
/// `Usage` for a file that is not there and a part that is none, `NotFound` for a
/// photo that is not known or not indexed, `Failed` for what cannot be decoded.
pub(super) fn vector(
    example: &Example,
    library: &Library,
    model: &ModelInfo,
    snapshot: &Snapshot,
) -> Result<Embedding> {
    // A photo's vector is known; only what is not needs the model.
    let embed = |bytes: &[u8], crop| embed(&*library.encoders.get(model)?, bytes, crop);
    let crop = example.crop.filter(|crop| !is_whole(crop));
    match (&example.source, crop) {
        (ExampleSource::Photo(photo), None) => photo_vector(*photo, library, snapshot),
        (ExampleSource::Photo(photo), Some(crop)) => {
            embed(&photo_bytes(*photo, library)?, Some(crop))
                .context(|| message!("cannot look at a part of photo {photo}", photo = photo.0))
        }
        (ExampleSource::File(path), crop) => embed(&read(path)?, crop)
            .context(|| message!("cannot look at {path}", path = path.display())),
        (ExampleSource::Picture(bytes), crop) => {
            embed(bytes, crop).context(|| message!("cannot look at the picture"))
        }
    }
}

/// The vector of a photo of the library.
pub(super) fn photo_vector(
    photo: PhotoId,
    library: &Library,
    snapshot: &Snapshot,
) -> Result<Embedding> {
    let vector = snapshot.vector(photo.0).ok_or_else(|| not_searchable(library, photo.0))?;
    Embedding::from_raw(vector)
}

/// The vector of an image file, decoded and oriented as an indexed photo is, so
/// that the same photo has the same vector.
pub(crate) fn embed_file(encoder: &dyn Encoder, path: &Path) -> Result<Embedding> {
    embed(encoder, &read(path)?, None)
        .context(|| message!("cannot look at {path}", path = path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let most = Limits::default().max_file_bytes;
    if let Ok(metadata) = std::fs::metadata(path)
        && !metadata.is_dir()
    {
        // A pipe would keep whoever reads it waiting, and a device never ends.
        if !metadata.is_file() {
            return Err(Error::usage(message!(
                "{path} is no file; name an image",
                path = path.display()
            )));
        }
        if metadata.len() > most {
            let (path, most) = (path.display(), most / 1_000_000);
            return Err(Error::usage(message!(
                "{path} is too large: at most {most} MB are read of a picture",
                path,
                most
            )));
        }
    }
    std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Error::usage(message!("there is no file {path}", path = path.display()))
        }
        std::io::ErrorKind::IsADirectory => {
            Error::usage(message!("{path} is a folder; name an image file", path = path.display()))
        }
        _ => Error::failed(message!("cannot read {path}", path = path.display())).with(error),
    })
}

/// The file of a photo; its thumbnail where that cannot be read now.
fn photo_bytes(photo: PhotoId, library: &Library) -> Result<Vec<u8>> {
    let unknown =
        || Error::not_found(message!("there is no photo {photo} in this library", photo = photo.0));
    let row = library.catalog.photo(photo.0)?.ok_or_else(unknown)?;
    let unread = match read(&row.path) {
        Ok(bytes) => return Ok(bytes),
        Err(error) => error,
    };
    let thumbnail = match row.read {
        Some(read) => library.derived.thumbnail(&read.hash)?,
        None => None,
    };
    thumbnail.ok_or(unread)
}

fn embed(encoder: &dyn Encoder, bytes: &[u8], crop: Option<Crop>) -> Result<Embedding> {
    // A part of a picture needs all the pixels that there are of it.
    let detail = match crop {
        Some(_) => Detail::Full,
        None => Detail::indexed(encoder.least_side()),
    };
    let decoded = decode::decode(bytes, &Limits::default(), detail)
        .context(|| message!("it cannot be decoded"))?;
    let rgb = match crop {
        Some(crop) => part(&decoded.rgb, crop)?,
        None => decoded.rgb,
    };
    let input = encoder.preprocess(&rgb)?;
    let vectors = encoder.encode_images(&[input])?;
    vectors.into_iter().next().ok_or_else(|| Error::failed(message!("the model gave no vector")))
}

/// Whether a part is all of it, but for rounding.
fn is_whole(crop: &Crop) -> bool {
    crop.left <= 0.0
        && crop.top <= 0.0
        && crop.left + crop.width >= 0.9999
        && crop.top + crop.height >= 0.9999
}

/// The pixels of a part: at least one, and none beyond the edges.
fn part(rgb: &RgbImage, crop: Crop) -> Result<RgbImage> {
    let Crop { left, top, width, height } = crop;
    let is_part = |start: f32, size: f32| {
        start.is_finite() && size.is_finite() && size > 0.0 && start < 1.0 && start + size > 0.0
    };
    if !is_part(left, width) || !is_part(top, height) {
        return Err(Error::usage(message!(
            "the part to look for has no size, or is beyond the picture: draw it anew"
        )));
    }
    let (x, w) = pixels(left, width, rgb.width());
    let (y, h) = pixels(top, height, rgb.height());
    Ok(imageops::crop_imm(rgb, x, y, w, h).to_image())
}

/// Where a part begins, and how long it is, in pixels.
fn pixels(start: f32, size: f32, side: u32) -> (u32, u32) {
    let at = |share: f32| (share.clamp(0.0, 1.0) * side as f32).round() as u32;
    let first = at(start).min(side.saturating_sub(1));
    (first, at(start + size).max(first + 1) - first)
}

fn not_searchable(library: &Library, id: i64) -> Error {
    let failures = library.catalog.failures().unwrap_or_default();
    if let Some(failure) = failures.iter().find(|failure| failure.photo == id) {
        let path = failure.path.display();
        let message = message!("{path} could not be read", path);
        return Error::not_found(message.because(failure.reason.clone()));
    }
    match library.catalog.photo(id) {
        Ok(Some(row)) => Error::not_found(message!(
            "{path} is not indexed yet; try again when indexing is done",
            path = row.path.display()
        )),
        _ => Error::not_found(message!("there is no photo {photo} in this library", photo = id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crop(left: f32, top: f32, width: f32, height: f32) -> Crop {
        Crop { left, top, width, height }
    }

    #[test]
    fn a_part_is_cut_where_it_was_drawn() {
        let rgb = RgbImage::from_fn(10, 20, |x, y| image::Rgb([x as u8, y as u8, 0]));
        let cut = part(&rgb, crop(0.5, 0.25, 0.3, 0.5)).unwrap();
        assert_eq!((cut.width(), cut.height()), (3, 10));
        assert_eq!(cut.get_pixel(0, 0).0, [5, 5, 0]);
        // Beyond the edges there is nothing to see.
        let cut = part(&rgb, crop(-0.5, 0.9, 1.0, 1.0)).unwrap();
        assert_eq!((cut.width(), cut.height()), (5, 2));
        assert_eq!(cut.get_pixel(0, 0).0, [0, 18, 0]);
    }

    #[test]
    fn the_smallest_part_is_a_pixel() {
        let rgb = RgbImage::new(10, 10);
        let cut = part(&rgb, crop(0.999, 0.0, 0.000_1, 0.000_1)).unwrap();
        assert_eq!((cut.width(), cut.height()), (1, 1));
    }

    #[test]
    fn what_is_no_part_is_refused() {
        let rgb = RgbImage::new(10, 10);
        for bad in [
            crop(0.0, 0.0, 0.0, 1.0),
            crop(0.0, 0.0, 1.0, -1.0),
            crop(1.0, 0.0, 0.5, 0.5),
            crop(f32::NAN, 0.0, 0.5, 0.5),
            crop(-1.0, 0.0, 0.5, 0.5),
        ] {
            assert!(part(&rgb, bad).is_err(), "{bad:?}");
        }
        assert!(is_whole(&crop(0.0, 0.0, 1.0, 1.0)) && !is_whole(&crop(0.0, 0.0, 1.0, 0.5)));
    }
}
