//! One opinion from several: pooling in log odds, and experts whose weights are learnt from their record.
//!
//! Pooling in log odds lets a confident expert count for more near certainty than an average of chances would, and keeps
//! its answer when everyone updates on the same news. The market's own price is one expert and usually the best; leaving
//! it out means betting on having thought of everything that others have.
//!
//! Extremizing pushes the pool away from one half, which is right when experts hold different pieces of news and wrong when
//! they read the same paper. Do it only as far as past forecasts prove (1 is none).
//!
//! Source: Genest & Zidek 1986; Satopää et al. 2014; Vovk 1990 and Herbster & Warmuth 1998 for learnt weights; reference
//! section 9.3.

use brier_types::Prob;

use crate::doors::chance;
use crate::logit::{CLIP, clipped_logit, sigmoid};

/// The pool of opinions and their weights, which are brought to a sum of one. Opinions are clipped to
/// [`CLIP`]`..=1 − CLIP`.
///
/// `None` without opinions, for a negative weight or one that is no number, when all are zero, and for an `extremize` that
/// is not positive.
///
/// ```
/// use brier_models::pool::logit_pool;
/// use brier_types::Prob;
/// let opinion = |p| Prob::new(p).unwrap();
/// let pooled = logit_pool(&[(opinion(0.70), 0.6), (opinion(0.50), 0.4)], 1.0).unwrap();
/// assert!((pooled.get() - 0.624_426).abs() < 1e-6);
/// ```
pub fn logit_pool(opinions: &[(Prob, f64)], extremize: f64) -> Option<Prob> {
    let total = weight_sum(opinions)?;
    if !(extremize.is_finite() && extremize > 0.0) {
        return None;
    }
    let sum: f64 = opinions.iter().map(|&(p, weight)| weight * clipped_logit(p)).sum();
    chance(sigmoid(extremize * sum / total))
}

/// The pool of several sources, if they agree: their weighted standard deviation in log odds is at most `max_spread`.
///
/// `None` for fewer than two sources too: one bookmaker is no consensus. Old quotes are the caller's to leave out.
pub fn consensus(opinions: &[(Prob, f64)], max_spread: f64) -> Option<Prob> {
    let total = weight_sum(opinions)?;
    if opinions.iter().filter(|opinion| opinion.1 > 0.0).count() < 2 {
        return None;
    }
    let moment =
        |f: &dyn Fn(f64) -> f64| opinions.iter().map(|&(p, weight)| weight * f(clipped_logit(p))).sum::<f64>() / total;
    let mean = moment(&|x| x);
    let spread = libm::sqrt(moment(&|x| (x - mean) * (x - mean)));
    if spread <= max_spread { chance(sigmoid(mean)) } else { None }
}

fn weight_sum(opinions: &[(Prob, f64)]) -> Option<f64> {
    let sum: f64 = opinions.iter().map(|opinion| opinion.1).sum();
    let sane = opinions.iter().all(|opinion| opinion.1 >= 0.0) && sum.is_finite() && sum > 0.0;
    sane.then_some(sum)
}

/// Experts weighted by how well they have forecast so far, one market after another.
///
/// Each settled market multiplies an expert's weight by the chance it gave to what happened, to the power of the learning
/// rate. At rate 1, with nothing handed round, the linear mixture is Bayes' and never loses to the best expert by more than the logarithm of their
/// number, summed over all markets. A small share of all weight is handed round each time, so that an expert who was bad
/// for a year can come back within weeks.
///
/// ```
/// use brier_models::pool::Experts;
/// use brier_types::Prob;
/// let [good, bad] = [0.8, 0.4].map(|p| Prob::new(p).unwrap());
/// let mut experts = Experts::new(2, 1.0, 0.0).unwrap();
/// experts.observe(&[good, bad], true);
/// assert!((experts.weights()[0] - 2.0 / 3.0).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Experts {
    weights: Vec<f64>,
    rate: f64,
    share: f64,
}

impl Experts {
    /// `count` experts of equal weight, a learning rate (1 is Bayes, less is slower) and the share of weight handed round
    /// at each market (0.01 forgets over a hundred). `None` without experts, for a rate that is not positive and for a
    /// share outside `0..1`.
    pub fn new(count: usize, rate: f64, share: f64) -> Option<Self> {
        let sane = count > 0 && rate > 0.0 && rate.is_finite() && (0.0..1.0).contains(&share);
        sane.then(|| Self { weights: vec![1.0 / count as f64; count], rate, share })
    }

    /// The weights, in the experts' order; they sum to one.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Learns from a settled market: what each expert said before, and whether it happened. Opinions are clipped, so that
    /// no expert is lost for ever by one mistake. `false`, and nothing learnt, if their number differs.
    #[must_use = "opinions of another number are not learnt from"]
    pub fn observe(&mut self, opinions: &[Prob], happened: bool) -> bool {
        if opinions.len() != self.weights.len() {
            return false;
        }
        for (weight, opinion) in self.weights.iter_mut().zip(opinions) {
            let said = if happened { opinion.get() } else { 1.0 - opinion.get() };
            *weight *= libm::pow(said.clamp(CLIP, 1.0 - CLIP), self.rate);
        }
        let sum: f64 = self.weights.iter().sum();
        let count = self.weights.len() as f64;
        for weight in &mut self.weights {
            // With a tiny rate or a huge one, all may underflow at once; they start anew then.
            let learnt = if sum > 0.0 { *weight / sum } else { 1.0 / count };
            *weight = (1.0 - self.share) * learnt + self.share / count;
        }
        true
    }

