//! How good search is, on the person's own photos: retrieval and labels judged by
//! what somebody said is right, the health of the vectors, and a map of them.
//!
//! The arithmetic is the crate `afterimage-insight`'s; here is where its numbers come
//! from and what they are called.

mod eval;
mod health;
mod input;
mod map;
mod warnings;

pub use eval::{EvalComparison, EvalInput, EvalReport, EvalRequest, EvalRun, EvalSetting};
pub use health::{Figure, Insight, NamedPlot};
pub use map::{MapCluster, PhotoMap};
pub use warnings::Concern;

pub(crate) use map::Maps;
