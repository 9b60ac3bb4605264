//! How orders meet: priority, prices, times in force, post-only, reduce-only, self-trade prevention, spent names.
//!
//! Source: reference sections 8.1, 8.3 and 8.4.

use expect_test::expect;

use crate::script::transcript;

#[test]
fn a_better_price_trades_first_and_at_one_price_the_earlier_order() {
    transcript(&expect![[r#"
        > A bid 0.40 x 5
          => #1 filled 0.00 open 5.00
        > B bid 0.41 x 5
          => #2 filled 0.00 open 5.00
        > C bid 0.41 x 5
          => #3 filled 0.00 open 5.00
        > A bid 0.39 x 5
          => #4 filled 0.00 open 5.00
        > show book M
          bid 0.4100 x 10.00: B #2 5.00, C #3 5.00
          bid 0.4000 x 5.00: A #1 5.00
          bid 0.3900 x 5.00: A #4 5.00
        > account D 100
        > D ask 0.40 x 12
          trade 0.4100 x 5.00: taker D #5 fee 0.084700, maker B #2 fee 0.000000
          #2 over: Filled
          trade 0.4100 x 5.00: taker D #5 fee 0.084700, maker C #3 fee 0.000000
          #3 over: Filled
          trade 0.4000 x 2.00: taker D #5 fee 0.033600, maker A #1 fee 0.000000
          #5 over: Filled
          => #5 filled 12.00 open 0.00, cost 4.900000 fees 0.203000
        > show book M
          bid 0.4000 x 3.00: A #1 3.00
          bid 0.3900 x 5.00: A #4 5.00
    "#]]);
}

#[test]
fn a_taker_gets_the_resting_price() {
    transcript(&expect![[r#"
        > A ask 0.30 x 10
          => #1 filled 0.00 open 10.00
        > B bid 0.60 x 10
          trade 0.3000 x 10.00: taker B #2 fee 0.147000, maker A #1 fee 0.000000
          #1 over: Filled
          #2 over: Filled
          => #2 filled 10.00 open 0.00, cost 3.000000 fees 0.147000
        > show cash A B
          A cash 93.000000 held 0.000000 free 93.000000
          B cash 96.853000 held 0.000000 free 96.853000
        > show position B M
          B 10.00 cost 3.000000 profit 0.000000 fees 0.147000
    "#]]);
}

#[test]
fn a_good_till_canceled_order_takes_what_it_can_and_rests_the_remainder() {
    transcript(&expect![[r#"
        > A ask 0.50 x 4
          => #1 filled 0.00 open 4.00
        > B bid 0.55 x 10
          trade 0.5000 x 4.00: taker B #2 fee 0.070000, maker A #1 fee 0.000000
          #1 over: Filled
          => #2 filled 4.00 open 6.00, cost 2.000000 fees 0.070000
        > show book M
          bid 0.5500 x 6.00: B #2 6.00
        > show cash B
          B cash 97.930000 held 3.404000 free 94.526000
    "#]]);
}

#[test]
fn an_immediate_or_cancel_order_never_rests() {
    transcript(&expect![[r#"
        > A ask 0.50 x 4
          => #1 filled 0.00 open 4.00
        > B bid 0.50 x 10 ioc
          trade 0.5000 x 4.00: taker B #2 fee 0.070000, maker A #1 fee 0.000000
          #1 over: Filled
          #2 over: ImmediateOrCancel, 6.00 canceled
          => #2 filled 4.00 open 0.00, cost 2.000000 fees 0.070000
        > B bid 0.50 x 10 ioc
          #3 over: ImmediateOrCancel, 10.00 canceled
          => #3 filled 0.00 open 0.00
        > show book M
        > show cash B
          B cash 97.930000 held 0.000000 free 97.930000
    "#]]);
}

#[test]
fn a_killed_fill_or_kill_order_changes_nothing_and_spends_its_id() {
    transcript(&expect![[r#"
        > A ask 0.50 x 4
          => #1 filled 0.00 open 4.00
        > B bid 0.50 x 5 fok id=k
          => refused: not enough resting volume to fill whole
        > B bid 0.50 x 4 id=k
          => refused: client order id was used before
        > B bid 0.50 x 4 fok id=l
          trade 0.5000 x 4.00: taker B #2 fee 0.070000, maker A #1 fee 0.000000
          #1 over: Filled
          #2 over: Filled
          => #2 filled 4.00 open 0.00, cost 2.000000 fees 0.070000
        > show book M
    "#]]);
}

#[test]
fn a_fill_or_kill_order_fills_over_several_levels() {
    transcript(&expect![[r#"
        > A ask 0.50 x 4
          => #1 filled 0.00 open 4.00
        > C ask 0.52 x 4
          => #2 filled 0.00 open 4.00
        > C ask 0.60 x 4
          => #3 filled 0.00 open 4.00
        > B bid 0.52 x 9 fok
          => refused: not enough resting volume to fill whole
        > B bid 0.52 x 8 fok
          trade 0.5000 x 4.00: taker B #4 fee 0.070000, maker A #1 fee 0.000000
          #1 over: Filled
          trade 0.5200 x 4.00: taker B #4 fee 0.069900, maker C #2 fee 0.000000
          #2 over: Filled
          #4 over: Filled
          => #4 filled 8.00 open 0.00, cost 4.080000 fees 0.139900
    "#]]);
}

#[test]
fn a_fill_or_kill_order_that_meets_its_own_account_is_treated_as_immediate_or_cancel() {
    transcript(&expect![[r#"
        > A ask 0.50 x 4
          => #1 filled 0.00 open 4.00
        > B ask 0.51 x 4
          => #2 filled 0.00 open 4.00
        > B bid 0.51 x 8 fok
          trade 0.5000 x 4.00: taker B #3 fee 0.070000, maker A #1 fee 0.000000
          #1 over: Filled
          #3 over: SelfTrade, 4.00 canceled
          => #3 filled 4.00 open 0.00, cost 2.000000 fees 0.070000
        > B bid 0.51 x 8 fok stp=maker
          #2 over: SelfTrade, 4.00 canceled
          #4 over: FillOrKill, 8.00 canceled
          => #4 filled 0.00 open 0.00
        > C ask 0.50 x 2
          => #5 filled 0.00 open 2.00
        > B bid 0.50 x 2 fok
          trade 0.5000 x 2.00: taker B #6 fee 0.035000, maker C #5 fee 0.000000
          #5 over: Filled
          #6 over: Filled
          => #6 filled 2.00 open 0.00, cost 1.000000 fees 0.035000
    "#]]);
}

#[test]
fn a_post_only_order_is_refused_rather_than_take() {
    transcript(&expect![[r#"
        > A ask 0.50 x 4
          => #1 filled 0.00 open 4.00
        > B bid 0.50 x 4 post id=k
          => refused: post only cross
        > B bid 0.49 x 4 post id=k
          => #2 filled 0.00 open 4.00
        > B bid 0.49 x 4 post ioc
          => refused: post_only and an immediate time in force exclude each other
        > B amend #2 0.50 x 4
          => refused: post only cross
        > show book M
          ask 0.5000 x 4.00: A #1 4.00
          bid 0.4900 x 4.00: B #2 4.00
    "#]]);
}

#[test]
fn a_reduce_only_order_is_capped_at_the_position() {
    transcript(&expect![[r#"
        > A ask 0.50 x 4
          => #1 filled 0.00 open 4.00
        > B bid 0.50 x 4
          trade 0.5000 x 4.00: taker B #2 fee 0.070000, maker A #1 fee 0.000000
          #1 over: Filled
          #2 over: Filled
          => #2 filled 4.00 open 0.00, cost 2.000000 fees 0.070000
        > C bid 0.45 x 10
          => #3 filled 0.00 open 10.00
        > B ask 0.45 x 6 ioc reduce
          trade 0.4500 x 4.00: taker B #4 fee 0.069300, maker C #3 fee 0.000000
          #4 over: ReduceOnly, 2.00 canceled
          => #4 filled 4.00 open 0.00, cost 1.800000 fees 0.069300
        > show position B M
          B 0.00 cost 0.000000 profit -0.200000 fees 0.139300
        > B ask 0.45 x 6 ioc reduce
          #5 over: ReduceOnly, 6.00 canceled
          => #5 filled 0.00 open 0.00
        > B ask 0.45 x 6 reduce
          => refused: reduce_only goes with immediate_or_cancel only
    "#]]);
}

#[test]
fn a_reduce_only_order_with_part_of_its_cap_unfilled() {
    transcript(&expect![[r#"
        > A ask 0.50 x 4
          => #1 filled 0.00 open 4.00
        > B bid 0.50 x 4
          trade 0.5000 x 4.00: taker B #2 fee 0.070000, maker A #1 fee 0.000000
          #1 over: Filled
          #2 over: Filled
          => #2 filled 4.00 open 0.00, cost 2.000000 fees 0.070000
        > C bid 0.45 x 1
          => #3 filled 0.00 open 1.00
        > B ask 0.45 x 3 ioc reduce
          trade 0.4500 x 1.00: taker B #4 fee 0.017400, maker C #3 fee 0.000000
          #3 over: Filled
          #4 over: ImmediateOrCancel, 2.00 canceled
          => #4 filled 1.00 open 0.00, cost 0.450000 fees 0.017400
        > B ask 0.45 x 9 ioc reduce
          #5 over: ReduceOnly, 9.00 canceled
          => #5 filled 0.00 open 0.00
        > A bid 0.30 x 1 ioc reduce
          #6 over: ImmediateOrCancel, 1.00 canceled
          => #6 filled 0.00 open 0.00
    "#]]);
}

#[test]
fn taker_at_cross_stops_at_its_own_order_and_keeps_what_filled_before() {
    transcript(&expect![[r#"
        > A ask 0.50 x 4
          => #1 filled 0.00 open 4.00
        > B ask 0.51 x 4
          => #2 filled 0.00 open 4.00
        > C ask 0.52 x 4
          => #3 filled 0.00 open 4.00
        > B bid 0.55 x 12
          trade 0.5000 x 4.00: taker B #4 fee 0.070000, maker A #1 fee 0.000000
          #1 over: Filled
          #4 over: SelfTrade, 8.00 canceled
          => #4 filled 4.00 open 0.00, cost 2.000000 fees 0.070000
        > show book M
          ask 0.5200 x 4.00: C #3 4.00
          ask 0.5100 x 4.00: B #2 4.00
        > show position B M
          B 4.00 cost 2.000000 profit 0.000000 fees 0.070000
    "#]]);
}

#[test]
fn maker_cancels_its_own_resting_order_and_goes_on() {
    transcript(&expect![[r#"
        > A ask 0.50 x 4
          => #1 filled 0.00 open 4.00
        > B ask 0.51 x 4
          => #2 filled 0.00 open 4.00
        > C ask 0.52 x 4
          => #3 filled 0.00 open 4.00
        > B bid 0.55 x 12 stp=maker
          trade 0.5000 x 4.00: taker B #4 fee 0.070000, maker A #1 fee 0.000000
          #1 over: Filled
          #2 over: SelfTrade, 4.00 canceled
          trade 0.5200 x 4.00: taker B #4 fee 0.069900, maker C #3 fee 0.000000
          #3 over: Filled
          => #4 filled 8.00 open 4.00, cost 4.080000 fees 0.139900
        > show book M
          bid 0.5500 x 4.00: B #4 4.00
        > show position B M
          B 8.00 cost 4.080000 profit 0.000000 fees 0.139900
    "#]]);
}

#[test]
fn without_prevention_an_account_trades_with_itself() {
    transcript(&expect![[r#"
        > B ask 0.50 x 4
          => #1 filled 0.00 open 4.00
        > B bid 0.50 x 4 stp=none
          trade 0.5000 x 4.00: taker B #2 fee 0.070000, maker B #1 fee 0.000000
          #1 over: Filled
          #2 over: Filled
          => #2 filled 4.00 open 0.00, cost 2.000000 fees 0.070000
        > show position B M
          B 0.00 cost 0.000000 profit 0.000000 fees 0.070000
        > show cash B
          B cash 99.930000 held 0.000000 free 99.930000
        > show ledger
          cash 299.930000 collateral 0.000000 fees 0.070000
    "#]]);
}

#[test]
fn a_client_order_id_is_spent_by_cancel_fill_and_kill() {
    transcript(&expect![[r#"
        > A bid 0.40 x 1 id=one
          => #1 filled 0.00 open 1.00
        > A cancel #1
          #1 over: UserCancel, 1.00 canceled
          => canceled 1.00
        > A bid 0.40 x 1 id=one
          => refused: client order id was used before
        > A bid 0.40 x 1 id=two
          => #2 filled 0.00 open 1.00
        > B ask 0.40 x 1 id=one
          trade 0.4000 x 1.00: taker B #3 fee 0.016800, maker A #2 fee 0.000000
          #2 over: Filled
          #3 over: Filled
          => #3 filled 1.00 open 0.00, cost 0.400000 fees 0.016800
        > A bid 0.40 x 1 id=two
          => refused: client order id was used before
        > A bid 0.40 x 1 fok id=three
          => refused: not enough resting volume to fill whole
        > A bid 0.40 x 1 id=three
          => refused: client order id was used before
        > A bid 0.405 x 1 id=four
          => refused: price 0.4050 is not on the market's grid
        > A bid 0.40 x 1 id=four
          => #4 filled 0.00 open 1.00
    "#]]);
}

#[test]
fn the_reasons_to_refuse_an_order() {
    transcript(&expect![[r#"
        > A bid 0.405 x 1
          => refused: price 0.4050 is not on the market's grid
        > A bid 0 x 1
          => refused: price 0.0000 is not on the market's grid
        > A bid 1 x 1
          => refused: price 1.0000 is not on the market's grid
        > A bid 0.40 x 0
          => refused: quantity 0.00 is zero, off the size step, or too large
        > A bid 0.40 x 0.001
          => refused: quantity 0.001000 is zero, off the size step, or too large
        > A bid 0.40 x 1000000000.01
          => refused: quantity 1000000000.01 is zero, off the size step, or too large
        > A bid 0.40 x 1 gtd=0
          => refused: expiry must be in the future
        > A bid 0.40 x 1 gtd=1
          => #1 filled 0.00 open 1.00
    "#]]);
}

#[test]
fn a_cancel_of_a_finished_foreign_or_canceled_order_finds_nothing() {
    transcript(&expect![[r#"
        > A bid 0.40 x 2
          => #1 filled 0.00 open 2.00
        > B cancel #1
          => refused: no such resting order
        > A cancel #1
          #1 over: UserCancel, 2.00 canceled
          => canceled 2.00
        > A cancel #1
          => refused: no such resting order
        > A bid 0.40 x 2
          => #2 filled 0.00 open 2.00
        > B ask 0.40 x 2
          trade 0.4000 x 2.00: taker B #3 fee 0.033600, maker A #2 fee 0.000000
          #2 over: Filled
          #3 over: Filled
          => #3 filled 2.00 open 0.00, cost 0.800000 fees 0.033600
        > A cancel #2
          => refused: no such resting order
    "#]]);
}

#[test]
fn cancel_all_takes_back_the_orders_of_one_account_everywhere() {
    transcript(&expect![[r#"
        > market N tapered
          N Created
          N Status(Active) by the clock
        > A bid 0.40 x 2
          => #1 filled 0.00 open 2.00
        > A ask 0.091 x 2 in=N
          => #2 filled 0.00 open 2.00
        > B bid 0.40 x 1
          => #3 filled 0.00 open 1.00
        > A cancel all
          #1 over: UserCancel, 2.00 canceled
          #2 over: UserCancel, 2.00 canceled
          => canceled 2 orders
        > show book M
          bid 0.4000 x 1.00: B #3 1.00
        > show cash A
          A cash 100.000000 held 0.000000 free 100.000000
    "#]]);
}

#[test]
fn an_order_expires_at_its_time() {
    transcript(&expect![[r#"
        > A bid 0.40 x 2 gtd=10
          => #1 filled 0.00 open 2.00
        > at 9
        > show book M
          bid 0.4000 x 2.00: A #1 2.00
        > at 10
          #1 over: Expiry, 2.00 canceled
        > show cash A
          A cash 100.000000 held 0.000000 free 100.000000
    "#]]);
}
