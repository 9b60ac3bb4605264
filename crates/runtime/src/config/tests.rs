//! Layers, places, messages: a configuration as its author meets it.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use brier_analyst::quantitative::{Input, Model, Reading};
use brier_engine::StrategyId;
use brier_engine::risk::{Budget, Limits};
use brier_models::odds::Margin;
use brier_models::volatility::{CALENDAR_YEAR, per_sqrt_second};
use brier_types::{Bound, Money, Price, Qty, Strike, Timestamp};
use expect_test::{Expect, expect};

use super::*;
use crate::journal::Durability;

/// Files of one case, in a folder of their own.
struct Case {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
    flags: Vec<String>,
}

impl Case {
    fn new(project: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("brier.toml"), project).unwrap();
        let home = folder.path().join("home").display().to_string();
        Self { folder, variables: vec![("HOME".to_owned(), home)], flags: Vec::new() }
    }

    fn user(self, text: &str) -> Self {
        let folder = self.folder.path().join("home/.config/brier");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.toml"), text).unwrap();
        self
    }

    fn dot_env(self, text: &str) -> Self {
        std::fs::write(self.folder.path().join(".env"), text).unwrap();
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        self
    }

    fn load(&self) -> Loaded {
        load(Sources {
            project: Some(self.folder.path().join("brier.toml")),
            user: None,
            flags: self.flags.clone(),
            environment: Environment::from_pairs(self.variables.clone()),
        })
    }

    fn config(&self) -> Config {
        self.load().into_config().map_err(|problems| self.shown(&problems.to_string())).unwrap().0
    }

    fn problems(&self, expected: &Expect) {
        let loaded = self.load();
        assert!(loaded.config.is_none(), "a configuration with problems is not handed out");
        expected.assert_eq(&self.shown(&Problems(loaded.problems).to_string()));
    }

    fn origin(&self, key: &str) -> String {
        let loaded = self.load();
        let setting = loaded.settings.iter().find(|setting| setting.key == key).unwrap();
        let value = setting.value.as_ref().map_or_else(|| "unset".to_owned(), ToString::to_string);
        self.shown(&format!("{value} ({})", setting.origin))
    }

    fn shown(&self, text: &str) -> String {
        text.replace(&self.folder.path().display().to_string(), "…")
    }
}

