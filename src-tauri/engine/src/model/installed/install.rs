//! How models come: copied from a folder, or downloaded. Either way they are
//! tried first, and appear complete or not at all.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use candle_core::Device;
use image::RgbImage;
use serde_json::Value;

use super::{ModelInfo, Models, PairCheck, describe, digest, hub_name, sync_folder};
use crate::error::{Context, Error, Result};
use crate::message::Message;
use crate::model::catalogue::{KnownModel, known};
use crate::model::device::Backend;
use crate::model::download::{self, Download};
use crate::model::hub::Hub;
use crate::model::receipt::{self, Pairs, Receipt, Record, Source};
use crate::model::weights::Weights;
use crate::model::{Embedding, Folder, Precision, pairs};

/// Files that are copied along when a model folder has them: what the model
/// is and under which terms it may be used.
const ALONG: [&str; 3] = ["README.md", "LICENSE", "LICENSE.txt"];

impl Models {
    /// Copies a model folder in, after it was tried.
    ///
    /// # Errors
    /// A usage error that says what is wrong with the folder; nothing is
    /// installed then.
    pub fn add(&self, folder: &Path, check: PairCheck) -> Result<ModelInfo> {
        if !folder.is_dir() {
            return Err(Error::usage(message!(
                "{folder} is not a folder",
                folder = folder.display()
            )));
        }
        let inside = folder.canonicalize().ok().zip(self.own.canonicalize().ok());
        if inside.is_some_and(|(folder, own)| folder.starts_with(own)) {
            return Err(Error::usage(message!(
                "{folder} is already installed",
                folder = folder.display()
            )));
        }
        let source = Folder::open(folder)?;
        let (pairs, precision) = try_out(&source, check)?;

        self.make_room()?;
        // A name of its own: two may be adding the same folder.
        let temporary = tempfile::Builder::new()
            .prefix(ADDING)
            .tempdir_in(&self.own)
            .context(|| self.cannot_install())?;
        let whole = temporary.path().join("model");
        let files = copy(&source, &whole).context(|| self.cannot_install())?;
        let tried = digest(&source).context(|| self.cannot_install())?;
        let Receipt { title, license, source: origin, .. } = Receipt::read(folder);
        let receipt = Receipt {
            title,
            license,
            source: origin,
            files,
            tried,
            pairs,
            precision: Some(precision),
        };
        receipt.write(&whole)?;
        let name = id_for(folder, &source.config);
        loop {
            let id = self.free_id(&name);
            match self.appear(&whole, &id) {
                // Another one took the name meanwhile.
                Err(_) if self.own.join(&id).exists() => {}
                appeared => return appeared,
            }
        }
    }

    /// Makes the person's folder of models where it is absent, and removes
    /// what killed processes left in it long ago.
    fn make_room(&self) -> Result<()> {
        fs::create_dir_all(&self.own).context(|| self.cannot_install())?;
        for entry in fs::read_dir(&self.own).into_iter().flatten().flatten() {
            let old = entry.metadata().and_then(|metadata| metadata.modified());
            let old = old.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > LEFT_BEHIND));
            if old && entry.file_name().as_encoded_bytes().starts_with(ADDING.as_bytes()) {
                // The next one tries again.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        Ok(())
    }

    fn cannot_install(&self) -> Message {
        message!(
            "cannot install into {folder}: it must be a folder that may be written; \
             AFTERIMAGE_MODELS names another one",
            folder = self.own.display()
        )
    }

