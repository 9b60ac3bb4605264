//! Polymarket's gateway: commands to signed requests, answers to the engine's words.
//!
//! An order's hash is known before it is posted and is made again from what the journal keeps: the same order, wallet and time
//! give the same bytes. So an order without an answer is looked up by its hash, and by the trades since it was made. Nothing is
//! repeated here. A write that finds the local buckets empty is answered at once; a read waits. Cancels have buckets of their
//! own.
//!
//! The price step of a listing may be older than the order: the coarsest step that holds the order's price is taken where the
//! listing's does not, and the venue is the judge. Only orders that take at once have amounts that hang on the step, so a lookup
//! of one may have more than one hash to ask for.
//!
//! Source: reference (Polymarket), sections 3, 5 to 9 and 14, 2026-11-20.

mod account;
mod refusals;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use brier_connect::bucket::Shortage;
use brier_connect::clock::ClockOffset;
use brier_connect::http::percent_encode;
use brier_engine::{
    Answer, Command, Funding, Input, Instrument, Lookup, NotNow, PlaceOrder, RejectCode, Request, RequestId,
};
use brier_polymarket::Service;
use brier_polymarket::discovery::Listing;
use brier_polymarket::keys::Wallet;
use brier_polymarket::limits::{self, Limits, Spend, Told};
use brier_polymarket::orders::{BuildError, Leg, Maker, Prepared, prepare};
use brier_polymarket_protocol::amounts::AmountsError;
use brier_polymarket_protocol::auth::{ApiCreds, l2_headers};
use brier_polymarket_protocol::clob::{
    self, CancelOrderRequest, CancelReply, FIRST_CURSOR, OpenOrder, PostOrderReply, PostStatus,
};
use brier_polymarket_protocol::contracts::Chain;
use brier_polymarket_protocol::convert::{TokenMap, open_order, own_fills};
use brier_polymarket_protocol::errors::{CallKind, ClobError, ErrorKind, text};
use brier_polymarket_protocol::ids::Side;
use brier_polymarket_protocol::order_body;
use brier_polymarket_protocol::stream::user::UserTrade;
use brier_polymarket_protocol::tick::TickSize;
use brier_polymarket_protocol::tiers::Tier;
use brier_types::{MarketTicker, OrderStatus, OrderUpdate, Qty, Timestamp, Venue, VenueOrderId};
use serde_json::Value;

use super::calls::{Calls, Known, Parked, Pending, steady};
use super::permit::{FORBIDDEN, Permit};
use super::{
    Action, CallId, Gateway, Host, HttpCall, Lane, Method, Outcome, cut, in_doubt, names_something, read, rejected,
    text_of,
};
use account::Reading;
use refusals::refusal;

/// Most pages of one list: beyond them something is wrong with the list.
const MAX_PAGES: usize = 200;
/// Trades are asked for from a little before, as the filter counts whole seconds by the venue's clock.
const SLACK: Duration = Duration::from_secs(5);
/// Fills may come out this much short, and the order is whole all the same. Source: reference, section 7.4.
const SHORT: u64 = 10_000;
/// From this much on a corrected clock is another clock.
const CLOCK_STEP: u64 = 500_000_000;
/// Members of answers that hold decimal texts.
const ORDER_TEXTS: [&str; 3] = ["original_size", "size_matched", "price"];
const TRADE_TEXTS: [&str; 3] = ["size", "price", "matched_amount"];
const POST_TEXTS: [&str; 2] = ["makingAmount", "takingAmount"];

/// What bounds the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolymarketConfig {
    /// Whether writes may leave.
    pub permit: Permit,
    /// How long a write may take until its effect is in doubt.
    pub write_timeout: Duration,
    /// How long a read may take.
    pub read_timeout: Duration,
    /// By how much reads may lag writes: what they are true for is that much before they were asked.
    pub read_lag: Duration,
    /// Whose contracts orders are for.
    pub chain: Chain,
    /// The account's tier, which sizes the buckets of orders and cancels.
    pub tier: Tier,
}

impl PolymarketConfig {
    /// Usual bounds on a chain, with the lowest tier.
    pub const fn new(chain: Chain, permit: Permit) -> Self {
        Self {
            permit,
            write_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(10),
            read_lag: Duration::from_secs(1),
            chain,
            tier: Tier::Standard,
        }
    }
}

/// What a call is made for.
#[derive(Clone, Debug)]
enum Work {
    Write(RequestId, Write),
    Read(Read),
}

