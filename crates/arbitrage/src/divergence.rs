//! Pairs that ask the same question by rules that can differ: not riskless, at most worth their risk.
//!
//! Let q be the chance that the rules diverge. If that loses both legs, a pair of cost C is worth 1 − C − q: the edge has to pay
//! q dollars a contract. If it as often wins both as it loses both, it is worth 1 − C on average, and its risk is that of a
//! directional bet of a share q of the size.
//!
//! Nothing here becomes an [`crate::Opportunity`]: a [`Conditional`] has its own type, says what it expects and what it loses, and
//! no function turns one into the other.
//!
//! Source: reference (feeds), section 9.12.

use brier_book::Level;
use brier_models::lockup::{self, Divergence};
use brier_types::{BookSide, Money, Prob, Qty, Timestamp};

use crate::opportunity::{Leg, Priced, price};
use crate::problem::{Account, Limits, Problem};
use crate::program::NotSolved;
use crate::set::{Member, Set, SetError};
use crate::states::Relation;

/// The chance that two rules end differently, as far as history tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DivergenceRate {
    mean: Prob,
    upper: Prob,
}

impl DivergenceRate {
    /// A chance that is known, or assumed.
    pub const fn known(chance: Prob) -> Self {
        Self { mean: chance, upper: chance }
    }

    /// From `compared` settled pairs of which `diverged` ended differently: the mean of Laplace's rule of succession, and the
    /// upper end of Wilson's interval at 95 %. `None` when nothing was compared or more diverged than that.
    ///
    /// Source: Wilson 1927.
    pub fn from_history(diverged: u32, compared: u32) -> Option<Self> {
        if compared == 0 || compared < diverged {
            return None;
        }
        let (k, n, z) = (f64::from(diverged), f64::from(compared), 1.959_963_984_540_054);
        let mean = Prob::new((k + 1.0) / (n + 2.0)).ok()?;
        let share = k / n;
        let spread = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
        let upper = (share + z * z / (2.0 * n) + spread) / (1.0 + z * z / n);
        Some(Self { mean, upper: Prob::new(upper.clamp(mean.get(), 1.0)).ok()? })
    }

    /// The chance to expect.
    pub const fn mean(&self) -> Prob {
        self.mean
    }

    /// The chance to be ready for: what the edge has to pay for.
    pub const fn upper(&self) -> Prob {
        self.upper
    }
}

/// Two markets that ask the same or the opposite question by rules that are not proved to be the same.
#[derive(Clone, Debug)]
pub struct AssumedPair {
    set: Set,
    rate: DivergenceRate,
}

/// What stands in the two books of a pair, best first and in YES prices: bids and asks.
pub type PairBooks<'a> = [(&'a [Level], &'a [Level]); 2];

impl AssumedPair {
    /// A pair that ends alike, or opposite with `inverse`, but for a chance of `rate`.
    ///
    /// # Errors
    /// [`SetError`] when both are the same market.
    pub fn new(first: Member, second: Member, inverse: bool, rate: DivergenceRate) -> Result<Self, SetError> {
        let relation =
            if inverse { Relation::Inverse { first: 0, second: 1 } } else { Relation::Same { first: 0, second: 1 } };
        Ok(Self { set: Set::new(vec![first, second], &[relation], Vec::new())?, rate })
    }

    /// What can be bought of it so that every contract's edge, after fees and hurdle, pays for the divergence if that loses
    /// both legs. `None` when nothing does.
    ///
    /// # Errors
    /// [`NotSolved`].
    pub fn assess(
        &self,
        limits: Limits,
        books: PairBooks<'_>,
        account: &impl Account,
        now: Timestamp,
    ) -> Result<Option<Conditional>, NotSolved> {
        // The price of divergence is put on the contracts as half a surcharge a leg, and taken off again once the size is found.
        let price_of_divergence = edge_needed(self.rate.upper);
        let mut charged = self.set.clone();
        charged.surcharge_each(Money::from_micros(price_of_divergence.micros() / 2 + price_of_divergence.micros() % 2));
        let offered = |set| {
            let mut problem = Problem::new(set, limits, account, now)?;
            for (slot, (bids, asks)) in books.iter().enumerate() {
                problem.offer(slot, BookSide::Bid, bids.iter().copied(), account);
                problem.offer(slot, BookSide::Ask, asks.iter().copied(), account);
            }
            Some(problem)
        };
        let (Some(dear), Some(plain)) = (offered(&charged), offered(&self.set)) else { return Ok(None) };
        let Some(found) = dear.solve()? else { return Ok(None) };
        let lots: Vec<u64> = found.owned.iter().zip(&found.sold).map(|(owned, sold)| owned + sold).collect();
        if !found.steps.is_empty() {
            return Ok(None);
        }
        let Priced::Gains(found) = price(&plain, &lots)? else { return Ok(None) };
        let if_same = found.payoff.checked_add(found.released).ok_or(NotSolved::AMOUNT)?;
        Ok(Some(Conditional {
            edge: found.gain(),
            needed: dollars(self.rate.upper, if_same),
            legs: found.legs,
            cost: found.cost,
            if_same,
            rate: self.rate,
        }))
    }
}

/// A pair that pays unless its rules diverge. Not riskless: for a person, or for a strategy that knows what it bets on.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditional {
    /// The orders, the thinnest first.
    pub legs: Vec<Leg>,
    /// What they cost, all in: what is lost if both legs lose.
    pub cost: Money,
    /// What is paid if the rules agree.
    pub if_same: Money,
    /// What it gains if the rules agree, after fees and hurdle.
    pub edge: Money,
    /// What the edge has to be to pay for the divergence that history does not rule out.
    pub needed: Money,
    /// How likely that is.
    pub rate: DivergenceRate,
}

impl Conditional {
    /// What it is worth on average, in dollars, after the hurdle.
    pub fn expected(&self, how: Divergence) -> Option<f64> {
        let paid = self.if_same.micros() as f64 / 1e6;
        let cost = 1.0 - self.edge.micros() as f64 / self.if_same.micros() as f64;
        lockup::mismatch_value(cost, self.rate.mean, how).map(|each| each * paid)
    }

    /// Contracts to which a limit on directional bets brings it down, when divergence wins and loses alike: of each contract, the
    /// chance of divergence is a bet.
    pub fn most(&self, directional: Qty) -> Qty {
        let chance = self.rate.upper.get();
        if chance <= 0.0 {
            return Qty::MAX;
        }
        // A quantity as a float keeps 53 bits; what it loses is less than its millionth part.
        let micros = (directional.micros() as f64 / chance).floor();
        if micros >= Qty::MAX.micros() as f64 { Qty::MAX } else { Qty::from_micros(micros as u64).unwrap_or(Qty::MAX) }
    }
}

/// A chance of an amount, rounded up to $0.000001.
fn dollars(chance: Prob, amount: Money) -> Money {
    // In whole billionths, rounded up; the product is exact.
    let share = (chance.get() * 1e9).ceil() as i128;
    let exact = share * i128::from(amount.micros().max(0));
    let micros = exact / 1_000_000_000 + i128::from(exact % 1_000_000_000 != 0);
    Money::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// The edge that a contract needs at a chance of divergence that loses both legs: that chance of a dollar, rounded up.
pub fn edge_needed(chance: Prob) -> Money {
    dollars(chance, Money::DOLLAR)
}
