//! The threads that take some sequences through a tower together.
//!
//! Each member has some of the rows, and computes everything for them alone,
//! but for what attention looks at: keys and values, which all need of all.
//! So a layer has one meeting, after every member has written its own.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::{hint, thread};

use parking_lot::{Mutex, RwLock, RwLockReadGuard};

use super::product::Matrix;
use super::transformer::Scratch;

/// Looks at the meeting before a member lets others run: some tens of
/// microseconds, more than members differ by where each has a core.
const PATIENCE: usize = 20_000;

/// The members' buffers and what they share.
pub struct Crew {
    scratch: Vec<Mutex<Scratch>>,
    /// What each member shares. A fast one may be writing the next while a slow
    /// one still reads the last, so there are two of each.
    shared: [Vec<RwLock<Matrix>>; 2],
    meeting: Meeting,
}

impl Crew {
    /// A crew of so many.
    pub fn new(members: usize) -> Self {
        let shared = || (0..members).map(|_| RwLock::default()).collect();
        Self {
            scratch: (0..members).map(|_| Mutex::default()).collect(),
            shared: [shared(), shared()],
            meeting: Meeting { members, ..Meeting::default() },
        }
    }

    pub fn members(&self) -> usize {
        self.scratch.len()
    }

    /// Runs `work` as a member. All members must be run at the same time, each
    /// on a thread of its own: they wait for each other.
    pub fn run<T>(&self, index: usize, work: impl FnOnce(&Member<'_>, &mut Scratch) -> T) -> T {
        let _leaving = Leaving(&self.meeting);
        work(&Member { crew: self, index }, &mut self.scratch[index].lock())
    }
}

/// One of a crew.
pub struct Member<'a> {
    crew: &'a Crew,
    index: usize,
}

impl<'a> Member<'a> {
    /// The member's part of so many rows.
    pub fn part(&self, rows: usize) -> Range<usize> {
        let members = self.crew.scratch.len();
        self.index * rows / members..(self.index + 1) * rows / members
    }

    /// One of the crew does what is too little to share out.
    pub fn is_first(&self) -> bool {
        self.index == 0
    }

    /// Writes what the others will read in this round.
    pub fn share(&self, round: usize, write: impl FnOnce(&mut Matrix)) {
        write(&mut self.crew.shared[round % 2][self.index].write());
    }

    /// What everybody wrote in this round, in order, once everybody has.
    pub fn gather(&self, round: usize) -> Shared<'a> {
        self.crew.meeting.wait();
        self.crew.shared[round % 2].iter().map(RwLock::read).collect()
    }
}

/// What the members wrote in one round.
pub type Shared<'a> = Vec<RwLockReadGuard<'a, Matrix>>;

/// Where members wait for each other. They are never far apart, and putting a
/// thread to sleep takes longer than most stages: they look again and again.
#[derive(Default)]
struct Meeting {
    members: usize,
    arrived: AtomicUsize,
    round: AtomicUsize,
    /// A member is gone and will never arrive.
    broken: AtomicBool,
}

impl Meeting {
    fn wait(&self) {
        if self.members < 2 {
            return;
        }
        let round = self.round.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.members {
            self.arrived.store(0, Ordering::Relaxed);
            self.round.store(round.wrapping_add(1), Ordering::Release);
            return;
        }
        let mut looks = 0usize;
        while self.round.load(Ordering::Acquire) == round {
            assert!(!self.broken.load(Ordering::Relaxed), "another thread of this tower failed");
            looks += 1;
            if looks < PATIENCE {
                hint::spin_loop();
            } else {
                thread::yield_now();
            }
        }
    }
}

/// Tells the others when a member panics.
struct Leaving<'a>(&'a Meeting);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.broken.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs all members of a crew of so many.
    fn run<T: Send>(members: usize, work: impl Fn(&Member<'_>) -> T + Sync) -> Vec<T> {
        let crew = Crew::new(members);
        let run = &|index| crew.run(index, |member, _| work(member));
        thread::scope(|scope| {
            let threads: Vec<_> =
                (0..members).map(|index| scope.spawn(move || run(index))).collect();
            threads.into_iter().map(|thread| thread.join().expect("a member failed")).collect()
        })
    }

    #[test]
    fn everybody_reads_what_everybody_wrote() {
        let sums = run(3, |member| {
            let mut sum = 0.0;
            for round in 0..500 {
                member.share(round, |own| {
                    own.shape(1, 1);
                    own.row_mut(0)[0] = (round * (member.index + 1)) as f32;
                });
                let shared = member.gather(round);
                assert_eq!(shared.len(), 3);
                sum += shared.iter().map(|part| part.row(0)[0]).sum::<f32>();
            }
            sum
        });
        let expected: f32 = (0..500).map(|round| (round * 6) as f32).sum();
        assert_eq!(sums, [expected; 3]);
    }

    #[test]
    fn rows_are_shared_out_whole() {
        assert_eq!(run(4, |member| member.part(50)), [0..12, 12..25, 25..37, 37..50]);
        assert_eq!(run(1, |member| member.part(7).len()), [7]);
    }

    #[test]
    fn nobody_waits_for_a_member_that_failed() {
        let failing = || {
            run(2, |member| {
                assert_eq!(member.index, 0, "on purpose");
                member.gather(0).len()
            })
        };
        assert!(std::panic::catch_unwind(failing).is_err());
    }
}
