//! Streams of outside prices: RTDS, real-time v2 and sports scores.
//!
//! Every price keeps its source's digits: it is read from the text of the number into 10^-18 dollar.
//!
//! Source: reference, section 11, 2026-11-20.

use std::borrow::Cow;

use brier_types::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::DecodeError;
pub use super::spot::SpotPrice;
use crate::wire::{self, words};

/// RTDS wants this text every 5 s.
pub const RTDS_PING: &str = "PING";
/// Real-time v2 wants this text every 30 s.
pub const LIVE_PING: &str = r#"{"op":"ping"}"#;
/// The sports socket sends this text every 5 s and wants [`SPORTS_PONG`] within 10 s.
pub const SPORTS_PING: &str = "ping";
/// See [`SPORTS_PING`].
pub const SPORTS_PONG: &str = "pong";
/// Real-time v2 takes at most so many filters on one connection.
pub const LIVE_MAX_FILTERS: usize = 64;
/// Real-time v2 wants at least so many milliseconds between two operations.
pub const LIVE_OP_GAP_MS: u64 = 110;

words! {
    /// A topic of RTDS.
    Topic, prefix "" {
        /// Binance.
        CryptoPrices = "crypto_prices",
        /// Chainlink.
        CryptoPricesChainlink = "crypto_prices_chainlink",
        /// Mean over 30 s.
        TwapThirty = "crypto_prices_twap_thirty",
        /// Mean over 60 s.
        TwapSixty = "crypto_prices_twap_sixty",
        /// Pyth.
        EquityPrices = "equity_prices",
        /// Comments.
        Comments = "comments",
        /// Public trades.
        Activity = "activity",
    }
}

/// One subscription of RTDS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RtdsSubscription {
    /// The topic.
    pub topic: Topic,
    /// The kind of message, `*` for all.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which of them; absent for all. A comma list or JSON in a text, as the topic wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filters: Option<String>,
}

impl RtdsSubscription {
    /// The prices of one symbol of a topic, filtered in the form that the topic wants.
    pub fn prices(topic: Topic, symbol: &str) -> Self {
        let filters = if topic == Topic::CryptoPrices {
            symbol.to_owned()
        } else {
            serde_json::json!({ "symbol": symbol }).to_string()
        };
        let kind = if topic == Topic::CryptoPrices { "update" } else { "*" };
        Self { topic, kind: kind.to_owned(), filters: Some(filters) }
    }
}

/// `subscribe` or `unsubscribe`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RtdsAction {
    /// More.
    Subscribe,
    /// Less.
    Unsubscribe,
}

/// A command of RTDS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RtdsCommand {
    /// What to do.
    pub action: RtdsAction,
    /// With which.
    pub subscriptions: Vec<RtdsSubscription>,
}

/// One price at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricePoint {
    /// The source's time in milliseconds since the epoch.
    pub timestamp: i64,
    /// The price.
    pub value: SpotPrice,
}

/// A price as it changes, or the prices of the last minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RtdsPrice {
    /// The symbol.
    pub symbol: String,
    /// The source's time in milliseconds since the epoch; of a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<i64>,
    /// The price; of a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<SpotPrice>,
    /// The price with all digits: an integer of 10^-18 or a decimal text, by topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_accuracy_value: Option<String>,
    /// Width of a mean in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_s: Option<u32>,
    /// When the venue received it, in milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<i64>,
    /// Whether it is the last price of a closed market.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_carried_forward: Option<bool>,
    /// Prices of the last minutes; of a first answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<PricePoint>,
}

impl RtdsPrice {
    /// The price with the most digits that the message has: `full_accuracy_value` before `value`.
    ///
    /// Topics with means send an integer of 10^-18, the others a decimal text; an integer text counts as 10^-18 only in the
    /// former.
    pub fn price(&self, topic: &Topic) -> Option<SpotPrice> {
        let exact = self.full_accuracy_value.as_deref().and_then(|text| match topic {
            Topic::TwapThirty | Topic::TwapSixty => text.parse().ok().map(SpotPrice::from_units),
            _ => SpotPrice::parse(text),
        });
        exact.or(self.value)
    }
}

/// A message of RTDS with its payload left as it is.
#[derive(Clone, Debug, Deserialize)]
pub struct RtdsMessage<'a> {
    /// The topic.
    pub topic: Topic,
    /// The kind.
    #[serde(borrow, rename = "type")]
    pub kind: Cow<'a, str>,
    /// When it was sent, in milliseconds since the epoch.
    #[serde(default)]
    pub timestamp: Option<i64>,
    /// The payload.
    #[serde(borrow)]
    pub payload: &'a RawValue,
}

impl<'a> RtdsMessage<'a> {
    /// Reads a frame.
    ///
    /// # Errors
    /// [`DecodeError`] when it is no message of this form.
    pub fn from_frame(frame: &'a str) -> Result<Self, DecodeError> {
        serde_json::from_str(frame).map_err(|error| DecodeError::json("rtds", frame, &error))
    }

    /// The payload as a price.
    ///
    /// # Errors
    /// [`DecodeError`] when it is none, as with comments and activity.
    pub fn price(&self) -> Result<RtdsPrice, DecodeError> {
        let payload = self.payload.get();
        serde_json::from_str(payload).map_err(|error| DecodeError::json("rtds", payload, &error))
    }
}