/// A write: one call, one answer.
#[derive(Clone, Debug)]
enum Write {
    Place(Box<Prepared>),
    Cancel(VenueOrderId),
    CancelAll,
}

/// A step of a read, which may lead to another.
#[derive(Clone, Debug)]
enum Read {
    /// The order by one of its hashes.
    Order(Box<Search>),
    /// A page of trades since it was made.
    Trades(Box<Search>),
    /// A part of an account's reads.
    Account(Box<Reading>),
}

/// An order that is looked for.
#[derive(Clone, Debug)]
struct Search {
    request: RequestId,
    lookup: Lookup,
    as_of: Timestamp,
    /// What it can be called, and how many of these names were asked for.
    hashes: Vec<VenueOrderId>,
    asked: usize,
    pages: Pages,
    /// By its trades: under which name, and how much each of them is of.
    traded: BTreeMap<(VenueOrderId, String), Qty>,
}

/// Where a list that is read page by page stands.
#[derive(Clone, Debug, Default)]
struct Pages {
    /// Where the present page started; nothing for the first.
    cursor: Option<String>,
    seen: BTreeSet<String>,
    /// Whether the page before held all it could.
    full: bool,
}

impl Pages {
    /// Takes a page: whether another follows.
    ///
    /// # Errors
    /// When the list goes in circles, does not end, or ends where it said that more follows.
    fn follow<T>(&mut self, page: &clob::Page<T>) -> Result<bool, String> {
        let next = page.next();
        if page.data.is_empty() && !(self.cursor.is_none() || self.full && next.is_none()) {
            return Err("a list that said more follows ends with an empty page".to_owned());
        }
        let Some(next) = next else { return Ok(false) };
        if page.data.is_empty() {
            return Err("a page without rows says that more follow".to_owned());
        }
        if self.seen.len() >= MAX_PAGES {
            return Err(format!("a list of more than {MAX_PAGES} pages"));
        }
        if next == FIRST_CURSOR || !self.seen.insert(next.to_owned()) {
            return Err(format!("the cursor `{next:.40}` a second time"));
        }
        self.full = page.limit.is_some_and(|limit| page.data.len() >= limit as usize);
        self.cursor = Some(next.to_owned());
        Ok(true)
    }
}

/// A request before it is signed.
#[derive(Clone, Debug)]
struct Plain {
    label: &'static str,
    kind: CallKind,
    method: Method,
    path: Cow<'static, str>,
    query: String,
    /// Empty once it was handed out.
    body: Vec<u8>,
    spend: Spend,
}

impl Plain {
    fn write(label: &'static str, kind: CallKind, method: Method, path: &'static str, spend: Spend) -> Self {
        Self { label, kind, method, path: Cow::Borrowed(path), query: String::new(), body: Vec::new(), spend }
    }

    fn read(label: &'static str, path: &'static str) -> Self {
        Self::write(label, CallKind::Read, Method::Get, path, Spend::Nothing)
    }

    fn body(self, body: Vec<u8>) -> Self {
        Self { body, ..self }
    }

    fn segment(mut self, segment: &str) -> Self {
        let path = self.path.to_mut();
        path.push('/');
        percent_encode(segment, path);
        self
    }

    fn param(mut self, name: &str, value: &str) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(name);
        self.query.push('=');
        percent_encode(value, &mut self.query);
        self
    }

    fn page(self, pages: &Pages) -> Self {
        self.param("next_cursor", pages.cursor.as_deref().unwrap_or(FIRST_CURSOR))
    }

    fn lane(&self) -> Lane {
        match (self.kind, self.method) {
            (CallKind::Read, _) => Lane::Read,
            (_, Method::Delete) => Lane::Cancel,
            (CallKind::Post | CallKind::Idempotent, _) => Lane::Order,
        }
    }

    fn target(&self) -> (Service, &'static limits::Method, &str) {
        let method = match self.method {
            Method::Get => &limits::Method::GET,
            Method::Post => &limits::Method::POST,
            Method::Put => &limits::Method::PUT,
            Method::Delete => &limits::Method::DELETE,
        };
        (Service::Clob, method, &self.path)
    }
}

/// The gateway. See the module's head.
pub struct PolymarketGateway {
    wallet: Wallet,
    creds: ApiCreds,
    clock: ClockOffset,
    config: PolymarketConfig,
    limits: Limits,
    listings: BTreeMap<MarketTicker, Listing>,
    tokens: TokenMap,
    calls: Calls<(Work, Plain)>,
    parked: Parked<(Read, Plain)>,
}

