//! The decoder for any JSON: keys in any order, unknown keys, whitespace, numbers where texts are usual, and older shapes.
//!
//! Older shapes: a `price_change` before 2025-09-15 has its token at the top and `changes`, or is a single change; samples
//! without `event_type` are told by their keys.

use std::borrow::Cow;

use brier_types::{Price, Qty, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::DecodeError;
use super::frame::{BestBidAsk, Book, Decoded, LastTrade, Lists, Other, RawChange, Span, TickSizeChange};
use crate::ids::Side;
use crate::wire;

#[derive(Deserialize)]
struct Level {
    #[serde(with = "wire::text")]
    price: Price,
    #[serde(with = "wire::text")]
    size: Qty,
}

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(default)]
    asset_id: Option<&'a str>,
    #[serde(with = "wire::text")]
    price: Price,
    #[serde(with = "wire::text")]
    size: Qty,
    #[serde(with = "wire::side")]
    side: Side,
    #[serde(default)]
    hash: Option<&'a str>,
    #[serde(default, with = "wire::text")]
    best_bid: Option<Price>,
    #[serde(default, with = "wire::text")]
    best_ask: Option<Price>,
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, default)]
    event_type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    price_changes: Option<&'a RawValue>,
    #[serde(borrow, default)]
    bids: Option<&'a RawValue>,
    #[serde(borrow, default)]
    new_tick_size: Option<&'a RawValue>,
    #[serde(borrow, default)]
    fee_rate_bps: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct BookBody<'a> {
    market: &'a str,
    asset_id: &'a str,
    #[serde(with = "wire::millis_text")]
    timestamp: Timestamp,
    #[serde(default)]
    hash: Option<&'a str>,
    bids: Vec<Level>,
    asks: Vec<Level>,
    #[serde(default, with = "wire::text")]
    tick_size: Option<Price>,
    #[serde(default, with = "wire::text")]
    last_trade_price: Option<Price>,
}

#[derive(Deserialize)]
struct PriceChangeBody<'a> {
    market: &'a str,
    #[serde(with = "wire::millis_text")]
    timestamp: Timestamp,
    #[serde(borrow, default)]
    price_changes: Option<Vec<Change<'a>>>,
    #[serde(borrow, default)]
    changes: Option<Vec<Change<'a>>>,
    #[serde(default)]
    asset_id: Option<&'a str>,
    #[serde(default)]
    hash: Option<&'a str>,
    #[serde(default, with = "wire::text")]
    price: Option<Price>,
    #[serde(default, with = "wire::text")]
    size: Option<Qty>,
    #[serde(default, with = "wire::side")]
    side: Option<Side>,
}

#[derive(Deserialize)]
struct LastTradeBody<'a> {
    market: &'a str,
    asset_id: &'a str,
    #[serde(with = "wire::text")]
    price: Price,
    #[serde(with = "wire::text")]
    size: Qty,
    #[serde(with = "wire::side")]
    side: Side,
    #[serde(with = "wire::millis_text")]
    timestamp: Timestamp,
    #[serde(default)]
    transaction_hash: Option<&'a str>,
}

#[derive(Deserialize)]
struct BestBidAskBody<'a> {
    market: &'a str,
    asset_id: &'a str,
    #[serde(default, with = "wire::text")]
    best_bid: Option<Price>,
    #[serde(default, with = "wire::text")]
    best_ask: Option<Price>,
    #[serde(with = "wire::millis_text")]
    timestamp: Timestamp,
}

#[derive(Deserialize)]
struct TickSizeBody<'a> {
    market: &'a str,
    asset_id: &'a str,
    #[serde(with = "wire::text")]
    old_tick_size: Price,
    #[serde(with = "wire::text")]
    new_tick_size: Price,
    #[serde(with = "wire::millis_text")]
    timestamp: Timestamp,
}

fn body<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, DecodeError> {
    serde_json::from_str(text).map_err(|error| DecodeError::json("market", text, &error))
}

