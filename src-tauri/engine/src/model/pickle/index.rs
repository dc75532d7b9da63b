//! Which tensors a file holds and where.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use candle_core::DType;

use super::machine::{Kind, Object, Program, Tensor, Value};
use super::malformed;
use super::view::View;
use crate::error::Result;

/// What `DataParallel` puts before the name of every tensor.
const WRAPPER: &str = "module.";

/// The tensors of a file by name, without their bytes.
#[derive(Debug)]
pub struct Index {
    tensors: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    kind: Kind,
    view: View,
    /// The bytes of the file that the view is on. None where it has none of
    /// the storage's name.
    storage: Option<Range<usize>>,
}

/// A tensor as a file keeps it.
#[derive(Debug)]
pub struct ArchiveTensor<'a> {
    /// What an element is. Truth values are 0 and 1 of [`DType::U8`].
    pub dtype: DType,
    /// Elements along each dimension, none for a scalar.
    pub shape: Vec<usize>,
    /// The elements, row-major, little-endian; borrowed from the file where
    /// they lie there so.
    pub bytes: Cow<'a, [u8]>,
}

impl Index {
    /// Takes the tensors out of a pickle's result: a dict of them, or one that
    /// holds it as `state_dict` beside an epoch, an optimizer and the like.
    /// Whatever else the dict holds is passed over. `storages` tells where in
    /// the file the bytes of a storage of some key are.
    ///
    /// # Errors
    /// When there is no dict or no tensor in it.
    pub fn new(program: &Program, storages: impl Fn(&str) -> Option<Range<usize>>) -> Result<Self> {
        let inner = program.get(program.root, "state_dict");
        let entries = inner
            .and_then(|inner| program.dict(inner))
            .or_else(|| program.dict(program.root))
            .ok_or_else(|| malformed(message!("it holds no state dict")))?;
        let tensors: BTreeMap<&str, &Tensor> = entries
            .iter()
            .filter_map(|&(name, value)| match (name, program.object(value)?) {
                (Value::Str(name), Object::Tensor(tensor)) => Some((name, tensor)),
                _ => None,
            })
            .collect();
        if tensors.is_empty() {
            return Err(malformed(message!("it holds no tensors")));
        }
        // Training on several devices wraps the whole model in a module.
        let wrapped = tensors.keys().all(|name| name.starts_with(WRAPPER));
        let strip = if wrapped { WRAPPER.len() } else { 0 };
        let entry = |(name, tensor): (&str, &Tensor)| {
            let storage = storages(tensor.storage.key);
            let entry = Entry { kind: tensor.storage.kind, view: tensor.view.clone(), storage };
            (name[strip..].to_owned(), entry)
        };
        Ok(Self { tensors: tensors.into_iter().map(entry).collect() })
    }

    /// The names of all tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The tensor of this name in the file that the index was made for; None
    /// where there is none.
    ///
    /// # Errors
    /// When it has no storage, reaches outside it, or is of a type that cannot
    /// be computed with.
    pub fn tensor<'a>(&self, file: &'a [u8], name: &str) -> Result<Option<ArchiveTensor<'a>>> {
        let Some(Entry { kind, view, storage }) = self.tensors.get(name) else {
            return Ok(None);
        };
        let wrong = |what| malformed(message!("cannot use the tensor {name}", name).because(what));
        let storage = storage.clone().and_then(|range| file.get(range));
        let storage = storage.ok_or_else(|| wrong(message!("it has no storage")))?;
        let dtype = kind
            .dtype
            .ok_or_else(|| wrong(message!("it holds signed bytes, which are no weights")))?;
        let bytes = view.read(storage, kind.size);
        let bytes = bytes.ok_or_else(|| wrong(message!("it does not fit into its storage")))?;
        Ok(Some(ArchiveTensor { dtype, shape: view.shape().to_vec(), bytes }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The index of a dict of these names, each with a scalar from the storage
    /// of its position, and of a text.
    fn index(names: &[&str]) -> Result<Index> {
        let text = |text: &str| [&[0x8c, text.len() as u8], text.as_bytes()].concat();
        let mut pickle = b"}(".to_vec();
        for (i, name) in names.iter().enumerate() {
            pickle.extend(text(name));
            pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
            pickle.extend(text("storage"));
            pickle.extend(b"ctorch\nByteStorage\n");
            pickle.extend(text(&i.to_string()));
            pickle.extend(b"NNtQK\x00))NNtR");
        }
        pickle.extend(text("module.note"));
        pickle.extend(text("no tensor"));
        pickle.extend(b"u.");
        let program = Program::run(&mut &pickle[..])?;
        Index::new(&program, |key| key.parse().ok().map(|at: usize| at..at + 1))
    }

    fn names(of: &[&str]) -> Vec<String> {
        index(of).unwrap().names().map(str::to_owned).collect()
    }

    #[test]
    fn a_wrapper_around_all_is_stripped() {
        assert_eq!(names(&["module.a", "module.b"]), ["a", "b"]);
        assert_eq!(names(&["module.a", "a"]), ["a", "module.a"]);
    }

    #[test]
    fn the_last_of_one_name_counts() {
        let index = index(&["w", "w"]).unwrap();
        assert_eq!(index.tensor(&[5, 6], "w").unwrap().unwrap().bytes[..], [6]);
    }

    #[test]
    fn a_dict_without_tensors_is_none() {
        assert!(index(&[]).unwrap_err().to_string().contains("no tensors"));
    }
}
