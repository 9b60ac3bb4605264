//! The commands that trade, in Polymarket's language, on a running `brier exchange` and on a venue that falls silent.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use expect_test::expect;
use serde_json::{Value, json};

use crate::exchange::{Exchange, make_mode};
use crate::support::{brier, run, shown};

/// A private key and its address, nobody's but this file's.
const KEY: &str = "0xabababababababababababababababababababababababababababababababab";
const MAKER: &str = "0xe239cdc5fbe977a8a141B72194D3CF8c41bC5BC6";
const RAIN: &str = "rain-new-year";

/// A market with fees, a negative-risk event, a second trader with money, and matches that wait to be settled by hand.
struct Venue {
    exchange: Exchange,
    maker_file: String,
    market: Value,
}

impl Venue {
    fn start(folder: &Path) -> Self {
        let exchange = Exchange::start(folder);
        let admin = |path: &str, body: Value| exchange.admin(&format!("/polymarket{path}"), &body);
        admin(
            "/events",
            json!({"title": "Who wins", "slug": "who-wins", "neg_risk": true, "markets": [
                {"question": "Alice wins?", "slug": "alice-wins", "group_item_title": "Alice"},
                {"question": "Other wins?", "slug": "other-wins", "group_item_title": "Other"}]}),
        );
        let market = admin("/markets", json!({"question": "Rain on New Year?", "slug": RAIN, "fee_rate": "0.05"}));
        admin("/accounts", json!({"owner": MAKER}));
        admin(&format!("/accounts/{MAKER}/fund"), json!({"usd": "1000"}));
        admin("/settlement", json!({"automatic": false}));
        let path = folder.join("maker.key");
        std::fs::write(&path, format!("{KEY}\n")).unwrap();
        make_mode(&path, 0o600);
        Self { exchange, maker_file: path.to_str().unwrap().to_owned(), market }
    }

    fn with<'a>(args: &[&'a str]) -> Vec<&'a str> {
        [args, &["--venue", "polymarket"]].concat()
    }

    /// As the operator.
    fn json(&self, args: &[&str]) -> Value {
        self.exchange.json(&Self::with(args))
    }

    /// As the second trader.
    fn as_maker(&self, args: &[&str]) -> Value {
        self.json(&[args, &["--key-file", &self.maker_file]].concat())
    }

    /// As the operator, whatever comes of it.
    fn shown(&self, args: &[&str]) -> String {
        shown(&self.exchange.run(&Self::with(args)))
    }

    fn settle(&self, trade: &str, steps: &[&str]) {
        for step in steps {
            self.exchange.admin(&format!("/polymarket/trades/{trade}/{step}"), &json!({}));
        }
    }
}

#[cfg(unix)]
#[test]
fn markets_are_listed_with_quotes_and_their_part_in_an_event() {
    let folder = tempfile::tempdir().unwrap();
    let venue = Venue::start(folder.path());
    venue.as_maker(&["order", "buy", "no", "100@0.58", RAIN]);
    let all = venue.json(&["markets"]);
    let slugs: Vec<_> =
        all["markets"].as_array().unwrap().iter().map(|market| market["slug"].as_str().unwrap()).collect();
    assert_eq!((slugs.len(), &all["more"], &all["unlisted"]), (3, &json!(false), &json!([])));
    let rain = venue.json(&["markets", RAIN])["markets"][0].clone();
    assert_eq!(rain["ticker"], venue.market["condition_id"]);
    assert_eq!(
        (&rain["yes_ask_dollars"], &rain["yes_ask_size_fp"], &rain["yes_bid_dollars"]),
        (&json!("0.4200"), &json!("100.00"), &Value::Null)
    );
    assert_eq!((&rain["fee_rate"], &rain["tick_dollars"]), (&json!("0.050000"), &json!("0.01")));
    let event = venue.json(&["markets", "--event", "who-wins"]);
    let roles: Vec<_> =
        event["markets"].as_array().unwrap().iter().map(|market| market["neg_risk_group"]["role"].clone()).collect();
    assert_eq!(roles, ["named", "other"]);
    let text = venue.shown(&["markets", "--event", "who-wins"]);
    assert!(text.contains("who-wins: named") && text.contains("who-wins: OTHER"), "{text}");
    let cut = venue.shown(&["markets", "--limit", "1"]);
    assert!(cut.contains("there are more markets"), "{cut}");
    assert_eq!(venue.json(&["markets", "--status", "settled"])["markets"], json!([]));
    assert!(venue.shown(&["markets", "--event", "nothing"]).contains("error: no event is called nothing"));
    let condition = venue.market["condition_id"].as_str().unwrap();
    venue.exchange.admin(&format!("/polymarket/markets/{condition}/resolve"), &json!({"result": "yes"}));
    for (name, shown) in [(RAIN, RAIN), (condition, RAIN)] {
        let book = venue.shown(&["book", name]);
        assert!(book.contains(&format!("{shown} does not trade now: finalized, result yes")), "{book}");
    }
    venue.exchange.stop();
}

