//! The stack machine that a pickle is a program for, without its powers.
//!
//! Python's machine lets a pickle call anything. This one knows the few
//! instructions that a saved state dict consists of and the names in
//! [`global`]; whatever else a file asks for is an error.
//!
//! Values live in one arena and refer to each other by index, so neither
//! cycles nor depth can do harm.

use std::collections::HashMap;

use candle_core::DType;

use super::malformed;
use super::view::{MAX_RANK, View};
use crate::error::{Error, Result};

/// What a CPython pickler of protocol 2 to 5 may announce.
const NEWEST_PROTOCOL: u8 = 5;
/// The pickle of a state dict takes some 200 bytes a tensor. Each byte can cost
/// a hundred of memory; what has more of them is a trap.
const MAX_LEN: usize = 1 << 20;
/// Bytes of the longest name. Without a limit, one long name could be used, and
/// compared, as often as the pickle has bytes.
const MAX_NAME: usize = 1000;

/// A pickle that ran to its end.
#[derive(Debug)]
pub struct Program<'a> {
    /// What it made.
    pub root: Value<'a>,
    /// All that it made on the way, in order.
    pub objects: Vec<Object<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    None,
    Bool(bool),
    Int(i64),
    /// An integer too large for the above, two's complement, little-endian.
    Long(&'a [u8]),
    /// What no tensor depends on: a fraction, a text that can be no name.
    Plain,
    Str(&'a str),
    Global(Global),
    /// An index into [`Program::objects`].
    Object(usize),
}

/// What has parts. It is made whole or empty and filled later.
#[derive(Debug)]
pub enum Object<'a> {
    Tuple(Vec<Value<'a>>),
    List(Vec<Value<'a>>),
    /// A later entry replaces an earlier one of the same key.
    Dict(Vec<(Value<'a>, Value<'a>)>),
    Storage(Storage<'a>),
    Tensor(Tensor<'a>),
}

/// A view into a storage.
#[derive(Debug)]
pub struct Tensor<'a> {
    pub storage: Storage<'a>,
    pub view: View,
}

/// What a persistent id names: bytes that lie elsewhere in the file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Storage<'a> {
    pub kind: Kind,
    pub key: &'a str,
}

/// The element type of a storage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kind {
    /// Bytes an element, never 0.
    pub size: usize,
    /// None where candle has no such type.
    pub dtype: Option<DType>,
}

/// What a pickle may ask for by name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Global {
    OrderedDict,
    /// A tuple of numbers.
    Size,
    Storage(Kind),
    RebuildTensor,
    /// Makes a trainable tensor of a tensor.
    RebuildParameter,
}

impl<'a> Program<'a> {
    /// Runs one pickle and leaves in `input` what follows it.
    ///
    /// # Errors
    /// When it is cut off, is impossible, or asks for what is not needed to
    /// describe tensors.
    pub fn run(input: &mut &'a [u8]) -> Result<Self> {
        let len = input.len();
        let mut machine = Machine::default();
        loop {
            if let Some(root) = machine.step(input)? {
                return Ok(Self { root, objects: machine.objects });
            }
            if len - input.len() > MAX_LEN {
                return Err(malformed(message!("it describes more than any model has")));
            }
        }
    }

