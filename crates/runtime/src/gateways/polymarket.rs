//! Polymarket's gateway: commands to signed requests, answers to the engine's words.
//!
//! An order's hash is known before it is posted and is made again from what the journal keeps: the same order, wallet and time
//! give the same bytes. So an order without an answer is looked up by its hash, and by the trades since it was made.
//!
//! Source: reference (Polymarket), sections 3, 5 to 9, 2026-11-20.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use brier_connect::clock::ClockOffset;
use brier_connect::http::percent_encode;
use brier_engine::{
    AccountSnapshot, Answer, Command, Funding, Input, Lookup, NotNow, PlaceOrder, Reject, RejectCode, Request,
    RequestId, VenueCash, VenuePosition,
};
use brier_polymarket::discovery::Listing;
use brier_polymarket::keys::Wallet;
use brier_polymarket::orders::{Leg, Maker, Prepared, prepare};
use brier_polymarket_protocol::auth::{ApiCreds, l2_headers};
use brier_polymarket_protocol::clob::{self, BalanceAllowance, CancelReply, OpenOrder, PostOrderReply, PostStatus};
use brier_polymarket_protocol::contracts::Chain;
use brier_polymarket_protocol::convert::{self, TokenMap, open_order, own_fills, trade_status};
use brier_polymarket_protocol::errors::{CallKind, ClobError, ErrorKind, classify};
use brier_polymarket_protocol::ids::Side;
use brier_polymarket_protocol::order_body;
use brier_polymarket_protocol::stream::user::UserTrade;
use brier_types::{
    FailureKind, Fill, FillStatus, MarketTicker, Money, OrderStatus, OrderUpdate, Qty, SignedQty, Timestamp, TradeId,
    Venue, VenueOrderId,
};
use serde::de::DeserializeOwned;

use super::{Action, CallId, Gateway, Host, HttpCall, Lane, Method, Outcome, text_of};

/// Where the first page starts, and how the last one says so.
const FIRST_CURSOR: &str = "MA==";
const MAX_PAGES: u32 = 200;
/// Trades are asked for from a little before.
const SLACK: Duration = Duration::from_secs(5);

/// What bounds the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolymarketConfig {
    /// How long a write may take until its effect is in doubt.
    pub write_timeout: Duration,
    /// How long a read may take.
    pub read_timeout: Duration,
    /// By how much reads may lag writes: what they are true for is that much before they were asked.
    pub read_lag: Duration,
    /// Whose contracts orders are for.
    pub chain: Chain,
}

impl PolymarketConfig {
    /// Usual bounds on a chain.
    pub const fn new(chain: Chain) -> Self {
        Self {
            write_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(10),
            read_lag: Duration::from_secs(1),
            chain,
        }
    }
}

#[derive(Clone, Debug)]
enum Work {
    Place(RequestId, Box<Prepared>),
    Cancel(RequestId, String),
    CancelAll(RequestId),
    /// The order by its hash.
    LookupOrder(RequestId, Box<Lookup>, String, Timestamp),
    /// A page of trades since it was made.
    LookupTrades(RequestId, Box<Lookup>, String, Timestamp, u32, Qty),
    Account(Box<Reading>),
}

/// An account that is being read.
#[derive(Clone, Debug)]
struct Reading {
    asked: u64,
    as_of: Timestamp,
    fills_since: Timestamp,
    step: Step,
    pages: u32,
    orders: Vec<OrderUpdate>,
    fills: Vec<Fill>,
    statuses: Vec<(TradeId, VenueOrderId, FillStatus)>,
    /// Tokens still to be asked for, last first: market, YES or NO.
    tokens: Vec<(MarketTicker, bool)>,
    held: BTreeMap<MarketTicker, (Qty, Qty)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Orders,
    Trades,
    Token(MarketTicker, bool),
    Cash,
}

#[derive(Clone, Debug)]
struct Pending {
    work: Work,
    kind: CallKind,
    label: &'static str,
    sent: Timestamp,
    deadline: Timestamp,
}

