//! Random sets with our answers, one JSON object a line, for a judge of another make: `instances [COUNT] [SEED]`.
//!
//! Everything that the answer rests on is written: raw books, schedules, limits, the account. Money is in millionths of a dollar,
//! quantities in millionths of a contract, prices in ten-thousandths.

#![expect(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used, reason = "an example talks to its terminal")]

#[path = "../tests/it/random.rs"]
mod random;

use std::process::ExitCode;

use brier_arbitrage::{Account, Conversion, Opportunity, Optimum, Relation, program, shapes};
use brier_book::Level;
use brier_engine::Fees;
use brier_kalshi_protocol::fees::BalancePrecision;
use brier_types::{BookSide, Money, Outcome, Qty};
use serde_json::{Value, json};

use crate::random::{Instance, START, Wishes};

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let mut number = |otherwise: u64| words.next().map_or(Ok(otherwise), |word| word.parse::<u64>());
    let (Ok(count), Ok(seed)) = (number(10_000), number(1)) else {
        eprintln!("error: expected a count and a seed, both whole numbers");
        return ExitCode::FAILURE;
    };
    for at in 0..count {
        println!("{}", line(seed.wrapping_mul(1 << 32).wrapping_add(at)));
    }
    ExitCode::SUCCESS
}

fn line(seed: u64) -> Value {
    // Every other one strays far, so that most of those gain.
    let noise = if seed.is_multiple_of(2) { Wishes::FULL.noise } else { 0.2 };
    let instance = Instance::new(seed, 0, &Wishes { noise, ..Wishes::FULL });
    let problem = instance.problem();
    let limits = problem.limits();
    let by_program =
        program::optimum(&problem).map_or_else(|error| json!(error.to_string()), |found| optimum(found.as_ref()));
    // `false`: there is no closed form; null: there is one, and it finds nothing.
    let by_shape = shapes::optimum(&problem).map_or(json!(false), |found| optimum(found.as_ref()));
    let answer =
        instance.problem().solve().map_or_else(|error| json!(error.to_string()), |found| answer(found.as_ref()));
    json!({
        "seed": seed,
        "markets": (0..instance.set.members().len()).map(|slot| market(&instance, slot)).collect::<Vec<_>>(),
        "relations": instance.relations.iter().map(relation).collect::<Vec<_>>(),
        "groups": instance.set.groups(),
        "limits": {
            "lot": limits.lot.micros(),
            "smallest_fill": limits.smallest_fill.map(Qty::micros),
            "precision": if limits.precision == BalancePrecision::Cent { 10_000 } else { 100 },
            "levels": limits.max_levels,
            "hurdle_ppm": limits.hurdle.micros(),
        },
        "cash": problem
            .purses()
            .iter()
            .map(|purse| json!([purse.venue.to_string(), purse.shard, bounded(purse.cash)]))
            .collect::<Vec<_>>(),
        "now": START.nanos(),
        "program": by_program,
        "shape": by_shape,
        "answer": answer,
    })
}

fn bounded(cash: Money) -> Option<i64> {
    (cash < Money::MAX).then_some(cash.micros())
}

fn market(instance: &Instance, slot: usize) -> Value {
    let member = &instance.set.members()[slot];
    let terms = &member.terms;
    let fee = match terms.fees {
        // The taker's rate as a fraction: the coefficient 0.07 times the multiplier.
        Fees::Kalshi(schedule) => {
            let [numerator, divisor, ..] = schedule.parts();
            json!({"kind": "kalshi", "numerator": numerator, "denominator": divisor / if numerator == 0 { 1 } else { 1_000_000 }})
        }
        Fees::Polymarket(schedule) => {
            json!({"kind": "polymarket", "rate_ppm": schedule.rate_micros(), "exponent": schedule.exponent()})
        }
    };
    let account = &instance.account;
    let levels = |side: BookSide, levels: &[Level]| -> Vec<Value> {
        let level = |level: &Level| {
            let own = account.own(member.market, side, level.price);
            json!([level.price.pips(), level.qty.micros(), own.micros()])
        };
        levels.iter().map(level).collect()
    };
    let room = |outcome| {
        let room = account.room(member.market, outcome);
        (room < Qty::MAX).then_some(room.micros())
    };
    json!({
        "venue": terms.venue.to_string(),
        "shard": terms.shard,
        "fee": fee,
        "surcharge": terms.surcharge.micros(),
        "min_taking": terms.min_taking.micros(),
        "payout": terms.payout.nanos(),
        "bids": levels(BookSide::Bid, &instance.books[slot].0),
        "asks": levels(BookSide::Ask, &instance.books[slot].1),
        "held": [account.held(member.market).yes.micros(), account.held(member.market).no.micros()],
        "room": [room(Outcome::Yes), room(Outcome::No)],
    })
}

fn relation(relation: &Relation) -> Value {
    match relation {
        Relation::Same { first, second } => json!(["same", first, second]),
        Relation::Inverse { first, second } => json!(["inverse", first, second]),
        Relation::Implies { first, second } => json!(["implies", first, second]),
        Relation::Excludes { first, second } => json!(["excludes", first, second]),
        Relation::Exclusive { members, one_must_pay } => json!(["exclusive", members, one_must_pay]),
        Relation::Ladder { rungs } => json!(["ladder", rungs]),
    }
}

fn optimum(found: Option<&Optimum>) -> Value {
    found.map_or(Value::Null, |found| {
        json!({
            "objective": found.objective,
            "payoff": found.payoff,
            "released": found.released,
            "cost": found.cost,
            "lots": found.lots,
        })
    })
}

fn answer(found: Option<&Opportunity>) -> Value {
    found.map_or(Value::Null, |found| {
        let legs = found.legs.iter().map(|leg| {
            json!({
                "market": leg.market.0,
                "action": format!("{:?}", leg.action),
                "outcome": format!("{:?}", leg.outcome),
                "qty": leg.qty.micros(),
                "limit": leg.limit.pips(),
                "cost": leg.cost.micros(),
            })
        });
        let steps = found.steps.iter().map(|step| match step {
            Conversion::Convert { members, qty, .. } => {
                json!(["convert", members.iter().map(|market| market.0).collect::<Vec<_>>(), qty.micros()])
            }
            Conversion::Join { market, qty } => json!(["join", market.0, qty.micros()]),
        });
        json!({
            "legs": legs.collect::<Vec<_>>(),
            "steps": steps.collect::<Vec<_>>(),
            "cost": found.cost.micros(),
            "released": found.released.micros(),
            "payoff": found.payoff.micros(),
            "hurdle": found.hurdle.micros(),
            "gain": found.gain().micros(),
        })
    })
}
