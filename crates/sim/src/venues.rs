//! Both venues as the world has them: the embedded exchange, the program's account and others' on it, and what the world can do
//! to its markets.

use std::cell::RefCell;
use std::sync::OnceLock;
use std::time::Duration;

use alloy_primitives::{Address, B256};
use brier_engine::codec::Record;
use brier_engine::risk::{Budget, Limits};
use brier_engine::{Custody, Engine, EngineConfig, Fees, Funding, Input, Instrument, MarketId, PlaceOrder, Planted};
use brier_exchange::sim::{AccountTruth, HttpRequest, OrderTruth, SimExchange, SocketFrame, SocketId, SocketKind};
use brier_exchange::{LimitsChange, PolymarketChange, SettlementChange};
use brier_kalshi::keys::{Credentials, KeyKind, PrivateKey};
use brier_kalshi::rest::create_request;
use brier_kalshi::stream::{Interest, Session, SessionConfig};
use brier_kalshi_protocol::fees::{FeeMultiplier, FeeSchedule, FeeType};
use brier_kalshi_protocol::rest::{BucketLimit, Method, Operation};
use brier_kalshi_protocol::ws::WS_PATH;
use brier_polymarket::discovery::Listing;
use brier_polymarket::keys::Wallet;
use brier_polymarket::orders::{Leg, Maker, prepare};
use brier_polymarket::stream::{LinkConfig, MarketConfig, MarketSession, UserSession};
use brier_polymarket_protocol::auth::{ApiCreds, WalletKey, l1_headers, l2_headers};
use brier_polymarket_protocol::contracts::Chain;
use brier_polymarket_protocol::convert::TokenMap;
use brier_polymarket_protocol::ids::SignatureType;
use brier_polymarket_protocol::order_body;
use brier_polymarket_protocol::stream::command::StreamAuth;
use brier_polymarket_protocol::tick::TickSize;
use brier_runtime::core::Core;
use brier_runtime::gateway::{
    Gateway, HttpCall, KalshiConfig, KalshiGateway, Outcome, Permit, PolymarketConfig, PolymarketGateway,
};
use brier_runtime::node::{Effect, Event, Moment, Node, Socket, Wiring};
use brier_runtime::recovery::rebuild;
use brier_types::{
    BookSide, ClientOrderId, Market, MarketResult, MarketStatus, MarketTicker, Money, NewOrder, Price, PriceGrid, Qty,
    Rounding, SelfTradePrevention, TimeInForce, Timestamp, Venue,
};
use serde_json::json;

use crate::arbitrageur::Arbitrageur;
use crate::chance::Chance;
use crate::disk::{Disk, DiskError};
use crate::plan::Plan;
use crate::trader::Trader;

/// What the program begins with on each venue, in dollars.
const FUNDS: i64 = 1_000;
/// What others have.
const HOUSE_FUNDS: i64 = 1_000_000;
/// By how many cents others' opinions of one event on two venues may differ.
const APART: u8 = 16;
/// Latest moment at which a venue can take a request: its signature's window, by the exchange's own rule, and a margin.
const REQUEST_LIFE: Duration = Duration::from_secs(45);

/// One end of a connection.
pub type Link = SocketId;

/// What a market has of the program's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// Millionths of a contract, plus is YES.
    pub net: i64,
    /// What rests.
    pub orders: Vec<OrderTruth>,
}

struct Traded {
    venue: Venue,
    ticker: MarketTicker,
    /// Of Polymarket.
    listing: Option<Listing>,
    /// Where others think it is, in cents.
    middle: u8,
    over: bool,
    paused: bool,
}

struct KalshiUser {
    user_id: String,
    credentials: Credentials,
}

struct PolyUser {
    wallet: Wallet,
    creds: ApiCreds,
}

/// The venues.
pub struct Venues {
    plan: Plan,
    planted: Option<Planted>,
    exchange: RefCell<SimExchange>,
    markets: Vec<Traded>,
    bot: Option<KalshiUser>,
    house: Option<KalshiUser>,
    poly_bot: Option<PolyUser>,
    poly_house: Option<PolyUser>,
    house_orders: u64,
    /// Others' orders that may rest: market, the venue's name.
    resting: Vec<(usize, String)>,
    redeem: Vec<usize>,
    /// Records of runs before the present one.
    earlier: RefCell<Vec<Vec<u8>>>,
    /// Requests of the program and orders of others so far.
    touches: u64,
}

impl std::fmt::Debug for Venues {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Venues").field("markets", &self.markets.len()).finish_non_exhaustive()
    }
}

fn dollars(dollars: i64) -> Money {
    Money::from_micros(dollars * 1_000_000)
}

/// One Ed25519 pair a process and role: what is signed with it is never looked at.
fn pem(house: bool) -> &'static str {
    static PAIRS: OnceLock<[String; 2]> = OnceLock::new();
    let pairs = PAIRS.get_or_init(|| {
        [(); 2].map(|()| {
            let key = PrivateKey::generate(KeyKind::Ed25519).expect("the system has randomness");
            key.to_pkcs8_pem().expect("a key can be written").to_string()
        })
    });
    &pairs[usize::from(house)]
}

