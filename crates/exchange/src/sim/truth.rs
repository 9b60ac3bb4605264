//! What the exchange itself knows of an account: what an auditor holds a program's picture against.
//!
//! Looking changes nothing: it makes no round, lets no time pass and tells no stream anything.

use alloy_primitives::Address;
use brier_matching::{AccountId, Ledger, MarketId};
use brier_types::{Action, BookSide, FillStatus, Money, Outcome, Price, Qty, Timestamp, Venue};

use super::SimExchange;
use crate::ids;
use crate::polymarket::State as PolymarketState;
use crate::polymarket::state::{Standing as PolymarketStanding, TradeRow as PolymarketTrade};
use crate::state::{FillRow, OrderRow, Standing, State};

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
    /// Millionths of a contract, plus is YES; matches that are not mined yet count as if they were.
    pub net: i64,
    /// YES that is owned by now. On Polymarket both may be, and `net` is their difference and what waits for its block.
    pub yes: Qty,
    /// NO that is owned by now.
    pub no: Qty,
    /// What rests.
    pub orders: Vec<OrderTruth>,
}

/// Where an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// It waits out the delay of its market, on Polymarket.
    Delayed,
    /// It rests.
    Resting,
    /// It filled to the end.
    Executed,
    /// It is over otherwise.
    Canceled,
}

/// An order that was ever taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRecord {
    /// The venue's name for it: on Polymarket its hash.
    pub order: String,
    /// The owner's name for it; of Polymarket nothing.
    pub client_order_id: String,
    /// Ticker, or condition.
    pub market: String,
    /// The side of the YES book.
    pub side: BookSide,
    /// YES price.
    pub price: Price,
    /// What was ordered: what filled, what remains and what was taken back. Of an immediate purchase on Polymarket, what its
    /// dollars buy at the price.
    pub ordered: Qty,
    /// What filled, whatever became of the fills.
    pub filled: Qty,
    /// Where it is.
    pub state: OrderState,
}

/// A fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FillTruth {
    /// The venue's name of the trade.
    pub trade: String,
    /// The venue's name of the order.
    pub order: String,
    /// Ticker, or condition.
    pub market: String,
    /// The side of the YES book that the order was on.
    pub side: BookSide,
    /// YES price.
    pub price: Price,
    /// Contracts.
    pub qty: Qty,
    /// What was paid; negative when it was received.
    pub fee: Money,
    /// Whether the order took.
    pub is_taker: bool,
    /// How final it is: on Kalshi always confirmed.
    pub status: FillStatus,
    /// When it was matched.
    pub at: Timestamp,
}

/// Everything of one account: a user of Kalshi, or a wallet of Polymarket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountTruth {
    /// All cash, held or free; on Polymarket by the chain's word.
    pub cash: Money,
    /// Held for resting orders.
    pub held: Money,
    /// Held for matches that are not mined, on Polymarket.
    pub matched: Money,
    /// Markets in which it has, or on Kalshi ever had, a position, or in which something of it rests.
    pub positions: Vec<(String, PositionTruth)>,
    /// Every order that was ever taken from it, oldest first.
    pub orders: Vec<OrderRecord>,
    /// Its fills, oldest first; those that failed too.
    pub fills: Vec<FillTruth>,
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

/// An account's part of a trade of Polymarket.
struct Part {
    order: u32,
    qty: Qty,
    /// In terms of the order's token.
    price: Price,
    fee: Money,
    is_taker: bool,
}

/// The taker's part, then the makers'.
fn parts(trade: &PolymarketTrade) -> impl Iterator<Item = Part> + '_ {
    let taker = Part { order: trade.taker, qty: trade.qty, price: trade.price, fee: trade.fee, is_taker: true };
    let makers = trade.makers.iter().map(|maker| Part {
        order: maker.order,
        qty: maker.qty,
        price: maker.price,
        fee: Money::ZERO,
        is_taker: false,
    });
    std::iter::once(taker).chain(makers)
}

