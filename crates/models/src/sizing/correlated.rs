//! Bets that win and lose together: the best stakes over scenarios, or a cap for a cluster.
//!
//! [`best_stakes`] takes the possible worlds with their chances and what each bet pays in each, and finds the stakes with
//! the fastest growth. It says how far from the best it may still be, so a caller can tell a solved problem from one that
//! was given up. [`cap_clusters`] needs only correlations: bets that move together share the stake of one.
//!
//! What can go wrong: scenarios that leave out the bad world. Include one in which everything fails.
//!
//! Source: Cover 1984 (the ascent and its bound); reference section 9.1.

/// Rounds after which an ascent is given up; it stops earlier at the accuracy below.
const MAX_ROUNDS: u32 = 20_000;
/// Growth that may be left on the table, a bet.
const ACCURACY: f64 = 1e-9;
/// Stakes below this share of the bankroll are none.
const SMALLEST: f64 = 1e-6;

/// The possible worlds and what bets pay in them.
#[derive(Clone, Copy, Debug)]
pub struct Scenarios<'a> {
    /// Chance of each world; they sum to one.
    pub chances: &'a [f64],
    /// All-in cost of a contract of each bet, in dollars.
    pub costs: &'a [f64],
    /// What a contract pays, in dollars: all bets in the first world, then all in the second, and so on.
    pub payoffs: &'a [f64],
}

/// Stakes over scenarios.
#[derive(Clone, Debug, PartialEq)]
pub struct Stakes {
    /// Fraction of the bankroll on each bet.
    pub fractions: Vec<f64>,
    /// Growth of the logarithm of the bankroll they bring.
    pub growth: f64,
    /// No stakes bring more than this above it.
    pub gap: f64,
}

/// The stakes that grow fastest: no borrowing, no selling, at most the whole bankroll.
///
/// `None` when lengths do not fit, chances are negative or do not sum to one, a cost is not positive, or a payoff is
/// negative or no number.
pub fn best_stakes(scenarios: &Scenarios<'_>) -> Option<Stakes> {
    let Scenarios { chances, costs, payoffs } = *scenarios;
    let bets = costs.len();
    let fits = bets.checked_mul(chances.len()) == Some(payoffs.len());
    let probable = chances.iter().all(|&chance| chance >= 0.0) && (chances.iter().sum::<f64>() - 1.0).abs() < 1e-6;
    let priced = costs.iter().all(|&cost| cost > 0.0 && cost.is_finite());
    if !fits || !probable || !priced || !payoffs.iter().all(|payoff| *payoff >= 0.0 && payoff.is_finite()) {
        return None;
    }
    // What a dollar becomes, on each bet and then in cash.
    let returns = |world: usize, bet: usize| if bet < bets { payoffs[world * bets + bet] / costs[bet] } else { 1.0 };
    let mut shares = vec![1.0 / (bets + 1) as f64; bets + 1];
    let mut pull = vec![0.0; bets + 1];
    let mut gap = f64::INFINITY;
    for _ in 0..MAX_ROUNDS {
        pull.fill(0.0);
        for (world, &chance) in chances.iter().enumerate() {
            let wealth: f64 = shares.iter().enumerate().map(|(bet, share)| share * returns(world, bet)).sum();
            for (bet, pull) in pull.iter_mut().enumerate() {
                if chance > 0.0 {
                    *pull += chance * returns(world, bet) / wealth;
                }
            }
        }
        // The growth still to be had is at most the logarithm of the strongest pull.
        gap = libm::log(pull.iter().copied().fold(1.0, f64::max));
        if gap < ACCURACY {
            break;
        }
        for (share, pull) in shares.iter_mut().zip(&pull) {
            *share *= pull;
        }
        let sum: f64 = shares.iter().sum();
        for share in &mut shares {
            *share /= sum;
        }
    }
    let fractions: Vec<f64> =
        shares.iter().take(bets).map(|&share| if share < SMALLEST { 0.0 } else { share }).collect();
    let growth = growth(scenarios, &fractions)?;
    Some(Stakes { fractions, growth, gap })
}

/// Growth of the logarithm of the bankroll for given stakes over scenarios. `None` where a possible world leaves nothing, or
/// when lengths do not fit.
pub fn growth(scenarios: &Scenarios<'_>, fractions: &[f64]) -> Option<f64> {
    let Scenarios { chances, costs, payoffs } = *scenarios;
    let bets = costs.len();
    if fractions.len() != bets || bets.checked_mul(chances.len()) != Some(payoffs.len()) {
        return None;
    }
    let cash = 1.0 - fractions.iter().sum::<f64>();
    let mut sum = 0.0;
    for (world, &chance) in chances.iter().enumerate() {
        let returns = payoffs[world * bets..(world + 1) * bets].iter().zip(costs).map(|(payoff, cost)| payoff / cost);
        let wealth = cash + fractions.iter().zip(returns).map(|(fraction, each)| fraction * each).sum::<f64>();
        if chance > 0.0 {
            sum += chance * libm::log(wealth.max(0.0));
        }
    }
    sum.is_finite().then_some(sum)
}

