//! The venue's two layers of rate limits, kept on our side so that requests wait here instead of being refused there.
//!
//! Layer one counts requests by address and endpoint in sliding windows; layer two counts orders and cancels of one signer in
//! token buckets. A window of N per T seconds is kept as a bucket of N/5 that gains 4N/5 per T: over any T seconds that gives
//! out no more than N, which a bucket of N would not.
//!
//! Pure: time is an argument, a monotonic [`Duration`] since any fixed origin. What waits is a thin shell around it.
//!
//! Source: reference, section 14, 2026-11-20.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use brier_connect::bucket::{Shortage, TokenBucket};
use brier_polymarket_protocol::tiers::Tier;
pub use reqwest::Method;
use tokio::time::Instant;

use crate::env::Service;
use crate::error::PolymarketError;

/// A window of layer one: its name, requests, seconds.
type Window = (&'static str, u32, u32);

const EVERYTHING: &[Window] = &[("all", 15_000, 10)];
const CLOB: &[Window] = &[("clob", 9_000, 10)];
const GAMMA: &[Window] = &[("gamma", 4_000, 10)];
const DATA: &[Window] = &[("data", 1_000, 10)];

/// The windows of an endpoint beside those of its service.
///
/// Source: reference, section 14.
fn endpoint(service: Service, method: &Method, path: &str) -> &'static [Window] {
    let (post, delete) = (method == Method::POST, method == Method::DELETE);
    match (service, path) {
        (Service::Clob, "/order") if post => &[("post", 5_000, 10), ("post 10m", 120_000, 600)],
        (Service::Clob, "/order") if delete => &[("cancel", 5_000, 10), ("cancel 10m", 120_000, 600)],
        (Service::Clob, "/orders") if post => &[("posts", 2_000, 10), ("posts 10m", 21_000, 600)],
        (Service::Clob, "/orders") if delete => &[("cancels", 2_000, 10), ("cancels 10m", 15_000, 600)],
        (Service::Clob, "/cancel-all") => &[("cancel-all", 250, 10), ("cancel-all 10m", 6_000, 600)],
        (Service::Clob, "/cancel-market-orders") => &[("cancel-market", 1_500, 10), ("cancel-market 10m", 21_000, 600)],
        (Service::Clob, "/ok") => &[("ok", 100, 10)],
        (Service::Clob, "/book") => &[("book", 1_500, 10)],
        (Service::Clob, "/price") => &[("price", 1_500, 10)],
        (Service::Clob, "/midpoint") => &[("midpoint", 1_500, 10)],
        (Service::Clob, "/books") => &[("books", 500, 10)],
        (Service::Clob, "/prices") => &[("prices", 500, 10)],
        (Service::Clob, "/midpoints") => &[("midpoints", 500, 10)],
        (Service::Clob, "/prices-history" | "/batch-prices-history") => &[("history", 1_000, 10)],
        (Service::Clob, "/data/orders") => &[("orders", 500, 10), ("ledger", 900, 10)],
        (Service::Clob, "/data/trades") => &[("trades", 500, 10), ("ledger", 900, 10)],
        (Service::Clob, "/notifications") => &[("notifications", 125, 10), ("ledger", 900, 10)],
        (Service::Clob, "/balance-allowance/update") => &[("balance update", 50, 10)],
        (Service::Clob, "/balance-allowance") => &[("balance", 200, 10)],
        (Service::Clob, path) if path.starts_with("/tick-size") => &[("tick", 200, 10)],
        (Service::Clob, path) if path.starts_with("/data/order/") => &[("ledger", 900, 10)],
        (Service::Clob, path) if path.starts_with("/auth/") => &[("keys", 100, 10)],
        (Service::Gamma, path) if path.starts_with("/events") => &[("events", 500, 10), ("lists", 900, 10)],
        (Service::Gamma, path) if path.starts_with("/markets") => &[("markets", 300, 10), ("lists", 900, 10)],
        (Service::Gamma, path) if path.starts_with("/comments") => &[("comments", 200, 10)],
        (Service::Gamma, path) if path.starts_with("/tags") => &[("tags", 200, 10)],
        (Service::Gamma, "/public-search") => &[("search", 350, 10)],
        (Service::Data, "/trades") => &[("data trades", 200, 10)],
        (Service::Data, "/positions") => &[("positions", 150, 10)],
        (Service::Data, "/closed-positions") => &[("closed positions", 150, 10)],
        _ => &[],
    }
}

