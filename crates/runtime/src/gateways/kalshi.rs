//! Kalshi's gateway: commands to signed requests, answers to the engine's words.
//!
//! Nothing is repeated here: what may be asked again, and when, is the engine's to decide. Reads that take several requests are
//! asked in an order that makes them mean something: first the moment that all of them are true for, then the rest; a page that
//! cannot be read fails the whole, as half a list looks like orders that have vanished.
//!
//! Source: reference (Kalshi), sections 3 to 5, 8, 9 and 12.1, 2026-11-20.

use std::collections::BTreeMap;
use std::time::Duration;

use brier_connect::clock::ClockOffset;
use brier_connect::http::percent_encode;
use brier_engine::{
    AccountSnapshot, Answer, Command, Input, Lookup, NotNow, Reject, RejectCode, Request, RequestId, VenueCash,
    VenuePosition,
};
use brier_kalshi::keys::Credentials;
use brier_kalshi::rest::create_request;
use brier_kalshi_protocol::errors::{ApiError, Code};
use brier_kalshi_protocol::rest::{
    self, AmendOrderV2Request, AmendOrderV2Response, CancelOrderV2Response, CreateOrderV2Response,
    DecreaseOrderV2Request, DecreaseOrderV2Response, GetBalanceResponse, GetFillsResponse, GetOrderResponse,
    GetOrdersResponse, GetPositionsResponse, GetUserDataTimestampResponse, Operation,
};
use brier_types::{Fill, Money, OrderUpdate, Qty, Timestamp, Venue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Action, CallId, Gateway, Host, HttpCall, Lane, Method, Outcome, may_have_acted, text_of};

/// Most pages of one list: beyond them something is wrong with the list.
const MAX_PAGES: u32 = 200;
/// The venue's clock is known to a second, and its filters count whole ones.
const SLACK: Duration = Duration::from_secs(3);

/// What bounds the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KalshiConfig {
    /// How long a write may take until its effect is in doubt.
    pub write_timeout: Duration,
    /// How long a read may take.
    pub read_timeout: Duration,
}

impl Default for KalshiConfig {
    fn default() -> Self {
        Self { write_timeout: Duration::from_secs(5), read_timeout: Duration::from_secs(10) }
    }
}

/// What a call is made for.
#[derive(Clone, Debug)]
enum Work {
    Place(RequestId),
    Amend(RequestId, Qty),
    Decrease(RequestId),
    Cancel(RequestId),
    CancelAll(RequestId),
    CreateGroup(RequestId),
    ResetGroup(RequestId),
    /// The moment that a lookup's reads are true for.
    LookupMoment(RequestId, Box<Lookup>),
    /// The order itself, by the venue's name.
    LookupOne(RequestId, Timestamp),
    /// A page of the market's orders, in search of our name.
    LookupPage(RequestId, Box<Lookup>, Timestamp, u32),
    /// A part of an account's reads.
    Account(Box<Reading>),
}

/// An account that is being read.
#[derive(Clone, Debug)]
struct Reading {
    asked: u64,
    fills_since: Timestamp,
    as_of: Timestamp,
    step: Step,
    pages: u32,
    orders: Vec<OrderUpdate>,
    fills: Vec<Fill>,
    positions: Vec<VenuePosition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Moment,
    Orders,
    Fills,
    Positions,
    Balance,
}

#[derive(Clone, Debug)]
struct Pending {
    work: Work,
    operation: Operation,
    sent: Timestamp,
    deadline: Timestamp,
}

/// The gateway. See the module's head.
#[derive(Debug)]
pub struct KalshiGateway {
    credentials: Credentials,
    clock: ClockOffset,
    config: KalshiConfig,
    calls: BTreeMap<CallId, Pending>,
    last: u64,
}

impl KalshiGateway {
    /// A gateway that signs with these credentials.
    pub fn new(credentials: Credentials, config: KalshiConfig) -> Self {
        Self { credentials, clock: ClockOffset::default(), config, calls: BTreeMap::new(), last: 0 }
    }

    fn venue_time(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_nanos(now.nanos().saturating_add(self.clock.nanos()))
    }

