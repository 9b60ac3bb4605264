//! `brier fees check` on excerpts and on every recorded fill that is at hand.

use expect_test::expect;

use crate::support::{files, run, shared, shown};

#[test]
fn fills_are_recomputed_and_exceptions_explained() {
    let output = run(&[
        "fees",
        "check",
        "fills_2026-05.jsonl",
        "fills_2026-08.jsonl",
        "settlements_2026-03.csv",
        "settlements_2026-08.jsonl",
        "live_trades_2026-03.csv",
    ]);
    expect![[r#"
        exit 1
        --- stdout
        fills_2026-05.jsonl: 10 fills, 7 agree
        fills_2026-08.jsonl: 4 fills, 4 agree
        settlements_2026-03.csv: 2 settlements
        settlements_2026-08.jsonl: 2 settlements
        live_trades_2026-03.csv: skipped, no exchange fee: a table without the column `fee_usd`

        14 fills: 11 agree with the documented rule (78.57 %), 3 differ, 0 of them unexplained
        fills exact  rule
                 11  each fill rounded alone, nothing given back
                 11  one accumulator per order (reference 10.2)
                 13  one accumulator per order (reference 10.2); fills of one time in any sequence
                 14  one accumulator per order, no cent back from a fee below a cent; fills of one time in any sequence

        differing fill          order       direction  contracts   price  recorded  computed  why
        fills_2026-05.jsonl:6   order_0089  sell yes        1.00  0.9870    0.0070    0.0000  a cent was due back, but the fill's own fee was below a cent: none was given
        fills_2026-05.jsonl:9   order_0116  buy yes         1.00  0.7800    0.0100    0.0200  rounding given back to another fill of the order: all bear one time, and in another sequence the rule fits
        fills_2026-05.jsonl:10  order_0116  buy yes         1.00  0.7800    0.0200    0.0100  rounding given back to another fill of the order: all bear one time, and in another sequence the rule fits

        4 settlements: 1 of 1 equal the fees of their fills; 3 equal one taker order for the whole position
        settlement                   market                   bought                 recorded  one order  its fills  against one order
        settlements_2026-03.csv:2    KXBTC15M-26FEB281700-00  7.00 no for $3.3600      0.1300     0.1300          -  equal
        settlements_2026-03.csv:3    KXBTC15M-26FEB281800-00  7.00 yes for $4.4100     0.0200     0.1200          -  lower: a part that rested as maker would explain it
        settlements_2026-08.jsonl:1  KXTRUMPSAY               10.00 yes for $0.4000    0.0269     0.0269     0.0269  equal
        settlements_2026-08.jsonl:2  KXTOPUSAGEAI             10.00 yes for $0.1000    0.0070     0.0070          -  equal
        --- stderr
        error: 11 of 14 fills agree; at least 98 % have to
        hint: check `--precision` and `--multiplier`; by default they follow the recordings of May and August 2026
    "#]].assert_eq(&shown(&output));
}

#[test]
fn precision_and_multiplier_can_be_given() {
    let output = run(&["fees", "check", "--json", "--multiplier", "KXMLB*=1", "fills_2026-08.jsonl"]);
    expect![[r#"
        exit 1
        --- stdout
        {"holds":false,"fills":4,"agreeing":2,"differing":2,"unexplained":2,"demanded_percent":98,"files":[{"file":"fills_2026-08.jsonl","holds":"fills","rows":4,"agreeing":2,"skipped":null}],"rules":[{"rule":"each fill rounded alone, nothing given back","exact":2},{"rule":"one accumulator per order (reference 10.2)","exact":2},{"rule":"one accumulator per order (reference 10.2); fills of one time in any sequence","exact":2},{"rule":"one accumulator per order, no cent back from a fee below a cent; fills of one time in any sequence","exact":2}],"differences":[{"file":"fills_2026-08.jsonl","line":3,"order":null,"market":"KXMLBKS","direction":"buy yes","contracts":"1.00","price":"0.5100","recorded_fee":"0.008800","computed_fee":"0.017500","why":"no rule tried explains it"},{"file":"fills_2026-08.jsonl","line":4,"order":null,"market":"KXMLBGAME","direction":"buy yes","contracts":"1.00","price":"0.5200","recorded_fee":"0.008800","computed_fee":"0.017500","why":"no rule tried explains it"}],"settlements_equal_to_fills":0,"settlements_compared_with_fills":0,"settlements_equal_to_one_order":0,"settlements":[]}
        --- stderr
        error: 2 of 4 fills agree; at least 98 % have to
        hint: check `--precision` and `--multiplier`; by default they follow the recordings of May and August 2026
    "#]].assert_eq(&shown(&output));
    let output = run(&["fees", "check", "--precision", "cent", "fills_2026-08.jsonl"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn files_that_do_not_fit_are_refused() {
    expect![[r#"
        exit 1
        --- stdout
        live_trades_2026-03.csv: skipped, no exchange fee: a table without the column `fee_usd`

        0 fills: 0 agree with the documented rule (none), 0 differ, 0 of them unexplained
        fills exact  rule
                  0  each fill rounded alone, nothing given back
                  0  one accumulator per order (reference 10.2)
                  0  one accumulator per order (reference 10.2); fills of one time in any sequence
                  0  one accumulator per order, no cent back from a fee below a cent; fills of one time in any sequence
        --- stderr
        error: none of the files has fills with an exchange fee
        hint: give fills: JSON lines with `fee_cost` and `action`, as the venue's fills have them. Beside them are read settlements (JSON lines with `fee_cost` and `settled_time`, or a table with the column `fee_usd`) and series (the answer of GET /series/TICKER); plain or zstd
    "#]]
    .assert_eq(&shown(&run(&["fees", "check", "live_trades_2026-03.csv"])));
    expect![[r#"
        exit 2
        --- stderr
        error: invalid value 'KXMLB' for '--multiplier <SERIES=NUMBER>': expected SERIES=NUMBER, such as KXMLBGAME=0.5

        For more information, try '--help'.
    "#]]
    .assert_eq(&shown(&run(&["fees", "check", "--multiplier", "KXMLB", "fills_2026-08.jsonl"])));
}

#[test]
fn every_recorded_fill_at_hand_is_explained() {
    let Some(folder) = shared("kalshi_fills") else { return };
    let all = files(&folder, "");
    let mut args = vec!["fees", "check", "--json"];
    args.extend(all.iter().map(String::as_str));
    let output = run(&args);
    assert!(output.status.success(), "{}", shown(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let figures = ["fills", "agreeing", "differing", "unexplained"].map(|name| report[name].as_u64().unwrap());
    assert_eq!(figures, [323, 318, 5, 0]);
    assert_eq!(report["settlements"].as_array().unwrap().len(), 83);
    assert_eq!(report["settlements_equal_to_one_order"], 74);
    assert_eq!(report["settlements_equal_to_fills"], report["settlements_compared_with_fills"]);
}
