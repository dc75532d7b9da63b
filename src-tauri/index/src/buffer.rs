//! Bytes that a scan reads from the first to the last.

use super::kernels::{LINE, PAGE, ask_for_huge_pages};

/// Zeros at first, starting on a cache line, and on a huge page where it is as
/// large as one. What is never written to takes no memory: the allocator hands
/// out pages that the system fills when they are touched, which it would not for
/// an allocation that asks for its alignment itself.
pub struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    len: usize,
}

impl Buffer {
    pub fn new(len: usize) -> Self {
        let alignment = if len >= PAGE { PAGE } else { LINE };
        let mut bytes = vec![0u8; len + alignment];
        let start = bytes.as_ptr().align_offset(alignment).min(alignment);
        ask_for_huge_pages(&mut bytes[start..start + len]);
        Self { bytes, start, len }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.start + self.len]
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.start + self.len]
    }
}
