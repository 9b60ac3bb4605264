//! Placeholder until halts land.
use brier_types::Venue;
use crate::ids::{MarketId, StrategyId};
/// Placeholder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Halts {}
impl Halts {
    /// Placeholder.
    pub fn refuses(&self, _strategy: StrategyId, _venue: Venue, _market: MarketId) -> Option<()> { None }
}
