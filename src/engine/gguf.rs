//! The header of a GGUF file, read without trust: every count and length is checked against the file's own size
//! before anything is allocated. Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use super::foreign::{self, Foreign};
use crate::domain::{Error, ErrorKind, Result};

/// A header is read in one piece; one that is longer belongs to no model that this engine could run.
const HEADER_MAX: u64 = 256 << 20;
/// Enough for the vocabularies of most models in the first read.
const HEADER_FIRST: u64 = 8 << 20;
/// Arrays of arrays are allowed by the format and used by nobody.
const DEPTH_MAX: u32 = 4;

/// Number types of tensors: those that candle can widen to `f32`, and others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    F32,
    F16,
    Bf16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2K,
    Q3K,
    Q4K,
    Q5K,
    Q6K,
    /// One that only llama.cpp computes with.
    Foreign(&'static Foreign),
}

impl Kind {
    const ALL: [(u32, Self, &'static str, u64, u64); 13] = [
        (0, Self::F32, "F32", 1, 4),
        (1, Self::F16, "F16", 1, 2),
        (2, Self::Q4_0, "Q4_0", 32, 18),
        (3, Self::Q4_1, "Q4_1", 32, 20),
        (6, Self::Q5_0, "Q5_0", 32, 22),
        (7, Self::Q5_1, "Q5_1", 32, 24),
        (8, Self::Q8_0, "Q8_0", 32, 34),
        (10, Self::Q2K, "Q2_K", 256, 84),
        (11, Self::Q3K, "Q3_K", 256, 110),
        (12, Self::Q4K, "Q4_K", 256, 144),
        (13, Self::Q5K, "Q5_K", 256, 176),
        (14, Self::Q6K, "Q6_K", 256, 210),
        (30, Self::Bf16, "BF16", 1, 2),
    ];

    fn row(self) -> (u32, &'static str, u64, u64) {
        if let Self::Foreign(kind) = self {
            return (kind.code, kind.name, kind.block, kind.bytes);
        }
        Self::ALL
            .iter()
            .find(|(_, kind, ..)| *kind == self)
            .map_or((0, "F32", 1, 4), |(code, _, name, block, bytes)| (*code, *name, *block, *bytes))
    }

    /// The number that stands for it in a file.
    pub(crate) fn code(self) -> u32 {
        self.row().0
    }

    /// The name that people know.
    pub(crate) fn name(self) -> &'static str {
        self.row().1
    }

    /// Bytes of `elements` values; `None` where they do not fill whole blocks or overflow.
    pub(crate) fn bytes(self, elements: u64) -> Option<u64> {
        let (_, _, block, bytes) = self.row();
        elements.is_multiple_of(block).then(|| (elements / block).checked_mul(bytes)).flatten()
    }
}

/// A value of the metadata. Arrays stay in the header's bytes and are read when asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Bool(bool),
    Text(String),
    Array { kind: u32, count: u64, at: usize },
}

/// A tensor's place in the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    /// Row length first.
    pub(crate) dims: Vec<u64>,
    pub(crate) kind: Kind,
    /// From the start of the file.
    pub(crate) at: u64,
    pub(crate) bytes: u64,
}

impl Tensor {
    /// Row length, and the number of rows.
    pub(crate) fn shape(&self) -> (usize, usize) {
        let width = self.dims.first().copied().unwrap_or(1) as usize;
        (width, self.dims.iter().skip(1).map(|d| *d as usize).product())
    }
}

/// A metadata entry: its key, its value, and the bytes of both in the header.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) value: Value,
    pub(crate) span: Range<usize>,
}

/// A whole header, in the file's order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Header {
    pub(crate) entries: Vec<Entry>,
    pub(crate) tensors: Vec<Tensor>,
    bytes: Vec<u8>,
    index: HashMap<String, usize>,
}

