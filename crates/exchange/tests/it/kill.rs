//! kill -9 of an exchange under load on both faces, again and again on one data folder: what was acknowledged is there, once,
//! and the money sums to zero.
//!
//! The exchange is this test program itself, started with one of its tests. It is killed when a random number of
//! acknowledgments has come, with requests under way.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use brier_exchange::{Server, ServerConfig};
use brier_kalshi::keys::Credentials;
use brier_polymarket_protocol::ids::SignatureType;
use brier_polymarket_protocol::order::{self, OrderKind};
use brier_polymarket_protocol::order_body::Terms;
use brier_types::{Money, Qty};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::polymarket_support::{PolyTrader, Wish, poly_config};
use crate::support::{Dice, Trader, client, send};

const DIR: &str = "BRIER_EXCHANGE_TO_BE_KILLED";
const KALSHI: &str = "KXKILL-1-T1";

/// The exchange itself: serves until it is killed. Does nothing unless it was started by the tests below.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exchange_to_be_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let config = ServerConfig { clock: brier_exchange::ClockConfig::Wall, ..poly_config(Some(Path::new(&dir))) };
    let server = Server::start(config).await.unwrap();
    let addresses = json!({"admin": server.admin_url(), "rest": server.rest_url(),
        "clob": server.polymarket().unwrap().clob});
    writeln!(std::io::stdout(), "\nREADY {addresses}").unwrap();
    std::future::pending::<()>().await;
}

struct Exchange {
    child: Child,
    addresses: Value,
}

impl Exchange {
    fn start(dir: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["kill::exchange_to_be_killed", "--exact", "--nocapture"])
            .env(DIR, dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("READY ").map(str::to_owned));
        let addresses = serde_json::from_str(&ready.expect("it starts")).unwrap();
        Self { child, addresses }
    }

    fn at(&self, name: &str) -> String {
        self.addresses[name].as_str().unwrap().to_owned()
    }

    async fn admin(&self, http: &reqwest::Client, path: &str, body: &Value) -> Value {
        let answer = send(http.post(format!("{}{path}", self.at("admin"))).json(body)).await;
        assert!(answer.status < 300, "{path}: {answer:?}");
        answer.json()
    }

    /// SIGKILL: the process does nothing more, not even flush.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a load task was told, or was not.
#[derive(Debug)]
enum Heard {
    Kalshi {
        user: usize,
        client_id: String,
        reply: Value,
    },
    Polymarket {
        user: usize,
        hash: String,
        reply: Value,
    },
    /// An order that is gone from the book.
    Canceled {
        user: usize,
        hash: String,
    },
    /// Sent, and never answered.
    KalshiUnknown {
        user: usize,
        order: Value,
    },
    PolymarketUnknown {
        user: usize,
        hash: String,
        body: String,
    },
}

struct Load {
    http: reqwest::Client,
    kalshi: Vec<(String, String, String)>,
    polymarket: Vec<Arc<PolyTrader>>,
    tokens: Vec<String>,
    /// Everything acknowledged so far, by user.
    orders: Vec<BTreeMap<String, Value>>,
    hashes: Vec<BTreeMap<String, Value>>,
    canceled: BTreeSet<String>,
    serial: u64,
}

fn kalshi_trader(load: &Load, user: usize, rest: String) -> Trader {
    let (user_id, key_id, pem) = &load.kalshi[user];
    Trader::remote(user_id.clone(), Credentials::from_pem(key_id, pem).unwrap(), load.http.clone(), rest)
}

impl Load {
    async fn prepare(exchange: &Exchange) -> Self {
        let http = client();
        let market = json!({"ticker": KALSHI, "event_ticker": "KXKILL-1", "close_time": "2036-12-20T12:00:00Z"});
        exchange.admin(&http, "/markets", &market).await;
        let mut kalshi = Vec::new();
        for name in ["a", "b"] {
            let made = exchange.admin(&http, "/accounts", &json!({"name": name})).await;
            let text = |field: &str| made[field].as_str().unwrap().to_owned();
            let path = format!("/accounts/{}/fund", text("user_id"));
            exchange.admin(&http, &path, &json!({"amount_dollars": "1000000"})).await;
            let plenty = json!({"refill_rate": 1_000_000, "bucket_capacity": 1_000_000});
            let limits = json!({"user_id": text("user_id"), "read": plenty, "write": plenty});
            exchange.admin(&http, "/limits", &limits).await;
            kalshi.push((text("user_id"), text("key_id"), text("private_key_pem")));
        }
        exchange.admin(&http, "/polymarket/limits", &json!({"tier": "unlimited"})).await;
        let market = json!({"question": "Killed?", "fee_rate": "0.05"});
        let listed = exchange.admin(&http, "/polymarket/markets", &market).await;
        let mut polymarket = Vec::new();
        for (seed, kind) in [(1, SignatureType::DepositWallet), (2, SignatureType::Eoa)] {
            let trader = PolyTrader::with_new_key(&http, &exchange.at("clob"), seed, kind).await;
            let account = format!("/polymarket/accounts/{}", trader.maker());
            exchange.admin(&http, &format!("{account}/fund"), &json!({"usd": "1000000"})).await;
            let pairs = json!({"condition": listed["condition_id"], "amount": "100000"});
            exchange.admin(&http, &format!("{account}/split"), &pairs).await;
            polymarket.push(Arc::new(trader));
        }
        let tokens = listed["token_ids"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned());
        let (orders, hashes) = (vec![BTreeMap::new(); 2], vec![BTreeMap::new(); 2]);
        Self {
            http,
            kalshi,
            polymarket,
            tokens: tokens.collect(),
            orders,
            hashes,
            canceled: BTreeSet::new(),
            serial: 0,
        }
    }

