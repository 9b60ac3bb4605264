//! All engines give the same answer, and the generated flow has the mix it claims.

use super::*;

fn answer(run: &LobRun) -> (usize, u64, u64, usize, u64) {
    (run.operations, run.trades, run.traded_qty, run.resting, run.fnv_fills)
}

#[test]
fn all_engines_agree() {
    for markets in [1, 30] {
        let Flow { operations, prefill } = generate(markets, 300 / markets, 6_000, 20_261_120);
        let bare = run_bare(&operations, prefill);
        assert!(bare.trades > 1_000 && bare.operations == 6_000, "{bare:?}");
        assert_eq!(answer(&bare), answer(&run_full(&operations, prefill)));
        assert_eq!(answer(&bare), answer(&run_baseline(&operations, prefill)));
    }
}

#[test]
fn the_flow_has_its_mix() {
    let Flow { operations, prefill } = generate(20, 50, 20_000, 3);
    assert!(run_bare(&operations[..prefill], 0).trades == 0, "passive orders meet nothing");
    let cancels = operations.iter().filter(|operation| operation.order.is_none()).count();
    assert!((6_700..7_300).contains(&cancels), "{cancels}");
    let mut engine = Bare::new(&operations);
    let mut crossing = 0;
    for operation in &operations {
        let (trades, resting) = (engine.fills().len(), engine.resting());
        engine.apply(operation);
        crossing += usize::from(engine.fills().len() > trades);
        assert!(operation.order.is_some() || engine.resting() == resting - 1, "only resting orders are canceled");
    }
    assert!((1_800..2_200).contains(&crossing), "{crossing}");
}

#[test]
fn a_cancel_of_what_is_over_does_nothing() {
    let order = |side, id| {
        let (price, qty) = (Price::from_cents(50).unwrap(), Qty::from_contracts(1).unwrap());
        Operation { id, market: 0, order: Some(Limit { side, price, qty }) }
    };
    let cancel = Operation { id: 1, market: 0, order: None };
    let operations = [order(BookSide::Bid, 1), order(BookSide::Ask, 2), cancel, cancel];
    for run in [run_bare, run_full, run_baseline] {
        let run = run(&operations, 1);
        assert_eq!((run.operations, run.trades, run.traded_qty, run.resting), (3, 1, 1, 0));
    }
}

#[test]
fn the_best_round_counts() {
    let operations = generate(1, 10, 100, 1).operations;
    let mut rounds = 0;
    let best = best_of(3, || {
        rounds += 1;
        LobRun { elapsed: Duration::from_millis([5, 2, 9][rounds - 1]), ..run_bare(&operations, 10) }
    });
    assert_eq!((rounds, best.elapsed), (3, Duration::from_millis(2)));
}
