//! The ring under every behavior of the clock, and requests against what the protocol's own types write.

use std::collections::BTreeSet;

use brier_connect::line::USER_AGENT;
use brier_kalshi_protocol::auth;
use brier_kalshi_protocol::rest::{
    AmendOrderV2Request, CancelOrderQuery, CancelOrderV2Response, CreateOrderV2Request, CreateOrderV2Response,
    DecreaseOrderV2Request,
};
use brier_types::{
    BookSide, ClientOrderId, OrderGroupId, Price, Qty, SelfTradePrevention, TimeInForce, Timestamp, VenueError as _,
};
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::keys::{KeyKind, PrivateKey};
use crate::rest::{amend_request, create_request};

const CREATE_PATH: &str = "/trade-api/v2/portfolio/events/orders";

fn credentials() -> Credentials {
    Credentials::new("0f1c2b8e-6a77-4d0e-9a55-0d0f7d6f1c11", PrivateKey::generate(KeyKind::Ed25519).unwrap()).unwrap()
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_795_176_000_000 + millis).unwrap()
}

fn ring(config: RingConfig) -> HeaderRing {
    HeaderRing::new(credentials(), Operation::CreateOrder, config).unwrap()
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn the_header_nearest_to_the_venues_time_is_taken_once() {
    let mut ring = ring(RingConfig { spacing: ms(100), ..RingConfig::default() });
    assert_eq!(ring.take(at(0)), None, "nothing is signed yet");
    assert_eq!(ring.refill(at(0), 1_000).unwrap(), 16, "from now to the horizon");
    assert_eq!(ring.refill(at(0), 1_000).unwrap(), 0);
    let times: Vec<i64> = std::iter::from_fn(|| ring.take(at(260))).map(|taken| taken.time().millis()).collect();
    let expected = [300, 200, 400, 100, 500, 0, 600, 700].map(|millis| at(millis).millis());
    assert_eq!(times, expected, "nearest first, and no more than half a second either way");
    assert_eq!(ring.ready(at(260)), 0);
    assert_eq!(ring.take(at(300)).unwrap().time(), at(800));
}

#[test]
fn a_header_may_serve_more_requests_where_that_is_allowed() {
    let mut ring = ring(RingConfig { spacing: ms(1_000), uses: 3, ..RingConfig::default() });
    ring.refill(at(0), 10).unwrap();
    assert_eq!(ring.ready(at(0)), 3);
    let times: Vec<Timestamp> = std::iter::from_fn(|| ring.take(at(0))).map(|taken| taken.time()).collect();
    assert_eq!(times, [at(0); 3]);
}

#[test]
fn a_clock_that_steps_leaves_no_header_outside_the_window() {
    let mut ring = ring(RingConfig { spacing: ms(100), ..RingConfig::default() });
    ring.refill(at(0), 1_000).unwrap();
    assert_eq!(ring.take(at(30_000)), None, "forward: all are too old");
    assert!(ring.refill(at(30_000), 1_000).unwrap() > 0);
    assert_eq!(ring.take(at(30_000)).unwrap().time(), at(30_000));
    assert_eq!(ring.take(at(10_000)), None, "back: all are too far ahead");
    assert!(ring.refill(at(10_000), 1_000).unwrap() > 0);
    let again = ring.take(at(10_000)).unwrap().time();
    assert_eq!(again, at(10_001), "the grid moves, so that no time is signed twice");
}

#[test]
fn bounds_out_of_bounds_are_refused_and_say_what_fits() {
    let fine = RingConfig::default();
    let second = Duration::from_secs(1);
    for (config, expected) in [
        (RingConfig { spacing: Duration::ZERO, ..fine }, "a spacing of whole milliseconds, one or more"),
        (RingConfig { spacing: Duration::from_micros(1_500), ..fine }, "a spacing of whole milliseconds, one or more"),
        (RingConfig { max_age: second + ms(1), ..fine }, "max_age of at most a second"),
        (RingConfig { max_ahead: second + ms(1), ..fine }, "max_ahead of at most a second"),
        (RingConfig { horizon: ms(499), ..fine }, "a horizon from max_ahead to 10 s"),
        (RingConfig { horizon: 11 * second, ..fine }, "a horizon from max_ahead to 10 s"),
        (RingConfig { uses: 0, ..fine }, "one use or more"),
    ] {
        let error = HeaderRing::new(credentials(), Operation::CreateOrder, config).unwrap_err();
        assert_eq!(error.expected, expected);
    }
    let error = HeaderRing::new(credentials(), Operation::CancelOrder, fine).unwrap_err();
    assert_eq!(
        error.to_string(),
        "header ring: expected an operation with a fixed path, found /portfolio/events/orders/{order_id}"
    );
}

#[test]
fn signatures_are_shown_nowhere() {
    let mut ring = ring(RingConfig::default());
    ring.refill(at(0), 2).unwrap();
    let headers = ring.take(at(0)).unwrap();
    let (_, signature) = headers.pairs().last().map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
    assert_eq!(signature.len(), 88);
    let writer = RequestWriter::new(&Env::Demo).unwrap();
    let shared = SharedRing::new(ring);
    let signing = Signing::Ahead(&headers);
    for shown in [format!("{headers:?}"), format!("{signing:?}"), format!("{shared:?}"), format!("{writer:?}")] {
        assert!(!shown.contains(&signature), "{shown}");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Pass(u16),
    Jump(i16),
    Refill(u8),
    Take,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_u16..400).prop_map(Step::Pass),
        1 => any::<i16>().prop_map(Step::Jump),
        4 => (0_u8..20).prop_map(Step::Refill),
        6 => Just(Step::Take),
    ];
    proptest::collection::vec(step, 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_clock_does_what_is_taken_is_fresh_signed_and_never_given_twice(
        steps in steps(),
        (spacing, age, ahead) in (1_u64..300, 0_u64..=1_000, 0_u64..=1_000),
    ) {
        let config =
            RingConfig { spacing: ms(spacing), max_age: ms(age), max_ahead: ms(ahead), horizon: ms(1_500), uses: 1 };
        let mut ring = ring(config);
        let (mut now, mut seen) = (0_i64, BTreeSet::new());
        for step in steps {
            match step {
                Step::Pass(millis) => now += i64::from(millis),
                Step::Jump(millis) => now += i64::from(millis),
                Step::Refill(most) => drop(ring.refill(at(now), usize::from(most)).unwrap()),
                Step::Take => {
                    let ready = ring.ready(at(now));
                    let taken = ring.take(at(now));
                    prop_assert_eq!(taken.is_some(), ready > 0);
                    let Some(taken) = taken else { continue };
                    let distance = taken.time().millis() - at(now).millis();
                    prop_assert!(-(age as i64) <= distance && distance <= ahead as i64, "{distance} ms");
                    // Within a spacing of steps back every time is another one.
                    prop_assert!(spacing < 40 || seen.insert(taken.time()), "{:?} was given before", taken.time());
                }
            }
        }
    }
}

#[test]
fn headers_of_the_ring_are_those_that_are_signed_at_once() {
    let credentials = credentials();
    let signed = SignedHeaders::sign(&credentials, Operation::CreateOrder, at(7)).unwrap();
    let expected = credentials.sign_request(at(7), Operation::CreateOrder.method(), CREATE_PATH).unwrap();
    // Ed25519 gives the same signature each time.
    assert!(signed.pairs().eq(expected.iter().map(|(name, value)| (*name, value.as_str()))));
    let rsa = Credentials::new("key", PrivateKey::generate(KeyKind::Rsa).unwrap()).unwrap();
    let signed = SignedHeaders::sign(&rsa, Operation::CreateOrder, at(7)).unwrap();
    let pairs: Vec<(&str, &str)> = signed.pairs().collect();
    assert_eq!(pairs[0], (auth::KEY_HEADER, "key"));
    assert_eq!(pairs[1], (auth::TIMESTAMP_HEADER, "1795176000007"));
    let signature = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, pairs[2].1).unwrap();
    assert!(rsa.public_key().verify(format!("1795176000007POST{CREATE_PATH}").as_bytes(), &signature));
}

