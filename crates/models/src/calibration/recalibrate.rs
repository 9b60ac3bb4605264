//! Mending forecasts whose errors have a pattern: too extreme, too timid, or leaning to one side.
//!
//! [`Platt`] bends log odds by a line, which two numbers describe and a hundred markets can fit. [`Isotonic`] follows any
//! rising curve and needs thousands. Both are fitted on settled markets and used on later ones: on the same ones they
//! always look good.
//!
//! Source: Platt 1999; Zadrozny & Elkan 2002; reference section 9.8.

use brier_types::Prob;

use super::Scored;
use crate::coherent::{Order, order};
use crate::doors::chance;
use crate::linear::solve;
use crate::logit::{clipped_logit, sigmoid};

/// Most steps of a fit; it takes about six.
const MAX_STEPS: u32 = 100;

/// Recalibration by a line in log odds: S(a + b·L(p)).
///
/// ```
/// use brier_models::calibration::recalibrate::Platt;
/// use brier_types::Prob;
/// let humble = Platt { shift: 0.0, slope: 0.8 };
/// assert!((humble.apply(Prob::new(0.9).unwrap()).unwrap().get() - 0.852_931).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Platt {
    /// What is added to log odds: against a lean to one side.
    pub shift: f64,
    /// What log odds are multiplied by: below 1 for forecasts that are too extreme.
    pub slope: f64,
}

impl Platt {
    /// The line that leaves forecasts alone.
    pub const IDENTITY: Self = Self { shift: 0.0, slope: 1.0 };

    /// The mended chance; forecasts are clipped first. `None` when a parameter is no number.
    pub fn apply(&self, forecast: Prob) -> Option<Prob> {
        chance(sigmoid(self.shift + self.slope * clipped_logit(forecast)))
    }

    /// The line that makes settled forecasts likeliest, held to the identity as firmly as `prior` pseudo-observations of
    /// each parameter (10 is modest, and needed: without it few markets give any line). `None` without forecasts or for a
    /// prior that is not positive and finite.
    pub fn fit(forecasts: &[Scored], prior: f64) -> Option<Self> {
        if forecasts.is_empty() || !(prior > 0.0 && prior.is_finite()) {
            return None;
        }
        // An observation at even odds informs by a quarter.
        let hold = prior / 4.0;
        let mut line = Self::IDENTITY;
        let mut loss = line.loss(forecasts, hold);
        for _ in 0..MAX_STEPS {
            let mut gradient = [hold * line.shift, hold * (line.slope - 1.0)];
            let mut curvature = [[hold, 0.0], [0.0, hold]];
            for scored in forecasts {
                let x = clipped_logit(scored.forecast);
                let p = sigmoid(line.shift + line.slope * x);
                let (miss, weight) = (p - scored.outcome(), p * (1.0 - p));
                gradient[0] += miss;
                gradient[1] += miss * x;
                curvature[0][0] += weight;
                curvature[0][1] += weight * x;
                curvature[1][0] += weight * x;
                curvature[1][1] += weight * x * x;
            }
            let [shift, slope] = solve(curvature, gradient)?;
            // Newton's step, halved until it helps.
            let mut scale = 1.0;
            let next = loop {
                let tried = Self { shift: line.shift - scale * shift, slope: line.slope - scale * slope };
                let there = tried.loss(forecasts, hold);
                if there <= loss {
                    break Some((tried, there));
                }
                scale /= 2.0;
                if scale < 1e-6 {
                    break None;
                }
            };
            let Some((better, there)) = next else { break };
            let gain = loss - there;
            (line, loss) = (better, there);
            if gain <= 1e-14 * loss.abs() {
                break;
            }
        }
        Some(line)
    }

    fn loss(&self, forecasts: &[Scored], hold: f64) -> f64 {
        let misses = forecasts.iter().map(|scored| {
            let x = self.shift + self.slope * clipped_logit(scored.forecast);
            let against = if scored.happened { -x } else { x };
            // ln(1 + e^against), without overflow.
            against.max(0.0) + libm::log1p(libm::exp(-against.abs()))
        });
        let away = self.shift * self.shift + (self.slope - 1.0) * (self.slope - 1.0);
        misses.sum::<f64>() + hold / 2.0 * away
    }
}

/// Recalibration by a rising curve: straight lines between the frequencies of pooled forecasts.
#[derive(Clone, Debug, PartialEq)]
pub struct Isotonic {
    /// Forecast and frequency of each block, both rising.
    knots: Vec<(f64, f64)>,
}

impl Isotonic {
    /// The rising curve nearest to what happened. `None` without forecasts.
    pub fn fit(forecasts: &[Scored]) -> Option<Self> {
        if forecasts.is_empty() {
            return None;
        }
        let mut sorted = forecasts.to_vec();
        sorted.sort_by(|a, b| a.forecast.get().total_cmp(&b.forecast.get()));
        // Equal forecasts are one point, whatever their order.
        let same = |a: &Scored, b: &Scored| a.forecast == b.forecast;
        let mut forecasts = Vec::new();
        let mut frequencies = Vec::new();
        let mut weights = Vec::new();
        for group in sorted.chunk_by(same) {
            let count = group.len() as f64;
            forecasts.push(group[0].forecast.get());
            frequencies.push(group.iter().map(Scored::outcome).sum::<f64>() / count);
            weights.push(count);
        }
        order(&mut frequencies, &weights, Order::Rising)?;
        // One knot a block, at the mean of its forecasts.
        let mut knots: Vec<(f64, f64)> = Vec::new();
        let mut mass = 0.0;
        for ((forecast, frequency), weight) in forecasts.iter().zip(&frequencies).zip(&weights) {
            match knots.last_mut() {
                Some((center, height)) if (*height - frequency).abs() <= 0.0 => {
                    mass += weight;
                    *center += (forecast - *center) * weight / mass;
                }
                Some(_) | None => {
                    knots.push((*forecast, *frequency));
                    mass = *weight;
                }
            }
        }
        Some(Self { knots })
    }

