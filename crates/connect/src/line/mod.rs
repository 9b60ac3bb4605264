//! Lines to a venue: connections kept open and warm, on which one request at a time is written at once and answered.
//!
//! A request is written by the caller's own thread, without a lock that anyone holds for long, a queue or a task between; its
//! answer is awaited wherever the caller likes. A keeper for each line connects it, notices when the venue closes it, keeps it
//! warm while it is idle and connects it anew.
//!
//! Invariants: nothing is written twice and nothing is repeated; whether any byte of a request left is told exactly
//! ([`Answer::NotSent`] or not); a line whose answer was not read to its end is never used again; every wait has a bound; the
//! lowest line that is free is taken, so that the same load takes the same lines. Redirects are answers like any other.
//!
//! A request that goes out on a connection which the venue has just closed is [`Answer::Silent`]: the close may have crossed
//! it. It is [`Answer::NotSent`] only when the system took no byte of it.

mod keeper;
mod request;
mod response;
#[cfg(test)]
mod tests;
mod transport;

use std::fmt;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use brier_types::Timestamp;
use reqwest::Url;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::backoff::{Backoff, Jitter};
use crate::clock::Clock;
use crate::{ConnectError, tls};
pub use request::{
    USER_AGENT, authority, push_body, push_digits, push_encoded, push_fixed, push_json_text, push_number, write_request,
};
use response::Reader;
pub use response::Response;
use transport::{Target, Transport};

/// A read without effect that keeps a line open and its path warm.
#[derive(Clone)]
pub struct KeepWarm {
    /// The whole request, as it is written.
    pub request: Vec<u8>,
    /// How long a line may be idle before it is sent.
    pub after: Duration,
}

impl fmt::Debug for KeepWarm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("KeepWarm").field("after", &self.after).finish_non_exhaustive()
    }
}

/// What lines are made for.
#[derive(Clone, Debug)]
pub struct LineConfig {
    /// Scheme, host and port; a path is not looked at.
    pub origin: Url,
    /// How TLS is done where the scheme is `https`; the system's roots when nothing is said.
    pub tls: Option<Arc<ClientConfig>>,
    /// How many requests can be in flight at once.
    pub lines: usize,
    /// How long a connection may take to open, TLS included, and a keep-warm request to be answered.
    pub connect_timeout: Duration,
    /// Waits between attempts to connect.
    pub backoff: Backoff,
    /// Where the jitter of the waits starts.
    pub seed: u64,
    /// What is sent on a new line and on an idle one.
    pub keep_warm: Option<KeepWarm>,
    /// The largest body accepted, in bytes.
    pub max_body: usize,
    /// Learns from the `Date` of every answer.
    pub clock: Arc<Clock>,
}

impl LineConfig {
    /// Four lines to `origin`, with bounds that suit trading, that are not kept warm.
    pub fn new(origin: Url, clock: Arc<Clock>, seed: u64) -> Self {
        Self {
            origin,
            tls: None,
            lines: 4,
            connect_timeout: Duration::from_secs(5),
            backoff: Backoff { base: Duration::from_millis(100), cap: Duration::from_secs(5) },
            seed,
            keep_warm: None,
            max_body: 4 * 1024 * 1024,
            clock,
        }
    }

