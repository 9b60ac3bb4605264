//! What the streams are told: frames of the venue, written once when something happens, and who may see them.
//!
//! Nothing is written while nobody listens: both books are hashed for each level that changes, but only for somebody who
//! follows the market channel. Prices and sizes in a frame are those of its own token; an order shows in the books of both.
//!
//! Source: reference (Polymarket), sections 10.2 and 10.3, 2026-11-20.

use std::sync::Arc;

use alloy_primitives::Address;
use brier_matching::MarketId;
use brier_polymarket_protocol::book_hash::{self, HashInput, HashLevel};
use brier_polymarket_protocol::clob::{Book, Level};
use brier_polymarket_protocol::gamma::FeeSchedule;
use brier_polymarket_protocol::ids::{ConditionId, Side};
use brier_polymarket_protocol::stream::market::{
    BestBidAskEvent, BookEvent, BookLevel, EventMessage, LastTradePriceEvent, MarketEvent, MarketResolvedEvent,
    NewMarketEvent, PriceChangeEvent, PriceLevelChange, TickSizeChangeEvent,
};
use brier_polymarket_protocol::stream::user::{OrderEventKind, UserEvent, UserOrder, UserTrade};
use brier_polymarket_protocol::wire::{self, Num};
use brier_types::{BookSide, MarketResult, Money, Outcome, Price, Qty, Timestamp};
use serde_json::value::to_raw_value;

use super::{Standing, State};
use crate::polymarket::record::Fees;

/// One frame to the streams.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub to: Audience,
    pub frame: Arc<str>,
}

/// Who may see a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Market channel: who follows either token of the market.
    Market(MarketId),
    /// Market channel: who follows this token.
    Token(MarketId, Outcome),
    /// Market channel: who asked for custom features and follows either token.
    Custom(MarketId),
    /// Market channel: who asked for custom features and follows this token.
    CustomToken(MarketId, Outcome),
    /// Market channel: everybody who asked for custom features.
    CustomAll,
    /// User channel: who has a key of this owner, and follows the market or all.
    Owner(Address, ConditionId),
}

impl Audience {
    /// Whether it is told on the user channel.
    pub(crate) const fn is_private(self) -> bool {
        matches!(self, Self::Owner(..))
    }
}

/// For whom frames are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listening {
    /// Somebody follows the market channel.
    pub market: bool,
    /// Somebody follows the user channel.
    pub user: bool,
}

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrderWord {
    Placement,
    Update,
    Cancellation,
}

const BOTH: [Outcome; 2] = [Outcome::Yes, Outcome::No];

impl State {
    fn say(&mut self, to: Audience, event: &MarketEvent) {
        self.outbox.push(Said { to, frame: event.to_frame().into() });
    }

    /// A token's book as REST tells it, with its hash.
    pub(crate) fn book(&self, market: MarketId, outcome: Outcome) -> Book {
        hashed(self.unhashed_book(market, outcome))
    }

    /// A token's book before it is hashed, which takes longer than making it: see [`hashed`].
    pub(crate) fn unhashed_book(&self, market: MarketId, outcome: Outcome) -> Book {
        let row = self.market(market);
        let worst_first = |side| {
            let levels = self.levels(market, outcome, side).into_iter().rev();
            levels.map(|(price, size)| Level { price, size }).collect()
        };
        Book {
            market: row.condition_text.to_string(),
            asset_id: row.token_text(outcome).to_string(),
            timestamp: row.updated,
            hash: String::new(),
            bids: worst_first(BookSide::Bid),
            asks: worst_first(BookSide::Ask),
            min_order_size: Some(row.listing.min_size),
            tick_size: Some(row.tick.step()),
            neg_risk: Some(row.neg_risk),
            last_trade_price: row.last.map(|last| own(outcome, last.yes_price)),
        }
    }

