//! Everything that must be so before the first leg is sent: otherwise nothing is.

use brier_types::{BookSide, Money, Price, Qty, Timestamp};

use super::balance::{Step, is_worth, limit_within};
use super::{ComboRun, Tally, told};
use crate::attempt::Ended;
use crate::command::Command;
use crate::engine::{Engine, floor_to};
use crate::ids::StrategyId;
use crate::legs::{expected, rested, times, walk};
use crate::order::Role;
use crate::risk::largest;
use crate::strategy::{Combo, Manner};

/// Most legs of a combo.
const MOST_LEGS: usize = 16;
/// How often a quantity is made smaller before it is given up.
const ROUNDS: usize = 4;

impl Engine {
    pub(in crate::engine) fn start_combo(&mut self, strategy: StrategyId, combo: Combo, out: &mut Vec<Command>) {
        if !self.is_sound(&combo) {
            self.counts.unknown += 1;
            return;
        }
        let (wanted, began) = (combo.qty, self.now);
        let admitted = self.admit_combo(strategy, &combo);
        if admitted.is_err() && self.was_refused_lately(strategy, &combo) {
            return;
        }
        self.combo_count = self.combo_count.wrapping_add(1);
        let legs = combo.legs.len();
        let rests_until = match combo.manner {
            Manner::MakerFirst { rest_for } => Some(began.plus(rest_for)),
            Manner::Immediate => None,
        };
        let (qty, limit) = admitted.as_ref().copied().unwrap_or((Qty::ZERO, Price::ZERO));
        let combo = Combo { qty, ..combo };
        let mut run = ComboRun {
            id: self.combo_count,
            strategy,
            wanted,
            expected: expected(&self.state, began, &combo, qty).unwrap_or(Money::ZERO),
            began,
            rests_until,
            orders: Vec::with_capacity(legs * 2),
            tallies: vec![Tally::default(); legs],
            since: None,
            not_before: Timestamp::from_nanos(i64::MIN),
            tries: 0,
            selling: false,
            mended: false,
            told: false,
            ended: None,
            quiet: false,
            paid: false,
            combo,
        };
        if let Err(why) = admitted {
            return self.end_combo(run, Ended::Refused, why, out);
        }
        let step = Step { leg: 0, closes: false, qty, limit, mends: false };
        if !self.send_leg(&mut run, step, out) {
            return self.end_combo(run, Ended::Refused, "the first leg could not be sent".to_owned(), out);
        }
        // What was tried is what was sent: risk may have left less. Of that less no book gives less.
        let asked = run.tallies[0].asked;
        if asked < qty {
            run.expected = expected(&self.state, began, &run.combo, asked).unwrap_or(run.expected);
        }
        run.combo.qty = asked;
        self.combos.push(run);
        self.run_combos(out);
    }

    /// Whether it is a combo at all: two legs or more in as many listed markets, and something of each.
    fn is_sound(&self, combo: &Combo) -> bool {
        let markets = combo.legs.iter().map(|leg| leg.market);
        let known = markets.clone().all(|market| market.index() < self.state.universe.len());
        let twice =
            markets.clone().enumerate().any(|(place, market)| markets.clone().skip(place + 1).any(|it| it == market));
        let priced = combo.legs.iter().all(|leg| leg.limit.is_tradable());
        (2..=MOST_LEGS).contains(&combo.legs.len()) && known && !twice && priced && !combo.qty.is_zero()
    }

    /// How many contracts of a combo may be tried now, and the first leg's limit; or why none, for people.
    fn admit_combo(&mut self, strategy: StrategyId, combo: &Combo) -> Result<(Qty, Price), String> {
        if self.winding_down {
            return Err("the run winds down".to_owned());
        }
        for leg in &combo.legs {
            // Two that count on the same levels would leave one of them open.
            if let Some(run) = self.combos.iter().find(|run| run.is_in(leg.market)) {
                return Err(format!("combo {} is under way in {}", run.id, leg.market));
            }
            if let Some(problem) = self.leg_problem(strategy, leg.market) {
                return Err(problem);
            }
        }
        self.may_send_all(strategy, combo)?;
        let step = self.step_of_all(combo);
        let mut qty = floor_to(combo.qty, step);
        for _ in 0..ROUNDS {
            let before = qty;
            qty = self.there_for_all(combo, qty, step)?;
            let room = self.risk.limits().max_open_leg.micros().saturating_sub(self.open_legs().micros());
            qty = largest(step, qty, room, |qty| self.open_at_most(combo, qty));
            if qty.is_zero() {
                return Err(format!(
                    "the bound on open legs leaves room for ${} only",
                    Money::from_micros(room.max(0))
                ));
            }
            qty = floor_to(self.admitted_by_risk(strategy, combo, qty)?, step);
            if qty.is_zero() {
                return Err("risk leaves room for no whole step".to_owned());
            }
            if qty == before {
                break;
            }
        }
        let limit = self.pays_off(combo, qty)?;
        Ok((qty, limit))
    }

