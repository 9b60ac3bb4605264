//! A second token exchange, slow and plain, that says what the real one must answer.
//!
//! Written from the reference (Polymarket, sections 6.3, 7.4, 15.1, 16.2 and 16.4, 2026-11-20) and the documentation of the
//! commands, events and refusals. It keeps one list of orders and one of matches and works everything else out anew
//! whenever asked: queues by sorting, held cash and tokens by walking the lists, collateral as what is left of the money
//! that came in. All numbers are 128-bit integers in millionths; prices are in 1e-4 dollars. It shares no code with the
//! core but the vocabulary.
//!
//! Orders are named by the number of the step that placed them.

use std::collections::{BTreeMap, BTreeSet};

use brier_matching::tokens::{
    Command, EndReason, MarketCommand, PlaceOrder, Placed, PositionOperation, Refusal, Reply, SettlementStep, Size,
};
use brier_matching::{AccountId, GroupId, MarketId, OrderId, TradeNo};
use brier_types::{Action, BookSide, FillStatus, MarketResult, Money, Outcome, PriceGrid, Qty, TimeInForce, Timestamp};

const DOLLAR: i128 = 1_000_000;
/// Less than a hundredth of a share is nobody's business.
const DUST: i128 = 10_000;
const MAX_SHARES: i128 = 1_000_000_000 * DOLLAR;
const MAX_FUNDS: i128 = 1_000_000_000_000 * DOLLAR;

/// What a market charges: millionths, and the power of p (1 − p).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate(pub i128, pub u32);

impl Rate {
    /// In steps of $0.00001: numerator and denominator.
    fn exact(self, price: i128, shares: i128) -> (i128, i128) {
        let p = price * (10_000 - price);
        (shares * self.0 * p.pow(self.1), 10 * DOLLAR * 100_000_000_i128.pow(self.1))
    }

    /// Half a step rounds up.
    fn fee(self, price: i128, shares: i128) -> i128 {
        let (up, down) = self.exact(price, shares);
        (2 * up + down) / (2 * down) * 10
    }

    /// What must be in hand.
    fn most(self, price: i128, shares: i128) -> i128 {
        let (up, down) = self.exact(price, shares);
        (up + down - 1) / down * 10
    }
}

/// What an account has of a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Token {
    pub owned: i128,
    pub cost: i128,
    pub realized: i128,
    pub entry_fees: i128,
    pub fees: i128,
    pub bought: i128,
}

impl Token {
    fn share_of(&self, amount: i128, qty: i128) -> i128 {
        if qty == self.owned { amount } else { amount * qty / self.owned }
    }

    fn get(&mut self, qty: i128, cost: i128, fee: i128) {
        self.owned += qty;
        self.cost += cost;
        self.entry_fees += fee;
        self.fees += fee;
        self.bought += qty;
    }

    fn give(&mut self, qty: i128, proceeds: i128, fee: i128) {
        let (cost, entry) = (self.share_of(self.cost, qty), self.share_of(self.entry_fees, qty));
        self.owned -= qty;
        self.cost -= cost;
        self.entry_fees -= entry;
        self.realized += proceeds - cost;
        self.fees += fee;
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Market {
    grid: PriceGrid,
    rate: Rate,
    accepting: bool,
    pub result: Option<MarketResult>,
    group: Option<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub name: u64,
    pub account: u32,
    pub market: usize,
    pub action: Action,
    pub outcome: Outcome,
    /// Of its own token.
    pub price: i128,
    pub left: i128,
    pub filled: i128,
    pub expires: Option<Timestamp>,
}

impl Order {
    /// Buying YES and selling NO stand on one side.
    fn bids(&self) -> bool {
        (self.action == Action::Buy) == (self.outcome == Outcome::Yes)
    }

    fn yes_price(&self) -> i128 {
        if self.outcome == Outcome::Yes { self.price } else { 10_000 - self.price }
    }

    /// Cash that `qty` of its shares cost a buyer, or bring a seller: rounded against the order as a whole.
    fn amount(&self, qty: i128) -> i128 {
        let exact = self.price * qty;
        if self.action == Action::Buy { (exact + 9_999) / 10_000 } else { exact / 10_000 }
    }
}

/// One order's part of a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leg {
    pub name: u64,
    pub account: u32,
    pub action: Action,
    pub outcome: Outcome,
    pub qty: i128,
    pub cash: i128,
    pub fee: i128,
}

#[derive(Clone, Debug)]
pub(crate) struct Match {
    pub no: u64,
    pub market: usize,
    pub taker: Leg,
    pub makers: Vec<Leg>,
    pub status: FillStatus,
}

impl Match {
    fn legs(&self) -> impl Iterator<Item = &Leg> {
        std::iter::once(&self.taker).chain(&self.makers)
    }