/// The gateway. See the module's head.
pub struct PolymarketGateway {
    wallet: Wallet,
    creds: ApiCreds,
    clock: ClockOffset,
    config: PolymarketConfig,
    listings: BTreeMap<MarketTicker, Listing>,
    tokens: TokenMap,
    calls: BTreeMap<CallId, Pending>,
    last: u64,
}

impl std::fmt::Debug for PolymarketGateway {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("PolymarketGateway")
            .field("wallet", &self.wallet.address())
            .field("markets", &self.listings.len())
            .field("calls", &self.calls.len())
            .finish_non_exhaustive()
    }
}

impl PolymarketGateway {
    /// A gateway for this wallet and its API credentials, which trades nothing yet.
    pub fn new(wallet: Wallet, creds: ApiCreds, config: PolymarketConfig) -> Self {
        Self {
            wallet,
            creds,
            clock: ClockOffset::default(),
            config,
            listings: BTreeMap::new(),
            tokens: TokenMap::new(),
            calls: BTreeMap::new(),
            last: 0,
        }
    }

    /// Lists a market, or takes over what the venue now says of it.
    pub fn list(&mut self, listing: Listing) {
        self.tokens.insert(convert::Listing {
            market: listing.ticker.clone(),
            yes: listing.yes.to_string(),
            no: listing.no.to_string(),
        });
        self.listings.insert(listing.ticker.clone(), listing);
    }

    fn call(&mut self, now: Timestamp, work: Work, call: Plain, out: &mut Vec<Action>) {
        let Plain { label, kind, method, path, query, body } = call;
        let venue_time = Timestamp::from_nanos(now.nanos().saturating_add(self.clock.nanos()));
        let seconds = u64::try_from(venue_time.secs()).unwrap_or_default();
        let signed = l2_headers(&self.creds, self.wallet.address(), seconds, method.as_str(), &path, &body);
        let headers = signed.pairs().iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (lane, timeout) = match (kind, method) {
            (CallKind::Read, _) => (Lane::Read, self.config.read_timeout),
            (_, Method::Delete) => (Lane::Cancel, self.config.write_timeout),
            (CallKind::Post | CallKind::Idempotent, _) => (Lane::Order, self.config.write_timeout),
        };
        self.last += 1;
        let (id, deadline) = (CallId(self.last), now.plus(timeout));
        self.calls.insert(id, Pending { work, kind, label, sent: now, deadline });
        let target = if query.is_empty() { path } else { format!("{path}?{query}") };
        out.push(Action::Call(HttpCall { id, lane, host: Host::Clob, method, target, headers, body, deadline }));
    }

    fn prepare(&self, place: &PlaceOrder) -> Result<Prepared, String> {
        let listing = self
            .listings
            .get(&place.new.market)
            .ok_or_else(|| format!("expected a listed market, found {}", place.new.market))?;
        let maker = Maker { wallet: &self.wallet, chain: self.config.chain, builder: alloy_primitives::B256::ZERO };
        let leg = match place.funding {
            Funding::Cash => Leg::Buy,
            // Risk has seen to it that so many are held and free.
            Funding::Holdings => Leg::Sell { held: place.new.qty },
        };
        prepare(&place.new, leg, listing, maker, place.created).map_err(|error| error.to_string())
    }

    fn on_request(&mut self, now: Timestamp, request: RequestId, body: &Request, out: &mut Vec<Action>) {
        match body {
            Request::Place(place) => match self.prepare(place.get()) {
                Ok(prepared) => {
                    let owner = self.creds.key().to_owned();
                    let body = order_body::write(&prepared.signed, &owner, prepared.terms).into_bytes();
                    let call = Plain::write("POST /order", CallKind::Post, Method::Post, "/order", body);
                    self.call(now, Work::Place(request, Box::new(prepared)), call, out);
                }
                Err(text) => answer(request, Answer::Rejected(Reject { code: RejectCode::Other, text }), out),
            },
            Request::Amend(_) | Request::DecreaseTo { .. } | Request::CreateGroup { .. } | Request::ResetGroup { .. } => {
                let text = "the venue changes no resting orders and has no order groups".to_owned();
                answer(request, Answer::Rejected(Reject { code: RejectCode::Other, text }), out);
            }
            Request::Cancel { venue_id, .. } => {
                let body = serde_json::json!({ "orderID": venue_id.as_str() }).to_string().into_bytes();
                let call = Plain::write("DELETE /order", CallKind::Idempotent, Method::Delete, "/order", body);
                self.call(now, Work::Cancel(request, venue_id.to_string()), call, out);
            }
            Request::CancelAll => {
                let call =
                    Plain::write("DELETE /cancel-all", CallKind::Idempotent, Method::Delete, "/cancel-all", Vec::new());
                self.call(now, Work::CancelAll(request), call, out);
            }
            Request::Lookup(lookup) => self.look(now, request, lookup, out),
        }
    }