impl Venues {
    /// The venues of a plan, with markets listed, accounts opened and others' first orders resting.
    pub fn new(plan: &Plan, start: Timestamp, planted: Option<Planted>) -> Self {
        let mut venues = Self {
            plan: plan.clone(),
            planted,
            exchange: RefCell::new(SimExchange::start(start, plan.seed, Money::ZERO)),
            markets: Vec::new(),
            bot: None,
            house: None,
            poly_bot: None,
            poly_house: None,
            house_orders: 0,
            resting: Vec::new(),
            redeem: Vec::new(),
            earlier: RefCell::default(),
            touches: 0,
        };
        let mut chance = Chance::new(plan.seed ^ 0x0BEE_F00D);
        if plan.kalshi_markets > 0 {
            venues.bot = Some(venues.open_user(false, FUNDS));
            venues.house = Some(venues.open_user(true, HOUSE_FUNDS));
            venues.list_kalshi(start, &mut chance);
        }
        if plan.polymarket_markets > 0 {
            venues.poly_bot = Some(venues.open_wallet(7, FUNDS));
            venues.poly_house = Some(venues.open_wallet(9, HOUSE_FUNDS));
            venues.list_polymarket(&mut chance);
        }
        for place in 0..venues.markets.len() {
            venues.markets[place].middle = venues.near_its_twin(place, venues.markets[place].middle);
        }
        for place in 0..venues.markets.len() {
            for _ in 0..6 {
                venues.house_order(place, &mut chance, false);
            }
        }
        venues
    }

    fn open_user(&self, house: bool, funds: i64) -> KalshiUser {
        let key = PrivateKey::from_pem(pem(house)).expect("a PEM that was just written");
        let public = key.public_key().to_pem().expect("a key can be written");
        let name = if house { "house" } else { "bot" };
        let plenty = BucketLimit { refill_rate: 1_000_000, bucket_capacity: 1_000_000 };
        let account = self.exchange.borrow_mut().manage(|admin| async move {
            let account = admin.create_account(name, KeyKind::Ed25519, Some(public)).await.expect("an account opens");
            admin.fund(&account.user_id, dollars(funds)).await.expect("an account is funded");
            let change = LimitsChange { tier: None, read: Some(plenty), write: Some(plenty) };
            admin.set_limits(&account.user_id, change).await.expect("limits are set");
            account
        });
        let credentials = Credentials::from_pem(&account.key_id, pem(house)).expect("a PEM that was just written");
        KalshiUser { user_id: account.user_id, credentials }
    }

    fn list_kalshi(&mut self, start: Timestamp, chance: &mut Chance) {
        let close = start.plus(Duration::from_hours(48)).to_string();
        let exclusive = self.plan.exclusive;
        let count = self.plan.kalshi_markets;
        self.exchange.borrow_mut().manage(|admin| async move {
            let series = json!({ "ticker": "KXT", "title": "T", "frequency": "daily", "fee_type": "quadratic_with_maker_fees", "fee_multiplier": 1 });
            admin.put_series(series).await.expect("a series is listed");
            let event = json!({ "event_ticker": "KXT-1", "series_ticker": "KXT", "title": "T", "mutually_exclusive": exclusive });
            admin.put_event(event).await.expect("an event is listed");
            for number in 0..count {
                let market = json!({
                    "ticker": format!("KXT-1-{number}"), "event_ticker": "KXT-1", "title": "T", "yes_sub_title": "T",
                    "open_time": start.to_string(), "close_time": close, "settlement_timer_seconds": 5,
                });
                admin.create_market(market).await.expect("a market is listed");
            }
        });
        for number in 0..count {
            self.markets.push(Traded {
                venue: Venue::Kalshi,
                ticker: format!("KXT-1-{number}").parse().expect("a ticker"),
                listing: None,
                middle: chance.between(25, 75) as u8,
                over: false,
                paused: false,
            });
        }
    }

    fn open_wallet(&self, number: u8, funds: i64) -> PolyUser {
        let key = WalletKey::from_bytes(&[number; 32]).expect("a small number is a key");
        let address = key.address();
        let mut exchange = self.exchange.borrow_mut();
        let seconds = u64::try_from(exchange.now().secs()).unwrap_or_default();
        let headers = l1_headers(&key, Chain::Polygon, seconds, 0);
        let headers = headers.pairs().iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request =
            HttpRequest { method: "POST".to_owned(), target: "/auth/api-key".to_owned(), headers, body: Vec::new() };
        let answer = exchange.http(Venue::Polymarket, &request);
        let made: serde_json::Value = serde_json::from_slice(&answer.body).expect("credentials are JSON");
        let part = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
        let creds = ApiCreds::new(&part("apiKey"), &part("secret"), &part("passphrase")).expect("credentials");
        exchange.manage(|admin| async move {
            let admin = admin.polymarket();
            admin.set_tier(None, "unlimited").await.expect("a tier is set");
            admin.fund(address, dollars(funds)).await.expect("a wallet is funded");
        });
        let wallet = Wallet::new(key, SignatureType::Eoa, None).expect("an EOA needs no funder");
        PolyUser { wallet, creds }
    }

