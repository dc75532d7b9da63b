//! A reader of PyTorch's pickled weights that can do nothing but read tensors.
//!
//! A pickle is a program for a small stack machine, and Python's machine lets
//! it call anything. This one knows the few instructions that a saved state
//! dict consists of and four names, `OrderedDict`, `_rebuild_tensor_v2`,
//! `FloatStorage` and `LongStorage`; whatever else a file asks for is an error.
//! It is total: on any bytes it ends, without a panic, in memory linear in the
//! length of its input. Values live in one arena and refer to each other by
//! index, so neither cycles nor depth can do harm.
//!
//! [`Program::run`] is the machine alone, for any container; [`StateDict`]
//! reads the container that `torch.save` wrote before version 1.6: header
//! pickles, the state dict, the storages' keys, then each storage's bytes.

use std::collections::HashMap;

use crate::error::{Error, Result};

/// `0x1950a86a20f9469cfc6c`, which opens every legacy file.
const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const LEGACY_PROTOCOL: i64 = 1001;
/// More dimensions than any weight has. Without a limit, one long shape that
/// many names share would grow when each gets its copy.
const MAX_RANK: usize = 8;
/// What a CPython pickler of protocol 2 to 5 may announce.
const NEWEST_PICKLE: u8 = 5;

/// Named tensors, borrowed from the bytes of a file.
#[derive(Debug)]
pub struct StateDict<'a> {
    tensors: HashMap<&'a str, Tensor<'a>>,
    storages: HashMap<&'a str, &'a [u8]>,
}

impl<'a> StateDict<'a> {
    /// Reads a file in PyTorch's legacy format.
    ///
    /// # Errors
    /// When it is not such a file, is damaged, or holds anything but tensors.
    pub fn read_legacy(file: &'a [u8]) -> Result<Self> {
        let mut rest = file;
        if Program::run(&mut rest)?.root != Value::Long(&MAGIC) {
            return Err(malformed("it does not begin as a legacy PyTorch file does"));
        }
        if Program::run(&mut rest)?.root != Value::Int(LEGACY_PROTOCOL) {
            return Err(malformed("its format version is unknown"));
        }
        let system = Program::run(&mut rest)?;
        if system.get("little_endian") != Some(Value::Bool(true)) {
            return Err(malformed("its numbers are not little-endian"));
        }
        let state = Program::run(&mut rest)?;
        let keys = Program::run(&mut rest)?;

        let kinds: HashMap<&str, Kind> = state
            .objects
            .iter()
            .filter_map(|object| match object {
                Object::Storage(storage) => Some((storage.key, storage.kind)),
                _ => None,
            })
            .collect();
        let mut storages = HashMap::new();
        for key in keys.list()? {
            let Value::Str(key) = *key else {
                return Err(malformed("a storage's key is not a string"));
            };
            let kind = kinds.get(key).ok_or_else(|| malformed("a storage belongs to no tensor"))?;
            let count = take(&mut rest, 8)?.try_into().map_or(0, i64::from_le_bytes);
            let bytes = usize::try_from(count).ok().and_then(|n| n.checked_mul(kind.size()));
            let bytes = bytes.ok_or_else(|| malformed("a storage's length is impossible"))?;
            storages.insert(key, take(&mut rest, bytes)?);
        }
        Ok(Self { tensors: state.tensors()?, storages })
    }

    /// A tensor of 32-bit floats: its shape and its elements in row-major
    /// order, whatever order the file keeps them in.
    ///
    /// # Errors
    /// When there is none of this name, it has another type, or it reaches
    /// outside its storage.
    pub fn floats(&self, name: &str) -> Result<(Vec<usize>, Vec<f32>)> {
        let wrong = |what: &str| malformed(&format!("the tensor {name} {what}"));
        let tensor = self.tensors.get(name).ok_or_else(|| wrong("is missing"))?;
        if tensor.storage.kind != Kind::Float {
            return Err(wrong("does not hold 32-bit floats"));
        }
        let bytes = self.storages.get(tensor.storage.key).ok_or_else(|| wrong("has no storage"))?;
        let (storage, _) = bytes.as_chunks::<4>();
        let elements = tensor.positions(storage.len()).ok_or_else(|| wrong("has a wrong shape"))?;
        let values = elements.into_iter().map(|at| f32::from_le_bytes(storage[at])).collect();
        Ok((tensor.shape.clone(), values))
    }
}

