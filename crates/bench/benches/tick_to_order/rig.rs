//! The program around one tick: an engine with every limit of risk on, a stream that was subscribed, and frames that make the
//! taker of one market buy while the maker of another market quotes.

use std::collections::VecDeque;
use std::time::Duration;

use alloy_primitives::{B256, U256};
use brier_engine::risk::{Budget, Limits, Rate};
use brier_engine::{
    AccountSnapshot, Answer, Command, Custody, Engine, EngineConfig, FairValue, Fees, Input, Instrument, PlaceOrder,
    Request, RequestId, VenueCash,
};
use brier_kalshi::keys::{Credentials, KeyKind, PrivateKey};
use brier_kalshi::order_path::{HeaderRing, RequestWriter, RingConfig, Signing};
use brier_kalshi::stream as kalshi;
use brier_kalshi_protocol::fees::{FeeMultiplier, FeeSchedule, FeeType};
use brier_kalshi_protocol::rest::Operation;
use brier_polymarket::discovery::Listing;
use brier_polymarket::keys::Wallet;
use brier_polymarket::order_path as poly;
use brier_polymarket::orders::{Leg, Maker, prepare};
use brier_polymarket::stream::{self as polymarket, Machine as _};
use brier_polymarket_protocol::auth::{ApiCreds, WalletKey};
use brier_polymarket_protocol::contracts::Chain;
use brier_polymarket_protocol::convert;
use brier_polymarket_protocol::ids::{ConditionId, SignatureType, TokenId};
use brier_polymarket_protocol::tick::TickSize;
use brier_runtime::core::{Core, Sink};
use brier_runtime::gateway::{Action, CallId, Gateway, Outcome};
use brier_runtime::node::{Effect, Event, Moment, Node, Socket, Wiring};
use brier_strategies::{MarketMaker, MarketMakerParameters, Taker, TakerParameters};
use brier_types::{
    Market, MarketStatus, MarketTicker, Money, Price, PriceGrid, Prob, Qty, TimeInForce, Timestamp, Venue,
};

pub(crate) const START: Timestamp = Timestamp::from_nanos(1_795_176_000_000_000_000);
/// Between two ticks: as often as the ring's bounds let orders leave for good.
pub(crate) const STEP: Duration = Duration::from_millis(25);

/// A ring that is filled far ahead and seldom: in a run another thread signs, here it must not cool this one's caches.
pub(crate) const RING: RingConfig = RingConfig {
    spacing: Duration::from_millis(25),
    max_age: Duration::from_millis(500),
    max_ahead: Duration::from_millis(500),
    horizon: Duration::from_secs(10),
    uses: 1,
};
/// Contracts of every order.
const SIZE: u64 = 10;
/// It is filled once in so many ticks.
pub(crate) const REFILL: u32 = 100;

pub(crate) fn qty(count: u64) -> Qty {
    Qty::from_contracts(count).expect("a few contracts")
}

fn dollars(count: i64) -> Money {
    Money::from_micros(count * Money::DOLLAR.micros())
}

/// The defaults, finite all of them, with more orders a second than a person would let leave.
fn limits() -> Limits {
    let budget = Budget {
        max_position: qty(50),
        max_exposure: dollars(100),
        max_orders: 10,
        max_day_loss: dollars(50),
        may_open_short: true,
        needs_fair: false,
    };
    let rates = [Rate { per_second: 1_000, burst: 1_000 }; 2];
    Limits { rates, budgets: vec![budget; 2], ..Limits::default() }
}

/// Two markets of a venue: the first is taken in, the second quoted.
#[derive(Clone)]
pub(crate) struct Markets {
    pub(crate) venue: Venue,
    pub(crate) tickers: [MarketTicker; 2],
    pub(crate) listings: Vec<Listing>,
}

