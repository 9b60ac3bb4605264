//! How much a price moves: realized volatility of irregular observations, the recent ones weighing more.
//!
//! Models take the standard deviation of the price's logarithm over the square root of one second; people and option
//! markets say it per year, of 365 days for crypto and of trading time for an index. [`per_sqrt_second`] and
//! [`annualized`] convert, and the year is named at the call. [`har`] forecasts tomorrow from a day, a week and a month.
//!
//! What can go wrong: observations closer together than the feed's own noise (bounce between bid and ask) read as
//! volatility that is not there, and an averaged series reads as far too little.

pub mod har;

use std::time::Duration;

use brier_types::Timestamp;

/// Seconds of a year that never closes: 365 days.
pub const CALENDAR_YEAR: f64 = 365.0 * 86_400.0;

/// Seconds of trading in a year of 252 sessions of six and a half hours.
pub const TRADING_YEAR: f64 = 252.0 * 6.5 * 3600.0;

/// An annual volatility as the standard deviation over one second, for a year of `year_seconds`. `None` unless the
/// volatility is finite and not negative and the year positive.
///
/// ```
/// use brier_models::volatility::{CALENDAR_YEAR, annualized, per_sqrt_second};
/// let second = per_sqrt_second(0.468, CALENDAR_YEAR).unwrap();
/// assert!((second - 8.334e-5).abs() < 1e-8);
/// assert!((annualized(second, CALENDAR_YEAR).unwrap() - 0.468).abs() < 1e-12);
/// ```
pub fn per_sqrt_second(annual: f64, year_seconds: f64) -> Option<f64> {
    usable(annual, year_seconds).then(|| annual / libm::sqrt(year_seconds)).filter(|volatility| volatility.is_finite())
}

/// The standard deviation over one second as an annual volatility; `None` as [`per_sqrt_second`].
pub fn annualized(per_sqrt_second: f64, year_seconds: f64) -> Option<f64> {
    let annual = per_sqrt_second * libm::sqrt(year_seconds);
    (usable(per_sqrt_second, year_seconds) && annual.is_finite()).then_some(annual)
}

fn usable(volatility: f64, year_seconds: f64) -> bool {
    (volatility * volatility).is_finite() && volatility >= 0.0 && year_seconds.is_finite() && year_seconds > 0.0
}

/// A volatility between two opinions, such as realized and implied, mixed in variance: `weight` on the first.
///
/// `None` for opinions that are negative or no number and for a weight outside 0 to 1.
pub fn blend(first: f64, second: f64, weight: f64) -> Option<f64> {
    let sane = usable(first, 1.0) && usable(second, 1.0) && (0.0..=1.0).contains(&weight);
    sane.then(|| libm::sqrt(weight * first * first + (1.0 - weight) * second * second))
}

/// The exponentially weighted variance of returns at equal intervals, as RiskMetrics keeps it: each new squared return
/// gets `1 − keep` of the weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ewma {
    keep: f64,
    variance: f64,
}

impl Ewma {
    /// An estimate that keeps `keep` of itself at each return (0.94 for days, 0.99 for minutes are usual), starting from
    /// a volatility of `belief` per interval. `None` unless 0 < keep < 1 and the belief is finite and not negative.
    pub fn new(keep: f64, belief: f64) -> Option<Self> {
        (keep > 0.0 && keep < 1.0 && usable(belief, 1.0)).then_some(Self { keep, variance: belief * belief })
    }

    /// Takes one logarithmic return; what is no number is ignored.
    pub fn observe(&mut self, log_return: f64) {
        let square = log_return * log_return;
        if square.is_finite() {
            self.variance = self.keep * self.variance + (1.0 - self.keep) * square;
        }
    }

    /// Standard deviation of a return over one interval.
    pub fn volatility(&self) -> f64 {
        libm::sqrt(self.variance)
    }
}

/// An exponentially weighted estimate of the variance of a price's logarithm, per second.
///
/// It starts from a stated belief that fades as observations come in, so that it never answers zero for lack of data. After a
/// silence of more than two half-lives it begins anew: the one move across it would outweigh everything that follows, and a
/// single move says next to nothing of how much a price moves.
#[derive(Clone, Debug)]
pub struct RealizedVolatility {
    half_life: Duration,
    /// Where it starts from: squares and seconds.
    belief: (f64, f64),
    /// Weighted sum of squared log returns, and weighted seconds they span.
    squares: f64,
    seconds: f64,
    last: Option<(Timestamp, f64)>,
}

