//! Random snapshots and changes through the real book and through a plain tree, compared after every message.

use std::collections::BTreeMap;

use brier_book::{Book, Ladder, Level, StaleReason, Trust, Untrusted};
use brier_types::{BookSide, Money, Price, Qty, Rounding, SignedQty, notional};
use proptest::prelude::*;

/// The book as one would write it without a thought for speed.
#[derive(Default)]
struct Oracle {
    bids: BTreeMap<Price, u64>,
    asks: BTreeMap<Price, u64>,
    trusted: bool,
}

impl Oracle {
    fn ladder(&mut self, side: BookSide) -> &mut BTreeMap<Price, u64> {
        match side {
            BookSide::Bid => &mut self.bids,
            BookSide::Ask => &mut self.asks,
        }
    }

    fn apply(&mut self, message: &Message) {
        match message {
            Message::Snapshot(levels) => {
                self.bids.clear();
                self.asks.clear();
                self.trusted = true;
                for (side, price, micros) in levels {
                    if *micros > 0 {
                        self.ladder(*side).insert(*price, *micros);
                    }
                }
            }
            Message::Delta(side, price, change) if self.trusted => {
                let held = self.ladder(*side).get(price).copied().unwrap_or(0);
                match held.checked_add_signed(*change) {
                    None => self.trusted = false,
                    Some(0) => drop(self.ladder(*side).remove(price)),
                    Some(after) => drop(self.ladder(*side).insert(*price, after)),
                }
            }
            Message::Level(side, price, 0) if self.trusted => drop(self.ladder(*side).remove(price)),
            Message::Level(side, price, micros) if self.trusted => drop(self.ladder(*side).insert(*price, *micros)),
            Message::Delta(..) | Message::Level(..) => {}
        }
    }

    fn levels(&self, side: BookSide) -> Vec<Level> {
        let level = |(price, micros): (&Price, &u64)| Level { price: *price, qty: Qty::from_micros(*micros).unwrap() };
        match side {
            BookSide::Bid => self.bids.iter().rev().map(level).collect(),
            BookSide::Ask => self.asks.iter().map(level).collect(),
        }
    }
}

#[derive(Clone, Debug)]
enum Message {
    Snapshot(Vec<(BookSide, Price, u64)>),
    Delta(BookSide, Price, i64),
    Level(BookSide, Price, u64),
}

fn any_side() -> impl Strategy<Value = BookSide> {
    prop_oneof![Just(BookSide::Bid), Just(BookSide::Ask)]
}

/// Mostly whole cents in a narrow band, so that levels are met again; some between cents; now and then the whole range.
fn any_price() -> impl Strategy<Value = Price> {
    prop_oneof![
        6 => (40_u16..60).prop_map(|cents| cents * 100),
        3 => (490_u16..510).prop_map(|tenths| tenths * 10),
        1 => 1_u16..10_000,
    ]
    .prop_map(|pips| Price::new(pips).unwrap())
}

fn any_message() -> impl Strategy<Value = Message> {
    let level = (any_side(), any_price(), 0_u64..5_000_000);
    let levels = prop::collection::vec(level, 0..30).prop_map(|mut levels| {
        levels.sort_by_key(|(side, price, _)| (*side, *price));
        levels.dedup_by_key(|(side, price, _)| (*side, *price));
        Message::Snapshot(levels)
    });
    prop_oneof![
        1 => levels,
        30 => (any_side(), any_price(), -200_000_i64..3_000_000).prop_map(|(side, price, change)| Message::Delta(side, price, change)),
        10 => (any_side(), any_price(), prop_oneof![Just(0), 1_u64..3_000_000]).prop_map(|(side, price, micros)| Message::Level(side, price, micros)),
    ]
}

/// Takes a level away entirely now and then: random changes seldom hit zero.
fn settle(oracle: &mut Oracle, message: Message, whole: bool) -> Message {
    match message {
        Message::Delta(side, price, _) if whole => match oracle.ladder(side).get(&price) {
            Some(held) => Message::Delta(side, price, -i64::try_from(*held).unwrap()),
            None => Message::Delta(side, price, 1_000_000),
        },
        other @ (Message::Snapshot(_) | Message::Delta(..) | Message::Level(..)) => other,
    }
}

fn apply(book: &mut Book, message: &Message) {
    match message {
        Message::Snapshot(levels) => {
            let levels = levels.iter().map(|(side, price, micros)| (*side, *price, Qty::from_micros(*micros).unwrap()));
            assert_eq!(book.load(levels), Ok(()));
        }
        Message::Delta(side, price, change) => {
            let trusted = *book.trust() == Trust::Trusted;
            match book.apply_delta(*side, *price, SignedQty::from_micros(*change).unwrap()) {
                Ok(applied) => assert_eq!(applied, trusted),
                Err(reason) => assert!(matches!(reason, StaleReason::Level { .. })),
            }
        }
        Message::Level(side, price, micros) => {
            let trusted = *book.trust() == Trust::Trusted;
            assert_eq!(book.set_level(*side, *price, Qty::from_micros(*micros).unwrap()), Ok(trusted));
        }
    }
}

