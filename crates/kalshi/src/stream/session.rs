//! The session as a state machine without I/O, clock or chance: what to send, what to tell, when to give up.
//!
//! Time is one [`Timestamp`] that never goes back; it also stamps what is received. One connection carries one
//! subscription per wanted channel. Its life: `connect` → `on_open` → a `subscribe` for each channel → an acknowledgement
//! with its `sid` for each (then [`ConnectionInput::Up`]) → data, until `on_close`. Everything with a deadline is in
//! [`Session::next_deadline`].
//!
//! A lost book is asked for again with `get_snapshot`. While the answer is under way nothing more is asked, and deltas are
//! counted and dropped. If no answer comes in time it is asked again; after [`SessionConfig::max_asks`] the connection is
//! taken for broken if no book at all is fed, else people are told and it is asked for less and less often.

mod books;
mod commands;
mod messages;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use brier_book::{SequenceCheck, SequencePolicy, TickerIndex};
use brier_kalshi_protocol::stream::{Frame, Head, decode};
use brier_kalshi_protocol::ws::{Channel, CommandBody};
use brier_types::{
    BookChange, BookLoss, ConnectionInput, Input, MarketTicker, Stamped, SubscriptionId, Timestamp, Venue,
};

use super::stats::{Notice, Stats};
use brier_connect::backoff::{Backoff, Jitter};

/// What a session shall deliver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// The channels. Books, tickers and trades come for `markets`; the others for the whole account or venue.
    pub channels: Vec<Channel>,
    /// The markets.
    pub markets: Vec<MarketTicker>,
    /// Tickers and trades of every market of the venue instead.
    pub all_markets: bool,
}

impl Interest {
    /// Everything about these markets and the account: books, tickers, trades, fills, orders, positions, lifecycle.
    pub fn trading(markets: Vec<MarketTicker>) -> Self {
        let channels = vec![
            Channel::OrderbookDelta,
            Channel::Ticker,
            Channel::Trade,
            Channel::Fill,
            Channel::UserOrders,
            Channel::MarketPositions,
            Channel::MarketLifecycleV2,
        ];
        Self { channels, markets, all_markets: false }
    }
}

/// Bounds of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionConfig {
    /// How long a command may go without its acknowledgement.
    pub ack_timeout: Duration,
    /// How long a snapshot may take.
    pub snapshot_timeout: Duration,
    /// How often a snapshot is asked for before people are told, or the connection is taken for broken.
    pub max_asks: u32,
    /// How long nothing may come, not even a ping, before we ping ourselves. The venue pings every 10 s.
    pub silence: Duration,
    /// How long our ping may go unanswered.
    pub pong_timeout: Duration,
    /// How many markets one command names.
    pub markets_per_command: usize,
    /// Waits between connections.
    pub backoff: Backoff,
    /// How long a connection must last to count as good, which starts the waits anew.
    pub stable_after: Duration,
    /// Where the jitter of the waits starts.
    pub seed: u64,
}

impl SessionConfig {
    /// Bounds that suit the venue, with the jitter's seed.
    pub const fn new(seed: u64) -> Self {
        Self {
            ack_timeout: Duration::from_secs(10),
            snapshot_timeout: Duration::from_secs(10),
            max_asks: 3,
            silence: Duration::from_secs(25),
            pong_timeout: Duration::from_secs(5),
            markets_per_command: 500,
            backoff: Backoff { base: Duration::from_millis(250), cap: Duration::from_secs(30) },
            stable_after: Duration::from_secs(30),
            seed,
        }
    }
}

/// What the shell shall do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open a connection at this time; there is none now.
    Connect(Timestamp),
    /// Send a text frame.
    Send(String),
    /// Send a ping frame.
    Ping,
    /// Drop the connection; the session already treats it as gone.
    Close,
    /// Deliver an input.
    Emit(Stamped<Input>),
    /// Tell people.
    Notice(Notice),
}

