use FailureKind::{Fatal, InDoubt, Refused, Retry};

use super::*;

fn post(status: u16, error: &str) -> (FailureKind, Remedy) {
    ClobError::new("POST /order", CallKind::Post, status, &ErrorBody::new(error).to_json()).verdict()
}

#[test]
fn every_text_tells_its_kind_and_what_may_be_done() {
    let id = "0x78";
    let price = |pips| brier_types::Price::new(pips).unwrap();
    let qty = |contracts| brier_types::Qty::from_contracts(contracts).unwrap();
    let rows = [
        (text::UNAUTHORIZED.to_owned(), ErrorKind::Unauthorized, Fatal),
        (text::INVALID_L1_HEADERS.to_owned(), ErrorKind::InvalidL1Headers, Fatal),
        (text::tick_size(id, price(4_976), price(25)), ErrorKind::TickSize, Refused),
        (text::min_size(id, qty(1), qty(5)), ErrorKind::MinSize, Refused),
        (text::duplicated(id), ErrorKind::Duplicated, Refused),
        (text::crosses(id), ErrorKind::CrossesBook, Refused),
        (text::POST_ONLY_CROSSES.to_owned(), ErrorKind::CrossesBook, Refused),
        (text::not_enough_balance(93_308_118, 49_995_460, 0, 49_995_460), ErrorKind::NotEnoughBalance, Refused),
        (text::banned(id), ErrorKind::Banned, Fatal),
        (text::closed_only(id), ErrorKind::ClosedOnly, Refused),
        (text::OWNER_MISMATCH.to_owned(), ErrorKind::OwnerMismatch, Fatal),
        (text::SIGNER_MISMATCH.to_owned(), ErrorKind::SignerMismatch, Fatal),
        (text::DEPOSIT_WALLET_REQUIRED.to_owned(), ErrorKind::DepositWalletRequired, Fatal),
        (text::VERSION_MISMATCH.to_owned(), ErrorKind::VersionMismatch, Refused),
        (text::INVALID_SIGNATURE.to_owned(), ErrorKind::InvalidSignature, Refused),
        (text::INVALID_SIGNATURE_TYPE.to_owned(), ErrorKind::InvalidSignatureType, Refused),
        (text::INVALID_EXPIRATION.to_owned(), ErrorKind::InvalidExpiration, Refused),
        (text::CANCELED_ON_CHAIN.to_owned(), ErrorKind::CanceledOnChain, Refused),
        (text::MATCH_DELAYED.to_owned(), ErrorKind::MatchDelayed, InDoubt),
        (text::FOK_NOT_FILLED.to_owned(), ErrorKind::FokNotFilled, Refused),
        (text::FAK_NOT_FILLED.to_owned(), ErrorKind::NoMatch, Refused),
        (text::MARKET_NOT_READY.to_owned(), ErrorKind::MarketNotReady, Refused),
        (text::too_many_orders(16, 15), ErrorKind::TooManyOrders, Refused),
        (text::too_many_cancels(1_000), ErrorKind::TooManyOrders, Refused),
        (text::INVALID_ORDER_PAYLOAD.to_owned(), ErrorKind::InvalidOrderPayload, Refused),
        (text::NO_ORDERBOOK.to_owned(), ErrorKind::NoOrderbook, Refused),
        (text::MARKET_NOT_FOUND.to_owned(), ErrorKind::NotFound, Refused),
        (text::invalid_fidelity("9y"), ErrorKind::InvalidQuery, Refused),
        (text::COULD_NOT_CREATE_KEY.to_owned(), ErrorKind::CouldNotCreateKey, Refused),
        (text::COULD_NOT_DERIVE_KEY.to_owned(), ErrorKind::CouldNotDeriveKey, Refused),
        (text::TOO_MANY_REQUESTS.to_owned(), ErrorKind::TooManyRequests, Retry),
        (text::ORDER_TIMED_OUT.to_owned(), ErrorKind::OrderTimedOut, Retry),
        (text::NO_MATCHING_ORDERS.to_owned(), ErrorKind::NoMatch, Refused),
        (text::FOK_KILLED.to_owned(), ErrorKind::FokNotFilled, Refused),
        (text::ROUNDING_ISSUES.to_owned(), ErrorKind::RoundingIssues, Refused),
        (text::PRICE_DISCREPANCY.to_owned(), ErrorKind::PriceDiscrepancy, Refused),
        (text::COULD_NOT_INSERT.to_owned(), ErrorKind::CouldNotInsert, InDoubt),
        (text::INTERNAL.to_owned(), ErrorKind::Internal, InDoubt),
        (text::POST_ONLY_MODE.to_owned(), ErrorKind::PostOnlyMode, Retry),
        (text::CANCEL_ONLY.to_owned(), ErrorKind::CancelOnly, Retry),
        (text::TRADING_DISABLED.to_owned(), ErrorKind::TradingDisabled, Retry),
    ];
    for (error, kind, failure) in rows {
        assert_eq!(ErrorKind::of(&error), kind, "{error}");
        assert_eq!(post(kind.status(), &error).0, failure, "{error}");
        assert_eq!(ClobError::of_item("POST /orders", &error).kind(), failure, "{error}");
    }
}