/// What a call spends of layer two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spend {
    /// Nothing.
    Nothing,
    /// This many orders.
    Orders(u32),
    /// This many cancels.
    Cancels(u32),
}

/// What the venue says about the signer's bucket in the headers of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// `Poly-RateLimit-Remaining`; below zero after a cancel of many.
    pub remaining: Option<i64>,
    /// `Poly-RateLimit-Tier`.
    pub tier: Option<Tier>,
    /// `Retry-After` of a 429.
    pub retry_after: Option<Duration>,
}

/// All buckets.
#[derive(Debug)]
pub struct Limits {
    windows: BTreeMap<&'static str, TokenBucket>,
    orders: TokenBucket,
    cancels: TokenBucket,
    tier: Tier,
    /// Nothing of the named kind before this moment, as the venue said.
    blocked: BTreeMap<&'static str, Duration>,
}

impl Limits {
    /// Full buckets of the lowest tier.
    pub fn new(now: Duration) -> Self {
        let (orders, cancels) = (Tier::Standard.orders(), Tier::Standard.cancels());
        Self {
            windows: BTreeMap::new(),
            orders: TokenBucket::new(orders.1, orders.0, now),
            cancels: TokenBucket::new(cancels.1, cancels.0, now),
            tier: Tier::Standard,
            blocked: BTreeMap::new(),
        }
    }

    /// The tier that is believed in.
    pub const fn tier(&self) -> Tier {
        self.tier
    }

    /// Takes one request of every window that counts the call and what it spends of layer two, or nothing.
    ///
    /// # Errors
    /// [`Shortage`]: the longest wait, or what can never be had.
    pub fn take(
        &mut self,
        now: Duration,
        (service, method, path): (Service, &Method, &str),
        spend: Spend,
    ) -> Result<(), Shortage> {
        let names = windows(service, method, path);
        let mut wait = Duration::ZERO;
        for blocked in names.iter().map(|(name, ..)| *name).chain(lane(spend)) {
            if let Some(until) = self.blocked.get(blocked) {
                wait = wait.max(until.saturating_sub(now));
            }
        }
        let mut need = |checked: Result<(), Shortage>| match checked {
            Ok(()) => Ok(()),
            Err(Shortage::Wait(longer)) => {
                wait = wait.max(longer);
                Ok(())
            }
            Err(never @ Shortage::TooLarge { .. }) => Err(never),
        };
        for window in &names {
            need(self.window(now, window).check(now, 1))?;
        }
        match spend {
            Spend::Nothing => {}
            Spend::Orders(count) => need(self.orders.check(now, count))?,
            Spend::Cancels(count) => need(self.cancels.check(now, count.min(self.tier.cancels().1)))?,
        }
        if wait > Duration::ZERO {
            return Err(Shortage::Wait(wait));
        }
        for window in &names {
            self.window(now, window).take(now, 1)?;
        }
        match spend {
            Spend::Nothing => Ok(()),
            Spend::Orders(count) => self.orders.take(now, count),
            // A cancel may leave the bucket below zero there, so it is never too large; here it just empties it.
            Spend::Cancels(count) => self.cancels.take(now, count.min(self.tier.cancels().1)),
        }
    }