    /// Signs a call and hands it out.
    fn call(
        &mut self,
        now: Timestamp,
        work: Work,
        operation: Operation,
        parts: &[&str],
        query: &str,
        body: Option<Vec<u8>>,
        out: &mut Vec<Action>,
    ) {
        let path = operation.path(parts);
        let method = match operation.method() {
            rest::Method::Get => Method::Get,
            rest::Method::Post => Method::Post,
            rest::Method::Put => Method::Put,
            rest::Method::Delete => Method::Delete,
        };
        let lane = match method {
            Method::Get => Lane::Read,
            Method::Delete => Lane::Cancel,
            Method::Post | Method::Put => Lane::Order,
        };
        let headers = match self.credentials.sign_request(self.venue_time(now), operation.method(), &path) {
            Ok(headers) => headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            Err(error) => return self.give(work, Fate::Fatal(error.to_string()), out),
        };
        let timeout = if lane == Lane::Read { self.config.read_timeout } else { self.config.write_timeout };
        self.last += 1;
        let (id, deadline) = (CallId(self.last), now.plus(timeout));
        let target = if query.is_empty() { path } else { format!("{path}?{query}") };
        self.calls.insert(id, Pending { work, operation, sent: now, deadline });
        let body = body.unwrap_or_default();
        out.push(Action::Call(HttpCall { id, lane, host: Host::Kalshi, method, target, headers, body, deadline }));
    }

    fn on_request(&mut self, now: Timestamp, request: RequestId, body: &Request, out: &mut Vec<Action>) {
        match body {
            Request::Place(place) => {
                let body = json(&create_request(&place.get().new));
                self.call(now, Work::Place(request), Operation::CreateOrder, &[], "", Some(body), out);
            }
            Request::Amend(change) => {
                let amend = &change.get().amend;
                let body = AmendOrderV2Request {
                    ticker: amend.market.to_string(),
                    side: amend.side.into(),
                    price: Money::from_micros(i64::from(amend.price.pips()) * 100),
                    count: amend.total,
                    client_order_id: None,
                    updated_client_order_id: None,
                    expiration_time: None,
                    exchange_index: None,
                };
                let (work, order) = (Work::Amend(request, amend.total), amend.order.as_str());
                self.call(now, work, Operation::AmendOrder, &[order], "", Some(json(&body)), out);
            }
            Request::DecreaseTo { market, venue_id, remaining, .. } => {
                let body = DecreaseOrderV2Request {
                    reduce_to: Some(*remaining),
                    market_ticker: Some(market.to_string()),
                    ..DecreaseOrderV2Request::default()
                };
                let work = Work::Decrease(request);
                self.call(now, work, Operation::DecreaseOrder, &[venue_id.as_str()], "", Some(json(&body)), out);
            }
            Request::Cancel { market, venue_id, .. } => {
                let query = parameter("market_ticker", market.as_str());
                self.call(now, Work::Cancel(request), Operation::CancelOrder, &[venue_id.as_str()], &query, None, out);
            }
            Request::CancelAll => {
                self.call(now, Work::CancelAll(request), Operation::CancelAllOrders, &[], "", None, out);
            }
            Request::Lookup(lookup) => {
                let work = Work::LookupMoment(request, Box::new(lookup.clone()));
                self.call(now, work, Operation::GetUserDataTimestamp, &[], "", None, out);
            }
            Request::CreateGroup { limit } => {
                let body = serde_json::json!({ "contracts_limit_fp": limit.to_string() }).to_string().into_bytes();
                self.call(now, Work::CreateGroup(request), Operation::CreateOrderGroup, &[], "", Some(body), out);
            }
            Request::ResetGroup { group } => {
                let (work, body) = (Work::ResetGroup(request), Some(b"{}".to_vec()));
                self.call(now, work, Operation::ResetOrderGroup, &[group.as_str()], "", body, out);
            }
        }
    }

