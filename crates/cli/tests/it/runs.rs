//! `brier config`, `run`, `halt`, `resume` and `doctor`: what surrounds a run.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};

use brier_runtime::control::{self, ControlAnswer, ControlHandler, ControlRequest, ControlServer, OrderLine};
use brier_runtime::lock;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::exchange::{Exchange, make_mode};
use crate::support::{brier, shown};

const STRATEGY: &str = "\
[[strategy]]
name = \"maker\"
kind = \"market_maker\"
markets = [\"kalshi:KXTEST-27JAN01-A\"]
";

/// A home with a configuration in it.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("brier.toml"), config).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = brier();
        command.args(args).current_dir(self.folder.path()).env("HOME", self.folder.path()).stdin(Stdio::null());
        for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
        command
    }

    /// What a run of the program shows, with this home's path as `~`.
    fn shows(&self, args: &[&str], expected: &Expect) {
        expected.assert_eq(&self.plain(&shown(&self.run(args))));
    }

    fn plain(&self, text: &str) -> String {
        text.replace(&self.folder.path().display().to_string(), "~")
    }

    fn json(&self, args: &[&str]) -> Value {
        let mut args = args.to_vec();
        args.push("--json");
        serde_json::from_slice(&self.run(&args).stdout).unwrap()
    }
}

