//! Order requests as bytes: request line, headers and body in one buffer that is used again.
//!
//! Invariants: a body is byte for byte what the protocol's own types write; a path is signed as it is written; nothing is
//! allocated once the buffers have grown; no write is written for an environment that takes none. Nothing is sent here.
//!
//! Source: reference sections 3.1 and 8, 2026-11-20.

use std::fmt;

use brier_connect::line::{USER_AGENT, authority, push_body, push_encoded, push_fixed, push_json_text, push_number};
use brier_kalshi_protocol::rest::{BASE_PATH, Operation};
use brier_types::{
    AmendOrder, BookSide, MarketTicker, NewOrder, Price, Qty, SelfTradePrevention, TimeInForce, Timestamp, VenueOrderId,
};

use super::SignedHeaders;
use crate::env::Env;
use crate::error::KalshiError;
use crate::keys::Credentials;

/// Where a request's signature comes from.
#[derive(Clone, Copy, Debug)]
pub enum Signing<'a> {
    /// It was made ahead.
    Ahead(&'a SignedHeaders),
    /// It is made now, at this time of the venue's.
    Now(&'a Credentials, Timestamp),
}

/// How an order shrinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decrease {
    /// By so many contracts; not to be sent twice.
    By(Qty),
    /// To so many resting contracts.
    To(Qty),
}

/// Writes order requests for one environment. `Debug` shows nothing of them.
pub struct RequestWriter {
    /// What stands between the target and the signed headers.
    after_target: Vec<u8>,
    body: Vec<u8>,
    out: Vec<u8>,
}

impl fmt::Debug for RequestWriter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RequestWriter").finish_non_exhaustive()
    }
}

impl RequestWriter {
    /// A writer for `env`.
    ///
    /// # Errors
    /// [`KalshiError::WritesForbidden`] where [`Env::writes_allowed`] says so.
    pub fn new(env: &Env) -> Result<Self, KalshiError> {
        if !env.writes_allowed() {
            return Err(KalshiError::WritesForbidden { operation: "order path", env: env.to_string() });
        }
        let host = authority(&env.rest_origin());
        let after_target = format!(" HTTP/1.1\r\nhost: {host}\r\n{USER_AGENT}accept: */*\r\n").into_bytes();
        Ok(Self { after_target, body: Vec::with_capacity(512), out: Vec::with_capacity(2_048) })
    }

    /// Places `order`: what [`crate::rest::create_request`] asks for, on this shard or where its market is.
    ///
    /// # Errors
    /// [`KalshiError::Request`] for headers that were signed for another operation, [`KalshiError::Key`] when signing fails.
    pub fn create(
        &mut self,
        order: &NewOrder,
        exchange_index: Option<i32>,
        signing: Signing<'_>,
    ) -> Result<&[u8], KalshiError> {
        create_body(order, exchange_index, &mut self.body);
        self.request("create order", Operation::CreateOrder, None, None, true, signing)
    }

    /// Changes price or total of an order: what [`crate::rest::amend_request`] asks for.
    ///
    /// # Errors
    /// [`KalshiError::Request`] for an id that no path can name, [`KalshiError::Key`] when signing fails.
    pub fn amend(
        &mut self,
        amend: &AmendOrder,
        exchange_index: Option<i32>,
        credentials: &Credentials,
        venue_now: Timestamp,
    ) -> Result<&[u8], KalshiError> {
        let mut body = Members::new(&mut self.body);
        body.text("ticker", amend.market.as_str());
        body.text("side", side(amend.side));
        body.price("price", amend.price);
        body.count("count", amend.total);
        if let Some(id) = &amend.new_client_order_id {
            body.text("updated_client_order_id", id.as_str());
        }
        body.index(exchange_index);
        body.end();
        let signing = Signing::Now(credentials, venue_now);
        self.request("amend order", Operation::AmendOrder, Some(&amend.order), None, true, signing)
    }

    /// Shrinks an order, which keeps its place in the queue.
    ///
    /// # Errors
    /// Those of [`RequestWriter::amend`].
    pub fn decrease(
        &mut self,
        market: &MarketTicker,
        order: &VenueOrderId,
        decrease: Decrease,
        exchange_index: Option<i32>,
        credentials: &Credentials,
        venue_now: Timestamp,
    ) -> Result<&[u8], KalshiError> {
        let mut body = Members::new(&mut self.body);
        match decrease {
            Decrease::By(by) => body.count("reduce_by", by),
            Decrease::To(to) => body.count("reduce_to", to),
        }
        body.index(exchange_index);
        body.text("market_ticker", market.as_str());
        body.end();
        let signing = Signing::Now(credentials, venue_now);
        self.request("decrease order", Operation::DecreaseOrder, Some(order), None, true, signing)
    }

    /// Takes an order back.
    ///
    /// # Errors
    /// Those of [`RequestWriter::amend`].
    pub fn cancel(
        &mut self,
        market: &MarketTicker,
        order: &VenueOrderId,
        exchange_index: Option<i32>,
        credentials: &Credentials,
        venue_now: Timestamp,
    ) -> Result<&[u8], KalshiError> {
        let signing = Signing::Now(credentials, venue_now);
        let query = Some((market, exchange_index));
        self.request("cancel order", Operation::CancelOrder, Some(order), query, false, signing)
    }

