//! Positions that are closed by rule: when what is left to earn does not pay, at a stop, before the close.
//!
//! Legs of combos are exempt: a complete set pays whatever happens, so its legs wait for that, and a set that is being
//! completed or sold has its own rule. What a combo gave up and holds open is a position like any other.

use brier_types::{BookSide, Outcome, Price, Qty, Rounding, Timestamp, notional};

use super::Engine;
use crate::command::Command;
use crate::config::ExitRules;
use crate::ids::{MarketId, StrategyId};
use crate::order::{Order, Role};
use crate::strategy::{Purpose, Quote, Take};

/// How long a strategy takes nothing new where a rule has closed its position.
const STAY_OUT: std::time::Duration = std::time::Duration::from_mins(10);
const SECONDS_A_YEAR: u64 = 31_557_600;

impl Engine {
    /// Looks whether any strategy's position in a market is to be closed now.
    ///
    /// Quotes of our own that the exit would meet are taken back first: [`Engine::is_in_the_way`] leaves them unserved.
    pub(super) fn run_exits(&mut self, market: MarketId, out: &mut Vec<Command>) {
        for strategy in 0..self.config.exits.len().min(self.seats.len()) {
            let (strategy, rules) = (StrategyId(strategy as u16), self.config.exits[strategy]);
            for outcome in [Outcome::Yes, Outcome::No] {
                let Some(take) = self.exit(strategy, market, outcome, &rules) else { continue };
                let meets = |order: &Order| order.role == Role::Quote && order.may_cross(take.side, take.limit);
                if !self.state.orders.live_in(market).any(meets)
                    && self.take(strategy, market, take, Role::Exit, out).is_some()
                {
                    let now = self.now;
                    self.desk.left.retain(|(_, _, until)| now < *until);
                    self.desk.left.push((strategy, market, now.plus(STAY_OUT)));
                }
            }
        }
    }

    /// Whether a rule has just closed what the strategy held here, or would close it at once: its opinion has not changed, so it
    /// would buy back what was sold, again and again.
    pub(super) fn is_left(&self, strategy: StrategyId, market: MarketId) -> bool {
        let close_time = self.state.universe.get(market).market.close_time;
        let rules = self.config.exits.get(strategy.index());
        rules.is_some_and(|rules| before_close(rules, self.now, close_time))
            || self.desk.left.iter().any(|(who, at, until)| *who == strategy && *at == market && self.now < *until)
    }

    /// Whether a quote would meet an exit that is due, or a combo's next order: what closes goes before what opens, and a leg
    /// that is awaited before a quote.
    pub(super) fn is_in_the_way(&self, market: MarketId, quote: &Quote) -> bool {
        self.meets_a_leg(market, quote) || self.meets_an_exit(market, quote)
    }

    fn meets_an_exit(&self, market: MarketId, quote: &Quote) -> bool {
        (0..self.config.exits.len().min(self.seats.len())).any(|strategy| {
            let (strategy, rules) = (StrategyId(strategy as u16), &self.config.exits[strategy]);
            let venue = self.state.universe.get(market).venue();
            // An exit that may not be sent is in nobody's way.
            let may_exit = self.state.halts.refuses(strategy, venue, market).is_none();
            may_exit
                && [Outcome::Yes, Outcome::No].into_iter().any(|outcome| {
                    self.exit(strategy, market, outcome, rules).is_some_and(|take| match take.side {
                        BookSide::Ask => quote.side == BookSide::Bid && quote.price >= take.limit,
                        BookSide::Bid => quote.side == BookSide::Ask && quote.price <= take.limit,
                    })
                })
        })
    }

