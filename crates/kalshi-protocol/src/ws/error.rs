//! The numbered errors of the socket.
//!
//! Source: reference section 15.2 (docs.kalshi.com AsyncAPI 2.0.0 "error codes"), 2026-11-20.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $text:literal;)+) => {
        /// What the server refused, by number. Open: a new number is news, not a reason to drop the connection.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $variant,)+
            /// A number this version does not know.
            Other(u32),
        }

        impl ErrorCode {
            /// The number.
            pub const fn number(self) -> u32 {
                match self {
                    $(Self::$variant => $number,)+
                    Self::Other(number) => number,
                }
            }

            /// What the number means, in words for the `msg` of an answer.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(_) => "Unknown error",
                }
            }
        }

        impl From<u32> for ErrorCode {
            fn from(number: u32) -> Self {
                match number {
                    $($number => Self::$variant,)+
                    _ => Self::Other(number),
                }
            }
        }

        #[cfg(test)]
        pub(super) const ALL: &[ErrorCode] = &[$(ErrorCode::$variant),+];
    };
}

error_codes! {
    /// The message was not understood.
    NotUnderstood = 1, "Unable to process message";
    /// `params` is missing.
    ParamsMissing = 2, "Params required";
    /// `channels` is missing.
    ChannelsMissing = 3, "Channels required";
    /// `sids` is missing.
    SidsMissing = 4, "Subscription IDs required";
    /// No such command.
    UnknownCommand = 5, "Unknown command";
    /// No such subscription.
    UnknownSid = 7, "Unknown subscription ID";
    /// No such channel.
    UnknownChannel = 8, "Unknown channel name";
    /// The channel needs authentication.
    NotAuthenticated = 9, "Authentication required";
    /// The channel failed. Terminal: subscribe again.
    ChannelError = 10, "Channel error";
    /// A parameter is wrong.
    BadParameter = 11, "Invalid parameter";
    /// Exactly one subscription must be named.
    OneSidNeeded = 12, "Exactly one subscription ID is required";
    /// No such action for this channel.
    UnsupportedAction = 13, "Unsupported action";
    /// A market must be named.
    MarketMissing = 14, "Market required";
    /// `action` is missing.
    ActionMissing = 15, "Action required";
    /// The command took too long.
    CommandTimeout = 18, "Command timeout";
    /// `shard_factor` is not positive.
    ShardFactorNotPositive = 19, "shard_factor must be greater than 0";
    /// `shard_key` without `shard_factor`.
    ShardFactorMissing = 20, "shard_factor is required when shard_key is set";
    /// `shard_key` is out of range.
    ShardKeyRange = 21, "shard_key must be at least 0 and less than shard_factor";
    /// `shard_factor` is above 100.
    ShardFactorTooLarge = 22, "shard_factor must be at most 100";
    /// Match ids are missing.
    MatchIdsMissing = 23, "Match IDs required";
    /// `index_ids` is missing.
    IndexIdsMissing = 24, "Index IDs required";
    /// The client read too slowly and messages were lost. Terminal: subscribe again.
    BufferOverflow = 25, "Subscription buffer overflow";
    /// Too many markets in the subscription.
    TooManyMarkets = 26, "Too many markets in the subscription";
    /// Too many commands.
    TooManyCommands = 27, "Too many commands";
    /// `underlying_tickers` is missing.
    UnderlyingsMissing = 28, "Underlying tickers required";
}

impl ErrorCode {
    /// Whether the subscription is dead after it: its books are unusable until subscribed anew.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::ChannelError | Self::BufferOverflow)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({})", self.number(), self.text())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_u32(self.number())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        u32::deserialize(from).map(Self::from)
    }
}
