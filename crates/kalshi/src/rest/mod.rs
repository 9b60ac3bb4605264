//! Every REST call of the trading path, typed: [`Client`] methods by subject.
//!
//! Queries and answers are the protocol crate's wire types, unchanged: what the venue says is kept whole, and what a caller
//! needs in domain terms it converts there. Lists come page by page through [`Pages`], and nothing is capped silently: a
//! list ends where the venue says it ends. A query's `limit` is the size of a page (the venue's largest unless set), its
//! `cursor` is set here.
//!
//! It deliberately leaves out subaccounts in writes (they mean the primary one) and the operations of other sections of the
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

use brier_kalshi_protocol::rest::Page;
use brier_types::FailureKind;
use futures_util::stream::{self, Stream};
use serde::de::DeserializeOwned;

use crate::client::{Client, Reply, parse};
use crate::error::{KalshiError, excerpt};
use crate::request::Call;

pub use orders::{Placed, amend_request, create_request};
pub use portfolio::Positions;

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

impl<T> Pages<T> {
    fn new<P: Page<Item = T> + DeserializeOwned>(client: &Client, call: Call) -> Self {
        Self::split(client, call, |call, reply| {
            let page: P = parse(call, reply)?;
            let cursor = page.next_cursor().unwrap_or_default().to_owned();
            Ok((page.into_items(), cursor))
        })
    }

    fn split(client: &Client, call: Call, fetch: Fetch<T>) -> Self {
        Self { client: client.clone(), call, fetch, cursor: None, seen: BTreeSet::new(), done: false }
    }

    /// The next page, or `None` after the last. After an error the same page is asked for again.
    ///
    /// # Errors
    /// Those of a read, and [`KalshiError::Unreadable`] when the venue gives a cursor twice.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>, KalshiError> {
        if self.done {
            return Ok(None);
        }
        let call = self.call.cursor(self.cursor.as_deref());
        let reply = self.client.run(&call).await?;
        let (items, cursor) = (self.fetch)(&call, &reply)?;
        if cursor.is_empty() {
            self.done = true;
        } else if !self.seen.insert(cursor.clone()) {
            self.done = true;
            return Err(KalshiError::Unreadable {
                operation: self.call.name,
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