    /// Follows what the headers of an answer say.
    pub fn told(&mut self, now: Duration, spend: Spend, told: Told) {
        if let Some(tier) = told.tier.filter(|tier| *tier != self.tier) {
            let (orders, cancels) = (tier.orders(), tier.cancels());
            self.orders.reconfigure(now, orders.1, orders.0);
            self.cancels.reconfigure(now, cancels.1, cancels.0);
            self.tier = tier;
        }
        let bucket = match spend {
            Spend::Nothing => return,
            Spend::Orders(_) => &mut self.orders,
            Spend::Cancels(_) => &mut self.cancels,
        };
        if let Some(remaining) = told.remaining {
            let theirs = u32::try_from(remaining.max(0)).unwrap_or(u32::MAX);
            let surplus = bucket.available(now).saturating_sub(theirs);
            // They know of spending that we do not; what they have more than we do is other requests on their way.
            let taken = bucket.take(now, surplus);
            debug_assert!(taken.is_ok(), "a surplus is at most what the bucket holds");
        }
    }

    /// A 429 came for a call: nothing of its kind for as long as the venue says, or a second.
    pub fn refused(
        &mut self,
        now: Duration,
        (service, method, path): (Service, &Method, &str),
        spend: Spend,
        retry_after: Option<Duration>,
    ) {
        let until = now + retry_after.unwrap_or(Duration::from_secs(1));
        let own = endpoint(service, method, path).iter().map(|(name, ..)| *name);
        let mut names: Vec<&'static str> = lane(spend).into_iter().collect();
        if names.is_empty() {
            names.extend(own);
        }
        if names.is_empty() {
            names.extend(windows(service, method, path).last().map(|(name, ..)| *name));
        }
        for name in names {
            let blocked = self.blocked.entry(name).or_default();
            *blocked = (*blocked).max(until);
        }
    }

    fn window(&mut self, now: Duration, (name, requests, seconds): &Window) -> &mut TokenBucket {
        self.windows.entry(name).or_insert_with(|| {
            // Every window of the reference is a multiple of these divisors.
            TokenBucket::new(requests / 5, requests * 4 / 5 / seconds, now)
        })
    }
}

fn windows(service: Service, method: &Method, path: &str) -> Vec<Window> {
    let total = match service {
        Service::Clob => CLOB,
        Service::Gamma => GAMMA,
        Service::Data => DATA,
    };
    [EVERYTHING, total, endpoint(service, method, path)].concat()
}

fn lane(spend: Spend) -> Option<&'static str> {
    match spend {
        Spend::Nothing => None,
        Spend::Orders(_) => Some("orders of the signer"),
        Spend::Cancels(_) => Some("cancels of the signer"),
    }
}

/// Waiting for the rate limit. Orders are served in the order they came; cancels and reads overtake them.
#[derive(Debug)]
pub(crate) struct Limiter {
    origin: Instant,
    limits: Mutex<Limits>,
    lanes: [tokio::sync::Mutex<()>; 3],
}

