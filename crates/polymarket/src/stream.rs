//! Streams that heal themselves: books, our orders and trades, and outside prices, each as a pure session under one driver.
//!
//! [`MarketSession`], [`UserSession`] and [`PriceSession`] are state machines: frames and time in, [`Action`]s out.
//! [`Stream`] gives one of them a socket, a clock and a queue. [`TradeBook`] and [`Account`] keep what our trades make of
//! positions and orders; [`shards`] spreads many markets over several sockets.
//!
//! Invariants: a book is trusted only after a snapshot and with every later change applied, and is given up as soon as the
//! venue's own best prices, its hash or a REST book contradict it; an open socket that says nothing is found out; the user
//! channel repeats nothing, so every connection asks for a reconciliation; a fill is provisional until it is confirmed.
//!
//! A market session says nothing about connections but [`brier_types::Input::BookLost`], as other sockets may feed other
//! books; the user session's [`brier_types::ConnectionInput`] is the account's.
//!
//! Source: reference, sections 10 and 11, 2026-11-20.

mod account;
mod action;
mod driver;
mod link;
mod market;
mod prices;
mod trades;
mod user;

pub use account::{Account, OpenOrderView};
pub use action::{Action, Machine, Notice, PriceTick, Stats};
pub use driver::{Auditor, Stream, StreamConfig, StreamError, StreamItem};
pub use link::LinkConfig;
pub use market::{AuditBook, MarketConfig, MarketSession, shards};
pub use prices::{PriceFeed, PriceSession};
pub use trades::{Applied, Holding, Move, Token, TokenView, TradeAnomaly, TradeBook, transition};
pub use user::UserSession;