impl Markets {
    pub(crate) fn of(venue: Venue) -> Self {
        let listing = |number: u8| {
            let token = |shift| TokenId((U256::MAX >> shift) - U256::from(number));
            let condition = ConditionId(B256::repeat_byte(number));
            Listing::minimal(condition, token(1), token(2), TickSize::Cent, qty(5))
        };
        let listings: Vec<Listing> = match venue {
            Venue::Kalshi => Vec::new(),
            Venue::Polymarket => vec![listing(7), listing(8)],
        };
        let tickers = match listings.as_slice() {
            [taken, quoted] => [taken.ticker.clone(), quoted.ticker.clone()],
            _ => ["KXBTC15M-26NOV281000-00", "KXGOLD15M-26NOV281000-00"].map(|text| text.parse().expect("a ticker")),
        };
        Self { venue, tickers, listings }
    }

    fn instrument(&self, ticker: &MarketTicker) -> Instrument {
        let (fees, custody, min_qty, min_taking) = match self.venue {
            Venue::Kalshi => {
                let fees = Fees::Kalshi(FeeSchedule::new(FeeType::Quadratic, FeeMultiplier::ONE));
                (fees, Custody::Netted, Qty::HUNDREDTH, Money::ZERO)
            }
            Venue::Polymarket => {
                let fees = brier_polymarket_protocol::fees::FeeSchedule::FREE;
                (Fees::Polymarket(fees), Custody::Tokens, qty(5), Money::DOLLAR)
            }
        };
        Instrument {
            market: Market {
                venue: self.venue,
                ticker: ticker.clone(),
                event: format!("E{:.40}", ticker.as_str()).parse().expect("an event's name"),
                title: String::new(),
                grid: PriceGrid::uniform(Price::new(100).expect("a cent")).expect("a step"),
                size_step: Qty::HUNDREDTH,
                open_time: START,
                close_time: START.plus(Duration::from_hours(24 * 7)),
                status: MarketStatus::Active,
                result: None,
            },
            fees,
            custody,
            shard: 0,
            min_qty,
            min_taking,
            exclusive: false,
            strike: None,
        }
    }

    /// What an engine is told before its stream opens.
    pub(crate) fn opening(&self) -> Vec<Input> {
        let listed = self.tickers.iter().map(|ticker| Input::Listed(Box::new(self.instrument(ticker))));
        listed.collect()
    }

    /// What it is told once the stream is open.
    pub(crate) fn opened(&self) -> Vec<Input> {
        let up = Input::AccountStream { venue: self.venue, up: true, reason: "connected".to_owned() };
        let fair = self.tickers.iter().map(|market| {
            let prob = Prob::new(0.5).expect("a half");
            let (market, valid_for) = (market.clone(), Duration::from_hours(24 * 6));
            Input::Fair(FairValue { venue: self.venue, market, prob, as_of: START, valid_for })
        });
        std::iter::once(up).filter(|_| self.venue == Venue::Polymarket).chain(fair).collect()
    }

    pub(crate) fn engine(&self) -> Engine {
        let mut config = EngineConfig::new("b1", limits());
        for habits in &mut config.habits {
            habits.requests_per_second = 1_000;
            habits.burst = 1_000;
            habits.reconcile_every = Duration::from_hours(24 * 7);
        }
        let mut engine = Engine::new(config);
        let place = |place: usize| vec![(self.venue, self.tickers[place].clone())];
        let maker = MarketMakerParameters {
            markets: place(1),
            half_spread_pips: 200,
            size: qty(SIZE),
            cap: qty(20),
            skew_pips: 100,
        };
        let taker = TakerParameters { markets: place(0), cap: qty(20), clip: qty(SIZE), margin: Money::CENTICENT };
        engine.seat("maker", Box::new(MarketMaker::new(maker)));
        engine.seat("taker", Box::new(Taker::new(taker)));
        engine
    }

