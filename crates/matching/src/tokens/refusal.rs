//! Why a token exchange says no. A refused command changed nothing.

use brier_types::{Money, Outcome, Price, Qty};

/// Why a command was refused, in the order in which the reasons are looked for when an order is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such account.
    #[error("no such account")]
    UnknownAccount,
    /// No such market.
    #[error("no such market")]
    UnknownMarket,
    /// No such group.
    #[error("no such group")]
    UnknownGroup,
    /// No such order, or it is over, or it is somebody else's.
    #[error("no such resting order")]
    UnknownOrder,
    /// No such match, or it is final, or the step does not follow.
    #[error("no match waits for this step")]
    UnknownTrade,
    /// The market takes no orders, or has resolved.
    #[error("the market takes no orders")]
    NotAccepting,
    /// The market has resolved, or has not where it must have.
    #[error("{0}")]
    WrongState(&'static str),
    /// The price is not on the market's grid, or is 0 or 1.
    #[error("price {price} is not on the market's grid")]
    PriceOffGrid {
        /// The price.
        price: Price,
    },
    /// Nothing, an order for less than [`super::DUST`] shares, or more than [`crate::MAX_ORDER_QTY`].
    #[error("an amount too small, or too large")]
    BadSize,
    /// The expiry is not in the future.
    #[error("expiry must be in the future")]
    ExpiryInPast,
    /// Two instructions that exclude each other, named.
    #[error("{0}")]
    Conflict(&'static str),
    /// A post-only order would take.
    #[error("post only cross")]
    PostOnlyCross,
    /// A fill-or-kill order could not fill whole.
    #[error("the whole order could not be filled")]
    FillOrKill,
    /// A fill-and-kill order met nothing.
    #[error("nothing to match")]
    NothingToMatch,
    /// Not enough free cash.
    #[error("needs {needed} dollars: {balance} owned, {resting} in resting orders, {matched} in matches")]
    InsufficientCash {
        /// What is needed, fees included.
        needed: Money,
        /// Owned by the chain's word.
        balance: Money,
        /// Held by resting orders.
        resting: Money,
        /// Held by matches that are not mined.
        matched: Money,
    },
    /// Not enough free tokens.
    #[error("needs {needed} {outcome:?}: {balance} owned, {resting} in resting orders, {matched} in matches")]
    InsufficientTokens {
        /// Which.
        outcome: Outcome,
        /// What is needed.
        needed: Qty,
        /// Owned by the chain's word.
        balance: Qty,
        /// Offered by resting orders.
        resting: Qty,
        /// Held by matches that are not mined.
        matched: Qty,
    },
    /// A limit of the core is reached; named.
    #[error("too many {0}")]
    TooMany(&'static str),
}
