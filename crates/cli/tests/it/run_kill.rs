//! kill -9 of a live `brier run` against `brier exchange`, again and again on one data folder, under load and behind a network
//! that cuts connections: no order twice, no fill lost, and in the end both venues' figures to the last $0.000001.
//!
//! `cargo xtask kill-run 200` does it many times; an ordinary test run a few times.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use alloy_primitives::B256;
use brier_engine::codec::Record;
use brier_engine::{Answer, Command, Engine, Input, Request};
use brier_kalshi_protocol::rest::{BalanceQuery, FillsQuery, OrdersQuery, PositionsQuery};
use brier_polymarket::creds::CredsFile;
use brier_polymarket::discovery::Listing;
use brier_polymarket::orders::{Leg, Maker, prepare};
use brier_polymarket::rest::{OrdersQuery as PolyOrdersQuery, TradesQuery};
use brier_polymarket_protocol::contracts::Chain;
use brier_polymarket_protocol::convert::{TokenMap, own_fills, trade_status};
use brier_polymarket_protocol::ids::SignatureType;
use brier_polymarket_protocol::stream::user::UserTrade;
use brier_runtime::control::{self, ControlAnswer, ControlRequest, Status};
use brier_runtime::written::Written;
use brier_runtime::{journal, recovery};
use brier_types::{
    BookSide, ClientOrderId, FillStatus, Input as FeedInput, Money, NewOrder, OrderStatus, Price, Qty,
    SelfTradePrevention, SignedQty, TimeInForce, Timestamp, Venue,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::exchange::{Exchange, make_mode};
use crate::support::brier;

const KALSHI: [&str; 2] = ["KXKILL-1-A", "KXKILL-1-B"];
/// Wallet keys of play money: what anybody may know.
const RUN_WALLET: &str = "0x1111111111111111111111111111111111111111111111111111111111111111";
const HOUSE_WALLET: &str = "0x2222222222222222222222222222222222222222222222222222222222222222";
/// Longest that a request may be under way on this network.
const REQUEST_LIFE: Duration = Duration::from_secs(8);
/// How long the last run may take to know everything.
const PATIENCE: Duration = Duration::from_mins(2);

/// Chance that repeats from a seed (splitmix64).
#[derive(Clone)]
struct Dice(Arc<AtomicU64>);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }

    fn below(&self, bound: u64) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut mixed = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// A network between the run and a venue: it forwards, and now and then a connection dies on it, with what was under way.
struct Network {
    url: String,
    /// Chunks in 10,000 at which a connection is cut.
    cuts: Arc<AtomicU64>,
}

impl Network {
    async fn before(venue: &str, dice: Dice) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let cuts = Arc::new(AtomicU64::new(40));
        let venue = venue.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
        tokio::spawn({
            let cuts = cuts.clone();
            async move {
                while let Ok((near, _)) = listener.accept().await {
                    let (venue, cuts, dice) = (venue.clone(), cuts.clone(), dice.clone());
                    tokio::spawn(async move {
                        let Ok(far) = TcpStream::connect(&venue).await else { return };
                        let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
                        let up = pump(near_read, far_write, cuts.clone(), dice.clone());
                        let down = pump(far_read, near_write, cuts, dice);
                        // The first one to end takes the other with it: the connection is gone.
                        tokio::select! { () = up => {}, () = down => {} }
                    });
                }
            }
        });
        Self { url, cuts }
    }

    fn mend(&self) {
        self.cuts.store(0, Ordering::Relaxed);
    }
}

