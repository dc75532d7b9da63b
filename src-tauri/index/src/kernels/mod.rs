//! The inner loops of a scan, once for each kind of processor, chosen once at
//! run time.
//!
//! [`scalar`] is the specification: plain Rust that says what each kernel
//! computes, and what processors without one of their own run. All results are
//! integers and the same on every processor. All `unsafe` of the index is in
//! this folder; the methods of [`Kernels`] are safe: they check every length,
//! and a table is only ever chosen where its instructions were found.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

/// Bytes of a cache line: a plane's rows are whole lines.
pub const LINE: usize = 64;

/// Components in one line of a plane, two to a byte.
pub const LINE_COMPONENTS: usize = 2 * LINE;

/// Bytes of a huge page, of x86 and of ARM with small pages of 4 KiB.
pub const PAGE: usize = 2 << 20;

/// Asks the system to back what it can of this memory by huge pages. A scan is
/// then a fifth faster: it looks up fewer addresses, and the processor fetches
/// ahead for longer.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn ask_for_huge_pages<T>(values: &mut [T]) {
    let start = values.as_mut_ptr().cast::<u8>();
    let before = start.align_offset(PAGE);
    let len = size_of_val(values).saturating_sub(before) / PAGE * PAGE;
    if len > 0 {
        // SAFETY: these are whole pages inside the caller's memory, and this
        // changes nothing in them. Where the system does not want to, all is as
        // before.
        unsafe { libc::madvise(start.add(before).cast(), len, libc::MADV_HUGEPAGE) };
    }
}

/// Elsewhere the system decides for itself.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn ask_for_huge_pages<T>(_: &mut [T]) {}

type Nibbles = unsafe fn(&[u8], &[i8], &mut [i32]);
type Picked = unsafe fn(&[u8], &[u32], &[i8], &mut [i32]);
type Bits = unsafe fn(&[u8], &[u8], &[u8], &mut [i32]);

/// The kernels for one kind of processor.
pub struct Kernels {
    /// For people: "AVX-512 VNNI".
    pub name: &'static str,
    nibbles: Nibbles,
    picked: Picked,
    bits: Bits,
}

static CHOSEN: LazyLock<&'static Kernels> = LazyLock::new(|| {
    let chosen = *available().last().unwrap_or(&&SCALAR);
    tracing::debug!("vectors are scanned with {}", chosen.name);
    chosen
});

static SCALAR: Kernels = Kernels {
    name: "scalar",
    nibbles: scalar::nibbles,
    picked: scalar::picked,
    bits: scalar::bits,
};

/// The kernels for this processor.
pub fn kernels() -> &'static Kernels {
    &CHOSEN
}

/// All that this processor can run, the fastest last.
pub fn available() -> Vec<&'static Kernels> {
    #[allow(unused_mut)]
    let mut available = vec![&SCALAR];
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx2") && has!("popcnt") {
            available.push(&avx2::KERNELS);
        }
        if has!("avx512f") && has!("avx512bw") && has!("avx512vnni") && has!("avx512vpopcntdq") {
            available.push(&avx512::KERNELS);
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        available.push(&neon::KERNELS);
        if std::arch::is_aarch64_feature_detected!("dotprod") {
            available.push(&neon::DOT_KERNELS);
        }
    }
    available
}

impl Kernels {
    /// `sums[i]` becomes row `i` of `plane` times `query`. A row is half as many
    /// bytes as the query has components, whole lines; byte `j` of its line `l`
    /// holds component `128 l + j` in its low four bits and `128 l + 64 + j` in
    /// its high ones, each 0 to 15.
    ///
    /// # Panics
    /// Where the plane has not one row a sum, or the query is not whole lines.
    pub fn nibbles(&self, plane: &[u8], query: &[i8], sums: &mut [i32]) {
        assert!(query.len().is_multiple_of(LINE_COMPONENTS), "a query is whole lines");
        assert_eq!(plane.len(), sums.len() * (query.len() / 2), "a plane has one row a sum");
        // SAFETY: the lengths were just checked, and a table is used only where
        // its instructions were found.
        unsafe { (self.nibbles)(plane, query, sums) }
    }

    /// The same for some rows of a plane: `sums[i]` becomes row `rows[i]` times
    /// `query`.
    ///
    /// # Panics
    /// Where a row is outside the plane, there is not one sum a row, or the query
    /// is not whole lines.
    pub fn picked(&self, plane: &[u8], rows: &[u32], query: &[i8], sums: &mut [i32]) {
        assert!(query.len().is_multiple_of(LINE_COMPONENTS), "a query is whole lines");
        assert_eq!(rows.len(), sums.len(), "there is one sum a row");
        let most = rows.iter().max().map_or(0, |&row| row as usize + 1);
        assert!(plane.len() >= most * (query.len() / 2), "a row is in the plane");
        // SAFETY: as above.
        unsafe { (self.picked)(plane, rows, query, sums) }
    }

    /// `sums[i]` becomes the sum of the sizes of the query's components whose sign
    /// bit differs from row `i`'s in `rows`. A row is as many bytes as `signs`, the
    /// query's sign bits, and a multiple of eight; so is each slice of its sizes:
    /// slice `s` holds bit `s` of every size.
    ///
    /// # Panics
    /// Where the rows are not one a sum, or the sizes not whole slices.
    pub fn bits(&self, rows: &[u8], signs: &[u8], sizes: &[u8], sums: &mut [i32]) {
        let width = signs.len();
        assert!(width > 0 && width.is_multiple_of(8), "a row is whole words");
        assert!(sizes.len().is_multiple_of(width), "sizes are whole slices");
        assert_eq!(rows.len(), sums.len() * width, "there is one row a sum");
        // SAFETY: as above.
        unsafe { (self.bits)(rows, signs, sizes, sums) }
    }
}
