//! The market session: first books, their changes, and four ways to find out that one of them is wrong.
//!
//! One session is one socket of at most [`MarketConfig::max_tokens`] tokens, which it names in chunks. A book is built from
//! the YES token's events. It is given up, and asked for anew by naming its tokens again, when
//! - a frame cannot be read, as it may have been any book's;
//! - the venue's best prices differ from the book's twice in a row;
//! - its tick size changed, until the next book comes;
//! - REST shows another book of a later time twice in a row, though no change came in between.
//!
//! A socket that is open and answers pings but says nothing is audited with REST; if REST shows that something happened, the
//! socket is frozen and replaced.
//!
//! Source: reference, sections 10.1 and 10.2, 2026-11-20.

use std::collections::BTreeSet;
use std::time::Duration;

use brier_book::Book;
use brier_polymarket_protocol::clob;
use brier_polymarket_protocol::convert::{Listing, TokenMap, best, levels, public_trade, snapshot, yes_terms};
use brier_polymarket_protocol::stream::command::{Command, INVALID_OPERATION, Operation, PONG};
use brier_polymarket_protocol::stream::market::{market_resolved, new_market};
use brier_polymarket_protocol::stream::{self as wire, Decoder, Frame, split};
use brier_types::{
    BookChange, BookInput, BookLoss, BookSide, Input, LifecycleInput, MarketResult, MarketStatus, MarketTicker,
    Outcome, Price, Qty, SubscriptionId, Timestamp,
};

use super::action::{Action, Machine, Notice, Stats, cut, emit};
use super::link::{Link, LinkConfig};

#[cfg(test)]
mod tests;

/// Bounds of a market session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketConfig {
    /// Bounds of the connection.
    pub link: LinkConfig,
    /// Which socket of several this is: part of the subscription's number.
    pub shard: u32,
    /// Most tokens on one socket.
    pub max_tokens: usize,
    /// Tokens that one command names.
    pub tokens_per_command: usize,
    /// How long a book may take.
    pub snapshot_timeout: Duration,
    /// How often a book is asked for before people are told.
    pub max_asks: u32,
    /// How long no event may come before REST is asked.
    pub silence: Duration,
    /// How often one book is compared with REST otherwise.
    pub audit_every: Duration,
}

impl MarketConfig {
    /// Bounds that suit the venue, with the jitter's seed.
    pub fn new(seed: u64) -> Self {
        Self {
            link: LinkConfig::new(seed),
            shard: 0,
            max_tokens: 200,
            tokens_per_command: 100,
            snapshot_timeout: Duration::from_secs(10),
            max_asks: 3,
            silence: Duration::from_secs(20),
            audit_every: Duration::from_secs(30),
        }
    }
}

/// Spreads markets over as many sessions as they need, each with its shard number and a jitter of its own.
pub fn shards(config: &MarketConfig, listings: &[Listing]) -> Vec<MarketSession> {
    let markets = (config.max_tokens / 2).max(1);
    (0..)
        .zip(listings.chunks(markets))
        .map(|(shard, part)| {
            let mut config = MarketConfig { shard, ..config.clone() };
            config.link.seed = config.link.seed.wrapping_add(u64::from(shard));
            MarketSession::new(config, part.to_vec())
        })
        .collect()
}

/// A YES token's book as REST shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditBook {
    /// Names the state of the book.
    pub hash: String,
    /// When it was so, by the venue's clock.
    pub timestamp: Timestamp,
    /// Bids.
    pub bids: Vec<(Price, Qty)>,
    /// Asks.
    pub asks: Vec<(Price, Qty)>,
}

impl From<clob::Book> for AuditBook {
    fn from(book: clob::Book) -> Self {
        let side = |levels: Vec<clob::Level>| levels.into_iter().map(|level| (level.price, level.size)).collect();
        Self { hash: book.hash, timestamp: book.timestamp, bids: side(book.bids), asks: side(book.asks) }
    }
}

/// Where a market's book stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Resolved, or given up on for this connection.
    Off,
    /// A book is under way; asked for so often.
    Waiting { until: Timestamp, asks: u32 },
    /// Fed by changes.
    Fed,
    /// Lost; it is asked for when the queue has room again.
    Owed,
}

