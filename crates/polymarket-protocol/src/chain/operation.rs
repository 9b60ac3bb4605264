//! What a trader does with positions on the chain, as calls to the right contracts.
//!
//! Invariant: one operation gives the same calls for every kind of wallet; only who carries them out differs. Not here:
//! whether the wallet holds what an operation takes.
//!
//! Source: reference, sections 16.1 and 16.2, 2026-11-20.

use alloy_primitives::{Address, B256, FixedBytes, U256};
use brier_types::Qty;

use super::call::Call;
use super::ids::{EventId, PositionCondition};
use super::multisend::InnerCall;
use crate::contracts::{Chain, Contracts, Domain, OrderVersion};
use crate::ids::{ConditionId, NegRiskMarketId};

/// How a market's positions live on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarketKind {
    /// A condition of its own in Conditional Tokens.
    Standard(ConditionId),
    /// A condition of a negative-risk event in Conditional Tokens.
    NegRisk(ConditionId),
    /// A PolyV2 condition.
    V2(PositionCondition),
}

/// The contracts that operations talk to. Those of a test chain differ from the venue's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Venue {
    /// The collateral that traders hold, an ERC-20 of 6 decimals.
    pub collateral: Address,
    /// The ERC-1155 of outcome tokens.
    pub conditional_tokens: Address,
    /// Splits, merges and redeems ordinary markets.
    pub standard_adapter: Address,
    /// Splits, merges and redeems negative-risk markets.
    pub neg_risk_adapter: Address,
    /// Converts NO tokens of negative-risk markets.
    pub converter: Address,
    /// PolyV2's router.
    pub router: Address,
    /// The ERC-1155 of PolyV2 positions.
    pub position_manager: Address,
}

impl Venue {
    /// The venue's contracts on Polygon.
    pub const POLYGON: Self = Self {
        collateral: Contracts::PUSD,
        conditional_tokens: Contracts::conditional_tokens(Chain::Polygon),
        standard_adapter: Contracts::CTF_COLLATERAL_ADAPTER,
        neg_risk_adapter: Contracts::NEG_RISK_COLLATERAL_ADAPTER,
        converter: Contracts::NEG_RISK_ADAPTER,
        router: Contracts::POLY_V2_ROUTER,
        position_manager: Contracts::POLY_V2_POSITION_MANAGER,
    };

    /// The ERC-1155 contract that holds a market's tokens.
    pub const fn tokens_of(&self, market: MarketKind) -> Address {
        match market {
            MarketKind::Standard(_) | MarketKind::NegRisk(_) => self.conditional_tokens,
            MarketKind::V2(_) => self.position_manager,
        }
    }
}

/// An operation on positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PositionOp {
    /// Collateral becomes as many YES and as many NO.
    Split {
        /// The market.
        market: MarketKind,
        /// How many pairs.
        amount: Qty,
    },
    /// As many YES and as many NO become collateral.
    Merge {
        /// The market.
        market: MarketKind,
        /// How many pairs.
        amount: Qty,
    },
    /// Tokens of a resolved market become what they pay. CTF markets redeem all that the wallet holds.
    Redeem {
        /// The market.
        market: MarketKind,
        /// How many YES and NO; only PolyV2 asks, and an outcome of none is left out.
        amounts: [Qty; 2],
    },
    /// NO of several questions of an event become YES of all others, and collateral for all but one.
    Convert {
        /// The event.
        event: NegRiskMarketId,
        /// Which questions' NO: bit `i` for question `i`.
        index_set: U256,
        /// How many of each.
        amount: Qty,
    },
    /// PolyV2: NO of one question becomes YES of all others of its event.
    ConvertV2 {
        /// The event.
        event: EventId,
        /// Which question's NO.
        index: u16,
        /// How many.
        amount: Qty,
    },
    /// Lets a spender take collateral without limit.
    ApproveCollateral {
        /// Who may take.
        spender: Address,
    },
    /// Lets an operator move all tokens of one ERC-1155 contract.
    ApproveTokens {
        /// The ERC-1155 contract.
        tokens: Address,
        /// Who may move.
        operator: Address,
    },
    /// USDC or USDC.e becomes pUSD for the wallet `to`.
    Wrap {
        /// What is paid in.
        asset: Address,
        /// Who gets pUSD.
        to: Address,
        /// How much.
        amount: Qty,
    },
    /// pUSD becomes USDC or USDC.e for the wallet `to`.
    Unwrap {
        /// What is paid out.
        asset: Address,
        /// Who gets it.
        to: Address,
        /// How much.
        amount: Qty,
    },
}

/// One call to one contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The contract.
    pub to: Address,
    /// The call.
    pub call: Call,
}

impl Step {
    /// The step as wallets batch it.
    pub fn inner(&self) -> InnerCall {
        InnerCall { to: self.to, value: U256::ZERO, data: self.call.encode() }
    }
}

fn units(amount: Qty) -> U256 {
    U256::from(amount.micros())
}

/// Index sets of YES and NO.
fn both() -> Vec<U256> {
    vec![U256::ONE, U256::from(2)]
}

