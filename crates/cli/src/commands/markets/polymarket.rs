//! `brier markets --venue polymarket`: Gamma's catalog with the order book's own quotes.
//!
//! Lists are read page by page until the limit is passed: nothing is cut off in silence, and records that are no market of
//! two tokens are counted and named. Gamma's prices lag, so bids and asks are those of the books.
//!
//! Source: reference (Polymarket), sections 8.2 and 12, 2026-11-20.

use std::collections::BTreeMap;

use brier_kalshi_protocol::rest::MarketStatusFilter;
use brier_polymarket::discovery::{Listing, ListingError, NegRiskRole};
use brier_polymarket::rest::CatalogQuery;
use brier_polymarket::{Client, PolymarketError};
use brier_polymarket_protocol::clob::Book;
use brier_polymarket_protocol::gamma;
use brier_types::{MarketStatus, Money, Price, Qty, Rounding, SeriesTicker};
use serde::Serialize;

use super::Args;
use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, table};
use crate::venue::block_on;
use crate::venue::polymarket::{find, result_word, status_word};

#[derive(Serialize)]
struct Document {
    /// Whether there are more than the limit.
    more: bool,
    markets: Vec<Line>,
    /// Records of the catalog that are no market with two tokens, and why.
    unlisted: Vec<String>,
}

/// A market. Names are Kalshi's where the thing is the same; prices and sizes are those of the YES token's book.
#[derive(Serialize)]
struct Line {
    ticker: String,
    slug: String,
    title: String,
    event_ticker: Option<String>,
    status: String,
    yes_bid_dollars: Option<String>,
    yes_bid_size_fp: Option<String>,
    yes_ask_dollars: Option<String>,
    yes_ask_size_fp: Option<String>,
    last_price_dollars: Option<String>,
    /// Dollars traded, where Kalshi counts contracts.
    volume_dollars: Option<String>,
    close_time: Option<String>,
    result: String,
    yes_token: String,
    no_token: String,
    yes_name: String,
    no_name: String,
    tick_dollars: String,
    min_size_fp: String,
    fee_rate: String,
    fee_exponent: u32,
    neg_risk: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    neg_risk_group: Option<Group>,
}

/// A market's place among others of which one will be true.
#[derive(Serialize)]
struct Group {
    id: String,
    /// `named`, `placeholder` or `other`.
    role: &'static str,
    augmented: bool,
}

/// A listing and what only Gamma's record says.
struct Row {
    listing: Listing,
    last: Option<String>,
    volume: Option<String>,
}

/// What was found so far.
#[derive(Default)]
struct Search {
    rows: Vec<Row>,
    unlisted: Vec<ListingError>,
}

/// Lists the markets.
pub(super) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let series = args.series.as_ref().map(series_id).transpose()?;
    let client = args.venue.polymarket()?.public()?;
    let document = block_on(async {
        let mut found = search(&client, args, series, limit).await?;
        let more = found.rows.len() > limit;
        found.rows.truncate(limit);
        let books = books(&client, &found.rows).await?;
        let markets = found.rows.iter().map(|row| line(row, &books)).collect();
        Ok(Document { more, markets, unlisted: found.unlisted.iter().map(ToString::to_string).collect() })
    })?;
    output.either(&document, |output| {
        output.line(table(
            [
                "market",
                "status",
                "bid $>",
                "size>",
                "ask $>",
                "size>",
                "last $>",
                "volume $>",
                "closes",
                "result",
                "group",
            ],
            document.markets.iter().map(cells),
        ))
    })?;
    if document.more {
        tracing::warn!(limit, "there are more markets; raise --limit to see them");
    }
    if !document.unlisted.is_empty() {
        let records = document.unlisted.len();
        tracing::warn!(records, first = document.unlisted[0], "records that are no market to trade; --json lists them");
    }
    Ok(EXIT_OK)
}