#[derive(Debug)]
struct Market {
    wanted: bool,
    state: State,
    book: Book,
    /// How often in a row the venue's best prices were others.
    strikes: u8,
    /// How often in a row REST showed another book.
    doubts: u8,
    /// The hash that the last event named, and when that event happened.
    hash: String,
    venue_time: Timestamp,
    /// Events of this market so far; says whether one came while REST was asked.
    events: u64,
}

impl Market {
    fn new() -> Self {
        Self {
            wanted: true,
            state: State::Off,
            book: Book::new(),
            strikes: 0,
            doubts: 0,
            hash: String::new(),
            venue_time: Timestamp::EPOCH,
            events: 0,
        }
    }
}

/// The state machine. See the module's head.
#[derive(Debug)]
pub struct MarketSession {
    config: MarketConfig,
    link: Link,
    tokens: TokenMap,
    markets: Vec<Market>,
    decoder: Decoder,
    subscription: SubscriptionId,
    sequence: u64,
    last_event: Timestamp,
    next_audit: Timestamp,
    /// The market that REST was asked for, and its events then.
    asked: Option<(u32, u64, bool)>,
    audit_turn: u32,
    stats: Stats,
    told_unknown: BTreeSet<String>,
}

impl MarketSession {
    /// A session for these markets that has not begun.
    pub fn new(config: MarketConfig, listings: Vec<Listing>) -> Self {
        let mut tokens = TokenMap::new();
        for listing in listings {
            tokens.insert(listing);
        }
        let markets = (0..tokens.len()).map(|_place| Market::new()).collect();
        Self {
            link: Link::new(config.link.clone()),
            config,
            tokens,
            markets,
            decoder: Decoder::new(),
            subscription: SubscriptionId(0),
            sequence: 0,
            last_event: Timestamp::EPOCH,
            next_audit: Timestamp::MAX,
            asked: None,
            audit_turn: 0,
            stats: Stats::default(),
            told_unknown: BTreeSet::new(),
        }
    }

    /// More markets are wanted. The caller keeps to the bound of [`MarketConfig::max_tokens`].
    pub fn add_markets(&mut self, now: Timestamp, listings: Vec<Listing>, out: &mut Vec<Action>) {
        let mut added = Vec::new();
        for listing in listings {
            let place = self.tokens.insert(listing);
            if place as usize == self.markets.len() {
                self.markets.push(Market::new());
            } else if self.markets[place as usize].wanted {
                continue;
            }
            self.markets[place as usize].wanted = true;
            added.push(place);
        }
        if self.link.is_open() && !added.is_empty() {
            self.name(Operation::Subscribe, &added, out);
            self.await_books(now, &added, 1);
        }
    }

    /// Some markets are wanted no more.
    pub fn remove_markets(&mut self, now: Timestamp, markets: &[MarketTicker], out: &mut Vec<Action>) {
        let named = (0..).zip(self.tokens.listings()).filter(|(_, listing)| markets.contains(&listing.market));
        let removed: Vec<u32> =
            named.map(|(place, _)| place).filter(|place| self.markets[*place as usize].wanted).collect();
        let fed = |place: &&u32| self.markets[**place as usize].state == State::Fed;
        let lost: Vec<MarketTicker> = removed.iter().filter(fed).map(|place| self.ticker(*place)).collect();
        if !lost.is_empty() {
            let reason = "not wanted any more".to_owned();
            out.push(emit(now, None, Input::BookLost(BookLoss { markets: lost, reason })));
        }
        for place in &removed {
            let market = &mut self.markets[*place as usize];
            (market.wanted, market.state) = (false, State::Off);
        }
        if self.link.is_open() {
            self.name(Operation::Unsubscribe, &removed, out);
        }
    }

    /// Names the tokens of markets to the venue, a chunk at a time.
    fn name(&self, operation: Operation, places: &[u32], out: &mut Vec<Action>) {
        for part in self.token_texts(places).chunks(self.config.tokens_per_command.max(1)) {
            out.push(Action::Send(Command::change_tokens(operation, part.to_vec()).to_frame()));
        }
    }

    fn ticker(&self, place: u32) -> MarketTicker {
        self.tokens.listings()[place as usize].market.clone()
    }

    fn places(&self, keep: impl Fn(&Market) -> bool) -> Vec<u32> {
        (0..).zip(&self.markets).filter(|(_, market)| keep(market)).map(|(place, _)| place).collect()
    }

    fn token_texts(&self, places: &[u32]) -> Vec<String> {
        let listings = self.tokens.listings();
        places
            .iter()
            .flat_map(|place| [listings[*place as usize].yes.clone(), listings[*place as usize].no.clone()])
            .collect()
    }