    pub(crate) const fn socket(&self) -> Socket {
        match self.venue {
            Venue::Kalshi => Socket::Kalshi,
            Venue::Polymarket => Socket::PolymarketMarket(0),
        }
    }

    fn tokens(&self) -> Vec<convert::Listing> {
        self.listings.iter().map(Listing::tokens).collect()
    }

    pub(crate) fn kalshi_session(&self) -> kalshi::Session {
        kalshi::Session::new(kalshi::SessionConfig::new(1), &kalshi::Interest::trading(self.tickers.to_vec()))
    }

    pub(crate) fn polymarket_session(&self) -> polymarket::MarketSession {
        polymarket::MarketSession::new(polymarket::MarketConfig::new(1), self.tokens())
    }

    /// The frames that acknowledge what a session asked for.
    pub(crate) fn acknowledge(&self, sent: &str, sid: u64) -> Option<String> {
        if self.venue == Venue::Polymarket {
            return None;
        }
        let command: serde_json::Value = serde_json::from_str(sent).ok()?;
        let (id, channel) = (command["id"].as_u64()?, command["params"]["channels"][0].as_str()?);
        // Books have the first number, whatever order they were asked in.
        let sid = if channel == "orderbook_delta" { 1 } else { sid + 2 };
        Some(format!(r#"{{"id":{id},"type":"subscribed","msg":{{"channel":"{channel}","sid":{sid}}}}}"#))
    }

    /// Books of 38 to 55 cents in both markets.
    pub(crate) fn snapshots(&self) -> Vec<String> {
        let tokens = self.tokens();
        (0..2)
            .map(|place| match self.venue {
                Venue::Kalshi => format!(
                    r#"{{"type":"orderbook_snapshot","sid":1,"seq":{},"msg":{{"market_ticker":"{}","market_id":"9b0f6b43-5b68-4f9f-9f02-9a2d1b8ac1a1","yes_dollars_fp":[["0.3700","400.00"],["0.3800","100.00"]],"no_dollars_fp":[["0.5500","100.00"],["0.5600","400.00"]]}}}}"#,
                    place + 1,
                    self.tickers[place]
                ),
                Venue::Polymarket => format!(
                    r#"{{"event_type":"book","market":"{}","asset_id":"{}","timestamp":"1795176000000","hash":"h0","bids":[{{"price":"0.37","size":"400"}},{{"price":"0.38","size":"100"}}],"asks":[{{"price":"0.56","size":"400"}},{{"price":"0.55","size":"100"}}]}}"#,
                    self.tickers[place], tokens[place].yes
                ),
            })
            .collect()
    }

    /// The tick: 25 contracts are offered at 41 cents, or offered no more.
    pub(crate) fn tick(&self, number: u64, offered: bool) -> String {
        let ticker = &self.tickers[0];
        let millis = START.millis() + number as i64;
        match self.venue {
            Venue::Kalshi => {
                let (seq, sign) = (number + 3, if offered { "" } else { "-" });
                format!(
                    r#"{{"type":"orderbook_delta","sid":1,"seq":{seq},"msg":{{"market_ticker":"{ticker}","market_id":"9b0f6b43-5b68-4f9f-9f02-9a2d1b8ac1a1","price_dollars":"0.4100","delta_fp":"{sign}25.00","side":"no","ts":"2026-11-20T16:30:05.123456Z","ts_ms":{millis}}}}}"#
                )
            }
            Venue::Polymarket => {
                let token = &self.tokens()[0];
                let (size, ask, no_bid) = if offered { ("25", "0.41", "0.59") } else { ("0", "0.55", "0.45") };
                format!(
                    r#"{{"event_type":"price_change","market":"{ticker}","timestamp":"{millis}","price_changes":[{{"asset_id":"{}","price":"0.41","size":"{size}","side":"SELL","hash":"56621a121a47ed9333273e21c83b660cff37ae50","best_bid":"0.38","best_ask":"{ask}"}},{{"asset_id":"{}","price":"0.59","size":"{size}","side":"BUY","hash":"1895759e4df7a796bf4f1c5a5950b748306923e2","best_bid":"{no_bid}","best_ask":"0.62"}}]}}"#,
                    token.yes, token.no
                )
            }
        }
    }
}

/// The account as a read shows it: nothing but cash.
fn account(venue: Venue, asked: u64, as_of: Timestamp, fills_since: Timestamp) -> Input {
    Input::Account(Box::new(AccountSnapshot {
        venue,
        asked,
        as_of,
        orders: Vec::new(),
        fills: Vec::new(),
        statuses: Vec::new(),
        fills_since,
        positions: Vec::new(),
        cash: vec![VenueCash { shard: 0, free: None, total: Some(dollars(1_000)) }],
    }))
}

/// What rests of an order that the venue takes: of a taking one nothing, and nothing of it filled.
fn remains(place: &PlaceOrder) -> Qty {
    match place.new.time_in_force {
        TimeInForce::Gtc | TimeInForce::Gtd(_) => place.new.qty,
        TimeInForce::Ioc | TimeInForce::Fok => Qty::ZERO,
    }
}

/// The venue's answer to a request; nothing for those that this bench does not lead to.
fn answer(request: RequestId, venue: Venue, body: &Request) -> Option<Input> {
    let answer = match body {
        Request::Place(place) => {
            let order = format!("o-{}", request.0).parse().expect("an id");
            Answer::Placed { order, filled: Qty::ZERO, remaining: remains(place.get()) }
        }
        // Every order here is for as much.
        Request::Cancel { .. } => Answer::Canceled { reduced_by: Some(qty(SIZE)) },
        _ => return None,
    };
    Some(Input::Answer { venue, request, answer })
}

/// A gateway whose requests are made and whose answers are the same every time.
pub(crate) struct Tame<G> {
    gateway: G,
    waiting: VecDeque<Input>,
    aside: Vec<Action>,
}

impl<G: Gateway> Tame<G> {
    pub(crate) fn new(gateway: G) -> Self {
        Self { gateway, waiting: VecDeque::with_capacity(16), aside: Vec::new() }
    }
}

impl<G: Gateway> Gateway for Tame<G> {
    fn venue(&self) -> Venue {
        self.gateway.venue()
    }

    fn on_command(&mut self, now: Timestamp, command: &Command, out: &mut Vec<Action>) {
        match command {
            Command::Reconcile { venue, asked, fills_since } if *venue == self.venue() => {
                return out.push(Action::Input(account(*venue, *asked, now, *fills_since)));
            }
            Command::Send { request, body, .. } => self.waiting.extend(answer(*request, self.venue(), body)),
            _ => {}
        }
        self.gateway.on_command(now, command, out);
    }

    fn on_outcome(&mut self, now: Timestamp, call: CallId, outcome: Outcome, out: &mut Vec<Action>) {
        self.gateway.on_outcome(now, call, outcome, &mut self.aside);
        self.aside.clear();
        out.extend(self.waiting.pop_front().map(Action::Input));
    }

    fn on_timer(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        self.gateway.on_timer(now, out);
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        self.gateway.next_deadline()
    }

    fn learn_clock(&mut self, offset: i64) {
        self.gateway.learn_clock(offset);
    }

    fn learn(&mut self, instrument: &Instrument) {
        self.gateway.learn(instrument);
    }
}

/// The program as it runs live, without its I/O.
pub(crate) struct Live<S> {
    pub(crate) markets: Markets,
    pub(crate) node: Node<S>,
    pub(crate) now: Timestamp,
    pub(crate) effects: Vec<Effect>,
    pub(crate) ticks: u64,
}

impl<S: Sink<Error: std::fmt::Debug>> Live<S> {
    pub(crate) fn new(markets: Markets, gateway: Box<dyn Gateway + Send>, sink: S) -> Self {
        let (kalshi, books) = match markets.venue {
            Venue::Kalshi => (Some(markets.kalshi_session()), Vec::new()),
            Venue::Polymarket => (None, vec![markets.polymarket_session()]),
        };
        let wiring = Wiring { kalshi, books, user: None, gateways: vec![gateway] };
        let node = Node::new(Core::new(markets.engine(), sink), wiring);
        let mut live = Self { markets, node, now: START, effects: Vec::with_capacity(64), ticks: 0 };
        let opening = live.markets.opening();
        live.tell(opening);
        live.node.start(live.moment(), 1, &mut live.effects).expect("a journal in memory keeps everything");
        let socket = live.markets.socket();
        live.act([Event::Opened(socket)]);
        let asked: Vec<Effect> = live.effects.drain(..).collect();
        for (sid, effect) in (1..).zip(asked) {
            if let Effect::Send(_, text) = effect
                && let Some(frame) = live.markets.acknowledge(&text, sid)
            {
                live.act([Event::Frame(socket, &frame)]);
            }
        }
        let opened = live.markets.opened();
        live.tell(opened);
        for frame in live.markets.snapshots() {
            live.act([Event::Frame(socket, &frame)]);
        }
        live.settle();
        live
    }

    pub(crate) const fn moment(&self) -> Moment {
        Moment { wall: self.now, steady: self.now }
    }

    pub(crate) fn act<'a>(&mut self, events: impl IntoIterator<Item = Event<'a>>) {
        self.node.handle(self.moment(), events, &mut self.effects).expect("a journal that keeps everything");
    }

    fn tell(&mut self, inputs: Vec<Input>) {
        self.act(inputs.into_iter().map(Event::Input));
    }

    /// What is timed: the frame as the driver hands it over.
    pub(crate) fn tick(&mut self, frame: &str) {
        let socket = self.markets.socket();
        self.act([Event::Frame(socket, frame), Event::Wake]);
    }

    /// Answers every call, until nothing more is asked.
    pub(crate) fn settle(&mut self) -> u64 {
        let mut calls = 0;
        loop {
            let effects: Vec<Effect> = self.effects.drain(..).collect();
            if effects.is_empty() {
                return calls;
            }
            for effect in effects {
                if let Effect::Call(venue, call) = effect {
                    calls += 1;
                    self.act([Event::Outcome(venue, call.id, Outcome::NotSent(String::new()))]);
                }
            }
        }
    }

    /// The frame of the next tick.
    pub(crate) fn next(&mut self) -> String {
        self.now = self.now.plus(STEP);
        self.ticks += 1;
        self.markets.tick(self.ticks - 1, true)
    }

    /// The order is answered, and its reason taken away.
    pub(crate) fn after(&mut self) {
        self.settle();
        self.now = self.now.plus(STEP);
        self.ticks += 1;
        let frame = self.markets.tick(self.ticks - 1, false);
        self.tick(&frame);
        self.settle();
    }
}

/// What turns an order that risk admitted into bytes.
pub(crate) enum Pen {
    Kalshi { writer: RequestWriter, ring: HeaderRing, credentials: Credentials, calls: u32 },
    Polymarket { writer: poly::RequestWriter, wallet: Box<Wallet>, listing: Box<Listing> },
}

impl Pen {
    pub(crate) fn new(markets: &Markets, kind: KeyKind) -> Self {
        match markets.venue {
            Venue::Kalshi => {
                let credentials = credentials(kind);
                let ring = HeaderRing::new(credentials.clone(), Operation::CreateOrder, RING);
                let writer = RequestWriter::new(&brier_kalshi::Env::Demo).expect("the demo takes orders");
                Self::Kalshi { writer, ring: ring.expect("bounds within bounds"), credentials, calls: 0 }
            }
            Venue::Polymarket => {
                let (wallet, creds) = wallet();
                let env = polymarket_env();
                let writer = poly::RequestWriter::new(&env, wallet.address(), std::sync::Arc::new(creds));
                Self::Polymarket {
                    writer: writer.expect("it takes orders"),
                    wallet: Box::new(wallet),
                    listing: Box::new(markets.listings[0].clone()),
                }
            }
        }
    }

