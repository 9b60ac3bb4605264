//! Balance, positions, fills and settlements.
//!
//! Source: reference section 9, 2026-11-20.

use brier_kalshi_protocol::rest::{
    BalanceQuery, EventPosition, Fill, FillsQuery, GetBalanceResponse, GetFillsResponse, GetPositionsResponse,
    GetSettlementsResponse, MarketPosition, Operation, PositionsQuery, Settlement, SettlementsQuery,
};
use brier_types::{FailureKind, Timestamp};

use super::Pages;
use crate::client::{Client, parse};
use crate::error::KalshiError;
use crate::request::Call;

/// Positions by market and their sums by event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions {
    /// One signed number per market.
    pub markets: Vec<MarketPosition>,
    /// The sums.
    pub events: Vec<EventPosition>,
}

impl Client {
    /// Cash and what the positions are worth; over all shards unless the query names one.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn balance(&self, query: &BalanceQuery) -> Result<GetBalanceResponse, KalshiError> {
        self.json(&Call::new("read balance", Operation::GetBalance, &[])?.query(query.encode())).await
    }

    /// All positions that match, from every page. Without a filter: unsettled ones, as the venue does.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn positions(&self, query: PositionsQuery) -> Result<Positions, KalshiError> {
        let query = PositionsQuery { limit: query.limit.or(Some(1_000)), cursor: None, ..query };
        let call = Call::new("list positions", Operation::GetPositions, &[])?.query(query.encode());
        // A page carries two lists under one cursor: both travel together.
        let mut pages = Pages::split(self, call, |call, reply| {
            let page: GetPositionsResponse = parse(call, reply)?;
            Ok((vec![(page.market_positions, page.event_positions)], page.cursor))
        });
        let mut all = Positions::default();
        while let Some(page) = pages.next().await? {
            for (markets, events) in page {
                all.markets.extend(markets);
                all.events.extend(events);
            }
        }
        Ok(all)
    }

    /// Our fills, newest first.
    ///
    /// # Errors
    /// None yet: the pages have them.
    pub fn fills(&self, query: FillsQuery) -> Result<Pages<Fill>, KalshiError> {
        let query = FillsQuery { limit: query.limit.or(Some(1_000)), cursor: None, ..query };
        let call = Call::new("list fills", Operation::GetFills, &[])?.query(query.encode());
        Ok(Pages::new::<GetFillsResponse>(self, call))
    }

    /// Our settlements, newest first; live ones only.
    ///
    /// # Errors
    /// None yet: the pages have them.
    pub fn settlements(&self, query: SettlementsQuery) -> Result<Pages<Settlement>, KalshiError> {
        let query = SettlementsQuery { limit: query.limit.or(Some(1_000)), cursor: None, ..query };
        let call = Call::new("list settlements", Operation::GetSettlements, &[])?.query(query.encode());
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
