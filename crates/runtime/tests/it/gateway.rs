//! Both gateways against the embedded exchange's own routers: what they send is taken, and what comes back is understood.

use std::collections::VecDeque;
use std::time::Duration;

use brier_engine::{AccountSnapshot, Answer, Command, Input, Request};
use brier_exchange::sim::{HttpRequest, SimExchange};
use brier_kalshi::keys::{Credentials, KeyKind, PrivateKey};
use brier_polymarket::discovery::Listing;
use brier_polymarket::keys::Wallet;
use brier_polymarket_protocol::auth::{ApiCreds, WalletKey, l1_headers};
use brier_polymarket_protocol::contracts::Chain;
use brier_polymarket_protocol::ids::SignatureType;
use brier_polymarket_protocol::tick::TickSize;
use brier_runtime::gateway::{
    Action, Gateway, HttpCall, KalshiConfig, KalshiGateway, Outcome, Permit, PolymarketConfig, PolymarketGateway,
};
use brier_types::{Money, OrderStatus, Price, Qty, Venue, VenueOrderId};
use serde_json::json;

#[expect(dead_code, reason = "shared with the gateways' own tests, which use more of it")]
#[path = "../../src/gateway/testing.rs"]
mod testing;

use testing::{Desk, KEY, NOON, cents, command, kind, lookup, order, qty, send};

/// A gateway, the exchange it talks to, and how the wire treats its calls.
struct World<G> {
    gateway: G,
    exchange: SimExchange,
    requests: u64,
}

impl<G: Gateway> World<G> {
    /// Runs a command to its end, and gives the one input it ends with.
    fn run(&mut self, command_made: &Command) -> Input {
        let now = self.exchange.now();
        let mut actions = VecDeque::from(command(&mut self.gateway, now, command_made));
        let mut inputs = Vec::new();
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Call(call) => {
                    let end = self.deliver(&call);
                    let mut out = Vec::new();
                    self.gateway.on_outcome(now, call.id, end, &mut out);
                    actions.extend(out);
                }
                Action::Input(input) => inputs.push(input),
                Action::Notice(text) => panic!("{text}"),
            }
        }
        assert_eq!(inputs.len(), 1, "{inputs:?}");
        inputs.remove(0)
    }

    fn deliver(&mut self, call: &HttpCall) -> Outcome {
        let request = HttpRequest {
            method: call.method.as_str().to_owned(),
            target: call.target.clone(),
            headers: call.headers.clone(),
            body: call.body.clone(),
        };
        let answer = self.exchange.http(self.gateway.venue(), &request);
        Outcome::Answered { status: answer.status, date: None, retry_after: None, body: answer.body }
    }

    fn ask(&mut self, body: Request) -> Answer {
        self.requests += 1;
        let venue = self.gateway.venue();
        match self.run(&send(venue, self.requests, body)) {
            Input::Answer { request, answer, .. } => {
                assert_eq!(request.0, self.requests);
                answer
            }
            other => panic!("expected an answer, found {other:?}"),
        }
    }

    fn account(&mut self) -> AccountSnapshot {
        let venue = self.gateway.venue();
        match self.run(&Command::Reconcile { venue, asked: 5, fills_since: NOON.minus(Duration::from_mins(1)) }) {
            Input::Account(snapshot) => *snapshot,
            other => panic!("expected an account, found {other:?}"),
        }
    }

    /// Lets the exchange's reads catch up.
    fn pass(&mut self, seconds: u64) {
        let to = self.exchange.now().plus(Duration::from_secs(seconds));
        self.exchange.advance(to);
    }
}

fn placed(answer: &Answer) -> VenueOrderId {
    match answer {
        Answer::Placed { order, filled, remaining } => {
            assert_eq!((*filled, *remaining), (Qty::ZERO, qty(10)));
            order.clone()
        }
        other => panic!("expected a placed order, found {other:?}"),
    }
}

fn dollars(dollars: i64) -> Money {
    Money::from_micros(dollars * 1_000_000)
}