/// A request taken apart: its first line, its headers in lower case but for values, its body.
fn apart(request: &[u8]) -> (String, Vec<(String, String)>, Vec<u8>) {
    let end = request.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = std::str::from_utf8(&request[..end]).unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    let headers = headers.split("\r\n").map(|line| line.split_once(": ").unwrap());
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    (line.to_owned(), headers, request[end + 4..].to_vec())
}

/// The request's line and body, after its headers were found to be right and signed.
fn checked(request: &[u8], credentials: &Credentials) -> (String, Vec<u8>) {
    let (line, headers, body) = apart(request);
    let value = |name: &str| {
        let mut found = headers.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name));
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} twice");
        value
    };
    assert_eq!(value("host"), Some("127.0.0.1:8810"));
    assert_eq!(value("user-agent").map(|agent| format!("user-agent: {agent}\r\n")).as_deref(), Some(USER_AGENT));
    let length = value("content-length").map(|length| length.parse::<usize>().unwrap());
    assert_eq!(length, (!body.is_empty()).then_some(body.len()));
    assert_eq!(value("content-type"), (!body.is_empty()).then_some("application/json"));
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    assert_eq!(words.collect::<Vec<_>>(), ["HTTP/1.1"]);
    let message = auth::signing_string_as_sent(value(auth::TIMESTAMP_HEADER).unwrap(), method, target);
    assert_eq!(value(auth::KEY_HEADER), Some(credentials.key_id()));
    assert_eq!(value(auth::SIGNATURE_HEADER), Some(credentials.sign_base64(message.as_bytes()).unwrap().as_str()));
    (line, body)
}

