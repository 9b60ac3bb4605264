//! Every REST call of the trading path, typed: [`Client`] methods by subject.
//!
//! Answers are the protocol crate's wire types, unchanged; what a caller needs in domain terms is converted there or in
//! [`crate::discovery`]. Lists come page by page through [`Pages`], and nothing is capped silently: a list ends where the
//! venue says it ends.
//!
//! It deliberately leaves out quotes on request (RFQ), combos, comments and profiles.
//!
//! Source: reference, sections 8, 12 and 13, 2026-11-20.

mod account;
mod catalog;
mod heartbeat;
mod market;
mod trade;

use std::collections::BTreeSet;
use std::fmt;

use brier_polymarket_protocol::clob::{self, FIRST_CURSOR};
use brier_polymarket_protocol::data::v2;
use brier_polymarket_protocol::gamma;
use serde::de::DeserializeOwned;

use crate::client::{Client, Reply, parse, unreadable};
use crate::error::PolymarketError;
use crate::request::Call;

pub use account::{Allowance, Funds};
pub use catalog::{CatalogQuery, Listings};
pub use heartbeat::Heartbeat;
pub use market::HistoryQuery;
pub use trade::{OrdersQuery, Placed, Resolution, TradesQuery};

/// Where heartbeats go.
pub(crate) const HEARTBEATS: &str = "/v1/heartbeats";

/// Items of a page, and where the next page starts.
type Fetched<T> = (Vec<T>, Option<String>);

/// Reads one answer.
type Fetch<T> = fn(&Call, &Reply) -> Result<Fetched<T>, PolymarketError>;

/// A list that is read page by page.
///
/// A page may be empty before the last one. A cursor that comes twice is an error, not an endless loop.
#[must_use = "nothing is asked for until a page is"]
pub struct Pages<T> {
    client: Client,
    call: Call,
    /// The parameter that names the page.
    parameter: &'static str,
    fetch: Fetch<T>,
    cursor: Option<String>,
    seen: BTreeSet<String>,
    done: bool,
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Pages")
            .field("operation", &self.call.name)
            .field("pages", &self.seen.len())
            .field("done", &self.done)
            .finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned + serde::Serialize> Pages<T> {
    /// Pages of the order book API, which start and end with cursors of their own.
    fn of_clob(client: &Client, call: Call) -> Self {
        let fetch: Fetch<T> = |call, reply| {
            let page: clob::Page<T> = parse(call, reply)?;
            let next = page.next().map(str::to_owned);
            Ok((page.data, next))
        };
        let seen = BTreeSet::from([FIRST_CURSOR.to_owned()]);
        let cursor = Some(FIRST_CURSOR.to_owned());
        Self { client: client.clone(), call, parameter: "next_cursor", fetch, cursor, seen, done: false }
    }

    /// Pages of the Data API's second version.
    fn of_data(client: &Client, call: Call) -> Self {
        Self::starting(client, call, "cursor", |call, reply| {
            let list: v2::List<T> = parse(call, reply)?;
            let next = list.pagination.next();
            let next =
                next.map_err(|problem| unreadable(call, reply, "a page that agrees with itself", problem.to_owned()))?;
            let next = next.map(str::to_owned);
            Ok((list.data, next))
        })
    }
}

impl Pages<gamma::Market> {
    /// Gamma's markets.
    fn of_markets(client: &Client, call: Call) -> Self {
        Self::starting(client, call, "after_cursor", |call, reply| {
            let page: gamma::MarketsPage = parse(call, reply)?;
            let next = page.next().map(str::to_owned);
            Ok((page.markets, next))
        })
    }
}

impl Pages<gamma::Event> {
    /// Gamma's events.
    fn of_events(client: &Client, call: Call) -> Self {
        Self::starting(client, call, "after_cursor", |call, reply| {
            let page: gamma::EventsPage = parse(call, reply)?;
            let next = page.next().map(str::to_owned);
            Ok((page.events, next))
        })
    }
}

impl<T> Pages<T> {
    fn starting(client: &Client, call: Call, parameter: &'static str, fetch: Fetch<T>) -> Self {
        let (client, seen) = (client.clone(), BTreeSet::new());
        Self { client, call, parameter, fetch, cursor: None, seen, done: false }
    }

    /// The next page, or `None` after the last. After a failed read the same page is asked for again.
    ///
    /// # Errors
    /// Those of a read, and [`PolymarketError::Unreadable`] when the venue gives a cursor twice.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>, PolymarketError> {
        if self.done {
            return Ok(None);
        }
        let call = self.call.clone().maybe(self.parameter, self.cursor.as_deref());
        let reply = self.client.run(&call).await?;
        let (items, next) = (self.fetch)(&call, &reply)?;
        match next {
            None => self.done = true,
            Some(cursor) if !self.seen.insert(cursor.clone()) => {
                self.done = true;
                let problem = format!("the cursor `{cursor}` a second time");
                return Err(unreadable(&call, &reply, "a cursor that leads on", problem));
            }
            cursor => self.cursor = cursor,
        }
        Ok(Some(items))
    }

    /// Every item of every page.
    ///
    /// # Errors
    /// Those of [`Pages::next`].
    pub async fn all(mut self) -> Result<Vec<T>, PolymarketError> {
        let mut items = Vec::new();
        while let Some(page) = self.next().await? {
            items.extend(page);
        }
        Ok(items)
    }
}
