//! Where the listings come from: both venues' catalogs as they are now, or recordings.
//!
//! Source: reference (Kalshi), sections 6 and 7; reference (Polymarket), section 12, 2026-11-20.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use brier_kalshi_protocol::rest::{EventsQuery, MarketStatusFilter};
use brier_pairing::listing::record::{Record, Records};
use brier_pairing::standing::Name;
use brier_pairing::{Contract, Listing, NoListing, from_gamma, from_kalshi, read};
use brier_polymarket::rest::CatalogQuery;
use brier_polymarket_protocol::gamma;
use brier_polymarket_protocol::ids::ConditionId;
use brier_store::Lines;
use brier_types::{EventTicker, MarketStatus, MarketTicker, Venue};

use crate::error::CliError;
use crate::output::{counted, tell};
use crate::venue::{EnvWord, VenueArgs, VenueWord, block_on};

/// Which listings are looked at.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Which listings")]
pub(super) struct Sources {
    /// Kalshi's side from a recording, plain or zstd, one JSON document or one a line; may be given again. Without one
    /// the venue is asked for all open events
    #[arg(long, value_name = "FILE")]
    kalshi: Vec<PathBuf>,

    /// Polymarket's side from a recording, likewise
    #[arg(long, value_name = "FILE")]
    polymarket: Vec<PathBuf>,

    /// The hosts that are asked: real markets, or a compatible exchange near by, which is the default; nothing is
    /// traded and no key is used [env: KALSHI_ENV, POLYMARKET_ENV]
    #[arg(long, value_enum)]
    env: Option<EnvWord>,

    /// Address of Kalshi's side of a local exchange [env: KALSHI_URL]
    #[arg(long, value_name = "URL")]
    kalshi_url: Option<String>,

    /// Address of Polymarket's side of a local exchange [env: POLYMARKET_URL]
    #[arg(long, value_name = "URL")]
    polymarket_url: Option<String>,

    /// Ready file of a running `brier exchange`, which names its addresses
    #[arg(long, env = "BRIER_READY_FILE", value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

/// The listings of one side.
#[derive(Debug, Default)]
pub(super) struct Side {
    pub(super) contracts: Vec<Contract>,
    /// Where each name leads.
    places: HashMap<String, usize>,
    /// What gave no listing.
    pub(super) refused: Vec<NoListing>,
}

/// The listings of both sides.
#[derive(Debug, Default)]
pub(super) struct Listings {
    pub(super) kalshi: Side,
    pub(super) polymarket: Side,
}

impl Sources {
    /// Whether it was said where the texts are.
    pub(super) fn are_named(&self) -> bool {
        let files = !self.kalshi.is_empty() || !self.polymarket.is_empty();
        files || self.env.is_some() || self.kalshi_url.is_some() || self.polymarket_url.is_some()
    }

    /// Everything on both sides.
    pub(super) fn all(&self) -> Result<Listings, CliError> {
        let kalshi = if self.kalshi.is_empty() { self.live_kalshi()? } else { recorded(Venue::Kalshi, &self.kalshi)? };
        let polymarket = if self.polymarket.is_empty() {
            self.live_polymarket()?
        } else {
            recorded(Venue::Polymarket, &self.polymarket)?
        };
        let (first, second) = (kalshi.records.len(), polymarket.records.len());
        if first + second > 5_000 {
            tell(format_args!("reading {first} and {second} listings"))?;
        }
        Ok(Listings { kalshi: Side::of(kalshi), polymarket: Side::of(polymarket) })
    }

    /// Two listings by name, read from their venues unless recordings are named.
    pub(super) fn two(&self, one: &str, two: &str) -> Result<(Contract, Contract), CliError> {
        if !self.kalshi.is_empty() || !self.polymarket.is_empty() {
            let recorded = Listings {
                kalshi: Side::of(recorded(Venue::Kalshi, &self.kalshi)?),
                polymarket: Side::of(recorded(Venue::Polymarket, &self.polymarket)?),
            };
            return Ok((recorded.find(one)?.clone(), recorded.find(two)?.clone()));
        }
        Ok((read(self.live(one)?), read(self.live(two)?)))
    }

    fn venue(&self, venue: VenueWord) -> VenueArgs {
        let url = match venue {
            VenueWord::Kalshi => &self.kalshi_url,
            VenueWord::Polymarket => &self.polymarket_url,
        };
        VenueArgs::public(venue, self.env, url.clone(), self.ready_file.clone())
    }