impl PositionOp {
    /// A word for it, for people and for errors.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Split { .. } => "split",
            Self::Merge { .. } => "merge",
            Self::Redeem { .. } => "redeem",
            Self::Convert { .. } | Self::ConvertV2 { .. } => "convert",
            Self::ApproveCollateral { .. } | Self::ApproveTokens { .. } => "approve",
            Self::Wrap { .. } => "wrap",
            Self::Unwrap { .. } => "unwrap",
        }
    }

    /// The calls it takes, in order. Several only where PolyV2 redeems both outcomes.
    pub fn steps(&self, venue: &Venue) -> Vec<Step> {
        let one = |to, call| vec![Step { to, call }];
        let (collateral, parent) = (venue.collateral, B256::ZERO);
        match *self {
            Self::Split { market, amount } => match route(venue, market) {
                Route::Ctf(to, condition) => one(
                    to,
                    Call::SplitPosition { collateral, parent, condition, partition: both(), amount: units(amount) },
                ),
                Route::V2(condition) => one(venue.router, Call::SplitV2 { condition, amount: units(amount) }),
            },
            Self::Merge { market, amount } => match route(venue, market) {
                Route::Ctf(to, condition) => one(
                    to,
                    Call::MergePositions { collateral, parent, condition, partition: both(), amount: units(amount) },
                ),
                Route::V2(condition) => one(venue.router, Call::MergeV2 { condition, amount: units(amount) }),
            },
            Self::Redeem { market, amounts } => match route(venue, market) {
                Route::Ctf(to, condition) => {
                    one(to, Call::RedeemPositions { collateral, parent, condition, index_sets: both() })
                }
                Route::V2(condition) => {
                    let held = amounts.into_iter().zip([U256::ZERO, U256::ONE]).filter(|(amount, _)| !amount.is_zero());
                    let redeem = held.map(|(amount, outcome)| Step {
                        to: venue.router,
                        call: Call::RedeemV2 { condition, outcome, amount: units(amount) },
                    });
                    redeem.collect()
                }
            },
            Self::Convert { event, index_set, amount } => {
                one(venue.converter, Call::ConvertPositions { market: event.0, index_set, amount: units(amount) })
            }
            Self::ConvertV2 { event, index, amount } => {
                let call = Call::ConvertV2 { event: event.0, condition_index: index, amount: units(amount) };
                one(venue.router, call)
            }
            Self::ApproveCollateral { spender } => one(venue.collateral, Call::Approve { spender, amount: U256::MAX }),
            Self::ApproveTokens { tokens, operator } => {
                one(tokens, Call::SetApprovalForAll { operator, approved: true })
            }
            Self::Wrap { asset, to, amount } => {
                one(Contracts::COLLATERAL_ONRAMP, Call::Wrap { asset, to, amount: units(amount) })
            }
            Self::Unwrap { asset, to, amount } => {
                one(Contracts::COLLATERAL_OFFRAMP, Call::Unwrap { asset, to, amount: units(amount) })
            }
        }
    }

    /// Everything a wallet must allow before it trades on Polygon.
    ///
    /// Source: reference, section 16.1 (what the unified SDK sets).
    pub fn trading_approvals() -> Vec<Self> {
        let venue = Venue::POLYGON;
        let exchange = |version, neg_risk| Domain::new(Chain::Polygon, version, neg_risk).exchange();
        let (v2, neg_risk) = (exchange(OrderVersion::V2, false), exchange(OrderVersion::V2, true));
        let v3 = exchange(OrderVersion::V3, false);
        let adapters = [venue.standard_adapter, venue.neg_risk_adapter];
        let collateral = [v2, neg_risk, adapters[0], adapters[1], venue.router, v3, Contracts::PERPS_DEPOSIT];
        let modules = [Contracts::POLY_V2_BINARY_MODULE, Contracts::POLY_V2_NEG_RISK_MODULE];
        let ctf = [v2, neg_risk, adapters[0], adapters[1], Contracts::AUTO_REDEEMER, modules[0], modules[1]];
        let positions = [venue.router, v3, Contracts::AUTO_REDEEMER];
        let tokens = |tokens| move |operator| Self::ApproveTokens { tokens, operator };
        let spenders = collateral.into_iter().map(|spender| Self::ApproveCollateral { spender });
        let operators = ctf.into_iter().map(tokens(venue.conditional_tokens));
        spenders.chain(operators).chain(positions.into_iter().map(tokens(venue.position_manager))).collect()
    }
}

/// Who splits, merges and redeems a market, and what it calls the market.
enum Route {
    Ctf(Address, B256),
    V2(FixedBytes<31>),
}

fn route(venue: &Venue, market: MarketKind) -> Route {
    match market {
        MarketKind::Standard(condition) => Route::Ctf(venue.standard_adapter, condition.0),
        MarketKind::NegRisk(condition) => Route::Ctf(venue.neg_risk_adapter, condition.0),
        MarketKind::V2(condition) => Route::V2(condition.bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_market_goes_to_its_own_contract() {
        let venue = Venue::POLYGON;
        let amount = Qty::from_contracts(3).unwrap();
        let condition = ConditionId(B256::repeat_byte(9));
        let v2 = PositionCondition::new(FixedBytes([1; 31]));
        assert_eq!(v2, None, "bytes that must be zero are not");
        let v2 = PositionCondition::compute(super::super::Module::Binary, b"question", 0, 0);
        let to = |market| PositionOp::Split { market, amount }.steps(&venue)[0].to;
        assert_eq!(to(MarketKind::Standard(condition)), Contracts::CTF_COLLATERAL_ADAPTER);
        assert_eq!(to(MarketKind::NegRisk(condition)), Contracts::NEG_RISK_COLLATERAL_ADAPTER);
        assert_eq!(to(MarketKind::V2(v2)), Contracts::POLY_V2_ROUTER);
        let redeem = |amounts| PositionOp::Redeem { market: MarketKind::V2(v2), amounts }.steps(&venue).len();
        assert_eq!(redeem([amount, amount]), 2);
        assert_eq!(redeem([Qty::default(), amount]), 1);
    }

    /// Source: reference, section 16.1: seven spenders, seven operators of CTF, three of the position manager.
    #[test]
    fn every_approval_of_the_reference_is_set_once() {
        let all = PositionOp::trading_approvals();
        assert_eq!(all.len(), 17);
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one), "{one:?}");
        }
    }
}
