//! Stopping, crashing and starting again: what was answered is still so.

use std::fs;
use std::path::Path;

use brier_exchange::{ClockConfig, Server, ServerConfig, StartError};
use brier_kalshi::keys::Credentials;
use brier_types::MarketResult;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Dice, Trader, World, config, step};

const T: &str = "KXA-1-T1";
const U: &str = "KXA-1-T2";

/// Everything a trader and the public can read.
async fn everything(world: &World, trader: &Trader) -> Vec<Value> {
    let mut all = Vec::new();
    for path in [
        "/exchange/status",
        "/exchange/user_data_timestamp",
        "/series",
        "/events?with_nested_markets=true",
        "/markets",
        "/markets/orderbooks?tickers=KXA-1-T1&tickers=KXA-1-T2",
        "/markets/trades",
        "/markets/candlesticks?market_tickers=KXA-1-T1,KXA-1-T2&start_ts=0&end_ts=4000000000&period_interval=1",
    ] {
        all.push(world.public(path).await);
    }
    for path in [
        "/portfolio/balance",
        "/portfolio/positions?settlement_status=all",
        "/portfolio/orders",
        "/portfolio/orders/queue_positions",
        "/portfolio/fills",
        "/portfolio/settlements",
        "/portfolio/order_groups",
        "/account/limits",
    ] {
        all.push(trader.get(path).await);
    }
    all
}

/// A little of everything.
async fn trade(world: &World, maker: &Trader, taker: &Trader) {
    let admin = world.server.admin();
    let group = maker.ask("POST", "/portfolio/order_groups/create", Some(json!({"contracts_limit_fp": "50.00"}))).await;
    let group = group.json()["order_group_id"].clone();
    let killed = taker
        .order(T, "bid", "500", "0.99", json!({"time_in_force": "fill_or_kill", "client_order_id": "killed"}))
        .await;
    assert_eq!(killed.code(), "fill_or_kill_insufficient_resting_volume");
    let mut dice = Dice::new(99);
    for turn in 0..40 {
        let (ticker, trader) = (if turn % 3 == 0 { U } else { T }, if dice.roll(2) == 0 { maker } else { taker });
        let side = if dice.roll(2) == 0 { "bid" } else { "ask" };
        let price = format!("0.{}", 40 + dice.roll(20));
        let more =
            if turn % 5 == 0 && std::ptr::eq(trader, maker) { json!({"order_group_id": group}) } else { json!({}) };
        trader.order(ticker, side, "3.50", &price, more).await;
        if turn % 4 == 0 {
            admin.clock_step(step(7)).await.unwrap();
        }
    }
    let expires = admin.now().await.unwrap().secs() + 30;
    maker.order(T, "bid", "1", "0.02", json!({"expiration_time": expires})).await;
    admin.clock_step(step(60)).await.unwrap();
    admin.determine(U, MarketResult::Yes, Some("7".to_owned())).await.unwrap();
    admin.settle(U).await.unwrap();
}

#[tokio::test]
async fn a_restart_finds_the_same_exchange() {
    let dir = TempDir::new().unwrap();
    let world = World::with(config(Some(dir.path()))).await;
    world.market(T).await;
    world.market(U).await;
    let (maker, taker) = (world.trader().await, world.trader().await);
    trade(&world, &maker, &taker).await;
    let before = everything(&world, &maker).await;
    let hash = world.server.admin().state_hash().await.unwrap();
    let operator = world.server.operator().clone();
    world.server.shutdown().await;

    let world = World::with(config(Some(dir.path()))).await;
    assert_eq!(world.server.admin().state_hash().await.unwrap(), hash);
    let maker = world.trader_with(maker.user_id, maker.keys);
    let taker = world.trader_with(taker.user_id, taker.keys);
    assert_eq!(everything(&world, &maker).await, before);
    let again = taker.order(T, "bid", "1", "0.01", json!({"client_order_id": "killed"})).await;
    assert_eq!(again.code(), "order_already_exists", "a killed order's id is spent for good");
    assert_eq!(world.server.operator().rsa.key_id, operator.rsa.key_id);
    assert_eq!(*world.server.operator().ed25519.private_pem, *operator.ed25519.private_pem);
    assert!(world.server.recovery().records > 50 && world.server.recovery().torn.is_none());
}