    /// Whether requests for all legs could be sent one after the other.
    fn may_send_all(&self, strategy: StrategyId, combo: &Combo) -> Result<(), String> {
        for leg in &combo.legs {
            let venue = self.state.universe.get(leg.market).venue();
            let of_venue = combo.legs.iter().filter(|it| self.state.universe.get(it.market).venue() == venue);
            if !self.desk.has_budget(venue, of_venue.count(), self.now) {
                return Err(format!("no requests are left for all legs at {venue}"));
            }
            if self.desk.is_held(strategy, leg.market, leg.side, self.now) {
                return Err(format!("{} has just refused an order", leg.market));
            }
        }
        Ok(())
    }

    /// Contracts that every book has within its leg's limit.
    fn there_for_all(&self, combo: &Combo, most: Qty, step: Qty) -> Result<Qty, String> {
        let mut qty = most;
        for (place, leg) in combo.legs.iter().enumerate() {
            if place == 0 && matches!(combo.manner, Manner::MakerFirst { .. }) {
                self.would_rest(leg)?;
                continue;
            }
            let found = walk(&self.state, self.now, leg.market, (leg.side, leg.side), qty, leg.limit);
            qty = floor_to(found.map_or(Qty::ZERO, |walk| walk.qty), step);
            if qty.is_zero() {
                return Err(format!("{} has nothing at {} or better", leg.market, leg.limit));
            }
        }
        Ok(qty)
    }

    fn would_rest(&self, leg: &crate::strategy::Leg) -> Result<(), String> {
        let book = self.state.books.view(leg.market).map_err(|why| why.to_string())?;
        let crosses = book.best(leg.side.opposite()).is_some_and(|best| match leg.side {
            BookSide::Bid => leg.limit >= best.price,
            BookSide::Ask => leg.limit <= best.price,
        });
        if crosses { Err(format!("a quote at {} in {} would take", leg.limit, leg.market)) } else { Ok(()) }
    }

    /// How much of every leg risk would admit now: the first leg is not sent where a later one would be refused.
    fn admitted_by_risk(&mut self, strategy: StrategyId, combo: &Combo, most: Qty) -> Result<Qty, String> {
        let mut qty = most;
        for (place, leg) in combo.legs.iter().enumerate() {
            let rests = place == 0 && matches!(combo.manner, Manner::MakerFirst { .. });
            qty = self.probe_leg(strategy, leg, qty, Role::Leg(0), rests)?;
        }
        Ok(qty)
    }

    /// Whether the sets leave the least profit by the books of now, and the worst limit of the first leg with which they do.
    fn pays_off(&self, combo: &Combo, qty: Qty) -> Result<Price, String> {
        let (mut all, mut first) = (0i128, None);
        for (place, leg) in combo.legs.iter().enumerate() {
            let (dollars, worst) = if place == 0 && matches!(combo.manner, Manner::MakerFirst { .. }) {
                (i128::from(rested(&self.state.universe.get(leg.market).fees, leg, qty).micros()), leg.limit)
            } else {
                let found = self.to_buy(leg, qty, leg.limit).filter(|walk| walk.qty >= qty);
                let found = found.ok_or_else(|| format!("{} has less than {qty} at its limit", leg.market))?;
                (i128::from(found.dollars.micros()) + i128::from(found.fees.micros()), found.worst)
            };
            all += dollars;
            first.get_or_insert((dollars, worst));
        }
        let profit = i128::from(times(combo.pays, qty).micros()) - all;
        if !is_worth(combo, qty, all) {
            let (profit, least) = (super::balance::dollars(profit), times(combo.least, qty));
            return Err(format!("{qty} sets would bring ${profit}, and ${least} is the least"));
        }
        let (dollars, worst) = first.expect("a combo has legs");
        if matches!(combo.manner, Manner::MakerFirst { .. }) {
            return Ok(worst);
        }
        let leg = &combo.legs[0];
        let spare = profit - i128::from(times(combo.least, qty).micros());
        Ok(limit_within(&self.fees_to_buy(leg.market), leg, qty, dollars + spare, worst))
    }

    /// Whether the same was refused in the last minute: told once, it is no news.
    fn was_refused_lately(&self, strategy: StrategyId, combo: &Combo) -> bool {
        self.attempts.iter().rev().any(|it| {
            it.ended == Ended::Refused
                && it.strategy == strategy
                && self.now < it.at.plus(told::REFUSALS_EVERY)
                && it.legs.iter().map(|leg| leg.market).eq(combo.legs.iter().map(|leg| leg.market))
        })
    }
}
