//! Changing resting orders: what keeps a place in the queue and what loses it.
//!
//! Source: reference section 8.2.

use expect_test::expect;

use crate::script::transcript;

#[test]
fn a_new_price_loses_the_place_in_the_queue() {
    transcript(&expect![[r#"
        > A bid 0.40 x 5
          => #1 filled 0.00 open 5.00
        > B bid 0.40 x 5
          => #2 filled 0.00 open 5.00
        > A amend #1 0.41 x 5
          #1 0.4100 total 5.00 open 5.00 (Amend)
          => #1 filled 0.00 open 5.00
        > A amend #1 0.40 x 5
          #1 0.4000 total 5.00 open 5.00 (Amend)
          => #1 filled 0.00 open 5.00
        > show book M
          bid 0.4000 x 10.00: B #2 5.00, A #1 5.00
    "#]]);
}

#[test]
fn a_larger_total_loses_the_place_in_the_queue() {
    transcript(&expect![[r#"
        > A bid 0.40 x 5
          => #1 filled 0.00 open 5.00
        > B bid 0.40 x 5
          => #2 filled 0.00 open 5.00
        > A amend #1 0.40 x 6
          #1 0.4000 total 6.00 open 6.00 (Amend)
          => #1 filled 0.00 open 6.00
        > show book M
          bid 0.4000 x 11.00: B #2 5.00, A #1 6.00
        > show cash A
          A cash 100.000000 held 2.500800 free 97.499200
    "#]]);
}

#[test]
fn a_smaller_total_keeps_the_place_in_the_queue() {
    transcript(&expect![[r#"
        > A bid 0.40 x 5
          => #1 filled 0.00 open 5.00
        > B bid 0.40 x 5
          => #2 filled 0.00 open 5.00
        > A amend #1 0.40 x 3
          #1 0.4000 total 3.00 open 3.00 (Amend)
          => #1 filled 0.00 open 3.00
        > show book M
          bid 0.4000 x 8.00: A #1 3.00, B #2 5.00
        > show cash A
          A cash 100.000000 held 1.250400 free 98.749600
    "#]]);
}

#[test]
fn a_new_expiry_alone_keeps_the_place_in_the_queue() {
    transcript(&expect![[r#"
        > A bid 0.40 x 5 gtd=50
          => #1 filled 0.00 open 5.00
        > B bid 0.40 x 5
          => #2 filled 0.00 open 5.00
        > A amend #1 0.40 x 5 exp=10
          #1 0.4000 total 5.00 open 5.00 until 10 (Amend)
          => #1 filled 0.00 open 5.00
        > A amend #1 0.40 x 5 exp=20
          #1 0.4000 total 5.00 open 5.00 until 20 (Amend)
          => #1 filled 0.00 open 5.00
        > show book M
          bid 0.4000 x 10.00: A #1 5.00, B #2 5.00
        > at 10
        > A amend #1 0.40 x 5 exp=none
          #1 0.4000 total 5.00 open 5.00 (Amend)
          => #1 filled 0.00 open 5.00
        > at 60
        > show book M
          bid 0.4000 x 10.00: A #1 5.00, B #2 5.00
        > A amend #1 0.40 x 5 exp=60
          => refused: expiry must be in the future
    "#]]);
}

#[test]
fn the_total_counts_what_has_filled() {
    transcript(&expect![[r#"
        > A bid 0.40 x 5
          => #1 filled 0.00 open 5.00
        > B ask 0.40 x 2
          trade 0.4000 x 2.00: taker B #2 fee 0.033600, maker A #1 fee 0.000000
          #2 over: Filled
          => #2 filled 2.00 open 0.00, cost 0.800000 fees 0.033600
        > A amend #1 0.40 x 4
          #1 0.4000 total 4.00 open 2.00 (Amend)
          => #1 filled 2.00 open 2.00
        > A amend #1 0.40 x 10
          #1 0.4000 total 10.00 open 8.00 (Amend)
          => #1 filled 2.00 open 8.00
        > A amend #1 0.40 x 1
          => refused: quantity 1.00 is zero, off the size step, or too large
        > show cash A
          A cash 99.200000 held 3.334400 free 95.865600
    "#]]);
}

#[test]
fn an_amend_to_what_has_filled_ends_the_order() {
    transcript(&expect![[r#"
        > A bid 0.40 x 5
          => #1 filled 0.00 open 5.00
        > B ask 0.40 x 2
          trade 0.4000 x 2.00: taker B #2 fee 0.033600, maker A #1 fee 0.000000
          #2 over: Filled
          => #2 filled 2.00 open 0.00, cost 0.800000 fees 0.033600
        > A amend #1 0.40 x 2
          #1 over: Amend, 3.00 canceled
          => #1 filled 2.00 open 0.00
        > show book M
        > show cash A
          A cash 99.200000 held 0.000000 free 99.200000
    "#]]);
}

#[test]
fn an_amend_can_fill_at_once() {
    transcript(&expect![[r#"
        > A bid 0.40 x 5
          => #1 filled 0.00 open 5.00
        > B ask 0.45 x 2
          => #2 filled 0.00 open 2.00
        > A amend #1 0.46 x 5
          #1 0.4600 total 5.00 open 5.00 (Amend)
          trade 0.4500 x 2.00: taker A #1 fee 0.034700, maker B #2 fee 0.000000
          #2 over: Filled
          => #1 filled 2.00 open 3.00, cost 0.900000 fees 0.034700
        > show book M
          bid 0.4600 x 3.00: A #1 3.00
        > show position A M
          A 2.00 cost 0.900000 profit 0.000000 fees 0.034700
    "#]]);
}

#[test]
fn an_amend_that_crosses_its_own_account_ends_at_the_cross() {
    transcript(&expect![[r#"
        > A bid 0.40 x 5
          => #1 filled 0.00 open 5.00
        > A ask 0.45 x 2
          => #2 filled 0.00 open 2.00
        > A amend #1 0.45 x 5
          #1 0.4500 total 5.00 open 5.00 (Amend)
          #1 over: SelfTrade, 5.00 canceled
          => #1 filled 0.00 open 0.00
        > show book M
          ask 0.4500 x 2.00: A #2 2.00
    "#]]);
}

#[test]
fn a_decrease_keeps_the_place_in_the_queue() {
    transcript(&expect![[r#"
        > A bid 0.40 x 5
          => #1 filled 0.00 open 5.00
        > B bid 0.40 x 5
          => #2 filled 0.00 open 5.00
        > A decrease #1 by 2
          #1 0.4000 total 3.00 open 3.00 (Decrease)
          => open 3.00
        > A decrease #1 to 1
          #1 0.4000 total 1.00 open 1.00 (Decrease)
          => open 1.00
        > show book M
          bid 0.4000 x 6.00: A #1 1.00, B #2 5.00
        > A decrease #1 by 2
          => refused: quantity 2.00 is zero, off the size step, or too large
        > A decrease #1 to 1
          => refused: quantity 1.00 is zero, off the size step, or too large
        > A decrease #1 to 0
          #1 over: Decrease, 1.00 canceled
          => open 0.00
        > show cash A
          A cash 100.000000 held 0.000000 free 100.000000
    "#]]);
}

#[test]
fn an_amend_must_state_the_order_it_means() {
    transcript(&expect![[r#"
        > A bid 0.40 x 5 id=k
          => #1 filled 0.00 open 5.00
        > A bid 0.39 x 5 id=l
          => #2 filled 0.00 open 5.00
        > A amend #1 0.41 x 5 as=ask
          => refused: the order's side does not match
        > A amend #1 0.41 x 5 id=l
          => refused: the order's client order id does not match
        > A amend #1 0.41 x 5 newid=l
          => refused: client order id was used before
        > A amend #1 0.405 x 5
          => refused: price 0.4050 is not on the market's grid
        > B amend #1 0.41 x 5
          => refused: no such resting order
        > A amend #1 0.41 x 5 id=k newid=m
          #1 0.4100 total 5.00 open 5.00 (Amend)
          => #1 filled 0.00 open 5.00
        > A amend #1 0.41 x 4 id=m newid=m
          #1 0.4100 total 4.00 open 4.00 (Amend)
          => #1 filled 0.00 open 4.00
        > A bid 0.30 x 1 id=k
          => refused: client order id was used before
        > A bid 0.30 x 1 id=m
          => refused: client order id was used before
    "#]]);
}

#[test]
fn an_amend_needs_the_cash_for_what_it_adds() {
    transcript(&expect![[r#"
        > A bid 0.40 x 200
          => #1 filled 0.00 open 200.00
        > A amend #1 0.40 x 300
          => refused: needs 41.680000 dollars, 16.640000 are free
        > A amend #1 0.60 x 200
          => refused: needs 40.000000 dollars, 16.640000 are free
        > A amend #1 0.45 x 200
          #1 0.4500 total 200.00 open 200.00 (Amend)
          => #1 filled 0.00 open 200.00
        > show cash A
          A cash 100.000000 held 93.465000 free 6.535000
    "#]]);
}

#[test]
fn an_order_placed_free_of_fees_reserves_for_their_return_and_can_be_changed_then() {
    transcript(&expect![[r#"
        > account D 4.2
        > market N linear waiver=10
          N Created
          N Status(Active) by the clock
        > D bid 0.40 x 11 in=N ioc
          => refused: needs 4.400000 dollars, 4.200000 are free
        > D bid 0.40 x 10.5 in=N ioc
          #1 over: ImmediateOrCancel, 10.50 canceled
          => #1 filled 0.00 open 0.00
        > D bid 0.40 x 10.5 in=N
          => refused: needs 4.376400 dollars, 4.200000 are free
        > D bid 0.40 x 10 in=N
          => #2 filled 0.00 open 10.00
        > at 20
        > D amend #2 0.40 x 10 exp=50
          #2 0.4000 total 10.00 open 10.00 until 50 (Amend)
          => #2 filled 0.00 open 10.00
        > D amend #2 0.40 x 9
          #2 0.4000 total 9.00 open 9.00 until 50 (Amend)
          => #2 filled 0.00 open 9.00
        > D amend #2 0.40 x 10.1
          => refused: needs 0.458500 dollars, 0.448800 are free
        > show cash D
          D cash 4.200000 held 3.751200 free 0.448800
    "#]]);
}
