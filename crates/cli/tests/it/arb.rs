//! `brier arb replay` on an excerpt, and on the recordings where they are at hand.

use expect_test::expect;

use crate::support::{run, shared, shown};

#[test]
fn an_excerpt_is_replayed() {
    let output = run(&["arb", "replay", "../../backtest/testdata"]);
    expect![[r#"
        exit 0
        --- stdout
        assumed: that both contracts of a history are the same; their rules were not recorded
        both legs at once, latency 500 ms, looks at most 1000 ms apart, $1000.0000 a venue and try; levels without a recorded size count as one contract
        history                                                      rounds  above  found  tries  whole  part  one leg  none  paired  naked  promised $  earned $  unwound $  result $
        xvenue_worldcup_bbo mexico_england_main KXMENWORLDCUP-26-GB      20     19      5      4      1     0        2     1  561.00   3.84      4.5595    0.8575    -0.0116    0.8460
        xvenue_quotes KXFEDDECISION-26JUL-H25                             6      1      1      1      0     0        1     0    0.00   1.00      0.0773    0.0000    -0.0450   -0.0450
        all with sizes                                                   20     19      5      4      1     0        2     1  561.00   3.84      4.5595    0.8575    -0.0116    0.8460
        all without sizes                                                 6      1      1      1      0     0        1     0    0.00   1.00      0.0773    0.0000    -0.0450   -0.0450
        0 histories without any gain after fees
        --- stderr
        2 joint histories
    "#]].assert_eq(&shown(&output));
}

#[test]
fn a_folder_without_histories_is_named() {
    let output = run(&["arb", "replay", "."]);
    expect![[r#"
        exit 1
        --- stderr
        error: .: expected joint histories, found none
        hint: name the folder that holds xvenue_worldcup_bbo and xvenue_quotes
    "#]]
    .assert_eq(&shown(&output));
}

/// What the guide says of the whole recordings.
#[test]
fn the_recordings_come_to_what_the_guide_says() {
    let Some(folder) = shared("xvenue_worldcup_bbo") else { return };
    let data = folder.parent().unwrap().to_str().unwrap();
    let output = run(&["arb", "replay", "--json", data]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let totals: Vec<String> = document["totals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            let count = |name: &str| line[name].as_u64().unwrap();
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            format!(
                "{}: {} rounds, {} found, {} tries: {} whole, {} part, {} one leg, {} none; promised {}, earned {}, unwound {}, result {}",
                text("name"),
                count("rounds"),
                count("found"),
                count("tries"),
                count("filled_whole"),
                count("filled_in_part"),
                count("one_leg_only"),
                count("nothing_filled"),
                text("promised_dollars"),
                text("earned_dollars"),
                text("unwound_dollars"),
                text("result_dollars"),
            )
        })
        .collect();
    expect![[r#"
        all with sizes: 12552 rounds, 2085 found, 152 tries: 65 whole, 47 part, 36 one leg, 4 none; promised 336.934564, earned 181.124640, unwound -165.221647, result 15.902993
        all without sizes: 8965 rounds, 1133 found, 102 tries: 53 whole, 0 part, 43 one leg, 5 none; promised 0.604780, earned 0.319500, unwound -1.221140, result -0.912340"#]].assert_eq(&totals.join("\n"));
}
