//! The shell of a session: dials, reads, writes, waits, asks REST, and hands over what the session says.
//!
//! One task per stream, one bounded queue to its consumer, so that the order of events is kept. The queue keeps a reserve
//! for what may not be lost. Market data that finds the rest full is dropped and its books are mended; an input of the
//! account that finds even the reserve full ends the stream with an error.
//!
//! Time is read from the monotonic clock, set to the wall clock once, so that stamps never go back.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use brier_connect::tls;
use brier_types::{Input, Stamped, Timestamp};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};

use super::action::{Action, Machine, Notice, PriceTick, Stats};
use super::market::AuditBook;

/// How often the queue is looked at while books wait for room in it.
const ROOM_POLL: Duration = Duration::from_millis(5);

/// The largest frame that is read: first books of a hundred tokens arrive in one.
const MAX_FRAME_BYTES: usize = 64 << 20;

type AuditAnswer = Pin<Box<dyn Future<Output = (String, Result<AuditBook, String>)> + Send>>;

/// Who is asked for a REST book when a socket is doubted.
pub trait Auditor: Send + Sync {
    /// The book of a token as REST shows it now, or why it is not known.
    fn book(&self, token: String) -> Pin<Box<dyn Future<Output = Result<AuditBook, String>> + Send>>;
}

/// Bounds of a stream.
#[derive(Clone)]
pub struct StreamConfig {
    /// Where: `wss://…/ws/market`.
    pub url: String,
    /// How long dialling may take, with TLS and the handshake.
    pub connect_timeout: Duration,
    /// How long writing a frame may take.
    pub write_timeout: Duration,
    /// How many market inputs and notices the queue holds.
    pub market_queue: usize,
    /// How many more inputs of the account it holds when market data has filled it.
    pub account_reserve: usize,
    /// Who is asked for REST books. Without one, silent sockets are only found out by their heartbeat.
    pub auditor: Option<Arc<dyn Auditor>>,
}

impl StreamConfig {
    /// Bounds that suit trading.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connect_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(5),
            market_queue: 16_384,
            account_reserve: 4_096,
            auditor: None,
        }
    }
}

impl std::fmt::Debug for StreamConfig {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("StreamConfig").field("url", &self.url).finish_non_exhaustive()
    }
}

/// What a stream delivers, in the order in which it happened.
#[derive(Clone, Debug)]
pub enum StreamItem {
    /// For the core.
    Input(Stamped<Input>),
    /// An outside price.
    Price(PriceTick),
    /// For people, or the caller.
    Notice(Notice),
}

/// Why a stream ended.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The consumer was too slow for what may not be lost.
    #[error("stream: the queue has no room for the account's own inputs; read faster, then reconcile with REST")]
    TooSlow,
    /// No certificate of the system can be read; a local `ws` address needs none.
    #[error(transparent)]
    Tls(#[from] brier_connect::ConnectError),
    /// The stream's task ended by itself, which is a bug.
    #[error("stream: its task ended: {0}; open it again and reconcile with REST")]
    Task(String),
}

/// What a caller does to a running session, between two events.
type Wish<M> = Box<dyn FnOnce(&mut M, Timestamp, &mut Vec<Action>) + Send>;

/// A running stream over a session. Dropping it ends the connection.
pub struct Stream<M> {
    items: mpsc::Receiver<StreamItem>,
    wishes: mpsc::Sender<Wish<M>>,
    /// `None` once its result was told.
    task: Option<JoinHandle<Result<(), StreamError>>>,
}

impl<M> std::fmt::Debug for Stream<M> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Stream").finish_non_exhaustive()
    }
}