    fn request(
        &mut self,
        name: &'static str,
        operation: Operation,
        order: Option<&VenueOrderId>,
        query: Option<(&MarketTicker, Option<i32>)>,
        has_body: bool,
        signing: Signing<'_>,
    ) -> Result<&[u8], KalshiError> {
        let refused = |problem| KalshiError::Request { operation: name, problem };
        if let Some(id) = order
            && matches!(id.as_str(), "." | "..")
        {
            return Err(refused(format!("expected an id as part of the path, found `{id}`")));
        }
        let (out, method) = (&mut self.out, operation.method().as_str().as_bytes());
        out.clear();
        out.extend_from_slice(method);
        out.push(b' ');
        let path = out.len();
        out.extend_from_slice(BASE_PATH.as_bytes());
        for segment in operation.template().split('/').skip(1) {
            out.push(b'/');
            match order {
                Some(order) if segment.starts_with('{') => push_encoded(out, order.as_str()),
                _ => out.extend_from_slice(segment.as_bytes()),
            }
        }
        let path = path..out.len();
        if let Some((market, index)) = query {
            let mut separator = b'?';
            if let Some(index) = index {
                out.extend_from_slice(b"?exchange_index=");
                push_integer(out, i64::from(index));
                separator = b'&';
            }
            out.push(separator);
            out.extend_from_slice(b"market_ticker=");
            push_encoded(out, market.as_str());
        }
        out.extend_from_slice(&self.after_target);
        match signing {
            Signing::Ahead(headers) if headers.operation() == operation => out.extend_from_slice(headers.lines()),
            Signing::Ahead(headers) => {
                return Err(refused(format!(
                    "expected headers signed for it, found some for {:?}",
                    headers.operation()
                )));
            }
            Signing::Now(credentials, now) => {
                // The path stands in the buffer that the headers go to; a copy on the stack of the signer is shorter than that.
                let mut signed = [0; MAX_PATH];
                let signed = signed.get_mut(..path.len()).ok_or_else(|| {
                    refused(format!("expected a path of at most {MAX_PATH} bytes, found {}", path.len()))
                })?;
                signed.copy_from_slice(&out[path]);
                credentials.push_headers(out, now, &[method, signed])?;
            }
        }
        push_body(out, has_body.then_some(self.body.as_slice()));
        Ok(out)
    }
}

/// The body that places `order`, byte for byte what [`crate::rest::create_request`] asks for, on this shard or where its market is.
pub fn create_body(order: &NewOrder, exchange_index: Option<i32>, out: &mut Vec<u8>) {
    let mut body = Members::new(out);
    body.text("ticker", order.market.as_str());
    body.text("client_order_id", order.client_order_id.as_str());
    body.text("side", side(order.side));
    body.count("count", order.qty);
    body.price("price", order.price);
    let word = match order.time_in_force {
        TimeInForce::Gtc => "good_till_canceled",
        TimeInForce::Gtd(time) => {
            body.integer("expiration_time", time.secs());
            "good_till_canceled"
        }
        TimeInForce::Ioc => "immediate_or_cancel",
        TimeInForce::Fok => "fill_or_kill",
    };
    body.text("time_in_force", word);
    body.flag("post_only", order.post_only);
    body.text(
        "self_trade_prevention_type",
        match order.self_trade_prevention {
            SelfTradePrevention::TakerAtCross => "taker_at_cross",
            SelfTradePrevention::Maker => "maker",
        },
    );
    body.flag("cancel_order_on_pause", order.cancel_on_pause);
    body.flag("reduce_only", order.reduce_only);
    if let Some(group) = &order.group {
        body.text("order_group_id", group.as_str());
    }
    body.index(exchange_index);
    body.end();
}

/// The longest path: an id of 128 bytes, each encoded as three, within the rest of it.
const MAX_PATH: usize = 512;

const fn side(side: BookSide) -> &'static str {
    match side {
        BookSide::Bid => "bid",
        BookSide::Ask => "ask",
    }
}

fn push_integer(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    push_number(out, value.unsigned_abs());
}

/// A JSON object that is being written.
struct Members<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Members<'a> {
    fn new(out: &'a mut Vec<u8>) -> Self {
        out.clear();
        Self { out }
    }

    fn name(&mut self, name: &'static str) {
        self.out.push(if self.out.is_empty() { b'{' } else { b',' });
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn text(&mut self, name: &'static str, text: &str) {
        self.name(name);
        push_json_text(self.out, text);
    }

    fn flag(&mut self, name: &'static str, is_set: bool) {
        if is_set {
            self.name(name);
            self.out.extend_from_slice(b"true");
        }
    }

    fn integer(&mut self, name: &'static str, value: i64) {
        self.name(name);
        push_integer(self.out, value);
    }

    fn index(&mut self, index: Option<i32>) {
        if let Some(index) = index {
            self.integer("exchange_index", i64::from(index));
        }
    }

    /// Contracts with two decimals, or six where two would lose a digit.
    fn count(&mut self, name: &'static str, qty: Qty) {
        const PER_HUNDREDTH: u64 = 10_000;
        self.name(name);
        self.out.push(b'"');
        if qty.micros().is_multiple_of(PER_HUNDREDTH) {
            push_fixed(self.out, qty.micros() / PER_HUNDREDTH, 2);
        } else {
            push_fixed(self.out, qty.micros(), 6);
        }
        self.out.push(b'"');
    }

    fn price(&mut self, name: &'static str, price: Price) {
        self.name(name);
        self.out.push(b'"');
        push_fixed(self.out, u64::from(price.pips()), 4);
        self.out.push(b'"');
    }

    fn end(self) {
        self.out.push(b'}');
    }
}
