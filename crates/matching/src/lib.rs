//! An exchange's core as a pure state machine: matching, ledger, positions, fees and settlement.
mod command;
mod event;
mod ids;
mod refusal;

pub use command::*;
pub use event::*;
pub use ids::*;
pub use refusal::*;
