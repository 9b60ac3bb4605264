//! Small instances against every whole quantity there is, priced by a formula of their own.

use brier_arbitrage::{Claim, Shape};
use brier_engine::Fees;
use brier_types::Outcome;

use crate::random::{Instance, Wishes};

/// Millionths of a dollar that a contract's whole levels cost, one fill a level, by the schedules' formulas in integers.
fn cost(instance: &Instance, claim: Claim, lots: u64) -> Option<i128> {
    let (bids, asks) = &instance.books[claim.slot];
    let levels = if claim.outcome == Outcome::Yes { asks } else { bids };
    let terms = &instance.set.members()[claim.slot].terms;
    let (mut rest, mut sum) = (i128::from(lots), 0_i128);
    for level in levels {
        let taken = rest.min(i128::from(level.qty.micros()) / 1_000_000);
        rest -= taken;
        let pips = i128::from(level.price.pips());
        let paid = if claim.outcome == Outcome::Yes { pips } else { 10_000 - pips };
        let variance = pips * (10_000 - pips) * taken;
        let fee = match terms.fees {
            Fees::Kalshi(schedule) => {
                // Dollars: rate · variance / 1e8; up to the next 1e-4.
                let [numerator, divisor, ..] = schedule.parts();
                let exact = variance * i128::from(numerator) * 100;
                (exact + i128::from(divisor) - 1) / i128::from(divisor) * 100
            }
            Fees::Polymarket(schedule) => {
                let exact = variance * i128::from(schedule.rate_micros());
                (exact + 1_000_000_000 - 1) / 1_000_000_000 * 10
            }
        };
        let surcharge = i128::from(terms.surcharge.micros()) * taken;
        sum += paid * 100 * taken + fee + surcharge;
    }
    (rest == 0).then_some(sum)
}

fn worth(instance: &Instance, claim: Claim, lots: u64) -> i128 {
    // The limit's worth, as venues ask for it.
    let (bids, asks) = &instance.books[claim.slot];
    let levels = if claim.outcome == Outcome::Yes { asks } else { bids };
    let mut rest = i128::from(lots);
    for level in levels {
        rest -= rest.min(i128::from(level.qty.micros()) / 1_000_000);
        if rest == 0 {
            let pips = i128::from(level.price.pips());
            return if claim.outcome == Outcome::Yes { pips } else { 10_000 - pips } * 100 * i128::from(lots);
        }
    }
    0
}

/// The best gain of all whole quantities, in millionths.
fn best(instance: &Instance) -> i128 {
    let claims = instance.set.members().len() * 2;
    let choices: Vec<Vec<(u64, i128)>> = (0..claims)
        .map(|at| {
            let claim = Claim::at(at);
            let least = i128::from(instance.set.members()[claim.slot].terms.min_taking.micros());
            let able = |lots: &u64| *lots == 0 || worth(instance, claim, *lots) >= least;
            (0..=8).filter(able).map_while(|lots| Some((lots, cost(instance, claim, lots)?))).collect()
        })
        .collect();
    let mut paid = vec![0_i128; instance.set.states().len()];
    walk(instance, &choices, 0, 0, &mut paid).max(0)
}

/// The best of all choices from claim `at` on.
fn walk(instance: &Instance, choices: &[Vec<(u64, i128)>], at: usize, cost: i128, paid: &mut [i128]) -> i128 {
    if at == choices.len() {
        return paid.iter().min().unwrap() * 1_000_000 - cost;
    }
    let states = instance.set.states();
    let mut best = i128::MIN;
    for (lots, price) in &choices[at] {
        let change = |paid: &mut [i128], by: i128| {
            (0..paid.len()).filter(|state| states.pays(*state, Claim::at(at))).for_each(|state| paid[state] += by);
        };
        change(paid, i128::from(*lots));
        best = best.max(walk(instance, choices, at + 1, cost + price, paid));
        change(paid, -i128::from(*lots));
    }
    best
}

#[test]
fn no_whole_quantities_are_better_by_more_than_rounding() {
    let wishes = Wishes { levels: 2, contracts: 3, bounds: false, noise: 0.12 };
    let (mut tried, mut gained, mut equal) = (0, 0, 0);
    for seed in 0..8_000 {
        let mut instance = Instance::new(seed, 0, &wishes);
        instance.limits.smallest_fill = None;
        let claims: usize = instance.books.iter().map(|(bids, asks)| bids.len() + asks.len()).sum();
        if instance.set.members().len() > 4 || claims > 10 {
            continue;
        }
        tried += 1;
        let best = best(&instance);
        let found = instance.problem().solve().unwrap();
        let ours = found.as_ref().map_or(0, |found| i128::from(found.gain().micros()));
        assert!(ours <= best, "seed {seed}: {} above {best}", found.unwrap());
        if best == 0 {
            continue;
        }
        gained += 1;
        equal += usize::from(ours == best);
        // A closed form is whole by itself, so only steps of fees can be lost: one for each level. The venue's least worth can cost
        // more, as a leg may be left out for it.
        let tokens = instance.set.members().iter().any(|member| member.terms.min_taking.micros() > 0);
        if !tokens && !matches!(instance.set.shape(), Shape::General) {
            assert!(best - ours <= 100 * claims as i128, "seed {seed}: {ours} below {best}");
        }
    }
    assert!(tried > 2_000 && gained > 300, "{tried} {gained}");
    println!("{tried} tried, {gained} gain, {equal} best of all");
    // Of all that gain at all, nearly all are the best there is.
    assert!(equal * 100 >= gained * 93, "{equal} of {gained}");
}
