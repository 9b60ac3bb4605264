//! The whole program without its I/O: streams, gateways and the engine's loop, driven by what its shell tells it.
//!
//! The live shell and the simulator differ in who opens sockets, makes calls and keeps time; everything between is here.
//! Two clocks come in: the wall's, by which requests are signed and inputs stamped and which may be set back, and a steady
//! one, by which streams judge silence.

use std::time::Duration;

use brier_engine::{Alert, Command, Engine, Input, Operator};
use brier_kalshi::stream as kalshi;
use brier_polymarket::stream as polymarket;
use brier_types::{ConnectionInput, Input as FeedInput, Timestamp, Venue};

use crate::core::{Core, Sink};
use crate::gateway::{Action, CallId, Gateway, HttpCall, Outcome};

/// Most rounds that one event may take: a gateway answers what the engine asks, which may ask again.
const MAX_ROUNDS: usize = 64;

/// A connection that the node keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Socket {
    /// Kalshi's: everything.
    Kalshi,
    /// Polymarket's books; several where there are many.
    PolymarketMarket(u16),
    /// Polymarket's own orders and trades.
    PolymarketUser,
}

impl Socket {
    /// Whose it is.
    pub const fn venue(self) -> Venue {
        match self {
            Self::Kalshi => Venue::Kalshi,
            Self::PolymarketMarket(_) | Self::PolymarketUser => Venue::Polymarket,
        }
    }
}

/// The time by both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The wall's: may be set.
    pub wall: Timestamp,
    /// The steady one: only grows.
    pub steady: Timestamp,
}

/// What happened, for the node.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A connection is open.
    Opened(Socket),
    /// A connection is gone, or could not be made.
    Closed(Socket, &'a str),
    /// A text frame came.
    Frame(Socket, &'a str),
    /// Something else came that shows life: a ping or its answer.
    Life(Socket),
    /// What became of a call.
    Outcome(Venue, CallId, Outcome),
    /// Anything else that the engine is to be told.
    Input(Input),
    /// Time passed.
    Wake,
}

/// What the shell shall do, in this order.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Open a connection this long from now; there is none.
    Connect(Socket, Duration),
    /// Send a text frame.
    Send(Socket, String),
    /// Send a ping.
    Ping(Socket),
    /// Drop the connection; the node already treats it as gone.
    Hangup(Socket),
    /// Make a call.
    Call(Venue, HttpCall),
    /// Tell people.
    Alert(Alert),
    /// Note something for people who look closely.
    Notice(String),
}

/// A venue's stream and gateway.
pub struct Wiring {
    /// Kalshi's stream.
    pub kalshi: Option<kalshi::Session>,
    /// Polymarket's streams of books.
    pub books: Vec<polymarket::MarketSession>,
    /// Polymarket's stream of the account.
    pub user: Option<polymarket::UserSession>,
    /// One for each venue that trades.
    pub gateways: Vec<Box<dyn Gateway + Send>>,
}

impl Wiring {
    /// The venue's, of which there is one.
    fn gateway(&mut self, venue: Venue) -> Option<&mut Box<dyn Gateway + Send>> {
        self.gateways.iter_mut().find(|gateway| gateway.venue() == venue)
    }

    fn learn(&mut self, instrument: &brier_engine::Instrument) {
        if let Some(gateway) = self.gateway(instrument.venue()) {
            gateway.learn(instrument);
        }
    }
}

impl std::fmt::Debug for Wiring {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Wiring").field("gateways", &self.gateways.len()).finish_non_exhaustive()
    }
}

/// The program. See the module's head.
#[derive(Debug)]
pub struct Node<S> {
    core: Core<S>,
    wiring: Wiring,
    inbox: Vec<Input>,
    actions: Vec<Action>,
    /// What a stream said, used again for the next frame.
    kalshi_said: Vec<kalshi::Action>,
    polymarket_said: Vec<polymarket::Action>,
    /// When the engine wants to be woken, by the wall.
    wake: Option<Timestamp>,
}

impl<S: Sink> Node<S> {
    /// A node that has not begun.
    pub fn new(core: Core<S>, wiring: Wiring) -> Self {
        Self {
            core,
            wiring,
            inbox: Vec::with_capacity(256),
            actions: Vec::with_capacity(16),
            kalshi_said: Vec::with_capacity(16),
            polymarket_said: Vec::with_capacity(16),
            wake: None,
        }
    }

