//! What the account and each strategy owns, what it cost and brought in, from fills and nothing else.
//!
//! Invariants: a fill counts once, however often it is told; a fill that failed counts as if it had never been, exactly; a
//! market is paid once; every change of money is posted to two accounts, so that the ledger adds up to zero; no micro-dollar
//! is lost in a division: what a part of a holding cost is rounded down, and the last contract takes the rest.
//!
//! The account's position and each strategy's are folded apart, each from its own fills. Where strategies hold opposite sides
//! of one netted market, profits are split otherwise between what is realized and what is still open; their sum is the same.

mod ledger;
mod position;
use std::collections::BTreeMap;

use brier_types::{BookSide, FillStatus, MarketResult, Money, Price, Qty, Timestamp, TradeId, Venue, VenueOrderId};

use crate::command::Funding;
use crate::ids::{MarketId, OrderKey, StrategyId};
use crate::instrument::Custody;

pub use ledger::{Account, Ledger};
pub use position::{Holding, Position};

/// How many statuses of fills that nobody told yet are remembered.
const MAX_EARLY: usize = 4_096;

/// One of our fills, with whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnFill {
    /// The venue's name for the match.
    pub trade: TradeId,
    /// The venue's name for our order.
    pub order: VenueOrderId,
    /// Our order, if it is one that we know.
    pub key: Option<OrderKey>,
    /// Whose it is.
    pub strategy: StrategyId,
    /// The market.
    pub market: MarketId,
    /// Where.
    pub venue: Venue,
    /// Whose cash it moves.
    pub shard: u16,
    /// How the venue holds what is owned.
    pub custody: Custody,
    /// Our side of the YES book.
    pub side: BookSide,
    /// With what it was done.
    pub funding: Funding,
    /// YES price.
    pub price: Price,
    /// Contracts.
    pub qty: Qty,
    /// Net fee; negative for a rebate.
    pub fee: Money,
    /// Whether our order took.
    pub is_taker: bool,
    /// When we were told.
    pub at: Timestamp,
    /// How final it is.
    pub status: FillStatus,
}

/// What came of booking a fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booked {
    /// It counts now.
    New,
    /// It was told before, or failed before: nothing changed.
    Duplicate,
    /// It was told before with other terms: nothing changed.
    Changed,
}

/// What came of a fill's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusNews {
    /// The fill was not told yet; its status is remembered.
    Unknown,
    /// Nothing new.
    Same,
    /// It came closer to being final.
    Moved,
    /// It failed, and everything is as if it had never been.
    Failed(Box<OwnFill>),
    /// It had ended one way and is said to have ended the other.
    Contradiction,
}

/// Why a fill cannot be booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortfolioError {
    /// The figures do not fit 64 bits.
    #[error("positions or cash would exceed what 64 bits hold")]
    Overflow,
}

/// Where a market is on its way to being paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It trades, or waits for its result.
    Trading,
    /// The result is known and not paid.
    Resolved(MarketResult),
    /// The result is challenged.
    Disputed(MarketResult),
    /// Paid. Final.
    Paid(MarketResult),
}

/// What a market paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payout {
    /// Cash received.
    pub cash: Money,
    /// Contracts of YES and of NO that were paid for.
    pub contracts: (Qty, Qty),
}

/// A position: what final fills made of it, then the fills since in their order, then the two together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Folded {
    pub base: Position,
    pub open: Vec<FillKey>,
    pub now: Position,
}

pub(crate) type FillKey = (TradeId, VenueOrderId);

/// What is kept of a fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub fill: OwnFill,
    /// It failed: kept so that it cannot come back.
    pub failed: bool,
}

/// What is owned. See the module's head.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Portfolio {
    pub(crate) fills: BTreeMap<FillKey, Kept>,
    pub(crate) early: BTreeMap<FillKey, FillStatus>,
    pub(crate) accounts: Vec<Folded>,
    /// By market, then by strategy in the order of first fills.
    pub(crate) strategies: Vec<Vec<(StrategyId, Folded)>>,
    pub(crate) stages: Vec<Option<Stage>>,
    pub(crate) cash: BTreeMap<(Venue, u16), Money>,
    pub(crate) ledger: Ledger,
}

const FLAT: Position = Position::FLAT;

impl Portfolio {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes room for a market.
    pub fn add_market(&mut self, market: MarketId) {
        while self.accounts.len() <= market.index() {
            self.accounts.push(Folded::default());
            self.strategies.push(Vec::new());
            self.stages.push(None);
        }
    }

