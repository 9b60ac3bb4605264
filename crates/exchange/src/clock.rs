//! The market's clock: the wall's, or a simulated one that stands still, is set, steps, or runs scaled.
//!
//! Signatures are judged by the wall clock always, whatever the market's clock shows: a client signs with the time of its
//! own machine, and a market of last May must be tradable today.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use brier_types::Timestamp;

/// Which clock the market runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ClockConfig {
    /// The machine's. It cannot be moved.
    #[default]
    Wall,
    /// One that stands still until told otherwise.
    Simulated {
        /// What it shows first; the wall's time when absent. A recovered journal leads.
        start: Option<Timestamp>,
    },
}

/// How a simulated clock moves; what the journal remembers of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    Frozen,
    /// Market seconds per wall second, in 1e-6.
    Scaled(u64),
}

#[derive(Clone, Copy, Debug)]
enum Source {
    Wall,
    Frozen(Timestamp),
    Scaled { from: Timestamp, since: Instant, factor: u64 },
}

/// The clock, shared by all who stamp messages; only the core moves it.
#[derive(Clone, Debug)]
pub(crate) struct Clock(Arc<RwLock<Source>>);

std::thread_local! {
    /// What this thread takes for the wall's time: set by the simulator around everything that it does, and by nobody else.
    static SIMULATED_WALL: std::cell::Cell<Option<Timestamp>> = const { std::cell::Cell::new(None) };
}

/// Puts back what was there before, also when the work panics.
struct Restore(Option<Timestamp>);

impl Drop for Restore {
    fn drop(&mut self) {
        SIMULATED_WALL.set(self.0);
    }
}

/// Runs `work` with another wall's time for this thread.
pub(crate) fn with_wall<T>(wall: Timestamp, work: impl FnOnce() -> T) -> T {
    let _restore = Restore(SIMULATED_WALL.replace(Some(wall)));
    work()
}

/// Time since a moment that only ever grows, by the simulated wall where there is one.
pub(crate) fn elapsed(since: Instant) -> Duration {
    SIMULATED_WALL.get().map_or_else(|| since.elapsed(), |wall| wall.since(Timestamp::EPOCH))
}

/// The wall's time.
pub(crate) fn wall_now() -> Timestamp {
    if let Some(wall) = SIMULATED_WALL.get() {
        return wall;
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::EPOCH.plus(since)
}

impl Clock {
    pub(crate) fn new(config: ClockConfig) -> Self {
        let source = match config {
            ClockConfig::Wall => Source::Wall,
            ClockConfig::Simulated { start } => Source::Frozen(start.unwrap_or_else(wall_now)),
        };
        Self(Arc::new(RwLock::new(source)))
    }

    fn source(&self) -> Source {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_simulated(&self) -> bool {
        !matches!(self.source(), Source::Wall)
    }

    pub(crate) fn now(&self) -> Timestamp {
        match self.source() {
            Source::Wall => wall_now(),
            Source::Frozen(at) => at,
            Source::Scaled { from, since, factor } => from.plus(scale(since.elapsed(), factor)),
        }
    }

    pub(crate) fn pace(&self) -> Option<Pace> {
        match self.source() {
            Source::Wall => None,
            Source::Frozen(_) => Some(Pace::Frozen),
            Source::Scaled { factor, .. } => Some(Pace::Scaled(factor)),
        }
    }

    /// Sets a simulated clock; does nothing to the wall's.
    pub(crate) fn set(&self, at: Timestamp, pace: Pace) {
        let mut source = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if matches!(*source, Source::Wall) {
            return;
        }
        *source = match pace {
            Pace::Frozen => Source::Frozen(at),
            Pace::Scaled(factor) => Source::Scaled { from: at, since: Instant::now(), factor },
        };
    }

    /// How long by the wall until the clock shows `at`; `None` when it never will by itself.
    pub(crate) fn wall_time_until(&self, at: Timestamp) -> Option<Duration> {
        match self.source() {
            Source::Wall => Some(at.since(wall_now())),
            Source::Frozen(_) | Source::Scaled { factor: 0, .. } => None,
            Source::Scaled { factor, .. } => {
                let nanos = at.since(self.now()).as_nanos() * 1_000_000 / u128::from(factor);
                // One more, so that the clock shows `at` when the wait is over.
                Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX).saturating_add(1_000)))
            }
        }
    }
}

fn scale(elapsed: Duration, factor: u64) -> Duration {
    let nanos = elapsed.as_nanos() * u128::from(factor) / 1_000_000;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_stands_and_a_scaled_one_says_when() {
        let start = Timestamp::from_secs(1_000).unwrap();
        let clock = Clock::new(ClockConfig::Simulated { start: Some(start) });
        assert_eq!((clock.now(), clock.pace()), (start, Some(Pace::Frozen)));
        assert_eq!(clock.wall_time_until(start.plus(Duration::from_secs(1))), None);
        clock.set(start, Pace::Scaled(1_000_000_000));
        let hour = start.plus(Duration::from_hours(1));
        assert!(clock.wall_time_until(hour).unwrap() <= Duration::from_millis(3_601));
        assert!(clock.now() >= start);
    }

    #[test]
    fn the_wall_clock_cannot_be_moved() {
        let clock = Clock::new(ClockConfig::Wall);
        clock.set(Timestamp::EPOCH, Pace::Frozen);
        assert!(!clock.is_simulated() && clock.now() > Timestamp::EPOCH);
    }
}