    /// Gives the engine the one input that a piece of work ends with.
    fn give(&self, work: Work, fate: Fate, out: &mut Vec<Action>) {
        let request = match work {
            Work::Place(request)
            | Work::Amend(request, _)
            | Work::Decrease(request)
            | Work::Cancel(request)
            | Work::CancelAll(request)
            | Work::CreateGroup(request)
            | Work::ResetGroup(request)
            | Work::LookupMoment(request, _)
            | Work::LookupOne(request, _)
            | Work::LookupPage(request, ..) => request,
            Work::Account(_) => {
                let reason = fate.text();
                out.push(Action::Input(Input::AccountUnread { venue: Venue::Kalshi, reason }));
                return;
            }
        };
        let answer = match fate {
            Fate::Done(answer) => answer,
            Fate::InDoubt(why) => Answer::InDoubt { why },
            Fate::NotNow(why, retry_after) => Answer::NotNow { why, retry_after },
            Fate::Rejected(code, text) => Answer::Rejected(Reject { code, text }),
            Fate::Gone => Answer::Gone,
            Fate::Fatal(text) => Answer::Rejected(Reject { code: RejectCode::Fatal, text }),
        };
        out.push(Action::Input(Input::Answer { venue: Venue::Kalshi, request, answer }));
    }

    fn on_success(&mut self, now: Timestamp, pending: Pending, status: u16, body: &[u8], out: &mut Vec<Action>) {
        let Pending { work, operation, .. } = pending;
        match work {
            Work::Place(_) => {
                let fate = read::<CreateOrderV2Response>(status, body).and_then(|it| {
                    let order = it.order_id.parse().map_err(|error| format!("{error}"))?;
                    Ok(Answer::Placed { order, filled: it.fill_count, remaining: it.remaining_count })
                });
                self.give(work, written(fate), out);
            }
            Work::Amend(_, total) => {
                let fate = read::<AmendOrderV2Response>(status, body).and_then(|it| {
                    // The answer counts what this change filled; what rests tells what has filled in all.
                    let remaining = it.remaining_count.ok_or("an answer without what rests")?;
                    Ok(Answer::Amended { filled: total.saturating_sub(remaining), remaining })
                });
                self.give(work, written(fate), out);
            }
            Work::Decrease(_) => {
                let fate = read::<DecreaseOrderV2Response>(status, body);
                self.give(work, written(fate.map(|it| Answer::Decreased { remaining: it.remaining_count })), out);
            }
            Work::Cancel(_) => {
                let fate = read::<CancelOrderV2Response>(status, body);
                self.give(work, written(fate.map(|it| Answer::Canceled { reduced_by: Some(it.reduced_by) })), out);
            }
            Work::CancelAll(_) => self.give(work, Fate::Done(Answer::CanceledAll), out),
            Work::CreateGroup(_) => {
                let fate = read::<rest::CreateOrderGroupResponse>(status, body).and_then(|it| {
                    it.order_group_id.parse().map(Answer::Group).map_err(|error| format!("{error}"))
                });
                self.give(work, written(fate), out);
            }
            Work::ResetGroup(_) => self.give(work, Fate::Done(Answer::CanceledAll), out),
            Work::LookupMoment(request, lookup) => {
                match read::<GetUserDataTimestampResponse>(status, body) {
                    Ok(it) => self.look(now, request, lookup, it.as_of_time, out),
                    Err(problem) => self.give(Work::LookupMoment(request, lookup), Fate::InDoubt(problem), out),
                }
            }
            Work::LookupOne(request, _) => {
                let fate = read::<GetOrderResponse>(status, body)
                    .and_then(|it| it.order.to_update().map_err(|error| error.to_string()))
                    .map(Answer::Found);
                self.give(Work::LookupOne(request, now), written(fate), out);
            }
            Work::LookupPage(request, lookup, as_of, pages) => {
                self.on_lookup_page(now, (request, lookup, as_of, pages), status, body, out);
            }
            Work::Account(reading) => self.on_account_part(now, *reading, operation, status, body, out),
        }
    }

    fn look(&mut self, now: Timestamp, request: RequestId, lookup: Box<Lookup>, as_of: Timestamp, out: &mut Vec<Action>) {
        if let Some(venue_id) = &lookup.venue_id {
            let id = venue_id.to_string();
            self.call(now, Work::LookupOne(request, as_of), Operation::GetOrder, &[&id], "", None, out);
            return;
        }
        let query = lookup_query(&lookup, None);
        let work = Work::LookupPage(request, lookup, as_of, 1);
        self.call(now, work, Operation::GetOrders, &[], &query, None, out);
    }

