//! The replay: see, send, fill later, sell again what is naked.

use std::time::Duration;

use anyhow::Context as _;
use brier_arbitrage::{Account, Depth, Held, Leg, Limits, Member, Opportunity, Problem, Relation, Set};
use brier_book::Level;
use brier_engine::MarketId;
use brier_types::{BookSide, Money, Outcome as Claimed, Price, Qty, Timestamp, Venue};

use super::{JointHistory, Look, Outcome, Settings, Tally};

/// Cash for one try on each venue, and nothing else.
struct Purse(Money);

impl Account for Purse {
    fn cash(&self, _venue: Venue, _shard: u16) -> Money {
        self.0
    }

    fn held(&self, _market: MarketId) -> Held {
        Held::default()
    }

    fn room(&self, _market: MarketId, _outcome: Claimed) -> Qty {
        Qty::MAX
    }

    fn own(&self, _market: MarketId, _side: BookSide, _price: Price) -> Qty {
        Qty::ZERO
    }
}

/// Replays one history.
///
/// # Errors
/// When its two sides are no set, or an amount fits nowhere.
pub fn replay(history: &JointHistory, settings: &Settings) -> anyhow::Result<Outcome> {
    let members = [0, 1].map(|venue| Member { market: MarketId(venue), terms: history.terms[venue as usize] });
    let set = Set::new(members.to_vec(), &[Relation::Same { first: 0, second: 1 }], Vec::new())?;
    // A level is one fill where one contract is all that is known of it.
    let limits = if history.sized { Limits::default() } else { Limits { smallest_fill: None, ..Limits::default() } };
    let mut run = Run { history, settings, set: &set, limits, tally: Tally::default(), answered: Vec::new() };
    // The outcome on Kalshi that the last round's gain bought: while it lasts, it has been tried.
    let mut lasts: Option<Claimed> = None;
    for (at, looks) in history.rounds.iter().enumerate() {
        run.tally.rounds += 1;
        let (older, newer) = (looks[0].at.min(looks[1].at), looks[0].at.max(looks[1].at));
        if newer.since(older) > settings.most_apart {
            run.tally.apart += 1;
            continue;
        }
        if looks.iter().any(crossed) {
            run.tally.crossed += 1;
            continue;
        }
        run.tally.gross += u64::from(gross(looks));
        let Some(found) = run.seen(looks, newer)? else {
            lasts = None;
            continue;
        };
        run.tally.found += 1;
        let bought = found.legs.iter().find(|leg| leg.venue == Venue::Kalshi).map(|leg| leg.outcome);
        if lasts != bought {
            lasts = bought;
            run.send(&found, at, newer).with_context(|| format!("{} round {at}", history.name))?;
        }
    }
    run.answered.sort_unstable();
    let answered_after = run.answered.get(run.answered.len() / 2).copied();
    Ok(Outcome { tally: run.tally, answered_after })
}

fn crossed(look: &Look) -> bool {
    look.bid.zip(look.ask).is_some_and(|(bid, ask)| bid.price >= ask.price)
}

fn gross(looks: &[Look; 2]) -> bool {
    let over = |bid: Option<Level>, ask: Option<Level>| bid.zip(ask).is_some_and(|(bid, ask)| bid.price > ask.price);
    over(looks[0].bid, looks[1].ask) || over(looks[1].bid, looks[0].ask)
}

struct Run<'a> {
    history: &'a JointHistory,
    settings: &'a Settings,
    set: &'a Set,
    limits: Limits,
    tally: Tally,
    answered: Vec<Duration>,
}

/// What a leg has got.
#[derive(Clone, Copy)]
struct Filled {
    qty: Qty,
    cost: Money,
    at: Timestamp,
}

