//! How sure an answer is whose numbers are not: their stated deviations, carried through the model.
//!
//! Each number is taken as normal around its value. Its law is cut into as many slices of equal chance as there are draws, and
//! every slice is used once, in an order that follows from a seed (a Latin hypercube): with one uncertain number the quantiles
//! are exact, with several they are far steadier than plain draws, and the same seed gives the same interval anywhere.
//!
//! What can go wrong: numbers are taken as independent. Errors that come together (spot and the mean so far) make the truth
//! wider or narrower than this.

use brier_connect::backoff::Jitter;
use brier_models::distribution::normal_cdf;
use brier_models::logit::{clipped_logit, sigmoid};
use brier_types::Prob;

use crate::opinion::Interval;

/// Draws of an interval. Its 5 % ends rest on the outermost 26.
const DRAWS: usize = 512;

/// One number that is not sure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Uncertain {
    pub value: f64,
    pub deviation: f64,
    pub least: f64,
    pub most: f64,
}

/// The interval of `f` that holds a share `level` of the draws. `doubt` is the deviation, in log odds, of what the model
/// itself gets wrong. `None` when `f` has no answer for more than a tenth of the draws.
pub(crate) fn interval(
    f: &dyn Fn(&[f64]) -> Option<Prob>,
    numbers: &[Uncertain],
    doubt: f64,
    level: Prob,
    seed: u64,
) -> Option<Interval> {
    let slices = slices();
    let mut jitter = Jitter::new(seed);
    let columns: Vec<Vec<f64>> = numbers
        .iter()
        .map(|number| {
            if number.deviation <= 0.0 {
                return vec![number.value; DRAWS];
            }
            let order = shuffled(&mut jitter);
            let draw = |index: usize| number.value + number.deviation * slices[index];
            order.into_iter().map(|index| draw(index).clamp(number.least, number.most)).collect()
        })
        .collect();
    let doubts = shuffled(&mut jitter);
    let mut answers = Vec::with_capacity(DRAWS);
    let mut point = vec![0.0; numbers.len()];
    for draw in 0..DRAWS {
        for (slot, column) in point.iter_mut().zip(&columns) {
            *slot = column[draw];
        }
        if let Some(prob) = f(&point) {
            let shifted =
                if doubt > 0.0 { sigmoid(clipped_logit(prob) + doubt * slices[doubts[draw]]) } else { prob.get() };
            answers.push(shifted);
        }
    }
    if answers.len() * 10 < DRAWS * 9 {
        return None;
    }
    answers.sort_by(f64::total_cmp);
    let tail = (1.0 - level.get()) / 2.0;
    let at = |share: f64| Prob::new(quantile(&answers, share).clamp(0.0, 1.0)).ok();
    Some(Interval::new(at(tail)?, at(1.0 - tail)?, level))
}

/// The middle of each slice of equal chance of the standard normal, the lowest first.
fn slices() -> Vec<f64> {
    let half: Vec<f64> = (0..DRAWS / 2).map(|index| normal_quantile((index as f64 + 0.5) / DRAWS as f64)).collect();
    half.iter().copied().chain(half.iter().rev().map(|z| -z)).collect()
}

/// Where the standard normal has this much below it, by halving; for chances from 1e-9 to one half.
fn normal_quantile(chance: f64) -> f64 {
    let (mut low, mut high) = (-6.0, 0.0);
    for _ in 0..48 {
        let middle = f64::midpoint(low, high);
        if normal_cdf(middle) < chance { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The numbers below [`DRAWS`] in an order that follows from the generator.
fn shuffled(jitter: &mut Jitter) -> Vec<usize> {
    let mut order: Vec<usize> = (0..DRAWS).collect();
    for index in (1..DRAWS).rev() {
        let other = ((u128::from(jitter.next_u64()) * (index as u128 + 1)) >> 64) as usize;
        order.swap(index, other);
    }
    order
}

/// The value below which a share of the sorted answers lies, between neighbors in a straight line.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let position = (share * sorted.len() as f64 - 0.5).clamp(0.0, sorted.len() as f64 - 1.0);
    let below = libm::floor(position);
    let next = (below as usize + 1).min(sorted.len() - 1);
    sorted[below as usize] + (sorted[next] - sorted[below as usize]) * (position - below)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(value: f64) -> Prob {
        Prob::new(value).unwrap()
    }

    fn number(value: f64, deviation: f64) -> Uncertain {
        Uncertain { value, deviation, least: -1e9, most: 1e9 }
    }

    #[test]
    fn one_uncertain_number_has_exact_quantiles() {
        let model = |x: &[f64]| Prob::new(sigmoid(x[0])).ok();
        let interval = interval(&model, &[number(0.4, 0.5)], 0.0, p(0.9), 1).unwrap();
        assert!((interval.low().get() - sigmoid(0.4 - 1.644_854 * 0.5)).abs() < 1e-3, "{interval:?}");
        assert!((interval.high().get() - sigmoid(0.4 + 1.644_854 * 0.5)).abs() < 1e-3, "{interval:?}");
    }

    #[test]
    fn two_add_in_squares_and_doubt_is_a_third() {
        let model = |x: &[f64]| Prob::new(sigmoid(x[0] + x[1])).ok();
        let both = interval(&model, &[number(0.0, 0.3), number(0.0, 0.4)], 0.0, p(0.9), 7).unwrap();
        assert!((both.high().get() - sigmoid(1.644_854 * 0.5)).abs() < 0.015, "{both:?}");
        let doubted = interval(&model, &[number(0.0, 0.3), number(0.0, 0.0)], 0.4, p(0.9), 7).unwrap();
        assert!((doubted.high().get() - sigmoid(1.644_854 * 0.5)).abs() < 0.015, "{doubted:?}");
    }

    #[test]
    fn a_seed_repeats_itself_and_certainty_is_a_point() {
        let model = |x: &[f64]| Prob::new(sigmoid(x[0] * x[1])).ok();
        let numbers = [number(1.0, 0.3), number(0.5, 0.4)];
        let of = |seed| interval(&model, &numbers, 0.1, p(0.8), seed).unwrap();
        assert_eq!(of(3), of(3));
        let sure = interval(&model, &[number(1.0, 0.0), number(0.5, 0.0)], 0.0, p(0.8), 1).unwrap();
        assert!(sure.width() < 1e-15);
    }

    #[test]
    fn a_model_that_mostly_refuses_has_no_interval() {
        let model = |x: &[f64]| (x[0] > 0.0).then(|| p(0.5));
        assert!(interval(&model, &[number(0.0, 1.0)], 0.0, p(0.9), 1).is_none());
        assert!(interval(&model, &[number(3.0, 1.0)], 0.0, p(0.9), 1).is_some());
    }
}
