//! The guide `docs/first-tie.md`, command by command: what it says is in it, and what it prints is so.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use brier_types::Timestamp;
use serde_json::{Value, json};

use crate::exchange::{Exchange, call};
use crate::support::{brier, shown};

/// Longest that anything may take.
const PATIENCE: Duration = Duration::from_mins(2);
const TICKER: &str = "KXARREST-27JUL01-AQUI";
const SLUG: &str = "ada-quill-arrested-by-june-30-2027";
const SUM: &str = "1.414000";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The guide's folder, and its text.
struct Guide {
    home: tempfile::TempDir,
    text: String,
    /// The year in place of the example's, whose dates pass one day.
    year: String,
}

impl Guide {
    fn new() -> Self {
        let now = Timestamp::from_nanos(i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos()).unwrap())
            .to_string();
        let (year, month): (u32, u32) = (now[..4].parse().unwrap(), now[5..7].parse().unwrap());
        // The end is two months away at least, and fourteen at most.
        let year = (year + u32::from(month > 4)).to_string();
        let home = tempfile::tempdir().unwrap();
        let text = std::fs::read_to_string(repository().join("docs/first-tie.md")).unwrap();
        let guide = Self { home, text, year };
        for name in ["catalog.json", "brier.toml"] {
            let file = std::fs::read_to_string(repository().join("examples/arbitrage").join(name)).unwrap();
            std::fs::write(guide.path(name), guide.of_the_year(&file)).unwrap();
        }
        std::fs::create_dir(guide.path("look")).unwrap();
        guide
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn of_the_year(&self, text: &str) -> String {
        text.replace("2027", &self.year).replace("27JUL", &format!("{}JUL", &self.year[2..]))
    }

    /// A command of the guide, as it stands there.
    fn command(&self, line: &str) -> std::process::Command {
        assert!(self.text.contains(&format!("\nbrier {line}\n")), "the guide does not say `brier {line}`");
        let line = self.of_the_year(line);
        let mut words: Vec<&str> = Vec::new();
        // A text in quotes is one argument.
        for (at, part) in line.split('"').enumerate() {
            match at % 2 {
                0 => words.extend(part.split_whitespace()),
                _ => words.push(part),
            }
        }
        let mut command = brier();
        command.args(words).current_dir(self.home.path()).env("HOME", self.home.path()).stdin(Stdio::null());
        command.env("BRIER_REVIEWER", "ann").env_remove("XDG_STATE_HOME");
        command
    }

    fn run(&self, line: &str) -> Output {
        let output = self.command(line).output().unwrap();
        assert!(output.status.success(), "{line}: {}", shown(&output));
        output
    }