    /// Books a fill.
    ///
    /// # Errors
    /// [`PortfolioError`] when the figures do not fit; nothing was changed then.
    pub fn book(&mut self, mut fill: OwnFill) -> Result<Booked, PortfolioError> {
        let key = (fill.trade.clone(), fill.order.clone());
        if let Some(known) = self.fills.get(&key) {
            let same = (known.fill.market, known.fill.side, known.fill.price, known.fill.qty)
                == (fill.market, fill.side, fill.price, fill.qty);
            return Ok(if same { Booked::Duplicate } else { Booked::Changed });
        }
        self.add_market(fill.market);
        if let Some(status) = self.early.remove(&key) {
            fill.status = status;
        }
        if fill.status == FillStatus::Failed {
            self.fills.insert(key, Kept { fill, failed: true });
            return Ok(Booked::Duplicate);
        }
        // All checks first: both folds and the cash.
        let before = self.accounts[fill.market.index()].now;
        let account = before.after(&fill).ok_or(PortfolioError::Overflow)?;
        let own = self.strategy(fill.strategy, fill.market).after(&fill).ok_or(PortfolioError::Overflow)?;
        let flow = account.flow.checked_sub(before.flow).ok_or(PortfolioError::Overflow)?;
        let cash = self.cash(fill.venue, fill.shard).checked_add(flow).ok_or(PortfolioError::Overflow)?;
        let folded = &mut self.accounts[fill.market.index()];
        folded.now = account;
        folded.open.push(key.clone());
        let folded = self.strategy_mut(fill.strategy, fill.market);
        folded.now = own;
        folded.open.push(key.clone());
        self.cash.insert((fill.venue, fill.shard), cash);
        self.ledger.post_change((fill.venue, fill.shard), fill.market, &before, &account);
        let (market, strategy, place) = (fill.market, fill.strategy, (fill.venue, fill.shard));
        self.fills.insert(key, Kept { fill, failed: false });
        self.fold_final(market, strategy);
        if let Stage::Paid(result) = self.stage(market) {
            // Told after its market was paid: it is paid at once.
            self.pay_out(market, place, result);
        }
        Ok(Booked::New)
    }

    /// Moves final fills at the head of a list into its base, so that lists stay short.
    fn fold_final(&mut self, market: MarketId, strategy: StrategyId) {
        let fills = &self.fills;
        let is_final = |key: &FillKey| fills.get(key).is_some_and(|kept| kept.fill.status == FillStatus::Confirmed);
        let fold = |folded: &mut Folded| {
            let count = folded.open.iter().take_while(|key| is_final(key)).count();
            for key in folded.open.drain(..count) {
                let fill = &fills.get(&key).expect("a listed fill is kept").fill;
                folded.base = folded.base.after(fill).expect("it was checked when it was booked");
            }
            folded.refold(fills);
        };
        fold(&mut self.accounts[market.index()]);
        if let Some((_, folded)) = self.strategies[market.index()].iter_mut().find(|(id, _)| *id == strategy) {
            fold(folded);
        }
    }

    fn strategy_mut(&mut self, strategy: StrategyId, market: MarketId) -> &mut Folded {
        let list = &mut self.strategies[market.index()];
        let place = match list.iter().position(|(id, _)| *id == strategy) {
            Some(place) => place,
            None => {
                list.push((strategy, Folded::default()));
                list.len() - 1
            }
        };
        &mut list[place].1
    }

    /// Notes how final a fill is, and undoes it when it failed.
    pub fn set_status(&mut self, trade: &TradeId, order: &VenueOrderId, status: FillStatus) -> StatusNews {
        let key = (trade.clone(), order.clone());
        let Some(kept) = self.fills.get_mut(&key) else {
            if self.early.len() < MAX_EARLY {
                let known = self.early.entry(key).or_insert(status);
                if !known.is_final() {
                    *known = status;
                }
            }
            return StatusNews::Unknown;
        };
        if kept.failed {
            return if status == FillStatus::Confirmed { StatusNews::Contradiction } else { StatusNews::Same };
        }
        match (kept.fill.status, status) {
            (FillStatus::Confirmed, FillStatus::Failed) => StatusNews::Contradiction,
            (FillStatus::Confirmed, _) => StatusNews::Same,
            (before, now) if before == now => StatusNews::Same,
            (_, FillStatus::Failed) => {
                kept.failed = true;
                kept.fill.status = FillStatus::Failed;
                let fill = kept.fill.clone();
                self.undo(&key, &fill);
                StatusNews::Failed(Box::new(fill))
            }
            (_, now) => {
                kept.fill.status = now;
                let (market, strategy) = (kept.fill.market, kept.fill.strategy);
                self.fold_final(market, strategy);
                StatusNews::Moved
            }
        }
    }