    fn on_lookup_page(
        &mut self,
        now: Timestamp,
        (request, lookup, as_of, pages): (RequestId, Box<Lookup>, Timestamp, u32),
        status: u16,
        body: &[u8],
        out: &mut Vec<Action>,
    ) {
        let page = match read::<GetOrdersResponse>(status, body) {
            Ok(page) => page,
            Err(problem) => {
                return self.give(Work::LookupPage(request, lookup, as_of, pages), Fate::InDoubt(problem), out);
            }
        };
        let id = lookup.client_order_id().as_str();
        if let Some(order) = page.orders.iter().find(|order| order.client_order_id == id) {
            let fate = order.to_update().map(Answer::Found).map_err(|error| error.to_string());
            return self.give(Work::LookupPage(request, lookup, as_of, pages), written(fate), out);
        }
        if page.cursor.is_empty() {
            let fate = Fate::Done(Answer::NotFound { as_of });
            return self.give(Work::LookupPage(request, lookup, as_of, pages), fate, out);
        }
        if page.orders.is_empty() || pages >= MAX_PAGES {
            let fate = Fate::InDoubt("a list of orders that does not end".to_owned());
            return self.give(Work::LookupPage(request, lookup, as_of, pages), fate, out);
        }
        let query = lookup_query(&lookup, Some(&page.cursor));
        let work = Work::LookupPage(request, lookup, as_of, pages + 1);
        self.call(now, work, Operation::GetOrders, &[], &query, None, out);
    }

    /// Takes one part of the account's reads, and asks for the next.
    fn on_account_part(
        &mut self,
        now: Timestamp,
        mut reading: Reading,
        operation: Operation,
        status: u16,
        body: &[u8],
        out: &mut Vec<Action>,
    ) {
        match take_part(&mut reading, operation, status, body) {
            Err(problem) => self.give(Work::Account(Box::new(reading)), Fate::InDoubt(problem), out),
            Ok(Part::Page(cursor)) if reading.pages >= MAX_PAGES => {
                let problem = format!("more than {MAX_PAGES} pages, the next from `{cursor:.40}`");
                self.give(Work::Account(Box::new(reading)), Fate::InDoubt(problem), out);
            }
            Ok(Part::Page(cursor)) => {
                reading.pages += 1;
                self.ask_account(now, reading, Some(&cursor), out);
            }
            Ok(Part::Next(step)) => {
                reading.step = step;
                reading.pages = 1;
                self.ask_account(now, reading, None, out);
            }
            Ok(Part::Done(cash)) => {
                // Oldest first: fills are booked in the order in which they happened.
                reading.fills.reverse();
                let snapshot = AccountSnapshot {
                    venue: Venue::Kalshi,
                    asked: reading.asked,
                    as_of: reading.as_of,
                    orders: reading.orders,
                    fills: reading.fills,
                    statuses: Vec::new(),
                    fills_since: reading.fills_since,
                    positions: reading.positions,
                    cash,
                };
                out.push(Action::Input(Input::Account(Box::new(snapshot))));
            }
        }
    }

    fn ask_account(&mut self, now: Timestamp, reading: Reading, cursor: Option<&str>, out: &mut Vec<Action>) {
        let (operation, mut query) = match reading.step {
            Step::Moment => (Operation::GetUserDataTimestamp, String::new()),
            Step::Orders => (Operation::GetOrders, "status=resting&limit=1000".to_owned()),
            Step::Fills => {
                let since = reading.fills_since.minus(SLACK).secs().max(0);
                (Operation::GetFills, format!("min_ts={since}&limit=1000"))
            }
            Step::Positions => (Operation::GetPositions, "count_filter=position&limit=1000".to_owned()),
            Step::Balance => (Operation::GetBalance, String::new()),
        };
        if let Some(cursor) = cursor {
            query.push('&');
            query.push_str(&parameter("cursor", cursor));
        }
        self.call(now, Work::Account(Box::new(reading)), operation, &[], &query, None, out);
    }
}

/// What comes after a part of the account's reads.
enum Part {
    Page(String),
    Next(Step),
    Done(Vec<VenueCash>),
}

