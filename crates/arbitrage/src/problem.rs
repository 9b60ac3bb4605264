//! A set at one moment: what its books offer, what the account has, and what is asked of an answer.

use brier_book::{BookView, Level};
use brier_engine::MarketId;
use brier_kalshi_protocol::fees::BalancePrecision;
use brier_types::{BookSide, Money, Outcome, Price, Qty, Timestamp, Venue};

use crate::depth::{Depth, fill_step};
use crate::hurdle::Hurdle;
use crate::opportunity::Opportunity;
use crate::program::{self, NotSolved, Optimum};
use crate::round;
use crate::set::Set;
use crate::shapes;
use crate::states::Claim;

/// What bounds an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The quantity of which every leg has a whole number. It must be a multiple of every market's size step.
    pub lot: Qty,
    /// The smallest resting order that a level may be made of: a level then counts as that many fills, each with the most
    /// that its rounding can cost. `None`: a level is one fill, as when nothing else rests there.
    pub smallest_fill: Option<Qty>,
    /// The step in which the Kalshi account's balance moves.
    pub precision: BalancePrecision,
    /// How many levels of a side are walked.
    pub max_levels: usize,
    /// What locked money must earn until the last of the set's markets has paid.
    pub hurdle: Hurdle,
    /// The least gain after the hurdle.
    pub min_gain: Money,
}

impl Default for Limits {
    /// Whole contracts, each a fill of its own, an account in steps of $0.0001, 16 levels, no hurdle, any gain.
    fn default() -> Self {
        let one = Qty::from_contracts(1);
        Self {
            lot: one.expect("one contract is a quantity"),
            smallest_fill: one,
            precision: BalancePrecision::CentiCent,
            max_levels: 16,
            hurdle: Hurdle::NONE,
            min_gain: Money::from_micros(1),
        }
    }
}

/// What the account holds of a market and may sell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// YES contracts.
    pub yes: Qty,
    /// NO contracts.
    pub no: Qty,
}

impl Held {
    pub(crate) const fn of(self, outcome: Outcome) -> Qty {
        match outcome {
            Outcome::Yes => self.yes,
            Outcome::No => self.no,
        }
    }
}

/// What the account has and has out.
pub trait Account {
    /// Cash to spend on a venue's shard; [`Money::MAX`] means that cash is no bound.
    fn cash(&self, venue: Venue, shard: u16) -> Money;
    /// What may be sold. Contracts that rest in an order to sell do not count. Of a group that converts nothing is sold while there
    /// is a hurdle.
    fn held(&self, market: MarketId) -> Held;
    /// How many contracts of an outcome may be added by the position limits.
    fn room(&self, market: MarketId, outcome: Outcome) -> Qty;
    /// What of a level is the account's own, or may be: own orders are no liquidity.
    fn own(&self, market: MarketId, side: BookSide, price: Price) -> Qty;
}

/// An account without bounds, holdings or orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unlimited;

impl Account for Unlimited {
    fn cash(&self, _venue: Venue, _shard: u16) -> Money {
        Money::MAX
    }

    fn held(&self, _market: MarketId) -> Held {
        Held::default()
    }

    fn room(&self, _market: MarketId, _outcome: Outcome) -> Qty {
        Qty::MAX
    }

    fn own(&self, _market: MarketId, _side: BookSide, _price: Price) -> Qty {
        Qty::ZERO
    }
}

/// Where money is: a venue's shard, and the cash there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purse {
    /// The venue.
    pub venue: Venue,
    /// Its shard.
    pub shard: u16,
    /// Dollars to spend; [`Money::MAX`] for no bound.
    pub cash: Money,
}

/// What is asked: see the module's head.
#[derive(Clone, Debug)]
pub struct Problem<'a> {
    pub(crate) set: &'a Set,
    pub(crate) limits: Limits,
    pub(crate) now: Timestamp,
    /// Supply by [`Claim::index`].
    pub(crate) depths: Vec<Depth>,
    pub(crate) held: Vec<Held>,
    /// What may be bought by [`Claim::index`].
    pub(crate) rooms: Vec<Qty>,
    pub(crate) purses: Vec<Purse>,
    /// The hurdle's share of locked capital.
    pub(crate) share: f64,
}

impl<'a> Problem<'a> {
    /// A set with nothing on offer yet.
    ///
    /// `None` when [`Limits::lot`] is zero or no multiple of a market's size step: no quantity would do.
    pub fn new(set: &'a Set, limits: Limits, account: &impl Account, now: Timestamp) -> Option<Self> {
        let fits = |step: Qty| step.is_zero() || limits.lot.is_multiple_of(step);
        if limits.lot.is_zero() || !set.members().iter().all(|member| fits(member.terms.size_step)) {
            return None;
        }
        let mut purses: Vec<Purse> = Vec::new();
        for member in set.members() {
            let (venue, shard) = (member.terms.venue, member.terms.shard);
            if !purses.iter().any(|purse| purse.venue == venue && purse.shard == shard) {
                purses.push(Purse { venue, shard, cash: account.cash(venue, shard).max(Money::ZERO) });
            }
        }
        let share = limits.hurdle.share(now, set.payout());
        // What is bought of a group is converted for the hurdle's sake. Were holdings of it sold as well, the answer would sell and
        // buy the same tokens to free the holdings' own money, which is no part of the set.
        let stays = |slot: usize| share > 0.0 && set.groups().iter().any(|group| group.contains(&slot));
        let held = set.members().iter().enumerate();
        let held = held.map(|(slot, member)| if stays(slot) { Held::default() } else { account.held(member.market) });
        Some(Self {
            set,
            limits,
            now,
            depths: vec![Depth::default(); set.members().len() * 2],
            rooms: vec![Qty::MAX; set.members().len() * 2],
            held: held.collect(),
            purses,
            share,
        })
    }