    fn exit(&self, strategy: StrategyId, market: MarketId, outcome: Outcome, rules: &ExitRules) -> Option<Take> {
        let position = self.state.portfolio.strategy(strategy, market);
        if *rules == ExitRules::default() {
            return None;
        }
        let all = position.held(outcome);
        let held = all.saturating_sub(self.locked(strategy, market, outcome));
        if held.is_zero() {
            return None;
        }
        let book = self.state.books.view(market).ok()?;
        // What a contract of this outcome can be sold for now, in its own price.
        let (side, best) = match outcome {
            Outcome::Yes => (BookSide::Ask, book.best_bid()?.price),
            Outcome::No => (BookSide::Bid, book.best_ask()?.price.complement()),
        };
        let close_time = self.state.universe.get(market).market.close_time;
        let cost = match outcome {
            Outcome::Yes => position.yes.cost,
            Outcome::No => position.no.cost,
        };
        let due = before_close(rules, self.now, close_time)
            || converged(rules, best, self.now, close_time)
            || stopped(rules, best, all, cost.micros());
        if !due {
            return None;
        }
        let worst = Price::new(best.pips().saturating_sub(rules.slippage.pips())).unwrap_or(Price::ZERO);
        // Near its end the slippage reaches beyond the last price at which anybody may trade.
        let grid = &self.state.universe.get(market).market.grid;
        let limit = match outcome {
            Outcome::Yes => worst.max(grid.above(Price::ZERO)?),
            Outcome::No => worst.complement().min(grid.below(Price::ONE)?),
        };
        Some(Take { side, limit, qty: held, purpose: Purpose::Close })
    }
}

fn before_close(rules: &ExitRules, now: Timestamp, close_time: Timestamp) -> bool {
    rules.before_close.is_some_and(|before| now < close_time && close_time.since(now) <= before)
}

/// Whether what is left to earn on a contract is no more than the risk's price and what its capital must earn until then.
///
/// Capital is what selling would free: the price itself. The hurdle is simple interest, rounded up to a price step.
fn converged(rules: &ExitRules, best: Price, now: Timestamp, close_time: Timestamp) -> bool {
    let Some(risk) = rules.converged_within else { return false };
    let left = best.complement().pips();
    let seconds = close_time.since(now).as_secs();
    let hurdle = (u128::from(best.pips()) * u128::from(rules.hurdle_bps) * u128::from(seconds))
        .div_ceil(10_000 * u128::from(SECONDS_A_YEAR));
    u128::from(left) <= u128::from(risk.pips()) + hurdle
}

/// Whether the market bids less than the average cost by the stop.
fn stopped(rules: &ExitRules, best: Price, held: Qty, cost_micros: i64) -> bool {
    let Some(stop) = rules.stop_loss else { return false };
    let worth = notional(best, held, Rounding::Floor).micros();
    let allowed = notional(stop, held, Rounding::Floor).micros();
    cost_micros.saturating_sub(worth) >= allowed
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn cents(cents: u8) -> Price {
        Price::from_cents(cents).unwrap()
    }

    #[test]
    fn near_certainty_is_sold_when_the_rest_does_not_pay() {
        let rules = ExitRules { converged_within: Some(cents(1)), hurdle_bps: 0, ..ExitRules::default() };
        let close = Timestamp::EPOCH.plus(Duration::from_hours(24));
        assert!(converged(&rules, cents(99), Timestamp::EPOCH, close));
        assert!(!converged(&rules, cents(98), Timestamp::EPOCH, close));
        // At 10 % a year, half a year on 95 cents must earn 4.75 cents, and 5 are left.
        let rules = ExitRules { converged_within: Some(Price::ZERO), hurdle_bps: 1_000, ..ExitRules::default() };
        let half_a_year = Timestamp::EPOCH.plus(Duration::from_secs(SECONDS_A_YEAR / 2));
        assert!(!converged(&rules, cents(95), Timestamp::EPOCH, half_a_year));
        assert!(converged(&rules, cents(96), Timestamp::EPOCH, half_a_year));
    }

    #[test]
    fn a_stop_compares_the_bid_with_the_average_cost() {
        let rules = ExitRules { stop_loss: Some(cents(10)), ..ExitRules::default() };
        let held = Qty::from_contracts(10).unwrap();
        assert!(!stopped(&rules, cents(41), held, 5_000_000));
        assert!(stopped(&rules, cents(40), held, 5_000_000));
    }
}
