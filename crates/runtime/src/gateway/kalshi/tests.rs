use std::sync::OnceLock;

use brier_engine::AccountSnapshot;
use brier_kalshi::Env;
use brier_kalshi::keys::{KeyKind, PrivateKey};
use proptest::prelude::*;

use super::super::LiveToken;
use super::super::testing::*;
use super::*;

const ORDER: &str = include_str!("../../../../kalshi-protocol/testdata/order.json");
const ID: &str = "5f0c2b8e-6a77-4d0e-9a55-0d0f7d6f1c11";

fn credentials() -> Credentials {
    static PEM: OnceLock<String> = OnceLock::new();
    let pem = PEM.get_or_init(|| {
        let key = PrivateKey::generate(KeyKind::Ed25519).unwrap();
        key.to_pkcs8_pem().unwrap().to_string()
    });
    Credentials::from_pem("key-1", pem).unwrap()
}

fn config() -> KalshiConfig {
    KalshiConfig::new(Permit::kalshi(&Env::Demo, None))
}

fn gateway() -> KalshiGateway {
    KalshiGateway::new(credentials(), config())
}

fn place() -> Request {
    Desk::new(Venue::Kalshi, "M").place(order("M", "b-000017"))
}

fn cancel() -> Request {
    Request::Cancel { order: KEY, market: "M".parse().unwrap(), venue_id: ID.parse().unwrap() }
}

fn decrease() -> Request {
    Request::DecreaseTo { order: KEY, market: "M".parse().unwrap(), venue_id: ID.parse().unwrap(), remaining: qty(2) }
}

fn amend() -> Request {
    Desk::new(Venue::Kalshi, "M").amend(ID, cents(43), qty(10))
}

fn error(code: &str) -> String {
    format!(r#"{{"error":{{"code":"{code}","message":"{code}"}}}}"#)
}

fn placed_body(filled: &str, remaining: &str) -> String {
    format!(
        r#"{{"order_id":"{ID}","client_order_id":"b-000017","fill_count":{filled},"remaining_count":{remaining},"ts_ms":1795176000456}}"#
    )
}

#[test]
fn a_placing_is_the_venues_request_signed() {
    let mut gateway = gateway();
    gateway.learn(&instrument(Venue::Kalshi, "M", 2));
    let call = one_call(command(&mut gateway, NOON, &send(Venue::Kalshi, 1, place())));
    assert_eq!((call.lane, call.method, call.host), (Lane::Order, Method::Post, Host::Kalshi));
    assert_eq!(call.target, "/trade-api/v2/portfolio/events/orders");
    assert_eq!(call.deadline, at(5_000));
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!((&body["count"], &body["price"]), (&Value::from("10.00"), &Value::from("0.4200")));
    assert_eq!(body["exchange_index"], 2);
    let names: Vec<&str> = call.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["KALSHI-ACCESS-KEY", "KALSHI-ACCESS-TIMESTAMP", "KALSHI-ACCESS-SIGNATURE"]);
    let told = one_answer(outcome(&mut gateway, at(20), &call, answered(201, &placed_body("\"4.00\"", "\"6.00\""))));
    assert_eq!(told, Answer::Placed { order: ID.parse().unwrap(), filled: qty(4), remaining: qty(6) });
    assert_eq!(gateway.calls_waiting(), 0);
}

#[test]
fn commands_of_other_venues_are_none_of_ours() {
    let mut gateway = gateway();
    for other in [
        send(Venue::Polymarket, 1, Request::CancelAll),
        Command::Reconcile { venue: Venue::Polymarket, asked: 1, fills_since: NOON },
        Command::WakeAt(NOON),
    ] {
        assert_eq!(command(&mut gateway, NOON, &other), Vec::new());
    }
}

