//! The tensors of a model's file, mapped into memory: a tower reads its own
//! and no other page of the file.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::safetensors::MmapedSafetensors;
use candle_core::{DType, Device, Tensor};
use candle_nn::{LayerNorm, Linear};
use half::{bf16, f16};
use rayon::prelude::*;

use super::pickle::Archive;
use crate::error::{Context, Error, Result};

/// Elements that one thread converts at a time.
const CHUNK: usize = 1 << 16;

/// The tensors of one file, read as f32 whatever they are stored as.
///
/// Clones share the mapping.
#[derive(Clone)]
pub struct Weights {
    file: Arc<MappedFile>,
    device: Device,
}

struct MappedFile {
    path: PathBuf,
    tensors: Tensors,
}

enum Tensors {
    Safetensors(MmapedSafetensors),
    Pickle(Archive),
}

/// A tensor as it is stored: row-major, little endian.
struct Stored<'a> {
    dtype: DType,
    shape: Vec<usize>,
    bytes: Cow<'a, [u8]>,
}

impl Weights {
    /// Maps a file and reads its header, which tells a truncated file. One
    /// whose name ends in `.safetensors` is that, any other one a pickle.
    pub fn open(file: &Path, device: &Device) -> Result<Self> {
        let unreadable = || message!("{file} holds no readable weights", file = file.display());
        let tensors = if file.extension().is_some_and(|extension| extension == "safetensors") {
            // SAFETY: a mapping is sound as long as nobody changes the file
            // under it. This program writes a model once, under another name,
            // and then only renames or deletes it, which leaves the mapping
            // intact. A person who writes into a model's file while it is used
            // may crash this process; reading 600 MB instead would cost everybody.
            let mapped = unsafe { MmapedSafetensors::new(file) }.context(unreadable)?;
            Tensors::Safetensors(mapped)
        } else {
            Tensors::Pickle(Archive::open(file)?)
        };
        let file = Arc::new(MappedFile { path: file.to_path_buf(), tensors });
        Ok(Self { file, device: device.clone() })
    }

    /// The tensor of this name on the device.
    ///
    /// # Errors
    /// When there is none, it has another shape, or holds a NaN or an infinity;
    /// the message names both the tensor and the file.
    pub fn get(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        let stored = self.file.stored(name)?;
        if stored.shape != shape {
            return Err(Error::failed(message!(
                "the tensor {name} in {path} has the shape {found} where the configuration asks \
                 for {shape}",
                name,
                path = self.file.path.display(),
                found = format_args!("{:?}", stored.shape),
                shape = format_args!("{shape:?}")
            )));
        }
        let values = self.file.floats(name, stored.dtype, &stored.bytes)?;
        Tensor::from_vec(values, shape, &self.device)
            .context(|| message!("cannot load the tensor {name}", name))
    }

    /// A table of which a text needs a few rows, `(rows, width)`. It stays in
    /// the file: those of the large vocabularies would be 800 MB as f32.
    pub fn table(&self, name: &str, rows: usize, width: usize) -> Result<Table> {
        let stored = self.file.stored(name)?;
        if stored.shape != [rows, width] {
            return Err(Error::failed(message!(
                "the tensor {name} in {path} has the shape {found} where the configuration asks \
                 for [{rows}, {width}]",
                name,
                path = self.file.path.display(),
                found = format_args!("{:?}", stored.shape),
                rows,
                width
            )));
        }
        Ok(Table { weights: self.clone(), name: name.to_owned(), width })
    }