    /// Begins: the engine is told of the new run, and streams ask for their connections.
    ///
    /// # Errors
    /// When the journal cannot keep it.
    pub fn start(&mut self, now: Moment, run: u32, out: &mut Vec<Effect>) -> Result<(), S::Error> {
        // What an earlier run listed.
        for (_, instrument) in self.core.engine().state().universe.iter() {
            self.wiring.learn(instrument);
        }
        self.inbox.push(Input::Started { run });
        self.flush(now, out)?;
        self.with_kalshi(now, out, |session, said| session.start(now.steady, said));
        for place in 0..self.wiring.books.len() {
            let socket = Socket::PolymarketMarket(place as u16);
            self.with_polymarket(now, socket, out, |session, said| session.start(now.steady, said));
        }
        self.with_polymarket(now, Socket::PolymarketUser, out, |session, said| session.start(now.steady, said));
        self.flush(now, out)
    }

    /// The engine and its journal.
    pub const fn core(&self) -> &Core<S> {
        &self.core
    }

    /// The engine and its journal, for figures that are computed when asked for.
    pub const fn core_mut(&mut self) -> &mut Core<S> {
        &mut self.core
    }

    /// The engine.
    pub const fn engine(&self) -> &Engine {
        self.core.engine()
    }

    /// The streams and gateways, to be told of new markets.
    pub const fn wiring_mut(&mut self) -> &mut Wiring {
        &mut self.wiring
    }

