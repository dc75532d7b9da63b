//! Work on the library: reconcile it with the disk, then decode, embed and
//! store what is pending, once or for as long as a window is open.
//!
//! ```text
//! scan ──► reconcile ──► catalog
//!                           │ pending, newest first
//!                           ▼
//!              decode (a thread a core) ──► embed ──► store
//!        a memory budget; bounded queues between them
//! ```

mod budget;
mod control;
mod follow;
mod photo_file;
mod pipeline;
mod policy;
mod poll;
mod reconcile;
mod register;
mod sensor;
mod settle;
mod tasks;
#[cfg(test)]
mod tests;

pub(crate) use budget::Budget;
pub use control::{Cancel, Control, Progress, Step};
pub(crate) use follow::{Follower, Wake, follow};
pub(crate) use pipeline::{Pipeline, Searchable, Totals};
pub use policy::{Conditions, Effort, Pace, Policy};
pub(crate) use poll::Poll;
pub(crate) use reconcile::{Place, Reconciled, Sight, find_again, reconcile};
pub(crate) use register::Register;
pub(crate) use sensor::Absent;
pub use sensor::Sensor;
pub(crate) use settle::Settling;
pub(crate) use tasks::{Task, lacking, slipping};

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
