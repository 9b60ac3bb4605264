//! Names that venues give to things, each its own type so that none can stand where another belongs.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Where orders go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Venue {
    /// The regulated US exchange, or Brier's embedded stand-in for it.
    Kalshi,
    /// The order book that settles on Polygon, or Brier's embedded stand-in for it.
    Polymarket,
}

impl fmt::Display for Venue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Kalshi => "kalshi",
            Self::Polymarket => "polymarket",
        })
    }
}

/// A text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: expected 1 to {max} printable ASCII characters without spaces, found `{found}`")]
pub struct IdError {
    /// What it should have been.
    pub kind: &'static str,
    /// The greatest length accepted.
    pub max: usize,
    /// The text that was found, cut to 64 characters.
    pub found: String,
}

fn check(kind: &'static str, max: usize, text: &str) -> Result<(), IdError> {
    if !text.is_empty() && text.len() <= max && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(IdError { kind, max, found: text.chars().take(64).collect() })
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The greatest length in bytes.
            pub const MAX_LEN: usize = $max;

            /// Checks and keeps `text`.
            ///
            /// # Errors
            /// [`IdError`] when it is empty, too long, or has a byte that is no printable ASCII.
            pub fn new(text: &str) -> Result<Self, IdError> {
                check($kind, $max, text)?;
                Ok(Self(Arc::from(text)))
            }

            /// The text as the venue writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

text_id!(/// A recurring family of events, for example `KXBTC15M`.
    SeriesTicker, "series ticker", 128);
text_id!(/// One real-world question, for example `KXBTC15M-26MAY130900`; Polymarket: the event's slug.
    EventTicker, "event ticker", 128);
text_id!(/// One yes-no proposition with its own book, for example `KXBTC15M-26MAY130900-00`; Polymarket: the condition id.
    MarketTicker, "market ticker", 192);
text_id!(/// Our name for an order, minted before it is sent: the idempotency key. At most 64 characters on Kalshi.
    ClientOrderId, "client order id", 64);
text_id!(/// The venue's name for an order, known once it is accepted.
    VenueOrderId, "order id", 128);
text_id!(/// The venue's name for one match.
    TradeId, "trade id", 128);
text_id!(/// The venue's name for a set of orders that are canceled together.
    OrderGroupId, "order group id", 128);

/// The venue's number for one subscription of one connection; sequences count within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionId(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_printable_and_bounded() {
        assert!(MarketTicker::new("KXBTC15M-26MAY130900-00").is_ok());
        assert!(MarketTicker::new("").is_err());
        assert!(MarketTicker::new("has space").is_err());
        assert!(ClientOrderId::new(&"x".repeat(65)).is_err());
        assert_eq!(
            ClientOrderId::new("a\n").unwrap_err().to_string(),
            "client order id: expected 1 to 64 printable ASCII characters without spaces, found `a\n`"
        );
    }
}
