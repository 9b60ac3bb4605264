//! REST: what is sent, what comes back, and where.
//!
//! One set of types is written by the exchange and read by the client, so that what one writes the other reads. Invariants:
//! field names are the venue's; required fields are always written; optional ones are absent rather than null, except
//! where the venue writes null (an order's expiry and group, a fee override taken back). Reading ignores fields
//! it does not know and is liberal where a missing field is harmless; see each field. Ids stay text here: the conversions
//! to domain types check them, so that one odd name costs one item and not the list.
//!
//! It does no signing ([`crate::auth`]) and knows no sockets.
//!
//! Source: reference sections 6 to 14 (docs.kalshi.com OpenAPI 3.34.0), 2026-11-20.

mod exchange;
mod group;
mod market;
mod operation;
mod order;
mod portfolio;
mod query;
mod words;

use serde::{Deserialize, Serialize};

pub use exchange::{
    ApiUsageLevelGrant, BucketLimit, DailySchedule, EndpointTokenCost, EventFeeChange, ExchangeIndexStatus,
    ExchangeStatus, GetAccountApiLimitsResponse, GetAccountEndpointCostsResponse, GetEventFeeChangesResponse,
    GetExchangeScheduleResponse, GetSeriesFeeChangesResponse, GetUserDataTimestampResponse, MaintenanceWindow,
    Schedule, SeriesFeeChange, WeeklySchedule,
};
pub use group::{
    CreateOrderGroupRequest, CreateOrderGroupResponse, GetOrderGroupResponse, GetOrderGroupsResponse, GroupLimitError,
    OrderGroup, UpdateOrderGroupLimitRequest, group_limit,
};
pub use market::{
    BatchGetMarketCandlesticksResponse, BidAskDistribution, EventData, GetEventResponse, GetEventsResponse,
    GetMarketCandlesticksResponse, GetMarketOrderbookResponse, GetMarketOrderbooksResponse, GetMarketResponse,
    GetMarketsResponse, GetSeriesListResponse, GetSeriesResponse, GetTradesResponse, MAX_BATCH_CANDLE_MARKETS,
    MAX_BATCH_CANDLES, Market, MarketCandlestick, MarketCandlesticksResponse, MarketOrderbookFp, MveSelectedLeg,
    OrderbookCountFp, PriceDistribution, PriceRange, Series, SettlementSource, Trade,
};
pub use operation::{Method, Operation, percent_decode};
pub use order::{
    AmendOrderV2Request, AmendOrderV2Response, BatchCancelItem, BatchCancelOrdersV2Request,
    BatchCancelOrdersV2Response, BatchCancelTarget, BatchCreateItem, BatchCreateOrdersV2Request,
    BatchCreateOrdersV2Response, CancelOrderV2Response, CreateOrderV2Request, CreateOrderV2Response,
    DecreaseOrderV2Request, DecreaseOrderV2Response, GetOrderQueuePositionResponse, GetOrderQueuePositionsResponse,
    GetOrderResponse, GetOrdersResponse, Order, OrderQueuePosition,
};
pub use portfolio::{
    EventPosition, Fill, GetBalanceResponse, GetFillsResponse, GetPositionsResponse, GetSettlementsResponse,
    IndexedBalance, MarketPosition, Settlement,
};
pub use query::{
    BalanceQuery, BatchCandlesticksQuery, CancelOrderQuery, CandlesticksQuery, EventFeeChangesQuery, EventQuery,
    EventsQuery, FillsQuery, MarketsQuery, MveFilter, OrderGroupQuery, OrderStatusFilter, OrderbookQuery,
    OrderbooksQuery, OrdersQuery, Page, PageQuery, PositionsQuery, QueryError, QueuePositionsQuery,
    SeriesFeeChangesQuery, SeriesListQuery, SeriesQuery, SettlementsQuery, SubaccountQuery, TradesQuery,
};
pub use words::{
    ActionWord, BookSide, CollateralReturnType, ExchangeInstance, FeeTypeWord, MarketStatus, MarketStatusFilter,
    MarketType, OrderStatus, OrderType, OutcomeSide, ResultWord, SelfTradePreventionType, SettlementBoundsType,
    SettlementStatusFilter, StrikeType, TimeInForceWord,
};

/// The prefix of every REST path. It is part of the signed path.
pub const BASE_PATH: &str = "/trade-api/v2";

/// An empty object: the answer of the order group writes, and the body some of them may carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Empty {}

#[cfg(test)]
mod tests;
