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

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use brier_book::{SequenceCheck, SequenceOrder, SequencePolicy, TickerIndex};
use brier_kalshi_protocol::stream::{Frame, Head, decode};
use brier_kalshi_protocol::ws::{
    Action as UpdateAction, Body, Channel, Command, CommandBody, ErrorCode, ErrorMessage, ServerMessage, Subscribe,
    UpdateSubscription,
};
use brier_types::{
    BookChange, BookInput, BookLoss, ConnectionInput, IdError, Input, MarketTicker, Stamped, SubscriptionId, Timestamp,
    Venue,
};

use super::convert;
use super::stats::{Notice, Stats};
use crate::backoff::{Backoff, Jitter};

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
    Snapshot,
    Unsubscribe,
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
        for market in &mut self.markets {
            market.book = BookState::Off;
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
        let books = self.markets.iter().filter_map(|market| match market.book {
            BookState::Waiting { until, .. } => Some(until),
            BookState::Off | BookState::Owed | BookState::Fed => None,
        });
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
        }
        self.settle(now, out);
    }

    /// Some markets are wanted no more.
    pub fn remove_markets(&mut self, now: Timestamp, markets: &[MarketTicker], out: &mut Vec<Action>) {
        for market in markets {
            if let Some(slot) = self.index.get(market.as_str()) {
                let market = &mut self.markets[slot as usize];
                market.wanted = false;
                market.book = BookState::Off;
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
                self.markets[slot as usize].book = BookState::Owed;
            }
        }
    }

    /// Whether books wait for room in the queue.
    pub fn owes(&self) -> bool {
        self.markets.iter().any(|market| market.book == BookState::Owed)
    }

    /// The queue has room again: tells which books were lost and asks for them.
    pub fn on_room(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        let owed: Vec<u32> = self.slots(|market| market.book == BookState::Owed);
        if owed.is_empty() {
            return;
        }
        let markets: Vec<MarketTicker> = owed.iter().map(|slot| self.markets[*slot as usize].ticker.clone()).collect();
        out.push(Action::Notice(Notice::Overflow { markets: markets.clone() }));
        let reason = "the consumer's queue was full".to_owned();
        out.push(emit(now, None, Input::BookLost(BookLoss { markets, reason })));
        self.ask_snapshots(now, &owed, 1, out);
    }

    // Books.

    fn on_book(
        &mut self,
        now: Timestamp,
        head: Head,
        ticker: &str,
        change: Result<BookChange, IdError>,
        venue_time: Option<Timestamp>,
        out: &mut Vec<Action>,
    ) {
        if !self.in_order(Channel::OrderbookDelta, head, out) {
            return;
        }
        let (Ok(change), Some(slot)) = (change, self.index.get(ticker)) else {
            self.stats.unwanted += 1;
            return;
        };
        let is_snapshot = matches!(change, BookChange::Snapshot { .. });
        let market = &mut self.markets[slot as usize];
        match (market.book, is_snapshot) {
            (BookState::Off, _) => {
                self.stats.unwanted += 1;
                return;
            }
            // What is owed was not delivered, so the book cannot go on before the loss is told.
            (BookState::Owed, _) | (BookState::Waiting { .. }, false) => {
                self.stats.before_snapshot += 1;
                return;
            }
            (BookState::Waiting { .. } | BookState::Fed, true) => market.book = BookState::Fed,
            (BookState::Fed, false) => {}
        }
        let input = BookInput {
            market: market.ticker.clone(),
            subscription: head.sid.unwrap_or(SubscriptionId(0)),
            sequence: head.seq.unwrap_or(0),
            change,
        };
        out.push(emit(now, venue_time, Input::Book(input)));
    }

    /// Loses the books of every market that has one.
    fn lose_books(&mut self, now: Timestamp, reason: &str, out: &mut Vec<Action>) {
        let slots = self.slots(|market| market.wanted && market.book != BookState::Off);
        self.lose(now, &slots, reason, out);
    }

    /// Tells that books are lost, and asks for snapshots of those that none is under way for.
    fn lose(&mut self, now: Timestamp, slots: &[u32], reason: &str, out: &mut Vec<Action>) {
        let fed: Vec<u32> =
            slots.iter().copied().filter(|slot| self.markets[*slot as usize].book == BookState::Fed).collect();
        if fed.is_empty() {
            return;
        }
        let markets = fed.iter().map(|slot| self.markets[*slot as usize].ticker.clone()).collect();
        out.push(emit(now, None, Input::BookLost(BookLoss { markets, reason: reason.to_owned() })));
        self.ask_snapshots(now, &fed, 1, out);
    }

    fn ask_snapshots(&mut self, now: Timestamp, slots: &[u32], asks: u32, out: &mut Vec<Action>) {
        let patience = 1 << asks.saturating_sub(self.config.max_asks).min(6);
        let until = now.plus(self.config.snapshot_timeout.saturating_mul(patience));
        for slot in slots {
            self.markets[*slot as usize].book = BookState::Waiting { until, asks };
        }
        // Without a subscription the snapshot comes with the next one.
        let Some(sid) = self.sid(Channel::OrderbookDelta) else { return };
        self.stats.repairs += slots.len() as u64;
        for chunk in slots.chunks(self.config.markets_per_command) {
            self.update(now, Channel::OrderbookDelta, sid, UpdateAction::GetSnapshot, chunk, out);
        }
    }

    /// Asks again for snapshots that did not come, less and less often: a market that is gone has none.
    fn ask_again(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        if self.sid(Channel::OrderbookDelta).is_none() {
            return;
        }
        let mut late: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (slot, market) in (0..).zip(&self.markets) {
            if let BookState::Waiting { until, asks } = market.book
                && now >= until
            {
                late.entry(asks).or_default().push(slot);
            }
        }
        for (asks, slots) in late {
            if asks == self.config.max_asks {
                let markets = slots.iter().map(|slot| self.markets[*slot as usize].ticker.clone()).collect();
                out.push(Action::Notice(Notice::NoSnapshot { markets, asks }));
            }
            self.ask_snapshots(now, &slots, asks.saturating_add(1), out);
        }
    }

    // Order of messages.

    /// Checks a message's number. `false` when the message must not be used: a repeat, or another subscription's.
    fn in_order(&mut self, channel: Channel, head: Head, out: &mut Vec<Action>) -> bool {
        let Some(position) = self.subscriptions.iter().position(|known| known.channel == channel) else {
            self.stats.unwanted += 1;
            return false;
        };
        let subscription = &mut self.subscriptions[position];
        let sid = head.sid.map(|sid| sid.0);
        if !matches!(subscription.phase, Phase::Active(active) if Some(active) == sid) {
            self.stats.unwanted += 1;
            return false;
        }
        // A message without a number on a channel that counts is a break of the count.
        let order = subscription.sequence.next(head.seq.unwrap_or_default());
        self.after_sequence(channel, order, out)
    }

    fn after_sequence(&mut self, channel: Channel, order: SequenceOrder, out: &mut Vec<Action>) -> bool {
        let (expected, found) = match order {
            SequenceOrder::Next => return true,
            SequenceOrder::Old => {
                self.stats.repeats += 1;
                return false;
            }
            SequenceOrder::Gap { expected, found } => (expected, found),
            SequenceOrder::Restarted { last, found } => (last + 1, found),
        };
        self.stats.gaps += 1;
        if channel == Channel::OrderbookDelta {
            let reason = format!("sequence gap: expected {expected}, found {found}");
            self.lose_books(self.last_life, &reason, out);
        } else {
            out.push(Action::Notice(Notice::Missed { channel, expected, found }));
        }
        true
    }

    /// Counts a message that carries a number of its subscription but no data.
    fn count_number(&mut self, sid: Option<u64>, seq: Option<u64>, out: &mut Vec<Action>) {
        let (Some(sid), Some(seq)) = (sid, seq) else { return };
        let found = self.subscriptions.iter_mut().find(|known| known.phase == Phase::Active(sid));
        if let Some(subscription) = found.filter(|known| known.channel.has_sequence()) {
            let (channel, order) = (subscription.channel, subscription.sequence.next(seq));
            self.after_sequence(channel, order, out);
        }
    }

    // Everything that is no market data.

    fn on_other(&mut self, now: Timestamp, text: &str, out: &mut Vec<Action>) {
        let message = match ServerMessage::parse(text) {
            Ok(message) => message,
            Err(error) => {
                self.unreadable(text, error.to_string(), out);
                return;
            }
        };
        let (id, sid, seq) = (message.id, message.sid, message.seq);
        let sent = message.sending_ts_ms;
        let failed = |error: convert::ConvertError| error.to_string();
        match message.body {
            Body::Subscribed(done) => self.on_subscribed(now, id, done.channel, done.sid, out),
            Body::Ok(_) | Body::Unsubscribed => {
                self.count_number(sid, seq, out);
                self.pending.remove(&id.unwrap_or(0));
                self.settle(now, out);
            }
            Body::Error(error) => {
                self.count_number(sid, seq, out);
                self.on_error(now, id, sid, &error, out);
            }
            Body::Fill(fill) => {
                let venue_time = fill.ts_ms.or(Some(fill.ts));
                self.deliver(
                    now,
                    text,
                    convert::fill(&fill).map(|fill| Some(Input::Fill(fill))).map_err(failed),
                    venue_time,
                    out,
                );
            }
            Body::UserOrder(order) => {
                let venue_time = order.last_updated_ts_ms.or(order.created_ts_ms).or(sent);
                let input = convert::order(&order).map(|order| Some(Input::Order(order))).map_err(failed);
                self.deliver(now, text, input, venue_time, out);
            }
            Body::MarketPosition(position) => {
                let input = convert::position(&position).map(|found| Some(Input::Position(found))).map_err(failed);
                self.deliver(now, text, input, sent, out);
            }
            Body::MarketLifecycle(lifecycle) => {
                let head = head(sid, seq);
                if self.in_order(Channel::MarketLifecycleV2, head, out) {
                    let input =
                        convert::lifecycle(&lifecycle).map(|found| Some(Input::Lifecycle(found))).map_err(failed);
                    self.deliver(now, text, input, sent, out);
                }
            }
            // Numbers of the same counter, for channels and facts that the core has no input for yet.
            Body::EventLifecycle(_)
            | Body::EventFeeUpdate(_)
            | Body::OrderGroupUpdates(_)
            | Body::MultivariateMarketLifecycle(_) => self.count_number(sid, seq, out),
            Body::Unknown { kind, .. } => {
                self.stats.unknown += 1;
                self.count_number(sid, seq, out);
                if self.told_unknown.len() < 64 && self.told_unknown.insert(kind.clone()) {
                    out.push(Action::Notice(Notice::UnknownFrame { kind, frame: cut(text) }));
                }
            }
            // The fast decoder takes these, and what it refuses is no `Other`.
            Body::OrderbookSnapshot(_) | Body::OrderbookDelta(_) | Body::Ticker(_) | Body::Trade(_) => {}
        }
    }

    fn deliver(
        &mut self,
        now: Timestamp,
        text: &str,
        input: Result<Option<Input>, String>,
        venue_time: Option<Timestamp>,
        out: &mut Vec<Action>,
    ) {
        match input {
            Ok(Some(input)) => out.push(emit(now, venue_time, input)),
            Ok(None) => {}
            Err(problem) => self.unreadable(text, problem, out),
        }
    }

    fn unreadable(&mut self, text: &str, problem: String, out: &mut Vec<Action>) {
        self.stats.unreadable += 1;
        out.push(Action::Notice(Notice::Unreadable { problem, frame: cut(text) }));
    }

    // Subscriptions and commands.

    fn on_subscribed(&mut self, now: Timestamp, id: Option<u64>, channel: Channel, sid: u64, out: &mut Vec<Action>) {
        let asked = id.and_then(|id| self.pending.remove(&id)).map(|pending| pending.purpose);
        let known = self.subscriptions.iter_mut().find(|known| known.channel == channel);
        let Some(subscription) = known.filter(|_| asked == Some(Purpose::Subscribe(channel))) else {
            self.stats.unwanted += 1;
            return;
        };
        subscription.phase = Phase::Active(sid);
        subscription.sequence = SequenceCheck::new(SequencePolicy::Continuous);
        self.settle(now, out);
    }

    fn on_error(
        &mut self,
        now: Timestamp,
        id: Option<u64>,
        sid: Option<u64>,
        error: &ErrorMessage,
        out: &mut Vec<Action>,
    ) {
        let asked = id.and_then(|id| self.pending.remove(&id)).map(|pending| pending.purpose);
        let by_sid = sid.and_then(|sid| {
            self.subscriptions.iter().find(|known| known.phase == Phase::Active(sid)).map(|known| known.channel)
        });
        let channel = by_sid.or(match &asked {
            Some(Purpose::Subscribe(channel) | Purpose::Update(channel, _)) => Some(*channel),
            Some(Purpose::Snapshot) => Some(Channel::OrderbookDelta),
            Some(Purpose::Unsubscribe) | None => None,
        });
        let markets = match &asked {
            Some(Purpose::Update(_, markets)) => markets.clone(),
            _ => Vec::new(),
        };
        let message = error.msg.clone();
        out.push(Action::Notice(Notice::Refused { channel, code: error.code, message, markets: markets.clone() }));
        let gone = error.code.is_terminal() || error.code == ErrorCode::UnknownSid;
        let later = matches!(error.code, ErrorCode::CommandTimeout | ErrorCode::TooManyCommands);
        match (channel, asked) {
            (None, _) if gone => {
                // Some subscription is dead and nobody says which.
                out.push(Action::Close);
                self.on_close(now, &format!("error {} without its subscription", error.code), out);
            }
            (Some(channel), _) if gone => self.resubscribe(now, channel, &format!("error {}", error.code), out),
            (Some(channel), Some(Purpose::Subscribe(_))) if later => {
                self.resubscribe(now, channel, "refused for now", out);
            }
            (Some(channel), Some(Purpose::Update(_, _))) if later => {
                self.resubscribe(now, channel, "refused for now", out);
            }
            (Some(channel), Some(Purpose::Subscribe(_))) => {
                if let Some(subscription) = self.subscriptions.iter_mut().find(|known| known.channel == channel) {
                    subscription.phase = Phase::Refused;
                }
                let slots = self.slots(|market| matches!(market.book, BookState::Waiting { .. }));
                self.switch_off(channel, &slots);
            }
            // They stay without data on this connection; on the next one they are asked for again.
            (Some(channel), Some(Purpose::Update(_, _))) => {
                let slots: Vec<u32> = markets.iter().filter_map(|market| self.index.get(market.as_str())).collect();
                self.switch_off(channel, &slots);
            }
            // A refused snapshot is asked for again when its time is up.
            _ => {}
        }
        self.settle(now, out);
    }

    fn switch_off(&mut self, channel: Channel, slots: &[u32]) {
        if channel == Channel::OrderbookDelta {
            for slot in slots {
                self.markets[*slot as usize].book = BookState::Off;
            }
        }
    }

    /// A subscription ended: its books are lost, and it is asked for anew after a wait that grows.
    fn resubscribe(&mut self, now: Timestamp, channel: Channel, reason: &str, out: &mut Vec<Action>) {
        if channel == Channel::OrderbookDelta {
            let slots = self.slots(|market| market.book != BookState::Off);
            let fed = slots.iter().filter(|slot| self.markets[**slot as usize].book == BookState::Fed);
            let markets: Vec<MarketTicker> = fed.map(|slot| self.markets[*slot as usize].ticker.clone()).collect();
            if !markets.is_empty() {
                out.push(emit(now, None, Input::BookLost(BookLoss { markets, reason: reason.to_owned() })));
            }
            for slot in slots {
                let book = &mut self.markets[slot as usize].book;
                // What is owed to the consumer stays owed.
                if *book != BookState::Owed {
                    *book = BookState::Off;
                }
            }
        }
        let Some(position) = self.subscriptions.iter().position(|known| known.channel == channel) else { return };
        let failures = self.subscriptions[position].failures.saturating_add(1);
        let wait = self.config.backoff.wait(failures, &mut self.jitter);
        let fresh = Subscription::new(channel);
        self.subscriptions[position] = Subscription { phase: Phase::Idle(now.plus(wait)), failures, ..fresh };
    }

    /// Brings what is subscribed to what is wanted, and tells when everything is.
    fn settle(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        if !matches!(self.link, Link::Open { .. }) {
            return;
        }
        for position in 0..self.subscriptions.len() {
            let channel = self.subscriptions[position].channel;
            match self.subscriptions[position].phase {
                Phase::Idle(at) if now >= at && self.wants(channel) => self.subscribe(now, position, out),
                Phase::Active(sid) if self.by_market(channel) => self.name_markets(now, position, sid, out),
                Phase::Idle(_) | Phase::Active(_) | Phase::Asked | Phase::Refused => {}
            }
        }
        let settled = self.subscriptions.iter().all(|subscription| match subscription.phase {
            Phase::Active(_) | Phase::Refused => true,
            Phase::Idle(_) => !self.wants(subscription.channel),
            Phase::Asked => false,
        });
        if let Link::Open { up, .. } = &mut self.link
            && settled
            && !*up
        {
            *up = true;
            out.push(emit(now, None, Input::Connection(ConnectionInput::Up { venue: Venue::Kalshi })));
        }
    }

    fn subscribe(&mut self, now: Timestamp, position: usize, out: &mut Vec<Action>) {
        let channel = self.subscriptions[position].channel;
        let mut subscribe = Subscribe { channels: vec![channel], skip_ticker_ack: true, ..Subscribe::default() };
        if channel == Channel::OrderbookDelta {
            subscribe.use_yes_price = Some(true);
        }
        subscribe.send_initial_snapshot = channel == Channel::Ticker;
        if self.by_market(channel) {
            let slots: Vec<u32> = self.slots(|market| market.wanted);
            let first = &slots[..slots.len().min(self.config.markets_per_command)];
            subscribe.market_tickers =
                first.iter().map(|slot| self.markets[*slot as usize].ticker.to_string()).collect();
            self.subscriptions[position].named = first.iter().copied().collect();
            self.await_books(now, channel, first);
        }
        self.subscriptions[position].phase = Phase::Asked;
        self.command(now, Purpose::Subscribe(channel), CommandBody::Subscribe(subscribe), out);
    }

    /// Names markets that came since, and drops those that went.
    fn name_markets(&mut self, now: Timestamp, position: usize, sid: u64, out: &mut Vec<Action>) {
        let channel = self.subscriptions[position].channel;
        let wanted: BTreeSet<u32> = self.slots(|market| market.wanted).into_iter().collect();
        let named = &self.subscriptions[position].named;
        let fresh: Vec<u32> = wanted.difference(named).copied().collect();
        let gone: Vec<u32> = named.difference(&wanted).copied().collect();
        if fresh.is_empty() && gone.is_empty() {
            return;
        }
        if wanted.is_empty() {
            // A subscription without markets would mean all of them on some channels.
            self.subscriptions[position] = Subscription::new(channel);
            self.command(now, Purpose::Unsubscribe, CommandBody::Unsubscribe { sids: vec![sid] }, out);
            return;
        }
        self.subscriptions[position].named = wanted;
        self.await_books(now, channel, &fresh);
        for (action, slots) in [(UpdateAction::AddMarkets, fresh), (UpdateAction::DeleteMarkets, gone)] {
            for chunk in slots.chunks(self.config.markets_per_command) {
                self.update(now, channel, sid, action, chunk, out);
            }
        }
    }

    /// Snapshots of these markets come by themselves.
    fn await_books(&mut self, now: Timestamp, channel: Channel, slots: &[u32]) {
        if channel != Channel::OrderbookDelta {
            return;
        }
        let until = now.plus(self.config.snapshot_timeout);
        for slot in slots {
            let book = &mut self.markets[*slot as usize].book;
            if *book != BookState::Owed {
                *book = BookState::Waiting { until, asks: 1 };
            }
        }
    }

    fn update(
        &mut self,
        now: Timestamp,
        channel: Channel,
        sid: u64,
        action: UpdateAction,
        slots: &[u32],
        out: &mut Vec<Action>,
    ) {
        let markets: Vec<MarketTicker> = slots.iter().map(|slot| self.markets[*slot as usize].ticker.clone()).collect();
        let update = UpdateSubscription {
            sid,
            action,
            market_tickers: markets.iter().map(ToString::to_string).collect(),
            send_initial_snapshot: channel == Channel::Ticker && action == UpdateAction::AddMarkets,
        };
        let purpose = match action {
            UpdateAction::GetSnapshot => Purpose::Snapshot,
            UpdateAction::AddMarkets | UpdateAction::DeleteMarkets => Purpose::Update(channel, markets),
        };
        self.command(now, purpose, CommandBody::UpdateSubscription(update), out);
    }

    fn command(&mut self, now: Timestamp, purpose: Purpose, body: CommandBody, out: &mut Vec<Action>) {
        let id = self.next_id;
        self.next_id += 1;
        self.pending.insert(id, Pending { purpose, until: now.plus(self.config.ack_timeout) });
        out.push(Action::Send(Command { id, body }.to_json()));
    }

    /// Why the connection must be given up, if it must.
    fn broken(&self, now: Timestamp) -> Option<String> {
        if self.pong_until.is_some_and(|until| now >= until) {
            return Some(format!("no sign of life for {:?}", now.since(self.last_life)));
        }
        if let Some(pending) = self.pending.values().find(|pending| now >= pending.until) {
            return Some(format!("no acknowledgement in {:?} of {:?}", self.config.ack_timeout, pending.purpose));
        }
        // One market without a snapshot may be gone; all of them without one is a subscription that died in silence.
        if self.markets.iter().any(|market| market.book == BookState::Fed) {
            return None;
        }
        self.markets.iter().find_map(|market| match market.book {
            BookState::Waiting { until, asks } if now >= until && asks == self.config.max_asks => {
                Some(format!("no snapshot of any market after asking {asks} times"))
            }
            _ => None,
        })
    }

    // Small things.

    fn slot_of(&mut self, ticker: &MarketTicker) -> u32 {
        let slot = self.index.insert(ticker.as_str());
        if slot as usize == self.markets.len() {
            self.markets.push(Market { ticker: ticker.clone(), wanted: true, book: BookState::Off });
        }
        slot
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

#[cfg(test)]
mod tests;