#[cfg(unix)]
#[test]
fn an_order_is_planned_placed_filled_settled_sold_and_canceled() {
    let folder = tempfile::tempdir().unwrap();
    let venue = Venue::start(folder.path());
    let offer = venue.as_maker(&["order", "buy", "no", "100@0.58", RAIN]);
    assert_eq!((&offer["outcome"], &offer["resting"]), (&json!("resting"), &json!("100.00")));
    let sent = &offer["sent"];
    assert_eq!((&sent["book_side"], &sent["yes_price"]), (&json!("ask"), &json!("0.4200")));
    // Within the limit, half a dollar costs most: 100 x 0.05 x 0.5 x 0.5.
    assert_eq!((&sent["fee_at_most"], &sent["venue"]["side"]), (&json!("1.250000"), &json!("BUY")));
    assert_eq!((&sent["venue"]["gives"], &sent["venue"]["maker"]), (&json!("58.00"), &json!(MAKER)));

    // One book in YES terms, whatever names the market; and the token's own.
    let no = venue.market["token_ids"][1].as_str().unwrap();
    let asks = json!([{"price": "0.4200", "contracts": "100.00"}]);
    for name in [RAIN, venue.market["condition_id"].as_str().unwrap(), no] {
        let book = venue.json(&["book", name]);
        assert_eq!((&book["asks"], &book["bids"], &book["market"]), (&asks, &json!([]), &venue.market["condition_id"]));
        assert_eq!(book["status"], "active");
    }
    assert_eq!(venue.json(&["book", RAIN])["slug"], RAIN);
    let own = venue.json(&["book", "--token", no]);
    assert_eq!((&own["token"], &own["bids"][0]["price"]), (&json!(no), &json!("0.5800")));
    assert_eq!(venue.json(&["book", RAIN, "--token=no"])["bids"], own["bids"]);
    assert!(venue.shown(&["book", RAIN, "--token"]).starts_with("exit 2"));

    // The taker pays the resting price, and 0.05 x 10 x 0.42 x 0.58.
    let taken = venue.json(&["order", "buy", "yes", "10@45c", RAIN]);
    assert_eq!((&taken["outcome"], &taken["average_yes_price"]), (&json!("filled"), &json!("0.4200")));
    assert_eq!((&taken["fee"], &taken["fee_is_exact"]), (&json!("0.121800"), &json!(true)));
    let trade = taken["trades"][0]["trade_id"].as_str().unwrap();
    let fill = &venue.json(&["fills", "--market", RAIN])["fills"][0];
    assert_eq!((&fill["status"], &fill["final"], &fill["is_taker"]), (&json!("matched"), &json!(false), &json!(true)));
    assert!(venue.shown(&["fills"]).contains("* 1 fill is not final"));
    let before = venue.json(&["portfolio"]);
    assert_eq!(
        (&before["balance"]["balance_dollars"], &before["balance"]["held_by_matches_dollars"]),
        (&json!("10000.000000"), &json!("4.321800"))
    );
    assert_eq!(before["balance"]["free_dollars"], "9995.678200");

    // Nothing that is not owned is sold, and what is matched is not owned yet.
    let naked = venue.shown(&["order", "sell", "yes", "10@0.9", RAIN]);
    assert!(naked.starts_with("exit 1") && naked.contains("at most the 0.00 shares held, found 10.00"), "{naked}");
    venue.settle(trade, &["mine", "confirm"]);
    let after = venue.json(&["portfolio"]);
    assert_eq!((&after["positions"][0]["yes"], &after["positions"][0]["no"]), (&json!("10.00"), &json!("0.00")));
    assert_eq!(after["balance"]["free_dollars"], "9995.678200");
    assert_eq!(venue.as_maker(&["portfolio"])["positions"][0]["no"], "10.00");
    let as_maker = &venue.as_maker(&["fills"])["fills"][0];
    assert_eq!((&as_maker["outcome_side"], &as_maker["final"]), (&json!("no"), &json!(true)));
    assert_eq!((&as_maker["is_taker"], &as_maker["fee_cost"]), (&json!(false), &json!("0.000000")));

    let sale = venue.json(&["order", "sell", "yes", "6@0.9", RAIN, "--post-only"]);
    assert_eq!((&sale["sent"]["fee_at_most"], &sale["outcome"]), (&json!("0.000000"), &json!("resting")));
    assert_eq!(venue.json(&["portfolio"])["positions"][0]["yes_offered"], "6.00");
    assert!(venue.shown(&["order", "sell", "yes", "5@0.9", RAIN]).contains("at most the 4.00 shares held"));

    let id = sale["order_id"].as_str().unwrap();
    assert_eq!(venue.json(&["cancel", id])["canceled"], "6.00");
    let gone = venue.shown(&["cancel", id]);
    assert!(gone.starts_with("exit 1") && gone.contains("was not canceled: "), "{gone}");
    let until = ["order", "buy", "yes", "5@0.2", RAIN, "--tif", "gtd", "--expires", "2099-01-01T00:00:00Z"];
    let sent = venue.json(&until)["sent"].clone();
    assert_eq!(
        (&sent["expires"], &sent["venue"]["expiration"]),
        (&json!("2099-01-01T00:00:00Z"), &json!(4_070_908_860_u64))
    );
    let rests = &venue.json(&["portfolio"])["resting_orders"][0];
    assert_eq!(
        (&rests["expires"], &rests["signed_expiration"]),
        (&json!("2099-01-01T00:00:00Z"), &json!("2099-01-01T00:01:00Z"))
    );
    let told = venue.shown(&until);
    assert!(told.contains("  until: 2099-01-01T00:00:00Z (signed: a minute later)"), "{told}");
    assert!(told.contains("bid 5.00 at $0.2000 in the YES book of rain-new-year"), "{told}");
    let canceled = venue.json(&["cancel", "--market", RAIN]);
    assert_eq!((canceled["orders"].as_array().unwrap().len(), &canceled["slug"]), (2, &json!(RAIN)));
    assert!(venue.shown(&["cancel", "--market", RAIN]).contains("canceled  0 orders of rain-new-year"));
    assert_eq!(venue.as_maker(&["cancel", "--all"])["all"], true);
    assert_eq!(venue.json(&["portfolio"])["resting_orders"], json!([]));
    venue.exchange.stop();
}