impl RealizedVolatility {
    /// An estimate whose observations lose half their weight every `half_life`, starting from the belief that the
    /// logarithm's standard deviation over one second is `belief`, as strong as `strength` of observations.
    pub fn new(half_life: Duration, belief: f64, strength: Duration) -> Self {
        let (squares, seconds) = (belief * belief * strength.as_secs_f64(), strength.as_secs_f64());
        // A belief that is no number is none.
        let (squares, seconds) = if squares.is_finite() { (squares, seconds) } else { (0.0, 0.0) };
        Self { half_life, belief: (squares, seconds), squares, seconds, last: None }
    }

    /// Takes an observation. One that is not later than the last, or is no positive number, is ignored.
    pub fn observe(&mut self, at: Timestamp, price: f64) {
        if !(price.is_finite() && price > 0.0) {
            return;
        }
        if let Some((before, old)) = self.last {
            if at <= before {
                return;
            }
            let silence = at.since(before);
            if silence > self.half_life.saturating_mul(2) {
                (self.squares, self.seconds) = self.belief;
                self.last = Some((at, price));
                return;
            }
            let elapsed = silence.as_secs_f64();
            let fade = libm::exp2(-elapsed / self.half_life.as_secs_f64());
            let change = libm::log(price / old);
            // A ratio that no float holds is a broken feed, not a move.
            if change.is_finite() {
                self.squares = self.squares * fade + change * change;
                self.seconds = self.seconds * fade + elapsed;
            }
        }
        self.last = Some((at, price));
    }

    /// Standard deviation of the price's logarithm over one second.
    pub fn per_sqrt_second(&self) -> f64 {
        if self.seconds > 0.0 { libm::sqrt(self.squares / self.seconds) } else { 0.0 }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact results are the point")]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_secs(second).unwrap()
    }

    #[test]
    fn units_and_blends() {
        assert_eq!(per_sqrt_second(-0.1, CALENDAR_YEAR), None);
        assert_eq!(per_sqrt_second(0.1, 0.0), None);
        assert_eq!(annualized(f64::NAN, TRADING_YEAR), None);
        assert_eq!(blend(0.3, 0.5, 1.0), Some(0.3));
        assert!((blend(0.3, 0.5, 0.5).unwrap() - 0.17_f64.sqrt()).abs() < 1e-15);
        assert_eq!(blend(0.3, 0.5, 1.1), None);
    }

    #[test]
    fn an_ewma_is_the_weighted_sum() {
        let mut ewma = Ewma::new(0.9, 0.01).unwrap();
        ewma.observe(0.02);
        ewma.observe(f64::NAN);
        ewma.observe(-0.01);
        let by_hand = 0.9 * (0.9 * 1e-4 + 0.1 * 4e-4) + 0.1 * 1e-4;
        assert!((ewma.volatility() - libm::sqrt(by_hand)).abs() < 1e-15);
        assert!(Ewma::new(1.0, 0.01).is_none());
    }

    fn estimate() -> RealizedVolatility {
        RealizedVolatility::new(Duration::from_mins(5), 1e-4, Duration::from_mins(1))
    }

    #[test]
    fn it_starts_from_the_belief() {
        assert!((estimate().per_sqrt_second() - 1e-4).abs() < 1e-12);
    }

    #[test]
    fn it_finds_the_size_of_steady_moves() {
        let mut volatility = estimate();
        for second in 0..10_000 {
            volatility.observe(at(second), if second % 2 == 0 { 100.0 } else { 100.0 * f64::exp(0.002) });
        }
        assert!((volatility.per_sqrt_second() - 0.002).abs() < 1e-5);
    }

    #[test]
    fn after_a_long_silence_it_begins_anew() {
        let mut volatility = estimate();
        (0..600).for_each(|second| volatility.observe(at(second), if second % 2 == 0 { 100.0 } else { 101.0 }));
        let (mut heard, moving) = (volatility.clone(), volatility.per_sqrt_second());
        // Two half-lives and a second later the price happens to be where it was.
        volatility.observe(at(599 + 601), 101.0);
        assert_eq!(volatility.per_sqrt_second(), estimate().per_sqrt_second());
        volatility.observe(at(599 + 602), 102.0);
        assert!(volatility.per_sqrt_second() > 1e-3, "and goes on from there");
        // A second less, and the silence counts.
        heard.observe(at(599 + 600), 101.0);
        assert!((1e-4..moving).contains(&heard.per_sqrt_second()), "{}", heard.per_sqrt_second());
    }

    #[test]
    fn observations_out_of_order_or_without_sense_are_ignored() {
        let mut volatility = estimate();
        volatility.observe(at(10), 100.0);
        let before = volatility.per_sqrt_second();
        volatility.observe(at(10), 200.0);
        volatility.observe(at(9), 200.0);
        volatility.observe(at(11), f64::NAN);
        assert_eq!(volatility.per_sqrt_second(), before);
    }
}
