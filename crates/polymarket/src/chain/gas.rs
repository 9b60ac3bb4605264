//! What to pay for gas: from recent blocks, between bounds.
//!
//! Invariants: no transaction costs more per gas than the cap; a replacement pays at least an eighth more than what it
//! replaces, or nodes would refuse it. Pure: prices come in, a decision comes out.
//!
//! Source: EIP-1559; nodes ask for a tenth more from a replacement, 2026-11-20.

use super::error::ChainError;
use super::rpc::FeeHistory;

/// Bounds of what gas may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GasPolicy {
    /// The most per gas altogether, in wei.
    pub max_fee_per_gas: u128,
    /// The least that goes to the block's producer, in wei per gas. Polygon's producers ask for 25 gwei.
    pub min_tip: u128,
    /// The most that goes to the block's producer, in wei per gas.
    pub max_tip: u128,
    /// Percent that the limit lies above the estimate.
    pub limit_margin_percent: u64,
    /// The most gas that one transaction may take.
    pub max_gas: u64,
}

impl Default for GasPolicy {
    /// For Polygon: up to 1,000 gwei, tips of 25 to 250 gwei, a quarter above the estimate, 5 million gas.
    fn default() -> Self {
        const GWEI: u128 = 1_000_000_000;
        Self {
            max_fee_per_gas: 1_000 * GWEI,
            min_tip: 25 * GWEI,
            max_tip: 250 * GWEI,
            limit_margin_percent: 25,
            max_gas: 5_000_000,
        }
    }
}

/// What a transaction offers per gas, in wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// The most altogether.
    pub max_fee: u128,
    /// What of it goes to the block's producer.
    pub tip: u128,
}

impl GasPolicy {
    /// What to offer now: the median of recent tips, and room for the base fee to double.
    ///
    /// # Errors
    /// [`ChainError::GasTooDear`] when even the next block costs more than the cap.
    pub fn fees(&self, history: &FeeHistory) -> Result<Fees, ChainError> {
        let mut tips = history.tips.clone();
        tips.sort_unstable();
        let tip = tips.get(tips.len() / 2).copied().unwrap_or_default().clamp(self.min_tip, self.max_tip);
        let needed = history.next_base_fee.saturating_add(tip);
        if needed > self.max_fee_per_gas {
            return Err(ChainError::GasTooDear { needed, cap: self.max_fee_per_gas });
        }
        let max_fee = needed.saturating_add(history.next_base_fee).min(self.max_fee_per_gas);
        Ok(Fees { max_fee, tip })
    }

    /// What to offer instead of `old`: at least an eighth more, and what is asked now if that is more.
    ///
    /// # Errors
    /// [`ChainError::GasTooDear`] when that exceeds the cap.
    pub fn replacing(&self, old: Fees, now: Fees) -> Result<Fees, ChainError> {
        let raised = |fee: u128| fee.saturating_add(fee / 8).saturating_add(1);
        let fees = Fees { max_fee: raised(old.max_fee).max(now.max_fee), tip: raised(old.tip).max(now.tip) };
        if fees.max_fee > self.max_fee_per_gas {
            return Err(ChainError::GasTooDear { needed: fees.max_fee, cap: self.max_fee_per_gas });
        }
        Ok(fees)
    }

    /// The limit for a transaction that is estimated to take `estimate` gas.
    ///
    /// # Errors
    /// [`ChainError::GasTooMuch`] when that exceeds the bound.
    pub fn limit(&self, estimate: u64) -> Result<u64, ChainError> {
        let needed = estimate.saturating_add(estimate.saturating_mul(self.limit_margin_percent) / 100);
        if needed > self.max_gas {
            return Err(ChainError::GasTooMuch { needed, cap: self.max_gas });
        }
        Ok(needed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: GasPolicy =
        GasPolicy { max_fee_per_gas: 1_000, min_tip: 25, max_tip: 100, limit_margin_percent: 25, max_gas: 1_000 };

    fn history(next_base_fee: u128, tips: &[u128]) -> FeeHistory {
        FeeHistory { next_base_fee, tips: tips.to_vec() }
    }

    #[test]
    fn fees_follow_recent_blocks_within_bounds() {
        assert_eq!(POLICY.fees(&history(100, &[10, 80, 30])).unwrap(), Fees { max_fee: 230, tip: 30 });
        assert_eq!(POLICY.fees(&history(100, &[])).unwrap(), Fees { max_fee: 225, tip: 25 });
        assert_eq!(POLICY.fees(&history(100, &[5_000])).unwrap(), Fees { max_fee: 300, tip: 100 });
        assert_eq!(POLICY.fees(&history(900, &[50])).unwrap(), Fees { max_fee: 1_000, tip: 50 });
        let dear = POLICY.fees(&history(980, &[])).unwrap_err().to_string();
        assert_eq!(dear, "gas: expected at most 1000 wei per gas, found a price of 1005");
    }

    #[test]
    fn a_replacement_pays_an_eighth_more_or_what_is_asked_now() {
        let old = Fees { max_fee: 80, tip: 8 };
        assert_eq!(POLICY.replacing(old, Fees { max_fee: 10, tip: 10 }).unwrap(), Fees { max_fee: 91, tip: 10 });
        assert_eq!(POLICY.replacing(old, Fees { max_fee: 200, tip: 5 }).unwrap(), Fees { max_fee: 200, tip: 10 });
        assert!(POLICY.replacing(Fees { max_fee: 1_000, tip: 8 }, old).is_err());
    }

    #[test]
    fn limits_have_a_margin_and_a_bound() {
        assert_eq!(POLICY.limit(100).unwrap(), 125);
        assert!(matches!(POLICY.limit(900), Err(ChainError::GasTooMuch { needed: 1_125, cap: 1_000 })));
    }
}
