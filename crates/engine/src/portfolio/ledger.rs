//! The books in double entry: every change of money is posted to two accounts or more, so that all of them add up to zero.

use std::collections::BTreeMap;

use brier_types::{Money, Venue};

use super::Position;
use crate::ids::MarketId;

/// An account of the ledger. What we have is positive, where it came from is negative; fees are positive, rebates negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// Cash of a venue's shard.
    Cash(Venue, u16),
    /// Open contracts of a market, at cost.
    Positions(MarketId),
    /// Profits by closing and payouts, before fees.
    Realized(Venue),
    /// Fees.
    Fees(Venue),
    /// What was there when the journal began.
    Deposits(Venue),
    /// What the venue's word changed later: deposits, withdrawals, its rounding, what was never explained.
    Adjustments(Venue),
}

/// Sums of all postings by account, in millionths of a dollar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    pub(crate) sums: BTreeMap<Account, i128>,
}

impl Ledger {
    fn add(&mut self, account: Account, micros: i128) {
        if micros != 0 {
            *self.sums.entry(account).or_insert(0) += micros;
        }
    }

    /// Posts an amount to one account and its opposite to another.
    pub(super) fn post(&mut self, to: Account, from: Account, micros: i128) {
        self.add(to, micros);
        self.add(from, -micros);
    }

    /// Posts what became of a market's position: cash, cost, profit and fees. What these four leave open is the venue's word,
    /// which counts contracts or cash in another way than fills do.
    pub(super) fn post_change(
        &mut self,
        (venue, shard): (Venue, u16),
        market: MarketId,
        (before, after): (&Position, &Position),
        cash: i128,
    ) {
        let change = |of: fn(&Position) -> Money| i128::from(of(after).micros()) - i128::from(of(before).micros());
        let (cost, realized, fees) = (change(Position::cost), change(|it| it.realized), change(|it| it.fees));
        self.add(Account::Cash(venue, shard), cash);
        self.add(Account::Positions(market), cost);
        self.add(Account::Realized(venue), -realized);
        self.add(Account::Fees(venue), fees);
        self.add(Account::Adjustments(venue), realized - fees - cost - cash);
    }

    /// One account's sum, in millionths of a dollar.
    pub fn balance(&self, account: Account) -> i128 {
        self.sums.get(&account).copied().unwrap_or(0)
    }

    /// All accounts together: zero, always.
    pub fn sum(&self) -> i128 {
        self.sums.values().sum()
    }

    /// Every account that was ever posted to, with its sum.
    pub fn iter(&self) -> impl Iterator<Item = (Account, i128)> {
        self.sums.iter().map(|(account, sum)| (*account, *sum))
    }
}