    /// Downloads a known model and installs it, after it was tried. What an
    /// earlier attempt has brought is not fetched again.
    ///
    /// # Errors
    /// [`Code::Usage`](crate::Code::Usage) where it is installed already,
    /// [`Code::Cancelled`](crate::Code::Cancelled) once `cancelled` says so;
    /// otherwise what went wrong. Nothing is installed then, and what has
    /// arrived is kept unless it was found to be damaged.
    pub fn install(
        &self,
        known: &KnownModel,
        hub: &Hub,
        cancelled: &dyn Fn() -> bool,
        progress: &dyn Fn(Download),
    ) -> Result<ModelInfo> {
        let KnownModel { id, .. } = known;
        if self.own.join(id).symlink_metadata().is_ok() {
            return Err(Error::usage(message!(
                "{id} is already installed: `afterimage model check {id}` looks for damage, \
                 `afterimage model remove {id}` makes room for a new download",
                id
            )));
        }
        self.make_room()?;
        let temporary = self.installing(id);
        let (commit, fetched) = download::download(known, &temporary, hub, cancelled, progress)?;
        let files = fetched
            .into_iter()
            .map(|file| (file.name, Record { bytes: file.bytes, sha256: file.sha256 }));
        // Where it does not work, its files stay: they are what the hub has, and
        // another version of this program may understand them.
        let folder = Folder::open(&temporary)?;
        let (pairs, precision) = try_out(&folder, PairCheck::Required)?;
        let receipt = Receipt {
            title: Some(known.title.clone()),
            license: Some(known.license.clone()),
            source: Some(Source { repository: known.repository.clone(), commit }),
            files: files.collect(),
            tried: digest(&folder).context(|| self.cannot_install())?,
            pairs,
            precision: Some(precision),
        };
        receipt.write(&temporary)?;
        self.appear(&temporary, id)
    }

    /// Bytes that a download which broke off has brought.
    pub fn partial(&self, id: &str) -> u64 {
        super::stamp(&self.installing(id)).iter().map(|(_, bytes, _)| bytes).sum()
    }

    /// Removes what a download that broke off has brought, and returns the bytes
    /// that frees.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn discard(&self, id: &str) -> Result<u64> {
        let folder = self.installing(id);
        // An id from a person may be anything, a catalogue's is a plain name.
        if !known().iter().any(|known| known.id == id) || !folder.is_dir() {
            return Err(Error::not_found(message!("no model \"{id}\" is installed", id)));
        }
        let bytes = self.partial(id);
        fs::remove_dir_all(&folder)
            .context(|| message!("cannot remove {folder}", folder = folder.display()))?;
        Ok(bytes)
    }

    fn installing(&self, id: &str) -> PathBuf {
        self.own.join(format!(".installing-{id}"))
    }

    /// Has a complete folder appear under its id.
    fn appear(&self, temporary: &Path, id: &str) -> Result<ModelInfo> {
        let folder = self.own.join(id);
        sync_folder(temporary)
            .and_then(|()| fs::rename(temporary, &folder))
            .and_then(|()| sync_folder(&self.own))
            .context(|| self.cannot_install())?;
        Ok(describe(&folder, false))
    }

    /// `id`, or with a number behind it where that is taken.
    fn free_id(&self, id: &str) -> String {
        let taken = |id: &str| {
            let places = std::iter::once(&self.own).chain(&self.bundled);
            places.into_iter().any(|place| place.join(id).symlink_metadata().is_ok())
        };
        let numbered = (2u32..).map(|n| format!("{id}-{n}"));
        std::iter::once(id.to_owned()).chain(numbered).find(|id| !taken(id)).unwrap_or_default()
    }
}

/// What the temporary names of folders that are copied in begin with.
const ADDING: &str = ".adding-";
/// No copy takes as long.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 60 * 60);