fn compare(book: &Book, oracle: &Oracle) -> Result<(), TestCaseError> {
    let seen = book.view_untrusted();
    for side in [BookSide::Bid, BookSide::Ask] {
        let expected = oracle.levels(side);
        prop_assert_eq!(seen.levels(side).collect::<Vec<_>>(), expected.clone());
        prop_assert_eq!(seen.best(side), expected.first().copied());
        prop_assert_eq!(seen.level_count(side), expected.len());
        prop_assert_eq!(seen.total(side).micros(), expected.iter().map(|level| level.qty.micros()).sum::<u64>());
    }
    let (bid, ask) = (seen.best_bid(), seen.best_ask());
    let crossed = bid.zip(ask).is_some_and(|(bid, ask)| bid.price >= ask.price);
    match book.view() {
        Ok(view) => {
            prop_assert!(oracle.trusted && !crossed);
            prop_assert_eq!((view.best_bid(), view.best_ask()), (bid, ask));
        }
        Err(Untrusted::Crossed { .. }) => prop_assert!(oracle.trusted && crossed),
        Err(Untrusted::Empty | Untrusted::Building | Untrusted::Stale(_)) => prop_assert!(!oracle.trusted),
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_message_leaves_the_same_book(messages in prop::collection::vec((any_message(), prop::bool::weighted(0.4)), 1..200)) {
        let (mut book, mut oracle) = (Book::new(), Oracle::default());
        for (message, whole) in messages {
            let message = settle(&mut oracle, message, whole);
            apply(&mut book, &message);
            oracle.apply(&message);
            compare(&book, &oracle)?;
        }
    }

    #[test]
    fn depth_and_cost_agree_with_the_tree(
        levels in prop::collection::btree_map(any_price(), 1_u64..5_000_000, 0..30),
        side in any_side(),
        limit in any_price(),
        asked in 0_u64..60_000_000,
    ) {
        let mut book = Book::new();
        let all = levels.iter().map(|(price, micros)| (side, *price, Qty::from_micros(*micros).unwrap()));
        book.load(all).unwrap();
        let view = book.view().unwrap();
        let better = |price: &Price| if side == BookSide::Bid { *price >= limit } else { *price <= limit };
        let depth: u64 = levels.iter().filter(|(price, _)| better(price)).map(|(_, micros)| micros).sum();
        prop_assert_eq!(view.depth_to(side, limit).micros(), depth);

        let mut best_first: Vec<(Price, u64)> = levels.iter().map(|(price, micros)| (*price, *micros)).collect();
        if side == BookSide::Bid {
            best_first.reverse();
        }
        let (mut rest, mut cost, mut worst) = (asked, Money::ZERO, Price::ZERO);
        for (price, micros) in best_first {
            if rest == 0 {
                break;
            }
            let taken = rest.min(micros);
            rest -= taken;
            cost = cost.checked_add(notional(price, Qty::from_micros(taken).unwrap(), Rounding::Ceil)).unwrap();
            worst = price;
        }
        match view.cost_to_fill(side.opposite(), Qty::from_micros(asked).unwrap(), Rounding::Ceil) {
            Ok(fill) => {
                prop_assert_eq!((rest, fill.cost, fill.worst), (0, cost, worst));
                if let Some(average) = fill.average(Rounding::Ceil) {
                    // The average times the quantity covers the cost, and a millionth less would not.
                    let covers = |average: i64| i128::from(average) * i128::from(asked) >= i128::from(cost.micros()) * 1_000_000;
                    prop_assert!(covers(average.micros()) && !covers(average.micros() - 1));
                }
            }
            Err(short) => prop_assert_eq!(short.asked.micros() - short.available.micros(), rest),
        }
    }

    #[test]
    fn neighbors_are_found_from_anywhere(levels in prop::collection::btree_set(1_u16..10_000, 0..60), from in 0_u16..=10_000) {
        let mut ladder = Ladder::new();
        let one = SignedQty::from_micros(1).unwrap();
        for pips in &levels {
            ladder.change(Price::new(*pips).unwrap(), one).unwrap();
        }
        let from_price = Price::new(from).unwrap();
        prop_assert_eq!(ladder.highest_to(from_price).map(Price::pips), levels.range(..=from).next_back().copied());
        prop_assert_eq!(ladder.lowest_from(from_price).map(Price::pips), levels.range(from..).next().copied());
        prop_assert_eq!(ladder.len(), levels.len());
        ladder.clear();
        prop_assert!(ladder.is_empty() && ladder.highest().is_none() && ladder.total().is_zero());
    }
}