fn kalshi() -> World<KalshiGateway> {
    let mut exchange = SimExchange::start(NOON, 7, Money::ZERO);
    let key = PrivateKey::generate(KeyKind::Ed25519).unwrap();
    let public = key.public_key().to_pem().unwrap();
    let close = NOON.plus(Duration::from_hours(4)).to_string();
    let account = exchange.manage(|admin| async move {
        let account = admin.create_account("bot", KeyKind::Ed25519, Some(public)).await.unwrap();
        admin.fund(&account.user_id, dollars(1_000)).await.unwrap();
        let series = json!({ "ticker": "KXT", "title": "T", "frequency": "daily", "fee_type": "quadratic", "fee_multiplier": 1 });
        admin.put_series(series).await.unwrap();
        let event = json!({ "event_ticker": "KXT-1", "series_ticker": "KXT", "title": "T", "mutually_exclusive": false });
        admin.put_event(event).await.unwrap();
        let market = json!({
            "ticker": "M", "event_ticker": "KXT-1", "title": "T", "yes_sub_title": "T",
            "open_time": NOON.to_string(), "close_time": close, "settlement_timer_seconds": 5,
        });
        admin.create_market(market).await.unwrap();
        account
    });
    let credentials = Credentials::new(&account.key_id, key).unwrap();
    let near = brier_kalshi::Env::DEFAULT_LOCAL.parse().unwrap();
    let gateway = KalshiGateway::new(credentials, KalshiConfig::new(Permit::kalshi(&near, None)));
    World { gateway, exchange, requests: 0 }
}

#[test]
fn a_kalshi_orders_life() {
    let mut world = kalshi();
    let place = Desk::new(Venue::Kalshi, "M").place(order("M", "b-1"));
    assert_eq!(kind(&world.ask(lookup(order("M", "b-1"), None))).split(' ').next(), Some("NotFound"));
    let id = placed(&world.ask(place.clone()));
    // The same order once more exists already: looking it up tells.
    assert_eq!(kind(&world.ask(place)), "in doubt");
    world.pass(5);
    for venue_id in [None, Some(id.as_str())] {
        let told = world.ask(lookup(order("M", "b-1"), venue_id));
        let Answer::Found(update) = told else { panic!("{told:?}") };
        assert_eq!((update.order, update.status, update.remaining), (id.clone(), OrderStatus::Resting, qty(10)));
    }
    let amend = Desk::new(Venue::Kalshi, "M").amend(id.as_str(), cents(43), qty(8));
    assert_eq!(world.ask(amend), Answer::Amended { filled: Qty::ZERO, remaining: qty(8) });
    let market: brier_types::MarketTicker = "M".parse().unwrap();
    let decrease = Request::DecreaseTo { order: KEY, market: market.clone(), venue_id: id.clone(), remaining: qty(6) };
    assert_eq!(world.ask(decrease.clone()), Answer::Decreased { remaining: qty(6) });
    world.pass(5);
    let account = world.account();
    assert_eq!((account.orders.len(), account.orders[0].remaining), (1, qty(6)));
    assert!(account.as_of > NOON && account.fills.is_empty() && account.positions.is_empty());
    assert!(account.cash[0].free.is_some_and(|free| free < dollars(1_000)));
    let cancel = Request::Cancel { order: KEY, market, venue_id: id };
    assert_eq!(world.ask(cancel.clone()), Answer::Canceled { reduced_by: Some(qty(6)) });
    assert_eq!(world.ask(cancel), Answer::Gone);
    assert_eq!(world.ask(decrease), Answer::Gone);
    assert_eq!(world.ask(Request::CancelAll), Answer::CanceledAll);
    world.pass(5);
    assert_eq!(world.account().cash[0].free, Some(dollars(1_000)));
    let Answer::Group(group) = world.ask(Request::CreateGroup { limit: qty(50) }) else { panic!("no group") };
    assert_eq!(world.ask(Request::ResetGroup { group: group.clone() }), Answer::Group(group));
}

#[test]
fn what_kalshi_refuses() {
    let mut world = kalshi();
    // The cash is enough for the price, and not for the fee on top.
    let poor = brier_types::NewOrder { qty: qty(2_380), ..order("M", "b-2") };
    let poor = Desk::new(Venue::Kalshi, "M").place(poor);
    assert_eq!(kind(&world.ask(poor)), "rejected InsufficientBalance");
    let elsewhere = Desk::new(Venue::Kalshi, "NOWHERE").place(order("NOWHERE", "b-3"));
    assert_eq!(kind(&world.ask(elsewhere)), "rejected Other");
    world.exchange.manage(|admin| async move { admin.set_active(true, false).await.unwrap() });
    let place = Desk::new(Venue::Kalshi, "M").place(order("M", "b-4"));
    assert_eq!(kind(&world.ask(place)), "not now Restarting");
}

