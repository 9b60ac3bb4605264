//! An engine with one strategy, a venue that agrees, and words for what happens.

use std::time::Duration;

use brier_engine::risk::Limits;
use brier_engine::{
    AccountSnapshot, Answer, Command, Custody, Engine, EngineConfig, ExitRules, Fact, FactValue, FairValue, Fees,
    Input, Instrument, MarketId, Operator, Request, Strategy, StrategyId, VenueCash, View,
};
use brier_kalshi_protocol::fees::{FeeMultiplier, FeeSchedule, FeeType};
use brier_types::{
    BookChange, BookInput, BookSide, ConnectionInput, Fill, Input as FeedInput, Market, MarketStatus, MarketTicker,
    Money, NewOrder, Price, PriceGrid, Prob, PublicTrade, Qty, Strike, SubscriptionId, TimeInForce, Timestamp, Venue,
};

pub(crate) const NOON: Timestamp = Timestamp::from_nanos(1_790_000_000_000_000_000);
const K: Venue = Venue::Kalshi;

pub(crate) fn cents(cents: u8) -> Price {
    Price::from_cents(cents).unwrap()
}

pub(crate) fn qty(contracts: u64) -> Qty {
    Qty::from_contracts(contracts).unwrap()
}

pub(crate) fn dollars(dollars: i64) -> Money {
    Money::from_micros(dollars * 1_000_000)
}

pub(crate) fn names(tickers: &[&str]) -> Vec<(Venue, MarketTicker)> {
    tickers.iter().map(|ticker| (K, ticker.parse().unwrap())).collect()
}

/// What left the engine, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub market: String,
    pub side: BookSide,
    pub cents: u16,
    pub contracts: u64,
    pub immediate: bool,
}

pub(crate) struct World {
    pub engine: Engine,
    pub now: Timestamp,
    out: Vec<Command>,
    sequence: u64,
    trades: u64,
}

impl World {
    /// Markets of one event, closing after `close`, with the strikes given; taking orders are free of fees unless told.
    pub(crate) fn new(strategy: Box<dyn Strategy>, markets: &[(&str, Option<Strike>)], close: Duration) -> Self {
        Self::with_fees(strategy, markets, close, Fees::FREE)
    }

    pub(crate) fn with_fees(
        strategy: Box<dyn Strategy>,
        markets: &[(&str, Option<Strike>)],
        close: Duration,
        fees: Fees,
    ) -> Self {
        Self::make(strategy, markets, close, fees, ExitRules::default())
    }

    pub(crate) fn with_exits(
        strategy: Box<dyn Strategy>,
        markets: &[(&str, Option<Strike>)],
        close: Duration,
        exits: ExitRules,
    ) -> Self {
        Self::make(strategy, markets, close, Fees::FREE, exits)
    }

    fn make(
        strategy: Box<dyn Strategy>,
        markets: &[(&str, Option<Strike>)],
        close: Duration,
        fees: Fees,
        exits: ExitRules,
    ) -> Self {
        let mut config = EngineConfig::new("t1", Limits::unlimited_for_tests());
        for habits in &mut config.habits {
            (habits.requests_per_second, habits.burst) = (1_000, 1_000);
        }
        config.exits = vec![exits];
        let mut engine = Engine::new(config);
        engine.seat("strategy", strategy);
        let mut world = Self { engine, now: NOON, out: Vec::new(), sequence: 0, trades: 0 };
        for (ticker, strike) in markets {
            world.input(Input::Listed(Box::new(Instrument {
                market: Market {
                    venue: K,
                    ticker: ticker.parse().unwrap(),
                    event: "E".parse().unwrap(),
                    title: String::new(),
                    grid: PriceGrid::uniform(cents(1)).unwrap(),
                    size_step: Qty::HUNDREDTH,
                    open_time: NOON.minus(Duration::from_hours(1)),
                    close_time: NOON.plus(close),
                    status: MarketStatus::Active,
                    result: None,
                },
                fees,
                custody: Custody::Netted,
                shard: 0,
                min_qty: Qty::HUNDREDTH,
                min_taking: Money::ZERO,
                exclusive: markets.len() > 1,
                strike: *strike,
            })));
        }
        world.input(Input::Started { run: 1 });
        world.feed(FeedInput::Connection(ConnectionInput::Up { venue: K }));
        world.reconcile();
        world.sent();
        world
    }

    pub(crate) fn kalshi_fees() -> Fees {
        Fees::Kalshi(FeeSchedule::new(FeeType::Quadratic, FeeMultiplier::ONE))
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.now = self.now.plus(Duration::from_millis(1));
        self.engine.step(self.now, input, &mut self.out);
    }

    fn feed(&mut self, body: FeedInput) {
        self.input(Input::Feed { venue: K, body });
    }

    /// The venue's streams go and come back: its books are lost, and nothing is traded until the account was compared.
    pub(crate) fn reconnect(&mut self) {
        self.feed(FeedInput::Connection(ConnectionInput::Down { venue: K, reason: "gone".to_owned() }));
        self.feed(FeedInput::Connection(ConnectionInput::Up { venue: K }));
    }

    /// Everything is halted, as `brier halt` does.
    pub(crate) fn halt(&mut self) {
        self.input(Input::Operator(Operator::Halt { reason: "a test".to_owned() }));
    }

