//! Settlement on an average over a window: Kalshi's last sixty prints, Polymarket's sixty-second mean.
//!
//! An average moves less than the price does. Before the window that costs a little variance; inside it, part of the
//! settlement is already known and the rest can still move it by less and less. A model that looks at the last price alone
//! is badly wrong in the last minute: a price above the strike says little when the minute so far was below it.
//!
//! Within the window's length a price moves so little that it is taken as a normal walk with fixed deviation per second
//! (spot × volatility), which makes the average exactly normal; set [`AverageLaw::shape`] for fatter tails.
//!
//! Prints: a window of n prints is n prices at equal intervals, the last at the end of the window. The number still to come
//! follows from the time left; a print that the feed lost is the caller's to fill in `observed_mean`.
//!
//! What can go wrong: volatility measured on the averaged series is far too small; measure on the raw feed. And the window
//! is the venue's: its end is the settlement instant by the venue's clock.
//!
//! Source: Turnbull & Wakeman 1991; Kemna & Vorst 1990; reference section 9.6b.

use brier_types::Prob;

use crate::distribution::Shape;
use crate::doors::{chance, fill, positive};

/// How the average is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// Over every moment of the window.
    Continuous,
    /// Over this many prices at equal intervals, the last at the window's end.
    Prints(u32),
}

/// A window whose average settles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Its length in seconds.
    pub seconds: f64,
    /// How the average is taken.
    pub sampling: Sampling,
}

/// What is known now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now {
    /// Price now.
    pub spot: f64,
    /// Standard deviation of the logarithm of the price over one second, of the raw feed.
    pub volatility: f64,
    /// Seconds until the end of the window.
    pub seconds_left: f64,
    /// Mean of the window so far, once it has begun.
    pub observed_mean: Option<f64>,
}

/// The law of an average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AverageLaw {
    /// Its mean, in the price's unit.
    pub mean: f64,
    /// Its standard deviation, in the price's unit.
    pub deviation: f64,
    /// Its shape: normal unless said otherwise. Over a minute or two returns have fat tails, and the average keeps them.
    pub shape: Shape,
}

impl AverageLaw {
    /// The chance that the average is at or above `strike`; at the strike itself when nothing can move any more.
    pub fn at_or_above(&self, strike: f64) -> Option<Prob> {
        let distance = self.mean - strike;
        if !distance.is_finite() {
            return None;
        }
        chance(if self.deviation > 0.0 {
            self.shape.cdf(distance / self.deviation)
        } else if distance >= 0.0 {
            1.0
        } else {
            0.0
        })
    }

    /// Writes the chance of each strike of an event, for a new price; nothing is allocated. As many as the shorter slice
    /// holds; returns how many. `None` if one could not be stated.
    ///
    /// ```
    /// use brier_models::average::AverageLaw;
    /// use brier_models::distribution::Shape;
    /// use brier_types::Prob;
    /// let law = AverageLaw { mean: 100.0, deviation: 1.0, shape: Shape::Normal };
    /// let mut chances = [Prob::new(0.0).unwrap(); 2];
    /// assert_eq!(law.fill(&[100.0, 101.0], &mut chances), Some(2));
    /// assert!((chances[0].get() - 0.5).abs() < 1e-12);
    /// ```
    pub fn fill(&self, strikes: &[f64], out: &mut [Prob]) -> Option<usize> {
        fill(strikes, out, |strike| self.at_or_above(strike))
    }

    /// The chance that the average is at or above `low` and below `high`; `None` unless they are in order.
    pub fn between(&self, low: f64, high: f64) -> Option<Prob> {
        if !(low <= high && self.mean.is_finite()) {
            return None;
        }
        if self.deviation > 0.0 {
            return chance(self.shape.between((low - self.mean) / self.deviation, (high - self.mean) / self.deviation));
        }
        chance(if (low..high).contains(&self.mean) { 1.0 } else { 0.0 })
    }
}

