//! One session's subscriptions: what they want to hear, how it is numbered, and in which price form it is told.
//!
//! Invariants: one subscription per channel, so subscribing again adds to it; `seq` counts per subscription from 1 on
//! channels that have one, and snapshots, `ok` and `unsubscribed` take numbers too; nothing of a subscription is said
//! before its acknowledgement or after its end.
//!
//! Source: reference sections 15.2 to 15.5, 2026-11-20.

use std::collections::BTreeMap;
use std::sync::Arc;

use brier_kalshi_protocol::rest::OutcomeSide;
use brier_kalshi_protocol::wire::Ladder;
use brier_kalshi_protocol::ws::{
    Acknowledged, Action, Body, Channel, ErrorCode, ErrorMessage, OrderbookDelta, OrderbookSnapshot, ServerMessage,
    Subscribe, Subscribed, Ticker, UpdateSubscription,
};
use brier_matching::{AccountId, MarketId};
use brier_types::{BookSide, Price, Qty, Timestamp};

use crate::publication::{LevelChange, Publication, Said};
use crate::state::{MarketNames, State};

/// Markets with their books as they stood at one point of the stream.
#[derive(Debug)]
pub(crate) struct Resolved {
    markets: Vec<(Arc<MarketNames>, Levels)>,
    tickers: Vec<Ticker>,
}

/// Both sides of a book in YES prices, best first.
#[derive(Debug, Default)]
struct Levels {
    bids: Vec<(Price, Qty)>,
    asks: Vec<(Price, Qty)>,
}

impl Resolved {
    /// Finds the markets and copies their books; with a time, their summaries too.
    pub(crate) fn of(state: &State, tickers: &[String], now: Option<Timestamp>) -> Result<Self, ErrorMessage> {
        let find = |ticker: &String| {
            let id = state.market_id(ticker).ok_or_else(|| unknown(ticker))?;
            let side = |side| state.exchange.levels(id, side).collect();
            let levels = Levels { bids: side(BookSide::Bid), asks: side(BookSide::Ask) };
            Ok((state.names(id).clone(), levels))
        };
        let markets: Vec<(Arc<MarketNames>, Levels)> = tickers.iter().map(find).collect::<Result<_, _>>()?;
        let summary = |now| markets.iter().map(|(names, _)| state.ticker(names.id, now)).collect();
        let tickers = now.map(summary).unwrap_or_default();
        Ok(Self { markets, tickers })
    }
}

fn unknown(ticker: &str) -> ErrorMessage {
    ErrorMessage { market_ticker: Some(ticker.to_owned()), ..ErrorMessage::new(ErrorCode::BadParameter) }
}

/// A `subscribe` that makes sense by itself.
#[derive(Debug)]
pub(crate) struct Opening(Subscribe);

/// A `subscribe` with what it needs of the state.
#[derive(Debug)]
pub(crate) struct Opened {
    command: Subscribe,
    /// `None` is all markets.
    found: Option<Resolved>,
    tickers: Vec<Ticker>,
}

impl Opening {
    /// Checks what can be checked without the state.
    pub(crate) fn new(command: Subscribe) -> Result<Self, ErrorCode> {
        if command.channels.iter().any(|channel| !is_served(*channel)) {
            return Err(ErrorCode::UnknownChannel);
        }
        if !command.market_ids.is_empty() && command.channels.iter().any(|channel| *channel != Channel::Ticker) {
            return Err(ErrorCode::BadParameter);
        }
        Ok(Self(command))
    }

    /// Finds what is subscribed to, as it stands now.
    pub(crate) fn resolve(self, state: &State, now: Timestamp) -> Result<Opened, ErrorMessage> {
        let Self(mut command) = self;
        for id in &command.market_ids {
            let market = state.markets.iter().find(|market| market.names.uuid == *id).ok_or_else(|| unknown(id))?;
            command.market_tickers.push(market.names.ticker.clone());
        }
        let found = match command.market_tickers.as_slice() {
            [] => None,
            tickers => Some(Resolved::of(state, tickers, None)?),
        };
        let wants_tickers = command.send_initial_snapshot && command.channels.contains(&Channel::Ticker);
        let tickers = match &found {
            _ if !wants_tickers => Vec::new(),
            None => state.markets.iter().map(|market| state.ticker(market.names.id, now)).collect(),
            Some(found) => found.markets.iter().map(|(names, _)| state.ticker(names.id, now)).collect(),
        };
        Ok(Opened { command, found, tickers })
    }
}

