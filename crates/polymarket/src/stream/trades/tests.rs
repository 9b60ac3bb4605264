//! The life of trades, and that a failed one leaves no trace whatever happened around it.

use brier_types::Price;
use proptest::prelude::*;

use super::*;

const STATUSES: [FillStatus; 5] =
    [FillStatus::Matched, FillStatus::Mined, FillStatus::Confirmed, FillStatus::Retrying, FillStatus::Failed];

fn fill(trade: &str, side: Side, contracts: u64, cents: u8, is_no: bool) -> OwnFill {
    let price = Price::from_cents(cents).unwrap();
    let qty = Qty::from_contracts(contracts).unwrap();
    OwnFill {
        trade: TradeId::new(trade).unwrap(),
        order: VenueOrderId::new("0x1").unwrap(),
        market: MarketTicker::new("0xdd").unwrap(),
        outcome: if is_no { Outcome::No } else { Outcome::Yes },
        side,
        price,
        qty,
        gross: brier_types::notional(price, qty, brier_types::Rounding::Floor),
        is_taker: true,
    }
}

fn yes() -> Token {
    Token { market: MarketTicker::new("0xdd").unwrap(), is_no: false }
}

/// Everything a book says.
fn figures(book: &TradeBook) -> Vec<(Token, TokenView)> {
    let zero = TokenView::default();
    let all = [false, true].map(|is_no| Token { is_no, ..yes() });
    all.into_iter()
        .map(|token| (token.clone(), book.token(&token).unwrap()))
        .filter(|(_, view)| *view != zero)
        .collect()
}

#[test]
fn a_fill_is_told_once_and_its_life_after_it() {
    let mut book = TradeBook::new();
    let one = fill("a", Side::Buy, 10, 40, false);
    let applied = book.apply(&one, Money::from_micros(7), FillStatus::Matched);
    assert!(matches!(applied.inputs.as_slice(), [Input::Fill(_)]));
    assert_eq!(book.apply(&one, Money::from_micros(7), FillStatus::Matched), Applied::default());
    let view = book.token(&yes()).unwrap();
    assert_eq!((view.with_provisional.cash, view.confirmed.cash), (Money::from_micros(-4_000_007), Money::ZERO));
    let applied = book.apply(&one, Money::ZERO, FillStatus::Confirmed);
    assert!(matches!(applied.inputs.as_slice(), [Input::FillStatus(_)]));
    let view = book.token(&yes()).unwrap();
    assert_eq!((view.with_provisional, view.provisional_trades), (view.confirmed, 0));
    assert_eq!(book.apply(&one, Money::ZERO, FillStatus::Mined), Applied::default());
    let applied = book.apply(&one, Money::ZERO, FillStatus::Failed);
    assert!(applied.inputs.is_empty() && matches!(applied.anomaly, Some(TradeAnomaly::AfterFinal { .. })));
}

#[test]
fn closing_realizes_against_the_average_cost() {
    let mut book = TradeBook::new();
    for (trade, side, contracts, cents) in
        [("a", Side::Buy, 10, 40), ("b", Side::Buy, 10, 60), ("c", Side::Sell, 5, 70), ("d", Side::Sell, 20, 30)]
    {
        assert_eq!(
            book.apply(&fill(trade, side, contracts, cents, false), Money::ZERO, FillStatus::Matched).anomaly,
            None
        );
    }
    let holding = book.token(&yes()).unwrap().with_provisional;
    // 5 at 0.70 against 0.50, 15 at 0.30 against 0.50, and 5 owed at 0.30.
    assert_eq!((holding.realized, holding.cost), (Money::from_micros(-2_000_000), Money::from_micros(-1_500_000)));
    assert_eq!(holding.exposure(), Some(Money::from_micros(3_500_000)));
    book.apply(&fill("b", Side::Buy, 10, 60, false), Money::ZERO, FillStatus::Failed);
    let holding = book.token(&yes()).unwrap().with_provisional;
    assert_eq!((holding.realized, holding.position.micros()), (Money::from_micros(1_000_000), -15_000_000));
}

#[test]
fn a_trade_first_heard_of_as_failed_never_counts() {
    let mut book = TradeBook::new();
    let one = fill("a", Side::Buy, 10, 40, false);
    assert_eq!(book.apply(&one, Money::ZERO, FillStatus::Failed), Applied::default());
    assert_eq!(book.apply(&one, Money::ZERO, FillStatus::Matched), Applied::default());
    assert_eq!(figures(&book), []);
}

