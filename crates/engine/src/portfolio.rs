//! What the account and each strategy owns, what it cost and brought in, from fills and nothing else.
//!
//! Invariants: a fill counts once, however often it is told; a fill that failed counts as if it had never been, exactly, also
//! in what later fills cost and brought, and after its market was paid; a market is paid once; every change of money is posted
//! to two accounts, so that the ledger adds up to zero; no micro-dollar is lost in a division.
//!
//! The venue's word, where it differs, is taken as it stands: it holds whatever came before, so that a fill which fails later
//! changes neither contracts nor cash that the venue counted after it. The difference is the operator's part, whoever caused
//! it: strategies keep what their own fills say.
//!
//! The account's position and each strategy's are folded apart, each from its own fills in the order in which they were told.
//! Where strategies hold opposite sides of one netted market, the account has closed pairs that they still hold: profits are
//! split otherwise between what is realized and what is open, and cash between what came in and what is held. Flow and worth
//! together are the same at every price, and equal when the market has paid.

mod fills;
mod folded;
mod ledger;
mod position;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use brier_types::{FillStatus, MarketResult, Money, Price, Qty, SignedQty, TradeId, Venue, VenueOrderId};

use crate::ids::{MarketId, StrategyId};
use crate::instrument::Custody;

pub use fills::{Booked, OwnFill, Payout, PortfolioError, Stage, StatusNews};
pub(crate) use fills::{FillKey, Kept};
pub(crate) use folded::{Entry, Folded};
pub use ledger::{Account, Ledger};
pub use position::{Holding, Position};
use position::{cut, money, money_fits, signed};

/// How many statuses of fills that nobody told yet are remembered.
const MAX_EARLY: usize = 4_096;

