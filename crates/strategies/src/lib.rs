//! The strategies that Brier ships, each one file, each a complete example of the strategy interface.
//!
//! A strategy is pure: it sees a read-only view and says what it wants to have; execution and risk do the rest.

mod market_maker;
mod taker;

pub use market_maker::{MarketMaker, MarketMakerParameters};
pub use taker::{Taker, TakerParameters, edge};
