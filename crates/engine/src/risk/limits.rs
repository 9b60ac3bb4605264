//! What may not be exceeded.

use std::time::Duration;

use brier_types::{Money, Price, Qty};

use crate::ids::StrategyId;

/// What one strategy may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Most contracts in one market, YES or NO, with everything under way.
    pub max_position: Qty,
    /// Most dollars that its positions cost and its orders may cost.
    pub max_exposure: Money,
    /// Whether it may own NO: without it, it sells only what it owns.
    pub may_open_no: bool,
}

impl Budget {
    /// Nothing beyond what holds for all.
    pub const UNBOUNDED: Self = Self { max_position: Qty::MAX, max_exposure: Money::MAX, may_open_no: true };
}

/// What may not be exceeded. The defaults suit an account of a few hundred dollars: raise them knowingly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most contracts in one market, YES or NO, with everything under way.
    pub max_position: Qty,
    /// Most contracts of one order.
    pub max_order: Qty,
    /// Most dollars that one event may lose in its worst outcome, with everything under way.
    pub max_event_loss: Money,
    /// Most dollars that all events together may lose.
    pub max_exposure: Money,
    /// The same by venue: Kalshi, Polymarket.
    pub max_venue_exposure: [Money; 2],
    /// Dollars that stay untouched on each shard.
    pub min_cash: Money,
    /// How far an order may reach beyond the best price of the other side, in price steps of $0.0001.
    pub collar_book: Price,
    /// How far an order may reach beyond a fresh fair value, in price steps of $0.0001.
    pub collar_fair: Price,
    /// No new positions this long before a market closes.
    pub no_new_before_close: Duration,
    /// Most orders that may be open.
    pub max_open_orders: u32,
    /// Most orders that may be open in one market.
    pub max_open_orders_in_market: u32,
    /// Orders and changes a second, at each venue.
    pub orders_per_second: u32,
    /// Most orders and changes at once.
    pub order_burst: u32,
    /// So many rejections in a row stop a market, three times as many its venue.
    pub max_rejections: u32,
    /// Most dollars of loss a day (UTC), open positions at their mark.
    pub max_day_loss: Money,
    /// Most dollars below the highest equity.
    pub max_drawdown: Money,
    /// By strategy; missing ones have no budget of their own.
    pub budgets: Vec<Budget>,
}

/// A limit that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("limit {name}: expected {expected}, found {found}")]
pub struct LimitError {
    /// Which limit.
    pub name: &'static str,
    /// What it must be.
    pub expected: &'static str,
    /// What it is.
    pub found: String,
}

impl Default for Limits {
    fn default() -> Self {
        let dollars = |dollars: i64| Money::from_micros(dollars * 1_000_000);
        let contracts = |contracts| Qty::from_contracts(contracts).expect("a small number of contracts fits");
        Self {
            max_position: contracts(100),
            max_order: contracts(50),
            max_event_loss: dollars(100),
            max_exposure: dollars(300),
            max_venue_exposure: [dollars(300); 2],
            min_cash: Money::ZERO,
            collar_book: Price::from_cents(5).expect("five cents are a price"),
            collar_fair: Price::from_cents(10).expect("ten cents are a price"),
            no_new_before_close: Duration::from_secs(5),
            max_open_orders: 200,
            max_open_orders_in_market: 20,
            orders_per_second: 10,
            order_burst: 20,
            max_rejections: 5,
            max_day_loss: dollars(50),
            max_drawdown: dollars(100),
            budgets: Vec::new(),
        }
    }
}

impl Limits {
    /// What a strategy may do.
    pub fn budget(&self, strategy: StrategyId) -> Budget {
        self.budgets.get(strategy.index()).copied().unwrap_or(Budget::UNBOUNDED)
    }

    /// Limits that bind nothing, for tests of what is not risk.
    #[doc(hidden)]
    pub fn unlimited_for_tests() -> Self {
        Self {
            max_position: Qty::MAX,
            max_order: Qty::MAX,
            max_event_loss: Money::MAX,
            max_exposure: Money::MAX,
            max_venue_exposure: [Money::MAX; 2],
            min_cash: Money::ZERO,
            collar_book: Price::ONE,
            collar_fair: Price::ONE,
            no_new_before_close: Duration::ZERO,
            max_open_orders: 10_000,
            max_open_orders_in_market: 10_000,
            orders_per_second: 1_000_000,
            order_burst: 1_000_000,
            max_rejections: 1_000,
            max_day_loss: Money::MAX,
            max_drawdown: Money::MAX,
            budgets: Vec::new(),
        }
    }

    /// Whether the limits make sense together.
    ///
    /// # Errors
    /// The first that does not.
    pub fn validate(&self) -> Result<(), LimitError> {
        let wrong = |name, expected, found: &dyn std::fmt::Display| {
            Err(LimitError { name, expected, found: found.to_string() })
        };
        if self.max_order.is_zero() {
            return wrong("max_order", "more than nothing", &self.max_order);
        }
        if self.max_position < self.max_order {
            return wrong("max_position", "at least max_order", &self.max_position);
        }
        for (name, amount) in [
            ("max_event_loss", self.max_event_loss),
            ("max_exposure", self.max_exposure),
            ("max_day_loss", self.max_day_loss),
            ("max_drawdown", self.max_drawdown),
        ] {
            if amount <= Money::ZERO {
                return wrong(name, "more than $0", &amount);
            }
        }
        if self.orders_per_second == 0 || self.order_burst == 0 {
            return wrong("orders_per_second", "at least 1, and a burst of at least 1", &self.orders_per_second);
        }
        Ok(())
    }
}
