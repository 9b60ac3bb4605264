//! What trips a halt by itself: rejections in a row, the day's loss, drawdown, a strategy's loss.
//!
//! Invariants: money that comes in or goes out is no profit; what was tripped is not tripped again before a person resumes or
//! a new day begins; no day is judged by figures from before the first reconciliation.

use std::time::Duration;

use brier_types::{Money, Price, Timestamp, Venue};

use super::limits::{Budget, Limits};
use crate::command::Scope;
use crate::engine::State;
use crate::halts::Cause;
use crate::ids::{MarketId, StrategyId};
use crate::input::RejectCode;
use crate::instrument::venue_index;

/// Something that must be halted now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trip {
    /// What.
    pub scope: Scope,
    /// Why, as a kind.
    pub cause: Cause,
    /// Why, for people, with limit and value.
    pub reason: String,
}

/// Rejections in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rejections {
    /// By market.
    pub markets: Vec<u32>,
    /// By venue.
    pub venues: [u32; 2],
}

/// Whether a rejection says that something is wrong with us or with our picture. A market that moved, or closed, while the
/// order was on its way says nothing.
const fn counts(code: RejectCode) -> bool {
    match code {
        RejectCode::PostOnlyCross | RejectCode::NoLiquidity | RejectCode::MarketClosed | RejectCode::GroupTripped => {
            false
        }
        RejectCode::InsufficientBalance
        | RejectCode::InvalidPrice
        | RejectCode::InvalidSize
        | RejectCode::SelfTrade
        | RejectCode::Duplicate
        | RejectCode::Fatal
        | RejectCode::Other => true,
    }
}

impl Rejections {
    pub(crate) fn on_reject(
        &mut self,
        limits: &Limits,
        venue: Venue,
        market: MarketId,
        code: RejectCode,
    ) -> Option<Trip> {
        if !counts(code) {
            return None;
        }
        if self.markets.len() <= market.index() {
            self.markets.resize(market.index() + 1, 0);
        }
        let in_market = &mut self.markets[market.index()];
        *in_market = in_market.saturating_add(1);
        let in_market = *in_market;
        let at_venue = &mut self.venues[venue_index(venue)];
        *at_venue = at_venue.saturating_add(1);
        let at_venue = *at_venue;
        let trip = |scope, count: u32, what: String| {
            let reason = format!("{count} rejections in a row {what}, the last one {code:?}");
            Some(Trip { scope, cause: Cause::Breaker, reason })
        };
        if at_venue >= limits.max_rejects_at_venue {
            self.venues[venue_index(venue)] = 0;
            self.markets[market.index()] = 0;
            return trip(Scope::Venue(venue), at_venue, format!("at {venue}"));
        }
        if in_market >= limits.max_rejects_in_market {
            self.markets[market.index()] = 0;
            return trip(Scope::Market(market), in_market, format!("in {market}"));
        }
        None
    }

    pub(crate) fn on_accept(&mut self, venue: Venue, market: MarketId) {
        if let Some(count) = self.markets.get_mut(market.index()) {
            *count = 0;
        }
        self.venues[venue_index(venue)] = 0;
    }
}

/// The day's account of profit and loss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Day {
    /// Which day, counted from the epoch; nothing before the first look.
    pub number: Option<i64>,
    /// Equity at its start, with what was paid in or out since.
    pub start: Money,
    /// The highest equity since, likewise.
    pub high: Money,
    /// Each strategy's profit at its start, in the order of budgets.
    pub strategies: Vec<Money>,
    /// Which strategies have tripped, in the same order.
    pub strategies_tripped: Vec<bool>,
    /// The account has tripped.
    pub tripped: bool,
    /// When it is looked at next.
    pub next_look: Timestamp,
    /// A fill came since it was looked at.
    pub fill_came: bool,
}

impl Day {
    pub(crate) const NONE: Self = Self {
        number: None,
        start: Money::ZERO,
        high: Money::ZERO,
        strategies: Vec::new(),
        strategies_tripped: Vec::new(),
        tripped: false,
        next_look: Timestamp::from_nanos(i64::MIN),
        fill_came: false,
    };

