//! Answering a question: words and examples to one vector, all photos scored
//! by it, each score given a meaning.

mod calibrate;
mod compose;
mod filter;
pub mod query;
mod rank;

pub(crate) use filter::format;
pub(crate) use rank::{embed_file, hit, search};
