//! The strategy `arbitrage` through the live loop, over both venues: a set filled and written down, texts that do not prove the tie,
//! and a venue that goes away between two legs.

use std::sync::Arc;

use brier_engine::command::Scope;
use brier_engine::halts::Cause;
use brier_exchange::{PositionChange, Server, ServerConfig, SettlementChange, play_wallet};
use brier_kalshi::keys::KeyKind;
use brier_pairing::decisions::Note;
use brier_pairing::standing::Judged;
use brier_pairing::{Decisions, Listing as Text, read};
use brier_polymarket::discovery::Listing;
use brier_polymarket::keys::Wallet;
use brier_polymarket::orders::Leg;
use brier_polymarket_protocol::ids::{ConditionId, SignatureType};
use brier_types::{Money, SignedQty};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::*;
use crate::ledger::{AttemptLine, attempts};

const TICKER: &str = "KXARREST-28-AQUI";
const FUNDS: Money = Money::from_micros(1_000_000_000);
const SHARES: u64 = 1_000;

/// A venue's only door. It can be shut, and whoever sends an order through it may be made to wait.
struct Door {
    url: String,
    open: watch::Sender<bool>,
}

/// Who is asked before an order goes on, by where the answer goes.
type Gate = mpsc::Sender<oneshot::Sender<()>>;

impl Door {
    async fn before(inner: SocketAddr, orders: Option<Gate>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (open, is_open) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *is_open.borrow() {
                    tokio::spawn(pass(client, inner, orders.clone(), is_open.clone()));
                }
            }
        });
        Self { url, open }
    }
}

/// Lets one connection through until its door is shut.
async fn pass(client: TcpStream, inner: SocketAddr, orders: Option<Gate>, mut is_open: watch::Receiver<bool>) {
    let Ok(server) = TcpStream::connect(inner).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = async {
        let mut buffer = vec![0; 65_536];
        loop {
            let count = from_client.read(&mut buffer).await?;
            if count == 0 {
                return std::io::Result::Ok(());
            }
            if let (Some(orders), true) = (&orders, buffer[..count].starts_with(b"POST /order")) {
                let (go, gone) = oneshot::channel();
                if orders.send(go).await.is_ok() {
                    gone.await.ok();
                }
            }
            to_server.write_all(&buffer[..count]).await?;
        }
    };
    let down = async { tokio::io::copy(&mut from_server, &mut to_client).await.map(drop) };
    tokio::select! {
        _ = up => {}
        _ = down => {}
        _ = is_open.wait_for(|open| !open) => {}
    }
}

/// Both venues with somebody who quotes on them, and a folder for a run.
struct Venues {
    folder: tempfile::TempDir,
    server: RunningServer,
    kalshi: Door,
    _polymarket: Door,
    /// Orders on their way to Polymarket.
    orders: mpsc::Receiver<oneshot::Sender<()>>,
    trader: brier_kalshi::Client,
    maker: brier_polymarket::Client,
    listing: Listing,
    quoted: u32,
}

