//! One photo: what is known of it, and its pixels.

use std::path::Path;

use crate::error::{Context, Error, Result};
use crate::view::{Hit, Photo, PhotoFile, PhotoId, RootId, Strength, Why};
use crate::{Engine, decode, no_photo, search};

/// Longest side of the picture that stands for a file no browser shows: that of
/// a large screen.
const RENDITION_SIDE: u32 = 4096;

impl Engine {
    /// All photos but the failed ones, newest first, unscored.
    pub fn library(&self) -> Result<Vec<Hit>> {
        self.listed(None)
    }

    /// The first `most` of them: at once, however many there are.
    pub fn newest(&self, most: usize) -> Result<Vec<Hit>> {
        self.listed(Some(most))
    }

    fn listed(&self, most: Option<usize>) -> Result<Vec<Hit>> {
        let rows = self.0.catalog.library(most)?.into_iter();
        Ok(rows.map(|row| search::hit(row, 0.0, Strength::Unscored, Why::NOTHING)).collect())
    }

    /// One photo.
    ///
    /// # Errors
    /// [`Code::NotFound`] for an unknown id.
    pub fn photo(&self, id: PhotoId) -> Result<Photo> {
        let row = self.0.catalog.photo(id.0)?.ok_or_else(|| no_photo(id))?;
        let read = row.read.unwrap_or_default();
        let said = read.metadata;
        let known = read.width > 0;
        let embedded = known
            && match self.0.serving() {
                Ok(model) => self.0.derived.vector(self.0.key(&model)?, &read.hash)?.is_some(),
                Err(_) => false,
            };
        Ok(Photo {
            id,
            root: RootId(row.root),
            name: row.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            folder: row.path.parent().unwrap_or(Path::new("")).to_owned(),
            path: row.path,
            size: row.stat.size,
            time: row.time,
            time_source: row.time_source,
            taken_at: said.taken_at,
            utc_offset_min: said.utc_offset_min,
            width: known.then_some(read.width),
            height: known.then_some(read.height),
            camera: said.camera,
            lens: said.lens,
            lat: said.lat,
            lon: said.lon,
            iso: said.iso,
            aperture: said.aperture,
            focal_mm: said.focal_mm,
            exposure_s: said.exposure_s,
            title: said.title,
            description: said.description,
            keywords: said.keywords,
            hierarchical_keywords: said.hierarchical_keywords,
            rating: row.stars.or(said.rating),
            label: said.label,
            favourite: row.favourite,
            near: read.near.map(|near| (near.city, near.region, near.country)),
            format: read.format,
            offline: row.offline,
            embedded,
        })
    }

    /// The photo of this number, or at this path; `None` where there is none.
    pub fn find_photo(&self, id_or_path: &Path) -> Result<Option<PhotoId>> {
        if let Some(id) = id_or_path.to_str().and_then(|word| word.parse::<i64>().ok())
            && self.0.catalog.photo(id)?.is_some_and(|row| row.present)
        {
            return Ok(Some(PhotoId(id)));
        }
        let Ok(real) = std::fs::canonicalize(id_or_path) else { return Ok(None) };
        for root in self.0.catalog.roots()? {
            if let Ok(relative) = real.strip_prefix(&root.path)
                && let Some(id) = self.0.catalog.photo_at(root.id, relative)?
            {
                return Ok(Some(PhotoId(id)));
            }
        }
        Ok(None)
    }

    /// A photo's thumbnail: a JPEG, longest side at most 512 pixels. It is there
    /// even where the photo's folder is offline.
    ///
    /// # Errors
    /// [`Code::NotFound`] for an unknown photo, or one that is not indexed yet.
    pub fn thumbnail(&self, id: PhotoId) -> Result<Vec<u8>> {
        let row = self.0.catalog.photo(id.0)?.ok_or_else(|| no_photo(id))?;
        let stored = match row.read {
            Some(read) => self.0.derived.thumbnail(&read.hash)?,
            None => None,
        };
        stored.ok_or_else(|| {
            Error::not_found(message!("photo {photo} has no thumbnail yet", photo = id.0))
        })
    }

    /// A photo's file, to show it whole.
    ///
    /// # Errors
    /// [`Code::NotFound`] for an unknown id; [`Code::Failed`] where the file
    /// cannot be read or decoded.
    pub fn open_photo(&self, id: PhotoId) -> Result<PhotoFile> {
        let row = self.0.catalog.photo(id.0)?.ok_or_else(|| no_photo(id))?;
        let shown = row.path.display();
        let bytes = std::fs::read(&row.path).context(|| {
            if row.offline {
                message!("{path} is on a drive that is not connected", path = shown)
            } else {
                message!("cannot read {path}", path = shown)
            }
        })?;
        showable(bytes).context(|| message!("cannot show {path}", path = shown))
    }

    /// A picture of the person's own, such as one that was pasted, to show it.
    ///
    /// # Errors
    /// [`Code::Usage`] where the bytes are no picture that can be read.
    pub fn show_picture(bytes: &[u8]) -> Result<PhotoFile> {
        showable(bytes.to_vec()).map_err(|error| {
            Error::usage(message!("this is no picture that can be read")).with(error)
        })
    }
}

/// A file as a window can show it.
fn showable(bytes: Vec<u8>) -> Result<PhotoFile> {
    use decode::Format;
    let limits = decode::Limits::default();
    let format = Format::of(&bytes);
    // Of the formats that windows show, they turn only JPEG as its EXIF says.
    let turned = format.filter(|it| matches!(it, Format::Png | Format::WebP));
    let turned = turned.is_some_and(|format| decode::is_turned(&bytes, format, &limits));
    match format.and_then(Format::mime).filter(|_| !turned) {
        Some(mime) => Ok(PhotoFile { bytes, mime }),
        None => {
            let decoded = decode::decode(&bytes, &limits, decode::Detail::Full)
                .context(|| message!("it cannot be decoded"))?;
            let rendition = decode::thumbnail(&decoded, RENDITION_SIDE)
                .context(|| message!("it cannot be made smaller"))?;
            Ok(PhotoFile { bytes: rendition.jpeg, mime: "image/jpeg" })
        }
    }
}
