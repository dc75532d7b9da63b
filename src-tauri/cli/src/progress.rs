//! Progress on standard error: a bar on a terminal, a line now and then
//! elsewhere, so that a log stays readable.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use afterimage_engine::{self as engine, Progress, Step};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::size;

/// A log gets a line at each step and then no more often than this.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// Shows the engine's progress. Removes its bar when dropped.
pub enum Display {
    /// A terminal: one bar, redrawn.
    Bar(ProgressBar),
    /// Anything else: lines.
    Log(Mutex<Option<(Step, Instant)>>),
}

impl Display {
    /// A bar if standard error is a terminal, lines otherwise.
    pub fn new() -> Self {
        if std::io::stderr().is_terminal() {
            Self::Bar(ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr()))
        } else {
            Self::Log(Mutex::new(None))
        }
    }

    /// Shows where the work is.
    pub fn show(&self, progress: &Progress) {
        match self {
            Self::Bar(bar) => {
                let template = match progress.step {
                    Step::Scanning | Step::LoadingModel | Step::Waiting(_) | Step::DiskFull => {
                        "{spinner} {wide_msg}"
                    }
                    _ => "{bar:30} {wide_msg}",
                };
                if let Ok(style) = ProgressStyle::with_template(template) {
                    bar.set_style(style);
                }
                bar.set_length(progress.total);
                bar.set_position(progress.done);
                bar.set_message(describe(progress));
            }
            Self::Log(last) => {
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                let now = Instant::now();
                let due = last.is_none_or(|(step, at)| {
                    step != progress.step || now.duration_since(at) >= LOG_EVERY
                });
                if due && progress.step != Step::Idle {
                    *last = Some((progress.step, now));
                    // A log that cannot be written must not stop the work.
                    let _ = writeln!(std::io::stderr(), "{}", describe(progress));
                }
            }
        }
    }

    /// Runs `print` while the bar is out of the way.
    pub fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        match self {
            Self::Bar(bar) => bar.suspend(print),
            Self::Log(_) => print(),
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// Shows how far a download is. Removes its bar when dropped.
pub enum Download {
    /// A terminal: one bar, redrawn.
    Bar(ProgressBar),
    /// Anything else: lines.
    Log(Mutex<Option<Instant>>),
}

impl Download {
    /// A bar if standard error is a terminal, lines otherwise.
    pub fn new() -> Self {
        if std::io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            match ProgressStyle::with_template("{bar:30} {wide_msg}") {
                Ok(style) => Self::Bar(bar.with_style(style)),
                Err(_) => Self::Bar(bar),
            }
        } else {
            Self::Log(Mutex::new(None))
        }
    }

    /// Shows where the download is.
    pub fn show(&self, progress: &engine::Download) {
        match self {
            Self::Bar(bar) => {
                bar.set_length(progress.total);
                bar.set_position(progress.done);
                bar.set_message(describe_download(progress));
            }
            Self::Log(last) => {
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                let due = last.is_none_or(|at| at.elapsed() >= LOG_EVERY);
                if due {
                    *last = Some(Instant::now());
                    // A log that cannot be written must not stop the work.
                    let _ = writeln!(std::io::stderr(), "{}", describe_download(progress));
                }
            }
        }
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn describe_download(progress: &engine::Download) -> String {
    let &engine::Download { done, total, rate, seconds_left, waiting } = progress;
    if let Some(seconds) = waiting {
        return format!("the hub is busy or out of reach; trying again in {}", duration(seconds));
    }
    if done >= total {
        return format!("{}, checking the model", size(total));
    }
    let mut line = format!("{} of {}", size(done), size(total));
    if rate > 0.0 {
        line += &format!(", {}/s", size(rate as u64));
    }
    if let Some(seconds) = seconds_left {
        line += &format!(", {} left", duration(seconds));
    }
    line
}

fn describe(progress: &Progress) -> String {
    let Progress { step, done, total, failed, rate, seconds_left, effort: _ } = *progress;
    match step {
        Step::Scanning => "looking for photos".into(),
        Step::LoadingModel => "loading the model".into(),
        Step::Idle => "up to date".into(),
        Step::Paused => format!("paused at {done} of {total}"),
        Step::Waiting(holder) => format!("waiting for {holder}, which works on this library"),
        Step::DiskFull => "paused: the disk is full; going on as soon as there is room".into(),
        Step::Deferred => format!("waiting at {done} of {total}"),
        Step::Indexing => {
            let mut line = format!("{done} of {total} photos");
            if rate > 0.0 {
                line += &format!(", {rate:.0}/s");
            }
            if let Some(seconds) = seconds_left {
                line += &format!(", {} left", duration(seconds));
            }
            if failed > 0 {
                line += &format!(", {failed} failed");
            }
            line
        }
    }
}

/// Two units at most: nobody plans by the second when hours are left.
fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0).ceil() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(0.2), "1 s");
        assert_eq!(duration(61.0), "1 min 1 s");
        assert_eq!(duration(7322.0), "2 h 2 min");
        assert_eq!(duration(-1.0), "0 s");
    }

    #[test]
    fn a_line_says_only_what_is_known() {
        let mut progress = Progress {
            step: Step::Indexing,
            done: 3,
            total: 10,
            failed: 0,
            rate: 0.0,
            seconds_left: None,
            effort: engine::Effort::Full,
        };
        assert_eq!(describe(&progress), "3 of 10 photos");
        progress.rate = 2.0;
        progress.seconds_left = Some(3.5);
        progress.failed = 1;
        assert_eq!(describe(&progress), "3 of 10 photos, 2/s, 4 s left, 1 failed");
    }
}
