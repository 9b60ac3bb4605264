//! What both venues publish of the markets that are wanted: listings, rules, fees and books, by their public reads.
//!
//! An event is read whole: what excludes or implies a market stands beside it.

use std::collections::{BTreeMap, BTreeSet};

use brier_book::Book;
use brier_connect::clock::Clock;
use brier_kalshi_protocol::rest::EventData;
use brier_pairing::decisions::Choice;
use brier_pairing::standing::Name;
use brier_pairing::{Decisions, NoListing, read};
use brier_polymarket::discovery::Listing;
use brier_polymarket_protocol::clob::Level;
use brier_polymarket_protocol::ids::{ConditionId, TokenId};
use brier_types::{BookSide, EventTicker, MarketStatus, MarketTicker, Price, Qty, Timestamp, Venue};

use super::sets::TiedBy;
use super::{Embedded, Market, ScanError};
use crate::config::{Config, MarketName};
use crate::live::venues::{self, failed};
use crate::live::{VenueError, seed};

/// Which markets are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// What the configuration names: each has to be there.
    named: BTreeSet<MarketName>,
    /// Markets of confirmed pairs: some may be over.
    confirmed: BTreeSet<MarketName>,
    pub(super) notes: Vec<String>,
}

impl Wanted {
    pub(super) fn of(config: &Config, ties: &[TiedBy], decisions: &Decisions) -> Self {
        let mut wanted = Self::default();
        for it in config.strategies.iter().filter(|it| it.enabled) {
            wanted.named.extend(it.markets.iter().cloned());
            if it.all_markets {
                let name = &it.name;
                wanted
                    .notes
                    .push(format!("strategy `{name}` trades all markets: only those that are named are looked at"));
            }
        }
        let tied = ties.iter().flat_map(|it| &it.ties).flat_map(|tie| [tie.first.clone(), tie.second.clone()]);
        wanted.named.extend(tied);
        for it in [decisions].into_iter().chain(ties.iter().map(|it| &it.decisions)).flat_map(Decisions::iter) {
            if matches!(it.choice, Choice::Confirm(_)) {
                wanted.confirmed.extend([it.pair.first(), it.pair.second()].into_iter().filter_map(market_name));
            }
        }
        let traded = |market: &MarketName| match market.venue {
            Venue::Kalshi => config.kalshi.is_some(),
            Venue::Polymarket => config.polymarket.is_some(),
        };
        wanted.confirmed.retain(|market| traded(market) && !wanted.named.contains(market));
        wanted
    }

    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.confirmed.is_empty()
    }

    fn at(&self, venue: Venue) -> impl Iterator<Item = (&MarketTicker, bool)> {
        let all = self.named.iter().map(|it| (it, true)).chain(self.confirmed.iter().map(|it| (it, false)));
        all.filter(move |(it, _)| it.venue == venue).map(|(it, named)| (&it.market, named))
    }
}

fn market_name(name: &Name) -> Option<MarketName> {
    Some(MarketName { venue: name.venue, market: MarketTicker::new(&name.id).ok()? })
}

/// What the venues are read with, without keys.
#[derive(Debug)]
pub(super) struct Clients {
    kalshi: Option<brier_kalshi::Client>,
    polymarket: Option<brier_polymarket::Client>,
}

impl Clients {
    /// Clients of the venues at which something is wanted.
    pub(super) fn open(config: &Config, embedded: Embedded, wanted: &Wanted) -> Result<Self, ScanError> {
        let seed = seed(Clock::local_now());
        let first = |venue| wanted.at(venue).next().map(|(market, _)| MarketName { venue, market: market.clone() });
        let mut clients = Self { kalshi: None, polymarket: None };
        if let Some(market) = first(Venue::Kalshi) {
            let venue = Venue::Kalshi;
            let configured = config.kalshi.as_ref().ok_or(ScanError::NoVenue { market })?;
            let env = configured.at.clone().or(embedded.kalshi).ok_or(ScanError::NotUp { venue })?;
            let client = brier_kalshi::Client::new(env, None, brier_kalshi::Config::new(seed));
            clients.kalshi = Some(client.map_err(|error| failed(venue, "client")(&error))?);
        }
        if let Some(market) = first(Venue::Polymarket) {
            let venue = Venue::Polymarket;
            let configured = config.polymarket.as_ref().ok_or(ScanError::NoVenue { market })?;
            let env = configured.at.clone().or(embedded.polymarket).ok_or(ScanError::NotUp { venue })?;
            let client = brier_polymarket::Client::new(env, None, brier_polymarket::Config::new(seed));
            clients.polymarket = Some(client.map_err(|error| failed(venue, "client")(&error))?);
        }
        Ok(clients)
    }

