//! Time as the shell sees it: an argument, so that tests wait for nothing.

use std::time::Duration;

use brier_connect::clock::Clock;
use brier_types::Timestamp;
use futures_util::future::BoxFuture;

/// A clock that can be waited on.
pub trait Waits: Send + Sync {
    /// The time now: for dates in answers.
    fn now(&self) -> Timestamp;

    /// Ends after a wait before the next try.
    fn pause(&self, wait: Duration) -> BoxFuture<'_, ()>;

    /// Ends when something that should have come by then has not.
    fn deadline(&self, wait: Duration) -> BoxFuture<'_, ()>;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemWaits;

impl Waits for SystemWaits {
    fn now(&self) -> Timestamp {
        Clock::local_now()
    }

    fn pause(&self, wait: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(wait))
    }

    fn deadline(&self, wait: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(wait))
    }
}