    fn look(&mut self, now: Timestamp, request: RequestId, lookup: &Lookup, out: &mut Vec<Action>) {
        let hash = match &lookup.venue_id {
            Some(known) => known.to_string(),
            None => match self.prepare(&lookup.placed) {
                Ok(prepared) => prepared.hash.to_string(),
                Err(why) => return answer(request, Answer::InDoubt { why }, out),
            },
        };
        let as_of = now.minus(self.config.read_lag);
        let call = Plain::read("GET /data/order", format!("/data/order/{hash}"), String::new());
        self.call(now, Work::LookupOrder(request, Box::new(lookup.clone()), hash, as_of), call, out);
    }

    fn on_success(&mut self, now: Timestamp, pending: Pending, status: u16, body: &[u8], out: &mut Vec<Action>) {
        let label = pending.label;
        match pending.work {
            Work::Place(request, prepared) => {
                let told = match read::<PostOrderReply>(status, body) {
                    Ok(reply) => placed(label, &prepared, &reply),
                    Err(why) => Answer::InDoubt { why },
                };
                answer(request, told, out);
            }
            Work::Cancel(request, hash) => {
                let told = match read::<CancelReply>(status, body) {
                    Ok(reply) if reply.canceled.iter().any(|it| it.eq_ignore_ascii_case(&hash)) => {
                        Answer::Canceled { reduced_by: None }
                    }
                    Ok(_) => Answer::Gone,
                    Err(why) => Answer::InDoubt { why },
                };
                answer(request, told, out);
            }
            Work::CancelAll(request) => answer(request, Answer::CanceledAll, out),
            Work::LookupOrder(request, lookup, hash, as_of) => {
                self.on_lookup_order(now, (request, lookup, hash, as_of), status, body, out);
            }
            Work::LookupTrades(request, lookup, hash, as_of, pages, filled) => {
                self.on_lookup_trades(now, (request, lookup, hash, as_of, pages, filled), status, body, out);
            }
            Work::Account(reading) => self.on_account_part(now, *reading, status, body, out),
        }
    }

    fn on_lookup_order(
        &mut self,
        now: Timestamp,
        (request, lookup, hash, as_of): (RequestId, Box<Lookup>, String, Timestamp),
        status: u16,
        body: &[u8],
        out: &mut Vec<Action>,
    ) {
        // A finished order answers null, an empty text or an empty object after a while.
        let shown = match body.trim_ascii() {
            b"" | b"null" | b"{}" | b"\"\"" => None,
            body => match read::<OpenOrder>(status, body) {
                Ok(order) => Some(order),
                Err(why) => return answer(request, Answer::InDoubt { why }, out),
            },
        };
        match shown.map(|order| open_order(&order, &self.tokens)) {
            Some(Ok(update)) => answer(request, Answer::Found(update), out),
            Some(Err(error)) => answer(request, Answer::InDoubt { why: error.to_string() }, out),
            None => {
                let query = self.trades_query(lookup.placed.created, None);
                let work = Work::LookupTrades(request, lookup, hash, as_of, 1, Qty::ZERO);
                self.call(now, work, Plain::read("GET /data/trades", "/data/trades".to_owned(), query), out);
            }
        }
    }

    fn trades_query(&self, since: Timestamp, cursor: Option<&str>) -> String {
        let mut query = format!("after={}&next_cursor=", since.minus(SLACK).secs().max(0));
        percent_encode(cursor.unwrap_or(FIRST_CURSOR), &mut query);
        query
    }

