//! Reaching a venue before a run: its markets as instruments, the account's limits, and everything that its stream, its gateway
//! and the shell around them are made of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use brier_engine::{Custody, Fees, Input, Instrument, Operator};
use brier_kalshi::keys::Credentials;
use brier_kalshi::order_path::{RingConfig, SharedRing};
use brier_kalshi::stream::{Interest, Session, SessionConfig};
use brier_kalshi_protocol::rest::{self, MarketStatusFilter, MarketsQuery, Method};
use brier_kalshi_protocol::ws::WS_PATH;
use brier_polymarket::creds::CredsFile;
use brier_polymarket::discovery::Listing;
use brier_polymarket::keys::Wallet;
use brier_polymarket::rest::{CatalogQuery, Heartbeat};
use brier_polymarket::stream::{LinkConfig, MarketConfig, MarketSession, UserSession, shards};
use brier_polymarket_protocol::contracts::Chain;
use brier_polymarket_protocol::convert::{self, TokenMap};
use brier_polymarket_protocol::ids::ConditionId;
use brier_polymarket_protocol::stream::command::StreamAuth;
use brier_types::{MarketTicker, Money, Qty, Timestamp, Venue};
use tokio::task::JoinHandle;

use super::rules::{Judge, MarketRules, Refusal};
use crate::analysts::terms::{self, MarketTerms};
use crate::caller::Address;
use crate::driver::{Handshake, Word, look};
use crate::gateway::{
    Gateway, Host, KalshiConfig, KalshiGateway, LiveToken, Permit, PolymarketConfig, PolymarketGateway,
};
use crate::mailbox::Teller;
use crate::node::Socket;

/// The smallest worth of an order that takes at Polymarket. Source: reference (Polymarket), section 5.2.
const MIN_TAKING: Money = Money::DOLLAR;

/// Why a venue cannot be traded now.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VenueError {
    /// It was asked and did not answer as it should.
    #[error("{venue}: {what}: {problem}")]
    Unreachable {
        /// Which.
        venue: Venue,
        /// What was asked for.
        what: String,
        /// What came back.
        problem: String,
    },
    /// A market that a strategy names is not there.
    #[error("{venue} lists no market `{market}`")]
    Unlisted {
        /// Where.
        venue: Venue,
        /// Which.
        market: MarketTicker,
    },
}

pub(crate) fn failed(venue: Venue, what: impl Into<String>) -> impl FnOnce(&dyn std::fmt::Display) -> VenueError {
    let what = what.into();
    move |problem| VenueError::Unreachable { venue, what, problem: problem.to_string() }
}

/// Which markets a venue is asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    /// What strategies name: each has to be there.
    pub named: BTreeSet<MarketTicker>,
    /// What an earlier run traded and may still have something in.
    pub held: BTreeSet<MarketTicker>,
    /// Every open market besides.
    pub all: bool,
    /// Markets whose texts are wanted as well: a strategy takes them for tied.
    pub tied: BTreeSet<MarketTicker>,
    /// What analysts assess: the terms of these are kept.
    pub assessed: BTreeSet<MarketTicker>,
    /// Who says which of them may be traded; all without.
    pub judge: Option<Judge<'a>>,
}

impl Wanted<'_> {
    fn refuses(&self, rules: &MarketRules) -> Option<Refusal> {
        self.judge.as_ref()?.refuses(rules)
    }
}

/// A venue that answered.
pub struct Reached {
    /// What is to be listed.
    pub instruments: Vec<Instrument>,
    /// The texts of markets that a strategy takes for tied.
    pub texts: Vec<brier_pairing::Listing>,
    /// Markets of an earlier run whose rules are no longer what is believed of them: listed, and to be halted.
    pub halted: Vec<(MarketTicker, String)>,
    /// Why markets that were asked for are not listed.
    pub refused: Vec<Refusal>,
    /// What the contracts of the markets that analysts assess say.
    pub terms: Vec<MarketTerms>,
    /// Its gateway.
    pub gateway: Box<dyn Gateway + Send>,
    /// Its stream, for Kalshi.
    pub kalshi: Option<Session>,
    /// Its streams of books, for Polymarket.
    pub books: Vec<MarketSession>,
    /// Its stream of the account, for Polymarket.
    pub user: Option<UserSession>,
    /// Where its streams connect.
    pub sockets: BTreeMap<Socket, (String, Handshake)>,
    /// Where its calls go.
    pub hosts: BTreeMap<Host, Address>,
    /// What keeps the clock's offset true and tells the venue that we live.
    pub pulse: Pulse,
}