impl Venues {
    /// Lists the question at Kalshi and another one at Polymarket, and gives the run an account at each.
    async fn start(question: &str, gated: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let config = ServerConfig { listen: any_port, polymarket_listen: Some(any_port), ..ServerConfig::default() };
        let server = Server::start(config).await.unwrap();
        let catalog = json!({
            "series": [{"ticker": "KXARREST", "title": "A", "category": "C", "frequency": "custom", "fee_type": "quadratic",
                "fee_multiplier": 1}],
            "events": [{"event_ticker": "KXARREST-28", "series_ticker": "KXARREST", "title": "A"}],
            "markets": [{"ticker": TICKER, "event_ticker": "KXARREST-28",
                "title": "Will Ada Quill be arrested before Jan 1, 2028?",
                "rules_primary": "If Ada Quill is arrested before Jan 1, 2028, then the market resolves to Yes.",
                "open_time": "2020-01-01T00:00:00Z", "close_time": "2099-01-01T00:00:00Z"}],
        });
        server.load_catalog(catalog).await.unwrap();
        let (admin, at_polymarket) = (server.admin().clone(), server.admin().polymarket());
        let quick =
            SettlementChange { mine_after_ms: Some(1), confirm_after_ms: Some(1), ..SettlementChange::default() };
        at_polymarket.set_settlement(quick).await.unwrap();
        let listed = at_polymarket
            .list_market(json!({
                "question": format!("Will {question} by December 31, 2027?"), "slug": "quill",
                "endDate": "2099-01-01T00:00:00Z",
                "description": format!("This market will resolve to \"Yes\" if {} by December 31, 2027, 11:59 PM ET. \
                    Otherwise, this market will resolve to \"No\".", question.replace(" be ", " is ")),
            }))
            .await
            .unwrap();
        let condition: ConditionId = listed.condition_id.parse().unwrap();

        let account = admin.create_account("run", KeyKind::Ed25519, None).await.unwrap();
        admin.fund(&account.user_id, FUNDS).await.unwrap();
        brier_connect::private_file::write(&path.join("kalshi.pem"), &account.private_pem.unwrap()).unwrap();
        let maker_key = play_wallet(&path.join("maker.key")).unwrap();
        for (text, key) in [&maker_key, &play_wallet(&path.join("wallet.key")).unwrap()] {
            assert!(!text.is_empty());
            at_polymarket.open_wallets(key.address()).await.unwrap();
            at_polymarket.fund(key.address(), FUNDS).await.unwrap();
        }
        let clob = server.polymarket().unwrap().clob.clone();
        let env = brier_polymarket::Env::local(&clob).unwrap();
        let wallet = Wallet::from_hex(&maker_key.0, SignatureType::Eoa, None).unwrap();
        let maker = brier_polymarket::Client::new(env, Some(wallet), brier_polymarket::Config::new(1)).unwrap();
        maker.create_credentials(0).await.unwrap();
        let split =
            PositionChange::Split { market: condition.to_string(), qty: Qty::from_contracts(SHARES / 2).unwrap() };
        at_polymarket.position(maker_key.1.address(), split).await.unwrap();
        let listing = maker.listings(&[condition]).await.unwrap().listings.pop().unwrap();

        let key = server.operator().ed25519.clone();
        let credentials = Credentials::from_pem(&key.key_id, &key.private_pem).unwrap();
        let env = brier_kalshi::Env::local(&server.rest_url()).unwrap();
        let trader = brier_kalshi::Client::new(env, Some(credentials), brier_kalshi::Config::new(1)).unwrap();
        let (gate, orders) = mpsc::channel(1);
        let kalshi = Door::before(server.addr(), None).await;
        let polymarket = Door::before(server.polymarket().unwrap().addr, gated.then_some(gate)).await;
        let config = format!(
            "[run]\nname = \"arb\"\ndata_dir = \"data\"\n\
             [kalshi]\nurl = \"{}\"\nkey_id = \"{}\"\nkey_path = \"kalshi.pem\"\n\
             [polymarket]\nurl = \"{}\"\nkey_path = \"wallet.key\"\n\
             [[strategy]]\nname = \"pairs\"\nkind = \"arbitrage\"\n[strategy.parameters]\nhurdle = 0\npatience_s = 1\n\
             unwind_loss_dollars = 0.05\npairs = [\"kalshi:{TICKER} same polymarket:{condition}\"]\n",
            kalshi.url, account.key_id, polymarket.url,
        );
        std::fs::write(path.join("brier.toml"), config).unwrap();
        Self { folder, server, kalshi, _polymarket: polymarket, orders, trader, maker, listing, quoted: 0 }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn name(&mut self) -> ClientOrderId {
        self.quoted += 1;
        ClientOrderId::new(&format!("m-{}-{}", self.quoted, Clock::local_now().nanos())).unwrap()
    }

    async fn at_kalshi(&mut self, side: BookSide, cents: u8, contracts: u64) {
        let terms = (Price::from_cents(cents).unwrap(), Qty::from_contracts(contracts).unwrap());
        let order = NewOrder::limit(self.name(), TICKER.parse().unwrap(), side, terms, TimeInForce::Gtc);
        self.trader.create_order(&order).await.unwrap();
    }

    async fn at_polymarket(&mut self, side: BookSide, cents: u8, shares: u64) {
        let terms = (Price::from_cents(cents).unwrap(), Qty::from_contracts(shares).unwrap());
        let order = NewOrder::limit(self.name(), self.listing.ticker.clone(), side, terms, TimeInForce::Gtc);
        let leg = match side {
            BookSide::Bid => Leg::Buy,
            BookSide::Ask => Leg::Sell { held: Qty::from_contracts(SHARES / 2).unwrap() },
        };
        let prepared = self.maker.prepare_order(&order, leg, &self.listing, Clock::local_now()).unwrap();
        self.maker.post_order(&prepared).await.unwrap();
    }

    /// YES is asked at 0.40 at Polymarket while 0.60 is bid for it at Kalshi. Of the first less is there, so it goes first.
    async fn cross(&mut self) {
        self.at_polymarket(BookSide::Ask, 40, 60).await;
        self.at_kalshi(BookSide::Ask, 62, 300).await;
        self.at_kalshi(BookSide::Bid, 60, 300).await;
    }

    /// The run, which has compared its accounts with both venues.
    async fn run(&self) -> Run {
        let (tell, told) = oneshot::channel();
        let (words, mailbox) = mailbox();
        let prepared = prepared(self.path(), &[]);
        let task = tokio::spawn(run_with(prepared, (words.clone(), mailbox), move |_started| {
            tell.send(()).ok();
        }));
        let run = Run { words, task };
        let Ok(()) = told.await else { panic!("it does not start: {:?}", run.task.await) };
        run.until("both venues agree", |engine| {
            !engine.state().halts.iter().any(|it| matches!(it.cause, Cause::Unreconciled))
        })
        .await;
        run
    }

    /// Waits for an attempt that was not refused, as the ledger's file has it.
    async fn attempt(&self, ended: impl Fn(&AttemptLine) -> bool) -> AttemptLine {
        let begun = Instant::now();
        loop {
            let all = attempts(&self.path().join("data")).unwrap();
            if let Some(found) = all.iter().find(|it| ended(it)) {
                return found.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "{all:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn end(self, run: Run) -> Ended {
        assert!(matches!(ask_run(self.path(), ControlRequest::Shutdown).await, ControlAnswer::Done { .. }));
        let ended = run.task.await.unwrap().unwrap();
        // What happened is in the journal, and a replay comes to the same.
        let (_, last) = runs(&self.path().join("data")).unwrap().pop().unwrap();
        let (engine, replayed) = rebuild(records(&last).unwrap(), Written::make_engine).unwrap();
        assert_eq!(replayed.unrecorded, 0);
        let known: Vec<AttemptLine> = engine.attempts().map(|it| AttemptLine::of(&engine, it)).collect();
        assert_eq!(attempts(&self.path().join("data")).unwrap(), known);
        let clean = self.server.admin().ledger().await.unwrap().difference();
        let at_polymarket = self.server.admin().polymarket().ledger().await.unwrap().difference();
        assert_eq!((clean.micros(), at_polymarket.micros()), (0, 0));
        self.server.shutdown().await;
        ended
    }
}

/// A run under way.
struct Run {
    words: Teller,
    task: tokio::task::JoinHandle<Result<Ended, Failed>>,
}

impl Run {
    /// Waits until this is so of the engine.
    async fn until(&self, what: &str, is_so: impl Fn(&Engine) -> bool + Send + Sync + 'static) {
        let (begun, is_so) = (Instant::now(), Arc::new(is_so));
        loop {
            let looked = Arc::clone(&is_so);
            if look(&self.words, move |engine| looked(engine)).await == Some(true) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "expected: {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What it holds, in YES contracts: at Kalshi and at Polymarket.
    async fn positions(&self) -> [SignedQty; 2] {
        let held = look(&self.words, |engine| {
            [Venue::Kalshi, Venue::Polymarket].map(|venue| {
                let markets = engine.state().universe.iter().filter(|(_, it)| it.venue() == venue);
                let mut net = markets.map(|(market, _)| engine.state().portfolio.account(market).net());
                net.next().unwrap()
            })
        });
        held.await.unwrap()
    }
}

fn contracts(count: i64) -> SignedQty {
    SignedQty::from_micros(count * 1_000_000).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_whose_texts_agree_is_bought_on_both_venues_and_written_down() {
    let mut venues = Venues::start("Ada Quill be arrested", false).await;
    let run = venues.run().await;
    venues.cross().await;
    let line = venues.attempt(|it| it.ended == "complete").await;
    assert_eq!((line.strategy.as_str(), line.tried.as_str(), line.sets.as_str()), ("pairs", "20.00", "20.00"));
    let legs: Vec<_> =
        line.legs.iter().map(|leg| (leg.venue.as_str(), leg.side.as_str(), leg.bought.as_str())).collect();
    assert_eq!(legs, [("polymarket", "bid", "20.00"), ("kalshi", "ask", "20.00")]);
    // 20 less 8 for YES and 8 for NO, less Kalshi's 0.07 x 0.6 x 0.4 x 20 = 0.336.
    assert_eq!(line.locked_in, "3.664000", "{line:?}");
    assert_eq!(run.positions().await, [contracts(-20), contracts(20)]);
    assert_eq!(venues.end(run).await.left, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tie_whose_texts_disagree_is_taken_out_and_nothing_trades() {
    let mut venues = Venues::start("Bruno Fenwick be arrested", false).await;
    let run = venues.run().await;
    venues.cross().await;
    // A strategy decides in the same turn in which the engine hears of a book.
    run.until("both books are there, and cross", |engine| {
        let books = &engine.state().books;
        let mut best = engine.state().universe.iter().filter_map(|(market, it)| {
            let view = books.view(market).ok()?;
            match it.venue() {
                Venue::Kalshi => view.best_bid(),
                Venue::Polymarket => view.best_ask(),
            }
        });
        matches!((best.next(), best.next()), (Some(bid), Some(ask)) if bid.price.pips() == 6_000 && ask.price.pips() == 4_000)
    })
    .await;
    let quiet = look(&run.words, |engine| (engine.attempts().count(), engine.state().orders.iter_live().count()));
    assert_eq!(quiet.await, Some((0, 0)));
    assert_eq!(run.positions().await, [contracts(0); 2]);
    assert!(matches!(ask_run(venues.path(), ControlRequest::Shutdown).await, ControlAnswer::Done { .. }));
    run.task.await.unwrap().unwrap();
    // What was begun without the tie is read back without it, and the next run goes on.
    let again = venues.run().await;
    let quiet = look(&again.words, |engine| (engine.attempts().count(), engine.state().orders.iter_live().count()));
    assert_eq!(quiet.await, Some((0, 0)));
    assert_eq!(venues.end(again).await.left, 0);
}

/// Lets Polymarket's order go on only when the run knows that Kalshi is away.
async fn with_kalshi_away(venues: &mut Venues, run: &Run) {
    let go = tokio::time::timeout(PATIENCE, venues.orders.recv()).await.expect("an order is sent").unwrap();
    venues.kalshi.open.send(false).unwrap();
    run.until("the run knows that Kalshi is away", |engine| {
        engine.state().halts.iter().any(|it| it.scope == Scope::Venue(Venue::Kalshi))
    })
    .await;
    go.send(()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_venue_that_goes_away_between_the_legs_costs_no_more_than_the_rule_allows() {
    let mut venues = Venues::start("Ada Quill be arrested", true).await;
    let run = venues.run().await;
    venues.at_polymarket(BookSide::Bid, 38, 100).await;
    venues.cross().await;
    with_kalshi_away(&mut venues, &run).await;
    // The first leg filled, the second cannot be sent: what was bought is sold again, once it is final.
    let sale = tokio::time::timeout(PATIENCE, venues.orders.recv()).await.expect("it is sold again").unwrap();
    sale.send(()).unwrap();
    let line = venues.attempt(|it| it.ended == "unwound").await;
    let leg = &line.legs[0];
    assert_eq!(
        (leg.venue.as_str(), leg.bought.as_str(), leg.sold.as_str()),
        ("polymarket", "20.00", "20.00"),
        "{line:?}"
    );
    assert_eq!((line.sets.as_str(), line.locked_in.as_str()), ("0.00", "-0.400000"), "2 cents each, 5 were allowed");
    assert_eq!(run.positions().await, [contracts(0); 2]);
    venues.kalshi.open.send(true).unwrap();
    assert_eq!(venues.end(run).await.left, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leg_that_nobody_buys_back_is_held_within_the_bound() {
    let mut venues = Venues::start("Ada Quill be arrested", true).await;
    let run = venues.run().await;
    venues.cross().await;
    with_kalshi_away(&mut venues, &run).await;
    let line = venues.attempt(|it| it.ended == "held").await;
    assert_eq!((line.legs[0].open.as_str(), line.locked_in.as_str()), ("20.00", "-8.000000"), "{line:?}");
    let open = look(&run.words, Engine::open_legs).await.unwrap();
    assert!(open <= Money::from_micros(50_000_000) && open >= Money::from_micros(8_000_000), "{open}");
    venues.kalshi.open.send(true).unwrap();
    assert_eq!(venues.end(run).await.left, 0);
}

/// A pair that a person vetoes while the run is up: the set that comes then is not bought.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_veto_is_heard_while_a_run_is_up() {
    let mut venues = Venues::start("Ada Quill be arrested", false).await;
    let (file, decided) = (venues.path().join("brier.toml"), venues.path().join("decisions.jsonl"));
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&decided, Decisions::default().to_string()).unwrap();
    std::fs::write(&file, config.replace("hurdle = 0", "hurdle = 0\ndecisions = \"decisions.jsonl\"")).unwrap();
    let run = venues.run().await;
    let kalshi = Text::new(Venue::Kalshi, TICKER, "Will Ada Quill be arrested before Jan 1, 2028?");
    let polymarket = Text::new(Venue::Polymarket, venues.listing.ticker.as_str(), "Ada Quill arrested?");
    let (one, two) = (read(kalshi), read(polymarket));
    let mut decisions = Decisions::default();
    let note = Note { by: "ada".to_owned(), at: "2026-11-20T12:00:00Z".parse().unwrap(), why: "no".to_owned() };
    decisions.veto(&Judged::new(&one, &two).unwrap(), note).unwrap();
    std::fs::write(&decided, decisions.to_string()).unwrap();
    let paused = |engine: &Engine| {
        engine.state().halts.iter().any(|it| matches!((it.scope, it.cause), (Scope::Strategy(_), Cause::Operator)))
    };
    run.until("the strategy is paused", paused).await;
    // Nor does a resumption without a look at the file let it trade.
    let name = "pairs".to_owned();
    assert!(matches!(
        ask_run(venues.path(), ControlRequest::Unpause { strategy: name }).await,
        ControlAnswer::Done { .. }
    ));
    run.until("the strategy is paused again", paused).await;
    venues.cross().await;
    run.until("both books are there", |engine| {
        let (state, mut markets) = (engine.state(), engine.state().universe.iter());
        markets.all(|(market, _)| state.books.view(market).is_ok_and(|view| view.best_ask().is_some()))
    })
    .await;
    let quiet = look(&run.words, |engine| (engine.attempts().count(), engine.state().orders.iter_live().count()));
    assert_eq!(quiet.await, Some((0, 0)));
    assert_eq!(venues.end(run).await.left, 0);
}
