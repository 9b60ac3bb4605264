//! What no order and no position may exceed, as plain values.
//!
//! The defaults suit a small account of about a thousand dollars: whoever has more to lose raises them knowingly.

use std::time::Duration;

use brier_types::{Money, Price, Qty, Venue};

use crate::ids::StrategyId;
use crate::instrument::venue_index;

/// No order can ask for more: sums over many orders still fit 64 bits.
const MOST_CONTRACTS: Qty = match Qty::from_contracts(1_000_000_000) {
    Some(qty) => qty,
    None => Qty::MAX,
};

/// A billion dollars: an amount that bounds nothing.
const MOST_DOLLARS: Money = Money::from_micros(1_000_000_000_000_000);

/// What a price is held against when the side that an order would trade with is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EmptySide {
    /// The last middle of a trusted book that had both sides, while it is no older than [`Limits::mid_max_age`]; then a
    /// fresh fair value; else refuse.
    LastMid,
    /// A fresh fair value; else refuse.
    Fair,
    /// Refuse.
    Refuse,
}

/// How many orders may be placed or changed in how much time. Cancels are never held up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Orders a second, in the long run.
    pub per_second: u32,
    /// Most orders at once.
    pub burst: u32,
}

/// What one strategy may do, beside what all may do together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Contracts that it may own in one market, of either outcome, with everything that rests filled.
    pub max_position: Qty,
    /// Dollars that its positions and orders may lose at worst, over all events.
    pub max_exposure: Money,
    /// Orders that it may have open.
    pub max_orders: u32,
    /// Dollars that it may lose in a day before it is halted.
    pub max_day_loss: Money,
    /// Whether it may own NO by selling YES that it does not have. If not, its asks never exceed the YES that it owns.
    pub may_open_short: bool,
    /// Whether it needs a fresh fair value for every order that does not close.
    pub needs_fair: bool,
}

impl Budget {
    /// Nothing beyond what holds for all.
    pub const UNBOUNDED: Self = Self {
        max_position: MOST_CONTRACTS,
        max_exposure: MOST_DOLLARS,
        max_orders: u32::MAX,
        max_day_loss: MOST_DOLLARS,
        may_open_short: true,
        needs_fair: false,
    };
}

/// All limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Contracts of one order.
    pub max_order_qty: Qty,
    /// Dollars that one order pays for the outcome its side wants, or gives up of it, at its limit price and without fees.
    pub max_order_cost: Money,
    /// How far beyond the best price of the other side an order may go, in price steps of $0.0001.
    pub collar_book: Price,
    /// How far beyond a fresh fair value an order may go, in price steps of $0.0001; none does not look at it.
    pub collar_fair: Option<Price>,
    /// What is done when the other side is empty.
    pub empty_side: EmptySide,
    /// How long the last middle of a book counts.
    pub mid_max_age: Duration,
    /// Whether exits, and orders by hand, may be placed while the book cannot be believed.
    pub exits_without_book: bool,
    /// Nothing that does not close is placed in the last stretch before a market closes.
    pub no_new_before_close: Duration,
    /// Contracts that the account may own in one market, of either outcome, with everything that rests filled.
    pub max_position: Qty,
    /// Dollars that one event may lose at worst, over its outcomes, with everything that rests at its worst.
    pub max_event_loss: Money,
    /// Dollars that all events of a venue may lose at worst: Kalshi, Polymarket.
    pub max_venue_exposure: [Money; 2],
    /// Dollars that all events of all venues may lose at worst.
    pub max_exposure: Money,
    /// Dollars that legs of combos without their counterparts may have cost, over all combos together: what is lost at worst
    /// when every hedge fails. Orders in doubt and matches that may still fail count as whichever is worse.
    pub max_open_leg: Money,
    /// Dollars of each venue's shard that no order may use.
    pub cash_reserve: Money,
    /// Open orders in all.
    pub max_orders: u32,
    /// Open orders of one market.
    pub max_orders_in_market: u32,
    /// How fast orders may be placed and changed: Kalshi, Polymarket.
    pub rates: [Rate; 2],
    /// Rejections in a row that halt a market.
    pub max_rejects_in_market: u32,
    /// Rejections in a row, in whatever markets, that halt a venue.
    pub max_rejects_at_venue: u32,
    /// Dollars that may be lost in a day, realized or not, fees included, before everything is halted.
    pub max_day_loss: Money,
    /// Dollars that equity may fall below the day's highest before everything is halted.
    pub max_drawdown: Money,
    /// When the day begins, after midnight UTC.
    pub day_starts_at: Duration,
    /// Budgets by the place of the strategy; who has none is bounded by nothing but what bounds all.
    pub budgets: Vec<Budget>,
}

impl Default for Limits {
    fn default() -> Self {
        let dollars = |dollars: i64| Money::from_micros(dollars * Money::DOLLAR.micros());
        let contracts = |contracts| Qty::from_contracts(contracts).expect("a few contracts are a quantity");
        let cents = |cents| Price::from_cents(cents).expect("a few cents are a price");
        Self {
            max_order_qty: contracts(100),
            max_order_cost: dollars(50),
            collar_book: cents(5),
            collar_fair: Some(cents(10)),
            empty_side: EmptySide::LastMid,
            mid_max_age: Duration::from_mins(1),
            exits_without_book: false,
            no_new_before_close: Duration::from_mins(1),
            max_position: contracts(200),
            max_event_loss: dollars(100),
            max_venue_exposure: [dollars(250), dollars(250)],
            max_exposure: dollars(400),
            max_open_leg: dollars(50),
            cash_reserve: Money::ZERO,
            max_orders: 100,
            max_orders_in_market: 20,
            rates: [Rate { per_second: 5, burst: 10 }; 2],
            max_rejects_in_market: 5,
            max_rejects_at_venue: 15,
            max_day_loss: dollars(50),
            max_drawdown: dollars(75),
            day_starts_at: Duration::ZERO,
            budgets: Vec::new(),
        }
    }
}

