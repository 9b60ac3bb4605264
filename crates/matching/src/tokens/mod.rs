//! An exchange whose accounts own cash and outcome tokens, as Polymarket's do, on the same price-time book as [`crate::Exchange`].
//!
//! What differs from [`crate::Exchange`] is who owns what. There one signed number is a position and cash is held by position;
//! here YES and NO are tokens of their own, a seller must own what is sold, two buyers of opposite tokens make a new pair
//! and two sellers dissolve one, and a match moves nothing until a chain has taken it.
//!
//! Invariants, checked by [`TokenExchange::check`]: money is never made or lost; an account never offers more than it owns;
//! a match that fails leaves every balance as it was; what all tokens can pay is covered by the collateral behind them.
//!
//! Deliberately not here: signatures, token ids, decimals of amounts, minimum sizes and the timing of settlement. Those are
//! the venue's face. Source: reference (Polymarket), sections 7.4, 15.1 and 16.2, 2026-11-20.

mod account;
mod check;
mod command;
mod event;
mod place;
mod position;
mod refusal;
mod settle;

use std::collections::{BTreeMap, BTreeSet};

use brier_polymarket_protocol::fees::FeeSchedule;
use brier_types::{
    Action, BookSide, Direction, FillStatus, MarketResult, Money, Outcome, Price, PriceGrid, Qty, TimeInForce,
    Timestamp,
};

pub use command::{
    Command, MarketCommand, MarketSpec, PlaceOrder, Placed, PositionOperation, Reply, SettlementStep, Size,
};
pub use event::{EndReason, Event, Match, MatchFill, MatchKind, MatchSide};
pub use refusal::Refusal;

use crate::book::{OrderBook, Slab};
use crate::event::EventSink;
use crate::exchange::MAX_FUNDS;
use crate::ids::{AccountId, GroupId, MarketId, OrderId, TradeNo};
use crate::ledger::Ledger;
use crate::market::{gcd, grid_unit};
use crate::position::FITS;
use account::{Account, Holding};
use settle::Pending;

/// Less than this much is dust: an order with no more left is filled.
///
/// Source: reference (Polymarket), section 7.4: fills may come out short by up to 0.01 share.
pub const DUST: Qty = Qty::HUNDREDTH;

/// What an order has beside its place in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OrderData {
    account: AccountId,
    market: MarketId,
    action: Action,
    outcome: Outcome,
    /// A purchase holds this much cash; a sale will bring it. What remains at the limit price, rounded so that all parts
    /// of an order together are what the whole is.
    amount: Money,
    filled: Qty,
    expires: Option<Timestamp>,
}

/// One market: its rules, its book, and how many of its tokens exist.
#[derive(Clone, Debug)]
struct Market {
    grid: PriceGrid,
    fees: FeeSchedule,
    accepting: bool,
    result: Option<MarketResult>,
    book: OrderBook,
    pool: u32,
    group: Option<GroupId>,
    /// Tokens that exist.
    yes: Qty,
    no: Qty,
}

/// The collateral behind one market, or behind all markets of a negative-risk group.
#[derive(Clone, Debug, Default)]
struct Pool {
    escrow: Money,
    markets: Vec<MarketId>,
    negative_risk: bool,
    /// How often NO was converted: by so much YES outnumbers NO in every market of the group.
    converted: Qty,
}

/// The state, and the rules that change it.
#[derive(Clone, Debug, Default)]
pub struct TokenExchange {
    now: Timestamp,
    accounts: Vec<Account>,
    holdings: Vec<Holding>,
    holding_index: BTreeMap<(AccountId, MarketId), u32>,
    markets: Vec<Market>,
    pools: Vec<Pool>,
    /// Pool of each group.
    groups: Vec<u32>,
    slab: Slab<OrderData>,
    expiries: BTreeSet<(Timestamp, OrderId)>,
    pending: BTreeMap<TradeNo, Pending>,
    trades: u64,
    ledger: Ledger,
}

/// An account's cash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CashView {
    /// Owned, by the chain's word.
    pub balance: Money,
    /// Held by resting orders.
    pub resting: Money,
    /// Held by matches that are not mined.
    pub matched: Money,
    /// What is left for new orders.
    pub free: Money,
}

/// What an account has of one token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenView {
    /// Owned, by the chain's word.
    pub balance: Qty,
    /// Offered by resting orders.
    pub resting: Qty,
    /// Held by matches that are not mined.
    pub matched: Qty,
    /// What the tokens owned have cost, fees included.
    pub cost: Money,
    /// Proceeds less cost of what is gone.
    pub realized_pnl: Money,
    /// The part of the cost that is fees. Tokens that came by transfer or conversion carry theirs in the cost alone.
    pub entry_fees: Money,
    /// Fees paid.
    pub fees: Money,
    /// Shares ever bought.
    pub bought: Qty,
}

