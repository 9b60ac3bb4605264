//! What a set pays in ends that are not ordinary.
//!
//! A void is no state of the world that relations speak of: one market may be called off at 50/50 while its twin pays in full. So
//! a riskless set can lose there, and how much is said instead of assumed away. Two venues that both void at 50/50 pay half a
//! dollar on every contract; one that does so alone costs up to half a dollar a contract.
//!
//! Source: reference (Kalshi), section 11 (`scalar` pays v and 1 − v); reference (Polymarket), section 16.4 (an oracle price of
//! 0.5 pays both sides half); reference (feeds), section 9.12.

use brier_engine::{Custody, MarketId};
use brier_types::{Money, Venue};

use crate::opportunity::Opportunity;
use crate::set::Set;
use crate::states::Claim;

/// Which markets end in a void. All others end in some state of the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voided {
    /// One market alone.
    Market(MarketId),
    /// All of a venue.
    Venue(Venue),
    /// All.
    All,
}

/// What a void pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoidRule {
    /// Half a dollar to YES and to NO.
    Half,
    /// Any value from nothing to a dollar to YES, the rest to NO: the worst of them. Only where a venue sets fair prices
    /// (Kalshi).
    AnyPrice,
    /// What was paid for the contracts, without fees. Only where positions are with the venue (Kalshi).
    Refund,
}

/// What a set comes to in one such end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TailResult {
    /// Which markets.
    pub voided: Voided,
    /// By which rule.
    pub rule: VoidRule,
    /// The gain or loss in the worst state of the others, before the hurdle.
    pub result: Money,
}

/// Every such end of an opportunity of `set`: each of its markets alone, each of its venues, and all at once.
///
/// # Panics
/// When the opportunity is another set's.
pub fn tails(set: &Set, found: &Opportunity) -> Vec<TailResult> {
    assert_eq!(found.owned.len(), set.members().len() * 2, "an opportunity belongs to the set it was found in");
    let traded: Vec<usize> = (0..set.members().len())
        .filter(|slot| found.legs.iter().any(|leg| leg.market == set.members()[*slot].market))
        .collect();
    let venue = |slot: usize| set.members()[slot].terms.venue;
    let mut venues: Vec<Venue> = traded.iter().map(|slot| venue(*slot)).collect();
    venues.sort_unstable();
    venues.dedup();
    let mut cases: Vec<(Voided, Vec<usize>)> =
        traded.iter().map(|slot| (Voided::Market(set.members()[*slot].market), vec![*slot])).collect();
    if venues.len() > 1 {
        let of = |wanted: Venue| traded.iter().copied().filter(|slot| venue(*slot) == wanted).collect();
        cases.extend(venues.iter().map(|wanted| (Voided::Venue(*wanted), of(*wanted))));
    }
    cases.push((Voided::All, traded));
    let mut results = Vec::new();
    for (voided, slots) in cases {
        let netted = slots.iter().all(|slot| set.members()[*slot].terms.custody == Custody::Netted);
        let rules: &[VoidRule] =
            if netted { &[VoidRule::Half, VoidRule::AnyPrice, VoidRule::Refund] } else { &[VoidRule::Half] };
        results.extend(
            rules.iter().filter_map(|rule| {
                Some(TailResult { voided, rule: *rule, result: result(set, found, &slots, *rule)? })
            }),
        );
    }
    results
}

/// The result with the markets at `slots` void. `None` where the rule has no meaning: a refund of what is no longer owned.
fn result(set: &Set, found: &Opportunity, slots: &[usize], rule: VoidRule) -> Option<Money> {
    let lot = i128::from(found.lot.micros());
    // Owned less sold, in millionths of a dollar that each would pay.
    let net = |claim: Claim| {
        let at = claim.index();
        (i128::from(found.owned[at]) - i128::from(found.sold[at ^ 1])) * lot
    };
    let void = |slot: usize| -> Option<i128> {
        let (yes, no) = (net(Claim::yes(slot)), net(Claim::no(slot)));
        Some(match rule {
            VoidRule::Half => (yes + no).div_euclid(2),
            VoidRule::AnyPrice => yes.min(no),
            VoidRule::Refund => {
                let market = set.members()[slot].market;
                let legs = found.legs.iter().filter(|leg| leg.market == market);
                let bought: i128 = legs.clone().map(|leg| i128::from(leg.qty.micros())).sum();
                // Pairs that were joined have paid already.
                if bought != yes.abs() + no.abs() {
                    return None;
                }
                legs.map(|leg| i128::from(leg.cost.micros()) - i128::from(leg.fees.micros())).sum()
            }
        })
    };
    let voids: i128 = slots.iter().map(|slot| void(*slot)).sum::<Option<i128>>()?;
    let states = set.states();
    let ordinary = |state: usize| -> i128 {
        let slots = (0..set.members().len()).filter(|slot| !slots.contains(slot));
        let paying =
            slots.map(|slot| if states.pays(state, Claim::yes(slot)) { Claim::yes(slot) } else { Claim::no(slot) });
        paying.map(net).sum()
    };
    let worst = (0..states.len()).map(ordinary).min()?;
    let total = worst + voids + i128::from(found.released.micros()) - i128::from(found.cost.micros());
    i64::try_from(total).ok().map(Money::from_micros)
}

/// The worst of all such ends; `None` when nothing was traded.
pub fn worst_tail(set: &Set, found: &Opportunity) -> Option<TailResult> {
    tails(set, found).into_iter().min_by_key(|tail| tail.result)
}

impl VoidRule {
    /// The rule in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Half => "half a dollar to both",
            Self::AnyPrice => "a price set by the venue, the worst one",
            Self::Refund => "what was paid, without fees",
        }
    }
}
