//! Token buckets: what a user may spend a second, and what each operation costs.
//!
//! Buckets run on the machine's monotonic clock: they guard the machine, not the market. Public routes bill whoever
//! signed; without a signature there is nobody to bill.
//!
//! Source: reference section 5, docs.kalshi.com rate limits, 2026-11-20.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use brier_kalshi::bucket::TokenBucket;
use brier_kalshi_protocol::costs::{Bucket, Cost, Tier};
use brier_kalshi_protocol::rest::BucketLimit;
use brier_matching::AccountId;
use serde::{Deserialize, Serialize};

/// A user's tier and both buckets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Limits {
    pub tier: String,
    pub read: BucketLimit,
    pub write: BucketLimit,
}

impl Limits {
    /// What a tier allows.
    pub(crate) fn of(tier: Tier) -> Self {
        Self { tier: tier.as_str().to_owned(), read: tier.limit(Bucket::Read), write: tier.limit(Bucket::Write) }
    }

    /// What a new user is allowed.
    pub(crate) fn basic() -> Self {
        Self::of(Tier::Basic)
    }
}

struct Pair {
    limits: Limits,
    read: TokenBucket,
    write: TokenBucket,
}

/// The buckets of all users, made full when first needed.
pub(crate) struct Buckets {
    origin: Instant,
    users: Mutex<HashMap<AccountId, Pair>>,
}

impl Buckets {
    pub(crate) fn new() -> Self {
        Self { origin: Instant::now(), users: Mutex::new(HashMap::new()) }
    }

    /// Takes tokens of a user, or says that there are too few.
    pub(crate) fn take(&self, account: AccountId, limits: &Limits, cost: Cost) -> bool {
        let now = crate::clock::elapsed(self.origin);
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = users.entry(account).or_insert_with(|| Pair::new(limits, now));
        if pair.limits != *limits {
            *pair = Pair::new(limits, now);
        }
        let bucket = match cost.bucket {
            Bucket::Read => &mut pair.read,
            Bucket::Write => &mut pair.write,
        };
        bucket.take(now, cost.tokens).is_ok()
    }
}

impl Pair {
    fn new(limits: &Limits, now: Duration) -> Self {
        let bucket = |limit: BucketLimit| TokenBucket::new(limit.bucket_capacity, limit.refill_rate, now);
        Self { limits: limits.clone(), read: bucket(limits.read), write: bucket(limits.write) }
    }
}
