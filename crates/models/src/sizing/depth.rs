//! Buying up a ladder: how many contracts are worth having when each further level costs more.
//!
//! A Kelly fraction at the best price is wrong twice: the money does not all go at that price, and what is spent at the
//! better prices changes what the worse ones are worth. Here each level is bought until a further contract no longer raises
//! the expected logarithm of wealth, which has a closed form a level.
//!
//! For a part of Kelly, give that part of the bankroll: a quarter Kelly of $10,000 is a full Kelly of $2,500.
//!
//! Source: the first-order condition of Kelly 1956 over a piecewise linear cost.

use brier_types::Prob;

/// An offer: contracts at a price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Price in dollars.
    pub price: f64,
    /// Contracts on offer.
    pub contracts: f64,
}

/// How much of a ladder to buy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Purchase {
    /// Contracts; not rounded.
    pub contracts: f64,
    /// What they cost with fees, in dollars.
    pub cost: f64,
    /// Price of the worst level touched, for a limit order; absent when nothing is bought.
    pub limit: Option<f64>,
}

/// The purchase that grows a `bankroll` fastest from a ladder of offers, the cheapest first, on an outcome of this `chance`,
/// with `fee` dollars a contract as a function of the price.
///
/// `None` for a bankroll that is negative or no number, prices out of order, a level that is negative or no number, or an
/// all-in cost that is not positive.
///
/// ```
/// use brier_models::sizing::depth::{Level, best_purchase};
/// use brier_types::Prob;
/// let asks = [Level { price: 0.60, contracts: 200.0 }, Level { price: 0.65, contracts: 1e6 }];
/// let buy = best_purchase(Prob::new(0.72).unwrap(), &asks, |_| 0.0, 1000.0).unwrap();
/// // 30 % of 1000 at 0.60 would be 500 contracts; only 200 are there, and some more are worth 0.65.
/// assert_eq!(buy.limit, Some(0.65));
/// assert!(buy.contracts > 300.0 && buy.contracts < 320.0);
/// ```
pub fn best_purchase(chance: Prob, ladder: &[Level], fee: impl Fn(f64) -> f64, bankroll: f64) -> Option<Purchase> {
    let ordered = ladder.windows(2).all(|pair| pair[0].price <= pair[1].price);
    if !(bankroll >= 0.0 && bankroll.is_finite() && ordered) {
        return None;
    }
    let p = chance.get();
    let mut bought = Purchase { contracts: 0.0, cost: 0.0, limit: None };
    for level in ladder {
        let each = level.price + fee(level.price);
        if !(each > 0.0 && each.is_finite() && level.contracts >= 0.0) {
            return None;
        }
        if each >= p {
            break;
        }
        // Wealth if the outcome fails, and if it happens; the next contract moves them by −each and 1 − each.
        let lost = bankroll - bought.cost;
        let won = lost + bought.contracts;
        let wanted = (p * (1.0 - each) * lost - (1.0 - p) * each * won) / (each * (1.0 - each));
        if wanted <= 0.0 {
            break;
        }
        // A sure thing wants as many as there is money for; anything less, fewer.
        let taken = wanted.min(level.contracts);
        if taken > 0.0 {
            bought.contracts += taken;
            bought.cost += taken * each;
            bought.limit = Some(level.price);
        }
        if taken < level.contracts {
            break;
        }
    }
    Some(bought)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sizing::kelly::Kelly;
    use proptest::prelude::*;

    fn p(value: f64) -> Prob {
        Prob::new(value).unwrap()
    }

    fn log_wealth(chance: f64, ladder: &[Level], count: f64, bankroll: f64) -> f64 {
        let (mut left, mut cost) = (count, 0.0);
        for level in ladder {
            let taken = left.min(level.contracts);
            cost += taken * level.price;
            left -= taken;
        }
        if left > 1e-9 || cost >= bankroll {
            return f64::NEG_INFINITY;
        }
        chance * libm::log(bankroll - cost + count) + (1.0 - chance) * libm::log(bankroll - cost)
    }

    #[test]
    fn a_deep_level_is_plain_kelly() {
        let fee = |price: f64| 0.07 * price * (1.0 - price);
        let deep = [Level { price: 0.60, contracts: 1e9 }];
        let buy = best_purchase(p(0.72), &deep, fee, 2_500.0).unwrap();
        let bet = Kelly::of(p(0.72), 0.60, fee).unwrap();
        assert!((buy.cost - 2_500.0 * bet.fraction).abs() < 1e-9);
    }

    #[test]
    fn nonsense_is_refused_and_no_edge_buys_nothing() {
        let level = |price, contracts| Level { price, contracts };
        assert!(best_purchase(p(0.5), &[level(0.4, 1.0), level(0.3, 1.0)], |_| 0.0, 100.0).is_none());
        assert!(best_purchase(p(0.5), &[level(f64::NAN, 1.0)], |_| 0.0, 100.0).is_none());
        assert!(best_purchase(p(0.5), &[level(0.4, -1.0)], |_| 0.0, 100.0).is_none());
        assert!(best_purchase(p(0.5), &[level(0.4, 1.0)], |_| 0.0, f64::NAN).is_none());
        assert_eq!(best_purchase(p(0.5), &[level(0.5, 9.0)], |_| 0.0, 100.0).unwrap().limit, None);
        assert_eq!(best_purchase(p(0.5), &[], |_| 0.0, 100.0).unwrap().limit, None);
        let all = best_purchase(p(1.0), &[level(0.5, 1e9)], |_| 0.0, 100.0).unwrap();
        assert!((all.cost - 100.0).abs() < 1e-9, "a sure thing takes the bankroll and no more");
    }

    proptest! {
        #[test]
        fn no_other_amount_grows_faster(
            chance in 0.05_f64..0.95,
            levels in proptest::collection::vec((0.02_f64..0.9, 1.0_f64..300.0), 1..6),
            share in 0.0_f64..3.0,
        ) {
            let mut ladder: Vec<Level> = levels.into_iter().map(|(price, contracts)| Level { price, contracts }).collect();
            ladder.sort_by(|a, b| a.price.total_cmp(&b.price));
            let buy = best_purchase(p(chance), &ladder, |_| 0.0, 100.0).unwrap();
            let best = log_wealth(chance, &ladder, buy.contracts, 100.0);
            prop_assert!(best >= log_wealth(chance, &ladder, buy.contracts * share, 100.0) - 1e-9);
            prop_assert!(best >= log_wealth(chance, &ladder, 50.0 * share, 100.0) - 1e-9);
            prop_assert!(best.is_finite());
        }
    }
}
