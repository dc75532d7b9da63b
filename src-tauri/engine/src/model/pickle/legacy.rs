//! What `torch.save` wrote before version 1.6: header pickles, the state dict,
//! the storages' keys, then each storage's length and bytes.

use std::collections::HashMap;

use candle_core::DType;

use super::index::Index;
use super::machine::{Object, Program, Value, take};
use super::malformed;
use crate::error::{Context, Result};

/// `0x1950a86a20f9469cfc6c`, which opens every such file.
const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const PROTOCOL: i64 = 1001;

/// Named tensors, borrowed from the bytes of a file.
#[derive(Debug)]
pub struct StateDict<'a> {
    file: &'a [u8],
    index: Index,
}

impl<'a> StateDict<'a> {
    /// Reads a file in PyTorch's legacy format.
    ///
    /// # Errors
    /// When it is not such a file, is damaged, or asks for anything but tensors.
    pub fn read_legacy(file: &'a [u8]) -> Result<Self> {
        let index = read(file).context(|| message!("these weights cannot be read"))?;
        Ok(Self { file, index })
    }

    /// A tensor of 32-bit floats: its shape and its elements in row-major
    /// order, whatever order the file keeps them in.
    ///
    /// # Errors
    /// When there is none of this name, it has another type, or it reaches
    /// outside its storage.
    pub fn floats(&self, name: &str) -> Result<(Vec<usize>, Vec<f32>)> {
        let wrong = |what| malformed(message!("cannot use the tensor {name}", name).because(what));
        let stored =
            self.index.tensor(self.file, name)?.ok_or_else(|| wrong(message!("it is missing")))?;
        if stored.dtype != DType::F32 {
            return Err(wrong(message!("it does not hold 32-bit floats")));
        }
        let (values, _) = stored.bytes.as_chunks();
        Ok((stored.shape, values.iter().map(|&value| f32::from_le_bytes(value)).collect()))
    }
}

/// Finds the tensors in a legacy file.
pub fn read(file: &[u8]) -> Result<Index> {
    let mut rest = file;
    let magic = Program::run(&mut rest).ok().map(|program| program.root);
    if magic != Some(Value::Long(&MAGIC)) {
        return Err(malformed(message!("it does not begin as PyTorch's files do")));
    }
    if Program::run(&mut rest)?.root != Value::Int(PROTOCOL) {
        return Err(malformed(message!("the version of its format is unknown")));
    }
    let system = Program::run(&mut rest)?;
    if system.get(system.root, "little_endian") != Some(Value::Bool(true)) {
        return Err(malformed(message!("its numbers are not little-endian")));
    }
    let state = Program::run(&mut rest)?;
    let keys = Program::run(&mut rest)?;

    let sizes: HashMap<&str, usize> = state
        .objects
        .iter()
        .filter_map(|object| match object {
            Object::Storage(storage) => Some((storage.key, storage.kind.size)),
            _ => None,
        })
        .collect();
    let mut storages = HashMap::new();
    for key in
        keys.list(keys.root).ok_or_else(|| malformed(message!("it does not list its storages")))?
    {
        let Value::Str(key) = *key else {
            return Err(malformed(message!("a storage's key is not a string")));
        };
        let size =
            sizes.get(key).ok_or_else(|| malformed(message!("a storage belongs to no tensor")))?;
        let count = take(&mut rest, 8)?.try_into().map_or(0, i64::from_le_bytes);
        let len = usize::try_from(count).ok().and_then(|n| n.checked_mul(*size));
        let len = len.ok_or_else(|| malformed(message!("a storage's length is impossible")))?;
        let start = file.len() - rest.len();
        take(&mut rest, len)?;
        storages.insert(key, start..start + len);
    }
    Index::new(&state, |key| storages.get(key).cloned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A file of one tensor `w`, 2 x 3, kept column by column.
    fn legacy_file() -> Vec<u8> {
        let mut file = b"\x80\x02\x8a\x0a".to_vec();
        file.extend(MAGIC);
        file.extend(b".\x80\x02M\xe9\x03.");
        file.extend(b"\x80\x02}q\x00(X\x0d\x00\x00\x00little_endian\x88u.");
        file.extend(b"\x80\x02ccollections\nOrderedDict\n)R(X\x01\x00\x00\x00w");
        file.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storage");
        file.extend(b"ctorch\nFloatStorage\nX\x01\x00\x00\x00aX\x03\x00\x00\x00cpuK\x07NtQ");
        file.extend(b"K\x01K\x02K\x03\x86K\x01K\x02\x86\x89ccollections\nOrderedDict\n)RtR");
        file.extend(b"u}b.");
        file.extend(b"\x80\x02]X\x01\x00\x00\x00aa.");
        file.extend(7i64.to_le_bytes());
        file.extend((0..7u8).flat_map(|i| f32::from(i).to_le_bytes()));
        file
    }

    fn weights(file: &[u8]) -> Result<(Vec<usize>, Vec<f32>)> {
        StateDict::read_legacy(file)?.floats("w")
    }

    #[test]
    fn reads_a_strided_tensor_in_row_major_order() {
        let (shape, values) = weights(&legacy_file()).unwrap();
        assert_eq!(shape, [2, 3]);
        assert_eq!(values, [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
    }

    #[test]
    fn every_cut_is_an_error() {
        let file = legacy_file();
        for len in 0..file.len() {
            assert!(weights(&file[..len]).is_err(), "cut to {len} bytes");
        }
    }

    proptest! {
        #[test]
        fn any_damage_is_read_or_refused(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let mut file = legacy_file();
            for (at, byte) in damage {
                let at = at.index(file.len());
                file[at] = byte;
            }
            // What is still read has as many elements as its shape says.
            if let Ok((shape, values)) = weights(&file) {
                prop_assert_eq!(shape.iter().product::<usize>(), values.len());
            }
        }
    }
}
