//! The shell of a stream: dials, reads, writes, waits, and hands over what the session says.
//!
//! One task per stream and one bounded queue to its reader. A reader that is too slow loses what is new, and the loss is
//! counted: prices are superseded by the next ones. Time is the monotonic clock, set to the wall clock once.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use brier_connect::tls;
use brier_types::Timestamp;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};

use super::protocol::Protocol;
use super::session::{Action, Session};
use crate::client::{ClientOptions, refusal};
use crate::error::{FeedError, Problem, RetryAfter, excerpt};
use crate::fresh::FreshValue;
use crate::prices::Tick;
use crate::request::KeyPlace;
use crate::vendor::Vendor;

/// Largest frame that is read: the longest history of RTDS is far below.
const MAX_FRAME_BYTES: usize = 4 << 20;
/// How long dialling may take, with TLS and the handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long writing a frame may take.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What a stream delivers, in order.
#[derive(Clone, Debug)]
pub enum StreamItem {
    /// A price, and when it came.
    Tick(Tick, Timestamp),
    /// A frame that could not be used, or a refusal.
    Problem(FeedError),
    /// The connection is open.
    Connected,
    /// The connection is gone, and comes again after a while.
    Lost(String),
    /// The stream has ended: trying again cannot help.
    Ended(FeedError),
}

impl StreamItem {
    /// The price with its age limit, if it is one.
    pub fn fresh(self, max_age: Duration) -> Option<FreshValue<Tick>> {
        let Self::Tick(tick, received) = self else { return None };
        let observed = tick.observed_at;
        Some(FreshValue::new(tick, observed, received, max_age))
    }
}

/// A running stream. Dropping it ends the connection.
#[derive(Debug)]
pub struct PriceStream {
    items: mpsc::Receiver<StreamItem>,
    dropped: Arc<AtomicU64>,
}

impl PriceStream {
    /// Dials and keeps the stream connected. Needs a tokio runtime. `queue` is how many items wait for a slow reader.
    ///
    /// # Errors
    /// [`FeedError`] when a key is missing, the vendor has no stream, or the system has no root certificates.
    pub fn open(options: &ClientOptions, protocol: impl Protocol + 'static, queue: usize) -> Result<Self, FeedError> {
        let vendor = protocol.vendor();
        let setup = |said: String| FeedError::new(vendor, "stream", Problem::Setup { said });
        let base = options.stream_base(vendor).ok_or_else(|| setup("it has no stream".to_owned()))?;
        let key = options.keys.get(vendor).cloned();
        if protocol.key().is_some() && key.is_none() {
            return Err(setup(format!("no key for {vendor}: name a file or a variable that holds it")));
        }
        let connector = if base.starts_with("wss:") {
            Connector::Rustls(Arc::new(tls::client_config(&[]).map_err(|error| setup(error.to_string()))?))
        } else {
            Connector::Plain
        };
        let (sender, items) = mpsc::channel(queue.max(1));
        let dropped = Arc::new(AtomicU64::new(0));
        let driver = Driver {
            vendor,
            url: base + &protocol.target(),
            place: protocol.key(),
            key,
            connector,
            session: Session::new(Box::new(protocol), options.backoff, options.seed),
            sender,
            dropped: Arc::clone(&dropped),
            origin: ((options.now)(), Instant::now()),
        };
        drop(tokio::spawn(driver.run()));
        Ok(Self { items, dropped })
    }

    /// The next item; `None` once the stream has ended.
    pub async fn next(&mut self) -> Option<StreamItem> {
        self.items.recv().await
    }

    /// How many items were lost because the reader was too slow.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

struct Driver {
    vendor: Vendor,
    url: String,
    place: Option<KeyPlace>,
    key: Option<crate::secret::Secret>,
    connector: Connector,
    session: Session,
    sender: mpsc::Sender<StreamItem>,
    dropped: Arc<AtomicU64>,
    origin: (Timestamp, Instant),
}

/// What became of a batch of actions.
enum Next {
    GoOn,
    Dial(Timestamp),
    End,
}

impl Driver {
    fn now(&self) -> Timestamp {
        self.origin.0.plus(self.origin.1.elapsed())
    }

    fn instant(&self, at: Timestamp) -> Instant {
        self.origin.1 + at.since(self.origin.0)
    }

    async fn run(mut self) {
        let mut out = Vec::new();
        let mut dial_at = self.now();
        self.session.start(dial_at, &mut out);
        loop {
            let wake = self.instant(dial_at);
            let closed = self.sender.clone();
            tokio::select! {
                biased;
                () = closed.closed() => return,
                () = tokio::time::sleep_until(wake) => {}
            }
            out.clear();
            let dialled = tokio::time::timeout(CONNECT_TIMEOUT, self.dial()).await;
            let now = self.now();
            let mut socket = match dialled {
                Ok(Ok(socket)) => {
                    self.session.on_open(now, &mut out);
                    Some(socket)
                }
                Ok(Err(error)) => {
                    self.session.on_refused(now, error, &mut out);
                    None
                }
                Err(_) => {
                    let said = format!("no connection within {} s", CONNECT_TIMEOUT.as_secs());
                    let error = FeedError::new(self.vendor, "stream", Problem::Transport { said });
                    self.session.on_refused(now, error, &mut out);
                    None
                }
            };
            match self.live(&mut socket, &mut out).await {
                Some(at) => dial_at = at,
                None => return,
            }
        }
    }