/// The channels of the trading path. Requests for quotes, combos and index values are not traded here.
const fn is_served(channel: Channel) -> bool {
    match channel {
        Channel::OrderbookDelta
        | Channel::Ticker
        | Channel::Trade
        | Channel::Fill
        | Channel::MarketPositions
        | Channel::UserOrders
        | Channel::OrderGroupUpdates
        | Channel::MarketLifecycleV2 => true,
        Channel::Communications
        | Channel::MultivariateMarketLifecycle
        | Channel::CfbenchmarksValue
        | Channel::CfbenchmarksValue5hz
        | Channel::PythValue => false,
    }
}

/// Channels whose market list is ignored.
const fn ignores_markets(channel: Channel) -> bool {
    matches!(channel, Channel::OrderGroupUpdates | Channel::MarketLifecycleV2)
}

#[derive(Debug)]
struct Subscription {
    channel: Channel,
    /// `None` is all markets.
    markets: Option<BTreeMap<MarketId, Arc<MarketNames>>>,
    seq: u64,
    yes_prices: bool,
    skip_ticker_ack: bool,
}

impl Subscription {
    fn next_seq(&mut self) -> Option<u64> {
        self.channel.has_sequence().then(|| {
            self.seq += 1;
            self.seq
        })
    }

    fn wants(&self, publication: &Publication, account: AccountId) -> bool {
        self.channel == publication.channel()
            && publication.owner.is_none_or(|owner| owner == account)
            && match (&self.markets, publication.market) {
                (Some(markets), Some(market)) => ignores_markets(self.channel) || markets.contains_key(&market),
                (None, _) | (Some(_), None) => true,
            }
    }

    fn tickers(&self) -> Vec<String> {
        self.markets.iter().flat_map(BTreeMap::values).map(|names| names.ticker.clone()).collect()
    }

    fn snapshot(&self, names: &MarketNames, levels: &Levels) -> OrderbookSnapshot {
        let ascending = |mut ladder: Ladder| {
            ladder.sort_unstable_by_key(|(price, _)| *price);
            ladder
        };
        let no = levels.asks.iter().map(|(price, qty)| (self.no_price(*price), *qty));
        OrderbookSnapshot {
            market_ticker: names.ticker.clone(),
            market_id: names.uuid.clone(),
            yes_dollars_fp: ascending(levels.bids.clone()),
            no_dollars_fp: ascending(no.collect()),
        }
    }

    /// The price of an ask as this subscription wants it.
    const fn no_price(&self, price: Price) -> Price {
        if self.yes_prices { price } else { price.complement() }
    }

    fn delta(&self, level: &LevelChange, account: AccountId) -> OrderbookDelta {
        let own = level.account == account;
        OrderbookDelta {
            market_ticker: level.market.ticker.clone(),
            market_id: level.market.uuid.clone(),
            price_dollars: match level.side {
                BookSide::Bid => level.price,
                BookSide::Ask => self.no_price(level.price),
            },
            delta_fp: level.change,
            side: match level.side {
                BookSide::Bid => OutcomeSide::Yes,
                BookSide::Ask => OutcomeSide::No,
            },
            client_order_id: own.then(|| level.client_order_id.to_string()),
            subaccount: own.then_some(0),
            ts: Some(level.at),
            ts_ms: Some(level.at),
        }
    }
}

/// A session's subscriptions, and what is to be said next.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    account: AccountId,
    by_sid: BTreeMap<u64, Subscription>,
    last_sid: u64,
    out: Vec<ServerMessage>,
}

