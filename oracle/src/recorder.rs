//! A loopback HTTP server that answers the few calls the Rust SDK makes by itself, and keeps what it was sent.
//!
//! It exists because that SDK makes its authentication headers only while it sends: what arrives here is what the venue
//! would have seen. It speaks just enough HTTP/1.1 for one client at a time, and is no model of the venue.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// One request as it came over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Names in upper case with underscores, as the venue documents them.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// What the server shares with the judge.
#[derive(Debug, Default)]
struct Shared {
    /// What `GET /time` answers, in seconds.
    time: AtomicU64,
    last: Mutex<Option<Request>>,
}

/// The running server.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    /// Base address, without a slash at the end.
    pub(crate) address: String,
    shared: Arc<Shared>,
}

impl Recorder {
    /// Starts on a free port of the loopback interface.
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen on the loopback interface")?;
        let address = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared::default());
        let recorder = Self { address, shared: Arc::clone(&shared) };
        tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                // A connection that breaks shows as a failed call in the judge.
                tokio::spawn(async move { serve(stream, &shared).await.ok() });
            }
        });
        Ok(recorder)
    }

    /// From now on it is this time, in unix seconds.
    pub(crate) fn set_time(&self, seconds: u64) {
        self.shared.time.store(seconds, Ordering::SeqCst);
    }

    /// The last request that carried a signature.
    pub(crate) fn take(&self) -> Result<Request> {
        let mut last = self.shared.last.lock().expect("no holder panics");
        last.take().context("the SDK sent no signed request")
    }
}

async fn serve(stream: TcpStream, shared: &Shared) -> Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await? {
        let body = match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/version") => r#"{"version":2}"#.to_owned(),
            ("GET", "/time") => shared.time.load(Ordering::SeqCst).to_string(),
            ("POST", "/auth/api-key") => {
                r#"{"apiKey":"00000000-0000-4000-8000-000000000000","secret":"AAAA","passphrase":"00"}"#.to_owned()
            }
            _ => r#"{"canceled":[],"not_canceled":{}}"#.to_owned(),
        };
        if request.headers.contains_key("POLY_SIGNATURE") {
            *shared.last.lock().expect("no holder panics") = Some(request);
        }
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length:";
        stream.write_all(format!("{head} {}\r\n\r\n{body}", body.len()).as_bytes()).await?;
    }
    Ok(())
}

/// The next request, or nothing at the connection's end.
async fn read(stream: &mut BufReader<TcpStream>) -> Result<Option<Request>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let [method, path, _version] = line.split_whitespace().collect::<Vec<_>>()[..] else {
        bail!("expected a request line, found `{line}`");
    };
    let (method, path) = (method.to_owned(), path.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_uppercase(), value.trim().to_owned());
    }
    let length = headers.get("CONTENT-LENGTH").map_or(Ok(0), |length| length.parse())?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some(Request { method, path, headers, body: String::from_utf8(body)? }))
}
