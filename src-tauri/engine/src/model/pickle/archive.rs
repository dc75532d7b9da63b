//! What `torch.save` writes since version 1.6: a zip archive of one folder,
//! which holds the pickle, `data.pkl`, and each storage as `data/KEY`.

use std::collections::HashMap;
use std::fs::File;
use std::io::Cursor;
use std::ops::Range;
use std::path::Path;

use memmap2::Mmap;
use zip::{CompressionMethod, ZipArchive};

use super::index::{ArchiveTensor, Index};
use super::machine::Program;
use super::{legacy, malformed};
use crate::error::{Context, Result};

/// The parts of an archive, in its folder.
const PICKLE: &str = "data.pkl";
const BYTE_ORDER: &str = "byteorder";
const STORAGES: &str = "data/";

/// A file that `torch.save` wrote, today or before version 1.6, mapped into
/// memory.
#[derive(Debug)]
pub struct Archive {
    file: Mmap,
    index: Index,
}

impl Archive {
    /// Maps the file and reads what describes the tensors, not the tensors.
    ///
    /// # Errors
    /// When the file cannot be read, is not one that `torch.save` wrote, is cut
    /// off, or asks for anything but tensors, which is then named. The message
    /// names the file.
    pub fn open(file: &Path) -> Result<Self> {
        let opened =
            File::open(file).context(|| message!("cannot read {file}", file = file.display()))?;
        // SAFETY: a mapping is sound as long as nobody changes the file under
        // it. Installed models are written once, under another name, and then
        // only renamed or deleted, which leaves the mapping intact.
        let mapped = unsafe { Mmap::map(&opened) };
        let mapped = mapped.context(|| message!("cannot read {file}", file = file.display()))?;
        let index = read(&mapped)
            .context(|| message!("{file} holds no readable weights", file = file.display()))?;
        Ok(Self { file: mapped, index })
    }

    /// The names of all tensors, sorted, without the `module.` that training
    /// on several devices puts before each.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.index.names()
    }

    /// The tensor of this name; None where there is none. Only what does not
    /// lie in the file in row-major order is copied.
    ///
    /// # Errors
    /// When its storage is missing or has fewer elements than it, or it is of
    /// signed bytes. The message names the tensor, not the file.
    pub fn tensor(&self, name: &str) -> Result<Option<ArchiveTensor<'_>>> {
        self.index.tensor(&self.file, name)
    }
}

/// Finds the tensors in a file of either format.
pub fn read(file: &[u8]) -> Result<Index> {
    if file.starts_with(b"PK") { read_zip(file) } else { legacy::read(file) }
}

