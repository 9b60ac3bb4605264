//! Chainlink's feeds on chain, by `eth_call` of a node: a check against the exchanges, never a settlement value.
//!
//! A feed moves on deviation or heartbeat only, so an old value can be a right one: its limit is the heartbeat and a fifth,
//! and a minute. Feeds of currencies stand still at weekends. On a chain above Ethereum the sequencer's own feed says
//! whether prices can be believed.
//!
//! Source: reference (feeds), section 2.1, 2026-11-20.

use std::time::Duration;

use brier_types::Timestamp;
use serde::Deserialize;

use super::{SpotPrice, Tick, TickKind};
use crate::error::FeedError;
use crate::json;
use crate::request::Request;
use crate::vendor::Vendor;

/// How long a chain's sequencer must have been up again before its prices are believed.
pub const SEQUENCER_GRACE: Duration = Duration::from_hours(1);

const VENDOR: Vendor = Vendor::Chainlink;
const AT: &str = "eth_call";

/// A feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feed {
    /// What is priced, such as `BTC/USD`.
    pub pair: &'static str,
    /// The proxy's address.
    pub proxy: &'static str,
    /// Decimals of the answer: 8 for dollars, 18 for ether; check with [`decimals`].
    pub decimals: u8,
    /// How often it moves at least.
    pub heartbeat: Duration,
}

impl Feed {
    /// How old its value may be.
    pub fn max_age(&self) -> Duration {
        self.heartbeat + self.heartbeat / 5 + Duration::from_mins(1)
    }
}

/// BTC/USD on Polygon.
pub const POLYGON_BTC_USD: Feed = Feed {
    pair: "BTC/USD",
    proxy: "0xc907E116054Ad103354f2D350FD2514433D57F6f",
    decimals: 8,
    heartbeat: Duration::from_mins(1),
};

/// ETH/USD on Polygon.
pub const POLYGON_ETH_USD: Feed = Feed {
    pair: "ETH/USD",
    proxy: "0xF9680D99D6C9589e2a93a78A04A279e509205945",
    decimals: 8,
    heartbeat: Duration::from_mins(1),
};

/// EUR/USD on Polygon; stands still at weekends.
pub const POLYGON_EUR_USD: Feed = Feed {
    pair: "EUR/USD",
    proxy: "0x73366Fe0AA0Ded304479862808e02506FE556a98",
    decimals: 8,
    heartbeat: Duration::from_hours(24),
};

/// BTC/USD on Ethereum.
pub const ETHEREUM_BTC_USD: Feed = Feed {
    pair: "BTC/USD",
    proxy: "0xF4030086522a5bEEa4988F8cA5B36dbC97BeE88c",
    decimals: 8,
    heartbeat: Duration::from_hours(1),
};

/// ETH/USD on Ethereum.
pub const ETHEREUM_ETH_USD: Feed = Feed {
    pair: "ETH/USD",
    proxy: "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419",
    decimals: 8,
    heartbeat: Duration::from_hours(1),
};

/// Whether Arbitrum's sequencer runs.
pub const ARBITRUM_SEQUENCER: &str = "0xFdB631F5EE196F0ed6FAa767959853A9F217697D";

fn call(to: &str, data: &str) -> Request {
    let body = serde_json::json!({
        "jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [{ "to": to, "data": data }, "latest"],
    });
    Request::post(VENDOR, "/", body)
}

/// Asks for a feed's newest round; also of a sequencer's feed.
pub fn latest_round(proxy: &str) -> Request {
    call(proxy, "0xfeaf968c")
}

/// Asks how many decimals a feed has.
pub fn decimals(proxy: &str) -> Request {
    call(proxy, "0x313ce567")
}

/// A node's result as 32-byte words; its errors come with HTTP 200.
fn words(body: &[u8]) -> Result<Vec<[u8; 32]>, FeedError> {
    #[derive(Deserialize)]
    struct RpcError {
        #[serde(default)]
        code: i64,
        message: Option<String>,
    }
    #[derive(Deserialize)]
    struct Answer {
        result: Option<String>,
        error: Option<RpcError>,
    }
    let answer: Answer = json::parse(VENDOR, AT, body)?;
    if let Some(error) = answer.error {
        let said = format!("{} {}", error.code, error.message.unwrap_or_default());
        return Err(match error.code {
            -32_005 | 429 => FeedError::quota(VENDOR, AT, &said, None),
            _ => FeedError::refused(VENDOR, AT, &said),
        });
    }
    let text = answer.result.unwrap_or_default();
    let digits = text.strip_prefix("0x").unwrap_or_default().as_bytes();
    let bad = || FeedError::unreadable(VENDOR, AT, "32-byte words in hex", &text);
    if digits.is_empty() {
        // No contract at this address on this chain answers with nothing.
        return Err(FeedError::unreadable(VENDOR, AT, "a feed's answer (is this its chain?)", &text));
    }
    if !digits.len().is_multiple_of(64) || digits.len() > 64 * 16 {
        return Err(bad());
    }
    let nibble = |byte: u8| char::from(byte).to_digit(16).map(|value| value as u8);
    let mut out = Vec::with_capacity(digits.len() / 64);
    for chunk in digits.chunks_exact(64) {
        let mut word = [0_u8; 32];
        for (slot, pair) in word.iter_mut().zip(chunk.chunks_exact(2)) {
            let (high, low) = (pair.first().copied().and_then(nibble), pair.get(1).copied().and_then(nibble));
            *slot = high.zip(low).map(|(high, low)| high << 4 | low).ok_or_else(bad)?;
        }
        out.push(word);
    }
    Ok(out)
}

