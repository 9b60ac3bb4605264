//! The forms of values, inputs and commands.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use brier_kalshi_protocol::fees as kalshi;
use brier_polymarket_protocol::fees as polymarket;
use brier_types::{
    AmendOrder, Band, BookChange, BookInput, BookLoss, BookSide, Bound, ClientOrderId, ConnectionInput, EventTicker,
    Fill, FillStatus, FillStatusUpdate, Input as FeedInput, LifecycleInput, Market, MarketResult, MarketStatus,
    MarketTicker, Money, NewOrder, OrderGroupId, OrderStatus, OrderUpdate, PositionUpdate, Price, PriceGrid, Prob,
    PublicTrade, Qty, QuoteInput, SelfTradePrevention, SignedQty, Strike, SubscriptionId, TimeInForce, Timestamp,
    TradeId, Venue, VenueOrderId,
};

use super::{CodecError, Reader, Wire, fields, put_number, variants};
use crate::attempt::{Attempt, AttemptLeg, Ended};
use crate::command::{Alert, ChangeOrder, Command, Funding, Lookup, PlaceOrder, Request, Scope};
use crate::fact::{Fact, FactValue};
use crate::halts::Cause;
use crate::ids::{EventId, MarketId, OrderKey, RequestId, StrategyId};
use crate::input::{
    AccountSnapshot, Answer, FairValue, Input, NotNow, Operator, Reject, RejectCode, VenueCash, VenuePosition,
};
use crate::instrument::{Custody, Fees, Instrument};
use crate::risk::Approved;
use crate::strategy::{Combo, Leg, Manner, OnShortfall, Purpose, Quote, Take, Want};

// --- Numbers, texts, lists ------------------------------------------------------------------------------------------

macro_rules! numbers {
    ($($type:ty => $word:literal),+) => {
        $(impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) {
                put_number(u64::from(*self), out);
            }
            fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
                let number = from.number()?;
                Self::try_from(number).map_err(|_| from.wrong($word, &number))
            }
        })+
    };
}

numbers!(u8 => "a number of 8 bits", u16 => "a number of 16 bits", u32 => "a number of 32 bits", u64 => "a number");

impl Wire for i64 {
    fn put(&self, out: &mut Vec<u8>) {
        put_number((*self << 1 ^ *self >> 63) as u64, out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        let raw = from.number()?;
        Ok((raw >> 1) as Self ^ -((raw & 1) as Self))
    }
}

impl Wire for i128 {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        let bytes = from.slice(16)?;
        Ok(Self::from_le_bytes(bytes.try_into().expect("a slice of sixteen")))
    }
}

impl Wire for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        match from.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(from.wrong("0 or 1", &other)),
        }
    }
}

impl Wire for String {
    fn put(&self, out: &mut Vec<u8>) {
        put_text(self, out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        text(from).map(str::to_owned)
    }
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    put_number(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

fn text<'a>(from: &mut Reader<'a>) -> Result<&'a str, CodecError> {
    let len = usize::try_from(from.number()?).unwrap_or(usize::MAX);
    let bytes = from.slice(len)?;
    std::str::from_utf8(bytes).map_err(|error| from.wrong("UTF-8", &error))
}

macro_rules! texts {
    ($($type:ty => $word:literal),+) => {
        $(impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) {
                put_text(self.as_str(), out);
            }
            fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
                let text = text(from)?;
                Self::new(text).map_err(|error| from.wrong($word, &error))
            }
        })+
    };
}

texts!(
    MarketTicker => "a market's name", EventTicker => "an event's name", ClientOrderId => "a client order id",
    VenueOrderId => "a venue's order id", TradeId => "a trade's id", OrderGroupId => "an order group's id"
);

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        if bool::take(from)? { T::take(from).map(Some) } else { Ok(None) }
    }
}

impl<T: Wire> Wire for Box<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (**self).put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        T::take(from).map(Self::new)
    }
}

/// The length of a list: never more than there are bytes left, so that no length makes us reserve what is not there.
fn length(from: &mut Reader<'_>) -> Result<usize, CodecError> {
    let len = usize::try_from(from.number()?).unwrap_or(usize::MAX);
    if len <= from.left() { Ok(len) } else { Err(from.wrong("a list that fits into the record", &len)) }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(self.len() as u64, out);
        for value in self {
            value.put(out);
        }
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        let len = length(from)?;
        (0..len).map(|_| T::take(from)).collect()
    }
}

impl<T: Wire> Wire for VecDeque<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(self.len() as u64, out);
        for value in self {
            value.put(out);
        }
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        Vec::take(from).map(Into::into)
    }
}

impl<K: Wire + Ord, V: Wire> Wire for BTreeMap<K, V> {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(self.len() as u64, out);
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        let len = length(from)?;
        (0..len).map(|_| Ok((K::take(from)?, V::take(from)?))).collect()
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok((A::take(from)?, B::take(from)?))
    }
}

