//! The models on this machine: listed, found, added, removed.
//!
//! A person's models live in one folder, `own`; what the application brings
//! along lives in others and is never changed. An installed model is a
//! subfolder, its name is the model's id. A copy in progress has a name that
//! begins with a dot, so a half-installed model is never seen.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use image::RgbImage;
use serde_json::Value;

use super::{DeviceChoice, Family, family, load};
use crate::error::{Context, Error, Result};

/// Files that are copied along when a model folder has them: what the model
/// is and under which terms it may be used.
const ALONG: [&str; 3] = ["README.md", "LICENSE", "LICENSE.txt"];

/// What a person chooses a model by.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInfo {
    /// The folder's name; vectors are keyed by it.
    pub id: String,
    /// The family, such as `clip`; empty when that cannot be read.
    pub family: String,
    /// A name for people.
    pub title: String,
    /// Components of a vector; 0 when that cannot be read.
    pub dim: usize,
    /// The licence of the weights, or `unknown`.
    pub license: String,
    /// Where it is.
    pub folder: PathBuf,
    /// The version of the preprocessing, a part of a stored vector's key.
    pub preprocessing: u32,
    /// Tells these weights from others, a part of a stored vector's key: an id
    /// may be given again to another model. Empty where the model is broken.
    pub fingerprint: String,
    /// Whether it can be used.
    pub state: ModelState,
    /// Whether it came with the application, and so cannot be removed.
    pub bundled: bool,
    /// What its folder takes on the disk, in bytes.
    pub bytes: u64,
}

/// Whether a model has to show that its towers belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PairCheck {
    /// The built-in captions must find the built-in pictures.
    #[default]
    Required,
    /// The person vouches for it; remembered for these weights.
    Skipped,
}

/// What checking a model found; each with its reason where it is not right.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelCheck {
    /// The model.
    pub model: ModelInfo,
    /// Files compared with the hashes remembered from their installation;
    /// `None` where none are remembered.
    pub files: Option<Result<usize, String>>,
    /// Whether the towers belong together.
    pub pairs: Result<(), String>,
}

/// Whether a model can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelState {
    /// It can.
    Ready,
    /// It cannot, for this reason.
    Broken(String),
}

/// The installed models.
#[derive(Debug, Clone)]
pub struct Models {
    own: PathBuf,
    bundled: Vec<PathBuf>,
}

impl Models {
    /// `own` holds the person's models and need not exist yet; each of
    /// `bundled` holds models of the application.
    pub fn new(own: PathBuf, bundled: Vec<PathBuf>) -> Self {
        Self { own, bundled }
    }

    /// Every model, broken ones too, sorted by id. A person's model hides one
    /// of the application's of the same id.
    ///
    /// # Errors
    /// When the person's folder of models is there and cannot be read.
    pub fn list(&self) -> Result<Vec<ModelInfo>> {
        let mut models: Vec<ModelInfo> = Vec::new();
        let own = std::iter::once((&self.own, false));
        for (place, bundled) in own.chain(self.bundled.iter().map(|place| (place, true))) {
            for folder in subfolders(place)? {
                let model = describe(&folder, bundled);
                if models.iter().all(|other| other.id != model.id) {
                    models.push(model);
                }
            }
        }
        models.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(models)
    }

    /// The model of this id or, when there is none, the one in this folder.
    ///
    /// # Errors
    /// When there is neither.
    pub fn find(&self, id_or_folder: &str) -> Result<ModelInfo> {
        if let Some(model) = self.list()?.into_iter().find(|model| model.id == id_or_folder) {
            return Ok(model);
        }
        let folder = Path::new(id_or_folder);
        if folder.is_dir() {
            return Ok(describe(folder, false));
        }
        Err(Error::not_found(format!(
            "no model {id_or_folder:?}: `afterimage model list` shows those that are installed, \
             `afterimage model add FOLDER` installs one"
        )))
    }

