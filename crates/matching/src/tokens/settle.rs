//! What happens to a match after it was made: mined, confirmed, tried again, or given up.
//!
//! A match holds what its sides will give and moves nothing. When it is mined everything moves at once; when it fails the
//! holds are let go, and every balance is what it was. What it matched stays matched: orders do not come back.

use brier_types::{Action, FillStatus, Money, Qty};

use super::command::{Reply, SettlementStep};
use super::event::{Event, Match, MatchFill, MatchKind, MatchSide};
use super::{Refusal, TokenExchange};
use crate::event::EventSink;
use crate::ids::{MarketId, TradeNo};
use crate::position::{FITS, pairs};

/// A match that is not final.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub status: FillStatus,
    pub it: Match,
}

impl TokenExchange {
    /// Moves a match one step on.
    pub(super) fn settle(
        &mut self,
        trade: TradeNo,
        step: SettlementStep,
        out: &mut impl EventSink<Event>,
    ) -> Result<Reply, Refusal> {
        let pending = self.pending.get_mut(&trade).ok_or(Refusal::UnknownTrade)?;
        let unsettled = matches!(pending.status, FillStatus::Matched | FillStatus::Retrying);
        let status = match step {
            SettlementStep::Mine if unsettled => FillStatus::Mined,
            SettlementStep::Retry if unsettled => FillStatus::Retrying,
            SettlementStep::Fail if unsettled => FillStatus::Failed,
            SettlementStep::Confirm if pending.status == FillStatus::Mined => FillStatus::Confirmed,
            SettlementStep::Mine | SettlementStep::Retry | SettlementStep::Fail | SettlementStep::Confirm => {
                return Err(Refusal::UnknownTrade);
            }
        };
        pending.status = status;
        match status {
            FillStatus::Mined => {
                let it = pending.it.clone();
                self.mine(&it);
            }
            FillStatus::Failed => {
                let it = self.pending.remove(&trade).expect("found above").it;
                for side in it.sides() {
                    self.let_go(side, it.market);
                }
            }
            FillStatus::Confirmed => drop(self.pending.remove(&trade)),
            FillStatus::Matched | FillStatus::Retrying => {}
        }
        out.event(Event::SettlementChanged { trade, status });
        Ok(Reply::Done)
    }

    /// Holds what a side of a match will give.
    pub(super) fn hold_for_chain(&mut self, side: &MatchSide, market: MarketId) {
        match side.action {
            Action::Buy => {
                let matched = &mut self.accounts[side.account.0 as usize].matched;
                *matched = matched.checked_add(side.outlay()).expect(FITS);
            }
            Action::Sell => {
                let matched = &mut self.holding_mut(side.account, market).token_mut(side.outcome).matched;
                *matched = matched.checked_add(side.qty).expect(FITS);
            }
        }
    }

    fn let_go(&mut self, side: &MatchSide, market: MarketId) {
        match side.action {
            Action::Buy => {
                let matched = &mut self.accounts[side.account.0 as usize].matched;
                *matched = matched.checked_sub(side.outlay()).expect(FITS);
            }
            Action::Sell => {
                let matched = &mut self.holding_mut(side.account, market).token_mut(side.outcome).matched;
                *matched = matched.checked_sub(side.qty).expect(FITS);
            }
        }
    }

    /// Cash and tokens move.
    fn mine(&mut self, it: &Match) {
        for side in it.sides() {
            self.let_go(side, it.market);
            let (gross, fee) = (side.cash, side.fee);
            let account = &mut self.accounts[side.account.0 as usize];
            match side.action {
                Action::Buy => {
                    account.cash = account.cash.checked_sub(side.outlay()).expect(FITS);
                    assert!(account.cash >= Money::ZERO, "a purchase was covered when it was matched");
                    self.holding_mut(side.account, it.market).token_mut(side.outcome).receive(
                        side.qty,
                        side.outlay(),
                        fee,
                    );
                }
                Action::Sell => {
                    let net = gross.checked_sub(fee).expect(FITS);
                    account.cash = account.cash.checked_add(net).expect(FITS);
                    self.holding_mut(side.account, it.market).token_mut(side.outcome).give(side.qty, net, fee);
                }
            }
            self.ledger.charge(fee);
        }
        let (mut minted, mut merged) = (Qty::ZERO, Qty::ZERO);
        for MatchFill { maker, .. } in &it.fills {
            match MatchKind::of(it.taker.action, maker.action) {
                MatchKind::Complementary => {}
                MatchKind::Mint => minted = minted.checked_add(maker.qty).expect(FITS),
                MatchKind::Merge => merged = merged.checked_add(maker.qty).expect(FITS),
            }
        }
        self.mint(it.market, minted);
        self.burn(it.market, merged);
    }

    /// New pairs: a dollar each becomes collateral. The caller moves the tokens and the cash.
    pub(super) fn mint(&mut self, market: MarketId, qty: Qty) {
        let it = &mut self.markets[market.0 as usize];
        it.yes = it.yes.checked_add(qty).expect(FITS);
        it.no = it.no.checked_add(qty).expect(FITS);
        let pool = it.pool;
        self.lock(pool, pairs(qty));
    }

    /// Pairs are dissolved: a dollar each leaves the collateral. The caller moves the tokens and the cash.
    pub(super) fn burn(&mut self, market: MarketId, qty: Qty) {
        let it = &mut self.markets[market.0 as usize];
        it.yes = it.yes.checked_sub(qty).expect("no more pairs are dissolved than exist");
        it.no = it.no.checked_sub(qty).expect("no more pairs are dissolved than exist");
        let pool = it.pool;
        self.lock(pool, pairs(qty).checked_neg().expect(FITS));
    }

    /// Cash of accounts that became collateral; negative when it came back.
    pub(super) fn lock(&mut self, pool: u32, amount: Money) {
        let it = &mut self.pools[pool as usize];
        it.escrow = it.escrow.checked_add(amount).expect(FITS);
        assert!(it.escrow >= Money::ZERO, "no more is paid out than was put in");
        self.ledger.lock(amount);
    }
}

impl Match {
    /// The taker, then the makers.
    pub fn sides(&self) -> impl Iterator<Item = &MatchSide> {
        std::iter::once(&self.taker).chain(self.fills.iter().map(|fill| &fill.maker))
    }
}

impl MatchSide {
    /// What a purchase costs, fee included.
    fn outlay(&self) -> Money {
        self.cash.checked_add(self.fee).expect(FITS)
    }
}
