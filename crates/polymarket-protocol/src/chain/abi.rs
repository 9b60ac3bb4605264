//! Solidity's contract ABI for the few types that Polymarket's contracts use.
//!
//! Invariants: a value's encoding is canonical (tails in order, no gaps, padding zero) and [`decode`] accepts nothing else;
//! no length from outside is allocated before it is known to be there. Not here: static tuples and fixed arrays, which no
//! call of ours takes.
//!
//! Source: Solidity documentation, "Contract ABI Specification", 2026-11-20.

use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256};

/// Bytes are no canonical encoding of what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("abi: expected {expected} at byte {at}, found {found}")]
pub struct AbiError {
    /// What should stand there.
    pub expected: &'static str,
    /// Offset in the data, after a selector.
    pub at: usize,
    /// What stands there.
    pub found: String,
}

impl AbiError {
    fn new(expected: &'static str, at: usize, found: impl Into<String>) -> Self {
        Self { expected, at, found: found.into() }
    }
}

/// A type of the ABI.
pub trait Value: Sized {
    /// Its name in a function's signature.
    const NAME: &'static str;
    /// Whether it stands behind an offset.
    const DYNAMIC: bool;

    /// Appends the word of a static value, or the body of a dynamic one.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads what [`Value::write`] wrote at `at`.
    ///
    /// # Errors
    /// [`AbiError`] when it is not there.
    fn read(data: &[u8], at: usize) -> Result<Self, AbiError>;
}

/// Writes fields in order: their words, then the bodies of the dynamic ones.
pub struct Writer {
    fields: usize,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Writer {
    /// A writer for this many fields.
    pub fn new(fields: usize) -> Self {
        Self { fields, head: Vec::with_capacity(fields * 32), tail: Vec::new() }
    }

    /// Appends a field.
    pub fn field<T: Value>(&mut self, value: &T) {
        if T::DYNAMIC {
            write_length(self.fields * 32 + self.tail.len(), &mut self.head);
            value.write(&mut self.tail);
        } else {
            value.write(&mut self.head);
        }
    }

    /// Everything written, appended to `out`.
    pub fn finish(self, out: &mut Vec<u8>) {
        debug_assert_eq!(self.head.len(), self.fields * 32, "as many fields as promised");
        out.extend_from_slice(&self.head);
        out.extend_from_slice(&self.tail);
    }
}

/// Reads fields in order.
pub struct Reader<'a> {
    data: &'a [u8],
    base: usize,
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader of fields whose first word is at `base`, from which offsets count.
    pub fn new(data: &'a [u8], base: usize) -> Self {
        Self { data, base, at: base }
    }

    /// The next field.
    ///
    /// # Errors
    /// [`AbiError`] when it is not there.
    pub fn field<T: Value>(&mut self) -> Result<T, AbiError> {
        let at = self.at;
        self.at += 32;
        if !T::DYNAMIC {
            return T::read(self.data, at);
        }
        let offset = read_length(self.data, at)?;
        let body = self.base.checked_add(offset).filter(|body| *body <= self.data.len());
        let body = body.ok_or_else(|| AbiError::new("an offset within the data", at, offset.to_string()))?;
        T::read(self.data, body)
    }

    /// Nothing follows the words that were read.
    ///
    /// # Errors
    /// [`AbiError`] when something does.
    pub fn end(&self) -> Result<(), AbiError> {
        let left = self.data.len().saturating_sub(self.at);
        if left == 0 { Ok(()) } else { Err(AbiError::new("the end", self.at, format!("{left} more bytes"))) }
    }
}

/// One value as a contract returns it.
///
/// # Errors
/// [`AbiError`] when `data` is anything but the canonical encoding of one `T`. An empty answer usually means that there is
/// no contract at the address asked.
pub fn decode<T: Value>(data: &[u8]) -> Result<T, AbiError> {
    let value = Reader::new(data, 0).field::<T>()?;
    let mut writer = Writer::new(1);
    writer.field(&value);
    let mut again = Vec::with_capacity(data.len());
    writer.finish(&mut again);
    canonical(&again, data)?;
    Ok(value)
}

/// Fails where `found` departs from `canonical`.
pub(super) fn canonical(canonical: &[u8], found: &[u8]) -> Result<(), AbiError> {
    if canonical == found {
        return Ok(());
    }
    let same = canonical.iter().zip(found).take_while(|(left, right)| left == right).count();
    Err(AbiError::new("the canonical encoding", same, "another one, or more bytes"))
}

fn word(data: &[u8], at: usize) -> Result<&[u8; 32], AbiError> {
    let found = at.checked_add(32).and_then(|end| data.get(at..end)).and_then(|found| found.try_into().ok());
    found.ok_or_else(|| AbiError::new("a word of 32 bytes", at, format!("the end, {} bytes in", data.len())))
}

fn write_length(length: usize, out: &mut Vec<u8>) {
    U256::from(length).write(out);
}