    /// Off the path: headers for the times to come.
    pub(crate) fn refill(&mut self, now: Timestamp) {
        if let Self::Kalshi { ring, calls, .. } = self {
            if calls.is_multiple_of(REFILL) {
                ring.refill(now, 512).expect("signatures");
            }
            *calls += 1;
        }
    }

    /// The whole request of an order.
    pub(crate) fn write(&mut self, now: Timestamp, place: &PlaceOrder, mut lap: impl FnMut()) -> &[u8] {
        match self {
            Self::Kalshi { writer, ring, credentials, .. } => {
                let ahead = ring.take(now);
                lap();
                let signing = ahead.as_ref().map_or(Signing::Now(credentials, now), Signing::Ahead);
                writer.create(&place.new, Some(0), signing).expect("a request")
            }
            Self::Polymarket { writer, wallet, listing } => {
                let maker = Maker { wallet, chain: Chain::Polygon, builder: B256::ZERO };
                let made =
                    prepare(&place.new, Leg::Buy, listing, maker, place.created).expect("an order of the venue's");
                lap();
                writer.post(&made.signed, made.terms, now)
            }
        }
    }
}

pub(crate) fn credentials(kind: KeyKind) -> Credentials {
    let key = PrivateKey::generate(kind).expect("the system has randomness");
    Credentials::new("5f0c2b8e-6a77-4d0e-9a55-0d0f7d6f1c11", key).expect("an id")
}

pub(crate) fn wallet() -> (Wallet, ApiCreds) {
    let key = WalletKey::from_bytes(&[0x42; 32]).expect("a key");
    let wallet = Wallet::new(key, SignatureType::Eoa, None).expect("a wallet");
    let creds = ApiCreds::new("00000000-0000-4000-8000-000000000001", "c2VjcmV0LXNlY3JldC1zZWNyZXQ=", "passphrase");
    (wallet, creds.expect("credentials"))
}

pub(crate) fn polymarket_env() -> brier_polymarket::Env {
    brier_polymarket::Env::local("http://127.0.0.1:8811").expect("a URL")
}

enum Stream {
    Kalshi(Box<kalshi::Session>, Vec<kalshi::Action>),
    Polymarket(Box<polymarket::MarketSession>, Vec<polymarket::Action>),
}

/// The fast parts by themselves: stream, engine with its journal, writer. No gateway and no call between.
pub(crate) struct Parts<S> {
    pub(crate) markets: Markets,
    stream: Stream,
    pub(crate) core: Core<S>,
    pub(crate) pen: Pen,
    pub(crate) now: Timestamp,
    pub(crate) inbox: Vec<Input>,
    /// The taking order that was sent last, and what will rest of it.
    pub(crate) last: Option<(RequestId, Qty)>,
    pub(crate) ticks: u64,
}

impl<S: Sink<Error: std::fmt::Debug>> Parts<S> {
    pub(crate) fn new(markets: Markets, kind: KeyKind, sink: S) -> Self {
        let stream = match markets.venue {
            Venue::Kalshi => Stream::Kalshi(Box::new(markets.kalshi_session()), Vec::with_capacity(16)),
            Venue::Polymarket => Stream::Polymarket(Box::new(markets.polymarket_session()), Vec::with_capacity(16)),
        };
        let (core, pen) = (Core::new(markets.engine(), sink), Pen::new(&markets, kind));
        let inbox = Vec::with_capacity(64);
        let mut parts = Self { markets, stream, core, pen, now: START, inbox, last: None, ticks: 0 };
        parts.inbox = parts.markets.opening();
        parts.inbox.push(Input::Started { run: 1 });
        parts.pump();
        let asked: Vec<String> = match &mut parts.stream {
            Stream::Kalshi(session, said) => {
                session.start(START, said);
                session.on_open(START, said);
                let sent = said.drain(..).filter_map(|action| match action {
                    kalshi::Action::Send(text) => Some(text),
                    _ => None,
                });
                sent.collect()
            }
            Stream::Polymarket(session, said) => {
                session.start(START, said);
                session.on_open(START, said);
                said.clear();
                Vec::new()
            }
        };
        for (sid, text) in (1..).zip(asked) {
            if let Some(frame) = parts.markets.acknowledge(&text, sid) {
                parts.decode(&frame);
            }
        }
        parts.inbox.extend(parts.markets.opened());
        for frame in parts.markets.snapshots() {
            parts.decode(&frame);
        }
        parts.pump();
        parts.pen.refill(parts.now);
        parts
    }