    fn waits(&self) -> bool {
        matches!(self.status, FillStatus::Matched | FillStatus::Retrying)
    }
}

/// Who ended, with what was taken back.
pub(crate) type Ended = (u64, i128, EndReason);

#[derive(Clone, Debug, Default)]
pub(crate) struct Naive {
    now: Timestamp,
    /// Cash by account.
    pub cash: Vec<i128>,
    pub tokens: BTreeMap<(u32, usize, Outcome), Token>,
    pub markets: Vec<Market>,
    groups: Vec<Vec<usize>>,
    converted: Vec<bool>,
    /// Resting orders, oldest first.
    pub orders: Vec<Order>,
    pub matches: Vec<Match>,
    trades: u64,
    pub came_in: i128,
    pub fees: i128,
    /// What the last command ended, in order.
    pub ended: Vec<Ended>,
    /// The match of the last command.
    pub made: Option<Match>,
}

fn money(micros: i128) -> Money {
    Money::from_micros(i64::try_from(micros).expect("an amount"))
}

fn qty(micros: i128) -> Qty {
    Qty::from_micros(u64::try_from(micros).expect("a quantity")).expect("a quantity")
}

fn micros(qty: Qty) -> i128 {
    i128::from(qty.micros())
}

impl Naive {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn apply(&mut self, name: u64, now: Timestamp, command: &Command, rate: Rate) -> Result<Reply, Refusal> {
        self.ended.clear();
        self.made = None;
        self.expire(now);
        match command {
            Command::Tick => Ok(Reply::Done),
            Command::OpenAccount => {
                self.cash.push(0);
                Ok(Reply::Account(AccountId(self.cash.len() as u32 - 1)))
            }
            Command::Fund { account, amount } => self.fund(account.0, i128::from(amount.micros())),
            Command::CreateGroup => {
                self.groups.push(Vec::new());
                self.converted.push(false);
                Ok(Reply::Group(GroupId(self.groups.len() as u32 - 1)))
            }
            Command::CreateMarket(spec) => {
                let group = spec.group.map(|group| group.0 as usize);
                if let Some(group) = group {
                    let members = self.groups.get_mut(group).ok_or(Refusal::UnknownGroup)?;
                    if self.converted[group] {
                        return Err(Refusal::WrongState("converted"));
                    }
                    members.push(self.markets.len());
                }
                self.markets.push(Market {
                    grid: spec.grid.clone(),
                    rate,
                    accepting: spec.accepting,
                    result: None,
                    group,
                });
                Ok(Reply::Market(MarketId(self.markets.len() as u32 - 1)))
            }
            Command::ChangeMarket { market, change } => self.change(market.0 as usize, change, rate),
            Command::Place(order) => self.place(name, order).map(Reply::Placed),
            Command::Cancel { account, order } => {
                let found = self.orders.iter().position(|it| it.name == order.to_bits() && it.account == account.0);
                let order = self.orders.remove(found.ok_or(Refusal::UnknownOrder)?);
                self.ended.push((order.name, order.left, EndReason::UserCancel));
                Ok(Reply::Canceled(qty(order.left)))
            }
            Command::Settle { trade, step } => self.settle(*trade, *step),
            Command::Position { account, operation } => self.operate(account.0, operation),
        }
    }

    fn expire(&mut self, now: Timestamp) {
        self.now = now;
        let due = |order: &Order| order.expires.is_some_and(|at| at <= now);
        let mut gone: Vec<Order> = self.orders.iter().filter(|it| due(it)).cloned().collect();
        gone.sort_by_key(|it| it.expires);
        self.orders.retain(|it| !due(it));
        self.ended.extend(gone.iter().map(|it| (it.name, it.left, EndReason::Expiry)));
    }

    // What is held, by walking the lists.

