//! A position as the list of what made it: final entries are folded into a base and forgotten, later ones are kept, so that
//! a fill that failed can be left out as if it had never been.

use std::collections::BTreeMap;

use brier_types::{FillStatus, Price, Qty, SignedQty};

use super::fills::{FillKey, Kept};
use super::position::Position;
use crate::instrument::Custody;

/// One thing that changed a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A fill.
    Fill(FillKey),
    /// A fill that was told after its market had paid this for a YES contract: it is paid for itself alone.
    Late(FillKey, Price),
    /// The venue's word on what is held: it holds whatever was before.
    Adopted {
        /// YES contracts.
        yes: Qty,
        /// NO contracts.
        no: Qty,
        /// The YES price at which what appeared is valued.
        price: Price,
    },
    /// Contracts that came or went and that no fill explains: found ones, and the operator's part of the venue's word.
    Shifted {
        /// How the venue holds what is owned.
        custody: Custody,
        /// YES contracts; where the venue nets, net ones.
        yes: SignedQty,
        /// NO contracts; where the venue nets, none.
        no: SignedQty,
        /// The YES price at which what appeared is valued; without one it cost nothing.
        price: Option<Price>,
    },
    /// The market paid this for a YES contract, for all that was held.
    Paid(Price),
    /// The venue's word on cash: what came before moves our cash no more.
    Counted,
}

impl Entry {
    fn is_final(&self, fills: &BTreeMap<FillKey, Kept>) -> bool {
        match self {
            Self::Fill(key) | Self::Late(key, _) => {
                fills.get(key).is_none_or(|kept| kept.fill.status == FillStatus::Confirmed)
            }
            Self::Adopted { .. } | Self::Shifted { .. } | Self::Paid(_) | Self::Counted => true,
        }
    }

    fn apply(&self, position: &Position, fills: &BTreeMap<FillKey, Kept>) -> Position {
        match self {
            Self::Fill(key) => fills.get(key).map_or(*position, |kept| position.after(&kept.fill)),
            Self::Late(key, payout) => fills.get(key).map_or(*position, |kept| position.late(&kept.fill, *payout)),
            Self::Adopted { yes, no, price } => position.adopted(*yes, *no, *price),
            Self::Shifted { custody, yes, no, price } => position.shifted(*custody, *yes, *no, *price),
            Self::Paid(payout) => position.paid(*payout),
            Self::Counted => *position,
        }
    }

    /// The fill, if it is one.
    pub(super) const fn fill(&self) -> Option<&FillKey> {
        match self {
            Self::Fill(key) | Self::Late(key, _) => Some(key),
            Self::Adopted { .. } | Self::Shifted { .. } | Self::Paid(_) | Self::Counted => None,
        }
    }
}

/// A position: what final entries made of it, then the entries since in their order, then all together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Folded {
    pub base: Position,
    pub open: Vec<Entry>,
    pub now: Position,
}

impl Folded {
    /// Takes one more entry in.
    pub(super) fn push(&mut self, entry: Entry, fills: &BTreeMap<FillKey, Kept>) {
        self.now = entry.apply(&self.now, fills);
        self.open.push(entry);
    }

    /// Moves final entries at the head of the list into the base, so that lists stay short. The position stays as it is.
    pub(super) fn shorten(&mut self, fills: &BTreeMap<FillKey, Kept>) {
        let count = self.open.iter().take_while(|entry| entry.is_final(fills)).count();
        for entry in self.open.drain(..count) {
            self.base = entry.apply(&self.base, fills);
        }
    }

    /// Makes the position anew.
    pub(super) fn refold(&mut self, fills: &BTreeMap<FillKey, Kept>) {
        self.now = self.fold(self.open.len(), fills);
    }

    /// What the base and the first `count` entries make.
    fn fold(&self, count: usize, fills: &BTreeMap<FillKey, Kept>) -> Position {
        self.open.iter().take(count).fold(self.base, |position, entry| entry.apply(&position, fills))
    }

    /// Leaves a fill out.
    pub(super) fn leave_out(&mut self, key: &FillKey, fills: &BTreeMap<FillKey, Kept>) {
        self.open.retain(|entry| entry.fill() != Some(key));
        self.refold(fills);
    }

    /// The part of the flow that came after the venue's last word on cash, up to a constant that goes with the base.
    pub(super) fn uncounted(&self, fills: &BTreeMap<FillKey, Kept>) -> i128 {
        let last = self.open.iter().rposition(|entry| *entry == Entry::Counted);
        let counted = last.map_or(0, |last| self.fold(last, fills).flow.micros());
        i128::from(self.now.flow.micros()) - i128::from(counted)
    }

    /// Fills since the venue's last word on the position, of a market that has not paid.
    pub(super) fn recent(&self) -> impl Iterator<Item = &FillKey> {
        let word = |entry: &Entry| matches!(entry, Entry::Adopted { .. } | Entry::Paid(_) | Entry::Late(..));
        let start = self.open.iter().rposition(word).map_or(0, |last| last + 1);
        self.open[start..].iter().filter_map(Entry::fill)
    }

    /// Whether the position is what its list makes of it.
    pub(super) fn is_folded(&self, fills: &BTreeMap<FillKey, Kept>) -> bool {
        self.now == self.fold(self.open.len(), fills)
    }
}
