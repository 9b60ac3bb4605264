//! Private and lifecycle messages of the socket as the core's inputs.
//!
//! A message that cannot be said in the core's terms is an error that names the field: the caller counts it, shows it and
//! reconciles; nothing is guessed.
//!
//! Source: reference sections 7 and 15.5, 2026-11-20.

use brier_kalshi_protocol::rest::ResultWord;
use brier_kalshi_protocol::ws::{
    Fill as WireFill, MarketLifecycle, MarketLifecycleEvent, MarketPosition, UserOrder, UserOrderStatus,
};
use brier_types::{
    ClientOrderId, Fill, IdError, LifecycleInput, MarketResult, MarketStatus, MarketTicker, OrderStatus, OrderUpdate,
    PositionUpdate, TradeId, VenueOrderId,
};

/// A message that says something the core has no word for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConvertError {
    #[error(transparent)]
    Id(#[from] IdError),
    #[error("user order: expected status `resting`, `canceled` or `executed`, found `{0}`")]
    OrderStatus(String),
    #[error("market lifecycle: expected a result of `yes`, `no` or `scalar` with a value, found `{0}`")]
    Result(String),
}

/// An id that may be empty, which means that there is none.
fn optional_id(text: &str) -> Result<Option<ClientOrderId>, IdError> {
    if text.is_empty() { Ok(None) } else { ClientOrderId::new(text).map(Some) }
}

pub(crate) fn fill(wire: &WireFill) -> Result<Fill, ConvertError> {
    Ok(Fill {
        trade: TradeId::new(&wire.trade_id)?,
        order: VenueOrderId::new(&wire.order_id)?,
        client_order_id: optional_id(wire.client_order_id.as_deref().unwrap_or_default())?,
        market: MarketTicker::new(&wire.market_ticker)?,
        side: wire.book_side.into(),
        price: wire.yes_price_dollars,
        qty: wire.count_fp,
        is_taker: wire.is_taker,
        fee: wire.fee_cost,
        position_after: Some(wire.post_position_fp),
    })
}

pub(crate) fn order(wire: &UserOrder) -> Result<OrderUpdate, ConvertError> {
    Ok(OrderUpdate {
        order: VenueOrderId::new(&wire.order_id)?,
        // Ids that the venue makes for its own orders may be longer than ours can be; they are none of ours.
        client_order_id: optional_id(&wire.client_order_id).unwrap_or_default(),
        market: MarketTicker::new(&wire.ticker)?,
        side: wire.book_side.into(),
        price: wire.yes_price_dollars,
        status: match &wire.status {
            UserOrderStatus::Resting => OrderStatus::Resting,
            UserOrderStatus::Canceled => OrderStatus::Canceled,
            UserOrderStatus::Executed => OrderStatus::Executed,
            other @ (UserOrderStatus::Unknown | UserOrderStatus::Other(_)) => {
                return Err(ConvertError::OrderStatus(other.to_string()));
            }
        },
        filled: wire.fill_count_fp,
        remaining: wire.remaining_count_fp,
        reason: wire.last_update_reason.as_ref().map(ToString::to_string),
    })
}

pub(crate) fn position(wire: &MarketPosition) -> Result<PositionUpdate, ConvertError> {
    Ok(PositionUpdate {
        market: MarketTicker::new(&wire.market_ticker)?,
        position: wire.position_fp,
        realized_pnl: wire.realized_pnl_dollars,
        fees_paid: wire.fees_paid_dollars,
    })
}

pub(crate) fn lifecycle(wire: &MarketLifecycle) -> Result<LifecycleInput, ConvertError> {
    let status = match &wire.event_type {
        // A market may be created long before it opens; which of the two it is, REST says.
        MarketLifecycleEvent::Activated => Some(MarketStatus::Active),
        MarketLifecycleEvent::Deactivated => Some(MarketStatus::Inactive),
        MarketLifecycleEvent::Determined => Some(MarketStatus::Determined),
        MarketLifecycleEvent::Settled => Some(MarketStatus::Finalized),
        MarketLifecycleEvent::Created
        | MarketLifecycleEvent::CloseDateUpdated
        | MarketLifecycleEvent::PriceLevelStructureUpdated
        | MarketLifecycleEvent::MetadataUpdated
        | MarketLifecycleEvent::Other(_) => None,
    };
    let result = match &wire.result {
        None | Some(ResultWord::None) => None,
        Some(ResultWord::Yes) => Some(MarketResult::Yes),
        Some(ResultWord::No) => Some(MarketResult::No),
        Some(ResultWord::Scalar) => {
            let value =
                wire.settlement_value.ok_or_else(|| ConvertError::Result("scalar without a value".to_owned()))?;
            Some(MarketResult::Scalar(value))
        }
        Some(ResultWord::Other(word)) => return Err(ConvertError::Result(word.clone())),
    };
    Ok(LifecycleInput { market: MarketTicker::new(&wire.market_ticker)?, status, close_time: wire.close_ts, result })
}
