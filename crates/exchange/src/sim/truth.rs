//! What the exchange itself knows of an account: what an auditor holds a program's picture against.

use alloy_primitives::Address;
use brier_matching::AccountId;
use brier_types::{Action, BookSide, FillStatus, Money, Outcome, Price, Qty};

use super::SimExchange;
use crate::ids;
use crate::polymarket::state::Standing as PolymarketStanding;
use crate::state::Standing;

/// An order that rests, in YES terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderTruth {
    /// The venue's name for it.
    pub order: String,
    /// The owner's name for it; of Polymarket nothing.
    pub client_order_id: String,
    /// The side of the YES book.
    pub side: BookSide,
    /// YES price.
    pub price: Price,
    /// Contracts that rest.
    pub remaining: Qty,
}

/// What an account has in one market.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PositionTruth {
    /// Millionths of a contract, plus is YES; matches that are not settled yet count as if they were.
    pub net: i64,
    /// What rests.
    pub orders: Vec<OrderTruth>,
}

/// A side of the YES book of an order for a token.
const fn yes_side(action: Action, outcome: Outcome) -> BookSide {
    match (action, outcome) {
        (Action::Buy, Outcome::Yes) | (Action::Sell, Outcome::No) => BookSide::Bid,
        (Action::Buy, Outcome::No) | (Action::Sell, Outcome::Yes) => BookSide::Ask,
    }
}

const fn yes_price(outcome: Outcome, price: Price) -> Price {
    match outcome {
        Outcome::Yes => price,
        Outcome::No => price.complement(),
    }
}

impl SimExchange {
    fn kalshi_account(user: &str) -> AccountId {
        ids::user_id(user).expect("a user that this exchange named")
    }

    /// What a user of Kalshi has in a market.
    pub fn kalshi_position(&mut self, user: &str, ticker: &str) -> PositionTruth {
        let (account, ticker) = (Self::kalshi_account(user), ticker.to_owned());
        self.ask(move |core| {
            let state = &core.state;
            let Some(market) = state.market_id(&ticker) else { return PositionTruth::default() };
            let net = state.exchange.position(account, market).map_or(0, |view| view.position.micros());
            let rests = |row: &&crate::state::OrderRow| row.market == market && row.standing == Standing::Resting;
            let orders = state.user(account).orders.iter().map(|index| &state.orders[*index as usize]).filter(rests);
            let orders = orders.map(|row| OrderTruth {
                order: ids::order_text(row.id),
                client_order_id: row.client_order_id.to_string(),
                side: row.side,
                price: row.price,
                remaining: row.remaining,
            });
            PositionTruth { net, orders: orders.collect() }
        })
    }

    /// A user's whole cash, held or free.
    pub fn kalshi_cash(&mut self, user: &str) -> Money {
        let account = Self::kalshi_account(user);
        self.ask(move |core| core.state.exchange.account(account).map_or(Money::ZERO, |view| view.cash))
    }

    /// A user's fills: trade, order, contracts.
    pub fn kalshi_fills(&mut self, user: &str) -> Vec<(String, String, Qty)> {
        let account = Self::kalshi_account(user);
        self.ask(move |core| {
            let state = &core.state;
            let fill = |row: &crate::state::FillRow| {
                let trade = &state.trades[row.trade as usize];
                let order = &state.orders[row.order as usize];
                (ids::trade_text(trade.no), ids::order_text(order.id), trade.qty)
            };
            state.user(account).fills.iter().map(fill).collect()
        })
    }

    /// Our names of all orders that a user ever placed.
    pub fn kalshi_orders_ever(&mut self, user: &str) -> Vec<String> {
        let account = Self::kalshi_account(user);
        self.ask(move |core| {
            let state = &core.state;
            let orders = state.user(account).orders.iter();
            orders.map(|index| state.orders[*index as usize].client_order_id.to_string()).collect()
        })
    }