/// A view into a storage.
#[derive(Debug, Clone)]
struct Tensor<'a> {
    storage: Storage<'a>,
    offset: usize,
    shape: Vec<usize>,
    /// In elements.
    stride: Vec<usize>,
}

impl Tensor<'_> {
    /// Where each element lies in a storage of `len` elements, in row-major
    /// order. None when one would lie outside, or when there are more than
    /// `len` of them, as only a stride of zero can bring about.
    fn positions(&self, len: usize) -> Option<Vec<usize>> {
        if self.shape.contains(&0) {
            return Some(Vec::new());
        }
        let count = self.shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d))?;
        let last = self
            .shape
            .iter()
            .zip(&self.stride)
            .try_fold(self.offset, |at, (&d, &s)| at.checked_add((d - 1).checked_mul(s)?))?;
        if count > len || last >= len {
            return None;
        }
        let mut positions = vec![self.offset];
        for (&dim, &stride) in self.shape.iter().zip(&self.stride) {
            positions = positions
                .into_iter()
                .flat_map(|at| (0..dim).map(move |i| at + i * stride))
                .collect();
        }
        Some(positions)
    }
}

/// What a persistent id names: bytes that lie elsewhere in the file.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Storage<'a> {
    kind: Kind,
    key: &'a str,
}

/// The element type of a storage.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Float,
    Long,
}

impl Kind {
    /// Bytes an element.
    fn size(self) -> usize {
        match self {
            Self::Float => 4,
            Self::Long => 8,
        }
    }
}

