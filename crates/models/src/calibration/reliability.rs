//! The reliability curve, and the parts of a Brier score.
//!
//! Forecasts are put into bins by what they say. In each, the mean forecast is set against how often it happened. A score
//! is then reliability (saying 70 % when it is 60 %) minus resolution (telling markets apart) plus uncertainty (how hard the
//! markets were), plus what the bins hide, because forecasts within one bin differ.
//!
//! Source: Murphy 1973; Stephenson, Coelho & Jolliffe 2008 for the part within bins; reference section 9.8.

use super::{Scored, wilson};

/// A point of the curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// How many forecasts are in it.
    pub count: u64,
    /// How many of them happened.
    pub happened: u64,
    /// Their mean.
    pub forecast: f64,
    /// The share that happened.
    pub frequency: f64,
    /// Where the true chance lies, at 95 %.
    pub interval: (f64, f64),
}

/// The curve of a set of forecasts, and its score in parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    bins: Vec<Bin>,
    count: f64,
    base_rate: f64,
    within: f64,
}

impl Curve {
    /// The curve with this many bins of equal width; bins without forecasts are left out. `None` without forecasts or bins.
    ///
    /// ```
    /// use brier_models::calibration::{Scored, brier, reliability::Curve};
    /// use brier_types::Prob;
    /// let said = |p, happened| Scored { forecast: Prob::new(p).unwrap(), happened };
    /// let forecasts = [said(0.2, false), said(0.2, true), said(0.7, true)];
    /// let curve = Curve::of(&forecasts, 10).unwrap();
    /// let parts = curve.reliability() - curve.resolution() + curve.uncertainty() + curve.within_bins();
    /// assert!((parts - brier(&forecasts).unwrap()).abs() < 1e-12);
    /// ```
    pub fn of(forecasts: &[Scored], bins: u16) -> Option<Self> {
        if forecasts.is_empty() || bins == 0 {
            return None;
        }
        let place = |scored: &Scored| ((scored.forecast.get() * f64::from(bins)) as u16).min(bins - 1);
        let mut tallies = vec![Tally::default(); usize::from(bins)];
        for scored in forecasts {
            tallies[usize::from(place(scored))].add(scored);
        }
        let mut within = 0.0;
        for scored in forecasts {
            let tally = &tallies[usize::from(place(scored))];
            let away = scored.forecast.get() - tally.forecast();
            within += away * away - 2.0 * away * (scored.outcome() - tally.frequency());
        }
        let count = forecasts.len() as f64;
        let base_rate = forecasts.iter().map(Scored::outcome).sum::<f64>() / count;
        let bins = tallies.iter().filter_map(Tally::bin).collect();
        Some(Self { bins, count, base_rate, within: within / count })
    }

    /// The points, the lowest forecasts first.
    pub fn bins(&self) -> &[Bin] {
        &self.bins
    }

    /// How far forecasts are from frequencies: 0 is calibrated.
    pub fn reliability(&self) -> f64 {
        self.weighted(|bin| (bin.forecast - bin.frequency) * (bin.forecast - bin.frequency))
    }

    /// How far frequencies are from the base rate: more is better.
    pub fn resolution(&self) -> f64 {
        self.weighted(|bin| (bin.frequency - self.base_rate) * (bin.frequency - self.base_rate))
    }

    /// What saying the base rate to everything would score.
    pub fn uncertainty(&self) -> f64 {
        self.base_rate * (1.0 - self.base_rate)
    }

    /// What the bins hide: with it, reliability − resolution + uncertainty is the score. Zero when all forecasts in a bin
    /// are equal.
    pub const fn within_bins(&self) -> f64 {
        self.within
    }

    /// The expected calibration error: the mean distance of forecast and frequency.
    pub fn calibration_error(&self) -> f64 {
        self.weighted(|bin| (bin.forecast - bin.frequency).abs())
    }

    fn weighted(&self, of: impl Fn(&Bin) -> f64) -> f64 {
        self.bins.iter().map(|bin| bin.count as f64 * of(bin)).sum::<f64>() / self.count
    }
}

/// Sums of one bin.
#[derive(Clone, Copy, Default)]
struct Tally {
    count: u64,
    happened: u64,
    sum: f64,
}

impl Tally {
    fn add(&mut self, scored: &Scored) {
        self.count += 1;
        self.happened += u64::from(scored.happened);
        self.sum += scored.forecast.get();
    }

    fn forecast(&self) -> f64 {
        self.sum / self.count as f64
    }

    fn frequency(&self) -> f64 {
        self.happened as f64 / self.count as f64
    }

    fn bin(&self) -> Option<Bin> {
        let interval = wilson(self.happened, self.count, 1.959_964)?;
        let Self { count, happened, .. } = *self;
        Some(Bin { count, happened, forecast: self.forecast(), frequency: self.frequency(), interval })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::brier;
    use brier_types::Prob;
    use proptest::prelude::*;

    #[test]
    fn nothing_has_no_curve() {
        assert!(Curve::of(&[], 10).is_none());
        let one = Scored { forecast: Prob::new(1.0).unwrap(), happened: true };
        assert!(Curve::of(&[one], 0).is_none());
        assert_eq!(Curve::of(&[one], 10).unwrap().bins().len(), 1);
    }

    proptest! {
        #[test]
        fn the_parts_add_up_to_the_score(
            forecasts in proptest::collection::vec((0.0_f64..=1.0, any::<bool>()), 1..200),
            bins in 1_u16..30,
        ) {
            let scored = |(p, happened)| Scored { forecast: Prob::new(p).unwrap(), happened };
            let forecasts: Vec<Scored> = forecasts.into_iter().map(scored).collect();
            let curve = Curve::of(&forecasts, bins).unwrap();
            let parts = curve.reliability() - curve.resolution() + curve.uncertainty() + curve.within_bins();
            prop_assert!((parts - brier(&forecasts).unwrap()).abs() < 1e-12);
            prop_assert_eq!(curve.bins().iter().map(|bin| bin.count).sum::<u64>(), forecasts.len() as u64);
        }
    }
}