impl std::fmt::Debug for PolymarketGateway {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("PolymarketGateway")
            .field("wallet", &self.wallet.address())
            .field("markets", &self.listings.len())
            .field("calls", &self.calls.waiting())
            .finish_non_exhaustive()
    }
}

impl PolymarketGateway {
    /// A gateway for this wallet and its API credentials, which trades nothing yet.
    pub fn new(wallet: Wallet, creds: ApiCreds, config: PolymarketConfig) -> Self {
        let mut limits = Limits::new(Duration::ZERO);
        let told = Told { tier: Some(config.tier), ..Told::default() };
        limits.told(Duration::ZERO, Spend::Nothing, told);
        Self {
            wallet,
            creds,
            clock: ClockOffset::default(),
            config,
            limits,
            listings: BTreeMap::new(),
            tokens: TokenMap::new(),
            calls: Calls::new(),
            parked: Parked::new(),
        }
    }

    /// Lists a market, or takes over what the venue now says of it. Its orders and tokens are unknown before.
    pub fn list(&mut self, listing: Listing) {
        self.tokens.insert(listing.tokens());
        self.listings.insert(listing.ticker.clone(), listing);
    }

    /// What answers say about our clock.
    pub const fn clock_offset(&self) -> ClockOffset {
        self.clock
    }

    /// Calls that wait for an outcome.
    pub fn calls_waiting(&self) -> usize {
        self.calls.waiting()
    }

    // --- Sending ----------------------------------------------------------------------------------------------------

    /// Takes what a call spends, or says how long to wait.
    fn pay(&mut self, now: Timestamp, plain: &Plain) -> Result<(), Duration> {
        match self.limits.take(steady(now), plain.target(), plain.spend) {
            // A bucket smaller than one request: let the venue be the judge.
            Ok(()) | Err(Shortage::TooLarge { .. }) => Ok(()),
            Err(Shortage::Wait(wait)) => Err(wait),
        }
    }

    /// Signs a call and hands it out.
    fn call(&mut self, now: Timestamp, work: Work, mut plain: Plain, out: &mut Vec<Action>) {
        let offset = self.clock.nanos();
        let seconds = Timestamp::from_nanos(now.nanos().saturating_add(offset)).secs();
        let seconds = u64::try_from(seconds).unwrap_or_default();
        let address = self.wallet.address();
        let signed = l2_headers(&self.creds, address, seconds, plain.method.as_str(), &plain.path, &plain.body);
        let headers = signed.pairs().iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let lane = plain.lane();
        let timeout = if lane == Lane::Read { self.config.read_timeout } else { self.config.write_timeout };
        let (method, deadline, body) = (plain.method, now.plus(timeout), std::mem::take(&mut plain.body));
        let target =
            if plain.query.is_empty() { plain.path.to_string() } else { format!("{}?{}", plain.path, plain.query) };
        let id = self.calls.open(Pending { work: (work, plain), sent: now, deadline, offset });
        out.push(Action::Call(HttpCall { id, lane, host: Host::Clob, method, target, headers, body, deadline }));
    }

    /// Sends a write, or answers at once why it does not leave.
    fn write(&mut self, now: Timestamp, request: RequestId, write: Write, plain: Plain, out: &mut Vec<Action>) {
        if !self.config.permit.writes() {
            return answer(request, rejected(RejectCode::Fatal, FORBIDDEN), out);
        }
        if let Err(wait) = self.pay(now, &plain) {
            let told = Answer::NotNow { why: NotNow::RateLimited, retry_after: Some(wait) };
            return answer(request, told, out);
        }
        self.call(now, Work::Write(request, write), plain, out);
    }

    /// Makes a read, now or when the rate limit lets it.
    fn read(&mut self, now: Timestamp, read: Read, plain: Plain, out: &mut Vec<Action>) {
        match self.pay(now, &plain) {
            Ok(()) => self.call(now, Work::Read(read), plain, out),
            Err(wait) => self.parked.park(now.plus(wait), (read, plain)),
        }
    }

    fn listing(&self, market: &MarketTicker) -> Result<&Listing, (RejectCode, String)> {
        self.listings.get(market).ok_or_else(|| {
            (RejectCode::Other, format!("expected a market that the gateway was told of, found {market}"))
        })
    }

