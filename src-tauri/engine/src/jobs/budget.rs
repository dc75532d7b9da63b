//! The memory that decoding may take at once, shared by the decoding threads.
//!
//! A thread asks twice for each photo: before it reads the file, for the file's
//! bytes, and once the header is known, for what decoding takes; a third time
//! if decoding proves to take more than the header told. It waits, first
//! come, first served, until that fits beside what the others hold. So a photo
//! that needs much waits until the others are done, and one that needs more
//! than there is goes alone.
//!
//! Files that were read go before those that were not, since only they will
//! give anything back. If everybody who holds memory waits for more, the first
//! of them goes on, however much it needs: nobody else would ever make room.

use std::collections::VecDeque;

use parking_lot::{Condvar, Mutex};

/// A number of bytes to be shared.
pub(crate) struct Budget {
    bytes: u64,
    state: Mutex<State>,
    changed: Condvar,
}

/// A share of it, given back when it is dropped.
pub(crate) struct Room<'a> {
    budget: &'a Budget,
    bytes: u64,
}

#[derive(Default)]
struct State {
    /// Bytes of all rooms.
    taken: u64,
    /// Rooms whose holders do not wait for more.
    at_work: usize,
    /// Tickets of who waits to decode, and of who waits to read.
    to_decode: VecDeque<u64>,
    to_read: VecDeque<u64>,
    tickets: u64,
}

impl Budget {
    pub fn new(bytes: u64) -> Self {
        Self { bytes, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Waits for room to read a file of so many bytes.
    pub fn take(&self, bytes: u64) -> Room<'_> {
        self.wait(&mut self.state.lock(), bytes, |state| &mut state.to_read);
        Room { budget: self, bytes }
    }

    fn wait(
        &self,
        state: &mut parking_lot::MutexGuard<'_, State>,
        bytes: u64,
        queue: fn(&mut State) -> &mut VecDeque<u64>,
    ) {
        let ticket = state.tickets;
        state.tickets += 1;
        queue(state).push_back(ticket);
        loop {
            let first = state.to_decode.front().or(state.to_read.front());
            let fits = state.taken.saturating_add(bytes) <= self.bytes;
            if first == Some(&ticket) && (fits || state.at_work == 0) {
                break;
            }
            self.changed.wait(state);
        }
        queue(state).pop_front();
        state.taken = state.taken.saturating_add(bytes);
        state.at_work += 1;
        // The next may fit, too.
        self.changed.notify_all();
    }
}

impl Room<'_> {
    /// Waits for so many bytes more, to decode the file.
    pub fn grow(&mut self, bytes: u64) {
        let mut state = self.budget.state.lock();
        state.at_work -= 1;
        // Who waits may be the last that held anything and was at work.
        self.budget.changed.notify_all();
        self.budget.wait(&mut state, bytes, |state| &mut state.to_decode);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        let mut state = self.budget.state.lock();
        state.taken = state.taken.saturating_sub(self.bytes);
        state.at_work -= 1;
        self.budget.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    //! Properties proved here:
    //! 1. what is held never exceeds the budget, but for one that goes alone;
    //! 2. who came first goes first, however much it needs;
    //! 3. nobody waits for ever.

    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    /// Until so many wait.
    fn until_waiting(budget: &Budget, count: usize) {
        loop {
            let state = budget.state.lock();
            if state.to_read.len() + state.to_decode.len() == count {
                return;
            }
            drop(state);
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn what_needs_much_waits_for_the_others_and_is_not_overtaken() {
        let budget = Budget::new(100);
        let order = Mutex::new(Vec::new());
        thread::scope(|scope| {
            let first = budget.take(30);
            let second = budget.take(30);
            scope.spawn(|| {
                let _room = budget.take(500);
                order.lock().push("large");
                // Alone: nothing else was let in beside it.
                assert_eq!(budget.state.lock().at_work, 1);
            });
            until_waiting(&budget, 1);
            scope.spawn(|| {
                let _room = budget.take(1);
                order.lock().push("small");
            });
            until_waiting(&budget, 2);
            drop(first);
            thread::sleep(Duration::from_millis(5));
            assert!(order.lock().is_empty());
            drop(second);
        });
        assert_eq!(*order.lock(), ["large", "small"]);
        assert_eq!(budget.state.lock().taken, 0);
    }

    #[test]
    fn a_file_that_was_read_is_decoded_before_another_is_read() {
        let budget = Budget::new(100);
        let order = Mutex::new(Vec::new());
        thread::scope(|scope| {
            let first = budget.take(50);
            let mut second = budget.take(40);
            scope.spawn(|| {
                let _room = budget.take(40);
                order.lock().push("read");
            });
            until_waiting(&budget, 1);
            let order = &order;
            scope.spawn(move || {
                second.grow(30);
                order.lock().push("decoded");
            });
            until_waiting(&budget, 2);
            drop(first);
        });
        assert_eq!(*order.lock(), ["decoded", "read"]);
    }

    #[test]
    fn if_all_wait_for_more_the_first_goes_on() {
        let budget = Budget::new(100);
        thread::scope(|scope| {
            for mut room in [budget.take(40), budget.take(40)] {
                scope.spawn(move || room.grow(80));
            }
        });
        assert_eq!(budget.state.lock().taken, 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn everybody_gets_through_and_the_budget_holds(
            photos in prop::collection::vec((1u64..60, 0u64..200), 1..60),
            threads in 1usize..6,
        ) {
            const BYTES: u64 = 100;
            let budget = Budget::new(BYTES);
            let (files, decoding) = (AtomicU64::new(0), AtomicU64::new(0));
            let next = Mutex::new(photos.iter());
            thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        loop {
                            let Some(&(file, memory)) = next.lock().next() else { return };
                            let mut room = budget.take(file);
                            // Nothing that was not there already is over it.
                            assert!(files.fetch_add(file, Ordering::SeqCst) + file <= BYTES);
                            room.grow(memory);
                            let others = decoding.fetch_add(memory, Ordering::SeqCst);
                            assert!(others == 0 || others + memory <= BYTES);
                            thread::yield_now();
                            decoding.fetch_sub(memory, Ordering::SeqCst);
                            files.fetch_sub(file, Ordering::SeqCst);
                        }
                    });
                }
            });
            let state = budget.state.lock();
            prop_assert_eq!((state.taken, state.at_work), (0, 0));
        }
    }
}