    /// An order that is not shown and has trades was filled as far as they say, and is over.
    fn on_lookup_trades(
        &mut self,
        now: Timestamp,
        (request, lookup, hash, as_of, pages, mut filled): (RequestId, Box<Lookup>, String, Timestamp, u32, Qty),
        status: u16,
        body: &[u8],
        out: &mut Vec<Action>,
    ) {
        let page = match read::<clob::Page<clob::Trade>>(status, body) {
            Ok(page) => page,
            Err(why) => return answer(request, Answer::InDoubt { why }, out),
        };
        for trade in &page.data {
            let fills = own_fills(&UserTrade::from(trade.clone()), self.creds.key(), &self.tokens);
            for fill in fills.into_iter().flatten() {
                if fill.order.as_str().eq_ignore_ascii_case(&hash) {
                    filled = filled.checked_add(fill.qty).unwrap_or(Qty::MAX);
                }
            }
        }
        if let Some(cursor) = page.next() {
            if pages >= MAX_PAGES || page.data.is_empty() {
                let why = "a list of trades that does not end".to_owned();
                return answer(request, Answer::InDoubt { why }, out);
            }
            let query = self.trades_query(lookup.placed.created, Some(cursor));
            let work = Work::LookupTrades(request, lookup, hash, as_of, pages + 1, filled);
            return self.call(now, work, Plain::read("GET /data/trades", "/data/trades".to_owned(), query), out);
        }
        if filled.is_zero() {
            return answer(request, Answer::NotFound { as_of }, out);
        }
        let new = &lookup.placed.new;
        let Ok(order) = hash.parse() else {
            return answer(request, Answer::InDoubt { why: format!("`{hash}` is no order id") }, out);
        };
        let whole = new.qty.saturating_sub(filled).micros() <= 10_000;
        let update = OrderUpdate {
            order,
            client_order_id: Some(new.client_order_id.clone()),
            market: new.market.clone(),
            side: new.side,
            price: new.price,
            status: if whole { OrderStatus::Executed } else { OrderStatus::Canceled },
            filled,
            remaining: Qty::ZERO,
            reason: Some("by its trades".to_owned()),
        };
        answer(request, Answer::Found(update), out);
    }

    // --- The account ------------------------------------------------------------------------------------------------

    fn begin_reading(&mut self, now: Timestamp, asked: u64, fills_since: Timestamp, out: &mut Vec<Action>) {
        let tokens = self.listings.keys().rev().flat_map(|market| [(market.clone(), false), (market.clone(), true)]);
        let reading = Reading {
            asked,
            as_of: now.minus(self.config.read_lag),
            fills_since,
            step: Step::Orders,
            pages: 1,
            orders: Vec::new(),
            fills: Vec::new(),
            statuses: Vec::new(),
            tokens: tokens.collect(),
            held: BTreeMap::new(),
        };
        self.ask_account(now, reading, None, out);
    }

    fn ask_account(&mut self, now: Timestamp, reading: Reading, cursor: Option<&str>, out: &mut Vec<Action>) {
        let funds = |asset: &str, token: Option<String>| {
            let mut query = format!("asset_type={asset}");
            if let Some(token) = token {
                query.push_str("&token_id=");
                query.push_str(&token);
            }
            query.push_str(&format!("&signature_type={}", self.wallet.signature_type() as u8));
            Plain::read("GET /balance-allowance", "/balance-allowance".to_owned(), query)
        };
        let call = match &reading.step {
            Step::Orders => {
                let mut query = "next_cursor=".to_owned();
                percent_encode(cursor.unwrap_or(FIRST_CURSOR), &mut query);
                Plain::read("GET /data/orders", "/data/orders".to_owned(), query)
            }
            Step::Trades => {
                let query = self.trades_query(reading.fills_since, cursor);
                Plain::read("GET /data/trades", "/data/trades".to_owned(), query)
            }
            Step::Token(market, yes) => {
                let listing = &self.listings[market];
                let token = if *yes { listing.yes } else { listing.no };
                let asset = if token.is_position_id() { "CONDITIONAL-V2" } else { "CONDITIONAL" };
                funds(asset, Some(token.to_string()))
            }
            Step::Cash => funds("COLLATERAL", None),
        };
        self.call(now, Work::Account(Box::new(reading)), call, out);
    }

