//! A trade that fails after it matched, seen from both ends at once: the exchange's books, and the connector's, which knows
//! only what the user channel said.

use std::time::Duration;

use brier_exchange::{ListedMarket, PositionChange, SettlementChange, TradeStep, WalletBalances};
use brier_polymarket::stream::{LinkConfig, Stream, StreamConfig, StreamItem, Token, TokenView, UserSession};
use brier_polymarket_protocol::convert::{Listing, TokenMap};
use brier_polymarket_protocol::fees::FeeSchedule;
use brier_polymarket_protocol::ids::SignatureType;
use brier_polymarket_protocol::order::OrderKind;
use brier_polymarket_protocol::order_body::Terms;
use brier_polymarket_protocol::stream::command::StreamAuth;
use brier_types::{FillStatus, Input, MarketTicker, Money};
use serde_json::{Value, json};

use crate::polymarket_support::{Poly, PolyTrader, Wish, dollars, shares};
use crate::support::step;

/// Nothing waits this long unless it is broken.
const DEADLINE: Duration = Duration::from_secs(20);

/// A trader as the connector sees him.
struct Desk {
    trader: PolyTrader,
    stream: Stream<UserSession>,
    market: MarketTicker,
}

/// What the connector makes of what it was told: each token's figures, and cash and exposure in all.
type View = (Vec<(Token, TokenView)>, Option<(Money, Money)>);

impl Desk {
    async fn open(world: &Poly, trader: PolyTrader, market: &ListedMarket) -> Self {
        let ticker = MarketTicker::new(&market.condition_id).unwrap();
        let [yes, no] = market.token_ids.clone();
        let creds = &trader.creds;
        let auth = StreamAuth {
            api_key: creds.key().to_owned(),
            secret: creds.secret().expose().to_owned(),
            passphrase: creds.expose_passphrase().to_owned(),
        };
        let mut session = UserSession::new(LinkConfig::new(1), auth, Vec::new(), TokenMap::new());
        let fees = FeeSchedule::new(70_000, 1, true, 0).unwrap();
        session.account_mut().list(Listing { market: ticker.clone(), yes, no }, fees);
        let url = format!("{}/ws/user", world.clob().replacen("http", "ws", 1));
        let mut desk = Self { trader, stream: Stream::open(session, StreamConfig::new(url)).unwrap(), market: ticker };
        // An order of its own that it hears of shows that the subscription stands.
        loop {
            let id = desk.rest(Wish::buy(&market.token_ids[0], "0.01", "5")).await;
            desk.trader.ask("DELETE", "/order", Some(json!({"orderID": id}).to_string())).await;
            let heard = tokio::time::timeout(Duration::from_millis(300), desk.order_input()).await;
            if heard.is_ok() {
                return desk;
            }
        }
    }

    async fn order_input(&mut self) {
        while !matches!(self.input().await, Input::Order(_)) {}
    }

    async fn input(&mut self) -> Input {
        loop {
            let item = tokio::time::timeout(DEADLINE, self.stream.next()).await.unwrap().unwrap().unwrap();
            match item {
                StreamItem::Input(stamped) => return stamped.body,
                StreamItem::Notice(notice) => {
                    assert!(!format!("{notice:?}").contains("Unreadable"), "{notice:?}");
                }
                StreamItem::Price(_) => {}
            }
        }
    }

    async fn rest(&self, wish: Wish<'_>) -> String {
        self.trader.place(wish).await["orderID"].as_str().unwrap().to_owned()
    }

    /// Waits until the channel has told of a trade that it is this far.
    async fn told(&mut self, trade: &str, status: FillStatus) {
        loop {
            match self.input().await {
                Input::Fill(fill) if status == FillStatus::Matched && fill.trade.as_str() == trade => return,
                Input::FillStatus(update) if update.trade.as_str() == trade && update.status == status => return,
                _ => {}
            }
        }
    }

    async fn view(&self) -> View {
        let market = self.market.clone();
        let view = self.stream.with(move |session, _, _| {
            let trades = session.account().trades();
            let tokens = [false, true].map(|is_no| Token { market: market.clone(), is_no });
            let views = tokens.map(|token| (token.clone(), trades.token(&token).unwrap()));
            (views.to_vec(), trades.totals())
        });
        view.await.unwrap()
    }
}

