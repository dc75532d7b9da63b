//! Pausing, slowing down, stopping, and telling how far the work is.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::policy::Effort;
use crate::view::Holder;

/// How long a run waits to be told how hard it may go: what was told at the end
/// of the last one may be of last night.
const TOLD_WITHIN: Duration = Duration::from_secs(2);

/// Pauses and stops work that runs elsewhere. Clones control the same work.
#[derive(Debug, Clone, Default)]
pub struct Control(Arc<State>);

#[derive(Debug, Default)]
struct State {
    gate: Mutex<Gate>,
    changed: Condvar,
    stopped: AtomicBool,
}

#[derive(Debug, Default)]
struct Gate {
    paused: bool,
    effort: Effort,
    /// Somebody tells how hard the work may go.
    governed: bool,
    /// A run has begun and nothing was told since; it does not wait longer.
    untold_until: Option<Instant>,
    /// Runs that are under way.
    runs: usize,
}

impl Gate {
    fn is_closed(&self) -> bool {
        let untold = self.untold_until.is_some_and(|until| Instant::now() < until);
        self.paused || self.effort.waits() || untold
    }
}

impl Control {
    /// Work goes on with what is in flight and then waits.
    pub fn pause(&self) {
        self.change(|gate| gate.paused = true);
    }

    /// Paused work goes on.
    pub fn resume(&self) {
        self.change(|gate| gate.paused = false);
    }

    /// Whether the work is paused.
    pub fn is_paused(&self) -> bool {
        self.0.gate.lock().paused
    }

    /// How hard the work may go now, as far as it is not paused.
    pub fn effort(&self) -> Effort {
        self.0.gate.lock().effort
    }

    /// Has the work go so hard from now on.
    pub(crate) fn allow(&self, effort: Effort) {
        let mut gate = self.0.gate.lock();
        let untold = gate.untold_until.take().is_some();
        if untold || gate.effort != effort {
            gate.effort = effort;
            drop(gate);
            self.0.changed.notify_all();
        }
    }

    /// Has each run wait a moment at its begin for [`allow`](Self::allow).
    pub(crate) fn govern(&self) {
        self.change(|gate| gate.governed = true);
    }

    /// Work stores what is in flight and ends.
    pub fn stop(&self) {
        self.change(|_| self.0.stopped.store(true, Ordering::Release));
    }

    /// Whether the work was stopped.
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::Acquire)
    }

    /// Whether nothing new may begin: the work is paused, or waits for what the
    /// policy asks.
    pub(super) fn is_held(&self) -> bool {
        self.0.gate.lock().is_closed()
    }

    /// Waits while the work is held and not stopped, but no longer than `longest`.
    pub(super) fn wait_while_held(&self, longest: Duration) {
        self.wait_while(Gate::is_closed, longest);
    }

    /// Waits while there is no work for who is polite, or who is not.
    pub(super) fn wait_for_turn(&self, polite: bool, longest: Duration) {
        self.wait_while(|gate| gate.is_closed() || gate.effort.is_polite() != polite, longest);
    }

    /// Has all who wait look around.
    pub(super) fn look_around(&self) {
        self.0.changed.notify_all();
    }

    /// A run is under way until what this returns is dropped.
    pub(super) fn run(&self) -> Running<'_> {
        self.change(|gate| {
            gate.runs += 1;
            if gate.governed && gate.runs == 1 {
                gate.untold_until = Some(Instant::now() + TOLD_WITHIN);
            }
        });
        Running(self)
    }

    /// Waits until a run is under way; false once stopped.
    pub(crate) fn wait_for_run(&self) -> bool {
        let mut gate = self.0.gate.lock();
        while gate.runs == 0 && !self.is_stopped() {
            self.0.changed.wait(&mut gate);
        }
        !self.is_stopped()
    }

    /// Waits so long, unless it is stopped, or a run waits to be told something,
    /// before.
    pub(crate) fn rest(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut gate = self.0.gate.lock();
        while !self.is_stopped()
            && gate.untold_until.is_none()
            && !self.0.changed.wait_until(&mut gate, until).timed_out()
        {}
    }

    fn wait_while(&self, waits: impl Fn(&Gate) -> bool, longest: Duration) {
        let mut gate = self.0.gate.lock();
        if waits(&gate) && !self.is_stopped() {
            self.0.changed.wait_for(&mut gate, longest);
        }
    }

    fn change(&self, change: impl FnOnce(&mut Gate)) {
        // Under the lock, so that nobody looks before and falls asleep after.
        change(&mut self.0.gate.lock());
        self.0.changed.notify_all();
    }
}

/// A run that is under way.
pub(super) struct Running<'a>(&'a Control);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.change(|gate| gate.runs -= 1);
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
    /// Waiting for what the policy asks; [`Progress::effort`] says for what.
    Deferred,
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
    /// How hard the work goes, and why not harder.
    pub effort: Effort,
}

impl Progress {
    /// A step in which nothing is counted.
    pub(crate) fn at(step: Step) -> Self {
        Self {
            step,
            done: 0,
            total: 0,
            failed: 0,
            rate: 0.0,
            seconds_left: None,
            effort: Effort::Full,
        }
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
                waiting.wait_while_held(Duration::from_secs(60));
            }
        });
        control.stop();
        thread.join().unwrap();
        assert!(control.is_paused() && control.is_stopped());
    }

    #[test]
    fn waiting_ends_when_it_is_allowed_and_each_has_its_turn() {
        let control = Control::default();
        control.allow(Effort::WaitingForMains);
        assert!(control.is_held() && !control.is_paused());
        let waiting = control.clone();
        let thread = std::thread::spawn(move || {
            while waiting.is_held() {
                waiting.wait_while_held(Duration::from_secs(60));
            }
        });
        control.allow(Effort::PoliteInUse);
        thread.join().unwrap();
        // At once for the polite; the other waits to the end.
        control.wait_for_turn(true, Duration::from_secs(60));
        let began = Instant::now();
        control.wait_for_turn(false, Duration::from_millis(20));
        assert!(began.elapsed() >= Duration::from_millis(20));
    }

    #[test]
    fn a_run_begins_once_it_is_told_how_or_nobody_tells() {
        let control = Control::default();
        drop(control.run());
        assert!(!control.is_held(), "nobody governs it");
        control.govern();
        control.allow(Effort::Full);
        let run = control.run();
        assert!(control.is_held(), "what was told before may not hold any more");
        control.rest(Duration::from_secs(60));
        control.allow(Effort::Full);
        assert!(!control.is_held());
        let _another = control.run();
        assert!(!control.is_held(), "beside the first, it is told already");
        drop((run, _another));
        let _run = control.run();
        control.wait_while_held(2 * TOLD_WITHIN);
        let began = Instant::now();
        while control.is_held() {
            assert!(began.elapsed() < 10 * TOLD_WITHIN);
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn who_waits_for_a_run_hears_of_it_and_of_the_end() {
        let control = Control::default();
        let waiting = control.clone();
        let thread = std::thread::spawn(move || waiting.wait_for_run());
        let run = control.run();
        assert!(thread.join().unwrap());
        drop(run);
        control.stop();
        assert!(!control.wait_for_run());
        control.rest(Duration::from_secs(60));
    }
}
