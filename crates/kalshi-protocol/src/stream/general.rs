//! The decoder for any JSON: keys in any order, unknown keys, whitespace, escapes, numbers where texts are usual.

use brier_types::SubscriptionId;

use super::error::DecodeError;
use super::frame::{Delta, Frame, Head, Levels, Other, Snapshot, Ticker, Trade, WireLevels};
use super::object::Object;

/// Decodes one text frame of any layout: the reference that [`super::decode`] must equal.
///
/// # Errors
/// As [`super::decode`].
pub fn decode_any_layout(frame: &str) -> Result<Frame<'_>, DecodeError> {
    let envelope = Object::parse(frame, frame, "any")?;
    let kind = envelope.text("type")?;
    let kind = envelope.need("type", kind)?;
    let head = Head {
        sid: envelope.unsigned("sid")?.map(SubscriptionId),
        seq: envelope.unsigned("seq")?,
        id: envelope.unsigned("id")?,
        sending_ts_ms: envelope.signed("sending_ts_ms")?,
    };
    let msg = envelope.raw("msg");
    let message = |kind| Object::parse(frame, envelope.need("msg", msg)?, kind);
    match kind.as_ref() {
        "orderbook_snapshot" => snapshot(head, &message("orderbook_snapshot")?).map(Frame::Snapshot),
        "orderbook_delta" => delta(head, &message("orderbook_delta")?).map(Frame::Delta),
        "ticker" => ticker(head, &message("ticker")?).map(Frame::Ticker),
        "trade" => trade(head, &message("trade")?).map(Frame::Trade),
        _ => Ok(Frame::Other(Other { head, kind, msg })),
    }
}

fn snapshot<'a>(head: Head, msg: &Object<'a>) -> Result<Snapshot<'a>, DecodeError> {
    Ok(Snapshot {
        head,
        market_ticker: msg.need("market_ticker", msg.text("market_ticker")?)?,
        market_id: msg.note("market_id"),
        yes: WireLevels(Levels::Listed(msg.levels("yes_dollars_fp")?)),
        no: WireLevels(Levels::Listed(msg.levels("no_dollars_fp")?)),
    })
}

fn delta<'a>(head: Head, msg: &Object<'a>) -> Result<Delta<'a>, DecodeError> {
    Ok(Delta {
        head,
        market_ticker: msg.need("market_ticker", msg.text("market_ticker")?)?,
        market_id: msg.note("market_id"),
        price: msg.need("price_dollars", msg.price("price_dollars")?)?,
        delta: msg.need("delta_fp", msg.signed_qty("delta_fp")?)?,
        side: msg.need("side", msg.outcome("side")?)?,
        ts: msg.note("ts"),
        ts_ms: msg.signed("ts_ms")?,
        client_order_id: msg.text("client_order_id")?,
        subaccount: msg.unsigned("subaccount")?,
    })
}

fn ticker<'a>(head: Head, msg: &Object<'a>) -> Result<Ticker<'a>, DecodeError> {
    Ok(Ticker {
        head,
        market_ticker: msg.need("market_ticker", msg.text("market_ticker")?)?,
        market_id: msg.note("market_id"),
        price: msg.need("price_dollars", msg.price("price_dollars")?)?,
        yes_bid: msg.need("yes_bid_dollars", msg.price("yes_bid_dollars")?)?,
        yes_ask: msg.need("yes_ask_dollars", msg.price("yes_ask_dollars")?)?,
        yes_bid_size: msg.qty("yes_bid_size_fp")?,
        yes_ask_size: msg.qty("yes_ask_size_fp")?,
        last_trade_size: msg.qty("last_trade_size_fp")?,
        volume: msg.qty("volume_fp")?,
        open_interest: msg.qty("open_interest_fp")?,
        dollar_volume: msg.signed("dollar_volume")?,
        dollar_open_interest: msg.signed("dollar_open_interest")?,
        ts: msg.signed("ts")?,
        ts_ms: msg.signed("ts_ms")?,
        time: msg.note("time"),
    })
}

fn trade<'a>(head: Head, msg: &Object<'a>) -> Result<Trade<'a>, DecodeError> {
    Ok(Trade {
        head,
        trade_id: msg.need("trade_id", msg.text("trade_id")?)?,
        market_ticker: msg.need("market_ticker", msg.text("market_ticker")?)?,
        yes_price: msg.need("yes_price_dollars", msg.price("yes_price_dollars")?)?,
        no_price: msg.price("no_price_dollars")?,
        count: msg.need("count_fp", msg.qty("count_fp")?)?,
        taker_side: msg.outcome("taker_side")?,
        taker_outcome_side: msg.outcome("taker_outcome_side")?,
        taker_book_side: msg.book_side("taker_book_side")?,
        is_block_trade: msg.flag("is_block_trade")?,
        ts: msg.signed("ts")?,
        ts_ms: msg.signed("ts_ms")?,
    })
}
