//! A reader of pickles that executes nothing: containers, numbers and texts, and references to tensors of PyTorch.
//!
//! A pickle is a program for a stack machine (the opcodes are in Python's `pickletools`). Calls of functions are not
//! executed: those that rebuild a tensor or an ordered dictionary become such values, all others opaque ones.

use std::collections::HashMap;

/// Index of a value in [`Pickle::values`].
pub(super) type Ref = usize;

/// A value of a pickle. Containers refer to their items, which later opcodes may still change.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float,
    Text(String),
    Tuple(Vec<Ref>),
    List(Vec<Ref>),
    Dict(Vec<(Ref, Ref)>),
    /// A class or function, `module.name`.
    Global(String),
    /// A reference to a file of the archive: number type, and the file's name.
    Storage {
        dtype: String,
        key: String,
    },
    /// A tensor on a storage; offset, shape and strides count elements.
    Tensor {
        storage: Ref,
        offset: usize,
        shape: Vec<usize>,
        strides: Vec<usize>,
    },
    /// The result of a call, of this function or class, that was not executed.
    Opaque(String),
}

/// All values of a pickle, and the one that it stands for.
#[derive(Debug)]
pub(super) struct Pickle {
    pub(super) values: Vec<Value>,
    pub(super) top: Ref,
}

/// Why a pickle cannot be read.
pub(super) type Problem = String;

/// Bytes of names and sizes in values for each byte of a pickle, at most: it may refer to a long text again and again, and
/// each call copies what it refers to. In files of PyTorch they are fewer than the pickle's own.
const GROWTH: usize = 64;

/// Reads a pickle.
pub(super) fn read(bytes: &[u8]) -> Result<Pickle, Problem> {
    let mut machine = Machine {
        bytes,
        at: 0,
        values: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        size: 0,
    };
    let top = machine.run()?;
    Ok(Pickle { values: machine.values, top })
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value>,
    stack: Vec<Ref>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<usize, Ref>,
    /// Bytes of names and sizes in the values.
    size: usize,
}

impl Value {
    /// Bytes of names and sizes.
    fn size(&self) -> usize {
        match self {
            Self::Text(text) | Self::Global(text) | Self::Opaque(text) => text.len(),
            Self::Storage { dtype, key } => dtype.len() + key.len(),
            Self::Tensor { shape, strides, .. } => {
                (shape.len() + strides.len()) * size_of::<usize>()
            }
            _ => 0,
        }
    }
}