impl<A: Wire, B: Wire, C: Wire> Wire for (A, B, C) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
        self.2.put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok((A::take(from)?, B::take(from)?, C::take(from)?))
    }
}

impl<T: Wire> Wire for [T; 2] {
    fn put(&self, out: &mut Vec<u8>) {
        self[0].put(out);
        self[1].put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok([T::take(from)?, T::take(from)?])
    }
}

// --- Units ----------------------------------------------------------------------------------------------------------

/// A unit as its raw number, checked by its constructor.
macro_rules! units {
    ($($type:ty, $raw:ty, $out:expr, $into:expr => $word:literal;)+) => {
        $(impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) {
                let raw: $raw = $out(*self);
                raw.put(out);
            }
            fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
                let raw = <$raw>::take(from)?;
                let value: Option<Self> = $into(raw);
                value.ok_or_else(|| from.wrong($word, &raw))
            }
        })+
    };
}

units! {
    Price, u16, Price::pips, Price::new => "a price of at most 10000 steps";
    Qty, u64, Qty::micros, Qty::from_micros => "a quantity";
    SignedQty, i64, SignedQty::micros, SignedQty::from_micros => "a signed quantity";
    Money, i64, Money::micros, |raw| Some(Money::from_micros(raw)) => "an amount";
    Timestamp, i64, Timestamp::nanos, |raw| Some(Timestamp::from_nanos(raw)) => "a time";
    SubscriptionId, u64, |id: SubscriptionId| id.0, |raw| Some(SubscriptionId(raw)) => "a subscription";
    MarketId, u32, |id: MarketId| id.0, |raw| Some(MarketId(raw)) => "a market";
    EventId, u32, |id: EventId| id.0, |raw| Some(EventId(raw)) => "an event";
    StrategyId, u16, |id: StrategyId| id.0, |raw| Some(StrategyId(raw)) => "a strategy";
    RequestId, u64, |id: RequestId| id.0, |raw| Some(RequestId(raw)) => "a request";
    Duration, u64, |it: Duration| u64::try_from(it.as_nanos()).unwrap_or(u64::MAX), |raw| Some(Duration::from_nanos(raw)) => "a span";
}

impl Wire for Bound {
    fn put(&self, out: &mut Vec<u8>) {
        self.micros().put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        i64::take(from).map(Self::from_micros)
    }
}

impl Wire for f64 {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_bits().to_le_bytes());
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        let bytes = from.slice(8)?;
        let value = Self::from_bits(u64::from_le_bytes(bytes.try_into().expect("a slice of eight")));
        if value.is_finite() { Ok(value) } else { Err(from.wrong("a finite number", &value)) }
    }
}

impl Wire for Prob {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.get().to_bits().to_le_bytes());
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        let bytes = from.slice(8)?;
        let value = f64::from_bits(u64::from_le_bytes(bytes.try_into().expect("a slice of eight")));
        Self::new(value).map_err(|error| from.wrong("a probability", &error))
    }
}

fields! { OrderKey { slot, generation } }
variants!(Venue, "venue" { 0 => Kalshi, 1 => Polymarket });
variants!(BookSide, "side" { 0 => Bid, 1 => Ask });
variants!(MarketStatus, "market status" {
    0 => Initialized, 1 => Active, 2 => Inactive, 3 => Closed, 4 => Determined, 5 => Disputed, 6 => Amended, 7 => Finalized
});
variants!(MarketResult, "result" { 0 => Yes, 1 => No, 2 => Scalar(value) });
variants!(FillStatus, "fill status" { 0 => Matched, 1 => Retrying, 2 => Mined, 3 => Confirmed, 4 => Failed });
variants!(OrderStatus, "order status" { 0 => Resting, 1 => Canceled, 2 => Executed });
variants!(TimeInForce, "time in force" { 0 => Gtc, 1 => Gtd(at), 2 => Ioc, 3 => Fok });
variants!(SelfTradePrevention, "self-trade prevention" { 0 => TakerAtCross, 1 => Maker });
variants!(Funding, "funding" { 0 => Cash, 1 => Holdings });
variants!(Purpose, "purpose" { 0 => Any, 1 => Close });
variants!(Custody, "custody" { 0 => Netted, 1 => Tokens });

// --- Markets --------------------------------------------------------------------------------------------------------

fields! {
    Band { start, end, step }
    Market { venue, ticker, event, title, grid, size_step, open_time, close_time, status, result }
    Instrument { market, fees, custody, shard, min_qty, min_taking, exclusive, strike }
}

impl Wire for PriceGrid {
    fn put(&self, out: &mut Vec<u8>) {
        self.bands().to_vec().put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        let bands = Vec::take(from)?;
        Self::new(bands).map_err(|error| from.wrong("a price grid", &error))
    }
}

