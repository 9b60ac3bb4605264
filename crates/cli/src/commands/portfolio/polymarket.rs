//! `brier portfolio --venue polymarket`: dollars, tokens by market, and open orders.
//!
//! What is held comes from the order book's own balances. Which tokens to ask for comes from the Data API, the latest trades
//! and the open orders. Matches that are not mined yet stand in no balance: they are shown as what they hold.
//!
//! Source: reference (Polymarket), sections 7.4, 8.4 and 13, 2026-11-20.

use std::collections::{BTreeMap, BTreeSet};

use brier_polymarket::Client;
use brier_polymarket::discovery::Listing;
use brier_polymarket::keys::Wallet;
use brier_polymarket::orders::EXPIRATION_THRESHOLD;
use brier_polymarket::rest::{OrdersQuery, TradesQuery};
use brier_polymarket_protocol::clob::OpenOrder;
use brier_polymarket_protocol::convert::yes_terms;
use brier_polymarket_protocol::ids::{ConditionId, Side};
use brier_types::{BookSide, Money, Outcome, Price, Qty, Rounding, Timestamp, notional};
use serde::Serialize;

use super::Args;
use crate::commands::fills::polymarket::{Line, own_lines};
use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, as_text, table};
use crate::venue::block_on;
use crate::venue::polymarket::{listings, open_orders, outcome_of, token_of, word};

/// A match of this age is settled or failed long since: it takes seconds, in bad times minutes.
const UNSETTLED: std::time::Duration = std::time::Duration::from_hours(24);

#[derive(Serialize)]
struct Document {
    wallet: String,
    balance: Balance,
    positions: Vec<Position>,
    resting_orders: Vec<Resting>,
}

#[derive(Serialize)]
struct Balance {
    #[serde(serialize_with = "as_text")]
    #[serde(rename = "balance_dollars")]
    total: Money,
    /// Bound by open orders to buy, at their limits.
    #[serde(serialize_with = "as_text")]
    #[serde(rename = "held_by_orders_dollars")]
    held_by_orders: Money,
    /// To be paid for matches that are not mined yet, fees included.
    #[serde(serialize_with = "as_text")]
    #[serde(rename = "held_by_matches_dollars")]
    held_by_matches: Money,
    #[serde(serialize_with = "as_text")]
    #[serde(rename = "free_dollars")]
    free: Money,
}

/// Tokens of one market.
#[derive(Serialize)]
struct Position {
    ticker: String,
    slug: String,
    #[serde(serialize_with = "as_text")]
    yes: Qty,
    #[serde(serialize_with = "as_text")]
    no: Qty,
    /// Of the YES tokens, offered by open orders.
    #[serde(serialize_with = "as_text")]
    yes_offered: Qty,
    /// Of the NO tokens, offered by open orders.
    #[serde(serialize_with = "as_text")]
    no_offered: Qty,
    yes_token: String,
    no_token: String,
}

/// An open order. Names are Kalshi's where the thing is the same.
#[derive(Serialize)]
struct Resting {
    order_id: String,
    ticker: String,
    slug: String,
    #[serde(serialize_with = "as_text")]
    book_side: BookSide,
    #[serde(serialize_with = "as_text")]
    yes_price_dollars: Price,
    #[serde(serialize_with = "as_text")]
    remaining_count_fp: Qty,
    #[serde(serialize_with = "as_text")]
    fill_count_fp: Qty,
    status: String,
    side: &'static str,
    token_outcome: &'static str,
    token: String,
    #[serde(serialize_with = "as_text")]
    price_dollars: Price,
    order_type: String,
    /// When the venue ends it, a minute before what is signed.
    expires: Option<String>,
    signed_expiration: Option<String>,
}

/// Shows the portfolio.
pub(super) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let venue = args.venue.polymarket()?;
    let document = block_on(async {
        let client = venue.signed().await?;
        read(&client).await
    })?;
    output.either(&document, |output| document.print(output))?;
    Ok(EXIT_OK)
}

