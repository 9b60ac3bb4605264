//! Orders: post, cancel, many at once; open orders and trades; and what became of a post without an answer.
//!
//! A post is repeated with the same signed bytes only. Its hash is known before it is sent, so an answer that is lost can be
//! asked for: the order itself, then the trades. What the venue does not show stays in doubt.
//!
//! Source: reference, sections 7 to 9, 2026-11-20.

use std::time::Duration;

use brier_polymarket_protocol::clob::{
    CancelMarketRequest, CancelOrderRequest, CancelReply, MAX_BATCH_CANCELS, MAX_BATCH_ORDERS, OpenOrder,
    PostOrderReply, Trade,
};
use brier_polymarket_protocol::errors::{CallKind, ClobError, ErrorKind};
use brier_polymarket_protocol::ids::{ConditionId, OrderHash, TokenId};
use brier_polymarket_protocol::order_body;
use brier_types::{FailureKind, Money, NewOrder, Qty, Timestamp, VenueError as _};
use reqwest::Method;
use serde_json::Value;

use super::Pages;
use crate::client::{Client, parse, unreadable};
use crate::discovery::Listing;
use crate::env::Service::Clob;
use crate::error::PolymarketError;
use crate::limits::Spend;
use crate::orders::{Leg, Maker, Prepared, prepare};
use crate::request::Call;

/// How often the venue is asked for an order that may be there: reads lag writes by up to about a second.
const LOOKUPS: u32 = 4;

/// Trades of an order are looked for from this long before it was made, as the filter counts whole seconds.
const SLACK: Duration = Duration::from_secs(2);

/// What the venue shows of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The order as it stands.
    Order(Box<OpenOrder>),
    /// The order is gone, and left these trades.
    Traded(Vec<Trade>),
    /// Nothing, which proves nothing.
    Unknown,
}

/// An order that the venue has or had, and how we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed {
    /// The venue answered the post.
    Answered(Box<PostOrderReply>),
    /// The answer was lost, or told that the order was posted before; the venue shows the order.
    Found(Box<OpenOrder>),
    /// As above, and the order is gone already: these trades are of it.
    Traded(Vec<Trade>),
    /// The venue told that it had the order before, and shows no more of it: it was canceled, expired or rejected since, or
    /// cannot be seen yet. Trades of it come by the user stream.
    Known,
}

impl Placed {
    /// Shares matched at least, as far as this answer tells: the maker's part of trades counts, whatever becomes of them.
    pub fn matched(&self, order: &Prepared) -> Option<Qty> {
        match self {
            Self::Found(found) => Some(found.size_matched),
            Self::Answered(answer) => {
                let side = order.side;
                let shares = match side {
                    brier_polymarket_protocol::ids::Side::Buy => answer.taking_amount,
                    brier_polymarket_protocol::ids::Side::Sell => answer.making_amount,
                };
                let micros = shares.map_or(0, Money::micros);
                u64::try_from(micros).ok().and_then(Qty::from_micros)
            }
            Self::Traded(_) | Self::Known => None,
        }
    }
}

/// Which open orders. Without a filter: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrdersQuery {
    /// Of this market.
    pub market: Option<ConditionId>,
    /// Of this token.
    pub token: Option<TokenId>,
}

/// Which trades. Market and token filter the taker's side only, so a maker's part of a mint or a merge is missed by them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TradesQuery {
    /// This trade.
    pub id: Option<String>,
    /// Of this market.
    pub market: Option<ConditionId>,
    /// Of this token.
    pub token: Option<TokenId>,
    /// Matched after this moment.
    pub after: Option<Timestamp>,
    /// Matched before this moment.
    pub before: Option<Timestamp>,
}

impl Client {
    /// Puts an order into the venue's terms and signs it; see [`crate::orders::prepare`]. Nothing is sent.
    ///
    /// # Errors
    /// [`PolymarketError::NoWallet`] and [`PolymarketError::Build`].
    pub fn prepare_order(
        &self,
        order: &NewOrder,
        leg: Leg,
        listing: &Listing,
        created: Timestamp,
    ) -> Result<Prepared, PolymarketError> {
        let wallet = self.wallet().ok_or(PolymarketError::NoWallet { operation: "prepare order" })?;
        let maker = Maker { wallet, chain: self.chain(), builder: alloy_primitives::B256::ZERO };
        Ok(prepare(order, leg, listing, maker, created)?)
    }

    /// Posts one order.
    ///
    /// It is sent again after silence or a 5xx, byte for byte, so that it acts at most once: the venue knows it by its hash.
    /// When no clear answer comes, the order and its trades are asked for.
    ///
    /// # Errors
    /// [`PolymarketError::OrderInDoubt`] when the venue may have the order and does not show it: count it at its worst case
    /// until stream or reads tell. [`FailureKind::Refused`] when it said no.
    pub async fn post_order(&self, order: &Prepared) -> Result<Placed, PolymarketError> {
        let owner = self.owner("post order")?;
        let body = order_body::write(&order.signed, &owner, order.terms).into_bytes();
        let call = Call::write("post order", Method::POST, "/order", CallKind::Post).body(body).spend(Spend::Orders(1));
        match self.run(&call).await {
            Ok(reply) => match parse::<PostOrderReply>(&call, &reply) {
                Ok(answer) => self.judge(&call, order, answer, reply.repeated_in_doubt).await,
                Err(error) => self.after_doubt(order, &error).await,
            },
            Err(error) if is_duplicate(&error) || error.kind() == FailureKind::InDoubt => {
                self.after_doubt(order, &error).await
            }
            Err(error) => Err(error),
        }
    }

