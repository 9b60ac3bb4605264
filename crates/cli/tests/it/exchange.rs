//! A running `brier exchange` and the commands that trade on it, from order to recovery after a restart.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};

use serde_json::{Value, json};

use crate::support::{brier, shown};

const MARKET: &str = "KXTEST-27JAN01-A";

/// One call at the administration of this address, as plain as HTTP can be.
pub(crate) fn call(admin: &str, method: &str, path: &str, body: &str) -> Value {
    let (host, base) = admin.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} /{base}{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 2"), "{path}: {answer}");
    serde_json::from_str(body).unwrap_or_default()
}

pub(crate) struct Exchange {
    child: Child,
    pub(crate) folder: PathBuf,
    pub(crate) started: Value,
}

impl Exchange {
    /// Starts one and reads the line it prints once it serves.
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    pub(crate) fn start_with(folder: &Path, more: &[&str]) -> Self {
        let mut child = brier()
            .args(["exchange", "--json", "--admin", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder.join("data"))
            .arg("--ready-file")
            .arg(folder.join("ready.json"))
            .args(more)
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(folder.join("said")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let started = serde_json::from_str(&line).unwrap();
        Self { child, folder: folder.to_owned(), started }
    }

    fn text(&self, name: &str) -> &str {
        self.started[name].as_str().unwrap()
    }

    /// One change by the administration.
    pub(crate) fn admin(&self, path: &str, body: &Value) -> Value {
        self.call("POST", path, &body.to_string())
    }

    /// One look by the administration.
    pub(crate) fn admin_get(&self, path: &str) -> Value {
        self.call("GET", path, "")
    }

    fn call(&self, method: &str, path: &str, body: &str) -> Value {
        call(self.text("admin"), method, path, body)
    }

    /// Runs a command as the operator, found through the ready file.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        brier().args(args).arg("--ready-file").arg(self.folder.join("ready.json")).output().unwrap()
    }

    /// As the operator, and it has to succeed: what it printed as JSON.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let mut args = args.to_vec();
        args.push("--json");
        let output = self.run(&args);
        assert!(output.status.success(), "{args:?}: {}", shown(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Asks it to end and demands that it ends in peace.
    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        assert!(!self.folder.join("ready.json").exists(), "nobody may find an exchange that is gone");
    }
}

impl Drop for Exchange {
    /// A failed test leaves no process behind.
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Lists one open market and gives a second trader money and a key file.
fn prepare(exchange: &Exchange) -> (String, PathBuf) {
    exchange.admin(
        "/series",
        &json!({"ticker": "KXTEST", "title": "Test", "category": "Economics",
        "frequency": "daily", "fee_type": "quadratic", "fee_multiplier": 1}),
    );
    exchange.admin("/events", &json!({"event_ticker": "KXTEST-27JAN01", "series_ticker": "KXTEST", "title": "Test"}));
    exchange.admin(
        "/markets",
        &json!({"ticker": MARKET, "event_ticker": "KXTEST-27JAN01", "title": "A",
        "rules_primary": "Resolves to Yes if so.", "open_time": "2020-01-01T00:00:00Z",
        "close_time": "2099-01-01T00:00:00Z"}),
    );
    let account = exchange.admin("/accounts", &json!({"name": "maker", "key_type": "ed25519"}));
    let user = account["user_id"].as_str().unwrap();
    exchange.admin(&format!("/accounts/{user}/fund"), &json!({"amount_dollars": "1000.00"}));
    let path = exchange.folder.join("maker.pem");
    std::fs::write(&path, account["private_key_pem"].as_str().unwrap()).unwrap();
    make_mode(&path, 0o600);
    (account["key_id"].as_str().unwrap().to_owned(), path)
}

#[cfg(unix)]
pub(crate) fn make_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(unix)]
#[test]
fn an_order_is_placed_filled_seen_canceled_and_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let exchange = Exchange::start(folder.path());
    let (maker_id, maker_file) = prepare(&exchange);
    let as_maker = |args: &[&str]| {
        let key = ["--key-id", &maker_id, "--key-file", maker_file.to_str().unwrap()];
        exchange.json(&[args, &key].concat())
    };
    let markets = exchange.json(&["markets", "--status", "open"]);
    assert_eq!(markets["markets"][0]["ticker"], MARKET);

    let offer = as_maker(&["order", "sell", "yes", "10@0.42", MARKET]);
    assert_eq!((&offer["outcome"], &offer["resting"]), (&"resting".into(), &"10.00".into()));
    let book = exchange.json(&["book", MARKET]);
    assert_eq!(book["asks"], json!([{"price": "0.4200", "contracts": "10.00"}]));

    // The taker pays the resting price, and 0.07 x 4 x 0.42 x 0.58 = 0.068208, rounded up to $0.0001.
    let taken = exchange.json(&["order", "buy", "yes", "4@45c", MARKET, "--tif", "ioc"]);
    assert_eq!((&taken["outcome"], &taken["average_yes_price"]), (&"filled".into(), &"0.4200".into()));
    assert_eq!((&taken["fee"], &taken["fee_is_exact"]), (&"0.068300".into(), &true.into()));
    let portfolio = exchange.json(&["portfolio"]);
    assert_eq!(portfolio["balance"]["balance_dollars"], "9998.2517");
    assert_eq!(portfolio["positions"][0]["position_fp"], "4.00");
    let fills = exchange.json(&["fills", "--market", MARKET]);
    assert_eq!((&fills["fees"], &fills["fills"][0]["is_taker"]), (&"0.068300".into(), &true.into()));
    assert_eq!(as_maker(&["fills"])["fills"][0]["is_taker"], false);

    let resting = exchange.json(&["order", "buy", "no", "1.5@0.1", MARKET, "--client-order-id", "mine-1"]);
    assert_eq!((&resting["sent"]["book_side"], &resting["sent"]["yes_price"]), (&"ask".into(), &"0.9000".into()));
    let again = exchange.run(&["order", "buy", "no", "1@0.1", MARKET, "--client-order-id", "mine-1"]);
    let told = shown(&again);
    assert!(told.starts_with("exit 1") && told.contains("order_already_exists") && told.contains("hint: "), "{told}");
    let id = resting["order_id"].as_str().unwrap();
    assert_eq!(exchange.json(&["cancel", id])["canceled"], "1.50");
    let gone = shown(&exchange.run(&["cancel", id]));
    assert!(gone.starts_with("exit 1") && gone.contains("404"), "{gone}");
    assert_eq!(exchange.json(&["portfolio"])["resting_orders"], json!([]));
    assert_eq!(as_maker(&["cancel", "--market", MARKET])["orders"], json!([offer["order_id"]]));
    assert_eq!(as_maker(&["cancel", "--all"])["all"], true);
    assert_eq!(exchange.json(&["book", MARKET])["asks"], json!([]));

    exchange.stop();
    let exchange = Exchange::start(folder.path());
    assert_ne!(exchange.started["records_recovered"], 0);
    assert_eq!(exchange.json(&["fills"])["fills"].as_array().unwrap().len(), 1);
    assert_eq!(exchange.json(&["portfolio"])["balance"]["balance_dollars"], "9998.2517");
    exchange.stop();
}

#[cfg(unix)]
#[test]
fn a_key_is_checked_step_by_step() {
    let folder = tempfile::tempdir().unwrap();
    let exchange = Exchange::start(folder.path());
    let (maker_id, maker_file) = prepare(&exchange);
    let good = exchange.json(&["auth", "check"]);
    let steps: Vec<&str> =
        good["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["key source", "key id", "key file", "host", "clock", "signature", "limits"]);

    let check = |id: &str, file: &Path| {
        shown(&exchange.run(&["auth", "check", "--key-id", id, "--key-file", file.to_str().unwrap()]))
    };
    let other = check(exchange.text("key_id"), &maker_file);
    assert!(
        other.starts_with("exit 1") && other.contains("error: signature: the venue knows the key id, but"),
        "{other}"
    );
    let unknown = check("0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0", &maker_file);
    assert!(unknown.contains("error: key id: the venue does not know this key id"), "{unknown}");
    assert!(check("my key", &maker_file).contains("error: key id: expected a UUID"));
    make_mode(&maker_file, 0o644);
    let open = check(&maker_id, &maker_file);
    assert!(open.contains("hint: run `chmod 600 ") && open.contains("found 0644"), "{open}");
    exchange.stop();
}

#[test]
fn a_second_exchange_on_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let exchange = Exchange::start(folder.path());
    let data = folder.path().join("data");
    let second = brier().args(["exchange", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&data).output().unwrap();
    let told = shown(&second);
    assert!(told.starts_with("exit 1") && told.contains("hint: most likely another `brier exchange`"), "{told}");
    assert!(folder.path().join("ready.json").exists(), "the first one still serves");
    drop(exchange);
}

/// An exchange that cannot start: what it says.
fn refused(data: &Path, listen: &str) -> String {
    let output = brier().args(["exchange", "--listen", listen, "--data-dir"]).arg(data).output().unwrap();
    let told = shown(&output);
    assert!(told.starts_with("exit 1") && told.contains("error: "), "{told}");
    told
}

#[test]
fn what_keeps_it_from_starting_is_told_with_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let told = refused(&folder.path().join("data"), &busy.local_addr().unwrap().to_string());
    assert!(told.contains("hint: the port is busy") && told.contains("`--listen`"), "{told}");

    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("below")] {
        let told = refused(&path, "127.0.0.1:0");
        assert!(told.contains("hint: a file is where the folder should be"), "{told}");
    }