impl Subscriptions {
    pub(crate) const fn new(account: AccountId) -> Self {
        Self { account, by_sid: BTreeMap::new(), last_sid: 0, out: Vec::new() }
    }

    pub(crate) fn say(&mut self, message: ServerMessage) {
        self.out.push(message);
    }

    /// Takes what is to be said.
    pub(crate) fn drain(&mut self) -> Vec<ServerMessage> {
        std::mem::take(&mut self.out)
    }

    /// What the core says to everybody.
    pub(crate) fn hear(&mut self, publication: &Publication) {
        let account = self.account;
        for (sid, subscription) in &mut self.by_sid {
            if !subscription.wants(publication, account) {
                continue;
            }
            let body = match &publication.body {
                Said::Level(level) => Body::OrderbookDelta(subscription.delta(level, account)),
                Said::Message(_, body) => (**body).clone(),
            };
            let seq = subscription.next_seq();
            self.out.push(ServerMessage::new(body).on(*sid, seq));
        }
    }

    /// Opens or widens subscriptions: first every acknowledgement, then what they start from.
    pub(crate) fn open(&mut self, id: u64, opened: Opened) {
        let Opened { command, found, tickers } = opened;
        // A subscription has one price form for life. Changing it under books already sent would need all of them anew,
        // in an order that no page describes, and ignoring it would mirror every NO price: so it is refused, whole.
        let other_form = |it: &Subscription| {
            it.channel == Channel::OrderbookDelta
                && command.channels.contains(&it.channel)
                && command.use_yes_price.is_some_and(|wanted| wanted != it.yes_prices)
        };
        if self.by_sid.values().any(other_form) {
            let error = Body::Error(ErrorMessage::new(ErrorCode::BadParameter));
            self.out.push(ServerMessage::new(error).answering(id));
            return;
        }
        let mut started: Vec<(u64, Vec<usize>)> = Vec::new();
        for channel in &command.channels {
            let existing = self.by_sid.iter().find(|(_, it)| it.channel == *channel).map(|(sid, _)| *sid);
            let sid = existing.unwrap_or_else(|| {
                self.last_sid += 1;
                self.last_sid
            });
            let subscription = self.by_sid.entry(sid).or_insert_with(|| Subscription {
                channel: *channel,
                markets: Some(BTreeMap::new()),
                seq: 0,
                yes_prices: command.use_yes_price.unwrap_or(false),
                skip_ticker_ack: command.skip_ticker_ack,
            });
            started.push((sid, subscription.widen(found.as_ref())));
            let body = Body::Subscribed(Subscribed { channel: *channel, sid });
            self.out.push(ServerMessage::new(body).answering(id));
        }
        for (sid, new) in started {
            self.say_books(sid, None, found.as_ref(), &new);
            if self.by_sid.get(&sid).is_some_and(|it| it.channel == Channel::Ticker) {
                let messages = tickers.iter().cloned().map(Body::Ticker);
                self.out.extend(messages.map(|body| ServerMessage::new(body).on(sid, None)));
            }
        }
    }

    /// Sends snapshots of some of the markets found, on an order book subscription.
    fn say_books(&mut self, sid: u64, id: Option<u64>, found: Option<&Resolved>, which: &[usize]) {
        let Some(subscription) = self.by_sid.get_mut(&sid).filter(|it| it.channel == Channel::OrderbookDelta) else {
            return;
        };
        for index in which {
            let Some((names, levels)) = found.and_then(|found| found.markets.get(*index)) else { continue };
            let body = Body::OrderbookSnapshot(subscription.snapshot(names, levels));
            let seq = subscription.next_seq();
            self.out.push(ServerMessage::new(body).on(sid, seq).answering(id.unwrap_or(0)));
        }
    }

    pub(crate) fn list(&mut self, id: u64) {
        let all = self.by_sid.iter().map(|(sid, it)| Subscribed { channel: it.channel, sid: *sid }).collect();
        self.out.push(ServerMessage::new(Body::Ok(Acknowledged::Subscriptions(all))).answering(id));
    }