    fn undo(&mut self, key: &FillKey, fill: &OwnFill) {
        let before = self.accounts[fill.market.index()].now;
        let fills = &self.fills;
        let take_out = |folded: &mut Folded| {
            folded.open.retain(|open| open != key);
            folded.refold(fills);
        };
        take_out(&mut self.accounts[fill.market.index()]);
        if let Some((_, folded)) = self.strategies[fill.market.index()].iter_mut().find(|(id, _)| *id == fill.strategy)
        {
            take_out(folded);
        }
        let after = self.accounts[fill.market.index()].now;
        self.post((fill.venue, fill.shard), fill.market, &before, &after);
    }

    /// Moves cash and the ledger by what a position's change did.
    fn post(&mut self, place: (Venue, u16), market: MarketId, before: &Position, after: &Position) {
        let flow = after.flow.checked_sub(before.flow).expect("flows fit like cash");
        let cash = self.cash.entry(place).or_insert(Money::ZERO);
        *cash = cash.checked_add(flow).expect("what fits in positions fits in cash");
        self.ledger.post_change(place, market, before, after);
    }

    /// What the account owns in a market, provisional fills included.
    pub fn account(&self, market: MarketId) -> &Position {
        self.accounts.get(market.index()).map_or(&FLAT, |folded| &folded.now)
    }

    /// What a strategy owns in a market, provisional fills included.
    pub fn strategy(&self, strategy: StrategyId, market: MarketId) -> &Position {
        let list = self.strategies.get(market.index()).map_or(&[][..], Vec::as_slice);
        list.iter().find(|(id, _)| *id == strategy).map_or(&FLAT, |(_, folded)| &folded.now)
    }

    /// Every strategy that ever traded in a market, with its position.
    pub fn strategies_in(&self, market: MarketId) -> impl Iterator<Item = (StrategyId, &Position)> {
        self.strategies.get(market.index()).into_iter().flatten().map(|(id, folded)| (*id, &folded.now))
    }

    /// Whether a fill was told, also if it failed.
    pub fn has_fill(&self, trade: &TradeId, order: &VenueOrderId) -> bool {
        self.fills.contains_key(&(trade.clone(), order.clone()))
    }

    /// Fills that are neither final nor failed.
    pub fn provisional(&self) -> impl Iterator<Item = &OwnFill> {
        self.accounts
            .iter()
            .flat_map(|folded| &folded.open)
            .filter_map(|key| self.fills.get(key))
            .map(|kept| &kept.fill)
            .filter(|fill| !fill.status.is_final())
    }

    /// Every fill that counts.
    pub fn fills(&self) -> impl Iterator<Item = &OwnFill> {
        self.fills.values().filter(|kept| !kept.failed).map(|kept| &kept.fill)
    }

    /// Cash by our own reckoning.
    pub fn cash(&self, venue: Venue, shard: u16) -> Money {
        self.cash.get(&(venue, shard)).copied().unwrap_or(Money::ZERO)
    }

    /// Takes the venue's word on cash, and gives back by how much ours differed: the first time it is a deposit.
    pub fn adopt_cash(&mut self, venue: Venue, shard: u16, total: Money) -> Money {
        let first = !self.cash.contains_key(&(venue, shard));
        let difference = total.checked_sub(self.cash(venue, shard)).expect("two amounts of cash differ by one");
        self.cash.insert((venue, shard), total);
        let other = if first { Account::Deposits(venue) } else { Account::Adjustments(venue) };
        self.ledger.post(Account::Cash(venue, shard), other, difference);
        difference
    }

    /// Takes the venue's word on a position. What appeared is valued at `price`. The difference is the operator's part, whoever
    /// caused it: strategies keep what their own fills say.
    pub fn adopt_position(
        &mut self,
        venue: Venue,
        market: MarketId,
        _custody: Custody,
        yes: Qty,
        no: Qty,
        price: Price,
    ) {
        self.add_market(market);
        let before = self.accounts[market.index()].now;
        let folded = &mut self.accounts[market.index()];
        folded.adopt(yes, no, price);
        let after = folded.now;
        self.ledger.post_adoption(venue, market, &before, &after);
        // The parts follow the whole: what no strategy can be blamed for is the operator's.
        let net = |position: &Position| position.net().micros();
        let parts: i64 = self.strategies[market.index()].iter().map(|(_, folded)| net(&folded.now)).sum();
        let missing = net(&after) - parts;
        if missing != 0 {
            let wanted = net(self.strategy(StrategyId::OPERATOR, market)) + missing;
            let side = |micros: i64| Qty::from_micros(u64::try_from(micros).unwrap_or(0)).unwrap_or(Qty::ZERO);
            self.strategy_mut(StrategyId::OPERATOR, market).adopt(side(wanted), side(-wanted), price);
        }
    }

    /// Where a market is on its way to being paid.
    pub fn stage(&self, market: MarketId) -> Stage {
        self.stages.get(market.index()).copied().flatten().unwrap_or(Stage::Trading)
    }

