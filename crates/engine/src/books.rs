//! The books of both venues, found by the engine's own market numbers.

use brier_book::{BookSet, BookView, Effect, MarketSlot, SequencePolicy, Untrusted};
use brier_types::{BookChange, BookInput, BookLoss, Venue};

use crate::ids::MarketId;
use crate::instrument::{Universe, venue_index};

/// Books by market.
#[derive(Clone, Debug)]
pub struct Books {
    sets: [BookSet; 2],
    /// Set and place of each market.
    places: Vec<(usize, MarketSlot)>,
}

impl Default for Books {
    fn default() -> Self {
        Self::new()
    }
}

impl Books {
    /// No books. Connectors have checked every sequence before; what they pass on only grows.
    pub fn new() -> Self {
        let set = || BookSet::new(SequencePolicy::Increasing);
        Self { sets: [set(), set()], places: Vec::new() }
    }

    /// Gives the next market its place.
    pub(crate) fn add(&mut self, universe: &Universe, market: MarketId) {
        if market.index() < self.places.len() {
            return;
        }
        let instrument = universe.get(market);
        let set = venue_index(instrument.venue());
        let slot = self.sets[set].add(&instrument.market.ticker);
        self.places.push((set, slot));
    }

    /// A market's book for deciding.
    ///
    /// # Errors
    /// [`Untrusted`] while it cannot be believed.
    #[inline]
    pub fn view(&self, market: MarketId) -> Result<BookView<'_>, Untrusted> {
        match self.places.get(market.index()) {
            Some((set, slot)) => self.sets[*set].book(*slot).view(),
            None => Err(Untrusted::Empty),
        }
    }

    /// Applies a change of a listed market's book. Whether anything of it can now be read differently.
    #[inline]
    pub(crate) fn apply(&mut self, market: MarketId, input: &BookInput) -> bool {
        let (set, slot) = self.places[market.index()];
        let books = &mut self.sets[set];
        let (id, sequence) = (input.subscription, input.sequence);
        let step = match &input.change {
            BookChange::Delta { side, price, change } => books.apply_delta(id, sequence, slot, *side, *price, *change),
            BookChange::Level { side, price, qty } => books.apply_level(id, sequence, slot, *side, *price, *qty),
            BookChange::Snapshot { .. } => books.apply(input),
        };
        !matches!(step.effect, Effect::Ignored(_)) || step.lost.is_some()
    }

    pub(crate) fn lose(&mut self, venue: Venue, loss: &BookLoss) {
        self.sets[venue_index(venue)].lose(loss);
    }

    /// Every book of a venue is stale: its connection is gone, or the program was.
    pub(crate) fn disconnect(&mut self, venue: Venue) {
        self.sets[venue_index(venue)].disconnect();
    }
}