    /// The wanted markets with those of their events, Kalshi's first. What is over is left out, unless it is named.
    pub(super) async fn markets(
        &self,
        wanted: &Wanted,
        now: Timestamp,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Market>, VenueError> {
        let mut markets = Vec::new();
        if let Some(client) = &self.kalshi {
            markets.extend(kalshi(client, wanted, now, notes).await?);
        }
        if let Some(client) = &self.polymarket {
            markets.extend(polymarket(client, wanted, now, notes).await?);
        }
        Ok(markets)
    }

    /// The books of all markets, in their order; none where a venue shows none. Both venues are asked at once, so that what is seen
    /// is as little apart as may be.
    pub(super) async fn books(&self, markets: &[Market]) -> Result<Vec<Option<Book>>, VenueError> {
        let (at_kalshi, at_polymarket) = tokio::join!(self.kalshi_books(markets), self.polymarket_books(markets));
        let mut books = vec![None; markets.len()];
        for (place, book) in at_kalshi?.into_iter().chain(at_polymarket?) {
            books[place] = book;
        }
        Ok(books)
    }

    async fn kalshi_books(&self, markets: &[Market]) -> Result<Vec<(usize, Option<Book>)>, VenueError> {
        let Some(client) = &self.kalshi else { return Ok(Vec::new()) };
        let own: BTreeMap<&str, usize> = markets
            .iter()
            .enumerate()
            .filter(|(_, it)| it.name.venue == Venue::Kalshi)
            .map(|(place, it)| (it.name.market.as_str(), place))
            .collect();
        let tickers: Vec<MarketTicker> = own.values().map(|place| markets[*place].name.market.clone()).collect();
        let read = client.orderbooks(&tickers).await;
        let read = read.map_err(|error| failed(Venue::Kalshi, "order books")(&error))?;
        let book = |it: &brier_kalshi_protocol::rest::MarketOrderbookFp| {
            let terms = it.orderbook_fp.to_yes_terms();
            Some((*own.get(it.ticker.as_str())?, load(&terms.bids, &terms.asks)))
        };
        Ok(read.iter().filter_map(book).collect())
    }

    async fn polymarket_books(&self, markets: &[Market]) -> Result<Vec<(usize, Option<Book>)>, VenueError> {
        let Some(client) = &self.polymarket else { return Ok(Vec::new()) };
        let own = markets.iter().enumerate().filter_map(|(place, it)| Some((it.token?, place)));
        let own: Vec<(TokenId, usize)> = own.collect();
        let places: BTreeMap<String, usize> = own.iter().map(|(token, place)| (token.to_string(), *place)).collect();
        let tokens: Vec<TokenId> = own.into_iter().map(|(token, _)| token).collect();
        let read = client.books(&tokens).await;
        let read = read.map_err(|error| failed(Venue::Polymarket, "order books")(&error))?;
        let levels = |side: &[Level]| side.iter().map(|it| (it.price, it.size)).collect::<Vec<_>>();
        let book = |it: &brier_polymarket_protocol::clob::Book| {
            Some((*places.get(&it.asset_id)?, load(&levels(&it.bids), &levels(&it.asks))))
        };
        Ok(read.iter().filter_map(book).collect())
    }
}

/// A book of these levels; none where they are no book.
fn load(bids: &[(Price, Qty)], asks: &[(Price, Qty)]) -> Option<Book> {
    let mut book = Book::new();
    let side = |side: BookSide, levels: &[(Price, Qty)]| {
        levels.iter().filter(|it| !it.1.is_zero()).map(|it| (side, it.0, it.1)).collect::<Vec<_>>()
    };
    let levels = [side(BookSide::Bid, bids), side(BookSide::Ask, asks)].concat();
    book.load(levels).ok().map(|()| book)
}

async fn kalshi(
    client: &brier_kalshi::Client,
    wanted: &Wanted,
    now: Timestamp,
    notes: &mut Vec<String>,
) -> Result<Vec<Market>, VenueError> {
    const VENUE: Venue = Venue::Kalshi;
    let mut events = BTreeSet::new();
    for (ticker, named) in wanted.at(VENUE) {
        match client.market(ticker).await {
            Ok(market) => drop(events.insert(market.event_ticker)),
            Err(error) if error.status() == Some(404) && named => {
                return Err(VenueError::Unlisted { venue: VENUE, market: ticker.clone() });
            }
            Err(error) if error.status() == Some(404) => {
                notes.push(format!("kalshi:{ticker} of a confirmed pair is listed no more"));
            }
            Err(error) => return Err(failed(VENUE, format!("market {ticker}"))(&error)),
        }
    }
    let (mut markets, mut serieses) = (Vec::new(), BTreeMap::new());
    for name in events {
        let what = format!("event {name}");
        let ticker: EventTicker = name.parse().map_err(|error| failed(VENUE, what.clone())(&error))?;
        let answer = client.event(&ticker).await.map_err(|error| failed(VENUE, what)(&error))?;
        let event: EventData = answer.event;
        if !serieses.contains_key(&event.series_ticker) {
            let what = format!("series {}", event.series_ticker);
            let ticker = event.series_ticker.parse().map_err(|error| failed(VENUE, what.clone())(&error))?;
            let series = client.series(&ticker).await.map_err(|error| failed(VENUE, what)(&error))?;
            serieses.insert(event.series_ticker.clone(), series);
        }
        let series = &serieses[&event.series_ticker];
        for listed in answer.markets.iter().chain(event.markets.iter().flatten()) {
            let named = wanted.at(VENUE).any(|(it, named)| named && it.as_str() == listed.ticker);
            let market = match listed.to_market() {
                Ok(market) => market,
                Err(error) if named => return Err(failed(VENUE, format!("market {}", listed.ticker))(&error)),
                Err(error) => {
                    notes.push(format!("kalshi:{} is left out: {error}", listed.ticker));
                    continue;
                }
            };
            let name = MarketName { venue: VENUE, market: market.ticker.clone() };
            let instrument = venues::kalshi_instrument(market, listed, &event, series)?;
            let text = brier_pairing::from_kalshi(Some(&event), listed);
            put(&mut markets, (name, instrument, None), text, (named, now), notes);
        }
    }
    Ok(markets)
}

async fn polymarket(
    client: &brier_polymarket::Client,
    wanted: &Wanted,
    now: Timestamp,
    notes: &mut Vec<String>,
) -> Result<Vec<Market>, VenueError> {
    const VENUE: Venue = Venue::Polymarket;
    let mut conditions = Vec::new();
    for (ticker, _) in wanted.at(VENUE) {
        let condition: Result<ConditionId, _> = ticker.as_str().parse();
        conditions.push(condition.map_err(|error| failed(VENUE, format!("market {ticker}"))(&error))?);
    }
    let found = client.listings(&conditions).await;
    let found = found.map_err(|error| failed(VENUE, "markets")(&error))?.listings;
    let mut alone = Vec::new();
    let mut events = BTreeSet::new();
    for (ticker, named) in wanted.at(VENUE) {
        match found.iter().find(|listing| listing.ticker == *ticker) {
            Some(listing) => match &listing.event {
                Some(event) => drop(events.insert(event.clone())),
                None => alone.push(listing.slug.clone()),
            },
            None if named => return Err(VenueError::Unlisted { venue: VENUE, market: ticker.clone() }),
            None => notes.push(format!("polymarket:{ticker} of a confirmed pair is listed no more")),
        }
    }
    let mut listed = Vec::new();
    for slug in events {
        let event = client.gamma_event(&slug).await;
        let event = event.map_err(|error| failed(VENUE, format!("event {slug}"))(&error))?;
        listed.extend(event.markets.clone().into_iter().map(|market| (Some(event.clone()), market)));
    }
    for slug in alone {
        let market = client.gamma_market(&slug).await;
        listed.push((None, market.map_err(|error| failed(VENUE, format!("market {slug}"))(&error))?));
    }
    let mut markets = Vec::new();
    for (event, market) in &listed {
        let listing = match Listing::from_gamma(market, event.as_ref()) {
            Ok(listing) => listing,
            Err(error) => {
                notes.push(format!("polymarket:{} is left out: {error}", market.slug.as_deref().unwrap_or(&market.id)));
                continue;
            }
        };
        let named = wanted.at(VENUE).any(|(it, named)| named && *it == listing.ticker);
        let name = MarketName { venue: VENUE, market: listing.ticker.clone() };
        let text = brier_pairing::from_gamma(event.as_ref(), market);
        put(&mut markets, (name, venues::instrument(&listing), Some(listing.yes)), text, (named, now), notes);
    }
    Ok(markets)
}

/// Keeps a market that trades, or is named.
fn put(
    markets: &mut Vec<Market>,
    (name, instrument, token): (MarketName, brier_engine::Instrument, Option<TokenId>),
    text: Result<brier_pairing::Listing, NoListing>,
    (named, now): (bool, Timestamp),
    notes: &mut Vec<String>,
) {
    let trades = instrument.status_at(now) == MarketStatus::Active;
    if markets.iter().any(|known| known.name == name) || !(trades || named) {
        return;
    }
    if !trades {
        notes.push(format!("{name} does not trade now"));
    }
    let contract = match text {
        Ok(text) => Some(read(text)),
        Err(error) => {
            notes.push(format!("{name} is compared with nothing: {error}"));
            None
        }
    };
    markets.push(Market { name, instrument, contract, token });
}
