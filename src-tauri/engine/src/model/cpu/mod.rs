//! The engine that computes transformers on a processor, and the parts that the
//! starter's network of convolutions is made of.
//!
//! ```text
//! tower        images or texts ─► tokens ─► layers ─► one vector each
//! crew         the threads of a tower, and what they share
//! transformer  layers;  attention  the part where tokens look at each other
//! product      a linear layer, packed once, in f32 or in 8 bits
//! kernels      the inner loops, for each kind of processor
//! ```
//!
//! candle reads the weights, runs on GPUs, and is the reference that the tests
//! hold this engine against. What makes it fast, apart from the kernels: sums
//! are finished (bias, activation, residual) while they are in the first-level
//! cache, buffers are kept, the last layer computes only the tokens that are
//! asked for, and texts are not filled up to one length.

mod attention;
mod crew;
mod kernels;
mod product;
#[cfg(test)]
mod tests;
mod tower;
mod transformer;

/// Whether products in 8 bits are faster here than those in f32.
pub fn has_fast_int8() -> bool {
    kernels::kernels().fast_int8
}

pub use attention::Sight;
#[cfg(test)]
pub use kernels::available;
pub use kernels::{Depthwise, Finish, Kernels, Lines, kernels};
pub use product::{Bytes, Input, Matrix, Product};
pub use tower::{AttentionPool, Batch, Embed, Pool, Rows, Tower, on_threads, patches, politely};
pub use transformer::{Attention, Layer, Norm, Order, Perceptron, Transformer};