    /// Looks at equity, at most once a second unless a fill came.
    pub(crate) fn watch(
        &mut self,
        now: Timestamp,
        limits: &Limits,
        state: &State,
        mark: &dyn Fn(MarketId) -> Option<Price>,
    ) -> Option<Trip> {
        if now < self.next_look && !self.fill_came {
            return None;
        }
        self.next_look = now.plus(Duration::from_secs(1));
        self.fill_came = false;
        let number = now.minus(limits.day_starts_at).secs().div_euclid(86_400);
        let equity = state.portfolio.equity(mark);
        if self.number != Some(number) {
            if self.number.is_none() && state.halts.has_cause(Cause::Unreconciled) {
                return None;
            }
            self.begin(number, equity, limits, state, mark);
        }
        self.high = self.high.max(equity);
        self.trip_account(equity, limits).or_else(|| self.trip_strategy(limits, state, mark))
    }

    fn begin(
        &mut self,
        number: i64,
        equity: Money,
        limits: &Limits,
        state: &State,
        mark: &dyn Fn(MarketId) -> Option<Price>,
    ) {
        self.number = Some(number);
        self.start = equity;
        self.high = equity;
        self.tripped = false;
        self.strategies.clear();
        self.strategies.extend(budgets(limits).map(|(strategy, _)| profit(state, strategy, mark)));
        self.strategies_tripped.clear();
        self.strategies_tripped.resize(limits.budgets.len(), false);
    }

    fn trip_account(&mut self, equity: Money, limits: &Limits) -> Option<Trip> {
        if self.tripped {
            return None;
        }
        let (lost, fallen) = (less(self.start, equity), less(self.high, equity));
        let (cause, reason) = if lost >= limits.max_day_loss && lost > Money::ZERO {
            (Cause::DayLoss, format!("lost ${lost} today, the limit is ${}", limits.max_day_loss))
        } else if fallen >= limits.max_drawdown && fallen > Money::ZERO {
            let high = self.high;
            (
                Cause::Drawdown,
                format!("${fallen} below the day's highest equity of ${high}, the limit is ${}", limits.max_drawdown),
            )
        } else {
            return None;
        };
        self.tripped = true;
        Some(Trip { scope: Scope::All, cause, reason })
    }

    fn trip_strategy(
        &mut self,
        limits: &Limits,
        state: &State,
        mark: &dyn Fn(MarketId) -> Option<Price>,
    ) -> Option<Trip> {
        let days = self.strategies.iter().zip(&mut self.strategies_tripped);
        for ((strategy, budget), (start, tripped)) in budgets(limits).zip(days) {
            if *tripped || budget.max_day_loss == Budget::UNBOUNDED.max_day_loss {
                continue;
            }
            let lost = less(*start, profit(state, strategy, mark));
            if lost >= budget.max_day_loss && lost > Money::ZERO {
                *tripped = true;
                let reason = format!("{strategy} lost ${lost} today, its limit is ${}", budget.max_day_loss);
                return Some(Trip { scope: Scope::Strategy(strategy), cause: Cause::DayLoss, reason });
            }
        }
        None
    }

    /// Money was paid in, or out if negative.
    pub(crate) fn on_cash_flow(&mut self, amount: Money) {
        if self.number.is_some() {
            self.start = Money::from_micros(self.start.micros().saturating_add(amount.micros()));
            self.high = Money::from_micros(self.high.micros().saturating_add(amount.micros()));
        }
    }

    /// A person has seen what was lost: counting begins anew.
    pub(crate) fn resume(&mut self) {
        *self = Self { strategies: std::mem::take(&mut self.strategies), ..Self::NONE };
    }
}

/// Strategies with budgets.
fn budgets(limits: &Limits) -> impl Iterator<Item = (StrategyId, &Budget)> {
    (0..).map(StrategyId).zip(&limits.budgets)
}

/// What a strategy made in all, fees included, open contracts at their marks.
fn profit(state: &State, strategy: StrategyId, mark: &dyn Fn(MarketId) -> Option<Price>) -> Money {
    let portfolio = &state.portfolio;
    let strategy = Some(strategy);
    let made = portfolio.realized(strategy).micros().saturating_add(portfolio.unrealized(strategy, mark).micros());
    Money::from_micros(made.saturating_sub(portfolio.fees(strategy).micros()))
}

fn less(from: Money, what: Money) -> Money {
    Money::from_micros(from.micros().saturating_sub(what.micros()))
}