    fn await_books(&mut self, now: Timestamp, places: &[u32], asks: u32) {
        let until = now.plus(self.config.snapshot_timeout);
        for place in places {
            self.markets[*place as usize].state = State::Waiting { until, asks };
        }
    }

    /// Gives books up and names their tokens again, which brings new ones.
    fn lose(&mut self, now: Timestamp, places: &[u32], reason: &str, out: &mut Vec<Action>) {
        let lost: Vec<u32> =
            places.iter().copied().filter(|place| self.markets[*place as usize].state == State::Fed).collect();
        if lost.is_empty() {
            return;
        }
        let markets = lost.iter().map(|place| self.ticker(*place)).collect();
        out.push(emit(now, None, Input::BookLost(BookLoss { markets, reason: reason.to_owned() })));
        self.ask_again(now, &lost, 1, out);
    }

    fn ask_again(&mut self, now: Timestamp, places: &[u32], asks: u32, out: &mut Vec<Action>) {
        self.stats.repairs += places.len() as u64;
        self.name(Operation::Unsubscribe, places, out);
        self.name(Operation::Subscribe, places, out);
        self.await_books(now, places, asks);
        for place in places {
            let market = &mut self.markets[*place as usize];
            (market.strikes, market.doubts) = (0, 0);
        }
    }

    fn hang_up(&mut self, now: Timestamp, reason: &str, out: &mut Vec<Action>) {
        out.push(Action::Close);
        self.on_close(now, reason, out);
    }

    fn on_part(&mut self, now: Timestamp, text: &str, out: &mut Vec<Action>) {
        // The decoder is lent out while its frame lives.
        let mut decoder = std::mem::take(&mut self.decoder);
        match decoder.decode(text) {
            Ok(frame) => self.on_event(now, &frame, out),
            Err(error) => {
                self.stats.unreadable += 1;
                out.push(Action::Notice(Notice::Unreadable { problem: error.to_string(), frame: cut(text) }));
                let all = self.places(|_market| true);
                self.lose(now, &all, "a frame could not be read", out);
            }
        }
        self.decoder = decoder;
    }

    fn on_event(&mut self, now: Timestamp, frame: &Frame<'_>, out: &mut Vec<Action>) {
        self.last_event = now;
        match frame {
            Frame::Book(book) => {
                self.stats.count("book");
                self.on_book(now, book, out);
            }
            Frame::PriceChange(change) => {
                self.stats.count("price_change");
                self.on_price_change(now, change, out);
            }
            Frame::LastTrade(trade) => {
                self.stats.count("last_trade_price");
                self.on_trade(now, trade, out);
            }
            Frame::BestBidAsk(event) => {
                self.stats.count("best_bid_ask");
                if let Some(token) = self.tokens.get(event.asset_id)
                    && token.outcome == Outcome::Yes
                {
                    self.check_best(now, token.market, event.best_bid, event.best_ask, out);
                }
            }
            Frame::TickSizeChange(event) => {
                self.stats.count("tick_size_change");
                if let Some(token) = self.tokens.get(event.asset_id) {
                    let reason = format!("tick size changed from {} to {}", event.old_tick_size, event.new_tick_size);
                    self.lose(now, &[token.market], &reason, out);
                }
            }
            Frame::Other(other) => {
                self.stats.count(&other.kind);
                self.on_other(now, other, out);
            }
        }
    }

    fn on_book(&mut self, now: Timestamp, book: &wire::Book<'_>, out: &mut Vec<Action>) {
        let Some(token) = self.tokens.get(book.asset_id) else {
            self.stats.unwanted += 1;
            return;
        };
        // The NO token's book says the same from the other side.
        let Market { wanted, state, .. } = self.markets[token.market as usize];
        if token.outcome == Outcome::No || !wanted || state == State::Owed {
            return;
        }
        let ticker = self.ticker(token.market);
        let market = &mut self.markets[token.market as usize];
        if let Err(reason) = market.book.load(levels(book, token.outcome)) {
            let problem = format!("book of {ticker}: {reason}");
            self.stats.unreadable += 1;
            out.push(Action::Notice(Notice::Unreadable { problem, frame: book.asset_id.to_owned() }));
            self.lose(now, &[token.market], "its snapshot is impossible", out);
            return;
        }
        market.state = State::Fed;
        (market.strikes, market.doubts) = (0, 0);
        market.events += 1;
        market.venue_time = book.timestamp;
        market.hash.clear();
        market.hash.push_str(book.hash.unwrap_or_default());
        let change = snapshot(book, token.outcome);
        out.push(self.book_input(now, book.timestamp, ticker, change));
    }

