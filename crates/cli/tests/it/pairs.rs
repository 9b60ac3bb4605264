//! `brier pairs` on recordings of our own making and on a running `brier exchange`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use expect_test::expect;
use serde_json::{Value, json};

use crate::exchange::Exchange;
use crate::support::{brier, shown};

/// Recordings of both venues and a place for decisions.
struct Desk {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

const ARREST: &str = "KXARREST-28-AQUI";
const GAME: &str = "KXNBAGAME-27FEB03BOSDEN-BOS";
const BARE: &str = "KXBARE-27-BFEN";

/// A condition id that ends in `digit`.
fn condition(digit: char) -> String {
    format!("0x{}{digit}", "ab".repeat(31).chars().chain(['c']).collect::<String>())
}

fn kalshi() -> Vec<Value> {
    let rules = |ticker: &str, title: &str, primary: &str, secondary: &str| {
        json!({"ticker": ticker, "event_ticker": ticker.rsplit_once('-').unwrap().0, "title": title, "yes_sub_title": "",
            "rules_primary": primary, "rules_secondary": secondary, "close_time": "2028-01-01T15:00:00Z",
            "market_type": "binary"})
    };
    vec![
        rules(
            ARREST,
            "Will Ada Quill be arrested before Jan 1, 2028?",
            "If Ada Quill is arrested before Jan 1, 2028, then the market resolves to Yes.",
            "",
        ),
        rules(
            GAME,
            "Boston at Denver Winner?",
            "If Boston wins the Boston at Denver professional basketball game originally scheduled for Feb 3, 2027, then the \
             market resolves to Yes.",
            "",
        ),
        json!({"ticker": BARE, "title": "Will Bruno Fenwick win the Rookie Of The Year award in 2027?"}),
        json!({"ticker": "KXMV-1", "title": "yes A, yes B", "mve_collection_ticker": "KXMV"}),
    ]
}

fn polymarket() -> Vec<Value> {
    vec![
        json!({"conditionId": condition('1'), "slug": "quill-arrested", "id": "1", "outcomes": "[\"Yes\",\"No\"]",
            "question": "Will Ada Quill be arrested in Ruritania by December 31, 2027?",
            "description": "This market will resolve to \"Yes\" if Ada Quill is arrested in Ruritania by December 31, 2027, 11:59 \
             PM ET."}),
        json!({"conditionId": condition('2'), "slug": "celtics-nuggets", "id": "2", "outcomes": "[\"Nuggets\",\"Celtics\"]",
            "question": "Celtics vs. Nuggets",
            "description": "In the upcoming NBA game, scheduled for February 3, 2027 at 9:00PM ET:\nIf the Celtics win, the \
             market resolves to Celtics.\nIf the game is canceled, this market resolves 50-50."}),
        json!({"conditionId": condition('3'), "slug": "quill-convicted", "id": "3", "outcomes": "[\"Yes\",\"No\"]",
            "question": "Will Ada Quill be convicted by December 31, 2027?",
            "description": "This market will resolve to \"Yes\" if Ada Quill is convicted by December 31, 2027, 11:59 PM ET."}),
        json!({"conditionId": condition('4'), "slug": "fenwick-rookie", "id": "4", "outcomes": "[\"Yes\",\"No\"]",
            "question": "Will Bruno Fenwick win the 2027 Rookie Of The Year award?"}),
    ]
}

fn write_lines(path: &Path, values: &[Value]) {
    let lines: Vec<String> = values.iter().map(ToString::to_string).collect();
    std::fs::write(path, lines.join("\n")).unwrap();
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = Self { path: folder.path().to_owned(), _folder: folder };
        write_lines(&desk.file("kalshi.jsonl"), &kalshi());
        write_lines(&desk.file("polymarket.jsonl"), &polymarket());
        desk
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// `brier pairs` with the recordings, the file of decisions and a name.
    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = brier();
        command.current_dir(&self.path).env("BRIER_PAIRS", "decisions.jsonl").env("BRIER_REVIEWER", "ada");
        command.arg("pairs").args(args);
        if !matches!(args[0], "decisions" | "withdraw") {
            command.args(["--kalshi", "kalshi.jsonl", "--polymarket", "polymarket.jsonl"]);
        }
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn shown(&self, args: &[&str]) -> String {
        shown(&self.run(args))
    }

    fn json(&self, args: &[&str]) -> Value {
        let output = self.command(args).arg("--json").output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", shown(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// A review with these lines typed.
    fn review(&self, lines: &str, args: &[&str]) -> String {
        let mut child = self
            .command(&[&["review"], args].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A review that has ended does not read the rest.
        drop(child.stdin.take().unwrap().write_all(lines.as_bytes()));
        shown(&child.wait_with_output().unwrap())
    }

    /// The name by which the only missing line of the arrest is vouched for.
    fn missing_line(&self) -> String {
        let document = self.json(&["show", ARREST, "quill-arrested"]);
        let lines = document["proof"].as_array().unwrap();
        let keys: Vec<&str> = lines.iter().filter_map(|line| line["vouch"].as_str()).collect();
        assert_eq!(keys.len(), 1, "{document}");
        keys[0].to_owned()
    }
}

#[test]
fn pairs_are_listed_best_first_with_their_standing() {
    let desk = Desk::new();
    expect![[r#"
        exit 0
        --- stdout
        standing     verdict   pays     rests on       missing  tails              said  kalshi                       polymarket      question
        conditional  same      Celtics  rules of both        2  void,cancellation  -     KXNBAGAME-27FEB03BOSDEN-BOS  0xabababababab  Boston at Denver Winner?
        conditional  unproven  Yes      rules of both        1  -                  -     KXARREST-28-AQUI             0xabababababab  Will Ada Quill be arrested before Jan 1, 2028?
        conditional  same      Yes      titles only          2  -                  -     KXBARE-27-BFEN               0xabababababab  Will Bruno Fenwick win the Rookie Of The Year award in 2027?
        --- stderr
        3 Kalshi and 4 Polymarket listings, 4 candidates judged: 1 different, 2 same, 1 unproven
        1 market is no bet on yes or no and not compared; the first: kalshi market KXMV-1: expected a question of its own, found a combo, whose legs are other markets
    "#]]
    .assert_eq(&desk.shown(&["list"]));
    let document = desk.json(&["list", "--verdict", "different"]);
    assert_eq!((&document["candidates"], &document["not_compared"]), (&json!(4), &json!(1)));
    assert_eq!(document["pairs"][0]["standing"], "contradicted");
    let only = desk.json(&["candidates", "celtics", "--standing", "conditional", "--rules"]);
    assert_eq!(only["pairs"], json!([]), "both titles have to have the word");
    let accepted = desk.json(&["list", "--standing", "riskless", "--accept-tails", "void,cancellation"]);
    let pairs = accepted["pairs"].as_array().unwrap();
    assert_eq!((pairs.len(), &pairs[0]["outcome"], &pairs[0]["pays"]), (1, &json!("Celtics"), &json!("no")));
    assert_eq!((&pairs[0]["grounds"], &pairs[0]["basis"]), (&json!("rules"), &json!("rules of both")));
}

#[test]
fn a_pair_is_shown_with_its_proof_and_both_texts() {
    let desk = Desk::new();
    expect![[r#"
        exit 0
        --- stdout
        kalshi:KXNBAGAME-27FEB03BOSDEN-BOS  Boston at Denver Winner?
        polymarket:0xabababababababababababababababababababababababababababababababc2  Celtics vs. Nuggets

        verdict: same, pays with Celtics, on rules of both
          game         agrees      the same two sides | title "Boston at Denver" | title "Celtics vs. Nuggets"
          window       agrees      2027-02-03 and 2027-02-03 | ticker "27FEB03" | rules "for February 3, 2027"
          outcome      agrees      pays with Celtics | ticker "BOS" | outcome "Celtics"
          act          follows     win: a game is about its winner | title "Winner"
          tail         void        polymarket: rules "If the game is canceled, this market resolves 50-50."
          tail         cancellation polymarket: rules "If the game is canceled, this market resolves 50-50."
        standing: conditional, missing:
          - tail void is accepted by nobody
          - tail cancellation is accepted by nobody

        kalshi:KXNBAGAME-27FEB03BOSDEN-BOS
          title     Boston at Denver Winner?
          ends      2028-01-01T15:00:00Z
          rules     If Boston wins the Boston at Denver professional basketball game originally scheduled for Feb 3, 2027, then the market resolves to Yes.

        polymarket:0xabababababababababababababababababababababababababababababababc2
          title     Celtics vs. Nuggets
          outcomes  Nuggets, Celtics
          rules     In the upcoming NBA game, scheduled for February 3, 2027 at 9:00PM ET:
                    If the Celtics win, the market resolves to Celtics.
                    If the game is canceled, this market resolves 50-50.

        where the two rules say something else, or only one says it
          window        on 2027-02-03 | on 2027-02-03 21:00 ET
          void          - | If the game is canceled, this market resolves 50-50.
          cancellation  - | If the game is canceled, this market resolves 50-50.
    "#]]
    .assert_eq(&desk.shown(&["show", GAME, "celtics-nuggets"]));
    // By any name of it, and in any order.
    let document = desk.json(&["show", &condition('2'), GAME]);
    assert_eq!((&document["first"]["id"], &document["verdict"]), (&json!(GAME), &json!("same")));
    let long = condition('2');
    let cut = desk.shown(&["show", &long[..14], GAME]);
    assert!(cut.contains("begins 0xabab") && cut.contains("hint: give more digits"), "{cut}");
    let unknown = desk.shown(&["show", "KXNOBODY", GAME]);
    assert!(unknown.contains("error: no listing is called KXNOBODY\nhint: give a Kalshi market ticker"), "{unknown}");
    assert!(desk.shown(&["show", GAME, GAME]).starts_with("exit 2\n"));
}

#[test]
fn a_person_confirms_vetoes_and_withdraws() {
    let desk = Desk::new();
    let pair = [ARREST, "quill-arrested"];
    let why = ["--why", "the country is only where she lives"];
    let key = desk.missing_line();
    let bare = desk.shown(&[&["confirm"], &pair[..], &why].concat());
    assert!(bare.starts_with("exit 0\n") && bare.contains("standing: conditional, missing:\n  - subject"), "{bare}");
    let confirmed = desk.shown(&[&["confirm"], &pair[..], &why, &["--vouch", &key]].concat());
    expect![[r#"
        exit 0
        --- stdout
        kalshi:KXARREST-28-AQUI polymarket:0xabababababababababababababababababababababababababababababababc1: confirmed
          vouched for: subject "ruritania" is said on one side only | title "Ruritania"
        standing: riskless, by the rules and a person's word
    "#]]
    .assert_eq(&confirmed);
    let list = desk.json(&["list", "--standing", "riskless"]);
    assert_eq!((&list["pairs"][0]["grounds"], &list["pairs"][0]["decided"]["by"]), (&json!("person"), &json!("ada")));

    let veto = desk.shown(&[&["veto"], &pair[..], &["--why", "no", "--by", "bob"]].concat());
    assert!(veto.contains("veto\nstanding: vetoed"), "{veto}");
    let again = desk.shown(&[&["confirm"], &pair[..], &why].concat());
    assert!(again.contains("error: vetoed by bob at ") && again.contains("hint: `brier pairs withdraw`"), "{again}");
    let decisions = desk.json(&["decisions"]);
    assert_eq!(
        (&decisions["decisions"][0]["decision"], &decisions["decisions"][0]["why"]),
        (&json!("veto"), &json!("no"))
    );
    let withdrawn = desk.shown(&["withdraw", ARREST, &condition('1')]);
    assert!(withdrawn.contains(": veto withdrawn"), "{withdrawn}");
    let nothing = desk.shown(&["withdraw", ARREST, &condition('1')]);
    assert!(nothing.starts_with("exit 1\n") && nothing.contains("the file has no decision about"), "{nothing}");
    assert_eq!(
        std::fs::read_to_string(desk.file("decisions.jsonl")).unwrap(),
        "{\"format\":\"brier-pair-decisions\",\"version\":1}\n"
    );
}

#[test]
fn what_nobody_can_confirm_is_refused_and_leaves_no_file() {
    let desk = Desk::new();
    for (args, told) in [
        (vec!["confirm", ARREST, "quill-convicted", "--why", "x"], "error: the texts contradict each other:\n  act"),
        (vec!["confirm", BARE, "fenwick-rookie", "--why", "x"], "error: only titles are at hand for kalshi:KXBARE"),
        (
            vec!["confirm", GAME, "celtics-nuggets", "--why", "x", "--accept-tail", "death"],
            "the pair has no tail `death`",
        ),
        (
            vec!["confirm", GAME, "celtics-nuggets", "--why", "x", "--outcome", "Nuggets"],
            "expected the outcome Celtics",
        ),
        (
            vec!["confirm", GAME, "celtics-nuggets", "--why", "x", "--vouch", "game-000000"],
            "no missing line of the proof",
        ),
        (vec!["confirm", GAME, "celtics-nuggets", "--why", " "], "why: expected one line of 1 to 500 characters"),
        (
            vec!["veto", GAME, "celtics-nuggets", "--why", "x", "--by", " "],
            "by: expected one line of 1 to 80 characters",
        ),
    ] {
        let shown = desk.shown(&args);
        assert!(shown.starts_with("exit 1\n") && shown.contains(told) && shown.contains("hint: "), "{args:?}\n{shown}");
    }
    let usage = desk.shown(&["confirm", GAME, "celtics-nuggets", "--why", "x", "--accept-tail", "draw"]);
    assert!(
        usage.starts_with("exit 2\n") && usage.contains("expected a kind of tail (void, fair-price, tie"),
        "{usage}"
    );
    assert!(!desk.file("decisions.jsonl").exists());
    let mut nameless = desk.command(&["veto", GAME, "celtics-nuggets", "--why", "x"]);
    let nameless = shown(&nameless.env_remove("BRIER_REVIEWER").output().unwrap());
    assert!(nameless.contains("error: it is not said who decides\nhint: give `--by NAME`"), "{nameless}");
}

#[test]
fn a_changed_text_makes_a_decision_stale() {
    let desk = Desk::new();
    let key = desk.missing_line();
    let pair = [ARREST, "quill-arrested"];
    desk.json(&[&["confirm"], &pair[..], &["--why", "x", "--vouch", &key]].concat());
    let mut markets = polymarket();
    let text = markets[0]["description"].as_str().unwrap();
    markets[0]["description"] = json!(format!("{text} The resolution source is a consensus of credible reporting."));
    write_lines(&desk.file("polymarket.jsonl"), &markets);
    let document = desk.json(&[&["show"], &pair[..]].concat());
    assert_eq!((&document["standing"], &document["decided"]), (&json!("conditional"), &Value::Null));
    let changed = format!("the texts of polymarket:{} changed", condition('1'));
    assert_eq!((&document["stale"]["by"], &document["stale"]["changes"]), (&json!("ada"), &json!([changed])));
    assert!(desk.shown(&["list"]).contains("confirmed by ada, stale"));
    let again = desk.review("s\n", &["quill"]);
    assert!(again.contains("confirmed by ada at ") && again.contains("1 shown, 0 decided, 1 skipped"), "{again}");
}

#[test]
fn a_damaged_file_of_decisions_stops_everything() {
    let desk = Desk::new();
    std::fs::write(desk.file("decisions.jsonl"), "{\"format\":\"brier-pair-decisions\",\"version\":1}\n{}\n").unwrap();
    let why = ["--why", "x"];
    for args in [vec!["list"], vec!["export"], vec!["review"], [&["veto", GAME, "celtics-nuggets"], &why[..]].concat()]
    {
        let shown = desk.shown(&args);
        assert!(
            shown.starts_with("exit 1\n") && shown.contains("decisions.jsonl: line 2: expected a decision"),
            "{shown}"
        );
    }
    std::fs::write(desk.file("decisions.jsonl"), "").unwrap();
    assert!(
        desk.shown(&["list"]).contains("line 1: expected the head of a file of decisions"),
        "an empty file lost its vetoes"
    );
}

#[test]
fn a_review_asks_piece_by_piece_and_keeps_each_answer_at_once() {
    let desk = Desk::new();
    // Titles alone, and contradictions, are nothing that a person could settle.
    let typed = "x\ny\ny\nn\n\nvoid is enough\nt\ny\ny\nread both\n";
    expect![[r#"
        exit 0
        --- stdout
        kalshi:KXNBAGAME-27FEB03BOSDEN-BOS polymarket:0xabababababababababababababababababababababababababababababababc2: confirmed, conditional
        kalshi:KXARREST-28-AQUI polymarket:0xabababababababababababababababababababababababababababababababc1: confirmed, riskless
        --- stderr

        --- 1 of 2 ---
        kalshi:KXNBAGAME-27FEB03BOSDEN-BOS  Boston at Denver Winner?
        polymarket:0xabababababababababababababababababababababababababababababababc2  Celtics vs. Nuggets

        verdict: same, pays with Celtics, on rules of both
          game         agrees      the same two sides | title "Boston at Denver" | title "Celtics vs. Nuggets"
          window       agrees      2027-02-03 and 2027-02-03 | ticker "27FEB03" | rules "for February 3, 2027"
          outcome      agrees      pays with Celtics | ticker "BOS" | outcome "Celtics"
          act          follows     win: a game is about its winner | title "Winner"
          tail         void        polymarket: rules "If the game is canceled, this market resolves 50-50."
          tail         cancellation polymarket: rules "If the game is canceled, this market resolves 50-50."
        standing: conditional, missing:
          - tail void is accepted by nobody
          - tail cancellation is accepted by nobody

        y confirm, n veto, s skip, t texts, q quit > expected one letter of ynstq, found `x`
        y confirm, n veto, s skip, t texts, q quit > accept tail void (polymarket: rules "If the game is canceled, this market resolves 50-50.")? y/n > accept tail cancellation (polymarket: rules "If the game is canceled, this market resolves 50-50.")? y/n > why > a decision needs a reason that others can read
        why > kalshi:KXNBAGAME-27FEB03BOSDEN-BOS polymarket:0xabababababababababababababababababababababababababababababababc2: confirmed
          accepted tail: void
        standing: conditional, missing:
          - tail cancellation is accepted by nobody

        --- 2 of 2 ---
        kalshi:KXARREST-28-AQUI  Will Ada Quill be arrested before Jan 1, 2028?
        polymarket:0xabababababababababababababababababababababababababababababababc1  Will Ada Quill be arrested in Ruritania by December 31, 2027?

        verdict: unproven, would pay with Yes, on rules of both
          act          agrees      arrest | title "arrested" | title "arrested"
          subject      agrees      ada | title "Ada" | title "Ada"
          subject      agrees      quill | title "Quill" | title "Quill"
          subject      missing     "ruritania" is said on one side only | title "Ruritania" [subject-b701fc]
          deadline     agrees      2027-12-31 and 2027-12-31 | title "before Jan 1, 2028" | title "by December 31, 2027"
        standing: conditional, missing:
          - subject "ruritania" is said on one side only | title "Ruritania" [subject-b701fc]

        y confirm, n veto, s skip, t texts, q quit > kalshi:KXARREST-28-AQUI
          title     Will Ada Quill be arrested before Jan 1, 2028?
          ends      2028-01-01T15:00:00Z
          rules     If Ada Quill is arrested before Jan 1, 2028, then the market resolves to Yes.

        polymarket:0xabababababababababababababababababababababababababababababababc1
          title     Will Ada Quill be arrested in Ruritania by December 31, 2027?
          outcomes  Yes, No
          rules     This market will resolve to "Yes" if Ada Quill is arrested in Ruritania by December 31, 2027, 11:59 PM ET.

        where the two rules say something else, or only one says it
          deadline      by the end of 2027-12-31 | by the end of 2027-12-31, by the end of 2027-12-31 23:59 ET
        y confirm, n veto, s skip, t texts, q quit > vouch for: subject "ruritania" is said on one side only | title "Ruritania"? y/n > why > kalshi:KXARREST-28-AQUI polymarket:0xabababababababababababababababababababababababababababababababc1: confirmed
          vouched for: subject "ruritania" is said on one side only | title "Ruritania"
        standing: riskless, by the rules and a person's word
        2 shown, 2 decided, 0 skipped
    "#]]
    .assert_eq(&desk.review(typed, &[]));
    let nothing = desk.review("", &[]);
    assert!(nothing.ends_with("0 shown, 0 decided, 0 skipped\n"), "what is decided is not asked again: {nothing}");
    let decisions = desk.json(&["decisions"]);
    assert_eq!(decisions["decisions"][1]["accepted_tails"], json!(["void"]));
}

#[test]
fn a_review_that_is_cut_off_decides_nothing_by_half() {
    let desk = Desk::new();
    for typed in ["", "q\n", "y\n", "y\ny\n", "n\n", "y\ny\n\n"] {
        let shown = desk.review(typed, &["quill"]);
        assert!(shown.starts_with("exit 0\n") && shown.contains("1 shown, 0 decided, 0 skipped"), "{typed:?}: {shown}");
        assert!(!desk.file("decisions.jsonl").exists(), "{typed:?}");
    }
    let vetoed = desk.review("n\nnever\n", &["quill"]);
    assert!(vetoed.contains("veto, vetoed"), "{vetoed}");
}

#[test]
fn two_terminals_lose_nothing_of_each_other() {
    let desk = Desk::new();
    let slugs = ["quill-arrested", "celtics-nuggets", "quill-convicted", "fenwick-rookie"];
    let pairs = [ARREST, GAME].into_iter().flat_map(|ticker| slugs.map(|slug| (ticker, slug)));
    let running: Vec<_> = pairs
        .map(|(ticker, slug)| {
            let mut command = desk.command(&["veto", ticker, slug, "--why", "all at once"]);
            command.stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut child in running {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(desk.json(&["decisions"])["decisions"].as_array().unwrap().len(), 8);
    let left: Vec<_> = std::fs::read_dir(&desk.path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".new")), "{left:?}");
}

#[test]
fn an_export_has_what_may_be_traded_and_what_was_decided() {
    let desk = Desk::new();
    let nothing = desk.shown(&["export"]);
    assert!(nothing.starts_with("exit 1\n") && nothing.contains("decisions.jsonl: no such file"), "{nothing}");
    std::fs::write(desk.file("decisions.jsonl"), "{\"format\":\"brier-pair-decisions\",\"version\":1}\n").unwrap();
    let empty = desk.run(&["export"]);
    assert_eq!(String::from_utf8_lossy(&empty.stdout), "{\"format\":\"brier-pairs\",\"version\":1}\n");
    desk.json(&["veto", ARREST, "quill-convicted", "--why", "another question"]);
    desk.json(&["confirm", GAME, "celtics-nuggets", "--why", "x", "--accept-tail", "void,cancellation"]);
    let lines = desk.run(&["export"]);
    let text = String::from_utf8(lines.stdout).unwrap();
    let pairs: Vec<Value> = text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    let standings: Vec<&str> = pairs.iter().map(|pair| pair["standing"].as_str().unwrap()).collect();
    assert_eq!(standings, ["vetoed", "riskless"]);
    assert_eq!((&pairs[1]["pays"], &pairs[1]["second"]["id"]), (&json!("no"), &json!(condition('2'))));
    let all = desk.json(&["export", "--all"]);
    assert_eq!(all["pairs"].as_array().unwrap().len(), 4);
    let told = desk.shown(&["export", "--to", "out.jsonl"]);
    assert_eq!(told, "exit 0\n--- stderr\n2 pairs written to out.jsonl\n");
    assert_eq!(std::fs::read_to_string(desk.file("out.jsonl")).unwrap(), text);
    assert!(desk.shown(&["export", "--to", "no/such/out.jsonl"]).starts_with("exit 1\n"));
}

#[test]
fn lists_of_others_are_nominations() {
    let desk = Desk::new();
    let list = [
        json!({"kalshi_ticker": GAME, "kalshi_title": "?", "polymarket_id": condition('2'), "polymarket_question": "?",
            "label": "true_match"}),
        json!({"kalshi_ticker": ARREST, "kalshi_title": "?", "polymarket_id": "quill-convicted", "polymarket_question": "?",
            "in_matching_set": true}),
        json!({"kalshi_ticker": ARREST, "kalshi_title": "?", "polymarket_id": "1", "polymarket_question": "?",
            "label": "false_match"}),
        json!({"label": "equivalent", "polymarket_outcome": "Yes",
            "kalshi": {"ticker": "KXGONE-1", "title": "Will Ada Quill be arrested before Jan 1, 2028?"},
            "polymarket": {"condition_id": "0x9", "question": "Will Ada Quill be arrested by December 31, 2027?"}}),
    ];
    write_lines(&desk.file("list.jsonl"), &list);
    expect![[r#"
        exit 0
        --- stdout
        line 2: they say same, the texts different (contradicts)
          KXARREST-28-AQUI  Will Ada Quill be arrested before Jan 1, 2028?
          0xabababababababababababababababababababababababababababababababc3  Will Ada Quill be convicted by December 31, 2027?
            act          CONTRADICTS arrest against convict | title "arrested" | title "convicted"
        line 3: they say different, the texts unproven (unproven)
          KXARREST-28-AQUI  Will Ada Quill be arrested before Jan 1, 2028?
          0xabababababababababababababababababababababababababababababababc1  Will Ada Quill be arrested in Ruritania by December 31, 2027?
            subject      missing     "ruritania" is said on one side only | title "Ruritania"
        4 nominations
          agrees       2
          contradicts  1
          unproven     1
          1 judged by texts of the list itself
    "#]]
    .assert_eq(&desk.shown(&["import", "list.jsonl"]));
    assert!(!desk.file("decisions.jsonl").exists(), "nominations decide nothing");
    std::fs::write(desk.file("bad.jsonl"), "{\"a\":1}\n").unwrap();
    let bad = desk.shown(&["import", "bad.jsonl"]);
    assert!(
        bad.contains("bad.jsonl: line 1: expected `kalshi` and `polymarket`, or") && bad.contains("hint: "),
        "{bad}"
    );
}

#[test]
fn files_that_are_no_recordings_are_told() {
    let desk = Desk::new();
    std::fs::write(desk.file("polymarket.jsonl"), "{\"cursor\":\"x\"}\n").unwrap();
    let wrong = desk.shown(&["list"]);
    assert!(
        wrong.contains("polymarket.jsonl: line 1: expected a polymarket market, event or answer, found cursor"),
        "{wrong}"
    );
    std::fs::write(desk.file("polymarket.jsonl"), "\n").unwrap();
    assert!(desk.shown(&["list"]).contains("polymarket.jsonl: expected polymarket markets, found none"));
    // One document over many lines.
    let whole = serde_json::to_string_pretty(&json!({"data": polymarket()})).unwrap();
    std::fs::write(desk.file("polymarket.jsonl"), whole).unwrap();
    assert_eq!(desk.json(&["list"])["polymarket_listings"], 4);
    std::fs::write(desk.file("polymarket.jsonl"), "{\n\"data\": [\n").unwrap();
    assert!(desk.shown(&["list"]).contains("polymarket.jsonl: line 1: expected JSON"));
}

#[cfg(unix)]
#[test]
fn markets_of_a_running_exchange_are_paired_and_sealed_alike_by_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let exchange = Exchange::start(folder.path());
    exchange.admin(
        "/series",
        &json!({"ticker": "KXARREST", "title": "Arrest", "category": "Politics", "frequency": "custom",
            "fee_type": "quadratic", "fee_multiplier": 1}),
    );
    exchange.admin(
        "/events",
        &json!({"event_ticker": "KXARREST-28", "series_ticker": "KXARREST", "title": "Who will be arrested?"}),
    );
    let market = &kalshi()[0];
    exchange.admin(
        "/markets",
        &json!({"ticker": ARREST, "event_ticker": "KXARREST-28", "title": market["title"],
            "rules_primary": market["rules_primary"], "open_time": "2020-01-01T00:00:00Z",
            "close_time": "2099-01-01T00:00:00Z"}),
    );
    let other = exchange.admin(
        "/polymarket/markets",
        &json!({"question": "Will Ada Quill be arrested by December 31, 2027?", "slug": "quill", "description":
            "This market will resolve to \"Yes\" if Ada Quill is arrested by December 31, 2027, 11:59 PM ET."}),
    );
    let condition = other["condition_id"].as_str().unwrap();
    let listed = exchange.json(&["pairs", "list"]);
    let pair = &listed["pairs"][0];
    assert_eq!(
        (&pair["standing"], &pair["pays"], &listed["candidates"]),
        (&json!("riskless"), &json!("yes"), &json!(1))
    );
    assert_eq!(pair["second"]["id"], condition);
    for name in ["quill", condition] {
        let one = exchange.json(&["pairs", "show", ARREST, name]);
        assert_eq!((&one["first"], &one["second"]), (&pair["first"], &pair["second"]), "{name}");
    }
    let file = folder.path().join("pairs.jsonl");
    let args =
        ["pairs", "veto", ARREST, "quill", "--why", "test", "--by", "ada", "--decisions", file.to_str().unwrap()];
    assert_eq!(exchange.json(&args)["standing"], "vetoed");
    let args = ["pairs", "list", "--decisions", file.to_str().unwrap()];
    assert_eq!(exchange.json(&args)["pairs"][0]["standing"], "vetoed");
    let gone = shown(&exchange.run(&["pairs", "show", ARREST, "nobody"]));
    assert!(gone.contains("error: no listing is called nobody"), "{gone}");
    exchange.stop();
}

#[test]
fn no_venue_near_by_is_told_with_the_next_step() {
    let output = brier().args(["pairs", "list", "--kalshi-url", "http://127.0.0.1:1"]).output().unwrap();
    let shown = shown(&output);
    assert!(shown.starts_with("exit 1\n") && shown.contains("error: ") && shown.contains("hint: "), "{shown}");
}