    /// The mended chance; beyond the first and last knot, theirs.
    pub fn apply(&self, forecast: Prob) -> Option<Prob> {
        let x = forecast.get();
        let after = self.knots.partition_point(|knot| knot.0 < x);
        let Some(&(right, high)) = self.knots.get(after) else { return chance(self.knots.last()?.1) };
        let Some(&(left, low)) = after.checked_sub(1).and_then(|before| self.knots.get(before)) else {
            return chance(high);
        };
        chance(low + (high - low) * (x - left) / (right - left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::log_score;
    use crate::logit::logit;
    use crate::random::SplitMix;
    use proptest::prelude::*;

    /// Forecasts twice as extreme as the truth, in log odds.
    fn overconfident(count: usize) -> Vec<Scored> {
        let mut random = SplitMix::new(21);
        let one = |_| {
            let truth = 0.1 + 0.8 * random.unit();
            let forecast = Prob::new(sigmoid(2.0 * logit(truth))).unwrap();
            Scored { forecast, happened: random.unit() < truth }
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn over_confidence_is_found_and_mended() {
        let line = Platt::fit(&overconfident(5000), 10.0).unwrap();
        assert!((line.slope - 0.5).abs() < 0.05 && line.shift.abs() < 0.1, "{line:?}");
        let curve = Isotonic::fit(&overconfident(5000)).unwrap();
        let mended = curve.apply(Prob::new(sigmoid(2.0 * logit(0.7))).unwrap()).unwrap().get();
        assert!((mended - 0.7).abs() < 0.06, "{mended}");
    }

    #[test]
    fn a_step_too_far_is_halved() {
        // Near certainty the curve is so flat that Newton's step flies past the answer.
        let forecast = Prob::new(0.995).unwrap();
        let wrong: Vec<Scored> = (0..1000).map(|index| Scored { forecast, happened: index % 10 == 0 }).collect();
        let mended = Platt::fit(&wrong, 1.0).unwrap().apply(forecast).unwrap().get();
        assert!((mended - 0.1).abs() < 0.01, "{mended}");
    }

    #[test]
    fn pooled_forecasts_stand_at_their_mean() {
        let said = |p, happened| Scored { forecast: Prob::new(p).unwrap(), happened };
        // The first three are one block: a third of them happened, at 0.3 on average.
        let curve = Isotonic::fit(&[said(0.1, true), said(0.2, false), said(0.6, false), said(0.9, true)]).unwrap();
        for (forecast, mended) in [(0.3, 1.0 / 3.0), (0.6, 2.0 / 3.0), (0.0, 1.0 / 3.0), (0.95, 1.0)] {
            let found = curve.apply(Prob::new(forecast).unwrap()).unwrap().get();
            assert!((found - mended).abs() < 1e-12, "{forecast} {found}");
        }
    }

    #[test]
    fn few_markets_hardly_move_it() {
        let certain = [Scored { forecast: Prob::new(0.6).unwrap(), happened: true }];
        let line = Platt::fit(&certain, 10.0).unwrap();
        assert!((line.slope - 1.0).abs() < 0.1 && line.shift.abs() < 0.2, "{line:?}");
        assert!(Platt::fit(&[], 10.0).is_none());
        assert!(Platt::fit(&certain, 0.0).is_none());
        assert!(Platt { shift: f64::NAN, slope: 1.0 }.apply(Prob::new(0.5).unwrap()).is_none());
        assert!(Isotonic::fit(&[]).is_none());
    }

    proptest! {
        #[test]
        fn a_fit_is_never_worse_on_its_own_markets_and_curves_rise(
            forecasts in proptest::collection::vec((0.01_f64..0.99, any::<bool>()), 1..60),
            points in [0.0_f64..=1.0, 0.0_f64..=1.0],
        ) {
            let scored = |(p, happened)| Scored { forecast: Prob::new(p).unwrap(), happened };
            let forecasts: Vec<Scored> = forecasts.into_iter().map(scored).collect();
            let line = Platt::fit(&forecasts, 1.0).unwrap();
            for (shift, slope) in [(0.01, 0.0), (-0.01, 0.0), (0.0, 0.01), (0.0, -0.01)] {
                let near = Platt { shift: line.shift + shift, slope: line.slope + slope };
                prop_assert!(line.loss(&forecasts, 0.25) <= near.loss(&forecasts, 0.25), "{line:?}");
            }
            let mend = |scored: &Scored| Scored { forecast: line.apply(scored.forecast).unwrap(), ..*scored };
            let mended: Vec<Scored> = forecasts.iter().map(mend).collect();
            prop_assert!(log_score(&mended) <= log_score(&forecasts).map(|score| score + 1e-9));
            let curve = Isotonic::fit(&forecasts).unwrap();
            let [a, b] = points.map(|p| curve.apply(Prob::new(p).unwrap()).unwrap().get());
            prop_assert!((points[0] - points[1]) * (a - b) >= -1e-12);
        }
    }
}
