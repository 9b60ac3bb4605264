//! The core's no in the venue's words: one table.
//!
//! Source: reference sections 4.2 and 8.3, 2026-11-20.

use brier_kalshi_protocol::errors::Code;
use brier_matching::Refusal;

use super::Failure;
use crate::state::Refused;

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let (code, details) = match refusal {
            Refusal::ExchangePaused => (Code::ExchangePaused, None),
            Refusal::TradingPaused => (Code::TradingPaused, None),
            Refusal::UnknownAccount => (Code::UserNotFound, None),
            Refusal::UnknownMarket | Refusal::UnknownOrder | Refusal::UnknownGroup => (Code::NotFound, None),
            Refusal::DuplicateClientOrderId => (Code::OrderAlreadyExists, None),
            Refusal::MarketInactive { .. } => (Code::MarketInactive, Some(refusal.to_string())),
            Refusal::PriceOffGrid { .. } | Refusal::BelowSettlementFloor { .. } => {
                (Code::InvalidPrice, Some(refusal.to_string()))
            }
            Refusal::BadQty { .. } => (Code::InvalidOrderSize, Some(refusal.to_string())),
            // `post only cross` is the core's own wording of it, as recorded of the venue.
            Refusal::ExpiryInPast | Refusal::Conflict(_) | Refusal::PostOnlyCross => {
                (Code::InvalidOrder, Some(refusal.to_string()))
            }
            Refusal::GroupTriggered => (Code::ExceededOrderGroupRiskLimit, Some(refusal.to_string())),
            Refusal::InsufficientBalance { .. } => (Code::InsufficientBalance, Some(refusal.to_string())),
            Refusal::FillOrKillVolume => (Code::FillOrKillInsufficientRestingVolume, None),
            Refusal::AmendMismatch("ticker") => (Code::OrderTickerMismatch, None),
            Refusal::AmendMismatch("side") => (Code::OrderSideMismatch, None),
            Refusal::AmendMismatch(_) => (Code::OrderIdAndClientOrderIdMismatch, None),
            Refusal::WrongStatus { .. } | Refusal::BadAmount(_) | Refusal::BadMarket(_) | Refusal::TooMany(_) => {
                (Code::InvalidParameters, Some(refusal.to_string()))
            }
        };
        match details {
            Some(details) => Self::with_details(&code, details),
            None => code.into(),
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Core(refusal) => refusal.into(),
            Refused::Catalog(_) | Refused::TooLong { .. } => {
                Self::with_details(&Code::InvalidParameters, refused.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use brier_types::{MarketStatus, Money, Price, Qty};
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_table() {
        let refusals = [
            Refusal::ExchangePaused,
            Refusal::TradingPaused,
            Refusal::UnknownAccount,
            Refusal::UnknownMarket,
            Refusal::UnknownOrder,
            Refusal::UnknownGroup,
            Refusal::DuplicateClientOrderId,
            Refusal::MarketInactive { status: MarketStatus::Closed },
            Refusal::PriceOffGrid { price: Price::ONE },
            Refusal::BadQty { qty: Qty::ZERO },
            Refusal::ExpiryInPast,
            Refusal::GroupTriggered,
            Refusal::PostOnlyCross,
            Refusal::InsufficientBalance { needed: Money::DOLLAR, available: Money::CENT },
            Refusal::FillOrKillVolume,
            Refusal::AmendMismatch("ticker"),
            Refusal::AmendMismatch("side"),
            Refusal::AmendMismatch("client order id"),
        ];
        let rows: Vec<String> = refusals.into_iter().map(|refusal| Failure::from(refusal).to_string()).collect();
        expect![[r"
            400 EXCHANGE_PAUSED: exchange is paused
            400 TRADING_PAUSED: trading is paused
            404 user_not_found: user not found
            404 not_found: not found
            404 not_found: not found
            404 not_found: not found
            409 order_already_exists: order already exists
            400 MARKET_INACTIVE: market is not active: market is closed, expected active
            400 invalid_price: invalid price: price 1.0000 is not on the market's grid
            400 invalid_order_size: invalid order size: quantity 0.00 is zero, off the size step, or too large
            400 invalid_order: invalid order: expiry must be in the future
            400 EXCEEDED_ORDER_GROUP_RISK_LIMIT: order group limit exceeded: order group is triggered: reset it first
            400 invalid_order: invalid order: post only cross
            400 insufficient_balance: insufficient balance: needs 1.000000 dollars, 0.010000 are free
            409 fill_or_kill_insufficient_resting_volume: fill or kill insufficient resting volume
            400 order_ticker_mismatch: order ticker mismatch
            400 order_side_mismatch: order side mismatch
            400 order_id_and_client_order_id_mismatch: order id and client order id mismatch"]]
        .assert_eq(&rows.join("\n"));
    }
}