    /// A level changed: one event tells of both tokens.
    pub(super) fn say_level(&mut self, at: Timestamp, market: MarketId, side: BookSide, price: Price, total: Qty) {
        if !self.listening.market || self.quiet {
            return;
        }
        let changes = BOTH.map(|outcome| {
            let book = self.book(market, outcome);
            let (bid, ask) = best(&book);
            let side = if outcome == Outcome::Yes { side } else { side.opposite() };
            PriceLevelChange {
                asset_id: book.asset_id,
                price: own(outcome, price),
                size: total,
                side: if side == BookSide::Bid { Side::Buy } else { Side::Sell },
                hash: Some(book.hash),
                best_bid: Some(bid.unwrap_or(Price::ZERO)),
                best_ask: Some(ask.unwrap_or(Price::ONE)),
            }
        });
        let market_text = self.market(market).condition_text.to_string();
        let event = PriceChangeEvent { market: market_text, price_changes: changes.into(), timestamp: at };
        self.say(Audience::Market(market), &MarketEvent::PriceChange(event));
        self.say_best(at, market);
    }

    /// Both books, after a match.
    pub(super) fn say_book(&mut self, at: Timestamp, market: MarketId) {
        if !self.listening.market {
            return;
        }
        for outcome in BOTH {
            let event = book_event(self.book(market, outcome));
            self.say(Audience::Token(market, outcome), &event);
        }
        self.say_best(at, market);
    }

    /// The best prices of both tokens, if they are others than before.
    fn say_best(&mut self, at: Timestamp, market: MarketId) {
        let now = self.best_yes(market);
        let said = std::mem::replace(&mut self.market_mut(market).said_best, now);
        if said == now {
            return;
        }
        for outcome in BOTH {
            let (bid, ask) = match outcome {
                Outcome::Yes => now,
                Outcome::No => (now.1.map(Price::complement), now.0.map(Price::complement)),
            };
            // Clients want all three, so an empty side counts as the end of the scale.
            let (bid, ask) = (bid.unwrap_or(Price::ZERO), ask.unwrap_or(Price::ONE));
            let row = self.market(market);
            let event = BestBidAskEvent {
                market: row.condition_text.to_string(),
                asset_id: row.token_text(outcome).to_string(),
                best_bid: Some(bid),
                best_ask: Some(ask),
                spread: Price::new(ask.pips().saturating_sub(bid.pips())),
                timestamp: at,
            };
            self.say(Audience::CustomToken(market, outcome), &MarketEvent::BestBidAsk(event));
        }
    }

    /// A trade was made: the market hears its price, its sides hear of it.
    pub(super) fn say_trade(&mut self, at: Timestamp, trade: u32) {
        for order in self.orders_of_trade(trade) {
            self.notify(at, order, 2);
        }
        if self.listening.market {
            let row = &self.trades[trade as usize];
            let (market, outcome) = (row.market, row.outcome);
            let names = self.market(market);
            let event = LastTradePriceEvent {
                asset_id: names.token_text(outcome).to_string(),
                fee_rate_bps: Some("0".to_owned()),
                market: names.condition_text.to_string(),
                price: row.price,
                side: side_of(row.action),
                size: row.qty,
                timestamp: at,
                // Matches settle later: nobody knows the transaction yet.
                transaction_hash: None,
            };
            self.say(Audience::Token(market, outcome), &MarketEvent::LastTradePrice(event));
        }
        self.say_user_trade(at, trade);
    }

    /// A trade reached a status: everybody with a part in it hears so, each with his own part.
    pub(super) fn say_user_trade(&mut self, at: Timestamp, trade: u32) {
        if !self.listening.user {
            return;
        }
        for owner in self.owners_of_trade(trade) {
            let mut said = UserTrade::from(self.trade(trade, owner));
            said.kind = Some("TRADE".to_owned());
            said.trade_owner = Some(self.key_in_trade(trade, owner));
            said.timestamp = Some(at);
            said.transaction_hash = said.transaction_hash.filter(|hash| !hash.is_empty());
            let to = Audience::Owner(owner, self.market(self.trades[trade as usize].market).condition);
            self.outbox.push(Said { to, frame: UserEvent::Trade(Box::new(said)).to_frame().into() });
        }
    }