/// Scales down bets that move together: those linked by a correlation above `threshold` share the largest single stake
/// among them. Single stakes are each bet's own Kelly fraction.
///
/// `correlations` are square, row by row. `None`, leaving the stakes as they were, when they are not, or for a stake that is
/// negative or no number.
///
/// ```
/// use brier_models::sizing::correlated::cap_clusters;
/// let mut stakes = [0.06, 0.04, 0.05];
/// cap_clusters(&mut stakes, &[1.0, 0.8, 0.0, 0.8, 1.0, 0.1, 0.0, 0.1, 1.0], 0.5).unwrap();
/// assert!((stakes[0] + stakes[1] - 0.06).abs() < 1e-12 && (stakes[2] - 0.05).abs() < 1e-12);
/// ```
pub fn cap_clusters(stakes: &mut [f64], correlations: &[f64], threshold: f64) -> Option<()> {
    let count = stakes.len();
    let sane = stakes.iter().all(|&stake| stake >= 0.0 && stake.is_finite());
    if count.checked_mul(count) != Some(correlations.len()) || !sane || threshold.is_nan() {
        return None;
    }
    let linked =
        |a: usize, b: usize| correlations[a * count + b] > threshold || correlations[b * count + a] > threshold;
    let mut cluster_of: Vec<Option<usize>> = vec![None; count];
    let mut reach = Vec::new();
    for seed in 0..count {
        if cluster_of[seed].is_some() {
            continue;
        }
        cluster_of[seed] = Some(seed);
        reach.push(seed);
        while let Some(from) = reach.pop() {
            for (to, cluster) in cluster_of.iter_mut().enumerate() {
                if cluster.is_none() && linked(from, to) {
                    *cluster = Some(seed);
                    reach.push(to);
                }
            }
        }
        let members = || cluster_of.iter().enumerate().filter(|(_, cluster)| **cluster == Some(seed));
        let total: f64 = members().map(|(bet, _)| stakes[bet]).sum();
        let largest = members().map(|(bet, _)| stakes[bet]).fold(0.0, f64::max);
        if total > largest {
            for (bet, _) in members() {
                stakes[bet] *= largest / total;
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sizing::exclusive::{Offer, fractions};
    use crate::sizing::kelly::Kelly;
    use brier_types::Prob;

    #[test]
    fn exclusive_outcomes_agree_with_the_closed_form() {
        let worlds = Scenarios {
            chances: &[0.40, 0.35, 0.25],
            costs: &[0.30, 0.33, 0.45],
            payoffs: &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        };
        let stakes = best_stakes(&worlds).unwrap();
        // The closed form keeps cash where the ascent may buy all outcomes instead; growth is what must agree.
        let offers = [(0.40, 0.30), (0.35, 0.33), (0.25, 0.45)];
        let offers = offers.map(|(chance, cost)| Offer { chance: Prob::new(chance).unwrap(), cost });
        let mut exact = [0.0; 3];
        fractions(&offers, &mut exact).unwrap();
        let best = growth(&worlds, &exact).unwrap();
        assert!((stakes.growth - best).abs() < 1e-6, "{stakes:?} {best}");
        for (found, exact) in stakes.fractions.iter().zip(exact) {
            assert!((found - exact).abs() < 1e-2, "{stakes:?}");
        }
    }

    #[test]
    fn the_same_bet_twice_is_one_bet() {
        let single = Kelly::of(Prob::new(0.6).unwrap(), 0.5, |_| 0.0).unwrap();
        let twice = Scenarios { chances: &[0.6, 0.4], costs: &[0.5, 0.5], payoffs: &[1.0, 1.0, 0.0, 0.0] };
        let stakes = best_stakes(&twice).unwrap();
        assert!((stakes.fractions.iter().sum::<f64>() - single.fraction).abs() < 1e-3, "{stakes:?}");
        assert!((stakes.growth - single.growth).abs() < 1e-6);
        // Independent ones stake more in all, and less than the sum each.
        let apart = Scenarios {
            chances: &[0.36, 0.24, 0.24, 0.16],
            costs: &[0.5, 0.5],
            payoffs: &[1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0],
        };
        let total: f64 = best_stakes(&apart).unwrap().fractions.iter().sum();
        assert!(total > 1.5 * single.fraction && total < 2.0 * single.fraction, "{total}");
    }

    #[test]
    fn without_edge_there_is_no_bet() {
        let worlds = Scenarios { chances: &[0.5, 0.5], costs: &[0.6], payoffs: &[1.0, 0.0] };
        let stakes = best_stakes(&worlds).unwrap();
        assert!(stakes.fractions[0] <= 0.0 && stakes.growth.abs() < 1e-12, "{stakes:?}");
    }

    #[test]
    fn half_a_matrix_links_too() {
        for half in [[1.0, 0.9, 0.0, 1.0], [1.0, 0.0, 0.9, 1.0]] {
            let mut stakes = [0.1, 0.1];
            cap_clusters(&mut stakes, &half, 0.5).unwrap();
            assert!((stakes[0] - 0.05).abs() < 1e-12 && (stakes[1] - 0.05).abs() < 1e-12);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let worlds = Scenarios { chances: &[0.5, 0.5], costs: &[0.6], payoffs: &[1.0, 0.0] };
        assert!(best_stakes(&Scenarios { chances: &[0.5, 0.6], ..worlds }).is_none());
        assert!(best_stakes(&Scenarios { costs: &[0.0], ..worlds }).is_none());
        assert!(best_stakes(&Scenarios { payoffs: &[1.0], ..worlds }).is_none());
        assert!(best_stakes(&Scenarios { payoffs: &[1.0, f64::NAN], ..worlds }).is_none());
        assert!(best_stakes(&Scenarios { chances: &[], costs: &[], payoffs: &[] }).is_none());
        assert!(growth(&worlds, &[1.0]).is_none(), "ruin in one world");
        assert!(cap_clusters(&mut [0.1, 0.1], &[1.0], 0.5).is_none());
        assert!(cap_clusters(&mut [f64::NAN], &[1.0], 0.5).is_none());
    }
}
