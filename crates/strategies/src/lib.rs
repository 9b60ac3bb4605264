//! The strategies that Brier ships, each one file, each a complete example of the strategy interface.
//!
//! A strategy is pure: it sees a read-only view and says what it wants to have; execution and risk do the rest. What it knows of
//! the world outside comes as facts, with an age beyond which they cannot be read.

mod arbitrage;
mod basket;
mod carry;
mod facts;
mod fundamental;
mod logit_maker;
mod market_maker;
mod momentum;
mod range;
mod resting;
mod reversion;
mod samples;
mod stake;
mod taker;
mod tie;
mod up_or_down;
mod weather;

pub use arbitrage::{Arbitrage, ArbitrageParameters, Pair};
pub use basket::{Basket, BasketParameters};
pub use carry::{Carry, CarryParameters};
pub use fundamental::{Fundamental, FundamentalParameters};
pub use logit_maker::{LogitMaker, LogitMakerParameters};
pub use market_maker::{MarketMaker, MarketMakerParameters};
pub use momentum::{Momentum, MomentumParameters};
pub use range::{Range, RangeParameters, Settlement};
pub use reversion::{Reversion, ReversionParameters};
pub use stake::{Belief, Stake};
pub use taker::{Taker, TakerParameters, edge};
pub use tie::{Hedge, Tie};
pub use up_or_down::{UpOrDown, UpOrDownParameters};
pub use weather::{Weather, WeatherParameters};