const STRATEGY: &str = "\
[[strategy]]
name = \"maker\"
kind = \"market_maker\"
markets = [\"kalshi:KXA-1\"]
";

fn dollars(dollars: i64) -> Money {
    Money::from_cents(dollars * 100).unwrap()
}

#[test]
fn nothing_said_is_paper_on_the_embedded_exchange_with_the_engines_own_limits() {
    let case = Case::new(STRATEGY);
    let config = case.config();
    assert_eq!((config.run.mode, config.run.durability), (Mode::Paper, Durability::Fsync));
    assert_eq!(config.run.data_dir, case.folder.path().join("home/.local/share/brier/run/brier"));
    assert_eq!(config.paper.data_dir, config.run.data_dir.join("exchange"));
    let kalshi = config.kalshi.as_ref().unwrap();
    assert_eq!((&kalshi.at, &kalshi.key, config.polymarket.as_ref(), config.embeds()), (&None, &None, None, true));
    assert_eq!(config.risk, Limits { budgets: vec![Budget::UNBOUNDED], ..Limits::default() });
    assert_eq!(config.risk.validate(), Ok(()));
    let engine = config.engine("b1");
    let mut usual = brier_engine::EngineConfig::new("b1", config.risk.clone());
    usual.exits.clone_from(&engine.exits);
    usual.group_limits = vec![None];
    assert_eq!(engine, usual);
    let cent = Price::from_cents(1).unwrap();
    assert_eq!(engine.exits, [brier_engine::ExitRules { slippage: cent, ..Default::default() }]);
}

#[test]
fn every_layer_hides_the_ones_below_it_and_says_so() {
    let key = "risk.max_day_loss_dollars";
    let case = Case::new(STRATEGY);
    assert_eq!(case.origin(key), "50.00 (default)");
    let case = case.user("[risk]\nmax_day_loss_dollars = 40\n");
    assert_eq!(case.origin(key), "40.00 (…/home/.config/brier/config.toml:2)");
    let project = format!("\n[risk]\nmax_day_loss_dollars = 30.50\n{STRATEGY}");
    std::fs::write(case.folder.path().join("brier.toml"), project).unwrap();
    assert_eq!(case.origin(key), "30.50 (…/brier.toml:3)");
    let case = case.dot_env("BRIER_RISK__MAX_DAY_LOSS_DOLLARS=20\n");
    assert_eq!(case.origin(key), "20.00 (env BRIER_RISK__MAX_DAY_LOSS_DOLLARS (…/.env))");
    let case = case.variable("BRIER_RISK__MAX_DAY_LOSS_DOLLARS", "10");
    assert_eq!(case.origin(key), "10.00 (env BRIER_RISK__MAX_DAY_LOSS_DOLLARS)");
    let case = case.flag("risk.max_day_loss_dollars=6").flag("risk.max_day_loss_dollars=5");
    assert_eq!(case.origin(key), "5.00 (--set)");
    assert_eq!(case.config().risk.max_day_loss, dollars(5));
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let case = Case::new(
        "[run]\nmod = \"paper\"\nname = \"My Run\"\n\n[riks]\nx = 1\n\n[risk]\nmax_los_dollars = 5\nmax_orders = \"many\"\nmax_day_loss_dollars = -1\nempty_side = \"last_mdi\"\n\n\
         [[strategy]]\nname = \"a\"\nkind = \"market_makr\"\nmarkets = [\"KXA-1\"]\n\n[[strategy]]\nkind = \"taker\"\nmarkets = [\"kalshi:KXA-1\"]\nparameters = { clip = 3 }\n",
    )
    .variable("BRIER_RISK__MAX_ORDER", "3")
    .variable("BRIER_A__B__C", "3")
    .flag("execution.timer_ms=soon")
    .flag("strategy.b.enabled=false")
    .flag("nonsense");
    case.problems(&expect![[r#"
        …/brier.toml:2: run.mod: unknown key; did you mean `mode`?
        …/brier.toml:3: run.name: expected a name of 1 to 32 small letters, digits, `-` and `_`, found "My Run"
        …/brier.toml:5: riks: unknown section; did you mean `risk`?
        …/brier.toml:9: risk.max_los_dollars: unknown key; did you mean `max_day_loss_dollars`?
        …/brier.toml:10: risk.max_orders: expected a whole number from 0 to 1000000, found "many"
        …/brier.toml:11: risk.max_day_loss_dollars: expected dollars from 0 to a billion, up to 6 decimals, found -1
        …/brier.toml:12: risk.empty_side: expected "last_mid", "fair", "refuse", found "last_mdi"; did you mean "last_mid"?
        …/brier.toml:16: strategy.a.kind: unknown kind `market_makr`; did you mean "market_maker"?
        …/brier.toml:17: strategy.a.markets: expected "kalshi:TICKER" or "polymarket:0x…", found `KXA-1`
        …/brier.toml:20: strategy.?.name: has to be set: a name of 1 to 32 small letters, digits, `-` and `_`
        …/brier.toml:22: strategy.?.parameters.clip: unknown key; `strategy.?.parameters` has cap_contracts, clip_contracts, margin_dollars
        env BRIER_A__B__C: expected BRIER_SECTION__KEY, with two underscores between section and key and nowhere else
        env BRIER_RISK__MAX_ORDER: risk.max_order: unknown key; did you mean `max_orders`?
        --set: expected section.key=value, found `nonsense`
        --set: execution.timer_ms: expected a whole number from 10 to 60000, found "soon"
        --set: strategy.b: no strategy has this name; only what the file has can be changed by flags"#]]);
}

#[test]
fn what_hides_a_mistake_does_not_excuse_it() {
    let case = Case::new(&format!("[log]\nformat = \"xml\"\n{STRATEGY}")).flag("log.format=json");
    case.problems(&expect![[r#"…/brier.toml:2: log.format: expected "json", "text", found "xml""#]]);
}

#[test]
fn a_key_in_the_wrong_place_is_sent_to_its_section() {
    Case::new(&format!("max_orders = 3\n[kalshi]\nmax_orders = 3\n[riskk]\n{STRATEGY}")).problems(&expect![[r"
        …/brier.toml:1: max_orders: unknown section; it is a key of `[risk]`
        …/brier.toml:3: kalshi.max_orders: unknown key; it is a key of `[risk]`
        …/brier.toml:4: riskk: unknown section; did you mean `risk`?"]]);
    Case::new("run = 3\n[strategy]\nname = \"a\"\n").problems(&expect![[r"
        …/brier.toml:1: run: expected a table `[run]`, found 3
        …/brier.toml:2: strategy: expected `[[strategy]]` tables in a file; write it with two brackets, once for each strategy"]]);
}

#[test]
fn broken_toml_is_told_by_line_and_a_missing_file_by_name() {
    Case::new("[run\nname = \"a\"\n").problems(&expect!["…/brier.toml:1: not TOML: unclosed table, expected `]`"]);
    let case = Case::new("");
    std::fs::remove_file(case.folder.path().join("brier.toml")).unwrap();
    case.problems(&expect!["…/brier.toml: the configuration cannot be read: No such file or directory (os error 2)"]);
}

#[test]
fn a_secret_in_a_file_is_refused_and_not_repeated() {
    let hex = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    let text = format!(
        "[kalshi]\nurl = \"http://127.0.0.1:1\"\nkey_id = \"id\"\nkey = \"\"\"-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----\"\"\"\n\
         [polymarket]\nenabled = true\nprivate_key = \"{hex}\"\nkey_path = \"0x{hex}\"\n[remote]\nlisten = \"127.0.0.1:0\"\ntoken = \"hunter2\"\n{STRATEGY}"
    );
    let case = Case::new(&text).flag(hex).variable("BRIER_LOG__FORMAT", hex);
    let told = Problems(case.load().problems).to_string();
    assert!(!told.contains("ac0974") && !told.contains("MC4C") && !told.contains("hunter2"), "{told}");
    case.problems(&expect![[r#"
        …/brier.toml:4: kalshi.key: a private key is written here; a file that is shared or copied gives it away; keep it in a file that only you can read and name the file, or say "env:NAME"; make a new key if this file was shared
        …/brier.toml:9: polymarket.private_key: unknown key; `polymarket` has enabled, env, url, key_path, key, signature_type, wallet, credentials_path, requests_per_s, request_burst, request_life_s, read_lag_ms
        …/brier.toml:10: polymarket.key_path: a private key is written here; a file that is shared or copied gives it away; keep it in a file that only you can read and name the file, or say "env:NAME"; make a new key if this file was shared
        …/brier.toml:13: remote.token: expected "env:NAME" or "file:PATH", found a text that is neither; a secret is never written into a configuration; name where it is
        env BRIER_LOG__FORMAT: log.format: expected "json", "text", found a text that looks like a private key
        --set: expected section.key=value, found ``"#]]);
}

#[test]
fn real_money_needs_production_everywhere_and_play_money_never_touches_it() {
    let venue = "key_id = \"env:KALSHI_KEY_ID\"\nkey_path = \"key.pem\"\n";
    let with = |mode: &str, env: &str| {
        Case::new(&format!("[run]\nmode = \"{mode}\"\n[kalshi]\nenv = \"{env}\"\n{venue}{STRATEGY}"))
    };
    with("paper", "production").problems(&expect![[r#"…/brier.toml:4: kalshi.env: production is real money, and `run.mode` is "paper"; use "embedded", "local" or a demo; or say `run.mode = "live"` and start with `--live`"#]]);
    with("live", "demo").problems(&expect![[r#"…/brier.toml:4: kalshi.env: `run.mode` is "live", and this venue is "demo", which is play money; say "production", or `run.mode = "paper"`, or `enabled = false`"#]]);
    let live = with("live", "production");
    let config = live.config();
    assert_eq!(config.run.mode, Mode::Live);
    let kalshi = config.kalshi.unwrap();
    assert_eq!(kalshi.at, Some(brier_kalshi::Env::Prod));
    let path = live.folder.path().join("key.pem");
    let id = crate::secrets::Reference::Environment("KALSHI_KEY_ID".to_owned());
    assert_eq!(kalshi.key, Some((id, KeySource::File(path))));
    assert_eq!(with("paper", "demo").config().kalshi.unwrap().at, Some(brier_kalshi::Env::Demo));
    with("live", "production").flag("run.durability=write").problems(&expect![[
        r#"--set: run.durability: a live run has to keep its intents before it acts on them; leave it at "fsync""#
    ]]);
}

#[test]
fn a_venue_elsewhere_needs_its_address_and_its_key() {
    let with = |text: &str| Case::new(&format!("{text}{STRATEGY}"));
    with("[kalshi]\nurl = \"http://127.0.0.1:8810\"\n").problems(&expect![[r#"…/brier.toml:2: kalshi.key_path: has to be set: Kalshi is "local" and orders need a key; set `key_id` and `key_path`"#]]);
    with("[kalshi]\nurl = \"https://external-api.kalshi.com\"\nkey_id = \"id\"\nkey_path = \"k\"\n").problems(&expect!["…/brier.toml:2: kalshi.url: expected an address of this machine or network, found `https://external-api.kalshi.com`; name a local exchange; the venue's own hosts are found by `env` alone"]);
    with("[kalshi]\nenv = \"demo\"\nurl = \"http://127.0.0.1:1\"\nkey_id = \"id\"\n").problems(&expect![[r#"
        …/brier.toml:3: kalshi.url: an address is given, and `kalshi.env` is "demo"; leave one of them out; `url` is for `kalshi.env = "local"`
        …/brier.toml:4: kalshi.key_path: a key's id is given without its private key; name the PEM file that came with this id"#]]);
    with("[polymarket]\nenv = \"local\"\nenabled = true\nkey_path = \"a\"\nkey = \"env:B\"\nwallet = \"me\"\n")
        .problems(&expect![[r"
        …/brier.toml:5: polymarket.key: `polymarket.key_path` and `polymarket.key` are both set; leave one of them out
        …/brier.toml:6: polymarket.wallet: expected an address of 0x and 40 hex digits, found `me`"]]);
    let case = with("[polymarket]\nurl = \"http://127.0.0.1:8811\"\nenabled = true\nkey_path = \"w.key\"\n");
    let polymarket = case.config().polymarket.unwrap();
    assert_eq!(polymarket.at, Some(brier_polymarket::Env::local("http://127.0.0.1:8811").unwrap()));
    assert_eq!(polymarket.credentials_path, case.folder.path().join("w.key.127.0.0.1-8811.creds"));
}

#[test]
fn strategies_keep_their_places_and_are_what_their_tables_say() {
    let condition = format!("0x{}", "0f".repeat(32));
    let case = Case::new(&format!(
        "[exits]\nhurdle_bps = 500\nstop_loss_dollars = 0.10\n{STRATEGY}max_orders = 4\nmax_exposure_dollars = 25\nneeds_fair = true\ngroup_limit_contracts = 50\n\
         [strategy.parameters]\nsize_contracts = 2.5\n[strategy.exits]\nstop_loss_dollars = 0.05\nbefore_close_s = 90\n\
         [[strategy]]\nname = \"t\"\nkind = \"taker\"\nenabled = false\nmarkets = [\"polymarket:{condition}\"]\n"
    ))
    .flag("strategy.maker.parameters.cap_contracts=30")
    .flag("strategy.t.enabled=true");
    let config = case.config();
    let [maker, taker] = config.strategies.as_slice() else { panic!("two strategies") };
    assert_eq!((maker.name.as_str(), taker.name.as_str(), taker.enabled), ("maker", "t", true));
    assert!(config.polymarket.is_some(), "a strategy that trades there enables it");
    let budget = config.risk.budget(StrategyId(0));
    assert_eq!((budget.max_orders, budget.max_exposure, budget.needs_fair), (4, dollars(25), true));
    assert_eq!(config.risk.budget(StrategyId(1)), &Budget::UNBOUNDED);
    assert_eq!(maker.group_limit, Qty::from_contracts(50));
    let exits = maker.exits;
    assert_eq!(
        (exits.hurdle_bps, exits.stop_loss, exits.before_close),
        (500, Price::from_cents(5), Some(Duration::from_secs(90)))
    );
    assert_eq!((taker.exits.stop_loss, taker.exits.before_close), (Price::from_cents(10), None));
    assert_eq!(maker.parameters.contracts("size_contracts"), Qty::from_hundredths(250).unwrap());
    assert_eq!(maker.parameters.contracts("cap_contracts"), Qty::from_contracts(30).unwrap());
    assert_eq!(maker.make().unwrap().name(), "market_maker");
    assert_eq!(taker.make().unwrap().interest().markets.len(), 1);
    assert_eq!(case.origin("strategy.maker.exits.stop_loss_dollars"), "0.05 (…/brier.toml:15)");
    assert_eq!(case.origin("strategy.t.exits.stop_loss_dollars"), "0.10 (…/brier.toml:3)");
}

#[test]
fn a_strategy_that_cannot_trade_is_refused() {
    Case::new("[kalshi]\nenabled = false\n[[strategy]]\nname = \"a\"\nkind = \"taker\"\nmarkets = [\"kalshi:KXA-1\"]\n[[strategy]]\nname = \"a\"\nkind = \"remote\"\n[[strategy]]\nname = \"b\"\nkind = \"taker\"\n")
        .user("[[strategy]]\nname = \"u\"\nkind = \"taker\"\n")
        .problems(&expect![[r"
            …/brier.toml:6: strategy.a.markets: kalshi:KXA-1 is on a venue that is not enabled; say `enabled = true` in `[kalshi]`
            …/brier.toml:8: strategy.a.name: another strategy has this name already
            …/brier.toml:9: strategy.a.kind: it connects from outside, and `remote.listen` is unset; set `listen` and `token` in `[remote]`
            …/brier.toml:11: strategy.b.markets: it trades nothing; name markets, or say `all_markets = true`, or `enabled = false`
            …/home/.config/brier/config.toml:1: strategy: each `[[strategy]]` belongs into the project's file; move it there, so that no run does what its own file does not say"]]);
    Case::new("").problems(&expect![
        "no venue is traded; name a strategy's markets, or say `enabled = true` in `[kalshi]` or `[polymarket]`"
    ]);
}

#[test]
fn a_door_for_outside_strategies_is_near_and_has_a_token() {
    let with = |text: &str| Case::new(&format!("[remote]\n{text}{STRATEGY}"));
    with("listen = \"0.0.0.0:1\"\ntoken = \"env:T\"\n").problems(&expect!["…/brier.toml:2: remote.listen: expected an address of this machine or network, found 0.0.0.0:1: whoever reaches it could trade; listen on 127.0.0.1"]);
    with("listen = \"127.0.0.1:1\"\n").problems(&expect![[r#"…/brier.toml:2: remote.token: has to be set with `remote.listen`; name where it is: "env:NAME" or "file:PATH""#]]);
    let remote = with("listen = \"127.0.0.1:1\"\ntoken = \"env:T\"\n").config().remote.unwrap();
    assert_eq!((remote.listen.port(), remote.max_clients), (1, 8));
}

#[test]
fn paths_count_from_the_file_that_says_them() {
    let case = Case::new(&format!("[run]\ndata_dir = \"data\"\n[paper]\ncatalog = \"~/c.json\"\n{STRATEGY}"));
    let config = case.config();
    assert_eq!(config.run.data_dir, case.folder.path().join("data"));
    assert_eq!(config.paper.catalog.as_deref(), Some(case.folder.path().join("home/c.json").as_path()));
    let here = std::env::current_dir().unwrap();
    assert_eq!(case.flag("run.data_dir=there").config().run.data_dir, here.join("there"));
}

#[test]
fn what_show_prints_can_be_read_again() {
    let case = Case::new(&format!("[log]\nfile = \"a \\\"b\\\".log\"\n{STRATEGY}"));
    let loaded = case.load();
    let mut text = String::new();
    for section in SECTIONS {
        writeln!(text, "[{}]", section.name).unwrap();
        for setting in loaded.settings.iter().filter(|setting| setting.key.split('.').next() == Some(section.name)) {
            let name = setting.key.split_once('.').unwrap().1;
            if let Some(value) = &setting.value {
                writeln!(text, "{name} = {value}").unwrap();
            }
        }
    }
    std::fs::write(case.folder.path().join("again.toml"), format!("{text}{STRATEGY}")).unwrap();
    let again = load(Sources {
        project: Some(case.folder.path().join("again.toml")),
        environment: Environment::from_pairs(case.variables.clone()),
        ..Sources::default()
    });
    assert_eq!(again.into_config().unwrap().0, case.config());
}

#[test]
fn a_configuration_without_a_home_names_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.toml");
    std::fs::write(&path, STRATEGY).unwrap();
    let problems = load(Sources { project: Some(path), ..Sources::default() }).problems;
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["run.data_dir: has to be set: neither XDG_DATA_HOME nor HOME names a folder"]);
}

#[test]
fn a_relative_project_file_is_found_from_here() {
    let loaded = load(Sources { project: Some(Path::new("no such file.toml").to_owned()), ..Sources::default() });
    assert!(
        loaded.problems[0].to_string().contains("no such file.toml: the configuration cannot be read"),
        "{:?}",
        loaded.problems
    );
}

#[test]
fn the_kill_switch_finds_the_folder_of_a_run_whose_other_settings_are_wrong() {
    let case = Case::new("[run]\ndata_dir = \"d\"\n[risk]\nmax_orders = \"many\"\n");
    assert_eq!(case.load().data_dir(), Ok(case.folder.path().join("d").as_path()));
    for text in ["[run]\ndata_dri = \"d\"\n", "[run]\nname = \"A\"\n", "[run"] {
        assert!(Case::new(text).load().data_dir().is_err(), "{text}");
    }
}

/// A journal holds its configuration, and whoever replays it gets the very same engine.
#[test]
fn what_a_journal_keeps_of_a_configuration_reads_back_the_same() {
    let case = Case::new(
        "[kalshi]\nurl = \"http://127.0.0.1:1\"\nkey_id = \"k\"\nkey_path = \"k.pem\"\n[exits]\nhurdle_bps = 700\n[risk]\nmax_position_contracts = 40\n\
         [[strategy]]\nname = \"maker\"\nkind = \"market_maker\"\nmarkets = [\"kalshi:A-1\", \"kalshi:A-2\"]\n\
         [strategy.exits]\nstop_loss_dollars = 0.10\n[strategy.parameters]\ncap_contracts = 30\n\
         [[strategy]]\nname = \"taker\"\nkind = \"taker\"\nmarkets = [\"kalshi:A-1\"]\n\
         [[feed]]\nname = \"high\"\nvendor = \"nws\"\nof = \"KNYC\"\nseries = \"high:{date}\"\nmax_age_s = 600\n\
         [[feed]]\nname = \"rate\"\nvendor = \"fred\"\nof = \"DGS10\"\nseries = \"rate:10Y\"\nkey = \"env:FRED\"\n",
    );
    let (config, _) = case.load().into_config().unwrap();
    let again = read_back(&config.text).unwrap();
    assert_eq!((&again.feeds, again.feeds.list.len()), (&config.feeds, 2));
    assert_eq!(again.text, config.text);
    assert_eq!(format!("{:?}", again.engine("b000000")), format!("{:?}", config.engine("b000000")));
}

#[test]
fn a_feed_that_cannot_be_is_told_with_what_was_expected() {
    let feed = |more: &str| format!("{STRATEGY}[[feed]]\nname = \"f\"\n{more}");
    Case::new(&feed("vendor = \"coinbse\"\nof = \"BTC-USD\"\nseries = \"spot:BTC\"\n"))
        .problems(&expect![[r#"…/brier.toml:7: feed.f.vendor: unknown vendor `coinbse`; did you mean "coinbase"?"#]]);
    Case::new(&feed("vendor = \"fred\"\nof = \"DGS10\"\nseries = \"rate\"\n")).problems(&expect![[r#"…/brier.toml:6: feed.f.key: has to be set: fred answers nobody without a key; say where it is: "env:NAME" or "file:PATH""#]]);
    Case::new(&feed("vendor = \"nws\"\nof = \"KXXX\"\nseries = \"high:{date}\"\n")).problems(&expect!["…/brier.toml:8: feed.f.of: expected a station of the settlement table (KNYC, KMDW, KLAX, KMIA, KAUS, KDEN, KPHL, KDCA, KBOS, KATL, KHOU, KDFW, KSAT, KMSP, KMSY, KOKC, KPHX, KLAS, KSFO, KSEA, KEWR, KSAN, KSDF, KTTN), found `KXXX`"]);
    Case::new(&feed("vendor = \"nws\"\nof = \"KNYC\"\n"))
        .problems(&expect!["…/brier.toml:6: feed.f.series: has to be set: a text of 1 to 256 characters"]);
    Case::new(&format!("[feeds]\nemulator = \"http://weather.example:80\"\n{STRATEGY}")).problems(&expect!["…/brier.toml:2: feeds.emulator: expected an address of this machine or network; use the one that `brier feeds emulate` prints"]);
    Case::new(&format!("[run]\nmode = \"live\"\n[feeds]\nemulator = \"http://127.0.0.1:1\"\nrules = \"warn\"\n[kalshi]\nenv = \"production\"\nkey_id = \"k\"\nkey_path = \"k.pem\"\n{STRATEGY}")).problems(&expect![[r#"
        …/brier.toml:4: feeds.emulator: a live run would trade on made-up data; leave it out, or say `run.mode = "paper"`
        …/brier.toml:5: feeds.rules: a live run would trade markets that may settle on something else; leave it at "refuse", or correct the table and name it in `feeds.settlement`"#]]);
    let case = || Case::new(&feed("vendor = \"metar\"\nof = \"KNYC\"\nseries = \"low:{date}\"\nextreme = \"low\"\n"));
    assert_eq!(case().flag("feed.f.every_s=60").config().feeds.list[0].every, Some(Duration::from_mins(1)));
    assert_eq!(case().flag("feed.f.every_s=60").flag("feed.f.enabled=false").config().feeds.list, []);
}

#[test]
fn tied_markets_are_traded_and_a_tie_that_is_not_proved_is_in_no_replay() {
    let text = "[[strategy]]\nname = \"arb\"\nkind = \"arbitrage\"\n[strategy.parameters]\npairs = [\"kalshi:A same kalshi:B\", \"kalshi:B implies kalshi:C\"]\n";
    let mut config = Case::new(text).config();
    let names = |config: &Config| config.strategies[0].markets.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&config), ["kalshi:A", "kalshi:B", "kalshi:C"]);
    let first = config.strategies[0].ties()[0].clone();
    config.untie("arb", &first);
    let left = |config: &Config| config.strategies[0].ties().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(left(&config), ["kalshi:B implies kalshi:C"]);
    assert_eq!(left(&read_back(&config.text).unwrap()), ["kalshi:B implies kalshi:C"]);
    // With none left it trades nothing, and what was begun with it is still read back, markets and all.
    let last = config.strategies[0].ties()[0].clone();
    config.untie("arb", &last);
    let back = read_back(&config.text).unwrap();
    assert_eq!((left(&back).len(), names(&back)), (0, names(&config)));
    assert_eq!((back.kalshi.is_some(), back.engine("p").habits), (true, config.engine("p").habits));
    Case::new(&text.replace("pairs =", "accept_tails = \"void,teatime\"\npairs =")).problems(&expect!["…/brier.toml:5: strategy.arb.parameters.accept_tails: expected a kind of tail (void, fair-price, tie, postponement, cancellation, death, late-effect, other, overtime), found `teatime`"]);
}

#[test]
fn a_series_that_nobody_tells_is_known_before_the_run() {
    let strategy = "[[strategy]]\nname = \"w\"\nkind = \"weather\"\nmarkets = [\"kalshi:KXHIGHNY-26NOV29-T52\"]\n[strategy.parameters]\n\
                    forecast_series = \"high:2026-11-29\"\nobserved_series = \"seen:2026-11-29\"\n";
    let feed =
        |series: &str| format!("[[feed]]\nname = \"f\"\nvendor = \"nws\"\nof = \"KNYC\"\nseries = \"{series}\"\n");
    let config = Case::new(&format!("{strategy}{}", feed("high:{date}"))).config();
    let told: Vec<String> = unfed(&config).iter().map(ToString::to_string).collect();
    assert_eq!(told, ["strategy `w` wants to know `seen:2026-11-29`, and nobody tells it"]);
    let config = Case::new(&format!("{strategy}{}", feed("height:{date}"))).config();
    assert_eq!(unfed(&config).len(), 2);
    let config = Case::new(&format!("{strategy}{}", feed("hihg:{date}"))).config();
    assert_eq!(unfed(&config)[0].meant.as_deref(), Some("hihg:2026-11-29"));
    let untold = "[[strategy]]\nname = \"f\"\nkind = \"fundamental\"\nmarkets = [\"kalshi:KXA-1\"]\n";
    let untold: Vec<String> = unfed(&Case::new(untold).config()).iter().map(ToString::to_string).collect();
    assert_eq!(untold, ["strategy `f` wants to know `fair value of kalshi:KXA-1`, and nobody tells it"]);
    let mut config = Case::new(&format!("{strategy}{}", feed("high:2026-11-29"))).load();
    // A day that is none is nobody's.
    assert!(config.problems[0].text.contains("expected `{date}` in a weather series' name"), "{:?}", config.problems);
    let text = format!("{strategy}{}", feed("high:{date}")).replace("high:2026-11-29", "high:2026-02-30");
    config = Case::new(&text).load();
    assert_eq!(unfed(&config.config.unwrap())[0].series, "high:2026-02-30");
}

const RELEASE: &str = "\
[[analyst]]
name = \"cpi\"
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
";

const READER: &str = "\
[[analyst]]
name = \"reader\"
kind = \"language\"
markets = [\"kalshi:KXA-1\"]
[analyst.parameters]
url = \"https://api.example/v1\"
model = \"m-1\"
million_input_tokens_dollars = 3
million_output_tokens_dollars = 15.50
budget_dollars = 2
";

#[test]
fn an_analyst_is_what_its_tables_say_and_enables_its_venue() {
    let more = "key = \"env:KEY\"\nledger = \"spent\"\nmin_samples = 2\n[analyst.inputs.high]\nseries = \"forecast:KNYC:high\"\n";
    let case = Case::new(&format!("{RELEASE}{READER}{more}"))
        .flag("analyst.cpi.every_s=5")
        .flag("analyst.cpi.inputs.nowcast.baseline=0.3")
        .flag("analyst.reader.parameters.samples=4");
    let config = case.config();
    assert!(config.kalshi.is_some() && config.strategies.is_empty());
    let [cpi, reader] = config.analysts.as_slice() else { panic!("two analysts") };
    assert_eq!((cpi.series(), reader.series()), (vec!["nowcast:CPI"], vec!["forecast:KNYC:high"]));
    let second = Duration::from_secs(1);
    assert_eq!((cpi.every, cpi.pause, cpi.valid_for), (5 * second, second, 10 * second));
    assert_eq!((reader.every, reader.pause, reader.valid_for), (3_600 * second, 600 * second, 7_200 * second));
    let Mind::Model(form) = &cpi.mind else { panic!("a model") };
    assert_eq!(
        form.recipe(None, Timestamp::EPOCH, Timestamp::EPOCH),
        Err(NoRecipe::NoStrike),
        "the strike is the market's"
    );
    let strike = Strike::Above(Bound::parse("0.2").unwrap());
    let recipe = form.recipe(Some(strike), Timestamp::EPOCH, Timestamp::EPOCH).unwrap();
    assert_eq!(recipe.model(), &Model::Release { strike, step: 0.1, tails: None });
    let input = |name: &str, reading, baseline, deviation| Input::new(name, reading, baseline, deviation);
    let nowcast = input("nowcast", Reading::Number("nowcast:CPI".to_owned()), 0.3, 0.03);
    assert_eq!(recipe.inputs(), [nowcast, input("nowcast error", Reading::Stated(0.09), 0.09, 0.0)]);
    let Mind::Language(form) = &reader.mind else { panic!("a language model") };
    let asked = form.config(7);
    assert_eq!((asked.prices.input, asked.prices.output, asked.seed), (3_000_000, 15_500_000, 7));
    assert_eq!((asked.samples, asked.min_samples, asked.model.as_str()), (4, 2, "m-1"));
    assert_eq!((form.budget, &form.ledger), (dollars(2), &case.folder.path().join("spent")));
    assert_eq!(case.origin("analyst.cpi.inputs.nowcast.baseline"), "0.3 (--set)");
    let unset = Case::new(READER).config();
    let Mind::Language(form) = &unset.analysts[0].mind else { panic!("a language model") };
    assert_eq!(form.ledger, unset.run.data_dir.join("analyst-reader.ledger"));
}

#[test]
fn every_kind_of_analyst_can_be_configured_and_read_back() {
    let table = |kind: &str, parameters: &str, inputs: &[(&str, &str)]| {
        let mut text = format!(
            "[[analyst]]\nname = \"{kind}\"\nkind = \"{kind}\"\nmarkets = [\"kalshi:{}\"]\n[analyst.parameters]\n{parameters}",
            kind.to_uppercase()
        );
        for (name, input) in inputs {
            write!(text, "[analyst.inputs.{name}]\n{input}").unwrap();
        }
        text
    };
    let spot = ("spot", "series = \"spot:BTC\"\nbaseline = 98000\n");
    let annual =
        ("volatility", "series = \"dvol:BTC\"\nread = \"annual_volatility\"\nbaseline = 0.45\ndeviation = 0.05\n");
    let case = Case::new(
        &[
            "[run]\ndata_dir = \"d\"\n".to_owned(),
            table(
                "day_extreme",
                "strike = \"above 52\"\ntails = 5\n",
                &[
                    ("forecast", "series = \"f\"\nread = \"mean\"\nbaseline = 48\ndeviation = 1\n"),
                    ("forecast_error", "series = \"f\"\nread = \"spread\"\nstated = 1.5\nbaseline = 2\n"),
                ],
            ),
            table("terminal", "strike = \"at least 98500\"\nsettles_at = \"2026-12-01T22:00:00Z\"\n", &[spot, annual]),
            table("average", "strike = \"98000 to 98500\"\n", &[spot, annual]),
            table("up_or_down", "earlier_ends_at = \"2026-12-01T22:00:00Z\"\nseconds_between = 900\n", &[spot, annual]),
            table(
                "meeting",
                "strike = \"at most -1\"\ndays = 31\ndays_before = 10\n",
                &[
                    ("rate_before", "stated = 3.88\n"),
                    ("implied_average", "series = \"zq\"\nread = \"hundred_less\"\nbaseline = 3.88\n"),
                ],
            ),
            table(
                "odds",
                "outcome = \"home\"\n",
                &[
                    ("home", "series = \"o\"\nread = \"item\"\nbaseline = 2\n"),
                    ("away", "series = \"o\"\nread = \"item\"\nitem = 1\nbaseline = 2\n"),
                ],
            ),
            table("pool", "", &[("a", "series = \"p\"\nbaseline = 0.5\nweight = 2\n"), ("b", "stated = 0.4\n")]),
            RELEASE.to_owned(),
            READER.to_owned(),
        ]
        .concat(),
    );
    let (config, _) = case.load().into_config().map_err(|problems| case.shown(&problems.to_string())).unwrap();
    assert_eq!(config.analysts.len(), ANALYST_KINDS.len());
    let again = read_back(&config.text).unwrap();
    assert_eq!(again.text, config.text);
    assert!(again.analysts == config.analysts, "{:?}", again.analysts);
    let close = Timestamp::from_secs(1_000_000).unwrap();
    let three = Some(Strike::Above(Bound::parse("3").unwrap()));
    let of = |form: &RecipeForm| match form.recipe(three, close, Timestamp::EPOCH) {
        // A strike of its own stands where the venue lists none, and against another one nothing does.
        Err(NoRecipe::OtherStrike { .. }) => form.recipe(None, close, Timestamp::EPOCH),
        recipe => recipe,
    };
    let models: Vec<Model> = (config.analysts.iter())
        .filter_map(|it| if let Mind::Model(form) = &it.mind { Some(form) } else { None })
        .map(|form| of(form).unwrap().model().clone())
        .collect();
    let Mind::Model(extreme) = &config.analysts[0].mind else { panic!("a model") };
    let refused = extreme.recipe(three, close, Timestamp::EPOCH).unwrap_err().to_string();
    assert!(refused.contains("lists the strike `above 3`, and the configuration says `above 52`"), "{refused}");
    let Model::Terminal { settles_at, .. } = &models[1] else { panic!("a terminal price") };
    assert_eq!(settles_at.to_string(), "2026-12-01T22:00:00Z");
    let Model::Average { ends_at, .. } = &models[2] else { panic!("a mean") };
    assert_eq!(*ends_at, close, "it ends with the market");
    assert_eq!(models[5], Model::Odds { margin: Margin::Shin, outcome: 0 });
    assert_eq!(models[6], Model::Pool { weights: vec![2.0, 1.0], extremize: 1.0 });
    let Mind::Model(terminal) = &config.analysts[1].mind else { panic!("a model") };
    let volatility = &terminal.recipe(None, close, Timestamp::EPOCH).unwrap().inputs()[1].clone();
    let second = per_sqrt_second(0.45, CALENDAR_YEAR).unwrap();
    assert_eq!((&volatility.reading, volatility.baseline), (&Reading::AnnualVolatility("dvol:BTC".to_owned()), second));
}

#[test]
fn an_analyst_that_cannot_be_is_told_with_its_place() {
    let with = |from: &str, to: &str| {
        assert!(RELEASE.contains(from), "{from}");
        Case::new(&RELEASE.replacen(from, to, 1))
    };
    with("\"release\"", "\"relaese\"")
        .problems(&expect![[r#"…/brier.toml:3: analyst.cpi.kind: unknown kind `relaese`; did you mean "release"?"#]]);
    with("step = 0.1\n", "").problems(&expect![
        "…/brier.toml:2: analyst.cpi.parameters.step: has to be set: a number from 0.000001 to 1000000000"
    ]);
    with("step = 0.1", "step = 0.1\nstrike = \"over 0.2\"\nfoo = 1").problems(&expect![[r"
        …/brier.toml:7: analyst.cpi.parameters.strike: expected `above 0.2`, `at least 58`, `below 40`, `at most 40` or `58 to 59`, with at most 6 decimals, found `over 0.2`
        …/brier.toml:8: analyst.cpi.parameters.foo: unknown key; `analyst.cpi.parameters` has strike, step, tails, level, doubt"]]);
    with("step = 0.1", "step = 0.1\nstrike = \"0.21 to 0.29\"").problems(&expect!["…/brier.toml:2: analyst.cpi.parameters: recipe: the release model's strike, window, month, tails or weights make no sense; see its fields"]);
    with("inputs.nowcast]", "inputs.nowcats]").problems(&expect![[r#"
        …/brier.toml:2: analyst.cpi.inputs.nowcast: has to be set: the kind "release" takes nowcast, nowcast_error
        …/brier.toml:8: analyst.cpi.inputs.nowcats: unknown input; did you mean `nowcast`?"#]]);
    with("series = \"nowcast:CPI\"\nbaseline = 0.2\n", "").problems(&expect!["…/brier.toml:8: analyst.cpi.inputs.nowcast.series: has to be set: where the number is read; or `stated`, the number itself"]);
    with("baseline = 0.2\n", "").problems(&expect![
        "…/brier.toml:8: analyst.cpi.inputs.nowcast.baseline: has to be set: what the number ordinarily is"
    ]);
    with("baseline = 0.2", "baseline = 1e11").problems(&expect!["…/brier.toml:8: analyst.cpi.inputs.nowcast: recipe: nowcast: expected a baseline in the model's range, found 100000000000"]);
    with("nowcast:CPI", "kalshi:KXCPI-26NOV-T0.2").problems(&expect!["…/brier.toml:8: analyst.cpi.inputs.nowcast.series: `kalshi:KXCPI-26NOV-T0.2` is named after a market's price, which no analyst may see"]);
    with("stated = 0.09", "stated = 0.09\nread = \"mean\"").problems(&expect![
        "…/brier.toml:13: analyst.cpi.inputs.nowcast_error.read: `mean` is of a series, and the number is stated"
    ]);
    with("stated = 0.09", "stated = 0.09\nseries = \"e\"").problems(&expect!["…/brier.toml:12: analyst.cpi.inputs.nowcast_error.stated: the number is stated, and a series is read as well; leave one of them out"]);
    with("[\"kalshi:KXCPI-26NOV-T0.2\"]", "[]").problems(&expect![
        "…/brier.toml:2: analyst.cpi.markets: it assesses nothing; name markets, or say `enabled = false`"
    ]);
    let condition = format!("polymarket:0x{}", "0f".repeat(32));
    with("kalshi:KXCPI-26NOV-T0.2", &condition).problems(&expect!["…/brier.toml:2: analyst.cpi.parameters.strike: has to be set: polymarket:0x0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f is listed without its strike"]);
    let twice = format!("{RELEASE}{}", RELEASE.replace("\"cpi\"", "\"again\""));
    Case::new(&twice).problems(&expect!["…/brier.toml:16: analyst.again.markets: analyst `cpi` tells what kalshi:KXCPI-26NOV-T0.2 is worth already; say `tells = false` of one: its opinions are then only written down"]);
    assert_eq!(Case::new(&twice).flag("analyst.again.tells=false").config().analysts.len(), 2);
    Case::new(&format!("[kalshi]\nenabled = false\n{RELEASE}{STRATEGY}"))
        .flag("strategy.maker.enabled=false")
        .problems(&expect!["…/brier.toml:6: analyst.cpi.markets: kalshi:KXCPI-26NOV-T0.2 is on a venue that is not enabled; say `enabled = true` in `[kalshi]`"]);
    Case::new(RELEASE).flag("analyst.cpi.inputs.nowcst.baseline=1").flag("analyst.cpu.enabled=false").problems(
        &expect![[r"
            --set: analyst.cpu: no analyst has this name; did you mean `cpi`?
            --set: analyst.cpi.inputs.nowcst: no input has this name; only what the file has can be changed by flags"]],
    );
}

#[test]
fn a_language_model_that_cannot_be_asked_is_told_with_its_place() {
    let with = |from: &str, to: &str| Case::new(&READER.replacen(from, to, 1));
    with("https://api.example/v1", "http://api.example/v1").problems(&expect!["…/brier.toml:6: analyst.reader.parameters.url: expected https, or http to a host near by: a key must not travel in the open"]);
    with("budget_dollars = 2\n", "").problems(&expect!["…/brier.toml:2: analyst.reader.parameters.budget_dollars: has to be set: dollars from 0 to a billion, up to 6 decimals"]);
    with("budget_dollars = 2", "budget_dollars = 2\nmin_samples = 6\ndialect = \"openia\"\nkey = \"sk-123456\"")
        .problems(&expect![[r#"
            …/brier.toml:11: analyst.reader.parameters.min_samples: expected 1 <= min_samples <= samples <= 16
            …/brier.toml:12: analyst.reader.parameters.dialect: expected "openai", "openai-compatible", "anthropic", found "openia"; did you mean "openai"?
            …/brier.toml:13: analyst.reader.parameters.key: expected "env:NAME" or "file:PATH", found a text that is neither; a secret is never written into a configuration; name where it is"#]]);
    with("budget_dollars = 2", "budget_dollars = 2\n[analyst.inputs.price]\nseries = \"mid:KXA-1\"")
        .problems(&expect!["…/brier.toml:12: analyst.reader.inputs.price.series: `mid:KXA-1` is named after a market's price, which no analyst may see"]);
    with("kind = \"language\"", "kind = \"language\"\ninputs = { a = 3, \"B c\" = { series = \"s\" } }")
        .problems(&expect![[r"
            …/brier.toml:4: analyst.reader.inputs.a: expected a table `[analyst.inputs.a]`, found 3
            …/brier.toml:4: analyst.reader.inputs.B c: expected a name of 1 to 32 small letters, digits, `-` and `_` for an input"]]);
    with("budget_dollars = 2", "budget_dollars = 2\n[analyst.inputs.high]\nbaseline = 1").problems(&expect![[r"
        …/brier.toml:12: analyst.reader.inputs.high.baseline: unknown key; `analyst.reader.inputs.high` has series
        …/brier.toml:12: analyst.reader.inputs.high.series: has to be set: a text of 1 to 256 characters"]]);
}

#[test]
fn a_tie_taken_from_one_strategy_stays_in_the_text_of_another_that_trades_it() {
    let one = |name: &str, more: &str| {
        format!(
            "[[strategy]]\nname = \"{name}\"\nkind = \"arbitrage\"\n[strategy.parameters]\n{more}pairs = [\"kalshi:A same kalshi:B\"]\n"
        )
    };
    for (untied, left) in [("strict", [0, 1]), ("lax", [1, 0])] {
        let text = format!("{}{}", one("strict", ""), one("lax", "accept_tails = \"void\"\n"));
        let mut config = Case::new(&text).config();
        let tie = config.strategies[0].ties()[0].clone();
        config.untie(untied, &tie);
        let ties = |config: &Config| config.strategies.iter().map(|it| it.ties().len()).collect::<Vec<_>>();
        assert_eq!(ties(&config), left, "{untied}");
        assert_eq!(ties(&read_back(&config.text).unwrap()), left, "{untied}");
    }
}

/// A malformed `pairs` once ended every command that reads the configuration, `brier halt` among them, in a panic.
#[test]
fn no_malformed_parameter_of_any_strategy_hides_the_data_folder() {
    for kind in KINDS {
        for key in kind.parameters {
            for wrong in ["[\"nothing of this kind\"]", "{ a = 1 }", "\"\\u0000\"", "-1e300", "[[]]"] {
                let text = format!(
                    "[run]\ndata_dir = \"here\"\n[[strategy]]\nname = \"s\"\nkind = \"{}\"\nmarkets = [\"kalshi:A\"]\n[strategy.parameters]\n{} = {wrong}\n",
                    kind.name, key.name
                );
                let loaded = Case::new(&text).load();
                assert!(loaded.data_dir().is_ok(), "{text}");
            }
        }
    }
}

/// `brier halt` once went to the default folder's run, another one, and said that it had halted.
#[test]
fn a_slip_in_the_section_of_the_folder_names_no_other_folder() {
    let strategy = "[[strategy]]\nname = \"s\"\nkind = \"market_maker\"\nmarkets = [\"kalshi:A\"]\n";
    let slipped = Case::new(&format!("[runn]\ndata_dir = \"here\"\n{strategy}")).load();
    assert!(slipped.data_dir().unwrap_err().to_string().contains("unknown section"), "{:?}", slipped.data_dir());
    let elsewhere = Case::new(&format!("[run]\ndata_dir = \"here\"\n[riskk]\nx = 1\n{strategy}")).load();
    assert!(elsewhere.data_dir().is_ok());
}