    /// Everybody trades until the exchange is gone, which is when `enough` was acknowledged.
    async fn until_killed(&mut self, exchange: Exchange, enough: u64) -> Vec<Heard> {
        let (tell, mut heard) = unbounded_channel();
        for user in 0..2 {
            self.serial += 1;
            let trader = kalshi_trader(self, user, exchange.at("rest"));
            tokio::spawn(trade_kalshi(trader, user, self.serial, tell.clone()));
            let trader = Arc::new(self.polymarket[user].near(exchange.at("clob")));
            tokio::spawn(trade_polymarket(trader, user, self.serial, self.tokens.clone(), tell.clone()));
        }
        drop(tell);
        let mut all = Vec::new();
        receive(&mut heard, &mut all, Some(enough)).await;
        exchange.kill();
        receive(&mut heard, &mut all, None).await;
        all
    }

    /// What was acknowledged is there; what was not is there once or not at all, and sending it again changes nothing or
    /// brings it once.
    async fn check(&mut self, exchange: &Exchange, heard: Vec<Heard>) {
        for one in heard {
            match one {
                Heard::Kalshi { user, client_id, reply } => {
                    let id = reply["order_id"].as_str().unwrap();
                    let trader = kalshi_trader(self, user, exchange.at("rest"));
                    let order = trader.get(&format!("/portfolio/orders/{id}")).await["order"].clone();
                    assert_eq!(order["client_order_id"], client_id.as_str());
                    assert!(qty(&order["fill_count_fp"]) >= qty(&reply["fill_count"]), "{reply}, then {order}");
                    assert_eq!(self.orders[user].insert(client_id, reply), None);
                }
                Heard::Polymarket { user, hash, reply } => {
                    let trader = self.polymarket[user].near(exchange.at("clob"));
                    let order = trader.get(&format!("/data/order/{hash}")).await;
                    if let Some(ids) = reply["tradeIDs"].as_array() {
                        let known = order["associate_trades"].as_array().unwrap();
                        assert!(ids.iter().all(|id| known.contains(id)), "{reply}, then {order}");
                    }
                    assert_eq!(self.hashes[user].insert(hash, reply), None);
                }
                Heard::Canceled { user, hash } => {
                    let trader = self.polymarket[user].near(exchange.at("clob"));
                    assert_eq!(trader.get(&format!("/data/order/{hash}")).await["status"], "CANCELED");
                    self.canceled.insert(hash);
                }
                Heard::KalshiUnknown { user, order } => {
                    let trader = kalshi_trader(self, user, exchange.at("rest"));
                    let again = trader.ask("POST", "/portfolio/events/orders", Some(order.clone())).await;
                    let client_id = order["client_order_id"].as_str().unwrap().to_owned();
                    match again.status {
                        201 => drop(self.orders[user].insert(client_id, again.json())),
                        _ => assert_eq!(again.code(), "order_already_exists"),
                    }
                }
                Heard::PolymarketUnknown { user, hash, body } => {
                    let trader = self.polymarket[user].near(exchange.at("clob"));
                    let known = trader.ask("GET", &format!("/data/order/{hash}"), None).await.status == 200;
                    let again = trader.ask("POST", "/order", Some(body)).await;
                    let duplicated = again.text.contains("Duplicated");
                    assert_eq!(duplicated, known, "{again:?}");
                    if again.status == 200 {
                        self.hashes[user].insert(hash, again.json());
                    }
                }
            }
        }
        for path in ["/ledger", "/polymarket/ledger"] {
            let ledger = send(self.http.get(format!("{}{path}", exchange.at("admin")))).await.json();
            let difference = ledger.get("difference").or_else(|| ledger.get("difference_dollars")).unwrap();
            assert_eq!(difference.as_str().unwrap().parse::<Money>().unwrap(), Money::ZERO, "{path}: {ledger}");
        }
    }

