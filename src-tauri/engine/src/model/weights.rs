//! A safetensors file, mapped into memory: a tower reads its own tensors and
//! no other page of the file.

use std::path::{Path, PathBuf};

use candle_core::safetensors::{Load, MmapedSafetensors};
use candle_core::{DType, Device, Tensor};
use candle_nn::{LayerNorm, Linear};

use crate::error::{Context, Error, Result};

/// The tensors of one file, read as f32 whatever they are stored as.
pub struct Weights {
    file: PathBuf,
    tensors: MmapedSafetensors,
    device: Device,
}

impl Weights {
    /// Maps the file and reads its header, which tells a truncated file.
    pub fn open(file: &Path, device: &Device) -> Result<Self> {
        // SAFETY: a mapping is sound as long as nobody changes the file under
        // it. Installed models are written once, under another name, and then
        // only renamed or deleted, which leaves the mapping intact.
        let tensors = unsafe { MmapedSafetensors::new(file) }
            .context(|| format!("{} holds no readable weights", file.display()))?;
        Ok(Self { file: file.to_path_buf(), tensors, device: device.clone() })
    }

    /// The tensor of this name on the device.
    ///
    /// # Errors
    /// When there is none or it has another shape; the message names both the
    /// tensor and the file.
    pub fn get(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        let view = self
            .tensors
            .get(name)
            .map_err(|_| Error::failed(format!("{} has no tensor {name}", self.file.display())))?;
        if view.shape() != shape {
            return Err(Error::failed(format!(
                "the tensor {name} in {} has the shape {:?} where config.json asks for {shape:?}",
                self.file.display(),
                view.shape()
            )));
        }
        view.load(&self.device)
            .and_then(|tensor| tensor.to_dtype(DType::F32))
            .context(|| format!("cannot read the tensor {name} in {}", self.file.display()))
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

    /// The device that tensors are read to.
    pub fn device(&self) -> &Device {
        &self.device
    }
}
