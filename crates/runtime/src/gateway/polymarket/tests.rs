use brier_engine::AccountSnapshot;
use brier_polymarket::Env;
use brier_polymarket_protocol::ids::{ConditionId, SignatureType};
use brier_types::{BookSide, FillStatus, NewOrder, Price, SignedQty, TimeInForce};
use proptest::prelude::*;

use super::super::LiveToken;
use super::super::testing::*;
use super::*;

const WALLET: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const API_KEY: &str = "019a9c1e-0000-7000-8000-000000000001";

fn listing() -> Listing {
    let token = |digit: &str| digit.repeat(76).parse().unwrap();
    let condition = ConditionId(alloy_primitives::B256::repeat_byte(0xc0));
    Listing::minimal(condition, token("7"), token("5"), TickSize::Cent, qty(5))
}

fn ticker() -> String {
    listing().ticker.to_string()
}

fn gateway_with(permit: Permit) -> PolymarketGateway {
    let wallet = Wallet::from_hex(WALLET, SignatureType::Eoa, None).unwrap();
    let creds = ApiCreds::new(API_KEY, "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U=", "pass").unwrap();
    let mut gateway = PolymarketGateway::new(wallet, creds, PolymarketConfig::new(Chain::Polygon, permit));
    gateway.list(listing());
    gateway
}

fn gateway() -> PolymarketGateway {
    let near: Env = Env::DEFAULT_LOCAL.parse().unwrap();
    gateway_with(Permit::polymarket(&near, None))
}

fn new() -> NewOrder {
    order(&ticker(), "b-1")
}

fn admitted(new: NewOrder) -> Request {
    Desk::new(Venue::Polymarket, &ticker()).place(new)
}

fn place() -> Request {
    admitted(new())
}

fn take(time_in_force: TimeInForce) -> Request {
    admitted(NewOrder { time_in_force, price: cents(60), ..new() })
}

/// The name of an order that is placed, as the gateway makes it.
fn hash_of(new: NewOrder) -> String {
    gateway().prepare(&place_order(new)).unwrap().hash.to_string()
}

fn cancel() -> Request {
    Request::Cancel { order: KEY, market: ticker().parse().unwrap(), venue_id: hash_of(new()).parse().unwrap() }
}

fn error(text: &str) -> String {
    serde_json::json!({ "error": text }).to_string()
}

fn posted_body(hash: &str, status: &str, making: &str, taking: &str) -> String {
    format!(
        r#"{{"success":true,"errorMsg":"","orderID":"{hash}","status":"{status}","makingAmount":{making},"takingAmount":{taking},"tradeIDs":[]}}"#
    )
}

#[test]
fn a_placing_is_the_venues_order_signed_and_its_hash_is_known_before() {
    let mut gateway = gateway();
    let call = one_call(command(&mut gateway, NOON, &send(Venue::Polymarket, 1, place())));
    assert_eq!(
        (call.lane, call.method, call.host, call.target.as_str()),
        (Lane::Order, Method::Post, Host::Clob, "/order")
    );
    let names: Vec<&str> = call.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"POLY_SIGNATURE") && names.contains(&"POLY_TIMESTAMP"), "{names:?}");
    let again = one_call(command(&mut super::tests::gateway(), at(900), &send(Venue::Polymarket, 2, place())));
    assert_eq!(call.body, again.body, "the same order has the same bytes, also after a restart");
    let hash = hash_of(new());
    let body = posted_body(&hash, "live", "\"\"", "\"\"");
    let told = one_answer(outcome(&mut gateway, at(20), &call, answered(200, &body)));
    assert_eq!(told, Answer::Placed { order: hash.parse().unwrap(), filled: Qty::ZERO, remaining: qty(10) });
}

#[test]
fn holdings_are_sold_and_cash_buys() {
    let gateway = gateway();
    let of = |side, funding| {
        let place = PlaceOrder { funding, ..place_order(NewOrder { side, ..new() }) };
        let made = gateway.prepare(&place).unwrap();
        (made.side, made.token == listing().yes)
    };
    assert_eq!(of(BookSide::Bid, Funding::Cash), (Side::Buy, true));
    assert_eq!(of(BookSide::Ask, Funding::Cash), (Side::Buy, false));
    assert_eq!(of(BookSide::Bid, Funding::Holdings), (Side::Sell, false));
    assert_eq!(of(BookSide::Ask, Funding::Holdings), (Side::Sell, true));
}

