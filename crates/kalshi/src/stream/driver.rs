//! The shell of a [`Session`]: dials, reads, writes, waits, and hands over what the session says.
//!
//! One task per stream, one queue to its consumer, so that the order of events is kept: what was before a disconnect is
//! read before it. The queue is bounded, and keeps a reserve for the account's own inputs. Market data that finds the rest
//! full is dropped and its books are mended; an account input that finds even the reserve full ends the stream with an
//! error, as nothing may be lost there.
//!
//! Time is read from the monotonic clock, set to the wall clock once, so that stamps never go back.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use brier_connect::tls;
use brier_kalshi_protocol::errors::ErrorBody;
use brier_kalshi_protocol::rest::Method;
use brier_kalshi_protocol::ws::{MAX_MESSAGE_BYTES, WS_PATH};
use brier_types::{FailureKind, Input, MarketTicker, Stamped, Timestamp};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};

use super::session::{Action, Interest, Session, SessionConfig};
use super::stats::{Notice, Stats};
use crate::client::Client;
use crate::env::Env;
use crate::error::KalshiError;
use crate::keys::Credentials;
use brier_connect::clock::{Clock, parse_http_date};

/// How often the queue is looked at while books wait for room in it.
const ROOM_POLL: Duration = Duration::from_millis(5);

/// How many handshakes in a row the venue may refuse before the stream gives up.
const MAX_REFUSALS: u32 = 3;

/// Bounds of a stream.
#[derive(Clone, Debug)]
pub struct StreamConfig {
    /// Bounds of the session.
    pub session: SessionConfig,
    /// How long dialling may take, with TLS and the handshake.
    pub connect_timeout: Duration,
    /// How long writing a frame may take.
    pub write_timeout: Duration,
    /// How many market inputs and notices the queue holds.
    pub market_queue: usize,
    /// How many more account inputs it holds when market data has filled it.
    pub account_reserve: usize,
}

impl StreamConfig {
    /// Bounds that suit trading, with the jitter's seed.
    pub const fn new(seed: u64) -> Self {
        Self {
            session: SessionConfig::new(seed),
            connect_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(5),
            market_queue: 16_384,
            account_reserve: 4_096,
        }
    }
}

/// What a stream delivers, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamItem {
    /// For the core.
    Input(Stamped<Input>),
    /// For people.
    Notice(Notice),
}

enum Wish {
    Add(Vec<MarketTicker>),
    Remove(Vec<MarketTicker>),
    Resync(Vec<MarketTicker>, String),
    Stats(oneshot::Sender<Stats>),
    Sync(u64),
    Stop,
}

/// The handle that changes a running stream. Its calls do nothing once the stream has ended.
#[derive(Clone, Debug)]
pub struct Control {
    wishes: mpsc::Sender<Wish>,
}

impl std::fmt::Debug for Wish {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Wish")
    }
}

impl Control {
    async fn send(&self, wish: Wish) {
        // The stream has ended: whoever reads it learns why.
        drop(self.wishes.send(wish).await);
    }

    /// Subscribes to more markets.
    pub async fn add_markets(&self, markets: Vec<MarketTicker>) {
        self.send(Wish::Add(markets)).await;
    }

    /// Unsubscribes from markets.
    pub async fn remove_markets(&self, markets: Vec<MarketTicker>) {
        self.send(Wish::Remove(markets)).await;
    }

    /// Asks for fresh snapshots of books that the consumer found wrong.
    pub async fn resync(&self, markets: Vec<MarketTicker>, reason: String) {
        self.send(Wish::Resync(markets, reason)).await;
    }

    /// Asks for [`Notice::Synced`] with `token` once everything the venue sent before has been delivered. Nothing comes if
    /// the connection is gone or ends first: wait with a deadline.
    pub async fn sync(&self, token: u64) {
        self.send(Wish::Sync(token)).await;
    }

    /// What the session counted; `None` once the stream has ended.
    pub async fn stats(&self) -> Option<Stats> {
        let (answer, stats) = oneshot::channel();
        self.send(Wish::Stats(answer)).await;
        stats.await.ok()
    }

    /// Ends the stream; what is queued can still be read.
    pub async fn stop(&self) {
        self.send(Wish::Stop).await;
    }
}

/// A running stream. Dropping it ends the connection.
#[derive(Debug)]
pub struct MarketStream {
    items: mpsc::Receiver<StreamItem>,
    /// `None` once its result was told.
    task: Option<JoinHandle<Result<(), KalshiError>>>,
}