    /// Copies a model folder in, after both its towers have answered once.
    ///
    /// # Errors
    /// A usage error that says what is wrong with the folder; nothing is
    /// installed then.
    pub fn add(&self, folder: &Path, _check: PairCheck) -> Result<ModelInfo> {
        if !folder.is_dir() {
            return Err(Error::usage(format!("{} is not a folder", folder.display())));
        }
        let inside = folder.canonicalize().ok().zip(self.own.canonicalize().ok());
        if inside.is_some_and(|(folder, own)| folder.starts_with(own)) {
            return Err(Error::usage(format!("{} is already installed", folder.display())));
        }
        let (family, config) = requirements(folder)?;
        try_out(folder).map_err(|cause| {
            Error::usage(format!("{} is not a working model", folder.display())).with(cause)
        })?;

        let failed = || format!("cannot install into {}", self.own.display());
        fs::create_dir_all(&self.own).context(failed)?;
        let id = self.free_id(&id_for(folder, &config));
        let temporary = self.own.join(format!(".adding-{id}"));
        // What a killed process left behind.
        remove_if_there(&temporary).context(failed)?;
        let copied = copy(folder, family, &temporary)
            .and_then(|()| fs::rename(&temporary, self.own.join(&id)))
            .and_then(|()| sync_folder(&self.own));
        if let Err(error) = copied {
            // The copy is worthless now; the error that matters is the first.
            let _ = fs::remove_dir_all(&temporary);
            return Err(error).context(failed);
        }
        Ok(describe(&self.own.join(id), false))
    }

    /// Refuses a model that cannot be used, or whose towers do not belong
    /// together, unless the person vouched for it or does so now.
    ///
    /// # Errors
    /// A usage error with the reason.
    pub fn approve(&self, model: &ModelInfo, _check: PairCheck) -> Result<()> {
        match &model.state {
            ModelState::Ready => Ok(()),
            ModelState::Broken(reason) => {
                Err(Error::usage(format!("the model {} cannot be used: {reason}", model.id)))
            }
        }
    }

