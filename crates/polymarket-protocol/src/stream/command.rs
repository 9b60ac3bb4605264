//! What clients say on the market and user sockets, in every form that an SDK writes, and the texts around them.
//!
//! Invariants: what this crate writes it reads; a command that cannot be understood is refused with the venue's words.
//!
//! Source: reference, sections 10.1 to 10.3, 2026-11-20.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::DecodeError;
use crate::wire;

/// Sent as a text every 10 s; protocol pings alone do not keep a socket open.
pub const PING: &str = "PING";
/// The answer to [`PING`].
pub const PONG: &str = "PONG";
/// The answer to a second whole subscription on one socket: use the `operation` form instead.
pub const INVALID_OPERATION: &str = "INVALID OPERATION";
/// The close code for a first frame that is no subscription.
pub const CLOSE_POLICY: u16 = 1008;
/// The close reason for a first frame that is no subscription.
pub const INVALID_SUBSCRIPTION: &str = "invalid subscription payload";
/// Beyond so many tokens on one socket the venue sends no first books.
pub const MAX_TOKENS_WITH_BOOKS: usize = 500;

/// The path of the market channel behind the host of the sockets.
pub const MARKET_PATH: &str = "/ws/market";
/// The path of the user channel behind the host of the sockets.
pub const USER_PATH: &str = "/ws/user";

/// Adds to or takes from a running subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// More.
    Subscribe,
    /// Less.
    Unsubscribe,
}

/// The credentials of a user subscription, in clear inside TLS. Not printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamAuth {
    /// API key.
    #[serde(rename = "apiKey", alias = "apikey", alias = "api_key")]
    pub api_key: String,
    /// Its secret.
    pub secret: String,
    /// Its passphrase.
    pub passphrase: String,
}

impl fmt::Debug for StreamAuth {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("StreamAuth").finish_non_exhaustive()
    }
}

/// Any command of the market or user channel: the whole subscription, which must come first, or an operation on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// `market` or `user`; of a whole subscription.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Of a change; one SDK sends it with its whole subscription too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// Credentials of a user subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<StreamAuth>,
    /// Condition ids: the filter of the user channel.
    #[serde(default, with = "wire::or_default", skip_serializing_if = "Vec::is_empty")]
    pub markets: Vec<String>,
    /// Token ids: the subject of the market channel. Empty with `custom_feature_enabled` means new markets only.
    #[serde(default, alias = "asset_ids", with = "wire::or_default", skip_serializing_if = "Vec::is_empty")]
    pub assets_ids: Vec<String>,
    /// Whether `best_bid_ask`, `new_market` and `market_resolved` are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_feature_enabled: Option<bool>,
    /// Whether books are sent at once; true when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_dump: Option<bool>,
    /// 1 to 3, 2 when absent; what it means is not published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<u8>,
}

/// What a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandKind {
    /// The whole subscription of a market socket.
    Market,
    /// The whole subscription of a user socket.
    User,
    /// A change of a running subscription.
    Change(Operation),
}

impl Command {
    /// The whole subscription of a market socket. The first frame on it.
    pub fn market(tokens: Vec<String>) -> Self {
        Self {
            channel: Some("market".to_owned()),
            assets_ids: tokens,
            custom_feature_enabled: Some(true),
            initial_dump: Some(true),
            level: Some(2),
            ..Self::default()
        }
    }

    /// The whole subscription of a user socket; no markets for everything.
    pub fn user(auth: StreamAuth, markets: Vec<String>) -> Self {
        Self { channel: Some("user".to_owned()), auth: Some(auth), markets, ..Self::default() }
    }

    /// More or fewer tokens on a running market socket.
    pub fn change_tokens(operation: Operation, tokens: Vec<String>) -> Self {
        Self { operation: Some(operation), assets_ids: tokens, custom_feature_enabled: Some(true), ..Self::default() }
    }

    /// More or fewer markets on a running user socket.
    pub fn change_markets(operation: Operation, markets: Vec<String>) -> Self {
        Self { operation: Some(operation), markets, ..Self::default() }
    }

    /// Reads a client's frame.
    ///
    /// # Errors
    /// [`DecodeError`] when it is no object of this form: close the socket with [`CLOSE_POLICY`] if it is the first frame,
    /// else answer [`INVALID_OPERATION`].
    pub fn from_frame(frame: &str) -> Result<Self, DecodeError> {
        serde_json::from_str(frame).map_err(|error| {
            // The frame may hold a secret: the error carries none of it.
            DecodeError { found: "(not shown)".to_owned(), ..DecodeError::json("command", frame, &error) }
        })
    }

    /// What the command is; `None` when it says neither a channel nor an operation, or an unknown channel.
    ///
    /// A channel word wins over an operation: one SDK sends both in its first frame.
    pub fn kind(&self) -> Option<CommandKind> {
        match (self.channel.as_deref(), self.operation) {
            (Some(word), _) if word.eq_ignore_ascii_case("market") => Some(CommandKind::Market),
            (Some(word), _) if word.eq_ignore_ascii_case("user") => Some(CommandKind::User),
            (Some(_), _) | (None, None) => None,
            (None, Some(operation)) => Some(CommandKind::Change(operation)),
        }
    }

    /// The command as the text of a frame.
    pub fn to_frame(&self) -> String {
        serde_json::to_string(self).expect("texts and lists always serialize")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_form_is_understood() {
        let market = r#"{"type":"market","assets_ids":["7132","5211"],"custom_feature_enabled":true,"initial_dump":true,"level":2}"#;
        let command = Command::from_frame(market).unwrap();
        assert_eq!(command.kind(), Some(CommandKind::Market));
        assert_eq!(command.to_frame(), market);
        let change = Command::from_frame(r#"{"operation":"unsubscribe","assets_ids":["1587"]}"#).unwrap();
        assert_eq!(change.kind(), Some(CommandKind::Change(Operation::Unsubscribe)));
        let rust = r#"{"type":"market","operation":"subscribe","markets":[],"assets_ids":["1"],"initial_dump":true}"#;
        assert_eq!(Command::from_frame(rust).unwrap().kind(), Some(CommandKind::Market));
        let user = r#"{"type":"user","auth":{"apiKey":"019a","secret":"AAEC","passphrase":"5f5f"},"markets":["0xab"]}"#;
        let command = Command::from_frame(user).unwrap();
        assert_eq!(command.kind(), Some(CommandKind::User));
        assert_eq!(command.to_frame(), user);
        assert_eq!(Command::from_frame(r#"{"assets_ids":["1"]}"#).unwrap().kind(), None);
    }

    #[test]
    fn no_secret_is_printed() {
        let user = r#"{"type":"user","auth":{"apiKey":"019a","secret":"AAEC","passphrase":7}}"#;
        assert!(!Command::from_frame(user).unwrap_err().to_string().contains("AAEC"));
        let auth = StreamAuth { api_key: "019a".into(), secret: "AAEC".into(), passphrase: "5f5f".into() };
        assert_eq!(format!("{auth:?}"), "StreamAuth { .. }");
    }
}