variants!(Fees, "fees" { 0 => Kalshi(schedule), 1 => Polymarket(schedule) });

impl Wire for kalshi::FeeSchedule {
    fn put(&self, out: &mut Vec<u8>) {
        for part in self.parts() {
            part.put(out);
        }
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        let parts = [u64::take(from)?, u64::take(from)?, u64::take(from)?, u64::take(from)?];
        Self::from_parts(parts).ok_or_else(|| from.wrong("a fee schedule of Kalshi", &format!("{parts:?}")))
    }
}

impl Wire for polymarket::FeeSchedule {
    fn put(&self, out: &mut Vec<u8>) {
        self.rate_micros().put(out);
        self.exponent().put(out);
        self.taker_only().put(out);
        self.rebate_micros().put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        let (rate, exponent) = (u32::take(from)?, u32::take(from)?);
        let (taker_only, rebate) = (bool::take(from)?, u32::take(from)?);
        Self::new(rate, exponent, taker_only, rebate)
            .map_err(|error| from.wrong("a fee schedule of Polymarket", &error))
    }
}

// --- Feed inputs ----------------------------------------------------------------------------------------------------

fields! {
    BookInput { market, subscription, sequence, change }
    BookLoss { markets, reason }
    QuoteInput { market, bid, ask, last }
    PublicTrade { trade, market, price, qty, taker_side }
    Fill { trade, order, client_order_id, market, side, price, qty, is_taker, fee, position_after }
    FillStatusUpdate { trade, order, market, status }
    OrderUpdate { order, client_order_id, market, side, price, status, filled, remaining, reason }
    PositionUpdate { market, position, realized_pnl, fees_paid }
    LifecycleInput { market, status, close_time, result }
}
variants!(BookChange, "book change" {
    0 => Snapshot { bids, asks }, 1 => Delta { side, price, change }, 2 => Level { side, price, qty }
});
variants!(ConnectionInput, "connection" { 0 => Up { venue }, 1 => Down { venue, reason } });
variants!(FeedInput, "feed input" {
    0 => Book(it), 1 => BookLost(it), 2 => Quote(it), 3 => Trade(it), 4 => Fill(it), 5 => FillStatus(it), 6 => Order(it),
    7 => Position(it), 8 => Lifecycle(it), 9 => Connection(it)
});

// --- Inputs ---------------------------------------------------------------------------------------------------------

fields! {
    FairValue { venue, market, prob, as_of, valid_for }
    Fact { series, value, as_of, valid_for }
    Reject { code, text }
    AccountSnapshot { venue, asked, as_of, orders, fills, statuses, fills_since, positions, cash }
    VenuePosition { market, net, tokens }
    VenueCash { shard, free, total }
}
variants!(FactValue, "value of a fact" { 0 => Number(it), 1 => Numbers(it) });
variants!(Strike, "strike" { 0 => Above(it), 1 => AtLeast(it), 2 => Below(it), 3 => AtMost(it), 4 => Between(low, high) });
variants!(RejectCode, "rejection" {
    0 => InsufficientBalance, 1 => PostOnlyCross, 2 => InvalidPrice, 3 => InvalidSize, 4 => MarketClosed,
    5 => NoLiquidity, 6 => SelfTrade, 7 => Duplicate, 8 => GroupTripped, 9 => Fatal, 10 => Other
});
variants!(NotNow, "delay" {
    0 => NotSent, 1 => RateLimited, 2 => Restarting, 3 => PostOnlyMode, 4 => CancelOnlyMode
});
variants!(Answer, "answer" {
    0 => Placed { order, filled, remaining }, 1 => PlacedUnclear { order }, 2 => Amended { filled, remaining },
    3 => Decreased { remaining }, 4 => Canceled { reduced_by }, 5 => CanceledAll, 6 => Group(id), 7 => Gone,
    8 => Rejected(it), 9 => NotNow { why, retry_after }, 10 => InDoubt { why }, 11 => Found(it), 12 => NotFound { as_of }
});
variants!(Operator, "operator's word" {
    0 => Halt { reason }, 1 => Resume { reason }, 2 => Pause { strategy }, 3 => Unpause { strategy },
    4 => HaltMarket { venue, market, reason }, 5 => ResumeMarket { venue, market }, 6 => Want(it), 7 => Cancel { order },
    8 => Reconcile { venue }, 9 => WindDown
});
variants!(Input, "input" {
    0 => Feed { venue, body }, 1 => Answer { venue, request, answer }, 2 => Account(it),
    3 => AccountUnread { venue, reason }, 4 => Listed(it), 5 => Grid { venue, market, grid },
    6 => FeesChanged { venue, market, fees }, 7 => Fair(it), 8 => Timer, 9 => Operator(it),
    10 => Remote { strategy, wants }, 11 => RemoteGone { strategy }, 12 => Started { run },
    13 => AccountStream { venue, up, reason }, 14 => Fact(it)
});

