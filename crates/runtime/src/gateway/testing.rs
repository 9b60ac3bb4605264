//! What tests of both gateways need: commands that risk has admitted, and words for outcomes.

use std::time::Duration;

use brier_engine::risk::{Limits, Proposal, Risk};
use brier_engine::{
    AccountSnapshot, Answer, Command, Custody, Engine, EngineConfig, Fees, Funding, Input, Instrument, Lookup,
    MarketId, OrderKey, PlaceOrder, Purpose, Request, RequestId, Role, StrategyId, VenueCash,
};
use brier_types::{
    BookChange, BookInput, BookSide, ConnectionInput, Input as FeedInput, Market, MarketStatus, Money, NewOrder, Price,
    PriceGrid, Qty, SelfTradePrevention, SubscriptionId, TimeInForce, Timestamp, Venue,
};

use super::{Action, Gateway, HttpCall, Outcome};

/// A second of 2026, in the middle.
pub(super) const NOON: Timestamp = Timestamp::from_nanos(1_795_176_000_500_000_000);

pub(super) fn qty(contracts: u64) -> Qty {
    Qty::from_contracts(contracts).unwrap()
}

pub(super) fn cents(cents: u8) -> Price {
    Price::from_cents(cents).unwrap()
}

pub(super) fn at(millis: u64) -> Timestamp {
    NOON.plus(Duration::from_millis(millis))
}

pub(super) fn instrument(venue: Venue, ticker: &str, shard: u16) -> Instrument {
    let polymarket = venue == Venue::Polymarket;
    Instrument {
        market: Market {
            venue,
            ticker: ticker.parse().unwrap(),
            event: "E".parse().unwrap(),
            title: String::new(),
            grid: PriceGrid::uniform(cents(1)).unwrap(),
            size_step: Qty::HUNDREDTH,
            open_time: NOON.minus(Duration::from_hours(1)),
            close_time: NOON.plus(Duration::from_hours(24)),
            status: MarketStatus::Active,
            result: None,
        },
        fees: Fees::FREE,
        custody: if polymarket { Custody::Tokens } else { Custody::Netted },
        shard,
        min_qty: Qty::HUNDREDTH,
        min_taking: Money::ZERO,
        exclusive: false,
        strike: None,
    }
}

/// An order of ten contracts at $0.42.
pub(super) fn order(ticker: &str, id: &str) -> NewOrder {
    NewOrder {
        client_order_id: id.parse().unwrap(),
        market: ticker.parse().unwrap(),
        side: BookSide::Bid,
        price: cents(42),
        qty: qty(10),
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
        self_trade_prevention: SelfTradePrevention::TakerAtCross,
        cancel_on_pause: false,
        group: None,
    }
}

pub(super) const KEY: OrderKey = OrderKey { slot: 0, generation: 0 };

pub(super) fn place_order(new: NewOrder) -> PlaceOrder {
    PlaceOrder { order: KEY, market_id: MarketId(0), new, funding: Funding::Cash, created: NOON }
}

pub(super) fn lookup(new: NewOrder, venue_id: Option<&str>) -> Request {
    let venue_id = venue_id.map(|id| id.parse().unwrap());
    Request::Lookup(Lookup { order: KEY, placed: place_order(new), venue_id })
}

pub(super) fn send(venue: Venue, request: u64, body: Request) -> Command {
    Command::Send { venue, request: RequestId(request), body }
}

/// An engine that trusts one market of one venue, and what it wants there. Every order of it has passed risk.
pub(super) struct Desk {
    engine: Engine,
    venue: Venue,
    now: Timestamp,
}

impl Desk {
    pub(super) fn new(venue: Venue, ticker: &str) -> Self {
        let engine = Engine::new(EngineConfig::new("g1", Limits::unlimited_for_tests()));
        let mut desk = Self { engine, venue, now: NOON };
        desk.input(Input::Listed(Box::new(instrument(venue, ticker, 0))));
        desk.input(Input::Started { run: 1 });
        let commands = desk.feed(FeedInput::Connection(ConnectionInput::Up { venue }));
        let asked = commands.iter().find_map(|command| match command {
            Command::Reconcile { asked, .. } => Some(*asked),
            _ => None,
        });
        desk.input(Input::Account(Box::new(AccountSnapshot {
            venue,
            asked: asked.expect("a connection is followed by a reconciliation"),
            as_of: desk.now,
            orders: Vec::new(),
            fills: Vec::new(),
            statuses: Vec::new(),
            fills_since: NOON,
            positions: Vec::new(),
            cash: vec![VenueCash { shard: 0, free: None, total: Some(Money::from_micros(1_000_000_000)) }],
        })));
        let side = |price| vec![(cents(price), qty(100))];
        desk.feed(FeedInput::Book(BookInput {
            market: ticker.parse().unwrap(),
            subscription: SubscriptionId(1),
            sequence: 1,
            change: BookChange::Snapshot { bids: side(40), asks: side(60) },
        }));
        desk
    }

