//! The side of the decoding process.

use std::io::{self, Read, Write};
use std::process;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::protocol::{self, Answer, Job, Mischief, Order};
use crate::decode::{self, DecodeError};

/// After a file's limit and this, a process ends itself: if the application is
/// gone there is nobody else to do it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Buffers larger than this are given back between files.
const MOST_KEPT: usize = 32 << 20;

/// Answers requests until there are no more.
pub(super) fn serve(mut from: impl Read, mut to: impl Write) -> io::Result<()> {
    let (begin, watched) = mpsc::channel();
    thread::Builder::new().name("watch".into()).spawn(move || watch(&watched))?;
    protocol::greet(&mut to)?;
    let mut bytes = Vec::new();
    while let Some(order) = Order::read(&mut from, &mut bytes)? {
        super::system::limit_memory(order.limits.max_alloc_bytes, bytes.len() as u64);
        // The watch cannot have ended.
        let _ = begin.send(Some(Instant::now() + order.limits.max_time + PATIENCE));
        if order.job == Job::Test(Mischief::Echo) {
            to.write_all(&bytes)?;
            to.flush()?;
        } else {
            answer(&order, &bytes).write(&mut to)?;
        }
        let _ = begin.send(None);
        if bytes.capacity() > MOST_KEPT {
            bytes = Vec::new();
        }
    }
    Ok(())
}

fn answer(order: &Order, bytes: &[u8]) -> Answer {
    let Order { job, detail, limits } = order;
    let result = match job {
        #[cfg(feature = "turbojpeg")]
        Job::Jpeg => {
            return match decode::turbo::decode(bytes, *detail, limits) {
                Some((rgb, size)) => Answer::Picture { rgb, size, profile: None },
                None => Answer::Unwilling,
            };
        }
        #[cfg(not(feature = "turbojpeg"))]
        Job::Jpeg => return Answer::Unwilling,
        Job::Heif => decode::heif(bytes, *detail, limits),
        Job::Jxl => decode::guarded_jxl(bytes, limits),
        Job::Test(mischief) => return mischievous(*mischief),
    };
    match result {
        Ok(decode::Pixels { rgb, size, profile }) => Answer::Picture { rgb, size, profile },
        Err(error) => Answer::Failed(error),
    }
}

fn mischievous(mischief: Mischief) -> Answer {
    if cfg!(test) {
        match mischief {
            Mischief::Abort | Mischief::Echo => {}
            Mischief::Crash => fault(),
            Mischief::Hang => thread::sleep(Duration::from_secs(3600)),
            Mischief::Devour => {
                let mut all: Vec<Vec<u8>> = Vec::new();
                loop {
                    let mut more = Vec::new();
                    if more.try_reserve_exact(64 << 20).is_err() {
                        let taken = all.len() * 64;
                        let reason = message!("no more memory after {size} MB", size = taken);
                        return Answer::Failed(DecodeError::permanent(reason));
                    }
                    more.resize(64 << 20, 1);
                    all.push(more);
                }
            }
            Mischief::Number => {
                let number = process::id().to_le_bytes();
                let pixels = [number.as_slice(), &[0; 2]].concat();
                if let Some(rgb) = image::RgbImage::from_raw(2, 1, pixels) {
                    return Answer::Picture { rgb, size: (2, 1), profile: None };
                }
            }
        }
    }
    process::abort();
}

/// Ends the process as a fault in a codec does.
fn fault() {
    #[cfg(unix)]
    {
        // One that Rust leaves to the system; it may reach another thread first.
        use rustix::process::{Signal, getpid, kill_process};
        let _ = kill_process(getpid(), Signal::ILL);
        thread::sleep(Duration::from_secs(10));
    }
}

/// Ends the process where a file takes longer than it may.
fn watch(begin: &Receiver<Option<Instant>>) {
    let mut until = None;
    loop {
        let next = match until {
            None => begin.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(until) => {
                begin.recv_timeout(Instant::saturating_duration_since(&until, Instant::now()))
            }
        };
        match next {
            Ok(next) => until = next,
            Err(RecvTimeoutError::Timeout) => process::exit(3),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
