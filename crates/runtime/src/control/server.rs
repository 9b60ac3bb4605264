//! The answering end of the control socket.

use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::{ControlAnswer, ControlRequest, MAX_LINE, SOCKET};

/// Askers at once.
const MAX_ASKERS: usize = 16;
/// How long an asker may take for its line, and for taking the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The system takes addresses of 108 bytes with their end, others fewer.
const MAX_ADDRESS: usize = 100;

/// What answers requests.
pub trait ControlHandler: Send + Sync + 'static {
    /// Answers one. It may take its time; the asker decides how long it waits.
    fn handle(&self, request: ControlRequest) -> impl Future<Output = ControlAnswer> + Send;
}

/// Where the socket is, in a form that is short enough for the system.
pub(super) struct Place {
    path: PathBuf,
    _folder: Option<File>,
}

impl Place {
    /// The socket of a data folder. A path that is too long for an address is reached through the open folder.
    pub(super) fn of(folder: &Path) -> io::Result<Self> {
        let path = folder.join(SOCKET);
        if path.as_os_str().as_bytes().len() <= MAX_ADDRESS {
            return Ok(Self { path, _folder: None });
        }
        let opened = File::open(folder)?;
        let number = std::os::fd::AsRawFd::as_raw_fd(&opened);
        Ok(Self { path: PathBuf::from(format!("/proc/self/fd/{number}/{SOCKET}")), _folder: Some(opened) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// A control socket that is served until it is dropped, and is gone then.
#[derive(Debug)]
pub struct ControlServer {
    serving: JoinHandle<()>,
    path: PathBuf,
}

impl ControlServer {
    /// Opens the socket of a data folder and answers with `handler`. The caller has the folder's lock, so a socket that is
    /// there was left by a process that died. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(folder: &Path, handler: impl ControlHandler) -> io::Result<Self> {
        let path = folder.join(SOCKET);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let place = Place::of(folder)?;
        let listener = UnixListener::bind(place.path())?;
        // Nobody else reaches it before this: the folder itself is its owner's alone.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { serving: tokio::spawn(serve(listener, Arc::new(handler))), path })
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        self.serving.abort();
        // A socket that stays is found dead by whoever asks, and replaced by the next run.
        drop(std::fs::remove_file(&self.path));
    }
}

async fn serve(listener: UnixListener, handler: Arc<impl ControlHandler>) {
    let places = Arc::new(Semaphore::new(MAX_ASKERS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let handler = Arc::clone(&handler);
                tokio::spawn(async move {
                    if let Err(error) = attend(stream, &*handler).await {
                        tracing::debug!(%error, "an asker at the control socket went away");
                    }
                    drop(place);
                });
            }
            // Out of files, mostly. The halt file still works.
            Err(error) => {
                tracing::warn!(%error, "control socket");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Answers one asker, line by line.
async fn attend(stream: UnixStream, handler: &impl ControlHandler) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut reader = BufReader::new(read);
    loop {
        let mut line = Vec::new();
        let mut bounded = (&mut reader).take(MAX_LINE as u64);
        let taken = bounded.read_until(b'\n', &mut line);
        let taken = tokio::time::timeout(PATIENCE, taken).await.map_err(|_late| io::ErrorKind::TimedOut)??;
        if taken == 0 {
            return Ok(());
        }
        let whole = line.ends_with(b"\n");
        let answer = match serde_json::from_slice::<ControlRequest>(&line) {
            Ok(request) if whole => handler.handle(request).await,
            Ok(_) => refused("expected one line of JSON"),
            Err(error) => refused(&format!("expected a request, found something else: {error}")),
        };
        let mut text = serde_json::to_vec(&answer).map_err(io::Error::from)?;
        text.push(b'\n');
        tokio::time::timeout(PATIENCE, write.write_all(&text)).await.map_err(|_late| io::ErrorKind::TimedOut)??;
        if !whole {
            return Ok(());
        }
    }
}

fn refused(reason: &str) -> ControlAnswer {
    ControlAnswer::Refused { reason: reason.to_owned() }
}