    /// A frame to inputs.
    pub(crate) fn decode(&mut self, frame: &str) {
        let venue = self.markets.venue;
        match &mut self.stream {
            Stream::Kalshi(session, said) => {
                session.on_frame(self.now, frame, said);
                for action in said.drain(..) {
                    if let kalshi::Action::Emit(input) = action {
                        self.inbox.push(Input::Feed { venue, body: input.body });
                    }
                }
            }
            Stream::Polymarket(session, said) => {
                session.on_frame(self.now, frame, said);
                for action in said.drain(..) {
                    if let polymarket::Action::Emit(input) = action {
                        self.inbox.push(Input::Feed { venue, body: input.body });
                    }
                }
            }
        }
    }

    /// What is timed: frame to the signed request's bytes. `lap` is called between the parts.
    pub(crate) fn tick(&mut self, frame: &str, mut lap: impl FnMut()) -> &[u8] {
        self.decode(frame);
        lap();
        let commands = self.core.turn(self.now, &mut self.inbox).expect("a journal that keeps everything");
        lap();
        let found = commands.iter().find_map(|command| match command {
            Command::Send { request, body: Request::Place(place), .. } => Some((*request, place.get())),
            _ => None,
        });
        let (request, place) = found.expect("the tick makes the taker buy");
        self.last = Some((request, remains(place)));
        self.pen.write(self.now, place, lap)
    }

