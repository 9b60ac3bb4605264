//! What a strategy is: it listens, looks at a read-only view, and says what it wants to have.
//!
//! A strategy states desire; execution finds the way. It cannot send anything: what it wants passes execution, which finds
//! the fewest requests, and risk, which admits or refuses each. It is pure: time and data come with the view.

use std::time::Duration;

use brier_types::{BookSide, Money, Price, Prob, PublicTrade, Qty, Timestamp, Venue};

use crate::fact::Fact;
use crate::ids::{MarketId, StrategyId};
use crate::view::View;

/// What happened, for a strategy.
#[derive(Clone, Copy, Debug)]
pub enum Signal<'a> {
    /// The run began; markets are listed, books may not be there yet.
    Start,
    /// A market's book changed, or can no longer be read.
    Book(MarketId),
    /// Somebody traded.
    Trade(MarketId, &'a PublicTrade),
    /// One of the strategy's own orders filled, or a fill failed.
    Fill(MarketId),
    /// A fair value came.
    Fair(MarketId),
    /// A fact came of a series that the strategy listens to.
    Fact(&'a Fact),
    /// A market opened, paused, closed, or has a result.
    Status(MarketId),
    /// Time passed; comes at least once a second.
    Timer,
}

/// What a strategy listens to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// These markets, by venue and name.
    pub markets: Vec<(Venue, brier_types::MarketTicker)>,
    /// Every listed market.
    pub all_markets: bool,
    /// Facts of these series.
    pub series: Vec<String>,
}

/// A strategy.
pub trait Strategy: Send {
    /// Its kind, for people: `market_maker`.
    fn name(&self) -> &str;

    /// What it listens to. Asked once at the start of a run.
    fn interest(&self) -> Interest;

    /// Takes one signal. What it says in `wants` holds until it says something else for that market.
    fn on(&mut self, signal: Signal<'_>, view: &View<'_>, wants: &mut Wants);

    /// Its state, if it has any that a restart must not lose.
    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Takes back what [`Strategy::save`] gave.
    ///
    /// # Errors
    /// What does not fit, for people. The strategy starts anew then.
    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        if state.is_empty() { Ok(()) } else { Err(format!("expected no state, found {} bytes", state.len())) }
    }
}

/// What an order may do to a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Anything within the limits.
    Any,
    /// Only shrink what this strategy owns, less what it already offers.
    Close,
}

/// A quote that a strategy wants to have resting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The side of the YES book.
    pub side: BookSide,
    /// Limit price of one YES contract; rounded away from the market to the grid.
    pub price: Price,
    /// Contracts that shall rest.
    pub qty: Qty,
    /// What it may do to the position.
    pub purpose: Purpose,
}

/// An order that a strategy wants to take with, now or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Take {
    /// The side of the YES book.
    pub side: BookSide,
    /// The worst price.
    pub limit: Price,
    /// The most contracts.
    pub qty: Qty,
    /// What it may do to the position.
    pub purpose: Purpose,
}

/// One leg of a combo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The market. Each leg has one of its own.
    pub market: MarketId,
    /// The side of the YES book: a bid buys YES, an ask buys NO.
    pub side: BookSide,
    /// The worst YES price; of a first leg that rests, the price at which it does.
    pub limit: Price,
    /// The YES price that the strategy saw. Expected profit is reckoned from it; nothing else is.
    pub seen: Price,
}

/// What is done when a leg fills less than the legs before it, or a match of it fails on its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnShortfall {
    /// Complete the set at a worse price or sell what is left over, whichever brings more by the books of the moment, as long
    /// as it loses at most this a contract; what neither can be done with is held, and told.
    Unwind {
        /// Price steps of $0.0001 a contract: of a completed set what it may cost beyond what it pays, of a sale what it may
        /// bring less than its contracts cost. All fees are in both, those paid and those of the way out.
        max_loss: u16,
    },
    /// Complete the set at the legs' own limits if that becomes possible; else hold, and tell.
    Hold,
}

/// How the first leg is filled. All others take, now or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It takes, now or never.
    Immediate,
    /// It rests as post-only at its limit, and each of its fills is hedged at once.
    MakerFirst {
        /// How long at most. It is taken back before that when the hedge is no longer there.
        rest_for: Duration,
    },
}