#[cfg(unix)]
#[test]
fn dollars_are_spent_at_once_and_a_failed_trade_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let venue = Venue::start(folder.path());
    let nothing = venue.shown(&["order", "buy", "yes", "5usd", RAIN]);
    assert!(nothing.starts_with("exit 1") && nothing.contains("error: nobody offers it now"), "{nothing}");
    venue.as_maker(&["order", "buy", "no", "100@0.58", RAIN]);
    let spent = venue.json(&["order", "buy", "yes", "25usd", RAIN]);
    assert_eq!((&spent["outcome"], &spent["sent"]["venue"]["gives"]), (&json!("filled"), &json!("25.00")));
    // As many shares in the YES book as are signed, to their last digit.
    assert_eq!(
        (&spent["sent"]["contracts"], &spent["sent"]["venue"]["takes"]),
        (&json!("59.523800"), &json!("59.523800"))
    );
    let off_grid = venue.shown(&["order", "buy", "yes", "10@0.425", RAIN]);
    assert!(off_grid.contains("expected a multiple of 0.01 from 0.01 to 0.9900, found 0.4250"), "{off_grid}");
    assert_eq!((&spent["sent"]["venue"]["order_type"], &spent["fee"]), (&json!("FOK"), &json!("0.725000")));
    // At a cent, $25 would buy the most shares and the dearest fee: 2,500 x 0.05 x 0.01 x 0.99.
    assert_eq!(spent["sent"]["fee_at_most"], "1.237500");
    let large = venue.shown(&["order", "buy", "yes", "5000usd", RAIN]);
    assert!(large.contains("error: the book does not hold enough"), "{large}");
    let small = venue.shown(&["order", "buy", "yes", "0.5usd", RAIN]);
    assert!(small.contains("min size: $1") && small.contains("hint: a purchase at once spends at least $1"), "{small}");

    let trade = spent["trades"][0]["trade_id"].as_str().unwrap();
    venue.settle(trade, &["fail"]);
    let portfolio = venue.json(&["portfolio"]);
    assert_eq!((&portfolio["balance"]["free_dollars"], &portfolio["positions"]), (&json!("10000.000000"), &json!([])));
    let fills = venue.json(&["fills"]);
    assert_eq!((&fills["fees"], &fills["fills"][0]["status"]), (&json!("0.000000"), &json!("failed")));

    // The same order again is the same hash, which the venue has.
    let again =
        ["order", "buy", "yes", "5@0.1", RAIN, "--client-order-id", "mine", "--created", "2026-11-20T00:00:00Z"];
    let first = venue.json(&again);
    let second = venue.json(&again);
    assert_eq!((&second["order_id"], &second["answer_was_lost"]), (&first["order_id"], &json!(true)));
    assert_eq!(second["outcome"], "resting");
    // The deposit wallet of the same key has money of its own, and its orders another kind of signature.
    let deposit = venue.json(&["order", "buy", "yes", "5@0.1", RAIN, "--signature-type", "deposit"]);
    let form = &deposit["sent"]["venue"];
    assert_eq!((&form["signature_type"], &deposit["outcome"]), (&json!(3), &json!("resting")));
    assert_eq!(form["maker"], venue.exchange.started["polymarket"]["deposit_wallet"]);
    for wallet in ["eoa", "deposit"] {
        let own = venue.json(&["portfolio", "--signature-type", wallet]);
        assert_eq!(own["balance"]["held_by_orders_dollars"], "0.500000", "each wallet's orders hold its own money");
    }
    assert_eq!(venue.json(&["fills", "--signature-type", "deposit"])["fills"], json!([]));
    let rest = venue.json(&["order", "buy", "yes", "500@0.42", RAIN, "--tif", "fak"]);
    assert_eq!(rest["outcome"], "partly filled, rest canceled");
    venue.exchange.stop();
}