    fn target(&self) -> Result<Target, ConnectError> {
        let wrong = |what: &str| ConnectError(format!("lines: expected {what}, found `{:.128}`", self.origin));
        let host = self.origin.host_str().ok_or_else(|| wrong("an address with a host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = self.origin.port_or_known_default().ok_or_else(|| wrong("an address with a port"))?;
        let tls = match self.origin.scheme() {
            "http" => None,
            "https" => {
                let name = ServerName::try_from(host.clone()).map_err(|_no_name| wrong("a host that TLS can name"))?;
                let config = match &self.tls {
                    Some(config) => Arc::clone(config),
                    None => Arc::new(tls::client_config(&[b"http/1.1"])?),
                };
                Some((config, name))
            }
            _ => return Err(wrong("http or https")),
        };
        Ok(Target { host, port, tls })
    }
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// No byte of it left this program; why.
    NotSent(String),
    /// Some of it may have reached the venue, and no whole answer came in time; why. A success whose body was cut is one.
    Silent(String),
    /// An answer.
    Answered(Response),
}

/// No byte of a request left this program. The text says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not sent: {0}")]
pub struct NotSent(pub String);

/// How a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineState {
    /// Being connected, or between two attempts.
    Down,
    /// Free.
    Idle,
    /// A request is in flight.
    Busy,
}

/// A connection between two requests.
struct Connection {
    transport: Transport,
    reader: Reader,
    idle_since: Instant,
}

enum State {
    Down,
    Idle(Box<Connection>),
    Busy,
}

struct Slot {
    state: Mutex<State>,
    /// For the slot's keeper: the line was given back or lost.
    changed: Notify,
}

struct Shared {
    config: LineConfig,
    target: Target,
    slots: Vec<Slot>,
    /// For whoever waits for a line: one is free.
    freed: Notify,
    /// Held by the keeper that warms its line: one at a time, so that warming never takes all lines.
    warming: tokio::sync::Mutex<()>,
    /// Why the last attempt to connect failed.
    problem: Mutex<String>,
    jitter: Mutex<Jitter>,
}

/// The lines to one host. Cheap to clone; when the last clone is dropped the lines close.
#[derive(Clone)]
pub struct Lines {
    shared: Arc<Shared>,
    _keepers: Arc<keeper::Keepers>,
}

impl fmt::Debug for Lines {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Lines")
            .field("origin", &self.shared.config.origin.as_str())
            .field("states", &self.states())
            .finish_non_exhaustive()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lines {
    /// Opens lines in the background; see [`Lines::ready`]. To be called within a tokio runtime, whose tasks keep them.
    ///
    /// # Errors
    /// [`ConnectError`] when the address is no http or https, or the system has no root certificates.
    pub fn open(config: LineConfig) -> Result<Self, ConnectError> {
        let target = config.target()?;
        let slot = || Slot { state: Mutex::new(State::Down), changed: Notify::new() };
        let shared = Arc::new(Shared {
            target,
            slots: (0..config.lines.max(1)).map(|_| slot()).collect(),
            freed: Notify::new(),
            warming: tokio::sync::Mutex::new(()),
            problem: Mutex::new("no connection was made yet".to_owned()),
            jitter: Mutex::new(Jitter::new(config.seed)),
            config,
        });
        let keepers = Arc::new(keeper::Keepers::start(&shared));
        Ok(Self { shared, _keepers: keepers })
    }

    /// Writes a whole request on the first free line, at once, from any thread. The answer has to come by `deadline`.
    ///
    /// # Errors
    /// [`NotSent`] when no line is free or none takes a byte: another way may be tried without a doubt.
    pub fn send(&self, request: &[u8], deadline: Instant) -> Result<InFlight, NotSent> {
        let shared = &self.shared;
        let mut failure = None;
        for index in 0..shared.slots.len() {
            match shared.begin(index, request, deadline) {
                None => {}
                Some(Ok(flight)) => return Ok(flight),
                // Not a byte of it left: the next line may have it.
                Some(Err(problem)) => failure = Some(problem),
            }
        }
        Err(NotSent(failure.unwrap_or_else(|| shared.why_none())))
    }

    /// [`Lines::send`] and the answer.
    pub async fn exchange(&self, request: &[u8], deadline: Instant) -> Answer {
        match self.send(request, deadline) {
            Ok(flight) => flight.answer().await,
            Err(NotSent(why)) => Answer::NotSent(why),
        }
    }

    /// Waits until `count` lines are free, or until `deadline`. How many are.
    pub async fn ready(&self, count: usize, deadline: Instant) -> usize {
        loop {
            let freed = self.shared.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            let idle = self.idle();
            if idle >= count || timeout_at(deadline, freed).await.is_err() {
                return self.idle().max(idle);
            }
        }
    }

    /// How many lines are free.
    pub fn idle(&self) -> usize {
        self.states().into_iter().filter(|state| *state == LineState::Idle).count()
    }

    /// How each line is.
    pub fn states(&self) -> Vec<LineState> {
        self.shared.slots.iter().map(Slot::seen).collect()
    }
}

impl Slot {
    fn seen(&self) -> LineState {
        match &*locked(&self.state) {
            State::Down => LineState::Down,
            State::Idle(_) => LineState::Idle,
            State::Busy => LineState::Busy,
        }
    }
}

impl Shared {
    /// Takes a free line that is still open, as far as can be seen without asking the venue.
    fn take_idle(&self, index: usize) -> Option<Box<Connection>> {
        let mut state = locked(&self.slots[index].state);
        let State::Idle(connection) = &mut *state else { return None };
        if !connection.is_quiet() {
            *state = State::Down;
            self.slots[index].changed.notify_one();
            return None;
        }
        match std::mem::replace(&mut *state, State::Busy) {
            State::Idle(connection) => Some(connection),
            State::Down | State::Busy => None,
        }
    }

    /// Writes a request on this line: `None` when it is not free, an error when no byte left and the line was given up.
    fn begin(self: &Arc<Self>, index: usize, request: &[u8], deadline: Instant) -> Option<Result<InFlight, String>> {
        let mut connection = self.take_idle(index)?;
        let (before, sent) = (connection.transport.written(), Clock::local_now());
        let broken = connection.transport.start(request).err().map(|error| error.to_string());
        let (shared, connection) = (Arc::clone(self), Some(connection));
        let flight = InFlight { shared, index, connection, before, sent, deadline, broken };
        match &flight.broken {
            Some(problem) if !flight.has_left() => Some(Err(problem.clone())),
            _ => Some(Ok(flight)),
        }
    }