    fn list_polymarket(&mut self, chance: &mut Chance) {
        for number in 0..self.plan.polymarket_markets {
            let market =
                json!({ "question": format!("T {number}?"), "slug": format!("t-{number}"), "fee_rate": "0.04" });
            let listed = self.exchange.borrow_mut().manage(|admin| async move {
                admin.polymarket().list_market(market).await.expect("a market is listed")
            });
            let [yes, no] = &listed.token_ids;
            let mut listing = Listing::minimal(
                listed.condition_id.parse().expect("a condition"),
                yes.parse().expect("a token"),
                no.parse().expect("a token"),
                TickSize::from_price(Price::new(100).expect("a cent")).expect("a cent is a tick"),
                Qty::from_contracts(5).expect("five contracts"),
            );
            listing.neg_risk = listed.neg_risk;
            listing.fees =
                brier_polymarket_protocol::fees::FeeSchedule::new(40_000, 1, true, 0).expect("four percent is a rate");
            self.markets.push(Traded {
                venue: Venue::Polymarket,
                ticker: listing.ticker.clone(),
                listing: Some(listing),
                middle: chance.between(25, 75) as u8,
                over: false,
                paused: false,
            });
        }
    }

    // --- The program ------------------------------------------------------------------------------------------------

    fn instruments(&self) -> Vec<Instrument> {
        let kalshi_fees = FeeSchedule::new(FeeType::QuadraticWithMakerFees, FeeMultiplier::ONE);
        self.markets
            .iter()
            .map(|traded| {
                let (fees, custody, event, min_qty, exclusive) = match &traded.listing {
                    None => (Fees::Kalshi(kalshi_fees), Custody::Netted, "KXT-1", Qty::HUNDREDTH, self.plan.exclusive),
                    Some(listing) => (
                        Fees::Polymarket(listing.fees),
                        Custody::Tokens,
                        traded.ticker.as_str(),
                        Qty::from_contracts(5).expect("five contracts"),
                        false,
                    ),
                };
                Instrument {
                    market: Market {
                        venue: traded.venue,
                        ticker: traded.ticker.clone(),
                        event: event.parse().expect("an event's name"),
                        title: String::new(),
                        grid: PriceGrid::uniform(Price::new(100).expect("a cent")).expect("a cent is a step"),
                        size_step: Qty::HUNDREDTH,
                        open_time: crate::world::START,
                        close_time: crate::world::START.plus(Duration::from_hours(48)),
                        status: MarketStatus::Active,
                        result: None,
                    },
                    fees,
                    custody,
                    shard: 0,
                    min_qty,
                    min_taking: if custody == Custody::Tokens { Money::DOLLAR } else { Money::ZERO },
                    exclusive,
                    strike: None,
                }
            })
            .collect()
    }

    fn make_engine(plan: &Plan, planted: Option<Planted>) -> Engine {
        let contracts = |contracts| Qty::from_contracts(contracts).expect("a few contracts");
        let budget = Budget { may_open_short: plan.may_open_no, ..Budget::UNBOUNDED };
        let unlimited = Limits::unlimited_for_tests();
        let limits = Limits {
            max_position: contracts(plan.max_position),
            max_open_leg: plan
                .legs
                .map_or(unlimited.max_open_leg, |legs| Money::from_micros(legs.bound_cents * 10_000)),
            budgets: vec![budget; 2],
            ..unlimited
        };
        let mut config = EngineConfig::new(&format!("s{:x}", plan.seed & 0xFFFF_FFFF), limits);
        for habits in &mut config.habits {
            habits.request_life = REQUEST_LIFE;
            habits.reconcile_every = Duration::from_secs(20);
            habits.requests_per_second = 20;
        }
        config.planted = planted;
        let mut engine = Engine::new(config);
        for number in 0..2 {
            let left_alone = plan.pairs().flat_map(|(one, other)| [one, other]).collect();
            let trader = Trader::new(plan.seed.wrapping_add(number), plan.restless, left_alone);
            engine.seat(&format!("trader-{number}"), Box::new(trader));
        }
        if let Some(legs) = plan.legs {
            let arbitrageur = Arbitrageur::new(plan.seed.wrapping_add(2), legs, plan.pairs().collect());
            engine.seat("arbitrageur", Box::new(arbitrageur));
        }
        engine
    }