#[test]
fn without_a_known_text_the_status_and_the_call_decide() {
    let at = |call, status| ClobError::new("call", call, status, "<html>").kind();
    for (status, read, write) in
        [(400, Refused, Refused), (404, Refused, Refused), (401, Fatal, Fatal), (403, Fatal, Fatal)]
    {
        assert_eq!((at(CallKind::Read, status), at(CallKind::Post, status)), (read, write), "{status}");
    }
    for status in [425, 429] {
        assert_eq!((at(CallKind::Read, status), at(CallKind::Post, status)), (Retry, Retry), "{status}");
    }
    for status in [408, 500, 502, 503, 504] {
        assert_eq!((at(CallKind::Read, status), at(CallKind::Post, status)), (Retry, InDoubt), "{status}");
        assert_eq!(at(CallKind::Idempotent, status), InDoubt, "{status}");
    }
    assert_eq!((at(CallKind::Read, 302), at(CallKind::Post, 302)), (Fatal, InDoubt));
}

#[test]
fn bodies_of_every_form_are_read() {
    let body = r#"{"error":"post-only mode: only post-only orders and cancels are allowed","code":"post_only_mode","retry_after_seconds":79}"#;
    assert_eq!(ErrorBody::parse(body), Some(ErrorBody::post_only_mode(79)));
    assert_eq!(ErrorBody::post_only_mode(79).to_json(), body);
    let error = ClobError::new("POST /order", CallKind::Post, 503, body);
    assert_eq!(error.hint().as_deref(), Some("the engine takes this again in 79 s"));
    for body in [r#"{"errorMsg":"x","error":""}"#, r#"{"error_msg":"x"}"#, r#""x""#] {
        assert_eq!(ErrorBody::parse(body).map(|body| body.error).as_deref(), Some("x"), "{body}");
    }
    for body in ["", "<html>", "{}", "[]", r#"{"error":null}"#] {
        assert_eq!(ErrorBody::parse(body), None, "{body}");
    }
}

#[test]
fn an_error_names_call_status_and_text() {
    let error = ClobError::new("POST /order", CallKind::Post, 400, r#"{"error":"invalid signature"}"#);
    assert_eq!(error.to_string(), "POST /order: status 400, invalid signature");
    assert_eq!(ClobError::new("GET /book", CallKind::Read, 502, "").to_string(), "GET /book: status 502, empty body");
}

#[test]
fn the_last_rule_about_statuses() {
    assert_eq!(final_status(400, text::MARKET_NOT_FOUND), 404);
    assert_eq!(final_status(400, text::UNAUTHORIZED), 401);
    assert_eq!(final_status(500, "context canceled"), 400);
    assert_eq!(final_status(400, text::INVALID_SIGNATURE), 400);
}