    /// Something happened to an order: its owner hears so.
    pub(super) fn say_order(&mut self, at: Timestamp, index: u32, word: OrderWord) {
        if !self.listening.user {
            return;
        }
        let (row, order) = (self.order(index), self.open_order(index));
        let status = match row.standing {
            Standing::Canceled(reason) if !reason.is_empty() => format!("CANCELED_{reason}"),
            Standing::Delayed | Standing::Live | Standing::Matched | Standing::Canceled(_) | Standing::Resolved => {
                order.status.to_string()
            }
        };
        let said = UserOrder {
            id: order.id,
            owner: order.owner.clone(),
            order_owner: Some(order.owner),
            market: order.market,
            asset_id: order.asset_id,
            side: order.side,
            original_size: order.original_size,
            size_matched: Some(order.size_matched),
            price: order.price,
            associate_trades: order.associate_trades.filter(|trades| !trades.is_empty()),
            outcome: order.outcome,
            kind: match word {
                OrderWord::Placement => OrderEventKind::Placement,
                OrderWord::Update => OrderEventKind::Update,
                OrderWord::Cancellation => OrderEventKind::Cancellation,
            },
            created_at: Some(order.created_at),
            expiration: Some(row.expiration.to_string()),
            order_type: Some(order.order_type.to_string()),
            status: Some(status),
            maker_address: Some(order.maker_address),
            timestamp: at,
        };
        let to = Audience::Owner(self.owner_of(index), self.market(row.market).condition);
        self.outbox.push(Said { to, frame: UserEvent::Order(Box::new(said)).to_frame().into() });
    }

    pub(super) fn say_tick(&mut self, at: Timestamp, market: MarketId, old: Price, new: Price) {
        if !self.listening.market {
            return;
        }
        for outcome in BOTH {
            let row = self.market(market);
            let event = TickSizeChangeEvent {
                market: row.condition_text.to_string(),
                asset_id: row.token_text(outcome).to_string(),
                old_tick_size: old,
                new_tick_size: new,
                timestamp: at,
            };
            self.say(Audience::Token(market, outcome), &MarketEvent::TickSizeChange(event));
        }
        // A client drops its book and waits for the next one. Source: reference, section 10.2.
        self.say_book(at, market);
    }

    pub(super) fn say_new_market(&mut self, at: Timestamp, market: MarketId) {
        if !self.listening.market {
            return;
        }
        let row = self.market(market);
        let (listing, event) = (&row.listing, &self.events[&row.listing.event].listing);
        let tokens: Vec<String> = row.token_texts.iter().map(ToString::to_string).collect();
        let said = NewMarketEvent {
            id: Some(listing.id.clone()),
            question: listing.question.clone(),
            market: row.condition_text.to_string(),
            slug: listing.slug.clone(),
            description: listing.description.clone(),
            assets_ids: tokens.clone(),
            outcomes: listing.outcomes.to_vec(),
            event_message: Some(EventMessage {
                id: Some(event.id.clone()),
                ticker: event.ticker.clone(),
                slug: event.slug.clone(),
                title: event.title.clone(),
                description: event.description.clone(),
            }),
            timestamp: at,
            tags: listing.tags.clone(),
            condition_id: row.condition_text.to_string(),
            active: Some(true),
            clob_token_ids: tokens,
            sports_market_type: String::new(),
            line: None,
            game_start_time: String::new(),
            order_price_min_tick_size: Some(row.tick.step()),
            group_item_title: listing.group_item_title.clone(),
            taker_base_fee: None,
            fees_enabled: Some(listing.fees.rate > 0),
            fee_schedule: fee_schedule(listing.fees).and_then(|schedule| to_raw_value(&schedule).ok()),
        };
        self.say(Audience::CustomAll, &MarketEvent::NewMarket(Box::new(said)));
    }