    /// Removes one of the person's models and returns the bytes that frees. Where the installed folder is a
    /// link, the link goes and what it points at stays.
    ///
    /// # Errors
    /// When there is none of this id, or it belongs to the application.
    pub fn remove(&self, id: &str) -> Result<u64> {
        let model = self
            .list()?
            .into_iter()
            .find(|model| model.id == id)
            .ok_or_else(|| Error::not_found(format!("no model {id:?} is installed")))?;
        if model.bundled {
            return Err(Error::usage(format!(
                "{id} came with the application and cannot be removed"
            )));
        }
        // The rename takes it away at once; deleting may be interrupted.
        let failed = || format!("cannot remove {}", model.folder.display());
        let doomed = self.own.join(format!(".removing-{id}"));
        remove_if_there(&doomed).context(failed)?;
        fs::rename(&model.folder, &doomed).context(failed)?;
        remove_if_there(&doomed).context(failed)?;
        Ok(model.bytes)
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

/// The subfolders of `place` that may be models, sorted; none if it is absent.
fn subfolders(place: &Path) -> Result<Vec<PathBuf>> {
    let cannot = || format!("cannot read the models in {}", place.display());
    let entries = match fs::read_dir(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.context(cannot)?,
    };
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry.context(cannot)?.path();
        let hidden = path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
        // A dangling link is an installed model whose folder has gone.
        if !hidden && (path.is_dir() || path.is_symlink()) {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

fn describe(folder: &Path, bundled: bool) -> ModelInfo {
    let name = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let name = folder.file_name().or(name.file_name()).unwrap_or_default();
    let id = name.to_string_lossy().into_owned();
    let mut model = ModelInfo {
        title: id.clone(),
        id,
        family: String::new(),
        dim: 0,
        license: "unknown".to_owned(),
        folder: folder.to_path_buf(),
        preprocessing: 0,
        fingerprint: String::new(),
        state: ModelState::Ready,
        bundled,
        bytes: 0,
    };
    // The processor is always there: a missing GPU breaks no model.
    let read = requirements(folder).and_then(|(family, config)| {
        model.family = family.model_type.to_owned();
        model.preprocessing = family.preprocessing;
        model.license = license(folder, &config);
        if let Some(title) = config["title"].as_str().or(hub_name(&config)) {
            model.title = title.to_owned();
        }
        model.fingerprint = fingerprint(folder, family)
            .context(|| format!("cannot read the weights in {}", folder.display()))?;
        load(folder, DeviceChoice::Cpu)
    });
    match read {
        Ok(encoder) => model.dim = encoder.dim(),
        Err(error) => model.state = ModelState::Broken(error.to_string()),
    }
    model
}

/// A hash over samples of the files that decide a vector. Weights of hundreds of
/// megabytes are not read whole each time models are listed; two trainings
/// differ in almost every number, so any sample tells them apart.
fn fingerprint(folder: &Path, family: &Family) -> io::Result<String> {
    const SAMPLES: u64 = 64;
    const SAMPLE_BYTES: u64 = 4096;
    let mut hasher = blake3::Hasher::new();
    for name in family.files.iter().filter(|name| decides_vectors(name)) {
        let mut file = File::open(folder.join(name))?;
        let length = file.metadata()?.len();
        hasher.update(&length.to_le_bytes());
        let mut samples = vec![0];
        if length > SAMPLES * SAMPLE_BYTES {
            samples = (0..SAMPLES).map(|n| n * (length - SAMPLE_BYTES) / (SAMPLES - 1)).collect();
        }
        let each = if samples.len() == 1 { length } else { SAMPLE_BYTES };
        for start in samples {
            file.seek(io::SeekFrom::Start(start))?;
            let mut sample = Vec::new();
            file.by_ref().take(each).read_to_end(&mut sample)?;
            hasher.update(&sample);
        }
    }
    Ok(hasher.finalize().to_hex()[..32].to_owned())
}

fn decides_vectors(name: &str) -> bool {
    name.ends_with(".safetensors") || name == "preprocessor_config.json"
}

/// Checks that a folder has what its family needs.
fn requirements(folder: &Path) -> Result<(&'static Family, Value)> {
    let lacks = |what: &str| Error::usage(format!("{} has no {what}", folder.display()));
    if !folder.join("config.json").is_file() {
        return Err(lacks("config.json, so it is not a model folder"));
    }
    let (family, config) =
        family(folder).map_err(|error| Error::usage("this folder cannot be used").with(error))?;
    for file in family.files {
        if folder.join(file).is_file() {
            continue;
        }
        let pickle = ["pytorch_model.bin", "open_clip_pytorch_model.bin", "model.pt", "model.pth"]
            .into_iter()
            .find(|pickle| folder.join(pickle).is_file());
        return Err(match pickle {
            Some(pickle) if file.ends_with(".safetensors") => lacks(&format!(
                "{file}, only {pickle}, and a pickle can run code: \
                 get or make the weights as safetensors"
            )),
            _ if folder.join(format!("{file}.index.json")).is_file() => {
                lacks(&format!("{file}, only its parts: join them into one file"))
            }
            _ if file.ends_with(".safetensors") => lacks(&format!("weights ({file})")),
            _ => lacks(file),
        });
    }
    Ok((family, config))
}

/// One text and one image through the whole model: what is missing or damaged
/// shows now and not in the middle of an index.
fn try_out(folder: &Path) -> Result<()> {
    let encoder = load(folder, DeviceChoice::Cpu)?;
    encoder.encode_texts(&["a photo"])?;
    let picture = RgbImage::from_fn(64, 48, |x, y| [4 * x as u8, 5 * y as u8, 128].into());
    encoder.encode_images(&[encoder.preprocess(&picture)?])?;
    Ok(())
}

/// The licence its configuration names or, failing that, its model card.
fn license(folder: &Path, config: &Value) -> String {
    let from_card = || {
        let card = fs::read_to_string(folder.join("README.md")).ok()?;
        let (front_matter, _) = card.strip_prefix("---")?.split_once("\n---")?;
        let value = |key| front_matter.lines().find_map(|line| line.strip_prefix(key));
        // "other" says nothing; the name beside it does.
        let license = match value("license:")?.trim() {
            "other" => value("license_name:").unwrap_or("other").trim(),
            license => license,
        };
        Some(license.trim_matches(['"', '\'']).to_owned())
    };
    let from_config = config["license"].as_str().map(str::to_owned);
    from_config
        .or_else(from_card)
        .filter(|license| !license.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

/// The name on the hub that a configuration was saved under, such as
/// `openai/clip-vit-base-patch32`.
fn hub_name(config: &Value) -> Option<&str> {
    let name = config["_name_or_path"].as_str()?;
    let mut parts = name.split('/');
    let plain = |part: Option<&str>| part.is_some_and(|p| !p.is_empty() && !p.starts_with('.'));
    (plain(parts.next()) && plain(parts.next()) && parts.next().is_none()).then_some(name)
}

/// A file name of lower-case letters, digits, `.`, `_` and `-` for a model.
fn id_for(folder: &Path, config: &Value) -> String {
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

/// Copies what the family needs; everything is on the disk when it returns.
fn copy(from: &Path, family: &Family, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for name in family.files.iter().chain(&ALONG) {
        let source = from.join(name);
        if !source.is_file() && ALONG.contains(name) {
            continue;
        }
        // A link, as in the hub's cache, is followed: the copy stands alone.
        // Contents alone are copied: the source may be read-only.
        let mut file = File::create(to.join(name))?;
        io::copy(&mut File::open(source)?, &mut file)?;
        file.sync_all()?;
    }
    sync_folder(to)
}

/// Makes a folder's entries durable where the system can.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Removes a folder, or a link without what it points at.
fn remove_if_there(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        // On Windows a link to a folder is removed as a folder.
        Ok(_) => fs::remove_file(path).or_else(|error| fs::remove_dir(path).map_err(|_| error)),
    }
}

#[cfg(test)]
mod tests {
    //! 1. What is added answers, alone, without its source.
    //! 2. What cannot work is refused and leaves nothing behind.
    //! 3. A broken model is listed and hides no other.
    //! 4. Removing touches nothing but the person's copy.

    use serde_json::json;
    use tempfile::TempDir;

    use super::*;
    use crate::error::Code;
    use crate::model::tests::{copy_of, edit, fixture};

    /// The person's models, not there yet, and those of the application:
    /// clip-gelu alone.
    fn models() -> (TempDir, Models) {
        let place = tempfile::tempdir().unwrap();
        let bundled = place.path().join("bundled");
        fs::create_dir(&bundled).unwrap();
        copy_folder(&fixture("clip-gelu"), &bundled.join("clip-gelu"));
        let models = Models::new(place.path().join("own"), vec![bundled]);
        (place, models)
    }

    fn copy_folder(from: &Path, to: &Path) {
        fs::create_dir(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }

    fn ids(models: &Models) -> Vec<String> {
        models.list().unwrap().into_iter().map(|model| model.id).collect()
    }

    /// Every name in the person's folder, those in progress too.
    fn left(models: &Models) -> usize {
        fs::read_dir(&models.own).map_or(0, Iterator::count)
    }

    #[test]
    fn an_added_model_stands_alone() {
        let (_place, models) = models();
        let source = copy_of("clip-quickgelu");
        let added = models.add(source.path(), PairCheck::Skipped).unwrap();
        source.close().unwrap();
        assert_eq!((added.family.as_str(), added.dim, added.preprocessing), ("clip", 20, 1));
        assert_eq!((added.state.clone(), added.bundled), (ModelState::Ready, false));
        assert_eq!(models.find(&added.id).unwrap(), added);
        let encoder = load(&added.folder, DeviceChoice::Cpu).unwrap();
        assert_eq!(encoder.encode_texts(&["a dog"]).unwrap()[0].dim(), 20);
        // What the family does not need stays behind.
        assert!(!added.folder.join("expected.json").exists());
        assert_eq!(left(&models), 1);
    }

    #[test]
    fn the_same_name_gets_a_number() {
        let (_place, models) = models();
        let source = fixture("clip-quickgelu");
        assert_eq!(models.add(&source, PairCheck::Skipped).unwrap().id, "clip-quickgelu");
        assert_eq!(models.add(&source, PairCheck::Skipped).unwrap().id, "clip-quickgelu-2");
        assert_eq!(
            models.add(&fixture("clip-gelu"), PairCheck::Skipped).unwrap().id,
            "clip-gelu-2"
        );
        let again = models.add(&models.own.join("clip-quickgelu"), PairCheck::Skipped).unwrap_err();
        assert_eq!(again.code(), Code::Usage);
        assert!(again.to_string().contains("already installed"), "{again}");
    }

    #[test]
    fn a_killed_copy_is_invisible_and_does_not_stand_in_the_way() {
        let (_place, models) = models();
        fs::create_dir_all(models.own.join(".adding-clip-quickgelu")).unwrap();
        assert_eq!(ids(&models), ["clip-gelu"]);
        models.add(&fixture("clip-quickgelu"), PairCheck::Skipped).unwrap();
        assert_eq!(left(&models), 1);
    }

    #[test]
    fn what_cannot_work_is_refused() {
        type Damage = fn(&Path);
        let damages: [(Damage, &str); 8] = [
            (|folder| fs::remove_file(folder.join("config.json")).unwrap(), "no config.json"),
            (|folder| fs::remove_file(folder.join("model.safetensors")).unwrap(), "no weights"),
            (
                |folder| {
                    let safe = folder.join("model.safetensors");
                    fs::rename(safe, folder.join("pytorch_model.bin")).unwrap();
                },
                "a pickle can run code",
            ),
            (
                |folder| {
                    let index = folder.join("model.safetensors.index.json");
                    fs::rename(folder.join("model.safetensors"), index).unwrap();
                },
                "join them",
            ),
            (|folder| fs::remove_file(folder.join("tokenizer.json")).unwrap(), "no tokenizer.json"),
            (|folder| edit(&folder.join("config.json"), "\"clip\"", "\"clap\""), "\"clap\""),
            (|folder| fs::write(folder.join("config.json"), "{").unwrap(), "not valid JSON"),
            (
                |folder| {
                    edit(&folder.join("model.safetensors"), "text_projection", "text_projectiom");
                },
                "text_projection.weight",
            ),
        ];
        for (damage, says) in damages {
            let (_place, models) = models();
            let source = copy_of("clip-quickgelu");
            damage(source.path());
            let error = models.add(source.path(), PairCheck::Skipped).unwrap_err();
            assert_eq!(error.code(), Code::Usage, "{error}");
            assert!(error.to_string().contains(says), "{says}: {error}");
            assert_eq!(left(&models), 0, "{says}");
        }
        let (place, models) = models();
        assert_eq!(
            models.add(&place.path().join("nowhere"), PairCheck::Skipped).unwrap_err().code(),
            Code::Usage
        );
    }

    #[test]
    fn weights_that_are_not_numbers_are_refused() {
        let (_place, models) = models();
        let source = copy_of("clip-quickgelu");
        let file = source.path().join("model.safetensors");
        let mut bytes = fs::read(&file).unwrap();
        let header = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize + 8;
        // 0x7e7e is a NaN in f16.
        bytes[header..].fill(0x7e);
        fs::write(&file, bytes).unwrap();
        let error = models.add(source.path(), PairCheck::Skipped).unwrap_err();
        assert!(error.to_string().contains("NaN"), "{error}");
    }

    #[test]
    fn a_broken_model_is_listed_with_the_reason() {
        let (_place, models) = models();
        let added = models.add(&fixture("clip-quickgelu"), PairCheck::Skipped).unwrap();
        fs::write(added.folder.join("model.safetensors"), "short").unwrap();
        fs::create_dir(models.own.join("empty")).unwrap();
        let listed = models.list().unwrap();
        assert_eq!(ids(&models), ["clip-gelu", "clip-quickgelu", "empty"]);
        assert_eq!(listed[0].state, ModelState::Ready);
        for (model, says) in [(&listed[1], "model.safetensors"), (&listed[2], "config.json")] {
            assert!(matches!(&model.state, ModelState::Broken(why) if why.contains(says)));
        }
        // What can be read of it is still told.
        assert_eq!(listed[1].family, "clip");
        models.remove("empty").unwrap();
        assert_eq!(ids(&models), ["clip-gelu", "clip-quickgelu"]);
    }

    #[test]
    fn one_of_the_persons_hides_one_of_the_applications() {
        let (_place, models) = models();
        fs::create_dir(&models.own).unwrap();
        copy_folder(&fixture("clip-gelu"), &models.own.join("clip-gelu"));
        assert_eq!(ids(&models), ["clip-gelu"]);
        assert!(!models.find("clip-gelu").unwrap().bundled);
        models.remove("clip-gelu").unwrap();
        assert!(models.find("clip-gelu").unwrap().bundled);
    }

    #[test]
    fn only_the_persons_models_are_removed() {
        let (place, models) = models();
        assert_eq!(models.remove("clip-gelu").unwrap_err().code(), Code::Usage);
        for id in ["nothing", "", "..", "../bundled", "."] {
            assert_eq!(models.remove(id).unwrap_err().code(), Code::NotFound, "{id:?}");
        }
        assert!(place.path().join("bundled/clip-gelu/config.json").exists());
        let added = models.add(&fixture("clip-quickgelu"), PairCheck::Skipped).unwrap();
        models.remove(&added.id).unwrap();
        assert_eq!(left(&models), 0);
        assert!(fixture("clip-quickgelu").join("model.safetensors").exists());
    }

    #[test]
    #[cfg(unix)]
    fn links_are_copied_through_and_removed_alone() {
        use std::os::unix::fs::symlink;
        let (place, models) = models();
        // The hub's cache: a folder named after a commit, full of links.
        let snapshot = place.path().join("0123456789abcdef0123456789abcdef01234567");
        fs::create_dir(&snapshot).unwrap();
        for name in ["model.safetensors", "tokenizer.json", "preprocessor_config.json"] {
            symlink(fixture("clip-gelu").join(name), snapshot.join(name)).unwrap();
        }
        let config = fs::read_to_string(fixture("clip-gelu/config.json")).unwrap();
        let config = config.replacen('{', r#"{"_name_or_path": "someone/Tiny CLIP","#, 1);
        fs::write(snapshot.join("config.json"), config).unwrap();
        let added = models.add(&snapshot, PairCheck::Skipped).unwrap();
        assert_eq!((added.id.as_str(), added.title.as_str()), ("tiny-clip", "someone/Tiny CLIP"));
        let copied = added.folder.join("model.safetensors");
        assert!(copied.symlink_metadata().unwrap().is_file());

        // A model that the person linked in by hand.
        let elsewhere = copy_of("clip-gelu");
        symlink(elsewhere.path(), models.own.join("linked")).unwrap();
        assert_eq!(models.find("linked").unwrap().state, ModelState::Ready);
        models.remove("linked").unwrap();
        assert!(elsewhere.path().join("model.safetensors").exists());
        assert_eq!(ids(&models), ["clip-gelu", "tiny-clip"]);
    }

    #[test]
    fn a_folder_is_found_where_no_id_is() {
        let (_place, models) = models();
        let folder = fixture("clip-quickgelu");
        let found = models.find(folder.to_str().unwrap()).unwrap();
        assert_eq!((found.id.as_str(), found.dim), ("clip-quickgelu", 20));
        let error = models.find("no-such-model").unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
        assert!(error.to_string().contains("afterimage model list"), "{error}");
    }

    #[test]
    fn ids_are_file_names_that_nothing_stumbles_over() {
        for (folder, id) in [
            ("/m/ViT-B-32", "vit-b-32"),
            ("/m/My model (2)", "my-model--2"),
            ("/m/..", "model"),
            ("/m/.hidden", "hidden"),
            ("/m/Größe", "gr--e"),
            ("/m/犬", "model"),
            ("/", "model"),
        ] {
            assert_eq!(id_for(Path::new(folder), &Value::Null), id, "{folder}");
        }
        let config = json!({ "_name_or_path": "/home/someone/model" });
        assert_eq!(id_for(Path::new(&format!("/m/{}", "a".repeat(40))), &config), "a".repeat(40));
    }

    #[test]
    fn the_licence_comes_from_the_configuration_or_the_card() {
        let folder = tempfile::tempdir().unwrap();
        let check = |card: &str, config: Value, expected: &str| {
            fs::write(folder.path().join("README.md"), card).unwrap();
            assert_eq!(license(folder.path(), &config), expected, "{card:?}");
        };
        check("---\nlicense: apache-2.0\ntags:\n- clip\n---\n# Model", json!({}), "apache-2.0");
        check("---\nlicense: mit\n---\n", json!({ "license": "MIT" }), "MIT");
        check("---\nlicense: other\nlicense_name: apple-ascl\n---\n", json!({}), "apple-ascl");
        check("# Model\nlicense: mit\n", json!({}), "unknown");
        check("---\nlicense:\n---\n", json!({}), "unknown");
        check("---\nnever closed", json!({}), "unknown");
    }
}
