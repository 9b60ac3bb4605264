//! Token buckets for order posts and, apart from them, cancels: one pair for each key's owner.
//!
//! Buckets run on the machine's monotonic clock: they guard the machine, not the market. The first layer of the venue's
//! limits, which delays requests by address, is not imitated.
//!
//! Source: reference (Polymarket), section 14, 2026-11-20.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use alloy_primitives::Address;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use brier_polymarket_protocol::errors::text;
use brier_polymarket_protocol::tiers;
use serde::{Deserialize, Serialize};

use super::http::Failure;
use crate::clock::wall_now;

/// How much an owner may post and cancel. Written as its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub(crate) enum Tier {
    /// One of the venue's.
    Venue(tiers::Tier),
    /// Ours: nothing is refused.
    Unlimited,
}

impl Default for Tier {
    fn default() -> Self {
        Self::Venue(tiers::Tier::Standard)
    }
}

impl From<Tier> for &'static str {
    fn from(tier: Tier) -> Self {
        tier.word()
    }
}

impl TryFrom<String> for Tier {
    type Error = String;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        if word == Self::Unlimited.word() {
            return Ok(Self::Unlimited);
        }
        let known = tiers::Tier::ALL.into_iter().find(|tier| tier.word() == word);
        known.map(Self::Venue).ok_or_else(|| {
            let words = tiers::Tier::ALL.map(tiers::Tier::word).join(", ");
            format!("unknown tier `{word}`, expected one of {words} or {}", Self::Unlimited.word())
        })
    }
}

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    Post,
    Cancel,
}

impl Tier {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Venue(tier) => tier.word(),
            Self::Unlimited => "unlimited",
        }
    }

    /// Tokens a second and tokens at most.
    fn allows(self, scope: Scope) -> Option<(i64, i64)> {
        let Self::Venue(tier) = self else { return None };
        let (rate, burst) = match scope {
            Scope::Post => tier.orders(),
            Scope::Cancel => tier.cancels(),
        };
        Some((rate.into(), burst.into()))
    }
}

/// One bucket, in thousandths of a token; below zero after a cancel of more than it held.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    level: i64,
    updated: Duration,
}

/// The buckets of all owners, made full when first needed.
#[derive(Debug)]
pub(crate) struct Buckets {
    origin: Instant,
    owners: Mutex<HashMap<(Address, Scope), Bucket>>,
}

/// What is said of a bucket in every answer that it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    tier: Tier,
    remaining: i64,
    /// Seconds until it is full.
    full_in: i64,
}

const REMAINING: HeaderName = HeaderName::from_static("poly-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("poly-ratelimit-reset");
const TIER: HeaderName = HeaderName::from_static("poly-ratelimit-tier");

impl Allowance {
    fn headers(self) -> [(HeaderName, HeaderValue); 3] {
        [
            (REMAINING, self.remaining.max(0).into()),
            (RESET, (wall_now().secs() + self.full_in).into()),
            (TIER, HeaderValue::from_static(self.tier.word())),
        ]
    }

    /// Puts the headers on an answer.
    pub(crate) fn on(self, mut response: Response) -> Response {
        response.headers_mut().extend(self.headers());
        response
    }
}

impl Buckets {
    pub(crate) fn new() -> Self {
        Self { origin: Instant::now(), owners: Mutex::new(HashMap::new()) }
    }

    /// Takes tokens: all of a call's cost or nothing.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub(crate) fn take(&self, owner: Address, tier: Tier, scope: Scope, cost: usize) -> Result<Allowance, Failure> {
        self.change(owner, tier, scope, cost, false)
    }

    /// Takes tokens for what was done already, below zero if need be.
    pub(crate) fn owe(&self, owner: Address, tier: Tier, scope: Scope, cost: usize) -> Allowance {
        let taken = self.change(owner, tier, scope, cost, true);
        taken.unwrap_or(Allowance { tier, remaining: 0, full_in: 0 })
    }

    fn change(
        &self,
        owner: Address,
        tier: Tier,
        scope: Scope,
        cost: usize,
        anyway: bool,
    ) -> Result<Allowance, Failure> {
        let Some((rate, burst)) = tier.allows(scope) else {
            return Ok(Allowance { tier, remaining: i64::from(u32::MAX), full_in: 0 });
        };
        let now = crate::clock::elapsed(self.origin);
        let cost = i64::try_from(cost).unwrap_or(i64::MAX / 1_000).saturating_mul(1_000);
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = owners.entry((owner, scope)).or_insert(Bucket { level: burst * 1_000, updated: now });
        // A rate a second is as many thousandths a millisecond.
        let elapsed = i64::try_from(now.saturating_sub(bucket.updated).as_millis()).unwrap_or(i64::MAX);
        bucket.level = bucket.level.saturating_add(rate.saturating_mul(elapsed)).min(burst * 1_000);
        bucket.updated += Duration::from_millis(elapsed.unsigned_abs());
        let allowance = |level: i64| {
            let full_in = ceil(burst * 1_000 - level, rate * 1_000);
            Allowance { tier, remaining: level.div_euclid(1_000), full_in }
        };
        if bucket.level < cost && !anyway {
            let wait = ceil(cost - bucket.level, rate * 1_000).max(1);
            let mut failure = Failure::text(429, text::TOO_MANY_REQUESTS).with(header::RETRY_AFTER, wait);
            for (name, value) in allowance(bucket.level).headers() {
                failure = failure.with(name, value);
            }
            return Err(failure);
        }
        bucket.level = bucket.level.saturating_sub(cost);
        Ok(allowance(bucket.level))
    }
}

/// A quotient rounded up; nothing for what is not positive.
fn ceil(amount: i64, unit: i64) -> i64 {
    (amount.max(0) + unit - 1) / unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_taken_whole_or_not_at_all() {
        let buckets = Buckets::new();
        let take = |cost| buckets.take(Address::ZERO, Tier::default(), Scope::Post, cost);
        assert_eq!(take(45).unwrap().remaining, 15);
        let refused = take(60).unwrap_err();
        assert_eq!((refused.status, refused.error.as_str()), (429, "Too Many Requests"));
        assert!(take(15).unwrap().remaining < 15, "what was refused took nothing");
        assert!(buckets.take(Address::ZERO, Tier::default(), Scope::Cancel, 100).is_ok(), "cancels have their own");
        assert!(buckets.owe(Address::ZERO, Tier::default(), Scope::Cancel, 100).remaining < 0);
        assert!(buckets.take(Address::ZERO, Tier::Unlimited, Scope::Post, 1_000_000).is_ok());
    }
}
