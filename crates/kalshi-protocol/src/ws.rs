//! The WebSocket: what a client may say and what the server says, both ways.
//!
//! Invariants: a frame is one JSON object; the envelope's keys (`id`, `sid`, `seq`, `sending_ts_ms`) are there only where
//! they apply; `seq` counts per subscription, over all its markets, and only on channels that have one. A message of an
//! unknown type is kept as [`Body::Unknown`], never dropped. Reading here is complete rather than fast: the hot messages
//! (books, tickers, trades) have their own decoder in [`crate::stream`]. It keeps no books and no subscriptions.
//!
//! Source: reference section 15 (docs.kalshi.com AsyncAPI 2.0.0), 2026-11-20.

mod command;
mod error;
mod message;

use std::borrow::Cow;

use brier_types::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use command::{Action, Channel, Command, CommandBody, CommandError, Subscribe, UpdateSubscription};
pub use error::ErrorCode;
pub use message::{
    Acknowledged, AdditionalMetadata, ErrorMessage, EventFeeUpdate, EventLifecycle, Fill, FillAction, MarketLifecycle,
    MarketLifecycleEvent, MarketPosition, OrderGroupEvent, OrderGroupUpdate, OrderbookDelta, OrderbookSnapshot,
    Subscribed, Ticker, Trade, UpdateReason, UserOrder, UserOrderStatus,
};

use crate::wire;

/// The path of the socket: what the upgrade request asks for and signs, with method GET.
pub const WS_PATH: &str = "/trade-api/ws/v2";

/// The body of the server's ping frames.
pub const HEARTBEAT: &[u8] = b"heartbeat";

/// The largest message of the server, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 64 << 20;

/// One frame of the server.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerMessage {
    /// The command it answers.
    pub id: Option<u64>,
    /// The subscription it belongs to.
    pub sid: Option<u64>,
    /// Its place in that subscription, from 1.
    pub seq: Option<u64>,
    /// When the server sent it; on every message since 2026-10-01.
    pub sending_ts_ms: Option<Timestamp>,
    /// What it says.
    pub body: Body,
}

/// What a frame of the server says.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A subscription was made; data follows.
    Subscribed(Subscribed),
    /// A command was done.
    Ok(Acknowledged),
    /// A subscription ended.
    Unsubscribed,
    /// A command or a subscription failed.
    Error(ErrorMessage),
    /// A whole book.
    OrderbookSnapshot(OrderbookSnapshot),
    /// One level of a book.
    OrderbookDelta(OrderbookDelta),
    /// A market's summary.
    Ticker(Ticker),
    /// A match between others, or ours seen from outside.
    Trade(Trade),
    /// Our part of a match.
    Fill(Fill),
    /// One of our positions.
    MarketPosition(MarketPosition),
    /// One of our orders.
    UserOrder(UserOrder),
    /// One of our order groups.
    OrderGroupUpdates(OrderGroupUpdate),
    /// A market's life.
    MarketLifecycle(Box<MarketLifecycle>),
    /// A combo market's life.
    MultivariateMarketLifecycle(Box<MarketLifecycle>),
    /// An event's life.
    EventLifecycle(EventLifecycle),
    /// An event's fees.
    EventFeeUpdate(EventFeeUpdate),
    /// A type this version does not know. Count it and show it.
    Unknown {
        /// The type's word.
        kind: String,
        /// The body as sent, if there is one.
        msg: Option<String>,
    },
}

/// A frame of the server that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// It is no envelope.
    #[error("websocket frame: expected an object with a `type`; {source}; found `{start}`")]
    Envelope {
        /// What the parser said.
        source: serde_json::Error,
        /// The first characters of the frame.
        start: String,
    },
    /// Its body is not what its type says.
    #[error("websocket frame of type `{kind}`: {source}")]
    Body {
        /// The type's word.
        kind: String,
        /// What the parser said.
        source: serde_json::Error,
    },
}

#[derive(Deserialize)]
struct RawEnvelope<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    id: Option<u64>,
    #[serde(default)]
    sid: Option<u64>,
    #[serde(default)]
    seq: Option<u64>,
    #[serde(with = "wire::unix_millis", default)]
    sending_ts_ms: Option<Timestamp>,
    #[serde(borrow, default)]
    msg: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Envelope<'a, T: Serialize> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(with = "wire::unix_millis", skip_serializing_if = "Option::is_none")]
    sending_ts_ms: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg: Option<&'a T>,
}

#[derive(Serialize, Deserialize)]
struct Markets {
    market_tickers: Vec<String>,
}

/// A body that is an object or a list; an `ok` may be either.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawAcknowledged {
    Subscriptions(Vec<Subscribed>),
    Markets(Markets),
    Other(serde::de::IgnoredAny),
}

impl Body {
    /// The word of the frame's `type`.
    pub fn kind(&self) -> &str {
        match self {
            Self::Subscribed(_) => "subscribed",
            Self::Ok(_) => "ok",
            Self::Unsubscribed => "unsubscribed",
            Self::Error(_) => "error",
            Self::OrderbookSnapshot(_) => "orderbook_snapshot",
            Self::OrderbookDelta(_) => "orderbook_delta",
            Self::Ticker(_) => "ticker",
            Self::Trade(_) => "trade",
            Self::Fill(_) => "fill",
            Self::MarketPosition(_) => "market_position",
            Self::UserOrder(_) => "user_order",
            Self::OrderGroupUpdates(_) => "order_group_updates",
            Self::MarketLifecycle(_) => "market_lifecycle_v2",
            Self::MultivariateMarketLifecycle(_) => "multivariate_market_lifecycle",
            Self::EventLifecycle(_) => "event_lifecycle",
            Self::EventFeeUpdate(_) => "event_fee_update",
            Self::Unknown { kind, .. } => kind,
        }
    }

