//! Kalshi's no in the engine's words: one table.
//!
//! | status and code | placing | change, cancel | read |
//! |---|---|---|---|
//! | 429 | not now: rate limit | the same | the same |
//! | 401 `header_timestamp_expired`, clock corrected since | not now: not sent | the same | the same |
//! | any other 401, 403, 410 | refused for good | the same | the same |
//! | `EXCHANGE_PAUSED`, `TRADING_PAUSED`, with 4xx or 503 | not now: the venue rests | the same | the same |
//! | 404 `not_found` | refused | gone | unclear |
//! | 409 `order_already_exists` | in doubt: it exists, or once did | in doubt | unclear |
//! | 408, 5xx, anything outside the contract | in doubt | in doubt | unclear |
//! | any other 4xx | refused, by its code | refused | refused |
//!
//! A 404 that is not the venue's own (a proxy's page) says nothing about the order.
//!
//! Source: reference (Kalshi), sections 3.5, 4.2, 8.3 and 8.4, 2026-11-20.

use std::time::Duration;

use brier_engine::{Answer, NotNow, RejectCode};
use brier_kalshi::retry::Ending;
use brier_kalshi_protocol::errors::{ApiError, Code, ErrorBody};
use brier_kalshi_protocol::rest::Operation;

use super::super::{in_doubt, rejected, text_of};

/// What an answer that is no success means for a call of this operation. `mended` says that the clock was corrected since the
/// call was signed.
pub(super) fn refusal(
    operation: Operation,
    status: u16,
    retry_after: Option<Duration>,
    body: &[u8],
    mended: bool,
) -> Answer {
    let error = ApiError::new(operation.method(), operation.template(), status, &text_of(body));
    let text = error.to_string();
    let not_now = |why| Answer::NotNow { why, retry_after };
    let changes = matches!(operation, Operation::AmendOrder | Operation::DecreaseOrder | Operation::CancelOrder);
    match (status, error.code()) {
        (429, _) => not_now(NotNow::RateLimited),
        (401, Some(Code::HeaderTimestampExpired)) if mended => not_now(NotNow::NotSent),
        (401 | 403 | 410, _) => rejected(RejectCode::Fatal, &text),
        (400..=499 | 503, Some(Code::ExchangePaused | Code::TradingPaused)) => not_now(NotNow::Restarting),
        (404, Some(Code::NotFound)) if changes => Answer::Gone,
        (404, None) if changes || operation.method() == brier_kalshi_protocol::rest::Method::Get => in_doubt(&text),
        (409, Some(Code::OrderAlreadyExists)) => in_doubt(&text),
        (400..=499, _) if !(Ending::Status { status, clock_corrected: false }).may_have_acted() => {
            rejected(reject_code(&error), &text)
        }
        _ => in_doubt(&text),
    }
}

/// Whether a 404 is the venue's own word on what was asked for.
pub(super) fn says_not_found(body: &[u8]) -> bool {
    ErrorBody::parse(&text_of(body)).and_then(|body| body.code()) == Some(Code::NotFound)
}

/// What kind of no: by the code, else by a code's word in the message or the details, where the venue puts some too.
fn reject_code(error: &ApiError) -> RejectCode {
    let Some(ErrorBody::Nested(detail) | ErrorBody::Flat(detail)) = &error.body else { return RejectCode::Other };
    let words = [&detail.code, &detail.message, &detail.details].into_iter().flatten();
    let known = words.clone().find_map(|word| of_code(&Code::parse(word.trim())));
    if let Some(known) = known {
        return known;
    }
    let crosses =
        words.map(|word| word.to_ascii_lowercase().replace('_', " ")).any(|word| word.contains("post only cross"));
    if crosses { RejectCode::PostOnlyCross } else { RejectCode::Other }
}

/// The codes that mean something of their own to the engine.
const fn of_code(code: &Code) -> Option<RejectCode> {
    Some(match code {
        Code::InsufficientBalance | Code::AvailableBalanceTooLow => RejectCode::InsufficientBalance,
        Code::InvalidPrice => RejectCode::InvalidPrice,
        Code::InvalidOrderSize => RejectCode::InvalidSize,
        Code::MarketInactive => RejectCode::MarketClosed,
        Code::ExceededOrderGroupRiskLimit => RejectCode::GroupTripped,
        Code::FillOrKillInsufficientRestingVolume | Code::ImmediateOrCancelInsufficientRestingVolume => {
            RejectCode::NoLiquidity
        }
        _ => return None,
    })
}
