//! What a quantity costs: never below what the program reckons with, never below what fills can come to.

use brier_arbitrage::{Claim, Depth, Held, Limits, Relation, Terms};
use brier_engine::{Custody, Fees, Instrument, MarketId};
use brier_kalshi_protocol::fees::{BalancePrecision, RoundingAccumulator, charge};
use brier_types::{Market, MarketStatus, Money, Outcome, Price, PriceGrid, Qty, Rounding, Timestamp, Venue, notional};

use crate::bench::{
    Listed, NOW, contracts, kalshi, legs, levels, money, no_asks, plain, polymarket, problem, set, solve,
};
use crate::random::{Instance, Numbers, Wishes};

#[test]
fn the_program_never_reckons_with_more_than_is_charged() {
    let mut asked = 0;
    for seed in 0..1_500 {
        let instance = Instance::new(seed, 0, &Wishes::FULL);
        let problem = instance.problem();
        let mut numbers = Numbers::new(seed);
        for at in 0..instance.set.members().len() * 2 {
            let claim = Claim::at(at);
            let depth = problem.depth(claim);
            if depth.lots() == 0 {
                continue;
            }
            let lots = 1 + numbers.below(depth.lots());
            let qty = Qty::from_micros(lots * instance.limits.lot.micros()).unwrap();
            let terms = &instance.set.members()[claim.slot].terms;
            let priced = depth.price(qty, terms, &instance.limits).unwrap();
            let charged = priced.notional.checked_add(priced.fees).unwrap().micros() as f64 / 1e6;
            let reckoned = depth.cost(lots).unwrap() * instance.limits.lot.micros() as f64 / 1e6;
            assert!(reckoned <= charged + 1e-9, "seed {seed}: {reckoned} above {charged}");
            asked += 1;
        }
    }
    assert!(asked > 3_000, "{asked}");
}

/// However a level falls into fills of a contract or more, they cost at most what was reckoned.
#[test]
fn no_way_to_fill_costs_more() {
    for seed in 0..3_000 {
        let mut numbers = Numbers::new(seed);
        let member = if seed % 2 == 0 { kalshi(0) } else { polymarket(0, 50_000) };
        let precision = if seed % 3 == 0 { BalancePrecision::Cent } else { BalancePrecision::CentiCent };
        let limits = Limits { precision, ..Limits::default() };
        let cents = 2 + numbers.below(95);
        let book = levels(&format!(".{cents:02}x40 .{:02}x40", cents + 1));
        let depth = Depth::new(Outcome::Yes, book.clone(), &member.terms, &limits, Qty::MAX);
        // Where a contract costs a dollar or more, nothing is on offer.
        if depth.lots() < 80 {
            continue;
        }
        let wanted = contracts(1 + numbers.below(80));
        let priced = depth.price(wanted, &member.terms, &limits).unwrap();
        let (mut rest, mut cost, mut owed) = (wanted, Money::ZERO, RoundingAccumulator::default());
        for level in &book {
            let mut here = rest.min(level.qty);
            rest = rest.saturating_sub(here);
            while !here.is_zero() {
                // Hundredths, a contract at least unless less is left.
                let fill = Qty::from_hundredths(100 + numbers.below(900)).unwrap().min(here);
                let left = here.saturating_sub(fill);
                let fill = if left < contracts(1) { here } else { fill };
                here = here.saturating_sub(fill);
                let paid = notional(level.price, fill, Rounding::Ceil);
                let fee = member.terms.fees.taker(level.price, fill);
                let net = match member.terms.fees {
                    Fees::Kalshi(_) => charge(paid.checked_neg().unwrap(), fee, precision, &mut owed).net,
                    Fees::Polymarket(_) => fee,
                };
                cost = cost.checked_add(paid).unwrap().checked_add(net).unwrap();
            }
        }
        let reckoned = priced.notional.checked_add(priced.fees).unwrap();
        assert!(cost <= reckoned, "seed {seed}: {cost} above {reckoned}");
    }
}

#[test]
fn lots_across_levels_cost_what_their_parts_do() {
    let member = polymarket(0, 0);
    let book = levels(".20x1.5 .30x0.25 .40x0.75 .50x1");
    let depth = Depth::new(Outcome::Yes, book, &member.terms, &plain(), Qty::MAX);
    let rungs: Vec<(u64, f64)> = depth.rungs().iter().map(|rung| (rung.lots, rung.cost)).collect();
    // One at .20; one of half .20, a quarter .30, a quarter .40; one of half .40 and half .50. What is left is no whole lot.
    let wanted = [(1, 0.20), (1, 0.275), (1, 0.45)];
    assert_eq!(rungs.len(), wanted.len());
    for (rung, wanted) in rungs.iter().zip(wanted) {
        assert!(rung.0 == wanted.0 && (rung.1 - wanted.1).abs() < 1e-12, "{rungs:?}");
    }
    let priced = depth.price(contracts(3), &member.terms, &plain()).unwrap();
    assert_eq!((priced.notional, priced.limit.to_string()), (money("0.925"), "0.5000".to_owned()));
    assert_eq!(depth.price(contracts(4), &member.terms, &plain()), None);
}