/// Everything the exchange says of a trader: balances by the administration, and cash and tokens as clients read them.
async fn books(world: &Poly, trader: &PolyTrader, market: &ListedMarket) -> (WalletBalances, Vec<Value>) {
    let mut read = Vec::new();
    let kind = trader.kind as u8;
    for token in &market.token_ids {
        let path = format!("/balance-allowance?asset_type=CONDITIONAL&token_id={token}&signature_type={kind}");
        read.push(trader.get(&path).await);
    }
    read.push(trader.get(&format!("/balance-allowance?asset_type=COLLATERAL&signature_type={kind}")).await);
    // Positions carry what they cost and made.
    let url = world.server.polymarket().unwrap().data.clone();
    let answer = reqwest::get(format!("{url}/positions?user={}&sizeThreshold=0", trader.maker())).await.unwrap();
    let positions: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    read.push(positions);
    (world.admin().balances(trader.maker()).await.unwrap(), read)
}

async fn desks(world: &Poly, market: &ListedMarket) -> [Desk; 2] {
    let maker = world.trader(1, SignatureType::Eoa).await;
    let taker = world.trader(2, SignatureType::DepositWallet).await;
    for trader in [&maker, &taker] {
        let split = PositionChange::Split { market: market.condition_id.clone(), qty: shares("100") };
        world.admin().position(trader.maker(), split).await.unwrap();
    }
    [Desk::open(world, maker, market).await, Desk::open(world, taker, market).await]
}

/// The ways in which two orders meet, with prices: what rests, then what takes.
fn meetings<'a>(yes: &'a str, no: &'a str) -> [(Wish<'a>, Wish<'a>); 6] {
    [
        (Wish::sell(yes, "0.52", "20"), Wish::buy(yes, "0.52", "20")),
        (Wish::buy(yes, "0.47", "20"), Wish::sell(yes, "0.45", "12.5")),
        (Wish::buy(no, "0.40", "20"), Wish::buy(yes, "0.63", "20")),
        (Wish::sell(no, "0.40", "20"), Wish::sell(yes, "0.58", "20")),
        (Wish::sell(no, "0.33", "30"), Wish::buy(no, "0.35", "7").kind(OrderKind::Fak)),
        (Wish::buy(no, "0.33", "30"), Wish::sell(no, "0.33", "30").kind(OrderKind::Fok)),
    ]
}

#[tokio::test]
async fn a_trade_that_fails_after_matching_changes_nothing_in_either_view() {
    let world = Poly::start().await;
    world.by_hand().await;
    let market = world.market(json!({"question": "Will it hold?", "fee_rate": "0.07"})).await;
    let [yes, no] = [0, 1].map(|index| market.token_ids[index].as_str());
    let [mut maker, mut taker] = desks(&world, &market).await;
    let admin = world.admin();
    // The second time around there are confirmed positions, costs and profits to be kept.
    for round in 0..2 {
        for (resting, taking) in meetings(yes, no) {
            let before = [maker.view().await, taker.view().await];
            let books_before =
                [books(&world, &maker.trader, &market).await, books(&world, &taker.trader, &market).await];
            let ledger = admin.ledger().await.unwrap();
            let order = maker.rest(resting).await;
            let reply = taker.trader.place(taking).await;
            let trade = reply["tradeIDs"][0].as_str().unwrap().to_owned();
            for desk in [&mut maker, &mut taker] {
                desk.told(&trade, FillStatus::Matched).await;
            }
            assert_ne!([maker.view().await, taker.view().await], before, "a match counts, provisionally");
            for (step, status) in [(TradeStep::Retry, FillStatus::Retrying), (TradeStep::Fail, FillStatus::Failed)] {
                admin.settle_trade(&trade, step).await.unwrap();
                for desk in [&mut maker, &mut taker] {
                    desk.told(&trade, status).await;
                }
            }
            // What was not matched still rests; the order does not come back.
            maker.trader.ask("DELETE", "/order", Some(json!({"orderID": order}).to_string())).await;
            assert_eq!([maker.view().await, taker.view().await], before, "round {round}: {resting:?} {taking:?}");
            let books_after =
                [books(&world, &maker.trader, &market).await, books(&world, &taker.trader, &market).await];
            assert_eq!(books_after, books_before, "round {round}: {resting:?} {taking:?}");
            assert_eq!(admin.ledger().await.unwrap(), ledger);
        }
        if round == 0 {
            confirm_all(&world, &market, [&mut maker, &mut taker]).await;
        }
    }
}