/// Why bytes are no header.
#[derive(Debug, PartialEq)]
enum Fault {
    /// It goes on after the bytes given.
    Short,
    NotGguf,
    Version(u32),
    /// A tensor of a number type that nobody here can read.
    Kind {
        tensor: String,
        code: u32,
    },
    Damaged(String),
}

impl Header {
    /// Reads the header of the file at `path`, and the open file for its tensors.
    pub(crate) fn open(path: &Path) -> Result<(Self, File)> {
        let doing = || format!("reading the model file {}", path.display());
        let mut file = File::open(path).map_err(|e| Error::io(doing(), &e))?;
        let length = file.metadata().map_err(|e| Error::io(doing(), &e))?.len();
        let mut bytes = Vec::new();
        let mut take = HEADER_FIRST.min(length);
        loop {
            file.seek(SeekFrom::Start(bytes.len() as u64)).map_err(|e| Error::io(doing(), &e))?;
            (&mut file)
                .take(take - bytes.len() as u64)
                .read_to_end(&mut bytes)
                .map_err(|e| Error::io(doing(), &e))?;
            match Self::parse(bytes, length) {
                Ok(header) => return Ok((header, file)),
                Err((Fault::Short, kept)) if take < length.min(HEADER_MAX) => {
                    take = (take * 4).min(length).min(HEADER_MAX);
                    bytes = kept;
                }
                Err((fault, _)) => return Err(fault.into_error(doing(), length)),
            }
        }
    }

    fn parse(bytes: Vec<u8>, file: u64) -> std::result::Result<Self, (Fault, Vec<u8>)> {
        match Self::read(&bytes, file) {
            Ok((entries, tensors)) => {
                let index = tensors.iter().enumerate().map(|(i, t)| (t.name.clone(), i)).collect();
                Ok(Self { entries, tensors, bytes, index })
            }
            Err(fault) => Err((fault, bytes)),
        }
    }

    fn read(bytes: &[u8], file: u64) -> std::result::Result<(Vec<Entry>, Vec<Tensor>), Fault> {
        let mut cursor = Cursor { bytes, at: 0, file };
        if bytes.get(..4).ok_or(Fault::NotGguf)? != b"GGUF" {
            return Err(Fault::NotGguf);
        }
        cursor.at = 4;
        let version = cursor.u32()?;
        if !(2..=3).contains(&version) {
            return Err(Fault::Version(version));
        }
        let tensors = cursor.count(8 + 4 + 4 + 8, "tensors")?;
        let entries = cursor.count(8 + 4 + 1, "metadata entries")?;
        let entries = (0..entries).map(|_| cursor.entry()).collect::<std::result::Result<Vec<_>, _>>()?;
        let mut places = Vec::new();
        for _ in 0..tensors {
            places.push(cursor.tensor()?);
        }
        let alignment = match entries.iter().find(|e| e.key == "general.alignment").map(|e| &e.value) {
            Some(Value::Unsigned(a)) if a.is_power_of_two() && *a <= 1 << 20 => *a,
            None => 32,
            Some(_) => return Err(Fault::Damaged("its alignment is no small power of two".into())),
        };
        let start = (cursor.at as u64).next_multiple_of(alignment);
        for place in &mut places {
            let end = start.checked_add(place.at).and_then(|at| at.checked_add(place.bytes));
            match end {
                Some(end) if end <= file => place.at += start,
                _ => {
                    return Err(Fault::Damaged(format!("it ends before its tensor {:?}", clip(&place.name))));
                }
            }
        }
        Ok((entries, places))
    }