fn take_part(reading: &mut Reading, _operation: Operation, status: u16, body: &[u8]) -> Result<Part, String> {
    // A cursor with nothing before it would be asked for ever, and a list that ends so is not believed.
    let next = |cursor: String, rows: usize, step| match (cursor.is_empty(), rows) {
        (true, _) => Ok(Part::Next(step)),
        (false, 0) => Err("a page without rows that says that more follow".to_owned()),
        (false, _) => Ok(Part::Page(cursor)),
    };
    match reading.step {
        Step::Moment => {
            reading.as_of = read::<GetUserDataTimestampResponse>(status, body)?.as_of_time;
            Ok(Part::Next(Step::Orders))
        }
        Step::Orders => {
            let page = read::<GetOrdersResponse>(status, body)?;
            for order in &page.orders {
                reading.orders.push(order.to_update().map_err(|error| error.to_string())?);
            }
            next(page.cursor, page.orders.len(), Step::Fills)
        }
        Step::Fills => {
            let page = read::<GetFillsResponse>(status, body)?;
            for fill in &page.fills {
                reading.fills.push(fill.to_fill().map_err(|error| error.to_string())?);
            }
            next(page.cursor, page.fills.len(), Step::Positions)
        }
        Step::Positions => {
            let page = read::<GetPositionsResponse>(status, body)?;
            for position in &page.market_positions {
                let update = position.to_update().map_err(|error| error.to_string())?;
                if !update.position.is_zero() {
                    reading.positions.push(VenuePosition { market: update.market, net: update.position, tokens: None });
                }
            }
            next(page.cursor, page.market_positions.len(), Step::Balance)
        }
        Step::Balance => {
            let balance = read::<GetBalanceResponse>(status, body)?;
            let shard = |index: i32| u16::try_from(index).unwrap_or(0);
            let free = |shard, amount| VenueCash { shard, free: Some(amount), total: None };
            Ok(Part::Done(match balance.balance_breakdown {
                Some(shards) => shards.iter().map(|it| free(shard(it.exchange_index), it.balance)).collect(),
                None => vec![free(0, balance.balance_dollars)],
            }))
        }
    }
}

/// How a piece of work ended.
enum Fate {
    Done(Answer),
    InDoubt(String),
    NotNow(NotNow, Option<Duration>),
    Rejected(RejectCode, String),
    Gone,
    Fatal(String),
}

impl Fate {
    fn text(&self) -> String {
        match self {
            Self::Done(answer) => format!("{answer:?}"),
            Self::InDoubt(why) | Self::Fatal(why) | Self::Rejected(_, why) => why.clone(),
            Self::NotNow(why, _) => format!("not now: {why:?}"),
            Self::Gone => "gone".to_owned(),
        }
    }
}

/// A write whose answer cannot be read took effect all the same: its effect is in doubt.
fn written(answer: Result<Answer, String>) -> Fate {
    answer.map_or_else(Fate::InDoubt, Fate::Done)
}

fn read<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body)
        .map_err(|error| format!("the answer with status {status} cannot be read: {error}; it begins `{:.80}`", text_of(body)))
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("wire types are strings and numbers, which are JSON")
}

fn parameter(name: &str, value: &str) -> String {
    let mut text = format!("{name}=");
    percent_encode(value, &mut text);
    text
}

fn lookup_query(lookup: &Lookup, cursor: Option<&str>) -> String {
    let since = lookup.placed.created.minus(SLACK).secs().max(0);
    let mut query = format!("{}&min_ts={since}&limit=1000", parameter("ticker", lookup.placed.new.market.as_str()));
    if let Some(cursor) = cursor {
        query.push('&');
        query.push_str(&parameter("cursor", cursor));
    }
    query
}

/// What an answer that is no success means, for a piece of work of this operation.
///
/// Source: reference, sections 4.2, 8.3 and 8.4.
fn refusal(operation: Operation, status: u16, retry_after: Option<Duration>, body: &[u8]) -> Fate {
    let error = ApiError::new(operation.method(), operation.template(), status, &text_of(body));
    let text = error.to_string();
    let code = error.code();
    let places = operation == Operation::CreateOrder;
    match (status, &code) {
        (429, _) => Fate::NotNow(NotNow::RateLimited, retry_after),
        // The whole exchange is halted: nothing was looked at.
        (503, Some(Code::ExchangePaused | Code::TradingPaused)) => Fate::NotNow(NotNow::Restarting, retry_after),
        (401, Some(Code::HeaderTimestampExpired)) => Fate::NotNow(NotNow::NotSent, None),
        (401 | 403 | 410, _) => Fate::Fatal(text),
        (404, _) if !places => Fate::Gone,
        (409, Some(Code::OrderAlreadyExists)) => Fate::Rejected(RejectCode::Duplicate, text),
        (400..=499, _) if status != 408 => match &code {
            Some(Code::ExchangePaused | Code::TradingPaused) => Fate::NotNow(NotNow::Restarting, retry_after),
            code => Fate::Rejected(reject_code(code.as_ref(), &text), text),
        },
        _ => Fate::InDoubt(text),
    }
}

