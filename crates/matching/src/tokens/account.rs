//! What an account has: cash, and tokens of each outcome, each split into what rests in orders, what waits for the chain and
//! what is free.
//!
//! Invariants: what waits for the chain is still owned, and what it will bring is not owned yet. So a match that fails is
//! undone by letting go of what it held; nothing can have been built upon it.

use brier_types::{Money, Outcome, Qty};

use crate::ids::{AccountId, MarketId};
use crate::position::FITS;

/// An account's cash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// Owned, by the chain's word.
    pub cash: Money,
    /// Held by resting purchases.
    pub resting: Money,
    /// Will be paid by matches that are not mined.
    pub matched: Money,
    /// Its holdings, in the order in which it came to them.
    pub holdings: Vec<u32>,
}

impl Account {
    pub(super) fn free(&self) -> Money {
        self.cash.checked_sub(self.resting).and_then(|rest| rest.checked_sub(self.matched)).expect(FITS)
    }
}

/// What an account has of one token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Token {
    /// Owned, by the chain's word.
    pub balance: Qty,
    /// Offered by resting orders.
    pub resting: Qty,
    /// Will be given by matches that are not mined.
    pub matched: Qty,
    /// What the tokens owned have cost, fees included.
    pub cost: Money,
    /// Proceeds less cost of what was sold, merged, converted or redeemed.
    pub realized: Money,
    /// The part of the cost that is fees.
    pub entry_fees: Money,
    /// Fees paid in buying and selling.
    pub fees: Money,
    /// Shares ever bought, as far as 63 bits count.
    pub bought: Qty,
}

impl Token {
    pub(super) fn free(&self) -> Qty {
        let held = self.resting.checked_add(self.matched).expect(FITS);
        self.balance.checked_sub(held).expect("no more is offered than owned")
    }

    /// Adds tokens that cost this much, the fee included in it.
    pub(super) fn receive(&mut self, qty: Qty, cost: Money, fee: Money) {
        self.balance = self.balance.checked_add(qty).expect(FITS);
        self.cost = self.cost.checked_add(cost).expect(FITS);
        self.entry_fees = self.entry_fees.checked_add(fee).expect(FITS);
        self.fees = saturating_add(self.fees, fee);
        self.bought = self.bought.checked_add(qty).unwrap_or(Qty::MAX);
    }

    /// Takes tokens away for these proceeds, fees already taken off; their cost is the average.
    pub(super) fn give(&mut self, qty: Qty, proceeds: Money, fee: Money) {
        let (cost, entry_fees) = (self.cost_of(qty), self.part(self.entry_fees, qty));
        self.balance = self.balance.checked_sub(qty).expect("no more is given than owned");
        self.cost = self.cost.checked_sub(cost).expect(FITS);
        self.entry_fees = self.entry_fees.checked_sub(entry_fees).expect(FITS);
        self.realized = saturating_add(self.realized, proceeds.checked_sub(cost).expect(FITS));
        self.fees = saturating_add(self.fees, fee);
    }

    /// What `qty` of the tokens owned have cost on average; all of it when all are meant.
    pub(super) fn cost_of(&self, qty: Qty) -> Money {
        self.part(self.cost, qty)
    }

    /// The part of an amount that falls on `qty` of the tokens owned.
    fn part(&self, amount: Money, qty: Qty) -> Money {
        if qty == self.balance {
            return amount;
        }
        let exact = i128::from(amount.micros()) * i128::from(qty.micros()) / i128::from(self.balance.micros());
        Money::from_micros(i64::try_from(exact).expect(FITS))
    }
}

fn saturating_add(sum: Money, amount: Money) -> Money {
    Money::from_micros(sum.micros().saturating_add(amount.micros()))
}

/// What an account has of one market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holding {
    pub account: AccountId,
    pub market: MarketId,
    pub yes: Token,
    pub no: Token,
}

impl Holding {
    pub(super) fn new(account: AccountId, market: MarketId) -> Self {
        Self { account, market, yes: Token::default(), no: Token::default() }
    }

    pub(super) fn token(&self, outcome: Outcome) -> &Token {
        match outcome {
            Outcome::Yes => &self.yes,
            Outcome::No => &self.no,
        }
    }

    pub(super) fn token_mut(&mut self, outcome: Outcome) -> &mut Token {
        match outcome {
            Outcome::Yes => &mut self.yes,
            Outcome::No => &mut self.no,
        }
    }
}