    fn build(&self, place: &PlaceOrder, listing: &Listing) -> Result<Prepared, BuildError> {
        let maker = Maker { wallet: &self.wallet, chain: self.config.chain, builder: alloy_primitives::B256::ZERO };
        let leg = match place.funding {
            Funding::Cash => Leg::Buy,
            // Risk has seen to it that so many are held and free.
            Funding::Holdings => Leg::Sell { held: place.new.qty },
        };
        prepare(&place.new, leg, listing, maker, place.created)
    }

    /// The order in the venue's terms, by the listing's price step, else by the coarsest one that holds its price.
    fn prepare(&self, place: &PlaceOrder) -> Result<Prepared, (RejectCode, String)> {
        let listing = self.listing(&place.new.market)?;
        let first = match self.build(place, listing) {
            Ok(prepared) => return Ok(prepared),
            Err(error) => error,
        };
        if is_off_grid(&first) {
            for tick in TickSize::ALL.into_iter().rev() {
                if let Ok(prepared) = self.build(place, &Listing { tick, ..listing.clone() }) {
                    return Ok(prepared);
                }
            }
        }
        Err((refusals::of_build(&first), first.to_string()))
    }

    /// Every name that an order can have had, the likeliest first.
    fn hashes(&self, lookup: &Lookup) -> Result<Vec<VenueOrderId>, String> {
        if let Some(known) = &lookup.venue_id {
            return Ok(vec![known.clone()]);
        }
        let listing = self.listing(&lookup.placed.new.market).map_err(|(_, why)| why)?;
        let mut hashes = Vec::new();
        let mut why = String::new();
        for tick in std::iter::once(listing.tick).chain(TickSize::ALL.into_iter().rev()) {
            // The least size may have changed since as well.
            let listing = Listing { tick, min_size: Qty::ZERO, ..listing.clone() };
            match self.build(&lookup.placed, &listing) {
                Ok(prepared) => {
                    let hash = name_of(&prepared)?;
                    if !hashes.contains(&hash) {
                        hashes.push(hash);
                    }
                }
                Err(error) if why.is_empty() => why = error.to_string(),
                Err(_) => {}
            }
        }
        if hashes.is_empty() { Err(why) } else { Ok(hashes) }
    }

    fn on_request(&mut self, now: Timestamp, request: RequestId, body: &Request, out: &mut Vec<Action>) {
        match body {
            Request::Place(place) => match self.prepare(place.get()) {
                Ok(prepared) => {
                    let body = order_body::write(&prepared.signed, self.creds.key(), prepared.terms).into_bytes();
                    let plain = Plain::write("POST /order", CallKind::Post, Method::Post, "/order", Spend::Orders(1));
                    self.write(now, request, Write::Place(Box::new(prepared)), plain.body(body), out);
                }
                Err((code, text)) => answer(request, rejected(code, &text), out),
            },
            Request::Amend(_)
            | Request::DecreaseTo { .. }
            | Request::CreateGroup { .. }
            | Request::ResetGroup { .. } => {
                let text = "the venue changes no resting orders and has no order groups";
                answer(request, rejected(RejectCode::Other, text), out);
            }
            Request::Cancel { venue_id, .. } => {
                let body = serde_json::to_vec(&CancelOrderRequest { order_id: venue_id.to_string() });
                let body = body.expect("a text is JSON");
                let plain =
                    Plain::write("DELETE /order", CallKind::Idempotent, Method::Delete, "/order", Spend::Cancels(1));
                self.write(now, request, Write::Cancel(venue_id.clone()), plain.body(body), out);
            }
            Request::CancelAll => {
                let (label, path) = ("DELETE /cancel-all", "/cancel-all");
                let plain = Plain::write(label, CallKind::Idempotent, Method::Delete, path, Spend::Cancels(1));
                self.write(now, request, Write::CancelAll, plain, out);
            }
            Request::Lookup(lookup) => {
                let hashes = match self.hashes(lookup) {
                    Ok(hashes) if hashes.iter().all(|hash| names_something(hash.as_str())) => hashes,
                    Ok(_) => return answer(request, in_doubt("expected an order's hash, found no name"), out),
                    Err(why) => return answer(request, in_doubt(&why), out),
                };
                let search = Search {
                    request,
                    lookup: lookup.clone(),
                    as_of: self.reads_as_of(now),
                    hashes,
                    asked: 0,
                    pages: Pages::default(),
                    traded: BTreeMap::new(),
                };
                self.ask_order(now, search, out);
            }
        }
    }