    /// The entry of `key`.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find(|e| e.key == key).map(|e| &e.value)
    }

    /// A text.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number that is not negative.
    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        match self.get(key)? {
            Value::Unsigned(n) => Some(*n),
            Value::Signed(n) => u64::try_from(*n).ok(),
            _ => None,
        }
    }

    /// A number with a fraction.
    pub(crate) fn float(&self, key: &str) -> Option<f64> {
        match self.get(key)? {
            Value::Float(x) => Some(*x),
            _ => None,
        }
    }

    /// Yes or no.
    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key)? {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// How many values an array has.
    pub(crate) fn count(&self, key: &str) -> Option<u64> {
        match self.get(key)? {
            Value::Array { count, .. } => Some(*count),
            _ => None,
        }
    }

    /// An array of texts.
    pub(crate) fn texts(&self, key: &str) -> Option<Vec<String>> {
        self.array(key, |value| if let Value::Text(text) = value { Some(text) } else { None })
    }

    /// An array of whole numbers.
    pub(crate) fn numbers(&self, key: &str) -> Option<Vec<i64>> {
        self.array(key, |value| match value {
            Value::Unsigned(n) => i64::try_from(n).ok(),
            Value::Signed(n) => Some(n),
            _ => None,
        })
    }

    /// An array of numbers with a fraction.
    pub(crate) fn floats(&self, key: &str) -> Option<Vec<f32>> {
        self.array(key, |value| if let Value::Float(x) = value { Some(x as f32) } else { None })
    }

    fn array<T>(&self, key: &str, of: impl Fn(Value) -> Option<T>) -> Option<Vec<T>> {
        let Some(Value::Array { kind, count, at }) = self.get(key) else { return None };
        let mut cursor = Cursor { bytes: &self.bytes, at: *at, file: self.bytes.len() as u64 };
        (0..*count).map(|_| of(cursor.value(*kind, 0).ok()?)).collect()
    }

    /// The bytes of an entry as they stand in the file.
    pub(crate) fn raw(&self, entry: &Entry) -> &[u8] {
        self.bytes.get(entry.span.clone()).unwrap_or_default()
    }

    /// The tensor of that name.
    pub(crate) fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(*self.index.get(name)?)
    }
}

impl Fault {
    fn into_error(self, doing: String, length: u64) -> Error {
        match self {
            Self::Short => Error::new(
                ErrorKind::Corrupt,
                doing,
                format!("it ends inside its header, after {length} bytes: it is truncated or damaged"),
                "Fetch it again.",
            ),
            Self::NotGguf => Error::new(
                ErrorKind::Invalid,
                doing,
                "it is not a GGUF model file",
                "The engine reads GGUF files; they begin with the letters GGUF.",
            ),
            Self::Version(version) => Error::new(
                ErrorKind::Version,
                doing,
                format!("it is of GGUF version {version}, and versions 2 and 3 are known"),
                "Look for a newer conversion of the model.",
            ),
            Self::Kind { tensor, code } => Error::new(
                ErrorKind::Invalid,
                doing,
                format!("its tensor {tensor:?} has numbers of type {code}, which this engine cannot read"),
                "Take the model in a Q8_0 file, or build with the `llama-cpp` feature.",
            ),
            Self::Damaged(why) => Error::new(
                ErrorKind::Corrupt,
                doing,
                format!("{why}: it is truncated or damaged"),
                "Fetch it again.",
            ),
        }
    }
}

/// A name from a file, short enough for an error.
fn clip(name: &str) -> String {
    name.chars().take(64).collect()
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Length of the whole file, of which `bytes` is the beginning.
    file: u64,
}

type Taken<T> = std::result::Result<T, Fault>;

impl<'a> Cursor<'a> {
    fn take(&mut self, length: u64) -> Taken<&'a [u8]> {
        if length > self.file.saturating_sub(self.at as u64) {
            return Err(Fault::Damaged("a length in its header reaches past its end".into()));
        }
        let end = self.at + length as usize;
        let taken = self.bytes.get(self.at..end).ok_or(Fault::Short)?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Taken<[u8; N]> {
        if self.file.saturating_sub(self.at as u64) < N as u64 {
            return Err(Fault::Short);
        }
        let taken = self.take(N as u64)?;
        taken.try_into().map_err(|_| Fault::Short)
    }

