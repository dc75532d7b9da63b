//! Decoders that may crash, hang or take all memory, in processes of their own.
//!
//! Decoders written in C read files that anybody may have made; a fault in one
//! must cost that file alone. So the application's own program is started again
//! as a decoding process ([`serve_if_asked`]): [`pool`] keeps a few of them, one
//! a core at most, [`protocol`] is what is said over their standard input and
//! output, [`serve`] is their side.
//!
//! Where no program is known that could be started (the engine as a library of
//! another program), [`run`] says so, and callers do without.

mod pool;
mod protocol;
mod serve;
mod system;
#[cfg(test)]
pub(super) mod tests;

use std::io;
use std::path::PathBuf;
use std::process;
use std::sync::OnceLock;

pub(super) use pool::Trouble;
use pool::{Pool, Program, Settings};
pub(super) use protocol::{Answer, Job, Request};

/// The only argument of a decoding process.
const ARGUMENT: &str = "--decoder-process";

static POOL: OnceLock<Pool> = OnceLock::new();

/// To be called before anything else by a program that uses the engine.
///
/// Decoders written in C run in processes of their own, for which the program
/// starts itself again, with an argument of its own. In such a process this
/// function decodes and never returns. In any other it remembers the program as
/// the one to start; where it was never called, JPEG is decoded in Rust, several
/// times slower, and HEIC and AVIF not at all.
pub fn serve_if_asked() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|it| it == ARGUMENT) && arguments.next().is_none() {
        process::exit(match serve_streams() {
            Ok(()) => 0,
            // The application is gone, or will say what happened.
            Err(_) => 1,
        });
    }
    match std::env::current_exe() {
        Ok(path) => register(Program {
            path: named_still(path),
            arguments: vec![ARGUMENT.to_owned()],
            variable: None,
        }),
        Err(error) => tracing::warn!("no decoding process can be started: {error}"),
    }
}

/// The program as Linux holds it, which can be started even after its file was
/// replaced by a newer version; elsewhere as it is named.
fn named_still(path: PathBuf) -> PathBuf {
    if cfg!(target_os = "linux") { PathBuf::from("/proc/self/exe") } else { path }
}

fn serve_streams() -> io::Result<()> {
    system::leave_no_dumps();
    let (from, to) = system::streams()?;
    serve::serve(from, to)
}

fn register(program: Program) {
    // The first one stays.
    let _ = POOL.set(Pool::new(program, Settings::default()));
}

/// Whether there are decoding processes.
pub(super) fn is_there() -> bool {
    POOL.get().is_some()
}

/// Has a decoding process do it.
pub(super) fn run(request: &Request<'_>) -> Result<Answer, Trouble> {
    match POOL.get() {
        Some(pool) => pool.run(request),
        None => Err(Trouble::NotStarted(io::Error::other("no program was named"))),
    }
}