#[cfg(unix)]
#[test]
fn a_wallet_is_checked_step_by_step() {
    let folder = tempfile::tempdir().unwrap();
    let venue = Venue::start(folder.path());
    let good = venue.as_maker(&["auth", "check"]);
    let steps: Vec<&str> =
        good["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    let known = [
        "key source",
        "key file",
        "address",
        "wallets",
        "trades as",
        "host",
        "clock",
        "credentials",
        "signature",
        "account",
    ];
    assert_eq!(steps, [known.as_slice(), &["allowances"]].concat());
    assert_eq!(good["steps"][2]["found"], MAKER);
    let deposit = venue.as_maker(&["auth", "check", "--signature-type", "deposit"]);
    assert!(deposit["steps"][4]["found"].as_str().unwrap().starts_with("deposit (signature type 3)"));

    // Kept credentials that the venue does not know.
    let kept = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let kept = kept.filter(|path| path.extension().is_some_and(|end| end == "creds")).collect::<Vec<_>>();
    let [creds] = kept.as_slice() else { panic!("{kept:?}") };
    let mut stored: Value = serde_json::from_str(&std::fs::read_to_string(creds).unwrap()).unwrap();
    stored["api_key"] = json!("0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0");
    std::fs::write(creds, stored.to_string()).unwrap();
    let check = || venue.shown(&["auth", "check", "--key-file", &venue.maker_file]);
    let refused = check();
    assert!(
        refused.starts_with("exit 1") && refused.contains("error: signature: the venue refuses the API"),
        "{refused}"
    );
    assert!(refused.contains("hint: delete "), "{refused}");
    std::fs::remove_file(creds).unwrap();
    assert!(check().starts_with("exit 0"));

    venue.exchange.admin("/polymarket/restrictions", &json!({"owner": MAKER, "restriction": "closed_only"}));
    assert!(check().contains("error: account: may only close positions"));
    make_mode(Path::new(&venue.maker_file), 0o644);
    let open = check();
    assert!(open.contains("hint: run `chmod 600 ") && open.contains("found 0644"), "{open}");
    venue.exchange.stop();
}

