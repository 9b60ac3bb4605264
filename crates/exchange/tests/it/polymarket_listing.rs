//! What the administration takes as a listing, and what it refuses.

use std::path::Path;

use brier_exchange::{AdminError, ListedMarket, RunningServer};
use serde_json::{Value, json};

use crate::polymarket_support::Poly;
use crate::support::send;

fn refused<T: std::fmt::Debug>(result: Result<T, AdminError>) -> String {
    result.unwrap_err().to_string()
}

fn slugs(listed: &[ListedMarket]) -> Vec<&str> {
    listed.iter().map(|it| it.slug.as_str()).collect()
}

/// How many events and markets Gamma tells of.
async fn counts(world: &Poly) -> [usize; 2] {
    let gamma = &world.server.polymarket().unwrap().gamma;
    let mut counts = [0; 2];
    for (count, path) in counts.iter_mut().zip(["events", "markets"]) {
        let rows: Value = send(world.http.get(format!("{gamma}/{path}?limit=100"))).await.json();
        *count = rows.as_array().unwrap().len();
    }
    counts
}

async fn posted(server: &RunningServer, http: &reqwest::Client, path: &str, body: &Value) -> (u16, String) {
    let answer = send(http.post(format!("{}/polymarket{path}", server.admin_url())).json(body)).await;
    (answer.status, answer.json().to_string())
}

#[tokio::test]
async fn a_slug_names_one_market_and_one_event() {
    let world = Poly::start().await;
    let admin = world.admin();
    let question = json!({"question": "Rain in New York?"});
    assert_eq!(world.market(question.clone()).await.slug, "rain-in-new-york");
    let before = counts(&world).await;

    let taken = "market slug `rain-in-new-york` is listed already; give another `slug`";
    assert_eq!(refused(admin.list_market(question.clone()).await), taken);
    assert_eq!(refused(admin.list_market(json!({"question": "Snow?", "slug": "rain-in-new-york"})).await), taken);
    let inside = json!({"title": "Weather", "markets": [{"question": "Snow?"}, question]});
    assert_eq!(refused(admin.list_event(inside).await), taken);
    let (status, told) = posted(&world.server, &world.http, "/markets", &question).await;
    assert!(status == 400 && told.contains("`rain-in-new-york` is listed already"), "{status} {told}");
    let told = refused(admin.list_event(json!({"title": "Other", "slug": "rain-in-new-york"})).await);
    assert!(told.starts_with("event slug `rain-in-new-york` is listed already; give another `slug`"), "{told}");
    let twins = json!({"title": "Twins", "markets": [{"question": "Same?"}, {"question": "Same!"}]});
    assert!(refused(admin.list_event(twins).await).contains("two of its markets have the slug `same`"));
    assert_eq!(counts(&world).await, before, "what is refused leaves nothing behind");

    assert_eq!(world.market(json!({"question": "Rain in New York?", "slug": "rain-again"})).await.slug, "rain-again");
    let unspeakable =
        [world.market(json!({"question": "雨？"})).await, world.market(json!({"question": "雪？"})).await];
    assert_eq!(slugs(&unspeakable), ["market-2", "market-3"], "a question without a Latin letter makes no slug");
}

#[tokio::test]
async fn a_market_joins_the_event_whose_slug_it_names() {
    let world = Poly::start().await;
    let event = json!({"title": "Weather", "slug": "weather"});
    let first = world.market(json!({"question": "Rain?", "event": event})).await;
    let second = world.market(json!({"question": "Snow?", "event": event})).await;
    assert_eq!(first.event_id, second.event_id);
}

#[tokio::test]
async fn a_catalog_loaded_again_keeps_what_is_listed() {
    let world = Poly::start().await;
    let admin = world.admin();
    let catalog = json!({"events": [{"title": "Who?", "markets": [{"question": "A?"}, {"question": "B?"}]}],
        "markets": [{"question": "C?"}]});
    assert_eq!(slugs(&admin.load_catalog(catalog.clone()).await.unwrap()), ["a", "b", "c"]);
    let mut more = catalog.clone();
    more["markets"] = json!([{"question": "C?"}, {"question": "D?"}]);
    assert!(refused(admin.load_catalog(catalog).await).starts_with("event slug `who` is listed already"));
    let load = admin.load_catalog_again(more).await.unwrap();
    assert_eq!(load.kept, ["event slug `who`", "market slug `c`"]);
    assert_eq!(slugs(&load.listed), ["d"]);
    let wrong = json!({"markets": [{"question": "C?"}, {"question": "E?", "tick": "0.3"}]});
    assert!(matches!(admin.load_catalog_again(wrong).await, Err(AdminError::Invalid(_))), "a mistake is no listing");
}

