//! Every REST call of the trading path, typed: [`Client`] methods by subject.
//!
//! Answers are the protocol crate's wire types, unchanged: what the venue says is kept whole, and what a caller needs in
//! domain terms it converts there. Lists come page by page through [`Pages`], and nothing is capped silently: a list ends
//! where the venue says it ends.
//!
//! It deliberately leaves out subaccounts (all calls mean the primary one) and the operations of other sections of the
//! reference (RFQ, combos, transfers, keys).
//!
//! Source: reference section 13, docs.kalshi.com API reference, 2026-11-20.

mod account;
mod groups;
mod market;
mod orders;
mod portfolio;

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use brier_types::FailureKind;
use futures_util::stream::{self, Stream};
use serde::de::DeserializeOwned;

use crate::client::{Client, Reply, parse};
use crate::error::{KalshiError, excerpt};
use crate::request::Call;

pub use market::{CandleInterval, CandleSpan, EventsFilter, MarketsFilter, MveFilter, TradesFilter};
pub use orders::{OrdersFilter, Placed, create_request};
pub use portfolio::{FillsFilter, Positions, PositionsFilter, SettlementsFilter};

/// An answer that is one page of a list.
pub(crate) trait Page: DeserializeOwned {
    /// What it lists.
    type Item;

    /// The items, and where the next page starts; an empty text on the last page.
    fn split(self) -> (Vec<Self::Item>, String);
}

macro_rules! pages {
    ($($page:ty => $field:ident: $item:ty),+ $(,)?) => {$(
        impl Page for $page {
            type Item = $item;

            fn split(self) -> (Vec<$item>, String) {
                (self.$field, self.cursor)
            }
        }
    )+};
}

use brier_kalshi_protocol::rest as wire;
pages! {
    wire::GetEventsResponse => events: wire::EventData,
    wire::GetMarketsResponse => markets: wire::Market,
    wire::GetTradesResponse => trades: wire::Trade,
    wire::GetOrdersResponse => orders: wire::Order,
    wire::GetFillsResponse => fills: wire::Fill,
    wire::GetSettlementsResponse => settlements: wire::Settlement,
}

/// Reads one answer as items and the cursor behind them.
type Fetch<T> = fn(&Call, &Reply) -> Result<(Vec<T>, String), KalshiError>;

/// A list that is read page by page.
///
/// A page may be empty before the last one. A cursor that comes twice is an error, not an endless loop.
#[must_use = "nothing is asked for until a page is"]
pub struct Pages<T> {
    client: Client,
    call: Call,
    fetch: Fetch<T>,
    cursor: Option<String>,
    seen: BTreeSet<String>,
    done: bool,
    item: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Pages")
            .field("operation", &self.call.operation)
            .field("pages", &self.seen.len())
            .field("done", &self.done)
            .finish_non_exhaustive()
    }
}

impl<T> Pages<T> {
    fn new<P: Page<Item = T>>(client: &Client, call: Call) -> Self {
        Self {
            client: client.clone(),
            call,
            fetch: |call, reply| parse::<P>(call, reply).map(P::split),
            cursor: None,
            seen: BTreeSet::new(),
            done: false,
            item: PhantomData,
        }
    }

    /// The next page, or `None` after the last. After an error the same page is asked for again.
    ///
    /// # Errors
    /// Those of a read, and [`KalshiError::Unreadable`] when the venue gives a cursor twice.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>, KalshiError> {
        if self.done {
            return Ok(None);
        }
        let call = self.call.clone().query_opt("cursor", self.cursor.as_deref());
        let reply = self.client.run(&call).await?;
        let (items, cursor) = (self.fetch)(&call, &reply)?;
        if cursor.is_empty() {
            self.done = true;
        } else if !self.seen.insert(cursor.clone()) {
            self.done = true;
            return Err(KalshiError::Unreadable {
                operation: self.call.operation,
                status: reply.status,
                expected: "a cursor that leads on",
                problem: format!("the cursor `{cursor}` a second time"),
                body: excerpt(&reply.body),
                kind: FailureKind::Fatal,
            });
        }
        self.cursor = Some(cursor);
        Ok(Some(items))
    }

    /// Every item of every page.
    ///
    /// # Errors
    /// Those of [`Pages::next`].
    pub async fn all(mut self) -> Result<Vec<T>, KalshiError> {
        let mut items = Vec::new();
        while let Some(page) = self.next().await? {
            items.extend(page);
        }
        Ok(items)
    }

    /// The pages as a stream, which ends after the first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Vec<T>, KalshiError>> {
        stream::try_unfold(self, |mut pages| async move { Ok(pages.next().await?.map(|page| (page, pages))) })
    }
}

/// Several values as the venue's comma list, or nothing.
fn comma_list<T: fmt::Display>(values: &[T]) -> Option<String> {
    if values.is_empty() {
        return None;
    }
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    Some(texts.join(","))
}