/// Every meeting once more, and confirmed: both views then agree.
async fn confirm_all(world: &Poly, market: &ListedMarket, [maker, taker]: [&mut Desk; 2]) {
    let admin = world.admin();
    let [yes, no] = [0, 1].map(|index| market.token_ids[index].as_str());
    let start = [balances(world, maker, market).await, balances(world, taker, market).await];
    for (resting, taking) in meetings(yes, no) {
        let order = maker.rest(resting).await;
        let reply = taker.trader.place(taking).await;
        let trade = reply["tradeIDs"][0].as_str().unwrap().to_owned();
        for step in [TradeStep::Mine, TradeStep::Confirm] {
            admin.settle_trade(&trade, step).await.unwrap();
        }
        for desk in [&mut *maker, &mut *taker] {
            desk.told(&trade, FillStatus::Confirmed).await;
        }
        maker.trader.ask("DELETE", "/order", Some(json!({"orderID": order}).to_string())).await;
    }
    for (desk, start) in [&*maker, &*taker].into_iter().zip(start) {
        let (views, totals) = desk.view().await;
        let found = balances(world, desk, market).await;
        let moved: Vec<i64> = found.iter().zip(start).map(|(now, then)| now - then).collect();
        let told = views.iter().map(|(_, view)| view.confirmed.position.micros());
        let told: Vec<i64> = told.chain([totals.unwrap().0.micros()]).collect();
        assert_eq!(told[..2], moved[..2], "YES and NO, as told and as owned");
        // The channel tells shares and prices, not dollars: of the one purchase that is stated in dollars its seller may
        // get a millionth more than the price of its shares.
        assert!((told[2] - moved[2]).abs() <= 1, "cash, as told {} and as owned {}", told[2], moved[2]);
        assert!(views.iter().all(|(_, view)| view.provisional_trades == 0));
        assert!(views.iter().any(|(_, view)| view.confirmed.realized != Money::ZERO));
    }
}

/// YES, NO and cash owned, in millionths.
async fn balances(world: &Poly, desk: &Desk, market: &ListedMarket) -> [i64; 3] {
    let it = world.admin().balances(desk.trader.maker()).await.unwrap();
    let of = |id: &String| {
        let found = it.tokens.iter().find(|token| token.token_id == *id);
        found.map_or(0, |token| i64::try_from(token.balance.micros()).unwrap())
    };
    [of(&market.token_ids[0]), of(&market.token_ids[1]), it.cash.micros()]
}

#[tokio::test]
async fn a_post_only_order_is_refused_at_once_where_others_wait() {
    let world = Poly::start().await;
    let market = world.market(json!({"question": "Who wins?", "seconds_delay": 3})).await;
    let [yes, no] = [0, 1].map(|index| market.token_ids[index].as_str());
    let maker = world.trader(1, SignatureType::Eoa).await;
    let taker = world.trader(2, SignatureType::DepositWallet).await;
    maker.place(Wish::buy(no, "0.50", "10")).await;
    let wish = Wish::buy(yes, "0.50", "10");
    let terms = Terms { post_only: true, ..Terms::new(wish.kind) };
    let body = taker.body(&taker.signed(wish), terms);
    let answer = taker.ask("POST", "/order", Some(body)).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(answer.json()["error"], "invalid post-only order: order crosses book");
}

#[tokio::test]
async fn the_silence_of_one_key_ends_its_own_orders_only() {
    let world = Poly::start().await;
    let market = world.market(json!({"question": "Alive?"})).await;
    let first = world.trader(1, SignatureType::Eoa).await;
    let second = first.with_another_key(1).await;
    assert_ne!(first.creds.key(), second.creds.key());
    for trader in [&first, &second] {
        trader.place(Wish::buy(&market.token_ids[0], "0.30", "10")).await;
    }
    let beat = json!({"heartbeat_id": ""}).to_string();
    assert_eq!(first.ask("POST", "/v1/heartbeats", Some(beat)).await.status, 200);
    world.server.admin().clock_step(step(11)).await.unwrap();
    let orders = first.get("/data/orders").await;
    assert_eq!(orders["count"], 1, "{orders}");
    assert_eq!(orders["data"][0]["owner"], second.creds.key());
}

#[tokio::test]
async fn matches_settled_by_hand_wait_for_the_hand_and_the_clock_takes_them_up_again() {
    let world = Poly::start().await;
    let market = world.market(json!({"question": "By hand?"})).await;
    let [yes, no] = [0, 1].map(|index| market.token_ids[index].as_str());
    let maker = world.trader(1, SignatureType::Eoa).await;
    let taker = world.trader(2, SignatureType::DepositWallet).await;
    maker.place(Wish::buy(no, "0.50", "10")).await;
    taker.place(Wish::buy(yes, "0.50", "10")).await;
    world.by_hand().await;
    let owned = async || world.admin().balances(taker.maker()).await.unwrap().cash;
    world.server.admin().clock_step(step(3_600)).await.unwrap();
    assert_eq!(owned().await, dollars("1000"));
    let change = SettlementChange { automatic: Some(true), ..SettlementChange::default() };
    world.admin().set_settlement(change).await.unwrap();
    world.server.admin().clock_step(step(3_600)).await.unwrap();
    assert_eq!(owned().await, dollars("995"));
    let status = &taker.get("/data/trades").await["data"][0]["status"];
    assert_eq!(status, "CONFIRMED");
}