/// Parts of an account in all trades, oldest first.
fn parts_of(state: &PolymarketState, account: AccountId) -> impl Iterator<Item = (&PolymarketTrade, Part)> {
    let trades = state.wallet(account).trades.iter().map(|index| &state.trades[*index as usize]);
    let all = trades.flat_map(|trade| parts(trade).map(move |part| (trade, part)));
    all.filter(move |(_, part)| state.order(part.order).account == account)
}

fn kalshi_record(state: &State, row: &OrderRow) -> OrderRecord {
    OrderRecord {
        order: ids::order_text(row.id),
        client_order_id: row.client_order_id.to_string(),
        market: state.names(row.market).ticker.clone(),
        side: row.side,
        price: row.price,
        ordered: row.initial(),
        filled: row.filled,
        state: match row.standing {
            Standing::Resting => OrderState::Resting,
            Standing::Canceled => OrderState::Canceled,
            Standing::Executed => OrderState::Executed,
        },
    }
}

fn kalshi_fill(state: &State, row: &FillRow) -> FillTruth {
    let (trade, order) = (&state.trades[row.trade as usize], &state.orders[row.order as usize]);
    FillTruth {
        trade: ids::trade_text(trade.no),
        order: ids::order_text(order.id),
        market: state.names(trade.market).ticker.clone(),
        side: order.side,
        price: trade.price,
        qty: trade.qty,
        fee: row.fee,
        is_taker: row.is_taker,
        status: FillStatus::Confirmed,
        at: trade.at,
    }
}

fn kalshi_position(state: &State, account: AccountId, market: MarketId) -> PositionTruth {
    let position = state.exchange.position(account, market).map(|view| view.position).unwrap_or_default();
    let resting = state.exchange.orders(account).filter_map(|order| state.order(order));
    let orders = resting.filter(|row| row.market == market).map(|row| OrderTruth {
        order: ids::order_text(row.id),
        client_order_id: row.client_order_id.to_string(),
        side: row.side,
        price: row.price,
        remaining: row.remaining,
    });
    PositionTruth { net: position.micros(), yes: position.yes(), no: position.no(), orders: orders.collect() }
}

fn polymarket_position(state: &PolymarketState, account: AccountId, market: MarketId) -> PositionTruth {
    let [yes, no] = [Outcome::Yes, Outcome::No].map(|outcome| state.core.token(account, market, outcome).balance);
    let mut net = yes.micros() as i64 - no.micros() as i64;
    // Matches that wait for their block will move so much.
    let waits = |trade: &PolymarketTrade| matches!(trade.status, FillStatus::Matched | FillStatus::Retrying);
    for (trade, part) in parts_of(state, account).filter(|(trade, _)| trade.market == market && waits(trade)) {
        let row = state.order(part.order);
        debug_assert_eq!(row.market, trade.market, "a trade is of its orders' market");
        let sign = if yes_side(row.action, row.outcome) == BookSide::Bid { 1 } else { -1 };
        net += sign * part.qty.micros() as i64;
    }
    let rows = state.wallet(account).orders.iter().map(|index| state.order(*index));
    let orders = rows.filter(|row| row.market == market && row.standing == PolymarketStanding::Live);
    let orders = orders.map(|row| OrderTruth {
        order: row.hash.to_string(),
        client_order_id: String::new(),
        side: yes_side(row.action, row.outcome),
        price: yes_price(row.outcome, row.price),
        remaining: row.size.saturating_sub(row.filled),
    });
    PositionTruth { net, yes, no, orders: orders.collect() }
}

fn polymarket_record(state: &PolymarketState, index: u32) -> OrderRecord {
    let row = state.order(index);
    OrderRecord {
        order: row.hash.to_string(),
        client_order_id: String::new(),
        market: state.market(row.market).condition_text.to_string(),
        side: yes_side(row.action, row.outcome),
        price: yes_price(row.outcome, row.price),
        ordered: row.size,
        filled: row.filled,
        state: match row.standing {
            PolymarketStanding::Delayed => OrderState::Delayed,
            PolymarketStanding::Live => OrderState::Resting,
            PolymarketStanding::Matched => OrderState::Executed,
            PolymarketStanding::Canceled(_) | PolymarketStanding::Resolved => OrderState::Canceled,
        },
    }
}