/// Gamma's number of a series.
fn series_id(series: &SeriesTicker) -> Result<u64, CliError> {
    series.as_str().parse().map_err(|_no_number| {
        CliError::usage(format!("--series: expected Gamma's number of a series, found `{series}`"))
            .hint("its number is in the event's record; or use --event with the event's slug")
    })
}

async fn search(client: &Client, args: &Args, series: Option<u64>, limit: usize) -> Result<Search, CliError> {
    let mut found = Search::default();
    if !args.tickers.is_empty() {
        for name in &args.tickers {
            found.rows.push(named(client, name.as_str()).await?);
        }
        found.rows.retain(|row| has_status(args.status, row.listing.status));
        return Ok(found);
    }
    if let Some(slug) = &args.event {
        let event = client.gamma_event(slug.as_str()).await.map_err(|error| no_event(slug.as_str(), error))?;
        found.add(&event, args.status);
        return Ok(found);
    }
    for closed in ended(args.status) {
        let mut pages =
            client.gamma_events(&CatalogQuery { closed: *closed, series_id: series, ..CatalogQuery::default() });
        while found.rows.len() <= limit
            && let Some(events) = pages.next().await?
        {
            for event in &events {
                found.add(event, args.status);
            }
        }
    }
    Ok(found)
}

/// One market. The order book knows no names, times and volumes: the catalog adds them where it can.
async fn named(client: &Client, name: &str) -> Result<Row, CliError> {
    let listing = find(client, name).await?.listing;
    let Some(known) = client.listings(&[listing.condition]).await?.listings.into_iter().next() else {
        return Ok(Row { listing, last: None, volume: None });
    };
    let record = client.gamma_market(&known.slug).await?;
    Ok(Row::new(known, &record))
}

impl Row {
    fn new(listing: Listing, record: &gamma::Market) -> Self {
        let volume = record.volume_num.or(record.volume);
        Self {
            listing,
            last: record.last_trade_price.map(|price| price.to_dollars4(Rounding::Floor)),
            volume: volume.map(|sum| sum.to_dollars2(Rounding::Floor)),
        }
    }
}

fn no_event(slug: &str, error: PolymarketError) -> CliError {
    if error.status() == Some(404) {
        return CliError::failure(format!("no event is called {slug}"))
            .hint("give the event's slug, as in its address");
    }
    error.into()
}

/// Which halves of the catalog hold markets of a status. A proposed result stands in either.
const fn ended(status: Option<MarketStatusFilter>) -> &'static [bool] {
    match status {
        None | Some(MarketStatusFilter::Unopened | MarketStatusFilter::Open | MarketStatusFilter::Paused) => &[false],
        Some(MarketStatusFilter::Settled) => &[true],
        Some(_) => &[false, true],
    }
}

const fn has_status(filter: Option<MarketStatusFilter>, status: MarketStatus) -> bool {
    match filter {
        None => true,
        Some(MarketStatusFilter::Unopened) => matches!(status, MarketStatus::Initialized),
        Some(MarketStatusFilter::Open) => matches!(status, MarketStatus::Active),
        Some(MarketStatusFilter::Paused) => matches!(status, MarketStatus::Inactive),
        Some(MarketStatusFilter::Settled) => matches!(status, MarketStatus::Finalized),
        Some(_) => matches!(
            status,
            MarketStatus::Closed | MarketStatus::Determined | MarketStatus::Disputed | MarketStatus::Amended
        ),
    }
}

impl Search {
    fn add(&mut self, event: &gamma::Event, status: Option<MarketStatusFilter>) {
        for market in &event.markets {
            match Listing::from_gamma(market, Some(event)) {
                Ok(listing) if has_status(status, listing.status) => self.rows.push(Row::new(listing, market)),
                Ok(_) => {}
                Err(error) => self.unlisted.push(error),
            }
        }
    }
}