    fn book_input(&mut self, now: Timestamp, time: Timestamp, market: MarketTicker, change: BookChange) -> Action {
        self.sequence += 1;
        let (subscription, sequence) = (self.subscription, self.sequence);
        emit(now, Some(time), Input::Book(BookInput { market, subscription, sequence, change }))
    }

    fn on_price_change(&mut self, now: Timestamp, frame: &wire::PriceChange<'_>, out: &mut Vec<Action>) {
        let mut last: Option<(u32, wire::Change<'_>)> = None;
        for change in frame.changes.iter() {
            let Some(token) = self.tokens.get(change.asset_id) else {
                self.stats.unwanted += 1;
                continue;
            };
            if token.outcome == Outcome::No {
                continue;
            }
            if self.markets[token.market as usize].state != State::Fed {
                self.stats.before_snapshot += 1;
                continue;
            }
            let (side, price) = yes_terms(token.outcome, change.side, change.price);
            let ticker = self.ticker(token.market);
            let market = &mut self.markets[token.market as usize];
            if let Err(reason) = market.book.set_level(side, price, change.size) {
                self.lose(now, &[token.market], &reason.to_string(), out);
                continue;
            }
            market.events += 1;
            market.venue_time = frame.timestamp;
            if let Some(hash) = change.hash {
                market.hash.clear();
                market.hash.push_str(hash);
            }
            let input = BookChange::Level { side, price, qty: change.size };
            out.push(self.book_input(now, frame.timestamp, ticker, input));
            last = Some((token.market, change));
        }
        // The last change of a frame carries the best prices after all of them.
        if let Some((place, change)) = last {
            self.check_best(now, place, change.best_bid, change.best_ask, out);
        }
    }

    /// Compares the venue's best prices with the book's. Where none are sent, nothing is known.
    fn check_best(
        &mut self,
        now: Timestamp,
        place: u32,
        bid: Option<Price>,
        ask: Option<Price>,
        out: &mut Vec<Action>,
    ) {
        let market = &mut self.markets[place as usize];
        if market.state != State::Fed || (bid.is_none() && ask.is_none()) {
            return;
        }
        let view = market.book.view_untrusted();
        let ours = (view.best_bid().map(|level| level.price), view.best_ask().map(|level| level.price));
        if ours == (best(bid), best(ask)) {
            market.strikes = 0;
            return;
        }
        self.stats.best_mismatches += 1;
        market.strikes += 1;
        if market.strikes >= 2 {
            let word = |price: Option<Price>| price.map_or_else(|| "none".to_owned(), |price| price.to_string());
            let reason = format!(
                "best prices: expected {} and {}, found {} and {}",
                word(best(bid)),
                word(best(ask)),
                word(ours.0),
                word(ours.1)
            );
            self.lose(now, &[place], &reason, out);
        }
    }

    fn on_trade(&mut self, now: Timestamp, trade: &wire::LastTrade<'_>, out: &mut Vec<Action>) {
        let Ok((listing, outcome)) = self.tokens.find(trade.asset_id) else {
            self.stats.unwanted += 1;
            return;
        };
        match public_trade(trade, listing, outcome) {
            Ok(input) => out.push(emit(now, Some(trade.timestamp), Input::Trade(input))),
            Err(error) => {
                self.stats.unreadable += 1;
                let frame = trade.transaction_hash.unwrap_or_default();
                out.push(Action::Notice(Notice::Unreadable { problem: error.to_string(), frame: cut(frame) }));
            }
        }
    }

    fn on_other(&mut self, now: Timestamp, other: &wire::Other<'_>, out: &mut Vec<Action>) {
        let problem = match other.kind.as_ref() {
            "new_market" => match new_market(other.text) {
                Ok(event) => {
                    out.push(Action::Notice(Notice::NewMarket(Box::new(event))));
                    return;
                }
                Err(error) => error.to_string(),
            },
            "market_resolved" => match market_resolved(other.text) {
                Ok(event) => {
                    self.on_resolved(now, &event, out);
                    return;
                }
                Err(error) => error.to_string(),
            },
            kind => {
                self.stats.unknown += 1;
                if self.told_unknown.len() < 64 && self.told_unknown.insert(kind.to_owned()) {
                    out.push(Action::Notice(Notice::UnknownFrame { kind: kind.to_owned(), frame: cut(other.text) }));
                }
                return;
            }
        };
        self.stats.unreadable += 1;
        out.push(Action::Notice(Notice::Unreadable { problem, frame: cut(other.text) }));
    }

    fn on_resolved(&mut self, now: Timestamp, event: &wire::market::MarketResolvedEvent, out: &mut Vec<Action>) {
        let Some(token) = event.assets_ids.iter().find_map(|token| self.tokens.get(token)) else {
            self.stats.unwanted += 1;
            return;
        };
        // Without a winner the result stays open: REST will say it.
        let result = self.tokens.get(&event.winning_asset_id).map(|winner| match winner.outcome {
            Outcome::Yes => MarketResult::Yes,
            Outcome::No => MarketResult::No,
        });
        let market = self.ticker(token.market);
        self.markets[token.market as usize].state = State::Off;
        let input = LifecycleInput { market, status: Some(MarketStatus::Determined), close_time: None, result };
        out.push(emit(now, Some(event.timestamp), Input::Lifecycle(input)));
    }

    /// Books that did not come: asked for again, then people are told.
    fn tick_books(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        let due = |market: &Market| matches!(market.state, State::Waiting { until, .. } if now >= until);
        let (mut again, mut given_up) = (Vec::new(), Vec::new());
        let mut asks = 1;
        for place in self.places(due) {
            let State::Waiting { asks: asked, .. } = self.markets[place as usize].state else { continue };
            if asked >= self.config.max_asks {
                self.markets[place as usize].state = State::Off;
                given_up.push(self.ticker(place));
            } else {
                asks = asks.max(asked + 1);
                again.push(place);
            }
        }
        if !again.is_empty() {
            self.ask_again(now, &again, asks, out);
        }
        if !given_up.is_empty() {
            out.push(Action::Notice(Notice::NoSnapshot { markets: given_up }));
        }
    }

    /// Asks REST for one book in turn, or for any when the socket says nothing.
    fn tick_audit(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        let silent = now.since(self.last_event) >= self.config.silence;
        if now < self.next_audit {
            return;
        }
        let every = if silent { self.config.silence.min(self.config.audit_every) } else { self.config.audit_every };
        self.next_audit = now.plus(every);
        let fed = self.places(|market| market.state == State::Fed);
        if fed.is_empty() {
            return;
        }
        self.audit_turn = self.audit_turn.wrapping_add(1);
        let place = fed[self.audit_turn as usize % fed.len()];
        self.ask_rest(place, silent, out);
    }

    fn ask_rest(&mut self, place: u32, silent: bool, out: &mut Vec<Action>) {
        self.asked = Some((place, self.markets[place as usize].events, silent));
        out.push(Action::Audit(self.tokens.listings()[place as usize].yes.clone()));
    }
}

/// Whether a local book holds exactly these levels.
fn same_levels(book: &Book, rest: &AuditBook) -> bool {
    let view = book.view_untrusted();
    [(BookSide::Bid, &rest.bids), (BookSide::Ask, &rest.asks)].into_iter().all(|(side, levels)| {
        let listed = levels.iter().filter(|(_, qty)| !qty.is_zero());
        listed.clone().count() == view.level_count(side)
            && listed.clone().all(|(price, qty)| view.qty_at(side, *price) == *qty)
    })
}

impl Machine for MarketSession {
    fn start(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        out.push(Action::Connect(now));
    }