    fn wiring(&self) -> Wiring {
        let seed = self.plan.seed;
        let mut gateways: Vec<Box<dyn Gateway + Send>> = Vec::new();
        let of = |venue| self.markets.iter().filter(move |traded| traded.venue == venue);
        let kalshi = self.bot.as_ref().map(|bot| {
            let permit = Permit::kalshi(&brier_kalshi::Env::Demo, None);
            // As much as the simulated accounts have.
            let config = KalshiConfig {
                reads: (1_000_000, 1_000_000),
                writes: (1_000_000, 1_000_000),
                ..KalshiConfig::new(permit)
            };
            gateways.push(Box::new(KalshiGateway::new(bot.credentials.clone(), config)));
            let tickers = of(Venue::Kalshi).map(|traded| traded.ticker.clone()).collect();
            Session::new(SessionConfig::new(seed), &Interest::trading(tickers))
        });
        let mut books = Vec::new();
        let user = self.poly_bot.as_ref().map(|bot| {
            let env: brier_polymarket::Env = "local".parse().expect("a word for an exchange near by");
            let config = PolymarketConfig::new(Chain::Polygon, Permit::polymarket(&env, None));
            let wallet = Wallet::new(WalletKey::from_bytes(&[7; 32]).expect("a key"), SignatureType::Eoa, None);
            let mut gateway = PolymarketGateway::new(wallet.expect("an EOA"), bot.creds.clone(), config);
            let (mut tokens, mut listings) = (TokenMap::new(), Vec::new());
            for listing in of(Venue::Polymarket).filter_map(|traded| traded.listing.as_ref()) {
                gateway.list(listing.clone());
                let listed = listing.tokens();
                tokens.insert(listed.clone());
                listings.push((listed, listing.fees));
            }
            gateways.push(Box::new(gateway));
            let listed = listings.iter().map(|(listing, _)| listing.clone()).collect();
            books.push(MarketSession::new(MarketConfig::new(seed), listed));
            let auth = StreamAuth {
                api_key: bot.creds.key().to_owned(),
                secret: bot.creds.secret().expose().to_owned(),
                passphrase: bot.creds.expose_passphrase().to_owned(),
            };
            let mut user = UserSession::new(LinkConfig::new(seed ^ 1), auth, Vec::new(), tokens);
            for (listing, fees) in listings {
                user.account_mut().list(listing, fees);
            }
            user
        });
        Wiring { kalshi, books, user, gateways }
    }

    /// Brings the program back from what its disk holds, and gives the number of its new run.
    ///
    /// # Errors
    /// What the recovery said.
    pub fn recover(&self, records: &[Vec<u8>], disk: Disk) -> Result<(Node<Disk>, u32), String> {
        let make = || Self::make_engine(&self.plan, self.planted);
        let (checkpoint, run) = if records.is_empty() {
            (make().checkpoint(), 1)
        } else {
            let (engine, replayed) =
                rebuild(records.iter().map(Ok), |_| Ok(make())).map_err(|error| error.to_string())?;
            (engine.checkpoint(), replayed.run + 1)
        };
        let mut engine = make();
        engine.restore(&checkpoint).map_err(|error| error.to_string())?;
        let mut record = Vec::new();
        Record::put_begin(run, "", &checkpoint, &mut record);
        // A run begins with a journal of its own; what was before stays for whoever asks.
        let mut platter = disk.0.borrow_mut();
        self.earlier.borrow_mut().extend(records.iter().cloned());
        platter.durable = vec![record];
        platter.pending.clear();
        drop(platter);
        Ok((Node::new(Core::new(engine, disk), self.wiring()), run))
    }

    /// Begins a run: the markets are listed where they are not yet, and the node starts.
    ///
    /// # Errors
    /// The disk's.
    pub fn begin(
        &self,
        node: &mut Node<Disk>,
        moment: Moment,
        run: u32,
        effects: &mut Vec<Effect>,
    ) -> Result<(), DiskError> {
        if node.engine().state().universe.is_empty() {
            let listed = self.instruments().into_iter().map(|it| Event::Input(Input::Listed(Box::new(it))));
            node.handle(moment, listed, effects)?;
        }
        node.start(moment, run, effects)
    }

    /// Replays one run's records, and gives the sum of the state that they lead to.
    ///
    /// # Errors
    /// What the replay said.
    pub fn replay(&self, records: &[Vec<u8>]) -> Result<u64, String> {
        let make = || Self::make_engine(&self.plan, self.planted);
        let rebuilt = rebuild(records.iter().map(Ok), |_| Ok(make()));
        rebuilt.map(|(_, replayed)| replayed.state_sum).map_err(|error| error.to_string())
    }

    /// The records of all runs.
    pub fn all_records(&self, present: &[Vec<u8>]) -> Vec<Vec<u8>> {
        self.earlier.borrow().iter().chain(present).cloned().collect()
    }

    // --- Wires ------------------------------------------------------------------------------------------------------

    /// Moves the venues' time.
    pub fn advance(&mut self, to: Timestamp) {
        self.exchange.borrow_mut().advance(to);
    }