    /// Every list that the venues offer agrees with every other, and with everything that was ever acknowledged.
    async fn check_lists(&self, exchange: &Exchange) -> (usize, usize) {
        let mut fills = 0;
        for user in 0..2 {
            fills += self.check_kalshi(exchange, user).await;
            fills += self.check_polymarket(exchange, user).await;
        }
        let orders = self.orders.iter().chain(&self.hashes).map(BTreeMap::len).sum();
        (orders, fills)
    }

    async fn check_kalshi(&self, exchange: &Exchange, user: usize) -> usize {
        let trader = kalshi_trader(self, user, exchange.at("rest"));
        let orders = pages(&trader, "/portfolio/orders?limit=1000", "orders").await;
        let mut by_client: BTreeMap<&str, &Value> = BTreeMap::new();
        let mut filled: BTreeMap<&str, u64> = BTreeMap::new();
        for order in &orders {
            let client_id = order["client_order_id"].as_str().unwrap();
            assert!(by_client.insert(client_id, order).is_none(), "{client_id} twice");
            filled.insert(order["order_id"].as_str().unwrap(), qty(&order["fill_count_fp"]));
        }
        assert!(self.orders[user].keys().all(|id| by_client.contains_key(id.as_str())), "an order is lost");
        let fills = pages(&trader, "/portfolio/fills?limit=1000", "fills").await;
        let mut seen = BTreeSet::new();
        for fill in &fills {
            assert!(seen.insert(fill["fill_id"].as_str().unwrap()), "a fill twice: {fill}");
            let left = filled.get_mut(fill["order_id"].as_str().unwrap()).unwrap();
            *left -= qty(&fill["count_fp"]);
        }
        assert!(filled.values().all(|left| *left == 0), "fills and orders differ");
        fills.len()
    }

    async fn check_polymarket(&self, exchange: &Exchange, user: usize) -> usize {
        let trader = self.polymarket[user].near(exchange.at("clob"));
        let (mut trades, mut cursor) = (Vec::new(), "MA==".to_owned());
        while cursor != "LTE=" {
            let answer = send(trader.request_with("GET", "/data/trades", &format!("?next_cursor={cursor}"))).await;
            let mut page = answer.json();
            trades.append(page["data"].as_array_mut().unwrap());
            page["next_cursor"].as_str().unwrap().clone_into(&mut cursor);
        }
        let (mut seen, mut filled) = (BTreeSet::new(), BTreeMap::<String, u64>::new());
        for trade in &trades {
            assert!(seen.insert(trade["id"].as_str().unwrap()), "a trade twice: {trade}");
            let taker = (&trade["taker_order_id"], &trade["size"]);
            let makers = trade["maker_orders"].as_array().unwrap();
            let parts = makers.iter().map(|it| (&it["order_id"], &it["matched_amount"]));
            for (order, size) in std::iter::once(taker).chain(parts) {
                *filled.entry(order.as_str().unwrap().to_owned()).or_default() += qty(size);
            }
        }
        for (hash, reply) in &self.hashes[user] {
            let order = trader.get(&format!("/data/order/{hash}")).await;
            assert_eq!(qty(&order["size_matched"]), filled.get(hash).copied().unwrap_or(0), "{order}");
            let acknowledged = reply["tradeIDs"].as_array().into_iter().flatten();
            assert!(acknowledged.into_iter().all(|id| seen.contains(id.as_str().unwrap())), "a trade is lost: {reply}");
            if self.canceled.contains(hash) {
                assert_eq!(order["status"], "CANCELED");
            }
        }
        trades.len()
    }
}

/// Takes what is heard: so many acknowledgments, or all there is.
async fn receive(heard: &mut UnboundedReceiver<Heard>, all: &mut Vec<Heard>, mut enough: Option<u64>) {
    while enough != Some(0)
        && let Some(one) = heard.recv().await
    {
        if let Some(left) = &mut enough {
            *left -= 1;
        }
        all.push(one);
    }
}

fn qty(value: &Value) -> u64 {
    value.as_str().unwrap().parse::<Qty>().unwrap().micros()
}

async fn pages(trader: &Trader, path: &str, list: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let mut page = trader.get(&format!("{path}{cursor}")).await;
        all.append(page[list].as_array_mut().unwrap());
        match page["cursor"].as_str() {
            Some(next) if !next.is_empty() => cursor = format!("&cursor={next}"),
            _ => return all,
        }
    }
}

