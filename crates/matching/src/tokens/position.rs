//! Cash and tokens at par: split, merge, convert, redeem, transfer; and the resolution that says what tokens pay.
//!
//! Source: reference (Polymarket), sections 16.2 and 16.4.

use brier_types::{MarketResult, Money, Outcome, Price, Qty, Rounding, notional};

use super::command::{PositionOperation, Reply};
use super::event::{EndReason, Event};
use super::{Refusal, TokenExchange, short_of_cash, short_of_tokens};
use crate::event::EventSink;
use crate::ids::{AccountId, GroupId, MarketId};
use crate::position::{FITS, pairs};
use crate::refusal::MAX_ORDER_QTY;

impl TokenExchange {
    pub(super) fn operate(
        &mut self,
        account: AccountId,
        operation: &PositionOperation,
        out: &mut impl EventSink<Event>,
    ) -> Result<Reply, Refusal> {
        self.accounts.get(account.0 as usize).ok_or(Refusal::UnknownAccount)?;
        let cash = match operation {
            PositionOperation::Split { market, qty } => self.split(account, *market, *qty)?,
            PositionOperation::Merge { market, qty } => self.merge(account, *market, *qty)?,
            PositionOperation::Convert { group, questions, qty } => self.convert(account, *group, questions, *qty)?,
            PositionOperation::Redeem { market } => self.redeem(account, *market)?,
            PositionOperation::Transfer { market, outcome, qty, to } => {
                self.transfer(account, *market, *outcome, *qty, *to)?;
                Money::ZERO
            }
        };
        out.event(Event::PositionChanged { account, operation: operation.clone(), cash });
        Ok(Reply::Paid(cash))
    }

    fn open_market(&self, market: MarketId) -> Result<(), Refusal> {
        match self.markets.get(market.0 as usize) {
            None => Err(Refusal::UnknownMarket),
            Some(it) if it.result.is_some() => Err(Refusal::WrongState("the market has resolved: redeem instead")),
            Some(_) => Ok(()),
        }
    }

    fn split(&mut self, account: AccountId, market: MarketId, qty: Qty) -> Result<Money, Refusal> {
        self.open_market(market)?;
        check_size(qty)?;
        let owner = &self.accounts[account.0 as usize];
        if pairs(qty) > owner.free() {
            return Err(short_of_cash(owner, pairs(qty)));
        }
        // Nothing below can fail.
        self.pay(account, pairs(qty).checked_neg().expect(FITS));
        let (yes, no) = halves(pairs(qty));
        let holding = self.holding_mut(account, market);
        holding.yes.receive(qty, yes, Money::ZERO);
        holding.no.receive(qty, no, Money::ZERO);
        self.mint(market, qty);
        Ok(pairs(qty).checked_neg().expect(FITS))
    }

    fn merge(&mut self, account: AccountId, market: MarketId, qty: Qty) -> Result<Money, Refusal> {
        self.open_market(market)?;
        check_size(qty)?;
        for outcome in [Outcome::Yes, Outcome::No] {
            self.check_token(account, market, outcome, qty)?;
        }
        // Nothing below can fail.
        let (yes, no) = halves(pairs(qty));
        let holding = self.holding_mut(account, market);
        holding.yes.give(qty, yes, Money::ZERO);
        holding.no.give(qty, no, Money::ZERO);
        self.pay(account, pairs(qty));
        self.burn(market, qty);
        Ok(pairs(qty))
    }

    /// NO of `n` markets becomes YES of all others and `n` − 1 dollars: at most one resolves YES, so at least `n` − 1 of
    /// those NO pay, and the last one pays unless one of the others resolves YES.
    fn convert(&mut self, account: AccountId, group: GroupId, questions: &[u32], qty: Qty) -> Result<Money, Refusal> {
        let pool = *self.groups.get(group.0 as usize).ok_or(Refusal::UnknownGroup)?;
        check_size(qty)?;
        let markets = self.pools[pool as usize].markets.clone();
        let mut given = questions.to_vec();
        given.sort_unstable();
        given.dedup();
        if given.is_empty() || given.len() != questions.len() {
            return Err(Refusal::Conflict("a conversion names one question or more, each once"));
        }
        if given.last().is_some_and(|last| *last as usize >= markets.len()) {
            return Err(Refusal::UnknownMarket);
        }
        // Its NO would be given for nothing at all.
        if markets.len() < 2 {
            return Err(Refusal::WrongState("a group of one market has nothing to convert to"));
        }
        for market in &markets {
            self.open_market(*market)?;
        }
        let given_market = |question: &u32| markets[*question as usize];
        for question in &given {
            self.check_token(account, given_market(question), Outcome::No, qty)?;
        }
        let dollars = i64::try_from(given.len() - 1).expect("a group has at most 255 markets");
        let cash = pairs(qty).checked_mul(dollars).ok_or(Refusal::BadSize)?;
        // Nothing below can fail.
        let taken: Vec<MarketId> =
            (0..).zip(&markets).filter(|(at, _)| !given.contains(at)).map(|(_, it)| *it).collect();
        let cost: Money = given.iter().map(|it| self.holding_mut(account, given_market(it)).no.cost_of(qty)).sum();
        // What was paid for NO, less the cash that comes back, is what the new YES have cost; a gain is realized.
        let carried = cost.checked_sub(cash).expect(FITS).max(Money::ZERO);
        let carried = if taken.is_empty() { Money::ZERO } else { carried };
        let mut gain = cash.checked_add(carried).and_then(|worth| worth.checked_sub(cost)).expect(FITS);
        for question in &given {
            let market = given_market(question);
            let token = &mut self.holding_mut(account, market).no;
            let worth = token.cost_of(qty).checked_add(gain).expect(FITS);
            token.give(qty, worth, Money::ZERO);
            gain = Money::ZERO;
            let it = &mut self.markets[market.0 as usize];
            it.no = it.no.checked_sub(qty).expect("no more is given than exists");
        }
        let mut left = carried;
        for (index, market) in taken.iter().enumerate() {
            let share = i64::try_from(taken.len() - index).expect("a group has at most 255 markets");
            let cost = Money::from_micros(left.micros() / share);
            left = left.checked_sub(cost).expect(FITS);
            self.holding_mut(account, *market).yes.receive(qty, cost, Money::ZERO);
            let it = &mut self.markets[market.0 as usize];
            it.yes = it.yes.checked_add(qty).expect(FITS);
        }
        let it = &mut self.pools[pool as usize];
        it.converted = it.converted.checked_add(qty).expect(FITS);
        self.pay(account, cash);
        self.lock(pool, cash.checked_neg().expect(FITS));
        Ok(cash)
    }