impl<'a> Machine<'a> {
    fn run(&mut self) -> Result<Ref, Problem> {
        let most = self.bytes.len().saturating_mul(GROWTH);
        loop {
            if self.size > most {
                return Err("a pickle that repeats long texts without end".to_string());
            }
            let opcode = self.take(1)?[0];
            match opcode {
                // PROTO, FRAME
                0x80 => {
                    self.take(1)?;
                }
                0x95 => {
                    self.take(8)?;
                }
                b'.' => return self.pop(),
                b'(' => self.marks.push(self.stack.len()),
                b'0' => {
                    self.pop()?;
                }
                b'1' => {
                    self.pop_to_mark()?;
                }
                b'2' => {
                    let top = *self.stack.last().ok_or_else(truncated)?;
                    self.stack.push(top);
                }
                b'N' => self.push(Value::None),
                0x88 => self.push(Value::Bool(true)),
                0x89 => self.push(Value::Bool(false)),
                b'J' => {
                    let number = i32::from_le_bytes(self.array()?);
                    self.push(Value::Int(number.into()));
                }
                b'K' => {
                    let [number] = self.array()?;
                    self.push(Value::Int(number.into()));
                }
                b'M' => {
                    let number = u16::from_le_bytes(self.array()?);
                    self.push(Value::Int(number.into()));
                }
                0x8a => self.long()?,
                b'G' => {
                    self.take(8)?;
                    self.push(Value::Float);
                }
                b'X' | b'T' | b'B' => {
                    let length = u32::from_le_bytes(self.array()?) as usize;
                    self.text(length)?;
                }
                0x8c | b'U' | b'C' => {
                    let [length] = self.array()?;
                    self.text(length.into())?;
                }
                0x8d | 0x8e => {
                    let length = u64::from_le_bytes(self.array()?);
                    self.text(usize::try_from(length).map_err(|_| truncated())?)?;
                }
                b'}' => self.push(Value::Dict(Vec::new())),
                b']' | 0x8f => self.push(Value::List(Vec::new())),
                b')' => self.push(Value::Tuple(Vec::new())),
                b't' => {
                    let items = self.pop_to_mark()?;
                    self.push(Value::Tuple(items));
                }
                0x85..=0x87 => {
                    let count = usize::from(opcode - 0x84);
                    let start = self.stack.len().checked_sub(count).ok_or_else(truncated)?;
                    let items = self.stack.split_off(start);
                    self.push(Value::Tuple(items));
                }
                b'l' => {
                    let items = self.pop_to_mark()?;
                    self.push(Value::List(items));
                }
                b'd' => {
                    let items = self.pop_to_mark()?;
                    self.push(Value::Dict(pairs(&items)));
                }
                b's' => {
                    let (value, key) = (self.pop()?, self.pop()?);
                    self.extend(&[], &[(key, value)])?;
                }
                b'u' => {
                    let items = self.pop_to_mark()?;
                    self.extend(&[], &pairs(&items))?;
                }
                b'a' => {
                    let item = self.pop()?;
                    self.extend(&[item], &[])?;
                }
                b'e' | 0x90 => {
                    let items = self.pop_to_mark()?;
                    self.extend(&items, &[])?;
                }
                b'q' => {
                    let [index] = self.array()?;
                    self.remember(index.into())?;
                }
                b'r' => {
                    let index = u32::from_le_bytes(self.array()?);
                    self.remember(index as usize)?;
                }
                0x94 => self.remember(self.memo.len())?,
                b'h' => {
                    let [index] = self.array()?;
                    self.recall(index.into())?;
                }
                b'j' => {
                    let index = u32::from_le_bytes(self.array()?);
                    self.recall(index as usize)?;
                }
                b'c' => {
                    let (module, name) = (self.line()?, self.line()?);
                    self.push(Value::Global(format!("{module}.{name}")));
                }
                0x93 => {
                    let (name, module) = (self.pop()?, self.pop()?);
                    let (Value::Text(name), Value::Text(module)) =
                        (&self.values[name], &self.values[module])
                    else {
                        return Err("a class without a name".to_string());
                    };
                    let global = Value::Global(format!("{module}.{name}"));
                    self.push(global);
                }
                // REDUCE, NEWOBJ
                b'R' | 0x81 => {
                    let (arguments, function) = (self.pop()?, self.pop()?);
                    let value = self.call(function, arguments);
                    self.push(value);
                }
                // BUILD sets the attributes of an object, which has none here.
                b'b' => {
                    self.pop()?;
                }
                b'Q' => {
                    let id = self.pop()?;
                    let value = self.storage(id)?;
                    self.push(value);
                }
                other => return Err(format!("the unsupported pickle opcode {other:#04x}")),
            }
        }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Problem> {
        let end = self.at.checked_add(count).ok_or_else(truncated)?;
        let bytes = self.bytes.get(self.at..end).ok_or_else(truncated)?;
        self.at = end;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        self.take(N)?.try_into().map_err(|_| truncated())
    }

    fn line(&mut self) -> Result<String, Problem> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == b'\n').ok_or_else(truncated)?;
        let line = String::from_utf8_lossy(&rest[..length]).into_owned();
        self.at += length + 1;
        Ok(line)
    }

    fn text(&mut self, length: usize) -> Result<(), Problem> {
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.push(Value::Text(text));
        Ok(())
    }

    /// LONG1: a little-endian integer in two's complement.
    fn long(&mut self) -> Result<(), Problem> {
        let [length] = self.array()?;
        let bytes = self.take(length.into())?;
        let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut wide = [if negative { 0xff } else { 0 }; 8];
        // Longer numbers are no sizes.
        let value = if bytes.len() <= 8 {
            wide[..bytes.len()].copy_from_slice(bytes);
            Value::Int(i64::from_le_bytes(wide))
        } else {
            Value::Opaque("a long integer".to_string())
        };
        self.push(value);
        Ok(())
    }

    fn push(&mut self, value: Value) {
        self.size += value.size();
        self.values.push(value);
        self.stack.push(self.values.len() - 1);
    }

    fn pop(&mut self) -> Result<Ref, Problem> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(truncated());
        }
        self.stack.pop().ok_or_else(truncated)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Ref>, Problem> {
        let mark = self.marks.pop().ok_or_else(truncated)?;
        if mark > self.stack.len() {
            return Err(truncated());
        }
        Ok(self.stack.split_off(mark))
    }

    /// Adds items to the container on top of the stack.
    fn extend(&mut self, items: &[Ref], entries: &[(Ref, Ref)]) -> Result<(), Problem> {
        let top = *self.stack.last().ok_or_else(truncated)?;
        match &mut self.values[top] {
            Value::List(list) => list.extend(items),
            Value::Dict(dict) => dict.extend(entries),
            _ => {}
        }
        Ok(())
    }

    fn remember(&mut self, index: usize) -> Result<(), Problem> {
        let top = *self.stack.last().ok_or_else(truncated)?;
        self.memo.insert(index, top);
        Ok(())
    }

    fn recall(&mut self, index: usize) -> Result<(), Problem> {
        let value = *self.memo.get(&index).ok_or_else(truncated)?;
        self.stack.push(value);
        Ok(())
    }

    /// The value of a call that is not executed.
    fn call(&self, function: Ref, arguments: Ref) -> Value {
        let Value::Global(name) = &self.values[function] else {
            return Value::Opaque("an object".to_string());
        };
        let arguments = match &self.values[arguments] {
            Value::Tuple(arguments) => arguments.as_slice(),
            _ => &[],
        };
        let rebuilt = match name.as_str() {
            "collections.OrderedDict" | "builtins.dict" if arguments.is_empty() => {
                Some(Value::Dict(Vec::new()))
            }
            "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor" => {
                self.tensor(arguments)
            }
            // A tensor with attributes, such as `torch.nn.Buffer`: function, class, arguments, attributes.
            "torch._tensor._rebuild_from_type_v2" => match *arguments {
                [function, _, inner, ..] => match (&self.values[function], &self.values[inner]) {
                    (Value::Global(name), Value::Tuple(inner))
                        if name == "torch._utils._rebuild_tensor_v2" =>
                    {
                        self.tensor(inner)
                    }
                    _ => None,
                },
                _ => None,
            },
            "torch._utils._rebuild_parameter" | "torch._utils._rebuild_parameter_with_state" => {
                let tensor = arguments.first().map(|tensor| &self.values[*tensor]);
                tensor.filter(|value| matches!(value, Value::Tensor { .. })).cloned()
            }
            _ => None,
        };
        rebuilt.unwrap_or_else(|| Value::Opaque(name.clone()))
    }

    fn tensor(&self, arguments: &[Ref]) -> Option<Value> {
        let [storage, offset, shape, strides, ..] = *arguments else { return None };
        let Value::Storage { .. } = self.values[storage] else { return None };
        let Value::Int(offset) = self.values[offset] else { return None };
        let offset = usize::try_from(offset).ok()?;
        let (shape, strides) = (self.sizes(shape)?, self.sizes(strides)?);
        (shape.len() == strides.len()).then_some(Value::Tensor { storage, offset, shape, strides })
    }

    fn sizes(&self, of: Ref) -> Option<Vec<usize>> {
        let (Value::Tuple(items) | Value::List(items)) = &self.values[of] else { return None };
        let size = |item: &Ref| match self.values[*item] {
            Value::Int(size) => usize::try_from(size).ok(),
            _ => None,
        };
        items.iter().map(size).collect()
    }

    /// A persistent id of `torch.save`: `("storage", type, key, device, length)`.
    fn storage(&self, id: Ref) -> Result<Value, Problem> {
        let unknown = || "a reference to something other than a tensor's storage".to_string();
        let Value::Tuple(parts) = &self.values[id] else { return Err(unknown()) };
        let [kind, class, key, ..] = parts[..] else { return Err(unknown()) };
        match (&self.values[kind], &self.values[class], &self.values[key]) {
            (Value::Text(kind), Value::Global(class), Value::Text(key)) if kind == "storage" => {
                Ok(Value::Storage { dtype: class.clone(), key: key.clone() })
            }
            _ => Err(unknown()),
        }
    }
}