    fn on_account_part(
        &mut self,
        now: Timestamp,
        mut reading: Reading,
        status: u16,
        body: &[u8],
        out: &mut Vec<Action>,
    ) {
        match self.take_part(&mut reading, status, body) {
            Err(reason) => out.push(Action::Input(Input::AccountUnread { venue: Venue::Polymarket, reason })),
            Ok(Part::Page(_)) if reading.pages >= MAX_PAGES => {
                let reason = format!("more than {MAX_PAGES} pages");
                out.push(Action::Input(Input::AccountUnread { venue: Venue::Polymarket, reason }));
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
                let snapshot = reading.into_snapshot(cash);
                out.push(Action::Input(Input::Account(Box::new(snapshot))));
            }
        }
    }

    fn take_part(&self, reading: &mut Reading, status: u16, body: &[u8]) -> Result<Part, String> {
        match reading.step.clone() {
            Step::Orders => {
                let page = read::<clob::Page<OpenOrder>>(status, body)?;
                for order in &page.data {
                    // Of a market that is not listed here: another program's.
                    if let Ok(update) = open_order(order, &self.tokens) {
                        reading.orders.push(update);
                    }
                }
                follow(page.next(), page.data.len(), Step::Trades)
            }
            Step::Trades => {
                let page = read::<clob::Page<clob::Trade>>(status, body)?;
                for trade in &page.data {
                    self.take_trade(reading, trade)?;
                }
                let next = reading.tokens.pop().map_or(Step::Cash, |(market, yes)| Step::Token(market, yes));
                let follow = follow(page.next(), page.data.len(), next.clone())?;
                if let (Part::Page(_), Step::Token(market, yes)) = (&follow, next) {
                    reading.tokens.push((market, yes));
                }
                Ok(follow)
            }
            Step::Token(market, yes) => {
                let balance = read::<BalanceAllowance>(status, body)?.balance;
                let held = reading.held.entry(market).or_insert((Qty::ZERO, Qty::ZERO));
                if yes {
                    held.0 = balance;
                } else {
                    held.1 = balance;
                }
                Ok(Part::Next(reading.tokens.pop().map_or(Step::Cash, |(market, yes)| Step::Token(market, yes))))
            }
            Step::Cash => {
                let balance = read::<BalanceAllowance>(status, body)?.balance;
                let micros = i64::try_from(balance.micros()).map_err(|error| error.to_string())?;
                Ok(Part::Done(Money::from_micros(micros)))
            }
        }
    }

    fn take_trade(&self, reading: &mut Reading, trade: &clob::Trade) -> Result<(), String> {
        let trade = UserTrade::from(trade.clone());
        let Ok(fills) = own_fills(&trade, self.creds.key(), &self.tokens) else { return Ok(()) };
        let status = trade_status(&trade).map_err(|error| error.to_string())?;
        for fill in fills {
            let schedule = self.listings.get(&fill.market).map(|listing| listing.fees);
            let fee = schedule.filter(|_| fill.is_taker).map_or(Money::ZERO, |it| it.taker_fee(fill.price, fill.qty));
            reading.statuses.push((fill.trade.clone(), fill.order.clone(), status));
            reading.fills.push(fill.to_fill(fee));
        }
        Ok(())
    }
}

impl Reading {
    fn into_snapshot(mut self, cash: Money) -> AccountSnapshot {
        self.fills.reverse();
        // An order may be on two pages when the list moves while it is read.
        let mut seen = BTreeSet::new();
        self.orders.retain(|order| seen.insert(order.order.clone()));
        let positions = self.held.into_iter().filter(|(_, (yes, no))| !yes.is_zero() || !no.is_zero());
        let positions = positions.map(|(market, (yes, no))| {
            let net = yes.signed().checked_sub(no.signed()).unwrap_or(SignedQty::ZERO);
            VenuePosition { market, net, tokens: Some((yes, no)) }
        });
        AccountSnapshot {
            venue: Venue::Polymarket,
            asked: self.asked,
            as_of: self.as_of,
            orders: self.orders,
            fills: self.fills,
            statuses: self.statuses,
            fills_since: self.fills_since,
            positions: positions.collect(),
            cash: vec![VenueCash { shard: 0, free: None, total: Some(cash) }],
        }
    }
}

