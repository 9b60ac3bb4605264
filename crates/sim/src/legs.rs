//! What must hold of an arbitrage's legs, judged by the venues' own fills.
//!
//! The engine is asked which order is of which leg, and what its ledger says; what filled, for how much and how surely is the
//! venues' word alone. Only the arbitrage trades these markets, so every contract there is a leg's.

use std::collections::{BTreeMap, BTreeSet};

use brier_engine::{Combo, Ended, Engine, Leg, MarketId, OnShortfall};
use brier_exchange::sim::{FillTruth, OrderRecord, OrderState};
use brier_types::{BookSide, FillStatus, Price, Qty, Rounding, Venue, notional};

use crate::auditor::Violation;
use crate::plan::{LegsPlan, Plan};
use crate::venues::Venues;

/// What a fill's rounding, by the venue's rule or in our own words for it, may move: millionths of a dollar.
const ROUNDING_PER_FILL: i128 = 200;
/// Contracts in 1e-6 by which legs may differ: less than a step of any market here.
const STEP: i128 = 10_000;

/// What a leg has by the venue's fills.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    bought: i128,
    sold: i128,
    /// Dollars in 1e-6, fees of all its fills included.
    cost: i128,
    got: i128,
    fees: i128,
    /// Whatever fails that still can.
    least: i128,
    most: i128,
    /// What rests at the venue and may still be bought, and its dollars in 1e-6.
    rests: i128,
    rests_for: i128,
    fills: i128,
}

/// A price of YES as a price of the outcome that a leg buys.
const fn of_outcome(leg: &Leg, price: Price) -> Price {
    match leg.side {
        BookSide::Bid => price,
        BookSide::Ask => price.complement(),
    }
}

impl Held {
    fn take(&mut self, leg: &Leg, fill: &FillTruth, closes: bool) {
        if fill.status == FillStatus::Failed {
            return;
        }
        let (qty, sure) = (i128::from(fill.qty.micros()), fill.status == FillStatus::Confirmed);
        let price = of_outcome(leg, fill.price);
        let dollars = |rounding| i128::from(notional(price, fill.qty, rounding).micros());
        if closes {
            self.sold += qty;
            self.got += dollars(Rounding::Floor);
            self.least -= qty;
            self.most -= if sure { qty } else { 0 };
        } else {
            self.bought += qty;
            self.cost += dollars(Rounding::Ceil);
            self.least += if sure { qty } else { 0 };
            self.most += qty;
        }
        self.fees += i128::from(fill.fee.micros());
        self.fills += 1;
    }

    /// An order that rests may fill before the program hears of anything.
    fn may_take(&mut self, leg: &Leg, order: &OrderRecord, closes: bool) {
        if order.state != OrderState::Resting {
            return;
        }
        let open = order.ordered.saturating_sub(order.filled);
        let qty = i128::from(open.micros());
        if closes {
            self.least -= qty;
        } else {
            self.most += qty;
            self.rests += qty;
            self.rests_for += i128::from(notional(of_outcome(leg, order.price), open, Rounding::Ceil).micros());
        }
    }

    const fn have(&self) -> i128 {
        self.bought - self.sold
    }

    /// What so many contracts cost on average, those that rest included.
    const fn cost_of(&self, contracts: i128) -> i128 {
        let bought = self.bought + self.rests;
        if contracts <= 0 || bought == 0 {
            return 0;
        }
        ((self.cost + self.fees + self.rests_for) * contracts + bought - 1) / bought
    }
}

/// A combo by the venues' word.
#[derive(Debug)]
struct Truth {
    id: u32,
    combo: Combo,
    legs: Vec<Held>,
}

impl Truth {
    /// What of it is open in the worst way that matches may end: any leg may be the one that has least.
    fn open(&self) -> i128 {
        let open = self.legs.iter().enumerate().map(|(least, it)| {
            let others = self.legs.iter().enumerate().filter(|(at, _)| *at != least);
            others.map(|(_, other)| other.cost_of(other.most - it.least)).sum::<i128>()
        });
        open.max().unwrap_or(0)
    }