impl<M: Machine + 'static> Stream<M> {
    /// Dials and keeps the session connected. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`StreamError::Tls`] when the system has no root certificates (not needed for a local `ws` address).
    pub fn open(session: M, config: StreamConfig) -> Result<Self, StreamError> {
        let connector = if config.url.starts_with("wss:") {
            Connector::Rustls(Arc::new(tls::client_config(&[])?))
        } else {
            Connector::Plain
        };
        let (queue, items) = mpsc::channel(config.market_queue.max(1) + config.account_reserve.max(1));
        let (wishes, wish_queue) = mpsc::channel(64);
        let driver = Driver {
            session,
            config,
            connector,
            queue,
            wishes: wish_queue,
            origin: (wall_clock(), Instant::now()),
            dial_at: None,
            dialling: None,
            socket: None,
            audit: None,
        };
        Ok(Self { items, wishes, task: Some(tokio::spawn(driver.run())) })
    }

    /// The next item; `None` after [`Stream::stop`].
    ///
    /// # Errors
    /// [`StreamError`] when the stream ended otherwise.
    pub async fn next(&mut self) -> Result<Option<StreamItem>, StreamError> {
        if let Some(item) = self.items.recv().await {
            return Ok(Some(item));
        }
        let Some(task) = &mut self.task else { return Ok(None) };
        let result = task.await;
        self.task = None;
        match result {
            Ok(result) => result.map(|()| None),
            Err(error) => Err(StreamError::Task(error.to_string())),
        }
    }

    /// Runs `change` on the session between two events: reconcile an account, read its figures. `None` once the stream has
    /// ended.
    pub async fn with<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut M, Timestamp, &mut Vec<Action>) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, result) = oneshot::channel();
        let wish: Wish<M> = Box::new(move |session, now, out| {
            // Nobody waits for the answer any more: the change was made all the same.
            drop(answer.send(change(session, now, out)));
        });
        self.wishes.send(wish).await.ok()?;
        result.await.ok()
    }

    /// What the session counted; `None` once the stream has ended.
    pub async fn stats(&self) -> Option<Stats> {
        self.with(|session, _now, _out| session.stats().clone()).await
    }

    /// Ends the stream and drops what is queued.
    pub fn stop(mut self) {
        self.items.close();
    }
}

