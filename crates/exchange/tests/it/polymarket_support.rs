//! The Polymarket face as a client meets it: wallets that sign orders, API keys that sign requests.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use alloy_primitives::{Address, B256};
use brier_exchange::{ListedMarket, PolymarketAdmin, RunningServer, Server, ServerConfig, SettlementChange};
use brier_polymarket_protocol::amounts::{self, Amounts, Decimals};
use brier_polymarket_protocol::auth::{ApiCreds, WalletKey, l1_headers, l2_headers};
use brier_polymarket_protocol::contracts::{Chain, Domain, OrderVersion};
use brier_polymarket_protocol::ids::{Side, SignatureType, TokenId};
use brier_polymarket_protocol::order::{self, Order, OrderKind, SignedOrder};
use brier_polymarket_protocol::order_body::{self, Terms};
use brier_polymarket_protocol::tick::TickSize;
use brier_polymarket_protocol::wallet;
use brier_types::{Money, Price, Qty};
use serde_json::{Value, json};

use crate::support::{Answer, client, config, send, wall_ms};

pub(crate) struct Poly {
    pub server: RunningServer,
    pub http: reqwest::Client,
}

pub(crate) fn poly_config(dir: Option<&Path>) -> ServerConfig {
    ServerConfig { polymarket_listen: Some(([127, 0, 0, 1], 0).into()), ..config(dir) }
}

pub(crate) fn shares(text: &str) -> Qty {
    text.parse().unwrap()
}

pub(crate) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(crate) fn dollars(text: &str) -> Money {
    text.parse().unwrap()
}

impl Poly {
    pub(crate) async fn start() -> Self {
        Self::with(poly_config(None)).await
    }

    pub(crate) async fn with(config: ServerConfig) -> Self {
        let world = Self { server: Server::start(config).await.unwrap(), http: client() };
        world.admin().set_tier(None, "unlimited").await.unwrap();
        world
    }

    pub(crate) fn admin(&self) -> PolymarketAdmin {
        self.server.admin().polymarket()
    }

    pub(crate) fn clob(&self) -> String {
        self.server.polymarket().unwrap().clob.clone()
    }

    pub(crate) async fn market(&self, market: Value) -> ListedMarket {
        self.admin().list_market(market).await.unwrap()
    }

    /// Matches settle by hand.
    pub(crate) async fn by_hand(&self) {
        let change = SettlementChange { automatic: Some(false), ..SettlementChange::default() };
        self.admin().set_settlement(change).await.unwrap();
    }

    /// A trader whose key's wallets are open, with $1,000 in the one of this type.
    pub(crate) async fn trader(&self, seed: u8, kind: SignatureType) -> PolyTrader {
        let trader = PolyTrader::with_new_key(&self.http, &self.clob(), seed, kind).await;
        self.admin().fund(trader.maker(), dollars("1000")).await.unwrap();
        trader
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.http.get(format!("{}{path}", self.clob()))).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.http.post(format!("{}{path}", self.clob())).json(&body)).await
    }
}

pub(crate) fn now_secs() -> u64 {
    (wall_ms() / 1_000).unsigned_abs()
}

pub(crate) struct PolyTrader {
    seed: u8,
    pub key: WalletKey,
    pub address: Address,
    pub kind: SignatureType,
    pub creds: ApiCreds,
    http: reqwest::Client,
    clob: String,
}

/// What an order is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish<'a> {
    pub token: &'a str,
    pub neg_risk: bool,
    pub side: Side,
    pub price: &'a str,
    pub size: &'a str,
    pub tick: &'a str,
    pub kind: OrderKind,
}

impl<'a> Wish<'a> {
    pub(crate) const fn buy(token: &'a str, price: &'a str, size: &'a str) -> Self {
        let (side, kind) = (Side::Buy, OrderKind::Gtc);
        Self { token, neg_risk: false, side, price, size, tick: "0.01", kind }
    }

    pub(crate) const fn sell(token: &'a str, price: &'a str, size: &'a str) -> Self {
        Self { side: Side::Sell, ..Self::buy(token, price, size) }
    }

    pub(crate) const fn kind(self, kind: OrderKind) -> Self {
        Self { kind, ..self }
    }

    /// Amounts as a client computes them; of an immediate purchase `size` is dollars.
    fn amounts(&self) -> Amounts {
        let tick = TickSize::from_price(price(self.tick)).unwrap();
        match (self.kind.rests(), self.side) {
            (true, side) => amounts::limit(side, price(self.price), shares(self.size), tick),
            (false, Side::Buy) => amounts::market_buy(dollars(self.size), price(self.price), tick, Decimals::Venue),
            (false, Side::Sell) => amounts::market_sell(shares(self.size), price(self.price), tick, Decimals::Venue),
        }
        .unwrap()
    }
}

static SALT: AtomicU64 = AtomicU64::new(1);

impl PolyTrader {
    /// A trader with a key that is made now.
    pub(crate) async fn with_new_key(http: &reqwest::Client, clob: &str, seed: u8, kind: SignatureType) -> Self {
        Self::with_key_number(http, clob, (seed, 0), kind).await
    }

