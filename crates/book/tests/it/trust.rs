//! The trust of books under sequences of messages, as text.
//!
//! A script has one word per message: `sub 2 A B` subscribes, `snap 2:1 A` gives A a snapshot (bid 0.40, ask 0.60, 10
//! each), `d 2:2 A bid 0.41 +5` changes a level, `ok 2:3` is an answer that carries a number, `unsub 2`, `down`, and
//! `lose A why`.

use std::fmt::Write as _;

use brier_book::{BookSet, Effect, Lost, MarketSlot, SequencePolicy, Step};
use brier_types::{BookChange, BookInput, BookLoss, BookSide, MarketTicker, Price, Qty, SignedQty, SubscriptionId};
use expect_test::{Expect, expect};

fn market(name: &str) -> MarketTicker {
    MarketTicker::new(name).unwrap()
}

fn place(text: &str) -> (SubscriptionId, u64) {
    let (sid, seq) = text.split_once(':').unwrap();
    (SubscriptionId(sid.parse().unwrap()), seq.parse().unwrap())
}

fn snapshot(ask: &str) -> BookChange {
    let level = |price: &str| vec![(price.parse::<Price>().unwrap(), Qty::from_contracts(10).unwrap())];
    BookChange::Snapshot { bids: level("0.40"), asks: level(ask) }
}

fn input(at: &str, name: &str, change: BookChange) -> BookInput {
    let (subscription, sequence) = place(at);
    BookInput { market: market(name), subscription, sequence, change }
}

fn lost(set: &BookSet, lost: Option<&Lost>) -> String {
    lost.map_or(String::new(), |lost| {
        let loss = set.loss_input(lost);
        let markets: Vec<&str> = loss.markets.iter().map(MarketTicker::as_str).collect();
        format!("; lost {}: {}", markets.join(" "), loss.reason)
    })
}

fn said(set: &BookSet, step: &Step) -> String {
    let effect = match step.effect {
        Effect::Changed => "changed".to_owned(),
        Effect::Rebuilt => "rebuilt".to_owned(),
        Effect::Refused => "refused".to_owned(),
        Effect::Ignored(why) => format!("ignored {why:?}"),
    };
    effect + &lost(set, step.lost.as_deref())
}

fn run(set: &mut BookSet, policy: SequencePolicy, line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["sub", sid, names @ ..] => {
            let markets: Vec<MarketTicker> = names.iter().map(|name| market(name)).collect();
            set.subscribe(SubscriptionId(sid.parse().unwrap()), policy, &markets);
            String::from("subscribed")
        }
        ["snap", at, name] => {
            let step = set.apply(&input(at, name, snapshot("0.60")));
            said(set, &step)
        }
        ["snap", at, name, ask] => {
            let step = set.apply(&input(at, name, snapshot(ask)));
            said(set, &step)
        }
        ["d", at, name, side, price, change] => {
            let side = if *side == "bid" { BookSide::Bid } else { BookSide::Ask };
            let change: SignedQty = change.parse().unwrap();
            let step = set.apply(&input(at, name, BookChange::Delta { side, price: price.parse().unwrap(), change }));
            said(set, &step)
        }
        ["ok", at] => {
            let (sid, seq) = place(at);
            let loss = set.skip(sid, seq);
            format!("counted{}", lost(set, loss.as_deref()))
        }
        ["unsub", sid] => {
            set.unsubscribe(SubscriptionId(sid.parse().unwrap()));
            String::from("unsubscribed")
        }
        ["down"] => {
            set.disconnect();
            String::from("disconnected")
        }
        ["lose", name, why @ ..] => {
            set.lose(&BookLoss { markets: vec![market(name)], reason: why.join(" ") });
            String::from("lost")
        }
        _ => panic!("no such line: {line}"),
    }
}