    /// Opens a connection of the program.
    ///
    /// # Errors
    /// Why there is none.
    pub fn open(&mut self, socket: Socket, wall: Timestamp) -> Result<Link, String> {
        let mut exchange = self.exchange.borrow_mut();
        let (kind, headers) = match socket {
            Socket::Kalshi => {
                let bot = self.bot.as_ref().ok_or("no account")?;
                let signed =
                    bot.credentials.sign_request(wall, Method::Get, WS_PATH).map_err(|error| error.to_string())?;
                let headers = signed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
                (SocketKind::Kalshi, headers)
            }
            Socket::PolymarketMarket(_) => (SocketKind::PolymarketMarket, Vec::new()),
            Socket::PolymarketUser => (SocketKind::PolymarketUser, Vec::new()),
        };
        exchange.open_socket(kind, &headers).map_err(|status| format!("the handshake was refused with {status}"))
    }

    /// A frame of the program arrives.
    pub fn say(&mut self, link: Link, text: &str) {
        self.exchange.borrow_mut().send_frame(link, text);
    }

    /// What a connection has said since the last call, and why it ended if it did.
    pub fn heard(&mut self, link: Link) -> (Vec<String>, Option<String>) {
        let (mut texts, mut closed) = (Vec::new(), None);
        for frame in self.exchange.borrow_mut().take_frames(link) {
            match frame {
                SocketFrame::Text(text) => texts.push(text),
                SocketFrame::Closed(reason) => closed = Some(reason),
            }
        }
        (texts, closed)
    }

    /// The program's end is gone.
    pub fn hang_up(&mut self, link: Link) {
        self.exchange.borrow_mut().close_socket(link);
    }

    /// A request of the program arrives.
    pub fn call(&mut self, venue: Venue, call: &HttpCall) -> Outcome {
        self.touches += 1;
        let request = HttpRequest {
            method: call.method.as_str().to_owned(),
            target: call.target.clone(),
            headers: call.headers.clone(),
            body: call.body.clone(),
        };
        let answer = self.exchange.borrow_mut().http(venue, &request);
        let retry_after = answer.headers.iter().find(|(name, _)| name == "retry-after");
        let retry_after = retry_after.and_then(|(_, text)| text.parse().ok()).map(Duration::from_secs);
        // As the venues' hosts do, and whole seconds as it is written there.
        let date = Some(Timestamp::from_nanos(self.exchange.borrow().now().secs() * 1_000_000_000));
        Outcome::Answered { status: answer.status, date, retry_after, body: answer.body }
    }

    // --- Others -----------------------------------------------------------------------------------------------------

    /// Others do something somewhere.
    pub fn house(&mut self, chance: &mut Chance) {
        if self.markets.is_empty() {
            return;
        }
        let place = chance.below(self.markets.len() as u64) as usize;
        if self.markets[place].over {
            return;
        }
        if chance.per_mille(200) {
            let middle = i64::from(self.markets[place].middle) + chance.between(0, 4) as i64 - 2;
            self.markets[place].middle = self.near_its_twin(place, middle.clamp(8, 92) as u8);
        }
        match chance.below(10) {
            0..=4 => self.house_order(place, chance, false),
            5..=7 => self.house_order(place, chance, true),
            _ => self.house_cancel(chance),
        }
    }

    /// The other market of an event that both venues list.
    fn twin(&self, place: usize) -> Option<usize> {
        let market = MarketId(place as u32);
        self.plan.pairs().find_map(|(one, other)| match market {
            _ if market == one => Some(other.index()),
            _ if market == other => Some(one.index()),
            _ => None,
        })
    }

    /// Others think differently of one event on two venues, and not too differently: arbitrages come and go.
    fn near_its_twin(&self, place: usize, middle: u8) -> u8 {
        match self.twin(place).map(|twin| self.markets[twin].middle) {
            Some(twin) => middle.clamp(twin.saturating_sub(APART), twin.saturating_add(APART)),
            None => middle,
        }
    }

    fn house_order(&mut self, place: usize, chance: &mut Chance, crosses: bool) {
        let side = if chance.per_mille(500) { BookSide::Bid } else { BookSide::Ask };
        let away = if crosses { -(chance.between(2, 6) as i64) } else { chance.between(1, 6) as i64 };
        let middle = i64::from(self.markets[place].middle);
        let cents = if side == BookSide::Bid { middle - away } else { middle + away }.clamp(2, 98) as u16;
        self.house_orders += 1;
        self.touches += u64::from(crosses);
        let order = NewOrder {
            client_order_id: ClientOrderId::new(&format!("house-{}", self.house_orders)).expect("an id"),
            market: self.markets[place].ticker.clone(),
            side,
            price: Price::new(cents * 100).expect("cents are a price"),
            qty: Qty::from_contracts(chance.between(5, 20)).expect("a few contracts"),
            time_in_force: if crosses { TimeInForce::Ioc } else { TimeInForce::Gtc },
            post_only: false,
            reduce_only: false,
            self_trade_prevention: SelfTradePrevention::Maker,
            cancel_on_pause: false,
            group: None,
        };
        let rests = match self.markets[place].venue {
            Venue::Kalshi => self.house_kalshi(&order),
            Venue::Polymarket => self.house_polymarket(place, &order),
        };
        if let Some(id) = rests.filter(|_| !crosses) {
            self.resting.push((place, id));
        }
    }

