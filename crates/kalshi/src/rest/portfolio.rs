//! Balance, positions, fills and settlements.
//!
//! Source: reference section 9, 2026-11-20.

use brier_kalshi_protocol::rest::{
    EventPosition, Fill, GetBalanceResponse, GetFillsResponse, GetPositionsResponse, GetSettlementsResponse,
    MarketPosition, Settlement, SettlementStatusFilter,
};
use brier_types::{EventTicker, FailureKind, MarketTicker, Timestamp, VenueOrderId};
use reqwest::Method;

use super::{Page, Pages};
use crate::client::Client;
use crate::error::KalshiError;
use crate::request::Call;

/// Which positions are listed. The default lists unsettled ones, as the venue does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PositionsFilter {
    /// One market.
    pub market: Option<MarketTicker>,
    /// Markets of one event.
    pub event: Option<EventTicker>,
    /// Settled ones, unsettled ones, or both.
    pub settlement: Option<SettlementStatusFilter>,
    /// Only rows whose position is not zero.
    pub nonzero: bool,
}

/// Which of our fills are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FillsFilter {
    /// One market.
    pub market: Option<MarketTicker>,
    /// One order.
    pub order: Option<VenueOrderId>,
    /// At or after.
    pub min_time: Option<Timestamp>,
    /// At or before.
    pub max_time: Option<Timestamp>,
}

/// Which settlements are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettlementsFilter {
    /// One market.
    pub market: Option<MarketTicker>,
    /// Markets of one event.
    pub event: Option<EventTicker>,
    /// At or after.
    pub min_time: Option<Timestamp>,
    /// At or before.
    pub max_time: Option<Timestamp>,
}

/// Positions by market and their sums by event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions {
    /// One signed number per market.
    pub markets: Vec<MarketPosition>,
    /// The sums.
    pub events: Vec<EventPosition>,
}

/// A page of positions carries two lists under one cursor; both kinds of row travel together.
impl Page for GetPositionsResponse {
    type Item = Positions;

    fn split(self) -> (Vec<Positions>, String) {
        (vec![Positions { markets: self.market_positions, events: self.event_positions }], self.cursor)
    }
}

fn get(operation: &'static str, template: &'static str) -> Result<Call, KalshiError> {
    Call::new(operation, Method::GET, template, &[])
}

impl Client {
    /// Cash and what the positions are worth, over all shards.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn balance(&self) -> Result<GetBalanceResponse, KalshiError> {
        self.json(&get("read balance", "/portfolio/balance")?).await
    }

    /// All positions that match, from every page.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn positions(&self, filter: &PositionsFilter) -> Result<Positions, KalshiError> {
        let call = get("list positions", "/portfolio/positions")?
            .query("limit", 1_000)
            .query_opt("ticker", filter.market.as_ref())
            .query_opt("event_ticker", filter.event.as_ref())
            .query_opt("settlement_status", filter.settlement)
            .query_opt("count_filter", filter.nonzero.then_some("position"));
        let mut all = Positions::default();
        for page in Pages::new::<GetPositionsResponse>(self, call).all().await? {
            all.markets.extend(page.markets);
            all.events.extend(page.events);
        }
        Ok(all)
    }

    /// Our fills, newest first.
    ///
    /// # Errors
    /// None yet: the pages have them.
    pub fn fills(&self, filter: &FillsFilter) -> Result<Pages<Fill>, KalshiError> {
        let call = get("list fills", "/portfolio/fills")?
            .query("limit", 1_000)
            .query_opt("ticker", filter.market.as_ref())
            .query_opt("order_id", filter.order.as_ref())
            .query_opt("min_ts", filter.min_time.map(Timestamp::secs))
            .query_opt("max_ts", filter.max_time.map(Timestamp::secs));
        Ok(Pages::new::<GetFillsResponse>(self, call))
    }

    /// Our settlements, newest first; live ones only.
    ///
    /// # Errors
    /// None yet: the pages have them.
    pub fn settlements(&self, filter: &SettlementsFilter) -> Result<Pages<Settlement>, KalshiError> {
        let call = get("list settlements", "/portfolio/settlements")?
            .query("limit", 1_000)
            .query_opt("ticker", filter.market.as_ref())
            .query_opt("event_ticker", filter.event.as_ref())
            .query_opt("min_ts", filter.min_time.map(Timestamp::secs))
            .query_opt("max_ts", filter.max_time.map(Timestamp::secs));
        Ok(Pages::new::<GetSettlementsResponse>(self, call))
    }

    /// Waits until reads of balance, orders, fills and positions reflect everything up to `moment`, by the venue's clock.
    ///
    /// Reads lag writes by up to a second. Asks at most `tries` times.
    ///
    /// # Errors
    /// Those of a read, and [`KalshiError::Transport`] of kind [`FailureKind::Retry`] when the lag outlasts the tries.
    pub async fn wait_for_reads(&self, moment: Timestamp, tries: u32) -> Result<Timestamp, KalshiError> {
        for attempt in 1..=tries {
            let now = self.user_data_timestamp().await?;
            if now >= moment {
                return Ok(now);
            }
            if attempt < tries {
                tokio::time::sleep(self.next_wait(attempt)).await;
            }
        }
        Err(KalshiError::Transport {
            operation: "user data timestamp",
            problem: format!("expected reads as of {moment} or later, and they still lag"),
            attempts: tries,
            kind: FailureKind::Retry,
        })
    }
}
