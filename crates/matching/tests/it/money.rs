//! Fees, netting, collateral and balances, through real fills.
//!
//! Source: reference sections 8.3, 9 and 10.

use expect_test::expect;

use crate::script::transcript;

/// 0.0175 for one at 0.52, and 1.5925 for a hundred at 0.35.
#[test]
fn the_references_taker_fees() {
    transcript(&expect![[r#"
        > A ask 0.52 x 1
          => #1 filled 0.00 open 1.00
        > B bid 0.52 x 1
          trade 0.5200 x 1.00: taker B #2 fee 0.017500, maker A #1 fee 0.000000
          #1 over: Filled
          #2 over: Filled
          => #2 filled 1.00 open 0.00, cost 0.520000 fees 0.017500
        > A ask 0.35 x 100
          => #3 filled 0.00 open 100.00
        > B bid 0.35 x 100
          trade 0.3500 x 100.00: taker B #4 fee 1.592500, maker A #3 fee 0.000000
          #3 over: Filled
          #4 over: Filled
          => #4 filled 100.00 open 0.00, cost 35.000000 fees 1.592500
    "#]]);
}

/// The worked example of section 10.2: fee 1.5925, rounding 0.0075, net 1.6000.
#[test]
fn a_balance_in_cents_rounds_each_fill_down() {
    transcript(&expect![[r#"
        > account D cent 100
        > A ask 0.35 x 100
          => #1 filled 0.00 open 100.00
        > D bid 0.35 x 100
          trade 0.3500 x 100.00: taker D #2 fee 1.600000, maker A #1 fee 0.000000
          #1 over: Filled
          #2 over: Filled
          => #2 filled 100.00 open 0.00, cost 35.000000 fees 1.600000
        > show cash D
          D cash 63.400000 held 0.000000 free 63.400000
    "#]]);
}

/// The second worked example of section 10.2: 0.03 at 0.3301 costs 0.0105 in all.
#[test]
fn a_balance_in_hundredths_of_a_cent_rounds_each_fill_down() {
    transcript(&expect![[r#"
        > market N centi
          N Created
          N Status(Active) by the clock
        > A ask 0.3301 x 0.03 in=N
          => #1 filled 0.00 open 0.03
        > B bid 0.3301 x 0.03 in=N
          trade 0.3301 x 0.03: taker B #2 fee 0.000597, maker A #1 fee 0.000003
          #1 over: Filled
          #2 over: Filled
          => #2 filled 0.03 open 0.00, cost 0.009903 fees 0.000597
        > show cash B
          B cash 99.989500 held 0.000000 free 99.989500
    "#]]);
}

#[test]
fn makers_pay_a_quarter_or_half_where_the_series_says_so() {
    transcript(&expect![[r#"
        > market N linear maker
          N Created
          N Status(Active) by the clock
        > market O linear combo
          O Created
          O Status(Active) by the clock
        > A ask 0.50 x 100 in=N
          => #1 filled 0.00 open 100.00
        > B bid 0.50 x 100 in=N
          trade 0.5000 x 100.00: taker B #2 fee 1.750000, maker A #1 fee 0.437500
          #1 over: Filled
          #2 over: Filled
          => #2 filled 100.00 open 0.00, cost 50.000000 fees 1.750000
        > fund A 100
        > fund B 100
        > A ask 0.50 x 100 in=O
          => #3 filled 0.00 open 100.00
        > B bid 0.50 x 100 in=O
          trade 0.5000 x 100.00: taker B #4 fee 1.750000, maker A #3 fee 0.875000
          #3 over: Filled
          #4 over: Filled
          => #4 filled 100.00 open 0.00, cost 50.000000 fees 1.750000
    "#]]);
}

#[test]
fn a_multiplier_of_one_half_halves_the_fee() {
    transcript(&expect![[r#"
        > market N linear maker x0.5
          N Created
          N Status(Active) by the clock
        > A ask 0.35 x 100 in=N
          => #1 filled 0.00 open 100.00
        > B bid 0.35 x 100 in=N
          trade 0.3500 x 100.00: taker B #2 fee 0.796300, maker A #1 fee 0.199100
          #1 over: Filled
          #2 over: Filled
          => #2 filled 100.00 open 0.00, cost 35.000000 fees 0.796300
    "#]]);
}

#[test]
fn a_waiver_ends_at_its_time() {
    transcript(&expect![[r#"
        > market N linear maker waiver=10
          N Created
          N Status(Active) by the clock
        > A ask 0.50 x 20 in=N
          => #1 filled 0.00 open 20.00
        > B bid 0.50 x 10 in=N
          trade 0.5000 x 10.00: taker B #2 fee 0.000000, maker A #1 fee 0.000000
          #2 over: Filled
          => #2 filled 10.00 open 0.00, cost 5.000000 fees 0.000000
        > at 10
        > B bid 0.50 x 10 in=N
          trade 0.5000 x 10.00: taker B #3 fee 0.175000, maker A #1 fee 0.043800
          #1 over: Filled
          #3 over: Filled
          => #3 filled 10.00 open 0.00, cost 5.000000 fees 0.175000
    "#]]);
}

#[test]
fn new_fees_hold_for_the_next_fill() {
    transcript(&expect![[r#"
        > A ask 0.50 x 20
          => #1 filled 0.00 open 20.00
        > B bid 0.50 x 10
          trade 0.5000 x 10.00: taker B #2 fee 0.175000, maker A #1 fee 0.000000
          #2 over: Filled
          => #2 filled 10.00 open 0.00, cost 5.000000 fees 0.175000
        > M fees maker x0.5
          M Fees
        > B bid 0.50 x 10
          trade 0.5000 x 10.00: taker B #3 fee 0.087500, maker A #1 fee 0.021900
          #1 over: Filled
          #3 over: Filled
          => #3 filled 10.00 open 0.00, cost 5.000000 fees 0.087500
    "#]]);
}

/// One accumulator per order: 0.0047 a fill; the third makes 0.0141.
#[test]
fn an_order_gets_a_cent_back_when_its_rounding_exceeds_one() {
    transcript(&expect![[r#"
        > account D cent 100
        > D bid 0.53 x 0.03
          => #1 filled 0.00 open 0.03
        > A ask 0.53 x 0.01
          trade 0.5300 x 0.01: taker A #2 fee 0.000200, maker D #1 fee 0.004700
          #2 over: Filled
          => #2 filled 0.01 open 0.00, cost 0.005300 fees 0.000200
        > A ask 0.53 x 0.01
          trade 0.5300 x 0.01: taker A #3 fee 0.000200, maker D #1 fee 0.004700
          #3 over: Filled
          => #3 filled 0.01 open 0.00, cost 0.005300 fees 0.000200
        > A ask 0.53 x 0.01
          trade 0.5300 x 0.01: taker A #4 fee 0.000200, maker D #1 fee 0.000000
          #1 over: Filled
          #4 over: Filled
          => #4 filled 0.01 open 0.00, cost 0.005300 fees 0.000200
        > D bid 0.53 x 0.01
          => #5 filled 0.00 open 0.01
        > A ask 0.53 x 0.01
          trade 0.5300 x 0.01: taker A #6 fee 0.000200, maker D #5 fee 0.004700
          #5 over: Filled
          #6 over: Filled
          => #6 filled 0.01 open 0.00, cost 0.005300 fees 0.000200
        > show cash D
          D cash 99.964700 held 0.000000 free 99.964700
    "#]]);
}

#[test]
fn the_accumulator_counts_the_fills_of_taker_and_maker_together() {
    transcript(&expect![[r#"
        > account D cent 100
        > A ask 0.53 x 1.01
          => #1 filled 0.00 open 1.01
        > A ask 0.54 x 1.01
          => #2 filled 0.00 open 1.01
        > D bid 0.55 x 3.03
          trade 0.5300 x 1.01: taker D #3 fee 0.024700, maker A #1 fee 0.000000
          #1 over: Filled
          trade 0.5400 x 1.01: taker D #3 fee 0.014600, maker A #2 fee 0.000000
          #2 over: Filled
          => #3 filled 2.02 open 1.01, cost 1.080700 fees 0.039300
        > B ask 0.55 x 1.01
          trade 0.5500 x 1.01: taker B #4 fee 0.017500, maker D #3 fee 0.004500
          #3 over: Filled
          #4 over: Filled
          => #4 filled 1.01 open 0.00, cost 0.555500 fees 0.017500
        > show cash D
          D cash 98.320000 held 0.000000 free 98.320000
    "#]]);
}

/// Rounding of 0.000067 a fill: 0.009983 after 149 fills, and the next one exceeds a cent.
#[test]
fn a_balance_in_hundredths_of_a_cent_gets_its_cent_back_too() {
    transcript(&expect![[r#"
        > market N centi
          N Created
          N Status(Active) by the clock
        > A bid 0.3333 x 2 in=N
          => #1 filled 0.00 open 2.00
        > B ask 0.3333 x 0.01 in=N
          trade 0.3333 x 0.01: taker B #2 fee 0.000233, maker A #1 fee 0.000067
          #2 over: Filled
          => #2 filled 0.01 open 0.00, cost 0.003333 fees 0.000233
        > silently 148 B ask 0.3333 x 0.01 in=N
        > show position A N
          A 1.49 cost 0.496617 profit 0.000000 fees 0.009983
        > B ask 0.3333 x 0.01 in=N
          trade 0.3333 x 0.01: taker B #151 fee 0.000233, maker A #1 fee 0.000000
          #151 over: Filled
          => #151 filled 0.01 open 0.00, cost 0.003333 fees 0.000233
        > B ask 0.3333 x 0.01 in=N
          trade 0.3333 x 0.01: taker B #152 fee 0.000233, maker A #1 fee 0.000067
          #152 over: Filled
          => #152 filled 0.01 open 0.00, cost 0.003333 fees 0.000233
        > show cash A
          A cash 99.486667 held 0.171100 free 99.315567
    "#]]);
}

#[test]
fn buying_no_while_long_yes_closes_pairs_and_returns_a_dollar_each() {
    transcript(&expect![[r#"
        > A ask 0.40 x 10
          => #1 filled 0.00 open 10.00
        > B bid 0.40 x 10
          trade 0.4000 x 10.00: taker B #2 fee 0.168000, maker A #1 fee 0.000000
          #1 over: Filled
          #2 over: Filled
          => #2 filled 10.00 open 0.00, cost 4.000000 fees 0.168000
        > show ledger
          cash 289.832000 collateral 10.000000 fees 0.168000
        > C bid 0.70 x 4
          => #3 filled 0.00 open 4.00
        > B ask 0.70 x 4
          trade 0.7000 x 4.00: taker B #4 fee 0.058800, maker C #3 fee 0.000000
          #3 over: Filled
          #4 over: Filled
          => #4 filled 4.00 open 0.00, cost 2.800000 fees 0.058800
        > show position B M
          B 6.00 cost 2.400000 profit 1.200000 fees 0.226800
        > show cash B
          B cash 98.573200 held 0.000000 free 98.573200
        > show ledger
          cash 289.773200 collateral 10.000000 fees 0.226800
        > A bid 0.60 x 6
          => #5 filled 0.00 open 6.00
        > B ask 0.60 x 6
          trade 0.6000 x 6.00: taker B #6 fee 0.100800, maker A #5 fee 0.000000
          #5 over: Filled
          #6 over: Filled
          => #6 filled 6.00 open 0.00, cost 3.600000 fees 0.100800
        > show position A M
          A -4.00 cost 2.400000 profit -1.200000 fees 0.000000
        > show position B M
          B 0.00 cost 0.000000 profit 2.400000 fees 0.327600
        > show ledger
          cash 295.672400 collateral 4.000000 fees 0.327600
    "#]]);
}

#[test]
fn turning_from_yes_to_no_in_one_fill() {
    transcript(&expect![[r#"
        > A ask 0.40 x 10
          => #1 filled 0.00 open 10.00
        > B bid 0.40 x 10
          trade 0.4000 x 10.00: taker B #2 fee 0.168000, maker A #1 fee 0.000000
          #1 over: Filled
          #2 over: Filled
          => #2 filled 10.00 open 0.00, cost 4.000000 fees 0.168000
        > C bid 0.50 x 25
          => #3 filled 0.00 open 25.00
        > B ask 0.50 x 25
          trade 0.5000 x 25.00: taker B #4 fee 0.437500, maker C #3 fee 0.000000
          #3 over: Filled
          #4 over: Filled
          => #4 filled 25.00 open 0.00, cost 12.500000 fees 0.437500
        > show position B M
          B -15.00 cost 7.500000 profit 1.000000 fees 0.605500
        > show ledger
          cash 274.394500 collateral 25.000000 fees 0.605500
    "#]]);
}

#[test]
fn a_bid_holds_price_times_count_and_the_largest_taker_fee() {
    transcript(&expect![[r#"
        > A bid 0.42 x 10
          => #1 filled 0.00 open 10.00
        > show cash A
          A cash 100.000000 held 4.370600 free 95.629400
        > A cancel #1
          #1 over: UserCancel, 10.00 canceled
          => canceled 10.00
        > show cash A
          A cash 100.000000 held 0.000000 free 100.000000
    "#]]);
}

#[test]
fn an_ask_that_opens_no_holds_the_rest_of_the_dollar() {
    transcript(&expect![[r#"
        > A ask 0.42 x 10
          => #1 filled 0.00 open 10.00
        > show cash A
          A cash 100.000000 held 5.970600 free 94.029400
    "#]]);
}

#[test]
fn an_ask_that_closes_a_long_holds_nothing_and_one_beyond_it_only_the_rest() {
    transcript(&expect![[r#"
        > A ask 0.40 x 10
          => #1 filled 0.00 open 10.00
        > B bid 0.40 x 10
          trade 0.4000 x 10.00: taker B #2 fee 0.168000, maker A #1 fee 0.000000
          #1 over: Filled
          #2 over: Filled
          => #2 filled 10.00 open 0.00, cost 4.000000 fees 0.168000
        > B ask 0.60 x 10
          => #3 filled 0.00 open 10.00
        > show cash B
          B cash 95.832000 held 0.000000 free 95.832000
        > B ask 0.60 x 10
          => #4 filled 0.00 open 10.00
        > show cash B
          B cash 95.832000 held 4.168000 free 91.664000
        > C bid 0.60 x 10
          trade 0.6000 x 10.00: taker C #5 fee 0.168000, maker B #3 fee 0.000000
          #3 over: Filled
          #5 over: Filled
          => #5 filled 10.00 open 0.00, cost 6.000000 fees 0.168000
        > show cash B
          B cash 101.832000 held 4.168000 free 97.664000
    "#]]);
}

#[test]
fn an_order_beyond_the_free_cash_is_refused() {
    transcript(&expect![[r#"
        > A bid 0.50 x 200
          => refused: needs 103.500000 dollars, 100.000000 are free
        > A bid 0.50 x 193.23
          => #1 filled 0.00 open 193.23
        > A bid 0.01 x 1
          => refused: needs 0.010700 dollars, 0.003400 are free
        > show cash A
          A cash 100.000000 held 99.996600 free 0.003400
        > B ask 0.50 x 200
          => refused: needs 103.500000 dollars, 100.000000 are free
        > B ask 0.50 x 193
          trade 0.5000 x 193.00: taker B #2 fee 3.377500, maker A #1 fee 0.000000
          #2 over: Filled
          => #2 filled 193.00 open 0.00, cost 96.500000 fees 3.377500
    "#]]);
}

#[test]
fn held_cash_cannot_be_withdrawn() {
    transcript(&expect![[r#"
        > A bid 0.50 x 100
          => #1 filled 0.00 open 100.00
        > fund A -50
          => refused: needs 50.000000 dollars, 48.250000 are free
        > fund A -48.25
        > show cash A
          A cash 51.750000 held 51.750000 free 0.000000
    "#]]);
}