#[test]
fn a_configuration_is_checked_as_a_whole() {
    let home = Home::new(&format!("[rsik]\nmax = 1\n[log]\nformat = \"xml\"\n{STRATEGY}"));
    home.shows(
        &["config", "check", "brier.toml"],
        &expect![[r#"
        exit 1
        --- stdout
        ~/brier.toml:1: rsik: unknown section; did you mean `risk`?
        ~/brier.toml:4: log.format: expected "json", "text", found "xml"

        2 problems
    "#]],
    );
    home.shows(
        &["run", "brier.toml"],
        &expect![[r#"
        exit 1
        --- stderr
        error: ~/brier.toml:1: rsik: unknown section (and 1 other problem)
        hint: did you mean `risk`?; `brier config check brier.toml` tells them all
    "#]],
    );
    let document = home.json(&["config", "check", "brier.toml", "--set", "run.mode=paprika"]);
    assert_eq!((&document["ok"], document["problems"].as_array().unwrap().len()), (&json!(false), 3));
    assert_eq!(
        document["problems"][2],
        json!({"origin": "--set", "key": "run.mode",
        "text": "expected \"paper\", \"live\", found \"paprika\"", "hint": null})
    );
    let right = Home::new(STRATEGY);
    right.shows(
        &["config", "check", "brier.toml"],
        &expect![[r#"
        exit 0
        --- stdout
        ok
    "#]],
    );
    right.shows(
        &["config", "check", "none.toml"],
        &expect![[r#"
        exit 1
        --- stdout
        ~/none.toml: the configuration cannot be read: No such file or directory (os error 2)

        1 problem
    "#]],
    );
}

#[test]
fn what_counts_is_shown_with_who_said_it_and_can_be_used_as_a_file() {
    let home = Home::new(&format!("[risk]\nmax_day_loss_dollars = 12.5\n{STRATEGY}"));
    let args = ["config", "show", "brier.toml", "--set", "strategy.maker.max_orders=4"];
    let text = home.plain(&String::from_utf8(home.run(&args).stdout).unwrap());
    let lines = |words: &[&str]| -> Vec<String> {
        text.lines().filter(|line| words.iter().any(|word| line.contains(word))).map(str::to_owned).collect()
    };
    expect![[r#"
        [run]
        # data_dir is unset
        [paper]
        # data_dir is unset
        [kalshi]
        [polymarket]
        [risk]
        max_orders = 100                                  # default
        max_day_loss_dollars = 12.50                      # ~/brier.toml:2
        [execution]
        [reconcile]
        [exits]
        slippage_dollars = 0.01                           # default
        [feeds]
        [remote]
        [control]
        [log]
        [[strategy]]
        markets = ["kalshi:KXTEST-27JAN01-A"]             # ~/brier.toml:6
        max_orders = 4                                    # --set
        # max_day_loss_dollars is unset
        [strategy.exits]
        slippage_dollars = 0.01                           # default
        [strategy.parameters]
        cap_contracts = 100.00                            # default"#]]
    .assert_eq(&lines(&["max_day_loss", "[", "max_orders =", "data_dir", "cap_contracts", "slippage"]).join("\n"));
    std::fs::write(home.path("again.toml"), home.run(&args).stdout).unwrap();
    home.shows(
        &["config", "check", "again.toml"],
        &expect![[r#"
        exit 0
        --- stdout
        ok
    "#]],
    );
    let shown_again = home.json(&["config", "show", "again.toml"]);
    let shown_first = home.json(&args);
    let values = |document: &Value| -> Vec<(Value, Value)> {
        let settings = document["settings"].as_array().unwrap();
        settings.iter().map(|setting| (setting["key"].clone(), setting["value"].clone())).collect()
    };
    assert_eq!(values(&shown_again), values(&shown_first));
    let day_loss =
        shown_first["settings"].as_array().unwrap().iter().find(|it| it["key"] == "risk.max_day_loss_dollars");
    assert_eq!(
        home.plain(&day_loss.unwrap().to_string()),
        r#"{"key":"risk.max_day_loss_dollars","origin":"~/brier.toml:2","value":"12.50"}"#
    );
}

#[test]
fn the_environment_counts_and_a_foreign_variable_of_ours_is_refused() {
    let home = Home::new(STRATEGY);
    std::fs::write(home.path(".env"), "BRIER_LOG__LEVEL=debug\nBRIER_LOG__LEVLE=debug\n").unwrap();
    home.shows(
        &["config", "check", "brier.toml"],
        &expect![[r#"
        exit 1
        --- stdout
        env BRIER_LOG__LEVLE (~/.env): log.levle: unknown key; did you mean `level`?

        1 problem
    "#]],
    );
}

#[test]
fn real_money_needs_both_words() {
    let home = Home::new(STRATEGY);
    home.shows(
        &["run", "brier.toml", "--live"],
        &expect![[r#"
        exit 1
        --- stderr
        error: `--live` was given, and `run.mode` is "paper"
        hint: say `run.mode = "live"` in the configuration if real orders are meant, or leave out `--live`
    "#]],
    );
    let live = [
        "--set",
        "run.mode=live",
        "--set",
        "kalshi.env=production",
        "--set",
        "kalshi.key_id=id",
        "--set",
        "kalshi.key_path=k.pem",
    ];
    home.shows(
        &[&["run", "brier.toml"], live.as_slice()].concat(),
        &expect![[r#"
        exit 1
        --- stderr
        error: `run.mode` is "live": this run would trade real money, and `--live` was not given
        hint: add `--live` if real orders are meant, or say `run.mode = "paper"`
    "#]],
    );
    home.shows(
        &[&["run", "brier.toml", "--live"], live.as_slice()].concat(),
        &expect![[r#"
        exit 1
        --- stderr
        error: Kalshi: key file ~/k.pem: No such file or directory (os error 2)
    "#]],
    );
}

#[test]
fn a_halt_without_a_process_says_that_nothing_was_canceled_and_keeps_the_next_run_down() {
    let home = Home::new(&format!("[run]\ndata_dir = \"data\"\n{STRATEGY}"));
    home.shows(
        &["halt", "brier.toml"],
        &expect![[r#"
        exit 1
        --- stderr
        error: data folder ~/data: expected the folder of a run, found none
        hint: name the run by its CONFIG or its `--data-dir`
    "#]],
    );
    std::fs::create_dir(home.path("data")).unwrap();
    let told = shown(&home.run(&["halt", "brier.toml", "--reason", "storm"]));
    let at = control::halted(&home.path("data")).unwrap().unwrap().at;
    expect![[r#"
        exit 1
        --- stdout
        halted      ~/data since THEN: storm
        canceled    nothing: no process runs on this folder
        --- stderr
        error: no process runs on this folder, so nothing was canceled
        hint: its next run is refused until `brier resume`; `brier halt CONFIG --cancel-all` cancels at the venues from here
    "#]].assert_eq(&home.plain(&told).replace(&at, "THEN"));
    let told = shown(&home.run(&["run", "brier.toml"]));
    expect![[r#"
        exit 1
        --- stderr
        error: ~/data is halted since THEN: storm
        hint: find out why, then lift it with `brier resume`
    "#]]
    .assert_eq(&home.plain(&told).replace(&at, "THEN"));
    home.shows(
        &["resume", "brier.toml"],
        &expect![[r#"
            exit 2
            --- stderr
            error: standard input is no terminal, so nobody can be asked whether trading shall go on; it stays down
            hint: say `brier resume CONFIG --yes`
        "#]],
    );
    home.shows(
        &["resume", "--data-dir", "data", "--yes"],
        &expect![[r#"
        exit 0
        --- stdout
        resumed  data
        process  none runs: start it with `brier run`
    "#]],
    );
    home.shows(
        &["resume", "--data-dir", "data", "--yes"],
        &expect![[r#"
        exit 1
        --- stderr
        error: data is not halted, and no process runs there
    "#]],
    );
    home.shows(
        &["halt", "--data-dir", "elsewhere"],
        &expect![[r#"
        exit 1
        --- stderr
        error: data folder elsewhere: expected the folder of a run, found none
        hint: name the run by its CONFIG or its `--data-dir`
    "#]],
    );
}

#[test]
fn a_halt_does_not_need_a_right_configuration_but_it_needs_the_right_folder() {
    let home = Home::new(&format!("[run]\ndata_dir = \"data\"\n[risk]\nmax_orders = \"many\"\n{STRATEGY}"));
    std::fs::create_dir(home.path("data")).unwrap();
    assert_eq!(home.run(&["halt", "brier.toml"]).status.code(), Some(1), "no process runs");
    assert!(control::halted(&home.path("data")).unwrap().is_some());
    std::fs::write(home.path("brier.toml"), "[run]\ndata_dri = \"data\"\n").unwrap();
    home.shows(
        &["halt", "brier.toml"],
        &expect![[r#"
        exit 1
        --- stderr
        error: ~/brier.toml:2: run.data_dri: unknown key
        hint: name the run's data folder: `--data-dir FOLDER`
    "#]],
    );
}

/// A process that answers, in this test's own.
#[derive(Clone, Default)]
struct Desk {
    left: Vec<OrderLine>,
    asked: Arc<Mutex<Vec<ControlRequest>>>,
}

impl ControlHandler for Desk {
    async fn handle(&self, request: ControlRequest) -> ControlAnswer {
        self.asked.lock().unwrap().push(request.clone());
        match request {
            ControlRequest::Halt { .. } => ControlAnswer::Halted { canceled: 3, left: self.left.clone() },
            ControlRequest::Resume { .. } => ControlAnswer::Refused { reason: "kalshi is not reconciled".to_owned() },
            _ => ControlAnswer::Done { text: "done".to_owned() },
        }
    }
}

fn desk(folder: &Path, desk: &Desk) -> (tokio::runtime::Runtime, lock::FileLock, ControlServer) {
    std::fs::create_dir(folder).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let lock = lock::data(folder).unwrap();
    let inside = runtime.enter();
    let server = ControlServer::start(folder, desk.clone()).unwrap();
    drop(inside);
    (runtime, lock, server)
}

#[test]
fn a_halt_waits_for_the_process_and_tells_what_is_left() {
    let home = Home::new("");
    let answers = Desk::default();
    let running = desk(&home.path("data"), &answers);
    let told = shown(&home.run(&["halt", "--data-dir", "data", "--reason", "storm"]));
    let at = control::halted(&home.path("data")).unwrap().unwrap().at;
    expect![[r#"
        exit 0
        --- stdout
        halted      data since THEN: storm
        canceled    3 orders
        --- stderr
        halted; waiting for the process to say that everything is canceled
    "#]]
    .assert_eq(&told.replace(&at, "THEN"));
    let asked = answers.asked.lock().unwrap().clone();
    assert_eq!(asked, [ControlRequest::Halt { reason: "storm".to_owned() }, ControlRequest::Status]);
    let told = shown(&home.run(&["resume", "--data-dir", "data", "--yes"]));
    expect![[r#"
        exit 1
        --- stderr
        error: the file HALT is gone, and the process stays halted: kalshi is not reconciled
        hint: run `brier resume` again when that is mended
    "#]]
    .assert_eq(&told);
    drop(running);

    let line = |order: &str| OrderLine {
        venue: "kalshi".into(),
        market: "KXA-1".into(),
        order: order.into(),
        venue_id: None,
        side: "bid".into(),
        price: "0.4200".into(),
        contracts: "10.00".into(),
        state: "in_doubt".into(),
    };
    let stubborn = Desk { left: vec![line("o1.0"), line("o12.3")], ..Desk::default() };
    let _running = desk(&home.path("other"), &stubborn);
    let told = shown(&home.run(&["halt", "--data-dir", "other"]));
    let at = control::halted(&home.path("other")).unwrap().unwrap().at;
    expect![[r#"
        exit 1
        --- stdout
        halted      other since THEN: brier halt
        canceled    3 orders
        may still fill  market        side  price $  contracts  state
        o1.0            kalshi:KXA-1  bid    0.4200      10.00  in_doubt
        o12.3           kalshi:KXA-1  bid    0.4200      10.00  in_doubt
        --- stderr
        halted; waiting for the process to say that everything is canceled
        error: 2 orders may still fill
        hint: the process goes on trying; `brier halt CONFIG --cancel-all` cancels at the venues from here
    "#]]
    .assert_eq(&told.replace(&at, "THEN"));
}

#[test]
fn a_process_that_does_not_answer_is_named() {
    let home = Home::new("");
    std::fs::create_dir(home.path("data")).unwrap();
    let _lock = lock::data(&home.path("data")).unwrap();
    let told = shown(&home.run(&["halt", "--data-dir", "data", "--wait", "1"]));
    let at = control::halted(&home.path("data")).unwrap().unwrap().at;
    let me = std::process::id().to_string();
    expect![[r#"
        exit 1
        --- stdout
        halted      data since THEN: brier halt
        canceled    unknown: the process did not say
        --- stderr
        halted; waiting for the process to say that everything is canceled
        no process listens on data/control.sock
        error: process PID did not say that everything is canceled
        hint: the file HALT halts it as soon as it looks; `brier halt CONFIG --cancel-all` cancels at the venues from here
    "#]].assert_eq(&home.plain(&told).replace(&at, "THEN").replace(&me, "PID"));
    let run = Home::new(&format!("[run]\ndata_dir = \"{}\"\n{STRATEGY}", home.path("data").display()));
    control::clear(&home.path("data")).unwrap();
    let told = home.plain(&shown(&run.run(&["run", "brier.toml"]))).replace(&me, "PID");
    expect![[r#"
        exit 1
        --- stderr
        error: data folder ~/data is in use by process PID
        hint: stop that process, or give this run another `run.data_dir`
    "#]]
    .assert_eq(&told);
}

/// An exchange with one market, and a configuration that trades on it as its operator.
fn trading() -> (Home, tempfile::TempDir, Exchange) {
    let folder = tempfile::tempdir().unwrap();
    let exchange = Exchange::start(folder.path());
    exchange.admin(
        "/series",
        &json!({"ticker": "KXTEST", "title": "Test", "category": "Economics",
        "frequency": "daily", "fee_type": "quadratic", "fee_multiplier": 1}),
    );
    exchange.admin("/events", &json!({"event_ticker": "KXTEST-27JAN01", "series_ticker": "KXTEST", "title": "Test"}));
    exchange.admin(
        "/markets",
        &json!({"ticker": "KXTEST-27JAN01-A", "event_ticker": "KXTEST-27JAN01", "title": "A",
        "rules_primary": "Resolves to Yes if so.", "open_time": "2020-01-01T00:00:00Z",
        "close_time": "2099-01-01T00:00:00Z"}),
    );
    let told = &exchange.started;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let polymarket = &told["polymarket"];
    let config = format!(
        "[run]\ndata_dir = \"data\"\n[kalshi]\nurl = \"{}\"\nkey_id = \"{}\"\nkey_path = \"{}\"\n\
         [polymarket]\nenabled = true\nurl = \"{}\"\nkey_path = \"{}\"\n{STRATEGY}",
        text(&told["rest"]),
        text(&told["key_id"]),
        text(&told["private_key_path"]),
        text(&polymarket["clob"]),
        text(&polymarket["private_key_path"]),
    );
    (Home::new(&config), folder, exchange)
}

#[test]
fn cancel_all_takes_everything_back_without_a_process() {
    let (home, _folder, exchange) = trading();
    std::fs::create_dir(home.path("data")).unwrap();
    let placed = exchange.json(&["order", "buy", "yes", "10@0.42", "KXTEST-27JAN01-A"]);
    assert_eq!(placed["outcome"], "resting");
    let told = shown(&home.run(&["halt", "brier.toml", "--cancel-all"]));
    let at = control::halted(&home.path("data")).unwrap().unwrap().at;
    expect![[r#"
        exit 0
        --- stdout
        halted      ~/data since THEN: brier halt
        canceled    nothing: no process runs on this folder
        kalshi      every resting order is canceled; orders placed within the next minute may go too
        polymarket  canceled 0 orders
    "#]]
    .assert_eq(&home.plain(&told).replace(&at, "THEN"));
    assert_eq!(exchange.json(&["portfolio"])["resting_orders"], json!([]));
    home.shows(
        &["halt", "--data-dir", "data", "--cancel-all"],
        &expect![[r#"
        exit 2
        --- stderr
        error: the following required arguments were not provided:
          <CONFIG>

        Usage: brier halt --data-dir <FOLDER> --cancel-all <CONFIG>

        For more information, try '--help'.
    "#]],
    );
    let lock = lock::data(&home.path("data")).unwrap();
    let told = shown(&home.run(&["halt", "brier.toml", "--cancel-all", "--wait", "1"]));
    let me = std::process::id().to_string();
    expect![[r#"
        exit 1
        --- stdout
        halted      ~/data since THEN: brier halt
        canceled    unknown: the process did not say
        kalshi      every resting order is canceled; orders placed within the next minute may go too
        polymarket  canceled 0 orders
        --- stderr
        halted; waiting for the process to say that everything is canceled
        no process listens on ~/data/control.sock
        error: every order is canceled, and process PID still runs and does not answer
        hint: end it, and then run the command again: it may have placed orders since
    "#]]
    .assert_eq(&home.plain(&told).replace(&at, "THEN").replace(&me, "PID"));
    drop(lock);
    let wrong = home.json(&["halt", "brier.toml", "--cancel-all", "--set", "run.mode=x"]);
    assert!(wrong["halted_at"].is_null(), "a folder that a wrong flag may have named otherwise is not touched");
    exchange.stop();
    let document = home.json(&["halt", "brier.toml", "--cancel-all"]);
    assert_eq!((&document["venues"][0]["done"], &document["process"]), (&json!(false), &json!("none")));
}

#[test]
fn the_doctor_looks_at_everything_and_changes_nothing() {
    let (home, folder, exchange) = trading();
    exchange.json(&["order", "buy", "yes", "10@0.42", "KXTEST-27JAN01-A"]);
    let document = home.json(&["doctor", "brier.toml"]);
    let verdicts: Vec<String> = document["checks"]
        .as_array()
        .unwrap()
        .iter()
        // A slow, full or clockless test machine is none of our business.
        .filter(|check| !["disk space", "disk latency", "time"].contains(&check["what"].as_str().unwrap()))
        .map(|check| format!("{} {}", check["verdict"].as_str().unwrap(), check["what"].as_str().unwrap()))
        .collect();
    expect![[r#"
        ok configuration
        ok data folder
        ok kill switch
        ok other process
        ok journal
        ok kalshi key
        ok kalshi
        ok kalshi clock
        ok kalshi account
        ok kalshi limits
        warn kalshi orders
        ok polymarket key
        ok polymarket
        ok polymarket clock
        warn polymarket account
        ok feeds"#]]
    .assert_eq(&verdicts.join("\n"));
    assert!(!home.path("data").exists(), "the doctor makes no folder");
    let found = |what: &str| {
        let checks = document["checks"].as_array().unwrap();
        checks.iter().find(|check| check["what"] == what).unwrap()["found"].as_str().unwrap().to_owned()
    };
    assert_eq!(found("kalshi orders"), "1 order of other programs rest on this account");
    assert!(found("disk latency").starts_with("fdatasync p50 "), "{}", found("disk latency"));
    assert!(found("kalshi account").starts_with("key accepted, cash $"), "{}", found("kalshi account"));

    make_mode(Path::new(exchange.started["private_key_path"].as_str().unwrap()), 0o644);
    std::fs::create_dir(home.path("data")).unwrap();
    control::put(&home.path("data"), "storm").unwrap();
    let document = home.json(&["doctor", "brier.toml", "--offline"]);
    assert_eq!(document["verdict"], "fail");
    let told = document["checks"].as_array().unwrap().iter().filter(|check| check["verdict"] == "fail");
    let told: Vec<String> = told
        .map(|check| {
            format!("{}: {} ({})", check["what"].as_str().unwrap(), check["found"].as_str().unwrap(), check["next"])
        })
        .collect();
    expect!["kalshi key: Kalshi: key file FOLDER/data/operator-ed25519.pem: expected permissions 0600 or stricter, found 0644; run `chmod 600 FOLDER/data/operator-ed25519.pem` (null)"].assert_eq(&told.join("\n").replace(&folder.path().display().to_string(), "FOLDER"));
    let switch = document["checks"].as_array().unwrap().iter().find(|check| check["what"] == "kill switch").unwrap();
    assert_eq!(switch["verdict"], "warn");
}

#[test]
fn the_doctor_tells_what_is_wrong_with_a_configuration_and_goes_on() {
    let home = Home::new(&format!("[risk]\nmax_ordres = 3\n{STRATEGY}"));
    let output = home.run(&["doctor", "brier.toml", "--offline"]);
    let text = home.plain(&shown(&output));
    let lines: Vec<&str> =
        text.lines().filter(|line| !line.contains("disk ") && !line.contains("an order waits")).collect();
    expect![[r#"
        exit 1
        --- stdout
        FAIL  configuration         ~/brier.toml:2: risk.max_ordres: unknown key
                                    did you mean `max_orders`?
        ok    data folder           ~/.local/share/brier/run/brier, made by the first run
        ok    kill switch           up
        ok    other process         none on this data folder"#]]
    .assert_eq(&lines.join("\n"));
}

/// The example of the README, as it stands there.
#[test]
fn the_paper_example_quotes_around_others_halts_and_replays() {
    let home = Home::new("");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/paper");
    for file in ["brier.toml", "catalog.json"] {
        std::fs::copy(example.join(file), home.path(file)).unwrap();
    }
    let mut child = home.command(&["run", "brier.toml", "--json"]);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut out, &mut line).unwrap();
    let started: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&started["run"], &started["markets"]), (&json!(1), &json!(1)));
    let ready = started["ready_file"].as_str().unwrap();
    for outcome in ["yes", "no"] {
        let args = ["order", "buy", outcome, "10@0.40", "KXRAIN-27JAN01-NYC", "--ready-file", ready];
        assert!(home.run(&args).status.success());
    }
    let prices = || {
        let book = home.json(&["book", "KXRAIN-27JAN01-NYC", "--ready-file", ready]);
        let side = |name: &str| book[name].as_array().unwrap().iter().map(|it| it["price"].clone()).collect::<Vec<_>>();
        (side("bids"), side("asks"))
    };
    let quoted = (vec![json!("0.4800"), json!("0.4000")], vec![json!("0.5200"), json!("0.6000")]);
    let begun = std::time::Instant::now();
    while prices() != quoted {
        assert!(begun.elapsed().as_secs() < 30, "{:?}", prices());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let halted = home.json(&["halt", "brier.toml"]);
    assert_eq!((&halted["process"], &halted["canceled"], &halted["left"]), (&json!("answered"), &json!(2), &json!([])));
    assert_eq!(prices(), (vec![json!("0.4000")], vec![json!("0.6000")]));
    assert!(home.run(&["resume", "brier.toml", "--yes"]).status.success());
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let replayed = home.json(&["replay", "data"]);
    assert_eq!((&replayed["runs"][0]["run"], &replayed["runs"][0]["unwritten"]), (&json!(1), &json!(0)));
}