    fn on_open(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        self.link.opened(now);
        self.stats.connections += 1;
        // A number of its own for every connection of every shard: nothing of the last one can be taken for this one's.
        self.subscription = SubscriptionId((u64::from(self.config.shard) << 32) | self.stats.connections);
        self.sequence = 0;
        (self.last_event, self.next_audit, self.asked) = (now, now.plus(self.config.silence), None);
        out.push(Action::Notice(Notice::Connected));
        let all = self.places(|market| market.wanted);
        let texts = self.token_texts(&all);
        let chunks = texts.chunks(self.config.tokens_per_command.max(1));
        // The first frame must be the whole subscription, even of nothing.
        if texts.is_empty() {
            out.push(Action::Send(Command::market(Vec::new()).to_frame()));
        }
        for (index, chunk) in chunks.enumerate() {
            let command = match index {
                0 => Command::market(chunk.to_vec()),
                _ => Command::change_tokens(Operation::Subscribe, chunk.to_vec()),
            };
            out.push(Action::Send(command.to_frame()));
        }
        self.await_books(now, &all, 1);
    }

    fn on_close(&mut self, now: Timestamp, reason: &str, out: &mut Vec<Action>) {
        let fed = self.places(|market| matches!(market.state, State::Fed | State::Owed));
        if !fed.is_empty() {
            let markets = fed.iter().map(|place| self.ticker(*place)).collect();
            let reason = format!("disconnected: {reason}");
            out.push(emit(now, None, Input::BookLost(BookLoss { markets, reason })));
        }
        for market in &mut self.markets {
            market.state = State::Off;
        }
        self.asked = None;
        self.link.closed(now, reason, out);
    }