    /// Posts up to 15 orders at once; each has a result of its own, in their order.
    ///
    /// # Errors
    /// [`PolymarketError::Request`] for too many, and the refusal of the whole, after which none was accepted. Doubt about
    /// the whole is resolved order by order.
    pub async fn post_orders(
        &self,
        orders: &[Prepared],
    ) -> Result<Vec<Result<Placed, PolymarketError>>, PolymarketError> {
        if orders.is_empty() {
            return Ok(Vec::new());
        }
        at_most("post orders", orders.len(), MAX_BATCH_ORDERS)?;
        let owner = self.owner("post orders")?;
        let body = order_body::write_batch(orders.iter().map(|order| (&order.signed, order.terms)), &owner);
        let call = Call::write("post orders", Method::POST, "/orders", CallKind::Post)
            .body(body.into_bytes())
            .spend(Spend::Orders(orders.len() as u32));
        let doubt = match self.run(&call).await {
            Ok(reply) => match parse::<Vec<PostOrderReply>>(&call, &reply) {
                Ok(answers) if answers.len() == orders.len() => {
                    let mut results = Vec::with_capacity(orders.len());
                    for (order, answer) in orders.iter().zip(answers) {
                        results.push(self.judge(&call, order, answer, reply.repeated_in_doubt).await);
                    }
                    return Ok(results);
                }
                Ok(answers) => {
                    unreadable(&call, &reply, "one result for each order", format!("{} results", answers.len()))
                }
                Err(error) => error,
            },
            Err(error) if error.kind() == FailureKind::InDoubt => error,
            Err(error) => return Err(error),
        };
        let mut results = Vec::with_capacity(orders.len());
        for order in orders {
            results.push(self.after_doubt(order, &doubt).await);
        }
        Ok(results)
    }

    /// Reads the answer to one order.
    async fn judge(
        &self,
        call: &Call,
        order: &Prepared,
        answer: PostOrderReply,
        repeated_in_doubt: bool,
    ) -> Result<Placed, PolymarketError> {
        if answer.accepted() {
            let same = answer.order_id.eq_ignore_ascii_case(&order.hash.to_string());
            if !same {
                // The venue names another order: ours is not known to be there, and something of ours may be.
                let problem = format!("the venue answered with another order, {:.80}", answer.order_id);
                return Err(PolymarketError::OrderInDoubt { hash: order.hash, problem });
            }
            return Ok(Placed::Answered(Box::new(answer)));
        }
        let refusal = ClobError::of_item(call.label(), &answer.error_msg);
        let kind = if repeated_in_doubt { FailureKind::InDoubt } else { refusal.kind() };
        let error = PolymarketError::Venue { operation: call.name, answer: Box::new(refusal), kind };
        if is_duplicate(&error) || kind == FailureKind::InDoubt {
            return self.after_doubt(order, &error).await;
        }
        Err(error)
    }

    /// Finds out about an order whose post had no clear answer.
    async fn after_doubt(&self, order: &Prepared, error: &PolymarketError) -> Result<Placed, PolymarketError> {
        match self.resolve(order).await {
            Ok(Resolution::Order(found)) => Ok(Placed::Found(found)),
            Ok(Resolution::Traded(trades)) => Ok(Placed::Traded(trades)),
            // `Duplicated` tells more than a read that shows nothing.
            Ok(Resolution::Unknown) | Err(_) if is_duplicate(error) => Ok(Placed::Known),
            Ok(Resolution::Unknown) => {
                Err(PolymarketError::OrderInDoubt { hash: order.hash, problem: error.to_string() })
            }
            Err(lookup) => Err(PolymarketError::OrderInDoubt {
                hash: order.hash,
                problem: format!("{error}; asking for it failed too: {lookup}"),
            }),
        }
    }