fn printable(most: usize) -> impl Strategy<Value = String> {
    proptest::string::string_regex(&format!("[!-~]{{1,{most}}}")).unwrap()
}

prop_compose! {
    fn orders()(
        (id, market, group) in (printable(64), printable(40), option::of(printable(40))),
        (pips, qty, deadline) in (0_u16..=10_000, prop_oneof![1_u64..1_000_000_000, Just(0), any::<u64>()], any::<i64>()),
        kind in 0_u8..4,
        (ask, post_only, reduce_only, maker, cancel_on_pause) in any::<(bool, bool, bool, bool, bool)>(),
    ) -> NewOrder {
        NewOrder {
            client_order_id: ClientOrderId::new(&id).unwrap(),
            market: MarketTicker::new(&market).unwrap(),
            side: if ask { BookSide::Ask } else { BookSide::Bid },
            price: Price::new(pips).unwrap(),
            qty: Qty::from_micros(qty).or(Qty::from_hundredths(qty % 1_000_000)).unwrap(),
            time_in_force: match kind {
                0 => TimeInForce::Gtc,
                1 => TimeInForce::Gtd(Timestamp::from_nanos(deadline)),
                2 => TimeInForce::Ioc,
                _ => TimeInForce::Fok,
            },
            post_only,
            reduce_only,
            self_trade_prevention: if maker { SelfTradePrevention::Maker } else { SelfTradePrevention::TakerAtCross },
            cancel_on_pause,
            group: group.map(|group| OrderGroupId::new(&group).unwrap()),
        }
    }
}

proptest! {
    #[test]
    fn requests_are_what_the_protocols_own_types_write(
        order in orders(),
        (id, new_id) in (printable(128), option::of(printable(64))),
        index in option::of(-1_i32..5),
        (to, now) in (any::<bool>(), 0_i64..4_000_000_000_000),
    ) {
        let credentials = credentials();
        let env = Env::local("http://127.0.0.1:8810").unwrap();
        let (mut writer, now) = (RequestWriter::new(&env).unwrap(), Timestamp::from_millis(now).unwrap());
        let id = VenueOrderId::new(&id).unwrap();
        let signing = Signing::Now(&credentials, now);
        let (line, body) = checked(writer.create(&order, index, signing).unwrap(), &credentials);
        prop_assert_eq!(line, format!("POST {CREATE_PATH} HTTP/1.1"));
        let expected = CreateOrderV2Request { exchange_index: index, ..create_request(&order) };
        prop_assert_eq!(body, serde_json::to_vec(&expected).unwrap());

        let ahead = SignedHeaders::sign(&credentials, Operation::CreateOrder, now).unwrap();
        let at_once = writer.create(&order, index, signing).unwrap().to_vec();
        prop_assert_eq!(writer.create(&order, index, Signing::Ahead(&ahead)).unwrap(), at_once);

        let amend = AmendOrder {
            order: id.clone(),
            market: order.market.clone(),
            side: order.side,
            price: order.price,
            total: order.qty,
            new_client_order_id: new_id.map(|id| ClientOrderId::new(&id).unwrap()),
        };
        if matches!(id.as_str(), "." | "..") {
            prop_assert!(writer.amend(&amend, index, &credentials, now).is_err());
            return Ok(());
        }
        let path = |operation: Operation| operation.path(&[id.as_str()]);
        let (line, body) = checked(writer.amend(&amend, index, &credentials, now).unwrap(), &credentials);
        prop_assert_eq!(line, format!("POST {} HTTP/1.1", path(Operation::AmendOrder)));
        let expected = AmendOrderV2Request { exchange_index: index, ..amend_request(&amend) };
        prop_assert_eq!(body, serde_json::to_vec(&expected).unwrap());

        let decrease = if to { Decrease::To(order.qty) } else { Decrease::By(order.qty) };
        let request = writer.decrease(&order.market, &id, decrease, index, &credentials, now).unwrap();
        let (line, body) = checked(request, &credentials);
        prop_assert_eq!(line, format!("POST {} HTTP/1.1", path(Operation::DecreaseOrder)));
        let expected = DecreaseOrderV2Request {
            reduce_by: (!to).then_some(order.qty),
            reduce_to: to.then_some(order.qty),
            exchange_index: index,
            market_ticker: Some(order.market.to_string()),
        };
        prop_assert_eq!(body, serde_json::to_vec(&expected).unwrap());

        let request = writer.cancel(&order.market, &id, index, &credentials, now).unwrap();
        let (line, body) = checked(request, &credentials);
        let query =
            CancelOrderQuery { subaccount: None, exchange_index: index, market_ticker: Some(order.market.to_string()) };
        prop_assert_eq!(line, format!("DELETE {}?{} HTTP/1.1", path(Operation::CancelOrder), query.encode()));
        prop_assert!(body.is_empty());
    }
}

