//! The answer: legs with exact costs, and what they pay whatever happens.

use std::fmt;

use brier_engine::MarketId;
use brier_types::{Action, BookSide, Direction, Money, Outcome, Price, Qty, Rounding, Timestamp, Venue, notional};

use crate::convert::{Conversion, Owned};
use crate::depth::Way;
use crate::hurdle::lockup;
use crate::problem::Problem;
use crate::program::NotSolved;
use crate::states::Claim;

/// One order of a set: take this much, at this price or better, at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The market.
    pub market: MarketId,
    /// Its venue.
    pub venue: Venue,
    /// Buy, or sell out of holdings.
    pub action: Action,
    /// Of which outcome.
    pub outcome: Outcome,
    /// Contracts.
    pub qty: Qty,
    /// The worst price of that outcome that the answer reckons with. It is a level of the book, so it is on the grid.
    pub limit: Price,
    /// What it costs all in; negative for what a sale brings.
    pub cost: Money,
    /// What of the cost is fees, rounding and surcharges.
    pub fees: Money,
    /// What of the fees is not charged where each level is one fill: see [`crate::depth::Priced::split`].
    pub split: Money,
    /// Contracts at the limit or better, own orders left out.
    pub depth: Qty,
}

impl Leg {
    /// The order in YES terms: the side it stands on and its limit there.
    pub const fn in_yes_terms(&self) -> (BookSide, Price) {
        Direction { action: self.action, outcome: self.outcome }.in_yes_terms(self.limit)
    }
}

/// Cash that a set needs at one venue's shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capital {
    /// The venue.
    pub venue: Venue,
    /// Its shard.
    pub shard: u16,
    /// What its purchases cost. Sales and what comes back are not counted against them: they may come later.
    pub cash: Money,
}

/// A riskless set at these quantities: exact, and positive after fees and hurdle in every state.
///
/// Riskless if every leg fills. Send the thinnest first; what later legs cannot fill has to be unwound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opportunity {
    /// The orders, the thinnest first: the one whose depth is least beyond what it takes.
    pub legs: Vec<Leg>,
    /// What comes after they have filled, in this order.
    pub steps: Vec<Conversion>,
    /// What the legs cost together, all in.
    pub cost: Money,
    /// What comes back at once, by steps.
    pub released: Money,
    /// What is paid at the end in the worst state.
    pub payoff: Money,
    /// What the locked money must earn until the last payout.
    pub hurdle: Money,
    /// Cash by venue and shard.
    pub capital: Vec<Capital>,
    /// When it was reckoned.
    pub now: Timestamp,
    /// When the last of the set's markets is expected to have paid.
    pub payout: Timestamp,
    pub(crate) owned: Vec<u64>,
    pub(crate) sold: Vec<u64>,
    pub(crate) lot: Qty,
}

impl Opportunity {
    /// What it gains in the worst state: payoff and what comes back, less cost.
    pub fn profit(&self) -> Money {
        sum([self.payoff, self.released, negated(self.cost)])
    }

    /// The same where each level is one fill: what the trade's own account will say then. Never less than [`Self::profit`], which
    /// reckons with levels made of the smallest orders that [`crate::Limits::smallest_fill`] names.
    pub fn profit_in_one_fill(&self) -> Money {
        self.legs.iter().map(|leg| leg.split).chain([self.profit()]).sum()
    }

    /// What it gains beyond the hurdle.
    pub fn gain(&self) -> Money {
        sum([self.profit(), negated(self.hurdle)])
    }

    /// What is locked up until the payout.
    pub fn locked(&self) -> Money {
        sum([self.cost, negated(self.released)]).max(Money::ZERO)
    }

    /// The profit as a share of the locked money, a year: 0.10 is 10 %. Simple. `None` when nothing is locked up or nothing is
    /// waited for: then it is gained at once.
    pub fn annual_return(&self) -> Option<f64> {
        lockup(self.locked(), self.payoff, self.now, self.payout).map(|lockup| lockup.annual_return())
    }
}

impl fmt::Display for Opportunity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for leg in &self.legs {
            let action = if leg.action == Action::Buy { "buy" } else { "sell" };
            let outcome = if leg.outcome == Outcome::Yes { "YES" } else { "NO" };
            let (qty, market, limit) = (leg.qty, leg.market, leg.limit);
            writeln!(out, "{action} {qty} {outcome} of {market} at {limit}: ${} (fees ${})", leg.cost, leg.fees)?;
        }
        for step in &self.steps {
            match step {
                Conversion::Convert { members, qty, receives } => {
                    writeln!(out, "convert {qty} NO of {} to YES of {}", list(members), list(receives))?;
                }
                Conversion::Join { market, qty } => writeln!(out, "join {qty} pairs of {market}")?,
            }
        }
        writeln!(
            out,
            "cost ${}, back at once ${}, worst payoff ${}, profit ${}, hurdle ${}",
            self.cost,
            self.released,
            self.payoff,
            self.profit(),
            self.hurdle
        )
    }
}