    pub(crate) fn resting_cash(&self, account: u32) -> i128 {
        let own = self.orders.iter().filter(|it| it.account == account && it.action == Action::Buy);
        own.map(|it| it.amount(it.left)).sum()
    }

    pub(crate) fn matched_cash(&self, account: u32) -> i128 {
        let legs = self.matches.iter().filter(|it| it.waits()).flat_map(Match::legs);
        legs.filter(|leg| leg.account == account && leg.action == Action::Buy).map(|leg| leg.cash + leg.fee).sum()
    }

    fn free_cash(&self, account: u32) -> i128 {
        self.cash[account as usize] - self.resting_cash(account) - self.matched_cash(account)
    }

    pub(crate) fn resting_tokens(&self, account: u32, market: usize, outcome: Outcome) -> i128 {
        let own = self.orders.iter().filter(|it| it.account == account && it.market == market);
        own.filter(|it| it.action == Action::Sell && it.outcome == outcome).map(|it| it.left).sum()
    }

    pub(crate) fn matched_tokens(&self, account: u32, market: usize, outcome: Outcome) -> i128 {
        let legs = self.matches.iter().filter(|it| it.waits() && it.market == market).flat_map(Match::legs);
        let own = legs.filter(|leg| leg.account == account && leg.action == Action::Sell && leg.outcome == outcome);
        own.map(|leg| leg.qty).sum()
    }

    pub(crate) fn token(&self, account: u32, market: usize, outcome: Outcome) -> Token {
        self.tokens.get(&(account, market, outcome)).copied().unwrap_or_default()
    }

    fn token_mut(&mut self, account: u32, market: usize, outcome: Outcome) -> &mut Token {
        self.tokens.entry((account, market, outcome)).or_default()
    }

    fn free_tokens(&self, account: u32, market: usize, outcome: Outcome) -> i128 {
        self.token(account, market, outcome).owned
            - self.resting_tokens(account, market, outcome)
            - self.matched_tokens(account, market, outcome)
    }

    /// Money that came in and is neither cash nor fees stands behind tokens.
    pub(crate) fn escrow(&self) -> i128 {
        self.came_in - self.cash.iter().sum::<i128>() - self.fees
    }

    fn need_cash(&self, account: u32, needed: i128) -> Result<(), Refusal> {
        if needed <= self.free_cash(account) {
            return Ok(());
        }
        Err(Refusal::InsufficientCash {
            needed: money(needed),
            balance: money(self.cash[account as usize]),
            resting: money(self.resting_cash(account)),
            matched: money(self.matched_cash(account)),
        })
    }

    fn need_tokens(&self, account: u32, market: usize, outcome: Outcome, needed: i128) -> Result<(), Refusal> {
        if needed <= self.free_tokens(account, market, outcome) {
            return Ok(());
        }
        Err(Refusal::InsufficientTokens {
            outcome,
            needed: qty(needed),
            balance: qty(self.token(account, market, outcome).owned),
            resting: qty(self.resting_tokens(account, market, outcome)),
            matched: qty(self.matched_tokens(account, market, outcome)),
        })
    }

    fn fund(&mut self, account: u32, amount: i128) -> Result<Reply, Refusal> {
        if account as usize >= self.cash.len() {
            return Err(Refusal::UnknownAccount);
        }
        if amount.abs() > MAX_FUNDS {
            return Err(Refusal::BadSize);
        }
        if amount < 0 {
            self.need_cash(account, -amount)?;
        }
        if amount > 0 && self.came_in + amount > MAX_FUNDS {
            return Err(Refusal::BadSize);
        }
        self.cash[account as usize] += amount;
        self.came_in += amount;
        Ok(Reply::Done)
    }

    // Orders.

    /// The queue that an order on side `bids` at YES price `limit` meets, best first.
    fn queue(&self, market: usize, bids: bool, limit: i128) -> Vec<u64> {
        let meets = |it: &&Order| {
            let crosses = if bids { it.yes_price() <= limit } else { it.yes_price() >= limit };
            it.market == market && it.bids() != bids && crosses
        };
        let mut found: Vec<&Order> = self.orders.iter().filter(meets).collect();
        // The sort is stable, and the list is by age.
        found.sort_by_key(|it| if bids { it.yes_price() } else { -it.yes_price() });
        found.iter().map(|it| it.name).collect()
    }