    /// What a dict holds under `key`.
    pub fn get(&self, dict: Value<'a>, key: &str) -> Option<Value<'a>> {
        self.dict(dict)?.iter().rfind(|(k, _)| *k == Value::Str(key)).map(|&(_, value)| value)
    }

    /// The keys and values of a dict. None where it is none.
    pub fn dict(&self, value: Value<'a>) -> Option<&[(Value<'a>, Value<'a>)]> {
        match self.object(value)? {
            Object::Dict(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items of a list. None where it is none.
    pub fn list(&self, value: Value<'a>) -> Option<&[Value<'a>]> {
        match self.object(value)? {
            Object::List(items) => Some(items),
            _ => None,
        }
    }

    /// What has parts. None where it has none.
    pub fn object(&self, value: Value<'a>) -> Option<&Object<'a>> {
        match value {
            Value::Object(at) => self.objects.get(at),
            _ => None,
        }
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
                if byte(input)? > NEWEST_PROTOCOL {
                    return Err(malformed(message!("the version of its pickle is unknown")));
                }
                return Ok(None);
            }
            // FRAME: how much to read at once. All of it is here.
            0x95 => {
                long_word(input)?;
                return Ok(None);
            }
            // STOP
            b'.' => return self.pop().map(Some),
            // MARK
            b'(' => {
                self.marks.push(self.stack.len());
                return Ok(None);
            }
            // BINPUT, LONG_BINPUT, MEMOIZE
            opcode @ (b'q' | b'r' | 0x94) => {
                let slot = match opcode {
                    0x94 => self.memo.len() as u32,
                    _ => index(opcode == b'r', input)?,
                };
                let top = self.pop()?;
                self.memo.insert(slot, top);
                top
            }
            // BINGET, LONG_BINGET
            opcode @ (b'h' | b'j') => {
                let slot = index(opcode == b'j', input)?;
                *self
                    .memo
                    .get(&slot)
                    .ok_or_else(|| malformed(message!("it recalls what it never put")))?
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
            // BINFLOAT
            b'G' => {
                take(input, 8)?;
                Value::Plain
            }
            // SHORT_BINUNICODE, BINUNICODE, BINUNICODE8
            opcode @ (0x8c | b'X' | 0x8d) => {
                let len = match opcode {
                    0x8c => byte(input)?.into(),
                    b'X' => word(input)?.into(),
                    _ => long_word(input)?,
                };
                let len = usize::try_from(len).unwrap_or(usize::MAX);
                match std::str::from_utf8(take(input, len)?) {
                    Ok(text) if len <= MAX_NAME => Value::Str(text),
                    _ => Value::Plain,
                }
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
            // GLOBAL, STACK_GLOBAL
            b'c' => Value::Global(global(line(input)?, line(input)?)?),
            0x93 => match (self.pop()?, self.pop()?) {
                (Value::Str(name), Value::Str(module)) => Value::Global(global(module, name)?),
                _ => return Err(malformed(message!("it asks for something that has no name"))),
            },
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
                    return Err(malformed(message!(
                        "it sets attributes of something that is not a dict"
                    )));
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
                return Err(refused(&format!("the instruction {opcode:#04x} of Python's pickles")));
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
        value.ok_or_else(|| malformed(message!("it takes from an empty stack")))
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Value<'a>>> {
        let mark = self.marks.pop().ok_or_else(|| malformed(message!("it misses a mark")))?;
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
        Err(malformed(message!("it appends to something that is not a list")))
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
        Err(malformed(message!("it adds entries to something that is not a dict")))
    }

    fn call(&mut self, callee: Value<'a>, arguments: Value<'a>) -> Result<Value<'a>> {
        let object = match (callee, self.tuple(arguments)?) {
            (Value::Global(Global::OrderedDict), []) => Object::Dict(Vec::new()),
            (Value::Global(Global::Size), &[sizes]) => {
                self.tuple(sizes)?;
                return Ok(sizes);
            }
            // Then: requires_grad, backward_hooks. Metadata would come last,
            // and would mean that the storage holds something else.
            (
                Value::Global(Global::RebuildTensor),
                &[Value::Object(storage), Value::Int(offset), shape, stride, _, _],
            ) => {
                let Object::Storage(storage) = self.objects[storage] else {
                    return Err(malformed(message!("a tensor lacks its storage")));
                };
                let (shape, stride) = (self.sizes(shape)?, self.sizes(stride)?);
                let view = usize::try_from(offset).ok();
                let view = view.and_then(|offset| View::new(offset, shape, stride));
                let view =
                    view.ok_or_else(|| malformed(message!("a tensor's shape is impossible")))?;
                Object::Tensor(Tensor { storage, view })
            }
            // Then: requires_grad, backward_hooks.
            (Value::Global(Global::RebuildParameter), &[tensor @ Value::Object(at), _, _])
                if matches!(self.objects[at], Object::Tensor(_)) =>
            {
                return Ok(tensor);
            }
            _ => return Err(malformed(message!("it makes a call that no tensor needs"))),
        };
        Ok(self.create(object))
    }

    fn tuple(&self, value: Value<'a>) -> Result<&[Value<'a>]> {
        if let Value::Object(at) = value
            && let Object::Tuple(items) = &self.objects[at]
        {
            return Ok(items);
        }
        Err(malformed(message!("a tuple was expected")))
    }

    fn sizes(&self, value: Value<'a>) -> Result<Vec<usize>> {
        let size = |item: &Value<'a>| match *item {
            Value::Int(size) => {
                usize::try_from(size).map_err(|_| malformed(message!("a size is negative")))
            }
            _ => Err(malformed(message!("a size is not a number"))),
        };
        // One beyond the limit is enough to be refused by.
        self.tuple(value)?.iter().take(MAX_RANK + 1).map(size).collect()
    }

    /// Reads the persistent id `("storage", type, key, device, elements)`. A
    /// legacy file adds a None; what else it may be has not been written since
    /// PyTorch 0.4.
    fn storage(&self, id: Value<'a>) -> Result<Storage<'a>> {
        match *self.tuple(id)? {
            [
                Value::Str("storage"),
                Value::Global(Global::Storage(kind)),
                Value::Str(key),
                _,
                _,
                ref rest @ ..,
            ] if matches!(rest, [] | [Value::None]) => Ok(Storage { kind, key }),
            _ => Err(malformed(message!("it refers to something that is not a storage"))),
        }
    }
}

/// What a name stands for, if a state dict needs it.
fn global(module: &str, name: &str) -> Result<Global> {
    let global = match (module, name) {
        ("collections", "OrderedDict") => Some(Global::OrderedDict),
        ("torch", "Size") => Some(Global::Size),
        ("torch", _) => kind(name).map(Global::Storage),
        ("torch._utils", "_rebuild_tensor_v2") => Some(Global::RebuildTensor),
        ("torch._utils", "_rebuild_parameter") => Some(Global::RebuildParameter),
        _ => None,
    };
    global.ok_or_else(|| refused(&format!("{module}.{name}")))
}

fn kind(storage: &str) -> Option<Kind> {
    let dtype = match storage {
        "FloatStorage" => DType::F32,
        "HalfStorage" => DType::F16,
        "BFloat16Storage" => DType::BF16,
        "DoubleStorage" => DType::F64,
        "LongStorage" => DType::I64,
        "IntStorage" => DType::I32,
        "ShortStorage" => DType::I16,
        "ByteStorage" | "BoolStorage" => DType::U8,
        "CharStorage" => return Some(Kind { size: 1, dtype: None }),
        _ => return None,
    };
    Some(Kind { size: dtype.size_in_bytes(), dtype: Some(dtype) })
}

/// The file wanted more than to describe tensors. What it names may be
/// anything; it is shown in part, without its control characters.
fn refused(what: &str) -> Error {
    let what: String = what.chars().take(100).flat_map(char::escape_debug).collect();
    malformed(message!(
        "it asks for {what}, which was refused: a pickle can run any program, and weights need \
         none",
        what
    ))
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

/// Takes the first `len` bytes off the input.
pub fn take<'a>(input: &mut &'a [u8], len: usize) -> Result<&'a [u8]> {
    let (taken, rest) =
        input.split_at_checked(len).ok_or_else(|| malformed(message!("it is cut off")))?;
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

fn long_word(input: &mut &[u8]) -> Result<u64> {
    let bytes = take(input, 8)?.try_into();
    bytes.map(u64::from_le_bytes).map_err(|_| malformed(message!("it is cut off")))
}

/// A memo's slot, of one byte or of four.
fn index(long: bool, input: &mut &[u8]) -> Result<u32> {
    if long { word(input) } else { byte(input).map(u32::from) }
}

fn line<'a>(input: &mut &'a [u8]) -> Result<&'a str> {
    let end = input.iter().position(|&b| b == b'\n');
    let end = end.ok_or_else(|| malformed(message!("it is cut off")))?;
    let text = take(input, end + 1)?;
    std::str::from_utf8(&text[..end]).map_err(|_| malformed(message!("a name in it is not UTF-8")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(pickle: &[u8]) -> Result<Program<'_>> {
        Program::run(&mut &pickle[..])
    }

    fn refusal(pickle: &[u8]) -> String {
        run(pickle).unwrap_err().to_string()
    }

    #[test]
    fn what_is_not_a_tensor_is_refused_by_name() {
        for pickle in [
            &b"\x80\x02cos\nsystem\n(X\x02\x00\x00\x00lstR."[..],
            b"\x80\x04\x95\x14\0\0\0\0\0\0\0\x8c\x02os\x94\x8c\x06system\x94\x93\x94.",
        ] {
            assert!(refusal(pickle).contains("os.system, which was refused"));
        }
        assert!(refusal(b"ctorch\nload\n.").contains("torch.load, which was refused"));
        let hidden = refusal(b"c\x1b[2Jos\nsystem\n.");
        assert!(hidden.contains(r"\u{1b}[2Jos.system"), "{hidden}");
        assert!(refusal(&[&[b'c'; 9999][..], b"\n\n."].concat()).len() < 250);
    }

    #[test]
    fn instructions_that_call_are_unknown() {
        // INST, OBJ, NEWOBJ, NEWOBJ_EX, EXT1, PERSID
        for opcode in [b'i', b'o', 0x81, 0x92, 0x82, b'P'] {
            let error = refusal(&[0x80, 2, b'(', opcode, 0, 0, 0, 0]);
            assert!(error.contains("instruction") && error.contains("refused"), "{error}");
        }
    }

    #[test]
    fn newer_protocols_say_the_same_in_other_words() {
        let old = b"\x80\x02}q\x00X\x01\x00\x00\x00kq\x01]q\x02(h\x01h\x01es.";
        let new = b"\x80\x04}\x94\x8c\x01k\x94]\x94(h\x01h\x01es.";
        for pickle in [&old[..], new] {
            let program = run(pickle).unwrap();
            let list = program.get(program.root, "k").unwrap();
            assert_eq!(program.list(list).unwrap(), [Value::Str("k"), Value::Str("k")]);
        }
    }

    #[test]
    fn numbers_of_every_width() {
        let pickle = b"(K\xffM\xff\xffJ\xff\xff\xff\xff\x8a\x01\x80\x8a\x00G\0\0\0\0\0\0\0\0t.";
        let program = run(pickle).unwrap();
        let Some(Object::Tuple(numbers)) = program.object(program.root) else { panic!() };
        let integers = [0xff, 0xffff, -1, -128, 0].map(Value::Int);
        assert_eq!(numbers[..5], integers);
        assert_eq!(numbers[5], Value::Plain);
    }

    #[test]
    fn a_name_is_short_and_utf8() {
        let text = |len: u32, of: u8| {
            [&b"X"[..], &len.to_le_bytes(), &vec![of; len as usize], b"."].concat()
        };
        assert_eq!(run(&text(3, b'a')).unwrap().root, Value::Str("aaa"));
        assert_eq!(run(&text(3, 0xff)).unwrap().root, Value::Plain);
        assert_eq!(run(&text(1001, b'a')).unwrap().root, Value::Plain);
    }

    #[test]
    fn huge_lengths_are_no_allocations() {
        let huge = [0xff; 8];
        for opcode in [&b"X"[..], b"\x8d", b"\x8a", b"j", b"h"] {
            assert!(run(&[opcode, &huge].concat()).is_err());
        }
        let endless = vec![b'N'; MAX_LEN + 2];
        assert!(refusal(&endless).contains("more than any model"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = run(&bytes);
        }

        /// Instructions only, so that the machine gets further than the first.
        #[test]
        fn any_program_is_run_or_refused(
            program in prop::collection::vec(
                prop::sample::select(PARTS),
                0..200,
            ),
        ) {
            let _ = run(&program.concat());
        }
    }

    /// Instructions and what a program of them might put together.
    const PARTS: &[&[u8]] = &[
        b"(",
        b".",
        b"N",
        b"K\x01",
        b"\x89",
        b"}",
        b"]",
        b")",
        b"t",
        b"\x85",
        b"\x86",
        b"\x87",
        b"a",
        b"s",
        b"u",
        b"e",
        b"b",
        b"Q",
        b"R",
        b"q\x00",
        b"h\x00",
        b"\x94",
        b"\x93",
        b"\x8c\x01a",
        b"X\x07\0\0\0storage",
        b"ctorch\nFloatStorage\n",
        b"ctorch\nSize\n",
        b"ccollections\nOrderedDict\n",
        b"ctorch._utils\n_rebuild_tensor_v2\n",
        b"ctorch._utils\n_rebuild_parameter\n",
    ];
}
