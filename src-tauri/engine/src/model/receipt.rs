//! What is remembered of a model's installation, in its folder.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::device::Precision;
use crate::error::{Context, Result};

/// The receipt's name among the model's files.
pub const RECEIPT: &str = "afterimage.json";

/// What was installed, and what was checked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Receipt {
    /// A name for people, where the model's own files tell none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The licence of the weights, as the catalogue tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// The repository and the commit that it was downloaded from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The model's files by name.
    #[serde(default)]
    pub files: BTreeMap<String, Record>,
    /// The digest of the model that was tried, or vouched for.
    #[serde(default)]
    pub tried: String,
    /// Whether its towers were seen to belong together.
    #[serde(default)]
    pub pairs: Pairs,
    /// The fastest precision in which its image tower stays near to what it is
    /// in f32; `None` where that was not tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
}

/// Where a model was downloaded from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Source {
    pub repository: String,
    pub commit: String,
}

/// A file as it was installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
}

/// What is known of a model's towers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pairs {
    /// Nothing.
    #[default]
    Unknown,
    /// Captions found their pictures.
    Checked,
    /// The person said that they belong together.
    Vouched,
}

impl Receipt {
    /// The receipt in a folder; an empty one where there is none, or none that
    /// can be read.
    pub fn read(folder: &Path) -> Self {
        let text = fs::read(folder.join(RECEIPT)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Writes the receipt, replacing one that is there in one step.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let write = || -> io::Result<()> {
            let text = serde_json::to_vec_pretty(self)?;
            let temporary = folder.join(".afterimage.json");
            let mut file = File::create(&temporary)?;
            file.write_all(&text)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(temporary, folder.join(RECEIPT))
        };
        write().context(|| message!("cannot write {file}", file = folder.join(RECEIPT).display()))
    }

    /// Compares the files of a folder with those that were installed. Returns
    /// how many there are, `None` where nothing is remembered.
    ///
    /// # Errors
    /// Naming the first file that is not what it was.
    pub fn compare(&self, folder: &Path) -> Result<Option<usize>, String> {
        for (name, record) in &self.files {
            let path = folder.join(name);
            let found = File::open(&path).and_then(|mut file| hash(&mut file, &mut io::sink()));
            match found {
                Ok(found) if found == *record => {}
                Ok(found) => {
                    return Err(format!(
                        "{} is not the file that was installed: it has {} bytes and the SHA-256 \
                         {}, not {} and {}",
                        path.display(),
                        found.bytes,
                        found.sha256,
                        record.bytes,
                        record.sha256
                    ));
                }
                Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
            }
        }
        Ok((!self.files.is_empty()).then_some(self.files.len()))
    }
}

/// Copies `from` to `to` and returns what was copied.
pub fn hash(from: &mut impl Read, to: &mut impl Write) -> io::Result<Record> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&buffer[..read]);
        to.write_all(&buffer[..read])?;
        bytes += read as u64;
    }
    let sha256 = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Record { bytes, sha256 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_installed_is_known_again() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Receipt::read(folder.path()).compare(folder.path()), Ok(None));
        let mut copy = Vec::new();
        let record = hash(&mut &b"abc"[..], &mut copy).unwrap();
        assert_eq!(copy, b"abc");
        // The first example of FIPS 180-4.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((record.bytes, record.sha256.as_str()), (3, expected));

        let files = BTreeMap::from([("weights".to_owned(), record)]);
        let receipt = Receipt { files, pairs: Pairs::Vouched, ..Receipt::default() };
        receipt.write(folder.path()).unwrap();
        let read = Receipt::read(folder.path());
        assert_eq!((&read.files, read.pairs), (&receipt.files, Pairs::Vouched));

        assert!(read.compare(folder.path()).unwrap_err().contains("cannot read"));
        fs::write(folder.path().join("weights"), "abd").unwrap();
        assert!(read.compare(folder.path()).unwrap_err().contains("weights is not the file"));
        fs::write(folder.path().join("weights"), "abc").unwrap();
        assert_eq!(read.compare(folder.path()), Ok(Some(1)));
    }
}