    fn place(&mut self, name: u64, place: &PlaceOrder) -> Result<Placed, Refusal> {
        let (account, market) = (place.account.0, place.market.0 as usize);
        if account as usize >= self.cash.len() {
            return Err(Refusal::UnknownAccount);
        }
        let rules = self.markets.get(market).ok_or(Refusal::UnknownMarket)?.clone();
        if !rules.accepting || rules.result.is_some() {
            return Err(Refusal::NotAccepting);
        }
        if !rules.grid.allows(place.price) {
            return Err(Refusal::PriceOffGrid { price: place.price });
        }
        let size = match place.size {
            Size::Shares(size) => micros(size),
            Size::Cash(cash) => i128::from(cash.micros()),
        };
        let least = if matches!(place.size, Size::Shares(_)) { DUST } else { 1 };
        if size < least || size > MAX_SHARES {
            return Err(Refusal::BadSize);
        }
        let expires = if let TimeInForce::Gtd(at) = place.time_in_force { Some(at) } else { None };
        if expires.is_some_and(|at| at <= self.now) {
            return Err(Refusal::ExpiryInPast);
        }
        let immediate = matches!(place.time_in_force, TimeInForce::Fok | TimeInForce::Ioc);
        let in_cash = matches!(place.size, Size::Cash(_));
        if (in_cash && (place.action == Action::Sell || !immediate)) || (place.post_only && immediate) {
            return Err(Refusal::Conflict(""));
        }
        let mut order = Order {
            name,
            account,
            market,
            action: place.action,
            outcome: place.outcome,
            price: i128::from(place.price.pips()),
            left: if in_cash { 0 } else { size },
            filled: 0,
            expires,
        };
        let met = self.meet(&order, if in_cash { Some(size) } else { None }, rules.rate);
        self.afford(&order, &met, place.size, rules.rate)?;
        if place.post_only && !met.makers.is_empty() {
            return Err(Refusal::PostOnlyCross);
        }
        // Shares are filled to the last one; of cash nobody can spend what buys less than dust.
        if place.time_in_force == TimeInForce::Fok && (!met.whole || (!in_cash && met.rest > 0)) {
            return Err(Refusal::FillOrKill);
        }
        if place.time_in_force == TimeInForce::Ioc && met.makers.is_empty() {
            return Err(Refusal::NothingToMatch);
        }
        Ok(self.fill(&mut order, met, (immediate, in_cash)))
    }

    /// What an order must have in hand.
    fn afford(&self, order: &Order, met: &Met, size: Size, rate: Rate) -> Result<(), Refusal> {
        if order.action == Action::Sell {
            return self.need_tokens(order.account, order.market, order.outcome, order.left);
        }
        let (shares, stated) = match size {
            Size::Shares(_) => (order.left, order.amount(order.left)),
            Size::Cash(cash) => (i128::from(cash.micros()) * 10_000 / order.price, i128::from(cash.micros())),
        };
        // A maker pays no fee. Fees of many fills, rounded one by one, may be more than the worst of one.
        let fee = if met.makers.is_empty() { 0 } else { rate.most(order.price, shares) };
        let rest = if let Size::Shares(_) = size { order.amount(met.rest) } else { 0 };
        self.need_cash(order.account, (stated + fee).max(met.taker.cash + met.taker.fee + rest))
    }