enum Part {
    Page(String),
    Next(Step),
    Done(Money),
}

/// What follows a page: the next one, or the next step. A page without rows that says that more follow is not believed.
fn follow(cursor: Option<&str>, rows: usize, step: Step) -> Result<Part, String> {
    match (cursor, rows) {
        (None, _) => Ok(Part::Next(step)),
        (Some(_), 0) => Err("a page without rows that says that more follow".to_owned()),
        (Some(cursor), _) => Ok(Part::Page(cursor.to_owned())),
    }
}

/// A call before it is signed.
struct Plain {
    label: &'static str,
    kind: CallKind,
    method: Method,
    path: String,
    query: String,
    body: Vec<u8>,
}

impl Plain {
    fn write(label: &'static str, kind: CallKind, method: Method, path: &str, body: Vec<u8>) -> Self {
        Self { label, kind, method, path: path.to_owned(), query: String::new(), body }
    }

    const fn read(label: &'static str, path: String, query: String) -> Self {
        Self { label, kind: CallKind::Read, method: Method::Get, path, query, body: Vec::new() }
    }
}

fn answer(request: RequestId, answer: Answer, out: &mut Vec<Action>) {
    out.push(Action::Input(Input::Answer { venue: Venue::Polymarket, request, answer }));
}

fn read<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body)
        .map_err(|error| format!("the answer with status {status} cannot be read: {error}; it begins `{:.80}`", text_of(body)))
}

