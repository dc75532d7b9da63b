//! Bytes that a scan reads from the first to the last.

use memmap2::MmapMut;

use super::kernels::{LINE, PAGE, ask_for_huge_pages};

/// Zeros at first, starting on a cache line, and on a huge page where it is as
/// large as one. What is never written to takes no memory.
pub struct Buffer {
    memory: Memory,
    start: usize,
    len: usize,
}

/// Large buffers are pages of the system: an allocator that hands out memory for
/// the second time fills all of it with zeros, also what lies before a huge page
/// and behind it, as much again as the buffer.
enum Memory {
    Heap(Vec<u8>),
    Pages(MmapMut),
}

impl Buffer {
    pub fn new(len: usize) -> Self {
        let alignment = if len >= PAGE { PAGE } else { LINE };
        let pages = if len >= PAGE { MmapMut::map_anon(len + alignment).ok() } else { None };
        let memory = match pages {
            Some(pages) => Memory::Pages(pages),
            None => Memory::Heap(vec![0; len + alignment]),
        };
        let mut buffer = Self { memory, start: 0, len };
        buffer.start = buffer.bytes().as_ptr().align_offset(alignment).min(alignment);
        ask_for_huge_pages(buffer.bytes_mut());
        buffer
    }

    pub fn bytes(&self) -> &[u8] {
        &self.memory()[self.start..self.start + self.len]
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let all = match &mut self.memory {
            Memory::Heap(bytes) => bytes.as_mut_slice(),
            Memory::Pages(pages) => pages,
        };
        &mut all[self.start..self.start + self.len]
    }

    fn memory(&self) -> &[u8] {
        match &self.memory {
            Memory::Heap(bytes) => bytes,
            Memory::Pages(pages) => pages,
        }
    }
}