fn polymarket_fill(state: &PolymarketState, trade: &PolymarketTrade, part: &Part) -> FillTruth {
    let row = state.order(part.order);
    FillTruth {
        trade: trade.uuid.to_string(),
        order: row.hash.to_string(),
        market: state.market(trade.market).condition_text.to_string(),
        side: yes_side(row.action, row.outcome),
        price: yes_price(row.outcome, part.price),
        qty: part.qty,
        fee: part.fee,
        is_taker: part.is_taker,
        status: trade.status,
        at: trade.matched,
    }
}

fn market_of(state: &PolymarketState, condition: &str) -> Option<MarketId> {
    condition.parse().ok().and_then(|condition| state.conditions.get(&condition).copied())
}

impl SimExchange {
    /// # Panics
    /// When the user is none of this exchange's.
    fn user(user: &str) -> AccountId {
        ids::user_id(user).expect("a user that this exchange named")
    }

    /// Everything of a user of Kalshi.
    pub fn kalshi_account(&self, user: &str) -> AccountTruth {
        let (account, core) = (Self::user(user), self.peek());
        let state = &core.state;
        let Some(view) = state.exchange.account(account) else { return AccountTruth::default() };
        let positions = state
            .exchange
            .positions(account)
            .map(|(market, _)| (state.names(market).ticker.clone(), kalshi_position(state, account, market)));
        let orders = state.user(account).orders.iter().map(|index| &state.orders[*index as usize]);
        AccountTruth {
            cash: view.cash,
            held: view.held,
            matched: Money::ZERO,
            positions: positions.collect(),
            orders: orders.map(|row| kalshi_record(state, row)).collect(),
            fills: state.user(account).fills.iter().map(|row| kalshi_fill(state, row)).collect(),
        }
    }

    /// Everything of a wallet of Polymarket.
    pub fn polymarket_account(&self, wallet: Address) -> AccountTruth {
        let core = self.peek();
        let state = &core.polymarket;
        let Some(account) = state.accounts.get(&wallet).copied() else { return AccountTruth::default() };
        let Some(cash) = state.core.cash(account) else { return AccountTruth::default() };
        let positions = state
            .markets
            .iter()
            .map(|row| (row.condition_text.to_string(), polymarket_position(state, account, row.id)));
        let something = |it: &(String, PositionTruth)| it.1 != PositionTruth::default();
        let orders = state.wallet(account).orders.iter().map(|index| polymarket_record(state, *index));
        AccountTruth {
            cash: cash.balance,
            held: cash.resting,
            matched: cash.matched,
            positions: positions.filter(something).collect(),
            orders: orders.collect(),
            fills: parts_of(state, account).map(|(trade, part)| polymarket_fill(state, trade, &part)).collect(),
        }
    }

    /// What a user of Kalshi has in a market.
    pub fn kalshi_position(&self, user: &str, ticker: &str) -> PositionTruth {
        let (account, core) = (Self::user(user), self.peek());
        let market = core.state.market_id(ticker);
        market.map(|market| kalshi_position(&core.state, account, market)).unwrap_or_default()
    }

    /// A user's whole cash, held or free.
    pub fn kalshi_cash(&self, user: &str) -> Money {
        self.peek().state.exchange.account(Self::user(user)).map_or(Money::ZERO, |view| view.cash)
    }

    /// A user's fills: trade, order, contracts.
    pub fn kalshi_fills(&self, user: &str) -> Vec<(String, String, Qty)> {
        let core = self.peek();
        let state = &core.state;
        let fill = |row: &FillRow| {
            let (trade, order) = (&state.trades[row.trade as usize], &state.orders[row.order as usize]);
            (ids::trade_text(trade.no), ids::order_text(order.id), trade.qty)
        };
        state.user(Self::user(user)).fills.iter().map(fill).collect()
    }

