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
            Refusal::PriceOffGrid { .. } => (Code::InvalidPrice, Some(refusal.to_string())),
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
            Refused::Catalog(error) => Self::with_details(&Code::InvalidParameters, error.to_string()),
        }
    }
}