fn read_length(data: &[u8], at: usize) -> Result<usize, AbiError> {
    let value = U256::read(data, at)?;
    let small = u32::try_from(value).ok().and_then(|small| usize::try_from(small).ok());
    small.ok_or_else(|| AbiError::new("a length or offset below 2^32", at, value.to_string()))
}

impl Value for U256 {
    const NAME: &'static str = "uint256";
    const DYNAMIC: bool = false;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes::<32>());
    }

    fn read(data: &[u8], at: usize) -> Result<Self, AbiError> {
        word(data, at).map(|word| Self::from_be_bytes(*word))
    }
}

macro_rules! small_integer {
    ($type:ty, $name:literal) => {
        impl Value for $type {
            const NAME: &'static str = $name;
            const DYNAMIC: bool = false;

            fn write(&self, out: &mut Vec<u8>) {
                U256::from(*self).write(out);
            }

            fn read(data: &[u8], at: usize) -> Result<Self, AbiError> {
                let value = U256::read(data, at)?;
                Self::try_from(value).map_err(|_too_large| AbiError::new(concat!("a ", $name), at, value.to_string()))
            }
        }
    };
}

small_integer!(u8, "uint8");
small_integer!(u16, "uint16");

impl Value for bool {
    const NAME: &'static str = "bool";
    const DYNAMIC: bool = false;

    fn write(&self, out: &mut Vec<u8>) {
        u8::from(*self).write(out);
    }

    fn read(data: &[u8], at: usize) -> Result<Self, AbiError> {
        match U256::read(data, at)? {
            U256::ZERO => Ok(false),
            U256::ONE => Ok(true),
            value => Err(AbiError::new("0 or 1", at, value.to_string())),
        }
    }
}

impl Value for Address {
    const NAME: &'static str = "address";
    const DYNAMIC: bool = false;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.into_word().as_slice());
    }

    fn read(data: &[u8], at: usize) -> Result<Self, AbiError> {
        let word = B256::from(*word(data, at)?);
        let address = Self::from_word(word);
        if address.into_word() == word {
            Ok(address)
        } else {
            Err(AbiError::new("an address, padded with zeros", at, word.to_string()))
        }
    }
}

macro_rules! fixed_bytes {
    ($length:literal, $name:literal) => {
        impl Value for FixedBytes<$length> {
            const NAME: &'static str = $name;
            const DYNAMIC: bool = false;

            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(self.as_slice());
                out.resize(out.len() + 32 - $length, 0);
            }

            fn read(data: &[u8], at: usize) -> Result<Self, AbiError> {
                let (value, padding) = word(data, at)?.split_at($length);
                if padding.iter().any(|byte| *byte != 0) {
                    return Err(AbiError::new(concat!($name, ", padded with zeros"), at, "other padding"));
                }
                Ok(Self::from_slice(value))
            }
        }
    };
}

fixed_bytes!(29, "bytes29");
fixed_bytes!(31, "bytes31");
fixed_bytes!(32, "bytes32");

impl Value for Bytes {
    const NAME: &'static str = "bytes";
    const DYNAMIC: bool = true;

    fn write(&self, out: &mut Vec<u8>) {
        write_length(self.len(), out);
        out.extend_from_slice(self);
        out.resize(out.len() + self.len().next_multiple_of(32) - self.len(), 0);
    }

    fn read(data: &[u8], at: usize) -> Result<Self, AbiError> {
        let length = read_length(data, at)?;
        let start = at + 32;
        let found = start.checked_add(length).and_then(|end| data.get(start..end));
        let found = found.ok_or_else(|| AbiError::new("as many bytes as announced", at, length.to_string()))?;
        Ok(Self::copy_from_slice(found))
    }
}

/// Appends the body of an array.
pub(super) fn write_array<T: Value>(elements: &[T], out: &mut Vec<u8>) {
    write_length(elements.len(), out);
    let mut writer = Writer::new(elements.len());
    for element in elements {
        writer.field(element);
    }
    writer.finish(out);
}

/// Reads the body of an array.
pub(super) fn read_array<T: Value>(data: &[u8], at: usize) -> Result<Vec<T>, AbiError> {
    let length = read_length(data, at)?;
    let start = at + 32;
    if (data.len() - start) / 32 < length {
        return Err(AbiError::new("as many elements as announced", at, length.to_string()));
    }
    let mut reader = Reader::new(data, start);
    (0..length).map(|_| reader.field()).collect()
}

/// An array type, whose name a constant cannot be built from its element's.
macro_rules! array {
    ($element:ty, $name:literal) => {
        impl crate::chain::abi::Value for Vec<$element> {
            const NAME: &'static str = $name;
            const DYNAMIC: bool = true;

            fn write(&self, out: &mut Vec<u8>) {
                crate::chain::abi::write_array(self, out);
            }

            fn read(data: &[u8], at: usize) -> Result<Self, crate::chain::abi::AbiError> {
                crate::chain::abi::read_array(data, at)
            }
        }
    };
}
pub(super) use array;

array!(U256, "uint256[]");
array!(Address, "address[]");