    /// The result is known; it may be told again, or amended, until it is paid.
    pub fn resolve(&mut self, market: MarketId, result: MarketResult) {
        self.add_market(market);
        if !matches!(self.stage(market), Stage::Paid(_)) {
            self.stages[market.index()] = Some(Stage::Resolved(result));
        }
    }

    /// The result is challenged.
    pub fn dispute(&mut self, market: MarketId) {
        if let Stage::Resolved(result) = self.stage(market) {
            self.stages[market.index()] = Some(Stage::Disputed(result));
        }
    }

    /// Undoes the note that a market was paid: a planted bug's.
    pub(crate) fn forget_payout(&mut self, market: MarketId) {
        if let Some(stage) = self.stages.get_mut(market.index()) {
            *stage = None;
        }
    }

    /// Pays a market, once.
    pub fn settle(&mut self, market: MarketId, venue: Venue, shard: u16, result: MarketResult) -> Option<Payout> {
        if matches!(self.stage(market), Stage::Paid(_)) {
            return None;
        }
        self.add_market(market);
        self.stages[market.index()] = Some(Stage::Paid(result));
        Some(self.pay_out(market, (venue, shard), result))
    }

    fn pay_out(&mut self, market: MarketId, place: (Venue, u16), result: MarketResult) -> Payout {
        let payout = result.yes_payout();
        let before = self.accounts[market.index()].now;
        self.accounts[market.index()].pay(payout);
        for (_, folded) in &mut self.strategies[market.index()] {
            folded.pay(payout);
        }
        let after = self.accounts[market.index()].now;
        self.post(place, market, &before, &after);
        Payout { cash: before.worth(payout), contracts: (before.yes.qty, before.no.qty) }
    }

    /// Realized profit, before fees; of one strategy, or of the account.
    pub fn realized(&self, strategy: Option<StrategyId>) -> Money {
        self.positions(strategy).map(|(_, position)| position.realized).sum()
    }

    /// Fees paid, of one strategy or of the account.
    pub fn fees(&self, strategy: Option<StrategyId>) -> Money {
        self.positions(strategy).map(|(_, position)| position.fees).sum()
    }

    /// What open contracts are worth at `mark` beyond what they cost; a market without a mark counts at cost.
    pub fn unrealized(&self, strategy: Option<StrategyId>, mark: &dyn Fn(MarketId) -> Option<Price>) -> Money {
        self.positions(strategy)
            .filter(|(_, position)| !position.is_flat())
            .filter_map(|(market, position)| Some(position.unrealized(mark(market)?)))
            .sum()
    }

    fn positions(&self, strategy: Option<StrategyId>) -> impl Iterator<Item = (MarketId, &Position)> {
        let of = move |market: MarketId| match strategy {
            None => self.account(market),
            Some(id) => self.strategy(id, market),
        };
        (0..self.accounts.len() as u32).map(MarketId).map(move |market| (market, of(market)))
    }

    /// Cash of all venues and open contracts at `mark`, at cost where there is none.
    pub fn equity(&self, mark: &dyn Fn(MarketId) -> Option<Price>) -> Money {
        let cash: Money = self.cash.values().copied().sum();
        let cost: Money = self.positions(None).map(|(_, position)| position.cost()).sum();
        let gain = self.unrealized(None, mark);
        cash.checked_add(cost).and_then(|total| total.checked_add(gain)).expect("equity fits like cash")
    }

    /// Markets in which the account owns anything.
    pub fn markets_with_position(&self) -> impl Iterator<Item = MarketId> {
        self.positions(None).filter(|(_, position)| !position.is_flat()).map(|(market, _)| market)
    }

    /// The ledger.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Whether everything adds up.
    ///
    /// # Errors
    /// What does not, for people: a bug of ours.
    pub fn check(&self) -> Result<(), String> {
        if self.ledger.sum() != 0 {
            return Err(format!("the ledger adds up to {} and not to zero", self.ledger.sum()));
        }
        for (key, cash) in &self.cash {
            let booked = self.ledger.balance(Account::Cash(key.0, key.1));
            if booked != i128::from(cash.micros()) {
                return Err(format!("cash of {key:?} is {cash} and the ledger has {booked}"));
            }
        }
        for (market, position) in self.positions(None) {
            let booked = self.ledger.balance(Account::Positions(market));
            if booked != i128::from(position.cost().micros()) {
                return Err(format!("{market} cost {} and the ledger has {booked}", position.cost()));
            }
            let parts: i64 = self.strategies_in(market).map(|(_, part)| part.net().micros()).sum();
            if parts != position.net().micros() {
                return Err(format!(
                    "{market}: strategies add up to {parts}, the account to {}",
                    position.net().micros()
                ));
            }
            if position.oversold() {
                return Err(format!("{market}: more was sold than was held"));
            }
        }
        Ok(())
    }
}