    /// Serves one connection until the next is due; `None` at the end of the stream.
    async fn live(&mut self, socket: &mut Option<Socket>, out: &mut Vec<Action>) -> Option<Timestamp> {
        loop {
            match self.carry_out(socket, out).await {
                Next::GoOn => {}
                Next::Dial(at) => return Some(at),
                Next::End => return None,
            }
            let deadline = self.session.deadline().map(|at| self.instant(at));
            let closed = self.sender.clone();
            let open = socket.as_mut();
            tokio::select! {
                biased;
                () = closed.closed() => return None,
                message = async { match open { Some(socket) => socket.next().await, None => pending().await } } => {
                    let now = self.now();
                    match message {
                        Some(Ok(Message::Text(text))) => self.session.on_frame(now, text.as_str(), out),
                        Some(Ok(Message::Binary(bytes))) => {
                            let text = String::from_utf8_lossy(&bytes);
                            self.session.on_frame(now, &text, out);
                        }
                        // The library answers pings by itself.
                        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                        Some(Ok(Message::Close(frame))) => {
                            *socket = None;
                            let why = frame.map_or_else(|| "no code".to_owned(), |frame| frame.code.to_string());
                            self.session.on_close(now, &format!("the vendor closed the connection ({why})"), out);
                        }
                        Some(Err(error)) => {
                            *socket = None;
                            let reason = excerpt(&brier_connect::http::chain(&error));
                            self.session.on_close(now, &reason, out);
                        }
                        None => {
                            *socket = None;
                            self.session.on_close(now, "the connection ended", out);
                        }
                    }
                }
                () = async { match deadline { Some(at) => tokio::time::sleep_until(at).await, None => pending().await } } => {
                    let now = self.now();
                    self.session.on_tick(now, out);
                }
            }
        }
    }

    async fn carry_out(&mut self, socket: &mut Option<Socket>, out: &mut Vec<Action>) -> Next {
        let mut next = Next::GoOn;
        let mut actions: std::collections::VecDeque<Action> = std::mem::take(out).into();
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Dial(at) => next = Next::Dial(at),
                Action::Send(text) => {
                    let Some(open) = socket.as_mut() else { continue };
                    let sent = tokio::time::timeout(WRITE_TIMEOUT, open.send(Message::text(text))).await;
                    if !matches!(sent, Ok(Ok(()))) {
                        *socket = None;
                        let mut more = Vec::new();
                        self.session.on_close(self.now(), "a frame could not be sent", &mut more);
                        actions.extend(more);
                    }
                }
                Action::Close => {
                    if let Some(mut open) = socket.take() {
                        // A peer that is gone cannot be told: the end of the wait is enough.
                        drop(tokio::time::timeout(Duration::from_millis(200), open.close(None)).await);
                    }
                }
                Action::Tick(tick) => {
                    let now = self.now();
                    self.hand_over(StreamItem::Tick(tick, now));
                }
                Action::Problem(error) => self.hand_over(StreamItem::Problem(self.scrubbed(error))),
                Action::Connected => self.hand_over(StreamItem::Connected),
                Action::Lost { reason, .. } => self.hand_over(StreamItem::Lost(reason)),
                Action::End(error) => {
                    self.hand_over(StreamItem::Ended(self.scrubbed(error)));
                    return Next::End;
                }
            }
        }
        next
    }

    fn hand_over(&self, item: StreamItem) {
        if self.sender.try_send(item).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn scrubbed(&self, mut error: FeedError) -> FeedError {
        if let Some(key) = &self.key {
            match &mut error.problem {
                Problem::Auth { said } | Problem::Refused { said } | Problem::Transport { said } => {
                    *said = key.scrub(said);
                }
                Problem::Quota { said, .. } | Problem::Upstream { said, .. } => *said = key.scrub(said),
                Problem::Unreadable { found, .. } => *found = key.scrub(found),
                Problem::NoData { .. } | Problem::TooLarge { .. } | Problem::Setup { .. } => {}
            }
        }
        error
    }

    async fn dial(&self) -> Result<Socket, FeedError> {
        let problem = |problem| FeedError::new(self.vendor, "stream", problem);
        let setup = |said: &str| problem(Problem::Setup { said: said.to_owned() });
        let mut url = self.url.clone();
        if let (Some(KeyPlace::Query(name)), Some(key)) = (self.place, &self.key) {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(name);
            url.push('=');
            brier_connect::http::percent_encode(key.expose(), &mut url);
        }
        let mut request = url.as_str().into_client_request().map_err(|_| setup("the stream's address is none"))?;
        if let (Some(KeyPlace::Header(name, prefix)), Some(key)) = (self.place, &self.key) {
            let value = HeaderValue::from_str(&format!("{prefix}{}", key.expose()));
            let mut value = value.map_err(|_| setup("the key has characters that no header can carry"))?;
            value.set_sensitive(true);
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
        let config =
            WebSocketConfig::default().max_message_size(Some(MAX_FRAME_BYTES)).max_frame_size(Some(MAX_FRAME_BYTES));
        let connector = Some(self.connector.clone());
        let dialled = tokio_tungstenite::connect_async_tls_with_config(request, Some(config), true, connector);
        match Box::pin(dialled).await {
            Ok((socket, _)) => Ok(socket),
            Err(WsError::Http(response)) => {
                let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
                let body = response.body().as_deref().unwrap_or_default();
                let retry_after = retry_after.and_then(RetryAfter::parse);
                Err(refusal::of_status(self.vendor, "stream", response.status().as_u16(), retry_after, body))
            }
            // The causes name no address, and so no key.
            Err(error) => Err(problem(Problem::Transport { said: excerpt(&brier_connect::http::chain(&error)) })),
        }
    }
}
