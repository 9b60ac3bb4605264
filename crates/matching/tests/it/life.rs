//! The life of a market: pauses, closing, reopening, grids, results and payment.
//!
//! Source: reference sections 6.2, 7 and 11.

use expect_test::expect;

use crate::script::transcript;

#[test]
fn a_pause_cancels_the_orders_that_asked_for_it_and_the_others_rest() {
    transcript(&expect![[r#"
        > A bid 0.40 x 5 pause
          => #1 filled 0.00 open 5.00
        > B bid 0.40 x 5
          => #2 filled 0.00 open 5.00
        > B bid 0.41 x 5
          => #3 filled 0.00 open 5.00
        > M pause
          M Status(Inactive)
          #1 over: Halt, 5.00 canceled
        > C ask 0.40 x 5
          => refused: market is inactive, expected active
        > B amend #2 0.42 x 5
          => refused: market is inactive, expected active
        > B decrease #2 by 1
          #2 0.4000 total 4.00 open 4.00 (Decrease)
          => open 4.00
        > B cancel #3
          #3 over: UserCancel, 5.00 canceled
          => canceled 5.00
        > show book M
          bid 0.4000 x 4.00: B #2 4.00
    "#]]);
}

#[test]
fn coming_back_from_a_pause_cancels_all_resting_orders() {
    transcript(&expect![[r#"
        > A bid 0.40 x 5
          => #1 filled 0.00 open 5.00
        > B ask 0.60 x 5
          => #2 filled 0.00 open 5.00
        > M pause
          M Status(Inactive)
        > M resume
          #1 over: Halt, 5.00 canceled
          #2 over: Halt, 5.00 canceled
          M Status(Active)
        > show book M
        > show cash A B
          A cash 100.000000 held 0.000000 free 100.000000
          B cash 100.000000 held 0.000000 free 100.000000
        > A bid 0.40 x 5
          => #3 filled 0.00 open 5.00
    "#]]);
}

#[test]
fn a_trading_pause_takes_cancels_and_decreases_only() {
    transcript(&expect![[r#"
        > A bid 0.40 x 5
          => #1 filled 0.00 open 5.00
        > A bid 0.41 x 5 pause
          => #2 filled 0.00 open 5.00
        > trading off
          #2 over: Halt, 5.00 canceled
          exchange true, trading false
        > A bid 0.40 x 5
          => refused: trading is paused
        > A amend #1 0.42 x 5
          => refused: trading is paused
        > A decrease #1 by 1
          #1 0.4000 total 4.00 open 4.00 (Decrease)
          => open 4.00
        > A cancel #1
          #1 over: UserCancel, 4.00 canceled
          => canceled 4.00
        > trading on
          exchange true, trading true
        > B bid 0.41 x 1
          => #3 filled 0.00 open 1.00
    "#]]);
}

#[test]
fn while_the_exchange_is_paused_nothing_works() {
    transcript(&expect![[r#"
        > A bid 0.40 x 5
          => #1 filled 0.00 open 5.00
        > exchange off
          exchange false, trading true
        > A bid 0.40 x 5
          => refused: the exchange is paused
        > A decrease #1 by 1
          => refused: the exchange is paused
        > A cancel #1
          => refused: the exchange is paused
        > A cancel all
          => refused: the exchange is paused
        > exchange on
          exchange true, trading true
        > A cancel #1
          #1 over: UserCancel, 5.00 canceled
          => canceled 5.00
    "#]]);
}

#[test]
fn closing_cancels_the_book_and_refuses_everything_cancels_too() {
    transcript(&expect![[r#"
        > A bid 0.40 x 5
          => #1 filled 0.00 open 5.00
        > at 999
        > A bid 0.41 x 5
          => #2 filled 0.00 open 5.00
        > at 1000
          M Status(Closed) by the clock
          #2 over: Close, 5.00 canceled
          #1 over: Close, 5.00 canceled
        > A cancel #1
          => refused: no such resting order
        > A bid 0.40 x 5
          => refused: market is closed, expected active
        > A cancel all
          => canceled 0 orders
        > show cash A
          A cash 100.000000 held 0.000000 free 100.000000
    "#]]);
}

#[test]
fn a_closed_market_reopens_when_its_close_time_moves() {
    transcript(&expect![[r#"
        > A bid 0.40 x 5
          => #1 filled 0.00 open 5.00
        > M close
          M Status(Closed)
          #1 over: Close, 5.00 canceled
        > M close-at 0
          => refused: close_time must lie in the future and after open_time
        > M close-at 500
          M closes at 500
          M Status(Active)
        > A bid 0.40 x 5
          => #2 filled 0.00 open 5.00
        > at 500
          M Status(Closed) by the clock
          #2 over: Close, 5.00 canceled
        > show book M
    "#]]);
}

#[test]
fn a_finer_grid_keeps_the_orders() {
    transcript(&expect![[r#"
        > A bid 0.09 x 5
          => #1 filled 0.00 open 5.00
        > B bid 0.08 x 5
          => #2 filled 0.00 open 5.00
        > A bid 0.091 x 5
          => refused: price 0.0910 is not on the market's grid
        > M grid tapered
          M Grid
        > A bid 0.091 x 5
          => #3 filled 0.00 open 5.00
        > A bid 0.105 x 5
          => refused: price 0.1050 is not on the market's grid
        > show book M
          bid 0.0910 x 5.00: A #3 5.00
          bid 0.0900 x 5.00: A #1 5.00
          bid 0.0800 x 5.00: B #2 5.00
        > C ask 0.08 x 12
          trade 0.0910 x 5.00: taker C #4 fee 0.029000, maker A #3 fee 0.000000
          #3 over: Filled
          trade 0.0900 x 5.00: taker C #4 fee 0.028700, maker A #1 fee 0.000000
          #1 over: Filled
          trade 0.0800 x 2.00: taker C #4 fee 0.010400, maker B #2 fee 0.000000
          #4 over: Filled
          => #4 filled 12.00 open 0.00, cost 1.065000 fees 0.068100
        > show book M
          bid 0.0800 x 3.00: B #2 3.00
    "#]]);
}

#[test]
fn a_coarser_grid_keeps_orders_between_its_prices() {
    transcript(&expect![[r#"
        > market N tapered
          N Created
          N Status(Active) by the clock
        > A bid 0.091 x 5 in=N
          => #1 filled 0.00 open 5.00
        > N grid linear
          N Grid
        > A bid 0.092 x 5 in=N
          => refused: price 0.0920 is not on the market's grid
        > A amend #1 0.091 x 4
          #1 0.0910 total 4.00 open 4.00 (Amend)
          => #1 filled 0.00 open 4.00
        > A amend #1 0.092 x 4
          => refused: price 0.0920 is not on the market's grid
        > B ask 0.09 x 1 in=N
          trade 0.0910 x 1.00: taker B #2 fee 0.005800, maker A #1 fee 0.000000
          #2 over: Filled
          => #2 filled 1.00 open 0.00, cost 0.091000 fees 0.005800
    "#]]);
}

#[test]
fn a_settlement_floor_cancels_orders_at_or_below_it() {
    transcript(&expect![[r#"
        > A bid 0.30 x 5
          => #1 filled 0.00 open 5.00
        > A bid 0.31 x 5
          => #2 filled 0.00 open 5.00
        > B ask 0.60 x 5
          => #3 filled 0.00 open 5.00
        > M floor 0.30
          M SettlementFloor(Price(3000))
          #1 over: SettlementBounds, 5.00 canceled
        > show book M
          ask 0.6000 x 5.00: B #3 5.00
          bid 0.3100 x 5.00: A #2 5.00
        > M floor 0.29
          => refused: a settlement floor only rises
        > M determine 0.29
          => refused: the result lies below the settlement floor
        > M determine 0.30
          M Status(Closed)
          #2 over: Close, 5.00 canceled
          #3 over: Close, 5.00 canceled
          M Result(Scalar(Price(3000)))
          M Status(Determined)
    "#]]);
}

#[test]
fn a_yes_result_pays_a_dollar_for_each_yes_after_the_timer() {
    transcript(&expect![[r#"
        > A bid 0.40 x 10
          => #1 filled 0.00 open 10.00
        > B ask 0.40 x 10
          trade 0.4000 x 10.00: taker B #2 fee 0.168000, maker A #1 fee 0.000000
          #1 over: Filled
          #2 over: Filled
          => #2 filled 10.00 open 0.00, cost 4.000000 fees 0.168000
        > M close
          M Status(Closed)
        > M determine yes
          M Result(Yes)
          M Status(Determined)
        > at 59
        > show cash A B
          A cash 96.000000 held 0.000000 free 96.000000
          B cash 93.832000 held 0.000000 free 93.832000
        > at 60
          A paid for 10.00 at yes: 10.000000 less fee 0.000000
          B paid for -10.00 at yes: 0.000000 less fee 0.000000
          M Status(Finalized)
        > show cash A B
          A cash 106.000000 held 0.000000 free 106.000000
          B cash 93.832000 held 0.000000 free 93.832000
        > show position A M
          A 0.00 cost 0.000000 profit 6.000000 fees 0.000000
        > show ledger
          cash 299.832000 collateral 0.000000 fees 0.168000
    "#]]);
}

#[test]
fn a_no_result_pays_a_dollar_for_each_no() {
    transcript(&expect![[r#"
        > A bid 0.40 x 10
          => #1 filled 0.00 open 10.00
        > B ask 0.40 x 10
          trade 0.4000 x 10.00: taker B #2 fee 0.168000, maker A #1 fee 0.000000
          #1 over: Filled
          #2 over: Filled
          => #2 filled 10.00 open 0.00, cost 4.000000 fees 0.168000
        > M determine no
          M Status(Closed)
          M Result(No)
          M Status(Determined)
        > M settle
          A paid for 10.00 at no: 0.000000 less fee 0.000000
          B paid for -10.00 at no: 10.000000 less fee 0.000000
          M Status(Finalized)
        > show cash A B
          A cash 96.000000 held 0.000000 free 96.000000
          B cash 103.832000 held 0.000000 free 103.832000
        > show ledger
          cash 299.832000 collateral 0.000000 fees 0.168000
    "#]]);
}

#[test]
fn a_dispute_stops_the_timer_and_a_correction_starts_it_anew() {
    transcript(&expect![[r#"
        > A bid 0.40 x 10
          => #1 filled 0.00 open 10.00
        > B ask 0.40 x 10
          trade 0.4000 x 10.00: taker B #2 fee 0.168000, maker A #1 fee 0.000000
          #1 over: Filled
          #2 over: Filled
          => #2 filled 10.00 open 0.00, cost 4.000000 fees 0.168000
        > M determine yes
          M Status(Closed)
          M Result(Yes)
          M Status(Determined)
        > at 30
        > M dispute
          M Status(Disputed)
        > M settle
          => refused: market is disputed, which does not allow this change
        > at 90
        > M correct no
          M Result(No)
          M Status(Amended)
        > at 149
        > show cash A B
          A cash 96.000000 held 0.000000 free 96.000000
          B cash 93.832000 held 0.000000 free 93.832000
        > at 150
          A paid for 10.00 at no: 0.000000 less fee 0.000000
          B paid for -10.00 at no: 10.000000 less fee 0.000000
          M Status(Finalized)
        > show cash A B
          A cash 96.000000 held 0.000000 free 96.000000
          B cash 103.832000 held 0.000000 free 103.832000
        > M correct yes
          => refused: market is finalized, which does not allow this change
    "#]]);
}

#[test]
fn a_scalar_result_pays_its_value_and_the_rest() {
    transcript(&expect![[r#"
        > A bid 0.40 x 10.25
          => #1 filled 0.00 open 10.25
        > B ask 0.40 x 10.25
          trade 0.4000 x 10.25: taker B #2 fee 0.172200, maker A #1 fee 0.000000
          #1 over: Filled
          #2 over: Filled
          => #2 filled 10.25 open 0.00, cost 4.100000 fees 0.172200
        > M determine 0.3060
          M Status(Closed)
          M Result(Scalar(Price(3060)))
          M Status(Determined)
        > M settle
          A paid for 10.25 at scalar 0.3060: 3.136500 less fee 0.000000
          B paid for -10.25 at scalar 0.3060: 7.113500 less fee 0.000000
          M Status(Finalized)
        > show cash A B
          A cash 99.036500 held 0.000000 free 99.036500
          B cash 100.791300 held 0.000000 free 100.791300
        > show ledger
          cash 299.827800 collateral 0.000000 fees 0.172200
    "#]]);
}

/// 100.01 YES at 0.3060 from a balance of 10.0000: gross 30.60306, fee 0.00006, balance 40.6030.
#[test]
fn the_references_settlement_example() {
    transcript(&expect![[r#"
        > market N centi x0
          N Created
          N Status(Active) by the clock
        > account D 40
        > D bid 0.2999 x 100.01 in=N
          => #1 filled 0.00 open 100.01
        > B ask 0.2999 x 100.01 in=N
          trade 0.2999 x 100.01: taker B #2 fee 0.000099, maker D #1 fee 0.000001
          #1 over: Filled
          #2 over: Filled
          => #2 filled 100.01 open 0.00, cost 29.992999 fees 0.000099
        > fund D -0.007
        > show cash D
          D cash 10.000000 held 0.000000 free 10.000000
        > N determine 0.3060
          N Status(Closed)
          N Result(Scalar(Price(3060)))
          N Status(Determined)
        > N settle
          B paid for -100.01 at scalar 0.3060: 69.406940 less fee 0.000040
          D paid for 100.01 at scalar 0.3060: 30.603060 less fee 0.000060
          N Status(Finalized)
        > show cash D
          D cash 40.603000 held 0.000000 free 40.603000
    "#]]);
}

/// By age since they were placed: an amend does not make an order younger.
#[test]
fn higher_fees_cancel_the_youngest_orders_that_cash_no_longer_covers() {
    transcript(&expect![[r#"
        > account D 10
        > D bid 0.50 x 5
          => #1 filled 0.00 open 5.00
        > D bid 0.40 x 5
          => #2 filled 0.00 open 5.00
        > D bid 0.30 x 5
          => #3 filled 0.00 open 5.00
        > D bid 0.20 x 15
          => #4 filled 0.00 open 15.00
        > D amend #2 0.45 x 5
          #2 0.4500 total 5.00 open 5.00 (Amend)
          => #2 filled 0.00 open 5.00
        > B bid 0.30 x 5
          => #5 filled 0.00 open 5.00
        > show cash D
          D cash 10.000000 held 9.665700 free 0.334300
        > M fees x4
          M Fees
          #4 over: Margin, 15.00 canceled
        > show cash D B
          D cash 10.000000 held 7.240500 free 2.759500
          B cash 100.000000 held 1.794000 free 98.206000
        > show book M
          bid 0.5000 x 5.00: D #1 5.00
          bid 0.4500 x 5.00: D #2 5.00
          bid 0.3000 x 10.00: D #3 5.00, B #5 5.00
        > M fees x10
          M Fees
        > show cash D
          D cash 10.000000 held 8.726300 free 1.273700
        > M fees x0
          M Fees
        > show cash D
          D cash 10.000000 held 6.250000 free 3.750000
    "#]]);
}