#[tokio::test]
async fn unknown_members_of_a_short_form_are_refused_with_the_nearest_known() {
    let world = Poly::start().await;
    let admin = world.admin();
    for (market, told) in [
        (json!({"question": "A?", "fee_rte": "0.05"}), "market: unknown member `fee_rte`; perhaps `fee_rate` is meant"),
        (json!({"question": "A?", "colour": 1}), "market: unknown member `colour`; expected `id`, `question`, `slug`"),
        (
            json!({"question": "A?", "endDate": "tomorrow"}),
            "market: `endDate`: expected a time such as `2027-01-01T00:00:00Z`, found \"tomorrow\"",
        ),
        (json!({"question": "A?", "event": {"titel": "A"}}), "event: unknown member `titel`; perhaps `title` is meant"),
        (json!({"question": "A?", "rewards": {"min_size": 1, "spread": 1}}), "market: unknown field `spread`"),
        (
            json!({"question": "A?", "feeSchedule": {"rate": 0.1, "exponent": 1, "rebate_rate": 0.2}}),
            "feeSchedule: unknown member `rebate_rate`; perhaps `rebateRate` is meant",
        ),
    ] {
        let found = refused(admin.list_market(market.clone()).await);
        assert!(found.starts_with(told), "{market}: {found}");
        let found = refused(admin.list_event(json!({"title": "A", "markets": [market]})).await);
        assert!(found.starts_with(told) || market.get("event").is_some(), "{market}: {found}");
    }
    let told = refused(admin.list_event(json!({"title": "A", "seris_slug": "a"})).await);
    assert_eq!(told, "event: unknown member `seris_slug`; perhaps `series_slug` is meant");
    assert_eq!(
        refused(admin.list_event(json!({"title": "A", "markets": {}})).await),
        "event: expected `markets` to be a list"
    );
    let told = refused(admin.load_catalog(json!({"market": []})).await);
    assert_eq!(told, "catalog: unknown member `market`; perhaps `markets` is meant");
    let told = refused(world.server.admin().load_catalog(json!({"seris": []})).await);
    assert_eq!(told, "catalog: unknown member `seris`; perhaps `series` is meant");
    let (status, told) = posted(&world.server, &world.http, "/limits", &json!({"ownr": "0x", "tier": "gold"})).await;
    assert!(status == 400 && told.contains("unknown field `ownr`"), "{status} {told}");
    assert_eq!(counts(&world).await, [0, 0]);
}

/// The venue's own records have many members that are not read here.
#[tokio::test]
async fn gamma_records_are_taken_with_all_their_members() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/polymarket_btc5m_market.json");
    let mut record: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut market = record["raw"].take();
    market["volume24hr"] = json!(12.5);
    market["events"] = json!([{"id": "7", "title": "Up or Down", "volume": 3, "cyom": false}]);
    let world = Poly::start().await;
    assert_eq!(world.market(market).await.event_id, "7");
    let event = json!({"id": "8", "title": "Rain", "createdAt": "2026-01-01T00:00:00Z", "liquidityAmm": 0,
        "markets": [{"id": "80", "question": "Rain?", "bestBid": 0.1, "umaBond": "500"}]});
    assert_eq!(world.admin().list_event(event).await.unwrap()[0].id, "80");
}

/// Every name that the documentation tells is known.
#[tokio::test]
async fn a_short_form_may_have_every_documented_member() {
    let world = Poly::start().await;
    let event = json!({"id": 5, "slug": "e", "ticker": "e", "title": "E", "description": "", "neg_risk": false,
        "neg_risk_market_id": "", "end_date": "", "tags": ["x"], "series_slug": "s", "markets": []});
    world.admin().list_event(event).await.unwrap();
    let market = json!({"id": 50, "question": "M?", "slug": "m", "event": "5", "description": "", "resolution_source": "",
        "end_date": "", "outcomes": ["Yes", "No"], "group_item_title": "", "neg_risk": false, "neg_risk_other": false,
        "tick": "0.01", "min_size": "5", "fee_rate": "0.05", "fee_exponent": 1, "rebate_rate": "0.25", "accepting": true,
        "seconds_delay": 0, "tags": [], "poly_v2": false,
        "rewards": {"min_size": "20", "max_spread": "0.03", "daily_rate": "1"}});
    let listed = world.market(market).await;
    let other = json!({"question": "N?", "neg_risk_market_id": "", "question_id": format!("0x{}", "1".repeat(64)),
        "condition_id": format!("0x{}", "2".repeat(64)), "token_ids": ["1", "2"]});
    assert_eq!((listed.event_id.as_str(), world.market(other).await.token_ids[1].as_str()), ("5", "2"));
}
