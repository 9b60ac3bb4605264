//! An engine with one strategy that wants what the test says, and words for inputs and commands.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use brier_engine::risk::Limits;
use brier_engine::{
    AccountSnapshot, Answer, Command, Custody, Engine, EngineConfig, Fees, Input, Instrument, Interest, MarketId,
    Operator, OrderState, Purpose, Quote, Reject, RejectCode, Request, RequestId, Signal, Strategy, StrategyId, Take,
    VenueCash, VenuePosition, View, Wants,
};
use brier_kalshi_protocol::fees::{FeeMultiplier, FeeSchedule, FeeType};
use brier_types::{
    BookChange, BookInput, BookSide, ConnectionInput, Fill, Input as FeedInput, Market, MarketStatus, Money,
    OrderStatus, OrderUpdate, Price, PriceGrid, Qty, SignedQty, SubscriptionId, Timestamp, Venue,
};

pub(crate) const NOON: Timestamp = Timestamp::from_nanos(1_790_000_000_000_000_000);

/// What the scripted strategy is to say next.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub quotes: Vec<(MarketId, Vec<Quote>)>,
    pub takes: Vec<(MarketId, Take)>,
    pub combos: Vec<brier_engine::Combo>,
}

#[derive(Debug)]
struct Scripted(Arc<Mutex<Script>>);

impl Strategy for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn interest(&self) -> Interest {
        Interest { markets: Vec::new(), all_markets: true, ..Interest::default() }
    }

    fn on(&mut self, _signal: Signal<'_>, _view: &View<'_>, wants: &mut Wants) {
        let script = std::mem::take(&mut *self.0.lock().unwrap());
        for (market, quotes) in script.quotes {
            wants.quotes(market, &quotes);
        }
        for (market, take) in script.takes {
            wants.take(market, take);
        }
        for combo in script.combos {
            wants.combo(combo);
        }
    }
}

pub(crate) fn qty(contracts: u64) -> Qty {
    Qty::from_contracts(contracts).unwrap()
}

pub(crate) fn cents(cents: u8) -> Price {
    Price::from_cents(cents).unwrap()
}

pub(crate) fn dollars(dollars: i64) -> Money {
    Money::from_micros(dollars * 1_000_000)
}

pub(crate) fn instrument(venue: Venue, ticker: &str, event: &str, exclusive: bool) -> Instrument {
    let (fees, custody, min_qty) = match venue {
        Venue::Kalshi => {
            (Fees::Kalshi(FeeSchedule::new(FeeType::Quadratic, FeeMultiplier::ONE)), Custody::Netted, Qty::HUNDREDTH)
        }
        Venue::Polymarket => {
            (Fees::Polymarket(brier_polymarket_protocol::fees::FeeSchedule::FREE), Custody::Tokens, qty(5))
        }
    };
    Instrument {
        market: Market {
            venue,
            ticker: ticker.parse().unwrap(),
            event: event.parse().unwrap(),
            title: String::new(),
            grid: PriceGrid::uniform(cents(1)).unwrap(),
            size_step: Qty::HUNDREDTH,
            open_time: NOON.minus(Duration::from_hours(1)),
            close_time: NOON.plus(Duration::from_hours(24)),
            status: MarketStatus::Active,
            result: None,
        },
        fees,
        custody,
        shard: 0,
        min_qty,
        min_taking: Money::ZERO,
        exclusive,
        strike: None,
    }
}

/// An engine on Kalshi's market `M` (and what a test lists more), connected, reconciled, with $1,000 and a book of 40/60.
pub(crate) struct Bench {
    pub engine: Engine,
    pub script: Arc<Mutex<Script>>,
    pub now: Timestamp,
    pub out: Vec<Command>,
    sequence: [u64; 2],
    pub cash: Money,
}

