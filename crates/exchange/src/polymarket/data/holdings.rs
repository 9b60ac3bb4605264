//! What wallets hold of tokens, and what it cost and is worth.

use brier_matching::tokens::TokenView;
use brier_matching::{AccountId, MarketId};
use brier_types::{Money, Outcome, Qty, Timestamp};

use super::fills::is_on_chain;
use super::{less, per_share, sum, worth};
use crate::polymarket::gamma;
use crate::polymarket::state::State;

/// What a wallet has, or had, of one token.
pub(super) struct Held {
    pub account: AccountId,
    pub market: MarketId,
    pub outcome: Outcome,
    pub token: TokenView,
    /// As much as the wallet has of the other token.
    pub other: Qty,
    pub price: Money,
    pub resolved: bool,
}

impl Held {
    /// What the shares cost without fees.
    pub(super) fn entry_cost(&self) -> Money {
        less(self.token.cost, self.token.entry_fees)
    }

    pub(super) fn average(&self) -> Money {
        per_share(self.entry_cost(), self.token.balance)
    }

    pub(super) fn value(&self) -> Money {
        worth(self.price, self.token.balance)
    }

    /// Unrealized profit, before fees.
    pub(super) fn gain(&self) -> Money {
        less(self.value(), self.entry_cost())
    }

    pub(super) fn is_open(&self) -> bool {
        !self.token.balance.is_zero()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.token.balance.is_zero() && !self.token.bought.is_zero()
    }

    pub(super) fn is_mergeable(&self) -> bool {
        !self.resolved && self.is_open() && !self.other.is_zero()
    }

    /// Whether its market has resolved; losers redeem to nothing, and are told so too.
    pub(super) const fn is_redeemable(&self) -> bool {
        self.resolved && !self.token.balance.is_zero()
    }

    /// Where it is, in the words of the second generation.
    pub(super) fn status(&self) -> &'static str {
        match (self.is_open(), self.resolved) {
            (false, _) => "CLOSED",
            (true, true) => "REDEEMABLE",
            (true, false) => "OPEN",
        }
    }

    /// Whether a filter by status lets it through; narrower words than those that are told are known to filters.
    pub(super) fn is(&self, status: &str) -> bool {
        match status {
            "MERGEABLE" => self.is_mergeable(),
            "REDEEMABLE_LOST" => self.is_redeemable() && self.price == Money::ZERO,
            other => self.status() == other,
        }
    }
}

fn both(state: &State, account: AccountId, market: MarketId, yes: TokenView, no: TokenView) -> [Held; 2] {
    let resolved = state.market(market).resolved_at.is_some();
    let held = |outcome, token, other: TokenView| {
        let price = gamma::value(state, market, outcome);
        Held { account, market, outcome, token, other: other.balance, price, resolved }
    };
    [held(Outcome::Yes, yes, no), held(Outcome::No, no, yes)]
}

/// Everything a wallet has or had, in the order in which it came to it.
pub(super) fn of_account(state: &State, account: AccountId) -> Vec<Held> {
    state.core.holdings(account).flat_map(|(market, yes, no)| both(state, account, market, yes, no)).collect()
}

/// Everybody who has or had a token of a market.
pub(super) fn of_market(state: &State, market: MarketId) -> Vec<Held> {
    state.core.holders(market).flat_map(|(account, yes, no)| both(state, account, market, yes, no)).collect()
}

/// What a wallet's tokens are worth, in some markets or in all.
pub(super) fn portfolio(state: &State, account: AccountId, markets: Option<&[MarketId]>) -> Money {
    let held = of_account(state, account);
    sum(held.iter().filter(|it| markets.is_none_or(|named| named.contains(&it.market))).map(Held::value))
}

/// When a wallet last did something in a market.
pub(super) fn last_touched(state: &State, account: AccountId, market: MarketId) -> Timestamp {
    let wallet = state.wallet(account);
    let trades = wallet.trades.iter().map(|trade| &state.trades[*trade as usize]);
    let traded = trades.filter(|row| row.market == market && is_on_chain(row)).map(|row| row.matched).max();
    let moved = wallet.activity.iter().filter(|it| it.market == Some(market)).map(|it| it.at).max();
    traded.max(moved).unwrap_or(state.market(market).created)
}

/// Profit of a wallet: what it realized, and what it would realize now, fees and all.
pub(super) fn profit(state: &State, account: AccountId) -> Money {
    let of =
        |held: &Held| held.token.realized_pnl.checked_add(less(held.value(), held.token.cost)).unwrap_or(Money::MAX);
    sum(of_account(state, account).iter().map(of))
}
