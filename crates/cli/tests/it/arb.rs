//! `brier arb replay` on an excerpt, and on the recordings where they are at hand; `brier arb scan` and `watch` on a running
//! `brier exchange` whose books cross.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Output, Stdio};

use expect_test::expect;
use serde_json::{Value, json};

use crate::exchange::Exchange;
use crate::support::{brier, run, shared, shown};

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

const ARREST: &str = "KXARREST-28-AQUI";

/// One question on both venues and an event of two that exclude each other, and a configuration that names them.
struct Desk {
    exchange: Exchange,
    condition: String,
    config: String,
}

impl Desk {
    fn start(folder: &Path, question: &str) -> Self {
        let exchange = Exchange::start(folder);
        exchange.admin(
            "/series",
            &json!({"ticker": "KXARREST", "title": "Arrest", "category": "Politics", "frequency": "custom",
                "fee_type": "quadratic", "fee_multiplier": 1}),
        );
        exchange.admin(
            "/events",
            &json!({"event_ticker": "KXARREST-28", "series_ticker": "KXARREST", "title": "Who will be arrested first?",
                "mutually_exclusive": true}),
        );
        for (ticker, who) in [(ARREST, "Ada Quill"), ("KXARREST-28-BFEN", "Bruno Fenwick")] {
            exchange.admin(
                "/markets",
                &json!({"ticker": ticker, "event_ticker": "KXARREST-28",
                    "title": format!("Will {who} be arrested before Jan 1, 2028?"),
                    "rules_primary": format!("If {who} is arrested before Jan 1, 2028, then the market resolves to Yes."),
                    "open_time": "2020-01-01T00:00:00Z", "close_time": "2099-01-01T00:00:00Z"}),
            );
        }
        let other = exchange.admin(
            "/polymarket/markets",
            &json!({"question": question, "slug": "quill", "endDate": "2099-01-01T00:00:00Z",
                "description": "This market will resolve to \"Yes\" if Ada Quill is arrested by December 31, 2027, 11:59 PM ET."}),
        );
        let condition = other["condition_id"].as_str().unwrap().to_owned();
        let started = &exchange.started;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let config = format!(
            "[run]\ndata_dir = \"run\"\n[log]\nfile = \"watch.log\"\n\
             [kalshi]\nurl = \"{}\"\nkey_id = \"{}\"\nkey_path = \"{}\"\n\
             [polymarket]\nurl = \"{}\"\nkey_path = \"{}\"\n\
             [[strategy]]\nname = \"tied\"\nkind = \"arbitrage\"\n[strategy.parameters]\n\
             pairs = [\"kalshi:{ARREST} same polymarket:{condition}\"]\n",
            text(&started["rest"]),
            text(&started["key_id"]),
            text(&started["private_key_path"]),
            text(&started["polymarket"]["clob"]),
            text(&started["polymarket"]["private_key_path"]),
        );
        let path = folder.join("brier.toml");
        std::fs::write(&path, config).unwrap();
        // A file that is named and is not there is refused: it may be a slip, and there are vetoes in it.
        let none = "{\"format\":\"brier-pair-decisions\",\"version\":1}\n";
        std::fs::write(folder.join("decisions.jsonl"), none).unwrap();
        Self { exchange, condition, config: path.to_str().unwrap().to_owned() }
    }

