//! Whether a message is the next one of its subscription.

/// How a subscription's numbers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequencePolicy {
    /// From 1 in steps of 1: a live subscription. Source: reference section 15.3.
    Continuous,
    /// Only ever upward: a recording that kept some markets of a subscription and dropped the others.
    Increasing,
}

/// Where a number stands against those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequenceOrder {
    /// The next one.
    Next,
    /// Numbers between are missing.
    Gap {
        /// The number that should have come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// At or before the last one, once: a repeat, which says nothing new.
    Old,
    /// At or before the last one, twice in a row: the counter began anew.
    Restarted {
        /// The last number before.
        last: u64,
        /// The number that came.
        found: u64,
    },
}

/// The counter of one subscription.
///
/// ```
/// use brier_book::{SequenceCheck, SequenceOrder, SequencePolicy};
/// let mut check = SequenceCheck::new(SequencePolicy::Continuous);
/// assert_eq!(check.next(1), SequenceOrder::Next);
/// assert_eq!(check.next(3), SequenceOrder::Gap { expected: 2, found: 3 });
/// assert_eq!(check.next(4), SequenceOrder::Next);
/// ```
#[derive(Clone, Debug)]
pub struct SequenceCheck {
    policy: SequencePolicy,
    last: u64,
    last_was_old: bool,
}

impl SequenceCheck {
    /// A counter before its first message.
    pub const fn new(policy: SequencePolicy) -> Self {
        Self { policy, last: 0, last_was_old: false }
    }

    /// The last number that moved the counter, 0 before the first.
    pub const fn last(&self) -> u64 {
        self.last
    }

    /// Takes the next number. After a gap or a restart the count goes on from there.
    #[inline]
    pub const fn next(&mut self, found: u64) -> SequenceOrder {
        let last = self.last;
        if found == last.wrapping_add(1) && found != 0 {
            self.last = found;
            self.last_was_old = false;
            return SequenceOrder::Next;
        }
        self.not_next(last, found)
    }

    /// Begins anew after `found`.
    pub const fn restart(&mut self, found: u64) {
        self.last = found;
        self.last_was_old = false;
    }

    #[cold]
    const fn not_next(&mut self, last: u64, found: u64) -> SequenceOrder {
        if found > last {
            self.restart(found);
            return match self.policy {
                SequencePolicy::Continuous => SequenceOrder::Gap { expected: last + 1, found },
                SequencePolicy::Increasing => SequenceOrder::Next,
            };
        }
        if self.last_was_old {
            self.restart(found);
            return SequenceOrder::Restarted { last, found };
        }
        self.last_was_old = true;
        SequenceOrder::Old
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(policy: SequencePolicy, numbers: &[u64]) -> Vec<SequenceOrder> {
        let mut check = SequenceCheck::new(policy);
        numbers.iter().map(|number| check.next(*number)).collect()
    }

    #[test]
    fn a_missing_number_is_a_gap_and_counting_goes_on_behind_it() {
        use SequenceOrder::{Gap, Next};
        assert_eq!(
            orders(SequencePolicy::Continuous, &[1, 2, 5, 6]),
            [Next, Next, Gap { expected: 3, found: 5 }, Next]
        );
        assert_eq!(orders(SequencePolicy::Continuous, &[4]), [Gap { expected: 1, found: 4 }]);
        assert_eq!(orders(SequencePolicy::Increasing, &[4, 5, 9]), [Next, Next, Next]);
    }

    #[test]
    fn one_repeat_is_old_and_two_are_a_restart() {
        use SequenceOrder::{Next, Old, Restarted};
        assert_eq!(orders(SequencePolicy::Continuous, &[1, 2, 2, 3]), [Next, Next, Old, Next]);
        assert_eq!(
            orders(SequencePolicy::Increasing, &[8, 9, 1, 2, 3]),
            [Next, Next, Old, Restarted { last: 9, found: 2 }, Next]
        );
    }

    #[test]
    fn the_ends_of_the_range_do_not_wrap() {
        let mut check = SequenceCheck::new(SequencePolicy::Increasing);
        assert_eq!(check.next(0), SequenceOrder::Old);
        assert_eq!(check.next(u64::MAX), SequenceOrder::Next);
        assert_eq!(check.next(0), SequenceOrder::Old);
        assert_eq!(check.last(), u64::MAX);
    }
}
