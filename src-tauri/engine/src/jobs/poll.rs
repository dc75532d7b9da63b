//! When to look again at a root of whose changes nothing is told.

use std::time::{Duration, Instant};

/// A look may take a twentieth of the time.
const SHARE: u32 = 20;
const SOONEST: Duration = Duration::from_secs(10);
const LATEST: Duration = Duration::from_secs(10 * 60);

/// The looks at one root. It is looked at less and less often while nothing
/// changes in it, and never so often that looking is what the disk is busy with.
#[derive(Debug)]
pub(crate) struct Poll {
    interval: Duration,
    due: Instant,
}

impl Default for Poll {
    fn default() -> Self {
        Self { interval: SOONEST, due: Instant::now() }
    }
}

impl Poll {
    /// Notes a look that took so long, and whether there was news.
    pub fn looked(&mut self, took: Duration, news: bool) {
        let shortest = (took * SHARE).clamp(SOONEST, LATEST);
        self.interval = match news {
            true => shortest,
            false => (self.interval * 3 / 2).clamp(shortest, LATEST),
        };
        self.due = Instant::now() + self.interval;
    }

    /// When to look again.
    pub fn due(&self) -> Instant {
        self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_root_is_looked_at_less_and_less_often_and_a_busy_one_again() {
        let mut poll = Poll::default();
        let second = Duration::from_secs(1);
        let mut before = Duration::ZERO;
        for _ in 0..20 {
            poll.looked(second / 10, false);
            assert!(poll.interval >= before && poll.interval <= LATEST);
            before = poll.interval;
        }
        assert_eq!(poll.interval, LATEST);
        poll.looked(second / 10, true);
        assert_eq!(poll.interval, SOONEST);
        poll.looked(second * 3, true);
        assert_eq!(poll.interval, second * 60);
        poll.looked(second * 3600, true);
        assert_eq!(poll.interval, LATEST);
    }
}