    /// What the order would meet now.
    fn meet(&self, order: &Order, mut cash: Option<i128>, rate: Rate) -> Met {
        let mut left = order.left;
        let leg = |of: &Order, qty, cash, fee| Leg {
            name: of.name,
            account: of.account,
            action: of.action,
            outcome: of.outcome,
            qty,
            cash,
            fee,
        };
        let mut taker = leg(order, 0, 0, 0);
        let mut makers = Vec::new();
        for name in self.queue(order.market, order.bids(), order.yes_price()) {
            let maker = self.orders.iter().find(|it| it.name == name).expect("queued");
            let yes = maker.yes_price();
            let price = if order.outcome == Outcome::Yes { yes } else { 10_000 - yes };
            let wanted = cash.map_or(left, |cash| cash * 10_000 / price);
            let shares = wanted.min(maker.left);
            if shares == 0 {
                break;
            }
            let maker_cash = maker.amount(maker.left) - maker.amount(maker.left - shares);
            // Two of a kind share a dollar; a buyer pays a seller.
            let taker_cash = if maker.action == order.action { shares - maker_cash } else { maker_cash };
            // What a seller gets is never less than nothing.
            let fee = rate.fee(price, shares);
            let fee = if order.action == Action::Sell { fee.min(taker_cash) } else { fee };
            makers.push(leg(maker, shares, maker_cash, 0));
            taker.qty += shares;
            taker.cash += taker_cash;
            taker.fee += fee;
            left -= shares.min(left);
            cash = cash.map(|cash| cash - taker_cash);
            // Whoever is left with shares was not outbid: nobody behind is met for what rounding left.
            if shares < maker.left {
                break;
            }
        }
        let rest = cash.map_or(left, |cash| cash * 10_000 / order.price);
        let whole = rest < DUST && !makers.is_empty();
        Met { taker, makers, whole, rest }
    }

    fn fill(&mut self, order: &mut Order, met: Met, (immediate, in_cash): (bool, bool)) -> Placed {
        let Met { taker, makers, whole, rest } = met;
        order.filled = taker.qty;
        order.left = rest;
        let trade = if makers.is_empty() { None } else { Some(self.trades + 1) };
        for leg in &makers {
            let at = self.orders.iter().position(|it| it.name == leg.name).expect("queued");
            let maker = &mut self.orders[at];
            maker.left -= leg.qty;
            maker.filled += leg.qty;
            if maker.left < DUST {
                self.ended.push((maker.name, maker.left, EndReason::Filled));
                self.orders.remove(at);
            }
        }
        let end = if whole {
            Some(EndReason::Filled)
        } else if immediate {
            Some(EndReason::Immediate)
        } else {
            None
        };
        if let Some(reason) = end {
            self.ended.push((order.name, if in_cash { 0 } else { rest }, reason));
        } else {
            self.orders.push(order.clone());
        }
        let placed = Placed {
            order: OrderId::from_bits(order.name),
            trade: trade.map(TradeNo),
            filled: qty(taker.qty),
            cash: money(taker.cash),
            fee: money(taker.fee),
            remaining: if end.is_some() { Qty::ZERO } else { qty(rest) },
            end,
        };
        if let Some(no) = trade {
            self.trades = no;
            let made = Match { no, market: order.market, taker, makers, status: FillStatus::Matched };
            self.matches.push(made.clone());
            self.made = Some(made);
        }
        placed
    }

    // Settlement.

    fn settle(&mut self, trade: TradeNo, step: SettlementStep) -> Result<Reply, Refusal> {
        let at = self.matches.iter().position(|it| it.no == trade.0).ok_or(Refusal::UnknownTrade)?;
        let status = self.matches[at].status;
        match (step, status) {
            (SettlementStep::Retry, FillStatus::Matched | FillStatus::Retrying) => {
                self.matches[at].status = FillStatus::Retrying;
            }
            (SettlementStep::Mine, FillStatus::Matched | FillStatus::Retrying) => {
                let it = self.matches[at].clone();
                self.matches[at].status = FillStatus::Mined;
                for leg in it.legs() {
                    self.move_leg(it.market, leg);
                }
            }
            // Final either way.
            (SettlementStep::Confirm, FillStatus::Mined)
            | (SettlementStep::Fail, FillStatus::Matched | FillStatus::Retrying) => drop(self.matches.remove(at)),
            _ => return Err(Refusal::UnknownTrade),
        }
        Ok(Reply::Done)
    }

    fn move_leg(&mut self, market: usize, leg: &Leg) {
        let token = self.token_mut(leg.account, market, leg.outcome);
        let outlay = match leg.action {
            Action::Buy => {
                token.get(leg.qty, leg.cash + leg.fee, leg.fee);
                leg.cash + leg.fee
            }
            Action::Sell => {
                token.give(leg.qty, leg.cash - leg.fee, leg.fee);
                leg.fee - leg.cash
            }
        };
        self.cash[leg.account as usize] -= outlay;
        self.fees += leg.fee;
    }

    // Markets.