    /// Takes what is ready, in the order in which it came.
    ///
    /// # Errors
    /// When the journal cannot keep what happened: effects so far may be carried out, and the program must stop.
    pub fn handle<'a>(
        &mut self,
        now: Moment,
        events: impl IntoIterator<Item = Event<'a>>,
        out: &mut Vec<Effect>,
    ) -> Result<(), S::Error> {
        for event in events {
            match event {
                Event::Opened(socket) => self.on_opened(now, socket, out),
                Event::Closed(socket, reason) => self.on_closed(now, socket, reason, out),
                Event::Frame(socket, text) => self.on_frame(now, socket, text, out),
                Event::Life(socket) => {
                    if let (Socket::Kalshi, Some(session)) = (socket, &mut self.wiring.kalshi) {
                        session.on_life(now.steady);
                    }
                }
                Event::Outcome(venue, call, outcome) => {
                    if let Some(gateway) = self.wiring.gateway(venue) {
                        gateway.on_outcome(now.wall, call, outcome, &mut self.actions);
                    }
                    self.take_actions(venue, out);
                }
                Event::Input(input) => {
                    if let Input::Listed(instrument) = &input {
                        self.wiring.learn(instrument);
                    }
                    self.inbox.push(input);
                }
                Event::Wake => self.on_wake(now, out),
            }
        }
        self.flush(now, out)
    }

    /// How long from now [`Event::Wake`] is due at the latest.
    pub fn wake_in(&self, now: Moment) -> Duration {
        let steady = self
            .wiring
            .kalshi
            .as_ref()
            .and_then(kalshi::Session::next_deadline)
            .into_iter()
            .chain(self.wiring.books.iter().filter_map(polymarket::Machine::next_deadline))
            .chain(self.wiring.user.as_ref().and_then(polymarket::Machine::next_deadline))
            .map(|at| at.since(now.steady));
        let wall = self
            .wiring
            .gateways
            .iter()
            .filter_map(|gateway| gateway.next_deadline())
            .chain(self.wake)
            .map(|at| at.since(now.wall));
        steady.chain(wall).min().unwrap_or(Duration::from_secs(1)).min(Duration::from_secs(1))
    }

    /// What the next wake-up is for, for people who look for what hangs or spins.
    pub fn what_is_due(&self, now: Moment) -> String {
        let engine = self.core.engine();
        let asks: Vec<String> = engine
            .state()
            .orders
            .iter_open()
            .filter_map(|order| order.ask_at.map(|at| format!("{} {:?} at {at}", order.client_order_id, order.state)))
            .collect();
        let gateways: Vec<_> = self.wiring.gateways.iter().map(|it| (it.venue(), it.next_deadline())).collect();
        let kalshi = self.wiring.kalshi.as_ref().and_then(kalshi::Session::next_deadline);
        let books: Vec<_> = self.wiring.books.iter().map(polymarket::Machine::next_deadline).collect();
        let user = self.wiring.user.as_ref().and_then(polymarket::Machine::next_deadline);
        format!(
            "steady {}, wall {}, engine {}: its wake-up {:?}, orders {asks:?}, gateways {gateways:?}, streams {kalshi:?} \
             {books:?} {user:?}",
            now.steady,
            now.wall,
            engine.now(),
            self.wake
        )
    }

    fn on_wake(&mut self, now: Moment, out: &mut Vec<Effect>) {
        self.with_kalshi(now, out, |session, said| {
            if session.next_deadline().is_some_and(|at| at <= now.steady) {
                session.on_tick(now.steady, said);
            }
        });
        for place in 0..self.wiring.books.len() {
            let socket = Socket::PolymarketMarket(place as u16);
            self.with_polymarket(now, socket, out, |session, said| session.on_tick(now.steady, said));
        }
        self.with_polymarket(now, Socket::PolymarketUser, out, |session, said| session.on_tick(now.steady, said));
        for place in 0..self.wiring.gateways.len() {
            let gateway = &mut self.wiring.gateways[place];
            let venue = gateway.venue();
            gateway.on_timer(now.wall, &mut self.actions);
            self.take_actions(venue, out);
        }
        // The engine's clock never goes back, so a wall that was set back must not keep it from waking.
        if self.wake.is_none_or(|at| at <= now.wall.max(self.core.engine().now())) {
            self.wake = None;
            self.inbox.push(Input::Timer);
        }
    }

    fn on_opened(&mut self, now: Moment, socket: Socket, out: &mut Vec<Effect>) {
        match socket {
            Socket::Kalshi => self.with_kalshi(now, out, |session, said| session.on_open(now.steady, said)),
            Socket::PolymarketMarket(_) | Socket::PolymarketUser => {
                self.with_polymarket(now, socket, out, |session, said| session.on_open(now.steady, said));
            }
        }
    }

    fn on_closed(&mut self, now: Moment, socket: Socket, reason: &str, out: &mut Vec<Effect>) {
        match socket {
            Socket::Kalshi => self.with_kalshi(now, out, |session, said| session.on_close(now.steady, reason, said)),
            Socket::PolymarketMarket(_) | Socket::PolymarketUser => {
                self.with_polymarket(now, socket, out, |session, said| session.on_close(now.steady, reason, said));
            }
        }
    }

    fn on_frame(&mut self, now: Moment, socket: Socket, text: &str, out: &mut Vec<Effect>) {
        match socket {
            Socket::Kalshi => self.with_kalshi(now, out, |session, said| session.on_frame(now.steady, text, said)),
            Socket::PolymarketMarket(_) | Socket::PolymarketUser => {
                self.with_polymarket(now, socket, out, |session, said| session.on_frame(now.steady, text, said));
            }
        }
    }

    fn with_kalshi(
        &mut self,
        now: Moment,
        out: &mut Vec<Effect>,
        work: impl FnOnce(&mut kalshi::Session, &mut Vec<kalshi::Action>),
    ) {
        if let Some(session) = &mut self.wiring.kalshi {
            work(session, &mut self.kalshi_said);
            Self::kalshi_actions(now, &mut self.kalshi_said, &mut self.inbox, out);
        }
    }

    fn with_polymarket(
        &mut self,
        now: Moment,
        socket: Socket,
        out: &mut Vec<Effect>,
        work: impl FnOnce(&mut dyn polymarket::Machine, &mut Vec<polymarket::Action>),
    ) {
        let session: Option<&mut dyn polymarket::Machine> = match socket {
            Socket::Kalshi => None,
            Socket::PolymarketMarket(place) => {
                self.wiring.books.get_mut(usize::from(place)).map(|session| session as &mut dyn polymarket::Machine)
            }
            Socket::PolymarketUser => self.wiring.user.as_mut().map(|session| session as &mut dyn polymarket::Machine),
        };
        if let Some(session) = session {
            work(session, &mut self.polymarket_said);
            self.polymarket_actions(now, socket, out);
        }
    }

    fn kalshi_actions(now: Moment, said: &mut Vec<kalshi::Action>, inbox: &mut Vec<Input>, out: &mut Vec<Effect>) {
        for action in said.drain(..) {
            match action {
                kalshi::Action::Connect(at) => out.push(Effect::Connect(Socket::Kalshi, at.since(now.steady))),
                kalshi::Action::Send(text) => out.push(Effect::Send(Socket::Kalshi, text)),
                kalshi::Action::Ping => out.push(Effect::Ping(Socket::Kalshi)),
                kalshi::Action::Close => out.push(Effect::Hangup(Socket::Kalshi)),
                kalshi::Action::Emit(input) => inbox.push(Input::Feed { venue: Venue::Kalshi, body: input.body }),
                kalshi::Action::Notice(notice) => on_kalshi_notice(&notice, inbox, out),
            }
        }
    }

    fn polymarket_actions(&mut self, now: Moment, socket: Socket, out: &mut Vec<Effect>) {
        for action in self.polymarket_said.drain(..) {
            match action {
                polymarket::Action::Connect(at) => out.push(Effect::Connect(socket, at.since(now.steady))),
                polymarket::Action::Send(text) => out.push(Effect::Send(socket, text)),
                polymarket::Action::Close => out.push(Effect::Hangup(socket)),
                polymarket::Action::Emit(input) => self.inbox.push(polymarket_input(socket, input.body)),
                // Comparing books with reads is the recorder's; the stream's own checks stand.
                polymarket::Action::Audit(_) | polymarket::Action::Price(_) => {}
                polymarket::Action::Notice(polymarket::Notice::NeedsReconcile { reason }) => {
                    self.inbox.push(Input::Operator(Operator::Reconcile { venue: Venue::Polymarket }));
                    out.push(Effect::Notice(reason));
                }
                polymarket::Action::Notice(notice) => out.push(Effect::Notice(format!("{notice:?}"))),
            }
        }
    }

    /// Moves what a gateway said.
    fn take_actions(&mut self, venue: Venue, out: &mut Vec<Effect>) {
        for action in self.actions.drain(..) {
            match action {
                Action::Call(call) => out.push(Effect::Call(venue, call)),
                Action::Input(input) => self.inbox.push(input),
                Action::Notice(text) => out.push(Effect::Notice(text)),
            }
        }
    }

    /// Turns until nothing is left to be taken.
    fn flush(&mut self, now: Moment, out: &mut Vec<Effect>) -> Result<(), S::Error> {
        for _ in 0..MAX_ROUNDS {
            if self.inbox.is_empty() {
                return Ok(());
            }
            let commands = std::mem::take(self.core.turn(now.wall, &mut self.inbox)?);
            let engine_now = self.core.engine().now();
            for command in &commands {
                match command {
                    Command::Send { venue, .. } | Command::Reconcile { venue, .. } => {
                        let venue = *venue;
                        if let Some(gateway) = self.wiring.gateway(venue) {
                            gateway.on_command(now.wall, command, &mut self.actions);
                        }
                        self.take_actions(venue, out);
                    }
                    Command::WakeAt(at) => {
                        // By the engine's clock, which may be ahead of a wall that was set back.
                        let at = now.wall.plus(at.since(engine_now));
                        self.wake = Some(self.wake.map_or(at, |known| known.min(at)));
                    }
                    Command::Alert(alert) => out.push(Effect::Alert(alert.clone())),
                }
            }
            self.core.give_back(commands);
        }
        out.push(Effect::Notice(format!("an event led to more than {MAX_ROUNDS} rounds; the rest waits")));
        Ok(())
    }
}

fn polymarket_input(socket: Socket, body: FeedInput) -> Input {
    match (socket, body) {
        // Books do not hang on the account's connection.
        (Socket::PolymarketUser, FeedInput::Connection(ConnectionInput::Up { venue })) => {
            Input::AccountStream { venue, up: true, reason: "connected".to_owned() }
        }
        (Socket::PolymarketUser, FeedInput::Connection(ConnectionInput::Down { venue, reason })) => {
            Input::AccountStream { venue, up: false, reason }
        }
        (_, body) => Input::Feed { venue: Venue::Polymarket, body },
    }
}

/// What Kalshi's stream says beside inputs. Private messages that may be missing are the account's to find.
fn on_kalshi_notice(notice: &kalshi::Notice, inbox: &mut Vec<Input>, out: &mut Vec<Effect>) {
    if matches!(notice, kalshi::Notice::Missed { .. } | kalshi::Notice::Unreadable { .. }) {
        inbox.push(Input::Operator(Operator::Reconcile { venue: Venue::Kalshi }));
    }
    out.push(Effect::Notice(format!("{notice:?}")));
}