/// One market.
#[derive(Clone, Copy, Debug)]
pub struct MarketView<'a> {
    /// The prices at which it trades.
    pub grid: &'a PriceGrid,
    /// What takers pay.
    pub fees: &'a FeeSchedule,
    /// Whether it takes orders.
    pub accepting: bool,
    /// What its tokens pay, once known.
    pub result: Option<MarketResult>,
    /// Its group.
    pub group: Option<GroupId>,
    /// YES tokens that exist.
    pub yes_supply: Qty,
    /// NO tokens that exist.
    pub no_supply: Qty,
}

/// A resting order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderView {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub market: MarketId,
    /// Buy or sell.
    pub action: Action,
    /// Which token.
    pub outcome: Outcome,
    /// Limit price of one such token.
    pub price: Price,
    /// Shares filled so far.
    pub filled: Qty,
    /// Shares that rest.
    pub remaining: Qty,
    /// When it ends by itself.
    pub expires: Option<Timestamp>,
}

impl TokenExchange {
    /// No accounts, no markets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets time pass to `now`, then does what the command says.
    ///
    /// # Errors
    /// [`Refusal`] says why nothing was changed.
    ///
    /// # Panics
    /// When `now` lies before the time of an earlier command: the caller's clock must not step back.
    pub fn apply(
        &mut self,
        now: Timestamp,
        command: &Command,
        out: &mut impl EventSink<Event>,
    ) -> Result<Reply, Refusal> {
        self.advance(now, out);
        match command {
            Command::Tick => Ok(Reply::Done),
            Command::OpenAccount => self.open_account(),
            Command::Fund { account, amount } => self.fund(*account, *amount, out),
            Command::CreateGroup => {
                let id = u32::try_from(self.groups.len()).map_err(|_| Refusal::TooMany("groups"))?;
                self.groups.push(self.pools.len() as u32);
                self.pools.push(Pool { negative_risk: true, ..Pool::default() });
                Ok(Reply::Group(GroupId(id)))
            }
            Command::CreateMarket(spec) => self.create_market(spec, out),
            Command::ChangeMarket { market, change } => self.change_market(*market, change, out),
            Command::Place(order) => self.place(order, out).map(Reply::Placed),
            Command::Cancel { account, order } => self.cancel(*account, *order, out).map(Reply::Canceled),
            Command::Settle { trade, step } => self.settle(*trade, *step, out),
            Command::Position { account, operation } => self.operate(*account, operation, out),
        }
    }

    fn advance(&mut self, now: Timestamp, out: &mut impl EventSink<Event>) {
        assert!(self.now <= now, "the caller's clock must not step back");
        while let Some((at, order)) = self.expiries.first().copied().filter(|(at, _)| *at <= now) {
            self.now = self.now.max(at);
            self.end_resting(order.slot(), EndReason::Expiry, out);
        }
        self.now = now;
    }

    fn open_account(&mut self) -> Result<Reply, Refusal> {
        let id = u32::try_from(self.accounts.len()).map_err(|_| Refusal::TooMany("accounts"))?;
        self.accounts.push(Account::default());
        Ok(Reply::Account(AccountId(id)))
    }

    fn fund(&mut self, account: AccountId, amount: Money, out: &mut impl EventSink<Event>) -> Result<Reply, Refusal> {
        let owner = self.accounts.get_mut(account.0 as usize).ok_or(Refusal::UnknownAccount)?;
        if amount > MAX_FUNDS || amount.checked_neg().is_none_or(|minus| minus > MAX_FUNDS) {
            return Err(Refusal::BadSize);
        }
        let free = owner.free().checked_add(amount).ok_or(Refusal::BadSize)?;
        if amount < Money::ZERO && free < Money::ZERO {
            let needed = amount.checked_neg().expect("bounded above");
            return Err(short_of_cash(owner, needed));
        }
        // Collateral and fees count as well, or cash could be split into tokens and brought in again without end.
        let deposits = amount.checked_sub(self.ledger.external).ok_or(Refusal::BadSize)?;
        if amount > Money::ZERO && deposits > MAX_FUNDS {
            return Err(Refusal::BadSize);
        }
        owner.cash = owner.cash.checked_add(amount).expect(FITS);
        self.ledger.deposit(amount);
        out.event(Event::Funded { account, amount });
        Ok(Reply::Done)
    }