    /// Takes what waits, and answers what it leads to, until nothing is left.
    fn pump(&mut self) {
        while !self.inbox.is_empty() {
            let now = self.now;
            let mut answers = Vec::new();
            for command in self.core.turn(now, &mut self.inbox).expect("a journal that keeps everything").iter() {
                match command {
                    Command::Send { venue, request, body } => answers.extend(answer(*request, *venue, body)),
                    Command::Reconcile { venue, asked, fills_since } => {
                        answers.push(account(*venue, *asked, now, *fills_since));
                    }
                    Command::WakeAt(_) | Command::Alert(_) => {}
                }
            }
            self.inbox.append(&mut answers);
        }
    }

    pub(crate) fn next(&mut self) -> String {
        self.now = self.now.plus(STEP);
        self.pen.refill(self.now);
        self.ticks += 1;
        self.markets.tick(self.ticks - 1, true)
    }

    /// The order is answered, its reason taken away, and time has passed.
    pub(crate) fn after(&mut self) {
        if let Some((request, remaining)) = self.last.take() {
            let order = format!("o-{}", request.0).parse().expect("an id");
            let answer = Answer::Placed { order, filled: Qty::ZERO, remaining };
            self.inbox.push(Input::Answer { venue: self.markets.venue, request, answer });
        }
        self.pump();
        self.now = self.now.plus(STEP);
        self.ticks += 1;
        let frame = self.markets.tick(self.ticks - 1, false);
        self.decode(&frame);
        self.inbox.push(Input::Timer);
        self.pump();
        self.pen.refill(self.now);
    }
}
