//! Pausing, stopping and telling how far the work is.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::view::Holder;

/// Pauses and stops work that runs elsewhere. Clones control the same work.
#[derive(Debug, Clone, Default)]
pub struct Control(Arc<State>);

#[derive(Debug, Default)]
struct State {
    paused: Mutex<bool>,
    changed: Condvar,
    stopped: AtomicBool,
}

impl Control {
    /// Work goes on with what is in flight and then waits.
    pub fn pause(&self) {
        *self.0.paused.lock() = true;
        self.0.changed.notify_all();
    }

    /// Paused work goes on.
    pub fn resume(&self) {
        *self.0.paused.lock() = false;
        self.0.changed.notify_all();
    }

    /// Whether the work is paused.
    pub fn is_paused(&self) -> bool {
        *self.0.paused.lock()
    }

    /// Work stores what is in flight and ends.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::Release);
        self.0.changed.notify_all();
    }

    /// Whether the work was stopped.
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::Acquire)
    }

    /// Waits until stopped, but no longer than `longest`.
    pub(crate) fn wait_until_stopped(&self, longest: Duration) {
        let until = Instant::now() + longest;
        // In short steps: stopping does not take the lock, so that a handler of
        // interrupts may, and its signal can be missed.
        while !self.is_stopped() && Instant::now() < until {
            let mut paused = self.0.paused.lock();
            self.0.changed.wait_for(&mut paused, Duration::from_millis(100));
        }
    }

    /// Waits while paused and not stopped, but no longer than `longest`.
    pub(super) fn wait_while_paused(&self, longest: Duration) {
        let mut paused = self.0.paused.lock();
        if *paused && !self.is_stopped() {
            self.0.changed.wait_for(&mut paused, longest);
        }
    }
}

/// Cancels one search. Clones cancel the same one.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// The search ends at its next step with [`Code::Cancelled`](crate::Code::Cancelled).
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// What the work is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Comparing the folders with the library.
    Scanning,
    /// Reading the model's weights.
    LoadingModel,
    /// Decoding, embedding and storing photos.
    Indexing,
    /// Waiting to be resumed.
    Paused,
    /// Waiting for another process that indexes.
    Waiting(Holder),
    /// Waiting for room on the disk; what was stored is kept.
    DiskFull,
    /// Everything is done; waiting for changes.
    Idle,
}

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// What is being done.
    pub step: Step,
    /// Photos finished in this run, failed ones included.
    pub done: u64,
    /// Photos that this run is to finish.
    pub total: u64,
    /// Photos that failed in this run.
    pub failed: u64,
    /// Photos a second, over the last seconds; 0 while unknown.
    pub rate: f64,
    /// At that rate; `None` while unknown.
    pub seconds_left: Option<f64>,
}

impl Progress {
    /// A step in which nothing is counted.
    pub(crate) fn at(step: Step) -> Self {
        Self { step, done: 0, total: 0, failed: 0, rate: 0.0, seconds_left: None }
    }
}

/// Measures the rate over the last seconds, so that it follows a change from
/// small photos to large ones.
pub(super) struct RateMeter {
    marks: VecDeque<(Instant, u64)>,
}

impl RateMeter {
    const WINDOW: Duration = Duration::from_secs(10);

    pub(super) fn new() -> Self {
        Self { marks: VecDeque::new() }
    }

    /// Forgets the past, for instance after a pause.
    pub(super) fn reset(&mut self) {
        self.marks.clear();
    }

    /// Photos a second, given how many are done by `now`; 0 in the first second.
    pub(super) fn mark(&mut self, now: Instant, done: u64) -> f64 {
        self.marks.push_back((now, done));
        while self.marks.len() > 2 && now - self.marks[1].0 >= Self::WINDOW {
            self.marks.pop_front();
        }
        let (since, before) = self.marks[0];
        let seconds = (now - since).as_secs_f64();
        if seconds < 1.0 { 0.0 } else { (done - before) as f64 / seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_follows_the_last_seconds() {
        let start = Instant::now();
        let mut meter = RateMeter::new();
        assert_eq!(meter.mark(start, 0), 0.0);
        for second in 1..=60u64 {
            // Ten a second at first, then one a second.
            let done = if second <= 30 { 10 * second } else { 300 + (second - 30) };
            let rate = meter.mark(start + Duration::from_secs(second), done);
            match second {
                1..=30 => assert!((rate - 10.0).abs() < 1e-9, "{second}: {rate}"),
                45.. => assert!((rate - 1.0).abs() < 1e-9, "{second}: {rate}"),
                _ => {}
            }
        }
    }

    #[test]
    fn a_pause_ends_by_resuming_or_stopping() {
        let control = Control::default();
        control.pause();
        let waiting = control.clone();
        let thread = std::thread::spawn(move || {
            while waiting.is_paused() && !waiting.is_stopped() {
                waiting.wait_while_paused(Duration::from_secs(60));
            }
        });
        control.stop();
        thread.join().unwrap();
        assert!(control.is_paused() && control.is_stopped());
    }
}