    /// The shape of a tensor, `None` where there is none of this name.
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.file.stored(name).ok().map(|stored| stored.shape)
    }

    /// `NAME.weight`, `(outputs, inputs)`, and `NAME.bias`, `(outputs)`.
    pub fn linear(&self, name: &str, inputs: usize, outputs: usize) -> Result<Linear> {
        let weight = self.get(&format!("{name}.weight"), &[outputs, inputs])?;
        Ok(Linear::new(weight, Some(self.get(&format!("{name}.bias"), &[outputs])?)))
    }

    /// `NAME.weight` and `NAME.bias` of a layer norm over `width` components.
    pub fn layer_norm(&self, name: &str, width: usize, eps: f64) -> Result<LayerNorm> {
        let weight = self.get(&format!("{name}.weight"), &[width])?;
        Ok(LayerNorm::new(weight, self.get(&format!("{name}.bias"), &[width])?, eps))
    }

    /// A tensor of one number, `None` where there is none of this name.
    pub fn scalar(&self, name: &str) -> Result<Option<f32>> {
        let Some(shape) = self.shape(name) else { return Ok(None) };
        let value = self.get(name, &shape)?.flatten_all().and_then(|tensor| tensor.to_vec1());
        let values: Vec<f32> = value.context(|| message!("cannot read the tensor {name}", name))?;
        Ok(values.first().copied())
    }

    /// Looks at every number of the file.
    ///
    /// # Errors
    /// Naming the first tensor that holds a NaN or an infinity.
    pub fn check(&self) -> Result<()> {
        for name in self.file.names() {
            let stored = self.file.stored(&name)?;
            if stored.dtype.is_float() {
                self.file.floats(&name, stored.dtype, &stored.bytes)?;
            }
        }
        Ok(())
    }

    /// The device that tensors are read to.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// For messages.
    pub fn file(&self) -> &Path {
        &self.file.path
    }
}

impl MappedFile {
    fn names(&self) -> Vec<String> {
        match &self.tensors {
            Tensors::Safetensors(file) => {
                file.tensors().into_iter().map(|(name, _)| name).collect()
            }
            Tensors::Pickle(archive) => archive.names().map(str::to_owned).collect(),
        }
    }

    fn stored(&self, name: &str) -> Result<Stored<'_>> {
        let missing = || {
            Error::failed(message!("{path} has no tensor {name}", path = self.path.display(), name))
        };
        let unreadable = || {
            message!("cannot read the tensor {name} in {path}", name, path = self.path.display())
        };
        match &self.tensors {
            Tensors::Safetensors(file) => {
                let view = file.get(name).map_err(|_| missing())?;
                let dtype = DType::try_from(view.dtype()).context(unreadable)?;
                let bytes = Cow::Borrowed(view.data());
                Ok(Stored { dtype, shape: view.shape().to_vec(), bytes })
            }
            Tensors::Pickle(archive) => {
                let tensor = archive.tensor(name).context(unreadable)?.ok_or_else(missing)?;
                Ok(Stored { dtype: tensor.dtype, shape: tensor.shape, bytes: tensor.bytes })
            }
        }
    }

    /// Stored numbers as f32, straight from the file.
    fn floats(&self, name: &str, dtype: DType, bytes: &[u8]) -> Result<Vec<f32>> {
        let values = match dtype {
            DType::F32 => convert(bytes, f32::from_le_bytes),
            DType::F16 => convert(bytes, |b| f16::from_le_bytes(b).to_f32()),
            DType::BF16 => convert(bytes, |b| bf16::from_le_bytes(b).to_f32()),
            DType::F64 => convert(bytes, |b| f64::from_le_bytes(b) as f32),
            other => {
                return Err(Error::failed(message!(
                    "the tensor {name} in {path} holds {kind} and not floating-point numbers",
                    name,
                    path = self.path.display(),
                    kind = other.as_str()
                )));
            }
        };
        if !values.par_chunks(CHUNK).all(|values| values.iter().all(|value| value.is_finite())) {
            return Err(Error::failed(message!(
                "the tensor {name} in {path} holds a NaN or an infinity: the file is damaged",
                name,
                path = self.path.display()
            )));
        }
        Ok(values)
    }
}

fn convert<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32 + Sync) -> Vec<f32> {
    let (elements, _) = bytes.as_chunks::<N>();
    elements.par_iter().with_min_len(CHUNK).map(|&element| value(element)).collect()
}

/// A table of vectors that stays in its file; see [`Weights::table`].
pub struct Table {
    weights: Weights,
    name: String,
    width: usize,
}