    fn change(&mut self, market: usize, change: &MarketCommand, rate: Rate) -> Result<Reply, Refusal> {
        let it = self.markets.get(market).ok_or(Refusal::UnknownMarket)?;
        if it.result.is_some() {
            return Err(Refusal::WrongState(""));
        }
        match change {
            MarketCommand::SetAccepting(accepting) => self.markets[market].accepting = *accepting,
            MarketCommand::SetGrid(grid) => self.markets[market].grid = grid.clone(),
            MarketCommand::SetFees(_) => self.markets[market].rate = rate,
            MarketCommand::ClearBook => self.clear(market, EndReason::Cleared),
            MarketCommand::Resolve(result) => {
                if let Some(group) = it.group {
                    let won = self.groups[group]
                        .iter()
                        .any(|member| self.markets[*member].result.is_some_and(|it| it.yes_payout().pips() == 10_000));
                    let pays = result.yes_payout().pips();
                    if (pays != 0 && pays != 10_000) || (pays == 10_000 && won) {
                        return Err(Refusal::WrongState(""));
                    }
                }
                self.clear(market, EndReason::Resolved);
                self.markets[market].result = Some(*result);
            }
        }
        Ok(Reply::Done)
    }

    /// Ends all orders of a market: bids, then asks, each as they would trade.
    fn clear(&mut self, market: usize, reason: EndReason) {
        let mut names = self.queue(market, false, 0);
        names.extend(self.queue(market, true, 10_000));
        for name in names {
            let at = self.orders.iter().position(|it| it.name == name).expect("queued");
            let order = self.orders.remove(at);
            self.ended.push((name, order.left, reason));
        }
    }

    /// Totals of one side in YES terms, best first.
    pub(crate) fn levels(&self, market: usize, side: BookSide) -> Vec<(i128, i128)> {
        let bids = side == BookSide::Bid;
        let mut totals: BTreeMap<i128, i128> = BTreeMap::new();
        for order in self.orders.iter().filter(|it| it.market == market && it.bids() == bids) {
            *totals.entry(order.yes_price()).or_default() += order.left;
        }
        if bids { totals.into_iter().rev().collect() } else { totals.into_iter().collect() }
    }

    /// Names of a side's orders as they would trade.
    pub(crate) fn line(&self, market: usize, side: BookSide) -> Vec<u64> {
        if side == BookSide::Bid { self.queue(market, false, 0) } else { self.queue(market, true, 10_000) }
    }

    // Cash and tokens at par.

    fn operate(&mut self, account: u32, operation: &PositionOperation) -> Result<Reply, Refusal> {
        if account as usize >= self.cash.len() {
            return Err(Refusal::UnknownAccount);
        }
        match operation {
            PositionOperation::Split { market, qty } => self.split(account, market.0 as usize, micros(*qty)),
            PositionOperation::Merge { market, qty } => self.merge(account, market.0 as usize, micros(*qty)),
            PositionOperation::Convert { group, questions, qty } => {
                self.convert(account, group.0 as usize, questions, micros(*qty))
            }
            PositionOperation::Redeem { market } => self.redeem(account, market.0 as usize),
            PositionOperation::Transfer { market, outcome, qty, to } => {
                self.transfer(account, market.0 as usize, *outcome, micros(*qty), to.0)
            }
        }
    }

    fn open(&self, market: usize) -> Result<(), Refusal> {
        let it = self.markets.get(market).ok_or(Refusal::UnknownMarket)?;
        if it.result.is_some() { Err(Refusal::WrongState("")) } else { Ok(()) }
    }

    fn sized(size: i128) -> Result<(), Refusal> {
        if size <= 0 || size > MAX_SHARES { Err(Refusal::BadSize) } else { Ok(()) }
    }

    fn split(&mut self, account: u32, market: usize, size: i128) -> Result<Reply, Refusal> {
        self.open(market)?;
        Self::sized(size)?;
        self.need_cash(account, size)?;
        self.cash[account as usize] -= size;
        // Each token costs half of the dollar.
        self.token_mut(account, market, Outcome::Yes).get(size, size / 2, 0);
        self.token_mut(account, market, Outcome::No).get(size, size - size / 2, 0);
        Ok(Reply::Paid(money(-size)))
    }