    /// What reads that are asked for now are true for at least, by the venue's clock as far as it is known.
    fn reads_as_of(&self, now: Timestamp) -> Timestamp {
        // Ours may be ahead of the venue's: the earlier of the two promises less.
        let theirs = Timestamp::from_nanos(now.nanos().saturating_add(self.clock.nanos()));
        now.min(theirs).minus(self.config.read_lag)
    }

    // --- Lookups ----------------------------------------------------------------------------------------------------

    fn ask_order(&mut self, now: Timestamp, search: Search, out: &mut Vec<Action>) {
        let plain = Plain::read("GET /data/order", "/data/order").segment(search.hashes[search.asked].as_str());
        self.read(now, Read::Order(Box::new(search)), plain, out);
    }

    fn ask_trades(&mut self, now: Timestamp, search: Search, out: &mut Vec<Action>) {
        let plain = self.trades_call(search.lookup.placed.created, &search.pages);
        self.read(now, Read::Trades(Box::new(search)), plain, out);
    }

    /// Unfiltered by market and token, which would hide a maker's part of a mint or a merge.
    fn trades_call(&self, since: Timestamp, pages: &Pages) -> Plain {
        let theirs = Timestamp::from_nanos(since.nanos().saturating_add(self.clock.nanos()));
        let since = since.min(theirs).minus(SLACK).secs().max(0).to_string();
        Plain::read("GET /data/trades", "/data/trades").param("after", &since).page(pages)
    }

    /// What the read of the order by a hash says; nothing when it does not show it.
    fn on_order(&mut self, now: Timestamp, mut search: Search, shown: Option<(u16, &[u8])>, out: &mut Vec<Action>) {
        // A finished order answers null, an empty text or an empty object after a while.
        let shown = shown.filter(|(_, body)| !matches!(body.trim_ascii(), b"" | b"null" | b"{}" | b"\"\""));
        let Some((status, body)) = shown else {
            search.asked += 1;
            if search.asked < search.hashes.len() {
                return self.ask_order(now, search, out);
            }
            return self.ask_trades(now, search, out);
        };
        let told = read::<OpenOrder>(status, body, &ORDER_TEXTS).and_then(|order| {
            let asked = &search.hashes[search.asked];
            if !order.id.eq_ignore_ascii_case(asked.as_str()) {
                return Err(format!("expected order {asked}, found `{:.80}`", order.id));
            }
            self.standing(&order)
        });
        answer(search.request, told.map_or_else(|why| in_doubt(&why), Answer::Found), out);
    }

    /// An order as a read shows it, in whatever state.
    fn standing(&self, order: &OpenOrder) -> Result<OrderUpdate, String> {
        let mut update = open_order(order, &self.tokens).map_err(|error| error.to_string())?;
        let (status, remaining) = match &order.status {
            clob::OrderStatus::Live | clob::OrderStatus::Delayed | clob::OrderStatus::Unmatched => {
                (OrderStatus::Resting, update.remaining)
            }
            clob::OrderStatus::Matched => (OrderStatus::Executed, Qty::ZERO),
            clob::OrderStatus::Canceled | clob::OrderStatus::CanceledMarketResolved | clob::OrderStatus::Invalid => {
                (OrderStatus::Canceled, Qty::ZERO)
            }
            clob::OrderStatus::Other(word) if word.starts_with("CANCELED") => (OrderStatus::Canceled, Qty::ZERO),
            clob::OrderStatus::Other(word) => {
                return Err(format!("expected a status of the venue's, found `{word:.64}`"));
            }
        };
        (update.status, update.remaining) = (status, remaining);
        Ok(update)
    }

    /// An order that is not shown and has trades was filled as far as they say, and is over.
    fn on_trades(&mut self, now: Timestamp, mut search: Search, status: u16, body: &[u8], out: &mut Vec<Action>) {
        let more = read::<clob::Page<clob::Trade>>(status, body, &TRADE_TEXTS).and_then(|page| {
            for trade in &page.data {
                self.count_trade(&mut search, trade)?;
            }
            search.pages.follow(&page)
        });
        match more {
            Err(why) => answer(search.request, in_doubt(&why), out),
            Ok(true) => self.ask_trades(now, search, out),
            Ok(false) => answer(search.request, by_trades(&search), out),
        }
    }