impl std::fmt::Debug for Reached {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Reached").field("instruments", &self.instruments.len()).finish_non_exhaustive()
    }
}

/// What is done at a venue from time to time, beside the engine.
#[derive(Debug)]
pub enum Pulse {
    /// A cheap read, whose answer tells the venue's clock, and headers of orders signed ahead by it.
    Kalshi(brier_kalshi::Client, SharedRing),
    /// Without heartbeats the venue takes back every order: cancel on disconnect.
    Polymarket(Heartbeat),
}

/// Kalshi: limits, markets with their events and series, stream and gateway. The client has to have a key.
///
/// # Errors
/// [`VenueError`].
pub async fn kalshi(
    client: brier_kalshi::Client,
    live: Option<&LiveToken>,
    wanted: &Wanted<'_>,
    (now, seed): (Timestamp, u64),
) -> Result<Reached, VenueError> {
    let env = client.env().clone();
    let credentials = client.credentials().cloned().ok_or_else(|| failed(Venue::Kalshi, "key")(&"there is none"))?;
    let permit = Permit::kalshi(&env, live);
    let limits = client.account_limits().await.map_err(|error| failed(Venue::Kalshi, "account limits")(&error))?;
    let costs = client.endpoint_costs().await.map_err(|error| failed(Venue::Kalshi, "endpoint costs")(&error))?;
    let Listed { all: instruments, halted, refused, terms, texts } = kalshi_markets(&client, wanted).await?;
    let mut gateway = KalshiGateway::new(credentials.clone(), KalshiConfig::new(permit));
    gateway.learn_limits(now, &limits);
    gateway.learn_costs(costs);
    // Whoever lets the pulse beat has it filled; without it orders are signed when they leave.
    let ring = gateway.sign_ahead(RingConfig::default()).map_err(|error| failed(Venue::Kalshi, "headers")(&error))?;
    let tickers = instruments.iter().map(|it| it.market.ticker.clone()).collect();
    let session = Session::new(SessionConfig::new(seed), &Interest::trading(tickers));
    let clock = client.clock();
    // Where orders are refused there are no lines for them.
    let path = brier_kalshi::order_path::PathConfig::new(seed);
    let lines = brier_kalshi::order_path::open_lines(&env, client.clock(), &path).ok();
    let handshake: Handshake = Arc::new(move |_now| {
        let signed = credentials.sign_request(clock.venue_now(), Method::Get, WS_PATH);
        let headers = signed.map_err(|error| error.to_string())?;
        Ok(headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    });
    Ok(Reached {
        instruments,
        texts,
        halted,
        refused,
        terms,
        gateway: Box::new(gateway),
        kalshi: Some(session),
        books: Vec::new(),
        user: None,
        sockets: BTreeMap::from([(Socket::Kalshi, (env.ws_url(), handshake))]),
        hosts: BTreeMap::from([(Host::Kalshi, Address::new(origin(&env.rest_origin())).with_lines(lines))]),
        pulse: Pulse::Kalshi(client, ring),
    })
}

/// Without the slash at the end, as targets begin with one.
fn origin(url: &impl ToString) -> String {
    url.to_string().trim_end_matches('/').to_owned()
}

/// Markets of a venue.
struct Listed<T> {
    /// All of them.
    all: Vec<T>,
    /// Those that are only listed because something may be held.
    halted: Vec<(MarketTicker, String)>,
    /// Why others are not.
    refused: Vec<Refusal>,
    /// What the contracts of those that analysts assess say.
    terms: Vec<MarketTerms>,
    /// The texts of those that a strategy takes for tied.
    texts: Vec<brier_pairing::Listing>,
}

async fn kalshi_markets(client: &brier_kalshi::Client, wanted: &Wanted<'_>) -> Result<Listed<Instrument>, VenueError> {
    const VENUE: Venue = Venue::Kalshi;
    let mut markets = Vec::new();
    if wanted.all {
        let query = MarketsQuery { status: Some(MarketStatusFilter::Open), ..MarketsQuery::default() };
        let pages = client.markets(query).map_err(|error| failed(VENUE, "markets")(&error))?;
        markets = pages.all().await.map_err(|error| failed(VENUE, "markets")(&error))?;
    }
    let known: BTreeSet<String> = markets.iter().map(|market| market.ticker.clone()).collect();
    for ticker in wanted.named.union(&wanted.held).filter(|ticker| !known.contains(ticker.as_str())) {
        match client.market(ticker).await {
            Ok(market) => markets.push(market),
            Err(error) if error.status() == Some(404) && wanted.named.contains(ticker) => {
                return Err(VenueError::Unlisted { venue: VENUE, market: ticker.clone() });
            }
            Err(error) if error.status() == Some(404) => {
                tracing::warn!(market = %ticker, "an earlier run traded this market, and the venue knows it no more");
            }
            Err(error) => return Err(failed(VENUE, format!("market {ticker}"))(&error)),
        }
    }
    let (mut events, mut serieses) = (BTreeMap::new(), BTreeMap::new());
    let all = Vec::with_capacity(markets.len());
    let mut found = Listed { all, halted: Vec::new(), refused: Vec::new(), terms: Vec::new(), texts: Vec::new() };
    for listed in &markets {
        let market = match listed.to_market() {
            Ok(market) => market,
            // One that cannot be read is not traded; one that was asked for has to be.
            Err(error) if wanted.named.iter().any(|named| named.as_str() == listed.ticker) => {
                return Err(failed(VENUE, format!("market {}", listed.ticker))(&error));
            }
            Err(error) => {
                tracing::warn!(market = listed.ticker, %error, "left out");
                continue;
            }
        };
        if !events.contains_key(&market.event) {
            let event = client.event(&market.event).await;
            let event = event.map_err(|error| failed(VENUE, format!("event {}", market.event))(&error))?.event;
            events.insert(market.event.clone(), event);
        }
        let event = &events[&market.event];
        if !serieses.contains_key(&event.series_ticker) {
            let what = format!("series {}", event.series_ticker);
            let ticker = event.series_ticker.parse().map_err(|error| failed(VENUE, what.clone())(&error))?;
            let series = client.series(&ticker).await.map_err(|error| failed(VENUE, what)(&error))?;
            serieses.insert(event.series_ticker.clone(), series);
        }
        let series = &serieses[&event.series_ticker];
        let rules = terms::kalshi_rules(market.ticker.clone(), listed, event, series);
        if let Some(why) = wanted.refuses(&rules) {
            if !wanted.held.contains(&market.ticker) {
                found.refused.push(why);
                continue;
            }
            found.halted.push((market.ticker.clone(), why.to_string()));
        }
        if wanted.assessed.contains(&market.ticker) {
            found.terms.push(terms::kalshi(listed, event, rules));
        }
        if wanted.tied.contains(&market.ticker) {
            match brier_pairing::from_kalshi(Some(event), listed) {
                Ok(text) => found.texts.push(text),
                Err(error) => tracing::warn!(market = listed.ticker, %error, "its texts cannot be read"),
            }
        }
        found.all.push(kalshi_instrument(market, listed, event, series)?);
    }
    Ok(found)
}

/// What is traded of a market of Kalshi: by the fees of its event and series.
pub(crate) fn kalshi_instrument(
    market: brier_types::Market,
    listed: &rest::Market,
    event: &rest::EventData,
    series: &rest::Series,
) -> Result<Instrument, VenueError> {
    let fees = event.fees(series);
    let fees = fees.map_err(|error| failed(Venue::Kalshi, format!("fees of {}", listed.ticker))(&error))?;
    Ok(Instrument {
        market,
        fees: Fees::Kalshi(fees),
        custody: Custody::Netted,
        shard: listed.exchange_index.and_then(|index| u16::try_from(index).ok()).unwrap_or_default(),
        min_qty: Qty::HUNDREDTH,
        min_taking: Money::ZERO,
        exclusive: event.mutually_exclusive,
        strike: listed.strike(),
    })
}

/// Polymarket: listings, streams and gateway. The client has to have a wallet and API credentials.
///
/// # Errors
/// [`VenueError`].
pub async fn polymarket(
    client: brier_polymarket::Client,
    live: Option<&LiveToken>,
    wanted: &Wanted<'_>,
    seed: u64,
) -> Result<Reached, VenueError> {
    const VENUE: Venue = Venue::Polymarket;
    let env = client.env().clone();
    let permit = Permit::polymarket(&env, live);
    let wallet = client.wallet().cloned().ok_or_else(|| failed(VENUE, "wallet")(&"there is none"))?;
    let creds = client.credentials().ok_or_else(|| failed(VENUE, "API credentials")(&"there are none"))?;
    let Listed { all: listings, halted, refused, terms, .. } =
        admitted(polymarket_listings(&client, wanted).await?, wanted);
    let texts = polymarket_texts(&client, &listings, wanted).await?;
    let mut gateway = PolymarketGateway::new(wallet, (*creds).clone(), PolymarketConfig::new(Chain::Polygon, permit));
    let mut tokens = TokenMap::new();
    let mut listed = Vec::with_capacity(listings.len());
    for listing in &listings {
        gateway.list(listing.clone());
        let entry = listing.tokens();
        tokens.insert(entry.clone());
        listed.push((entry, listing.fees));
    }
    let auth = StreamAuth {
        api_key: creds.key().to_owned(),
        secret: creds.secret().expose().to_owned(),
        passphrase: creds.expose_passphrase().to_owned(),
    };
    let mut user = UserSession::new(LinkConfig::new(seed.wrapping_add(1)), auth, Vec::new(), tokens);
    for (entry, fees) in &listed {
        user.account_mut().list(entry.clone(), *fees);
    }
    let entries: Vec<convert::Listing> = listed.into_iter().map(|(entry, _)| entry).collect();
    let books = shards(&MarketConfig::new(seed), &entries);
    let hosts = env.hosts();
    let path = brier_polymarket::order_path::PathConfig::new(seed);
    let lines = brier_polymarket::order_path::open_lines(&env, client.clock(), &path).ok();
    let nothing: Handshake = Arc::new(|_now| Ok(Vec::new()));
    let mut sockets = BTreeMap::from([(Socket::PolymarketUser, (hosts.ws_user.to_string(), nothing.clone()))]);
    for place in 0..books.len() {
        let place = u16::try_from(place).map_err(|error| failed(VENUE, "market streams")(&error))?;
        sockets.insert(Socket::PolymarketMarket(place), (hosts.ws_market.to_string(), nothing.clone()));
    }
    Ok(Reached {
        instruments: listings.iter().map(instrument).collect(),
        texts,
        halted,
        refused,
        terms,
        gateway: Box::new(gateway),
        kalshi: None,
        books,
        user: Some(user),
        sockets,
        hosts: BTreeMap::from([
            (Host::Clob, Address::new(origin(&hosts.clob)).with_lines(lines)),
            (Host::Gamma, Address::new(origin(&hosts.gamma))),
            (Host::Data, Address::new(origin(&hosts.data))),
        ]),
        pulse: Pulse::Polymarket(Heartbeat::new(&client)),
    })
}

/// The texts of tied markets, read once more as Gamma has them: what an order needs leaves some of them out.
async fn polymarket_texts(
    client: &brier_polymarket::Client,
    listings: &[Listing],
    wanted: &Wanted<'_>,
) -> Result<Vec<brier_pairing::Listing>, VenueError> {
    let mut texts = Vec::new();
    for listing in listings.iter().filter(|listing| wanted.tied.contains(&listing.ticker)) {
        let market = client.gamma_market(&listing.slug).await;
        let market = market.map_err(|error| failed(Venue::Polymarket, format!("texts of {}", listing.slug))(&error))?;
        match brier_pairing::from_gamma(None, &market) {
            Ok(text) => texts.push(text),
            Err(error) => tracing::warn!(market = listing.slug, %error, "its texts cannot be read"),
        }
    }
    Ok(texts)
}

/// Without the markets that must not be traded, but with those of them that may be held.
fn admitted(mut listings: Vec<Listing>, wanted: &Wanted<'_>) -> Listed<Listing> {
    let (mut halted, mut refused) = (Vec::new(), Vec::new());
    listings.retain(|listing| {
        let Some(why) = wanted.refuses(&terms::polymarket_rules(listing)) else { return true };
        let held = wanted.held.contains(&listing.ticker);
        if held {
            halted.push((listing.ticker.clone(), why.to_string()));
        } else {
            refused.push(why);
        }
        held
    });
    let assessed = listings.iter().filter(|listing| wanted.assessed.contains(&listing.ticker));
    let terms = assessed.map(terms::polymarket).collect();
    Listed { all: listings, halted, refused, terms, texts: Vec::new() }
}

/// What is traded of a market of Polymarket.
pub(crate) fn instrument(listing: &Listing) -> Instrument {
    Instrument {
        market: listing.to_market(),
        fees: Fees::Polymarket(listing.fees),
        custody: Custody::Tokens,
        shard: 0,
        min_qty: listing.min_size,
        min_taking: MIN_TAKING,
        exclusive: listing.group.is_some(),
        // Its bounds stand in the question's words.
        strike: None,
    }
}

async fn polymarket_listings(
    client: &brier_polymarket::Client,
    wanted: &Wanted<'_>,
) -> Result<Vec<Listing>, VenueError> {
    const VENUE: Venue = Venue::Polymarket;
    let unread = |error: &dyn std::fmt::Display| failed(VENUE, "markets")(error);
    let mut found = Vec::new();
    if wanted.all {
        let query = CatalogQuery::default();
        found = client.discover(&query).await.map_err(|error| unread(&error))?.listings;
        found.retain(|listing| listing.accepting_orders);
    }
    let known: BTreeSet<MarketTicker> = found.iter().map(|listing| listing.ticker.clone()).collect();
    let missing: Vec<&MarketTicker> = wanted.named.union(&wanted.held).filter(|it| !known.contains(*it)).collect();
    let conditions: Result<Vec<ConditionId>, _> = missing.iter().map(|ticker| ticker.as_str().parse()).collect();
    let conditions = conditions.map_err(|error| unread(&error))?;
    found.extend(client.listings(&conditions).await.map_err(|error| unread(&error))?.listings);
    for market in missing {
        if found.iter().any(|listing| listing.ticker == *market) {
            continue;
        }
        if wanted.named.contains(market) {
            return Err(VenueError::Unlisted { venue: VENUE, market: market.clone() });
        }
        tracing::warn!(%market, "an earlier run traded this market, and the venue knows it no more");
    }
    Ok(found)
}

/// A client of Kalshi for a run.
pub(super) fn kalshi_client(
    env: brier_kalshi::Env,
    credentials: Credentials,
    seed: u64,
) -> Result<brier_kalshi::Client, VenueError> {
    let client = brier_kalshi::Client::new(env, Some(credentials), brier_kalshi::Config::new(seed));
    client.map_err(|error| failed(Venue::Kalshi, "client")(&error))
}

/// A client of Polymarket for a run, with the API credentials of a file or new ones.
pub(super) async fn polymarket_client(
    env: brier_polymarket::Env,
    wallet: Wallet,
    credentials: &std::path::Path,
    live: Option<&LiveToken>,
    seed: u64,
) -> Result<brier_polymarket::Client, VenueError> {
    const VENUE: Venue = Venue::Polymarket;
    // Heartbeats and cancels make orders fewer; whether orders may be placed is the permit's to say.
    let config =
        brier_polymarket::Config { cancels_in_production: live.is_some(), ..brier_polymarket::Config::new(seed) };
    let client = brier_polymarket::Client::new(env.clone(), Some(wallet), config);
    let client = client.map_err(|error| failed(VENUE, "client")(&error))?;
    client.sync_clock(3).await.map_err(|error| failed(VENUE, "clock")(&error))?;
    let file = CredsFile::at(credentials.to_owned(), &env);
    client.ensure_credentials(&file, 0).await.map_err(|error| failed(VENUE, "API credentials")(&error))?;
    Ok(client)
}

/// A task that ends with its owner.
struct Keeper(JoinHandle<()>);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Pulse {
    /// How often Kalshi's clock is read.
    const CLOCK: Duration = Duration::from_mins(1);

    /// Beats until it is dropped.
    pub(super) async fn run(self, words: Teller) {
        match self {
            Self::Kalshi(client, ring) => {
                let _keeper = Keeper(ring.keep_full(client.clock()));
                loop {
                    tokio::time::sleep(Self::CLOCK).await;
                    if let Err(error) = client.exchange_status().await {
                        tracing::debug!(%error, "the exchange's status could not be read");
                    }
                }
            }
            Self::Polymarket(mut heartbeat) => loop {
                // No sign of life for an engine that has none: the venue takes its orders back then.
                match tokio::time::timeout(Heartbeat::INTERVAL, look(&words, |_engine| ())).await {
                    Ok(Some(())) => {
                        if let Err(error) = heartbeat.beat().await {
                            tracing::warn!(%error, "a heartbeat failed; the venue may take every order back");
                            let venue = Venue::Polymarket;
                            drop(words.send(Word::Input(Input::Operator(Operator::Reconcile { venue }))));
                        }
                    }
                    Ok(None) => return,
                    Err(_late) => tracing::error!("the engine does not answer; no heartbeat is sent"),
                }
                tokio::time::sleep(Heartbeat::INTERVAL).await;
            },
        }
    }
}