    fn merge(&mut self, account: u32, market: usize, size: i128) -> Result<Reply, Refusal> {
        self.open(market)?;
        Self::sized(size)?;
        for outcome in [Outcome::Yes, Outcome::No] {
            self.need_tokens(account, market, outcome, size)?;
        }
        self.cash[account as usize] += size;
        self.token_mut(account, market, Outcome::Yes).give(size, size / 2, 0);
        self.token_mut(account, market, Outcome::No).give(size, size - size / 2, 0);
        Ok(Reply::Paid(money(size)))
    }

    fn convert(&mut self, account: u32, group: usize, questions: &[u32], size: i128) -> Result<Reply, Refusal> {
        let members = self.groups.get(group).ok_or(Refusal::UnknownGroup)?.clone();
        Self::sized(size)?;
        let distinct = questions.iter().collect::<BTreeSet<_>>().len() == questions.len();
        if questions.is_empty() || !distinct {
            return Err(Refusal::Conflict(""));
        }
        let mut chosen: Vec<usize> = Vec::new();
        for question in questions {
            chosen.push(*members.get(*question as usize).ok_or(Refusal::UnknownMarket)?);
        }
        // In the order of the group, whatever the order they were named in.
        chosen.sort_unstable();
        if members.len() < 2 {
            return Err(Refusal::WrongState(""));
        }
        for market in &members {
            self.open(*market)?;
        }
        for market in &chosen {
            self.need_tokens(account, *market, Outcome::No, size)?;
        }
        let paid = size * (chosen.len() as i128 - 1);
        let others: Vec<usize> = members.iter().copied().filter(|it| !chosen.contains(it)).collect();
        self.cash[account as usize] += paid;
        self.converted[group] = true;
        let parts: Vec<i128> = chosen
            .iter()
            .map(|market| {
                let token = self.token(account, *market, Outcome::No);
                token.share_of(token.cost, size)
            })
            .collect();
        // What the NO have cost, less the dollars paid, is what the YES cost, each alike; a gain, or what no YES is left to
        // carry, is realized with the first NO.
        let spent: i128 = parts.iter().sum();
        let mut carried = if others.is_empty() { 0 } else { (spent - paid).max(0) };
        for (index, (market, part)) in chosen.iter().zip(parts).enumerate() {
            let gain = if index == 0 { paid + carried - spent } else { 0 };
            self.token_mut(account, *market, Outcome::No).give(size, part + gain, 0);
        }
        for (index, market) in others.iter().enumerate() {
            let part = carried / (others.len() - index) as i128;
            carried -= part;
            self.token_mut(account, *market, Outcome::Yes).get(size, part, 0);
        }
        Ok(Reply::Paid(money(paid)))
    }

    fn redeem(&mut self, account: u32, market: usize) -> Result<Reply, Refusal> {
        let it = self.markets.get(market).ok_or(Refusal::UnknownMarket)?;
        let yes = i128::from(it.result.ok_or(Refusal::WrongState(""))?.yes_payout().pips());
        let mut paid = 0;
        for (outcome, each) in [(Outcome::Yes, yes), (Outcome::No, 10_000 - yes)] {
            // What a match still holds is not there to be redeemed.
            let free = self.free_tokens(account, market, outcome);
            let pays = free * each / 10_000;
            if free > 0 {
                self.token_mut(account, market, outcome).give(free, pays, 0);
            }
            paid += pays;
        }
        self.cash[account as usize] += paid;
        Ok(Reply::Paid(money(paid)))
    }

    fn transfer(&mut self, from: u32, market: usize, outcome: Outcome, size: i128, to: u32) -> Result<Reply, Refusal> {
        if to as usize >= self.cash.len() {
            return Err(Refusal::UnknownAccount);
        }
        if market >= self.markets.len() {
            return Err(Refusal::UnknownMarket);
        }
        Self::sized(size)?;
        self.need_tokens(from, market, outcome, size)?;
        let token = self.token(from, market, outcome);
        let cost = token.share_of(token.cost, size);
        self.token_mut(from, market, outcome).give(size, cost, 0);
        self.token_mut(to, market, outcome).get(size, cost, 0);
        Ok(Reply::Paid(Money::ZERO))
    }
}

/// What an order meets.
struct Met {
    taker: Leg,
    makers: Vec<Leg>,
    /// No more than dust is left.
    whole: bool,
    rest: i128,
}
