//! An exchange's core as a pure state machine: matching, ledger, positions, fees and settlement.
//!
//! Commands go in with their time, events and answers come out; a journal of the commands is the whole state. The core
//! knows no clock, no randomness, no tickers and no JSON. What a venue calls a user, a ticker or an order's UUID is kept
//! by its caller; here they are dense numbers.
//!
//! - [`Exchange`]: the state and its one door, [`Exchange::apply`].
//! - [`tokens`]: the same for a venue whose accounts own outcome tokens, over the same book.
//! - [`book`]: the bare price-time book, usable alone.
//! - [`Command`], [`Event`], [`Refusal`]: what it is told, what it says, why it says no.
//!
//! ```
//! use brier_kalshi_protocol::fees::{BalancePrecision, FeeMultiplier, FeeSchedule, FeeType};
//! use brier_matching::{AccountId, Command, Exchange, MarketId, MarketSpec, PlaceOrder};
//! use brier_types::{BookSide, Money, Price, PriceGrid, Qty, SelfTradePrevention, TimeInForce, Timestamp};
//!
//! let mut exchange = Exchange::new();
//! let (mut events, now) = (Vec::new(), Timestamp::from_secs(1_000).unwrap());
//! for account in [AccountId(0), AccountId(1)] {
//!     exchange.apply(now, &Command::OpenAccount { precision: BalancePrecision::CentiCent }, &mut events)?;
//!     exchange.apply(now, &Command::Fund { account, amount: Money::from_cents(10_000).unwrap() }, &mut events)?;
//! }
//! let spec = MarketSpec {
//!     grid: PriceGrid::uniform(Price::from_cents(1).unwrap()).unwrap(),
//!     size_step: Qty::HUNDREDTH,
//!     open_time: now,
//!     close_time: Timestamp::from_secs(2_000).unwrap(),
//!     settlement_timer: std::time::Duration::from_secs(60),
//!     fees: FeeSchedule::new(FeeType::Quadratic, FeeMultiplier::ONE),
//!     fee_waiver_until: None,
//! };
//! exchange.apply(now, &Command::CreateMarket(spec), &mut events)?;
//! let order = |account, side| PlaceOrder {
//!     account,
//!     market: MarketId(0),
//!     side,
//!     price: Price::from_cents(42).unwrap(),
//!     qty: Qty::from_contracts(10).unwrap(),
//!     time_in_force: TimeInForce::Gtc,
//!     post_only: false,
//!     reduce_only: false,
//!     cancel_on_pause: false,
//!     self_trade_prevention: Some(SelfTradePrevention::TakerAtCross),
//!     client_order_id: None,
//!     group: None,
//! };
//! exchange.place(&order(AccountId(0), BookSide::Bid), &mut events)?;
//! let taken = exchange.place(&order(AccountId(1), BookSide::Ask), &mut events)?;
//! assert_eq!(taken.filled, Qty::from_contracts(10).unwrap());
//! assert_eq!(exchange.ledger().difference(), Money::ZERO);
//! # Ok::<(), brier_matching::Refusal>(())
//! ```

#![warn(clippy::float_arithmetic, clippy::wildcard_enum_match_arm)]

pub mod book;
mod check;
mod command;
mod event;
mod exchange;
mod group;
mod ids;
mod ledger;
mod life;
mod market;
mod order_entry;
mod position;
mod refusal;
pub mod tokens;

pub use command::{
    AmendOrder, Command, Decrease, ExpiryChange, GROUP_WINDOW, GroupCommand, MarketCommand, MarketSpec, PlaceOrder,
    Placed, Reply,
};
pub use event::{ChangeReason, EndReason, Event, EventSink, FillSide, GroupChange, MarketChange, Settlement, Trade};
pub use exchange::{AccountView, Exchange, GroupView, MarketView, OrderView, PositionView};
pub use ids::{AccountId, GroupId, MarketId, OrderId, TradeNo};
pub use ledger::Ledger;
pub use refusal::{MAX_ORDER_QTY, Refusal};
