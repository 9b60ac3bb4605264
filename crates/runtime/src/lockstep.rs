//! A shell that does everything in its caller's time: for demonstrations and tests on a market whose clock is moved by hand.
//!
//! Calls are made one after the other, and what the venues say is heard up to a barrier: a question on each connection whose
//! answer comes behind everything that was said before. The same market and the same steps so give the same inputs in the
//! same order, at any speed.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use brier_connect::clock::Clock;
use brier_engine::{Engine, Input, Instrument};
use brier_polymarket_protocol::stream::command::{PING, PONG};
use brier_types::{Timestamp, Venue};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::core::Sink;
use crate::driver::{Routes, WebSocket, dial};
use crate::gateway::{HttpCall, Lane, Outcome};
use crate::node::{Effect, Event, Moment, Node, Socket};

/// How long a venue may take. Longer means that it is stuck.
const PATIENCE: Duration = Duration::from_secs(20);
/// What counts at most between two looks.
const LONGEST: Duration = Duration::from_millis(50);
/// Ids of our questions at Kalshi: no session counts so far.
const FIRST_BARRIER: u64 = 4_000_000_000;

/// Why it cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockstepError {
    /// A venue said nothing.
    #[error("{venue} did not answer within {PATIENCE:?}")]
    Silent {
        /// Which.
        venue: Venue,
    },
    /// A connection ended or could not be made.
    #[error("{venue}: {problem}")]
    Connection {
        /// Whose.
        venue: Venue,
        /// What happened.
        problem: String,
    },
    /// The journal.
    #[error("the journal failed: {0}")]
    Journal(String),
}

/// One connection, and what is still to be heard on it.
struct Line {
    stream: WebSocket,
    /// Polymarket's pings that have no answer yet, the session's and ours.
    pings: u32,
}

/// What is asked before every new order, with its number from 1.
pub type BeforeOrder = Box<dyn FnMut(u64) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// A node whose shell waits for everything.
pub struct Lockstep<S> {
    node: Box<Node<S>>,
    routes: Routes,
    lines: BTreeMap<Socket, Line>,
    wall: Timestamp,
    /// What streams judge silence by: time spent here, as pauses of the caller are not the venue's.
    steady: Timestamp,
    looked: Instant,
    barriers: u64,
    effects: VecDeque<Effect>,
    orders: u64,
    before_order: Option<BeforeOrder>,
}

impl<S> std::fmt::Debug for Lockstep<S> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Lockstep").field("wall", &self.wall).finish_non_exhaustive()
    }
}