    fn live_kalshi(&self) -> Result<Records, CliError> {
        let client = self.venue(VenueWord::Kalshi).kalshi()?.public()?;
        block_on(async {
            let query = EventsQuery {
                with_nested_markets: Some(true),
                status: Some(MarketStatusFilter::Open),
                ..EventsQuery::default()
            };
            let (mut found, mut pages, mut events) = (Records::default(), client.events(query)?, 0);
            while let Some(page) = pages.next().await? {
                events += page.len();
                for event in &page {
                    for market in event.markets.iter().flatten() {
                        // An open event may have markets that are over.
                        if market.status.known().is_none_or(trades) {
                            found.put(from_kalshi(Some(event), market), Vec::new());
                        }
                    }
                }
                progress("kalshi", events)?;
            }
            Ok(found)
        })
    }

    fn live_polymarket(&self) -> Result<Records, CliError> {
        let client = self.venue(VenueWord::Polymarket).polymarket()?.public()?;
        block_on(async {
            let (mut found, mut events) = (Records::default(), 0);
            let mut pages = client.gamma_events(&CatalogQuery::default());
            while let Some(page) = pages.next().await? {
                events += page.len();
                for event in &page {
                    for market in event.markets.iter().filter(|market| market.closed != Some(true)) {
                        found.put(from_gamma(Some(event), market), other_names(market));
                    }
                }
                progress("polymarket", events)?;
            }
            Ok(found)
        })
    }

    /// One listing of a venue, by any of its names there.
    fn live(&self, name: &str) -> Result<Listing, CliError> {
        let (venue, id) = split(name);
        let condition = id.parse::<ConditionId>().ok();
        if venue != Some(Venue::Polymarket)
            && condition.is_none()
            && let Some(listing) = self.live_market(id)?
        {
            return Ok(listing);
        }
        if venue != Some(Venue::Kalshi)
            && let Some(listing) = self.live_condition(id, condition)?
        {
            return Ok(listing);
        }
        Err(unknown(name))
    }

