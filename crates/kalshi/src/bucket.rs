//! The account's token buckets at Kalshi: reads and, by shard, writes.
//!
//! Source: reference section 5, docs.kalshi.com rate_limits, 2026-11-20.

use std::collections::BTreeMap;
use std::time::Duration;

pub use brier_connect::bucket::{Shortage, TokenBucket};

/// Whose tokens a request spends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The account's read bucket.
    Read,
    /// The write bucket of one shard; 0 is the unscoped one, which also pays for batches.
    Write(u32),
    /// A single write whose shard the venue finds: it bills every shard's bucket.
    WriteRouted,
}

/// The account's buckets: one for reads, one of equal size per shard for writes.
#[derive(Clone, Debug)]
pub struct Buckets {
    read: TokenBucket,
    /// By shard; 0 always exists, others appear with their first use.
    write: BTreeMap<u32, TokenBucket>,
}

impl Buckets {
    /// The buckets of the lowest tier, full: right until the venue tells the account's own.
    pub fn basic(now: Duration) -> Self {
        // Basic: 200 reads a second held for 3 seconds, 100 writes held for 1.
        Self { read: TokenBucket::new(600, 200, now), write: BTreeMap::from([(0, TokenBucket::new(100, 100, now))]) }
    }

    /// Whether [`Buckets::take`] would succeed, without taking anything.
    ///
    /// # Errors
    /// As [`Buckets::take`].
    pub fn check(&mut self, now: Duration, scope: Scope, cost: u32) -> Result<(), Shortage> {
        match scope {
            Scope::Read => self.read.check(now, cost),
            Scope::Write(shard) => {
                // A shard that was never seen is as the unscoped one, and only comes to be when something is taken.
                let known = if self.write.contains_key(&shard) { shard } else { 0 };
                self.shard(known).check(now, cost)
            }
            Scope::WriteRouted => {
                let mut longest = Duration::ZERO;
                for bucket in self.write.values_mut() {
                    match bucket.check(now, cost) {
                        Ok(()) => {}
                        Err(Shortage::Wait(wait)) => longest = longest.max(wait),
                        Err(never) => return Err(never),
                    }
                }
                if longest > Duration::ZERO { Err(Shortage::Wait(longest)) } else { Ok(()) }
            }
        }
    }

    /// Takes `cost` tokens from every bucket that `scope` names, or from none.
    ///
    /// # Errors
    /// [`Shortage`] of the bucket that lacks most.
    pub fn take(&mut self, now: Duration, scope: Scope, cost: u32) -> Result<(), Shortage> {
        match scope {
            Scope::Read => self.read.take(now, cost),
            Scope::Write(shard) => self.shard(shard).take(now, cost),
            Scope::WriteRouted => {
                self.check(now, scope, cost)?;
                self.write.values_mut().try_for_each(|bucket| bucket.take(now, cost))
            }
        }
    }

    /// Empties what `scope` names, after a 429.
    pub fn drain(&mut self, now: Duration, scope: Scope) {
        match scope {
            Scope::Read => self.read.drain(now),
            Scope::Write(shard) => self.shard(shard).drain(now),
            Scope::WriteRouted => self.write.values_mut().for_each(|bucket| bucket.drain(now)),
        }
    }

    /// Takes over what `GET /account/limits` says: capacity and rate for reads and for writes.
    pub fn configure(&mut self, now: Duration, read: (u32, u32), write: (u32, u32)) {
        self.read.reconfigure(now, read.0, read.1);
        self.write.values_mut().for_each(|bucket| bucket.reconfigure(now, write.0, write.1));
    }

    /// Whole tokens for reads, and for writes on the unscoped bucket.
    pub fn available(&mut self, now: Duration) -> (u32, u32) {
        (self.read.available(now), self.shard(0).available(now))
    }

    fn shard(&mut self, shard: u32) -> &mut TokenBucket {
        // A shard seen for the first time has paid for the routed writes before it: the unscoped bucket paid at least these.
        let like = self.write.get(&0).cloned().expect("the unscoped bucket always exists");
        self.write.entry(shard).or_insert(like)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_routed_write_pays_on_every_shard() {
        let mut buckets = Buckets::basic(Duration::ZERO);
        assert_eq!(buckets.take(Duration::ZERO, Scope::Write(1), 60), Ok(()));
        assert_eq!(buckets.take(Duration::ZERO, Scope::WriteRouted, 50), Err(Shortage::Wait(100 * MS)));
        assert_eq!(buckets.take(Duration::ZERO, Scope::WriteRouted, 40), Ok(()));
        assert_eq!(buckets.take(Duration::ZERO, Scope::Write(0), 60), Ok(()));
        assert_eq!(buckets.take(Duration::ZERO, Scope::Write(1), 1), Err(Shortage::Wait(10 * MS)));
        assert_eq!(buckets.available(Duration::ZERO), (600, 0));
    }

    #[test]
    fn a_refusal_by_the_venue_empties_the_bucket() {
        let mut buckets = Buckets::basic(Duration::ZERO);
        buckets.drain(Duration::ZERO, Scope::Read);
        assert_eq!(buckets.take(Duration::ZERO, Scope::Read, 10), Err(Shortage::Wait(50 * MS)));
        assert_eq!(buckets.take(Duration::ZERO, Scope::Write(0), 10), Ok(()));
    }
}
