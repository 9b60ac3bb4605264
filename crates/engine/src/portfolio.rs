//! Placeholder until the portfolio lands.
use brier_types::{Money, Venue};
use crate::ids::{MarketId, StrategyId};
/// Placeholder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {}
/// Placeholder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Portfolio { empty: Position }
impl Portfolio {
    /// Placeholder.
    pub fn account(&self, _market: MarketId) -> &Position { &self.empty }
    /// Placeholder.
    pub fn strategy(&self, _strategy: StrategyId, _market: MarketId) -> &Position { &self.empty }
    /// Placeholder.
    pub fn cash(&self, _venue: Venue, _shard: u16) -> Money { Money::ZERO }
}