async fn read(client: &Client) -> Result<Document, CliError> {
    let open = open_orders(client, &OrdersQuery::default()).await?;
    let recent = TradesQuery { after: Some(now().minus(UNSETTLED)), ..TradesQuery::default() };
    let trades = client.trades(&recent).all().await?;
    let fills = own_lines(client, &trades).await?;
    let mut conditions: BTreeSet<ConditionId> = open.iter().filter_map(|order| order.market.parse().ok()).collect();
    conditions.extend(fills.iter().filter_map(|fill| fill.ticker.parse::<ConditionId>().ok()));
    let mut tokens: BTreeSet<String> = fills.iter().map(|fill| fill.token.clone()).collect();
    tokens.extend(open.iter().map(|order| order.asset_id.clone()));
    let wallet = client.wallet().map(Wallet::funder);
    let wallet = wallet.ok_or_else(|| CliError::failure("the client has no wallet"))?;
    match client.data_positions(wallet).all().await {
        Ok(held) => {
            conditions.extend(held.iter().filter_map(|row| row.condition_id.parse::<ConditionId>().ok()));
            tokens.extend(held.into_iter().map(|row| row.token_id));
        }
        Err(error) => {
            tracing::warn!(%error, "the Data API cannot be read; tokens are those of the last day's trades and open orders");
        }
    }
    let known = listings(client, &conditions.into_iter().collect::<Vec<_>>()).await?;
    let positions = positions(client, &known, &tokens, &open).await?;
    let resting_orders: Vec<Resting> = open.iter().filter_map(|order| resting(order, &known)).collect();
    let balance = balance(client.funds(None).await?.balance, &open, &fills)?;
    Ok(Document { wallet: wallet.to_string(), balance, positions, resting_orders })
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(since).ok().and_then(Timestamp::from_secs).unwrap_or(Timestamp::EPOCH)
}

/// What orders and matches leave of the dollars.
fn balance(balance: Qty, open: &[OpenOrder], fills: &[Line]) -> Result<Balance, CliError> {
    let too_large =
        || CliError::failure("the balance does not fit 64 bits").hint("the venue's figures make no sense; ask again");
    let balance = i64::try_from(balance.micros()).map(Money::from_micros).map_err(|_large| too_large())?;
    let bids = open.iter().filter(|order| order.side == Side::Buy);
    let orders =
        sum(bids.map(|order| {
            notional(order.price, order.original_size.saturating_sub(order.size_matched), Rounding::Ceil)
        }))
        .ok_or_else(too_large)?;
    let unpaid = fills.iter().filter(|fill| !fill.is_settled() && fill.side == Side::Buy.word());
    let matches = sum(unpaid.map(|fill| fill.gross_dollars.checked_add(fill.fee_cost).unwrap_or(Money::ZERO)))
        .ok_or_else(too_large)?;
    let free = balance.checked_sub(orders).and_then(|rest| rest.checked_sub(matches)).ok_or_else(too_large)?;
    Ok(Balance {
        total: balance,
        held_by_orders: orders,
        held_by_matches: matches,
        // Where more is bound than there is, nothing is free.
        free: free.max(Money::ZERO),
    })
}

fn sum(mut parts: impl Iterator<Item = Money>) -> Option<Money> {
    parts.try_fold(Money::ZERO, Money::checked_add)
}