impl<M> Drop for Stream<M> {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Dialling = Pin<Box<dyn Future<Output = Result<Socket, String>> + Send>>;

struct Driver<M> {
    session: M,
    config: StreamConfig,
    connector: Connector,
    queue: mpsc::Sender<StreamItem>,
    wishes: mpsc::Receiver<Wish<M>>,
    /// The wall clock and the monotonic clock at the same moment.
    origin: (Timestamp, Instant),
    dial_at: Option<Timestamp>,
    dialling: Option<Dialling>,
    socket: Option<Socket>,
    audit: Option<AuditAnswer>,
}

/// What woke the driver.
enum Event<M> {
    Wish(Option<Wish<M>>),
    Dialled(Box<Result<Socket, String>>),
    Audited(String, Result<AuditBook, String>),
    Frame(Option<Result<Message, WsError>>),
    Timer,
    Abandoned,
}

impl<M: Machine> Driver<M> {
    async fn run(mut self) -> Result<(), StreamError> {
        let mut out = Vec::new();
        self.session.start(self.now(), &mut out);
        loop {
            self.perform(&mut out).await?;
            let wake = self.instant(self.wake());
            let event = tokio::select! {
                biased;
                wish = self.wishes.recv(), if !self.wishes.is_closed() || !self.wishes.is_empty() => Event::Wish(wish),
                () = self.queue.closed() => Event::Abandoned,
                dialled = poll(&mut self.dialling), if self.dialling.is_some() => Event::Dialled(Box::new(dialled)),
                (token, book) = poll(&mut self.audit), if self.audit.is_some() => Event::Audited(token, book),
                frame = read(&mut self.socket), if self.socket.is_some() => Event::Frame(frame),
                () = tokio::time::sleep_until(wake) => Event::Timer,
            };
            let now = self.now();
            match event {
                Event::Abandoned => {
                    self.hang_up().await;
                    return Ok(());
                }
                // Every handle is gone; the stream goes on as it is.
                Event::Wish(None) => self.wishes.close(),
                Event::Wish(Some(wish)) => wish(&mut self.session, now, &mut out),
                Event::Dialled(result) => self.on_dialled(now, *result, &mut out),
                Event::Audited(token, book) => {
                    self.audit = None;
                    self.session.on_audit(now, &token, book, &mut out);
                }
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

    fn on_dialled(&mut self, now: Timestamp, result: Result<Socket, String>, out: &mut Vec<Action>) {
        self.dialling = None;
        match result {
            Ok(socket) => {
                self.socket = Some(socket);
                self.session.on_open(now, out);
            }
            Err(problem) => self.session.on_close(now, &problem, out),
        }
    }

    fn on_frame(&mut self, now: Timestamp, frame: Option<Result<Message, WsError>>, out: &mut Vec<Action>) {
        let reason = match frame {
            Some(Ok(Message::Text(text))) => return self.session.on_frame(now, text.as_str(), out),
            // A venue that writes JSON into binary frames is still heard.
            Some(Ok(Message::Binary(bytes))) => {
                return self.session.on_frame(now, &String::from_utf8_lossy(&bytes), out);
            }
            // Protocol pings are answered below us, and prove less than the texts that the venue wants.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => return,
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
            self.dialling =
                Some(Box::pin(dial(self.config.url.clone(), self.connector.clone(), self.config.connect_timeout)));
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
    async fn perform(&mut self, out: &mut Vec<Action>) -> Result<(), StreamError> {
        while !out.is_empty() {
            for action in std::mem::take(out) {
                match action {
                    Action::Connect(at) => self.dial_at = Some(at),
                    Action::Send(text) => self.write(Message::text(text), out).await,
                    Action::Close => self.hang_up().await,
                    Action::Audit(token) => self.ask(token),
                    Action::Emit(input) => self.emit(*input)?,
                    Action::Price(tick) => self.offer(StreamItem::Price(tick)),
                    Action::Notice(Notice::NeedsReconcile { reason }) => {
                        self.insist(StreamItem::Notice(Notice::NeedsReconcile { reason }))?;
                    }
                    Action::Notice(notice) => {
                        tracing::info!(?notice, "stream");
                        self.offer(StreamItem::Notice(notice));
                    }
                }
            }
        }
        Ok(())
    }

    fn ask(&mut self, token: String) {
        let Some(auditor) = self.config.auditor.clone() else { return };
        self.audit = Some(Box::pin(async move {
            let book = auditor.book(token.clone()).await;
            (token, book)
        }));
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

    fn emit(&mut self, input: Stamped<Input>) -> Result<(), StreamError> {
        let is_market = matches!(
            input.body,
            Input::Book(_) | Input::BookLost(_) | Input::Quote(_) | Input::Trade(_) | Input::Lifecycle(_)
        );
        if is_market && self.room() == 0 {
            self.session.on_overflow(&input.body);
            return Ok(());
        }
        self.insist(StreamItem::Input(input))
    }

    /// Delivers what may not be lost.
    fn insist(&self, item: StreamItem) -> Result<(), StreamError> {
        match self.queue.try_send(item) {
            // A consumer that is gone ends the stream at the next turn of the loop.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => Err(StreamError::TooSlow),
        }
    }

    /// Delivers what the next message of its kind outdates.
    fn offer(&self, item: StreamItem) {
        if self.room() > 0 {
            // Full or closed: the log has it, and counts are kept.
            drop(self.queue.try_send(item));
        }
    }
}

async fn dial(url: String, connector: Connector, timeout: Duration) -> Result<Socket, String> {
    let config =
        WebSocketConfig::default().max_message_size(Some(MAX_FRAME_BYTES)).max_frame_size(Some(MAX_FRAME_BYTES));
    let dialling = tokio_tungstenite::connect_async_tls_with_config(url, Some(config), true, Some(connector));
    match tokio::time::timeout(timeout, dialling).await {
        Ok(Ok((socket, _response))) => Ok(socket),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no connection within {timeout:?}")),
    }
}

async fn poll<T>(pending: &mut Option<Pin<Box<dyn Future<Output = T> + Send>>>) -> T {
    match pending {
        Some(pending) => pending.await,
        None => std::future::pending().await,
    }
}

async fn read(socket: &mut Option<Socket>) -> Option<Result<Message, WsError>> {
    match socket {
        Some(socket) => socket.next().await,
        None => std::future::pending().await,
    }
}

fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::EPOCH.plus(since)
}
