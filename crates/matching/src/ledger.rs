//! The double-entry view of all money: what came in from outside is somebody's cash, collateral behind open contracts,
//! or fees. Every posting moves an amount from one place to another, so the four always sum to zero.

use brier_types::Money;

use crate::position::FITS;

/// Sums of all money, by place.
///
/// `external` is minus what came in from outside, so `external + cash + escrow + fees` is zero, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Minus the net deposits.
    pub external: Money,
    /// Cash of all accounts, that held for orders included.
    pub cash: Money,
    /// One dollar for each open pair of YES and NO, over all markets.
    pub escrow: Money,
    /// Net trade fees and settlement fees.
    pub fees: Money,
}

impl Ledger {
    /// What the four places sum to: zero, or money was made or lost.
    pub fn difference(&self) -> Money {
        [self.external, self.cash, self.escrow, self.fees].into_iter().sum()
    }

    pub(crate) fn deposit(&mut self, amount: Money) {
        self.external = self.external.checked_sub(amount).expect(FITS);
        self.cash = self.cash.checked_add(amount).expect(FITS);
    }

    /// Cash that became collateral; negative when pairs were closed.
    pub(crate) fn lock(&mut self, amount: Money) {
        self.cash = self.cash.checked_sub(amount).expect(FITS);
        self.escrow = self.escrow.checked_add(amount).expect(FITS);
    }

    /// Cash that became fees.
    pub(crate) fn charge(&mut self, amount: Money) {
        self.cash = self.cash.checked_sub(amount).expect(FITS);
        self.fees = self.fees.checked_add(amount).expect(FITS);
    }
}