fn read_zip(file: &[u8]) -> Result<Index> {
    let damaged = || message!("its archive is damaged");
    let mut zip = ZipArchive::new(Cursor::new(file)).context(damaged)?;
    let is_folder = |name: &&str| name.ends_with('/') && name.matches('/').count() == 1;
    let folder = zip
        .file_names_raw()
        .find_map(|name| std::str::from_utf8(name).ok()?.strip_suffix(PICKLE).filter(is_folder));
    let no_pickle = || malformed(message!("it is an archive without {pickle}", pickle = PICKLE));
    let folder = folder.ok_or_else(no_pickle)?.to_owned();

    let mut parts: HashMap<String, Range<usize>> = HashMap::new();
    for i in 0..zip.len() {
        let entry = zip.by_index_raw(i).context(damaged)?;
        let name = std::str::from_utf8(entry.name_raw()).ok();
        let Some(name) = name.and_then(|name| name.strip_prefix(&folder)) else { continue };
        if !matches!(name, PICKLE | BYTE_ORDER) && !name.starts_with(STORAGES) {
            continue;
        }
        if entry.encrypted() || entry.compression() != CompressionMethod::Stored {
            return Err(malformed(message!("\"{name}\" in it is encrypted or compressed", name)));
        }
        // Checksums are not looked at: PyTorch may be told to leave them out.
        let start = entry.data_start().and_then(|start| usize::try_from(start).ok());
        let len = usize::try_from(entry.compressed_size()).ok();
        let range = start.zip(len).and_then(|(start, len)| Some(start..start.checked_add(len)?));
        let range = range.filter(|range| range.end <= file.len());
        let range =
            range.ok_or_else(|| malformed(message!("\"{name}\" in it is cut off", name)))?;
        parts.insert(name.to_owned(), range);
    }
    // Older files do not say; they come from machines of the usual order.
    if parts.get(BYTE_ORDER).is_some_and(|order| file[order.clone()] != *b"little") {
        return Err(malformed(message!("its numbers are not little-endian")));
    }
    let pickle = parts.get(PICKLE).ok_or_else(no_pickle)?.clone();
    let program = Program::run(&mut &file[pickle])?;
    Index::new(&program, |key| parts.get(&format!("{STORAGES}{key}")).cloned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use proptest::prelude::*;
    use serde_json::Value;
    use zip::write::SimpleFileOptions;

    use super::*;
    use crate::model::tests::fixture;

    /// Those of `fixtures/pickles` that hold tensors.
    const READABLE: [&str; 7] = [
        "kinds.bin",
        "legacy.bin",
        "parameters.bin",
        "protocol-4.bin",
        "protocol-5.bin",
        "training.bin",
        "views.bin",
    ];

    fn bytes_of(name: &str) -> Vec<u8> {
        fs::read(fixture("pickles").join(name)).unwrap()
    }

    /// Reads all tensors; each has as many bytes as its shape says.
    fn read_all(file: &[u8]) -> Result<()> {
        let index = read(file)?;
        for name in index.names() {
            if let Ok(tensor) = index.tensor(file, name) {
                let tensor = tensor.unwrap();
                let count: usize = tensor.shape.iter().product();
                assert_eq!(tensor.bytes.len(), count * tensor.dtype.size_in_bytes());
            }
        }
        Ok(())
    }

    fn refusal(file: &[u8]) -> String {
        read_all(file).unwrap_err().to_string()
    }

    /// Another archive with the parts of one of the fixtures.
    fn rewrite(
        name: &str,
        edit: impl Fn(&mut Vec<(String, Vec<u8>)>),
        options: SimpleFileOptions,
    ) -> Vec<u8> {
        let file = bytes_of(name);
        let mut zip = ZipArchive::new(Cursor::new(file)).unwrap();
        let mut parts = Vec::new();
        for i in 0..zip.len() {
            let mut entry = zip.by_index(i).unwrap();
            let mut bytes = Vec::new();
            std::io::copy(&mut entry, &mut bytes).unwrap();
            parts.push((entry.name().unwrap().into_owned(), bytes));
        }
        edit(&mut parts);
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            zip.start_file(name, options).unwrap();
            zip.write_all(&bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn stored() -> SimpleFileOptions {
        SimpleFileOptions::default().compression_method(CompressionMethod::Stored)
    }

    #[test]
    fn reads_what_torch_reads() {
        let expected: Value = serde_json::from_slice(&bytes_of("expected.json")).unwrap();
        for file in READABLE {
            let archive = Archive::open(&fixture("pickles").join(file)).unwrap();
            let expected = expected[file].as_object().unwrap();
            assert!(archive.names().eq(expected.keys()), "{file}");
            for (name, expected) in expected {
                let tensor = archive.tensor(name);
                if let Some(reason) = expected["refused"].as_str() {
                    let error = tensor.unwrap_err().to_string();
                    assert!(error.contains(name) && error.contains(reason), "{file}: {error}");
                    continue;
                }
                let tensor = tensor.unwrap().unwrap();
                assert_eq!(tensor.dtype.as_str(), expected["dtype"], "{file}: {name}");
                assert_eq!(Value::from(tensor.shape), expected["shape"], "{file}: {name}");
                let hex: String = tensor.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(hex, expected["bytes"], "{file}: {name}");
            }
            assert!(archive.tensor("absent").unwrap().is_none());
        }
    }

    #[test]
    fn code_is_refused_by_name() {
        let error = Archive::open(&fixture("pickles").join("system.bin")).unwrap_err().to_string();
        assert!(error.contains("system.bin") && error.contains("posix.system"), "{error}");
    }

    #[test]
    fn other_files_are_told_apart() {
        assert!(refusal(b"").contains("does not begin as PyTorch's files do"));
        assert!(refusal(b"version https://git-lfs.github.com/spec/v1").contains("does not begin"));
        assert!(refusal(b"PK\x03\x04").contains("archive is damaged"));
        let other = rewrite(
            "views.bin",
            |parts| parts.retain(|(name, _)| !name.ends_with(".pkl")),
            stored(),
        );
        assert!(refusal(&other).contains("without data.pkl"));
        assert!(Archive::open(&fixture("pickles").join("absent.bin")).is_err());
    }

    #[test]
    fn an_archive_may_be_in_any_order_and_of_any_size() {
        let renamed = |parts: &mut Vec<(String, Vec<u8>)>| {
            parts.reverse();
            for (name, _) in parts {
                *name = format!("pytorch_model/{}", name.split_once('/').unwrap().1);
            }
        };
        let original = bytes_of("views.bin");
        // Large files have zip64 headers, whatever their size.
        let other = rewrite("views.bin", renamed, stored().large_file(true));
        let (one, two) = (read(&original).unwrap(), read(&other).unwrap());
        assert!(one.names().eq(two.names()));
        for name in one.names() {
            let bytes = |index: &Index, file| {
                index.tensor(file, name).ok().flatten().map(|tensor| tensor.bytes.into_owned())
            };
            assert_eq!(bytes(&one, &original), bytes(&two, &other), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_mapped_is_refused() {
        let deflated = stored().compression_method(CompressionMethod::Deflated);
        let error = refusal(&rewrite("views.bin", |_| {}, deflated));
        assert!(error.contains("encrypted or compressed"), "{error}");

        let mut encrypted = bytes_of("views.bin");
        let central = encrypted.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
        for at in 0..=central {
            if encrypted[at..].starts_with(b"PK\x01\x02") {
                encrypted[at + 8] |= 1;
            }
        }
        let error = refusal(&encrypted);
        assert!(error.contains("encrypted or compressed"), "{error}");

        let big = |parts: &mut Vec<(String, Vec<u8>)>| {
            let (_, order) =
                parts.iter_mut().find(|(name, _)| name.ends_with("/byteorder")).unwrap();
            *order = b"big".to_vec();
        };
        assert!(refusal(&rewrite("views.bin", big, stored())).contains("not little-endian"));
    }

    #[test]
    fn a_missing_storage_spoils_only_its_tensors() {
        let file = rewrite(
            "kinds.bin",
            |parts| parts.retain(|(name, _)| !name.ends_with("/data/0")),
            stored(),
        );
        let index = read(&file).unwrap();
        let (good, bad): (Vec<_>, Vec<_>) =
            index.names().partition(|name| index.tensor(&file, name).is_ok());
        assert!(good.len() > bad.len() && !bad.is_empty(), "{good:?} {bad:?}");
    }

    #[test]
    fn every_cut_is_an_error() {
        for name in READABLE {
            let file = bytes_of(name);
            for len in 0..file.len() {
                assert!(read(&file[..len]).is_err(), "{name} cut to {len} bytes");
            }
        }
    }

    #[test]
    fn any_byte_may_be_wrong() {
        for name in READABLE {
            let mut file = bytes_of(name);
            for at in 0..file.len() {
                for wrong in [0x01, 0x80, 0xff] {
                    file[at] ^= wrong;
                    let _ = read_all(&file);
                    file[at] ^= wrong;
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = read_all(&bytes);
            let _ = read_all(&[b"PK\x03\x04", &bytes[..]].concat());
        }

        #[test]
        fn any_damage_is_read_or_refused(
            name in prop::sample::select(&READABLE[..]),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..9),
        ) {
            let mut file = bytes_of(name);
            for (at, byte) in damage {
                let at = at.index(file.len());
                file[at] = byte;
            }
            let _ = read_all(&file);
        }

        /// A sound archive around a pickle that is not.
        #[test]
        fn any_damage_to_the_pickle_is_read_or_refused(
            name in prop::sample::select(&["kinds.bin", "training.bin", "views.bin"][..]),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..9),
        ) {
            let hostile = |parts: &mut Vec<(String, Vec<u8>)>| {
                let (_, pickle) = parts.iter_mut().find(|(name, _)| name.ends_with("/data.pkl")).unwrap();
                for (at, byte) in &damage {
                    let at = at.index(pickle.len());
                    pickle[at] = *byte;
                }
            };
            let _ = read_all(&rewrite(name, hostile, stored()));
        }
    }
}