fn reject_code(code: Option<&Code>, text: &str) -> RejectCode {
    match code {
        Some(Code::InsufficientBalance | Code::AvailableBalanceTooLow) => RejectCode::InsufficientBalance,
        Some(Code::InvalidPrice) => RejectCode::InvalidPrice,
        Some(Code::InvalidOrderSize) => RejectCode::InvalidSize,
        Some(Code::FillOrKillInsufficientRestingVolume) => RejectCode::NoLiquidity,
        Some(Code::MarketInactive) => RejectCode::MarketClosed,
        _ if text.contains("post only cross") => RejectCode::PostOnlyCross,
        _ if text.contains("insufficient_resting_volume") => RejectCode::NoLiquidity,
        _ => RejectCode::Other,
    }
}

impl Gateway for KalshiGateway {
    fn venue(&self) -> Venue {
        Venue::Kalshi
    }

    fn on_command(&mut self, now: Timestamp, command: &Command, out: &mut Vec<Action>) {
        match command {
            Command::Send { venue: Venue::Kalshi, request, body } => self.on_request(now, *request, body, out),
            Command::Reconcile { venue: Venue::Kalshi, asked, fills_since } => {
                let reading = Reading {
                    asked: *asked,
                    fills_since: *fills_since,
                    as_of: now,
                    step: Step::Moment,
                    pages: 1,
                    orders: Vec::new(),
                    fills: Vec::new(),
                    positions: Vec::new(),
                };
                self.ask_account(now, reading, None, out);
            }
            Command::Send { .. } | Command::Reconcile { .. } | Command::WakeAt(_) | Command::Alert(_) => {}
        }
    }

    fn on_outcome(&mut self, now: Timestamp, call: CallId, outcome: Outcome, out: &mut Vec<Action>) {
        // A second word on a call: its work has ended with the first.
        let Some(pending) = self.calls.remove(&call) else { return };
        match outcome {
            Outcome::NotSent(_) => self.give(pending.work, Fate::NotNow(NotNow::NotSent, None), out),
            Outcome::Silent(why) => self.give(pending.work, Fate::InDoubt(why), out),
            Outcome::Answered { status, date, retry_after, body } => {
                if let Some(date) = date {
                    self.clock.observe(pending.sent, now, date);
                }
                if status == pending.operation.success() || (200..300).contains(&status) {
                    return self.on_success(now, pending, status, &body, out);
                }
                let fate = match (&pending.work, status) {
                    // A read by the venue's name that finds nothing.
                    (Work::LookupOne(_, as_of), 404) => Fate::Done(Answer::NotFound { as_of: *as_of }),
                    (Work::LookupMoment(..) | Work::LookupPage(..) | Work::LookupOne(..), _) => {
                        Fate::InDoubt(format!("status {status} {:.120}", text_of(&body)))
                    }
                    _ if may_have_acted(status) && pending.operation.method().is_write() => {
                        match refusal(pending.operation, status, retry_after, &body) {
                            fate @ (Fate::NotNow(..) | Fate::InDoubt(_)) => fate,
                            other => Fate::InDoubt(other.text()),
                        }
                    }
                    _ => refusal(pending.operation, status, retry_after, &body),
                };
                self.give(pending.work, fate, out);
            }
        }
    }

    fn on_timer(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        // The shell says what became of every call; this is for one that forgot.
        let late: Vec<CallId> = self
            .calls
            .iter()
            .filter(|(_, pending)| pending.deadline.plus(Duration::from_secs(2)) <= now)
            .map(|(id, _)| *id)
            .collect();
        for id in late {
            self.on_outcome(now, id, Outcome::Silent("no outcome within the deadline".to_owned()), out);
        }
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        self.calls.values().map(|pending| pending.deadline.plus(Duration::from_secs(2))).min()
    }
}
