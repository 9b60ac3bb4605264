//! `brier analyst ask`: an opinion with its reasons, or why there is none, as a person and a program read it.

use std::path::Path;
use std::process::Output;

use expect_test::{Expect, expect};
use serde_json::Value;

use crate::support::{brier, shown};

const CONFIG: &str = "\
[run]
data_dir = \"data\"

[[analyst]]
name = \"print\"
kind = \"release\"
markets = [\"kalshi:KXCPI-26NOV-T0.2\"]
[analyst.parameters]
step = 0.1
[analyst.inputs.nowcast]
series = \"nowcast:CPI\"
baseline = 0.2
deviation = 0.03
[analyst.inputs.nowcast_error]
stated = 0.09

[[analyst]]
name = \"reader\"
kind = \"language\"
markets = [\"kalshi:KXCPI-26NOV-T0.2\"]
tells = false
[analyst.parameters]
url = \"https://api.example/v1\"
model = \"model-1\"
million_input_tokens_dollars = 3
million_output_tokens_dollars = 15
budget_dollars = 1
key = \"env:A_KEY_THAT_NOBODY_SET\"
";
const LISTING: &str = r#"{"question": "Will CPI\u001b[2J rise more than 0.2 %?", "rules": "By the CPI of the BLS.", "resolution_source": "https://www.bls.gov/cpi/", "closes_at": "2099-01-01T00:00:00Z", "strike": "above 0.2"}"#;
const FACTS: &str = "{\"series\":\"nowcast:CPI\",\"value\":0.27,\"valid_for_s\":600}\n";
const MARKET: &str = "kalshi:KXCPI-26NOV-T0.2";

fn home() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("b.toml", CONFIG), ("listing.json", LISTING), ("facts.jsonl", FACTS)] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn ask(home: &Path, args: &[&str]) -> Output {
    let mut command = brier();
    command.args(["analyst", "ask", "b.toml"]).args(args).current_dir(home).env("HOME", home);
    for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
        command.env_remove(name);
    }
    command.output().unwrap()
}

fn shows(home: &Path, args: &[&str], expected: &Expect) {
    expected.assert_eq(&shown(&ask(home, args)));
}

