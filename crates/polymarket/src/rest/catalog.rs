//! The catalog of markets and events, and public figures of wallets.
//!
//! Source: reference, sections 12 and 13, 2026-11-20.

use alloy_primitives::Address;
use brier_polymarket_protocol::data::{v1, v2};
use brier_polymarket_protocol::gamma;
use brier_polymarket_protocol::ids::ConditionId;

use super::Pages;
use crate::client::Client;
use crate::discovery::{Listing, ListingError};
use crate::env::Service::{Data, Gamma};
use crate::error::PolymarketError;
use crate::request::Call;

/// Most conditions in one request.
const MAX_CONDITIONS: usize = 100;

/// Which markets or events. Without a filter: those that have not ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogQuery {
    /// Ended ones (`true`), or open ones.
    pub closed: bool,
    /// Of this tag, Gamma's id.
    pub tag_id: Option<u64>,
    /// Of this series, Gamma's id; events only.
    pub series_id: Option<u64>,
    /// Items a page, at most 100 markets or 500 events; the most unless set.
    pub page_size: Option<u32>,
}

impl CatalogQuery {
    fn add(&self, call: Call, largest: u32) -> Call {
        call.param("limit", self.page_size.map_or(largest, |size| size.clamp(1, largest)))
            .param("closed", self.closed)
            .maybe("tag_id", self.tag_id)
            .maybe("series_id", self.series_id)
    }
}

/// Markets in our terms, and those that could not be put into them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listings {
    /// What can be traded or was.
    pub listings: Vec<Listing>,
    /// What could not be read as a market, and why: old markets without a book, new ones without tokens.
    pub unlisted: Vec<ListingError>,
}

impl Listings {
    /// Adds a record of Gamma's.
    pub fn add(&mut self, market: &gamma::Market, event: Option<&gamma::Event>) {
        match Listing::from_gamma(market, event) {
            Ok(listing) => self.listings.push(listing),
            Err(error) => self.unlisted.push(error),
        }
    }
}

impl Client {
    /// Gamma's markets, page by page.
    pub fn gamma_markets(&self, query: &CatalogQuery) -> Pages<gamma::Market> {
        Pages::of_markets(self, query.add(Call::get("list markets", Gamma, "/markets/keyset"), 100))
    }

    /// Gamma's events with their markets, page by page.
    pub fn gamma_events(&self, query: &CatalogQuery) -> Pages<gamma::Event> {
        Pages::of_events(self, query.add(Call::get("list events", Gamma, "/events/keyset"), 500))
    }

    /// Every market that the query names, in our terms. Events are asked for, as only they tell what belongs together.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn discover(&self, query: &CatalogQuery) -> Result<Listings, PolymarketError> {
        let (mut found, mut pages) = (Listings::default(), self.gamma_events(query));
        while let Some(events) = pages.next().await? {
            for event in &events {
                for market in &event.markets {
                    found.add(market, Some(event));
                }
            }
        }
        Ok(found)
    }

    /// The listings of these conditions, in any order, ended ones too.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn listings(&self, conditions: &[ConditionId]) -> Result<Listings, PolymarketError> {
        let mut found = Listings::default();
        for chunk in conditions.chunks(MAX_CONDITIONS) {
            for closed in [false, true] {
                let mut call = Call::get("read markets", Gamma, "/markets").param("limit", MAX_CONDITIONS);
                for condition in chunk {
                    call = call.param("condition_ids", condition);
                }
                let markets: Vec<gamma::Market> = self.json(&call.param("closed", closed)).await?;
                for market in &markets {
                    found.add(market, None);
                }
            }
        }
        Ok(found)
    }

    /// One market by its name in addresses.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn gamma_market(&self, slug: &str) -> Result<gamma::Market, PolymarketError> {
        self.json(&Call::get("read market", Gamma, "/markets/slug").segment(slug)?).await
    }

    /// One event by its name in addresses.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn gamma_event(&self, slug: &str) -> Result<gamma::Event, PolymarketError> {
        self.json(&Call::get("read event", Gamma, "/events/slug").segment(slug)?).await
    }

    /// Events and users that match some words.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn search(&self, words: &str, page: u32) -> Result<gamma::SearchReply, PolymarketError> {
        self.json(&Call::get("search", Gamma, "/public-search").param("q", words).param("page", page)).await
    }

    /// All positions of a wallet, as the Data API computes them: for comparison, not for accounting.
    pub fn data_positions(&self, wallet: Address) -> Pages<v2::Position> {
        let call = Call::get("list positions", Data, "/v2/positions").param("user", wallet).param("limit", 1_000);
        Pages::of_data(self, call)
    }

    /// All trades of a wallet, as maker and as taker.
    pub fn data_trades(&self, wallet: Address) -> Pages<v2::Trade> {
        let call = Call::get("list trades", Data, "/v2/trades").param("user", wallet);
        Pages::of_data(self, call.param("taker_only", false).param("limit", 1_000))
    }

    /// What happened to a wallet: trades, splits, merges, redemptions, rewards.
    pub fn data_activity(&self, wallet: Address) -> Pages<v2::Activity> {
        let call = Call::get("list activity", Data, "/v2/activity").param("user", wallet).param("limit", 1_000);
        Pages::of_data(self, call)
    }

    /// What a wallet's positions are worth.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn data_value(&self, wallet: Address) -> Result<Vec<v1::Value>, PolymarketError> {
        self.json(&Call::get("read value", Data, "/value").param("user", wallet)).await
    }
}
