//! Units, ids, instruments, inputs and commands: the words every crate of Brier shares.
//!
//! Invariants: no float holds a price, a quantity or money; every constructor checks its range; every division names its
//! [`Rounding`]; parsing accepts what the venues send and nothing that would lose a digit. This crate reads no clock and
//! does no I/O: time arrives as [`Timestamp`] values.
//!
//! It deliberately knows no venue's wire form. Kalshi's two bid ladders or Polymarket's two tokens become one book in YES
//! terms in the venue's protocol crate.

#![warn(clippy::float_arithmetic, clippy::wildcard_enum_match_arm)]

mod decimal;
mod error;
mod grid;
mod ids;
mod input;
mod instrument;
mod money;
mod order;
mod price;
mod prob;
mod qty;
mod strike;
mod time;

pub use decimal::{ParseUnitError, parse_fixed, write_fixed};
pub use error::{FailureKind, VenueError};
pub use grid::{Band, GridError, PriceGrid};
pub use ids::{
    ClientOrderId, EventTicker, IdError, MarketTicker, OrderGroupId, SeriesTicker, SubscriptionId, TradeId, Venue,
    VenueOrderId,
};
pub use input::{
    BookChange, BookInput, BookLoss, ConnectionInput, Fill, FillStatus, FillStatusUpdate, Input, LifecycleInput,
    OrderStatus, OrderUpdate, PositionUpdate, PublicTrade, QuoteInput, Stamped,
};
pub use instrument::{Event, Market, MarketResult, MarketStatus, Series};
pub use money::{Money, Rounding, notional};
pub use order::{
    Action, AmendOrder, BookSide, Command, Direction, NewOrder, Outcome, SelfTradePrevention, TimeInForce,
};
pub use price::Price;
pub use prob::{Prob, ProbError};
pub use qty::{Qty, SignedQty};
pub use strike::{Bound, Strike};
pub use time::{Timestamp, TimestampError};