    /// 40 contracts of YES at 0.40 on Kalshi, of which 10 cost more, and 25 of NO at 0.50 on Polymarket.
    fn cross(&self) {
        self.exchange.json(&["order", "buy", "no", "30@0.60", ARREST]);
        self.exchange.json(&["order", "buy", "no", "10@0.52", ARREST]);
        self.exchange.json(&["order", "buy", "yes", "25@0.50", "quill", "--venue", "polymarket"]);
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = brier();
        let decisions = self.exchange.folder.join("decisions.jsonl");
        command.env("BRIER_PAIRS", decisions).env("BRIER_REVIEWER", "ada").args(["arb", args[0], &self.config]);
        command.args(&args[1..]);
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn json(&self, args: &[&str]) -> Value {
        let output = self.command(args).arg("--json").output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", shown(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

#[cfg(unix)]
#[test]
fn a_scan_finds_what_gains_whatever_happens_with_its_proof() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::start(folder.path(), "Will Ada Quill be arrested by December 31, 2027?");
    let quiet = desk.json(&["scan", "--hurdle", "0"]);
    assert_eq!((&quiet["riskless"], &quiet["markets"], &quiet["sets"]), (&json!([]), &json!(3), &json!(6)), "{quiet}");
    desk.cross();
    let found = desk.json(&["scan", "--hurdle", "0"]);
    let [set] = found["riskless"].as_array().unwrap().as_slice() else { panic!("{found}") };
    assert_eq!((&set["shape"], &set["size"], &set["proof"]), (&json!("same"), &json!("25"), &json!("rules of both")));
    // 25 at 0.40 with a fee of 0.07 x 0.4 x 0.6 x 25 = 0.42, and 25 at 0.50 without: 2.50 less that, and less what rounding may take.
    assert_eq!(
        (&set["cost_dollars"], &set["worst_profit_dollars"]),
        (&json!("22.925275"), &json!("2.074725")),
        "{set}"
    );
    // In two fills the ledger will say so much.
    assert_eq!(set["profit_dollars"], "2.080000", "{set}");
    assert_eq!(set["see"], json!([format!("brier pairs show {ARREST} {}", desk.condition)]));
    let legs: Vec<Value> = set["legs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|leg| json!([leg["outcome"], leg["contracts"], leg["limit"]]))
        .collect();
    assert_eq!(legs, [json!(["no", "25.00", "0.5000"]), json!(["yes", "25.00", "0.4000"])], "the thinner first");
    assert_eq!((&found["unproved"], &found["notes"]), (&json!([]), &json!([])));
    // With little cash it is smaller, and a rate that the money earns elsewhere for 72 years leaves nothing.
    let small = desk.json(&["scan", "--hurdle", "0", "--cash", "5"]);
    assert_eq!(small["riskless"][0]["size"], "9", "{small}");
    assert_eq!(desk.json(&["scan"])["riskless"], json!([]));
    let text = shown(&desk.run(&["scan", "--hurdle", "0"]));
    assert!(text.contains("worst profit $") && text.contains("proof  brier pairs show"), "{text}");

    // Somebody's no takes it away, and shows no gain either.
    let veto = desk.exchange.run(&[
        "pairs",
        "veto",
        ARREST,
        "quill",
        "--why",
        "no",
        "--by",
        "ada",
        "--decisions",
        folder.path().join("decisions.jsonl").to_str().unwrap(),
    ]);
    assert!(veto.status.success(), "{}", shown(&veto));
    let config = std::fs::read_to_string(&desk.config).unwrap();
    std::fs::write(&desk.config, config.replace("pairs = ", "decisions = \"decisions.jsonl\"\npairs = ")).unwrap();
    let vetoed = desk.json(&["scan", "--hurdle", "0"]);
    let pair = &vetoed["unproved"][0];
    assert_eq!((&vetoed["riskless"], &pair["edge_dollars"]), (&json!([]), &Value::Null), "{vetoed}");
    assert!(pair["why"].as_str().unwrap().starts_with("vetoed"), "{pair}");
    desk.exchange.stop();
}

#[cfg(unix)]
#[test]
fn an_event_of_which_at_most_one_pays_is_sold_whole_by_the_venues_word() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::start(folder.path(), "Will Ada Quill be arrested by December 31, 2027?");
    desk.exchange.json(&["order", "buy", "yes", "20@0.60", ARREST]);
    desk.exchange.json(&["order", "buy", "yes", "12@0.55", "KXARREST-28-BFEN"]);
    let found = desk.json(&["scan", "--hurdle", "0"]);
    let [set] = found["riskless"].as_array().unwrap().as_slice() else { panic!("{found}") };
    let told = ["shape", "set", "proof", "size"].map(|key| set[key].as_str().unwrap());
    assert_eq!(
        told,
        ["at most one", "Who will be arrested first?", "kalshi's word on event KXARREST-28", "12"],
        "{set}"
    );
    assert_eq!(set["see"], json!([]), "no pair, so no proof of one");
    let profit: f64 = set["worst_profit_dollars"].as_str().unwrap().parse().unwrap();
    assert!((1.38..1.39).contains(&profit), "15 cents on 12, less fees of 0.41: {profit}");
    desk.exchange.stop();
}

#[cfg(unix)]
#[test]
fn an_event_is_sold_whole_with_each_outcome_where_it_is_dearest() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::start(folder.path(), "Will Ada Quill be arrested by December 31, 2027?");
    desk.exchange.json(&["order", "buy", "yes", "20@0.60", "quill", "--venue", "polymarket"]);
    desk.exchange.json(&["order", "buy", "yes", "12@0.55", "KXARREST-28-BFEN"]);
    let found = desk.json(&["scan", "--hurdle", "0"]);
    let [set] = found["riskless"].as_array().unwrap().as_slice() else { panic!("{found}") };
    assert_eq!(
        (&set["shape"], &set["size"]),
        (&json!("joined"), &json!("12")),
        "neither pair nor event gains by itself"
    );
    assert_eq!(set["proof"], "rules of both; kalshi's word on event KXARREST-28");
    let profit: f64 = set["worst_profit_dollars"].as_str().unwrap().parse().unwrap();
    assert!(
        (1.58..1.593).contains(&profit),
        "15 cents on 12, less Kalshi's fee of 0.2079 and what rounding may take: {profit}"
    );
    desk.exchange.stop();
}

#[cfg(unix)]
#[test]
fn what_the_rules_do_not_prove_stands_apart_with_what_would_pay_for_the_risk() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::start(folder.path(), "Will Ada Quill be arrested in Ruritania by December 31, 2027?");
    desk.cross();
    let found = desk.json(&["scan", "--hurdle", "0"]);
    let pair = &found["unproved"][0];
    assert_eq!(
        (&found["riskless"], &pair["tie"], &pair["contracts"]),
        (&json!([]), &json!("same"), &json!("25.00")),
        "{found}"
    );
    assert!(pair["why"].as_str().unwrap().contains("ruritania"), "{pair}");
    assert_eq!(
        (&pair["edge_a_contract_dollars"], &pair["needed_a_contract_dollars"]),
        (&json!("0.082989"), &json!("0.030000"))
    );
    assert_eq!(pair["contracts_that_pay"], "25.00");
    let dear = desk.json(&["scan", "--hurdle", "0", "--divergence", "0.2"]);
    assert_eq!(dear["unproved"][0]["contracts_that_pay"], Value::Null, "{dear}");
    let text = shown(&desk.run(&["scan", "--hurdle", "0"]));
    assert!(text.contains("no set gains now") && text.contains("not riskless"), "{text}");
    desk.exchange.stop();
}

