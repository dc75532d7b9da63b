//! What decoding one file may cost.

use std::time::Duration;

use crate::memory;

/// What one file may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Longest file that is decoded, in bytes.
    pub max_file_bytes: u64,
    /// Most pixels (width times height) that are decoded of a picture.
    pub max_pixels: u64,
    /// Most memory the pixels may take at the worst moment, in bytes; the
    /// file itself is not counted.
    pub max_alloc_bytes: u64,
    /// Longest decoding time. Looked at whenever a codec in Rust reads on, so
    /// one overruns it by what a piece of the file takes; a process that decodes
    /// is ended. JPEG, which is decoded from memory, is refused beforehand when
    /// its passes would take longer.
    pub max_time: Duration,
}

/// Room for the largest pictures people own (one of 300 megapixels needs 2 x 3
/// bytes for each while it is turned, or 4 + 3 if it may be clear), and little
/// more.
const MOST_BYTES: u64 = 2_200_000_000;

impl Default for Limits {
    /// Room for the largest pictures people own, as far as this machine has it.
    fn default() -> Self {
        Self {
            max_file_bytes: 1 << 30,
            max_pixels: 300_000_000,
            max_alloc_bytes: share_of(memory::physical()),
            max_time: Duration::from_secs(10),
        }
    }
}

/// What one picture may take of a machine's memory: half of it. Where the system
/// gives out more than there is, whoever asks for it is ended, not refused.
fn share_of(physical: Option<u64>) -> u64 {
    physical.map_or(MOST_BYTES, |bytes| MOST_BYTES.min(bytes / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_may_take_half_of_the_memory_there_is() {
        assert_eq!(share_of(None), MOST_BYTES);
        assert_eq!(share_of(Some(64 << 30)), MOST_BYTES);
        assert_eq!(share_of(Some(2 << 30)), 1 << 30);
        assert!(Limits::default().max_alloc_bytes <= MOST_BYTES);
        #[cfg(target_os = "linux")]
        assert!(crate::memory::physical().is_some_and(|bytes| bytes > 64 << 20));
    }
}
