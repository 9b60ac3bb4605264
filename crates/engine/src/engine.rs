//! The engine: one state, one step.

use crate::books::Books;
use crate::halts::Halts;
use crate::input::FairValue;
use crate::instrument::Universe;
use crate::orders::Orders;
use crate::portfolio::Portfolio;

/// What decisions are made from.
#[derive(Clone, Debug)]
pub struct State {
    /// All listed markets.
    pub universe: Universe,
    /// Their books.
    pub books: Books,
    /// Our orders.
    pub orders: Orders,
    /// What we own.
    pub portfolio: Portfolio,
    /// Fair values by market.
    pub fairs: Vec<Option<FairValue>>,
    /// What is halted.
    pub halts: Halts,
}
