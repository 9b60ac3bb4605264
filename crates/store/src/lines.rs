//! Text files line by line, plain or zstd, told apart by their first bytes.
//!
//! Invariants: one line at a time is in memory, and no more than [`MAX_LINE`] bytes of it; what is not UTF-8, too long or
//! damaged is an error that names file and line. It deliberately knows nothing of what the lines mean.
//!
//! Source of the format: RFC 8878 (frames may follow one another; skippable frames are skipped).

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The longest line, in bytes: as long as the longest message a venue sends.
pub const MAX_LINE: usize = 64 * 1024 * 1024;

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LinesError {
    /// The file could not be opened or read, or what is compressed in it is damaged.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system or the decompressor said.
        source: io::Error,
    },
    /// A line is longer than [`MAX_LINE`].
    #[error("{path}: line {line}: expected at most {MAX_LINE} bytes, found more", path = path.display())]
    TooLong {
        /// Which file.
        path: PathBuf,
        /// From 1.
        line: u64,
    },
    /// A line is no text.
    #[error("{path}: line {line}: expected UTF-8, found other bytes at {at} of the line", path = path.display())]
    Utf8 {
        /// Which file.
        path: PathBuf,
        /// From 1.
        line: u64,
        /// Offset in bytes.
        at: usize,
    },
}

/// A file that is read line by line.
pub struct Lines {
    path: PathBuf,
    input: Box<dyn BufRead + Send>,
    line: u64,
    buffer: Vec<u8>,
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Lines").field("path", &self.path).field("line", &self.line).finish_non_exhaustive()
    }
}

impl Lines {
    /// Opens a file, plain or zstd.
    ///
    /// # Errors
    /// [`LinesError::Io`] when it cannot be opened or its first bytes cannot be read.
    pub fn open(path: &Path) -> Result<Self, LinesError> {
        let io = |source| LinesError::Io { path: path.into(), source };
        let file = File::open(path).map_err(io)?;
        Self::from_reader(path, file).map_err(io)
    }

    /// Reads from anything; `name` stands for it in errors.
    ///
    /// # Errors
    /// Those of reading the first bytes.
    pub fn from_reader(name: &Path, reader: impl Read + Send + 'static) -> io::Result<Self> {
        let mut plain = BufReader::with_capacity(128 * 1024, reader);
        let input: Box<dyn BufRead + Send> = if plain.fill_buf()?.starts_with(&ZSTD_MAGIC) {
            Box::new(BufReader::with_capacity(128 * 1024, Zstd::new(plain)))
        } else {
            Box::new(plain)
        };
        Ok(Self { path: name.into(), input, line: 0, buffer: Vec::new() })
    }

    /// The number of the line given last, from 1; 0 before the first.
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// The next line without its end, or `None` after the last.
    ///
    /// # Errors
    /// [`LinesError`] when the line cannot be read. After [`LinesError::Utf8`] reading may go on with the next line.
    pub fn next_line(&mut self) -> Result<Option<&str>, LinesError> {
        self.buffer.clear();
        let limit = MAX_LINE as u64 + 1;
        let read = (&mut self.input).take(limit).read_until(b'\n', &mut self.buffer);
        let read = read.map_err(|source| LinesError::Io { path: self.path.clone(), source })?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        if self.buffer.len() > MAX_LINE {
            return Err(LinesError::TooLong { path: self.path.clone(), line: self.line });
        }
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
        }
        match std::str::from_utf8(&self.buffer) {
            Ok(text) => Ok(Some(text.strip_suffix('\r').unwrap_or(text))),
            Err(error) => Err(LinesError::Utf8 { path: self.path.clone(), line: self.line, at: error.valid_up_to() }),
        }
    }
}

/// Every frame of a zstd stream, one after another.
struct Zstd<R> {
    source: R,
    decoder: FrameDecoder,
    inside: bool,
}

impl<R: BufRead> Zstd<R> {
    fn new(source: R) -> Self {
        Self { source, decoder: FrameDecoder::new(), inside: false }
    }

    /// Reads the head of the next frame, or passes over one that is to be skipped.
    fn begin(&mut self) -> io::Result<()> {
        match self.decoder.init(&mut self.source) {
            Ok(()) => {
                self.inside = true;
                Ok(())
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                io::copy(&mut (&mut self.source).take(u64::from(length)), &mut io::sink()).map(drop)
            }
            Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        }
    }

    /// Decodes until `wanted` bytes can be taken or the frame ends: the library stops short of what it is asked for.
    fn decode(&mut self, wanted: usize) -> io::Result<()> {
        while self.decoder.can_collect() < wanted && !self.decoder.is_finished() {
            let strategy = BlockDecodingStrategy::UptoBytes(wanted - self.decoder.can_collect());
            let decoded = self.decoder.decode_blocks(&mut self.source, strategy);
            decoded.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !out.is_empty() {
            if self.inside {
                self.decode(out.len())?;
                let read = self.decoder.read(out)?;
                if read > 0 {
                    return Ok(read);
                }
                self.inside = false;
            } else if self.source.fill_buf()?.is_empty() {
                break;
            } else {
                self.begin()?;
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests;
