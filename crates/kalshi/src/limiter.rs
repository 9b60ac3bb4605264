//! Waiting for the rate limit: the shell around [`Buckets`].
//!
//! Calls of one lane are served in the order they came. Cancels have a lane of their own: they are cheap and urgent, so
//! they take what comes in while an order is still waiting for enough.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::bucket::{Buckets, Scope, Shortage};
use crate::error::KalshiError;

/// Which queue a call stands in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lane {
    Read,
    Write,
    Cancel,
}

#[derive(Debug)]
pub(crate) struct Limiter {
    origin: Instant,
    buckets: Mutex<Buckets>,
    lanes: [tokio::sync::Mutex<()>; 3],
}

impl Limiter {
    pub(crate) fn new() -> Self {
        Self { origin: Instant::now(), buckets: Mutex::new(Buckets::basic(Duration::ZERO)), lanes: Default::default() }
    }

    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Buckets, Duration) -> T) -> T {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut buckets, self.now())
    }

    /// Waits for `cost` tokens and takes them, at most for `patience`. Dropping the future takes nothing.
    pub(crate) async fn acquire(
        &self,
        operation: &'static str,
        lane: Lane,
        scope: Scope,
        cost: u32,
        patience: Duration,
    ) -> Result<(), KalshiError> {
        let deadline = Instant::now() + patience;
        let late = || KalshiError::RateLimited { operation, cost, waited: patience };
        let turn = async {
            let _first_in_lane = self.lanes[lane as usize].lock().await;
            loop {
                match self.with(|buckets, now| buckets.take(now, scope, cost)) {
                    Ok(()) => return Ok(()),
                    Err(Shortage::TooLarge { capacity }) => {
                        return Err(KalshiError::TooLarge { operation, cost, capacity });
                    }
                    Err(Shortage::Wait(wait)) if Instant::now() + wait > deadline => return Err(late()),
                    Err(Shortage::Wait(wait)) => tokio::time::sleep(wait).await,
                }
            }
        };
        tokio::time::timeout_at(deadline, turn).await.unwrap_or_else(|_| Err(late()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn calls_wait_for_their_tokens_and_no_longer() {
        let limiter = Limiter::new();
        let start = Instant::now();
        for _ in 0..15 {
            limiter.acquire("create", Lane::Write, Scope::Write(0), 10, LONG).await.unwrap();
        }
        // 150 tokens from a bucket of 100 that gains 100 a second; the timer counts whole milliseconds.
        let waited = start.elapsed();
        assert!((500..=510).contains(&waited.as_millis()), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancel_overtakes_orders_that_wait() {
        let limiter = Limiter::new();
        limiter.acquire("create", Lane::Write, Scope::Write(0), 100, LONG).await.unwrap();
        let start = Instant::now();
        let order = async {
            limiter.acquire("create", Lane::Write, Scope::Write(0), 100, LONG).await.unwrap();
            start.elapsed()
        };
        let cancel = async {
            limiter.acquire("cancel", Lane::Cancel, Scope::Write(0), 2, LONG).await.unwrap();
            start.elapsed()
        };
        let (order, cancel) = tokio::join!(order, cancel);
        assert!(cancel.as_millis() <= 21 && order.as_millis() >= 1_020, "{cancel:?} {order:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_without_spending() {
        let limiter = Limiter::new();
        limiter.with(|buckets, now| buckets.drain(now, Scope::Read));
        let result = limiter.acquire("list", Lane::Read, Scope::Read, 200, Duration::from_millis(500)).await;
        assert!(matches!(result, Err(KalshiError::RateLimited { cost: 200, .. })));
        limiter.acquire("list", Lane::Read, Scope::Read, 200, LONG).await.unwrap();
        let never = limiter.acquire("list", Lane::Read, Scope::Read, 601, LONG).await;
        assert!(matches!(never, Err(KalshiError::TooLarge { capacity: 600, .. })));
    }
}