    fn sets(&self) -> i128 {
        self.legs.iter().map(Held::have).min().unwrap_or(0)
    }

    /// Profit in the worst state of the world, out of what each leg pays in each: both legs are of one event, and its result
    /// may be YES or NO. A price between the two pays something between.
    fn locked_in(&self) -> i128 {
        let pays = [BookSide::Bid, BookSide::Ask].map(|wins| {
            let legs = self.combo.legs.iter().zip(&self.legs);
            legs.filter(|(leg, _)| leg.side == wins).map(|(_, held)| held.have()).sum::<i128>()
        });
        pays[0].min(pays[1]) + self.legs.iter().map(|leg| leg.got - leg.cost - leg.fees).sum::<i128>()
    }

    /// Millionths of a dollar that getting out of an open leg may cost a contract, by the combo's own rule.
    const fn max_loss(&self) -> i128 {
        match self.combo.on_shortfall {
            OnShortfall::Unwind { max_loss } => max_loss as i128 * 100,
            OnShortfall::Hold => 0,
        }
    }

    fn rounding(&self) -> i128 {
        ROUNDING_PER_FILL * (1 + self.legs.iter().map(|leg| leg.fills).sum::<i128>())
    }
}

/// The auditor's part for legs.
#[derive(Debug)]
pub struct LegsAudit {
    /// Millionths of a dollar.
    bound: i128,
    pairs: Vec<(MarketId, MarketId)>,
    /// The most that was open so far.
    most_open: i128,
}

impl LegsAudit {
    /// An auditor of a run's arbitrage.
    pub fn new(legs: LegsPlan, plan: &Plan) -> Self {
        Self { bound: i128::from(legs.bound_cents) * 10_000, pairs: plan.pairs().collect(), most_open: 0 }
    }

    /// The most that was open at any moment, in percent of the bound.
    pub fn most_open_percent(&self) -> u64 {
        u64::try_from(self.most_open * 100 / self.bound.max(1)).unwrap_or(u64::MAX)
    }

    fn is_paired(&self, market: MarketId) -> bool {
        self.pairs.iter().any(|(one, other)| market == *one || market == *other)
    }

    /// Every combo of the arbitrage that the engine remembers, with what the venues know of it.
    fn truths(&self, engine: &Engine, venues: &Venues) -> Vec<Truth> {
        let orders = &engine.state().orders;
        let accounts = venues.accounts();
        // Kalshi's orders carry our names; Polymarket's are found by the venue's, once it is known.
        let mut names: BTreeMap<(Venue, &str), &str> = BTreeMap::new();
        for (venue, account) in &accounts {
            for record in &account.orders {
                names.insert((*venue, record.order.as_str()), record.client_order_id.as_str());
            }
        }
        let mut truths = Vec::new();
        // Orders in doubt are found by their terms, each once.
        let mut found: BTreeSet<&str> = BTreeSet::new();
        for (id, combo, _, its) in engine.combo_orders() {
            if !combo.legs.iter().all(|leg| self.is_paired(leg.market)) {
                continue;
            }
            let mut legs = vec![Held::default(); combo.legs.len()];
            for &(key, number, closes) in &its {
                let Some(order) = orders.get(key) else { continue };
                let leg = &combo.legs[number as usize];
                let account = accounts.iter().find(|(venue, _)| *venue == order.venue).map(|(_, account)| account);
                let in_doubt = || {
                    let records = account.iter().flat_map(|account| &account.orders);
                    let mut same = records.filter(|record| {
                        order.is_live()
                            && record.market == venues.name_of(order.market)
                            && (record.side, record.price, record.ordered) == (order.side, order.price, order.total)
                            && orders.by_venue_id(&record.order).is_none()
                            && !found.contains(record.order.as_str())
                    });
                    same.next().map(|record| record.order.as_str())
                };
                let name = order.venue_id.as_ref().map(brier_types::VenueOrderId::as_str);
                let name = if order.venue == Venue::Polymarket { name.or_else(in_doubt) } else { name };
                found.extend(name);
                let is_its = |it: &str| match names.get(&(order.venue, it)) {
                    Some(ours) if !ours.is_empty() => *ours == order.client_order_id.as_str(),
                    _ => name == Some(it),
                };
                let held = &mut legs[number as usize];
                for fill in account.iter().flat_map(|account| &account.fills).filter(|it| is_its(&it.order)) {
                    held.take(leg, fill, closes);
                }
                for record in account.iter().flat_map(|account| &account.orders).filter(|it| is_its(&it.order)) {
                    held.may_take(leg, record, closes);
                }
            }
            truths.push(Truth { id, combo: combo.clone(), legs });
        }
        truths
    }