    /// Whatever needs a person goes on.
    pub(crate) fn resume(&mut self) {
        self.input(Input::Operator(Operator::Resume { reason: "a test".to_owned() }));
    }

    pub(crate) fn sent_nothing(&self) {
        assert!(
            !self.out.iter().any(|it| matches!(it, Command::Send { .. })),
            "nothing is sent while it may not trade"
        );
    }

    pub(crate) fn reconcile(&mut self) {
        let asked = self.out.iter().rev().find_map(|command| match command {
            Command::Reconcile { asked, .. } => Some(*asked),
            _ => None,
        });
        let snapshot = AccountSnapshot {
            venue: K,
            asked: asked.expect("the engine asked about the account"),
            as_of: self.now,
            orders: Vec::new(),
            fills: Vec::new(),
            statuses: Vec::new(),
            fills_since: NOON,
            positions: Vec::new(),
            cash: vec![VenueCash { shard: 0, free: None, total: Some(dollars(100_000)) }],
        };
        self.input(Input::Account(Box::new(snapshot)));
    }

    pub(crate) fn place(&self, ticker: &str) -> MarketId {
        self.engine.state().universe.find(K, ticker).unwrap()
    }

    pub(crate) fn view(&self) -> View<'_> {
        self.engine.view(StrategyId(0))
    }

    /// A book, in cents and contracts.
    pub(crate) fn book(&mut self, ticker: &str, bids: &[(u8, u64)], asks: &[(u8, u64)]) {
        self.sequence += 1;
        let side = |levels: &[(u8, u64)]| levels.iter().map(|(price, size)| (cents(*price), qty(*size))).collect();
        let change = BookChange::Snapshot { bids: side(bids), asks: side(asks) };
        let (market, subscription) = (ticker.parse().unwrap(), SubscriptionId(1));
        self.feed(FeedInput::Book(BookInput { market, subscription, sequence: self.sequence, change }));
    }

    pub(crate) fn fact(&mut self, series: &str, value: FactValue, valid_for: Duration) {
        let (series, as_of) = (series.to_owned(), self.now);
        self.input(Input::Fact(Fact { series, value, as_of, valid_for }));
    }

    pub(crate) fn number(&mut self, series: &str, number: f64) {
        self.fact(series, FactValue::Number(number), Duration::from_hours(6));
    }

    pub(crate) fn fair(&mut self, ticker: &str, prob: f64) {
        let (market, prob) = (ticker.parse().unwrap(), Prob::new(prob).unwrap());
        let (as_of, valid_for) = (self.now, Duration::from_hours(6));
        self.input(Input::Fair(FairValue { venue: K, market, prob, as_of, valid_for }));
    }

    pub(crate) fn trade(&mut self, ticker: &str, taker_side: BookSide, price: u8, contracts: u64) {
        self.trades += 1;
        self.feed(FeedInput::Trade(PublicTrade {
            trade: format!("p{}", self.trades).parse().unwrap(),
            market: ticker.parse().unwrap(),
            price: cents(price),
            qty: qty(contracts),
            taker_side,
        }));
    }

    /// Lets time pass, second by second.
    pub(crate) fn pass(&mut self, duration: Duration) {
        let end = self.now.plus(duration);
        while self.now.plus(Duration::from_secs(1)) <= end {
            self.now = self.now.plus(Duration::from_secs(1));
            self.engine.step(self.now, Input::Timer, &mut self.out);
        }
    }

    /// What was sent since the last call; immediate orders fill whole at their limit, others rest.
    pub(crate) fn sent(&mut self) -> Vec<Sent> {
        let mut sent = Vec::new();
        while let Some(place) = self.out.iter().position(|it| matches!(it, Command::Send { .. })) {
            let Command::Send { request, body, .. } = self.out.remove(place) else { unreachable!() };
            let Request::Place(placed) = body else { continue };
            let new = placed.get().new.clone();
            let immediate = matches!(new.time_in_force, TimeInForce::Ioc | TimeInForce::Fok);
            sent.push(Sent {
                market: new.market.to_string(),
                side: new.side,
                cents: new.price.pips() / 100,
                contracts: new.qty.micros() / Qty::PER_CONTRACT,
                immediate,
            });
            self.trades += 1;
            let order = format!("o{}", self.trades).parse().unwrap();
            let (filled, remaining) = if immediate { (new.qty, Qty::ZERO) } else { (Qty::ZERO, new.qty) };
            self.input(Input::Answer { venue: K, request, answer: Answer::Placed { order, filled, remaining } });
            if immediate {
                self.fill(&new);
            }
        }
        self.out.clear();
        sent
    }

    fn fill(&mut self, new: &NewOrder) {
        self.feed(FeedInput::Fill(Fill {
            trade: format!("t{}", self.trades).parse().unwrap(),
            order: format!("o{}", self.trades).parse().unwrap(),
            client_order_id: Some(new.client_order_id.clone()),
            market: new.market.clone(),
            side: new.side,
            price: new.price,
            qty: new.qty,
            is_taker: true,
            fee: Money::ZERO,
            position_after: None,
        }));
    }

    pub(crate) fn net(&self, ticker: &str) -> i64 {
        self.engine.state().portfolio.account(self.place(ticker)).net().micros() / 1_000_000
    }
}