    fn json(&self, line: &str) -> Value {
        let output = self.command(line).arg("--json").output().unwrap();
        assert!(output.status.success(), "{line}: {}", shown(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Asks until it is so.
    fn until(&self, line: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let found = self.json(line);
            if is_so(&found) {
                return found;
            }
            assert!(begun.elapsed() < PATIENCE, "{line}: {found}");
        }
    }
}

/// A run under way; a failed test leaves no process behind.
struct Run(Child);

impl Drop for Run {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Cash of both venues, in millionths of a dollar.
fn cash(status: &Value) -> i64 {
    let venues = status["venues"].as_array().unwrap();
    venues.iter().map(|it| it["cash"].as_str().unwrap().replace('.', "").parse::<i64>().unwrap()).sum()
}

#[test]
fn the_guide_to_the_first_tie_trades_both_legs_and_is_paid_what_was_sure() {
    let guide = Guide::new();
    // What the rules prove, and a person's word.
    assert!(
        guide.text.contains("brier exchange --catalog catalog.json --data-dir look/data --ready-file look/ready.json")
    );
    let catalog = guide.path("catalog.json");
    let exchange = Exchange::start_with(&guide.path("look"), &["--catalog", catalog.to_str().unwrap()]);
    let shown_pair = guide.json(&format!("pairs show {TICKER} {SLUG} --ready-file look/ready.json"));
    let told = ["link", "pays", "grounds", "basis"].map(|key| shown_pair[key].as_str().unwrap());
    assert_eq!((told, &shown_pair["needs"]), (["same", "yes", "rules", "rules of both"], &json!([])), "{shown_pair}");
    let condition = shown_pair["second"]["id"].as_str().unwrap();
    let config = std::fs::read_to_string(guide.path("brier.toml")).unwrap();
    let written = config.split("polymarket:").nth(1).unwrap().split('"').next().unwrap();
    if guide.year == "2027" {
        assert_eq!(condition, written, "the example names the pair");
        assert!(guide.text.contains(&format!("polymarket:{condition}  Will")));
    }
    std::fs::write(guide.path("brier.toml"), config.replace(written, condition)).unwrap();
    let confirmed = guide.run(&format!(
        "pairs confirm {TICKER} {SLUG} --why \"read both\" --decisions decisions.jsonl --ready-file look/ready.json"
    ));
    assert!(shown(&confirmed).contains("standing: riskless"), "{}", shown(&confirmed));
    exchange.stop();

    // The run.
    guide.run("config check brier.toml");
    let log = std::fs::File::create(guide.path("run.log")).unwrap();
    let mut run =
        Run(guide.command("run brier.toml").arg("--json").stdout(Stdio::piped()).stderr(log).spawn().unwrap());
    let mut ready = String::new();
    BufReader::new(run.0.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert!(ready.starts_with('{'), "`{ready}`: {}", std::fs::read_to_string(guide.path("run.log")).unwrap());
    let agree = |status: &Value| status["venues"].as_array().unwrap().iter().all(|it| it["reconciled"] == true);
    let begun = guide.until("status brier.toml", agree);
    assert_eq!(cash(&begun), 20_000_000_000);
    let said = std::fs::read_to_string(guide.path("run.log")).unwrap();
    let tie = format!("kalshi:{TICKER} same polymarket:{condition}");
    let line = said.lines().find(|line| line.contains("this tie")).unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains(&guide.of_the_year(&tie)) && line.contains("it is traded"), "{line}");
    assert!(said.contains("ties traded=1 left_out=0"), "{said}");

    // It is halted while somebody quotes; what it would do is to be seen.
    guide.run("halt brier.toml");
    guide.run(&format!("order buy no 20@0.60 {TICKER} --ready-file data/exchange/ready.json"));
    guide.run(&format!("order buy yes 20@0.50 {SLUG} --venue polymarket --ready-file data/exchange/ready.json"));
    let scan = guide.json("arb scan brier.toml");
    let set = &scan["riskless"][0];
    assert_eq!(
        (&set["shape"], &set["size"], &set["proof"]),
        (&json!("same"), &json!("20"), &json!("rules of both")),
        "{scan}"
    );
    assert_eq!(guide.json("status brier.toml")["positions"], json!([]));

    // Both legs, and what is sure of them. What is expected has every contract's fee rounded up.
    guide.run("resume brier.toml --yes");
    let ledger = guide.until("arb ledger brier.toml", |it| it["attempts"][0]["ended"] == "complete");
    let attempt = &ledger["attempts"][0];
    assert_eq!(
        (&attempt["sets"], &attempt["expected"], &attempt["locked_in"]),
        (&json!("20.00"), &json!("1.413790"), &json!(SUM)),
        "{ledger}"
    );
    let bought: Vec<&str> =
        attempt["legs"].as_array().unwrap().iter().map(|leg| leg["bought"].as_str().unwrap()).collect();
    assert_eq!(bought, ["20.00", "20.00"]);
    assert!(guide.text.contains(&format!("1.413790  {SUM}")) && guide.text.contains(&format!("20,00{SUM}")));

    // The end: cash is up by what was sure.
    let ready: Value = serde_json::from_slice(&std::fs::read(guide.path("data/exchange/ready.json")).unwrap()).unwrap();
    for (path, body) in [
        (format!("/markets/{TICKER}/determine"), r#"{"result":"yes"}"#),
        (format!("/markets/{TICKER}/settle"), "{}"),
        (format!("/polymarket/markets/{SLUG}/resolve"), r#"{"result":"yes"}"#),
        (format!("/polymarket/markets/{SLUG}/redeem_all"), "{}"),
    ] {
        assert!(guide.text.contains(&format!("post {path} '{body}'")), "the guide does not say {path}");
        call(ready["admin"].as_str().unwrap(), "POST", &guide.of_the_year(&path), body);
    }
    guide.until("status brier.toml", |it| cash(it) == 20_001_414_000);
    let pid = run.0.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(run.0.wait().unwrap().code(), Some(0));
}