    /// Which orders the engine lets be under way together, at any moment: nothing may hang on one whose end is not known.
    ///
    /// # Errors
    /// The first broken invariant.
    pub fn check_orders(&self, engine: &Engine) -> Result<(), Violation> {
        let orders = &engine.state().orders;
        for (id, combo, ended, its) in engine.combo_orders() {
            if !combo.legs.iter().all(|leg| self.is_paired(leg.market)) {
                continue;
            }
            // Contracts in 1e-6 that each leg may come to have, its orders that may still fill included.
            let mut most = vec![0i128; combo.legs.len()];
            let (mut buys, mut sells) = (false, false);
            for (key, leg, closes) in its {
                let Some(order) = orders.get(key) else { continue };
                let told = i128::from(order.booked.micros()) + i128::from(order.unbooked().micros());
                most[leg as usize] += if closes { -told } else { told + i128::from(order.worst_open().micros()) };
                buys |= !closes && order.is_live();
                sells |= closes && order.is_live();
            }
            if sells && buys {
                let what = format!("combo {id} sells a leg while another may still fill: {combo:?}");
                return Err(Violation::new("nothing hangs on a leg in doubt", what));
            }
            if ended && (sells || buys) {
                let what = format!("combo {id} has ended, and an order of it may still fill: {combo:?}");
                return Err(Violation::new("nothing hangs on a leg in doubt", what));
            }
            // A wrong order is one that asks for what another, whose end is not known, may have brought.
            let tried = i128::from(combo.qty.micros());
            if let Some(most) = most.iter().find(|most| **most > tried + STEP) {
                let what = format!("combo {id}: a leg may come to {most} of {tried} millionths: {combo:?}");
                return Err(Violation::new("no leg asks for more than is tried", what));
            }
        }
        Ok(())
    }

    /// What is open by the venues' word, at any moment.
    ///
    /// # Errors
    /// That it is more than the bound.
    pub fn check_open(&mut self, engine: &Engine, venues: &Venues) -> Result<(), Violation> {
        let truths = self.truths(engine, venues);
        let open: i128 = truths.iter().map(Truth::open).sum();
        self.most_open = self.most_open.max(open);
        if open > self.bound {
            let (counted, bound) = (engine.open_legs(), self.bound);
            let which: Vec<&Truth> = truths.iter().filter(|truth| truth.open() > 0).collect();
            let what = format!(
                "{open} of at most {bound} millionths are open; the engine counts ${counted}; by the venues' word: {which:?}"
            );
            return Err(Violation::new("naked legs stay within their bound", what));
        }
        Ok(())
    }

