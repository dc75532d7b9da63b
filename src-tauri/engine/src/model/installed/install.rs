//! How models come: copied from a folder, or downloaded. Either way they are
//! tried first, and appear complete or not at all.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use candle_core::Device;
use image::RgbImage;
use serde_json::Value;

use super::{
    ModelInfo, Models, PairCheck, describe, fingerprint, hub_name, remove_if_there, sync_folder,
};
use crate::error::{Context, Error, Result};
use crate::model::catalogue::KnownModel;
use crate::model::download::{self, Download};
use crate::model::hub::Hub;
use crate::model::receipt::{self, Pairs, Receipt, Record, Source};
use crate::model::weights::Weights;
use crate::model::{Folder, pairs};

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
            return Err(Error::usage(format!("{} is not a folder", folder.display())));
        }
        let inside = folder.canonicalize().ok().zip(self.own.canonicalize().ok());
        if inside.is_some_and(|(folder, own)| folder.starts_with(own)) {
            return Err(Error::usage(format!("{} is already installed", folder.display())));
        }
        let source = Folder::open(folder)?;
        let pairs = try_out(&source, check)?;

        let failed = || format!("cannot install into {}", self.own.display());
        fs::create_dir_all(&self.own).context(failed)?;
        let id = self.free_id(&id_for(folder, &source.config));
        let temporary = self.own.join(format!(".adding-{id}"));
        // What a killed process left behind.
        remove_if_there(&temporary).context(failed)?;
        let installed = copy(&source, &temporary)
            .context(failed)
            .and_then(|files| {
                let fingerprint = fingerprint(&source).context(failed)?;
                let kept = Receipt::read(folder);
                let Receipt { title, license, source, .. } = kept;
                Receipt { title, license, source, files, fingerprint, pairs }.write(&temporary)
            })
            .and_then(|()| self.appear(&temporary, &id));
        if installed.is_err() {
            // The copy is worthless now; the error that matters is the first.
            let _ = fs::remove_dir_all(&temporary);
        }
        installed
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
            return Err(Error::usage(format!(
                "{id} is already installed: `afterimage model check {id}` looks for damage, \
                 `afterimage model remove {id}` makes room for a new download"
            )));
        }
        let failed = || format!("cannot install into {}", self.own.display());
        fs::create_dir_all(&self.own).context(failed)?;
        let temporary = self.installing(id);
        let (commit, fetched) = download::download(known, &temporary, hub, cancelled, progress)?;
        let files = fetched
            .into_iter()
            .map(|file| (file.name, Record { bytes: file.bytes, sha256: file.sha256 }));
        let folder = Folder::open(&temporary)?;
        let pairs = try_out(&folder, PairCheck::Required).inspect_err(|_| {
            // Every byte is what the hub has, so going on would bring the same.
            let _ = fs::remove_dir_all(&temporary);
        })?;
        let receipt = Receipt {
            title: Some(known.title.clone()),
            license: Some(known.license.clone()),
            source: Some(Source { repository: known.repository.clone(), commit }),
            files: files.collect(),
            fingerprint: fingerprint(&folder).context(failed)?,
            pairs,
        };
        receipt.write(&temporary)?;
        self.appear(&temporary, id)
    }

    /// Bytes that a download which broke off has brought.
    pub fn partial(&self, id: &str) -> u64 {
        super::stamp(&self.installing(id)).iter().map(|(_, bytes, _)| bytes).sum()
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
            .context(|| format!("cannot install into {}", self.own.display()))?;
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

/// Looks at every number, and has both towers answer: what is missing or
/// damaged shows now and not in the middle of an index.
pub(super) fn try_out(folder: &Folder, check: PairCheck) -> Result<Pairs> {
    let refuse = |cause: Error| {
        Error::usage(format!("{} is not a working model", folder.path.display())).with(cause)
    };
    let answers = || {
        if !folder.weights.as_os_str().is_empty() {
            Weights::open(&folder.weights, &Device::Cpu)?.check()?;
        }
        let encoder = folder.load(&Device::Cpu)?;
        encoder.encode_texts(&["a photo"])?;
        let picture = RgbImage::from_fn(64, 48, |x, y| [4 * x as u8, 5 * y as u8, 128].into());
        encoder.encode_images(&[encoder.preprocess(&picture)?])?;
        match check {
            PairCheck::Skipped => Ok(Pairs::Vouched),
            PairCheck::Required if folder.family.paired => {
                pairs::check(&*encoder).map(|()| Pairs::Checked)
            }
            PairCheck::Required => Ok(Pairs::Checked),
        }
    };
    answers().map_err(refuse)
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
