//! Properties proved here, on real processes (this test program, started again):
//! 1. a process that crashes, hangs, takes all memory or talks nonsense costs its
//!    file alone, and the next one is decoded;
//! 2. processes are shared, used again, at most so many, and end when idle;
//! 3. where none can be started, that is said.

use std::collections::HashSet;
use std::sync::Once;
use std::time::Instant;

use super::protocol::Mischief;
use super::*;
use crate::decode::{Detail, Limits};
use std::time::Duration;

const ASKED: (&str, &str) = ("AFTERIMAGE_TEST_SERVES", "1");

/// What a started test program runs: not a test of its own.
#[test]
fn serves_where_it_was_asked_to() {
    if std::env::var_os(ASKED.0).is_some() {
        process::exit(serve_streams().map_or(1, |()| 0));
    }
}

fn program() -> Program {
    let name = concat!(module_path!(), "::serves_where_it_was_asked_to");
    // Without the crate's name.
    let name = name.split_once("::").unwrap().1;
    Program {
        path: std::env::current_exe().unwrap(),
        arguments: ["--exact", name, "--nocapture", "--test-threads=1"].map(str::to_owned).to_vec(),
        variable: Some(ASKED),
    }
}

/// Has all tests of this module decode as the application does.
pub(crate) fn as_the_application() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| register(program()));
}

fn pool(most: usize, idle: Duration) -> Pool {
    let grace = Duration::from_secs(2);
    Pool::new(program(), Settings { most, idle, grace })
}

fn usual(most: usize) -> Pool {
    pool(most, Duration::from_secs(60))
}

fn ask(pool: &Pool, mischief: Mischief, bytes: &[u8], limits: &Limits) -> Result<Answer, Trouble> {
    pool.run(&Request { job: Job::Test(mischief), detail: Detail::Full, limits, bytes })
}

