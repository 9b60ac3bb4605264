//! Whatever comes in, a model answers with a sensible number or with none: never a panic, never NaN.

use std::time::Duration;

use brier_models::average::{Now, Sampling, UpOrDown, Window};
use brier_models::calibration::{skill, wilson};
use brier_models::coherent::{Order, Sum, normalize, order, project};
use brier_models::convergence::Holding;
use brier_models::digital::{Digital, Ladder, Smile, Terminal};
use brier_models::distribution::Shape;
use brier_models::lockup::{Divergence, Lockup, decided_value, leg_risk, mismatch_value};
use brier_models::momentum::{Move, robust_deviation};
use brier_models::nowcast::{Nowcast, error_deviation};
use brier_models::odds::{Margin, after_commission, from_american, from_malay, quarter_line};
use brier_models::pool::{Experts, consensus, logit_pool};
use brier_models::quoting::{
    AvellanedaStoikov, adverse_selection_floor, half_width, martingale_drift, price_deviation,
};
use brier_models::rates::{MeetingMonth, Moves, implied_rate};
use brier_models::reversion::{Fit, OrnsteinUhlenbeck, round_trip};
use brier_models::rounded::Bucket;
use brier_models::sizing::correlated::{Scenarios, best_stakes, cap_clusters};
use brier_models::sizing::depth::{Level, best_purchase};
use brier_models::sizing::drawdown::{DrawdownLimit, kelly_share, limited_fraction};
use brier_models::sizing::exclusive::{Offer, fractions};
use brier_models::sizing::kelly::{Kelly, shrinkage};
use brier_models::touch::OneTouch;
use brier_models::update::{Evidence, Shock, bayes, shocked};
use brier_models::volatility::{Ewma, RealizedVolatility, annualized, blend, per_sqrt_second};
use brier_models::weather::combine::Blend;
use brier_models::weather::fit::{Bias, SpreadLaw, crps, deviation, ensemble};
use brier_models::weather::{DayExtreme, Extreme, Observed, Slack, prior};
use brier_types::{Prob, Timestamp};
use proptest::prelude::*;

use crate::p;

/// Any float at all, and often one that might be meant.
fn float() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => proptest::num::f64::ANY,
        2 => -2.0_f64..2.0,
        1 => prop_oneof![Just(0.0), Just(1.0), Just(-0.0), Just(f64::NAN), Just(f64::INFINITY), Just(f64::MAX), Just(5e-324)],
        2 => 0.0_f64..1e5,
    ]
}

fn chance() -> impl Strategy<Value = Prob> {
    prop_oneof![Just(0.0), Just(1.0), 0.0_f64..=1.0].prop_map(p)
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![Just(Shape::Normal), (2.01_f64..1000.0).prop_map(|nu| Shape::student(nu).unwrap())]
}

/// A number that may be absent but must be finite.
fn fine(found: Option<f64>) -> bool {
    found.is_none_or(f64::is_finite)
}

