//! What a photo's file and its sidecars say, read once and only as the file that was
//! listed.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::catalog::{Near, ReadPhoto, Stat};
use crate::decode::DecodeError;
use crate::derived::Size;
use crate::error::Error;
use crate::{metadata, scan};

/// What keeps a photo from being decoded.
pub(super) enum Trouble {
    Photo(DecodeError),
    Store(Error),
    /// It is not what was listed; the next scan sees it.
    Changed,
}

impl From<DecodeError> for Trouble {
    fn from(error: DecodeError) -> Self {
        Self::Photo(error)
    }
}

/// The file's bytes, or `None` where it is not the file that was listed: it
/// changed, grew while it was read, or is gone.
pub(super) fn read_file(
    path: &Path,
    listed: Stat,
    most: u64,
) -> Result<Option<Vec<u8>>, DecodeError> {
    if listed.size > most {
        let reason = message!(
            "the file is too large: {size} MB, at most {most} MB are read",
            size = listed.size / 1_000_000,
            most = most / 1_000_000
        );
        return Err(DecodeError { reason, permanent: true });
    }
    let read = || -> io::Result<Option<Vec<u8>>> {
        let mut file = File::open(path)?;
        let unchanged = |file: &File| -> io::Result<bool> {
            let stamp = scan::stamp(&file.metadata()?);
            Ok(stamp.size == listed.size && stamp.mtime_ns == listed.mtime_ns)
        };
        if !unchanged(&file)? {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(listed.size).unwrap_or(0) + 1);
        file.by_ref().take(listed.size + 1).read_to_end(&mut bytes)?;
        Ok((bytes.len() as u64 == listed.size && unchanged(&file)?).then_some(bytes))
    };
    match read() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        // What the disk or the network refuses now it may give later.
        Err(error) => {
            let reason = message!("the file cannot be read").because(&error);
            Err(DecodeError { reason, permanent: false })
        }
        Ok(bytes) => Ok(bytes),
    }
}

/// Longest sidecar that is read, in bytes: theirs are a few kilobytes.
const LONGEST_SIDECAR: u64 = 8 << 20;

/// What the file and its sidecars say.
///
/// # Errors
/// Where a sidecar that is there cannot be read: without it, what the person wrote
/// would look as if it had been taken away.
pub(super) fn describe(
    path: &Path,
    listed: Stat,
    bytes: &[u8],
    hash: [u8; 32],
    size: Size,
    color: [u8; 3],
    format: &str,
) -> Result<ReadPhoto, Trouble> {
    let unreadable = |sidecar: &Path, error: &io::Error| {
        let name = sidecar.file_name().unwrap_or_default().display();
        let reason = message!("its sidecar {name} cannot be read", name).because(error);
        Trouble::Photo(DecodeError { reason, permanent: false })
    };
    let sidecars = scan::sidecars(path).map_err(|(sidecar, error)| unreadable(&sidecar, &error))?;
    if sidecars.is_empty() && listed.sidecars != 0 {
        return Err(Trouble::Changed);
    }
    let mut metadata = metadata::read(bytes);
    for sidecar in sidecars {
        match read_sidecar(&sidecar) {
            Ok(Some(said)) => metadata = metadata.with_sidecar(said),
            Ok(None) => tracing::debug!("{} is no XMP", sidecar.display()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Trouble::Changed),
            Err(error) => return Err(unreadable(&sidecar, &error)),
        }
    }
    let place = metadata.lat.zip(metadata.lon);
    let near = place.and_then(|(lat, lon)| metadata::nearest_place(lat, lon)).map(|place| Near {
        city: place.city.to_owned(),
        region: place.region.to_owned(),
        country: place.country.to_owned(),
        country_code: place.country_code.to_owned(),
    });
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(ReadPhoto {
        hash,
        width: size.width,
        height: size.height,
        color,
        format: format.to_owned(),
        metadata,
        named_at: metadata::date_from_name(&name),
        near,
    })
}

fn read_sidecar(path: &Path) -> io::Result<Option<metadata::Sidecar>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST_SIDECAR).read_to_end(&mut bytes)?;
    Ok(metadata::read_sidecar(&bytes))
}