// --- Wants ----------------------------------------------------------------------------------------------------------

fields! {
    Quote { side, price, qty, purpose }
    Take { side, limit, qty, purpose }
    Leg { market, side, limit, seen }
    Combo { legs, qty, pays, least, manner, on_shortfall, patience }
    AttemptLeg { market, side, limit, seen, asked, bought, cost, sold, got, fees, failed, open }
    Attempt { combo, strategy, began, at, wanted, qty, pays, legs, sets, expected, locked_in, realised, ended, why }
}
variants!(Manner, "manner" { 0 => Immediate, 1 => MakerFirst { rest_for } });
variants!(Ended, "end of a combo" {
    0 => Refused, 1 => Nothing, 2 => Complete, 3 => Rebalanced, 4 => Unwound, 5 => Held
});
variants!(OnShortfall, "plan" { 0 => Unwind { max_loss }, 1 => Hold });
variants!(Want, "want" { 0 => Quotes { market, quotes }, 1 => Take { market, take }, 2 => Combo(it) });

// --- Commands -------------------------------------------------------------------------------------------------------

fields! {
    NewOrder {
        client_order_id, market, side, price, qty, time_in_force, post_only, reduce_only, self_trade_prevention,
        cancel_on_pause, group,
    }
    AmendOrder { order, market, side, price, total, new_client_order_id }
    PlaceOrder { order, market_id, new, funding, created }
    ChangeOrder { order, amend }
    Lookup { order, placed, venue_id }
}
variants!(Request, "request" {
    0 => Place(it), 1 => Amend(it), 2 => DecreaseTo { order, market, venue_id, remaining },
    3 => Cancel { order, market, venue_id }, 4 => CancelAll, 5 => Lookup(it), 6 => CreateGroup { limit },
    7 => ResetGroup { group }
});
variants!(Scope, "scope" { 0 => All, 1 => Venue(it), 2 => Market(it), 3 => Strategy(it) });
variants!(Cause, "cause of a halt" {
    0 => Kill, 1 => Operator, 2 => Unreconciled, 3 => Discrepancy, 4 => Anomaly, 5 => Breaker, 6 => DayLoss,
    7 => Drawdown, 8 => Fatal, 9 => VenueAway { until }, 10 => Paused
});

impl<T: Wire> Wire for Approved<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.get().put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        // Read back to be compared, never to be sent.
        T::take(from).map(Self::restore)
    }
}

/// A refusal is written as its text: nothing is decided from one that was told.
impl Wire for Alert {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Refused { market, refusal } => {
                out.push(0);
                market.put(out);
                put_text(&refusal.to_string(), out);
            }
            Self::Halted { scope, reason } => {
                out.push(1);
                scope.put(out);
                reason.put(out);
            }
            Self::Resumed { scope, reason } => {
                out.push(2);
                scope.put(out);
                reason.put(out);
            }
            Self::Discrepancy { venue, market, text } => {
                out.push(3);
                venue.put(out);
                market.put(out);
                text.put(out);
            }
            Self::Anomaly { venue, text } => {
                out.push(4);
                venue.put(out);
                text.put(out);
            }
            Self::Rejected { market, text } => {
                out.push(5);
                market.put(out);
                text.put(out);
            }
            Self::Combo { text } => {
                out.push(6);
                text.put(out);
            }
            Self::Told(text) => {
                out.push(7);
                text.put(out);
            }
            Self::Attempt(attempt) => {
                out.push(8);
                attempt.put(out);
            }
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(match from.byte()? {
            0 => {
                let market = MarketId::take(from)?;
                Self::Told(format!("{market}: {}", String::take(from)?))
            }
            1 => Self::Halted { scope: Wire::take(from)?, reason: Wire::take(from)? },
            2 => Self::Resumed { scope: Wire::take(from)?, reason: Wire::take(from)? },
            3 => Self::Discrepancy { venue: Wire::take(from)?, market: Wire::take(from)?, text: Wire::take(from)? },
            4 => Self::Anomaly { venue: Wire::take(from)?, text: Wire::take(from)? },
            5 => Self::Rejected { market: Wire::take(from)?, text: Wire::take(from)? },
            6 => Self::Combo { text: Wire::take(from)? },
            7 => Self::Told(Wire::take(from)?),
            8 => Self::Attempt(Wire::take(from)?),
            other => return Err(from.wrong("a kind of alert", &other)),
        })
    }
}

variants!(Command, "command" {
    0 => Send { venue, request, body }, 1 => Reconcile { venue, asked, fills_since }, 2 => WakeAt(at), 3 => Alert(it)
});