/// The books of the YES tokens that trade.
async fn books(client: &Client, rows: &[Row]) -> Result<BTreeMap<String, Book>, CliError> {
    let trading = rows.iter().filter(|row| row.listing.accepting_orders);
    let tokens: Vec<_> = trading.map(|row| row.listing.yes).collect();
    if tokens.is_empty() {
        return Ok(BTreeMap::new());
    }
    let books = client.books(&tokens).await?;
    Ok(books.into_iter().map(|book| (book.asset_id.clone(), book)).collect())
}

fn line(row: &Row, books: &BTreeMap<String, Book>) -> Line {
    let listing = &row.listing;
    let book = books.get(&listing.yes.to_string());
    // The best level of either side is the last one.
    let best = |levels: Option<&Vec<brier_polymarket_protocol::clob::Level>>| -> Option<(Price, Qty)> {
        levels.and_then(|levels| levels.last()).map(|level| (level.price, level.size))
    };
    let (bid, ask) = (best(book.map(|book| &book.bids)), best(book.map(|book| &book.asks)));
    let last = book.and_then(|book| book.last_trade_price).map(|price| price.to_string());
    Line {
        ticker: listing.ticker.to_string(),
        slug: listing.slug.clone(),
        title: listing.title.clone(),
        event_ticker: listing.event.clone(),
        status: status_word(listing.status).to_owned(),
        yes_bid_dollars: bid.map(|(price, _)| price.to_string()),
        yes_bid_size_fp: bid.map(|(_, size)| size.to_string()),
        yes_ask_dollars: ask.map(|(price, _)| price.to_string()),
        yes_ask_size_fp: ask.map(|(_, size)| size.to_string()),
        last_price_dollars: last.or_else(|| row.last.clone()),
        volume_dollars: row.volume.clone(),
        close_time: listing.close_time.map(|time| time.to_string()),
        result: listing.result.map_or_else(String::new, result_word),
        yes_token: listing.yes.to_string(),
        no_token: listing.no.to_string(),
        yes_name: listing.yes_name.clone(),
        no_name: listing.no_name.clone(),
        tick_dollars: listing.tick.to_string(),
        min_size_fp: listing.min_size.to_string(),
        fee_rate: Money::from_micros(i64::from(listing.fees.rate_micros())).to_string(),
        fee_exponent: listing.fees.exponent(),
        neg_risk: listing.neg_risk,
        neg_risk_group: listing.group.map(|group| Group {
            id: group.market.to_string(),
            role: role_word(group.role),
            augmented: group.augmented,
        }),
    }
}

const fn role_word(role: NegRiskRole) -> &'static str {
    match role {
        NegRiskRole::Named => "named",
        NegRiskRole::Placeholder => "placeholder",
        NegRiskRole::Other => "other",
    }
}

fn cells(line: &Line) -> [String; 11] {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    [
        if line.slug.is_empty() { line.ticker.clone() } else { line.slug.clone() },
        line.status.clone(),
        or_none(&line.yes_bid_dollars),
        or_none(&line.yes_bid_size_fp),
        or_none(&line.yes_ask_dollars),
        or_none(&line.yes_ask_size_fp),
        or_none(&line.last_price_dollars),
        or_none(&line.volume_dollars),
        or_none(&line.close_time),
        line.result.clone(),
        group_cell(line),
    ]
}

/// Whether one of several will be true, and which part this one has: `other` narrows when an outcome is added.
fn group_cell(line: &Line) -> String {
    let Some(group) = &line.neg_risk_group else { return if line.neg_risk { "neg-risk" } else { "-" }.to_owned() };
    let event = line.event_ticker.as_deref().unwrap_or(&group.id);
    let augmented = if group.augmented { ", augmented" } else { "" };
    format!("{event}: {}{augmented}", shown(group.role))
}

/// The two parts that are no outcomes of their own stand out.
fn shown(role: &str) -> String {
    if role == "named" { role.to_owned() } else { role.to_uppercase() }
}