#[test]
fn changed_terms_are_an_anomaly() {
    let mut book = TradeBook::new();
    book.apply(&fill("a", Side::Buy, 10, 40, false), Money::ZERO, FillStatus::Matched);
    let applied = book.apply(&fill("a", Side::Buy, 11, 40, false), Money::ZERO, FillStatus::Confirmed);
    assert!(matches!(applied.anomaly, Some(TradeAnomaly::Changed { .. })));
    assert_eq!(book.token(&yes()).unwrap().with_provisional.position.micros(), 10_000_000);
}

#[test]
fn no_status_leaves_a_final_one_and_repeats_are_the_same() {
    for now in STATUSES {
        for next in STATUSES {
            let moved = transition(now, next);
            assert_eq!(moved == Move::Same, now == next, "{now:?} {next:?}");
            assert!(!(now.is_final() && moved == Move::Moved), "{now:?} {next:?}");
            assert_eq!(moved == Move::Anomaly, now.is_final() && next.is_final() && now != next, "{now:?} {next:?}");
        }
    }
}

/// One message about one of a few trades.
fn message() -> impl Strategy<Value = (usize, usize)> {
    (0_usize..8, 0_usize..STATUSES.len())
}

proptest! {
    /// Some trades fail at the end of any interleaving of messages, repeats and late ones included: every figure is then that
    /// of a book which never saw them.
    #[test]
    fn failed_trades_leave_no_trace(
        terms in proptest::collection::vec((any::<bool>(), 1_u64..50, 1_u8..100, any::<bool>(), 0_i64..90_000), 8),
        messages in proptest::collection::vec(message(), 0..80),
    ) {
        let fills: Vec<(OwnFill, Money)> = terms.iter().enumerate().map(|(place, (buy, contracts, cents, is_no, fee))| {
            let side = if *buy { Side::Buy } else { Side::Sell };
            (fill(&format!("t{place}"), side, *contracts, *cents, *is_no), Money::from_micros(*fee))
        }).collect();
        let mut book = TradeBook::new();
        for (trade, status) in &messages {
            let (fill, fee) = &fills[*trade];
            book.apply(fill, *fee, STATUSES[*status]);
        }
        // Whatever is not final fails now.
        for (fill, fee) in &fills {
            if book.status(&fill.trade, &fill.order).is_some_and(|status| !status.is_final()) {
                book.apply(fill, *fee, FillStatus::Failed);
            }
        }
        // The other book sees only the trades that ended confirmed, once each, in the order in which they first came.
        let mut other = TradeBook::new();
        for (trade, _) in &messages {
            let (fill, fee) = &fills[*trade];
            if book.status(&fill.trade, &fill.order) == Some(FillStatus::Confirmed) {
                other.apply(fill, *fee, FillStatus::Confirmed);
            }
        }
        prop_assert_eq!(figures(&book), figures(&other));
        prop_assert_eq!(book.totals(), other.totals());
        prop_assert_eq!(book.provisional().count(), 0);
    }

    /// Failing one trade restores what was before it, to the last figure.
    #[test]
    fn matched_then_failed_is_as_before(
        before in proptest::collection::vec((any::<bool>(), 1_u64..50, 1_u8..100), 0..6),
        buy in any::<bool>(), contracts in 1_u64..1_000, cents in 1_u8..100, through in 0_usize..3,
    ) {
        let mut book = TradeBook::new();
        for (place, (buy, contracts, cents)) in before.iter().enumerate() {
            let side = if *buy { Side::Buy } else { Side::Sell };
            book.apply(&fill(&format!("b{place}"), side, *contracts, *cents, false), Money::from_micros(3), FillStatus::Matched);
        }
        let (figures_before, totals) = (figures(&book), book.totals());
        let one = fill("x", if buy { Side::Buy } else { Side::Sell }, contracts, cents, false);
        for status in [FillStatus::Matched, FillStatus::Mined, FillStatus::Retrying].into_iter().take(through + 1) {
            book.apply(&one, Money::from_micros(11), status);
        }
        let applied = book.apply(&one, Money::from_micros(11), FillStatus::Failed);
        prop_assert!(matches!(applied.inputs.as_slice(), [Input::FillStatus(update)] if update.status == FillStatus::Failed));
        prop_assert_eq!(figures(&book), figures_before);
        prop_assert_eq!(book.totals(), totals);
    }
}
