//! The Data API on the wire: positions, trades, activity, holders.
//!
//! Invariants: the venue computes these numbers as floats, so they are read from their text and rounded half away from zero
//! to 1e-6; a price of an average or of a fill is [`brier_types::Money`], as it may lie between price steps. These figures
//! are for people and for comparison: what we hold follows from confirmed trades and balances.
//!
//! Source: reference, section 13 (docs.polymarket.com "Data API"), 2026-11-20.

use crate::wire::words;

#[cfg(test)]
mod tests;
pub mod v1;
pub mod v2;

words! {
    /// What happened to a wallet.
    ActivityType, prefix "" {
        /// It traded.
        Trade = "TRADE",
        /// It split dollars into pairs of shares.
        Split = "SPLIT",
        /// It merged pairs of shares into dollars.
        Merge = "MERGE",
        /// It redeemed shares of a resolved market.
        Redeem = "REDEEM",
        /// It was paid a liquidity reward.
        Reward = "REWARD",
        /// It converted NO shares of a negative-risk event.
        Conversion = "CONVERSION",
        /// It received dollars from outside.
        Deposit = "DEPOSIT",
        /// It sent dollars outside.
        Withdrawal = "WITHDRAWAL",
        /// It was paid for holding.
        Yield = "YIELD",
        /// It was paid a maker's rebate.
        MakerRebate = "MAKER_REBATE",
        /// It was paid a taker's rebate.
        TakerRebate = "TAKER_REBATE",
        /// It was paid for a referral.
        ReferralReward = "REFERRAL_REWARD",
    }
}
