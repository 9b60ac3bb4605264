//! One connection, plain or TLS, over a socket that never blocks: what was handed to the system is counted to the byte.
//!
//! TLS is driven here and not by an adapter, because the question whether any byte of a request left must have an exact
//! answer, which a stream that encrypts into a buffer of its own cannot give.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use tokio::net::TcpStream;

/// Where a connection goes.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

pub(super) struct Transport {
    tcp: Arc<TcpStream>,
    tls: Option<Box<ClientConnection>>,
    /// Plain bytes that the system has not taken yet.
    rest: Vec<u8>,
    /// Bytes that the system took, ever.
    written: u64,
}

/// The socket as `rustls` wants it.
struct Socket<'a>(&'a TcpStream);

impl io::Read for Socket<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(into)
    }
}

impl io::Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport {
    /// Connects, and shakes hands where it is TLS.
    pub(super) async fn connect(target: &Target) -> io::Result<Self> {
        let tcp = TcpStream::connect((target.host.as_str(), target.port)).await?;
        tcp.set_nodelay(true)?;
        let tls = match &target.tls {
            None => None,
            Some((config, name)) => {
                let mut tls = ClientConnection::new(Arc::clone(config), name.clone()).map_err(io::Error::other)?;
                // A request is written whole or not at all.
                tls.set_buffer_limit(None);
                Some(Box::new(tls))
            }
        };
        let mut transport = Self { tcp: Arc::new(tcp), tls, rest: Vec::new(), written: 0 };
        transport.shake_hands().await?;
        Ok(transport)
    }

    async fn shake_hands(&mut self) -> io::Result<()> {
        loop {
            while !self.flush()? {
                self.tcp.writable().await?;
            }
            let Some(tls) = &mut self.tls else { return Ok(()) };
            if !tls.is_handshaking() {
                return Ok(());
            }
            match receive(tls, &self.tcp) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.tcp.readable().await?,
                Err(error) => return Err(error),
            }
        }
    }

    /// The socket, to wait on.
    pub(super) fn socket(&self) -> Arc<TcpStream> {
        Arc::clone(&self.tcp)
    }

    /// How many bytes the system took so far.
    pub(super) const fn written(&self) -> u64 {
        self.written
    }

    /// Starts to write: as much as the system takes at once. The rest goes by [`Transport::flush`].
    pub(super) fn start(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            tls.writer().write_all(bytes)?;
            return self.flush().map(drop);
        }
        let mut from = 0;
        while from < bytes.len() {
            match self.tcp.try_write(&bytes[from..]) {
                Ok(taken) => {
                    from += taken;
                    self.written += taken as u64;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.rest.extend_from_slice(&bytes[from..]);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes what is left, as far as the system takes it. Whether nothing is left.
    pub(super) fn flush(&mut self) -> io::Result<bool> {
        let (tcp, written) = (&self.tcp, &mut self.written);
        let mut go = |step: &mut dyn FnMut() -> io::Result<usize>| match step() {
            Ok(0) => Err(ErrorKind::WriteZero.into()),
            Ok(taken) => {
                *written += taken as u64;
                Ok(Some(taken))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        };
        while !self.rest.is_empty() {
            let Some(taken) = go(&mut || tcp.try_write(&self.rest))? else { return Ok(false) };
            self.rest.drain(..taken);
        }
        if let Some(tls) = &mut self.tls {
            while tls.wants_write() {
                if go(&mut || tls.write_tls(&mut Socket(tcp)))?.is_none() {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Whether something is still to be written.
    pub(super) fn is_writing(&self) -> bool {
        !self.rest.is_empty() || self.tls.as_ref().is_some_and(|tls| tls.wants_write())
    }

    /// Reads what is there. Zero when the other side has ended; an error of kind `WouldBlock` when nothing is there yet.
    pub(super) fn read(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        const STEP: usize = 16 * 1024;
        let Some(tls) = &mut self.tls else {
            into.reserve(STEP);
            return self.tcp.try_read_buf(into);
        };
        loop {
            let before = into.len();
            into.resize(before + STEP, 0);
            let result = tls.reader().read(&mut into[before..]);
            into.truncate(before + result.as_ref().copied().unwrap_or(0));
            match result {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                other => return other,
            }
            receive(tls, &self.tcp)?;
        }
    }
}

/// Takes encrypted bytes off the socket. Zero at its end, after which the reader tells whether that was a cut.
fn receive(tls: &mut ClientConnection, tcp: &TcpStream) -> io::Result<usize> {
    let taken = tls.read_tls(&mut Socket(tcp))?;
    tls.process_new_packets().map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
    Ok(taken)
}
