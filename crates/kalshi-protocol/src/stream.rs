//! The hot market-data frames, decoded without copying: book snapshots and changes, tickers, public trades.
//!
//! [`decode`] first tries a scanner that knows the venue's usual key order and touches every byte once; whatever it does
//! not recognize, to the last byte, goes to [`decode_any_layout`], which takes any JSON and decides. So the scanner can
//! only be faster, never different; the tests hold the two against each other.
//!
//! Invariants: nothing panics on outside data; a frame of the ordinary layout is decoded without allocation; a malformed
//! frame is an error with its position, never a guess; an unknown frame type is [`Frame::Other`].
//!
//! It deliberately checks no sequence and keeps no book: those are `brier-book`'s. A caller that gets a [`DecodeError`]
//! has lost a message and must treat the books of that subscription as lost.
//!
//! Source: docs.kalshi.com "WebSocket Orderbook Updates", "Market Ticker", "Public Trades", reference sections 6.4, 15.1
//! and 15.5, 2026-11-20.

mod error;
mod fast;
mod fields;
mod frame;
mod general;
mod object;
#[cfg(test)]
mod tests;

pub use error::DecodeError;
pub use fields::unknown_fields;
pub use frame::{Delta, Frame, Head, Other, Snapshot, Ticker, Trade, WireLevels, WireLevelsIter, yes_terms};
pub use general::decode_any_layout;

/// Decodes one text frame.
///
/// ```
/// use brier_kalshi_protocol::stream::{Frame, decode};
/// let text = r#"{"type":"orderbook_delta","sid":1,"seq":2,"msg":{"market_ticker":"KXEXAMPLE-27JAN01-T1",
///     "market_id":"0b2f","price_dollars":"0.3000","delta_fp":"-5.50","side":"no"}}"#;
/// let Frame::Delta(delta) = decode(text)? else { panic!("a delta") };
/// assert_eq!(delta.delta.to_string(), "-5.50");
/// let (side, price) = delta.in_yes_terms(false);
/// assert_eq!((side, price.to_string().as_str()), (brier_types::BookSide::Ask, "0.7000"));
/// # Ok::<(), brier_kalshi_protocol::stream::DecodeError>(())
/// ```
///
/// # Errors
/// [`DecodeError`] when the text is no JSON object, lacks a field its type must have, or a field holds no value of its
/// unit.
#[inline]
pub fn decode(text: &str) -> Result<Frame<'_>, DecodeError> {
    match fast::scan(text) {
        Some(frame) => Ok(frame),
        None => decode_any_layout(text),
    }
}

/// Decodes one frame from bytes that nobody has checked to be UTF-8. A WebSocket text frame has been: use [`decode`].
///
/// # Errors
/// As [`decode`], and when the bytes are no UTF-8.
pub fn decode_bytes(bytes: &[u8]) -> Result<Frame<'_>, DecodeError> {
    decode(error::text_of(bytes)?)
}