    fn count_trade(&self, search: &mut Search, trade: &clob::Trade) -> Result<(), String> {
        let names =
            trade.maker_orders.iter().map(|maker| maker.order_id.as_str()).chain([trade.taker_order_id.as_str()]);
        let ours = |name: &str| search.hashes.iter().any(|hash| hash.as_str().eq_ignore_ascii_case(name));
        if !names.into_iter().any(ours) {
            return Ok(());
        }
        let fills = own_fills(&UserTrade::from(trade.clone()), self.creds.key(), &self.tokens);
        for fill in fills.map_err(|error| error.to_string())? {
            let hash = search.hashes.iter().find(|hash| hash.as_str().eq_ignore_ascii_case(fill.order.as_str()));
            if let Some(hash) = hash.cloned() {
                search.traded.insert((hash, fill.trade.to_string()), fill.qty);
            }
        }
        Ok(())
    }

    // --- Outcomes ---------------------------------------------------------------------------------------------------

    /// What an outcome means for a write.
    fn judge(&self, write: &Write, pending: &Pending<(Work, Plain)>, outcome: &Outcome) -> Answer {
        match outcome {
            Outcome::NotSent(_) => Answer::NotNow { why: NotNow::NotSent, retry_after: None },
            Outcome::Silent(why) => in_doubt(why),
            Outcome::Answered { status: status @ 200..=299, body, .. } => done(write, *status, body),
            Outcome::Answered { status, retry_after, body, .. } => {
                let plain = &pending.work.1;
                refusal(plain.label, plain.kind, *status, *retry_after, body, self.is_mended(pending))
            }
        }
    }

    /// Whether the clock was corrected since a call was signed.
    fn is_mended<W>(&self, pending: &Pending<W>) -> bool {
        self.clock.nanos().abs_diff(pending.offset) > CLOCK_STEP
    }

    fn on_read(
        &mut self,
        now: Timestamp,
        pending: &Pending<(Work, Plain)>,
        read: Read,
        outcome: Outcome,
        out: &mut Vec<Action>,
    ) {
        let (status, body) = match outcome {
            Outcome::NotSent(_) => {
                return give_up(&read, Answer::NotNow { why: NotNow::NotSent, retry_after: None }, out);
            }
            Outcome::Silent(why) => return give_up(&read, in_doubt(&why), out),
            Outcome::Answered { status: status @ 200..=299, body, .. } => (status, body),
            Outcome::Answered { status, retry_after, body, .. } => {
                let plain = &pending.work.1;
                let error = ClobError::new(plain.label, plain.kind, status, &text_of(&body));
                // An order that is not known by its hash may have traded and be over.
                return match read {
                    Read::Order(search) if status == 404 && error.body.is_some() => {
                        self.on_order(now, *search, None, out);
                    }
                    read => {
                        let mended = self.is_mended(pending);
                        give_up(&read, refusal(plain.label, plain.kind, status, retry_after, &body, mended), out);
                    }
                };
            }
        };
        match read {
            Read::Order(search) => self.on_order(now, *search, Some((status, &body)), out),
            Read::Trades(search) => self.on_trades(now, *search, status, &body, out),
            Read::Account(reading) => self.on_account_part(now, *reading, status, &body, out),
        }
    }
}

fn answer(request: RequestId, answer: Answer, out: &mut Vec<Action>) {
    out.push(Action::Input(Input::Answer { venue: Venue::Polymarket, request, answer }));
}

/// Ends a read that leads nowhere.
fn give_up(read: &Read, told: Answer, out: &mut Vec<Action>) {
    match read {
        Read::Order(search) | Read::Trades(search) => answer(search.request, told, out),
        Read::Account(_) => {
            let reason = match told {
                Answer::InDoubt { why } => why,
                Answer::Rejected(reject) => reject.text,
                other => format!("{other:?}"),
            };
            out.push(Action::Input(Input::AccountUnread { venue: Venue::Polymarket, reason }));
        }
    }
}

fn is_off_grid(error: &BuildError) -> bool {
    matches!(error, BuildError::Amounts(AmountsError::OffGrid { .. }))
}

fn name_of(prepared: &Prepared) -> Result<VenueOrderId, String> {
    VenueOrderId::new(&prepared.hash.to_string()).map_err(|error| error.to_string())
}

/// What the trades of an order that is not shown say of it.
fn by_trades(search: &Search) -> Answer {
    let Some(((order, _), _)) = search.traded.first_key_value() else {
        return Answer::NotFound { as_of: search.as_of };
    };
    let sum = search.traded.values().try_fold(Qty::ZERO, |sum, qty| sum.checked_add(*qty));
    let Some(filled) = sum else { return in_doubt("its trades add up to more than can be") };
    let new = &search.lookup.placed.new;
    let whole = new.qty.saturating_sub(filled).micros() <= SHORT;
    Answer::Found(OrderUpdate {
        order: order.clone(),
        client_order_id: Some(new.client_order_id.clone()),
        market: new.market.clone(),
        side: new.side,
        price: new.price,
        status: if whole { OrderStatus::Executed } else { OrderStatus::Canceled },
        filled,
        remaining: Qty::ZERO,
        reason: Some("by its trades".to_owned()),
    })
}

