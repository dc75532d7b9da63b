//! What the kernels compute, in plain Rust.

use super::{LINE, LINE_COMPONENTS};

pub fn nibbles(plane: &[u8], query: &[i8], sums: &mut [i32]) {
    for (row, sum) in plane.chunks_exact(query.len() / 2).zip(sums) {
        *sum = 0;
        for (line, query) in row.chunks_exact(LINE).zip(query.chunks_exact(LINE_COMPONENTS)) {
            let (low, high) = query.split_at(LINE);
            for ((byte, low), high) in line.iter().zip(low).zip(high) {
                *sum += i32::from(byte & 15) * i32::from(*low);
                *sum += i32::from(byte >> 4) * i32::from(*high);
            }
        }
    }
}

pub fn picked(plane: &[u8], rows: &[u32], query: &[i8], sums: &mut [i32]) {
    let width = query.len() / 2;
    for (row, sum) in rows.iter().zip(sums.chunks_exact_mut(1)) {
        nibbles(&plane[*row as usize * width..][..width], query, sum);
    }
}

/// Inlined, so that others may compile it for their instructions.
#[inline(always)]
pub fn bits(rows: &[u8], signs: &[u8], sizes: &[u8], sums: &mut [i32]) {
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    let (signs, _) = signs.as_chunks();
    for (row, sum) in rows.chunks_exact(8 * signs.len()).zip(sums) {
        *sum = 0;
        let (row, _) = row.as_chunks();
        for (order, slice) in sizes.chunks_exact(8 * signs.len()).enumerate() {
            let pairs = row.iter().zip(signs).zip(slice.as_chunks().0);
            let differ = pairs.map(|((row, sign), size)| (word(row) ^ word(sign)) & word(size));
            *sum += differ.map(u64::count_ones).sum::<u32>().cast_signed() << order;
        }
    }
}