impl MarketStream {
    /// Dials `env` and keeps the connection subscribed to `interest`. Needs a tokio runtime.
    ///
    /// `clock` is the one of the REST client of the same environment ([`Client::clock`]), so that both sign with the
    /// venue's time.
    ///
    /// # Errors
    /// [`KalshiError::Transport`] when the system has no root certificates (not needed for a local `http` environment).
    pub fn open(
        env: &Env,
        credentials: Credentials,
        clock: Arc<Clock>,
        interest: &Interest,
        config: StreamConfig,
    ) -> Result<(Self, Control), KalshiError> {
        let url = env.ws_url();
        let connector = if url.starts_with("wss:") {
            Connector::Rustls(Arc::new(tls::client_config(&[])?))
        } else {
            Connector::Plain
        };
        let (wishes, wish_queue) = mpsc::channel(64);
        let (queue, items) = mpsc::channel(config.market_queue.max(1) + config.account_reserve.max(1));
        let driver = Driver {
            dialer: Dialer { url, credentials, clock, connector, timeout: config.connect_timeout },
            session: Session::new(config.session.clone(), interest),
            config,
            queue,
            wishes: wish_queue,
            origin: (Clock::local_now(), Instant::now()),
            dial_at: None,
            dialling: None,
            socket: None,
            refusals: 0,
        };
        let task = Some(tokio::spawn(driver.run()));
        Ok((Self { items, task }, Control { wishes }))
    }

    /// The next item; `None` after [`Control::stop`].
    ///
    /// # Errors
    /// [`KalshiError::Stream`] when the venue refuses the handshake for good, or the consumer was too slow for the account's
    /// own inputs. The stream has ended then.
    pub async fn next(&mut self) -> Result<Option<StreamItem>, KalshiError> {
        if let Some(item) = self.items.recv().await {
            return Ok(Some(item));
        }
        let Some(task) = &mut self.task else { return Ok(None) };
        let result = task.await;
        self.task = None;
        match result {
            Ok(result) => result.map(|()| None),
            Err(error) => Err(fatal(format!("its task ended: {error}"))),
        }
    }
}