impl Run<'_> {
    fn seen(&self, looks: &[Look; 2], now: Timestamp) -> anyhow::Result<Option<Opportunity>> {
        let account = Purse(self.settings.cash);
        let mut problem =
            Problem::new(self.set, self.limits, &account, now).context("whole contracts fit every market")?;
        for (slot, look) in looks.iter().enumerate() {
            problem.offer(slot, BookSide::Bid, look.bid, &account);
            problem.offer(slot, BookSide::Ask, look.ask, &account);
        }
        Ok(problem.solve()?)
    }

    /// The first look at a venue that is not older than `from`, at or after round `at`.
    fn next(&self, venue: usize, at: usize, from: Timestamp) -> Option<(usize, Look)> {
        let rounds = self.history.rounds.iter().enumerate().skip(at);
        rounds.map(|(round, looks)| (round, looks[venue])).find(|(_, look)| look.at >= from)
    }

    fn send(&mut self, found: &Opportunity, at: usize, seen: Timestamp) -> anyhow::Result<()> {
        self.tally.tries += 1;
        let there = seen.plus(self.settings.latency);
        let legs = [0, 1].map(|venue| found.legs.iter().find(|leg| leg.market == MarketId(venue)));
        let [Some(kalshi), Some(polymarket)] = legs else { anyhow::bail!("a pair has a leg on each venue") };
        let legs = [*kalshi, *polymarket];
        // The one that goes first, where they go in turn: the thinnest.
        let first = found.legs[0].market.index();
        let mut looks = [self.next(0, at, there), self.next(1, at, there)];
        let mut filled = [Filled { qty: Qty::ZERO, cost: Money::ZERO, at: there }; 2];
        if self.settings.in_turn {
            let second = 1 - first;
            if let Some((round, look)) = looks[first] {
                filled[first] = self.fill(first, &legs[first], &look)?;
                looks[second] = self.next(second, round, look.at.plus(self.settings.latency));
            }
            if let (Some((_, look)), false) = (looks[second], filled[first].qty.is_zero()) {
                filled[second] = self.fill(second, &Leg { qty: filled[first].qty, ..legs[second] }, &look)?;
            }
        }
        match looks {
            [Some((_, one)), Some((_, two))] => {
                self.answered.push(one.at.max(two.at).since(seen));
                if !self.settings.in_turn {
                    filled = [self.fill(0, &legs[0], &one)?, self.fill(1, &legs[1], &two)?];
                }
            }
            // Of the second leg nothing is known any more: what the first has got stays naked.
            _ if !filled[first].qty.is_zero() => {}
            _ => {
                self.tally.unanswered += 1;
                return Ok(());
            }
        }
        let tally = &mut self.tally;
        add(&mut tally.asked, kalshi.qty)?;
        pay(&mut tally.promised, found.profit())?;
        let paired = filled[0].qty.min(filled[1].qty);
        let whole = paired == kalshi.qty;
        match (filled[0].qty.is_zero(), filled[1].qty.is_zero()) {
            (true, true) => tally.missed += 1,
            (false, false) if whole => tally.whole += 1,
            (false, false) => tally.part += 1,
            (true, false) | (false, true) => tally.one_leg += 1,
        }
        add(&mut tally.paired, paired)?;
        let paid = |it: &Filled| share(it.cost, paired, it.qty);
        let dollars = Money::from_micros(paired.signed().micros());
        let cost = paid(&filled[0])?.checked_add(paid(&filled[1])?).context("a cost fits")?;
        pay(&mut tally.earned, dollars.checked_sub(cost).context("a gain fits")?)?;
        for (venue, leg) in [kalshi, polymarket].into_iter().enumerate() {
            let naked = filled[venue].qty.saturating_sub(paired);
            if !naked.is_zero() {
                let cost = filled[venue].cost.checked_sub(paid(&filled[venue])?).context("a cost fits")?;
                let round = looks[venue].map_or(at, |look| look.0);
                self.unwind(venue, leg.outcome, Filled { qty: naked, cost, at: filled[venue].at }, round)?;
            }
        }
        Ok(())
    }

    /// What a leg gets from a look: what stands at its limit or better, at the price that stands there.
    fn fill(&self, venue: usize, leg: &Leg, look: &Look) -> anyhow::Result<Filled> {
        let none = Filled { qty: Qty::ZERO, cost: Money::ZERO, at: look.at };
        let (side, limit) = leg.in_yes_terms();
        let (level, good) = match side {
            BookSide::Bid => (look.ask, look.ask.is_some_and(|ask| ask.price <= limit)),
            BookSide::Ask => (look.bid, look.bid.is_some_and(|bid| bid.price >= limit)),
        };
        // A book that is crossed by itself is not believed, and fills nothing.
        let Some(level) = level.filter(|_| good && !crossed(look)) else { return Ok(none) };
        let qty = whole_steps(leg.qty.min(level.qty));
        if qty.is_zero() {
            return Ok(none);
        }
        Ok(Filled { qty, cost: self.price(venue, leg.outcome, level, qty)?, at: look.at })
    }

    /// What `qty` of an outcome costs at a level, all in.
    fn price(&self, venue: usize, outcome: Claimed, level: Level, qty: Qty) -> anyhow::Result<Money> {
        let terms = &self.history.terms[venue];
        let limits = Limits { lot: Qty::HUNDREDTH, ..self.limits };
        let depth = Depth::new(outcome, [level], terms, &limits, Qty::MAX);
        let priced = depth.price(qty, terms, &limits).context("a level has what was taken of it")?;
        priced.notional.checked_add(priced.fees).context("a cost fits")
    }

    /// Sells what one leg got beyond the other to whoever is there, look by look.
    fn unwind(&mut self, venue: usize, outcome: Claimed, naked: Filled, from: usize) -> anyhow::Result<()> {
        add(&mut self.tally.naked, naked.qty)?;
        let (mut rest, mut brought, mut after) = (naked.qty, Money::ZERO, naked.at);
        let mut at = from;
        while let Some((round, look)) = self.next(venue, at, after.plus(self.settings.latency)) {
            let level = match outcome {
                Claimed::Yes => look.bid,
                Claimed::No => look.ask,
            };
            if let Some(level) = level.filter(|_| !crossed(&look)) {
                let qty = whole_steps(rest.min(level.qty));
                // Selling YES at a bid is buying NO there, less the dollar that the pair is.
                let opposite = if outcome == Claimed::Yes { Claimed::No } else { Claimed::Yes };
                if !qty.is_zero()
                    && let Ok(cost) = self.price(venue, opposite, level, qty)
                {
                    let dollars = Money::from_micros(qty.signed().micros());
                    pay(&mut brought, dollars.checked_sub(cost).context("a sale fits")?)?;
                    rest = rest.saturating_sub(qty);
                }
            }
            if rest.is_zero() {
                break;
            }
            (at, after) = (round + 1, look.at);
        }
        let sold = naked.qty.saturating_sub(rest);
        let cost = share(naked.cost, sold, naked.qty)?;
        pay(&mut self.tally.unwound, brought.checked_sub(cost).context("a loss fits")?)?;
        add(&mut self.tally.left, rest)?;
        pay(&mut self.tally.left_cost, naked.cost.checked_sub(cost).context("a cost fits")?)
    }
}

fn whole_steps(qty: Qty) -> Qty {
    Qty::from_hundredths(qty.micros() / Qty::HUNDREDTH.micros()).unwrap_or(Qty::ZERO)
}

/// The share of a cost that a part has, rounded up.
fn share(cost: Money, part: Qty, whole: Qty) -> anyhow::Result<Money> {
    if whole.is_zero() {
        return Ok(Money::ZERO);
    }
    let exact = i128::from(cost.micros()) * i128::from(part.micros());
    let whole = i128::from(whole.micros());
    let micros = exact.div_euclid(whole) + i128::from(exact.rem_euclid(whole) != 0);
    Ok(Money::from_micros(i64::try_from(micros)?))
}

fn add(sum: &mut Qty, more: Qty) -> anyhow::Result<()> {
    *sum = sum.checked_add(more).context("a sum of contracts fits")?;
    Ok(())
}

fn pay(sum: &mut Money, more: Money) -> anyhow::Result<()> {
    *sum = sum.checked_add(more).context("a sum of dollars fits")?;
    Ok(())
}
