//! Probabilities that fit together: ladders that fall, and exclusive outcomes that sum to one.
//!
//! Separate models, or a market's quotes, give chances that contradict each other: a higher strike more likely than a lower
//! one, six buckets adding up to 0.96. Whoever quotes such numbers is arbitraged. Both repairs here find the coherent
//! numbers nearest to those given, in squared distance, and both can only come closer to the truth, whatever it is.
//!
//! Source: Ayer et al. 1955 (pool adjacent violators); Duchi et al. 2008 (projection onto the simplex); reference 9.11.

/// Which way a ladder goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Each at least the one before: "by October", "by December".
    Rising,
    /// Each at most the one before: "at or above" rising strikes.
    Falling,
}

/// Brings `values` into order, moving each as little as its weight deserves: the nearest ordered numbers in weighted
/// squared distance.
///
/// Weights are how sure one is of each, such as inverse variances. `None`, leaving the values as they were, if lengths
/// differ, a value is no number or a weight is not positive.
///
/// ```
/// use brier_models::coherent::{Order, order};
/// let mut ladder = [0.80, 0.60, 0.66, 0.30];
/// order(&mut ladder, &[1.0; 4], Order::Falling).unwrap();
/// assert!((ladder[1] - 0.63).abs() < 1e-12 && (ladder[2] - 0.63).abs() < 1e-12);
/// ```
pub fn order(values: &mut [f64], weights: &[f64], order: Order) -> Option<()> {
    let sane = |&weight: &f64| weight.is_finite() && weight > 0.0;
    if values.len() != weights.len() || !values.iter().all(|value| value.is_finite()) || !weights.iter().all(sane) {
        return None;
    }
    let sign = match order {
        Order::Rising => 1.0,
        Order::Falling => -1.0,
    };
    // Blocks of one mean each: (mean, weight, length).
    let mut blocks: Vec<(f64, f64, usize)> = Vec::with_capacity(values.len());
    for (value, weight) in values.iter().zip(weights) {
        let mut block = (*value, *weight, 1);
        while let Some(&(mean, mass, length)) = blocks.last() {
            if sign * mean < sign * block.0 {
                break;
            }
            blocks.pop();
            let sum = mass + block.1;
            block = (mean + (block.0 - mean) * (block.1 / sum), sum, length + block.2);
        }
        blocks.push(block);
    }
    let mut slots = values.iter_mut();
    for (mean, _, length) in blocks {
        for slot in slots.by_ref().take(length) {
            *slot = mean;
        }
    }
    Some(())
}

/// What the chances of exclusive outcomes add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// One of them happens.
    One,
    /// At most one of them happens.
    AtMostOne,
}

/// Moves the chances of exclusive outcomes to the nearest that are not negative and sum as they must.
///
/// Every chance moves by the same amount, except those that would go below zero, which stay there. `None`, leaving them as
/// they were, when there are none or one is no number.
pub fn project(chances: &mut [f64], sum: Sum) -> Option<()> {
    if chances.is_empty() || !chances.iter().all(|value| value.is_finite()) {
        return None;
    }
    let positive: f64 = chances.iter().map(|value| value.max(0.0)).sum();
    if sum == Sum::AtMostOne && positive <= 1.0 {
        for chance in chances {
            *chance = chance.max(0.0);
        }
        return Some(());
    }
    let mut sorted = chances.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let (mut running, mut excess) = (0.0, 0.0);
    for (index, &value) in sorted.iter().enumerate() {
        running += value;
        let candidate = (running - 1.0) / (index + 1) as f64;
        if value <= candidate {
            break;
        }
        excess = candidate;
    }
    for chance in chances {
        *chance = (*chance - excess).max(0.0);
    }
    Some(())
}

/// Scales chances of exhaustive outcomes to a sum of one, which moves long shots least. `None`, leaving them as they were,
/// if one is negative or no number, or all are zero.
pub fn normalize(chances: &mut [f64]) -> Option<()> {
    let sum: f64 = chances.iter().sum();
    if chances.iter().any(|&value| value < 0.0) || !sum.is_finite() || sum <= 0.0 {
        return None;
    }
    for chance in chances {
        *chance /= sum;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn distance(a: &[f64], b: &[f64], weights: &[f64]) -> f64 {
        a.iter().zip(b).zip(weights).map(|((a, b), weight)| weight * (a - b) * (a - b)).sum()
    }

    #[test]
    fn nonsense_is_left_alone() {
        let mut values = [0.5, f64::NAN];
        assert_eq!(order(&mut values, &[1.0; 2], Order::Rising), None);
        assert_eq!(project(&mut values, Sum::One), None);
        assert_eq!(normalize(&mut values), None);
        assert_eq!(project(&mut [], Sum::One), None);
        assert_eq!(order(&mut [0.5], &[0.0], Order::Rising), None);
        assert_eq!(order(&mut [0.5], &[], Order::Rising), None);
        assert_eq!(normalize(&mut [0.0, 0.0]), None);
        assert_eq!(order(&mut [], &[], Order::Rising), Some(()));
    }

    #[test]
    fn a_set_that_may_sum_to_less_is_left_there() {
        let mut chances = [0.5, 0.2, -0.1];
        project(&mut chances, Sum::AtMostOne).unwrap();
        assert!((chances.iter().sum::<f64>() - 0.7).abs() < 1e-12);
        project(&mut chances, Sum::One).unwrap();
        for (chance, expected) in chances.iter().zip([0.6, 0.3, 0.1]) {
            assert!((chance - expected).abs() < 1e-12);
        }
    }

    proptest! {
        #[test]
        fn a_ladder_is_ordered_keeps_its_mean_and_is_nearest(
            pairs in proptest::collection::vec((0.0_f64..1.0, 0.1_f64..10.0, 0.0_f64..1.0), 1..30),
            falling in any::<bool>(),
        ) {
            let direction = if falling { Order::Falling } else { Order::Rising };
            let original: Vec<f64> = pairs.iter().map(|pair| pair.0).collect();
            let weights: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
            let mut values = original.clone();
            order(&mut values, &weights, direction).unwrap();
            let ordered = |values: &[f64]| values.windows(2).all(|pair| if falling { pair[0] >= pair[1] } else { pair[0] <= pair[1] });
            prop_assert!(ordered(&values));
            let mean = |values: &[f64]| values.iter().zip(&weights).map(|(value, weight)| value * weight).sum::<f64>();
            prop_assert!((mean(&values) - mean(&original)).abs() < 1e-9);
            // No other ladder is nearer.
            let mut other: Vec<f64> = pairs.iter().map(|pair| pair.2).collect();
            other.sort_by(|a, b| if falling { b.total_cmp(a) } else { a.total_cmp(b) });
            prop_assert!(distance(&values, &original, &weights) <= distance(&other, &original, &weights) + 1e-12);
            let again = values.clone();
            order(&mut values, &weights, direction).unwrap();
            prop_assert!(distance(&values, &again, &weights) < 1e-20);
        }

        #[test]
        fn a_projection_sums_to_one_and_is_nearest(
            pairs in proptest::collection::vec((-0.5_f64..1.5, 0.001_f64..1.0), 1..20),
        ) {
            let original: Vec<f64> = pairs.iter().map(|pair| pair.0).collect();
            let mut chances = original.clone();
            project(&mut chances, Sum::One).unwrap();
            prop_assert!((chances.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!(chances.iter().all(|&chance| chance >= 0.0));
            let mut other: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
            normalize(&mut other).unwrap();
            let ones = vec![1.0; original.len()];
            prop_assert!(distance(&chances, &original, &ones) <= distance(&other, &original, &ones) + 1e-9);
        }
    }
}