impl Table {
    /// Rows by number, `(B, N, width)` for `B` lists of `N` numbers.
    ///
    /// # Errors
    /// When a number is beyond the table, or a row holds a NaN or an infinity.
    pub fn rows(&self, numbers: &[u32], b: usize, n: usize) -> Result<Tensor> {
        Tensor::from_vec(self.values(numbers)?, (b, n, self.width), &self.weights.device)
            .context(|| message!("cannot load rows of the tensor {name}", name = self.name))
    }

    /// Rows by number, one after the other.
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub fn values(&self, numbers: &[u32]) -> Result<Vec<f32>> {
        let stored = self.weights.file.stored(&self.name)?;
        let row = self.width * stored.dtype.size_in_bytes();
        let mut bytes = Vec::with_capacity(numbers.len() * row);
        for &number in numbers {
            let start = number as usize * row;
            let row = stored.bytes.get(start..start + row).ok_or_else(|| {
                Error::failed(message!(
                    "{path} has no row {number} in the tensor {name}",
                    path = self.weights.file.path.display(),
                    number,
                    name = self.name
                ))
            })?;
            bytes.extend_from_slice(row);
        }
        self.weights.file.floats(&self.name, stored.dtype, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// A file of one tensor, `(4, 3)`, as this type.
    fn file(dtype: DType, values: &[f32]) -> (tempfile::TempDir, Weights) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let tensor = Tensor::from_slice(values, (4, 3), &Device::Cpu).unwrap();
        let tensor = tensor.to_dtype(dtype).unwrap();
        candle_core::safetensors::save(&HashMap::from([("table", tensor)]), &path).unwrap();
        let weights = Weights::open(&path, &Device::Cpu).unwrap();
        (folder, weights)
    }

    #[test]
    fn every_type_of_number_is_read_as_f32() {
        let values: Vec<f32> = (0..12).map(|n| n as f32 * 0.25 - 1.0).collect();
        for dtype in [DType::F32, DType::F16, DType::BF16, DType::F64] {
            let (_folder, weights) = file(dtype, &values);
            let read = weights.get("table", &[4, 3]).unwrap();
            assert_eq!(read.flatten_all().unwrap().to_vec1::<f32>().unwrap(), values, "{dtype:?}");
            let table = weights.table("table", 4, 3).unwrap();
            let rows = table.rows(&[3, 0, 3, 2], 2, 2).unwrap();
            let expected = [&values[9..], &values[..3], &values[9..], &values[6..9]].concat();
            assert_eq!(rows.flatten_all().unwrap().to_vec1::<f32>().unwrap(), expected);
            assert_eq!(rows.dims(), [2, 2, 3]);
            assert!(table.rows(&[4], 1, 1).unwrap_err().to_string().contains("no row 4"));
            weights.check().unwrap();
        }
    }

    #[test]
    fn what_is_not_a_number_is_named() {
        for (dtype, bad) in [(DType::F32, f32::NAN), (DType::F16, 1e6), (DType::BF16, f32::NAN)] {
            let mut values = [0.5; 12];
            values[7] = bad;
            let (_folder, weights) = file(dtype, &values);
            for error in [
                weights.check().unwrap_err(),
                weights.get("table", &[4, 3]).unwrap_err(),
                weights.table("table", 4, 3).unwrap().rows(&[2], 1, 1).unwrap_err(),
            ] {
                let said = error.to_string();
                assert!(said.contains("table") && said.contains("model.safetensors"), "{said}");
                assert!(said.contains("NaN"), "{said}");
            }
            // Other rows are as they were.
            assert!(weights.table("table", 4, 3).unwrap().rows(&[1, 3], 1, 2).is_ok());
        }
    }

    #[test]
    fn integers_are_no_weights() {
        let (_folder, weights) = file(DType::U32, &[1.0; 12]);
        assert!(weights.get("table", &[4, 3]).unwrap_err().to_string().contains("u32"));
        weights.check().unwrap();
    }
}