    /// The linear mixture of opinions, to which the promise above applies. `None` if their number differs.
    pub fn mixture(&self, opinions: &[Prob]) -> Option<Prob> {
        if opinions.len() != self.weights.len() {
            return None;
        }
        chance(self.weights.iter().zip(opinions).map(|(weight, opinion)| weight * opinion.get()).sum())
    }

    /// The pool of opinions in log odds with the learnt weights. `None` if their number differs.
    pub fn pool(&self, opinions: &[Prob]) -> Option<Prob> {
        if opinions.len() != self.weights.len() {
            return None;
        }
        let terms = self.weights.iter().zip(opinions).map(|(weight, &opinion)| weight * clipped_logit(opinion));
        chance(sigmoid(terms.sum()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix;
    use proptest::prelude::*;

    fn p(value: f64) -> Prob {
        Prob::new(value).unwrap()
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(logit_pool(&[], 1.0), None);
        assert_eq!(logit_pool(&[(p(0.5), 0.0)], 1.0), None);
        assert_eq!(logit_pool(&[(p(0.5), f64::NAN)], 1.0), None);
        assert_eq!(logit_pool(&[(p(0.5), 1.0)], 0.0), None);
        assert_eq!(consensus(&[(p(0.5), 1.0)], 1.0), None);
        assert_eq!(consensus(&[(p(0.5), 1.0), (p(0.9), 1.0)], 0.1), None);
        assert_eq!(consensus(&[(p(0.5), 1.0), (p(0.5), 1.0)], f64::NAN), None);
        assert!(consensus(&[(p(0.5), 1.0), (p(0.51), 1.0)], 0.1).is_some());
        assert!(Experts::new(0, 1.0, 0.0).is_none());
        assert!(!Experts::new(2, 1.0, 0.0).unwrap().observe(&[p(0.5)], true));
        assert_eq!(Experts::new(2, 1.0, 0.0).unwrap().pool(&[p(0.5)]), None);
    }

    #[test]
    fn extremizing_raises_odds_to_a_power() {
        // Odds of 7 to 3, squared.
        assert!((logit_pool(&[(p(0.7), 1.0)], 2.0).unwrap().get() - 49.0 / 58.0).abs() < 1e-12);
    }

    #[test]
    fn the_mixture_is_nearly_as_good_as_the_best_expert() {
        let mut experts = Experts::new(3, 1.0, 0.0).unwrap();
        let mut random = SplitMix::new(9);
        let (mut own, mut theirs) = (0.0, [0.0; 3]);
        for _ in 0..500 {
            let truth = 0.1 + 0.8 * random.unit();
            let happened = random.unit() < truth;
            let opinions = [p(0.5), p(truth), p((truth + 0.3).min(0.95))];
            let loss = |opinion: Prob| -libm::log(if happened { opinion.get() } else { 1.0 - opinion.get() });
            own += loss(experts.mixture(&opinions).unwrap());
            for (sum, opinion) in theirs.iter_mut().zip(opinions) {
                *sum += loss(opinion);
            }
            assert!(experts.observe(&opinions, happened));
        }
        let best = theirs.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(own <= best + libm::log(3.0) + 1e-9, "{own} {best}");
        assert!(experts.weights()[1] > 0.9);
    }

    proptest! {
        #[test]
        fn a_pool_lies_between_its_opinions(opinions in proptest::collection::vec((0.01_f64..0.99, 0.01_f64..1.0), 1..8)) {
            let opinions: Vec<(Prob, f64)> = opinions.into_iter().map(|(value, weight)| (p(value), weight)).collect();
            let pooled = logit_pool(&opinions, 1.0).unwrap().get();
            let low = opinions.iter().map(|opinion| opinion.0.get()).fold(1.0, f64::min);
            let high = opinions.iter().map(|opinion| opinion.0.get()).fold(0.0, f64::max);
            prop_assert!(low - 1e-12 <= pooled && pooled <= high + 1e-12);
        }

        #[test]
        fn weights_stay_weights(markets in proptest::collection::vec(([0.0_f64..=1.0, 0.0_f64..=1.0], any::<bool>()), 0..50), rate in 0.01_f64..500.0) {
            let mut experts = Experts::new(2, rate, 0.02).unwrap();
            for (opinions, happened) in markets {
                prop_assert!(experts.observe(&opinions.map(p), happened));
                prop_assert!((experts.weights().iter().sum::<f64>() - 1.0).abs() < 1e-9);
                prop_assert!(experts.weights().iter().all(|&weight| weight >= 0.01 - 1e-12));
            }
        }
    }
}