#[test]
fn what_became_of_a_posting() {
    let hash = hash_of(new());
    let order: VenueOrderId = hash.parse().unwrap();
    let placed = |filled: Qty, remaining: Qty| Answer::Placed { order: order.clone(), filled, remaining };
    let unclear = Answer::PlacedUnclear { order: order.clone() };
    let hundredths = |hundredths| Qty::from_hundredths(hundredths).unwrap();
    let rows = [
        ("live", "\"\"", "\"\"", placed(Qty::ZERO, qty(10))),
        ("live", "\"1.68\"", "\"4\"", placed(qty(4), qty(6))),
        ("matched", "\"1.68\"", "\"4\"", placed(qty(4), qty(6))),
        ("matched", "\"4.2\"", "\"10\"", placed(qty(10), Qty::ZERO)),
        ("matched", "\"4.19\"", "\"9.99\"", placed(hundredths(999), Qty::ZERO)),
        ("unmatched", "\"\"", "\"\"", placed(Qty::ZERO, qty(10))),
        ("matched", "\"\"", "\"\"", unclear.clone()),
        ("delayed", "\"\"", "\"\"", unclear.clone()),
        ("a new word", "\"\"", "\"\"", unclear.clone()),
        // More than was asked for: another unit.
        ("matched", "\"4200000\"", "\"10000000\"", unclear),
    ];
    for (status, making, taking, expected) in rows {
        let body = posted_body(&hash, status, making, taking);
        assert_eq!(ask(&mut gateway(), place(), answered(200, &body)), expected, "{body}");
    }
    for time_in_force in [TimeInForce::Ioc, TimeInForce::Fok] {
        let hash = hash_of(NewOrder { time_in_force, price: cents(60), ..new() });
        let body = posted_body(&hash, "matched", "\"2.4\"", "\"4\"");
        let told = ask(&mut gateway(), take(time_in_force), answered(200, &body));
        assert_eq!(told, Answer::Placed { order: hash.parse().unwrap(), filled: qty(4), remaining: Qty::ZERO });
    }
}

#[test]
fn an_answer_about_another_order_is_in_doubt() {
    let other = format!("0x{}", "ab".repeat(32));
    let told = ask(&mut gateway(), place(), answered(200, &posted_body(&other, "live", "\"\"", "\"\"")));
    assert_eq!(kind(&told), "in doubt");
}