    fn on_frame(&mut self, now: Timestamp, text: &str, out: &mut Vec<Action>) {
        if !self.link.is_open() {
            return;
        }
        self.link.life(now);
        match text.trim() {
            PONG | "" => {}
            INVALID_OPERATION => self.hang_up(now, "the venue refused a command: INVALID OPERATION", out),
            _ => match split(text) {
                Ok(parts) => {
                    for part in parts.as_slice() {
                        self.on_part(now, part, out);
                    }
                }
                // One text is tried as one object, which gives the same error where it belongs.
                Err(_not_an_array) => self.on_part(now, text, out),
            },
        }
    }

    fn on_tick(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        if let Some(reason) = self.link.tick(now, out) {
            self.hang_up(now, &reason, out);
            return;
        }
        if self.link.is_open() {
            self.tick_books(now, out);
            self.tick_audit(now, out);
        }
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        let link = self.link.deadline()?;
        let waiting = self.markets.iter().filter_map(|market| match market.state {
            State::Waiting { until, .. } => Some(until),
            State::Off | State::Fed | State::Owed => None,
        });
        waiting.chain([link, self.next_audit]).min()
    }

    fn on_audit(&mut self, now: Timestamp, token: &str, book: Result<AuditBook, String>, out: &mut Vec<Action>) {
        let Some((place, events, silent)) = self.asked.take() else { return };
        let Ok(rest) = book else { return };
        let market = &mut self.markets[place as usize];
        let same_market = self.tokens.get(token).is_some_and(|found| found.market == place);
        if !same_market || market.state != State::Fed {
            return;
        }
        self.stats.audits.0 += 1;
        let agrees = rest.hash == market.hash || same_levels(&market.book, &rest);
        // What came meanwhile may explain a difference, and an older REST book proves nothing.
        if agrees || market.events != events || rest.timestamp <= market.venue_time {
            market.doubts = 0;
            return;
        }
        self.stats.audits.1 += 1;
        market.doubts += 1;
        if market.doubts < 2 {
            // The event may be on its way: ask once more before believing it.
            self.ask_rest(place, silent, out);
        } else if silent {
            self.hang_up(now, "the socket is open and silent, but REST shows that the book changed", out);
        } else {
            self.lose(now, &[place], "REST shows another book", out);
        }
    }

    fn on_overflow(&mut self, input: &Input) {
        self.stats.overflowed += 1;
        let lost: &[MarketTicker] = match input {
            Input::Book(book) => std::slice::from_ref(&book.market),
            Input::BookLost(loss) => &loss.markets,
            _ => &[],
        };
        for (listing, market) in self.tokens.listings().iter().zip(&mut self.markets) {
            if lost.contains(&listing.market) {
                market.state = State::Owed;
            }
        }
    }

    fn on_room(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        let owed = self.places(|market| market.state == State::Owed);
        if owed.is_empty() {
            return;
        }
        let markets: Vec<MarketTicker> = owed.iter().map(|place| self.ticker(*place)).collect();
        out.push(Action::Notice(Notice::Overflow { markets: markets.clone() }));
        let reason = "the consumer's queue was full".to_owned();
        out.push(emit(now, None, Input::BookLost(BookLoss { markets, reason })));
        if self.link.is_open() {
            self.ask_again(now, &owed, 1, out);
        }
    }

    fn owes(&self) -> bool {
        self.markets.iter().any(|market| market.state == State::Owed)
    }

    fn stats(&self) -> &Stats {
        &self.stats
    }
}
