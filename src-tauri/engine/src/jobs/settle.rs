//! Files that may still be being written.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::scan::{FileEntry, Stamp};

/// A file is read once its size and time have been still for so long.
const STILL: Duration = Duration::from_secs(2);

/// Remembers files that were seen changing until they are still.
#[derive(Debug, Default)]
pub(crate) struct Settling {
    seen: HashMap<(i64, PathBuf), (Stamp, Instant)>,
}

impl Settling {
    /// Whether a file has been still for long enough to be read. One that has not
    /// is remembered.
    pub fn is_still(&mut self, entry: &FileEntry) -> bool {
        self.is_still_at(entry, Instant::now(), SystemTime::now())
    }

    fn is_still_at(&mut self, entry: &FileEntry, now: Instant, clock: SystemTime) -> bool {
        let key = (entry.root, entry.path.clone());
        if is_old(&entry.stamp, clock) {
            self.seen.remove(&key);
            return true;
        }
        let (stamp, since) = self.seen.entry(key.clone()).or_insert((entry.stamp, now));
        if *stamp != entry.stamp {
            (*stamp, *since) = (entry.stamp, now);
        }
        let still = now.saturating_duration_since(*since) >= STILL;
        if still {
            self.seen.remove(&key);
        }
        still
    }

    /// When the next file may be still; `None` where none is waited for.
    pub fn due(&self) -> Option<Instant> {
        self.seen.values().map(|(_, since)| *since + STILL).min()
    }

    /// The files that may be still by now, by root. They have to be looked at.
    pub fn take(&mut self, now: Instant) -> Vec<(i64, BTreeSet<PathBuf>)> {
        let mut due: HashMap<i64, BTreeSet<PathBuf>> = HashMap::new();
        for ((root, path), (_, since)) in &self.seen {
            if *since + STILL <= now {
                due.entry(*root).or_default().insert(path.clone());
            }
        }
        due.into_iter().collect()
    }

    /// Forgets files that are not there any more.
    pub fn forget(&mut self, root: i64, path: &std::path::Path) {
        self.seen.remove(&(root, path.to_owned()));
    }
}

/// Whether nobody has touched the file for a while, as the file system itself
/// tells. Where its clock is another one, two looks tell instead.
fn is_old(stamp: &Stamp, clock: SystemTime) -> bool {
    let now = clock.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    stamp.changed_ns.is_some_and(|changed| {
        i128::try_from(now).unwrap_or(0) - i128::from(changed)
            >= i128::try_from(STILL.as_nanos()).unwrap_or(i128::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(size: u64, changed_ns: Option<i64>) -> FileEntry {
        let stamp = Stamp { size, mtime_ns: 0, file_id: None, birth_ns: None, changed_ns };
        FileEntry { root: 1, path: "a".into(), stamp, sidecars: 0 }
    }

    #[test]
    fn a_file_nobody_has_touched_for_a_while_is_still() {
        let clock = UNIX_EPOCH + Duration::from_secs(100);
        let mut settling = Settling::default();
        let old = entry(1, Some(98_000_000_000));
        assert!(settling.is_still_at(&old, Instant::now(), clock));
        assert!(settling.due().is_none());
        let young = entry(1, Some(98_000_000_001));
        assert!(!settling.is_still_at(&young, Instant::now(), clock));
        assert!(settling.due().is_some());
    }

    #[test]
    fn a_growing_file_is_waited_for_even_where_clocks_differ() {
        let clock = UNIX_EPOCH + Duration::from_secs(100);
        let began = Instant::now();
        let after = |seconds| began + Duration::from_secs(seconds);
        let mut settling = Settling::default();
        // The server's clock is an hour ahead.
        let grown = |size| entry(size, Some(3_700_000_000_000));
        assert!(!settling.is_still_at(&grown(1), after(0), clock));
        assert!(settling.take(after(1)).is_empty());
        assert!(!settling.is_still_at(&grown(2), after(3), clock), "it grew");
        assert_eq!(settling.take(after(5)), [(1, BTreeSet::from(["a".into()]))]);
        assert!(settling.is_still_at(&grown(2), after(5), clock));
        assert!(settling.due().is_none());
    }
}