async fn positions(
    client: &Client,
    known: &BTreeMap<ConditionId, Listing>,
    tokens: &BTreeSet<String>,
    open: &[OpenOrder],
) -> Result<Vec<Position>, CliError> {
    let mut positions = Vec::new();
    for listing in known.values() {
        let mut held = [Qty::ZERO; 2];
        for (qty, outcome) in held.iter_mut().zip([Outcome::Yes, Outcome::No]) {
            let token = token_of(listing, outcome);
            if tokens.contains(&token.to_string()) {
                *qty = client.funds(Some(token)).await?.balance;
            }
        }
        let offered = |outcome: Outcome| {
            let of_token = |order: &&OpenOrder| {
                order.side == Side::Sell && order.asset_id == token_of(listing, outcome).to_string()
            };
            let rests = |order: &OpenOrder| order.original_size.saturating_sub(order.size_matched);
            open.iter().filter(of_token).fold(Qty::ZERO, |sum, order| sum.checked_add(rests(order)).unwrap_or(Qty::MAX))
        };
        if held == [Qty::ZERO; 2] {
            continue;
        }
        positions.push(Position {
            ticker: listing.ticker.to_string(),
            slug: listing.slug.clone(),
            yes: held[0],
            no: held[1],
            yes_offered: offered(Outcome::Yes),
            no_offered: offered(Outcome::No),
            yes_token: listing.yes.to_string(),
            no_token: listing.no.to_string(),
        });
    }
    Ok(positions)
}

fn resting(order: &OpenOrder, known: &BTreeMap<ConditionId, Listing>) -> Option<Resting> {
    let listing = known.get(&order.market.parse().ok()?)?;
    let outcome = outcome_of(listing, &order.asset_id)?;
    let (book_side, yes_price) = yes_terms(outcome, order.side, order.price);
    Some(Resting {
        order_id: order.id.clone(),
        ticker: listing.ticker.to_string(),
        slug: listing.slug.clone(),
        book_side,
        yes_price_dollars: yes_price,
        remaining_count_fp: order.original_size.saturating_sub(order.size_matched),
        fill_count_fp: order.size_matched,
        status: order.status.as_str().to_lowercase(),
        side: order.side.word(),
        token_outcome: word(outcome),
        token: order.asset_id.clone(),
        price_dollars: order.price,
        order_type: order.order_type.as_str().to_owned(),
        expires: order.expiration.map(|time| time.minus(EXPIRATION_THRESHOLD).to_string()),
        signed_expiration: order.expiration.map(|time| time.to_string()),
    })
}

impl Document {
    fn print(&self, output: &mut Output) -> Result<(), CliError> {
        let Balance { total, held_by_orders, held_by_matches, free } = &self.balance;
        output.line(format_args!("wallet     {}", self.wallet))?;
        output.line(format_args!("cash       ${}", total.to_dollars4(Rounding::Floor)))?;
        output.line(format_args!("held       ${} by open orders", held_by_orders.to_dollars4(Rounding::Ceil)))?;
        if *held_by_matches != Money::ZERO {
            let held = held_by_matches.to_dollars4(Rounding::Ceil);
            output.line(format_args!("           ${held} by matches that are not mined yet"))?;
        }
        output.line(format_args!("free       ${}", free.to_dollars4(Rounding::Floor)))?;
        output.line("")?;
        if self.positions.is_empty() {
            output.line("no tokens")?;
        } else {
            output.line(table(
                ["market", "YES>", "offered>", "NO>", "offered>"],
                self.positions.iter().map(|position| {
                    let market = if position.slug.is_empty() { &position.ticker } else { &position.slug };
                    let amounts = [position.yes, position.yes_offered, position.no, position.no_offered];
                    let [yes, yes_offered, no, no_offered] = amounts.map(|qty| qty.to_string());
                    [market.clone(), yes, yes_offered, no, no_offered]
                }),
            ))?;
        }
        output.line("")?;
        if self.resting_orders.is_empty() {
            return output.line("no resting orders");
        }
        output.line(table(
            ["resting order", "market", "side", "price $>", "rests>", "filled>", "at the venue", "until"],
            self.resting_orders.iter().map(|order| {
                [
                    order.order_id.clone(),
                    if order.slug.is_empty() { order.ticker.clone() } else { order.slug.clone() },
                    order.book_side.to_string(),
                    order.yes_price_dollars.to_string(),
                    order.remaining_count_fp.to_string(),
                    order.fill_count_fp.to_string(),
                    format!("{} {} at {}", order.side, order.token_outcome, order.price_dollars),
                    order.expires.clone().unwrap_or_else(|| order.order_type.clone()),
                ]
            }),
        ))
    }
}
