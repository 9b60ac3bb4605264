//! The engine's inputs, commands and durable state as bytes: what the journal and its checkpoints hold.
//!
//! Invariants: a number written here once means the same for ever, and none is derived from an order in the source; decoding
//! checks everything that a constructor would, tells what was expected and where, and never panics on any bytes; what was
//! written is read back equal. Integers are LEB128, signed ones zigzag; texts and lists carry their length.

mod state;
#[cfg(test)]
mod tests;
mod values;

use brier_types::Timestamp;

use crate::command::Command;
use crate::input::Input;

/// Version of what records mean. A journal of another one is refused.
pub const VERSION: u32 = 4;

/// Bytes are no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at byte {at}: expected {expected}, found {found}")]
pub struct CodecError {
    /// Where.
    pub at: usize,
    /// What should have come.
    pub expected: &'static str,
    /// What came, cut to 64 characters.
    pub found: String,
}

/// Where decoding stands.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn wrong(&self, expected: &'static str, found: &dyn std::fmt::Display) -> CodecError {
        CodecError { at: self.at, expected, found: found.to_string().chars().take(64).collect() }
    }

    pub(crate) const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(crate) fn byte(&mut self) -> Result<u8, CodecError> {
        let byte = self.bytes.get(self.at).copied().ok_or_else(|| self.wrong("one more byte", &"the end"))?;
        self.at += 1;
        Ok(byte)
    }

    pub(crate) fn slice(&mut self, len: usize) -> Result<&'a [u8], CodecError> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| self.wrong("bytes up to the length that was told", &self.left()))?;
        let slice = &self.bytes[self.at..end];
        self.at = end;
        Ok(slice)
    }

    pub(crate) fn number(&mut self) -> Result<u64, CodecError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7F);
            if shift == 63 && part > 1 {
                return Err(self.wrong("a number of 64 bits", &"a longer one"));
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.wrong("a number of at most ten bytes", &"a longer one"))
    }

    pub(crate) fn finish(&self) -> Result<(), CodecError> {
        if self.left() == 0 {
            Ok(())
        } else {
            Err(self.wrong("the end of the record", &format!("{} more bytes", self.left())))
        }
    }
}

pub(crate) fn put_number(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Something that has a form in bytes.
pub(crate) trait Wire: Sized {
    /// Writes it.
    fn put(&self, out: &mut Vec<u8>);
    /// Reads it.
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError>;
}

/// A struct as its fields in this order, for ever.
macro_rules! fields {
    ($($name:ident { $($field:ident),* $(,)? })+) => {
        $(impl $crate::codec::Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                $($crate::codec::Wire::put(&self.$field, out);)*
            }
            fn take(from: &mut $crate::codec::Reader<'_>) -> Result<Self, $crate::codec::CodecError> {
                $(let $field = $crate::codec::Wire::take(from)?;)*
                Ok(Self { $($field),* })
            }
        })+
    };
}

/// An enum as a number for each variant, for ever, and its fields. Tuple variants name theirs for the macro.
macro_rules! variants {
    ($name:ident, $word:literal { $($tag:literal => $variant:ident $({ $($field:ident),* $(,)? })? $(( $($part:ident),* ))? ),+ $(,)? }) => {
        impl $crate::codec::Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $({ $($field),* })? $(( $($part),* ))? => {
                        out.push($tag);
                        $($($crate::codec::Wire::put($field, out);)*)?
                        $($($crate::codec::Wire::put($part, out);)*)?
                    })+
                }
            }
            fn take(from: &mut $crate::codec::Reader<'_>) -> Result<Self, $crate::codec::CodecError> {
                match from.byte()? {
                    $($tag => {
                        $($(let $field = $crate::codec::Wire::take(from)?;)*)?
                        $($(let $part = $crate::codec::Wire::take(from)?;)*)?
                        Ok(Self::$variant $({ $($field),* })? $(( $($part),* ))?)
                    })+
                    other => Err(from.wrong(concat!("a kind of ", $word), &other)),
                }
            }
        }
    };
}

pub(crate) use {fields, variants};

/// One record of the journal.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// The first record of a run: what the run begins with.
    Begin {
        /// Version of what records mean.
        version: u32,
        /// Counts the runs from 1.
        run: u32,
        /// The configuration by which the engine and its strategies are made again, as the shell wrote it down.
        config: String,
        /// The engine's durable state.
        checkpoint: Vec<u8>,
    },
    /// An input at its time.
    Input {
        /// When the engine took it.
        now: Timestamp,
        /// The input.
        input: Input,
    },
    /// A command that the inputs before it led to.
    Command(Command),
}

impl Record {
    /// Writes an input's record.
    pub fn put_input(now: Timestamp, input: &Input, out: &mut Vec<u8>) {
        out.push(1);
        now.put(out);
        input.put(out);
    }

    /// Writes a command's record.
    pub fn put_command(command: &Command, out: &mut Vec<u8>) {
        out.push(2);
        command.put(out);
    }

    /// Writes a run's first record.
    pub fn put_begin(run: u32, config: &str, checkpoint: &[u8], out: &mut Vec<u8>) {
        out.push(0);
        VERSION.put(out);
        run.put(out);
        put_number(config.len() as u64, out);
        out.extend_from_slice(config.as_bytes());
        put_number(checkpoint.len() as u64, out);
        out.extend_from_slice(checkpoint);
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`CodecError`] says where it is none: the journal was written by another version, or is damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut from = Reader::new(bytes);
        let record = match from.byte()? {
            0 => {
                let version = u32::take(&mut from)?;
                if version != VERSION {
                    return Err(from.wrong("a journal of this version", &version));
                }
                let run = u32::take(&mut from)?;
                let config = String::take(&mut from)?;
                let len = usize::try_from(from.number()?).unwrap_or(usize::MAX);
                Self::Begin { version, run, config, checkpoint: from.slice(len)?.to_vec() }
            }
            1 => Self::Input { now: Wire::take(&mut from)?, input: Wire::take(&mut from)? },
            2 => Self::Command(Wire::take(&mut from)?),
            other => return Err(from.wrong("a kind of record", &other)),
        };
        from.finish()?;
        Ok(record)
    }
}

/// A 64-bit sum of bytes (FNV-1a), stable for ever: what two states or two runs are compared by.
pub fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}