/// What the answer to a posting says.
///
/// Source: reference, section 7.3: an order id and no message mean accepted, whatever `success` says.
fn placed(label: &'static str, prepared: &Prepared, reply: &PostOrderReply) -> Answer {
    if !reply.accepted() {
        let error = ClobError::of_item(label, &reply.error_msg);
        return refused(CallKind::Post, error.status, &error, None);
    }
    let hash = prepared.hash.to_string();
    if !reply.order_id.eq_ignore_ascii_case(&hash) {
        return Answer::InDoubt { why: format!("the venue answered with another order, {:.80}", reply.order_id) };
    }
    let Ok(order) = VenueOrderId::new(&hash) else {
        return Answer::InDoubt { why: format!("`{hash}` is no order id") };
    };
    let shares = match prepared.side {
        Side::Buy => reply.taking_amount,
        Side::Sell => reply.making_amount,
    };
    let filled = shares.and_then(|it| u64::try_from(it.micros()).ok()).and_then(Qty::from_micros);
    match (&reply.status, filled) {
        (PostStatus::Live | PostStatus::Unmatched, filled) if prepared.terms.kind.rests() => {
            let filled = filled.unwrap_or(Qty::ZERO);
            Answer::Placed { order, filled, remaining: total(prepared).saturating_sub(filled) }
        }
        (PostStatus::Matched, Some(filled)) if prepared.terms.kind.rests() => {
            let remaining = total(prepared).saturating_sub(filled);
            // A hundredth short is the whole. Source: reference, section 7.4.
            let remaining = if remaining.micros() <= 10_000 { Qty::ZERO } else { remaining };
            Answer::Placed { order, filled, remaining }
        }
        (PostStatus::Matched, Some(filled)) => Answer::Placed { order, filled, remaining: Qty::ZERO },
        // Delayed, or a word that is not known: it may still match.
        _ => Answer::PlacedUnclear { order },
    }
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

/// What an answer that is no success means.
///
/// Source: reference, sections 7.6 and 9.
fn refused(kind: CallKind, status: u16, error: &ClobError, retry_after: Option<Duration>) -> Answer {
    let text = error.to_string();
    let word = error.error_kind();
    let not_now = |why| Answer::NotNow { why, retry_after: retry_after.or(error.retry_after) };
    match word {
        ErrorKind::PostOnlyMode => return not_now(NotNow::PostOnlyMode),
        ErrorKind::CancelOnly => return not_now(NotNow::CancelOnlyMode),
        ErrorKind::TradingDisabled => return not_now(NotNow::Restarting),
        ErrorKind::Duplicated => return Answer::Rejected(Reject { code: RejectCode::Duplicate, text }),
        _ => {}
    }
    match (classify(kind, status, word).0, status) {
        (_, 425) => not_now(NotNow::Restarting),
        (FailureKind::Retry, _) => not_now(NotNow::RateLimited),
        (FailureKind::InDoubt, _) => Answer::InDoubt { why: text },
        (FailureKind::Fatal, _) => Answer::Rejected(Reject { code: RejectCode::Fatal, text }),
        (FailureKind::Refused, 404) if kind == CallKind::Idempotent => Answer::Gone,
        (FailureKind::Refused, _) => Answer::Rejected(Reject { code: reject_code(word), text }),
    }
}

const fn reject_code(word: ErrorKind) -> RejectCode {
    match word {
        ErrorKind::NotEnoughBalance => RejectCode::InsufficientBalance,
        ErrorKind::CrossesBook => RejectCode::PostOnlyCross,
        ErrorKind::TickSize => RejectCode::InvalidPrice,
        ErrorKind::MinSize | ErrorKind::InvalidAmounts | ErrorKind::MarketableMinimum => RejectCode::InvalidSize,
        ErrorKind::FokNotFilled | ErrorKind::NoMatch => RejectCode::NoLiquidity,
        ErrorKind::MarketNotReady => RejectCode::MarketClosed,
        ErrorKind::Duplicated => RejectCode::Duplicate,
        _ => RejectCode::Other,
    }
}

impl Gateway for PolymarketGateway {
    fn venue(&self) -> Venue {
        Venue::Polymarket
    }

    fn on_command(&mut self, now: Timestamp, command: &Command, out: &mut Vec<Action>) {
        match command {
            Command::Send { venue: Venue::Polymarket, request, body } => self.on_request(now, *request, body, out),
            Command::Reconcile { venue: Venue::Polymarket, asked, fills_since } => {
                self.begin_reading(now, *asked, *fills_since, out);
            }
            Command::Send { .. } | Command::Reconcile { .. } | Command::WakeAt(_) | Command::Alert(_) => {}
        }
    }

    fn on_outcome(&mut self, now: Timestamp, call: CallId, outcome: Outcome, out: &mut Vec<Action>) {
        let Some(pending) = self.calls.remove(&call) else { return };
        let failed = |work: &Work, told: Answer, out: &mut Vec<Action>| match work {
            Work::Place(request, _)
            | Work::Cancel(request, _)
            | Work::CancelAll(request)
            | Work::LookupOrder(request, ..)
            | Work::LookupTrades(request, ..) => answer(*request, told, out),
            Work::Account(_) => {
                let reason = format!("{told:?}");
                out.push(Action::Input(Input::AccountUnread { venue: Venue::Polymarket, reason }));
            }
        };
        match outcome {
            Outcome::NotSent(_) => {
                failed(&pending.work, Answer::NotNow { why: NotNow::NotSent, retry_after: None }, out);
            }
            Outcome::Silent(why) => failed(&pending.work, Answer::InDoubt { why }, out),
            Outcome::Answered { status, date, retry_after, body } => {
                if let Some(date) = date {
                    self.clock.observe(pending.sent, now, date);
                }
                if (200..300).contains(&status) {
                    return self.on_success(now, pending, status, &body, out);
                }
                // An order that is not known by its hash may have traded and be over.
                if let (Work::LookupOrder(request, lookup, hash, as_of), 404) = (&pending.work, status) {
                    let job = (*request, lookup.clone(), hash.clone(), *as_of);
                    return self.on_lookup_order(now, job, 200, b"null", out);
                }
                let error = ClobError::new(pending.label, pending.kind, status, &text_of(&body));
                let told = refused(pending.kind, status, &error, retry_after);
                failed(&pending.work, told, out);
            }
        }
    }

    fn on_timer(&mut self, now: Timestamp, out: &mut Vec<Action>) {
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