/// A message of RTDS, to be written.
#[derive(Clone, Debug, Serialize)]
pub struct RtdsEvent<T> {
    /// The topic.
    pub topic: Topic,
    /// The kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it was sent, in milliseconds since the epoch.
    pub timestamp: i64,
    /// The payload.
    pub payload: T,
}

words! {
    /// A channel of real-time v2.
    LiveChannel, prefix "" {
        /// Crypto prices.
        Crypto = "price.crypto",
        /// Means of crypto prices.
        CryptoTwap = "price.crypto.twap",
        /// Equity prices.
        Equity = "price.equity",
        /// Means of equity prices.
        EquityTwap = "price.equity.twap",
    }
}

/// What a channel of real-time v2 shall send.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveFilter {
    /// The symbol.
    pub symbol: String,
    /// Width of a mean in seconds; only of the channels with means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_seconds: Option<u32>,
}

/// One subscription of real-time v2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveSubscription {
    /// The channel.
    pub channel: LiveChannel,
    /// Which of it.
    pub filter: LiveFilter,
}

/// A command of real-time v2. `rid` comes back in the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum LiveCommand {
    /// Log in.
    Auth {
        /// Credentials.
        auth: super::command::StreamAuth,
        /// Request id.
        rid: String,
    },
    /// More.
    Subscribe {
        /// Which.
        subscriptions: Vec<LiveSubscription>,
        /// Request id.
        rid: String,
    },
    /// Less.
    Unsubscribe {
        /// Which.
        subscriptions: Vec<LiveSubscription>,
        /// Request id.
        rid: String,
    },
    /// Keep the connection open.
    Ping,
}

/// A message of real-time v2: an event (`channel` is there) or an answer (`op` is there).
#[derive(Clone, Debug, Deserialize)]
pub struct LiveMessage<'a> {
    /// Version of the form.
    #[serde(default)]
    pub v: Option<u32>,
    /// What is answered: `authed`, `subscribed`, `pong`, `error`.
    #[serde(borrow, default)]
    pub op: Option<Cow<'a, str>>,
    /// The channel.
    #[serde(default)]
    pub channel: Option<LiveChannel>,
    /// Number within the channel.
    #[serde(default)]
    pub seq: Option<u64>,
    /// When it was sent, in milliseconds since the epoch.
    #[serde(default)]
    pub ts: Option<i64>,
    /// Whether this is the first state and not a change.
    #[serde(default)]
    pub snapshot: Option<bool>,
    /// How many events the venue left out before this one.
    #[serde(default)]
    pub dropped: Option<u64>,
    /// The event.
    #[serde(borrow, default)]
    pub payload: Option<&'a RawValue>,
    /// Request id.
    #[serde(borrow, default)]
    pub rid: Option<Cow<'a, str>>,
    /// Error code of a refusal.
    #[serde(borrow, default)]
    pub code: Option<Cow<'a, str>>,
    /// The venue's words of a refusal.
    #[serde(borrow, default)]
    pub message: Option<Cow<'a, str>>,
}

impl<'a> LiveMessage<'a> {
    /// Reads a frame.
    ///
    /// # Errors
    /// [`DecodeError`] when it is no object of this form.
    pub fn from_frame(frame: &'a str) -> Result<Self, DecodeError> {
        serde_json::from_str(frame).map_err(|error| DecodeError::json("live", frame, &error))
    }

    /// The payload as a price, if there is one.
    ///
    /// # Errors
    /// [`DecodeError`] when the payload is none.
    pub fn price(&self) -> Result<Option<RtdsPrice>, DecodeError> {
        let Some(payload) = self.payload else { return Ok(None) };
        let payload = payload.get();
        serde_json::from_str(payload).map(Some).map_err(|error| DecodeError::json("live", payload, &error))
    }
}

/// A game as the sports socket tells it. It has no envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SportsResult {
    /// The game.
    #[serde(default, with = "wire::loose_text")]
    pub game_id: Option<String>,
    /// League.
    #[serde(default)]
    pub league_abbreviation: Option<String>,
    /// Home team.
    #[serde(default)]
    pub home_team: Option<String>,
    /// Away team.
    #[serde(default)]
    pub away_team: Option<String>,
    /// Where it stands, in words.
    #[serde(default)]
    pub status: Option<String>,
    /// Whether it is being played.
    #[serde(default)]
    pub live: Option<bool>,
    /// Whether it is over.
    #[serde(default)]
    pub ended: Option<bool>,
    /// Home and away, `3-16`.
    #[serde(default)]
    pub score: Option<String>,
    /// Quarter, half or inning.
    #[serde(default)]
    pub period: Option<String>,
    /// Time within the period.
    #[serde(default)]
    pub elapsed: Option<String>,
    /// The team in possession, in American football.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<String>,
    /// When it ended.
    #[serde(rename = "finished_timestamp", default, skip_serializing_if = "Option::is_none")]
    pub finished_timestamp: Option<String>,
}

impl SportsResult {
    /// Reads a frame.
    ///
    /// # Errors
    /// [`DecodeError`] when it is no game.
    pub fn from_frame(frame: &str) -> Result<Self, DecodeError> {
        serde_json::from_str(frame).map_err(|error| DecodeError::json("sports", frame, &error))
    }
}

/// Milliseconds as a moment.
pub const fn moment(millis: Option<i64>) -> Option<Timestamp> {
    match millis {
        Some(millis) => Timestamp::from_millis(millis),
        None => None,
    }
}