    fn input(&mut self, input: Input) -> Vec<Command> {
        self.now = self.now.plus(Duration::from_millis(1));
        let mut commands = Vec::new();
        self.engine.step(self.now, input, &mut commands);
        commands
    }

    fn feed(&mut self, body: FeedInput) -> Vec<Command> {
        self.input(Input::Feed { venue: self.venue, body })
    }

    /// A placing that risk admits.
    pub(super) fn place(&self, new: NewOrder) -> Request {
        let proposal = Proposal {
            place: place_order(new),
            strategy: StrategyId::OPERATOR,
            role: Role::Quote,
            purpose: Purpose::Any,
        };
        let mut risk = Risk::new(Limits::unlimited_for_tests());
        Request::Place(risk.admit(self.now, self.engine.state(), proposal).expect("nothing limits it"))
    }

    /// A change of a resting order to these terms that risk admits.
    pub(super) fn amend(&mut self, venue_id: &str, price: Price, total: Qty) -> Request {
        use brier_engine::{ChangeOrder, Operator, Quote, Want};
        let quote = Quote { side: BookSide::Bid, price: cents(42), qty: qty(10), purpose: Purpose::Any };
        let want = Want::Quotes { market: MarketId(0), quotes: vec![quote] };
        let mut commands = self.input(Input::Operator(Operator::Want(want)));
        self.now = self.now.plus(Duration::from_secs(1));
        commands.extend(self.input(Input::Timer));
        let (request, place) = commands
            .iter()
            .find_map(|command| match command {
                Command::Send { request, body: Request::Place(place), .. } => Some((*request, place.get().clone())),
                _ => None,
            })
            .expect("a want leads to a placing");
        let (order, filled) = (venue_id.parse().unwrap(), Qty::ZERO);
        let told = Answer::Placed { order, filled, remaining: place.new.qty };
        self.input(Input::Answer { venue: self.venue, request, answer: told });
        let amend = brier_types::AmendOrder {
            order: venue_id.parse().unwrap(),
            market: place.new.market.clone(),
            side: place.new.side,
            price,
            total,
            new_client_order_id: None,
        };
        let change = ChangeOrder { order: place.order, amend };
        let mut risk = Risk::new(Limits::unlimited_for_tests());
        Request::Amend(risk.admit_change(self.now, self.engine.state(), change).expect("nothing limits it"))
    }
}

pub(super) fn answered(status: u16, body: &str) -> Outcome {
    Outcome::Answered { status, date: None, retry_after: None, body: body.as_bytes().to_vec() }
}

/// What a command leads to at once.
pub(super) fn command(gateway: &mut dyn Gateway, now: Timestamp, command: &Command) -> Vec<Action> {
    let mut out = Vec::new();
    gateway.on_command(now, command, &mut out);
    out
}

/// The one call among these actions.
pub(super) fn one_call(actions: Vec<Action>) -> HttpCall {
    let mut calls: Vec<HttpCall> = actions
        .into_iter()
        .map(|action| match action {
            Action::Call(call) => call,
            other => panic!("expected a call, found {other:?}"),
        })
        .collect();
    assert_eq!(calls.len(), 1, "{calls:?}");
    calls.remove(0)
}

pub(super) fn outcome(gateway: &mut dyn Gateway, now: Timestamp, call: &HttpCall, outcome: Outcome) -> Vec<Action> {
    let mut out = Vec::new();
    gateway.on_outcome(now, call.id, outcome, &mut out);
    out
}

/// The answers among these actions, with their requests.
pub(super) fn answers(actions: &[Action]) -> Vec<(u64, Answer)> {
    let told = actions.iter().filter_map(|action| match action {
        Action::Input(Input::Answer { request, answer, .. }) => Some((request.0, answer.clone())),
        _ => None,
    });
    told.collect()
}

/// The one answer among these actions, and nothing else.
pub(super) fn one_answer(actions: Vec<Action>) -> Answer {
    match <[Action; 1]>::try_from(actions) {
        Ok([Action::Input(Input::Answer { answer, .. })]) => answer,
        other => panic!("expected one answer, found {other:?}"),
    }
}

/// What a request is answered with when its first call ends so.
pub(super) fn ask(gateway: &mut dyn Gateway, body: Request, end: Outcome) -> Answer {
    let venue = gateway.venue();
    let call = one_call(command(gateway, NOON, &send(venue, 1, body)));
    one_answer(outcome(gateway, at(20), &call, end))
}

/// An answer by its kind, for tables.
pub(super) fn kind(answer: &Answer) -> String {
    match answer {
        Answer::Rejected(reject) => format!("rejected {:?}", reject.code),
        Answer::NotNow { why, .. } => format!("not now {why:?}"),
        Answer::InDoubt { .. } => "in doubt".to_owned(),
        Answer::Gone => "gone".to_owned(),
        other => format!("{other:?}"),
    }
}