#[test]
fn what_became_of_changes_and_cancels() {
    let id = format!(r#""order_id":"{ID}","ts_ms":1795176000456"#);
    let amended = |rest: &str, filled: &str| format!(r#"{{{id},"remaining_count":"{rest}","fill_count":"{filled}"}}"#);
    let rows = [
        (amend(), 200, amended("7.00", "0.00"), Answer::Amended { filled: qty(3), remaining: qty(7) }),
        (amend(), 200, amended("0.00", "10.00"), Answer::Amended { filled: qty(10), remaining: Qty::ZERO }),
        (decrease(), 200, format!(r#"{{{id},"remaining_count":"2.00"}}"#), Answer::Decreased { remaining: qty(2) }),
        (cancel(), 200, format!(r#"{{{id},"reduced_by":"6.00"}}"#), Answer::Canceled { reduced_by: Some(qty(6)) }),
        (Request::CancelAll, 204, String::new(), Answer::CanceledAll),
        (
            Request::CreateGroup { limit: qty(50) },
            201,
            r#"{"order_group_id":"g-1","subaccount":0}"#.to_owned(),
            Answer::Group("g-1".parse().unwrap()),
        ),
        (
            Request::ResetGroup { group: "g-1".parse().unwrap() },
            200,
            "{}".to_owned(),
            Answer::Group("g-1".parse().unwrap()),
        ),
    ];
    for (request, status, body, expected) in rows {
        assert_eq!(ask(&mut gateway(), request, answered(status, &body)), expected, "{body}");
    }
}

#[test]
fn an_amend_after_which_nothing_rests_and_not_all_filled_is_in_doubt() {
    let body = format!(r#"{{"order_id":"{ID}","ts_ms":1,"remaining_count":"0.00","fill_count":"3.00"}}"#);
    assert_eq!(kind(&ask(&mut gateway(), amend(), answered(200, &body))), "in doubt");
}

#[test]
fn every_refusal_has_its_word() {
    // Status, body; placing, cancel.
    let rows: &[(u16, String, &str, &str)] = &[
        (400, error("bad_request"), "rejected Other", "rejected Other"),
        (400, r#"{"code":"bad_request","message":"bad request"}"#.to_owned(), "rejected Other", "rejected Other"),
        (400, error("invalid_content_type"), "rejected Other", "rejected Other"),
        (400, error("invalid_order"), "rejected Other", "rejected Other"),
        (
            400,
            r#"{"error":{"code":"invalid_order","message":"invalid order","details":"post only cross"}}"#.to_owned(),
            "rejected PostOnlyCross",
            "rejected PostOnlyCross",
        ),
        (
            400,
            r#"{"error":{"code":"invalid_order","message":"POST_ONLY_CROSS"}}"#.to_owned(),
            "rejected PostOnlyCross",
            "rejected PostOnlyCross",
        ),
        (400, error("invalid_price"), "rejected InvalidPrice", "rejected InvalidPrice"),
        (400, error("invalid_order_size"), "rejected InvalidSize", "rejected InvalidSize"),
        (400, error("insufficient_balance"), "rejected InsufficientBalance", "rejected InsufficientBalance"),
        (400, error("INSUFFICIENT_BALANCE"), "rejected InsufficientBalance", "rejected InsufficientBalance"),
        (400, error("available_balance_too_low"), "rejected InsufficientBalance", "rejected InsufficientBalance"),
        (400, error("order_side_mismatch"), "rejected Other", "rejected Other"),
        (400, error("order_ticker_mismatch"), "rejected Other", "rejected Other"),
        (400, error("order_id_and_client_order_id_mismatch"), "rejected Other", "rejected Other"),
        (400, error("invalid_parameters"), "rejected Other", "rejected Other"),
        (400, error("MARKET_INACTIVE"), "rejected MarketClosed", "rejected MarketClosed"),
        (
            400,
            r#"{"error":{"code":"invalid_order","message":"MARKET_INACTIVE"}}"#.to_owned(),
            "rejected MarketClosed",
            "rejected MarketClosed",
        ),
        (400, error("EXCEEDED_ORDER_GROUP_RISK_LIMIT"), "rejected GroupTripped", "rejected GroupTripped"),
        (400, error("EXCHANGE_PAUSED"), "not now Restarting", "not now Restarting"),
        (503, error("EXCHANGE_PAUSED"), "not now Restarting", "not now Restarting"),
        (400, error("TRADING_PAUSED"), "not now Restarting", "not now Restarting"),
        (400, r#"{"msg":"limit must be at most 1000"}"#.to_owned(), "rejected Other", "rejected Other"),
        (401, error("token_authentication_failure"), "rejected Fatal", "rejected Fatal"),
        (401, error("signature_is_missing_from_headers"), "rejected Fatal", "rejected Fatal"),
        (401, error("header_timestamp_expired"), "rejected Fatal", "rejected Fatal"),
        (401, error("authentication_error"), "rejected Fatal", "rejected Fatal"),
        (403, error("permission_denied"), "rejected Fatal", "rejected Fatal"),
        (403, "<html>".to_owned(), "rejected Fatal", "rejected Fatal"),
        (404, error("not_found"), "rejected Other", "gone"),
        (404, "<html>a proxy</html>".to_owned(), "rejected Other", "in doubt"),
        (408, String::new(), "in doubt", "in doubt"),
        (409, error("order_already_exists"), "in doubt", "in doubt"),
        (409, error("fill_or_kill_insufficient_resting_volume"), "rejected NoLiquidity", "rejected NoLiquidity"),
        (409, error("immediate_or_cancel_insufficient_resting_volume"), "rejected NoLiquidity", "rejected NoLiquidity"),
        (410, error("deprecated_v1_order_endpoint"), "rejected Fatal", "rejected Fatal"),
        (429, r#"{"error":"too many requests"}"#.to_owned(), "not now RateLimited", "not now RateLimited"),
        (500, error("internal_server_error"), "in doubt", "in doubt"),
        (502, "bad gateway".to_owned(), "in doubt", "in doubt"),
        (503, error("service_unavailable"), "in doubt", "in doubt"),
        (504, String::new(), "in doubt", "in doubt"),
        (302, String::new(), "in doubt", "in doubt"),
    ];
    for (status, body, placing, canceling) in rows {
        let placed = ask(&mut gateway(), place(), answered(*status, body));
        assert_eq!(kind(&placed), *placing, "placing: {status} {body}");
        let canceled = ask(&mut gateway(), cancel(), answered(*status, body));
        assert_eq!(kind(&canceled), *canceling, "cancel: {status} {body}");
    }
    for request in [amend(), decrease()] {
        assert_eq!(ask(&mut gateway(), request, answered(404, &error("not_found"))), Answer::Gone);
    }
    let unsent = Outcome::NotSent("refused".to_owned());
    assert_eq!(kind(&ask(&mut gateway(), place(), unsent)), "not now NotSent");
    let silent = Outcome::Silent("nothing came".to_owned());
    assert_eq!(kind(&ask(&mut gateway(), cancel(), silent)), "in doubt");
}

#[test]
fn orders_refused_by_the_retired_write_api_are_noticed_at_once() {
    let body = r#"{"error":{"code":"deprecated_v1_order_endpoint","message":"use the V2 order endpoints"}}"#;
    let Answer::Rejected(reject) = ask(&mut gateway(), place(), answered(410, body)) else { panic!("not refused") };
    assert_eq!(reject.code, RejectCode::Fatal);
    assert!(reject.text.contains("V2"), "{}", reject.text);
}

#[test]
fn integer_and_fixed_point_fields_confused() {
    for body in [placed_body("4", "\"6.00\""), placed_body("\"4.00\"", "600"), placed_body("400.0", "600.0")] {
        let told = ask(&mut gateway(), place(), answered(201, &body));
        assert_eq!(told, Answer::PlacedUnclear { order: ID.parse().unwrap() }, "{body}");
    }
    // Hundredths read as whole contracts: more than was ordered is not believed.
    let told = ask(&mut gateway(), place(), answered(201, &placed_body("\"400\"", "\"600\"")));
    assert_eq!(told, Answer::PlacedUnclear { order: ID.parse().unwrap() });
    let body = format!(r#"{{"order_id":"{ID}","reduced_by":6,"ts_ms":1}}"#);
    assert_eq!(kind(&ask(&mut gateway(), cancel(), answered(200, &body))), "in doubt");
    let body = format!(r#"{{"order_id":"{ID}","remaining_count":2,"ts_ms":1}}"#);
    assert_eq!(kind(&ask(&mut gateway(), decrease(), answered(200, &body))), "in doubt");
    let wrong = ORDER.replace(r#""remaining_count_fp": "6.00""#, r#""remaining_count_fp": 6"#);
    let shards = r#"{"balance":100,"balance_dollars":"1.0000","portfolio_value":0,"updated_ts":1,"balance_breakdown":[{"exchange_index":0,"balance":100}]}"#;
    for (step, body) in [(1, format!(r#"{{"orders":[{wrong}],"cursor":""}}"#)), (4, shards.to_owned())] {
        let mut parts = whole_account();
        parts[step].1 = body;
        assert!(reconcile(&parts).is_err(), "step {step}");
    }
}

#[test]
fn a_success_that_cannot_be_read_took_effect() {
    let unclear = Answer::PlacedUnclear { order: ID.parse().unwrap() };
    let cut = format!(r#"{{"order_id":"{ID}","client_order_id":"b-000017"}}"#);
    assert_eq!(ask(&mut gateway(), place(), answered(201, &cut)), unclear);
    for body in ["", "{", "{}", "null", r#"{"order_id":""}"#, r#"{"order_id":7}"#] {
        for request in [place(), cancel(), decrease(), amend()] {
            assert_eq!(kind(&ask(&mut gateway(), request, answered(200, body))), "in doubt", "{body}");
        }
    }
    let other = placed_body("\"0.00\"", "\"10.00\"").replace("b-000017", "b-000018");
    assert_eq!(kind(&ask(&mut gateway(), place(), answered(201, &other))), "in doubt");
    let other = other.replace("\"0.00\"", "0");
    assert_eq!(kind(&ask(&mut gateway(), place(), answered(201, &other))), "in doubt");
    let body = r#"{"order_id":"another","reduced_by":"6.00","ts_ms":1}"#;
    assert_eq!(kind(&ask(&mut gateway(), cancel(), answered(200, body))), "in doubt");
}

#[test]
fn clock_skew() {
    let expired = |date: Option<Timestamp>| Outcome::Answered {
        status: 401,
        date,
        retry_after: None,
        body: error("header_timestamp_expired").into_bytes(),
    };
    let mut gateway = gateway();
    let first = one_call(command(&mut gateway, NOON, &send(Venue::Kalshi, 1, place())));
    let second = one_call(command(&mut gateway, NOON, &send(Venue::Kalshi, 2, cancel())));
    // The venue is a minute ahead.
    let date = Timestamp::from_secs(at(60_000).secs());
    let told = one_answer(outcome(&mut gateway, at(20), &first, expired(date)));
    assert_eq!(told, Answer::NotNow { why: NotNow::NotSent, retry_after: None });
    let offset = gateway.clock_offset().nanos();
    assert!((59_000_000_000..=61_000_000_000).contains(&offset), "{offset}");
    // Signed before the correction, refused after it.
    assert_eq!(kind(&one_answer(outcome(&mut gateway, at(30), &second, expired(date)))), "not now NotSent");
    let third = one_call(command(&mut gateway, at(40), &send(Venue::Kalshi, 3, place())));
    let stamp = third.headers.iter().find(|(name, _)| name == "KALSHI-ACCESS-TIMESTAMP").unwrap().1.parse::<i64>();
    assert!(stamp.unwrap().abs_diff(at(60_040).millis()) <= 1_000);
    // A corrected clock that is still refused is not the clock's fault.
    assert_eq!(kind(&one_answer(outcome(&mut gateway, at(60), &third, expired(date)))), "rejected Fatal");
}

#[test]
fn storms_of_429() {
    let mut gateway = gateway();
    let mut calls = 0;
    let request = place();
    for step in 0..200_u64 {
        let now = at(step * 5);
        let actions = command(&mut gateway, now, &send(Venue::Kalshi, step, request.clone()));
        if let Some(Action::Call(call)) = actions.first() {
            calls += 1;
            let call = call.clone();
            let told = one_answer(outcome(&mut gateway, now, &call, answered(429, r#"{"error":"too many requests"}"#)));
            assert_eq!(told, Answer::NotNow { why: NotNow::RateLimited, retry_after: None });
        } else {
            let told = one_answer(actions);
            let Answer::NotNow { why: NotNow::RateLimited, retry_after: Some(wait) } = told else { panic!("{told:?}") };
            assert!(wait > Duration::ZERO);
        }
    }
    // A second of storm: each 429 empties the bucket, so that few requests leave.
    assert!(calls <= 4, "{calls} calls");
}

#[test]
fn orders_leave_cancels_their_share_of_the_bucket() {
    let mut gateway = gateway();
    let request = place();
    let placed = (0..50).filter(|number| {
        let actions = command(&mut gateway, NOON, &send(Venue::Kalshi, *number, request.clone()));
        matches!(actions.first(), Some(Action::Call(_)))
    });
    assert_eq!(placed.count(), 8);
    let canceled = command(&mut gateway, NOON, &send(Venue::Kalshi, 99, cancel()));
    assert_eq!(one_call(canceled).lane, Lane::Cancel);
}

#[test]
fn production_takes_no_writes_without_the_token() {
    let mut reader = KalshiGateway::new(credentials(), KalshiConfig::new(Permit::kalshi(&Env::Prod, None)));
    for request in [place(), cancel(), Request::CancelAll] {
        let told = one_answer(command(&mut reader, NOON, &send(Venue::Kalshi, 1, request)));
        assert_eq!(kind(&told), "rejected Fatal");
    }
    let read = Command::Reconcile { venue: Venue::Kalshi, asked: 1, fills_since: NOON };
    assert_eq!(one_call(command(&mut reader, NOON, &read)).lane, Lane::Read);
    let live = LiveToken::granted(true, true);
    let permit = Permit::kalshi(&Env::Prod, live.as_ref());
    let mut writer = KalshiGateway::new(credentials(), KalshiConfig::new(permit));
    assert_eq!(one_call(command(&mut writer, NOON, &send(Venue::Kalshi, 1, place()))).lane, Lane::Order);
}

#[test]
fn an_answer_after_the_deadline_is_told_as_well() {
    let mut gateway = gateway();
    let call = one_call(command(&mut gateway, NOON, &send(Venue::Kalshi, 7, place())));
    let due = gateway.next_deadline().unwrap();
    assert_eq!(due, at(7_000));
    let mut out = Vec::new();
    gateway.on_timer(at(6_999), &mut out);
    assert_eq!(out, Vec::new());
    gateway.on_timer(due, &mut out);
    assert_eq!(kind(&one_answer(out)), "in doubt");
    let body = placed_body("\"0.00\"", "\"10.00\"");
    let late = outcome(&mut gateway, at(9_000), &call, answered(201, &body));
    let expected = Answer::Placed { order: ID.parse().unwrap(), filled: Qty::ZERO, remaining: qty(10) };
    assert_eq!(answers(&late), [(7, expected)]);
    // The same once more says nothing new, and neither does silence.
    let again = outcome(&mut gateway, at(9_001), &call, answered(201, &body));
    assert!(matches!(again.as_slice(), [Action::Notice(_)]), "{again:?}");
    assert_eq!(outcome(&mut gateway, at(9_002), &call, Outcome::Silent(String::new())), Vec::new());
}

#[test]
fn an_order_is_looked_for_by_our_name() {
    let mut gateway = gateway();
    let moment = one_call(command(&mut gateway, NOON, &send(Venue::Kalshi, 1, lookup(order("M", "b-000017"), None))));
    assert_eq!(moment.target, "/trade-api/v2/exchange/user_data_timestamp");
    let as_of = r#"{"as_of_time":"2026-11-20T12:00:01Z"}"#;
    let page = one_call(outcome(&mut gateway, at(20), &moment, answered(200, as_of)));
    let since = NOON.secs() - 3;
    assert!(page.target.ends_with(&format!("orders?ticker=M&min_ts={since}&limit=1000")), "{}", page.target);
    let other = ORDER.replace("b-000017", "b-000018");
    let body = format!(r#"{{"orders":[{other}],"cursor":"c/2"}}"#);
    let next = one_call(outcome(&mut gateway, at(40), &page, answered(200, &body)));
    assert!(next.target.ends_with("&cursor=c%2F2"), "{}", next.target);
    let body = format!(r#"{{"orders":[{ORDER}],"cursor":""}}"#);
    let Answer::Found(update) = one_answer(outcome(&mut gateway, at(60), &next, answered(200, &body))) else {
        panic!("not found");
    };
    assert_eq!((update.order.as_str(), update.filled, update.remaining), (ID, qty(4), qty(6)));
}

#[test]
fn what_is_not_shown_is_not_found_as_of_the_venues_moment() {
    let as_of: Timestamp = "2026-11-20T12:00:01Z".parse().unwrap();
    let moment = r#"{"as_of_time":"2026-11-20T12:00:01Z"}"#;
    for (venue_id, status, body) in
        [(None, 200, r#"{"orders":[],"cursor":""}"#.to_owned()), (Some(ID), 404, error("not_found"))]
    {
        let mut gateway = gateway();
        let request = lookup(order("M", "b-000017"), venue_id);
        let first = one_call(command(&mut gateway, NOON, &send(Venue::Kalshi, 1, request)));
        let second = one_call(outcome(&mut gateway, at(20), &first, answered(200, moment)));
        let told = one_answer(outcome(&mut gateway, at(40), &second, answered(status, &body)));
        assert_eq!(told, Answer::NotFound { as_of });
    }
    // A page that says nothing of the venue's proves nothing.
    let mut gateway = gateway();
    let request = lookup(order("M", "b-000017"), Some(ID));
    let first = one_call(command(&mut gateway, NOON, &send(Venue::Kalshi, 1, request)));
    let second = one_call(outcome(&mut gateway, at(20), &first, answered(200, moment)));
    assert_eq!(kind(&one_answer(outcome(&mut gateway, at(40), &second, answered(404, "<html>")))), "in doubt");
}

const FILL: &str = r#"{"fill_id":"t-1","trade_id":"t-1","order_id":"o-1","ticker":"M","market_ticker":"M","outcome_side":"yes","book_side":"bid","count_fp":"4.00","yes_price_dollars":"0.4100","no_price_dollars":"0.5900","is_taker":true,"fee_cost":"0.067800","created_time":"2026-11-20T12:00:00Z"}"#;

/// The reads of an account, in their order.
fn whole_account() -> Vec<(u16, String)> {
    let position = r#"{"ticker":"M","total_traded_dollars":"1.6400","position_fp":"4.00","market_exposure_dollars":"1.6400","realized_pnl_dollars":"0.0000","fees_paid_dollars":"0.0678","last_updated_ts":"2026-11-20T12:00:00Z"}"#;
    let later = FILL.replace("t-1", "t-2").replace("12:00:00", "12:00:30");
    [
        r#"{"as_of_time":"2026-11-20T12:00:01Z"}"#.to_owned(),
        format!(r#"{{"orders":[{ORDER}],"cursor":""}}"#),
        format!(r#"{{"fills":[{later},{FILL}],"cursor":""}}"#),
        format!(r#"{{"cursor":"","market_positions":[{position}],"event_positions":[]}}"#),
        r#"{"balance":104250,"balance_dollars":"1042.5075","portfolio_value":0,"updated_ts":1795176000,"balance_breakdown":[{"exchange_index":0,"balance":"1000.0000"},{"exchange_index":2,"balance":"42.5075"}]}"#.to_owned(),
    ]
    .into_iter()
    .map(|body| (200, body))
    .collect()
}

/// What a reconciliation ends with when its reads are answered so, one after the other.
fn reconcile(parts: &[(u16, String)]) -> Result<AccountSnapshot, String> {
    let mut gateway = gateway();
    let ask = Command::Reconcile { venue: Venue::Kalshi, asked: 9, fills_since: NOON };
    let mut actions = command(&mut gateway, NOON, &ask);
    for (status, body) in parts {
        let call = one_call(actions);
        actions = outcome(&mut gateway, at(20), &call, answered(*status, body));
        match actions.as_slice() {
            [Action::Input(Input::Account(snapshot))] => return Ok((**snapshot).clone()),
            [Action::Input(Input::AccountUnread { reason, .. })] => return Err(reason.clone()),
            _ => {}
        }
    }
    panic!("expected an end, found {actions:?}");
}

#[test]
fn an_account_is_read_as_a_whole() {
    let snapshot = reconcile(&whole_account()).unwrap();
    assert_eq!(snapshot.asked, 9);
    assert_eq!(snapshot.as_of, "2026-11-20T12:00:01Z".parse().unwrap());
    assert_eq!(snapshot.orders.len(), 1);
    let trades: Vec<&str> = snapshot.fills.iter().map(|fill| fill.trade.as_str()).collect();
    assert_eq!(trades, ["t-1", "t-2"], "oldest first");
    assert_eq!(snapshot.positions[0].net, qty(4).signed());
    let cash: Vec<(u16, Option<Money>)> = snapshot.cash.iter().map(|cash| (cash.shard, cash.free)).collect();
    assert_eq!(cash, [(0, Some(Money::from_micros(1_000_000_000))), (2, Some(Money::from_micros(42_507_500)))]);
}

#[test]
fn pagination_that_silently_ends() {
    let page = |rows: &str, cursor: &str| (200, format!(r#"{{"orders":[{rows}],"cursor":"{cursor}"}}"#));
    let bad: &[&[(u16, String)]] = &[
        &[page(ORDER, "c2"), page("", "")],
        &[page(ORDER, "c2"), page("", "c3")],
        &[page("", "c2")],
        &[page(ORDER, "c2"), page(ORDER, "c2")],
        &[page(ORDER, "c2"), (500, String::new())],
        &[page(ORDER, "c2"), (200, "{".to_owned())],
        &[page(ORDER, "c2"), (200, r#"{"orders":null,"cursor":""}"#.to_owned())],
        &[page(ORDER, "c2"), (404, error("not_found"))],
        &[(429, String::new())],
    ];
    for pages in bad {
        let mut parts = whole_account();
        parts.splice(1..2, pages.iter().cloned());
        assert!(reconcile(&parts).is_err(), "{pages:?}");
    }
    // Fewer rows than a page holds and no cursor are an end; a row that moved between pages counts once.
    let mut parts = whole_account();
    parts.splice(1..2, [page(ORDER, "c2"), page(ORDER, "")]);
    assert_eq!(reconcile(&parts).unwrap().orders.len(), 1);
}

#[test]
fn a_read_waits_for_the_rate_limit_and_is_made_then() {
    let small = KalshiConfig { reads: (10, 10), ..config() };
    let mut gateway = KalshiGateway::new(credentials(), small);
    let ask = Command::Reconcile { venue: Venue::Kalshi, asked: 9, fills_since: NOON };
    let mut actions = command(&mut gateway, NOON, &ask);
    let mut now = NOON;
    let parts = whole_account();
    for (place, (status, body)) in parts.iter().enumerate() {
        let call = one_call(actions);
        actions = outcome(&mut gateway, now, &call, answered(*status, body));
        if place + 1 < parts.len() {
            assert_eq!(actions, Vec::new(), "the bucket is empty");
            now = gateway.next_deadline().expect("a read waits");
            gateway.on_timer(now, &mut actions);
        }
    }
    assert!(matches!(actions.as_slice(), [Action::Input(Input::Account(_))]), "{actions:?}");
    assert_eq!(now, at(4_000));
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let bodies = prop_oneof![
        Just(String::new()),
        Just("{}".to_owned()),
        Just(error("not_found")),
        Just(error("order_already_exists")),
        Just(error("header_timestamp_expired")),
        Just(placed_body("\"4.00\"", "\"6.00\"")),
        Just(placed_body("4", "6")),
        Just(format!(r#"{{"orders":[{ORDER}],"cursor":"c"}}"#)),
        Just(r#"{"orders":[],"cursor":""}"#.to_owned()),
        Just(r#"{"fills":[],"cursor":""}"#.to_owned()),
        Just(r#"{"as_of_time":"2026-11-20T12:00:01Z"}"#.to_owned()),
        ".{0,40}",
    ];
    let date = proptest::option::of((-100_i64..100).prop_map(|skew| Timestamp::from_secs(NOON.secs() + skew).unwrap()));
    let status = prop_oneof![Just(200_u16), Just(201), 100_u16..600];
    prop_oneof![
        1 => Just(Outcome::NotSent("no".to_owned())),
        1 => Just(Outcome::Silent("no".to_owned())),
        6 => (status, bodies, date, proptest::option::of(0_u64..5)).prop_map(|(status, body, date, wait)| {
            let retry_after = wait.map(Duration::from_secs);
            Outcome::Answered { status, date, retry_after, body: body.into_bytes() }
        }),
    ]
}

proptest! {
    #[test]
    fn every_command_has_one_first_answer_whatever_comes(
        which in proptest::collection::vec(0_usize..9, 1..12),
        outcomes in proptest::collection::vec((any::<proptest::sample::Index>(), any_outcome(), 0_u64..3_000), 0..80),
    ) {
        let requests = [
            place(), amend(), decrease(), cancel(), Request::CancelAll, lookup(order("M", "b-000017"), None),
            lookup(order("M", "b-000017"), Some(ID)), Request::CreateGroup { limit: qty(5) },
        ];
        let mut gateway = gateway();
        let (mut now, mut calls, mut firsts) = (NOON, Vec::new(), BTreeMap::new());
        let mut take = |actions: Vec<Action>, calls: &mut Vec<HttpCall>| {
            for action in actions {
                match action {
                    Action::Call(call) => calls.push(call),
                    Action::Input(Input::Answer { request, .. }) => *firsts.entry(request.0).or_insert(0_u32) += 1,
                    Action::Input(Input::Account(snapshot)) => *firsts.entry(1_000 + snapshot.asked).or_insert(0) += 1,
                    Action::Input(Input::AccountUnread { .. }) => *firsts.entry(2_000).or_insert(0) += 1,
                    Action::Input(other) => panic!("{other:?}"),
                    Action::Notice(_) => {}
                }
            }
        };
        let mut reconciled = 0;
        for (number, which) in which.iter().enumerate() {
            let command_made = if let Some(request) = requests.get(*which) {
                send(Venue::Kalshi, number as u64, request.clone())
            } else {
                reconciled += 1;
                Command::Reconcile { venue: Venue::Kalshi, asked: number as u64, fills_since: NOON }
            };
            take(command(&mut gateway, now, &command_made), &mut calls);
        }
        for (place, end, pause) in outcomes {
            now = now.plus(Duration::from_millis(pause));
            if !calls.is_empty() {
                let call = place.get(&calls).clone();
                take(outcome(&mut gateway, now, &call, end), &mut calls);
            }
            let mut out = Vec::new();
            gateway.on_timer(now, &mut out);
            take(out, &mut calls);
        }
        // Time alone ends what is left.
        while let Some(due) = gateway.next_deadline() {
            now = now.max(due);
            let mut out = Vec::new();
            gateway.on_timer(now, &mut out);
            take(out, &mut calls);
        }
        prop_assert_eq!(gateway.calls_waiting(), 0);
        let accounts: u32 = firsts.iter().filter(|(key, _)| **key >= 1_000).map(|(_, count)| count).sum();
        prop_assert_eq!(accounts, reconciled);
        for (number, which) in which.iter().enumerate() {
            if *which < requests.len() {
                prop_assert!(firsts.get(&(number as u64)).is_some_and(|count| *count >= 1), "request {}", number);
            }
        }
    }
}
