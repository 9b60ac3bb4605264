//! How wrong a temperature forecast usually is, before a station's own history says so.
//!
//! Standard deviations of (report − best consensus) by lead time, in °F. They are engineering priors, round numbers argued
//! from published verification, and meant to be replaced by [`super::fit`] per station, lead and season as soon as there is
//! history. Rounding to whole degrees is not in them: the buckets account for it.
//!
//! Source: reference section 1.7 (NWS Norman verification by Brooks & Doswell; ForecastWatch's one-day error counts).

/// Degrees of freedom that fit both the usual error and the rate of busts of one-day forecasts (3 % off by 10 °F).
pub const TAIL_DEGREES_OF_FREEDOM: f64 = 5.0;

/// Hours before the usual hour of the extreme (16:00 local standard time for a high), and the deviation there, in °F.
/// The first three are the same day's 16:00, 13:00 and 08:00; from then on one step is the same morning a day earlier.
const KNOTS: [(f64, f64); 9] = [
    (0.0, 0.8),
    (3.0, 1.5),
    (8.0, 2.2),
    (32.0, 2.8),
    (56.0, 3.3),
    (80.0, 3.9),
    (104.0, 4.5),
    (128.0, 5.2),
    (176.0, 6.6),
];

/// What makes a station's forecasts easier or harder than the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Climate {
    /// As the table.
    #[default]
    Ordinary,
    /// Tropical or coastal summer, as Miami: 0.7 of it.
    Maritime,
    /// The cold season of the plains and the mountains, as Denver, Oklahoma City, Minneapolis, Dallas: 1.25 of it.
    ContinentalWinter,
    /// Lows of clear calm nights: 1.1 of it.
    ClearCalmNight,
}

impl Climate {
    /// What the table is multiplied by.
    pub const fn factor(self) -> f64 {
        match self {
            Self::Ordinary => 1.0,
            Self::Maritime => 0.7,
            Self::ContinentalWinter => 1.25,
            Self::ClearCalmNight => 1.1,
        }
    }
}

/// The standard deviation of the forecast's error in °F, `hours_ahead` of the usual hour of the extreme, between the
/// table's leads in a straight line.
///
/// After the usual hour it stays at the last value, which is one-sided in truth: give the observed extreme too. `None`
/// beyond the longest lead (176 hours) and for what is no number.
///
/// ```
/// use brier_models::weather::prior::{Climate, deviation};
/// assert_eq!(deviation(3.0, Climate::Ordinary), Some(1.5));
/// assert_eq!(deviation(32.0, Climate::Ordinary), Some(2.8));
/// assert_eq!(deviation(500.0, Climate::Ordinary), None);
/// ```
pub fn deviation(hours_ahead: f64, climate: Climate) -> Option<f64> {
    if !hours_ahead.is_finite() {
        return None;
    }
    let hours = hours_ahead.max(0.0);
    let upper = KNOTS.iter().position(|&(at, _)| hours <= at)?;
    let (to, high) = KNOTS[upper];
    let (from, low) = KNOTS[upper.saturating_sub(1)];
    let share = if to > from { (hours - from) / (to - from) } else { 1.0 };
    Some((low + (high - low) * share) * climate.factor())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_met_and_rises_between() {
        for (hours, sigma) in KNOTS {
            assert!((deviation(hours, Climate::Ordinary).unwrap() - sigma).abs() < 1e-12);
        }
        let mut before = 0.0;
        for hour in 0..=176 {
            let here = deviation(f64::from(hour), Climate::Ordinary).unwrap();
            assert!(here >= before);
            before = here;
        }
        assert_eq!(deviation(-2.0, Climate::Maritime), deviation(0.0, Climate::Maritime));
        assert_eq!(deviation(f64::NAN, Climate::Ordinary), None);
    }
}
