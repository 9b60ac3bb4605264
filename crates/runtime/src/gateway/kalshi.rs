//! Kalshi's gateway: commands to signed requests, answers to the engine's words.
//!
//! Nothing is repeated here: what may be asked again, and when, is the engine's to decide. A write that finds the local buckets
//! empty is answered at once; a read waits. Orders leave a reserve of the write bucket untouched, so that cancels never wait for
//! them. Reads that take several requests are asked in an order that makes them mean something: first the moment that all of
//! them are true for, then the rest; a page that cannot be read fails the whole, as half a list looks like orders that have
//! vanished.
//!
//! Source: reference (Kalshi), sections 3 to 5, 8, 9 and 12.1, 2026-11-20.

mod account;
mod refusals;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use brier_connect::clock::ClockOffset;
use brier_connect::http::percent_encode;
use brier_engine::{Answer, Command, Input, Instrument, Lookup, NotNow, RejectCode, Request, RequestId};
use brier_kalshi::bucket::{Buckets, Scope, Shortage};
use brier_kalshi::keys::Credentials;
use brier_kalshi::order_path::{HeaderRing, RingConfig, RingError, SharedRing, create_body};
use brier_kalshi_protocol::costs::{Bucket, Cost, CostTable};
use brier_kalshi_protocol::rest::{
    self, AmendOrderV2Request, AmendOrderV2Response, CancelOrderV2Response, CreateOrderGroupRequest,
    CreateOrderGroupResponse, CreateOrderV2Response, DecreaseOrderV2Request, DecreaseOrderV2Response,
    GetAccountApiLimitsResponse, GetAccountEndpointCostsResponse, GetOrderResponse, GetOrdersResponse,
    GetUserDataTimestampResponse, Operation,
};
use brier_types::{ClientOrderId, MarketTicker, Money, OrderGroupId, Qty, Timestamp, Venue, VenueOrderId};
use serde::Serialize;
use serde_json::Value;

use super::calls::{Calls, Known, Parked, Pending, steady};
use super::permit::{FORBIDDEN, Permit};
use super::{
    Action, CallId, Gateway, Host, HttpCall, Lane, Method, Outcome, in_doubt, names_something, read, rejected, text_of,
};
use account::Reading;
use refusals::refusal;

/// Most pages of one list: beyond them something is wrong with the list.
const MAX_PAGES: u32 = 200;
/// Rows of a full page.
const PAGE: usize = 1_000;
/// Room for the body of a usual order.
const CREATE_BODY: usize = 384;
/// Lists are asked for from this much earlier: filters count whole seconds, and the venue's clock is known to a second.
const SLACK: Duration = Duration::from_secs(3);
/// From this much on a corrected clock is another clock.
const CLOCK_STEP: u64 = 500_000_000;
/// Members of answers that hold fixed-point texts.
const TEXTS: [&str; 5] = ["fill_count", "remaining_count", "reduced_by", "average_fill_price", "average_fee_paid"];
/// The same of orders as they are read.
const ORDER_TEXTS: [&str; 5] =
    ["yes_price_dollars", "no_price_dollars", "fill_count_fp", "remaining_count_fp", "initial_count_fp"];

/// What bounds the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KalshiConfig {
    /// Whether writes may leave.
    pub permit: Permit,
    /// How long a write may take until its effect is in doubt.
    pub write_timeout: Duration,
    /// How long a read may take.
    pub read_timeout: Duration,
    /// Capacity of the read bucket, and what it gains a second, in tokens.
    pub reads: (u32, u32),
    /// The same of the write bucket of each shard.
    pub writes: (u32, u32),
    /// Tokens of the write bucket that orders and changes leave to cancels.
    pub cancel_reserve: u32,
}