async fn pump(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    cuts: Arc<AtomicU64>,
    dice: Dice,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read) = from.read(&mut buffer).await {
        let bound = cuts.load(Ordering::Relaxed);
        if read == 0 || dice.below(10_000) < bound {
            return;
        }
        if bound > 0 && dice.below(40) == 0 {
            tokio::time::sleep(Duration::from_millis(dice.below(120))).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

/// A run of the program.
struct Run {
    child: Child,
}

impl Run {
    fn start(home: &Path) -> Self {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(home.join("run.log")).unwrap();
        let child = brier()
            .args(["run", "brier.toml", "--json"])
            .current_dir(home)
            .env("HOME", home)
            .env_remove("XDG_STATE_HOME")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { child }
    }

    /// Waits for the line that says that it trades.
    fn ready(&mut self) -> Value {
        let mut line = String::new();
        BufReader::new(self.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: `{line}`; see run.log"))
    }

    /// SIGKILL: the process does nothing more, not even flush. Whether it was still alive.
    fn kill(mut self) -> bool {
        let alive = self.child.try_wait().unwrap().is_none();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        alive
    }

    fn interrupt(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Run {
    /// A failed test leaves no process behind.
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Both venues with their markets, and the accounts of the run and of others.
struct Stage {
    home: tempfile::TempDir,
    exchange: Exchange,
    condition: String,
    kalshi_run: (String, PathBuf),
    kalshi_house: (String, PathBuf),
}

impl Stage {
    fn new() -> Self {
        let mut home = tempfile::tempdir().unwrap();
        home.disable_cleanup(std::env::var_os("BRIER_KEEP").is_some());
        let exchange = Exchange::start(home.path());
        exchange.admin(
            "/series",
            &json!({"ticker": "KXKILL", "title": "Kill", "category": "Economics", "frequency": "daily",
                "fee_type": "quadratic_with_maker_fees", "fee_multiplier": 1}),
        );
        exchange.admin("/events", &json!({"event_ticker": "KXKILL-1", "series_ticker": "KXKILL", "title": "Kill"}));
        for ticker in KALSHI {
            exchange.admin(
                "/markets",
                &json!({"ticker": ticker, "event_ticker": "KXKILL-1", "title": ticker, "rules_primary": "R.",
                    "open_time": "2020-01-01T00:00:00Z", "close_time": "2099-01-01T00:00:00Z"}),
            );
        }
        let market =
            exchange.admin("/polymarket/markets", &json!({"question": "Kill?", "slug": "kill", "fee_rate": "0.04"}));
        let condition = market["condition_id"].as_str().unwrap().to_owned();
        exchange.admin("/polymarket/limits", &json!({"tier": "unlimited"}));
        exchange.admin("/polymarket/settlement", &json!({"mine_after_ms": 300, "confirm_after_ms": 300}));
        let [kalshi_run, kalshi_house] = ["run", "house"].map(|name| open_account(&exchange, name));
        for key in [RUN_WALLET, HOUSE_WALLET] {
            let address = wallet(key).address();
            exchange.admin(&format!("/polymarket/accounts/{address}/fund"), &json!({"usd": "100000"}));
        }
        Self { home, exchange, condition, kalshi_run, kalshi_house }
    }

    fn configure(&self, kalshi: &Network, polymarket: &Network) {
        let key_file = self.home.path().join("run-wallet.key");
        std::fs::write(&key_file, RUN_WALLET).unwrap();
        make_mode(&key_file, 0o600);
        let condition = &self.condition;
        let (id, pem) = &self.kalshi_run;
        let config = format!(
            "[run]\nname = \"kill\"\ndata_dir = \"run\"\nshutdown_timeout_s = 60\n\
             [kalshi]\nurl = \"{}\"\nkey_id = \"{id}\"\nkey_path = \"{}\"\nrequest_life_s = {life}\n\
             [polymarket]\nurl = \"{}\"\nkey_path = \"run-wallet.key\"\nrequest_life_s = {life}\n\
             [reconcile]\ninterval_s = 5\n\
             [risk]\nmax_position_contracts = 1000\nmax_exposure_dollars = 50000\nmax_orders = 1000\n\
             [[strategy]]\nname = \"near\"\nkind = \"market_maker\"\n\
             markets = [\"kalshi:{}\", \"kalshi:{}\", \"polymarket:{condition}\"]\n\
             [strategy.parameters]\nsize_contracts = 12\nhalf_spread_dollars = 0.02\ncap_contracts = 200\n",
            kalshi.url,
            pem.display(),
            polymarket.url,
            KALSHI[0],
            KALSHI[1],
            life = REQUEST_LIFE.as_secs(),
        );
        std::fs::write(self.home.path().join("brier.toml"), config).unwrap();
    }

    /// Whether every match of the run's is mined.
    fn is_settled(&self) -> bool {
        let account = self.exchange.admin_get(&format!("/polymarket/accounts/{}", wallet(RUN_WALLET).address()));
        account["matched"].as_str().is_some_and(|text| text.parse() == Ok(Money::ZERO))
    }

    fn rest(&self) -> &str {
        self.exchange.started["rest"].as_str().unwrap()
    }

    fn clob(&self) -> &str {
        self.exchange.started["polymarket"]["clob"].as_str().unwrap()
    }

    fn kalshi_client(&self, (id, pem): &(String, PathBuf)) -> brier_kalshi::Client {
        let env = brier_kalshi::Env::local(self.rest()).unwrap();
        let credentials = brier_kalshi::keys::Credentials::from_file(id, pem).unwrap();
        brier_kalshi::Client::new(env, Some(credentials), brier_kalshi::Config::new(1)).unwrap()
    }

    async fn polymarket_client(&self, key: &str, name: &str) -> brier_polymarket::Client {
        let env = brier_polymarket::Env::local(self.clob()).unwrap();
        let client = brier_polymarket::Client::new(env.clone(), Some(wallet(key)), brier_polymarket::Config::new(1));
        let client = client.unwrap();
        let file = CredsFile::at(self.home.path().join(format!("{name}.creds")), &env);
        client.ensure_credentials(&file, 0).await.unwrap();
        client
    }
}

fn wallet(key: &str) -> brier_polymarket::keys::Wallet {
    brier_polymarket::keys::Wallet::from_hex(key, SignatureType::Eoa, None).unwrap()
}

fn open_account(exchange: &Exchange, name: &str) -> (String, PathBuf) {
    let account = exchange.admin("/accounts", &json!({"name": name, "key_type": "ed25519"}));
    let user = account["user_id"].as_str().unwrap();
    exchange.admin(&format!("/accounts/{user}/fund"), &json!({"amount_dollars": "100000.00"}));
    let plenty = json!({"refill_rate": 100_000, "bucket_capacity": 100_000});
    exchange.admin("/limits", &json!({"user_id": user, "read": plenty, "write": plenty}));
    let path = exchange.folder.join(format!("{name}.pem"));
    std::fs::write(&path, account["private_key_pem"].as_str().unwrap()).unwrap();
    make_mode(&path, 0o600);
    (account["key_id"].as_str().unwrap().to_owned(), path)
}

/// Others, who rest orders around a price that wanders and trade into what they find.
async fn house(kalshi: brier_kalshi::Client, polymarket: brier_polymarket::Client, listing: Listing, dice: Dice) {
    let mut middles = [50_i64; 3];
    for number in 0_u64.. {
        let place = dice.below(3) as usize;
        middles[place] = (middles[place] + dice.below(3) as i64 - 1).clamp(20, 80);
        let side = if dice.below(2) == 0 { BookSide::Bid } else { BookSide::Ask };
        let crosses = dice.below(3) == 0;
        let away = if crosses { -3 } else { 3 + dice.below(6) as i64 };
        let cents = if side == BookSide::Bid { middles[place] - away } else { middles[place] + away }.clamp(2, 98);
        let id = ClientOrderId::new(&format!("house-{number}")).unwrap();
        let market = if place < 2 { KALSHI[place].parse().unwrap() } else { listing.ticker.clone() };
        let terms = (Price::from_cents(cents as u8).unwrap(), Qty::from_contracts(5 + dice.below(10)).unwrap());
        let life = if crosses { TimeInForce::Ioc } else { TimeInForce::Gtc };
        let order = NewOrder {
            self_trade_prevention: SelfTradePrevention::Maker,
            ..NewOrder::limit(id, market, side, terms, life)
        };
        if place < 2 {
            drop(kalshi.create_order(&order).await);
        } else {
            let wallet = polymarket.wallet().unwrap().clone();
            let maker = Maker { wallet: &wallet, chain: Chain::Polygon, builder: B256::ZERO };
            if let Ok(prepared) = prepare(&order, Leg::Buy, &listing, maker, now()) {
                drop(polymarket.post_order(&prepared).await);
            }
        }
        if number % 60 == 59 {
            drop(kalshi.cancel_all().await);
            drop(polymarket.cancel_all().await);
        }
        tokio::time::sleep(Duration::from_millis(dice.below(8))).await;
    }
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap())
}

fn status(folder: &Path) -> Option<Status> {
    match control::ask(folder, &ControlRequest::Status, Duration::from_secs(5)) {
        Ok(ControlAnswer::Status(status)) => Some(*status),
        _ => None,
    }
}

/// What all journals of the run say.
#[derive(Default)]
struct Journals {
    runs: u32,
    /// Orders that were decided, by our name.
    intents: BTreeMap<ClientOrderId, NewOrder>,
    /// The venues' names for them, as the venues told.
    names: BTreeMap<ClientOrderId, BTreeSet<String>>,
    engine: Option<Engine>,
}

impl Journals {
    fn read(folder: &Path) -> Self {
        let mut all = Self::default();
        let mut requests = BTreeMap::new();
        for (number, run) in journal::runs(folder).unwrap() {
            let records: Vec<Vec<u8>> = journal::records(&run).unwrap().map(Result::unwrap).collect();
            if records.is_empty() {
                continue;
            }
            all.runs = number;
            let rebuilt = recovery::rebuild(records.iter().map(Ok), Written::make_engine);
            let (engine, _) = rebuilt.unwrap_or_else(|error| panic!("run {number}: {error}"));
            all.engine = Some(engine);
            for record in &records {
                match Record::decode(record).unwrap() {
                    Record::Command(Command::Send { request, body: Request::Place(place), .. }) => {
                        let new = place.get().new.clone();
                        requests.insert(request, new.client_order_id.clone());
                        let before = all.intents.insert(new.client_order_id.clone(), new.clone());
                        assert!(before.is_none_or(|before| before == new), "one name for two orders: {new:?}");
                    }
                    Record::Command(Command::Send { request, body: Request::Lookup(lookup), .. }) => {
                        requests.insert(request, lookup.client_order_id().clone());
                    }
                    Record::Input { input, .. } => all.note(&input, &requests),
                    Record::Begin { .. } | Record::Command(_) => {}
                }
            }
        }
        all
    }

    fn note(&mut self, input: &Input, requests: &BTreeMap<brier_engine::RequestId, ClientOrderId>) {
        let mut name = |client: &ClientOrderId, venue: &str| {
            self.names.entry(client.clone()).or_default().insert(venue.to_owned());
        };
        match input {
            Input::Answer {
                request, answer: Answer::Placed { order, .. } | Answer::PlacedUnclear { order }, ..
            } => {
                if let Some(client) = requests.get(request) {
                    name(client, order.as_str());
                }
            }
            Input::Answer { request, answer: Answer::Found(update), .. } => {
                if let Some(client) = requests.get(request) {
                    name(client, update.order.as_str());
                }
            }
            Input::Feed { body: FeedInput::Order(update), .. } => {
                if let Some(client) = &update.client_order_id {
                    name(client, update.order.as_str());
                }
            }
            Input::Feed { body: FeedInput::Fill(fill), .. } => {
                if let Some(client) = &fill.client_order_id {
                    name(client, fill.order.as_str());
                }
            }
            _ => {}
        }
    }
}

fn count(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_killed_under_load_sends_nothing_twice_and_loses_nothing() {
    let (kills, seed) = (count("BRIER_KILLS", 6), count("BRIER_SEED", 1));
    let dice = Dice::new(seed);
    let stage = tokio::task::block_in_place(Stage::new);
    let networks =
        [Network::before(stage.rest(), dice.clone()).await, Network::before(stage.clob(), dice.clone()).await];
    stage.configure(&networks[0], &networks[1]);
    let house_polymarket = stage.polymarket_client(HOUSE_WALLET, "house").await;
    let listing = house_polymarket.listings(&[stage.condition.parse().unwrap()]).await.unwrap().listings.remove(0);
    let load =
        tokio::spawn(house(stage.kalshi_client(&stage.kalshi_house), house_polymarket, listing.clone(), dice.clone()));

    let home = stage.home.path().to_owned();
    let folder = home.join("run");
    let (mut killed, mut died) = (0, 0);
    while killed < kills {
        let run = Run::start(&home);
        // Some die before they have begun, most while they trade.
        tokio::time::sleep(Duration::from_millis(40 + dice.below(2_400))).await;
        if tokio::task::block_in_place(|| run.kill()) {
            killed += 1;
        } else {
            died += 1;
        }
        assert!(died <= kills, "runs end by themselves; see run.log: {}", tail(&home.join("run.log")));
    }

    load.abort();
    networks.iter().for_each(Network::mend);
    let mut run = Run::start(&home);
    let started = tokio::task::block_in_place(|| run.ready());
    let begun = Instant::now();
    loop {
        let status = tokio::task::block_in_place(|| status(&folder)).expect("the run answers");
        let clear = status.venues.iter().all(|venue| venue.reconciled && venue.connected)
            && status.orders.iter().all(|order| order.state == "resting");
        if clear && tokio::task::block_in_place(|| stage.is_settled()) {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "not clear after {PATIENCE:?}: {status:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    tokio::task::block_in_place(|| reconcile_once_more(&stage, &folder));
    let ended = tokio::task::block_in_place(|| run.interrupt());
    assert_eq!(ended, Some(0), "an orderly end leaves nothing: {}", tail(&home.join("run.log")));

    let journals = Journals::read(&folder);
    let told = judge(&stage, &journals).await;
    let fills = journals.engine.as_ref().map_or(0, |engine| engine.counts().fills);
    assert!(!journals.intents.is_empty() && (kills < 20 || fills > 0), "nothing was traded");
    eprintln!(
        "{killed} kills, {} runs, {} orders decided, {told}; run {} replayed {} inputs; seed {seed}",
        journals.runs,
        journals.intents.len(),
        started["run"],
        started["replayed"]
    );
}

fn tail(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n")
}

/// Polymarket's amounts have a digit more than a price and a quantity tell, so cash is the venue's to the last millionth only
/// after a read. The run reads every few seconds; this is the last time.
fn reconcile_once_more(stage: &Stage, folder: &Path) {
    // Cash is judged when nothing rests and nothing has just moved: quotes that follow each other would keep it from that.
    let halt = ControlRequest::Halt { reason: "the last read".to_owned() };
    let halted = control::ask(folder, &halt, PATIENCE);
    assert!(matches!(&halted, Ok(ControlAnswer::Halted { left, .. }) if left.is_empty()), "{halted:?}");
    let begun = Instant::now();
    loop {
        let asked = control::ask(folder, &ControlRequest::Reconcile { venue: None }, Duration::from_secs(5));
        assert!(matches!(asked, Ok(ControlAnswer::Done { .. })), "{asked:?}");
        let status = status(folder).expect("the run answers");
        let ours = status.venues.iter().find(|venue| venue.venue == "polymarket").map(|venue| venue.cash.clone());
        if ours == Some(polymarket_cash(stage).to_string()) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "cash is {ours:?}, the venue's {}", polymarket_cash(stage));
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// What the run's wallet has at Polymarket, by the exchange's ledger.
fn polymarket_cash(stage: &Stage) -> Money {
    let address = wallet(RUN_WALLET).address();
    let account = stage.exchange.admin_get(&format!("/polymarket/accounts/{address}"));
    account["cash"].as_str().unwrap().parse().unwrap()
}

/// Holds what the venues say against what the journals say.
async fn judge(stage: &Stage, journals: &Journals) -> String {
    let engine = journals.engine.as_ref().expect("a run");
    let kalshi = judge_kalshi(stage, journals, engine).await;
    let polymarket = judge_polymarket(stage, journals, engine).await;
    format!("{kalshi}; {polymarket}")
}

/// Fills of an engine that did not fail, by match and order.
fn booked(engine: &Engine, venue: Venue) -> BTreeMap<(String, String), Qty> {
    let fills = engine.state().portfolio.fills();
    fills
        .filter(|fill| fill.venue == venue && fill.status != FillStatus::Failed)
        .map(|fill| ((fill.trade.to_string(), fill.order.to_string()), fill.qty))
        .collect()
}

/// What the engine owns in a market.
fn net(engine: &Engine, venue: Venue, market: &str) -> SignedQty {
    let market = engine.state().universe.find(venue, market);
    market.map_or(SignedQty::ZERO, |market| engine.state().portfolio.account(market).net())
}

async fn judge_kalshi(stage: &Stage, journals: &Journals, engine: &Engine) -> String {
    let client = stage.kalshi_client(&stage.kalshi_run);
    let orders = client.orders(OrdersQuery::default()).unwrap().all().await.unwrap();
    let mut seen = BTreeSet::new();
    for order in &orders {
        let client_id: ClientOrderId = order.client_order_id.parse().unwrap();
        assert!(seen.insert(client_id.clone()), "{client_id} is at the venue twice");
        let intent = journals.intents.get(&client_id);
        let intent = intent.unwrap_or_else(|| panic!("{client_id} is at the venue, and no journal has it"));
        assert_eq!(order.ticker, intent.market.as_str());
        let update = order.to_update().unwrap();
        assert_eq!((update.side, update.status == OrderStatus::Resting), (intent.side, false), "{client_id}");
    }
    let fills = client.fills(FillsQuery::default()).unwrap().all().await.unwrap();
    let theirs: BTreeMap<(String, String), Qty> =
        fills.iter().map(|fill| ((fill.trade_id.clone(), fill.order_id.clone()), fill.count_fp)).collect();
    assert_eq!(booked(engine, Venue::Kalshi), theirs, "fills at Kalshi");
    let positions = client.positions(PositionsQuery::default()).await.unwrap();
    for market in KALSHI {
        let theirs = positions.markets.iter().find(|position| position.ticker == market);
        let theirs = theirs.map_or(SignedQty::ZERO, |position| position.position_fp);
        assert_eq!(net(engine, Venue::Kalshi, market), theirs, "position in {market}");
    }
    let balance = client.balance(&BalanceQuery::default()).await.unwrap().balance_dollars;
    let ours = engine.state().portfolio.cash(Venue::Kalshi, 0);
    assert_eq!(ours, balance, "cash at Kalshi");
    format!("Kalshi {} orders, {} fills, difference ${}", orders.len(), fills.len(), difference(ours, balance))
}

fn difference(ours: Money, theirs: Money) -> Money {
    ours.checked_sub(theirs).unwrap()
}

async fn judge_polymarket(stage: &Stage, journals: &Journals, engine: &Engine) -> String {
    let client = stage.polymarket_client(RUN_WALLET, "judge").await;
    let open = client.open_orders(&PolyOrdersQuery::default()).all().await.unwrap();
    assert!(open.is_empty(), "resting after an orderly end: {open:?}");
    // An order's hash follows from our name for it: two hashes of one name would be two orders.
    for (client_id, names) in &journals.names {
        assert_eq!(names.len(), 1, "{client_id} has several names: {names:?}");
    }
    let known: BTreeSet<&str> = journals.names.values().flatten().map(String::as_str).collect();
    let creds = client.credentials().unwrap();
    let listing = client.listings(&[stage.condition.parse().unwrap()]).await.unwrap().listings.remove(0);
    let mut tokens = TokenMap::new();
    tokens.insert(listing.tokens());
    let mut theirs = BTreeMap::new();
    for trade in client.trades(&TradesQuery::default()).all().await.unwrap() {
        let trade = UserTrade::from(trade);
        if trade_status(&trade).unwrap() == FillStatus::Failed {
            continue;
        }
        for fill in own_fills(&trade, creds.key(), &tokens).unwrap() {
            assert!(known.contains(fill.order.as_str()), "{} traded, and no journal knows it", fill.order);
            theirs.insert((fill.trade.to_string(), fill.order.to_string()), fill.qty);
        }
    }
    assert_eq!(booked(engine, Venue::Polymarket), theirs, "fills at Polymarket");
    let address = wallet(RUN_WALLET).address();
    let account = stage.exchange.admin_get(&format!("/polymarket/accounts/{address}"));
    let cash: Money = account["cash"].as_str().unwrap().parse().unwrap();
    let mine = engine.state().portfolio.cash(Venue::Polymarket, 0);
    assert_eq!(mine, cash, "cash at Polymarket");
    let market = engine.state().universe.find(Venue::Polymarket, listing.ticker.as_str()).unwrap();
    let position = engine.state().portfolio.account(market);
    for (token, held) in [(listing.yes, position.yes.qty), (listing.no, position.no.qty)] {
        let token = token.to_string();
        let found = account["tokens"].as_array().unwrap().iter().find(|it| it["token_id"] == token.as_str());
        let balance: Qty = found.map_or(Qty::ZERO, |it| it["balance"].as_str().unwrap().parse().unwrap());
        assert_eq!(held, balance, "shares of {token}");
    }
    format!("Polymarket {} fills, difference ${}", theirs.len(), difference(mine, cash))
}