impl Window {
    /// The law of the average.
    ///
    /// `None` when an argument is not finite or not positive (volatility and time may be zero; negative time is none
    /// left), and when the window has begun and its mean so far is not given.
    ///
    /// ```
    /// use brier_models::average::{Now, Sampling, Window};
    /// let minute = Window { seconds: 60.0, sampling: Sampling::Continuous };
    /// let now = Now { spot: 98_440.0, volatility: 8.33e-5, seconds_left: 20.0, observed_mean: Some(98_515.0) };
    /// // Forty seconds at 98,515 and the price far below: the mean to expect is still only ten dollars short.
    /// assert!((minute.law(&now).unwrap().mean - 98_490.0).abs() < 1e-9);
    /// ```
    pub fn law(&self, now: &Now) -> Option<AverageLaw> {
        let per_second = self.checked(now)?;
        let left = now.seconds_left.max(0.0);
        let ahead_share = self.share_left(left);
        let mean = if ahead_share < 1.0 {
            let seen = now.observed_mean.filter(|mean| mean.is_finite())?;
            (1.0 - ahead_share) * seen + ahead_share * now.spot
        } else {
            now.spot
        };
        let variance = match self.sampling {
            Sampling::Continuous if left >= self.seconds => left - self.seconds + self.seconds / 3.0,
            Sampling::Continuous => left * left * left / (3.0 * self.seconds * self.seconds),
            Sampling::Prints(count) => {
                let total = f64::from(count);
                let ahead = ahead_share * total;
                let interval = self.seconds / total;
                let first = left - (ahead - 1.0).max(0.0) * interval;
                // Every price still to come shares the move up to the first of them; then each step moves one fewer.
                let shared = ahead * ahead * first;
                (shared + interval * squares_below(ahead)) / (total * total)
            }
        };
        let deviation = per_second * libm::sqrt(variance.max(0.0));
        (mean.is_finite() && deviation.is_finite()).then_some(AverageLaw { mean, deviation, shape: Shape::Normal })
    }

    /// The share of the average that is still to come, `left` seconds before the window's end.
    fn share_left(&self, left: f64) -> f64 {
        match self.sampling {
            Sampling::Continuous => (left / self.seconds).min(1.0),
            Sampling::Prints(count) => {
                let total = f64::from(count);
                // A print at this very moment has been seen; the dust of the division must not count it as to come.
                libm::ceil(left / self.seconds * total - 1e-9).clamp(0.0, total) / total
            }
        }
    }

    /// The price's standard deviation over one second, if window and knowledge make sense.
    fn checked(&self, now: &Now) -> Option<f64> {
        let sane = positive(self.seconds) && positive(now.spot) && now.seconds_left.is_finite();
        let per_second = now.spot * now.volatility;
        (sane && self.sampling != Sampling::Prints(0) && per_second.is_finite() && per_second >= 0.0)
            .then_some(per_second)
    }
}

/// 1² + 2² + … + (n − 1)².
fn squares_below(n: f64) -> f64 {
    ((n - 1.0) * n * (2.0 * n - 1.0) / 6.0).max(0.0)
}

/// An up-or-down market: the average of a later window against that of an earlier one of the same kind.
///
/// Once the earlier window is over, its average is a plain strike and [`Window::law`] serves; this is for quoting before
/// and during it. The chance is near one half until the price has left the average that is building up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpOrDown {
    /// Both windows.
    pub window: Window,
    /// Seconds from the end of the earlier window to the end of the later; at least a window's length.
    pub seconds_between: f64,
}

impl UpOrDown {
    /// The law of (later average − earlier average); what is known now is told of the *earlier* window.
    ///
    /// `None` as [`Window::law`], and when the windows overlap.
    pub fn law(&self, now: &Now) -> Option<AverageLaw> {
        let window = &self.window;
        let per_second = window.checked(now)?;
        let strike = window.law(now)?;
        // From the end of the earlier window on, the later average wanders by itself. Were the windows to overlap, it would
        // have begun, and without its mean so far it has no law.
        let later = Now { seconds_left: self.seconds_between, observed_mean: None, ..*now };
        let later = window.law(&later)?.deviation;
        let left = now.seconds_left.max(0.0);
        let earlier = match window.sampling {
            Sampling::Continuous => {
                let seen = 1.0 - (left / window.seconds).min(1.0);
                window.seconds / 3.0 * (1.0 - seen * seen * seen)
            }
            Sampling::Prints(count) => {
                let total = f64::from(count);
                let ahead = window.share_left(left) * total;
                let interval = window.seconds / total;
                let first = left - (ahead - 1.0).max(0.0) * interval;
                let seen = total - ahead;
                // Prints that miss a move count it whole; those after it have it in both averages.
                let steps = squares_below(total) - squares_below(seen + 1.0);
                (seen * seen * first + interval * steps) / (total * total)
            }
        };
        let variance = later * later + per_second * per_second * earlier.max(0.0);
        let law = AverageLaw { mean: now.spot - strike.mean, deviation: libm::sqrt(variance), shape: Shape::Normal };
        (law.mean.is_finite() && law.deviation.is_finite()).then_some(law)
    }