    /// Pays every free token of a resolved market.
    fn redeem(&mut self, account: AccountId, market: MarketId) -> Result<Money, Refusal> {
        let it = self.markets.get(market.0 as usize).ok_or(Refusal::UnknownMarket)?;
        let pool = it.pool;
        let result = it.result.ok_or(Refusal::WrongState("the market has not resolved"))?;
        let yes_price = result.yes_payout();
        let mut paid = Money::ZERO;
        for (outcome, price) in [(Outcome::Yes, yes_price), (Outcome::No, yes_price.complement())] {
            let qty = self.holding_mut(account, market).token(outcome).free();
            let worth = notional(price, qty, Rounding::Floor);
            self.holding_mut(account, market).token_mut(outcome).give(qty, worth, Money::ZERO);
            let it = &mut self.markets[market.0 as usize];
            let supply = match outcome {
                Outcome::Yes => &mut it.yes,
                Outcome::No => &mut it.no,
            };
            *supply = supply.checked_sub(qty).expect("no more is redeemed than exists");
            paid = paid.checked_add(worth).expect(FITS);
        }
        self.pay(account, paid);
        self.lock(pool, paid.checked_neg().expect(FITS));
        Ok(paid)
    }

    fn transfer(
        &mut self,
        account: AccountId,
        market: MarketId,
        outcome: Outcome,
        qty: Qty,
        to: AccountId,
    ) -> Result<(), Refusal> {
        self.accounts.get(to.0 as usize).ok_or(Refusal::UnknownAccount)?;
        self.markets.get(market.0 as usize).ok_or(Refusal::UnknownMarket)?;
        check_size(qty)?;
        self.check_token(account, market, outcome, qty)?;
        // Nothing below can fail.
        let token = self.holding_mut(account, market).token_mut(outcome);
        let cost = token.cost_of(qty);
        token.give(qty, cost, Money::ZERO);
        self.holding_mut(to, market).token_mut(outcome).receive(qty, cost, Money::ZERO);
        Ok(())
    }

    fn check_token(&self, account: AccountId, market: MarketId, outcome: Outcome, qty: Qty) -> Result<(), Refusal> {
        let none = super::account::Token::default();
        let known = self.holding_index.get(&(account, market));
        let token = known.map_or(&none, |index| self.holdings[*index as usize].token(outcome));
        if qty > token.free() { Err(short_of_tokens(token, outcome, qty)) } else { Ok(()) }
    }

    /// Moves cash between an account and the collateral; the caller says to the ledger which pool it is.
    fn pay(&mut self, account: AccountId, amount: Money) {
        let cash = &mut self.accounts[account.0 as usize].cash;
        *cash = cash.checked_add(amount).expect(FITS);
    }

    /// States what the tokens of a market pay. Trading ends, resting orders are canceled.
    pub(super) fn resolve(
        &mut self,
        market: MarketId,
        result: MarketResult,
        out: &mut impl EventSink<Event>,
    ) -> Result<Reply, Refusal> {
        let pool = &self.pools[self.markets[market.0 as usize].pool as usize];
        if pool.negative_risk {
            let won = |other: &MarketId| {
                self.markets[other.0 as usize].result.is_some_and(|result| result.yes_payout() != Price::ZERO)
            };
            match result {
                MarketResult::No => {}
                MarketResult::Yes if !pool.markets.iter().any(won) => {}
                MarketResult::Yes => return Err(Refusal::WrongState("another market of the group has resolved yes")),
                MarketResult::Scalar(_) => {
                    return Err(Refusal::WrongState("a market of a negative-risk group pays one side whole"));
                }
            }
        }
        self.clear_book(market, EndReason::Resolved, out);
        let it = &mut self.markets[market.0 as usize];
        it.accepting = false;
        it.result = Some(result);
        out.event(Event::Resolved { market, result });
        Ok(Reply::Done)
    }
}

fn check_size(qty: Qty) -> Result<(), Refusal> {
    if qty.is_zero() || qty > MAX_ORDER_QTY { Err(Refusal::BadSize) } else { Ok(()) }
}

/// A pair's dollar as the cost of its two tokens: half each, the odd millionth to NO.
fn halves(amount: Money) -> (Money, Money) {
    let yes = Money::from_micros(amount.micros() / 2);
    (yes, amount.checked_sub(yes).expect(FITS))
}