/// Where a channel's subscription stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    /// Not subscribed, and not to be until this time.
    Idle(Timestamp),
    /// Asked for.
    Asked,
    /// Running.
    Active(u64),
    /// Refused for good on this connection.
    Refused,
}

#[derive(Clone, Debug)]
struct Subscription {
    channel: Channel,
    phase: Phase,
    sequence: SequenceCheck,
    /// How often in a row it ended; waits grow with it.
    failures: u32,
    /// Slots of the markets that were named to the venue on this connection.
    named: BTreeSet<u32>,
}

/// Where a market's book stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BookState {
    /// No subscription yet, or none any more.
    Off,
    /// Lost; the snapshot is asked for when the queue has room again.
    Owed,
    /// A snapshot is under way; asked for so often.
    Waiting { until: Timestamp, asks: u32 },
    /// Fed by deltas.
    Fed,
}

#[derive(Clone, Debug)]
struct Market {
    ticker: MarketTicker,
    wanted: bool,
    book: BookState,
}

/// What a command was for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Purpose {
    Subscribe(Channel),
    Update(Channel, Vec<MarketTicker>),
    Delete(Channel, Vec<MarketTicker>),
    Snapshot,
    Unsubscribe,
    Sync(u64),
}

#[derive(Clone, Debug)]
struct Pending {
    purpose: Purpose,
    until: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Link {
    /// Before the start, or stopped.
    Off,
    /// Waiting to dial, or dialling.
    Dialling,
    /// Open since then; `up` once everything is acknowledged.
    Open { since: Timestamp, up: bool },
}

/// The state machine. See the module's head.
#[derive(Debug)]
pub struct Session {
    config: SessionConfig,
    all_markets: bool,
    link: Link,
    subscriptions: Vec<Subscription>,
    index: TickerIndex,
    markets: Vec<Market>,
    /// The waiting books by deadline.
    waiting: BTreeSet<(Timestamp, u32)>,
    /// The owed books.
    owed: BTreeSet<u32>,
    pending: BTreeMap<u64, Pending>,
    next_id: u64,
    last_life: Timestamp,
    /// When our ping must be answered.
    pong_until: Option<Timestamp>,
    failures: u32,
    jitter: Jitter,
    stats: Stats,
    told_unknown: BTreeSet<String>,
}

impl Session {
    /// A session that has not begun.
    pub fn new(config: SessionConfig, interest: &Interest) -> Self {
        let mut channels = interest.channels.clone();
        channels.sort_by_key(|channel| channel.as_str());
        channels.dedup();
        let subscriptions = channels.into_iter().map(Subscription::new).collect();
        let jitter = Jitter::new(config.seed);
        let mut session = Self {
            config,
            all_markets: interest.all_markets,
            link: Link::Off,
            subscriptions,
            index: TickerIndex::new(),
            markets: Vec::new(),
            waiting: BTreeSet::new(),
            owed: BTreeSet::new(),
            pending: BTreeMap::new(),
            next_id: 1,
            last_life: Timestamp::EPOCH,
            pong_until: None,
            failures: 0,
            jitter,
            stats: Stats::default(),
            told_unknown: BTreeSet::new(),
        };
        for market in &interest.markets {
            session.slot_of(market);
        }
        session
    }

    /// What it counted.
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Whether the connection is open and everything acknowledged.
    pub const fn is_up(&self) -> bool {
        matches!(self.link, Link::Open { up: true, .. })
    }

    /// Begins: asks for a connection now.
    pub fn start(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        self.link = Link::Dialling;
        out.push(Action::Connect(now));
    }

    /// The connection is open.
    pub fn on_open(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        self.link = Link::Open { since: now, up: false };
        self.stats.connections += 1;
        self.last_life = now;
        self.pong_until = None;
        for subscription in &mut self.subscriptions {
            *subscription = Subscription::new(subscription.channel);
        }
        self.settle(now, out);
    }