#[tokio::test]
async fn a_crash_at_any_byte_loses_nothing_that_was_answered() {
    let dir = TempDir::new().unwrap();
    let world = World::with(config(Some(dir.path()))).await;
    let journal = dir.path().join("journal.brier");
    let length = |path: &Path| fs::metadata(path).unwrap().len();
    world.market(T).await;
    let trader = world.trader().await;
    // After each answer: how much is on disk, and what the state is.
    let mut answered = vec![(length(&journal), world.server.admin().state_hash().await.unwrap())];
    for cents in 10..16 {
        trader.place(T, "bid", "1.00", &format!("0.{cents}")).await;
        answered.push((length(&journal), world.server.admin().state_hash().await.unwrap()));
    }
    world.server.shutdown().await;
    let bytes = fs::read(&journal).unwrap();
    assert_eq!(answered.last().unwrap().0, bytes.len() as u64, "nothing is written after an answer");
    for pair in answered.windows(2) {
        let [(from, hash), (to, next)] = [pair[0], pair[1]];
        for cut in [from, from + 1, from + 16, u64::midpoint(from, to), to - 1, to] {
            let copy = TempDir::new().unwrap();
            for file in ["operator-rsa.pem", "operator-ed25519.pem"] {
                fs::copy(dir.path().join(file), copy.path().join(file)).unwrap();
            }
            fs::write(copy.path().join("journal.brier"), &bytes[..cut as usize]).unwrap();
            let server = Server::start(config(Some(copy.path()))).await.unwrap();
            let expected = if cut == to { next } else { hash };
            assert_eq!(server.admin().state_hash().await.unwrap(), expected, "cut at {cut} of {from}..{to}");
            assert_eq!(server.recovery().torn.is_some(), cut != from && cut != to);
            server.shutdown().await;
        }
    }
}

#[tokio::test]
async fn a_folder_in_use_and_a_lost_key_file() {
    let dir = TempDir::new().unwrap();
    let server = Server::start(config(Some(dir.path()))).await.unwrap();
    let second = Server::start(config(Some(dir.path()))).await;
    assert!(matches!(second, Err(StartError::Journal(brier_store::JournalError::Locked { .. }))), "{second:?}");
    let old = server.operator().ed25519.clone();
    server.shutdown().await;
    fs::remove_file(dir.path().join("operator-ed25519.pem")).unwrap();
    let world = World::with(config(Some(dir.path()))).await;
    let new = world.server.operator().ed25519.clone();
    assert_ne!(new.key_id, old.key_id);
    let trader = |key: &brier_exchange::OperatorKey| {
        world.trader_with(String::new(), Credentials::from_pem(&key.key_id, &key.private_pem).unwrap())
    };
    assert_eq!(trader(&new).ask("GET", "/portfolio/balance", None).await.status, 200);
    assert_eq!(trader(&old).ask("GET", "/portfolio/balance", None).await.status, 401, "the lost key is revoked");
}

#[cfg(unix)]
#[tokio::test]
async fn private_keys_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(config(Some(&data))).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    let path = server.operator().rsa.path.clone().unwrap();
    assert_eq!(mode(&path), 0o600);
    assert!(Credentials::from_file(&server.operator().rsa.key_id, &path).is_ok());
    let shown = format!("{:?}", server.operator());
    assert!(!shown.contains("PRIVATE KEY"), "{shown}");
}

#[tokio::test]
async fn a_journal_from_the_future_does_not_freeze_the_wall_clock() {
    let dir = TempDir::new().unwrap();
    let server = Server::start(config(Some(dir.path()))).await.unwrap();
    server.admin().clock_set("2200-01-01T00:00:00Z".parse().unwrap()).await.unwrap();
    server.shutdown().await;
    let wall = ServerConfig { clock: ClockConfig::Wall, ..config(Some(dir.path())) };
    let refused = Server::start(wall).await.unwrap_err();
    assert!(matches!(refused, StartError::ClockAhead { .. }), "{refused}");
    assert!(refused.to_string().contains("start with a simulated clock"), "{refused}");
    Server::start(config(Some(dir.path()))).await.unwrap().shutdown().await;
}

#[tokio::test]
async fn a_record_too_long_for_the_journal_is_refused_and_stops_nothing() {
    let dir = TempDir::new().unwrap();
    let world = World::with(config(Some(dir.path()))).await;
    world.market(T).await;
    let hash = world.server.admin().state_hash().await.unwrap();
    let admin = world.server.admin();
    let long = json!({"ticker": "KXB", "title": "x".repeat(brier_store::MAX_RECORD_LEN)});
    let refused = admin.put_series(long.clone()).await.unwrap_err();
    assert!(refused.to_string().contains("at most 16777216"), "{refused}");
    let post =
        |path: &str, body: &Value| world.http.post(format!("{}{path}", world.server.admin_url())).json(body).send();
    assert_eq!(post("/catalog", &json!({"series": [long]})).await.unwrap().status(), 400);
    assert_eq!(post("/series", &long).await.unwrap().status(), 413);
    assert_eq!(world.public("/series").await["series"].as_array().unwrap().len(), 1);
    admin.put_series(json!({"ticker": "KXC"})).await.unwrap();
    world.server.shutdown().await;
    let world = World::with(config(Some(dir.path()))).await;
    assert_eq!(world.server.admin().state_hash().await.unwrap(), hash);
    assert_eq!(world.public("/series").await["series"].as_array().unwrap().len(), 2);
}
