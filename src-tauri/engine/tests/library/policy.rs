//! What a person wants of the work in the background is kept, and obeyed by the
//! background alone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use afterimage_engine::{Control, Effort, Event, Pace, Policy, Sensor, Step};

use crate::support::{Fixture, eventually};

/// Tells what the test says.
#[derive(Clone, Default)]
struct Told(Arc<AtomicBool>);

impl Sensor for Told {
    fn in_use(&mut self) -> Option<bool> {
        Some(self.0.load(Ordering::Relaxed))
    }

    fn on_mains(&mut self) -> Option<bool> {
        None
    }
}

#[test]
fn a_policy_survives_reopening() {
    let f = Fixture::new();
    assert_eq!(f.engine.policy().unwrap(), Policy::default());
    let policy = Policy { pace: Pace::WhenAway, mains_only: true };
    f.engine.set_policy(policy).unwrap();
    assert_eq!(f.reopen().engine.policy().unwrap(), policy);
}

#[test]
fn the_background_waits_until_the_person_is_away() {
    let f = Fixture::new();
    for seed in 0..30 {
        f.photo(&format!("{seed}.png"), seed);
    }
    f.add();
    f.engine.set_policy(Policy { pace: Pace::WhenAway, mains_only: false }).unwrap();
    let there = Told::default();
    there.0.store(true, Ordering::Relaxed);
    let steps = Arc::new(Mutex::new(Vec::new()));
    let background = {
        let steps = steps.clone();
        f.engine.start_sensing(there.clone(), move |event| {
            if let Event::Progress(progress) = event {
                steps.lock().unwrap().push((progress.step, progress.effort));
            }
        })
    };
    let waiting = (Step::Deferred, Effort::WaitingForAbsence);
    eventually("waiting is told", || steps.lock().unwrap().contains(&waiting));
    there.0.store(false, Ordering::Relaxed);
    eventually("all is indexed", || f.engine.status().unwrap().pending == 0);
    assert_eq!(f.found().len(), 30);

    // Another choice takes effect while work waits.
    there.0.store(true, Ordering::Relaxed);
    background.control().pause();
    f.photo("late.png", 200);
    eventually("a pause is told", || {
        steps.lock().unwrap().last().is_some_and(|(step, _)| *step == Step::Paused)
    });
    background.control().resume();
    eventually("waiting again", || steps.lock().unwrap().last() == Some(&waiting));
    f.engine.set_policy(Policy { pace: Pace::Polite, mains_only: false }).unwrap();
    eventually("the late one is found", || f.found().len() == 31);
}

#[test]
fn a_run_that_was_asked_for_goes_at_full_speed() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    f.engine.set_policy(Policy { pace: Pace::WhenAway, mains_only: true }).unwrap();
    let efforts = Mutex::new(Vec::new());
    let note =
        |progress: afterimage_engine::Progress| efforts.lock().unwrap().push(progress.effort);
    assert_eq!(f.engine.index(&[], &Control::default(), &note).unwrap().embedded, 1);
    assert!(efforts.lock().unwrap().iter().all(|effort| *effort == Effort::Full));
}