fn pairs(items: &[Ref]) -> Vec<(Ref, Ref)> {
    items.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

fn truncated() -> Problem {
    "a truncated or damaged pickle".to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_share_what_is_memoized() {
        // pickle.dumps({"a": [1, 300, -1], "b": ...the same list...}, protocol=2) of Python 3.12
        let bytes = b"\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01]q\x02(K\x01M,\x01J\xff\xff\xff\xffeX\x01\x00\x00\x00bq\x03h\x02u.";
        let Pickle { values, top } = read(bytes).unwrap();
        let Value::Dict(entries) = &values[top] else { panic!("{:?}", values[top]) };
        assert_eq!(entries[0].1, entries[1].1);
        let Value::List(items) = &values[entries[0].1] else { panic!() };
        let items: Vec<&Value> = items.iter().map(|item| &values[*item]).collect();
        assert_eq!(items, [&Value::Int(1), &Value::Int(300), &Value::Int(-1)]);
    }

    #[test]
    fn calls_are_not_executed() {
        // pickle.dumps of an object whose __reduce__ is (os.system, ("true",)), protocol 2
        let bytes = b"\x80\x02cposix\nsystem\nq\x00X\x04\x00\x00\x00trueq\x01\x85q\x02Rq\x03.";
        let Pickle { values, top } = read(bytes).unwrap();
        assert_eq!(values[top], Value::Opaque("posix.system".to_string()));
    }

    #[test]
    fn damaged_pickles_are_refused() {
        let bytes = b"\x80\x02}q\x00(X\x01\x00\x00\x00aK\x01u.";
        assert!(read(bytes).is_ok());
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end]).is_err(), "{end}");
        }
        for broken in [
            &b"u."[..],
            b"(0.",
            b"h\x05.",
            b"\x8a\xff\x01.",
            b"X\xff\xff\xff\xff.",
            b"\x87.",
            b"Q.",
            b"2.",
        ] {
            assert!(read(broken).is_err(), "{broken:?}");
        }
    }
}