#[test]
fn mistakes_are_told_before_anything_is_sent() {
    let order = |args: &[&str]| shown(&run(&[&["order"], args, &["--venue", "polymarket"]].concat()));
    expect![[r#"
        exit 1
        --- stderr
        error: `brier order` sends nothing to prod: it would trade real money without risk limits
        hint: use a local `brier exchange`; production is read only so far
    "#]]
    .assert_eq(&order(&["buy", "yes", "10@42c", RAIN, "--env", "prod"]));
    expect![[r#"
        exit 2
        --- stderr
        error: Polymarket has no play-money exchange
        hint: use `--env local` with a running `brier exchange`, or `--env prod` to read
    "#]]
    .assert_eq(&order(&["buy", "yes", "10@42c", RAIN, "--env", "demo"]));
    expect![[r#"
        exit 2
        --- stderr
        error: dollars and @market need --tif fok or ioc: an order that rests has shares and a price
    "#]]
    .assert_eq(&order(&["buy", "yes", "25usd", RAIN, "--tif", "gtc"]));
    assert!(order(&["sell", "yes", "25usd", RAIN]).contains("a sale is stated in shares"));
    assert!(order(&["buy", "yes", "10@42c", RAIN, "--reduce-only"]).starts_with("exit 2"));
    assert!(order(&["buy", "yes", "10@42c", RAIN, "--post-only", "--tif", "fak"]).starts_with("exit 2"));
    let kalshi = shown(&run(&["order", "buy", "yes", "25usd", "KXA-1"]));
    assert!(kalshi.starts_with("exit 2") && kalshi.contains("Kalshi takes contracts at a limit price"), "{kalshi}");
    expect![[r#"
        exit 1
        --- stdout
        host        local (http://127.0.0.1:8811)
        key source  FAILED  no wallet key is named
        --- stderr
        error: key source: no wallet key is named
        hint: set POLYMARKET_PRIVATE_KEY_PATH, or give --key-file; the key of a running `brier exchange` is found through its ready file
    "#]]
    .assert_eq(&shown(&brier().args(["auth", "check"]).env("BRIER_VENUE", "polymarket").output().unwrap()));
}

/// A venue that knows one market, takes an order without a word, and shows no trace of it.
fn silent_venue() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || drop(answer(stream.unwrap())));
        }
    });
    url
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut head, mut length) = (String::new(), 0_usize);
    reader.read_line(&mut head)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
        line.clear();
    }
    reader.read_exact(&mut vec![0; length])?;
    let condition = format!("0x{}", "c0".repeat(32));
    let (status, body) = match head.split(' ').take(2).collect::<Vec<_>>().as_slice() {
        ["POST", "/auth/api-key"] => {
            (200, json!({"apiKey": "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0", "secret": "c2VjcmV0", "passphrase": "open"}))
        }
        ["GET", path] if path.starts_with("/clob-markets/") => {
            let token = |digit: &str, outcome: &str| json!({"t": digit.repeat(76), "o": outcome});
            (200, json!({"c": condition, "t": [token("7", "Yes"), token("5", "No")], "mts": 0.01, "mos": 5}))
        }
        ["GET", path] if path.starts_with("/data/trades") => (200, json!({"next_cursor": "LTE=", "data": []})),
        ["POST", "/order"] => return Ok(()),
        _ => (404, json!({"error": "not found"})),
    };
    let body = body.to_string();
    write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(unix)]
#[test]
fn an_order_without_an_answer_or_a_trace_is_in_doubt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.key");
    std::fs::write(&path, KEY).unwrap();
    make_mode(&path, 0o600);
    let market = format!("0x{}", "c0".repeat(32));
    let url = silent_venue();
    let output = run(&[
        "order",
        "buy",
        "yes",
        "10@0.42",
        &market,
        "--venue",
        "polymarket",
        "--url",
        &url,
        "--key-file",
        path.to_str().unwrap(),
        "--json",
    ]);
    let told = shown(&output);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&document["code"], &document["exit_status"]), (&json!("in_doubt"), &json!(3)), "{told}");
    let error = document["error"].as_str().unwrap();
    let hash = error.split(' ').find(|word| word.starts_with("0x")).unwrap();
    assert!(told.contains(&format!("order: {hash} (client order id ")), "told before it was sent: {told}");
    assert!(document["hint"].as_str().unwrap().contains("ask for the order by its hash"), "{told}");
}
