//! Why the core says no. A refused command changed nothing.

use brier_types::{MarketStatus, Money, Price, Qty};

/// Why a command was refused, in the order in which the reasons are looked for when an order is placed. A command about an
/// existing order looks for that order first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The whole exchange is stopped.
    #[error("the exchange is paused")]
    ExchangePaused,
    /// Orders are not taken; cancels and decreases are.
    #[error("trading is paused")]
    TradingPaused,
    /// No such account.
    #[error("no such account")]
    UnknownAccount,
    /// The client order id was used before.
    #[error("client order id was used before")]
    DuplicateClientOrderId,
    /// No such market.
    #[error("no such market")]
    UnknownMarket,
    /// No such order, or it is over, or it is somebody else's.
    #[error("no such resting order")]
    UnknownOrder,
    /// The market is not trading.
    #[error("market is {}, expected active", word(*status))]
    MarketInactive {
        /// What it is.
        status: MarketStatus,
    },
    /// The market is in a state that does not allow the change.
    #[error("market is {}, which does not allow this change", word(*status))]
    WrongStatus {
        /// What it is.
        status: MarketStatus,
    },
    /// The price is not on the market's grid, or is 0 or 1.
    #[error("price {price} is not on the market's grid")]
    PriceOffGrid {
        /// The price.
        price: Price,
    },
    /// The price is at or below the least YES can settle at: nobody would sell there.
    #[error("price {price} is not above the settlement floor {floor}")]
    BelowSettlementFloor {
        /// The price.
        price: Price,
        /// The floor.
        floor: Price,
    },
    /// The quantity is zero, off the size step, or above [`MAX_ORDER_QTY`].
    #[error("quantity {qty} is zero, off the size step, or too large")]
    BadQty {
        /// The quantity.
        qty: Qty,
    },
    /// The expiry is not in the future.
    #[error("expiry must be in the future")]
    ExpiryInPast,
    /// Two instructions that exclude each other, named.
    #[error("{0}")]
    Conflict(&'static str),
    /// No such group, or it is somebody else's.
    #[error("no such order group")]
    UnknownGroup,
    /// The group takes no orders until it is reset.
    #[error("order group is triggered: reset it first")]
    GroupTriggered,
    /// A post-only order would take.
    #[error("post only cross")]
    PostOnlyCross,
    /// A limit of the core is reached; named.
    #[error("too many {0}")]
    TooMany(&'static str),
    /// Not enough free cash.
    #[error("needs {needed} dollars, {available} are free")]
    InsufficientBalance {
        /// What the order needs.
        needed: Money,
        /// What is free.
        available: Money,
    },
    /// A fill-or-kill order could not fill whole. Its client order id is spent.
    #[error("not enough resting volume to fill whole")]
    FillOrKillVolume,
    /// An amend states another market, side or client order id than the order has, or less than has filled.
    #[error("the order's {0} does not match")]
    AmendMismatch(&'static str),
    /// An amount of money is out of bounds.
    #[error("amount {0} is out of bounds")]
    BadAmount(Money),
    /// A market's times or rules contradict each other.
    #[error("{0}")]
    BadMarket(&'static str),
}

/// A status as the venue writes it.
const fn word(status: MarketStatus) -> &'static str {
    match status {
        MarketStatus::Initialized => "initialized",
        MarketStatus::Active => "active",
        MarketStatus::Inactive => "inactive",
        MarketStatus::Closed => "closed",
        MarketStatus::Determined => "determined",
        MarketStatus::Disputed => "disputed",
        MarketStatus::Amended => "amended",
        MarketStatus::Finalized => "finalized",
    }
}

/// The largest quantity of one order: a billion contracts, so that no sum over an order leaves 64 bits.
pub const MAX_ORDER_QTY: Qty = match Qty::from_contracts(1_000_000_000) {
    Some(qty) => qty,
    None => panic!("a billion contracts fit"),
};