    /// Gives a line back, or gives it up.
    fn put(&self, index: usize, connection: Option<Box<Connection>>) {
        let is_free = connection.is_some();
        *locked(&self.slots[index].state) = connection.map_or(State::Down, |mut connection| {
            connection.idle_since = Instant::now();
            State::Idle(connection)
        });
        self.slots[index].changed.notify_one();
        if is_free {
            self.freed.notify_waiters();
        }
    }

    /// Learns the venue's time from an answer.
    fn observe(&self, sent: Timestamp, answer: &Answer) {
        if let Answer::Answered(response) = answer
            && let Some(date) = response.date()
        {
            self.config.clock.observe(sent, Clock::local_now(), date);
        }
    }

    fn why_none(&self) -> String {
        if self.slots.iter().any(|slot| slot.seen() == LineState::Busy) {
            return format!("none of {} lines is free", self.slots.len());
        }
        format!("no line is open: {}", locked(&self.problem))
    }
}

impl Connection {
    fn new(transport: Transport, max_body: usize) -> Self {
        Self { transport, reader: Reader::new(max_body), idle_since: Instant::now() }
    }

    /// Whether the venue has said nothing since the last answer: neither the end nor words that nobody asked for.
    fn is_quiet(&mut self) -> bool {
        match self.transport.read(&mut self.reader.buffer) {
            Err(error) => error.kind() == ErrorKind::WouldBlock,
            Ok(_) => false,
        }
    }

    /// Writes the rest of the request and reads the answer.
    async fn converse(&mut self) -> Result<(), String> {
        let socket = self.transport.socket();
        let broke = |error: &std::io::Error| format!("the connection broke: {error}");
        loop {
            match self.transport.read(&mut self.reader.buffer) {
                Ok(read) => {
                    if self.reader.advance(read == 0)? {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let all_sent = self.transport.flush().map_err(|error| broke(&error))?;
                    let waited = if all_sent {
                        socket.readable().await
                    } else {
                        let both = tokio::io::Interest::READABLE | tokio::io::Interest::WRITABLE;
                        socket.ready(both).await.map(drop)
                    };
                    waited.map_err(|error| broke(&error))?;
                }
                Err(error) => return Err(broke(&error)),
            }
        }
    }

    /// Waits for the answer to what was started. Whether the line can be used again is told beside it.
    async fn finish(&mut self, before: u64, deadline: Instant) -> (Answer, bool) {
        let result = match timeout_at(deadline, self.converse()).await {
            Ok(result) => result,
            Err(_late) => Err("no answer came in time".to_owned()),
        };
        match result {
            Ok(()) => {
                let (response, reusable) = self.reader.take(true);
                (Answer::Answered(response), reusable && !self.transport.is_writing())
            }
            Err(why) if self.transport.written() == before => (Answer::NotSent(why), false),
            // A refusal stays a refusal though its text was cut.
            Err(_) if self.reader.status().is_some_and(|status| !(200..300).contains(&status)) => {
                (Answer::Answered(self.reader.take(false).0), false)
            }
            Err(why) => (Answer::Silent(why), false),
        }
    }
}

/// A request that is on its way. Dropping it gives up its line and the knowledge of what became of it.
#[must_use = "what became of the request is known by its answer alone"]
pub struct InFlight {
    shared: Arc<Shared>,
    index: usize,
    /// There until the answer was read.
    connection: Option<Box<Connection>>,
    /// What the system had taken before this request.
    before: u64,
    sent: Timestamp,
    deadline: Instant,
    /// Why it broke off while it was written.
    broken: Option<String>,
}

impl fmt::Debug for InFlight {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("InFlight").field("line", &self.index).field("sent", &self.sent).finish_non_exhaustive()
    }
}

impl InFlight {
    /// When it was written, by our own clock.
    pub const fn sent(&self) -> Timestamp {
        self.sent
    }

    /// Which line it is on, from zero.
    pub const fn line(&self) -> usize {
        self.index
    }

    /// Whether the system has taken any byte of it yet.
    pub fn has_left(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.transport.written() > self.before)
    }

    /// Waits for the answer.
    pub async fn answer(mut self) -> Answer {
        if let Some(why) = self.broken.take() {
            return Answer::Silent(format!("the connection broke while the request was written: {why}"));
        }
        // It stays in `self` meanwhile, so that whoever drops this future gives the line up.
        let connection = self.connection.as_mut().expect("a flight has its line until it was answered");
        let (answer, reusable) = connection.finish(self.before, self.deadline).await;
        self.shared.observe(self.sent, &answer);
        let connection = self.connection.take().filter(|_| reusable);
        self.shared.put(self.index, connection);
        answer
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.connection.take().is_some() {
            self.shared.put(self.index, None);
        }
    }
}