    fn u32(&mut self) -> Taken<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Taken<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A count of things that take `least` bytes each at the least.
    fn count(&mut self, least: u64, of: &str) -> Taken<u64> {
        let count = self.u64()?;
        if count.checked_mul(least).is_none_or(|bytes| bytes > self.file.saturating_sub(self.at as u64)) {
            return Err(Fault::Damaged(format!("it names {count} {of}, more than fit in it")));
        }
        Ok(count)
    }

    fn text(&mut self) -> Taken<String> {
        let length = self.u64()?;
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    fn entry(&mut self) -> Taken<Entry> {
        let start = self.at;
        let key = self.text()?;
        let kind = self.u32()?;
        let value = self.value(kind, 0)?;
        Ok(Entry { key, value, span: start..self.at })
    }

    fn value(&mut self, kind: u32, depth: u32) -> Taken<Value> {
        Ok(match kind {
            0 => Value::Unsigned(u64::from(u8::from_le_bytes(self.array()?))),
            1 => Value::Signed(i64::from(i8::from_le_bytes(self.array()?))),
            2 => Value::Unsigned(u64::from(u16::from_le_bytes(self.array()?))),
            3 => Value::Signed(i64::from(i16::from_le_bytes(self.array()?))),
            4 => Value::Unsigned(u64::from(self.u32()?)),
            5 => Value::Signed(i64::from(i32::from_le_bytes(self.array()?))),
            6 => Value::Float(f64::from(f32::from_le_bytes(self.array()?))),
            7 => Value::Bool(self.array::<1>()? != [0]),
            8 => Value::Text(self.text()?),
            9 => {
                let kind = self.u32()?;
                let least = match kind {
                    0 | 1 | 7 => 1,
                    2 | 3 => 2,
                    4..=6 => 4,
                    8 | 10..=12 => 8,
                    9 if depth < DEPTH_MAX => 12,
                    _ => return Err(Fault::Damaged(format!("it has an array of unknown type {kind}"))),
                };
                let count = self.count(least, "values of an array")?;
                let at = self.at;
                if matches!(kind, 8 | 9) {
                    for _ in 0..count {
                        if kind == 8 {
                            let length = self.u64()?;
                            self.take(length)?;
                        } else {
                            self.value(9, depth + 1)?;
                        }
                    }
                } else {
                    self.take(count * least)?;
                }
                Value::Array { kind, count, at }
            }
            10 => Value::Unsigned(self.u64()?),
            11 => Value::Signed(i64::from_le_bytes(self.array()?)),
            12 => Value::Float(f64::from_le_bytes(self.array()?)),
            _ => return Err(Fault::Damaged(format!("it has a value of unknown type {kind}"))),
        })
    }

    /// A tensor, its place still counted from the start of the data.
    fn tensor(&mut self) -> Taken<Tensor> {
        let name = self.text()?;
        let dims = self.u32()?;
        if dims > 4 {
            return Err(Fault::Damaged(format!("its tensor {:?} has {dims} dimensions", clip(&name))));
        }
        let dims = (0..dims).map(|_| self.u64()).collect::<Taken<Vec<_>>>()?;
        let code = self.u32()?;
        let at = self.u64()?;
        let kind = Kind::ALL
            .iter()
            .find(|(c, ..)| *c == code)
            .map(|(_, kind, ..)| *kind)
            .or_else(|| foreign::of_code(code))
            .ok_or_else(|| Fault::Kind { tensor: clip(&name), code })?;
        let bytes = dims
            .iter()
            .try_fold(1_u64, |all, d| all.checked_mul(*d))
            .filter(|_| dims.first().is_some_and(|width| kind.bytes(*width).is_some()))
            .and_then(|elements| kind.bytes(elements))
            .ok_or_else(|| Fault::Damaged(format!("its tensor {:?} has an impossible size", clip(&name))))?;
        Ok(Tensor { name, dims, kind, at, bytes })
    }
}

/// Reads a tensor's bytes. `Header::open` has checked that they lie in the file.
pub(crate) fn tensor_bytes(file: &mut File, tensor: &Tensor) -> std::io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(tensor.at))?;
    let mut bytes = vec![0; tensor.bytes as usize];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