impl KalshiConfig {
    /// Usual bounds, with the buckets of the lowest tier until the account's own are learned.
    pub const fn new(permit: Permit) -> Self {
        Self {
            permit,
            write_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(10),
            reads: (600, 200),
            writes: (100, 100),
            cancel_reserve: 20,
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
    Place { id: ClientOrderId, qty: Qty },
    Amend { order: VenueOrderId, total: Qty },
    Decrease { order: VenueOrderId },
    Cancel { order: VenueOrderId },
    CancelAll,
    CreateGroup,
    ResetGroup { group: OrderGroupId },
}

/// A step of a read, which may lead to another.
#[derive(Clone, Debug)]
enum Read {
    /// The moment that a lookup's reads are true for.
    Moment(RequestId, Box<Lookup>),
    /// The order itself, by the venue's name.
    One(RequestId, Box<Lookup>, Timestamp),
    /// A page of the market's orders, in search of our name.
    Page(Box<Search>),
    /// A part of an account's reads.
    Account(Box<Reading>),
}

/// An order that is looked for by our name.
#[derive(Clone, Debug)]
struct Search {
    request: RequestId,
    lookup: Lookup,
    as_of: Timestamp,
    pages: Pages,
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
    /// Takes a page's rows and cursor: whether another page follows.
    ///
    /// # Errors
    /// When the list goes in circles, does not end, or ends where it said that more follows.
    fn follow(&mut self, rows: usize, cursor: String) -> Result<bool, String> {
        if rows == 0 && !(self.cursor.is_none() || self.full && cursor.is_empty()) {
            return Err("a list that said more follows ends with an empty page".to_owned());
        }
        if cursor.is_empty() {
            return Ok(false);
        }
        if rows == 0 {
            return Err("a page without rows says that more follow".to_owned());
        }
        if self.seen.len() >= MAX_PAGES as usize {
            return Err(format!("a list of more than {MAX_PAGES} pages"));
        }
        if !self.seen.insert(cursor.clone()) {
            return Err(format!("the cursor `{cursor:.40}` a second time"));
        }
        self.full = rows >= PAGE;
        self.cursor = Some(cursor);
        Ok(true)
    }
}

/// A request before it is signed.
#[derive(Clone, Debug)]
struct Plain {
    operation: Operation,
    path: String,
    query: String,
    body: Vec<u8>,
    /// Whose write bucket pays.
    scope: Scope,
}

impl Plain {
    fn new(operation: Operation, parts: &[&str]) -> Self {
        let path = operation.path(parts);
        Self { operation, path, query: String::new(), body: Vec::new(), scope: Scope::Write(0) }
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

    /// Where the page starts.
    fn page(self, pages: &Pages) -> Self {
        let paged = self.param("limit", &PAGE.to_string());
        match &pages.cursor {
            Some(cursor) => paged.param("cursor", cursor),
            None => paged,
        }
    }

    fn json(self, value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).expect("wire types are strings and numbers, which are JSON");
        Self { body, ..self }
    }

    fn scope(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    fn lane(&self) -> Lane {
        match self.operation.method() {
            rest::Method::Get => Lane::Read,
            rest::Method::Delete => Lane::Cancel,
            rest::Method::Post | rest::Method::Put => Lane::Order,
        }
    }
}

/// What is kept of a request once it was handed out.
#[derive(Clone, Copy, Debug)]
struct Sent {
    operation: Operation,
    /// Whose write bucket paid.
    scope: Scope,
}

/// The gateway. See the module's head.
#[derive(Debug)]
pub struct KalshiGateway {
    credentials: Credentials,
    /// Headers for new orders that were signed ahead, if they are.
    ring: Option<SharedRing>,
    clock: ClockOffset,
    config: KalshiConfig,
    buckets: Buckets,
    costs: CostTable,
    /// Of a new order, out of the table.
    create_cost: Cost,
    shards: BTreeMap<MarketTicker, u32>,
    calls: Calls<(Work, Sent)>,
    parked: Parked<(Read, Plain)>,
}

impl KalshiGateway {
    /// A gateway that signs with these credentials.
    pub fn new(credentials: Credentials, config: KalshiConfig) -> Self {
        let mut buckets = Buckets::basic(Duration::ZERO);
        buckets.configure(Duration::ZERO, config.reads, config.writes);
        let costs = CostTable::reference();
        Self {
            credentials,
            ring: None,
            clock: ClockOffset::default(),
            config,
            buckets,
            create_cost: create_cost(&costs),
            costs,
            shards: BTreeMap::new(),
            calls: Calls::new(),
            parked: Parked::new(),
        }
    }

    /// From now on headers for new orders are taken from a ring with these bounds, and signed at once when it has none near the
    /// venue's time. Whoever gets the ring keeps it full; see [`SharedRing::keep_full`].
    ///
    /// # Errors
    /// [`RingError`] when a bound is out of its own bounds.
    pub fn sign_ahead(&mut self, config: RingConfig) -> Result<SharedRing, RingError> {
        let ring = SharedRing::new(HeaderRing::new(self.credentials.clone(), Operation::CreateOrder, config)?);
        self.ring = Some(ring.clone());
        Ok(ring)
    }

    /// Follows what `GET /account/limits` says of the account's buckets.
    pub fn learn_limits(&mut self, now: Timestamp, limits: &GetAccountApiLimitsResponse) {
        let of = |bucket: &rest::BucketLimit| (bucket.bucket_capacity, bucket.refill_rate);
        self.buckets.configure(steady(now), of(&limits.read), of(&limits.write));
    }

    /// Follows what `GET /account/endpoint_costs` says.
    pub fn learn_costs(&mut self, costs: GetAccountEndpointCostsResponse) {
        self.costs = CostTable::from_response(costs);
        self.create_cost = create_cost(&self.costs);
    }

    /// What answers say about our clock.
    pub const fn clock_offset(&self) -> ClockOffset {
        self.clock
    }

    /// Calls that wait for an outcome.
    pub fn calls_waiting(&self) -> usize {
        self.calls.waiting()
    }

    fn scope_of(&self, market: &MarketTicker) -> Scope {
        self.shards.get(market).map_or(Scope::WriteRouted, |shard| Scope::Write(*shard))
    }

    fn index_of(&self, market: &MarketTicker) -> Option<i32> {
        self.shards.get(market).and_then(|shard| i32::try_from(*shard).ok())
    }

    // --- Sending ----------------------------------------------------------------------------------------------------

    /// Takes what a call costs, or says how long to wait. Orders leave cancels their reserve.
    fn pay(&mut self, now: Timestamp, plain: &Plain) -> Result<(), Duration> {
        let cost = match plain.operation {
            Operation::CreateOrder => self.create_cost,
            operation => self.costs.cost(operation.method(), &plain.path, 1),
        };
        let scope = match cost.bucket {
            Bucket::Read => Scope::Read,
            Bucket::Write => plain.scope,
        };
        let now = steady(now);
        if plain.lane() == Lane::Order {
            let reserve = self.config.cancel_reserve;
            let held = match self.buckets.check(now, scope, cost.tokens.saturating_add(reserve)) {
                // A bucket too small for a reserve has none.
                Err(Shortage::TooLarge { .. }) | Ok(()) => None,
                Err(Shortage::Wait(wait)) => Some(wait),
            };
            if let Some(wait) = held {
                return Err(wait);
            }
        }
        match self.buckets.take(now, scope, cost.tokens) {
            // A bucket smaller than one request: let the venue be the judge.
            Ok(()) | Err(Shortage::TooLarge { .. }) => Ok(()),
            Err(Shortage::Wait(wait)) => Err(wait),
        }
    }

    /// Signs a call and hands it out.
    ///
    /// # Errors
    /// When the key cannot sign.
    fn call(&mut self, now: Timestamp, work: Work, plain: Plain, out: &mut Vec<Action>) -> Result<(), String> {
        let offset = self.clock.nanos();
        let venue_time = Timestamp::from_nanos(now.nanos().saturating_add(offset));
        let operation = plain.operation;
        let headers = self.headers(venue_time, operation, &plain.path)?;
        let method = match operation.method() {
            rest::Method::Get => Method::Get,
            rest::Method::Post => Method::Post,
            rest::Method::Put => Method::Put,
            rest::Method::Delete => Method::Delete,
        };
        let lane = plain.lane();
        let timeout = if lane == Lane::Read { self.config.read_timeout } else { self.config.write_timeout };
        let deadline = now.plus(timeout);
        let Plain { mut path, query, body, scope, .. } = plain;
        if !query.is_empty() {
            path.push('?');
            path.push_str(&query);
        }
        let target = path;
        let id = self.calls.open(Pending { work: (work, Sent { operation, scope }), sent: now, deadline, offset });
        out.push(Action::Call(HttpCall { id, lane, host: Host::Kalshi, method, target, headers, body, deadline }));
        Ok(())
    }

    /// Headers that were signed ahead where there are some near the venue's time, else such as are signed now.
    fn headers(
        &self,
        venue_time: Timestamp,
        operation: Operation,
        path: &str,
    ) -> Result<Vec<(String, String)>, String> {
        let ring = self.ring.as_ref().filter(|ring| ring.operation() == operation);
        if let Some(ahead) = ring.and_then(|ring| ring.take(venue_time)) {
            return Ok(ahead.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
        }
        let signed = self.credentials.sign_request(venue_time, operation.method(), path);
        let signed = signed.map_err(|error| error.to_string())?;
        Ok(signed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
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
        if let Err(problem) = self.call(now, Work::Write(request, write), plain, out) {
            answer(request, rejected(RejectCode::Fatal, &problem), out);
        }
    }

    /// Makes a read, now or when the rate limit lets it.
    fn read(&mut self, now: Timestamp, read: Read, plain: Plain, out: &mut Vec<Action>) {
        if let Err(wait) = self.pay(now, &plain) {
            return self.parked.park(now.plus(wait), (read, plain));
        }
        if let Err(problem) = self.call(now, Work::Read(read.clone()), plain, out) {
            give_up(&read, rejected(RejectCode::Fatal, &problem), out);
        }
    }

    fn on_request(&mut self, now: Timestamp, request: RequestId, body: &Request, out: &mut Vec<Action>) {
        let id = match body {
            Request::Amend(change) => change.get().amend.order.as_str(),
            Request::DecreaseTo { venue_id, .. } | Request::Cancel { venue_id, .. } => venue_id.as_str(),
            Request::Lookup(lookup) => lookup.venue_id.as_ref().map_or("-", VenueOrderId::as_str),
            Request::ResetGroup { group } => group.as_str(),
            Request::Place(_) | Request::CancelAll | Request::CreateGroup { .. } => "-",
        };
        if !names_something(id) {
            let text = format!("expected an id of the venue's, found `{id}`");
            return answer(request, rejected(RejectCode::Other, &text), out);
        }
        match body {
            Request::Place(place) => {
                let new = &place.get().new;
                let mut body = Vec::with_capacity(CREATE_BODY);
                create_body(new, self.index_of(&new.market), &mut body);
                let write = Write::Place { id: new.client_order_id.clone(), qty: new.qty };
                let plain = Plain::new(Operation::CreateOrder, &[]).scope(self.scope_of(&new.market));
                self.write(now, request, write, Plain { body, ..plain }, out);
            }
            Request::Amend(change) => {
                let amend = &change.get().amend;
                let body = AmendOrderV2Request {
                    ticker: amend.market.to_string(),
                    side: amend.side.into(),
                    price: Money::from_micros(i64::from(amend.price.pips()) * 100),
                    count: amend.total,
                    client_order_id: None,
                    updated_client_order_id: amend.new_client_order_id.as_ref().map(ToString::to_string),
                    expiration_time: None,
                    exchange_index: None,
                };
                let write = Write::Amend { order: amend.order.clone(), total: amend.total };
                let plain = Plain::new(Operation::AmendOrder, &[id]).json(&body).scope(Scope::WriteRouted);
                self.write(now, request, write, plain, out);
            }
            Request::DecreaseTo { market, venue_id, remaining, .. } => {
                let body = DecreaseOrderV2Request {
                    reduce_to: Some(*remaining),
                    market_ticker: Some(market.to_string()),
                    ..DecreaseOrderV2Request::default()
                };
                let write = Write::Decrease { order: venue_id.clone() };
                let plain = Plain::new(Operation::DecreaseOrder, &[id]).json(&body).scope(Scope::WriteRouted);
                self.write(now, request, write, plain, out);
            }
            Request::Cancel { market, venue_id, .. } => {
                // By its ticker, not by an index: a wrong index would be a 404 that looks like an order that is gone.
                let plain = Plain::new(Operation::CancelOrder, &[id]).param("market_ticker", market.as_str());
                let write = Write::Cancel { order: venue_id.clone() };
                self.write(now, request, write, plain.scope(Scope::WriteRouted), out);
            }
            Request::CancelAll => {
                self.write(now, request, Write::CancelAll, Plain::new(Operation::CancelAllOrders, &[]), out);
            }
            Request::Lookup(lookup) => {
                let plain = Plain::new(Operation::GetUserDataTimestamp, &[]);
                self.read(now, Read::Moment(request, Box::new(lookup.clone())), plain, out);
            }
            Request::CreateGroup { limit } => {
                let body =
                    CreateOrderGroupRequest { contracts_limit_fp: Some(*limit), ..CreateOrderGroupRequest::default() };
                let plain = Plain::new(Operation::CreateOrderGroup, &[]).json(&body);
                self.write(now, request, Write::CreateGroup, plain, out);
            }
            Request::ResetGroup { group } => {
                let plain = Plain::new(Operation::ResetOrderGroup, &[id]).json(&rest::Empty {});
                self.write(now, request, Write::ResetGroup { group: group.clone() }, plain, out);
            }
        }
    }

    // --- Answers ----------------------------------------------------------------------------------------------------

    /// What an outcome means for a write.
    fn judge(&self, write: &Write, pending: &Pending<(Work, Sent)>, outcome: &Outcome) -> Answer {
        match outcome {
            Outcome::NotSent(_) => Answer::NotNow { why: NotNow::NotSent, retry_after: None },
            Outcome::Silent(why) => in_doubt(why),
            Outcome::Answered { status: status @ 200..=299, body, .. } => done(write, *status, body),
            Outcome::Answered { status, retry_after, body, .. } => {
                refusal(pending.work.1.operation, *status, *retry_after, body, self.is_mended(pending))
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
        pending: &Pending<(Work, Sent)>,
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
                let told = match &read {
                    Read::One(_, _, as_of) if status == 404 && refusals::says_not_found(&body) => {
                        Answer::NotFound { as_of: *as_of }
                    }
                    _ => {
                        match refusal(pending.work.1.operation, status, retry_after, &body, self.is_mended(pending)) {
                            // A read that failed says nothing about the order.
                            Answer::Gone => in_doubt(&format!("status {status}, {}", text_of(&body))),
                            told => told,
                        }
                    }
                };
                return give_up(&read, told, out);
            }
        };
        match read {
            Read::Moment(request, lookup) => match super::read::<GetUserDataTimestampResponse>(status, &body, &[]) {
                Ok(it) => self.look(now, request, lookup, it.as_of_time, out),
                Err(why) => answer(request, in_doubt(&why), out),
            },
            Read::One(request, lookup, _) => answer(request, found(&lookup, status, &body), out),
            Read::Page(search) => self.on_search_page(now, *search, status, &body, out),
            Read::Account(reading) => self.on_account_part(now, *reading, status, &body, out),
        }
    }

    /// Asks for an order, now that the moment is known which the answer is true for.
    fn look(
        &mut self,
        now: Timestamp,
        request: RequestId,
        lookup: Box<Lookup>,
        as_of: Timestamp,
        out: &mut Vec<Action>,
    ) {
        if let Some(venue_id) = &lookup.venue_id {
            let plain = Plain::new(Operation::GetOrder, &[venue_id.as_str()]);
            return self.read(now, Read::One(request, lookup, as_of), plain, out);
        }
        let search = Search { request, lookup: *lookup, as_of, pages: Pages::default() };
        self.ask_search(now, search, out);
    }

    fn ask_search(&mut self, now: Timestamp, search: Search, out: &mut Vec<Action>) {
        // Ours may be ahead of the venue's clock, or behind it: the earlier one loses nothing.
        let created = search.lookup.placed.created;
        let theirs = Timestamp::from_nanos(created.nanos().saturating_add(self.clock.nanos()));
        let since = created.min(theirs).minus(SLACK).secs().max(0).to_string();
        let market = search.lookup.placed.new.market.as_str();
        let plain = Plain::new(Operation::GetOrders, &[]).param("ticker", market).param("min_ts", &since);
        let plain = plain.page(&search.pages);
        self.read(now, Read::Page(Box::new(search)), plain, out);
    }

    fn on_search_page(&mut self, now: Timestamp, mut search: Search, status: u16, body: &[u8], out: &mut Vec<Action>) {
        let page = match read::<GetOrdersResponse>(status, body, &ORDER_TEXTS) {
            Ok(page) => page,
            Err(why) => return answer(search.request, in_doubt(&why), out),
        };
        let id = search.lookup.client_order_id().as_str();
        if let Some(order) = page.orders.iter().find(|order| order.client_order_id == id) {
            let told = order.to_update().map_or_else(|error| in_doubt(&error.to_string()), Answer::Found);
            return answer(search.request, told, out);
        }
        match search.pages.follow(page.orders.len(), page.cursor) {
            Ok(true) => self.ask_search(now, search, out),
            Ok(false) => answer(search.request, Answer::NotFound { as_of: search.as_of }, out),
            Err(why) => answer(search.request, in_doubt(&why), out),
        }
    }
}

/// What a new order costs.
fn create_cost(costs: &CostTable) -> Cost {
    costs.cost(Operation::CreateOrder.method(), &Operation::CreateOrder.path(&[]), 1)
}

fn answer(request: RequestId, answer: Answer, out: &mut Vec<Action>) {
    out.push(Action::Input(Input::Answer { venue: Venue::Kalshi, request, answer }));
}

/// Ends a read that leads nowhere.
fn give_up(read: &Read, told: Answer, out: &mut Vec<Action>) {
    let request = match read {
        Read::Moment(request, _) | Read::One(request, ..) => *request,
        Read::Page(search) => search.request,
        Read::Account(_) => {
            let reason = match told {
                Answer::InDoubt { why } => why,
                Answer::Rejected(reject) => reject.text,
                other => format!("{other:?}"),
            };
            return out.push(Action::Input(Input::AccountUnread { venue: Venue::Kalshi, reason }));
        }
    };
    answer(request, told, out);
}

/// What a success means for a write. One that cannot be read took effect all the same.
fn done(write: &Write, status: u16, body: &[u8]) -> Answer {
    let told = match write {
        Write::Place { id, qty } => return placed(id, *qty, status, body),
        Write::Amend { order, total } => amended(order, *total, status, body),
        Write::Decrease { order } => read::<DecreaseOrderV2Response>(status, body, &TEXTS).and_then(|it| {
            same(order, &it.order_id)?;
            Ok(Answer::Decreased { remaining: it.remaining_count })
        }),
        Write::Cancel { order } => read::<CancelOrderV2Response>(status, body, &TEXTS).and_then(|it| {
            same(order, &it.order_id)?;
            Ok(Answer::Canceled { reduced_by: Some(it.reduced_by) })
        }),
        Write::CancelAll => Ok(Answer::CanceledAll),
        Write::CreateGroup => read::<CreateOrderGroupResponse>(status, body, &[])
            .and_then(|it| it.order_group_id.parse().map(Answer::Group).map_err(|error| format!("{error}"))),
        Write::ResetGroup { group } => Ok(Answer::Group(group.clone())),
    };
    told.unwrap_or_else(|why| in_doubt(&why))
}

/// What the answer to a placing says. Where its numbers cannot be believed the order's name still can.
fn placed(id: &ClientOrderId, qty: Qty, status: u16, body: &[u8]) -> Answer {
    let problem = match read::<CreateOrderV2Response>(status, body, &TEXTS) {
        Ok(it) if it.client_order_id.as_deref().is_some_and(|theirs| theirs != id.as_str()) => {
            let theirs = it.client_order_id.unwrap_or_default();
            return in_doubt(&format!("the venue answered with another order, `{theirs:.64}`"));
        }
        Ok(it) => {
            let fits = it.fill_count.checked_add(it.remaining_count).is_some_and(|sum| sum <= qty);
            match it.order_id.parse() {
                Ok(order) if fits => {
                    return Answer::Placed { order, filled: it.fill_count, remaining: it.remaining_count };
                }
                Ok(order) => return Answer::PlacedUnclear { order },
                Err(error) => format!("{error}"),
            }
        }
        Err(problem) => problem,
    };
    let named = serde_json::from_slice::<Value>(body).ok();
    let named = named.filter(|value| {
        // A name beside another client order id is another order's.
        value.get("client_order_id").is_none_or(|theirs| theirs.as_str() == Some(id.as_str()))
    });
    let order = named.and_then(|value| value.get("order_id")?.as_str()?.parse().ok());
    order.map_or_else(|| in_doubt(&problem), |order| Answer::PlacedUnclear { order })
}

/// What the answer to a change says: what rests tells what has filled in all. When nothing rests it was filled or, where it met
/// our own order, taken back; whether the count of fills is of this change or of all is not documented, so that only a count
/// of everything is believed.
fn amended(order: &VenueOrderId, total: Qty, status: u16, body: &[u8]) -> Result<Answer, String> {
    let it = read::<AmendOrderV2Response>(status, body, &TEXTS)?;
    same(order, &it.order_id)?;
    let remaining = it.remaining_count.ok_or("an answer without what rests")?;
    let filled = total.checked_sub(remaining).ok_or("more rests than the order is for")?;
    if remaining.is_zero() && it.fill_count != Some(total) {
        return Err("nothing rests, and not all of it is said to have filled".to_owned());
    }
    Ok(Answer::Amended { filled, remaining })
}

fn same(order: &VenueOrderId, theirs: &str) -> Result<(), String> {
    if order.as_str() == theirs {
        return Ok(());
    }
    Err(format!("expected an answer about {order}, found one about `{theirs:.64}`"))
}

/// What a read of one order by the venue's name says.
fn found(lookup: &Lookup, status: u16, body: &[u8]) -> Answer {
    let told = read::<GetOrderResponse>(status, body, &ORDER_TEXTS).and_then(|it| {
        if let Some(order) = &lookup.venue_id {
            same(order, &it.order.order_id)?;
        }
        it.order.to_update().map_err(|error| error.to_string())
    });
    told.map_or_else(|why| in_doubt(&why), Answer::Found)
}

impl Gateway for KalshiGateway {
    fn venue(&self) -> Venue {
        Venue::Kalshi
    }

    fn on_command(&mut self, now: Timestamp, command: &Command, out: &mut Vec<Action>) {
        match command {
            Command::Send { venue: Venue::Kalshi, request, body } => self.on_request(now, *request, body, out),
            Command::Reconcile { venue: Venue::Kalshi, asked, fills_since } => {
                self.ask_account(now, Reading::new(*asked, *fills_since), out);
            }
            Command::Send { .. } | Command::Reconcile { .. } | Command::WakeAt(_) | Command::Alert(_) => {}
        }
    }

    fn on_outcome(&mut self, now: Timestamp, call: CallId, outcome: Outcome, out: &mut Vec<Action>) {
        let (pending, before) = match self.calls.take(call) {
            Known::First(pending) => (pending, None),
            Known::Again(ended) => (ended.pending, Some(ended.told)),
            Known::Unknown => {
                return out
                    .push(Action::Notice(format!("kalshi: an outcome of call {} that nobody waits for", call.0)));
            }
        };
        if let Outcome::Answered { status, date, .. } = &outcome {
            if let Some(date) = date {
                self.clock.observe(pending.sent, now, *date);
            }
            if *status == 429 {
                let write = matches!(pending.work.0, Work::Write(..));
                let scope = if write { pending.work.1.scope } else { Scope::Read };
                self.buckets.drain(steady(now), scope);
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
                            let text = format!("kalshi: the answer to {request} came again and says the same");
                            out.push(Action::Notice(text));
                        }
                        return;
                    }
                    Some(known) => {
                        let text = format!("kalshi: {request} was answered with {known:?}, and later with {told:?}");
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
                    out.push(Action::Notice(format!("kalshi: the answer to the read {} came late", call.0)));
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

    fn learn(&mut self, instrument: &Instrument) {
        if instrument.venue() == Venue::Kalshi {
            self.shards.insert(instrument.market.ticker.clone(), u32::from(instrument.shard));
        }
    }
}
