//! AVX2: nearly every x86 processor since 2013.
//!
//! Four bits times eight never saturate 16: `maddubs` gives at most
//! 2 * 15 * 127 = 3810, and the four of a line together 15,240. That is why
//! AVX-VNNI is not needed here: the memory is slower than this.

use std::arch::x86_64::*;

use super::{Kernels, LINE, LINE_COMPONENTS};

pub static KERNELS: Kernels = Kernels { name: "AVX2", nibbles, picked, bits };

#[target_feature(enable = "avx2")]
fn nibbles(plane: &[u8], query: &[i8], sums: &mut [i32]) {
    let low_bits = _mm256_set1_epi8(0x0f);
    let ones = _mm256_set1_epi16(1);
    for (row, sum) in plane.chunks_exact(query.len() / 2).zip(sums) {
        let mut lanes = _mm256_setzero_si256();
        for (line, query) in row.chunks_exact(LINE).zip(query.chunks_exact(LINE_COMPONENTS)) {
            let (line, query) = (line.as_ptr().cast::<__m256i>(), query.as_ptr().cast::<__m256i>());
            let mut products = _mm256_setzero_si256();
            for half in 0..2 {
                // SAFETY: a line is two registers, and the query's part four.
                let (bytes, low, high) = unsafe {
                    (
                        _mm256_loadu_si256(line.add(half)),
                        _mm256_loadu_si256(query.add(half)),
                        _mm256_loadu_si256(query.add(2 + half)),
                    )
                };
                let low_bytes = _mm256_and_si256(bytes, low_bits);
                let high_bytes = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), low_bits);
                products = _mm256_add_epi16(products, _mm256_maddubs_epi16(low_bytes, low));
                products = _mm256_add_epi16(products, _mm256_maddubs_epi16(high_bytes, high));
            }
            lanes = _mm256_add_epi32(lanes, _mm256_madd_epi16(products, ones));
        }
        *sum = across(lanes);
    }
}

#[target_feature(enable = "avx2")]
fn picked(plane: &[u8], rows: &[u32], query: &[i8], sums: &mut [i32]) {
    let width = query.len() / 2;
    for (row, sum) in rows.iter().zip(sums.chunks_exact_mut(1)) {
        nibbles(&plane[*row as usize * width..][..width], query, sum);
    }
}

#[target_feature(enable = "avx2")]
fn across(lanes: __m256i) -> i32 {
    let lanes = _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256::<1>(lanes));
    let lanes = _mm_add_epi32(lanes, _mm_shuffle_epi32::<0b01_00_11_10>(lanes));
    let lanes = _mm_add_epi32(lanes, _mm_shuffle_epi32::<0b10_11_00_01>(lanes));
    _mm_cvtsi128_si32(lanes)
}

/// Every processor with AVX2 counts bits of a word in one instruction, which
/// needs only be asked for.
#[target_feature(enable = "avx2,popcnt")]
fn bits(rows: &[u8], signs: &[u8], sizes: &[u8], sums: &mut [i32]) {
    super::scalar::bits(rows, signs, sizes, sums);
}