    /// Asks the venue what it has of an order: the order by its hash, then the trades since it was made. Asks several times,
    /// as reads lag writes.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn resolve(&self, order: &Prepared) -> Result<Resolution, PolymarketError> {
        for attempt in 1..=LOOKUPS {
            if let Some(found) = self.order(order.hash).await? {
                return Ok(Resolution::Order(Box::new(found)));
            }
            // Unfiltered by market and token, which would hide a maker's part of a mint or a merge.
            let query = TradesQuery { after: Some(order.created.minus(SLACK)), ..TradesQuery::default() };
            let hash = order.hash.to_string();
            let mut trades = self.trades(&query).all().await?;
            trades.retain(|trade| {
                let ids = trade.maker_orders.iter().map(|maker| &maker.order_id).chain([&trade.taker_order_id]);
                ids.into_iter().any(|id| id.eq_ignore_ascii_case(&hash))
            });
            if !trades.is_empty() {
                return Ok(Resolution::Traded(trades));
            }
            if attempt < LOOKUPS {
                tokio::time::sleep(self.next_wait(attempt)).await;
            }
        }
        Ok(Resolution::Unknown)
    }

    /// One order, or `None` when the venue does not show it: it never was, or it is finished.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn order(&self, hash: OrderHash) -> Result<Option<OpenOrder>, PolymarketError> {
        let call = Call::get("read order", Clob, "/data/order").segment(&hash.to_string())?.private();
        let reply = match self.run(&call).await {
            Ok(reply) => reply,
            Err(error) if error.status() == Some(404) => return Ok(None),
            Err(error) => return Err(error),
        };
        if reply.body.trim_ascii().is_empty() {
            return Ok(None);
        }
        // A finished order answers null, an empty text or an empty object after a while.
        match parse::<Value>(&call, &reply)? {
            Value::Object(members) if members.contains_key("id") => parse(&call, &reply).map(Some),
            Value::Object(members) if members.is_empty() => Ok(None),
            Value::Null => Ok(None),
            Value::String(text) if text.is_empty() => Ok(None),
            other => Err(unreadable(&call, &reply, "an order", format!("`{other:.80}`"))),
        }
    }

    /// Our open orders.
    pub fn open_orders(&self, query: &OrdersQuery) -> Pages<OpenOrder> {
        let call = Call::get("list orders", Clob, "/data/orders").private();
        Pages::of_clob(self, call.maybe("market", query.market).maybe("asset_id", query.token))
    }

    /// Our trades, as maker and as taker.
    pub fn trades(&self, query: &TradesQuery) -> Pages<Trade> {
        let call = Call::get("list trades", Clob, "/data/trades")
            .private()
            .maybe("id", query.id.as_deref())
            .maybe("market", query.market)
            .maybe("asset_id", query.token)
            .maybe("after", query.after.map(Timestamp::secs))
            .maybe("before", query.before.map(Timestamp::secs));
        Pages::of_clob(self, call)
    }

    /// Takes an order back. Harmless when repeated; what is not canceled is named with its reason.
    ///
    /// # Errors
    /// Those of a write.
    pub async fn cancel_order(&self, hash: OrderHash) -> Result<CancelReply, PolymarketError> {
        let call = Call::write("cancel order", Method::DELETE, "/order", CallKind::Idempotent).spend(Spend::Cancels(1));
        self.json(&call.json(&CancelOrderRequest { order_id: hash.to_string() })?).await
    }

    /// Takes up to 1,000 orders back.
    ///
    /// # Errors
    /// Those of a write, and [`PolymarketError::Request`] for too many.
    pub async fn cancel_orders(&self, hashes: &[OrderHash]) -> Result<CancelReply, PolymarketError> {
        if hashes.is_empty() {
            return Ok(CancelReply::default());
        }
        at_most("cancel orders", hashes.len(), MAX_BATCH_CANCELS)?;
        let ids: Vec<String> = hashes.iter().map(ToString::to_string).collect();
        let call = Call::write("cancel orders", Method::DELETE, "/orders", CallKind::Idempotent)
            .spend(Spend::Cancels(ids.len() as u32));
        self.json(&call.json(&ids)?).await
    }

    /// Takes every order back.
    ///
    /// # Errors
    /// Those of a write.
    pub async fn cancel_all(&self) -> Result<CancelReply, PolymarketError> {
        let call = Call::write("cancel all", Method::DELETE, "/cancel-all", CallKind::Idempotent);
        self.json(&call.spend(Spend::Cancels(1))).await
    }

    /// Takes every order of a market, or of one of its tokens, back.
    ///
    /// # Errors
    /// Those of a write.
    pub async fn cancel_market(
        &self,
        market: ConditionId,
        token: Option<TokenId>,
    ) -> Result<CancelReply, PolymarketError> {
        let asset_id = token.map(|token| token.to_string()).unwrap_or_default();
        let request = CancelMarketRequest { market: market.to_string(), asset_id };
        let call = Call::write("cancel market", Method::DELETE, "/cancel-market-orders", CallKind::Idempotent);
        self.json(&call.spend(Spend::Cancels(1)).json(&request)?).await
    }

    /// The API key, which every posted order names.
    fn owner(&self, operation: &'static str) -> Result<String, PolymarketError> {
        Ok(self.credentials().ok_or(PolymarketError::NoCredentials { operation })?.key().to_owned())
    }
}

fn at_most(operation: &'static str, found: usize, most: usize) -> Result<(), PolymarketError> {
    if found > most {
        let problem = format!("expected at most {most} orders in one call, found {found}");
        return Err(PolymarketError::Request { operation, problem });
    }
    Ok(())
}

fn is_duplicate(error: &PolymarketError) -> bool {
    error.error_kind() == Some(ErrorKind::Duplicated)
}