/// What a success means for a write. One that cannot be read took effect all the same.
fn done(write: &Write, status: u16, body: &[u8]) -> Answer {
    match write {
        Write::Place(prepared) => posted(prepared, status, body),
        Write::Cancel(order) => match read::<CancelReply>(status, body, &[]) {
            Ok(reply) => canceled(order, &reply),
            Err(why) => in_doubt(&why),
        },
        Write::CancelAll => match read::<Value>(status, body, &[]) {
            Ok(reply) if reply.get("canceled").is_some_and(Value::is_array) => Answer::CanceledAll,
            Ok(_) => in_doubt("expected what was canceled, found something else"),
            Err(why) => in_doubt(&why),
        },
    }
}

/// What the answer to a cancel says: an order that is named nowhere, or with a reason that is not known, may still rest.
fn canceled(order: &VenueOrderId, reply: &CancelReply) -> Answer {
    let is_it = |name: &str| name.eq_ignore_ascii_case(order.as_str());
    if reply.canceled.iter().any(|name| is_it(name)) {
        return Answer::Canceled { reduced_by: None };
    }
    let Some((_, reason)) = reply.not_canceled.iter().find(|(name, _)| is_it(name)) else {
        return in_doubt("the answer to a cancel names another order, or none");
    };
    let lower = reason.to_ascii_lowercase();
    let gone = [text::NOT_FOUND_OR_CANCELED, text::CANCELED_OR_MATCHED, "not found", "already canceled", "matched"];
    if gone.iter().any(|known| lower.contains(&known.to_ascii_lowercase())) {
        Answer::Gone
    } else {
        in_doubt(&format!("not canceled: {reason}"))
    }
}

/// What the answer to a posting says.
///
/// Source: reference, section 7.3: an order id and no message mean accepted, whatever `success` says.
fn posted(prepared: &Prepared, status: u16, body: &[u8]) -> Answer {
    let order = match name_of(prepared) {
        Ok(order) => order,
        Err(why) => return in_doubt(&why),
    };
    let told = serde_json::from_slice::<Value>(body).ok();
    let member = |name: &str| told.as_ref().and_then(|told| told.get(name)?.as_str());
    let is_ours = member("orderID").is_some_and(|id| id.eq_ignore_ascii_case(order.as_str()));
    let silent = member("errorMsg").is_some_and(str::is_empty);
    let reply = match read::<PostOrderReply>(status, body, &POST_TEXTS) {
        Ok(reply) => reply,
        // It says which order, and that nothing was wrong with it; only its numbers say nothing.
        Err(_) if is_ours && silent => return Answer::PlacedUnclear { order },
        Err(why) => return in_doubt(&why),
    };
    if member("orderID").is_none() && member("errorMsg").is_none() {
        return in_doubt("the answer to a posting names neither an order nor an error");
    }
    if !reply.accepted() {
        let error = ClobError::of_item("POST /order", &reply.error_msg);
        if reply.error_msg.is_empty() || is_ours && error.error_kind() == ErrorKind::Other {
            return in_doubt(&format!("neither accepted nor refused: `{}`", cut(&reply.error_msg)));
        }
        return refusals::of_error(&error, CallKind::Post, None, false);
    }
    if !is_ours {
        return in_doubt(&format!("the venue answered with another order, {:.80}", reply.order_id));
    }
    filled(prepared, order, &reply)
}

/// How much of an accepted order filled at once, where the answer says so.
fn filled(prepared: &Prepared, order: VenueOrderId, reply: &PostOrderReply) -> Answer {
    let shares = match prepared.side {
        Side::Buy => reply.taking_amount,
        Side::Sell => reply.making_amount,
    };
    let filled = shares.and_then(|it| u64::try_from(it.micros()).ok()).and_then(Qty::from_micros);
    let rests = prepared.terms.kind.rests();
    let filled = match (&reply.status, filled) {
        (PostStatus::Live | PostStatus::Unmatched, None) if rests => Qty::ZERO,
        (PostStatus::Live | PostStatus::Unmatched, Some(filled)) if rests => filled,
        (PostStatus::Matched, Some(filled)) => filled,
        // Delayed, a word that is not known, or no amounts: it may still match.
        _ => return Answer::PlacedUnclear { order },
    };
    let Some(remaining) = total(prepared).checked_sub(filled) else { return Answer::PlacedUnclear { order } };
    let remaining = if rests && remaining.micros() > SHORT { remaining } else { Qty::ZERO };
    Answer::Placed { order, filled, remaining }
}