/// A number that may be absent or infinite where that is documented, but is one.
fn number(found: Option<f64>) -> bool {
    found.is_none_or(|value| !value.is_nan())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn prices(a in float(), b in float(), c in float(), d in float(), e in float(), shape in shape()) {
        // A `Prob` is checked at its door; what is asked here is that nothing panics on the way.
        let digital = Digital { spot: a, strike: b, volatility: c, seconds_left: d };
        digital.probability();
        if let Some(law) = Terminal::new(a, c, d, shape) {
            law.at_or_above(b).and(law.below(b)).and(law.between(b, e));
            if let Some(ladder) = Ladder::new(&[b, e]) {
                let mut out = [0.0; 3];
                ladder.ranges(&law, &mut out);
                prop_assert!((out.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{out:?}");
            }
        }
        let smile = Smile { forward: a, strike: b, annual_volatility: c, slope: e, years: d };
        smile.probability().and(smile.between(&Smile { strike: e, ..smile }));
        let touch = OneTouch { spot: a, barrier: b, volatility: c, seconds_left: d };
        touch.probability().and(touch.watched_every(e));
        let now = Now { spot: a, volatility: c, seconds_left: d, observed_mean: Some(b) };
        for sampling in [Sampling::Continuous, Sampling::Prints(60), Sampling::Prints(0)] {
            let window = Window { seconds: e, sampling };
            for law in [window.law(&now), UpOrDown { window, seconds_between: b }.law(&now)].into_iter().flatten() {
                prop_assert!(law.mean.is_finite() && law.deviation.is_finite() && law.deviation >= 0.0);
                law.at_or_above(a).and(law.between(a, b));
            }
        }
        prop_assert!(fine(per_sqrt_second(a, b)) && fine(annualized(a, b)) && fine(blend(a, b, c)));
        if let Some(mut ewma) = Ewma::new(a, b) {
            ewma.observe(c);
            prop_assert!(ewma.volatility().is_finite());
        }
        let mut realized = RealizedVolatility::new(Duration::from_mins(1), a, Duration::from_mins(1));
        for (second, price) in [(1, b), (2, c), (3, d)] {
            realized.observe(Timestamp::from_secs(second).unwrap(), price);
        }
        prop_assert!(realized.per_sqrt_second().is_finite());
    }

    #[test]
    fn weather_and_releases(a in float(), b in float(), c in float(), d in float(), seen in any::<i32>(), bounds in any::<(i32, i32)>(), shape in shape()) {
        let buckets = [Bucket::AtMost(bounds.0), Bucket::Between(bounds.0, bounds.1), Bucket::AtLeast(bounds.1)];
        for kind in [Extreme::High, Extreme::Low] {
            if let Some(day) = DayExtreme::new(kind, a, b, shape) {
                let observed = Observed { extreme: seen, slack: Slack::new([a, b, c]).unwrap_or(Slack::NONE) };
                for bucket in buckets {
                    prop_assert!(day.probability(bucket).is_some(), "{day:?} {bucket:?}");
                    prop_assert!(day.observed(observed).probability(bucket).is_some(), "{day:?} {bucket:?}");
                }
            }
        }
        if let Some(release) = Nowcast::new(a, b, c, shape) {
            for bucket in buckets {
                release.probability(bucket);
            }
        }
        for bucket in [Bucket::above(a, b), Bucket::at_least(a, b), Bucket::below(a, b), Bucket::at_most(a, b), Bucket::between(a, b, c)] {
            if let Some(Bucket::Between(first, last)) = bucket {
                prop_assert!(first <= last);
            }
        }
        prop_assert!(fine(prior::deviation(a, prior::Climate::Ordinary)));
        prop_assert!(number(crps(a, b, &shape, c)));
        prop_assert!(fine(error_deviation(&[a, b, c, d, a, b], 0.1)));
        if let Some(mut bias) = Bias::new(a, b) {
            bias.observe(c);
            bias.observe(d);
            prop_assert!(!bias.get().is_nan());
        }
        let law = SpreadLaw { constant: a, slope: b };
        prop_assert!(fine(law.deviation(c)));
        prop_assert!(ensemble(&[a, b, c]).is_none_or(|(mean, spread)| !mean.is_nan() && !spread.is_nan()));
        for blend in [Blend::fit(&[&[a, b], &[c, d]], 0.3), Blend::from_covariance(&[a, b, b, c], 2)].into_iter().flatten() {
            prop_assert!(blend.weights().iter().all(|weight| weight.is_finite()), "{blend:?}");
            prop_assert!(fine(blend.mean(&[a, b])));
        }
        let month = MeetingMonth { days: 30, days_before: 10, start_rate: a, average_rate: b };
        prop_assert!(fine(month.end_rate()) && fine(implied_rate(a)));
        for moves in [Moves::expected(a, b), Moves::from_chances(seen, &[a, b])].into_iter().flatten() {
            prop_assert!((moves.at_least(i32::MIN).get() - 1.0).abs() < 1e-9);
            prop_assert!(moves.then(&moves).mean().is_finite());
        }
    }

    #[test]
    fn opinions_and_quotes(chances in [chance(), chance()], a in float(), b in float(), c in float(), d in float()) {
        let [first, second] = chances;
        logit_pool(&[(first, a), (second, b)], c).and(consensus(&[(first, a), (second, b)], c));
        if let Some(mut experts) = Experts::new(2, a, b) {
            prop_assert!(experts.observe(&chances, true));
            prop_assert!((experts.weights().iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
        bayes(first, &[Evidence { likelihood_ratio: a, reliability: b }], c);
        shocked(first, &[Shock { size: a, age: Duration::from_secs(3), half_life: Duration::from_secs(9) }], c);
        prop_assert!(Move::between(first, second, a, b).is_none_or(|found| !found.z.is_nan()));
        prop_assert!(number(robust_deviation(&mut [a, b, c, d, a])));
        let process = OrnsteinUhlenbeck { mean: a, theta: b, sigma: c };
        prop_assert!(process.after(a, d).is_none_or(|later| later.mean.is_finite() && later.deviation.is_finite()));
        prop_assert!(number(process.half_life()) && fine(round_trip(a, b, |_| c)));
        let holding = Holding { fair: first, exit_value: a, days: b, hurdle: c };
        prop_assert!(holding.verdict().is_none_or(|verdict| !verdict.hold_value.is_nan() && number(verdict.annual_return)));
        let maker = AvellanedaStoikov { gamma: a, sigma: b, horizon: c, decay: d };
        prop_assert!(fine(maker.half_spread()) && fine(maker.skew(a)));
        for quotes in [maker.quotes(first, d, a), maker.logit_quotes(first, d, a)].into_iter().flatten() {
            prop_assert!(quotes.bid.is_finite() && quotes.ask.is_finite() && quotes.bid <= quotes.ask, "{quotes:?}");
        }
        adverse_selection_floor(first, a);
        prop_assert!(fine(half_width(a, b, c, d)) && fine(price_deviation(first, a)) && fine(martingale_drift(first, a)));
    }

    #[test]
    fn odds_and_sets(a in float(), b in float(), c in float()) {
        let mut out = [0.0; 3];
        for margin in [Margin::Multiplicative, Margin::Additive, Margin::Power, Margin::Shin, Margin::OddsRatio] {
            if margin.remove(&[a, b, c], &mut out).is_ok() {
                prop_assert!(out.iter().all(|chance| (0.0..=1.0 + 1e-9).contains(chance)), "{margin:?} {out:?}");
            }
        }
        prop_assert!(number(from_american(a)) && number(from_malay(a)) && fine(after_commission(a, b)));
        quarter_line(a);
        let mut values = [a, b, c];
        if order(&mut values, &[1.0, c.abs(), 1.0], Order::Falling).is_some() {
            prop_assert!(values.iter().all(|value| !value.is_nan()));
        }
        let mut values = [a, b, c];
        if project(&mut values, Sum::One).is_some() {
            prop_assert!(values.iter().all(|value| *value >= 0.0), "{values:?}");
        }
        let mut values = [a, b, c];
        if normalize(&mut values).is_some() {
            prop_assert!(values.iter().all(|value| (0.0..=1.0).contains(value)), "{values:?}");
        }
    }

    #[test]
    fn stakes(chances in [chance(), chance()], a in float(), b in float(), c in float(), d in float()) {
        let [first, second] = chances;
        if let Some(bet) = Kelly::of(first, a, |_| b) {
            prop_assert!((0.0..=1.0).contains(&bet.fraction) && !bet.growth.is_nan(), "{bet:?}");
            bet.contracts(c, d);
        }
        prop_assert!(fine(shrinkage(a, b)));
        let ladder = [Level { price: a, contracts: b }, Level { price: c, contracts: d }];
        if let Some(buy) = best_purchase(first, &ladder, |_| 0.001, 1000.0) {
            prop_assert!(buy.contracts >= 0.0 && buy.cost >= 0.0 && buy.cost <= 1000.0 + 1e-6, "{buy:?}");
        }
        let mut out = [0.0; 2];
        if let Some(reserve) = fractions(&[Offer { chance: first, cost: a }, Offer { chance: second, cost: b }], &mut out) {
            prop_assert!((0.0..=1.0).contains(&reserve) && out.iter().sum::<f64>() <= 1.0 + 1e-9, "{reserve} {out:?}");
        }
        if let Some(limit) = DrawdownLimit::new(a, b) {
            prop_assert!((0.0..=1.0).contains(&kelly_share(&limit)));
            prop_assert!(limited_fraction(first, c, &limit).is_none_or(|fraction| (0.0..=1.0).contains(&fraction)));
        }
        let mut capped = [a, b];
        if cap_clusters(&mut capped, &[1.0, c, c, 1.0], d).is_some() {
            prop_assert!(capped.iter().all(|stake| !stake.is_nan()));
        }
        if let Some(set) = Lockup::new(a, b) {
            prop_assert!(set.profit().is_finite() && set.roi().is_finite() && set.annual_return().is_finite());
            prop_assert!(fine(set.compound_return()) && fine(set.hurdle(c)));
        }
        prop_assert!(fine(leg_risk(first, a, b)) && fine(decided_value(a, first)));
        prop_assert!(fine(mismatch_value(a, first, Divergence::Adverse)));
        prop_assert!(fine(skill(a, b)) && wilson(3, 7, a).is_none_or(|(low, high)| low <= high));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn searches_and_fits(values in proptest::collection::vec(float(), 40), shape in shape(), payoffs in [float(), float(), float(), float()], costs in [float(), float()]) {
        prop_assert!(fine(deviation(&values, &shape)));
        let worlds = Scenarios { chances: &[0.5, 0.5], costs: &costs, payoffs: &payoffs };
        if let Some(stakes) = best_stakes(&worlds) {
            prop_assert!(stakes.growth.is_finite() && stakes.fractions.iter().all(|stake| (0.0..=1.0).contains(stake)), "{stakes:?}");
        }
        if let Some(fit) = Fit::of(&values, 1.0) {
            prop_assert!(fit.process.sigma.is_finite() && fit.dickey_fuller.is_finite());
        }
    }
}
