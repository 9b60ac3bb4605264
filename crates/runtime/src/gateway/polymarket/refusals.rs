//! Polymarket's no in the engine's words: one table.
//!
//! | text or status | posting | cancel | read |
//! |---|---|---|---|
//! | 429, `Too Many Requests`, `order timed out` | not now: rate limit | the same | the same |
//! | 425, `Trading is currently disabled` | not now: the venue rests | the same | the same |
//! | `post-only mode`, `cancel-only` | not now: that mode | the same | the same |
//! | `Duplicated` | in doubt: it exists, or once did | – | – |
//! | `order match delayed` | in doubt | – | – |
//! | 401, 403, keys, signatures, versions, wallets, bans | refused for good | the same | the same |
//! | 401, clock corrected since | not now: not sent | the same | the same |
//! | 404 | refused | gone | unclear |
//! | 408, any other 5xx, anything outside the contract | in doubt | in doubt | unclear |
//! | any other 4xx, and texts that tell a refusal | refused, by its text | in doubt | unclear |
//!
//! Source: reference (Polymarket), sections 7.3 to 7.6 and 9, 2026-11-20.

use std::time::Duration;

use brier_engine::{Answer, NotNow, RejectCode};
use brier_polymarket::orders::BuildError;
use brier_polymarket_protocol::amounts::AmountsError;
use brier_polymarket_protocol::errors::{CallKind, ClobError, ErrorKind, classify};
use brier_types::FailureKind;

use super::super::{in_doubt, rejected, text_of};

/// What an answer that is no success means. `mended` says that the clock was corrected since the call was signed.
pub(super) fn refusal(
    label: &'static str,
    kind: CallKind,
    status: u16,
    retry_after: Option<Duration>,
    body: &[u8],
    mended: bool,
) -> Answer {
    of_error(&ClobError::new(label, kind, status, &text_of(body)), kind, retry_after, mended)
}

/// The same for an error that was read.
pub(super) fn of_error(error: &ClobError, kind: CallKind, retry_after: Option<Duration>, mended: bool) -> Answer {
    let text = error.to_string();
    let word = error.error_kind();
    let not_now = |why| Answer::NotNow { why, retry_after: retry_after.or(error.retry_after) };
    match word {
        ErrorKind::PostOnlyMode => return not_now(NotNow::PostOnlyMode),
        ErrorKind::CancelOnly => return not_now(NotNow::CancelOnlyMode),
        ErrorKind::TradingDisabled => return not_now(NotNow::Restarting),
        ErrorKind::Duplicated | ErrorKind::MatchDelayed => return in_doubt(&text),
        ErrorKind::VersionMismatch | ErrorKind::InvalidSignature | ErrorKind::InvalidSignatureType => {
            return rejected(RejectCode::Fatal, &text);
        }
        // The venue names no reason of its own for a signature that is too old.
        ErrorKind::Unauthorized | ErrorKind::InvalidL1Headers if mended => return not_now(NotNow::NotSent),
        _ => {}
    }
    match (classify(kind, error.status, word).0, error.status, kind) {
        (_, 425, _) => not_now(NotNow::Restarting),
        (FailureKind::Retry, 429, _) => not_now(NotNow::RateLimited),
        // It never reached the book.
        (FailureKind::Retry, ..) if matches!(word, ErrorKind::OrderTimedOut | ErrorKind::TooManyRequests) => {
            not_now(NotNow::RateLimited)
        }
        (FailureKind::Fatal, 401 | 403 | 400, _) => rejected(RejectCode::Fatal, &text),
        (FailureKind::Refused, 404, CallKind::Idempotent) if error.body.is_some() => Answer::Gone,
        (FailureKind::Refused, _, CallKind::Post) => rejected(reject_code(word), &text),
        (FailureKind::Refused | FailureKind::Retry | FailureKind::InDoubt | FailureKind::Fatal, ..) => in_doubt(&text),
    }
}

/// What kind of no a text is.
pub(super) const fn reject_code(word: ErrorKind) -> RejectCode {
    match word {
        ErrorKind::NotEnoughBalance => RejectCode::InsufficientBalance,
        ErrorKind::CrossesBook => RejectCode::PostOnlyCross,
        ErrorKind::TickSize => RejectCode::InvalidPrice,
        ErrorKind::MinSize | ErrorKind::InvalidAmounts | ErrorKind::MarketableMinimum | ErrorKind::RoundingIssues => {
            RejectCode::InvalidSize
        }
        ErrorKind::FokNotFilled | ErrorKind::NoMatch => RejectCode::NoLiquidity,
        ErrorKind::MarketNotReady | ErrorKind::NoOrderbook => RejectCode::MarketClosed,
        _ => RejectCode::Other,
    }
}

/// What kind of no it is that an order cannot be put into the venue's terms.
pub(super) const fn of_build(error: &BuildError) -> RejectCode {
    match error {
        BuildError::Amounts(AmountsError::OffGrid { .. }) => RejectCode::InvalidPrice,
        BuildError::Lot { .. } | BuildError::Amounts(_) | BuildError::Rejected(_) => RejectCode::InvalidSize,
        BuildError::NakedSell { .. } => RejectCode::InsufficientBalance,
        _ => RejectCode::Other,
    }
}
