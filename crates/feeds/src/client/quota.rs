//! How much of a vendor's allowance is spent, exactly enough to never ask too often.
//!
//! Pure. Vendors count over windows (a minute, a day), which a token bucket of the same size would overrun by up to its
//! capacity; so what was spent is remembered for as long as its window. Moments are grouped by 1/256 of the window, each
//! counted as its end: memory stays small, and the error is on the safe side.

use std::collections::VecDeque;
use std::time::Duration;

use brier_types::Timestamp;

use crate::vendor::Allowance;

/// One window.
#[derive(Clone, Debug)]
pub struct Window {
    allowance: Allowance,
    /// When a group of costs leaves the window, and how much it is; oldest first.
    spent: VecDeque<(Timestamp, u32)>,
    sum: u64,
}

impl Window {
    /// An unspent window.
    pub const fn new(allowance: Allowance) -> Self {
        Self { allowance, spent: VecDeque::new(), sum: 0 }
    }

    /// The vendor's limit.
    pub const fn allowance(&self) -> Allowance {
        self.allowance
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some((leaves, cost)) = self.spent.front().copied()
            && leaves <= now
        {
            self.spent.pop_front();
            self.sum -= u64::from(cost);
        }
        // A clock that was set back must not hold the window shut for longer than it is.
        let latest = now.plus(self.allowance.per).plus(self.grain());
        if self.spent.back().is_some_and(|(leaves, _)| *leaves > latest) {
            let sum = self.spent.drain(..).fold(0_u32, |sum, (_, cost)| sum.saturating_add(cost));
            self.spent.push_back((latest, sum));
            self.sum = u64::from(sum);
        }
    }

    fn grain(&self) -> Duration {
        self.allowance.per / 256
    }

    /// How long until `cost` may be spent; zero when now.
    pub fn wait(&mut self, now: Timestamp, cost: u32) -> Duration {
        self.forget(now);
        let mut over = (self.sum + u64::from(cost)).saturating_sub(u64::from(self.allowance.requests));
        if over == 0 {
            return Duration::ZERO;
        }
        for (leaves, part) in &self.spent {
            over = over.saturating_sub(u64::from(*part));
            if over == 0 {
                return leaves.since(now);
            }
        }
        // More than the whole window: it may be tried alone in an empty one, and the vendor decides.
        self.spent.back().map_or(Duration::ZERO, |(leaves, _)| leaves.since(now))
    }

    /// Counts `cost` as spent at `now`.
    pub fn spend(&mut self, now: Timestamp, cost: u32) {
        self.forget(now);
        // Groups end at whole multiples of the grain, or one that is fed without a pause would never end.
        let grain = i64::try_from(self.grain().as_nanos()).unwrap_or(i64::MAX).max(1);
        let exact = now.plus(self.allowance.per).nanos();
        let leaves = Timestamp::from_nanos(exact.saturating_add((-exact).rem_euclid(grain)));
        self.sum += u64::from(cost);
        match self.spent.back_mut() {
            Some((last, part)) if leaves <= *last && part.checked_add(cost).is_some() => *part += cost,
            _ => self.spent.push_back((leaves, cost)),
        }
    }

    /// How much is left at `now`.
    pub fn left(&mut self, now: Timestamp) -> u32 {
        self.forget(now);
        u32::try_from(u64::from(self.allowance.requests).saturating_sub(self.sum)).unwrap_or(u32::MAX)
    }
}

/// All windows of a vendor, and what it said itself.
#[derive(Clone, Debug)]
pub struct Meter {
    windows: Vec<Window>,
    blocked_until: Option<Timestamp>,
    seen: QuotaSeen,
}

/// What a vendor's own headers say about its quota, in its own unit (requests, credits, weight).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaSeen {
    /// Spent in the current period.
    pub used: Option<u64>,
    /// Left in the current period.
    pub left: Option<u64>,
}

impl Meter {
    /// Nothing spent.
    pub fn new(allowances: &[Allowance]) -> Self {
        let windows = allowances.iter().copied().map(Window::new).collect();
        Self { windows, blocked_until: None, seen: QuotaSeen::default() }
    }