    /// The same trader with a key of another number.
    pub(crate) async fn with_another_key(&self, number: u64) -> Self {
        Self::with_key_number(&self.http, &self.clob, (self.seed, number), self.kind).await
    }

    async fn with_key_number(
        http: &reqwest::Client,
        clob: &str,
        (seed, number): (u8, u64),
        kind: SignatureType,
    ) -> Self {
        let key = WalletKey::from_bytes(&[seed; 32]).unwrap();
        let address = key.address();
        let headers = l1_headers(&key, Chain::Polygon, now_secs(), number);
        let mut request = http.post(format!("{clob}/auth/api-key"));
        for (name, value) in headers.pairs() {
            request = request.header(name, value);
        }
        let answer = send(request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let made = answer.json();
        let part = |name: &str| made[name].as_str().unwrap().to_owned();
        let creds = ApiCreds::new(&part("apiKey"), &part("secret"), &part("passphrase")).unwrap();
        Self { seed, key, address, kind, creds, http: http.clone(), clob: clob.to_owned() }
    }

    pub(crate) fn maker(&self) -> Address {
        match self.kind {
            SignatureType::Eoa => self.address,
            SignatureType::Proxy => wallet::proxy(self.address),
            SignatureType::Safe => wallet::safe(self.address),
            SignatureType::DepositWallet => wallet::deposit_wallet(self.address),
        }
    }

    /// The same trader at another address of the exchange.
    pub(crate) fn at(self, clob: String) -> Self {
        Self { clob, ..self }
    }

    /// The same trader, again, at another address.
    pub(crate) fn near(&self, clob: String) -> Self {
        let key = WalletKey::from_bytes(&[self.seed; 32]).unwrap();
        Self { key, creds: self.creds.clone(), http: self.http.clone(), clob, ..*self }
    }

    /// A read with a query, which is not signed.
    pub(crate) fn request_with(&self, method: &str, path: &str, query: &str) -> reqwest::RequestBuilder {
        let headers = l2_headers(&self.creds, self.address, now_secs(), method, path, b"");
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.request(method, format!("{}{path}{query}", self.clob));
        headers.pairs().into_iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    /// The order of a wish, not signed yet.
    pub(crate) fn order(&self, wish: &Wish<'_>, amounts: Amounts) -> Order {
        let maker = self.maker();
        let signer = if self.kind == SignatureType::DepositWallet { maker } else { self.address };
        Order {
            salt: SALT.fetch_add(1, Ordering::Relaxed),
            maker,
            signer,
            token: wish.token.parse().unwrap(),
            maker_amount: amounts.maker,
            taker_amount: amounts.taker,
            side: wish.side,
            signature_type: self.kind,
            timestamp_ms: wall_ms().unsigned_abs(),
            metadata: B256::ZERO,
            builder: B256::ZERO,
        }
    }

    pub(crate) fn domain(wish: &Wish<'_>) -> Domain {
        let token: TokenId = wish.token.parse().unwrap();
        let version = if token.is_position_id() { OrderVersion::V3 } else { OrderVersion::V2 };
        Domain::new(Chain::Polygon, version, wish.neg_risk)
    }

    pub(crate) fn sign(&self, order: Order, domain: Domain, expiration: u64) -> SignedOrder {
        SignedOrder { order, expiration, signature: order::sign(&order, domain, &self.key) }
    }

    pub(crate) fn signed(&self, wish: Wish<'_>) -> SignedOrder {
        self.sign(self.order(&wish, wish.amounts()), Self::domain(&wish), 0)
    }

    pub(crate) fn body(&self, order: &SignedOrder, terms: Terms) -> String {
        order_body::write(order, self.creds.key(), terms)
    }

    /// Posts what is wished for.
    pub(crate) async fn post(&self, wish: Wish<'_>) -> Answer {
        let body = self.body(&self.signed(wish), Terms::new(wish.kind));
        self.ask("POST", "/order", Some(body)).await
    }

    /// Posts what must be taken; the reply.
    pub(crate) async fn place(&self, wish: Wish<'_>) -> Value {
        let answer = self.post(wish).await;
        assert_eq!(answer.status, 200, "{wish:?}: {answer:?}");
        let reply = answer.json();
        assert_eq!((&reply["success"], &reply["errorMsg"]), (&json!(true), &json!("")), "{reply}");
        reply
    }

    pub(crate) fn request(&self, method: &str, path: &str, body: Option<String>) -> reqwest::RequestBuilder {
        let bytes = body.clone().unwrap_or_default();
        let headers = l2_headers(&self.creds, self.address, now_secs(), method, path, bytes.as_bytes());
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.clob));
        for (name, value) in headers.pairs() {
            request = request.header(name, value);
        }
        match body {
            Some(body) => request.header("content-type", "application/json").body(body),
            None => request,
        }
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<String>) -> Answer {
        send(self.request(method, path, body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.ask("GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }
}