/// Orders without end; the first one without an answer ends it.
async fn trade_kalshi(trader: Trader, user: usize, serial: u64, tell: UnboundedSender<Heard>) {
    let mut dice = Dice::new(serial * 2 + 1);
    for number in 0.. {
        let client_id = format!("{user}-{serial}-{number}");
        let side = if dice.roll(2) == 0 { "bid" } else { "ask" };
        let order = json!({"ticker": KALSHI, "side": side, "count": format!("{}.00", 1 + dice.roll(9)),
            "price": format!("0.{}", 45 + dice.roll(10)), "client_order_id": client_id,
            "time_in_force": "good_till_canceled", "self_trade_prevention_type": "taker_at_cross"});
        let sent = trader.request("POST", "/portfolio/events/orders", Some(&order)).send().await;
        let whole = match sent {
            Ok(answer) => (answer.status().as_u16(), answer.json::<Value>().await.ok()),
            Err(_gone) => (0, None),
        };
        let one = match whole {
            (201, Some(reply)) => Heard::Kalshi { user, client_id, reply },
            (0, _) | (201 | 503, None) => Heard::KalshiUnknown { user, order },
            (status, body) => panic!("{status} {body:?}"),
        };
        let over = matches!(one, Heard::KalshiUnknown { .. });
        if tell.send(one).is_err() || over {
            return;
        }
    }
}

async fn trade_polymarket(
    trader: Arc<PolyTrader>,
    user: usize,
    serial: u64,
    tokens: Vec<String>,
    tell: UnboundedSender<Heard>,
) {
    let mut dice = Dice::new(serial * 2 + 1);
    let mut resting: Option<String> = None;
    loop {
        if dice.roll(5) == 0
            && let Some(hash) = resting.take()
        {
            let body = json!({"orderID": hash}).to_string();
            let Ok(answer) = trader.request("DELETE", "/order", Some(body)).send().await else { continue };
            let Ok(reply) = answer.json::<Value>().await else { continue };
            if reply["canceled"] == json!([hash]) && tell.send(Heard::Canceled { user, hash }).is_err() {
                return;
            }
            continue;
        }
        let token = tokens[usize::from(dice.roll(2) == 0)].as_str();
        let price = format!("0.{}", 45 + dice.roll(10));
        let wish = if dice.roll(2) == 0 { Wish::buy(token, &price, "6") } else { Wish::sell(token, &price, "7.5") };
        let signed = trader.signed(wish);
        let hash = order::hash(&signed.order, PolyTrader::domain(&wish)).to_string();
        let body = trader.body(&signed, Terms::new(OrderKind::Gtc));
        let whole = match trader.request("POST", "/order", Some(body.clone())).send().await {
            Ok(answer) => (answer.status().as_u16(), answer.json::<Value>().await.ok()),
            Err(_gone) => (0, None),
        };
        let one = match whole {
            (200, Some(reply)) => {
                if reply["status"] == "live" {
                    resting = Some(hash.clone());
                }
                Heard::Polymarket { user, hash, reply }
            }
            (0, _) | (200 | 500, None) => Heard::PolymarketUnknown { user, hash, body },
            (status, body) => panic!("{status} {body:?}"),
        };
        let over = matches!(one, Heard::PolymarketUnknown { .. });
        if tell.send(one).is_err() || over {
            return;
        }
    }
}

/// Kills an exchange so often; tells orders and fills that were acknowledged and found.
async fn killed(times: u64, seed: u64) -> (usize, usize) {
    let dir = TempDir::new().unwrap();
    let mut dice = Dice::new(seed);
    let mut exchange = Exchange::start(dir.path());
    let mut load = Load::prepare(&exchange).await;
    for _ in 0..times {
        let heard = load.until_killed(exchange, 1 + dice.roll(150)).await;
        exchange = Exchange::start(dir.path());
        load.check(&exchange, heard).await;
    }
    load.check_lists(&exchange).await
}

/// A few kills in every run; `cargo xtask kill` makes a hundred of them, at other moments with another `BRIER_SEED`.
#[tokio::test]
async fn kills_under_load_lose_nothing_and_double_nothing() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    let (kills, seed) = (number("BRIER_KILLS").unwrap_or(3), number("BRIER_SEED").unwrap_or(2_026));
    let (orders, fills) = killed(kills, seed).await;
    writeln!(std::io::stdout(), "{kills} kills (seed {seed}): {orders} orders and {fills} fills, each there once")
        .unwrap();
    assert!(orders as u64 > 10 * kills && fills as u64 > 5 * kills, "{orders} orders, {fills} fills");
}