impl Limiter {
    pub(crate) fn new() -> Self {
        Self { origin: Instant::now(), limits: Mutex::new(Limits::new(Duration::ZERO)), lanes: Default::default() }
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Limits, Duration) -> T) -> T {
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut limits, self.origin.elapsed())
    }

    /// Waits for what the call spends and takes it, at most for `patience`. Dropping the future takes nothing.
    pub(crate) async fn acquire(
        &self,
        operation: &'static str,
        call: (Service, &Method, &str),
        spend: Spend,
        patience: Duration,
    ) -> Result<(), PolymarketError> {
        let (lane, cost) = match spend {
            Spend::Nothing => (0, 1),
            Spend::Orders(count) => (1, count),
            Spend::Cancels(count) => (2, count),
        };
        let deadline = Instant::now() + patience;
        let late = || PolymarketError::RateLimited { operation, cost, waited: patience };
        let turn = async {
            let _first_in_lane = self.lanes[lane].lock().await;
            loop {
                match self.with(|limits, now| limits.take(now, call, spend)) {
                    Ok(()) => return Ok(()),
                    Err(Shortage::TooLarge { capacity }) => {
                        return Err(PolymarketError::TooLarge { operation, cost, capacity });
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
    use proptest::prelude::*;

    use super::*;

    const POST: (Service, &Method, &str) = (Service::Clob, &Method::POST, "/order");
    const UPDATE: (Service, &Method, &str) = (Service::Clob, &Method::GET, "/balance-allowance/update");

    #[test]
    fn orders_and_cancels_have_buckets_of_their_own() {
        let mut limits = Limits::new(Duration::ZERO);
        assert_eq!(limits.take(Duration::ZERO, POST, Spend::Orders(60)), Ok(()));
        assert_eq!(limits.take(Duration::ZERO, POST, Spend::Orders(1)), Err(Shortage::Wait(Duration::from_millis(25))));
        assert_eq!(limits.take(Duration::ZERO, POST, Spend::Orders(61)), Err(Shortage::TooLarge { capacity: 60 }));
        let cancel = (Service::Clob, &Method::DELETE, "/orders");
        assert_eq!(limits.take(Duration::ZERO, cancel, Spend::Cancels(1_000)), Ok(()));
        assert!(limits.take(Duration::ZERO, cancel, Spend::Cancels(1)).is_err());
    }

    #[test]
    fn headers_are_followed() {
        let mut limits = Limits::new(Duration::ZERO);
        let told = Told { remaining: Some(200), tier: Tier::parse("gold"), retry_after: None };
        limits.told(Duration::ZERO, Spend::Orders(1), told);
        assert_eq!(limits.tier(), Tier::Gold);
        assert_eq!(limits.take(Duration::ZERO, POST, Spend::Orders(200)), Ok(()));
        assert!(limits.take(Duration::ZERO, POST, Spend::Orders(1)).is_err());
        assert_eq!(Tier::parse("tin"), None);
    }

    #[test]
    fn a_refusal_blocks_its_kind_for_as_long_as_told() {
        let mut limits = Limits::new(Duration::ZERO);
        limits.refused(Duration::ZERO, POST, Spend::Orders(1), Some(Duration::from_secs(7)));
        assert_eq!(limits.take(Duration::ZERO, POST, Spend::Orders(1)), Err(Shortage::Wait(Duration::from_secs(7))));
        let cancel = (Service::Clob, &Method::DELETE, "/order");
        assert_eq!(limits.take(Duration::ZERO, cancel, Spend::Cancels(1)), Ok(()));
        assert_eq!(limits.take(Duration::from_secs(7), POST, Spend::Orders(1)), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancel_overtakes_orders_that_wait() {
        let limiter = Limiter::new();
        let long = Duration::from_mins(1);
        limiter.acquire("post", POST, Spend::Orders(60), long).await.unwrap();
        let start = Instant::now();
        let order = async {
            limiter.acquire("post", POST, Spend::Orders(40), long).await.unwrap();
            start.elapsed()
        };
        let cancel = async {
            limiter
                .acquire("cancel", (Service::Clob, &Method::DELETE, "/order"), Spend::Cancels(1), long)
                .await
                .unwrap();
            start.elapsed()
        };
        let (order, cancel) = tokio::join!(order, cancel);
        assert!(cancel.as_millis() <= 1 && order.as_millis() >= 1_000, "{cancel:?} {order:?}");
        let late = limiter.acquire("post", POST, Spend::Orders(60), Duration::from_millis(10)).await;
        assert!(matches!(late, Err(PolymarketError::RateLimited { .. })));
    }

    proptest! {
        #[test]
        fn no_window_is_ever_exceeded(gaps in proptest::collection::vec(0_u64..400, 1..400)) {
            let (mut limits, mut now, mut given) = (Limits::new(Duration::ZERO), Duration::ZERO, Vec::new());
            for gap in gaps {
                now += Duration::from_millis(gap);
                if limits.take(now, UPDATE, Spend::Nothing).is_ok() {
                    given.push(now);
                }
            }
            for start in &given {
                let inside = given.iter().filter(|at| *at >= start && **at < *start + Duration::from_secs(10)).count();
                prop_assert!(inside <= 50, "{inside} requests in ten seconds");
            }
        }
    }
}