    /// Ends subscriptions: all of them, or none when one is unknown.
    pub(crate) fn unsubscribe(&mut self, id: u64, sids: &[u64]) -> Result<(), ErrorCode> {
        if sids.iter().any(|sid| !self.by_sid.contains_key(sid)) {
            return Err(ErrorCode::UnknownSid);
        }
        for sid in sids {
            if let Some(mut ended) = self.by_sid.remove(sid) {
                let seq = ended.next_seq();
                self.out.push(ServerMessage::new(Body::Unsubscribed).on(*sid, seq).answering(id));
            }
        }
        Ok(())
    }

    /// Whether an update makes sense for its subscription.
    pub(crate) fn check(&self, update: &UpdateSubscription) -> Result<(), ErrorCode> {
        let subscription = self.by_sid.get(&update.sid).ok_or(ErrorCode::UnknownSid)?;
        if update.market_tickers.is_empty() {
            return Err(ErrorCode::MarketMissing);
        }
        match update.action {
            Action::GetSnapshot if subscription.channel != Channel::OrderbookDelta => Err(ErrorCode::UnsupportedAction),
            // There is no list to take a market from, or a book to show, where all or other markets are meant.
            Action::DeleteMarkets if subscription.markets.is_none() => Err(ErrorCode::BadParameter),
            Action::GetSnapshot => {
                let tickers = subscription.tickers();
                if update.market_tickers.iter().all(|ticker| tickers.contains(ticker)) {
                    Ok(())
                } else {
                    Err(ErrorCode::BadParameter)
                }
            }
            Action::AddMarkets | Action::DeleteMarkets => Ok(()),
        }
    }

    pub(crate) fn delete_markets(&mut self, id: u64, update: &UpdateSubscription) {
        if let Some(markets) = self.by_sid.get_mut(&update.sid).and_then(|it| it.markets.as_mut()) {
            markets.retain(|_, names| !update.market_tickers.contains(&names.ticker));
        }
        self.acknowledge(id, update.sid);
    }

    /// Adds markets, or sends snapshots again.
    pub(crate) fn update(&mut self, id: u64, update: &UpdateSubscription, found: Resolved) {
        let Some(subscription) = self.by_sid.get_mut(&update.sid) else { return };
        match update.action {
            Action::GetSnapshot => {
                let all: Vec<usize> = (0..found.markets.len()).collect();
                self.say_books(update.sid, Some(id), Some(&found), &all);
            }
            Action::AddMarkets | Action::DeleteMarkets => {
                let new = subscription.widen(Some(&found));
                self.acknowledge(id, update.sid);
                self.say_books(update.sid, None, Some(&found), &new);
                let is_ticker = self.by_sid.get(&update.sid).is_some_and(|it| it.channel == Channel::Ticker);
                let tickers = found.tickers.into_iter().filter(|_| is_ticker).map(Body::Ticker);
                self.out.extend(tickers.map(|body| ServerMessage::new(body).on(update.sid, None)));
            }
        }
    }

    fn acknowledge(&mut self, id: u64, sid: u64) {
        let Some(subscription) = self.by_sid.get_mut(&sid) else { return };
        let list = if subscription.skip_ticker_ack {
            Acknowledged::Nothing
        } else {
            Acknowledged::Markets(subscription.tickers())
        };
        let seq = subscription.next_seq();
        self.out.push(ServerMessage::new(Body::Ok(list)).on(sid, seq).answering(id));
    }
}

impl Subscription {
    /// Adds the markets found, or all; returns which of those found are new.
    fn widen(&mut self, found: Option<&Resolved>) -> Vec<usize> {
        let Some(found) = found else {
            self.markets = None;
            return Vec::new();
        };
        let Some(markets) = &mut self.markets else { return Vec::new() };
        let mut new = Vec::new();
        for (index, (names, _)) in found.markets.iter().enumerate() {
            if markets.insert(names.id, names.clone()).is_none() {
                new.push(index);
            }
        }
        new
    }
}
