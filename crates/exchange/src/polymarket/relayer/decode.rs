//! From the calls of a wallet to what they do here.
//!
//! Approvals are taken and mean nothing: every contract of the venue may always move what it must. Wrapping is a deposit of
//! play money and unwrapping a withdrawal, as no USDC is kept. Whatever else is called is refused by its name.
//!
//! Source: reference (Polymarket), sections 16.1, 16.2 and 16.5, 2026-11-20.

use alloy_primitives::{Address, B256, FixedBytes, U256};
use brier_matching::tokens::PositionOperation;
use brier_matching::{AccountId, MarketId};
use brier_polymarket_protocol::chain::{Call, PositionCondition, Venue, question_parts};
use brier_polymarket_protocol::contracts::Contracts;
use brier_polymarket_protocol::ids::{ConditionId, QuestionId, TokenId};
use brier_types::{Money, Qty};

use crate::polymarket::record::RelayStep;
use crate::polymarket::state::State;

/// A call as a wallet makes it.
#[derive(Clone, Debug)]
pub(super) struct WalletCall {
    pub to: Address,
    pub value: U256,
    pub data: alloy_primitives::Bytes,
}

/// What the calls of a wallet do, in order.
///
/// # Errors
/// The first call that does nothing known here, and why.
pub(super) fn steps(state: &State, account: AccountId, calls: &[WalletCall]) -> Result<Vec<RelayStep>, String> {
    if calls.is_empty() {
        return Err("expected a call, found none".to_owned());
    }
    let mut steps = Vec::new();
    for (number, call) in (1..).zip(calls) {
        let found = step(state, account, call).map_err(|problem| format!("call {number} to {}: {problem}", call.to))?;
        steps.extend(found);
    }
    Ok(steps)
}

fn step(state: &State, account: AccountId, call: &WalletCall) -> Result<Vec<RelayStep>, String> {
    if !call.value.is_zero() {
        return Err(format!("expected no POL sent along, found {} wei", call.value));
    }
    let decoded = Call::decode(&call.data).map_err(|error| error.to_string())?;
    let position = |operation| Ok(vec![RelayStep::Position { operation }]);
    match decoded {
        Call::Approve { .. } | Call::SetApprovalForAll { .. } => Ok(Vec::new()),
        Call::Transfer { to, amount } => {
            expect(call.to, Contracts::PUSD, "pUSD")?;
            let amount = money(amount)?;
            let receiver = state.accounts.get(&to).map(|account| RelayStep::Fund { account: *account, amount });
            let minus = amount.checked_neg().ok_or("the amount is out of range")?;
            Ok(std::iter::once(RelayStep::Fund { account, amount: minus }).chain(receiver).collect())
        }
        Call::Wrap { to, amount, .. } => {
            expect(call.to, Contracts::COLLATERAL_ONRAMP, "the collateral onramp")?;
            let account = *state.accounts.get(&to).ok_or_else(|| format!("no wallet {to} is open here"))?;
            Ok(vec![RelayStep::Fund { account, amount: money(amount)? }])
        }
        Call::Unwrap { amount, .. } => {
            expect(call.to, Contracts::COLLATERAL_OFFRAMP, "the collateral offramp")?;
            let minus = money(amount)?.checked_neg().ok_or("the amount is out of range")?;
            Ok(vec![RelayStep::Fund { account, amount: minus }])
        }
        Call::SafeTransferFrom { from, to, id, amount, .. } => {
            let owner = state.wallet(account).address;
            if from != owner {
                return Err(format!("expected tokens of {owner}, found some of {from}"));
            }
            let (market, outcome) = state.token(TokenId(id)).ok_or_else(|| format!("no token {id} is listed"))?;
            let to = *state.accounts.get(&to).ok_or_else(|| format!("no wallet {to} is open here"))?;
            position(PositionOperation::Transfer { market, outcome, qty: qty(amount)?, to })
        }
        Call::SplitPosition { collateral, parent, condition, partition, amount } => {
            let market = ctf_market(state, call.to, collateral, parent, condition, &partition)?;
            position(PositionOperation::Split { market, qty: qty(amount)? })
        }
        Call::MergePositions { collateral, parent, condition, partition, amount } => {
            let market = ctf_market(state, call.to, collateral, parent, condition, &partition)?;
            position(PositionOperation::Merge { market, qty: qty(amount)? })
        }
        Call::RedeemPositions { collateral, parent, condition, index_sets } => {
            let market = ctf_market(state, call.to, collateral, parent, condition, &index_sets)?;
            position(PositionOperation::Redeem { market })
        }
        Call::NegRiskRedeem { condition, .. } => {
            expect(call.to, Contracts::NEG_RISK_ADAPTER, "the negative-risk adapter")?;
            position(PositionOperation::Redeem { market: market_of(state, condition)? })
        }
        Call::ConvertPositions { market, index_set, amount } => {
            let known = [Contracts::NEG_RISK_ADAPTER, Contracts::NEG_RISK_COLLATERAL_ADAPTER];
            if !known.contains(&call.to) {
                return Err("expected a negative-risk adapter".to_owned());
            }
            convert(state, market, index_set, amount).map(|operation| vec![RelayStep::Position { operation }])
        }
        Call::SplitV2 { condition, amount } => {
            position(PositionOperation::Split { market: v2_market(state, call.to, condition)?, qty: qty(amount)? })
        }
        Call::MergeV2 { condition, amount } => {
            position(PositionOperation::Merge { market: v2_market(state, call.to, condition)?, qty: qty(amount)? })
        }
        Call::RedeemV2 { condition, .. } => {
            position(PositionOperation::Redeem { market: v2_market(state, call.to, condition)? })
        }
        other => Err(format!("`{}` does nothing that is known here", other.name())),
    }
}