    fn live_market(&self, id: &str) -> Result<Option<Listing>, CliError> {
        let Ok(ticker) = MarketTicker::new(id) else { return Ok(None) };
        let client = self.venue(VenueWord::Kalshi).kalshi()?.public()?;
        block_on(async {
            let market = match client.market(&ticker).await {
                Ok(market) => market,
                Err(error) if error.status() == Some(404) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            let event = EventTicker::new(&market.event_ticker).map_err(|error| CliError::failure(error.to_string()))?;
            let event = client.event(&event).await?.event;
            from_kalshi(Some(&event), &market).map(Some).map_err(|error| no_listing(&error))
        })
    }

    fn live_condition(&self, id: &str, condition: Option<ConditionId>) -> Result<Option<Listing>, CliError> {
        let client = self.venue(VenueWord::Polymarket).polymarket()?.public()?;
        block_on(async {
            let slug = match condition {
                None => id.to_owned(),
                Some(condition) => match client.listings(&[condition]).await?.listings.into_iter().next() {
                    Some(known) => known.slug,
                    None => return Ok(None),
                },
            };
            let market = match client.gamma_market(&slug).await {
                Ok(market) => market,
                Err(error) if error.status() == Some(404) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            // The event as the list of events gives it, so that the texts are the same ones, word by word.
            let event = match market.events.first().and_then(|event| event.slug.as_deref()) {
                Some(slug) => Some(client.gamma_event(slug).await?),
                None => None,
            };
            from_gamma(event.as_ref(), &market).map(Some).map_err(|error| no_listing(&error))
        })
    }
}

/// Whether a market is or will be traded.
const fn trades(status: MarketStatus) -> bool {
    matches!(status, MarketStatus::Initialized | MarketStatus::Active | MarketStatus::Inactive)
}

fn other_names(market: &gamma::Market) -> Vec<String> {
    let names = [market.slug.clone(), Some(market.id.clone())];
    names.into_iter().flatten().filter(|name| !name.is_empty()).collect()
}

/// Tells how far a long read is.
fn progress(venue: &str, events: usize) -> Result<(), CliError> {
    if events >= 1_000 { tell(format_args!("{venue}: {events} events")) } else { Ok(()) }
}

fn no_listing(error: &NoListing) -> CliError {
    CliError::failure(error.to_string()).hint("only bets on yes or no are paired")
}

fn unknown(name: &str) -> CliError {
    CliError::failure(format!("no listing is called {name}")).hint(
        "give a Kalshi market ticker, or a Polymarket slug, condition id or its beginning; see `brier pairs list`",
    )
}

/// `kalshi:NAME`, `polymarket:NAME`, or a name alone.
fn split(name: &str) -> (Option<Venue>, &str) {
    match name.split_once(':') {
        Some(("kalshi", id)) => (Some(Venue::Kalshi), id),
        Some(("polymarket", id)) => (Some(Venue::Polymarket), id),
        Some(_) | None => (None, name),
    }
}

/// Reads recordings, one document a line or one in all.
fn recorded(venue: Venue, files: &[PathBuf]) -> Result<Records, CliError> {
    let mut found = Records::default();
    for path in files {
        let before = found.records.len() + found.refused.len();
        read_file(venue, path, &mut found)?;
        if found.records.len() + found.refused.len() == before {
            return Err(CliError::failure(format!("{}: expected {venue} markets, found none", path.display()))
                .hint("give answers of the venue as received, or a list with one market a line"));
        }
    }
    Ok(found)
}

fn read_file(venue: Venue, path: &Path, found: &mut Records) -> Result<(), CliError> {
    let failed = |error: &dyn std::fmt::Display| {
        CliError::failure(format!("{}: {error}", path.display()))
            .hint(format!("give a recording of {venue}: answers as received, or one market a line"))
    };
    let mut lines = Lines::open(path)?;
    while let Some(line) = lines.next_line()? {
        if line.trim().is_empty() {
            continue;
        }
        let text = line.to_owned();
        let at = usize::try_from(lines.line()).unwrap_or(usize::MAX);
        match found.add(venue, at, &text) {
            Ok(()) => {}
            // A document over many lines begins with one that is none.
            Err(error) if at == 1 && serde_json::from_str::<serde_json::Value>(&text).is_err() => {
                let mut whole = text;
                while let Some(line) = lines.next_line()? {
                    whole.push('\n');
                    whole.push_str(line);
                }
                return found.add(venue, 1, &whole).map_err(|_whole| failed(&error));
            }
            Err(error) => return Err(failed(&error)),
        }
    }
    Ok(())
}

impl Side {
    /// Reads the texts. Of a market that is recorded more than once the last record counts.
    fn of(records: Records) -> Self {
        let Records { records, refused } = records;
        let mut places = HashMap::new();
        let mut last = Vec::new();
        for Record { listing, names } in records.into_iter().rev() {
            if !listing.id.is_empty() && places.contains_key(&listing.id) {
                continue;
            }
            let slot = last.len();
            for name in names.into_iter().chain([listing.id.clone()]) {
                places.entry(name).or_insert(slot);
            }
            last.push(listing);
        }
        Self { contracts: on_threads(last, read), places, refused }
    }

    /// What is called `name`: whole, or by a beginning of a condition id that no other has.
    fn find(&self, name: &str) -> Result<Option<&Contract>, CliError> {
        if let Some(slot) = self.places.get(name) {
            return Ok(self.contracts.get(*slot));
        }
        if name.len() < 8 || !name.starts_with("0x") {
            return Ok(None);
        }
        let mut found = self.contracts.iter().filter(|contract| contract.listing.id.starts_with(name));
        match (found.next(), found.next()) {
            (Some(one), Some(two)) => {
                let (one, two) = (&one.listing.id, &two.listing.id);
                Err(CliError::failure(format!("{name} begins {one} and {two}")).hint("give more digits"))
            }
            (first, _) => Ok(first),
        }
    }
}

impl Listings {
    /// What is called `name`, on either side.
    pub(super) fn find(&self, name: &str) -> Result<&Contract, CliError> {
        let (venue, id) = split(name);
        if venue != Some(Venue::Polymarket)
            && let Some(found) = self.kalshi.find(id)?
        {
            return Ok(found);
        }
        if venue != Some(Venue::Kalshi)
            && let Some(found) = self.polymarket.find(id)?
        {
            return Ok(found);
        }
        Err(unknown(name))
    }

    /// The listing of this name, if it is there.
    pub(super) fn named(&self, name: &Name) -> Option<&Contract> {
        let side = match name.venue {
            Venue::Kalshi => &self.kalshi,
            Venue::Polymarket => &self.polymarket,
        };
        side.contracts.get(*side.places.get(&name.id)?)
    }

    /// Tells what gave no listing: nothing is left out in silence.
    pub(super) fn tell_refused(&self) -> Result<(), CliError> {
        let all = || self.kalshi.refused.iter().chain(&self.polymarket.refused);
        match all().next() {
            None => Ok(()),
            Some(first) => {
                let markets = counted(all().count() as u64, "market is", "markets are");
                tell(format_args!("{markets} no bet on yes or no and not compared; the first: {first}"))
            }
        }
    }
}

/// Does the same to every item on as many threads as there are, and keeps the order.
pub(super) fn on_threads<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let size = items.len().div_ceil(threads).max(1);
    let mut parts = Vec::new();
    let mut items = items.into_iter();
    loop {
        let part: Vec<T> = items.by_ref().take(size).collect();
        if part.is_empty() {
            break;
        }
        parts.push(part);
    }
    std::thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> =
            parts.into_iter().map(|part| scope.spawn(move || part.into_iter().map(work).collect::<Vec<R>>())).collect();
        running.into_iter().flat_map(|thread| thread.join().expect("reading cannot fail")).collect()
    })
}
