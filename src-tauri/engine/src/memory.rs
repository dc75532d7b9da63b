//! How much memory there is, and giving it back to the system.
//!
//! After a look at a hundred thousand files the C library of Linux holds more
//! than a hundred megabytes that nobody uses, for as long as the process lives:
//! blocks between others, and the tops of its heaps. Other systems' allocators
//! give them back by themselves, and there these do nothing.

use std::sync::OnceLock;

/// Has the allocator hold little from now on, for a process that stays. One that
/// indexes and ends is a little faster without.
pub(crate) fn hold_little() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: may be called at any time, from any thread. See mallopt(3).
    unsafe {
        // The largest that it takes. Left alone, the limit would move, and with it
        // the next one, to 64 MiB for each heap.
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 8 << 20);
    }
}

/// Has the allocator return what was freed. Takes milliseconds.
pub(crate) fn trim() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: may be called at any time, from any thread; it touches no block in
    // use. See malloc_trim(3).
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Bytes that this machine has; `None` where the system does not say.
pub(crate) fn physical() -> Option<u64> {
    static BYTES: OnceLock<Option<u64>> = OnceLock::new();
    *BYTES.get_or_init(|| {
        let told = std::fs::read_to_string("/proc/meminfo").ok()?;
        let line = told.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes << 10)
    })
}
