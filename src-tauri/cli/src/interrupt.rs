//! Ctrl-C (and a polite kill): the first finishes the batch in flight and
//! stops, the second leaves at once. Leaving at once is safe too, it only
//! costs the batch.

use std::process;

use afterimage_engine::{Cancel, Control, Error, message};

/// Stops `control` on the first interrupt. Called once, by commands that run
/// long; the others keep the system's default of dying on the spot.
pub fn stops(control: &Control) -> Result<(), Error> {
    let control = control.clone();
    listen(move || {
        let again = control.is_stopped();
        control.stop();
        again
    })
}

/// Cancels `cancel` on the first interrupt, as [`stops`] stops.
pub fn cancels(cancel: &Cancel) -> Result<(), Error> {
    let cancel = cancel.clone();
    listen(move || {
        let again = cancel.is_cancelled();
        cancel.cancel();
        again
    })
}

/// Calls `interrupted` on each interrupt; it returns whether it was called
/// before.
fn listen(interrupted: impl Fn() -> bool + Send + 'static) -> Result<(), Error> {
    ctrlc::set_handler(move || {
        if interrupted() {
            process::exit(1);
        }
        // Not `eprintln!`: it panics when standard error is gone.
        let _ = std::io::Write::write_all(
            &mut std::io::stderr(),
            b"\nfinishing what is under way; press Ctrl-C again to leave at once\n",
        );
    })
    .map_err(|error| Error::failed(message!("cannot listen for Ctrl-C")).with(error))
}