    /// The chance that the later average is at or above the earlier.
    pub fn probability(&self, now: &Now) -> Option<Prob> {
        self.law(now)?.at_or_above(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: Window = Window { seconds: 60.0, sampling: Sampling::Continuous };
    const PRINTS: Window = Window { seconds: 60.0, sampling: Sampling::Prints(60) };

    fn now(seconds_left: f64) -> Now {
        Now { spot: 100.0, volatility: 0.01, seconds_left, observed_mean: Some(90.0) }
    }

    /// The variance of a mean of prices at `times`, and of (price at the last of them − mean), with one per second.
    fn by_hand(times: &[f64], total: f64) -> (f64, f64) {
        let weight_after = |moment: f64| times.iter().filter(|&&time| time >= moment).count() as f64 / total;
        let mut edges = vec![0.0];
        edges.extend_from_slice(times);
        edges.windows(2).fold((0.0, 0.0), |(mean, gap), pair| {
            let (weight, span) = (weight_after(pair[1]), pair[1] - pair[0]);
            (mean + weight * weight * span, gap + (1.0 - weight) * (1.0 - weight) * span)
        })
    }

    #[test]
    fn prints_have_the_variance_of_their_sum() {
        for left in [300.0, 60.0, 59.4, 20.0, 19.5, 1.0, 0.25] {
            let first = (0..60).map(|index| left - 59.0 + f64::from(index));
            let times: Vec<f64> = first.filter(|&time| time > 1e-9).collect();
            let (variance, gap) = by_hand(&times, 60.0);
            let law = PRINTS.law(&now(left)).unwrap();
            assert!((law.deviation - libm::sqrt(variance)).abs() < 1e-9, "{left}");
            let race = UpOrDown { window: PRINTS, seconds_between: 900.0 }.law(&now(left)).unwrap();
            let later = PRINTS.law(&now(900.0)).unwrap().deviation;
            assert!((race.deviation - libm::sqrt(gap + later * later)).abs() < 1e-9, "{left}");
        }
    }

    #[test]
    fn a_print_at_this_moment_has_been_seen() {
        // 0.1 + 0.2 is a little more than three tenths, which must not become a fourth print.
        let tenths = Window { seconds: 6.0, sampling: Sampling::Prints(60) };
        let law = tenths.law(&now(0.1 + 0.2)).unwrap();
        assert!((law.mean - (57.0 * 90.0 + 3.0 * 100.0) / 60.0).abs() < 1e-9, "{law:?}");
    }

    #[test]
    fn many_prints_are_nearly_continuous() {
        let fine = Window { seconds: 60.0, sampling: Sampling::Prints(60_000) };
        for left in [300.0, 60.0, 33.3, 5.0] {
            let pair = (MINUTE.law(&now(left)).unwrap(), fine.law(&now(left)).unwrap());
            assert!((pair.0.deviation - pair.1.deviation).abs() < 1e-3, "{left}");
            assert!((pair.0.mean - pair.1.mean).abs() < 1e-3, "{left}");
            let race = |window| UpOrDown { window, seconds_between: 300.0 }.law(&now(left)).unwrap();
            assert!((race(MINUTE).deviation - race(fine).deviation).abs() < 1e-2, "{left}");
        }
    }

    #[test]
    fn a_race_becomes_a_plain_strike_when_the_first_window_ends() {
        for window in [MINUTE, PRINTS] {
            let race = UpOrDown { window, seconds_between: 300.0 }.law(&now(0.0)).unwrap();
            let plain = window.law(&now(300.0)).unwrap();
            assert!((race.deviation - plain.deviation).abs() < 1e-9);
            assert!((race.mean - (plain.mean - 90.0)).abs() < 1e-9);
        }
    }

    #[test]
    fn nonsense_has_no_law() {
        assert!(MINUTE.law(&Now { observed_mean: None, ..now(30.0) }).is_none(), "the window has begun");
        assert!(MINUTE.law(&Now { observed_mean: None, ..now(60.0) }).is_some());
        assert!(MINUTE.law(&Now { observed_mean: Some(f64::NAN), ..now(30.0) }).is_none());
        assert!(MINUTE.law(&Now { spot: 0.0, ..now(30.0) }).is_none());
        assert!(MINUTE.law(&Now { volatility: f64::INFINITY, ..now(30.0) }).is_none());
        assert!(Window { seconds: 60.0, sampling: Sampling::Prints(0) }.law(&now(30.0)).is_none());
        assert!(UpOrDown { window: MINUTE, seconds_between: 59.0 }.law(&now(30.0)).is_none());
        let over = MINUTE.law(&now(-5.0)).unwrap();
        assert!(over.deviation.abs() < 1e-15 && (over.mean - 90.0).abs() < 1e-12);
        assert!(over.between(91.0, 80.0).is_none());
    }

    proptest! {
        #[test]
        fn it_falls_with_the_strike_and_ranges_add_up(left in 0.0_f64..1000.0, strike in 80.0_f64..120.0, width in 0.0_f64..10.0) {
            for window in [MINUTE, PRINTS] {
                let law = window.law(&now(left)).unwrap();
                let (low, high) = (law.at_or_above(strike).unwrap().get(), law.at_or_above(strike + width).unwrap().get());
                prop_assert!(low >= high);
                prop_assert!((law.between(strike, strike + width).unwrap().get() - (low - high)).abs() < 1e-12);
            }
        }
    }
}
