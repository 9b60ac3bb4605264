//! How a client behaves: where vendors are, which keys and plans there are, how long it waits.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use brier_connect::backoff::Backoff;
use brier_types::Timestamp;

use crate::secret::Keys;
use crate::vendor::{Allowance, Vendor};

/// Where the present is read: the system's clock, or a test's.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How a client shall behave.
#[derive(Clone)]
pub struct ClientOptions {
    /// Whom a vendor can write to about our requests; goes into the user agent of those that want it.
    pub contact: Option<String>,
    /// Longest wait for a whole answer.
    pub timeout: Duration,
    /// Addresses that replace the vendors' own, without a slash at the end.
    pub bases: BTreeMap<Vendor, String>,
    /// Addresses that replace those of the vendors' streams.
    pub stream_bases: BTreeMap<Vendor, String>,
    /// The keys at hand.
    pub keys: Keys,
    /// Allowances of larger plans, in the place of the vendors' free ones.
    pub allowances: BTreeMap<Vendor, Vec<Allowance>>,
    /// How often a question is asked when there is trouble; at least once.
    pub attempts: u32,
    /// The waits in between.
    pub backoff: Backoff,
    /// Where the jitter of the waits starts.
    pub seed: u64,
    /// Where the present is read.
    pub now: Now,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            contact: None,
            timeout: Duration::from_secs(15),
            bases: BTreeMap::new(),
            stream_bases: BTreeMap::new(),
            keys: Keys::default(),
            allowances: BTreeMap::new(),
            attempts: 3,
            backoff: Backoff { base: Duration::from_millis(500), cap: Duration::from_secs(30) },
            seed: 0,
            now: Arc::new(brier_connect::clock::Clock::local_now),
        }
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Addresses may hold a node's key in their path.
        out.debug_struct("ClientOptions").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl ClientOptions {
    /// All vendors at an emulator: `http://host:port`, with the vendor's name as the first part of every path.
    #[must_use]
    pub fn emulated(mut self, origin: &str) -> Self {
        let origin = origin.trim_end_matches('/');
        let streams = origin.replacen("http", "ws", 1);
        for vendor in Vendor::ALL {
            self.bases.insert(vendor, format!("{origin}/{vendor}"));
            if vendor.stream_base().is_some() {
                self.stream_bases.insert(vendor, format!("{streams}/{vendor}"));
            }
        }
        self
    }

    /// Where a vendor's requests go.
    pub(super) fn base(&self, vendor: Vendor) -> String {
        if let Some(base) = self.bases.get(&vendor) {
            return base.clone();
        }
        let own = vendor.rest_base();
        let paid = matches!(vendor, Vendor::OpenMeteo | Vendor::OpenMeteoEnsemble | Vendor::OpenMeteoPrevious)
            && self.keys.has(vendor);
        // Open-Meteo serves paying customers at hosts of their own.
        if paid { own.replacen("https://", "https://customer-", 1) } else { own.to_owned() }
    }

    /// Where a vendor's stream is; `None` when it has none.
    pub fn stream_base(&self, vendor: Vendor) -> Option<String> {
        self.stream_bases.get(&vendor).cloned().or_else(|| vendor.stream_base().map(ToOwned::to_owned))
    }
}