impl<S> Lockstep<S>
where
    S: Sink<Error: std::fmt::Display>,
{
    /// Lists markets, begins a run at this time, connects, and hears what comes of it.
    ///
    /// # Errors
    /// [`LockstepError`].
    pub async fn start(
        node: Box<Node<S>>,
        routes: Routes,
        listed: Vec<Instrument>,
        now: Timestamp,
    ) -> Result<Self, LockstepError> {
        let mut shell = Self {
            node,
            routes,
            lines: BTreeMap::new(),
            wall: now,
            steady: Timestamp::EPOCH,
            looked: Instant::now(),
            barriers: FIRST_BARRIER,
            effects: VecDeque::new(),
            orders: 0,
            before_order: None,
        };
        for instrument in listed {
            shell.handle(Event::Input(Input::Listed(Box::new(instrument))))?;
        }
        let (moment, mut effects) = (shell.moment(), Vec::new());
        let begun = shell.node.start(moment, 1, &mut effects);
        begun.map_err(|error| LockstepError::Journal(error.to_string()))?;
        shell.effects.extend(effects);
        shell.hear().await?;
        Ok(shell)
    }

    /// Asks before every new order.
    pub fn before_order(&mut self, ask: BeforeOrder) {
        self.before_order = Some(ask);
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        self.node.engine()
    }

    /// New orders sent so far.
    pub const fn orders(&self) -> u64 {
        self.orders
    }

    /// The time now. Venues judge signatures by the wall's time, whatever their market's clock shows.
    fn moment(&mut self) -> Moment {
        let ahead = Clock::local_now().nanos().saturating_sub(self.wall.nanos());
        for gateway in &mut self.node.wiring_mut().gateways {
            gateway.learn_clock(ahead);
        }
        self.steady = self.steady.plus(self.looked.elapsed().min(LONGEST));
        self.looked = Instant::now();
        Moment { wall: self.wall, steady: self.steady }
    }

    fn handle(&mut self, event: Event<'_>) -> Result<(), LockstepError> {
        let (moment, mut effects) = (self.moment(), Vec::new());
        let handled = self.node.handle(moment, [event], &mut effects);
        self.effects.extend(effects);
        handled.map_err(|error| LockstepError::Journal(error.to_string()))
    }

    /// Sets the time, and lets the engine do what is due.
    ///
    /// # Errors
    /// [`LockstepError`].
    pub async fn set_time(&mut self, now: Timestamp) -> Result<(), LockstepError> {
        self.wall = now;
        self.handle(Event::Wake)?;
        self.hear().await
    }

    /// Tells the engine something, and hears what comes of it.
    ///
    /// # Errors
    /// [`LockstepError`].
    pub async fn tell(&mut self, input: Input) -> Result<(), LockstepError> {
        self.tell_all([input]).await
    }

    /// Tells the engine several things of one moment, in this order, and hears what comes of them.
    ///
    /// # Errors
    /// [`LockstepError`].
    pub async fn tell_all(&mut self, inputs: impl IntoIterator<Item = Input>) -> Result<(), LockstepError> {
        for input in inputs {
            self.handle(Event::Input(input))?;
        }
        self.hear().await
    }

    /// Does what is to be done and hears everything that the venues have said, until nothing more comes of it.
    ///
    /// # Errors
    /// [`LockstepError`].
    pub async fn hear(&mut self) -> Result<(), LockstepError> {
        loop {
            self.perform().await?;
            self.listen().await?;
            if self.effects.is_empty() {
                return Ok(());
            }
        }
    }

    /// Hears what the venues have said so far and does nothing: what the engine decides by it leaves with the next
    /// [`Lockstep::hear`]. So a caller can look at a book before the engine's own orders change it.
    ///
    /// # Errors
    /// [`LockstepError`].
    pub async fn listen(&mut self) -> Result<(), LockstepError> {
        let sockets: Vec<Socket> = self.lines.keys().copied().collect();
        for socket in sockets {
            self.drain(socket).await?;
        }
        self.handle(Event::Wake)
    }

    /// The same at a new time: books of that time are heard before anything is due by it.
    ///
    /// # Errors
    /// [`LockstepError`].
    pub async fn listen_at(&mut self, now: Timestamp) -> Result<(), LockstepError> {
        self.wall = now;
        self.listen().await
    }

    async fn perform(&mut self) -> Result<(), LockstepError> {
        while let Some(effect) = self.effects.pop_front() {
            match effect {
                Effect::Connect(socket, _) => self.connect(socket).await?,
                Effect::Send(socket, text) => self.say(socket, text).await?,
                Effect::Ping(socket) => {
                    let venue = socket.venue();
                    let Some(line) = self.lines.get_mut(&socket) else { continue };
                    let sent = line.stream.send(Message::Ping(Bytes::from_static(b"brier"))).await;
                    sent.map_err(|error| LockstepError::Connection { venue, problem: error.to_string() })?;
                }
                Effect::Hangup(socket) => drop(self.lines.remove(&socket)),
                Effect::Call(venue, call) => self.call(venue, call).await?,
                Effect::Alert(alert) => tracing::debug!(?alert, "alert"),
                Effect::Notice(text) => tracing::debug!(text, "notice"),
            }
        }
        Ok(())
    }

    async fn connect(&mut self, socket: Socket) -> Result<(), LockstepError> {
        let venue = socket.venue();
        let lost = |problem: String| LockstepError::Connection { venue, problem };
        let (url, handshake) = self.routes.sockets.get(&socket).ok_or_else(|| lost("no address".to_owned()))?;
        let stream = dial(url, handshake).await.map_err(lost)?;
        self.lines.insert(socket, Line { stream, pings: 0 });
        self.handle(Event::Opened(socket))
    }

    async fn say(&mut self, socket: Socket, text: String) -> Result<(), LockstepError> {
        let venue = socket.venue();
        let Some(line) = self.lines.get_mut(&socket) else { return Ok(()) };
        line.pings += u32::from(text == PING);
        let sent = line.stream.send(Message::text(text)).await;
        sent.map_err(|error| LockstepError::Connection { venue, problem: error.to_string() })
    }

    async fn call(&mut self, venue: Venue, call: HttpCall) -> Result<(), LockstepError> {
        if call.lane == Lane::Order && call.method.as_str() == "POST" {
            self.orders += 1;
            if let Some(ask) = &mut self.before_order {
                ask(self.orders).await;
            }
        }
        let id = call.id;
        let (told, outcome) = tokio::sync::oneshot::channel();
        let done = move |_id, outcome| drop(told.send(outcome));
        self.routes.caller.call(&tokio::runtime::Handle::current(), call, PATIENCE, done);
        let outcome = outcome.await.unwrap_or_else(|_gone| Outcome::Silent("the runtime ends".to_owned()));
        if !matches!(outcome, Outcome::Answered { .. }) {
            tracing::warn!(%venue, ?outcome, "a call without an answer");
        }
        self.handle(Event::Outcome(venue, id, outcome))
    }

    /// Takes everything that a connection has said by now.
    async fn drain(&mut self, socket: Socket) -> Result<(), LockstepError> {
        let venue = socket.venue();
        let lost = |problem: String| LockstepError::Connection { venue, problem };
        self.barriers += 1;
        let mark = format!("\"id\":{}", self.barriers);
        let question = match venue {
            Venue::Kalshi => format!("{{{mark},\"cmd\":\"list_subscriptions\"}}"),
            Venue::Polymarket => PING.to_owned(),
        };
        self.say(socket, question).await?;
        loop {
            let Some(line) = self.lines.get_mut(&socket) else { return Ok(()) };
            let frame = tokio::time::timeout(PATIENCE, line.stream.next()).await;
            let frame = frame.map_err(|_late| LockstepError::Silent { venue })?;
            let text = match frame {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {
                    self.handle(Event::Life(socket))?;
                    continue;
                }
                Some(Ok(Message::Close(frame))) => return Err(lost(format!("closed by the venue: {frame:?}"))),
                Some(Err(error)) => return Err(lost(error.to_string())),
                None => return Err(lost("the connection ended".to_owned())),
            };
            if venue == Venue::Kalshi && text.contains(&mark) {
                return Ok(());
            }
            line.pings = line.pings.saturating_sub(u32::from(text.as_str() == PONG));
            let caught_up = venue == Venue::Polymarket && text.as_str() == PONG && line.pings == 0;
            self.handle(Event::Frame(socket, text.as_str()))?;
            if caught_up {
                return Ok(());
            }
        }
    }
}
