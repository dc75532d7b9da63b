//! Where the towers run.

use std::fmt;
use std::panic;
use std::str::FromStr;

use candle_core::Device;
use serde::{Deserialize, Serialize};

use super::cpu;
use crate::error::{Context, Error, Result};
use crate::message::Message;

/// How exactly the processor computes the products of an image tower. Texts are
/// always computed in f32, and so are towers that have no 8-bit form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// In f32, as the models were trained.
    F32,
    /// Weights and activations rounded to 8 bits, sums exact: several times as
    /// fast, and a cosine of 0.99 and more from f32.
    #[default]
    Int8,
}

impl Precision {
    /// This, or f32 on a processor that gains nothing by 8 bits.
    pub fn here(self) -> Self {
        if cpu::has_fast_int8() { self } else { Self::F32 }
    }
}

impl FromStr for Precision {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "f32" => Ok(Self::F32),
            "int8" => Ok(Self::Int8),
            _ => Err(Error::usage(message!("unknown precision \"{name}\": use f32 or int8", name))),
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::Int8 => "int8",
        })
    }
}

/// What computes the towers of one encoder.
#[derive(Debug, Clone)]
pub enum Backend {
    /// candle, on any of its devices. On the processor it is the slow reference
    /// that the other one is tested against.
    Candle(Device),
    /// The engine for processors, `cpu`.
    Cpu(Precision),
}

impl Backend {
    /// For a device that a person chose, as [`DeviceChoice::device`] says.
    pub fn open(choice: DeviceChoice, precision: Precision) -> Result<Self> {
        let device = choice.device()?;
        Ok(if device.is_cpu() { Self::Cpu(precision.here()) } else { Self::Candle(device) })
    }

    /// Where candle keeps the weights.
    pub fn device(&self) -> Device {
        match self {
            Self::Candle(device) => device.clone(),
            Self::Cpu(_) => Device::Cpu,
        }
    }
}

/// The device a person asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// The GPU that this build knows, where it proves to compute what the
    /// processor does; else the processor.
    #[default]
    Auto,
    /// The processor; always there.
    Cpu,
    /// The first NVIDIA GPU; needs a build with the feature `cuda`.
    Cuda,
    /// Apple's GPU; needs a build with the feature `metal`.
    Metal,
}

/// What computes, and why it is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceReport {
    /// What the person asked for.
    pub asked: DeviceChoice,
    /// What computes, never [`Auto`](DeviceChoice::Auto). Until a model is
    /// loaded, what will be tried first.
    pub used: DeviceChoice,
    /// Why a GPU is not used although it might have been.
    pub reason: Option<Message>,
}

impl DeviceReport {
    /// What can be told before anything was tried.
    pub fn untried(asked: DeviceChoice) -> Self {
        let used = asked.resolved();
        let lacking = asked == DeviceChoice::Auto && used == DeviceChoice::Cpu;
        let reason = lacking.then(|| message!("this build has no GPU backend"));
        Self { asked, used, reason }
    }
}

impl DeviceChoice {
    /// The device that is tried first: for [`Auto`](Self::Auto) the GPU that
    /// this build knows, or the processor where it knows none.
    pub fn resolved(self) -> Self {
        match self {
            Self::Auto if cfg!(feature = "cuda") => Self::Cuda,
            Self::Auto if cfg!(feature = "metal") => Self::Metal,
            Self::Auto => Self::Cpu,
            chosen => chosen,
        }
    }

    /// Opens the device, for [`Auto`](Self::Auto) the one that is tried first.
    ///
    /// # Errors
    /// A usage error when this build has no backend for it, a failure when the
    /// driver refuses.
    pub fn device(self) -> Result<Device> {
        let lacks = |feature| {
            Error::usage(message!(
                "this build cannot run on {device}: build with `--features {feature}`, \
                 or choose the device cpu",
                device = self,
                feature
            ))
        };
        match self.resolved() {
            Self::Cuda if !cfg!(feature = "cuda") => Err(lacks("cuda")),
            Self::Metal if !cfg!(feature = "metal") => Err(lacks("metal")),
            Self::Cuda => open("the NVIDIA GPU", || Device::new_cuda(0)),
            Self::Metal => open("the GPU", || Device::new_metal(0)),
            Self::Auto | Self::Cpu => Ok(Device::Cpu),
        }
    }
}

/// Opens a GPU. candle's backends panic on a machine that has none.
fn open(name: &str, new: fn() -> candle_core::Result<Device>) -> Result<Device> {
    let cannot = || message!("cannot use {name}", name);
    match panic::catch_unwind(new) {
        Ok(opened) => opened.context(cannot),
        Err(_) => Err(Error::failed(cannot().because(message!("there is none")))),
    }
}

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda),
            "metal" => Ok(Self::Metal),
            _ => Err(Error::usage(message!(
                "unknown device \"{name}\": use auto, cpu, cuda or metal",
                name
            ))),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
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
        use DeviceChoice::{Auto, Cpu, Cuda, Metal};
        for choice in [Auto, Cpu, Cuda, Metal] {
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

    #[test]
    #[cfg(not(any(feature = "cuda", feature = "metal")))]
    fn auto_is_the_processor_where_the_build_knows_no_gpu() {
        assert!(DeviceChoice::Auto.device().unwrap().is_cpu());
        let report = DeviceReport::untried(DeviceChoice::Auto);
        assert_eq!(report.used, DeviceChoice::Cpu);
        assert!(report.reason.unwrap().to_string().contains("no GPU backend"));
        assert_eq!(DeviceReport::untried(DeviceChoice::Cpu).reason, None);
    }

    #[test]
    fn a_backend_that_panics_is_an_error() {
        let error = open("the GPU", || panic!("no device")).unwrap_err();
        assert!(error.to_string().contains("cannot use the GPU"), "{error}");
    }
}