    /// What a wallet of Polymarket has in a market.
    pub fn polymarket_position(&mut self, wallet: Address, condition: &str) -> PositionTruth {
        let condition = condition.to_owned();
        self.ask(move |core| {
            let state = &core.polymarket;
            let (Some(account), Ok(condition)) = (state.accounts.get(&wallet).copied(), condition.parse()) else {
                return PositionTruth::default();
            };
            let Some(market) = state.conditions.get(&condition).copied() else { return PositionTruth::default() };
            let held = |outcome| state.core.token(account, market, outcome).balance.micros() as i64;
            let mut net = held(Outcome::Yes) - held(Outcome::No);
            // Matches that wait for their block will move so much.
            for trade in state.trades.iter().filter(|trade| trade.market == market) {
                if !matches!(trade.status, FillStatus::Matched | FillStatus::Retrying) {
                    continue;
                }
                let mut part = |order: u32, qty: Qty| {
                    let row = state.order(order);
                    if row.account == account {
                        let sign = if yes_side(row.action, row.outcome) == BookSide::Bid { 1 } else { -1 };
                        net += sign * qty.micros() as i64;
                    }
                };
                part(trade.taker, trade.qty);
                trade.makers.iter().for_each(|maker| part(maker.order, maker.qty));
            }
            let orders = state.orders.iter().filter(|row| {
                row.account == account && row.market == market && row.standing == PolymarketStanding::Live
            });
            let orders = orders.map(|row| OrderTruth {
                order: row.hash.to_string(),
                client_order_id: String::new(),
                side: yes_side(row.action, row.outcome),
                price: yes_price(row.outcome, row.price),
                remaining: row.size.saturating_sub(row.filled),
            });
            PositionTruth { net, orders: orders.collect() }
        })
    }

    /// A wallet's whole cash, by the chain's word.
    pub fn polymarket_cash(&mut self, wallet: Address) -> Money {
        self.ask(move |core| {
            let state = &core.polymarket;
            let cash = state.accounts.get(&wallet).and_then(|account| state.core.cash(*account));
            cash.map_or(Money::ZERO, |view| view.balance)
        })
    }

    /// A wallet's fills that have not failed: trade, order, shares.
    pub fn polymarket_fills(&mut self, wallet: Address) -> Vec<(String, String, Qty)> {
        self.ask(move |core| {
            let state = &core.polymarket;
            let Some(account) = state.accounts.get(&wallet).copied() else { return Vec::new() };
            let mut fills = Vec::new();
            for trade in state.trades.iter().filter(|trade| trade.status != FillStatus::Failed) {
                let mut part = |order: u32, qty: Qty| {
                    let row = state.order(order);
                    if row.account == account {
                        fills.push((trade.uuid.to_string(), row.hash.to_string(), qty));
                    }
                };
                part(trade.taker, trade.qty);
                trade.makers.iter().for_each(|maker| part(maker.order, maker.qty));
            }
            fills
        })
    }

    /// Hashes of all orders that a wallet ever posted.
    pub fn polymarket_orders_ever(&mut self, wallet: Address) -> Vec<String> {
        self.ask(move |core| {
            let state = &core.polymarket;
            let account = state.accounts.get(&wallet).copied();
            state.orders.iter().filter(|row| Some(row.account) == account).map(|row| row.hash.to_string()).collect()
        })
    }

    /// Whether any match still waits to be settled.
    pub fn polymarket_unsettled(&mut self) -> bool {
        self.ask(|core| core.polymarket.trades.iter().any(|trade| !trade.status.is_final()))
    }

    /// Levels of a market's YES book, best first.
    pub fn kalshi_levels(&mut self, ticker: &str, side: BookSide) -> Vec<(Price, Qty)> {
        let ticker = ticker.to_owned();
        self.ask(move |core| {
            let market = core.state.market_id(&ticker);
            market.map(|market| core.state.exchange.levels(market, side).collect()).unwrap_or_default()
        })
    }

    /// Levels of a market's YES book, best first.
    pub fn polymarket_levels(&mut self, condition: &str, side: BookSide) -> Vec<(Price, Qty)> {
        let condition = condition.to_owned();
        self.ask(move |core| {
            let state = &core.polymarket;
            let market = condition.parse().ok().and_then(|condition| state.conditions.get(&condition).copied());
            market.map(|market| state.core.levels(market, side).collect()).unwrap_or_default()
        })
    }
}