/// Several orders of which each is only worth having with the others: equal contracts in every leg.
///
/// The engine looks at everything again before each leg: books, halts, depth, and whether the set still pays. It never holds
/// more of a leg without the others than [`crate::risk::Limits::max_open_leg`] allows, over all combos together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Combo {
    /// The legs in the order in which they are sent, the least certain first: [`crate::legs::least_certain_first`].
    pub legs: Vec<Leg>,
    /// The most contracts of each leg.
    pub qty: Qty,
    /// Dollars that one contract of every leg together pays in the worst state of the world.
    pub pays: Money,
    /// Least profit of one contract of every leg together in that state, in dollars after fees. Negative for legs that are
    /// wanted at a loss.
    pub least: Money,
    /// How the first leg is filled.
    pub manner: Manner,
    /// What happens with a leg left open.
    pub on_shortfall: OnShortfall,
    /// How long a leg is left open while nothing can be done about it. After that it is held, and told.
    pub patience: Duration,
}

impl Combo {
    /// A combo whose legs all take, with no loss intended, a cent of loss to get out of an open leg, and half a minute to do so.
    pub const fn new(legs: Vec<Leg>, qty: Qty, pays: Money) -> Self {
        Self {
            legs,
            qty,
            pays,
            least: Money::ZERO,
            manner: Manner::Immediate,
            on_shortfall: OnShortfall::Unwind { max_loss: 100 },
            patience: Duration::from_secs(30),
        }
    }
}

/// One want, as it is kept and written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// These quotes, and no others, in this market.
    Quotes {
        /// The market.
        market: MarketId,
        /// The quotes; none takes everything back.
        quotes: Vec<Quote>,
    },
    /// One taking order.
    Take {
        /// The market.
        market: MarketId,
        /// What.
        take: Take,
    },
    /// One combo.
    Combo(Combo),
}

/// What a strategy thinks a market is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Opinion {
    /// The market.
    pub market: MarketId,
    /// Chance of YES.
    pub prob: Prob,
    /// When the oldest data behind it was true.
    pub as_of: Timestamp,
    /// How long after that it may still decide.
    pub valid_for: Duration,
}

/// Where a strategy says what it wants. Reused, so that saying it allocates nothing.
#[derive(Clone, Debug, Default)]
pub struct Wants {
    pub(crate) markets: Vec<(MarketId, u32)>,
    pub(crate) quotes: Vec<Quote>,
    pub(crate) takes: Vec<(MarketId, Take)>,
    pub(crate) combos: Vec<Combo>,
    pub(crate) fairs: Vec<Opinion>,
    pub(crate) wake: Option<Timestamp>,
}

impl Wants {
    /// Nothing said.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on these quotes, and no others, shall rest in `market`. An empty list takes everything back.
    pub fn quotes(&mut self, market: MarketId, quotes: &[Quote]) {
        self.quotes.extend_from_slice(quotes);
        self.markets.push((market, quotes.len() as u32));
    }

    /// Take, now or never. While another taking order of this strategy is under way in the market, nothing is sent.
    pub fn take(&mut self, market: MarketId, take: Take) {
        self.takes.push((market, take));
    }

    /// Trade several legs together.
    pub fn combo(&mut self, combo: Combo) {
        self.combos.push(combo);
    }

    /// What a market is worth from now on, as if [`crate::Input::Fair`] had said so: risk holds prices against it, and other
    /// strategies may trade on it. Of two opinions the one on newer data stands, on the same data the later one.
    pub fn fair(&mut self, opinion: Opinion) {
        self.fairs.push(opinion);
    }

    /// Signal the strategy again at this time.
    pub fn wake_at(&mut self, at: Timestamp) {
        self.wake = Some(self.wake.map_or(at, |known| known.min(at)));
    }

    pub(crate) fn clear(&mut self) {
        self.markets.clear();
        self.quotes.clear();
        self.takes.clear();
        self.combos.clear();
        self.fairs.clear();
        self.wake = None;
    }

    /// Takes a want that was written down.
    pub fn push(&mut self, want: Want) {
        match want {
            Want::Quotes { market, quotes } => self.quotes(market, &quotes),
            Want::Take { market, take } => self.take(market, take),
            Want::Combo(combo) => self.combo(combo),
        }
    }
}

/// A strategy's name in a configuration, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrategyName {
    /// Its place.
    pub id: StrategyId,
    /// Its name.
    pub name: String,
}
