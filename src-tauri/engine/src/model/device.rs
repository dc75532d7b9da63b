//! Where the towers run.

use std::fmt;
use std::str::FromStr;

use candle_core::Device;

use crate::error::{Context, Error, Result};

/// The device a person asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// The processor; always there.
    #[default]
    Cpu,
    /// The first NVIDIA GPU; needs a build with the feature `cuda`.
    Cuda,
    /// Apple's GPU; needs a build with the feature `metal`.
    Metal,
}

impl DeviceChoice {
    /// Opens the device.
    ///
    /// # Errors
    /// A usage error when this build has no backend for it, a failure when the
    /// driver refuses.
    pub fn device(self) -> Result<Device> {
        let lacks = |feature| {
            Error::usage(format!(
                "this build cannot run on {self}: build with `--features {feature}`, \
                 or choose the device cpu"
            ))
        };
        match self {
            Self::Cpu => Ok(Device::Cpu),
            Self::Cuda if !cfg!(feature = "cuda") => Err(lacks("cuda")),
            Self::Metal if !cfg!(feature = "metal") => Err(lacks("metal")),
            Self::Cuda => Device::new_cuda(0).context(|| "cannot use the NVIDIA GPU"),
            Self::Metal => Device::new_metal(0).context(|| "cannot use the GPU"),
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda),
            "metal" => Ok(Self::Metal),
            _ => Err(Error::usage(format!("unknown device {name:?}: use cpu, cuda or metal"))),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::Metal => "metal",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn names_round_trip() {
        for choice in [DeviceChoice::Cpu, DeviceChoice::Cuda, DeviceChoice::Metal] {
            assert_eq!(choice.to_string().parse::<DeviceChoice>().unwrap(), choice);
        }
        assert_eq!("gpu".parse::<DeviceChoice>().unwrap_err().code(), Code::Usage);
    }

    #[test]
    #[cfg(not(feature = "cuda"))]
    fn a_missing_backend_is_a_usage_error() {
        let error = DeviceChoice::Cuda.device().unwrap_err();
        assert_eq!(error.code(), Code::Usage);
        assert!(error.to_string().contains("--features cuda"), "{error}");
    }
}