#[track_caller]
fn check(policy: SequencePolicy, script: &str, expected: &Expect) {
    let mut set = BookSet::new(policy);
    let mut out = String::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let said = run(&mut set, policy, line);
        let books: Vec<String> = set
            .iter()
            .map(|(_, ticker, book)| match book.view() {
                Ok(view) => {
                    let level =
                        |side| view.best(side).map_or("-".to_owned(), |best| format!("{}x{}", best.price, best.qty));
                    format!("{ticker} {} / {}", level(BookSide::Bid), level(BookSide::Ask))
                }
                Err(untrusted) => format!("{ticker} {untrusted}"),
            })
            .collect();
        writeln!(out, "{line} -> {said}").unwrap();
        for book in books {
            writeln!(out, "    {book}").unwrap();
        }
    }
    writeln!(out, "{:?}", set.counts()).unwrap();
    expected.assert_eq(&out);
}

#[test]
fn a_gap_loses_every_book_of_its_subscription_and_a_snapshot_mends_one() {
    check(
        SequencePolicy::Continuous,
        "sub 2 A B
         sub 3 C
         d 2:1 A bid 0.41 +5
         snap 2:2 A
         snap 2:3 B
         snap 3:1 C
         d 2:4 A bid 0.41 +5
         ok 2:5
         d 2:7 B ask 0.59 +1
         d 2:8 A bid 0.41 -5
         snap 2:9 A
         d 2:10 A bid 0.41 +2
         d 2:11 B bid 0.41 +2",
        &expect![[r#"
            sub 2 A B -> subscribed
                A no book yet: the first snapshot has not arrived; wait for it
                B no book yet: the first snapshot has not arrived; wait for it
            sub 3 C -> subscribed
                A no book yet: the first snapshot has not arrived; wait for it
                B no book yet: the first snapshot has not arrived; wait for it
                C no book yet: the first snapshot has not arrived; wait for it
            d 2:1 A bid 0.41 +5 -> ignored BeforeSnapshot
                A no book yet: the first snapshot has not arrived; wait for it
                B no book yet: the first snapshot has not arrived; wait for it
                C no book yet: the first snapshot has not arrived; wait for it
            snap 2:2 A -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
                B no book yet: the first snapshot has not arrived; wait for it
                C no book yet: the first snapshot has not arrived; wait for it
            snap 2:3 B -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
                B 0.4000x10.00 / 0.6000x10.00
                C no book yet: the first snapshot has not arrived; wait for it
            snap 3:1 C -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
                B 0.4000x10.00 / 0.6000x10.00
                C 0.4000x10.00 / 0.6000x10.00
            d 2:4 A bid 0.41 +5 -> changed
                A 0.4100x5.00 / 0.6000x10.00
                B 0.4000x10.00 / 0.6000x10.00
                C 0.4000x10.00 / 0.6000x10.00
            ok 2:5 -> counted
                A 0.4100x5.00 / 0.6000x10.00
                B 0.4000x10.00 / 0.6000x10.00
                C 0.4000x10.00 / 0.6000x10.00
            d 2:7 B ask 0.59 +1 -> ignored BeforeSnapshot; lost A B: sequence gap: expected 6, found 7
                A stale book: sequence gap: expected 6, found 7; ask the venue for a snapshot
                B stale book: sequence gap: expected 6, found 7; ask the venue for a snapshot
                C 0.4000x10.00 / 0.6000x10.00
            d 2:8 A bid 0.41 -5 -> ignored BeforeSnapshot
                A stale book: sequence gap: expected 6, found 7; ask the venue for a snapshot
                B stale book: sequence gap: expected 6, found 7; ask the venue for a snapshot
                C 0.4000x10.00 / 0.6000x10.00
            snap 2:9 A -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
                B stale book: sequence gap: expected 6, found 7; ask the venue for a snapshot
                C 0.4000x10.00 / 0.6000x10.00
            d 2:10 A bid 0.41 +2 -> changed
                A 0.4100x2.00 / 0.6000x10.00
                B stale book: sequence gap: expected 6, found 7; ask the venue for a snapshot
                C 0.4000x10.00 / 0.6000x10.00
            d 2:11 B bid 0.41 +2 -> ignored BeforeSnapshot
                A 0.4100x2.00 / 0.6000x10.00
                B stale book: sequence gap: expected 6, found 7; ask the venue for a snapshot
                C 0.4000x10.00 / 0.6000x10.00
            Counts { changed: 2, rebuilt: 4, before_snapshot: 4, old: 0, other_subscription: 0, refused: 0, gaps: 1 }
        "#]],
    );
}

#[test]
fn a_snapshot_behind_a_gap_mends_its_own_book() {
    check(
        SequencePolicy::Continuous,
        "sub 2 A B
         snap 2:1 A
         snap 2:2 B
         snap 2:9 B
         ok 2:11",
        &expect![[r#"
            sub 2 A B -> subscribed
                A no book yet: the first snapshot has not arrived; wait for it
                B no book yet: the first snapshot has not arrived; wait for it
            snap 2:1 A -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
                B no book yet: the first snapshot has not arrived; wait for it
            snap 2:2 B -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
                B 0.4000x10.00 / 0.6000x10.00
            snap 2:9 B -> rebuilt; lost A: sequence gap: expected 3, found 9
                A stale book: sequence gap: expected 3, found 9; ask the venue for a snapshot
                B 0.4000x10.00 / 0.6000x10.00
            ok 2:11 -> counted; lost A B: sequence gap: expected 10, found 11
                A stale book: sequence gap: expected 3, found 9; ask the venue for a snapshot
                B stale book: sequence gap: expected 10, found 11; ask the venue for a snapshot
            Counts { changed: 0, rebuilt: 3, before_snapshot: 0, old: 0, other_subscription: 0, refused: 0, gaps: 2 }
        "#]],
    );
}

#[test]
fn a_crossed_or_locked_book_is_hidden_until_it_uncrosses() {
    check(
        SequencePolicy::Continuous,
        "snap 2:1 A
         d 2:2 A bid 0.60 +1
         d 2:3 A bid 0.61 +1
         d 2:4 A ask 0.60 -10
         snap 2:5 A 0.40
         d 2:6 A ask 0.41 +1
         d 2:7 A ask 0.40 -10",
        &expect![[r#"
            snap 2:1 A -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
            d 2:2 A bid 0.60 +1 -> changed
                A crossed book: bid 0.6000 is not below ask 0.6000; wait for the next changes
            d 2:3 A bid 0.61 +1 -> changed
                A crossed book: bid 0.6100 is not below ask 0.6000; wait for the next changes
            d 2:4 A ask 0.60 -10 -> changed
                A 0.6100x1.00 / -
            snap 2:5 A 0.40 -> rebuilt
                A crossed book: bid 0.4000 is not below ask 0.4000; wait for the next changes
            d 2:6 A ask 0.41 +1 -> changed
                A crossed book: bid 0.4000 is not below ask 0.4000; wait for the next changes
            d 2:7 A ask 0.40 -10 -> changed
                A 0.4000x10.00 / 0.4100x1.00
            Counts { changed: 5, rebuilt: 2, before_snapshot: 0, old: 0, other_subscription: 0, refused: 0, gaps: 0 }
        "#]],
    );
}

#[test]
fn an_impossible_level_makes_one_book_stale_and_leaves_it_untouched() {
    check(
        SequencePolicy::Continuous,
        "snap 2:1 A
         snap 2:2 B
         d 2:3 A bid 0.40 -10.01
         d 2:4 A bid 0.40 +1
         d 2:5 B ask 1.00 +1
         snap 2:6 B 1.00
         snap 2:7 A",
        &expect![[r#"
            snap 2:1 A -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
            snap 2:2 B -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
                B 0.4000x10.00 / 0.6000x10.00
            d 2:3 A bid 0.40 -10.01 -> refused; lost A: bid side: level 0.4000 holds 10.00 contracts and cannot change by -10.01
                A stale book: bid side: level 0.4000 holds 10.00 contracts and cannot change by -10.01; ask the venue for a snapshot
                B 0.4000x10.00 / 0.6000x10.00
            d 2:4 A bid 0.40 +1 -> ignored BeforeSnapshot
                A stale book: bid side: level 0.4000 holds 10.00 contracts and cannot change by -10.01; ask the venue for a snapshot
                B 0.4000x10.00 / 0.6000x10.00
            d 2:5 B ask 1.00 +1 -> refused; lost B: ask side: no order can rest at 1.0000: expected a price above 0 and below 1
                A stale book: bid side: level 0.4000 holds 10.00 contracts and cannot change by -10.01; ask the venue for a snapshot
                B stale book: ask side: no order can rest at 1.0000: expected a price above 0 and below 1; ask the venue for a snapshot
            snap 2:6 B 1.00 -> refused; lost B: ask side: no order can rest at 1.0000: expected a price above 0 and below 1
                A stale book: bid side: level 0.4000 holds 10.00 contracts and cannot change by -10.01; ask the venue for a snapshot
                B stale book: ask side: no order can rest at 1.0000: expected a price above 0 and below 1; ask the venue for a snapshot
            snap 2:7 A -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
                B stale book: ask side: no order can rest at 1.0000: expected a price above 0 and below 1; ask the venue for a snapshot
            Counts { changed: 0, rebuilt: 3, before_snapshot: 1, old: 0, other_subscription: 0, refused: 3, gaps: 0 }
        "#]],
    );
}

#[test]
fn one_repeat_is_ignored_and_a_counter_that_goes_back_loses_the_books() {
    check(
        SequencePolicy::Continuous,
        "snap 2:1 A
         snap 2:2 B
         d 2:2 A bid 0.41 +5
         d 2:3 A bid 0.41 +5
         d 2:1 A bid 0.41 +5
         d 2:2 A bid 0.41 +5
         snap 2:3 A
         snap 2:1 B
         d 2:2 B bid 0.41 +1",
        &expect![[r#"
            snap 2:1 A -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
            snap 2:2 B -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
                B 0.4000x10.00 / 0.6000x10.00
            d 2:2 A bid 0.41 +5 -> ignored Old
                A 0.4000x10.00 / 0.6000x10.00
                B 0.4000x10.00 / 0.6000x10.00
            d 2:3 A bid 0.41 +5 -> changed
                A 0.4100x5.00 / 0.6000x10.00
                B 0.4000x10.00 / 0.6000x10.00
            d 2:1 A bid 0.41 +5 -> ignored Old
                A 0.4100x5.00 / 0.6000x10.00
                B 0.4000x10.00 / 0.6000x10.00
            d 2:2 A bid 0.41 +5 -> ignored BeforeSnapshot; lost A B: sequence went back from 3 to 2
                A stale book: sequence went back from 3 to 2; ask the venue for a snapshot
                B stale book: sequence went back from 3 to 2; ask the venue for a snapshot
            snap 2:3 A -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
                B stale book: sequence went back from 3 to 2; ask the venue for a snapshot
            snap 2:1 B -> rebuilt; lost A: sequence went back from 3 to 1
                A stale book: sequence went back from 3 to 1; ask the venue for a snapshot
                B 0.4000x10.00 / 0.6000x10.00
            d 2:2 B bid 0.41 +1 -> changed
                A stale book: sequence went back from 3 to 1; ask the venue for a snapshot
                B 0.4100x1.00 / 0.6000x10.00
            Counts { changed: 2, rebuilt: 4, before_snapshot: 1, old: 2, other_subscription: 0, refused: 0, gaps: 2 }
        "#]],
    );
}

#[test]
fn recordings_of_some_markets_only_increase() {
    check(
        SequencePolicy::Increasing,
        "snap 1:7861474 A
         d 1:7861478 A bid 0.41 +5
         d 1:7861479 A bid 0.41 +5",
        &expect![[r#"
            snap 1:7861474 A -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
            d 1:7861478 A bid 0.41 +5 -> changed
                A 0.4100x5.00 / 0.6000x10.00
            d 1:7861479 A bid 0.41 +5 -> changed
                A 0.4100x10.00 / 0.6000x10.00
            Counts { changed: 2, rebuilt: 1, before_snapshot: 0, old: 0, other_subscription: 0, refused: 0, gaps: 0 }
        "#]],
    );
}

#[test]
fn two_subscriptions_never_feed_one_book() {
    check(
        SequencePolicy::Continuous,
        "sub 2 A
         snap 2:1 A
         sub 4 A
         d 2:2 A bid 0.41 +5
         snap 4:1 A
         d 2:3 A bid 0.41 +5
         d 4:2 A bid 0.41 +1",
        &expect![[r#"
            sub 2 A -> subscribed
                A no book yet: the first snapshot has not arrived; wait for it
            snap 2:1 A -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
            sub 4 A -> subscribed
                A stale book: subscription ended; ask the venue for a snapshot
            d 2:2 A bid 0.41 +5 -> ignored OtherSubscription
                A stale book: subscription ended; ask the venue for a snapshot
            snap 4:1 A -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
            d 2:3 A bid 0.41 +5 -> ignored OtherSubscription
                A 0.4000x10.00 / 0.6000x10.00
            d 4:2 A bid 0.41 +1 -> changed
                A 0.4100x1.00 / 0.6000x10.00
            Counts { changed: 1, rebuilt: 2, before_snapshot: 0, old: 0, other_subscription: 2, refused: 0, gaps: 0 }
        "#]],
    );
}

#[test]
fn the_end_of_a_subscription_or_connection_is_stale() {
    check(
        SequencePolicy::Continuous,
        "sub 2 A
         snap 2:1 A
         snap 3:1 B
         unsub 2
         d 2:2 A bid 0.41 +5
         lose B channel error 10
         sub 2 A
         snap 2:1 A
         down
         sub 2 A
         snap 2:1 A",
        &expect![[r#"
            sub 2 A -> subscribed
                A no book yet: the first snapshot has not arrived; wait for it
            snap 2:1 A -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
            snap 3:1 B -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
                B 0.4000x10.00 / 0.6000x10.00
            unsub 2 -> unsubscribed
                A stale book: subscription ended; ask the venue for a snapshot
                B 0.4000x10.00 / 0.6000x10.00
            d 2:2 A bid 0.41 +5 -> ignored BeforeSnapshot; lost : sequence gap: expected 1, found 2
                A stale book: subscription ended; ask the venue for a snapshot
                B 0.4000x10.00 / 0.6000x10.00
            lose B channel error 10 -> lost
                A stale book: subscription ended; ask the venue for a snapshot
                B stale book: channel error 10; ask the venue for a snapshot
            sub 2 A -> subscribed
                A stale book: subscription ended; ask the venue for a snapshot
                B stale book: channel error 10; ask the venue for a snapshot
            snap 2:1 A -> rebuilt; lost : sequence went back from 2 to 1
                A 0.4000x10.00 / 0.6000x10.00
                B stale book: channel error 10; ask the venue for a snapshot
            down -> disconnected
                A stale book: disconnected; ask the venue for a snapshot
                B stale book: channel error 10; ask the venue for a snapshot
            sub 2 A -> subscribed
                A stale book: disconnected; ask the venue for a snapshot
                B stale book: channel error 10; ask the venue for a snapshot
            snap 2:1 A -> rebuilt
                A 0.4000x10.00 / 0.6000x10.00
                B stale book: channel error 10; ask the venue for a snapshot
            Counts { changed: 0, rebuilt: 4, before_snapshot: 1, old: 0, other_subscription: 0, refused: 0, gaps: 2 }
        "#]],
    );
}

#[test]
fn a_snapshot_that_names_a_level_twice_is_refused() {
    let mut set = BookSet::new(SequencePolicy::Continuous);
    let slot = set.add(&market("A"));
    let level = (BookSide::Bid, Price::from_cents(40).unwrap(), Qty::HUNDREDTH);
    let step = set.apply_snapshot(SubscriptionId(1), 1, slot, [level, level]);
    assert_eq!((slot, step.effect), (MarketSlot(0), Effect::Refused));
    let lost = step.lost.unwrap();
    assert_eq!(
        (lost.reason.to_string().as_str(), lost.markets),
        ("snapshot names the bid level 0.4000 twice", vec![slot])
    );
}
