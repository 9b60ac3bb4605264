//! What comes back before the payout: negative-risk conversion, and pairs joined.
//!
//! Where at most one of a group of markets ends YES, the venue turns NO on k of them into k − 1 dollars and YES on all others.
//! That is how NO of a whole group costs little: all but a dollar a basket comes back at once, and the gain with it. It loses
//! something only when none of the group's markets pays, so it is done as far as the guarantee allows.
//!
//! Source: reference (Polymarket), section 16.2; reference (feeds), section 9.11.

use brier_engine::MarketId;
use brier_types::Qty;

use crate::set::Set;
use crate::states::Claim;

/// A step after all legs have filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// NO on several markets of a group becomes dollars, one less than they are, and YES on all others of the group.
    Convert {
        /// The markets whose NO goes.
        members: Vec<MarketId>,
        /// Contracts of each.
        qty: Qty,
        /// The markets of the set whose YES comes. The venue gives YES on the group's markets outside of the set too.
        receives: Vec<MarketId>,
    },
    /// YES and NO of one market become a dollar: by itself where positions are netted, by a merge where they are tokens.
    Join {
        /// The market.
        market: MarketId,
        /// Pairs.
        qty: Qty,
    },
}

/// Lots owned after legs and steps, by [`Claim::index`], and what came back.
#[derive(Clone, Debug)]
pub(crate) struct Owned {
    /// Bought or received.
    pub(crate) lots: Vec<u64>,
    /// Sold out of holdings, by the claim that was bought in effect.
    pub(crate) sold: Vec<u64>,
    /// Dollars in lots.
    pub(crate) released: u64,
    pub(crate) steps: Vec<Conversion>,
}

impl Owned {
    /// What is paid later in a state, in lots, against not having traded.
    pub(crate) fn paid(&self, set: &Set, state: usize) -> i128 {
        let states = set.states();
        let pays = |at: usize| states.pays(state, Claim::at(at));
        let sum = |lots: &[u64], wanted: bool| -> i128 {
            lots.iter().enumerate().filter(|(at, _)| pays(*at) == wanted).map(|(_, lots)| i128::from(*lots)).sum()
        };
        // A holding that was sold is missed where it would have paid: where the claim bought in effect does not.
        sum(&self.lots, true) - sum(&self.sold, false)
    }

    /// The least that is paid later.
    pub(crate) fn worst(&self, set: &Set) -> i128 {
        (0..set.states().len()).map(|state| self.paid(set, state)).min().unwrap_or(0)
    }

    /// Converts and joins all that the guarantee allows.
    pub(crate) fn release(&mut self, set: &Set, qty: impl Fn(u64) -> Option<Qty>) -> Option<()> {
        for group in set.groups() {
            self.convert(set, group, &qty)?;
        }
        for slot in 0..set.members().len() {
            let (yes, no) = (Claim::yes(slot).index(), Claim::no(slot).index());
            let pairs = self.lots[yes].min(self.lots[no]);
            if pairs > 0 {
                self.lots[yes] -= pairs;
                self.lots[no] -= pairs;
                self.released += pairs;
                self.steps.push(Conversion::Join { market: set.members()[slot].market, qty: qty(pairs)? });
            }
        }
        Some(())
    }

    fn convert(&mut self, set: &Set, group: &[usize], qty: &impl Fn(u64) -> Option<Qty>) -> Option<()> {
        let no = |owned: &Self, place: usize| owned.lots[Claim::no(place).index()];
        let mut heights: Vec<u64> = group.iter().map(|place| no(self, *place)).collect();
        heights.sort_unstable();
        // Above the second highest a basket is one market's NO, and nothing comes back.
        let mut most = heights[heights.len() - 2];
        let none_pays = |state: &usize| !group.iter().any(|place| set.states().pays(*state, Claim::yes(*place)));
        if let Some(none) = (0..set.states().len()).filter(none_pays).map(|state| self.paid(set, state)).min() {
            most = most.min(u64::try_from(none - self.worst(set)).ok()?);
        }
        let mut done = 0;
        while done < most {
            // NO that is left of each is what stands above `done`.
            let basket: Vec<usize> = group.iter().copied().filter(|place| no(self, *place) > 0).collect();
            let lots = basket.iter().map(|place| no(self, *place)).min()?.min(most - done);
            let others: Vec<usize> = group.iter().copied().filter(|place| !basket.contains(place)).collect();
            for place in &basket {
                self.lots[Claim::no(*place).index()] -= lots;
            }
            for place in &others {
                self.lots[Claim::yes(*place).index()] += lots;
            }
            self.released += lots * (basket.len() as u64 - 1);
            let markets = |places: &[usize]| places.iter().map(|place| set.members()[*place].market).collect();
            self.steps.push(Conversion::Convert {
                members: markets(&basket),
                qty: qty(lots)?,
                receives: markets(&others),
            });
            done += lots;
        }
        Some(())
    }
}