    fn house_kalshi(&mut self, order: &NewOrder) -> Option<String> {
        let body = serde_json::to_vec(&create_request(order)).expect("a request is JSON");
        let answer = self.house_call(Operation::CreateOrder, &[], "", body)?;
        Some(answer["order_id"].as_str()?.to_owned())
    }

    fn house_call(
        &mut self,
        operation: Operation,
        parts: &[&str],
        query: &str,
        body: Vec<u8>,
    ) -> Option<serde_json::Value> {
        let house = self.house.as_ref()?;
        let mut exchange = self.exchange.borrow_mut();
        let path = operation.path(parts);
        let signed = house.credentials.sign_request(exchange.now(), operation.method(), &path).ok()?;
        let headers = signed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let method = operation.method().as_str().to_owned();
        let request = HttpRequest { method, target: format!("{path}{query}"), headers, body };
        let answer = exchange.http(Venue::Kalshi, &request);
        (200..300).contains(&answer.status).then(|| serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    fn house_polymarket(&mut self, place: usize, order: &NewOrder) -> Option<String> {
        let house = self.poly_house.as_ref()?;
        let listing = self.markets[place].listing.as_ref()?;
        let maker = Maker { wallet: &house.wallet, chain: Chain::Polygon, builder: B256::ZERO };
        let now = self.exchange.borrow().now();
        let prepared = prepare(order, Leg::Buy, listing, maker, now).ok()?;
        let body = order_body::write(&prepared.signed, house.creds.key(), prepared.terms).into_bytes();
        let answer = self.poly_call("POST", "/order", body)?;
        let id = answer["orderID"].as_str()?.to_owned();
        (!id.is_empty()).then_some(id)
    }

    fn poly_call(&mut self, method: &str, path: &str, body: Vec<u8>) -> Option<serde_json::Value> {
        let house = self.poly_house.as_ref()?;
        let mut exchange = self.exchange.borrow_mut();
        let seconds = u64::try_from(exchange.now().secs()).unwrap_or_default();
        let signed = l2_headers(&house.creds, house.wallet.address(), seconds, method, path, &body);
        let headers = signed.pairs().iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = HttpRequest { method: method.to_owned(), target: path.to_owned(), headers, body };
        let answer = exchange.http(Venue::Polymarket, &request);
        (200..300).contains(&answer.status).then(|| serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    fn house_cancel(&mut self, chance: &mut Chance) {
        if self.resting.len() < 12 {
            return;
        }
        let at = chance.below(self.resting.len() as u64) as usize;
        let (place, id) = self.resting.swap_remove(at);
        match self.markets[place].venue {
            Venue::Kalshi => {
                let query = format!("?market_ticker={}", self.markets[place].ticker);
                self.house_call(Operation::CancelOrder, &[&id], &query, Vec::new());
            }
            Venue::Polymarket => {
                let body = json!({ "orderID": id }).to_string().into_bytes();
                self.poly_call("DELETE", "/order", body);
            }
        }
    }

    // --- Trouble ----------------------------------------------------------------------------------------------------

    fn running(&self, chance: &mut Chance, venue: Option<Venue>) -> Option<usize> {
        let places: Vec<usize> = (0..self.markets.len())
            .filter(|place| !self.markets[*place].over && venue.is_none_or(|venue| self.markets[*place].venue == venue))
            .collect();
        (!places.is_empty()).then(|| *chance.pick(&places))
    }

    /// Pauses a market, and says which.
    pub fn pause(&mut self, chance: &mut Chance) -> Option<usize> {
        let place = self.running(chance, None)?;
        self.set_paused(place, true);
        Some(place)
    }

    fn set_paused(&mut self, place: usize, paused: bool) {
        self.markets[place].paused = paused;
        let (venue, ticker) = (self.markets[place].venue, self.markets[place].ticker.to_string());
        self.exchange.borrow_mut().manage(|admin| async move {
            // A market that is over refuses, and stays over.
            let result = match (venue, paused) {
                (Venue::Kalshi, true) => admin.pause(&ticker).await,
                (Venue::Kalshi, false) => admin.resume(&ticker).await,
                (Venue::Polymarket, paused) => {
                    admin.polymarket().change_market(&ticker, PolymarketChange::Accept(!paused)).await
                }
            };
            drop(result);
        });
    }

    /// Lets a market go on.
    pub fn resume(&mut self, place: usize) {
        if self.markets[place].paused && !self.markets[place].over {
            self.set_paused(place, false);
        }
    }

    /// Lets all markets go on.
    pub fn resume_all(&mut self) {
        for place in 0..self.markets.len() {
            self.resume(place);
        }
    }

    /// Moves a market's close to soon.
    pub fn close_early(&mut self, chance: &mut Chance) -> String {
        let Some(place) = self.running(chance, Some(Venue::Kalshi)) else { return "nothing to close".to_owned() };
        let ticker = self.markets[place].ticker.to_string();
        let at = self.exchange.borrow().now().plus(chance.millis(200, 4_000));
        self.exchange.borrow_mut().manage(|admin| async move { drop(admin.move_close(&ticker, at).await) });
        format!("market {place} closes at {at}")
    }

    /// Ends a market with a result.
    pub fn settle(&mut self, chance: &mut Chance, result: MarketResult) -> String {
        // Something stays to be traded.
        let least = if self.plan.legs.is_some() { 4 } else { 2 };
        if self.markets.iter().filter(|traded| !traded.over).count() < least {
            return "nothing to settle".to_owned();
        }
        let Some(place) = self.running(chance, None) else { return "nothing to settle".to_owned() };
        self.end_market(place, result);
        // One event, one result.
        if let Some(twin) = self.twin(place) {
            self.end_market(twin, result);
        }
        format!("market {place} resolves {result}")
    }

    fn end_market(&mut self, place: usize, result: MarketResult) {
        self.markets[place].over = true;
        let (venue, ticker) = (self.markets[place].venue, self.markets[place].ticker.to_string());
        self.exchange.borrow_mut().manage(|admin| async move {
            match venue {
                Venue::Kalshi => {
                    drop(admin.resume(&ticker).await);
                    drop(admin.close(&ticker).await);
                    drop(admin.determine(&ticker, result, None).await);
                }
                Venue::Polymarket => {
                    drop(admin.polymarket().change_market(&ticker, PolymarketChange::Resolve(result)).await);
                }
            }
        });
        if venue == Venue::Polymarket {
            self.redeem.push(place);
        }
    }

    /// Changes a market's price steps.
    pub fn change_tick(&mut self, chance: &mut Chance) -> String {
        let Some(place) = self.running(chance, Some(Venue::Polymarket)) else { return "no steps to change".to_owned() };
        let ticker = self.markets[place].ticker.to_string();
        let tick = Price::new(*chance.pick(&[10, 100])).expect("a step");
        self.exchange.borrow_mut().manage(|admin| async move {
            drop(admin.polymarket().change_market(&ticker, PolymarketChange::Tick(tick)).await);
        });
        format!("market {place} trades in steps of {tick}")
    }

    /// Lets a venue's engine take less.
    pub fn change_mode(&mut self, chance: &mut Chance) -> String {
        if self.poly_bot.is_some() && chance.per_mille(600) {
            let mode = *chance.pick(&["restarting", "post_only", "cancel_only", "disabled"]);
            self.exchange.borrow_mut().manage(|admin| async move {
                drop(admin.polymarket().set_engine(mode, 5).await);
            });
            return format!("polymarket's engine is {mode}");
        }
        let trading = chance.per_mille(500);
        self.exchange.borrow_mut().manage(|admin| async move { drop(admin.set_active(trading, false).await) });
        format!("kalshi takes no orders, and the exchange is {}", if trading { "active" } else { "closed" })
    }

    /// Everything is taken again.
    pub fn normal_mode(&mut self) {
        self.exchange.borrow_mut().manage(|admin| async move {
            drop(admin.set_active(true, true).await);
            drop(admin.polymarket().set_engine("normal", 0).await);
        });
    }

    /// The next match fails on the chain.
    pub fn fail_next(&mut self) {
        self.exchange.borrow_mut().manage(|admin| async move {
            let change = SettlementChange { fail_next: Some(1), ..SettlementChange::default() };
            drop(admin.polymarket().set_settlement(change).await);
        });
    }

    /// Redeems what resolved, once nothing waits to be settled.
    pub fn redeem_resolved(&mut self) {
        if self.redeem.is_empty() || self.exchange.borrow_mut().polymarket_unsettled() {
            return;
        }
        for place in std::mem::take(&mut self.redeem) {
            let ticker = self.markets[place].ticker.to_string();
            self.exchange.borrow_mut().manage(|admin| async move {
                drop(admin.polymarket().redeem_all(&ticker).await);
            });
        }
    }

    // --- Truth ------------------------------------------------------------------------------------------------------

    /// How many markets there are.
    pub const fn market_count(&self) -> usize {
        self.markets.len()
    }

    /// Where a market is.
    pub fn venue_of(&self, market: MarketId) -> Venue {
        self.markets.get(market.index()).map_or(Venue::Kalshi, |traded| traded.venue)
    }

    /// Whether a market has a result.
    pub fn is_over(&self, market: MarketId) -> bool {
        self.markets[market.index()].over
    }

    fn bot_address(&self) -> Option<Address> {
        self.poly_bot.as_ref().map(|bot| bot.wallet.address())
    }

    /// What the venue knows of the program's account in a market.
    pub fn truth(&self, market: MarketId) -> Truth {
        let traded = &self.markets[market.index()];
        let exchange = self.exchange.borrow_mut();
        let found = match (traded.venue, &self.bot, self.bot_address()) {
            (Venue::Kalshi, Some(bot), _) => exchange.kalshi_position(&bot.user_id, traded.ticker.as_str()),
            (Venue::Polymarket, _, Some(wallet)) => exchange.polymarket_position(wallet, traded.ticker.as_str()),
            _ => return Truth { net: 0, orders: Vec::new() },
        };
        Truth { net: found.net, orders: found.orders }
    }

    /// The program's cash on each venue's shard, as exactly as the venue tells it: Kalshi's ledger has digits below the
    /// $0.0001 that its reads end at, where a payout came while orders rested. Source: reference (Kalshi), section 11.
    pub fn cash(&self) -> Vec<(Venue, u16, Money)> {
        let exchange = self.exchange.borrow_mut();
        let mut cash = Vec::new();
        if let Some(bot) = &self.bot {
            let told = exchange.kalshi_cash(&bot.user_id).round_to(Money::CENTICENT, Rounding::Floor);
            cash.push((Venue::Kalshi, 0, told));
        }
        if let Some(wallet) = self.bot_address() {
            cash.push((Venue::Polymarket, 0, exchange.polymarket_cash(wallet)));
        }
        cash
    }

    /// The program's fills by the venues' word: venue, trade, order, contracts.
    pub fn fills(&self) -> Vec<(Venue, String, String, Qty)> {
        let exchange = self.exchange.borrow_mut();
        let mut fills = Vec::new();
        if let Some(bot) = &self.bot {
            let found = exchange.kalshi_fills(&bot.user_id);
            fills.extend(found.into_iter().map(|(trade, order, qty)| (Venue::Kalshi, trade, order, qty)));
        }
        if let Some(wallet) = self.bot_address() {
            let found = exchange.polymarket_fills(wallet);
            fills.extend(found.into_iter().map(|(trade, order, qty)| (Venue::Polymarket, trade, order, qty)));
        }
        fills
    }

    /// Grows whenever something happened from which a fill may have come.
    pub const fn touches(&self) -> u64 {
        self.touches
    }

    /// Everything of the program's accounts by the venues' word.
    pub fn accounts(&self) -> Vec<(Venue, AccountTruth)> {
        let exchange = self.exchange.borrow_mut();
        let kalshi = self.bot.as_ref().map(|bot| (Venue::Kalshi, exchange.kalshi_account(&bot.user_id)));
        let polymarket = self.bot_address().map(|it| (Venue::Polymarket, exchange.polymarket_account(it)));
        kalshi.into_iter().chain(polymarket).collect()
    }

    /// A market's name at its venue.
    pub fn name_of(&self, market: MarketId) -> &str {
        self.markets[market.index()].ticker.as_str()
    }

    /// Our names of all orders that ever reached a venue where they carry our name.
    pub fn orders_ever(&self) -> Vec<String> {
        self.bot.as_ref().map_or_else(Vec::new, |bot| self.exchange.borrow_mut().kalshi_orders_ever(&bot.user_id))
    }

    /// Hashes of all orders that ever reached the other venue.
    pub fn hashes_ever(&self) -> Vec<String> {
        self.bot_address().map_or_else(Vec::new, |wallet| self.exchange.borrow_mut().polymarket_orders_ever(wallet))
    }

    /// The hash that an order has at Polymarket if it was signed while prices went in these steps.
    pub fn hash_of(&self, place: &PlaceOrder, tick: TickSize) -> Option<String> {
        let bot = self.poly_bot.as_ref()?;
        let listing = self.markets.get(place.market_id.index())?.listing.clone()?;
        let listing = Listing { tick, min_size: Qty::ZERO, ..listing };
        let leg = match place.funding {
            Funding::Cash => Leg::Buy,
            Funding::Holdings => Leg::Sell { held: place.new.qty },
        };
        let maker = Maker { wallet: &bot.wallet, chain: Chain::Polygon, builder: B256::ZERO };
        let prepared = prepare(&place.new, leg, &listing, maker, place.created).ok()?;
        Some(prepared.hash.to_string())
    }

    /// Levels of a market's book.
    pub fn levels(&self, market: MarketId, side: BookSide) -> Vec<(Price, Qty)> {
        let traded = &self.markets[market.index()];
        let exchange = self.exchange.borrow_mut();
        match traded.venue {
            Venue::Kalshi => exchange.kalshi_levels(traded.ticker.as_str(), side),
            Venue::Polymarket => exchange.polymarket_levels(traded.ticker.as_str(), side),
        }
    }

    /// Whether the venues' own ledgers add up.
    ///
    /// # Errors
    /// By how much they do not.
    pub fn check_ledgers(&self) -> Result<(), String> {
        let (kalshi, polymarket) = self.exchange.borrow_mut().manage(|admin| async move {
            (
                admin.ledger().await.map(|it| it.difference()),
                admin.polymarket().ledger().await.map(|it| it.difference()),
            )
        });
        match (kalshi, polymarket) {
            (Ok(kalshi), Ok(polymarket)) if kalshi == Money::ZERO && polymarket == Money::ZERO => Ok(()),
            (kalshi, polymarket) => Err(format!("{kalshi:?}, {polymarket:?}")),
        }
    }

    /// Whether nothing at the venues waits to happen by itself.
    pub fn is_at_rest(&self) -> bool {
        !self.exchange.borrow_mut().polymarket_unsettled() && self.redeem.is_empty()
    }
}