    /// When all has come to rest.
    ///
    /// # Errors
    /// The first broken invariant.
    pub fn check_end(&self, engine: &Engine, venues: &Venues) -> Result<(), Violation> {
        let truths = self.truths(engine, venues);
        for truth in &truths {
            let Some(attempt) = engine.attempts().rev().find(|it| it.combo == truth.id) else {
                // Older ones than the engine remembers are in the journal.
                if engine.attempts().next().is_some_and(|oldest| oldest.combo < truth.id) {
                    let what = format!("combo {} is in no record", truth.id);
                    return Err(Violation::new("every attempt is in the ledger", what));
                }
                continue;
            };
            let told = |what: &str| format!("combo {}: {what}: {attempt:?} and {truth:?}", truth.id);
            for (leg, held) in attempt.legs.iter().zip(&truth.legs) {
                let same = |qty: Qty, truly: i128| i128::from(qty.micros()) == truly;
                if !same(leg.bought, held.bought) || !same(leg.sold, held.sold) {
                    return Err(Violation::new("the ledger tells the venues' fills", told("contracts differ")));
                }
            }
            let locked_in = truth.locked_in();
            if (locked_in - i128::from(attempt.locked_in.micros())).abs() > truth.rounding() {
                let what = told(&format!("{locked_in} millionths are sure"));
                return Err(Violation::new("the ledger tells the venues' fills", what));
            }
            let most = truth.legs.iter().map(Held::have).max().unwrap_or(0);
            if most - truth.sets() >= STEP && attempt.ended != Ended::Held {
                return Err(Violation::new("legs are equal, or it is told", told("they are not")));
            }
            Self::check_loss(truth, attempt.ended)
                .map_err(|what| Violation::new("no completed set loses", told(&what)))?;
        }
        self.check_positions(&truths, venues)
    }

    /// A set that is complete brings the least profit that was wanted in every state of the world, and is called complete by
    /// what happened: nothing was sold. What was mended or sold stays within its rule.
    fn check_loss(truth: &Truth, ended: Ended) -> Result<(), String> {
        let sold: i128 = truth.legs.iter().map(|leg| leg.sold).sum();
        if ended == Ended::Complete && sold > 0 {
            return Err(format!("complete, and {sold} millionths were sold"));
        }
        let by_rule = truth.max_loss() * (sold + truth.sets()) / 1_000_000;
        let allowed = match ended {
            Ended::Complete => -(i128::from(truth.combo.least.micros()) * truth.sets()).div_euclid(1_000_000),
            Ended::Refused | Ended::Nothing => 0,
            Ended::Rebalanced | Ended::Unwound => by_rule,
            // What is open counts as lost, within the bound on what is open.
            Ended::Held => by_rule + truth.open(),
        };
        let (locked_in, allowed) = (truth.locked_in(), allowed + truth.rounding());
        if locked_in >= -allowed { Ok(()) } else { Err(format!("{locked_in} is less than {}", -allowed)) }
    }

    /// Every contract in these markets is some combo's.
    fn check_positions(&self, truths: &[Truth], venues: &Venues) -> Result<(), Violation> {
        // Of a market that has paid the engine forgets its combos.
        let trade = |market: &MarketId| !venues.is_over(*market);
        for market in self.pairs.iter().flat_map(|(one, other)| [*one, *other]).filter(trade) {
            let mut net = 0;
            for truth in truths {
                for (leg, held) in truth.combo.legs.iter().zip(&truth.legs).filter(|(leg, _)| leg.market == market) {
                    net += if leg.side == BookSide::Bid { held.have() } else { -held.have() };
                }
            }
            let truly: i128 = venues
                .accounts()
                .iter()
                .filter(|(venue, _)| *venue == venues.venue_of(market))
                .flat_map(|(_, account)| account.fills.clone())
                .filter(|fill| fill.market == venues.name_of(market) && fill.status != FillStatus::Failed)
                .map(|fill| {
                    let qty = i128::from(fill.qty.micros());
                    if fill.side == BookSide::Bid { qty } else { -qty }
                })
                .sum();
            if net != truly {
                let what = format!("{market}: combos explain {net} of {truly} millionths");
                return Err(Violation::new("every contract is some combo's", what));
            }
        }
        Ok(())
    }
}