    fn read(kind: &str, msg: Option<&RawValue>) -> Result<Self, serde_json::Error> {
        fn of<T: DeserializeOwned>(msg: Option<&RawValue>) -> Result<T, serde_json::Error> {
            serde_json::from_str(msg.map_or("null", RawValue::get))
        }
        Ok(match kind {
            "subscribed" => Self::Subscribed(of(msg)?),
            "ok" => Self::Ok(match of::<RawAcknowledged>(msg)? {
                RawAcknowledged::Subscriptions(list) => Acknowledged::Subscriptions(list),
                RawAcknowledged::Markets(markets) => Acknowledged::Markets(markets.market_tickers),
                RawAcknowledged::Other(_) => Acknowledged::Nothing,
            }),
            "unsubscribed" => Self::Unsubscribed,
            "error" => Self::Error(of(msg)?),
            "orderbook_snapshot" => Self::OrderbookSnapshot(of(msg)?),
            "orderbook_delta" => Self::OrderbookDelta(of(msg)?),
            "ticker" => Self::Ticker(of(msg)?),
            "trade" => Self::Trade(of(msg)?),
            "fill" => Self::Fill(of(msg)?),
            "market_position" => Self::MarketPosition(of(msg)?),
            "user_order" => Self::UserOrder(of(msg)?),
            "order_group_updates" => Self::OrderGroupUpdates(of(msg)?),
            "market_lifecycle_v2" => Self::MarketLifecycle(of(msg)?),
            "multivariate_market_lifecycle" => Self::MultivariateMarketLifecycle(of(msg)?),
            "event_lifecycle" => Self::EventLifecycle(of(msg)?),
            "event_fee_update" => Self::EventFeeUpdate(of(msg)?),
            _ => Self::Unknown { kind: kind.to_owned(), msg: msg.map(|msg| msg.get().to_owned()) },
        })
    }
}

impl ServerMessage {
    /// A frame that answers no command and belongs to no subscription; see [`ServerMessage::answering`] and
    /// [`ServerMessage::on`].
    pub const fn new(body: Body) -> Self {
        Self { id: None, sid: None, seq: None, sending_ts_ms: None, body }
    }

    /// The frame as the answer to command `id`; 0 names no command.
    #[must_use]
    pub const fn answering(mut self, id: u64) -> Self {
        self.id = if id == 0 { None } else { Some(id) };
        self
    }

    /// The frame on subscription `sid`, with its place there if the channel counts.
    #[must_use]
    pub const fn on(mut self, sid: u64, seq: Option<u64>) -> Self {
        self.sid = Some(sid);
        self.seq = seq;
        self
    }

    /// The frame with the time at which it is sent.
    #[must_use]
    pub const fn sent_at(mut self, time: Timestamp) -> Self {
        self.sending_ts_ms = Some(time);
        self
    }

    /// Reads a frame of the server.
    ///
    /// # Errors
    /// [`FrameError`] when it is no envelope, or its body is not what its type says. Count it and show it; a body that
    /// belonged to a book makes that subscription's books unusable.
    pub fn parse(text: &str) -> Result<Self, FrameError> {
        let raw: RawEnvelope<'_> = serde_json::from_str(text)
            .map_err(|source| FrameError::Envelope { source, start: text.chars().take(80).collect() })?;
        let body = Body::read(&raw.kind, raw.msg)
            .map_err(|source| FrameError::Body { kind: raw.kind.clone().into_owned(), source })?;
        Ok(Self { id: raw.id, sid: raw.sid, seq: raw.seq, sending_ts_ms: raw.sending_ts_ms, body })
    }

    /// The frame as text.
    pub fn to_json(&self) -> String {
        match &self.body {
            Body::Subscribed(msg) => self.frame(Some(msg)),
            Body::Ok(Acknowledged::Nothing) | Body::Unsubscribed => self.frame::<()>(None),
            Body::Ok(Acknowledged::Markets(list)) => self.frame(Some(&Markets { market_tickers: list.clone() })),
            Body::Ok(Acknowledged::Subscriptions(list)) => self.frame(Some(list)),
            Body::Error(msg) => self.frame(Some(msg)),
            Body::OrderbookSnapshot(msg) => self.frame(Some(msg)),
            Body::OrderbookDelta(msg) => self.frame(Some(msg)),
            Body::Ticker(msg) => self.frame(Some(msg)),
            Body::Trade(msg) => self.frame(Some(msg)),
            Body::Fill(msg) => self.frame(Some(msg)),
            Body::MarketPosition(msg) => self.frame(Some(msg)),
            Body::UserOrder(msg) => self.frame(Some(msg)),
            Body::OrderGroupUpdates(msg) => self.frame(Some(msg)),
            Body::MarketLifecycle(msg) | Body::MultivariateMarketLifecycle(msg) => self.frame(Some(msg)),
            Body::EventLifecycle(msg) => self.frame(Some(msg)),
            Body::EventFeeUpdate(msg) => self.frame(Some(msg)),
            Body::Unknown { msg, .. } => {
                let raw = msg.as_deref().and_then(|msg| serde_json::from_str::<&RawValue>(msg).ok());
                self.frame(raw.as_ref())
            }
        }
    }

    fn frame<T: Serialize>(&self, msg: Option<&T>) -> String {
        let Self { id, sid, seq, sending_ts_ms, ref body } = *self;
        serde_json::to_string(&Envelope { kind: body.kind(), id, sid, seq, sending_ts_ms, msg })
            .expect("messages are strings, numbers and lists, which are JSON")
    }
}

#[cfg(test)]
mod tests;
