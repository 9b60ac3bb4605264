//! How much a price moves: realized volatility of irregular observations, the recent ones weighing more.

use std::time::Duration;

use brier_types::Timestamp;

/// An exponentially weighted estimate of the variance of a price's logarithm, per second.
///
/// It starts from a stated belief that fades as observations come in, so that it never answers zero for lack of data.
#[derive(Clone, Debug)]
pub struct RealizedVolatility {
    half_life: Duration,
    /// Weighted sum of squared log returns, and weighted seconds they span.
    squares: f64,
    seconds: f64,
    last: Option<(Timestamp, f64)>,
}

impl RealizedVolatility {
    /// An estimate whose observations lose half their weight every `half_life`, starting from the belief that the
    /// logarithm's standard deviation over one second is `belief`, as strong as `strength` of observations.
    pub fn new(half_life: Duration, belief: f64, strength: Duration) -> Self {
        let seconds = strength.as_secs_f64();
        Self { half_life, squares: belief * belief * seconds, seconds, last: None }
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
            let elapsed = at.since(before).as_secs_f64();
            let fade = libm::exp2(-elapsed / self.half_life.as_secs_f64());
            let change = libm::log(price / old);
            self.squares = self.squares * fade + change * change;
            self.seconds = self.seconds * fade + elapsed;
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