    /// Spends `cost`, or says how long to wait.
    ///
    /// # Errors
    /// The wait, when the vendor asked to be left alone or a window is spent.
    pub fn take(&mut self, now: Timestamp, cost: u32) -> Result<(), Duration> {
        if let Some(until) = self.blocked_until {
            if now < until {
                return Err(until.since(now));
            }
            self.blocked_until = None;
        }
        let wait = self.windows.iter_mut().map(|window| window.wait(now, cost)).max().unwrap_or_default();
        if wait > Duration::ZERO {
            return Err(wait);
        }
        for window in &mut self.windows {
            window.spend(now, cost);
        }
        Ok(())
    }

    /// The vendor asked to be left alone for so long.
    pub fn block(&mut self, now: Timestamp, wait: Duration) {
        let until = now.plus(wait);
        self.blocked_until = Some(self.blocked_until.map_or(until, |old| old.max(until)));
    }

    /// Takes over what the vendor's headers say.
    pub fn observe(&mut self, seen: QuotaSeen) {
        self.seen.used = seen.used.or(self.seen.used);
        self.seen.left = seen.left.or(self.seen.left);
    }

    /// The vendor's own last figures.
    pub const fn seen(&self) -> QuotaSeen {
        self.seen
    }

    /// The window with the least left at `now`, by share: its limit and what is left.
    pub fn tightest(&mut self, now: Timestamp) -> Option<(Allowance, u32)> {
        let left = self.windows.iter_mut().map(|window| (window.allowance(), window.left(now)));
        left.min_by_key(|(allowance, left)| u64::from(*left) * 1_000_000 / u64::from(allowance.requests.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: Allowance = Allowance { requests: 8, per: Duration::from_mins(1) };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    #[test]
    fn a_meter_waits_for_its_tightest_window_and_for_the_vendor() {
        let day = Allowance { requests: 9, per: Duration::from_hours(24) };
        let mut meter = Meter::new(&[MINUTE, day]);
        for _ in 0..8 {
            assert_eq!(meter.take(at(0), 1), Ok(()));
        }
        assert_eq!(meter.take(at(0), 1), Err(Duration::from_mins(1)));
        assert_eq!(meter.take(at(60_000), 1), Ok(()));
        assert_eq!(meter.take(at(120_000), 1), Err(Duration::from_mins(1_438)));
        assert_eq!(meter.tightest(at(120_000)), Some((day, 0)));
        let mut meter = Meter::new(&[MINUTE]);
        meter.block(at(0), Duration::from_secs(5));
        assert_eq!(meter.take(at(1_000), 1), Err(Duration::from_secs(4)));
        assert_eq!(meter.take(at(5_000), 1), Ok(()));
    }

    #[test]
    fn a_clock_that_is_set_back_shuts_a_window_no_longer_than_it_is() {
        let mut window = Window::new(MINUTE);
        window.spend(at(10_000_000), 8);
        assert!(window.wait(at(0), 1) <= Duration::from_secs(61));
    }

    #[test]
    fn steady_asking_within_the_allowance_is_never_held_up() {
        let mut meter = Meter::new(&[Allowance { requests: 600, per: Duration::from_mins(1) }]);
        for ask in 0..5_000 {
            assert_eq!(meter.take(at(ask * 101), 1), Ok(()), "{ask}");
        }
        assert!(meter.windows[0].spent.len() <= 258);
    }

    proptest! {
        #[test]
        fn no_window_is_ever_overrun(steps in proptest::collection::vec((0_i64..20_000, 1_u32..4), 1..300)) {
            let mut meter = Meter::new(&[MINUTE]);
            let (mut now, mut given) = (0, Vec::new());
            for (gap, cost) in steps {
                now += gap;
                match meter.take(at(now), cost) {
                    Ok(()) => given.push((now, cost)),
                    // The named wait is enough.
                    Err(wait) => prop_assert!(meter.clone().take(at(now).plus(wait), cost).is_ok()),
                }
                let recent: u32 = given.iter().filter(|(when, _)| now - when < 60_000).map(|(_, cost)| cost).sum();
                prop_assert!(recent <= MINUTE.requests);
            }
            prop_assert!(meter.windows[0].spent.len() <= 258);
        }
    }
}
