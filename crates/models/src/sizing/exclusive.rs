//! Several outcomes of which one happens: which to bet on, and how much on each.
//!
//! Bets on exclusive outcomes insure each other, so an outcome without an edge of its own can be worth buying beside a
//! good one, and the fractions are not those of single bets. Outcomes are taken in the order of chance over cost, as long as
//! that ratio beats the value of a reserved dollar, which sinks with each one taken.
//!
//! Source: Smoczynski & Tomkins 2010; reference section 9.1.

use brier_types::Prob;

/// How far chances may exceed one by rounding.
const DUST: f64 = 1e-9;

/// An outcome that can be bought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offer {
    /// Its chance.
    pub chance: Prob,
    /// All-in cost of a contract, in dollars.
    pub cost: f64,
}

/// Writes the fraction of the bankroll to put on each outcome, and returns what a reserved dollar is worth in the outcomes
/// not bought (1 when nothing is; 0 when everything is staked because all outcomes together cost less than they pay).
///
/// Outcomes not for sale are left out; the chances given may sum to less than one. `None` when lengths differ, chances sum
/// to more than one, or a cost is not positive and finite.
///
/// ```
/// use brier_models::sizing::exclusive::{Offer, fractions};
/// use brier_types::Prob;
/// let offer = |p, cost| Offer { chance: Prob::new(p).unwrap(), cost };
/// let mut stakes = [0.0; 3];
/// fractions(&[offer(0.40, 0.30), offer(0.35, 0.33), offer(0.25, 0.45)], &mut stakes).unwrap();
/// assert!((stakes[0] - 0.197_297).abs() < 1e-6 && (stakes[1] - 0.127_027).abs() < 1e-6);
/// ```
pub fn fractions(offers: &[Offer], out: &mut [f64]) -> Option<f64> {
    let total: f64 = offers.iter().map(|offer| offer.chance.get()).sum();
    let priced = offers.iter().all(|offer| offer.cost > 0.0 && offer.cost.is_finite());
    if offers.len() != out.len() || total > 1.0 + DUST || !priced {
        return None;
    }
    let ratio = |index: &usize| offers[*index].chance.get() / offers[*index].cost;
    let mut order: Vec<usize> = (0..offers.len()).collect();
    order.sort_by(|a, b| ratio(b).total_cmp(&ratio(a)));
    let (mut chance_left, mut cost_left, mut reserve) = (1.0, 1.0, 1.0);
    let mut bought = 0;
    for index in &order {
        if ratio(index) <= reserve {
            break;
        }
        let cost = cost_left - offers[*index].cost;
        // Chances that sum to one make this impossible but for rounding: costs are used up only where chances are.
        if cost <= 0.0 {
            break;
        }
        chance_left = f64::max(chance_left - offers[*index].chance.get(), 0.0);
        cost_left = cost;
        reserve = chance_left / cost_left;
        bought += 1;
    }
    out.fill(0.0);
    for index in order.iter().take(bought) {
        out[*index] = (offers[*index].chance.get() - offers[*index].cost * reserve).max(0.0);
    }
    Some(reserve)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sizing::kelly::Kelly;
    use proptest::prelude::*;

    fn offer(chance: f64, cost: f64) -> Offer {
        Offer { chance: Prob::new(chance).unwrap(), cost }
    }

    /// Growth of the logarithm of wealth for stakes on exclusive outcomes.
    fn growth(offers: &[Offer], stakes: &[f64]) -> f64 {
        let kept = 1.0 - stakes.iter().sum::<f64>();
        let part = |weight: f64, wealth: f64| if weight > 1e-12 { weight * libm::log(wealth.max(0.0)) } else { 0.0 };
        let none = 1.0 - offers.iter().map(|offer| offer.chance.get()).sum::<f64>();
        let hits = offers.iter().zip(stakes).map(|(offer, stake)| part(offer.chance.get(), kept + stake / offer.cost));
        hits.sum::<f64>() + part(none, kept)
    }

    #[test]
    fn nonsense_is_refused_and_an_arbitrage_stakes_everything() {
        let mut two = [0.0; 2];
        assert!(fractions(&[offer(0.7, 0.5), offer(0.7, 0.5)], &mut two).is_none());
        assert!(fractions(&[offer(0.5, 0.0), offer(0.5, 0.5)], &mut two).is_none());
        assert!(fractions(&[offer(0.5, 0.5)], &mut two).is_none());
        let reserve = fractions(&[offer(0.5, 0.48), offer(0.5, 0.49)], &mut two).unwrap();
        assert!(reserve.abs() < 1e-12 && (two[0] - 0.5).abs() < 1e-12 && (two[1] - 0.5).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn one_outcome_is_plain_kelly(chance in 0.0_f64..=1.0, cost in 0.01_f64..0.99) {
            let mut stake = [0.0];
            fractions(&[offer(chance, cost)], &mut stake).unwrap();
            prop_assert!((stake[0] - Kelly::of(Prob::new(chance).unwrap(), cost, |_| 0.0).unwrap().fraction).abs() < 1e-12);
        }

        #[test]
        fn no_other_stakes_grow_faster(
            rows in proptest::collection::vec((0.05_f64..1.0, 0.5_f64..1.6, 0.0_f64..0.3), 2..6),
            rest in 0.0_f64..0.5,
        ) {
            let sum: f64 = rows.iter().map(|row| row.0).sum::<f64>() + rest;
            let offers: Vec<Offer> = rows.iter().map(|row| offer(row.0 / sum, (row.0 / sum * row.1).min(0.99))).collect();
            let mut stakes = vec![0.0; offers.len()];
            fractions(&offers, &mut stakes).unwrap();
            prop_assert!(stakes.iter().all(|&stake| stake >= 0.0) && stakes.iter().sum::<f64>() <= 1.0 + 1e-9);
            let best = growth(&offers, &stakes);
            let others = rows.iter().map(|row| row.2).collect::<Vec<_>>();
            if others.iter().sum::<f64>() < 1.0 {
                prop_assert!(best >= growth(&offers, &others) - 1e-9);
            }
            // A little more or less of any one does not help either.
            for index in 0..stakes.len() {
                for change in [-0.01, 0.01] {
                    let mut near = stakes.clone();
                    near[index] = (near[index] + change).max(0.0);
                    if near.iter().sum::<f64>() < 1.0 {
                        prop_assert!(best >= growth(&offers, &near) - 1e-9);
                    }
                }
            }
        }
    }
}