/// A limit that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("limit `{field}`: expected {expected}, found {found}")]
pub struct LimitError {
    /// Which limit.
    pub field: &'static str,
    /// What it should have been.
    pub expected: &'static str,
    /// What was found.
    pub found: String,
}

impl Limits {
    /// Limits that stand in no test's way. They bound nothing: never trade with them.
    pub fn unlimited_for_tests() -> Self {
        Self {
            max_order_qty: MOST_CONTRACTS,
            max_order_cost: MOST_DOLLARS,
            collar_book: Price::ONE,
            collar_fair: None,
            empty_side: EmptySide::LastMid,
            mid_max_age: Duration::from_hours(24 * 365),
            exits_without_book: true,
            no_new_before_close: Duration::ZERO,
            max_position: MOST_CONTRACTS,
            max_event_loss: MOST_DOLLARS,
            max_venue_exposure: [MOST_DOLLARS; 2],
            max_exposure: MOST_DOLLARS,
            max_open_leg: MOST_DOLLARS,
            cash_reserve: Money::ZERO,
            max_orders: 1_000_000,
            max_orders_in_market: 1_000_000,
            rates: [Rate { per_second: 1_000_000, burst: 1_000_000 }; 2],
            max_rejects_in_market: 1_000_000,
            max_rejects_at_venue: 1_000_000,
            max_day_loss: MOST_DOLLARS,
            max_drawdown: MOST_DOLLARS,
            day_starts_at: Duration::ZERO,
            budgets: Vec::new(),
        }
    }

    /// What a strategy may do.
    pub fn budget(&self, strategy: StrategyId) -> &Budget {
        self.budgets.get(strategy.index()).unwrap_or(&Budget::UNBOUNDED)
    }

    /// How fast orders may go to a venue.
    pub const fn rate(&self, venue: Venue) -> Rate {
        self.rates[venue_index(venue)]
    }

    /// Whether every limit is one.
    ///
    /// # Errors
    /// [`LimitError`] naming the first that is not.
    pub fn validate(&self) -> Result<(), LimitError> {
        qty("max_order_qty", self.max_order_qty)?;
        qty("max_position", self.max_position)?;
        money("max_order_cost", self.max_order_cost)?;
        money("max_event_loss", self.max_event_loss)?;
        money("max_venue_exposure", self.max_venue_exposure[0])?;
        money("max_venue_exposure", self.max_venue_exposure[1])?;
        money("max_exposure", self.max_exposure)?;
        money("max_open_leg", self.max_open_leg)?;
        money("cash_reserve", self.cash_reserve)?;
        money("max_day_loss", self.max_day_loss)?;
        money("max_drawdown", self.max_drawdown)?;
        for rate in self.rates {
            counted("rates.per_second", rate.per_second)?;
            counted("rates.burst", rate.burst)?;
        }
        counted("max_rejects_in_market", self.max_rejects_in_market)?;
        counted("max_rejects_at_venue", self.max_rejects_at_venue)?;
        if self.day_starts_at >= Duration::from_hours(24) {
            return error(
                "day_starts_at",
                "less than 24 hours after midnight UTC",
                format!("{:?}", self.day_starts_at),
            );
        }
        for budget in &self.budgets {
            qty("budgets.max_position", budget.max_position)?;
            money("budgets.max_exposure", budget.max_exposure)?;
            money("budgets.max_day_loss", budget.max_day_loss)?;
        }
        Ok(())
    }
}

fn error(field: &'static str, expected: &'static str, found: String) -> Result<(), LimitError> {
    Err(LimitError { field, expected, found })
}

fn qty(field: &'static str, qty: Qty) -> Result<(), LimitError> {
    if qty <= MOST_CONTRACTS {
        return Ok(());
    }
    error(field, "at most a billion contracts", qty.to_string())
}

fn money(field: &'static str, money: Money) -> Result<(), LimitError> {
    if (Money::ZERO..=MOST_DOLLARS).contains(&money) {
        return Ok(());
    }
    error(field, "dollars, not negative, at most a billion", money.to_string())
}

fn counted(field: &'static str, count: u32) -> Result<(), LimitError> {
    if count > 0 {
        return Ok(());
    }
    error(field, "at least 1", count.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_limits_and_so_are_those_of_tests() {
        assert_eq!(Limits::default().validate(), Ok(()));
        assert_eq!(Limits::unlimited_for_tests().validate(), Ok(()));
    }

    #[test]
    fn what_is_no_limit_is_named() {
        let limits = Limits { max_event_loss: Money::from_micros(-1), ..Limits::default() };
        assert_eq!(
            limits.validate().unwrap_err().to_string(),
            "limit `max_event_loss`: expected dollars, not negative, at most a billion, found -0.000001"
        );
        let limits = Limits { max_rejects_in_market: 0, ..Limits::default() };
        assert_eq!(limits.validate().unwrap_err().field, "max_rejects_in_market");
        let budget = Budget { max_exposure: Money::MAX, ..Budget::UNBOUNDED };
        let limits = Limits { budgets: vec![Budget::UNBOUNDED, budget], ..Limits::default() };
        assert_eq!(limits.validate().unwrap_err().field, "budgets.max_exposure");
    }
}
