use expect_test::{Expect, expect};

use super::*;

#[test]
fn all_four_shapes_are_read_and_written() {
    for text in [
        r#"{"error":{"code":"authentication_error","message":"authentication_error","details":"INCORRECT_API_KEY_SIGNATURE"}}"#,
        r#"{"error":{"code":"bad_request","message":"bad request","details":"invalid status filter"}}"#,
        r#"{"error":{"code":"permission_denied","message":"permission denied"}}"#,
        r#"{"code":"bad_request","message":"bad request","details":"count"}"#,
        r#"{"msg":"limit must be at most 1000"}"#,
        r#"{"error":"too many requests"}"#,
    ] {
        assert_eq!(ErrorBody::parse(text).expect(text).to_json(), text);
    }
}

#[test]
fn shapes_are_told_apart() {
    let detail = ErrorDetail::new(&Code::NotFound);
    assert_eq!(
        ErrorBody::parse(r#"{"error":{"code":"not_found","message":"not found"}}"#),
        Some(ErrorBody::Nested(detail.clone()))
    );
    assert_eq!(ErrorBody::parse(r#"{"code":"not_found","message":"not found"}"#), Some(ErrorBody::Flat(detail)));
    for text in ["", "<html>", "[]", "{}", "null", "404 page not found", r#"{"error":null}"#] {
        assert_eq!(ErrorBody::parse(text), None, "{text}");
    }
    let odd = ErrorBody::parse(r#"{"error":{"code":7,"details":["A","B"]}}"#).unwrap();
    assert_eq!(odd.text(), r#"7: ["A","B"]"#);
}

#[test]
fn every_code_is_its_own_longest_prefix() {
    for code in Code::ALL {
        assert_eq!(&Code::parse(code.as_str()), code);
        assert_eq!(&Code::parse(&code.as_str().to_uppercase()), code);
        assert_eq!(&Code::parse(&format!("{}_and_more", code.as_str())), code);
        assert!((400..=599).contains(&code.status()));
    }
    assert_eq!(Code::parse("é"), Code::Other("é".into()));
}

#[test]
fn verdicts() {
    let check = |method, status, text: &str, expected: Expect| {
        let error = ApiError::new(method, "/trade-api/v2/x", status, text);
        let (kind, remedy) = error.verdict();
        let hint = error.hint().unwrap_or_default();
        expected.assert_eq(&format!("{error} | {kind} {remedy:?} | {hint}"));
    };
    let nested = |code: &Code| ErrorBody::nested(code).to_json();
    check(
        Method::Post,
        429,
        &ErrorBody::too_many_requests().to_json(),
        expect![
            "POST /trade-api/v2/x: status 429, too many requests | retry Wait | wait a moment; the venue names no time"
        ],
    );
    check(
        Method::Post,
        503,
        "",
        expect![
            "POST /trade-api/v2/x: status 503, empty body | in doubt Resolve | the call may have worked: look for the order before sending it again"
        ],
    );
    check(
        Method::Delete,
        504,
        "<html>upstream</html>",
        expect![
            "DELETE /trade-api/v2/x: status 504, unknown body `<html>upstream</html>` | in doubt Resolve | the call may have worked: look for the order before sending it again"
        ],
    );
    check(
        Method::Get,
        500,
        "",
        expect!["GET /trade-api/v2/x: status 500, empty body | retry Wait | wait a moment; the venue names no time"],
    );
    check(
        Method::Post,
        409,
        &nested(&Code::OrderAlreadyExists),
        expect![
            "POST /trade-api/v2/x: status 409, order_already_exists: order already exists | refused FindExisting | an order with this client order id exists or existed: look it up, or choose a new id"
        ],
    );
    check(
        Method::Post,
        409,
        &nested(&Code::FillOrKillInsufficientRestingVolume),
        expect![
            "POST /trade-api/v2/x: status 409, fill_or_kill_insufficient_resting_volume: fill or kill insufficient resting volume | refused None | the book cannot fill it all now; its client order id is spent"
        ],
    );
    check(
        Method::Get,
        401,
        &nested(&Code::HeaderTimestampExpired),
        expect![
            "GET /trade-api/v2/x: status 401, header_timestamp_expired | retry FixClock | set this machine's clock (within 1 s of UTC), then try again"
        ],
    );
    check(
        Method::Get,
        401,
        &nested(&Code::AuthenticationError),
        expect![
            "GET /trade-api/v2/x: status 401, authentication_error | fatal FixAccess | check that the key file belongs to the key id and that the key belongs to this environment"
        ],
    );
    check(
        Method::Get,
        403,
        "",
        expect![
            "GET /trade-api/v2/x: status 403, empty body | fatal FixAccess | check the key id, the key file and the key's scopes"
        ],
    );
    check(
        Method::Delete,
        404,
        &nested(&Code::NotFound),
        expect![
            "DELETE /trade-api/v2/x: status 404, not_found: not found | refused Gone | it is finished, unknown, or on another shard: read it before trying again"
        ],
    );
    check(
        Method::Post,
        410,
        &ErrorBody::deprecated_v1_order_endpoint().to_json(),
        expect![
            "POST /trade-api/v2/x: status 410, deprecated_v1_order_endpoint: this endpoint is deprecated, use the V2 order endpoints under /portfolio/events/orders: https://docs.kalshi.com/api-reference/orders/create-order-v2 | fatal None | update Brier: the venue retired this call"
        ],
    );
    check(
        Method::Post,
        400,
        &nested(&Code::InvalidPrice),
        expect![
            "POST /trade-api/v2/x: status 400, invalid_price: invalid price | refused None | look at the market's `price_ranges`: the price must be on its grid, above 0 and below 1"
        ],
    );
    check(
        Method::Post,
        400,
        &nested(&Code::MarketInactive),
        expect![
            "POST /trade-api/v2/x: status 400, MARKET_INACTIVE: market is not active | refused WaitForTrading | the market or the exchange is not trading: look at its status"
        ],
    );
    check(
        Method::Post,
        200,
        "{}",
        expect![
            "POST /trade-api/v2/x: status 200, unknown body `{}` | in doubt Resolve | the call may have worked: look for the order before sending it again"
        ],
    );
    check(Method::Get, 302, "", expect!["GET /trade-api/v2/x: status 302, empty body | fatal None | "]);
}

#[test]
fn only_a_duplicate_tells_that_the_order_exists() {
    let error = |status, code: &Code| ApiError::new(Method::Post, "/x", status, &ErrorBody::nested(code).to_json());
    assert!(error(409, &Code::OrderAlreadyExists).order_exists());
    assert!(!error(409, &Code::FillOrKillInsufficientRestingVolume).order_exists());
}
