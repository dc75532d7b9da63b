//! What a measurement has to be read with.

use std::fs;
use std::thread;

/// The machine that measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// What the processor calls itself; the platform's name where it does not.
    pub processor: String,
    /// Threads that run at once.
    pub cores: usize,
    /// What the processor can do that the engine may use.
    pub features: Vec<&'static str>,
}

impl Machine {
    /// This one.
    pub fn this() -> Self {
        Self {
            processor: processor().unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: thread::available_parallelism().map_or(1, |cores| cores.get()),
            features: features(),
        }
    }
}

#[cfg(target_os = "linux")]
fn processor() -> Option<String> {
    let known = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = known.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(line.trim_start_matches([' ', '\t', ':']).trim().to_owned())
}

#[cfg(target_os = "macos")]
fn processor() -> Option<String> {
    let mut question = std::process::Command::new("sysctl");
    let answer = question.args(["-n", "machdep.cpu.brand_string"]).output().ok()?;
    Some(String::from_utf8(answer.stdout).ok()?.trim().to_owned())
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn processor() -> Option<String> {
    std::env::var("PROCESSOR_IDENTIFIER").ok()
}

/// The names of those features that are there.
macro_rules! detected {
    ($detect:ident: $($name:tt),*) => {
        [$(($name, std::arch::$detect!($name))),*]
            .into_iter()
            .filter_map(|(name, there)| there.then_some(name))
            .collect()
    };
}

#[cfg(target_arch = "x86_64")]
fn features() -> Vec<&'static str> {
    detected!(is_x86_feature_detected:
        "avx2", "fma", "f16c", "avxvnni", "avx512f", "avx512bw", "avx512vnni", "avx512bf16")
}

#[cfg(target_arch = "aarch64")]
fn features() -> Vec<&'static str> {
    detected!(is_aarch64_feature_detected: "neon", "fp16", "dotprod", "i8mm", "bf16")
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn features() -> Vec<&'static str> {
    Vec::new()
}

/// The most memory that this process had so far, file pages included; `None`
/// where the system does not tell.
pub fn peak_bytes() -> Option<u64> {
    status("VmHWM:")
}

/// The memory that this process has now, file pages included; `None` where the
/// system does not tell.
pub fn resident_bytes() -> Option<u64> {
    status("VmRSS:")
}

/// A line of what Linux tells of a process; see `proc_pid_status(5)`.
fn status(key: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib << 10)
}