fn polymarket() -> (World<PolymarketGateway>, Listing) {
    let mut exchange = SimExchange::start(NOON, 7, Money::ZERO);
    let key = WalletKey::from_bytes(&[7; 32]).unwrap();
    let address = key.address();
    let headers = l1_headers(&key, Chain::Polygon, u64::try_from(NOON.secs()).unwrap(), 0);
    let headers = headers.pairs().iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let request =
        HttpRequest { method: "POST".to_owned(), target: "/auth/api-key".to_owned(), headers, body: Vec::new() };
    let made: serde_json::Value = serde_json::from_slice(&exchange.http(Venue::Polymarket, &request).body).unwrap();
    let part = |name: &str| made[name].as_str().unwrap();
    let creds = ApiCreds::new(part("apiKey"), part("secret"), part("passphrase")).unwrap();
    let listed = exchange.manage(|admin| async move {
        admin.polymarket().fund(address, dollars(1_000)).await.unwrap();
        let market = json!({ "question": "T?", "slug": "t", "fee_rate": "0" });
        admin.polymarket().list_market(market).await.unwrap()
    });
    let [yes, no] = &listed.token_ids;
    let tick = TickSize::from_price(Price::new(100).unwrap()).unwrap();
    let (condition, yes, no) = (listed.condition_id.parse().unwrap(), yes.parse().unwrap(), no.parse().unwrap());
    let mut listing = Listing::minimal(condition, yes, no, tick, qty(5));
    listing.neg_risk = listed.neg_risk;
    let wallet = Wallet::new(key, SignatureType::Eoa, None).unwrap();
    let near = brier_polymarket::Env::DEFAULT_LOCAL.parse().unwrap();
    let config = PolymarketConfig::new(Chain::Polygon, Permit::polymarket(&near, None));
    let mut gateway = PolymarketGateway::new(wallet, creds, config);
    gateway.list(listing.clone());
    (World { gateway, exchange, requests: 0 }, listing)
}

#[test]
fn a_polymarket_orders_life() {
    let (mut world, listing) = polymarket();
    let ticker = listing.ticker.as_str();
    let place = Desk::new(Venue::Polymarket, ticker).place(order(ticker, "b-1"));
    assert_eq!(kind(&world.ask(lookup(order(ticker, "b-1"), None))).split(' ').next(), Some("NotFound"));
    let id = placed(&world.ask(place.clone()));
    assert_eq!(kind(&world.ask(place)), "in doubt");
    world.pass(5);
    for venue_id in [None, Some(id.as_str())] {
        let told = world.ask(lookup(order(ticker, "b-1"), venue_id));
        let Answer::Found(update) = told else { panic!("{told:?}") };
        assert_eq!((update.order, update.status, update.remaining), (id.clone(), OrderStatus::Resting, qty(10)));
    }
    let account = world.account();
    assert_eq!((account.orders.len(), account.orders[0].remaining), (1, qty(10)));
    assert_eq!(account.cash[0].total, Some(dollars(1_000)));
    assert!(account.fills.is_empty() && account.positions.is_empty());
    let cancel = Request::Cancel { order: KEY, market: listing.ticker.clone(), venue_id: id };
    assert_eq!(world.ask(cancel.clone()), Answer::Canceled { reduced_by: None });
    assert_eq!(world.ask(cancel), Answer::Gone);
    assert_eq!(world.ask(Request::CancelAll), Answer::CanceledAll);
}

#[test]
fn polymarkets_modes() {
    let (mut world, listing) = polymarket();
    let ticker = listing.ticker.as_str();
    let place = Desk::new(Venue::Polymarket, ticker).place(order(ticker, "b-1"));
    for (mode, expected) in [
        ("restarting", "not now Restarting"),
        ("post_only", "not now PostOnlyMode"),
        ("cancel_only", "not now CancelOnlyMode"),
        ("disabled", "not now Restarting"),
    ] {
        world.exchange.manage(|admin| async move { admin.polymarket().set_engine(mode, 60).await.unwrap() });
        assert_eq!(kind(&world.ask(place.clone())), expected, "{mode}");
    }
    world.exchange.manage(|admin| async move { admin.polymarket().set_engine("normal", 0).await.unwrap() });
    assert_eq!(kind(&world.ask(place)).split(' ').next(), Some("Placed"));
}