/// The number of the process that answered.
fn number(pool: &Pool) -> u32 {
    match ask(pool, Mischief::Number, b"some file", &Limits::default()).unwrap() {
        Answer::Picture { rgb, .. } => u32::from_le_bytes(*rgb.as_raw().first_chunk().unwrap()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_process_is_used_again() {
    let pool = usual(2);
    let first = number(&pool);
    assert_ne!(first, process::id());
    assert_eq!(number(&pool), first);
    assert_eq!(pool.processes(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_polite_thread_has_polite_processes_and_others_have_not() {
    let nice = |process: u32| {
        let process = rustix::process::Pid::from_raw(process as i32);
        rustix::process::getpriority_process(process).unwrap()
    };
    let pool = usual(2);
    let usual = number(&pool);
    let polite = || {
        crate::priority::lower();
        number(&pool)
    };
    let polite = std::thread::scope(|scope| scope.spawn(polite).join().unwrap());
    assert!(nice(polite) > nice(usual), "{} {}", nice(polite), nice(usual));
    assert_eq!(number(&pool), usual);
}

#[test]
fn a_crash_costs_its_file_alone() {
    let pool = usual(1);
    let first = number(&pool);
    let trouble = ask(&pool, Mischief::Crash, b"", &Limits::default()).unwrap_err();
    assert!(matches!(trouble, Trouble::Broke(_)), "{trouble:?}");
    assert_eq!(pool.processes(), 0, "neither of the two is kept");
    assert_ne!(number(&pool), first);
}

#[cfg(unix)]
#[test]
fn who_ends_a_process_at_work_does_not_damage_its_file() {
    use rustix::process::{Pid, Signal, kill_process};
    let (limits, most) = (Limits::default(), Duration::from_secs(60));
    for (signal, healthy) in [(Signal::KILL, true), (Signal::TERM, true), (Signal::SEGV, false)] {
        let pool = usual(1);
        let trouble = std::thread::scope(|scope| {
            let asked = scope.spawn(|| ask(&pool, Mischief::Hang, b"", &limits).unwrap_err());
            let start = Instant::now();
            while !asked.is_finished() && start.elapsed() < most {
                for number in pool.at_work() {
                    // It must have greeted, or it counts as not started; and those
                    // that Rust takes note of have to come twice.
                    std::thread::sleep(Duration::from_millis(1500));
                    let number = Pid::from_raw(number as i32).unwrap();
                    for _ in 0..2 {
                        let _ = kill_process(number, signal);
                        std::thread::sleep(Duration::from_millis(20));
                    }
                }
            }
            asked.join().unwrap()
        });
        let ended = matches!(trouble, Trouble::Ended(_));
        assert!(ended == healthy && (ended || matches!(trouble, Trouble::Broke(_))), "{trouble:?}");
        number(&pool);
    }
    let trouble = ask(&usual(1), Mischief::Abort, b"", &limits).unwrap_err();
    assert!(matches!(trouble, Trouble::Ended(_)), "{trouble:?}");
}

#[test]
fn a_process_that_hangs_is_ended() {
    let pool = usual(1);
    let limits = Limits { max_time: Duration::from_millis(100), ..Limits::default() };
    let start = Instant::now();
    let trouble = ask(&pool, Mischief::Hang, b"", &limits).unwrap_err();
    assert!(matches!(trouble, Trouble::TooSlow), "{trouble:?}");
    assert!(start.elapsed() > Duration::from_millis(100));
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(pool.processes(), 0);
    number(&pool);
}

#[cfg(target_os = "linux")]
#[test]
fn memory_is_bounded() {
    let pool = usual(1);
    let limits = Limits { max_alloc_bytes: 256 << 20, ..Limits::default() };
    match ask(&pool, Mischief::Devour, b"", &limits).unwrap() {
        Answer::Failed(error) => assert!(error.to_string().contains("no more memory"), "{error}"),
        other => panic!("{other:?}"),
    }
    number(&pool);
}

#[test]
fn nonsense_is_no_answer() {
    let pool = usual(1);
    let limits = Limits::default();
    let mut vast = vec![0; 24];
    vast[0] = 1;
    vast[8..24].fill(0xFF);
    for nonsense in [vec![99; 24], vast] {
        let trouble = ask(&pool, Mischief::Echo, &nonsense, &limits).unwrap_err();
        assert!(matches!(trouble, Trouble::Broke(_)), "{trouble:?}");
    }
    number(&pool);
}

#[test]
fn many_threads_share_few_processes() {
    let pool = usual(2);
    let bytes = vec![3; 3 << 20];
    let numbers: HashSet<u32> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|index| {
                let (pool, bytes) = (&pool, &bytes);
                scope.spawn(move || {
                    let mut seen = HashSet::new();
                    for turn in 0..20 {
                        if (index, turn) == (3, 7) {
                            let limits = Limits::default();
                            assert!(ask(pool, Mischief::Crash, bytes, &limits).is_err());
                        }
                        seen.insert(number(pool));
                        assert!(pool.processes() <= 3);
                    }
                    seen
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    // Two, and those that came after the crash.
    assert!((1..=4).contains(&numbers.len()), "{numbers:?}");
    assert!(pool.processes() <= 2);
}

#[test]
fn idle_processes_end() {
    let pool = pool(1, Duration::from_millis(50));
    let first = number(&pool);
    let start = Instant::now();
    while pool.processes() > 0 {
        assert!(start.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_ne!(number(&pool), first);
}

#[test]
fn what_cannot_be_started_is_said() {
    let start = |path: &str, argument: &str| {
        let (path, arguments) = (path.into(), vec![argument.to_owned()]);
        let program = Program { path, arguments, variable: None };
        let pool = Pool::new(program, Settings { most: 1, ..Settings::default() });
        let trouble = ask(&pool, Mischief::Number, b"", &Limits::default()).unwrap_err();
        assert!(matches!(trouble, Trouble::NotStarted(_)), "{trouble:?}");
        assert_eq!(pool.processes(), 0);
    };
    start("/nowhere/at/all", "");
    // A program that does something else.
    let other = std::env::current_exe().unwrap();
    start(other.to_str().unwrap(), "--list");
}
