//! Order groups: a cap on contracts filled within a rolling 15 seconds.
//!
//! Source: reference section 12.1.

use expect_test::expect;

use crate::script::transcript;

#[test]
fn over_its_cap_a_group_is_canceled_and_takes_no_orders_until_it_is_reset() {
    transcript(&expect![[r#"
        > A group g limit 5
          g Created
        > A bid 0.40 x 4 group=g
          => #1 filled 0.00 open 4.00
        > A bid 0.39 x 4 group=g
          => #2 filled 0.00 open 4.00
        > A bid 0.38 x 4
          => #3 filled 0.00 open 4.00
        > B ask 0.40 x 4
          trade 0.4000 x 4.00: taker B #4 fee 0.067200, maker A #1 fee 0.000000
          #1 over: Filled
          #4 over: Filled
          => #4 filled 4.00 open 0.00, cost 1.600000 fees 0.067200
        > C ask 0.39 x 1
          trade 0.3900 x 1.00: taker C #5 fee 0.016700, maker A #2 fee 0.000000
          #5 over: Filled
          => #5 filled 1.00 open 0.00, cost 0.390000 fees 0.016700
        > B ask 0.39 x 1
          trade 0.3900 x 1.00: taker B #6 fee 0.016700, maker A #2 fee 0.000000
          g Triggered
          #2 over: Group, 2.00 canceled
          #6 over: Filled
          => #6 filled 1.00 open 0.00, cost 0.390000 fees 0.016700
        > A bid 0.37 x 1 group=g
          => refused: order group is triggered: reset it first
        > A group g reset
          g Reset
        > A bid 0.37 x 1 group=g
          => #7 filled 0.00 open 1.00
        > show book M
          bid 0.3800 x 4.00: A #3 4.00
          bid 0.3700 x 1.00: A #7 1.00
    "#]]);
}

#[test]
fn a_taker_of_a_group_is_stopped_by_its_own_cap() {
    transcript(&expect![[r#"
        > A group g limit 5
          g Created
        > B ask 0.40 x 4
          => #1 filled 0.00 open 4.00
        > C ask 0.41 x 4
          => #2 filled 0.00 open 4.00
        > C ask 0.42 x 4
          => #3 filled 0.00 open 4.00
        > A bid 0.42 x 12 group=g
          trade 0.4000 x 4.00: taker A #4 fee 0.067200, maker B #1 fee 0.000000
          #1 over: Filled
          trade 0.4100 x 4.00: taker A #4 fee 0.067800, maker C #2 fee 0.000000
          #2 over: Filled
          g Triggered
          #4 over: Group, 4.00 canceled
          => #4 filled 8.00 open 0.00, cost 3.240000 fees 0.135000
        > show position A M
          A 8.00 cost 3.240000 profit 0.000000 fees 0.135000
        > show book M
          ask 0.4200 x 4.00: C #3 4.00
    "#]]);
}

#[test]
fn fills_leave_the_window_after_fifteen_seconds() {
    transcript(&expect![[r#"
        > A group g limit 5
          g Created
        > A bid 0.40 x 20 group=g
          => #1 filled 0.00 open 20.00
        > B ask 0.40 x 3
          trade 0.4000 x 3.00: taker B #2 fee 0.050400, maker A #1 fee 0.000000
          #2 over: Filled
          => #2 filled 3.00 open 0.00, cost 1.200000 fees 0.050400
        > at 10
        > B ask 0.40 x 2
          trade 0.4000 x 2.00: taker B #3 fee 0.033600, maker A #1 fee 0.000000
          #3 over: Filled
          => #3 filled 2.00 open 0.00, cost 0.800000 fees 0.033600
        > at 15
        > B ask 0.40 x 3
          trade 0.4000 x 3.00: taker B #4 fee 0.050400, maker A #1 fee 0.000000
          #4 over: Filled
          => #4 filled 3.00 open 0.00, cost 1.200000 fees 0.050400
        > at 24
        > B ask 0.40 x 1
          trade 0.4000 x 1.00: taker B #5 fee 0.016800, maker A #1 fee 0.000000
          g Triggered
          #1 over: Group, 11.00 canceled
          #5 over: Filled
          => #5 filled 1.00 open 0.00, cost 0.400000 fees 0.016800
    "#]]);
}

#[test]
fn a_reset_forgets_what_filled() {
    transcript(&expect![[r#"
        > A group g limit 5
          g Created
        > A bid 0.40 x 20 group=g
          => #1 filled 0.00 open 20.00
        > B ask 0.40 x 5
          trade 0.4000 x 5.00: taker B #2 fee 0.084000, maker A #1 fee 0.000000
          #2 over: Filled
          => #2 filled 5.00 open 0.00, cost 2.000000 fees 0.084000
        > A group g reset
          g Reset
        > B ask 0.40 x 5
          trade 0.4000 x 5.00: taker B #3 fee 0.084000, maker A #1 fee 0.000000
          #3 over: Filled
          => #3 filled 5.00 open 0.00, cost 2.000000 fees 0.084000
        > B ask 0.40 x 1
          trade 0.4000 x 1.00: taker B #4 fee 0.016800, maker A #1 fee 0.000000
          g Triggered
          #1 over: Group, 9.00 canceled
          #4 over: Filled
          => #4 filled 1.00 open 0.00, cost 0.400000 fees 0.016800
    "#]]);
}

#[test]
fn a_trigger_a_low_limit_and_a_delete_cancel_the_orders() {
    transcript(&expect![[r#"
        > A group g limit 5
          g Created
        > A bid 0.40 x 4 group=g
          => #1 filled 0.00 open 4.00
        > A group g trigger
          g Triggered
          #1 over: Group, 4.00 canceled
        > A bid 0.40 x 4 group=g
          => refused: order group is triggered: reset it first
        > A group g reset
          g Reset
        > A bid 0.40 x 4 group=g
          => #2 filled 0.00 open 4.00
        > B ask 0.40 x 2
          trade 0.4000 x 2.00: taker B #3 fee 0.033600, maker A #2 fee 0.000000
          #3 over: Filled
          => #3 filled 2.00 open 0.00, cost 0.800000 fees 0.033600
        > A group g limit 2
          g Limit(Qty(2000000))
        > A group g limit 1
          g Limit(Qty(1000000))
          g Triggered
          #2 over: Group, 2.00 canceled
        > A group g reset
          g Reset
        > A bid 0.40 x 4 group=g
          => #4 filled 0.00 open 4.00
        > B group g delete
          => refused: no such order group
        > A group g delete
          #4 over: Group, 4.00 canceled
          g Deleted
        > A group g reset
          => refused: no such order group
        > A bid 0.40 x 4 group=g
          => refused: no such order group
    "#]]);
}
