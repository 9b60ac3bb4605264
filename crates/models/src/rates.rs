//! What fed-funds futures say of the next decisions of the Federal Reserve.
//!
//! A 30-day fed-funds future settles at 100 minus the month's average overnight rate. In a month with a meeting that
//! average is part old rate, part new, so the price and the old rate give the new one. The move that the market expects,
//! in steps of a quarter point, is read as a mixture of the two whole numbers of steps around it. Over several meetings the
//! mixtures are convolved, as if each decision were independent of the last.
//!
//! The overnight rate is assumed to move one for one with the target. Rates are in percent: 3.63 is 3.63 %.
//!
//! What can go wrong: late in a month few days are left at the new rate, and a basis point of noise in the price becomes
//! many in the answer; use the next month's contract when it has no meeting. Term premium and the month-end dip of the
//! overnight rate shift everything by a few basis points: treat the answer as one expert among several.
//!
//! Source: CME FedWatch methodology; reference section 4.7.

use brier_types::Prob;

use crate::doors::chance;

/// One step of the target, in percent.
pub const QUARTER_POINT: f64 = 0.25;

/// The average rate that a future's price stands for, in percent; `None` for a price that is no number.
pub fn implied_rate(price: f64) -> Option<f64> {
    price.is_finite().then_some(100.0 - price)
}

/// A month with one meeting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeetingMonth {
    /// Days of the month.
    pub days: u32,
    /// The last day at the old rate: the decision takes effect on the day after it.
    pub days_before: u32,
    /// The overnight rate before the meeting, in percent: the month before's average if that had no meeting.
    pub start_rate: f64,
    /// The average that the month's future implies, in percent.
    pub average_rate: f64,
}

impl MeetingMonth {
    /// The overnight rate that is expected after the meeting, in percent.
    ///
    /// `None` when no day of the month is left at the new rate, when there are more days before than in the month, or for
    /// rates that are no numbers.
    pub fn end_rate(&self) -> Option<f64> {
        let left = self.days.checked_sub(self.days_before).filter(|&left| left > 0)?;
        let (days, left) = (f64::from(self.days), f64::from(left));
        let rate = days / left * (self.average_rate - f64::from(self.days_before) / days * self.start_rate);
        rate.is_finite().then_some(rate)
    }
}

/// How many quarter points a decision, or several, may move the target, and how likely each is. Cuts are negative.
///
/// ```
/// use brier_models::rates::Moves;
/// let september = Moves::expected(3.63, 3.475).unwrap();
/// assert!((september.exactly(-1).get() - 0.62).abs() < 1e-12);
/// assert!((september.exactly(0).get() - 0.38).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Moves {
    lowest: i32,
    /// Chances from `lowest` up, one a step.
    chances: Vec<f64>,
}

impl Moves {
    /// What one meeting may decide when the overnight rate is expected to go from `start_rate` to `end_rate`, in percent.
    ///
    /// `None` for rates that are no numbers or further apart than twenty points.
    pub fn expected(start_rate: f64, end_rate: f64) -> Option<Self> {
        let steps = (end_rate - start_rate) / QUARTER_POINT;
        if !(-80.0..=80.0).contains(&steps) {
            return None;
        }
        let whole = libm::floor(steps);
        let share = steps - whole;
        Some(Self { lowest: whole as i32, chances: vec![1.0 - share, share] })
    }

    /// A decision whose chances were learnt elsewhere: `lowest` and the steps above it. They are brought to a sum of one.
    /// `None` for none, for negative ones, and where nothing is possible.
    pub fn from_chances(lowest: i32, chances: &[f64]) -> Option<Self> {
        let sum: f64 = chances.iter().sum();
        let sane = chances.iter().all(|&chance| chance >= 0.0) && sum.is_finite() && sum > 0.0;
        let reachable = lowest.abs() <= 1000 && chances.len() <= 1000;
        (sane && reachable).then(|| Self { lowest, chances: chances.iter().map(|chance| chance / sum).collect() })
    }

    /// The sum of this and a later decision, independent of it.
    #[must_use]
    pub fn then(&self, later: &Self) -> Self {
        let mut chances = vec![0.0; self.chances.len() + later.chances.len() - 1];
        for (index, first) in self.chances.iter().enumerate() {
            for (offset, second) in later.chances.iter().enumerate() {
                chances[index + offset] += first * second;
            }
        }
        Self { lowest: self.lowest.saturating_add(later.lowest), chances }
    }

    /// The chance of a move of exactly this many steps.
    pub fn exactly(&self, steps: i32) -> Prob {
        self.sum(|move_| move_ == steps)
    }

    /// The chance of a move of this many steps or more.
    pub fn at_least(&self, steps: i32) -> Prob {
        self.sum(|move_| move_ >= steps)
    }

    /// The chance of a move of this many steps or less: `at_most(-1)` is any cut.
    pub fn at_most(&self, steps: i32) -> Prob {
        self.sum(|move_| move_ <= steps)
    }

    /// The move to expect, in steps.
    pub fn mean(&self) -> f64 {
        self.steps().map(|(move_, chance)| f64::from(move_) * chance).sum()
    }

    /// Moves and their chances, the lowest first.
    pub fn steps(&self) -> impl Iterator<Item = (i32, f64)> + '_ {
        (self.lowest..).zip(self.chances.iter().copied())
    }

    fn sum(&self, counts: impl Fn(i32) -> bool) -> Prob {
        let sum: f64 = self.steps().filter(|&(move_, _)| counts(move_)).map(|(_, chance)| chance).sum();
        chance(sum).expect("a sum of checked chances")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_meetings_are_a_tree() {
        let first = Moves::expected(4.0, 3.875).unwrap();
        let both = first.then(&Moves::expected(3.875, 3.6875).unwrap());
        // Half a cut, then three quarters of one.
        for (steps, expected) in [(-2, 0.375), (-1, 0.5), (0, 0.125), (1, 0.0)] {
            assert!((both.exactly(steps).get() - expected).abs() < 1e-12, "{steps}");
        }
        assert!((both.at_most(-1).get() - 0.875).abs() < 1e-12);
        assert!((both.at_least(-1).get() - 0.625).abs() < 1e-12);
    }

    #[test]
    fn nonsense_is_refused() {
        let month = MeetingMonth { days: 30, days_before: 30, start_rate: 4.0, average_rate: 4.0 };
        assert_eq!(month.end_rate(), None, "no day at the new rate");
        assert_eq!(MeetingMonth { days_before: 31, ..month }.end_rate(), None);
        assert_eq!(MeetingMonth { days_before: 10, start_rate: f64::NAN, ..month }.end_rate(), None);
        assert!(Moves::expected(0.0, f64::INFINITY).is_none());
        assert!(Moves::expected(f64::NAN, 0.0).is_none());
        assert!(Moves::from_chances(0, &[]).is_none());
        assert!(Moves::from_chances(0, &[0.0]).is_none());
        assert!(implied_rate(f64::NAN).is_none());
    }

    proptest! {
        #[test]
        fn decisions_sum_to_one_and_keep_their_mean(start in 0.0_f64..8.0, first in -1.0_f64..1.0, second in -1.0_f64..1.0) {
            let moves = Moves::expected(start, start + first).unwrap();
            let both = moves.then(&Moves::expected(start + first, start + first + second).unwrap());
            prop_assert!((both.at_least(i32::MIN).get() - 1.0).abs() < 1e-12);
            prop_assert!((both.mean() - (first + second) / QUARTER_POINT).abs() < 1e-9);
        }
    }
}