    /// Offers what stands on one side of a market's book: asks are YES to buy, bids are NO. Best first, in YES prices; own
    /// orders are left out.
    ///
    /// # Panics
    /// When the set has no market at `slot`.
    pub fn offer(
        &mut self,
        slot: usize,
        side: BookSide,
        levels: impl IntoIterator<Item = Level>,
        account: &impl Account,
    ) {
        let member = &self.set.members()[slot];
        let claim = Claim { slot, outcome: side.opposite().outcome() };
        let others = levels.into_iter().filter_map(|level| {
            let qty = level.qty.saturating_sub(account.own(member.market, side, level.price));
            (!qty.is_zero()).then_some(Level { price: level.price, qty })
        });
        let room = account.room(member.market, claim.outcome);
        self.rooms[claim.index()] = room;
        // Selling what is held takes no room. Both are whole lots, or a fraction of one would be bought beyond the room.
        let held = self.held[slot].of(claim.opposite().outcome);
        let lots = self.lots(room).saturating_add(self.lots(held));
        let most = lots.checked_mul(self.limits.lot.micros()).and_then(Qty::from_micros).unwrap_or(Qty::MAX);
        self.depths[claim.index()] = Depth::new(claim.outcome, others, &member.terms, &self.limits, most);
    }

    /// Offers both sides of a book that can be believed.
    ///
    /// # Panics
    /// When the set has no market at `slot`.
    pub fn offer_book(&mut self, slot: usize, book: &BookView<'_>, account: &impl Account) {
        for side in [BookSide::Bid, BookSide::Ask] {
            self.offer(slot, side, book.levels(side), account);
        }
    }

    /// Its set.
    pub const fn set(&self) -> &'a Set {
        self.set
    }

    /// Its bounds.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The supply of a claim.
    ///
    /// # Panics
    /// When the set has no such market.
    pub fn depth(&self, claim: Claim) -> &Depth {
        &self.depths[claim.index()]
    }

    /// The cash that bounds it, by venue and shard.
    pub fn purses(&self) -> &[Purse] {
        &self.purses
    }

    /// The hurdle as a share of locked capital, from now until the last payout.
    pub const fn hurdle_share(&self) -> f64 {
        self.share
    }

    /// What is held of a market.
    ///
    /// # Panics
    /// When the set has no market at `slot`.
    pub fn held(&self, slot: usize) -> Held {
        self.held[slot]
    }

    /// Contracts in one lot.
    pub(crate) fn lot_contracts(&self) -> f64 {
        self.limits.lot.micros() as f64 / Qty::PER_CONTRACT as f64
    }

    /// Whole lots in a quantity.
    pub(crate) const fn lots(&self, qty: Qty) -> u64 {
        qty.micros() / self.limits.lot.micros()
    }

    /// The best that can be had in the program's numbers: by a closed form if there is one, else by the program. `None`
    /// when nothing gains.
    ///
    /// # Errors
    /// [`NotSolved`].
    pub fn optimum(&self) -> Result<Option<Optimum>, NotSolved> {
        match shapes::optimum(self) {
            Some(found) => Ok(found),
            None => program::optimum(self),
        }
    }

    /// The answer: whole lots, priced exactly. `None` when nothing gains after rounding, fees and hurdle.
    ///
    /// A leg below its venue's least worth is left out and the rest is asked again.
    ///
    /// # Errors
    /// [`NotSolved`]: the program found no certified optimum; there is no answer.
    pub fn solve(mut self) -> Result<Option<Opportunity>, NotSolved> {
        let mut best: Option<Opportunity> = None;
        // Each round takes a claim away, so there are at most as many as claims.
        while let Some(optimum) = self.optimum()? {
            let round::Rounded { opportunity, too_small } = round::round(&self, &optimum)?;
            if let Some(found) = opportunity {
                best = match best {
                    Some(known) if found.gain() <= known.gain() => Some(known),
                    Some(_) | None => Some(found),
                };
            }
            let Some(claim) = too_small else { break };
            self.depths[claim.index()].clear();
        }
        Ok(best)
    }
}

impl Problem<'_> {
    /// What a purse may be planned to spend, in dollars: its cash, less what rounding may add to the program's costs.
    pub fn spendable(&self, purse: &Purse) -> f64 {
        let mut reserve = 0;
        for (at, depth) in self.depths.iter().enumerate() {
            let terms = &self.set.members()[Claim::at(at).slot].terms;
            if (terms.venue, terms.shard) == (purse.venue, purse.shard) {
                // Of each level: its amount, its fee and its surcharge up to their steps, and a fill more.
                reserve +=
                    depth.levels().len() as i64 * (2 * fill_step(terms.fees, self.limits.precision).micros() + 2);
            }
        }
        (purse.cash.micros().saturating_sub(reserve)).max(0) as f64 / 1e6
    }
}