/// The only names a pickle may ask for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Global {
    OrderedDict,
    RebuildTensor,
    Storage(Kind),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Value<'a> {
    None,
    Bool(bool),
    Int(i64),
    /// An integer of any length, two's complement, little-endian.
    Long(&'a [u8]),
    Str(&'a str),
    Global(Global),
    /// An index into [`Program::objects`].
    Object(usize),
}

#[derive(Debug)]
enum Object<'a> {
    Tuple(Vec<Value<'a>>),
    List(Vec<Value<'a>>),
    Dict(Vec<(Value<'a>, Value<'a>)>),
    Storage(Storage<'a>),
    Tensor(Tensor<'a>),
}

/// A pickle that ran to its end.
#[derive(Debug)]
struct Program<'a> {
    root: Value<'a>,
    objects: Vec<Object<'a>>,
}

impl<'a> Program<'a> {
    /// Runs one pickle and leaves in `input` what follows it.
    fn run(input: &mut &'a [u8]) -> Result<Self> {
        let mut machine = Machine::default();
        let root = loop {
            if let Some(root) = machine.step(input)? {
                break root;
            }
        };
        Ok(Self { root, objects: machine.objects })
    }

    /// What the root, a dict, holds under `key`.
    fn get(&self, key: &str) -> Option<Value<'a>> {
        let Value::Object(root) = self.root else { return None };
        let Object::Dict(entries) = self.objects.get(root)? else { return None };
        entries.iter().find(|(k, _)| *k == Value::Str(key)).map(|&(_, value)| value)
    }

    /// The root, a list.
    fn list(&self) -> Result<&[Value<'a>]> {
        match self.root {
            Value::Object(root) => match &self.objects[root] {
                Object::List(items) => Ok(items),
                _ => Err(malformed("a list was expected")),
            },
            _ => Err(malformed("a list was expected")),
        }
    }

    /// The root, a dict of tensors by name.
    fn tensors(&self) -> Result<HashMap<&'a str, Tensor<'a>>> {
        let Value::Object(root) = self.root else {
            return Err(malformed("it holds no state dict"));
        };
        let Object::Dict(entries) = &self.objects[root] else {
            return Err(malformed("it holds no state dict"));
        };
        let tensor = |entry: &(Value<'a>, Value<'a>)| match *entry {
            (Value::Str(name), Value::Object(at)) => match &self.objects[at] {
                Object::Tensor(tensor) => Ok((name, tensor.clone())),
                _ => Err(malformed(&format!("{name} is not a tensor"))),
            },
            _ => Err(malformed("its state dict does not map names to tensors")),
        };
        entries.iter().map(tensor).collect()
    }
}

/// The state between two instructions.
#[derive(Default)]
struct Machine<'a> {
    stack: Vec<Value<'a>>,
    /// Heights of the stack at the open marks.
    marks: Vec<usize>,
    memo: HashMap<u32, Value<'a>>,
    objects: Vec<Object<'a>>,
}

impl<'a> Machine<'a> {
    /// Runs one instruction; the last one returns the program's result.
    fn step(&mut self, input: &mut &'a [u8]) -> Result<Option<Value<'a>>> {
        let value = match byte(input)? {
            // PROTO
            0x80 => {
                if byte(input)? > NEWEST_PICKLE {
                    return Err(malformed("its pickle protocol is unknown"));
                }
                return Ok(None);
            }
            // STOP
            b'.' => return self.pop().map(Some),
            // MARK
            b'(' => {
                self.marks.push(self.stack.len());
                return Ok(None);
            }
            // BINPUT, LONG_BINPUT
            opcode @ (b'q' | b'r') => {
                let slot = index(opcode == b'r', input)?;
                let top = self.pop()?;
                self.memo.insert(slot, top);
                top
            }
            // BINGET, LONG_BINGET
            opcode @ (b'h' | b'j') => {
                let slot = index(opcode == b'j', input)?;
                *self.memo.get(&slot).ok_or_else(|| malformed("it recalls what it never put"))?
            }
            // NONE, NEWTRUE, NEWFALSE
            b'N' => Value::None,
            0x88 => Value::Bool(true),
            0x89 => Value::Bool(false),
            // BININT, BININT1, BININT2, LONG1
            b'J' => Value::Int(word(input)?.cast_signed().into()),
            b'K' => Value::Int(byte(input)?.into()),
            b'M' => Value::Int(i64::from(byte(input)?) | i64::from(byte(input)?) << 8),
            0x8a => {
                let len = byte(input)?.into();
                integer(take(input, len)?)
            }
            // BINUNICODE
            b'X' => {
                let len = word(input)? as usize;
                let text = std::str::from_utf8(take(input, len)?);
                Value::Str(text.map_err(|_| malformed("a string in it is not UTF-8"))?)
            }
            // EMPTY_DICT, EMPTY_LIST, EMPTY_TUPLE
            b'}' => self.create(Object::Dict(Vec::new())),
            b']' => self.create(Object::List(Vec::new())),
            b')' => self.create(Object::Tuple(Vec::new())),
            // TUPLE, TUPLE1, TUPLE2, TUPLE3
            b't' => {
                let items = self.pop_to_mark()?;
                self.create(Object::Tuple(items))
            }
            opcode @ 0x85..=0x87 => {
                let mut items = Vec::new();
                for _ in 0x85..=opcode {
                    items.insert(0, self.pop()?);
                }
                self.create(Object::Tuple(items))
            }
            // APPEND, APPENDS, SETITEM, SETITEMS
            b'a' => {
                let item = self.pop()?;
                self.extend(vec![item])?
            }
            b'e' => {
                let items = self.pop_to_mark()?;
                self.extend(items)?
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.insert(&[key, value])?
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.insert(&items)?
            }
            // GLOBAL
            b'c' => Value::Global(global(line(input)?, line(input)?)?),
            // REDUCE
            b'R' => {
                let arguments = self.pop()?;
                let callee = self.pop()?;
                self.call(callee, arguments)?
            }
            // BUILD: a state dict carries its `_metadata` so; nobody needs it.
            b'b' => {
                self.pop()?;
                let target = self.pop()?;
                if !matches!(target, Value::Object(at) if matches!(self.objects[at], Object::Dict(_)))
                {
                    return Err(malformed("it sets attributes of something that is not a dict"));
                }
                target
            }
            // BINPERSID
            b'Q' => {
                let id = self.pop()?;
                let storage = self.storage(id)?;
                self.create(Object::Storage(storage))
            }
            opcode => {
                return Err(malformed(&format!("the instruction {opcode:#04x} is not allowed")));
            }
        };
        self.stack.push(value);
        Ok(None)
    }

    fn create(&mut self, object: Object<'a>) -> Value<'a> {
        self.objects.push(object);
        Value::Object(self.objects.len() - 1)
    }

    /// Takes the topmost value, never one below an open mark.
    fn pop(&mut self) -> Result<Value<'a>> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let value = if self.stack.len() > floor { self.stack.pop() } else { None };
        value.ok_or_else(|| malformed("it takes from an empty stack"))
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Value<'a>>> {
        let mark = self.marks.pop().ok_or_else(|| malformed("it misses a mark"))?;
        Ok(self.stack.split_off(mark))
    }

    /// Appends to the list on top of the stack.
    fn extend(&mut self, items: Vec<Value<'a>>) -> Result<Value<'a>> {
        let target = self.pop()?;
        if let Value::Object(at) = target
            && let Object::List(list) = &mut self.objects[at]
        {
            list.extend(items);
            return Ok(target);
        }
        Err(malformed("it appends to something that is not a list"))
    }

    /// Adds keys and values, in turns, to the dict on top of the stack.
    fn insert(&mut self, items: &[Value<'a>]) -> Result<Value<'a>> {
        let target = self.pop()?;
        let (pairs, odd) = items.as_chunks::<2>();
        if let Value::Object(at) = target
            && let Object::Dict(dict) = &mut self.objects[at]
            && odd.is_empty()
        {
            dict.extend(pairs.iter().map(|&[key, value]| (key, value)));
            return Ok(target);
        }
        Err(malformed("it adds entries to something that is not a dict"))
    }

    fn call(&mut self, callee: Value<'a>, arguments: Value<'a>) -> Result<Value<'a>> {
        let object = match (callee, self.tuple(arguments)?) {
            (Value::Global(Global::OrderedDict), []) => Object::Dict(Vec::new()),
            // Then: requires_grad, backward_hooks, and in newer files metadata.
            (
                Value::Global(Global::RebuildTensor),
                &[Value::Object(storage), Value::Int(offset), shape, stride, _, _, ..],
            ) => {
                let Object::Storage(storage) = self.objects[storage] else {
                    return Err(malformed("a tensor lacks its storage"));
                };
                let (shape, stride) = (self.sizes(shape)?, self.sizes(stride)?);
                let offset = usize::try_from(offset).ok();
                match offset {
                    Some(offset) if shape.len() == stride.len() && shape.len() <= MAX_RANK => {
                        Object::Tensor(Tensor { storage, offset, shape, stride })
                    }
                    _ => return Err(malformed("a tensor's shape is impossible")),
                }
            }
            _ => return Err(malformed("it makes a call that is not allowed")),
        };
        Ok(self.create(object))
    }

    fn tuple(&self, value: Value<'a>) -> Result<&[Value<'a>]> {
        if let Value::Object(at) = value
            && let Object::Tuple(items) = &self.objects[at]
        {
            return Ok(items);
        }
        Err(malformed("a tuple was expected"))
    }

    fn sizes(&self, value: Value<'a>) -> Result<Vec<usize>> {
        let size = |item: &Value<'a>| match *item {
            Value::Int(size) => usize::try_from(size).map_err(|_| malformed("a size is negative")),
            _ => Err(malformed("a size is not a number")),
        };
        self.tuple(value)?.iter().map(size).collect()
    }

    /// Reads the persistent id `("storage", type, key, device, length, …)`.
    fn storage(&self, id: Value<'a>) -> Result<Storage<'a>> {
        match *self.tuple(id)? {
            [Value::Str("storage"), Value::Global(Global::Storage(kind)), Value::Str(key), ..] => {
                Ok(Storage { kind, key })
            }
            _ => Err(malformed("it refers to something that is not a storage")),
        }
    }
}

fn global(module: &str, name: &str) -> Result<Global> {
    match (module, name) {
        ("collections", "OrderedDict") => Ok(Global::OrderedDict),
        ("torch._utils", "_rebuild_tensor_v2") => Ok(Global::RebuildTensor),
        ("torch", "FloatStorage") => Ok(Global::Storage(Kind::Float)),
        ("torch", "LongStorage") => Ok(Global::Storage(Kind::Long)),
        _ => Err(malformed(&format!("it asks for {module}.{name}, which is not allowed"))),
    }
}

fn integer(bytes: &[u8]) -> Value<'_> {
    let mut wide = [if bytes.last().is_some_and(|b| b & 0x80 != 0) { 0xff } else { 0 }; 8];
    match wide.get_mut(..bytes.len()) {
        Some(low) => {
            low.copy_from_slice(bytes);
            Value::Int(i64::from_le_bytes(wide))
        }
        None => Value::Long(bytes),
    }
}

fn take<'a>(input: &mut &'a [u8], len: usize) -> Result<&'a [u8]> {
    let (taken, rest) = input.split_at_checked(len).ok_or_else(|| malformed("it is cut off"))?;
    *input = rest;
    Ok(taken)
}

fn byte(input: &mut &[u8]) -> Result<u8> {
    take(input, 1).map(|bytes| bytes[0])
}

fn word(input: &mut &[u8]) -> Result<u32> {
    let bytes = take(input, 4)?;
    Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

/// A memo's slot, of one byte or of four.
fn index(long: bool, input: &mut &[u8]) -> Result<u32> {
    if long { word(input) } else { byte(input).map(u32::from) }
}

fn line<'a>(input: &mut &'a [u8]) -> Result<&'a str> {
    let end = input.iter().position(|&b| b == b'\n');
    let end = end.ok_or_else(|| malformed("it is cut off"))?;
    let text = take(input, end + 1)?;
    std::str::from_utf8(&text[..end]).map_err(|_| malformed("a name in it is not UTF-8"))
}