#[test]
fn the_order_path_stays_closed_where_writes_are_forbidden() {
    assert!(matches!(RequestWriter::new(&Env::Prod), Err(KalshiError::WritesForbidden { .. })));
    let clock = Arc::new(Clock::default());
    let opened = open_lines(&Env::Prod, clock, &PathConfig::new(1));
    assert!(matches!(opened, Err(KalshiError::WritesForbidden { .. })));
}

#[test]
fn headers_for_another_operation_are_refused() {
    let credentials = credentials();
    let other = SignedHeaders::sign(&credentials, Operation::CancelAllOrders, at(0)).unwrap();
    let mut ring = ring(RingConfig::default());
    ring.insert(other.clone());
    assert_eq!(ring.ready(at(0)), 0);
    let order = NewOrder {
        client_order_id: ClientOrderId::new("a").unwrap(),
        market: MarketTicker::new("M").unwrap(),
        side: BookSide::Bid,
        price: Price::from_cents(42).unwrap(),
        qty: Qty::from_contracts(1).unwrap(),
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
        self_trade_prevention: SelfTradePrevention::TakerAtCross,
        cancel_on_pause: false,
        group: None,
    };
    let error = RequestWriter::new(&Env::Demo).unwrap().create(&order, None, Signing::Ahead(&other)).unwrap_err();
    assert_eq!(error.kind(), FailureKind::Refused);
}

#[test]
fn answers_mean_what_the_table_of_retries_says() {
    fn read(repeat: Repeat, answer: Answer) -> Result<CancelOrderV2Response, KalshiError> {
        read_answer("cancel order", Operation::CancelOrder, repeat, answer)
    }
    let silent = || Answer::Silent("gone".to_owned());
    assert_eq!(read(Repeat::Safe, Answer::NotSent("busy".to_owned())).unwrap_err().kind(), FailureKind::Retry);
    assert_eq!(read(Repeat::Safe, silent()).unwrap_err().kind(), FailureKind::InDoubt);
    assert_eq!(read(Repeat::Once, silent()).unwrap_err().kind(), FailureKind::InDoubt);
    assert_eq!(ending(&silent()), Some(Ending::Silent));
    let said = |status, text: &str| Answer::Answered(Response::new(status, text.into()));
    assert_eq!(read(Repeat::Safe, said(503, "")).unwrap_err().kind(), FailureKind::InDoubt);
    assert_eq!(read(Repeat::Safe, said(404, "{}")).unwrap_err().kind(), FailureKind::Refused);
    assert_eq!(read(Repeat::Once, said(200, "{\"ord")).unwrap_err().kind(), FailureKind::InDoubt);
    let canceled = said(200, r#"{"order_id":"o","reduced_by":"6.00","ts_ms":1795176000456}"#);
    assert_eq!(read(Repeat::Safe, canceled).unwrap().reduced_by, Qty::from_contracts(6).unwrap());
    assert_eq!(ending(&Answer::NotSent(String::new())), Some(Ending::NotSent));
    assert_eq!(
        serde_json::from_str::<CreateOrderV2Response>(
            r#"{"order_id":"o","fill_count":"4.00","remaining_count":"6.00","ts_ms":1795176000456}"#
        )
        .unwrap()
        .remaining_count,
        Qty::from_contracts(6).unwrap()
    );
}

#[tokio::test]
async fn after_a_429_the_bucket_counts_as_empty() {
    let env = Env::local("http://127.0.0.1:9").unwrap();
    let client = Client::new(env, Some(credentials()), crate::Config::new(1)).unwrap();
    let mut path = OrderPath::open(&client, &PathConfig::new(1)).unwrap();
    let (market, id) = (MarketTicker::new("M").unwrap(), VenueOrderId::new("o").unwrap());
    let cancel = |path: &mut OrderPath| path.cancel(&market, &id, Some(0), Instant::now()).unwrap_err();
    assert!(matches!(cancel(&mut path), PathError::NotSent(_)), "there are tokens, and no venue");
    path.learn(Some(0), &Answer::Answered(Response::new(429, b"{}".to_vec())));
    assert!(matches!(cancel(&mut path), PathError::RateLimited { .. }));
}