    fn create_market(&mut self, spec: &MarketSpec, out: &mut impl EventSink<Event>) -> Result<Reply, Refusal> {
        let id = u32::try_from(self.markets.len()).map_err(|_| Refusal::TooMany("markets"))?;
        let market = MarketId(id);
        let pool = match spec.group {
            None => {
                self.pools.push(Pool::default());
                self.pools.len() as u32 - 1
            }
            Some(group) => {
                let pool = *self.groups.get(group.0 as usize).ok_or(Refusal::UnknownGroup)?;
                // A conversion gives YES of every market there is; one that comes later would have missed it.
                if !self.pools[pool as usize].converted.is_zero() {
                    return Err(Refusal::WrongState("a group takes no markets once NO of it was converted"));
                }
                if self.pools[pool as usize].markets.len() >= 255 {
                    return Err(Refusal::TooMany("markets in one group"));
                }
                pool
            }
        };
        self.pools[pool as usize].markets.push(market);
        self.markets.push(Market {
            grid: spec.grid.clone(),
            fees: spec.fees,
            accepting: spec.accepting,
            result: None,
            book: OrderBook::new(grid_unit(&spec.grid)),
            pool,
            group: spec.group,
            yes: Qty::ZERO,
            no: Qty::ZERO,
        });
        out.event(Event::MarketCreated { market, group: spec.group });
        Ok(Reply::Market(market))
    }

    fn change_market(
        &mut self,
        market: MarketId,
        change: &MarketCommand,
        out: &mut impl EventSink<Event>,
    ) -> Result<Reply, Refusal> {
        let it = self.markets.get_mut(market.0 as usize).ok_or(Refusal::UnknownMarket)?;
        if it.result.is_some() {
            return Err(Refusal::WrongState("the market has resolved"));
        }
        match change {
            MarketCommand::SetAccepting(accepting) => it.accepting = *accepting,
            MarketCommand::SetGrid(grid) => {
                // Orders at prices of the old grid stay, so the book must still have a place for them.
                it.book.refine(&mut self.slab, gcd(it.book.unit(), grid_unit(grid)));
                it.grid = grid.clone();
            }
            MarketCommand::SetFees(fees) => it.fees = *fees,
            MarketCommand::ClearBook => {
                self.clear_book(market, EndReason::Cleared, out);
                return Ok(Reply::Done);
            }
            MarketCommand::Resolve(result) => return self.resolve(market, *result, out),
        }
        out.event(Event::MarketChanged { market });
        Ok(Reply::Done)
    }

    fn clear_book(&mut self, market: MarketId, reason: EndReason, out: &mut impl EventSink<Event>) {
        let book = &self.markets[market.0 as usize].book;
        let slots: Vec<u32> =
            book.orders(&self.slab, BookSide::Bid).chain(book.orders(&self.slab, BookSide::Ask)).collect();
        for slot in slots {
            self.end_resting(slot, reason, out);
        }
    }

    /// The account's holding of a market, made if there is none.
    fn holding(&mut self, account: AccountId, market: MarketId) -> u32 {
        if let Some(index) = self.holding_index.get(&(account, market)) {
            return *index;
        }
        let index = u32::try_from(self.holdings.len()).expect("fewer than 2^32 holdings");
        self.holdings.push(Holding::new(account, market));
        self.holding_index.insert((account, market), index);
        self.accounts[account.0 as usize].holdings.push(index);
        index
    }

    fn holding_mut(&mut self, account: AccountId, market: MarketId) -> &mut Holding {
        let index = self.holding(account, market);
        &mut self.holdings[index as usize]
    }

    fn order_id(&self, slot: u32) -> OrderId {
        OrderId::new(slot, self.slab.generation(slot))
    }

    /// Time of the last command.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// When something is due next; the caller then applies [`Command::Tick`].
    pub fn next_timer(&self) -> Option<Timestamp> {
        self.expiries.first().map(|(at, _)| *at)
    }

    /// Sums of all money.
    pub fn ledger(&self) -> Ledger {
        self.ledger
    }

    /// An account's cash.
    pub fn cash(&self, account: AccountId) -> Option<CashView> {
        let it = self.accounts.get(account.0 as usize)?;
        Some(CashView { balance: it.cash, resting: it.resting, matched: it.matched, free: it.free() })
    }

    /// What an account has of one token; nothing for one it never had.
    pub fn token(&self, account: AccountId, market: MarketId, outcome: Outcome) -> TokenView {
        self.holding_index
            .get(&(account, market))
            .map(|index| token_view(self.holdings[*index as usize].token(outcome)))
            .unwrap_or_default()
    }