fn malformed(what: &str) -> Error {
    Error::usage(format!("these weights cannot be read: {what}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes a legacy file of one tensor `w`, 2 x 3, kept column by column.
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

    #[test]
    fn refuses_whatever_is_not_a_tensor() {
        let system = b"\x80\x02cos\nsystem\n(X\x02\x00\x00\x00lstR.";
        let error = Program::run(&mut &system[..]).unwrap_err().to_string();
        assert!(error.contains("os.system"), "{error}");
        // INST, OBJ, NEWOBJ, STACK_GLOBAL, EXT1, LONG4
        for opcode in [b'i', b'o', 0x81, 0x93, 0x82, 0x8b] {
            let error = Program::run(&mut &[0x80, 2, b'(', opcode, 0, 0, 0, 0][..]).unwrap_err();
            assert!(error.to_string().contains("not allowed"), "{error}");
        }
    }

    #[test]
    fn a_tensor_stays_inside_its_storage() {
        let storage = Storage { kind: Kind::Float, key: "a" };
        let view = |offset, shape: &[usize], stride: &[usize]| {
            Tensor { storage, offset, shape: shape.to_vec(), stride: stride.to_vec() }.positions(6)
        };
        assert_eq!(view(0, &[2, 3], &[3, 1]), Some((0..6).collect()));
        assert_eq!(view(5, &[], &[]), Some(vec![5]));
        assert_eq!(view(1, &[2, 3], &[3, 1]), None);
        assert_eq!(view(0, &[7], &[0]), None, "repeats one element more often than there are any");
        assert_eq!(view(usize::MAX, &[2], &[1]), None);
        assert_eq!(view(0, &[2, usize::MAX], &[usize::MAX, 2]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = Program::run(&mut &bytes[..]);
        }

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

        /// Instructions only, so that the machine gets further than the first.
        #[test]
        fn any_program_is_run_or_refused(
            program in prop::collection::vec(
                prop::sample::select(&b"(.NK\x01M\x88\x89}])t\x85\x86\x87asuebQRq\x00h\x00"[..]),
                0..200,
            ),
        ) {
            let _ = Program::run(&mut &program[..]);
        }
    }
}