    /// The connection is gone, or could not be made.
    pub fn on_close(&mut self, now: Timestamp, reason: &str, out: &mut Vec<Action>) {
        if let Link::Open { since, .. } = self.link {
            let reason = reason.to_owned();
            out.push(emit(now, None, Input::Connection(ConnectionInput::Down { venue: Venue::Kalshi, reason })));
            if now.since(since) >= self.config.stable_after {
                self.failures = 0;
            }
        }
        self.pending.clear();
        for slot in 0..self.markets.len() {
            self.set_book(slot as u32, BookState::Off);
        }
        for subscription in &mut self.subscriptions {
            *subscription = Subscription::new(subscription.channel);
        }
        if self.link == Link::Off {
            return;
        }
        self.failures = self.failures.saturating_add(1);
        let wait = self.config.backoff.wait(self.failures, &mut self.jitter);
        self.link = Link::Dialling;
        let retry_in_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        out.push(Action::Notice(Notice::Disconnected { reason: reason.to_owned(), retry_in_ms }));
        out.push(Action::Connect(now.plus(wait)));
    }

    /// Ends: nothing is asked for any more.
    pub fn stop(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        if matches!(self.link, Link::Open { .. }) {
            out.push(Action::Close);
        }
        let link = std::mem::replace(&mut self.link, Link::Off);
        if matches!(link, Link::Open { .. }) {
            let reason = "stopped".to_owned();
            out.push(emit(now, None, Input::Connection(ConnectionInput::Down { venue: Venue::Kalshi, reason })));
        }
    }

    /// A ping or a pong came.
    pub fn on_life(&mut self, now: Timestamp) {
        self.last_life = self.last_life.max(now);
        self.pong_until = None;
    }

    /// A text frame came.
    pub fn on_frame(&mut self, now: Timestamp, text: &str, out: &mut Vec<Action>) {
        if !matches!(self.link, Link::Open { .. }) {
            return;
        }
        self.on_life(now);
        match decode(text) {
            Ok(Frame::Snapshot(frame)) => {
                self.stats.count("orderbook_snapshot");
                let change = frame.to_input(true).map(|input| input.change);
                self.on_book(now, frame.head, &frame.market_ticker, change, millis(frame.head.sending_ts_ms), out);
            }
            Ok(Frame::Delta(frame)) => {
                self.stats.count("orderbook_delta");
                let (side, price) = frame.in_yes_terms(true);
                let change = Ok(BookChange::Delta { side, price, change: frame.delta });
                let venue_time = millis(frame.ts_ms.or(frame.head.sending_ts_ms));
                self.on_book(now, frame.head, &frame.market_ticker, change, venue_time, out);
            }
            Ok(Frame::Ticker(frame)) => {
                self.stats.count("ticker");
                let input = frame.to_input().map(|input| Some(Input::Quote(input))).map_err(|error| error.to_string());
                self.deliver(now, text, input, millis(frame.ts_ms.or(frame.head.sending_ts_ms)), out);
            }
            Ok(Frame::Trade(frame)) => {
                self.stats.count("trade");
                if self.in_order(Channel::Trade, frame.head, out) {
                    let input = match frame.to_input() {
                        Ok(Some(trade)) => Ok(Some(Input::Trade(trade))),
                        Ok(None) => Err("trade: expected the taker's side, found none".to_owned()),
                        Err(error) => Err(error.to_string()),
                    };
                    self.deliver(now, text, input, millis(frame.ts_ms.or(frame.head.sending_ts_ms)), out);
                }
            }
            Ok(Frame::Other(frame)) => {
                self.stats.count(&frame.kind);
                self.on_other(now, text, out);
            }
            Err(error) => {
                self.stats.count("(unreadable)");
                self.unreadable(text, error.to_string(), out);
                // It may have been any book's message.
                self.lose_books(now, "a frame could not be read", out);
            }
        }
    }

