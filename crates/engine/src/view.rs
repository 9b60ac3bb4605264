//! What a strategy may look at: everything it needs to decide, nothing it could change.

use brier_book::{BookView, Untrusted};
use brier_types::{BookSide, Money, Price, Qty, Timestamp, Venue};

use crate::engine::State;
use crate::fact::Fact;
use crate::ids::{MarketId, StrategyId};
use crate::input::FairValue;
use crate::instrument::{Instrument, Universe};
use crate::order::Order;
use crate::portfolio::Position;

/// A read-only view of the engine, for one strategy.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub(crate) state: &'a State,
    pub(crate) strategy: StrategyId,
    pub(crate) now: Timestamp,
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("View").field("strategy", &self.strategy).field("now", &self.now).finish_non_exhaustive()
    }
}

impl<'a> View<'a> {
    /// The time of this input.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// All listed markets.
    pub const fn universe(&self) -> &'a Universe {
        &self.state.universe
    }

    /// The place of a market.
    pub fn find(&self, venue: Venue, ticker: &str) -> Option<MarketId> {
        self.state.universe.find(venue, ticker)
    }

    /// A market's terms.
    pub fn instrument(&self, market: MarketId) -> &'a Instrument {
        self.state.universe.get(market)
    }

    /// A market's book.
    ///
    /// # Errors
    /// [`Untrusted`] while it cannot be believed: do not quote on it.
    pub fn book(&self, market: MarketId) -> Result<BookView<'a>, Untrusted> {
        self.state.books.view(market)
    }

    /// The best price of a side that is not the account's own: quotes made around one's own quotes run away.
    ///
    /// A level counts as others' when it shows more than our orders may have there, by their terms, by terms that are on their
    /// way, and by terms that they had in the last three seconds, as books come later than answers and fills. So a level may be
    /// passed over for that long, and our own is never taken for somebody else's.
    pub fn best_of_others(&self, market: MarketId, side: BookSide) -> Option<Price> {
        let own = |price| self.state.orders.offered_at(market, side, price, self.now);
        let book = self.book(market).ok()?;
        book.levels(side).find(|level| level.qty > own(level.price)).map(|level| level.price)
    }

    /// Contracts that our own orders may have at a price, in whatever way a book may be behind: see [`View::best_of_others`].
    pub fn own_at(&self, market: MarketId, side: BookSide, price: Price) -> Qty {
        self.state.orders.offered_at(market, side, price, self.now)
    }

    /// What this strategy owns in a market, provisional fills included.
    pub fn position(&self, market: MarketId) -> &'a Position {
        self.state.portfolio.strategy(self.strategy, market)
    }

    /// What the account owns in a market, all strategies together.
    pub fn account_position(&self, market: MarketId) -> &'a Position {
        self.state.portfolio.account(market)
    }

    /// This strategy's orders in a market that may still fill.
    pub fn orders(&self, market: MarketId) -> impl Iterator<Item = &'a Order> + use<'a> {
        let strategy = self.strategy;
        self.state.orders.live_in(market).filter(move |order| order.strategy == strategy)
    }

    /// The fair value of a market, if one came and may still decide.
    pub fn fair(&self, market: MarketId) -> Option<&'a FairValue> {
        self.state.fairs.get(market.index()).and_then(Option::as_ref).filter(|fair| fair.is_fresh(self.now))
    }

    /// The newest fact of a series, while it may decide.
    pub fn fact(&self, series: &str) -> Option<&'a Fact> {
        self.state.facts.fresh(series, self.now)
    }

    /// Cash of a venue's shard by our own reckoning.
    pub fn cash(&self, venue: Venue, shard: u16) -> Money {
        self.state.portfolio.cash(venue, shard)
    }

    /// Whether new orders in this market are admitted now, as far as halts go.
    pub fn is_open(&self, market: MarketId) -> bool {
        self.state.halts.refuses(self.strategy, self.state.universe.get(market).venue(), market).is_none()
    }
}
