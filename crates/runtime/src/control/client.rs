//! The asking end of the control socket: one request, one answer, never longer than it was told to wait.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{ControlAnswer, ControlRequest};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// Nobody listens.
    #[error("no process listens on {path}")]
    Nobody {
        /// The socket.
        path: PathBuf,
    },
    /// Somebody listens and said nothing in time. The request may still be carried out.
    #[error("the process behind {path} did not answer within {waited:?}")]
    Silent {
        /// The socket.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The connection failed.
    #[error("{path}: {source}")]
    Io {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The answer is none: the process is of another version.
    #[error("{path}: the answer makes no sense to this version: {source}")]
    Malformed {
        /// The socket.
        path: PathBuf,
        /// What the reader said.
        source: serde_json::Error,
    },
}

/// Asks the process of a data folder, and waits at most `patience` for its answer.
///
/// # Errors
/// [`AskError`].
#[cfg(unix)]
pub fn ask(folder: &Path, request: &ControlRequest, patience: Duration) -> Result<ControlAnswer, AskError> {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::os::unix::net::UnixStream;

    let path = folder.join(super::SOCKET);
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            AskError::Silent { path: path.clone(), waited: patience }
        }
        _ => AskError::Io { path: path.clone(), source },
    };
    let place = super::server::Place::of(folder).map_err(failed)?;
    let stream = UnixStream::connect(place.path()).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => AskError::Nobody { path: path.clone() },
        _ => failed(error),
    })?;
    let deadline = std::time::Instant::now() + patience;
    stream.set_write_timeout(Some(patience)).map_err(failed)?;
    let mut line = serde_json::to_vec(request).expect("a request of texts is JSON");
    line.push(b'\n');
    (&stream).write_all(&line).map_err(failed)?;
    let mut answer = Vec::new();
    let mut reader = BufReader::new(&stream).take(super::MAX_LINE as u64);
    loop {
        let left = deadline.saturating_duration_since(std::time::Instant::now());
        if left.is_zero() {
            return Err(AskError::Silent { path, waited: patience });
        }
        stream.set_read_timeout(Some(left)).map_err(failed)?;
        let some = reader.fill_buf().map_err(failed)?;
        let end = some.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(some.len(), |end| end + 1);
        answer.extend_from_slice(&some[..taken]);
        let over = some.is_empty();
        reader.consume(taken);
        if end.is_some() {
            break;
        }
        if over {
            let source = io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended before an answer");
            return Err(AskError::Io { path, source });
        }
    }
    serde_json::from_slice(&answer).map_err(|source| AskError::Malformed { path, source })
}

/// Elsewhere there is no such socket: the file alone reaches the process.
///
/// # Errors
/// Always [`AskError::Nobody`].
#[cfg(not(unix))]
pub fn ask(folder: &Path, _request: &ControlRequest, _patience: Duration) -> Result<ControlAnswer, AskError> {
    Err(AskError::Nobody { path: folder.join(super::SOCKET) })
}
