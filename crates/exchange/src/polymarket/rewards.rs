//! Which resting orders score for liquidity rewards now, and what part of a market's pool its makers would earn.
//!
//! Nothing is sampled and nothing is paid out: these are the figures of this moment.
//!
//! Source: reference (Polymarket), section 15.2, 2026-11-20.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use brier_matching::MarketId;
use brier_polymarket_protocol::rewards::{Quote, RewardTerms, combined, middle, score};
use brier_types::{BookSide, Direction, Money};

use super::state::State;

/// What a market asks of orders that score, and the middle they are measured from; absent where nothing scores.
fn terms(state: &State, market: MarketId) -> Option<(RewardTerms, Money)> {
    let listed = state.market(market).listing.rewards?;
    let terms = RewardTerms { min_size: listed.min_size, max_spread: listed.max_spread };
    let levels = |side| state.core.levels(market, side).collect::<Vec<_>>();
    let middle = middle(&levels(BookSide::Bid), &levels(BookSide::Ask), terms.min_size)?;
    state.core.market(market).filter(|it| it.accepting)?;
    Some((terms, middle))
}

/// A resting order in YES terms.
fn quote(state: &State, order: brier_matching::OrderId) -> Option<Quote> {
    let it = state.core.order(order)?;
    let direction = Direction { action: it.action, outcome: it.outcome };
    let (side, price) = direction.in_yes_terms(it.price);
    Some(Quote { side, price, size: it.remaining })
}

/// Whether an order scores now.
pub(crate) fn scores(state: &State, index: u32) -> bool {
    let row = state.order(index);
    let Some((terms, middle)) = terms(state, row.market) else { return false };
    let quote = row.id.and_then(|order| quote(state, order));
    quote.is_some_and(|quote| score(&terms, middle, &quote) > 0)
}

/// What each owner's orders score in a market now.
fn scored(state: &State, market: MarketId) -> BTreeMap<Address, u64> {
    let Some((terms, middle)) = terms(state, market) else { return BTreeMap::new() };
    let mut quotes: BTreeMap<Address, Vec<Quote>> = BTreeMap::new();
    for order in state.core.market_orders(market) {
        let owner = state.core.order(order).map(|it| state.wallet(it.account).owner);
        if let (Some(owner), Some(quote)) = (owner, quote(state, order)) {
            quotes.entry(owner).or_default().push(quote);
        }
    }
    quotes.into_iter().map(|(owner, quotes)| (owner, combined(&terms, middle, &quotes))).collect()
}

/// An owner's part of a market's pool now, in whole percent.
pub(crate) fn percentage(state: &State, market: MarketId, owner: Address) -> u32 {
    let scored = scored(state, market);
    let all: u128 = scored.values().map(|score| u128::from(*score)).sum();
    let own = u128::from(scored.get(&owner).copied().unwrap_or(0));
    // At most a hundred; nothing of nothing.
    (own * 100).checked_div(all).unwrap_or(0) as u32
}

/// An owner's part of every pool in which he has one, by condition.
pub(crate) fn percentages(state: &State, owner: Address) -> BTreeMap<String, u32> {
    let rows = state.markets.iter().map(|row| (row.condition_text.to_string(), percentage(state, row.id, owner)));
    rows.filter(|(_, percent)| *percent > 0).collect()
}