fn list(markets: &[MarketId]) -> String {
    if markets.is_empty() {
        return "none".to_owned();
    }
    markets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn negated(amount: Money) -> Money {
    amount.checked_neg().unwrap_or(Money::MAX)
}

fn sum<const N: usize>(amounts: [Money; N]) -> Money {
    let exact: i128 = amounts.iter().map(|amount| i128::from(amount.micros())).sum();
    Money::from_micros(i64::try_from(exact).unwrap_or(if exact < 0 { i64::MIN } else { i64::MAX }))
}

/// What whole lots come to.
pub(crate) enum Priced {
    /// They gain.
    Gains(Box<Opportunity>),
    /// They do not, or cash or a limit forbids them.
    Nothing,
    /// A leg is smaller, or worth less, than its venue takes.
    TooSmall(Claim),
}

/// Prices lots by claim exactly.
pub(crate) fn price(problem: &Problem<'_>, lots: &[u64]) -> Result<Priced, NotSolved> {
    let beyond = NotSolved::AMOUNT;
    let (set, limits) = (problem.set, &problem.limits);
    let lot = limits.lot;
    let qty = |lots: u64| lots.checked_mul(lot.micros()).and_then(Qty::from_micros);
    let mut owned = Owned { lots: lots.to_vec(), sold: vec![0; lots.len()], released: 0, steps: Vec::new() };
    let (mut legs, mut cost, mut capital) = (Vec::new(), Money::ZERO, Vec::<Capital>::new());
    let mut too_small: Option<(Money, Claim)> = None;
    for (at, wanted) in lots.iter().enumerate().filter(|(_, lots)| **lots > 0) {
        let claim = Claim::at(at);
        let (member, depth) = (&set.members()[claim.slot], problem.depth(claim));
        let terms = &member.terms;
        let leg = |action: Action, skip: u64, lots: u64| -> Option<Leg> {
            let way = if action == Action::Buy { Way::Buy } else { Way::SellOpposite };
            let (skip, qty) = (qty(skip)?, qty(lots)?);
            let priced = depth.walk(skip, qty, way, terms, limits)?;
            let paid = if action == Action::Buy { priced.notional } else { priced.notional.checked_neg()? };
            Some(Leg {
                market: member.market,
                venue: terms.venue,
                action,
                outcome: if action == Action::Buy { claim.outcome } else { claim.opposite().outcome },
                qty,
                limit: priced.limit,
                cost: paid.checked_add(priced.fees)?,
                fees: priced.fees,
                split: priced.split,
                depth: priced.depth,
            })
        };
        let worth = |leg: &Leg| notional(leg.limit, leg.qty, Rounding::Floor);
        let held = problem.lots(problem.held[claim.slot].of(claim.opposite().outcome)).min(*wanted);
        let mut sold = 0;
        if held > 0 {
            let sale = leg(Action::Sell, 0, held).ok_or(beyond)?;
            // A sale that the venue would not take is bought the other way round.
            if worth(&sale) >= terms.min_taking {
                sold = held;
                cost = cost.checked_add(sale.cost).ok_or(beyond)?;
                legs.push(sale);
                owned.lots[at] -= sold;
                owned.sold[at] = sold;
            }
        }
        if sold < *wanted {
            let purchase = leg(Action::Buy, sold, wanted - sold).ok_or(beyond)?;
            // Reached when a sale was left out.
            if purchase.qty > problem.rooms[at] {
                return Ok(Priced::Nothing);
            }
            let small = purchase.qty < terms.min_qty || worth(&purchase) < terms.min_taking;
            if small && too_small.is_none_or(|(least, _)| worth(&purchase) < least) {
                too_small = Some((worth(&purchase), claim));
            }
            cost = cost.checked_add(purchase.cost).ok_or(beyond)?;
            match capital.iter_mut().find(|it| it.venue == terms.venue && it.shard == terms.shard) {
                Some(known) => known.cash = known.cash.checked_add(purchase.cost).ok_or(beyond)?,
                None => capital.push(Capital { venue: terms.venue, shard: terms.shard, cash: purchase.cost }),
            }
            legs.push(purchase);
        }
    }
    if let Some((_, claim)) = too_small {
        return Ok(Priced::TooSmall(claim));
    }
    let enough = |it: &Capital| {
        let purse = problem.purses.iter().find(|purse| purse.venue == it.venue && purse.shard == it.shard);
        purse.is_some_and(|purse| it.cash <= purse.cash)
    };
    if !capital.iter().all(enough) {
        return Ok(Priced::Nothing);
    }
    owned.release(set, qty).ok_or(beyond)?;
    // In the worst state, against not having traded. What a sale brings is in its cost already.
    let dollars = |lots: i128| -> Result<Money, NotSolved> {
        let micros = lots.checked_mul(i128::from(lot.micros())).and_then(|micros| i64::try_from(micros).ok());
        micros.map(Money::from_micros).ok_or(beyond)
    };
    let payoff = dollars(owned.worst(set))?;
    let released = dollars(i128::from(owned.released))?;
    legs.sort_by_key(|leg| leg.depth.saturating_sub(leg.qty));
    let mut found = Opportunity {
        legs,
        steps: owned.steps,
        cost,
        released,
        payoff,
        hurdle: Money::ZERO,
        capital,
        now: problem.now,
        payout: set.payout(),
        owned: owned.lots,
        sold: owned.sold,
        lot,
    };
    found.hurdle = limits.hurdle.needed(found.locked(), problem.now, found.payout);
    let gains = found.gain() >= limits.min_gain.max(Money::from_micros(1));
    Ok(if gains { Priced::Gains(Box::new(found)) } else { Priced::Nothing })
}