    /// Our names of all orders that a user ever placed.
    pub fn kalshi_orders_ever(&self, user: &str) -> Vec<String> {
        let core = self.peek();
        let orders = core.state.user(Self::user(user)).orders.iter();
        orders.map(|index| core.state.orders[*index as usize].client_order_id.to_string()).collect()
    }

    /// What a wallet of Polymarket has in a market.
    pub fn polymarket_position(&self, wallet: Address, condition: &str) -> PositionTruth {
        let core = self.peek();
        let state = &core.polymarket;
        let found = state.accounts.get(&wallet).copied().zip(market_of(state, condition));
        found.map(|(account, market)| polymarket_position(state, account, market)).unwrap_or_default()
    }

    /// A wallet's whole cash, by the chain's word.
    pub fn polymarket_cash(&self, wallet: Address) -> Money {
        let core = self.peek();
        let account = core.polymarket.accounts.get(&wallet);
        account.and_then(|account| core.polymarket.core.cash(*account)).map_or(Money::ZERO, |view| view.balance)
    }

    /// A wallet's fills that have not failed: trade, order, shares.
    pub fn polymarket_fills(&self, wallet: Address) -> Vec<(String, String, Qty)> {
        let core = self.peek();
        let state = &core.polymarket;
        let Some(account) = state.accounts.get(&wallet).copied() else { return Vec::new() };
        let stands = parts_of(state, account).filter(|(trade, _)| trade.status != FillStatus::Failed);
        stands
            .map(|(trade, part)| (trade.uuid.to_string(), state.order(part.order).hash.to_string(), part.qty))
            .collect()
    }

    /// Hashes of all orders that a wallet ever posted.
    pub fn polymarket_orders_ever(&self, wallet: Address) -> Vec<String> {
        let core = self.peek();
        let state = &core.polymarket;
        let orders = state.accounts.get(&wallet).map(|account| &state.wallet(*account).orders);
        orders.into_iter().flatten().map(|index| state.order(*index).hash.to_string()).collect()
    }

    /// Whether any match still waits to be settled.
    pub fn polymarket_unsettled(&self) -> bool {
        self.peek().polymarket.trades.iter().any(|trade| !trade.status.is_final())
    }

    /// Levels of a market's YES book, best first.
    pub fn kalshi_levels(&self, ticker: &str, side: BookSide) -> Vec<(Price, Qty)> {
        let core = self.peek();
        let market = core.state.market_id(ticker);
        market.map(|market| core.state.exchange.levels(market, side).collect()).unwrap_or_default()
    }

    /// Levels of a market's YES book, best first.
    pub fn polymarket_levels(&self, condition: &str, side: BookSide) -> Vec<(Price, Qty)> {
        let core = self.peek();
        let market = market_of(&core.polymarket, condition);
        market.map(|market| core.polymarket.core.levels(market, side).collect()).unwrap_or_default()
    }

    /// A face's sums of all money. Their difference is zero.
    pub fn ledger(&self, face: Venue) -> Ledger {
        let core = self.peek();
        match face {
            Venue::Kalshi => core.state.exchange.ledger(),
            Venue::Polymarket => core.polymarket.core.ledger(),
        }
    }

    /// A face's state as one number: equal states have equal numbers.
    pub fn state_hash(&self, face: Venue) -> u64 {
        let core = self.peek();
        match face {
            Venue::Kalshi => core.state.exchange.state_hash(),
            Venue::Polymarket => core.polymarket.core.state_hash(),
        }
    }

    /// Checks every invariant of both faces' cores. Its cost grows with the state.
    ///
    /// # Panics
    /// When one is broken, with its name.
    pub fn check(&self) {
        let core = self.peek();
        core.state.exchange.check();
        core.polymarket.core.check();
    }
}