impl Drop for MarketStream {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Client {
    /// Opens the WebSocket of the client's environment with its key and its clock; see [`MarketStream::open`].
    ///
    /// # Errors
    /// [`KalshiError::NoKey`], and those of [`MarketStream::open`].
    pub fn stream(&self, interest: &Interest, config: StreamConfig) -> Result<(MarketStream, Control), KalshiError> {
        let credentials = self.credentials().ok_or(KalshiError::NoKey { operation: "open websocket" })?;
        MarketStream::open(self.env(), credentials.clone(), self.clock(), interest, config)
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Dialling = Pin<Box<dyn Future<Output = Result<Socket, DialError>> + Send>>;

/// Why there is no connection.
struct DialError {
    problem: String,
    /// The HTTP status, when the venue answered and refused.
    refused: Option<u16>,
}

/// What is needed to dial, any number of times.
#[derive(Clone)]
struct Dialer {
    url: String,
    credentials: Credentials,
    clock: Arc<Clock>,
    connector: Connector,
    timeout: Duration,
}

impl Dialer {
    async fn dial(self) -> Result<Socket, DialError> {
        let plain = |problem: String| DialError { problem, refused: None };
        let mut request = self.url.as_str().into_client_request().map_err(|error| plain(error.to_string()))?;
        let signed = self.credentials.sign_request(self.clock.venue_now(), Method::Get, WS_PATH);
        for (name, value) in signed.map_err(|error| plain(error.to_string()))? {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a constant name is a header name");
            let mut value = HeaderValue::from_str(&value).map_err(|error| plain(error.to_string()))?;
            value.set_sensitive(true);
            request.headers_mut().insert(name, value);
        }
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        let sent = Clock::local_now();
        let dialling =
            tokio_tungstenite::connect_async_tls_with_config(request, Some(config), true, Some(self.connector));
        match tokio::time::timeout(self.timeout, dialling).await {
            Ok(Ok((socket, _response))) => Ok(socket),
            Ok(Err(WsError::Http(response))) => {
                let date = response.headers().get("date").and_then(|value| value.to_str().ok());
                if let Some(date) = date.and_then(parse_http_date) {
                    self.clock.observe(sent, Clock::local_now(), date);
                }
                Err(DialError { problem: refusal(&response), refused: Some(response.status().as_u16()) })
            }
            Ok(Err(error)) => Err(plain(error.to_string())),
            Err(_) => Err(plain(format!("no connection within {:?}", self.timeout))),
        }
    }
}

fn refusal(response: &Response) -> String {
    let body = String::from_utf8_lossy(response.body().as_deref().unwrap_or_default());
    let word = ErrorBody::parse(&body).map(|body| body.text()).unwrap_or_default();
    format!("the handshake was refused with status {} {word}", response.status().as_u16())
}

struct Driver {
    dialer: Dialer,
    session: Session,
    config: StreamConfig,
    queue: mpsc::Sender<StreamItem>,
    wishes: mpsc::Receiver<Wish>,
    /// The wall clock's word for one moment of the monotonic clock.
    origin: (Timestamp, Instant),
    dial_at: Option<Timestamp>,
    dialling: Option<Dialling>,
    socket: Option<Socket>,
    refusals: u32,
}

/// What woke the driver.
enum Event {
    Wish(Option<Wish>),
    Dialled(Box<Result<Socket, DialError>>),
    Frame(Option<Result<Message, WsError>>),
    Timer,
    Abandoned,
}

impl Driver {
    async fn run(mut self) -> Result<(), KalshiError> {
        let mut out = Vec::new();
        self.session.start(self.now(), &mut out);
        loop {
            self.perform(&mut out).await?;
            let wake = self.instant(self.wake());
            let event = tokio::select! {
                biased;
                wish = self.wishes.recv(), if !self.wishes.is_closed() || !self.wishes.is_empty() => Event::Wish(wish),
                () = self.queue.closed() => Event::Abandoned,
                dialled = poll_dialling(&mut self.dialling), if self.dialling.is_some() => Event::Dialled(Box::new(dialled)),
                frame = poll_socket(&mut self.socket), if self.socket.is_some() => Event::Frame(frame),
                () = tokio::time::sleep_until(wake) => Event::Timer,
            };
            let now = self.now();
            match event {
                Event::Abandoned | Event::Wish(Some(Wish::Stop)) => {
                    self.session.stop(now, &mut out);
                    return self.perform(&mut out).await;
                }
                // Every handle is gone; the stream goes on as it is.
                Event::Wish(None) => self.wishes.close(),
                Event::Wish(Some(wish)) => self.on_wish(now, wish, &mut out),
                Event::Dialled(result) => self.on_dialled(now, *result, &mut out)?,
                Event::Frame(frame) => self.on_frame(now, frame, &mut out),
                Event::Timer => self.on_timer(now, &mut out),
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.origin.0.plus(self.origin.1.elapsed())
    }

    fn instant(&self, time: Timestamp) -> Instant {
        // A moment beyond a year is no deadline; the timer cannot hold arbitrary ones.
        self.origin.1 + time.since(self.origin.0).min(Duration::from_hours(24 * 365))
    }

    fn wake(&self) -> Timestamp {
        let room = self.session.owes().then(|| self.now().plus(ROOM_POLL));
        [self.session.next_deadline(), self.dial_at, room].into_iter().flatten().min().unwrap_or(Timestamp::MAX)
    }

    fn on_wish(&mut self, now: Timestamp, wish: Wish, out: &mut Vec<Action>) {
        match wish {
            Wish::Add(markets) => self.session.add_markets(now, &markets, out),
            Wish::Remove(markets) => self.session.remove_markets(now, &markets, out),
            Wish::Resync(markets, reason) => self.session.resync(now, &markets, &reason, out),
            // Nobody waits for the answer any more: nothing to do.
            Wish::Stats(answer) => drop(answer.send(self.session.stats().clone())),
            Wish::Sync(token) => self.session.sync(now, token, out),
            Wish::Stop => {}
        }
    }

    fn on_dialled(
        &mut self,
        now: Timestamp,
        result: Result<Socket, DialError>,
        out: &mut Vec<Action>,
    ) -> Result<(), KalshiError> {
        self.dialling = None;
        match result {
            Ok(socket) => {
                self.refusals = 0;
                self.socket = Some(socket);
                self.session.on_open(now, out);
            }
            Err(error) => {
                if matches!(error.refused, Some(400..=499)) {
                    self.refusals += 1;
                    if self.refusals >= MAX_REFUSALS {
                        return Err(fatal(format!("{}; check key, clock and environment", error.problem)));
                    }
                }
                self.session.on_close(now, &error.problem, out);
            }
        }
        Ok(())
    }

    fn on_frame(&mut self, now: Timestamp, frame: Option<Result<Message, WsError>>, out: &mut Vec<Action>) {
        let reason = match frame {
            Some(Ok(Message::Text(text))) => return self.session.on_frame(now, text.as_str(), out),
            // A venue that writes JSON into binary frames is still heard.
            Some(Ok(Message::Binary(bytes))) => {
                return self.session.on_frame(now, &String::from_utf8_lossy(&bytes), out);
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => return self.session.on_life(now),
            Some(Ok(Message::Close(frame))) => match frame {
                Some(frame) => format!("closed by the venue: {} {}", frame.code, frame.reason),
                None => "closed by the venue".to_owned(),
            },
            Some(Err(error)) => error.to_string(),
            None => "the connection ended".to_owned(),
        };
        self.socket = None;
        self.session.on_close(now, &reason, out);
    }

    fn on_timer(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        if self.dial_at.is_some_and(|at| now >= at) {
            self.dial_at = None;
            self.dialling = Some(Box::pin(self.dialer.clone().dial()));
        }
        if self.session.owes() && self.room() > self.config.market_queue / 2 {
            self.session.on_room(now, out);
        }
        self.session.on_tick(now, out);
    }

    /// How many market inputs the queue still takes.
    fn room(&self) -> usize {
        self.queue.capacity().saturating_sub(self.config.account_reserve.max(1))
    }

    /// Does what the session said; writing may fail and add more.
    async fn perform(&mut self, out: &mut Vec<Action>) -> Result<(), KalshiError> {
        while !out.is_empty() {
            for action in std::mem::take(out) {
                match action {
                    Action::Connect(at) => self.dial_at = Some(at),
                    Action::Send(text) => self.write(Message::text(text), out).await,
                    Action::Ping => self.write(Message::Ping(Bytes::from_static(b"brier")), out).await,
                    Action::Close => self.hang_up().await,
                    Action::Emit(input) => self.emit(input)?,
                    Action::Notice(notice) => self.notice(notice),
                }
            }
        }
        Ok(())
    }

    async fn write(&mut self, message: Message, out: &mut Vec<Action>) {
        let Some(socket) = &mut self.socket else { return };
        let reason = match tokio::time::timeout(self.config.write_timeout, socket.send(message)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("a frame could not be written within {:?}", self.config.write_timeout),
        };
        self.socket = None;
        let now = self.now();
        self.session.on_close(now, &reason, out);
    }

    async fn hang_up(&mut self) {
        if let Some(mut socket) = self.socket.take() {
            // Politeness has a bound, and its failure changes nothing: the connection is dropped either way.
            drop(tokio::time::timeout(Duration::from_millis(200), socket.close(None)).await);
        }
    }

    fn emit(&mut self, input: Stamped<Input>) -> Result<(), KalshiError> {
        let is_market = matches!(
            input.body,
            Input::Book(_) | Input::BookLost(_) | Input::Quote(_) | Input::Trade(_) | Input::Lifecycle(_)
        );
        if is_market && self.room() == 0 {
            self.session.on_overflow(&input.body);
            return Ok(());
        }
        match self.queue.try_send(StreamItem::Input(input)) {
            // A consumer that is gone ends the stream at the next turn of the loop.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => Err(fatal(
                "the consumer is too slow: the queue has no room for the account's own inputs; reconcile by REST"
                    .to_owned(),
            )),
        }
    }

    fn notice(&self, notice: Notice) {
        tracing::info!(?notice, "stream");
        if self.room() > 0 || matches!(notice, Notice::Synced { .. }) {
            // Full or closed: the log has it, and counts are kept.
            drop(self.queue.try_send(StreamItem::Notice(notice)));
        }
    }
}

async fn poll_dialling(dialling: &mut Option<Dialling>) -> Result<Socket, DialError> {
    match dialling {
        Some(dialling) => dialling.await,
        None => std::future::pending().await,
    }
}

async fn poll_socket(socket: &mut Option<Socket>) -> Option<Result<Message, WsError>> {
    match socket {
        Some(socket) => socket.next().await,
        None => std::future::pending().await,
    }
}

fn fatal(problem: String) -> KalshiError {
    KalshiError::Stream { problem, kind: FailureKind::Fatal }
}
