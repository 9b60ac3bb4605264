//! Whether a request is made again, and when. Pure: time and chance are arguments.
//!
//! A request to a model changes nothing but the account, so any may be repeated; what it costs is reserved anew each time, and
//! the budget is the last word. `Retry-After` is obeyed where it is short enough, in both its forms; where it is longer than
//! we are willing to wait, there is no answer now.

use std::time::Duration;

use brier_connect::backoff::{Backoff, Jitter};
use brier_connect::clock::parse_http_date;
use brier_types::Timestamp;

/// How often and how long is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryRules {
    /// The most requests for one answer, the first included.
    pub attempts: u32,
    /// How waits grow where the endpoint names none.
    pub backoff: Backoff,
    /// The longest sum of waits for one answer.
    pub total_wait: Duration,
}

impl Default for RetryRules {
    fn default() -> Self {
        let backoff = Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(20) };
        Self { attempts: 4, backoff, total_wait: Duration::from_mins(1) }
    }
}

impl RetryRules {
    /// The wait before the next try after `failures` failures and `waited` of waits, or `None` to give up. The endpoint's own
    /// wish is the least wait; some of the backoff's jitter comes on top, lest all come back at once.
    pub fn wait(
        &self,
        failures: u32,
        waited: Duration,
        wish: Option<Duration>,
        jitter: &mut Jitter,
    ) -> Option<Duration> {
        if failures >= self.attempts {
            return None;
        }
        let own = self.backoff.wait(failures, jitter);
        let left = self.total_wait.checked_sub(waited)?;
        let wait = match wish {
            Some(wish) if wish > left => return None,
            Some(wish) => wish.saturating_add(own.min(wish / 4)).min(left),
            None => own,
        };
        (wait <= left).then_some(wait)
    }
}

/// How long an endpoint asks to wait: whole seconds, or a date. `None` for what is neither; a date in the past is no wait.
///
/// ```
/// use std::time::Duration;
/// use brier_analyst::language::retry::retry_after;
/// use brier_types::Timestamp;
/// let now = Timestamp::from_secs(5).unwrap();
/// assert_eq!(retry_after("7", now), Some(Duration::from_secs(7)));
/// assert_eq!(retry_after("Thu, 01 Jan 1970 00:00:10 GMT", now), Some(Duration::from_secs(5)));
/// assert_eq!(retry_after("soon", now), None);
/// ```
pub fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    parse_http_date(text).map(|then| then.since(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wait(failures: u32, waited: u64, wish: Option<u64>) -> Option<Duration> {
        let seconds = Duration::from_secs;
        RetryRules::default().wait(failures, seconds(waited), wish.map(seconds), &mut Jitter::new(1))
    }

    #[test]
    fn wishes_are_obeyed_while_there_is_time() {
        let obeyed = wait(1, 0, Some(8)).unwrap();
        assert!(Duration::from_secs(8) <= obeyed && obeyed <= Duration::from_secs(10), "{obeyed:?}");
        assert_eq!(wait(1, 0, Some(61)), None, "longer than we wait");
        assert_eq!(wait(1, 55, Some(8)), None, "longer than what is left");
        assert_eq!(wait(1, 0, Some(60)), Some(Duration::from_mins(1)));
        assert_eq!(wait(1, 0, Some(0)), Some(Duration::ZERO));
        assert_eq!(wait(4, 0, None), None, "four requests are enough");
        assert_eq!(wait(1, 61, None), None);
    }

    proptest! {
        #[test]
        fn waits_stay_within_their_sum(seed in any::<u64>(), wishes in proptest::collection::vec(proptest::option::of(0_u64..40), 10)) {
            let (rules, mut jitter, mut waited) = (RetryRules { attempts: 99, ..RetryRules::default() }, Jitter::new(seed), Duration::ZERO);
            for (index, wish) in wishes.into_iter().enumerate() {
                let Some(wait) = rules.wait(index as u32 + 1, waited, wish.map(Duration::from_secs), &mut jitter) else { break };
                prop_assert!(wish.is_none_or(|wish| Duration::from_secs(wish) <= wait));
                waited += wait;
                prop_assert!(waited <= rules.total_wait);
            }
        }
    }
}