#[cfg(unix)]
#[test]
fn a_watch_tells_of_a_set_once_when_it_appears_and_when_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::start(folder.path(), "Will Ada Quill be arrested by December 31, 2027?");
    let mut watch = desk
        .command(&["watch", "--hurdle", "0", "--every", "0.1", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    desk.cross();
    let appeared = next();
    assert_eq!((&appeared["event"], &appeared["shape"]), (&json!("appeared"), &json!("same")), "{appeared}");
    // Taken away, and there again.
    desk.exchange.json(&["cancel", "--market", "quill", "--venue", "polymarket"]);
    let gone = next();
    assert_eq!((&gone["event"], &gone["set"]), (&json!("gone"), &appeared["set"]), "{gone}");
    desk.exchange.json(&["order", "buy", "yes", "25@0.50", "quill", "--venue", "polymarket"]);
    assert_eq!(next()["event"], "appeared");
    // The venue away for good: nothing stands that nobody can read.
    let Desk { exchange, .. } = desk;
    exchange.stop();
    let left: Vec<Value> = vec![next(), next()];
    let mut events: Vec<&str> = left.iter().map(|it| it["event"].as_str().unwrap()).collect();
    events.sort_unstable();
    assert_eq!(events, ["gone", "unread"], "{left:?}");
    let interrupt = std::process::Command::new("kill").args(["-INT", &watch.id().to_string()]).status().unwrap();
    assert!(interrupt.success() && watch.wait().unwrap().success());
    let log = std::fs::read_to_string(folder.path().join("watch.log")).unwrap();
    assert_eq!(log.matches("appeared").count(), 2, "each appearance is an alert of its own: {log}");
}

#[cfg(unix)]
#[test]
fn what_cannot_be_looked_at_is_told_with_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| {
        let path = folder.path().join("brier.toml");
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let home = "[run]\ndata_dir = \"run\"\n[paper]\ndata_dir = \"exchange\"\n";
    let empty = shown(&run(&["arb", "scan", &write(&format!("{home}[kalshi]\nenabled = true\n"))]));
    assert!(
        empty.starts_with("exit 1") && empty.contains("names a market") && empty.contains("hint: name markets"),
        "{empty}"
    );
    let maker = "[[strategy]]\nname = \"m\"\nkind = \"market_maker\"\nmarkets = [\"kalshi:KXA-1\"]\n";
    let down = shown(&run(&["arb", "scan", &write(&format!("{home}{maker}"))]));
    assert!(
        down.contains("no run of this configuration has it up") && down.contains("hint: start it with `brier run"),
        "{down}"
    );
    let wrong = shown(&run(&["arb", "watch", &write(home), "--every", "soon"]));
    assert!(wrong.starts_with("exit 2") && wrong.contains("expected seconds, found `soon`"), "{wrong}");
}

#[test]
fn decisions_that_are_named_and_not_there_are_no_leave_to_trade() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::start(folder.path(), "Will Ada Quill be arrested by December 31, 2027?");
    std::fs::remove_file(desk.exchange.folder.join("decisions.jsonl")).unwrap();
    let shown = shown(&desk.run(&["scan"]));
    assert!(shown.starts_with("exit 1\n") && shown.contains("decisions.jsonl: no such file"), "{shown}");
}