    /// The markets an account ever had tokens or orders of, with YES and NO, in the order in which they came.
    pub fn holdings(&self, account: AccountId) -> impl Iterator<Item = (MarketId, TokenView, TokenView)> + '_ {
        let indices = self.accounts.get(account.0 as usize).map_or(&[][..], |it| &it.holdings);
        indices.iter().map(|index| {
            let it = &self.holdings[*index as usize];
            (it.market, token_view(&it.yes), token_view(&it.no))
        })
    }

    /// Everybody who ever had tokens or orders of a market, with YES and NO.
    pub fn holders(&self, market: MarketId) -> impl Iterator<Item = (AccountId, TokenView, TokenView)> + '_ {
        let of_market = self.holdings.iter().filter(move |it| it.market == market);
        of_market.map(|it| (it.account, token_view(&it.yes), token_view(&it.no)))
    }

    /// One market.
    pub fn market(&self, market: MarketId) -> Option<MarketView<'_>> {
        let it = self.markets.get(market.0 as usize)?;
        Some(MarketView {
            grid: &it.grid,
            fees: &it.fees,
            accepting: it.accepting && it.result.is_none(),
            result: it.result,
            group: it.group,
            yes_supply: it.yes,
            no_supply: it.no,
        })
    }

    /// Markets of a group, by their place in it.
    pub fn group_markets(&self, group: GroupId) -> &[MarketId] {
        self.groups.get(group.0 as usize).map_or(&[], |pool| &self.pools[*pool as usize].markets)
    }

    /// Levels of one side of a market in YES terms, best first; none for an unknown market.
    pub fn levels(&self, market: MarketId, side: BookSide) -> impl Iterator<Item = (Price, Qty)> + '_ {
        self.markets.get(market.0 as usize).into_iter().flat_map(move |market| market.book.levels(side))
    }

    /// A resting order.
    pub fn order(&self, order: OrderId) -> Option<OrderView> {
        let slot = order.slot();
        if !self.slab.rests(slot, order.generation()) {
            return None;
        }
        let data = self.slab.data(slot);
        Some(OrderView {
            account: data.account,
            market: data.market,
            action: data.action,
            outcome: data.outcome,
            price: own_price(data.outcome, self.slab.price(slot)),
            filled: data.filled,
            remaining: self.slab.qty(slot),
            expires: data.expires,
        })
    }

    /// Resting orders of an account, by slot: a fixed order, though not one of time.
    pub fn orders(&self, account: AccountId) -> impl Iterator<Item = OrderId> + '_ {
        self.slab.live().filter(move |slot| self.slab.data(*slot).account == account).map(|slot| self.order_id(slot))
    }

    /// Resting orders of a market: bids then asks, each in the order in which they would trade.
    pub fn market_orders(&self, market: MarketId) -> impl Iterator<Item = OrderId> + '_ {
        let books = self.markets.get(market.0 as usize).into_iter();
        books.flat_map(move |it| {
            let bids = it.book.orders(&self.slab, BookSide::Bid);
            bids.chain(it.book.orders(&self.slab, BookSide::Ask)).map(|slot| self.order_id(slot))
        })
    }

    /// Number of resting orders.
    pub fn order_count(&self) -> usize {
        self.slab.len()
    }

    /// How far the settlement of a match has come, until it is final.
    pub fn settlement(&self, trade: TradeNo) -> Option<FillStatus> {
        self.pending.get(&trade).map(|pending| pending.status)
    }
}

fn token_view(token: &account::Token) -> TokenView {
    TokenView {
        balance: token.balance,
        resting: token.resting,
        matched: token.matched,
        cost: token.cost,
        realized_pnl: token.realized,
        entry_fees: token.entry_fees,
        fees: token.fees,
        bought: token.bought,
    }
}

/// The YES price as a price of `outcome`, and back.
fn own_price(outcome: Outcome, price: Price) -> Price {
    match outcome {
        Outcome::Yes => price,
        Outcome::No => price.complement(),
    }
}

/// The side of the YES book and the YES price of an order.
fn in_yes_terms(action: Action, outcome: Outcome, price: Price) -> (BookSide, Price) {
    Direction { action, outcome }.in_yes_terms(price)
}

fn short_of_cash(account: &Account, needed: Money) -> Refusal {
    Refusal::InsufficientCash { needed, balance: account.cash, resting: account.resting, matched: account.matched }
}

fn short_of_tokens(token: &account::Token, outcome: Outcome, needed: Qty) -> Refusal {
    Refusal::InsufficientTokens {
        outcome,
        needed,
        balance: token.balance,
        resting: token.resting,
        matched: token.matched,
    }
}

/// Whether what is not filled at once is taken back.
const fn is_immediate(time_in_force: TimeInForce) -> bool {
    matches!(time_in_force, TimeInForce::Ioc | TimeInForce::Fok)
}