/// Looks at every number, and has both towers answer: what is missing or
/// damaged shows now and not in the middle of an index. Also finds the fastest
/// precision that its image tower bears.
pub(super) fn try_out(folder: &Folder, check: PairCheck) -> Result<(Pairs, Precision)> {
    let refuse = |cause: Error| {
        Error::usage(message!("{path} is not a working model", path = folder.path.display()))
            .with(cause)
    };
    let answers = || {
        if !folder.weights.as_os_str().is_empty() {
            Weights::open(&folder.weights, &Device::Cpu)?.check()?;
        }
        let encoder = folder.load(&Backend::Cpu(Precision::F32))?;
        encoder.encode_texts(&["a photo"])?;
        let picture = RgbImage::from_fn(64, 48, |x, y| [4 * x as u8, 5 * y as u8, 128].into());
        encoder.encode_images(&[encoder.preprocess(&picture)?])?;
        let pairs = match check {
            PairCheck::Skipped => Pairs::Vouched,
            PairCheck::Required if folder.family.paired => {
                pairs::check(&*encoder).map(|()| Pairs::Checked)?
            }
            PairCheck::Required => Pairs::Checked,
        };
        let exact = pairs::images(&*encoder)?;
        // One tower at a time, where memory is short.
        drop(encoder);
        let rounded = pairs::images(&*folder.load(&Backend::Cpu(Precision::Int8))?)?;
        Ok((pairs, bearable(&exact, &rounded)))
    };
    answers().map_err(refuse)
}

/// 8 bits where no picture moves further than this by them, and all of them
/// together hardly at all. A few drawings show a tower that falls apart, with
/// weights or activations of which some are far greater than the others; they
/// are no measurement of quality.
fn bearable(exact: &[Embedding], rounded: &[Embedding]) -> Precision {
    const LEAST: f32 = 0.98;
    const MEAN: f32 = 0.99;
    let cosines = exact.iter().zip(rounded).map(|(exact, rounded)| {
        exact.as_slice().iter().zip(rounded.as_slice()).map(|(a, b)| a * b).sum::<f32>()
    });
    let cosines: Vec<f32> = cosines.collect();
    let mean = cosines.iter().sum::<f32>() / cosines.len() as f32;
    let near = cosines.iter().all(|&cosine| cosine >= LEAST) && mean >= MEAN;
    if near { Precision::Int8 } else { Precision::F32 }
}

/// A file name of lower-case letters, digits, `.`, `_` and `-` for a model.
pub(super) fn id_for(folder: &Path, config: &Value) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    // In the hub's cache a folder is named after its commit.
    let commit = name.len() == 40 && name.bytes().all(|b| b.is_ascii_hexdigit());
    let name = match hub_name(config).and_then(|name| name.split('/').next_back()) {
        Some(hub_name) if commit => hub_name,
        _ => &name,
    };
    let safe = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let id: String = name.to_lowercase().chars().map(safe).take(80).collect();
    match id.trim_matches(['.', '-']) {
        "" => "model".to_owned(),
        id => id.to_owned(),
    }
}

/// Copies what the model needs; everything is on the disk when it returns.
fn copy(from: &Folder, to: &Path) -> io::Result<BTreeMap<String, Record>> {
    fs::create_dir(to)?;
    let mut files = BTreeMap::new();
    let along = ALONG.into_iter().filter(|name| from.path.join(name).is_file());
    for name in from.files().into_iter().chain(along) {
        // A link, as in the hub's cache, is followed: the copy stands alone.
        // Contents alone are copied: the source may be read-only.
        let mut file = File::create(to.join(name))?;
        let record = receipt::hash(&mut File::open(from.path.join(name))?, &mut file)?;
        file.sync_all()?;
        files.insert(name.to_owned(), record);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_does_not_bear_rounding_keeps_all_its_bits() {
        let vector = |x: f32, y: f32| Embedding::from_raw(vec![x, y]).unwrap();
        let exact = [vector(1.0, 0.0), vector(0.0, 1.0)];
        let check = |rounded: [Embedding; 2]| bearable(&exact, &rounded);
        assert_eq!(check([vector(1.0, 0.05), vector(0.1, 1.0)]), Precision::Int8);
        // One is far off; then none is, but both are off a little.
        assert_eq!(check([vector(1.0, 0.0), vector(0.3, 1.0)]), Precision::F32);
        assert_eq!(check([vector(1.0, 0.18), vector(0.18, 1.0)]), Precision::F32);
    }
}