    pub(super) fn say_resolved(&mut self, at: Timestamp, market: MarketId, result: MarketResult) {
        let holders: Vec<u32> = self.market_orders(market);
        for order in holders {
            self.notify(at, order, 4);
        }
        if !self.listening.market {
            return;
        }
        let row = self.market(market);
        // A half-and-half market has no winner.
        let winner = match result {
            MarketResult::Yes => Some(Outcome::Yes),
            MarketResult::No => Some(Outcome::No),
            MarketResult::Scalar(_) => None,
        };
        let event = MarketResolvedEvent {
            id: Some(row.listing.id.clone()),
            market: row.condition_text.to_string(),
            assets_ids: row.token_texts.iter().map(ToString::to_string).collect(),
            winning_asset_id: winner.map(|outcome| row.token_text(outcome).to_string()).unwrap_or_default(),
            winning_outcome: winner.map(|outcome| row.outcome_text(outcome).to_owned()).unwrap_or_default(),
            timestamp: at,
            tags: row.listing.tags.clone(),
        };
        self.say(Audience::Custom(market), &MarketEvent::MarketResolved(event));
    }
}

/// A market's fees as metadata tells them; absent where nobody pays any.
pub(crate) fn fee_schedule(fees: Fees) -> Option<FeeSchedule> {
    let millionths = |count: u32| Num::new(&wire::plain(Money::from_micros(i64::from(count))));
    (fees.rate > 0).then_some(())?;
    Some(FeeSchedule {
        exponent: fees.exponent.into(),
        rate: millionths(fees.rate)?,
        taker_only: true,
        rebate_rate: millionths(fees.rebate_rate),
    })
}

/// The YES price as a price of this token.
pub(crate) fn own(outcome: Outcome, yes_price: Price) -> Price {
    match outcome {
        Outcome::Yes => yes_price,
        Outcome::No => yes_price.complement(),
    }
}

/// What an order does with its token, as the wire says it.
pub(crate) const fn side_of(action: brier_types::Action) -> Side {
    match action {
        brier_types::Action::Buy => Side::Buy,
        brier_types::Action::Sell => Side::Sell,
    }
}

/// The book event of a book, as after a match and at the start of a subscription.
pub(crate) fn book_event(book: Book) -> MarketEvent {
    let levels = |side: Vec<Level>| side.into_iter().map(|it| BookLevel { price: it.price, size: it.size }).collect();
    MarketEvent::Book(BookEvent {
        market: book.market,
        asset_id: book.asset_id,
        timestamp: book.timestamp,
        hash: Some(book.hash),
        bids: levels(book.bids),
        asks: levels(book.asks),
        tick_size: book.tick_size,
        last_trade_price: book.last_trade_price,
    })
}

/// The book with its hash.
pub(crate) fn hashed(book: Book) -> Book {
    Book { hash: hash(&book), ..book }
}

/// The hash of a book as it is sent.
fn hash(book: &Book) -> String {
    let levels = |side: &[Level]| -> Vec<HashLevel<'static>> {
        let level = |it: &Level| HashLevel { price: wire::plain(it.price).into(), size: wire::plain(it.size).into() };
        side.iter().map(level).collect()
    };
    book_hash::hash(&HashInput {
        market: book.market.as_str().into(),
        asset_id: book.asset_id.as_str().into(),
        timestamp: book.timestamp.millis().to_string().into(),
        hash: "".into(),
        bids: levels(&book.bids),
        asks: levels(&book.asks),
        min_order_size: book.min_order_size.map(wire::plain).unwrap_or_default().into(),
        tick_size: book.tick_size.map(wire::plain).unwrap_or_default().into(),
        neg_risk: book.neg_risk.unwrap_or_default(),
        last_trade_price: Some(book.last_trade_price.map(wire::plain).unwrap_or_default().into()),
    })
}

fn best(book: &Book) -> (Option<Price>, Option<Price>) {
    (book.bids.last().map(|it| it.price), book.asks.last().map(|it| it.price))
}