/// Shares that an order is for.
fn total(prepared: &Prepared) -> Qty {
    let order = &prepared.signed.order;
    let amount = match prepared.side {
        Side::Buy => order.taker_amount,
        Side::Sell => order.maker_amount,
    };
    Qty::from_micros(amount).unwrap_or(Qty::MAX)
}

impl Gateway for PolymarketGateway {
    fn venue(&self) -> Venue {
        Venue::Polymarket
    }

    fn on_command(&mut self, now: Timestamp, command: &Command, out: &mut Vec<Action>) {
        match command {
            Command::Send { venue: Venue::Polymarket, request, body } => self.on_request(now, *request, body, out),
            Command::Reconcile { venue: Venue::Polymarket, asked, fills_since } => {
                let tokens =
                    self.listings.keys().rev().flat_map(|market| [(market.clone(), false), (market.clone(), true)]);
                let reading = Reading::new(*asked, *fills_since, self.reads_as_of(now), tokens.collect());
                self.ask_account(now, reading, out);
            }
            Command::Send { .. } | Command::Reconcile { .. } | Command::WakeAt(_) | Command::Alert(_) => {}
        }
    }

    fn on_outcome(&mut self, now: Timestamp, call: CallId, outcome: Outcome, out: &mut Vec<Action>) {
        let (pending, before) = match self.calls.take(call) {
            Known::First(pending) => (pending, None),
            Known::Again(ended) => (ended.pending, Some(ended.told)),
            Known::Unknown => {
                let text = format!("polymarket: an outcome of call {} that nobody waits for", call.0);
                return out.push(Action::Notice(text));
            }
        };
        if let Outcome::Answered { status, date, retry_after, .. } = &outcome {
            if let Some(date) = date {
                self.clock.observe(pending.sent, now, *date);
            }
            if *status == 429 {
                let plain = &pending.work.1;
                self.limits.refused(steady(now), plain.target(), plain.spend, *retry_after);
            }
        }
        match (pending.work.0.clone(), before) {
            (Work::Write(request, write), before) => {
                let told = self.judge(&write, &pending, &outcome);
                let says_more = matches!(outcome, Outcome::Answered { .. });
                match before {
                    None => answer(request, told.clone(), out),
                    Some(Some(known)) if !says_more || known == told => {
                        self.calls.end(call, pending, Some(known));
                        if says_more {
                            let text = format!("polymarket: the answer to {request} came again and says the same");
                            out.push(Action::Notice(text));
                        }
                        return;
                    }
                    Some(known) => {
                        let text =
                            format!("polymarket: {request} was answered with {known:?}, and later with {told:?}");
                        out.push(Action::Notice(text));
                        answer(request, told.clone(), out);
                    }
                }
                self.calls.end(call, pending, Some(told));
            }
            (Work::Read(read), None) => {
                self.calls.end(call, pending.clone(), None);
                self.on_read(now, &pending, read, outcome, out);
            }
            (Work::Read(_), Some(_)) => {
                if matches!(outcome, Outcome::Answered { .. }) {
                    out.push(Action::Notice(format!("polymarket: the answer to the read {} came late", call.0)));
                }
                self.calls.end(call, pending, None);
            }
        }
    }

    fn on_timer(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        for id in self.calls.overdue(now) {
            self.on_outcome(now, id, Outcome::Silent("no outcome within the deadline".to_owned()), out);
        }
        while let Some((read, plain)) = self.parked.due(now) {
            self.read(now, read, plain, out);
        }
    }

    fn learn_clock(&mut self, offset: i64) {
        self.clock.set(offset);
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        self.calls.next_overdue().into_iter().chain(self.parked.next()).min()
    }

    /// The venue's listing says more than an instrument does: see [`PolymarketGateway::list`]. What may change is the step.
    fn learn(&mut self, instrument: &Instrument) {
        let Some(listing) = self.listings.get_mut(&instrument.market.ticker) else { return };
        if instrument.venue() == Venue::Polymarket
            && let [band] = instrument.market.grid.bands()
            && let Some(tick) = TickSize::from_price(band.step)
        {
            listing.tick = tick;
        }
    }
}
