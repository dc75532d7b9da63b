//! Threads that let others go first.

use std::cell::Cell;

thread_local! {
    static LOWERED: Cell<bool> = const { Cell::new(false) };
}

/// Behind everything that somebody waits for. Not the lowest there is: searches
/// share locks with these threads, and one that never ran would hold them up.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Lowers the priority of the calling thread for good: without special rights
/// no thread raises its own again. Does something on Linux alone.
pub fn lower() {
    // Threads inherit their maker's priority. Those that everything shares, and
    // that score photos for a search, are made by whoever needs them first.
    rayon::current_num_threads();
    LOWERED.set(true);
    // To Linux, the priority of "this process" is that of the calling thread.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!("a thread keeps its priority: {error}");
    }
}

/// Whether the calling thread was made to let others go first. Processes that it
/// starts do so, too.
pub fn was_lowered() -> bool {
    LOWERED.get()
}

/// Whether the system lets others go before the calling thread.
#[cfg(all(test, target_os = "linux"))]
pub fn is_lowered() -> bool {
    rustix::process::getpriority_process(None).is_ok_and(|nice| nice >= NICE)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn one_thread_is_lowered_and_no_other() {
        std::thread::spawn(|| {
            lower();
            assert!(is_lowered());
            // A thread has the priority of the one that made it.
            assert!(std::thread::spawn(is_lowered).join().unwrap());
        })
        .join()
        .unwrap();
        assert!(!is_lowered());
    }
}