/// What is owned. See the module's head.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Portfolio {
    pub(crate) fills: BTreeMap<FillKey, Kept>,
    /// How final fills are that were not told yet.
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

    // --- Fills ------------------------------------------------------------------------------------------------------

    /// Books a fill. One that is told again changes nothing, not even its status: that is [`Portfolio::set_status`]'s. One of
    /// a market that was paid is paid at once. A sale of more than is held is booked too, and shows in
    /// [`Position::oversold`].
    ///
    /// # Errors
    /// [`PortfolioError`] when the figures do not fit; nothing was changed then.
    pub fn book(&mut self, mut fill: OwnFill) -> Result<Booked, PortfolioError> {
        let key = (fill.trade.clone(), fill.order.clone());
        if let Some(known) = self.fills.get(&key) {
            return Ok(known.told_again(&fill));
        }
        if let Some(early) = self.early.get(&key) {
            fill.status = fills::further(*early, fill.status);
        }
        if fill.status == FillStatus::Failed {
            self.early.remove(&key);
            self.fills.insert(key, Kept { fill, failed: true });
            return Ok(Booked::Duplicate);
        }
        if !self.has_room(&fill) {
            return Err(PortfolioError::Overflow);
        }
        // Nothing below can fail.
        self.early.remove(&key);
        self.add_market(fill.market);
        let (market, strategy, place) = (fill.market, fill.strategy, (fill.venue, fill.shard));
        self.fills.insert(key.clone(), Kept { fill, failed: false });
        let before = *self.account(market);
        part(&mut self.strategies[market.index()], strategy);
        let entry = match self.stage(market) {
            Stage::Paid(result) => Entry::Late(key, result.yes_payout()),
            Stage::Trading | Stage::Resolved(_) | Stage::Disputed(_) => Entry::Fill(key),
        };
        self.push(market, |id| id == strategy, &entry);
        let flow = change_of_flow(&before, self.account(market));
        self.post(place, market, &before, flow);
        Ok(Booked::New)
    }

    /// Whether every figure stays within its limit with this fill.
    fn has_room(&self, fill: &OwnFill) -> bool {
        let next = |position: &Position| match self.stage(fill.market) {
            Stage::Paid(result) => position.late(fill, result.yes_payout()),
            Stage::Trading | Stage::Resolved(_) | Stage::Disputed(_) => position.after(fill),
        };
        let before = self.account(fill.market);
        let after = next(before);
        let cash = i128::from(self.cash(fill.venue, fill.shard).micros()) + change_of_flow(before, &after);
        after.fits() && next(self.strategy(fill.strategy, fill.market)).fits() && money_fits(money(cash))
    }

    /// Takes an entry into the account's list, and into those of the strategies that are asked for and have a part already.
    fn push(&mut self, market: MarketId, strategies: impl Fn(StrategyId) -> bool, entry: &Entry) {
        let parts = self.strategies[market.index()].iter_mut().filter(|(id, _)| strategies(*id));
        for folded in parts.map(|(_, folded)| folded).chain([&mut self.accounts[market.index()]]) {
            folded.push(entry.clone(), &self.fills);
            folded.shorten(&self.fills);
        }
    }

    /// Notes how final a fill is, and undoes it when it failed. A status before its fill is remembered until that is told.
    pub fn set_status(&mut self, trade: &TradeId, order: &VenueOrderId, status: FillStatus) -> StatusNews {
        let key = (trade.clone(), order.clone());
        let Some(kept) = self.fills.get_mut(&key) else {
            self.remember(key, status);
            return StatusNews::Unknown;
        };
        let known = kept.fill.status;
        if known.is_final() && status.is_final() && known != status {
            return StatusNews::Contradiction;
        }
        let next = fills::further(known, status);
        if next == known {
            return StatusNews::Same;
        }
        kept.fill.status = next;
        if next == FillStatus::Failed {
            kept.failed = true;
            let fill = kept.fill.clone();
            self.undo(&key, &fill);
            return StatusNews::Failed(Box::new(fill));
        }
        let (market, strategy) = (kept.fill.market, kept.fill.strategy);
        let fills = &self.fills;
        let parts = self.strategies[market.index()].iter_mut().filter(|(id, _)| *id == strategy);
        for folded in parts.map(|(_, folded)| folded).chain([&mut self.accounts[market.index()]]) {
            folded.shorten(fills);
            folded.refold(fills);
        }
        StatusNews::Moved
    }

    /// Remembers a status of a fill that was not told. When there are too many, the one that matters least is forgotten: how
    /// far a fill has come is told again, and that it failed matters most.
    fn remember(&mut self, key: FillKey, status: FillStatus) {
        if let Some(known) = self.early.get_mut(&key) {
            *known = fills::further(*known, status);
            return;
        }
        if self.early.len() >= MAX_EARLY
            && let Some((least, least_status)) = self.early.iter().min_by_key(|(_, status)| **status)
        {
            if *least_status > status {
                return;
            }
            let least = least.clone();
            self.early.remove(&least);
        }
        self.early.insert(key, status);
    }

    fn undo(&mut self, key: &FillKey, fill: &OwnFill) {
        let (market, fills) = (fill.market, &self.fills);
        let account = &mut self.accounts[market.index()];
        let (before, counted) = (account.now, account.uncounted(fills));
        account.leave_out(key, fills);
        let cash = account.uncounted(fills) - counted;
        account.shorten(fills);
        for (_, folded) in self.strategies[market.index()].iter_mut().filter(|(id, _)| *id == fill.strategy) {
            folded.leave_out(key, fills);
            folded.shorten(fills);
        }
        self.post((fill.venue, fill.shard), market, &before, cash);
        self.level_parts(market, fill.custody, fill.price);
    }

    /// Posts what became of the account's position in a market, with the cash that it moved.
    fn post(&mut self, place: (Venue, u16), market: MarketId, before: &Position, cash: i128) {
        let after = self.accounts[market.index()].now;
        self.ledger.post_change(place, market, (before, &after), cash);
        if cash != 0 {
            let balance = self.ledger.balance(Account::Cash(place.0, place.1));
            self.cash.insert(place, money(balance));
        }
    }

    /// Whether a fill was told, also if it failed.
    pub fn has_fill(&self, trade: &TradeId, order: &VenueOrderId) -> bool {
        self.fills.contains_key(&(trade.clone(), order.clone()))
    }

    /// A fill that counts.
    pub fn fill(&self, trade: &TradeId, order: &VenueOrderId) -> Option<&OwnFill> {
        self.fills.get(&(trade.clone(), order.clone())).filter(|kept| !kept.failed).map(|kept| &kept.fill)
    }

    /// Fills that are neither final nor failed, since the venue's last word on the position and while the market is not paid.
    pub fn provisional(&self) -> impl Iterator<Item = &OwnFill> {
        self.accounts
            .iter()
            .flat_map(Folded::recent)
            .filter_map(|key| self.fills.get(key))
            .map(|kept| &kept.fill)
            .filter(|fill| !fill.status.is_final())
    }

    /// The same in one market.
    pub fn provisional_in(&self, market: MarketId) -> impl Iterator<Item = &OwnFill> {
        let folded = self.accounts.get(market.index()).into_iter();
        folded
            .flat_map(Folded::recent)
            .filter_map(|key| self.fills.get(key))
            .map(|kept| &kept.fill)
            .filter(|fill| !fill.status.is_final())
    }

    /// Every fill that counts.
    pub fn fills(&self) -> impl Iterator<Item = &OwnFill> {
        self.fills.values().filter(|kept| !kept.failed).map(|kept| &kept.fill)
    }

    /// Fills whose match failed on the venue's chain: they gave nothing.
    pub fn failed(&self) -> impl Iterator<Item = &OwnFill> {
        self.fills.values().filter(|kept| kept.failed).map(|kept| &kept.fill)
    }

    // --- Positions and cash -----------------------------------------------------------------------------------------

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

    /// Cash by our own reckoning.
    pub fn cash(&self, venue: Venue, shard: u16) -> Money {
        self.cash.get(&(venue, shard)).copied().unwrap_or(Money::ZERO)
    }

    /// Takes the venue's word on cash, and gives back by how much ours differed: the first time it is a deposit.
    pub fn adopt_cash(&mut self, venue: Venue, shard: u16, total: Money) -> Money {
        let deposits = Account::Deposits(venue);
        let first = !self.cash.contains_key(&(venue, shard)) || !self.ledger.sums.contains_key(&deposits);
        let other = if first { deposits } else { Account::Adjustments(venue) };
        let account = Account::Cash(venue, shard);
        let difference = i128::from(total.micros()) - self.ledger.balance(account);
        self.ledger.post(account, other, difference);
        self.cash.insert((venue, shard), total);
        // Fills that may still fail are in this word or are not: it moves no more with them.
        for folded in &mut self.accounts {
            let mut fills = folded.open.iter().filter_map(Entry::fill).filter_map(|key| self.fills.get(key));
            let here = fills.any(|kept| (kept.fill.venue, kept.fill.shard) == (venue, shard));
            if here {
                folded.push(Entry::Counted, &self.fills);
            }
        }
        money(difference)
    }

    /// Takes the venue's word on a position. What appeared is valued at `price`; what vanished takes its share of the cost
    /// along. The difference is the operator's part.
    pub fn adopt_position(
        &mut self,
        venue: Venue,
        market: MarketId,
        custody: Custody,
        yes: Qty,
        no: Qty,
        price: Price,
    ) {
        self.add_market(market);
        let pairs = match custody {
            Custody::Netted => yes.min(no),
            Custody::Tokens => Qty::ZERO,
        };
        let (yes, no) = (cut(yes.saturating_sub(pairs)), cut(no.saturating_sub(pairs)));
        let before = *self.account(market);
        let account = &mut self.accounts[market.index()];
        account.push(Entry::Adopted { yes, no, price }, &self.fills);
        account.shorten(&self.fills);
        self.post((venue, 0), market, &before, 0);
        self.level_parts(market, custody, price);
    }

    /// Makes the parts follow the whole: what no strategy's fills explain is the operator's.
    fn level_parts(&mut self, market: MarketId, custody: Custody, price: Price) {
        let contracts = |position: &Position| {
            let of = |held: &Holding| i128::from(held.qty.micros()) - i128::from(held.oversold.micros());
            match custody {
                Custody::Tokens => (of(&position.yes), of(&position.no)),
                Custody::Netted => (of(&position.yes) - of(&position.no), 0),
            }
        };
        let (mut yes, mut no) = contracts(self.account(market));
        for (_, part) in self.strategies_in(market) {
            let (its_yes, its_no) = contracts(part);
            (yes, no) = (yes - its_yes, no - its_no);
        }
        if (yes, no) == (0, 0) {
            return;
        }
        let entry = Entry::Shifted { custody, yes: signed_qty(yes), no: signed_qty(no), price: Some(price) };
        let operator = part(&mut self.strategies[market.index()], StrategyId::OPERATOR);
        operator.push(entry, &self.fills);
        operator.shorten(&self.fills);
    }

    // --- Settlement -------------------------------------------------------------------------------------------------

    /// Where a market is on its way to being paid.
    pub fn stage(&self, market: MarketId) -> Stage {
        self.stages.get(market.index()).copied().flatten().unwrap_or(Stage::Trading)
    }

    /// The result is known; it may be told again, or amended, until it is paid.
    pub fn resolve(&mut self, market: MarketId, result: MarketResult) {
        self.add_market(market);
        self.stages[market.index()] = Some(self.stage(market).resolved(result));
    }

    /// The result is challenged.
    pub fn dispute(&mut self, market: MarketId) {
        self.add_market(market);
        self.stages[market.index()] = Some(self.stage(market).disputed());
    }

    /// Pays a market, once: every strategy's contracts and the account's. `None` when it was paid before.
    ///
    /// The venue pays for what it sees held, so contracts that were sold and never known to be held count as found, by the
    /// operator. A sale that is told after the payout is another thing: it was paid too much by then, and gives that back.
    pub fn settle(&mut self, market: MarketId, venue: Venue, shard: u16, result: MarketResult) -> Option<Payout> {
        if matches!(self.stage(market), Stage::Paid(_)) {
            return None;
        }
        self.add_market(market);
        self.stages[market.index()] = Some(Stage::Paid(result));
        let before = *self.account(market);
        if before.oversold() {
            let (yes, no) = (before.yes.oversold.signed(), before.no.oversold.signed());
            let found = Entry::Shifted { custody: Custody::Tokens, yes, no, price: None };
            part(&mut self.strategies[market.index()], StrategyId::OPERATOR);
            self.push(market, |id| id == StrategyId::OPERATOR, &found);
        }
        self.push(market, |_| true, &Entry::Paid(result.yes_payout()));
        let cash = change_of_flow(&before, self.account(market));
        self.post((venue, shard), market, &before, cash);
        Some(Payout { cash: money(cash), contracts: (before.yes.qty, before.no.qty) })
    }

    /// Undoes the note that a market was paid, and gives its contracts back: a planted bug's.
    pub(crate) fn forget_payout(&mut self, market: MarketId) {
        if !matches!(self.stage(market), Stage::Paid(_)) {
            return;
        }
        self.stages[market.index()] = None;
        let Some((venue, custody)) =
            self.fills().find(|fill| fill.market == market).map(|fill| (fill.venue, fill.custody))
        else {
            return;
        };
        let net = signed_qty(self.fills().filter(|fill| fill.market == market).map(signed).sum());
        self.adopt_position(venue, market, custody, net.yes(), net.no(), Price::ONE);
    }

    // --- Sums -------------------------------------------------------------------------------------------------------

    /// Realized profit, before fees; of one strategy, or of the account.
    pub fn realized(&self, strategy: Option<StrategyId>) -> Money {
        total(self.positions(strategy).map(|(_, position)| position.realized))
    }

    /// Fees paid, of one strategy or of the account.
    pub fn fees(&self, strategy: Option<StrategyId>) -> Money {
        total(self.positions(strategy).map(|(_, position)| position.fees))
    }

    /// What open contracts are worth at `mark` beyond what they cost; a market without a mark counts at cost.
    pub fn unrealized(&self, strategy: Option<StrategyId>, mark: &dyn Fn(MarketId) -> Option<Price>) -> Money {
        let open = self.positions(strategy).filter(|(_, position)| !position.is_flat());
        total(open.filter_map(|(market, position)| Some(position.unrealized(mark(market)?))))
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
        let cost = self.positions(None).map(|(_, position)| position.cost());
        total(self.cash.values().copied().chain(cost).chain([self.unrealized(None, mark)]))
    }

    /// Markets in which the account owns anything.
    pub fn markets_with_position(&self) -> impl Iterator<Item = MarketId> {
        self.positions(None).filter(|(_, position)| !position.is_flat()).map(|(market, _)| market)
    }

    /// The ledger.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    // --- Checks -----------------------------------------------------------------------------------------------------

    /// Whether everything adds up.
    ///
    /// # Errors
    /// What does not, for people: a bug of ours, or more was sold than was known to be held.
    pub fn check(&self) -> Result<(), String> {
        if self.ledger.sum() != 0 {
            return Err(format!("the ledger adds up to {} and not to zero", self.ledger.sum()));
        }
        for ((venue, shard), cash) in &self.cash {
            let booked = self.ledger.balance(Account::Cash(*venue, *shard));
            same(&format!("cash of {venue} shard {shard}"), i128::from(cash.micros()), booked)?;
        }
        let sum = |of: fn(Venue) -> Account| {
            [Venue::Kalshi, Venue::Polymarket].map(|venue| self.ledger.balance(of(venue))).into_iter().sum::<i128>()
        };
        let over = |of: fn(&Position) -> Money| self.positions(None).map(|(_, it)| i128::from(of(it).micros())).sum();
        same("profits", over(|it| it.realized), -sum(Account::Realized))?;
        same("fees", over(|it| it.fees), sum(Account::Fees))?;
        for (market, _) in self.positions(None) {
            self.check_market(market)?;
        }
        match self.positions(None).find(|(_, position)| position.oversold()) {
            Some((market, _)) => Err(format!("{market}: more was sold than was held")),
            None => Ok(()),
        }
    }

    fn check_market(&self, market: MarketId) -> Result<(), String> {
        let account = self.account(market);
        let booked = self.ledger.balance(Account::Positions(market));
        same(&format!("cost of {market}"), i128::from(account.cost().micros()), booked)?;
        let parts = self.strategies_in(market).map(|(_, part)| i128::from(part.net().micros())).sum();
        same(&format!("contracts of {market} by strategy and in all"), parts, i128::from(account.net().micros()))?;
        if !self.accounts[market.index()].is_folded(&self.fills) {
            return Err(format!("{market}: the account's position is not what its fills make"));
        }
        for (strategy, folded) in &self.strategies[market.index()] {
            if !folded.is_folded(&self.fills) {
                return Err(format!("{market}: the position of {strategy} is not what its fills make"));
            }
            // The operator has what no fill explains.
            if *strategy != StrategyId::OPERATOR {
                same(&format!("{market}: cost and flow of {strategy} beyond its profit"), folded.now.unexplained(), 0)?;
            }
        }
        Ok(())
    }
}

/// A strategy's part of a market; its place is made by what it does first.
fn part(list: &mut Vec<(StrategyId, Folded)>, strategy: StrategyId) -> &mut Folded {
    let place = list.iter().position(|(id, _)| *id == strategy).unwrap_or(list.len());
    if place == list.len() {
        list.push((strategy, Folded::default()));
    }
    &mut list[place].1
}

fn same(what: &str, found: i128, expected: i128) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found} and {expected} should be the same")) }
}

fn change_of_flow(before: &Position, after: &Position) -> i128 {
    i128::from(after.flow.micros()) - i128::from(before.flow.micros())
}

fn total(amounts: impl Iterator<Item = Money>) -> Money {
    money(amounts.map(|amount| i128::from(amount.micros())).sum())
}

/// The signed quantity, or the nearest one that 64 bits hold.
fn signed_qty(micros: i128) -> SignedQty {
    let micros = i64::try_from(micros).unwrap_or(if micros < 0 { -i64::MAX } else { i64::MAX });
    SignedQty::from_micros(micros).unwrap_or(SignedQty::ZERO)
}