    let foreign = folder.path().join("foreign");
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(foreign.join("journal.brier"), "these are no records of an exchange\n").unwrap();
    let told = refused(&foreign, "127.0.0.1:0");
    assert!(told.contains("hint: the file is left as it was"), "{told}");
    assert!(!told.contains("space"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_torn_journal_is_told_and_a_damaged_one_refused() {
    let folder = tempfile::tempdir().unwrap();
    let exchange = Exchange::start(folder.path());
    prepare(&exchange);
    exchange.stop();
    let journal = folder.path().join("data/journal.brier");
    let whole = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, [whole.as_slice(), &[1; 11]].concat()).unwrap();

    let mut child = brier()
        .args(["exchange", "--json", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(folder.path().join("data"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    drop(child.kill());
    let told = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    let started: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(started["journal_cut"], json!({"offset": whole.len(), "bytes": 11}));
    let records = &started["records_recovered"];
    for part in [
        format!("recovering from {} ({} bytes)\n", journal.display(), whole.len() + 11),
        format!("warning: the journal's end was not whole: 11 bytes from byte {} on were cut off", whole.len()),
        format!("recovered {records} records in "),
    ] {
        assert!(told.contains(&part), "{part} in {told}");
    }

    let mut damaged = whole;
    damaged[60] ^= 1;
    std::fs::write(&journal, damaged).unwrap();
    let told = refused(&folder.path().join("data"), "127.0.0.1:0");
    assert!(told.contains("is damaged") && told.contains("hint: the disk or another program changed"), "{told}");
}

#[test]
fn a_catalog_named_at_every_start_is_listed_once_and_a_mistake_in_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.json");
    let catalog = path.to_str().unwrap();
    let mut listing = json!({"polymarket": {"markets": [{"question": "Rain?", "slug": "rain"}]}});
    let write = |listing: &Value| std::fs::write(&path, listing.to_string()).unwrap();
    write(&listing);
    for start in 0..2 {
        let exchange = Exchange::start_with(folder.path(), &["--catalog", catalog]);
        let markets = exchange.json(&["markets", "--venue", "polymarket"]);
        assert_eq!(markets["markets"].as_array().unwrap().len(), 1, "{markets}");
        exchange.stop();
        let said = std::fs::read_to_string(folder.path().join("said")).unwrap();
        assert_eq!(said.contains("listed already and kept as it is"), start == 1, "{said}");
    }
    let data = folder.path().join("data");
    let refused = |listing: &Value| {
        write(listing);
        let mut command = brier();
        command.args(["exchange", "--listen", "127.0.0.1:0", "--catalog", catalog, "--data-dir"]).arg(&data);
        shown(&command.output().unwrap())
    };
    listing["polymarket"]["markets"][0]["fee_rte"] = json!("0.05");
    let told = refused(&listing);
    assert!(told.starts_with("exit 1") && told.contains("perhaps `fee_rate` is meant"), "{told}");
    // On Kalshi's side too, with the line.
    let market = json!({"ticker": "KXA-1-A", "event_ticker": "KXA-1", "close_time": "2099-01-01T00:00:00Z", "rules_primry": "R."});
    let told = refused(&json!({"markets": [market]}));
    assert!(
        told.contains("catalog.json: line 1: market: unknown member `rules_primry`; perhaps `rules_primary`"),
        "{told}"
    );
    let told = refused(&json!({"seris": []}));
    assert!(told.starts_with("exit 1") && told.contains("perhaps `series` is meant"), "{told}");
}

#[test]
fn polymarket_is_served_on_a_port_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let exchange = Exchange::start(folder.path());
    let ready = &exchange.started["polymarket"];
    let key = std::fs::read_to_string(ready["private_key_path"].as_str().unwrap()).unwrap();
    assert!(key.len() == 66 && key.starts_with("0x"), "a wallet's key in hex");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(ready["private_key_path"].as_str().unwrap()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let listed = exchange.admin("/polymarket/markets", &json!({"question": "Will it rain?"}));
    let host = ready["clob"].as_str().unwrap().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let token = listed["token_ids"][0].as_str().unwrap();
    write!(stream, "GET /book?token_id={token} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let book: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(book["market"], listed["condition_id"]);
    let told: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.path().join("ready.json")).unwrap()).unwrap();
    assert_eq!(told["polymarket"], *ready);
    exchange.stop();
}
