//! Prices of coins, currencies and indices, and implied volatility.
//!
//! Every price keeps its source's digits (10^-18 of its unit): an oracle's value has more of them than a float can hold. Only
//! one of these settles anything at a venue, the stream RTDS; the others lead it, or check it.

pub mod binance;
pub mod chainlink;
pub mod coinbase;
pub mod deribit;
pub mod rtds;
pub mod twelve_data;
pub mod yahoo;

use brier_types::Timestamp;

/// A number with all the digits that its source has, in units of 10^-18 of the quote currency (or of a point, or a percent).
pub use brier_polymarket_protocol::stream::prices::SpotPrice;

/// What a price is a price of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TickKind {
    /// The last trade.
    Trade,
    /// The best bid and ask; the price is their middle.
    Quote,
    /// An index or an oracle's value.
    Index,
    /// An oracle's mean over 30 seconds.
    Mean30,
    /// An oracle's mean over 60 seconds: what Polymarket's short markets settle on.
    Mean60,
    /// Implied volatility, in percent a year.
    Volatility,
}

/// One price at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The symbol, as its source writes it.
    pub symbol: String,
    /// What it is.
    pub kind: TickKind,
    /// The price.
    pub price: SpotPrice,
    /// The best bid, where the source tells it.
    pub bid: Option<SpotPrice>,
    /// The best ask, where the source tells it.
    pub ask: Option<SpotPrice>,
    /// When it was so, by its source: its age. `None` where the source gives no time.
    pub observed_at: Option<Timestamp>,
}

impl Tick {
    /// A price without a bid and an ask.
    pub fn plain(symbol: impl Into<String>, kind: TickKind, price: SpotPrice, observed_at: Option<Timestamp>) -> Self {
        Self { symbol: symbol.into(), kind, price, bid: None, ask: None, observed_at }
    }
}

/// A price above zero, or nothing: no asset here has another.
pub(crate) fn positive(text: &str) -> Option<SpotPrice> {
    SpotPrice::parse(text).filter(|price| price.units() > 0)
}

/// The middle of two prices.
pub(crate) fn middle(bid: SpotPrice, ask: SpotPrice) -> SpotPrice {
    SpotPrice::from_units(bid.units().midpoint(ask.units()))
}