fn expect(found: Address, expected: Address, name: &str) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("expected {name} at {expected}")) }
}

fn micros(amount: U256) -> Result<u64, String> {
    u64::try_from(amount).map_err(|_too_large| format!("the amount {amount} is out of range"))
}

fn qty(amount: U256) -> Result<Qty, String> {
    Qty::from_micros(micros(amount)?).ok_or_else(|| format!("the amount {amount} is out of range"))
}

fn money(amount: U256) -> Result<Money, String> {
    let micros = i64::try_from(micros(amount)?).map_err(|_too_large| format!("the amount {amount} is out of range"))?;
    Ok(Money::from_micros(micros))
}

fn market_of(state: &State, condition: B256) -> Result<MarketId, String> {
    let known = state.conditions.get(&ConditionId(condition)).copied();
    known.ok_or_else(|| format!("no condition {condition} is listed"))
}

/// The market of a call to a collateral adapter, if it is the market's own one and means both outcomes.
fn ctf_market(
    state: &State,
    to: Address,
    collateral: Address,
    parent: B256,
    condition: B256,
    sets: &[U256],
) -> Result<MarketId, String> {
    let market = market_of(state, condition)?;
    let venue = Venue::POLYGON;
    let adapter = if state.market(market).neg_risk { venue.neg_risk_adapter } else { venue.standard_adapter };
    expect(to, adapter, "the market's collateral adapter")?;
    if collateral != venue.collateral || !parent.is_zero() {
        return Err("expected pUSD and no parent collection".to_owned());
    }
    let mut sets = sets.to_vec();
    sets.sort_unstable();
    if sets != [U256::ONE, U256::from(2)] {
        return Err("expected the index sets 1 and 2".to_owned());
    }
    Ok(market)
}

fn v2_market(state: &State, to: Address, condition: FixedBytes<31>) -> Result<MarketId, String> {
    expect(to, Contracts::POLY_V2_ROUTER, "the router")?;
    let is_it = |row: &&crate::polymarket::state::MarketRow| {
        let found = PositionCondition::of_token(row.tokens[0]);
        found.is_some_and(|(found, _)| found.bytes() == condition)
    };
    let row = state.markets.iter().find(is_it);
    row.map(|row| row.id).ok_or_else(|| format!("no condition {condition} is listed"))
}

/// NO of the questions in a set, by their places in the event.
fn convert(state: &State, market: B256, set: U256, amount: U256) -> Result<PositionOperation, String> {
    let is_it = |id: &str| id.parse::<B256>().is_ok_and(|id| id == market);
    let event = state.events.values().find(|row| is_it(&row.listing.neg_risk_market_id));
    let event = event.ok_or_else(|| format!("no negative-risk event {market} is listed"))?;
    let group = event.group.ok_or("the event is not of negative risk")?;
    let mut questions = Vec::new();
    for (place, market_id) in (0_u32..).zip(state.core.group_markets(group)) {
        let question = state.market(*market_id).listing.question_id.parse::<QuestionId>().ok().map(question_parts);
        // A question of the event says its number in its id; a listing with ids of its own counts by place.
        let number = question.filter(|(id, _)| id.0 == market).map_or(place, |(_, number)| u32::from(number));
        if set.bit(number as usize) {
            questions.push(place);
        }
    }
    if questions.len() != set.count_ones() {
        return Err("the index set names questions that are not listed".to_owned());
    }
    Ok(PositionOperation::Convert { group, questions, qty: qty(amount)? })
}
