//! Files that may still be being written.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::scan::{FileEntry, Stamp};

/// A file is read once its size and time have been still for so long.
const STILL: Duration = Duration::from_secs(2);

/// Remembers files that were seen changing until they are still.
#[derive(Debug, Default)]
pub(crate) struct Settling {
    seen: HashMap<(i64, PathBuf), Sighting>,
}

/// How a file looked.
#[derive(Debug)]
struct Sighting {
    stamp: Stamp,
    /// Since when it has looked so.
    since: Instant,
    /// It was handed out to be looked at, and has not been since.
    asked: bool,
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
        let new = Sighting { stamp: entry.stamp, since: now, asked: false };
        let sighting = self.seen.entry(key.clone()).or_insert(new);
        if sighting.stamp != entry.stamp {
            (sighting.stamp, sighting.since) = (entry.stamp, now);
        }
        sighting.asked = false;
        let still = now.saturating_duration_since(sighting.since) >= STILL;
        if still {
            self.seen.remove(&key);
        }
        still
    }

    /// When the next file may be still; `None` where none is waited for.
    pub fn due(&self) -> Option<Instant> {
        let waiting = self.seen.values().filter(|sighting| !sighting.asked);
        waiting.map(|sighting| sighting.since + STILL).min()
    }

    /// The files that may be still by now, by root. They have to be looked at, and
    /// are not handed out again before they were: where that cannot be done now,
    /// asking for it all the time would keep everything else from being done.
    pub fn take(&mut self, now: Instant) -> Vec<(i64, BTreeSet<PathBuf>)> {
        let mut due: HashMap<i64, BTreeSet<PathBuf>> = HashMap::new();
        for ((root, path), sighting) in &mut self.seen {
            if !sighting.asked && sighting.since + STILL <= now {
                sighting.asked = true;
                due.entry(*root).or_default().insert(path.clone());
            }
        }
        due.into_iter().collect()
    }

    /// Forgets all files but these, by root and path.
    pub fn keep(&mut self, wanted: impl Fn(i64, &Path) -> bool) {
        self.seen.retain(|(root, path), _| wanted(*root, path));
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

    #[test]
    fn a_file_that_cannot_be_looked_at_is_asked_for_once() {
        let clock = UNIX_EPOCH + Duration::from_secs(100);
        let began = Instant::now();
        let after = |seconds| began + Duration::from_secs(seconds);
        let mut settling = Settling::default();
        let young = entry(1, Some(100_000_000_000));
        assert!(!settling.is_still_at(&young, began, clock));
        assert_eq!(settling.take(after(2)).len(), 1);
        assert!(settling.take(after(3)).is_empty() && settling.due().is_none());
        // A look too soon has it waited for as before, from when it was first seen.
        assert!(!settling.is_still_at(&young, after(1), clock));
        assert_eq!(settling.due(), Some(after(2)));
        settling.keep(|root, _| root != 1);
        assert!(settling.due().is_none());
    }
}