/// The type of an object, by its word or, in samples without one, by its keys.
pub(super) fn kind_of(text: &str) -> Result<Cow<'_, str>, DecodeError> {
    let kind: Kind<'_> = body(text)?;
    Ok(match kind {
        Kind { event_type: Some(word), .. } => word,
        Kind { price_changes: Some(_), .. } => Cow::Borrowed("price_change"),
        Kind { bids: Some(_), .. } => Cow::Borrowed("book"),
        Kind { new_tick_size: Some(_), .. } => Cow::Borrowed("tick_size_change"),
        Kind { fee_rate_bps: Some(_), .. } => Cow::Borrowed("last_trade_price"),
        Kind { .. } => Cow::Borrowed(""),
    })
}

/// Decodes one object of any layout into `lists`, which are empty.
pub(super) fn decode<'a>(text: &'a str, lists: &mut Lists) -> Result<Decoded<'a>, DecodeError> {
    let kind = kind_of(text)?;
    Ok(match kind.as_ref() {
        "book" => {
            let BookBody { market, asset_id, timestamp, hash, bids, asks, tick_size, last_trade_price } = body(text)?;
            let count = bids.len();
            lists.levels.extend(bids.into_iter().chain(asks).map(|level| (level.price, level.size)));
            let book = Book { market, asset_id, timestamp, hash, bids: &[], asks: &[], tick_size, last_trade_price };
            Decoded::Book(book, count)
        }
        "price_change" => {
            let PriceChangeBody { market, timestamp, .. } = price_change(text, lists)?;
            Decoded::PriceChange { market, timestamp }
        }
        "last_trade_price" => {
            let LastTradeBody { market, asset_id, price, size, side, timestamp, transaction_hash } = body(text)?;
            Decoded::LastTrade(LastTrade { market, asset_id, price, size, side, timestamp, transaction_hash })
        }
        "best_bid_ask" => {
            let BestBidAskBody { market, asset_id, best_bid, best_ask, timestamp } = body(text)?;
            Decoded::BestBidAsk(BestBidAsk { market, asset_id, best_bid, best_ask, timestamp })
        }
        "tick_size_change" => {
            let TickSizeBody { market, asset_id, old_tick_size, new_tick_size, timestamp } = body(text)?;
            Decoded::TickSizeChange(TickSizeChange { market, asset_id, old_tick_size, new_tick_size, timestamp })
        }
        _ => Decoded::Other(Other { kind, text }),
    })
}

/// Reads a price change of either shape and lists its changes.
fn price_change<'a>(text: &'a str, lists: &mut Lists) -> Result<PriceChangeBody<'a>, DecodeError> {
    let missing = |what: &str| DecodeError::new("market", text, format!("price_change: expected {what}, found none"));
    let mut frame: PriceChangeBody<'a> = body(text)?;
    let single = || {
        let (price, size, side) = (frame.price?, frame.size?, frame.side?);
        Some(vec![Change { asset_id: None, price, size, side, hash: None, best_bid: None, best_ask: None }])
    };
    let list = frame.price_changes.take().or_else(|| frame.changes.take()).or_else(single);
    for change in list.ok_or_else(|| missing("`price_changes`"))? {
        let asset = change.asset_id.or(frame.asset_id).ok_or_else(|| missing("`asset_id`"))?;
        let place = |part| Span::new(text, part).ok_or_else(|| missing("a frame below 4 GB"));
        lists.changes.push(RawChange {
            asset: place(asset)?,
            hash: change.hash.or(frame.hash).map(place).transpose()?,
            price: change.price,
            size: change.size,
            side: change.side,
            best_bid: change.best_bid,
            best_ask: change.best_ask,
        });
    }
    Ok(frame)
}

/// The objects of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parts<'a> {
    /// The frame is one object.
    One(&'a str),
    /// The frame is an array of objects.
    Many(Vec<&'a str>),
}

impl<'a> Parts<'a> {
    /// The objects in order.
    pub fn as_slice(&self) -> &[&'a str] {
        match self {
            Self::One(part) => std::slice::from_ref(part),
            Self::Many(parts) => parts,
        }
    }
}

/// Takes a frame apart: an object is one, an array holds any number.
///
/// # Errors
/// [`DecodeError`] when the text begins with a bracket and is no array.
pub fn split(frame: &str) -> Result<Parts<'_>, DecodeError> {
    if !frame.trim_start().starts_with('[') {
        return Ok(Parts::One(frame));
    }
    let parts: Vec<&RawValue> = serde_json::from_str(frame).map_err(|error| DecodeError::json("any", frame, &error))?;
    Ok(Parts::Many(parts.into_iter().map(RawValue::get).collect()))
}