/// A word as an integer, two's complement; `None` when it does not fit 128 bits.
fn signed(word: &[u8; 32]) -> Option<i128> {
    let (high, low) = word.split_at(16);
    let value = i128::from_be_bytes(low.try_into().ok()?);
    let sign = if value < 0 { 0xff } else { 0 };
    high.iter().all(|byte| *byte == sign).then_some(value)
}

fn round(body: &[u8]) -> Result<(i128, i128, i128), FeedError> {
    let words = words(body)?;
    let field = |at: usize| words.get(at).and_then(signed);
    match (words.len(), field(1), field(2), field(3)) {
        (5, Some(answer), Some(started), Some(updated)) => Ok((answer, started, updated)),
        _ => Err(FeedError::unreadable(VENDOR, AT, "five words", &String::from_utf8_lossy(body))),
    }
}

/// Reads the answer of [`latest_round`] for a feed.
///
/// # Errors
/// [`FeedError`]; a price that is not above zero is none.
pub fn parse_price(feed: &Feed, body: &[u8]) -> Result<Tick, FeedError> {
    let (answer, _, updated) = round(body)?;
    let bad = |expected: &str, found: i128| FeedError::unreadable(VENDOR, feed.pair, expected, &found.to_string());
    let updated_at = i64::try_from(updated).ok().filter(|seconds| *seconds > 0).and_then(Timestamp::from_secs);
    let updated_at = updated_at.ok_or_else(|| bad("a time of the last update", updated))?;
    let scale = 18_u32.checked_sub(u32::from(feed.decimals)).map(|places| 10_i128.pow(places));
    let units = scale.and_then(|scale| answer.checked_mul(scale)).filter(|units| *units > 0);
    let units = units.ok_or_else(|| bad("a price above zero", answer))?;
    Ok(Tick::plain(feed.pair, TickKind::Index, SpotPrice::from_units(units), Some(updated_at)))
}

/// Reads the answer of [`decimals`].
///
/// # Errors
/// [`FeedError`].
pub fn parse_decimals(body: &[u8]) -> Result<u8, FeedError> {
    let words = words(body)?;
    let value = words.first().filter(|_| words.len() == 1).and_then(signed).and_then(|value| u8::try_from(value).ok());
    value
        .filter(|value| *value <= 18)
        .ok_or_else(|| FeedError::unreadable(VENDOR, AT, "at most 18 decimals", &String::from_utf8_lossy(body)))
}

/// Whether a chain's prices can be believed at `now`, by the answer of [`latest_round`] of its sequencer's feed.
///
/// # Errors
/// [`FeedError`].
pub fn parse_sequencer(body: &[u8], now: Timestamp) -> Result<bool, FeedError> {
    let (answer, started, _) = round(body)?;
    let since = i64::try_from(started).ok().and_then(Timestamp::from_secs).unwrap_or(Timestamp::MAX);
    Ok(answer == 0 && now.since(since) > SEQUENCER_GRACE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(words: &[i128]) -> Vec<u8> {
        let hex: String = words
            .iter()
            .map(|word| if *word < 0 { format!("{}{word:032x}", "f".repeat(32)) } else { format!("{word:064x}") })
            .collect();
        format!(r#"{{"jsonrpc":"2.0","id":1,"result":"0x{hex}"}}"#).into_bytes()
    }

    #[test]
    fn a_round_is_five_words() {
        let feed = POLYGON_BTC_USD;
        let tick = parse_price(&feed, &answer(&[7, 9_876_543_210_000, 1_795_190_300, 1_795_190_340, 7])).unwrap();
        assert_eq!(tick.price.to_string(), "98765.4321");
        assert_eq!(tick.observed_at.unwrap().secs(), 1_795_190_340);
        for bad in [[7, -5, 1, 1, 7], [7, 0, 1, 1, 7], [7, 5, 1, 0, 7], [7, i128::MAX, 1, 1, 7]] {
            assert!(parse_price(&feed, &answer(&bad)).is_err(), "{bad:?}");
        }
        assert!(parse_price(&feed, &answer(&[1, 2, 3])).is_err());
    }

    #[test]
    fn a_nodes_errors_come_with_success() {
        for (body, class) in [
            (r#"{"error":{"code":-32005,"message":"limit exceeded"}}"#, "quota"),
            (r#"{"error":{"code":3,"message":"execution reverted"}}"#, "refused"),
            (r#"{"result":"0x"}"#, "unreadable"),
            (r#"{"result":"0x12"}"#, "unreadable"),
        ] {
            assert_eq!(parse_price(&POLYGON_BTC_USD, body.as_bytes()).unwrap_err().class(), class, "{body}");
        }
        assert_eq!(parse_decimals(&answer(&[8])), Ok(8));
        assert!(parse_decimals(&answer(&[19])).is_err());
    }

    #[test]
    fn a_sequencer_must_have_been_up_for_an_hour() {
        let now = Timestamp::from_secs(1_795_190_400).unwrap();
        for (status, started, up) in [(0, 1_795_180_000, true), (1, 1_795_180_000, false), (0, 1_795_190_000, false)] {
            assert_eq!(parse_sequencer(&answer(&[1, status, started, 5, 1]), now), Ok(up));
        }
    }
}