#[test]
fn an_empty_answer_to_a_posting_or_a_cancel_is_in_doubt() {
    for body in ["", "{}", "null", "[]", "{", r#"{"success":true}"#, r#"{"success":false,"errorMsg":"","orderID":""}"#]
    {
        assert_eq!(kind(&ask(&mut gateway(), place(), answered(200, body))), "in doubt", "{body}");
        assert_eq!(kind(&ask(&mut gateway(), cancel(), answered(200, body))), "in doubt", "{body}");
        assert_eq!(kind(&ask(&mut gateway(), Request::CancelAll, answered(200, body))), "in doubt", "{body}");
    }
}

#[test]
fn integer_and_fixed_point_fields_confused() {
    let hash = hash_of(new());
    for (making, taking) in [("4200000", "10000000"), ("4.2", "\"10\""), ("\"4.2\"", "10")] {
        let body = posted_body(&hash, "matched", making, taking);
        let told = ask(&mut gateway(), place(), answered(200, &body));
        assert_eq!(told, Answer::PlacedUnclear { order: hash.parse().unwrap() }, "{body}");
    }
    let wrong = [
        (0, page(&open(&hash, "LIVE").replace(r#""original_size":"10""#, r#""original_size":10"#), "LTE=")),
        (1, page(&TRADE.replace(r#""size":"4""#, r#""size":4"#), "LTE=")),
        (2, r#"{"balance":4000000}"#.to_owned()),
        (4, r#"{"balance":90000000}"#.to_owned()),
    ];
    for (step, body) in wrong {
        let mut parts = whole_account();
        parts[step].1 = body;
        assert!(reconcile(&parts).is_err(), "step {step}");
    }
}

#[test]
fn what_became_of_a_cancel() {
    let hash = hash_of(new());
    let not = |reason: &str| format!(r#"{{"canceled":[],"not_canceled":{{"{hash}":"{reason}"}}}}"#);
    let rows = [
        (
            format!(r#"{{"canceled":["{}"],"not_canceled":{{}}}}"#, hash.to_uppercase().replace("0X", "0x")),
            "Canceled { reduced_by: None }",
        ),
        (not(text::NOT_FOUND_OR_CANCELED), "gone"),
        (not(text::CANCELED_OR_MATCHED), "gone"),
        (not("the order is pending"), "in doubt"),
        (r#"{"canceled":["0xab"],"not_canceled":{}}"#.to_owned(), "in doubt"),
    ];
    for (body, expected) in rows {
        assert_eq!(kind(&ask(&mut gateway(), cancel(), answered(200, &body))), expected, "{body}");
    }
    let body = format!(r#"{{"canceled":["{hash}"],"not_canceled":{{}}}}"#);
    assert_eq!(ask(&mut gateway(), Request::CancelAll, answered(200, &body)), Answer::CanceledAll);
}

#[test]
fn every_refusal_has_its_word() {
    let id = "0xab";
    let cent = cents(1);
    // Status, text; posting, cancel.
    let rows: &[(u16, String, &str, &str)] = &[
        (401, text::UNAUTHORIZED.to_owned(), "rejected Fatal", "rejected Fatal"),
        (401, text::INVALID_L1_HEADERS.to_owned(), "rejected Fatal", "rejected Fatal"),
        (403, "forbidden region".to_owned(), "rejected Fatal", "rejected Fatal"),
        (400, text::INVALID_ORDER_PAYLOAD.to_owned(), "rejected Other", "in doubt"),
        (400, text::OWNER_MISMATCH.to_owned(), "rejected Fatal", "rejected Fatal"),
        (400, text::SIGNER_MISMATCH.to_owned(), "rejected Fatal", "rejected Fatal"),
        (400, "'0x1' address banned".to_owned(), "rejected Fatal", "rejected Fatal"),
        (400, "'0x1' address in closed only mode".to_owned(), "rejected Other", "in doubt"),
        (400, text::DEPOSIT_WALLET_REQUIRED.to_owned(), "rejected Fatal", "rejected Fatal"),
        (400, text::VERSION_MISMATCH.to_owned(), "rejected Fatal", "rejected Fatal"),
        (400, text::INVALID_SIGNATURE.to_owned(), "rejected Fatal", "rejected Fatal"),
        (400, text::INVALID_SIGNATURE_TYPE.to_owned(), "rejected Fatal", "rejected Fatal"),
        (400, text::tick_size(id, cents(42), cent), "rejected InvalidPrice", "in doubt"),
        (400, text::min_size(id, qty(1), qty(5)), "rejected InvalidSize", "in doubt"),
        (400, format!("order {id} is invalid. Duplicated."), "in doubt", "in doubt"),
        (400, format!("order {id} crosses the book"), "rejected PostOnlyCross", "in doubt"),
        (400, text::POST_ONLY_CROSSES.to_owned(), "rejected PostOnlyCross", "in doubt"),
        (400, text::NOT_ENOUGH_BALANCE.to_owned(), "rejected InsufficientBalance", "in doubt"),
        (400, text::INVALID_EXPIRATION.to_owned(), "rejected Other", "in doubt"),
        (400, text::CANCELED_ON_CHAIN.to_owned(), "rejected Other", "in doubt"),
        (400, text::MATCH_DELAYED.to_owned(), "in doubt", "in doubt"),
        (400, text::FOK_NOT_FILLED.to_owned(), "rejected NoLiquidity", "in doubt"),
        (400, text::FAK_NOT_FILLED.to_owned(), "rejected NoLiquidity", "in doubt"),
        (400, text::MARKET_NOT_READY.to_owned(), "rejected MarketClosed", "in doubt"),
        (
            400,
            "invalid amounts, the market buy orders maker amount supports 2 decimals".to_owned(),
            "rejected InvalidSize",
            "in doubt",
        ),
        (
            400,
            "invalid amount for a marketable BUY order ($0.5), min size: $1".to_owned(),
            "rejected InvalidSize",
            "in doubt",
        ),
        (404, text::NO_ORDERBOOK.to_owned(), "rejected MarketClosed", "gone"),
        (404, "market not found".to_owned(), "rejected Other", "gone"),
        (408, String::new(), "in doubt", "in doubt"),
        (425, String::new(), "not now Restarting", "not now Restarting"),
        (429, text::TOO_MANY_REQUESTS.to_owned(), "not now RateLimited", "not now RateLimited"),
        (500, text::ORDER_TIMED_OUT.to_owned(), "not now RateLimited", "not now RateLimited"),
        (500, text::NO_MATCHING_ORDERS.to_owned(), "rejected NoLiquidity", "in doubt"),
        (500, text::FOK_KILLED.to_owned(), "rejected NoLiquidity", "in doubt"),
        (500, text::ROUNDING_ISSUES.to_owned(), "rejected InvalidSize", "in doubt"),
        (500, text::PRICE_DISCREPANCY.to_owned(), "rejected Other", "in doubt"),
        (500, text::COULD_NOT_INSERT.to_owned(), "in doubt", "in doubt"),
        (500, text::INTERNAL.to_owned(), "in doubt", "in doubt"),
        (502, String::new(), "in doubt", "in doubt"),
        (503, text::POST_ONLY_MODE.to_owned(), "not now PostOnlyMode", "not now PostOnlyMode"),
        (503, text::CANCEL_ONLY.to_owned(), "not now CancelOnlyMode", "not now CancelOnlyMode"),
        (503, text::TRADING_DISABLED.to_owned(), "not now Restarting", "not now Restarting"),
        (302, String::new(), "in doubt", "in doubt"),
    ];
    for (status, words, posting, canceling) in rows {
        let body = if words.is_empty() { String::new() } else { error(words) };
        let posted = ask(&mut gateway(), place(), answered(*status, &body));
        assert_eq!(kind(&posted), *posting, "posting: {status} {words}");
        let canceled = ask(&mut gateway(), cancel(), answered(*status, &body));
        assert_eq!(kind(&canceled), *canceling, "cancel: {status} {words}");
    }
    // A page that is not the venue's says nothing about an order.
    assert_eq!(kind(&ask(&mut gateway(), cancel(), answered(404, "<html>"))), "in doubt");
    // The same words inside a success.
    let body = r#"{"success":false,"errorMsg":"not enough balance / allowance","orderID":"","status":"","makingAmount":"","takingAmount":""}"#;
    assert_eq!(kind(&ask(&mut gateway(), place(), answered(200, body))), "rejected InsufficientBalance");
}

#[test]
fn the_wait_that_the_venue_names_is_told() {
    let body = r#"{"error":"post-only mode: only post-only orders and cancels are allowed","code":"post_only_mode","retry_after_seconds":79}"#;
    let told = ask(&mut gateway(), place(), answered(503, body));
    assert_eq!(told, Answer::NotNow { why: NotNow::PostOnlyMode, retry_after: Some(Duration::from_secs(79)) });
}

#[test]
fn what_the_venue_cannot_do_is_refused_here() {
    let decrease = Request::DecreaseTo {
        order: KEY,
        market: ticker().parse().unwrap(),
        venue_id: "0xab".parse().unwrap(),
        remaining: qty(2),
    };
    for request in [decrease, Request::CreateGroup { limit: qty(5) }] {
        let told = one_answer(command(&mut gateway(), NOON, &send(Venue::Polymarket, 1, request)));
        assert_eq!(kind(&told), "rejected Other");
    }
    let grouped = admitted(NewOrder { cancel_on_pause: true, ..new() });
    assert_eq!(
        kind(&one_answer(command(&mut gateway(), NOON, &send(Venue::Polymarket, 1, grouped)))),
        "rejected Other"
    );
}

#[test]
fn a_price_step_that_changed_neither_stops_orders_nor_hides_them() {
    let mut coarse = gateway();
    coarse.list(Listing { tick: TickSize::Tenth, ..listing() });
    assert_eq!(coarse.prepare(&place_order(new())).unwrap().hash.to_string(), hash_of(new()));
    let lookup = |new: NewOrder| Lookup { order: KEY, placed: place_order(new), venue_id: None };
    // A size below today's least one was placed when the least was less.
    let small = NewOrder { qty: qty(1), ..new() };
    assert!(coarse.prepare(&place_order(small.clone())).is_err());
    assert_eq!(coarse.hashes(&lookup(small)).unwrap().len(), 1);
    for time_in_force in [TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok] {
        let new = NewOrder {
            time_in_force,
            price: Price::new(6_123).unwrap(),
            qty: Qty::from_hundredths(1_037).unwrap(),
            ..new()
        };
        let mut fine = gateway();
        fine.list(Listing { tick: TickSize::TenThousandth, ..listing() });
        let hash: VenueOrderId = fine.prepare(&place_order(new.clone())).unwrap().hash.to_string().parse().unwrap();
        assert!(coarse.hashes(&lookup(new)).unwrap().contains(&hash), "{time_in_force:?}");
    }
}

#[test]
fn clock_skew() {
    let refused = |date: Option<Timestamp>| Outcome::Answered {
        status: 401,
        date,
        retry_after: None,
        body: error(text::UNAUTHORIZED).into_bytes(),
    };
    let mut gateway = gateway();
    let first = one_call(command(&mut gateway, NOON, &send(Venue::Polymarket, 1, place())));
    let date = Timestamp::from_secs(at(60_000).secs());
    assert_eq!(kind(&one_answer(outcome(&mut gateway, at(20), &first, refused(date)))), "not now NotSent");
    let second = one_call(command(&mut gateway, at(40), &send(Venue::Polymarket, 2, place())));
    let stamp = second.headers.iter().find(|(name, _)| name == "POLY_TIMESTAMP").unwrap().1.parse::<i64>();
    assert!(stamp.unwrap().abs_diff(at(60_040).secs()) <= 1);
    assert_eq!(kind(&one_answer(outcome(&mut gateway, at(60), &second, refused(date)))), "rejected Fatal");
}

#[test]
fn storms_of_429() {
    let mut gateway = gateway();
    let (mut calls, request) = (0, place());
    for step in 0..200_u64 {
        let now = at(step * 10);
        let actions = command(&mut gateway, now, &send(Venue::Polymarket, step, request.clone()));
        if let Some(Action::Call(call)) = actions.first() {
            calls += 1;
            let storm = Outcome::Answered {
                status: 429,
                date: None,
                retry_after: Some(Duration::from_secs(1)),
                body: error(text::TOO_MANY_REQUESTS).into_bytes(),
            };
            let told = one_answer(outcome(&mut gateway, now, &call.clone(), storm));
            assert_eq!(told, Answer::NotNow { why: NotNow::RateLimited, retry_after: Some(Duration::from_secs(1)) });
        } else {
            assert_eq!(kind(&one_answer(actions)), "not now RateLimited");
        }
    }
    assert_eq!(calls, 2);
    // Cancels have a bucket of their own.
    assert_eq!(one_call(command(&mut gateway, at(1_999), &send(Venue::Polymarket, 999, cancel()))).lane, Lane::Cancel);
}

#[test]
fn production_takes_no_writes_without_the_token() {
    let mut reader = gateway_with(Permit::polymarket(&Env::Production, None));
    for request in [place(), cancel(), Request::CancelAll] {
        let told = one_answer(command(&mut reader, NOON, &send(Venue::Polymarket, 1, request)));
        assert_eq!(kind(&told), "rejected Fatal");
    }
    let live = LiveToken::granted(true, true);
    let mut writer = gateway_with(Permit::polymarket(&Env::Production, live.as_ref()));
    assert_eq!(one_call(command(&mut writer, NOON, &send(Venue::Polymarket, 1, place()))).lane, Lane::Order);
}

#[test]
fn an_answer_after_the_deadline_is_told_as_well() {
    let mut gateway = gateway();
    let call = one_call(command(&mut gateway, NOON, &send(Venue::Polymarket, 7, place())));
    let silence = outcome(&mut gateway, at(5_000), &call, Outcome::Silent("nothing came".to_owned()));
    assert_eq!(kind(&one_answer(silence)), "in doubt");
    let late = outcome(&mut gateway, at(9_000), &call, answered(400, &error(text::NOT_ENOUGH_BALANCE)));
    let told = answers(&late);
    assert_eq!((told[0].0, kind(&told[0].1).as_str()), (7, "rejected InsufficientBalance"));
    let again = outcome(&mut gateway, at(9_001), &call, answered(400, &error(text::NOT_ENOUGH_BALANCE)));
    assert!(matches!(again.as_slice(), [Action::Notice(_)]), "{again:?}");
}

fn open(hash: &str, status: &str) -> String {
    format!(
        r#"{{"id":"{hash}","status":"{status}","owner":"{API_KEY}","maker_address":"0xf39F","market":"{}","asset_id":"{}","side":"BUY","original_size":"10","size_matched":"4","price":"0.42","outcome":"Yes","expiration":"0","order_type":"GTC","associate_trades":[],"created_at":1795176000}}"#,
        ticker(),
        "7".repeat(76),
    )
}

const TRADE: &str = r#"{"id":"t-1","taker_order_id":"@HASH","market":"0xc0","asset_id":"@YES","side":"BUY","size":"4","fee_rate_bps":"0","price":"0.42","status":"MINED","match_time":"1795176000","last_update":"1795176005","outcome":"Yes","bucket_index":0,"owner":"019a9c1e-0000-7000-8000-000000000001","maker_address":"0x1","transaction_hash":"","trader_side":"TAKER","maker_orders":[{"order_id":"0xother","owner":"x","maker_address":"0x2","matched_amount":"4","price":"0.42","fee_rate_bps":"0","asset_id":"@YES","outcome":"Yes","side":"SELL"}]}"#;

fn trade(hash: &str) -> String {
    TRADE.replace("@HASH", hash).replace("@YES", &"7".repeat(76))
}

fn page(rows: &str, cursor: &str) -> String {
    format!(r#"{{"limit":100,"count":1,"next_cursor":"{cursor}","data":[{rows}]}}"#)
}

/// What a lookup ends with when its reads are answered so.
fn look(request: Request, parts: &[(u16, String)]) -> Answer {
    let mut gateway = gateway();
    let mut actions = command(&mut gateway, NOON, &send(Venue::Polymarket, 1, request));
    for (status, body) in parts {
        let call = one_call(actions);
        actions = outcome(&mut gateway, at(20), &call, answered(*status, body));
    }
    one_answer(actions)
}

#[test]
fn an_order_is_looked_up_by_its_hash_in_whatever_state() {
    let hash = hash_of(new());
    let rows = [
        ("LIVE", OrderStatus::Resting, qty(6)),
        ("ORDER_STATUS_DELAYED", OrderStatus::Resting, qty(6)),
        ("MATCHED", OrderStatus::Executed, Qty::ZERO),
        ("CANCELED", OrderStatus::Canceled, Qty::ZERO),
        ("CANCELED_MARKET_RESOLVED", OrderStatus::Canceled, Qty::ZERO),
        ("INVALID", OrderStatus::Canceled, Qty::ZERO),
    ];
    for (word, status, remaining) in rows {
        let told = look(lookup(new(), None), &[(200, open(&hash, word))]);
        let Answer::Found(update) = told else { panic!("{word}: {told:?}") };
        assert_eq!((update.status, update.filled, update.remaining), (status, qty(4), remaining), "{word}");
    }
    assert_eq!(kind(&look(lookup(new(), None), &[(200, open(&hash, "TELEPORTED"))])), "in doubt");
    assert_eq!(kind(&look(lookup(new(), None), &[(200, open("0xab", "LIVE"))])), "in doubt");
}

#[test]
fn an_order_that_is_not_shown_is_judged_by_its_trades() {
    let hash = hash_of(new());
    for gone in [(200, "null".to_owned()), (200, String::new()), (404, error("order not found"))] {
        let told = look(lookup(new(), None), &[gone.clone(), (200, page(&trade(&hash), "LTE="))]);
        let Answer::Found(update) = told else { panic!("{told:?}") };
        assert_eq!((update.status, update.filled), (OrderStatus::Canceled, qty(4)));
        let told = look(lookup(new(), None), &[gone.clone(), (200, page("", "LTE="))]);
        assert_eq!(told, Answer::NotFound { as_of: NOON.minus(Duration::from_secs(1)) });
        let told =
            look(lookup(new(), None), &[gone.clone(), (200, page(&trade("0xab"), "n2")), (200, page("", "LTE="))]);
        assert_eq!(kind(&told), "in doubt", "a list that silently ends proves nothing");
        assert_eq!(kind(&look(lookup(new(), None), &[gone, (500, String::new())])), "in doubt");
    }
    assert_eq!(kind(&look(lookup(new(), None), &[(404, "<html>".to_owned())])), "in doubt");
}

/// The reads of an account, in their order.
fn whole_account() -> Vec<(u16, String)> {
    let hash = hash_of(new());
    let parts = [
        page(&open(&hash, "LIVE"), "LTE="),
        page(&trade(&hash), "LTE="),
        r#"{"balance":"4000000"}"#.to_owned(),
        r#"{"balance":"1000000"}"#.to_owned(),
        r#"{"balance":"90000000"}"#.to_owned(),
    ];
    parts.into_iter().map(|body| (200, body)).collect()
}

fn reconcile(parts: &[(u16, String)]) -> Result<AccountSnapshot, String> {
    let mut gateway = gateway();
    let ask = Command::Reconcile { venue: Venue::Polymarket, asked: 9, fills_since: NOON };
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
    assert_eq!((snapshot.asked, snapshot.as_of), (9, NOON.minus(Duration::from_secs(1))));
    assert_eq!(snapshot.orders[0].remaining, qty(6));
    assert_eq!((snapshot.fills.len(), snapshot.fills[0].qty), (1, qty(4)));
    assert_eq!(snapshot.statuses[0].2, FillStatus::Mined);
    assert_eq!(snapshot.positions[0].tokens, Some((qty(4), qty(1))));
    assert_eq!(snapshot.positions[0].net, SignedQty::from_micros(3_000_000).unwrap());
    assert_eq!(snapshot.cash[0].total.map(brier_types::Money::micros), Some(90_000_000));
}

#[test]
fn pagination_that_silently_ends() {
    let hash = hash_of(new());
    let row = open(&hash, "LIVE");
    let bad: &[&[(u16, String)]] = &[
        &[(200, page(&row, "n2")), (200, page("", "LTE="))],
        &[(200, page(&row, "n2")), (200, page("", "n3"))],
        &[(200, page("", "n2"))],
        &[(200, page(&row, "n2")), (200, page(&row, "n2"))],
        &[(200, page(&row, "MA=="))],
        &[(200, page(&row, "n2")), (500, String::new())],
        &[(200, page(&row, "n2")), (200, "{".to_owned())],
        &[(200, page(&row, "n2")), (404, error("not found"))],
        &[(200, page(&row, "n2")), (200, "{}".to_owned())],
    ];
    for pages in bad {
        let mut parts = whole_account();
        parts.splice(0..1, pages.iter().cloned());
        assert!(reconcile(&parts).is_err(), "{pages:?}");
    }
    let mut parts = whole_account();
    parts.splice(0..1, [(200, page(&row, "n2")), (200, page(&row, "LTE="))]);
    assert_eq!(reconcile(&parts).unwrap().orders.len(), 1);
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let hash = hash_of(new());
    let bodies = prop_oneof![
        Just(String::new()),
        Just("{}".to_owned()),
        Just("null".to_owned()),
        Just(error(text::UNAUTHORIZED)),
        Just(error(text::ORDER_TIMED_OUT)),
        Just(posted_body(&hash, "matched", "\"1.68\"", "\"4\"")),
        Just(posted_body(&hash, "matched", "1", "4")),
        Just(format!(r#"{{"canceled":["{hash}"],"not_canceled":{{}}}}"#)),
        Just(open(&hash, "LIVE")),
        Just(page(&open(&hash, "LIVE"), "n2")),
        Just(page("", "LTE=")),
        Just(page(&trade(&hash), "n2")),
        Just(r#"{"balance":"4000000"}"#.to_owned()),
        ".{0,40}",
    ];
    let date = proptest::option::of((-100_i64..100).prop_map(|skew| Timestamp::from_secs(NOON.secs() + skew).unwrap()));
    let status = prop_oneof![3 => Just(200_u16), 1 => 100_u16..600];
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
        which in proptest::collection::vec(0_usize..7, 1..12),
        outcomes in proptest::collection::vec((any::<proptest::sample::Index>(), any_outcome(), 0_u64..3_000), 0..80),
    ) {
        let requests = [
            place(), take(TimeInForce::Ioc), cancel(), Request::CancelAll, lookup(new(), None), lookup(new(), Some("0xab")),
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
            let made = if let Some(request) = requests.get(*which) {
                send(Venue::Polymarket, number as u64, request.clone())
            } else {
                reconciled += 1;
                Command::Reconcile { venue: Venue::Polymarket, asked: number as u64, fills_since: NOON }
            };
            take(command(&mut gateway, now, &made), &mut calls);
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
