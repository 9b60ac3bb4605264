//! Exact answers of small books.

use brier_book::{Book, Ladder, LadderError, Level};
use brier_types::{BookSide, Money, Price, Qty, Rounding, SignedQty};

fn price(pips: u16) -> Price {
    Price::new(pips).unwrap()
}

fn contracts(text: &str) -> Qty {
    text.parse().unwrap()
}

fn book() -> Book {
    let mut book = Book::new();
    book.load([
        (BookSide::Bid, price(4_000), contracts("120")),
        (BookSide::Bid, price(4_100), contracts("35.50")),
        (BookSide::Ask, price(4_500), contracts("80")),
        (BookSide::Ask, price(4_625), contracts("20")),
    ])
    .unwrap();
    book
}

#[test]
fn a_buyer_pays_level_by_level() {
    let book = book();
    let fill = book.view().unwrap().cost_to_fill(BookSide::Bid, contracts("90"), Rounding::Ceil).unwrap();
    assert_eq!(fill.cost, "40.625".parse().unwrap());
    assert_eq!((fill.worst, fill.levels, fill.qty), (price(4_625), 2, contracts("90")));
    assert_eq!(fill.average(Rounding::Ceil), Some(Money::from_micros(451_389)));
    assert_eq!(fill.average(Rounding::Floor), Some(Money::from_micros(451_388)));
}

#[test]
fn a_seller_is_paid_by_the_bids() {
    let book = book();
    let fill = book.view().unwrap().cost_to_fill(BookSide::Ask, contracts("40"), Rounding::Floor).unwrap();
    assert_eq!((fill.cost.to_string().as_str(), fill.worst), ("16.355000", price(4_000)));
}

#[test]
fn more_than_the_book_holds_is_refused_and_nothing_costs_nothing() {
    let book = book();
    let view = book.view().unwrap();
    let short = view.cost_to_fill(BookSide::Bid, contracts("100.01"), Rounding::Ceil).unwrap_err();
    assert_eq!(short.to_string(), "book depth: expected at least 100.01 contracts, found 100.00; ask for less");
    let nothing = view.cost_to_fill(BookSide::Bid, Qty::ZERO, Rounding::Ceil).unwrap();
    assert_eq!((nothing.cost, nothing.levels, nothing.average(Rounding::Ceil)), (Money::ZERO, 0, None));
}

#[test]
fn depth_counts_from_the_best() {
    let book = book();
    let view = book.view().unwrap();
    assert_eq!(view.depth_to(BookSide::Bid, price(4_100)), contracts("35.50"));
    assert_eq!(view.depth_to(BookSide::Bid, price(1)), contracts("155.50"));
    assert_eq!(view.depth_to(BookSide::Ask, price(4_499)), Qty::ZERO);
    let top: Vec<Level> = view.levels(BookSide::Ask).take(1).collect();
    assert_eq!(top, [Level { price: price(4_500), qty: contracts("80") }]);
    assert_eq!(view.qty_at(BookSide::Ask, price(4_625)), contracts("20"));
}

#[test]
fn a_ladder_refuses_and_stays_as_it_was() {
    let mut ladder = Ladder::new();
    let change = |micros| SignedQty::from_micros(micros).unwrap();
    for (at, micros) in [(0, 1), (10_000, 1)] {
        assert_eq!(ladder.change(price(at), change(micros)), Err(LadderError::NotTradable { price: price(at) }));
    }
    for at in [5_000, 5_001] {
        assert_eq!(
            ladder.change(price(at), change(-1)),
            Err(LadderError::Negative { price: price(at), held: Qty::ZERO, change: change(-1) })
        );
    }
    ladder.change(price(5_000), change(i64::MAX)).unwrap();
    // The sum of the side is bounded too, so that no reader can overflow.
    assert!(matches!(ladder.change(price(5_001), change(1)), Err(LadderError::Overflow { .. })));
    assert_eq!((ladder.total(), ladder.len()), (Qty::MAX, 1));
    ladder.change(price(5_000), change(-i64::MAX)).unwrap();
    assert!(ladder.is_empty());
}
