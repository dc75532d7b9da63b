//! A reader of PyTorch's pickled weights that can do nothing but read tensors.
//!
//! `torch.save` writes a pickle, which describes the tensors, and beside it the
//! bytes of their storages. [`machine`] runs the pickle, [`view`] picks a
//! tensor out of its storage and [`index`] joins the two. [`archive`] knows the
//! container of today and [`legacy`] that of PyTorch before 1.6.
//!
//! All of it is total: on any bytes it ends, without a panic, in memory linear
//! in their length.

mod archive;
mod index;
mod legacy;
mod machine;
mod view;

use crate::error::Error;
use crate::message::Message;

pub use archive::Archive;
pub use legacy::StateDict;

fn malformed(what: Message) -> Error {
    Error::usage(what)
}
