//! The engine: orders, risk, portfolio, reconciliation and strategies as one pure state machine.
//!
//! [`Engine::step`] takes one input at one time and pushes commands, which the shell writes down and then carries out; what
//! comes of them comes back as inputs. The same inputs at the same times give the same commands, byte for byte.
//!
//! Invariants: no order leaves but through [`risk`], which alone can mint [`risk::Approved`]; an order whose answer was lost
//! is in doubt and counts at its worst until the venue's own word moves it; a position comes from fills and nothing else; a
//! difference from the venue halts the market it is in; a kill switch stays down until a person lifts it.
//!
//! It deliberately knows no wire form, no clock, no file and no task: connectors, journal and timers are the shell's.

#![warn(clippy::float_arithmetic, clippy::wildcard_enum_match_arm)]

pub mod attempt;
pub mod books;
pub mod codec;
pub mod command;
pub mod config;
pub mod engine;
pub mod fact;
pub mod halts;
pub mod ids;
pub mod input;
pub mod instrument;
pub mod legs;
pub mod order;
pub mod orders;
mod planted;
pub mod portfolio;
pub mod risk;
pub mod strategy;
pub mod view;

pub use attempt::{Attempt, AttemptLeg, Ended};
pub use command::{Alert, ChangeOrder, Command, Funding, Lookup, PlaceOrder, Request, Scope};
pub use config::{EngineConfig, ExitRules, VenueHabits};
pub use engine::{Counts, Engine, RestoreError, State};
pub use fact::{Fact, FactValue};
pub use ids::{EventId, MarketId, OrderKey, RequestId, StrategyId};
pub use input::{
    AccountSnapshot, Answer, FairValue, Input, NotNow, Operator, Reject, RejectCode, VenueCash, VenuePosition,
};
pub use instrument::{Custody, EventEntry, Fees, Instrument, Universe};
pub use order::{EndReason, News, Next, Order, OrderState, Role};
#[doc(hidden)]
pub use planted::Planted;
pub use strategy::{
    Combo, Interest, Leg, Manner, OnShortfall, Opinion, Purpose, Quote, Signal, Strategy, Take, Want, Wants,
};
pub use view::View;