#[test]
fn what_costs_a_dollar_is_not_on_offer_and_room_cuts() {
    let member = kalshi(0);
    // At $0.9999 rounding can take more than is left of the dollar.
    let dear = levels(".98x10 .9999x10");
    assert_eq!(Depth::new(Outcome::Yes, dear, &member.terms, &Limits::default(), Qty::MAX).lots(), 10);
    let depth = Depth::new(Outcome::No, no_asks(".30x10 .31x10"), &member.terms, &plain(), contracts(14));
    assert_eq!((depth.lots(), depth.levels().len()), (14, 2));
    let mut member = kalshi(0);
    member.terms.surcharge = money("0.05");
    let depth = Depth::new(Outcome::Yes, levels(".30x10 .96x10"), &member.terms, &plain(), Qty::MAX);
    assert_eq!(depth.lots(), 10);
    let priced = depth.price(contracts(10), &member.terms, &plain()).unwrap();
    // 10 × 0.0147 of fee, 10 × 0.05 of surcharge.
    assert_eq!(priced.fees, money("0.647"));
}

/// 25 at 0.40 with a fee of 0.07 x 0.4 x 0.6 x 25 = 0.42, and 25 at 0.50 without one.
#[test]
fn profit_is_told_in_one_fill_and_at_worst() {
    let pair = set(vec![kalshi(0), polymarket(1, 0)], &[Relation::Same { first: 0, second: 1 }]);
    let books = [(vec![], levels(".40x25")), (no_asks(".50x25"), vec![])];
    let found = |limits| solve(&pair, limits, &books).unwrap();
    let (one, many) = (found(plain()), found(Limits::default()));
    assert_eq!((one.profit(), one.profit_in_one_fill()), (money("2.08"), money("2.08")));
    // $0.0002 a contract at Kalshi and $0.000011 at Polymarket.
    assert_eq!((many.profit(), many.profit_in_one_fill()), (money("2.074725"), money("2.08")));
}

/// Polymarket takes no order below five contracts that could rest, and so are purchases of tokens sent.
#[test]
fn a_purchase_below_the_venues_least_size_is_no_answer() {
    let instrument = |venue, custody, min_qty| Instrument {
        market: Market {
            venue,
            ticker: "N".parse().unwrap(),
            event: "E".parse().unwrap(),
            title: String::new(),
            grid: PriceGrid::uniform(Price::from_cents(1).unwrap()).unwrap(),
            size_step: Qty::HUNDREDTH,
            open_time: Timestamp::EPOCH,
            close_time: NOW,
            status: MarketStatus::Active,
            result: None,
        },
        fees: polymarket(1, 0).terms.fees,
        custody,
        shard: 0,
        min_qty,
        min_taking: Money::DOLLAR,
        exclusive: false,
        strike: None,
    };
    let mut second = polymarket(1, 0);
    second.terms = Terms::of(&instrument(Venue::Polymarket, Custody::Tokens, contracts(5)), second.terms.payout);
    let pair = set(vec![kalshi(0), second], &[Relation::Same { first: 0, second: 1 }]);
    let found = |there: &str, held: Held| {
        let account = Listed { held: vec![(MarketId(1), held)], ..Listed::default() };
        let books = [(vec![], levels(there)), (no_asks(".60x100"), vec![])];
        problem(&pair, plain(), &books, &account).solve().unwrap().map(|it| legs(&it))
    };
    assert_eq!(found(".30x2", Held::default()), None, "two contracts at Kalshi, and Polymarket takes five at least");
    assert_eq!(found(".30x5", Held::default()).unwrap(), ["Buy 5.00 Yes m0", "Buy 5.00 No m1"]);
    // What is held is sold in any quantity.
    let held = Held { yes: contracts(2), no: Qty::ZERO };
    assert_eq!(found(".30x3", held), None, "one of three would have to be bought");
    let held = Held { yes: contracts(3), no: Qty::ZERO };
    assert_eq!(found(".30x3", held).unwrap(), ["Buy 3.00 Yes m0", "Sell 3.00 Yes m1"]);
}