#[test]
fn an_opinion_is_printed_with_everything_behind_it() {
    let home = home();
    let args = [MARKET, "--listing", "listing.json", "--facts", "facts.jsonl"];
    let output = ask(home.path(), &args);
    let text = shown(&output);
    // What depends on the moment is cut.
    let cut = |line: &str| match line.split_once(" at 20").or_else(|| line.split_once(", as of 20")) {
        Some((before, _)) => format!("{before} at …"),
        None => line.to_owned(),
    };
    let text: Vec<String> = text.lines().map(cut).collect();
    expect![[r#"
        exit 0
        --- stdout
        kalshi:KXCPI-26NOV-T0.2  Will CPI [2J rise more than 0.2 %?
        closes  2099-01-01T00:00:00Z
        note  analyst `reader`: environment variable A_KEY_THAT_NOBODY_SET: not set; set it, or put it into `.env` beside the configuration

        print  0.59 (0.37 to 0.78 at 90 %), from 0.29 at the baselines
        why  weight  reason   by
        up    0.299  nowcast  0.27 of nowcast:CPI at …
        would be  what would change it
            0.46  nowcast at 0.24 instead of 0.27
            0.71  nowcast at 0.3 instead of 0.27
            0.50  nowcast beyond 0.25 would make NO likelier than YES
        source       age      what it is
        nowcast:CPI  0 s old
        good for  2 min at …

        reader  no opinion: no key for the language model model-1; set its reference in the configuration
        would help  a key for the endpoint, by reference in the configuration

        market  its book was not read, or nobody quotes"#]].assert_eq(&text.join("\n"));

    let output = ask(home.path(), &[&args[..], &["--json"]].concat());
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let [print, reader] = document["answers"].as_array().unwrap().as_slice() else { panic!("{document}") };
    // A nowcast of 0.27 ± 0.09 prints 0.3 or more: 1 − Φ((0.25 − 0.27) / 0.09).
    assert!((print["probability"].as_f64().unwrap() - 0.587_9).abs() < 1e-3, "{print}");
    assert_eq!((&print["drivers"][0]["name"], &print["drivers"][0]["sign"]), (&"nowcast".into(), &"up".into()));
    let signed = |it: &Value| it["weight"].as_f64().unwrap() * if it["sign"] == "up" { 1.0 } else { -1.0 };
    let sum: f64 = print["drivers"].as_array().unwrap().iter().map(signed).sum();
    let whole = print["probability"].as_f64().unwrap() - print["baseline"].as_f64().unwrap();
    assert!((sum - whole).abs() < 1e-9, "the reasons add up: {sum} {whole}");
    assert_eq!((&reader["no_opinion"], &document["market_quote"]), (&"no_key".into(), &Value::Null));
    assert!(!home.path().join("data/brier.lock").exists(), "no run was begun");
}

#[test]
fn where_nobody_has_an_opinion_it_says_why_and_what_would_help() {
    let home = home();
    let args = [MARKET, "--listing", "listing.json"];
    shows(
        home.path(),
        &args,
        &expect![[r#"
            exit 1
            --- stdout
            kalshi:KXCPI-26NOV-T0.2  Will CPI [2J rise more than 0.2 %?
            closes  2099-01-01T00:00:00Z
            note  analyst `reader`: environment variable A_KEY_THAT_NOBODY_SET: not set; set it, or put it into `.env` beside the configuration

            print  no opinion: series `nowcast:CPI` is missing; the feed that brings it may be down
            would help  a feed that tells this series, or a program that does

            reader  no opinion: no key for the language model model-1; set its reference in the configuration
            would help  a key for the endpoint, by reference in the configuration

            market  its book was not read, or nobody quotes
        "#]],
    );
    shows(
        home.path(),
        &["kalshi:KXCPI-26DEC-T0.2", "--listing", "listing.json"],
        &expect![[r#"
        exit 1
        --- stderr
        error: no opinion: no analyst of the configuration assesses kalshi:KXCPI-26DEC-T0.2
        hint: add it to the `markets` of an `[[analyst]]`, or name one that reads with `--analyst`
    "#]],
    );
    shows(
        home.path(),
        &[MARKET, "--listing", "listing.json", "--analyst", "prints"],
        &expect![[r#"
        exit 1
        --- stderr
        error: no analyst is called `prints`; there are print, reader
        hint: name one of them, or leave out `--analyst`
    "#]],
    );
}

#[test]
fn what_cannot_be_asked_is_told_with_its_place() {
    let home = home();
    shows(
        home.path(),
        &["KXCPI-26NOV-T0.2"],
        &expect![[r#"
        exit 2
        --- stderr
        error: MARKET: expected "kalshi:TICKER" or "polymarket:0x…", found `KXCPI-26NOV-T0.2`
    "#]],
    );
    shows(
        home.path(),
        &[MARKET],
        &expect![[r#"
        exit 1
        --- stderr
        error: kalshi:KXCPI-26NOV-T0.2: the embedded exchange is not up, and `paper.catalog` is unset
        hint: check the market's name and its venue, or give `--listing FILE`
    "#]],
    );
    std::fs::write(home.path().join("facts.jsonl"), "{\"series\":\"a\"}\n").unwrap();
    shows(
        home.path(),
        &[MARKET, "--listing", "listing.json", "--facts", "facts.jsonl"],
        &expect![[r#"
        exit 1
        --- stderr
        error: facts.jsonl: line 1: missing field `value` at line 1 column 14
        hint: write one fact a line: {"series":"spot:BTC","value":98500.5,"as_of":"2026-11-28T12:00:00Z","valid_for_s":60}
    "#]],
    );
    std::fs::write(home.path().join("listing.json"), "{\"question\": \"Q?\"}").unwrap();
    shows(
        home.path(),
        &[MARKET, "--listing", "listing.json"],
        &expect![[r#"
        exit 1
        --- stderr
        error: listing.json: missing field `rules` at line 1 column 18
        hint: write {"question":TEXT,"rules":TEXT,"closes_at":TIME}, with "resolution_source" and "strike" where there are
    "#]],
    );
    shows(
        home.path(),
        &[MARKET, "--set", "analyst.print.parameters.step=none"],
        &expect![[r#"
        exit 1
        --- stderr
        error: --set: analyst.print.parameters.step: expected a number from 0.000001 to 1000000000, found "none"
    "#]],
    );
}

#[test]
fn the_example_configuration_is_right() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/strategies/analyst.toml");
    let output = brier().args(["config", "check"]).arg(example).env("HOME", "/nonexistent").output().unwrap();
    // Its market is an example, which the catalog beside it does not list.
    let shown = shown(&output);
    let lines: Vec<&str> = shown.lines().collect();
    let [exit, stdout, note, ok] = lines[..] else { panic!("{shown}") };
    assert_eq!((exit, stdout, ok), ("exit 0", "--- stdout", "ok"));
    assert!(note.starts_with("note: KXCPI-26NOV-T0.2 is not in `paper.catalog` ("), "{note}");
}
