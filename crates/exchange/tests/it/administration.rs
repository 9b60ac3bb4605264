//! The administration: listing, the life of markets, the clock, and what it refuses.

use brier_exchange::{AdminError, ClockConfig, ServerConfig};
use brier_types::{MarketResult, Money, Price};
use serde_json::json;

use crate::support::{World, at, config, send, step};

const T: &str = "KXA-1-T1";

#[tokio::test]
async fn a_catalogue_lists_what_trades_and_pays_out() {
    let world = World::start().await;
    let admin = world.server.admin();
    let catalog = json!({
        "series": [{"ticker": "KXB", "fee_type": "quadratic_with_maker_fees", "fee_multiplier": 0.5}],
        "events": [{"event_ticker": "KXB-1", "series_ticker": "KXB", "mutually_exclusive": true, "markets": [
            {"ticker": "KXB-1-T1", "event_ticker": "KXB-1", "close_time": "2026-11-20T13:00:00Z",
             "settlement_timer_seconds": 60, "status": "finalized", "result": "no", "volume_fp": "900.00"},
        ]}],
        "markets": [{"ticker": "KXC-1-T1", "event_ticker": "KXC-1", "close_time": "2026-11-21T00:00:00Z",
            "price_level_structure": "deci_cent"}],
    });
    assert_eq!(admin.load_catalog(catalog).await.unwrap(), 4);
    let market = world.public("/markets/KXB-1-T1").await["market"].clone();
    assert_eq!(
        (&market["status"], &market["result"], &market["volume_fp"]),
        (&json!("active"), &json!(""), &json!("0.00"))
    );
    assert_eq!(world.public("/markets/KXC-1-T1").await["market"]["price_ranges"][0]["step"], "0.0010");

    let (maker, taker) = (world.trader().await, world.trader().await);
    maker.place("KXB-1-T1", "bid", "100.00", "0.50").await;
    taker.place("KXB-1-T1", "ask", "100.00", "0.50").await;
    // The maker pays a quarter of 0.07 × ½ × 100 × ¼, the taker all of it.
    assert_eq!(maker.get("/portfolio/fills").await["fills"][0]["fee_cost"], "0.218800");
    assert_eq!(taker.get("/portfolio/fills").await["fills"][0]["fee_cost"], "0.875000");
    // The clock closes it, and pays it out a minute after its result is known.
    admin.clock_set(at("2026-11-20T13:00:00Z")).await.unwrap();
    assert_eq!(world.public("/markets/KXB-1-T1").await["market"]["status"], "closed");
    let scalar = MarketResult::Scalar(Price::new(2_500).unwrap());
    admin.determine("KXB-1-T1", scalar, Some("61.5".to_owned())).await.unwrap();
    admin.clock_step(step(59)).await.unwrap();
    assert_eq!(world.public("/markets/KXB-1-T1").await["market"]["status"], "determined");
    admin.clock_step(step(1)).await.unwrap();
    let market = world.public("/markets/KXB-1-T1").await["market"].clone();
    assert_eq!((&market["status"], &market["settlement_ts"]), (&json!("finalized"), &json!("2026-11-20T13:01:00Z")));
    assert_eq!((&market["expiration_value"], &market["settlement_value_dollars"]), (&json!("61.5"), &json!("0.2500")));
    let settlement = maker.get("/portfolio/settlements").await["settlements"][0].clone();
    assert_eq!((&settlement["revenue"], &settlement["value"]), (&json!(2_500), &json!(25)));
    assert_eq!(admin.ledger().await.unwrap().difference(), Money::ZERO);
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_named() {
    let world = World::start().await;
    world.market(T).await;
    let admin = world.server.admin();
    let again = json!({"ticker": T, "event_ticker": "KXA-1", "close_time": "2026-12-01T00:00:00Z"});
    assert!(admin.create_market(again).await.unwrap_err().to_string().contains("listed already"));
    let past = json!({"ticker": "KXA-1-T2", "event_ticker": "KXA-1", "close_time": "2026-01-01T00:00:00Z"});
    assert!(matches!(admin.create_market(past).await, Err(AdminError::Invalid(_))));
    // A market the core refused is not half listed.
    assert_eq!(world.public("/markets/KXA-1-T2").await["error"]["code"], "not_found");
    assert!(matches!(admin.open("KXA-1-T9").await, Err(AdminError::NotFound { .. })));
    assert!(matches!(admin.settle(T).await, Err(AdminError::Invalid(_))));
    assert!(matches!(admin.fund("nobody", Money::DOLLAR).await, Err(AdminError::NotFound { .. })));
    assert!(matches!(admin.clock_set(at("2026-11-20T11:59:59Z")).await, Err(AdminError::Invalid(_))));
    let elsewhere = json!({"event_ticker": "KXA-1", "series_ticker": "KXZ"});
    assert!(admin.put_event(elsewhere).await.unwrap_err().to_string().contains("KXZ"));
}

#[tokio::test]
async fn the_walls_clock_cannot_be_moved() {
    let world = World::with(ServerConfig { clock: ClockConfig::Wall, ..config(None) }).await;
    assert!(matches!(world.server.admin().clock_step(step(1)).await, Err(AdminError::Invalid(_))));
    let url = format!("{}/clock", world.server.admin_url());
    let answer = send(world.http.post(&url).json(&json!({"action": "freeze"}))).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_parameters"));
    assert_eq!(send(world.http.get(&url)).await.json()["simulated"], json!(false));
}

#[tokio::test]
async fn candles_come_from_trades_and_quotes() {
    let world = World::start().await;
    world.market(T).await;
    let (maker, taker) = (world.trader().await, world.trader().await);
    maker.place(T, "bid", "10.00", "0.40").await;
    maker.place(T, "ask", "10.00", "0.60").await;
    world.server.admin().clock_step(step(90)).await.unwrap();
    taker.place(T, "bid", "2.00", "0.60").await;
    let from = at(crate::support::START).secs();
    let span = format!("start_ts={from}&end_ts={}&period_interval=1", from + 600);
    let single = world.public(&format!("/series/KXA/markets/{T}/candlesticks?{span}")).await;
    let ends: Vec<i64> =
        single["candlesticks"].as_array().unwrap().iter().map(|one| one["end_period_ts"].as_i64().unwrap()).collect();
    // Noon is a full minute, so what happened then belongs to the minute that ends there.
    assert_eq!(ends, [from, from + 120]);
    let second = &single["candlesticks"][1];
    assert_eq!((&second["price"]["close_dollars"], &second["volume_fp"]), (&json!("0.6000"), &json!("2.00")));
    assert_eq!((&second["yes_bid"]["open_dollars"], &second["open_interest_fp"]), (&json!("0.4000"), &json!("2.00")));
    let batch = world.public(&format!("/markets/candlesticks?market_tickers={T}&{span}")).await;
    assert_eq!(batch["markets"][0]["candlesticks"], single["candlesticks"]);
}

#[tokio::test]
async fn fees_listed_anew_are_the_fees_charged() {
    let dir = tempfile::TempDir::new().unwrap();
    let world = World::with(crate::support::config(Some(dir.path()))).await;
    world.market("KXA-1-T1").await;
    let admin = world.server.admin();
    let (maker, taker) = (world.trader().await, world.trader().await);
    let fee = async || {
        maker.place("KXA-1-T1", "ask", "100", "0.50").await;
        taker.place("KXA-1-T1", "bid", "100", "0.50").await;
        taker.get("/portfolio/fills").await["fills"][0]["fee_cost"].as_str().unwrap().to_owned()
    };
    assert_eq!(fee().await, "1.750000");
    admin.put_series(json!({"ticker": "KXA", "fee_multiplier": 0.5})).await.unwrap();
    assert_eq!(fee().await, "0.875000");
    admin.put_event(json!({"event_ticker": "KXA-1", "fee_multiplier_override": 2})).await.unwrap();
    assert_eq!(fee().await, "3.500000");
    let changes = world.public("/series/fee_changes?show_historical=true").await;
    assert_eq!(changes["series_fee_change_arr"][0]["fee_multiplier"], json!(0.5));
    assert_eq!(changes["series_fee_change_arr"].as_array().unwrap().len(), 1);
    let hash = admin.state_hash().await.unwrap();
    world.server.shutdown().await;
    let world = World::with(crate::support::config(Some(dir.path()))).await;
    assert_eq!(world.server.admin().state_hash().await.unwrap(), hash);
    assert_eq!(world.public("/series/fee_changes?show_historical=true").await, changes);
    assert_eq!(world.public("/series/fee_changes").await["series_fee_change_arr"], json!([]));
}
