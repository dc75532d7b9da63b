//! AVX-512 with VNNI and VPOPCNTDQ: Intel from Ice Lake on, AMD from Zen 4 on.
//!
//! Four rows go together: they share the loads of the query, and their sums are
//! added up across lanes at once.

use std::arch::x86_64::*;

use super::{Kernels, LINE, LINE_COMPONENTS};

pub static KERNELS: Kernels = Kernels { name: "AVX-512 VNNI", nibbles, picked, bits };

/// Bytes that lines are fetched ahead by: two pages, as the processor by itself
/// begins anew on every page.
const AHEAD: usize = 8192;

/// Rows that are fetched ahead where they are not one behind the other.
const ROWS_AHEAD: usize = 12;

/// Rows that go together.
const ROWS: usize = 4;

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn nibbles(plane: &[u8], query: &[i8], sums: &mut [i32]) {
    let width = query.len() / 2;
    let mut four = sums.chunks_exact_mut(ROWS);
    let mut rows = plane.chunks_exact(ROWS * width);
    for (sums, rows) in (&mut four).zip(&mut rows) {
        let products = products::<ROWS>(rows, query);
        let lanes = across(products);
        // SAFETY: `sums` is four numbers.
        unsafe { _mm_storeu_si128(sums.as_mut_ptr().cast(), lanes) }
    }
    for (sum, row) in four.into_remainder().iter_mut().zip(rows.remainder().chunks_exact(width)) {
        let [product] = products::<1>(row, query);
        *sum = _mm512_reduce_add_epi32(product);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn picked(plane: &[u8], rows: &[u32], query: &[i8], sums: &mut [i32]) {
    let width = query.len() / 2;
    let fetch = |row: u32| {
        let row = plane.as_ptr().wrapping_add(row as usize * width);
        for line in (0..width).step_by(LINE) {
            _mm_prefetch::<_MM_HINT_T0>(row.wrapping_add(line).cast());
        }
    };
    rows.iter().take(ROWS_AHEAD).for_each(|&row| fetch(row));
    for (at, (&row, sum)) in rows.iter().zip(sums).enumerate() {
        if let Some(&next) = rows.get(at + ROWS_AHEAD) {
            fetch(next);
        }
        let [product] = products::<1>(&plane[row as usize * width..][..width], query);
        *sum = _mm512_reduce_add_epi32(product);
    }
}

/// Sums of products, still to be added across lanes.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn products<const ROWS: usize>(rows: &[u8], query: &[i8]) -> [__m512i; ROWS] {
    let width = rows.len() / ROWS;
    let (low_bits, high_bits) = (_mm512_set1_epi8(0x0f), _mm512_set1_epi8(0xf0u8.cast_signed()));
    let mut low_sums = [_mm512_setzero_si512(); ROWS];
    // Sixteen times what they should be: the high bits are used where they are.
    let mut high_sums = [_mm512_setzero_si512(); ROWS];
    // Row after row: from memory, lines come nearly twice as fast in order.
    for row in 0..ROWS {
        let lines = rows[row * width..(row + 1) * width].chunks_exact(LINE);
        for (line, query) in lines.zip(query.chunks_exact(LINE_COMPONENTS)) {
            // Any address is fine: what cannot be fetched is not.
            _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().wrapping_add(AHEAD).cast());
            // SAFETY: it is a line of the row, and two of the query.
            let (bytes, low, high) = unsafe {
                let query = query.as_ptr().cast::<__m512i>();
                (
                    _mm512_loadu_si512(line.as_ptr().cast()),
                    _mm512_loadu_si512(query),
                    _mm512_loadu_si512(query.add(1)),
                )
            };
            let (low_bytes, high_bytes) =
                (_mm512_and_si512(bytes, low_bits), _mm512_and_si512(bytes, high_bits));
            low_sums[row] = _mm512_dpbusd_epi32(low_sums[row], low_bytes, low);
            high_sums[row] = _mm512_dpbusd_epi32(high_sums[row], high_bytes, high);
        }
    }
    for (sum, high) in low_sums.iter_mut().zip(high_sums) {
        *sum = _mm512_add_epi32(*sum, _mm512_srai_epi32::<4>(high));
    }
    low_sums
}

/// The sum of the lanes of each of four registers.
#[target_feature(enable = "avx512f")]
fn across([a, b, c, d]: [__m512i; ROWS]) -> __m128i {
    let ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    let cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    let abcd = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
    let halves =
        _mm256_add_epi32(_mm512_castsi512_si256(abcd), _mm512_extracti64x4_epi64::<1>(abcd));
    _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256::<1>(halves))
}

#[target_feature(enable = "avx512f,avx512vpopcntdq")]
fn bits(rows: &[u8], signs: &[u8], sizes: &[u8], sums: &mut [i32]) {
    let width = signs.len();
    let mut four = sums.chunks_exact_mut(ROWS);
    let mut rows = rows.chunks_exact(ROWS * width);
    for (sums, rows) in (&mut four).zip(&mut rows) {
        // Counts fit 32 bits, so the upper halves of the lanes are zeros.
        let lanes = across(counts::<ROWS>(rows, signs, sizes));
        // SAFETY: `sums` is four numbers.
        unsafe { _mm_storeu_si128(sums.as_mut_ptr().cast(), lanes) }
    }
    for (sum, row) in four.into_remainder().iter_mut().zip(rows.remainder().chunks_exact(width)) {
        let [count] = counts::<1>(row, signs, sizes);
        *sum = _mm512_reduce_add_epi32(count);
    }
}

/// Weighted counts, still to be added across lanes.
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
fn counts<const ROWS: usize>(rows: &[u8], signs: &[u8], sizes: &[u8]) -> [__m512i; ROWS] {
    let width = signs.len();
    let mut sums = [_mm512_setzero_si512(); ROWS];
    for start in (0..width).step_by(LINE) {
        let words = (width - start) / 8;
        let mask = if words >= 8 { !0 } else { (1u8 << words) - 1 };
        // SAFETY: the mask keeps the load inside the bits.
        let signs = unsafe { _mm512_maskz_loadu_epi64(mask, signs.as_ptr().add(start).cast()) };
        let mut differ = [_mm512_setzero_si512(); ROWS];
        for (row, differ) in differ.iter_mut().enumerate() {
            let line = rows.as_ptr().wrapping_add(row * width + start);
            _mm_prefetch::<_MM_HINT_T0>(line.wrapping_add(AHEAD).cast());
            // SAFETY: as above.
            let line = unsafe { _mm512_maskz_loadu_epi64(mask, line.cast()) };
            *differ = _mm512_xor_si512(line, signs);
        }
        // From the highest slice down, so that each step only doubles.
        let mut weighted = [_mm512_setzero_si512(); ROWS];
        for slice in sizes.chunks_exact(width).rev() {
            // SAFETY: as above.
            let slice = unsafe { _mm512_maskz_loadu_epi64(mask, slice.as_ptr().add(start).cast()) };
            for (sum, differ) in weighted.iter_mut().zip(differ) {
                let count = _mm512_popcnt_epi64(_mm512_and_si512(differ, slice));
                *sum = _mm512_add_epi64(_mm512_add_epi64(*sum, *sum), count);
            }
        }
        for (sum, weighted) in sums.iter_mut().zip(weighted) {
            *sum = _mm512_add_epi64(*sum, weighted);
        }
    }
    sums
}