pub(crate) const M: MarketId = MarketId(0);

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(generous(), &[instrument(Venue::Kalshi, "M", "E", false)])
    }

    pub(crate) fn with(limits: Limits, instruments: &[Instrument]) -> Self {
        let mut config = EngineConfig::new("t1", limits);
        for habits in &mut config.habits {
            habits.requests_per_second = 1_000;
            habits.burst = 1_000;
        }
        Self::with_config(config, instruments)
    }

    pub(crate) fn with_config(config: EngineConfig, instruments: &[Instrument]) -> Self {
        let mut engine = Engine::new(config);
        let script = Arc::new(Mutex::new(Script::default()));
        engine.seat("scripted", Box::new(Scripted(script.clone())));
        let mut bench = Self { engine, script, now: NOON, out: Vec::new(), sequence: [0; 2], cash: dollars(1_000) };
        for instrument in instruments {
            bench.input(Input::Listed(Box::new(instrument.clone())));
        }
        bench.input(Input::Started { run: 1 });
        let mut venues: Vec<Venue> = instruments.iter().map(Instrument::venue).collect();
        venues.dedup();
        for venue in venues {
            bench.connect(venue);
        }
        for (place, instrument) in instruments.iter().enumerate() {
            bench.book(instrument.venue(), MarketId(place as u32), &[(40, 100)], &[(60, 100)]);
        }
        bench.out.clear();
        bench
    }

    /// Gives one input a moment later, and keeps what came of it in `out`.
    pub(crate) fn input(&mut self, input: Input) -> &mut Self {
        self.now = self.now.plus(Duration::from_millis(1));
        self.engine.step(self.now, input, &mut self.out);
        self
    }

    /// Lets time pass, with a timer at every moment the engine asked for.
    pub(crate) fn pass(&mut self, duration: Duration) -> &mut Self {
        let end = self.now.plus(duration);
        let step = Duration::from_millis(100);
        while self.now.plus(step) < end {
            self.now = self.now.plus(step);
            self.engine.step(self.now, Input::Timer, &mut self.out);
        }
        self
    }

    pub(crate) fn connect(&mut self, venue: Venue) -> &mut Self {
        self.feed(venue, FeedInput::Connection(ConnectionInput::Up { venue }));
        self.reconcile(venue, &[], &[], &[])
    }

    pub(crate) fn feed(&mut self, venue: Venue, body: FeedInput) -> &mut Self {
        self.input(Input::Feed { venue, body })
    }

    /// Answers the last question about the account.
    pub(crate) fn reconcile(
        &mut self,
        venue: Venue,
        orders: &[OrderUpdate],
        fills: &[Fill],
        positions: &[(&str, i64)],
    ) -> &mut Self {
        let asked = self.out.iter().rev().find_map(|command| match command {
            Command::Reconcile { venue: of, asked, .. } if *of == venue => Some(*asked),
            _ => None,
        });
        let asked = asked.expect("the engine asked about the account");
        let snapshot = AccountSnapshot {
            venue,
            asked,
            as_of: self.now,
            orders: orders.to_vec(),
            fills: fills.to_vec(),
            statuses: Vec::new(),
            fills_since: NOON,
            positions: positions
                .iter()
                .map(|(market, contracts)| VenuePosition {
                    market: market.parse().unwrap(),
                    net: SignedQty::from_micros(contracts * 1_000_000).unwrap(),
                    tokens: None,
                })
                .collect(),
            cash: vec![VenueCash { shard: 0, free: None, total: Some(self.cash) }],
        };
        self.input(Input::Account(Box::new(snapshot)))
    }

    /// A snapshot of a book, in cents and contracts.
    pub(crate) fn book(&mut self, venue: Venue, market: MarketId, bids: &[(u8, u64)], asks: &[(u8, u64)]) -> &mut Self {
        let place = usize::from(venue == Venue::Polymarket);
        self.sequence[place] += 1;
        let side = |levels: &[(u8, u64)]| levels.iter().map(|(price, size)| (cents(*price), qty(*size))).collect();
        let change = BookChange::Snapshot { bids: side(bids), asks: side(asks) };
        let market = self.engine.state().universe.ticker(market).clone();
        let input = BookInput { market, subscription: SubscriptionId(1), sequence: self.sequence[place], change };
        self.feed(venue, FeedInput::Book(input))
    }

    /// From now on the strategy wants these quotes in the market.
    pub(crate) fn quote(&mut self, market: MarketId, quotes: &[(BookSide, u8, u64)]) -> &mut Self {
        let quotes = quotes
            .iter()
            .map(|(side, price, size)| Quote {
                side: *side,
                price: cents(*price),
                qty: qty(*size),
                purpose: Purpose::Any,
            })
            .collect();
        self.script.lock().unwrap().quotes.push((market, quotes));
        self.nudge()
    }

    pub(crate) fn take(
        &mut self,
        market: MarketId,
        side: BookSide,
        limit: u8,
        size: u64,
        purpose: Purpose,
    ) -> &mut Self {
        let take = Take { side, limit: cents(limit), qty: qty(size), purpose };
        self.script.lock().unwrap().takes.push((market, take));
        self.nudge()
    }

    /// Lets the strategy speak: the tick comes.
    pub(crate) fn nudge(&mut self) -> &mut Self {
        self.now = self.now.plus(Duration::from_secs(1));
        self.input(Input::Timer)
    }

    /// Takes the requests that were sent since the last call.
    pub(crate) fn sent(&mut self) -> Vec<(RequestId, Request)> {
        let sent = self
            .out
            .iter()
            .filter_map(|command| match command {
                Command::Send { request, body, .. } => Some((*request, body.clone())),
                _ => None,
            })
            .collect();
        self.out.clear();
        sent
    }

    /// The one request that was sent since the last call.
    pub(crate) fn one(&mut self) -> (RequestId, Request) {
        let mut sent = self.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.remove(0)
    }

    pub(crate) fn answer(&mut self, venue: Venue, request: RequestId, answer: Answer) -> &mut Self {
        self.input(Input::Answer { venue, request, answer })
    }

    /// Answers the one placing that was sent: it rests as `venue_id` with nothing filled.
    pub(crate) fn accept(&mut self, venue_id: &str) -> brier_engine::OrderKey {
        let (request, body) = self.one();
        let Request::Place(place) = body else { panic!("{body:?}") };
        let place = place.get();
        let (key, size, market) = (place.order, place.new.qty, place.market_id);
        let venue = self.engine.state().universe.get(market).venue();
        let order = venue_id.parse().unwrap();
        self.answer(venue, request, Answer::Placed { order, filled: Qty::ZERO, remaining: size });
        key
    }

    pub(crate) fn fill(&mut self, trade: &str, order: &str, side: BookSide, price: u8, size: u64) -> Fill {
        Fill {
            trade: trade.parse().unwrap(),
            order: order.parse().unwrap(),
            client_order_id: None,
            market: "M".parse().unwrap(),
            side,
            price: cents(price),
            qty: qty(size),
            is_taker: false,
            fee: Money::ZERO,
            position_after: None,
        }
    }

    pub(crate) fn update(
        &self,
        order: &str,
        status: OrderStatus,
        side: BookSide,
        price: u8,
        done: u64,
        rest: u64,
    ) -> OrderUpdate {
        OrderUpdate {
            order: order.parse().unwrap(),
            client_order_id: None,
            market: "M".parse().unwrap(),
            side,
            price: cents(price),
            status,
            filled: qty(done),
            remaining: qty(rest),
            reason: None,
        }
    }

    pub(crate) fn net(&self, market: MarketId) -> i64 {
        self.engine.state().portfolio.account(market).net().micros() / 1_000_000
    }

    pub(crate) fn state_of(&self, key: brier_engine::OrderKey) -> OrderState {
        self.engine.state().orders.get(key).expect("the order is kept").state
    }

    pub(crate) fn halt(&mut self, reason: &str) -> &mut Self {
        self.input(Input::Operator(Operator::Halt { reason: reason.to_owned() }))
    }

    pub(crate) fn reject(code: RejectCode, text: &str) -> Answer {
        Answer::Rejected(Reject { code, text: text.to_owned() })
    }

    /// Alerts since the last [`Bench::sent`], as text.
    pub(crate) fn alerts(&self) -> Vec<String> {
        self.out
            .iter()
            .filter_map(|command| match command {
                Command::Alert(alert) => Some(format!("{alert:?}")),
                _ => None,
            })
            .collect()
    }
}

/// Limits that stand in no test's way.
pub(crate) fn generous() -> Limits {
    Limits::unlimited_for_tests()
}

pub(crate) const FIRST: StrategyId = StrategyId(0);

impl Bench {
    /// A bench whose engine has taken no input: to be restored.
    pub(crate) fn unstarted() -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let mut engine = Engine::new(EngineConfig::new("t1", generous()));
        engine.seat("scripted", Box::new(Scripted(script.clone())));
        Self { engine, script, now: NOON, out: Vec::new(), sequence: [0; 2], cash: dollars(1_000) }
    }
}