    /// Time passed. Call it at [`Session::next_deadline`].
    pub fn on_tick(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        if !matches!(self.link, Link::Open { .. }) {
            return;
        }
        // Snapshots answer for themselves, each market with a deadline of its own.
        self.pending.retain(|_, pending| pending.purpose != Purpose::Snapshot || now < pending.until);
        if let Some(reason) = self.broken(now) {
            out.push(Action::Close);
            self.on_close(now, &reason, out);
            return;
        }
        if self.pong_until.is_none() && now >= self.last_life.plus(self.config.silence) {
            self.pong_until = Some(now.plus(self.config.pong_timeout));
            out.push(Action::Ping);
        }
        self.ask_again(now, out);
        self.settle(now, out);
    }

    /// When [`Session::on_tick`] has something to do at the latest; `None` while there is no connection.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        if !matches!(self.link, Link::Open { .. }) {
            return None;
        }
        let life = self.pong_until.unwrap_or_else(|| self.last_life.plus(self.config.silence));
        let acks = self.pending.values().map(|pending| pending.until);
        let books = self.waiting.first().map(|(until, _)| *until);
        let idle = self.subscriptions.iter().filter_map(|subscription| match subscription.phase {
            Phase::Idle(until) if self.wants(subscription.channel) => Some(until),
            Phase::Idle(_) | Phase::Asked | Phase::Active(_) | Phase::Refused => None,
        });
        acks.chain(books).chain(idle).chain([life]).min()
    }

    /// More markets are wanted.
    pub fn add_markets(&mut self, now: Timestamp, markets: &[MarketTicker], out: &mut Vec<Action>) {
        for market in markets {
            let slot = self.slot_of(market);
            self.markets[slot as usize].wanted = true;
            // Taken out and put back before the venue heard of it: it still names the market, so nothing more is asked for,
            // but its book must wait for a snapshot again.
            let books = self.subscriptions.iter().find(|known| known.channel == Channel::OrderbookDelta);
            let named = books.is_some_and(|books| books.named.contains(&slot));
            if named && self.markets[slot as usize].book == BookState::Off {
                self.await_books(now, Channel::OrderbookDelta, &[slot]);
            }
        }
        self.settle(now, out);
    }

    /// Some markets are wanted no more.
    pub fn remove_markets(&mut self, now: Timestamp, markets: &[MarketTicker], out: &mut Vec<Action>) {
        for market in markets {
            if let Some(slot) = self.index.get(market.as_str()) {
                self.markets[slot as usize].wanted = false;
                self.set_book(slot, BookState::Off);
            }
        }
        self.settle(now, out);
    }

    /// Books that the consumer found wrong (a negative level, a difference to REST): lost, and asked for anew.
    pub fn resync(&mut self, now: Timestamp, markets: &[MarketTicker], reason: &str, out: &mut Vec<Action>) {
        let slots: Vec<u32> = markets.iter().filter_map(|market| self.index.get(market.as_str())).collect();
        self.lose(now, &slots, reason, out);
        self.settle(now, out);
    }

    /// Asks the venue for a sign that answers come after everything it sent before: [`Notice::Synced`] with the token.
    ///
    /// Nothing comes while there is no connection, or when it ends first; wait with a deadline. The sign is the answer to
    /// `list_subscriptions`: messages of one connection keep their order.
    pub fn sync(&mut self, now: Timestamp, token: u64, out: &mut Vec<Action>) {
        if matches!(self.link, Link::Open { .. }) {
            self.command(now, Purpose::Sync(token), CommandBody::ListSubscriptions, out);
        }
    }

    /// An input found the market data queue full and was dropped. Its book is lost; call [`Session::on_room`] once there
    /// is room again.
    pub fn on_overflow(&mut self, input: &Input) {
        self.stats.overflowed += 1;
        let lost: &[MarketTicker] = match input {
            Input::Book(book) => std::slice::from_ref(&book.market),
            Input::BookLost(loss) => &loss.markets,
            _ => &[],
        };
        for market in lost {
            if let Some(slot) = self.index.get(market.as_str()) {
                self.set_book(slot, BookState::Owed);
            }
        }
    }

    /// Whether books wait for room in the queue.
    pub fn owes(&self) -> bool {
        !self.owed.is_empty()
    }

    /// The queue has room again: tells which books were lost and asks for them.
    pub fn on_room(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        let owed: Vec<u32> = self.owed.iter().copied().collect();
        if owed.is_empty() {
            return;
        }
        let markets: Vec<MarketTicker> = owed.iter().map(|slot| self.markets[*slot as usize].ticker.clone()).collect();
        out.push(Action::Notice(Notice::Overflow { markets: markets.clone() }));
        let reason = "the consumer's queue was full".to_owned();
        out.push(emit(now, None, Input::BookLost(BookLoss { markets, reason })));
        self.ask_snapshots(now, &owed, 1, out);
    }

    fn slot_of(&mut self, ticker: &MarketTicker) -> u32 {
        let slot = self.index.insert(ticker.as_str());
        if slot as usize == self.markets.len() {
            self.markets.push(Market { ticker: ticker.clone(), wanted: true, book: BookState::Off });
        }
        slot
    }

    /// Moves a book to another state; the only place that does.
    fn set_book(&mut self, slot: u32, state: BookState) {
        match std::mem::replace(&mut self.markets[slot as usize].book, state) {
            BookState::Waiting { until, .. } => drop(self.waiting.remove(&(until, slot))),
            BookState::Owed => drop(self.owed.remove(&slot)),
            BookState::Off | BookState::Fed => {}
        }
        match state {
            BookState::Waiting { until, .. } => drop(self.waiting.insert((until, slot))),
            BookState::Owed => drop(self.owed.insert(slot)),
            BookState::Off | BookState::Fed => {}
        }
    }

    fn slots(&self, keep: impl Fn(&Market) -> bool) -> Vec<u32> {
        (0..).zip(&self.markets).filter(|(_, market)| keep(market)).map(|(slot, _)| slot).collect()
    }

    fn sid(&self, channel: Channel) -> Option<u64> {
        self.subscriptions.iter().find(|known| known.channel == channel).and_then(|known| match known.phase {
            Phase::Active(sid) => Some(sid),
            Phase::Idle(_) | Phase::Asked | Phase::Refused => None,
        })
    }

    /// Whether a channel is subscribed market by market.
    fn by_market(&self, channel: Channel) -> bool {
        match channel {
            Channel::OrderbookDelta => true,
            Channel::Ticker | Channel::Trade => !self.all_markets,
            _ => false,
        }
    }

    /// Whether there is anything to subscribe to on a channel.
    fn wants(&self, channel: Channel) -> bool {
        !self.by_market(channel) || self.markets.iter().any(|market| market.wanted)
    }
}

impl Subscription {
    fn new(channel: Channel) -> Self {
        Self {
            channel,
            phase: Phase::Idle(Timestamp::EPOCH),
            sequence: SequenceCheck::new(SequencePolicy::Continuous),
            failures: 0,
            named: BTreeSet::new(),
        }
    }
}

const fn head(sid: Option<u64>, seq: Option<u64>) -> Head {
    let sid = match sid {
        Some(sid) => Some(SubscriptionId(sid)),
        None => None,
    };
    Head { sid, seq, id: None, sending_ts_ms: None }
}

fn emit(received: Timestamp, venue_time: Option<Timestamp>, body: Input) -> Action {
    Action::Emit(Stamped { received, venue_time, body })
}

fn millis(time: Option<i64>) -> Option<Timestamp> {
    time.and_then(Timestamp::from_millis)
}

fn cut(text: &str) -> String {
    text.chars().take(512).collect()
}
